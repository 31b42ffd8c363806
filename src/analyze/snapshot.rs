//! Snapshots: the columns they add to those of their query.

use std::collections::BTreeSet;

use serde_json::Value;

use super::edge::{Edge, EdgeKind};
use super::query::{QueryColumn, QueryFacts};
use crate::graph::Node;
use crate::sql::query::Name;
use crate::sql::{Dialect, ValueType};

/// The columns that a snapshot adds to those of its query.
pub(super) fn snapshot_columns(node: &Node, facts: &mut QueryFacts, dialect: Dialect) {
    let names = node.config.get("snapshot_meta_column_names").and_then(Value::as_object);
    let name = |default: &str| {
        let given = names.and_then(|names| names.get(default)).and_then(Value::as_str);
        Name::written(given.unwrap_or(default), false, dialect)
    };
    let listed = |key: &str| -> Vec<String> {
        match node.setting(key) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let is_timestamp = node.setting_text("strategy") == Some("timestamp");
    let compared = if is_timestamp { listed("updated_at") } else { listed("check_cols") };
    let edges_of = |columns: &[String], kind: EdgeKind| -> Vec<Edge> {
        let mut all = Vec::new();
        for column in columns {
            let key = Name::written(column.trim_matches('"'), column.starts_with('"'), dialect).key;
            match facts.columns.iter().find(|known| known.name.key == key) {
                Some(found) => all.extend(found.edges.iter().copied()),
                // An expression, or `all`: it may read any column.
                None => {
                    all.extend(facts.columns.iter().flat_map(|known| &known.edges).copied());
                    all.extend(facts.open.iter().flat_map(|(_, edges)| edges).copied());
                }
            }
        }
        let changed: BTreeSet<Edge> = all.into_iter().map(|edge| Edge { kind: edge.kind.max(kind), ..edge }).collect();
        changed.into_iter().collect()
    };
    let moment = if is_timestamp { edges_of(&listed("updated_at"), EdgeKind::Copied) } else { Vec::new() };
    let later = if is_timestamp { edges_of(&listed("updated_at"), EdgeKind::Transformed) } else { Vec::new() };
    let mut identity = edges_of(&listed("unique_key"), EdgeKind::Transformed);
    identity.extend(moment.iter().map(|edge| Edge { kind: edge.kind.max(EdgeKind::Transformed), ..*edge }));
    // Rows are made when these change, and found again by the key.
    let mut decided = edges_of(&compared, EdgeKind::Indirect);
    decided.extend(edges_of(&listed("unique_key"), EdgeKind::Indirect));
    let moment_type = match dialect {
        Dialect::Snowflake => ValueType::parse("timestamp_ntz", dialect),
        Dialect::DuckDb => ValueType::parse("timestamp", dialect),
    };
    let mut added = vec![
        ("dbt_scd_id", ValueType::text(dialect), identity),
        ("dbt_updated_at", moment_type.clone(), moment.clone()),
        ("dbt_valid_from", moment_type.clone(), moment),
        ("dbt_valid_to", moment_type, later),
    ];
    if node.setting_text("hard_deletes") == Some("new_record") {
        added.push(("dbt_is_deleted", ValueType::text(dialect), Vec::new()));
    }
    let columns: Vec<QueryColumn> = added
        .into_iter()
        .map(|(default, data_type, edges)| QueryColumn {
            name: name(default),
            data_type,
            edges,
            ..QueryColumn::default()
        })
        .collect();
    facts.columns.extend(columns);
    facts.rows.extend(decided);
    facts.rows.sort_unstable();
    facts.rows.dedup();
}
