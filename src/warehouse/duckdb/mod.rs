//! `DuckDB` inside the process: one instance, one connection per session.
//!
//! The instance itself lives in memory and the database file is attached under the name the options give, so that the
//! catalog's name never depends on the file's. The prelude's macros live in the instance (`memory.main`), at the end of
//! every session's search path, and never in the user's file.

mod append;
mod catalog;
mod error;
mod fields;
mod function;
mod records;
mod syntax;

pub use syntax::duckdb_refuses;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use duckdb::Connection;
use duckdb::arrow::datatypes::{DataType, SchemaRef};

use super::arrow::{Rows, type_name};
use super::statement::verb;
use super::{Catalog, Cell, Outcome, SchemaName, Session, Table, Warehouse, WarehouseError};
use crate::sql::{Dialect, Relation};
use error::{is_lock_error, operation_error, statement_error};

/// How long opening waits for another process to let go of the file: a lock outlives a killed process by a moment.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// Where and how to open `DuckDB`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DuckDbOptions {
    /// The database file; `None` is a database in memory.
    pub path: Option<PathBuf>,
    /// The name of the catalog under which the file is attached.
    pub database: String,
    /// The schema in which unqualified names are looked up if it exists; `main` when empty.
    pub schema: String,
    /// Extensions to load, installed when they are missing.
    pub extensions: Vec<String>,
    /// Settings by name.
    pub settings: Vec<(String, String)>,
    /// Further databases.
    pub attach: Vec<Attach>,
    /// Statements run once in the instance itself, before anything else: macros and types.
    pub prelude: Vec<String>,
    /// The folder that relative paths of stages are below; the current one when empty.
    pub folder: PathBuf,
}

/// A further database to attach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attach {
    /// The file or address.
    pub path: String,
    /// The catalog's name; `DuckDB` derives one from the path when there is none.
    pub alias: Option<String>,
    /// Whether writing is refused.
    pub read_only: bool,
}

/// An open instance.
pub(super) struct DuckDb {
    /// The connection that sessions are cloned from.
    root: Mutex<Connection>,
    /// How it was opened.
    options: DuckDbOptions,
}

/// A connection to the instance.
pub(super) struct DuckDbSession {
    connection: Connection,
}

/// Opens `DuckDB`; the file is created when there is none. An error says who holds the file if another process does.
pub fn open_duckdb(options: &DuckDbOptions) -> Result<Box<dyn Warehouse>, WarehouseError> {
    Ok(Box::new(DuckDb::open(options)?))
}

/// A name in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl DuckDb {
    /// Opens the instance and attaches what the options name.
    pub(super) fn open(options: &DuckDbOptions) -> Result<Self, WarehouseError> {
        if options.database.is_empty() {
            return Err(WarehouseError::new("the DuckDB database has no name"));
        }
        let root = Connection::open_in_memory().map_err(|e| operation_error(&e))?;
        run(&root, "SET GLOBAL errors_as_json = true; SET GLOBAL arrow_lossless_conversion = true")?;
        for statement in &options.prelude {
            run(&root, statement)?;
        }
        if let Some(path) = &options.path {
            run(&root, &format!("SET temp_directory = {}", literal(&format!("{}.tmp", path.display()))))?;
        }
        for extension in &options.extensions {
            load_extension(&root, extension)?;
        }
        set_options(&root, &options.settings)?;
        let warehouse = Self { root: Mutex::new(root), options: options.clone() };
        warehouse.attach_main()?;
        for attach in &options.attach {
            warehouse.attach(attach)?;
        }
        Ok(warehouse)
    }

    /// Attaches the main database.
    fn attach_main(&self) -> Result<(), WarehouseError> {
        let path = match &self.options.path {
            None => ":memory:".to_owned(),
            Some(path) => {
                prepare_file(path)?;
                path.display().to_string()
            }
        };
        if self.options.path.is_none() && self.options.database == "memory" {
            return Ok(());
        }
        self.attach(&Attach { path, alias: Some(self.options.database.clone()), read_only: false })
    }

    /// Attaches a database, waiting a moment for another process to let go of it.
    pub(super) fn attach(&self, attach: &Attach) -> Result<(), WarehouseError> {
        let alias = attach.alias.as_deref().map(|alias| format!(" AS {}", quoted(alias))).unwrap_or_default();
        let access = if attach.read_only { " (READ_ONLY)" } else { "" };
        let sql = format!("ATTACH IF NOT EXISTS {}{alias}{access}", literal(&attach.path));
        let give_up = Instant::now() + LOCK_PATIENCE;
        loop {
            let attached = self.root().execute_batch(&sql);
            match attached {
                Err(error) if is_lock_error(&error.to_string()) && Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                other => return other.map_err(|e| operation_error(&e)),
            }
        }
    }

    /// Gives the instance the functions that translated statements call.
    pub(super) fn with_snowflakes_functions(self) -> Result<Self, WarehouseError> {
        function::register(&self.root()).map_err(|e| operation_error(&e))?;
        Ok(self)
    }

    /// The connection that sessions are cloned from.
    fn root(&self) -> MutexGuard<'_, Connection> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of its own.
    pub(super) fn connect(&self) -> Result<DuckDbSession, WarehouseError> {
        let connection = self.root().try_clone().map_err(|e| operation_error(&e))?;
        set_options(&connection, &self.options.settings)?;
        let session = DuckDbSession { connection };
        let schema = if self.options.schema.is_empty() { "main" } else { &self.options.schema };
        if session.look_in(&self.options.database, schema).is_err() {
            session.look_in(&self.options.database, "main")?;
        }
        Ok(session)
    }

    /// How it was opened.
    pub(super) fn options(&self) -> &DuckDbOptions {
        &self.options
    }

    /// The file beside the main one that holds another database: `shop.duckdb` and `RAW` give `shop.RAW.duckdb`.
    pub(super) fn sibling(&self, database: &str) -> Option<PathBuf> {
        let path = self.options.path.as_ref()?;
        let stem = path.file_stem()?.to_string_lossy();
        Some(path.with_file_name(format!("{stem}.{database}.duckdb")))
    }
}

impl Warehouse for DuckDb {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn session(&self) -> Result<Box<dyn Session>, WarehouseError> {
        Ok(Box::new(self.connect()?))
    }

    fn catalog(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
        catalog::read(&mut self.connect()?, schemas)
    }

    fn describe(&self) -> Result<String, WarehouseError> {
        let version = self.root().version().map_err(|e| operation_error(&e))?;
        let place = self.options.path.as_ref().map_or("in memory".to_owned(), |path| path.display().to_string());
        Ok(format!("DuckDB {version}, {place}"))
    }
}

impl DuckDbSession {
    /// Looks up unqualified names in this schema, then among the prelude's macros.
    pub(super) fn look_in(&self, database: &str, schema: &str) -> Result<(), WarehouseError> {
        let path = format!("{}.{},memory.main", quoted(database), quoted(schema));
        run(&self.connection, &format!("SET search_path = {}", literal(&path)))
    }

    /// Runs one statement and reads its rows.
    fn run(&self, sql: &str) -> Result<Outcome, WarehouseError> {
        let Some(verb) = verb(sql) else { return Ok(Outcome::default()) };
        let failed = |e: duckdb::Error| statement_error(&e, sql);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let schema = statement.query_arrow([]).map_err(failed)?.get_schema();
        let mut rows = Rows::default();
        let mut first = None;
        while let Some(batch) = statement.step().map_err(failed)? {
            rows.extend(batch.columns(), schema.fields()).map_err(WarehouseError::new)?;
            first.get_or_insert(batch);
        }
        let mut outcome = Outcome { message: "OK".to_owned(), ..Outcome::default() };
        match result_kind(&verb, &schema) {
            ResultKind::Nothing => {}
            ResultKind::Count => outcome.affected = count(&rows.0),
            ResultKind::Rows => {
                let columns = schema.fields().iter().enumerate().map(|(index, field)| {
                    let values = first.as_ref().map(|batch| batch.column(index));
                    super::Column::new(field.name(), type_name(field, values))
                });
                outcome.table = Table { columns: columns.collect(), rows: rows.0 };
            }
        }
        Ok(outcome)
    }
}

impl Session for DuckDbSession {
    fn catalog(&mut self, schemas: &[SchemaName]) -> Option<Result<Catalog, WarehouseError>> {
        Some(catalog::read(self, schemas))
    }

    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
        self.run(sql)
    }

    fn append(&mut self, table: &Relation, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<u64, WarehouseError> {
        append::append(&self.connection, table, columns, &rows)
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let handle = self.connection.interrupt_handle();
        Some(Box::new(move || handle.interrupt()))
    }
}

/// What a result's columns mean.
enum ResultKind {
    /// The statement has no result.
    Nothing,
    /// One row with the number of rows changed.
    Count,
    /// Rows.
    Rows,
}

/// Tells a query's rows from the bookkeeping `DuckDB` answers other statements with.
fn result_kind(verb: &str, schema: &SchemaRef) -> ResultKind {
    let query = matches!(verb, "SELECT" | "FROM" | "VALUES" | "WITH" | "TABLE" | "PIVOT" | "UNPIVOT");
    match schema.fields().as_ref() {
        [field] if !query && field.name() == "Count" && *field.data_type() == DataType::Int64 => ResultKind::Count,
        [field] if !query && field.name() == "Success" && type_name(field, None) == "BOOLEAN" => ResultKind::Nothing,
        _ => ResultKind::Rows,
    }
}

/// The number in a count's only row; DDL has none.
fn count(rows: &[Vec<Cell>]) -> Option<u64> {
    match rows.first()?.first()? {
        Cell::Integer(count) => u64::try_from(*count).ok(),
        _ => None,
    }
}

/// Runs statements whose result does not matter.
fn run(connection: &Connection, sql: &str) -> Result<(), WarehouseError> {
    connection.execute_batch(sql).map_err(|e| statement_error(&e, sql))
}

/// Applies settings; each session gets them too, because some hold for one connection only.
fn set_options(connection: &Connection, settings: &[(String, String)]) -> Result<(), WarehouseError> {
    settings.iter().try_for_each(|(name, value)| {
        run(connection, &format!("SET {} = {}", quoted(name), literal(value))).map_err(|error| {
            WarehouseError { position: None, ..error }.help(format!("check `{name}` under `settings` in the profile"))
        })
    })
}

/// Loads an extension, from the network when it is not installed.
fn load_extension(connection: &Connection, name: &str) -> Result<(), WarehouseError> {
    if connection.execute_batch(&format!("LOAD {}", quoted(name))).is_ok() {
        return Ok(());
    }
    run(connection, &format!("INSTALL {0}; LOAD {0}", quoted(name))).map_err(|error| {
        WarehouseError { position: None, ..error }
            .help(format!("install the extension `{name}` where there is a network"))
    })
}

/// Makes the file's folder, and removes an empty file that an aborted creation left behind: `DuckDB` refuses to open
/// one. An empty file with a write-ahead log is left alone.
fn prepare_file(path: &Path) -> Result<(), WarehouseError> {
    let failed = |e: std::io::Error| WarehouseError::new(format!("cannot create `{}`: {e}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut log = path.as_os_str().to_owned();
    log.push(".wal");
    let empty = path.metadata().is_ok_and(|file| file.is_file() && file.len() == 0);
    if empty && !Path::new(&log).exists() {
        std::fs::remove_file(path).map_err(failed)?;
    }
    Ok(())
}
