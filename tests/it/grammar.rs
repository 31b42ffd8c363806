//! The grammar of `DuckDB` is the parser's own with additions: what the parser's says must be said again, one by one.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of the parser's sources, as cargo has it.
fn parser() -> PathBuf {
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo answers")
    };
    // What other platforms need may not be on this machine.
    let about = String::from_utf8(cargo(&["-vV"]).stdout).expect("a text");
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("the platform");
    let output = cargo(&["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host]);
    let known: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = known["packages"].as_array().expect("packages");
    let found = packages.iter().find(|package| package["name"] == "sqlparser").expect("the parser is a dependency");
    let manifest = Path::new(found["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a folder").to_path_buf()
}

/// The methods that a text defines.
fn methods(text: &str) -> Vec<&str> {
    let name = |line: &'_ str| -> Option<usize> { line.trim_start().strip_prefix("fn ")?.find('(') };
    text.lines().filter_map(|line| Some(&line.trim_start()[3..3 + name(line)?])).collect()
}

#[test]
fn the_grammar_of_duckdb_says_all_that_the_parsers_own_says() {
    let theirs = std::fs::read_to_string(parser().join("src/dialect/duckdb.rs")).expect("the parser's grammar");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql/grammar.rs");
    let ours = std::fs::read_to_string(ours).expect("our grammar");
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let words: Vec<&str> = ours.split(|c| !is_part(c)).collect();
    let methods = methods(&theirs);
    assert!(methods.len() > 20, "{methods:?}");
    let missing: Vec<&&str> = methods.iter().filter(|method| !words.contains(method)).collect();
    assert!(missing.is_empty(), "`src/sql/grammar.rs` must pass on {missing:?}, or the default holds");
}
