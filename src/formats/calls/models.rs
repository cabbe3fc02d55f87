//! Models that code makes by a function and hands to a call: `openai("gpt-4o")`, `gateway.languageModel("…")`, and what
//! is wrapped around them.

use std::sync::Arc;

use crate::sdks;
use crate::syntax::code::{Call, Kind, Value};

/// Deepest wrappers around wrappers.
const MAX_DEPTH: usize = 8;

/// Functions that wrap a model, which stands under `model` or first.
const WRAPPERS: &[&str] = &["wrapLanguageModel", "withTracing", "wrapAISDKModel", "wrapModel"];

/// The name of a model that a function makes, and who serves it; other values are themselves.
pub(super) fn named(value: &Arc<Value>) -> (Arc<Value>, Option<&'static str>) {
    named_inside(value, MAX_DEPTH)
}

fn named_inside(value: &Arc<Value>, depth: usize) -> (Arc<Value>, Option<&'static str>) {
    let Some(depth) = depth.checked_sub(1) else {
        return (value.clone(), None);
    };
    match &value.kind {
        Kind::Call(call) => {
            if let Some(provider) = sdks::provider_of_models(&call.callee)
                && let Some(name) = call.positional.first()
            {
                return (
                    name.value.clone(),
                    Some(provider).filter(|provider| !provider.is_empty()),
                );
            }
            let inner = if WRAPPERS.contains(&call.name()) {
                call.keyword("model")
                    .or_else(|| call.positional.first())
                    .map(|argument| &argument.value)
            } else {
                own_name(call)
            };
            match inner {
                Some(inner) => named_inside(inner, depth),
                None => (value.clone(), None),
            }
        }
        Kind::OneOf { of, open, why } => {
            let mut provider = None;
            let (mut names, mut open) = (Vec::new(), *open);
            for one in of {
                let (name, by) = named_inside(one, depth);
                provider = provider.or(by);
                match &name.kind {
                    Kind::OneOf { of, open: more, .. } => {
                        names.extend(of.iter().cloned());
                        open |= more;
                    }
                    _ => names.push(name),
                }
            }
            let place = value.place;
            let kind = Kind::OneOf {
                of: names,
                open,
                why: why.clone(),
            };
            (Arc::new(Value { place, kind }), provider)
        }
        _ => (value.clone(), None),
    }
}

/// What a provider of the program's own calls a model: `customProvider({languageModels: {small: …}})`.
fn own_name(call: &Call) -> Option<&Arc<Value>> {
    let maker = call.maker.as_ref().filter(|maker| maker.name() == "customProvider")?;
    let name = call.positional.first()?.value.fixed()?;
    maker.keyword("languageModels")?.value.get(name)
}
