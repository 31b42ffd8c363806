//! Ephemeral models in front of a statement (dbt: `compilation.py`, `inject_ctes_into_sql`).

/// The name by which SQL reads an ephemeral model.
pub(super) fn cte_name(identifier: &str) -> String {
    format!("__dbt__cte__{identifier}")
}

/// The expression for an ephemeral model, as dbt writes it.
pub(super) fn expression(identifier: &str, sql: &str) -> String {
    format!(" {} as (\n{sql}\n)", cte_name(identifier))
}

/// What is to be put into `sql`, and at which byte: before the first word after its own leading `with` (or `with recursive`), or with a `with` before
/// its first word.
pub(super) fn injection(sql: &str, expressions: &[String]) -> Option<(usize, String)> {
    if expressions.is_empty() {
        return None;
    }
    let list = expressions.join(", ");
    Some(match after_with(sql) {
        Some(at) => (at + sql[at..].len() - sql[at..].trim_start().len(), format!("{list}, ")),
        None => (sql.len() - sql.trim_start().len(), format!("with{list} ")),
    })
}

/// The byte after a `with` or `with recursive` that stands outside of parentheses.
fn after_with(sql: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut found: Option<usize> = None;
    let mut at = 0;
    while at < sql.len() {
        let rest = &sql[at..];
        let length = match rest.as_bytes()[0] {
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            quote @ (b'\'' | b'"') => quoted(rest, quote),
            b'(' => {
                depth += 1;
                1
            }
            b')' => {
                depth -= 1;
                1
            }
            b';' if depth == 0 => return found,
            first if first.is_ascii_alphabetic() || first == b'_' => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
                let word = &rest[..length];
                match found {
                    Some(end) => {
                        return Some(if word.eq_ignore_ascii_case("recursive") { at + length } else { end });
                    }
                    None if depth == 0 && word.eq_ignore_ascii_case("with") => found = Some(at + length),
                    None => {}
                }
                length
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        if found.is_some_and(|end| at >= end) && !rest.starts_with(char::is_whitespace) {
            return found;
        }
        at += length;
    }
    found
}

fn quoted(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) == Some(&quote) {
                at += 1;
            } else {
                return at + 1;
            }
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(sql: &str) -> String {
        let (at, text) = injection(sql, &[expression("a", "select 1"), expression("b", "select 2")])
            .expect("there is something to inject");
        format!("{}{text}{}", &sql[..at], &sql[at..])
    }

    #[test]
    fn expressions_go_after_an_own_with_or_bring_one() {
        let list = " __dbt__cte__a as (\nselect 1\n),  __dbt__cte__b as (\nselect 2\n)";
        assert_eq!(injected("\nselect * from a"), format!("\nwith{list} select * from a"));
        assert_eq!(
            injected("with c as (select 1) select * from c"),
            format!("with {list}, c as (select 1) select * from c")
        );
        assert_eq!(
            injected("-- with x\nwith recursive c as (select 1) select 1"),
            format!("-- with x\nwith recursive {list}, c as (select 1) select 1")
        );
        assert_eq!(
            injected("select * from (with c as (select 1) select 1)"),
            format!("with{list} select * from (with c as (select 1) select 1)")
        );
    }
}
