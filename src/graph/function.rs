//! What is wrong with the declarations of functions.

use serde_json::Value;

use super::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{NodeKind, Project};
use crate::source::Sources;

/// Reports arguments without a default behind one that has one (dbt: `check_function_default_arguments_ordering`).
pub(super) fn check(graph: &mut Graph, project: &Project, sources: &Sources, diagnostics: &mut Diagnostics) {
    let mut broken = Vec::new();
    for node in graph.nodes.values().filter(|node| node.kind == NodeKind::Function) {
        let arguments = node.declared.get("arguments").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let has_default = |argument: &Value| argument.get("default_value").is_some_and(|value| !value.is_null());
        let first = arguments.iter().position(has_default).unwrap_or(arguments.len());
        let late = (first..arguments.len()).find(|at| !has_default(&arguments[*at]));
        let (Some(late), Some(entry)) = (late, node.patch.and_then(|patch| project.entries.get(patch))) else {
            continue;
        };
        let name = arguments[late].get("name").and_then(Value::as_str).unwrap_or_default();
        let message =
            format!("the argument `{name}` of function `{}` has no default, and one before it has", node.name);
        let span = entry.span(sources, &["arguments".into(), late.into(), "name".into()]);
        let help = "give it a `default_value`, or move it in front";
        diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).node(&node.unique_id).help(help));
        broken.push(node.unique_id.clone());
    }
    graph.broken.extend(broken);
}
