//! A node: something that is built, tested or read.

use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::jinja::RefCall;
use crate::project::{Checksum, NodeKind};
use crate::source::{FileId, Span};
use crate::sql::Relation;

/// A node with its final configuration and names.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// Its name; for a generic test the full one.
    pub name: String,
    /// Its package.
    pub package: String,
    /// dbt's `path`.
    pub path: String,
    /// The file's path below the package's folder.
    pub original_path: String,
    /// Package, folders, name, version.
    pub fqn: Vec<String>,
    /// The file it stands in.
    pub file: FileId,
    /// The bytes of the file that are its code; for what is declared in YAML, the declaration.
    pub code: Range<usize>,
    /// Its template; empty for seeds, sources and exposures.
    pub raw: Arc<str>,
    /// The relation's name.
    pub alias: String,
    /// The database.
    pub database: String,
    /// The schema.
    pub schema: String,
    /// The relation it makes or is; none for what makes none.
    pub relation: Option<Box<Relation>>,
    /// The final configuration, all of dbt's keys present.
    pub config: Arc<Map<String, Value>>,
    /// The configuration as written, before rendering.
    pub unrendered_config: Arc<Map<String, Value>>,
    /// Tags.
    pub tags: Vec<String>,
    /// The description, rendered.
    pub description: String,
    /// Declared columns, by name.
    pub columns: IndexMap<String, Column>,
    /// The group.
    pub group: Option<String>,
    /// Constraints of the model.
    pub constraints: Vec<Value>,
    /// The version of a versioned model.
    pub version: Option<Box<Value>>,
    /// The latest version of a versioned model.
    pub latest_version: Option<Box<Value>>,
    /// `deprecation_date`.
    pub deprecation_date: Option<Box<Value>>,
    /// `package://path` of the YAML file with its properties.
    pub patch_path: Option<String>,
    /// Where its properties stand: file, and the steps to the entry.
    pub patch: Option<usize>,
    /// What the file held.
    pub checksum: Checksum,
    /// `ref` calls, in order.
    pub refs: Vec<RefCall>,
    /// `source` calls, in order.
    pub sources: Vec<(String, String)>,
    /// `metric` calls, in order.
    pub metrics: Vec<Vec<String>>,
    /// `function` calls, in order: a name, or a package and a name.
    pub functions: Vec<Vec<String>>,
    /// Unique ids of the nodes it reads, in order, each once.
    pub depends_on: Vec<String>,
    /// Unique ids of the macros its template calls directly.
    pub macros: Vec<String>,
    /// What only tests have.
    pub test: Option<Box<TestDetails>>,
    /// What only unit tests have.
    pub unit: Option<Box<UnitTestDetails>>,
    /// What only sources have.
    pub source: Option<Box<SourceDetails>>,
    /// The declaration, for exposures, metrics and others that are kept as declared; the place in a list for hooks.
    pub declared: Map<String, Value>,
}

/// A declared column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name as written.
    pub name: String,
    /// The description, rendered.
    pub description: String,
    /// The type, if declared.
    pub data_type: Option<String>,
    /// Whether the name is quoted in SQL.
    pub quote: Option<bool>,
    /// `meta`, of the column and of its config.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Constraints.
    pub constraints: Vec<Value>,
    /// `granularity`.
    pub granularity: Option<String>,
    /// Keys that dbt does not know, which it passes on.
    pub more: Option<Box<Map<String, Value>>>,
    /// Where it stands.
    pub span: Span,
}

/// What makes a test generic.
#[derive(Debug, Clone)]
pub struct TestDetails {
    /// The test's name without `test_`.
    pub name: String,
    /// The package before the dot, if one was written.
    pub namespace: Option<String>,
    /// The arguments as written, `model` and `column_name` among them.
    pub arguments: Map<String, Value>,
    /// The column it is attached to.
    pub column_name: Option<String>,
    /// The unique id of the node it is attached to.
    pub attached_node: Option<String>,
    /// dbt's `file_key_name`: `models.orders`.
    pub file_key_name: String,
    /// Where it is declared.
    pub span: Span,
}

/// What a unit test has; its rows stand in its declaration.
#[derive(Debug, Clone)]
pub struct UnitTestDetails {
    /// The unique id of the model under test.
    pub tested: String,
    /// The unique ids of what its inputs stand for, in the order of `given`; empty for what stands for nothing.
    pub inputs: Vec<String>,
    /// Why it cannot run: the first input that stands for nothing.
    pub refused: Option<Box<Diagnostic>>,
    /// The file of the model's template, and its bytes there.
    pub origin: (FileId, Range<usize>),
    /// Where it is declared.
    pub span: Span,
}

/// What a table of a source has.
#[derive(Debug, Clone)]
pub struct SourceDetails {
    /// The source's name.
    pub source_name: String,
    /// The table's name in the warehouse.
    pub identifier: String,
    /// The source's description.
    pub source_description: String,
    /// `loader`.
    pub loader: String,
    /// `meta` of the source.
    pub source_meta: Map<String, Value>,
    /// `quoting` as declared.
    pub quoting: Map<String, Value>,
    /// `external:` of the table, as declared.
    pub external: Option<Value>,
    /// The database as written.
    pub unrendered_database: Option<String>,
    /// The schema as written.
    pub unrendered_schema: Option<String>,
    /// What `DuckDB` reads in the place of a table: a file, or a call of a function.
    pub read_in_place: Option<String>,
    /// The relation as artifacts name it, where that differs: quoted as the root project says, which templates do not go by (dbt:
    /// `SourceQuotingBaseConfig`).
    pub shown: Option<String>,
}

impl Node {
    /// Gives back the memory its lists do not need: a project has tens of thousands of nodes, and most of their lists hold one thing.
    pub(super) fn shrink(&mut self) {
        self.columns.shrink_to_fit();
        self.tags.shrink_to_fit();
        self.constraints.shrink_to_fit();
        self.refs.shrink_to_fit();
        self.sources.shrink_to_fit();
        self.macros.shrink_to_fit();
    }

    /// Whether it is a generic test that nobody defines.
    pub(super) fn lacks_test(&self) -> bool {
        let defines = |name: &str| self.macros.iter().any(|id| id.ends_with(&format!(".test_{name}")));
        self.test.as_ref().is_some_and(|test| !defines(&test.name))
    }

    /// A node with nothing known yet but its file.
    pub fn blank(file: FileId) -> Self {
        super::parse::empty_node(file)
    }

    /// `materialized`.
    pub fn materialized(&self) -> &str {
        self.config.get("materialized").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is inlined into what reads it instead of being built.
    pub fn is_ephemeral(&self) -> bool {
        self.kind == NodeKind::Model && self.materialized() == "ephemeral"
    }

    /// Whether it is an incremental model whose strategy is `microbatch`.
    pub fn is_microbatch(&self) -> bool {
        self.materialized() == "incremental" && self.setting_text("incremental_strategy") == Some("microbatch")
    }

    /// Whether it is a model in Python.
    pub fn is_python(&self) -> bool {
        self.kind == NodeKind::Model && has_python_ending(&self.original_path)
    }

    /// The language of its text.
    pub(super) fn language(&self) -> &'static str {
        let is_python =
            matches!(self.kind, NodeKind::Model | NodeKind::Function) && has_python_ending(&self.original_path);
        if is_python { "python" } else { "sql" }
    }

    /// What is rendered: of a generic test the call alone, since what `config()` says behind it is known already.
    pub fn template(&self) -> &str {
        let call = || Some(self.raw.split_at(self.raw.find("}}")? + 2).0);
        self.test.as_ref().and_then(|_| call()).unwrap_or(&self.raw)
    }

    /// The place of its code.
    pub fn span(&self) -> Span {
        Span::new(self.file, self.code.clone())
    }

    /// Where a problem with it is shown: a test's declaration, else its code.
    pub fn place(&self) -> Span {
        let declared = self.test.as_ref().map(|test| test.span);
        declared.or_else(|| self.unit.as_ref().map(|unit| unit.span)).unwrap_or_else(|| self.span())
    }

    /// `to` of each foreign key, of columns and of the model: a `ref` or a `source`.
    pub fn foreign_keys(&self) -> Vec<String> {
        let all = self.columns.values().flat_map(|column| &column.constraints).chain(&self.constraints);
        let keys = all.filter(|one| one.get("type").and_then(Value::as_str) == Some("foreign_key"));
        keys.filter_map(|key| key.get("to")?.as_str().map(str::to_owned)).collect()
    }

    /// A configuration value that is not null.
    pub fn setting(&self, key: &str) -> Option<&Value> {
        self.config.get(key).filter(|value| !value.is_null())
    }

    /// A configuration value as text.
    pub fn setting_text(&self, key: &str) -> Option<&str> {
        self.setting(key).and_then(Value::as_str)
    }

    /// Whether a configuration value is true.
    pub fn setting_flag(&self, key: &str) -> bool {
        self.setting(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The name by which `ref` and messages know it: with the version, if there is one.
    pub fn search_name(&self) -> String {
        self.version
            .as_ref()
            .map_or_else(|| self.name.clone(), |version| format!("{}.v{}", self.name, version_text(version)))
    }
}

/// A version as dbt writes it in names.
pub(super) fn version_text(version: &Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), str::to_owned)
}

/// Whether a file is in Python; dbt knows the ending in lower case only.
#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "dbt knows the ending in lower case only")]
pub(super) fn has_python_ending(path: &str) -> bool {
    path.ends_with(".py")
}
