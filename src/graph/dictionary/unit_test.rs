//! Unit tests as dbt's dictionaries.

use serde_json::{Map, Value, json};

use super::super::Node;
use super::{depends_on, identity};

/// A unit test, as the manifest keeps it.
pub(super) fn unit_test(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let own = |key: &str| node.declared.get(key).cloned().unwrap_or_default();
    put("model", own("model"));
    put("given", own("given"));
    put("expect", own("expect"));
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("description", json!(node.description));
    put("overrides", own("overrides"));
    put("depends_on", depends_on(node));
    put("config", Value::Object((*node.config).clone()));
    put("checksum", own("checksum"));
    put("schema", json!(if node.schema.is_empty() { None } else { Some(&node.schema) }));
    put("created_at", Value::Null);
    put("versions", own("versions"));
    put("version", json!(node.version));
    Value::Object(map)
}
