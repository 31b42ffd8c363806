//! The methods of Python's strings.

use std::fmt::Write as _;

use minijinja::value::Tuple;
use minijinja::{Error, Value};

use super::argument::{bind, flag, optional_int, required, text};
use super::error::{no_method, type_error, value_error};
use super::format::{format, format_map, pad};
use super::kind::{items, tuple, type_name};
use super::list::list;
use super::repr::printable;

/// Calls a method of a string.
pub(super) fn call(own: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    if let Some(result) = cases(own, method) {
        bind(method, [], 0, args)?;
        return Ok(Value::from(result));
    }
    if let Some(answer) = question(own, method) {
        bind(method, [], 0, args)?;
        return Ok(Value::from(answer));
    }
    match method {
        "strip" | "lstrip" | "rstrip" => strip(own, method, args),
        "split" | "rsplit" | "splitlines" | "partition" | "rpartition" => split(own, method, args),
        "find" | "rfind" | "index" | "rindex" | "count" => find(own, method, args),
        "startswith" | "endswith" => affix(own, method, args),
        "center" | "ljust" | "rjust" | "zfill" | "expandtabs" => layout(own, method, args),
        "replace" => replace(own, args),
        "removeprefix" | "removesuffix" => {
            let [part] = bind(method, ["part"], 1, args)?;
            let part = required(part);
            let part = text(method, &part)?;
            let cut = if method == "removeprefix" { own.strip_prefix(part) } else { own.strip_suffix(part) };
            Ok(Value::from(cut.unwrap_or(own)))
        }
        "join" => {
            let [parts] = bind("join", ["iterable"], 1, args)?;
            join(own, &items(&required(parts))?).map(Value::from)
        }
        "format" => format(own, args).map(Value::from),
        "format_map" => {
            let [mapping] = bind("format_map", ["mapping"], 1, args)?;
            format_map(own, &required(mapping)).map(Value::from)
        }
        "encode" => encode(own, args),
        "translate" => translate(own, args),
        _ => Err(no_method("str", method)),
    }
}

/// Methods of a byte string; only what a template can need.
pub(super) fn call_bytes(own: &[u8], method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "decode" => {
            bind("decode", ["encoding", "errors"], 0, args)?;
            let decoded = std::str::from_utf8(own);
            decoded.map(Value::from).map_err(|_| value_error("the bytes are not valid utf-8"))
        }
        "hex" => Ok(Value::from(crate::source::hexadecimal(own))),
        _ => Err(no_method("bytes", method)),
    }
}

fn encode(own: &str, args: &[Value]) -> Result<Value, Error> {
    let [encoding, _] = bind("encode", ["encoding", "errors"], 0, args)?;
    let name = encoding.as_ref().and_then(Value::as_str).unwrap_or("utf-8").to_lowercase().replace('_', "-");
    match name.as_str() {
        "utf-8" | "utf8" => Ok(Value::from_bytes(own.as_bytes().to_vec())),
        "ascii" | "us-ascii" if own.is_ascii() => Ok(Value::from_bytes(own.as_bytes().to_vec())),
        "latin-1" | "iso-8859-1" => {
            let bytes: Result<Vec<u8>, _> = own.chars().map(|c| u8::try_from(u32::from(c))).collect();
            bytes.map(Value::from_bytes).map_err(|_| value_error("'latin-1' codec can't encode character"))
        }
        "ascii" | "us-ascii" => Err(value_error("'ascii' codec can't encode character")),
        other => Err(value_error(format!("unknown encoding: {other}"))),
    }
}

fn translate(own: &str, args: &[Value]) -> Result<Value, Error> {
    let [table] = bind("translate", ["table"], 1, args)?;
    let table = required(table);
    let mut out = String::new();
    for c in own.chars() {
        let found = table.get_item(&Value::from(u32::from(c)))?;
        if found.is_undefined() {
            out.push(c);
        } else if let Some(text) = found.as_str() {
            out.push_str(text);
        } else if let Some(code) = super::number::integer(&found) {
            out.extend(u32::try_from(code).ok().and_then(char::from_u32));
        }
    }
    Ok(Value::from(out))
}

/// `separator.join(parts)`; every part must be a string.
pub(super) fn join(separator: &str, parts: &[Value]) -> Result<String, Error> {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if part.kind() != minijinja::value::ValueKind::String {
            let name = type_name(part);
            return Err(type_error(format!("sequence item {at}: expected str instance, {name} found")));
        }
        if at > 0 {
            out.push_str(separator);
        }
        out.push_str(part.as_str().unwrap_or_default());
    }
    Ok(out)
}

fn cases(own: &str, method: &str) -> Option<String> {
    Some(match method {
        "upper" => own.to_uppercase(),
        "lower" => own.to_lowercase(),
        "casefold" => own.to_lowercase().replace('ß', "ss"),
        "capitalize" => capitalize(own),
        "title" => title(own),
        "swapcase" => own.chars().map(swap).collect(),
        _ => return None,
    })
}

fn swap(c: char) -> String {
    if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
}

/// The first character in upper case, the others in lower case.
pub(super) fn capitalize(own: &str) -> String {
    let mut chars = own.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect(),
        None => String::new(),
    }
}

fn title(own: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in own.chars() {
        let cased = c.is_alphabetic();
        if cased && !inside {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        inside = cased;
    }
    out
}

fn question(own: &str, method: &str) -> Option<bool> {
    let all = |test: fn(char) -> bool| !own.is_empty() && own.chars().all(test);
    let cased =
        |right: fn(&char) -> bool, wrong: fn(char) -> bool| own.chars().any(|c| right(&c)) && !own.chars().any(wrong);
    Some(match method {
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isdigit" => all(|c| c.is_ascii_digit() || (c.is_numeric() && !c.is_alphabetic() && digit_like(c))),
        "isdecimal" => all(|c| c.is_ascii_digit() || (c.is_numeric() && c.to_digit(36).is_none() && decimal_like(c))),
        "isnumeric" => all(char::is_numeric),
        "isspace" => all(char::is_whitespace),
        "isupper" => cased(|c| c.is_uppercase(), char::is_lowercase),
        "islower" => cased(|c| c.is_lowercase(), char::is_uppercase),
        "isascii" => own.is_ascii(),
        "isprintable" => own.chars().all(printable),
        "isidentifier" => identifier(own),
        "istitle" => own.chars().any(char::is_alphabetic) && title(own) == own,
        _ => return None,
    })
}

fn digit_like(c: char) -> bool {
    decimal_like(c) || matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉' | '①'..='⑨')
}

fn decimal_like(c: char) -> bool {
    matches!(c, '٠'..='٩' | '۰'..='۹' | '०'..='९' | '０'..='９')
}

fn identifier(own: &str) -> bool {
    let mut chars = own.chars();
    let first = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
    first && chars.all(|c| c == '_' || c.is_alphanumeric())
}

/// Python's whitespace: Unicode's, and the four separators of ASCII.
pub(super) fn space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// `own.strip(chars)` on the given sides; without characters, whitespace.
pub(super) fn stripped<'a>(own: &'a str, chars: Option<&str>, left: bool, right: bool) -> &'a str {
    let strip = |c: char| chars.map_or_else(|| space(c), |set| set.contains(c));
    let own = if left { own.trim_start_matches(strip) } else { own };
    if right { own.trim_end_matches(strip) } else { own }
}

fn strip(own: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [chars] = bind(method, ["chars"], 0, args)?;
    let chars = chars.filter(|chars| !chars.is_none());
    let chars = chars.as_ref().map(|chars| text(method, chars)).transpose()?;
    Ok(Value::from(stripped(own, chars, method != "rstrip", method != "lstrip")))
}

fn split(own: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "partition" | "rpartition" => {
            let [separator] = bind(method, ["sep"], 1, args)?;
            let separator = required(separator);
            let separator = text(method, &separator)?;
            if separator.is_empty() {
                return Err(value_error("empty separator"));
            }
            Ok(partition(own, separator, method == "partition"))
        }
        "splitlines" => {
            let [keep] = bind(method, ["keepends"], 0, args)?;
            Ok(strings(lines(own, flag(keep.as_ref()))))
        }
        _ => {
            let [separator, limit] = bind(method, ["sep", "maxsplit"], 0, args)?;
            let limit = usize::try_from(optional_int(limit.as_ref(), -1)?).unwrap_or(usize::MAX);
            let from_left = method == "split";
            let parts = match separator.filter(|separator| !separator.is_none()) {
                None if from_left => words(own, limit),
                None => words_from_right(own, limit),
                Some(separator) => separated(own, text(method, &separator)?, limit, from_left)?,
            };
            Ok(strings(parts))
        }
    }
}

fn strings(parts: Vec<&str>) -> Value {
    list(parts.into_iter().map(Value::from).collect())
}

fn separated<'a>(own: &'a str, separator: &str, limit: usize, left: bool) -> Result<Vec<&'a str>, Error> {
    if separator.is_empty() {
        return Err(value_error("empty separator"));
    }
    let count = limit.saturating_add(1);
    if left {
        return Ok(own.splitn(count, separator).collect());
    }
    let mut parts: Vec<&str> = own.rsplitn(count, separator).collect();
    parts.reverse();
    Ok(parts)
}

fn words(own: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = own.trim_start_matches(space);
    while !rest.is_empty() {
        let end = if parts.len() < limit { rest.find(space) } else { None };
        match end {
            Some(end) => {
                parts.push(&rest[..end]);
                rest = rest[end..].trim_start_matches(space);
            }
            None => {
                // What is left over keeps its inner spaces, and loses the trailing ones only when it was split.
                parts.push(if parts.len() < limit { rest.trim_end_matches(space) } else { rest });
                break;
            }
        }
    }
    parts
}

fn words_from_right(own: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = own.trim_end_matches(space);
    while !rest.is_empty() {
        let start = if parts.len() < limit { rest.char_indices().rev().find(|(_, c)| space(*c)) } else { None };
        match start {
            Some((at, c)) => {
                parts.push(&rest[at + c.len_utf8()..]);
                rest = rest[..at].trim_end_matches(space);
            }
            None => {
                parts.push(if parts.len() < limit { rest.trim_start_matches(space) } else { rest });
                break;
            }
        }
    }
    parts.reverse();
    parts
}

pub(super) fn lines(own: &str, keep: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = own;
    let ends =
        |c: char| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    while let Some(at) = rest.find(ends) {
        let first = rest[at..].chars().next().map_or(1, char::len_utf8);
        let width = if rest[at..].starts_with("\r\n") { 2 } else { first };
        parts.push(&rest[..if keep { at + width } else { at }]);
        rest = &rest[at + width..];
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn partition(own: &str, separator: &str, left: bool) -> Value {
    let found = if left { own.split_once(separator) } else { own.rsplit_once(separator) };
    let parts = match found {
        Some((head, tail)) => [head, separator, tail],
        None if left => [own, "", ""],
        None => ["", "", own],
    };
    Value::from(Tuple::from(parts.map(Value::from)))
}

/// The part of the text between two character positions as Python's slices clamp them, and where it starts.
fn window<'a>(own: &'a str, start: Option<&Value>, stop: Option<&Value>) -> Result<Option<(&'a str, usize)>, Error> {
    let length = own.chars().count() as i128;
    let clamp = |at: i128| (if at < 0 { at + length } else { at }).max(0);
    let start = clamp(optional_int(start, 0)?);
    let stop = clamp(optional_int(stop, length)?).min(length);
    if start > stop {
        return Ok(None);
    }
    let byte = |at: i128| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        own.char_indices().nth(at).map_or(own.len(), |(byte, _)| byte)
    };
    Ok(Some((&own[byte(start)..byte(stop)], usize::try_from(start).unwrap_or_default())))
}

fn find(own: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [part, start, stop] = bind(method, ["sub", "start", "end"], 1, args)?;
    let part = required(part);
    let part = text(method, &part)?;
    let Some((inside, offset)) = window(own, start.as_ref(), stop.as_ref())? else {
        return match method {
            "count" => Ok(Value::from(0)),
            "find" | "rfind" => Ok(Value::from(-1)),
            _ => Err(value_error("substring not found")),
        };
    };
    if method == "count" {
        let count = if part.is_empty() { inside.chars().count() + 1 } else { inside.matches(part).count() };
        return Ok(Value::from(count));
    }
    let found = if method.starts_with('r') { inside.rfind(part) } else { inside.find(part) };
    match found {
        Some(at) => Ok(Value::from(inside[..at].chars().count() + offset)),
        None if method.ends_with("find") => Ok(Value::from(-1)),
        None => Err(value_error("substring not found")),
    }
}

fn affix(own: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [part, start, stop] = bind(method, ["prefix", "start", "end"], 1, args)?;
    let part = required(part);
    let parts = if tuple(&part) { items(&part)? } else { vec![part] };
    let Some((inside, _)) = window(own, start.as_ref(), stop.as_ref())? else {
        return Ok(Value::from(false));
    };
    let mut found = false;
    for part in &parts {
        let Some(part) = part.as_str() else {
            let name = type_name(part);
            let text = format!("{method} first arg must be str or a tuple of str, not {name}");
            return Err(type_error(text));
        };
        found |= if method == "startswith" { inside.starts_with(part) } else { inside.ends_with(part) };
    }
    Ok(Value::from(found))
}

fn layout(own: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [width, fill] = bind(method, ["width", "fillchar"], usize::from(method != "expandtabs"), args)?;
    let width = optional_int(width.as_ref(), 8)?;
    if width > 1 << 26 {
        return Err(value_error("the width is too large"));
    }
    let width = usize::try_from(width).unwrap_or(0);
    if method == "expandtabs" {
        return Ok(Value::from(expand_tabs(own, width)));
    }
    let fill = match fill.as_ref().map(|fill| (fill.as_str(), fill.len())) {
        None => ' ',
        Some((Some(fill), Some(1))) => fill.chars().next().unwrap_or(' '),
        Some(_) => return Err(type_error("The fill character must be exactly one character long")),
    };
    Ok(Value::from(match method {
        "zfill" => {
            let (sign, digits) = own.split_at(usize::from(own.starts_with(['+', '-'])));
            sign.to_owned() + &pad(digits.to_owned(), width.saturating_sub(sign.len()), '0', '>')
        }
        "ljust" => pad(own.to_owned(), width, fill, '<'),
        "rjust" => pad(own.to_owned(), width, fill, '>'),
        _ => center(own, width, fill),
    }))
}

/// `own.center(width, fill)`: of an odd padding the larger part goes left only if the width is odd.
pub(super) fn center(own: &str, width: usize, fill: char) -> String {
    let length = own.chars().count();
    let missing = width.saturating_sub(length);
    let left = missing / 2 + (missing & width & 1);
    let padded = pad(own.to_owned(), length + left, fill, '>');
    pad(padded, width, fill, '<')
}

fn expand_tabs(own: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in own.chars() {
        match c {
            '\t' if size > 0 => {
                let width = size - column % size;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\t' => {}
            _ => {
                out.push(c);
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
            }
        }
    }
    out
}

fn replace(own: &str, args: &[Value]) -> Result<Value, Error> {
    let [old, new, count] = bind("replace", ["old", "new", "count"], 2, args)?;
    let (old, new) = (required(old), required(new));
    let (old, new) = (text("replace", &old)?, text("replace", &new)?);
    Ok(Value::from(replaced(own, old, new, optional_int(count.as_ref(), -1)?)))
}

/// `own.replace(old, new, count)`; a negative count is no limit.
pub(super) fn replaced(own: &str, old: &str, new: &str, count: i128) -> String {
    match usize::try_from(count) {
        Ok(count) => own.replacen(old, new, count),
        Err(_) => own.replace(old, new),
    }
}

/// The text with everything beyond ASCII as escapes, as Python's `ascii()` writes it.
pub(super) fn ascii(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match u32::from(c) {
            0..=0x7f => out.push(c),
            code @ 0x80..=0xff => _ = write!(out, "\\x{code:02x}"),
            code @ 0x100..=0xffff => _ = write!(out, "\\u{code:04x}"),
            code => _ = write!(out, "\\U{code:08x}"),
        }
    }
    out
}
