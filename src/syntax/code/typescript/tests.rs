//! What a file says, written out again in short.

use super::super::{BlockId, BlockKind, Change, Entry, ExprId, ExprKind, Module, ScopeKind};
use super::{is_generated, read};

fn module(text: &str) -> Module {
    read(text, 0, false).expect("it is read")
}

/// An expression in short: `a.b(c, {d: "e"})`.
fn expr(module: &Module, id: ExprId) -> String {
    let one = |id: &ExprId| expr(module, *id);
    let all = |ids: &[ExprId], mark: &str| ids.iter().map(one).collect::<Vec<_>>().join(mark);
    let spread = |value: &ExprId, spread: bool| format!("{}{}", if spread { "..." } else { "" }, one(value));
    match &module.expr(id).kind {
        ExprKind::Plain(text) => text.as_str().to_owned(),
        ExprKind::Text(text) => format!("{:?}", text.as_str()),
        ExprKind::Join(parts) => format!("[{}]", all(parts, " + ")),
        ExprKind::List(items) => {
            let items: Vec<String> = items.iter().map(|item| spread(&item.value, item.spread)).collect();
            format!("[{}]", items.join(", "))
        }
        ExprKind::Map { entries, .. } => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| match entry {
                    Entry::Pair(key, value) => format!("{}: {}", one(key), one(value)),
                    Entry::Spread(value) => spread(value, true),
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        ExprKind::Name(name) => name.clone(),
        ExprKind::Member(object, name) => format!("{}.{name}", one(object)),
        ExprKind::Index(object, index) => format!("{}[{}]", one(object), one(index)),
        ExprKind::Call {
            function, arguments, ..
        } => {
            let arguments: Vec<String> = arguments.iter().map(|a| spread(&a.value, a.spread)).collect();
            format!("{}({})", one(function), arguments.join(", "))
        }
        ExprKind::Either(of) => format!("({})", all(of, " | ")),
        ExprKind::Scope(scope) => format!("<{}>", module.scope(*scope).name),
        _ => "?".to_owned(),
    }
}

/// Where names are set, in short.
fn bindings(module: &Module) -> Vec<String> {
    let shown = |binding: &super::super::Binding| {
        let value = |id: ExprId| expr(module, id);
        let change = match binding.change {
            Change::Set(id) => format!("= {}", value(id)),
            Change::Declared => "declared".to_owned(),
            Change::Add(id) => format!("+= {}", value(id)),
            Change::Push(id) => format!("push {}", value(id)),
            Change::PushFront(id) => format!("unshift {}", value(id)),
            Change::Extend(id) => format!("extend {}", value(id)),
            Change::SetKey(key, id) => format!("[{}] = {}", value(key), value(id)),
            Change::Item(id) => format!("each of {}", value(id)),
            Change::Runtime => "?".to_owned(),
        };
        let scope = module.scope(binding.scope);
        let dot = if scope.name.is_empty() { "" } else { "." };
        format!("{}{dot}{} {change}", scope.name, binding.name)
    };
    module.bindings.iter().map(shown).collect()
}

fn sites(module: &Module) -> Vec<String> {
    module.sites.iter().map(|site| expr(module, site.call)).collect()
}

fn imports(module: &Module) -> Vec<String> {
    let shown = |(local, import): (&String, &super::super::Import)| {
        format!("{local}: {} {}", import.module, import.name.as_deref().unwrap_or("*"))
    };
    let mut imports: Vec<String> = module.imports.iter().map(shown).collect();
    imports.sort();
    imports
}

#[test]
fn imports_of_every_kind() {
    let module = module(
        r#"
import OpenAI, { type ClientOptions as Options } from "openai";
import * as prompts from './prompts';
import fs = require("fs");
const { Configuration: Conf, OpenAIApi } = require("openai");
const later = require("./later").default;
const { Groq } = await import("groq-sdk");
export { SYSTEM as default, USER } from "./texts";
export * from "./all";
export * as inner from "./inner";
const inline = new (require("ollama").Ollama)();
"#,
    );
    assert_eq!(
        imports(&module),
        [
            "Conf: openai Configuration",
            "Groq: groq-sdk Groq",
            "OpenAI: openai default",
            "OpenAIApi: openai OpenAIApi",
            "Options: openai ClientOptions",
            "USER: ./texts USER",
            "default: ./texts SYSTEM",
            "fs: fs *",
            "inner: ./inner *",
            "later: ./later default",
            "module ollama: ollama *",
            "prompts: ./prompts *",
        ]
    );
    assert_eq!(module.stars, ["./all"]);
    assert_eq!(bindings(&module), ["inline = module ollama.Ollama()"]);
}

#[test]
fn values_of_every_kind() {
    let module = module(
        r#"
export const MODEL = "gpt-4o" as const;
let tone: string;
const text = `Be ${tone}\n` + 'it\'s' + "\u{e9}\x41";
const options = { model: MODEL, max_tokens: 4 * 1_024, top_p: .5, n: -1, ...rest, "a-b": [1, ...more], ["x" + y]: null };
const model = process.env.MODEL ?? options?.["model"] ?? (fast ? "a" : "b");
const { deep: [{ first = "x" }], other: renamed } = options!;
enum Kind { A = "a-1", B = 'b-2', C }
const tagged = dedent`Say ${model}`;
const both = ready && { a: 1 };
const joined = ["a", "b"].join("\n") satisfies string;
"#,
    );
    assert_eq!(
        bindings(&module),
        [
            "MODEL = \"gpt-4o\"",
            "tone declared",
            "text = [[\"Be \" + tone + \"\\n\"] + \"it's\" + \"éA\"]",
            "options = {\"model\": MODEL, \"max_tokens\": 4096, \"top_p\": 0.5, \"n\": -1, ...rest, \"a-b\": [1, ...more], \
             [\"x\" + y]: null}",
            "model = (process.env.MODEL | options[\"model\"] | (\"a\" | \"b\"))",
            "first = (options.deep[0].first | \"x\")",
            "renamed = options.other",
            "Kind = {\"A\": \"a-1\", \"B\": \"b-2\"}",
            "tagged = dedent([\"Say \" + model])",
            "both = ({\"a\": 1} | null)",
            "joined = [\"a\", \"b\"].join(\"\\n\")",
        ]
    );
}

#[test]
fn what_is_set_belongs_to_its_block() {
    let module = module(
        r#"
const model = "a";
function f(model = "b", { limit = 5, deep: { x } }, ...rest) {
  if (model) { const model = "c"; call(model); } else { let model = "d"; call(model); }
  try { var late = 1; } catch (error) { late = 2; }
  return model;
}
const g = (items) => { for (const item of items) { use(item, model); } };
"#,
    );
    assert_eq!(
        bindings(&module),
        [
            "f.model#3 = \"c\"",
            "f.model#4 = \"d\"",
            "f.late = 1",
            "f.error ?",
            "f.late = 2",
            "f = <f>",
            "g.item each of items",
            "g = <g>",
        ]
        .iter()
        .fold(vec!["model = \"a\"".to_owned()], |mut all, more| {
            all.push((*more).to_owned());
            all
        })
    );
    assert_eq!(sites(&module), ["call(model#3)", "call(model#4)", "use(item, model)"]);
    let parameters: Vec<&str> = module.scopes[1].parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(parameters, ["model", "limit", "x", "rest"]);
    let returned = module.scopes[1].returns[0].0;
    assert_eq!(expr(&module, returned), "model");
}

#[test]
fn classes_hold_what_is_set_on_this() {
    let module = module(
        r#"
export default class Llm extends Base {
  private model: string = "gpt-4o";
  #key?: string;
  constructor(private readonly client: OpenAI, other) {
    this.openai = new OpenAI({ apiKey: other });
    this.options.limit = 5;
  }
  get name() { return "x"; }
  async ask() { return this.openai.chat.completions.create({ model: this.model }); }
}
"#,
    );
    assert_eq!(
        bindings(&module),
        [
            "Llm.model = \"gpt-4o\"",
            "Llm.#key declared",
            "Llm.client = client",
            "Llm.openai = OpenAI({\"apiKey\": other})",
            "Llm.options [\"limit\"] = 5",
            "Llm.constructor = <constructor>",
            "Llm.name = <name>()",
            "Llm.ask = <ask>",
            "Llm = <Llm>",
        ]
    );
    assert_eq!(module.exports.keys().collect::<Vec<_>>(), ["default"]);
    let class = module.scopes.iter().find(|scope| scope.kind == ScopeKind::Class);
    let class = class.expect("a class");
    assert_eq!(expr(&module, class.bases[0]), "Base");
}

#[test]
fn changes_and_exports_of_node() {
    let module = module(
        r#"
const messages = [];
messages.push({ role: "user" }, ...history);
messages.unshift(first);
const params = {};
params.model = "a";
params["top_p"] = 1;
Object.assign(params, more);
let text = "a";
text += "b";
module.exports = { ask, LIMIT: 5 };
exports.other = 6;
"#,
    );
    assert_eq!(
        bindings(&module),
        [
            "messages = []",
            "messages push {\"role\": \"user\"}",
            "messages extend history",
            "messages unshift first",
            "params = {}",
            "params [\"model\"] = \"a\"",
            "params [\"top_p\"] = 1",
            "params extend more",
            "text = \"a\"",
            "text += \"b\"",
        ]
    );
    let mut exports: Vec<&str> = module.exports.keys().map(String::as_str).collect();
    exports.sort_unstable();
    assert_eq!(exports, ["LIMIT", "ask", "default", "other"]);
}

#[test]
fn loops_are_known() {
    let loops = |text: &str| {
        let module = module(text);
        let site = module
            .sites
            .iter()
            .find(|site| expr(&module, site.call) == "ask()")
            .expect("a call");
        let mut found = Vec::new();
        let mut block: Option<BlockId> = Some(site.block);
        while let Some(at) = block {
            let inside = module.block(at);
            if !matches!(inside.kind, BlockKind::Body) {
                found.push(inside.kind);
            }
            block = inside.parent;
        }
        found
    };
    assert_eq!(loops("for (const a of b) { ask() }"), [BlockKind::Each]);
    assert_eq!(loops("for (let i = 0; i < b.length; i++) ask()"), [BlockKind::Each]);
    assert_eq!(loops("for (let i = 0; i < 3; i++) { ask() }"), [BlockKind::While]);
    assert_eq!(
        loops("await Promise.all(b.map(async (a) => { await ask() }))"),
        [BlockKind::Each]
    );
    assert_eq!(loops("do { ask() } while (more)"), [BlockKind::While]);
    let branch = |complete| BlockKind::Branch { statement: 0, complete };
    assert_eq!(loops("if (a) {} else if (b) { ask() }"), [branch(false)]);
    assert_eq!(loops("if (a) {} else { ask() }"), [branch(true)]);
    assert_eq!(loops("switch (a) { case 1: ask(); break; default: }"), [branch(true)]);
}

#[test]
fn broken_files_give_what_can_be_read() {
    let module = module("const a = 'x';\nfunction f() {\n  ask({ model: a );\n  if (a) {\n}\nother({ model: 'y' });\n");
    let sites = sites(&module);
    assert!(sites.contains(&"ask({\"model\": a})".to_owned()), "{sites:?}");
    assert!(sites.contains(&"other({\"model\": \"y\"})".to_owned()), "{sites:?}");
}

#[test]
fn bundles_are_told_from_long_prompts() {
    let bundle = "function a(b){return c(b,{d:1});}".repeat(200);
    let prompt = format!("const a = `{}`;", "You are a kind assistant. ".repeat(200));
    let image = format!("const a = '{}';", "iVBORw0KGgoAAAANSUhEUg".repeat(200));
    assert!(is_generated("a.js", &bundle));
    assert!(!is_generated("a.js", &prompt));
    assert!(!is_generated("a.js", &image));
    assert!(is_generated("a.d.ts", ""));
}

#[test]
fn jsx_is_looked_into() {
    let module = read(
        "const A = () => <div onClick={() => ask(1)}>it's {ask(2)}</div>;",
        0,
        true,
    )
    .expect("it is read");
    assert_eq!(sites(&module), ["ask(1)", "ask(2)"]);
}

#[test]
fn hostile_text_ends_in_time() {
    const N: usize = 20_000;
    for text in [
        "(".repeat(N),
        "[".repeat(N),
        "{".repeat(N),
        "!".repeat(N),
        "f(".repeat(N),
        "a=>".repeat(N) + "1",
        "a?b:".repeat(N) + "c",
        "a=".repeat(N) + "1",
        "new ".repeat(N) + "a",
        "if(a){}else ".repeat(N) + "b",
        format!("x={}a", "a+".repeat(N)),
        format!("x={}a", "a**".repeat(N)),
        format!("x=a{}", ".b()".repeat(N)),
        format!("x={}", "{a:".repeat(N)),
        format!("x={}", "`${".repeat(N)),
        format!("const {}", "{a:".repeat(N)),
        format!("type A={}", "A<".repeat(N)),
        format!("x={}", "<a>".repeat(N)),
        format!("x{}", "[0]".repeat(N) + "=1"),
        "function f(".repeat(N),
        "class A{a(){".repeat(N),
        "for(;;)".repeat(N),
        "/*".repeat(N),
        "'\n".repeat(N),
    ] {
        read(&text, 0, false);
        read(&text, 0, true);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_harm(picks in proptest::collection::vec(0..40usize, 0..60)) {
        const PARTS: [&str; 40] = [
            "a", "é", " ", "\n", "\r\n", "\\", "'", "\"", "`", "${", "}", "{", "(", ")", "[", "]", "=", "=>", ".", ",",
            ";", "...", "?", ":", "const ", "let ", "function ", "class ", "if ", "else ", "for ", "of ", "import ",
            "from ", "export ", "default ", "return ", "await ", "new ", "1",
        ];
        let text: String = picks.into_iter().map(|pick| PARTS[pick]).collect();
        if let Some(module) = read(&text, 0, true) {
            for expr in &module.exprs {
                proptest::prop_assert!(text.get(expr.span.start..expr.span.end).is_some());
            }
        }
    }
}
