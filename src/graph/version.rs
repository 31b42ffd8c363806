//! What the versions of a model declare for themselves, and what they take over from it (dbt: `UnparsedVersion`).

use serde_json::{Map, Value};

use crate::config::yaml::Step;

/// A column of a version as written, and the steps to it.
pub(super) type Declared<'a> = (Vec<Step>, &'a Value);

/// The columns of a version: those of the model, all of them or what `include` and `exclude` keep, then its own.
pub(super) fn columns<'a>(model: &'a Map<String, Value>, index: usize) -> Vec<Declared<'a>> {
    let items = |value: Option<&'a Value>| value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let version = items(model.get("versions")).get(index);
    let own = items(version.and_then(|version| version.get("columns")));
    let filter = own.iter().find(|item| item.get("include").is_some());
    let place = |steps: &[Step], at: usize| [steps, &["columns".into(), at.into()]].concat();
    let inherited = items(model.get("columns")).iter().enumerate();
    let inherited = inherited.filter(|(_, column)| filter.is_none_or(|filter| takes(filter, column)));
    let steps: [Step; 2] = ["versions".into(), index.into()];
    let named = own.iter().enumerate().filter(|(_, item)| item.get("name").is_some());
    let inherited = inherited.map(|(at, column)| (place(&[], at), column));
    inherited.chain(named.map(|(at, column)| (place(&steps, at), column))).collect()
}

/// Whether `include` takes a column, and `exclude` leaves it.
fn takes(filter: &Value, column: &Value) -> bool {
    let Some(name) = column.get("name").and_then(Value::as_str) else { return false };
    let names = |key: &str, name: &str| match filter.get(key) {
        Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(name)),
        Some(Value::String(one)) => one == name,
        _ => false,
    };
    (names("include", "*") || names("include", "all") || names("include", name)) && !names("exclude", name)
}
