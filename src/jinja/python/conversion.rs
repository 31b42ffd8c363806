//! Filters between numbers and texts.

use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

use super::argument::{bind, flag, optional_int, required};
use super::decimal::Decimal;
use super::error::{overflow_error, type_error, value_error};
use super::kind::{defined, type_name};
use super::number::{Number, number, parse_float, parse_int, round, round_int, truncate};

/// `value|int(default, base)`: lenient, with the default for what is no number.
pub(super) fn int(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, default, base] = bind("int", ["value", "default", "base"], 1, args)?;
    let value = required(value);
    defined(&value)?;
    let base = u32::try_from(optional_int(base.as_ref(), 10)?).unwrap_or(1);
    let converted = match number(&value) {
        Some(Number::Int(n)) => Some(n),
        Some(Number::Float(x)) => truncate(x),
        Some(Number::Decimal(d)) => d.truncated(),
        None if value.kind() == ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            parse_int(text, base).or_else(|| parse_float(text).and_then(truncate))
        }
        None => None,
    };
    Ok(converted.map_or_else(|| default.unwrap_or_else(|| Value::from(0)), Value::from))
}

/// `value|float(default)`.
pub(super) fn float(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, default] = bind("float", ["value", "default"], 1, args)?;
    let value = required(value);
    defined(&value)?;
    let converted = match number(&value) {
        Some(n) => Some(n.to_float()),
        None if value.kind() == ValueKind::String => parse_float(value.as_str().unwrap_or_default()),
        None => None,
    };
    Ok(converted.map_or_else(|| default.unwrap_or_else(|| Value::from(0.0)), Value::from))
}

/// `value|abs`.
pub(super) fn abs(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("abs", ["x"], 1, args)?;
    let value = required(value);
    defined(&value)?;
    match number(&value) {
        Some(Number::Int(n)) => n.checked_abs().map(Value::from).ok_or_else(|| overflow_error("too large")),
        Some(Number::Float(x)) => Ok(Value::from(x.abs())),
        Some(Number::Decimal(d)) => Ok(Value::from_object(d.abs())),
        None => Err(type_error(format!("bad operand type for abs(): '{}'", type_name(&value)))),
    }
}

/// `value|round(precision, method)`.
pub(super) fn rounded(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, precision, method] = bind("round", ["value", "precision", "method"], 1, args)?;
    let value = required(value);
    defined(&value)?;
    let precision = optional_int(precision.as_ref(), 0)?;
    let method = method.unwrap_or_else(|| Value::from("common"));
    let own = number(&value)
        .ok_or_else(|| type_error(format!("type {} doesn't define __round__ method", type_name(&value))))?;
    match (method.as_str(), own) {
        (Some("common"), Number::Int(n)) => {
            round_int(n, precision).map(Value::from).ok_or_else(|| overflow_error("too large"))
        }
        (Some("common"), Number::Float(x)) => Ok(Value::from(round(x, precision))),
        (Some("common"), Number::Decimal(d)) => {
            Ok(Value::from_object(d.rounded(i64::try_from(precision).unwrap_or_default())))
        }
        (Some(method @ ("ceil" | "floor")), own) => {
            let unit = 10f64.powi(i32::try_from(precision).unwrap_or_default());
            let scaled = own.to_float() * unit;
            Ok(Value::from(if method == "ceil" { scaled.ceil() } else { scaled.floor() } / unit))
        }
        _ => Err(value_error("method must be common, ceil or floor")),
    }
}

/// `value|filesizeformat(binary)`.
pub(super) fn file_size(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, binary] = bind("filesizeformat", ["value", "binary"], 1, args)?;
    let value = required(value);
    let bytes = match number(&value) {
        Some(n) => Some(n.to_float()),
        None => value.as_str().and_then(parse_float),
    };
    let bytes = bytes.ok_or_else(|| value_error("could not convert to float"))?;
    let (base, infix): (f64, &str) = if flag(binary.as_ref()) { (1024.0, "i") } else { (1000.0, "") };
    if bytes.to_bits() == 1f64.to_bits() {
        return Ok(Value::from("1 Byte"));
    }
    if bytes < base {
        return Ok(Value::from(format!("{} Bytes", bytes.trunc())));
    }
    let mut unit = base;
    let mut letter = 'k';
    for next in ['M', 'G', 'T', 'P', 'E', 'Z', 'Y'] {
        if bytes < unit * base {
            break;
        }
        unit *= base;
        letter = next;
    }
    let letter = if infix.is_empty() { letter } else { letter.to_ascii_uppercase() };
    Ok(Value::from(format!("{:.1} {letter}{infix}B", bytes / unit)))
}

/// The decimal of an argument that must be one.
pub(super) fn exponent(value: &Value) -> Result<i64, Error> {
    match value.downcast_object_ref::<Decimal>() {
        Some(decimal) => Ok(decimal.0.as_bigint_and_exponent().1),
        None => Err(type_error(format!("conversion from {} to Decimal is not supported", type_name(value)))),
    }
}
