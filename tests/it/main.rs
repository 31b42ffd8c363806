//! Everything that is tested from outside, in one binary.

mod snowflake_cases;
mod snowflake_robust;
