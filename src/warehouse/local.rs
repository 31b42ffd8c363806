//! Snowflake on `DuckDB`: statements in Snowflake's SQL, translated and run on the embedded engine.
//!
//! The translation itself is given from outside. What is done here: the types of the relations a statement names are
//! looked up once and kept until something is defined anew; a further database is a file beside the main one; answers
//! and errors are put back in Snowflake's words, with places in the statement as it was written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::duckdb::{Attach, DuckDb, DuckDbOptions, DuckDbSession, quoted};
use super::statement::verb;
use super::{Catalog, Cell, Column, Outcome, SchemaName, Session, Warehouse, WarehouseError, fold};
use crate::sql::{Dialect, Relation};

/// Turns one statement of Snowflake's SQL into `DuckDB`'s.
pub trait Translate: Send + Sync {
    /// The statements to run in its place. An error says what is not supported locally, and where.
    fn translate(&self, sql: &str, columns: &dyn RelationColumns)
    -> Result<LocalTranslation, WarehouseError>;
}

/// What a translation may ask about the relations that a statement names.
pub trait RelationColumns {
    /// The relation's columns with their types in Snowflake's words; `None` when there is no such relation.
    fn columns(&self, relation: &Relation) -> Option<Vec<Column>>;
    /// The database and schema in which unqualified names are looked up.
    fn current(&self) -> (String, String);
}

/// A translated statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalTranslation {
    /// What to run, in order; the last one's answer is the statement's.
    pub statements: Vec<String>,
    /// The databases it names, as the catalog has them.
    pub databases: Vec<String>,
    /// The database and schema it makes current, if it is a `USE`.
    pub current: Option<(String, String)>,
    /// For a place (line and column) in the joined `statements`, the place in the source; empty when there is no map.
    pub places: Vec<((usize, usize), (usize, usize))>,
}

/// The instance with what all sessions share.
struct Local {
    shared: Arc<Shared>,
}

/// What all sessions share.
struct Shared {
    duckdb: DuckDb,
    translator: Box<dyn Translate>,
    /// Columns by database, schema and name, folded; nothing for a relation that is not there.
    columns: Mutex<HashMap<[String; 3], Option<Vec<Column>>>>,
}

/// A connection.
struct LocalSession {
    shared: Arc<Shared>,
    inner: Mutex<DuckDbSession>,
    current: (String, String),
}

/// Opens `DuckDB` as a stand-in for Snowflake.
pub fn open_local(
    options: &DuckDbOptions,
    translator: Box<dyn Translate>,
) -> Result<Box<dyn Warehouse>, WarehouseError> {
    let mut options = options.clone();
    for (name, value) in [("default_null_order", "NULLS_LAST_ON_ASC_FIRST_ON_DESC"), ("TimeZone", "UTC")] {
        if !options.settings.iter().any(|(setting, _)| setting.eq_ignore_ascii_case(name)) {
            options.settings.push((name.to_owned(), value.to_owned()));
        }
    }
    let duckdb = DuckDb::open(&options)?;
    Ok(Box::new(Local { shared: Arc::new(Shared { duckdb, translator, columns: Mutex::default() }) }))
}

impl Warehouse for Local {
    fn dialect(&self) -> Dialect {
        Dialect::Snowflake
    }

    fn session(&self) -> Result<Box<dyn Session>, WarehouseError> {
        let options = self.shared.duckdb.options();
        let schema = if options.schema.is_empty() { "PUBLIC" } else { &options.schema };
        let current = (options.database.clone(), schema.to_owned());
        let inner = self.shared.duckdb.connect()?;
        Ok(Box::new(LocalSession { shared: Arc::clone(&self.shared), inner: Mutex::new(inner), current }))
    }

    fn catalog(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
        for name in schemas {
            self.shared.attach_existing(&name.database)?;
        }
        let mut catalog = self.shared.duckdb.catalog(schemas)?;
        let relations = catalog.schemas.values_mut().flat_map(std::collections::BTreeMap::values_mut);
        relations.flat_map(|relation| &mut relation.columns).for_each(to_snowflake);
        Ok(catalog)
    }

    fn describe(&self) -> Result<String, WarehouseError> {
        Ok(format!("Snowflake's SQL on {}", self.shared.duckdb.describe()?))
    }
}

impl Shared {
    /// Attaches another database if its file is there.
    fn attach_existing(&self, database: &str) -> Result<(), WarehouseError> {
        let upper = database.to_uppercase();
        match self.duckdb.sibling(&upper).filter(|path| path.exists()) {
            Some(path) if !database.eq_ignore_ascii_case(&self.duckdb.options().database) => {
                self.attach(&upper, path.display().to_string())
            }
            _ => Ok(()),
        }
    }

    /// Attaches another database, making its file when there is none.
    fn attach_new(&self, database: &str) -> Result<(), WarehouseError> {
        if database.eq_ignore_ascii_case(&self.duckdb.options().database) {
            return Ok(());
        }
        let upper = database.to_uppercase();
        let path =
            self.duckdb.sibling(&upper).map_or(":memory:".to_owned(), |path| path.display().to_string());
        self.attach(&upper, path)
    }

    fn attach(&self, database: &str, path: String) -> Result<(), WarehouseError> {
        self.duckdb.attach(&Attach { path, alias: Some(database.to_owned()), read_only: false })
    }

    /// Forgets what relations look like.
    fn forget(&self) {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl RelationColumns for LocalSession {
    fn columns(&self, relation: &Relation) -> Option<Vec<Column>> {
        let (database, schema) = &self.current;
        let parts = [
            relation.database.as_deref().unwrap_or(database),
            relation.schema.as_deref().unwrap_or(schema),
            &relation.identifier,
        ];
        let key = parts.map(fold);
        let known = self.shared.columns.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            // A name that does not resolve is the statement's error to report, with its place.
            let _ = self.shared.attach_existing(parts[0]);
            let sql = format!("DESCRIBE {}", parts.map(quoted).join("."));
            let described = self.inner.lock().unwrap_or_else(PoisonError::into_inner).execute(&sql).ok();
            let columns =
                described.map(|outcome| outcome.table.rows.iter().map(|row| described_column(row)).collect());
            self.shared.columns.lock().unwrap_or_else(PoisonError::into_inner).insert(key, columns.clone());
            columns
        })
    }

    fn current(&self) -> (String, String) {
        self.current.clone()
    }
}

/// A row of `DESCRIBE`: name, type, nullable, ...
fn described_column(row: &[Cell]) -> Column {
    let text = |index: usize| row.get(index).map(ToString::to_string).unwrap_or_default();
    let mut column = Column { nullable: text(2) != "NO", ..Column::new(text(0), text(1)) };
    to_snowflake(&mut column);
    column
}

impl LocalSession {
    /// Runs the statements of a translation; the last one's answer counts.
    fn run(&mut self, translation: &LocalTranslation) -> Result<Outcome, WarehouseError> {
        let mut outcome = Outcome::default();
        let mut lines = 0;
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        for statement in &translation.statements {
            outcome = inner.execute(statement).map_err(|error| in_the_source(error, translation, lines))?;
            lines += statement.matches('\n').count() + 1;
        }
        if let Some((database, schema)) = &translation.current {
            inner.look_in(database, schema).map_err(|error| in_the_source(error, translation, lines))?;
            self.current = (database.clone(), schema.clone());
        }
        Ok(outcome)
    }
}

impl Session for LocalSession {
    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
        let Some(verb) = verb(sql) else { return Ok(Outcome::default()) };
        let translation = self.shared.translator.translate(sql, self)?;
        let defines = matches!(verb.as_str(), "CREATE" | "DROP" | "ALTER" | "UNDROP" | "ROLLBACK" | "USE");
        for database in &translation.databases {
            if verb == "CREATE" {
                self.shared.attach_new(database)?;
            } else {
                self.shared.attach_existing(database)?;
            }
        }
        let ended = self.run(&translation);
        if defines {
            self.shared.forget();
        }
        let mut outcome = ended?;
        outcome.table.columns.iter_mut().for_each(to_snowflake);
        let count = outcome.affected.unwrap_or(outcome.table.rows.len() as u64);
        outcome.message = format!("SUCCESS {count}");
        Ok(outcome)
    }

    fn append(
        &mut self,
        table: &Relation,
        columns: &[String],
        rows: Vec<Vec<Cell>>,
    ) -> Result<u64, WarehouseError> {
        self.inner.get_mut().unwrap_or_else(PoisonError::into_inner).append(table, columns, rows)
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).canceller()
    }
}

/// An error of the engine with its place in the source: the nearest mapped place at or before it.
fn in_the_source(error: WarehouseError, translation: &LocalTranslation, lines: usize) -> WarehouseError {
    let place = error.position.map(|(line, column)| (line + lines, column));
    let source = place.and_then(|place| {
        let before = translation.places.iter().filter(|(engine, _)| *engine <= place);
        before.max_by_key(|(engine, _)| *engine).map(|(_, source)| *source)
    });
    let error = WarehouseError { position: source, ..error };
    if error.message.contains("a single transaction can only write to a single attached database") {
        return error.help(
            "locally each database is a file of its own, and a transaction can write to one of them only",
        );
    }
    error
}

/// The column with its type in Snowflake's words.
fn to_snowflake(column: &mut Column) {
    column.data_type = snowflake_type(&column.data_type);
}

/// A type of `DuckDB`'s as Snowflake writes it.
fn snowflake_type(name: &str) -> String {
    if let Some(sizes) = name.strip_prefix("DECIMAL") {
        return format!("NUMBER{}", sizes.replace(' ', ""));
    }
    if name.ends_with(']') {
        return "ARRAY".to_owned();
    }
    let name = name.split('(').next().unwrap_or(name);
    match name {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
        | "UBIGINT" | "UHUGEINT" | "BIGNUM" => "NUMBER(38,0)",
        "FLOAT" | "DOUBLE" => "FLOAT",
        "VARCHAR" | "ENUM" | "UUID" | "INTERVAL" | "BIT" | "TIME WITH TIME ZONE" => "VARCHAR(16777216)",
        "BLOB" => "BINARY(8388608)",
        "TIME" | "TIME_NS" => "TIME(9)",
        "TIMESTAMP" | "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S" => "TIMESTAMP_NTZ(9)",
        "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP_TZ(9)",
        "JSON" | "VARIANT" | "UNION" => "VARIANT",
        "STRUCT" | "MAP" => "OBJECT",
        other => other,
    }
    .to_owned()
}
