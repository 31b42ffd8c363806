//! The contract of a node and its checksum.
//!
//! dbt hashes the columns as Python prints them, so the checksum is made from Python's notation: two states compare as
//! equal only if it is exact.

use serde_json::{Value, json};

use super::super::{Column, Node};
use super::column::constraints;
use crate::jinja;
use crate::project::NodeKind;

/// `contract`: whether it is enforced, and the checksum of what it promises.
pub(super) fn contract(node: &Node) -> Value {
    let own = |key: &str, default: bool| {
        node.config.get("contract").and_then(|contract| contract.get(key)).and_then(Value::as_bool).unwrap_or(default)
    };
    let enforced = own("enforced", false);
    let checksum = (enforced && node.kind == NodeKind::Model).then(|| checksum(node));
    json!({"enforced": enforced, "alias_types": own("alias_types", true), "checksum": checksum})
}

fn checksum(node: &Node) -> String {
    let mut columns: Vec<&Column> = node.columns.values().collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    let mut state = String::new();
    for column in columns {
        state.push('|');
        state.push_str(&column.name);
        state.push_str(column.data_type.as_deref().unwrap_or("None"));
        state.push_str(&printed(&column.constraints, false));
    }
    if matches!(node.materialized(), "table" | "incremental") {
        state.push_str(node.materialized());
        state.push_str(&printed(&node.constraints, true));
    }
    crate::source::sha256(&state)
}

/// Constraints as Python prints a list of dbt's dataclasses.
fn printed(list: &[Value], on_model: bool) -> String {
    let class = if on_model { "ModelLevelConstraint" } else { "ColumnLevelConstraint" };
    let all = constraints(list, on_model);
    let one = |constraint: &Value| {
        let field = |(key, value): (&String, &Value)| match (key.as_str(), value.as_str()) {
            ("type", Some(kind)) => format!("type=<ConstraintType.{kind}: '{kind}'>"),
            _ => format!("{key}={}", jinja::json_repr(value)),
        };
        let fields: Vec<String> = constraint.as_object().into_iter().flatten().map(field).collect();
        format!("{class}({})", fields.join(", "))
    };
    let parts: Vec<String> = all.as_array().into_iter().flatten().map(one).collect();
    format!("[{}]", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::printed;

    #[test]
    fn constraints_are_printed_as_python_prints_them() {
        assert_eq!(
            printed(&[json!({"type": "not_null"})], false),
            "[ColumnLevelConstraint(type=<ConstraintType.not_null: 'not_null'>, name=None, expression=None, \
             warn_unenforced=True, warn_unsupported=True, to=None, to_columns=[])]"
        );
    }
}
