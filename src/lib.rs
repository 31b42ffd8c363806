//! merganser: a declarative transformation compiler.

pub mod analyze;
pub mod artifact;
pub mod cli;
pub mod compile;
pub mod config;
pub mod diagnostic;
pub mod execute;
pub mod govern;
pub mod graph;
pub mod jinja;
pub mod load;
pub mod plan;
pub mod project;
pub mod source;
pub mod sql;
pub mod warehouse;
