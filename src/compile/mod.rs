//! Every node as final SQL, with where each byte came from.
//!
//! A node is rendered in the execute phase against the graph and, where its template asks, the warehouse; then the ephemeral
//! models it reads are put in front of it as common table expressions. [`SourceMap`] leads from a place in the result back
//! to the template.

mod comment;
mod compiler;
mod ephemeral;
mod source_map;
mod unit_test;
mod world;

pub use comment::QueryComment;
pub use compiler::{Compiler, compile};
pub use source_map::SourceMap;
pub use world::Listener;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;

/// The compiled nodes of an invocation, by unique id.
#[derive(Debug, Default)]
pub struct Compilation {
    /// What could be compiled.
    pub nodes: BTreeMap<String, Compiled>,
    /// Why the others could not; nodes that read a broken one are in `skipped`.
    pub failed: BTreeMap<String, Diagnostic>,
    /// Nodes of a run that are compiled when their parents have run, because their templates ask the warehouse.
    pub later: BTreeSet<String>,
    /// Nodes left out because something they read is broken, with what that is.
    pub skipped: BTreeMap<String, String>,
}

/// A node's SQL.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The SQL, with ephemeral models in front.
    pub sql: String,
    /// The SQL before ephemeral models were put in front, where there are any.
    own: Option<String>,
    /// Where its bytes came from.
    pub map: SourceMap,
    /// The ephemeral models put in front, in order: unique id and the text of the expression.
    pub ctes: Vec<(String, String)>,
    /// Whether rendering asked the warehouse about something other than the node's own relation, so that the text may differ
    /// once its parents have run.
    pub late: bool,
}

impl Compiled {
    /// The SQL before ephemeral models were put in front.
    pub fn own_sql(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.sql)
    }
}
