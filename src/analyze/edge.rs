//! Edges of column lineage: which column of which relation a value depends on, and how.

use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// How a column depends on another, from weak to strong. What is composed of two is as strong as the stronger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EdgeKind {
    /// The value itself, or a part of it.
    Copied,
    /// The value went through an expression: a call, a cast, an operator, the condition of a CASE.
    Transformed,
    /// The value went through an aggregate or a window function, with the values of other rows.
    Aggregated,
    /// The value decides which rows there are, how they are grouped or in which order they come.
    Indirect,
}

impl EdgeKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Transformed => "transformed",
            Self::Aggregated => "aggregated",
            Self::Indirect => "indirect",
        }
    }
}

/// An edge inside one statement: numbers stand for relation, column and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Edge {
    pub(super) relation: u32,
    pub(super) column: u32,
    pub(super) path: u32,
    pub(super) kind: EdgeKind,
}

/// The column that stands for the rows of a relation: how many there are.
pub(super) const ROWS: u32 = u32::MAX;
/// The column that stands for all columns that are not known.
pub(super) const STAR: u32 = u32::MAX - 1;
/// Columns from here on are known by name only.
pub(super) const NAMED: u32 = 1 << 31;
/// Relations from here on are none of the project's.
pub(super) const EXTERNAL: u32 = 1 << 31;

/// A set of edges, sorted; cheap to share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edges(Option<Rc<[Edge]>>);

impl Edges {
    /// One edge.
    pub(super) fn one(relation: u32, column: u32, kind: EdgeKind) -> Self {
        Self(Some(Rc::from([Edge { relation, column, path: 0, kind }])))
    }

    /// The edges.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Edge> {
        self.0.as_deref().unwrap_or_default().iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// These edges as a set.
    pub(super) fn of(mut edges: Vec<Edge>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        if edges.is_empty() { Self(None) } else { Self(Some(edges.into())) }
    }

    /// All of these.
    pub(super) fn union<'e>(sets: impl IntoIterator<Item = &'e Self>) -> Self {
        let mut sets = sets.into_iter().filter(|set| !set.is_empty());
        let (Some(first), second) = (sets.next(), sets.next()) else { return Self(None) };
        let Some(second) = second else { return first.clone() };
        let mut all: Vec<Edge> = first.iter().chain(second.iter()).copied().collect();
        all.extend(sets.flat_map(Self::iter));
        Self::of(all)
    }

    /// The same, each at least as strong as `kind`.
    pub(super) fn at_least(&self, kind: EdgeKind) -> Self {
        if self.iter().all(|edge| edge.kind >= kind) {
            return self.clone();
        }
        self.map(|edge| Edge { kind: edge.kind.max(kind), ..edge })
    }

    /// Those of one kind.
    pub(super) fn only(&self, kind: EdgeKind) -> Self {
        Self::of(self.iter().copied().filter(|edge| edge.kind == kind).collect())
    }

    /// The same, each changed.
    pub(super) fn map(&self, change: impl FnMut(Edge) -> Edge) -> Self {
        Self::of(self.iter().copied().map(change).collect())
    }
}
