//! A prompt: what is sent in one kind of request.

use super::Field;
use crate::source::{Place, SourceId, Text};
pub use crate::syntax::template::Piece;

/// What is sent in one kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Its identity: the path of its file, with `#` and a number or name where the file holds several.
    pub name: String,
    /// The format that it was read as.
    pub format: &'static str,
    /// Where it stands.
    pub place: Place,
    /// The messages, in the order in which they are sent.
    pub messages: Vec<Message>,
    /// The model's name as written.
    pub model: Field<String>,
    /// Who serves the model, where the file says so (`openai`, `azure`, …).
    pub provider: Option<String>,
    /// The address that requests go to, where the file says so.
    pub endpoint: Option<String>,
    /// The limit on generated tokens (`max_tokens`, `max_completion_tokens`, `max_output_tokens`), tokens.
    pub max_output_tokens: Field<u64>,
    /// How many answers one request asks for (`n`).
    pub choices: Field<u64>,
    /// Whether the answer's form is fixed by the request (`response_format`, `json_schema`): its type's name.
    pub response_format: Field<String>,
    /// The tools offered to the model, as far as they are told.
    pub tools: Vec<Tool>,
    /// Why further tools may be offered that the file doesn't tell, where that is so: a list that a loop fills.
    pub more_tools: Option<String>,
    /// Which tool the model is to call (`tool_choice`): `none`, `auto`, `required`, or the name of one.
    pub tool_choice: Field<String>,
    /// How long the model is to think before it answers (`reasoning_effort`, a thinking budget), as written.
    pub reasoning_effort: Field<String>,
    /// The provider's service tier (`service_tier`: `flex`, `priority`, …), as written.
    pub service_tier: Field<String>,
    /// Sampling parameters that the request sets: `temperature`, `top_p`, `logprobs`, …
    pub sampling: Vec<Parameter>,
    /// Models of which one is chosen while the program runs, where the file lists them; `model` is unknown then.
    pub candidates: Vec<(String, Place)>,
    /// Whether the call stands in a loop over data; absent where the format can't say.
    pub in_loop: Field<bool>,
    /// Whether it goes through the provider's batch API.
    pub batch: bool,
    /// Whether a loop sends it again and again with what it added: a history, an agent's steps.
    pub resends: Field<bool>,
    /// How many numbers the vector of an embedding is to have.
    pub dimensions: Field<u64>,
    /// The call inside a function of another file that this call of the function leads to.
    pub through: Option<Place>,
    /// Whether it stands in a test of the program, where nobody pays for its answers at volume.
    pub in_test: bool,
    /// Whether it is context that an agent sends with every request (AGENTS.md, rules of an editor).
    pub always_loaded: bool,
    /// Variables that the format lets its author declare (Prompty's inputs, Dotprompt's schema).
    pub declared: Vec<Declared>,
}

/// The name of what stands for messages of a call that are not followed.
pub const FURTHER_MESSAGES: &str = "further messages";

impl Prompt {
    /// What it says: the texts of its messages.
    pub fn content(&self) -> String {
        let texts: Vec<&str> = self.messages.iter().map(|message| message.text.as_str()).collect();
        texts.join("\n")
    }
}

/// A parameter of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name as the API takes it.
    pub name: String,
    /// Its value as written.
    pub value: String,
    /// Where it stands.
    pub place: Place,
}

/// A variable that a prompt declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// A value for trying the prompt out, where one is given.
    pub sample: Option<String>,
    /// Where it is declared.
    pub place: Place,
}

/// A tool (function) that the request offers to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its definition, as compact JSON.
    pub definition: String,
    /// Where it stands.
    pub place: Place,
}

/// What a message holds besides text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// How closely the model is to look at an image (OpenAI's `detail`), as written.
    pub detail: Option<String>,
    /// Width and height of an image, pixels, where the request holds it.
    pub pixels: Option<(u32, u32)>,
}

/// Kinds of what is no text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AttachmentKind {
    /// An image.
    Image,
    /// Audio.
    Audio,
    /// Video.
    Video,
    /// A document, such as a PDF.
    Document,
    /// Something else, or not told.
    #[default]
    Other,
}

impl AttachmentKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            AttachmentKind::Image => "image",
            AttachmentKind::Audio => "audio",
            AttachmentKind::Video => "video",
            AttachmentKind::Document => "document",
            AttachmentKind::Other => "attachment",
        }
    }
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Standing instructions (`system`, and OpenAI's newer name `developer`).
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

impl Role {
    /// The role of a name as chat APIs write it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "system" | "developer" => Some(Role::System),
            "user" | "human" => Some(Role::User),
            "assistant" | "ai" | "model" => Some(Role::Assistant),
            "tool" | "function" => Some(Role::Tool),
            _ => None,
        }
    }

    /// The name as chat APIs write it.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The source that the text stands in.
    pub source: SourceId,
    /// The text as its author wrote it, template syntax included.
    pub text: Text,
    /// The text's parts in order: what is sent as it stands, and what a template fills in.
    pub pieces: Vec<Piece>,
    /// What the message holds besides text: images, audio, files.
    pub attachments: Vec<Attachment>,
    /// The file that holds the text, where the request only names it; its messages take this one's place.
    pub file: Option<(String, Place)>,
}
