//! Python's `datetime.time`, without zones.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, Timelike};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, optional_int, required, text};
use super::error::{no_method, value_error};
use super::method::{Class, bound, function};
use super::strftime::{Moment, strftime};
use super::zone::{self, Zone};

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeOfDay(pub(super) NaiveTime);

const METHODS: [&str; 3] = ["isoformat", "replace", "strftime"];

/// Checks hour, minute, second and microsecond, and makes a time of them.
pub(super) fn hms(parts: [i128; 4]) -> Result<NaiveTime, Error> {
    let limits = [("hour", 23), ("minute", 59), ("second", 59), ("microsecond", 999_999)];
    for ((name, limit), part) in limits.iter().zip(parts) {
        if !(0..=*limit).contains(&part) {
            return Err(value_error(format!("{name} must be in 0..{limit}")));
        }
    }
    let [hour, minute, second, micro] = parts.map(|part| u32::try_from(part).unwrap_or(0));
    Ok(NaiveTime::from_hms_micro_opt(hour, minute, second, micro).unwrap_or_default())
}

/// `isoformat` of a time under one of Python's timespecs.
pub(super) fn iso_time(time: NaiveTime, timespec: &str) -> Result<String, Error> {
    let micros = time.nanosecond() / 1000;
    Ok(match timespec {
        "auto" if micros == 0 => time.format("%H:%M:%S").to_string(),
        "auto" | "microseconds" => format!("{}.{micros:06}", time.format("%H:%M:%S")),
        "milliseconds" => format!("{}.{:03}", time.format("%H:%M:%S"), micros / 1000),
        "seconds" => time.format("%H:%M:%S").to_string(),
        "minutes" => time.format("%H:%M").to_string(),
        "hours" => time.format("%H").to_string(),
        _ => return Err(value_error("Unknown timespec value")),
    })
}

/// Parses `hh[:mm[:ss[.ffffff]]]` with an optional offset or `Z`.
pub(super) fn parse_time(source: &str) -> Option<(NaiveTime, Option<Zone>)> {
    if let Some(source) = source.strip_suffix('Z') {
        return Some((parse_clock(source)?, Some(zone::parsed(0))));
    }
    let Some(at) = source.find(['+', '-']) else { return Some((parse_clock(source)?, None)) };
    let (clock, offset) = source.split_at(at);
    let seconds = parse_clock(&offset[1..])?.num_seconds_from_midnight();
    let seconds = i32::try_from(seconds).ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some((parse_clock(clock)?, Some(zone::parsed(sign * seconds))))
}

fn parse_clock(source: &str) -> Option<NaiveTime> {
    let (clock, fraction) = source.split_once(['.', ',']).unwrap_or((source, ""));
    let digits: Vec<&str> = if clock.contains(':') {
        clock.split(':').collect()
    } else {
        (0..clock.len()).step_by(2).map(|at| clock.get(at..at + 2)).collect::<Option<_>>()?
    };
    let numeric = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let fine = digits.len() <= 3 && digits.iter().all(|d| d.len() == 2 && numeric(d)) && numeric(fraction);
    if !fine || digits.is_empty() || (source.len() > clock.len() && (fraction.is_empty() || digits.len() < 3)) {
        return None;
    }
    let part = |at: usize| digits.get(at).map_or(Ok(0), |d| d.parse::<u32>()).ok();
    let micros = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    NaiveTime::from_hms_micro_opt(part(0)?, part(1)?, part(2)?, micros)
}

impl TimeOfDay {
    pub(super) fn repr(self) -> String {
        let micros = self.0.nanosecond() / 1000;
        let mut parts = vec![self.0.hour(), self.0.minute()];
        if self.0.second() != 0 || micros != 0 {
            parts.push(self.0.second());
        }
        if micros != 0 {
            parts.push(micros);
        }
        let parts: Vec<String> = parts.iter().map(u32::to_string).collect();
        format!("datetime.time({})", parts.join(", "))
    }

    pub(super) fn strftime(self, format: &str) -> String {
        let date = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default();
        strftime(&Moment { date, time: self.0, zone: None }, format)
    }
}

fn construct(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["hour", "minute", "second", "microsecond", "tzinfo", "fold"];
    let [hour, minute, second, micro, _, _] = bind("time", names, 0, args)?;
    let part = |value: Option<Value>| optional_int(value.as_ref(), 0);
    hms([part(hour)?, part(minute)?, part(second)?, part(micro)?]).map(|t| Value::from_object(TimeOfDay(t)))
}

fn from_iso(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source] = bind("fromisoformat", ["time_string"], 1, args)?;
    let source = required(source);
    let source = text("fromisoformat", &source)?;
    let parsed = parse_time(source);
    let (time, _) = parsed.ok_or_else(|| value_error(format!("Invalid isoformat string: '{source}'")))?;
    Ok(Value::from_object(TimeOfDay(time)))
}

/// The class `datetime.time`.
pub(super) fn class() -> Value {
    let last = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap_or_default();
    Value::from_object(Class {
        name: "datetime.time",
        construct,
        members: vec![
            ("fromisoformat", function("fromisoformat", from_iso)),
            ("min", Value::from_object(TimeOfDay(NaiveTime::MIN))),
            ("max", Value::from_object(TimeOfDay(last))),
        ],
    })
}

impl Object for TimeOfDay {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "hour" => Some(Value::from(self.0.hour())),
            "minute" => Some(Value::from(self.0.minute())),
            "second" => Some(Value::from(self.0.second())),
            "microsecond" => Some(Value::from(self.0.nanosecond() / 1000)),
            "tzinfo" => Some(Value::from(())),
            _ => METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "isoformat" => {
                let [timespec] = bind("isoformat", ["timespec"], 0, args)?;
                iso_time(self.0, timespec.as_ref().and_then(Value::as_str).unwrap_or("auto")).map(Value::from)
            }
            "strftime" => {
                let [format] = bind("strftime", ["format"], 1, args)?;
                Ok(Value::from(self.strftime(text("strftime", &required(format))?)))
            }
            "replace" => {
                let names = ["hour", "minute", "second", "microsecond", "tzinfo", "fold"];
                let [hour, minute, second, micro, _, _] = bind("replace", names, 0, args)?;
                let time = hms([
                    optional_int(hour.as_ref(), self.0.hour().into())?,
                    optional_int(minute.as_ref(), self.0.minute().into())?,
                    optional_int(second.as_ref(), self.0.second().into())?,
                    optional_int(micro.as_ref(), (self.0.nanosecond() / 1000).into())?,
                ])?;
                Ok(Value::from_object(TimeOfDay(time)))
            }
            _ => Err(no_method("datetime.time", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&iso_time(self.0, "auto").unwrap_or_default())
    }
}
