//! A folder's own `llmlint.yaml` below those of the folders above it.

use super::{Config, VariableSize};

impl Config {
    /// The same as the repository's root sees it: globs, prompts' names and samples below `folder` (with a `/` behind it;
    /// empty for the root itself). Budgets stay as they are: they are weighed with their folder.
    #[must_use]
    pub fn seen_from_root(mut self, folder: &str) -> Self {
        if folder.is_empty() {
            return self;
        }
        let literal = globset::escape(folder);
        let glob = |glob: &mut String| glob.insert_str(0, &literal);
        let file = |file: &mut String| file.insert_str(0, folder);
        self.tokenizers.iter_mut().for_each(|setting| file(&mut setting.file));
        self.prompt_files.iter_mut().flatten().for_each(glob);
        self.exclude.iter_mut().for_each(glob);
        self.ignore.iter_mut().for_each(|setting| glob(&mut setting.files));
        self.deployments.iter_mut().for_each(|setting| glob(&mut setting.files));
        for setting in &mut self.prompts {
            if !setting.files.is_empty() {
                glob(&mut setting.files);
            } else if setting.unit.is_none() {
                // A tag alone chooses what has it below the config.
                setting.files = format!("{literal}**");
            }
            setting.unit.iter_mut().for_each(file);
            for size in setting.variables.iter_mut().flatten() {
                if let VariableSize::Sample { file: sample } = size.1 {
                    file(sample);
                }
            }
        }
        self
    }

    /// What governs the files of this config's folder, where `above` governs the folders above; both as the root sees
    /// them. What is stated here counts first. What is of the whole run (`fail_on`, `max_file_bytes`, `usage`,
    /// `prices`, `currency`) and what adds up (budgets, baselines, rule pages) is left out.
    #[must_use]
    pub fn below(self, above: &Config) -> Self {
        // Taken apart, so that a key that comes is not forgotten here.
        let Config {
            root: _,
            prompt_files,
            exclude,
            fail_on: _,
            max_file_bytes: _,
            rule_folders: _,
            rules,
            ignore,
            prompts,
            deployments,
            models,
            tokenizers,
            budgets: _,
            baseline: _,
            usage: _,
            prices: _,
            currency: _,
            discounts,
            hourly_rates,
            days_per_month,
        } = self;
        // Of entries that choose the same thing the last counts, of models the first.
        Config {
            prompt_files: prompt_files.or_else(|| above.prompt_files.clone()),
            exclude: [above.exclude.clone(), exclude].concat(),
            rules: above.rules.clone().into_iter().chain(rules).collect(),
            ignore: [above.ignore.clone(), ignore].concat(),
            prompts: [above.prompts.clone(), prompts].concat(),
            deployments: [above.deployments.clone(), deployments].concat(),
            models: {
                let own: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
                let others = above.models.iter().filter(|model| !own.contains(&model.id)).cloned();
                models.into_iter().chain(others).collect()
            },
            discounts: {
                let own: Vec<String> = discounts.iter().map(|discount| discount.provider.clone()).collect();
                let others = above
                    .discounts
                    .iter()
                    .filter(|discount| !own.contains(&discount.provider));
                discounts.into_iter().chain(others.cloned()).collect()
            },
            tokenizers: [tokenizers, above.tokenizers.clone()].concat(),
            // The first that states a rate for a machine counts.
            hourly_rates: [hourly_rates, above.hourly_rates.clone()].concat(),
            days_per_month: days_per_month.or(above.days_per_month),
            ..Config::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearer_counts_first() {
        let read = |text: &str| Config::parse(text).expect("a config");
        let above = read(
            "exclude: [old/**]\nrules: {missing-be-concise: off, oversized-model: error}\nprompts: [{files: '**', model: a}]\nmodels: [{id: a, input: 1, output: 1, as_of: 2026-01-01}, {id: b, input: 1, output: 1, as_of: 2026-01-01}]\nbudgets: [{max_usd_per_month: 1}]\n",
        );
        let own = read(
            "rules: {missing-be-concise: info}\nprompts: [{files: 'prompts/*.md', model: b, variables: {x: {file: x.txt}}}, {unit: 'a.md', model: c}]\nmodels: [{id: a, input: 2, output: 2, as_of: 2026-01-01}]\nbudgets: [{max_usd_per_month: 2}]\n",
        );
        let made = own.seen_from_root("team [a]/").below(&above);
        assert_eq!(made.exclude, ["old/**"]);
        let files: Vec<&str> = made.prompts.iter().map(|setting| setting.files.as_str()).collect();
        assert_eq!(files, ["**", "team [[]a[]]/prompts/*.md", ""]);
        assert_eq!(made.prompts[2].unit.as_deref(), Some("team [a]/a.md"));
        let sizes = made.prompts[1].variables.as_ref().expect("sizes");
        let file = "team [a]/x.txt".to_owned();
        assert_eq!(sizes["x"], VariableSize::Sample { file });
        assert_eq!(made.rules.len(), 2);
        assert_eq!(made.rules["missing-be-concise"], read("rules: {a: info}").rules["a"]);
        let prices: Vec<(&str, String)> = made
            .models
            .iter()
            .map(|m| (m.id.as_str(), m.input.to_string()))
            .collect();
        assert_eq!(prices, [("a", "2".to_owned()), ("b", "1".to_owned())]);
        assert!(made.budgets.is_empty(), "budgets are weighed with their folders");
    }
}
