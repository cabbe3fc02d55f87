//! What coding agents are told: standing instructions (AGENTS.md, rules of an editor), skills and helpers of which only
//! the description is always loaded, and prompts that a person calls by name.
//!
//! Where each is found and when it is loaded: <https://agents.md>, <https://code.claude.com/docs/en/memory>,
//! <https://code.visualstudio.com/docs/copilot/customization/overview>, <https://cursor.com/docs/context/rules>,
//! <https://docs.windsurf.com/windsurf/cascade/memories>, <https://docs.cline.bot/features/cline-rules>,
//! <https://agentskills.io/specification>.

use super::{Read, Reading, prompt_file, settings};
use crate::source::{Span, Text, TextBuilder};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, front_matter, yaml};
use crate::units::{Field, Prompt, Role, Unit};

/// Standing instructions.
pub(super) const INSTRUCTIONS: &str = "agent instructions";
/// Skills and helpers: a description that is always loaded, and a text that is loaded when it is called for.
pub(super) const SKILL: &str = "agent skill";
/// Prompts that a person calls by name, and modes that a person chooses.
pub(super) const PROMPT: &str = "agent prompt";

/// Files of standing instructions, by their names.
const INSTRUCTION_NAMES: &[&str] = &[
    "AGENTS.md",
    "AGENT.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    "copilot-instructions.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".roorules",
    ".goosehints",
];

/// Folders of agents and editors, which are hidden and still hold what is ours.
const FOLDERS: &[&str] = &[
    ".agents",
    ".claude",
    ".clinerules",
    ".codex",
    ".continue",
    ".cursor",
    ".gemini",
    ".github",
    ".opencode",
    ".roo",
    ".windsurf",
];

/// Whether a hidden file or folder may hold what an agent is told.
pub(super) fn is_hidden_place(name: &str) -> bool {
    FOLDERS.contains(&name) || INSTRUCTION_NAMES.contains(&name)
}

/// What a file is, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sent with every request of an agent that starts in the tree's root.
    Standing,
    /// Sent as its front matter says.
    Rule,
    /// A skill, or a helper that the agent may call.
    Skill,
    /// A command or a prompt that a person calls by name.
    Command,
    /// A mode that a person chooses: instructions for as long as it is on.
    Mode,
}

/// What the file at `path` is; told by names alone, because this is asked for every file of a tree.
fn kind(path: &str) -> Option<Kind> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if INSTRUCTION_NAMES.contains(&name) {
        return Some(Kind::Standing);
    }
    if name == "SKILL.md" {
        return Some(Kind::Skill);
    }
    let (stem, extension) = name.rsplit_once('.')?;
    match extension {
        "mdc" => return Some(Kind::Rule),
        "md" => {}
        _ => return None,
    }
    match stem.rsplit_once('.') {
        Some((_, "instructions")) => return Some(Kind::Rule),
        Some((_, "prompt")) => return Some(Kind::Command),
        Some((_, "chatmode" | "agent")) => return Some(Kind::Mode),
        _ => {}
    }
    let inside = |place: &str| folder == place || folder.ends_with(&format!("/{place}")) || below(folder, place);
    if !folder.contains('.') {
        return None;
    }
    const RULES: &[&str] = &[
        ".windsurf/rules",
        ".clinerules",
        ".continue/rules",
        ".claude/rules",
        ".roo/rules",
    ];
    const COMMANDS: &[&str] = &[
        ".claude/commands",
        ".cursor/commands",
        ".windsurf/workflows",
        ".opencode/command",
        ".codex/prompts",
    ];
    const SKILLS: &[&str] = &[".claude/agents", ".opencode/agent"];
    let any = |places: &[&str]| places.iter().any(|place| inside(place));
    if any(RULES) {
        Some(Kind::Rule)
    } else if any(COMMANDS) {
        Some(Kind::Command)
    } else if any(SKILLS) {
        Some(Kind::Skill)
    } else {
        None
    }
}

/// Whether `folder` lies below `place`.
fn below(folder: &str, place: &str) -> bool {
    let lead = folder.find(&format!("{place}/"));
    lead.is_some_and(|at| at == 0 || folder.as_bytes()[at - 1] == b'/')
}

/// Whether a file lies in a folder of an agent's or editor's own, where only what it is told is ours: logs and settings
/// lie there too.
pub(super) fn is_private(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    folders.any(|folder| folder != ".github" && folder.starts_with('.') && FOLDERS.contains(&folder))
}

/// Whether a file may be one of ours by its name.
pub(super) fn is_name(path: &str) -> bool {
    kind(path).is_some()
}

/// A file's front matter and the text behind it.
struct Parts {
    front: Option<Node>,
    body: Span,
}

fn parts(reading: &Reading<'_>) -> Parts {
    let (body, start) = reading.source.body();
    let whole = Parts {
        front: None,
        body: reading.whole(),
    };
    let Some(found) = front_matter::split(body, start) else {
        return whole;
    };
    let text = &reading.source.text[found.yaml.start..found.yaml.end];
    let document = yaml::parse(text, found.yaml.start).documents.into_iter().next();
    match document.filter(Node::is_map) {
        Some(front) => Parts {
            front: Some(front),
            body: found.body,
        },
        // Globs without quotes (`globs: *.ts`) are no YAML; editors read them all the same.
        None if text.lines().all(|line| line.trim().is_empty() || line.contains(':')) => Parts {
            front: None,
            body: found.body,
        },
        None => whole,
    }
}

pub(super) fn read_instructions(reading: &Reading<'_>) -> Option<Read> {
    let path = reading.source.from_root.as_str();
    let kind = kind(path).filter(|kind| matches!(kind, Kind::Standing | Kind::Rule))?;
    let parts = match kind {
        Kind::Standing => Parts {
            front: None,
            body: reading.whole(),
        },
        _ => parts(reading),
    };
    // Other tools write Markdown under this ending too: Cursor's rules stand in its folder, or say when they apply.
    if path.ends_with(".mdc") && !path.contains(".cursor/") {
        let keys = ["alwaysApply:", "globs:"];
        keys.iter().find(|key| front_text(reading, &parts).contains(**key))?;
    }
    let always = match kind {
        Kind::Standing => stands_at_the_root(path),
        _ => is_always_on(path, parts.front.as_ref(), front_text(reading, &parts)),
    };
    let mut read = Read::default();
    let mut prompt = settings::empty_prompt(reading, reading.source.path.clone(), INSTRUCTIONS);
    prompt.always_loaded = always;
    add_text(reading, &mut prompt, Role::System, parts.body);
    if !always {
        read.note = "loaded when the work touches the files that it speaks of, not with every request".to_owned();
    }
    push(&mut read, prompt);
    Some(read)
}

/// Instructions of a folder below the root are loaded when the agent works there.
fn stands_at_the_root(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    matches!(folder, "" | ".github" | ".claude" | ".gemini" | ".codex")
}

/// The front matter as it is written.
fn front_text<'s>(reading: &Reading<'s>, parts: &Parts) -> &'s str {
    &reading.source.text[..parts.body.start]
}

/// Whether a rule is sent with every request, by what its front matter says in the words of its editor.
fn is_always_on(path: &str, front: Option<&Node>, written: &str) -> bool {
    let says = |key: &str| front.and_then(|front| front.get(key)).and_then(Node::as_str);
    let has = |key: &str| says(key).is_some_and(|text| !text.is_empty()) || front.is_some_and(|f| is_list(f, key));
    if let Some(pattern) = says("applyTo") {
        return pattern
            .split(',')
            .any(|part| matches!(part.trim(), "**" | "*" | "**/*"));
    }
    if path.ends_with(".instructions.md") {
        return false;
    }
    if let Some(trigger) = says("trigger") {
        return trigger == "always_on";
    }
    if let Some(always) = says("alwaysApply") {
        return always == "true";
    }
    if front.is_none() && !written.is_empty() {
        // What is no YAML: the one line that decides can be read.
        return written.lines().any(|line| line.trim() == "alwaysApply: true");
    }
    let hidden = [".clinerules", ".continue/rules", ".claude/rules", ".roo/rules"];
    hidden.iter().any(|place| path.starts_with(place)) && !has("globs") && !has("paths")
}

fn is_list(map: &Node, key: &str) -> bool {
    map.get(key).is_some_and(|value| value.items().next().is_some())
}

pub(super) fn read_skill(reading: &Reading<'_>) -> Option<Read> {
    kind(&reading.source.from_root).filter(|kind| *kind == Kind::Skill)?;
    let parts = parts(reading);
    // Text with this name and without a description is none that an agent would find.
    let front = parts.front.as_ref()?;
    let description = front.get("description")?.text()?;
    let mut read = Read::default();
    let mut listing = settings::empty_prompt(reading, format!("{}#description", reading.source.path), SKILL);
    listing.place = reading.place(description.span());
    listing.always_loaded = is_installed(&reading.source.from_root);
    let text = match front.get("name").and_then(Node::text) {
        // A text maps back in the order in which it stands.
        Some(name) if name.span().start > description.span().start => Text::opaque(
            &format!("{}: {}", name.as_str(), description.as_str()),
            description.span().cover(name.span()),
        ),
        Some(name) => {
            let mut text = TextBuilder::default();
            text.replaced(name.as_str(), name.span());
            text.replaced(": ", Span::at(name.span().end));
            text.replaced(description.as_str(), description.span());
            text.finish(name.span().cover(description.span()))
        }
        None => description.clone(),
    };
    let message = prompt_file::message(reading, Role::System, text, Syntax::None, &mut read.errors);
    listing.messages.push(message);
    let mut body = settings::empty_prompt(reading, reading.source.path.clone(), SKILL);
    body.model = agent_model(reading, front);
    add_text(reading, &mut body, Role::System, parts.body);
    push(&mut read, listing);
    push(&mut read, body);
    Some(read)
}

/// Whether an agent that starts in the root finds a skill or helper there: a collection of them is not installed.
fn is_installed(path: &str) -> bool {
    const PLACES: &[&str] = &[
        ".claude/skills/",
        ".claude/agents/",
        ".github/skills/",
        ".agents/skills/",
        ".codex/skills/",
        ".cursor/skills/",
        ".gemini/skills/",
        ".opencode/agent/",
        ".opencode/skill/",
    ];
    PLACES.iter().any(|place| path.starts_with(place))
}

pub(super) fn read_prompt(reading: &Reading<'_>) -> Option<Read> {
    let kind = kind(&reading.source.from_root).filter(|kind| matches!(kind, Kind::Command | Kind::Mode))?;
    let parts = parts(reading);
    let name = reading.source.file_name();
    // Other tools end their prompts' names the same way: an editor's say so in the front matter or by their folder.
    const EDITOR_KEYS: &[&str] = &["mode", "agent", "tools", "description"];
    let of_editor = !name.ends_with(".prompt.md")
        || reading.source.from_root.contains(".github/prompts/")
        || parts
            .front
            .as_ref()
            .is_some_and(|front| EDITOR_KEYS.iter().any(|key| front.get(key).is_some()));
    // `agent` ends the names of other texts too.
    let of_agent = !name.ends_with(".agent.md") || parts.front.is_some();
    if !of_editor || !of_agent {
        return None;
    }
    let mut read = Read::default();
    let mut prompt = settings::empty_prompt(reading, reading.source.path.clone(), PROMPT);
    if let Some(front) = &parts.front {
        prompt.model = agent_model(reading, front);
    }
    let role = if kind == Kind::Mode { Role::System } else { Role::User };
    add_text(reading, &mut prompt, role, parts.body);
    push(&mut read, prompt);
    Some(read)
}

/// The model that an agent's file asks for. Agents have short names for models that change under them (`sonnet`), and
/// editors names for their menus (`GPT-4.1`).
fn agent_model(reading: &Reading<'_>, front: &Node) -> Field<String> {
    let Some(value) = front.get("model").filter(|value| !value.is_null()) else {
        return Field::default();
    };
    // Editors bill by a plan, and their menus' names are no API's, however alike they look.
    let of_editor = !reading.source.from_root.contains(".claude/");
    match settings::stated(reading, value) {
        Field::Known(name, place) if of_editor || !is_api_name(&name) => {
            Field::Unknown(format!("`{name}` is the agent's own name for a model"), Some(place))
        }
        other => other,
    }
}

/// Whether a name is one that an API would take: no blanks or capitals, and a version.
fn is_api_name(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit())
        && !name
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || matches!(byte, b' ' | b'(' | b','))
}

fn add_text(reading: &Reading<'_>, prompt: &mut Prompt, role: Role, span: Span) {
    let text = &reading.source.text[span.start..span.end];
    let lead = text.len() - text.trim_start().len();
    let text = text.trim();
    if !text.is_empty() {
        let text = Text::verbatim(text, span.start + lead);
        let message = prompt_file::message(reading, role, text, Syntax::Agent, &mut Vec::new());
        prompt.messages.push(message);
    }
}

/// A file that holds nothing to send is no prompt.
fn push(read: &mut Read, prompt: Prompt) {
    if !prompt.messages.is_empty() {
        read.units.push(Unit::Prompt(Box::new(prompt)));
    }
}
