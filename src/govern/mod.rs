//! Masking policies and where they apply.
