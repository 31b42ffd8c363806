//! What renders share, and what each is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use super::relation::RelationValue;
use crate::config::{Batch, Run, Vars};
use crate::jinja::{Engine, Library};
use crate::sql::Dialect;

/// What is the same for all renders of an invocation.
pub struct Session {
    /// The template engine.
    pub engine: Engine,
    /// All macros.
    pub library: Library,
    /// The rest.
    pub facts: SessionFacts,
}

/// What templates can read about the invocation.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// The adapter.
    pub dialect: Dialect,
    /// The default database.
    pub database: String,
    /// The default schema.
    pub schema: String,
    /// `target`.
    pub target: Arc<Value>,
    /// The root project.
    pub root: String,
    /// Project variables.
    pub vars: Vars,
    /// The environment.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The invocation.
    pub run: Run,
    /// `flags:` of the root project file.
    pub flags: Map<String, Value>,
    /// `dispatch:` of the root project: namespace and search order.
    pub dispatch: Vec<(String, Vec<String>)>,
    /// The packages that are not part of the binary, root first.
    pub packages: Vec<String>,
    /// `version:` of the root project and each package, by name.
    pub versions: BTreeMap<String, Option<String>>,
}

/// The version of dbt whose behaviour templates are told about (`dbt_version`).
pub const DBT_VERSION: &str = "1.11.16";

/// A node as dbt's dictionary, made when a template first asks for it.
pub struct Model(LazyLock<Value, Box<dyn FnOnce() -> Value + Send>>);

impl Model {
    /// The dictionary that `make` will make.
    pub fn later(make: impl FnOnce() -> Value + Send + 'static) -> Arc<Self> {
        Arc::new(Self(LazyLock::new(Box::new(make))))
    }
}

impl std::ops::Deref for Model {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for Model {
    fn from(value: Value) -> Self {
        Self(LazyLock::new(Box::new(move || value)))
    }
}

impl Default for Model {
    fn default() -> Self {
        Value::Null.into()
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The node being rendered.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Its package: where macros and refs are looked up first.
    pub package: String,
    /// Its unique id.
    pub unique_id: String,
    /// `this`.
    pub this: Option<RelationValue>,
    /// `model`: the node as dbt's dictionary.
    pub model: Arc<Model>,
    /// `config`: its final configuration.
    pub config: Arc<Map<String, Value>>,
    /// `schema`.
    pub schema: String,
    /// `database`.
    pub database: String,
    /// More names, as JSON: `sql`, `results`, ...
    pub more: Vec<(String, Value)>,
    /// `defer_relation`: the relation of the same node in another environment.
    pub defer_relation: Option<RelationValue>,
    /// The arguments of a generic test that are templates themselves.
    pub arguments: Option<Map<String, Value>>,
    /// Macros that go by their names alone, though another package has them: unique ids of what a generic test's macro calls, while
    /// the test is parsed (dbt: `TestMacroNamespace`).
    pub reached: Arc<BTreeSet<String>>,
    /// Whether this makes a name, for which variables must be there even while the project is parsed.
    pub is_naming: bool,
    /// What a unit test puts in the place of macros and variables.
    pub overrides: Option<Arc<Overrides>>,
    /// The batch of a microbatch model.
    pub batch: Option<Batch>,
}

/// The `overrides:` of a unit test.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// What macros give, by name or by `package.name`; names that are no macros have these values.
    pub macros: Map<String, Value>,
    /// Project variables.
    pub vars: Map<String, Value>,
    /// Environment variables.
    pub env_vars: BTreeMap<String, String>,
}

impl Session {
    /// The packages whose macros `adapter.dispatch(name, namespace)` searches for a node of the package `own`, in order. Those of
    /// one group are searched together: the adapter's version in any of them goes before a default one. They are the project's
    /// `dispatch:` entry; for an installed package the root project and then the package; for everything else, no namespace
    /// included, what a template of that package sees.
    pub fn dispatch_packages(&self, namespace: Option<&str>, own: &str) -> Vec<Vec<String>> {
        let facts = &self.facts;
        let internal = crate::project::internal_packages(facts.dialect.adapter()).to_vec();
        let group = |name: &String| if name == "dbt" { internal.clone() } else { vec![name.clone()] };
        if let Some((_, order)) = facts.dispatch.iter().find(|(name, _)| Some(name.as_str()) == namespace) {
            return order.iter().map(group).collect();
        }
        let installed = |name: &&str| *name == "dbt" || facts.packages.iter().any(|known| known == name);
        match namespace.filter(installed) {
            Some(namespace) => vec![vec![facts.root.clone()], group(&namespace.to_owned())],
            None => vec![[vec![own.to_owned(), facts.root.clone()], internal].concat()],
        }
    }
}
