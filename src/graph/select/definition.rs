//! selectors.yml as the manifest has it: every definition spelled out as a mapping.

use serde_json::{Map, Value, json};

use super::file::list;
use super::grammar::dictionary;
use crate::project::Project;

/// The selectors by name.
pub fn selector_definitions(project: &Project) -> Value {
    let mut known: Map<String, Value> = Map::new();
    for selector in list(project) {
        let (Some(fields), Some(name)) = (selector.as_object(), selector.get("name").and_then(Value::as_str)) else {
            continue;
        };
        let mut fields = fields.clone();
        let definition = spelled_out(fields.get("definition").unwrap_or(&Value::Null), &known);
        fields.insert("definition".to_owned(), definition);
        known.insert(name.to_owned(), Value::Object(fields));
    }
    Value::Object(known)
}

fn spelled_out(definition: &Value, known: &Map<String, Value>) -> Value {
    let fields = match definition {
        Value::String(text) => return dictionary(text),
        Value::Object(fields) => fields,
        other => return other.clone(),
    };
    for set in ["union", "intersection"] {
        if let Some(Value::Array(members)) = fields.get(set) {
            return json!({set: members.iter().map(|member| spelled_out(member, known)).collect::<Vec<_>>()});
        }
    }
    if fields.get("method").and_then(Value::as_str) == Some("selector") {
        let named = fields.get("value").and_then(Value::as_str).and_then(|name| known.get(name));
        return named.and_then(|selector| selector.get("definition")).cloned().unwrap_or_default();
    }
    match fields.iter().next() {
        Some((key, value)) if fields.len() == 1 => {
            let value = match value {
                Value::Array(members) => members.iter().map(|member| spelled_out(member, known)).collect(),
                other => other.clone(),
            };
            if key == "exclude" { json!({"exclude": value}) } else { json!({"method": key, "value": value}) }
        }
        _ => definition.clone(),
    }
}
