//! Lists the pages in `rules/`, so that a new rule is one new file, with their front matter as JSON: reading YAML is
//! most of what a run of milliseconds would do.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

fn main() {
    println!("cargo::rerun-if-changed=rules");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let folder = Path::new(&root).join("rules");
    let mut ids: Vec<String> = fs::read_dir(&folder)
        .expect("rules/ can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".md")?.to_owned()))
        .filter(|id| id != "README")
        .collect();
    ids.sort();
    let mut code = String::from(
        "/// Every page in `rules/`: its id, its front matter as JSON, its text and where the Markdown in it begins.\nconst PAGES: &[(&str, &str, &str, usize)] = &[\n",
    );
    for id in ids {
        let path = folder.join(format!("{id}.md"));
        let page = fs::read_to_string(&path).expect("a page is text");
        let (matter, body) = front_matter(&page).unwrap_or_else(|error| panic!("rules/{id}.md: {error}"));
        writeln!(code, "    ({id:?}, {matter:?}, include_str!({path:?}), {body}),").expect("a String can be written");
    }
    code.push_str("];\n");
    fs::write(Path::new(&out).join("rule_pages.rs"), code).expect("OUT_DIR can be written");
}

/// The front matter of a page, as JSON, and the byte at which its Markdown begins.
fn front_matter(page: &str) -> Result<(String, usize), String> {
    let (yaml, body) = page
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .ok_or("expected front matter between two lines `---`")?;
    let begin = page.len() - body.trim_start().len();
    let mut events = Parser::new_from_str(yaml).map(|event| event.map(|(event, _)| event));
    let mut next = move || match events.next() {
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the front matter ends too early".to_owned()),
    };
    loop {
        match next()? {
            Event::StreamStart | Event::DocumentStart(_) => {}
            first => return Ok((value(first, "", &mut next)?.to_string(), begin)),
        }
    }
}

/// The value that starts with the event `first` and stands under `key`.
fn value<'a>(
    first: Event<'a>,
    key: &str,
    next: &mut dyn FnMut() -> Result<Event<'a>, String>,
) -> Result<Value, String> {
    match first {
        // Only these two keys take anything but text.
        Event::Scalar(text, ScalarStyle::Plain, ..) if matches!(key, "default" | "preview" | "embeddings") => {
            Ok(serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.into_owned())))
        }
        Event::Scalar(text, ..) => Ok(Value::from(text.into_owned())),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next()? {
                    Event::SequenceEnd => return Ok(Value::Array(items)),
                    item => items.push(value(item, key, next)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Map::new();
            loop {
                let name = match next()? {
                    Event::MappingEnd => return Ok(Value::Object(entries)),
                    Event::Scalar(name, ..) => name.into_owned(),
                    other => return Err(format!("{other:?} is no key")),
                };
                let first = next()?;
                let value = value(first, &name, next)?;
                entries.insert(name, value);
            }
        }
        other => Err(format!("{other:?} has no place in front matter")),
    }
}
