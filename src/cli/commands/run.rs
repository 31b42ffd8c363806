//! `run`, `test`, `seed`, `load`, `snapshot`, `build`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::super::Outcome;
use super::super::arguments::{RunArguments, TextOrJson};
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::super::progress::{Progress, summary};
use super::super::{artifacts, environment, saved_plan};
use super::kinds;
use crate::compile::{Compilation, Compiler};
use crate::diagnostic::Diagnostic;
use crate::execute::{NodeResult, Runner, Status, execute};
use crate::graph::Node;
use crate::load::LoadStamp;
use crate::plan::{Plan, Planner};
use crate::project::NodeKind;
use crate::warehouse::Connection;

/// Plans the selected nodes and carries the plan out.
pub(super) fn run(
    loaded: &Loaded,
    command: &'static str,
    arguments: &RunArguments,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    if loaded.is_broken {
        printer.note("nothing was run, because the project has errors");
        return Err(Outcome::Unusable);
    }
    let clock = Instant::now();
    let told = |problem: Box<Diagnostic>| {
        printer.diagnostic(&problem, &loaded.sources);
        Outcome::Unusable
    };
    let saved = arguments.plan.as_deref().map(|path| saved_plan::read(path, command)).transpose().map_err(told)?;
    let selected = match &saved {
        Some(saved) => saved.selected.clone(),
        None => loaded.select(&arguments.select, kinds(command), printer)?,
    };
    artifacts::before_run(loaded, printer)?;
    if selected.is_empty() && saved.is_none() {
        return nothing(loaded, arguments, clock, printer);
    }
    let connection = loaded.open(printer)?;
    let compiler = loaded.compiler(Some(connection.clone()), &selected).deferring();
    let wanted = with_hooks(loaded, &selected, command);
    let compilation = loaded.compile(&compiler, &wanted, printer);
    if loaded.check_columns(&compilation, printer) {
        printer.note("nothing was run, because the project has errors");
        return Err(Outcome::Unusable);
    }
    begin(loaded, &compiler, &connection, printer)?;
    let planner = planner(loaded, &compiler, &connection, &selected, command, printer)?;
    let plan = planner.plan(&loaded.order, &compilation, &selected);
    saved.map_or(Ok(()), |saved| saved.check(&plan)).map_err(told)?;
    if let Ok(text) = connection.describe() {
        printer.note(&format!("{} nodes on {text}\n", plan.nodes.len()));
    }
    let mut results = carry_out(loaded, (&planner, &compilation, &plan), &connection, command, printer)?;
    let is_whole = !results.last().is_some_and(is_uncompiled);
    if !is_whole {
        // As in dbt, a hook that cannot be compiled has no result: the command could not do its work.
        results.pop();
    }
    report(loaded, (&compilation, &results), arguments, clock, printer)?;
    let failed = results.iter().any(|result| result.status.is_failure());
    let strict = printer.counts().0 > 0;
    Ok(match (is_whole, failed || strict) {
        (false, _) => Outcome::Unusable,
        (true, true) => Outcome::Failure,
        (true, false) => Outcome::Success,
    })
}

/// A run of nothing: neither nodes nor hooks, and results that are empty.
fn nothing(loaded: &Loaded, arguments: &RunArguments, clock: Instant, printer: &Printer) -> Result<Outcome, Outcome> {
    report(loaded, (&Compilation::default(), &[]), arguments, clock, printer)?;
    Ok(if printer.counts().0 > 0 { Outcome::Failure } else { Outcome::Success })
}

/// Writes and prints the results.
fn report(
    loaded: &Loaded,
    (compilation, results): (&Compilation, &[NodeResult]),
    arguments: &RunArguments,
    clock: Instant,
    printer: &Printer,
) -> Result<(), Outcome> {
    printer.note(&format!("\n{} in {:.2}s", summary(results), clock.elapsed().as_secs_f64()));
    artifacts::after_run(loaded, compilation, results, clock.elapsed(), printer)?;
    if arguments.running.output == TextOrJson::Json {
        let results = artifacts::results_json(loaded, compilation, results, clock.elapsed());
        printer.data(&serde_json::to_string_pretty(&results).unwrap_or_default());
    }
    Ok(())
}

/// Whether this is the result of a hook whose template fails.
fn is_uncompiled(result: &NodeResult) -> bool {
    let problem = result.problem.as_ref().map(|problem| problem.code);
    result.unique_id.starts_with("operation.")
        && result.status == Status::Error
        && problem.is_some_and(|code| code != crate::diagnostic::Code::WarehouseError)
}

/// The selected nodes, and the hooks where the command runs them.
pub(super) fn with_hooks(loaded: &Loaded, selected: &BTreeSet<String>, command: &str) -> BTreeSet<String> {
    let mut wanted = selected.clone();
    if command != "load" {
        let hooks = loaded
            .graph
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::Operation && node.tags.iter().any(|tag| tag == "on-run-start"));
        wanted.extend(hooks.map(|node| node.unique_id.clone()));
    }
    wanted
}

/// A planner over the catalog of the schemas that the selected nodes write to.
pub(super) fn planner<'a>(
    loaded: &'a Loaded,
    compiler: &'a Compiler,
    connection: &Arc<Connection>,
    selected: &BTreeSet<String>,
    command: &str,
    printer: &Printer,
) -> Result<Planner<'a>, Outcome> {
    let nodes = selected.iter().filter_map(|id| loaded.graph.node(id));
    let mut schemas = Planner::schemas(nodes);
    schemas.extend(
        loaded
            .governance
            .policies
            .iter()
            .map(|placed| crate::warehouse::SchemaName::new(&placed.database, &placed.schema)),
    );
    let catalog = connection.catalog(&schemas).map_err(|error| {
        let diagnostic = Diagnostic::error(crate::diagnostic::Code::WarehouseError, error.message);
        printer.diagnostic(&diagnostic.in_file("profiles.yml", 1), &loaded.sources);
        Outcome::Unusable
    })?;
    Ok(loaded.planner(compiler, catalog, matches!(command, "build" | "load")))
}

type Work<'a> = (&'a Planner<'a>, &'a Compilation, &'a Plan);

fn carry_out(
    loaded: &Loaded,
    (planner, compilation, plan): Work<'_>,
    connection: &Arc<Connection>,
    command: &str,
    printer: &Printer,
) -> Result<Vec<NodeResult>, Outcome> {
    let progress = Progress { printer, graph: &loaded.graph, sources: &loaded.sources };
    let runner = runner(loaded, (planner, compilation), connection, &progress);
    let fail = |problem: Box<crate::diagnostic::Diagnostic>| {
        let shown = if problem.labels.is_empty() { problem.in_file("dbt_project.yml", 1) } else { *problem };
        printer.diagnostic(&shown, &loaded.sources);
        Outcome::Unusable
    };
    runner.steps(&plan.setup).map_err(fail)?;
    let mut results = start_hooks(&runner, plan, &progress);
    if results.last().is_some_and(is_uncompiled) {
        return Ok(results);
    }
    if results.iter().any(|result| result.status == Status::Error) && skips_after_failed_start(loaded) {
        results.extend(plan.nodes.iter().map(|node| NodeResult::skipped(&node.unique_id)));
    } else {
        results.extend(execute(&runner, &plan.nodes, &loaded.order, command == "build", &progress));
    }
    if command == "build" {
        let not_run = not_run(loaded, &planner.compiler.selected(), &results);
        results.extend(not_run);
    }
    if command != "load" {
        results.extend(end_hooks(loaded, &runner, &results, &progress));
    }
    Ok(results)
}

/// What runs the nodes of a plan.
pub(super) fn runner<'a>(
    loaded: &'a Loaded,
    (planner, compilation): (&'a Planner<'a>, &'a Compilation),
    connection: &Arc<Connection>,
    observer: &'a Progress<'a>,
) -> Runner<'a> {
    let run = &loaded.options.run;
    Runner {
        observer,
        planner,
        compilation,
        selected: planner.compiler.selected(),
        connection: connection.clone(),
        threads: loaded.profile.target.threads,
        fail_fast: run.fail_fast,
        fails_warned_tests: observer.printer.output().warnings.fail_tests(),
        project: &loaded.project,
        object_store: environment::object_store(&loaded.options.environment),
        stamp: LoadStamp { load_id: run.invocation_id.clone(), now: run.started_at.naive_utc() },
        loading: std::sync::Mutex::default(),
    }
}

/// `on-run-start` hooks; those behind one that fails are skipped.
pub(super) fn start_hooks(runner: &Runner<'_>, plan: &Plan, progress: &Progress<'_>) -> Vec<NodeResult> {
    let mut results: Vec<NodeResult> = Vec::new();
    for hook in &plan.start_hooks {
        let result = hook_result(&results, &hook.unique_id, || runner.run(hook, 1));
        crate::execute::Observer::finished(progress, &result, results.len() + 1, plan.start_hooks.len());
        results.push(result);
        if results.last().is_some_and(is_uncompiled) {
            break;
        }
    }
    results
}

/// What becomes of a hook after those before it.
fn hook_result(before: &[NodeResult], unique_id: &str, run: impl FnOnce() -> NodeResult) -> NodeResult {
    if before.iter().any(|result| result.status == Status::Error) { NodeResult::skipped_hook(unique_id) } else { run() }
}

/// From here on templates are heard at once, and statements that are sent for no node get their comment.
pub(super) fn begin(
    loaded: &Loaded,
    compiler: &Compiler,
    connection: &Arc<Connection>,
    printer: &Printer,
) -> Result<(), Outcome> {
    compiler.listen(printer.output().listener());
    let comment = compiler.query_comment("master", None).map_err(|problem| {
        printer.diagnostic(&problem, &loaded.sources);
        Outcome::Unusable
    })?;
    connection.comment_on_all(comment);
    Ok(())
}

/// The selected exposures and saved queries of a `build`: dbt reports them, and does nothing. What stands behind something that did
/// not succeed is skipped; tests of what they read do not matter (dbt: `add_test_edges`).
fn not_run(loaded: &Loaded, wanted: &BTreeSet<String>, results: &[NodeResult]) -> Vec<NodeResult> {
    let kinds = [NodeKind::Exposure, NodeKind::SavedQuery];
    let failed: Vec<&str> =
        results.iter().filter(|result| result.status.is_failure()).map(|result| result.unique_id.as_str()).collect();
    let result = |node: &Node| {
        let ancestors = if failed.is_empty() { BTreeSet::new() } else { loaded.order.ancestors(&node.unique_id, None) };
        if failed.iter().any(|id| ancestors.contains(*id)) {
            return NodeResult::skipped(&node.unique_id);
        }
        NodeResult { failures: Some(0), ..NodeResult::no_op(&node.unique_id) }
    };
    let nodes = wanted.iter().filter_map(|id| loaded.graph.node(id)).filter(|node| kinds.contains(&node.kind));
    nodes.map(result).collect()
}

/// Whether nodes are left alone when a hook at the start failed; by default they run (dbt: `skip_nodes_if_on_run_start_fails`).
fn skips_after_failed_start(loaded: &Loaded) -> bool {
    let flags = &loaded.project.packages[0].file.flags;
    flags.get("skip_nodes_if_on_run_start_fails").and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// `on-run-end` hooks: rendered now, with the results.
pub(super) fn end_hooks(
    loaded: &Loaded,
    runner: &Runner<'_>,
    results: &[NodeResult],
    progress: &Progress<'_>,
) -> Vec<NodeResult> {
    let hooks = loaded
        .graph
        .nodes
        .values()
        .filter(|node| node.kind == NodeKind::Operation && node.tags.iter().any(|tag| tag == "on-run-end"));
    let context = artifacts::hook_context(loaded, results);
    let mut ended: Vec<NodeResult> = Vec::new();
    for node in hooks {
        let run = || runner.run(&runner.planner.end_hook(node, context.clone()), 1);
        let result = hook_result(&ended, &node.unique_id, run);
        crate::execute::Observer::finished(progress, &result, ended.len() + 1, ended.len() + 1);
        ended.push(result);
        if ended.last().is_some_and(is_uncompiled) {
            break;
        }
    }
    ended
}
