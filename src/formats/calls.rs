//! Calls of LLM APIs in source code, by the shapes of `sdks`: Python, TypeScript and JavaScript.

mod http;
mod messages;
mod models;
mod tools;
mod wrappers;
mod zod;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use self::messages::Messages;
use super::{Read, Reading, settings};
use crate::sdks::{self, Shape, What};
use crate::source::Place;
use crate::syntax::Signs;
use crate::syntax::code::{self, Argument, CALL, CHAIN, Call, Files, Kind, Language, Repeat, Value};
use crate::units::{Field, Message, Parameter, Prompt, Role, Unit};

pub(super) const NAME: &str = "call in code";

/// Most calls that are read of one file.
const MAX_UNITS: usize = 500;

/// Deepest lists of messages in messages.
const MAX_DEPTH: usize = 8;

/// What tells that a file may hold such a call.
static SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(sdks::SIGNS.iter().copied()));

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    Language::of_extension(reading.source.extension())?;
    let mut units = own_calls(reading).unwrap_or_default();
    units.extend(calls_through(reading));
    (!units.is_empty()).then(|| Read {
        units,
        ..Read::default()
    })
}

/// Works out what the files of a run have to know of each other before they are read.
pub(super) fn prepare(files: &Files<'_>) {
    files.set_wrappers(wrappers::all(files));
}

/// What functions of other files send for calls that stand in this one.
fn calls_through(reading: &Reading<'_>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    // A test of such a function sends nothing that the product does.
    if is_test(&reading.source.from_root) {
        return units;
    }
    for (outer, inner) in wrappers::calls(reading) {
        let Some(found) = sdks::find(&inner.callee) else {
            continue;
        };
        let sending = prompt(reading, found.shape, &inner);
        let embeds = sending.embeds;
        let prompts = sending.prompts(reading);
        let told = prompts.into_iter().filter(|prompt| wrappers::tells(prompt, &inner));
        units.extend(told.map(|mut prompt| {
            prompt.through = Some(inner.place);
            prompt.place = outer.place;
            let made = if embeds { Unit::Embedding } else { Unit::Prompt };
            made(Box::new(prompt))
        }));
    }
    units
}

/// The calls that stand in the file.
fn own_calls(reading: &Reading<'_>) -> Option<Vec<Unit>> {
    static CALLED_OBJECTS: LazyLock<Signs> = LazyLock::new(|| Signs::new(sdks::packages_of_called_objects()));
    let language = Language::of_extension(reading.source.extension())?;
    let text = &reading.source.text;
    let objects = OnceCell::new();
    let objects = || *objects.get_or_init(|| language == Language::Python && CALLED_OBJECTS.any_in(text));
    let may_be = |name: &str| sdks::may_be(name, text) || http::may_send(name, text);
    if !SIGNS.any_in(text) || !(objects() || code::called_names(text).any(may_be)) {
        return None;
    }
    let wanted = |callee: &str, _followed: bool| callee == CHAIN || sdks::find(callee).is_some() || http::sends(callee);
    let in_test = is_test(&reading.source.from_root);
    let mut units: Vec<Unit> = Vec::new();
    let mut sent: HashSet<Place> = HashSet::new();
    let named = |name: &str| match name {
        CALL => objects(),
        _ => sdks::is_last_name(name) || http::is_last_name(name),
    };
    for call in reading.calls_of(named, wanted) {
        if units.len() >= MAX_UNITS {
            break;
        }
        let sending = if call.callee == CHAIN {
            chain(reading, &call)
        } else if http::sends(&call.callee) {
            request(reading, &call)
        } else {
            let Some(found) = sdks::find(&call.callee) else {
                continue;
            };
            sent.extend(parts(found.shape, &call));
            let told =
                found.needs.is_empty() || call.open || found.needs.iter().any(|path| argument(&call, path).is_some());
            told.then(|| prompt(reading, found.shape, &call))
        };
        let embeds = sending.as_ref().is_some_and(|sending| sending.embeds);
        for mut prompt in sending.into_iter().flat_map(|sending| sending.prompts(reading)) {
            prompt.in_test = in_test;
            let made = if embeds { Unit::Embedding } else { Unit::Prompt };
            units.push(made(Box::new(prompt)));
        }
    }
    // A part is counted with the calls that send it.
    units.retain(|unit| !sent.contains(&unit.place()));
    Some(units)
}

/// Where the objects stand whose texts a call sends: the agent of a task.
fn parts(shape: &Shape, call: &Call) -> impl Iterator<Item = Place> {
    let names = shape.system.iter().filter_map(|path| path.split_once('.'));
    names.filter_map(|(object, _)| match &argument(call, object)?.value.kind {
        Kind::Call(made) => Some(made.place),
        _ => None,
    })
}

/// What a call sends.
struct Sending {
    prompt: Prompt,
    /// Whether it asks for vectors and not for an answer.
    embeds: bool,
    /// Where one of several files is sent (`ask(load("a"))`, `ask(load("b"))`): the message that each of them makes, in
    /// the place of the message at `instead_of`.
    files: Vec<Message>,
    instead_of: usize,
}

impl Sending {
    /// The requests: one for each file that is sent.
    fn prompts(self, reading: &Reading<'_>) -> Vec<Prompt> {
        if self.files.is_empty() {
            return vec![self.prompt];
        }
        let each = self.files.into_iter().map(|message| {
            let mut prompt = self.prompt.clone();
            let file = reading.files.source(message.source).file_name();
            prompt.name = format!("{}({file})", prompt.name);
            if let Some(place) = prompt.messages.get_mut(self.instead_of) {
                *place = message;
            }
            prompt
        });
        each.collect()
    }
}

/// A request that is sent without a package.
fn request(reading: &Reading<'_>, call: &Call) -> Option<Sending> {
    let (twin, address) = http::twin(call)?;
    let mut sending = prompt(reading, sdks::find(&twin.callee)?.shape, &twin);
    sending.prompt.provider = sdks::provider_of_host(&address).map(str::to_owned);
    sending.prompt.endpoint = Some(address);
    Some(sending)
}

/// Whether a file is a test by its path.
fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let by_name = super::is_python_test(name) || name.contains(".test.") || name.contains(".spec.");
    by_name || parts.any(|part| matches!(part, "test" | "tests" | "__tests__" | "e2e" | "__mocks__"))
}

/// A value, and the place in the call's file by which it is shown.
#[derive(Clone)]
struct Found {
    value: Arc<Value>,
    place: Place,
}

/// What stands at a path of a call, as `sdks` writes it.
fn argument(call: &Call, path: &str) -> Option<Found> {
    if let Some(path) = path.strip_prefix('^') {
        let mut makers = std::iter::successors(call.maker.as_deref(), |maker| maker.maker.as_deref());
        // By position it is what the first of them was given, which made the object.
        if path.starts_with(|c: char| c.is_ascii_digit()) {
            return argument(makers.last()?, path);
        }
        return makers.find_map(|maker| argument(maker, path));
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let passed: &Argument = match first.parse::<usize>() {
        Ok(at) => call.positional.get(at)?,
        Err(_) => call.keyword(first)?,
    };
    let place = Place {
        source: call.place.source,
        span: passed.span,
    };
    let mut found = Found {
        value: passed.value.clone(),
        place,
    };
    for name in rest.split('.').filter(|name| !name.is_empty()) {
        found = within(&found, name)?;
    }
    Some(found)
}

/// What a value holds under this name.
fn within(found: &Found, name: &str) -> Option<Found> {
    let value = match &found.value.kind {
        Kind::Map { .. } => found.value.get(name)?.clone(),
        Kind::Call(call) => match name.parse::<usize>() {
            Ok(at) => call.positional.get(at)?.value.clone(),
            Err(_) => argument(call, name)?.value,
        },
        Kind::List { items, .. } => items.get(name.parse::<usize>().ok()?)?.clone(),
        Kind::OneOf { of, open, why } => {
            let inner = of.iter().filter_map(|one| {
                let one = Found {
                    value: one.clone(),
                    place: found.place,
                };
                within(&one, name).map(|found| found.value)
            });
            let inner: Vec<Arc<Value>> = inner.collect();
            let first = inner.first()?.clone();
            if inner.len() == of.len() && !open && inner.iter().all(|one| one.is_same(&first)) {
                first
            } else {
                let kind = Kind::OneOf {
                    open: *open || inner.len() < of.len(),
                    of: inner,
                    why: why.clone(),
                };
                let place = found.value.place;
                Arc::new(Value { place, kind })
            }
        }
        _ => return None,
    };
    let place = shown_at(&value, found.place);
    Some(Found { value, place })
}

/// Where a value is shown: itself where it stands in the same file, inside what holds it, else what names it.
fn shown_at(value: &Value, named: Place) -> Place {
    let inside = value.place.source == named.source
        && named.span.start <= value.place.span.start
        && value.place.span.end <= named.span.end;
    if inside { value.place } else { named }
}

fn first_of(call: &Call, paths: &[&str]) -> Option<Found> {
    paths
        .iter()
        .find_map(|path| argument(call, path))
        .filter(|found| !found.value.is_null())
}

/// Why one of these may be stated although none is found: it may come from somewhere that can't be followed.
fn is_open(call: &Call, paths: &[&str]) -> Option<String> {
    const ELSEWHERE: &str = "other arguments are handed over, which the code does not name here";
    if call.open {
        return Some(ELSEWHERE.to_owned());
    }
    paths.iter().find_map(|path| {
        let Some(path) = path.strip_prefix('^') else {
            return hidden(call, path);
        };
        if call.maker.is_none() && !call.followed {
            let object = call.callee.rsplit_once('.').map_or("", |(object, _)| object);
            return Some(format!("what made `{object}` is not followed"));
        }
        let mut makers = std::iter::successors(call.maker.as_deref(), |maker| maker.maker.as_deref());
        makers.find_map(|maker| match maker.open {
            true => Some(ELSEWHERE.to_owned()),
            false => hidden(maker, path),
        })
    })
}

/// Why what stands at a path inside an argument can't be told: the argument is there, but not what it holds.
fn hidden(call: &Call, path: &str) -> Option<String> {
    let (first, mut rest) = path.split_once('.')?;
    let mut found = argument(call, first)?;
    loop {
        let (name, further) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(inner) = within(&found, name) else {
            break;
        };
        if further.is_empty() {
            return None;
        }
        (found, rest) = (inner, further);
    }
    match &found.value.kind {
        Kind::Map { open, .. } | Kind::List { open, .. } => open.as_ref().map(|open| open.why.clone()),
        Kind::OneOf { open: false, .. } | Kind::Plain(_) | Kind::Text(..) | Kind::Scope(..) => None,
        Kind::OneOf { why, .. } | Kind::Unknown(why) => Some(why.clone()),
        // What a class makes holds what it is given; a function may give anything.
        Kind::Call(made) if made.name().starts_with(char::is_uppercase) && !made.open => None,
        Kind::Call(_) | Kind::Path(..) | Kind::File(_) => Some(
            found
                .value
                .node()
                .err()
                .unwrap_or_else(|| format!("`{first}` is not followed")),
        ),
    }
}

/// A field by its paths.
fn field<T>(
    reading: &Reading<'_>,
    call: &Call,
    paths: &[&str],
    read: impl FnOnce(&Value) -> Result<T, String>,
) -> Field<T> {
    match first_of(call, paths) {
        Some(found) => match read(&found.value) {
            Ok(value) => Field::Known(value, found.place),
            Err(why) => Field::Unknown(why, Some(found.place)),
        },
        None => match is_open(call, paths) {
            Some(why) => Field::Unknown(why, Some(call.place)),
            None => Field::absent_at(reading.id, call.slot.clone()),
        },
    }
}

fn string(value: &Value) -> Result<String, String> {
    match value.fixed() {
        Some(text) => Ok(text.to_owned()),
        None => Err(value.node().err().unwrap_or_else(|| "not written as text".to_owned())),
    }
}

fn number(value: &Value) -> Result<u64, String> {
    let text = string(value)?;
    text.parse().map_err(|_| format!("`{text}` is no whole number"))
}

fn prompt(reading: &Reading<'_>, shape: &Shape, call: &Call) -> Sending {
    let path = &reading.source.path;
    let name = match call.function.as_str() {
        "" => path.clone(),
        function => format!("{path}#{function}"),
    };
    let mut prompt = settings::empty_prompt(reading, name, NAME);
    prompt.place = call.place;
    fill(reading, shape, call, &mut prompt);
    let mut reader = Messages::new(reading, call.place);
    for found in shape.system.iter().filter_map(|path| argument(call, path)) {
        reader.add(&found, Role::System, MAX_DEPTH);
    }
    for found in shape.messages.iter().filter_map(|path| argument(call, path)) {
        reader.add(&found, Role::User, MAX_DEPTH);
    }
    let none = shape.system.is_empty() && shape.messages.is_empty();
    if reader.made.is_empty() && !none && call.open {
        reader.variable("messages", call.place.span, Role::User);
    }
    prompt.resends = reader.resends();
    // An agent with tools answers their results in turns of its own.
    if shape.what == What::Agent && prompt.resends.is_absent() {
        prompt.resends = match (&prompt.tools[..], &prompt.more_tools) {
            ([], None) => Field::default(),
            ([], Some(why)) => Field::Unknown(why.clone(), Some(call.place)),
            _ => Field::Known(true, call.place),
        };
    }
    let mut sending = reader.finish(prompt);
    sending.embeds = shape.what == What::Embedding || embeds_by_model(&sending.prompt);
    sending
}

/// Whether the model of a request that may be of any kind embeds: Bedrock's call is the same for all.
fn embeds_by_model(prompt: &Prompt) -> bool {
    const EMBED: &[&str] = &["amazon.titan-embed", "cohere.embed", "amazon.nova-2-multimodal-embed"];
    let bedrock = prompt.provider.as_deref() == Some("bedrock");
    let model = prompt.model.known().filter(|_| bedrock);
    model.is_some_and(|model| {
        EMBED
            .iter()
            .any(|start| model.trim_start_matches("us.").starts_with(start))
    })
}

/// Everything of a prompt but its messages.
fn fill(reading: &Reading<'_>, shape: &Shape, call: &Call, prompt: &mut Prompt) {
    prompt.endpoint = first_of(call, shape.endpoint).and_then(|found| string(&found.value).ok());
    prompt.provider = provider(shape, call, prompt.endpoint.as_deref());
    let model = first_of(call, shape.model).map(|found| {
        let (value, provider) = models::named(&found.value);
        if prompt.provider.is_none() {
            prompt.provider = provider.map(str::to_owned);
        }
        Found { value, ..found }
    });
    prompt.candidates = model.as_ref().map(candidates).unwrap_or_default();
    prompt.model = field(reading, call, shape.model, |value| {
        string(model.as_ref().map_or(value, |found| &found.value))
    });
    if shape.model.is_empty() {
        prompt.model = Field::Unknown("the program chooses the model elsewhere".to_owned(), Some(call.place));
    }
    name_model(prompt);
    prompt.max_output_tokens = field(reading, call, shape.max_output_tokens, number);
    prompt.choices = field(reading, call, shape.choices, number);
    prompt.response_format = match shape.what {
        What::Image => Field::Known("an image".to_owned(), call.place),
        What::Fields => Field::Known("fields".to_owned(), call.place),
        What::Part => Field::Unknown("each task says what answer it expects".to_owned(), Some(call.place)),
        _ => response_format(call, shape.response_format),
    };
    if shape.what == What::Embedding {
        prompt.dimensions = field(reading, call, shape.dimensions, number);
    }
    prompt.reasoning_effort = optional(call, shape.effort);
    prompt.service_tier = optional(call, shape.tier);
    let mut named = HashSet::new();
    for (path, name) in shape.sampling {
        let Some(found) = argument(call, path).filter(|found| !found.value.is_null()) else {
            continue;
        };
        if named.insert(*name) {
            let value = string(&found.value).unwrap_or_else(|_| "…".to_owned());
            prompt.sampling.push(Parameter {
                name: (*name).to_owned(),
                value,
                place: found.place,
            });
        }
    }
    let offered = tools::offered(reading, shape, call);
    prompt.tools = offered.tools;
    prompt.more_tools = offered.more;
    prompt.tool_choice = tools::choice(call);
    prompt.in_loop = Field::Known(call.repeat == Some(Repeat::Each), call.place);
    prompt.batch = call.callee.contains(".batches.") || call.callee.ends_with(".abatch");
}

/// A field that, left out, needs no place to be written.
fn optional(call: &Call, paths: &[&str]) -> Field<String> {
    match first_of(call, paths) {
        Some(found) => match string(&found.value) {
            Ok(text) => Field::Known(text, found.place),
            Err(why) => Field::Unknown(why, Some(found.place)),
        },
        None => Field::default(),
    }
}

/// Who serves the model: the address says it, else what made the object, else the call itself.
fn provider(shape: &Shape, call: &Call, endpoint: Option<&str>) -> Option<String> {
    if let Some(provider) = endpoint.and_then(sdks::provider_of_host) {
        return Some(provider.to_owned());
    }
    let makers = std::iter::successors(call.maker.as_deref(), |maker| maker.maker.as_deref());
    // A wrapper is given the object that it wraps.
    let names = makers.flat_map(|maker| {
        let wrapped = maker
            .positional
            .first()
            .and_then(|argument| match &argument.value.kind {
                Kind::Call(wrapped) => Some(wrapped.name()),
                _ => None,
            });
        [Some(maker.name()), wrapped]
    });
    let by_maker = names.flatten().find_map(sdks::provider_of_maker);
    let by_path = || call.callee.split('.').find_map(sdks::provider_of_maker);
    let own = || Some(shape.provider).filter(|provider| !provider.is_empty() && endpoint.is_none());
    by_maker.or_else(by_path).or_else(own).map(str::to_owned)
}

/// The models that the code lists, where it chooses one.
fn candidates(found: &Found) -> Vec<(String, Place)> {
    let Kind::OneOf { of, .. } = &found.value.kind else {
        return Vec::new();
    };
    let known = of
        .iter()
        .filter_map(|one| Some((one.fixed()?.to_owned(), shown_at(one, found.place))));
    known.collect()
}

/// Takes a provider's name off a model's (`openai:gpt-4o`), and leaves names alone that a team gave its deployments.
fn name_model(prompt: &mut Prompt) {
    const PREFIXES: &[(&str, &str)] = &[
        ("openai", "openai"),
        ("azure_openai", "azure"),
        ("azure", "azure"),
        ("anthropic", "anthropic"),
        ("google_genai", "google"),
        ("google_vertexai", "vertex"),
        ("google-gla", "google"),
        ("google-vertex", "vertex"),
        ("bedrock", "bedrock"),
        ("bedrock_converse", "bedrock"),
        ("mistralai", "mistral"),
        ("mistral", "mistral"),
        ("cohere", "cohere"),
        ("groq", "groq"),
        ("ollama", "ollama"),
        ("deepseek", "deepseek"),
        ("xai", "xai"),
        ("together", "together"),
        ("fireworks", "fireworks"),
    ];
    if let Field::Known(name, place) = &prompt.model {
        let place = *place;
        let (prefix, rest) = name.split_once(':').unwrap_or(("", name));
        if let Some((_, provider)) = PREFIXES.iter().find(|(known, _)| *known == prefix) {
            let rest = rest.to_owned();
            prompt.provider = Some((*provider).to_owned());
            prompt.model = Field::Known(rest, place);
        } else if name.starts_with("azure/") {
            prompt.provider = Some("azure".to_owned());
        }
    }
    if prompt.provider.as_deref() == Some("azure")
        && let Field::Known(name, place) = &prompt.model
    {
        let why = format!(
            "`{name}` is the name of the team's own deployment at Azure, which the code does not tell the model of"
        );
        prompt.model = Field::Unknown(why, Some(*place));
    }
}

fn response_format(call: &Call, paths: &[&str]) -> Field<String> {
    let mut makers = std::iter::successors(call.maker.as_deref(), |maker| maker.maker.as_deref());
    if let Some(maker) = makers.find(|maker| sdks::hands_on_schema(maker.name())) {
        return Field::Known("json_schema".to_owned(), maker.place);
    }
    let Some(found) = first_of(call, paths) else {
        return match is_open(call, paths).filter(|_| !paths.is_empty()) {
            Some(why) => Field::Unknown(why, Some(call.place)),
            None => Field::default(),
        };
    };
    let kind = match &found.value.kind {
        Kind::Map { .. } => match found.value.get("type").and_then(|kind| kind.fixed()) {
            Some(kind) => kind.to_owned(),
            None => "json_schema".to_owned(),
        },
        // A type of the program's own.
        Kind::Scope(..) | Kind::Call(_) | Kind::Path(..) => "json_schema".to_owned(),
        _ => match found.value.fixed() {
            Some("application/json" | "json") => "json_object".to_owned(),
            Some(text) => text.to_owned(),
            None => {
                let why = found
                    .value
                    .node()
                    .err()
                    .unwrap_or_else(|| "it is not followed".to_owned());
                return Field::Unknown(why, Some(found.place));
            }
        },
    };
    if kind == "text" {
        return Field::default();
    }
    Field::Known(kind, found.place)
}

/// A chain `prompt | model`: what its model is given. Nothing where no model is among its parts.
fn chain(reading: &Reading<'_>, call: &Call) -> Option<Sending> {
    let links = &call.positional;
    let model = links.iter().position(|link| match &link.value.kind {
        Kind::Call(maker) => is_chat_model(maker),
        Kind::Path(path, Some(_)) => sdks::hands_on_model(sdks::last_name(path)),
        Kind::OneOf { of, .. } => of
            .iter()
            .any(|one| matches!(&one.kind, Kind::Call(maker) if is_chat_model(maker))),
        Kind::Unknown(_) => is_named_model(reading, link),
        _ => false,
    })?;
    let maker = match &links[model].value.kind {
        Kind::Call(maker) => Some(maker.clone()),
        Kind::OneOf { of, .. } => of.iter().find_map(|one| match &one.kind {
            Kind::Call(maker) => Some(maker.clone()),
            _ => None,
        }),
        _ => None,
    };
    let invoked = Call {
        callee: format!("{}.invoke", maker.as_ref().map_or("llm", |maker| maker.callee.as_str())),
        open: maker.is_none(),
        maker,
        positional: Vec::new(),
        keywords: Vec::new(),
        ..call.clone()
    };
    let found = sdks::find(&invoked.callee)?;
    let prompt = prompt(reading, found.shape, &invoked).prompt;
    let mut reader = Messages::new(reading, call.place);
    if let Some(link) = model.checked_sub(1).and_then(|before| links.get(before)) {
        let place = Place {
            source: call.place.source,
            span: link.span,
        };
        let found = Found {
            value: link.value.clone(),
            place,
        };
        reader.add(&found, Role::User, MAX_DEPTH);
    }
    Some(reader.finish(prompt))
}

/// Whether a link of a chain that can't be followed is a model by its name: `self.llm_cheap`.
fn is_named_model(reading: &Reading<'_>, link: &Argument) -> bool {
    let written = reading
        .source
        .text
        .get(link.span.start..link.span.end)
        .unwrap_or_default();
    let name = written
        .rsplit(['.', '('])
        .next()
        .unwrap_or(written)
        .to_ascii_lowercase();
    let is_llm = name.split('_').any(|word| word == "llm") || name.ends_with("llm");
    reading.contains("langchain") && (is_llm || name.ends_with("model"))
}

/// Whether a call makes a chat model of LangChain, or binds something to one.
fn is_chat_model(maker: &Call) -> bool {
    let name = maker.name();
    // Only models have these.
    if sdks::hands_on_model(name) {
        return true;
    }
    let by_name = name.starts_with("Chat") && !name.contains("Prompt") && !name.contains("Message")
        || matches!(
            name,
            "init_chat_model" | "OpenAI" | "AzureOpenAI" | "Ollama" | "OllamaLLM"
        )
        || matches!(name, "bind" | "with_config" | "with_retry" | "with_fallbacks");
    let of_langchain = maker.callee.contains("langchain");
    by_name && of_langchain
}
