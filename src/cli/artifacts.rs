//! Writing artifacts after a command, and what `on-run-end` hooks are told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::arguments::ListOutput;
use super::driver::Loaded;
use super::printer::Printer;
use super::record::worded;
use crate::artifact::manifest::{Manifest, ManifestInputs};
use crate::artifact::ran::Ran;
use crate::artifact::run_results::{self, Interval, RunResults};
use crate::artifact::write::{self, Tree};
use crate::artifact::{Invocation, catalog, listing as records, site, sources, summary};
use crate::compile::{Compilation, Compiled};
use crate::config::Window;
use crate::diagnostic::{Code, Diagnostic};
use crate::execute::{Batches, NodeResult, Status, worker_name};
use crate::graph::dictionary;
use crate::project::NodeKind;
use crate::source::{WriteError, write_file};
use crate::warehouse::Catalog;

fn invocation(loaded: &Loaded) -> Invocation<'_> {
    Invocation { session: &loaded.session, generated_at: Utc::now() }
}

/// What a manifest is made from; `target` is what [`shown_target`] says.
fn manifest_inputs<'a>(
    loaded: &'a Loaded,
    compilation: Option<&'a Compilation>,
    ran: &'a [Ran<'a>],
    target: &'a str,
) -> ManifestInputs<'a> {
    ManifestInputs {
        invocation: invocation(loaded),
        project: &loaded.project,
        graph: &loaded.graph,
        sources: &loaded.sources,
        compilation,
        ran,
        target,
    }
}

fn write_manifest(
    loaded: &Loaded,
    compilation: Option<&Compilation>,
    ran: &[Ran<'_>],
    printer: &Printer,
) -> Result<(), Outcome> {
    let target = shown_target(loaded);
    let inputs = manifest_inputs(loaded, compilation, ran, &target);
    let path = loaded.target_dir().join("manifest.json");
    told(loaded, printer, write_file(&path, |out| Manifest::new(&inputs).write(out)))?;
    if loaded.options.run.command == "parse" { Ok(()) } else { write_summary(loaded, printer) }
}

/// Who reads whom; what only parses does not link.
fn write_summary(loaded: &Loaded, printer: &Printer) -> Result<(), Outcome> {
    let value = summary::summary(&loaded.options.run.invocation_id, &loaded.graph);
    told(loaded, printer, write::json(&loaded.target_dir().join("graph_summary.json"), &value))
}

/// The target folder as paths in artifacts begin with it: as it was given, relative to the project.
fn shown_target(loaded: &Loaded) -> String {
    let target = loaded.target_dir();
    target.strip_prefix(&loaded.options.project_dir).unwrap_or(&target).to_string_lossy().into_owned()
}

/// What the manifest tells of a result.
fn became<'r>(loaded: &Loaded, result: &'r NodeResult) -> Ran<'r> {
    let is_hook = loaded.graph.node(&result.unique_id).is_some_and(|node| node.kind == NodeKind::Operation);
    Ran {
        unique_id: &result.unique_id,
        is_skipped: result.status == Status::Skipped,
        is_batched: result.batches.is_some(),
        late: result.compiled_sql.as_deref().filter(|_| result.batches.is_none()),
        called: &result.called,
        has_file: !result.statements.is_empty() || result.written.is_some(),
        hook: (is_hook && result.status == Status::Success).then(|| result.statements.join("\n")),
    }
}

/// A file that could not be written, printed.
fn told(loaded: &Loaded, printer: &Printer, written: Result<(), WriteError>) -> Result<(), Outcome> {
    written.map_err(|error| {
        let help = "check the folder's permissions, or choose another with --target-path";
        let diagnostic = Diagnostic::error(Code::MissingFile, error.to_string())
            .in_file(error.path.display().to_string(), 1)
            .help(help);
        printer.diagnostic(&diagnostic, &loaded.sources);
        Outcome::Unusable
    })
}

/// Whether artifacts are wanted at all.
fn writes(loaded: &Loaded) -> bool {
    loaded.options.run.arguments.get("write_json").and_then(Value::as_bool) != Some(false)
}

/// Finds out whether artifacts can be written, before anything is done that they would tell of.
pub(super) fn before_run(loaded: &Loaded, printer: &Printer) -> Result<(), Outcome> {
    if !writes(loaded) {
        return Ok(());
    }
    told(loaded, printer, write::folder(&loaded.target_dir()))
}

/// The manifest of what was parsed.
pub(super) fn after_parse(loaded: &Loaded, printer: &Printer) -> Result<(), Outcome> {
    write_manifest(loaded, None, &[], printer)
}

/// The manifest with compiled SQL, and the `compiled` tree.
pub(super) fn after_compile(
    loaded: &Loaded,
    compilation: &Compilation,
    selected: &BTreeSet<String>,
    printer: &Printer,
) -> Result<(), Outcome> {
    let results = || {
        let report = finished(loaded, (Utc::now() - loaded.options.run.started_at).as_seconds_f64());
        let results = results_of_compiling(loaded, compilation, selected);
        told(loaded, printer, write::json(&results_path(loaded), &report.of(results)))
    };
    let manifest = || write_manifest(loaded, Some(compilation), &[], printer);
    let files = || compiled_files(loaded, compilation, &[], printer);
    if !writes(loaded) {
        return files();
    }
    let (written, others) = rayon::join(results, || manifest().and_then(|()| files()));
    written.and(others)
}

fn results_path(loaded: &Loaded) -> PathBuf {
    loaded.target_dir().join("run_results.json")
}

/// `run_results.json` but for the results.
fn finished(loaded: &Loaded, elapsed_seconds: f64) -> RunResults<'_> {
    RunResults { invocation: invocation(loaded), elapsed_seconds, arguments: Map::new() }
}

/// The results of a command that compiles and runs nothing.
fn results_of_compiling<'a>(
    loaded: &'a Loaded,
    compilation: &'a Compilation,
    selected: &'a BTreeSet<String>,
) -> impl Iterator<Item = run_results::NodeResult> + 'a {
    let now = Utc::now();
    let interval = Some(Interval { started_at: now, completed_at: now });
    let one = move |id: &String| {
        let node = loaded.graph.node(id).filter(|node| !node.is_ephemeral())?;
        let (compiled, failed) = (compilation.nodes.get(id), compilation.failed.get(id));
        let is_seed = node.kind == NodeKind::Seed && selected.contains(id);
        let status = match (compiled, failed) {
            (_, Some(_)) => "error",
            (Some(_), None) => "success",
            (None, None) if compilation.skipped.contains_key(id) => "skipped",
            (None, None) if is_seed => "success",
            (None, None) => return None,
        };
        let relation = node.relation.as_deref().filter(|_| !is_seed && failed.is_none());
        Some(run_results::NodeResult {
            unique_id: id.clone(),
            status,
            compile: interval,
            execute: interval,
            thread: worker_name(1),
            message: failed.map(|problem| problem.message.clone()),
            compiled: compiled.map(|_| true).or(failed.map(|_| false)).filter(|_| !is_seed),
            compiled_code: compiled.map(|compiled| compiled.sql.clone()).filter(|_| !is_seed),
            relation_name: relation.map(crate::sql::Relation::render),
            ..run_results::NodeResult::default()
        })
    };
    loaded.order.sequence.iter().filter_map(one)
}

/// The `compiled` tree; models that were run in batches have a file for each batch instead.
fn compiled_files(
    loaded: &Loaded,
    compilation: &Compilation,
    results: &[NodeResult],
    printer: &Printer,
) -> Result<(), Outcome> {
    let target = loaded.target_dir();
    let batched: BTreeSet<&str> =
        results.iter().filter(|result| result.batches.is_some()).map(|result| result.unique_id.as_str()).collect();
    let write = |(id, compiled): (&String, &Compiled)| {
        let has_file = |node: &&crate::graph::Node| write::has_compiled_file(node) && !batched.contains(id.as_str());
        let node = loaded.graph.node(id).filter(has_file);
        node.map_or(Ok(()), |node| write::node_sql(&target, Tree::Compiled, node, &compiled.sql).map(drop))
    };
    told(loaded, printer, compilation.nodes.par_iter().map(write).collect())
}

/// All of that, the statements as run, and the results.
pub(super) fn after_run(
    loaded: &Loaded,
    compilation: &Compilation,
    results: &[NodeResult],
    elapsed: Duration,
    printer: &Printer,
) -> Result<(), Outcome> {
    compiled_files(loaded, compilation, results, printer)?;
    let target = loaded.target_dir();
    results.iter().try_for_each(|result| parts(loaded, result, printer))?;
    for result in results.iter().filter(|result| !result.statements.is_empty()) {
        let Some(node) = loaded.graph.node(&result.unique_id).filter(|node| node.source.is_none()) else {
            continue;
        };
        // dbt counts what it sends for a hook as compiled.
        let (tree, text) = if node.kind == NodeKind::Operation {
            (Tree::Compiled, result.statements.join("\n"))
        } else {
            (Tree::Run, statements(&result.statements))
        };
        told(loaded, printer, write::node_sql(&target, tree, node, &text).map(drop))?;
    }
    if !writes(loaded) {
        return Ok(());
    }
    let ran: Vec<Ran<'_>> = results.iter().map(|result| became(loaded, result)).collect();
    write_manifest(loaded, Some(compilation), &ran, printer)?;
    told(loaded, printer, write::json(&results_path(loaded), &results_json(loaded, compilation, results, elapsed)))
}

/// The SQL of batches and of unit tests, which is made while they run.
fn parts(loaded: &Loaded, result: &NodeResult, printer: &Printer) -> Result<(), Outcome> {
    let target = loaded.target_dir();
    let Some(node) = loaded.graph.node(&result.unique_id) else { return Ok(()) };
    for file in result.batches.iter().flat_map(|batches| &batches.files) {
        let (part, ran) = (file.name.as_str(), statements(&file.statements));
        told(loaded, printer, write::part_sql(&target, Tree::Compiled, node, (part, &file.compiled)))?;
        told(loaded, printer, write::part_sql(&target, Tree::Run, node, (part, &ran)))?;
    }
    if let Some(text) = &result.written {
        told(loaded, printer, write::node_sql(&target, Tree::Run, node, text).map(drop))?;
    }
    for (name, sql) in &result.fixtures {
        told(loaded, printer, write::fixture_sql(&target, node, (name, sql)))?;
    }
    match &result.compiled_sql {
        Some(sql) if write::has_compiled_file(node) => {
            told(loaded, printer, write::node_sql(&target, Tree::Compiled, node, sql).map(drop))
        }
        _ => Ok(()),
    }
}

/// Statements as a file holds them.
fn statements(sent: &[String]) -> String {
    sent.iter().map(|sql| format!("{};\n", sql.trim().trim_end_matches(';'))).collect()
}

/// The results of a command that runs no nodes of the graph.
pub(super) fn after_operation(
    loaded: &Loaded,
    (result, typed): (run_results::NodeResult, &Value),
    printer: &Printer,
) -> Result<(), Outcome> {
    if !writes(loaded) {
        return Ok(());
    }
    write_manifest(loaded, None, &[], printer)?;
    let report =
        RunResults { arguments: typed.as_object().cloned().unwrap_or_default(), ..finished(loaded, result.seconds) };
    told(loaded, printer, write::json(&results_path(loaded), &report.of(std::iter::once(result))))
}

/// The results of a command that compiled a text which is no file.
pub(super) fn after_inline(loaded: &Loaded, sql: &str, printer: &Printer) -> Result<(), Outcome> {
    if !writes(loaded) {
        return Ok(());
    }
    let now = Utc::now();
    let interval = Some(Interval { started_at: now, completed_at: now });
    let result = run_results::NodeResult {
        unique_id: format!("sql_operation.{}.inline_query", loaded.project.packages[0].file.name),
        status: "success",
        compile: interval,
        execute: interval,
        thread: worker_name(1),
        compiled: Some(true),
        compiled_code: Some(sql.to_owned()),
        ..run_results::NodeResult::default()
    };
    write_manifest(loaded, None, &[], printer)?;
    let report = finished(loaded, (now - loaded.options.run.started_at).as_seconds_f64());
    told(loaded, printer, write::json(&results_path(loaded), &report.of(std::iter::once(result))))
}

/// What sources said of their freshness, as `sources.json` has it.
pub(super) fn after_freshness(
    loaded: &Loaded,
    checks: &[sources::Check],
    (elapsed, output): (Duration, Option<&Path>),
    printer: &Printer,
) -> Result<(), Outcome> {
    if !writes(loaded) {
        return Ok(());
    }
    write_manifest(loaded, None, &[], printer)?;
    let value = sources::sources(&invocation(loaded), checks, elapsed.as_secs_f64());
    let path = output.map_or_else(|| loaded.target_dir().join("sources.json"), Path::to_path_buf);
    told(loaded, printer, write::json(&path, &value))
}

/// `run_results.json` of a command that ran nodes.
pub(super) fn results_json<'a>(
    loaded: &'a Loaded,
    compilation: &'a Compilation,
    results: &'a [NodeResult],
    elapsed: Duration,
) -> impl Serialize + 'a {
    let worded = |result: &'a NodeResult| worded(loaded, result, record(loaded, compilation, result));
    finished(loaded, elapsed.as_secs_f64()).of(results.iter().map(worded))
}

fn record(loaded: &Loaded, compilation: &Compilation, result: &NodeResult) -> run_results::NodeResult {
    let node = loaded.graph.node(&result.unique_id);
    let compiled = compilation.nodes.get(&result.unique_id);
    let interval = |times: Option<(chrono::DateTime<Utc>, chrono::DateTime<Utc>)>| {
        times.map(|(started_at, completed_at)| Interval { started_at, completed_at })
    };
    let mut response = Map::new();
    let is_silent = matches!(result.status, Status::Skipped | Status::Error | Status::NoOp);
    if !is_silent && result.batches.is_none() {
        let is_unit = node.is_some_and(|node| node.unit.is_some());
        let message = if result.message.is_empty() || is_unit { "OK" } else { &result.message };
        response.insert("_message".to_owned(), json!(message));
        if let Some(rows) = result.rows {
            response.insert("rows_affected".to_owned(), json!(rows));
        }
        if let Some(id) = &result.query_id {
            response.insert("query_id".to_owned(), json!(id));
        }
    }
    let compiled = compiled.filter(|_| result.batches.is_none());
    let is_code = compiled.is_some() || result.compiled_sql.is_some();
    run_results::NodeResult {
        unique_id: result.unique_id.clone(),
        status: result.status.as_str(),
        compile: interval(result.compiled),
        execute: interval(result.executed),
        thread: thread(result),
        seconds: result.duration.as_secs_f64(),
        adapter_response: response,
        message: Some(result.message.clone()).filter(|text| !text.is_empty()),
        failures: result.failures.and_then(|count| u64::try_from(count).ok()),
        compiled: if result.batches.is_some() { Some(false) } else { is_code.then_some(true) },
        compiled_code: result.compiled_sql.clone().or_else(|| compiled.map(|compiled| compiled.sql.clone())),
        relation_name: node.and_then(|node| node.relation.as_deref()).map(crate::sql::Relation::render),
        batch_results: result.batches.as_ref().map(batch_results),
    }
}

/// The batches of a microbatch model: each a pair of times.
fn batch_results(batches: &Batches) -> Value {
    let list = |windows: &[Window]| -> Value {
        let time = |time: chrono::DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S%.f+00:00").to_string();
        windows.iter().map(|window| json!([time(window.start), time(window.end)])).collect()
    };
    json!({"successful": list(&batches.successful), "failed": list(&batches.failed)})
}

/// The lines of `ls`.
pub(super) fn listing(
    loaded: &Loaded,
    selected: &BTreeSet<String>,
    output: ListOutput,
    keys: &[String],
    inferred: &BTreeMap<String, Value>,
) -> Vec<String> {
    let output = match output {
        ListOutput::Selector => records::Output::Selector,
        ListOutput::Name => records::Output::Name,
        ListOutput::Path => records::Output::Path,
        ListOutput::Json => records::Output::Json,
    };
    let keys: Vec<String> = keys.iter().flat_map(|key| key.split_whitespace()).map(str::to_owned).collect();
    records::listing(&loaded.graph, selected, output, &keys, inferred)
}

/// Manifest, catalog and the documentation page; gives the page's path.
pub(super) fn docs(
    loaded: &Loaded,
    (compilation, selected): (Option<&Compilation>, &BTreeSet<String>),
    found: &Found,
    printer: &Printer,
) -> Result<PathBuf, Outcome> {
    let target = loaded.target_dir();
    if let Some(compilation) = compilation {
        after_compile(loaded, compilation, selected, printer)?;
    }
    let mut catalog = match found {
        Found::Catalog(found) => catalog::catalog(&invocation(loaded), &loaded.graph, found),
        Found::Rows(rows) => catalog::from_rows(&invocation(loaded), &loaded.graph, rows, None),
        Found::Error(error) => {
            catalog::from_rows(&invocation(loaded), &loaded.graph, &[], Some(std::slice::from_ref(error)))
        }
    };
    for kind in ["nodes", "sources"] {
        if let Some(entries) = catalog.get_mut(kind).and_then(Value::as_object_mut) {
            entries.retain(|id, _| selected.contains(id));
        }
    }
    told(loaded, printer, write::json(&target.join("catalog.json"), &catalog))?;
    let shown = shown_target(loaded);
    let manifest = Manifest::new(&manifest_inputs(loaded, compilation, &[], &shown)).value();
    let page = site::page(&manifest, Some(&catalog), &loaded.graph.root);
    let path = target.join("index.html");
    told(loaded, printer, write::text(&path, &page))?;
    Ok(path)
}

/// What a macro answered: a mapping for each column of each relation.
pub(super) type Rows = Vec<Map<String, Value>>;

/// What is known of the warehouse's relations: as it was found, as a macro of the project says, or why that failed.
pub(super) enum Found {
    /// What the warehouse says.
    Catalog(Catalog),
    /// What the project's macro says.
    Rows(Rows),
    /// Why the macro failed.
    Error(String),
}

/// The thread a node ran in, as dbt calls it: hooks are run by none of the workers.
fn thread(result: &NodeResult) -> String {
    match result.status {
        _ if result.unique_id.starts_with("operation.") => "main".to_owned(),
        Status::Skipped => "MainThread".to_owned(),
        _ => worker_name(result.worker),
    }
}

/// What `on-run-end` hooks see: `results`, `schemas`, `database_schemas`.
pub(super) fn hook_context(loaded: &Loaded, results: &[NodeResult]) -> Vec<(String, Value)> {
    let one = |result: &NodeResult| {
        json!({
            "status": result.status.as_str(), "message": result.message, "failures": result.failures,
            "execution_time": result.duration.as_secs_f64(), "unique_id": result.unique_id,
            "thread_id": thread(result), "adapter_response": {"_message": result.message, "rows_affected": result.rows},
            "node": loaded.graph.node(&result.unique_id).map(dictionary), "timing": [],
        })
    };
    // Hooks are among the results only where they failed (dbt: `after_run`).
    let is_seen = |result: &&NodeResult| thread(result) != "main" || result.status == Status::Error;
    let built = results
        .iter()
        .filter(|result| result.status == Status::Success)
        .filter_map(|result| loaded.graph.node(&result.unique_id));
    let places: BTreeSet<(String, String)> =
        built.filter(|node| node.relation.is_some()).map(|node| (node.database.clone(), node.schema.clone())).collect();
    let schemas: BTreeSet<&String> = places.iter().map(|(_, schema)| schema).collect();
    vec![
        ("results".to_owned(), Value::Array(results.iter().filter(is_seen).map(one).collect())),
        ("schemas".to_owned(), json!(schemas)),
        ("database_schemas".to_owned(), json!(places)),
    ]
}
