//! Windows of event time on the command line.

use chrono::{DateTime, Utc};

use super::arguments::Running;
use crate::config::{Window, event_time as read_time, sample_window, yaml};
use crate::diagnostic::{Code, Diagnostic};

type Read = Result<Option<Window>, Box<Diagnostic>>;

fn bad(option: &str, message: impl Into<String>, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::BadOption, message).in_file(option, 1).help(help))
}

fn time(option: &str, text: &str) -> Result<DateTime<Utc>, Box<Diagnostic>> {
    let help = "write 2024-01-31 or 2024-01-31T12:00:00";
    read_time(text).ok_or_else(|| bad(option, format!("`{text}` is no time"), help))
}

/// `--event-time-start` and `--event-time-end`, which need each other.
pub(super) fn event_time(running: &Running) -> Read {
    let (start, end) = ("--event-time-start", "--event-time-end");
    match (&running.event_time_start, &running.event_time_end) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(bad(start, format!("{start} is given without {end}"), "give both")),
        (None, Some(_)) => Err(bad(end, format!("{end} is given without {start}"), "give both")),
        (Some(from), Some(to)) => {
            let window = Window { start: time(start, from)?, end: time(end, to)? };
            if window.start >= window.end {
                let message = format!("{start} is not before {end}");
                return Err(bad(start, message, "exchange them"));
            }
            Ok(Some(window))
        }
    }
}

/// `--sample`: how long until now, or a mapping with `start` and `end`.
pub(super) fn sample(running: &Running, now: DateTime<Utc>) -> Read {
    let Some(text) = &running.sample else { return Ok(None) };
    let help = "write '3 days', or '{start: 2024-01-01, end: 2024-02-01}'";
    if !text.trim_start().starts_with('{') {
        return sample_window(text, now).map(Some).map_err(|reason| bad("--sample", reason, help));
    }
    let parsed = yaml::parse(text).ok();
    let part = |key: &str| parsed.as_ref().and_then(|value| value.get(key)?.as_str()).map(str::to_owned);
    match (part("start"), part("end")) {
        (Some(start), Some(end)) => Ok(Some(Window { start: time("--sample", &start)?, end: time("--sample", &end)? })),
        _ => Err(bad("--sample", "a window needs `start` and `end`", help)),
    }
}
