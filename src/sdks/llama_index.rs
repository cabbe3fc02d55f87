//! LlamaIndex: <https://docs.llamaindex.ai/en/stable/api_reference/llms/>.

use super::{NONE, Shape, What};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        packages: &["llama_index"],
        calls: &[
            "complete",
            "acomplete",
            "stream_complete",
            "astream_complete",
            "chat",
            "achat",
            "stream_chat",
            "astream_chat",
            "predict",
            "apredict",
            "structured_predict",
        ],
        alone: &[
            ("llm.complete", &[]),
            ("llm.acomplete", &[]),
            ("llm.stream_complete", &[]),
            ("_llm.complete", &[]),
            ("_llm.acomplete", &[]),
            ("llm.achat", &[]),
            ("llm.apredict", &[]),
        ],
        model: &["^model", "^model_name", "^engine", "^0"],
        messages: &["messages", "prompt", "0"],
        system: &["^system_prompt"],
        max_output_tokens: &["max_tokens", "^max_tokens", "^max_new_tokens"],
        endpoint: &["^api_base", "^base_url"],
        sampling: &[("^temperature", "temperature")],
        ..NONE
    },
    Shape {
        what: What::Embedding,
        packages: &["llama_index"],
        calls: &[
            "get_text_embedding",
            "get_query_embedding",
            "get_text_embedding_batch",
            "aget_text_embedding",
            "aget_query_embedding",
            "aget_text_embedding_batch",
        ],
        alone: &[
            ("embed_model.get_text_embedding", &[]),
            ("embed_model.get_query_embedding", &[]),
            ("embed_model.get_text_embedding_batch", &[]),
        ],
        model: &["^model", "^model_name", "^0"],
        messages: &["0", "texts"],
        dimensions: &["^dimensions"],
        ..NONE
    },
];
