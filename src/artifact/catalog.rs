//! `catalog.json`, version 1: what the warehouse holds of the project's relations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Invocation;
use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::sql::RelationKind;
use crate::warehouse::{Catalog, CatalogRelation};

/// The file's value: every relation of the graph that the warehouse has.
pub fn catalog(invocation: &Invocation<'_>, graph: &Graph, found: &Catalog) -> Value {
    let section = |is_source: bool| {
        let nodes = graph.nodes.values().filter(move |node| (node.kind == NodeKind::Source) == is_source);
        let entry =
            |node: &Node| Some((node.unique_id.clone(), table(node, found.relation(node.relation.as_deref()?)?)));
        Value::Object(nodes.filter_map(entry).collect())
    };
    json!({
        "metadata": invocation.metadata("catalog/v1"),
        "nodes": section(false),
        "sources": section(true),
        "errors": null,
    })
}

/// The file's value from rows that a macro gave, a column of a relation each; those of other relations are left out. (dbt:
/// `task/docs/generate.py`, `Catalog`.)
pub fn from_rows(
    invocation: &Invocation<'_>,
    graph: &Graph,
    rows: &[Map<String, Value>],
    errors: Option<&[String]>,
) -> Value {
    let mut tables: BTreeMap<(String, String, String), Value> = BTreeMap::new();
    for row in rows {
        let text = |key: &str| row.get(key).map(plain).unwrap_or_default();
        let key = [text("table_database"), text("table_schema"), text("table_name")].map(|name| name.to_lowercase());
        let [database, schema, name] = key;
        let made = tables.entry((database, schema, name)).or_insert_with(|| own_table(row));
        let column = json!({
            "type": row.get("column_type"), "index": index(&text("column_index")),
            "name": row.get("column_name"), "comment": row.get("column_comment"),
        });
        made["columns"][text("column_name")] = column;
    }
    let section = |is_source: bool| {
        let nodes = graph.nodes.values().filter(move |node| (node.kind == NodeKind::Source) == is_source);
        let entry = |node: &Node| {
            let relation = node.relation.as_deref()?;
            let key = (relation.database.clone()?, relation.schema.clone()?, relation.identifier.clone());
            let mut made = tables.get(&(key.0.to_lowercase(), key.1.to_lowercase(), key.2.to_lowercase()))?.clone();
            made["unique_id"] = json!(node.unique_id);
            Some((node.unique_id.clone(), made))
        };
        Value::Object(nodes.filter_map(entry).collect())
    };
    json!({
        "metadata": invocation.metadata("catalog/v1"),
        "nodes": section(false),
        "sources": section(true),
        "errors": errors,
    })
}

/// A column's number; what is behind a point does not count.
fn index(text: &str) -> i64 {
    text.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn own_table(row: &Map<String, Value>) -> Value {
    let of = |key: &str| row.get(key).cloned().unwrap_or_default();
    let stats: BTreeSet<&str> = row.keys().filter_map(|key| key.strip_prefix("stats:")?.split(':').next()).collect();
    let mut statistics = Map::new();
    for id in stats {
        let part = |name: &str| row.get(&format!("stats:{id}:{name}")).cloned().unwrap_or_default();
        let include =
            matches!(part("include"), Value::Bool(true)) || plain(&part("include")).eq_ignore_ascii_case("true");
        if include {
            let item = json!({
                "id": id, "label": part("label"), "value": part("value"), "include": true, "description": part("description"),
            });
            statistics.insert(id.to_owned(), item);
        }
    }
    let has_any = !statistics.is_empty();
    let description = "Indicates whether there are statistics for this table";
    let own = json!({"id": "has_stats", "label": "Has Stats?", "value": has_any, "include": false, "description": description});
    statistics.insert("has_stats".to_owned(), own);
    json!({
        "metadata": {
            "type": of("table_type"), "schema": of("table_schema"), "name": of("table_name"), "database": of("table_database"),
            "comment": of("table_comment"), "owner": of("table_owner"),
        },
        "columns": {},
        "stats": statistics,
        "unique_id": null,
    })
}

fn table(node: &Node, relation: &CatalogRelation) -> Value {
    let column = |(index, column): (usize, &crate::warehouse::Column)| {
        let value =
            json!({"type": column.data_type, "index": index + 1, "name": column.name, "comment": column.comment});
        (column.name.clone(), value)
    };
    let columns: Map<String, Value> = relation.columns.iter().enumerate().map(column).collect();
    json!({
        "metadata": {
            "type": kind(relation.kind),
            "schema": relation.schema,
            "name": relation.name,
            "database": relation.database,
            "comment": relation.comment,
            "owner": relation.owner,
        },
        "columns": columns,
        "stats": statistics(relation),
        "unique_id": node.unique_id,
    })
}

/// The kind of a relation as the information schema calls it.
fn kind(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "BASE TABLE",
        RelationKind::View => "VIEW",
        RelationKind::Cte => "CTE",
        RelationKind::MaterializedView => "MATERIALIZED VIEW",
        RelationKind::DynamicTable => "DYNAMIC TABLE",
        RelationKind::External => "EXTERNAL TABLE",
        RelationKind::Function => "FUNCTION",
    }
}

/// The number of rows where the warehouse knows it, and whether there is any such number.
fn statistics(relation: &CatalogRelation) -> Value {
    let statistic = |id: &str, label: &str, value: Value, include: bool, description: &str| json!({"id": id, "label": label, "value": value, "include": include, "description": description});
    let mut statistics = Map::new();
    if let Some(rows) = relation.rows {
        let description = "Number of rows in the table as reported by the warehouse";
        statistics.insert("row_count".to_owned(), statistic("row_count", "Row Count", json!(rows), true, description));
    }
    let description = "Indicates whether there are statistics for this table";
    let has_any = json!(relation.rows.is_some());
    statistics.insert("has_stats".to_owned(), statistic("has_stats", "Has Stats?", has_any, false, description));
    Value::Object(statistics)
}
