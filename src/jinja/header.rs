//! The header of a macro: its name, its parameters and where their defaults lie.

use std::ops::Range;

use super::code::{HeaderDefault, HeaderParam};

/// What is wrong with a header, and which bytes of it.
pub(super) type Fault = (String, Range<usize>);

/// Parses the text between `{% macro` and `%}`: `name(a, b=1)`, or a materialization's `name, adapter='x'`.
pub(super) fn params(header: &str, is_materialization: bool) -> Result<Vec<HeaderParam>, Fault> {
    let (name, rest) = word(header, 0);
    if name.is_empty() {
        return Err(("expected a name".to_owned(), 0..header.len()));
    }
    let rest = skip_blank(header, rest);
    match header.as_bytes().get(rest) {
        Some(b'(') => signature(header, rest + 1),
        Some(b',') | None if is_materialization => materialization(header, rest),
        _ => Err(("expected `(` after the name".to_owned(), rest..header.len())),
    }
}

/// `a, b: list[string] = [], c=1)`.
fn signature(header: &str, start: usize) -> Result<Vec<HeaderParam>, Fault> {
    let end = closing(header, start).ok_or_else(|| ("`(` is not closed".to_owned(), start - 1..header.len()))?;
    let after = skip_blank(header, end + 1);
    if after < header.len() {
        return Err(("unexpected text after `)`".to_owned(), after..header.len()));
    }
    let mut params: Vec<HeaderParam> = Vec::new();
    let ranges = split(header, start..end);
    for (index, range) in ranges.iter().enumerate() {
        if header[range.clone()].trim().is_empty() {
            if index + 1 == ranges.len() {
                break;
            }
            return Err(("expected a parameter".to_owned(), range.clone()));
        }
        let param = parameter(header, range.clone())?;
        let has_default = |param: &HeaderParam| !matches!(param.default, HeaderDefault::Absent);
        if params.last().is_some_and(has_default) && !has_default(&param) {
            return Err(("a parameter without default follows one with a default".to_owned(), range.clone()));
        }
        params.push(param);
    }
    Ok(params)
}

fn parameter(header: &str, range: Range<usize>) -> Result<HeaderParam, Fault> {
    let start = skip_blank(header, range.start);
    let (name, end) = word(header, start);
    if name.is_empty() {
        return Err(("expected the name of a parameter".to_owned(), range));
    }
    let mut at = skip_blank(header, end);
    if at < range.end && header[at..].starts_with(':') {
        at = top(header, at + 1..range.end, b'=').unwrap_or(range.end);
    }
    let default = if at >= range.end {
        HeaderDefault::Absent
    } else if header[at..].starts_with('=') {
        HeaderDefault::At(at + 1..range.end)
    } else {
        return Err(("expected `=` or `,` after the name of a parameter".to_owned(), at..range.end));
    };
    Ok(HeaderParam { name: name.to_owned(), default })
}

/// `, default`, `, adapter='x'` and `, supported_languages=[..]`: only the last is a parameter.
fn materialization(header: &str, start: usize) -> Result<Vec<HeaderParam>, Fault> {
    let mut default = HeaderDefault::Languages;
    let options = if start < header.len() { split(header, start + 1..header.len()) } else { Vec::new() };
    for range in options {
        let (option, end) = word(header, skip_blank(header, range.start));
        match option {
            "default" | "adapter" => {}
            "supported_languages" => {
                let equals = top(header, end..range.end, b'=');
                let equals = equals.ok_or_else(|| ("expected `=`".to_owned(), range.clone()))?;
                default = HeaderDefault::At(equals + 1..range.end);
            }
            _ => {
                return Err((format!("a materialization has no option `{}`", header[range.clone()].trim()), range));
            }
        }
    }
    Ok(vec![HeaderParam { name: "supported_languages".to_owned(), default }])
}

fn skip_blank(text: &str, at: usize) -> usize {
    at + text[at..].len() - text[at..].trim_start().len()
}

/// The word that starts at or after blanks at `at`, and where it ends.
fn word(text: &str, at: usize) -> (&str, usize) {
    let start = skip_blank(text, at);
    let rest = &text[start..];
    let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    (&rest[..len], start + len)
}

/// Calls `each` with every byte outside of strings and its depth of brackets, until `each` answers.
fn scan<T>(text: &str, range: Range<usize>, mut each: impl FnMut(usize, u8, i32) -> Option<T>) -> Option<T> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut quote) = (range.start, 0, None);
    while at < range.end {
        let byte = bytes[at];
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, _) => {
                if let Some(answer) = each(at, byte, depth) {
                    return Some(answer);
                }
                depth += match byte {
                    b'(' | b'[' | b'{' => 1,
                    b')' | b']' | b'}' => -1,
                    _ => 0,
                };
            }
        }
        at += 1;
    }
    None
}

fn closing(text: &str, start: usize) -> Option<usize> {
    scan(text, start..text.len(), |at, byte, depth| (byte == b')' && depth == 0).then_some(at))
}

/// The first `wanted` outside of brackets.
fn top(text: &str, range: Range<usize>, wanted: u8) -> Option<usize> {
    scan(text, range, |at, byte, depth| (byte == wanted && depth == 0).then_some(at))
}

/// Splits at commas outside of brackets.
fn split(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = range.start;
    scan(text, range.clone(), |at, byte, depth| {
        if byte == b',' && depth == 0 {
            ranges.push(start..at);
            start = at + 1;
        }
        None::<()>
    });
    ranges.push(start..range.end);
    ranges
}
