//! What a `DuckDB` instance holds, from its metadata functions: three statements however many schemas.

use super::{Catalog, Cell, DuckDbSession, SchemaName, Session, WarehouseError, literal};
use crate::sql::RelationKind;
use crate::warehouse::{CatalogRelation, Column, fold};

/// Reads the schemas that exist, of those asked for.
pub(super) fn read(session: &mut DuckDbSession, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
    let mut catalog = Catalog::default();
    if schemas.is_empty() {
        return Ok(catalog);
    }
    let pairs: Vec<String> =
        schemas.iter().map(|s| format!("({}, {})", literal(&fold(&s.database)), literal(&fold(&s.schema)))).collect();
    let wanted = format!("(lower(database_name), lower(schema_name)) IN ({})", pairs.join(", "));
    for row in rows(session, &format!("SELECT database_name, schema_name FROM duckdb_schemas() WHERE {wanted}"))? {
        catalog.schemas.insert(SchemaName::new(&text(&row[0]), &text(&row[1])), std::collections::BTreeMap::new());
    }
    let relations = format!(
        "SELECT database_name, schema_name, table_name, 'table', comment, estimated_size FROM duckdb_tables() \
         WHERE NOT internal AND {wanted} \
         UNION ALL SELECT database_name, schema_name, view_name, 'view', comment, NULL FROM duckdb_views() \
         WHERE NOT internal AND {wanted}"
    );
    for row in rows(session, &relations)? {
        let relation = CatalogRelation {
            database: text(&row[0]),
            schema: text(&row[1]),
            name: text(&row[2]),
            kind: if text(&row[3]) == "view" { RelationKind::View } else { RelationKind::Table },
            columns: Vec::new(),
            comment: optional(&row[4]),
            owner: None,
            rows: number(&row[5]),
        };
        if let Some(schema) = catalog.schemas.get_mut(&SchemaName::new(&relation.database, &relation.schema)) {
            schema.insert(fold(&relation.name), relation);
        }
    }
    let columns = format!(
        "SELECT database_name, schema_name, table_name, column_name, data_type, is_nullable, comment \
         FROM duckdb_columns() WHERE NOT internal AND {wanted} ORDER BY table_oid, column_index"
    );
    for row in rows(session, &columns)? {
        let relation = catalog
            .schemas
            .get_mut(&SchemaName::new(&text(&row[0]), &text(&row[1])))
            .and_then(|schema| schema.get_mut(&fold(&text(&row[2]))));
        if let Some(relation) = relation {
            relation.columns.push(Column {
                name: text(&row[3]),
                data_type: text(&row[4]),
                nullable: row[5] != Cell::Boolean(false),
                comment: optional(&row[6]),
            });
        }
    }
    Ok(catalog)
}

/// The rows of a query.
fn rows(session: &mut DuckDbSession, sql: &str) -> Result<Vec<Vec<Cell>>, WarehouseError> {
    Ok(session.execute(sql)?.table.rows)
}

fn text(cell: &Cell) -> String {
    cell.to_string()
}

fn optional(cell: &Cell) -> Option<String> {
    (*cell != Cell::Null).then(|| cell.to_string())
}

fn number(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Integer(value) => u64::try_from(*value).ok(),
        _ => None,
    }
}
