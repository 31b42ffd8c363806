//! Whether what stands around a node's query may leave other rows in its relation than the query gives.

use crate::graph::Node;

/// Materializations whose relation holds what the query gives.
const KNOWN: [&str; 9] =
    ["view", "table", "incremental", "ephemeral", "snapshot", "materialized_view", "dynamic_table", "external", ""];

/// Statements that change no rows, by their first word.
const HARMLESS: [&str; 15] = [
    "grant",
    "revoke",
    "comment",
    "analyze",
    "use",
    "set",
    "show",
    "describe",
    "vacuum",
    "checkpoint",
    "select",
    "commit",
    "install",
    "load",
    "pragma",
];

/// What an `ALTER TABLE` does behind the name that changes neither rows nor what is seen of them.
const KEEPING_ROWS: [&[&str]; 14] = [
    &["add", "search", "optimization"],
    &["drop", "search", "optimization"],
    &["cluster", "by"],
    &["drop", "clustering", "key"],
    &["suspend", "recluster"],
    &["resume", "recluster"],
    &["set", "tag"],
    &["unset", "tag"],
    &["set", "comment"],
    &["set", "change_tracking"],
    &["set", "data_retention_time_in_days"],
    &["add", "primary", "key"],
    &["add", "foreign", "key"],
    &["add", "constraint"],
];

/// Why the relation may hold something else than its query gives, if it may.
pub(super) fn changes_afterwards(node: &Node) -> Option<String> {
    let materialized = node.materialized();
    if !KNOWN.contains(&materialized) {
        return Some(format!("`{}` is built by the materialization `{materialized}`", node.name));
    }
    let mut hooks = ["pre-hook", "post-hook"].into_iter().filter_map(|key| node.setting(key)?.as_array()).flatten();
    let changes = |hook: &serde_json::Value| {
        let text = hook.get("sql").unwrap_or(hook).as_str().unwrap_or_default();
        text.split(';').any(|statement| !keeps_rows(statement))
    };
    hooks.any(changes).then(|| format!("a hook of `{}` may change its rows", node.name))
}

/// Whether a statement, as a template, certainly changes no rows.
fn keeps_rows(statement: &str) -> bool {
    let words = words(statement);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["alter", "table", "if", "exists", _, action @ ..] | ["alter", "table", _, action @ ..] => {
            KEEPING_ROWS.iter().any(|known| action.starts_with(known))
        }
        // More behind `begin` is a block of statements.
        [] | ["begin"] | ["begin", "transaction" | "work"] | ["alter", "session" | "warehouse", ..] => true,
        [first, ..] => HARMLESS.contains(first),
    }
}

/// The words at the start of a statement in lower case; an expression of the template is part of a name.
fn words(statement: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = statement;
    while let Some((before, behind)) = rest.split_once("{{") {
        text.push_str(before);
        text.push('?');
        rest = behind.split_once("}}").map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    let parts = text.split(|c: char| c.is_whitespace() || "(),=".contains(c)).filter(|part| !part.is_empty());
    parts.take(10).map(str::to_ascii_lowercase).collect()
}
