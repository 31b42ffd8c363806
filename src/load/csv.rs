//! Comma-separated rows below a header, each as a JSON object of strings and nulls.

use std::collections::BTreeSet;

use csv::{ByteRecord, ReaderBuilder};

use super::decode::{BYTE_ORDER_MARK, Found, Place, Sink, count, poison};
use super::ledger::Counted;
use super::{LoadError, LoadErrorKind};

pub(super) fn decode(bytes: &[u8], delimiter: u8, null_if: &[String], sink: &mut Sink) -> Result<Counted, LoadError> {
    let mut counted = Counted { decoded_bytes: bytes.len() as u64, ..Counted::default() };
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mark = (bytes.len() - text.len()) as u64;
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let mut record = ByteRecord::new();
    let unreadable = |e: csv::Error| LoadError::new(LoadErrorKind::Poison, format!("not CSV: {e}"));
    if !reader.read_byte_record(&mut record).map_err(unreadable)? {
        return Ok(counted);
    }
    let keys = header(&record)?;
    // A quote inside a quoted field is doubled, so that their number is odd exactly when a field is never closed.
    let unclosed = count(text, b'"') % 2 == 1;
    let mut more = true;
    while more && reader.read_byte_record(&mut record).map_err(unreadable)? {
        let start = record.position().map_or(0, csv::Position::byte);
        let end = reader.position().byte();
        let piece = &text[usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(text.len())];
        let blank = piece.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let skipped = count(&piece[..blank], b'\n');
        let line = record.position().map_or(0, csv::Position::line) + skipped;
        let place = Place { byte: mark + start + blank as u64, line };
        let row = counted.rows + counted.quarantined + 1;
        let at_end = end == text.len() as u64;
        let object = if unclosed && at_end {
            Err("not CSV: a quoted field is never closed, here or in a row before".to_owned())
        } else {
            object(&keys, &record, null_if)
        };
        more = sink(match object {
            Ok(json) => {
                counted.rows += 1;
                Found::Record { row, json }
            }
            Err(reason) => {
                counted.quarantined += 1;
                Found::Poison(poison(row, place, piece[blank..].trim_ascii_end(), reason))
            }
        });
    }
    Ok(counted)
}

/// The header's names as JSON strings.
fn header(record: &ByteRecord) -> Result<Vec<String>, LoadError> {
    let wrong = |message: String| LoadError::new(LoadErrorKind::Poison, message).at(0, 1);
    let mut seen = BTreeSet::new();
    let mut keys = Vec::new();
    for name in record {
        let name = std::str::from_utf8(name)
            .map_err(|_| wrong("the header is not UTF-8".to_owned()).help("write the file as UTF-8"))?
            .trim();
        if name.is_empty() {
            return Err(wrong("a column of the header has no name".to_owned()).help("name every column"));
        }
        if !seen.insert(name) {
            return Err(wrong(format!("the header names `{name}` twice")).help("give each column its own name"));
        }
        keys.push(quoted(name));
    }
    Ok(keys)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn object(keys: &[String], record: &ByteRecord, null_if: &[String]) -> Result<String, String> {
    if record.len() != keys.len() {
        return Err(format!("the row has {} fields and the header {}", record.len(), keys.len()));
    }
    let mut json = String::with_capacity(record.as_slice().len() + keys.len() * 16);
    for (at, (key, field)) in keys.iter().zip(record).enumerate() {
        let field = std::str::from_utf8(field)
            .map_err(|_| format!("not UTF-8: the field of column {key} begins no character"))?;
        json.push(if at == 0 { '{' } else { ',' });
        json.push_str(key);
        json.push(':');
        if null_if.iter().any(|null| null == field) {
            json.push_str("null");
        } else {
            json.push_str(&quoted(field));
        }
    }
    json.push('}');
    Ok(json)
}
