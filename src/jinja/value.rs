//! Values that templates work with, for the code that gives them names: the parts of minijinja that a native object or
//! function needs, and Python's own types.

pub use minijinja::value::{DynObject, Enumerator, Kwargs, Object, ObjectRepr, Rest, ValueKind};
pub use minijinja::{Error, ErrorKind, State, Value};

use chrono::{DateTime, NaiveDate, Utc};

use super::python;

/// Whether one value comes before another; values of different kinds have no order.
pub fn less(a: &Value, b: &Value) -> Result<bool, Error> {
    super::python::less(a, b)
}

/// A fresh list.
pub fn list(items: Vec<Value>) -> Value {
    python::list(items)
}

/// A tuple.
pub fn tuple(items: Vec<Value>) -> Value {
    python::tuple(items)
}

/// A fresh dictionary; fails if a key cannot be one, such as a list.
pub fn dict(pairs: Vec<(Value, Value)>) -> Result<Value, Error> {
    python::dict(pairs)
}

/// A fresh dictionary with names as keys.
pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    python::record(fields)
}

/// `decimal.Decimal`.
pub fn decimal(value: bigdecimal::BigDecimal) -> Value {
    python::decimal(value)
}

/// `datetime.date`.
pub fn date(value: NaiveDate) -> Value {
    python::date(value)
}

/// `datetime.datetime` in UTC.
pub fn datetime(value: DateTime<Utc>) -> Value {
    python::datetime(value)
}

/// `datetime.datetime` without a time zone.
pub fn naive_datetime(value: chrono::NaiveDateTime) -> Value {
    python::naive_datetime(value)
}

/// `str(value)`.
pub fn str(value: &Value) -> String {
    python::str(value)
}

/// `repr(value)`.
pub fn repr(value: &Value) -> String {
    python::repr(value)
}

/// Whether Python holds the values equal.
pub fn equal(a: &Value, b: &Value) -> bool {
    python::equal(a, b)
}

/// Fresh lists and dictionaries.
pub fn from_json(value: &serde_json::Value) -> Value {
    python::from_json(value)
}

/// The value as JSON; fails for what JSON cannot hold.
pub fn to_json(value: &Value) -> Result<serde_json::Value, Error> {
    python::to_json(value)
}

/// Renders a text inside the render at hand, with its variables: dbt's `render()`.
pub fn render_nested(state: &State<'_, '_>, text: &str) -> Result<String, Error> {
    super::engine::nested(state.env(), text)
}
