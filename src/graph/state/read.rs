//! Reading the files of a state folder: `manifest.json`, `run_results.json`, `sources.json`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Previous, PreviousManifest};

/// The part of a manifest that comparing and deferring need.
#[derive(Deserialize)]
struct ManifestFile {
    metadata: Metadata,
    #[serde(default)]
    nodes: IndexMap<String, Map<String, Value>>,
    #[serde(default)]
    sources: Resources,
    #[serde(default)]
    exposures: Resources,
    #[serde(default)]
    metrics: Resources,
    #[serde(default)]
    semantic_models: Resources,
    #[serde(default)]
    saved_queries: Resources,
    #[serde(default)]
    unit_tests: Resources,
    #[serde(default)]
    functions: Resources,
    #[serde(default)]
    macros: BTreeMap<String, MacroText>,
}

type Resources = BTreeMap<String, Map<String, Value>>;

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    dbt_schema_version: String,
}

#[derive(Deserialize)]
struct MacroText {
    #[serde(default)]
    macro_sql: String,
}

#[derive(Deserialize)]
struct ResultsFile {
    metadata: Metadata,
    results: Vec<ResultLine>,
}

#[derive(Deserialize)]
struct ResultLine {
    unique_id: String,
    status: String,
    #[serde(default)]
    max_loaded_at: Option<String>,
}

/// Reads JSON; the error is said without the names of our types.
fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => format!("it does not hold what dbt writes there ({place})"),
            _ => format!("it is not JSON ({place})"),
        }
    })
}

/// Which schemas of an artifact are understood.
fn check(metadata: &Metadata, artifact: &str, versions: std::ops::RangeInclusive<u32>) -> Result<(), String> {
    let found = metadata.dbt_schema_version.as_str();
    let version = found
        .rsplit_once('/')
        .filter(|(front, _)| front.ends_with(&format!("/{artifact}")))
        .and_then(|(_, file)| file.strip_prefix('v')?.strip_suffix(".json")?.parse::<u32>().ok());
    match version {
        Some(version) if versions.contains(&version) => Ok(()),
        _ if found.is_empty() => Err("it does not say which schema it has".to_owned()),
        _ => Err(format!(
            "its schema is {found}; {artifact} versions {} to {} are read",
            versions.start(),
            versions.end()
        )),
    }
}

impl PreviousManifest {
    /// Reads a `manifest.json`; the error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: ManifestFile = parse(text)?;
        check(&file.metadata, "manifest", 4..=12)?;
        let mut nodes = file.nodes;
        // Until version 6 the template was `raw_sql`.
        for fields in nodes.values_mut() {
            for (old, new) in [("raw_sql", "raw_code"), ("compiled_sql", "compiled_code")] {
                if let Some(text) = fields.shift_remove(old) {
                    fields.insert(new.to_owned(), text);
                }
            }
        }
        let mut others = file.sources;
        for more in
            [file.exposures, file.metrics, file.semantic_models, file.saved_queries, file.unit_tests, file.functions]
        {
            others.extend(more);
        }
        let macros = file.macros.into_iter().map(|(id, text)| (id, text.macro_sql)).collect();
        Ok(Self { nodes, others, macros })
    }
}

impl Previous {
    /// Reads a `run_results.json` to the status of each node.
    pub fn read_results(text: &str) -> Result<BTreeMap<String, String>, String> {
        let file: ResultsFile = parse(text)?;
        check(&file.metadata, "run-results", 4..=6)?;
        Ok(file.results.into_iter().map(|line| (line.unique_id, line.status)).collect())
    }

    /// Reads a `sources.json` to when each source was last loaded; sources that could not be asked are left out.
    pub fn read_freshness(text: &str) -> Result<BTreeMap<String, DateTime<Utc>>, String> {
        let file: ResultsFile = parse(text)?;
        check(&file.metadata, "sources", 1..=3)?;
        let loaded = |line: ResultLine| Some((line.unique_id, time(&line.max_loaded_at?)?));
        Ok(file.results.into_iter().filter_map(loaded).collect())
    }
}

/// A time with its zone; one without is UTC.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc());
    zoned.or_else(|_| plain()).ok()
}
