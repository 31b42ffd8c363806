//! Python's `datetime.timedelta`.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, optional_int};
use super::error::{no_method, overflow_error, type_error};
use super::kind::type_name;
use super::method::{Class, bound};
use super::number::{Number, number};

/// Microseconds in a second.
pub(super) const SECOND: i128 = 1_000_000;
/// Microseconds in a day.
pub(super) const DAY: i128 = 86_400 * SECOND;

/// A duration in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Duration(pub(super) i128);

impl Duration {
    pub(super) fn seconds(seconds: i64) -> Duration {
        Duration(i128::from(seconds) * SECOND)
    }

    /// The duration as a value, if Python can hold it.
    pub(super) fn checked(self) -> Result<Value, Error> {
        if self.0.div_euclid(DAY).abs() > 999_999_999 {
            return Err(overflow_error("days are out of range; a timedelta has at most 999999999"));
        }
        Ok(Value::from_object(self))
    }

    /// The duration times a float, rounded half to even.
    #[expect(clippy::cast_precision_loss, reason = "Python rounds to microseconds as well")]
    pub(super) fn scaled(self, factor: f64) -> Result<Value, Error> {
        let product = (self.0 as f64 * factor).round_ties_even();
        let micros = super::number::truncate(product).ok_or_else(|| overflow_error("timedelta is too large"))?;
        Duration(micros).checked()
    }

    fn parts(self) -> (i128, i128, i128) {
        let rest = self.0.rem_euclid(DAY);
        (self.0.div_euclid(DAY), rest / SECOND, rest % SECOND)
    }

    #[expect(clippy::cast_precision_loss, reason = "total_seconds is a float")]
    pub(super) fn total_seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    pub(super) fn repr(self) -> String {
        let (days, seconds, micros) = self.parts();
        let named = [("days", days), ("seconds", seconds), ("microseconds", micros)];
        let shown = named.iter().filter(|(_, n)| *n != 0).map(|(name, n)| format!("{name}={n}"));
        let shown = shown.collect::<Vec<_>>().join(", ");
        format!("datetime.timedelta({})", if shown.is_empty() { "0" } else { &shown })
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (days, seconds, micros) = self.parts();
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        Ok(())
    }
}

const UNITS: [(&str, i128); 7] = [
    ("days", DAY),
    ("seconds", SECOND),
    ("microseconds", 1),
    ("milliseconds", 1_000),
    ("minutes", 60 * SECOND),
    ("hours", 3_600 * SECOND),
    ("weeks", 7 * DAY),
];

fn construct(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let given = bind("timedelta", UNITS.map(|(name, _)| name), 0, args)?;
    let mut whole: i128 = 0;
    let mut fraction = 0.0;
    for ((name, unit), value) in UNITS.iter().zip(&given) {
        let Some(value) = value else { continue };
        match number(value) {
            Some(Number::Int(n)) => {
                let part = n.checked_mul(*unit).and_then(|part| whole.checked_add(part));
                whole = part.ok_or_else(|| overflow_error("timedelta is too large"))?;
            }
            Some(Number::Float(x)) => {
                let unit_float = Number::Int(*unit).to_float();
                let floor = super::number::truncate(x.trunc()).unwrap_or(i128::MAX);
                let part = floor.checked_mul(*unit).and_then(|part| whole.checked_add(part));
                whole = part.ok_or_else(|| overflow_error("timedelta is too large"))?;
                fraction += x.fract() * unit_float;
            }
            _ => {
                let kind = type_name(value);
                return Err(type_error(format!("unsupported type for timedelta {name} component: {kind}")));
            }
        }
    }
    let micros = super::number::truncate(fraction.round_ties_even()).unwrap_or_default();
    Duration(whole + micros).checked()
}

/// The class `datetime.timedelta`.
pub(super) fn class() -> Value {
    let day = |days: i128| Value::from_object(Duration(days * DAY));
    Value::from_object(Class {
        name: "datetime.timedelta",
        construct,
        members: vec![
            ("min", day(-999_999_999)),
            ("max", Value::from_object(Duration(1_000_000_000 * DAY - 1))),
            ("resolution", Value::from_object(Duration(1))),
        ],
    })
}

impl Object for Duration {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let (days, seconds, micros) = self.parts();
        match key {
            "days" => Some(Value::from(days)),
            "seconds" => Some(Value::from(seconds)),
            "microseconds" => Some(Value::from(micros)),
            "total_seconds" => Some(bound(Value::from_dyn_object(self.clone()), key)),
            _ => None,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0 != 0
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if method != "total_seconds" {
            return Err(no_method("datetime.timedelta", method));
        }
        bind(method, [], 0, args)?;
        optional_int(None, 0)?;
        Ok(Value::from(self.total_seconds()))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
