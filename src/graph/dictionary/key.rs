//! The columns that make a model's primary key, as dbt infers them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{Graph, Node, TestDetails};
use crate::project::NodeKind;

/// The primary key of every model that has one, by unique id: a constraint's columns; else columns tested for `unique` and
/// `not_null`; else those tested for `unique` alone, by enabled tests or, failing these, by disabled ones.
pub fn primary_keys(graph: &Graph) -> BTreeMap<String, Vec<String>> {
    let mut tests: BTreeMap<&str, Vec<(&TestDetails, bool)>> = BTreeMap::new();
    let enabled = graph.nodes.values().map(|node| (node, true));
    for (node, enabled) in enabled.chain(graph.disabled.iter().map(|node| (node, false))) {
        if let Some(details) = &node.test
            && let Some(attached) = &details.attached_node
        {
            tests.entry(attached).or_default().push((details, enabled));
        }
    }
    let models = graph.nodes.values().filter(|node| node.kind == NodeKind::Model);
    let keyed = models
        .map(|node| (node.unique_id.clone(), key(node, tests.get(node.unique_id.as_str()).map_or(&[], Vec::as_slice))));
    keyed.filter(|(_, columns)| !columns.is_empty()).collect()
}

fn key(node: &Node, tests: &[(&TestDetails, bool)]) -> Vec<String> {
    let is_key = |constraint: &&Value| constraint.get("type").and_then(Value::as_str) == Some("primary_key");
    if let Some(constraint) = node.constraints.iter().find(is_key) {
        return texts(constraint.get("columns"));
    }
    if let Some(column) = node.columns.values().find(|column| column.constraints.iter().any(|c| is_key(&c))) {
        return vec![column.name.clone()];
    }
    let (mut unique, mut disabled, mut filled) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (test, enabled) in tests {
        let columns = match test.arguments.get("column_name") {
            Some(Value::String(column)) => vec![column.clone()],
            _ => texts(test.arguments.get("combination_of_columns")),
        };
        match test.name.as_str() {
            "unique" | "unique_combination_of_columns" if *enabled => unique.extend(columns),
            "unique" | "unique_combination_of_columns" => disabled.extend(columns),
            "not_null" => filled.extend(columns),
            _ => {}
        }
    }
    let both: Vec<String> =
        filled.into_iter().filter(|column| unique.contains(column) || disabled.contains(column)).collect();
    if !both.is_empty() {
        return both;
    }
    let chosen = if unique.is_empty() { disabled } else { unique };
    chosen.into_iter().collect()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
