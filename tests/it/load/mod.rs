//! Loading landing files: a bench with an embedded warehouse and a folder, and the tests on it.

mod bucket;
mod cases;
mod crash;
mod damage;
mod folder;
mod snowflake;
mod staged;

use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use merganser::load::{
    Format, Ledger, LoadError, LoadPlan, LoadReport, LoadRun, LoadSpec, LoadStamp, Location, ObjectStoreOptions,
    OnChange, OnError, Store, Through, ledger_beside, load, quarantine_beside, read_ledger, survey,
};
use merganser::sql::{Dialect, Quoting, Relation};
use merganser::warehouse::{Cell, DuckDbOptions, SchemaName, Session, Warehouse, open_duckdb};

/// A folder of its own, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("load-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A warehouse in memory.
pub(crate) fn warehouse() -> Box<dyn Warehouse> {
    open_duckdb(&DuckDbOptions { database: "dev".into(), ..DuckDbOptions::default() }).unwrap()
}

pub(crate) fn stage() -> Relation {
    let quoting = Quoting { database: true, schema: true, identifier: true };
    Relation { database: Some("dev".into()), schema: Some("raw".into()), identifier: "orders".into(), quoting }
}

pub(crate) fn spec(location: &str, base: &Path) -> LoadSpec {
    LoadSpec {
        relation: stage(),
        ledger: ledger_beside(&stage()),
        quarantine: quarantine_beside(&stage()),
        location: Location::parse(location, base).unwrap(),
        format: Format::JsonLines,
        on_change: OnChange::Fail,
        on_error: OnError::Fail,
        through: Through::Append,
    }
}

/// A time before the files of a test are written, so that no stamp is trusted and every content is looked at.
pub(crate) fn early() -> NaiveDateTime {
    chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap().naive_utc()
}

pub(crate) fn stamp(load_id: &str) -> LoadStamp {
    LoadStamp { load_id: load_id.into(), now: early() }
}

/// What one load did.
pub(crate) struct Done {
    pub(crate) ledger: Ledger,
    pub(crate) plan: LoadPlan,
    pub(crate) report: LoadReport,
}

pub(crate) fn ledger(
    warehouse: &dyn Warehouse,
    session: &mut dyn Session,
    spec: &LoadSpec,
) -> Result<Ledger, LoadError> {
    let catalog = warehouse.catalog(&[SchemaName::new("dev", "raw")]).unwrap();
    read_ledger(session, Dialect::DuckDb, &catalog, spec)
}

/// Ledger, listing, survey, load.
pub(crate) fn load_once(
    (warehouse, session): (&dyn Warehouse, &mut dyn Session),
    spec: &LoadSpec,
    options: &ObjectStoreOptions,
    stamp: LoadStamp,
) -> Result<Done, LoadError> {
    let ledger = ledger(warehouse, session, spec)?;
    let store = Store::open(&spec.location, options)?;
    let listing = store.list(&spec.location, &ledger)?;
    let plan = survey(spec, &listing, &ledger);
    let report = load(&mut LoadRun { session, dialect: Dialect::DuckDb, store: &store, stamp }, spec, &plan)?;
    Ok(Done { ledger, plan, report })
}

pub(crate) fn load_folder(
    warehouse: &dyn Warehouse,
    session: &mut dyn Session,
    spec: &LoadSpec,
) -> Result<Done, LoadError> {
    load_once((warehouse, session), spec, &ObjectStoreOptions::default(), stamp("load-1"))
}

/// The result of a query as lines of text.
pub(crate) fn ask(session: &mut dyn Session, query: &str) -> Vec<String> {
    let rows = session.execute(query).unwrap().table.rows;
    rows.iter().map(|row| row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" | ")).collect()
}

/// The rows of the stage table without what differs between runs.
pub(crate) fn rows(session: &mut dyn Session) -> Vec<String> {
    ask(session, "select _file, _row, payload from dev.raw.orders order by all")
}

pub(crate) fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}
