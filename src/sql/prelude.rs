//! What a connection runs once before it runs translated statements: settings and the `sf_*` macros.

use std::sync::LazyLock;

use super::split::split;

static STATEMENTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let text = include_str!("prelude.sql");
    split(text).into_iter().map(|range| &text[range]).collect()
});

/// The statements for every new connection. The macros are temporary: they belong to the connection, so that files
/// never hold an old release's, and every attached database sees them.
pub fn prelude() -> &'static [&'static str] {
    &STATEMENTS
}
