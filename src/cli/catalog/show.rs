//! `llmlint catalog show`: all that is known of a model.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::lists::amount;
use crate::catalog::{ApiModel, Catalog, Date, ModelMatch, OpenModel, Priced, Rates};
use crate::cli::load::{self, ConfigArguments};
use crate::cli::{Failure, output};
use crate::report::{clean, grouped};
use crate::tokens;

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The model, as prompts or manifests write it.
    model: String,
    /// Who serves it, where the name does not say.
    #[arg(long)]
    provider: Option<String>,
    #[command(flatten)]
    config: ConfigArguments,
}

impl Show {
    pub(in crate::cli) fn run(self) -> Result<ExitCode, Failure> {
        let (catalog, today) = load::catalog_of(&self.config)?;
        let mut text = String::new();
        let priced = catalog.priced(&self.model, self.provider.as_deref());
        let found = catalog.api_model(&self.model);
        let open = catalog.open_model_by_name(&self.model);
        match &priced {
            Ok(priced) => prices(&mut text, &catalog, priced, today),
            Err(why) => line(&mut text, "price", &format!("not known: {why}")),
        }
        if let Some(model) = found.model() {
            facts(&mut text, model, &found, today);
        }
        tokenizer(&mut text, &self.model, found.model());
        if let Some(open) = &open {
            shape(&mut text, open);
        }
        if priced.is_err() && found.model().is_none() && open.is_none() {
            let near = match found {
                ModelMatch::Unknown { nearest } if !nearest.is_empty() => format!(" (nearest: {})", nearest.join(", ")),
                _ => String::new(),
            };
            let why = priced.err().unwrap_or_default();
            let sold = if why.contains("is sold by") {
                format!("; {why}: `--provider` says it")
            } else {
                String::new()
            };
            return Err(Failure(format!(
                "nothing is known of `{}`{near}{sold} (`models:` in llmlint.yaml states the prices of one's own)",
                clean(&self.model)
            )));
        }
        output::print(&text)
    }
}

fn line(text: &mut String, what: &str, is: &str) {
    let _ = writeln!(text, "{what:<18}{}", clean(is));
}

fn prices(text: &mut String, catalog: &Catalog, priced: &Priced, today: Date) {
    let row = &priced.row;
    line(text, "price of", &format!("{} ({})", row.id, row.provider));
    let others = catalog.prices().further_names(row);
    if !others.is_empty() {
        line(text, "also called", &others.join(", "));
    }
    line(text, "source", &format!("{}, {}", priced.source, priced.as_of));
    if priced.inexact {
        line(
            text,
            "matched",
            "without the date in its name, or as the base of a fine-tuned one",
        );
    }
    if !priced.percent_off.is_zero() {
        line(
            text,
            "discount",
            &format!("{}% (llmlint.yaml)", priced.percent_off.normalize()),
        );
    }
    for price in &row.prices {
        let when = [
            price.from.map(|day| format!("from {day}")),
            price.hours.map(|hours| hours.to_string()),
        ];
        let when: Vec<String> = when.into_iter().flatten().collect();
        let when = if when.is_empty() {
            "prices".to_owned()
        } else {
            when.join(", ")
        };
        rates(text, &when, &price.usd);
    }
    for variant in &row.variants {
        let said: Vec<String> = variant
            .when
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        let from = variant.from.map_or_else(String::new, |day| format!(" from {day}"));
        rates(text, &format!("{}{from}", said.join(", ")), &variant.usd);
    }
    if let Some(usd) = priced.price_on(today, 0, &BTreeMap::new()) {
        let output = usd
            .output
            .map_or_else(String::new, |output| format!(", output ${output}"));
        let is = format!("input ${}{output} per million tokens of a short request", usd.input);
        line(text, &format!("on {today}"), &is);
    }
    if let Some(tokens) = row.context_window {
        line(text, "context", &format!("{} tokens", grouped(&tokens.to_string())));
    }
    if row.deprecated {
        line(text, "deprecated", "the provider has announced that it will go");
    }
}

fn rates(text: &mut String, when: &str, rates: &Rates) {
    let _ = writeln!(text, "{}", clean(when));
    for (unit, rate) in rates {
        let per = grouped(&unit.per().to_string());
        let _ = writeln!(text, "  {unit:<32}{} per {per}", amount(rate));
    }
}

fn facts(text: &mut String, model: &ApiModel, found: &ModelMatch<'_>, today: Date) {
    let how = match found {
        ModelMatch::Exact(_) => "",
        ModelMatch::Alias(_) => ", of which the name is an alias",
        _ => ", without the date in its name",
    };
    line(text, "facts of", &format!("{} ({}){how}", model.id, model.provider));
    line(text, "family", &model.family);
    if let Some(tier) = model.tier {
        line(text, "tier", &format!("{tier:?}").to_lowercase());
    }
    line(text, "reasons", if model.reasoning { "yes" } else { "no" });
    let tokens = |count: u64| format!("{} tokens", grouped(&count.to_string()));
    for (what, count) in [
        ("context", model.context_window),
        ("longest answer", model.max_output_tokens),
    ] {
        if let Some(count) = count {
            line(text, what, &tokens(count));
        }
    }
    if let Some(day) = model.deprecated_on {
        line(text, "deprecated on", &day.to_string());
    }
    if let Some(day) = model.retired_on {
        let past = if model.is_retired(today) { "" } else { ", announced" };
        let next = model
            .replacement
            .as_ref()
            .map_or_else(String::new, |next| format!("; use {next}"));
        line(text, "retired on", &format!("{day}{past}{next}"));
    }
    line(text, "source", &format!("{}, {}", model.source, model.as_of));
}

fn tokenizer(text: &mut String, name: &str, model: Option<&ApiModel>) {
    let encoding = tokens::encoding_for_model(name).or_else(|| tokens::encoding_for_model(&model?.id));
    let is = encoding.map_or("not built in: counts are estimates", |encoding| encoding.name());
    line(text, "tokenizer", is);
}

fn shape(text: &mut String, model: &OpenModel) {
    line(text, "weights", &format!("{} ({})", model.id, model.architecture));
    let parameters = |count: u64| grouped(&count.to_string());
    line(
        text,
        "parameters",
        &format!(
            "{}, {} for a token",
            parameters(model.parameters),
            parameters(model.active_parameters)
        ),
    );
    let is = format!(
        "{} layers, width {}, {} heads, {} for keys and values, vocabulary {}",
        model.layers, model.hidden_size, model.heads, model.kv_heads, model.vocab_size
    );
    line(text, "shape", &is);
    line(
        text,
        "context",
        &format!("{} tokens", grouped(&model.max_context.to_string())),
    );
    line(text, "source", &format!("{}, {}", model.source, model.as_of));
}
