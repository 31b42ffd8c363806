//! Looking attributes and items up by name, as Jinja2's filters do it.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::dict::{self, Dict};
use super::kind::defined;
use super::method::bound;
use super::number::integer;

/// `value[key]`, or the attribute of that name; undefined if there is neither.
pub(super) fn item(value: &Value, key: &Value) -> Result<Value, Error> {
    let found = defined(value)?.get_item(key)?;
    match key.as_str() {
        Some(name) if found.is_undefined() => value.get_attr(name),
        _ => Ok(found),
    }
}

/// `value.name` without falling back to an item.
pub(super) fn attribute(value: &Value, name: &str) -> Result<Value, Error> {
    if value.downcast_object_ref::<Dict>().is_some() {
        let method = dict::METHODS.contains(&name);
        return Ok(if method { bound(value.clone(), name) } else { Value::UNDEFINED });
    }
    defined(value)?.get_attr(name)
}

/// How a filter's `attribute` argument reads values: a path of items, or the value itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Getter {
    path: Vec<Value>,
    default: Option<Value>,
    ignore_case: bool,
}

impl Getter {
    /// The path `a.b.0`, an index, or nothing for none.
    pub(super) fn new(attribute: Option<&Value>) -> Getter {
        Getter { path: attribute.map(path).unwrap_or_default(), ..Getter::default() }
    }

    /// The same with lower case for strings.
    pub(super) fn ignoring_case(mut self, ignore: bool) -> Getter {
        self.ignore_case = ignore;
        self
    }

    /// The same with a value in place of undefined.
    pub(super) fn or(mut self, default: Option<Value>) -> Getter {
        self.default = default.filter(|default| !default.is_none());
        self
    }

    /// What the filter sees of this value.
    pub(super) fn get(&self, value: &Value) -> Result<Value, Error> {
        let mut found = value.clone();
        for key in &self.path {
            found = item(&found, key)?;
            if let (true, Some(default)) = (found.is_undefined(), &self.default) {
                found = default.clone();
            }
        }
        Ok(if self.ignore_case { lowered(found) } else { found })
    }
}

/// The value in lower case if it is a string.
pub(super) fn lowered(value: Value) -> Value {
    match value.as_str() {
        Some(text) if value.kind() == ValueKind::String => Value::from(text.to_lowercase()),
        _ => value,
    }
}

fn path(attribute: &Value) -> Vec<Value> {
    if attribute.is_none() {
        return Vec::new();
    }
    match attribute.as_str() {
        Some(text) if integer(attribute).is_none() => text
            .split('.')
            .map(|part| match part.parse::<usize>() {
                Ok(at) => Value::from(at),
                Err(_) => Value::from(part),
            })
            .collect(),
        _ => vec![attribute.clone()],
    }
}

/// One getter for each of the comma-separated attributes.
pub(super) fn getters(attribute: Option<&Value>, ignore_case: bool) -> Vec<Getter> {
    let parts = match attribute.and_then(Value::as_str) {
        Some(text) => text.split(',').map(|part| Some(Value::from(part))).collect(),
        None => vec![attribute.cloned()],
    };
    parts.iter().map(|part| Getter::new(part.as_ref()).ignoring_case(ignore_case)).collect()
}
