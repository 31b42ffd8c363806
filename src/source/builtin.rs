//! The macro library that is part of the binary.

/// Path (`macros/<package>/...`) and text of every built-in macro file, sorted by path.
pub const MACRO_FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/macros.rs"));
