//! `manifest.json`, version 12: everything the project holds.

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::docs::DocsCalls;
use super::{Invocation, macros, seconds, write};
use crate::compile::Compilation;
use crate::graph::{EXECUTABLE, Graph, Node, dictionary, primary_keys, selector_definitions, with_primary_key};
use crate::project::{NodeKind, Project};
use crate::source::Sources;

/// What a manifest is made from.
pub struct ManifestInputs<'a> {
    /// The invocation.
    pub invocation: Invocation<'a>,
    /// The project as declared.
    pub project: &'a Project,
    /// The nodes.
    pub graph: &'a Graph,
    /// The files, for the text of macros.
    pub sources: &'a Sources,
    /// The nodes that were compiled, if any were.
    pub compilation: Option<&'a Compilation>,
    /// The target folder as paths in the manifest begin with it.
    pub target: &'a str,
}

impl ManifestInputs<'_> {
    /// `created_at`: the invocation's start, for all the same.
    pub(super) fn created_at(&self) -> Value {
        seconds(self.invocation.session.facts.run.started_at)
    }
}

/// The manifest.
pub fn manifest(inputs: &ManifestInputs<'_>) -> Value {
    let maker = Maker { inputs, keys: primary_keys(inputs.graph), docs: DocsCalls::new(inputs.project) };
    let (parents, children) = edges(inputs.graph);
    json!({
        "metadata": metadata(inputs),
        "nodes": maker.executable(),
        "sources": maker.of_kinds(&[NodeKind::Source]),
        "macros": macros::macros(inputs),
        "docs": docs(inputs.project),
        "exposures": maker.of_kinds(&[NodeKind::Exposure]),
        "metrics": maker.of_kinds(&[NodeKind::Metric]),
        "groups": inputs.graph.groups,
        "selectors": selector_definitions(inputs.project),
        "disabled": maker.disabled(),
        "parent_map": parents,
        "child_map": children,
        "group_map": group_map(inputs.graph),
        "saved_queries": maker.of_kinds(&[NodeKind::SavedQuery]),
        "semantic_models": maker.of_kinds(&[NodeKind::SemanticModel]),
        "unit_tests": maker.of_kinds(&[NodeKind::UnitTest]),
        "functions": {},
    })
}

fn metadata(inputs: &ManifestInputs<'_>) -> Value {
    let facts = &inputs.invocation.session.facts;
    let mut metadata = inputs.invocation.metadata("manifest/v12");
    let quoting =
        crate::jinja::merge_quoting(facts.dialect.default_quoting(), &inputs.project.packages[0].file.quoting);
    let id: String = Md5::digest(facts.root.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let started = facts.run.started_at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string();
    let fields = [
        ("project_name", json!(facts.root)),
        ("project_id", json!(id)),
        ("user_id", Value::Null),
        ("send_anonymous_usage_stats", json!(false)),
        ("adapter_type", json!(facts.dialect.adapter())),
        (
            "quoting",
            json!({"database": quoting.database, "schema": quoting.schema, "identifier": quoting.identifier, "column": null}),
        ),
        ("run_started_at", json!(started)),
    ];
    metadata.extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Value::Object(metadata)
}

/// Makes the dictionaries of nodes with all that is known by now.
struct Maker<'a> {
    inputs: &'a ManifestInputs<'a>,
    keys: BTreeMap<String, Vec<String>>,
    docs: DocsCalls<'a>,
}

impl Maker<'_> {
    /// What dbt keeps under `nodes`. A test that is enabled itself but reads a disabled node is switched off there, while one that
    /// is configured as disabled is listed under `disabled`.
    fn executable(&self) -> Value {
        let mut nodes = self.of_kinds(&EXECUTABLE);
        for node in self.inputs.graph.disabled.iter().filter(|node| is_switched_off(node)) {
            let mut made = self.declared(node);
            made["config"]["enabled"] = json!(false);
            nodes[node.unique_id.as_str()] = made;
        }
        nodes
    }

    fn of_kinds(&self, kinds: &[NodeKind]) -> Value {
        let nodes = self
            .inputs
            .graph
            .nodes
            .values()
            .chain(&self.inputs.graph.dropped)
            .filter(|node| kinds.contains(&node.kind));
        Value::Object(nodes.map(|node| (node.unique_id.clone(), self.node(node))).collect())
    }

    fn node(&self, node: &Node) -> Value {
        let mut made = self.declared(node);
        // dbt keeps nothing of a unit test's compiling.
        let compiled = self
            .inputs
            .compilation
            .filter(|_| node.unit.is_none())
            .and_then(|compilation| compilation.nodes.get(&node.unique_id));
        add_macros(&mut made, compiled.map(|compiled| compiled.macros.as_slice()).unwrap_or_default());
        if let (Some(compiled), Some(map)) = (compiled, made.as_object_mut()) {
            if write::has_compiled_file(node) {
                map.insert(
                    "compiled_path".to_owned(),
                    json!(format!("{}/compiled/{}", self.inputs.target, write::node_path(node))),
                );
            }
            let ctes: Value = compiled.ctes.iter().map(|(id, sql)| json!({"id": id, "sql": sql})).collect();
            let facts = [
                ("compiled", json!(true)),
                ("compiled_code", json!(compiled.sql)),
                ("extra_ctes_injected", json!(true)),
                ("extra_ctes", ctes),
            ];
            insert_after(map, "compiled_path", facts);
        }
        made
    }

    /// What is known without compiling.
    fn declared(&self, node: &Node) -> Value {
        let mut made = with_primary_key(dictionary(node), self.keys.get(&node.unique_id));
        self.docs.fill(node, &mut made);
        made["created_at"] = self.inputs.created_at();
        let entry = node.patch.and_then(|index| self.inputs.project.entries.get(index));
        if let (NodeKind::Model, Some(Value::Object(spine))) =
            (node.kind, entry.and_then(|entry| entry.value.get("time_spine")))
        {
            made["time_spine"] = time_spine(spine);
        }
        if node.kind == NodeKind::SemanticModel {
            made["node_relation"] = self.node_relation(node);
        }
        if node.kind == NodeKind::Seed {
            let package = self.inputs.project.packages.iter().find(|package| package.file.name == node.package);
            made["root_path"] = json!(package.map(|package| package.file.root.to_string_lossy()));
        }
        made
    }

    /// Where the model of a semantic model is.
    fn node_relation(&self, node: &Node) -> Value {
        let model = node.depends_on.iter().find_map(|id| self.inputs.graph.node(id));
        let Some(model) = model else { return Value::Null };
        json!({
            "alias": model.alias, "schema_name": model.schema, "database": model.database,
            "relation_name": model.relation.as_ref().map(ToString::to_string),
        })
    }

    /// Disabled nodes: a list for each unique id.
    fn disabled(&self) -> Value {
        let mut lists: Map<String, Value> = Map::new();
        for node in self.inputs.graph.disabled.iter().filter(|node| !is_switched_off(node)) {
            let list = lists.entry(node.unique_id.clone()).or_insert_with(|| json!([]));
            if let Value::Array(items) = list {
                items.push(self.declared(node));
            }
        }
        Value::Object(lists)
    }
}

/// Whether a test was taken out of the graph for what it reads, not by its own configuration.
fn is_switched_off(node: &Node) -> bool {
    node.test.is_some() && node.setting_flag("enabled")
}

/// Adds macros that a node turned out to call to those it was parsed with.
pub(super) fn add_macros(made: &mut Value, called: &[String]) {
    if let Some(macros) = made["depends_on"]["macros"].as_array_mut() {
        for id in called {
            let id = json!(id);
            if !macros.contains(&id) {
                macros.push(id);
            }
        }
    }
}

/// `time_spine` of a model, with every key dbt gives it.
fn time_spine(written: &Map<String, Value>) -> Value {
    json!({
        "standard_granularity_column": written.get("standard_granularity_column"),
        "custom_granularities": written.get("custom_granularities").filter(|list| list.is_array()).unwrap_or(&json!([])),
    })
}

/// Inserts entries behind `key`, so that the order of keys is dbt's.
fn insert_after<const N: usize>(map: &mut Map<String, Value>, key: &str, entries: [(&str, Value); N]) {
    let at = map.keys().position(|known| known == key).map_or(map.len(), |at| at + 1);
    for (offset, (key, value)) in entries.into_iter().enumerate() {
        map.shift_insert(at + offset, key.to_owned(), value);
    }
}

fn docs(project: &Project) -> Value {
    let one = |block: &crate::project::DocsBlock| {
        let unique_id = format!("doc.{}.{}", block.package, block.name);
        let value = json!({
            "name": block.name, "resource_type": "doc", "package_name": block.package, "path": block.path,
            "original_file_path": block.original_path, "unique_id": unique_id, "block_contents": block.text,
        });
        (unique_id, value)
    };
    let mut docs: Map<String, Value> = project.docs.iter().map(one).collect();
    docs.insert("doc.dbt.__overview__".to_owned(), overview());
    Value::Object(docs)
}

/// The page that documentation begins with where a project has no overview of its own. It stands where dbt's stands.
fn overview() -> Value {
    json!({
        "name": "__overview__", "resource_type": "doc", "package_name": "dbt", "path": "overview.md",
        "original_file_path": "docs/overview.md", "unique_id": "doc.dbt.__overview__", "block_contents": OVERVIEW,
    })
}

const OVERVIEW: &str = "### Documentation of this project\n\nThe models, seeds, snapshots, sources and tests of the project and its \
    packages: what they are, what they are made from, and what is made from them. To say more on this page, put a docs block \
    named `__overview__` into a Markdown file beside the models.";

/// What each node reads and what reads it, sorted.
fn edges(graph: &Graph) -> (Value, Value) {
    let mut children: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in graph.nodes.values().chain(&graph.dropped) {
        for parent in &node.depends_on {
            children.entry(parent).or_default().insert(&node.unique_id);
        }
    }
    let parents = |node: &Node| {
        let mut list = node.depends_on.clone();
        list.sort();
        (node.unique_id.clone(), json!(list))
    };
    let below = |node: &Node| {
        (node.unique_id.clone(), json!(children.get(node.unique_id.as_str()).cloned().unwrap_or_default()))
    };
    let all = || graph.nodes.values().chain(&graph.dropped);
    (Value::Object(all().map(parents).collect()), Value::Object(all().map(below).collect()))
}

/// The members of each group, by the group's name.
fn group_map(graph: &Graph) -> Value {
    let name = |group: &Value| group.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let members = |group: &str| -> Value {
        let can_have = |node: &&Node| !matches!(node.kind, NodeKind::Source | NodeKind::Exposure | NodeKind::UnitTest);
        graph
            .nodes
            .values()
            .filter(can_have)
            .filter(|node| node.group.as_deref() == Some(group))
            .map(|node| json!(node.unique_id))
            .collect()
    };
    Value::Object(graph.groups.values().map(|group| (name(group), members(&name(group)))).collect())
}
