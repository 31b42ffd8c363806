//! What an earlier invocation left: its manifest, its run results, its freshness results.
//!
//! The files may be dbt's own. Of a manifest, nodes are kept as dbt's dictionaries, which is what [`dictionary`](super::dictionary())
//! makes of a node of today: the two are compared key by key.

mod compare;
mod contract;
mod read;

pub(super) use compare::{Check, Comparison};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::project::{INTERNAL, Macro, NodeKind, Project};
use crate::source::Sources;

/// What selection can ask of an earlier invocation.
#[derive(Debug, Clone, Default)]
pub struct Previous {
    /// The folder of `--state` as shown; none where the option was not given.
    pub folder: Option<String>,
    /// The manifest, for `state:`.
    pub manifest: Option<Arc<PreviousManifest>>,
    /// Unique ids of macros that are new or have another text than in the manifest.
    pub changed_macros: BTreeSet<String>,
    /// Statuses of run results by unique id, for `result:`.
    pub results: Option<BTreeMap<String, String>>,
    /// When the newest row of each source was loaded, then and now, for `source_status:`.
    pub freshness: [Option<BTreeMap<String, DateTime<Utc>>>; 2],
    /// The start of this invocation, by which deprecation dates are past or not.
    pub now: Option<DateTime<Utc>>,
}

/// A manifest, of dbt or of merganser.
#[derive(Debug, Default)]
pub struct PreviousManifest {
    /// What dbt keeps under `nodes`.
    pub nodes: IndexMap<String, Map<String, Value>>,
    /// Sources, exposures, metrics, semantic models, saved queries and unit tests.
    others: BTreeMap<String, Map<String, Value>>,
    /// The text of each macro.
    macros: BTreeMap<String, String>,
}

impl PreviousManifest {
    /// The dictionary of a resource that is enabled there.
    pub fn resource(&self, unique_id: &str) -> Option<&Map<String, Value>> {
        self.nodes.get(unique_id).or_else(|| self.others.get(unique_id))
    }

    /// Nodes that make a relation there, by which readers here can be served.
    pub fn relations(&self) -> impl Iterator<Item = (&String, &Map<String, Value>)> {
        self.nodes.iter().filter(|(_, fields)| {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            let refable =
                NodeKind::ALL.iter().any(|kind| kind.is_refable() && text("resource_type") == Some(kind.as_str()));
            let materialized = fields.get("config").and_then(|config| config.get("materialized"));
            refable && materialized.and_then(Value::as_str) != Some("ephemeral")
        })
    }

    /// The functions there, by which callers here can be served.
    pub fn functions(&self) -> impl Iterator<Item = (&String, &Map<String, Value>)> {
        self.others.iter().filter(|(id, _)| id.starts_with("function."))
    }

    /// Macros of the project that are new or differ from what this manifest has. Built-in macros are merganser's own, and
    /// never count.
    pub fn changed_macros(&self, project: &Project, sources: &Sources) -> BTreeSet<String> {
        let own = project.macros.iter().filter(|m| !INTERNAL.contains(&m.package.as_str()));
        let differs = |m: &&Macro| {
            let text = &sources.text(m.file)[m.block.full.clone()];
            self.macros.get(&m.unique_id()).is_none_or(|before| before != text)
        };
        own.filter(differs).map(Macro::unique_id).collect()
    }
}
