//! Exposures and groups: nodes that are declared only.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::configuration::Wanted;
use super::node::Node;
use super::parse::{Parsing, config_list, empty_node, own_config, place};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{Entry, EntryKind, NodeKind};

/// The exposures.
pub(super) fn exposures(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let entries = parsing.project.entries.iter().filter(|entry| entry.kind == EntryKind::Exposure);
    entries.map(|entry| exposure(parsing, entry, diagnostics)).collect()
}

fn exposure(parsing: &Parsing<'_>, entry: &Entry, diagnostics: &mut Diagnostics) -> Node {
    let unique_id = format!("exposure.{}.{}", entry.package, entry.name);
    let mut fqn = vec![entry.package.clone()];
    let mut folders: Vec<String> = entry.path.split('/').map(str::to_owned).collect();
    folders.pop();
    fqn.extend(folders);
    fqn.push(entry.name.clone());
    let mut properties = own_config(&entry.value);
    let configured = entry.value.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_known = |key: &str| matches!(key, "enabled" | "tags" | "meta");
    properties.retain(|key, _| is_known(key) || configured.contains_key(key));
    let wanted = Wanted { kind: NodeKind::Exposure, package: &entry.package, fqn: &fqn, properties, calls: Map::new() };
    let subject = parsing.subject(&entry.package, &unique_id, &entry.name, NodeKind::Exposure);
    let mut resolved = parsing.trees.resolve(&wanted);
    gather(parsing, (entry, &wanted, &configured), std::sync::Arc::make_mut(&mut resolved.config));
    let written = Wanted { properties: configured, ..wanted };
    let mut node = Node {
        kind: NodeKind::Exposure,
        unique_id,
        name: entry.name.clone(),
        package: entry.package.clone(),
        path: entry.path.clone(),
        original_path: entry.original_path.clone(),
        config: resolved.config,
        unrendered_config: std::sync::Arc::new(parsing.trees.unrendered(&written)),
        description: parsing.description(&entry.package, entry.text("description").unwrap_or_default()),
        declared: (*entry.value).clone(),
        fqn,
        ..empty_node(entry.file)
    };
    for (index, item) in entry.value.get("depends_on").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Some(text) = item.as_str() else { continue };
        let span = entry.span(parsing.sources, &["depends_on".into(), index.into()]);
        let parsed = parsing.parse(&subject, &format!("{{{{ {text} }}}}"), span.file, span.start);
        diagnostics.extend(parsed.problem.map(|mut problem| {
            problem.labels.iter_mut().for_each(|label| label.span = span);
            problem
        }));
        node.refs.extend(parsed.facts.refs);
        node.sources.extend(parsed.facts.sources);
        node.metrics.extend(parsed.facts.metrics);
    }
    node.tags = config_list(&node.config, "tags");
    node.tags.sort();
    node.tags.dedup();
    std::sync::Arc::make_mut(&mut node.config).insert("tags".to_owned(), node.tags.clone().into());
    place(&mut node, entry.span(parsing.sources, &["name".into()]));
    if !node.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        let message =
            format!("the exposure's name `{}` has more in it than letters, digits, underscores and dashes", node.name);
        let problem = Diagnostic::warning(Code::BadConfig, message).at(node.span()).node(&node.unique_id);
        let help = "rename it, and keep the old name as its `label`";
        diagnostics.push(problem.event("ExposureNameDeprecation").help(help));
    }
    node
}

/// Tags and meta of an exposure: its `config:`, or else that of the project file, with those beside its name and those that
/// stand directly under `exposures:`, in which keys of meta give way (dbt: `ExposureParser.parse_exposure`).
fn gather(
    parsing: &Parsing<'_>,
    (entry, wanted, configured): (&Entry, &Wanted<'_>, &Map<String, Value>),
    config: &mut Map<String, Value>,
) {
    let file = parsing.project.packages.iter().map(|package| &package.file).find(|file| file.name == entry.package);
    let directly = file.and_then(|file| file.value.get("exposures")?.as_object()).cloned().unwrap_or_default();
    let (properties, calls) = (Map::new(), Map::new());
    let of_tree = Wanted { kind: wanted.kind, package: wanted.package, fqn: wanted.fqn, properties, calls };
    let of_tree = parsing.trees.resolve(&of_tree).config;
    let own = |key: &str| if configured.contains_key(key) { configured } else { &*of_tree };
    let mut tags = Vec::new();
    let mut meta = Map::new();
    for tagged in [&directly, &*entry.value, own("tags")] {
        tags.extend(config_list(tagged, "tags"));
    }
    for described in [&directly, &*entry.value, own("meta")] {
        meta.extend(described.get("meta").and_then(Value::as_object).cloned().unwrap_or_default());
    }
    config.insert("tags".to_owned(), tags.into());
    config.insert("meta".to_owned(), meta.into());
}

/// The groups, as dbt's dictionaries, by unique id.
pub(super) fn groups(parsing: &Parsing<'_>) -> IndexMap<String, Value> {
    let entries = parsing.project.entries.iter().filter(|entry| entry.kind == EntryKind::Group);
    let group = |entry: &Entry| {
        let unique_id = format!("group.{}.{}", entry.package, entry.name);
        let owner = entry.value.get("owner").cloned().unwrap_or_default();
        // dbt configures groups with the tree of models.
        let mut fqn = vec![entry.package.clone()];
        fqn.extend(entry.path.split('/').map(str::to_owned));
        fqn.pop();
        fqn.push(entry.name.clone());
        let properties = entry.value.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
        let wanted =
            Wanted { kind: NodeKind::Model, package: &entry.package, fqn: &fqn, properties, calls: Map::new() };
        let mut config = json!({"meta": {}});
        let own = |key: &str| !matches!(key, "pre-hook" | "post-hook");
        for (key, value) in parsing.trees.declared(&wanted).into_iter().filter(|(key, _)| own(key)) {
            config[key.as_str()] = value;
        }
        let mut known = json!({"email": null, "name": null});
        owner.as_object().into_iter().flatten().for_each(|(key, value)| known[key.as_str()] = value.clone());
        let value = json!({
            "name": entry.name, "resource_type": "group", "package_name": entry.package, "path": entry.path,
            "original_file_path": entry.original_path, "unique_id": unique_id,
            "owner": known,
            "description": entry.value.get("description"), "config": config,
        });
        (unique_id, value)
    };
    entries.map(group).collect()
}
