//! Time zones as pytz has them: a zone object always stands for one offset of its zone.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::offset::LocalResult;
use chrono::{NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{OffsetComponents, OffsetName, Tz};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, flag, int, required, text};
use super::datetime::DateTime;
use super::duration::Duration;
use super::error::{key_error, no_method, type_error, value_error};
use super::list::list;
use super::method::{bound, function};

/// Where an offset comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Origin {
    /// `pytz.utc`.
    Utc,
    /// `pytz.FixedOffset(minutes)`.
    FixedOffset,
    /// `datetime.timezone`, which parsing makes.
    Timezone,
    /// A zone of the time zone database.
    Named(Tz),
}

/// A time zone at one of its offsets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Zone {
    origin: Origin,
    /// Seconds east of UTC.
    pub(super) offset: i32,
    daylight: i32,
    abbreviation: String,
}

/// `pytz.utc`.
pub(super) fn utc() -> Zone {
    Zone { origin: Origin::Utc, offset: 0, daylight: 0, abbreviation: "UTC".to_owned() }
}

/// The fixed zone that parsing an offset gives.
pub(super) fn parsed(offset: i32) -> Zone {
    let abbreviation = if offset == 0 { "UTC".to_owned() } else { format!("UTC{}", clock(offset, ":")) };
    Zone { origin: Origin::Timezone, offset, daylight: 0, abbreviation }
}

/// An offset as `+hh:mm`, with seconds if it has some.
pub(super) fn clock(offset: i32, colon: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.abs();
    let mut out = format!("{sign}{:02}{colon}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        _ = write!(out, "{colon}{:02}", seconds % 60);
    }
    out
}

const METHODS: [&str; 6] = ["dst", "fromutc", "localize", "normalize", "tzname", "utcoffset"];

impl Zone {
    fn at(tz: Tz, offset: &<Tz as TimeZone>::Offset) -> Zone {
        let seconds = offset.fix().local_minus_utc();
        // pytz keeps offsets in whole minutes.
        let minutes = (seconds + 30).div_euclid(60);
        let daylight = i32::try_from(offset.dst_offset().num_seconds()).unwrap_or(0);
        let abbreviation = offset.abbreviation().unwrap_or("LMT").to_owned();
        Zone { origin: Origin::Named(tz), offset: minutes * 60, daylight, abbreviation }
    }

    /// The zone as `pytz.timezone(name)` gives it: at its first offset.
    fn named(name: &str) -> Option<Zone> {
        if name.eq_ignore_ascii_case("UTC") {
            return Some(utc());
        }
        let tz = *chrono_tz::TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(name))?;
        let first = NaiveDate::from_ymd_opt(1, 1, 1)?.and_hms_opt(0, 0, 0)?;
        Some(Zone::at(tz, &tz.offset_from_utc_datetime(&first)))
    }

    /// The zone at the offset it has at this moment of UTC.
    pub(super) fn at_utc(&self, moment: NaiveDateTime) -> Zone {
        match self.origin {
            Origin::Named(tz) => Zone::at(tz, &tz.offset_from_utc_datetime(&moment)),
            _ => self.clone(),
        }
    }

    /// The zone at the offset it has at this local time; of two, the one with or without daylight saving.
    fn at_local(&self, moment: NaiveDateTime, daylight: bool) -> Zone {
        let Origin::Named(tz) = self.origin else { return self.clone() };
        let (first, second) = match tz.offset_from_local_datetime(&moment) {
            LocalResult::Single(offset) => return Zone::at(tz, &offset),
            LocalResult::Ambiguous(a, b) => (Zone::at(tz, &a), Zone::at(tz, &b)),
            LocalResult::None => {
                let day = TimeDelta::days(1);
                (self.at_utc(moment - day), self.at_utc(moment + day))
            }
        };
        if (first.daylight != 0) == daylight { first } else { second }
    }

    pub(super) fn name(&self) -> &str {
        &self.abbreviation
    }

    pub(super) fn repr(&self) -> String {
        match self.origin {
            Origin::Utc => "<UTC>".to_owned(),
            Origin::FixedOffset => format!("pytz.FixedOffset({})", self.offset / 60),
            Origin::Timezone if self.offset == 0 => "datetime.timezone.utc".to_owned(),
            Origin::Timezone => {
                format!("datetime.timezone({})", Duration::seconds(self.offset.into()).repr())
            }
            Origin::Named(tz) if self.abbreviation == tz.name() => format!("<StaticTzInfo '{tz}'>"),
            Origin::Named(tz) => {
                let kind = if self.daylight == 0 { "STD" } else { "DST" };
                let sign = if self.offset < 0 { "" } else { "+" };
                let offset = Duration::seconds(self.offset.into());
                format!("<DstTzInfo '{tz}' {}{sign}{offset} {kind}>", self.abbreviation)
            }
        }
    }

    fn localize(&self, args: &[Value]) -> Result<Value, Error> {
        let [moment, daylight] = bind("localize", ["dt", "is_dst"], 1, args)?;
        let moment = required(moment);
        let own = moment.downcast_object_ref::<DateTime>();
        let own = own.ok_or_else(|| type_error("localize() needs a datetime"))?;
        if own.zone.is_some() {
            return Err(value_error("Not naive datetime (tzinfo is already set)"));
        }
        let zone = self.at_local(own.naive, flag(daylight.as_ref()));
        Ok(Value::from_object(DateTime { naive: own.naive, zone: Some(zone) }))
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.origin {
            Origin::Utc => f.write_str("UTC"),
            Origin::FixedOffset => f.write_str(&self.repr()),
            Origin::Timezone => f.write_str(&self.abbreviation),
            Origin::Named(tz) => f.write_str(tz.name()),
        }
    }
}

impl Object for Zone {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match (key, self.origin) {
            ("zone", Origin::Named(tz)) => Some(Value::from(tz.name())),
            ("zone", Origin::Utc) => Some(Value::from("UTC")),
            ("zone", Origin::FixedOffset) => Some(Value::from(())),
            _ => METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "localize" => self.localize(args),
            "normalize" | "fromutc" => {
                let [moment] = bind(method, ["dt"], 1, args)?;
                let moment = required(moment);
                let own = moment.downcast_object_ref::<DateTime>();
                let own = own.ok_or_else(|| type_error(format!("{method}() needs a datetime")))?;
                Ok(Value::from_object(own.in_zone(self)))
            }
            "utcoffset" | "dst" | "tzname" => {
                let [moment] = bind(method, ["dt"], 0, args)?;
                let moment = moment.as_ref().and_then(|m| m.downcast_object_ref::<DateTime>());
                let zone = match moment {
                    Some(moment) => self.at_local(moment.naive, false),
                    None if matches!(self.origin, Origin::Named(_)) => return Ok(Value::from(())),
                    None => (**self).clone(),
                };
                Ok(match method {
                    "tzname" => Value::from(zone.abbreviation),
                    "dst" => Value::from_object(Duration::seconds(zone.daylight.into())),
                    _ => Value::from_object(Duration::seconds(zone.offset.into())),
                })
            }
            _ => Err(no_method("tzinfo", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

fn timezone(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [name] = bind("timezone", ["zone"], 1, args)?;
    let name = required(name);
    let name = text("timezone", &name)?;
    let zone = Zone::named(name).ok_or_else(|| key_error(super::repr::repr(&Value::from(name))))?;
    Ok(Value::from_object(zone))
}

fn fixed_offset(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [minutes] = bind("FixedOffset", ["offset"], 1, args)?;
    let minutes = i32::try_from(int(&required(minutes))?).ok().filter(|n| n.abs() < 1440);
    let minutes = minutes.ok_or_else(|| value_error("absolute offset is too large"))?;
    if minutes == 0 {
        return Ok(Value::from_object(utc()));
    }
    let zone = Zone { origin: Origin::FixedOffset, offset: minutes * 60, daylight: 0, abbreviation: String::new() };
    Ok(Value::from_object(zone))
}

/// The members of the module `pytz`.
pub(super) fn members() -> Vec<(&'static str, Value)> {
    let names = || list(chrono_tz::TZ_VARIANTS.iter().map(|tz| Value::from(tz.name())).collect());
    vec![
        ("timezone", function("timezone", timezone)),
        ("utc", Value::from_object(utc())),
        ("UTC", Value::from_object(utc())),
        ("FixedOffset", function("FixedOffset", fixed_offset)),
        ("all_timezones", names()),
        ("common_timezones", names()),
    ]
}
