//! The integration tests, one binary.

mod load;
