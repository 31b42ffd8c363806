//! Names with spaces in them (dbt: `check_for_spaces_in_resource_names`).

use serde_json::Value;

use super::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::NodeKind;

/// The flag that makes them errors; true unless the project says otherwise.
pub(super) const FLAG: &str = "require_resource_names_without_spaces";

/// Reports nodes whose names have spaces.
pub(super) fn check(graph: &mut Graph, flag: Option<&Value>, diagnostics: &mut Diagnostics) {
    let is_error = flag.and_then(Value::as_bool).unwrap_or(true);
    let is_meant = |kind: NodeKind| {
        use NodeKind::{Analysis, Model, Operation, Seed, Snapshot, Test};
        matches!(kind, Model | Seed | Snapshot | Test | Analysis | Operation)
    };
    let mut broken = Vec::new();
    for node in graph.nodes.values().filter(|node| is_meant(node.kind) && node.name.contains(' ')) {
        let message = format!("the name of {} `{}` has a space in it", node.kind.as_str(), node.name);
        let problem = if is_error {
            broken.push(node.unique_id.clone());
            Diagnostic::error(Code::BadConfig, message)
        } else {
            Diagnostic::deprecation("ResourceNamesWithSpacesDeprecation", message)
        };
        diagnostics.push(problem.at(node.place()).node(&node.unique_id).help("rename it: use `_` for the space"));
    }
    graph.broken.extend(broken);
}
