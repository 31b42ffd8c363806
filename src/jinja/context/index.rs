//! `adapter.parse_index`: an entry of a `DuckDB` model's `indexes` (dbt-duckdb: `DuckDBIndexConfig`).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::call::{Call, given, unknown_method};
use super::render::problem;
use super::world::Problem;
use crate::diagnostic::Code;
use crate::jinja::python;
use crate::source::md5;

/// An index to make.
#[derive(Debug)]
struct Index {
    columns: Vec<String>,
    is_unique: bool,
    /// Part of the name: the table that is replaced still has an index on the same columns.
    made_at: DateTime<Utc>,
}

/// Reads an entry; none gives none.
pub(super) fn parse(call: &Call, made_at: DateTime<Utc>) -> Result<Value, Error> {
    let raw = call.required(0, "raw_index")?;
    if !given(&raw) {
        return Ok(Value::from(()));
    }
    let columns = raw.get_attr("columns").ok().filter(given).filter(|columns| columns.as_str().is_none());
    let Some(columns) =
        columns.and_then(|columns| Some(columns.try_iter().ok()?.map(|name| python::str(&name)).collect()))
    else {
        let message = format!("an index needs a list of columns, and is {}", python::repr(&raw));
        return Err(problem(
            Problem::new(Code::BadConfig, message).help("write `indexes: [{columns: [id], unique: true}]`"),
        ));
    };
    let is_unique = raw.get_attr("unique").is_ok_and(|unique| unique.is_true());
    Ok(Value::from_object(Index { columns, is_unique, made_at }))
}

impl Object for Index {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "columns" => python::list(self.columns.iter().map(|name| Value::from(name.clone())).collect()),
            "unique" => Value::from(self.is_unique),
            _ => return None,
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        match method {
            "render" => {
                let mut parts = self.columns.clone();
                parts.extend([call.text(0, "relation")?, self.is_unique.to_string(), self.made_at.to_rfc3339()]);
                Ok(Value::from(md5(parts.join("_"))))
            }
            _ => Err(unknown_method("an index", method)),
        }
    }
}
