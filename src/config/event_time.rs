//! Intervals of event time: the batches of a microbatch model, and the window of `--sample` (dbt: `event_time/`,
//! `materializations/incremental/microbatch.py`). All times are UTC.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveDateTime, SubsecRound, Timelike, Utc};

/// How long a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchSize {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// An interval: from its start to before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The start.
    pub start: DateTime<Utc>,
    /// The end, which is not part of it.
    pub end: DateTime<Utc>,
}

/// What an earlier run left of a microbatch model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// The batches that failed, which are built now.
    pub failed: Vec<Window>,
    /// Those that are there.
    pub successful: Vec<Window>,
}

/// One batch of a microbatch model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its start without separators: `20240131`.
    pub id: String,
    /// Its start as far as the batch's size tells: `2024-01-31`.
    pub name: String,
    /// When it is.
    pub window: Window,
}

impl BatchSize {
    /// The sizes as they are written.
    pub const WORDS: [&'static str; 4] = ["hour", "day", "month", "year"];

    /// The size with this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The start of the batch a time is in.
    pub fn truncate(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let day = time.date_naive();
        let first = |day: Option<NaiveDate>| day.unwrap_or_default().and_hms_opt(0, 0, 0).unwrap_or_default();
        let naive = match self {
            Self::Hour => day.and_hms_opt(time.hour(), 0, 0).unwrap_or_default(),
            Self::Day => first(Some(day)),
            Self::Month => first(day.with_day(1)),
            Self::Year => first(NaiveDate::from_ymd_opt(day.year(), 1, 1)),
        };
        naive.and_utc()
    }

    /// The start of the batch so many batches after the one a time is in.
    pub fn offset(self, time: DateTime<Utc>, count: i32) -> DateTime<Utc> {
        self.shift(self.truncate(time), count)
    }

    /// A time that many of its size later, or earlier (dbt: `event_time.offset_timestamp`).
    fn shift(self, time: DateTime<Utc>, count: i32) -> DateTime<Utc> {
        let months = |months: u32| {
            let months = Months::new(months.saturating_mul(count.unsigned_abs()));
            if count < 0 { time.checked_sub_months(months) } else { time.checked_add_months(months) }
        };
        match self {
            Self::Hour => time.checked_add_signed(Duration::hours(i64::from(count))),
            Self::Day => time.checked_add_signed(Duration::days(i64::from(count))),
            Self::Month => months(1),
            Self::Year => months(12),
        }
        .unwrap_or(time)
    }

    /// The first start of a batch that is not before a time.
    pub fn ceiling(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let start = self.truncate(time);
        if start == time { start } else { self.offset(time, 1) }
    }

    fn name(self, start: DateTime<Utc>) -> String {
        let format = match self {
            Self::Hour => "%Y-%m-%dT%H",
            Self::Day => "%Y-%m-%d",
            Self::Month => "%Y-%m",
            Self::Year => "%Y",
        };
        start.format(format).to_string()
    }

    /// The batches from `start` to `end`; at least one, and the last ends at `end`.
    pub fn batches(self, window: Window) -> Vec<Batch> {
        let mut batches = Vec::new();
        let mut start = window.start;
        loop {
            let next = self.offset(start, 1);
            let is_last = next >= window.end;
            let name = self.name(start);
            batches.push(Batch {
                id: name.replace('-', ""),
                name,
                window: Window { start, end: if is_last { window.end } else { next } },
            });
            if is_last || next <= start {
                return batches;
            }
            start = next;
        }
    }
}

/// A time as Python's `datetime.fromisoformat` reads it: a date, or a date and a time; one without a zone is UTC.
pub fn event_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(zoned) = DateTime::parse_from_rfc3339(text).or_else(|_| text.replacen(' ', "T", 1).parse()) {
        return Some(zoned.with_timezone(&Utc));
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|naive| naive.and_utc())
}

/// A time as Python prints it: `2024-01-31 00:00:00+00:00`.
pub fn event_time_text(time: DateTime<Utc>) -> String {
    let time = time.trunc_subsecs(6);
    let format = if time.nanosecond() == 0 { "%Y-%m-%d %H:%M:%S+00:00" } else { "%Y-%m-%d %H:%M:%S%.6f+00:00" };
    time.format(format).to_string()
}

/// The window of `--sample 3 days`, which ends now; the error says what is wrong.
pub fn sample_window(text: &str, now: DateTime<Utc>) -> Result<Window, String> {
    let words: Vec<&str> = text.split(' ').collect();
    let [count, size] = words.as_slice() else {
        return Err(format!("`{text}` is no window"));
    };
    let count: i32 = count.parse().map_err(|_| format!("`{count}` is no whole number"))?;
    let word = size.to_lowercase();
    let size = BatchSize::from_word(word.trim_end_matches('s'))
        .ok_or_else(|| format!("`{size}` is no grain; the grains are hours, days, months and years"))?;
    Ok(Window { start: size.shift(now, -count), end: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        event_time(text).expect("a time")
    }

    #[test]
    fn batches_begin_at_their_size() {
        let at = time("2024-09-17 16:06:00");
        assert_eq!(BatchSize::Hour.offset(at, -1), time("2024-09-17 15:00"));
        assert_eq!(BatchSize::Day.ceiling(at), time("2024-09-18"));
        assert_eq!(BatchSize::Month.offset(at, -9), time("2023-12-01"));
        assert_eq!(BatchSize::Year.ceiling(time("2024-01-01")), time("2024-01-01"));
    }

    #[test]
    fn the_last_batch_ends_with_the_window() {
        let window = Window { start: time("2023-12-01"), end: time("2024-01-10") };
        let batches = BatchSize::Month.batches(window);
        let names: Vec<&str> = batches.iter().map(|batch| batch.id.as_str()).collect();
        assert_eq!(names, ["202312", "202401"]);
        assert_eq!(batches[1].window.end, window.end);
        assert_eq!(event_time_text(window.end), "2024-01-10 00:00:00+00:00");
    }

    #[test]
    fn a_sample_ends_now() {
        let now = time("2024-05-03 10:20:30");
        let window = sample_window("2 days", now).expect("a window");
        assert_eq!((window.start, window.end), (time("2024-05-01 10:20:30"), now));
        assert!(sample_window("two days", now).is_err() && sample_window("2 weeks", now).is_err());
    }
}
