//! What the project declares: models, seeds, snapshots, sources, tests, exposures, policies, macros.
//!
//! Everything is kept as it was written, with where it stands; nothing is resolved here. Files become [`FileNode`]s,
//! YAML becomes [`Entry`]s, `{% macro %}` blocks become [`Macro`]s, `{% docs %}` blocks [`DocsBlock`]s.

mod block;
mod color;
pub mod deps;
mod entry;
mod files;
mod missing;
mod policy;
mod read;
mod required;
mod shape;

pub use block::{Block, BlockError, BlockKind, blocks};
pub use entry::{Entry, EntryKind};
pub use policy::{Parameter, Policy};
pub use read::{Reading, read};
pub use shape::{Misfit, config_misfit};

use std::ops::Range;

use serde_json::Value;

use crate::config::{ProjectFile, Settings};
use crate::source::{FileId, Span};

/// A project and its packages, as declared.
#[derive(Debug)]
pub struct Project {
    /// The root project first, then its packages by name.
    pub packages: Vec<Package>,
    /// Files that become nodes.
    pub nodes: Vec<FileNode>,
    /// All macros, the built-in ones too.
    pub macros: Vec<Macro>,
    /// All docs blocks.
    pub docs: Vec<DocsBlock>,
    /// Everything declared in YAML.
    pub entries: Vec<Entry>,
    /// Files with rows for unit tests.
    pub fixtures: Vec<Fixture>,
    /// Masking policies.
    pub policies: Vec<Policy>,
    /// `merganser.yml`.
    pub settings: Settings,
    /// `selectors.yml`, where there is one that can be read.
    pub selectors: Option<Selectors>,
}

impl Project {
    /// Gives back the memory of what only the graph is built from.
    pub fn settle(&mut self) {
        self.entries.iter_mut().for_each(Entry::settle);
    }
}

/// What `selectors.yml` declares.
#[derive(Debug, Clone)]
pub struct Selectors {
    /// Each selector, rendered.
    pub list: Vec<Value>,
    /// Where each one's definition stands.
    pub spans: Vec<Span>,
}

/// One project of the invocation.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its project file.
    pub file: ProjectFile,
    /// The folder as shown, relative to the root project's; empty for the root.
    pub shown: String,
}

/// What kind of node something is; dbt's resource types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A model.
    Model,
    /// A seed.
    Seed,
    /// A snapshot.
    Snapshot,
    /// A data test, singular or generic.
    Test,
    /// An analysis.
    Analysis,
    /// A hook of `on-run-start` or `on-run-end`.
    Operation,
    /// A table of a source.
    Source,
    /// An exposure.
    Exposure,
    /// A metric.
    Metric,
    /// A semantic model.
    SemanticModel,
    /// A saved query.
    SavedQuery,
    /// A unit test.
    UnitTest,
    /// A function of the warehouse.
    Function,
}

impl NodeKind {
    /// Every kind, in the order of dbt's documentation.
    pub const ALL: [Self; 13] = [
        Self::Model,
        Self::Seed,
        Self::Snapshot,
        Self::Test,
        Self::Analysis,
        Self::Operation,
        Self::Source,
        Self::Exposure,
        Self::Metric,
        Self::SemanticModel,
        Self::SavedQuery,
        Self::UnitTest,
        Self::Function,
    ];

    /// dbt's word: `resource_type`, and the first part of a unique id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Test => "test",
            Self::Analysis => "analysis",
            Self::Operation => "operation",
            Self::Source => "source",
            Self::Exposure => "exposure",
            Self::Metric => "metric",
            Self::SemanticModel => "semantic_model",
            Self::SavedQuery => "saved_query",
            Self::UnitTest => "unit_test",
            Self::Function => "function",
        }
    }

    /// Whether `ref` can name it.
    pub fn is_refable(self) -> bool {
        matches!(self, Self::Model | Self::Seed | Self::Snapshot)
    }

    /// The keys of its configuration tree in `dbt_project.yml`.
    pub fn config_trees(self) -> &'static [&'static str] {
        match self {
            Self::Seed => &["seeds"],
            Self::Snapshot => &["snapshots"],
            Self::Test => &["tests", "data_tests"],
            Self::Source => &["sources"],
            Self::Exposure => &["exposures"],
            Self::Metric => &["metrics"],
            Self::SemanticModel => &["semantic-models"],
            Self::SavedQuery => &["saved-queries"],
            Self::UnitTest => &["unit_tests"],
            Self::Function => &["functions"],
            Self::Model | Self::Analysis | Self::Operation => &["models"],
        }
    }
}

/// A file, or a `{% snapshot %}` block of one, that becomes a node.
#[derive(Debug, Clone)]
pub struct FileNode {
    /// What it becomes.
    pub kind: NodeKind,
    /// Its package.
    pub package: String,
    /// Its name.
    pub name: String,
    /// The path below the resource folder; analyses begin with `analysis/`.
    pub path: String,
    /// The path below the package's folder.
    pub original_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// The file.
    pub file: FileId,
    /// The bytes of the file that are its code: without white space around it.
    pub code: Range<usize>,
    /// SHA-256 of the file's text without white space around it, in hexadecimal; seeds over 1 MiB: of their path.
    pub checksum: Checksum,
}

/// How dbt names what a file held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// `sha256`, `path` or `none`.
    pub name: &'static str,
    /// The digest, or the path.
    pub value: String,
}

/// A `{% macro %}`, `{% test %}` or `{% materialization %}` block.
#[derive(Debug, Clone)]
pub struct Macro {
    /// Its package; built-in ones are of `dbt`, `dbt_duckdb` or `dbt_snowflake`.
    pub package: String,
    /// The name it is called by: `test_<name>` for tests, `materialization_<name>_<adapter>` for materializations.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// The path below the package's folder.
    pub original_path: String,
    /// The block.
    pub block: Block,
    /// For a materialization, the languages it supports.
    pub languages: Option<Vec<String>>,
}

impl Macro {
    /// dbt's `unique_id`.
    pub fn unique_id(&self) -> String {
        format!("macro.{}.{}", self.package, self.name)
    }

    /// Where its header stands.
    pub fn span(&self) -> Span {
        Span::new(self.file, self.block.header.clone())
    }
}

/// A file of `tests/fixtures`: rows for unit tests, as CSV or SQL.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// Its package.
    pub package: String,
    /// The file's name without its ending.
    pub name: String,
    /// The file.
    pub file: FileId,
}

/// A `{% docs %}` block.
#[derive(Debug, Clone)]
pub struct DocsBlock {
    /// Its package.
    pub package: String,
    /// Its name.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// Its tag in the file.
    pub header: std::ops::Range<usize>,
    /// The path below the package's folder.
    pub original_path: String,
    /// The path below the resource folder.
    pub path: String,
    /// Its text, without white space around it.
    pub text: String,
}

/// What counts as the adapter's own macro packages, nearest first.
pub fn internal_packages(adapter: &str) -> [String; 2] {
    [format!("dbt_{adapter}"), "dbt".to_owned()]
}

/// The names of all packages that are part of the binary.
pub const INTERNAL: [&str; 3] = ["dbt", "dbt_duckdb", "dbt_snowflake"];
