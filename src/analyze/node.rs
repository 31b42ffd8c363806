//! One node: its columns with their lineage.

use std::sync::Arc;

use super::edge::{EXTERNAL, Edge, EdgeKind, NAMED, ROWS, STAR};
use super::query::{Finding, Mark, PassedOn, QueryColumn, QueryFacts};
use super::schema::{Schema, SchemaColumn};
use super::{Analysis, Input, InputNode, Nulls};
use crate::sql::query::Name;
use crate::sql::{Dialect, ValueType};

/// What is known of a node.
#[derive(Debug, Default)]
pub struct NodeAnalysis {
    /// Its columns, as what reads it sees them.
    pub schema: Arc<Schema>,
    pub(super) facts: QueryFacts,
    /// Whether its columns are where lineage ends: sources and seeds.
    pub is_origin: bool,
    /// What could not be understood, in words.
    pub notes: Vec<String>,
}

impl NodeAnalysis {
    /// A node whose columns depend on nothing.
    pub(super) fn origin(schema: Arc<Schema>) -> Self {
        Self { schema, is_origin: true, ..Self::default() }
    }

    /// A node with a query.
    pub(super) fn of(mut facts: QueryFacts) -> Self {
        let column = |column: &QueryColumn| SchemaColumn {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nulls: column.nulls,
        };
        let open = facts.open.as_ref().map(|(reason, _)| reason.as_str().into());
        let mut schema = Schema::new(facts.columns.iter().map(column).collect(), open);
        schema.is_declared = facts.soft.is_some();
        let schema = Arc::new(schema);
        let notes = std::mem::take(&mut facts.notes);
        Self { schema, facts, is_origin: false, notes }
    }

    /// A node of which nothing is known but what it reads.
    pub(super) fn opaque(reason: &str, reads: &[(u32, Arc<Schema>)]) -> Self {
        let mut edges = Vec::new();
        for (relation, schema) in reads {
            let edge = |column| Edge { relation: *relation, column, path: 0, kind: EdgeKind::Transformed };
            edges.extend((0..schema.columns.len()).map(|at| edge(u32::try_from(at).unwrap_or(STAR))));
            edges.extend(schema.open.iter().map(|_| edge(STAR)));
        }
        let rows = edges.iter().map(|edge| Edge { kind: EdgeKind::Indirect, ..*edge });
        let own = reads.iter().map(|(relation, _)| Edge {
            relation: *relation,
            column: ROWS,
            path: 0,
            kind: EdgeKind::Indirect,
        });
        let rows: Vec<Edge> = rows.chain(own).collect();
        let facts = QueryFacts {
            open: Some((reason.to_owned(), edges)),
            rows,
            rows_doubt: Some(reason.to_owned()),
            paths: vec![String::new()],
            notes: vec![reason.to_owned()],
            ..QueryFacts::default()
        };
        Self::of(facts)
    }

    /// How many columns it shows: one more than are known where there may be others.
    pub fn width(&self) -> usize {
        self.schema.columns.len() + usize::from(self.schema.open.is_some())
    }

    /// The name of a column; `*` for those that are not known.
    pub fn name(&self, at: usize) -> &str {
        self.schema.columns.get(at).map_or("*", |column| &column.name.text)
    }

    /// The type of a column.
    pub fn data_type(&self, at: usize) -> ValueType {
        self.schema.columns.get(at).map_or(ValueType::Unknown, |column| column.data_type.clone())
    }

    /// Whether a column can be NULL, as those who read the node see it.
    pub fn nulls(&self, at: usize) -> Nulls {
        self.schema.columns.get(at).map_or(Nulls::Unknown, |column| column.nulls)
    }

    /// Why the lineage of a column is not complete, if it is not.
    pub fn reason(&self, at: usize) -> Option<&str> {
        if at == super::trace::OWN_ROWS {
            return self.facts.rows_doubt.as_deref();
        }
        if at >= self.schema.columns.len() {
            return self.schema.open.as_deref();
        }
        self.facts.columns.get(at)?.doubt.as_deref()
    }

    /// The position of a column; that of the columns that are not known for one that is not known.
    pub fn find(&self, name: &Name) -> Option<usize> {
        let is_open = self.schema.open.is_some();
        self.schema.find(&name.key).or_else(|| is_open.then(|| self.schema.columns.len()))
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.facts.findings
    }

    pub(super) fn marks(&self) -> &[Mark] {
        &self.facts.marks
    }

    /// The columns of other relations that its query names, by their numbers.
    pub(super) fn read(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.facts.read.iter().copied()
    }

    /// The name of a column that is known by name only.
    pub(super) fn name_of(&self, column: u32) -> Option<&str> {
        self.facts.names.get(column.checked_sub(NAMED)? as usize).map(String::as_str)
    }

    /// Its columns as its own query gives them, whatever was there before and whatever is promised.
    pub(super) fn inferred_columns(&self) -> &[QueryColumn] {
        &self.facts.columns
    }

    /// The column that a configuration or a declaration means.
    pub(super) fn inferred(&self, written: &str, dialect: Dialect) -> Option<&QueryColumn> {
        self.facts.columns.iter().find(|column| super::lint::is_named(&column.name, written, dialect))
    }

    /// The star through which columns of other nodes reach its readers, and whether one of this name does.
    pub(super) fn passed_on(&self) -> Option<(&PassedOn, impl Fn(&str) -> bool + '_)> {
        let star =
            self.facts.columns.iter().map(|column| column.star).chain([self.facts.open_star]).find(|star| *star > 0)?;
        let is_open = self.facts.open_star > 0;
        let passed = move |name: &str| {
            let column = self.facts.columns.iter().find(|column| &*column.name.text == name);
            column.map_or(is_open, |column| column.star > 0)
        };
        Some((self.facts.stars.get(star as usize - 1)?, passed))
    }

    pub(super) fn edges(&self, at: usize) -> &[Edge] {
        match self.facts.columns.get(at) {
            Some(column) => &column.edges,
            None => match (&self.facts.open, &self.facts.soft) {
                (Some((_, edges)), _) | (None, Some(edges)) => edges,
                (None, None) => &[],
            },
        }
    }

    pub(super) fn rows(&self) -> &[Edge] {
        &self.facts.rows
    }

    pub(super) fn path(&self, edge: &Edge) -> &str {
        self.facts.paths.get(edge.path as usize).map_or("", |path| path)
    }

    /// The name of an edge's column where it is known by name only.
    pub(super) fn named(&self, edge: &Edge) -> Option<&String> {
        let is_named = edge.column >= NAMED && edge.column < STAR;
        is_named.then(|| self.facts.names.get((edge.column - NAMED) as usize)).flatten()
    }

    pub(super) fn external(&self, edge: &Edge) -> Option<&str> {
        (edge.relation >= EXTERNAL)
            .then(|| self.facts.externals.get((edge.relation - EXTERNAL) as usize).map(String::as_str))
            .flatten()
    }
}

impl Analysis {
    /// What is known of a node, by its number.
    pub fn node(&self, at: usize) -> Option<&NodeAnalysis> {
        self.nodes.get(at)?.as_deref()
    }

    /// What a column depends on, one step up, sorted.
    pub fn inputs(&self, node: usize, column: usize) -> Vec<Input<'_>> {
        let Some(found) = self.node(node) else { return Vec::new() };
        let mut inputs: Vec<Input<'_>> = found
            .edges(column)
            .iter()
            .chain(found.rows())
            .filter(|edge| edge.column != ROWS)
            .map(|edge| self.input(found, edge))
            .collect();
        inputs.sort();
        inputs.dedup();
        inputs
    }

    pub(super) fn input<'a>(&'a self, of: &'a NodeAnalysis, edge: &Edge) -> Input<'a> {
        let node = match of.external(edge) {
            Some(name) => InputNode::External(name),
            None => InputNode::Node(edge.relation as usize),
        };
        let column = match (edge.column, node) {
            (ROWS, _) => None,
            (STAR, _) | (_, InputNode::External(_)) if edge.column >= STAR => Some("*"),
            (column, InputNode::Node(node)) if column < NAMED => {
                self.node(node).map(|found| found.name(column as usize)).or(Some("*"))
            }
            _ => Some(of.named(edge).map_or("*", |name| name)),
        };
        Input { node, column, kind: edge.kind, path: of.path(edge) }
    }
}
