//! Files of stages: their bytes as records in the order of the file, and texts as files.
//!
//! A record that is not what the format says is there, too, with what is wrong and where: whoever loads it decides what becomes of the rest.

use std::io::{BufReader, Read, Write};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;

use super::fields::{self, Csv};
use crate::sql::{FileFormat, FileKind};

/// A row of a file.
#[derive(Debug, Default, Serialize)]
pub(super) struct Record {
    /// Its number, from 1.
    pub(super) n: u64,
    /// The line it starts in, from 1.
    pub(super) l: u64,
    /// The character of the line where what is wrong stands, from 1.
    pub(super) c: u64,
    /// What is wrong with it.
    pub(super) e: Option<String>,
    /// Its fields.
    pub(super) f: Vec<Option<String>>,
    /// Its value, as JSON.
    pub(super) v: Option<String>,
}

/// The records of a file's bytes as a list in JSON.
pub(super) fn read(place: &str, bytes: Vec<u8>, format: &FileFormat) -> Result<String, String> {
    let bytes = unzipped(bytes, format).map_err(|error| format!("{place}: {error}"))?;
    let records = match (text_of(bytes, format), format.kind()) {
        (Err(line), _) => vec![Record {
            n: 1,
            l: line,
            c: 1,
            e: Some("Invalid UTF8 detected in string".to_owned()),
            ..Record::default()
        }],
        (Ok(text), Ok(FileKind::Csv)) => rows(&text, format),
        (Ok(text), _) => values(&text, format),
    };
    serde_json::to_string(&records).map_err(|error| error.to_string())
}

/// The bytes of a file with a text; `how` says whether they are compressed.
pub(super) fn bytes_of(text: &str, how: &str) -> Result<Vec<u8>, String> {
    if !how.ends_with("GZIP") {
        return Ok(text.as_bytes().to_vec());
    }
    let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    zipped.finish().map_err(|error| error.to_string())
}

/// What a file holds, decompressed where it is.
fn unzipped(bytes: Vec<u8>, format: &FileFormat) -> std::io::Result<Vec<u8>> {
    let zipped = bytes.starts_with(&[0x1f, 0x8b]);
    if !zipped || format.text_or("COMPRESSION", Some("AUTO")).is_none() {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(BufReader::new(bytes.as_slice())).read_to_end(&mut text)?;
    Ok(text)
}

/// The bytes as text, without a byte order mark; otherwise the line that is none.
fn text_of(bytes: Vec<u8>, format: &FileFormat) -> Result<String, u64> {
    let lossy = format.flag("REPLACE_INVALID_CHARACTERS", false) || format.flag("IGNORE_UTF8_ERRORS", false);
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if lossy => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        Err(error) => return Err(line_at(&error.as_bytes()[..error.utf8_error().valid_up_to()])),
    };
    let marked = format.flag("SKIP_BYTE_ORDER_MARK", true).then(|| text.strip_prefix('\u{feff}')).flatten();
    Ok(marked.map(str::to_owned).unwrap_or(text))
}

/// The line in which a text ends, from 1.
fn line_at(text: &[u8]) -> u64 {
    text.split(|byte| *byte == b'\n').count() as u64
}

/// The rows of a CSV file. With a header that is read, each also has a value: an object of its fields.
fn rows(text: &str, format: &FileFormat) -> Vec<Record> {
    let csv = Csv::new(format);
    let mut records = fields::records(text, &csv);
    if !format.flag("PARSE_HEADER", false) {
        return records;
    }
    if records.is_empty() {
        return records;
    }
    let upper = format.text("KEYS") == Some("UPPER");
    let named = |name: Option<String>| {
        let name = name.unwrap_or_default();
        if upper { name.to_uppercase() } else { name }
    };
    let header: Vec<String> = records.remove(0).f.into_iter().map(named).collect();
    for record in &mut records {
        record.n -= 1;
        let object: IndexMap<&str, &Option<String>> = header.iter().map(String::as_str).zip(&record.f).collect();
        record.v = serde_json::to_string(&object).ok();
    }
    records
}

/// The values of a file of JSON, one after the other. Behind one that is broken, reading goes on in the next line.
fn values(text: &str, format: &FileFormat) -> Vec<Record> {
    let strip = format.flag("STRIP_OUTER_ARRAY", false);
    let upper = format.text("KEYS") == Some("UPPER");
    let mut records: Vec<Record> = Vec::new();
    let (mut at, mut line, mut counted) = (0, 1, 0);
    loop {
        let blank = text[at..].len() - text[at..].trim_start().len();
        at += blank;
        if at >= text.len() {
            return records;
        }
        line += text[counted..at].matches('\n').count() as u64;
        counted = at;
        let mut found = serde_json::Deserializer::from_str(&text[at..]).into_iter::<&RawValue>();
        let n = records.len() as u64 + 1;
        match found.next() {
            Some(Ok(value)) => {
                at += found.byte_offset();
                let inside = if strip { serde_json::from_str::<Vec<&RawValue>>(value.get()).ok() } else { None };
                for value in inside.unwrap_or_else(|| vec![value]) {
                    let n = records.len() as u64 + 1;
                    let v = Some(if upper { upper_keys(value) } else { value.get().to_owned() });
                    records.push(Record { n, l: line, c: 1, v, ..Record::default() });
                }
            }
            Some(Err(error)) => {
                let words = error.to_string();
                let words = words.split(" at line ").next().unwrap_or_default();
                let broken = Record {
                    n,
                    l: line + error.line() as u64 - 1,
                    c: error.column().max(1) as u64,
                    ..Record::default()
                };
                records.push(Record { e: Some(format!("Error parsing JSON: {words}")), ..broken });
                at += text[at..].find('\n').map_or(text.len() - at, |end| end + 1);
            }
            None => return records,
        }
    }
}

/// An object with its own keys in upper case; of keys that are equal then, the first.
fn upper_keys(value: &RawValue) -> String {
    let Ok(object) = serde_json::from_str::<IndexMap<String, &RawValue>>(value.get()) else {
        return value.get().to_owned();
    };
    let mut upper: IndexMap<String, &RawValue> = IndexMap::new();
    for (key, value) in object {
        upper.entry(key.to_uppercase()).or_insert(value);
    }
    serde_json::to_string(&upper).unwrap_or_else(|_| value.get().to_owned())
}
