//! Functions that users declare: in `functions:` of a YAML file, as dbt has them, or of `merganser.yml`, for those that nobody builds here.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::sql::{Dialect, ValueType};

/// The declared functions, by name in upper case.
#[derive(Debug, Default)]
pub struct Functions {
    list: HashMap<String, DeclaredFunction>,
}

/// A declared function.
#[derive(Debug)]
pub(super) struct DeclaredFunction {
    /// What it returns.
    pub(super) returns: ValueType,
    /// The fewest and the most arguments, where they are declared.
    pub(super) counts: Option<(usize, usize)>,
    /// Whether it works on the rows of a group.
    pub(super) is_aggregate: bool,
    /// Whether its result depends on its arguments and on nothing else.
    pub(super) is_pure: bool,
}

impl Functions {
    /// The functions that these entries declare.
    pub fn declared<'v>(entries: impl Iterator<Item = &'v Map<String, Value>>, dialect: Dialect) -> Self {
        let list = entries.filter_map(|entry| {
            let text =
                |value: Option<&'v Value>, key: &str| value.and_then(|value| value.get(key)).and_then(Value::as_str);
            let config = entry.get("config");
            let name = text(config, "alias").or_else(|| entry.get("name").and_then(Value::as_str))?;
            let written = text(entry.get("returns"), "data_type");
            let function = DeclaredFunction {
                returns: written.map_or(ValueType::Unknown, |written| ValueType::parse(written, dialect)),
                counts: counts(entry),
                is_aggregate: text(config, "type") == Some("aggregate"),
                is_pure: text(config, "volatility") == Some("deterministic"),
            };
            Some((name.to_uppercase(), function))
        });
        Self { list: list.collect() }
    }

    /// All of them, by name.
    pub(super) fn sorted(&self) -> BTreeMap<&str, &DeclaredFunction> {
        self.list.iter().map(|(name, function)| (name.as_str(), function)).collect()
    }

    /// The function that a call means, by the last part of its name.
    pub(super) fn find(&self, called: &str) -> Option<&DeclaredFunction> {
        if self.list.is_empty() {
            return None;
        }
        self.list.get(called.rsplit('.').next().unwrap_or(called))
    }
}

/// How many arguments a function takes; with overloads nobody knows.
fn counts(entry: &Map<String, Value>) -> Option<(usize, usize)> {
    let has_overloads = entry.get("overloads").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let arguments = entry.get("arguments").and_then(Value::as_array).filter(|_| !has_overloads)?;
    let needed = arguments.iter().filter(|argument| argument.get("default_value").is_none_or(Value::is_null));
    Some((needed.count(), arguments.len()))
}
