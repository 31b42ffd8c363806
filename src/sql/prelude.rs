//! What a connection runs once before it runs translated statements: settings and the `sf_*` macros.

use std::sync::LazyLock;

static STATEMENTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let text = include_str!("prelude.sql");
    // The text is the engine's SQL, where `//` divides: Snowflake's splitter does not read it. A statement ends with its line.
    text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()).collect()
});

/// The statements for every new connection. The macros are temporary: they belong to the connection, so that files
/// never hold an old release's, and every attached database sees them.
pub fn prelude() -> &'static [&'static str] {
    &STATEMENTS
}
