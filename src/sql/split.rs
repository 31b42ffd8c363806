//! Splitting a text into statements at its semicolons: outside quotes, `$$` bodies, comments, and `BEGIN … END` blocks.

use std::ops::Range;

/// The statements of a text, each without its semicolon and the white space around it; blank ones are left out.
/// Never fails: an unclosed quote, comment or block runs to the end of the text.
pub fn split(sql: &str) -> Vec<Range<usize>> {
    let mut splitter = Splitter { sql, at: 0, start: 0, blocks: Vec::new(), words: 0, content: false, found: vec![] };
    while splitter.at < sql.len() {
        splitter.step();
    }
    splitter.end_statement(sql.len());
    splitter.found
}

/// The `$$` or `$tag$` a text begins with.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = 1 + text[1..].find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let opens = text[end..].starts_with('$') && !text[1..end].starts_with(|c: char| c.is_ascii_digit());
    opens.then(|| &text[..=end])
}

/// What opened a block that an `END` closes.
#[derive(PartialEq, Eq)]
enum Block {
    Begin,
    Case,
}

struct Splitter<'a> {
    sql: &'a str,
    at: usize,
    start: usize,
    blocks: Vec<Block>,
    words: usize,
    content: bool,
    found: Vec<Range<usize>>,
}

impl Splitter<'_> {
    fn step(&mut self) {
        let rest = &self.sql[self.at..];
        let bytes = rest.as_bytes();
        match bytes[0] {
            b'-' if bytes.starts_with(b"--") => self.skip_past(rest.find('\n')),
            b'/' if bytes.starts_with(b"//") => self.skip_past(rest.find('\n')),
            b'/' if bytes.starts_with(b"/*") => self.skip_past(rest[2..].find("*/").map(|end| end + 3)),
            b'\'' => self.quoted(b'\'', true),
            b'"' => self.quoted(b'"', false),
            b'$' if dollar_tag(rest).is_some() => {
                let tag = dollar_tag(rest).unwrap_or("$$");
                self.content = true;
                self.skip_past(rest[tag.len()..].find(tag).map(|end| end + 2 * tag.len() - 1));
            }
            b';' if self.blocks.is_empty() => {
                self.end_statement(self.at);
                self.at += 1;
                self.start = self.at;
            }
            byte if byte == b'_' || byte.is_ascii_alphabetic() || byte >= 0x80 => self.word(),
            byte => {
                self.content |= !byte.is_ascii_whitespace();
                self.at += 1;
            }
        }
    }

    /// Goes behind the byte at `end`, counted from here, or to the end of the text.
    fn skip_past(&mut self, end: Option<usize>) {
        self.at = end.map_or(self.sql.len(), |end| (self.at + end + 1).min(self.sql.len()));
    }

    fn quoted(&mut self, quote: u8, escapes: bool) {
        self.content = true;
        let bytes = self.sql.as_bytes();
        let mut at = self.at + 1;
        while at < bytes.len() && bytes[at] != quote {
            at += if escapes && bytes[at] == b'\\' { 2 } else { 1 };
        }
        self.at = (at + 1).min(bytes.len());
        while !self.sql.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let rest = &self.sql[self.at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
        let end = end.max(rest.chars().next().map_or(1, char::len_utf8));
        let word = rest[..end].to_ascii_uppercase();
        self.content = true;
        self.words += 1;
        self.at += end;
        match word.as_str() {
            "DECLARE" if self.words == 1 => self.blocks.push(Block::Begin),
            "BEGIN" if self.opens_block() => match self.blocks.as_slice() {
                [Block::Begin] if self.declared() => self.words = 2,
                _ => self.blocks.push(Block::Begin),
            },
            "CASE" => self.blocks.push(Block::Case),
            "END" if !matches!(self.next_word().as_str(), "IF" | "FOR" | "WHILE" | "LOOP" | "REPEAT") => {
                self.blocks.pop();
            }
            _ => {}
        }
    }

    /// A `DECLARE` section and the `BEGIN` behind it are one block.
    fn declared(&self) -> bool {
        let text = self.sql[self.start..].trim_start();
        text.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("DECLARE")) && self.words > 1
    }

    /// Whether the `BEGIN` just read opens a block; otherwise it starts a transaction.
    fn opens_block(&self) -> bool {
        let next = self.next_word();
        !matches!(next.as_str(), "" | "TRANSACTION" | "WORK" | "NAME")
    }

    /// The word that follows, upper case; empty when something else does.
    fn next_word(&self) -> String {
        let rest = self.sql[self.at..].trim_start();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        rest[..end].to_ascii_uppercase()
    }

    fn end_statement(&mut self, end: usize) {
        let text = &self.sql[self.start..end];
        if self.content {
            let start = self.start + (text.len() - text.trim_start().len());
            self.found.push(start..start + text.trim().len());
        }
        self.content = false;
        self.words = 0;
        self.blocks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql).into_iter().map(|range| &sql[range]).collect()
    }

    #[test]
    fn semicolons_in_quotes_comments_and_bodies_do_not_split() {
        let sql = "select ';', \";\" -- ;\n; /* ; */ select $$ ; $$ ;\n -- nothing\n;";
        assert_eq!(texts(sql), ["select ';', \";\" -- ;", "/* ; */ select $$ ; $$"]);
        assert_eq!(texts(r"select 'it\'s; ', 'a''b;' ; select 2"), [r"select 'it\'s; ', 'a''b;'", "select 2"]);
    }

    #[test]
    fn blocks_are_one_statement_and_transactions_are_not_blocks() {
        assert_eq!(texts("begin; select 1; commit;"), ["begin", "select 1", "commit"]);
        assert_eq!(texts("begin transaction; end; select case when 1 then 2 end; select 1").len(), 4);
        assert_eq!(texts("begin let x := 1; if (x > 0) then return 1; end if; end; select 2").len(), 2);
        assert_eq!(texts("declare x int; begin x := 1; return x; end; select 2").len(), 2);
    }

    #[test]
    fn unclosed_things_run_to_the_end() {
        for sql in ["select 'a;b", "select $$a;b", "/* a; b", "select \"a;b", "select 'é\\"] {
            assert!(split(sql).len() <= 1, "{sql}");
        }
    }
}
