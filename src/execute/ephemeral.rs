//! Ephemeral models that cannot be compiled: where one was selected, it fails in its own turn, and what reads it is skipped.

use std::collections::BTreeSet;

use super::report::{NodeResult, Status};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, Node};

/// A node's result, which is that it was skipped if a selected ephemeral model is to blame. (dbt:
/// `GraphRunnableTask._mark_dependent_errors`.)
pub(super) fn blamed(graph: &Graph, selected: &BTreeSet<String>, result: NodeResult) -> NodeResult {
    let blamed = result.problem.as_ref().zip(graph.node(&result.unique_id));
    match blamed.and_then(|(problem, node)| to_blame(graph, node, problem, selected)) {
        Some(id) => NodeResult { status: Status::Skipped, message: format!("`{id}` could not be compiled"), ..result },
        None => result,
    }
}

/// The broken model if it was selected, or a selected one between it and the node.
fn to_blame<'a>(
    graph: &'a Graph,
    node: &'a Node,
    problem: &Diagnostic,
    selected: &BTreeSet<String>,
) -> Option<&'a str> {
    let broken = problem.node.as_deref().filter(|id| *id != node.unique_id)?;
    let mut read = put_in_front(graph, node);
    if !read.contains(broken) {
        return None;
    }
    read.retain(|id| selected.contains(*id));
    let reads_it = |id: &&&str| graph.node(id).is_some_and(|own| put_in_front(graph, own).contains(broken));
    read.get(broken).or_else(|| read.iter().find(reads_it)).copied()
}

/// The ephemeral models that are put in front of a node.
fn put_in_front<'a>(graph: &'a Graph, node: &'a Node) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut readers = vec![node];
    while let Some(reader) = readers.pop() {
        let read = reader.depends_on.iter().filter_map(|id| graph.node(id)).filter(|read| read.is_ephemeral());
        readers.extend(read.filter(|read| found.insert(read.unique_id.as_str())));
    }
    found
}
