//! Nodes as dbt's dictionaries: what templates see as `model` and `graph`, and what the manifest holds.
//!
//! Keys and their order are those of dbt 1.11's manifest v12. A dictionary says what is known after parsing; what only
//! compiling or the project's folders tell is null here (`compiled_path`, `root_path`, `created_at`).

mod column;
mod contract;
mod declared;
mod key;
mod semantic;
mod unit_test;

pub use key::primary_keys;
pub(super) use semantic::input_measure;

use serde_json::{Map, Value, json};

use super::{Graph, Node};
use crate::project::NodeKind;
use column::{columns, constraints};

/// A node as dbt's dictionary, every key present.
pub fn dictionary(node: &Node) -> Value {
    match node.kind {
        NodeKind::Source => declared::source(node),
        NodeKind::Exposure => declared::exposure(node),
        NodeKind::Metric => semantic::metric(node),
        NodeKind::SemanticModel => semantic::semantic_model(node),
        NodeKind::SavedQuery => semantic::saved_query(node),
        NodeKind::UnitTest => unit_test::unit_test(node),
        _ => executable(node),
    }
}

/// A node as templates see `model`: without the keys dbt has no value for (`to_dict(omit_none=True)`). What the user wrote
/// under `meta` and in arguments of tests keeps its nulls.
pub fn template_model(node: &Node) -> Value {
    without_nulls(dictionary(node))
}

/// What templates see as `graph`.
pub fn flat_graph(graph: &Graph) -> Value {
    let keys = primary_keys(graph);
    let pick = |kinds: &[NodeKind]| -> Value {
        let nodes = graph.nodes.values().chain(&graph.dropped).filter(|node| kinds.contains(&node.kind));
        Value::Object(
            nodes
                .map(|node| (node.unique_id.clone(), with_primary_key(dictionary(node), keys.get(&node.unique_id))))
                .collect(),
        )
    };
    let groups: Map<String, Value> = graph.groups.iter().map(|(id, group)| (id.clone(), group.clone())).collect();
    json!({
        "exposures": pick(&[NodeKind::Exposure]),
        "functions": {},
        "groups": groups,
        "metrics": pick(&[NodeKind::Metric]),
        "nodes": pick(&EXECUTABLE),
        "sources": pick(&[NodeKind::Source]),
        "semantic_models": pick(&[NodeKind::SemanticModel]),
        "saved_queries": pick(&[NodeKind::SavedQuery]),
    })
}

/// The kinds dbt keeps under `nodes`.
pub const EXECUTABLE: [NodeKind; 6] =
    [NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot, NodeKind::Test, NodeKind::Analysis, NodeKind::Operation];

/// A model's dictionary with what [`primary_keys`] found.
pub fn with_primary_key(mut dictionary: Value, columns: Option<&Vec<String>>) -> Value {
    if let (Some(columns), Some(entry)) = (columns, dictionary.get_mut("primary_key")) {
        *entry = json!(columns);
    }
    dictionary
}

/// What dbt keeps under `nodes`: models, seeds, snapshots, tests, analyses, hooks.
fn executable(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    put("database", json!(node.database));
    put("schema", json!(node.schema));
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("alias", json!(node.alias));
    put("checksum", json!({"name": node.checksum.name, "checksum": node.checksum.value}));
    put("config", Value::Object((*node.config).clone()));
    put("tags", json!(node.tags));
    put("description", json!(node.description));
    put("columns", columns(node));
    put("meta", node.config.get("meta").cloned().unwrap_or_else(|| json!({})));
    put("group", json!(node.group));
    put("docs", docs(node));
    put("patch_path", json!(node.patch_path));
    put("build_path", Value::Null);
    put("unrendered_config", Value::Object((*node.unrendered_config).clone()));
    put("created_at", Value::Null);
    put("relation_name", json!(node.relation.as_ref().map(ToString::to_string)));
    put("raw_code", json!(&*node.raw));
    put("doc_blocks", json!([]));
    if node.kind == NodeKind::Seed {
        put("root_path", Value::Null);
        put("depends_on", json!({"macros": node.macros}));
        return Value::Object(map);
    }
    put("language", json!(if node.is_python() { "python" } else { "sql" }));
    calls(node, &mut put);
    put("functions", json!([]));
    put("depends_on", depends_on(node));
    put("compiled_path", Value::Null);
    put("contract", contract::contract(node));
    own_keys(node, &mut put);
    Value::Object(map)
}

/// The keys only one kind has.
fn own_keys(node: &Node, put: &mut dyn FnMut(&str, Value)) {
    if node.kind == NodeKind::Model {
        put("access", json!(node.setting_text("access").unwrap_or("protected")));
        put("constraints", constraints(&node.constraints, true));
        put("version", json!(node.version));
        put("latest_version", json!(node.latest_version));
        put("deprecation_date", deprecation_date(node));
        put("primary_key", json!([]));
        put("time_spine", time_spine(node));
    }
    if node.kind == NodeKind::Operation {
        put("index", node.declared.get("index").cloned().unwrap_or_default());
    }
    if let Some(test) = &node.test {
        put("column_name", json!(test.column_name));
        put("file_key_name", json!(test.file_key_name));
        put("attached_node", json!(test.attached_node));
        put("test_metadata", json!({"name": test.name, "kwargs": test.arguments, "namespace": test.namespace}));
    }
}

/// `deprecation_date` as a time; a day alone begins at midnight UTC.
fn deprecation_date(node: &Node) -> Value {
    match &node.deprecation_date {
        Some(Value::String(day)) if day.len() == "2024-01-01".len() => json!(format!("{day}T00:00:00+00:00")),
        other => json!(other),
    }
}

/// `time_spine` of a model, with every key dbt gives it.
fn time_spine(node: &Node) -> Value {
    let Some(written) = node.declared.get("time_spine").filter(|spine| spine.is_object()) else {
        return Value::Null;
    };
    let list = written.get("custom_granularities").and_then(Value::as_array).cloned().unwrap_or_default();
    let custom = |item: &Value| json!({"name": item.get("name"), "column_name": item.get("column_name")});
    json!({
        "standard_granularity_column": written.get("standard_granularity_column"),
        "custom_granularities": list.iter().map(custom).collect::<Vec<_>>(),
    })
}

/// Name, type, package, paths and unique id, in dbt's order.
fn identity(node: &Node, put: &mut dyn FnMut(&str, Value)) {
    put("name", json!(node.name));
    put("resource_type", json!(node.kind.as_str()));
    put("package_name", json!(node.package));
    put("path", json!(node.path));
    put("original_file_path", json!(node.original_path));
    put("unique_id", json!(node.unique_id));
}

/// `refs`, `sources`, `metrics`, as called.
fn calls(node: &Node, put: &mut dyn FnMut(&str, Value)) {
    put("refs", refs(node));
    put("sources", sources(node));
    put("metrics", json!(node.metrics));
}

fn refs(node: &Node) -> Value {
    node.refs.iter().map(|call| json!({"name": call.name, "package": call.package, "version": call.version})).collect()
}

fn sources(node: &Node) -> Value {
    node.sources.iter().map(|(source, table)| json!([source, table])).collect()
}

fn depends_on(node: &Node) -> Value {
    json!({"macros": node.macros, "nodes": node.depends_on})
}

fn docs(node: &Node) -> Value {
    let own = |key: &str| node.config.get("docs").and_then(|docs| docs.get(key)).cloned();
    json!({"show": own("show").unwrap_or(Value::Bool(true)), "node_color": own("node_color").unwrap_or_default()})
}

/// Maps whose content is the user's, in which null is a value.
const FREE: [&str; 5] = ["meta", "kwargs", "unrendered_config", "column_types", "grants"];

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let keep = map.into_iter().filter(|(_, value)| !value.is_null());
            let clean = keep.map(
                |(key, value)| {
                    if FREE.contains(&key.as_str()) { (key, value) } else { (key, without_nulls(value)) }
                },
            );
            Value::Object(clean.collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
