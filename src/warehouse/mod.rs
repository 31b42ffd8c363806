//! Running SQL somewhere: the trait, and Snowflake, embedded `DuckDB`, and Snowflake on `DuckDB` behind it.
//!
//! A [`Warehouse`] is opened once per invocation; each worker thread takes a [`Session`] of its own. Statements are
//! sent one at a time, as text, in the dialect [`Warehouse::dialect`] names.

mod arrow;
mod comment;
mod download;
mod duckdb;
mod local;
mod roles;
mod snowflake;
mod staged;
mod statement;
mod connection;
mod value;

use std::collections::BTreeMap;

pub use self::duckdb::{Attach, DuckDbOptions, duckdb_refuses, open_duckdb};
pub use self::local::open_local;
pub use self::snowflake::{SnowflakeOptions, open_snowflake};
pub use comment::{Comment, CommentError};
pub use connection::Connection;
pub use download::{DownloadError, download};
pub use value::{Cell, Column, Table};

use crate::sql::{Dialect, Relation, RelationKind};

/// A place that runs SQL.
pub trait Warehouse: Send + Sync {
    /// The SQL it is spoken to in.
    fn dialect(&self) -> Dialect;

    /// A connection of its own for one thread, in autocommit mode.
    fn session(&self) -> Result<Box<dyn Session>, WarehouseError>;

    /// What exists in these schemas, read in bulk: one or a few statements for all of them, never one per relation.
    /// A schema that does not exist is absent from the answer.
    fn catalog(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError>;

    /// A short description for people: the engine and its version, the file or account; never a secret.
    fn describe(&self) -> Result<String, WarehouseError>;
}

/// One connection. Not shared between threads.
pub trait Session: Send {
    /// Runs one statement and waits for its end.
    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError>;

    /// Appends rows to a table that exists, as fast as the engine can, inside the open transaction if there is one.
    /// Every row has a cell for each of `columns`. Engines that load from files only answer with an error.
    fn append(&mut self, table: &Relation, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<u64, WarehouseError>;

    /// The catalog as it is inside the open transaction, where that differs from what others see.
    fn catalog(&mut self, _schemas: &[SchemaName]) -> Option<Result<Catalog, WarehouseError>> {
        None
    }

    /// A handle with which another thread can stop the running statement.
    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>>;
}

/// What a statement gave.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The result's rows; statements without a result have a table without columns.
    pub table: Table,
    /// Rows inserted, updated or deleted, where the engine says so.
    pub affected: Option<u64>,
    /// The engine's status text, for example `SUCCESS 1`.
    pub message: String,
    /// The warehouse's id of the statement.
    pub query_id: Option<String>,
}

/// A database and a schema, written as the warehouse's catalog has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaName {
    /// The database (`DuckDB`: the catalog).
    pub database: String,
    /// The schema.
    pub schema: String,
}

/// What a warehouse holds, as of one moment. Keys are folded with [`fold`], so that look-ups follow the engine's rules.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The schemas that exist, of those asked for.
    pub schemas: BTreeMap<SchemaName, BTreeMap<String, CatalogRelation>>,
}

/// A relation in a [`Catalog`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogRelation {
    /// The database's name as the catalog has it.
    pub database: String,
    /// The schema's name as the catalog has it.
    pub schema: String,
    /// The relation's name as the catalog has it.
    pub name: String,
    /// Table, view, ...
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// The comment on the relation.
    pub comment: Option<String>,
    /// The owner, where the engine has one.
    pub owner: Option<String>,
    /// The number of rows, where the engine knows without counting.
    pub rows: Option<u64>,
}

/// A name as the catalog's keys have it: both engines find an unquoted name without regard to case.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

impl SchemaName {
    /// The key for this database and schema, folded.
    pub fn new(database: &str, schema: &str) -> Self {
        Self { database: fold(database), schema: fold(schema) }
    }
}

impl Catalog {
    /// The relation with this name, if it exists.
    pub fn relation(&self, relation: &Relation) -> Option<&CatalogRelation> {
        let schema = SchemaName::new(relation.database.as_deref()?, relation.schema.as_deref()?);
        self.schemas.get(&schema)?.get(&fold(&relation.identifier))
    }

    /// Whether the schema exists.
    pub fn has_schema(&self, schema: &SchemaName) -> bool {
        self.schemas.contains_key(schema)
    }
}

/// Why a statement or a connection failed, in the warehouse's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WarehouseError {
    /// The message, without secrets.
    pub message: String,
    /// The engine's error code, for example `002003`.
    pub code: Option<String>,
    /// The SQL state, for example `42S02`.
    pub sql_state: Option<String>,
    /// Line and column in the statement as it was sent, both from 1.
    pub position: Option<(usize, usize)>,
    /// The warehouse's id of the statement.
    pub query_id: Option<String>,
    /// Whether the same statement may succeed when it is sent again.
    pub retryable: bool,
    /// What the user can do about it.
    pub help: Option<String>,
}

impl WarehouseError {
    /// An error with a message only.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// Whether the embedded engine refused the statement because it cannot give Snowflake's result.
    pub fn is_unsupported(&self) -> bool {
        self.code.as_deref() == Some(crate::sql::UNSUPPORTED)
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl std::fmt::Display for WarehouseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for WarehouseError {}
