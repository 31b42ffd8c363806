//! Everything that is tested from outside, in one binary.

#![expect(clippy::disallowed_methods, reason = "tests read their cases from disk themselves")]

mod snowflake_cases;
mod snowflake_robust;
