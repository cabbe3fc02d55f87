//! Voyage AI: <https://docs.voyageai.com/docs/embeddings>, <https://github.com/voyage-ai/typescript-sdk>.

use super::{NONE, Shape, What};

pub(super) const SHAPES: &[Shape] = &[Shape {
    provider: "voyage",
    what: What::Embedding,
    packages: &["voyageai"],
    calls: &[
        "embed",
        "contextualized_embed",
        "multimodal_embed",
        "contextualizedEmbed",
        "multimodalEmbed",
    ],
    messages: &["texts", "input", "inputs", "0"],
    model: &["model", "1"],
    dimensions: &["output_dimension", "outputDimension"],
    ..NONE
}];
