//! Azure: the log of API Management's AI gateway (`ApiManagementGatewayLlmLog`, exported from Log Analytics as CSV or
//! JSON), which counts tokens, and Azure OpenAI's own diagnostic log (category `RequestResponse`, JSON lines in a storage
//! account), which counts calls alone.
//! <https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs>

use std::borrow::Cow;

use serde::Deserialize;

use super::super::book::{Record, Row};
use super::Format;

pub(super) const GATEWAY: Format = Format {
    name: "azure-gateway",
    about: "Azure API Management's ApiManagementGatewayLlmLog, exported from Log Analytics",
    served_by: Some("azure"),
    is: |head| head.has(&["deploymentname", "prompttokens"]),
    columns: &[
        &["timegenerated", "time"],
        &["modelname"],
        &["deploymentname"],
        &["prompttokens"],
        &["completiontokens"],
    ],
    row: |cells| {
        // Prompts and answers stand in rows of their own, without tokens.
        let tokens = cells.count(3)?.zip(cells.count(4)?);
        let Some((input, output)) = tokens.filter(|(input, output)| *input > 0 || *output > 0) else {
            return Ok(Row::LeftOut("a part of a message"));
        };
        Ok(Row::Usage(Record {
            model: cells.text(1).or_else(|| cells.text(2)).unwrap_or_default(),
            tags: cells.text(2).into_iter().collect(),
            calls: Some(1),
            input: Some(input),
            output,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};

pub(super) const REQUESTS: Format = Format {
    name: "azure-openai",
    about: "Azure OpenAI's diagnostic log, category RequestResponse (no tokens are counted)",
    served_by: Some("azure"),
    is: |head| head.has(&["category", "properties", "operationname"]),
    columns: &[
        &["time", "timegenerated"],
        &["category"],
        &["properties"],
        &["resultsignature"],
        &["operationname"],
    ],
    row: |cells| {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Properties<'a> {
            #[serde(borrow, default)]
            model_name: Option<Cow<'a, str>>,
            #[serde(borrow, default)]
            model_version: Option<Cow<'a, str>>,
            #[serde(borrow, default)]
            model_deployment_name: Option<Cow<'a, str>>,
        }
        if cells.text(1).as_deref() != Some("RequestResponse") {
            return Ok(Row::LeftOut("another kind of log"));
        }
        if cells.text(3).is_some_and(|status| !status.starts_with('2')) {
            return Ok(Row::LeftOut("a call that failed"));
        }
        // A text of JSON, or JSON itself.
        let text = cells.text(2);
        let properties: Option<Properties<'_>> = match &text {
            Some(text) => serde_json::from_str(text).ok(),
            None => cells.json(2),
        };
        let properties = properties.ok_or("`properties` is no object")?;
        let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned).filter(|text| !text.is_empty());
        let (name, version) = (own(properties.model_name), own(properties.model_version));
        let deployment = own(properties.model_deployment_name);
        let Some(name) = name else {
            return Ok(Row::LeftOut("a call of no model"));
        };
        let model = match version.filter(|version| version.as_str() != "1") {
            Some(version) => format!("{name}-{version}"),
            None => name,
        };
        Ok(Row::Usage(Record {
            model: model.into(),
            tags: deployment.into_iter().map(Cow::Owned).collect(),
            calls: Some(1),
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};
