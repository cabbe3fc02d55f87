//! What a model costs a team: the row of the price list that a name stands for, or the team's own, less what its
//! provider lets it off.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::names::{self, How};
use super::prices::{Moment, PriceList, PriceRow};
use super::rows::Named;
use super::{ApiModel, Bill, Catalog, Date, PRICES, Price, Usage};

/// A model that the team states, with its price.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnModel {
    /// What is known of it.
    pub model: ApiModel,
    /// What it costs.
    pub row: PriceRow,
}

impl Named for OwnModel {
    const CASE_SENSITIVE: bool = true;

    fn id(&self) -> &str {
        &self.model.id
    }
}

/// What a provider lets a team off its listed prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// The provider, as the price list calls it.
    pub provider: String,
    /// Percent of the listed price, 0 to 100.
    pub percent_off: Decimal,
}

/// A model's prices, ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// What the list says.
    pub row: PriceRow,
    /// Whether the name is one of a model fine-tuned from it, or has a date that the list does not know.
    pub inexact: bool,
    /// Who bills it, as the price list calls them; empty for a model of the team's own.
    pub billed_by: String,
    /// Where the prices were read.
    pub source: String,
    /// The day of that.
    pub as_of: Date,
    /// Percent that the provider lets the team off.
    pub percent_off: Decimal,
}

impl Priced {
    /// The price of tokens on `day` where a request has that many of input, and `when` is said of it; `None` where not
    /// tokens are billed.
    #[must_use]
    pub fn price_on(&self, day: Date, input_tokens: u64, when: &BTreeMap<String, String>) -> Option<Price> {
        let listed = self.row.price_on(day, input_tokens, when)?;
        Some(Price {
            input: self.reduced(listed.input),
            cached_input: listed.cached_input.map(|usd| self.reduced(usd)),
            output: listed.output.map(|usd| self.reduced(usd)),
        })
    }

    /// What a request cost.
    ///
    /// # Errors
    /// Counts that contradict each other or are missing; amounts beyond what a decimal holds.
    pub fn bill(&self, usage: &Usage, at: Moment, when: &BTreeMap<String, String>) -> Result<Bill, String> {
        let listed = self.row.bill(usage, at, when)?;
        Ok(Bill {
            input_usd: self.reduced(listed.input_usd),
            output_usd: self.reduced(listed.output_usd),
            usd: self.reduced(listed.usd),
        })
    }

    /// An amount less the team's discount; smaller than before, so that it can't grow beyond what a decimal holds.
    fn reduced(&self, usd: Decimal) -> Decimal {
        if self.percent_off.is_zero() {
            return usd;
        }
        let kept = (Decimal::ONE_HUNDRED - self.percent_off) / Decimal::ONE_HUNDRED;
        usd.checked_mul(kept).unwrap_or(usd).normalize()
    }

    /// Where the price comes from, in a few words.
    #[must_use]
    pub fn from(&self) -> String {
        let off = if self.percent_off.is_zero() {
            String::new()
        } else {
            format!("; {}% off, discounts in llmlint.yaml", self.percent_off.normalize())
        };
        format!("{} of {}: {}{off}", self.row.id, self.as_of, self.source)
    }
}

impl Catalog {
    /// The price list in force.
    #[must_use]
    pub fn prices(&self) -> &PriceList {
        self.prices.as_ref().unwrap_or(&PRICES)
    }

    /// What the price list calls a provider, in whatever spelling; `None` where it knows none of that name.
    #[must_use]
    pub fn seller(&self, provider: &str) -> Option<String> {
        let known = names::sellers(provider).and_then(|sellers| sellers.first());
        let known = known.map(|seller| (*seller).to_owned());
        known.or_else(|| self.prices().has_provider(provider).then(|| provider.to_owned()))
    }

    /// The same with prices in place of the program's, where there are some.
    #[must_use]
    pub fn with_prices(mut self, prices: Option<PriceList>) -> Self {
        self.prices = prices;
        self
    }

    /// The same with what providers let the team off.
    #[must_use]
    pub fn with_discounts(mut self, discounts: Vec<Discount>) -> Self {
        self.discounts = discounts;
        self
    }

    /// What the model of that name costs where `provider` serves it, as far as a file says who does.
    ///
    /// Names are matched as [`Catalog::api_model`] matches them. Without a provider in its name or beside it, only a name
    /// that its maker alone sells has a price.
    ///
    /// # Errors
    /// There is no price, and why.
    pub fn priced(&self, name: &str, provider: Option<&str>) -> Result<Priced, String> {
        // A word that no file has another for may be the price list's own.
        let word = provider.unwrap_or_default();
        let stated = provider.and_then(names::sellers);
        // The package of OpenAI is what many reach other providers by.
        let only_stated = stated.is_some_and(|sellers| sellers != ["openai"]);
        let stated = stated.unwrap_or(std::slice::from_ref(&word));
        for (form, how) in names::forms(name) {
            if let Some((own, _)) = self.own.as_ref().and_then(|own| own.find(form.name)) {
                return Ok(self.applied(own.row.clone(), how, ""));
            }
            let known = self
                .find(form.name, form.providers)
                .map(|(model, _)| [names::seller(&model.provider)]);
            let named = form.sellers.unwrap_or(stated);
            let guessed: &[&str] = match &known {
                _ if form.sellers.is_some() || only_stated => &[],
                Some(sold_by) => sold_by,
                None => names::makers(form.name),
            };
            for (place, seller) in named.iter().chain(guessed).enumerate() {
                if let Some((mut row, _)) = self
                    .prices()
                    .find(form.name, seller)
                    .map_err(|error| error.to_string())?
                {
                    // Kinds of requests are the provider's own, not those of a platform that resells it.
                    if (1..named.len()).contains(&place) {
                        row.variants.clear();
                    }
                    let billed_by = if place < named.len() { named[0] } else { seller };
                    return Ok(self.applied(row, how, billed_by));
                }
            }
        }
        Err(self.unpriced(name, provider))
    }

    /// What a model of the catalog costs.
    #[must_use]
    pub fn price_of(&self, model: &ApiModel) -> Option<Priced> {
        if let Some((own, _)) = self.own.as_ref().and_then(|own| own.find(&model.id)) {
            return Some(self.applied(own.row.clone(), How::Name, ""));
        }
        let seller = names::seller(&model.provider);
        let (row, _) = self.prices().find(&model.id, seller).ok()??;
        Some(self.applied(row, How::Name, seller))
    }

    /// The price of a model's tokens on `day` in a short request of the usual kind.
    #[must_use]
    pub fn usual_price(&self, model: &ApiModel, day: Date) -> Option<Price> {
        self.price_of(model)?.price_on(day, 0, &BTreeMap::new())
    }

    fn applied(&self, row: PriceRow, how: How, seller: &str) -> Priced {
        let list = self.prices();
        let percent = self.discounts.iter().find(|discount| discount.provider == seller);
        Priced {
            inexact: how != How::Name,
            billed_by: seller.to_owned(),
            source: row.source.clone().unwrap_or_else(|| list.head().prices.clone()),
            as_of: row.as_of.unwrap_or(list.head().as_of),
            percent_off: percent.map_or(Decimal::ZERO, |discount| discount.percent_off),
            row,
        }
    }

    fn unpriced(&self, name: &str, provider: Option<&str>) -> String {
        let bare = names::without_prefix(name);
        let sellers = self.prices().sellers(bare.name);
        match (provider, sellers.as_slice()) {
            (_, []) => format!("the price list has no `{}`", bare.name),
            (Some(provider), sellers) => {
                format!(
                    "the price list has no `{}` of {provider}, only of {}",
                    bare.name,
                    sellers.join(", ")
                )
            }
            (None, sellers) => format!(
                "`{}` is sold by {}: who serves it is not said, so its price is not known",
                bare.name,
                sellers.join(", ")
            ),
        }
    }
}
