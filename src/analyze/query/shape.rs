//! What a relation inside a statement offers to those who read it: columns with their edges, and its rows.

use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::analyze::edge::{EdgeKind, Edges, NAMED, ROWS, STAR};
use crate::analyze::nulls::Nulls;
use crate::analyze::schema::Schema;
use crate::sql::ValueType;
use crate::sql::query::Name;

use super::columns::Fields;

/// Why something is not known for certain.
pub(super) type Doubt = Option<Rc<str>>;

/// What is known of an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Value {
    pub(super) edges: Edges,
    pub(super) data_type: ValueType,
    pub(super) doubt: Doubt,
    /// Whether it has an aggregate in it.
    pub(super) is_grouped: bool,
    pub(super) nulls: Nulls,
    /// What it depends on beside the data.
    pub(super) volatile: Volatile,
    /// The star that passed it on from a node's relation, by its number from 1; 0 for a column that was named on the way.
    pub(super) star: u32,
    /// Its named parts, where this statement puts it together.
    pub(super) fields: Fields,
}

/// What makes a value another one on the next run, over the same data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::analyze) struct Volatile {
    /// The time of day.
    pub(in crate::analyze) time: bool,
    /// Chance: a random number, or an order that nobody gave.
    pub(in crate::analyze) chance: bool,
}

impl Volatile {
    fn or(self, other: Self) -> Self {
        Self { time: self.time || other.time, chance: self.chance || other.chance }
    }
}

impl Value {
    /// A value that depends on nothing.
    pub(super) fn constant(data_type: ValueType) -> Self {
        Self { data_type, ..Self::default() }
    }

    /// A value made from others.
    pub(super) fn made<'v>(parts: impl IntoIterator<Item = &'v Self>, kind: EdgeKind) -> Self {
        let (mut edges, mut doubt, mut is_grouped) = (Vec::new(), None, false);
        let mut volatile = Volatile::default();
        for part in parts {
            edges.push(part.edges.at_least(kind));
            doubt = doubt.or_else(|| part.doubt.clone());
            is_grouped |= part.is_grouped;
            volatile = volatile.or(part.volatile);
        }
        Self { edges: Edges::union(&edges), doubt, is_grouped, volatile, ..Self::default() }
    }

    /// The same, NULL when this says.
    pub(super) fn nullable(self, nulls: Nulls) -> Self {
        Self { nulls, ..self }
    }

    /// The same with a type.
    pub(super) fn typed(self, data_type: ValueType) -> Self {
        Self { data_type, ..self }
    }
}

/// Columns that are not known.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) reason: Rc<str>,
    pub(super) edges: Edges,
}

/// What decides which rows there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) edges: Edges,
    pub(super) doubt: Doubt,
}

/// A relation that a statement makes.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) columns: Vec<(Name, Value)>,
    pub(super) open: Option<Open>,
    pub(super) rows: Rows,
    /// Columns that a declaration may have left out of what a star passed on.
    pub(super) soft: Option<Open>,
    /// Whether it has exactly one row, whatever the data are.
    pub(super) is_single: bool,
    index: OnceCell<HashMap<Arc<str>, Vec<usize>>>,
}

impl Made {
    pub(super) fn new(mut columns: Vec<(Name, Value)>, open: Option<Open>, rows: Rows) -> Self {
        // Whoever reads the relation reads columns: what was aggregated inside is none there.
        columns.iter_mut().for_each(|(_, value)| value.is_grouped = false);
        Self { columns, open, rows, soft: None, is_single: false, index: OnceCell::new() }
    }

    /// The same, with columns that a declaration may have left out.
    pub(super) fn softly(self, soft: Option<Open>) -> Self {
        Self { soft, ..self }
    }

    /// The same, which has exactly one row.
    pub(super) fn single(self, is_single: bool) -> Self {
        Self { is_single, ..self }
    }

    fn find(&self, key: &str) -> Vec<usize> {
        if self.columns.len() < 8 {
            let is = |(_, (name, _)): &(usize, &(Name, Value))| &*name.key == key;
            return self.columns.iter().enumerate().filter(is).map(|(at, _)| at).collect();
        }
        let index = self.index.get_or_init(|| {
            let mut index: HashMap<Arc<str>, Vec<usize>> = HashMap::with_capacity(self.columns.len());
            for (at, (name, _)) in self.columns.iter().enumerate() {
                index.entry(name.key.clone()).or_default().push(at);
            }
            index
        });
        index.get(key).cloned().unwrap_or_default()
    }
}

/// A relation that can be read: a node's, or one the statement makes.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A node's relation, by its number.
    Node(u32, Arc<Schema>),
    /// One that the statement makes.
    Made(Rc<Made>),
}

impl Shape {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Node(_, schema) => schema.columns.len(),
            Self::Made(made) => made.columns.len(),
        }
    }

    pub(super) fn name(&self, at: usize) -> &Name {
        match self {
            Self::Node(_, schema) => &schema.columns[at].name,
            Self::Made(made) => &made.columns[at].0,
        }
    }

    pub(super) fn value(&self, at: usize) -> Value {
        match self {
            Self::Node(relation, schema) => {
                let column = u32::try_from(at).unwrap_or(STAR);
                Value {
                    edges: Edges::one(*relation, column, EdgeKind::Copied),
                    data_type: schema.columns[at].data_type.clone(),
                    nulls: schema.columns[at].nulls,
                    ..Value::default()
                }
            }
            Self::Made(made) => made.columns[at].1.clone(),
        }
    }

    /// The positions of the columns with this name.
    pub(super) fn find(&self, key: &str) -> Vec<usize> {
        match self {
            Self::Node(_, schema) => schema.find(key).into_iter().collect(),
            Self::Made(made) => made.find(key),
        }
    }

    /// What is known of the columns that are not known.
    pub(super) fn open(&self) -> Option<Open> {
        match self {
            Self::Node(relation, schema) => schema.open.as_ref().map(|reason| Open {
                reason: Rc::from(&**reason),
                edges: Edges::one(*relation, STAR, EdgeKind::Copied),
            }),
            Self::Made(made) => made.open.clone(),
        }
    }

    /// The columns that a declaration may have left out.
    pub(super) fn soft(&self) -> Option<Open> {
        match self {
            Self::Node(relation, schema) => schema.is_declared.then(|| Open {
                reason: "a declaration may have left it out".into(),
                edges: Edges::one(*relation, STAR, EdgeKind::Copied),
            }),
            Self::Made(made) => made.soft.clone(),
        }
    }

    /// Whether it has exactly one row, whatever the data are.
    pub(super) fn is_single(&self) -> bool {
        matches!(self, Self::Made(made) if made.is_single)
    }

    pub(super) fn rows(&self) -> Rows {
        match self {
            Self::Node(relation, _) => Rows { edges: Edges::one(*relation, ROWS, EdgeKind::Indirect), doubt: None },
            Self::Made(made) => made.rows.clone(),
        }
    }

    /// Everything it offers.
    pub(super) fn everything(&self) -> Vec<Edges> {
        let mut all: Vec<Edges> = (0..self.len()).map(|at| self.value(at).edges).collect();
        all.extend(self.open().map(|open| open.edges));
        all
    }
}

impl Open {
    /// The edges for a column of this name: a star that was passed on unchanged passes on the name.
    pub(super) fn named(&self, name: u32) -> Edges {
        self.edges.map(|edge| {
            if edge.column == STAR && edge.kind == EdgeKind::Copied {
                crate::analyze::edge::Edge { column: NAMED + name, ..edge }
            } else {
                edge
            }
        })
    }
}
