//! Conversions between types, explicit (`CAST`, `TRY_CAST`, `::`) and implied.

use std::ops::Range;

use super::typed::Typed;
use super::{Step, Translator};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// What happens to a value that cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    /// It is an error.
    Error,
    /// It becomes NULL.
    Null,
}

impl Failing {
    fn cast(self, sql: &str, to: &str) -> String {
        match self {
            Self::Error => format!("CAST({sql} AS {to})"),
            Self::Null => format!("TRY_CAST({sql} AS {to})"),
        }
    }

    fn pick(self, error: &'static str, null: &'static str) -> &'static str {
        match self {
            Self::Error => error,
            Self::Null => null,
        }
    }
}

impl Typed {
    /// The value as text, as `TO_VARCHAR` gives it.
    pub(super) fn text(&self) -> String {
        let sql = &self.sql;
        match self.ty.family() {
            Family::Text | Family::Null => sql.clone(),
            Family::Number => format!("CAST({} AS VARCHAR)", self.shown()),
            Family::Float => format!("sf_float_text({sql})"),
            Family::Semi => match &self.path {
                Some((value, path)) => format!("json_extract_string({value}, {path})"),
                None => format!("({sql} ->> '$')"),
            },
            Family::Timestamp => format!("sf_timestamp_text({sql})"),
            Family::Time => format!("left(CAST({sql} AS VARCHAR), 8)"),
            Family::Zoned => format!("sf_zoned_text({}, {})", self.clock(), self.east()),
            Family::Binary => format!("hex({sql})"),
            Family::Boolean | Family::Date | Family::Unknown => {
                format!("CAST({sql} AS VARCHAR)")
            }
        }
    }

    /// The value as a semi-structured one, as `TO_VARIANT` gives it.
    pub(super) fn variant(&self) -> String {
        match self.ty.family() {
            Family::Semi => self.sql.clone(),
            Family::Null => "CAST(NULL AS JSON)".to_owned(),
            Family::Number => format!("sf_number_json({})", self.shown()),
            Family::Boolean | Family::Unknown => format!("to_json({})", self.sql),
            Family::Float => format!("CAST(sf_float_text({}) AS JSON)", self.sql),
            _ => format!("to_json({})", self.text()),
        }
    }

    /// The value as bytes: a binary as it is, text as UTF-8.
    pub(super) fn bytes(&self) -> String {
        match self.ty.family() {
            Family::Binary => self.sql.clone(),
            _ => format!("encode({})", self.text()),
        }
    }

    fn number(&self, to: DataType, failing: Failing) -> Option<String> {
        let target = to.duckdb();
        Some(match self.ty.family() {
            Family::Number if self.exact && self.ty == to => self.sql.clone(),
            Family::Text => failing.cast(&self.digits(), &target),
            Family::Unknown | Family::Number | Family::Float => failing.cast(&self.sql, &target),
            Family::Boolean => format!("CAST(CAST({} AS INTEGER) AS {target})", self.sql),
            Family::Semi => failing.cast(&format!("sf_number_text({})", self.sql), &target),
            Family::Null => format!("CAST(NULL AS {target})"),
            _ => return None,
        })
    }

    /// Text of a number: the engine takes `1_000` for one.
    fn digits(&self) -> String {
        match super::position::plain(&self.sql) {
            literal if literal.starts_with('\'') && !literal.contains('_') => self.sql.clone(),
            _ => format!("replace({}, '_', '?')", self.sql),
        }
    }

    fn float(&self, failing: Failing) -> Option<String> {
        Some(match self.ty.family() {
            Family::Float => self.sql.clone(),
            Family::Text => failing.cast(&self.digits(), "DOUBLE"),
            Family::Number | Family::Unknown => failing.cast(&self.sql, "DOUBLE"),
            Family::Boolean => format!("CAST({} AS DOUBLE)", self.sql),
            Family::Semi => failing.cast(&format!("sf_number_text({})", self.sql), "DOUBLE"),
            Family::Null => "CAST(NULL AS DOUBLE)".to_owned(),
            _ => return None,
        })
    }

    fn boolean(&self, failing: Failing) -> Option<String> {
        Some(match self.ty.family() {
            Family::Boolean => self.sql.clone(),
            Family::Text | Family::Semi => {
                format!("{}({})", failing.pick("sf_boolean", "sf_try_boolean"), self.text())
            }
            Family::Number | Family::Float => format!("({} <> 0)", self.sql),
            Family::Null | Family::Unknown => format!("CAST({} AS BOOLEAN)", self.sql),
            _ => return None,
        })
    }

    fn moment(&self, to: DataType, failing: Failing) -> Option<String> {
        let target = to.duckdb();
        let (parse, try_parse) = match to.family() {
            Family::Date => ("sf_date", "sf_try_date"),
            Family::Time => ("sf_time", "sf_try_time"),
            Family::Timestamp => ("sf_timestamp", "sf_try_timestamp"),
            _ if to == DataType::TimestampTz => ("sf_timestamp_tz", "sf_try_timestamp_tz"),
            _ => ("sf_timestamp_ltz", "sf_try_timestamp_ltz"),
        };
        Some(match (self.ty.family(), to.family()) {
            (Family::Zoned, Family::Zoned) if self.ty != to => Self::zoned(self.instant(), to),
            (from, to) if from == to => self.sql.clone(),
            (Family::Text | Family::Semi, _) => {
                format!("{}({})", failing.pick(parse, try_parse), self.text())
            }
            (Family::Null | Family::Unknown, _) => format!("CAST({} AS {target})", self.sql),
            (Family::Timestamp, Family::Time) => format!("CAST({} AS TIME)", self.sql),
            (Family::Date | Family::Timestamp, Family::Zoned) => {
                Self::zoned(format!("CAST(CAST({} AS TIMESTAMP) AS TIMESTAMPTZ)", self.sql), to)
            }
            (Family::Zoned, Family::Timestamp) => self.clock(),
            (Family::Zoned, Family::Date | Family::Time) => format!("CAST({} AS {target})", self.clock()),
            (Family::Date | Family::Timestamp, Family::Date | Family::Timestamp) => {
                format!("CAST({} AS {target})", self.sql)
            }
            (Family::Number, Family::Timestamp) => self.epoch(),
            (Family::Number, Family::Zoned) => Self::zoned(format!("timezone('UTC', {})", self.epoch()), to),
            _ => return None,
        })
    }

    /// A zoned value as the engine's instant.
    pub(super) fn instant(&self) -> String {
        match self.ty {
            DataType::TimestampTz => format!("struct_extract({}, 'instant')", self.sql),
            _ => self.sql.clone(),
        }
    }

    /// What a clock shows at a zoned value: in its own zone, or in the session's.
    pub(super) fn clock(&self) -> String {
        match self.ty {
            DataType::TimestampTz => format!("sf_tz_clock({})", self.sql),
            _ => format!("CAST({} AS TIMESTAMP)", self.sql),
        }
    }

    /// How many minutes that clock is east of UTC.
    pub(super) fn east(&self) -> String {
        match self.ty {
            DataType::TimestampTz => format!("struct_extract({}, 'east')", self.sql),
            _ => format!("sf_minutes({})", self.sql),
        }
    }

    /// The zoned value at another time of its clock.
    pub(super) fn at_clock(&self, clock: &str) -> Typed {
        let sql = match self.ty {
            DataType::TimestampTz => format!("sf_tz_at({clock}, {})", self.east()),
            _ => format!("CAST({clock} AS TIMESTAMPTZ)"),
        };
        Typed::new(sql, self.ty)
    }

    /// A value of the engine's `TIMESTAMPTZ` as a zoned type: in the session's zone.
    pub(super) fn zoned(instant: String, to: DataType) -> String {
        match to {
            DataType::TimestampTz => format!("sf_tz_here({instant})"),
            _ => instant,
        }
    }

    /// A number of seconds since 1970 as a timestamp.
    pub(super) fn epoch(&self) -> String {
        format!("make_timestamp(CAST(CAST({} AS DECIMAL(38,6)) * 1000000 AS BIGINT))", self.sql)
    }

    /// The value as another type; `None` when Snowflake has no such conversion.
    pub(super) fn convert(&self, to: DataType, failing: Failing) -> Option<Typed> {
        let sql = match to.family() {
            // A null without a type would be a number where only the columns of a query are looked at.
            Family::Text if self.ty.family() == Family::Null => "CAST(NULL AS VARCHAR)".to_owned(),
            Family::Text => match to {
                DataType::Varchar(Some(length)) if self.ty.length().is_none_or(|own| own > length) => {
                    let text = self.text();
                    match failing {
                        Failing::Error => format!("left({text}, {length})"),
                        Failing::Null => format!("CASE WHEN length({text}) <= {length} THEN {text} END"),
                    }
                }
                _ => self.text(),
            },
            Family::Number => self.number(to, failing)?,
            Family::Float => self.float(failing)?,
            Family::Boolean => self.boolean(failing)?,
            Family::Date | Family::Time | Family::Timestamp | Family::Zoned => self.moment(to, failing)?,
            Family::Semi if self.ty == DataType::Array && to == DataType::Object => return None,
            Family::Semi => self.semi(to),
            Family::Binary => match self.ty.family() {
                Family::Binary => self.sql.clone(),
                Family::Text => format!("sf_unhex({})", self.sql),
                Family::Null => "CAST(NULL AS BLOB)".to_owned(),
                _ => return None,
            },
            Family::Null | Family::Unknown => self.sql.clone(),
        };
        Some(Typed::new(sql, to))
    }

    fn semi(&self, to: DataType) -> String {
        match to {
            DataType::Array if self.ty != DataType::Array && self.ty.family() != Family::Null => {
                format!("to_json(sf_list({}))", self.variant())
            }
            DataType::Object if self.ty == DataType::Variant => format!("sf_to_object({})", self.sql),
            _ => self.variant(),
        }
    }
}

impl Translator<'_> {
    /// The value as another type, or the problem that Snowflake has no such conversion.
    pub(super) fn convert(&self, value: &Typed, to: DataType, range: &Range<usize>) -> Step<Typed> {
        value.convert(to, Failing::Error).ok_or_else(|| cannot(value.ty, to, range))
    }

    /// The value with the engine type of `to`, where one column or result must hold values of several types. Values
    /// that the engine itself brings together stay as they are.
    pub(super) fn unify(&self, value: &Typed, to: DataType, range: &Range<usize>) -> Step<String> {
        if mixes_scales(value.ty, to) {
            return Ok(format!("CAST({} AS {})", value.sql, to.duckdb()));
        }
        let zones = to.family() == Family::Zoned && value.ty != to;
        let same = value.ty.family() == to.family() && !zones || matches!(value.ty, DataType::Null | DataType::Unknown);
        if same && !matches!(value.ty, DataType::Null) {
            return Ok(value.sql.clone());
        }
        if value.ty == DataType::Null && to.family() != Family::Semi {
            return Ok(value.sql.clone());
        }
        Ok(self.convert(value, to, range)?.sql)
    }

    /// The common type of several values; `Unknown` for none.
    pub(super) fn common(&self, values: &[Typed], range: &Range<usize>) -> Step<DataType> {
        let mut common = DataType::Null;
        for value in values {
            common = common.common(value.ty).ok_or_else(|| {
                let message = format!("{common} and {} have no common type", value.ty);
                SqlProblem::new(WRONG_TYPE, message, range.clone())
            })?;
        }
        Ok(common)
    }
}

/// Whether the engine must be told to make one number of another: where it brings numbers together by itself it gives up digits
/// behind the point when there would be more than 38.
pub(super) fn mixes_scales(from: DataType, to: DataType) -> bool {
    from != to && from.digits().is_some() && to.digits().is_some_and(|(_, scale)| scale > 0)
}

/// The problem that a value cannot become another type.
pub(super) fn cannot(from: DataType, to: DataType, range: &Range<usize>) -> SqlProblem {
    SqlProblem::new(WRONG_TYPE, format!("{from} cannot be converted to {to}"), range.clone())
}
