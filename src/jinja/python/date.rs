//! Python's `datetime.date`, and the arithmetic between dates, moments and durations.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, int, optional_int, required, text};
use super::datetime::DateTime;
use super::duration::Duration;
use super::error::{no_method, overflow_error, type_error, value_error};
use super::method::{Class, bound, function};
use super::number::{Number, number};
use super::strftime::{Moment, strftime};

/// A date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Date(pub(super) NaiveDate);

/// A date as a value.
pub(crate) fn date(date: NaiveDate) -> Value {
    Value::from_object(Date(date))
}

const METHODS: [&str; 8] =
    ["ctime", "isocalendar", "isoformat", "isoweekday", "replace", "strftime", "toordinal", "weekday"];

impl Date {
    pub(super) fn repr(self) -> String {
        format!("datetime.date({}, {}, {})", self.0.year(), self.0.month(), self.0.day())
    }

    pub(super) fn strftime(self, format: &str) -> String {
        strftime(&Moment { date: self.0, time: NaiveTime::MIN, zone: None }, format)
    }

    /// The date this much later, in whole days.
    fn plus(self, duration: &Duration) -> Result<Value, Error> {
        let days = duration.0.div_euclid(super::duration::DAY);
        let moved = i64::try_from(days).ok().and_then(|days| {
            let step = Days::new(days.unsigned_abs());
            if days < 0 { self.0.checked_sub_days(step) } else { self.0.checked_add_days(step) }
        });
        moved.and_then(checked).map(date).ok_or_else(out_of_range)
    }
}

/// The date if it lies in the years that Python has.
pub(super) fn checked(date: NaiveDate) -> Option<NaiveDate> {
    (1..=9999).contains(&date.year()).then_some(date)
}

/// The error of a date outside of the years that Python has.
pub(super) fn out_of_range() -> Error {
    overflow_error("date value out of range")
}

/// Checks year, month and day, and makes a date of them.
pub(super) fn ymd(year: i128, month: i128, day: i128) -> Result<NaiveDate, Error> {
    if !(1..=9999).contains(&year) {
        return Err(value_error(format!("year {year} is out of range")));
    }
    if !(1..=12).contains(&month) {
        return Err(value_error("month must be in 1..12"));
    }
    let part = |n: i128| u32::try_from(n).unwrap_or(0);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), part(month), part(day));
    date.ok_or_else(|| value_error("day is out of range for month"))
}

/// `weekday`, `isoweekday`, `isocalendar`, `toordinal`, which dates and moments share.
pub(super) fn calendar(date: NaiveDate, method: &str) -> Option<Value> {
    Some(match method {
        "weekday" => Value::from(date.weekday().num_days_from_monday()),
        "isoweekday" => Value::from(date.weekday().number_from_monday()),
        "toordinal" => Value::from(date.num_days_from_ce()),
        "isocalendar" => {
            let week = date.iso_week();
            Value::from((week.year(), week.week(), date.weekday().number_from_monday()))
        }
        _ => return None,
    })
}

/// Parses `2024-01-31` and `20240131`.
pub(super) fn parse_iso(text: &str) -> Option<NaiveDate> {
    let format = if text.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
    let digits = matches!(text.len(), 8 | 10) && text.chars().all(|c| c.is_ascii_digit() || c == '-');
    if digits { NaiveDate::parse_from_str(text, format).ok() } else { None }
}

fn construct(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [year, month, day] = bind("date", ["year", "month", "day"], 3, args)?;
    ymd(int(&required(year))?, int(&required(month))?, int(&required(day))?).map(date)
}

fn today(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    bind("today", [], 0, args)?;
    Ok(date(super::datetime::local_now().date()))
}

fn from_iso(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source] = bind("fromisoformat", ["date_string"], 1, args)?;
    let source = required(source);
    let source = text("fromisoformat", &source)?;
    let parsed = parse_iso(source).and_then(checked);
    parsed.map(date).ok_or_else(|| value_error(format!("Invalid isoformat string: '{source}'")))
}

fn from_ordinal(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [ordinal] = bind("fromordinal", ["ordinal"], 1, args)?;
    let days = i32::try_from(int(&required(ordinal))?).ok();
    let made = days.and_then(NaiveDate::from_num_days_from_ce_opt).and_then(checked);
    made.map(date).ok_or_else(|| value_error("ordinal must be >= 1"))
}

/// The class `datetime.date`.
pub(super) fn class() -> Value {
    Value::from_object(Class {
        name: "datetime.date",
        construct,
        members: vec![
            ("today", function("today", today)),
            ("fromisoformat", function("fromisoformat", from_iso)),
            ("fromordinal", function("fromordinal", from_ordinal)),
            ("min", date(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default())),
            ("max", date(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default())),
        ],
    })
}

impl Object for Date {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "year" => Some(Value::from(self.0.year())),
            "month" => Some(Value::from(self.0.month())),
            "day" => Some(Value::from(self.0.day())),
            _ => METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if let Some(answer) = calendar(self.0, method) {
            return bind(method, [], 0, args).map(|[]| answer);
        }
        match method {
            "isoformat" => Ok(Value::from(self.0.to_string())),
            "ctime" => Ok(Value::from(self.strftime("%a %b %e %H:%M:%S %Y"))),
            "strftime" => {
                let [format] = bind("strftime", ["format"], 1, args)?;
                Ok(Value::from(self.strftime(text("strftime", &required(format))?)))
            }
            "replace" => {
                let [year, month, day] = bind("replace", ["year", "month", "day"], 0, args)?;
                ymd(
                    optional_int(year.as_ref(), self.0.year().into())?,
                    optional_int(month.as_ref(), self.0.month().into())?,
                    optional_int(day.as_ref(), self.0.day().into())?,
                )
                .map(date)
            }
            _ => Err(no_method("datetime.date", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn duration(value: &Value) -> Option<&Duration> {
    value.downcast_object_ref::<Duration>()
}

/// `a + b` where one side is a date, a moment or a duration; none if neither is.
pub(super) fn add(a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    let (a, b) = if duration(a).is_some() && duration(b).is_none() { (b, a) } else { (a, b) };
    let step = duration(b)?;
    if let Some(own) = duration(a) {
        return Some(Duration(own.0 + step.0).checked());
    }
    if let Some(own) = a.downcast_object_ref::<DateTime>() {
        return Some(own.plus(step));
    }
    a.downcast_object_ref::<Date>().map(|own| own.plus(step))
}

/// `a - b` where one side is a date, a moment or a duration; none if neither is.
pub(super) fn sub(a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    if let Some(step) = duration(b) {
        let back = Value::from_object(Duration(-step.0));
        let known = duration(a).is_some() || a.downcast_object_ref::<Date>().is_some();
        return if known || a.downcast_object_ref::<DateTime>().is_some() { add(a, &back) } else { None };
    }
    if let (Some(a), Some(b)) = (a.downcast_object_ref::<Date>(), b.downcast_object_ref::<Date>()) {
        let days = a.0.signed_duration_since(b.0).num_days();
        return Some(Ok(Value::from_object(Duration(i128::from(days) * super::duration::DAY))));
    }
    let (a, b) = (a.downcast_object_ref::<DateTime>()?, b.downcast_object_ref::<DateTime>()?);
    Some(
        a.since(b)
            .map(Value::from_object)
            .ok_or_else(|| type_error("can't subtract offset-naive and offset-aware datetimes")),
    )
}

/// `a * b` where one side is a duration; none otherwise.
pub(super) fn mul(a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    let (own, factor) = match duration(a) {
        Some(own) => (own, b),
        None => (duration(b)?, a),
    };
    match number(factor)? {
        Number::Int(n) => own.0.checked_mul(n).map(|n| Duration(n).checked()),
        Number::Float(x) => Some(own.scaled(x)),
        Number::Decimal(_) => None,
    }
}

/// `a / b` where `a` is a duration; none otherwise.
#[expect(clippy::cast_precision_loss, reason = "the ratio of two durations is a float")]
pub(super) fn div(a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    let own = duration(a)?;
    if let Some(other) = duration(b) {
        return Some(match other.0 {
            0 => Err(super::error::zero_division("division by zero")),
            n => Ok(Value::from(own.0 as f64 / n as f64)),
        });
    }
    match number(b)? {
        Number::Decimal(_) => None,
        n if n.to_float() == 0.0 => Some(Err(super::error::zero_division("division by zero"))),
        n => Some(own.scaled(1.0 / n.to_float())),
    }
}

/// `a // b` where `a` is a duration; none otherwise.
pub(super) fn floordiv(a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    let own = duration(a)?;
    if let Some(other) = duration(b) {
        return Some(match other.0 {
            0 => Err(super::error::zero_division("integer division or modulo by zero")),
            n => Ok(Value::from(own.0.div_euclid(n) - i128::from(n < 0 && own.0.rem_euclid(n) != 0))),
        });
    }
    match number(b)? {
        Number::Int(0) => Some(Err(super::error::zero_division("integer division or modulo by zero"))),
        Number::Int(n) if n > 0 => Some(Duration(own.0.div_euclid(n)).checked()),
        Number::Int(n) => Some(Duration((-own.0).div_euclid(-n)).checked()),
        _ => None,
    }
}

/// `a % b` of two durations; none otherwise.
pub(super) fn rem(a: &Value, b: &Value) -> Option<Result<Value, Error>> {
    let (own, other) = (duration(a)?, duration(b)?);
    Some(match other.0 {
        0 => Err(super::error::zero_division("integer modulo by zero")),
        n => {
            let rest = own.0.rem_euclid(n);
            Duration(if n < 0 && rest != 0 { rest + n } else { rest }).checked()
        }
    })
}

/// `-a` of a duration.
pub(super) fn neg(a: &Value) -> Option<Value> {
    duration(a).map(|own| Value::from_object(Duration(-own.0)))
}

/// `+a` of a duration.
pub(super) fn pos(a: &Value) -> Option<Value> {
    duration(a).map(|_| a.clone())
}
