//! SQL as text and tree: dialects, identifiers, relations, types, parsing with spans, translation between dialects.

mod relation;

pub use relation::{Dialect, Quoting, Relation, RelationKind};
