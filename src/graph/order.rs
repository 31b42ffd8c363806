//! The order of nodes: who comes before whom, and circles.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// The graph's edges, for walking; an edge goes from what is read to its reader.
#[derive(Debug)]
pub struct Order {
    edges: DiGraph<Arc<str>, ()>,
    indices: HashMap<Arc<str>, NodeIndex>,
    /// Every node, parents before children; among equals the order of parsing. Nodes in circles are left out.
    pub sequence: Vec<String>,
}

impl Order {
    /// The order of a graph. Circles are reported, each once, with the nodes that make it.
    pub fn new(graph: &Graph, diagnostics: &mut Diagnostics) -> Self {
        let mut edges = DiGraph::with_capacity(graph.nodes.len(), graph.nodes.len());
        let mut add = |id: &String| {
            let id: Arc<str> = id.as_str().into();
            (id.clone(), edges.add_node(id))
        };
        let indices: HashMap<Arc<str>, NodeIndex> = graph.nodes.keys().map(&mut add).collect();
        for (id, node) in &graph.nodes {
            for (at, parent) in node.depends_on.iter().enumerate() {
                // Each once: the list of a reader is short, while that of a parent can be as long as the project.
                let ends = (indices.get(parent.as_str()), indices.get(id.as_str()));
                if let ((Some(from), Some(to)), false) = (ends, node.depends_on[..at].contains(parent)) {
                    edges.add_edge(*from, *to, ());
                }
            }
        }
        let mut in_circle = BTreeSet::new();
        for circle in tarjan_scc(&edges) {
            let first = circle[0];
            if circle.len() > 1 || edges.contains_edge(first, first) {
                in_circle.extend(circle.iter().copied());
                diagnostics.push(circle_diagnostic(graph, &edges, &circle));
            }
        }
        let sequence = sequence(graph, &edges, &indices, &in_circle);
        Self { edges, indices, sequence }
    }

    /// Everything that is read by `id`, directly or not.
    pub fn ancestors(&self, id: &str, depth: Option<usize>) -> BTreeSet<String> {
        let mut found = self.reach(&[id.to_owned()], Direction::Incoming, depth);
        found.remove(id);
        found
    }

    /// Everything that reads `id`, directly or not.
    pub fn descendants(&self, id: &str, depth: Option<usize>) -> BTreeSet<String> {
        let mut found = self.reach(&[id.to_owned()], Direction::Outgoing, depth);
        found.remove(id);
        found
    }

    /// Everything that is read by one of `ids`, directly or not; of these themselves only what another reads.
    pub fn ancestors_of_all(&self, ids: &BTreeSet<String>, depth: Option<usize>) -> BTreeSet<String> {
        self.reach(ids, Direction::Incoming, depth)
    }

    /// Everything that reads one of `ids`, directly or not; of these themselves only what reads another.
    pub fn descendants_of_all(&self, ids: &BTreeSet<String>, depth: Option<usize>) -> BTreeSet<String> {
        self.reach(ids, Direction::Outgoing, depth)
    }

    /// What reads `id` directly.
    pub fn children(&self, id: &str) -> Vec<&str> {
        let Some(index) = self.indices.get(id) else { return Vec::new() };
        self.edges.neighbors_directed(*index, Direction::Outgoing).map(|child| &*self.edges[child]).collect()
    }

    fn reach<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a String>,
        direction: Direction,
        depth: Option<usize>,
    ) -> BTreeSet<String> {
        let mut found: BTreeSet<NodeIndex> = BTreeSet::new();
        let mut level: Vec<NodeIndex> =
            ids.into_iter().filter_map(|id| self.indices.get(id.as_str())).copied().collect();
        let mut steps = 0;
        while !level.is_empty() && depth.is_none_or(|depth| steps < depth) {
            let next = level.iter().flat_map(|index| self.edges.neighbors_directed(*index, direction));
            level = next.filter(|index| found.insert(*index)).collect();
            steps += 1;
        }
        found.into_iter().map(|index| self.edges[index].to_string()).collect()
    }
}

/// Parents before children: nodes are taken in the order of parsing as soon as all their parents are out.
fn sequence(
    graph: &Graph,
    edges: &DiGraph<Arc<str>, ()>,
    indices: &HashMap<Arc<str>, NodeIndex>,
    in_circle: &BTreeSet<NodeIndex>,
) -> Vec<String> {
    let mut waiting: Vec<usize> =
        edges.node_indices().map(|index| edges.neighbors_directed(index, Direction::Incoming).count()).collect();
    let mut ready: BTreeSet<NodeIndex> =
        graph.nodes.keys().map(|id| indices[id.as_str()]).filter(|index| waiting[index.index()] == 0).collect();
    let mut sequence = Vec::with_capacity(waiting.len());
    while let Some(index) = ready.pop_first() {
        if !in_circle.contains(&index) {
            sequence.push(edges[index].to_string());
        }
        for child in edges.neighbors_directed(index, Direction::Outgoing) {
            waiting[child.index()] -= 1;
            if waiting[child.index()] == 0 {
                ready.insert(child);
            }
        }
    }
    sequence
}

fn circle_diagnostic(graph: &Graph, edges: &DiGraph<Arc<str>, ()>, circle: &[NodeIndex]) -> Diagnostic {
    let mut path = vec![circle[0]];
    let mut seen = BTreeSet::from([circle[0]]);
    while let Some(next) = edges
        .neighbors_directed(path[path.len() - 1], Direction::Incoming)
        .find(|n| circle.contains(n) && seen.insert(*n))
    {
        path.push(next);
    }
    let names: Vec<&str> =
        path.iter().chain([&path[0]]).map(|index| edges[*index].rsplit('.').next().unwrap_or_default()).collect();
    let node = &graph.nodes[&*edges[path[0]]];
    let mut diagnostic =
        Diagnostic::error(Code::CyclicGraph, format!("nodes read each other in a circle: {}", names.join(" ← ")))
            .node(&node.unique_id)
            .help("remove one of the refs, or split a model");
    for index in &path {
        let node = &graph.nodes[&*edges[*index]];
        diagnostic = diagnostic.at(node.span());
    }
    diagnostic
}
