//! Snowflake SQL on the embedded engine: each heading of `tests/cases/snowflake/*.md` is a test.
//!
//! A ```sql fence holds statements. A ```rows fence behind it is the last statement's result: the columns' names, then a row a line, with
//! `|` between the cells, NULL as `NULL`. An ```error fence is a text that the error contains. A ```values fence has an expression and its
//! value a line, `expression ==> value`; `error: text` is a value too. `UPDATE=1` writes results in place.

use std::cell::RefCell;
use std::fmt::Write as _;

use duckdb::Connection;
use duckdb::types::{TimeUnit, Value};
use merganser::sql::{Columns, DataType, ResultShape, SessionContext, prelude, split, translate};

/// The columns as the engine's catalog has them.
struct Catalog<'c>(&'c RefCell<Connection>);

impl Columns for Catalog<'_> {
    fn columns(&self, path: &[String]) -> Option<Vec<(String, DataType)>> {
        let connection = self.0.borrow();
        let mut statement = connection
            .prepare(
                "SELECT column_name, data_type FROM duckdb_columns() \
                 WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?) AND table_name = ?",
            )
            .ok()?;
        let rows = statement
            .query_map([&path[0], &path[1], &path[2]], |row| {
                Ok((row.get::<_, String>(0)?, DataType::of_duckdb(&row.get::<_, String>(1)?)))
            })
            .ok()?;
        let columns: Vec<_> = rows.filter_map(Result::ok).collect();
        (!columns.is_empty()).then_some(columns)
    }
}

/// A database as Snowflake's session sees it, with the sample tables of the cases.
fn open() -> RefCell<Connection> {
    let connection = Connection::open_in_memory().expect("an in-memory database opens");
    for statement in prelude() {
        connection.execute_batch(statement).unwrap_or_else(|error| panic!("{error}\n{statement}"));
    }
    connection.execute_batch("ATTACH ':memory:' AS \"DB\"; CREATE SCHEMA \"DB\".\"S\"").expect("a database");
    RefCell::new(connection)
}

fn session() -> SessionContext {
    SessionContext {
        database: Some("DB".to_owned()),
        schema: Some("S".to_owned()),
        role: Some("ANALYST".to_owned()),
        ..SessionContext::default()
    }
}

/// Evaluates the lines of a `values` fence and gives them with the values they have.
fn values(setup: &str, lines: &str, count: &mut usize) -> String {
    let database = open();
    for range in split(setup) {
        run_one(&database, &setup[range]).expect("the statements before a `values` fence run");
    }
    let mut written = String::new();
    for line in lines.lines() {
        let (expression, _) = line.split_once(" ==> ").expect("`expression ==> value`");
        *count += 1;
        let value = match run_one(&database, &format!("SELECT {expression}")) {
            Ok(rows) => rows.split_once('\n').map_or("", |(_, rows)| rows).trim_end_matches('\n').to_owned(),
            Err(error) => format!("error: {}", error.lines().next().unwrap_or_default()),
        };
        let expected = line.split_once(" ==> ").map_or("", |(_, value)| value);
        let same_error =
            expected.strip_prefix("error: ").is_some_and(|text| value.starts_with("error: ") && value.contains(text));
        let _ = writeln!(written, "{expression} ==> {}", if same_error { expected } else { &value });
    }
    written
}

/// Runs the statements and gives the last one's result as the `rows` fence has it.
fn run(sql: &str) -> Result<String, String> {
    let database = open();
    let mut result = String::new();
    for range in split(sql) {
        result = run_one(&database, &sql[range])?;
    }
    Ok(result)
}

fn run_one(database: &RefCell<Connection>, sql: &str) -> Result<String, String> {
    let made = translate(sql, &Catalog(database), &session())
        .map_err(|problem| format!("{} at `{}`", problem, &sql[problem.range.clone()]))?;
    let connection = database.borrow();
    let mut shown = String::new();
    let mut affected = vec![0; made.statements.len()];
    for (index, statement) in made.statements.iter().enumerate() {
        let fail = |error: duckdb::Error| format!("{error}\n{statement}");
        match &made.result {
            ResultShape::Rows { statement: rows, columns } if *rows == index => {
                let names = columns.as_ref().map(|c| c.iter().map(|c| c.name.clone()).collect());
                shown = rows_of(&connection, statement, names).map_err(fail)?;
            }
            _ => affected[index] = connection.execute(statement, []).map_err(fail)?,
        }
    }
    Ok(match made.result {
        ResultShape::Rows { .. } => shown,
        ResultShape::Affected(counts) => {
            let labels: Vec<_> = counts.iter().map(|(label, _)| *label).collect();
            let values: Vec<_> = counts.iter().map(|(_, index)| affected[*index].to_string()).collect();
            format!("{}\n{}\n", labels.join("|"), values.join("|"))
        }
        ResultShape::Status(status) => format!("status\n{status}\n"),
    })
}

fn rows_of(connection: &Connection, sql: &str, names: Option<Vec<String>>) -> Result<String, duckdb::Error> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut text = String::new();
    let mut lines = Vec::new();
    let width = rows.as_ref().map_or(0, duckdb::Statement::column_count);
    let names = names.unwrap_or_else(|| rows.as_ref().map(duckdb::Statement::column_names).unwrap_or_default());
    while let Some(row) = rows.next()? {
        let cells: Result<Vec<_>, _> = (0..width).map(|index| row.get::<_, Value>(index).map(|v| cell(&v))).collect();
        lines.push(cells?.join("|"));
    }
    let _ = writeln!(text, "{}", names.join("|"));
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    Ok(text)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02X}");
            hex
        }),
        Value::Date32(days) => (chrono::NaiveDate::default() + chrono::Duration::days((*days).into())).to_string(),
        Value::Time64(TimeUnit::Microsecond, micros) => {
            (chrono::NaiveTime::default() + chrono::Duration::microseconds(*micros)).to_string()
        }
        Value::Timestamp(TimeUnit::Microsecond, micros) => chrono::DateTime::from_timestamp_micros(*micros)
            .map_or_else(|| "?".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S%.f").to_string()),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::TinyInt(value) => value.to_string(),
        Value::SmallInt(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::HugeInt(value) => value.to_string(),
        Value::UBigInt(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// A case: where it is, its statements, and the fence with what is expected.
struct Case<'t> {
    title: &'t str,
    sql: String,
    kind: &'t str,
    expected: String,
}

/// The parts of a file: text that is kept, and cases' expectation fences.
fn cases(text: &str) -> Vec<(std::ops::Range<usize>, Case<'_>)> {
    let mut found = Vec::new();
    let (mut title, mut sql, mut at) = ("", String::new(), 0);
    let mut fence: Option<(&str, usize)> = None;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        match (fence, line.trim_end()) {
            (Some((kind, start)), "```") => {
                match kind {
                    "sql" => text[start..at].clone_into(&mut sql),
                    _ => found.push((
                        start..at,
                        Case { title, sql: sql.clone(), kind, expected: text[start..at].to_owned() },
                    )),
                }
                fence = None;
            }
            (None, open) if open.starts_with("```") => fence = Some((&open[3..], end)),
            (None, heading) if heading.starts_with('#') => {
                title = heading.trim_start_matches('#').trim();
                sql.clear();
            }
            _ => {}
        }
        at = end;
    }
    found
}

#[test]
fn snowflake_statements_give_snowflakes_results() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/snowflake");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let update = std::env::var_os("UPDATE").is_some();
    let (mut failures, mut count) = (Vec::new(), 0);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let mut written = text.clone();
        // From the end, so that earlier ranges stay right.
        for (range, case) in cases(&text).into_iter().rev() {
            if case.kind == "values" {
                let got = values(&case.sql, &case.expected, &mut count);
                for (expected, got) in case.expected.lines().zip(got.lines()).filter(|(e, g)| e != g) {
                    failures.push(format!(
                        "{} · {}\nexpected: {expected}\n     got: {got}",
                        path.display(),
                        case.title
                    ));
                }
                if update {
                    written.replace_range(range, &got);
                }
                continue;
            }
            count += 1;
            let (passed, got) = match (case.kind, run(&case.sql)) {
                ("rows", Ok(rows)) => (rows == case.expected, rows),
                ("error", Err(error)) if error.contains(case.expected.trim()) => (true, case.expected.clone()),
                ("error", Err(error)) => (false, format!("{}\n", error.lines().next().unwrap_or_default())),
                (_, Ok(rows)) => (false, format!("not an error, but rows:\n{rows}")),
                (_, Err(error)) => (false, format!("an error: {error}\n")),
            };
            if !passed && update && !case.expected.trim().is_empty() {
                failures.push(format!("{} · {}: left as it is\n{got}", path.display(), case.title));
            } else if !passed && update {
                written.replace_range(range, &got);
            } else if !passed {
                let name = path.file_name().unwrap_or_default().display();
                failures.push(format!("{name} · {}\n{}expected:\n{}got:\n{got}", case.title, case.sql, case.expected));
            }
        }
        if update && written != text {
            std::fs::write(&path, written).expect("a writable case");
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases fail\n\n{}", failures.len(), failures.join("\n----\n"));
    assert!(count > 0, "no cases");
}
