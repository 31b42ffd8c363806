//! Query results as templates handle them: the part of agate's `Table` that dbt projects use.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::call::{Call, unknown_method};
use crate::jinja::python;
use crate::warehouse::{Cell, Table};

/// A result table in a template.
#[derive(Debug)]
pub(super) struct TableValue {
    names: Vec<String>,
    types: Vec<String>,
    rows: Vec<Arc<RowValue>>,
}

/// A row: values by position and by name.
#[derive(Debug)]
struct RowValue {
    names: Arc<[String]>,
    cells: Vec<Value>,
}

/// A column: its values.
#[derive(Debug)]
struct ColumnValues {
    name: String,
    data_type: String,
    values: Vec<Value>,
}

impl TableValue {
    pub(super) fn new(names: Vec<String>, types: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        let shared: Arc<[String]> = names.clone().into();
        let rows = rows.into_iter().map(|cells| Arc::new(RowValue { names: shared.clone(), cells })).collect();
        Self { names, types, rows }
    }

    /// The table of a warehouse's answer.
    pub(super) fn of(table: &Table) -> Self {
        let rows = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let names = table.columns.iter().map(|column| column.name.clone()).collect();
        Self::new(names, table.columns.iter().map(|column| column.data_type.clone()).collect(), rows)
    }

    /// Names and rows of a value that is a table.
    pub(super) fn contents(value: &Value) -> Option<super::render::ResultTable> {
        let table = value.downcast_object_ref::<Self>()?;
        let rows = table.rows.iter().map(|row| row.cells.clone()).collect();
        Some(super::render::ResultTable { columns: table.names.clone(), rows })
    }

    /// The type of a column for `create table`: numbers that are whole, and those that are not, are told by
    /// the values, and a column without values is one of numbers, as agate has it.
    pub(super) fn seed_type(&self, index: usize) -> Option<&'static str> {
        let written = self.types.get(index)?.to_uppercase();
        let is = |words: &[&str]| words.iter().any(|word| written.starts_with(word));
        let is_whole = |row: &Arc<RowValue>| {
            row.cells.get(index).is_none_or(|cell| cell.is_none() || !python::str(cell).contains('.'))
        };
        let is_empty = self.rows.iter().all(|row| row.cells.get(index).is_none_or(Value::is_none));
        Some(if is_empty {
            "integer"
        } else if is(&["BOOL"]) {
            "boolean"
        } else if is(&["TIMESTAMP", "DATETIME"]) {
            "timestamp without time zone"
        } else if is(&["DATE"]) {
            "date"
        } else if is(&["TIME"]) {
            "time"
        } else if is(&["DECIMAL", "NUMERIC", "NUMBER", "DOUBLE", "FLOAT", "REAL"]) || written.contains("INT") {
            if self.rows.iter().all(is_whole) { "integer" } else { "float8" }
        } else {
            "text"
        })
    }

    /// The rows of these tables as one; their columns are brought together by name (agate: `Table.merge`).
    fn merged(tables: &[Arc<TableValue>]) -> Value {
        let (mut names, mut types) = (Vec::<String>::new(), Vec::new());
        for (name, data_type) in tables.iter().flat_map(|table| table.names.iter().zip(&table.types)) {
            if !names.contains(name) {
                names.push(name.clone());
                types.push(data_type.clone());
            }
        }
        let mut rows = Vec::new();
        for table in tables {
            let places: Vec<Option<usize>> =
                names.iter().map(|name| table.names.iter().position(|own| own == name)).collect();
            let cell =
                |row: &RowValue, place: &Option<usize>| place.map_or(Value::from(()), |index| row.cells[index].clone());
            rows.extend(table.rows.iter().map(|row| places.iter().map(|place| cell(row, place)).collect()));
        }
        Value::from_object(Self::new(names, types, rows))
    }

    /// agate's word for the type of a column.
    fn agate_type(&self, index: usize) -> &'static str {
        match self.seed_type(index) {
            Some("integer") => "Integer",
            Some("float8") => "Number",
            Some("boolean") => "Boolean",
            Some("date") => "Date",
            Some("time") => "TimeDelta",
            Some("timestamp without time zone") => "DateTime",
            _ => "Text",
        }
    }

    fn column(&self, index: usize) -> Value {
        let values = self.rows.iter().map(|row| row.cells.get(index).cloned().unwrap_or_default()).collect();
        Value::from_object(ColumnValues {
            name: self.names[index].clone(),
            data_type: self.types[index].clone(),
            values,
        })
    }

    fn columns(&self) -> Value {
        let columns = (0..self.names.len()).map(|index| self.column(index)).collect();
        Value::from_object(Named { names: self.names.clone(), values: columns })
    }

    fn rows(&self) -> Value {
        let rows = self.rows.iter().map(|row| Value::from_dyn_object(row.clone())).collect();
        Value::from_object(Named { names: Vec::new(), values: rows })
    }

    fn renamed(&self, call: &Call) -> Value {
        let mut names = self.names.clone();
        if let Some(given) = call.get(0, "column_names") {
            let pairs = given.as_object().and_then(minijinja::value::DynObject::try_iter_pairs);
            let is_mapping = given.as_object().is_some_and(|o| o.repr() == ObjectRepr::Map);
            if let (true, Some(pairs)) = (is_mapping, pairs) {
                for (old, new) in pairs {
                    names
                        .iter_mut()
                        .filter(|name| **name == python::str(&old))
                        .for_each(|name| *name = python::str(&new));
                }
            } else if let Ok(items) = given.try_iter() {
                names = items.map(|item| python::str(&item)).collect();
            }
        }
        self.with_rows(names, self.rows.clone())
    }

    fn with_rows(&self, names: Vec<String>, rows: Vec<Arc<RowValue>>) -> Value {
        Value::from_object(Self::new(
            names,
            self.types.clone(),
            rows.into_iter().map(|row| row.cells.clone()).collect(),
        ))
    }

    fn filtered(&self, state: &mut State<'_, '_>, test: &Value) -> Result<Value, Error> {
        let mut kept = Vec::new();
        for row in &self.rows {
            if test.call(state, &[Value::from_dyn_object(row.clone())])?.is_true() {
                kept.push(row.clone());
            }
        }
        Ok(self.with_rows(self.names.clone(), kept))
    }

    fn selected(&self, keep: impl Fn(&str) -> bool) -> Value {
        let wanted: Vec<usize> = (0..self.names.len()).filter(|index| keep(&self.names[*index])).collect();
        let pick = |row: &Arc<RowValue>| wanted.iter().map(|index| row.cells[*index].clone()).collect();
        let names = wanted.iter().map(|index| self.names[*index].clone()).collect();
        let types = wanted.iter().map(|index| self.types[*index].clone()).collect();
        Value::from_object(Self::new(names, types, self.rows.iter().map(pick).collect()))
    }
}

/// One value of a result, as agate types it: numbers are Decimals, text is text.
pub(super) fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::from(()),
        Cell::Boolean(value) => Value::from(*value),
        Cell::Integer(value) => i64::try_from(*value).map_or_else(|_| Value::from(*value), Value::from),
        Cell::Decimal(value) => python::decimal(value.clone()),
        Cell::Float(value) => Value::from(*value),
        Cell::Text(text) | Cell::Json(text) => Value::from(text.clone()),
        Cell::Date(date) => python::date(*date),
        Cell::Timestamp(time) => python::naive_datetime(*time),
        Cell::TimestampTz(time) => python::datetime(time.to_utc()),
        other => Value::from(other.to_string()),
    }
}

impl Object for TableValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "columns" => self.columns(),
            "rows" => self.rows(),
            "column_names" => python::tuple(self.names.iter().map(|name| Value::from(name.clone())).collect()),
            "__repr__" => Value::from("<agate.table.Table object>"),
            "column_types" => python::tuple(self.types.iter().map(|name| Value::from(name.clone())).collect()),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rows.iter().map(|row| Value::from_dyn_object(row.clone())).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.rows.len())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let key_list = |value: &Value| -> Vec<String> {
            value
                .as_str()
                .map(|s| vec![s.to_owned()])
                .or_else(|| Some(value.try_iter().ok()?.map(|v| python::str(&v)).collect()))
                .unwrap_or_default()
        };
        match method {
            "print_table" | "print_csv" | "print_json" => Ok(Value::from("")),
            "rename" => Ok(self.renamed(&call)),
            "merge" => {
                let tables = call.required(0, "tables")?.try_iter()?.map(|table| table.downcast_object::<Self>());
                let tables: Option<Vec<_>> = tables.collect();
                let fail = || Error::new(minijinja::ErrorKind::InvalidOperation, "`merge` takes a list of tables");
                Ok(Self::merged(&tables.ok_or_else(fail)?))
            }
            "where" => self.filtered(state, &call.required(0, "test")?),
            "select" => {
                let keys = key_list(&call.required(0, "key")?);
                Ok(self.selected(|name| keys.iter().any(|key| key == name)))
            }
            "exclude" => {
                let keys = key_list(&call.required(0, "key")?);
                Ok(self.selected(|name| !keys.iter().any(|key| key == name)))
            }
            "limit" => {
                let end = call.get(0, "start_or_stop").and_then(|v| usize::try_from(v).ok()).unwrap_or(self.rows.len());
                Ok(self.with_rows(self.names.clone(), self.rows.iter().take(end).cloned().collect()))
            }
            _ => Err(unknown_method("a result table", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let types: Vec<&str> = (0..self.names.len()).map(|index| self.agate_type(index)).collect();
        let width = |words: &mut dyn Iterator<Item = usize>, least: usize| words.fold(least, usize::max);
        let first = width(&mut self.names.iter().map(|name| name.chars().count()), "column".len());
        let second = width(&mut types.iter().map(|name| name.len()), "data_type".len());
        writeln!(f, "| {:first$} | {:second$} |", "column", "data_type")?;
        writeln!(f, "| {:-<first$} | {:-<second$} |", "", "")?;
        for (name, data_type) in self.names.iter().zip(&types) {
            writeln!(f, "| {name:first$} | {data_type:second$} |")?;
        }
        Ok(())
    }
}

/// A sequence whose items can also be taken by name: `table.columns['x']`.
#[derive(Debug)]
struct Named {
    names: Vec<String>,
    values: Vec<Value>,
}

impl Named {
    fn position(&self, key: &Value) -> Option<usize> {
        if let Some(name) = key.as_str() {
            return self.names.iter().position(|known| known == name);
        }
        index(key, self.values.len())
    }
}

/// A Python index into a sequence of this length; negative ones count from the end.
fn index(key: &Value, length: usize) -> Option<usize> {
    let index = i64::try_from(key.clone()).ok()?;
    let length = i64::try_from(length).ok()?;
    usize::try_from(if index < 0 { index + length } else { index })
        .ok()
        .filter(|i| *i < usize::try_from(length).unwrap_or(0))
}

impl Object for Named {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.values.get(self.position(key)?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let keys = || self.names.iter().map(|name| Value::from(name.clone()));
        Ok(match method {
            "keys" => python::tuple(keys().collect()),
            "values" => python::tuple(self.values.clone()),
            "items" => python::tuple(
                keys().zip(&self.values).map(|(key, value)| python::tuple(vec![key, value.clone()])).collect(),
            ),
            "get" => self
                .position(&call.required(0, "key")?)
                .map(|i| self.values[i].clone())
                .or(call.get(1, "default"))
                .unwrap_or(Value::from(())),
            _ => return Err(unknown_method("a sequence", method)),
        })
    }
}

impl Object for RowValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let position = match key.as_str() {
            Some(name) => self.names.iter().position(|known| known == name)?,
            None => index(key, self.cells.len())?,
        };
        self.cells.get(position).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.cells.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let names = || self.names.iter().map(|name| Value::from(name.clone()));
        let pairs = || names().zip(self.cells.iter().cloned());
        Ok(match method {
            "keys" => python::tuple(names().collect()),
            "values" => python::tuple(self.cells.clone()),
            "items" => python::tuple(pairs().map(|(key, value)| python::tuple(vec![key, value])).collect()),
            "dict" => python::dict(pairs().collect())?,
            "get" => self.get_value(&call.required(0, "key")?).or(call.get(1, "default")).unwrap_or(Value::from(())),
            _ => return Err(unknown_method("a row", method)),
        })
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cells: Vec<String> = self.cells.iter().map(python::repr).collect();
        write!(f, "<agate.Row: ({})>", cells.join(", "))
    }
}

impl Object for ColumnValues {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some("name") => Some(Value::from(self.name.clone())),
            Some("data_type") => Some(Value::from(self.data_type.clone())),
            Some(_) => None,
            None => self.values.get(index(key, self.values.len())?).cloned(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        let mut distinct: Vec<Value> = Vec::new();
        Ok(match method {
            "values" => python::tuple(self.values.clone()),
            "values_distinct" => {
                self.values.iter().for_each(|v| {
                    if !distinct.contains(v) {
                        distinct.push(v.clone());
                    }
                });
                python::tuple(distinct)
            }
            "values_without_nulls" => python::tuple(self.values.iter().filter(|v| !v.is_none()).cloned().collect()),
            _ => return Err(unknown_method("a result's column", method)),
        })
    }
}
