//! Values of YAML that JSON does not have: dates, times, numbers without end, and keys that are no texts.
//!
//! Templates see them with Python's types, artifacts as text. Between the two they are texts that begin with a character that no
//! file has: [`Typed::of`] reads such a text, [`plain`] gives what artifacts show. Only what goes into templates as it was
//! written keeps them: variables, the arguments of generic tests, and `fromyaml`.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

/// Begins a text that stands for another value. Unicode has it for internal use.
const MARK: char = '\u{FDD0}';

const TIME: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// A value of YAML that JSON does not have.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// A date.
    Date(NaiveDate),
    /// A date with a time of day, with its zone if one was written.
    Time(NaiveDateTime, Option<FixedOffset>),
    /// An infinite number, or none.
    Number(f64),
    /// A key that is no text: null, a truth value or a number.
    Key(Value),
}

impl Typed {
    /// What a text stands for, if it does not stand for itself.
    pub fn of(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix(MARK)?.chars();
        let kind = rest.next()?;
        let body = rest.as_str();
        match kind {
            'd' => body.parse().ok().map(Self::Date),
            't' => NaiveDateTime::parse_from_str(body, TIME).ok().map(|time| Self::Time(time, None)),
            'z' => {
                let moment = chrono::DateTime::parse_from_rfc3339(body).ok()?;
                Some(Self::Time(moment.naive_local(), Some(*moment.offset())))
            }
            'n' => body.parse().ok().map(Self::Number),
            'k' => serde_json::from_str(body).ok().map(Self::Key),
            _ => None,
        }
    }

    /// The text that stands for the value.
    pub(super) fn marked(&self) -> String {
        match self {
            Self::Date(date) => format!("{MARK}d{date}"),
            Self::Time(time, None) => format!("{MARK}t{}", time.format(TIME)),
            Self::Time(time, Some(zone)) => format!("{MARK}z{}{zone}", time.format(TIME)),
            Self::Number(number) => format!("{MARK}n{number}"),
            Self::Key(key) => format!("{MARK}k{key}"),
        }
    }

    /// What artifacts show: times as Python's `isoformat` writes them, null for a number that JSON does not have.
    pub(super) fn plain(&self) -> Value {
        match self {
            Self::Date(date) => date.to_string().into(),
            Self::Time(time, zone) => {
                let fraction = if time.and_utc().timestamp_subsec_micros() == 0 { "" } else { "%.6f" };
                let zone = zone.map(|zone| zone.to_string()).unwrap_or_default();
                format!("{}{zone}", time.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}"))).into()
            }
            Self::Number(_) => Value::Null,
            Self::Key(key) => key_text(key).into(),
        }
    }
}

/// The text that stands for one that is written without quotes in YAML, such as a date.
pub fn unquoted(text: &str) -> String {
    format!("{MARK}p{text}")
}

/// The text that [`unquoted`] made this of.
pub(super) fn without_quotes(text: &str) -> Option<&str> {
    text.strip_prefix(MARK)?.strip_prefix('p')
}

/// A key that is no text, as Python's `str` writes it.
pub(super) fn key_text(key: &Value) -> String {
    match key {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value as artifacts show it.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Typed::of(text).map_or_else(|| value.clone(), |typed| typed.plain()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => Value::Object(plain_fields(fields)),
        other => other.clone(),
    }
}

/// The fields as artifacts show them.
pub fn plain_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let key = |key: &String| match Typed::of(key).map(|typed| typed.plain()) {
        Some(Value::String(text)) => text,
        _ => key.clone(),
    };
    fields.iter().map(|(name, value)| (key(name), plain(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml;

    #[test]
    fn values_survive_being_marked() {
        let text =
            "2024-01-02: [2024-01-02 03:04:05, 2024-01-02T03:04:05.25Z, 2024-01-02 03:04:05 +2]\n1: .inf\ntrue: x\n";
        let exact = yaml::parse_exactly(text).expect("it is YAML");
        let fields = exact.as_object().expect("a mapping");
        let read: Vec<Option<Typed>> = fields.keys().map(|key| Typed::of(key)).collect();
        let date = NaiveDate::from_ymd_opt(2024, 1, 2).expect("a date");
        assert_eq!(read, [Some(Typed::Date(date)), Some(Typed::Key(1.into())), Some(Typed::Key(true.into()))]);
        let times = fields.values().next().and_then(Value::as_array).expect("a list");
        for (time, zone) in times.iter().zip([None, FixedOffset::east_opt(0), FixedOffset::east_opt(7200)]) {
            let read = time.as_str().and_then(Typed::of);
            assert!(matches!(read, Some(Typed::Time(_, found)) if found == zone), "{time}");
        }
        assert_eq!(plain(&exact), yaml::parse(text).expect("it is YAML"));
    }
}
