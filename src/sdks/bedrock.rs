//! Amazon Bedrock: <https://boto3.amazonaws.com/v1/documentation/api/latest/reference/services/bedrock-runtime.html>.

use super::{NONE, Shape};

const PACKAGES: &[&str] = &[
    "boto3",
    "aioboto3",
    "aiobotocore",
    "botocore",
    "@aws-sdk/client-bedrock-runtime",
];

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        provider: "bedrock",
        packages: PACKAGES,
        calls: &[
            "converse",
            "converse_stream",
            "ConverseCommand",
            "ConverseStreamCommand",
        ],
        alone: &[("converse", &["modelId"]), ("converse_stream", &["modelId"])],
        model: &["modelId"],
        messages: &["messages"],
        system: &["system"],
        max_output_tokens: &["inferenceConfig.maxTokens"],
        tools: &["toolConfig.tools"],
        effort: &["additionalModelRequestFields.thinking.budget_tokens"],
        sampling: &[
            ("inferenceConfig.temperature", "temperature"),
            ("inferenceConfig.topP", "top_p"),
        ],
        ..NONE
    },
    Shape {
        provider: "bedrock",
        packages: PACKAGES,
        calls: &[
            "invoke_model",
            "invoke_model_with_response_stream",
            "InvokeModelCommand",
            "InvokeModelWithResponseStreamCommand",
        ],
        alone: &[
            ("invoke_model", &["modelId"]),
            ("invoke_model_with_response_stream", &["modelId"]),
        ],
        model: &["modelId"],
        messages: &["body.messages", "body.prompt", "body.inputText"],
        system: &["body.system"],
        max_output_tokens: &[
            "body.max_tokens",
            "body.max_tokens_to_sample",
            "body.max_gen_len",
            "body.textGenerationConfig.maxTokenCount",
        ],
        tools: &["body.tools"],
        sampling: &[("body.temperature", "temperature"), ("body.top_p", "top_p")],
        ..NONE
    },
];
