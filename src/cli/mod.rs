//! The command line: one file a subcommand. The only part that talks.

mod catalog;
mod change;
mod check;
mod configs;
mod cost;
mod diff;
mod explain;
mod facts;
mod init;
mod load;
mod memory;
mod numbers;
mod output;
mod schema;
mod token_shares;
mod tokens;
mod trend;
mod usage;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// A linter and budget gate for LLM applications: what prompts and model deployments cost, and what is wasted or will
/// not work.
#[derive(Debug, Parser)]
#[command(name = "llmlint", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check prompts and deployments, and print findings and totals.
    Check(check::Check),
    /// What prompts and deployments cost: by call, per 1,000 calls and by month, with sums by folder, owner or tag.
    Cost(cost::Cost),
    /// Compare two reports: units and findings that are new, changed or gone, and what that costs.
    Diff(diff::Diff),
    /// Keep what prompts and deployments come to today: one row a day and commit in a file.
    Snapshot(trend::Keep),
    /// Print the rows that `snapshot` kept, with what changed from each to the next; `--svg` draws them.
    Trend(trend::Show),
    /// Print a rule's page.
    Explain(explain::Explain),
    /// List the rules: id, severity, category, and whether each is on here.
    Rules(explain::Rules),
    /// Count tokens, words and characters.
    Tokens(tokens::Tokens),
    /// The figures of "Numbers every LLM developer should know" (2023) beside today's.
    Numbers(numbers::Numbers),
    /// Work out whether a model starts on a GPU with vLLM, and how much KV cache that leaves.
    Memory(memory::Memory),
    /// Look into the catalog of models, GPUs, instances and studies.
    Catalog(catalog::Catalog),
    /// Measured volumes out of exports of providers and tools.
    Usage(usage::Usage),
    /// Print every fact of every unit in a file, with its type, value and place.
    Facts(facts::Facts),
    /// Write a commented llmlint.yaml after looking at what is there.
    Init(init::Init),
    /// Print a JSON Schema.
    Schema(schema::Schema),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// A failure to do the job: what is wrong, and how to mend it. Exit code 2.
struct Failure(String);

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self(message)
    }
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Check(command) => command.run(),
        Command::Cost(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Snapshot(command) => command.run(),
        Command::Trend(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Rules(command) => command.run(),
        Command::Tokens(command) => command.run(),
        Command::Numbers(command) => command.run(),
        Command::Memory(command) => command.run(),
        Command::Catalog(command) => command.run(),
        Command::Usage(command) => command.run(),
        Command::Facts(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "llmlint", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    };
    match done {
        Ok(code) => code,
        Err(Failure(message)) => {
            output::complain(&message);
            ExitCode::from(2)
        }
    }
}
