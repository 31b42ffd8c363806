//! What is only declared, as dbt's dictionaries: sources, exposures, and what is kept as written.

use serde_json::{Map, Value, json};

use super::super::Node;
use super::column::columns;
use super::{calls, depends_on, identity, refs, sources};
use crate::project::NodeKind;

/// A table of a source.
pub(super) fn source(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let config = |key: &str| node.config.get(key).cloned().unwrap_or_default();
    put("database", json!(node.database));
    put("schema", json!(node.schema));
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    if let Some(details) = &node.source {
        let quoting = |key: &str| details.quoting.get(key).cloned().unwrap_or_default();
        put("source_name", json!(details.source_name));
        put("source_description", json!(details.source_description));
        put("loader", json!(details.loader));
        put("identifier", json!(details.identifier));
        put(
            "quoting",
            json!({
                "database": quoting("database"), "schema": quoting("schema"),
                "identifier": quoting("identifier"), "column": quoting("column"),
            }),
        );
    }
    put("loaded_at_field", config("loaded_at_field"));
    put("loaded_at_query", config("loaded_at_query"));
    put("freshness", config("freshness"));
    put(
        "external",
        node.source.as_ref().and_then(|details| details.external.as_ref()).map_or(Value::Null, external),
    );
    put("description", json!(node.description));
    put("columns", columns(node));
    put("meta", meta(node));
    put("source_meta", json!(node.source.as_ref().map(|details| &details.source_meta)));
    put("tags", json!(node.tags));
    put("config", json!(node.config));
    put("patch_path", json!(node.patch_path));
    put("unrendered_config", json!(node.unrendered_config));
    put("relation_name", json!(node.relation.as_ref().map(ToString::to_string)));
    put("created_at", Value::Null);
    put(
        "unrendered_database",
        json!(node.source.as_ref().and_then(|details| details.unrendered_database.as_ref())),
    );
    put(
        "unrendered_schema",
        json!(node.source.as_ref().and_then(|details| details.unrendered_schema.as_ref())),
    );
    put("doc_blocks", json!([]));
    Value::Object(map)
}

/// `external:` with dbt's own keys first; what else was written follows.
fn external(written: &Value) -> Value {
    let Some(fields) = written.as_object() else { return written.clone() };
    let known = ["location", "file_format", "row_format", "tbl_properties", "partitions"];
    let mut map: Map<String, Value> =
        known.iter().map(|key| ((*key).to_owned(), fields.get(*key).cloned().unwrap_or_default())).collect();
    map.extend(
        fields
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    Value::Object(map)
}

fn meta(node: &Node) -> Value {
    node.config.get("meta").cloned().unwrap_or_else(|| json!({}))
}

/// An exposure.
pub(super) fn exposure(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let own = |key: &str| node.declared.get(key).cloned().unwrap_or_default();
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("type", own("type"));
    put("owner", owner(&own("owner")));
    put("description", json!(node.description));
    put("label", own("label"));
    put("maturity", own("maturity"));
    put("meta", meta(node));
    put("tags", json!(node.tags));
    put("config", json!(node.config));
    put("unrendered_config", json!(node.unrendered_config));
    put("url", own("url"));
    put("depends_on", depends_on(node));
    put("refs", refs(node));
    put("sources", sources(node));
    put("metrics", json!(node.metrics));
    put("created_at", Value::Null);
    Value::Object(map)
}

/// An owner: `email` and `name` always, then what else was written.
fn owner(written: &Value) -> Value {
    let mut map = Map::new();
    for key in ["email", "name"] {
        map.insert(key.to_owned(), written.get(key).cloned().unwrap_or_default());
    }
    for (key, value) in
        written.as_object().into_iter().flatten().filter(|(key, _)| !matches!(key.as_str(), "email" | "name"))
    {
        map.insert(key.clone(), value.clone());
    }
    Value::Object(map)
}

/// A metric, with every key dbt gives it.
pub(super) fn metric(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let own = |key: &str| node.declared.get(key).cloned().unwrap_or_default();
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("description", json!(node.description));
    put("label", own("label"));
    put("type", own("type"));
    put("type_params", metric_parameters(&own("type_params")));
    put("filter", where_filter(&own("filter")));
    put("metadata", Value::Null);
    put("time_granularity", own("time_granularity"));
    put("meta", meta(node));
    put("tags", json!(node.tags));
    put("config", json!(node.config));
    put("unrendered_config", json!(node.unrendered_config));
    put("sources", sources(node));
    put("depends_on", depends_on(node));
    put("refs", refs(node));
    put("metrics", json!(node.metrics));
    put("created_at", Value::Null);
    put("group", json!(node.group));
    Value::Object(map)
}

/// `type_params` of a metric: names become mappings, and what was not written is null.
fn metric_parameters(written: &Value) -> Value {
    let own = |key: &str| written.get(key).cloned().unwrap_or_default();
    let measure = metric_input(&own("measure"));
    let all_measures: Vec<Value> = measure.is_object().then(|| measure.clone()).into_iter().collect();
    let cumulative = own("cumulative_type_params");
    let cumulative = cumulative.is_object().then(|| {
        json!({
            "window": window(&cumulative["window"]), "grain_to_date": cumulative["grain_to_date"],
            "period_agg": cumulative.get("period_agg").cloned().unwrap_or_else(|| json!("first")), "metric": cumulative["metric"],
        })
    });
    json!({
        "measure": measure, "input_measures": all_measures, "numerator": own("numerator"), "denominator": own("denominator"),
        "expr": own("expr"), "window": window(&own("window")), "grain_to_date": own("grain_to_date"),
        "metrics": own("metrics").as_array().cloned().unwrap_or_default(), "conversion_type_params": own("conversion_type_params"),
        "cumulative_type_params": cumulative, "metric_aggregation_params": null,
    })
}

/// A measure a metric is made of: written as a name, or as a mapping.
fn metric_input(written: &Value) -> Value {
    let field = |key: &str| written.get(key).cloned().unwrap_or_default();
    let name = if written.is_string() { written.clone() } else { field("name") };
    if name.is_null() {
        return Value::Null;
    }
    json!({
        "name": name, "filter": where_filter(&field("filter")), "alias": field("alias"),
        "join_to_timespine": field("join_to_timespine").as_bool().unwrap_or(false), "fill_nulls_with": field("fill_nulls_with"),
    })
}

/// A filter, or several, as dbt keeps them.
fn where_filter(written: &Value) -> Value {
    let list = match written {
        Value::Null => return Value::Null,
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    json!({"where_filters": list.iter().map(|text| json!({"where_sql_template": text})).collect::<Vec<_>>()})
}

/// `30 days` as a count and a granularity.
fn window(written: &Value) -> Value {
    let Some((count, unit)) = written.as_str().and_then(|text| text.trim().split_once(' ')) else {
        return written.clone();
    };
    let Ok(count) = count.parse::<i64>() else { return written.clone() };
    json!({"count": count, "granularity": unit.trim().trim_end_matches('s')})
}

/// What merganser keeps as it was written: semantic models, saved queries.
pub(super) fn other(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    for (key, value) in node
        .declared
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "name" | "config" | "meta" | "tags" | "description"))
    {
        put(key, value.clone());
    }
    put("description", json!(node.description));
    if node.kind != NodeKind::SemanticModel {
        put("meta", meta(node));
        put("tags", json!(node.tags));
    }
    put("config", json!(node.config));
    put("unrendered_config", json!(node.unrendered_config));
    put("depends_on", depends_on(node));
    if node.kind == NodeKind::SemanticModel {
        put("refs", refs(node));
    } else {
        calls(node, &mut put);
    }
    put("created_at", Value::Null);
    put("group", json!(node.group));
    Value::Object(map)
}
