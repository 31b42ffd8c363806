//! `manifest.json`, version 12: everything the project holds.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::docs::DocsCalls;
use super::ran::Ran;
use super::{Invocation, macros, seconds, write};
use crate::compile::Compilation;
use crate::graph::{EXECUTABLE, Fields, Graph, Node, fields, primary_keys, selector_definitions};
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
    /// What became of the nodes that were run.
    pub ran: &'a [Ran<'a>],
    /// The target folder as paths in the manifest begin with it.
    pub target: &'a str,
}

impl ManifestInputs<'_> {
    /// `created_at`: the invocation's start, for all the same.
    pub(super) fn created_at(&self) -> Value {
        seconds(self.invocation.session.facts.run.started_at)
    }
}

/// A manifest: parts that are made when they are written, so that a large one is never in memory as a whole.
pub struct Manifest<'a> {
    maker: Maker<'a>,
}

/// The value of a top-level key.
enum Part<'a> {
    /// Small enough to be made at once.
    Whole(Value),
    /// Unique ids for each node, by its own.
    Lists(IndexMap<&'a str, Vec<&'a str>>),
    /// A dictionary for each node, by unique id.
    Nodes(IndexMap<&'a str, Listed<'a>>),
}

/// A node as the manifest lists it.
#[derive(Clone, Copy)]
enum Listed<'a> {
    /// As it is.
    Known(&'a Node),
    /// A test that reads a disabled node.
    SwitchedOff(&'a Node),
}

/// The top-level keys in dbt's order.
const KEYS: [&str; 17] = [
    "metadata",
    "nodes",
    "sources",
    "macros",
    "docs",
    "exposures",
    "metrics",
    "groups",
    "selectors",
    "disabled",
    "parent_map",
    "child_map",
    "group_map",
    "saved_queries",
    "semantic_models",
    "unit_tests",
    "functions",
];

/// How many nodes a thread makes in one go.
const CHUNK: usize = 64;

/// The bytes that most nodes do not need, so that a text rarely moves while it grows.
const NODE_BYTES: usize = 4096;

/// How many nodes are made before they are written.
const BATCH: usize = 8 * CHUNK;

impl<'a> Manifest<'a> {
    /// The manifest of these inputs.
    pub fn new(inputs: &'a ManifestInputs<'a>) -> Self {
        let ran = inputs.ran.iter().map(|ran| (ran.unique_id, ran)).collect();
        Self { maker: Maker { inputs, keys: primary_keys(inputs.graph), docs: DocsCalls::new(inputs.project), ran } }
    }

    /// What stands under a top-level key.
    fn part(&self, key: &str) -> Part<'a> {
        let inputs = self.maker.inputs;
        let of = |kind: NodeKind| Part::Nodes(of_kinds(inputs.graph, &[kind]));
        Part::Whole(match key {
            "nodes" => return Part::Nodes(executable(inputs.graph)),
            "sources" => return of(NodeKind::Source),
            "exposures" => return of(NodeKind::Exposure),
            "metrics" => return of(NodeKind::Metric),
            "saved_queries" => return of(NodeKind::SavedQuery),
            "semantic_models" => return of(NodeKind::SemanticModel),
            "unit_tests" => return of(NodeKind::UnitTest),
            "functions" => return of(NodeKind::Function),
            "metadata" => metadata(inputs),
            "macros" => macros::macros(inputs),
            "docs" => docs(inputs.project),
            "groups" => json!(inputs.graph.groups),
            "selectors" => selector_definitions(inputs.project),
            "disabled" => self.maker.disabled(),
            "parent_map" => return Part::Lists(parents(inputs.graph)),
            "child_map" => return Part::Lists(children(inputs.graph)),
            "group_map" => group_map(inputs.graph),
            _ => json!({}),
        })
    }

    /// The whole of it.
    pub fn value(&self) -> Value {
        let value = |part: Part<'_>| match part {
            Part::Whole(value) => value,
            Part::Lists(lists) => json!(lists),
            Part::Nodes(nodes) => Value::Object(
                nodes.into_iter().map(|(id, listed)| (id.to_owned(), self.maker.listed(listed).into_value())).collect(),
            ),
        };
        Value::Object(KEYS.into_iter().map(|key| (key.to_owned(), value(self.part(key)))).collect())
    }

    /// Writes it as JSON on one line.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (index, key) in KEYS.into_iter().enumerate() {
            write!(out, "{}\"{key}\":", if index == 0 { '{' } else { ',' })?;
            match self.part(key) {
                Part::Whole(value) => serde_json::to_writer(&mut *out, &value)?,
                Part::Lists(lists) => serde_json::to_writer(&mut *out, &lists)?,
                Part::Nodes(nodes) => self.nodes(&nodes.into_iter().collect::<Vec<_>>(), out)?,
            }
        }
        out.write_all(b"}")
    }

    fn nodes(&self, nodes: &[(&str, Listed<'_>)], out: &mut dyn Write) -> io::Result<()> {
        let text = |nodes: &[(&str, Listed<'_>)]| -> io::Result<Vec<u8>> {
            let mut text = Vec::with_capacity(nodes.len() * NODE_BYTES);
            for (id, listed) in nodes {
                serde_json::to_writer(&mut text, id)?;
                text.push(b':');
                serde_json::to_writer(&mut text, &self.maker.listed(*listed))?;
                text.push(b',');
            }
            Ok(text)
        };
        let make = |batch: &[(&str, Listed<'_>)]| batch.par_chunks(CHUNK).map(text).collect::<io::Result<Vec<_>>>();
        out.write_all(b"{")?;
        let mut batches = nodes.chunks(BATCH);
        let mut made = batches.next().map(&make);
        while let Some(texts) = made.take() {
            let (mut texts, next) = (texts?, batches.next());
            // No comma stands behind the last node.
            if next.is_none() {
                texts.last_mut().and_then(Vec::pop);
            }
            // One batch is written while the next is made.
            rayon::in_place_scope(|scope| {
                let (made, make) = (&mut made, &make);
                scope.spawn(move |_| *made = next.map(make));
                texts.iter().try_for_each(|text| out.write_all(text))
            })?;
        }
        out.write_all(b"}")
    }
}

fn metadata(inputs: &ManifestInputs<'_>) -> Value {
    let facts = &inputs.invocation.session.facts;
    let mut metadata = inputs.invocation.metadata("manifest/v12");
    let quoting =
        crate::jinja::merge_quoting(facts.dialect.default_quoting(), &inputs.project.packages[0].file.quoting);
    let id = crate::source::md5(&facts.root);
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
    ran: HashMap<&'a str, &'a Ran<'a>>,
}

impl Maker<'_> {
    fn listed<'n>(&self, listed: Listed<'n>) -> Fields<'n> {
        match listed {
            Listed::Known(node) => self.node(node),
            Listed::SwitchedOff(node) => {
                let mut made = self.declared(node);
                let mut config = (*node.config).clone();
                config.insert("enabled".to_owned(), json!(false));
                made.set("config", Value::Object(config));
                made
            }
        }
    }

    fn node<'n>(&self, node: &'n Node) -> Fields<'n> {
        let mut made = self.declared(node);
        // dbt keeps nothing of a unit test's compiling.
        let compiled = self
            .inputs
            .compilation
            .filter(|_| node.unit.is_none())
            .and_then(|compilation| compilation.nodes.get(&node.unique_id));
        if let Some(compiled) = compiled {
            add_macros(&mut made, &compiled.macros);
            if write::has_compiled_file(node) {
                let path = format!("{}/compiled/{}", self.inputs.target, write::node_path(node));
                made.set("compiled_path", json!(path));
            }
            let ctes: Value = compiled.ctes.iter().map(|(id, sql)| json!({"id": id, "sql": sql})).collect();
            let facts = [
                ("compiled", json!(true)),
                ("compiled_code", json!(compiled.sql)),
                ("extra_ctes_injected", json!(true)),
                ("extra_ctes", ctes),
            ];
            made.set_after("compiled_path", facts);
        }
        if let Some(ran) = self.ran.get(node.unique_id.as_str()) {
            ran.add(&mut made, node, (self.inputs.graph, self.inputs.target));
        }
        self.name_targets(&mut made, node);
        made
    }

    /// Puts the names of relations into the foreign keys of what was compiled.
    fn name_targets(&self, made: &mut Fields<'_>, node: &Node) {
        let targets = self.inputs.compilation.and_then(|compilation| compilation.targets.get(&node.unique_id));
        let is_skipped = self.ran.get(node.unique_id.as_str()).is_some_and(|ran| ran.is_skipped);
        for target in targets.into_iter().flatten().filter(|_| !is_skipped) {
            made.change("columns", |columns| target.replace_in_columns(columns));
            made.change("constraints", |constraints| target.replace_in(constraints));
        }
    }

    /// What is known without compiling.
    fn declared<'n>(&self, node: &'n Node) -> Fields<'n> {
        let mut made = fields(node);
        if let (Some(columns), true) = (self.keys.get(&node.unique_id), made.has("primary_key")) {
            made.set("primary_key", json!(columns));
        }
        self.docs.fill(node, &mut made);
        made.set("created_at", self.inputs.created_at());
        let entry = node.patch.and_then(|index| self.inputs.project.entries.get(index));
        if let (NodeKind::Model, Some(Value::Object(spine))) =
            (node.kind, entry.and_then(|entry| entry.value.get("time_spine")))
        {
            made.set("time_spine", time_spine(spine));
        }
        if node.kind == NodeKind::SemanticModel {
            made.set("node_relation", self.node_relation(node));
        }
        if node.kind == NodeKind::Seed {
            let package = self.inputs.project.packages.iter().find(|package| package.file.name == node.package);
            made.set("root_path", json!(package.map(|package| package.file.root.to_string_lossy())));
        }
        made
    }

    /// Where the model of a semantic model is.
    fn node_relation(&self, node: &Node) -> Value {
        let model = node.depends_on.iter().find_map(|id| self.inputs.graph.node(id));
        let Some(model) = model else { return Value::Null };
        json!({
            "alias": model.alias, "schema_name": model.schema, "database": model.database,
            "relation_name": model.relation.as_deref().map(ToString::to_string),
        })
    }

    /// Disabled nodes: a list for each unique id.
    fn disabled(&self) -> Value {
        let mut lists: Map<String, Value> = Map::new();
        for node in self.inputs.graph.disabled.iter().filter(|node| !is_switched_off(node)) {
            let list = lists.entry(node.unique_id.clone()).or_insert_with(|| json!([]));
            if let Value::Array(items) = list {
                items.push(self.declared(node).into_value());
            }
        }
        Value::Object(lists)
    }
}

/// What dbt keeps under `nodes`. A test that is enabled itself but reads a disabled node is switched off there, while one that is
/// configured as disabled is listed under `disabled`.
fn executable(graph: &Graph) -> IndexMap<&str, Listed<'_>> {
    let mut nodes = of_kinds(graph, &EXECUTABLE);
    let off = graph.disabled.iter().filter(|node| is_switched_off(node));
    nodes.extend(off.map(|node| (node.unique_id.as_str(), Listed::SwitchedOff(node))));
    nodes
}

fn of_kinds<'g>(graph: &'g Graph, kinds: &[NodeKind]) -> IndexMap<&'g str, Listed<'g>> {
    let nodes = graph.nodes.values().chain(&graph.dropped).filter(|node| kinds.contains(&node.kind));
    nodes.map(|node| (node.unique_id.as_str(), Listed::Known(node))).collect()
}

/// Whether a test was taken out of the graph for what it reads, not by its own configuration.
fn is_switched_off(node: &Node) -> bool {
    node.test.is_some() && node.setting_flag("enabled")
}

/// Adds macros that a node turned out to call to those it was parsed with.
pub(super) fn add_macros(made: &mut Fields<'_>, called: &[String]) {
    if let Some(macros) = made.made("depends_on").and_then(|depends| depends["macros"].as_array_mut()) {
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

/// What each node reads, sorted.
fn parents(graph: &Graph) -> IndexMap<&str, Vec<&str>> {
    let mut parents: IndexMap<&str, Vec<&str>> = IndexMap::with_capacity(graph.nodes.len());
    for node in graph.nodes.values().chain(&graph.dropped) {
        let mut list: Vec<&str> = node.depends_on.iter().map(String::as_str).collect();
        list.sort_unstable();
        parents.insert(&node.unique_id, list);
    }
    parents
}

/// What reads each node, sorted.
fn children(graph: &Graph) -> IndexMap<&str, Vec<&str>> {
    let all = || graph.nodes.values().chain(&graph.dropped);
    let mut children: IndexMap<&str, Vec<&str>> = all().map(|node| (node.unique_id.as_str(), Vec::new())).collect();
    for node in all() {
        for parent in &node.depends_on {
            if let Some(list) = children.get_mut(parent.as_str()) {
                list.push(&node.unique_id);
            }
        }
    }
    for list in children.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    children
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
