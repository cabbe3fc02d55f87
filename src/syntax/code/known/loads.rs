//! Files that code reads: paths as it puts them together, texts as it loads them, templates as it fills them in.

use std::sync::Arc;

use super::{Filled, argument, filled, stands_in, text};
use crate::source::{SourceId, Span, Text, resolve};
use crate::syntax::code::follow::{Here, Reader};
use crate::syntax::code::{Call, Kind, Language, Value, paths};
use crate::syntax::template::{self, Syntax};

/// Longest file that is taken into a prompt, bytes.
const MAX_FILE: usize = 1_000_000;

/// Extensions of files that a bundler hands to the script that imports them, as their text.
const IMPORTED_AS_TEXT: &[&str] = &[
    "txt", "md", "mdx", "prompt", "j2", "jinja", "jinja2", "njk", "hbs", "mustache", "liquid",
];

/// What a function gives, where it is one that makes a path, reads a file or fills in a template.
pub(super) fn function(reader: &Reader<'_>, here: Here<'_>, call: &Arc<Call>) -> Option<Arc<Value>> {
    let span = call.place.span;
    let first = || call.positional.first().map(|argument| &argument.value);
    let callee = call.callee.as_str();
    let name = call.name();
    let package = callee.strip_suffix(name)?.trim_end_matches('.');
    let package = package.trim_start_matches("node:").trim_end_matches(".default");
    match (package, name) {
        ("pathlib", "Path" | "PurePath")
        | ("anyio", "Path")
        | ("os.path" | "path" | "path.posix", "join")
        | ("path" | "path.posix", "resolve") => {
            let mut parts = call.positional.iter().map(|argument| &argument.value);
            let folder = parts.next()?.clone();
            let usable = matches!(folder.kind, Kind::File(_) | Kind::Text(..)) || paths::is_working_folder(&folder);
            usable.then(|| all_joined(reader, here, span, folder, parts))?
        }
        ("os.path" | "path" | "path.posix", "dirname") => folder_of(reader, here, span, first()?),
        ("url", "fileURLToPath") => first().cloned(),
        ("", "URL") => {
            let base = argument(call, 1, "base").filter(|base| matches!(base.kind, Kind::File(_)))?;
            let folder = folder_of(reader, here, span, base)?;
            all_joined(reader, here, span, folder, std::iter::once(first()?))
        }
        ("" | "io" | "codecs" | "aiofiles", "open") => {
            let path = argument(call, 0, "file")?;
            let file = paths::file(reader.files, here.file(), path)?;
            Some(reader.made(here, span, Kind::File(reader.files.source(file).from_root.clone())))
        }
        (
            "fs" | "fs.promises" | "fs/promises" | "fs-extra" | "Deno",
            "readFile" | "readFileSync" | "readTextFile" | "readTextFileSync",
        ) => read_file(reader, here, span, first()?),
        ("importlib.resources" | "importlib_resources", "files") => package_folder(reader, here, span, first()?),
        ("importlib.resources", "read_text") => {
            let folder = package_folder(reader, here, span, first()?)?;
            let name = argument(call, 1, "resource")?;
            let path = all_joined(reader, here, span, folder, std::iter::once(name))?;
            read_file(reader, here, span, &path)
        }
        (_, "render" | "render_async") if callee.contains(".get_template.render") => template_file(reader, here, call),
        ("mustache" | "pystache" | "chevron", "render") => filled_in(reader, here, first()?, Syntax::Mustache),
        ("nunjucks", "renderString") => filled_in(reader, here, first()?, Syntax::Jinja),
        (_, "__call__")
            if callee.ends_with("andlebars.default.compile.__call__")
                || callee.ends_with("andlebars.compile.__call__") =>
        {
            filled_in(
                reader,
                here,
                argument(call.maker.as_ref()?, 0, "template")?,
                Syntax::Mustache,
            )
        }
        (_, "from_file") if package.ends_with("PromptTemplate") => {
            let path = argument(call, 0, "template_file")?;
            let file = read_file(reader, here, span, path)?;
            let syntax = match call.keyword("template_format").and_then(|format| format.value.fixed()) {
                Some("jinja2") => Syntax::Jinja,
                Some("mustache") => Syntax::Mustache,
                _ => Syntax::Braces,
            };
            filled_in(reader, here, &file, syntax)
        }
        _ => None,
    }
}

/// The text of a file that a script imports (`import text from "./x.md?raw"`).
pub(in crate::syntax::code) fn imported_text(reader: &Reader<'_>, here: Here<'_>, module: &str) -> Option<Arc<Value>> {
    let (name, query) = module.split_once('?').unwrap_or((module, ""));
    let (_, extension) = name.rsplit_once('.')?;
    let is_text = query == "raw" || IMPORTED_AS_TEXT.contains(&extension);
    if !is_text || !name.starts_with('.') || Language::of_extension(extension).is_some() {
        return None;
    }
    let from = &reader.files.source(here.file()).from_root;
    let path = resolve(from, name, |path| reader.files.find(path).is_some())?;
    Some(text_of(reader, here, reader.files.find(&path)?))
}

/// A text as a template, to be filled in while the program runs.
fn filled_in(reader: &Reader<'_>, here: Here<'_>, value: &Arc<Value>, syntax: Syntax) -> Option<Arc<Value>> {
    let made = template_of(&filled(value)?, syntax);
    Some(reader.text(stands_in(here, value), value.place.span, made))
}

/// The folder that a path stands in.
fn folder_of(reader: &Reader<'_>, here: Here<'_>, span: Span, path: &Value) -> Option<Arc<Value>> {
    let Kind::File(path) = &path.kind else {
        return None;
    };
    Some(reader.made(here, span, paths::parent(path)))
}

/// The folder of a Python package of the tree.
fn package_folder(reader: &Reader<'_>, here: Here<'_>, span: Span, package: &Value) -> Option<Arc<Value>> {
    let init = paths::module(reader.files, Language::Python, here.file(), package.fixed()?)?;
    Some(reader.made(here, span, paths::parent(&reader.files.source(init).from_root)))
}

pub(super) fn all_joined<'v>(
    reader: &Reader<'_>,
    here: Here<'_>,
    span: Span,
    folder: Arc<Value>,
    parts: impl Iterator<Item = &'v Arc<Value>>,
) -> Option<Arc<Value>> {
    let mut path = folder;
    for part in parts {
        let kind = match &part.kind {
            // The later of two whole paths counts.
            Kind::File(_) => part.kind.clone(),
            _ => paths::joined(&path, part)?,
        };
        path = reader.made(here, span, kind);
    }
    Some(path)
}

/// The text of a file of the tree.
pub(super) fn read_file(reader: &Reader<'_>, here: Here<'_>, span: Span, path: &Arc<Value>) -> Option<Arc<Value>> {
    let shown = match &path.kind {
        Kind::File(path) => path.clone(),
        _ => path.fixed()?.to_owned(),
    };
    let Some(file) = paths::file(reader.files, here.file(), path) else {
        let why = format!("the file `{shown}` is not among the files of this run");
        return Some(reader.made(here, span, Kind::Unknown(why)));
    };
    Some(text_of(reader, here, file))
}

fn text_of(reader: &Reader<'_>, here: Here<'_>, file: SourceId) -> Arc<Value> {
    let source = reader.files.source(file);
    let (body, start) = source.body();
    let here = here.in_file(file);
    if body.len() > MAX_FILE {
        let why = format!("`{}` is too long to be taken into a prompt", source.from_root);
        return reader.made(here, Span::at(0), Kind::Unknown(why));
    }
    let text = Text::verbatim(body, start);
    let span = text.span();
    reader.text(here, span, text::fixed(text))
}

/// `env.get_template("x.j2").render(…)`: the template's text, where one file of the run has that name.
fn template_file(reader: &Reader<'_>, here: Here<'_>, call: &Call) -> Option<Arc<Value>> {
    let got = call.maker.as_ref()?;
    let name = got.positional.first()?.value.fixed()?;
    let loader = got.maker.as_ref().and_then(|environment| environment.keyword("loader"));
    let folder = match loader.map(|loader| &loader.value.kind) {
        Some(Kind::Call(loader)) if loader.name() == "FileSystemLoader" => argument(loader, 0, "searchpath").cloned(),
        _ => None,
    };
    let in_folder = folder.and_then(|folder| {
        let span = call.place.span;
        let name = got.positional.first()?.value.clone();
        let path = all_joined(reader, here, span, folder, std::iter::once(&name))?;
        paths::file(reader.files, here.file(), &path)
    });
    let file = in_folder.or_else(|| reader.files.only_one_ending(name))?;
    let value = text_of(reader, here, file);
    let made = template_of(&filled(&value)?, Syntax::Jinja);
    Some(reader.text(stands_in(here, &value), value.place.span, made))
}

/// The text of a template.
pub(super) fn template_of((text, pieces): &Filled, syntax: Syntax) -> Filled {
    let parsed = template::parse(text.as_str(), syntax);
    (text.clone(), parsed.unwrap_or_else(|_| pieces.clone()))
}
