//! What a statement does, as far as its words tell: its verb, and whether there is anything to run.
//!
//! A light scan that knows comments, strings and parentheses; it never decides what is sent, only how an answer is read.

/// The word that says what a statement does, in upper case: `SELECT`, `INSERT`, `CREATE`, ...; `None` when the text
/// holds nothing but comments. Of a statement that begins with `WITH` it is the verb after the common table expressions.
pub(super) fn verb(sql: &str) -> Option<String> {
    let mut depth = 0usize;
    let mut with = false;
    for token in Scan(sql) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Word(word) => {
                let word = word.to_ascii_uppercase();
                match word.as_str() {
                    "WITH" if !with && depth == 0 => with = true,
                    "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "FROM" | "VALUES" if depth == 0 => {
                        return Some(word);
                    }
                    _ if !with => return Some(word),
                    _ => {}
                }
            }
            Token::Other => {}
        }
    }
    with.then(|| "WITH".to_owned())
}

/// Line and column, both from 1, of a byte in the text; columns count characters.
pub(super) fn line_column(sql: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(sql.len());
    while !sql.is_char_boundary(end) {
        end -= 1;
    }
    let before = &sql[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The byte at a line and a column, both from 1, columns in characters.
pub(super) fn byte_offset(sql: &str, line: usize, column: usize) -> usize {
    let start: usize = sql.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let within: usize = sql[start..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
    start + within
}

/// The pieces of a statement that matter here.
enum Token<'a> {
    /// A keyword or an unquoted name.
    Word(&'a str),
    /// `(`
    Open,
    /// `)`
    Close,
    /// A string, a quoted name, a number or an operator.
    Other,
}

/// The rest of the text to scan.
struct Scan<'a>(&'a str);

impl<'a> Iterator for Scan<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
            if let Some(comment) = rest.strip_prefix("--") {
                self.0 = comment.split_once('\n').map_or("", |(_, after)| after);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                self.0 = comment.split_once("*/").map_or("", |(_, after)| after);
            } else {
                self.0 = rest;
                break;
            }
        }
        let first = self.0.chars().next()?;
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '\'' | '"' => (Token::Other, 1 + self.0[1..].find(first).map_or(self.0.len() - 1, |end| end + 1)),
            c if c.is_alphabetic() || c == '_' => {
                let end = self.0.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.0.len());
                (Token::Word(&self.0[..end]), end)
            }
            c => (Token::Other, c.len_utf8()),
        };
        self.0 = &self.0[length..];
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::{byte_offset, line_column, verb};

    #[test]
    fn the_verb_is_found_behind_comments_and_common_table_expressions() {
        assert_eq!(verb("-- a\n/* b */ insert into t select 1").as_deref(), Some("INSERT"));
        assert_eq!(verb("with a as (select 1), b as (delete from c) merge into d").as_deref(), Some("MERGE"));
        assert_eq!(verb("with \"insert\" as (select ')') select 1").as_deref(), Some("SELECT"));
        assert_eq!(verb("((select 1))").as_deref(), Some("SELECT"));
        assert_eq!(verb(" ; -- nothing"), None);
        assert_eq!(verb("/* open"), None);
    }

    #[test]
    fn a_byte_becomes_a_line_and_a_column_in_characters() {
        assert_eq!(line_column("ab\n'äö' x", 10), (2, 6));
        assert_eq!(byte_offset("ab\n'äö' x", 2, 6), 10);
        assert_eq!(byte_offset("a", 7, 7), 1);
        assert_eq!(line_column("a", 99), (1, 2));
        assert_eq!(line_column("ä", 1), (1, 1));
    }
}
