//! Who runs when.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::node_run::Runner;
use super::report::{NodeResult, Observer, Status};
use super::worker::{worker_name, workers};
use crate::graph::{Graph, Order};
use crate::plan::NodePlan;
use crate::project::NodeKind;

/// What waits, what runs and what has ended.
struct State {
    /// How many parents of each plan have not ended.
    waiting: Vec<usize>,
    /// Plans whose parents have ended, by their turn.
    ready: BTreeSet<usize>,
    /// Why a plan will be skipped: the unique id of what failed before it.
    blocked: HashMap<usize, String>,
    results: BTreeMap<usize, NodeResult>,
    running: usize,
    started: usize,
    stopped: bool,
}

/// Who waits for whom among the plans.
struct Edges {
    children: Vec<Vec<usize>>,
    parents: Vec<usize>,
    /// Whether what stands behind a plan runs also when it fails (`on_error: continue`).
    goes_on: Vec<bool>,
    /// The plans by turn: of those that are ready the nearest to the roots comes first, then the first by unique id (dbt:
    /// `GraphQueue`).
    by_turn: Vec<usize>,
    /// The turn of each plan.
    turns: Vec<usize>,
}

/// Runs the plans with `threads` workers and gives their results in the plans' order. With `tests_block`, what stands behind a
/// test waits for it, as in `dbt build`.
pub fn execute(
    runner: &Runner<'_>,
    plans: &[NodePlan],
    order: &Order,
    tests_block: bool,
    observer: &dyn Observer,
) -> Vec<NodeResult> {
    let edges = edges(runner.planner.compiler.graph(), plans, order, tests_block);
    let ready = edges.by_turn.iter().enumerate().filter(|(_, index)| edges.parents[**index] == 0);
    let ready = ready.map(|(turn, _)| turn).collect();
    let state = State {
        waiting: edges.parents.clone(),
        ready,
        blocked: HashMap::new(),
        results: BTreeMap::new(),
        running: 0,
        started: 0,
        stopped: false,
    };
    let shared = (Mutex::new(state), Condvar::new());
    let count = runner.threads.min(plans.len()).max(1);
    workers(count, worker_name, |worker| work(runner, plans, &edges, &shared, (worker, observer)));
    let state = shared.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.results.into_values().collect()
}

type Shared = (Mutex<State>, Condvar);

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(
    runner: &Runner<'_>,
    plans: &[NodePlan],
    edges: &Edges,
    shared: &Shared,
    (worker, observer): (usize, &dyn Observer),
) {
    loop {
        let mut state = lock(shared);
        let index = loop {
            if state.results.len() == plans.len() || (state.ready.is_empty() && state.running == 0) {
                shared.1.notify_all();
                return;
            }
            if let Some(turn) = state.ready.pop_first() {
                break edges.by_turn[turn];
            }
            state = shared.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.running += 1;
        state.started += 1;
        let number = state.started;
        let reason = state
            .blocked
            .get(&index)
            .cloned()
            .or_else(|| state.stopped.then(|| "the run was stopped after a failure (--fail-fast)".to_owned()));
        drop(state);
        let plan = &plans[index];
        let result = match reason {
            Some(reason) => skipped(plan, &reason, worker),
            None => {
                observer.started(plan, number, plans.len());
                runner.run(plan, worker)
            }
        };
        observer.finished(&result, number, plans.len());
        let mut state = lock(shared);
        finish(&mut state, edges, index, result, runner.fail_fast);
        drop(state);
        shared.1.notify_all();
    }
}

fn finish(state: &mut State, edges: &Edges, index: usize, result: NodeResult, fail_fast: bool) {
    let failed = result.status.is_failure();
    let goes_on = failed && edges.goes_on[index] && result.status != Status::Skipped;
    if failed && fail_fast && (result.status != Status::Skipped || result.problem.is_some()) {
        state.stopped = true;
    }
    for child in &edges.children[index] {
        if failed && !goes_on {
            let first =
                state.blocked.get(&index).cloned().unwrap_or_else(|| format!("`{}` did not succeed", result.unique_id));
            state.blocked.entry(*child).or_insert(first);
        }
        state.waiting[*child] -= 1;
        if state.waiting[*child] == 0 {
            state.ready.insert(edges.turns[*child]);
        }
    }
    state.running -= 1;
    state.results.insert(index, result);
}

fn skipped(plan: &NodePlan, reason: &str, worker: usize) -> NodeResult {
    NodeResult {
        unique_id: plan.unique_id.clone(),
        status: Status::Skipped,
        action: plan.action,
        message: reason.to_owned(),
        rows: None,
        failures: None,
        compiled: None,
        executed: None,
        duration: Duration::ZERO,
        worker,
        query_id: None,
        statements: Vec::new(),
        written: None,
        batches: None,
        compiled_sql: None,
        called: Vec::new(),
        fixtures: Vec::new(),
        problem: None,
    }
}

/// Nodes that have no plan, each with the plans that wait for what stands before it.
type Through<'a> = HashMap<&'a str, Vec<usize>>;

/// A plan waits for the plans of its ancestors, through nodes that have no plan. Where tests block, a node also waits for every
/// test all of whose parents it stands behind (dbt: `add_test_edges`).
fn edges(graph: &Graph, plans: &[NodePlan], order: &Order, tests_block: bool) -> Edges {
    let position: HashMap<&str, usize> =
        plans.iter().enumerate().map(|(index, plan)| (plan.unique_id.as_str(), index)).collect();
    let mut parents: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); plans.len()];
    let mut through: Through<'_> = HashMap::new();
    for (index, plan) in plans.iter().enumerate() {
        let node = &graph.nodes[&plan.unique_id];
        // A unit test needs what its model reads, whose columns it asks for, and comes before the model.
        let reader = node.unit.as_ref().map_or(node, |unit| &graph.nodes[&unit.tested]);
        let mut stack: Vec<&str> = reader.depends_on.iter().map(String::as_str).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match position.get(id) {
                Some(parent) => {
                    parents[index].insert(*parent);
                }
                None => {
                    if tests_block {
                        through.entry(id).or_default().push(index);
                    }
                    stack
                        .extend(graph.node(id).into_iter().flat_map(|node| node.depends_on.iter().map(String::as_str)));
                }
            }
        }
    }
    if tests_block {
        block_behind_tests(graph, (plans, order), (&position, &through), &mut parents);
        block_behind_unit_tests(graph, plans, &position, &mut parents);
    }
    let mut children = vec![Vec::new(); plans.len()];
    for (index, list) in parents.iter().enumerate() {
        list.iter().for_each(|parent| children[*parent].push(index));
    }
    let goes_on =
        plans.iter().map(|plan| graph.nodes[&plan.unique_id].setting_text("on_error") == Some("continue")).collect();
    let parents: Vec<usize> = parents.iter().map(BTreeSet::len).collect();
    let levels = levels(&children, &parents);
    let mut by_turn: Vec<usize> = (0..plans.len()).collect();
    by_turn.sort_by_key(|index| (levels[*index], &plans[*index].unique_id));
    let mut turns = vec![0; plans.len()];
    by_turn.iter().enumerate().for_each(|(turn, index)| turns[*index] = turn);
    Edges { children, parents, goes_on, by_turn, turns }
}

/// A model waits for its unit tests, and each of these for all the model waits for, with the unit test before it: after the first
/// that fails, the others and the model are skipped (dbt: `BuildTask.call_model_and_unit_tests_runner`).
fn block_behind_unit_tests(
    graph: &Graph,
    plans: &[NodePlan],
    position: &HashMap<&str, usize>,
    parents: &mut [BTreeSet<usize>],
) {
    for (index, plan) in plans.iter().enumerate() {
        let Some(unit) = &graph.nodes[&plan.unique_id].unit else { continue };
        let Some(model) = position.get(unit.tested.as_str()) else { continue };
        let before = parents[*model].clone();
        parents[index].extend(before);
        parents[*model].insert(index);
    }
}

/// How many plans stand one behind the other before each.
fn levels(children: &[Vec<usize>], parents: &[usize]) -> Vec<usize> {
    let mut waiting = parents.to_vec();
    let mut levels = vec![0; parents.len()];
    let mut ready: Vec<usize> = (0..parents.len()).filter(|index| parents[*index] == 0).collect();
    while let Some(index) = ready.pop() {
        for child in &children[index] {
            levels[*child] = levels[*child].max(levels[index] + 1);
            waiting[*child] -= 1;
            if waiting[*child] == 0 {
                ready.push(*child);
            }
        }
    }
    levels
}

/// What stands behind all of these; of one, what reads it, since the others wait for that.
fn behind(order: &Order, parents: &[String]) -> BTreeSet<String> {
    let (first, rest) = match parents {
        [] => return BTreeSet::new(),
        [parent] => return order.children(parent).into_iter().map(str::to_owned).collect(),
        [first, rest @ ..] => (first, rest),
    };
    let mut all = order.descendants(first, None);
    for parent in rest {
        let reach = order.descendants(parent, None);
        all.retain(|id| reach.contains(id));
    }
    all
}

/// What stands behind all that a test reads waits for it, and what stands behind a node that has no plan waits in its place.
fn block_behind_tests(
    graph: &Graph,
    (plans, order): (&[NodePlan], &Order),
    (position, through): (&HashMap<&str, usize>, &Through<'_>),
    parents: &mut [BTreeSet<usize>],
) {
    for (index, plan) in plans.iter().enumerate() {
        let node = &graph.nodes[&plan.unique_id];
        if node.kind != NodeKind::Test || node.depends_on.is_empty() {
            continue;
        }
        for id in behind(order, &node.depends_on) {
            // A unit test stands behind its model in the graph, and runs before it.
            let blocks = |child: &&usize| {
                let kind = graph.nodes[&plans[**child].unique_id].kind;
                !matches!(kind, NodeKind::Test | NodeKind::UnitTest)
            };
            let instead = through.get(id.as_str()).into_iter().flatten();
            for child in position.get(id.as_str()).filter(blocks).into_iter().chain(instead) {
                parents[*child].insert(index);
            }
        }
    }
}
