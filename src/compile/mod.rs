//! Every node as final SQL, with where each byte came from.
//!
//! A node is rendered in the execute phase against the graph and, where its template asks, the warehouse; then the ephemeral
//! models it reads are put in front of it as common table expressions. [`SourceMap`] leads from a place in the result back
//! to the template.

mod comment;
mod compiler;
mod ephemeral;
mod foreign_key;
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
    /// What the foreign keys of compiled nodes refer to.
    pub targets: BTreeMap<String, Vec<ForeignKeyTarget>>,
}

/// What a foreign key refers to.
#[derive(Debug)]
pub struct ForeignKeyTarget {
    /// As the constraint has it: `ref('orders')`.
    pub written: String,
    /// The relation.
    pub name: String,
}

impl Compiled {
    /// Name and SQL of each expression in front.
    pub fn expressions(&self) -> Vec<(String, String)> {
        let one = |(_, text): &(String, String)| {
            let (name, rest) = text.trim_start().split_once(" as (\n")?;
            let name = name.strip_prefix("__dbt__cte__").unwrap_or(name);
            Some((name.to_owned(), rest.strip_suffix("\n)").unwrap_or(rest).to_owned()))
        };
        self.ctes.iter().filter_map(one).collect()
    }
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
    /// Unique ids of the macros its own template called.
    pub macros: Vec<String>,
    /// Whether rendering asked the warehouse about something other than the node's own relation, so that the text may differ
    /// once its parents have run.
    pub late: bool,
    /// Whether something that its own template asked about was not there, so that the text may say less than it will.
    pub unseen: bool,
}

impl Compiled {
    /// The SQL before ephemeral models were put in front.
    pub fn own_sql(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.sql)
    }
}
