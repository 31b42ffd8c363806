//! Comparing nodes with those of an earlier manifest, as dbt's `state:` selectors do (`graph/selector_methods.py`,
//! `StateSelectorMethod`, and the `same_*` methods of `contracts/graph/nodes.py`).

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::{Graph, Node, dictionary};
use super::read::time;
use super::{Previous, PreviousManifest, contract};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::NodeKind;
use crate::source::Span;
use crate::sql::Dialect;

macro_rules! checks {
    ($($variant:ident = $name:literal,)*) => {
        /// What can be asked after `state:`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in super::super) enum Check { $($variant,)* }

        impl Check {
            pub(in super::super) const NAMES: &'static [&'static str] = &[$($name,)*];

            pub(in super::super) fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

checks! {
    New = "new", Old = "old", Modified = "modified", Unmodified = "unmodified", Body = "modified.body",
    Configs = "modified.configs", Descriptions = "modified.persisted_descriptions", Relation = "modified.relation",
    Macros = "modified.macros", Contract = "modified.contract",
}

/// A graph beside the manifest it is compared with.
pub(in super::super) struct Comparison<'a> {
    graph: &'a Graph,
    manifest: &'a PreviousManifest,
    previous: &'a Previous,
    /// Macros that changed themselves or reach one that did.
    touched: BTreeSet<&'a str>,
}

fn undefined_test(node: &Node) -> Diagnostic {
    let message = format!("whether `{}` changed cannot be said: its generic test is not defined", node.name);
    let problem = Diagnostic::error(Code::UnknownTest, message).at(node.span()).node(&node.unique_id);
    problem.help("define it with `{% test %}`, or install the package that does")
}

/// A node of today and of then.
pub(super) struct Pair<'a> {
    pub(super) node: &'a Node,
    old: &'a Map<String, Value>,
    pub(super) dialect: Dialect,
    /// Whether what is written counts, not what it comes to.
    by_text: bool,
    new: OnceCell<Value>,
}

impl<'a> Comparison<'a> {
    pub(in super::super) fn new(graph: &'a Graph, previous: &'a Previous, manifest: &'a PreviousManifest) -> Self {
        let touched = callers(&graph.macros, &previous.changed_macros);
        Self { graph, manifest, previous, touched }
    }

    /// The nodes a check names. Contracts that were broken on the way are reported.
    pub(in super::super) fn nodes(&self, check: Check, problems: &mut Vec<Diagnostic>) -> BTreeSet<String> {
        let nodes = self.graph.nodes.values().filter(|node| self.holds(check, node, problems));
        let found = nodes.map(|node| node.unique_id.clone()).collect();
        if matches!(check, Check::Modified | Check::Unmodified | Check::Macros) {
            // Whether a macro changed that nobody defines cannot be said. (dbt: the same, `recursively_check_macros_modified`.)
            problems.extend(self.graph.nodes.values().filter(|node| node.lacks_test()).map(undefined_test));
        }
        if matches!(check, Check::Modified | Check::Unmodified | Check::Body) {
            problems.extend(self.graph.nodes.values().filter_map(|node| self.large_seed(node)));
        }
        if matches!(check, Check::Modified | Check::Unmodified | Check::Contract) {
            problems.extend(contract::removed(self.graph, self.manifest, self.previous.now));
        }
        found
    }

    fn holds(&self, check: Check, node: &Node, problems: &mut Vec<Diagnostic>) -> bool {
        let old = self.manifest.resource(&node.unique_id);
        let pair = old.map(|old| Pair {
            node,
            old,
            dialect: self.graph.dialect,
            by_text: self.graph.compares_written,
            new: OnceCell::new(),
        });
        let differs = |has: bool, same: fn(&Pair<'_>) -> bool| has && pair.as_ref().is_none_or(|pair| !same(pair));
        let parsed = is_parsed(node.kind);
        match check {
            Check::New => old.is_none(),
            Check::Old => old.is_some(),
            Check::Modified => self.is_modified(node, pair.as_ref(), problems),
            Check::Unmodified => !self.is_modified(node, pair.as_ref(), problems),
            Check::Body => differs(parsed, same_body),
            Check::Configs => differs(node.kind != NodeKind::UnitTest, same_config),
            Check::Descriptions => differs(parsed, same_persisted_descriptions),
            Check::Relation => differs(parsed || node.kind == NodeKind::Source, same_relation),
            Check::Macros => self.reaches_changed_macro(node),
            Check::Contract => parsed && pair.as_ref().is_none_or(|pair| !same_contract(pair, problems)),
        }
    }

    fn is_modified(&self, node: &Node, pair: Option<&Pair<'_>>, problems: &mut Vec<Diagnostic>) -> bool {
        let contract = pair.is_none_or(|pair| same_contract(pair, problems));
        let contents = match pair {
            Some(pair) => same_contents(pair),
            // dbt counts sources, exposures and the like that were not there as unmodified.
            None => !is_parsed(node.kind) && node.kind != NodeKind::UnitTest,
        };
        !contents || !contract || self.reaches_changed_macro(node)
    }

    /// A seed that is too large to be compared by what it holds.
    fn large_seed(&self, node: &Node) -> Option<Diagnostic> {
        let old = self.manifest.resource(&node.unique_id).filter(|_| node.kind == NodeKind::Seed)?.get("checksum")?;
        let new = &dictionary(node)["checksum"];
        let is_path = |checksum: &Value| checksum["name"] == "path";
        let (event, so) = match (is_path(new), is_path(old)) {
            (false, _) => return None,
            (true, false) => ("SeedIncreased", "it was not before, so it counts as changed"),
            (true, true) if new == old => {
                ("SeedExceedsLimitSamePath", "its path is the same, so it counts as unchanged")
            }
            (true, true) => ("SeedExceedsLimitAndPathChanged", "its path is another, so it counts as changed"),
        };
        let message = format!("`{}` is larger than 1 MiB and is not compared by what it holds: {so}", node.name);
        let problem =
            Diagnostic::warning(Code::MissingState, message).at(Span::start_of(node.file)).node(&node.unique_id);
        Some(problem.event(event).help("load what is this large by other means, or split it"))
    }

    fn reaches_changed_macro(&self, node: &Node) -> bool {
        node.macros.iter().any(|id| self.touched.contains(id.as_str()))
    }
}

/// What dbt keeps under `nodes`.
fn is_parsed(kind: NodeKind) -> bool {
    kind == NodeKind::Function || super::super::EXECUTABLE.contains(&kind)
}

/// The macros that are changed, and all that call them, directly or through others.
fn callers<'a>(calls: &'a BTreeMap<String, Vec<String>>, changed: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
    let mut by_callee: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (caller, callees) in calls {
        callees.iter().for_each(|callee| by_callee.entry(callee).or_default().push(caller));
    }
    let mut found: BTreeSet<&str> = changed.iter().map(String::as_str).collect();
    let mut todo: Vec<&str> = found.iter().copied().collect();
    while let Some(callee) = todo.pop() {
        for caller in by_callee.get(callee).into_iter().flatten() {
            if found.insert(caller) {
                todo.push(caller);
            }
        }
    }
    found
}

impl Pair<'_> {
    /// The value of today.
    pub(super) fn current(&self, path: &[&str]) -> &Value {
        at(self.new.get_or_init(|| dictionary(self.node)), path)
    }

    /// The value of then.
    pub(super) fn old(&self, path: &[&str]) -> &Value {
        match path.split_first() {
            Some((first, rest)) => self.old.get(*first).map_or(&Value::Null, |value| at(value, rest)),
            None => &Value::Null,
        }
    }

    fn same(&self, path: &[&str]) -> bool {
        equal(self.current(path), self.old(path))
    }

    fn all_same(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.same(&[key]))
    }
}

fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, key| value.get(*key).unwrap_or(&Value::Null))
}

/// Whether two values are the same to Python; a key that is not there is one without a value.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let value = |map: &Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
            keys.into_iter().all(|key| equal(&value(a, key), &value(b, key)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

/// dbt's `same_contents`, each kind of node with its own.
fn same_contents(pair: &Pair<'_>) -> bool {
    match pair.node.kind {
        NodeKind::Source => {
            same_relation(pair)
                && same_config(pair)
                && pair.all_same(&["fqn", "quoting", "freshness", "loaded_at_field", "external"])
        }
        NodeKind::Exposure => {
            let parents = |value: &Value| -> BTreeSet<String> {
                let list = value.as_array().into_iter().flatten();
                list.filter_map(Value::as_str).map(str::to_owned).collect()
            };
            let path = ["depends_on", "nodes"];
            same_config(pair)
                && pair.all_same(&["fqn", "type", "owner", "maturity", "url", "description", "label"])
                && parents(pair.current(&path)) == parents(pair.old(&path))
        }
        NodeKind::Metric => same_config(pair) && pair.all_same(&["type", "description", "label"]),
        NodeKind::SemanticModel => pair.all_same(&[
            "model",
            "description",
            "defaults",
            "entities",
            "dimensions",
            "measures",
            "config",
            "primary_entity",
            "group",
        ]),
        NodeKind::SavedQuery => {
            let query = ["metrics", "group_by", "where"];
            query.iter().all(|key| pair.same(&["query_params", key]))
                && pair.all_same(&["description", "label", "config", "group", "tags"])
                && same_exports(pair)
        }
        NodeKind::UnitTest => pair.same(&["checksum"]),
        _ if pair.node.test.is_some() => same_config(pair) && pair.same(&["fqn"]),
        kind => {
            same_body(pair)
                && same_config(pair)
                && same_persisted_descriptions(pair)
                && pair.same(&["fqn"])
                && same_relation(pair)
                && (kind != NodeKind::Model || same_reference(pair))
                && (kind != NodeKind::Function || pair.all_same(&["arguments", "returns"]))
        }
    }
}

/// Compares where a saved query is written to, as written.
fn same_exports(pair: &Pair<'_>) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (new, old) = (list(pair.current(&["exports"])), list(pair.old(&["exports"])));
    let written =
        |export: &Value, key: &str| export.get("unrendered_config").and_then(|config| config.get(key)).cloned();
    let same = |(new, old): (&Value, &Value)| {
        new.get("name") == old.get("name")
            && ["export_as", "schema", "alias"].iter().all(|key| written(new, key) == written(old, key))
    };
    new.len() == old.len() && new.iter().zip(&old).all(same)
}

fn same_body(pair: &Pair<'_>) -> bool {
    if pair.node.kind == NodeKind::Seed { pair.same(&["checksum"]) } else { pair.same(&["raw_code"]) }
}

/// Compares configurations as written. Names and tags do not count; of a test's only what decides its outcome.
fn same_config(pair: &Pair<'_>) -> bool {
    const TEST: [&str; 8] =
        ["severity", "where", "limit", "fail_calc", "warn_if", "error_if", "store_failures", "store_failures_as"];
    let ignored: &[&str] = match pair.node.kind {
        NodeKind::Source | NodeKind::Exposure => &[],
        NodeKind::Metric => &["group"],
        NodeKind::SemanticModel | NodeKind::SavedQuery => return pair.same(&["config"]),
        _ => &["alias", "schema", "database", "tags", "group"],
    };
    let (new, old) = (pair.current(&["unrendered_config"]), pair.old(&["unrendered_config"]));
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    let counts = |key: &&String| match pair.node.kind {
        NodeKind::Test => TEST.contains(&key.as_str()),
        _ => !ignored.contains(&key.as_str()),
    };
    // A key that is there without a value is not the same as one that is not there.
    (&keys(new) | &keys(old)).iter().filter(counts).all(|key| match (new.get(key), old.get(key)) {
        (Some(new), Some(old)) => new == old,
        _ => false,
    })
}

/// Compares descriptions that are written to the warehouse.
fn same_persisted_descriptions(pair: &Pair<'_>) -> bool {
    let persists = |what: &str| {
        let setting = pair.current(&["config", "persist_docs", what]);
        setting.as_bool().unwrap_or(!setting.is_null())
    };
    let columns = |value: &Value| -> BTreeMap<String, Value> {
        let all = value.as_object().into_iter().flatten();
        all.map(|(name, column)| (name.clone(), column.get("description").cloned().unwrap_or_default())).collect()
    };
    (!persists("relation") || pair.same(&["description"]))
        && (!persists("columns") || columns(pair.current(&["columns"])) == columns(pair.old(&["columns"])))
}

/// Compares where the relation is configured to be, not where it ends up in this target.
fn same_relation(pair: &Pair<'_>) -> bool {
    if pair.node.kind == NodeKind::Source {
        let place = if pair.by_text { ["unrendered_database", "unrendered_schema"] } else { ["database", "schema"] };
        return pair.all_same(&place) && pair.same(&["identifier"]);
    }
    ["database", "schema", "alias"].iter().all(|key| pair.same(&["unrendered_config", key]))
}

/// Compares what decides how others may read a model.
fn same_reference(pair: &Pair<'_>) -> bool {
    let date = |value: &Value| value.as_str().map(|text| time(text).map_or_else(|| text.to_owned(), |t| t.to_string()));
    let path = ["deprecation_date"];
    // Manifests from before models had an access know none.
    let access = |value: &Value| value.as_str().unwrap_or("protected").to_owned();
    let access_is_same = access(pair.current(&["access"])) == access(pair.old(&["access"]));
    pair.same(&["latest_version"]) && access_is_same && date(pair.current(&path)) == date(pair.old(&path))
}

/// Compares contracts; a broken promise is reported.
fn same_contract(pair: &Pair<'_>, problems: &mut Vec<Diagnostic>) -> bool {
    if pair.node.kind != NodeKind::Model {
        return true;
    }
    match contract::compare(pair) {
        Ok(same) => same,
        Err(broken) => {
            let node = pair.node;
            problems.push(contract::broken(node, broken.join("; ")).at(node.span()));
            false
        }
    }
}
