//! `DuckDB`'s Arrow results as cells, without loss: the session asks for lossless conversion, in which types that Arrow
//! lacks come as bytes with the type's name in the field's metadata.

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::{BigInt, Sign};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use duckdb::arrow::array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, Time64NanosecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use duckdb::arrow::array::{Array, ArrayRef, AsArray};
use duckdb::arrow::datatypes::{
    DataType, Field, FieldRef, Fields, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};

use super::Cell;

/// Rows being read from batches.
#[derive(Default)]
pub(super) struct Rows(pub Vec<Vec<Cell>>);

impl Rows {
    /// Adds a batch's rows.
    pub(super) fn extend(&mut self, columns: &[ArrayRef], fields: &Fields) -> Result<(), String> {
        let start = self.0.len();
        let count = columns.first().map_or(0, Array::len);
        self.0.extend((0..count).map(|_| Vec::with_capacity(columns.len())));
        for (column, field) in columns.iter().zip(fields) {
            for row in 0..count {
                self.0[start + row].push(cell(column, field, row)?);
            }
        }
        Ok(())
    }
}

/// What a field is beyond its Arrow type.
fn extension(field: &Field) -> Option<&str> {
    match field.metadata().get("ARROW:extension:name")?.as_str() {
        "arrow.opaque" => {
            let metadata = field.metadata().get("ARROW:extension:metadata")?;
            let name = metadata.split_once("\"type_name\":\"")?.1;
            name.split('"').next()
        }
        other => Some(other),
    }
}

/// The type as `DuckDB` writes it. The values, when there are any, give an enum's words.
pub(super) fn type_name(field: &Field, values: Option<&ArrayRef>) -> String {
    match extension(field) {
        Some("arrow.json") => return "JSON".to_owned(),
        Some("arrow.bool8") => return "BOOLEAN".to_owned(),
        Some("arrow.uuid") => return "UUID".to_owned(),
        Some("geoarrow.wkb") => return "GEOMETRY".to_owned(),
        Some("time_tz") => return "TIME WITH TIME ZONE".to_owned(),
        Some(name) if !name.contains('.') => return name.to_uppercase(),
        _ => {}
    }
    let name = match field.data_type() {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "UTINYINT",
        DataType::UInt16 => "USMALLINT",
        DataType::UInt32 => "UINTEGER",
        DataType::UInt64 => "UBIGINT",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Date32 => "DATE",
        DataType::Time64(TimeUnit::Nanosecond) => "TIME_NS",
        DataType::Time64(_) => "TIME",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Timestamp(TimeUnit::Second, None) => "TIMESTAMP_S",
        DataType::Timestamp(TimeUnit::Millisecond, None) => "TIMESTAMP_MS",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP",
        DataType::Timestamp(TimeUnit::Nanosecond, None) => "TIMESTAMP_NS",
        DataType::Interval(_) => "INTERVAL",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BLOB",
        other => return nested_type_name(other, values),
    };
    name.to_owned()
}

/// The name of a type with parts.
fn nested_type_name(data_type: &DataType, values: Option<&ArrayRef>) -> String {
    let inner = |field: &FieldRef| type_name(field, None);
    let named = |fields: &mut dyn Iterator<Item = &FieldRef>| {
        fields.map(|f| format!("{} {}", f.name(), inner(f))).collect::<Vec<_>>().join(", ")
    };
    match data_type {
        DataType::Decimal128(width, scale) => format!("DECIMAL({width},{scale})"),
        DataType::List(item) | DataType::LargeList(item) => format!("{}[]", inner(item)),
        DataType::FixedSizeList(item, size) => format!("{}[{size}]", inner(item)),
        DataType::Struct(fields) => format!("STRUCT({})", named(&mut fields.iter())),
        DataType::Union(fields, _) => format!("UNION({})", named(&mut fields.iter().map(|(_, field)| field))),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                format!("MAP({}, {})", inner(&fields[0]), inner(&fields[1]))
            }
            _ => "MAP".to_owned(),
        },
        DataType::Dictionary(_, _) => {
            let words = values.and_then(|array| array.as_any_dictionary_opt());
            let words = words.and_then(|dictionary| dictionary.values().as_string_opt::<i32>());
            words.map_or("ENUM".to_owned(), |words| {
                let words: Vec<String> = words.iter().flatten().map(super::duckdb::literal).collect();
                format!("ENUM({})", words.join(", "))
            })
        }
        other => other.to_string(),
    }
}

/// One value.
pub(super) fn cell(array: &ArrayRef, field: &Field, row: usize) -> Result<Cell, String> {
    if array.is_null(row) {
        return Ok(Cell::Null);
    }
    if let Some(name) = extension(field) {
        return extension_cell(array, name, row);
    }
    Ok(match array.data_type() {
        DataType::Boolean => Cell::Boolean(array.as_boolean().value(row)),
        DataType::Int8 => Cell::Integer(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Cell::Integer(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Cell::Integer(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Integer(array.as_primitive::<Int64Type>().value(row).into()),
        DataType::UInt8 => Cell::Integer(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Cell::Integer(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Cell::Integer(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => Cell::Integer(array.as_primitive::<UInt64Type>().value(row).into()),
        DataType::Float32 => Cell::Float(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            let digits = BigInt::from(array.as_primitive::<Decimal128Type>().value(row));
            Cell::Decimal(BigDecimal::new(digits, i64::from(*scale)))
        }
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Binary => Cell::Binary(array.as_binary::<i32>().value(row).to_owned()),
        DataType::LargeBinary => Cell::Binary(array.as_binary::<i64>().value(row).to_owned()),
        DataType::Date32 => date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Nanosecond) => time(array.as_primitive::<Time64NanosecondType>().value(row)),
        DataType::Time64(_) => time(array.as_primitive::<Time64MicrosecondType>().value(row).saturating_mul(1000)),
        DataType::Timestamp(unit, zone) => timestamp(array, *unit, zone.as_deref(), row),
        DataType::Interval(_) => Cell::Text(interval(array.as_primitive::<IntervalMonthDayNanoType>().value(row))),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let word = dictionary.normalized_keys().get(row).copied().unwrap_or_default();
            Cell::Text(dictionary.values().as_string::<i32>().value(word).to_owned())
        }
        // A union has no validity of its own: it is null when its value is.
        DataType::Union(_, _) if array.as_union().value(row).is_null(0) => Cell::Null,
        _ => {
            let mut text = String::new();
            json(array, field, row, &mut text)?;
            Cell::Json(text)
        }
    })
}

/// A value of a type that Arrow lacks.
fn extension_cell(array: &ArrayRef, name: &str, row: usize) -> Result<Cell, String> {
    if name == "arrow.bool8" {
        let value = array.as_primitive_opt::<Int8Type>().ok_or("a boolean column is not of bytes")?;
        return Ok(Cell::Boolean(value.value(row) != 0));
    }
    if name == "arrow.json" {
        let text = array.as_string_opt::<i32>().ok_or("a JSON column is not text")?;
        return Ok(Cell::Json(text.value(row).to_owned()));
    }
    let bytes = match array.data_type() {
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row),
        DataType::Binary => array.as_binary::<i32>().value(row),
        other => return Err(format!("a column of type `{name}` came as `{other}`")),
    };
    Ok(match (name, bytes) {
        ("hugeint", bytes) => Cell::Integer(i128::from_le_bytes(fixed(bytes)?)),
        ("uhugeint", bytes) => big(BigInt::from(u128::from_le_bytes(fixed(bytes)?))),
        ("arrow.uuid", bytes) => Cell::Text(uuid::Uuid::from_bytes(fixed(bytes)?).to_string()),
        ("time_tz", bytes) => Cell::Text(time_tz(u64::from_le_bytes(fixed(bytes)?))),
        ("bit", bytes) => Cell::Text(bits(bytes)),
        ("bignum", bytes) => big(bignum(bytes)),
        (_, bytes) => Cell::Binary(bytes.to_owned()),
    })
}

/// Bytes of a known length.
fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("a value of {} bytes where {N} were expected", bytes.len()))
}

/// A whole number of any size.
fn big(value: BigInt) -> Cell {
    i128::try_from(&value).map_or_else(|_| Cell::Decimal(BigDecimal::new(value, 0)), Cell::Integer)
}

/// `BIGNUM`: three bytes of length with the sign in the first bit, then the digits; all inverted when negative.
fn bignum(bytes: &[u8]) -> BigInt {
    let negative = bytes.first().is_none_or(|byte| byte & 0x80 == 0);
    let digits: Vec<u8> = bytes.iter().skip(3).map(|byte| if negative { !byte } else { *byte }).collect();
    BigInt::from_bytes_be(if negative { Sign::Minus } else { Sign::Plus }, &digits)
}

/// `BIT`: a byte with the number of padding bits, then the bits.
fn bits(bytes: &[u8]) -> String {
    let padding = usize::from(bytes.first().copied().unwrap_or_default());
    let bit = |byte: &u8, place: u8| if byte & (0x80 >> place) == 0 { '0' } else { '1' };
    let all = bytes.iter().skip(1).flat_map(|byte| (0..8).map(move |place| bit(byte, place)));
    all.skip(padding).collect()
}

/// A date; beyond the calendar's range as `DuckDB` writes it.
fn date(days: i32) -> Cell {
    match days {
        i32::MAX => Cell::Text("infinity".to_owned()),
        i32::MIN..=-2_147_483_647 => Cell::Text("-infinity".to_owned()),
        days => NaiveDate::default()
            .checked_add_signed(TimeDelta::days(days.into()))
            .map_or_else(|| Cell::Text(far_date(days.into())), Cell::Date),
    }
}

/// The proleptic Gregorian date of a day that `chrono` has no date for.
fn far_date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if year > 0 { format!("{year}-{month:02}-{day:02}") } else { format!("{}-{month:02}-{day:02} (BC)", 1 - year) }
}

/// A time of day from nanoseconds; 24:00:00 is text.
fn time(nanos: i64) -> Cell {
    let seconds = u32::try_from(nanos / 1_000_000_000).unwrap_or(u32::MAX);
    let rest = u32::try_from(nanos % 1_000_000_000).unwrap_or_default();
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest)
        .map_or_else(|| Cell::Text(clock(nanos / 1000)), Cell::Time)
}

/// `TIME WITH TIME ZONE`: microseconds above 24 bits of offset, counted down from the largest.
fn time_tz(bits: u64) -> String {
    let micros = i64::try_from(bits >> 24).unwrap_or_default();
    let offset = 57_599 - i64::try_from(bits & 0xFF_FFFF).unwrap_or_default();
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes, seconds) = (offset.abs() / 3600, offset.abs() / 60 % 60, offset.abs() % 60);
    let mut text = format!("{}{sign}{hours:02}", clock(micros));
    if minutes != 0 || seconds != 0 {
        text = format!("{text}:{minutes:02}");
    }
    if seconds != 0 {
        text = format!("{text}:{seconds:02}");
    }
    text
}

/// Microseconds as `HH:MM:SS.ffffff`, without trailing zeros.
fn clock(micros: i64) -> String {
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    let text = format!("{:02}:{:02}:{:02}.{rest:06}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A timestamp of any precision.
fn timestamp(array: &ArrayRef, unit: TimeUnit, zone: Option<&str>, row: usize) -> Cell {
    let (value, per_second) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 1000),
        TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 1_000_000),
        TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().value(row), 1_000_000_000),
    };
    match value {
        i64::MAX => return Cell::Text("infinity".to_owned()),
        i64::MIN..=-9_223_372_036_854_775_807 => return Cell::Text("-infinity".to_owned()),
        _ => {}
    }
    let seconds = value.div_euclid(per_second);
    let nanos = u32::try_from(value.rem_euclid(per_second) * (1_000_000_000 / per_second)).unwrap_or_default();
    let Some(instant) = DateTime::<Utc>::from_timestamp(seconds, nanos) else {
        let day = far_date(seconds.div_euclid(86_400));
        return Cell::Text(format!(
            "{day} {}",
            clock(seconds.rem_euclid(86_400) * 1_000_000 + i64::from(nanos / 1000))
        ));
    };
    match zone {
        None => Cell::Timestamp(instant.naive_utc()),
        Some(zone) => Cell::TimestampTz(in_zone(instant, zone)),
    }
}

/// The instant with the offset it has in the session's time zone.
fn in_zone(instant: DateTime<Utc>, zone: &str) -> DateTime<FixedOffset> {
    let offset = zone
        .parse::<chrono_tz::Tz>()
        .map_or_else(|_| Utc.fix(), |zone| zone.offset_from_utc_datetime(&instant.naive_utc()).fix());
    instant.with_timezone(&offset)
}

/// An interval as `DuckDB` writes it: `1 year 2 months 3 days 04:05:06.7`.
fn interval(value: IntervalMonthDayNano) -> String {
    let mut parts = Vec::new();
    for (count, unit) in [(value.months / 12, "year"), (value.months % 12, "month"), (value.days, "day")] {
        if count != 0 {
            parts.push(format!("{count} {unit}{}", if count.abs() == 1 { "" } else { "s" }));
        }
    }
    if value.nanoseconds != 0 || parts.is_empty() {
        let sign = if value.nanoseconds < 0 { "-" } else { "" };
        parts.push(format!("{sign}{}", clock((value.nanoseconds / 1000).abs())));
    }
    parts.join(" ")
}

/// A value as JSON text, as Python writes it, which is how dbt shows lists and dictionaries (`table_from_data_flat`): objects for
/// structs, maps and unions.
fn json(array: &ArrayRef, field: &Field, row: usize, out: &mut String) -> Result<(), String> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    match array.data_type() {
        DataType::List(item) => list(&array.as_list::<i32>().value(row), item, out),
        DataType::LargeList(item) => list(&array.as_list::<i64>().value(row), item, out),
        DataType::FixedSizeList(item, _) => list(&array.as_fixed_size_list().value(row), item, out),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            object(fields.iter().zip(columns).map(|(field, column)| (field.name().clone(), column, field, row)), out)
        }
        DataType::Map(entries, _) => {
            let value = array.as_map().value(row);
            let DataType::Struct(fields) = entries.data_type() else {
                return Err("a map without entries".to_owned());
            };
            let (keys, values) = (value.column(0), value.column(1));
            let names = (0..value.len()).map(|entry| Ok(cell(keys, &fields[0], entry)?.to_string()));
            let names = names.collect::<Result<Vec<_>, String>>()?;
            object(names.into_iter().enumerate().map(|(entry, name)| (name, values, &fields[1], entry)), out)
        }
        DataType::Union(fields, _) => {
            let union = array.as_union();
            let active = union.type_id(row);
            let member = fields.iter().find(|(id, _)| *id == active).ok_or("a union without the value's member")?;
            let (_, field) = member;
            object(std::iter::once((field.name().clone(), union.child(active), field, row)), out)
        }
        _ => {
            match cell(array, field, row)? {
                Cell::Json(text) => out.push_str(&text),
                Cell::Float(value) if !value.is_finite() => out.extend(["\"", &value.to_string(), "\""]),
                value @ (Cell::Boolean(_) | Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_)) => {
                    out.push_str(&value.to_string());
                }
                value => out.push_str(&serde_json::Value::from(value.to_string()).to_string()),
            }
            Ok(())
        }
    }
}

/// A JSON array.
fn list(items: &ArrayRef, field: &Field, out: &mut String) -> Result<(), String> {
    out.push('[');
    for index in 0..items.len() {
        if index > 0 {
            out.push_str(", ");
        }
        json(items, field, index, out)?;
    }
    out.push(']');
    Ok(())
}

/// A JSON object of names and values.
fn object<'a>(
    members: impl Iterator<Item = (String, &'a ArrayRef, &'a FieldRef, usize)>,
    out: &mut String,
) -> Result<(), String> {
    out.push('{');
    for (index, (name, array, field, row)) in members.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(&serde_json::Value::from(name).to_string());
        out.push_str(": ");
        json(array, field, row, out)?;
    }
    out.push('}');
    Ok(())
}
