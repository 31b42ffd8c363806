//! Python's `datetime.datetime`.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{Datelike, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, int, optional_int, required, text};
use super::date::{Date, calendar, checked, date, out_of_range, parse_iso, ymd};
use super::duration::{Duration, SECOND};
use super::error::{no_method, type_error, value_error};
use super::kind::type_name;
use super::method::{Class, bound, function};
use super::number::real;
use super::strftime::{Moment, strftime};
use super::strptime::strptime;
use super::timeofday::{TimeOfDay, hms, iso_time, parse_time};
use super::zone::{self, Zone, clock};

/// A date and a time of day, with a zone if it is aware.
#[derive(Clone, Debug)]
pub(super) struct DateTime {
    pub(super) naive: NaiveDateTime,
    pub(super) zone: Option<Zone>,
}

/// A moment of UTC as a value, in pytz's `utc`.
pub(crate) fn datetime(moment: chrono::DateTime<Utc>) -> Value {
    Value::from_object(DateTime { naive: moment.naive_utc(), zone: Some(zone::utc()) })
}

/// A moment without a zone as a value.
pub(crate) fn naive_datetime(moment: NaiveDateTime) -> Value {
    Value::from_object(DateTime { naive: moment, zone: None })
}

/// A moment as it was written, with the seconds its zone is east of UTC if it has one.
pub(super) fn written_datetime(naive: NaiveDateTime, offset: Option<i32>) -> Value {
    Value::from_object(DateTime { naive, zone: offset.map(zone::parsed) })
}

const METHODS: [&str; 21] = [
    "astimezone",
    "ctime",
    "date",
    "dst",
    "isocalendar",
    "isoformat",
    "isoweekday",
    "replace",
    "strftime",
    "time",
    "timestamp",
    "timetz",
    "toordinal",
    "tzname",
    "utcoffset",
    "weekday",
    "fromisoformat",
    "fromtimestamp",
    "strptime",
    "now",
    "today",
];

/// The wall clock, to microseconds.
pub(super) fn local_now() -> NaiveDateTime {
    micros(Local::now().naive_local())
}

fn micros(moment: NaiveDateTime) -> NaiveDateTime {
    moment.with_nanosecond(moment.nanosecond() / 1000 * 1000).unwrap_or(moment)
}

/// Microseconds between two moments.
fn between(a: NaiveDateTime, b: NaiveDateTime) -> i128 {
    let delta = a.signed_duration_since(b);
    i128::from(delta.num_seconds()) * SECOND + i128::from(delta.subsec_nanos() / 1000)
}

fn shifted(moment: NaiveDateTime, micros: i128) -> Option<NaiveDateTime> {
    let delta = TimeDelta::microseconds(i64::try_from(micros).ok()?);
    let moved = moment.checked_add_signed(delta)?;
    checked(moved.date()).map(|_| moved)
}

impl DateTime {
    fn utc(&self) -> NaiveDateTime {
        let offset = self.zone.as_ref().map_or(0, |zone| i64::from(zone.offset));
        self.naive - TimeDelta::seconds(offset)
    }

    /// The same moment in another zone; without a zone of its own it is taken as UTC.
    pub(super) fn in_zone(&self, zone: &Zone) -> DateTime {
        let utc = self.utc();
        let zone = zone.at_utc(utc);
        DateTime { naive: utc + TimeDelta::seconds(zone.offset.into()), zone: Some(zone) }
    }

    /// The order of two moments; none if only one has a zone.
    pub(super) fn order(&self, other: &DateTime) -> Option<Ordering> {
        let comparable = self.zone.is_some() == other.zone.is_some();
        comparable.then(|| self.utc().cmp(&other.utc()))
    }

    /// The time from another moment to this one; none if only one has a zone.
    pub(super) fn since(&self, other: &DateTime) -> Option<Duration> {
        let comparable = self.zone.is_some() == other.zone.is_some();
        comparable.then(|| Duration(between(self.utc(), other.utc())))
    }

    /// The moment this much later on the same wall clock.
    pub(super) fn plus(&self, duration: &Duration) -> Result<Value, Error> {
        let naive = shifted(self.naive, duration.0).ok_or_else(out_of_range)?;
        Ok(Value::from_object(DateTime { naive, zone: self.zone.clone() }))
    }

    pub(super) fn repr(&self) -> String {
        let (d, t) = (self.naive.date(), self.naive.time());
        let mut parts = vec![d.year().to_string(), d.month().to_string(), d.day().to_string()];
        parts.extend([t.hour().to_string(), t.minute().to_string()]);
        let micros = t.nanosecond() / 1000;
        if t.second() != 0 || micros != 0 {
            parts.push(t.second().to_string());
        }
        if micros != 0 {
            parts.push(micros.to_string());
        }
        if let Some(zone) = &self.zone {
            parts.push(format!("tzinfo={}", zone.repr()));
        }
        format!("datetime.datetime({})", parts.join(", "))
    }

    fn iso(&self, separator: &str, timespec: &str) -> Result<String, Error> {
        let time = iso_time(self.naive.time(), timespec)?;
        let offset = self.zone.as_ref().map_or_else(String::new, |zone| clock(zone.offset, ":"));
        Ok(format!("{}{separator}{time}{offset}", self.naive.date()))
    }

    pub(super) fn strftime(&self, format: &str) -> String {
        let moment = Moment { date: self.naive.date(), time: self.naive.time(), zone: self.zone.as_ref() };
        strftime(&moment, format)
    }

    #[expect(clippy::cast_precision_loss, reason = "a timestamp is a float")]
    fn timestamp(&self) -> f64 {
        let utc = match &self.zone {
            Some(_) => self.utc(),
            None => match self.naive.and_local_timezone(Local).earliest() {
                Some(local) => local.naive_utc(),
                None => self.naive,
            },
        };
        between(utc, NaiveDateTime::default()) as f64 / SECOND as f64
    }

    fn replace(&self, args: &[Value]) -> Result<Value, Error> {
        let names = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"];
        let [year, month, day, hour, minute, second, micro, tz, _] = bind("replace", names, 0, args)?;
        let (d, t) = (self.naive.date(), self.naive.time());
        let day = ymd(
            optional_int(year.as_ref(), d.year().into())?,
            optional_int(month.as_ref(), d.month().into())?,
            optional_int(day.as_ref(), d.day().into())?,
        )?;
        let time = hms([
            optional_int(hour.as_ref(), t.hour().into())?,
            optional_int(minute.as_ref(), t.minute().into())?,
            optional_int(second.as_ref(), t.second().into())?,
            optional_int(micro.as_ref(), (t.nanosecond() / 1000).into())?,
        ])?;
        let zone = match tz {
            Some(tz) => zone_of(Some(&tz))?,
            None => self.zone.clone(),
        };
        Ok(Value::from_object(DateTime { naive: day.and_time(time), zone }))
    }

    fn astimezone(&self, args: &[Value]) -> Result<Value, Error> {
        let [tz] = bind("astimezone", ["tz"], 0, args)?;
        let own = match &self.zone {
            Some(_) => self.clone(),
            None => {
                let local = self.naive.and_local_timezone(Local).earliest();
                let offset = local.map_or(0, |local| local.offset().local_minus_utc());
                DateTime { naive: self.naive, zone: Some(zone::parsed(offset)) }
            }
        };
        Ok(Value::from_object(match zone_of(tz.as_ref())? {
            Some(zone) => own.in_zone(&zone),
            None => {
                let offset = Local::now().offset().local_minus_utc();
                own.in_zone(&zone::parsed(offset))
            }
        }))
    }
}

impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iso(" ", "auto").unwrap_or_default())
    }
}

/// The zone of an argument; none for none.
pub(super) fn zone_of(value: Option<&Value>) -> Result<Option<Zone>, Error> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(None) };
    let zone = value.downcast_object_ref::<Zone>().cloned();
    zone.map(Some).ok_or_else(|| {
        let name = type_name(value);
        type_error(format!("tzinfo argument must be None or of a tzinfo subclass, not type '{name}'"))
    })
}

fn construct(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"];
    let [year, month, day, hour, minute, second, micro, tz, _] = bind("datetime", names, 3, args)?;
    let day = ymd(int(&required(year))?, int(&required(month))?, int(&required(day))?)?;
    let part = |value: Option<Value>| optional_int(value.as_ref(), 0);
    let time = hms([part(hour)?, part(minute)?, part(second)?, part(micro)?])?;
    Ok(Value::from_object(DateTime { naive: day.and_time(time), zone: zone_of(tz.as_ref())? }))
}

fn now(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [tz] = bind("now", ["tz"], 0, args)?;
    Ok(Value::from_object(match zone_of(tz.as_ref())? {
        Some(zone) => DateTime { naive: micros(Utc::now().naive_utc()), zone: None }.in_zone(&zone),
        None => DateTime { naive: local_now(), zone: None },
    }))
}

fn utc_now(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    bind("utcnow", [], 0, args)?;
    Ok(naive_datetime(micros(Utc::now().naive_utc())))
}

fn from_timestamp(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [stamp, tz] = bind("fromtimestamp", ["timestamp", "tz"], 1, args)?;
    let utc = DateTime { naive: moment_of(&required(stamp))?, zone: None };
    Ok(Value::from_object(match zone_of(tz.as_ref())? {
        Some(zone) => utc.in_zone(&zone),
        None => {
            let local = utc.naive.and_utc().with_timezone(&Local).naive_local();
            DateTime { naive: local, zone: None }
        }
    }))
}

fn from_utc_timestamp(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [stamp] = bind("utcfromtimestamp", ["timestamp"], 1, args)?;
    moment_of(&required(stamp)).map(naive_datetime)
}

fn moment_of(stamp: &Value) -> Result<NaiveDateTime, Error> {
    let name = type_name(stamp);
    let seconds =
        real(stamp).ok_or_else(|| type_error(format!("'{name}' object cannot be interpreted as an integer")))?;
    let micros = super::number::truncate((seconds * 1e6).round_ties_even());
    let moment = micros.and_then(|micros| shifted(NaiveDateTime::default(), micros));
    moment.ok_or_else(|| value_error("the timestamp is out of range"))
}

fn combine(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [day, time, tz] = bind("combine", ["date", "time", "tzinfo"], 2, args)?;
    let (day, time) = (required(day), required(time));
    let day = match (day.downcast_object_ref::<Date>(), day.downcast_object_ref::<DateTime>()) {
        (Some(day), _) => day.0,
        (_, Some(moment)) => moment.naive.date(),
        _ => return Err(type_error(format!("combine() argument 1 must be date, not {}", type_name(&day)))),
    };
    let time = time.downcast_object_ref::<TimeOfDay>();
    let time = time.ok_or_else(|| type_error("combine() argument 2 must be time"))?;
    Ok(Value::from_object(DateTime { naive: day.and_time(time.0), zone: zone_of(tz.as_ref())? }))
}

fn from_iso(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source] = bind("fromisoformat", ["date_string"], 1, args)?;
    let source = required(source);
    let source = text("fromisoformat", &source)?;
    let parsed = read_iso(source);
    let parsed = parsed.ok_or_else(|| value_error(format!("Invalid isoformat string: '{source}'")))?;
    Ok(Value::from_object(parsed))
}

fn read_iso(source: &str) -> Option<DateTime> {
    let compact = source.get(4..5) != Some("-");
    let end = if compact { 8 } else { 10 };
    let day = checked(parse_iso(source.get(..end)?)?)?;
    let rest = &source[end..];
    if rest.is_empty() {
        return Some(DateTime { naive: day.and_time(NaiveTime::MIN), zone: None });
    }
    // Any one character separates date and time.
    let mut chars = rest.chars();
    chars.next();
    let (time, zone) = parse_time(chars.as_str())?;
    Some(DateTime { naive: day.and_time(time), zone })
}

fn parse(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source, format] = bind("strptime", ["date_string", "format"], 2, args)?;
    let (source, format) = (required(source), required(format));
    strptime(text("strptime", &source)?, text("strptime", &format)?).map(Value::from_object)
}

fn from_ordinal(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [ordinal] = bind("fromordinal", ["ordinal"], 1, args)?;
    let days = i32::try_from(int(&required(ordinal))?).ok();
    let made = days.and_then(NaiveDate::from_num_days_from_ce_opt).and_then(checked);
    let made = made.ok_or_else(|| value_error("ordinal must be >= 1"))?;
    Ok(naive_datetime(made.and_time(NaiveTime::MIN)))
}

/// The class `datetime.datetime`.
pub(super) fn class() -> Value {
    let edge = |y, m, d, h, min, s, us| {
        let day = NaiveDate::from_ymd_opt(y, m, d).unwrap_or_default();
        naive_datetime(day.and_hms_micro_opt(h, min, s, us).unwrap_or_default())
    };
    Value::from_object(Class {
        name: "datetime.datetime",
        construct,
        members: vec![
            ("now", function("now", now)),
            ("today", function("today", now)),
            ("utcnow", function("utcnow", utc_now)),
            ("fromtimestamp", function("fromtimestamp", from_timestamp)),
            ("utcfromtimestamp", function("utcfromtimestamp", from_utc_timestamp)),
            ("fromisoformat", function("fromisoformat", from_iso)),
            ("fromordinal", function("fromordinal", from_ordinal)),
            ("strptime", function("strptime", parse)),
            ("combine", function("combine", combine)),
            ("min", edge(1, 1, 1, 0, 0, 0, 0)),
            ("max", edge(9999, 12, 31, 23, 59, 59, 999_999)),
        ],
    })
}

impl Object for DateTime {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(match key {
            "year" => Value::from(self.naive.year()),
            "month" => Value::from(self.naive.month()),
            "day" => Value::from(self.naive.day()),
            "hour" => Value::from(self.naive.hour()),
            "minute" => Value::from(self.naive.minute()),
            "second" => Value::from(self.naive.second()),
            "microsecond" => Value::from(self.naive.nanosecond() / 1000),
            "fold" => Value::from(0),
            "tzinfo" => self.zone.clone().map_or_else(|| Value::from(()), Value::from_object),
            _ if METHODS.contains(&key) => bound(Value::from_dyn_object(self.clone()), key),
            _ => return None,
        })
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if let Some(answer) = calendar(self.naive.date(), method) {
            return bind(method, [], 0, args).map(|[]| answer);
        }
        match method {
            "date" => Ok(date(self.naive.date())),
            "time" | "timetz" => Ok(Value::from_object(TimeOfDay(self.naive.time()))),
            "timestamp" => Ok(Value::from(self.timestamp())),
            "ctime" => Ok(Value::from(self.strftime("%a %b %e %H:%M:%S %Y"))),
            "replace" => self.replace(args),
            "astimezone" => self.astimezone(args),
            "isoformat" => {
                let [separator, timespec] = bind("isoformat", ["sep", "timespec"], 0, args)?;
                let separator = separator.as_ref().and_then(Value::as_str).unwrap_or("T");
                let timespec = timespec.as_ref().and_then(Value::as_str).unwrap_or("auto");
                self.iso(separator, timespec).map(Value::from)
            }
            "strftime" => {
                let [format] = bind("strftime", ["format"], 1, args)?;
                Ok(Value::from(self.strftime(text("strftime", &required(format))?)))
            }
            "utcoffset" | "tzname" | "dst" => match &self.zone {
                Some(zone) if method == "tzname" => Ok(Value::from(zone.name())),
                Some(zone) if method == "utcoffset" => Ok(Value::from_object(Duration::seconds(zone.offset.into()))),
                Some(zone) => {
                    let naive = naive_datetime(self.naive);
                    Value::from_object(zone.clone()).call_method(state, "dst", &[naive])
                }
                None => Ok(Value::from(())),
            },
            "fromisoformat" => from_iso(state, args),
            "fromtimestamp" => from_timestamp(state, args),
            "strptime" => parse(state, args),
            "now" | "today" => now(state, args),
            _ => Err(no_method("datetime.datetime", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
