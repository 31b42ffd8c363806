//! `Column`: columns as templates handle them (dbt: `adapters/base/column.py` and the adapters' own).

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::call::{Call, given, unknown_method};
use super::methods;
use crate::jinja::python;
use crate::sql::Dialect;
use crate::warehouse;

/// How long a text of Snowflake is that was declared without a length.
const LARGEST_TEXT: i64 = 16_777_216;

/// A column in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnValue {
    name: String,
    dtype: String,
    char_size: Option<i64>,
    precision: Option<i64>,
    scale: Option<i64>,
    dialect: Dialect,
}

impl ColumnValue {
    /// A column whose type is as the warehouse writes it, sizes in parentheses.
    pub(super) fn new(name: &str, data_type: &str, dialect: Dialect) -> Self {
        let plain = Self {
            name: name.to_owned(),
            dtype: data_type.to_owned(),
            char_size: None,
            precision: None,
            scale: None,
            dialect,
        };
        let Some((dtype, rest)) = data_type.split_once('(') else { return plain };
        let nested = dialect == Dialect::DuckDb
            && !matches!(dtype.to_uppercase().as_str(), "VARCHAR" | "DECIMAL" | "NUMERIC" | "CHAR" | "TEXT");
        let sizes: Vec<Option<i64>> =
            rest.trim_end_matches(')').split(',').map(|part| part.trim().parse().ok()).collect();
        match sizes.as_slice() {
            _ if nested => plain,
            [Some(size)] => Self { dtype: dtype.to_owned(), char_size: Some(*size), ..plain },
            [Some(precision), Some(scale)] => {
                Self { dtype: dtype.to_owned(), precision: Some(*precision), scale: Some(*scale), ..plain }
            }
            _ => plain,
        }
    }

    /// A column as the warehouse has it; dbt takes `DuckDB`'s types as one word, sizes included.
    pub(super) fn of(column: &warehouse::Column, dialect: Dialect) -> Self {
        match dialect {
            Dialect::Snowflake => Self::new(&column.name, &column.data_type, dialect),
            Dialect::DuckDb => Self { dtype: column.data_type.clone(), ..Self::new(&column.name, "", dialect) },
        }
    }

    /// How Python writes dbt's dataclass.
    fn representation(&self) -> String {
        let number = |value: Option<i64>| value.map_or_else(|| "None".to_owned(), |value| value.to_string());
        let text = |value: &str| python::repr(&Value::from(value));
        let (class, last) = match self.dialect {
            Dialect::Snowflake => ("SnowflakeColumn", "collation=None"),
            Dialect::DuckDb => ("DuckDBColumn", "fields=[]"),
        };
        format!(
            "{class}(column={}, dtype={}, char_size={}, numeric_precision={}, numeric_scale={}, {last})",
            text(&self.name),
            text(&self.dtype),
            number(self.char_size),
            number(self.precision),
            number(self.scale),
        )
    }

    fn one_of(&self, words: &[&str]) -> bool {
        words.contains(&self.dtype.to_lowercase().as_str())
    }

    fn is_string(&self) -> bool {
        self.one_of(&["text", "character varying", "character", "varchar"])
    }

    fn is_float(&self) -> bool {
        let common = ["real", "float", "float4", "float8", "double", "double precision"];
        self.one_of(&common)
    }

    fn is_integer(&self) -> bool {
        match self.dialect {
            Dialect::Snowflake => false,
            Dialect::DuckDb => self.one_of(&[
                "tinyint",
                "smallint",
                "integer",
                "bigint",
                "hugeint",
                "utinyint",
                "usmallint",
                "uinteger",
                "ubigint",
                "int1",
                "int2",
                "int4",
                "int8",
                "short",
                "int",
                "signed",
                "long",
                "smallserial",
                "serial",
                "bigserial",
            ]),
        }
    }

    fn is_numeric(&self) -> bool {
        match self.dialect {
            Dialect::Snowflake => self.one_of(&[
                "int", "integer", "bigint", "smallint", "tinyint", "byteint", "numeric", "decimal", "number",
            ]),
            Dialect::DuckDb => self.one_of(&["numeric", "decimal"]),
        }
    }

    fn string_size(&self) -> i64 {
        let largest = if self.dialect == Dialect::Snowflake { LARGEST_TEXT } else { 256 };
        if self.dtype == "text" { largest } else { self.char_size.unwrap_or(largest) }
    }

    /// The type this text column needs to take the values of another, if it is too short.
    pub(super) fn widened(&self, other: &Self) -> Option<String> {
        let is_longer = self.is_string() && other.is_string() && other.string_size() > self.string_size();
        is_longer.then(|| format!("character varying({})", other.string_size()))
    }

    fn data_type(&self) -> String {
        if self.is_string() {
            return format!("character varying({})", self.string_size());
        }
        match (self.is_numeric(), self.precision, self.scale) {
            (true, Some(precision), Some(scale)) => format!("{}({precision},{scale})", self.dtype),
            _ => self.dtype.clone(),
        }
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let number = |value: Option<i64>| value.map_or(Value::from(()), Value::from);
        Some(match name {
            "name" | "column" => Value::from(self.name.clone()),
            "dtype" => Value::from(self.dtype.clone()),
            "data_type" | "expanded_data_type" => Value::from(self.data_type()),
            "quoted" => Value::from(format!("\"{}\"", self.name)),
            "char_size" => number(self.char_size),
            "numeric_precision" => number(self.precision),
            "numeric_scale" => number(self.scale),
            "__repr__" => Value::from(self.representation()),
            _ => return None,
        })
    }
}

impl Object for ColumnValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.attribute(name).or_else(|| methods::method(self, methods::COLUMN, name))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        Ok(match method {
            "is_string" => Value::from(self.is_string()),
            "is_number" => Value::from(self.is_integer() || self.is_numeric() || self.is_float()),
            "is_float" => Value::from(self.is_float()),
            "is_integer" => Value::from(self.is_integer()),
            "is_numeric" => Value::from(self.is_numeric()),
            "is_struct" => Value::from(self.dtype.to_uppercase().starts_with("STRUCT")),
            "string_size" if self.is_string() => Value::from(self.string_size()),
            "string_size" => {
                return Err(Error::new(ErrorKind::InvalidOperation, format!("column `{}` is not text", self.name)));
            }
            "can_expand_to" => {
                let other = call.required(0, "other_column")?.downcast_object::<Self>();
                Value::from(other.is_some_and(|other| self.widened(&other).is_some()))
            }
            "literal" => Value::from(format!("{}::{}", call.text(0, "value")?, self.data_type())),
            "string_type" => Value::from(format!("character varying({})", call.text(0, "size")?)),
            "numeric_type" => numeric_type(&call)?,
            "translate_type" => Value::from(translate_type(&call.text(0, "dtype")?, self.dialect)),
            _ => return Err(unknown_method("a column", method)),
        })
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.representation())
    }
}

fn numeric_type(call: &Call) -> Result<Value, Error> {
    let dtype = call.text(0, "dtype")?;
    Ok(match (call.get(1, "precision").filter(given), call.get(2, "scale").filter(given)) {
        (Some(precision), Some(scale)) => Value::from(format!("{dtype}({precision},{scale})")),
        _ => Value::from(dtype),
    })
}

/// What the adapter calls a type.
pub fn translate_type(dtype: &str, _: Dialect) -> String {
    if dtype.eq_ignore_ascii_case("string") { "TEXT".to_owned() } else { dtype.to_owned() }
}

/// The class `api.Column`.
#[derive(Debug)]
pub(super) struct ColumnClass(pub(super) Dialect);

impl Object for ColumnClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        methods::method(self, methods::COLUMN_CLASS, key.as_str()?)
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.call_method(state, "create", args)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        Ok(match method {
            "create" => {
                let dtype = call
                    .optional_text(1, "label_or_dtype")
                    .or_else(|| call.optional_text(1, "dtype"))
                    .unwrap_or_default();
                let name =
                    call.optional_text(0, "name").or_else(|| call.optional_text(0, "column")).unwrap_or_default();
                let whole = ColumnValue::new(&name, "", self.0);
                Value::from_object(ColumnValue { dtype: translate_type(&dtype, self.0), ..whole })
            }
            "from_description" => {
                Value::from_object(ColumnValue::new(&call.text(0, "name")?, &call.text(1, "raw_data_type")?, self.0))
            }
            "translate_type" => Value::from(translate_type(&call.text(0, "dtype")?, self.0)),
            "string_type" => Value::from(format!("character varying({})", call.text(0, "size")?)),
            "numeric_type" => numeric_type(&call)?,
            _ => return Err(unknown_method("`api.Column`", method)),
        })
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<class 'Column'>")
    }
}

/// Whether a text column is too short for the values of another, and the type that is long enough then; nothing for columns that are
/// no texts.
pub fn text_fits(
    column: &warehouse::Column,
    values: &warehouse::Column,
    dialect: Dialect,
) -> Option<Result<(), String>> {
    let (own, other) = (ColumnValue::of(column, dialect), ColumnValue::of(values, dialect));
    let texts = own.is_string() && other.is_string();
    texts.then(|| own.widened(&other).map_or(Ok(()), Err))
}

/// Whether a text column's length is less than the largest.
pub fn is_short_text(column: &warehouse::Column, dialect: Dialect) -> bool {
    let column = ColumnValue::of(column, dialect);
    dialect == Dialect::Snowflake && column.is_string() && column.string_size() < LARGEST_TEXT
}

/// A column of a relation as templates handle it.
pub fn column_value(column: &warehouse::Column, dialect: Dialect) -> Value {
    Value::from_object(ColumnValue::of(column, dialect))
}
