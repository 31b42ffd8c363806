//! `graph_summary.json`: what reads what, with numbers for names (dbt: `Linker.get_graph_summary`).

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use crate::graph::Graph;
use crate::project::NodeKind;

/// The order in which dbt links the kinds of node; those that come first have the small numbers.
const KINDS: [&[NodeKind]; 8] = [
    &[NodeKind::Source],
    &[],
    &[NodeKind::SemanticModel],
    &[NodeKind::Exposure],
    &[NodeKind::Function],
    &[NodeKind::Metric],
    &[NodeKind::UnitTest],
    &[NodeKind::SavedQuery],
];

/// The file's value.
#[derive(Serialize)]
pub struct Summary<'a> {
    #[serde(rename = "_invocation_id")]
    invocation_id: &'a str,
    linked: Linked<'a>,
}

/// The nodes by number, with their readers; written one by one, since there are tens of thousands.
struct Linked<'a> {
    graph: &'a Graph,
    names: Vec<&'a str>,
    readers: Vec<Vec<usize>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "succ", skip_serializing_if = "<[usize]>::is_empty")]
    readers: &'a [usize],
}

impl Serialize for Linked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = |(name, readers)| Entry { name, kind: self.graph.nodes[name].kind.as_str(), readers };
        let entries = self.names.iter().copied().zip(self.readers.iter().map(Vec::as_slice)).map(entry);
        serializer.collect_map(entries.enumerate())
    }
}

/// The file's value. What a node reads has its number right behind it, unless it had one before.
pub fn summary<'a>(invocation_id: &'a str, graph: &'a Graph) -> Summary<'a> {
    let mut numbers: HashMap<&'a str, usize> = HashMap::new();
    let mut names: Vec<&'a str> = Vec::with_capacity(graph.nodes.len());
    let mut edges: Vec<(usize, usize)> = Vec::with_capacity(graph.nodes.len());
    let is_other = |kind: NodeKind| !KINDS.iter().any(|kinds| kinds.contains(&kind));
    for kinds in KINDS {
        let is_linked = |kind: NodeKind| if kinds.is_empty() { is_other(kind) } else { kinds.contains(&kind) };
        for node in graph.nodes.values().filter(|node| is_linked(node.kind)) {
            let mut number = |id: &'_ str| -> Option<usize> {
                let (known, _) = graph.nodes.get_key_value(id)?;
                Some(*numbers.entry(known).or_insert_with(|| {
                    names.push(known);
                    names.len() - 1
                }))
            };
            let Some(own) = number(&node.unique_id) else { continue };
            edges.extend(node.depends_on.iter().filter_map(|parent| Some((number(parent)?, own))));
        }
    }
    let readers = readers(names.len(), edges);
    Summary { invocation_id, linked: Linked { graph, names, readers } }
}

/// The readers of each of so many nodes.
fn readers(count: usize, edges: Vec<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (parent, reader) in edges {
        // Whoever names a parent twice does so in one list.
        if readers[parent].last() != Some(&reader) {
            readers[parent].push(reader);
        }
    }
    readers
}
