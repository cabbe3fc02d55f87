//! Configs of LiteLLM's proxy: the models behind the names that programs ask it for. They are no units of their own; a
//! prompt that names an alias is judged by the model that the alias stands for.
//! Format: <https://docs.litellm.ai/docs/proxy/configs>.

use super::settings::{endpoint, filled_in};
use super::{Read, Reading, Route};
use crate::syntax::Node;

pub(super) const NAME: &str = "litellm config";

/// Most routes that are read of one file.
const MAX_ROUTES: usize = 10_000;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours = reading.is_yaml() && reading.contains("model_list:") && reading.contains("litellm_params");
    if !ours {
        return None;
    }
    let documents = &reading.yaml().documents;
    let rows: Vec<&Node> = documents
        .iter()
        .filter_map(|document| document.get("model_list"))
        .flat_map(Node::items)
        .filter(|row| row.get("litellm_params").is_some())
        .take(MAX_ROUTES)
        .collect();
    if rows.is_empty() {
        return None;
    }
    let routes: Vec<Route> = rows.iter().filter_map(|row| route(reading, row)).collect();
    Some(Read {
        note: format!("{} of {} models can be told", routes.len(), rows.len()),
        errors: reading.yaml_error().into_iter().collect(),
        routes,
        ..Read::default()
    })
}

/// The model behind a row's name. Another address than the provider's own may serve anything under that name.
fn route(reading: &Reading<'_>, row: &Node) -> Option<Route> {
    let alias = row.get("model_name")?.as_str()?;
    let params = row.get("litellm_params")?;
    let base = row
        .at(&["model_info", "base_model"])
        .or_else(|| params.get("base_model"));
    let node = base.or_else(|| params.get("model"))?;
    let model = node.as_str()?.trim();
    let hosted = endpoint(params).is_some() && base.is_none() && !model.starts_with("azure");
    let open = |text: &str| text.is_empty() || text.contains('*') || text.starts_with("os.environ/") || filled_in(text);
    (!open(alias) && !open(model)).then(|| Route {
        alias: alias.to_owned(),
        model: (!hosted).then(|| model.to_owned()),
        place: reading.place(node.span),
    })
}
