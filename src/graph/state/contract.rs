//! Promises that a model made to its readers and no longer keeps (dbt: `ModelNode.same_contract`, `same_contract_removed`).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::super::{Graph, Node, dictionary};
use super::PreviousManifest;
use super::compare::{Pair, equal};
use super::read::time;
use crate::diagnostic::{Code, Diagnostic};
use crate::sql::Dialect;

/// Whether the contract is the same as before; what readers may rely on and is gone is the error.
pub(super) fn compare(pair: &Pair<'_>) -> Result<bool, Vec<String>> {
    let enforced = |value: &Value| value.as_bool().unwrap_or(false);
    let path = ["contract", "enforced"];
    let checksum = ["contract", "checksum"];
    match (enforced(pair.old(&path)), enforced(pair.current(&path))) {
        (false, now) => return Ok(!now),
        (true, true) if equal(pair.old(&checksum), pair.current(&checksum)) => return Ok(true),
        (true, _) => {}
    }
    let mut broken = Vec::new();
    if !enforced(pair.current(&path)) {
        broken.push("the contract is no longer enforced".to_owned());
    }
    broken.extend(columns(pair));
    broken.extend(constraints(pair));
    if broken.is_empty() { Ok(false) } else { Err(broken) }
}

/// The columns of then, by name.
fn old_columns<'p>(pair: &'p Pair<'_>) -> Vec<(&'p String, &'p Value)> {
    let mut columns: Vec<_> = pair.old(&["columns"]).as_object().into_iter().flatten().collect();
    columns.sort_by_key(|(name, _)| *name);
    columns
}

/// Columns that are gone, or have another type. Length, precision and scale may change.
fn columns(pair: &Pair<'_>) -> Vec<String> {
    let text = |column: &Value, key: &str| column.get(key).and_then(Value::as_str).unwrap_or("None").to_owned();
    let bare = |kind: &str| kind.split('(').next().unwrap_or_default().trim().to_lowercase();
    let mut broken = Vec::new();
    for (key, old) in old_columns(pair) {
        let Some(new) = pair.current(&["columns"]).get(key) else {
            broken.push(format!("column `{}` was removed", text(old, "name")));
            continue;
        };
        let (before, now) = (text(old, "data_type"), text(new, "data_type"));
        if bare(&before) != bare(&now) {
            broken.push(format!("column `{}` was `{before}` and is `{now}`", text(old, "name")));
        }
    }
    broken
}

/// Constraints that the warehouse enforced and that are gone.
fn constraints(pair: &Pair<'_>) -> Vec<String> {
    let materialized = |value: &Value| matches!(value.as_str(), Some("table" | "incremental"));
    let path = ["config", "materialized"];
    if !materialized(pair.old(&path)) {
        return Vec::new();
    }
    let dialect = pair.dialect;
    let mut broken = Vec::new();
    for (key, old) in old_columns(pair) {
        let Some(new) = pair.current(&["columns"]).get(key) else { continue };
        for gone in lost(old.get("constraints"), new.get("constraints"), dialect) {
            broken.push(format!("constraint `{gone}` of column `{key}` was removed"));
        }
    }
    for gone in lost(Some(pair.old(&["constraints"])), Some(pair.current(&["constraints"])), dialect) {
        broken.push(format!("constraint `{gone}` was removed"));
    }
    let has = |value: Option<&Value>| value.and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let had_any = has(Some(pair.old(&["constraints"])))
        || old_columns(pair).iter().any(|(_, column)| has(column.get("constraints")));
    if had_any && !materialized(pair.current(&path)) {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        broken.push(format!(
            "the materialization was `{}`, which enforces constraints, and is `{}`",
            word(pair.old(&path)),
            word(pair.current(&path))
        ));
    }
    broken
}

/// Names of enforced constraints that are in the first list only.
fn lost(old: Option<&Value>, new: Option<&Value>, dialect: Dialect) -> Vec<String> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let new = list(new);
    let word = |constraint: &Value, key: &str| constraint.get(key).and_then(Value::as_str).map(str::to_owned);
    let gone = list(old).into_iter().filter(|constraint| !new.iter().any(|other| equal(constraint, other)));
    gone.filter(|constraint| {
        let kind = word(constraint, "type").unwrap_or_default();
        is_enforced(&kind, dialect)
    })
    .map(|constraint| word(&constraint, "name").or_else(|| word(&constraint, "type")).unwrap_or_default())
    .collect()
}

/// Whether the warehouse checks a kind of constraint when rows are written (the adapters' `CONSTRAINT_SUPPORT`).
fn is_enforced(kind: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::DuckDb => matches!(kind, "check" | "not_null" | "unique" | "primary_key" | "foreign_key"),
        Dialect::Snowflake => kind == "not_null",
    }
}

/// Models with a contract that were there and are not, or are disabled now.
pub(super) fn removed<'a>(
    graph: &'a Graph,
    manifest: &'a PreviousManifest,
    now: Option<DateTime<Utc>>,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let promised = move |fields: &Map<String, Value>| {
        let contract = fields.get("contract").and_then(|contract| contract.get("enforced"));
        let date = fields.get("deprecation_date").and_then(Value::as_str).and_then(time);
        let is_past = date.zip(now).is_some_and(|(date, now)| date < now);
        contract.and_then(Value::as_bool).unwrap_or(false) && !is_past
    };
    manifest.nodes.iter().filter_map(move |(id, old)| {
        if graph.nodes.contains_key(id) || !id.starts_with("model.") {
            return None;
        }
        let Some(node) = graph.disabled.iter().find(|node| node.unique_id == *id) else {
            let text = |key: &str| old.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_versioned = old.get("version").is_some_and(|version| !version.is_null());
            let gone = diagnostic(id, "the model was deleted or renamed", is_versioned);
            return promised(old).then(|| gone.in_file(text("original_file_path"), 1));
        };
        let fields = dictionary(node);
        let fields = fields.as_object()?;
        promised(fields).then(|| broken(node, "the model was disabled").at(node.span()))
    })
}

/// The diagnostic for a broken promise: an error where the model has versions, because then a new one can be made.
pub(super) fn broken(node: &Node, what: impl AsRef<str>) -> Diagnostic {
    diagnostic(&node.unique_id, what.as_ref(), node.version.is_some())
}

fn diagnostic(unique_id: &str, what: &str, is_versioned: bool) -> Diagnostic {
    let message = format!("the contract of `{unique_id}` is broken: {what}");
    let mut diagnostic = if is_versioned {
        Diagnostic::error(Code::BrokenContract, message)
            .help("make a new version of the model, and keep this one as it was")
    } else {
        Diagnostic::warning(Code::BrokenContract, message).help("give the model versions, or tell those who read it")
    };
    diagnostic.node = Some(unique_id.to_owned());
    diagnostic
}
