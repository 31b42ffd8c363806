//! A value as the YAML text that Python's `yaml.safe_dump` makes of it (dbt: `toyaml`): blocks two columns wide, lines that are
//! folded behind column 80, texts quoted where YAML 1.1 would read something else.

use serde_json::{Number, Value};

use super::typed::without_quotes;
use super::yaml;

/// The column behind which a line is folded.
const WIDTH: usize = 80;

/// A value as YAML text, ending in a newline.
pub fn python_yaml(value: &Value) -> String {
    let mut text = Text { out: String::new(), column: 0 };
    match value {
        Value::Array(items) if !items.is_empty() => text.list(items, 0),
        Value::Object(map) if !map.is_empty() => text.map(map, 0),
        scalar => {
            let style = text.scalar(scalar, 2, true);
            let end = if style == Style::Plain { "\n...\n" } else { "\n" };
            text.put(end);
        }
    }
    text.out
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    /// An empty list or mapping.
    Flow,
}

struct Text {
    out: String,
    /// How many characters the last line has.
    column: usize,
}

impl Text {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rfind('\n') {
            Some(end) => self.column = text[end + 1..].chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn line(&mut self, indent: usize) {
        self.put("\n");
        self.put(&" ".repeat(indent));
    }

    fn list(&mut self, items: &[Value], indent: usize) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.put(&" ".repeat(indent));
            }
            self.put("- ");
            match item {
                Value::Array(inner) if !inner.is_empty() => self.list(inner, indent + 2),
                Value::Object(inner) if !inner.is_empty() => self.map(inner, indent + 2),
                scalar => self.end(scalar, indent + 2),
            }
        }
    }

    fn map(&mut self, map: &serde_json::Map<String, Value>, indent: usize) {
        for (index, (key, item)) in map.iter().enumerate() {
            if index > 0 {
                self.put(&" ".repeat(indent));
            }
            self.scalar(&Value::String(key.clone()), indent, false);
            self.put(":");
            match item {
                Value::Array(inner) if !inner.is_empty() => {
                    self.line(indent);
                    self.list(inner, indent);
                }
                Value::Object(inner) if !inner.is_empty() => {
                    self.line(indent + 2);
                    self.map(inner, indent + 2);
                }
                scalar => {
                    self.put(" ");
                    self.end(scalar, indent + 2);
                }
            }
        }
    }

    fn end(&mut self, scalar: &Value, indent: usize) {
        self.scalar(scalar, indent, true);
        self.put("\n");
    }

    fn scalar(&mut self, value: &Value, indent: usize, folds: bool) -> Style {
        let plain = match value {
            Value::Array(_) => return self.flow("[]"),
            Value::Object(_) => return self.flow("{}"),
            Value::String(text) => match without_quotes(text) {
                Some(text) => text.to_owned(),
                None => return self.text(text, indent, folds),
            },
            Value::Number(number) => number_text(number),
            Value::Bool(true) => "true".to_owned(),
            Value::Bool(false) => "false".to_owned(),
            Value::Null => "null".to_owned(),
        };
        self.put(&plain);
        Style::Plain
    }

    fn text(&mut self, text: &str, indent: usize, folds: bool) -> Style {
        let style = style(text, folds);
        match style {
            Style::Double => self.double(text, indent, folds),
            Style::Single => self.single(text, indent, folds),
            _ => self.plain(text, indent, folds),
        }
        style
    }

    fn flow(&mut self, text: &str) -> Style {
        self.put(text);
        Style::Flow
    }

    fn plain(&mut self, text: &str, indent: usize, folds: bool) {
        for (kind, run) in runs(text) {
            if kind == Run::Spaces && run == " " && self.column > WIDTH && folds {
                self.line(indent);
            } else {
                self.put(run);
            }
        }
    }

    fn single(&mut self, text: &str, indent: usize, folds: bool) {
        self.put("'");
        let mut before = 0;
        for (kind, run) in runs(text) {
            let is_inside = before > 0 && before + run.len() < text.len();
            match kind {
                Run::Breaks => {
                    self.put(&"\n".repeat(run.len() + 1));
                    self.put(&" ".repeat(indent));
                }
                Run::Spaces if run == " " && self.column > WIDTH && folds && is_inside => self.line(indent),
                _ => self.put(&run.replace('\'', "''")),
            }
            before += run.len();
        }
        self.put("'");
    }

    fn double(&mut self, text: &str, indent: usize, folds: bool) {
        self.put("\"");
        let letters: Vec<char> = text.chars().collect();
        let mut waiting = String::new();
        for (index, letter) in letters.iter().enumerate() {
            let is_special = !matches!(letter, ' '..='~') || matches!(letter, '"' | '\\');
            if is_special {
                self.put(&std::mem::take(&mut waiting));
                self.put(&escaped(*letter));
            }
            let may_fold = folds && (1..letters.len() - 1).contains(&index) && (*letter == ' ' || waiting.is_empty());
            if may_fold && self.column + waiting.chars().count() > WIDTH + usize::from(is_special) {
                self.put(&std::mem::take(&mut waiting));
                self.put("\\");
                self.line(indent);
                let next = letters[index + usize::from(is_special)];
                self.put(if next == ' ' { "\\" } else { "" });
            }
            if !is_special {
                waiting.push(*letter);
            }
        }
        self.put(&waiting);
        self.put("\"");
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Run {
    Spaces,
    Breaks,
    Word,
}

/// A text in runs of spaces, of line breaks and of anything else.
fn runs(text: &str) -> Vec<(Run, &str)> {
    let kind = |letter: char| match letter {
        ' ' => Run::Spaces,
        '\n' => Run::Breaks,
        _ => Run::Word,
    };
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| kind(letter) != kind(first)).unwrap_or(rest.len());
        runs.push((kind(first), &rest[..end]));
        rest = &rest[end..];
    }
    runs
}

/// How a text is written: plain where that is read as the same text.
fn style(text: &str, folds: bool) -> Style {
    let has_break = text.contains('\n');
    let spaced = text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']);
    let is_special = text.contains(" \n") || text.chars().any(|letter| letter != '\n' && !matches!(letter, ' '..='~'));
    if is_special || text.contains("\n ") || (has_break && !folds) {
        return Style::Double;
    }
    let is_plain = !text.is_empty() && !spaced && !has_break && !has_indicator(text);
    let is_text =
        || yaml::parse_exactly(text).is_ok_and(|value| value.as_str() == Some(text)) && text != "=" && text != "<<";
    if is_plain && is_text() { Style::Plain } else { Style::Single }
}

/// Whether something in a text has a meaning in a block.
fn has_indicator(text: &str) -> bool {
    let starts = text.starts_with(['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'])
        || text.starts_with("---")
        || text.starts_with("...")
        || matches!(text, "-" | "?" | ":")
        || ["- ", "? ", ": "].iter().any(|start| text.starts_with(start));
    starts || text.contains(": ") || text.contains(" #") || text.ends_with(':')
}

fn escaped(letter: char) -> String {
    match letter {
        '\0' => "\\0".to_owned(),
        '\x07' => "\\a".to_owned(),
        '\x08' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\x0b' => "\\v".to_owned(),
        '\x0c' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\x1b' => "\\e".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        '"' | '\\' => format!("\\{letter}"),
        _ => match u32::from(letter) {
            code @ ..=0xff => format!("\\x{code:02X}"),
            code @ ..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    }
}

/// A number as Python writes it; an exponent needs a point to be read as a number.
fn number_text(number: &Number) -> String {
    let text = super::python_json(&Value::Number(number.clone()), false);
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}
