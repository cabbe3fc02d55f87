//! Langfuse: observations, as the project's export (CSV, JSON, JSON lines) and the public API have them. Generations
//! alone are calls of a model; parts of the input that met a cache are counted apart there, and added up here.
//! <https://langfuse.com/docs/api-and-data-platform/features/export-from-ui>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::book::{Record, Row};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "langfuse",
    about: "Langfuse's observations",
    served_by: None,
    is: |head| head.has(&["traceid", "starttime", "type"]),
    columns: &[
        &["starttime"],
        &["type"],
        &["providedmodelname", "model"],
        &["promptname"],
        &["usagedetails"],
        &["usage"],
        &["inputtokens", "inputusage", "prompttokens"],
        &["outputtokens", "outputusage", "completiontokens"],
        &["totalcost", "calculatedtotalcost"],
        &["tracetags", "tags"],
    ],
    row: |cells| {
        if cells
            .text(1)
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("generation") && !kind.eq_ignore_ascii_case("embedding"))
        {
            return Ok(Row::LeftOut("an observation that is no call of a model"));
        }
        #[derive(Deserialize)]
        struct Usage {
            #[serde(default)]
            input: Option<u64>,
            #[serde(default)]
            output: Option<u64>,
        }
        let details: BTreeMap<String, Option<u64>> = cells.json(4).unwrap_or_default();
        let sum = |wanted: &dyn Fn(&str) -> bool| -> Result<Option<u64>, String> {
            let mut counts = details
                .iter()
                .filter(|(key, _)| wanted(key))
                .filter_map(|(_, count)| *count)
                .peekable();
            if counts.peek().is_none() {
                return Ok(None);
            }
            let sum = counts.try_fold(0_u64, u64::checked_add);
            sum.map(Some)
                .ok_or_else(|| "the sum is larger than a number holds".to_owned())
        };
        let read = |key: &str| key.contains("cache_read") || key.contains("cached");
        let written = |key: &str| key.contains("cache_creation") || key.contains("cache_write");
        let (cached, cache_write) = (sum(&read)?.unwrap_or(0), sum(&written)?.unwrap_or(0));
        let usage: Option<Usage> = cells.json(5);
        let usage = usage.as_ref();
        let input = match sum(&|key| key.starts_with("input") || read(key) || written(key))? {
            Some(input) => Some(input),
            None => cells.count(6)?.or_else(|| usage?.input),
        };
        let output = match sum(&|key| key.starts_with("output"))? {
            Some(output) => output,
            None => cells.count(7)?.or_else(|| usage?.output).unwrap_or(0),
        };
        Ok(Row::Usage(Record {
            model: cells.text(2).unwrap_or_default(),
            prompt: cells.text(3).unwrap_or_default(),
            tags: cells.texts(9),
            calls: Some(1),
            input,
            cached,
            cache_write,
            output,
            usd: cells.usd(8)?,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};
