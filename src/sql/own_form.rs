//! Forms of Snowflake's that the parser does not know, in forms that it does, where only columns matter: `{*}` is `OBJECT_CONSTRUCT(*)`,
//! `x::ARRAY(INT)` is `x::ARRAY`, and a sample is all of the relation.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use super::short_form::{at_place, is_word, keyword, word};
use super::text::Lexeme;

/// The tokens with what the parser knows in place of what it does not.
pub(super) fn in_known_forms(lexemes: &[Lexeme]) -> Vec<Lexeme> {
    let mut writer = Writer { lexemes, written: Vec::with_capacity(lexemes.len() + 8), closing: Vec::new(), depth: 0 };
    let mut at = 0;
    while at < lexemes.len() {
        at = writer.step(at);
    }
    writer.written
}

struct Writer<'l> {
    lexemes: &'l [Lexeme],
    written: Vec<Lexeme>,
    /// At which depths the next closing bracket is another token, and which, or has one more in front.
    closing: Vec<(usize, Closing)>,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Closing {
    /// A parenthesis in place of a brace.
    Instead,
    /// One parenthesis more.
    More,
}

impl Writer<'_> {
    /// Writes what stands at a place, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        let behind = self.left_out(at);
        if behind > at {
            return behind;
        }
        let place = &self.lexemes[at];
        match &place.token.token {
            Token::LBrace if self.is_row(at + 1) => {
                self.push([word("OBJECT_CONSTRUCT"), Token::LParen], place);
                self.depth += 1;
                self.closing.push((self.depth, Closing::Instead));
            }
            Token::LParen | Token::LBracket | Token::LBrace => {
                self.depth += 1;
                self.written.push(place.clone());
            }
            Token::RParen | Token::RBracket | Token::RBrace => self.close(place),
            Token::RArrow if self.is(at + 1, "SELECT") || self.is(at + 1, "WITH") => {
                self.push([Token::RArrow, Token::LParen], place);
                self.closing.push((self.depth, Closing::More));
            }
            _ => match self.replaced(at) {
                Some(tokens) => self.push(tokens, place),
                None => self.written.push(place.clone()),
            },
        }
        at + 1
    }

    fn push(&mut self, tokens: impl IntoIterator<Item = Token>, place: &Lexeme) {
        self.written.extend(tokens.into_iter().map(|token| at_place(token, place)));
    }

    fn close(&mut self, place: &Lexeme) {
        while self.closing.last() == Some(&(self.depth, Closing::More)) {
            self.closing.pop();
            self.push([Token::RParen], place);
        }
        if self.closing.last() == Some(&(self.depth, Closing::Instead)) {
            self.closing.pop();
            self.push([Token::RParen], place);
        } else {
            self.written.push(place.clone());
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn is(&self, at: usize, wanted: &str) -> bool {
        is_word(self.lexemes, at, wanted)
    }

    fn is_token(&self, at: usize, token: &Token) -> bool {
        self.lexemes.get(at).is_some_and(|lexeme| lexeme.token.token == *token)
    }

    /// Whether `*` or `t.*` stands at a place.
    fn is_row(&self, at: usize) -> bool {
        let star = if self.is_token(at + 1, &Token::Period) { at + 2 } else { at };
        self.is_token(star, &Token::Mul)
    }

    /// Where to go on behind what says nothing of columns.
    fn left_out(&self, at: usize) -> usize {
        let opens = self.is_token(at, &Token::LParen);
        let is_cast = at > 1 && (self.is_token(at - 2, &Token::DoubleColon) || self.is(at - 2, "AS"));
        let is_nested = ["ARRAY", "OBJECT", "MAP"].iter().any(|name| at > 0 && self.is(at - 1, name));
        if opens && is_cast && (is_nested || self.is_token(at + 1, &Token::RParen)) {
            return self.behind_brackets(at);
        }
        if self.is(at, "VARYING") && at > 0 && self.is(at - 1, "NCHAR") {
            return at + 1;
        }
        let is_side = self.is(at, "FROM") && (self.is(at + 1, "FIRST") || self.is(at + 1, "LAST"));
        if is_side && (self.is(at + 2, "OVER") || self.is(at + 2, "IGNORE") || self.is(at + 2, "RESPECT")) {
            return at + 2;
        }
        if self.is(at, "LOCAL") && at > 1 && self.is(at - 1, "WITH") && self.is(at - 2, "TIMESTAMP") {
            return at + 1;
        }
        self.behind_sample(at)
    }

    /// Where to go on behind `TABLESAMPLE BERNOULLI (10) SEED (3)`.
    fn behind_sample(&self, at: usize) -> usize {
        let is_behind = at > 0 && matches!(self.lexemes[at - 1].token.token, Token::RParen | Token::Word(_));
        if !is_behind || !(self.is(at, "TABLESAMPLE") || self.is(at, "SAMPLE")) {
            return at;
        }
        let is_method = ["BERNOULLI", "ROW", "SYSTEM", "BLOCK"].iter().any(|method| self.is(at + 1, method));
        let open = at + 1 + usize::from(is_method);
        if !self.is_token(open, &Token::LParen) {
            return at;
        }
        let end = self.behind_brackets(open);
        if self.is(end, "SEED") || self.is(end, "REPEATABLE") { self.behind_brackets(end + 1) } else { end }
    }

    /// The place behind the bracket that closes the one at a place.
    fn behind_brackets(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (place, lexeme) in self.lexemes.iter().enumerate().skip(at) {
            match lexeme.token.token {
                Token::LParen => depth += 1,
                Token::RParen if depth <= 1 => return place + 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
        }
        self.lexemes.len()
    }

    /// What the parser calls a word by.
    fn replaced(&self, at: usize) -> Option<Vec<Token>> {
        let is_query = self.is_token(at + 1, &Token::LParen) && (self.is(at + 2, "SELECT") || self.is(at + 2, "WITH"));
        if is_query && at > 0 && (self.is(at - 1, "WITH") || self.is(at - 1, "RECURSIVE")) {
            return Some(vec![self.lexemes[at].token.token.clone(), keyword("AS", Keyword::AS)]);
        }
        if self.is(at, "NCHAR") && self.is(at + 1, "VARYING") {
            return Some(vec![keyword("VARCHAR", Keyword::VARCHAR)]);
        }
        if self.is(at, "MAP") && self.is_token(at + 1, &Token::LParen) && at > 0 {
            let is_cast = self.is_token(at - 1, &Token::DoubleColon) || self.is(at - 1, "AS");
            return is_cast.then(|| vec![word("MAP")]);
        }
        let is_behind_top = self.is_token(at + 1, &Token::Comma) || self.is(at + 1, "FROM") || self.is(at + 1, "AS");
        if self.is(at, "TOP") && is_behind_top {
            return Some(vec![word("TOP")]);
        }
        let is_relation = at > 0 && (self.is(at - 1, "FROM") || self.is(at - 1, "JOIN"));
        if self.is(at, "TABLE") && is_relation && !self.is_token(at + 1, &Token::LParen) {
            return Some(vec![word("TABLE")]);
        }
        self.prior(at)
    }

    /// `PRIOR` in front of an item, which the parser takes as it does `CONNECT_BY_ROOT`.
    fn prior(&self, at: usize) -> Option<Vec<Token>> {
        let is_item = at > 0 && (self.is(at - 1, "SELECT") || self.is_token(at - 1, &Token::Comma));
        let prefix = Word { value: "PRIOR".to_owned(), quote_style: None, keyword: Keyword::CONNECT_BY_ROOT };
        (is_item && self.is(at, "PRIOR")).then(|| vec![Token::Word(prefix)])
    }
}
