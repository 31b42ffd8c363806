//! Snowflake SQL on the embedded engine: each heading of `tests/cases/snowflake/*.md` is a test.
//!
//! A `sql` fence holds statements. A `rows` fence behind it is the last statement's result: the columns' names, then a row a line, with
//! `|` between the cells, NULL as `NULL`. An `error` fence is a text that the error contains. A `values` fence has an expression and its
//! value a line, `expression ==> value`; `error: text` is a value too. A `file` fence with a path is a file below the folder that stages
//! are in; it is there for its heading, and `base64` behind the path says how it is written. `UPDATE=1` writes results in place.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::Bench;
use base64::Engine as _;
use merganser::sql::{SessionContext, split};
use merganser::warehouse::{Cell, DuckDbOptions, Outcome, Session, Warehouse, WarehouseError, open_local};

/// A database as Snowflake's session sees it: database `DB`, schema `S`, user `ANN` with the role `ANALYST`.
pub(crate) fn open() -> (Box<dyn Warehouse>, Box<dyn Session>) {
    open_in(PathBuf::new())
}

/// The same with stages in a folder.
fn open_in(folder: PathBuf) -> (Box<dyn Warehouse>, Box<dyn Session>) {
    let options =
        DuckDbOptions { database: "DB".to_owned(), schema: "S".to_owned(), folder, ..DuckDbOptions::default() };
    let context =
        SessionContext { role: Some("ANALYST".to_owned()), user: Some("ANN".to_owned()), ..SessionContext::default() };
    let warehouse = open_local(&options, &context).expect("an in-memory database opens");
    let mut session = warehouse.session().expect("a session");
    session.execute("create schema db.s").expect("a schema");
    (warehouse, session)
}

/// A warehouse with a session, whether a case may have left something in it, and the folder of its stages.
type Opened = (Box<dyn Warehouse>, Box<dyn Session>, bool, Bench);

/// A database with an empty schema: the one before, unless the case may leave something outside of that schema.
fn ready<'o>(bench: &'o mut Option<Opened>, sql: &str) -> &'o mut Opened {
    const LASTING: [&str; 8] = ["schema", "use ", "session", "set ", "polic", "raw.", "begin", "role"];
    let stays = LASTING.iter().any(|word| sql.contains(word));
    let before = bench.take().filter(|opened| !stays && !opened.2);
    let mut opened = before.unwrap_or_else(|| {
        let folder = Bench::new();
        let (warehouse, session) = open_in(folder.folder());
        (warehouse, session, false, folder)
    });
    opened.2 = stays;
    opened.1.execute("create or replace schema db.s").expect("an empty schema");
    bench.insert(opened)
}

/// Evaluates the lines of a `values` fence and gives them with the values they have.
fn values(bench: &mut Option<Opened>, setup: &str, lines: &str, count: &mut usize) -> String {
    let session = &mut ready(bench, setup).1;
    for range in split(setup) {
        let sql = &setup[range];
        run_one(session.as_mut(), sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let mut written = String::new();
    for line in lines.lines() {
        let (expression, expected) = line.split_once(" ==>").expect("`expression ==> value`");
        let expected = expected.strip_prefix(' ').unwrap_or(expected);
        *count += 1;
        let value = match run_one(session.as_mut(), &format!("SELECT {expression}")) {
            Ok(rows) => rows.split_once('\n').map_or("", |(_, rows)| rows).trim_end_matches('\n').to_owned(),
            Err(error) => format!("error: {}", error.lines().next().unwrap_or_default()),
        };
        let same_error =
            expected.strip_prefix("error: ").is_some_and(|text| value.starts_with("error: ") && value.contains(text));
        let _ = writeln!(written, "{expression} ==> {}", if same_error { expected } else { &value });
    }
    written
}

/// Runs the statements and gives the last one's result as the `rows` fence has it.
fn run(bench: &mut Option<Opened>, sql: &str, staged: &[(String, String)]) -> Result<String, String> {
    let (_, session, _, folder) = ready(bench, sql);
    if !staged.is_empty() {
        std::fs::remove_dir_all(folder.folder()).expect("the folder of stages");
        for (path, text) in staged {
            match path.strip_suffix(" base64") {
                None => folder.write(path, text),
                Some(path) => {
                    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).expect("base64");
                    folder.write(path, "");
                    std::fs::write(folder.folder().join(path), bytes).expect("a file");
                }
            }
        }
    }
    let mut result = String::new();
    for range in split(sql) {
        result = run_one(session.as_mut(), &sql[range])?;
    }
    Ok(result)
}

fn run_one(session: &mut dyn Session, sql: &str) -> Result<String, String> {
    let said = |error: WarehouseError| format!("{}: {}\n{sql}", error.code.unwrap_or_default(), error.message);
    session.execute(sql).map(|outcome| rows_of(&outcome)).map_err(said)
}

fn rows_of(outcome: &Outcome) -> String {
    let names: Vec<&str> = outcome.table.columns.iter().map(|column| column.name.as_str()).collect();
    let mut text = format!("{}\n", names.join("|"));
    for row in &outcome.table.rows {
        let _ = writeln!(text, "{}", row.iter().map(cell).collect::<Vec<_>>().join("|"));
    }
    text
}

/// A value as the cases write it.
pub(crate) fn cell(value: &Cell) -> String {
    match value {
        Cell::Null => "NULL".to_owned(),
        Cell::Float(value) => value.to_string(),
        Cell::TimestampTz(at) => at.format("%Y-%m-%d %H:%M:%S%.3f %z").to_string(),
        Cell::Binary(bytes) => bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02X}");
            hex
        }),
        other => other.to_string(),
    }
}

/// A case: where it is, its statements, and the fence with what is expected.
pub(crate) struct Case<'t> {
    pub(crate) title: &'t str,
    pub(crate) sql: String,
    /// The files of its stages, with what is in them.
    pub(crate) staged: Vec<(String, String)>,
    pub(crate) kind: &'t str,
    pub(crate) expected: String,
}

/// The parts of a file: text that is kept, and cases' expectation fences.
pub(crate) fn cases(text: &str) -> Vec<(std::ops::Range<usize>, Case<'_>)> {
    let mut found = Vec::new();
    let (mut title, mut sql, mut staged, mut at) = ("", String::new(), Vec::new(), 0);
    let mut fence: Option<(&str, usize)> = None;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        match (fence, line.trim_end()) {
            (Some((kind, start)), "```") => {
                match kind {
                    "sql" => text[start..at].clone_into(&mut sql),
                    _ if kind.starts_with("file ") => {
                        staged.push((kind["file ".len()..].to_owned(), text[start..at].to_owned()));
                    }
                    _ => {
                        let (sql, staged) = (sql.clone(), staged.clone());
                        found
                            .push((start..at, Case { title, sql, staged, kind, expected: text[start..at].to_owned() }));
                    }
                }
                fence = None;
            }
            (None, open) if open.starts_with("```") => fence = Some((&open[3..], end)),
            (None, heading) if heading.starts_with('#') => {
                title = heading.trim_start_matches('#').trim();
                sql.clear();
                staged.clear();
            }
            _ => {}
        }
        at = end;
    }
    found
}

/// The files of cases.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/snowflake");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

#[test]
fn snowflake_statements_give_snowflakes_results() {
    let (next, found) = (AtomicUsize::new(0), Mutex::new((Vec::new(), 0)));
    let files = files();
    let work = || {
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (failures, count) = run_file(path);
            let mut found = found.lock().expect("no case panics while it reports");
            found.0.extend(failures);
            found.1 += count;
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (failures, count) = found.into_inner().expect("no case panics while it reports");
    assert!(failures.is_empty(), "{} of {count} cases fail\n\n{}", failures.len(), failures.join("\n----\n"));
    assert!(count > 0, "no cases");
}

/// Runs a file's cases; what fails, and how many there are.
fn run_file(path: &std::path::Path) -> (Vec<String>, usize) {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let update = std::env::var_os("UPDATE").is_some();
    let (mut failures, mut count, mut bench) = (Vec::new(), 0, None);
    let text = std::fs::read_to_string(path).expect("a readable case");
    let mut written = text.clone();
    // From the end, so that earlier ranges stay right.
    for (range, case) in cases(&text).into_iter().rev().filter(|(_, case)| case.title.contains(&wanted)) {
        if case.kind == "values" {
            let got = values(&mut bench, &case.sql, &case.expected, &mut count);
            for (expected, got) in case.expected.lines().zip(got.lines()).filter(|(e, g)| e != g) {
                failures.push(format!("{} · {}\nexpected: {expected}\n     got: {got}", path.display(), case.title));
            }
            if update {
                written.replace_range(range, &got);
            }
            continue;
        }
        count += 1;
        let (passed, got) = match (case.kind, run(&mut bench, &case.sql, &case.staged)) {
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
        std::fs::write(path, written).expect("a writable case");
    }
    (failures, count)
}
