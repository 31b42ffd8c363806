//! Python's numbers: integers of up to 128 bits, floats, decimals; how they parse and print.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::decimal::Decimal;

/// A number of any of the three types; Booleans are integers.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
    Decimal(Decimal),
}

/// The value as a number.
pub(super) fn number(value: &Value) -> Option<Number> {
    match value.kind() {
        ValueKind::Bool => Some(Number::Int(i128::from(value.is_true()))),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok().map(Number::Int),
        ValueKind::Number => f64::try_from(value.clone()).ok().map(Number::Float),
        ValueKind::Plain => value.downcast_object_ref::<Decimal>().cloned().map(Number::Decimal),
        _ => None,
    }
}

/// The value as an integer; Booleans are integers, floats are not.
pub(super) fn integer(value: &Value) -> Option<i128> {
    match number(value) {
        Some(Number::Int(n)) => Some(n),
        _ => None,
    }
}

/// The value as a float, if it is a number.
pub(super) fn real(value: &Value) -> Option<f64> {
    number(value).map(|n| n.to_float())
}

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "Python rounds to the nearest float as well")]
    pub(super) fn to_float(&self) -> f64 {
        match self {
            Number::Int(n) => *n as f64,
            Number::Float(x) => *x,
            Number::Decimal(d) => d.to_float(),
        }
    }
}

/// A float as Python prints it: the shortest digits, scientific from 1e16 on and below 1e-4.
pub(super) fn float(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let fixed = format!("{x}");
        return if fixed.contains('.') { fixed } else { fixed + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The float nearest below or above as an integer, if it fits.
#[expect(clippy::cast_possible_truncation, reason = "guarded by the range check")]
pub(super) fn truncate(x: f64) -> Option<i128> {
    (x.abs() < 1.7e38).then_some(x as i128)
}

/// The text without the underscores that Python allows between digits; none if one is misplaced.
fn digits(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let placed = |at: usize| {
        let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_alphanumeric);
        digit(at.checked_sub(1)) && digit(Some(at + 1))
    };
    let fine = text.char_indices().all(|(at, c)| c != '_' || placed(at));
    fine.then(|| text.replace('_', ""))
}

/// Python's `int(text, base)`.
pub(super) fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = digits(text.trim())?;
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (base, rest) = prefixed(rest, base)?;
    if !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from_str_radix(rest, base).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

fn prefixed(text: &str, base: u32) -> Option<(u32, &str)> {
    let lower = text.get(..2).map(str::to_ascii_lowercase).unwrap_or_default();
    let named = match lower.as_str() {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => 0,
    };
    match base {
        0 if named != 0 => Some((named, &text[2..])),
        0 if text.starts_with('0') && !text.trim_start_matches('0').is_empty() => None,
        0 => Some((10, text)),
        2..=36 if named == base => Some((base, &text[2..])),
        2..=36 => Some((base, text)),
        _ => None,
    }
}

/// Python's `float(text)`.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let text = digits(text.trim())?;
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if text.len() - bare.len() > 1 {
        return None;
    }
    match bare.as_str() {
        "inf" | "infinity" | "nan" => text.to_ascii_lowercase().parse().ok(),
        _ if bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

/// Python's `round(x, digits)`: the float nearest to the decimal that is nearest to `x`, ties to even.
pub(super) fn round(x: f64, digits: i128) -> f64 {
    if !x.is_finite() || digits > 323 {
        return x;
    }
    if digits < -308 {
        return 0.0 * x;
    }
    if digits >= 0 {
        let places = usize::try_from(digits).unwrap_or_default();
        return format!("{x:.places$}").parse().unwrap_or(x);
    }
    let unit = 10f64.powi(i32::try_from(-digits).unwrap_or_default());
    (x / unit).round_ties_even() * unit
}

/// An integer rounded to tens, hundreds and so on, ties to even.
pub(super) fn round_int(n: i128, digits: i128) -> Option<i128> {
    if digits >= 0 {
        return Some(n);
    }
    let Some(unit) = u32::try_from(-digits).ok().and_then(|d| 10i128.checked_pow(d)) else {
        return Some(0);
    };
    let (quotient, rest) = (n.div_euclid(unit), n.rem_euclid(unit));
    let up = rest * 2 > unit || (rest * 2 == unit && quotient % 2 != 0);
    (quotient + i128::from(up)).checked_mul(unit)
}

/// Calls a method of a number.
pub(super) fn call(value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    super::argument::bind(method, [], 0, args)?;
    match (number(value), method) {
        (Some(Number::Float(x)), "is_integer") => Ok(Value::from(x.fract() == 0.0)),
        (Some(Number::Int(_)), "is_integer") => Ok(Value::from(true)),
        (Some(Number::Int(n)), "bit_length") => Ok(Value::from(128 - n.unsigned_abs().leading_zeros())),
        (Some(Number::Int(n)), "conjugate") => Ok(Value::from(n)),
        (Some(Number::Float(x)), "conjugate") => Ok(Value::from(x)),
        _ => Err(super::error::no_method(&super::kind::type_name(value), method)),
    }
}
