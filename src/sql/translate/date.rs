//! Date and time functions: parts, arithmetic that keeps dates dates, truncation.

use std::ops::Range;

use sqlparser::ast::{DateTimeField, Expr, Interval, Value};

use super::call::Call;
use super::typed::Typed;
use super::{Step, Translator};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// Parts with their abbreviations; the first name is the engine's.
const PARTS: [&[&str]; 23] = [
    &["year", "y", "yy", "yyy", "yyyy", "yr", "years", "yrs"],
    &["quarter", "q", "qtr", "qtrs", "quarters"],
    &["month", "mm", "mon", "mons", "months"],
    &["week", "w", "wk", "weekofyear", "woy", "wy", "weeks"],
    &["day", "d", "dd", "days", "dayofmonth"],
    &["hour", "h", "hh", "hr", "hours", "hrs"],
    &["minute", "m", "mi", "min", "minutes", "mins"],
    &["second", "s", "sec", "seconds", "secs"],
    &["millisecond", "ms", "msec", "milliseconds"],
    &["microsecond", "us", "usec", "microseconds"],
    &["nanosecond", "ns", "nsec", "nanosec", "nsecond", "nanoseconds", "nanosecs", "nseconds"],
    &["dayofweek", "weekday", "dow", "dw"],
    &["isodow", "dayofweekiso", "dayofweek_iso", "weekday_iso", "dow_iso", "dw_iso"],
    &["dayofyear", "yearday", "doy", "dy"],
    &["weekiso", "week_iso", "weekofyeariso", "weekofyear_iso"],
    &["isoyear", "yearofweekiso"],
    &["yearofweek"],
    &["epoch", "epoch_second", "epoch_seconds"],
    &["epoch_ms", "epoch_millisecond", "epoch_milliseconds"],
    &["epoch_us", "epoch_microsecond", "epoch_microseconds"],
    &["epoch_ns", "epoch_nanosecond", "epoch_nanoseconds"],
    &["timezone_hour", "tzh"],
    &["timezone_minute", "tzm"],
];

/// Parts that time of day does not have; their arithmetic keeps a date a date.
const DAYS: [&str; 6] = ["year", "quarter", "month", "week", "day", "weekiso"];

impl Translator<'_> {
    pub(super) fn date_function(&mut self, name: &str, call: &Call<'_>) -> Step<Typed> {
        match name {
            "dateadd" => self.dateadd(call),
            "datediff" => self.datediff(call),
            "date_trunc" => self.date_trunc(call.args[0], call.args[1], call),
            "date_part" => {
                let part = self.part(call.args[0], call)?;
                self.part_of(&part, call.args[1], &call.range)
            }
            "date_week" => self.part_of("week", call.args[0], &call.range),
            "date_yearofweek" => self.part_of("yearofweek", call.args[0], &call.range),
            "add_months" => self.add_months(call),
            "last_day" => self.last_day(call),
            "time_slice" => self.time_slice(call),
            "convert_timezone" => self.convert_timezone(call),
            _ => Err(call.refused("in this form")),
        }
    }

    /// The part that a word or a text names, by the engine's name.
    fn part(&self, expr: &Expr, call: &Call<'_>) -> Step<String> {
        let word = match expr {
            Expr::Identifier(ident) => ident.value.clone(),
            other => super::path::constant(other).ok_or_else(|| call.refused("with a computed part"))?,
        };
        part_named(&word)
            .ok_or_else(|| SqlProblem::new(WRONG_TYPE, format!("`{word}` is no date part"), self.range_of(expr)))
    }

    fn dateadd(&mut self, call: &Call<'_>) -> Step<Typed> {
        let part = self.part(call.args[0], call)?;
        let amount = self.expression(call.args[1])?;
        let amount = self.numeric(amount, &call.range)?;
        let value = self.expression(call.args[2])?;
        let value = match value.ty.family() {
            Family::Zoned | Family::Date | Family::Timestamp | Family::Time => value,
            _ => self.convert(&value, DataType::TimestampNtz, &call.range)?,
        };
        let rounded = match amount.ty.digits() {
            Some((_, 0)) => super::expression::bigint(&amount),
            _ => format!("CAST(round({}) AS BIGINT)", amount.sql),
        };
        match value.ty {
            DataType::TimestampTz => {
                let clock = Typed::new(value.clock(), DataType::TimestampNtz);
                shift(&clock, &part, &rounded).map(|shifted| value.at_clock(&shifted.sql))
            }
            _ => shift(&value, &part, &rounded),
        }
        .ok_or_else(|| call.refused(&format!("of `{part}`")))
    }

    fn datediff(&mut self, call: &Call<'_>) -> Step<Typed> {
        let part = self.part(call.args[0], call)?;
        let mut sides = Vec::new();
        for expr in &call.args[1..] {
            sides.push(self.expression(expr)?);
        }
        let sides = self.measured(sides, DAYS.contains(&part.as_str()), &call.range)?;
        let timed = sides.iter().any(|side| side.ty.family() != Family::Date) || !DAYS.contains(&part.as_str());
        let times = sides.iter().all(|side| side.ty == DataType::Time);
        let side = |side: &Typed| match side.ty.family() {
            Family::Date if timed => format!("CAST({} AS TIMESTAMP)", side.sql),
            _ => side.sql.clone(),
        };
        let (from, to) = (side(&sides[0]), side(&sides[1]));
        let sql = match part.as_str() {
            "nanosecond" if !times => format!("((epoch_us({to}) - epoch_us({from})) * 1000)"),
            "week" | "weekiso" => {
                let start = |side: &str| if part == "week" { self.week_start(side) } else { iso_week_start(side) };
                format!("(datediff('day', {}, {}) // 7)", start(&from), start(&to))
            }
            "year" | "quarter" | "month" | "day" | "hour" | "minute" | "second" | "millisecond" | "microsecond" => {
                format!("datediff('{part}', {from}, {to})")
            }
            _ => return Err(call.refused(&format!("of `{part}`"))),
        };
        Ok(Typed::loose(sql, DataType::number(19, 0)))
    }

    /// What a difference is taken of: days and more are read off clocks, less than that passes between instants.
    fn measured(&self, sides: Vec<Typed>, days: bool, range: &Range<usize>) -> Step<Vec<Typed>> {
        let instants = !days && sides.iter().any(|side| side.ty.family() == Family::Zoned);
        let side = |side: Typed| {
            if instants { self.convert(&side, DataType::TimestampLtz, range) } else { self.datetime(side, range) }
        };
        sides.into_iter().map(side).collect()
    }

    pub(super) fn date_trunc(&mut self, part: &Expr, value: &Expr, call: &Call<'_>) -> Step<Typed> {
        // The arguments may be turned around.
        let (part, value) = match self.part(part, call) {
            Ok(part) => (part, value),
            Err(_) => (self.part(value, call)?, part),
        };
        let value = self.expression(value)?;
        if part == "week" && self.first_weekday().is_some() {
            return self.trunc_to_week(&value, call);
        }
        let part = if part == "weekiso" { "week" } else { part.as_str() };
        let known = DAYS.contains(&part)
            || matches!(part, "hour" | "minute" | "second" | "millisecond" | "microsecond" | "nanosecond");
        if !known {
            return Err(call.refused(&format!("to `{part}`")));
        }
        let part = if part == "nanosecond" { "microsecond" } else { part };
        match value.ty.family() {
            Family::Date if !DAYS.contains(&part) => Ok(value),
            Family::Date => {
                Ok(Typed::new(format!("CAST(date_trunc('{part}', {}) AS DATE)", value.sql), DataType::Date))
            }
            Family::Time if !DAYS.contains(&part) => {
                let sql = format!("CAST(date_trunc('{part}', DATE '1970-01-01' + {}) AS TIME)", value.sql);
                Ok(Typed::new(sql, DataType::Time))
            }
            Family::Zoned if value.ty == DataType::TimestampTz => {
                Ok(value.at_clock(&format!("date_trunc('{part}', {})", value.clock())))
            }
            Family::Timestamp | Family::Zoned => {
                Ok(Typed::new(format!("date_trunc('{part}', {})", value.sql), value.ty))
            }
            _ => {
                let value = self.convert(&value, DataType::TimestampNtz, &call.range)?;
                Ok(Typed::new(format!("date_trunc('{part}', {})", value.sql), value.ty))
            }
        }
    }

    /// `DATE_TRUNC` to a week that starts on another day than Monday.
    fn trunc_to_week(&mut self, value: &Typed, call: &Call<'_>) -> Step<Typed> {
        let start = |clock: &str| format!("CAST({} AS TIMESTAMP)", self.week_start(clock));
        Ok(match value.ty.family() {
            Family::Date => Typed::new(self.week_start(&value.sql), DataType::Date),
            Family::Zoned => value.at_clock(&start(&value.clock())),
            _ => {
                let value = self.convert(value, DataType::TimestampNtz, &call.range)?;
                Typed::new(start(&value.sql), value.ty)
            }
        })
    }

    /// `EXTRACT(part FROM value)`.
    pub(super) fn extract(&mut self, part: &str, value: &Expr) -> Step<Typed> {
        let range = self.range_of(value);
        let word = part.trim_matches(['\'', '"']);
        let part = part_named(word)
            .ok_or_else(|| SqlProblem::new(WRONG_TYPE, format!("`{word}` is no date part"), range.clone()))?;
        self.part_of(&part, value, &range)
    }

    fn part_of(&mut self, part: &str, value: &Expr, range: &Range<usize>) -> Step<Typed> {
        let value = self.expression(value)?;
        if value.ty.family() == Family::Zoned {
            let east = value.east();
            match part {
                "timezone_hour" => return Ok(Typed::loose(format!("({east} // 60)"), DataType::INTEGER)),
                "timezone_minute" => return Ok(Typed::loose(format!("({east} % 60)"), DataType::INTEGER)),
                _ => {}
            }
        }
        let value = match value.ty.family() {
            Family::Zoned if part.starts_with("epoch") => value.instant(),
            _ => self.datetime(value, range)?.sql,
        };
        let sql = match part {
            "timezone_hour" | "timezone_minute" => {
                return Err(SqlProblem::new(
                    WRONG_TYPE,
                    "a timestamp without a time zone has no offset",
                    range.clone(),
                ));
            }
            "epoch" => format!("CAST(floor(epoch({value})) AS BIGINT)"),
            "epoch_ns" | "nanosecond" => {
                let micros = if part == "epoch_ns" { "epoch_us" } else { "microsecond" };
                let inner = format!("{micros}({value})");
                if part == "epoch_ns" { format!("({inner} * 1000)") } else { format!("({inner} % 1000000 * 1000)") }
            }
            "week" | "yearofweek" => self.week(part, &value),
            "weekiso" => format!("weekofyear({value})"),
            "millisecond" => format!("(millisecond({value}) % 1000)"),
            "microsecond" => format!("(microsecond({value}) % 1000000)"),
            "dayofweek" => self.weekday(&value),
            part => format!("{part}({value})"),
        };
        Ok(Typed::loose(sql, DataType::INTEGER))
    }

    /// The day of the week: from Sunday as 0, or with `WEEK_START` from that day as 1.
    pub(super) fn weekday(&self, value: &str) -> String {
        match self.session.parameters.get("WEEK_START").map_or("0", String::as_str) {
            "0" => format!("dayofweek({value})"),
            "1" => format!("isodow({value})"),
            day => format!("sf_weekday_from({value}, {day})"),
        }
    }

    /// The day that weeks start on, where it is not Monday.
    fn first_weekday(&self) -> Option<&str> {
        self.session.parameters.get("WEEK_START").map(String::as_str).filter(|day| !["0", "1"].contains(day))
    }

    /// The first day of a value's week.
    fn week_start(&self, value: &str) -> String {
        match self.first_weekday() {
            Some(day) => format!("sf_week_start({value}, {day})"),
            None => iso_week_start(value),
        }
    }

    /// The number of a week, or the year that it is of.
    fn week(&self, part: &str, value: &str) -> String {
        let policy = self.session.parameters.get("WEEK_OF_YEAR_POLICY").map_or("0", String::as_str);
        let (iso, function) = if part == "week" { ("weekofyear", "sf_week") } else { ("isoyear", "sf_year_of_week") };
        match (self.first_weekday(), policy) {
            (None, "0") => format!("{iso}({value})"),
            (day, policy) => format!("{function}({value}, {}, {})", day.unwrap_or("1"), policy == "0"),
        }
    }

    fn add_months(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let clock = self.datetime(value.clone(), &call.range)?;
        let months = self.integer(call.args[1])?;
        let sql = format!("sf_add_months({}, CAST({months} AS INTEGER))", clock.sql);
        let sql = format!("CAST({sql} AS {})", clock.ty.duckdb());
        Ok(if value.ty.family() == Family::Zoned { value.at_clock(&sql) } else { Typed::new(sql, clock.ty) })
    }

    fn last_day(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let value = self.datetime(value, &call.range)?.sql;
        let part = self.part(call.args[1], call)?;
        if let ("week", Some(_)) = (part.as_str(), self.first_weekday()) {
            return Ok(Typed::new(format!("({} + 6)", self.week_start(&value)), DataType::Date));
        }
        let step = match part.as_str() {
            "month" => return Ok(Typed::new(format!("last_day({value})"), DataType::Date)),
            "year" => "1 YEAR",
            "quarter" => "3 MONTH",
            "week" => "7 DAY",
            _ => return Err(call.refused(&format!("of `{part}`"))),
        };
        let sql = format!("CAST(date_trunc('{part}', {value}) + INTERVAL {step} - INTERVAL 1 DAY AS DATE)");
        Ok(Typed::new(sql, DataType::Date))
    }

    fn time_slice(&mut self, call: &Call<'_>) -> Step<Typed> {
        let given = self.expression(call.args[0])?;
        let value = self.datetime(given.clone(), &call.range)?;
        let width = self.integer(call.args[1])?;
        let part = self.part(call.args[2], call)?;
        let at_end = match call.args.get(3) {
            None => false,
            Some(side) => match self.literal_argument(call, side)?.to_ascii_uppercase().as_str() {
                "START" => false,
                "END" => true,
                _ => return Err(call.refused("with a side but `START` and `END`")),
            },
        };
        let Some(interval) = interval_of(&part, &width) else {
            return Err(call.refused(&format!("of `{part}`")));
        };
        // Slices are counted from 1970-01-01; weeks from the first day of its week.
        let origin = if part == "week" { self.week_start("DATE '1970-01-01'") } else { "DATE '1970-01-01'".to_owned() };
        let start = format!("time_bucket({interval}, CAST({} AS TIMESTAMP), CAST({origin} AS TIMESTAMP))", value.sql);
        let sql = if at_end { format!("({start} + {interval})") } else { start };
        Ok(match given.ty.family() {
            Family::Zoned => given.at_clock(&sql),
            _ => Typed::new(format!("CAST({sql} AS {})", value.ty.duckdb()), value.ty),
        })
    }

    /// With two zones, wall clocks; with one, the instant as `TIMESTAMP_TZ`.
    fn convert_timezone(&mut self, call: &Call<'_>) -> Step<Typed> {
        match call.args.as_slice() {
            [to, value] => {
                let to = self.expression(to)?.text();
                let value = self.expression(value)?;
                let instant = self.convert(&value, DataType::TimestampLtz, &call.range)?.sql;
                Ok(Typed::new(format!("sf_tz_in({instant}, {to})"), DataType::TimestampTz))
            }
            [from, to, value] => {
                let (from, to) = (self.expression(from)?.text(), self.expression(to)?.text());
                let value = self.expression(value)?;
                let value = self.convert(&value, DataType::TimestampNtz, &call.range)?.sql;
                let sql = format!("timezone({to}, timezone({from}, {value}))");
                Ok(Typed::new(sql, DataType::TimestampNtz))
            }
            _ => Err(call.refused("in this form")),
        }
    }

    /// An interval of a frame.
    pub(super) fn interval(&mut self, interval: &Interval) -> Step<String> {
        let range = self.range_of(&interval.value);
        let refused = || SqlProblem::unsupported("this interval", range.clone());
        let text = match interval.value.as_ref() {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) => super::expression::unescape(text),
                Value::Number(digits, _) => digits.clone(),
                _ => return Err(refused()),
            },
            _ => return Err(refused()),
        };
        let text = match &interval.leading_field {
            Some(field) => format!("{text} {}", field_name(field)),
            None => text,
        };
        let mut parts = Vec::new();
        for piece in text.split(',') {
            let mut words = piece.split_whitespace();
            let amount: i64 = words.next().and_then(|word| word.parse().ok()).ok_or_else(refused)?;
            let part = words.next().map_or(Some("second".to_owned()), part_named).ok_or_else(refused)?;
            if words.next().is_some() {
                return Err(refused());
            }
            parts.push(interval_of(&part, &amount.to_string()).ok_or_else(refused)?);
        }
        Ok(format!("({})", parts.join(" + ")))
    }

    /// A value shifted by an interval.
    pub(super) fn shift_by(&mut self, value: Typed, op: &str, interval: &Interval) -> Step<Typed> {
        let by = self.interval(interval)?;
        let clock = ["to_hours", "to_minutes", "to_seconds", "to_milliseconds", "to_microseconds"];
        let timed = clock.iter().any(|unit| by.contains(unit));
        let sql = format!("({} {op} {by})", value.sql);
        Ok(match value.ty.family() {
            Family::Date if !timed => Typed::new(format!("CAST({sql} AS DATE)"), DataType::Date),
            Family::Date => Typed::new(sql, DataType::TimestampNtz),
            Family::Zoned if value.ty == DataType::TimestampTz => {
                value.at_clock(&format!("({} {op} {by})", value.clock()))
            }
            Family::Timestamp | Family::Zoned => Typed::new(sql, value.ty),
            Family::Time if timed => Typed::new(sql, value.ty),
            _ => {
                let value = self.convert(&value, DataType::TimestampNtz, &self.range_of(&interval.value))?;
                Typed::new(format!("({} {op} {by})", value.sql), DataType::TimestampNtz)
            }
        })
    }
}

/// The Monday of a value's week.
fn iso_week_start(value: &str) -> String {
    format!("date_trunc('week', {value})")
}

fn field_name(field: &DateTimeField) -> String {
    field.to_string()
}

/// The engine's name of a part, by any of its names.
fn part_named(word: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    PARTS.iter().find(|names| names.contains(&word.as_str())).map(|names| names[0].to_owned())
}

/// So many of a part as an interval of the engine.
fn interval_of(part: &str, amount: &str) -> Option<String> {
    let months = |factor: u32| format!("to_months(CAST({amount} * {factor} AS INTEGER))");
    Some(match part {
        "year" => months(12),
        "quarter" => months(3),
        "month" => months(1),
        "week" | "weekiso" => format!("to_days(CAST({amount} * 7 AS INTEGER))"),
        "day" => format!("to_days(CAST({amount} AS INTEGER))"),
        "hour" => format!("to_hours({amount})"),
        "minute" => format!("to_minutes({amount})"),
        "second" => format!("to_seconds({amount})"),
        "millisecond" => format!("to_milliseconds({amount})"),
        "microsecond" => format!("to_microseconds({amount})"),
        "nanosecond" => format!("to_microseconds({amount} // 1000)"),
        _ => return None,
    })
}

/// A value so many of a part later.
fn shift(value: &Typed, part: &str, amount: &str) -> Option<Typed> {
    let interval = interval_of(part, amount)?;
    let sql = format!("({} + {interval})", value.sql);
    Some(match value.ty.family() {
        Family::Date if DAYS.contains(&part) => Typed::new(format!("CAST({sql} AS DATE)"), DataType::Date),
        Family::Date => Typed::new(sql, DataType::TimestampNtz),
        _ => Typed::new(sql, value.ty),
    })
}
