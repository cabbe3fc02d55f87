//! Calls of LLM APIs in source code, by the shapes of `sdks`: Python, TypeScript and JavaScript.

mod http;
mod models;
mod tools;
mod zod;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use super::{Read, Reading, settings};
use crate::sdks::{self, Shape, What};
use crate::source::{Place, Span, Text};
use crate::syntax::Signs;
use crate::syntax::code::{Argument, CHAIN, Call, Kind, Language, Open, Repeat, Value};
use crate::syntax::template::{self, Piece, Syntax};
use crate::units::{Attachment, Field, Message, Parameter, Prompt, Role, Unit};

pub(super) const NAME: &str = "call in code";

/// Most calls that are read of one file.
const MAX_UNITS: usize = 500;

/// Most messages that are read of one call.
const MAX_MESSAGES: usize = 200;

/// Deepest lists of messages in messages.
const MAX_DEPTH: usize = 8;

/// What makes messages, by the last part of its name, and whose they are.
const MESSAGES: &[(&str, Role)] = &[
    ("SystemMessage", Role::System),
    ("SystemMessagePromptTemplate", Role::System),
    ("HumanMessage", Role::User),
    ("HumanMessagePromptTemplate", Role::User),
    ("UserMessage", Role::User),
    ("AIMessage", Role::Assistant),
    ("AIMessagePromptTemplate", Role::Assistant),
    ("AssistantMessage", Role::Assistant),
    ("ToolMessage", Role::Tool),
    ("FunctionMessage", Role::Tool),
    ("UserContent", Role::User),
    ("ModelContent", Role::Assistant),
];

/// What makes templates, by the last parts of its name.
const TEMPLATES: &[&str] = &[
    "from_template",
    "PromptTemplate",
    "ChatPromptTemplate",
    "from_messages",
    "fromTemplate",
    "fromMessages",
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    static SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(sdks::SIGNS.iter().copied()));
    Language::of_extension(reading.source.extension())?;
    if !SIGNS.any_in(&reading.source.text) {
        return None;
    }
    let wanted = |callee: &str, _followed: bool| callee == CHAIN || sdks::find(callee).is_some() || http::sends(callee);
    let in_test = is_test(&reading.source.from_root);
    let mut units: Vec<Unit> = Vec::new();
    let mut sent: HashSet<Place> = HashSet::new();
    let named = |name: &str| sdks::is_last_name(name) || http::is_last_name(name);
    for call in reading.calls_of(named, wanted) {
        if units.len() >= MAX_UNITS {
            break;
        }
        let prompt = if call.callee == CHAIN {
            chain(reading, &call)
        } else if http::sends(&call.callee) {
            request(reading, &call)
        } else {
            let found = sdks::find(&call.callee)?;
            sent.extend(parts(found.shape, &call));
            let told =
                found.needs.is_empty() || call.open || found.needs.iter().any(|path| argument(&call, path).is_some());
            told.then(|| prompt(reading, found.shape, &call)).flatten()
        };
        if let Some(mut prompt) = prompt {
            prompt.in_test = in_test;
            units.push(Unit::Prompt(Box::new(prompt)));
        }
    }
    // A part is counted with the calls that send it.
    units.retain(|unit| !sent.contains(&unit.place()));
    (!units.is_empty()).then(|| Read {
        units,
        ..Read::default()
    })
}

/// Where the objects stand whose texts a call sends: the agent of a task.
fn parts(shape: &Shape, call: &Call) -> impl Iterator<Item = Place> {
    let names = shape.system.iter().filter_map(|path| path.split_once('.'));
    names.filter_map(|(object, _)| match &argument(call, object)?.value.kind {
        Kind::Call(made) => Some(made.place),
        _ => None,
    })
}

/// A request that is sent without a package.
fn request(reading: &Reading<'_>, call: &Call) -> Option<Prompt> {
    let (twin, address) = http::twin(call)?;
    let mut prompt = prompt(reading, sdks::find(&twin.callee)?.shape, &twin)?;
    prompt.provider = sdks::provider_of_host(&address).map(str::to_owned);
    prompt.endpoint = Some(address);
    Some(prompt)
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

fn prompt(reading: &Reading<'_>, shape: &Shape, call: &Call) -> Option<Prompt> {
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
    prompt.messages = reader.made;
    Some(prompt)
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
        What::Embedding => Field::Known("an embedding".to_owned(), call.place),
        What::Fields => Field::Known("fields".to_owned(), call.place),
        What::Part => Field::Unknown("each task says what answer it expects".to_owned(), Some(call.place)),
        _ => response_format(call, shape.response_format),
    };
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
fn chain(reading: &Reading<'_>, call: &Call) -> Option<Prompt> {
    let links = &call.positional;
    let model = links.iter().position(|link| match &link.value.kind {
        Kind::Call(maker) => is_chat_model(maker),
        Kind::Path(path, Some(_)) => path.ends_with("bind_tools") || path.ends_with("with_structured_output"),
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
    let mut prompt = prompt(reading, found.shape, &invoked)?;
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
    prompt.messages = reader.made;
    Some(prompt)
}

/// Whether a link of a chain that can't be followed is a model by its name.
fn is_named_model(reading: &Reading<'_>, link: &Argument) -> bool {
    let written = reading
        .source
        .text
        .get(link.span.start..link.span.end)
        .unwrap_or_default();
    reading.contains("langchain") && (written.ends_with("llm") || written.ends_with("model"))
}

/// Whether a call makes a chat model of LangChain, or binds something to one.
fn is_chat_model(maker: &Call) -> bool {
    let name = maker.name();
    let by_name = name.starts_with("Chat") && !name.contains("Prompt") && !name.contains("Message")
        || matches!(
            name,
            "init_chat_model" | "OpenAI" | "AzureOpenAI" | "Ollama" | "OllamaLLM"
        )
        || matches!(
            name,
            "with_structured_output" | "bind_tools" | "bind" | "with_config" | "with_retry" | "with_fallbacks"
        );
    let of_langchain = maker.callee.contains("langchain");
    by_name && of_langchain
}

/// Messages as they are read.
struct Messages<'r, 'a> {
    reading: &'r Reading<'a>,
    call: Place,
    made: Vec<Message>,
    grows: Option<Span>,
    /// The language of templates: LangChain's own unless a call names another.
    syntax: Syntax,
}

impl<'r, 'a> Messages<'r, 'a> {
    fn new(reading: &'r Reading<'a>, call: Place) -> Self {
        Self {
            reading,
            call,
            made: Vec::new(),
            grows: None,
            syntax: Syntax::Braces,
        }
    }

    /// Whether a loop around the call adds to what is sent.
    fn resends(&self) -> Field<bool> {
        match self.grows {
            Some(span) => Field::Known(
                true,
                Place {
                    source: self.call.source,
                    span,
                },
            ),
            None => Field::default(),
        }
    }

    /// Adds what a value sends: a list of messages, a message, a text. `role` is that of what names none.
    fn add(&mut self, found: &Found, role: Role, depth: usize) {
        let Some(depth) = depth.checked_sub(1).filter(|_| self.made.len() < MAX_MESSAGES) else {
            return;
        };
        let value = &found.value;
        match &value.kind {
            Kind::Plain(_) => {}
            Kind::Text(text, pieces) => self.text(role, value, text.clone(), pieces.clone(), found.place),
            Kind::List { items, open } => self.list(items, open.as_ref(), found, role, depth),
            Kind::Map { .. } => self.message(found, role, depth),
            Kind::Call(call) => self.made_message(call, found, role, depth),
            Kind::Scope(file, scope) => {
                // A signature, or a function whose docstring is its prompt.
                let doc = self
                    .reading
                    .files
                    .module(*file)
                    .and_then(|module| module.scope(*scope).doc.clone());
                match doc {
                    Some(text) => {
                        let pieces = vec![Piece::Fixed(0..text.as_str().len())];
                        self.text(role, value, text, pieces, found.place);
                    }
                    None => self.variable_of(found, role),
                }
            }
            Kind::OneOf { of, .. } => {
                // Of several lists or texts the first stands for all of them.
                let first = of
                    .iter()
                    .find(|one| matches!(one.kind, Kind::List { .. } | Kind::Text(..) | Kind::Map { .. }));
                match first {
                    Some(first) => self.add(
                        &Found {
                            value: first.clone(),
                            place: found.place,
                        },
                        role,
                        depth,
                    ),
                    None => self.variable_of(found, role),
                }
            }
            Kind::Path(..) | Kind::File(_) | Kind::Unknown(_) => self.variable_of(found, role),
        }
    }

    fn inner(&self, value: &Arc<Value>, outer: &Found) -> Found {
        Found {
            value: value.clone(),
            place: shown_at(value, outer.place),
        }
    }

    fn list(&mut self, items: &[Arc<Value>], open: Option<&Open>, outer: &Found, role: Role, depth: usize) {
        // `("system", "…")`, as LangChain writes a message.
        if let [first, second] = items
            && let Some(named) = first.fixed().and_then(Role::from_name)
        {
            let content = self.inner(second, outer);
            self.template(&content, named, depth);
            return;
        }
        let is_parts =
            items.iter().any(|item| is_part(item)) && items.iter().all(|item| is_part(item) || is_text(item));
        if is_parts {
            self.parts(items, outer, role, depth);
        } else {
            for item in items {
                let item = self.inner(item, outer);
                self.add(&item, role, depth);
            }
        }
        if let Some(open) = open {
            self.grows = self.grows.or(open.grows);
            let name = if open.grows.is_some() {
                "what the loop adds"
            } else {
                "further messages"
            };
            self.variable(name, outer.place.span, role);
        }
    }

    /// Parts of one message: texts, and what is attached.
    fn parts(&mut self, items: &[Arc<Value>], outer: &Found, role: Role, depth: usize) {
        let before = self.made.len();
        let mut attachments = Vec::new();
        for item in items {
            match item.get("text") {
                Some(text) => {
                    let text = self.inner(text, outer);
                    self.add(&text, role, depth);
                }
                None if is_text(item) => {
                    let text = self.inner(item, outer);
                    self.add(&text, role, depth);
                }
                None => attachments.push(Attachment::default()),
            }
        }
        if self.made.len() == before && !attachments.is_empty() {
            self.variable("attachment", outer.place.span, role);
        }
        if let Some(message) = self.made.get_mut(before) {
            message.attachments.append(&mut attachments);
        }
    }

    /// A message as a map: `{"role": …, "content": …}`.
    fn message(&mut self, found: &Found, role: Role, depth: usize) {
        let value = &found.value;
        let role = value
            .get("role")
            .and_then(|role| Role::from_name(role.fixed()?))
            .unwrap_or(role);
        let content = ["content", "parts", "text", "message"]
            .iter()
            .find_map(|key| value.get(key));
        match content {
            Some(content) => {
                let content = self.inner(content, found);
                self.add(&content, role, depth);
            }
            // What a chain or a tool is given by name.
            None => self.variable_of(found, role),
        }
    }

    /// A message, or a template of some, that a call makes.
    fn made_message(&mut self, call: &Call, found: &Found, role: Role, depth: usize) {
        let inner = |argument: &Argument| Found {
            value: argument.value.clone(),
            place: shown_at(&argument.value, found.place),
        };
        let name = call.name();
        let names: Vec<&str> = call.callee.rsplit('.').take(2).collect();
        let by_name = names
            .iter()
            .find_map(|name| MESSAGES.iter().find(|(known, _)| known == name));
        let content = [
            "content",
            "template",
            "messages",
            "text",
            "parts",
            "prompt",
            "content_parts",
        ];
        let content = content
            .iter()
            .find_map(|key| call.keyword(key))
            .or_else(|| call.positional.first());
        if name == "MessagesPlaceholder" {
            self.variable("history", found.place.span, role);
            return;
        }
        let rendered = matches!(
            name,
            "format"
                | "format_prompt"
                | "format_messages"
                | "to_messages"
                | "to_string"
                | "invoke"
                | "partial"
                | "pipe"
                | "format_template"
        );
        if rendered && let Some(maker) = &call.maker {
            self.made_message(maker, found, role, depth.saturating_sub(1));
            return;
        }
        let Some(content) = content.map(inner) else {
            self.variable_of(found, role);
            return;
        };
        let is_template = TEMPLATES.contains(&name);
        self.syntax = match call.keyword("template_format").and_then(|format| format.value.fixed()) {
            Some("jinja2") => Syntax::Jinja,
            Some("mustache") => Syntax::Mustache,
            _ => self.syntax,
        };
        if let Some((_, role)) = by_name {
            if is_template || name.ends_with("Template") {
                self.template(&content, *role, depth);
            } else {
                self.add(&content, *role, depth);
            }
        } else if is_template {
            self.template(&content, role, depth);
        } else if matches!(
            name,
            "Content" | "Part" | "from_text" | "ChatMessage" | "TextContent" | "TextPart" | "Message"
        ) {
            let named = call.keyword("role").and_then(|role| match &role.value.kind {
                // `MessageRole.SYSTEM`.
                Kind::Path(path, _) => Role::from_name(path.rsplit('.').next()?),
                _ => Role::from_name(role.value.fixed()?),
            });
            self.add(&content, named.unwrap_or(role), depth);
        } else {
            self.variable_of(found, role);
        }
    }

    /// A text with places in braces that are filled in later.
    fn template(&mut self, found: &Found, role: Role, depth: usize) {
        match &found.value.kind {
            Kind::Text(text, pieces) if pieces.iter().all(|piece| matches!(piece, Piece::Fixed(_))) => {
                let parsed = template::parse(text.as_str(), self.syntax);
                let pieces = parsed.unwrap_or_else(|_| pieces.clone());
                self.text(role, &found.value, text.clone(), pieces, found.place);
            }
            _ => self.add(found, role, depth),
        }
    }

    fn text(&mut self, role: Role, value: &Value, text: Text, pieces: Vec<Piece>, _named: Place) {
        self.made.push(Message {
            role,
            source: value.place.source,
            text,
            pieces,
            attachments: Vec::new(),
            file: None,
        });
    }

    fn variable_of(&mut self, found: &Found, role: Role) {
        let source = self.reading.files.source(found.place.source);
        let written = source
            .text
            .get(found.place.span.start..found.place.span.end)
            .unwrap_or_default();
        let name: String = written
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(40)
            .collect();
        self.variable(&name, found.place.span, role);
    }

    /// A message of which nothing is known but that something is sent.
    fn variable(&mut self, name: &str, span: Span, role: Role) {
        let text = Text::opaque(&format!("{{{name}}}"), span);
        let range = 0..text.as_str().len();
        self.made.push(Message {
            role,
            source: self.call.source,
            text,
            pieces: vec![Piece::Variable {
                name: name.to_owned(),
                range,
            }],
            attachments: Vec::new(),
            file: None,
        });
    }
}

/// Whether a value is a part of a message: `{"type": "image_url", …}`, `{"text": …}`.
fn is_part(value: &Value) -> bool {
    match &value.kind {
        Kind::Map { .. } => value.get("role").is_none() && (value.get("type").is_some() || value.get("text").is_some()),
        _ => false,
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value.kind, Kind::Text(..))
}
