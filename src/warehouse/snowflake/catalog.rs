//! What a Snowflake account holds, from each database's `information_schema`: one statement per database.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::RelationKind;
use crate::warehouse::{Catalog, CatalogRelation, Cell, Column, SchemaName, Session, WarehouseError, fold};

/// Reads the schemas that exist, of those asked for. A database that does not exist, or that the role may not see, has
/// none.
pub(super) fn read(session: &mut dyn Session, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
    let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for name in schemas {
        wanted.entry(&name.database).or_default().insert(fold(&name.schema));
    }
    let mut catalog = Catalog::default();
    for (database, schemas) in wanted {
        let rows = match session.execute(&statement(database, &schemas, true)) {
            // A stand-in may lack columns that only refine the answer, and list views apart.
            Err(error) if lacks_column(&error) => session.execute(&statement(database, &schemas, false)),
            other => other,
        };
        match rows {
            Ok(outcome) => outcome.table.rows.iter().for_each(|row| add(&mut catalog, database, row)),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(catalog)
}

/// Whether the server does not know one of the columns that only refine the answer.
fn lacks_column(error: &WarehouseError) -> bool {
    let message = error.message.to_lowercase();
    message.contains("is_dynamic") || message.contains("datetime_precision")
}

/// Whether the database does not exist for this role.
fn is_absent(error: &WarehouseError) -> bool {
    matches!(error.code.as_deref(), Some("002003" | "002043"))
}

/// A database's name in SQL: in quotes when it has to be.
fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Every column of every relation of these schemas; a schema without relations is one row.
fn statement(database: &str, schemas: &BTreeSet<String>, refined: bool) -> String {
    let information = format!("{}.information_schema", identifier(database));
    let names: Vec<String> = schemas.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    let (dynamic, fraction) = if refined { ("t.is_dynamic", "c.datetime_precision") } else { ("'NO'", "NULL") };
    let tables = if refined {
        format!("{information}.tables")
    } else {
        let columns = "table_schema, table_name, comment, table_owner";
        format!(
            "(SELECT {columns}, table_type, row_count FROM {information}.tables \
             UNION ALL SELECT table_schema, table_name, NULL, NULL, 'VIEW', NULL FROM {information}.views)"
        )
    };
    format!(
        "SELECT s.schema_name, t.table_name, t.table_type, {dynamic} AS is_dynamic, t.comment AS table_comment, \
         t.table_owner, t.row_count, c.column_name, c.data_type, c.character_maximum_length, c.numeric_precision, \
         c.numeric_scale, {fraction} AS datetime_precision, c.is_nullable, c.comment AS column_comment \
         FROM {information}.schemata AS s \
         LEFT JOIN {tables} AS t ON t.table_schema = s.schema_name \
         LEFT JOIN {information}.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name \
         WHERE lower(s.schema_name) IN ({}) \
         ORDER BY s.schema_name, t.table_name, c.ordinal_position",
        names.join(", ")
    )
}

/// Adds one row of [`statement`]'s answer.
fn add(catalog: &mut Catalog, database: &str, row: &[Cell]) {
    let cell = |index: usize| row.get(index).unwrap_or(&Cell::Null);
    let text = |index: usize| Some(cell(index).to_string()).filter(|text| !text.is_empty());
    let Some(schema) = text(0) else { return };
    let relations = catalog.schemas.entry(SchemaName::new(database, &schema)).or_default();
    let Some(name) = text(1) else { return };
    let relation = relations.entry(fold(&name)).or_insert_with(|| CatalogRelation {
        database: if identifier(database) == database { database.to_uppercase() } else { database.to_owned() },
        schema,
        name,
        kind: kind(&text(2).unwrap_or_default(), text(3).as_deref() == Some("YES")),
        columns: Vec::new(),
        comment: text(4),
        owner: text(5),
        rows: text(6).and_then(|rows| rows.parse().ok()),
    });
    if let Some(column) = text(7) {
        let sizes = Sizes { length: text(9), precision: text(10), scale: text(11), fraction: text(12) };
        relation.columns.push(Column {
            name: column,
            data_type: sizes.applied_to(&text(8).unwrap_or_default()),
            nullable: text(13).as_deref() != Some("NO"),
            comment: text(14),
        });
    }
}

/// What a relation is.
fn kind(table_type: &str, dynamic: bool) -> RelationKind {
    match table_type {
        _ if dynamic => RelationKind::DynamicTable,
        "VIEW" => RelationKind::View,
        "MATERIALIZED VIEW" => RelationKind::MaterializedView,
        "EXTERNAL TABLE" => RelationKind::External,
        _ => RelationKind::Table,
    }
}

/// The numbers beside a column's type.
struct Sizes {
    length: Option<String>,
    precision: Option<String>,
    scale: Option<String>,
    fraction: Option<String>,
}

impl Sizes {
    /// The type in full.
    fn applied_to(self, data_type: &str) -> String {
        match (data_type, self) {
            ("TEXT", Self { length, .. }) => length.map_or("VARCHAR".to_owned(), |n| format!("VARCHAR({n})")),
            ("BINARY", Self { length: Some(length), .. }) => format!("BINARY({length})"),
            ("NUMBER", Self { precision: Some(precision), scale, .. }) => {
                format!("NUMBER({precision},{})", scale.unwrap_or_else(|| "0".to_owned()))
            }
            (name, Self { fraction: Some(digits), .. }) if name.starts_with("TIME") => {
                format!("{name}({digits})")
            }
            (name, _) => name.to_owned(),
        }
    }
}
