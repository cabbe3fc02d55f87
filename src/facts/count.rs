//! How many tokens a prompt is as it stands: its fixed text, what the chat's form adds, its tools. What it is made of is
//! kept apart, so that a person can see where the tokens are.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::report::TokenCount;
use crate::syntax::template::{self, Extent};
use crate::tokens::local::{Tokenizer, TokenizerFile, Uncounted};
use crate::tokens::{self, ChatOverhead, Encoding, Estimate, Template, Turn};
use crate::units::{AttachmentKind, Message, Piece, Prompt};

/// A part of what a prompt sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// What it is: `text`, `framing`, `tool`, `variable`, `attachment`.
    pub kind: &'static str,
    /// Which one: a message's role, a tool's or variable's name.
    pub name: String,
    /// Tokens at least and at most; absent where they are not known.
    pub tokens: Option<(u64, u64)>,
}

/// How large what a variable stands for is, as the team states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size<'t> {
    /// Tokens at least and at most.
    Tokens(u64, u64),
    /// Like this text.
    Like(&'t str),
}

/// What texts are counted with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter<'w> {
    BuiltIn(Encoding),
    /// A file whose tokenizer counted all of the prompt's texts.
    File(&'w Tokenizer, &'w str),
}

/// What is counted with where nothing better is known.
const OTHERWISE: Encoding = Encoding::O200kBase;

impl<'w> Counter<'w> {
    /// What counts a prompt of a model: the file that is there for it, else the encoding that is built in. Beside none,
    /// why the file does not count, where there is one.
    pub(super) fn of(
        model: Option<&str>,
        file: Option<&'w TokenizerFile>,
        prompt: &Prompt,
    ) -> (Option<Self>, Option<String>) {
        let Some(file) = file else {
            return (model.and_then(tokens::encoding_for_model).map(Self::BuiltIn), None);
        };
        let counted = file.tokenizer().map_err(str::to_owned).and_then(|tokenizer| {
            let mut texts = prompt.messages.iter().map(|message| message.text.as_str());
            let fault = texts.find_map(|text| tokenizer.encode(text).err());
            match fault {
                Some(Uncounted(why)) => Err(format!("`{}` does not count it: {why}", file.shown)),
                None => Ok(Self::File(tokenizer, &file.shown)),
            }
        });
        match counted {
            Ok(counter) => (Some(counter), None),
            Err(why) => (None, Some(why)),
        }
    }

    pub(super) fn count(self, text: &str) -> u64 {
        let count = match self {
            Self::BuiltIn(encoding) => encoding.count(text),
            // Parts of what was counted whole, and words of the chat's form.
            Self::File(tokenizer, _) => match tokenizer.encode(text) {
                Ok(ids) => ids.len(),
                Err(_) => OTHERWISE.count(text),
            },
        };
        count as u64
    }

    fn name(self) -> String {
        match self {
            Self::BuiltIn(encoding) => encoding.name().to_owned(),
            Self::File(_, shown) => format!("`{shown}`"),
        }
    }
}

/// The tokens of a prompt's own texts by an encoding or by its tokenizer's file, each counted once however many facts ask.
#[derive(Default)]
pub(super) struct Counted<'p>(RefCell<HashMap<(Option<Encoding>, &'p str), u64>>);

impl<'p> Counted<'p> {
    pub(super) fn count(&self, counter: Counter<'_>, text: &'p str) -> u64 {
        let encoding = match counter {
            Counter::BuiltIn(encoding) => Some(encoding),
            Counter::File(..) => None,
        };
        let mut known = self.0.borrow_mut();
        *known.entry((encoding, text)).or_insert_with(|| counter.count(text))
    }
}

/// What a prompt is counted with.
pub(super) struct By<'p, 'w> {
    /// What is already counted.
    pub counted: &'w Counted<'p>,
    /// The model's own tokenizer, where it is there.
    pub own: Option<Counter<'w>>,
    /// Why a file that is there for it does not count.
    pub fault: Option<&'w str>,
}

/// Counts what a prompt sends as it stands: messages, the chat's framing where it is published, and tools.
pub(super) fn count<'p, 't>(
    prompt: &'p Prompt,
    by: &By<'p, '_>,
    model: Option<&str>,
    size: impl Fn(&str) -> Option<Size<'t>>,
) -> TokenCount {
    shares(prompt, by, model, size).0
}

/// The count and what it is made of.
pub(super) fn shares<'p, 't>(
    prompt: &'p Prompt,
    by: &By<'p, '_>,
    model: Option<&str>,
    size: impl Fn(&str) -> Option<Size<'t>>,
) -> (TokenCount, Vec<Share>) {
    let estimate = model.filter(|_| by.own.is_none()).and_then(tokens::estimate);
    let (counter, mut how) = basis(by.own, estimate.as_ref(), model);
    if let Some(fault) = by.fault {
        how.push_str(&format!("; {fault}"));
    }
    let mut counting = Counting {
        counted: by.counted,
        counter,
        exact: by.own.is_some(),
        how,
        shares: Vec::new(),
        attached: Vec::new(),
        variables: Vec::new(),
    };
    // A request's framing is known only of requests: a text file may be sent in any.
    let is_request =
        prompt.messages.len() > 1 || ["chat request", super::prompt::CALL_IN_CODE].contains(&prompt.format);
    let framing = is_request.then(|| Framing::of(model));
    for message in &prompt.messages {
        counting.message(message, framing, model);
    }
    if let Some(framing) = framing {
        counting.framing(prompt, framing, model);
    }
    counting.tools(prompt, model);
    if let Some(estimate) = estimate {
        let texts: Vec<&str> = prompt.messages.iter().map(|message| message.text.as_str()).collect();
        counting.widen(&estimate, &texts);
    }
    counting.attachments();
    counting.stated(prompt, estimate.as_ref(), size);
    let sum = |end: fn((u64, u64)) -> u64| {
        let known = counting.shares.iter().filter_map(|share| share.tokens);
        known.map(end).fold(0, u64::saturating_add)
    };
    let count = TokenCount {
        least: sum(|(least, _)| least),
        most: sum(|(_, most)| most),
        exact: counting.exact,
        how: counting.how,
        variables: counting.variables.clone(),
    };
    let unknown = counting.variables.into_iter().map(|name| Share {
        kind: "variable",
        name,
        tokens: None,
    });
    counting.shares.extend(unknown);
    (count, counting.shares)
}

/// What is counted with, and what is said of it.
fn basis<'w>(own: Option<Counter<'w>>, estimate: Option<&Estimate>, model: Option<&str>) -> (Counter<'w>, String) {
    let otherwise = Counter::BuiltIn(OTHERWISE);
    match (own, estimate, model) {
        (Some(counter), ..) => (counter, counter.name()),
        (None, Some(estimate), _) => (
            Counter::BuiltIn(estimate.encoding),
            format!("estimated with {} ({})", estimate.encoding.name(), estimate.source),
        ),
        (None, None, Some(model)) => (
            otherwise,
            format!(
                "estimated with o200k_base: the tokenizer of `{model}` is not built in, and the error is not measured"
            ),
        ),
        (None, None, None) => (otherwise, "estimated with o200k_base: no model is named".to_owned()),
    }
}

/// What is known of a chat's form.
#[derive(Clone, Copy)]
enum Framing {
    /// OpenAI's figures.
    Published(ChatOverhead),
    /// An open model's template.
    Template(Template),
    /// Nothing.
    Unknown,
}

impl Framing {
    fn of(model: Option<&str>) -> Self {
        let Some(model) = model else { return Self::Unknown };
        match (tokens::chat_overhead(model), tokens::template(model)) {
            (Some(overhead), _) => Self::Published(overhead),
            (None, Some(template)) => Self::Template(template),
            (None, None) => Self::Unknown,
        }
    }
}

struct Counting<'c, 'p> {
    counted: &'c Counted<'p>,
    counter: Counter<'c>,
    exact: bool,
    how: String,
    shares: Vec<Share>,
    /// Images, audio and files, whose tokens do not come from an encoding.
    attached: Vec<Share>,
    variables: Vec<String>,
}

impl<'p> Counting<'_, 'p> {
    fn add(&mut self, kind: &'static str, name: &str, tokens: (u64, u64)) {
        self.shares.push(Share {
            kind,
            name: name.to_owned(),
            tokens: Some(tokens),
        });
    }

    fn message(&mut self, message: &'p Message, framing: Option<Framing>, model: Option<&str>) {
        let role = message.role.name();
        let mut wrapped = Wrapped::default();
        if let Some(Framing::Template(template)) = framing {
            wrapped.trim = template.trims();
            match template.turn(role, &|text| self.counter.count(text)) {
                Some(turn) => wrapped.turn = turn,
                None => {
                    self.exact = false;
                    self.how.push_str("; a tool's result is counted without its framing");
                }
            }
        }
        let (least, most, unbounded) = self.message_tokens(message, &wrapped);
        self.add("text", role, (least, most));
        if wrapped.turn.tokens > 0 {
            self.add("framing", role, (wrapped.turn.tokens, wrapped.turn.tokens));
        }
        if unbounded {
            self.exact = false;
            self.how.push_str("; a loop may send more");
        }
        for attachment in &message.attachments {
            self.exact = false;
            let image = attachment.kind == AttachmentKind::Image;
            let tokens = model
                .filter(|_| image)
                .and_then(|model| tokens::image_tokens(model, attachment.detail.as_deref(), attachment.pixels));
            let size = attachment
                .pixels
                .map_or("of unknown size".to_owned(), |(width, height)| {
                    format!("{width} × {height}")
                });
            let kind = attachment.kind.name();
            let rate = model.and_then(|model| tokens::media_rate(model, kind));
            self.attached.push(Share {
                kind,
                name: match rate {
                    _ if image => format!("{role}, {size}"),
                    Some(rate) => format!("{role}, of unknown length: {rate}"),
                    None => role.to_owned(),
                },
                tokens,
            });
        }
        let names = template::variables(&message.pieces)
            .into_iter()
            .map(|(name, _)| name.to_owned());
        let includes = template::includes(&message.pieces).into_iter();
        for name in names.chain(includes.map(|name| format!("{}{name}", TokenCount::INCLUDED))) {
            if !self.variables.contains(&name) {
                self.variables.push(name);
            }
        }
    }

    /// Fixed tokens of a message at least and at most, and whether a loop may send more.
    fn message_tokens(&self, message: &'p Message, wrapped: &Wrapped) -> (u64, u64, bool) {
        let least = template::fixed_ranges(&message.pieces, Extent::Least);
        let most = template::fixed_ranges(&message.pieces, Extent::Most);
        let low = self.runs(message, &least.ranges, wrapped);
        let high = if most.ranges == least.ranges {
            low
        } else {
            self.runs(message, &most.ranges, wrapped)
        };
        (low, high.max(low), most.unbounded)
    }

    /// Counts fixed text; parts that only silent pieces separate are one text once rendered, a variable ends a run.
    fn runs(&self, message: &'p Message, ranges: &[std::ops::Range<usize>], wrapped: &Wrapped) -> u64 {
        let text = message.text.as_str();
        let variables = template::variables(&message.pieces);
        let mut total = 0;
        let mut before = wrapped.turn.before.as_str();
        let mut run: Vec<&'p str> = Vec::new();
        let mut end = 0;
        for range in ranges {
            let next = variables.partition_point(|(_, variable)| variable.start < end);
            let broken = variables
                .get(next)
                .is_some_and(|(_, variable)| variable.end <= range.start);
            if broken {
                total += self.run(before, &run, "");
                before = "";
                run.clear();
            }
            let fixed = &text[range.clone()];
            // What a template's syntax leaves at the ends is not known.
            run.push(if wrapped.trim && variables.is_empty() && ranges.len() == 1 {
                fixed.trim()
            } else {
                fixed
            });
            end = range.end;
        }
        total + self.run(before, &run, wrapped.turn.after)
    }

    /// Tokens of what is one text once it is rendered.
    fn run(&self, before: &str, run: &[&'p str], after: &str) -> u64 {
        match run {
            [] if before.is_empty() && after.is_empty() => 0,
            [one] if before.is_empty() && after.is_empty() => self.counted.count(self.counter, one),
            parts => self.counter.count(&format!("{before}{}{after}", parts.concat())),
        }
    }

    fn framing(&mut self, prompt: &Prompt, framing: Framing, model: Option<&str>) {
        let roles = || prompt.messages.iter().map(|message| message.role.name());
        match framing {
            Framing::Published(overhead) => {
                let each = roles().map(|role| self.counter.count(role) + u64::from(overhead.per_message));
                let tokens = each.sum::<u64>() + u64::from(overhead.reply);
                self.add("framing", "messages and reply", (tokens, tokens));
                self.how.push_str(", with the chat's framing");
            }
            Framing::Template(template) => {
                let tokens = template.once(roles().any(|role| role == "system"), &|text| self.counter.count(text));
                self.add("framing", "start and reply", (tokens, tokens));
                self.how.push_str(", with the framing of the model's chat template");
                if model.is_none_or(|model| !tokens::is_open_repository(model)) {
                    self.exact = false;
                    self.how.push_str(", which its server may have changed");
                }
            }
            Framing::Unknown => {
                self.exact = false;
                self.how
                    .push_str("; the chat's framing is not documented and not counted");
            }
        }
    }

    fn tools(&mut self, prompt: &Prompt, model: Option<&str>) {
        if prompt.tools.is_empty() {
            return;
        }
        self.exact = false;
        let published = model.and_then(tokens::ToolOverhead::of);
        let definitions = prompt.tools.iter().map(|tool| tool.definition.as_str());
        let published = published.and_then(|overhead| match self.counter {
            Counter::BuiltIn(encoding) => overhead.tokens(definitions, encoding),
            Counter::File(..) => None,
        });
        if let Some((each, once)) = published {
            for (tool, tokens) in prompt.tools.iter().zip(each) {
                self.add("tool", &tool.name, (tokens, tokens));
            }
            self.add("framing", "tools", (once, once));
            self.how.push_str("; tools by the figures that OpenAI's cookbook gives");
        } else {
            for tool in &prompt.tools {
                let tokens = self.counter.count(&tool.definition);
                self.add("tool", &tool.name, (tokens, tokens));
            }
            self.how.push_str("; tools estimated by their JSON");
        }
    }

    /// Adds images, audio and files.
    fn attachments(&mut self) {
        let known = |share: &Share| share.tokens.is_some();
        if self.attached.iter().any(known) {
            self.how.push_str("; images by the provider's formula");
        }
        if !self.attached.iter().all(known) {
            let rest = if self.attached.iter().any(known) { "other " } else { "" };
            self.how.push_str(&format!("; {rest}images and files not counted"));
        }
        self.shares.append(&mut self.attached);
    }

    /// Adds the variables whose size is stated, and takes them from those that are not counted.
    fn stated<'t>(&mut self, prompt: &Prompt, estimate: Option<&Estimate>, size: impl Fn(&str) -> Option<Size<'t>>) {
        let mut unknown = Vec::new();
        for name in std::mem::take(&mut self.variables) {
            let each = match size(&name) {
                Some(Size::Tokens(low, high)) => (low, high),
                Some(Size::Like(text)) => {
                    let count = self.counter.count(text);
                    estimate.map_or((count, count), |estimate| estimate.ends(&[text], count))
                }
                None => {
                    unknown.push(name);
                    continue;
                }
            };
            let uses = prompt.messages.iter().map(|message| uses(&message.pieces, &name));
            let (least, most) = uses.fold((0_u64, 0_u64), |sum, one| {
                (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
            });
            let tokens = (least.saturating_mul(each.0), most.saturating_mul(each.1));
            self.add("variable", &name, tokens);
            self.exact = false;
            if !self.how.contains("variables") {
                self.how.push_str("; variables as llmlint.yaml states them");
            }
        }
        self.variables = unknown;
    }

    /// Makes ranges of the counts of another model's tokenizer.
    fn widen(&mut self, estimate: &Estimate, texts: &[&str]) {
        for (least, most) in self.shares.iter_mut().filter_map(|share| share.tokens.as_mut()) {
            *least = estimate.ends(texts, *least).0;
            *most = estimate.ends(texts, *most).1;
        }
    }
}

/// What stands around a message's text and is counted with it.
#[derive(Default)]
struct Wrapped {
    turn: Turn,
    trim: bool,
}

/// How often a variable is filled in, at least and at most, a loop taken once at most.
fn uses(pieces: &[Piece], variable: &str) -> (u64, u64) {
    let (mut least, mut most) = (0_u64, 0_u64);
    for piece in pieces {
        let (low, high) = match piece {
            Piece::Variable { name, .. } if name == variable => (1, 1),
            Piece::Choice { branches, .. } => {
                let each = || branches.iter().map(|branch| uses(branch, variable));
                (
                    each().map(|(low, _)| low).min().unwrap_or(0),
                    each().map(|(_, high)| high).max().unwrap_or(0),
                )
            }
            Piece::Loop { body, .. } => (0, uses(body, variable).1),
            _ => (0, 0),
        };
        least += low;
        most += high;
    }
    (least, most)
}

/// The text of all messages as it is sent, without what a template fills in; for words and characters.
pub(super) fn fixed_text(prompt: &Prompt) -> String {
    let mut out = String::new();
    for message in &prompt.messages {
        for range in template::fixed_ranges(&message.pieces, Extent::Most).ranges {
            out.push_str(&message.text.as_str()[range]);
        }
        out.push('\n');
    }
    out
}
