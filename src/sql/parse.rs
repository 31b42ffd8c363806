//! Parsing for diagnostics: whether a text is SQL of its dialect, and where it is not.

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::TokenWithSpan;

use super::Dialect;
use super::grammar::{grammar, in_duckdbs_words, in_snowflakes_words};
use super::own_form::in_known_forms;
use super::problem::SqlProblem;
use super::text::Text;

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
    let tokens = match dialect {
        Dialect::Snowflake => in_snowflakes_words(&text.lexemes),
        Dialect::DuckDb => in_duckdbs_words(&text.lexemes).into_iter().map(|lexeme| lexeme.token).collect(),
    };
    parser(tokens, dialect).parse_statements().map_err(|error| text.syntax_problem(&error))
}

/// The statements of a text of Snowflake's in forms that the parser knows, for what is asked of their columns; none where there are others.
pub(super) fn statements_in_known_forms(text: &Text<'_>) -> Option<Vec<Statement>> {
    let known = in_known_forms(&text.lexemes);
    parser(in_snowflakes_words(&known), Dialect::Snowflake).parse_statements().ok()
}

/// A parser over some of a text's tokens.
pub(super) fn parser(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Parser<'static> {
    Parser::new(grammar(dialect))
        .with_options(ParserOptions::new().with_unescape(false))
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens)
}
