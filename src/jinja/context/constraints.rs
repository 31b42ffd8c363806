//! Constraints as DDL (dbt: `render_raw_columns_constraints`, `render_raw_model_constraints`).

use minijinja::{Error, Value};
use serde_json::Value as Json;

use super::call::Call;
use crate::jinja::python;
use crate::sql::Dialect;

/// Each column as `name type constraints…`.
pub(super) fn columns(call: &Call, dialect: Dialect) -> Result<Value, Error> {
    let raw = python::to_json(&call.required(0, "raw_columns")?).unwrap_or(Json::Null);
    let render = |column: &Json| {
        let name = text(column, "name").unwrap_or_default();
        let quoted = column.get("quote").and_then(Json::as_bool).unwrap_or(false);
        let name = if quoted { format!("\"{name}\"") } else { name };
        let mut words = vec![format!("{name} {}", text(column, "data_type").unwrap_or_else(|| "None".to_owned()))];
        words
            .extend(list(column, "constraints").iter().filter_map(|constraint| column_constraint(constraint, dialect)));
        Value::from(words.join(" "))
    };
    let columns = raw.as_object().into_iter().flat_map(serde_json::Map::values);
    Ok(python::list(columns.map(render).collect()))
}

/// Each constraint of the model as a table constraint.
pub(super) fn model(call: &Call, dialect: Dialect) -> Result<Value, Error> {
    let raw = python::to_json(&call.required(0, "raw_constraints")?).unwrap_or(Json::Null);
    let constraints = raw.as_array().into_iter().flatten();
    Ok(python::list(
        constraints.filter_map(|constraint| model_constraint(constraint, dialect)).map(Value::from).collect(),
    ))
}

fn text(value: &Json, key: &str) -> Option<String> {
    value.get(key).and_then(Json::as_str).map(str::to_owned).filter(|text| !text.is_empty())
}

fn list(value: &Json, key: &str) -> Vec<Json> {
    value.get(key).and_then(Json::as_array).cloned().unwrap_or_default()
}

/// What a foreign key refers to; `DuckDB` takes it without its database.
fn within(to: &str, dialect: Dialect) -> &str {
    match (dialect, to.matches('.').count(), to.split_once('.')) {
        (Dialect::DuckDb, 2.., Some((_, rest))) => rest,
        _ => to,
    }
}

/// Snowflake has no check constraints.
fn is_supported(kind: &str, dialect: Dialect) -> bool {
    !(kind == "check" && dialect == Dialect::Snowflake)
}

fn column_constraint(constraint: &Json, dialect: Dialect) -> Option<String> {
    let kind = text(constraint, "type")?;
    let expression = text(constraint, "expression");
    let suffix = expression.as_ref().map(|e| format!(" {e}")).unwrap_or_default();
    if !is_supported(&kind, dialect) {
        return None;
    }
    match kind.as_str() {
        "check" => expression.map(|expression| format!("check ({expression})")),
        "not_null" => Some(format!("not null{suffix}")),
        "unique" => Some(format!("unique{suffix}")),
        "primary_key" => Some(format!("primary key{suffix}")),
        "foreign_key" => {
            let columns: Vec<String> =
                list(constraint, "to_columns").iter().filter_map(|c| c.as_str().map(str::to_owned)).collect();
            match text(constraint, "to") {
                Some(to) if !columns.is_empty() => {
                    Some(format!("references {} ({})", within(&to, dialect), columns.join(", ")))
                }
                _ => expression.map(|expression| format!("references {expression}")),
            }
        }
        "custom" => expression,
        _ => None,
    }
}

fn model_constraint(constraint: &Json, dialect: Dialect) -> Option<String> {
    let kind = text(constraint, "type")?;
    let expression = text(constraint, "expression");
    let names = |key: &str| {
        list(constraint, key).iter().filter_map(|c| c.as_str().map(str::to_owned)).collect::<Vec<_>>().join(", ")
    };
    let prefix = text(constraint, "name").map(|name| format!("constraint {name} ")).unwrap_or_default();
    let suffix = expression.as_ref().map(|e| format!(" {e}")).unwrap_or_default();
    if !is_supported(&kind, dialect) {
        return None;
    }
    match kind.as_str() {
        "check" => expression.map(|expression| format!("{prefix}check ({expression})")),
        "unique" => Some(format!("{prefix}unique{suffix} ({})", names("columns"))),
        "primary_key" => Some(format!("{prefix}primary key{suffix} ({})", names("columns"))),
        "foreign_key" => {
            let to = text(constraint, "to").filter(|_| !names("to_columns").is_empty());
            let target = to.map(|to| format!("{} ({})", within(&to, dialect), names("to_columns"))).or(expression)?;
            Some(format!("{prefix}foreign key ({}) references {target}", names("columns")))
        }
        "custom" => expression.map(|expression| format!("{prefix}{expression}")),
        _ => None,
    }
}
