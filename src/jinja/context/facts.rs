//! What a template asked for while it was parsed.

use serde_json::{Map, Value};

use super::world::Voice;

/// A call of `ref`, as made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefCall {
    /// The package, if two names were given.
    pub package: Option<String>,
    /// The name.
    pub name: String,
    /// The version, as text.
    pub version: Option<Box<Value>>,
}

/// What was recorded in the parse phase, in the order of the calls.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// `ref` calls.
    pub refs: Vec<RefCall>,
    /// `source` calls: source and table.
    pub sources: Vec<(String, String)>,
    /// `metric` calls.
    pub metrics: Vec<Vec<String>>,
    /// `function` calls.
    pub functions: Vec<Vec<String>>,
    /// `config` calls merged, as dbt merges them.
    pub config: Map<String, Value>,
    /// What it said to the user.
    pub said: Vec<(String, Voice)>,
    /// Whether the template asks the warehouse something when it is executed.
    pub introspects: bool,
}

impl Facts {
    /// Merges the arguments of one `config` call: lists that add up are appended, mappings updated, the rest replaced.
    /// The first call is kept as it was made.
    pub fn add_config(&mut self, call: Map<String, Value>) {
        let is_first = self.config.is_empty();
        for (key, value) in call {
            let key = match key.as_str() {
                "pre_hook" => "pre-hook".to_owned(),
                "post_hook" => "post-hook".to_owned(),
                _ => key,
            };
            if is_first {
                self.config.insert(key, value);
            } else if key == "grants" {
                add_grants(&mut self.config, value);
            } else {
                merge_config_value(&mut self.config, &key, value);
            }
        }
    }
}

/// How dbt merges a configuration value over one that is there already (`merge_config_dicts` and the merge behaviour of
/// each field in `artifacts/resources/v1/config.py`).
pub fn merge_config_value(config: &mut Map<String, Value>, key: &str, value: Value) {
    match key {
        "pre-hook" | "post-hook" | "tags" | "packages" => {
            let mut list = as_list(config.get(key).cloned().unwrap_or(Value::Null));
            // To say that there are none is no list of texts, and wrong there.
            if value.is_null() {
                list.push(value);
            } else {
                list.extend(as_list(value));
            }
            config.insert(key.to_owned(), Value::Array(list));
        }
        "meta" | "quoting" | "column_types" | "docs" | "contract" | "latest_version_pointer" => {
            let mut map = config.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
            match value {
                Value::Object(over) => {
                    over.into_iter().for_each(|(k, v)| {
                        map.insert(k, v);
                    });
                    config.insert(key.to_owned(), Value::Object(map));
                }
                other => {
                    config.insert(key.to_owned(), other);
                }
            }
        }
        "grants" => merge_grants(config, value),
        _ => {
            config.insert(key.to_owned(), value);
        }
    }
}

/// Grants of a further call: a privilege with `+` adds to what an earlier call says of it so, and keeps its `+` for what stands
/// above the template.
fn add_grants(config: &mut Map<String, Value>, value: Value) {
    let (Some(Value::Object(grants)), Value::Object(more)) = (config.get_mut("grants"), &value) else {
        config.insert("grants".to_owned(), value);
        return;
    };
    for (privilege, grantees) in more {
        let mut list = as_list(grantees.clone());
        if let Some(known) = grants.get(privilege).filter(|_| privilege.starts_with('+')) {
            list = as_list(known.clone()).into_iter().chain(list).collect();
        }
        grants.insert(privilege.clone(), Value::Array(list));
    }
}

/// Grants replace each other privilege by privilege; a privilege with `+` adds to what is there.
fn merge_grants(config: &mut Map<String, Value>, value: Value) {
    let mut grants = config.get("grants").and_then(Value::as_object).cloned().unwrap_or_default();
    let Value::Object(over) = value else {
        config.insert("grants".to_owned(), value);
        return;
    };
    for (privilege, grantees) in over {
        if let Some(plain) = privilege.strip_prefix('+') {
            let mut list = as_list(grants.get(plain).cloned().unwrap_or(Value::Null));
            list.extend(as_list(grantees));
            grants.insert(plain.to_owned(), Value::Array(list));
        } else {
            grants.insert(privilege, Value::Array(as_list(grantees)));
        }
    }
    config.insert("grants".to_owned(), Value::Object(grants));
}

fn as_list(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        other => vec![other],
    }
}
