//! What dbt puts into the context of a template: `ref`, `source`, `config`, `var`, `adapter`, `this`, ...
//!
//! A [`Session`] holds what is the same for all renders of an invocation; a [`Subject`] is the node being rendered.
//! Rendering happens in one of two phases. In the *parse* phase nothing is known of other nodes and what the template
//! asks for is recorded as [`Facts`]; in the *execute* phase a [`World`] answers.

mod adapter;
mod builtins;
mod call;
mod catalog;
mod column;
mod config;
mod constraints;
mod contract;
mod external;
mod facts;
mod index;
mod methods;
mod relation;
mod render;
mod runtime;
mod session;
mod table;
mod world;
mod yaml;

pub use column::{column_value, is_short_text, text_fits, translate_type};
pub use facts::{Facts, RefCall, merge_config_value};
pub use relation::{RelationValue, merge_quoting};
pub use render::{
    Executed, Phase, ResultTable, execute_materialization, json_repr, json_str, json_value, render, render_calling,
    render_macro, text_repr,
};
pub use session::{DBT_VERSION, Model, Overrides, Session, SessionFacts, Subject};
pub use world::{Problem, Voice, World};
pub use yaml::{Docs, render_description, render_docs_block, render_yaml};
