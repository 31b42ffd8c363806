//! Artifacts as dbt reads them: dbt's own schemas and loader say whether ours are in order (`tests/artifacts/validate.py`).

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{Bench, copy, words};

/// A Python with dbt-core: `MERGANSER_DBT_PYTHON`, or the environment that `conformance` uses.
fn python() -> Option<PathBuf> {
    let given = std::env::var_os("MERGANSER_DBT_PYTHON").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let usual = home.map(|home| home.join(".cache/merganser-oracle/venv-dbt/bin/python"));
    given.or(usual).filter(|python| python.is_file())
}

/// What dbt says of the artifacts of a folder; the names of those it read.
fn read_by_dbt(python: &Path, folder: &Path) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/artifacts/validate.py");
    let output = Command::new(python).arg(script).arg(folder).output().expect("Python starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter_map(|line| line.strip_prefix("read ")).map(str::to_owned).collect()
}

#[test]
fn macros_of_another_adapter_are_not_in_the_manifest() {
    let bench = Bench::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/artifacts"), &bench.folder());
    bench.run(&words("parse"));
    let text = std::fs::read_to_string(bench.folder().join("target/manifest.json")).expect("there is a manifest");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let macros = manifest["macros"].as_object().expect("it has macros");
    let packages: BTreeSet<&str> = macros.values().filter_map(|one| one["package_name"].as_str()).collect();
    assert!(packages.contains("dbt") && packages.contains("dbt_duckdb"), "{packages:?}");
    assert!(!packages.contains("dbt_snowflake"), "{packages:?}");
}

#[test]
fn artifacts_are_accepted_by_dbt() {
    let Some(python) = python() else {
        // Straight to the stream: what a passing test prints is hidden, and that nothing was checked must be seen.
        let said = "not checked: artifacts are not read by dbt, because there is no dbt; set MERGANSER_DBT_PYTHON";
        writeln!(std::io::stderr(), "{said}").expect("standard error is open");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bench = Bench::new();
    copy(&root.join("tests/projects/selection"), &bench.folder());
    bench.run(&words("parse --target-path parsed"));
    assert_eq!(read_by_dbt(&python, &bench.folder().join("parsed")), ["manifest.json"]);

    let bench = Bench::new();
    copy(&root.join("tests/projects/artifacts"), &bench.folder());
    bench.run(&words("build"));
    bench.run(&words("docs generate"));
    bench.run(&words("source freshness"));
    bench.run(&words("build"));
    let read = read_by_dbt(&python, &bench.folder().join("target"));
    assert_eq!(read, ["manifest.json", "run_results.json", "catalog.json", "sources.json"]);
}
