//! Snowflake's results as cells. Rows come as Arrow, in Snowflake's own encoding of its types, or as JSON text.

use std::str::FromStr;
use std::sync::Arc;

use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::root_as_message;
use arrow_ipc::writer::StreamWriter;
use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use duckdb::arrow::array::types::{Date32Type, Int8Type, Int16Type, Int32Type, Int64Type};
use duckdb::arrow::array::{Array, ArrayRef, AsArray};
use duckdb::arrow::datatypes::{DataType, Field, Schema};
use serde_json::Value;
use snowflake_api::{FieldSchema, SnowflakeType};

use crate::warehouse::arrow::cell as plain_cell;
use crate::warehouse::{Cell, Column};

/// The columns of a result, in Snowflake's words.
pub(super) fn columns(schema: &[FieldSchema]) -> Vec<Column> {
    let column =
        |field: &FieldSchema| Column { nullable: field.nullable, ..Column::new(field.name.clone(), type_name(field)) };
    schema.iter().map(column).collect()
}

/// A column's type as Snowflake writes it.
fn type_name(field: &FieldSchema) -> String {
    if let Some(name) = field.ext_type_name.as_deref().filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let scale = field.scale.unwrap_or(9);
    match field.type_ {
        SnowflakeType::Fixed => {
            format!("NUMBER({},{})", field.precision.unwrap_or(38), field.scale.unwrap_or(0))
        }
        SnowflakeType::Real => "FLOAT".to_owned(),
        SnowflakeType::Text => sized("VARCHAR", field.length),
        SnowflakeType::Binary => sized("BINARY", field.length),
        SnowflakeType::Date => "DATE".to_owned(),
        SnowflakeType::Time => format!("TIME({scale})"),
        SnowflakeType::TimestampNtz => format!("TIMESTAMP_NTZ({scale})"),
        SnowflakeType::TimestampLtz => format!("TIMESTAMP_LTZ({scale})"),
        SnowflakeType::TimestampTz => format!("TIMESTAMP_TZ({scale})"),
        SnowflakeType::Boolean => "BOOLEAN".to_owned(),
        SnowflakeType::Variant => "VARIANT".to_owned(),
        SnowflakeType::Object => "OBJECT".to_owned(),
        SnowflakeType::Array => "ARRAY".to_owned(),
        SnowflakeType::Map => "MAP".to_owned(),
        SnowflakeType::Decfloat => "DECFLOAT".to_owned(),
        SnowflakeType::Vector => {
            let element = field.fields.first().map_or("FLOAT".to_owned(), type_name);
            format!("VECTOR({element}, {})", field.vector_dimension.unwrap_or_default())
        }
    }
}

/// A type with its length, if it has one.
fn sized(name: &str, length: Option<i64>) -> String {
    length.filter(|length| *length > 0).map_or(name.to_owned(), |length| format!("{name}({length})"))
}

/// The rows of one part of an Arrow result.
pub(super) fn arrow_rows(
    bytes: &[u8],
    schema: &[FieldSchema],
    zone: Option<&str>,
    rows: &mut Vec<Vec<Cell>>,
) -> Result<(), String> {
    let failed = |e: &dyn std::fmt::Display| format!("cannot read a part of the result: {e}");
    let bytes = with_nullable_parts(bytes).map_err(|e| failed(&e))?;
    let reader = StreamReader::try_new(bytes.as_slice(), None).map_err(|e| failed(&e))?;
    for batch in reader {
        let batch = batch.map_err(|e| failed(&e))?;
        if batch.num_columns() != schema.len() {
            return Err(failed(&format!("{} columns instead of {}", batch.num_columns(), schema.len())));
        }
        let start = rows.len();
        rows.extend((0..batch.num_rows()).map(|_| Vec::with_capacity(schema.len())));
        for ((array, column), field) in batch.columns().iter().zip(schema).zip(batch.schema().fields()) {
            for row in 0..batch.num_rows() {
                let cell = arrow_cell(array, field, row, column, zone);
                rows[start + row].push(cell.map_err(|e| format!("column `{}`: {e}", column.name))?);
            }
        }
    }
    Ok(())
}

/// The same stream with the parts of structs declared nullable. Timestamps are structs whose parts are null when the
/// timestamp is, which some servers declare impossible, and Arrow's reader then refuses.
fn with_nullable_parts(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let header = bytes.get(..8).ok_or("it is too short")?;
    if header[..4] != [0xFF; 4] {
        return Ok(bytes.to_vec());
    }
    let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let end = usize::try_from(length).map_err(|e| e.to_string())? + 8;
    let message = root_as_message(bytes.get(8..end).ok_or("it is cut off")?).map_err(|e| e.to_string())?;
    let Some(schema) = message.header_as_schema().map(fb_to_schema) else { return Ok(bytes.to_vec()) };
    let fields: Vec<Field> = schema.fields().iter().map(|field| nullable(field)).collect();
    let relaxed = Schema::new_with_metadata(fields, schema.metadata().clone());
    if relaxed == schema {
        return Ok(bytes.to_vec());
    }
    let mut stream = Vec::with_capacity(bytes.len() + 64);
    StreamWriter::try_new(&mut stream, &relaxed).and_then(|mut writer| writer.flush()).map_err(|e| e.to_string())?;
    stream.extend_from_slice(&bytes[end..]);
    Ok(stream)
}

/// The field with nullable parts, if it is a struct.
fn nullable(field: &Field) -> Field {
    let DataType::Struct(parts) = field.data_type() else { return field.clone() };
    let parts = parts.iter().map(|part| Arc::new(part.as_ref().clone().with_nullable(true)));
    field.clone().with_data_type(DataType::Struct(parts.collect()))
}

/// One value of an Arrow result.
fn arrow_cell(
    array: &ArrayRef,
    field: &Field,
    row: usize,
    column: &FieldSchema,
    zone: Option<&str>,
) -> Result<Cell, String> {
    if array.is_null(row) {
        return Ok(Cell::Null);
    }
    let scale = u32::try_from(column.scale.unwrap_or(0)).unwrap_or(0);
    match column.type_ {
        SnowflakeType::Fixed => match whole(array, row) {
            Some(digits) => Ok(scaled(i128::from(digits), scale)),
            None => match plain_cell(array, field, row)? {
                Cell::Decimal(value) if value.fractional_digit_count() == 0 => integer(&value),
                other => Ok(other),
            },
        },
        SnowflakeType::Date => {
            let days = array.as_primitive_opt::<Date32Type>().ok_or("a date is not a number of days")?;
            date(days.value(row).into())
        }
        SnowflakeType::Time => {
            let value = whole(array, row).ok_or("a time is not a number")?;
            time(in_nanos(i128::from(value), scale)?)
        }
        SnowflakeType::TimestampNtz | SnowflakeType::TimestampLtz | SnowflakeType::TimestampTz => {
            let Some((nanos, minutes)) = instant(array, row, scale)? else { return Ok(Cell::Null) };
            timestamp(&column.type_, nanos, minutes, zone)
        }
        SnowflakeType::Variant | SnowflakeType::Object | SnowflakeType::Array | SnowflakeType::Map => {
            match plain_cell(array, field, row)? {
                Cell::Text(text) => Ok(Cell::Json(text)),
                other => Ok(other),
            }
        }
        _ => plain_cell(array, field, row),
    }
}

/// A whole number of any width.
fn whole(array: &ArrayRef, row: usize) -> Option<i64> {
    Some(match array.data_type() {
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row),
        _ => return None,
    })
}

/// Digits with a scale: a whole number when the scale is nothing.
fn scaled(digits: i128, scale: u32) -> Cell {
    if scale == 0 { Cell::Integer(digits) } else { Cell::Decimal(BigDecimal::new(digits.into(), scale.into())) }
}

/// A decimal without a fraction as a whole number.
fn integer(value: &BigDecimal) -> Result<Cell, String> {
    value.to_plain_string().parse().map(Cell::Integer).map_err(|_| format!("`{value}` is out of range"))
}

/// A count of fractions of a second as nanoseconds.
fn in_nanos(value: i128, scale: u32) -> Result<i128, String> {
    let factor = 10i128.checked_pow(9u32.checked_sub(scale).ok_or("a scale above 9")?).ok_or("a scale below 0")?;
    value.checked_mul(factor).ok_or_else(|| format!("`{value}` is out of range"))
}

/// Nanoseconds since 1970 and, where the value has one, the offset in minutes; nothing when the parts are null, which
/// is how some servers write NULL.
fn instant(array: &ArrayRef, row: usize, scale: u32) -> Result<Option<(i128, Option<i32>)>, String> {
    let Some(parts) = array.as_struct_opt() else {
        let value = whole(array, row).ok_or("a timestamp is not a number")?;
        return Ok(Some((in_nanos(i128::from(value), scale)?, None)));
    };
    let part = |name: &str| {
        let part = parts.column_by_name(name).filter(|part| !part.is_null(row))?;
        whole(part, row)
    };
    let Some(epoch) = part("epoch").map(i128::from) else { return Ok(None) };
    let nanos = match part("fraction") {
        Some(fraction) => epoch * 1_000_000_000 + i128::from(fraction),
        None => in_nanos(epoch, scale)?,
    };
    Ok(Some((nanos, part("timezone").and_then(|minutes| i32::try_from(minutes - 1440).ok()))))
}

/// A timestamp of one of the three kinds.
fn timestamp(kind: &SnowflakeType, nanos: i128, minutes: Option<i32>, zone: Option<&str>) -> Result<Cell, String> {
    let out_of_range = || format!("a timestamp of {nanos} ns is out of range");
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).map_err(|_| out_of_range())?;
    let rest = u32::try_from(nanos.rem_euclid(1_000_000_000)).map_err(|_| out_of_range())?;
    let utc = DateTime::<Utc>::from_timestamp(seconds, rest).ok_or_else(out_of_range)?;
    Ok(match kind {
        SnowflakeType::TimestampNtz => Cell::Timestamp(utc.naive_utc()),
        SnowflakeType::TimestampTz => {
            let offset = FixedOffset::east_opt(minutes.unwrap_or(0) * 60).ok_or("an offset of more than a day")?;
            Cell::TimestampTz(utc.with_timezone(&offset))
        }
        _ => {
            let zone: chrono_tz::Tz = zone.and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::UTC);
            Cell::TimestampTz(utc.with_timezone(&zone.offset_from_utc_datetime(&utc.naive_utc()).fix()))
        }
    })
}

/// A date from days since 1970.
fn date(days: i64) -> Result<Cell, String> {
    let date = TimeDelta::try_days(days).and_then(|delta| NaiveDate::default().checked_add_signed(delta));
    date.map(Cell::Date).ok_or_else(|| format!("a date of {days} days is out of range"))
}

/// A time of day from nanoseconds.
fn time(nanos: i128) -> Result<Cell, String> {
    let seconds = u32::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(u32::MAX);
    let rest = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest);
    time.map(Cell::Time).ok_or_else(|| format!("a time of {nanos} ns is out of range"))
}

/// The rows of a JSON result: an array of arrays of text.
pub(super) fn json_rows(value: &Value, schema: &[FieldSchema], zone: Option<&str>) -> Result<Vec<Vec<Cell>>, String> {
    let rows = value.as_array().ok_or("the result is not a list of rows")?;
    let row = |row: &Value| {
        let cells = row.as_array().ok_or("a row is not a list")?;
        let cells = cells
            .iter()
            .zip(schema)
            .map(|(cell, column)| json_cell(cell, column, zone).map_err(|e| format!("column `{}`: {e}", column.name)));
        cells.collect::<Result<Vec<_>, String>>()
    };
    rows.iter().map(row).collect()
}

/// One value of a JSON result.
fn json_cell(value: &Value, column: &FieldSchema, zone: Option<&str>) -> Result<Cell, String> {
    let text = match value {
        Value::Null => return Ok(Cell::Null),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let unreadable = || format!("`{text}` is not a value of type {}", type_name(column));
    match column.type_ {
        SnowflakeType::Fixed => {
            let value = BigDecimal::from_str(&text).map_err(|_| unreadable())?;
            if column.scale.unwrap_or(0) == 0 { integer(&value) } else { Ok(Cell::Decimal(value)) }
        }
        SnowflakeType::Real => text.parse().map(Cell::Float).map_err(|_| unreadable()),
        SnowflakeType::Boolean => Ok(Cell::Boolean(text == "1" || text.eq_ignore_ascii_case("true"))),
        SnowflakeType::Date => date(text.parse().map_err(|_| unreadable())?),
        SnowflakeType::Time => time(nanos(&text).ok_or_else(unreadable)?),
        SnowflakeType::TimestampNtz | SnowflakeType::TimestampLtz | SnowflakeType::TimestampTz => {
            let (instant, minutes) = match text.split_once(' ') {
                Some((instant, minutes)) => (instant, Some(minutes.parse::<i32>().map_err(|_| unreadable())? - 1440)),
                None => (text.as_str(), None),
            };
            timestamp(&column.type_, nanos(instant).ok_or_else(unreadable)?, minutes, zone)
        }
        SnowflakeType::Binary => bytes(&text).map(Cell::Binary).ok_or_else(unreadable),
        SnowflakeType::Variant | SnowflakeType::Object | SnowflakeType::Array | SnowflakeType::Map => {
            Ok(Cell::Json(text))
        }
        _ => Ok(Cell::Text(text)),
    }
}

/// Seconds with a fraction as nanoseconds.
fn nanos(text: &str) -> Option<i128> {
    let seconds = BigDecimal::from_str(text).ok()?;
    let nanos = (seconds * BigDecimal::from(1_000_000_000)).with_scale(0);
    nanos.to_plain_string().parse().ok()
}

/// Bytes from their hexadecimal digits.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if digits.len() % 2 == 1 { None } else { digits.chunks(2).map(pair).collect() }
}
