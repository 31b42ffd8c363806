//! The type of a value in the dialect it was made in, and the types of what is computed from values.

mod duck;
mod snowflake;

pub(super) use snowflake::variance;

use serde::{Deserialize, Serialize};
use std::fmt;

use sqlparser::ast;

use super::data_type::Family;
use super::query::{Literal, Operator};
use super::{DataType, Dialect, DuckDbType};

/// A type, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ValueType {
    /// Not known.
    #[default]
    Unknown,
    /// A type of Snowflake.
    Snowflake(DataType),
    /// A type of `DuckDB`.
    DuckDb(DuckDbType),
}

/// What a call gives, by its function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// The type.
    pub data_type: ValueType,
    /// Whether the function works on many rows; none for a function that is not known.
    pub kind: Option<FunctionKind>,
}

/// Whether a function works on a row, a group or a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// One row.
    Scalar,
    /// The rows of a group.
    Aggregate,
    /// The rows of a window.
    Window,
}

/// A call as far as its type depends on it.
#[derive(Debug)]
pub struct TypedCall<'a> {
    /// The function's name in upper case.
    pub name: &'a str,
    /// The types of its arguments, in order.
    pub arguments: &'a [ValueType],
    /// The arguments that are constants.
    pub constants: &'a [Option<&'a Literal>],
}

impl ValueType {
    /// The type that a declaration or a catalog names.
    pub fn parse(text: &str, dialect: Dialect) -> Self {
        match dialect {
            Dialect::Snowflake => DataType::parse(text).map_or(Self::Unknown, Self::known),
            Dialect::DuckDb => Self::DuckDb(DuckDbType::parse(text)),
        }
    }

    pub(super) fn of_written(written: &ast::DataType, dialect: Dialect) -> Self {
        match dialect {
            Dialect::Snowflake => DataType::of_written(written).map_or(Self::Unknown, Self::known),
            Dialect::DuckDb => Self::DuckDb(DuckDbType::parse(&written.to_string())),
        }
    }

    fn known(data_type: DataType) -> Self {
        if data_type == DataType::Unknown { Self::Unknown } else { Self::Snowflake(data_type) }
    }

    /// Whether it is a value of named fields of the engine's.
    pub fn is_struct(&self) -> bool {
        matches!(self, Self::DuckDb(DuckDbType::Struct(_)))
    }

    /// The names of a struct's fields, in order.
    pub fn fields(&self) -> Option<Vec<String>> {
        match self {
            Self::DuckDb(DuckDbType::Struct(fields)) => Some(fields.iter().map(|(name, _)| name.clone()).collect()),
            _ => None,
        }
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether a path can lead into it: a semi-structured or nested value, or one that may be.
    pub fn has_paths(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Snowflake(known) => known.family() == Family::Semi,
            Self::DuckDb(known) => matches!(
                known,
                DuckDbType::Json
                    | DuckDbType::List(_)
                    | DuckDbType::Struct(_)
                    | DuckDbType::Map(_)
                    | DuckDbType::Varchar
                    | DuckDbType::Named(_)
            ),
        }
    }

    /// The type of a constant.
    pub fn of_literal(literal: &Literal, dialect: Dialect) -> Self {
        match (literal, dialect) {
            (Literal::Typed(known), _) => known.clone(),
            (Literal::Word(_), _) => Self::Unknown,
            (_, Dialect::Snowflake) => Self::known(snowflake::literal(literal)),
            (_, Dialect::DuckDb) => Self::DuckDb(duck::literal(literal)),
        }
    }

    /// A truth value.
    pub fn boolean(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Snowflake => Self::Snowflake(DataType::Boolean),
            Dialect::DuckDb => Self::DuckDb(DuckDbType::Boolean),
        }
    }

    /// A text.
    pub fn text(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Snowflake => Self::Snowflake(DataType::TEXT),
            Dialect::DuckDb => Self::DuckDb(DuckDbType::Varchar),
        }
    }

    /// A whole number.
    pub fn integer(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Snowflake => Self::Snowflake(DataType::INTEGER),
            Dialect::DuckDb => Self::DuckDb(DuckDbType::BIGINT),
        }
    }

    /// The type that values of all these are brought to: `COALESCE`, `CASE`, `UNION`.
    pub fn common<'t>(types: impl IntoIterator<Item = &'t Self>) -> Self {
        let mut types = types.into_iter();
        let Some(first) = types.next() else { return Self::Unknown };
        types.fold(first.clone(), |one, other| match (&one, other) {
            (Self::Snowflake(a), Self::Snowflake(b)) => a.common(*b).map_or(Self::Unknown, Self::known),
            (Self::DuckDb(a), Self::DuckDb(b)) => a.common(b).map_or(Self::Unknown, Self::DuckDb),
            _ => Self::Unknown,
        })
    }

    /// The widest type of its kind: what a value may grow to in a recursion.
    #[must_use]
    pub fn widest(&self) -> Self {
        match self {
            Self::Snowflake(DataType::Number { scale, .. }) => Self::Snowflake(DataType::number(38, u32::from(*scale))),
            Self::Snowflake(DataType::Varchar(_)) => Self::Snowflake(DataType::TEXT),
            other => other.clone(),
        }
    }

    /// The type of a binary operator's result.
    pub fn of_operator(operator: Operator, left: &Self, right: &Self, dialect: Dialect) -> Self {
        if operator.is_truth() {
            return Self::boolean(dialect);
        }
        match (left, right, dialect) {
            (_, _, Dialect::Snowflake) if operator == Operator::Concatenate => Self::text(dialect),
            (Self::Snowflake(left), Self::Snowflake(right), _) => {
                snowflake::operator(operator, *left, *right).map_or(Self::Unknown, Self::known)
            }
            (Self::DuckDb(left), Self::DuckDb(right), _) => {
                duck::operator(operator, left, right).map_or(Self::Unknown, Self::DuckDb)
            }
            (_, _, Dialect::DuckDb) if operator == Operator::LongArrow => Self::text(dialect),
            _ => Self::Unknown,
        }
    }

    /// The type of a part of a value that a path leads to: `name` for a key, none for an element.
    #[must_use]
    pub fn part(&self, name: Option<&str>) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Snowflake(_) => Self::Snowflake(DataType::Variant),
            Self::DuckDb(known) => duck::part(known, name).map_or(Self::Unknown, Self::DuckDb),
        }
    }

    /// The type of a list of values of this type.
    #[must_use]
    pub fn list_of(&self, dialect: Dialect) -> Self {
        match (dialect, self) {
            (Dialect::Snowflake, _) => Self::Snowflake(DataType::Array),
            (Dialect::DuckDb, Self::DuckDb(element)) => {
                Self::DuckDb(DuckDbType::List(std::sync::Arc::new(element.clone())))
            }
            _ => Self::Unknown,
        }
    }

    /// The type of an object with these fields.
    pub fn object_of(fields: Vec<(String, Self)>, dialect: Dialect) -> Self {
        if dialect == Dialect::Snowflake {
            return Self::Snowflake(DataType::Object);
        }
        let known = fields.into_iter().map(|(name, field)| match field {
            Self::DuckDb(field) => Some((name, field)),
            _ => None,
        });
        known
            .collect::<Option<Vec<_>>>()
            .map_or(Self::Unknown, |fields| Self::DuckDb(DuckDbType::Struct(std::sync::Arc::new(fields))))
    }

    /// The fewest and the most arguments of a function, where they are known.
    pub fn argument_counts(name: &str, dialect: Dialect) -> Option<(usize, usize)> {
        super::function::arity(name, dialect)
    }

    /// Whether a function does not take a value of this type as its first argument, for certain.
    pub fn is_refused_by(&self, function: &str, dialect: Dialect) -> bool {
        use super::function::Takes;
        let Some(takes) = super::function::takes(function, dialect) else { return false };
        if dialect == Dialect::Snowflake {
            return self.is_container();
        }
        match self.rough() {
            None | Some("a struct" | "a map" | "binary" | "a time") => false,
            Some("a list") => !matches!(takes, Takes::List | Takes::TextOrList),
            Some("a text") => !matches!(takes, Takes::Text | Takes::TextOrList),
            Some("a number") => takes != Takes::Number,
            Some("a date" | "a timestamp") => takes != Takes::Moment,
            Some(_) => true,
        }
    }

    /// Whether values of both can be compared, or one of them be brought to the other; true where that is not known.
    pub fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Snowflake(one), Self::Snowflake(other)) => one.common(*other).is_some(),
            _ => true,
        }
    }

    /// Whether a binary operator has no result for values of these types, for certain.
    pub fn has_no_result(&self, operator: Operator, other: &Self) -> bool {
        use Family as F;
        if !operator.is_arithmetic() {
            return false;
        }
        let (left, right) = (self.family(), other.family());
        let either = |family: F| left == family || right == family;
        let number = |family: F| matches!(family, F::Number | F::Float);
        let moment = |family: F| matches!(family, F::Date | F::Time | F::Timestamp | F::Zoned);
        if self.is_list() || other.is_list() {
            return self.is_number_or_moment() || other.is_number_or_moment();
        }
        if either(F::Unknown) || either(F::Null) {
            return false;
        }
        let is_snowflake = matches!(self, Self::Snowflake(_));
        let is_scaling = !matches!(operator, Operator::Add | Operator::Subtract);
        if either(F::Semi) {
            let beside = if left == F::Semi { right } else { left };
            return (self.is_container() || other.is_container()) && (number(beside) || beside == F::Boolean);
        }
        if either(F::Boolean) {
            let beside = if left == F::Boolean { right } else { left };
            return is_snowflake || beside != F::Text;
        }
        if is_scaling {
            let is_refused = |family: F| moment(family) || family == F::Binary;
            return if is_snowflake { is_refused(left) || is_refused(right) } else { moment(left) && number(right) };
        }
        let is_sum_of_moments = operator == Operator::Add && moment(left) && moment(right);
        let is_timestamp = |family: F| matches!(family, F::Timestamp | F::Zoned);
        is_sum_of_moments && (is_snowflake || (left == F::Time) == (right == F::Time))
            || (is_snowflake && matches!((left, right), (F::Date, F::Float) | (F::Float, F::Date)))
            || (!is_snowflake && is_timestamp(left) && number(right))
    }

    /// Whether it is an array or an object for certain, and no variant that may be anything.
    pub fn is_container(&self) -> bool {
        matches!(self, Self::Snowflake(DataType::Array | DataType::Object))
    }

    fn is_number_or_moment(&self) -> bool {
        matches!(self.rough(), Some("a number" | "a date" | "a time" | "a timestamp" | "a truth value"))
    }

    /// Whether it is a list of the embedded engine's.
    fn is_list(&self) -> bool {
        matches!(self, Self::DuckDb(DuckDbType::List(_)))
    }

    /// Whether it is a value without parts: a number, a text, a moment, a truth value.
    pub fn is_simple(&self) -> bool {
        !matches!(self.rough(), None | Some("semi-structured" | "a list" | "a struct" | "a map"))
    }

    /// The family of the type.
    fn family(&self) -> Family {
        use DuckDbType as D;
        match self {
            Self::Unknown => Family::Unknown,
            Self::Snowflake(known) => known.family(),
            Self::DuckDb(known) => match known {
                D::Boolean => Family::Boolean,
                D::Integer { .. } | D::Decimal(..) => Family::Number,
                D::Float | D::Double => Family::Float,
                D::Varchar => Family::Text,
                D::Blob => Family::Binary,
                D::Date => Family::Date,
                D::Time => Family::Time,
                D::Timestamp => Family::Timestamp,
                D::TimestampTz => Family::Zoned,
                _ => Family::Unknown,
            },
        }
    }

    /// What it is, roughly: a number, a text, a moment, ...
    pub fn rough(&self) -> Option<&'static str> {
        match self.family() {
            Family::Number | Family::Float => Some("a number"),
            Family::Text => Some("a text"),
            Family::Binary => Some("binary"),
            Family::Boolean => Some("a truth value"),
            Family::Date => Some("a date"),
            Family::Time => Some("a time"),
            Family::Timestamp | Family::Zoned => Some("a timestamp"),
            Family::Semi => Some("semi-structured"),
            Family::Null | Family::Unknown => match self {
                Self::DuckDb(DuckDbType::List(_)) => Some("a list"),
                Self::DuckDb(DuckDbType::Struct(_)) => Some("a struct"),
                Self::DuckDb(DuckDbType::Map(_)) => Some("a map"),
                _ => None,
            },
        }
    }

    /// The type of a call's result.
    pub fn of_call(call: &TypedCall<'_>, dialect: Dialect) -> CallResult {
        match dialect {
            Dialect::Snowflake => {
                let (kind, found) = snowflake::call(call);
                CallResult { kind, data_type: found.map_or(Self::Unknown, Self::known) }
            }
            Dialect::DuckDb => {
                let (kind, found) = duck::call(call);
                CallResult { kind, data_type: found.map_or(Self::Unknown, Self::DuckDb) }
            }
        }
    }
}

impl fmt::Display for ValueType {
    /// As the dialect writes it; `UNKNOWN` for one that is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("UNKNOWN"),
            Self::Snowflake(known) => known.fmt(f),
            Self::DuckDb(known) => known.fmt(f),
        }
    }
}
