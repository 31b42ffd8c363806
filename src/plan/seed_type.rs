//! The type of a seed's column, from its values: the first that takes all of them, of number, date, timestamp, ISO timestamp, boolean
//! and text (dbt: `build_type_tester`, on agate).

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

/// What a column's values have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Float,
    Date,
    Timestamp,
    Boolean,
    Text,
}

/// How many digits Python's decimals keep.
const PRECISION: i64 = 28;

const CURRENCIES: &str = "؋$ƒ៛¥₡₱£€¢﷼₪₩₭₮₦฿₤₫";

impl Kind {
    /// The type of these values. Without any it is a column of integers.
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Self {
        let given = || values.clone().map(str::trim).filter(|value| !is_null(value));
        if values.clone().next().is_none() {
            return Self::Integer;
        }
        if let Some(numbers) = given().map(Number::read).collect::<Option<Vec<_>>>() {
            return if has_decimals(&numbers) { Self::Float } else { Self::Integer };
        }
        if given().all(|value| date(value).is_some()) {
            Self::Date
        } else if given().all(|value| timestamp(value).is_some()) || given().all(|value| iso(value).is_some()) {
            Self::Timestamp
        } else if given().all(|value| truth(value).is_some()) {
            Self::Boolean
        } else {
            Self::Text
        }
    }

    /// The name dbt's adapters give it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float8",
            Self::Date => "date",
            Self::Timestamp => "timestamp without time zone",
            Self::Boolean => "boolean",
            Self::Text => "text",
        }
    }

    /// A value of a column of this type as a literal.
    pub(super) fn literal(self, text: &str) -> String {
        if is_null(text.trim()) {
            return "null".to_owned();
        }
        let trimmed = text.trim();
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let seen = match self {
            Self::Integer | Self::Float => Number::read(trimmed).map(|number| number.literal()),
            Self::Date => date(trimmed).map(|date| quoted(&date.to_string())),
            Self::Timestamp => timestamp(trimmed)
                .map(|time| (time, String::new()))
                .or_else(|| iso(trimmed))
                .map(|(time, zone)| quoted(&format!("{}{zone}", time.format("%Y-%m-%d %H:%M:%S%.f")))),
            Self::Boolean => truth(trimmed).map(|truth| truth.to_string()),
            Self::Text => None,
        };
        seen.unwrap_or_else(|| quoted(text))
    }
}

/// Whether a value without white space around it stands for none.
pub(super) fn is_null(value: &str) -> bool {
    value.is_empty() || value.eq_ignore_ascii_case("null")
}

fn truth(value: &str) -> Option<bool> {
    let value = value.replace(',', "");
    let value = value.trim();
    if value.eq_ignore_ascii_case("true") { Some(true) } else { value.eq_ignore_ascii_case("false").then_some(false) }
}

/// A number as agate reads it: per cents, currencies, groups of digits and Python's underscores are passed over.
struct Number {
    negative: bool,
    /// Its digits without zeros in front; none where it is not finite.
    digits: Option<String>,
    /// The power of ten its digits are multiplied with.
    exponent: i64,
    /// The number as it is written.
    text: String,
}

impl Number {
    fn read(value: &str) -> Option<Self> {
        let value = value.trim_matches('%');
        let (minus, value) = value.strip_prefix('-').map_or((false, value), |rest| (true, rest));
        let value = CURRENCIES.chars().fold(value, |value, symbol| value.trim_matches(symbol));
        let text = value.replace(',', "").trim().replace('_', "");
        let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text.as_str()),
        };
        let negative = minus != sign;
        let lower = unsigned.to_lowercase();
        let is_nan = lower.strip_prefix('s').unwrap_or(&lower).strip_prefix("nan").is_some_and(is_digits);
        if is_nan || lower == "inf" || lower == "infinity" {
            return Some(Self { negative, digits: None, exponent: 0, text: lower });
        }
        let (mantissa, power) = lower.split_once('e').unwrap_or((&lower, "0"));
        let power_digits = power.strip_prefix(['-', '+']).unwrap_or(power);
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_number = is_digits(whole) && is_digits(part) && !(whole.is_empty() && part.is_empty());
        if !is_number || power_digits.is_empty() || !is_digits(power_digits) {
            return None;
        }
        let power: i64 = power.trim_start_matches('+').parse().ok()?;
        let digits = format!("{whole}{part}").trim_start_matches('0').to_owned();
        let exponent = power.checked_sub(i64::try_from(part.len()).ok()?)?;
        Some(Self { negative, digits: Some(digits), exponent, text: lower })
    }

    /// The most significant digits, without zeros behind, and the power of ten of the last of them.
    fn normal(&self) -> Option<(i64, i64)> {
        let digits = self.digits.as_deref()?;
        let kept = &digits[..digits.len().min(usize::try_from(PRECISION).unwrap_or(usize::MAX))];
        let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let exponent = self.exponent + length(digits) - length(kept);
        let short = kept.trim_end_matches('0');
        Some(if short.is_empty() { (1, 0) } else { (length(short), exponent + length(kept) - length(short)) })
    }

    fn literal(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        match self.digits {
            Some(_) => format!("{sign}{}", self.text),
            None => format!("'{sign}{}'", self.text),
        }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether some number has digits behind its point, as far as all together fit into Python's precision.
fn has_decimals(numbers: &[Number]) -> bool {
    let (mut whole, mut decimals) = (1, 0);
    for (digits, exponent) in numbers.iter().filter_map(Number::normal) {
        whole = whole.max(digits + exponent);
        decimals = decimals.max(-exponent);
    }
    if whole + decimals > PRECISION { PRECISION != whole } else { decimals != 0 }
}

/// `%Y-%m-%d` as Python reads it.
fn date(value: &str) -> Option<NaiveDate> {
    let mut parts = value.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len());
    let year = number(year).and_then(|year| i32::try_from(year).ok()).filter(|year| *year > 0)?;
    let found = NaiveDate::from_ymd_opt(year, number(month)?, number(day)?)?;
    (fits && parts.next().is_none()).then_some(found)
}

/// `%Y-%m-%d %H:%M:%S` as Python reads it.
fn timestamp(value: &str) -> Option<NaiveDateTime> {
    let (day, time) = value.split_once(char::is_whitespace)?;
    let mut parts = time.trim_start().split(':');
    let mut next = || parts.next().filter(|part| (1..=2).contains(&part.len())).and_then(number);
    let (hour, minute, second) = (next()?, next()?, next()?);
    // Python lets a minute have a 61st and a 62nd second, and then finds that there is no such time.
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    parts.next().is_none().then(|| date(day).map(|day| day.and_time(time)))?
}

fn number(text: &str) -> Option<u32> {
    is_digits(text).then(|| text.parse().ok())?
}

/// A date and a time of ISO 8601 with a `T` between them, and the time zone's offset as it is written.
fn iso(value: &str) -> Option<(NaiveDateTime, String)> {
    let (day, time) = value.split_once('T')?;
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(at);
    let shown = match zone.strip_prefix(['+', '-']) {
        None if zone.is_empty() || zone == "Z" => zone.to_owned(),
        None => return None,
        Some(offset) => {
            let short = offset.replacen(':', "", usize::from(offset.len() == 5 && offset.as_bytes()[2] == b':'));
            let fits = matches!(short.len(), 2 | 4) && is_digits(&short);
            fits.then(|| {
                format!("{}{}:{}", &zone[..1], &short[..2], short.get(2..).filter(|m| !m.is_empty()).unwrap_or("00"))
            })?
        }
    };
    Some((iso_date(day)?.and_time(iso_time(time)?), shown))
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    let has_dash = text.as_bytes().get(4) == Some(&b'-');
    if text.len() == 2 {
        return NaiveDate::from_ymd_opt(i32::try_from(number(text)? * 100 + 1).ok()?, 1, 1);
    }
    let year = i32::try_from(number(text.get(..4)?)?).ok().filter(|year| *year > 0)?;
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    let rest = &text[4 + usize::from(has_dash)..];
    if let Some(week) = rest.strip_prefix('W') {
        let (week, day) = (week.get(..2)?, &week[2..]);
        let day = if has_dash && !day.is_empty() { day.strip_prefix('-')? } else { day };
        let day = if day.is_empty() { 1 } else { number(day).filter(|_| day.len() == 1)? };
        let weeks = i64::from(number(week)?) - i64::from(first.iso_week().week() == 1);
        let days = weeks * 7 - i64::from(first.weekday().number_from_monday()) + i64::from(day);
        return first.checked_add_signed(chrono::Duration::days(days));
    }
    match (rest.len(), has_dash) {
        (0, false) => Some(first),
        (2, _) => NaiveDate::from_ymd_opt(year, number(rest)?.max(1), 1),
        (3, _) => first.checked_add_days(Days::new(u64::from(number(rest)?))).and_then(|day| day.pred_opt()),
        (4, false) => NaiveDate::from_ymd_opt(year, number(&rest[..2])?.max(1), number(&rest[2..])?),
        (5, true) => {
            let (month, day) = rest.split_once('-').filter(|(month, _)| month.len() == 2)?;
            NaiveDate::from_ymd_opt(year, number(month)?.max(1), number(day)?)
        }
        _ => None,
    }
}

/// Hours, minutes and seconds with or without colons; the last of them may have a fraction.
fn iso_time(text: &str) -> Option<NaiveTime> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let has_colons = whole.contains(':');
    let plain = if has_colons { whole.replace(':', "") } else { whole.to_owned() };
    let colons_fit =
        !has_colons || whole.len() == plain.len() / 2 * 3 - 1 && whole.split(':').all(|part| part.len() == 2);
    if !colons_fit || !matches!(plain.len(), 2 | 4 | 6) || fraction.is_empty() || !is_digits(fraction) {
        return None;
    }
    let part = |at: usize| plain.get(at..at + 2).map_or(Some(0), number);
    let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4)?)?;
    let unit = [3_600, 60, 1][plain.len() / 2 - 1];
    let digits = &fraction[..fraction.len().min(12)];
    let scale = 10_i64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let micros = i128::from(digits.parse::<i64>().ok()?) * unit * 1_000_000 / i128::from(scale);
    Some(time.overflowing_add_signed(chrono::Duration::microseconds(i64::try_from(micros).ok()?)).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(values: &[&'static str]) -> Kind {
        Kind::of(values.iter().copied())
    }

    #[test]
    fn columns_are_typed_by_their_values() {
        assert_eq!(kind(&["1", "-20", "", "null"]), Kind::Integer);
        assert_eq!(kind(&["2.0", "1e3", "$5", "1,000", "50%", "1_000", "NaN"]), Kind::Integer);
        assert_eq!(kind(&["1", "2.50"]), Kind::Float);
        assert_eq!(kind(&["1E-2"]), Kind::Float);
        assert_eq!(kind(&["2024-02-29", "2024-1-2"]), Kind::Date);
        assert_eq!(kind(&["2023-02-29"]), Kind::Text);
        assert_eq!(kind(&["2024-01-01 10:00:00"]), Kind::Timestamp);
        assert_eq!(kind(&["2024-01-01 10:00:00", "2024-01-01"]), Kind::Text);
        assert_eq!(kind(&["2024-01-01T10:00:00+02:00", "20240101T1000", "2024-W01-1T10.5Z"]), Kind::Timestamp);
        assert_eq!(kind(&["2024-01-01 10:00:00.5"]), Kind::Text);
        assert_eq!(kind(&["True", "false"]), Kind::Boolean);
        assert_eq!(kind(&["yes"]), Kind::Text);
        assert_eq!(kind(&[]), Kind::Integer);
    }

    #[test]
    fn literals_are_what_was_read() {
        assert_eq!(Kind::Integer.literal(" -$1,000 "), "-1000");
        assert_eq!(Kind::Float.literal("inf"), "'inf'");
        assert_eq!(Kind::Date.literal("2024-1-2"), "'2024-01-02'");
        assert_eq!(Kind::Timestamp.literal("20240101T1030+02"), "'2024-01-01 10:30:00+02:00'");
        assert_eq!(Kind::Text.literal(" it's "), "' it''s '");
        assert_eq!(Kind::Text.literal(" NULL "), "null");
    }
}
