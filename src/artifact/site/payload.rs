//! The data of the documentation page: those parts of manifest and catalog that it shows, in its own shape,
//! without empty values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::column::columns;

/// Sections of a manifest whose entries are nodes of the page.
const SECTIONS: [&str; 8] =
    ["nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions"];

/// Config that is shown elsewhere on the page, or is the same for everything shown.
const CONFIG_ELSEWHERE: [&str; 8] = ["enabled", "tags", "meta", "docs", "group", "access", "materialized", "contract"];

/// The parts that make the definition of the semantic layer's nodes and of functions.
const DEFINITION: [&str; 13] = [
    "model",
    "primary_entity",
    "defaults",
    "entities",
    "dimensions",
    "measures",
    "type_params",
    "filter",
    "time_granularity",
    "query_params",
    "exports",
    "arguments",
    "returns",
];

/// dbt's own package, whose macros every project has.
const CORE_PACKAGE: &str = "dbt";

/// What the page's `data.js` reads. Nodes are sorted by id: same input, same bytes.
pub(super) fn payload(manifest: &Value, catalog: Option<&Value>) -> Value {
    let hidden = Hidden::of(manifest);
    let metadata = &manifest["metadata"];
    let project = text(metadata, "project_name");
    let mut nodes = BTreeMap::new();
    for (id, node) in SECTIONS.iter().flat_map(|section| object(manifest, section)) {
        if node.is_object() && !hidden.drops(id, node) {
            let found = catalog.and_then(|catalog| ["nodes", "sources"].iter().find_map(|part| catalog[part].get(id)));
            nodes.insert(id.clone(), page_node(id, node, found, &hidden));
        }
    }
    for (id, entry) in object(manifest, "macros").filter(|(_, entry)| shown(entry)) {
        nodes.insert(id.clone(), page_macro(id, entry));
    }
    json!({
        "project": project,
        "adapter": metadata["adapter_type"],
        "generated_at": metadata["generated_at"],
        "overview": overview(manifest, project),
        "builtin_packages": builtin_packages(manifest, project),
        "groups": groups(manifest),
        "nodes": nodes.into_values().collect::<Vec<_>>(),
    })
}

/// Nodes with `docs: {show: false}` and what they read, so that links can go past them.
struct Hidden<'a> {
    parents: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Hidden<'a> {
    fn of(manifest: &'a Value) -> Self {
        let nodes = SECTIONS.iter().flat_map(|section| object(manifest, section));
        let parents = nodes.filter(|(_, node)| !shown(node)).map(|(id, node)| (id.as_str(), parent_ids(node)));
        Self { parents: parents.collect() }
    }

    /// A test goes where the node goes that it tests.
    fn drops(&self, id: &str, node: &Value) -> bool {
        self.parents.contains_key(id) || self.parents.contains_key(text(node, "attached_node"))
    }

    /// The nearest shown ancestors, each once, in the order in which they are named.
    fn shown_parents(&self, node: &'a Value) -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        let mut waiting: Vec<&str> = parent_ids(node);
        waiting.reverse();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                match self.parents.get(id) {
                    Some(beyond) => waiting.extend(beyond.iter().rev()),
                    None => out.push(id),
                }
            }
        }
        out
    }
}

fn shown(node: &Value) -> bool {
    node["docs"]["show"] != json!(false) && node["config"]["docs"]["show"] != json!(false)
}

fn parent_ids(node: &Value) -> Vec<&str> {
    node["depends_on"]["nodes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn page_node<'a>(id: &str, node: &'a Value, found: Option<&Value>, hidden: &Hidden<'a>) -> Value {
    let config = &node["config"];
    let kind = text(node, "resource_type");
    let mut out = identity(id, node);
    for (key, from) in [
        ("fqn", "fqn"),
        ("tags", "tags"),
        ("database", "database"),
        ("schema", "schema"),
        ("relation", "relation_name"),
        ("language", "language"),
        ("compiled", "compiled_code"),
        ("group", "group"),
        ("access", "access"),
        ("version", "version"),
        ("latest", "latest_version"),
        ("deprecation_date", "deprecation_date"),
        ("primary_key", "primary_key"),
        ("meta", "meta"),
    ] {
        insert(&mut out, key, node[from].clone());
    }
    insert(&mut out, "materialized", config["materialized"].clone());
    insert(&mut out, "color", first_of(&[&node["docs"]["node_color"], &config["docs"]["node_color"]]));
    if config["contract"]["enforced"] == json!(true) {
        insert(&mut out, "contract", json!(true));
    }
    insert(&mut out, "config", shown_config(config));
    insert(&mut out, "columns", Value::Array(columns(node, found)));
    insert(&mut out, "parents", json!(hidden.shown_parents(node)));
    insert(&mut out, "macros", node["depends_on"]["macros"].clone());
    insert(&mut out, "catalog", found.map_or(Value::Null, catalog_facts));
    if node["test_metadata"].is_null() {
        insert(&mut out, "raw", node["raw_code"].clone());
    }
    particulars(&mut out, kind, node);
    Value::Object(out)
}

/// What only nodes of one type have.
fn particulars(out: &mut Map<String, Value>, kind: &str, node: &Value) {
    match kind {
        "source" => insert(out, "source", source_facts(node)),
        "exposure" => insert(
            out,
            "exposure",
            json!({ "label": node["label"], "kind": node["type"], "maturity": node["maturity"],
                "url": node["url"], "owner": node["owner"] }),
        ),
        "test" => {
            let metadata = &node["test_metadata"];
            let named = ["name", "namespace", "kwargs"].map(|key| (key.to_owned(), metadata[key].clone()));
            insert(out, "test", Value::Object(Map::from_iter(named)));
            insert(out, "column", node["column_name"].clone());
            insert(out, "attached", node["attached_node"].clone());
            insert(out, "severity", node["config"]["severity"].clone());
        }
        "unit_test" => {
            out.insert("unit".to_owned(), json!({ "given": node["given"], "expect": node["expect"] }));
        }
        "metric" | "semantic_model" | "saved_query" | "function" => {
            let parts = DEFINITION.map(|key| (key.to_owned(), node[key].clone()));
            insert(out, "definition", Value::Object(Map::from_iter(parts)));
        }
        _ => insert(out, "freshness", node["config"]["freshness"].clone()),
    }
}

fn source_facts(node: &Value) -> Value {
    let loaded_at = first_of(&[&node["loaded_at_field"], &node["loaded_at_query"]]);
    json!({ "name": node["source_name"], "description": node["source_description"], "loader": node["loader"],
        "identifier": node["identifier"], "freshness": declared_freshness(&node["freshness"]), "loaded_at": loaded_at })
}

/// dbt writes out rules that nobody declared, with neither count nor period.
fn declared_freshness(freshness: &Value) -> Value {
    let counted = |key: &str| !freshness[key]["count"].is_null();
    if counted("warn_after") || counted("error_after") { freshness.clone() } else { Value::Null }
}

fn page_macro(id: &str, entry: &Value) -> Value {
    let mut out = identity(id, entry);
    insert(&mut out, "type", json!("macro"));
    insert(&mut out, "raw", entry["macro_sql"].clone());
    insert(&mut out, "arguments", entry["arguments"].clone());
    insert(&mut out, "macros", entry["depends_on"]["macros"].clone());
    insert(&mut out, "meta", entry["meta"].clone());
    Value::Object(out)
}

fn identity(id: &str, node: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(id));
    out.insert("type".to_owned(), json!(text(node, "resource_type")));
    out.insert("name".to_owned(), json!(text(node, "name")));
    out.insert("package".to_owned(), json!(text(node, "package_name")));
    insert(&mut out, "path", node["original_file_path"].clone());
    insert(&mut out, "description", node["description"].clone());
    out
}

fn shown_config(config: &Value) -> Value {
    let entries = config.as_object().into_iter().flatten();
    let kept = entries.filter(|(key, _)| !CONFIG_ELSEWHERE.contains(&key.as_str()));
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn catalog_facts(found: &Value) -> Value {
    let stats = object(found, "stats").map(|(_, stat)| stat).filter(|stat| stat["include"] == json!(true));
    let stats: Vec<Value> = stats.map(|stat| json!({ "label": stat["label"], "value": stat["value"] })).collect();
    json!({ "type": found["metadata"]["type"], "owner": found["metadata"]["owner"], "stats": stats })
}

/// The project's own `__overview__`; dbt's stock text about dbt is no overview of a project.
fn overview(manifest: &Value, project: &str) -> Value {
    let docs = || object(manifest, "docs").map(|(_, doc)| doc).filter(|doc| text(doc, "name") == "__overview__");
    let own = docs().find(|doc| text(doc, "package_name") == project);
    let any = own.or_else(|| docs().find(|doc| text(doc, "package_name") != CORE_PACKAGE));
    any.map_or(Value::Null, |doc| doc["block_contents"].clone())
}

/// dbt's package and the adapters': those that bring macros and nothing else, named after an adapter.
fn builtin_packages(manifest: &Value, project: &str) -> Vec<String> {
    let nodes = SECTIONS.iter().flat_map(|section| object(manifest, section));
    let with_nodes: BTreeSet<&str> = nodes.map(|(_, node)| text(node, "package_name")).collect();
    let macros: BTreeSet<&str> = object(manifest, "macros").map(|(_, entry)| text(entry, "package_name")).collect();
    let adapter = format!("{CORE_PACKAGE}_{}", text(&manifest["metadata"], "adapter_type"));
    let is_builtin = |name: &&&str| **name == CORE_PACKAGE || (**name == adapter && !with_nodes.contains(**name));
    macros.iter().filter(|name| **name != project).filter(is_builtin).map(ToString::to_string).collect()
}

fn groups(manifest: &Value) -> Vec<Value> {
    let mut groups: Vec<&Value> = object(manifest, "groups").map(|(_, group)| group).collect();
    groups.sort_by_key(|group| text(group, "name"));
    let page_group = |group: &Value| json!({ "name": text(group, "name"), "owner": group["owner"], "description": group["description"] });
    groups.into_iter().map(page_group).collect()
}

/// The entries of the object at `key`; none when there is no object.
pub(super) fn object<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[key].as_object().into_iter().flatten()
}

/// The string at `key`, or an empty one.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn first_of(values: &[&Value]) -> Value {
    values.iter().find(|value| !value.is_null()).map_or(Value::Null, |value| (*value).clone())
}

/// Puts a value in if anything is left of it without its empty parts.
pub(super) fn insert(out: &mut Map<String, Value>, key: &str, value: Value) {
    if let Some(value) = without_empty(value) {
        out.insert(key.to_owned(), value);
    }
}

/// Nulls, empty strings, lists and objects carry nothing that the page shows.
fn without_empty(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.is_empty()).then_some(Value::String(text)),
        Value::Array(items) => (!items.is_empty()).then_some(Value::Array(items)),
        Value::Object(entries) => {
            let kept: Map<_, _> =
                entries.into_iter().filter_map(|(key, value)| Some((key, without_empty(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other),
    }
}
