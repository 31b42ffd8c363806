//! Snowflake's data types: how they are written, how the embedded engine stores them, and what two of them have in
//! common.

use serde::{Deserialize, Serialize};
use std::fmt;

use sqlparser::ast::{self, ExactNumberInfo, TimezoneInfo};
use sqlparser::tokenizer::Tokenizer;

use super::Dialect;
use super::grammar::grammar;
use super::parse::parser;

/// A type of Snowflake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataType {
    /// An exact number with this many digits, of which `scale` behind the point.
    Number {
        /// All digits, 1 to 38.
        precision: u8,
        /// Digits behind the point, 0 to 37.
        scale: u8,
    },
    /// A double precision floating point number.
    Float,
    /// Text of at most so many characters; without a length, as long as the engine allows.
    Varchar(Option<u32>),
    /// Bytes.
    Binary,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A timestamp without time zone.
    TimestampNtz,
    /// A point in time, shown in the session's time zone.
    TimestampLtz,
    /// A point in time with an offset.
    TimestampTz,
    /// A semi-structured value of any kind.
    Variant,
    /// A semi-structured value that is an object.
    Object,
    /// A semi-structured value that is an array.
    Array,
    /// The type of a bare `NULL`.
    Null,
    /// Not known.
    Unknown,
}

/// What a type is for the purposes of comparison and conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Family {
    Number,
    Float,
    Text,
    Binary,
    Boolean,
    Date,
    Time,
    Timestamp,
    Zoned,
    Semi,
    Null,
    Unknown,
}

impl DataType {
    /// `NUMBER(38,0)`: what `NUMBER`, `INT` and the like mean.
    pub const INTEGER: Self = Self::Number { precision: 38, scale: 0 };
    /// `VARCHAR` without a length.
    pub const TEXT: Self = Self::Varchar(None);

    /// A number with these digits, cut to what Snowflake has.
    pub fn number(precision: u32, scale: u32) -> Self {
        let scale = u8::try_from(scale.min(37)).unwrap_or(37);
        let precision = u8::try_from(precision.clamp(1, 38)).unwrap_or(38).max(scale);
        Self::Number { precision, scale }
    }

    /// The type a text names, in Snowflake's words; `None` for a text that names none.
    pub fn parse(text: &str) -> Option<Self> {
        let tokens = Tokenizer::new(grammar(Dialect::Snowflake), text).tokenize_with_location().ok()?;
        let written = parser(tokens, Dialect::Snowflake).parse_data_type().ok()?;
        Self::of_written(&written)
    }

    /// The Snowflake type for a type of the embedded engine's catalog; `Unknown` for one that has no counterpart.
    pub fn of_duckdb(text: &str) -> Self {
        let upper = text.to_ascii_uppercase();
        match upper.as_str() {
            "BOOLEAN" => Self::Boolean,
            "TINYINT" | "UTINYINT" => Self::number(3, 0),
            "SMALLINT" | "USMALLINT" => Self::number(5, 0),
            "INTEGER" | "UINTEGER" => Self::number(10, 0),
            "BIGINT" => Self::number(19, 0),
            "UBIGINT" => Self::number(20, 0),
            "HUGEINT" | "UHUGEINT" => Self::INTEGER,
            "FLOAT" | "DOUBLE" => Self::Float,
            "VARCHAR" | "UUID" => Self::TEXT,
            "BLOB" => Self::Binary,
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" => Self::TimestampNtz,
            "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ" => Self::TimestampLtz,
            "STRUCT(INSTANT TIMESTAMP WITH TIME ZONE, EAST SMALLINT)" => Self::TimestampTz,
            "JSON" => Self::Variant,
            "NULL" | "\"NULL\"" => Self::Null,
            decimal if decimal.starts_with("DECIMAL(") => Self::parse(decimal).unwrap_or(Self::Unknown),
            list if list.ends_with("[]") => Self::Array,
            _ => Self::Unknown,
        }
    }

    /// How the embedded engine stores values of this type. Its own zoned timestamps are instants without an offset: one is
    /// kept beside them for `TIMESTAMP_TZ`, in minutes east of UTC.
    pub fn duckdb(self) -> String {
        match self {
            Self::Number { precision, scale } => format!("DECIMAL({precision},{scale})"),
            Self::Float => "DOUBLE".to_owned(),
            Self::Varchar(_) | Self::Null | Self::Unknown => "VARCHAR".to_owned(),
            Self::Binary => "BLOB".to_owned(),
            Self::Boolean => "BOOLEAN".to_owned(),
            Self::Date => "DATE".to_owned(),
            Self::Time => "TIME".to_owned(),
            Self::TimestampNtz => "TIMESTAMP".to_owned(),
            Self::TimestampLtz => "TIMESTAMPTZ".to_owned(),
            Self::TimestampTz => "STRUCT(instant TIMESTAMPTZ, east SMALLINT)".to_owned(),
            Self::Variant | Self::Object | Self::Array => "JSON".to_owned(),
        }
    }

    pub(super) fn of_written(written: &ast::DataType) -> Option<Self> {
        use ast::DataType as W;
        Some(match written {
            W::Numeric(info) | W::Decimal(info) | W::Dec(info) => Self::of_number(info)?,
            W::TinyInt(_) | W::SmallInt(_) | W::Int(_) | W::Integer(_) | W::BigInt(_) => Self::INTEGER,
            W::Float(_) | W::Float4 | W::Float8 | W::Double(_) | W::DoublePrecision | W::Real => Self::Float,
            W::Char(None) | W::Character(None) => Self::Varchar(Some(1)),
            W::Varchar(length)
            | W::Nvarchar(length)
            | W::CharacterVarying(length)
            | W::CharVarying(length)
            | W::Char(length)
            | W::Character(length) => of_length(length.as_ref())?,
            W::String(length) => Self::Varchar(length.map(u32::try_from).transpose().ok()?),
            W::Text => Self::TEXT,
            W::Binary(_) | W::Varbinary(_) => Self::Binary,
            W::Boolean | W::Bool => Self::Boolean,
            W::Date => Self::Date,
            W::Time(_, _) => Self::Time,
            W::Datetime(_)
            | W::TimestampNtz(_)
            | W::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Self::TimestampNtz,
            W::Timestamp(_, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => Self::TimestampTz,
            W::Array(ast::ArrayElemTypeDef::None) => Self::Array,
            W::Custom(name, arguments) => Self::of_name(&name.to_string(), arguments)?,
            _ => return None,
        })
    }

    fn of_number(info: &ExactNumberInfo) -> Option<Self> {
        let (precision, scale) = match *info {
            ExactNumberInfo::None => (38, 0),
            ExactNumberInfo::Precision(precision) => (precision, 0),
            ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, u64::try_from(scale).ok()?),
        };
        let (precision, scale) = (u8::try_from(precision).ok()?, u8::try_from(scale).ok()?);
        let fits = (1..=38).contains(&precision) && scale <= 37 && scale <= precision;
        fits.then_some(Self::Number { precision, scale })
    }

    fn of_name(name: &str, arguments: &[String]) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "NUMBER" => {
                let mut digits = arguments.iter().map(|argument| argument.trim().parse::<u64>().ok());
                match (digits.next(), digits.next()) {
                    (None, _) => Self::INTEGER,
                    (Some(precision), None) => Self::of_number(&ExactNumberInfo::Precision(precision?))?,
                    (Some(precision), Some(scale)) => {
                        Self::of_number(&ExactNumberInfo::PrecisionAndScale(precision?, i64::try_from(scale?).ok()?))?
                    }
                }
            }
            "BYTEINT" => Self::INTEGER,
            "NCHAR" | "NVARCHAR2" | "STRING" => {
                Self::Varchar(arguments.first().map(|length| length.parse()).transpose().ok()?)
            }
            "TIMESTAMP_NTZ" | "TIMESTAMPNTZ" => Self::TimestampNtz,
            "TIMESTAMP_LTZ" | "TIMESTAMPLTZ" => Self::TimestampLtz,
            "TIMESTAMP_TZ" | "TIMESTAMPTZ" => Self::TimestampTz,
            "VARIANT" => Self::Variant,
            "OBJECT" => Self::Object,
            "ARRAY" => Self::Array,
            _ => return None,
        })
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Number { .. } => Family::Number,
            Self::Float => Family::Float,
            Self::Varchar(_) => Family::Text,
            Self::Binary => Family::Binary,
            Self::Boolean => Family::Boolean,
            Self::Date => Family::Date,
            Self::Time => Family::Time,
            Self::TimestampNtz => Family::Timestamp,
            Self::TimestampLtz | Self::TimestampTz => Family::Zoned,
            Self::Variant | Self::Object | Self::Array => Family::Semi,
            Self::Null => Family::Null,
            Self::Unknown => Family::Unknown,
        }
    }

    /// The type of two texts one behind the other: as long as both, where that is known.
    pub(super) fn concatenated(self, other: Self) -> Self {
        match (self, other) {
            (Self::Varchar(Some(a)), Self::Varchar(Some(b))) => Self::Varchar(a.checked_add(b)),
            _ => Self::TEXT,
        }
    }

    /// Precision and scale, of numbers.
    pub(super) fn digits(self) -> Option<(u32, u32)> {
        match self {
            Self::Number { precision, scale } => Some((u32::from(precision), u32::from(scale))),
            _ => None,
        }
    }

    /// The type that values of both are brought to where one result must hold either (`COALESCE`, `CASE`, `UNION`).
    /// `None`: Snowflake has no such type.
    #[expect(clippy::match_same_arms, reason = "the arms are ordered rules, each for its own pair of families")]
    pub(super) fn common(self, other: Self) -> Option<Self> {
        use Family as F;
        if self == other {
            return Some(self);
        }
        Some(match (self.family(), other.family()) {
            (F::Null, _) => other,
            (_, F::Null) => self,
            (F::Unknown, _) | (_, F::Unknown) => Self::Unknown,
            (F::Number, F::Number) => {
                let ((p1, s1), (p2, s2)) = (self.digits()?, other.digits()?);
                let scale = s1.max(s2);
                Self::number((p1 - s1).max(p2 - s2) + scale, scale)
            }
            (F::Number | F::Float, F::Number | F::Float) => Self::Float,
            (F::Text, F::Text) => match (self, other) {
                (Self::Varchar(Some(a)), Self::Varchar(Some(b))) => Self::Varchar(Some(a.max(b))),
                _ => Self::TEXT,
            },
            (F::Semi, _) | (_, F::Semi) => Self::Variant,
            (F::Text, _) => wider_than_text(other),
            (_, F::Text) => wider_than_text(self),
            (F::Boolean, F::Number | F::Float) | (F::Number | F::Float, F::Boolean) => Self::Boolean,
            (F::Date, F::Timestamp | F::Zoned) | (F::Timestamp, F::Zoned) => other,
            (F::Timestamp | F::Zoned, F::Date) | (F::Zoned, F::Timestamp) => self,
            (F::Zoned, F::Zoned) => Self::TimestampTz,
            _ => return None,
        })
    }
}

/// Text beside a typed value becomes that type; room is left for fractions in numbers.
fn wider_than_text(other: DataType) -> DataType {
    match other {
        DataType::Number { scale, .. } => DataType::number(38, u32::from(scale).max(5)),
        other => other,
    }
}

fn of_length(length: Option<&ast::CharacterLength>) -> Option<DataType> {
    match length {
        None | Some(ast::CharacterLength::Max) => Some(DataType::TEXT),
        Some(ast::CharacterLength::IntegerLength { length, .. }) => {
            Some(DataType::Varchar(Some(u32::try_from(*length).ok()?)))
        }
    }
}

impl fmt::Display for DataType {
    /// Snowflake's way of writing it; `UNKNOWN` for one that is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { precision, scale } => write!(f, "NUMBER({precision},{scale})"),
            Self::Varchar(Some(length)) => write!(f, "VARCHAR({length})"),
            Self::Varchar(None) | Self::Null => f.write_str("VARCHAR"),
            Self::Float => f.write_str("FLOAT"),
            Self::Binary => f.write_str("BINARY"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Date => f.write_str("DATE"),
            Self::Time => f.write_str("TIME"),
            Self::TimestampNtz => f.write_str("TIMESTAMP_NTZ"),
            Self::TimestampLtz => f.write_str("TIMESTAMP_LTZ"),
            Self::TimestampTz => f.write_str("TIMESTAMP_TZ"),
            Self::Variant => f.write_str("VARIANT"),
            Self::Object => f.write_str("OBJECT"),
            Self::Array => f.write_str("ARRAY"),
            Self::Unknown => f.write_str("UNKNOWN"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DataType;

    #[test]
    fn types_are_read_and_written_as_snowflake_does() {
        for (written, read) in [
            ("number", "NUMBER(38,0)"),
            ("decimal(18, 2)", "NUMBER(18,2)"),
            ("int", "NUMBER(38,0)"),
            ("varchar(10)", "VARCHAR(10)"),
            ("string", "VARCHAR"),
            ("char", "VARCHAR(1)"),
            ("double precision", "FLOAT"),
            ("timestamp_ntz(9)", "TIMESTAMP_NTZ"),
            ("timestamp", "TIMESTAMP_NTZ"),
            ("timestamp_ltz", "TIMESTAMP_LTZ"),
            ("variant", "VARIANT"),
            ("array", "ARRAY"),
            ("object", "OBJECT"),
            ("boolean", "BOOLEAN"),
        ] {
            assert_eq!(DataType::parse(written).map(|t| t.to_string()).as_deref(), Some(read), "{written}");
        }
        assert_eq!(DataType::parse("number(39,0)"), None);
        assert_eq!(DataType::parse("geography"), None);
    }
}
