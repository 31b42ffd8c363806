//! Columns and constraints as dbt's dictionaries.

use serde_json::{Map, Value, json};

use super::super::{Column, Node};

/// The declared columns by name.
pub(super) fn columns(node: &Node) -> Value {
    Value::Object(node.columns.iter().map(|(name, column)| (name.clone(), one(column))).collect())
}

fn one(column: &Column) -> Value {
    json!({
        "name": column.name,
        "description": column.description,
        "meta": column.meta,
        "data_type": column.data_type,
        "constraints": constraints(&column.constraints, false),
        "quote": column.quote,
        "config": {"meta": column.meta, "tags": column.tags},
        "tags": column.tags,
        "granularity": column.granularity,
        "doc_blocks": [],
    })
}

/// Constraints with every key dbt gives them; those of a model name columns.
pub(super) fn constraints(list: &[Value], on_model: bool) -> Value {
    list.iter().map(|constraint| Value::Object(constraint_keys(constraint, on_model))).collect()
}

fn constraint_keys(constraint: &Value, on_model: bool) -> Map<String, Value> {
    let own = |key: &str| constraint.get(key).cloned();
    let mut keys = Map::new();
    let mut put = |key: &str, default: Value| {
        keys.insert(key.to_owned(), own(key).filter(|value| !value.is_null()).unwrap_or(default));
    };
    put("type", Value::Null);
    put("name", Value::Null);
    put("expression", Value::Null);
    put("warn_unenforced", Value::Bool(true));
    put("warn_unsupported", Value::Bool(true));
    put("to", Value::Null);
    put("to_columns", json!([]));
    if on_model {
        put("columns", json!([]));
    }
    keys
}
