//! What became of each node.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::config::{Batch, Window};
use crate::diagnostic::Diagnostic;
use crate::graph::Node;
use crate::plan::{Action, NodePlan};

/// How a node ended; dbt's statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was built.
    Success,
    /// It could not be compiled, or the warehouse refused it.
    Error,
    /// Something it needs did not succeed.
    Skipped,
    /// The test found nothing wrong.
    Pass,
    /// The test found something wrong.
    Fail,
    /// The test found something that is worth a warning.
    Warn,
    /// Some batches of a microbatch model were built, others not.
    PartialSuccess,
    /// There is nothing to do for it: an exposure, a saved query.
    NoOp,
}

impl Status {
    /// dbt's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::PartialSuccess => "partial success",
            Self::NoOp => "no-op",
        }
    }

    /// Whether what stands behind the node is skipped, and the command fails.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::Fail | Self::Skipped | Self::PartialSuccess)
    }
}

/// What became of a node.
#[derive(Debug, Clone)]
pub struct NodeResult {
    /// The node.
    pub unique_id: String,
    /// How it ended.
    pub status: Status,
    /// What was done.
    pub action: Action,
    /// The warehouse's words, or why it was skipped.
    pub message: String,
    /// Rows written, where the warehouse says.
    pub rows: Option<u64>,
    /// Rows a test found.
    pub failures: Option<i64>,
    /// When its compiling began and its statements were ready.
    pub compiled: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When it began and ended.
    pub executed: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// How long it took.
    pub duration: Duration,
    /// The worker, counted from 1.
    pub worker: usize,
    /// The warehouse's id of the main statement.
    pub query_id: Option<String>,
    /// The statements as run.
    pub statements: Vec<String>,
    /// What a macro wrote down as having run.
    pub written: Option<String>,
    /// The batches of a microbatch model.
    pub batches: Option<Batches>,
    /// The SQL it was compiled to, if that was done again before it ran.
    pub compiled_sql: Option<String>,
    /// The macros its template called, if it was compiled while it ran.
    pub called: Vec<String>,
    /// Of a unit test, the SQL in the place of what its model reads: name and text.
    pub fixtures: Vec<(String, String)>,
    /// What is wrong, at its place.
    pub problem: Option<Diagnostic>,
}

/// What became of the batches of a microbatch model.
#[derive(Debug, Clone, Default)]
pub struct Batches {
    /// When those are that were built.
    pub successful: Vec<Window>,
    /// When those are that failed or were skipped.
    pub failed: Vec<Window>,
    /// Their SQL.
    pub files: Vec<BatchFile>,
}

/// The SQL of a batch.
#[derive(Debug, Clone)]
pub struct BatchFile {
    /// The batch's start, as its size tells it.
    pub name: String,
    /// The query.
    pub compiled: String,
    /// The statements as run.
    pub statements: Vec<String>,
}

/// What became of one batch.
pub struct BatchReport<'a> {
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub duration: Duration,
    /// Rows written, where the warehouse says.
    pub rows: Option<u64>,
    /// What is wrong, at its place.
    pub problem: Option<&'a Diagnostic>,
}

impl NodeResult {
    /// The result of a node for which there is nothing to do.
    pub fn no_op(unique_id: &str) -> Self {
        Self::not_run(unique_id, Action::Nothing, (Status::NoOp, "NO-OP"))
    }

    /// The result of a node that is skipped because a hook before it failed.
    pub fn skipped(unique_id: &str) -> Self {
        Self::not_run(unique_id, Action::Nothing, (Status::Skipped, ""))
    }

    /// The result of a hook that stands behind one that failed.
    pub fn skipped_hook(unique_id: &str) -> Self {
        Self::not_run(unique_id, Action::RunHook, (Status::Skipped, ""))
    }

    fn not_run(unique_id: &str, action: Action, (status, message): (Status, &str)) -> Self {
        Self {
            unique_id: unique_id.to_owned(),
            status,
            action,
            message: message.to_owned(),
            rows: None,
            failures: None,
            compiled: None,
            executed: None,
            duration: Duration::ZERO,
            worker: 1,
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
}

/// Somebody who watches a run; called from the workers.
pub trait Observer: Sync {
    /// A node begins. `index` counts from 1 to `total`.
    fn started(&self, plan: &NodePlan, index: usize, total: usize);

    /// A node ended.
    fn finished(&self, result: &NodeResult, index: usize, total: usize);

    /// A batch of a microbatch model begins; its number counts from 1 to the total.
    fn batch_started(&self, node: &Node, batch: &Batch, place: (usize, usize));

    /// A batch of a microbatch model ended.
    fn batch_finished(&self, node: &Node, batch: &Batch, place: (usize, usize), report: &BatchReport<'_>);
}
