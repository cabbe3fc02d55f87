//! Prompts kept as text: plain text, Markdown and templates, with YAML front matter.

use super::{Read, Reading, semantic_kernel, settings};
use crate::source::{Span, Text};
use crate::syntax::code::Language;
use crate::syntax::template::{self, Syntax};
use crate::syntax::{Node, SyntaxError, front_matter, yaml};
use crate::units::{Message, Prompt, Role, Unit};

/// Plain text and Markdown.
pub(super) const TEXT: &str = "prompt text";
/// Jinja2, Mustache, Handlebars, Liquid, Go and ERB.
pub(super) const TEMPLATE: &str = "prompt template";

/// Documentation that stands beside prompts.
const DOCUMENTATION: &[&str] = &[
    "readme",
    "license",
    "licence",
    "changelog",
    "contributing",
    "code_of_conduct",
    "security",
];

pub(super) fn read_text(reading: &Reading<'_>) -> Option<Read> {
    let source = reading.source;
    let data = matches!(
        source.extension(),
        "yaml" | "yml" | "json" | "jsonl" | "prompty" | "pbtxt"
    );
    let template = template_syntax(source.extension()).is_some();
    let program = is_program(source.extension());
    let kernel = source.file_name() == semantic_kernel::TEXT_FILE;
    let ours = (source.named || reading.prompt_place || kernel) && !data && !template && !program;
    let documents = is_documentation(source.file_name()) || is_page(&source.from_root);
    if !ours || (!source.named && documents) {
        return None;
    }
    let syntax = if kernel { Syntax::Expressions } else { Syntax::Detect };
    Some(read_as(reading, TEXT, syntax))
}

pub(super) fn read_template(reading: &Reading<'_>) -> Option<Read> {
    let source = reading.source;
    let syntax = template_syntax(source.extension())?;
    let ours = source.named || (in_prompt_folder(&source.from_root) && !makes_another_format(source.file_name()));
    ours.then(|| read_as(reading, TEMPLATE, syntax))
}

/// Whether a file is a program: what it sends is read from its calls, and one without any is no prompt, even where it is
/// named.
fn is_program(extension: &str) -> bool {
    let other = matches!(
        extension,
        "sh" | "bash" | "zsh" | "ksh" | "go" | "rs" | "java" | "kt" | "cs" | "rb" | "php" | "c" | "h" | "cpp" | "swift"
    );
    other || Language::of_extension(extension).is_some()
}

fn template_syntax(extension: &str) -> Option<Syntax> {
    match extension {
        "j2" | "jinja" | "jinja2" => Some(Syntax::Jinja),
        "mustache" | "hbs" | "handlebars" => Some(Syntax::Mustache),
        "liquid" => Some(Syntax::Liquid),
        "tmpl" | "gotmpl" => Some(Syntax::Go),
        "erb" => Some(Syntax::Erb),
        _ => None,
    }
}

/// The template language of a file that is sent, by its extension.
pub(super) fn syntax_of(extension: &str) -> Syntax {
    template_syntax(extension).unwrap_or(Syntax::Detect)
}

/// Whether a file is a template of a language that web pages are mostly written in, in a folder of prompts: elsewhere a
/// walk does not open them.
pub(super) fn is_template_in_prompt_folder(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "liquid" | "tmpl" | "gotmpl" | "erb") && in_prompt_folder(path)
}

fn is_documentation(file_name: &str) -> bool {
    let stem = file_name.split('.').next().unwrap_or(file_name);
    DOCUMENTATION.iter().any(|name| stem.eq_ignore_ascii_case(name))
}

/// Whether a file is a page about prompts: its folder is a chapter of documentation (`docs/guide/prompts/x.md`). Prompts
/// themselves are kept in `docs/prompts/` too.
fn is_page(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_markup = matches!(name.rsplit_once('.'), Some((_, "md" | "mdx" | "rst")));
    let mut above = folder.split('/').take_while(|folder| !folder.contains("prompt"));
    let documents = above.any(|folder| matches!(folder, "docs" | "doc" | "documentation"));
    is_markup && documents && above.next().is_some()
}

/// Templates are used for web pages and server settings too: only those are prompts that a folder or their own name
/// calls so.
fn in_prompt_folder(path: &str) -> bool {
    path.to_ascii_lowercase().split('/').any(|part| part.contains("prompt"))
}

/// Whether a template's name says that it makes another kind of file: `nginx.conf.j2`, `page.html.jinja`.
fn makes_another_format(file_name: &str) -> bool {
    let stem = file_name.rsplit_once('.').map_or("", |(stem, _)| stem);
    match stem.rsplit_once('.') {
        Some((_, inner)) => !matches!(inner, "md" | "txt" | "prompt" | "system" | "user" | "markdown"),
        None => false,
    }
}

fn read_as(reading: &Reading<'_>, format: &'static str, syntax: Syntax) -> Read {
    let (body, start) = reading.source.body();
    let mut read = Read::default();
    let mut prompt = settings::empty_prompt(reading, reading.source.path.clone(), format);
    let mut content = Span::new(start, start + body.len());
    if let Some(front) = front_matter::split(body, start) {
        let text = &reading.source.text[front.yaml.start..front.yaml.end];
        let parsed = yaml::parse(text, front.yaml.start);
        match (parsed.documents.first(), parsed.error) {
            (Some(settings), None) if settings.is_map() => {
                content = front.body;
                take_settings(reading, &mut prompt, settings);
            }
            // A rule at the top of a Markdown text is no front matter.
            (_, None) => {}
            (_, Some(error)) => {
                if reading.source.named || looks_like_settings(text) {
                    read.errors.push(error);
                    content = front.body;
                }
            }
        }
    }
    let role = match reading.source.file_name().split('.').next() {
        Some("system") => Role::System,
        _ => Role::User,
    };
    let text = &reading.source.text[content.start..content.end];
    let message = message(
        reading,
        role,
        Text::verbatim(text, content.start),
        syntax,
        &mut read.errors,
    );
    prompt.messages.push(message);
    read.units.push(Unit::Prompt(Box::new(prompt)));
    read
}

/// Front matter starts with a key.
fn looks_like_settings(text: &str) -> bool {
    text.lines().next().is_some_and(|line| {
        line.split_once(':')
            .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    })
}

fn take_settings(reading: &Reading<'_>, prompt: &mut Prompt, front: &Node) {
    prompt.model = settings::string(reading, front, &["model"]);
    prompt.endpoint = settings::endpoint(front);
    settings::take_parameters(reading, front, prompt);
}

/// A message of a text with template syntax; a template that does not parse is sent as it stands, with the error.
pub(super) fn message(
    reading: &Reading<'_>,
    role: Role,
    text: Text,
    syntax: Syntax,
    errors: &mut Vec<SyntaxError>,
) -> Message {
    let pieces = match template::parse(text.as_str(), syntax) {
        Ok(pieces) => pieces,
        Err(error) => {
            errors.push(SyntaxError {
                span: text.span_of(error.range),
                message: error.message,
            });
            vec![template::Piece::Fixed(0..text.as_str().len())]
        }
    };
    Message {
        role,
        source: reading.id,
        text,
        pieces,
        attachments: Vec::new(),
        file: None,
    }
}
