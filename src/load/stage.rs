//! The tables of a load in both dialects: the stage table, the ledger and the quarantine.
//!
//! The ledger's primary key (table, file, version) makes a second insert of a file version fail and roll its rows back.
//! `DuckDB` enforces it. Snowflake only records it: there, two loads of one table must not run at the same time.

use super::LoadSpec;
use crate::sql::{Dialect, Relation};
use crate::warehouse::fold;

/// A column of ours: its name and what it holds.
type ColumnSpec = (&'static str, Holds, bool);

#[derive(Clone, Copy)]
enum Holds {
    Text,
    Number,
    Moment,
    Json,
}

const NULL: bool = true;
const NOT_NULL: bool = false;

/// The stage table's columns in order.
const STAGE: [ColumnSpec; 7] = [
    ("payload", Holds::Json, NULL),
    ("_file", Holds::Text, NOT_NULL),
    ("_file_version", Holds::Text, NOT_NULL),
    ("_row", Holds::Number, NOT_NULL),
    ("_file_modified", Holds::Moment, NULL),
    ("_load_id", Holds::Text, NOT_NULL),
    ("_loaded_at", Holds::Moment, NOT_NULL),
];

const LEDGER: [ColumnSpec; 13] = [
    ("stage_table", Holds::Text, NOT_NULL),
    ("file_name", Holds::Text, NOT_NULL),
    ("file_version", Holds::Text, NOT_NULL),
    ("file_stamp", Holds::Text, NULL),
    ("seen_at", Holds::Moment, NOT_NULL),
    ("file_modified", Holds::Moment, NULL),
    ("stored_bytes", Holds::Number, NOT_NULL),
    ("decoded_bytes", Holds::Number, NULL),
    ("row_count", Holds::Number, NOT_NULL),
    ("quarantined_count", Holds::Number, NOT_NULL),
    ("load_id", Holds::Text, NOT_NULL),
    ("loaded_at", Holds::Moment, NOT_NULL),
    ("status", Holds::Text, NOT_NULL),
];

const QUARANTINE: [ColumnSpec; 11] = [
    ("stage_table", Holds::Text, NOT_NULL),
    ("file_name", Holds::Text, NOT_NULL),
    ("file_version", Holds::Text, NOT_NULL),
    ("row_number", Holds::Number, NOT_NULL),
    ("line_number", Holds::Number, NOT_NULL),
    ("byte_offset", Holds::Number, NOT_NULL),
    ("byte_length", Holds::Number, NOT_NULL),
    ("line_text", Holds::Text, NOT_NULL),
    ("reason", Holds::Text, NOT_NULL),
    ("load_id", Holds::Text, NOT_NULL),
    ("loaded_at", Holds::Moment, NOT_NULL),
];

/// The ledger that lies in the stage table's schema.
pub fn ledger_beside(stage: &Relation) -> Relation {
    Relation { identifier: "_merganser_loads".to_owned(), ..stage.clone() }
}

/// The quarantine that lies in the stage table's schema.
pub fn quarantine_beside(stage: &Relation) -> Relation {
    Relation { identifier: "_merganser_quarantine".to_owned(), ..stage.clone() }
}

/// How the ledger names a stage table: without its database, so that a copied database keeps its ledger.
pub(super) fn stage_key(stage: &Relation) -> String {
    match &stage.schema {
        Some(schema) => format!("{}.{}", fold(schema), fold(&stage.identifier)),
        None => fold(&stage.identifier),
    }
}

pub(super) fn stage_columns() -> Vec<String> {
    names(&STAGE)
}

/// The columns of a stage table with their types, in order.
pub fn stage_table(dialect: Dialect) -> Vec<(String, Option<String>)> {
    STAGE.iter().map(|(name, holds, _)| ((*name).to_owned(), Some(type_of(*holds, dialect).to_owned()))).collect()
}

pub(super) fn ledger_columns() -> Vec<String> {
    names(&LEDGER)
}

pub(super) fn quarantine_columns() -> Vec<String> {
    names(&QUARANTINE)
}

fn names(columns: &[ColumnSpec]) -> Vec<String> {
    columns.iter().map(|(name, ..)| (*name).to_owned()).collect()
}

/// The statements that make what is missing: schemas, stage table, ledger, quarantine.
pub(super) fn create_statements(spec: &LoadSpec, dialect: Dialect) -> Vec<String> {
    let relations = [&spec.relation, &spec.ledger, &spec.quarantine];
    let mut statements: Vec<String> = Vec::new();
    for schema in relations.iter().filter_map(|relation| schema_of(relation)) {
        let statement = format!("create schema if not exists {schema}");
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    let key = "primary key (stage_table, file_name, file_version)";
    statements.push(create_table(&spec.relation, &STAGE, None, dialect));
    statements.push(create_table(&spec.ledger, &LEDGER, Some(key), dialect));
    statements.push(create_table(&spec.quarantine, &QUARANTINE, None, dialect));
    statements
}

fn schema_of(relation: &Relation) -> Option<String> {
    let schema = relation.schema.clone()?;
    let mut quoting = relation.quoting;
    quoting.identifier = quoting.schema;
    quoting.schema = quoting.database;
    Some(Relation { database: None, schema: relation.database.clone(), identifier: schema, quoting }.render())
}

fn create_table(relation: &Relation, columns: &[ColumnSpec], key: Option<&str>, dialect: Dialect) -> String {
    let mut lines: Vec<String> = columns
        .iter()
        .map(|(name, holds, nullable)| {
            format!("    {name} {}{}", type_of(*holds, dialect), if *nullable { "" } else { " not null" })
        })
        .collect();
    lines.extend(key.map(|key| format!("    {key}")));
    format!("create table if not exists {relation} (\n{}\n)", lines.join(",\n"))
}

fn type_of(holds: Holds, dialect: Dialect) -> &'static str {
    match (dialect, holds) {
        (_, Holds::Text) => "varchar",
        (Dialect::Snowflake, Holds::Number) => "number(38, 0)",
        (Dialect::Snowflake, Holds::Moment) => "timestamp_ntz",
        (Dialect::Snowflake, Holds::Json) => "variant",
        (Dialect::DuckDb, Holds::Number) => "bigint",
        (Dialect::DuckDb, Holds::Moment) => "timestamp",
        (Dialect::DuckDb, Holds::Json) => "json",
    }
}

/// A string literal. Snowflake also reads backslashes in it.
pub(super) fn text(value: &str, dialect: Dialect) -> String {
    let value = value.replace('\'', "''");
    match dialect {
        Dialect::Snowflake => format!("'{}'", value.replace('\\', "\\\\")),
        Dialect::DuckDb => format!("'{value}'"),
    }
}
