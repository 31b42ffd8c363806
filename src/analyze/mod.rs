//! What the SQL means: the columns of every node, their types, and what each depends on, before anything runs.
//!
//! [`analyze`] walks the graph from its sources: each node's compiled SQL is parsed once, and resolved against the columns of what it
//! reads. Every column says whether its lineage is complete, or why it is not; [`Trace`] follows edges through the graph.

mod declared;
mod edge;
mod function;
mod hook;
mod kept;
mod lint;
mod node;
mod nulls;
mod place;
mod project;
mod promise;
mod query;
mod report;
mod schema;
mod snapshot;
mod trace;

pub use edge::EdgeKind;
pub use function::Functions;
pub use kept::Kept;
pub use node::NodeAnalysis;
pub use nulls::{NullReason, Nulls};
pub use place::Places;
pub use project::{Given, analyze};
pub use report::report_findings;
pub use schema::{Schema, SchemaColumn};
pub use trace::{Origins, Reached, Trace};

/// What is known of the nodes of a graph.
#[derive(Debug)]
pub struct Analysis {
    /// By the nodes' numbers in the graph; none for what was not asked for, and for tests that nothing is wrong with.
    pub nodes: Vec<Option<Box<NodeAnalysis>>>,
    promises: promise::Promises,
}

/// The node of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputNode<'a> {
    /// A node of the graph, by its number.
    Node(usize),
    /// A relation that no node makes, as it is written.
    External(&'a str),
}

/// A column that another one depends on, one step up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input<'a> {
    /// The node.
    pub node: InputNode<'a>,
    /// The column; `*` for columns that are not known, none for the rows of the node.
    pub column: Option<&'a str>,
    /// How.
    pub kind: EdgeKind,
    /// The path into the column, empty for all of it.
    pub path: &'a str,
}
