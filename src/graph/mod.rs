//! Who reads whom: resolving refs, order, cycles, selection.
//!
//! [`build`] turns what a project declares into [`Node`]s: each template is rendered once in the parse phase, which says what
//! it refers to and how it configures itself; configuration is merged as dbt merges it; names are made by the project's
//! `generate_*_name` macros; references become edges.

mod access;
mod called;
mod configuration;
mod contract;
mod declared;
mod deprecation;
mod description;
mod dictionary;
mod fixture;
mod function;
mod generic_test;
mod hook;
mod misfit;
mod microbatch;
mod name;
mod node;
mod order;
mod parse;
mod python_model;
mod python_token;
mod resolve;
mod select;
mod same_name;
mod semantic;
mod semantic_check;
mod source_table;
mod spaces;
mod state;
mod test_form;
mod unit_test;
mod unused_path;
mod version;
mod written;

pub use configuration::{Trees, config_text, unit_test_config};
pub use dictionary::{
    EXECUTABLE, Fields, dictionary, fields, flat_graph, primary_keys, template_model, with_primary_key,
};
pub use node::{Column, Node, SourceDetails, TestDetails, UnitTestDetails};
pub use order::Order;
pub use parse::build;
pub use resolve::{Lookup, reference_help};
pub use select::{Indirect, Selection, check_selectors, covers_file, covers_node, select, selector_definitions};
pub use state::{Previous, PreviousManifest};

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::project::DocsBlock;

/// The nodes of a project and its packages, with their edges.
#[derive(Debug)]
pub struct Graph {
    /// Every enabled node by unique id, in the order of parsing.
    pub nodes: IndexMap<String, Node>,
    /// Disabled nodes.
    pub disabled: Vec<Node>,
    /// Tests that read what is disabled or not there: dbt keeps them among its nodes and never selects them.
    pub dropped: Vec<Node>,
    /// What each macro calls, by the macros' unique ids.
    pub macros: BTreeMap<String, Vec<String>>,
    /// Descriptions of macros that are templates, rendered: by the macro's unique id, and the name of its argument or nothing.
    pub macro_descriptions: BTreeMap<(String, String), String>,
    /// Docs blocks.
    pub docs: Vec<DocsBlock>,
    /// What templates said to the user while they were parsed, in the order of the nodes.
    pub said: Vec<(String, crate::jinja::Voice)>,
    /// Groups: unique id and dbt's dictionary.
    pub groups: IndexMap<String, serde_json::Value>,
    /// The root project.
    pub root: String,
    /// The SQL that is rendered.
    pub dialect: crate::sql::Dialect,
    /// Whether states are compared by what is written, not by what that comes to in this target.
    pub compares_written: bool,
    /// How names are found.
    pub lookup: Lookup,
    /// Unique ids of nodes whose own text could not be parsed; what reads them cannot be compiled either.
    pub broken: std::collections::BTreeSet<String>,
}

impl Graph {
    /// The node with this unique id.
    pub fn node(&self, unique_id: &str) -> Option<&Node> {
        self.nodes.get(unique_id)
    }
}
