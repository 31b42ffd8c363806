//! Everything that is tested from outside, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what went wrong by panicking and printing"
)]

mod services;
mod snowflake_cases;
mod warehouse_duckdb;
mod warehouse_local;
mod warehouse_snowflake;
