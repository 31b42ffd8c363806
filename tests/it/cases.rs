//! Runs the markdown cases of `tests/cases` and the pages of `merganser explain`. `tests/README.md` says how they are written.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::bench::{Answer, Bench, files_below, line_of, words};
use crate::lineage;
use crate::markdown::{Case, Fence, cases, marks};
use crate::packages::{registry, repository};
use crate::query_tables;

const PROJECT: &str = "name: shop\nversion: \"1.0\"\nprofile: shop\n";
const DUCKDB: &str =
    "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}\n";
const SNOWFLAKE: &str = "shop:\n  target: dev\n  outputs:\n    dev:\n      {type: snowflake, engine: duckdb, path: shop.duckdb, account: local, user: ann, role: LOADER,\n        database: SHOP, warehouse: LOCAL, schema: MAIN, threads: 1}\n";

/// Folders of `tests/cases` that have a runner of their own.
const ELSEWHERE: [&str; 3] = ["jinja", "load", "snowflake"];

/// A place in a file that an `UPDATE` rewrites.
struct Change {
    file: usize,
    range: std::ops::Range<usize>,
    text: String,
}

#[test]
fn cases_give_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files =
        files_below(&folder, "md").into_iter().filter(|path| !ELSEWHERE.iter().any(|name| path.starts_with(name)));
    run_files(&files.map(|path| folder.join(path)).collect::<Vec<_>>());
}

#[test]
fn pages_of_explain_are_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostic/explain");
    let files: Vec<PathBuf> =
        merganser::diagnostic::Code::ALL.iter().map(|code| folder.join(format!("{code}.md"))).collect();
    run_files(&files);
    for (code, path) in merganser::diagnostic::Code::ALL.iter().zip(&files) {
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("`{code}` has no page"));
        assert!(text.starts_with(&format!("# {code}\n")), "{code}: the page begins with its name");
        let shown = cases(&text).iter().flat_map(|case| case.fences.clone()).any(|fence| {
            let with_place = |line: &str| line.split(' ').nth(1).is_some_and(|place| place.matches(':').count() == 2);
            let named = format!("[{code}] ");
            fence.info.starts_with("diagnostics")
                && fence.body.lines().any(|line| line.contains(&named) && with_place(line))
        });
        assert!(shown, "{code}: no `diagnostics` fence of the page has the code with a place");
    }
    assert_eq!(files_below(&folder, "md").len(), files.len(), "a page for a code that is not there");
}

/// Runs the files' cases on two threads; with `CASE` in the environment, only those whose title contains it.
fn run_files(files: &[PathBuf]) {
    let texts: Vec<String> = files.iter().map(|path| std::fs::read_to_string(path).expect("a readable case")).collect();
    let wanted = std::env::var("CASE").unwrap_or_default();
    let all: Vec<(usize, Case)> = texts
        .iter()
        .enumerate()
        .flat_map(|(file, text)| cases(text).into_iter().map(move |case| (file, case)))
        .collect();
    for (file, path) in files.iter().enumerate() {
        assert!(all.iter().any(|(of, _)| *of == file), "{} has no case", path.display());
    }
    let all: Vec<(usize, Case)> = all.into_iter().filter(|(_, case)| case.title.contains(&wanted)).collect();
    let (next, failures, changes) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let work = || {
        while let Some((file, case)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = catch_unwind(AssertUnwindSafe(|| run_case(case)));
            let found = result.unwrap_or_else(|panic| {
                let text = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied());
                vec![(None, case.line, format!("the case broke off: {}", text.unwrap_or("a panic")))]
            });
            for (change, line, message) in found {
                let place = format!("{}:{line}", files[*file].display());
                failures.lock().unwrap().push((*file, line, format!("{place}\n  {}\n{message}", case.title)));
                changes.lock().unwrap().extend(change.map(|(range, text)| Change { file: *file, range, text }));
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    if std::env::var_os("UPDATE").is_some() {
        rewrite(files, texts, changes.into_inner().unwrap());
    }
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let shown: Vec<String> = failures.iter().map(|(.., message)| message.clone()).collect();
    assert!(
        failures.is_empty(),
        "{} failures in {} cases\n\n{}\n\nUPDATE=1 rewrites the expectations",
        failures.len(),
        all.len(),
        shown.join("\n")
    );
    assert!(!all.is_empty(), "no cases");
}

fn rewrite(files: &[PathBuf], mut texts: Vec<String>, mut changes: Vec<Change>) {
    changes.sort_by_key(|change| std::cmp::Reverse(change.range.start));
    for change in changes {
        texts[change.file].replace_range(change.range, &change.text);
    }
    for (path, text) in files.iter().zip(texts) {
        std::fs::write(path, text).expect("a writable case");
    }
}

/// What is not as the case says: how the file would have to change, the line, and a message.
type Difference = (Option<(std::ops::Range<usize>, String)>, usize, String);

fn run_case(case: &Case) -> Vec<Difference> {
    let bench = Bench::new();
    bench.write("dbt_project.yml", PROJECT);
    bench.write("profiles.yml", if case.title.contains("(snowflake)") { SNOWFLAKE } else { DUCKDB });
    let mut differences = Vec::new();
    let mut is_built = false;
    for fence in &case.fences {
        if let Some(path) = fence.path() {
            bench.write(path, &fence.body);
            is_built = false;
            continue;
        }
        let (word, rest) = fence.info.split_once(' ').unwrap_or((&fence.info, ""));
        let got = match word {
            "compiled" => compiled(&bench, rest),
            "ls" => listed(&bench, rest),
            "plan" => without_folder(&bench, &ended(bench.run(&words(&format!("plan {rest}"))))),
            "rows" => {
                if !is_built {
                    let answer = bench.run(&words("build --quiet"));
                    assert_eq!(answer.code, 0, "line {}: the build failed\n{}", fence.line, answer.stderr);
                }
                rows(&bench, rest)
            }
            "schema" => lineage::schema(&bench, rest),
            "lineage" => lineage::lineage(&bench, rest),
            "findings" => query_tables::findings(&bench, &fence.body),
            "edges" => query_tables::edges(&bench, &fence.body),
            "diagnostics" => diagnostics(&bench, if rest.is_empty() { "compile" } else { rest }),
            "results" => results(&bench, rest),
            "log" => log(&bench, rest),
            "run" => without_folder(&bench, &ended(bench.run(&words(rest)))),
            "sql" => sql(&bench, &fence.body),
            "remove" => remove(&bench, rest),
            "git" => {
                repository(&bench.folder().join(rest), &fence.body);
                fence.body.clone()
            }
            "hub" => {
                bench.use_registry(registry(bench.folder().join(rest)));
                fence.body.clone()
            }
            "holds" => holds(&bench, rest),
            "files" => listed_files(&bench, rest),
            _ => panic!("line {}: `{word}` is neither a file with a path nor an expectation", fence.line),
        };
        is_built |= matches!(word, "run" | "results" | "rows" | "log");
        compare(fence, &got, &mut differences);
    }
    differences.extend(marked(&bench, case));
    differences
}

fn compare(fence: &Fence, got: &str, differences: &mut Vec<Difference>) {
    if matches!(fence.info.as_str(), "sql") || got == fence.body {
        return;
    }
    let mut message = format!("  ```{}\n", fence.info);
    let (old, new): (Vec<&str>, Vec<&str>) = (fence.body.lines().collect(), got.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    old[..same].iter().rev().take(2).rev().for_each(|line| writeln!(message, "    {line}").unwrap());
    old[same..].iter().for_each(|line| writeln!(message, "  - {line}").unwrap());
    new[same..].iter().for_each(|line| writeln!(message, "  + {line}").unwrap());
    differences.push((Some((fence.range.clone(), got.to_owned())), fence.line, message));
}

/// Standard output, and how the command ended unless it ended well.
fn ended(answer: Answer) -> String {
    let mut text = answer.stdout;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if answer.code != 0 {
        let _ = writeln!(text, "exit {}", answer.code);
    }
    text
}

/// The paths of the case's files as the case writes them.
fn without_folder(bench: &Bench, text: &str) -> String {
    text.replace(&format!("{}/", bench.folder().display()), "")
}

fn compiled(bench: &Bench, name: &str) -> String {
    let answer = bench.run(&words(&format!("compile --select {name} --output json")));
    let of = |value: Result<Value, _>| -> Value { value.expect("JSON") };
    let values = serde_json::Deserializer::from_str(&answer.stdout).into_iter().map(of);
    let plain = name.split(".v").next().unwrap_or(name);
    let sql =
        values.filter(|value| value["node"] == plain).find_map(|value| value["compiled"].as_str().map(str::to_owned));
    let sql = sql.unwrap_or_else(|| panic!("`{name}` was not compiled\n{}", answer.stderr));
    format!("{}\n", sql.trim_matches('\n'))
}

/// The unique ids that `ls` prints, behind the codes it reports.
fn listed(bench: &Bench, arguments: &str) -> String {
    let answer = bench.run(&words(&format!("ls {arguments} --output json --output-keys unique_id --log-format json")));
    let mut lines: Vec<String> = Vec::new();
    for event in answer.diagnostics() {
        let line = format!(
            "{}: [{}]",
            event["level"].as_str().unwrap_or_default(),
            event["code"].as_str().unwrap_or_default()
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).expect("a JSON line")["unique_id"].as_str().expect("an id").to_owned()
    };
    lines.extend(answer.stdout.lines().map(id));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// A query's rows, or all rows of a node, sorted, as CSV.
fn rows(bench: &Bench, what: &str) -> String {
    let is_name = what.chars().all(|c| c == '_' || c.is_alphanumeric());
    let query = if is_name { format!("select * from {{{{ ref('{what}') }}}}") } else { what.to_owned() };
    let arguments =
        ["show", "--no-write-json", "--limit", "-1", "--output", "json", "--inline", &query].map(str::to_owned);
    let answer = bench.run(&arguments);
    let value: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("no rows\n{}", answer.stderr));
    let rows: Vec<_> = value["show"].as_array().expect("rows").iter().filter_map(Value::as_object).collect();
    let join = |cells: Vec<String>| cells.join(",");
    let mut lines: Vec<String> = rows.iter().map(|row| join(row.values().map(cell).collect())).collect();
    if is_name {
        lines.sort();
    }
    let head = rows.first().map(|row| join(row.keys().cloned().collect()));
    head.into_iter().chain(lines).map(|line| line + "\n").collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.is_empty() || text.contains([',', '"', '\n']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The diagnostics of a command, a line each. A command that reports an error does not end well.
fn diagnostics(bench: &Bench, command: &str) -> String {
    let answer = bench.run(&words(&format!("{command} --log-format json")));
    let events = answer.diagnostics();
    let has_error = events.iter().any(|event| event["level"] == "error");
    assert_eq!(has_error, answer.code != 0, "`{command}` ended with {}\n{}", answer.code, answer.stderr);
    events.iter().map(|event| line_of(event) + "\n").collect()
}

/// A line for each node that ran: its status, its id, and the failures a test counted; then how it ended.
fn results(bench: &Bench, command: &str) -> String {
    let answer = bench.run(&words(&format!("{command} --output json")));
    let value: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("no results\n{}", answer.stderr));
    let mut text = String::new();
    for result in value["results"].as_array().expect("results") {
        let _ = write!(
            text,
            "{} {}",
            result["status"].as_str().unwrap_or_default(),
            result["unique_id"].as_str().unwrap_or_default()
        );
        if let Some(failures) = result["failures"].as_u64() {
            let _ = write!(text, ", {failures} failures");
        }
        text.push('\n');
    }
    if answer.code != 0 {
        let _ = writeln!(text, "exit {}", answer.code);
    }
    text
}

/// Standard error without the seconds and the trailing blanks.
fn log(bench: &Bench, command: &str) -> String {
    let answer = bench.run(&words(command));
    let mut text = String::new();
    for line in answer.stderr.lines() {
        let seconds = |word: &str| {
            word.trim_end_matches([',', ':'])
                .strip_suffix('s')
                .is_some_and(|number| number.contains('.') && number.parse::<f64>().is_ok())
        };
        let kept: Vec<String> = line
            .split(' ')
            .map(|word| {
                if seconds(word) {
                    word.replacen(|c: char| c.is_ascii_digit(), "", 9).replace(".s", "TIME")
                } else {
                    word.to_owned()
                }
            })
            .collect();
        let _ = writeln!(text, "{}", kept.join(" ").trim_end());
    }
    if answer.code != 0 {
        let _ = writeln!(text, "exit {}", answer.code);
    }
    text
}

/// Runs statements on the project's database, as somebody else would.
fn sql(bench: &Bench, statements: &str) -> String {
    let connection = duckdb::Connection::open(bench.folder().join("shop.duckdb")).expect("the database opens");
    connection.execute_batch(statements).unwrap_or_else(|error| panic!("{error}\n{statements}"));
    statements.to_owned()
}

fn remove(bench: &Bench, path: &str) -> String {
    let path = bench.folder().join(path);
    let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::new()
}

/// A file of the project; of a JSON file, `FILE KEY…` gives what stands under the keys.
fn holds(bench: &Bench, what: &str) -> String {
    let mut parts = what.split(' ');
    let path = parts.next().unwrap_or_default();
    let text = std::fs::read_to_string(bench.folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let keys: Vec<&str> = parts.collect();
    if keys.is_empty() {
        // The hash of a lock is over the rendered text, and what is rendered here differs from run to run.
        let differs = text.contains("env_var(");
        let line = |line: &str| match line.split_once("sha1_hash: ") {
            Some(_) if differs => "sha1_hash: HASH\n".to_owned(),
            _ => format!("{line}\n"),
        };
        return bench.neutral(&text.lines().map(line).collect::<String>());
    }
    let mut value: &Value = &serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    for key in keys {
        value = key.parse::<usize>().ok().map_or(&value[key], |index| &value[index]);
    }
    format!("{}\n", bench.neutral(&value.to_string()))
}

/// The files below a folder of the project.
fn listed_files(bench: &Bench, folder: &str) -> String {
    assert!(bench.has(folder), "no folder `{folder}`");
    let mut paths = Vec::new();
    for extension in ["sql", "json", "html", "yml", "csv", "md"] {
        paths.extend(files_below(&bench.folder().join(folder), extension));
    }
    paths.sort();
    paths.iter().map(|path| format!("{}\n", path.display())).collect()
}

/// Where the case's files have `error: [code]` comments, `compile` reports those, at those lines, and nothing else.
fn marked(bench: &Bench, case: &Case) -> Option<Difference> {
    let mut files: Vec<&Fence> = Vec::new();
    for fence in case.fences.iter().filter(|fence| fence.path().is_some()) {
        files.retain(|other| other.path() != fence.path());
        files.push(fence);
    }
    let mut expected: Vec<String> = Vec::new();
    for fence in files {
        let path = fence.path().unwrap_or_default();
        expected.extend(marks(&fence.body).iter().map(|(line, code)| format!("{path}:{line} [{code}]")));
    }
    if expected.is_empty() {
        return None;
    }
    let answer = bench.run(&words("compile --log-format json"));
    let mut got: Vec<String> = answer
        .diagnostics()
        .iter()
        .map(|event| {
            format!(
                "{}:{} [{}]",
                event["file"].as_str().unwrap_or_default(),
                event["line"],
                event["code"].as_str().unwrap_or_default()
            )
        })
        .collect();
    got.sort();
    expected.sort();
    let message = format!("  marked: {expected:?}\n  reported: {got:?}\n{}", answer.stderr);
    (got != expected).then_some((None, case.line, message))
}
