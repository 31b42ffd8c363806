//! Integration tests: one binary, tests as data under `tests/cases` and `tests/projects`.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap has failed")]

mod jinja_corpus;
mod jinja_engine;
mod jinja_stub;
