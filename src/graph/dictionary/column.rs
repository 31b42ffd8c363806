//! Columns and constraints as dbt's dictionaries.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::super::{Column, Node};

/// The declared columns by name.
pub(super) fn columns(node: &Node) -> Value {
    Value::Object(node.columns.iter().map(|(name, column)| (name.clone(), one(column, &json!([])))).collect())
}

/// A column with the docs blocks of its description.
pub(super) fn one(column: &Column, blocks: &Value) -> Value {
    json!(OneColumn { column, blocks })
}

/// The same, for writing.
pub(super) struct OneColumn<'c> {
    pub(super) column: &'c Column,
    pub(super) blocks: &'c Value,
}

impl Serialize for OneColumn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { column, blocks } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &column.name)?;
        map.serialize_entry("description", &column.description)?;
        map.serialize_entry("meta", &column.meta)?;
        map.serialize_entry("data_type", &column.data_type)?;
        map.serialize_entry("constraints", &constraints(&column.constraints, false))?;
        map.serialize_entry("quote", &column.quote)?;
        map.serialize_entry("config", &Settings(column))?;
        map.serialize_entry("tags", &column.tags)?;
        map.serialize_entry("granularity", &column.granularity)?;
        map.serialize_entry("doc_blocks", blocks)?;
        for (key, value) in column.more.iter().flat_map(|more| more.iter()) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// `config` of a column.
struct Settings<'c>(&'c Column);

impl Serialize for Settings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("meta", &self.0.meta)?;
        map.serialize_entry("tags", &self.0.tags)?;
        map.end()
    }
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
