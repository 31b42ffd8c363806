//! `run_results.json`, version 6: what became of each node of a run.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Invocation, timestamp};

/// A finished run: everything but its results.
pub struct RunResults<'a> {
    /// The invocation.
    pub invocation: Invocation<'a>,
    /// How long the whole run took, in seconds.
    pub elapsed_seconds: f64,
    /// Arguments beside those of the invocation, by dbt's names.
    pub arguments: Map<String, Value>,
}

/// What became of one node.
#[derive(Debug, Clone, Default)]
pub struct NodeResult {
    /// The node.
    pub unique_id: String,
    /// dbt's word: `success`, `error`, `skipped`, `pass`, `warn`, `fail`, `partial success`, `no-op`.
    pub status: &'static str,
    /// When compiling began and ended, if it did.
    pub compile: Option<Interval>,
    /// When executing began and ended, if it did.
    pub execute: Option<Interval>,
    /// The thread, as dbt names it: `Thread-1 (worker)`.
    pub thread: String,
    /// How long the node took, in seconds.
    pub seconds: f64,
    /// What the warehouse said: `_message`, `code`, `rows_affected`, `query_id`.
    pub adapter_response: Map<String, Value>,
    /// What to tell the user.
    pub message: Option<String>,
    /// The number of failing rows of a test.
    pub failures: Option<u64>,
    /// Whether it was compiled; none for what never is.
    pub compiled: Option<bool>,
    /// The compiled SQL.
    pub compiled_code: Option<String>,
    /// The relation it makes.
    pub relation_name: Option<String>,
    /// The batches of a microbatch model: `{"successful": [...], "failed": [...]}`.
    pub batch_results: Option<Value>,
}

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The beginning.
    pub started_at: DateTime<Utc>,
    /// The end.
    pub completed_at: DateTime<Utc>,
}

/// The file as serde writes it. Results are made when they are written, so that those of a large project are never in memory
/// together.
#[derive(Serialize)]
#[serde(bound = "")]
struct Report<I: Iterator<Item = NodeResult>> {
    metadata: Map<String, Value>,
    results: Listed<I>,
    elapsed_time: f64,
    args: Map<String, Value>,
}

/// Results that are made once.
struct Listed<I>(Cell<Option<I>>);

impl<I: Iterator<Item = NodeResult>> Serialize for Listed<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

impl RunResults<'_> {
    /// The file with these results, in the order the nodes ended; it can be written once.
    pub fn of<I: Iterator<Item = NodeResult>>(&self, results: I) -> impl Serialize + use<I> {
        let mut args = arguments(&self.invocation);
        args.extend(self.arguments.clone());
        Report {
            metadata: self.invocation.metadata("run-results/v6"),
            results: Listed(Cell::new(Some(results))),
            elapsed_time: self.elapsed_seconds,
            args,
        }
    }
}

/// The arguments as typed, with the command under dbt's key.
fn arguments(invocation: &Invocation<'_>) -> Map<String, Value> {
    let run = &invocation.session.facts.run;
    let mut arguments = run.arguments.clone();
    // dbt writes none that were not given, and its `retry` takes none.
    arguments.retain(|_, value| !value.is_null());
    arguments.entry("which").or_insert_with(|| json!(run.command));
    arguments
}

impl Serialize for NodeResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timing: Vec<Phase> = [("compile", self.compile), ("execute", self.execute)]
            .into_iter()
            .filter_map(|(name, interval)| Some(Phase { name, interval: interval? }))
            .collect();
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("status", self.status)?;
        fields.serialize_entry("timing", &timing)?;
        fields.serialize_entry("thread_id", &self.thread)?;
        fields.serialize_entry("execution_time", &self.seconds)?;
        fields.serialize_entry("adapter_response", &self.adapter_response)?;
        fields.serialize_entry("message", &self.message)?;
        fields.serialize_entry("failures", &self.failures)?;
        fields.serialize_entry("unique_id", &self.unique_id)?;
        fields.serialize_entry("compiled", &self.compiled)?;
        fields.serialize_entry("compiled_code", &self.compiled_code)?;
        fields.serialize_entry("relation_name", &self.relation_name)?;
        fields.serialize_entry("batch_results", &self.batch_results)?;
        fields.end()
    }
}

/// One entry of `timing`.
struct Phase {
    name: &'static str,
    interval: Interval,
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(3))?;
        fields.serialize_entry("name", self.name)?;
        fields.serialize_entry("started_at", &timestamp(self.interval.started_at))?;
        fields.serialize_entry("completed_at", &timestamp(self.interval.completed_at))?;
        fields.end()
    }
}
