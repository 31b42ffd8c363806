//! Python's `str` and `repr`.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::date::Date;
use super::datetime::DateTime;
use super::decimal::Decimal;
use super::dict::{Dict, View, pairs};
use super::duration::Duration;
use super::kind::{dict, is, items, list, namespace, tuple, undefined};
use super::list::List;
use super::method::Class;
use super::number::float;
use super::set::Set;
use super::timeofday::TimeOfDay;
use super::zone::Zone;

/// What `{{ value }}` prints.
pub(crate) fn str(value: &Value) -> String {
    match value.kind() {
        ValueKind::String => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::Undefined => String::new(),
        _ if undefined(value) => String::new(),
        ValueKind::Plain => value.to_string(),
        ValueKind::Map | ValueKind::Seq | ValueKind::Iterable if !dict(value) && !namespace(value) => {
            if list(value) || tuple(value) { repr(value) } else { value.to_string() }
        }
        _ => repr(value),
    }
}

/// Python's `repr(value)`. A foreign object says its own through the hidden attribute `__repr__`.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, &mut Vec::new());
    out
}

/// Python's `pformat(value)` on one line: the repr with the keys of dictionaries in order.
pub(super) fn pretty(value: &Value) -> String {
    repr(&ordered(value, 0))
}

fn ordered(value: &Value, depth: usize) -> Value {
    if depth > 50 {
        return value.clone();
    }
    let inner = |items: Vec<Value>| items.iter().map(|item| ordered(item, depth + 1)).collect();
    if list(value) {
        return super::list::list(inner(items(value).unwrap_or_default()));
    }
    if tuple(value) {
        return Value::from(minijinja::value::Tuple::new(inner(items(value).unwrap_or_default())));
    }
    if !dict(value) {
        return value.clone();
    }
    let pairs = pairs(value).unwrap_or_default();
    let keys: Vec<Value> = pairs.iter().map(|(key, _)| key.clone()).collect();
    let keys = super::list::sorted(keys.clone(), &keys, false).unwrap_or(keys);
    let of = |key: &Value| pairs.iter().find(|(k, _)| super::compare::equal(k, key)).map(|(_, v)| v.clone());
    let sorted = keys.into_iter().map(|key| {
        let value = ordered(&of(&key).unwrap_or_default(), depth + 1);
        (key, value)
    });
    super::dict::dict(sorted.collect()).unwrap_or_else(|_| value.clone())
}

fn hidden(value: &Value) -> Option<String> {
    let text = value.as_object()?.get_value_by_str("__repr__")?;
    text.as_str().map(str::to_owned)
}

fn write(out: &mut String, value: &Value, open: &mut Vec<usize>) {
    match value.kind() {
        ValueKind::Undefined => out.push_str("Undefined"),
        ValueKind::None => out.push_str("None"),
        ValueKind::Bool => out.push_str(if value.is_true() { "True" } else { "False" }),
        ValueKind::Number if value.is_integer() => _ = write!(out, "{value}"),
        ValueKind::Number => out.push_str(&float(f64::try_from(value.clone()).unwrap_or(f64::NAN))),
        ValueKind::String => quote(out, value.as_str().unwrap_or_default()),
        ValueKind::Bytes => bytes(out, value.as_bytes().unwrap_or_default()),
        _ if undefined(value) => out.push_str("Undefined"),
        _ => object(out, value, open),
    }
}

fn object(out: &mut String, value: &Value, open: &mut Vec<usize>) {
    let address = value.as_object().map_or(0, address);
    if open.contains(&address) {
        out.push_str(if list(value) { "[...]" } else { "{...}" });
        return;
    }
    open.push(address);
    if !container(out, value, open) && !leaf(out, value) {
        match hidden(value) {
            Some(text) => out.push_str(&text),
            None => foreign_object(out, value, open),
        }
    }
    open.pop();
}

/// Identifies shared containers; values that are not shared cannot contain themselves.
fn address(object: &minijinja::value::DynObject) -> usize {
    if let Some(list) = object.downcast_ref::<List>() {
        return std::ptr::from_ref(list).addr();
    }
    if let Some(dict) = object.downcast_ref::<Dict>() {
        return std::ptr::from_ref(dict).addr();
    }
    std::ptr::from_ref(object).addr()
}

fn container(out: &mut String, value: &Value, open: &mut Vec<usize>) -> bool {
    if list(value) {
        join(out, ("[", "]"), &items(value).unwrap_or_default(), open);
    } else if tuple(value) {
        let own = items(value).unwrap_or_default();
        let close = if own.len() == 1 { ",)" } else { ")" };
        join(out, ("(", close), &own, open);
    } else if let Some(dict) = value.downcast_object_ref::<Dict>() {
        mapping(out, dict.pairs(), open);
    } else if let Some(set) = value.downcast_object_ref::<Set>() {
        let own = set.snapshot();
        if own.is_empty() {
            out.push_str("set()");
        } else {
            join(out, ("{", "}"), &own, open);
        }
    } else if let Some(view) = value.downcast_object_ref::<View>() {
        out.push_str(view.type_name());
        join(out, ("([", "])"), &view.snapshot(), open);
    } else if namespace(value) {
        out.push_str("<Namespace ");
        let pairs = value.as_object().and_then(minijinja::value::DynObject::try_iter_pairs);
        mapping(out, pairs.into_iter().flatten().collect(), open);
        out.push('>');
    } else {
        return false;
    }
    true
}

fn join(out: &mut String, (start, end): (&str, &str), items: &[Value], open: &mut Vec<usize>) {
    out.push_str(start);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(out, item, open);
    }
    out.push_str(end);
}

fn mapping(out: &mut String, pairs: Vec<(Value, Value)>, open: &mut Vec<usize>) {
    out.push('{');
    for (at, (key, value)) in pairs.into_iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(out, &key, open);
        out.push_str(": ");
        write(out, &value, open);
    }
    out.push('}');
}

fn leaf(out: &mut String, value: &Value) -> bool {
    if let Some(decimal) = value.downcast_object_ref::<Decimal>() {
        _ = write!(out, "Decimal('{decimal}')");
    } else if let Some(date) = value.downcast_object_ref::<Date>() {
        out.push_str(&date.repr());
    } else if let Some(moment) = value.downcast_object_ref::<DateTime>() {
        out.push_str(&moment.repr());
    } else if let Some(time) = value.downcast_object_ref::<TimeOfDay>() {
        out.push_str(&time.repr());
    } else if let Some(duration) = value.downcast_object_ref::<Duration>() {
        out.push_str(&duration.repr());
    } else if let Some(zone) = value.downcast_object_ref::<Zone>() {
        out.push_str(&zone.repr());
    } else if is::<Class>(value) {
        out.push_str(&value.to_string());
    } else {
        return false;
    }
    true
}

fn foreign_object(out: &mut String, value: &Value, open: &mut Vec<usize>) {
    if let (true, Ok(pairs)) = (dict(value), pairs(value)) {
        return mapping(out, pairs, open);
    }
    _ = write!(out, "{value}");
}

/// The repr of a string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(&mut out, text);
    out
}

/// A string as Python's repr: in single quotes unless it has some and no double ones.
pub(super) fn quote(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if printable(c) => out.push(c),
            c => escape(out, u32::from(c)),
        }
    }
    out.push(quote);
}

fn escape(out: &mut String, code: u32) {
    _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Python's `str.isprintable` for one character: no controls, formats, private ones or odd spaces.
pub(super) fn printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    let invisible = matches!(u32::from(c),
        0x7f..=0xa0 | 0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
        | 0x1680 | 0x180e | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000
        | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0001..=0xe007f | 0xf0000..);
    let noncharacter = u32::from(c) & 0xfffe == 0xfffe || matches!(u32::from(c), 0xfdd0..=0xfdef);
    !invisible && !noncharacter
}

fn bytes(out: &mut String, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if char::from(*b) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            b => _ = write!(out, "\\x{b:02x}"),
        }
    }
    out.push(quote);
}
