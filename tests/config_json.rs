//! `config.json` files beside the catalog's rows. Set `CONFIGS` to a folder of `<org>--<name>_config.json` to check what
//! is read of them: `CONFIGS=… cargo test --test config_json -- --nocapture` prints a row of the catalog for each.

use llmlint::catalog::{Catalog, Date, config_json};

#[test]
fn what_is_read_agrees_with_the_catalog() {
    let Some(folder) = std::env::var_os("CONFIGS") else {
        eprintln!("skipped: CONFIGS is not set");
        return;
    };
    let today = Date::new(2026, 11, 24).expect("a day");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let mut differ = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = name
            .strip_suffix("_config.json")
            .filter(|stem| !stem.ends_with("_hf_quant"))
        else {
            continue;
        };
        let id = stem.replacen("--", "/", 1);
        let text = std::fs::read_to_string(&path).expect("text");
        match config_json::open_model(&text, &id, today) {
            Err(error) => eprintln!("{id}: {error}"),
            Ok(read) => {
                println!("{}", serde_json::to_string(&read).expect("JSON"));
                let Some(row) = Catalog::embedded().open_model(&id) else {
                    continue;
                };
                let error = read.parameters as f64 / row.parameters as f64 - 1.0;
                let same = (read.layers, read.hidden_size, read.heads, read.kv_heads, read.head_dim)
                    == (row.layers, row.hidden_size, row.heads, row.kv_heads, row.head_dim);
                if error.abs() > 0.01 || !same {
                    differ.push(format!("{id}: {:+.2}%, same shape: {same}", error * 100.0));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
}
