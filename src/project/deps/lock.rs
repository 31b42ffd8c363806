//! `package-lock.yml`: what was resolved, in dbt's format.

use serde_json::Value;

use super::Problem;
use crate::config::yaml;
use crate::diagnostic::Code;

/// The file's name.
pub const LOCK: &str = "package-lock.yml";

/// What a lock holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Lock {
    pub(super) entries: Vec<Value>,
    pub(super) hash: Option<String>,
}

/// Reads a lock.
pub(super) fn read(text: &str) -> Result<Lock, Problem> {
    let wrong = |reason: &str| {
        let message = format!("{LOCK} cannot be used: {reason}");
        Problem::new(Code::YamlSyntax, message, "remove it, and run `merganser deps`")
    };
    let value = yaml::parse(text).map_err(|error| wrong(&error.message))?;
    let hash = value.get("sha1_hash").and_then(Value::as_str).map(str::to_owned);
    match value.get("packages") {
        Some(Value::Array(entries)) => Ok(Lock { entries: entries.clone(), hash }),
        _ => Err(wrong("it has no list `packages`")),
    }
}

/// The text of a lock: keys sorted, lists indented, as dbt's YAML dumper writes them.
pub(super) fn text(entries: &[Value], hash: &str) -> String {
    format!("{}sha1_hash: {}\n", packages_text(entries), scalar(&Value::from(hash)))
}

/// `packages:` and its entries.
pub(super) fn packages_text(entries: &[Value]) -> String {
    let mut out = String::from(if entries.is_empty() { "packages: []\n" } else { "packages:\n" });
    for entry in entries {
        let mut fields: Vec<(&String, &Value)> = entry.as_object().into_iter().flatten().collect();
        fields.sort_by_key(|(key, _)| *key);
        for (index, (key, value)) in fields.into_iter().enumerate() {
            out.push_str(if index == 0 { "  - " } else { "    " });
            match value {
                Value::Array(items) if !items.is_empty() => {
                    out.extend([key.as_str(), ":\n"]);
                    items.iter().for_each(|item| out.extend(["      - ", &scalar(item), "\n"]));
                }
                _ => out.extend([key.as_str(), ": ", &scalar(value), "\n"]),
            }
        }
    }
    out
}

/// A value on one line; text that YAML would read as something else is quoted.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let starts_plain = text.chars().next().is_some_and(|c| !"-?:,[]{}#&*!|>'\"%@`= ".contains(c));
    let is_plain = starts_plain
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(char::is_control)
        && yaml::parse(text).is_ok_and(|read| read == *value)
        && !looks_like_a_date(text);
    if is_plain { text.clone() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// `2024-01-02`: Python's YAML reads it as a day.
fn looks_like_a_date(text: &str) -> bool {
    text.len() >= 8 && text.bytes().take(4).all(|b| b.is_ascii_digit()) && text.as_bytes()[4] == b'-'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lock_is_written_as_dbt_writes_it_and_read_again() {
        let entries = [
            json!({"package": "dbt-labs/dbt_utils", "version": "1.3.0", "name": "dbt_utils"}),
            json!({"git": "https://example.com/x.git", "revision": "1.0", "name": "x"}),
        ];
        let written = text(&entries, "abc");
        let expected = "packages:\n  - name: dbt_utils\n    package: dbt-labs/dbt_utils\n    version: 1.3.0\n  \
                        - git: https://example.com/x.git\n    name: x\n    revision: '1.0'\nsha1_hash: abc\n";
        assert_eq!(written, expected);
        let lock = read(&written).expect("a lock");
        assert_eq!(lock.hash.as_deref(), Some("abc"));
        assert_eq!(lock.entries[1]["revision"], json!("1.0"));
    }
}
