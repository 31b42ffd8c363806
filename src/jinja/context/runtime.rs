//! The project as some packages read it from `builtins.ref.config` (dbt: `RuntimeConfig`), and results as hooks get them.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};
use serde_json::{Map, json};

use super::call::unknown_method;
use super::session::SessionFacts;
use crate::jinja::python;

/// The root project, its target, its packages and the command line.
pub(super) fn config(facts: &SessionFacts) -> Value {
    let projects =
        facts.versions.iter().map(|(name, version)| (name.clone(), json!({"project_name": name, "version": version})));
    let from_target = |key: &str| facts.target.get(key).map_or(Value::from(()), python::from_json);
    let json = |map: &Map<String, serde_json::Value>| python::from_json(&serde_json::Value::Object(map.clone()));
    let variables = facts.vars.projects.get(&facts.root).cloned().unwrap_or_default();
    python::record(vec![
        ("project_name", Value::from(facts.root.clone())),
        ("version", facts.versions.get(&facts.root).cloned().flatten().map_or(Value::from(()), Value::from)),
        ("profile_name", from_target("profile_name")),
        ("target_name", from_target("name")),
        ("threads", from_target("threads")),
        ("cli_vars", json(&facts.vars.command_line)),
        ("vars", Value::from_object(Variables(variables))),
        ("args", json(&facts.run.arguments)),
        ("dependencies", json(&projects.collect())),
    ])
}

/// `vars:` of the root project, with `to_dict`.
#[derive(Debug)]
struct Variables(Map<String, serde_json::Value>);

impl Object for Variables {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        match method {
            "to_dict" => Ok(python::from_json(&serde_json::Value::Object(self.0.clone()))),
            _ => Err(unknown_method("`vars`", method)),
        }
    }
}

/// One result of a run as `on-run-end` hooks get it: its fields, and `to_dict`; its node likewise.
pub(super) fn result(fields: &serde_json::Value) -> Value {
    Value::from_object(RunResult(fields.clone()))
}

#[derive(Debug)]
struct RunResult(serde_json::Value);

impl Object for RunResult {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let field = self.0.get(key)?;
        Some(if key == "node" && field.is_object() { result(field) } else { python::from_json(field) })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        match method {
            "to_dict" => Ok(python::from_json(&self.0)),
            _ => Err(unknown_method("a result", method)),
        }
    }
}
