//! Python's `datetime.strptime` in the C locale.

use chrono::NaiveDate;
use minijinja::Error;

use super::date::ymd;
use super::datetime::DateTime;
use super::error::value_error;
use super::strftime::{DAYS, MONTHS};
use super::timeofday::hms;
use super::zone::{self, Zone};

#[derive(Default)]
struct Parts {
    year: Option<i128>,
    month: Option<i128>,
    day: Option<i128>,
    ordinal: Option<i128>,
    hour: i128,
    minute: i128,
    second: i128,
    micro: i128,
    afternoon: Option<bool>,
    zone: Option<Zone>,
}

/// The moment that the text says under the format.
pub(super) fn strptime(source: &str, format: &str) -> Result<DateTime, Error> {
    let mut parts = Parts::default();
    let mut rest = source;
    let mismatch = || value_error(format!("time data '{source}' does not match format '{format}'"));
    read(&mut parts, &mut rest, format)?.ok_or_else(mismatch)?;
    if !rest.is_empty() {
        return Err(value_error(format!("unconverted data remains: {rest}")));
    }
    if let Some(afternoon) = parts.afternoon {
        parts.hour = parts.hour % 12 + if afternoon { 12 } else { 0 };
    }
    let year = parts.year.unwrap_or(1900);
    let day = match parts.ordinal {
        Some(ordinal) if parts.month.is_none() => {
            let year = i32::try_from(year).unwrap_or(0);
            let day = NaiveDate::from_yo_opt(year, u32::try_from(ordinal).unwrap_or(0));
            day.ok_or_else(|| value_error("day of year is out of range"))?
        }
        _ => ymd(year, parts.month.unwrap_or(1), parts.day.unwrap_or(1))?,
    };
    let time = hms([parts.hour, parts.minute, parts.second, parts.micro])?;
    Ok(DateTime { naive: day.and_time(time), zone: parts.zone })
}

fn read(parts: &mut Parts, rest: &mut &str, format: &str) -> Result<Option<()>, Error> {
    let mut pattern = format.chars().peekable();
    while let Some(c) = pattern.next() {
        let done = if c.is_whitespace() {
            while pattern.next_if(|c| c.is_whitespace()).is_some() {}
            let trimmed = rest.trim_start();
            let some = trimmed.len() < rest.len();
            *rest = trimmed;
            some.then_some(())
        } else if c == '%' {
            let directive = pattern.next().ok_or_else(|| value_error(format!("stray %% in format '{format}'")))?;
            field(parts, rest, directive)?
        } else {
            literal(rest, c)
        };
        if done.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

fn literal(rest: &mut &str, expected: char) -> Option<()> {
    let mut chars = rest.chars();
    let same = chars.next()?.to_lowercase().eq(expected.to_lowercase());
    *rest = chars.as_str();
    same.then_some(())
}

/// Up to `most` digits as a number within the limits; fewer digits if more would exceed them.
fn digits(rest: &mut &str, most: usize, (low, high): (i128, i128)) -> Option<i128> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    for length in (1..=count).rev() {
        let number: i128 = rest[..length].parse().ok()?;
        if (low..=high).contains(&number) {
            *rest = &rest[length..];
            return Some(number);
        }
    }
    None
}

fn field(parts: &mut Parts, rest: &mut &str, directive: char) -> Result<Option<()>, Error> {
    Ok(match directive {
        'Y' => {
            let full = rest.len() >= 4 && rest.bytes().take(4).all(|b| b.is_ascii_digit());
            parts.year = if full { digits(rest, 4, (0, 9999)) } else { None };
            parts.year.map(drop)
        }
        'y' => {
            let two = digits(rest, 2, (0, 99));
            parts.year = two.map(|year| if year < 69 { 2000 + year } else { 1900 + year });
            two.map(drop)
        }
        'm' => store(&mut parts.month, digits(rest, 2, (1, 12))),
        'd' | 'e' => store(&mut parts.day, digits(rest.trim_start_ref(), 2, (1, 31))),
        'j' => store(&mut parts.ordinal, digits(rest, 3, (1, 366))),
        'H' => digits(rest, 2, (0, 23)).map(|n| parts.hour = n),
        'I' => digits(rest, 2, (1, 12)).map(|n| parts.hour = n),
        'M' => digits(rest, 2, (0, 59)).map(|n| parts.minute = n),
        'S' => digits(rest, 2, (0, 61)).map(|n| parts.second = n),
        'f' => fraction(rest).map(|n| parts.micro = n),
        'p' => name(rest, &["AM", "PM"]).map(|at| parts.afternoon = Some(at == 1)),
        'B' => name(rest, &MONTHS).map(|at| parts.month = Some(at as i128 + 1)),
        'b' | 'h' => name(rest, &MONTHS.map(|m| &m[..3])).map(|at| parts.month = Some(at as i128 + 1)),
        'A' => name(rest, &DAYS).map(drop),
        'a' => name(rest, &DAYS.map(|d| &d[..3])).map(drop),
        'w' => digits(rest, 1, (0, 6)).map(drop),
        'u' => digits(rest, 1, (1, 7)).map(drop),
        'U' | 'W' => digits(rest, 2, (0, 53)).map(drop),
        'z' => offset(rest).map(|seconds| parts.zone = Some(zone::parsed(seconds))),
        'Z' => name(rest, &["UTC", "GMT"]).map(drop),
        'T' | 'X' => return read(parts, rest, "%H:%M:%S"),
        'F' => return read(parts, rest, "%Y-%m-%d"),
        'D' | 'x' => return read(parts, rest, "%m/%d/%y"),
        'R' => return read(parts, rest, "%H:%M"),
        'c' => return read(parts, rest, "%a %b %d %H:%M:%S %Y"),
        '%' => literal(rest, '%'),
        other => return Err(value_error(format!("'{other}' is a bad directive in a format"))),
    })
}

trait TrimStart {
    fn trim_start_ref(&mut self) -> &mut Self;
}

impl TrimStart for &str {
    fn trim_start_ref(&mut self) -> &mut Self {
        *self = self.trim_start_matches(' ');
        self
    }
}

fn store(place: &mut Option<i128>, number: Option<i128>) -> Option<()> {
    *place = number;
    number.map(drop)
}

fn fraction(rest: &mut &str) -> Option<i128> {
    let count = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let micros = format!("{:0<6}", &rest[..count]).parse().ok()?;
    *rest = &rest[count..];
    (count > 0).then_some(micros)
}

/// Which of the names the text starts with, in any case; the longest wins.
fn name(rest: &mut &str, names: &[&str]) -> Option<usize> {
    let starts = |name: &&str| rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
    let (at, found) = names.iter().enumerate().filter(|(_, n)| starts(n)).max_by_key(|(_, n)| n.len())?;
    *rest = &rest[found.len()..];
    Some(at)
}

fn offset(rest: &mut &str) -> Option<i32> {
    if let Some(tail) = rest.strip_prefix(['Z', 'z']) {
        *rest = tail;
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let mut tail = rest.strip_prefix(['+', '-'])?;
    let hours = digits(&mut tail, 2, (0, 23))?;
    tail = tail.strip_prefix(':').unwrap_or(tail);
    let minutes = digits(&mut tail, 2, (0, 59))?;
    let seconds = match tail.strip_prefix(':') {
        Some(mut after) => {
            let seconds = digits(&mut after, 2, (0, 59))?;
            tail = after;
            seconds
        }
        None => 0,
    };
    *rest = tail;
    i32::try_from(hours * 3600 + minutes * 60 + seconds).ok().map(|total| sign * total)
}
