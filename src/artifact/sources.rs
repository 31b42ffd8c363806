//! `sources.json`, version 3: when sources were last loaded. Like dbt, it tells only of those that gave an answer.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::run_results::Interval;
use super::{Invocation, timestamp};

/// What one source said.
#[derive(Debug, Clone)]
pub struct Check {
    /// The source's table.
    pub unique_id: String,
    /// dbt's word: `pass`, `warn`, `error`.
    pub status: &'static str,
    /// The latest time found.
    pub max_loaded_at: DateTime<Utc>,
    /// When it was asked.
    pub snapshotted_at: DateTime<Utc>,
    /// The thresholds and the filter, as configured.
    pub criteria: Value,
    /// What the warehouse said.
    pub adapter_response: Map<String, Value>,
    /// From when to when it was asked.
    pub execute: Interval,
    /// The thread, as dbt names it.
    pub thread: String,
}

impl Check {
    /// How old the latest rows are, in seconds.
    fn age(&self) -> f64 {
        seconds(self.snapshotted_at - self.max_loaded_at)
    }
}

/// A duration in seconds, with its microseconds.
pub fn seconds(duration: chrono::Duration) -> f64 {
    let micros = duration.num_microseconds().unwrap_or(i64::MAX);
    #[expect(
        clippy::cast_precision_loss,
        reason = "an age in microseconds stays below 2^53 for 285 years, and is rounded after that"
    )]
    let seconds = micros as f64 / 1_000_000.0;
    seconds
}

/// The file's value.
pub fn sources(invocation: &Invocation<'_>, checks: &[Check], elapsed_seconds: f64) -> Value {
    json!({
        "metadata": invocation.metadata("sources/v3"),
        "results": checks.iter().map(one).collect::<Vec<_>>(),
        "elapsed_time": elapsed_seconds,
    })
}

fn one(check: &Check) -> Value {
    let interval = check.execute;
    let timing = ["compile", "execute"].map(|name| {
        let end = if name == "compile" { interval.started_at } else { interval.completed_at };
        json!({"name": name, "started_at": timestamp(interval.started_at), "completed_at": timestamp(end)})
    });
    json!({
        "unique_id": check.unique_id,
        "max_loaded_at": offset(check.max_loaded_at),
        "snapshotted_at": offset(check.snapshotted_at),
        "max_loaded_at_time_ago_in_s": check.age(),
        "status": check.status,
        "criteria": check.criteria,
        "adapter_response": check.adapter_response,
        "timing": timing,
        "thread_id": check.thread,
        "execution_time": seconds(interval.completed_at - interval.started_at),
    })
}

/// A time as Python's `isoformat` writes it: the microseconds only where there are some.
fn offset(time: DateTime<Utc>) -> String {
    let format =
        if time.timestamp_subsec_micros() == 0 { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%dT%H:%M:%S%.6f+00:00" };
    time.format(format).to_string()
}
