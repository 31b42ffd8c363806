//! Carrying out a plan in parallel: scheduling, tests, stopping cleanly.
//!
//! Workers take nodes whose parents have ended. A node whose parent failed is skipped; in a `build`, so is what stands behind
//! a failed test. Every node's statements run on one session, and what fails is told at the place in the template.

mod batch;
mod columns;
mod csv_line;
mod difference;
mod each;
mod ephemeral;
mod freshness;
mod node_run;
mod report;
mod schedule;
mod unit_test;
mod worker;

pub use each::each;
pub use freshness::{Freshness, FreshnessResult, age, check_freshness};
pub use node_run::Runner;
pub use report::{BatchFile, BatchReport, Batches, NodeResult, Observer, Status};
pub use schedule::execute;
pub use worker::worker_name;
