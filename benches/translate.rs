//! How long translations of Snowflake's SQL take: `cargo bench --bench translate` prints the time for each statement that the
//! reference project renders, and for the models of the cases.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench prints, and reads files and clock itself")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use merganser::sql::{Columns, DataType, ResultShape, SessionContext, split, translate};

/// The columns that the statements before have made.
#[derive(Default)]
struct Known(HashMap<Vec<String>, Vec<(String, DataType)>>);

impl Columns for Known {
    fn columns(&self, path: &[String]) -> Option<Vec<(String, DataType)>> {
        self.0.get(path).cloned()
    }
}

/// Each statement is translated so often.
const TURNS: u32 = 50;

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let session =
        SessionContext { database: Some("DB".to_owned()), schema: Some("S".to_owned()), ..SessionContext::default() };
    let mut measured: Vec<(Duration, usize, String)> = Vec::new();
    for file in
        ["tests/projects/brightcart/snowflake/plan_empty.sql", "tests/projects/brightcart/snowflake/plan_built.sql"]
    {
        let text = std::fs::read_to_string(root.join(file)).expect("a plan of the reference project");
        measured.extend(measure(&text, &session));
    }
    let models = std::fs::read_to_string(root.join("tests/cases/snowflake/models.md")).expect("the cases");
    for fence in models.split("```sql\n").skip(1).filter_map(|part| part.split("```").next()) {
        measured.extend(measure(fence, &session));
    }
    measured.sort();
    let all: Duration = measured.iter().map(|(time, ..)| *time).sum();
    let count = u32::try_from(measured.len()).expect("few statements");
    println!("{count} statements, {TURNS} times each");
    println!("mean {:?}, median {:?}", all / count, measured[measured.len() / 2].0);
    println!("the slowest:");
    for (time, bytes, start) in measured.iter().rev().take(8) {
        println!("{time:>12?}  {bytes:>6} bytes  {start}");
    }
}

/// The statements of a text with the time that one translation takes.
fn measure(text: &str, session: &SessionContext) -> Vec<(Duration, usize, String)> {
    let mut known = Known::default();
    let mut measured = Vec::new();
    for range in split(text) {
        let sql = text[range].trim();
        let Ok(made) = translate(sql, &known, session) else { continue };
        let start = Instant::now();
        for _ in 0..TURNS {
            let _ = translate(sql, &known, session);
        }
        let shown: String = sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
        measured.push((start.elapsed() / TURNS, sql.len(), shown));
        if let ResultShape::Status(_) = made.result {
            remember(sql, &mut known, session);
        }
    }
    measured
}

/// What a statement that makes a relation from a query adds to what is known: the query's columns.
fn remember(sql: &str, known: &mut Known, session: &SessionContext) {
    let Some((head, query)) = sql.split_once(" as (").or_else(|| sql.split_once(" as\n")) else { return };
    let Some(name) = head.split_whitespace().find(|word| word.contains('.')) else { return };
    let query = query.trim_end().trim_end_matches(')');
    if let Ok(made) = translate(query, known, session)
        && let ResultShape::Rows { columns: Some(columns), .. } = made.result
    {
        let path = name.split('.').map(str::to_uppercase).collect();
        known.0.insert(path, columns.into_iter().map(|column| (column.name, column.data_type)).collect());
    }
}
