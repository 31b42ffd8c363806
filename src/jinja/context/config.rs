//! `config`: a call records configuration while parsing; reading it gives the node's final configuration.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};
use serde_json::Map;

use super::call::{Call, unknown_method};
use super::methods;
use super::render::{Phase, Scene, problem};
use super::world::Problem;
use crate::diagnostic::Code;
use crate::jinja::python;

/// The object `config` in a template.
#[derive(Debug)]
pub(super) struct ConfigValue(pub(super) Arc<Scene>);

impl ConfigValue {
    fn record(&self, args: &[Value]) -> Result<Value, Error> {
        let Phase::Parse(facts) = &self.0.phase else { return Ok(Value::from("")) };
        let call = Call::new(args)?;
        let mut map = Map::new();
        let pairs = match call.positional() {
            [] => call.named(),
            [mapping] if call.named().is_empty() => mapping
                .as_object()
                .and_then(minijinja::value::DynObject::try_iter_pairs)
                .map(|pairs| pairs.map(|(key, value)| (python::str(&key), value)).collect())
                .unwrap_or_default(),
            _ => {
                let text = "`config` takes either one mapping or names with values";
                return Err(problem(Problem::new(Code::BadConfig, text).help("write `config(materialized='table')`")));
            }
        };
        for (name, value) in pairs {
            map.insert(name, python::setting_json(&value).unwrap_or_default());
        }
        for (underscored, dashed) in [("pre_hook", "pre-hook"), ("post_hook", "post-hook")] {
            if map.contains_key(underscored) && map.contains_key(dashed) {
                let text = format!("`config` is given both `{underscored}` and `{dashed}`, which are the same");
                return Err(problem(Problem::new(Code::BadConfig, text).help("put all hooks into one list")));
            }
        }
        facts.lock().expect("no render panics while it records").add_config(map);
        Ok(Value::from(""))
    }

    fn lookup(&self, name: &str) -> Option<Value> {
        let config = &self.0.subject.config;
        if name == "snapshot_table_column_names" && !config.contains_key(name) {
            return Some(self.snapshot_columns());
        }
        if let Some(time) = self.0.batch_time(name) {
            return Some(time);
        }
        config
            .get(name)
            .or_else(|| config.get(&name.replace('_', "-")).filter(|_| name.ends_with("_hook")))
            .map(python::from_json)
    }

    /// The columns dbt adds to a snapshot, under the names it gives them (dbt: `SnapshotConfig.snapshot_table_column_names`).
    fn snapshot_columns(&self) -> Value {
        let own = self.0.subject.config.get("snapshot_meta_column_names");
        let names = ["dbt_valid_to", "dbt_valid_from", "dbt_scd_id", "dbt_updated_at", "dbt_is_deleted"];
        python::record(names.map(|name| {
            let given = own.and_then(|own| own.get(name)).and_then(serde_json::Value::as_str);
            (name, Value::from(given.unwrap_or(name)))
        }))
    }

    fn is_parsing(&self) -> bool {
        matches!(self.0.phase, Phase::Parse(_))
    }

    fn persists(&self, part: &str) -> bool {
        let persist = self.0.subject.config.get("persist_docs");
        persist.and_then(|docs| docs.get(part)).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    fn meta(&self, name: &str) -> Option<Value> {
        self.0.subject.config.get("meta").and_then(|meta| meta.get(name)).map(python::from_json)
    }
}

impl Object for ConfigValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if name == "model" {
            return Some(self.0.model());
        }
        methods::method(self, methods::CONFIG, name)
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.record(args)
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        match method {
            "persist_relation_docs" => Ok(Value::from(!self.is_parsing() && self.persists("relation"))),
            "persist_column_docs" => Ok(Value::from(!self.is_parsing() && self.persists("columns"))),
            "set" => {
                let pair = python::dict(vec![(call.required(0, "name")?, call.required(1, "value")?)])?;
                self.record(&[pair])
            }
            _ if self.is_parsing() && matches!(method, "get" | "require" | "meta_get" | "meta_require") => {
                Ok(Value::from(""))
            }
            "get" | "meta_get" => {
                let name = call.text(0, "name")?;
                let found = if method == "get" { self.lookup(&name) } else { self.meta(&name) };
                let value = found.or_else(|| call.get(1, "default")).unwrap_or(Value::from(()));
                if let (Some(validator), true) =
                    (call.get(2, "validator"), call.get(1, "default").is_some_and(|d| !d.is_none()))
                {
                    validator.call(state, std::slice::from_ref(&value))?;
                }
                Ok(value)
            }
            "require" | "meta_require" => {
                let name = call.text(0, "name")?;
                let found = if method == "require" { self.lookup(&name) } else { self.meta(&name) };
                found.filter(|value| !value.is_none()).ok_or_else(|| {
                    let message =
                        format!("`{}` has no value for the required configuration `{name}`", self.0.subject.unique_id);
                    problem(Problem::new(Code::BadConfig, message).help(format!("set `{name}` in the model's config")))
                })
            }
            _ => Err(unknown_method("`config`", method)),
        }
    }
}
