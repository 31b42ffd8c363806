//! Forms of `DuckDB`'s that the parser does not know, in forms that it does: `* LIKE 'a%'` is `COLUMNS('^a.*$')`,
//! `[x + 1 FOR x IN l IF x > 2]` is `list_transform(list_filter(l, x -> x > 2), x -> x + 1)`, `FROM t WHERE a` is `SELECT * FROM t WHERE a`.
//! What says nothing of columns, such as `MATERIALIZED`, is left out.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::column_pattern::by_lambda;
use super::query::SPREAD;
use super::statement_form::{grouped_pivot, statement};
use super::text::Lexeme;

/// Words that begin, or stand in, a form that the parser does not know.
const WORDS: [&str; 13] = [
    "TOP",
    "FOR",
    "FILTER",
    "GLOB",
    "ISNULL",
    "MATERIALIZED",
    "EXCLUDE",
    "TABLE",
    "COLUMNS",
    "PIVOT",
    "UNPIVOT",
    "SUMMARIZE",
    "DESCRIBE",
];

/// The tokens in the long form; none where there is no short one.
pub(super) fn in_long_form(lexemes: &[Lexeme]) -> Option<Vec<Lexeme>> {
    let is_short = |at: usize| match &lexemes[at].token.token {
        Token::Mul => star(&lexemes[at..]).is_some(),
        Token::Mod => true,
        Token::Period => is_method(lexemes, at + 1),
        Token::Word(word) => {
            WORDS.iter().any(|known| word.value.eq_ignore_ascii_case(known))
                || begins(lexemes, at)
                || is_escaped(lexemes, at)
                || statement(lexemes, at).is_some()
        }
        _ => false,
    };
    if !(0..lexemes.len()).any(is_short) {
        return None;
    }
    let mut written = Vec::with_capacity(lexemes.len() + 16);
    write(lexemes, &mut written);
    Some(written)
}

fn write(lexemes: &[Lexeme], written: &mut Vec<Lexeme>) {
    let mut at = 0;
    while let Some(lexeme) = lexemes.get(at) {
        let is_qualified = at > 0 && lexemes[at - 1].token.token == Token::Period;
        if let (Some((taken, pattern)), false) = (star(&lexemes[at..]), is_qualified) {
            let tokens = [word("COLUMNS"), Token::LParen, Token::SingleQuotedString(pattern), Token::RParen];
            written.extend(tokens.map(|token| at_place(token, lexeme)));
            at += taken;
            continue;
        }
        if let Some((end, query)) = statement(lexemes, at).or_else(|| grouped_pivot(lexemes, at)) {
            write_query(&query, written);
            at = end;
            continue;
        }
        let taken = columns(lexemes, at, written);
        if taken > 0 {
            at += taken;
            continue;
        }
        let close = closing(lexemes, at);
        if let (Token::LBracket, Some(close)) = (&lexeme.token.token, close)
            && let Some(parts) = Comprehension::of(&lexemes[at + 1..close])
        {
            parts.write(lexeme, written);
            at = close + 1;
            continue;
        }
        let left_out = left_out(lexemes, at);
        if left_out > 0 {
            at += left_out;
            continue;
        }
        if begins(lexemes, at) {
            // `FROM t WHERE …` is all of `t`; `TABLE t` is, too.
            written.extend([keyword("SELECT", Keyword::SELECT), Token::Mul].map(|token| at_place(token, lexeme)));
        }
        let is_filter = at > 1
            && lexeme.token.token == Token::LParen
            && is_word(lexemes, at - 1, "FILTER")
            && lexemes[at - 2].token.token == Token::RParen
            && !is_word(lexemes, at + 1, "WHERE");
        if is_filter {
            let tokens = [Token::LParen, keyword("WHERE", Keyword::WHERE)];
            written.extend(tokens.map(|token| at_place(token, lexeme)));
            at += 1;
            continue;
        }
        match replaced(lexemes, at) {
            Some(tokens) => written.extend(tokens.into_iter().map(|token| at_place(token, lexeme))),
            None => written.push(lexeme.clone()),
        }
        at += 1;
    }
}

/// Writes a query that a statement is; its first word is known by now.
fn write_query(query: &[Lexeme], written: &mut Vec<Lexeme>) {
    written.extend(query.first().cloned());
    write(query.get(1..).unwrap_or_default(), written);
}

/// Writes `COLUMNS(c -> c LIKE 'a%')` as `COLUMNS('^a.*$')`, and `*COLUMNS(…)`, the columns as so many arguments, as a call of a name of its
/// own: how many tokens that were.
fn columns(lexemes: &[Lexeme], at: usize, written: &mut Vec<Lexeme>) -> usize {
    let is_argument = at > 0 && matches!(lexemes[at - 1].token.token, Token::LParen | Token::Comma);
    let is_spread = is_argument && lexemes[at].token.token == Token::Mul && is_word(lexemes, at + 1, "COLUMNS");
    let start = usize::from(is_spread);
    let found = by_lambda(&lexemes[at + start..]);
    if found.is_none() && !is_spread {
        return 0;
    }
    let called = word(if is_spread { SPREAD } else { "COLUMNS" });
    written.push(at_place(called, &lexemes[at]));
    let Some((taken, pattern)) = found else { return 2 };
    let tokens = [Token::LParen, Token::SingleQuotedString(pattern), Token::RParen];
    written.extend(tokens.map(|token| at_place(token, &lexemes[at])));
    start + taken
}

/// How many tokens from a place on say nothing of columns.
fn left_out(lexemes: &[Lexeme], at: usize) -> usize {
    let is = |offset: usize, wanted: &str| is_word(lexemes, at + offset, wanted);
    let is_token = |offset: usize, token: &Token| lexemes.get(at + offset).is_some_and(|one| one.token.token == *token);
    if is(0, "MATERIALIZED") && is_token(1, &Token::LParen) {
        return 1;
    }
    if is(0, "NOT") && is(1, "MATERIALIZED") && is_token(2, &Token::LParen) {
        return 2;
    }
    if is(0, "EXCLUDE") && ((is(1, "CURRENT") && is(2, "ROW")) || (is(1, "NO") && is(2, "OTHERS"))) {
        return 3;
    }
    if is(0, "EXCLUDE") && (is(1, "GROUP") || is(1, "TIES")) && is_token(2, &Token::RParen) {
        return 2;
    }
    let is_limit = at > 1 && is_word(lexemes, at - 2, "LIMIT");
    usize::from((is_limit && is_token(0, &Token::Mod)) || is_escaped(lexemes, at))
}

/// The `e` of `e'\n'`.
fn is_escaped(lexemes: &[Lexeme], at: usize) -> bool {
    let next = lexemes.get(at + 1);
    is_word(lexemes, at, "E")
        && next.is_some_and(|next| {
            matches!(next.token.token, Token::SingleQuotedString(_)) && next.range.start == lexemes[at].range.end
        })
}

/// Whether a word stands behind a value, so that it is an operator and no name.
fn is_operator(lexemes: &[Lexeme], at: usize) -> bool {
    const BEFORE_NAMES: [&str; 11] =
        ["SELECT", "AS", "DISTINCT", "WHERE", "AND", "OR", "ON", "BY", "WHEN", "THEN", "ELSE"];
    match at.checked_sub(1).map(|before| &lexemes[before].token.token) {
        Some(Token::Word(_)) => !BEFORE_NAMES.iter().any(|word| is_word(lexemes, at - 1, word)),
        Some(Token::RParen | Token::RBracket | Token::Number(..) | Token::SingleQuotedString(_)) => true,
        _ => false,
    }
}

/// Whether a call behind a value begins here that has the name of one that the parser reads in a way of its own.
fn is_method(lexemes: &[Lexeme], at: usize) -> bool {
    let is_behind = at > 0 && lexemes[at - 1].token.token == Token::Period;
    let opens = lexemes.get(at + 1).is_some_and(|next| next.token.token == Token::LParen);
    is_behind && opens && matches!(&lexemes[at].token.token, Token::Word(word) if word.keyword != Keyword::NoKeyword)
}

/// What the parser calls a word by.
fn replaced(lexemes: &[Lexeme], at: usize) -> Option<Vec<Token>> {
    let Token::Word(written) = &lexemes[at].token.token else { return None };
    if is_word(lexemes, at, "GLOB") && is_operator(lexemes, at) {
        return Some(vec![keyword("LIKE", Keyword::LIKE)]);
    }
    if is_word(lexemes, at, "ISNULL") && is_operator(lexemes, at) {
        return Some(vec![keyword("IS", Keyword::IS), keyword("NULL", Keyword::NULL)]);
    }
    if is_word(lexemes, at, "TOP") {
        return Some(vec![word(&written.value)]);
    }
    if is_word(lexemes, at, "TABLE") && at == 0 {
        return Some(vec![keyword("FROM", Keyword::FROM)]);
    }
    is_method(lexemes, at).then(|| vec![Token::Word(Word { keyword: Keyword::NoKeyword, ..written.clone() })])
}

/// Whether a query begins here with what it reads, and nothing is selected behind that.
fn begins(lexemes: &[Lexeme], at: usize) -> bool {
    if at == 0 && is_word(lexemes, at, "TABLE") {
        return true;
    }
    let is_start = at == 0 || lexemes[at - 1].token.token == Token::LParen;
    if !is_start || !is_word(lexemes, at, "FROM") {
        return false;
    }
    let mut depth = 0_usize;
    for (place, lexeme) in lexemes.iter().enumerate().skip(at) {
        match lexeme.token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace if depth == 0 => return true,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            _ => {}
        }
        if depth == 0 && is_word(lexemes, place, "SELECT") {
            return false;
        }
    }
    true
}

/// How many tokens a star with a pattern has, and the pattern of names.
fn star(lexemes: &[Lexeme]) -> Option<(usize, String)> {
    if lexemes.first()?.token.token != Token::Mul {
        return None;
    }
    pattern(&lexemes[1..]).map(|(taken, found)| (taken + 1, found))
}

/// How many tokens `LIKE 'a%'` and its relatives have, and the pattern as a regular expression.
pub(super) fn pattern(lexemes: &[Lexeme]) -> Option<(usize, String)> {
    let is_negated = is_word(lexemes, 0, "NOT");
    let mut at = usize::from(is_negated);
    let mut flags = "";
    let translate: fn(&str) -> String = if is_word(lexemes, at, "LIKE") {
        |text| wildcards(text, ['%', '_'])
    } else if is_word(lexemes, at, "ILIKE") {
        flags = "(?i)";
        |text| wildcards(text, ['%', '_'])
    } else if is_word(lexemes, at, "GLOB") {
        |text| wildcards(text, ['*', '?'])
    } else if is_word(lexemes, at, "SIMILAR") && is_word(lexemes, at + 1, "TO") {
        at += 1;
        str::to_owned
    } else {
        return None;
    };
    let Token::SingleQuotedString(text) = &lexemes.get(at + 1)?.token.token else { return None };
    let inner = translate(text);
    let pattern = if is_negated { format!("{flags}^(?!(?:{inner})$)") } else { format!("{flags}^(?:{inner})$") };
    Some((at + 2, pattern))
}

/// A pattern with wildcards, for many characters and for one, as a regular expression.
fn wildcards(text: &str, [many, one]: [char; 2]) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        match c {
            c if c == many => pattern.push_str(".*"),
            c if c == one => pattern.push('.'),
            c if c == '_' || c.is_alphanumeric() => pattern.push(c),
            c => pattern.extend(['\\', c]),
        }
    }
    pattern
}

/// `E FOR x IN L IF C`.
struct Comprehension<'l> {
    element: &'l [Lexeme],
    names: &'l [Lexeme],
    list: &'l [Lexeme],
    condition: Option<&'l [Lexeme]>,
}

impl<'l> Comprehension<'l> {
    /// What stands between brackets, where it is one.
    fn of(inside: &'l [Lexeme]) -> Option<Self> {
        let start = outermost(inside, "FOR", 0)?;
        let list = outermost(inside, "IN", start)?;
        let end = outermost(inside, "IF", list).unwrap_or(inside.len());
        let names = &inside[start + 1..list];
        let is_name = |lexeme: &Lexeme| matches!(lexeme.token.token, Token::Word(_) | Token::Comma);
        (start > 0 && !names.is_empty() && names.iter().all(is_name)).then(|| Self {
            element: &inside[..start],
            names,
            list: &inside[list + 1..end],
            condition: inside.get(end + 1..).filter(|rest| !rest.is_empty()),
        })
    }

    fn write(&self, place: &Lexeme, written: &mut Vec<Lexeme>) {
        let mut token = |token: Token| written.push(at_place(token, place));
        token(word("list_transform"));
        token(Token::LParen);
        if self.condition.is_some() {
            token(word("list_filter"));
            token(Token::LParen);
        }
        write(self.list, written);
        if let Some(condition) = self.condition {
            self.lambda(condition, place, written);
        }
        self.lambda(self.element, place, written);
    }

    /// `, x -> (…))`.
    fn lambda(&self, body: &[Lexeme], place: &Lexeme, written: &mut Vec<Lexeme>) {
        let made = |token: Token| at_place(token, place);
        written.push(made(Token::Comma));
        if let [_] = self.names {
            written.extend_from_slice(self.names);
        } else {
            written.push(made(Token::LParen));
            written.extend_from_slice(self.names);
            written.push(made(Token::RParen));
        }
        written.extend([Token::Arrow, Token::LParen].map(made));
        write(body, written);
        written.extend([Token::RParen, Token::RParen].map(made));
    }
}

/// The place of a word that stands in no parentheses, from `start` on.
pub(super) fn outermost(lexemes: &[Lexeme], wanted: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    (start..lexemes.len()).find(|at| {
        match lexemes[*at].token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_word(lexemes, *at, wanted)
    })
}

/// The bracket that closes the one at a place.
fn closing(lexemes: &[Lexeme], at: usize) -> Option<usize> {
    if lexemes[at].token.token != Token::LBracket {
        return None;
    }
    let mut depth = 0_usize;
    (at..lexemes.len()).find(|at| {
        match lexemes[*at].token.token {
            Token::LBracket => depth += 1,
            Token::RBracket => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

pub(super) fn is_word(lexemes: &[Lexeme], at: usize, wanted: &str) -> bool {
    match lexemes.get(at).map(|lexeme| &lexeme.token.token) {
        Some(Token::Word(word)) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

pub(super) fn keyword(text: &str, keyword: Keyword) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: None, keyword })
}

pub(super) fn word(text: &str) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: None, keyword: Keyword::NoKeyword })
}

/// A name in quotes.
pub(super) fn name(text: &str) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: Some('"'), keyword: Keyword::NoKeyword })
}

/// A token that stands where another does.
pub(super) fn at_place(token: Token, place: &Lexeme) -> Lexeme {
    Lexeme { token: TokenWithSpan { token, ..place.token.clone() }, range: place.range.clone() }
}
