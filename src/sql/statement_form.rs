//! Statements of `DuckDB`'s that are queries, as queries that the parser knows: `PIVOT t ON k USING f(x)` is a SELECT of `t PIVOT (…)`,
//! `UNPIVOT t ON a, b` one of `t UNPIVOT (…)`, and `SUMMARIZE t` one of a function. What PIVOT groups by is an aggregate of that name.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::short_form::{at_place, is_word, keyword, name, outermost, word};
use super::text::Lexeme;

/// The name of the aggregate that holds what PIVOT groups by.
pub(super) const GROUP_BY: &str = "GROUP BY";

/// The words that such statements begin with.
const WORDS: [&str; 5] = ["PIVOT", "UNPIVOT", "SUMMARIZE", "DESCRIBE", "DESC"];

/// The statement that begins at a place: where it ends, and the query that it is.
pub(super) fn statement(lexemes: &[Lexeme], at: usize) -> Option<(usize, Vec<Lexeme>)> {
    if !WORDS.iter().any(|known| is_word(lexemes, at, known)) || !stands_alone(lexemes, at) {
        return None;
    }
    let end = end(lexemes, at + 1);
    let statement = Statement { place: &lexemes[at], rest: &lexemes[at + 1..end] };
    let written = if is_word(lexemes, at, "PIVOT") {
        statement.pivot()
    } else if is_word(lexemes, at, "UNPIVOT") {
        statement.unpivot()
    } else if is_word(lexemes, at, "SUMMARIZE") {
        statement.told_by("summarize")
    } else if is_word(lexemes, at, "DESCRIBE") || is_word(lexemes, at, "DESC") {
        statement.told_by("describe")
    } else {
        None
    };
    Some((end, written?))
}

/// `PIVOT (f(x) FOR k IN (…) GROUP BY g)` behind a relation: its tokens with the group in front, and where they end.
pub(super) fn grouped_pivot(lexemes: &[Lexeme], at: usize) -> Option<(usize, Vec<Lexeme>)> {
    if !is_word(lexemes, at, "PIVOT") || lexemes.get(at + 1)?.token.token != Token::LParen {
        return None;
    }
    let end = end(lexemes, at + 2);
    let inside = &lexemes[at + 2..end];
    let group = outermost(inside, "GROUP", 0)?;
    let statement = Statement { place: &lexemes[at], rest: inside };
    let mut written = vec![lexemes[at].clone(), lexemes[at + 1].clone()];
    statement.group(&inside[group + 2..], &mut written);
    written.extend_from_slice(&inside[..group]);
    Some((end, written))
}

/// Whether a statement may begin at a place: in front of everything, in parentheses, or behind common table expressions.
fn stands_alone(lexemes: &[Lexeme], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    match lexemes[before].token.token {
        Token::LParen => true,
        Token::RParen if is_word(lexemes, 0, "WITH") => {
            let opens = lexemes.get(at + 1).is_some_and(|next| next.token.token == Token::LParen);
            let close = end(lexemes, at + 2);
            !is_word(lexemes, at, "DESC") && (!opens || is_word(lexemes, close + 1, "ON"))
        }
        _ => false,
    }
}

/// Where the parentheses that a place stands in are closed, or the statement ends.
fn end(lexemes: &[Lexeme], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, lexeme) in lexemes.iter().enumerate().skip(start) {
        match lexeme.token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace | Token::SemiColon if depth == 0 => return at,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            _ => {}
        }
    }
    lexemes.len()
}

/// A statement behind its first word.
struct Statement<'l> {
    place: &'l Lexeme,
    rest: &'l [Lexeme],
}

impl<'l> Statement<'l> {
    fn push(&self, tokens: impl IntoIterator<Item = Token>, written: &mut Vec<Lexeme>) {
        written.extend(tokens.into_iter().map(|token| at_place(token, self.place)));
    }

    /// `SELECT * FROM` what stands in front of ON.
    fn source(&self, on: usize) -> Option<Vec<Lexeme>> {
        let mut written = Vec::with_capacity(self.rest.len() + 16);
        let words = [keyword("SELECT", Keyword::SELECT), Token::Mul, keyword("FROM", Keyword::FROM)];
        self.push(words, &mut written);
        written.extend_from_slice(&self.rest[..on]);
        outermost(&self.rest[..on], "JOIN", 0).is_none().then_some(written)
    }

    /// The tokens from one place to the next of some words, or to the end.
    fn until(&self, start: usize, words: &[&str]) -> &'l [Lexeme] {
        let ends = words.iter().filter_map(|word| outermost(self.rest, word, start));
        &self.rest[start..ends.min().unwrap_or(self.rest.len())]
    }

    fn group(&self, keys: &[Lexeme], written: &mut Vec<Lexeme>) {
        self.push([name(GROUP_BY), Token::LParen], written);
        written.extend_from_slice(keys);
        self.push([Token::RParen, Token::Comma], written);
    }

    fn pivot(&self) -> Option<Vec<Lexeme>> {
        let on = outermost(self.rest, "ON", 0)?;
        let mut written = self.source(on)?;
        self.push([keyword("PIVOT", Keyword::PIVOT), Token::LParen], &mut written);
        if let Some(group) = outermost(self.rest, "GROUP", on) {
            self.group(self.until(group + 2, &["ORDER", "LIMIT"]), &mut written);
        }
        match outermost(self.rest, "USING", on) {
            Some(using) => written.extend_from_slice(self.until(using + 1, &["GROUP", "ORDER", "LIMIT"])),
            None => self.push([word("count"), Token::LParen, Token::Mul, Token::RParen], &mut written),
        }
        self.keys(self.until(on + 1, &["USING", "GROUP", "ORDER", "LIMIT"]), &mut written)?;
        self.push([Token::RParen], &mut written);
        written.extend_from_slice(self.last());
        Some(written)
    }

    /// `FOR (k) IN (…)`. Where no values are written, or for several keys, the data say which columns there are.
    fn keys(&self, keys: &[Lexeme], written: &mut Vec<Lexeme>) -> Option<()> {
        self.push([keyword("FOR", Keyword::FOR), Token::LParen], written);
        let parts = listed(keys);
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                self.push([Token::Comma], written);
            }
            written.extend_from_slice(&part[..outermost(part, "IN", 0).unwrap_or(part.len())]);
        }
        self.push([Token::RParen, keyword("IN", Keyword::IN)], written);
        let values = outermost(parts.first()?, "IN", 0).map(|place| &parts[0][place + 1..]);
        match values.filter(|_| parts.len() == 1) {
            Some(values) if values.first()?.token.token == Token::LParen => written.extend_from_slice(values),
            _ => self.push([Token::LParen, keyword("ANY", Keyword::ANY), Token::RParen], written),
        }
        Some(())
    }

    fn unpivot(&self) -> Option<Vec<Lexeme>> {
        let on = outermost(self.rest, "ON", 0)?;
        let mut written = self.source(on)?;
        let into = outermost(self.rest, "INTO", on);
        let labels = match into {
            Some(into) => self.until(into + 1, &["ORDER", "LIMIT"]),
            None => &[],
        };
        let value = outermost(labels, "VALUE", 0);
        self.push([keyword("UNPIVOT", Keyword::UNPIVOT), Token::LParen, Token::LParen], &mut written);
        match value {
            Some(value) => written.extend_from_slice(&labels[value + 1..]),
            None => self.push([word("value")], &mut written),
        }
        self.push([Token::RParen, keyword("FOR", Keyword::FOR)], &mut written);
        match value {
            Some(value) => written.extend_from_slice(labels.get(1..value)?),
            None => self.push([word("name")], &mut written),
        }
        self.push([keyword("IN", Keyword::IN), Token::LParen], &mut written);
        match self.until(on + 1, &["INTO", "ORDER", "LIMIT"]) {
            [star] if star.token.token == Token::Mul => {
                self.push([word("COLUMNS"), Token::LParen, Token::Mul, Token::RParen], &mut written);
            }
            columns => written.extend_from_slice(columns),
        }
        self.push([Token::RParen, Token::RParen], &mut written);
        written.extend_from_slice(self.last());
        Some(written)
    }

    /// ORDER BY and LIMIT.
    fn last(&self) -> &'l [Lexeme] {
        let starts = ["ORDER", "LIMIT"].into_iter().filter_map(|word| outermost(self.rest, word, 0));
        starts.min().map_or(&[], |start| &self.rest[start..])
    }

    /// What a function says of a relation or a query.
    fn told_by(&self, function: &str) -> Option<Vec<Lexeme>> {
        let is_name = self.rest.iter().all(|one| matches!(one.token.token, Token::Word(_) | Token::Period));
        let is_query = ["SELECT", "FROM", "WITH", "VALUES", "PIVOT", "UNPIVOT", "TABLE"];
        let mut written = Vec::with_capacity(self.rest.len() + 12);
        let words = [keyword("SELECT", Keyword::SELECT), Token::Mul, keyword("FROM", Keyword::FROM), word(function)];
        self.push(words, &mut written);
        self.push([Token::LParen, Token::LParen], &mut written);
        if is_query.iter().any(|word| is_word(self.rest, 0, word)) {
            written.extend_from_slice(self.rest);
        } else if is_name && !self.rest.is_empty() && !is_word(self.rest, 0, "TABLES") {
            self.push([keyword("SELECT", Keyword::SELECT), Token::Mul, keyword("FROM", Keyword::FROM)], &mut written);
            written.extend_from_slice(self.rest);
        } else {
            return None;
        }
        self.push([Token::RParen, Token::RParen], &mut written);
        Some(written)
    }
}

/// What stands between the commas that stand in no parentheses.
fn listed(lexemes: &[Lexeme]) -> Vec<&[Lexeme]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, lexeme) in lexemes.iter().enumerate() {
        match lexeme.token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => {
                parts.push(&lexemes[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&lexemes[start..]);
    parts
}
