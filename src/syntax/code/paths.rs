//! Paths of modules and files: what a name means, seen from the file that names it.

use super::{Files, Kind, Language, Value};
use crate::source::{SourceId, normal};

/// Most folders above a file in which a module is looked for.
const MAX_ABOVE: usize = 30;

/// The file of the tree that a module's name means.
pub(super) fn module(files: &Files<'_>, language: Language, from: SourceId, name: &str) -> Option<SourceId> {
    let path = &files.source(from).from_root;
    match language {
        Language::Python => python(files, path, name),
        Language::TypeScript => files.script(from, name),
    }
    .filter(|found| *found != from)
}

/// The name of something inside a module, as a module of its own.
pub(super) fn inside(language: Language, module: &str, name: &str) -> String {
    match language {
        Language::Python if module.ends_with('.') => format!("{module}{name}"),
        Language::Python => format!("{module}.{name}"),
        Language::TypeScript => format!("{module}/{name}"),
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, rest: &str) -> String {
    match (folder.is_empty(), rest.is_empty()) {
        (true, _) => rest.to_owned(),
        (_, true) => folder.to_owned(),
        _ => format!("{folder}/{rest}"),
    }
}

fn python(files: &Files<'_>, path: &str, name: &str) -> Option<SourceId> {
    let dots = name.bytes().take_while(|byte| *byte == b'.').count();
    let rest = name[dots..].replace('.', "/");
    let in_folder = |folder: &str| {
        let base = join(folder, &rest);
        let module = (!rest.is_empty()).then(|| files.find(&format!("{base}.py"))).flatten();
        module.or_else(|| files.find(&join(&base, "__init__.py")))
    };
    if dots > 0 {
        let mut from = folder(path);
        for _ in 1..dots {
            from = folder(from);
        }
        return in_folder(from);
    }
    // From the root down: what stands beside a file of a package is not what its name alone means.
    above(path).into_iter().rev().find_map(in_folder)
}

/// The folders above a file, the nearest first.
fn above(path: &str) -> Vec<&str> {
    let mut folders = vec![folder(path)];
    while let Some(last) = folders
        .last()
        .filter(|last| !last.is_empty() && folders.len() < MAX_ABOVE)
    {
        folders.push(folder(last));
    }
    folders
}

/// Where the settings may stand by which a script's imports are understood.
pub(super) fn settings_above(path: &str) -> impl Iterator<Item = String> {
    above(path)
        .into_iter()
        .flat_map(|folder| ["tsconfig.json", "jsconfig.json", "package.json"].map(|name| join(folder, name)))
}

/// The module of this name inside a package.
pub(super) fn submodule(files: &Files<'_>, package: SourceId, name: &str) -> Option<SourceId> {
    let path = &files.source(package).from_root;
    let base = join(folder(path.strip_suffix("__init__.py").map_or(path, |_| path)), name);
    path.ends_with("__init__.py").then_some(())?;
    files
        .find(&format!("{base}.py"))
        .or_else(|| files.find(&format!("{base}/__init__.py")))
}

/// Whether a value is the folder that the program is started in.
pub(super) fn is_working_folder(value: &Value) -> bool {
    const NAMES: &[&str] = &[
        "process.cwd",
        "process.default.cwd",
        "node:process.cwd",
        "node:process.default.cwd",
        "os.getcwd",
        "pathlib.Path.cwd",
    ];
    matches!(&value.kind, Kind::Call(call) if NAMES.contains(&call.callee.as_str()))
}

/// A folder's path and a name, put together. Where a program is started is not told: what is named from there is looked
/// for in the folders above the file.
pub(super) fn joined(folder: &Value, name: &Value) -> Option<Kind> {
    let name = name.fixed()?;
    match &folder.kind {
        Kind::Call(_) if is_working_folder(folder) => {
            let path = crate::source::Text::opaque(name, folder.place.span);
            let end = path.as_str().len();
            Some(Kind::Text(path, vec![crate::syntax::template::Piece::Fixed(0..end)]))
        }
        Kind::File(folder) => normal(&join(folder, name)).map(Kind::File),
        Kind::Text(text, pieces) => {
            let (text, pieces) = (text.clone(), pieces.clone());
            let known = folder.fixed()?;
            let path = crate::source::Text::opaque(&join(known, name), text.span());
            let end = path.as_str().len();
            let whole = pieces.is_empty() || end > 0;
            whole.then(|| Kind::Text(path, vec![crate::syntax::template::Piece::Fixed(0..end)]))
        }
        _ => None,
    }
}

/// The folder that a path stands in.
pub(super) fn parent(path: &str) -> Kind {
    Kind::File(folder(path).to_owned())
}

/// What a path's attribute is: several for `parents`.
pub(super) fn member(path: &str, name: &str) -> Option<Vec<Kind>> {
    let file = |path: &str| Kind::File(path.to_owned());
    match name {
        "parent" => Some(vec![parent(path)]),
        "href" | "pathname" => Some(vec![file(path)]),
        "parents" => {
            let mut found: Vec<Kind> = above(path).into_iter().map(file).collect();
            // One would be taken for the only value.
            found.push(file(""));
            Some(found)
        }
        _ => None,
    }
}

/// The file that a path means, seen from the folders of the file that names it, the nearest first.
pub(super) fn file(files: &Files<'_>, from: SourceId, path: &Value) -> Option<SourceId> {
    match &path.kind {
        Kind::File(path) => files.find(path),
        _ => {
            let name = path.fixed()?;
            let from = &files.source(from).from_root;
            let paths = above(from).into_iter().filter_map(|folder| normal(&join(folder, name)));
            paths.into_iter().find_map(|path| files.find(&path))
        }
    }
}
