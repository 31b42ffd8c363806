//! Python's `str.format` and its format specifications.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::argument::split;
use super::date::Date;
use super::datetime::DateTime;
use super::decimal::Decimal;
use super::error::{index_error, key_error, type_error, value_error};
use super::kind::type_name;
use super::number::{Number, float, number};
use super::repr::{repr, str};
use super::text::ascii;
use super::timeofday::TimeOfDay;

/// A parsed format specification: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

impl Spec {
    fn parse(text: &str) -> Result<Spec, Error> {
        let chars: Vec<char> = text.chars().collect();
        let mut spec = Spec::default();
        let mut at = 0;
        let aligns = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
        if aligns(chars.get(1)) {
            (spec.fill, spec.align, at) = (Some(chars[0]), Some(chars[1]), 2);
        } else if aligns(chars.first()) {
            (spec.align, at) = (Some(chars[0]), 1);
        }
        let mut next = |allowed: &str| {
            let found = chars.get(at).copied().filter(|c| allowed.contains(*c));
            at += usize::from(found.is_some());
            found
        };
        spec.sign = next("+- ");
        next("z");
        spec.alternate = next("#").is_some();
        spec.zero = next("0").is_some();
        let mut digits = String::new();
        while let Some(c) = next("0123456789") {
            digits.push(c);
        }
        spec.width = size(&digits)?.unwrap_or(0);
        spec.grouping = next(",_");
        if next(".").is_some() {
            digits.clear();
            while let Some(c) = next("0123456789") {
                digits.push(c);
            }
            let precision = size(&digits)?;
            spec.precision = Some(precision.ok_or_else(|| value_error("Format specifier missing precision"))?);
        }
        spec.kind = chars.get(at).copied();
        if chars.len() > at + 1 {
            return Err(value_error(format!("Invalid format specifier '{text}'")));
        }
        Ok(spec)
    }
}

fn size(digits: &str) -> Result<Option<usize>, Error> {
    if digits.is_empty() {
        return Ok(None);
    }
    let size = digits.parse().ok().filter(|n| *n < 1 << 20);
    size.map(Some).ok_or_else(|| value_error("Too many decimal digits in format string"))
}

/// Python's `format(value, spec)`.
pub(super) fn format_value(value: &Value, spec: &str) -> Result<String, Error> {
    if let Some(text) = moment(value, spec) {
        return text;
    }
    if spec.is_empty() {
        return Ok(str(value));
    }
    match (value.kind(), number(value)) {
        (ValueKind::String | ValueKind::Undefined, _) => string(&str(value), &Spec::parse(spec)?),
        (_, Some(Number::Int(n))) => int(n, &Spec::parse(spec)?),
        (_, Some(Number::Float(x))) => real(x, &Spec::parse(spec)?),
        (_, Some(Number::Decimal(d))) => decimal(&d, &Spec::parse(spec)?),
        _ => {
            let name = type_name(value);
            Err(type_error(format!("unsupported format string passed to {name}.__format__")))
        }
    }
}

fn moment(value: &Value, spec: &str) -> Option<Result<String, Error>> {
    if spec.is_empty() {
        return None;
    }
    if let Some(date) = value.downcast_object_ref::<Date>() {
        return Some(Ok(date.strftime(spec)));
    }
    if let Some(moment) = value.downcast_object_ref::<DateTime>() {
        return Some(Ok(moment.strftime(spec)));
    }
    value.downcast_object_ref::<TimeOfDay>().map(|time| Ok(time.strftime(spec)))
}

/// The text padded to a width.
pub(super) fn pad(text: String, width: usize, fill: char, align: char) -> String {
    let missing = width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    let (left, right) = match align {
        '<' => (0, missing),
        '^' => (missing / 2, missing - missing / 2),
        _ => (missing, 0),
    };
    let fill = |n: usize| std::iter::repeat_n(fill, n);
    fill(left).chain(text.chars()).chain(fill(right)).collect()
}

fn string(text: &str, spec: &Spec) -> Result<String, Error> {
    if let Some(kind) = spec.kind.filter(|kind| *kind != 's') {
        return Err(unknown(kind, "str"));
    }
    if spec.sign.is_some() {
        return Err(value_error("Sign not allowed in string format specifier"));
    }
    if spec.align == Some('=') {
        return Err(value_error("'=' alignment not allowed in string format specifier"));
    }
    let text: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    Ok(pad(text, spec.width, fill, spec.align.unwrap_or('<')))
}

fn unknown(kind: char, type_name: &str) -> Error {
    value_error(format!("Unknown format code '{kind}' for object of type '{type_name}'"))
}

/// The sign to print.
pub(super) fn grouped_sign(negative: bool, sign: Option<char>) -> &'static str {
    match sign {
        _ if negative => "-",
        Some('+') => "+",
        Some(' ') => " ",
        _ => "",
    }
}

fn int(n: i128, spec: &Spec) -> Result<String, Error> {
    let magnitude = n.unsigned_abs();
    let kind = spec.kind.unwrap_or('d');
    if "eEfFgG%".contains(kind) {
        return real(Number::Int(n).to_float(), spec);
    }
    if spec.precision.is_some() {
        return Err(value_error("Precision not allowed in integer format specifier"));
    }
    let (prefix, digits) = match kind {
        'd' | 'n' => ("", magnitude.to_string()),
        'x' => ("0x", format!("{magnitude:x}")),
        'X' => ("0X", format!("{magnitude:X}")),
        'o' => ("0o", format!("{magnitude:o}")),
        'b' => ("0b", format!("{magnitude:b}")),
        'c' => {
            let c = u32::try_from(n).ok().and_then(char::from_u32);
            let text = c.ok_or_else(|| value_error("%c arg not in range(0x110000)"))?.to_string();
            return Ok(pad(text, spec.width, spec.fill.unwrap_or(' '), spec.align.unwrap_or('<')));
        }
        kind => return Err(unknown(kind, "int")),
    };
    let prefix = if spec.alternate { prefix } else { "" };
    let sign = format!("{}{prefix}", grouped_sign(n < 0, spec.sign));
    let every = if "xXob".contains(kind) { 4 } else { 3 };
    Ok(laid_out(&sign, &digits, "", every, spec))
}

/// Sign, whole digits and the rest, with grouping and padding.
fn laid_out(sign: &str, whole: &str, rest: &str, every: usize, spec: &Spec) -> String {
    let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    let align = spec.align.unwrap_or(if spec.zero { '=' } else { '>' });
    let taken = sign.chars().count() + rest.chars().count();
    if align == '=' && fill == '0' {
        let whole = group(whole, every, spec.grouping, spec.width.saturating_sub(taken));
        return format!("{sign}{whole}{rest}");
    }
    let whole = group(whole, every, spec.grouping, 0);
    if align == '=' {
        let body = pad(format!("{whole}{rest}"), spec.width.saturating_sub(sign.len()), fill, '>');
        return format!("{sign}{body}");
    }
    pad(format!("{sign}{whole}{rest}"), spec.width, fill, align)
}

/// The digits in groups, with zeros in front up to the width.
fn group(digits: &str, every: usize, separator: Option<char>, width: usize) -> String {
    let Some(separator) = separator else { return format!("{digits:0>width$}") };
    let mut reversed = String::new();
    let mut source = digits.chars().rev();
    let mut placed = 0;
    loop {
        let next = source.next();
        let wanted = reversed.chars().count() + usize::from(placed > 0 && placed % every == 0) < width;
        if next.is_none() && !wanted && reversed.chars().count() >= width {
            break;
        }
        if placed > 0 && placed % every == 0 {
            reversed.push(separator);
        }
        reversed.push(next.unwrap_or('0'));
        placed += 1;
    }
    reversed.chars().rev().collect()
}

fn real(x: f64, spec: &Spec) -> Result<String, Error> {
    if let Some(kind) = spec.kind.filter(|kind| !"eEfFgG%n".contains(*kind)) {
        return Err(unknown(kind, "float"));
    }
    let text = float_text(x.abs(), spec);
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(split);
    Ok(laid_out(grouped_sign(x.is_sign_negative() && !x.is_nan(), spec.sign), whole, rest, 3, spec))
}

/// A float that is not negative under a type and precision, without padding.
pub(super) fn float_text(x: f64, spec: &Spec) -> String {
    let upper = spec.kind.is_some_and(|kind| kind.is_ascii_uppercase());
    let text = if x.is_finite() { finite(x, spec) } else { float(x) };
    if upper { text.to_uppercase() } else { text }
}

fn finite(x: f64, spec: &Spec) -> String {
    let precision = spec.precision.unwrap_or(6);
    match spec.kind.map(|kind| kind.to_ascii_lowercase()) {
        Some('f') => format!("{x:.precision$}"),
        Some('%') => format!("{:.precision$}%", x * 100.0),
        Some('e') => exponential(x, precision),
        Some(_) => general(x, precision.max(1), spec.alternate),
        None => match spec.precision {
            Some(precision) => {
                let text = general(x, precision.max(1), false);
                if text.contains(['.', 'e']) { text } else { text + ".0" }
            }
            None => float(x),
        },
    }
}

fn exponential(x: f64, precision: usize) -> String {
    let text = format!("{x:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn general(x: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = exponential(x, precision - 1);
    let exponent: i64 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or_default();
    let digits = i64::try_from(precision).unwrap_or(i64::MAX);
    if exponent < -4 || exponent >= digits {
        let (mantissa, tail) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        return format!("{}e{tail}", stripped(mantissa, keep_zeros));
    }
    let places = usize::try_from(digits - 1 - exponent).unwrap_or_default();
    stripped(&format!("{x:.places$}"), keep_zeros).to_owned()
}

fn stripped(text: &str, keep_zeros: bool) -> &str {
    if keep_zeros || !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.')
}

fn decimal(d: &Decimal, spec: &Spec) -> Result<String, Error> {
    let percent = spec.kind == Some('%');
    let value = if percent { d.mul(&Decimal(100.into())) } else { d.clone() };
    let text = match spec.kind {
        Some('f' | 'F' | '%') | None if percent || spec.kind.is_some() || spec.precision.is_some() => {
            match spec.precision {
                Some(places) => value.rounded(i64::try_from(places).unwrap_or(i64::MAX)).to_string(),
                None => value.to_string(),
            }
        }
        None => value.to_string(),
        Some('e' | 'E' | 'g' | 'G' | 'n') => return real(d.to_float(), spec),
        Some(kind) => return Err(unknown(kind, "decimal.Decimal")),
    };
    let negative = text.starts_with('-');
    let text = text.trim_start_matches('-').to_owned() + if percent { "%" } else { "" };
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(split);
    Ok(laid_out(grouped_sign(negative, spec.sign), whole, rest, 3, spec))
}

/// The arguments of a `format` call and how far automatic numbering has come.
struct Fields<'a> {
    positional: &'a [Value],
    keywords: Vec<(String, Value)>,
    next: usize,
}

/// Python's `template.format(...)`.
pub(super) fn format(template: &str, args: &[Value]) -> Result<String, Error> {
    let (positional, keywords) = split(args);
    let mut fields = Fields { positional, keywords, next: 0 };
    expand(template, &mut fields, 2)
}

/// Python's `template.format_map(mapping)`.
pub(super) fn format_map(template: &str, mapping: &Value) -> Result<String, Error> {
    let keywords = super::dict::pairs(mapping)?.into_iter().map(|(k, v)| (str(&k), v)).collect();
    let mut fields = Fields { positional: &[], keywords, next: 0 };
    expand(template, &mut fields, 2)
}

fn expand(template: &str, fields: &mut Fields<'_>, depth: usize) -> Result<String, Error> {
    if depth == 0 && template.contains('{') {
        return Err(value_error("Max string recursion exceeded"));
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (brace, tail) = rest[at..].split_at(1);
        if tail.starts_with(brace) {
            out.push_str(brace);
            rest = &tail[1..];
            continue;
        }
        if brace == "}" {
            return Err(value_error("Single '}' encountered in format string"));
        }
        let end = closing(tail).ok_or_else(|| value_error("expected '}' before end of string"))?;
        out.push_str(&field(&tail[..end], fields, depth)?);
        rest = &tail[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the field that starts here ends.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn field(text: &str, fields: &mut Fields<'_>, depth: usize) -> Result<String, Error> {
    // Inside of brackets a colon or an exclamation mark belongs to the name.
    let mut inside = false;
    let end = text.char_indices().find(|(_, c)| {
        inside = (inside || *c == '[') && *c != ']';
        !inside && (*c == ':' || *c == '!')
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    let value = lookup(&text[..end], fields)?;
    let mut rest = &text[end..];
    let mut conversion = None;
    if let Some(tail) = rest.strip_prefix('!') {
        conversion = tail.chars().next();
        rest = conversion.map_or("", |c| &tail[c.len_utf8()..]);
        if !rest.is_empty() && !rest.starts_with(':') {
            return Err(value_error("expected ':' after conversion specifier"));
        }
    }
    let spec = expand(rest.strip_prefix(':').unwrap_or(""), fields, depth.saturating_sub(1))?;
    let value = match conversion {
        None => value,
        Some('s') => Value::from(str(&value)),
        Some('r') => Value::from(repr(&value)),
        Some('a') => Value::from(ascii(&repr(&value))),
        Some(c) => return Err(value_error(format!("Unknown conversion specifier '{c}'"))),
    };
    format_value(&value, &spec)
}

fn lookup(name: &str, fields: &mut Fields<'_>) -> Result<Value, Error> {
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut rest) = name.split_at(end);
    let mut value = match first.parse::<usize>() {
        _ if first.is_empty() => {
            fields.next += 1;
            positional(fields, fields.next - 1)?
        }
        Ok(at) => positional(fields, at)?,
        Err(_) => {
            let found = fields.keywords.iter().find(|(key, _)| key == first);
            found.map(|(_, value)| value.clone()).ok_or_else(|| key_error(repr(&Value::from(first))))?
        }
    };
    while !rest.is_empty() {
        (value, rest) = step(&value, rest)?;
    }
    Ok(value)
}

fn positional(fields: &Fields<'_>, at: usize) -> Result<Value, Error> {
    let text = "Replacement index out of range for positional args tuple";
    fields.positional.get(at).cloned().ok_or_else(|| index_error(text))
}

fn step<'a>(value: &Value, rest: &'a str) -> Result<(Value, &'a str), Error> {
    if let Some(tail) = rest.strip_prefix('.') {
        let end = tail.find(['.', '[']).unwrap_or(tail.len());
        return Ok((value.get_attr(&tail[..end])?, &tail[end..]));
    }
    let tail = rest.strip_prefix('[').ok_or_else(|| value_error("Only '.' or '[' may follow ']'"))?;
    let end = tail.find(']').ok_or_else(|| value_error("Missing ']' in format string"))?;
    let key = match tail[..end].parse::<usize>() {
        Ok(at) => Value::from(at),
        Err(_) => Value::from(&tail[..end]),
    };
    let item = value.get_item(&key)?;
    if item.is_undefined() {
        return Err(key_error(repr(&key)));
    }
    Ok((item, &tail[end + 1..]))
}
