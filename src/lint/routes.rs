//! Prompts that ask a gateway for a name of its own, sent to the model behind it.

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::formats::Route;
use crate::source::Place;
use crate::units::{Field, Unit};

/// Gives prompts that ask a gateway for a name of its own the model that the name stands for. A name that several models
/// share is left as it is, and so is one that the catalog knows.
pub(super) fn follow_routes(units: &mut [Unit], routes: Vec<Route>, catalog: &Catalog) {
    let mut models: HashMap<String, Option<(String, Place)>> = HashMap::new();
    for route in routes {
        let found = route.model.map(|model| (model, route.place));
        let known = models.entry(route.alias).or_insert_with(|| found.clone());
        let same = |(model, _): &(String, Place)| found.as_ref().is_some_and(|(other, _)| model == other);
        if !known.as_ref().is_some_and(same) {
            *known = None;
        }
    }
    for unit in units {
        if let Unit::Prompt(prompt) | Unit::Embedding(prompt) = unit
            && let Field::Known(name, _) = &prompt.model
            && let Some(Some((model, place))) = models.get(name)
            && catalog.api_model(name).model().is_none()
        {
            prompt.model = Field::Known(model.clone(), *place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{self, Outcome};
    use crate::source::Source;
    use crate::syntax::code::Files;

    #[test]
    fn a_prompt_that_names_an_alias_is_sent_to_the_model_behind_it() {
        let proxy = "model_list:\n\
            - {model_name: cheap, litellm_params: {model: openai/gpt-4o-mini}}\n\
            - {model_name: mixed, litellm_params: {model: gpt-4o}}\n\
            - {model_name: mixed, litellm_params: {model: azure/eu, api_base: https://eu.example}}\n\
            - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o-mini}}\n\
            - {model_name: own, litellm_params: {model: openai/gpt-4o, api_base: http://vllm:8000}}\n";
        let request = |model: &str| {
            format!("{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hi\"}}]}}")
        };
        let asked = |model: &str| {
            let sources = [
                Source::new("a/request.json", request(model), false),
                Source::new("proxy.yaml", proxy, false),
            ];
            let (mut units, mut routes) = (Vec::new(), Vec::new());
            let known = Files::new(&sources);
            for id in known.ids() {
                if let Outcome::Read(_, read) = formats::read(&known, *id, false) {
                    units.extend(read.units);
                    routes.extend(read.routes);
                }
            }
            follow_routes(&mut units, routes, Catalog::embedded());
            match units.as_slice() {
                [Unit::Prompt(prompt)] => prompt.model.known().cloned().unwrap_or_default(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(asked("cheap"), "openai/gpt-4o-mini");
        for own in ["mixed", "gpt-4o", "own", "else"] {
            assert_eq!(asked(own), own);
        }
    }
}
