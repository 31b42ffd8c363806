//! Files for others: manifest, run results, catalog, the documentation site.
//!
//! What is written here has dbt's shapes (manifest v12, run results v6, catalog v1, sources v3), so that tools that read dbt's target
//! folder read merganser's. Each file is made as a value by a pure function; [`write`] puts it on disk.

pub mod catalog;
mod docs;
mod lineage;
pub mod listing;
mod macros;
pub mod manifest;
pub mod ran;
pub mod run_results;
pub mod site;
pub mod sources;
pub mod summary;
pub mod write;

pub use lineage::{LineageInput, LineageRecord, lineage_json, lineage_mermaid, lineage_text};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::jinja::{DBT_VERSION, Session};

/// What all artifacts say about the invocation that made them.
pub struct Invocation<'a> {
    /// The session: root project, adapter, environment and start.
    pub session: &'a Session,
    /// When the artifact is made.
    pub generated_at: DateTime<Utc>,
}

impl Invocation<'_> {
    /// `metadata` of an artifact whose schema has this name and version: `run-results/v6`.
    fn metadata(&self, schema: &str) -> Map<String, Value> {
        let facts = &self.session.facts;
        let custom = facts.environment.iter().filter_map(|(key, value)| {
            key.strip_prefix("DBT_ENV_CUSTOM_ENV_").map(|name| (name.to_owned(), json!(value)))
        });
        let fields = [
            ("dbt_schema_version", json!(format!("https://schemas.getdbt.com/dbt/{schema}.json"))),
            ("dbt_version", json!(DBT_VERSION)),
            ("generated_at", json!(timestamp(self.generated_at))),
            ("invocation_id", json!(facts.run.invocation_id)),
            ("invocation_started_at", json!(timestamp(facts.run.started_at))),
            ("env", Value::Object(custom.collect())),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// A time as dbt's artifacts have it: UTC, microseconds.
fn timestamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// A time as seconds since 1970, as `created_at` has it.
fn seconds(time: DateTime<Utc>) -> Value {
    // Microseconds of our times are far below 2^53.
    #[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 stay below 2^53 until the year 2255")]
    let seconds = time.timestamp_micros() as f64 / 1_000_000.0;
    json!(seconds)
}
