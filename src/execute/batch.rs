//! Running the batches of a microbatch model (dbt: `MicrobatchModelRunner`, `MicrobatchBatchRunner`).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::node_run::{Progress, Runner};
use super::report::{BatchFile, BatchReport, Batches, NodeResult, Status};
use super::worker::workers;
use crate::graph::Node;
use crate::plan::{BatchStep, NodePlan, Work};

/// What became of one batch.
struct Ended {
    index: usize,
    succeeded: bool,
    file: Option<BatchFile>,
}

impl Runner<'_> {
    /// Runs the batches of a plan: the first and the last alone, those between at the same time where the model allows it.
    /// When the first fails, the others are skipped.
    pub(super) fn batches(&self, node: &Node, plan: &NodePlan, result: NodeResult) -> NodeResult {
        let steps: Vec<&BatchStep> = plan
            .steps
            .iter()
            .filter_map(|step| if let Work::Batch(step) = &step.work { Some(&**step) } else { None })
            .collect();
        let total = steps.len();
        let mut ended: Vec<Ended> = Vec::new();
        if let Some(first) = steps.first() {
            ended.push(self.batch(node, first, (0, total)));
        }
        if ended.iter().all(|batch| batch.succeeded) {
            ended.extend(self.batches_between(node, &steps));
            if total > 1 {
                ended.push(self.batch(node, steps[total - 1], (total - 1, total)));
            }
        } else {
            ended.extend((1..total).map(|index| self.skipped_batch(node, steps[index], (index, total))));
        }
        ended.sort_by_key(|batch| batch.index);
        let mut result = merged(&steps, ended, result);
        let undone = &self.planner.compiler.session.facts.run.undone;
        if let (Some(earlier), Some(batches)) = (undone.get(&node.unique_id), &mut result.batches) {
            batches.successful.extend(&earlier.successful);
        }
        result
    }

    /// Runs the batches between the first and the last.
    fn batches_between(&self, node: &Node, steps: &[&BatchStep]) -> Vec<Ended> {
        let total = steps.len();
        let between = if total > 2 { 1..total - 1 } else { 0..0 };
        let count = if self.runs_batches_at_once(node) { self.threads.max(1) } else { 1 };
        let (waiting, done) = (Mutex::new(between), Mutex::new(Vec::new()));
        let work = |_| {
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(index) = next else { break };
                let batch = self.batch(node, steps[index], (index, total));
                done.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
            }
        };
        let own = std::thread::current();
        let own = own.name().unwrap_or_default();
        workers(count, |worker| format!("{own} {worker}"), work);
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether batches may be built at the same time: as configured, or where the model does not read itself.
    fn runs_batches_at_once(&self, node: &Node) -> bool {
        let configured = node.setting("concurrent_batches").and_then(serde_json::Value::as_bool);
        configured.unwrap_or_else(|| !node.raw.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == "this"))
    }

    fn batch(&self, node: &Node, step: &BatchStep, (index, total): (usize, usize)) -> Ended {
        let clock = Instant::now();
        self.observer.batch_started(node, &step.batch, (index + 1, total));
        let mut progress = Progress::default();
        let outcome = match self.planner.batch(node, step) {
            Ok((plan, compiled, subject)) => {
                // A comment that cannot be rendered has stopped the node before its batches.
                let comment = self.planner.compiler.query_comment(&node.unique_id, Some(node)).unwrap_or_default();
                let ran = self.connection.commented(comment, || self.try_steps(node, &plan, &subject, &mut progress));
                self.note_change(&plan);
                let problem = ran.err().map(|failure| self.problem(node, Some(&compiled), failure));
                Ok((compiled.sql, problem))
            }
            Err(problem) => Err(*problem),
        };
        let (file, problem) = match outcome {
            Ok((compiled, problem)) => {
                let (name, statements) = (step.batch.name.clone(), std::mem::take(&mut progress.sent));
                (Some(BatchFile { name, compiled, statements }), problem)
            }
            Err(problem) => (None, Some(problem)),
        };
        let status = if problem.is_some() { Status::Error } else { Status::Success };
        let report = BatchReport { status, duration: clock.elapsed(), rows: progress.rows, problem: problem.as_ref() };
        self.observer.batch_finished(node, &step.batch, (index + 1, total), &report);
        Ended { index, succeeded: problem.is_none(), file }
    }

    fn skipped_batch(&self, node: &Node, step: &BatchStep, (index, total): (usize, usize)) -> Ended {
        let report = BatchReport { status: Status::Skipped, duration: Duration::ZERO, rows: None, problem: None };
        self.observer.batch_finished(node, &step.batch, (index + 1, total), &report);
        Ended { index, succeeded: false, file: None }
    }
}

/// The node's result: a success, an error, or a partial success.
fn merged(steps: &[&BatchStep], ended: Vec<Ended>, result: NodeResult) -> NodeResult {
    let mut batches = Batches::default();
    for batch in ended {
        let window = steps[batch.index].batch.window;
        let list = if batch.succeeded { &mut batches.successful } else { &mut batches.failed };
        list.push(window);
        batches.files.extend(batch.file);
    }
    let (good, bad) = (batches.successful.len(), batches.failed.len());
    let (status, message) = match (good, bad) {
        (_, 0) => (Status::Success, "SUCCESS".to_owned()),
        (0, _) => (Status::Error, "ERROR".to_owned()),
        _ => (Status::PartialSuccess, format!("PARTIAL SUCCESS ({good}/{})", good + bad)),
    };
    // Each problem was told with its batch.
    NodeResult { status, message, failures: Some(0), batches: Some(batches), problem: None, ..result }
}
