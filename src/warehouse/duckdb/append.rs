//! Rows appended to a table through the Arrow appender. A column is sent as what its cells are; `DuckDB` casts it to
//! the table's type, so that text becomes whatever the column holds. JSON is not validated here: the caller has done so.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use duckdb::Connection;
use duckdb::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use duckdb::arrow::datatypes::{Field, Schema};

use super::operation_error;
use crate::sql::Relation;
use crate::warehouse::{Cell, WarehouseError};

/// Rows in one batch.
const BATCH: usize = 20_480;

/// Appends the rows; on an error nothing of the call is kept when a transaction is open and rolled back.
pub(super) fn append(
    connection: &Connection,
    table: &Relation,
    columns: &[String],
    rows: &[Vec<Cell>],
) -> Result<u64, WarehouseError> {
    if let Some(row) = rows.iter().position(|row| row.len() != columns.len()) {
        let (has, wants) = (rows[row].len(), columns.len());
        return Err(WarehouseError::new(format!("row {} has {has} values for {wants} columns", row + 1)));
    }
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let name = table.identifier.as_str();
    let appender = match (table.database.as_deref(), table.schema.as_deref()) {
        (Some(database), Some(schema)) => {
            connection.appender_with_columns_to_catalog_and_db(name, database, schema, &names)
        }
        (None, Some(schema)) => connection.appender_with_columns_to_db(name, schema, &names),
        _ => connection.appender_with_columns(name, &names),
    };
    let failed = |e: duckdb::Error| {
        let error = operation_error(&e);
        WarehouseError { message: format!("cannot append to `{}`: {}", table.render(), error.message), ..error }
    };
    let mut appender = appender.map_err(failed)?;
    for batch in rows.chunks(BATCH) {
        appender.append_record_batch(record_batch(columns, batch)?).map_err(failed)?;
    }
    appender.flush().map_err(failed)?;
    Ok(rows.len() as u64)
}

/// The rows as Arrow.
fn record_batch(columns: &[String], rows: &[Vec<Cell>]) -> Result<RecordBatch, WarehouseError> {
    let arrays: Vec<ArrayRef> = (0..columns.len()).map(|index| array(rows, index)).collect();
    let fields: Vec<Field> =
        columns.iter().zip(&arrays).map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| WarehouseError::new(e.to_string()))
}

/// One column: of the cells' type if they agree and Arrow holds all of them exactly, otherwise as text.
fn array(rows: &[Vec<Cell>], index: usize) -> ArrayRef {
    let cells = || rows.iter().map(|row| &row[index]);
    let Some(first) = cells().find(|cell| **cell != Cell::Null) else {
        return Arc::new(StringArray::new_null(rows.len()));
    };
    let typed: Option<ArrayRef> = match first {
        Cell::Boolean(_) => collect(cells(), boolean).map(|v| Arc::new(BooleanArray::from(v)) as ArrayRef),
        Cell::Integer(_) => collect(cells(), integer).map(|v| Arc::new(Int64Array::from(v)) as ArrayRef),
        Cell::Float(_) => collect(cells(), float).map(|v| Arc::new(Float64Array::from(v)) as ArrayRef),
        Cell::Date(_) => collect(cells(), date).map(|v| Arc::new(Date32Array::from(v)) as ArrayRef),
        Cell::Time(_) => collect(cells(), time).map(|v| Arc::new(Time64MicrosecondArray::from(v)) as ArrayRef),
        Cell::Timestamp(_) => {
            collect(cells(), timestamp).map(|v| Arc::new(TimestampMicrosecondArray::from(v)) as ArrayRef)
        }
        Cell::TimestampTz(_) => collect(cells(), timestamp_tz)
            .map(|v| Arc::new(TimestampMicrosecondArray::from(v).with_timezone("UTC")) as ArrayRef),
        Cell::Binary(_) => {
            collect(cells(), binary).map(|v| Arc::new(v.into_iter().collect::<BinaryArray>()) as ArrayRef)
        }
        Cell::Null | Cell::Decimal(_) | Cell::Text(_) | Cell::Json(_) => None,
    };
    typed.unwrap_or_else(|| Arc::new(cells().map(text).collect::<StringArray>()))
}

/// Every cell through `convert`; `None` when one of them cannot be.
fn collect<'a, T>(
    cells: impl Iterator<Item = &'a Cell>,
    convert: impl Fn(&'a Cell) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    cells.map(|cell| if *cell == Cell::Null { Some(None) } else { convert(cell).map(Some) }).collect()
}

fn boolean(cell: &Cell) -> Option<bool> {
    if let Cell::Boolean(value) = cell { Some(*value) } else { None }
}

fn integer(cell: &Cell) -> Option<i64> {
    if let Cell::Integer(value) = cell { i64::try_from(*value).ok() } else { None }
}

fn float(cell: &Cell) -> Option<f64> {
    if let Cell::Float(value) = cell { Some(*value) } else { None }
}

fn date(cell: &Cell) -> Option<i32> {
    let Cell::Date(value) = cell else { return None };
    i32::try_from(value.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

fn time(cell: &Cell) -> Option<i64> {
    let Cell::Time(value) = cell else { return None };
    let nanos = value.nanosecond();
    nanos
        .is_multiple_of(1000)
        .then(|| i64::from(value.num_seconds_from_midnight()) * 1_000_000 + i64::from(nanos / 1000))
}

fn timestamp(cell: &Cell) -> Option<i64> {
    if let Cell::Timestamp(value) = cell { micros(value) } else { None }
}

fn timestamp_tz(cell: &Cell) -> Option<i64> {
    if let Cell::TimestampTz(value) = cell { micros(&value.naive_utc()) } else { None }
}

/// Microseconds since 1970, if nothing is lost.
fn micros(value: &NaiveDateTime) -> Option<i64> {
    value.nanosecond().is_multiple_of(1000).then(|| value.and_utc().timestamp_micros())
}

fn binary(cell: &Cell) -> Option<&[u8]> {
    if let Cell::Binary(value) = cell { Some(value) } else { None }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Binary(bytes) => Some(bytes.iter().flat_map(|byte| ["\\x".to_owned(), format!("{byte:02X}")]).collect()),
        other => Some(other.to_string()),
    }
}
