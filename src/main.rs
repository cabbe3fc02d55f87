//! The `llmlint` command.

fn main() -> std::process::ExitCode {
    llmlint::cli::run()
}
