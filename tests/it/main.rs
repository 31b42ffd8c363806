//! Integration tests: one binary, tests as data under `tests/cases` and `tests/projects`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::default_trait_access,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests say what went wrong by panicking and printing, and read files, clock and environment themselves"
)]

mod artifacts;
mod bench;
mod canary;
mod cases;
mod differential;
mod grammar;
mod jinja_corpus;
mod jinja_engine;
mod jinja_stub;
mod lineage;
mod load;
mod macro_world;
mod macros;
mod markdown;
mod mutations;
mod nulls;
mod packages;
mod query_tables;
mod selection_table;
mod services;
mod slice;
mod snowflake_cases;
mod snowflake_robust;
mod snowflake_support;
mod warehouse_duckdb;
mod warehouse_local;
mod warehouse_snowflake;
