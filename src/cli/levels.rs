//! How much each problem matters: levels of `merganser.yml`, and permissions in comments.

use std::sync::Arc;

use crate::config::{LevelRule, Weight};
use crate::diagnostic::{Code, Diagnostic, Level, permissions};
use crate::graph::{Graph, Node, covers_file, covers_node};
use crate::source::{FileId, Sources};

/// The levels of a project.
pub(super) struct Levels {
    rules: Vec<LevelRule>,
    graph: Option<Arc<Graph>>,
}

impl Levels {
    pub(super) fn new(rules: Vec<LevelRule>, graph: Option<Arc<Graph>>) -> Self {
        Self { rules, graph }
    }

    /// What becomes of a problem; none where nothing is said. Errors stay errors.
    pub(super) fn weight(&self, diagnostic: &Diagnostic, sources: &Sources) -> Option<Weight> {
        if diagnostic.level == Level::Error {
            return None;
        }
        let node = self.graph.as_ref().and_then(|graph| graph.node(diagnostic.node.as_deref()?));
        if is_allowed(diagnostic, node, sources) {
            return Some(Weight::Off);
        }
        let file = diagnostic.labels.first().map(|label| sources.file(label.span.file).path.as_str());
        let file = file.or(diagnostic.unread.as_ref().map(|unread| unread.path.as_str()));
        let holds = |path: &str| {
            file.is_some_and(|file| covers_file(file, path)) || node.is_some_and(|node| covers_node(node, path))
        };
        let mut rules = self.rules.iter().filter(|rule| rule.code == diagnostic.code).rev();
        rules.find(|rule| rule.path.as_deref().is_none_or(holds)).map(|rule| rule.weight)
    }

    /// Levels of paths where nothing is.
    pub(super) fn unused(&self, sources: &Sources) -> Vec<Diagnostic> {
        let is_there = |path: &str| {
            sources.ids().any(|id| covers_file(&sources.file(id).path, path))
                || self.graph.iter().any(|graph| graph.nodes.values().any(|node| covers_node(node, path)))
        };
        let unused = self.rules.iter().filter_map(|rule| Some((rule, rule.path.as_deref()?)));
        let unused = unused.filter(|(_, path)| !is_there(path));
        let told = unused.map(|(rule, path)| {
            Diagnostic::warning(Code::UnusedLevel, format!("`{path}` matches no file and no node"))
                .at(rule.span)
                .help("write a folder or a file below the project, or a node's name as `--select` takes it")
        });
        told.collect()
    }
}

/// Whether a comment allows a problem: at its place, or in the file of its node.
fn is_allowed(diagnostic: &Diagnostic, node: Option<&Node>, sources: &Sources) -> bool {
    let here = diagnostic.labels.first().map(|label| label.span);
    let allows = |file: FileId, at: Option<usize>| {
        permissions(sources.text(file)).iter().any(|one| {
            let is_here =
                one.line.as_ref().is_none_or(|line| at.is_some_and(|at| line.contains(&at) || line.end == at));
            one.code == diagnostic.code.as_str() && is_here
        })
    };
    here.is_some_and(|span| allows(span.file, Some(span.start)))
        || node.is_some_and(|node| here.is_none_or(|span| span.file != node.file) && allows(node.file, None))
}
