//! Who may refer to whom: groups, `access` and `restrict-access` (dbt: `contracts/graph/manifest.py`, `parser/manifest.py`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::resolve::call_place;
use super::{Graph, Node};
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::project::{NodeKind, Project};
use crate::source::{Sources, Span};

/// Reports groups that are not declared, values of `access` that do not exist, and references that are not allowed.
pub(super) fn check(graph: &mut Graph, project: &Project, sources: &Sources, diagnostics: &mut Diagnostics) {
    let mut broken = Vec::new();
    let declared = |node: &Node, key: &str| {
        let entry = node.patch.and_then(|index| project.entries.get(index));
        let has = |path: &[Step]| entry.filter(|entry| entry.has(path)).map(|entry| entry.span(sources, path));
        has(&["config".into(), key.into()]).or_else(|| has(&[key.into()])).unwrap_or_else(|| node.place())
    };
    let groups: BTreeSet<&str> = graph.groups.values().filter_map(|group| group.get("name")?.as_str()).collect();
    let restricts = |package: &str| {
        let found = project.packages.iter().find(|known| known.file.name == package);
        found.and_then(|known| known.file.value.get("restrict-access")?.as_bool()).unwrap_or(false)
    };
    for node in graph.nodes.values() {
        diagnostics.extend(unknown_group(node, &groups, &|| declared(node, "group")));
        diagnostics.extend(bad_access(node, &|| declared(node, "access")));
        for id in &node.depends_on {
            let Some(target) = graph.nodes.get(id).filter(|target| target.kind == NodeKind::Model) else {
                continue;
            };
            let Some(why) = forbidden(node, target, restricts(&target.package)) else { continue };
            let message = format!("`{}` may not be referred to here: {why}", target.name);
            let help = "refer to another model, move this node into the group, or widen the model's `access`";
            diagnostics.push(
                Diagnostic::error(Code::PrivateRef, message)
                    .at(call_place(node, project, &target.name))
                    .node(&node.unique_id)
                    .help(help),
            );
            broken.push(node.unique_id.clone());
        }
    }
    graph.broken.extend(broken);
}

/// Why a node may not read a model: it is private to another group, or protected in a package that restricts access.
fn forbidden(node: &Node, target: &Node, restricts: bool) -> Option<String> {
    // What an exposure or a unit test reads is somebody else's to decide.
    if matches!(node.kind, NodeKind::UnitTest | NodeKind::Operation) {
        return None;
    }
    let is_foreign = node.package != target.package && restricts;
    match target.setting_text("access").unwrap_or("protected") {
        "private" if node.group.is_none() || node.group != target.group || is_foreign => Some(match &target.group {
            Some(group) => format!("it is private to the group `{group}`"),
            None => "it is private, and in no group".to_owned(),
        }),
        "protected" if is_foreign => Some(format!("it is protected in the package `{}`", target.package)),
        _ => None,
    }
}

fn unknown_group(node: &Node, groups: &BTreeSet<&str>, place: &dyn Fn() -> Span) -> Option<Diagnostic> {
    let group = node.group.as_deref().filter(|group| !groups.contains(group))?;
    if node.test.is_some() {
        return None;
    }
    let help = match did_you_mean(group, groups.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare it under `groups:` in a YAML file".to_owned(),
    };
    let message = format!("no group `{group}`");
    Some(Diagnostic::error(Code::BadConfig, message).at(place()).node(&node.unique_id).help(help))
}

fn bad_access(node: &Node, place: &dyn Fn() -> Span) -> Option<Diagnostic> {
    if node.kind != NodeKind::Model {
        return None;
    }
    let access = node.config.get("access").and_then(Value::as_str).unwrap_or("protected");
    let (message, help) = match access {
        "public" if node.is_ephemeral() => (
            format!("`{}` is ephemeral, and cannot be public", node.name),
            "materialize it, or remove `access: public`",
        ),
        "public" | "protected" | "private" => return None,
        other => (format!("`{other}` is no value of `access`"), "the values are private, protected and public"),
    };
    Some(Diagnostic::error(Code::BadConfig, message).at(place()).node(&node.unique_id).help(help))
}
