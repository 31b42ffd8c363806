//! Carrying out a plan in parallel: scheduling, tests, stopping cleanly.
