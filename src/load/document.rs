//! JSON values one after the other over any number of lines, with or without an array around them.
//!
//! After a mistake nothing says where the next value begins, so the rest of the file is one refused piece.

use serde_json::value::RawValue;

use super::LoadError;
use super::decode::{BYTE_ORDER_MARK, Found, Place, Sink, check_escapes, count, json_reason, poison};
use super::ledger::Counted;

/// Walks through a text and counts lines as it goes.
struct Walk<'a> {
    bytes: &'a [u8],
    at: Place,
}

impl Walk<'_> {
    fn go_to(&mut self, byte: usize) -> Place {
        let from = usize::try_from(self.at.byte).unwrap_or(usize::MAX).min(byte);
        let lines = count(&self.bytes[from..byte], b'\n');
        self.at = Place { byte: byte as u64, line: self.at.line + lines };
        self.at
    }
}

pub(super) fn decode(bytes: &[u8], strip_outer_array: bool, sink: &mut Sink) -> Result<Counted, LoadError> {
    let mut counted = Counted { decoded_bytes: bytes.len() as u64, ..Counted::default() };
    let mut walk = Walk { bytes, at: Place { byte: 0, line: 1 } };
    let mut start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let text = match std::str::from_utf8(&bytes[start..]) {
        Ok(text) => text,
        Err(error) => {
            let place = walk.go_to(start + error.valid_up_to());
            refuse(&mut counted, sink, place, &bytes[start + error.valid_up_to()..], "not UTF-8".to_owned());
            return Ok(counted);
        }
    };
    let mark = start;
    loop {
        start += bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if start == bytes.len() {
            return Ok(counted);
        }
        let place = walk.go_to(start);
        let rest = &text[start - mark..];
        let (values, length) = match values(rest, strip_outer_array) {
            Ok(values) => values,
            Err(error) => {
                let reason = json_reason(&error);
                let reason = match error.line() {
                    0 => reason,
                    line => format!("{reason} of line {}", place.line + line as u64 - 1),
                };
                refuse(&mut counted, sink, place, rest.as_bytes(), reason);
                return Ok(counted);
            }
        };
        for value in values {
            let place = walk.go_to(value.get().as_ptr() as usize - bytes.as_ptr() as usize);
            if let Err(reason) = check_escapes(value.get()) {
                refuse(&mut counted, sink, place, value.get().as_bytes(), reason);
                continue;
            }
            counted.rows += 1;
            let row = counted.rows + counted.quarantined;
            if !sink(Found::Record { row, json: value.get().to_owned() }) {
                return Ok(counted);
            }
        }
        start += length;
    }
}

/// The next value, or the elements of the next array, and how many bytes they take.
fn values(text: &str, strip_outer_array: bool) -> Result<(Vec<&RawValue>, usize), serde_json::Error> {
    let deserializer = serde_json::Deserializer::from_str(text);
    if strip_outer_array && text.starts_with('[') {
        let mut arrays = deserializer.into_iter::<Vec<&RawValue>>();
        let elements = arrays.next().transpose()?.unwrap_or_default();
        return Ok((elements, arrays.byte_offset()));
    }
    let mut values = deserializer.into_iter::<&RawValue>();
    let value = values.next().transpose()?;
    Ok((value.into_iter().collect(), values.byte_offset()))
}

fn refuse(counted: &mut Counted, sink: &mut Sink, place: Place, bytes: &[u8], reason: String) {
    counted.quarantined += 1;
    sink(Found::Poison(poison(counted.rows + counted.quarantined, place, bytes, reason)));
}
