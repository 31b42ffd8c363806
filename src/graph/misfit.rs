//! Configuration whose values are of the wrong kind.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::node::Node;
use super::parse::Parsing;
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic};
use crate::project::{NodeKind, config_misfit};
use crate::source::Span;

/// What is wrong with the configurations of nodes. Nodes share configurations, and each of them is looked at once where it is right.
pub(super) fn all<'n>(parsing: &Parsing<'_>, nodes: impl Iterator<Item = &'n Node> + Clone) -> Vec<Diagnostic> {
    let key = |node: &Node| (node.kind, Arc::as_ptr(&node.config) as usize);
    let mut seen: HashSet<(NodeKind, usize)> = HashSet::new();
    let first: Vec<&Node> = nodes.clone().filter(|node| seen.insert(key(node))).collect();
    let is_wrong = |node: &&&Node| of(parsing, node).is_some();
    let wrong: HashSet<(NodeKind, usize)> = first.par_iter().filter(is_wrong).map(|node| key(node)).collect();
    if wrong.is_empty() {
        return Vec::new();
    }
    nodes.filter(|node| wrong.contains(&key(node))).filter_map(|node| of(parsing, node)).collect()
}

/// What is wrong with a node's configuration, at the place that says it: its properties, its file, or the node itself where a
/// project file does.
fn of(parsing: &Parsing<'_>, node: &Node) -> Option<Diagnostic> {
    let Some(misfit) = config_misfit(node.kind, &node.config) else { return unusable(parsing, node) };
    let key = misfit.steps.iter().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let span = key.and_then(|key| declared(parsing, node, key).or_else(|| written(node, key)));
    let place = node.test.as_ref().map_or_else(|| node.span(), |test| test.span);
    let help = misfit.help;
    Some(Diagnostic::error(Code::BadConfig, misfit.message).at(span.unwrap_or(place)).node(&node.unique_id).help(help))
}

/// What is wrong with settings that are well-formed each for itself (dbt: `final_validate` of a kind's configuration).
fn unusable(parsing: &Parsing<'_>, node: &Node) -> Option<Diagnostic> {
    let (key, message, help) = match node.kind {
        NodeKind::Model => half(node)?,
        NodeKind::Snapshot => snapshot(node).or_else(|| materialized(node, "snapshot"))?,
        NodeKind::Seed => materialized(node, "seed")?,
        _ => return None,
    };
    let named = || node.patch.map(|entry| parsing.project.entries[entry].span(parsing.sources, &["name".into()]));
    let span = declared(parsing, node, key).or_else(|| written(node, key)).or_else(named);
    let span = span.unwrap_or_else(|| node.span());
    let message = format!("{} `{}` {message}", node.kind.as_str(), node.search_name());
    Some(Diagnostic::error(Code::BadConfig, message).at(span).node(&node.unique_id).help(help))
}

/// A key, what is wrong with it, and what to do.
type Wrong = (&'static str, String, &'static str);

/// A `build_after` of a model with a count or a period, and without the other.
fn half(node: &Node) -> Option<Wrong> {
    let after = node.config.get("freshness")?.get("build_after")?;
    let given = |key: &str| after.get(key).is_some_and(|value| !value.is_null());
    let (there, missing) = match (given("count"), given("period")) {
        (true, false) => ("count", "period"),
        (false, true) => ("period", "count"),
        _ => return None,
    };
    let message = format!("has a `{there}` and no `{missing}` in `freshness.build_after`");
    Some(("freshness", message, "write both, as in `{count: 4, period: hour}`"))
}

/// A snapshot that does not say how its rows are told apart.
fn snapshot(node: &Node) -> Option<Wrong> {
    let is_empty = |key: &str| match node.setting(key) {
        None => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    };
    let needs = |key: &'static str, help: &'static str| {
        let wrong = || (key, format!("has no `{key}`"), help);
        is_empty(key).then(wrong)
    };
    let basic = needs("strategy", "set `strategy: timestamp` or `strategy: check`");
    let basic = basic.or_else(|| needs("unique_key", "set `unique_key` to the column that names a row"));
    basic.or_else(|| match node.setting_text("strategy") {
        Some("check") => needs("check_cols", "set `check_cols: all`, or a list of columns").or_else(|| {
            let text = node.setting_text("check_cols").filter(|text| *text != "all")?;
            let message = format!("cannot check `{text}`");
            Some(("check_cols", message, "set `check_cols: all`, or a list of columns"))
        }),
        Some("timestamp") => needs("updated_at", "set `updated_at` to the column that changes with the row"),
        _ => None,
    })
}

/// A materialization that the kind of node does not have.
fn materialized(node: &Node, only: &str) -> Option<Wrong> {
    let other = node.setting_text("materialized").filter(|kind| !kind.is_empty() && *kind != only)?;
    let message = format!("is materialized as `{other}`, and can only be a {only}");
    Some(("materialized", message, "remove `materialized`"))
}

fn declared(parsing: &Parsing<'_>, node: &Node, key: &str) -> Option<Span> {
    let entry = &parsing.project.entries[node.patch?];
    if entry.value.get("config").and_then(|config| config.get(key)).is_some() {
        return Some(entry.span(parsing.sources, &["config".into(), key.into()]));
    }
    entry.value.get(key).map(|_| entry.span(parsing.sources, &[key.into()]))
}

/// Where a `config()` call of the node's file has the key.
fn written(node: &Node, key: &str) -> Option<Span> {
    if node.test.is_some() {
        return None;
    }
    let call = node.raw.find("config(")?;
    let start = node.raw[call..].find(key)? + call + node.code.start;
    Some(Span::new(node.file, start..start + key.len()))
}
