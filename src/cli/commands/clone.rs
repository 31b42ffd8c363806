//! `clone`: relations that are copies of another environment's.

use std::time::Instant;

use super::super::Outcome;
use super::super::arguments::{CloneArguments, TextOrJson};
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::super::progress::{Progress, summary};
use super::run::{begin, planner, runner};
use crate::compile::Compilation;
use crate::execute::{NodeResult, Observer, Status, each};
use crate::graph::Node;
use crate::plan::{Action, NodePlan};
use crate::project::NodeKind;
use crate::sql::Relation;
use crate::warehouse::SchemaName;

/// Clones the selected models, seeds and snapshots out of the environment of a manifest. None waits for another: each is made of
/// what is there.
pub(super) fn clone(loaded: &Loaded, arguments: &CloneArguments, printer: &Printer) -> Result<Outcome, Outcome> {
    if loaded.is_broken {
        printer.note("nothing was cloned, because the project has errors");
        return Err(Outcome::Unusable);
    }
    let clock = Instant::now();
    let selected = loaded.select(&arguments.select, &[NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot], printer)?;
    let nodes: Vec<&Node> = selected
        .iter()
        .filter_map(|id| loaded.graph.node(id))
        .filter(|node| !node.is_ephemeral() && node.relation.is_some())
        .collect();
    let elsewhere = loaded.state.relations_of(&nodes);
    artifacts::before_run(loaded, printer)?;
    let connection = loaded.open(printer)?;
    let compiler = loaded.compiler(Some(connection.clone()), &selected).cloning(elsewhere.clone());
    begin(loaded, &compiler, &connection, printer)?;
    let compilation = Compilation::default();
    let planner = planner(loaded, &compiler, &connection, &selected, "clone", printer)?;
    let plans: Vec<NodePlan> =
        nodes.iter().map(|node| planner.clone_of(node, elsewhere.get(&node.unique_id))).collect();
    let progress = Progress { printer, graph: &loaded.graph, sources: &loaded.sources };
    let runner = runner(loaded, (&planner, &compilation), &connection, &progress);
    let schemas = planner.missing_schemas(&nodes);
    runner.steps(&schemas).map_err(|problem| {
        printer.diagnostic(&problem.in_file("dbt_project.yml", 1), &loaded.sources);
        Outcome::Failure
    })?;
    let of = |relation: &Relation| Some(SchemaName::new(relation.database.as_deref()?, relation.schema.as_deref()?));
    let read: std::collections::BTreeSet<SchemaName> = elsewhere.values().filter_map(of).collect();
    // Where it cannot be read, the macros say so for each relation.
    let _ = connection.load(&read.into_iter().collect::<Vec<_>>());
    let results = each(loaded.profile.target.threads, &plans, |plan, index, worker| {
        let result = one(&runner, plan, worker, printer);
        progress.finished(&result, index + 1, plans.len());
        result
    });
    printer.note(&format!("\n{} in {:.2}s", summary(&results), clock.elapsed().as_secs_f64()));
    artifacts::after_run(loaded, &compilation, &results, clock.elapsed(), printer)?;
    if arguments.running.output == TextOrJson::Json {
        let value = artifacts::results_json(loaded, &compilation, &results, clock.elapsed());
        printer.data(&serde_json::to_string_pretty(&value).unwrap_or_default());
    }
    let failed = results.iter().any(|result| result.status.is_failure());
    Ok(if failed || printer.counts().0 > 0 { Outcome::Failure } else { Outcome::Success })
}

/// Runs one plan; where there is nothing to do, dbt calls that a success as well.
fn one(runner: &crate::execute::Runner<'_>, plan: &NodePlan, worker: usize, printer: &Printer) -> NodeResult {
    if plan.action == Action::Nothing && plan.problem.is_none() {
        printer.note(&format!("{}: {}", plan.unique_id, plan.reason));
        let nothing = NodeResult::no_op(&plan.unique_id);
        return NodeResult { status: Status::Success, message: "No-op".to_owned(), worker, ..nothing };
    }
    runner.run(plan, worker)
}
