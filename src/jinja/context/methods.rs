//! Methods of dbt's objects as values: `api.Column.translate_type is defined`, `{% set get = config.get %}`.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;

use crate::jinja::python;

pub(super) const COLUMN_CLASS: &[&str] =
    &["create", "from_description", "translate_type", "string_type", "numeric_type"];
pub(super) const COLUMN: &[&str] = &[
    "is_string",
    "is_number",
    "is_float",
    "is_integer",
    "is_numeric",
    "string_size",
    "can_expand_to",
    "literal",
    "string_type",
    "numeric_type",
    "translate_type",
];
pub(super) const RELATION_CLASS: &[&str] = &["create"];
pub(super) const RELATION: &[&str] = &[
    "render",
    "include",
    "quote",
    "without_identifier",
    "incorporate",
    "replace_path",
    "information_schema",
    "information_schema_only",
    "replace",
    "matches",
    "quoted",
    "get",
    "create",
];
pub(super) const CONFIG: &[&str] =
    &["get", "require", "meta_get", "meta_require", "set", "persist_relation_docs", "persist_column_docs"];
pub(super) const EXCEPTIONS: &[&str] = &[
    "warn",
    "raise_compiler_error",
    "raise_not_implemented",
    "raise_parsing_error",
    "raise_database_error",
    "raise_fail_fast_error",
    "raise_dependency_error",
    "raise_contract_error",
    "missing_config",
    "missing_materialization",
    "missing_relation",
    "relation_wrong_type",
    "column_type_missing",
];
/// What `adapter` has beside the methods that ask the warehouse.
pub(super) const ADAPTER: &[&str] = &[
    "type",
    "dispatch",
    "quote",
    "quote_as_configured",
    "quote_seed_column",
    "cache_added",
    "cache_dropped",
    "cache_renamed",
    "warn_once",
    "render_raw_columns_constraints",
    "render_raw_model_constraints",
    "standardize_grants_dict",
    "valid_incremental_strategies",
    "build_catalog_relation",
    "get_catalog_integration",
    "parse_index",
    "convert_type",
    "already_exists",
    "list_relations",
];

/// The method `name` of an object as a value, if it has it.
pub(super) fn method<T: Object + 'static>(owner: &Arc<T>, names: &[&str], name: &str) -> Option<Value> {
    names.contains(&name).then(|| python::bound(Value::from_dyn_object(owner.clone()), name))
}
