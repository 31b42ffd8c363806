//! Tests of the library as a whole, against real engines and stand-ins.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what went wrong by panicking and printing"
)]

mod services;
mod warehouse_duckdb;
mod warehouse_local;
mod warehouse_snowflake;
