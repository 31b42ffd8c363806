//! Reading statements token by token, for those forms that the parser does not know.

use std::ops::Range;

use sqlparser::ast::{Expr, Ident, Query, Statement};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Step, fold};
use crate::sql::grammar::in_snowflakes_words;
use crate::sql::parse::parser;
use crate::sql::problem::{SYNTAX, SqlProblem};
use crate::sql::text::{Lexeme, Text};
use crate::sql::{DataType, Dialect};

/// A place among the tokens of a statement.
pub(super) struct Cursor<'a> {
    text: &'a Text<'a>,
    lexemes: &'a [Lexeme],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The statement's start; the semicolons behind it are left out.
    pub(super) fn new(text: &'a Text<'a>) -> Self {
        let mut lexemes = text.lexemes.as_slice();
        while let [rest @ .., Lexeme { token: TokenWithSpan { token: Token::SemiColon, .. }, .. }] = lexemes {
            lexemes = rest;
        }
        Self { text, lexemes, at: 0 }
    }

    /// Whether nothing is left.
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.lexemes.len()
    }

    /// The bytes of the token here.
    pub(super) fn range(&self) -> Range<usize> {
        match self.lexemes.get(self.at) {
            Some(lexeme) => lexeme.range.clone(),
            None => {
                let end = self.text.sql.trim_end().len();
                end..end
            }
        }
    }

    /// The bytes from a place to the token before this one.
    pub(super) fn since(&self, start: usize) -> Range<usize> {
        let end = self.at.checked_sub(1).and_then(|at| self.lexemes.get(at)).map_or(start, |l| l.range.end);
        start..end.max(start)
    }

    fn word_at(&self, ahead: usize) -> Option<String> {
        match &self.lexemes.get(self.at + ahead)?.token.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
            _ => None,
        }
    }

    /// The unquoted word here, in upper case; empty when something else is here.
    pub(super) fn word(&self) -> String {
        self.word_at(0).unwrap_or_default()
    }

    /// Whether these words come next.
    pub(super) fn sees(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(ahead, word)| self.word_at(ahead).as_deref() == Some(word))
    }

    /// Goes behind these words if they come next.
    pub(super) fn takes(&mut self, words: &str) -> bool {
        let sees = self.sees(words);
        if sees {
            self.at += words.split(' ').count();
        }
        sees
    }

    /// Goes behind this token if it comes next.
    pub(super) fn takes_token(&mut self, token: &Token) -> bool {
        let here = self.lexemes.get(self.at).is_some_and(|lexeme| lexeme.token.token == *token);
        self.at += usize::from(here);
        here
    }

    /// Whether this token comes next.
    pub(super) fn sees_token(&self, token: &Token) -> bool {
        self.lexemes.get(self.at).is_some_and(|lexeme| lexeme.token.token == *token)
    }

    /// Goes behind one token, or a whole parenthesis.
    pub(super) fn skip(&mut self) {
        let mut depth = 0;
        while let Some(lexeme) = self.lexemes.get(self.at) {
            self.at += 1;
            match lexeme.token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            if depth <= 0 {
                return;
            }
        }
    }

    /// Goes to the statement's end.
    pub(super) fn skip_rest(&mut self) {
        self.at = self.lexemes.len();
    }

    /// The problem that something else was expected here.
    pub(super) fn expected(&self, what: &str) -> SqlProblem {
        let range = self.range();
        let found = if self.at_end() { "the end" } else { &self.text.sql[range.clone()] };
        SqlProblem::new(SYNTAX, format!("expected {what}, found: {found}"), range)
    }

    /// These words, which must come next.
    pub(super) fn expect(&mut self, words: &str) -> Step<()> {
        if self.takes(words) { Ok(()) } else { Err(self.expected(words)) }
    }

    /// This token, which must come next.
    pub(super) fn expect_token(&mut self, token: &Token) -> Step<()> {
        if self.takes_token(token) { Ok(()) } else { Err(self.expected(&token.to_string())) }
    }

    /// That nothing is left.
    pub(super) fn expect_end(&self) -> Step<()> {
        if self.at_end() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// One part of a name, as the catalog has it.
    pub(super) fn name(&mut self) -> Step<String> {
        let Some(lexeme) = self.lexemes.get(self.at) else { return Err(self.expected("a name")) };
        let Token::Word(word) = &lexeme.token.token else { return Err(self.expected("a name")) };
        self.at += 1;
        Ok(fold(&Ident { value: word.value.clone(), quote_style: word.quote_style, span: lexeme.token.span }))
    }

    /// A name of one to three parts; `IDENTIFIER('a.b')` too.
    pub(super) fn path(&mut self) -> Step<Vec<String>> {
        if self.takes("IDENTIFIER") {
            self.expect_token(&Token::LParen)?;
            let name = self.string()?;
            self.expect_token(&Token::RParen)?;
            return Ok(written_path(&name));
        }
        let mut path = vec![self.name()?];
        while self.takes_token(&Token::Period) {
            path.push(self.name()?);
        }
        Ok(path)
    }

    /// A string literal.
    pub(super) fn string(&mut self) -> Step<String> {
        let text = match self.lexemes.get(self.at).map(|lexeme| &lexeme.token.token) {
            Some(Token::SingleQuotedString(text)) => super::expression::unescape(text),
            Some(Token::DollarQuotedString(text)) => text.value.clone(),
            _ => return Err(self.expected("a text")),
        };
        self.at += 1;
        Ok(text)
    }

    /// The text of one token as it was written.
    pub(super) fn bare(&mut self) -> Step<String> {
        if self.at_end() {
            return Err(self.expected("a value"));
        }
        let range = self.range();
        self.at += 1;
        Ok(self.text.sql[range].to_owned())
    }

    /// The text of the token here.
    pub(super) fn text_here(&self) -> Option<&str> {
        self.lexemes.get(self.at).map(|lexeme| &self.text.sql[lexeme.range.clone()])
    }

    /// A query in parentheses.
    pub(super) fn nested_query(&mut self) -> Step<Box<Query>> {
        self.expect_token(&Token::LParen)?;
        let mut parser = parser(self.rest(), Dialect::Snowflake);
        let query = parser.parse_query().map_err(|error| self.text.syntax_problem(&error))?;
        self.at += parser.index();
        self.expect_token(&Token::RParen)?;
        Ok(query)
    }

    /// Names in parentheses, each with its bytes.
    pub(super) fn names(&mut self) -> Step<Vec<(String, Range<usize>)>> {
        self.expect_token(&Token::LParen)?;
        let mut names = Vec::new();
        loop {
            let range = self.range();
            names.push((self.name()?, range));
            if !self.takes_token(&Token::Comma) {
                break;
            }
        }
        self.expect_token(&Token::RParen)?;
        Ok(names)
    }

    fn rest(&self) -> Vec<TokenWithSpan> {
        in_snowflakes_words(&self.lexemes[self.at.min(self.lexemes.len())..])
    }

    /// A data type.
    pub(super) fn data_type(&mut self) -> Step<DataType> {
        let start = self.range();
        let mut parser = parser(self.rest(), Dialect::Snowflake);
        let written = parser.parse_data_type().map_err(|error| self.text.syntax_problem(&error))?;
        self.at += parser.index();
        let range = self.since(start.start);
        DataType::of_written(&written).ok_or_else(|| SqlProblem::unsupported(format!("the type `{written}`"), range))
    }

    /// An expression.
    pub(super) fn expression(&mut self) -> Step<Expr> {
        let mut parser = parser(self.rest(), Dialect::Snowflake);
        let expr = parser.parse_expr().map_err(|error| self.text.syntax_problem(&error))?;
        self.at += parser.index();
        Ok(expr)
    }

    /// A query up to the statement's end.
    pub(super) fn query(&mut self) -> Step<Box<Query>> {
        let mut parser = parser(self.rest(), Dialect::Snowflake);
        let query = parser.parse_query().map_err(|error| self.text.syntax_problem(&error))?;
        self.at += parser.index();
        self.expect_end()?;
        Ok(query)
    }

    /// A statement the parser knows, up to the end.
    pub(super) fn statement(&mut self) -> Step<Statement> {
        let mut parser = parser(self.rest(), Dialect::Snowflake);
        let statement = parser.parse_statement().map_err(|error| self.text.syntax_problem(&error))?;
        self.at += parser.index();
        self.expect_end()?;
        Ok(statement)
    }

    /// The statement's text from here to its end, for texts that are kept.
    pub(super) fn rest_text(&mut self) -> String {
        let start = self.range().start;
        self.skip_rest();
        self.text.sql[self.since(start)].to_owned()
    }
}

/// The path that a text writes: `db.schema."Name"`.
pub(super) fn written_path(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in name.chars() {
        quoted ^= c == '"';
        match (c, parts.last_mut()) {
            ('.', _) if !quoted => parts.push(String::new()),
            (_, Some(part)) => part.push(c),
            _ => {}
        }
    }
    parts.iter().map(|part| unquoted(part)).collect()
}

/// A part of a name written inside a text.
fn unquoted(part: &str) -> String {
    match part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        Some(exact) => exact.replace("\"\"", "\""),
        None => part.trim().to_uppercase(),
    }
}
