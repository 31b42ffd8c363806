//! Globs over keys: `*` and `?` stay within a folder, `**` crosses folders, `[a-z]`, `[!a]`, `{a,b}`.
//!
//! A special character is meant literally inside brackets: `[*]`.

/// A glob that was read once and can be asked often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    choices: Vec<Vec<Token>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    AnyOne,
    AnyWithin,
    AnyAcross,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// The characters that make a path a glob.
pub(super) const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

impl Pattern {
    /// Reads a glob; the message says what is not closed.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let choices = expand(text)?;
        let choices = choices.iter().map(|choice| tokens(choice)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), choices })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole key matches.
    pub fn matches(&self, key: &str) -> bool {
        let key: Vec<char> = key.chars().collect();
        self.choices.iter().any(|tokens| matches(tokens, &key))
    }
}

/// `a{b,c}d` as `abd`, `acd`.
fn expand(text: &str) -> Result<Vec<String>, String> {
    let Some(open) = first_outside_class(text, '{') else { return Ok(vec![text.to_owned()]) };
    let (mut depth, mut starts, mut close) = (0_usize, vec![open + 1], None);
    for (at, c) in text[open..].char_indices().map(|(at, c)| (open + at, c)) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => starts.push(at + 1),
            _ => {}
        }
        if depth == 0 {
            close = Some(at);
            break;
        }
    }
    let close = close.ok_or_else(|| format!("`{{` is not closed in `{text}`"))?;
    let mut expanded = Vec::new();
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(close, |next| next - 1);
        expanded.extend(expand(&format!("{}{}{}", &text[..open], &text[*start..end], &text[close + 1..]))?);
    }
    Ok(expanded)
}

fn first_outside_class(text: &str, wanted: char) -> Option<usize> {
    let mut inside = false;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ => {}
        }
        (c == wanted && !inside).then_some(at)
    })
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '*' if rest.peek() == Some(&'*') => {
                while rest.next_if_eq(&'*').is_some() {}
                // `**/` also matches no folder at all.
                rest.next_if_eq(&'/');
                Token::AnyAcross
            }
            '*' => Token::AnyWithin,
            '?' => Token::AnyOne,
            '[' => class(&mut rest).ok_or_else(|| format!("`[` is not closed in `{text}`"))?,
            c => Token::Literal(c),
        });
    }
    Ok(tokens)
}

fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = rest.next_if(|c| matches!(c, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    loop {
        let low = rest.next()?;
        if low == ']' && !ranges.is_empty() {
            return Some(Token::Class { negated, ranges });
        }
        let mut ahead = rest.clone();
        let high = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) if high != ']' => {
                *rest = ahead;
                high
            }
            _ => low,
        };
        ranges.push((low, high));
    }
}

/// Matches by the set of reachable places in the pattern: time is pattern × key, whatever the pattern.
fn matches(tokens: &[Token], key: &[char]) -> bool {
    let mut reached = vec![false; tokens.len() + 1];
    reached[0] = true;
    pass_stars(tokens, &mut reached);
    for c in key {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| reached[*at]) {
            match token {
                Token::AnyAcross => next[at] = true,
                Token::AnyWithin => next[at] |= *c != '/',
                Token::AnyOne => next[at + 1] |= *c != '/',
                Token::Literal(wanted) => next[at + 1] |= wanted == c,
                Token::Class { negated, ranges } => {
                    let within = ranges.iter().any(|(low, high)| low <= c && c <= high);
                    next[at + 1] |= within != *negated && *c != '/';
                }
            }
        }
        reached = next;
        pass_stars(tokens, &mut reached);
    }
    reached[tokens.len()]
}

fn pass_stars(tokens: &[Token], reached: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if reached[at] && matches!(token, Token::AnyAcross | Token::AnyWithin) {
            reached[at + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, yes: &[&str], no: &[&str]) {
        let pattern = Pattern::parse(glob).unwrap();
        for key in yes {
            assert!(pattern.matches(key), "`{glob}` should match `{key}`");
        }
        for key in no {
            assert!(!pattern.matches(key), "`{glob}` should not match `{key}`");
        }
    }

    #[test]
    fn globs_match_as_shells_do() {
        check("*.jsonl.gz", &["a.jsonl.gz", ".jsonl.gz"], &["d/a.jsonl.gz", "a.jsonl.gz.tmp"]);
        check("dt=*/**", &["dt=1/a", "dt=1/b/c", "dt=/a"], &["x/dt=1/a", "dt=1"]);
        check("**/*.json", &["a.json", "x/y/a.json"], &["a.jsonl"]);
        check("a?c", &["abc", "aéc"], &["ac", "a/c"]);
        check("[a-c]x[!0-9]", &["axz", "cx-"], &["dxz", "ax1", "ax/"]);
        check("{a,b{1,2}}.csv", &["a.csv", "b1.csv", "b2.csv"], &["b.csv", "c.csv"]);
        check("[*]", &["*"], &["a"]);
        check("[]]", &["]"], &["["]);
        check("[{]", &["{"], &["x"]);
    }

    #[test]
    fn what_is_not_closed_is_said() {
        assert_eq!(Pattern::parse("a[b").unwrap_err(), "`[` is not closed in `a[b`");
        assert_eq!(Pattern::parse("a{b").unwrap_err(), "`{` is not closed in `a{b`");
    }
}
