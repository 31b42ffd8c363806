//! Integration tests: one binary, tests as data under `tests/cases` and `tests/projects`.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests say what went wrong by panicking and printing")]

mod jinja_corpus;
mod jinja_stub;
mod warehouse_duckdb;
