//! Parsing for diagnostics: whether a text is SQL of its dialect, and where it is not.

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Dialect;
use super::problem::SqlProblem;
use super::text::{Lexeme, Text, grammar};

/// How deep expressions may nest; real models reach 60.
const DEPTH: usize = 256;

/// A text that parses.
#[derive(Debug)]
pub struct Parsed {
    /// Its statements.
    pub(super) statements: Vec<Statement>,
}

impl Parsed {
    /// How many statements the text has.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether the text has no statement: blank, or comments only.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Whether it is one query, as the text of a model must be.
    pub fn is_query(&self) -> bool {
        matches!(self.statements.as_slice(), [Statement::Query(_)])
    }
}

/// Parses the statements of a text. A problem's range is the smallest wrong text.
pub fn parse(sql: &str, dialect: Dialect) -> Result<Parsed, SqlProblem> {
    let text = Text::new(sql, dialect)?;
    Ok(Parsed { statements: statements(&text, dialect)? })
}

/// The statements of a text.
pub(super) fn statements(text: &Text<'_>, dialect: Dialect) -> Result<Vec<Statement>, SqlProblem> {
    let kept = |(at, lexeme): (usize, &Lexeme)| {
        (dialect == Dialect::Snowflake || !is_asof(&text.lexemes[at..])).then(|| lexeme.token.clone())
    };
    let tokens = text.lexemes.iter().enumerate().filter_map(kept).collect();
    parser(tokens, dialect).parse_statements().map_err(|error| text.syntax_problem(&error))
}

/// Whether the `ASOF` of a join stands here. The parser knows Snowflake's form only; `DuckDB`'s is a join with one more word.
fn is_asof(lexemes: &[Lexeme]) -> bool {
    let word = |at: usize| match lexemes.get(at).map(|lexeme| &lexeme.token.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        _ => String::new(),
    };
    let is_join = |word: String| ["JOIN", "LEFT", "RIGHT", "INNER", "FULL"].contains(&word.as_str());
    matches!(lexemes.first().map(|lexeme| &lexeme.token.token), Some(Token::Word(_)))
        && word(0) == "ASOF"
        && is_join(word(1))
}

/// A parser over some of a text's tokens.
pub(super) fn parser(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Parser<'static> {
    Parser::new(grammar(dialect))
        .with_options(ParserOptions::new().with_unescape(false))
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens)
}
