//! `llmlint tokens`.

use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::load::{ConfigArguments, Run};
use super::output::Color;
use super::{Failure, output, token_shares};
use crate::facts::{UnitFacts, World};
use crate::host;
use crate::lint;
use crate::report::grouped;
use crate::rules::Selection;
use crate::syntax::code::Files;
use crate::tokens::local::{Tokenizer, Uncounted};
use crate::tokens::{self, Encoding};

#[derive(Debug, Args)]
pub(super) struct Tokens {
    /// Files to count; `-` or nothing reads standard input.
    files: Vec<PathBuf>,
    /// Count as this model does.
    #[arg(long, conflicts_with = "encoding")]
    model: Option<String>,
    /// Count by this encoding: o200k_base, cl100k_base, llama3, qwen3, gemma3, deepseek_v3, tekken_240911, ….
    #[arg(long)]
    encoding: Option<String>,
    /// Count by this `tokenizer.json`, `tekken.json` or list of ranks (`*.tiktoken`).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "encoding"])]
    tokenizer: Option<PathBuf>,
    /// The regular expression that cuts texts for a list of ranks.
    #[arg(long, value_name = "REGEX", requires = "tokenizer")]
    pattern: Option<String>,
    /// Read `{"encoding", "text"}` a line (with `--tokenizer` `{"text"}`), write `{"count", "ids_sha256"}` a line.
    #[arg(long, conflicts_with_all = ["model", "encoding"])]
    jsonl: bool,
    /// Show where the tokens of each prompt of the files are: texts, framing, tools, variables.
    #[arg(long, conflicts_with_all = ["model", "encoding", "tokenizer", "jsonl", "pieces"])]
    explain: bool,
    /// Show each token of the files, by `--model` or `--encoding` (o200k_base where neither is given).
    #[arg(long, conflicts_with_all = ["jsonl", "tokenizer"])]
    pieces: bool,
    /// When to colour the tokens; without colour `|` stands between them.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    color: Color,
    #[command(flatten)]
    config: ConfigArguments,
}

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(default)]
    encoding: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Counted {
    count: usize,
    ids_sha256: String,
}

/// What a text is counted with.
enum Counter {
    BuiltIn(Encoding),
    Own(Box<Tokenizer>),
}

impl Counter {
    fn count(&self, text: &str) -> Result<usize, Uncounted> {
        match self {
            Self::BuiltIn(encoding) => Ok(encoding.count(text)),
            Self::Own(tokenizer) => tokenizer.encode(text).map(|ids| ids.len()),
        }
    }
}

impl Tokens {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if self.jsonl {
            return self.rows();
        }
        if self.explain {
            return self.explained();
        }
        if self.pieces {
            return self.each_token();
        }
        let columns: Vec<(Counter, String)> = match self.own()? {
            Some(own) => vec![(Counter::Own(Box::new(own)), "its own file".to_owned())],
            None => self
                .columns()?
                .into_iter()
                .map(|(encoding, label)| (Counter::BuiltIn(encoding), label))
                .collect(),
        };
        let mut out = format!(
            "{:>10} {:>10} {:>10} {:>12}  {:<20} file\n",
            "tokens", "words", "chars", "tokens/word", "encoding"
        );
        for path in self.inputs() {
            let text = read(&path)?;
            let words = tokens::words(&text);
            let characters = tokens::characters(&text);
            for (counter, label) in &columns {
                let count = counter.count(&text);
                let count = count.map_err(|Uncounted(why)| Failure(format!("{}: {why}", path.display())))?;
                let ratio = if words > 0 {
                    // Hundredths, rounded half up, without floating point.
                    let hundredths = (count as u128 * 100 + words as u128 / 2) / words as u128;
                    format!("{}.{:02}", hundredths / 100, hundredths % 100)
                } else {
                    "-".to_owned()
                };
                out.push_str(&format!(
                    "{:>10} {:>10} {:>10} {ratio:>12}  {label:<20} {}\n",
                    grouped(&count.to_string()),
                    grouped(&words.to_string()),
                    grouped(&characters.to_string()),
                    crate::report::clean(&path.to_string_lossy())
                ));
            }
        }
        output::print(&out)
    }

    fn inputs(&self) -> Vec<PathBuf> {
        match self.files.is_empty() {
            true => vec![PathBuf::from("-")],
            false => self.files.clone(),
        }
    }

    fn explained(&self) -> Result<ExitCode, Failure> {
        let Some(first) = self.files.first() else {
            return Err(Failure("`--explain` needs a file".to_owned()));
        };
        let run = Run::load(&self.config, first, &Selection::default())?;
        let scan =
            host::scan(&self.files, &run.root, &run.settings, true, None).map_err(|error| Failure(error.message))?;
        if let Some(unread) = scan.unread.first() {
            return Err(Failure(format!("{}: {}", unread.path, unread.why)));
        }
        let files = Files::new(&scan.sources);
        let (units, mut out) = run.units(&files);
        let world = World::new(&files, &run.settings, &run.catalog, run.today);
        for unit in &units {
            let subject = lint::subject(unit, &world);
            if let UnitFacts::Prompt(prompt) = &subject.facts {
                out.push_str(&token_shares::explained(&subject, prompt.count(), prompt.shares()));
            }
        }
        output::print(&out)
    }

    /// The tokenizer that `--tokenizer` names.
    fn own(&self) -> Result<Option<Tokenizer>, Failure> {
        let Some(path) = &self.tokenizer else { return Ok(None) };
        let made = Tokenizer::read(&read(path)?, self.pattern.as_deref());
        made.map(Some)
            .map_err(|why| Failure(format!("{} {why}", path.display())))
    }

    fn each_token(&self) -> Result<ExitCode, Failure> {
        let encoding = self.columns()?[0].0;
        let mut out = String::new();
        for path in self.inputs() {
            out.push_str(&token_shares::pieces(&read(&path)?, encoding, self.color.on()));
        }
        output::print(&out)
    }

    fn columns(&self) -> Result<Vec<(Encoding, String)>, Failure> {
        if let Some(name) = &self.encoding {
            let encoding = encoding(name)?;
            return Ok(vec![(encoding, encoding.name().to_owned())]);
        }
        if let Some(model) = &self.model {
            return match tokens::encoding_for_model(model) {
                Some(encoding) => Ok(vec![(encoding, encoding.name().to_owned())]),
                None => Err(Failure(format!(
                    "the tokenizer of `{model}` is not built in: `--encoding o200k_base` gives an estimate"
                ))),
            };
        }
        Ok([Encoding::O200kBase, Encoding::Cl100kBase]
            .map(|encoding| (encoding, encoding.name().to_owned()))
            .to_vec())
    }

    fn rows(&self) -> Result<ExitCode, Failure> {
        let own = self.own()?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        for path in self.inputs() {
            let reader: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
                Box::new(std::io::stdin())
            } else {
                let file = std::fs::File::open(&path)
                    .map_err(|error| Failure(format!("{}: {}", path.display(), host::refused(&error))))?;
                Box::new(file)
            };
            for (number, line) in BufReader::new(reader).lines().enumerate() {
                let at = || format!("{}:{}", path.display(), number + 1);
                let line = line.map_err(|error| Failure(format!("{}: {error}", at())))?;
                if line.trim().is_empty() {
                    continue;
                }
                let row: Row = serde_json::from_str(&line).map_err(|error| Failure(format!("{}: {error}", at())))?;
                let ids = match &own {
                    Some(own) => own.encode(&row.text).map_err(|Uncounted(why)| why.to_owned()),
                    None => encoding(&row.encoding)
                        .map(|encoding| encoding.encode(&row.text))
                        .map_err(|Failure(why)| why),
                };
                let counted = counted(&ids.map_err(|why| Failure(format!("{}: {why}", at())))?);
                let text = serde_json::to_string(&counted).map_err(|error| Failure(error.to_string()))?;
                if let Err(error) = writeln!(out, "{text}") {
                    return output::written(error);
                }
            }
        }
        match out.flush() {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => output::written(error),
        }
    }
}

fn counted(ids: &[u32]) -> Counted {
    let text: Vec<String> = ids.iter().map(u32::to_string).collect();
    let digest = Sha256::digest(text.join(" ").as_bytes());
    Counted {
        count: ids.len(),
        ids_sha256: digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn encoding(name: &str) -> Result<Encoding, Failure> {
    Encoding::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Encoding::ALL.iter().map(|encoding| encoding.name()).collect();
        Failure(format!("no encoding `{name}`: there are {}", names.join(", ")))
    })
}

fn read(path: &std::path::Path) -> Result<String, Failure> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| Failure(format!("{}: {}", path.display(), host::refused(&error))))
}
