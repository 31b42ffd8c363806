//! Nodes as dbt's dictionaries: what templates see as `model` and `graph`, and what the manifest holds.

use serde_json::{Value, json};

use super::{Graph, Node};

/// A node as dbt's dictionary.
pub fn dictionary(node: &Node) -> Value {
    json!({"name": node.name, "unique_id": node.unique_id, "config": node.config, "alias": node.alias, "schema": node.schema, "database": node.database, "package_name": node.package, "resource_type": node.kind.as_str(), "fqn": node.fqn})
}

/// What templates see as `graph`.
pub fn flat_graph(graph: &Graph) -> Value {
    let nodes: serde_json::Map<String, Value> = graph.nodes.iter().map(|(id, node)| (id.clone(), dictionary(node))).collect();
    json!({"nodes": nodes})
}
