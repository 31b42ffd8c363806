//! From a file's stored bytes to records: gunzip, lines, and whether each line is what the format says.
//!
//! Everything that an engine would only notice when the table is queried is noticed here: truncation, checksums, UTF-8,
//! JSON.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;

use super::ledger::Counted;
use super::{Format, LandedFile, LoadError, LoadErrorKind, csv, document};

/// What was found in a file, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A row: its number from 1 and its JSON text.
    Record { row: u64, json: String },
    /// A line that is not what the format says.
    Poison(Poison),
}

/// A refused line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Poison {
    /// The number it would have had as a row.
    pub(super) row: u64,
    /// Where it stands in the decompressed text.
    pub(super) place: Place,
    /// Its length in bytes.
    pub(super) length: u64,
    /// The line, shortened when very long, with replacement characters where it is not UTF-8.
    pub(super) text: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

/// A place in a file's decompressed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The byte, from 0.
    pub(super) byte: u64,
    /// The line, from 1.
    pub(super) line: u64,
}

/// Takes what is found; an answer of false ends the decoding.
pub(super) type Sink<'a> = dyn FnMut(Found) -> bool + 'a;

/// The longest line that is read: no warehouse stores a longer value.
const LONGEST_LINE: usize = 128 << 20;

/// The longest part of a refused line that goes to the quarantine.
const LONGEST_POISON: usize = 1 << 20;

/// Decodes a file. The counts are only meaningful when the whole file was decoded.
pub(super) fn decode(file: &LandedFile, bytes: &[u8], format: &Format, sink: &mut Sink) -> Result<Counted, LoadError> {
    refuse_foreign(bytes).map_err(|e| e.in_file(&file.name))?;
    let zipped = bytes.starts_with(&[0x1f, 0x8b]);
    if bytes.is_empty() && file.name.to_ascii_lowercase().ends_with(".gz") {
        return Err(damaged("the file is empty; an empty gzip file has 20 bytes or more").in_file(&file.name));
    }
    let mut reader: Box<dyn BufRead + '_> =
        if zipped { Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(bytes))) } else { Box::new(bytes) };
    let counted = match format {
        Format::JsonLines => lines(&mut *reader, sink),
        Format::JsonDocuments { strip_outer_array } => {
            whole(&mut *reader).and_then(|text| document::decode(&text, *strip_outer_array, sink))
        }
        Format::Csv { delimiter, null_if } => {
            whole(&mut *reader).and_then(|text| csv::decode(&text, *delimiter, null_if, sink))
        }
    };
    counted.map_err(|e| e.in_file(&file.name))
}

fn damaged(message: impl Into<String>) -> LoadError {
    LoadError::new(LoadErrorKind::Damaged, message)
        .help("the upload was not complete or the file was damaged: upload it again and run the load again")
}

/// Formats and encodings that would be read as nonsense, by their first bytes.
fn refuse_foreign(bytes: &[u8]) -> Result<(), LoadError> {
    const FOREIGN: [(&[u8], &str, &str); 7] = [
        (b"PAR1", "a Parquet file", "write JSON lines or CSV"),
        (b"Obj\x01", "an Avro file", "write JSON lines or CSV"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd", "compress it with gzip"),
        (b"BZh", "compressed with bzip2", "compress it with gzip"),
        (b"PK\x03\x04", "a zip archive", "land the files in it, compressed with gzip"),
        (&[0xff, 0xfe], "UTF-16 text", "write it as UTF-8"),
        (&[0xfe, 0xff], "UTF-16 text", "write it as UTF-8"),
    ];
    match FOREIGN.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        Some((_, what, advice)) => {
            Err(LoadError::spec(format!("the file is {what}, which is not supported")).help(*advice))
        }
        None => Ok(()),
    }
}

/// The whole decompressed text.
fn whole(reader: &mut dyn BufRead) -> Result<Vec<u8>, LoadError> {
    let mut text = Vec::new();
    reader.read_to_end(&mut text).map_err(|e| broken(&e).at(text.len() as u64, lines_in(&text)))?;
    Ok(text)
}

/// How often a byte occurs.
pub(super) fn count(text: &[u8], byte: u8) -> u64 {
    text.split(|b| *b == byte).count() as u64 - 1
}

/// The line in which a text ends, from 1.
pub(super) fn lines_in(text: &[u8]) -> u64 {
    1 + count(text, b'\n')
}

fn broken(error: &std::io::Error) -> LoadError {
    damaged(match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "the gzip stream ends too early".to_owned(),
        _ => format!("the gzip stream is damaged: {error}"),
    })
}

/// A byte order mark has no meaning in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn lines(reader: &mut dyn BufRead, sink: &mut Sink) -> Result<Counted, LoadError> {
    let mut counted = Counted::default();
    let mut row = 0;
    let mut line = Vec::new();
    for number in 1.. {
        let start = Place { byte: counted.decoded_bytes, line: number };
        line.clear();
        let read = Read::take(&mut *reader, LONGEST_LINE as u64 + 2).read_until(b'\n', &mut line);
        read.map_err(|e| broken(&e).at(start.byte + line.len() as u64, number))?;
        if line.is_empty() {
            break;
        }
        counted.decoded_bytes += line.len() as u64;
        let (place, text) = match line.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if start.byte == 0 => (Place { byte: 3, ..start }, rest),
            _ => (start, &line[..]),
        };
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > LONGEST_LINE {
            let message = format!("the line is longer than {} MB", LONGEST_LINE >> 20);
            return Err(damaged(message)
                .at(place.byte, number)
                .help("check that the file has one JSON value per line"));
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        row += 1;
        if !sink(judge(row, place, text, &mut counted)) {
            break;
        }
    }
    Ok(counted)
}

/// A record, or why the line is none.
fn judge(row: u64, place: Place, line: &[u8], counted: &mut Counted) -> Found {
    match json_of(line) {
        Ok(json) => {
            counted.rows += 1;
            Found::Record { row, json: json.to_owned() }
        }
        Err(reason) => {
            counted.quarantined += 1;
            Found::Poison(poison(row, place, line, reason))
        }
    }
}

/// A refused piece of a file.
pub(super) fn poison(row: u64, place: Place, bytes: &[u8], reason: String) -> Poison {
    let kept = &bytes[..bytes.len().min(LONGEST_POISON)];
    Poison {
        row,
        place,
        length: bytes.len() as u64,
        text: String::from_utf8_lossy(kept).replace('\0', "\u{fffd}"),
        reason,
    }
}

/// The text, if it is one JSON value that every engine reads.
pub(super) fn json_of(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8: the byte at offset {} of the line begins no character", e.valid_up_to()))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|e| json_reason(&e))?;
    check_escapes(text)?;
    Ok(text)
}

/// Skipping over a value does not look at its escapes; half a surrogate pair makes engines refuse the whole table later.
/// The text is JSON already.
pub(super) fn check_escapes(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    let unit = |at: usize| match bytes.get(at..at + 6) {
        Some([b'\\', b'u', digits @ ..]) => u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok(),
        _ => None,
    };
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += next;
        at += match unit(at) {
            None => 2,
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                return Err(format!("not JSON: the escape at byte {at} of the value is half of a surrogate pair"));
            }
            Some(_) => 6,
        };
    }
    Ok(())
}

/// Serde's words, without the line it counts for itself.
pub(super) fn json_reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    match error.column() {
        0 => format!("not JSON: {words}"),
        column => format!("not JSON: {words} at column {column}"),
    }
}
