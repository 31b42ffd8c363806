//! Configuration of the project file that applies to nothing (dbt: `warn_for_unused_resource_config_paths`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Graph, Node};
use crate::config::yaml::{self, Step};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{NodeKind, Project};
use crate::source::{Sources, Span};

/// The keys of the project file, and what they configure.
const KEYS: [(&str, NodeKind); 12] = [
    ("models", NodeKind::Model),
    ("seeds", NodeKind::Seed),
    ("snapshots", NodeKind::Snapshot),
    ("sources", NodeKind::Source),
    ("data_tests", NodeKind::Test),
    ("tests", NodeKind::Test),
    ("unit_tests", NodeKind::UnitTest),
    ("metrics", NodeKind::Metric),
    ("semantic-models", NodeKind::SemanticModel),
    ("saved-queries", NodeKind::SavedQuery),
    ("exposures", NodeKind::Exposure),
    ("functions", NodeKind::Function),
];

/// Warns of paths below these keys of the root project that no node lies under.
pub(super) fn check(graph: &Graph, project: &Project, sources: &Sources, diagnostics: &mut Diagnostics) {
    let root = &project.packages[0].file;
    for (key, kind) in KEYS {
        let Some(tree) = root.value.get(key).and_then(Value::as_object) else { continue };
        let mut paths = BTreeSet::new();
        collect(tree, &mut Vec::new(), &mut paths);
        let is_under = |node: &Node, path: &[&str]| {
            path.len() <= node.fqn.len() && path.iter().zip(&node.fqn).all(|(part, own)| part == own)
        };
        let is_used = |path: &[&str]| {
            let known = graph.nodes.values().filter(|node| node.kind == kind);
            known.chain(&graph.disabled).any(|node| is_under(node, path))
        };
        for path in paths.iter().filter(|path| !is_used(path)) {
            let steps: Vec<Step> = std::iter::once(key).chain(path.iter().copied()).map(Step::from).collect();
            let shown = std::iter::once(key).chain(path.iter().copied()).collect::<Vec<_>>().join(".");
            let span = Span::new(root.file, yaml::locate(sources.text(root.file), &steps));
            let message = format!("`{shown}` configures nothing: there is no {} below it", kind.as_str());
            let problem = Diagnostic::warning(Code::UnusedProperties, message).at(span);
            diagnostics.push(problem.event("UnusedResourceConfigPath").help("correct the path, or remove it"));
        }
    }
}

/// The paths at which something is configured.
fn collect<'t>(tree: &'t Map<String, Value>, path: &mut Vec<&'t str>, paths: &mut BTreeSet<Vec<&'t str>>) {
    for (key, value) in tree {
        match value.as_object().filter(|_| !key.starts_with('+')) {
            Some(inner) => {
                path.push(key);
                collect(inner, path, paths);
                path.pop();
            }
            None => drop(paths.insert(path.clone())),
        }
    }
}
