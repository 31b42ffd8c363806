//! Nodes as dbt's dictionaries: what templates see as `model` and `graph`, and what the manifest holds.
//!
//! Keys and their order are those of dbt 1.11's manifest v12. A dictionary says what is known after parsing; what only
//! compiling or the project's folders tell is null here (`compiled_path`, `root_path`, `created_at`).

mod column;
mod contract;
mod declared;
mod fields;
mod key;
mod semantic;
mod unit_test;

pub use fields::Fields;
pub use key::primary_keys;
pub(super) use semantic::input_measure;

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::{Graph, Node};
use crate::config::{event_time, typed};
use crate::project::NodeKind;
use column::constraints;

/// A node as dbt's dictionary, every key present.
pub fn dictionary(node: &Node) -> Value {
    fields(node).into_value()
}

/// The same, for writing.
pub fn fields(node: &Node) -> Fields<'_> {
    match node.kind {
        NodeKind::Source => Fields::of(declared::source(node)),
        NodeKind::Exposure => Fields::of(declared::exposure(node)),
        NodeKind::Metric => Fields::of(semantic::metric(node)),
        NodeKind::SemanticModel => Fields::of(semantic::semantic_model(node)),
        NodeKind::SavedQuery => Fields::of(semantic::saved_query(node)),
        NodeKind::UnitTest => Fields::of(unit_test::unit_test(node)),
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
        "functions": pick(&[NodeKind::Function]),
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
fn executable(node: &Node) -> Fields<'_> {
    let mut fields = Fields::default();
    if node.kind == NodeKind::Function {
        fields.put("returns", function_returns(node));
    }
    fields.text("database", &node.database);
    fields.text("schema", &node.schema);
    fields.text("name", &node.name);
    fields.text("resource_type", node.kind.as_str());
    fields.text("package_name", &node.package);
    fields.text("path", &node.path);
    fields.text("original_file_path", &node.original_path);
    fields.text("unique_id", &node.unique_id);
    fields.texts("fqn", &node.fqn);
    fields.text("alias", &node.alias);
    fields.put("checksum", json!({"name": node.checksum.name, "checksum": node.checksum.value}));
    fields.map("config", &node.config);
    fields.texts("tags", &node.tags);
    fields.text("description", &node.description);
    fields.columns("columns", node.columns.values());
    fields.put("meta", node.config.get("meta").cloned().unwrap_or_else(|| json!({})));
    fields.optional("group", node.group.as_deref());
    fields.put("docs", docs(node));
    fields.optional("patch_path", node.patch_path.as_deref());
    fields.put("build_path", Value::Null);
    fields.map("unrendered_config", &node.unrendered_config);
    fields.put("created_at", Value::Null);
    let relation = node.relation.as_deref().filter(|_| node.kind != NodeKind::Function);
    fields.put("relation_name", json!(relation.map(ToString::to_string)));
    fields.text("raw_code", &node.raw);
    fields.put("doc_blocks", json!([]));
    if node.kind == NodeKind::Seed {
        fields.put("root_path", Value::Null);
        fields.put("depends_on", json!({"macros": node.macros}));
        return fields;
    }
    fields.text("language", node.language());
    fields.put("refs", refs(node));
    fields.put("sources", sources(node));
    fields.put("metrics", json!(node.metrics));
    fields.put("functions", json!(node.functions));
    fields.put("depends_on", depends_on(node));
    fields.put("compiled_path", Value::Null);
    fields.put("contract", contract::contract(node));
    own_keys(node, &mut fields);
    fields
}

/// The keys only one kind has.
fn own_keys<'n>(node: &'n Node, fields: &mut Fields<'n>) {
    if node.kind == NodeKind::Model {
        fields.text("access", node.setting_text("access").unwrap_or("protected"));
        fields.put("constraints", constraints(&node.constraints, true));
        fields.put("version", json!(node.version));
        fields.put("latest_version", json!(node.latest_version));
        fields.put("deprecation_date", deprecation_date(node));
        fields.put("primary_key", json!([]));
        fields.put("time_spine", time_spine(node));
    }
    if node.kind == NodeKind::Function {
        fields.put("arguments", function_arguments(node));
    }
    if node.kind == NodeKind::Operation {
        fields.put("index", node.declared.get("index").cloned().unwrap_or_default());
    }
    if let Some(test) = &node.test {
        fields.optional("column_name", test.column_name.as_deref());
        fields.text("file_key_name", &test.file_key_name);
        fields.optional("attached_node", test.attached_node.as_deref());
        let metadata =
            json!({"name": test.name, "kwargs": typed::plain_fields(&test.arguments), "namespace": test.namespace});
        fields.put("test_metadata", metadata);
    }
}

/// What a function returns, with every key dbt gives it.
fn function_returns(node: &Node) -> Value {
    let returns = node.declared.get("returns");
    let part = |key: &str| returns.and_then(|returns| returns.get(key)).cloned().unwrap_or_default();
    json!({"data_type": part("data_type"), "description": part("description")})
}

/// The arguments of a function, with every key dbt gives them.
fn function_arguments(node: &Node) -> Value {
    let written = node.declared.get("arguments").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let argument = |one: &Value| {
        let part = |key: &str| one.get(key).cloned().unwrap_or_default();
        json!({
            "name": part("name"), "data_type": part("data_type"), "description": part("description"),
            "default_value": part("default_value"),
        })
    };
    written.iter().map(argument).collect()
}

/// `deprecation_date` as a time in the zone it was written in, which is UTC without one; a day alone begins at midnight.
fn deprecation_date(node: &Node) -> Value {
    let written = node.deprecation_date.as_deref();
    let zoned = |text: &str| DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)).ok();
    let time = |text: &str| zoned(text).or_else(|| Some(event_time(text)?.fixed_offset()));
    written.and_then(Value::as_str).and_then(time).map_or_else(|| json!(written), |time| json!(time.to_rfc3339()))
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
