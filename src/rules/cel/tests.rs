use std::cell::RefCell;
use std::collections::HashMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::*;

const FACTS: [(&str, Type); 12] = [
    ("prompt.yes", Type::Bool),
    ("prompt.no", Type::Bool),
    ("prompt.n", Type::Int),
    ("prompt.big", Type::Int),
    ("prompt.zero", Type::Int),
    ("prompt.cost.total", Type::Number),
    ("prompt.s", Type::Str),
    ("prompt.tools", Type::Strs),
    ("prompt.absent", Type::Int),
    ("prompt.maybe", Type::Bool),
    ("prompt.list", Type::Strs),
    ("options.skip", Type::Strs),
];

fn strs(texts: &[&str]) -> Value {
    Value::Strs(texts.iter().map(|&text| text.into()).collect())
}

/// `maybe` and `list` are unknown, `absent` is absent.
fn fact(name: &str) -> Known<Value> {
    Known::Yes(match name {
        "prompt.yes" => Value::Bool(true),
        "prompt.no" => Value::Bool(false),
        "prompt.n" => Value::Int(7),
        "prompt.big" => Value::Int(i64::MAX),
        "prompt.zero" => Value::Int(0),
        "prompt.cost.total" => Value::Number(Decimal::new(25, 2)),
        "prompt.s" => Value::Str("héllo".into()),
        "prompt.tools" => strs(&["web", "code", ""]),
        "options.skip" => strs(&["héllo", "x"]),
        "prompt.absent" => return Known::Absent,
        other => return Known::Unknown(format!("{other} is open").into()),
    })
}

struct Table;

impl Names for Table {
    fn type_of(&self, name: &str) -> Option<Type> {
        FACTS.iter().find(|(n, _)| *n == name).map(|(_, ty)| *ty)
    }
    fn nearest(&self, name: &str) -> Option<String> {
        (name == "prompt.tool").then(|| "prompt.tools".to_owned())
    }
}

fn compile(source: &str) -> Result<Condition, ExprError> {
    Condition::compile(source, &Table, Type::Bool)
}

fn run(source: &str) -> Outcome {
    compile(source)
        .unwrap_or_else(|error| panic!("{source}: {error}"))
        .evaluate(&mut fact)
}

/// `true`, `false`, the facts that leave it open, or the fault.
fn told(source: &str) -> String {
    match run(source) {
        Outcome::Known(Value::Bool(value)) => value.to_string(),
        Outcome::Known(value) => format!("{value:?}"),
        Outcome::Unknown(reasons) => {
            let names: Vec<_> = reasons.iter().map(|reason| reason.fact.as_str()).collect();
            format!("? {}", names.join(" "))
        }
        Outcome::Failed(fault) => fault.to_string(),
    }
}

#[test]
fn logic_has_three_values() {
    let cases = [
        ("prompt.no && prompt.maybe", "false"),
        ("prompt.maybe && prompt.no", "false"),
        ("prompt.maybe && prompt.yes && !prompt.maybe", "? prompt.maybe"),
        ("prompt.yes || prompt.maybe", "true"),
        ("prompt.maybe || prompt.yes", "true"),
        ("prompt.maybe || prompt.absent > 1", "? prompt.maybe prompt.absent"),
        ("!prompt.maybe", "? prompt.maybe"),
        ("prompt.maybe ? prompt.n > 1 : prompt.yes", "true"),
        ("prompt.maybe ? prompt.n > 1 : prompt.no", "? prompt.maybe"),
        ("prompt.maybe == prompt.maybe", "? prompt.maybe"),
        ("has(prompt.n)", "true"),
        ("has(prompt.absent)", "false"),
        ("has(prompt.maybe)", "? prompt.maybe"),
        ("!has(prompt.absent) || prompt.absent > 3", "true"),
        ("prompt.s in prompt.list", "? prompt.list"),
        ("prompt.absent in [1, 2]", "? prompt.absent"),
        ("7 in [prompt.absent, prompt.n]", "true"),
        ("prompt.list.exists(x, x == 'a')", "? prompt.list"),
        ("prompt.tools.exists(x, prompt.maybe || x == 'web')", "true"),
        ("prompt.tools.all(x, prompt.maybe && x == 'web')", "false"),
        ("[].all(x, prompt.maybe)", "true"),
        // A fault counts where nothing else decides, and more than what is not known.
        ("1 / prompt.zero > 0", "`/` by zero"),
        ("1 / prompt.zero > 0 && prompt.no", "false"),
        ("1 / prompt.zero > 0 && prompt.yes", "`/` by zero"),
        ("prompt.maybe || 1 % prompt.zero > 0", "`%` by zero"),
        ("prompt.cost.total / 0.0 > 0", "`/` by zero"),
        ("prompt.big + 1 > 0", "the result of `+` is too large"),
        ("-prompt.big - 2 < 0", "the result of `-` is too large"),
    ];
    for (source, expected) in cases {
        assert_eq!(told(source), expected, "{source}");
    }
    assert_eq!(
        run("prompt.absent > 1"),
        Outcome::Unknown(vec![Reason {
            fact: "prompt.absent".to_owned(),
            why: Why::Absent,
        }])
    );
}

#[test]
fn decimals_are_exact_and_mix_with_whole_numbers() {
    for source in [
        "0.1 + 0.2 == 0.3",
        "prompt.cost.total * 4 == 1",
        "prompt.n / 2 == 3",
        "double(prompt.n) / 2 == 3.5",
        "(prompt.yes ? 1 : 0.5) / 2 == 0.5",
        "prompt.n > 6.99999999999999",
        "-prompt.cost.total == -0.25 && 1e3 == 1000",
        "prompt.big < 9.3e18 && prompt.cost.total in [1, 0.25]",
        "size(prompt.s) == 5 && prompt.tools.size() == 3",
    ] {
        assert_eq!(told(source), "true", "{source}");
    }
    // A cost that comes as a whole number is still divided as a decimal.
    let condition = compile("prompt.cost.total / 2 == 1.5").unwrap();
    assert_eq!(
        condition.evaluate(&mut |_| Known::Yes(Value::Int(3))),
        Outcome::Known(Value::Bool(true))
    );
}

#[test]
fn facts_are_asked_for_late_and_once() {
    let asked = RefCell::new(Vec::new());
    let mut ask = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        fact(name)
    };
    let source = "prompt.tools.exists(x, x == prompt.s) || prompt.n > 1 || prompt.maybe";
    let condition = compile(source).unwrap();
    condition.evaluate(&mut ask);
    assert_eq!(*asked.borrow(), ["prompt.tools", "prompt.s", "prompt.n"]);
    assert_eq!(
        condition.facts().collect::<Vec<_>>(),
        ["prompt.tools", "prompt.s", "prompt.n", "prompt.maybe"]
    );
}

#[test]
fn mistakes_have_a_place_and_a_help() {
    let cases = [
        // source, the place, a part of the message, a part of the help
        ("!has(prompt.typo)", "prompt.typo", "no `prompt.typo`", ""),
        (
            "'é' == prompt.s && size(prompt . tool) > 0",
            "prompt . tool",
            "no `prompt.tool`",
            "mean `prompt.tools`?",
        ),
        (
            "prompt.yes && prompt.n == 'x'",
            "prompt.n == 'x'",
            "a whole number can't be compared with a text",
            "",
        ),
        (
            "prompt.tools == 'x'",
            "prompt.tools == 'x'",
            "can't be compared",
            "in list",
        ),
        (
            "prompt.n && prompt.yes",
            "prompt.n",
            "a whole number, not true or false",
            "",
        ),
        ("prompt.n", "prompt.n", "a whole number, not true or false", ""),
        ("prompt.yes < prompt.no", "prompt.yes < prompt.no", "has no order", ""),
        ("size(prompt.n) > 1", "prompt.n", "only texts and lists", ""),
        (
            "(size(prompt.tools)) == 'x'",
            "size(prompt.tools)) == 'x'",
            "compared",
            "",
        ),
        ("size() > 1", "size", "`size` takes one value", ""),
        ("prompt.s.matches('a+')", "matches", "regular expressions", "contains"),
        (
            "prompt.tools.contains('a')",
            "prompt.tools",
            "a list of texts, not a text",
            "x in list",
        ),
        ("max(prompt.n, 1) > 1", "max", "no function `max`", "size"),
        (
            "prompt.tools.map(x, x) == prompt.tools",
            "prompt.tools.map(x, x)",
            "only `exists` and `all`",
            "exists",
        ),
        ("prompt.tools.exists(x, x.y)", "x.y", "`x` is a text", ""),
        ("prompt.tools.exists(x, x > 1)", "x > 1", "a text can't be compared", ""),
        (
            "prompt.s + 1 == prompt.s",
            "prompt.s + 1",
            "two numbers or two texts",
            "",
        ),
        ("5.0 % 2.0 == 1", "5.0 % 2.0", "two whole numbers", ""),
        (
            "prompt.n / 2 > 0.5",
            "prompt.n / 2 > 0.5",
            "cut to a whole number",
            "double(a)",
        ),
        ("prompt.n in [1, 'a']", "'a'", "can't be compared", ""),
        ("[1, 2] == prompt.tools", "1", "lists than of texts", ""),
        (
            "prompt.s in prompt.s",
            "prompt.s in prompt.s",
            "looks into a list",
            "contains",
        ),
        ("prompt.s == null", "null", "`null` is not supported", "has(name)"),
        ("prompt.tools[0] == 'a'", "prompt.tools[0", "no numbers", "exists"),
        ("{'a': prompt.n} == 1", "{'a': prompt.n}", "maps", ""),
        (
            "prompt.n > 0.1234567890123456789",
            "0.1234567890123456789",
            "at most 15 digits",
            "",
        ),
        // From the parser.
        ("prompt.n > > 1", ">", "", ""),
        ("prompt.n > 1 prompt.n", "prompt", "`prompt` is not expected here", ""),
        ("prompt.n >\n  1é", "é", "", ""),
        ("has(prompt)", "", "the name of a fact", ""),
        ("prompt.n = 7", "=", "not expected", "`==`"),
        ("", "", "ends too early", ""),
    ];
    for (source, place, message, help) in cases {
        let error = compile(source).expect_err(source);
        assert_eq!(&source[error.span.clone()], place, "{source}: {error:?}");
        assert!(error.message.contains(message), "{source}: {error:?}");
        assert!(
            error.help.clone().unwrap_or_default().contains(help),
            "{source}: {error:?}"
        );
    }
}

/// 4 kB of anything ends soon, and on the 2 MiB stack of a test's thread.
#[test]
fn hostile_expressions_are_refused_or_read() {
    let patterns = [
        "(",
        "[",
        "{1:",
        "!",
        "-",
        "!-",
        "1+",
        "1?",
        "1?1:",
        "prompt.yes?prompt.yes:",
        "f(",
        "!(",
        "x{a:",
        "prompt.s.exists(y,",
        "prompt.yes&&",
        "prompt.yes||!",
        "has(",
        "'",
        "\"\"\"",
        "\\",
        "é",
        "\0",
        "//",
        ",",
        "1 in ",
    ];
    for pattern in patterns {
        for end in ["1", "prompt.yes", ""] {
            let mut source = pattern.repeat((MAX_LENGTH - 10) / pattern.len());
            source.push_str(end);
            // The result differs; what counts is that there is one, in bounds.
            if let Err(error) = compile(&source) {
                assert!(source.get(error.span).is_some(), "{pattern}");
            }
        }
    }
    for tail in [".a", "[1]", ".f()", ".exists(x,x)", "+1", "{}", "?1:1"] {
        let source = format!("prompt{}", tail.repeat((MAX_LENGTH - 6) / tail.len()));
        assert!(compile(&source).is_err(), "{tail}");
    }
    assert!(compile(&" ".repeat(MAX_LENGTH + 1)).is_err());
    // A long chain is not a deep one.
    let chain = vec!["prompt.yes"; 250].join(" && ");
    assert_eq!(told(&chain), "true");
}

#[test]
fn an_evaluation_ends() {
    let long: Value = Value::Strs((0..1000).map(|n| n.to_string().into()).collect());
    let source = "prompt.tools.all(a, prompt.tools.all(b, prompt.tools.all(c, a + b != c + '-')))";
    let condition = compile(source).unwrap();
    assert_eq!(
        condition.evaluate(&mut |_| Known::Yes(long.clone())),
        Outcome::Failed(Fault::TooManySteps)
    );
    // Neither does a decided neighbour hide that, nor do few steps over much text escape it.
    let source = "prompt.tools.exists(a, prompt.s.contains(a)) && prompt.no";
    let text: Arc<str> = "y".repeat(1 << 20).into();
    let outcome = compile(source).unwrap().evaluate(&mut |name| match name {
        "prompt.s" => Known::Yes(Value::Str(text.clone())),
        "prompt.no" => Known::Yes(Value::Bool(false)),
        _ => Known::Yes(Value::Strs(vec![Arc::from("x"); 1000].into())),
    });
    assert_eq!(outcome, Outcome::Failed(Fault::TooManySteps));
    // A fact that is not what the table says is reported.
    let outcome = compile("prompt.n > 1")
        .unwrap()
        .evaluate(&mut |_| Known::Yes(strs(&[])));
    assert_eq!(outcome, Outcome::Failed(Fault::WrongType("`prompt.n`".to_owned())));
}

/// Random expressions, right in their types, over known facts.
struct Generator(u64);

impl Generator {
    /// The next number below `bound` (xorshift64).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn pick(&mut self, of: &[&str]) -> String {
        of[self.below(of.len() as u64) as usize].to_owned()
    }

    fn expr(&mut self, ty: Type, depth: u32) -> String {
        let Some(depth) = depth.checked_sub(1) else {
            return self.leaf(ty);
        };
        if self.below(8) == 0 {
            let condition = self.expr(Type::Bool, depth);
            let (then, other) = (self.expr(ty, depth), self.expr(ty, depth));
            return format!("({condition} ? {then} : {other})");
        }
        match ty {
            Type::Bool => match self.below(9) {
                0 => format!("!{}", self.expr(Type::Bool, depth)),
                1..=3 => {
                    let operator = self.pick(&["&&", "||", "&&", "||", "==", "!="]);
                    self.binary(Type::Bool, &operator, depth)
                }
                4..=5 => {
                    let of = [Type::Int, Type::Int, Type::Str, Type::Number];
                    let of = of[self.below(4) as usize];
                    let operator = self.pick(&["==", "!=", "<", "<=", ">", ">="]);
                    self.binary(of, &operator, depth)
                }
                6 => {
                    let operator = self.pick(&["contains", "startsWith", "endsWith"]);
                    let (text, part) = (self.expr(Type::Str, depth), self.leaf(Type::Str));
                    format!("({text}).{operator}({part})")
                }
                7 => {
                    let (text, list) = (self.expr(Type::Str, depth), self.expr(Type::Strs, depth));
                    format!("({text} in {list})")
                }
                _ => {
                    let operator = self.pick(&["exists", "all"]);
                    let list = self.expr(Type::Strs, depth);
                    let (part, rest) = (self.leaf(Type::Str), self.expr(Type::Bool, depth));
                    format!("{list}.{operator}(x, x.contains({part}) || {rest})")
                }
            },
            Type::Int => match self.below(6) {
                0 => format!("size({})", self.expr(Type::Strs, depth)),
                1 => format!("size({})", self.expr(Type::Str, depth)),
                2 => format!("-({})", self.expr(Type::Int, depth)),
                _ => {
                    let operator = self.pick(&["+", "-", "*", "/", "%"]);
                    self.binary(Type::Int, &operator, depth)
                }
            },
            Type::Number => {
                let operator = self.pick(&["+", "-", "*"]);
                self.binary(Type::Number, &operator, depth)
            }
            Type::Str => self.binary(Type::Str, "+", depth),
            Type::Strs => {
                let (first, second) = (self.expr(Type::Str, depth), self.expr(Type::Str, depth));
                format!("[{first}, {second}]")
            }
        }
    }

    fn binary(&mut self, of: Type, operator: &str, depth: u32) -> String {
        let (left, right) = (self.expr(of, depth), self.expr(of, depth));
        format!("({left} {operator} {right})")
    }

    /// Without brackets, so that precedence is tested too.
    fn leaf(&mut self, ty: Type) -> String {
        match ty {
            Type::Bool => self.pick(&["prompt.yes", "prompt.no", "(prompt.n * 2 + 1 > 14 - 3 % 2)"]),
            Type::Int => self.pick(&["prompt.n", "prompt.big", "prompt.zero", "0", "-3", "0x1f"]),
            // Quarters, which binary fractions hold exactly.
            Type::Number => self.pick(&["prompt.cost.total", "0.5", "-1.25", "3.0"]),
            Type::Str => self.pick(&["prompt.s", "'é'", "\"l\"", "''", "r'\\n'", "'\\u00e9l'"]),
            Type::Strs => self.pick(&["prompt.tools", "options.skip", "[]", "['a', 'é']"]),
        }
    }
}

/// What is known of the facts, for the `cel` crate's own interpreter.
fn reference_context() -> cel::Context<'static, 'static> {
    type Reference = cel::Value;
    let value = |name: &str| match fact(name) {
        Known::Yes(Value::Bool(value)) => Reference::from(value),
        Known::Yes(Value::Int(value)) => Reference::from(value),
        Known::Yes(Value::Number(value)) => Reference::from(value.to_f64().unwrap_or(f64::NAN)),
        Known::Yes(Value::Str(value)) => Reference::from(&*value),
        Known::Yes(Value::Strs(list)) => Reference::from(list.iter().map(|text| text.to_string()).collect::<Vec<_>>()),
        other => panic!("{name}: {other:?}"),
    };
    let simple = ["yes", "no", "n", "big", "zero", "s", "tools"];
    let mut prompt: HashMap<String, Reference> = simple
        .iter()
        .map(|name| ((*name).to_owned(), value(&format!("prompt.{name}"))))
        .collect();
    let total = HashMap::from([("total".to_owned(), value("prompt.cost.total"))]);
    prompt.insert("cost".to_owned(), total.into());
    let options = HashMap::from([("skip".to_owned(), value("options.skip"))]);
    let mut context = cel::Context::default();
    context.add_variable_from_value("prompt", prompt);
    context.add_variable_from_value("options", options);
    context
}

#[test]
fn known_facts_give_what_the_crates_interpreter_gives() {
    let context = reference_context();
    let mut generator = Generator(0x9E37_79B9_7F4A_7C15);
    let (mut values, mut faults) = (0, 0);
    for _ in 0..600 {
        let source = generator.expr(Type::Bool, 4);
        if source.len() > 1000 {
            continue;
        }
        let expected = cel::Program::compile(&source)
            .unwrap_or_else(|error| panic!("{source}: {error}"))
            .execute(&context);
        match (run(&source), expected) {
            (Outcome::Known(Value::Bool(ours)), Ok(cel::Value::Bool(theirs))) => {
                assert_eq!(ours, theirs, "{source}");
                values += 1;
            }
            (Outcome::Failed(_), Err(_)) => faults += 1,
            (ours, theirs) => panic!("{source}: {ours:?}, expected {theirs:?}"),
        }
    }
    assert!(values > 300 && faults > 10, "{values} {faults}");
}
