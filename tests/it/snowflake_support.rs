//! The support table of Snowflake's SQL on the embedded engine against its cases: a row without a case, a refusal without its
//! diagnostic, and a function that slips through to the engine are failures.

use std::collections::{BTreeMap, BTreeSet};

use merganser::sql::{
    Columns, DataType, FunctionSupport, SessionContext, State, supported_constructs, supported_functions, translate,
};

use crate::bench::{Bench, words};
use crate::snowflake_cases::{cases, files};

/// How a case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Value,
    Refusal,
    Error,
}

/// What of the cases is compared with the table.
struct Shown {
    /// The calls in cases: name, number of arguments, how the case ends.
    calls: BTreeSet<(String, usize, Ending)>,
    /// The headings, with the kinds of their fences.
    headings: BTreeMap<String, Vec<(String, Ending)>>,
}

fn shown() -> Shown {
    let mut shown = Shown { calls: BTreeSet::new(), headings: BTreeMap::new() };
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        for (_, case) in cases(&text) {
            let mut record = |sql: &str, ending| {
                shown.calls.extend(calls(sql).into_iter().map(|(name, count)| (name, count, ending)));
                shown.headings.entry(case.title.to_owned()).or_default().push((case.kind.to_owned(), ending));
            };
            if case.kind == "values" {
                for line in case.expected.lines() {
                    let (expression, value) = line.split_once(" ==>").expect("`expression ==> value`");
                    record(expression, ending(value.trim()));
                }
                record(&case.sql, Ending::Value);
            } else if case.kind == "error" {
                record(&case.sql, ending(&format!("error: {}", case.expected.trim())));
            } else {
                record(&case.sql, Ending::Value);
            }
        }
    }
    shown
}

fn ending(value: &str) -> Ending {
    match value.strip_prefix("error: ") {
        None => Ending::Value,
        Some(error) if error.contains("sql-unsupported") || error.contains("unknown-function") => Ending::Refusal,
        Some(_) => Ending::Error,
    }
}

/// The calls of a text, each with the number of its arguments.
fn calls(sql: &str) -> Vec<(String, usize)> {
    let sql = without_texts(sql);
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    for (open, _) in sql.match_indices('(') {
        let before = sql[..open].trim_end();
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        if start == before.len() {
            continue;
        }
        let (mut depth, mut commas, mut empty) = (0, 0, true);
        for byte in &bytes[open..] {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 1 => commas += 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            empty &= byte.is_ascii_whitespace() || (depth == 1 && *byte == b'(');
        }
        found.push((before[start..].to_uppercase(), if empty { 0 } else { commas + 1 }));
    }
    found
}

/// The text with what stands in quotes blanked.
fn without_texts(sql: &str) -> String {
    let mut blanked = String::new();
    let mut chars = sql.chars();
    let mut inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\'' => inside = !inside,
            '\\' if inside => {
                chars.next();
            }
            _ => {}
        }
        blanked.push(if !inside {
            c
        } else if c == '\'' {
            '\''
        } else {
            'x'
        });
    }
    blanked
}

fn has_case(row: &FunctionSupport, shown: &Shown) -> bool {
    let wanted = if matches!(row.state, State::Refused(_)) { Ending::Refusal } else { Ending::Value };
    let count = row.arguments.split_whitespace().count();
    shown.calls.iter().any(|(name, given, ending)| {
        let fits = if row.arguments.ends_with('*') { given + 1 >= count } else { *given == count };
        name == row.name && *ending == wanted && fits
    })
}

#[test]
fn every_function_has_a_case_that_shows_its_state() {
    let rows = supported_functions();
    let shown = shown();
    let missing: Vec<String> = rows
        .iter()
        .filter(|row| !has_case(row, &shown))
        .map(|row| format!("{}({}): {:?}", row.name, row.arguments, row.state))
        .collect();
    assert!(missing.is_empty(), "rows of functions.txt without a case:\n{}", missing.join("\n"));
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let working: BTreeSet<&str> =
        rows.iter().filter(|row| !matches!(row.state, State::Refused(_))).map(|row| row.name).collect();
    assert!(names.len() > 500 && working.len() > 350, "{} functions, {} of them work", names.len(), working.len());
}

#[test]
fn every_construct_has_a_case_that_shows_its_state() {
    let shown = shown();
    let mut wrong = Vec::new();
    for row in supported_constructs() {
        let refused = matches!(row.state, State::Refused(_));
        let fences = shown.headings.get(row.name).map_or(&[][..], Vec::as_slice);
        // An error that is Snowflake's own shows a construct that works.
        let shows = |(kind, ending): &(String, Ending)| {
            if refused { kind == "error" && *ending != Ending::Value } else { *ending != Ending::Refusal }
        };
        if !fences.iter().any(shows) {
            wrong.push(format!("{}: {:?}, with the fences {fences:?}", row.name, row.state));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Nothing;

impl Columns for Nothing {
    fn columns(&self, _: &[String]) -> Option<Vec<(String, DataType)>> {
        None
    }
}

/// What the engine has and the table does not is no way around the table.
#[test]
fn functions_of_the_engine_do_not_slip_through() {
    let known: BTreeSet<String> = supported_functions().iter().map(|row| row.name.to_owned()).collect();
    let connection = duckdb::Connection::open_in_memory().expect("a database");
    let mut statement = connection
        .prepare(
            "SELECT DISTINCT upper(function_name), function_type IN ('table', 'table_macro') FROM duckdb_functions() \
             WHERE regexp_full_match(function_name, '[a-z_0-9]+')",
        )
        .expect("a query");
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))).expect("rows");
    let (mut tried, mut slipped) = (0, Vec::new());
    for (name, is_table) in rows.map(|row| row.expect("a row")).filter(|(name, _)| !known.contains(name)) {
        let texts = if is_table {
            vec![format!("select * from {name}('a')"), format!("select * from table({name}('a'))")]
        } else {
            vec![format!("select {name}()"), format!("select {name}(1)"), format!("select {name}(1, 2) over ()")]
        };
        for sql in texts {
            tried += 1;
            if let Ok(made) = translate(&sql, &Nothing, &SessionContext::default()) {
                slipped.push(format!("{sql}: {}", made.statements.join("; ")));
            }
        }
    }
    assert!(tried > 500, "only {tried} calls");
    assert!(slipped.is_empty(), "{}", slipped.join("\n"));
}

#[test]
fn refusals_say_what_and_why() {
    for row in supported_functions() {
        let State::Refused(reason) = row.state else { continue };
        assert!(!reason.is_empty() && !reason.contains("not written"), "{}: {reason}", row.name);
    }
}

#[test]
fn the_page_of_the_table_has_every_row() {
    let bench = Bench::new();
    let page = bench.run(&words("explain snowflake"));
    assert_eq!(page.code, 0, "{}", page.stderr);
    let lines: BTreeSet<&str> = page.stdout.lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
    for row in supported_functions() {
        let call = format!("{}({})", row.name, row.arguments.replace(' ', ", ").replace('*', "…"));
        assert!(lines.contains(call.as_str()), "{call} is not on the page");
    }
    for row in supported_constructs() {
        assert!(page.stdout.contains(row.name), "{} is not on the page", row.name);
    }
    let one = bench.run(&words("explain listagg"));
    assert_eq!((one.code, one.stdout.lines().count()), (0, 2), "{}", one.stdout);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    assert!(readme.contains("merganser explain snowflake"), "the README does not point to the table");
}
