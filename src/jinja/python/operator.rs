//! Python's arithmetic, concatenation and slicing: what the engine's rewritten operators call.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, Value};

use super::argument::int;
use super::date;
use super::decimal::Decimal;
use super::error::{overflow_error, type_error, value_error, zero_division};
use super::kind::{defined, items, list, tuple, type_name};
use super::number::{Number, integer, number};
use super::percent::percent;
use super::range::Range;
use super::repr::str;
use super::set::{Combine, Set};

fn unsupported(symbol: &str, a: &Value, b: &Value) -> Error {
    let (a, b) = (type_name(a), type_name(b));
    type_error(format!("unsupported operand type(s) for {symbol}: '{a}' and '{b}'"))
}

fn too_large() -> Error {
    overflow_error("the integer result does not fit into 128 bits")
}

fn checked(result: Option<i128>) -> Result<Value, Error> {
    result.map(Value::from).ok_or_else(too_large)
}

/// Two numbers brought to one type, as Python's arithmetic does.
enum Pair {
    Ints(i128, i128),
    Floats(f64, f64),
    Decimals(Decimal, Decimal),
}

fn pair(a: &Value, b: &Value) -> Option<Pair> {
    Some(match (number(a)?, number(b)?) {
        (Number::Int(a), Number::Int(b)) => Pair::Ints(a, b),
        (Number::Decimal(a), Number::Decimal(b)) => Pair::Decimals(a, b),
        (Number::Decimal(a), Number::Int(b)) => Pair::Decimals(a, Decimal(b.into())),
        (Number::Int(a), Number::Decimal(b)) => Pair::Decimals(Decimal(a.into()), b),
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => return None,
        (a, b) => Pair::Floats(a.to_float(), b.to_float()),
    })
}

fn made(decimal: Decimal) -> Value {
    Value::from_object(decimal)
}

/// `a + b`.
pub(super) fn add(a: &Value, b: &Value) -> Result<Value, Error> {
    match pair(a, b) {
        Some(Pair::Ints(a, b)) => return checked(a.checked_add(b)),
        Some(Pair::Floats(a, b)) => return Ok(Value::from(a + b)),
        Some(Pair::Decimals(a, b)) => return Ok(made(a.add(&b))),
        None => {}
    }
    defined(a)?;
    defined(b)?;
    if a.kind() == ValueKind::String {
        return match b.as_str() {
            Some(tail) if b.kind() == ValueKind::String => {
                Ok(Value::from([a.as_str().unwrap_or_default(), tail].concat()))
            }
            _ => Err(only("str", b)),
        };
    }
    if list(a) || tuple(a) {
        let same = if list(a) { list(b) } else { tuple(b) };
        if !same {
            return Err(only(if list(a) { "list" } else { "tuple" }, b));
        }
        let mut joined = items(a)?;
        joined.extend(items(b)?);
        return Ok(sequence(a, joined));
    }
    date::add(a, b).unwrap_or_else(|| Err(unsupported("+", a, b)))
}

fn only(name: &str, other: &Value) -> Error {
    type_error(format!("can only concatenate {name} (not \"{}\") to {name}", type_name(other)))
}

/// A list or a tuple of these items, whichever the model is.
fn sequence(model: &Value, items: Vec<Value>) -> Value {
    if tuple(model) { Value::from(Tuple::from(items)) } else { super::list::list(items) }
}

/// `a - b`.
pub(super) fn sub(a: &Value, b: &Value) -> Result<Value, Error> {
    match pair(a, b) {
        Some(Pair::Ints(a, b)) => return checked(a.checked_sub(b)),
        Some(Pair::Floats(a, b)) => return Ok(Value::from(a - b)),
        Some(Pair::Decimals(a, b)) => return Ok(made(a.sub(&b))),
        None => {}
    }
    defined(a)?;
    defined(b)?;
    if let (Some(a), Some(b)) = (a.downcast_object_ref::<Set>(), b.downcast_object_ref::<Set>()) {
        return Ok(a.with(b, Combine::Difference));
    }
    date::sub(a, b).unwrap_or_else(|| Err(unsupported("-", a, b)))
}

/// `a * b`.
pub(super) fn mul(a: &Value, b: &Value) -> Result<Value, Error> {
    match pair(a, b) {
        Some(Pair::Ints(a, b)) => return checked(a.checked_mul(b)),
        Some(Pair::Floats(a, b)) => return Ok(Value::from(a * b)),
        Some(Pair::Decimals(a, b)) => return Ok(made(a.mul(&b))),
        None => {}
    }
    defined(a)?;
    defined(b)?;
    if let Some(result) = repeated(a, b).or_else(|| repeated(b, a)) {
        return result;
    }
    date::mul(a, b).unwrap_or_else(|| Err(unsupported("*", a, b)))
}

const LARGEST: usize = 1 << 26;

fn repeated(what: &Value, times: &Value) -> Option<Result<Value, Error>> {
    let repeatable = what.kind() == ValueKind::String || list(what) || tuple(what);
    if !repeatable {
        return None;
    }
    let Some(times) = integer(times) else {
        let text = format!("can't multiply sequence by non-int of type '{}'", type_name(times));
        return Some(Err(type_error(text)));
    };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    if what.len().unwrap_or(0).saturating_mul(times) > LARGEST {
        return Some(Err(overflow_error("the repeated sequence is too long")));
    }
    Some(match what.as_str() {
        Some(text) => Ok(Value::from(text.repeat(times))),
        None => items(what).map(|own| sequence(what, std::iter::repeat_n(own, times).flatten().collect())),
    })
}

/// `a / b`.
#[expect(clippy::cast_precision_loss, reason = "true division of integers makes a float")]
pub(super) fn div(a: &Value, b: &Value) -> Result<Value, Error> {
    match pair(a, b) {
        Some(Pair::Ints(_, 0)) => Err(zero_division("division by zero")),
        Some(Pair::Ints(a, b)) => Ok(Value::from(a as f64 / b as f64)),
        Some(Pair::Floats(_, 0.0)) => Err(zero_division("float division by zero")),
        Some(Pair::Floats(a, b)) => Ok(Value::from(a / b)),
        Some(Pair::Decimals(a, b)) => a.div(&b).map(made),
        None => {
            defined(a)?;
            defined(b)?;
            date::div(a, b).unwrap_or_else(|| Err(unsupported("/", a, b)))
        }
    }
}

/// `a // b`.
pub(super) fn floordiv(a: &Value, b: &Value) -> Result<Value, Error> {
    match pair(a, b) {
        Some(Pair::Ints(_, 0)) => Err(zero_division("integer division or modulo by zero")),
        Some(Pair::Ints(a, b)) => checked(floor(a, b)),
        Some(Pair::Floats(_, 0.0)) => Err(zero_division("float floor division by zero")),
        Some(Pair::Floats(a, b)) => {
            let quotient = (a - modulo(a, b)) / b;
            Ok(Value::from(if quotient == 0.0 { quotient.copysign(a / b) } else { quotient.round() }))
        }
        Some(Pair::Decimals(a, b)) => a.floordiv(&b).map(made),
        None => {
            defined(a)?;
            defined(b)?;
            date::floordiv(a, b).unwrap_or_else(|| Err(unsupported("//", a, b)))
        }
    }
}

fn floor(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

/// The remainder with the sign of the divisor.
fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        return rest.copysign(b);
    }
    if (rest < 0.0) == (b < 0.0) { rest } else { rest + b }
}

/// `a % b`: formatting if `a` is a string.
pub(super) fn rem(a: &Value, b: &Value) -> Result<Value, Error> {
    if a.kind() == ValueKind::String {
        return percent(a.as_str().unwrap_or_default(), b).map(Value::from);
    }
    match pair(a, b) {
        Some(Pair::Ints(_, 0)) => Err(zero_division("integer modulo by zero")),
        Some(Pair::Ints(a, b)) => checked(floor(a, b).map(|quotient| a - quotient * b)),
        Some(Pair::Floats(_, 0.0)) => Err(zero_division("float modulo")),
        Some(Pair::Floats(a, b)) => Ok(Value::from(modulo(a, b))),
        Some(Pair::Decimals(a, b)) => a.rem(&b).map(made),
        None => {
            defined(a)?;
            defined(b)?;
            date::rem(a, b).unwrap_or_else(|| Err(unsupported("%", a, b)))
        }
    }
}

/// `a ** b`.
#[expect(clippy::cast_precision_loss, reason = "a negative power of an integer is a float")]
pub(super) fn pow(a: &Value, b: &Value) -> Result<Value, Error> {
    match pair(a, b) {
        Some(Pair::Ints(0, b)) if b < 0 => Err(zero_division("0.0 cannot be raised to a negative power")),
        Some(Pair::Ints(a, b)) if b < 0 => Ok(Value::from((a as f64).powf(b as f64))),
        Some(Pair::Ints(a, b)) => checked(power(a, b)),
        Some(Pair::Floats(a, b)) if a == 0.0 && b < 0.0 => {
            Err(zero_division("0.0 cannot be raised to a negative power"))
        }
        Some(Pair::Floats(a, b)) => Ok(Value::from(a.powf(b))),
        Some(Pair::Decimals(a, b)) => match b.integral() {
            Some(exponent) => a.pow(exponent).map(made),
            None => Err(value_error("decimal powers need an integer exponent")),
        },
        None => {
            defined(a)?;
            defined(b)?;
            Err(unsupported("** or pow()", a, b))
        }
    }
}

fn power(a: i128, b: i128) -> Option<i128> {
    match a {
        0 | 1 => Some(if b == 0 { 1 } else { a }),
        -1 => Some(if b % 2 == 0 { 1 } else { -1 }),
        _ => a.checked_pow(u32::try_from(b).ok()?),
    }
}

/// `-a`.
pub(super) fn neg(a: &Value) -> Result<Value, Error> {
    match number(a) {
        Some(Number::Int(n)) => checked(n.checked_neg()),
        Some(Number::Float(x)) => Ok(Value::from(-x)),
        Some(Number::Decimal(d)) => Ok(made(d.neg())),
        None => {
            defined(a)?;
            date::neg(a).ok_or_else(|| unary('-', a))
        }
    }
}

/// `+a`.
pub(super) fn pos(a: &Value) -> Result<Value, Error> {
    match number(a) {
        Some(Number::Int(n)) => Ok(Value::from(n)),
        Some(_) => Ok(a.clone()),
        None => {
            defined(a)?;
            date::pos(a).ok_or_else(|| unary('+', a))
        }
    }
}

fn unary(symbol: char, a: &Value) -> Error {
    type_error(format!("bad operand type for unary {symbol}: '{}'", type_name(a)))
}

/// `a ~ b`: the texts of both.
pub(super) fn concat(a: &Value, b: &Value) -> Value {
    let mut text = str(a);
    match b.as_str() {
        Some(tail) => text.push_str(tail),
        None => text.push_str(&str(b)),
    }
    Value::from(text)
}

/// `a[start:stop:step]`.
pub(super) fn slice(a: &Value, bounds: [&Value; 3]) -> Result<Value, Error> {
    defined(a)?;
    if !is_sliceable(a) {
        let name = type_name(a);
        let message = match a.kind() {
            ValueKind::Map => "unhashable type: 'slice'".to_owned(),
            _ => format!("'{name}' object is not subscriptable"),
        };
        return Err(type_error(message));
    }
    if let Some(range) = a.downcast_object_ref::<Range>() {
        let picked = positions(range.len(), bounds)?;
        return Ok(Value::from_object(range.pick(&picked, super::argument::optional_int(Some(bounds[2]), 1)?)));
    }
    let own = items(a)?;
    let picked = positions(own.len(), bounds)?.into_iter().map(|at| own[at].clone());
    if a.kind() == ValueKind::String {
        return Ok(Value::from(picked.map(|c| c.to_string()).collect::<String>()));
    }
    Ok(sequence(a, picked.collect()))
}

/// Whether a value has slices.
pub(super) fn is_sliceable(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::String | ValueKind::Bytes | ValueKind::Seq)
}

fn positions(length: usize, bounds: [&Value; 3]) -> Result<Vec<usize>, Error> {
    let bound = |value: &Value| if value.is_none() || value.is_undefined() { Ok(None) } else { int(value).map(Some) };
    let [start, stop, step] = [bound(bounds[0])?, bound(bounds[1])?, bound(bounds[2])?.or(Some(1))];
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(value_error("slice step cannot be zero"));
    }
    let length = length as i128;
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |at: i128| (if at < 0 { at + length } else { at }).clamp(low, high);
    let (first, last) = if step > 0 { (low, high) } else { (high, low) };
    let mut at = start.map_or(first, clamp);
    let end = stop.map_or(last, clamp);
    let mut found = Vec::new();
    while if step > 0 { at < end } else { at > end } {
        found.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    Ok(found)
}
