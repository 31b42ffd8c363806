//! SQL as text and tree: dialects, identifiers, relations, types, parsing with spans, translation between dialects.
