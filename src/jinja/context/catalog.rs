//! `adapter.build_catalog_relation`: what Snowflake's catalog makes of a model's table (dbt-snowflake: `parse_model.py` and the
//! catalog integrations): a table of Snowflake's own format, or an Iceberg table of the built-in catalog.

use minijinja::Value;
use serde_json::{Value as Json, json};

use super::session::Subject;
use crate::jinja::python;
use crate::sql::Dialect;

/// The catalog's view of the subject; none on `DuckDB`.
pub(super) fn relation(subject: &Subject, dialect: Dialect) -> Value {
    if dialect == Dialect::DuckDb {
        return Value::from(());
    }
    let setting = |key: &str| subject.config.get(key).cloned().unwrap_or(Json::Null);
    let is_iceberg = setting("table_format").as_str().is_some_and(|format| format.eq_ignore_ascii_case("iceberg"));
    let cluster_by = match setting("cluster_by") {
        Json::Array(keys) => Json::String(keys.iter().map(python_text).collect::<Vec<_>>().join(", ")),
        other => other,
    };
    let clustering = setting("automatic_clustering").as_bool().unwrap_or(false);
    let fields = if is_iceberg {
        json!({
            "catalog_type": "BUILT_IN", "catalog_name": "SNOWFLAKE", "table_format": "iceberg", "cluster_by": cluster_by,
            "automatic_clustering": clustering, "is_transient": false, "external_volume": setting("external_volume"),
            "base_location": base_location(subject), "storage_serialization_policy": setting("storage_serialization_policy"),
            "max_data_extension_time_in_days": setting("max_data_extension_time_in_days"),
            "data_retention_time_in_days": setting("data_retention_time_in_days"), "change_tracking": setting("change_tracking"),
            "catalog_linked_database_type": null, "auto_refresh": null, "target_file_size": null,
        })
    } else {
        json!({
            "catalog_type": "INFO_SCHEMA", "catalog_name": "INFO_SCHEMA", "table_format": "default", "cluster_by": cluster_by,
            "automatic_clustering": clustering, "is_transient": setting("transient").as_bool().unwrap_or(true),
            "external_volume": null, "file_format": null, "catalog_linked_database_type": null,
        })
    };
    python::from_json(&fields)
}

fn python_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn base_location(subject: &Subject) -> String {
    let text = |key: &str| subject.config.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let identifier = subject.this.as_ref().map(|this| this.relation.identifier.clone()).unwrap_or_default();
    let path = format!("{}/{}/{identifier}", text("base_location_root").unwrap_or("_dbt"), subject.schema);
    text("base_location_subpath").map_or(path.clone(), |sub| format!("{path}/{sub}"))
}
