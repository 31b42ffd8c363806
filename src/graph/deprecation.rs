//! Models that are going away: `deprecation_date` (dbt: `check_for_model_deprecations`).

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::resolve::call_place;
use super::{Graph, Node};
use crate::config::event_time;
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::jinja::RefCall;
use crate::project::{NodeKind, Project};
use crate::source::{Sources, Span};

/// Warns of models whose date has passed, and of references to models that have a date.
pub(super) fn check(
    graph: &Graph,
    project: &Project,
    sources: &Sources,
    now: DateTime<Utc>,
    diagnostics: &mut Diagnostics,
) {
    for node in graph.nodes.values() {
        diagnostics.extend(no_date(node).map(|problem| problem.at(place(node, project, sources))));
        if let Some((_, text)) = date(node).filter(|(date, _)| *date < now) {
            let message = format!("`{}` is deprecated since {text}", node.search_name());
            diagnostics.push(
                Diagnostic::warning(Code::DeprecatedModel, message)
                    .at(place(node, project, sources))
                    .node(&node.unique_id)
                    .event("DeprecatedModel")
                    .help("remove or disable it, or choose a later `deprecation_date`"),
            );
        }
        if node.kind == NodeKind::UnitTest {
            continue;
        }
        for target in node.depends_on.iter().filter_map(|id| graph.nodes.get(id)) {
            diagnostics.extend(inverted(graph, node, target, project));
            let Some((date, text)) = date(target) else { continue };
            let (tense, event) = if date < now {
                ("is deprecated since", "DeprecatedReference")
            } else {
                ("will be deprecated on", "UpcomingReferenceDeprecation")
            };
            let message = format!("`{}`, which is read here, {tense} {text}", target.search_name());
            let is_newest = target.version == target.latest_version;
            let help = if is_newest {
                "stop reading it".to_owned()
            } else {
                format!("read the latest version: `ref('{}')`", target.name)
            };
            diagnostics.push(
                Diagnostic::warning(Code::DeprecatedModel, message)
                    .at(call_place(node, project, &target.name))
                    .node(&node.unique_id)
                    .event(event)
                    .help(help),
            );
        }
    }
}

/// A package that reads the root project, though it did not name it (dbt: `check_for_package_dependency_cycles`).
fn inverted(graph: &Graph, node: &Node, target: &Node, project: &Project) -> Option<Diagnostic> {
    let names_it = |call: &&RefCall| call.name == target.name && call.package.as_deref() == Some(graph.root.as_str());
    let is_inverted = node.package != graph.root && target.package == graph.root && target.kind.is_refable();
    if !is_inverted
        || node.refs.iter().any(|call| names_it(&call))
        || !node.refs.iter().any(|call| call.name == target.name)
    {
        return None;
    }
    let message = format!("package `{}` reads `{}` of the root project", node.package, target.name);
    let problem = Diagnostic::warning(Code::AmbiguousRef, message).event("PackageNodeDependsOnRootProjectNode");
    let help = "name the package: `ref('PACKAGE', 'NAME')`; the flag `require_ref_searches_node_package_before_root` prefers the package's own";
    Some(problem.at(call_place(node, project, &target.name)).node(&node.unique_id).help(help))
}

/// A `deprecation_date` that is no date.
fn no_date(node: &Node) -> Option<Diagnostic> {
    let written = node.deprecation_date.as_deref().filter(|_| node.kind == NodeKind::Model && date(node).is_none())?;
    let message = format!("`deprecation_date` of `{}` is no date: {}", node.search_name(), super::config_text(written));
    let problem = Diagnostic::error(Code::BadConfig, message).node(&node.unique_id);
    Some(problem.help("write it as 2030-01-31"))
}

/// Where the date is written: at the model or at its version.
fn place(node: &Node, project: &Project, sources: &Sources) -> Span {
    let Some(entry) = node.patch.map(|patch| &project.entries[patch]) else { return node.place() };
    let date = Step::from("deprecation_date");
    let versions = entry.value.get("versions").and_then(Value::as_array);
    let is_own = |version: &Value| version.get("v") == node.version.as_deref();
    match versions.and_then(|versions| versions.iter().position(is_own)) {
        Some(at) => entry.span(sources, &["versions".into(), at.into(), date]),
        None => entry.span(sources, &[date]),
    }
}

/// A model's date, and as it was written.
fn date(node: &Node) -> Option<(DateTime<Utc>, String)> {
    if node.kind != NodeKind::Model {
        return None;
    }
    let text = node.deprecation_date.as_deref().and_then(Value::as_str)?.to_owned();
    Some((event_time(&text)?, text))
}
