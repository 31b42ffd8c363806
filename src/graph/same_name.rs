//! Models, seeds and snapshots of one package that have one name (dbt: `_check_resource_uniqueness`).

use std::collections::HashMap;

use serde_json::Value;

use super::Node;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// The flag of the project file that makes names unique among all kinds.
pub(super) const FLAG: &str = "require_unique_project_resource_names";

/// Reports names that several kinds of node have: an error where the flag says so, a warning otherwise. A name is of versions or
/// of one node.
pub(super) fn check(nodes: &[Node], flag: Option<&Value>, diagnostics: &mut Diagnostics) {
    let mut plain: HashMap<(&str, &str), &Node> = HashMap::new();
    let mut versioned: HashMap<(&str, &str), &Node> = HashMap::new();
    for node in nodes.iter().filter(|node| node.kind.is_refable() && node.setting_flag("enabled")) {
        let key = (node.package.as_str(), node.name.as_str());
        if node.version.is_some() {
            versioned.entry(key).or_insert(node);
            continue;
        }
        let Some(first) = plain.get(&key).copied() else {
            plain.insert(key, node);
            continue;
        };
        if first.unique_id == node.unique_id {
            continue;
        }
        let message = format!("a {} and a {} are named `{}`", first.kind.as_str(), node.kind.as_str(), node.name);
        let problem = match flag {
            Some(Value::Bool(true)) => Diagnostic::error(Code::DuplicateName, message),
            _ => Diagnostic::warning(Code::DuplicateName, message).event("DuplicateNameDistinctNodeTypesDeprecation"),
        };
        diagnostics.push(twice(problem, first, node));
    }
    for node in nodes.iter().filter(|node| node.version.is_none()) {
        let key = (node.package.as_str(), node.name.as_str());
        let (Some(first), Some(own)) = (versioned.get(&key), plain.get(&key)) else { continue };
        if std::ptr::eq(*own, node) {
            let message = format!("`{}` has versions, and is the name of a {}", node.name, node.kind.as_str());
            diagnostics.push(twice(Diagnostic::error(Code::DuplicateName, message), first, node));
        }
    }
}

fn twice(problem: Diagnostic, first: &Node, second: &Node) -> Diagnostic {
    let problem = problem.label(second.span(), "the second").label(first.span(), "the first");
    problem.node(&second.unique_id).help("rename one of them: `ref` cannot tell them apart")
}
