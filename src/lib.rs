//! merganser: a declarative transformation compiler.
//!
//! A dbt project (YAML and Jinja-templated SQL) goes in; a plan of warehouse statements comes out; a runner carries the
//! plan out; artifacts and documentation come last. Every phase takes values and returns a value:
//!
//! ```text
//! Sources → Project → (jinja facts) → Graph → Compilation → Analysis → Governance → Plan → results → artifacts
//! ```
//!
//! The modules below stand in the order of the phases, and a module uses only those above it:
//!
//! | module | what it does | the only place that names |
//! |---|---|---|
//! | [`source`] | the project's text: files, spans, lines and columns; all reading of the project | walkdir |
//! | [`diagnostic`] | what is wrong, where, what to do about it; printing it | miette |
//! | [`sql`] | SQL as text and tree; Snowflake's SQL translated for `DuckDB` | sqlparser |
//! | [`config`] | project file, profiles, variables, flags | `serde_yaml` |
//! | [`warehouse`] | running SQL: Snowflake, `DuckDB`, Snowflake-on-`DuckDB` | `snowflake_api`, duckdb |
//! | [`project`] | what the project declares, as written | |
//! | [`jinja`] | rendering templates in dbt's context, with a map back to the template | minijinja |
//! | [`graph`] | nodes, edges, order, selection | petgraph |
//! | [`compile`] | every node as final SQL | |
//! | [`analyze`] | what the SQL means | |
//! | [`govern`] | masking policies and where they apply | |
//! | [`plan`] | what must be done, in which order, and why | |
//! | [`load`] | landing files to stage tables, exactly once | `object_store` |
//! | [`execute`] | carrying out a plan in parallel | |
//! | [`artifact`] | manifest, run results, catalog, documentation | |
//! | [`cli`] | arguments, commands, output, exit codes | clap |
//!
//! Three things bend the straight line, and are worth knowing:
//!
//! - YAML files hold Jinja, but `config` and `project` lie below `jinja`. They take what renders as a value of a trait
//!   ([`config::Templates`]), and the command line hands it in. The scanner of `{% macro %}` blocks does not name the
//!   template engine and lives in [`project`].
//! - Templates may ask the warehouse while they are compiled. What they ask is answered through [`jinja::World`]; a node
//!   that asked is *late*: its plan is made again when its parents have run, by the same functions.
//! - The columns that `on_schema_change` has to fit are known only when the new rows are there: such a plan holds a step
//!   that says so, and the strategy's statement is rendered after it.

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
