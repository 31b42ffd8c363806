//! `catalog.json`, version 1: what the warehouse holds of the project's relations.

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
        let entry = |node: &Node| Some((node.unique_id.clone(), table(node, found.relation(node.relation.as_ref()?)?)));
        Value::Object(nodes.filter_map(entry).collect())
    };
    json!({
        "metadata": invocation.metadata("catalog/v1"),
        "nodes": section(false),
        "sources": section(true),
        "errors": null,
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
