//! Python's equality, order and membership.

use std::cmp::Ordering;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::date::Date;
use super::datetime::DateTime;
use super::decimal::Decimal;
use super::dict::{Dict, View, pairs};
use super::duration::Duration;
use super::error::{type_error, undefined_error};
use super::kind::{dict, is, items, iterable, list, tuple, type_name, undefined};
use super::number::{Number, number};
use super::range::Range;
use super::set::Set;
use super::timeofday::TimeOfDay;

/// Python's `a == b`; it never fails.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    if undefined(a) || undefined(b) {
        return undefined(a) && undefined(b);
    }
    if a.kind() == ValueKind::String || b.kind() == ValueKind::String {
        return a.kind() == b.kind() && a.as_str() == b.as_str();
    }
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return compare_numbers(&a, &b) == Some(Ordering::Equal);
    }
    if let (Some(x), Some(y)) = (a.as_object(), b.as_object()) {
        return std::ptr::eq(x, y) || equal_objects(a, b);
    }
    a.kind() == b.kind() && a == b
}

fn equal_objects(a: &Value, b: &Value) -> bool {
    if list(a) || tuple(a) {
        return list(a) == list(b) && tuple(a) == tuple(b) && equal_items(a, b);
    }
    if dict(a) || dict(b) {
        return dict(a) && dict(b) && equal_dicts(a, b);
    }
    if let (Some(x), Some(y)) = (setlike(a), setlike(b)) {
        return x.len() == y.len() && x.iter().all(|v| y.iter().any(|w| equal(v, w)));
    }
    if is::<Range>(a) && is::<Range>(b) {
        return equal_items(a, b);
    }
    if let Some(ordering) = moments(a, b) {
        return ordering == Some(Ordering::Equal);
    }
    a == b
}

fn equal_items(a: &Value, b: &Value) -> bool {
    match (items(a), items(b)) {
        (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| equal(a, b)),
        _ => false,
    }
}

fn equal_dicts(a: &Value, b: &Value) -> bool {
    let (Ok(own), Ok(other)) = (pairs(a), pairs(b)) else { return false };
    own.len() == other.len()
        && own.iter().all(|(key, value)| {
            let found = match b.downcast_object_ref::<Dict>() {
                Some(dict) => dict.get(key),
                None => other.iter().find(|(k, _)| equal(k, key)).map(|(_, v)| v.clone()),
            };
            found.is_some_and(|found| equal(value, &found))
        })
}

/// The members, if the value behaves as a set.
fn setlike(value: &Value) -> Option<Vec<Value>> {
    if let Some(set) = value.downcast_object_ref::<Set>() {
        return Some(set.snapshot());
    }
    value.downcast_object_ref::<View>().filter(|view| view.setlike()).map(View::snapshot)
}

/// The order of two dates, times or durations of the same type; none inside if they cannot be ordered.
#[expect(clippy::option_option, reason = "no moments at all, moments without an order, and an order are three answers")]
fn moments(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    if let (Some(a), Some(b)) = (a.downcast_object_ref::<Date>(), b.downcast_object_ref::<Date>()) {
        return Some(Some(a.0.cmp(&b.0)));
    }
    if let (Some(a), Some(b)) = (a.downcast_object_ref::<DateTime>(), b.downcast_object_ref::<DateTime>()) {
        return Some(a.order(b));
    }
    if let (Some(a), Some(b)) = (a.downcast_object_ref::<Duration>(), b.downcast_object_ref::<Duration>()) {
        return Some(Some(a.0.cmp(&b.0)));
    }
    if let (Some(a), Some(b)) = (a.downcast_object_ref::<TimeOfDay>(), b.downcast_object_ref::<TimeOfDay>()) {
        return Some(Some(a.0.cmp(&b.0)));
    }
    None
}

/// The order of two numbers; none if one is not a number.
#[expect(clippy::cast_precision_loss, reason = "the integer part is compared exactly afterwards")]
fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(b),
        (Number::Int(a), Number::Float(b)) => match (*a as f64).partial_cmp(b) {
            Some(Ordering::Equal) => super::number::truncate(*b).map(|b| a.cmp(&b)),
            other => other,
        },
        (Number::Decimal(a), Number::Decimal(b)) => Some(a.cmp(b)),
        (Number::Decimal(a), Number::Int(b)) => Some(a.cmp(&Decimal((*b).into()))),
        (Number::Decimal(a), Number::Float(b)) => match Decimal::from_float(*b) {
            Some(b) => Some(a.cmp(&b)),
            None => a.to_float().partial_cmp(b),
        },
        (a, b) => compare_numbers(b, a).map(Ordering::reverse),
    }
}

/// Python's `a < b`.
pub(crate) fn less(a: &Value, b: &Value) -> Result<bool, Error> {
    order(a, b, "<")
}

/// Python's `a symbol b` for one of `<`, `<=`, `>`, `>=`.
pub(super) fn order(a: &Value, b: &Value, symbol: &str) -> Result<bool, Error> {
    if let (Some(x), Some(y)) = (setlike(a), setlike(b)) {
        let inside = |x: &[Value], y: &[Value]| x.iter().all(|v| y.iter().any(|w| equal(v, w)));
        return Ok(match symbol {
            "<" => x.len() < y.len() && inside(&x, &y),
            "<=" => inside(&x, &y),
            ">" => y.len() < x.len() && inside(&y, &x),
            _ => inside(&y, &x),
        });
    }
    let ordering = compare(a, b, symbol)?;
    Ok(ordering.is_some_and(|ordering| match symbol {
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        _ => ordering.is_ge(),
    }))
}

/// The order of two values; none where every comparison is false.
fn compare(a: &Value, b: &Value, symbol: &str) -> Result<Option<Ordering>, Error> {
    if a.kind() == ValueKind::String && b.kind() == ValueKind::String {
        return Ok(Some(a.as_str().cmp(&b.as_str())));
    }
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return Ok(compare_numbers(&a, &b));
    }
    if undefined(a) || undefined(b) {
        return Err(undefined_error());
    }
    if (list(a) && list(b)) || (tuple(a) && tuple(b)) {
        return compare_items(&items(a)?, &items(b)?, symbol);
    }
    match moments(a, b) {
        Some(Some(ordering)) => Ok(Some(ordering)),
        Some(None) => Err(type_error("can't compare offset-naive and offset-aware datetimes")),
        None => Err(unordered(a, b, symbol)),
    }
}

fn compare_items(a: &[Value], b: &[Value], symbol: &str) -> Result<Option<Ordering>, Error> {
    for (x, y) in a.iter().zip(b) {
        if !equal(x, y) {
            return compare(x, y, symbol);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

fn unordered(a: &Value, b: &Value, symbol: &str) -> Error {
    let (a, b) = (type_name(a), type_name(b));
    type_error(format!("'{symbol}' not supported between instances of '{a}' and '{b}'"))
}

/// Python's `item in container`.
pub(super) fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    if undefined(container) {
        return Ok(false);
    }
    if container.kind() == ValueKind::String {
        let part = match item.as_str() {
            Some(part) if item.kind() == ValueKind::String => part,
            _ => {
                let name = type_name(item);
                let text = format!("'in <string>' requires string as left operand, not {name}");
                return Err(type_error(text));
            }
        };
        return Ok(container.as_str().is_some_and(|whole| whole.contains(part)));
    }
    if let Some(dict) = container.downcast_object_ref::<Dict>() {
        return dict.contains(item);
    }
    if let Some(set) = container.downcast_object_ref::<Set>() {
        return set.contains(item);
    }
    if let (ValueKind::Map, Some(object), true) = (container.kind(), container.as_object(), iterable(container)) {
        return Ok(object.try_iter().into_iter().flatten().any(|key| equal(&key, item)));
    }
    if !iterable(container) {
        return Err(type_error(format!("argument of type '{}' is not iterable", type_name(container))));
    }
    // Item by item, so that a generator is consumed up to the match only.
    for found in container.try_iter()?.checked() {
        if equal(&found?, item) {
            return Ok(true);
        }
    }
    Ok(false)
}
