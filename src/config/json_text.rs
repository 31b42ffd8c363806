//! JSON as Python's `json.dumps` writes it: a blank behind commas and colons, nothing but ASCII.

use std::fmt::Write as _;

use serde_json::Value;

/// `json.dumps(value, sort_keys=sorted)`.
pub fn python_json(value: &Value, sorted: bool) -> String {
    let mut out = String::new();
    write(&mut out, value, sorted);
    out
}

fn write(out: &mut String, value: &Value, sorted: bool) {
    match value {
        Value::String(text) => quoted(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write(out, item, sorted);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            if sorted {
                entries.sort_by_key(|(key, _)| *key);
            }
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                quoted(out, key);
                out.push_str(": ");
                write(out, item, sorted);
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing into a string does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::python_json;

    #[test]
    fn text_is_ascii_and_keys_can_be_sorted() {
        let value = json!({"b": [1, true, null], "a": "é\n\u{1f600}"});
        assert_eq!(python_json(&value, false), r#"{"b": [1, true, null], "a": "\u00e9\n\ud83d\ude00"}"#);
        assert_eq!(python_json(&value, true), r#"{"a": "\u00e9\n\ud83d\ude00", "b": [1, true, null]}"#);
    }
}
