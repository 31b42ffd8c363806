//! Whether contracts and constraints are declared so that they can be kept (dbt: `parser/schemas.py`, `patch_constraints`).

use serde_json::Value;

use super::{Graph, Node};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{NodeKind, Project};
use crate::source::{Sources, Span};

/// The types of constraints.
const TYPES: [&str; 6] = ["check", "not_null", "unique", "primary_key", "foreign_key", "custom"];

/// Whether an adapter keeps a type of constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Support {
    Enforced,
    Unenforced,
    Ignored,
}

/// Checks the contracts of models; those that cannot be kept are errors.
pub(super) fn check(graph: &mut Graph, project: &Project, sources: &Sources, diagnostics: &mut Diagnostics) {
    let declared = |node: &Node, key: &str| {
        let entry = node.patch.and_then(|index| project.entries.get(index));
        entry.map_or_else(|| node.place(), |entry| entry.span(sources, &[key.into()]))
    };
    let mut broken = Vec::new();
    for node in graph.nodes.values().filter(|node| is_enforced(node)) {
        let found = problems(node, &declared);
        if !found.is_empty() {
            broken.push(node.unique_id.clone());
        }
        diagnostics.extend(found);
        diagnostics.extend(warnings(node, graph.dialect, &declared));
    }
    graph.broken.extend(broken);
}

/// The place of a key of a node's properties.
type Declared<'a> = &'a dyn Fn(&Node, &str) -> Span;

fn is_enforced(node: &Node) -> bool {
    let contract = node.config.get("contract").and_then(Value::as_object);
    // A contract that only the model's own text asks for is looked at when the model is built.
    node.kind == NodeKind::Model
        && node.patch.is_some()
        && contract.and_then(|contract| contract.get("enforced")?.as_bool()).unwrap_or(false)
}

fn constraint_type(constraint: &Value) -> &str {
    constraint.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn problems(node: &Node, declared: Declared<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut report = |message: String, help: &str, span: Span| {
        found.push(Diagnostic::error(Code::BadConfig, message).at(span).node(&node.unique_id).help(help));
    };
    if node.columns.is_empty() {
        let message = format!("the contract of `{}` is enforced, and no columns are declared", node.name);
        report(message, "declare `columns:` with their `data_type` in a YAML file", declared(node, "name"));
    }
    if node.is_python() {
        let message = format!("the contract of `{}` is enforced, and it is in Python", node.name);
        report(message, "only models in SQL can have a contract", node.place());
    }
    let on_change = node.setting_text("on_schema_change").unwrap_or("ignore");
    if node.materialized() == "incremental" && !matches!(on_change, "append_new_columns" | "fail") {
        let message = format!(
            "`on_schema_change: {on_change}` does not go with the contract of the incremental model `{}`",
            node.name
        );
        report(message, "use `append_new_columns` or `fail`", declared(node, "config"));
    }
    for (constraint, span) in constraints(node, declared) {
        let kind = constraint_type(constraint);
        // Where there are no versions, the shape of the properties has been found wrong already.
        if node.version.is_some() && !TYPES.contains(&kind) {
            let message = format!("`{kind}` is no type of constraint");
            report(message, "the types are check, not_null, unique, primary_key, foreign_key and custom", span);
        }
    }
    for (message, help, key) in key_problems(node) {
        report(message, help, declared(node, key));
    }
    found
}

/// What is wrong with primary keys: message, advice, and the key of the properties where it stands.
fn key_problems(node: &Node) -> Vec<(String, &'static str, &'static str)> {
    let is_key = |constraint: &Value| constraint_type(constraint) == "primary_key";
    let columns = node.columns.values().filter(|column| column.constraints.iter().any(is_key));
    let keys: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
    let mut found = Vec::new();
    if keys.len() > 1 {
        let message = format!("{} columns are primary keys: {}", keys.len(), keys.join(", "));
        found.push((message, "a key of several columns is a constraint of the model", "columns"));
    }
    if !keys.is_empty() && node.constraints.iter().any(is_key) {
        let message = "a primary key is declared on the model and on a column".to_owned();
        found.push((message, "declare it at one of both places", "constraints"));
    }
    found
}

/// What will not be kept, once for each type of constraint.
fn warnings(node: &Node, dialect: crate::sql::Dialect, declared: Declared<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let makes_table = matches!(node.materialized(), "table" | "incremental");
    let adapter = dialect.adapter();
    for (constraint, span) in constraints(node, declared) {
        let kind = constraint_type(constraint);
        let (message, option) = match support(kind, dialect) {
            _ if !makes_table => {
                let message = format!("a {} has no constraints: they are ignored", node.materialized());
                (message, "warn_unsupported")
            }
            Support::Enforced => continue,
            Support::Unenforced => {
                (format!("`{kind}` constraints are declared and not enforced by {adapter}"), "warn_unenforced")
            }
            Support::Ignored => {
                (format!("`{kind}` constraints are not supported by {adapter}, and ignored"), "warn_unsupported")
            }
        };
        let is_asked = constraint.get(option).and_then(Value::as_bool).unwrap_or(true);
        if is_asked && !found.iter().any(|known| known.message == message) {
            let help = format!("test the column, or say `{option}: false`");
            found.push(Diagnostic::warning(Code::BadConfig, message).at(span).node(&node.unique_id).help(help));
        }
    }
    found
}

/// The constraints of columns and of the model, each with its place.
fn constraints<'n>(node: &'n Node, declared: Declared<'_>) -> Vec<(&'n Value, Span)> {
    let of_columns = node
        .columns
        .values()
        .flat_map(|column| column.constraints.iter().map(move |constraint| (constraint, column.span)));
    let of_model = node.constraints.iter().map(|constraint| (constraint, declared(node, "constraints")));
    of_columns.chain(of_model).collect()
}

fn support(kind: &str, dialect: crate::sql::Dialect) -> Support {
    match (dialect, kind) {
        (crate::sql::Dialect::DuckDb, _) | (_, "not_null" | "custom") => Support::Enforced,
        (_, "check") => Support::Ignored,
        _ => Support::Unenforced,
    }
}
