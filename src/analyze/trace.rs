//! Following edges through the graph: up to where lineage ends, and down to everything a column reaches.
//!
//! Along a way, kinds combine to the strongest: indirect over aggregated over transformed over copied. A path leads on as long as
//! values are copied.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::edge::{EXTERNAL, Edge, EdgeKind, ROWS, STAR};
use super::{Analysis, NodeAnalysis};

/// A column at the end of a way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// The node, by its number; none for a relation that no node makes.
    pub node: Option<usize>,
    /// The name of a relation that no node makes.
    pub external: Option<Arc<str>>,
    /// The column; `*` for columns that are not known.
    pub column: Arc<str>,
    /// How, all along the way.
    pub kind: EdgeKind,
    /// The path into the column.
    pub path: Arc<str>,
}

/// The column that stands for a node's rows.
pub(super) const OWN_ROWS: usize = usize::MAX;

/// All that a column depends on in the end.
#[derive(Debug, Default)]
pub struct Origins {
    /// The columns of sources, seeds and foreign relations.
    pub reached: BTreeSet<Reached>,
    /// Why there may be more, if there may: the first reason on a way up.
    pub reason: Option<String>,
}

/// Follows edges; what was found once is kept.
pub struct Trace<'a> {
    analysis: &'a Analysis,
    up: HashMap<(usize, usize), Arc<Origins>>,
}

impl<'a> Trace<'a> {
    /// A trace through an analysis.
    pub fn new(analysis: &'a Analysis) -> Self {
        Self { analysis, up: HashMap::new() }
    }

    /// What a column depends on in the end.
    pub fn up(&mut self, node: usize, column: usize) -> Arc<Origins> {
        // Parents first, without recursion: models may be thousands deep.
        let mut open = vec![(node, column, false)];
        let mut entered = BTreeSet::new();
        while let Some((node, column, is_ready)) = open.pop() {
            if self.up.contains_key(&(node, column)) {
                continue;
            }
            let Some(found) = self.analysis.node(node) else {
                self.up.insert((node, column), Arc::default());
                continue;
            };
            if is_ready {
                let all = self.combined(found, node, column);
                self.up.insert((node, column), Arc::new(all));
                continue;
            }
            if !entered.insert((node, column)) {
                continue;
            }
            open.push((node, column, true));
            for edge in self.edges(found, node, column) {
                if let Some(next) = self.next(found, edge).filter(|next| !self.up.contains_key(next)) {
                    open.push((next.0, next.1, false));
                }
            }
        }
        self.up.get(&(node, column)).cloned().unwrap_or_default()
    }

    /// The edges of a column, or of the rows; a node's edges to itself are closed over already.
    fn edges(&self, found: &'a NodeAnalysis, node: usize, column: usize) -> impl Iterator<Item = &'a Edge> {
        let edges = if column == OWN_ROWS { &[][..] } else { found.edges(column) };
        edges.iter().chain(found.rows()).filter(move |edge| edge.relation as usize != node)
    }

    /// The node and column that an edge leads to, if lineage goes on there.
    fn next(&self, of: &NodeAnalysis, edge: &Edge) -> Option<(usize, usize)> {
        if edge.relation >= EXTERNAL {
            return None;
        }
        let node = edge.relation as usize;
        let parent = self.analysis.node(node)?;
        if parent.is_origin {
            return None;
        }
        Some((node, column_of(parent, of, edge)))
    }

    fn combined(&self, found: &NodeAnalysis, node: usize, column: usize) -> Origins {
        let mut all = BTreeSet::new();
        let mut reason = found.reason(column).map(str::to_owned);
        for edge in self.edges(found, node, column) {
            match self.next(found, edge) {
                None if edge.column == ROWS => {}
                None => {
                    all.insert(self.end(found, edge));
                }
                Some(next) => {
                    let Some(above) = self.up.get(&next) else { continue };
                    all.extend(above.reached.iter().map(|reached| self.onward(found, edge, reached)));
                    if reason.is_none() {
                        reason.clone_from(&above.reason);
                    }
                }
            }
        }
        Origins { reached: all, reason }
    }

    /// The end of a way: the edge's own column.
    fn end(&self, of: &NodeAnalysis, edge: &Edge) -> Reached {
        let input = self.analysis.input(of, edge);
        let is_external = edge.relation >= EXTERNAL;
        Reached {
            node: (!is_external).then_some(edge.relation as usize),
            external: of.external(edge).map(Arc::from),
            column: input.column.unwrap_or("*").into(),
            kind: edge.kind,
            path: input.path.into(),
        }
    }

    /// A way that goes on through an edge.
    fn onward(&self, of: &NodeAnalysis, edge: &Edge, above: &Reached) -> Reached {
        let name = of.named(edge).filter(|_| &*above.column == "*" && above.kind == EdgeKind::Copied);
        Reached {
            column: name.map_or_else(|| above.column.clone(), |name| name.as_str().into()),
            kind: above.kind.max(edge.kind),
            path: if above.kind == EdgeKind::Copied { joined(&above.path, of.path(edge)) } else { above.path.clone() },
            ..above.clone()
        }
    }

    /// Everything that depends on these columns: for each column reached, by node and position, the columns it was reached from.
    pub fn down(&self, from: &[(usize, usize)], sequence: &[usize]) -> BTreeMap<(usize, usize), BTreeSet<Reached>> {
        let mut reached: HashMap<(usize, usize), BTreeSet<Reached>> = HashMap::new();
        for (node, column) in from {
            let Some(found) = self.analysis.node(*node) else { continue };
            let start = Reached {
                node: Some(*node),
                external: None,
                column: found.name(*column).into(),
                kind: EdgeKind::Copied,
                path: "".into(),
            };
            reached.entry((*node, *column)).or_default().insert(start);
        }
        let starts: BTreeSet<(usize, usize)> = from.iter().copied().collect();
        let mut found = BTreeMap::new();
        for node in sequence {
            let Some(analysis) = self.analysis.node(*node) else { continue };
            let columns = (0..analysis.width()).chain([OWN_ROWS]);
            let mut here: Vec<(usize, BTreeSet<Reached>)> = Vec::new();
            for column in columns {
                let mut all = BTreeSet::new();
                for edge in self.edges(analysis, *node, column) {
                    let Some(parent) = self.analysis.node(edge.relation as usize) else { continue };
                    let key = (edge.relation as usize, column_of(parent, analysis, edge));
                    for above in reached.get(&key).into_iter().flatten() {
                        all.insert(self.onward(analysis, edge, above));
                    }
                }
                if !all.is_empty() {
                    here.push((column, all));
                }
            }
            for (column, all) in here {
                if column != OWN_ROWS && !starts.contains(&(*node, column)) {
                    found.insert((*node, column), all.clone());
                }
                reached.entry((*node, column)).or_default().extend(all);
            }
        }
        found
    }
}

/// The position of an edge's column in the node it leads to.
fn column_of(parent: &NodeAnalysis, of: &NodeAnalysis, edge: &Edge) -> usize {
    match edge.column {
        ROWS => OWN_ROWS,
        STAR => parent.schema.columns.len(),
        _ => match of.named(edge) {
            Some(name) => {
                let same = |column: &super::SchemaColumn| *column.name.text == **name;
                parent.schema.columns.iter().position(same).unwrap_or(parent.schema.columns.len())
            }
            None => edge.column as usize,
        },
    }
}

/// A path with another one behind it.
fn joined(first: &str, second: &str) -> Arc<str> {
    match (first.is_empty(), second.is_empty()) {
        (_, true) => first.into(),
        (true, false) => second.into(),
        (false, false) if second.starts_with('[') => format!("{first}{second}").into(),
        (false, false) => format!("{first}.{second}").into(),
    }
}
