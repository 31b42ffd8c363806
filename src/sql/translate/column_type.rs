//! Types of columns that the engine's own say too little of: how long a text may be, and whether a semi-structured value is
//! an object or an array. They are kept beside the policies, by the relation's path, and hold for what is written into the column.

use std::ops::Range;

use super::policy::{Columns, kept_in, key, schema_start, tables};
use super::position::mark;
use super::typed::Typed;
use super::{Step, Translator, literal};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// A text as long as this is as long as texts can be.
const LONGEST: u32 = 16_777_216;

impl DataType {
    /// How long a text of this type may be, if that is less than texts can be.
    pub(super) fn length(self) -> Option<u32> {
        match self {
            Self::Varchar(Some(length)) if length < LONGEST => Some(length),
            _ => None,
        }
    }

    /// Whether the engine's own type says less.
    fn needs_keeping(self) -> bool {
        self.length().is_some() || matches!(self, Self::Object | Self::Array)
    }
}

/// The statements that make the tables in which a database keeps what the engine does not.
pub fn keeping_tables(database: &str) -> Vec<String> {
    tables(database)
}

/// The engine's query for the kept types of a relation, or of all relations of a database: relation, column, type.
pub fn kept_types(database: &str, path: Option<&[String]>) -> String {
    let table = kept_in(database, "COLUMN_TYPES");
    let only = path.map_or_else(String::new, |path| format!(" WHERE RELATION = {}", literal(&relation_key(path))));
    format!("SELECT RELATION, COLUMN_NAME, DATA_TYPE FROM {table}{only}")
}

/// A relation's path as one text. The engine has no two relations that differ by case alone.
pub fn relation_key(path: &[String]) -> String {
    key(&path.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>())
}

/// The type of a column whose engine type is `engine`, where `kept` was kept of it. What was kept of another column of that name, made
/// past the translator, does not count.
pub fn with_kept(engine: DataType, kept: Option<&str>) -> DataType {
    match kept.and_then(DataType::parse) {
        Some(kept) if kept.duckdb() == engine.duckdb() => kept,
        _ => engine,
    }
}

impl Translator<'_> {
    /// Statements that keep the types of a relation's columns, in place of those kept before.
    pub(super) fn keep_types(&self, path: &[String], columns: &Columns) -> Vec<String> {
        let kept: Vec<&(String, DataType)> = columns.iter().filter(|(_, ty)| ty.needs_keeping()).collect();
        let before = self.columns.columns(path).unwrap_or_default();
        if kept.is_empty() && !before.iter().any(|(_, ty)| ty.needs_keeping()) {
            return Vec::new();
        }
        let table = kept_in(path.first().map_or("", String::as_str), "COLUMN_TYPES");
        let relation = literal(&relation_key(path));
        let mut statements = vec![format!("DELETE FROM {table} WHERE RELATION = {relation}")];
        let rows: Vec<String> = kept
            .iter()
            .map(|(name, ty)| format!("({relation}, {}, {})", literal(name), literal(&ty.to_string())))
            .collect();
        if !rows.is_empty() {
            statements.push(format!("INSERT INTO {table} VALUES {}", rows.join(", ")));
        }
        statements
    }

    /// The statement that forgets the types of a schema's relations.
    pub(super) fn forget_types(&self, schema: &[String]) -> Option<String> {
        let database = schema.first().map_or("", String::as_str);
        let table = kept_in(database, "COLUMN_TYPES");
        let start = schema_start(&relation_key(schema));
        let keeps = self.columns.governance(database).keeps_types;
        keeps.then(|| format!("DELETE FROM {table} WHERE starts_with(RELATION, {start})"))
    }

    /// The type that a column may be given in place of its own: texts grow, and numbers change their digits before the point.
    pub(super) fn altered_type(
        &self,
        (name, from): (&str, DataType),
        to: DataType,
        range: &Range<usize>,
    ) -> Step<DataType> {
        let why = match (from, to) {
            (DataType::Varchar(_), DataType::Varchar(_)) => {
                let shrinks = to.length().is_some_and(|length| from.length().is_none_or(|own| own > length));
                shrinks.then_some("reducing the byte-length of a varchar is not supported")
            }
            (DataType::Number { scale: own, .. }, DataType::Number { scale, .. }) => {
                (own != scale).then_some("changing the scale of a number is not supported")
            }
            _ if from == to || from == DataType::Unknown => None,
            _ => Some("they have incompatible types"),
        };
        match why {
            None => Ok(to),
            Some(why) => {
                let message =
                    format!("cannot change column {name} from type {} to {} because {why}", full(from), full(to));
                Err(SqlProblem::new(WRONG_TYPE, message, range.clone()))
            }
        }
    }

    /// A value as a column takes it: converted, but never cut.
    pub(super) fn assigned(&self, value: &Typed, to: DataType, range: &Range<usize>) -> Step<String> {
        if !needs_assigning(value.ty, to) {
            return Ok(value.sql.clone());
        }
        if matches!((value.ty, to), (DataType::Object, DataType::Array) | (DataType::Array, DataType::Object)) {
            let message =
                format!("expression type does not match column data type, expecting {to} but got {}", value.ty);
            return Err(SqlProblem::new(WRONG_TYPE, message, range.clone()));
        }
        let Some(length) = to.length() else { return Ok(self.convert(value, to, range)?.sql) };
        let text = self.convert(value, DataType::TEXT, range)?.sql;
        if value.ty.length().is_some_and(|own| own <= length) || value.ty == DataType::Null {
            return Ok(text);
        }
        Ok(mark(range, &format!("sf_fit({text}, {length})")))
    }
}

/// A type with all it has in parentheses.
fn full(ty: DataType) -> String {
    if ty == DataType::TEXT { format!("VARCHAR({LONGEST})") } else { ty.to_string() }
}

/// Whether a value of one type must be changed, or looked at, before a column of the other takes it.
pub(super) fn needs_assigning(from: DataType, to: DataType) -> bool {
    let too_long = to.length().is_some_and(|length| from.length().is_none_or(|own| own > length));
    let narrower = matches!(to, DataType::Object | DataType::Array) && from != to;
    let other_zone = to.family() == Family::Zoned && from != to;
    from.family() != to.family() || other_zone || too_long || narrower
}
