//! Things declared in YAML, as written, with where they stand.

use serde_json::{Map, Value};

use crate::config::yaml::{Step, locate};
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
    pub const LISTS: [(&'static str, Self); 15] = [
        ("models", Self::Model),
        ("seeds", Self::Seed),
        ("snapshots", Self::Snapshot),
        ("sources", Self::Source),
        ("analyses", Self::Analysis),
        ("macros", Self::Macro),
        ("exposures", Self::Exposure),
        ("groups", Self::Group),
        ("data_tests", Self::DataTest),
        ("tests", Self::DataTest),
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
    /// Where the item stands in the file.
    pub steps: Vec<Step>,
    /// The item, rendered where dbt renders it while reading.
    pub value: Map<String, Value>,
    /// The item as written.
    pub written: Map<String, Value>,
}

impl Entry {
    /// The place of the key or item that `more` leads to from the entry.
    pub fn span(&self, sources: &Sources, more: &[Step]) -> Span {
        let path: Vec<Step> = self.steps.iter().chain(more).cloned().collect();
        Span::new(self.file, locate(sources.text(self.file), &path))
    }

    /// Whether it has what these steps lead to.
    pub fn has(&self, steps: &[Step]) -> bool {
        let one = |value: &Value, step: &Step| match step {
            Step::Key(key) => value.get(key).cloned(),
            Step::Index(index) => value.get(index).cloned(),
        };
        let whole = Value::Object(self.value.clone());
        steps.iter().try_fold(whole, |value, step| one(&value, step)).is_some()
    }

    /// A text field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }
}
