//! Which file of the run an import means: beside the file, under an alias of tsconfig.json, or in a package of the
//! workspace. Node's and the compiler's own rules: <https://www.typescriptlang.org/docs/handbook/modules/reference.html>,
//! <https://nodejs.org/api/packages.html>.

use std::collections::{BTreeSet, HashMap};

use super::super::Files;
use crate::source::{Source, SourceId};
use crate::syntax::{Node, json};

/// Extensions that an import may leave out, in the order in which they are tried.
const EXTENSIONS: &[&str] = &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// Most configs that extend one another.
const MAX_EXTENDS: usize = 5;

/// Deepest conditions of a package's exports that are looked into.
const MAX_CONDITIONS: usize = 4;

/// Aliases and packages of the run's files.
#[derive(Debug, Default)]
pub(in super::super) struct Projects {
    /// What tsconfig.json and jsconfig.json say, by folder.
    aliases: HashMap<String, Aliases>,
    /// The packages of the workspace, by name.
    packages: HashMap<String, Package>,
    /// How the configs are called.
    pub config_names: BTreeSet<String>,
}

/// Aliases of a folder's imports.
#[derive(Debug, Default, Clone)]
struct Aliases {
    /// Patterns with at most one `*`, each with the paths from the root that it may mean.
    paths: Vec<(String, Vec<String>)>,
    /// The folder that imports without a dot are looked for in.
    base: Option<String>,
}

/// A package of the workspace.
#[derive(Debug)]
struct Package {
    /// Its folder.
    folder: String,
    /// What it hands out: a subpath (`.`, `./client`, `./*`) with the files that may stand behind it.
    exports: Vec<(String, Vec<String>)>,
}

impl Projects {
    /// Reads the configs and packages among the run's files.
    pub fn new<'s>(sources: impl Iterator<Item = &'s Source>) -> Self {
        let mut made = Self::default();
        let mut configs = HashMap::new();
        for source in sources {
            match source.file_name() {
                "package.json" => made.package(source),
                name if name.ends_with(".json") && (name.starts_with("tsconfig") || name.starts_with("jsconfig")) => {
                    made.config_names.insert(name.to_owned());
                    let (body, _) = source.body();
                    if let Ok(config) = json::parse(&plain_json(body), 0) {
                        configs.insert(source.from_root.as_str(), config);
                    }
                }
                _ => {}
            }
        }
        for path in configs.keys() {
            if path.ends_with("tsconfig.json") || path.ends_with("jsconfig.json") {
                let aliases = aliases(path, &configs);
                if aliases.base.is_some() || !aliases.paths.is_empty() {
                    made.aliases.insert(folder(path).to_owned(), aliases);
                }
            }
        }
        made
    }

    fn package(&mut self, source: &Source) {
        let (body, start) = source.body();
        let Ok(node) = json::parse(body, start) else {
            return;
        };
        let Some(name) = node.get("name").and_then(Node::as_str) else {
            return;
        };
        let mut exports = Vec::new();
        if let Some(stated) = node.get("exports") {
            if stated
                .entries()
                .any(|(key, _)| key.as_str().is_some_and(|key| key.starts_with('.')))
            {
                for (key, value) in stated.entries() {
                    let mut files = Vec::new();
                    targets(value, MAX_CONDITIONS, &mut files);
                    exports.push((key.as_str().unwrap_or_default().to_owned(), files));
                }
            } else {
                let mut files = Vec::new();
                targets(stated, MAX_CONDITIONS, &mut files);
                exports.push((".".to_owned(), files));
            }
        }
        let main = ["source", "module", "main", "types"]
            .iter()
            .filter_map(|key| node.get(key).and_then(Node::as_str))
            .map(str::to_owned);
        exports.push((".".to_owned(), main.collect()));
        let package = Package {
            folder: folder(&source.from_root).to_owned(),
            exports,
        };
        self.packages.entry(name.to_owned()).or_insert(package);
    }

    /// The file that `from` means by `module`.
    pub fn resolve(&self, files: &Files<'_>, from: &str, module: &str) -> Option<SourceId> {
        if module.starts_with('.') {
            return file(files, &joined(folder(from), module)?);
        }
        // SvelteKit's own alias, which it writes into a config that is made at build time.
        if let Some(rest) = module.strip_prefix("$lib/") {
            let (app, _) = from.rsplit_once("src/")?;
            return file(files, &joined(app, &format!("src/lib/{rest}"))?);
        }
        self.alias(files, from, module)
            .or_else(|| self.in_package(files, module))
    }

    fn alias(&self, files: &Files<'_>, from: &str, module: &str) -> Option<SourceId> {
        let mut at = folder(from);
        loop {
            if let Some(aliases) = self.aliases.get(at) {
                let targets = aliases.paths.iter().filter_map(|(pattern, targets)| {
                    let star = matched(pattern, module)?;
                    Some(targets.iter().map(move |target| target.replacen('*', star, 1)))
                });
                let based = aliases.base.as_ref().and_then(|base| joined(base, module));
                let found = targets.flatten().chain(based).find_map(|target| file(files, &target));
                if found.is_some() {
                    return found;
                }
            }
            if at.is_empty() {
                return None;
            }
            at = folder(at);
        }
    }

    fn in_package(&self, files: &Files<'_>, module: &str) -> Option<SourceId> {
        // `@scope/name/sub/path`, `name/sub/path`.
        let parts = if module.starts_with('@') { 2 } else { 1 };
        let end = module
            .match_indices('/')
            .nth(parts - 1)
            .map_or(module.len(), |(at, _)| at);
        let package = self.packages.get(&module[..end])?;
        let rest = module[end..].trim_start_matches('/');
        let subpath = if rest.is_empty() {
            ".".to_owned()
        } else {
            format!("./{rest}")
        };
        let stated = package.exports.iter().filter_map(|(key, targets)| {
            let star = matched(key, &subpath)?;
            Some(targets.iter().map(move |target| target.replacen('*', star, 1)))
        });
        let guessed = if rest.is_empty() {
            vec!["src/index".to_owned(), "index".to_owned()]
        } else {
            vec![format!("src/{rest}"), rest.to_owned()]
        };
        // What is built (`dist/index.js`) is made of what stands in `src`.
        let sources = |target: String| {
            let built = target
                .trim_start_matches("./")
                .split_once('/')
                .map(|(_, inner)| format!("src/{inner}"));
            [Some(target), built]
        };
        stated
            .flatten()
            .flat_map(sources)
            .flatten()
            .chain(guessed)
            .find_map(|target| file(files, &joined(&package.folder, &target)?))
    }
}

/// The paths of a condition map of `exports`: `{"import": {"types": "./a.d.ts", "default": "./a.js"}}`.
fn targets(node: &Node, depth: usize, found: &mut Vec<String>) {
    match node.as_str() {
        Some(path) if !node.is_null() => found.push(path.to_owned()),
        _ if depth > 0 => {
            for (_, value) in node.entries() {
                targets(value, depth - 1, found);
            }
            for value in node.items() {
                targets(value, depth - 1, found);
            }
        }
        _ => {}
    }
}

/// What a config's `baseUrl` and `paths` say, its own or those of the one that it extends.
fn aliases(path: &str, configs: &HashMap<&str, Node>) -> Aliases {
    let mut made = Aliases::default();
    let mut at = Some(path.to_owned());
    for _ in 0..MAX_EXTENDS {
        let Some((path, config)) = at.as_deref().and_then(|path| configs.get_key_value(path)) else {
            break;
        };
        let own = folder(path);
        let options = config.get("compilerOptions");
        let base = options
            .and_then(|options| options.get("baseUrl"))
            .and_then(Node::as_str);
        let base = base.and_then(|base| joined(own, base));
        let paths = options.and_then(|options| options.get("paths"));
        if let Some(paths) = paths
            && made.paths.is_empty()
        {
            let from = base.as_deref().unwrap_or(own);
            for (pattern, targets) in paths.entries() {
                let targets = targets.items().filter_map(|target| joined(from, target.as_str()?));
                made.paths
                    .push((pattern.as_str().unwrap_or_default().to_owned(), targets.collect()));
            }
        }
        made.base = made.base.or(base);
        let extends = config.get("extends").and_then(Node::as_str);
        at = extends.filter(|extends| extends.starts_with('.')).and_then(|extends| {
            let whole = joined(own, extends)?;
            Some(if whole.ends_with(".json") {
                whole
            } else {
                format!("{whole}.json")
            })
        });
    }
    made
}

/// What a pattern's `*` stands for; the empty text where it has none and is what is asked for.
fn matched<'a>(pattern: &str, module: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        Some((before, after)) => {
            let rest = module.strip_prefix(before)?;
            rest.strip_suffix(after)
        }
        None => (pattern == module).then_some(""),
    }
}

/// The file that a path means, its extension left out or that of what it is built to, or a folder's index.
fn file(files: &Files<'_>, path: &str) -> Option<SourceId> {
    let is_code = |path: &str| {
        let extension = path.rsplit('.').next().unwrap_or_default();
        EXTENSIONS.contains(&extension) && !path.ends_with(".d.ts")
    };
    if is_code(path)
        && let Some(found) = files.find(path)
    {
        return Some(found);
    }
    let stem = ["js", "jsx", "mjs", "cjs", "d.ts"]
        .iter()
        .find_map(|extension| path.strip_suffix(extension)?.strip_suffix('.'));
    let stems = [Some(path), stem];
    let beside = stems
        .into_iter()
        .flatten()
        .flat_map(|stem| EXTENSIONS.iter().map(move |extension| format!("{stem}.{extension}")));
    let inside = EXTENSIONS.iter().map(|extension| format!("{path}/index.{extension}"));
    beside
        .chain(inside)
        .find_map(|path| files.find(path.trim_start_matches('/')).or_else(|| files.find(&path)))
}

/// The folder of a path; the empty one for a file at the root.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path seen from a folder, without `.` and `..`; `None` where it leaves the tree.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    // A file outside the root is known by its whole path.
    let lead = if folder.starts_with('/') { "/" } else { "" };
    Some(format!("{lead}{}", parts.join("/")))
}

/// JSON without the comments and the commas behind the last entry that tsconfig.json may have.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.map_or(rest.len(), |end| end + 2);
            plain.push_str(&rest[..end]);
            end
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else {
            if matches!(first, '}' | ']') {
                let kept = plain.trim_end().trim_end_matches(',').len();
                plain.truncate(kept);
            }
            plain.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(module: &str, files: &[(&str, &str)]) -> Option<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new(*path, *text, false))
            .collect();
        let projects = Projects::new(sources.iter());
        let known = Files::new(&sources);
        let id = projects.resolve(&known, files[0].0, module)?;
        Some(known.source(id).path.clone())
    }

    #[test]
    fn imports_lead_to_files() {
        let files = [
            ("apps/web/src/page.tsx", ""),
            ("apps/web/src/lib/ai.ts", ""),
            ("apps/web/src/lib/index.ts", ""),
            ("apps/web/lib/other.js", ""),
            (
                "apps/web/tsconfig.json",
                "{ // a comment\n \"extends\": \"../../tsconfig.base\", \"compilerOptions\": {\"paths\": {\"@/*\": [\"./src/*\"], \"~\": [\"lib/other\"],}, /* */ }, }",
            ),
            ("tsconfig.base.json", "{\"compilerOptions\": {\"baseUrl\": \".\"}}"),
            (
                "packages/db/package.json",
                "{\"name\": \"@acme/db\", \"exports\": {\".\": {\"types\": \"./dist/index.d.ts\"}, \"./queries/*\": \"./src/queries/*.ts\"}}",
            ),
            ("packages/db/src/index.ts", ""),
            ("packages/db/src/client.ts", ""),
            ("packages/db/src/queries/all.ts", ""),
            (
                "packages/utils/package.json",
                "{\"name\": \"utils\", \"main\": \"main.js\"}",
            ),
            ("packages/utils/main.js", ""),
        ];
        for (module, expected) in [
            ("./lib/ai", "apps/web/src/lib/ai.ts"),
            ("./lib/ai.js", "apps/web/src/lib/ai.ts"),
            ("./lib", "apps/web/src/lib/index.ts"),
            ("../lib/other", "apps/web/lib/other.js"),
            ("@/lib/ai", "apps/web/src/lib/ai.ts"),
            ("$lib/ai", "apps/web/src/lib/ai.ts"),
            ("~", "apps/web/lib/other.js"),
            ("packages/utils/main", "packages/utils/main.js"),
            ("@acme/db", "packages/db/src/index.ts"),
            ("@acme/db/client", "packages/db/src/client.ts"),
            ("@acme/db/queries/all", "packages/db/src/queries/all.ts"),
            ("utils", "packages/utils/main.js"),
        ] {
            assert_eq!(found(module, &files).as_deref(), Some(expected), "{module}");
        }
        for module in [
            "openai",
            "@acme/other",
            "./none",
            "../../../../../etc/passwd",
            "@acme",
            "",
        ] {
            assert_eq!(found(module, &files), None, "{module}");
        }
    }
}
