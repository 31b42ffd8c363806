//! Metrics, semantic models and saved queries: declared nodes with the edges dbt gives them (dbt: `parser/schema_yaml_readers.py`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::configuration::Wanted;
use super::dictionary::input_measure;
use super::node::Node;
use super::parse::{Parsing, config_list, empty_node, own_config, place};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
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
    let models = made.iter().filter(|node| node.kind == NodeKind::SemanticModel);
    let created: Vec<Node> = models.flat_map(|model| created(parsing, model)).collect();
    made.extend(created);
    connect(&mut made);
    made
}

/// What is wrong with the name of a metric (dbt: `UnparsedMetric.validate`).
fn metric_name(name: &str) -> Option<&'static str> {
    if name.chars().count() > 250 {
        Some("is longer than 250 characters")
    } else if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Some("does not begin with a letter")
    } else if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        Some("has more in it than letters, digits and underscores")
    } else {
        None
    }
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
    if kind == NodeKind::Metric {
        properties.shift_remove("meta");
        properties.extend(configured.and_then(|config| config.get("meta")).map(|own| ("meta".to_owned(), own.clone())));
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
    if kind == NodeKind::SavedQuery {
        node.tags.sort();
        node.tags.dedup();
        let mut written = empty_node(entry.file);
        written.package.clone_from(&entry.package);
        parsing.names.name(&mut written);
        (node.database, node.schema) = (written.database, written.schema);
    }
    describe(parsing, entry, &mut node);
    place(&mut node, entry.span(parsing.sources, &["name".into()]));
    if let Some(wrong) = metric_name(&node.name).filter(|_| kind == NodeKind::Metric) {
        let message = format!("a metric cannot be called `{}`: its name {wrong}", node.name);
        let problem = Diagnostic::error(Code::BadConfig, message).at(node.span()).node(&node.unique_id);
        diagnostics.push(problem.help("use letters, digits and underscores, and begin with a letter"));
    }
    node
}

/// Renders the descriptions of a semantic model's parts.
fn describe(parsing: &Parsing<'_>, entry: &Entry, node: &mut Node) {
    for key in ["entities", "dimensions", "measures"] {
        let parts = node.declared.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten();
        for part in parts.filter_map(Value::as_object_mut) {
            if let Some(Value::String(text)) = part.get_mut("description") {
                *text = parsing.description(&entry.package, text);
            }
        }
    }
}

/// The metrics that measures ask for with `create_metric`.
fn created(parsing: &Parsing<'_>, model: &Node) -> Vec<Node> {
    let measures = model.declared.get("measures").and_then(Value::as_array).into_iter().flatten();
    let wanted = measures.filter(|measure| measure.get("create_metric") == Some(&Value::Bool(true)));
    let metric = |measure: &Value| {
        let name = measure.get("name")?.as_str()?;
        let text = |key: &str| measure.get(key).and_then(Value::as_str);
        let mut fqn = model.fqn.clone();
        fqn.pop();
        fqn.push(name.to_owned());
        let own = json!({"enabled": model.setting_flag("enabled"), "meta": model.config.get("meta")});
        let properties = own.as_object().cloned().unwrap_or_default();
        let wanted =
            Wanted { kind: NodeKind::Metric, package: &model.package, fqn: &fqn, properties, calls: Map::new() };
        let resolved = parsing.trees.resolve(&wanted);
        let declared = json!({
            "name": name, "label": text("label").unwrap_or(name), "type": "simple",
            "type_params": {"measure": name, "expr": text("expr").unwrap_or(name)}, "config": own,
        });
        Some(Node {
            kind: NodeKind::Metric,
            unique_id: format!("metric.{}.{name}", model.package),
            name: name.to_owned(),
            package: model.package.clone(),
            path: model.path.clone(),
            original_path: model.original_path.clone(),
            description: text("description")
                .map_or_else(|| format!("Metric created from measure {name}"), str::to_owned),
            config: resolved.config,
            unrendered_config: resolved.unrendered,
            declared: declared.as_object().cloned().unwrap_or_default(),
            fqn,
            code: model.code.clone(),
            ..empty_node(model.file)
        })
    };
    wanted.filter_map(metric).collect()
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
    for input in inner.iter().filter_map(|name| all.iter().find(|node| node.name == *name)) {
        measures_below(input, all, seen, found);
    }
}

/// Where a metric names measures, below `type_params`.
const MEASURES: [&[&str]; 3] =
    [&["measure"], &["conversion_type_params", "base_measure"], &["conversion_type_params", "conversion_measure"]];

/// The measures and the metrics a declaration names.
pub(super) fn inputs(node: &Node) -> (Vec<String>, Vec<String>) {
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
pub(super) fn names(value: Option<&Value>) -> Vec<String> {
    let one = |item: &Value| item.as_str().or_else(|| item.get("name")?.as_str()).map(str::to_owned);
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(item) => one(item).into_iter().collect(),
        None => Vec::new(),
    }
}
