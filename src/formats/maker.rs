//! Makes the prompts of a file piece by piece: what the formats of requests and of frameworks share.

use super::{Read, Reading, prompt_file, settings};
use crate::source::{SourceId, Span, Text, TextBuilder, resolve};
use crate::syntax::template::{self, Piece, Syntax};
use crate::syntax::{Node, SyntaxError, image};
use crate::units::{Attachment, AttachmentKind, Field, Message, Prompt, Role, Unit};

/// A file's prompts so far.
pub(super) struct Maker<'r, 's> {
    pub reading: &'r Reading<'s>,
    format: &'static str,
    read: Read,
    /// Bytes of other files that the prompts so far hold.
    named: usize,
}

/// Bytes of other files that a file's prompts may hold, besides [`NAMED_PER_BYTE`] for each of its own: a short file can
/// name a long one a hundred thousand times.
const NAMED: usize = 200_000;
const NAMED_PER_BYTE: usize = 100;

impl<'r, 's> Maker<'r, 's> {
    pub(super) fn new(reading: &'r Reading<'s>, format: &'static str) -> Self {
        Self {
            reading,
            format,
            read: Read::default(),
            named: 0,
        }
    }

    /// A prompt without messages that stands in `node`; `part` tells it apart from others of the file.
    pub(super) fn prompt(&self, part: &str, node: &Node) -> Prompt {
        let path = &self.reading.source.path;
        let name = if part.is_empty() {
            path.clone()
        } else {
            format!("{path}#{part}")
        };
        let mut prompt = settings::empty_prompt(self.reading, name, self.format);
        prompt.place = self.reading.place(node.span);
        prompt
    }

    /// A message whose text stands in the file.
    pub(super) fn text(&mut self, role: Role, text: &Text, syntax: Syntax) -> Message {
        prompt_file::message(self.reading, role, text.clone(), syntax, &mut self.read.errors)
    }

    /// Adds the text of a node to a prompt, where it is text and not empty.
    pub(super) fn say(&mut self, prompt: &mut Prompt, role: Role, node: Option<&Node>, syntax: Syntax) {
        if let Some(text) = node.and_then(Node::as_string)
            && !text.as_str().trim().is_empty()
        {
            let message = self.text(role, text, syntax);
            prompt.messages.push(message);
        }
    }

    /// Adds a list of messages (`role` or `type`, with `content`, `text` or `message`) to a prompt. Whether each was one.
    pub(super) fn say_all(&mut self, prompt: &mut Prompt, list: &Node, syntax: Syntax) -> bool {
        for item in list.items() {
            match self.message(item, syntax) {
                Some(messages) => prompt.messages.extend(messages),
                None => return false,
            }
        }
        true
    }

    /// A message of a list; `None` where it is none, so that the whole is no request.
    pub(super) fn message(&mut self, item: &Node, syntax: Syntax) -> Option<Vec<Message>> {
        let role = item.get("role").or_else(|| item.get("type"));
        let role = Role::from_name(role?.as_str()?)?;
        if let Some(file) = item.get("content_file").or_else(|| item.get("file"))
            && let Some(path) = file.as_str()
        {
            return Some(vec![file_message(self.reading, role, path, file.span)]);
        }
        let keys = ["content", "parts", "text", "message", "_content"];
        let Some(content) = keys.iter().find_map(|key| item.get(key)) else {
            // An assistant's turn may hold tool calls alone.
            return Some(Vec::new());
        };
        if let Some(path) = content.as_str().and_then(|text| text.strip_prefix("file://")) {
            return Some(vec![file_message(self.reading, role, path, content.span)]);
        }
        if content.is_seq() {
            return Some(self.content_parts(role, content, syntax));
        }
        match content.text() {
            Some(text) if !content.is_null() => Some(vec![self.text(role, text, syntax)]),
            _ => Some(Vec::new()),
        }
    }

    /// The texts of a message whose content is a list of parts; what is no text is attached to the first of them.
    pub(super) fn content_parts(&mut self, role: Role, parts: &Node, syntax: Syntax) -> Vec<Message> {
        let mut made = Vec::new();
        let mut attachments = Vec::new();
        for part in parts.items() {
            match part.as_string().or_else(|| part.get("text").and_then(Node::as_string)) {
                Some(text) => made.push(self.text(role, text, syntax)),
                // Where the cache ends is a mark, not content.
                None if part.get("cachePoint").is_some() => {}
                None => attachments.push(attachment(part)),
            }
        }
        if let Some(first) = made.first_mut() {
            first.attachments = attachments;
        }
        made
    }

    /// Adds what a file holds that the prompt names, seen from this file or from the root: parted into messages by `part`,
    /// which is given its text and the offset at which that starts. Where it is not among the run's files, its text is as
    /// unknown as any variable's.
    pub(super) fn say_file(
        &mut self,
        prompt: &mut Prompt,
        role: Role,
        named: (&str, Span),
        part: impl Fn(&Text) -> Vec<(Role, Text)>,
        syntax: Option<Syntax>,
    ) {
        let (name, span) = named;
        let files = self.reading.files;
        let found = resolve(&self.reading.source.from_root, name, |path| files.find(path).is_some());
        let own = self.reading.source.text.len();
        let most = NAMED.saturating_add(own.saturating_mul(NAMED_PER_BYTE));
        let fits = |id: &SourceId| self.named.saturating_add(files.source(*id).text.len()) <= most;
        let Some(id) = found.and_then(|path| files.find(&path)).filter(fits) else {
            let mut message = file_message(self.reading, role, name, span);
            message.file = None;
            prompt.messages.push(message);
            return;
        };
        let source = files.source(id);
        self.named = self.named.saturating_add(source.text.len());
        let (body, start) = source.body();
        let syntax = syntax.unwrap_or_else(|| prompt_file::syntax_of(source.extension()));
        let parts = part(&Text::verbatim(body, start));
        let alone = parts.len() == 1;
        for (own, text) in parts {
            // A template that does not parse is reported where it is read as a file.
            let role = if alone { role } else { own };
            let mut message = prompt_file::message(self.reading, role, text, syntax, &mut Vec::new());
            message.source = id;
            prompt.messages.push(message);
        }
    }

    /// Keeps a prompt, where it says anything.
    pub(super) fn push(&mut self, prompt: Prompt) {
        if !prompt.messages.is_empty() || !prompt.tools.is_empty() {
            self.read.units.push(Unit::Prompt(Box::new(prompt)));
        }
    }

    pub(super) fn error(&mut self, error: SyntaxError) {
        self.read.errors.push(error);
    }

    pub(super) fn errors(&self) -> usize {
        self.read.errors.len()
    }

    pub(super) fn last_error(&mut self) -> Option<&mut SyntaxError> {
        self.read.errors.last_mut()
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.read.note = note.into();
    }

    pub(super) fn found(&self) -> usize {
        self.read.units.len()
    }

    /// What was read, where that is anything.
    pub(super) fn finish(self) -> Option<Read> {
        (!self.read.units.is_empty() || !self.read.errors.is_empty()).then_some(self.read)
    }

    /// What was read of a file that is of this format for certain.
    pub(super) fn finish_certain(self) -> Read {
        self.read
    }
}

/// The turns of a text, as long as a template's blocks stay whole: one that holds turns itself (a loop over the chat so
/// far) can't be parted, and all is one message of the first's role.
pub(super) fn unbroken(turns: Vec<(Role, Span)>, text: &str, offset: usize, syntax: Syntax) -> Vec<(Role, Span)> {
    let parses = |from: usize, to: usize| template::parse(&text[from - offset..to - offset], syntax).is_ok();
    let broken = turns.len() > 1 && !turns.iter().all(|(_, span)| parses(span.start, span.end));
    match (turns.first(), turns.last()) {
        (Some((role, first)), Some((_, last))) if broken && parses(first.start, last.end) => {
            vec![(*role, first.cover(*last))]
        }
        _ => turns,
    }
}

/// What a part of a message is that holds no text, by OpenAI's, Anthropic's and Google's names.
fn attachment(part: &Node) -> Attachment {
    let google = ["inline_data", "inlineData", "file_data", "fileData"];
    let inline = google.iter().find_map(|key| part.get(key));
    let source = part.get("source").or(inline);
    let url = part.get("image_url").map(|image| image.get("url").unwrap_or(image));
    let media = ["media_type", "mime_type", "mimeType"];
    let media = source.and_then(|source| media.iter().find_map(|key| source.get(key)?.as_str()));
    let told = part.get("type").and_then(Node::as_str).or(media).unwrap_or("");
    let is = |words: &[&str]| words.iter().any(|word| told.contains(word));
    let kind = match () {
        () if url.is_some() || is(&["image"]) => AttachmentKind::Image,
        () if is(&["audio"]) => AttachmentKind::Audio,
        () if is(&["video"]) => AttachmentKind::Video,
        () if is(&["document", "pdf"]) || told == "file" || told == "input_file" => AttachmentKind::Document,
        () => AttachmentKind::Other,
    };
    let data = source.and_then(|source| source.get("data")).and_then(Node::as_str);
    let embedded = url.and_then(Node::as_str).filter(|url| url.starts_with("data:"));
    let data = data.or_else(|| embedded?.split_once(";base64,").map(|(_, data)| data));
    let detail = part.get("detail").or_else(|| part.at(&["image_url", "detail"]));
    Attachment {
        kind,
        detail: detail.and_then(Node::as_str).map(str::to_owned),
        pixels: data
            .filter(|_| kind == AttachmentKind::Image)
            .and_then(image::pixels_of_base64),
    }
}

/// A message whose text another file holds. Until that is found, its text is as unknown as any variable's.
pub(super) fn file_message(reading: &Reading<'_>, role: Role, path: &str, span: Span) -> Message {
    Message {
        role,
        source: reading.id,
        text: Text::opaque("", span),
        pieces: vec![Piece::Include {
            name: path.to_owned(),
            range: 0..0,
        }],
        attachments: Vec::new(),
        file: Some((path.to_owned(), reading.place(span))),
    }
}

/// A text that a framework puts together from parts of a file and words of its own between them. Parts stand in the
/// order of the file, or the whole maps to the place that holds them all.
pub(super) fn joined(parts: &[Joined<'_>], whole: Span) -> Text {
    let in_order = parts
        .iter()
        .filter_map(|part| match part {
            Joined::Part(text) => Some(text.span().start),
            Joined::Words(_) => None,
        })
        .is_sorted();
    if !in_order {
        let text: String = parts
            .iter()
            .map(|part| match part {
                Joined::Part(text) => text.as_str().trim(),
                Joined::Words(words) => words,
            })
            .collect();
        return Text::opaque(&text, whole);
    }
    let mut made = TextBuilder::default();
    let mut at = whole.start;
    for part in parts {
        match part {
            Joined::Part(text) => {
                made.replaced(text.as_str().trim(), text.span());
                at = text.span().end;
            }
            Joined::Words(words) => made.replaced(words, Span::at(at)),
        }
    }
    made.finish(whole)
}

/// A part of a text that is put together.
pub(super) enum Joined<'t> {
    /// It stands in the file.
    Part(&'t Text),
    /// The framework adds it.
    Words(&'t str),
}

/// A model that a prompt names with its provider in front, as in `openai/gpt-4o` or `openai:chat:gpt-4o`.
pub(super) fn model_of(reading: &Reading<'_>, prompt: &mut Prompt, node: &Node, mark: char) {
    prompt.model = settings::stated(reading, node);
    if let Field::Known(name, _) = &mut prompt.model
        && let Some((provider, model)) = name.split_once(mark)
    {
        prompt.provider = Some(provider.to_owned());
        let model = model.rsplit_once(mark).map_or(model, |(_, model)| model);
        *name = model.to_owned();
    }
}
