//! What a load says to Snowflake, as text, and what it makes of the answers.

use std::path::Path;

use merganser::load::{
    IgnoredKey, LandedFile, Ledger, LedgerEntry, Listing, LoadRun, Location, OnChange, OnError, Status, Store, Through,
    copy_batches, load, survey,
};
use merganser::sql::{Dialect, Quoting, Relation};
use merganser::warehouse::{Cell, Column, Outcome, Session, Table, WarehouseError};

use super::{early, spec, stamp};

/// Notes what it is told and answers as Snowflake does.
#[derive(Default)]
struct Scripted {
    told: Vec<String>,
    copied: usize,
}

impl Session for Scripted {
    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
        self.told.push(sql.to_owned());
        let mut outcome = Outcome::default();
        if sql.starts_with("copy into") {
            let columns = vec![Column::new("file", "TEXT"), Column::new("status", "TEXT")];
            let row = || vec![Cell::Text("x".into()), Cell::Text("LOADED".into())];
            outcome.table = Table { columns, rows: (0..self.copied).map(|_| row()).collect() };
        } else if sql.starts_with("select _file") {
            let row = vec![Cell::Text("s3://landing/orders/a'b\\c.jsonl".into()), Cell::Integer(5)];
            outcome.table = Table { columns: vec![], rows: vec![row] };
        }
        Ok(outcome)
    }

    fn append(&mut self, _: &Relation, _: &[String], _: Vec<Vec<Cell>>) -> Result<u64, WarehouseError> {
        Err(WarehouseError::new("appending is not supported"))
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

fn snowflake_spec() -> merganser::load::LoadSpec {
    let mut spec = spec("s3://landing/orders/", Path::new("/"));
    let quoting = Quoting { database: false, schema: false, identifier: false };
    for relation in [&mut spec.relation, &mut spec.ledger, &mut spec.quarantine] {
        relation.quoting = quoting;
    }
    spec.on_change = OnChange::ReplaceFileRows;
    spec.through = Through::Copy { stage: "@dev.raw.landing_orders".into() };
    spec
}

fn landed(name: &str, version: &str) -> LandedFile {
    LandedFile {
        name: format!("s3://landing/orders/{name}"),
        key: format!("orders/{name}"),
        version: version.into(),
        stamp: None,
        hashed: false,
        size: 120,
        modified: Some(early()),
    }
}

fn known(name: &str, version: &str, status: Status) -> LedgerEntry {
    LedgerEntry {
        file: format!("s3://landing/orders/{name}"),
        version: version.into(),
        stamp: None,
        seen_at: early(),
        modified: None,
        stored_bytes: 100,
        decoded_bytes: None,
        rows: 3,
        quarantined: 0,
        load_id: "load-0".into(),
        loaded_at: early(),
        status,
    }
}

fn listing() -> Listing {
    let files = vec![landed("a'b\\c.jsonl", "e1"), landed("back.jsonl", "e2"), landed("old.jsonl", "e3")];
    Listing { files, ignored: Vec::<IgnoredKey>::new() }
}

fn ledger() -> Ledger {
    let entries = vec![
        known("back.jsonl", "e2", Status::Replaced),
        known("back.jsonl", "e9", Status::Loaded),
        known("old.jsonl", "e3", Status::Loaded),
    ];
    Ledger::new(entries, true)
}

fn run(session: &mut Scripted) -> Result<merganser::load::LoadReport, merganser::load::LoadError> {
    let spec = snowflake_spec();
    let plan = survey(&spec, &listing(), &ledger());
    let folder = Location::parse("/", Path::new("/")).unwrap();
    let store = Store::open(&folder, &Default::default()).unwrap();
    let mut run = LoadRun { session, dialect: Dialect::Snowflake, store: &store, stamp: stamp("load-1") };
    load(&mut run, &spec, &plan)
}

#[test]
fn statements_are_those_of_the_golden_file() {
    let mut session = Scripted { copied: 1, ..Scripted::default() };
    let report = run(&mut session).unwrap();
    assert_eq!(report.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [5, 0]);
    let told = session.told.iter().map(|sql| format!("{sql};\n")).collect::<String>();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/load/copy.sql");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &told).unwrap();
    }
    assert_eq!(told, String::from_utf8(std::fs::read(golden).unwrap()).unwrap());
}

#[test]
fn a_file_that_snowflake_passes_over_fails_the_transaction() {
    let mut session = Scripted::default();
    let error = run(&mut session).unwrap_err();
    assert_eq!(error.message, "Snowflake read 0 of 1 files");
    assert_eq!(session.told.last().map(String::as_str), Some("rollback"));
    assert!(!session.told.iter().any(|sql| sql.starts_with("insert")));
}

#[test]
fn a_copy_names_a_thousand_files_at_most() {
    let spec = snowflake_spec();
    let files = (0..2001).map(|i| landed(&format!("{i:05}"), "e")).collect();
    let plan = survey(&spec, &Listing { files, ignored: vec![] }, &Ledger::new(vec![], true));
    let sizes: Vec<usize> =
        copy_batches(&spec, "@s", &plan, &stamp("x")).unwrap().iter().map(|batch| batch.files.len()).collect();
    assert_eq!(sizes, [1000, 1000, 1]);
}

#[test]
fn what_copy_cannot_do_is_refused() {
    let mut spec = snowflake_spec();
    spec.on_error = OnError::Quarantine;
    let plan = survey(&spec, &listing(), &ledger());
    let error = copy_batches(&spec, "@s", &plan, &stamp("x")).unwrap_err();
    assert!(error.message.contains("on_error: quarantine"), "{error}");
}
