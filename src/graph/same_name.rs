//! Models, seeds and snapshots of one package that have one name (dbt: `_check_resource_uniqueness`).

use std::collections::HashMap;

use serde_json::Value;

use super::{Graph, Node};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::Project;
use crate::source::Sources;

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

/// Reports properties that switch on what is switched off in several files: which of them is meant cannot be told.
pub(super) fn check_disabled(graph: &Graph, project: &Project, sources: &Sources, diagnostics: &mut Diagnostics) {
    let mut firsts: HashMap<&str, &Node> = HashMap::new();
    for node in graph.disabled.iter().filter(|node| !graph.nodes.contains_key(&node.unique_id)) {
        let Some(first) = firsts.insert(&node.unique_id, node) else { continue };
        let Some(entry) = first.patch.or(node.patch).and_then(|index| project.entries.get(index)) else { continue };
        if entry.value.get("config").and_then(|config| config.get("enabled")) != Some(&Value::Bool(true)) {
            continue;
        }
        let kind = node.kind.as_str();
        let message =
            format!("several {kind}s are named `{}` and switched off: it is unclear which to enable", node.name);
        let place = entry.span(sources, &["config".into(), "enabled".into()]);
        let problem = Diagnostic::error(Code::DuplicateName, message).label(place, "");
        let problem = problem.label(first.span(), "the first").label(node.span(), "the second").node(&node.unique_id);
        diagnostics.push(problem.help("enable one of them in dbt_project.yml or in its own file"));
    }
}

fn twice(problem: Diagnostic, first: &Node, second: &Node) -> Diagnostic {
    let problem = problem.label(second.span(), "the second").label(first.span(), "the first");
    problem.node(&second.unique_id).help("rename one of them: `ref` cannot tell them apart")
}
