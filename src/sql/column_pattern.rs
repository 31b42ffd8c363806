//! `COLUMNS(c -> …)` of `DuckDB`'s where the lambda asks for a pattern of the name, as `COLUMNS('pattern')`.

use sqlparser::tokenizer::Token;

use super::short_form::{is_word, pattern};
use super::text::Lexeme;

/// How many tokens `COLUMNS(c -> c LIKE 'a%')` has from its word on, and the pattern of names.
pub(super) fn by_lambda(lexemes: &[Lexeme]) -> Option<(usize, String)> {
    if !is_word(lexemes, 0, "COLUMNS") || !is_token(lexemes, 1, &Token::LParen) {
        return None;
    }
    let (parameter, body) = if is_word(lexemes, 2, "LAMBDA") && is_token(lexemes, 4, &Token::Colon) {
        (text_of_word(lexemes, 3)?, 5)
    } else if is_token(lexemes, 3, &Token::Arrow) {
        (text_of_word(lexemes, 2)?, 4)
    } else {
        return None;
    };
    let (taken, found) = asked(&lexemes[body..], parameter)?;
    is_token(lexemes, body + taken, &Token::RParen).then_some((body + taken + 1, found))
}

/// What is asked of the name: a pattern, or a function of the name and a text.
fn asked(lexemes: &[Lexeme], parameter: &str) -> Option<(usize, String)> {
    if is_word(lexemes, 0, parameter) {
        return pattern(&lexemes[1..]).map(|(taken, found)| (taken + 1, found));
    }
    let is_call = is_token(lexemes, 1, &Token::LParen)
        && is_word(lexemes, 2, parameter)
        && is_token(lexemes, 3, &Token::Comma)
        && is_token(lexemes, 5, &Token::RParen);
    let Token::SingleQuotedString(text) = &lexemes.get(4).filter(|_| is_call)?.token.token else { return None };
    let exact = fancy_regex::escape(text);
    let is = |names: &[&str]| names.iter().any(|name| is_word(lexemes, 0, name));
    let found = if is(&["starts_with", "prefix"]) {
        format!("^{exact}")
    } else if is(&["ends_with", "suffix"]) {
        format!("{exact}$")
    } else if is(&["contains"]) {
        exact.into_owned()
    } else if is(&["regexp_matches"]) {
        text.clone()
    } else {
        return None;
    };
    Some((6, found))
}

fn is_token(lexemes: &[Lexeme], at: usize, token: &Token) -> bool {
    lexemes.get(at).is_some_and(|lexeme| lexeme.token.token == *token)
}

fn text_of_word(lexemes: &[Lexeme], at: usize) -> Option<&str> {
    match &lexemes.get(at)?.token.token {
        Token::Word(word) => Some(&word.value),
        _ => None,
    }
}
