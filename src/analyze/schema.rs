//! The columns of a node, as what reads it sees them.

use std::collections::HashMap;
use std::sync::Arc;

use super::nulls::Nulls;
use crate::sql::query::Name;
use crate::sql::{Dialect, ValueType};

/// A column of a node.
#[derive(Debug, Clone)]
pub struct SchemaColumn {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub data_type: ValueType,
    /// Whether it can be NULL.
    pub nulls: Nulls,
}

/// The columns of a node.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// The columns that are known, in order.
    pub columns: Vec<SchemaColumn>,
    /// Why there may be others, if there may.
    pub open: Option<Arc<str>>,
    /// Whether the columns were declared, or come from what was: somebody may have left some out.
    pub is_declared: bool,
    index: HashMap<Arc<str>, u32>,
}

impl Schema {
    /// A schema of these columns.
    pub fn new(columns: Vec<SchemaColumn>, open: Option<Arc<str>>) -> Self {
        let mut index = HashMap::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            index.entry(column.name.key.clone()).or_insert(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Self { columns, open, is_declared: false, index }
    }

    /// A schema of names and types as a declaration or a catalog has them; `exact` names are taken as they are, others are
    /// folded as the dialect folds names without quotes.
    pub fn declared(columns: &[(String, Option<String>)], exact: bool, dialect: Dialect) -> Self {
        let column = |(name, data_type): &(String, Option<String>)| SchemaColumn {
            name: Name::written(name, exact, dialect),
            data_type: data_type.as_ref().map_or(ValueType::Unknown, |text| ValueType::parse(text, dialect)),
            nulls: Nulls::Unknown,
        };
        Self::new(columns.iter().map(column).collect(), None)
    }

    /// A schema of which nothing is known, and why.
    pub fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self::new(Vec::new(), Some(reason.into()))
    }

    /// The position of the first column with this name.
    pub fn find(&self, key: &str) -> Option<usize> {
        self.index.get(key).map(|at| *at as usize)
    }
}
