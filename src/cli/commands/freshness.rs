//! `source freshness`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::super::Outcome;
use super::super::arguments::Select;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::super::progress::Progress;
use super::super::{artifacts, deprecated};
use super::run::{begin, end_hooks, planner, runner, start_hooks, with_hooks};
use crate::artifact::run_results::Interval;
use crate::artifact::sources::Check;
use crate::compile::Compiler;
use crate::config::{Engine, yaml};
use crate::diagnostic::Diagnostic;
use crate::execute::{Freshness, FreshnessResult, age, check_freshness, each, worker_name};
use crate::plan::{FreshnessCheck, Question, freshness_checks};
use crate::project::NodeKind;
use crate::source::Span;
use crate::warehouse::Connection;

/// Asks the selected sources that have a threshold when they were last loaded, and writes the answers down.
pub(super) fn freshness(
    loaded: &Loaded,
    select: &Select,
    output: Option<&Path>,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    if loaded.is_broken {
        printer.note("nothing was asked, because the project has errors");
        return Err(Outcome::Unusable);
    }
    let clock = Instant::now();
    let before = printer.counts().0;
    output.into_iter().for_each(|path| printer.diagnostic(&deprecated::output(path), &loaded.sources));
    if !project_hooks(loaded) && loaded.graph.nodes.values().any(|node| node.kind == NodeKind::Operation) {
        printer.diagnostic(&hooks_left_out(loaded), &loaded.sources);
    }
    if printer.counts().0 > before {
        return Err(Outcome::Unusable);
    }
    let selected = loaded.select(select, &[NodeKind::Source], printer)?;
    let mut checks = freshness_checks(&loaded.graph, &selected);
    if loaded.profile.target.engine == Engine::DuckDb {
        // The embedded engine keeps no such times, whichever SQL it is spoken to in.
        let asked = checks.iter_mut().filter(|check| check.question == Question::Metadata);
        asked.for_each(|check| check.question = Question::Nowhere);
    }
    artifacts::before_run(loaded, printer)?;
    let connection = loaded.open(printer)?;
    let compiler = loaded.compiler(Some(connection.clone()), &selected).deferring();
    let runs_hooks = project_hooks(loaded);
    let none = BTreeSet::new();
    let compilation = loaded.compile(&compiler, &with_hooks(loaded, &none, "freshness"), printer);
    begin(loaded, &compiler, &connection, printer)?;
    let progress = Progress { printer, graph: &loaded.graph, sources: &loaded.sources };
    let planner = planner(loaded, &compiler, &connection, &none, "freshness", printer)?;
    let plan = planner.plan(&loaded.order, &compilation, &none);
    let runner = runner(loaded, (&planner, &compilation), &connection, &progress);
    let mut failed = false;
    if runs_hooks {
        let started = start_hooks(&runner, &plan, &progress);
        failed = started.iter().any(|result| result.status.is_failure());
    }
    let results = if failed { Vec::new() } else { ask(loaded, (&compiler, &connection), &checks, printer) };
    if runs_hooks && !failed {
        let ended = end_hooks(loaded, &runner, &[], &progress);
        failed = ended.iter().any(|result| result.status.is_failure());
    }
    let asked: Vec<Check> = results.iter().zip(&checks).filter_map(|(result, check)| recorded(result, check)).collect();
    artifacts::after_freshness(loaded, &asked, (clock.elapsed(), output), printer)?;
    printer.note(&format!("\n{} in {:.2}s", summary(&results), clock.elapsed().as_secs_f64()));
    failed |= results.iter().any(|result| result.status.is_failure());
    let strict = printer.counts().0 > 0;
    Ok(if failed || strict { Outcome::Failure } else { Outcome::Success })
}

/// Whether `on-run-start` and `on-run-end` run with it (dbt: `source_freshness_run_project_hooks`, true unless said).
fn project_hooks(loaded: &Loaded) -> bool {
    let flags = &loaded.project.packages[0].file.flags;
    flags.get("source_freshness_run_project_hooks").and_then(Value::as_bool).unwrap_or(true)
}

/// A flag leaves out hooks that there are.
fn hooks_left_out(loaded: &Loaded) -> Diagnostic {
    let file = loaded.project.packages[0].file.file;
    let steps = ["flags".into(), "source_freshness_run_project_hooks".into()];
    let span = Span::new(file, yaml::locate(loaded.sources.text(file), &steps));
    let message = "on-run-start and on-run-end do not run with `source freshness` here";
    let problem = Diagnostic::deprecation("SourceFreshnessProjectHooksNotRun", message).at(span);
    problem.help("remove the flag; hooks can ask for `flags.WHICH != 'freshness'`")
}

fn ask(
    loaded: &Loaded,
    (compiler, connection): (&Compiler, &Arc<Connection>),
    checks: &[FreshnessCheck],
    printer: &Printer,
) -> Vec<FreshnessResult> {
    if checks.is_empty() {
        printer.note("no selected source has a freshness to check");
    }
    let (started, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let total = checks.len();
    let width = total.to_string().len();
    let line = |counter: &AtomicUsize, text: &str| {
        let index = counter.fetch_add(1, Ordering::Relaxed) + 1;
        printer.note(&format!("{index:>width$} of {total} {text}"));
        index
    };
    each(loaded.profile.target.threads, checks, |check, _, worker| {
        let name = shown_name(loaded, &check.unique_id);
        let index = line(&started, &format!("{} freshness of {name}", printer.paint("START", 8)));
        printer.event(&json!({"event": "started", "node": check.unique_id, "index": index, "total": total}));
        let result = check_freshness(compiler, connection, check, worker);
        let (word, colour) = match result.status {
            Freshness::Pass => ("PASS ", 2),
            Freshness::Warn => ("WARN ", 3),
            Freshness::Error => ("STALE", 1),
            Freshness::RuntimeError => ("ERROR", 1),
        };
        let seconds = crate::artifact::sources::seconds(result.executed.1 - result.executed.0);
        let old = match (result.status, result.times) {
            (Freshness::Warn | Freshness::Error, Some((latest, asked))) => {
                format!(", {} old", age(asked - latest))
            }
            _ => String::new(),
        };
        let index = line(&ended, &format!("{} freshness of {name} in {seconds:.2}s{old}", printer.paint(word, colour)));
        for problem in result.problem.iter().chain(&result.old) {
            printer.diagnostic(problem, &loaded.sources);
        }
        printer.event(&json!({
            "event": "finished", "node": check.unique_id, "status": result.status.as_str(), "seconds": seconds,
            "index": index, "total": total,
        }));
        result
    })
}

/// `source.table`.
fn shown_name(loaded: &Loaded, unique_id: &str) -> String {
    let node = loaded.graph.node(unique_id);
    let named = node.and_then(|node| Some(format!("{}.{}", node.source.as_ref()?.source_name, node.name)));
    named.unwrap_or_else(|| unique_id.to_owned())
}

/// A result as the artifact has it; dbt keeps none without an answer.
fn recorded(result: &FreshnessResult, check: &FreshnessCheck) -> Option<Check> {
    let (max_loaded_at, snapshotted_at) = result.times?;
    Some(Check {
        unique_id: result.unique_id.clone(),
        status: result.status.as_str(),
        max_loaded_at,
        snapshotted_at,
        criteria: check.criteria.clone(),
        adapter_response: result.adapter_response.clone(),
        execute: Interval { started_at: result.executed.0, completed_at: result.executed.1 },
        thread: worker_name(result.worker),
    })
}

fn summary(results: &[FreshnessResult]) -> String {
    let count = |status: Freshness| results.iter().filter(|result| result.status == status).count();
    format!(
        "Done. PASS={} WARN={} STALE={} ERROR={} TOTAL={}",
        count(Freshness::Pass),
        count(Freshness::Warn),
        count(Freshness::Error),
        count(Freshness::RuntimeError),
        results.len()
    )
}
