//! Metrics, semantic models and saved queries: declared nodes with the edges dbt gives them (dbt: `parser/schema_yaml_readers.py`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::configuration::Wanted;
use super::dictionary::input_measure;
use super::node::Node;
use super::parse::{Parsing, config_list, empty_node, own_config, place};
use crate::diagnostic::Diagnostics;
use crate::project::{Entry, EntryKind, NodeKind};

/// The semantic models, then the metrics, then the saved queries.
pub(super) fn nodes(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let mut made = Vec::new();
    let kinds = [
        (EntryKind::SemanticModel, NodeKind::SemanticModel),
        (EntryKind::Metric, NodeKind::Metric),
        (EntryKind::SavedQuery, NodeKind::SavedQuery),
    ];
    for (written, kind) in kinds {
        let entries = parsing.project.entries.iter().filter(|entry| entry.kind == written);
        made.extend(entries.map(|entry| declared(parsing, entry, kind, diagnostics)));
    }
    connect(&mut made);
    made
}

fn declared(parsing: &Parsing<'_>, entry: &Entry, kind: NodeKind, diagnostics: &mut Diagnostics) -> Node {
    let unique_id = format!("{}.{}.{}", kind.as_str(), entry.package, entry.name);
    let mut fqn = vec![entry.package.clone()];
    let mut folders: Vec<String> = entry.path.split('/').map(str::to_owned).collect();
    folders.pop();
    fqn.extend(folders);
    fqn.push(entry.name.clone());
    let mut properties = own_config(&entry.value);
    let configured = entry.value.get("config").and_then(Value::as_object);
    if kind != NodeKind::SavedQuery {
        let is_known = |key: &str| matches!(key, "enabled" | "group" | "meta");
        properties.retain(|key, _| is_known(key) || configured.is_some_and(|config| config.contains_key(key)));
    }
    let wanted = Wanted { kind, package: &entry.package, fqn: &fqn, properties, calls: Map::new() };
    let subject = parsing.subject(&entry.package, &unique_id, &entry.name, kind);
    let resolved = parsing.trees.resolve(&wanted);
    let mut node = Node {
        kind,
        unique_id,
        name: entry.name.clone(),
        package: entry.package.clone(),
        path: entry.path.clone(),
        original_path: entry.original_path.clone(),
        config: resolved.config,
        unrendered_config: resolved.unrendered,
        description: parsing.description(&entry.package, entry.text("description").unwrap_or_default()),
        declared: (*entry.value).clone(),
        fqn,
        ..empty_node(entry.file)
    };
    if let Some(text) = entry.text("model").filter(|_| kind == NodeKind::SemanticModel) {
        let span = entry.span(parsing.sources, &["model".into()]);
        let parsed = parsing.parse(&subject, &format!("{{{{ {text} }}}}"), span.file, span.start);
        diagnostics.extend(parsed.problem.map(|mut problem| {
            problem.labels.iter_mut().for_each(|label| label.span = span);
            problem
        }));
        node.refs = parsed.facts.refs;
    }
    node.group = node.setting_text("group").map(str::to_owned);
    // dbt keeps `tags` in the config of a metric as it keeps any other key; only those beside the name are its tags.
    node.tags = match kind {
        NodeKind::Metric => config_list(&entry.value, "tags"),
        _ => config_list(&node.config, "tags"),
    };
    place(&mut node, entry.span(parsing.sources, &["name".into()]));
    node
}

/// Edges: a metric reads the semantic models of its measures and the metrics it is made of; a saved query its metrics.
fn connect(nodes: &mut [Node]) {
    let mut measures: Vec<(String, String)> = Vec::new();
    let mut metrics: Vec<(String, String)> = Vec::new();
    for node in nodes.iter() {
        match node.kind {
            NodeKind::SemanticModel => {
                let names = names(node.declared.get("measures"));
                measures.extend(names.into_iter().map(|name| (name, node.unique_id.clone())));
            }
            NodeKind::Metric => metrics.push((node.name.clone(), node.unique_id.clone())),
            _ => {}
        }
    }
    let find = |list: &[(String, String)], name: &String| {
        list.iter().find(|(known, _)| known == name).map(|(_, id)| id.clone())
    };
    for node in nodes.iter_mut().filter(|node| node.kind != NodeKind::SemanticModel) {
        let (own_measures, own_metrics) = inputs(node);
        let read = own_measures
            .iter()
            .filter_map(|name| find(&measures, name))
            .chain(own_metrics.iter().filter_map(|name| find(&metrics, name)));
        let mut found: Vec<String> = Vec::new();
        for id in read {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        node.depends_on = found;
    }
    add_input_measures(nodes);
}

/// Adds to each metric the measures that it or the metrics it is made of read.
fn add_input_measures(nodes: &mut [Node]) {
    let is_metric = |node: &&mut Node| node.kind == NodeKind::Metric;
    let all: Vec<Node> = nodes.iter().filter(|node| node.kind == NodeKind::Metric).cloned().collect();
    for node in nodes.iter_mut().filter(is_metric) {
        let mut found: Vec<Value> = Vec::new();
        measures_below(node, &all, &mut BTreeSet::new(), &mut found);
        if let Some(Value::Object(parameters)) = node.declared.get_mut("type_params") {
            parameters.insert("input_measures".to_owned(), Value::Array(found));
        }
    }
}

fn measures_below(metric: &Node, all: &[Node], seen: &mut BTreeSet<String>, found: &mut Vec<Value>) {
    if !seen.insert(metric.unique_id.clone()) {
        return;
    }
    let parameters = metric.declared.get("type_params").cloned().unwrap_or_default();
    for path in MEASURES {
        let written = path.iter().try_fold(&parameters, |value, key| value.get(*key));
        let measure = written.map(input_measure).filter(|measure| !measure.is_null());
        found.extend(measure.filter(|measure| !found.contains(measure)));
    }
    let (_, inner) = inputs(metric);
    for input in all.iter().filter(|node| inner.contains(&node.name)) {
        measures_below(input, all, seen, found);
    }
}

/// Where a metric names measures, below `type_params`.
const MEASURES: [&[&str]; 3] =
    [&["measure"], &["conversion_type_params", "base_measure"], &["conversion_type_params", "conversion_measure"]];

/// The measures and the metrics a declaration names.
fn inputs(node: &Node) -> (Vec<String>, Vec<String>) {
    if node.kind == NodeKind::SavedQuery {
        return (Vec::new(), names(node.declared.get("query_params").and_then(|parameters| parameters.get("metrics"))));
    }
    let parameters = node.declared.get("type_params").cloned().unwrap_or_default();
    let part = |path: &[&str]| path.iter().try_fold(&parameters, |value, key| value.get(*key));
    let metrics = [&["metrics"][..], &["numerator"], &["denominator"], &["cumulative_type_params", "metric"]];
    let all = |paths: &[&[&str]]| paths.iter().flat_map(|path| names(part(path))).collect();
    (all(&MEASURES), all(&metrics))
}

/// The names in a list or a single entry, each written as a name or as a mapping with `name`.
fn names(value: Option<&Value>) -> Vec<String> {
    let one = |item: &Value| item.as_str().or_else(|| item.get("name")?.as_str()).map(str::to_owned);
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(item) => one(item).into_iter().collect(),
        None => Vec::new(),
    }
}
