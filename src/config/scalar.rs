//! What a plain YAML scalar means to `PyYAML`, which is what dbt reads YAML with: YAML 1.1.
//!
//! `yes` and `off` are truth values, `010` is eight, `1:30` is ninety, `1_000` a thousand; `1e3` and `0o14` are texts.

use chrono::{FixedOffset, NaiveDate};
use serde_json::{Number, Value};

use super::typed::Typed;

/// What a scalar means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// A value that JSON has.
    Value(Value),
    /// One that it does not have.
    Typed(Typed),
}

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Scalar {
    let word = match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Value::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(Value::Bool(false)),
        _ => None,
    };
    if let Some(word) = word {
        return Scalar::Value(word);
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Scalar::Value(Value::String(text.to_owned()));
    }
    let number = integer(text).or_else(|| float(text)).map(Scalar::Value);
    let found = number.or_else(|| endless(text).or_else(|| time(text)).map(Scalar::Typed));
    found.unwrap_or_else(|| Scalar::Value(Value::String(text.to_owned())))
}

/// A sign and the rest.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn all(text: &str, fits: fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| fits(byte) || byte == b'_')
}

fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = signed(text);
    let plain = digits.replace('_', "");
    let in_base = |digits: &str, radix| {
        let digits = digits.replace('_', "");
        i128::from_str_radix(&digits, radix).ok()
    };
    let number = if let Some(bits) = digits.strip_prefix("0b") {
        all(bits, |byte| matches!(byte, b'0' | b'1')).then(|| in_base(bits, 2))?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        all(hex, |byte| byte.is_ascii_hexdigit()).then(|| in_base(hex, 16))?
    } else if digits.contains(':') {
        let parts: Vec<&str> = digits.split(':').collect();
        sexagesimal(&parts)
    } else if digits == "0" {
        Some(0)
    } else if let Some(octal) = digits.strip_prefix('0') {
        all(octal, |byte| (b'0'..=b'7').contains(&byte)).then(|| in_base(octal, 8))?
    } else {
        let is_number =
            digits.as_bytes().first().is_some_and(u8::is_ascii_digit) && all(digits, |b| b.is_ascii_digit());
        is_number.then(|| plain.parse::<i128>().ok())?
    }?;
    let number = if negative { -number } else { number };
    Some(i64::try_from(number).map_or_else(
        |_| u64::try_from(number).map_or_else(|_| Value::String(text.to_owned()), Value::from),
        Value::from,
    ))
}

/// `1:30` is one times sixty plus thirty; every part but the first is below sixty.
fn sexagesimal(parts: &[&str]) -> Option<i128> {
    let (first, rest) = parts.split_first()?;
    if !first.bytes().next().is_some_and(|byte| (b'1'..=b'9').contains(&byte)) || !all(first, |b| b.is_ascii_digit()) {
        return None;
    }
    let mut number: i128 = first.replace('_', "").parse().ok()?;
    for part in rest {
        if part.is_empty() || part.len() > 2 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digit: i128 = part.parse().ok().filter(|digit| *digit < 60)?;
        number = number.checked_mul(60)?.checked_add(digit)?;
    }
    Some(number)
}

/// A number with a point; an exponent needs one, and a sign.
fn float(text: &str) -> Option<Value> {
    let (negative, digits) = signed(text);
    let (whole, fraction) = digits.split_once('.')?;
    if whole.contains(':') {
        let parts: Vec<&str> = whole.split(':').collect();
        let after = if fraction.is_empty() { "0" } else { fraction };
        let is_fraction = after.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
        let number = sexagesimal(&parts).filter(|_| is_fraction)?;
        return decimal(negative, &format!("{number}.{}", after.replace('_', "")));
    }
    // Without a digit before the point, PyYAML's pattern takes no sign.
    if whole.is_empty() && (text.len() != digits.len() || fraction.is_empty()) {
        return None;
    }
    if !whole.is_empty() && (!whole.as_bytes()[0].is_ascii_digit() || !all(whole, |byte| byte.is_ascii_digit())) {
        return None;
    }
    let (mantissa, exponent) = match fraction.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (fraction, None),
    };
    if !mantissa.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    let exponent = match exponent {
        None => String::new(),
        Some(exponent) => {
            let digits = exponent.strip_prefix(['+', '-'])?;
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            format!("e{exponent}")
        }
    };
    let mantissa = mantissa.replace('_', "");
    let mantissa = if mantissa.is_empty() { "0".to_owned() } else { mantissa };
    decimal(negative, &format!("0{}.{mantissa}{exponent}", whole.replace('_', "")))
}

fn decimal(negative: bool, digits: &str) -> Option<Value> {
    let number: f64 = digits.parse().ok()?;
    Number::from_f64(if negative { -number } else { number }).map(Value::Number)
}

/// A number that is infinite, or none.
fn endless(text: &str) -> Option<Typed> {
    let (negative, digits) = signed(text);
    let number = match digits {
        ".inf" | ".Inf" | ".INF" if negative => f64::NEG_INFINITY,
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => f64::NAN,
        _ => return None,
    };
    Some(Typed::Number(number))
}

/// A date, or a date with a time.
fn time(text: &str) -> Option<Typed> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    if text.len() == 10
        && let Some(date) = date(text)
    {
        return Some(Typed::Date(date));
    }
    let at = text.find(['T', 't', ' ', '\t'])?;
    let (date, rest) = (date(&text[..at])?, text[at + 1..].trim_start());
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(rest.len());
    let (clock, zone) = (&rest[..end], rest[end..].trim());
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else { return None };
    if !is_digits(hour) || minute.len() != 2 || second.len() != 2 {
        return None;
    }
    let micro: u32 = format!("{fraction:0<6.6}").parse().ok()?;
    let time = date.and_hms_micro_opt(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?, micro)?;
    match zone {
        "" => Some(Typed::Time(time, None)),
        "Z" => Some(Typed::Time(time, FixedOffset::east_opt(0))),
        _ => Some(Typed::Time(time, Some(offset(zone)?))),
    }
}

fn offset(zone: &str) -> Option<FixedOffset> {
    let (negative, offset) = signed(zone);
    if offset.len() == zone.len() {
        return None;
    }
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    FixedOffset::east_opt(if negative { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Scalar, plain};

    #[test]
    fn scalars_are_those_of_pyyaml() {
        for (text, value) in [
            ("yes", json!(true)),
            ("OFF", json!(false)),
            ("y", json!("y")),
            ("tRue", json!("tRue")),
            ("~", Value::Null),
            ("none", json!("none")),
            ("-12", json!(-12)),
            ("014", json!(12)),
            ("09", json!("09")),
            ("00", json!(0)),
            ("0o14", json!("0o14")),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("1_000", json!(1000)),
            ("190:20:30", json!(685_230)),
            ("1:60", json!("1:60")),
            ("0:30", json!("0:30")),
            ("1.5", json!(1.5)),
            ("1e3", json!("1e3")),
            ("1.5e3", json!("1.5e3")),
            ("1.0e+3", json!(1000.0)),
            (".5", json!(0.5)),
            ("-.5", json!("-.5")),
            ("5.", json!(5.0)),
            ("1_000.5", json!(1000.5)),
            ("190:20:30.15", json!(685_230.15)),
            (".", json!(".")),
            ("-", json!("-")),
            ("1.2.3", json!("1.2.3")),
            ("2020-01-01", json!("2020-01-01")),
            ("2020-1-2", json!("2020-1-2")),
            ("2020-01-01 10:20:30", json!("2020-01-01T10:20:30")),
            ("2020-01-01T10:20:30Z", json!("2020-01-01T10:20:30+00:00")),
            ("2020-01-01 10:20:30.5 +2", json!("2020-01-01T10:20:30.500000+02:00")),
            ("10:20", json!(620)),
            ("v1", json!("v1")),
        ] {
            let found = match plain(text) {
                Scalar::Value(value) => value,
                Scalar::Typed(typed) => typed.plain(),
            };
            assert_eq!(found, value, "{text}");
        }
    }
}
