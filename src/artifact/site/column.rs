//! The columns of a node: what the project declares, joined with what the catalog found.

use serde_json::{Map, Value, json};

use super::payload::{insert, object, text};

/// Declared columns and the catalog's, in the catalog's order when there is one. Names are matched without
/// regard to case. A declared column that the catalog does not have is marked `missing`.
pub(super) fn columns(node: &Value, catalog: Option<&Value>) -> Vec<Value> {
    let declared: Vec<&Value> = object(node, "columns").map(|(_, column)| column).collect();
    let mut found: Vec<&Value> =
        catalog.into_iter().flat_map(|entry| object(entry, "columns")).map(|(_, column)| column).collect();
    found.sort_by_key(|column| column["index"].as_i64());
    let same = |a: &Value, b: &Value| text(a, "name").eq_ignore_ascii_case(text(b, "name"));
    let mut columns: Vec<Value> =
        found.iter().map(|found| column(declared.iter().find(|one| same(one, found)).copied(), Some(found))).collect();
    for one in declared.iter().filter(|one| !found.iter().any(|found| same(one, found))) {
        let mut column = column(Some(one), None);
        if !found.is_empty() {
            column["missing"] = json!(true);
        }
        columns.push(column);
    }
    columns
}

fn column(declared: Option<&Value>, found: Option<&Value>) -> Value {
    let none = Value::Null;
    let (declared, found) = (declared.unwrap_or(&none), found.unwrap_or(&none));
    let mut out = Map::new();
    let either = |first: &Value, key: &str, second: &Value, other: &str| {
        if text(first, key).is_empty() { second[other].clone() } else { first[key].clone() }
    };
    insert(&mut out, "name", either(declared, "name", found, "name"));
    insert(&mut out, "type", either(found, "type", declared, "data_type"));
    insert(&mut out, "description", either(declared, "description", found, "comment"));
    insert(&mut out, "tags", declared["tags"].clone());
    insert(&mut out, "constraints", declared["constraints"].clone());
    insert(&mut out, "policy", masking_policy(declared));
    Value::Object(out)
}

/// The policy's name, from `masking_policy` on the column or in its config or meta: a name, or an object
/// with a `name`.
fn masking_policy(column: &Value) -> Value {
    let places = [column, &column["config"], &column["config"]["meta"], &column["meta"]];
    let mut policies = places.into_iter().map(|place| &place["masking_policy"]);
    let Some(policy) = policies.find(|policy| !policy.is_null()) else { return Value::Null };
    policy.get("name").filter(|name| name.is_string()).unwrap_or(policy).clone()
}
