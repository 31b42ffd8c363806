//! JSON as `PARSE_JSON` reads it: more lenient than the standard, and with the keys of objects in order.

use std::fmt::Write as _;

/// What happens to a key that an object has twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// The text is no JSON.
    Refused,
    /// The last value holds.
    LastHolds,
}

/// Values inside one another are read to this depth.
const DEPTH: u32 = 500;

/// The text as plain JSON: keys in quotes and in order, nothing left out. None when it cannot be read.
///
/// Keys may stand without quotes, texts in single ones, words in any case; an element that is left out is null.
pub fn read_json(text: &str, duplicates: Duplicates) -> Option<String> {
    let mut reader = Reader { rest: text, duplicates };
    let mut made = String::with_capacity(text.len());
    reader.value(&mut made, 0)?;
    reader.blank();
    reader.rest.is_empty().then_some(made)
}

struct Reader<'t> {
    rest: &'t str,
    duplicates: Duplicates,
}

impl<'t> Reader<'t> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']);
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.blank();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, made: &mut String, depth: u32) -> Option<()> {
        self.blank();
        match self.peek()? {
            _ if depth > DEPTH => None,
            '{' => self.object(made, depth),
            '[' => self.array(made, depth),
            '"' | '\'' => {
                made.push_str(&quoted(&self.text()?));
                Some(())
            }
            '-' | '0'..='9' => self.number(made),
            _ => {
                let word = self.word()?;
                let known = ["true", "false", "null"].into_iter().find(|known| word.eq_ignore_ascii_case(known));
                let known = known.or_else(|| word.eq_ignore_ascii_case("undefined").then_some("null"))?;
                made.push_str(known);
                Some(())
            }
        }
    }

    fn object(&mut self, made: &mut String, depth: u32) -> Option<()> {
        self.takes('{');
        let mut members: Vec<(String, String)> = Vec::new();
        while !self.takes('}') {
            self.blank();
            let key = match self.peek()? {
                '"' | '\'' => self.text()?,
                _ => self.word()?.to_owned(),
            };
            if !self.takes(':') {
                return None;
            }
            let mut value = String::new();
            self.value(&mut value, depth + 1)?;
            members.push((key, value));
            if !self.takes(',') {
                if !self.takes('}') {
                    return None;
                }
                break;
            }
        }
        members.sort_by(|one, other| one.0.cmp(&other.0));
        made.push('{');
        let start = made.len();
        for (at, (key, value)) in members.iter().enumerate() {
            if members.get(at + 1).is_some_and(|(next, _)| next == key) {
                if self.duplicates == Duplicates::Refused {
                    return None;
                }
                continue;
            }
            if made.len() > start {
                made.push(',');
            }
            let _ = write!(made, "{}:{value}", quoted(key));
        }
        made.push('}');
        Some(())
    }

    fn array(&mut self, made: &mut String, depth: u32) -> Option<()> {
        self.takes('[');
        made.push('[');
        let mut first = true;
        if self.takes(']') {
            made.push(']');
            return Some(());
        }
        loop {
            if !first {
                made.push(',');
            }
            first = false;
            self.blank();
            match self.peek()? {
                ',' | ']' => made.push_str("null"),
                _ => self.value(made, depth + 1)?,
            }
            if self.takes(']') {
                made.push(']');
                return Some(());
            }
            if !self.takes(',') {
                return None;
            }
        }
    }

    /// A number: digits as they are written, without zeros at the end of a fraction; one with an exponent is a float.
    fn number(&mut self, made: &mut String) -> Option<()> {
        let end = self.rest.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
        let (written, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let number: serde_json::Number = serde_json::from_str(written).ok()?;
        let digits = written.chars().filter(char::is_ascii_digit).count();
        if written.contains(['e', 'E']) || digits > 38 {
            made.push_str(&float(number.as_f64()?));
        } else if written.contains('.') {
            let short = written.trim_end_matches('0');
            made.push_str(short);
            if short.ends_with('.') {
                made.push('0');
            }
        } else {
            made.push_str(written);
        }
        self.rest = rest;
        Some(())
    }

    /// A key or a word without quotes.
    fn word(&mut self) -> Option<&'t str> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// A text in quotes of either kind.
    fn text(&mut self) -> Option<String> {
        let quote = self.peek()?;
        let mut chars = self.rest[1..].char_indices();
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(text);
                }
                '\\' => {
                    let escaped = match chars.next()?.1 {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'u' => unicode(&mut chars)?,
                        other => other,
                    };
                    text.push(escaped);
                }
                c => text.push(c),
            }
        }
        None
    }
}

/// The character behind `\u`; two surrogates are one.
fn unicode(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    let first = unit(chars)?;
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first);
    }
    if chars.next()?.1 != '\\' || chars.next()?.1 != 'u' {
        return None;
    }
    let second = unit(chars).filter(|unit| (0xDC00..0xE000).contains(unit))?;
    char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
}

/// The number of four hexadecimal digits.
fn unit(chars: &mut std::str::CharIndices<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit * 16 + chars.next()?.1.to_digit(16)?))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A float as Snowflake writes one inside of JSON: 15 digits behind the point, and an exponent.
fn float(value: f64) -> String {
    let text = format!("{value:.15e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::{Duplicates, read_json};

    fn read(text: &str) -> Option<String> {
        read_json(text, Duplicates::Refused)
    }

    #[test]
    fn what_is_left_out_is_null_and_keys_come_in_order() {
        assert_eq!(read(" [-1, 12, FALSE,] ").as_deref(), Some("[-1,12,false,null]"));
        assert_eq!(read("[1, ,77]").as_deref(), Some("[1,null,77]"));
        assert_eq!(read("{ b: 1, \"a\": 'x', }").as_deref(), Some(r#"{"a":"x","b":1}"#));
        assert_eq!(read("[]").as_deref(), Some("[]"));
        assert_eq!(read("NULL").as_deref(), Some("null"));
    }

    #[test]
    fn numbers_and_texts_are_written_again() {
        assert_eq!(read("[1.50, 2.00, -0, 1.912e2]").as_deref(), Some("[1.5,2.0,-0,1.912000000000000e+02]"));
        assert_eq!(read(r#""\u00e9\n\ud83d\ude00/""#).as_deref(), Some("\"é\\n😀/\""));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["{", "[1", "01", "{\"a\" 1}", "{\"a\": }", "abc", "1 2", "\"a", r#""\u12""#, r#""\ud83d""#, ""] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&"[".repeat(100_000)), None);
    }

    #[test]
    fn a_key_twice_is_refused_or_the_last_holds() {
        assert_eq!(read(r#"{"a":1,"a":2}"#), None);
        assert_eq!(read_json(r#"{"a":1,"a":2}"#, Duplicates::LastHolds).as_deref(), Some(r#"{"a":2}"#));
    }
}
