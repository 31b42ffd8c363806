//! Integration tests: one binary, tests as data under `tests/cases` and `tests/projects`.

mod jinja_corpus;
mod jinja_engine;
mod jinja_stub;
