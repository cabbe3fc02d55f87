//! Calls of providers' packages: what is called, and where model, messages and limits stand. One file a provider or
//! family, the same rows for Python and TypeScript where their names coincide.
//!
//! Where something stands is written as a path: a name is an argument by name, a number one by position, a dot goes
//! into its value (`config.max_output_tokens`), and `^` goes to the calls that made the object, the last of them first
//! (`^model` of `ChatOpenAI(model=…).invoke(…)`). Of several the first that is there counts.

mod agents;
mod anthropic;
mod bedrock;
mod cohere;
mod google;
mod langchain;
mod llama_index;
mod local;
mod mistral;
mod openai;
mod routers;
mod vercel;
mod voyage;

use std::collections::HashMap;
use std::sync::OnceLock;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Messages or a prompt are sent, and an answer is generated.
    Chat,
    /// Text is embedded.
    Embedding,
    /// Images are made.
    Image,
    /// An answer of fields that a signature names is generated.
    Fields,
    /// Something that sends what it is made with on every later call: an agent, an assistant.
    Agent,
    /// The same, where each call says what answer it expects: CrewAI's agent, with its tasks.
    Part,
}

/// The shape of a call.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Who serves the model (`openai`, `azure`, …); empty where the model's name or the object decides.
    pub provider: &'static str,
    /// What it does.
    pub what: What,
    /// Packages whose call it is: what is called begins with one of these names.
    pub packages: &'static [&'static str],
    /// Ends of what is called: `chat.completions.create`. One that begins with `=` is all that follows the package.
    pub calls: &'static [&'static str],
    /// Ends of the name of what is called on, where the call is another thing: `Retriever` of
    /// `WikipediaRetriever.invoke`, which searches.
    pub except: &'static [&'static str],
    /// Ends that tell the call where the object can't be followed to its package, each with the arguments of which one
    /// must be there.
    pub alone: &'static [(&'static str, &'static [&'static str])],
    /// The model.
    pub model: &'static [&'static str],
    /// A list of messages with roles, or one string that the user says. All that are there are sent.
    pub messages: &'static [&'static str],
    /// Standing instructions beside the messages. All that are there are sent.
    pub system: &'static [&'static str],
    /// The limit on generated tokens.
    pub max_output_tokens: &'static [&'static str],
    /// How many answers one request asks for.
    pub choices: &'static [&'static str],
    /// The tools offered. All that are there are.
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
    /// For embeddings: how many numbers a vector is to have.
    pub dimensions: &'static [&'static str],
}

/// A shape of which nothing is said: what rows begin with.
const NONE: Shape = Shape {
    provider: "",
    what: What::Chat,
    packages: &[],
    calls: &[],
    except: &[],
    alone: &[],
    model: &["model"],
    messages: &[],
    system: &[],
    max_output_tokens: &[],
    choices: &[],
    tools: &[],
    response_format: &[],
    effort: &[],
    tier: &[],
    endpoint: &[],
    sampling: &[],
    dimensions: &[],
};

/// Sampling parameters that most APIs call alike.
const SAMPLING: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("topP", "top_p"),
    ("top_k", "top_k"),
    ("topK", "top_k"),
    ("frequency_penalty", "frequency_penalty"),
    ("frequencyPenalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("presencePenalty", "presence_penalty"),
    ("logprobs", "logprobs"),
    ("seed", "seed"),
    ("stop", "stop"),
];

/// The tables, one a provider or family.
const TABLES: &[&[Shape]] = &[
    openai::SHAPES,
    anthropic::SHAPES,
    google::SHAPES,
    mistral::SHAPES,
    cohere::SHAPES,
    bedrock::SHAPES,
    routers::SHAPES,
    langchain::SHAPES,
    llama_index::SHAPES,
    agents::SHAPES,
    local::SHAPES,
    vercel::SHAPES,
    voyage::SHAPES,
];

/// Words of which each file with such a call has one; what has none is not looked into.
pub const SIGNS: &[&str] = &[
    "openai",
    "OpenAI",
    "anthropic",
    "Anthropic",
    "google.genai",
    "google import genai",
    "@google/genai",
    "generativeai",
    "generative_models",
    "generative-ai",
    "vertexai",
    "mistralai",
    "import cohere",
    "cohere.",
    "cohere-ai",
    "voyageai",
    "bedrock",
    "litellm",
    "langchain",
    "langgraph",
    "llama_index",
    "llamaindex",
    "instructor.",
    "pydantic_ai",
    "import autogen",
    "from autogen",
    "autogen_agentchat",
    "from agents",
    "@openai/agents",
    "crewai",
    "dspy",
    "ollama",
    "import groq",
    "from groq",
    "groq-sdk",
    "from together",
    "import together",
    "together-ai",
    "huggingface_hub",
    "@huggingface/inference",
    "sentence_transformers",
    "from transformers",
    "import transformers",
    "vllm",
    "chat.completions",
    "/chat/completions",
    "api.anthropic.com",
    "genkit",
    "mastra",
    "messages.create",
    "generate_content",
    "generateContent",
    "generateText",
    "streamText",
    "generateObject",
    "streamObject",
    "ai-sdk",
    "invoke_model",
    // A model that is handed over to a file that names no package.
    "llm.invoke(",
    "llm.ainvoke(",
    "llm.stream(",
    "llm.astream(",
];

/// Makers of objects that tell another provider than the call's own.
const MAKERS: &[(&str, &str)] = &[
    ("AzureOpenAI", "azure"),
    ("AsyncAzureOpenAI", "azure"),
    ("AzureChatOpenAI", "azure"),
    ("AzureOpenAIEmbeddings", "azure"),
    ("AzureOpenAIEmbedding", "azure"),
    ("AzureOpenAIChatCompletionClient", "azure"),
    ("AnthropicBedrock", "bedrock"),
    ("AsyncAnthropicBedrock", "bedrock"),
    ("AnthropicVertex", "vertex"),
    ("AsyncAnthropicVertex", "vertex"),
    ("Groq", "groq"),
    ("AsyncGroq", "groq"),
    ("Together", "together"),
    ("AsyncTogether", "together"),
    ("ChatOpenAI", "openai"),
    ("ChatAnthropic", "anthropic"),
    ("ChatGoogleGenerativeAI", "google"),
    ("ChatVertexAI", "vertex"),
    ("ChatMistralAI", "mistral"),
    ("ChatCohere", "cohere"),
    ("ChatBedrock", "bedrock"),
    ("ChatBedrockConverse", "bedrock"),
    ("ChatGroq", "groq"),
    ("ChatOllama", "ollama"),
    ("ChatTogether", "together"),
    ("OpenAIEmbeddings", "openai"),
    ("OpenAIEmbedding", "openai"),
    ("CohereEmbeddings", "cohere"),
    ("CohereEmbedding", "cohere"),
    ("VoyageAIEmbeddings", "voyage"),
    ("VoyageEmbedding", "voyage"),
    ("GoogleGenerativeAIEmbeddings", "google"),
    ("VertexAIEmbeddings", "vertex"),
    ("MistralAIEmbeddings", "mistral"),
    ("MistralAIEmbedding", "mistral"),
    ("BedrockEmbeddings", "bedrock"),
    ("BedrockEmbedding", "bedrock"),
    ("OllamaEmbeddings", "ollama"),
    ("OllamaEmbedding", "ollama"),
    ("HuggingFaceEmbeddings", "local"),
    ("HuggingFaceEmbedding", "local"),
    ("HuggingFaceBgeEmbeddings", "local"),
    ("SentenceTransformer", "local"),
];

/// Hosts by which an address tells who serves the model.
const HOSTS: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "google"),
    ("aiplatform.googleapis.com", "vertex"),
    ("api.mistral.ai", "mistral"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "xai"),
    ("api.groq.com", "groq"),
    ("api.together.xyz", "together"),
    ("openrouter.ai", "openrouter"),
    ("api.fireworks.ai", "fireworks"),
    ("api.perplexity.ai", "perplexity"),
    ("localhost", "local"),
    ("127.0.0.1", "local"),
];

/// Who serves the model, by the name of what made the object.
pub fn provider_of_maker(name: &str) -> Option<&'static str> {
    MAKERS
        .iter()
        .find(|(maker, _)| *maker == name)
        .map(|(_, provider)| *provider)
}

/// Who serves the model, by the address that requests go to.
pub fn provider_of_host(address: &str) -> Option<&'static str> {
    HOSTS
        .iter()
        .find(|(host, _)| address.contains(host))
        .map(|(_, provider)| *provider)
}

/// Who serves the model that a call makes to be handed to another; empty where its name decides, `None` where it makes
/// none.
pub fn provider_of_models(callee: &str) -> Option<&'static str> {
    let found = vercel::MODELS
        .iter()
        .find(|(package, _)| match callee.strip_prefix(package) {
            // `openai.tools.webSearch()` makes a tool.
            Some(rest) => {
                rest.is_empty() || ((rest.starts_with('.') || rest.starts_with('/')) && !rest.contains(".tools."))
            }
            None => false,
        });
    found.map(|(_, provider)| *provider)
}

/// A shape that a call may have.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// The shape.
    pub shape: &'static Shape,
    /// Arguments of which one must be there, where the package isn't known.
    pub needs: &'static [&'static str],
}

/// The shape of what is called, by its whole path.
pub fn find(path: &str) -> Option<Candidate> {
    let rows = by_last_name().get(last_name(path))?;
    let called_on = path.rsplit('.').nth(1).unwrap_or_default();
    let rows = || {
        rows.iter()
            .filter(|shape| !shape.except.iter().any(|end| called_on.ends_with(end)))
    };
    let known = rows().find(|shape| {
        let mut packages = shape.packages.iter().filter_map(|package| inside(path, package));
        packages.any(|rest| {
            shape.calls.iter().any(|call| match call.strip_prefix('=') {
                Some(whole) => rest == whole,
                None => ends(rest, call),
            })
        })
    });
    if let Some(shape) = known {
        return Some(Candidate { shape, needs: &[] });
    }
    rows().find_map(|shape| {
        let mut ends_alone = shape.alone.iter().filter(|(end, _)| ends(path, end));
        ends_alone.next().map(|(_, needs)| Candidate { shape, needs })
    })
}

/// Whether this is what LangChain's chat models alone have, and gives such a model with something bound to it.
pub fn hands_on_model(name: &str) -> bool {
    matches!(name, "bind_tools" | "bindTools") || hands_on_schema(name)
}

/// Whether it gives a model that answers by a schema.
pub fn hands_on_schema(name: &str) -> bool {
    matches!(name, "with_structured_output" | "withStructuredOutput")
}

/// Whether some call ends with this name.
pub fn is_last_name(name: &str) -> bool {
    by_last_name().contains_key(name)
}

/// Whether what is called by this name in a text may be one of our calls: the other names of such a call's end stand in
/// the text too; where the end is one name, its package does.
pub fn may_be(name: &str, text: &str) -> bool {
    let in_text = |name: &str| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some();
    let is_end = |end: &str| last_name(end) == name && end.split('.').all(in_text);
    let shapes = by_last_name().get(name).into_iter().flatten();
    shapes.into_iter().any(|shape| {
        let mut calls = shape.calls.iter().map(|end| end.trim_start_matches('='));
        let packaged = || shape.packages.iter().any(|package| in_text(family(package)));
        calls.any(|end| is_end(end) && (end.contains('.') || packaged()))
            || shape.alone.iter().any(|(end, _)| is_end(end))
    })
}

/// The word that the names of a package and of its sisters have in common: `langchain` of `@langchain/openai` and of
/// `langchain_openai`.
fn family(package: &str) -> &str {
    let mut words = package.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|word| !word.is_empty()).unwrap_or(package)
}

/// The packages of which objects are themselves called, by any name: `llm(prompt)`.
pub fn packages_of_called_objects() -> impl Iterator<Item = &'static str> {
    let shapes = by_last_name().get("__call__").into_iter().flatten();
    shapes.flat_map(|shape| shape.packages.iter().copied())
}

/// What follows a package's name; a package below it counts (`google.genai` of `google.genai.client`).
fn inside<'p>(path: &'p str, package: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(package)?;
    rest.strip_prefix(['.', '/'])
}

/// Whether a path ends with these names; the first of them may be the end of a longer one where it begins with `_`:
/// `_llm.invoke` ends `self.fast_llm.invoke`.
fn ends(path: &str, names: &str) -> bool {
    path.strip_suffix(names)
        .is_some_and(|before| before.is_empty() || before.ends_with('.') || names.starts_with('_'))
}

/// The last of the names of a path: `create` of `chat.completions.create`.
pub fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn by_last_name() -> &'static HashMap<&'static str, Vec<&'static Shape>> {
    static ROWS: OnceLock<HashMap<&'static str, Vec<&'static Shape>>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut rows: HashMap<&'static str, Vec<&'static Shape>> = HashMap::new();
        for shape in TABLES.iter().flat_map(|table| table.iter()) {
            let ends = shape.calls.iter().map(|call| call.trim_start_matches('='));
            for end in ends.chain(shape.alone.iter().map(|(end, _)| *end)) {
                let known = rows.entry(last_name(end)).or_default();
                if !known.iter().any(|other| std::ptr::eq(*other, shape)) {
                    known.push(shape);
                }
            }
        }
        rows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(path: &str) -> Option<(&'static str, What)> {
        find(path).map(|found| (found.shape.provider, found.shape.what))
    }

    #[test]
    fn calls_are_known_by_their_package_and_their_end() {
        let cases = [
            ("openai.OpenAI.chat.completions.create", Some(("openai", What::Chat))),
            (
                "openai.OpenAI.with_options.chat.completions.create",
                Some(("openai", What::Chat)),
            ),
            ("self.client.chat.completions.create", Some(("openai", What::Chat))),
            ("openai.OpenAI.embeddings.create", Some(("openai", What::Embedding))),
            ("voyageai.Client.embed", Some(("voyage", What::Embedding))),
            ("anthropic.Anthropic.messages.create", Some(("anthropic", What::Chat))),
            (
                "google.genai.Client.aio.models.generate_content",
                Some(("google", What::Chat)),
            ),
            ("boto3.client.converse", Some(("bedrock", What::Chat))),
            (
                "langchain_openai.ChatOpenAI.with_structured_output.ainvoke",
                Some(("", What::Chat)),
            ),
            ("self.fast_llm.invoke", Some(("", What::Chat))),
            ("graph.invoke", None),
            ("langchain_community.retrievers.WikipediaRetriever.invoke", None),
            (
                "langchain_community.vectorstores.FAISS.from_texts.as_retriever.invoke",
                None,
            ),
            ("langchain_community.tools.DuckDuckGoSearchRun.invoke", None),
            ("langchain_core.output_parsers.StrOutputParser.invoke", None),
            ("requests.post", None),
            ("openai.OpenAI", None),
            ("pandas.DataFrame.create", None),
        ];
        for (path, expected) in cases {
            assert_eq!(provider(path), expected, "{path}");
            let is_read = may_be(last_name(path), path);
            assert!(is_read || expected.is_none(), "{path} is passed over");
        }
        assert_eq!(
            find("client.messages.create").map(|found| found.needs),
            Some(&["max_tokens"][..])
        );
    }
}
