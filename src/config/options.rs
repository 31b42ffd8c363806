//! What the invocation asks for, decided once: nothing below the command line reads the environment, the clock or a flag.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Undone, Window};

/// What holds for every command.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of `dbt_project.yml`.
    pub project_dir: PathBuf,
    /// Where artifacts go.
    pub target_path: Option<PathBuf>,
    /// Folders to look for `profiles.yml` in, in order; a single one was named, and must have it.
    pub profiles_dirs: Vec<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--vars`.
    pub vars: Arc<Map<String, Value>>,
    /// The environment as it was at the start.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The version of dbt that projects must be for; none where that is not checked.
    pub dbt_version: Option<String>,
    /// This invocation.
    pub run: Run,
}

/// One invocation: what dbt calls the flags and the metadata of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The command: `run`, `build`, ...
    pub command: &'static str,
    /// A fresh UUID.
    pub invocation_id: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// `--full-refresh`; none where it was not said.
    pub full_refresh: bool,
    /// `--store-failures`.
    pub store_failures: bool,
    /// `--fail-fast`.
    pub fail_fast: bool,
    /// `--empty`: references read no rows.
    pub empty: bool,
    /// `--event-time-start` and `--event-time-end`: what microbatch models build.
    pub event_time: Option<Window>,
    /// By unique id, the batches of microbatch models that an earlier run left undone; of these models only they are built.
    pub undone: Arc<BTreeMap<String, Undone>>,
    /// `--sample`: the event time that references read.
    pub sample: Option<Window>,
    /// dbt's names of the warnings which, when a template gives them, fail what is rendered.
    pub fatal_warnings: Vec<&'static str>,
    /// `--show-all-deprecations`: each is told at each place.
    pub all_deprecations: bool,
    /// The command line as typed, without secrets, for the artifacts.
    pub arguments: Map<String, Value>,
}
