//! Running SQL somewhere: the trait, and Snowflake, embedded DuckDB, and Snowflake-on-DuckDB behind it.
