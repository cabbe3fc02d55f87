//! The `llmlint` command.

/// Facts and reports are many small texts, made and dropped on all cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    llmlint::cli::run()
}
