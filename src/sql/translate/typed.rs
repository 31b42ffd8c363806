//! A translated expression with what is known of it.

use crate::sql::DataType;

/// An expression as the embedded engine's SQL.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// The SQL; it can stand as an operand.
    pub(super) sql: String,
    /// Snowflake's type of it.
    pub(super) ty: DataType,
    /// Whether the engine's type is that of [`DataType::duckdb`]; only numbers may be otherwise.
    pub(super) exact: bool,
    /// For a path into a semi-structured value: the value and the path.
    pub(super) path: Option<(String, String)>,
}

impl Typed {
    /// An expression whose engine type is as its Snowflake type says.
    pub(super) fn new(sql: impl Into<String>, ty: DataType) -> Self {
        Self { sql: sql.into(), ty, exact: true, path: None }
    }

    /// A number of whatever engine type.
    pub(super) fn loose(sql: impl Into<String>, ty: DataType) -> Self {
        Self { exact: false, ..Self::new(sql, ty) }
    }

    /// The SQL with the engine type its Snowflake type says.
    pub(super) fn stored(&self) -> String {
        if self.exact { self.sql.clone() } else { format!("CAST({} AS {})", self.sql, self.ty.duckdb()) }
    }

    /// A number as its text shows it: the engine writes no zero in front of the point where its type has no place for it.
    pub(super) fn shown(&self) -> String {
        match self.ty.digits() {
            Some((precision, scale)) if precision == scale => {
                format!("CAST({} AS {})", self.sql, DataType::number(precision + 1, scale).duckdb())
            }
            _ => self.stored(),
        }
    }

    /// The same expression, stored.
    pub(super) fn into_exact(self) -> Self {
        if self.exact { self } else { Self::new(self.stored(), self.ty) }
    }
}

/// A column of a relation in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name on Snowflake.
    pub(super) name: String,
    /// Its name on the engine; another one when two names differ only by case, or not at all.
    pub(super) stored: String,
    /// Its type.
    pub(super) ty: DataType,
    /// What it shows where the relation is changed instead of read, if a policy masks it.
    pub(super) mask: Option<String>,
}

impl Column {
    /// A column with one name.
    pub(super) fn new(name: impl Into<String>, ty: DataType) -> Self {
        let name = name.into();
        Self { stored: name.clone(), name, ty, mask: None }
    }
}

/// A query's text with its columns.
#[derive(Debug, Clone)]
pub(super) struct Shaped {
    /// The SQL, without parentheses.
    pub(super) sql: String,
    /// Its columns, as far as they are known.
    pub(super) columns: Vec<Column>,
    /// Whether it has columns that are not known.
    pub(super) open: bool,
}
