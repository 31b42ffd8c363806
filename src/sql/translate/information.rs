//! `INFORMATION_SCHEMA`: what the embedded engine's catalog says, as Snowflake's views have it.

use std::ops::Range;

use super::policy::{RESERVED, STORED};
use super::typed::{Column, Shaped};
use super::{Step, Translator, literal, quote};
use crate::sql::DataType;
use crate::sql::problem::SqlProblem;

/// A column of a view: its name, its expression, its type.
type Shown = (&'static str, &'static str, DataType);

const TEXT: DataType = DataType::TEXT;
const WHOLE: DataType = DataType::Number { precision: 9, scale: 0 };
const NO_TEXT: &str = "CAST(NULL AS VARCHAR)";
const NO_NUMBER: &str = "CAST(NULL AS BIGINT)";
const NO_TIME: &str = "CAST(NULL AS TIMESTAMPTZ)";

const TABLES: [Shown; 14] = [
    ("TABLE_CATALOG", "database_name", TEXT),
    ("TABLE_SCHEMA", "schema_name", TEXT),
    ("TABLE_NAME", "name", TEXT),
    ("TABLE_OWNER", NO_TEXT, TEXT),
    ("TABLE_TYPE", "CASE kind WHEN 'TABLE' THEN 'BASE TABLE' ELSE kind END", TEXT),
    ("IS_TRANSIENT", "CASE kind WHEN 'TABLE' THEN 'NO' END", TEXT),
    ("CLUSTERING_KEY", NO_TEXT, TEXT),
    ("ROW_COUNT", "CAST(row_count AS BIGINT)", DataType::INTEGER),
    ("BYTES", NO_NUMBER, DataType::INTEGER),
    ("RETENTION_TIME", NO_NUMBER, DataType::INTEGER),
    ("CREATED", NO_TIME, DataType::TimestampLtz),
    ("LAST_ALTERED", NO_TIME, DataType::TimestampLtz),
    ("AUTO_CLUSTERING_ON", "CASE kind WHEN 'TABLE' THEN 'NO' END", TEXT),
    ("COMMENT", "comment", TEXT),
];

const VIEWS: [Shown; 5] = [
    ("TABLE_CATALOG", "database_name", TEXT),
    ("TABLE_SCHEMA", "schema_name", TEXT),
    ("TABLE_NAME", "name", TEXT),
    ("TABLE_OWNER", NO_TEXT, TEXT),
    ("COMMENT", "comment", TEXT),
];

const SCHEMATA: [Shown; 6] = [
    ("CATALOG_NAME", "database_name", TEXT),
    ("SCHEMA_NAME", "schema_name", TEXT),
    ("SCHEMA_OWNER", NO_TEXT, TEXT),
    ("IS_TRANSIENT", "'NO'", TEXT),
    ("CREATED", NO_TIME, DataType::TimestampLtz),
    ("COMMENT", "comment", TEXT),
];

const COLUMNS: [Shown; 13] = [
    ("TABLE_CATALOG", "database_name", TEXT),
    ("TABLE_SCHEMA", "schema_name", TEXT),
    ("TABLE_NAME", "table_name", TEXT),
    ("COLUMN_NAME", "column_name", TEXT),
    ("ORDINAL_POSITION", "CAST(column_index AS BIGINT)", WHOLE),
    ("COLUMN_DEFAULT", "column_default", TEXT),
    ("IS_NULLABLE", "CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END", TEXT),
    (
        "DATA_TYPE",
        "CASE WHEN kept IN ('OBJECT', 'ARRAY') AND data_type = 'JSON' THEN kept ELSE CASE data_type WHEN 'VARCHAR' THEN 'TEXT' WHEN 'DOUBLE' THEN 'FLOAT' WHEN 'BLOB' THEN 'BINARY' WHEN 'JSON' THEN 'VARIANT' \
         WHEN 'TIMESTAMP' THEN 'TIMESTAMP_NTZ' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_LTZ' \
         WHEN 'STRUCT(instant TIMESTAMP WITH TIME ZONE, east SMALLINT)' THEN 'TIMESTAMP_TZ' \
         ELSE CASE WHEN numeric_precision IS NOT NULL THEN 'NUMBER' ELSE data_type END END END",
        TEXT,
    ),
    (
        "CHARACTER_MAXIMUM_LENGTH",
        "CASE data_type WHEN 'VARCHAR' THEN coalesce(CAST(nullif(regexp_extract(kept, '^VARCHAR\\((\\d+)\\)$', 1), '') AS BIGINT), 16777216) END",
        WHOLE,
    ),
    ("NUMERIC_PRECISION", "CASE data_type WHEN 'DOUBLE' THEN NULL ELSE CAST(numeric_precision AS BIGINT) END", WHOLE),
    ("NUMERIC_SCALE", "CASE data_type WHEN 'DOUBLE' THEN NULL ELSE CAST(numeric_scale AS BIGINT) END", WHOLE),
    ("DATETIME_PRECISION", "CASE WHEN data_type LIKE '%TIME%' THEN 9 END", WHOLE),
    ("COMMENT", "comment", TEXT),
];

/// Tables and views of users, under their own names. A relation under policies is stored under another name, and a view has its own.
pub(super) fn relations() -> String {
    let stored = literal(STORED);
    let own = |name: &str| {
        format!(
            "CASE WHEN starts_with({name}, {stored}) THEN substr({name}, {}) ELSE {name} END AS name",
            STORED.len() + 1
        )
    };
    let users = "NOT internal AND schema_name <> 'MERGANSER'";
    let tables = format!(
        "SELECT database_name, schema_name, {}, 'TABLE' AS kind, comment, estimated_size AS row_count FROM duckdb_tables() WHERE {users}",
        own("table_name")
    );
    let views = format!(
        "SELECT database_name, schema_name, {}, 'VIEW', comment, NULL FROM duckdb_views() AS v WHERE {users} \
         AND NOT EXISTS (SELECT 1 FROM duckdb_columns() AS c WHERE c.database_name = v.database_name \
         AND c.schema_name = v.schema_name AND c.table_name = {stored} || v.view_name)",
        own("view_name")
    );
    format!("({tables} UNION ALL {views})")
}

/// Columns with the types that are kept of them.
fn columns(database: &str, users: &str) -> String {
    let part = |name: &str| format!("'\"' || replace(upper(c.{name}), '\"', '\"\"') || '\"'");
    let parts = [part("database_name"), part("schema_name"), part("table_name")];
    let kept = super::column_type::kept_types(database, None);
    format!(
        "(SELECT c.*, k.DATA_TYPE AS kept FROM (SELECT * FROM duckdb_columns() WHERE {users}) AS c \
         LEFT JOIN ({kept}) AS k ON k.RELATION = {} AND k.COLUMN_NAME = c.column_name)",
        parts.join(" || '.' || ")
    )
}

impl Translator<'_> {
    /// A view of a database's `INFORMATION_SCHEMA`.
    pub(super) fn information(&self, database: &str, view: &str, range: &Range<usize>) -> Step<Shaped> {
        // A database that is a file beside the main one is opened by being asked about.
        drop(self.columns.governance(database));
        let users = format!(
            "NOT internal AND schema_name <> 'MERGANSER' AND NOT starts_with(table_name, {})",
            literal(RESERVED)
        );
        let (shown, from): (&[Shown], String) = match view {
            "TABLES" => (&TABLES, relations()),
            "VIEWS" => (&VIEWS, format!("(SELECT * FROM {} WHERE kind = 'VIEW')", relations())),
            "COLUMNS" => (&COLUMNS, columns(database, &users)),
            "SCHEMATA" => (
                &SCHEMATA,
                "(SELECT * FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'MERGANSER')".to_owned(),
            ),
            _ => return Err(SqlProblem::unsupported(format!("INFORMATION_SCHEMA.{view}"), range.clone())),
        };
        let items: Vec<String> = shown.iter().map(|(name, sql, _)| format!("{sql} AS {}", quote(name))).collect();
        let sql = format!(
            "SELECT {} FROM {from} WHERE upper(database_name) = upper({})",
            items.join(", "),
            literal(database)
        );
        let columns = shown.iter().map(|(name, _, ty)| Column::new(*name, *ty)).collect();
        Ok(Shaped { sql, columns, open: false })
    }
}
