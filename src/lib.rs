//! merganser: a declarative transformation compiler.

pub mod source;
pub mod diagnostic;
pub mod sql;
pub mod config;
pub mod warehouse;
pub mod project;
pub mod jinja;
pub mod graph;
pub mod compile;
pub mod analyze;
pub mod govern;
pub mod plan;
pub mod load;
pub mod execute;
pub mod artifact;
pub mod cli;
