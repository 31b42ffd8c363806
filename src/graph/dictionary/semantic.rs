//! The semantic layer as dbt's dictionaries: semantic models, metrics, saved queries. They are kept, and not executed.

use serde_json::{Map, Value, json};

use super::super::Node;
use super::declared::meta;
use super::{depends_on, identity, refs, sources};

/// What was written under a key; null where nothing was.
fn own(fields: &Value, key: &str) -> Value {
    fields.get(key).cloned().unwrap_or_default()
}

/// What was written under a key, or a default.
fn own_or(fields: &Value, key: &str, default: Value) -> Value {
    fields.get(key).filter(|value| !value.is_null()).cloned().unwrap_or(default)
}

/// The members of a list, each brought into dbt's shape.
fn list(fields: &Value, key: &str, shape: fn(&Value) -> Value) -> Value {
    fields.get(key).and_then(Value::as_array).into_iter().flatten().map(shape).collect()
}

/// What was written, in dbt's shape; null where nothing was.
fn optional(written: &Value, shape: impl FnOnce(&Value) -> Value) -> Value {
    if written.is_null() { Value::Null } else { shape(written) }
}

fn written(node: &Node) -> Value {
    Value::Object(node.declared.clone())
}

fn description(node: &Node) -> Value {
    if node.declared.contains_key("description") { json!(node.description) } else { Value::Null }
}

/// A semantic model. What its model is called in the warehouse, the graph knows.
pub(super) fn semantic_model(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let fields = written(node);
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("model", own(&fields, "model"));
    put("node_relation", Value::Null);
    put("description", description(node));
    put("label", own(&fields, "label"));
    let defaults = |value: &Value| json!({"agg_time_dimension": value.get("agg_time_dimension")});
    put("defaults", optional(&own(&fields, "defaults"), defaults));
    for (key, mut parts) in [
        ("entities", list(&fields, "entities", entity)),
        ("measures", list(&fields, "measures", measure)),
        ("dimensions", list(&fields, "dimensions", dimension)),
    ] {
        let parts_meta = parts.as_array_mut().into_iter().flatten().map(|part| &mut part["config"]["meta"]);
        parts_meta.for_each(|own| *own = below(&meta(node), own));
        put(key, parts);
    }
    put("metadata", Value::Null);
    put("depends_on", depends_on(node));
    put("refs", refs(node));
    put("created_at", Value::Null);
    put("config", Value::Object((*node.config).clone()));
    put("unrendered_config", Value::Object((*node.unrendered_config).clone()));
    put("primary_entity", own(&fields, "primary_entity"));
    put("group", json!(node.group));
    Value::Object(map)
}

/// The meta of a part of a semantic model: the model's, with the part's own over it.
fn below(above: &Value, own: &Value) -> Value {
    let maps = [above, own].into_iter().filter_map(Value::as_object);
    Value::Object(maps.flat_map(Map::clone).collect())
}

fn element_config(fields: &Value) -> Value {
    json!({"meta": fields.get("config").and_then(|config| config.get("meta")).cloned().unwrap_or_else(|| json!({}))})
}

fn entity(fields: &Value) -> Value {
    json!({
        "name": own(fields, "name"), "type": own(fields, "type"), "description": own(fields, "description"),
        "label": own(fields, "label"), "role": own(fields, "role"), "expr": expression(fields), "config": element_config(fields),
    })
}

fn measure(fields: &Value) -> Value {
    let parameters = |value: &Value| {
        json!({
            "percentile": value.get("percentile"),
            "use_discrete_percentile": own_or(value, "use_discrete_percentile", json!(false)),
            "use_approximate_percentile": own_or(value, "use_approximate_percentile", json!(false)),
        })
    };
    let additive = |value: &Value| {
        json!({
            "name": value.get("name"), "window_choice": own_or(value, "window_choice", json!("min")),
            "window_groupings": own_or(value, "window_groupings", json!([])),
        })
    };
    json!({
        "name": own(fields, "name"), "agg": own(fields, "agg"), "description": own(fields, "description"),
        "label": own(fields, "label"), "create_metric": false,
        "expr": expression(fields), "agg_params": optional(&own(fields, "agg_params"), parameters),
        "non_additive_dimension": optional(&own(fields, "non_additive_dimension"), additive),
        "agg_time_dimension": own(fields, "agg_time_dimension"), "config": element_config(fields),
    })
}

/// An expression as Python's text: a measure may be written `expr: 1`.
fn expression(fields: &Value) -> Value {
    match own(fields, "expr") {
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(value) => json!(if value { "True" } else { "False" }),
        other => other,
    }
}

fn dimension(fields: &Value) -> Value {
    let validity = |value: &Value| json!({"is_start": own_or(value, "is_start", json!(false)), "is_end": own_or(value, "is_end", json!(false))});
    let parameters = |value: &Value| {
        json!({
            "time_granularity": value.get("time_granularity"),
            "validity_params": optional(&own(value, "validity_params"), validity),
        })
    };
    json!({
        "name": own(fields, "name"), "type": own(fields, "type"), "description": own(fields, "description"),
        "label": own(fields, "label"), "is_partition": own_or(fields, "is_partition", json!(false)),
        "type_params": optional(&own(fields, "type_params"), parameters), "expr": expression(fields), "metadata": null,
        "config": element_config(fields),
    })
}

/// A saved query.
pub(super) fn saved_query(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let fields = written(node);
    let query = own(&fields, "query_params");
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put(
        "query_params",
        json!({
            "metrics": own_or(&query, "metrics", json!([])), "group_by": own_or(&query, "group_by", json!([])),
            "where": where_filter(&own(&query, "where")), "order_by": own_or(&query, "order_by", json!([])),
            "limit": own(&query, "limit"),
        }),
    );
    let exports = fields.get("exports").and_then(Value::as_array).into_iter().flatten();
    put("exports", exports.map(|one| export(node, one)).collect());
    put("description", description(node));
    put("label", own(&fields, "label"));
    put("metadata", Value::Null);
    put("config", Value::Object((*node.config).clone()));
    put("unrendered_config", Value::Object((*node.unrendered_config).clone()));
    put("group", json!(node.group));
    put("depends_on", depends_on(node));
    put("created_at", Value::Null);
    put("refs", refs(node));
    put("tags", json!(node.tags));
    Value::Object(map)
}

/// An export: where it is written is configured for itself, or else for the query.
fn export(node: &Node, fields: &Value) -> Value {
    let config = own(fields, "config");
    let setting = |key: &str| {
        let value = config.get(key).or_else(|| node.config.get(key));
        value.cloned().unwrap_or_default()
    };
    let placed = |key: &str, default: &str| {
        let value = setting(key);
        if value.is_null() { json!(default) } else { value }
    };
    json!({
        "name": own(fields, "name"),
        "config": {
            "export_as": setting("export_as"), "schema_name": placed("schema", &node.schema),
            "alias": config.get("alias").cloned().unwrap_or_else(|| own(fields, "name")),
            "database": placed("database", &node.database),
        },
        "unrendered_config": if config.is_null() { json!({}) } else { config.clone() },
    })
}

/// A metric, with every key dbt gives it.
pub(super) fn metric(node: &Node) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    let fields = written(node);
    identity(node, &mut put);
    put("fqn", json!(node.fqn));
    put("description", json!(node.description));
    put("label", own(&fields, "label"));
    put("type", own(&fields, "type"));
    put("type_params", metric_parameters(&own(&fields, "type"), &own(&fields, "type_params")));
    put("filter", where_filter(&own(&fields, "filter")));
    put("metadata", Value::Null);
    put("time_granularity", own(&fields, "time_granularity"));
    // What is written beside the name counts where the configuration has none.
    let configured = Some(meta(node)).filter(|meta| meta.as_object().is_some_and(|meta| !meta.is_empty()));
    put("meta", configured.unwrap_or_else(|| own_or(&fields, "meta", json!({}))));
    put("tags", json!(node.tags));
    put("config", Value::Object((*node.config).clone()));
    put("unrendered_config", Value::Object((*node.unrendered_config).clone()));
    put("sources", sources(node));
    put("depends_on", depends_on(node));
    put("refs", refs(node));
    put("metrics", json!(node.metrics));
    put("created_at", Value::Null);
    put("group", json!(node.group));
    Value::Object(map)
}

/// `type_params` of a metric: names become mappings, and what was not written is null.
fn metric_parameters(kind: &Value, fields: &Value) -> Value {
    let conversion = |value: &Value| {
        json!({
            "base_measure": input_measure(&own(value, "base_measure")),
            "conversion_measure": input_measure(&own(value, "conversion_measure")), "entity": own(value, "entity"),
            "calculation": own_or(value, "calculation", json!("conversion_rate")), "window": window(&own(value, "window")),
            "constant_properties": own(value, "constant_properties"),
        })
    };
    let is_cumulative = kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("cumulative"));
    let cumulative = |value: &Value| {
        // What stands in its old place, beside the measure, counts where the new one is empty.
        let either = |key: &str| Some(own(value, key)).filter(|own| !own.is_null()).unwrap_or_else(|| own(fields, key));
        json!({
            "window": window(&either("window")), "grain_to_date": either("grain_to_date"),
            "period_agg": own_or(value, "period_agg", json!("first")), "metric": null,
        })
    };
    json!({
        "measure": input_measure(&own(fields, "measure")),
        "input_measures": list(fields, "input_measures", input_measure),
        "numerator": input_metric(&own(fields, "numerator")), "denominator": input_metric(&own(fields, "denominator")),
        "expr": expression(fields), "window": window(&own(fields, "window")), "grain_to_date": own(fields, "grain_to_date"),
        "metrics": list(fields, "metrics", input_metric),
        "conversion_type_params": optional(&own(fields, "conversion_type_params"), conversion),
        "cumulative_type_params": if is_cumulative { cumulative(&own(fields, "cumulative_type_params")) } else { Value::Null },
        "metric_aggregation_params": null,
    })
}

/// The name in what is written as a name, or as a mapping with `name`.
fn name(fields: &Value) -> Value {
    if fields.is_string() { fields.clone() } else { own(fields, "name") }
}

/// A measure a metric is made of.
pub(in super::super) fn input_measure(fields: &Value) -> Value {
    optional(&name(fields), |name| {
        json!({
            "name": name, "filter": where_filter(&own(fields, "filter")), "alias": own(fields, "alias"),
            "join_to_timespine": own_or(fields, "join_to_timespine", json!(false)),
            "fill_nulls_with": own(fields, "fill_nulls_with"),
        })
    })
}

/// A metric a metric is made of.
fn input_metric(fields: &Value) -> Value {
    optional(&name(fields), |name| {
        json!({
            "name": name, "filter": where_filter(&own(fields, "filter")), "alias": own(fields, "alias"),
            "offset_window": window(&own(fields, "offset_window")), "offset_to_grain": own(fields, "offset_to_grain"),
        })
    })
}

/// A filter, or several, as dbt keeps them.
fn where_filter(written: &Value) -> Value {
    let filters = match written {
        Value::Null => return Value::Null,
        Value::Object(fields) if fields.contains_key("where_filters") => return written.clone(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    json!({"where_filters": filters.iter().map(|text| json!({"where_sql_template": text})).collect::<Vec<_>>()})
}

/// `30 days` as a count and a granularity.
fn window(written: &Value) -> Value {
    let Some((count, unit)) = written.as_str().and_then(|text| text.trim().split_once(' ')) else {
        return written.clone();
    };
    let Ok(count) = count.parse::<i64>() else { return written.clone() };
    json!({"count": count, "granularity": unit.trim().trim_end_matches('s')})
}
