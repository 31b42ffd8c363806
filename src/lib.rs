//! merganser: a declarative transformation compiler.
//!
//! A project (YAML and Jinja SQL) goes in; a plan of warehouse statements comes out; a runner carries the plan out; artifacts
//! and documentation come last. Every phase takes values and returns a value. The modules stand in phase order, and each uses
//! only those above it: `tests/tidy.rs` holds them to that.

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
