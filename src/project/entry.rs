//! Things declared in YAML, as written, with where they stand.

use serde_json::{Map, Value};

use std::sync::Arc;

use crate::config::yaml::{Place, Places, Step};
use crate::source::{FileId, Sources, Span};

/// The top-level list an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// `models:`
    Model,
    /// `seeds:`
    Seed,
    /// `snapshots:`
    Snapshot,
    /// `sources:`
    Source,
    /// `analyses:`
    Analysis,
    /// `macros:`
    Macro,
    /// `exposures:`
    Exposure,
    /// `groups:`
    Group,
    /// `data_tests:` or `tests:`, properties of singular tests
    DataTest,
    /// `unit_tests:`
    UnitTest,
    /// `metrics:`
    Metric,
    /// `semantic_models:`
    SemanticModel,
    /// `saved_queries:`
    SavedQuery,
    /// `functions:`
    Function,
}

impl EntryKind {
    /// Key and kind of every list.
    pub const LISTS: [(&'static str, Self); 14] = [
        ("models", Self::Model),
        ("seeds", Self::Seed),
        ("snapshots", Self::Snapshot),
        ("sources", Self::Source),
        ("analyses", Self::Analysis),
        ("macros", Self::Macro),
        ("exposures", Self::Exposure),
        ("groups", Self::Group),
        ("data_tests", Self::DataTest),
        ("unit_tests", Self::UnitTest),
        ("metrics", Self::Metric),
        ("semantic_models", Self::SemanticModel),
        ("saved_queries", Self::SavedQuery),
        ("functions", Self::Function),
    ];

    /// The key of the list, dbt's `yaml_key`.
    pub fn key(self) -> &'static str {
        Self::LISTS.iter().find(|(_, kind)| *kind == self).map_or("", |(key, _)| key)
    }
}

/// One item of a top-level YAML list.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The list.
    pub kind: EntryKind,
    /// The package of the file.
    pub package: String,
    /// The item's name.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// The file's path below the package's folder.
    pub original_path: String,
    /// The file's path below its resource folder.
    pub path: String,
    /// Where the item stands in the file: list and number.
    pub steps: Vec<Step>,
    /// Where the keys and items of its file stand.
    pub places: Arc<Places>,
    /// Where the item stands among them; none in flow style.
    pub place: Option<Place>,
    /// The item, rendered where dbt renders it while reading.
    pub value: Arc<Map<String, Value>>,
    /// The item as written.
    pub written: Arc<Map<String, Value>>,
}

impl Entry {
    /// The place of the key or item that `more` leads to from the entry.
    pub fn span(&self, sources: &Sources, more: &[Step]) -> Span {
        let text = sources.text(self.file);
        let range = match &self.place {
            Some(place) => self.places.find(text, Some(place), more),
            None => self.places.find(text, None, &[&self.steps, more].concat()),
        };
        Span::new(self.file, range)
    }

    /// Whether it has what these steps lead to.
    pub fn has(&self, steps: &[Step]) -> bool {
        let Some((Step::Key(first), rest)) = steps.split_first() else { return steps.is_empty() };
        let first = self.value.get(first);
        first.is_some_and(|first| rest.iter().try_fold(first, inside).is_some())
    }

    /// Gives back what only the graph is built from, tests and columns: they are most of a large project's YAML. What later phases
    /// ask for stays: every other key, and the descriptions of columns that call docs blocks.
    pub(super) fn settle(&mut self) {
        let kinds = [EntryKind::Model, EntryKind::Seed, EntryKind::Snapshot, EntryKind::Analysis, EntryKind::DataTest];
        if !kinds.contains(&self.kind) {
            return;
        }
        let is_one = Arc::ptr_eq(&self.value, &self.written);
        self.written = Arc::new(settled(&self.written));
        self.value = if is_one { self.written.clone() } else { Arc::new(settled(&self.value)) };
    }

    /// A text field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }
}

fn settled(fields: &Map<String, Value>) -> Map<String, Value> {
    let calls_docs = |column: &&Value| {
        column.get("description").and_then(Value::as_str).is_some_and(|description| description.contains("doc("))
    };
    let stays = |(key, value): (&String, &Value)| match key.as_str() {
        "tests" | "data_tests" => None,
        "columns" => {
            let described: Vec<Value> = value.as_array().into_iter().flatten().filter(calls_docs).cloned().collect();
            (!described.is_empty()).then(|| (key.clone(), Value::Array(described)))
        }
        _ => Some((key.clone(), value.clone())),
    };
    fields.iter().filter_map(stays).collect()
}

fn inside<'v>(value: &'v Value, step: &Step) -> Option<&'v Value> {
    match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    }
}
