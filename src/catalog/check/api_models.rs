//! Models behind an API and their prices.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Checker, Sources};
use crate::catalog::{ApiModel, ModelKind, Price, PriceList, Table, check_list, names};

impl Checker {
    pub(super) fn models(&mut self, models: &Table<ApiModel>) {
        for model in &models.rows {
            let id = &model.id;
            if let Some(replacement) = &model.replacement {
                if models.find(replacement).is_none_or(|(_, is_id)| !is_id) {
                    self.wrong(id, format!("its replacement {replacement} is no row"));
                }
                if model.retired_on.is_none() {
                    self.wrong(id, "has a replacement but no day of retirement");
                }
            }
            if let Some(announced) = model.deprecated_on {
                if announced > self.today {
                    self.wrong(id, format!("deprecated_on {announced} is in the future"));
                }
                if model.retired_on.is_none_or(|retired| announced > retired) {
                    self.wrong(id, "is deprecated, but retired on no later day");
                }
            }
            if model
                .context_window
                .is_some_and(|tokens| !(256..=100_000_000).contains(&tokens))
            {
                self.wrong(id, "its context window is not between 256 and 100 million tokens");
            }
            if let (Some(output), Some(context)) = (model.max_output_tokens, model.context_window)
                && output > context
            {
                self.wrong(id, "its longest output is longer than its context window");
            }
        }
    }

    pub(super) fn prices(&mut self, text: &str, models: &Table<ApiModel>) {
        self.file = "prices.jsonl";
        let list = match PriceList::new(text.to_owned(), self.file) {
            Ok(list) => list,
            Err(error) => return self.wrong("line 1", error.to_string()),
        };
        for (at, what) in check_list(&list, Some(self.today)) {
            self.wrong(&at, what);
        }
        let mut sources = Sources {
            file: self.file,
            ..Sources::default()
        };
        sources.read = list.rows().count();
        self.sources.push(sources);
        for model in &models.rows {
            let found = list.find(&model.id, names::seller(&model.provider)).ok().flatten();
            let price = found.and_then(|(row, _)| row.price_on(self.today, 0, &BTreeMap::new()));
            if let Some(price) = price {
                self.price(&model.id, model.kind, &price);
            }
        }
    }

    /// Whether the price of a model that we know can be true.
    fn price(&mut self, id: &str, kind: ModelKind, price: &Price) {
        let all = [Some(price.input), price.cached_input, price.output];
        for amount in all.into_iter().flatten() {
            self.between(id, "a price", amount, Decimal::new(1, 4), Decimal::from(1000));
        }
        if price.cached_input.is_some_and(|cached| cached >= price.input) {
            self.wrong(id, "cached input costs as much as other input");
        }
        if price.output.is_none() && kind == ModelKind::Chat {
            self.wrong(id, "a chat model has a price of output");
        }
        if price.output.is_some_and(|output| output < price.input) {
            self.doubtful(id, "output costs less than input");
        }
    }
}
