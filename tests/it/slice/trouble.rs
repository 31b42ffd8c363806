//! What can be wrong around a build: the database is taken, nothing can be written, the login is refused.

use std::path::{Path, PathBuf};

use merganser::warehouse::{DuckDbOptions, open_duckdb};
use serde_json::json;

use super::Bench;
use crate::services::{Stub, StubAnswer};

/// The files below a folder that hold a text.
pub(super) fn files_holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_holding(&path, text));
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes()) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_database_that_another_process_holds_is_left_alone() {
    let bench = Bench::new("locked");
    let options =
        DuckDbOptions { path: Some(bench.database()), database: "BRIGHTCART".to_owned(), ..DuckDbOptions::default() };
    let held = open_duckdb(&options).unwrap();
    let ran = bench.run(&["seed"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert!(ran.err.contains(&std::process::id().to_string()), "who holds it is not said: {}", ran.err);
    assert!(ran.err.contains("brightcart.duckdb"), "{}", ran.err);
    assert!(!bench.target().join("run_results.json").exists());
    drop(held);
    bench.run(&["seed"]).ok();
}

#[test]
fn a_target_folder_that_cannot_be_written_is_noticed_before_anything_runs() {
    let bench = Bench::new("unwritable");
    // A file in the folder's place: that stops also those whom permissions do not.
    std::fs::write(bench.target(), "").unwrap();
    for command in ["seed", "compile", "parse"] {
        let ran = bench.run(&[command]);
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.all());
        assert!(ran.err.contains("--target-path") && ran.err.contains("target"), "{command}: {}", ran.err);
    }
    let warehouse = bench.query("select count(*) from duckdb_tables() where table_name = 'exchange_rates'");
    assert_eq!(warehouse.rows, [["0"]]);
}

#[test]
fn a_login_that_is_refused_is_an_error_without_the_password() {
    let refused = json!({ "success": false, "code": "390100", "message": "Incorrect username or password was specified.",
        "data": { "authnMethod": "USERNAME_PASSWORD" } });
    let stub = Stub::start(move |_, _| StubAnswer::Body(200, refused.to_string()));
    let mut bench = Bench::new("refused");
    let settings = [
        ("MERGANSER_TARGET", "snowflake"),
        ("SNOWFLAKE_ACCOUNT", "fake"),
        ("SNOWFLAKE_USER", "snow"),
        ("SNOWFLAKE_PASSWORD", "wr0ng-secret"),
        ("SNOWFLAKE_HOST", "127.0.0.1"),
        ("SNOWFLAKE_PROTOCOL", "http"),
    ];
    bench.environment = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    bench.environment.push(("SNOWFLAKE_PORT", stub.port.to_string()));
    for command in [&["debug"][..], &["seed"], &["compile"], &["build", "--log-format", "json"]] {
        let ran = bench.run(command);
        assert!(matches!(ran.code, Some(1 | 2)), "{command:?}: {}", ran.all());
        assert!(ran.err.contains("Incorrect username or password"), "{command:?}: {}", ran.err);
        assert!(!ran.all().contains("wr0ng-secret"), "{command:?}: {}", ran.all());
    }
    assert!(stub.requests("login-request").iter().all(|request| request.body.contains("wr0ng-secret")));
    let written = files_holding(&bench.folder, "wr0ng-secret");
    assert!(written.is_empty(), "{written:?}");
}
