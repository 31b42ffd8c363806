//! Python's `%` formatting of strings.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::error::{key_error, type_error, value_error};
use super::format::{Spec, float_text, grouped_sign, pad};
use super::kind::{items, mapping, tuple, type_name};
use super::number::{Number, number, truncate};
use super::repr::{repr, str};

struct Arguments<'a> {
    whole: &'a Value,
    items: Vec<Value>,
    next: usize,
}

impl Arguments<'_> {
    fn take(&mut self) -> Result<Value, Error> {
        let item = self.items.get(self.next).cloned();
        self.next += 1;
        item.ok_or_else(|| type_error("not enough arguments for format string"))
    }

    fn named(&mut self, name: &str) -> Result<Value, Error> {
        if !mapping(self.whole) {
            return Err(type_error("format requires a mapping"));
        }
        self.next = self.items.len();
        let item = self.whole.get_item(&Value::from(name))?;
        if item.is_undefined() { Err(key_error(repr(&Value::from(name)))) } else { Ok(item) }
    }
}

/// `format % argument`.
pub(super) fn percent(format: &str, argument: &Value) -> Result<String, Error> {
    let single = !tuple(argument);
    let items = if single { vec![argument.clone()] } else { items(argument)? };
    let mut arguments = Arguments { whole: argument, items, next: 0 };
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '%' {
            conversion(&mut out, &mut rest, &mut arguments)?;
        } else {
            out.push(c);
        }
    }
    // A mapping or a list may stay unused, as in Python.
    let is_collection = argument.kind() != ValueKind::String && argument.as_object().is_some();
    let ignorable = single && (is_collection || argument.is_undefined());
    if arguments.next < arguments.items.len() && !ignorable {
        return Err(type_error("not all arguments converted during string formatting"));
    }
    Ok(out)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn conversion(out: &mut String, rest: &mut Rest<'_>, arguments: &mut Arguments<'_>) -> Result<(), Error> {
    let mut named = None;
    if rest.next_if_eq(&'(').is_some() {
        let mut name = String::new();
        let mut depth = 1;
        for c in rest.by_ref() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 {
                break;
            }
            name.push(c);
        }
        named = Some(arguments.named(&name)?);
    }
    let mut spec = Spec::default();
    while let Some(c) = rest.next_if(|c| "#0- +".contains(*c)) {
        match c {
            '#' => spec.alternate = true,
            '0' => spec.zero = true,
            '-' => spec.align = Some('<'),
            ' ' => spec.sign = spec.sign.or(Some(' ')),
            _ => spec.sign = Some('+'),
        }
    }
    spec.width = count(rest, arguments)?.unwrap_or(0);
    if rest.next_if_eq(&'.').is_some() {
        spec.precision = Some(count(rest, arguments)?.unwrap_or(0));
    }
    while rest.next_if(|c| "hlL".contains(*c)).is_some() {}
    let kind = rest.next().ok_or_else(|| value_error("incomplete format"))?;
    if kind == '%' {
        out.push('%');
        return Ok(());
    }
    let value = match named {
        Some(value) => value,
        None => arguments.take()?,
    };
    out.push_str(&convert(&value, kind, spec)?);
    Ok(())
}

fn count(rest: &mut Rest<'_>, arguments: &mut Arguments<'_>) -> Result<Option<usize>, Error> {
    if rest.next_if_eq(&'*').is_some() {
        let value = super::argument::int(&arguments.take()?)?;
        return Ok(usize::try_from(value).ok());
    }
    let mut digits = String::new();
    while let Some(c) = rest.next_if(char::is_ascii_digit) {
        digits.push(c);
    }
    if digits.is_empty() {
        return Ok(None);
    }
    digits.parse().ok().filter(|n| *n < 1 << 20).map(Some).ok_or_else(|| value_error("width too big"))
}

fn convert(value: &Value, kind: char, mut spec: Spec) -> Result<String, Error> {
    match kind {
        's' | 'r' | 'a' => {
            let mut text = if kind == 's' { str(value) } else { repr(value) };
            if kind == 'a' {
                text = super::text::ascii(&text);
            }
            if let Some(precision) = spec.precision {
                text = text.chars().take(precision).collect();
            }
            Ok(right(text, &spec))
        }
        'c' => Ok(right(character(value)?, &spec)),
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
            let n = whole(value, kind)?;
            let digits = match kind {
                'x' => format!("{:x}", n.unsigned_abs()),
                'X' => format!("{:X}", n.unsigned_abs()),
                'o' => format!("{:o}", n.unsigned_abs()),
                _ => n.unsigned_abs().to_string(),
            };
            let digits = format!("{digits:0>width$}", width = spec.precision.unwrap_or(0));
            let prefix = if spec.alternate && "xXo".contains(kind) { format!("0{kind}") } else { String::new() };
            let sign = grouped_sign(n < 0, spec.sign);
            Ok(numeric(&format!("{sign}{prefix}"), &digits, &spec))
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let x = number(value)
                .map(|n| n.to_float())
                .ok_or_else(|| type_error(format!("must be real number, not {}", type_name(value))))?;
            spec.kind = Some(kind);
            let text = float_text(x.abs(), &spec);
            Ok(numeric(grouped_sign(x.is_sign_negative(), spec.sign), &text, &spec))
        }
        _ => Err(value_error(format!("unsupported format character '{kind}'"))),
    }
}

fn right(text: String, spec: &Spec) -> String {
    pad(text, spec.width, ' ', spec.align.unwrap_or('>'))
}

fn numeric(sign: &str, digits: &str, spec: &Spec) -> String {
    if spec.zero && spec.align.is_none() {
        let width = spec.width.saturating_sub(sign.chars().count());
        return format!("{sign}{digits:0>width$}");
    }
    right(format!("{sign}{digits}"), spec)
}

fn whole(value: &Value, kind: char) -> Result<i128, Error> {
    let n = match number(value) {
        Some(Number::Int(n)) => Some(n),
        Some(Number::Float(x)) if "diu".contains(kind) => truncate(x),
        Some(Number::Decimal(d)) if "diu".contains(kind) => d.truncated(),
        _ => None,
    };
    n.ok_or_else(|| {
        let needed = if "diu".contains(kind) { "a real number" } else { "an integer" };
        type_error(format!("%{kind} format: {needed} is required, not {}", type_name(value)))
    })
}

fn character(value: &Value) -> Result<String, Error> {
    if let Some(text) = value.as_str().filter(|text| text.chars().count() == 1) {
        return Ok(text.to_owned());
    }
    let code = super::number::integer(value).and_then(|n| u32::try_from(n).ok());
    let c = code.and_then(char::from_u32);
    c.map(String::from).ok_or_else(|| type_error("%c requires int or char"))
}
