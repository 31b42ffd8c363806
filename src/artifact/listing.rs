//! What `ls` prints: one line per selected node.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::graph::{Graph, Node, dictionary};
use crate::project::NodeKind;

/// How nodes are printed (dbt: `--output`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// As a selector that matches the node.
    #[default]
    Selector,
    /// By name.
    Name,
    /// By the path of its file.
    Path,
    /// As a JSON object.
    Json,
}

/// The keys of a record unless others are asked for.
const KEYS: [&str; 10] = [
    "alias",
    "name",
    "package_name",
    "depends_on",
    "tags",
    "config",
    "resource_type",
    "source_name",
    "original_file_path",
    "unique_id",
];

/// The lines for these nodes, by unique id. `keys` are those of JSON records; empty for dbt's own choice. A key may lead into a
/// record: `config.materialized`. `inferred` are the columns that the analysis knows of each node: a key of its own,
/// [`INFERRED`], which dbt does not have.
pub fn listing(
    graph: &Graph,
    selected: &BTreeSet<String>,
    output: Output,
    keys: &[String],
    inferred: &BTreeMap<String, Value>,
) -> Vec<String> {
    let nodes = selected.iter().filter_map(|id| graph.node(id));
    nodes.map(|node| line(node, output, keys, inferred.get(&node.unique_id))).collect()
}

/// The key under which `ls` shows the columns and types that the analysis knows.
pub const INFERRED: &str = "inferred_columns";

fn line(node: &Node, output: Output, keys: &[String], inferred: Option<&Value>) -> String {
    match output {
        Output::Selector => selector(node),
        Output::Name => match &node.source {
            Some(source) => format!("{}.{}", source.source_name, node.name),
            None if node.unit.is_some() => node.name.clone(),
            None => node.search_name(),
        },
        Output::Path => node.original_path.clone(),
        Output::Json => {
            let mut record = record(node, keys);
            if let Some(columns) = inferred.filter(|_| keys.iter().any(|key| key == INFERRED)) {
                record.insert(INFERRED.to_owned(), columns.clone());
            }
            spaced(&Value::Object(record))
        }
    }
}

fn selector(node: &Node) -> String {
    match (&node.source, node.kind) {
        (Some(source), _) => format!("source:{}.{}.{}", node.package, source.source_name, node.name),
        // A unit test of a versioned model has the version in its alias.
        (None, NodeKind::UnitTest) => format!("unit_test:{}.{}", node.package, node.alias),
        (None, NodeKind::Exposure | NodeKind::Metric | NodeKind::SavedQuery | NodeKind::SemanticModel) => {
            format!("{}:{}.{}", node.kind.as_str(), node.package, node.name)
        }
        (None, _) => node.fqn.join("."),
    }
}

fn record(node: &Node, keys: &[String]) -> Map<String, Value> {
    let Value::Object(all) = dictionary(node) else { return Map::new() };
    if keys.is_empty() {
        return all.into_iter().filter(|(key, _)| KEYS.contains(&key.as_str())).collect();
    }
    let one = |key: &String| {
        let is_nested = key.contains('.');
        let found = if is_nested { nested(&all, key).filter(|value| !value.is_null()) } else { all.get(key) };
        found.map(|value| (key.clone(), value.clone()))
    };
    keys.iter().filter_map(one).collect()
}

fn nested<'a>(all: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('.');
    let first = all.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

/// JSON on one line with a space behind `,` and `:` and only ASCII, as Python prints it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", text(key), spaced(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::String(value) => text(value),
        other => other.to_string(),
    }
}

fn text(value: &str) -> String {
    let mut out = String::new();
    for c in Value::from(value).to_string().chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str("\\u");
                out.extend(format!("{unit:04x}").chars());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::spaced;

    #[test]
    fn json_is_printed_as_python_prints_it() {
        assert_eq!(spaced(&json!({"a": [1, "ü", "😀"], "b": {}})), r#"{"a": [1, "\u00fc", "\ud83d\ude00"], "b": {}}"#);
    }
}
