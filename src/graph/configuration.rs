//! Merging a node's configuration as dbt does: defaults, project file, properties, `config()`, and for packages the root
//! project's file over all (`context/context_config.py`, `calculate_node_config`).

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value, json};

use crate::jinja::merge_config_value;
use crate::project::{NodeKind, Package, Project};

/// The configuration trees of every package's project file, and the configurations that came out of them: nodes that say the
/// same share one.
#[derive(Debug)]
pub struct Trees {
    root: String,
    rendered: BTreeMap<String, Map<String, Value>>,
    written: BTreeMap<String, Map<String, Value>>,
    known: RwLock<HashMap<String, Resolved>>,
}

/// A node's configuration.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    /// With every key dbt gives its kind.
    pub(super) config: Arc<Map<String, Value>>,
    /// As written, for comparing states: later levels replace earlier ones.
    pub(super) unrendered: Arc<Map<String, Value>>,
}

/// A node whose configuration is wanted.
pub(super) struct Wanted<'a> {
    pub(super) kind: NodeKind,
    pub(super) package: &'a str,
    pub(super) fqn: &'a [String],
    /// `config:` of its properties.
    pub(super) properties: Map<String, Value>,
    /// The merged arguments of its `config()` calls.
    pub(super) calls: Map<String, Value>,
}

impl Trees {
    /// The trees of a project and its packages.
    pub fn new(project: &Project) -> Self {
        let of = |pick: fn(&Package) -> Map<String, Value>| {
            project.packages.iter().map(|p| (p.file.name.clone(), pick(p))).collect()
        };
        Self {
            root: project.packages[0].file.name.clone(),
            rendered: of(|package| package.file.value.clone()),
            written: of(|package| package.file.written.clone()),
            known: RwLock::default(),
        }
    }

    /// The final configuration of a node.
    pub(super) fn resolve(&self, wanted: &Wanted<'_>) -> Resolved {
        let key = self.key(wanted);
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let config = Arc::new(self.config(wanted));
        let resolved = Resolved { config, unrendered: Arc::new(self.unrendered(wanted)) };
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(key, resolved.clone());
        resolved
    }

    /// All that a configuration comes from: nodes with the same key have the same.
    fn key(&self, wanted: &Wanted<'_>) -> String {
        let mut key = format!("{}\0{}", wanted.kind.as_str(), wanted.package);
        for package in [wanted.package, &self.root] {
            let depth = folders(&self.rendered, package, wanted).len();
            let inside = wanted.fqn.get(..depth.saturating_sub(1)).unwrap_or_default();
            let _ = write!(key, "\0{depth}\0{}", inside.join("\0"));
        }
        for own in [&wanted.properties, &wanted.calls] {
            key.push_str(&serde_json::to_string(own).expect("JSON values are texts"));
        }
        key
    }

    fn config(&self, wanted: &Wanted<'_>) -> Map<String, Value> {
        let mut config = defaults(wanted.kind);
        self.levels(&self.rendered, wanted.package, wanted).into_iter().for_each(|level| update(&mut config, level));
        update(&mut config, wanted.properties.clone());
        update(&mut config, wanted.calls.clone());
        if wanted.package != self.root {
            self.levels(&self.rendered, &self.root, wanted).into_iter().for_each(|level| update(&mut config, level));
        }
        self.keep(&mut config, wanted);
        finish(&mut config);
        let freshness = config.get("freshness").and_then(Value::as_object);
        if wanted.kind == NodeKind::Model && freshness.is_some_and(|own| !own.contains_key("build_after")) {
            // What models say of sources' freshness is nothing to them (dbt: `ModelConfig.__pre_deserialize__`).
            config.shift_remove("freshness");
        }
        config
    }

    /// What properties or a call set to null stays as the trees have it, but for what the node itself takes over (dbt:
    /// `update_parsed_node_config_dict`).
    fn keep(&self, config: &mut Map<String, Value>, wanted: &Wanted<'_>) {
        use NodeKind::{Analysis, Model, Seed, Snapshot, Test};
        if !matches!(wanted.kind, Analysis | Model | Seed | Snapshot | Test) {
            return;
        }
        let own = ["database", "schema", "alias", "group", "access"];
        let none = Wanted { properties: Map::new(), calls: Map::new(), ..*wanted };
        let mut lost = self.declared(&none);
        lost.retain(|key, _| !own.contains(&key.as_str()) && config.get(key).is_some_and(Value::is_null));
        if !lost.is_empty() {
            let known = defaults(wanted.kind);
            config.extend(lost.into_iter().filter(|(key, _)| known.contains_key(key)));
        }
    }

    /// What the trees and the properties say, without defaults.
    pub(super) fn declared(&self, wanted: &Wanted<'_>) -> Map<String, Value> {
        let mut config = Map::new();
        let levels = self.levels(&self.rendered, wanted.package, wanted);
        levels.into_iter().chain([wanted.properties.clone()]).for_each(|level| update(&mut config, level));
        if wanted.package != self.root {
            let levels = self.levels(&self.rendered, &self.root, wanted);
            levels.into_iter().for_each(|level| update(&mut config, level));
        }
        config
    }

    /// The configuration as written: later levels replace earlier ones.
    pub(super) fn unrendered(&self, wanted: &Wanted<'_>) -> Map<String, Value> {
        let mut config = Map::new();
        let mut replace = |level: Map<String, Value>| {
            level.into_iter().for_each(|(key, value)| {
                config.insert(key, value);
            });
        };
        // dbt looks for what is written under names that no project file uses (dbt: `UnrenderedConfig.get_config_dict`).
        let unseen = matches!(wanted.kind, NodeKind::SemanticModel | NodeKind::SavedQuery);
        if !unseen {
            self.levels(&self.written, wanted.package, wanted).into_iter().for_each(&mut replace);
        }
        replace(wanted.properties.clone());
        replace(wanted.calls.clone());
        if wanted.package != self.root && !unseen {
            self.levels(&self.written, &self.root, wanted).into_iter().for_each(&mut replace);
        }
        config
    }

    /// The configuration each folder level of a project file gives a node, outermost first.
    fn levels(
        &self,
        files: &BTreeMap<String, Map<String, Value>>,
        package: &str,
        wanted: &Wanted<'_>,
    ) -> Vec<Map<String, Value>> {
        folders(files, package, wanted).into_iter().map(own_keys).collect()
    }
}

/// The trees of a project file that a node is under, outermost first.
fn folders<'t>(
    files: &'t BTreeMap<String, Map<String, Value>>,
    package: &str,
    wanted: &Wanted<'_>,
) -> Vec<&'t Map<String, Value>> {
    let Some(file) = files.get(package) else { return Vec::new() };
    let root = wanted.kind.config_trees().iter().find_map(|key| file.get(*key)).and_then(Value::as_object);
    let mut trees: Vec<&Map<String, Value>> = root.into_iter().collect();
    for part in wanted.fqn {
        match trees.last().and_then(|tree| tree.get(part)) {
            Some(Value::Object(inner)) => trees.push(inner),
            _ => break,
        }
    }
    trees
}

/// The keys of one level that are configuration: with `+`, or whose value is no mapping.
fn own_keys(level: &Map<String, Value>) -> Map<String, Value> {
    let own = |(key, value): (&String, &Value)| match key.strip_prefix('+') {
        Some(plain) => Some((plain.trim().to_owned(), value.clone())),
        None => (!value.is_object()).then(|| (key.clone(), value.clone())),
    };
    level.iter().filter_map(own).collect()
}

/// Merges one level over what is there.
fn update(config: &mut Map<String, Value>, level: Map<String, Value>) {
    for (key, value) in level {
        let key = match key.as_str() {
            "pre_hook" => "pre-hook",
            "post_hook" => "post-hook",
            other => other,
        }
        .to_owned();
        let key = key.trim().to_owned();
        merge_config_value(config, &key, value);
    }
}

/// Brings hooks, grants and a few others into the shape dbt gives them.
fn finish(config: &mut Map<String, Value>) {
    for key in ["pre-hook", "post-hook"] {
        if let Some(Value::Array(hooks)) = config.get_mut(key) {
            hooks.iter_mut().for_each(|hook| *hook = hook_dictionary(hook));
        }
    }
    if let Some(Value::Object(docs)) = config.get_mut("docs") {
        docs.retain(|key, _| key == "show" || key == "node_color");
        docs.entry("show").or_insert(json!(true));
        docs.entry("node_color").or_insert(Value::Null);
    }
    keep_failures(config);
    if let Some(Value::Object(contract)) = config.get_mut("contract") {
        contract.retain(|key, _| key == "enforced" || key == "alias_types");
        contract.entry("enforced").or_insert(json!(false));
        contract.entry("alias_types").or_insert(json!(true));
    }
}

/// How a test keeps failures decides whether it does; one that only says that it does makes a table (dbt: `TestConfig`).
fn keep_failures(config: &mut Map<String, Value>) {
    let Some(keeps) = config.get("store_failures") else { return };
    let kind = config.get("store_failures_as").and_then(Value::as_str).filter(|kind| !kind.is_empty());
    let (key, value) = match (kind, keeps.as_bool()) {
        (Some(kind), _) => ("store_failures", json!(kind != "ephemeral")),
        (None, Some(true)) => ("store_failures_as", json!("table")),
        (None, Some(false)) => ("store_failures_as", json!("ephemeral")),
        (None, None) => return,
    };
    config.insert(key.to_owned(), value);
}

/// A hook as `{sql, transaction, index}`: from a string, a mapping, or a string that is JSON of one.
fn hook_dictionary(hook: &Value) -> Value {
    let parsed = hook.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).filter(Value::is_object);
    let fields = parsed.as_ref().or(Some(hook)).and_then(Value::as_object);
    match fields {
        Some(fields) => json!({
            "sql": fields.get("sql").cloned().unwrap_or_default(),
            "transaction": fields.get("transaction").cloned().unwrap_or(json!(true)),
            "index": fields.get("index").cloned().unwrap_or_default(),
        }),
        None => json!({"sql": hook, "transaction": true, "index": null}),
    }
}

/// Whether a value counts as true in Python: nothing, zero and what is empty do not.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// A configuration value as text, for messages.
pub fn config_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The keys and values dbt starts from (`artifacts/resources/v1/config.py` and each resource's own file).
fn defaults(kind: NodeKind) -> Map<String, Value> {
    let value = match kind {
        NodeKind::Test => json!({
            "enabled": true, "alias": null, "schema": "dbt_test__audit", "database": null, "tags": [], "meta": {}, "group": null,
            "static_analysis": null, "materialized": "test", "severity": "ERROR", "store_failures": null,
            "store_failures_as": null, "where": null, "limit": null, "fail_calc": "count(*)", "warn_if": "!= 0",
            "error_if": "!= 0",
        }),
        NodeKind::Source => json!({
            "enabled": true, "event_time": null, "freshness": null, "loaded_at_field": null, "loaded_at_query": null, "meta": {},
            "tags": [], "static_analysis": null,
        }),
        NodeKind::Exposure => json!({"enabled": true, "tags": [], "meta": {}}),
        NodeKind::UnitTest => json!({"tags": [], "meta": {}, "enabled": true, "static_analysis": null}),
        NodeKind::Metric | NodeKind::SemanticModel => json!({"enabled": true, "group": null, "meta": {}}),
        NodeKind::SavedQuery => json!({
            "enabled": true, "group": null, "meta": {}, "export_as": null, "schema": null, "cache": {"enabled": false},
        }),
        NodeKind::Model
        | NodeKind::Seed
        | NodeKind::Snapshot
        | NodeKind::Analysis
        | NodeKind::Operation
        | NodeKind::Function => built(kind),
    };
    value.as_object().cloned().unwrap_or_default()
}

/// The configuration that a unit test is executed with (dbt: `UnitTestNodeConfig`).
pub fn unit_test_config(node: &super::Node) -> Map<String, Value> {
    let mut config = defaults(NodeKind::Operation);
    config.insert("materialized".to_owned(), json!("unit"));
    config.extend((*node.config).clone());
    config
}

fn built(kind: NodeKind) -> Value {
    let materialized = match kind {
        NodeKind::Seed => "seed",
        NodeKind::Snapshot => "snapshot",
        NodeKind::Function => "function",
        _ => "view",
    };
    let mut config = json!({
        "enabled": true, "alias": null, "schema": null, "database": null, "tags": [], "meta": {}, "group": null,
        "static_analysis": null, "materialized": materialized, "incremental_strategy": null, "batch_size": null, "lookback": 1,
        "begin": null, "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {}, "column_types": {},
        "full_refresh": null, "unique_key": null, "on_schema_change": "ignore", "on_configuration_change": "apply",
        "grants": {}, "packages": [], "docs": {"show": true, "node_color": null},
        "contract": {"enforced": false, "alias_types": true}, "event_time": null, "concurrent_batches": null,
    });
    let more = match kind {
        NodeKind::Model => json!({"access": "protected", "freshness": null}),
        NodeKind::Seed => json!({"delimiter": ",", "quote_columns": null}),
        NodeKind::Snapshot => json!({
            "strategy": null, "target_schema": null, "target_database": null, "updated_at": null, "check_cols": null,
            "snapshot_meta_column_names": {
                "dbt_valid_to": null, "dbt_valid_from": null, "dbt_scd_id": null, "dbt_updated_at": null, "dbt_is_deleted": null,
            },
            "dbt_valid_to_current": null,
        }),
        NodeKind::Function => {
            json!({"type": "scalar", "volatility": null, "runtime_version": null, "entry_point": null})
        }
        _ => json!({}),
    };
    if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    config
}
