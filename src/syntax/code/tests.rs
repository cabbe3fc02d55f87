use super::*;
use crate::source::{Source, SourceId};
use crate::syntax::template::{Extent, fixed_ranges, variables};

/// The calls of the first of these files.
fn calls(files: &[(&str, &str)]) -> Vec<Call> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::new(*path, *text, false))
        .collect();
    let files = Files::new(&sources);
    let reader = Reader::new(&files, SourceId(0)).expect("it can be read");
    reader.calls(|_, _| true)
}

/// The call of `f` in the first of these files.
fn f(files: &[(&str, &str)]) -> Call {
    let mut found = calls(files).into_iter().filter(|call| call.name() == "f");
    found.next().expect("a call of f")
}

/// A value in short: text with its variables in braces, candidates with bars, `?` and the reason for the unknown.
fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Plain(text) => text.as_str().to_owned(),
        Kind::Text(text, _) => format!("'{}'", text.as_str()),
        Kind::List { items, open } => {
            let items: Vec<String> = items.iter().map(|item| shown(item)).collect();
            let more = match open {
                Some(Open { grows: Some(_), .. }) => " grows",
                Some(_) => " …",
                None => "",
            };
            format!("[{}{more}]", items.join(", "))
        }
        Kind::Map { entries, open, .. } => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{key}: {}", shown(value)))
                .collect();
            format!("{{{}{}}}", entries.join(", "), if open.is_some() { " …" } else { "" })
        }
        Kind::OneOf { of, open, .. } => {
            let of: Vec<String> = of.iter().map(|one| shown(one)).collect();
            format!("{}{}", of.join(" | "), if *open { " | …" } else { "" })
        }
        Kind::Call(call) => format!("{}()", call.callee),
        Kind::Path(path, _) | Kind::File(path) => path.clone(),
        Kind::Scope(..) => "own".to_owned(),
        Kind::Unknown(why) => format!("? {why}"),
    }
}

/// The first argument of the call of `f` in a Python file.
fn first(text: &str) -> String {
    let call = f(&[("app/a.py", text)]);
    let argument = call
        .positional
        .first()
        .or(call.keywords.first().map(|(_, argument)| argument));
    shown(&argument.expect("an argument").value)
}

#[test]
fn literals_and_constants_are_followed() {
    let text = "from transformers import TrainingArguments as TA\nRATE = 2e-4\nNAME = 'org/' 'model'\ndef main(size):\n    steps = 1_000\n    args = TA(NAME, lr=RATE, n=steps, m=size, d=torch.bfloat16, x=-1, f=f'a{b}', **extra)\n";
    let found = calls(&[("a.py", text)]);
    let [call] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(call.callee, "transformers.TrainingArguments");
    assert_eq!(call.name(), "TrainingArguments");
    assert_eq!(call.assigned_to.as_deref(), Some("args"));
    assert_eq!(call.function, "main");
    assert!(call.open);
    let keyword = |name| shown(&call.keyword(name).expect("it is there").value);
    assert_eq!(shown(&call.positional[0].value), "'org/model'");
    assert_eq!(keyword("lr"), "2e-4");
    assert_eq!(keyword("n"), "1000");
    assert_eq!(keyword("m"), "? `size` is given by the caller");
    assert_eq!(keyword("x"), "-1");
    assert_eq!(keyword("f"), "'a{b}'");
    let n = call.keyword("n").expect("n").span;
    assert_eq!(&text[n.start..n.end], "steps");
}

#[test]
fn a_name_set_in_several_places_is_one_of_them() {
    // What is set last, and surely, counts.
    assert_eq!(first("A = 1\nA = 2\nf(A)\n"), "2");
    assert_eq!(first("A = 1\nif x:\n    A = 2\nf(A)\n"), "1 | 2");
    assert_eq!(first("A = 1\nif x:\n    A = 2\nelse:\n    A = 3\nf(A)\n"), "2 | 3");
    assert_eq!(first("if x:\n    A = 1\n    f(A)\nelse:\n    A = 2\n"), "1");
    assert_eq!(first("A = 1 if x else 2\nf(A)"), "1 | 2");
    assert_eq!(first("for a in (1, 2):\n    f(a)\n"), "1 | 2");
    assert_eq!(
        first("for a in rows:\n    f(a)\n"),
        "? `a` is set while the program runs"
    );
    assert_eq!(first("def g():\n    f(A)\nA = 7\n"), "7");
}

#[test]
fn strings_are_decoded_with_their_places() {
    let call = f(&[("a.py", "f('a\\n\\x41', r'\\d', '''two\nlines''')")]);
    let texts: Vec<String> = call.positional.iter().map(|argument| shown(&argument.value)).collect();
    assert_eq!(texts, ["'a\nA'", "'\\d'", "'two\nlines'"]);
}

#[test]
fn strings_are_put_together() {
    let put = [
        ("H = 'Hi '\nf(f'{H}{user.name}, {1}')", "'Hi {user.name}, 1'"),
        ("H = 'Hi '\nf(H + 'you ' + who)", "'Hi you {who}'"),
        ("f('a {x} {} {{b}}'.format(1, x='y'))", "'a y 1 {b}'"),
        ("f('a %s of %d%%' % (name, 3))", "'a {0} of 3%'"),
        (
            "import textwrap\nf(textwrap.dedent('''\n    a\n      b\n''').strip())",
            "'a\n  b'",
        ),
        ("f('\\n'.join(['a', b, 'c']))", "'a\n{item}\nc'"),
        ("P = 'a <x> b'\nf(P.replace('<x>', q))", "'a {x} b'"),
        ("p = 'a'\np += ' b'\nf(p)", "'a b'"),
        (
            "import jinja2\nf(jinja2.Template('a {{ x }}').render(x=1))",
            "'a {{ x }}'",
        ),
        (
            "import string\nf(string.Template('a $x $$').substitute(x=1))",
            "'a $x $$'",
        ),
    ];
    for (text, expected) in put {
        assert_eq!(first(text), expected, "{text}");
    }
}

#[test]
fn branches_and_loops_of_a_string_are_told_apart() {
    let call = f(&[(
        "a.py",
        "p = 'a'\nif x:\n    p += ' long'\nfor r in rows:\n    p += f'row {r}'\nf(p)",
    )]);
    let Kind::Text(text, pieces) = &call.positional[0].value.kind else {
        panic!("a text");
    };
    let sent = |extent| -> String {
        let fixed = fixed_ranges(pieces, extent);
        fixed.ranges.into_iter().map(|range| &text.as_str()[range]).collect()
    };
    assert_eq!(
        (sent(Extent::Least).as_str(), sent(Extent::Most).as_str()),
        ("a", "a longrow ")
    );
    assert_eq!(variables(pieces).len(), 1);
}

#[test]
fn parameters_have_their_defaults_and_what_callers_pass() {
    assert_eq!(first("def g(m='a'):\n    f(m)\n"), "'a' | …");
    assert_eq!(first("def g(m):\n    f(m)\ng('b')\ng(m='c')\n"), "'b' | 'c' | …");
    assert_eq!(first("def g(m: Literal['a', 'b']):\n    f(m)\n"), "'a' | 'b' | …");
    assert_eq!(first("import os\nf(os.getenv('M', 'a'))"), "'a' | …");
    assert_eq!(first("import os\nf(os.environ.get('M') or 'a')"), "'a' | …");
    assert_eq!(first("def g(m):\n    return m\nf(g('a'))"), "'a'");
    assert_eq!(first("MODELS = {'x': 'a', 'y': 'b'}\nf(MODELS[k])"), "'a' | 'b'");
    let parser = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--my-model', default='a')\nargs = p.parse_args()\nf(args.my_model)";
    assert_eq!(first(parser), "'a' | …");
    let click = "import click\n@click.option('--m', default='a')\ndef g(m):\n    f(m)\n";
    assert_eq!(first(click), "'a' | …");
}

#[test]
fn classes_are_followed() {
    let settings = "class S(BaseSettings):\n    m: str = Field('a')\ns = S()\nf(s.m)";
    assert_eq!(first(settings), "'a' | …");
    assert_eq!(first("class C:\n    M = 'a'\nf(C.M)"), "'a'");
    assert_eq!(first("class E(str, Enum):\n    M = 'a'\nf(E.M.value)"), "'a'");
    let own = "class C:\n    def __init__(self, m='a'):\n        self.m = m\n    def g(self):\n        f(self.m)\n";
    assert_eq!(first(own), "'a' | …");
    let made = "class C:\n    def __init__(self, m='a'):\n        self.m = m\nc = C('b')\nf(c.m)";
    assert_eq!(first(made), "'b'");
    let property =
        "class C:\n    @property\n    def m(self):\n        return 'a'\n    def g(self):\n        f(self.m)\n";
    assert_eq!(first(property), "'a'");
}

#[test]
fn objects_are_followed_to_the_calls_that_make_them() {
    let made = [
        (
            "from openai import OpenAI\nc = OpenAI(base_url='u')\nc.chat.f(1)",
            "openai.OpenAI.chat.f",
        ),
        (
            "import openai as o\nclass A:\n    def __init__(self):\n        self.c = o.OpenAI()\n    async def g(self):\n        await self.c.chat.f(1)\n",
            "openai.OpenAI.chat.f",
        ),
        (
            "from openai import OpenAI\ndef g(c: OpenAI):\n    c.chat.f(1)\n",
            "openai.OpenAI.chat.f",
        ),
        (
            "from openai import OpenAI\ndef c():\n    return OpenAI()\nc().chat.f(1)\n",
            "openai.OpenAI.chat.f",
        ),
        ("from x import y\ny.z.f(1)", "x.y.z.f"),
        ("with OpenAI() as c:\n    c.f(1)", "OpenAI.f"),
        ("a = b()[0].chat.f(1)", "chat.f"),
    ];
    for (text, callee) in made {
        assert_eq!(f(&[("a.py", text)]).callee, callee, "{text}");
    }
    let call = f(&[("a.py", made[0].0)]);
    let maker = call.maker.expect("its maker");
    assert_eq!(shown(&maker.keyword("base_url").expect("an argument").value), "'u'");
}

#[test]
fn names_of_other_files_are_followed() {
    let prompts = ("app/prompts.py", "from .words import WORD\nSYSTEM = 'Be ' + WORD\n");
    let words = ("app/words.py", "WORD = 'brief'\n");
    for text in [
        "from .prompts import SYSTEM\nf(SYSTEM)",
        "from app.prompts import SYSTEM as S\nf(S)",
        "from app import prompts\nf(prompts.SYSTEM)",
        "import app.prompts as p\nf(p.SYSTEM)",
        "import app.prompts\nf(app.prompts.SYSTEM)",
        "from app.prompts import *\nf(SYSTEM)",
    ] {
        let call = f(&[("app/a.py", text), prompts, words]);
        assert_eq!(shown(&call.positional[0].value), "'Be brief'", "{text}");
        assert_eq!(call.positional[0].value.place.source, SourceId(1), "{text}");
    }
    let circle = ("app/prompts.py", "from .words import A\n");
    let back = ("app/words.py", "from .prompts import A\n");
    let call = f(&[("app/a.py", "from .prompts import A\nf(A)"), circle, back]);
    assert!(shown(&call.positional[0].value).ends_with('A'));
}

#[test]
fn files_of_the_tree_are_read() {
    let prompt = ("app/prompts/x.md", "Be brief.\n");
    for text in [
        "from pathlib import Path\nf((Path(__file__).parent / 'prompts' / 'x.md').read_text())",
        "from pathlib import Path\nf(Path('prompts/x.md').read_text().strip() + '\\n')",
        "import os\nf(open(os.path.join(os.path.dirname(__file__), 'prompts/x.md')).read())",
        "with open('app/prompts/x.md') as file:\n    text = file.read()\nf(text)",
        "from pathlib import Path\nHERE = Path(__file__).resolve().parents[0]\ndef load(name):\n    return (HERE / 'prompts' / f'{name}.md').read_text()\nf(load('x'))",
        "env = Environment(loader=FileSystemLoader('prompts'))\nf(env.get_template('x.md').render(a=1))",
        "from pathlib import Path\nf(Environment().from_string(Path('prompts/x.md').read_text()).render(a=1))",
        "from pathlib import Path\nf((Path.cwd() / 'app' / 'prompts' / 'x.md').read_text())",
        "from langchain_core.prompts import PromptTemplate\nf(PromptTemplate.from_file('prompts/x.md'))",
        "import chevron\nf(chevron.render(open('prompts/x.md').read(), {}))",
    ] {
        let call = f(&[("app/a.py", text), prompt]);
        assert_eq!(shown(&call.positional[0].value), "'Be brief.\n'", "{text}");
    }
    for text in [
        "import fs from 'fs';\nimport path from 'path';\nf(fs.readFileSync(path.join(__dirname, 'prompts', 'x.md'), 'utf8'));",
        "import { readFile } from 'node:fs/promises';\nf(await readFile(new URL('./prompts/x.md', import.meta.url), 'utf-8'));",
        "const fs = require('fs');\nconst path = require('path');\nconst load = (name) => fs.readFileSync(path.join(process.cwd(), 'app', `prompts/${name}.md`)).toString();\nf(load('x'));",
        "import { readFileSync } from 'fs';\nimport { dirname, join } from 'path';\nimport { fileURLToPath } from 'url';\nconst __dirname = dirname(fileURLToPath(import.meta.url));\nf(readFileSync(join(__dirname, '../app/prompts/x.md'), 'utf8'));",
        "import text from './prompts/x.md?raw';\nf(text);",
        "import Handlebars from 'handlebars';\nimport { readFileSync } from 'fs';\nconst made = Handlebars.compile(readFileSync('app/prompts/x.md', 'utf8'));\nf(made({}));",
    ] {
        let call = f(&[("app/a.ts", text), prompt]);
        assert_eq!(shown(&call.positional[0].value), "'Be brief.\n'", "{text}");
    }
    // What is said of the folder is a variable, as ever.
    assert_eq!(first("import os\nf(f'in {os.getcwd()}')"), "'in {os.getcwd()}'");
    let gone = f(&[("app/a.py", "f(open('y.md').read())"), prompt]);
    assert!(shown(&gone.positional[0].value).starts_with("open"));
}

#[test]
fn lists_grow_before_the_call_and_with_each_turn() {
    assert_eq!(
        first("m = [1]\nm.append(2)\nm += [3]\nm.insert(0, 0)\nf(m)"),
        "[0, 1, 2, 3]"
    );
    assert_eq!(first("m = [1]\nif x:\n    m.append(2)\nf(m)"), "[1 …]");
    assert_eq!(
        first("m = [1]\nwhile True:\n    r = f(m)\n    m.append(r)\n"),
        "[1 grows]"
    );
    assert_eq!(
        first("for q in qs:\n    m = [1]\n    m.append(2)\n    f(m)\n"),
        "[1, 2]"
    );
    assert_eq!(first("m = [1, *history]\nf(m)"), "[1 …]");
    assert_eq!(
        first("d = {'a': 1}\nd['b'] = 2\nd.update({'c': 3})\nf(d)"),
        "{a: 1, b: 2, c: 3}"
    );
    assert_eq!(first("d = dict(a=1)\nif x:\n    d['b'] = 2\nf(d)"), "{a: 1, b: 2 | …}");
}

#[test]
fn calls_in_loops_are_told() {
    let repeat = |text: &str| f(&[("a.py", text)]).repeat;
    assert_eq!(repeat("f(1)"), None);
    assert_eq!(repeat("for x in xs:\n    f(x)\n"), Some(Repeat::Each));
    assert_eq!(repeat("[f(x) for x in xs]"), Some(Repeat::Each));
    assert_eq!(repeat("while True:\n    f(1)\n"), Some(Repeat::While));
    assert_eq!(
        repeat("def g(x):\n    f(x)\nfor x in xs:\n    g(x)\n"),
        Some(Repeat::Each)
    );
    assert_eq!(repeat("def g(x):\n    f(x)\npool.map(g, xs)\n"), Some(Repeat::Each));
    assert_eq!(repeat("def g(x):\n    f(x)\ng(1)\n"), None);
}

#[test]
fn notebooks_are_read_through_their_json() {
    let notebook = r##"{"cells": [{"cell_type": "markdown", "source": ["f(0)"]},
 {"cell_type": "code", "outputs": [{"text": "f(1)"}], "source": ["!pip install x\n", "A = \"a\tb\"\n"]},
 {"cell_type": "code", "source": "f(A)"}]}"##;
    let found = calls(&[("a.ipynb", notebook)]);
    let [call] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(&notebook[call.place.span.start..call.place.span.end], "f(A)");
    let value = &call.positional[0].value;
    assert_eq!(shown(value), "'a\tb'");
    assert_eq!(&notebook[value.place.span.start..value.place.span.end], r#"\"a\tb\""#);
}

#[test]
fn broken_and_hostile_text_ends_in_time() {
    assert_eq!(first("def broken(:\n    pass\n\nA = 'a'\nf(A)\n"), "'a'");
    let nested = format!("f({}1{})", "[".repeat(5_000), "]".repeat(5_000));
    let doubling: String = (1..60).map(|n| format!("a{n} = a{} + a{}\n", n - 1, n - 1)).collect();
    let circle: String = (0..3_000).map(|n| format!("a{n} = a{}\n", n + 1)).collect();
    for text in [
        "f(".repeat(100_000),
        "((((".repeat(100_000),
        "'''".repeat(99_999),
        "x=".repeat(200_000),
        "f(a".repeat(30_000),
        nested,
        format!("a0 = 'x'\n{doubling}f(a59)"),
        format!("{circle}a3000 = a0\nf(a0)"),
        "a += a\n".repeat(20_000) + "f(a)",
        "def g(x):\n    return g(x)\nf(g(g(g(1))))".to_owned(),
        format!("x = 1{}\nf(x)", " + 1".repeat(50_000)),
    ] {
        calls(&[("a.py", &text)]);
    }
}

#[test]
fn a_name_that_is_changed_all_over_a_file_ends_in_time() {
    let adds = |times: usize| format!("x = ''\n{}f(x)\n", "x += 'a'\n".repeat(times));
    assert_eq!(first(&adds(1_500)), format!("'{}'", "a".repeat(1_500)));
    assert_eq!(first(&adds(100_000)), "? `x` is changed more than 2000 times");
    // Asked for again after each change.
    let asked = format!("x = []\n{}", "x.append(1)\ng(x)\n".repeat(40_000));
    assert_eq!(
        calls(&[("app/a.py", &asked)])
            .iter()
            .filter(|call| call.name() == "g")
            .count(),
        40_000
    );
}
