//! Set operations, and recursion through them.

use std::rc::Rc;

use super::expression::rows_of;
use super::select::{as_made, joined};
use super::shape::{Made, Open, Rows, Shape, Value};
use super::{Analyst, KnownCte, all_rows};
use crate::analyze::edge::{Edge, EdgeKind, Edges};
use crate::analyze::nulls::{NullReason, Nulls};
use crate::sql::ValueType;
use crate::sql::query::{Cte, Name, SetArm, SetChain, SetOperator};

/// How often a recursion is followed before paths are given up, and before it is given up.
const PATHS: usize = 4;
const ROUNDS: usize = 16;

impl Analyst<'_> {
    /// A chain of set operations.
    pub(super) fn set_chain(&mut self, chain: &SetChain) -> Made {
        let first = self.body(&chain.first);
        self.set_rest(first, &chain.rest)
    }

    fn set_rest(&mut self, first: Made, rest: &[SetArm]) -> Made {
        let mut left = first;
        for arm in rest {
            let right = self.body(&arm.body);
            left = self.combined(left, right, arm);
        }
        left
    }

    fn combined(&mut self, left: Made, right: Made, arm: &SetArm) -> Made {
        let (left, right) = (Shape::Made(Rc::new(left)), Shape::Made(Rc::new(right)));
        let mut rows = vec![left.rows(), right.rows()];
        if !(arm.all && arm.operator == SetOperator::Union) {
            // Duplicates are found, or rows compared, by all columns.
            rows.push(rows_of(&Self::whole(&left)));
            rows.push(rows_of(&Self::whole(&right)));
        }
        let rows = all_rows(&rows);
        // Names come from the first arm; what stands beside it may be called otherwise.
        let beside = |soft: Open| Open {
            edges: if arm.by_name { soft.edges } else { soft.edges.at_least(EdgeKind::Transformed) },
            reason: soft.reason,
        };
        let soft = joined(left.soft(), right.soft().map(beside));
        if arm.by_name {
            return by_name(&left, &right, rows).softly(soft);
        }
        if left.open().is_some() || right.open().is_some() {
            return side_by_side(&left, &right, rows, arm.operator).softly(soft);
        }
        if left.len() != right.len() {
            let word = if right.len() == 1 { "column" } else { "columns" };
            let message = format!("{} {word} here, {} before", right.len(), left.len());
            self.finding("set-operation-columns", message, &arm.span, None);
        }
        for at in 0..left.len().min(right.len()) {
            let (one, other) = (left.value(at).data_type, right.value(at).data_type);
            if let (Some(one_is), Some(other_is), false) = (one.rough(), other.rough(), one.fits(&other)) {
                let message = format!("column {} is {other_is} here, {one_is} before", at + 1);
                self.finding("wrong-type", message, &arm.span, Some("cast one of them".to_owned()));
            }
        }
        let column = |at: usize| {
            let value = left.value(at);
            let value = if arm.operator == SetOperator::Except || at >= right.len() {
                value
            } else {
                let other = right.value(at);
                let data_type = ValueType::common([&value.data_type, &other.data_type]);
                let both = [value.nulls, other.nulls];
                let nulls = match arm.operator {
                    SetOperator::Intersect => Nulls::first(both),
                    _ => Nulls::all(both),
                };
                let star = if value.star == 0 { other.star } else { value.star };
                let made = Value::made([&value, &other], EdgeKind::Copied).typed(data_type).nullable(nulls);
                Value { star, ..made }
            };
            (left.name(at).clone(), value)
        };
        Made::new((0..left.len()).map(column).collect(), None, rows).softly(soft)
    }

    /// A common table expression that reads itself: followed until nothing new is found.
    pub(super) fn recursive(&mut self, cte: &Cte, chain: &SetChain) -> Shape {
        let outer = self.ctes.len();
        for inner in &cte.query.ctes {
            let shape = self.query(&inner.query);
            let shape = self.renamed(shape, &inner.columns, &inner.name);
            self.ctes.push(KnownCte::new(&inner.name.key, shape));
        }
        let anchor = self.body(&chain.first);
        let anchor = Shape::Made(Rc::new(anchor));
        let mut known = self.renamed(widened(&anchor), &cte.columns, &cte.name);
        // What is NULL on the way of the recursion is known only where it does not come from the recursion itself.
        let mut nulls: Vec<Nulls> = Vec::new();
        for round in 0..ROUNDS {
            self.ctes.push(KnownCte::new(&cte.name.key, known.clone()));
            let next = self.set_rest(as_made(&anchor), &chain.rest);
            self.ctes.pop();
            nulls = next.columns.iter().map(|(_, value)| value.nulls).collect();
            let mut next = widened(&Shape::Made(Rc::new(next)));
            if round >= PATHS {
                next = without_paths(&next);
            }
            let next = self.renamed(next, &cte.columns, &cte.name);
            if same(&known, &next) {
                break;
            }
            known = next;
        }
        self.ctes.truncate(outer);
        let mut made = self.ordered(as_made(&known), &cte.query);
        for ((_, value), nulls) in made.columns.iter_mut().zip(nulls) {
            value.nulls = nulls;
        }
        Shape::Made(Rc::new(made.single(false)))
    }
}

/// The anchor's numbers and texts grow with the recursion.
fn widened(shape: &Shape) -> Shape {
    let made = as_made(shape);
    let columns = made.columns.into_iter().map(|(name, value)| {
        let data_type = value.data_type.widest();
        (name, Value { data_type, nulls: Nulls::Unknown, fields: None, ..value })
    });
    Shape::Made(Rc::new(Made::new(columns.collect(), made.open, made.rows).softly(made.soft)))
}

fn without_paths(shape: &Shape) -> Shape {
    let plain = |edges: &Edges| edges.map(|edge| Edge { path: 0, ..edge });
    let made = as_made(shape);
    let columns = made
        .columns
        .into_iter()
        .map(|(name, value)| (name, Value { edges: plain(&value.edges), fields: None, ..value }));
    let open = made.open.map(|open| Open { edges: plain(&open.edges), ..open });
    let rows = Rows { edges: plain(&made.rows.edges), doubt: made.rows.doubt };
    Shape::Made(Rc::new(Made::new(columns.collect(), open, rows).softly(made.soft)))
}

fn same(one: &Shape, other: &Shape) -> bool {
    one.len() == other.len()
        && one.rows().edges == other.rows().edges
        && one.open().map(|open| open.edges) == other.open().map(|open| open.edges)
        && (0..one.len()).all(|at| one.value(at).edges == other.value(at).edges)
}

/// Arms whose columns are matched by name: a column that one of them lacks is null there.
fn by_name(left: &Shape, right: &Shape, rows: Rows) -> Made {
    let mut columns: Vec<(Name, Value)> = as_made(left).columns;
    for at in 0..right.len() {
        let (name, value) = (right.name(at), right.value(at));
        match columns.iter_mut().find(|(known, _)| known.key == name.key) {
            Some((_, known)) => {
                let data_type = ValueType::common([&known.data_type, &value.data_type]);
                let nulls = Nulls::all([known.nulls, value.nulls]);
                *known = Value::made([&*known, &value], EdgeKind::Copied).typed(data_type).nullable(nulls);
            }
            None => columns.push((name.clone(), value)),
        }
    }
    for (name, value) in &mut columns {
        if left.find(&name.key).is_empty() || right.find(&name.key).is_empty() {
            value.nulls = match left.open().or(right.open()) {
                None => Nulls::May(NullReason::ByName),
                Some(_) => Nulls::Unknown,
            };
        }
    }
    let opens: Vec<Open> = left.open().into_iter().chain(right.open()).collect();
    // A column that is known in one arm may be one of the unknown ones of the other.
    for (arm, other) in [(left, right), (right, left)] {
        let Some(open) = arm.open() else { continue };
        for (name, value) in &mut columns {
            if arm.find(&name.key).is_empty() && !other.find(&name.key).is_empty() {
                value.edges = Edges::union([&value.edges, &open.edges.at_least(EdgeKind::Transformed)]);
                value.fields = None;
                value.doubt = value.doubt.clone().or(Some(open.reason.clone()));
            }
        }
    }
    let open = (!opens.is_empty())
        .then(|| Open { reason: opens[0].reason.clone(), edges: Edges::union(opens.iter().map(|open| &open.edges)) });
    Made::new(columns, open, rows)
}

/// Arms of which at least one has columns that are not known: every column may stand beside every other.
fn side_by_side(left: &Shape, right: &Shape, rows: Rows, operator: SetOperator) -> Made {
    let open = left.open().or_else(|| right.open());
    let reason: Rc<str> = open.map_or_else(|| "unknown columns".into(), |open| open.reason);
    let mut all: Vec<Edges> = left.everything();
    if operator != SetOperator::Except {
        all.extend(right.everything());
    }
    let edges = Edges::union(&all).at_least(EdgeKind::Transformed);
    let columns = (0..left.len()).map(|at| {
        let own = left.value(at);
        let edges = Edges::union([&own.edges, &edges]);
        (left.name(at).clone(), Value { edges, doubt: Some(reason.clone()), nulls: Nulls::Unknown, ..own })
    });
    // Names come from the first arm: where its star was passed on, so are its names.
    let first = left.open().map(|open| open.edges).unwrap_or_default();
    let open = Open { reason: reason.clone(), edges: Edges::union([&first, &edges]) };
    Made::new(columns.collect(), Some(open), rows)
}
