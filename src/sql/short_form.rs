//! Short forms of `DuckDB`'s that the parser does not know, in the long form that it does: `* LIKE 'a%'` is `COLUMNS('^a.*$')`, and
//! `[x + 1 FOR x IN l IF x > 2]` is `list_transform(list_filter(l, x -> x > 2), x -> x + 1)`.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::text::Lexeme;

/// The tokens in the long form; none where there is no short one.
pub(super) fn in_long_form(lexemes: &[Lexeme]) -> Option<Vec<Lexeme>> {
    let is_short = |at: usize| star(&lexemes[at..]).is_some() || (is_word(lexemes, at, "FOR") && at > 1);
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
        let close = closing(lexemes, at);
        if let (Token::LBracket, Some(close)) = (&lexeme.token.token, close)
            && let Some(parts) = Comprehension::of(&lexemes[at + 1..close])
        {
            parts.write(lexeme, written);
            at = close + 1;
            continue;
        }
        written.push(lexeme.clone());
        at += 1;
    }
}

/// How many tokens a star with a pattern has, and the pattern of names.
fn star(lexemes: &[Lexeme]) -> Option<(usize, String)> {
    if lexemes.first()?.token.token != Token::Mul {
        return None;
    }
    let is_negated = is_word(lexemes, 1, "NOT");
    let mut at = 1 + usize::from(is_negated);
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
fn outermost(lexemes: &[Lexeme], wanted: &str, start: usize) -> Option<usize> {
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

fn is_word(lexemes: &[Lexeme], at: usize, wanted: &str) -> bool {
    match lexemes.get(at).map(|lexeme| &lexeme.token.token) {
        Some(Token::Word(word)) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

fn word(text: &str) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: None, keyword: Keyword::NoKeyword })
}

/// A token that stands where another does.
fn at_place(token: Token, place: &Lexeme) -> Lexeme {
    Lexeme { token: TokenWithSpan { token, ..place.token.clone() }, range: place.range.clone() }
}
