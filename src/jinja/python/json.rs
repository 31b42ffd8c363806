//! JSON as Python's `json` reads and writes it.

use std::fmt::Write as _;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use serde_json::Value as Json;

use super::date::date;
use super::datetime::written_datetime;
use super::dict::pairs;
use super::error::{type_error, value_error};
use super::kind::{dict as is_dict, items, list as is_list, tuple, type_name};
use super::list::list;
use super::number::float;
use crate::config::typed::{Typed, unquoted};

/// A JSON value as fresh lists and dictionaries, with the values of YAML that stand in it as texts.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Value::from(n),
            (_, Some(n)) => Value::from(n),
            _ => Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => from_text(text),
        Json::Array(items) => list(items.iter().map(from_json).collect()),
        Json::Object(fields) => {
            super::dict(fields.iter().map(|(key, value)| (from_text(key), from_json(value))).collect())
                .unwrap_or_else(|_| Value::from(()))
        }
    }
}

/// A text, or the value of YAML it stands for.
fn from_text(text: &str) -> Value {
    match Typed::of(text) {
        None => Value::from(text),
        Some(Typed::Date(day)) => date(day),
        Some(Typed::Time(time, zone)) => written_datetime(time, zone.map(|zone| zone.local_minus_utc())),
        Some(Typed::Number(number)) => Value::from(number),
        Some(Typed::Key(key)) => from_json(&key),
    }
}

/// The value as JSON, where no number and infinite ones are null. Fails for what JSON cannot hold: other objects, undefined,
/// integers beyond 64 bits.
pub(crate) fn to_json(value: &Value) -> Result<Json, Error> {
    json_or(value, &|value| Err(not_serializable(value)))
}

/// The value as `toyaml` prints it: dates and times are texts without quotes.
pub(super) fn printable_json(value: &Value) -> Result<Json, Error> {
    json_or(value, &|value| {
        time_text(value).map(|text| Json::String(unquoted(&text))).ok_or_else(|| not_serializable(value))
    })
}

/// A date or a time as `str` writes it; none for other values.
fn time_text(value: &Value) -> Option<String> {
    let is_time = matches!(type_name(value).as_ref(), "datetime" | "datetime.datetime" | "date" | "datetime.date");
    is_time.then(|| super::str(value))
}

/// The value as JSON; `other` answers for what JSON does not have.
fn json_or(value: &Value, other: &dyn Fn(&Value) -> Result<Json, Error>) -> Result<Json, Error> {
    let inner = |value: &Value| json_or(value, other);
    Ok(match value.kind() {
        ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => match (value.as_i64(), u64::try_from(value.clone())) {
            (Some(n), _) => Json::from(n),
            (_, Ok(n)) => Json::from(n),
            _ => return Err(value_error("the integer does not fit into 64 bits")),
        },
        ValueKind::Number => {
            serde_json::Number::from_f64(f64::try_from(value.clone())?).map_or(Json::Null, Json::Number)
        }
        ValueKind::String => Json::String(value.as_str().unwrap_or_default().to_owned()),
        _ if is_list(value) || tuple(value) => Json::Array(items(value)?.iter().map(inner).collect::<Result<_, _>>()?),
        _ if is_dict(value) => {
            let mut fields = serde_json::Map::new();
            for (key, value) in pairs(value)? {
                fields.insert(key_text(&key)?, inner(&value)?);
            }
            Json::Object(fields)
        }
        _ => return other(value),
    })
}

/// The value of a setting as artifacts hold it: times as ISO 8601 writes them. Fails for what JSON cannot hold.
pub(crate) fn setting_json(value: &Value) -> Result<Json, Error> {
    let iso = |text: String| Json::String(text.replacen(' ', "T", 1));
    json_or(value, &|value| time_text(value).map(iso).ok_or_else(|| not_serializable(value)))
}

fn not_serializable(value: &Value) -> Error {
    type_error(format!("Object of type {} is not JSON serializable", type_name(value)))
}

fn key_text(key: &Value) -> Result<String, Error> {
    Ok(match key.kind() {
        ValueKind::String => key.as_str().unwrap_or_default().to_owned(),
        ValueKind::None => "null".to_owned(),
        ValueKind::Bool => if key.is_true() { "true" } else { "false" }.to_owned(),
        ValueKind::Number if key.is_integer() => key.to_string(),
        ValueKind::Number => number(f64::try_from(key.clone())?),
        _ => {
            let name = type_name(key);
            let text = format!("keys must be str, int, float, bool or None, not {name}");
            return Err(type_error(text));
        }
    })
}

fn number(x: f64) -> String {
    match float(x).as_str() {
        "nan" => "NaN".to_owned(),
        "inf" => "Infinity".to_owned(),
        "-inf" => "-Infinity".to_owned(),
        text => text.to_owned(),
    }
}

/// How `dumps` writes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub(super) sort_keys: bool,
    pub(super) indent: Option<usize>,
}

/// Python's `json.dumps(value)`.
pub(super) fn dumps(value: &Value, style: Style) -> Result<String, Error> {
    let mut writer = Writer { out: String::new(), style, open: 0 };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    style: Style,
    open: usize,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number if value.is_integer() => self.out.push_str(&value.to_string()),
            ValueKind::Number => self.out.push_str(&number(f64::try_from(value.clone())?)),
            ValueKind::String => self.text(value.as_str().unwrap_or_default()),
            _ if is_list(value) || tuple(value) => self.array(&items(value)?)?,
            _ if is_dict(value) => self.object(pairs(value)?)?,
            _ => return Err(not_serializable(value)),
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.open += 1;
        if self.open > 200 {
            return Err(value_error("Circular reference detected"));
        }
        Ok(())
    }

    fn array(&mut self, items: &[Value]) -> Result<(), Error> {
        if items.is_empty() {
            self.out.push_str("[]");
            return Ok(());
        }
        self.enter()?;
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            self.separate(at);
            self.value(item)?;
        }
        self.close(']');
        Ok(())
    }

    fn object(&mut self, mut pairs: Vec<(Value, Value)>) -> Result<(), Error> {
        if pairs.is_empty() {
            self.out.push_str("{}");
            return Ok(());
        }
        if self.style.sort_keys {
            let keys: Vec<Value> = pairs.iter().map(|(key, _)| key.clone()).collect();
            let order = super::list::sorted((0..pairs.len()).map(Value::from).collect(), &keys, false)?;
            pairs = order.iter().filter_map(Value::as_usize).map(|at| pairs[at].clone()).collect();
        }
        self.enter()?;
        self.out.push('{');
        for (at, (key, value)) in pairs.iter().enumerate() {
            self.separate(at);
            self.text(&key_text(key)?);
            self.out.push_str(": ");
            self.value(value)?;
        }
        self.close('}');
        Ok(())
    }

    fn separate(&mut self, at: usize) {
        if at > 0 {
            self.out.push_str(if self.style.indent.is_some() { "," } else { ", " });
        }
        self.line();
    }

    fn line(&mut self) {
        if let Some(indent) = self.style.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', indent * self.open));
        }
    }

    fn close(&mut self, bracket: char) {
        self.open -= 1;
        self.line();
        self.out.push(bracket);
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\x08' => self.out.push_str("\\b"),
                '\x0c' => self.out.push_str("\\f"),
                ' '..='~' => self.out.push(c),
                c => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        _ = write!(self.out, "\\u{unit:04x}");
                    }
                }
            }
        }
        self.out.push('"');
    }
}
