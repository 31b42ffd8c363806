//! `DuckDB`'s data types: how they are written, and what two of them have in common.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::shared;

/// A type of `DuckDB`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DuckDbType {
    /// True or false.
    Boolean,
    /// A whole number of so many bits, at most 128.
    Integer {
        /// 8, 16, 32, 64 or 128.
        bits: u8,
        /// Whether it has a sign.
        signed: bool,
    },
    /// An exact number: all digits, and those behind the point.
    Decimal(u8, u8),
    /// A single precision floating point number.
    Float,
    /// A double precision floating point number.
    Double,
    /// Text.
    Varchar,
    /// Bytes.
    Blob,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A timestamp without time zone.
    Timestamp,
    /// A point in time.
    TimestampTz,
    /// A length of time.
    Interval,
    /// A UUID.
    Uuid,
    /// JSON text.
    Json,
    /// A list of values of one type.
    #[serde(with = "shared")]
    List(Arc<DuckDbType>),
    /// Named fields.
    #[serde(with = "shared")]
    Struct(Arc<Vec<(String, DuckDbType)>>),
    /// Keys and values.
    #[serde(with = "shared")]
    Map(Arc<(DuckDbType, DuckDbType)>),
    /// The type of a bare `NULL`.
    Null,
    /// A type that is known by name only.
    #[serde(with = "shared::text")]
    Named(Arc<str>),
}

impl DuckDbType {
    /// `INTEGER`.
    pub const INTEGER: Self = Self::Integer { bits: 32, signed: true };
    /// `BIGINT`.
    pub const BIGINT: Self = Self::Integer { bits: 64, signed: true };
    /// `HUGEINT`.
    pub const HUGEINT: Self = Self::Integer { bits: 128, signed: true };

    /// The type a text names.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let upper = text.to_ascii_uppercase();
        if let Some(element) = text.strip_suffix("[]") {
            return Self::List(Arc::new(Self::parse(element)));
        }
        let (word, inside) = match upper.split_once('(') {
            Some((word, rest)) => (word.trim(), rest.rsplit_once(')').map(|(inside, _)| inside)),
            None => (upper.as_str(), None),
        };
        let signed = |bits| Self::Integer { bits, signed: true };
        let unsigned = |bits| Self::Integer { bits, signed: false };
        match word {
            "BOOLEAN" | "BOOL" | "LOGICAL" => Self::Boolean,
            "TINYINT" | "INT1" => signed(8),
            "SMALLINT" | "INT2" | "SHORT" | "INT16" => signed(16),
            "INTEGER" | "INT" | "INT4" | "INT32" | "SIGNED" => signed(32),
            "BIGINT" | "INT8" | "LONG" | "INT64" => signed(64),
            "HUGEINT" | "INT128" => signed(128),
            "UTINYINT" | "UINT8" => unsigned(8),
            "USMALLINT" | "UINT16" => unsigned(16),
            "UINTEGER" | "UINT32" => unsigned(32),
            "UBIGINT" | "UINT64" => unsigned(64),
            "UHUGEINT" | "UINT128" => unsigned(128),
            "DECIMAL" | "NUMERIC" | "DEC" => decimal(inside),
            "FLOAT" | "FLOAT4" | "REAL" => Self::Float,
            "DOUBLE" | "DOUBLE PRECISION" | "FLOAT8" => Self::Double,
            "VARCHAR" | "TEXT" | "STRING" | "CHAR" | "BPCHAR" | "NVARCHAR" | "CHARACTER VARYING" | "CHARACTER" => {
                Self::Varchar
            }
            "BLOB" | "BYTEA" | "BINARY" | "VARBINARY" => Self::Blob,
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "TIMESTAMP"
            | "DATETIME"
            | "TIMESTAMP_S"
            | "TIMESTAMP_MS"
            | "TIMESTAMP_NS"
            | "TIMESTAMP WITHOUT TIME ZONE" => Self::Timestamp,
            "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => Self::TimestampTz,
            "INTERVAL" => Self::Interval,
            "UUID" => Self::Uuid,
            "JSON" => Self::Json,
            "NULL" | "\"NULL\"" => Self::Null,
            "STRUCT" | "ROW" => fields(text).unwrap_or_else(|| Self::Named(text.into())),
            "MAP" => entries(text).unwrap_or_else(|| Self::Named(text.into())),
            _ => Self::Named(upper.as_str().into()),
        }
    }

    /// Digits and scale, of numbers that have them.
    pub(super) fn digits(&self) -> Option<(u8, u8)> {
        match self {
            Self::Decimal(precision, scale) => Some((*precision, *scale)),
            Self::Integer { bits, .. } => Some((
                match bits {
                    8 => 3,
                    16 => 5,
                    32 => 10,
                    64 => 19,
                    _ => 38,
                },
                0,
            )),
            _ => None,
        }
    }

    /// The type both are brought to where one result must hold either; none where that is not known.
    pub(super) fn common(&self, other: &Self) -> Option<Self> {
        use DuckDbType as T;
        if self == other {
            return Some(self.clone());
        }
        Some(match (self, other) {
            (T::Null, one) | (one, T::Null) => one.clone(),
            (T::Integer { bits: a, signed: x }, T::Integer { bits: b, signed: y }) => match (x, y) {
                _ if x == y => T::Integer { bits: *a.max(b), signed: *x },
                (true, false) if a > b => self.clone(),
                (false, true) if b > a => other.clone(),
                _ => T::Integer { bits: (2 * a.max(b)).min(128), signed: true },
            },
            (T::Integer { .. } | T::Decimal(..), T::Decimal(..)) | (T::Decimal(..), T::Integer { .. }) => {
                let ((p, s), (q, t)) = (self.digits()?, other.digits()?);
                let scale = s.max(t);
                T::Decimal(((p - s).max(q - t) + scale).min(38), scale)
            }
            (T::Double, number) | (number, T::Double) if number.is_number() => T::Double,
            (T::Float, number) | (number, T::Float) if number.is_number() => T::Float,
            (T::Date, T::Timestamp) | (T::Timestamp, T::Date) => T::Timestamp,
            (T::Date | T::Timestamp, T::TimestampTz) | (T::TimestampTz, T::Date | T::Timestamp) => T::TimestampTz,
            (T::Varchar, T::Json) | (T::Json, T::Varchar) => T::Json,
            (T::Varchar, _) | (_, T::Varchar) => T::Varchar,
            (T::List(a), T::List(b)) => T::List(Arc::new(a.common(b)?)),
            _ => return None,
        })
    }

    /// Whether it is a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Decimal(..) | Self::Float | Self::Double)
    }
}

fn decimal(inside: Option<&str>) -> DuckDbType {
    let mut digits = inside.unwrap_or("18,3").split(',').map(|part| part.trim().parse::<u8>().ok());
    let precision = digits.next().flatten().unwrap_or(18);
    DuckDbType::Decimal(precision, digits.next().flatten().unwrap_or(0))
}

/// The text between a type's outer parentheses, split at its own commas.
fn parts(text: &str) -> Option<Vec<&str>> {
    let inside = text.split_once('(')?.1.rsplit_once(')')?.0;
    let (mut depth, mut from, mut found) = (0_i32, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&inside[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[from..]);
    Some(found)
}

fn fields(text: &str) -> Option<DuckDbType> {
    let field = |part: &str| {
        let (name, written) = part.trim().split_once(' ')?;
        Some((name.trim_matches('"').to_owned(), DuckDbType::parse(written)))
    };
    let fields: Option<Vec<_>> = parts(text)?.into_iter().map(field).collect();
    Some(DuckDbType::Struct(Arc::new(fields?)))
}

fn entries(text: &str) -> Option<DuckDbType> {
    let [key, value] = parts(text)?[..] else { return None };
    Some(DuckDbType::Map(Arc::new((DuckDbType::parse(key), DuckDbType::parse(value)))))
}

impl fmt::Display for DuckDbType {
    /// `DuckDB`'s way of writing it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Integer { bits, signed } => {
                let word = match bits {
                    8 => "TINYINT",
                    16 => "SMALLINT",
                    32 => "INTEGER",
                    64 => "BIGINT",
                    _ => "HUGEINT",
                };
                write!(f, "{}{word}", if *signed { "" } else { "U" })
            }
            Self::Decimal(precision, scale) => write!(f, "DECIMAL({precision},{scale})"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Varchar => f.write_str("VARCHAR"),
            Self::Blob => f.write_str("BLOB"),
            Self::Date => f.write_str("DATE"),
            Self::Time => f.write_str("TIME"),
            Self::Timestamp => f.write_str("TIMESTAMP"),
            Self::TimestampTz => f.write_str("TIMESTAMP WITH TIME ZONE"),
            Self::Interval => f.write_str("INTERVAL"),
            Self::Uuid => f.write_str("UUID"),
            Self::Json => f.write_str("JSON"),
            Self::List(element) => write!(f, "{element}[]"),
            Self::Struct(fields) => {
                f.write_str("STRUCT(")?;
                for (at, (name, field)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {field}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Self::Map(entry) => write!(f, "MAP({}, {})", entry.0, entry.1),
            Self::Null => f.write_str("INTEGER"),
            Self::Named(name) => f.write_str(name),
        }
    }
}
