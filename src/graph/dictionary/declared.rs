//! What is only declared, as dbt's dictionaries: sources, exposures, and what is kept as written.

use serde_json::{Map, Value, json};

use super::super::Node;
use super::column::columns;
use super::{depends_on, identity, refs, sources};

/// A table of a source.
pub(super) fn source(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let config = |key: &str| node.config.get(key).cloned().unwrap_or_default();
    put("database", json!(node.database));
    put("schema", json!(node.schema));
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    if let Some(details) = &node.source {
        let quoting = |key: &str| details.quoting.get(key).cloned().unwrap_or_default();
        put("source_name", json!(details.source_name));
        put("source_description", json!(details.source_description));
        put("loader", json!(details.loader));
        put("identifier", json!(details.identifier));
        put(
            "quoting",
            json!({
                "database": quoting("database"), "schema": quoting("schema"),
                "identifier": quoting("identifier"), "column": quoting("column"),
            }),
        );
    }
    put("loaded_at_field", config("loaded_at_field"));
    put("loaded_at_query", config("loaded_at_query"));
    put("freshness", config("freshness"));
    put("external", node.source.as_ref().and_then(|details| details.external.as_ref()).map_or(Value::Null, external));
    put("description", json!(node.description));
    put("columns", columns(node));
    put("meta", meta(node));
    put("source_meta", json!(node.source.as_ref().map(|details| &details.source_meta)));
    put("tags", json!(node.tags));
    put("config", Value::Object((*node.config).clone()));
    put("patch_path", json!(node.patch_path));
    put("unrendered_config", Value::Object((*node.unrendered_config).clone()));
    let in_place = node.source.as_ref().and_then(|details| details.read_in_place.clone());
    let shown = || node.source.as_ref().and_then(|details| details.shown.clone());
    let own = || node.relation.as_deref().map(ToString::to_string);
    put("relation_name", json!(in_place.or_else(shown).or_else(own)));
    put("created_at", Value::Null);
    put("unrendered_database", json!(node.source.as_ref().and_then(|details| details.unrendered_database.as_ref())));
    put("unrendered_schema", json!(node.source.as_ref().and_then(|details| details.unrendered_schema.as_ref())));
    put("doc_blocks", json!([]));
    Value::Object(map)
}

/// `external:` with dbt's own keys first; what else was written follows.
fn external(written: &Value) -> Value {
    let Some(fields) = written.as_object() else { return written.clone() };
    let known = ["location", "file_format", "row_format", "tbl_properties", "partitions"];
    let mut map: Map<String, Value> =
        known.iter().map(|key| ((*key).to_owned(), fields.get(*key).cloned().unwrap_or_default())).collect();
    map.extend(
        fields
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    Value::Object(map)
}

pub(super) fn meta(node: &Node) -> Value {
    node.config.get("meta").cloned().unwrap_or_else(|| json!({}))
}

/// An exposure.
pub(super) fn exposure(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let own = |key: &str| node.declared.get(key).cloned().unwrap_or_default();
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("type", own("type"));
    put("owner", owner(&own("owner")));
    put("description", json!(node.description));
    put("label", own("label"));
    put("maturity", own("maturity"));
    put("meta", meta(node));
    put("tags", json!(node.tags));
    put("config", Value::Object((*node.config).clone()));
    put("unrendered_config", Value::Object((*node.unrendered_config).clone()));
    put("url", own("url"));
    put("depends_on", depends_on(node));
    put("refs", refs(node));
    put("sources", sources(node));
    put("metrics", json!(node.metrics));
    put("created_at", Value::Null);
    Value::Object(map)
}

/// An owner: `email` and `name` always, then what else was written.
fn owner(written: &Value) -> Value {
    let mut map = Map::new();
    for key in ["email", "name"] {
        map.insert(key.to_owned(), written.get(key).cloned().unwrap_or_default());
    }
    for (key, value) in
        written.as_object().into_iter().flatten().filter(|(key, _)| !matches!(key.as_str(), "email" | "name"))
    {
        map.insert(key.clone(), value.clone());
    }
    Value::Object(map)
}
