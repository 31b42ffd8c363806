//! Whether contracts and constraints are declared so that they can be kept (dbt: `parser/schemas.py`, `patch_constraints`).

use serde_json::{Map, Value};

use super::{Graph, Node};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::NodeKind;
use crate::source::Span;

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
pub(super) fn check(graph: &mut Graph, diagnostics: &mut Diagnostics) {
    let mut broken = Vec::new();
    for node in graph.nodes.values().filter(|node| is_enforced(node)) {
        let found = problems(node);
        if !found.is_empty() {
            broken.push(node.unique_id.clone());
        }
        diagnostics.extend(found);
        diagnostics.extend(warnings(node, graph.dialect));
    }
    graph.broken.extend(broken);
}

fn is_enforced(node: &Node) -> bool {
    let contract = node.config.get("contract").and_then(Value::as_object);
    node.kind == NodeKind::Model
        && contract.and_then(|contract| contract.get("enforced")?.as_bool()).unwrap_or(false)
}

fn constraint_type(constraint: &Value) -> &str {
    constraint.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn problems(node: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut report = |message: String, help: &str, span: Span| {
        found.push(Diagnostic::error(Code::BadConfig, message).at(span).node(&node.unique_id).help(help));
    };
    if node.columns.is_empty() {
        let message = format!("the contract of `{}` is enforced, and no columns are declared", node.name);
        report(message, "declare `columns:` with their `data_type` in a YAML file", node.place());
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
        report(message, "use `append_new_columns` or `fail`", node.place());
    }
    let on_columns = node
        .columns
        .values()
        .flat_map(|column| column.constraints.iter().map(move |constraint| (constraint, column.span)));
    let on_model = node.constraints.iter().map(|constraint| (constraint, node.place()));
    for (constraint, span) in on_columns.chain(on_model) {
        let kind = constraint_type(constraint);
        if !TYPES.contains(&kind) {
            let message = format!("`{kind}` is no type of constraint");
            report(
                message,
                "the types are check, not_null, unique, primary_key, foreign_key and custom",
                span,
            );
        }
    }
    let keys: Vec<&str> = node
        .columns
        .values()
        .filter(|column| column.constraints.iter().any(|one| constraint_type(one) == "primary_key"))
        .map(|column| column.name.as_str())
        .collect();
    if keys.len() > 1 {
        let message = format!("{} columns are primary keys: {}", keys.len(), keys.join(", "));
        report(message, "a key of several columns is a constraint of the model", node.place());
    }
    if !keys.is_empty() && node.constraints.iter().any(|one| constraint_type(one) == "primary_key") {
        let message = "a primary key is declared on the model and on a column".to_owned();
        report(message, "declare it at one of both places", node.place());
    }
    found
}

/// What will not be kept, once for each type of constraint.
fn warnings(node: &Node, dialect: crate::sql::Dialect) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut told: Vec<String> = Vec::new();
    let makes_table = matches!(node.materialized(), "table" | "incremental");
    let columns = node
        .columns
        .values()
        .flat_map(|column| column.constraints.iter().map(move |constraint| (constraint, column.span)));
    let all: Vec<(&Value, Span)> =
        columns.chain(node.constraints.iter().map(|constraint| (constraint, node.place()))).collect();
    let asks = |constraint: &Value, key: &str| {
        let fields = constraint.as_object().cloned().unwrap_or_else(Map::new);
        fields.get(key).and_then(Value::as_bool).unwrap_or(true)
    };
    let mut warn = |message: String, help: &str, span: Span| {
        if !told.contains(&message) {
            let warning = Diagnostic::warning(Code::BadConfig, message.clone()).at(span);
            found.push(warning.node(&node.unique_id).help(help));
            told.push(message);
        }
    };
    if !makes_table {
        if let Some((_, span)) = all.iter().find(|(constraint, _)| asks(constraint, "warn_unsupported")) {
            let message = format!("a {} has no constraints: they are ignored", node.materialized());
            warn(message, "materialize a table, or say `warn_unsupported: false`", *span);
        }
        return found;
    }
    for (constraint, span) in all {
        let kind = constraint_type(constraint);
        match support(kind, dialect) {
            Support::Unenforced if asks(constraint, "warn_unenforced") => warn(
                format!("`{kind}` constraints are declared and not enforced by {}", dialect.adapter()),
                "test the column, or say `warn_unenforced: false`",
                span,
            ),
            Support::Ignored if asks(constraint, "warn_unsupported") => warn(
                format!("`{kind}` constraints are not supported by {}, and ignored", dialect.adapter()),
                "test the column, or say `warn_unsupported: false`",
                span,
            ),
            _ => {}
        }
    }
    found
}

fn support(kind: &str, dialect: crate::sql::Dialect) -> Support {
    match (dialect, kind) {
        (crate::sql::Dialect::DuckDb, _) | (_, "not_null" | "custom") => Support::Enforced,
        (_, "check") => Support::Ignored,
        _ => Support::Unenforced,
    }
}
