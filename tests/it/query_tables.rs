//! The fences `findings` and `edges` of markdown cases: tables of queries, each a model of its own that reads the seeds by their names,
//! parted by blank lines.
//!
//! Below a query stands what is found: in `findings` the wrong text is underlined, in `edges` each column has a line with its inputs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::bench::{Bench, files_below, words};
use crate::lineage;

/// Codes that tell what is probably not wanted; the warehouse takes such a query.
const LINTS: [&str; 5] =
    ["select-star", "unused-cte", "implicit-cross-join", "nondeterministic-incremental", "nullable-key"];

/// The queries of a table, without what stands below them.
fn queries(body: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    for line in body.lines() {
        let is_answer = line.starts_with("> ") || line.starts_with("! ") || line.trim_start().starts_with('^');
        match (line.trim().is_empty(), is_answer) {
            (true, _) => found.push(String::new()),
            (false, true) => {}
            (false, false) => {
                let last = found.last_mut().expect("there is one");
                last.push_str(line);
                last.push('\n');
            }
        }
    }
    found.retain(|query| !query.is_empty());
    found
}

/// Writes the queries as models, and says how each is called.
fn models(bench: &Bench, queries: &[String]) -> Vec<String> {
    // What an earlier table of the case has made would be looked at once more.
    let _ = std::fs::remove_dir_all(bench.folder().join("models/queries"));
    let name = |at: usize| format!("q{:03}", at + 1);
    let seeds = files_below(&bench.folder().join("seeds"), "csv");
    let stem = |path: &std::path::PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let reads: String = seeds.iter().filter_map(stem).map(|seed| format!(" {{{{ ref('{seed}') }}}}")).collect();
    for (at, query) in queries.iter().enumerate() {
        bench.write(&format!("models/queries/{}.sql", name(at)), &format!("{query}-- reads{reads}\n"));
    }
    (0..queries.len()).map(name).collect()
}

/// Each query with what `compile` finds wrong, under the wrong text. On `DuckDB` the engine is asked, too: where it does not think
/// the same, a line says so.
pub(crate) fn findings(bench: &Bench, body: &str) -> String {
    let queries = queries(body);
    let names = models(bench, &queries);
    let answer = bench.run(&words("compile --log-format json --no-partial-parse"));
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in answer.diagnostics() {
        let file = event["file"].as_str().unwrap_or_default();
        let name = file.strip_prefix("models/queries/").and_then(|file| file.strip_suffix(".sql")).unwrap_or("");
        found.entry(name.to_owned()).or_default().push(event);
    }
    let engine = Engine::of(bench);
    let mut text = String::new();
    for (name, query) in names.iter().zip(&queries) {
        let own = found.remove(name).unwrap_or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        for (at, line) in query.lines().enumerate() {
            text.push_str(line);
            text.push('\n');
            own.iter()
                .filter(|event| event["line"] == at + 1)
                .for_each(|event| text.push_str(&underlined(event, line)));
        }
        let is_wrong = own.iter().any(|event| !LINTS.contains(&event["code"].as_str().unwrap_or_default()));
        text.push_str(&engine.as_ref().map_or_else(String::new, |engine| engine.objection(query, is_wrong)));
    }
    for event in found.into_values().flatten() {
        let _ = writeln!(text, "! {}", crate::bench::line_of(&event));
    }
    text
}

/// A problem under the text that it points at.
fn underlined(event: &Value, line: &str) -> String {
    let number = |key: &str| usize::try_from(event[key].as_u64().unwrap_or(1)).unwrap_or(1);
    let end = if event["end_line"] == event["line"] { number("end_column") } else { line.chars().count() + 1 };
    let (start, text) = (number("column") - 1, |key: &str| event[key].as_str().unwrap_or_default());
    let marks = "^".repeat(end.saturating_sub(start + 1).max(1));
    let help = event["help"].as_str().filter(|help| help.starts_with("did you mean")).map(|help| format!(" ({help})"));
    let message = text("message").lines().next().unwrap_or_default();
    format!("{}{marks} {}: {message}{}\n", " ".repeat(start), text("code"), help.unwrap_or_default())
}

/// An empty `DuckDB` with the project's seeds.
struct Engine(duckdb::Connection);

impl Engine {
    /// The engine that takes the queries as they are, where the project's target is one.
    fn of(bench: &Bench) -> Option<Self> {
        let profile = std::fs::read_to_string(bench.folder().join("profiles.yml")).ok()?;
        if !profile.contains("type: duckdb") {
            return None;
        }
        let answer = bench.run(&words("seed --quiet"));
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        duckdb::Connection::open(bench.folder().join("shop.duckdb")).ok().map(Self)
    }

    /// What it says where it does not think of a query what was found.
    fn objection(&self, query: &str, is_wrong: bool) -> String {
        if query.contains("{{") || query.contains("{%") {
            return String::new();
        }
        match (self.0.prepare(&format!("explain {query}")).and_then(|mut ready| ready.execute([])), is_wrong) {
            (Ok(_), true) => "! DuckDB takes it\n".to_owned(),
            (Err(error), false) => {
                let said = error.to_string();
                let first: String = said.lines().next().unwrap_or_default().chars().take(110).collect();
                format!("! DuckDB: {first}\n")
            }
            _ => String::new(),
        }
    }
}

/// Each query with the columns it gives, and what each depends on.
pub(crate) fn edges(bench: &Bench, body: &str) -> String {
    let queries = queries(body);
    let names = models(bench, &queries);
    let told = lineage::lineage(bench, &format!("--select {} --no-partial-parse", names.join(" ")));
    let mut columns: BTreeMap<&str, String> = BTreeMap::new();
    let mut last = "";
    for line in told.lines() {
        let Some(input) = line.strip_prefix("  ") else {
            let (name, column) = line.split_once('.').unwrap_or((line, ""));
            last = name;
            let text = columns.entry(last).or_default();
            let (column, doubt) = column.split_once(" incomplete: ").map_or((column, None), |(c, why)| (c, Some(why)));
            let _ = write!(text, "\n> {column}");
            doubt.iter().for_each(|why| write!(text, " ({})", why.replace(name, "it")).expect("a text"));
            text.push(':');
            continue;
        };
        let text = columns.entry(last).or_default();
        let (kind, column) = input.split_once(' ').unwrap_or((input, ""));
        let said = text.rfind(['>', ';']).is_some_and(|at| text[at..].contains(&format!(" {kind} ")));
        let _ = if said { write!(text, ", {column}") } else { write!(text, "; {kind} {column}") };
    }
    let table = names.iter().zip(&queries).map(|(name, query)| {
        let found = columns.get(name.as_str()).map_or("\n> nothing", |text| text);
        format!("{query}{}\n", found[1..].replace(":; ", ": "))
    });
    table.collect::<Vec<_>>().join("\n")
}
