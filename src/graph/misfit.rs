//! Configuration whose values are of the wrong kind.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

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
    let is_wrong = |node: &&&Node| config_misfit(node.kind, &node.config).is_some();
    let wrong: HashSet<(NodeKind, usize)> = first.par_iter().filter(is_wrong).map(|node| key(node)).collect();
    if wrong.is_empty() {
        return Vec::new();
    }
    nodes.filter(|node| wrong.contains(&key(node))).filter_map(|node| of(parsing, node)).collect()
}

/// What is wrong with a node's configuration, at the place that says it: its properties, its file, or the node itself where a
/// project file does.
fn of(parsing: &Parsing<'_>, node: &Node) -> Option<Diagnostic> {
    let misfit = config_misfit(node.kind, &node.config)?;
    let key = misfit.steps.iter().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let span = key.and_then(|key| declared(parsing, node, key).or_else(|| written(node, key)));
    let place = node.test.as_ref().map_or_else(|| node.span(), |test| test.span);
    let help = misfit.help;
    Some(Diagnostic::error(Code::BadConfig, misfit.message).at(span.unwrap_or(place)).node(&node.unique_id).help(help))
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
