//! Values, columns and tables that come back from a warehouse.

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

/// One value of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// SQL's NULL.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i128),
    /// An exact decimal, with its scale.
    Decimal(BigDecimal),
    /// A floating point number.
    Float(f64),
    /// Text.
    Text(String),
    /// A semi-structured value as JSON text (`VARIANT`, `OBJECT`, `ARRAY`, `JSON`, lists and structs).
    Json(String),
    /// A date.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A timestamp without time zone.
    Timestamp(NaiveDateTime),
    /// A timestamp with an offset.
    TimestampTz(DateTime<FixedOffset>),
    /// Bytes.
    Binary(Vec<u8>),
}

/// A column of a result or of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name as the warehouse has it.
    pub name: String,
    /// The type as the warehouse writes it, for example `NUMBER(38,0)`.
    pub data_type: String,
    /// Whether the column may hold NULL; unknown is true.
    pub nullable: bool,
    /// The comment on the column.
    pub comment: Option<String>,
}

impl Column {
    /// A column of this name and type that may be null.
    pub fn new(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: data_type.into(), nullable: true, comment: None }
    }
}

/// Rows with their columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The columns in order.
    pub columns: Vec<Column>,
    /// The rows; each has a cell per column.
    pub rows: Vec<Vec<Cell>>,
}

impl std::fmt::Display for Cell {
    /// The value as text, as `show` prints it; NULL is empty.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Decimal(value) => f.write_str(&value.to_plain_string()),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) | Self::Json(value) => f.write_str(value),
            Self::Date(value) => write!(f, "{value}"),
            Self::Time(value) => write!(f, "{value}"),
            Self::Timestamp(value) => write!(f, "{value}"),
            Self::TimestampTz(value) => f.write_str(&value.format("%Y-%m-%d %H:%M:%S%.f%:z").to_string()),
            Self::Binary(value) => value.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}
