//! Python's `strftime` in the C locale.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

use super::zone::{Zone, clock};

/// What is formatted.
pub(super) struct Moment<'a> {
    pub(super) date: NaiveDate,
    pub(super) time: NaiveTime,
    pub(super) zone: Option<&'a Zone>,
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The moment under the format; a directive that does not exist stays as it is.
pub(super) fn strftime(moment: &Moment<'_>, format: &str) -> String {
    let mut out = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flag = None;
        let mut directive = rest.next();
        if let Some(c @ ('-' | '_' | '0' | '^' | '#')) = directive {
            flag = Some(c);
            directive = rest.next();
        }
        let Some(directive) = directive else {
            out.push('%');
            out.extend(flag);
            break;
        };
        match text(moment, directive) {
            Some(text) => out.push_str(&flagged(text, flag)),
            None => {
                out.push('%');
                out.extend(flag);
                out.push(directive);
            }
        }
    }
    out
}

fn flagged(text: String, flag: Option<char>) -> String {
    let bare = || {
        let short = text.trim_start_matches(['0', ' ']);
        if short.is_empty() { "0".to_owned() } else { short.to_owned() }
    };
    match flag {
        Some('-') => bare(),
        Some('_') => format!("{:>width$}", bare(), width = text.len()),
        Some('^') => text.to_uppercase(),
        _ => text,
    }
}

fn text(moment: &Moment<'_>, directive: char) -> Option<String> {
    calendar(moment, directive).or_else(|| of_day(moment, directive))
}

fn calendar(moment: &Moment<'_>, directive: char) -> Option<String> {
    let date = moment.date;
    let month = MONTHS[usize::try_from(date.month0()).unwrap_or(0).min(11)];
    let weekday = date.weekday().num_days_from_monday();
    let day = DAYS[usize::try_from(weekday).unwrap_or(0).min(6)];
    let week = |first: u32| (date.ordinal() + 6 - (weekday + 7 - first) % 7) / 7;
    Some(match directive {
        'a' => day[..3].to_owned(),
        'A' => day.to_owned(),
        'w' => date.weekday().num_days_from_sunday().to_string(),
        'u' => date.weekday().number_from_monday().to_string(),
        'd' => format!("{:02}", date.day()),
        'e' => format!("{:>2}", date.day()),
        'b' | 'h' => month[..3].to_owned(),
        'B' => month.to_owned(),
        'm' => format!("{:02}", date.month()),
        'y' => format!("{:02}", date.year().rem_euclid(100)),
        'Y' => date.year().to_string(),
        'C' => format!("{:02}", date.year().div_euclid(100)),
        'j' => format!("{:03}", date.ordinal()),
        'U' => format!("{:02}", week(6)),
        'W' => format!("{:02}", week(0)),
        'G' => date.iso_week().year().to_string(),
        'g' => format!("{:02}", date.iso_week().year().rem_euclid(100)),
        'V' => format!("{:02}", date.iso_week().week()),
        'D' | 'x' => strftime(moment, "%m/%d/%y"),
        'F' => strftime(moment, "%Y-%m-%d"),
        'c' => strftime(moment, "%a %b %e %H:%M:%S %Y"),
        _ => return None,
    })
}

fn of_day(moment: &Moment<'_>, directive: char) -> Option<String> {
    let time = moment.time;
    let twelve = time.hour12().1;
    Some(match directive {
        'H' => format!("{:02}", time.hour()),
        'k' => format!("{:>2}", time.hour()),
        'I' => format!("{twelve:02}"),
        'l' => format!("{twelve:>2}"),
        'p' => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        'P' => if time.hour() < 12 { "am" } else { "pm" }.to_owned(),
        'M' => format!("{:02}", time.minute()),
        'S' => format!("{:02}", time.second()),
        'f' => format!("{:06}", time.nanosecond() / 1000),
        'T' | 'X' => strftime(moment, "%H:%M:%S"),
        'R' => strftime(moment, "%H:%M"),
        'r' => strftime(moment, "%I:%M:%S %p"),
        's' => {
            let mut text = String::new();
            _ = write!(text, "{}", moment.date.and_time(time).and_utc().timestamp());
            text
        }
        'z' => moment.zone.map_or_else(String::new, |zone| clock(zone.offset, "")),
        'Z' => moment.zone.map_or_else(String::new, |zone| zone.name().to_owned()),
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        _ => return None,
    })
}
