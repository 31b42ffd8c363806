//! A statement's text with its tokens: the parser's lines and columns as byte ranges.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word};

use super::Dialect;
use super::grammar::grammar;
use super::problem::{SYNTAX, SqlProblem};

/// A token that is not white space, with its bytes.
#[derive(Debug, Clone)]
pub(super) struct Lexeme {
    /// The token and its lines and columns.
    pub(super) token: TokenWithSpan,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
}

/// A statement's text, tokenized.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// The text.
    pub(super) sql: &'a str,
    /// Its tokens without white space and comments.
    pub(super) lexemes: Vec<Lexeme>,
    /// Where each line starts, and whether its columns are its bytes.
    lines: Vec<(usize, bool)>,
}

impl<'a> Text<'a> {
    /// Tokenizes a text; literals keep their escapes.
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Result<Self, SqlProblem> {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in sql.split('\n') {
            lines.push((start, line.is_ascii()));
            start += line.len() + 1;
        }
        let mut text = Self { sql, lexemes: Vec::new(), lines };
        let tokens = Tokenizer::new(grammar(dialect), sql).with_unescape(false).tokenize_with_location();
        let tokens = tokens.map_err(|error| {
            let at = text.offset(error.location).min(sql.len());
            SqlProblem::new(SYNTAX, decapitalize(&error.message), at..text.end_of_char(at))
        })?;
        text.lexemes = tokens
            .into_iter()
            .filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
            .map(|token| Lexeme { range: text.range(token.span), token })
            .collect();
        if dialect == Dialect::Snowflake {
            text.join_stages();
        }
        Ok(text)
    }

    /// A stage with a path behind it, `@db.schema.stage/folder/`, is one token: a name in quotes. What ends it is not in the tokens,
    /// but in the text.
    fn join_stages(&mut self) {
        let mut at = 0;
        while let Some(start) = self.lexemes[at..].iter().position(|lexeme| lexeme.token.token == Token::AtSign) {
            at += start;
            let from = self.lexemes[at].range.start;
            let mut quoted = false;
            let ends = |c: char| {
                quoted ^= c == '"';
                !quoted && (c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';'))
            };
            let end = self.sql[from..].find(ends).map_or(self.sql.len(), |length| from + length);
            let behind = at + self.lexemes[at..].partition_point(|lexeme| lexeme.range.start < end);
            let span = self.lexemes[at].token.span.union(&self.lexemes[behind - 1].token.span);
            let word =
                Word { value: self.sql[from..end].to_owned(), quote_style: Some('"'), keyword: Keyword::NoKeyword };
            let token = TokenWithSpan { token: Token::Word(word), span };
            self.lexemes.splice(at..behind, [Lexeme { token, range: from..end }]);
            at += 1;
        }
    }

    /// The byte at a line and column; the end of the text for one beyond it.
    pub(super) fn offset(&self, at: Location) -> usize {
        let Some(line) = usize::try_from(at.line).ok().and_then(|line| line.checked_sub(1)) else {
            return 0;
        };
        let Some((start, ascii)) = self.lines.get(line).copied() else { return self.sql.len() };
        let column = usize::try_from(at.column).unwrap_or(1).saturating_sub(1);
        let rest = &self.sql[start..];
        if ascii {
            return (start + column).min(self.sql.len());
        }
        rest.char_indices().nth(column).map_or(self.sql.len(), |(at, _)| start + at)
    }

    /// The bytes of a span; empty at the start for a span the parser does not know.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.start);
        start..self.offset(span.end).max(start)
    }

    /// The index of the first token that starts at or after a byte.
    pub(super) fn index_at(&self, byte: usize) -> usize {
        self.lexemes.partition_point(|lexeme| lexeme.range.start < byte)
    }

    /// The end of the character at a byte.
    pub(super) fn end_of_char(&self, at: usize) -> usize {
        self.sql[at..].chars().next().map_or(at, |c| at + c.len_utf8())
    }

    /// The problem for a parser's message, whose position is only in its text.
    pub(super) fn syntax_problem(&self, error: &sqlparser::parser::ParserError) -> SqlProblem {
        let message = error.to_string();
        let message = message.strip_prefix("sql parser error: ").unwrap_or(&message);
        let (message, at) = match message.rsplit_once(" at Line: ") {
            Some((message, place)) => (message, self.place(place)),
            None => (message, self.sql.trim_end().len()),
        };
        let message = message.strip_suffix("EOF").map_or_else(|| message.to_owned(), |m| format!("{m}the end"));
        let end = self
            .lexemes
            .get(self.index_at(at))
            .filter(|lexeme| lexeme.range.start == at)
            .map_or_else(|| self.end_of_char(at), |lexeme| lexeme.range.end);
        SqlProblem::new(SYNTAX, decapitalize(&message), at..end)
    }

    fn place(&self, place: &str) -> usize {
        let mut numbers = place.split(", Column: ").map(|number| number.trim().parse::<u64>().unwrap_or(1));
        let line = numbers.next().unwrap_or(1);
        self.offset(Location { line, column: numbers.next().unwrap_or(1) }).min(self.sql.len())
    }
}

fn decapitalize(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
