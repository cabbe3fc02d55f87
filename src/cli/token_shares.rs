//! `llmlint tokens --explain` and `--pieces`: where a prompt's tokens are, and each token of a text.

use crate::excerpt;
use crate::facts::{Share, Subject};
use crate::report::{self, TokenCount, grouped};
use crate::tokens::Encoding;

/// Backgrounds of a 256-colour terminal that neighbours take in turn.
const BACKGROUNDS: [u8; 5] = [24, 58, 53, 22, 94];

/// What a prompt's tokens are, the largest parts first.
pub(super) fn explained(subject: &Subject<'_>, count: &TokenCount, mut shares: Vec<Share>) -> String {
    let mark = if count.exact { "" } else { "~" };
    let mut out = format!(
        "{} ({}): {mark}{} tokens\n  {}\n",
        report::clean(subject.name()),
        subject.format(),
        range(count.least, count.most),
        excerpt::safe(&count.how)
    );
    // By the largest they can be; what is not known comes last.
    shares.sort_by_key(|share| std::cmp::Reverse(share.tokens.map(|(least, most)| (most, least))));
    for share in &shares {
        let (tokens, part) = match share.tokens {
            Some((least, most)) => {
                let part = (100 * u128::from(most)).checked_div(u128::from(count.most));
                (
                    format!("{mark}{}", range(least, most)),
                    part.map_or(String::new(), |part| format!("{part}%")),
                )
            }
            None => ("?".to_owned(), String::new()),
        };
        let name = excerpt::safe(&share.name);
        out.push_str(&format!("{tokens:>18} {part:>5}  {:<11} {name}\n", share.kind));
    }
    out
}

fn range(least: u64, most: u64) -> String {
    if least == most {
        grouped(&least.to_string())
    } else {
        format!("{} to {}", grouped(&least.to_string()), grouped(&most.to_string()))
    }
}

/// Each token of a text: by colours in turn, or with `|` between them. A token that holds part of a character is shown
/// by its bytes.
pub(super) fn pieces(text: &str, encoding: Encoding, color: bool) -> String {
    let mut out = String::new();
    let mut number = 0;
    encoding.each(text, |bytes| {
        let shown = match std::str::from_utf8(bytes) {
            Ok(text) => {
                let lines: Vec<String> = text.split('\n').map(report::clean).collect();
                lines.join(if color { "\u{21b5}\n" } else { "\\n\n" })
            }
            Err(_) => bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect(),
        };
        if color {
            let background = BACKGROUNDS[number % BACKGROUNDS.len()];
            // A background does not run on past the end of its line.
            let lines: Vec<String> = shown
                .split('\n')
                .map(|line| match line {
                    "" => String::new(),
                    line => format!("\x1b[48;5;{background};97m{line}\x1b[0m"),
                })
                .collect();
            out.push_str(&lines.join("\n"));
        } else {
            if number > 0 {
                out.push('|');
            }
            out.push_str(&shown);
        }
        number += 1;
    });
    out.push('\n');
    out
}
