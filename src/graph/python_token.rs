//! Python's text as tokens, as far as finding calls and literals needs it.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// A text with its prefix and quotes.
    Text,
    /// Anything else: one character.
    Other,
}

/// A token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'c> {
    /// What it is.
    pub(super) kind: Kind,
    /// As it is written.
    pub(super) text: &'c str,
    /// How far the line is indented, if it is the first of a statement.
    pub(super) indent: Option<usize>,
}

impl Token<'_> {
    /// Whether it is this name or character.
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }

    /// 1 for a bracket that opens, -1 for one that closes.
    pub(super) fn bracket(&self) -> i32 {
        match self.text {
            "(" | "[" | "{" => 1,
            ")" | "]" | "}" => -1,
            _ => 0,
        }
    }

    /// What a text says; none for bytes, for a text with expressions in it, and for what is no text.
    pub(super) fn value(&self) -> Option<String> {
        let quote = self.text.find(['"', '\'']).filter(|_| self.kind == Kind::Text)?;
        let prefix = self.text[..quote].to_lowercase();
        if prefix.contains(['f', 'b', 't']) {
            return None;
        }
        let quoted = &self.text[quote..];
        let width = if quoted.starts_with("\"\"\"") || quoted.starts_with("'''") { 3 } else { 1 };
        let inner = quoted.get(width..quoted.len().checked_sub(width)?)?;
        Some(if prefix.contains('r') { inner.to_owned() } else { unescaped(inner) })
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('\n') => {}
                Some(c @ ('\\' | '\'' | '"')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

/// The tokens of a text, without comments.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line, mut depth, mut is_first) = (0, 0, 0i32, true);
    while let Some(c) = code[at..].chars().next() {
        let rest = &code[at..];
        let length = match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\\' if rest[1..].starts_with('\n') => 2,
            _ if c.is_whitespace() => {
                if c == '\n' {
                    line = at + 1;
                    is_first |= depth == 0;
                }
                c.len_utf8()
            }
            _ => {
                let (kind, length) = token(rest);
                let indent = (is_first && depth == 0).then(|| at - line);
                let token = Token { kind, text: &rest[..length], indent };
                depth = (depth + token.bracket()).max(0);
                is_first = token.is(";") && depth == 0;
                found.push(token);
                length
            }
        };
        at += length;
    }
    found
}

/// The kind and the length of the token that a text begins with.
fn token(text: &str) -> (Kind, usize) {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let is_prefix = word <= 2 && text[..word].chars().all(|c| "rRbBuUfFtT".contains(c));
    if is_prefix && text[word..].starts_with(['"', '\'']) {
        return (Kind::Text, word + quoted(&text[word..]));
    }
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if is_number(text) || (text.starts_with('.') && is_number(&text[1..])) {
        return (Kind::Number, number(text));
    }
    match word {
        0 => (Kind::Other, text.chars().next().map_or(1, char::len_utf8)),
        _ => (Kind::Name, word),
    }
}

fn number(text: &str) -> usize {
    let mut before = ' ';
    let end = text.find(|c: char| {
        let is_part = c.is_ascii_alphanumeric()
            || matches!(c, '.' | '_')
            || (matches!(c, '+' | '-') && matches!(before, 'e' | 'E'));
        before = c;
        !is_part
    });
    end.unwrap_or(text.len())
}

/// The length of a text with its quotes; one that has no end goes on to the end of everything.
fn quoted(text: &str) -> usize {
    let one = &text[..1];
    let three = one.repeat(3);
    let quote = if text.starts_with(&three) { three.as_str() } else { one };
    let mut at = quote.len();
    while let Some(c) = text[at..].chars().next() {
        if c == '\\' {
            at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
        } else if text[at..].starts_with(quote) {
            return at + quote.len();
        } else {
            at += c.len_utf8();
        }
    }
    text.len()
}
