//! What the SQL means: columns, types, column lineage.
