//! Calls of providers' packages: what is called, and where model, messages and limits stand. One file a provider or
//! family, the same rows for Python and TypeScript where their names coincide.
//!
//! Where something stands is written as a path: a name is an argument by name, a number one by position, a dot goes
//! into its value (`config.max_output_tokens`), and `^` goes to the call that made the object (`^model` of
//! `ChatOpenAI(model=…).invoke(…)`). Of several the first that is there counts.

mod npm;

pub use npm::canonical;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Messages or a prompt are sent, and an answer is generated.
    Chat,
    /// Text is embedded.
    Embedding,
    /// Images are made.
    Image,
    /// Something that sends what it is made with on every later call: an agent, an assistant.
    Agent,
}

/// The shape of a call.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Who serves the model (`openai`, `azure`, …); empty where the model's name decides.
    pub provider: &'static str,
    /// What it does.
    pub what: What,
    /// What is called, in full: `openai.OpenAI.chat.completions.create`.
    pub paths: &'static [&'static str],
    /// Ends of what is called that tell it where the object can't be followed, each with arguments that must be there.
    pub endings: &'static [(&'static str, &'static [&'static str])],
    /// The model.
    pub model: &'static [&'static str],
    /// A list of messages with roles, or one string that the user says.
    pub messages: &'static [&'static str],
    /// Standing instructions beside the messages.
    pub system: &'static [&'static str],
    /// The limit on generated tokens.
    pub max_output_tokens: &'static [&'static str],
    /// How many answers one request asks for.
    pub choices: &'static [&'static str],
    /// The tools offered.
    pub tools: &'static [&'static str],
    /// The form of the answer.
    pub response_format: &'static [&'static str],
    /// How long the model is to think.
    pub effort: &'static [&'static str],
    /// The service tier.
    pub tier: &'static [&'static str],
    /// The address that requests go to.
    pub endpoint: &'static [&'static str],
    /// Sampling parameters, with the names that the API has for them.
    pub sampling: &'static [(&'static str, &'static str)],
}
