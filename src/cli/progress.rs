//! What a run says while it goes on, and at its end.

use serde_json::json;

use super::printer::Printer;
use crate::config::Batch;
use crate::execute::{BatchReport, NodeResult, Observer, Status};
use crate::graph::{Graph, Node};
use crate::plan::{Action, NodePlan};
use crate::source::Sources;

/// Tells how nodes begin and end.
pub(super) struct Progress<'a> {
    pub(super) printer: &'a Printer,
    pub(super) graph: &'a Graph,
    pub(super) sources: &'a Sources,
}

impl Progress<'_> {
    /// What a node is called in messages: `table model analytics.orders`.
    fn name(&self, unique_id: &str, action: Action) -> String {
        let Some(node) = self.graph.node(unique_id) else { return unique_id.to_owned() };
        let relation =
            node.relation.as_deref().map(|r| format!("{}.{}", r.schema.clone().unwrap_or_default(), r.identifier));
        match action {
            _ if node.unit.is_some() => format!(
                "unit_test {}::{}",
                node.declared.get("model").and_then(serde_json::Value::as_str).unwrap_or_default(),
                node.alias
            ),
            Action::RunTest => format!("test {}", node.name),
            Action::LoadFiles => format!("source {}", relation.unwrap_or_else(|| node.name.clone())),
            Action::LoadSeed => format!("seed {}", relation.unwrap_or_else(|| node.name.clone())),
            Action::RunHook => format!("hook {}", node.name),
            _ => format!(
                "{} {} {}",
                node.materialized(),
                node.kind.as_str(),
                relation.unwrap_or_else(|| node.name.clone())
            ),
        }
    }

    fn line(&self, index: usize, total: usize, word: &str, rest: &str) {
        let width = total.to_string().len();
        self.printer.note(&format!("{index:>width$} of {total} {word} {rest}"));
    }
}

impl Observer for Progress<'_> {
    fn started(&self, plan: &NodePlan, index: usize, total: usize) {
        self.line(index, total, &self.printer.paint("START", 8), &self.name(&plan.unique_id, plan.action));
        self.printer.event(&json!({"event": "started", "node": plan.unique_id, "index": index, "total": total}));
    }

    fn finished(&self, result: &NodeResult, index: usize, total: usize) {
        let (word, colour) = match result.status {
            Status::Success => ("OK   ", 2),
            Status::Pass => ("PASS ", 2),
            Status::Warn => ("WARN ", 3),
            Status::NoOp => ("NO-OP", 2),
            Status::Skipped => ("SKIP ", 3),
            Status::PartialSuccess => ("PARTIAL", 3),
            Status::Fail => ("FAIL ", 1),
            Status::Error => ("ERROR", 1),
        };
        let rows = result.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
        let failures = result
            .failures
            .filter(|_| matches!(result.status, Status::Warn | Status::Fail))
            .map(|n| format!(", {n} rows"))
            .unwrap_or_default();
        let why = if result.status == Status::Skipped { format!(": {}", result.message) } else { String::new() };
        let what = self.name(&result.unique_id, result.action);
        let seconds = result.duration.as_secs_f64();
        let note = if result.action == Action::LoadFiles && !result.message.is_empty() {
            format!(", {}", result.message)
        } else {
            String::new()
        };
        self.line(
            index,
            total,
            &self.printer.paint(word, colour),
            &format!("{what} in {seconds:.2}s{rows}{failures}{note}{why}"),
        );
        if let Some(problem) = &result.problem {
            self.printer.diagnostic(problem, self.sources);
        }
        self.printer.event(&json!({
            "event": "finished", "node": result.unique_id, "status": result.status.as_str(), "rows": result.rows,
            "failures": result.failures, "seconds": seconds, "index": index, "total": total,
        }));
    }

    fn batch_started(&self, node: &Node, batch: &Batch, (index, total): (usize, usize)) {
        let name = self.name(&node.unique_id, Action::Batches);
        let word = self.printer.paint("START", 8);
        self.printer.note(&format!("  batch {index} of {total} {word} {} of {name}", batch.name));
        self.printer.event(&json!({
            "event": "batch_started", "node": node.unique_id, "batch": batch.id, "index": index, "total": total,
        }));
    }

    fn batch_finished(&self, node: &Node, batch: &Batch, (index, total): (usize, usize), report: &BatchReport<'_>) {
        let name = self.name(&node.unique_id, Action::Batches);
        let (word, colour) = batch_word(report.status);
        let seconds = report.duration.as_secs_f64();
        let rows = report.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
        self.printer.note(&format!(
            "  batch {index} of {total} {} {} of {name} in {seconds:.2}s{rows}",
            self.printer.paint(word, colour),
            batch.name
        ));
        if let Some(problem) = report.problem {
            self.printer.diagnostic(problem, self.sources);
        }
        self.printer.event(&json!({
            "event": "batch_finished", "node": node.unique_id, "batch": batch.id, "status": report.status.as_str(),
            "seconds": seconds, "index": index, "total": total,
        }));
    }
}

/// What is shown of how a batch ended.
fn batch_word(status: Status) -> (&'static str, u8) {
    match status {
        Status::Success => ("OK   ", 2),
        Status::Skipped => ("SKIP ", 3),
        _ => ("ERROR", 1),
    }
}

/// How many results have each status, in dbt's words.
pub(super) fn summary(results: &[NodeResult]) -> String {
    let count = |statuses: &[Status]| results.iter().filter(|result| statuses.contains(&result.status)).count();
    let partial = match count(&[Status::PartialSuccess]) {
        0 => String::new(),
        some => format!(" PARTIAL={some}"),
    };
    format!(
        "Done. PASS={} WARN={} ERROR={}{partial} SKIP={} TOTAL={}",
        count(&[Status::Success, Status::Pass, Status::NoOp]),
        count(&[Status::Warn]),
        count(&[Status::Error, Status::Fail]),
        count(&[Status::Skipped]),
        results.len()
    )
}
