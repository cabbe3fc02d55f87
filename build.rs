//! Lists the pages in `rules/`, so that a new rule is one new file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

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
    let mut code =
        String::from("/// Every page in `rules/`: its id and its text.\nconst PAGES: &[(&str, &str)] = &[\n");
    for id in ids {
        let path = folder.join(format!("{id}.md"));
        writeln!(code, "    ({id:?}, include_str!({path:?})),").expect("a String can be written");
    }
    code.push_str("];\n");
    fs::write(Path::new(&out).join("rule_pages.rs"), code).expect("OUT_DIR can be written");
}
