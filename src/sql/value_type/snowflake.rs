//! Types of Snowflake's expressions: constants, operators, calls.

use super::{FunctionKind, TypedCall, ValueType};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::function::{Argument, Form, Kind, Returns, forms};
use crate::sql::query::{Literal, Operator};

pub(super) fn literal(literal: &Literal) -> DataType {
    match literal {
        Literal::Null => DataType::Null,
        Literal::Boolean => DataType::Boolean,
        Literal::Number(digits) => number(digits),
        Literal::Text(text) => {
            u32::try_from(text.chars().count()).map_or(DataType::TEXT, |length| DataType::Varchar(Some(length.max(1))))
        }
        Literal::Binary => DataType::Binary,
        Literal::Interval | Literal::Word(_) | Literal::Typed(_) => DataType::Unknown,
    }
}

/// A number with the digits Snowflake sees in it.
fn number(digits: &str) -> DataType {
    if digits.contains(['e', 'E']) {
        return DataType::Float;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let count = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let precision = count(whole).saturating_add(count(fraction));
    if precision > 38 { DataType::Float } else { DataType::number(precision, count(fraction)) }
}

/// An operand of arithmetic: text and semi-structured values become numbers.
fn numeric(data_type: DataType) -> Option<DataType> {
    match data_type.family() {
        Family::Number | Family::Float => Some(data_type),
        Family::Null => Some(DataType::INTEGER),
        Family::Text => Some(DataType::number(38, 5)),
        Family::Semi => Some(DataType::Float),
        Family::Boolean => Some(DataType::number(1, 0)),
        _ => None,
    }
}

/// The result of a binary operator (Snowflake: "Arithmetic operators", scale and precision).
pub(super) fn operator(operator: Operator, left: DataType, right: DataType) -> Option<DataType> {
    use Operator as O;
    match (operator, left.family(), right.family()) {
        (O::Concatenate, ..) => return Some(left.concatenated(right)),
        (truth, ..) if truth.is_truth() => return Some(DataType::Boolean),
        (O::Add | O::Subtract, Family::Date, Family::Number | Family::Null)
        | (O::Add, Family::Number, Family::Date) => return Some(DataType::Date),
        (O::Subtract, Family::Date, Family::Date) => return Some(DataType::number(9, 0)),
        (O::Add | O::Subtract, Family::Timestamp | Family::Zoned | Family::Date | Family::Time, Family::Unknown) => {
            return (left != DataType::Date).then_some(left);
        }
        (O::Arrow | O::LongArrow | O::Other | O::DivideWhole, ..) => return None,
        _ => {}
    }
    let (left, right) = (numeric(left)?, numeric(right)?);
    let (Some(l), Some(r)) = (left.digits(), right.digits()) else { return Some(DataType::Float) };
    let (whole, scale) = (l.0 - l.1, l.1.max(r.1));
    Some(match operator {
        O::Add | O::Subtract => DataType::number(whole.max(r.0 - r.1) + scale + 1, scale),
        O::Multiply => {
            let scale = (l.1 + r.1).min(scale.max(12));
            DataType::number(whole + (r.0 - r.1) + scale, scale)
        }
        O::Divide => quotient(l, r),
        _ => DataType::number((r.0 - r.1).max(whole) + scale, scale),
    })
}

fn quotient(left: (u32, u32), right: (u32, u32)) -> DataType {
    let scale = left.1.max((left.1 + 6).min(12));
    DataType::number(left.0 - left.1 + right.1 + scale, scale)
}

/// The kind and the result of a call; no kind for a function that the table does not have.
pub(super) fn call(call: &TypedCall<'_>) -> (Option<FunctionKind>, Option<DataType>) {
    let Some(forms) = forms(call.name) else { return syntax(call) };
    let count = call.arguments.len();
    let form = forms.iter().find(|form| form.takes(count)).unwrap_or(&forms[0]);
    let kind = match form.kind {
        Kind::Scalar | Kind::Table => FunctionKind::Scalar,
        Kind::Aggregate => FunctionKind::Aggregate,
        Kind::Window => FunctionKind::Window,
    };
    let found = match form.returns {
        Returns::Type(data_type) => Some(data_type),
        Returns::Argument(index) => argument(call, index),
        Returns::Same => same(call, form),
        Returns::Special => special(call, form.template.trim_start_matches('@')),
    };
    (Some(kind), found)
}

/// Constructs that are written as calls of their own.
fn syntax(call: &TypedCall<'_>) -> (Option<FunctionKind>, Option<DataType>) {
    let found = match call.name {
        "AT_TIME_ZONE" => Some(DataType::TimestampTz),
        "COLLATE" | "UNARY_OPERATOR" => argument(call, 0),
        "TO_INTERVAL" => None,
        _ => return (None, None),
    };
    (Some(FunctionKind::Scalar), found)
}

fn argument(call: &TypedCall<'_>, index: usize) -> Option<DataType> {
    match call.arguments.get(index)? {
        ValueType::Snowflake(known) => Some(*known),
        _ => None,
    }
}

/// The common type of the arguments that are brought to one type.
fn same(call: &TypedCall<'_>, form: &Form) -> Option<DataType> {
    let wanted = |(index, _): &(usize, &ValueType)| form.argument(*index) == Argument::Same;
    let types = call.arguments.iter().enumerate().filter(wanted).map(|(_, data_type)| data_type);
    match ValueType::common(types) {
        ValueType::Snowflake(known) => Some(known),
        _ => None,
    }
}

/// The results that depend on the types or the constants of the arguments.
fn special(call: &TypedCall<'_>, name: &str) -> Option<DataType> {
    let first = argument(call, 0);
    match name {
        "sum" => Some(match numeric(first?)?.digits() {
            Some((precision, scale)) => DataType::number(precision + 12, scale),
            None => DataType::Float,
        }),
        "avg" => Some(match numeric(first?)?.digits() {
            Some((precision, scale)) => {
                let scale = quotient((38, scale), (18, 0)).digits().map_or(0, |digits| digits.1);
                DataType::number(precision + 12, scale)
            }
            None => DataType::Float,
        }),
        "median" | "percentile_cont" | "percentile_disc" => Some(match first? {
            DataType::Number { precision, scale } if name != "percentile_disc" => {
                DataType::number(u32::from(precision) + 3, u32::from(scale) + 3)
            }
            other => other,
        }),
        "variance" => Some(variance(call.name, numeric(first?)?)),
        "substr" => Some(if first? == DataType::Binary { DataType::Binary } else { DataType::TEXT }),
        "ratio_to_report" => Some(match numeric(first?)?.digits() {
            Some((precision, scale)) => quotient((precision, scale), (38, scale)),
            None => DataType::Float,
        }),
        "round" | "ceil" | "floor" => Some(rounded(numeric(first?)?, digits(call, 1))),
        "trunc" => match first?.family() {
            Family::Date | Family::Timestamp | Family::Zoned => first,
            _ => Some(rounded(numeric(first?)?, digits(call, 1))),
        },
        "mod" => operator(Operator::Modulo, first?, argument(call, 1)?),
        "div0" | "div0null" => operator(Operator::Divide, first?, argument(call, 1)?),
        "decode" => decoded(call),
        "uniform" => Some(match (first?.digits(), argument(call, 1)?.digits()) {
            (Some((_, 0)), Some((_, 0))) => DataType::INTEGER,
            _ => DataType::Float,
        }),
        "seq" => Some(DataType::number(19, 0)),
        "dateadd" => shifted(argument(call, 2)?, call.constants.first()?.as_ref()?),
        "date_trunc" => match (first, argument(call, 1)) {
            (_, Some(date)) | (Some(date), _) if is_moment(date) => Some(date),
            _ => Some(DataType::TimestampNtz),
        },
        "time_slice" => first,
        "to_number" | "try_to_number" => Some(written_number(call)),
        _ => None,
    }
}

/// The type of the variance or the kurtosis of values of a type: exact numbers have twelve digits behind the point, or more if the
/// values do; variances of whole numbers have six.
pub(in crate::sql) fn variance(name: &str, values: DataType) -> DataType {
    match values.digits() {
        None => DataType::Float,
        Some(_) if name == "KURTOSIS" => DataType::number(38, 12),
        Some((_, 0)) => DataType::number(38, 6),
        Some((_, scale)) => DataType::number(38, scale.max(12)),
    }
}

fn is_moment(data_type: DataType) -> bool {
    matches!(data_type.family(), Family::Date | Family::Timestamp | Family::Zoned | Family::Time)
}

/// A number rounded to digits behind the point; exact numbers keep no more than they had.
fn rounded(value: DataType, digits: Option<i64>) -> DataType {
    let Some((precision, scale)) = value.digits() else { return DataType::Float };
    let Some(digits) = digits else { return value };
    let kept = u32::try_from(digits).unwrap_or(0).min(scale);
    if u32::try_from(digits).is_ok_and(|digits| digits >= scale) {
        return value;
    }
    DataType::number(precision - scale + kept + 1, kept)
}

/// The digits that a constant argument asks for; 0 without one, none for one that is computed.
fn digits(call: &TypedCall<'_>, index: usize) -> Option<i64> {
    match call.constants.get(index) {
        None => Some(0),
        Some(Some(Literal::Number(digits))) => digits.parse().ok(),
        Some(_) => None,
    }
}

fn decoded(call: &TypedCall<'_>) -> Option<DataType> {
    let results: Vec<&ValueType> =
        call.arguments.get(1..)?.chunks(2).filter_map(|pair| pair.get(1).or_else(|| pair.first())).collect();
    match ValueType::common(results) {
        ValueType::Snowflake(known) => Some(known),
        _ => None,
    }
}

/// `DATEADD`: a date stays one unless something shorter than a day is added.
fn shifted(value: DataType, part: &Literal) -> Option<DataType> {
    let (Literal::Word(part) | Literal::Text(part)) = part else { return None };
    let part = part.to_ascii_lowercase();
    let is_short = ["h", "mi", "s", "ms", "us", "ns", "n"].iter().any(|start| part.starts_with(start))
        || part == "m" && value.family() == Family::Time;
    Some(match value.family() {
        Family::Date if is_short => DataType::TimestampNtz,
        Family::Date | Family::Timestamp | Family::Zoned | Family::Time => value,
        _ => DataType::TimestampNtz,
    })
}

/// `TO_NUMBER(x [, format] [, precision [, scale]])`.
fn written_number(call: &TypedCall<'_>) -> DataType {
    let numbers: Vec<u32> = call
        .constants
        .iter()
        .skip(1)
        .filter_map(|constant| match constant {
            Some(Literal::Number(digits)) => digits.parse().ok(),
            _ => None,
        })
        .collect();
    match numbers.as_slice() {
        [] => DataType::INTEGER,
        [precision] => DataType::number(*precision, 0),
        [precision, scale, ..] => DataType::number(*precision, *scale),
    }
}
