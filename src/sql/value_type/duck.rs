//! Types of `DuckDB`'s expressions: constants, operators, calls.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::{FunctionKind, TypedCall, ValueType};
use crate::sql::DuckDbType as T;
use crate::sql::query::{Literal, Operator};

pub(super) fn literal(literal: &Literal) -> T {
    match literal {
        Literal::Null => T::Null,
        Literal::Boolean => T::Boolean,
        Literal::Number(digits) => number(digits),
        Literal::Text(_) | Literal::Word(_) | Literal::Typed(_) => T::Varchar,
        Literal::Binary => T::Blob,
        Literal::Interval => T::Interval,
    }
}

fn number(digits: &str) -> T {
    if digits.contains(['e', 'E']) {
        return T::Double;
    }
    let count = |text: &str| u8::try_from(text.chars().filter(char::is_ascii_digit).count()).unwrap_or(u8::MAX);
    match digits.split_once('.') {
        Some((whole, fraction)) => {
            let precision = count(whole.trim_start_matches('0')).saturating_add(count(fraction));
            if precision > 38 { T::Double } else { T::Decimal(precision.max(1), count(fraction)) }
        }
        None if digits.parse::<i32>().is_ok() => T::INTEGER,
        None if digits.parse::<i64>().is_ok() => T::BIGINT,
        None if digits.parse::<i128>().is_ok() => T::HUGEINT,
        None => T::Double,
    }
}

/// The result of a binary operator, where it is known.
pub(super) fn operator(operator: Operator, left: &T, right: &T) -> Option<T> {
    use Operator as O;
    match operator {
        truth if truth.is_truth() => Some(T::Boolean),
        O::Concatenate => match (left, right) {
            (T::List(_), T::List(_)) => left.common(right),
            (T::Blob, T::Blob) => Some(T::Blob),
            _ => Some(T::Varchar),
        },
        O::LongArrow => Some(T::Varchar),
        O::Arrow => Some(T::Json),
        O::Other => None,
        O::Add | O::Subtract => match (left, right) {
            (T::Date, T::Integer { .. }) => Some(T::Date),
            (T::Integer { .. }, T::Date) if operator == O::Add => Some(T::Date),
            (T::Date, T::Date) if operator == O::Subtract => Some(T::BIGINT),
            (T::Date | T::Timestamp, T::Interval) | (T::Interval, T::Date | T::Timestamp) => Some(T::Timestamp),
            (T::TimestampTz, T::Interval) | (T::Interval, T::TimestampTz) => Some(T::TimestampTz),
            (T::Time, T::Interval) => Some(T::Time),
            (T::Interval, T::Interval)
            | (T::Timestamp | T::Date, T::Timestamp | T::Date)
            | (T::TimestampTz, T::TimestampTz) => Some(T::Interval),
            _ => arithmetic(operator, left, right),
        },
        O::Multiply | O::Divide if matches!((left, right), (T::Interval, _) | (_, T::Interval)) => Some(T::Interval),
        _ => arithmetic(operator, left, right),
    }
}

fn arithmetic(operator: Operator, left: &T, right: &T) -> Option<T> {
    use Operator as O;
    if operator == O::Divide {
        let is_float = matches!((left, right), (T::Float, T::Float));
        return Some(if is_float { T::Float } else { T::Double });
    }
    if matches!(left, T::Null) || matches!(right, T::Null) {
        return left.common(right);
    }
    if !left.is_number() || !right.is_number() {
        return None;
    }
    let (Some(l), Some(r)) = (left.digits(), right.digits()) else { return left.common(right) };
    if matches!((left, right), (T::Integer { .. }, T::Integer { .. })) || operator == O::DivideWhole {
        return left.common(right);
    }
    let widest = l.0.max(r.0);
    let (precision, scale) = match operator {
        O::Multiply => (l.0 + r.0, l.1 + r.1),
        O::Modulo => return left.common(right),
        _ => {
            let scale = l.1.max(r.1);
            ((l.0 - l.1).max(r.0 - r.1) + scale + 1, scale)
        }
    };
    // Sixty-four bits hold eighteen digits; the engine stays there as long as both operands do.
    let limit = if widest <= 18 && scale < 18 { 18 } else { 38 };
    Some(T::Decimal(precision.min(limit), scale))
}

/// The type of a part of a nested value.
pub(super) fn part(of: &T, name: Option<&str>) -> Option<T> {
    match (of, name) {
        (T::List(element), _) => Some((**element).clone()),
        (T::Struct(fields), Some(name)) => {
            fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, field)| field.clone())
        }
        (T::Map(entry), _) => Some(entry.1.clone()),
        (T::Json, _) => Some(T::Json),
        (T::Varchar, None) => Some(T::Varchar),
        _ => None,
    }
}

/// What the table says of a function's result.
#[derive(Clone)]
enum Rule {
    Type(T),
    Argument(usize),
    Common,
    ListOf,
    Element,
    Sum,
    Rounded,
    Moment,
    Unknown,
}

static TABLE: LazyLock<HashMap<&'static str, (FunctionKind, Rule)>> = LazyLock::new(|| {
    let mut kind = FunctionKind::Scalar;
    let mut table = HashMap::new();
    for line in include_str!("../function/duckdb.txt").lines() {
        match line {
            "## scalar" => kind = FunctionKind::Scalar,
            "## aggregate" => kind = FunctionKind::Aggregate,
            "## window" => kind = FunctionKind::Window,
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => {
                let (rule, names) = line.split_once(" | ").expect("a result and names in duckdb.txt");
                let rule = rule_of(rule);
                table.extend(names.split(' ').map(|name| (name, (kind, rule.clone()))));
            }
        }
    }
    table
});

fn rule_of(word: &str) -> Rule {
    match word {
        "same" => Rule::Common,
        "list" => Rule::ListOf,
        "element" => Rule::Element,
        "sum" => Rule::Sum,
        "rounded" => Rule::Rounded,
        "moment" => Rule::Moment,
        "any" => Rule::Unknown,
        word => match word.strip_prefix("arg").and_then(|index| index.parse().ok()) {
            Some(index) => Rule::Argument(index),
            None => Rule::Type(T::parse(word)),
        },
    }
}

/// The kind and the result of a call; no kind for a function that the table does not have.
pub(super) fn call(call: &TypedCall<'_>) -> (Option<FunctionKind>, Option<T>) {
    let Some((kind, rule)) = TABLE.get(call.name) else { return (None, None) };
    let argument = |index: usize| match call.arguments.get(index) {
        Some(ValueType::DuckDb(known)) => Some(known.clone()),
        _ => None,
    };
    let found = match rule {
        Rule::Type(known) => Some(known.clone()),
        Rule::Argument(index) => argument(*index),
        Rule::Common => match ValueType::common(call.arguments) {
            ValueType::DuckDb(known) => Some(known),
            _ => None,
        },
        Rule::ListOf => argument(0).map(|element| T::List(Arc::new(element))),
        Rule::Element => argument(0).and_then(|list| part(&list, None)),
        Rule::Sum => argument(0).and_then(|summed| match summed {
            T::Decimal(_, scale) => Some(T::Decimal(38, scale)),
            T::Integer { .. } | T::Boolean => Some(T::HUGEINT),
            T::Float | T::Double => Some(T::Double),
            T::Interval => Some(T::Interval),
            _ => None,
        }),
        Rule::Rounded => argument(0).map(|value| match (value, call.constants.get(1)) {
            (T::Decimal(precision, _), None) => T::Decimal(precision, 0),
            (T::Decimal(precision, scale), Some(Some(Literal::Number(digits)))) => {
                T::Decimal(precision, digits.parse().map_or(scale, |digits: u8| digits.min(scale)))
            }
            (other, _) => other,
        }),
        Rule::Moment => argument(1).map(|moment| if moment == T::Date { T::Timestamp } else { moment }),
        Rule::Unknown => None,
    };
    (Some(*kind), found)
}
