//! What dbt-core renders from 2,082 calls of its macros (`tests/macros/calls.jsonl`), against the built-in library in the real
//! context, whose warehouse is made up (`macro_world`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use fancy_regex::{Captures, Regex, RegexBuilder};
use merganser::jinja::Session;
use serde_json::{Value as Json, json};

use crate::macro_world;

/// Calls that render something else here, by the beginning of their id, and why; each must differ, so that a repair is noticed.
const KNOWN: [(&str, &str); 29] = [
    ("functions/scalar/1/duckdb", AS_MACRO),
    ("functions/scalar_plain/1/duckdb", AS_MACRO),
    ("incremental/strategies/3/duckdb", BY_NAME),
    ("incremental/strategies/4/duckdb", BY_NAME),
    ("incremental/strategies/5/duckdb", BY_NAME),
    ("incremental/strategies/6/duckdb", BY_NAME),
    ("incremental/merge/1/duckdb", BY_NAME),
    ("incremental/merge/2/duckdb", BY_NAME),
    ("incremental/merge/3/duckdb", BY_NAME),
    ("incremental/merge/6/duckdb", BY_NAME),
    ("incremental/merge_header/1/duckdb", BY_NAME),
    ("incremental/merge_updates/1/duckdb", BY_NAME),
    ("incremental/merge_excludes/1/duckdb", BY_NAME),
    ("incremental/duck_merge/1/duckdb", BY_NAME),
    ("incremental/duck_merge_using/1/duckdb", BY_NAME),
    ("incremental/duck_merge_set/1/duckdb", BY_NAME),
    ("incremental/duck_merge_columns/1/duckdb", BY_NAME),
    ("incremental/duck_merge_returning/1/duckdb", BY_NAME),
    ("flow/statement/6/", "the stand-in joins message, code and rows; dbt's answer prints as its message"),
    ("flow/statement_answer/1/", "the stand-in gives a result twice; dbt gives it once and then fails"),
    ("flow/header/1/", "the stand-in's `config.set` counts at run time; dbt's only while the project is parsed"),
    ("relations/metadata/9/snowflake", ANSWER),
    ("relations/metadata/10/duckdb", ANSWER),
    ("relations/metadata/10/snowflake", ANSWER),
    ("relations/metadata/11/duckdb", ANSWER),
    ("relations/metadata/11/snowflake", ANSWER),
    ("relations/metadata/12/duckdb", ANSWER),
    ("relations/metadata/12/snowflake", ANSWER),
    (
        "snapshots/columns_named/3/",
        "the stand-in's `config` does not have the names that dbt's computes from `snapshot_meta_column_names`",
    ),
];

const AS_MACRO: &str = "DuckDB has no CREATE FUNCTION of this form: a function is a macro";
const BY_NAME: &str = "a merge names its columns here, where dbt writes `by name`";

const ANSWER: &str = "the stand-in's answer is a text, which is quoted inside a dictionary; dbt's is an object";

/// The call as recorded.
struct Call {
    id: String,
    adapter: String,
    is_exact: bool,
    text: String,
    given: Json,
    /// None where dbt fails.
    expected: Option<String>,
}

fn calls() -> Vec<Call> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/macros/calls.jsonl");
    let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
    let call = |line: &str| {
        let line: Json = serde_json::from_str(line).unwrap();
        let field = |name: &str| line[name].as_str().map(str::to_owned);
        Call {
            id: field("id").unwrap(),
            adapter: field("adapter").unwrap(),
            is_exact: line["match"] == "exact",
            text: field("call").unwrap(),
            given: line["given"].clone(),
            expected: field("expected"),
        }
    };
    text.lines().map(call).collect()
}

/// Patterns and what they become, in order: what does not count in SQL (`normal()` in `compare.py`).
static NOISE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"(?s)/\*.*?\*/", " "),
        (r"(?m)[ \t]--[ \t]+\S.*$", " "),
        (r"\\n", " "),
        (r"(?m)^\s*--(?! *$).*?$", " "),
        (r"(?m)^\s*None\s*$", " "),
        (r" at 0x[0-9a-f]+", ""),
        (r"(__\w+?)\d{14,}", "${1}_NOW"),
        (r"\b[0-9a-f]{32}\b", "DIGEST"),
        (r"\s+", " "),
        (r"^ | $", ""),
        (r" ?([(),;]) ?", "${1}"),
        (";+", ";"),
        (";+(?=$| --| ==)", ""),
    ];
    rules
        .into_iter()
        .map(|(pattern, with)| (RegexBuilder::new(pattern).backtrack_limit(1_000_000_000).build().unwrap(), with))
        .collect()
});

fn normal(text: &str) -> String {
    NOISE.iter().fold(text.to_owned(), |text, (pattern, with)| {
        let group = |found: &Captures<'_, str>| found.get(1).map_or("", |group| group.as_str()).to_owned();
        pattern.replace_all(&text, |found: &Captures<'_, str>| with.replace("${1}", &group(found))).into_owned()
    })
}

/// The two answers from a little before the first difference.
fn difference(call: &Call, expected: &str, found: &str) -> String {
    let common = expected.chars().zip(found.chars()).take_while(|(a, b)| a == b).count().saturating_sub(40);
    let part = |text: &str| text.chars().skip(common).take(240).collect::<String>();
    let head: String = call.text.chars().take(160).collect();
    format!("---- {}  {head:?}\n  dbt:  {:?}\n  ours: {:?}", call.id, part(expected), part(found))
}

/// What is different, or none.
fn check(call: &Call, sessions: &mut HashMap<String, Arc<Session>>) -> Option<String> {
    let key = json!([call.adapter, call.given.get("flags"), call.given.get("target"), call.given.get("behavior")])
        .to_string();
    let session = sessions.entry(key).or_insert_with(|| macro_world::session(&call.adapter, &call.given));
    match (&call.expected, macro_world::answer(session, &call.adapter, &call.given, &call.text)) {
        (None, Err(_)) => None,
        (None, Ok(found)) => Some(difference(call, "an error", &found)),
        (Some(expected), Err(error)) => {
            let place =
                error.trace.iter().filter_map(|frame| frame.macro_id.as_deref()).collect::<Vec<_>>().join(" < ");
            Some(difference(call, expected, &format!("error: {} in {place}", error.message)))
        }
        (Some(expected), Ok(found)) => {
            let found = if call.is_exact { found } else { normal(&found) };
            (*expected != found).then(|| difference(call, expected, &found))
        }
    }
}

#[test]
fn macros_render_what_dbt_renders() {
    let calls = calls();
    let mut sessions = HashMap::new();
    let mut failures = Vec::new();
    for call in &calls {
        let found = check(call, &mut sessions);
        let known = KNOWN.iter().find(|(id, _)| call.id.starts_with(id));
        match (found, known) {
            (Some(difference), None) => failures.push(difference),
            (None, Some((_, reason))) => {
                failures.push(format!("---- {} agrees now; it was known to differ: {reason}", call.id));
            }
            _ => {}
        }
    }
    assert!(calls.len() > 2000, "the calls are gone: {}", calls.len());
    let agree = calls.len() - failures.len();
    assert!(failures.is_empty(), "{agree} of {} as expected\n{}", calls.len(), failures.join("\n"));
}
