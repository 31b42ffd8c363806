//! Python's regular expression syntax in the crate's syntax, compiled once per text and flags.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fancy_regex::{Regex, RegexBuilder};
use minijinja::Error;

use super::error::value_error;

pub(super) const IGNORECASE: i128 = 2;
pub(super) const MULTILINE: i128 = 8;
pub(super) const DOTALL: i128 = 16;
pub(super) const VERBOSE: i128 = 64;

/// Where a match may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Anchor {
    Anywhere,
    Start,
    Whole,
}

type Compiled = Mutex<HashMap<(String, i128, Anchor), Arc<Regex>>>;

/// The compiled expression. Failures are those of the syntax.
pub(super) fn compiled(pattern: &str, flags: i128, anchor: Anchor) -> Result<Arc<Regex>, Error> {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    let known = COMPILED.get_or_init(Compiled::default);
    let key = (pattern.to_owned(), flags, anchor);
    if let Some(regex) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(regex.clone());
    }
    let regex = Arc::new(compile(pattern, flags, anchor)?);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= 512 {
        known.clear();
    }
    known.insert(key, regex.clone());
    Ok(regex)
}

fn compile(pattern: &str, flags: i128, anchor: Anchor) -> Result<Regex, Error> {
    let body = translate(pattern, flags & MULTILINE != 0);
    let mut set = String::new();
    for (flag, letter) in [(IGNORECASE, 'i'), (MULTILINE, 'm'), (DOTALL, 's'), (VERBOSE, 'x')] {
        if flags & flag != 0 {
            set.push(letter);
        }
    }
    let flagged = if set.is_empty() { body } else { format!("(?{set}:{body}\n)").replace("\n)", close(flags)) };
    let text = match anchor {
        Anchor::Anywhere => flagged,
        Anchor::Start => format!("\\A(?:{flagged})"),
        Anchor::Whole => format!("\\A(?:{flagged})\\z"),
    };
    let built = RegexBuilder::new(&text).backtrack_limit(10_000_000).build();
    built.map_err(|error| value_error(format!("invalid regular expression '{pattern}': {error}")))
}

/// A comment at the end of a verbose pattern must not swallow the parenthesis.
fn close(flags: i128) -> &'static str {
    if flags & VERBOSE != 0 { "\n)" } else { ")" }
}

fn translate(pattern: &str, multiline: bool) -> String {
    let mut out = String::new();
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        match c {
            '\\' => {
                let next = chars.get(at).copied();
                at += 1;
                match next {
                    Some('Z') => out.push_str("\\z"),
                    Some(next) => out.extend(['\\', next]),
                    None => out.push('\\'),
                }
            }
            '[' => at = class(&mut out, &chars, at),
            // The end, or just before a line end that is the last character.
            '$' if !multiline => out.push_str("(?=\\n?\\z)"),
            '{' => match quantifier(&chars[at..]) {
                Some((text, length)) => {
                    out.push_str(&text);
                    at += length;
                }
                None => out.push_str("\\{"),
            },
            c => out.push(c),
        }
    }
    out
}

/// `n}`, `n,}`, `,m}` or `n,m}` after the brace; anything else is literal in Python.
fn quantifier(rest: &[char]) -> Option<(String, usize)> {
    let length = rest.iter().position(|c| *c == '}')?;
    let inner: String = rest[..length].iter().collect();
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let fine = match inner.split_once(',') {
        Some((low, high)) => digits(low) && digits(high),
        None => !inner.is_empty() && digits(&inner),
    };
    let inner = if inner.starts_with(',') { format!("0{inner}") } else { inner };
    fine.then(|| (format!("{{{inner}}}"), length + 1))
}

/// Copies a character class, escaping what only the crate's syntax finds special. Gives the position after it.
fn class(out: &mut String, chars: &[char], mut at: usize) -> usize {
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        match c {
            ']' if at - 1 > first => {
                out.push(']');
                return at;
            }
            '\\' => {
                out.push('\\');
                out.extend(chars.get(at));
                at += 1;
            }
            '[' | '&' | '~' | ']' => out.extend(['\\', c]),
            '-' if at - 1 == first => out.push_str("\\-"),
            c => out.push(c),
        }
    }
    at
}
