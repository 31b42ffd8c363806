//! What is asked of sources to learn how fresh they are, and how old they may be (dbt: `source freshness`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::sql::Dialect;

/// The check of one source's table.
#[derive(Debug, Clone)]
pub struct FreshnessCheck {
    /// The source's table.
    pub unique_id: String,
    /// What is asked.
    pub question: Question,
    /// Seconds after which there is a warning.
    pub warn_after: Option<i64>,
    /// Seconds after which it is an error.
    pub error_after: Option<i64>,
    /// The thresholds and the filter as configured.
    pub criteria: Value,
}

/// Where the time of the last load is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The greatest value of an expression, over the rows of a filter.
    Field {
        /// `loaded_at_field`.
        field: String,
        /// `filter`.
        filter: Option<String>,
    },
    /// A query, with Jinja.
    Query(String),
    /// The warehouse's catalog.
    Metadata,
    /// Nothing is configured, and the warehouse does not know.
    Nowhere,
}

/// The checks of the wanted sources that have a threshold, by unique id.
pub fn freshness_checks(graph: &Graph, wanted: &BTreeSet<String>) -> Vec<FreshnessCheck> {
    let nodes = wanted.iter().filter_map(|id| graph.node(id)).filter(|node| node.kind == NodeKind::Source);
    nodes.filter_map(|node| check(node, graph.dialect)).collect()
}

fn check(node: &Node, dialect: Dialect) -> Option<FreshnessCheck> {
    let freshness = node.setting("freshness")?;
    let after = |key: &str| period(freshness.get(key)?);
    let (warn_after, error_after) = (after("warn_after"), after("error_after"));
    if warn_after.is_none() && error_after.is_none() {
        return None;
    }
    let filter = freshness.get("filter").and_then(Value::as_str).map(str::to_owned);
    let text = |key: &str| node.setting_text(key).filter(|text| !text.is_empty()).map(str::to_owned);
    let question = match (text("loaded_at_query"), text("loaded_at_field")) {
        (Some(query), _) => Question::Query(query),
        (None, Some(field)) => Question::Field { field, filter },
        (None, None) if dialect == Dialect::Snowflake => Question::Metadata,
        (None, None) => Question::Nowhere,
    };
    let shown = |key: &str| freshness.get(key).cloned().unwrap_or_default();
    let criteria = json!({
        "warn_after": shown("warn_after"), "error_after": shown("error_after"), "filter": shown("filter"),
    });
    Some(FreshnessCheck { unique_id: node.unique_id.clone(), question, warn_after, error_after, criteria })
}

/// `{count: 2, period: day}` in seconds.
fn period(value: &Value) -> Option<i64> {
    let count = value.get("count")?;
    let count = count.as_i64().or_else(|| count.as_str()?.trim().parse().ok())?;
    let unit = match value.get("period")?.as_str()? {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    count.checked_mul(unit)
}
