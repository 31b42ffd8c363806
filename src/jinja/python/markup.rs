//! Filters for HTML and URLs.

use std::collections::VecDeque;
use std::fmt::Write as _;

use minijinja::{Error, State, Value};

use super::argument::{bind, flag, optional_int, required, text};
use super::dict::{expect, pairs};
use super::error::value_error;
use super::kind::{dict, items, iterable, undefined};
use super::repr::str;
use super::text::lines;

/// The text with HTML's special characters as entities.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

fn without(mut text: String, start: &str, end: &str) -> String {
    while let Some(from) = text.find(start) {
        let Some(length) = text[from..].find(end) else { break };
        text.replace_range(from..from + length + end.len(), "");
    }
    text
}

/// The text without comments and tags, with single spaces.
pub(super) fn strip_tags(text: &str) -> String {
    let bare = without(without(text.to_owned(), "<!--", "-->"), "<", ">");
    let spaced = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = spaced.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", "\"").replace("&quot;", "\"");
    plain.replace("&#39;", "'").replace("&amp;", "&")
}

fn quoted(text: &str, query: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            b'/' if !query => out.push('/'),
            b' ' if query => out.push('+'),
            byte => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}

/// `value|urlencode`.
pub(super) fn urlencode(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("urlencode", ["value"], 1, args)?;
    let value = required(value);
    if value.as_str().is_some() || undefined(&value) || !iterable(&value) {
        return Ok(Value::from(quoted(&str(&value), false)));
    }
    let fields = if dict(&value) {
        pairs(&value)?
    } else {
        let mut fields = Vec::new();
        for item in items(&value)? {
            let pair = <[Value; 2]>::try_from(items(&item)?);
            let [key, value] = pair.map_err(|_| value_error("urlencode needs pairs"))?;
            fields.push((key, value));
        }
        fields
    };
    let fields = fields.iter().map(|(k, v)| format!("{}={}", quoted(&str(k), true), quoted(&str(v), true)));
    Ok(Value::from(fields.collect::<Vec<_>>().join("&")))
}

/// `value|xmlattr(autospace)`.
pub(super) fn xmlattr(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, space] = bind("xmlattr", ["d", "autospace"], 1, args)?;
    let value = required(value);
    expect(&value, "xmlattr needs a mapping")?;
    let mut fields = Vec::new();
    for (key, value) in pairs(&value)? {
        if value.is_none() || undefined(&value) {
            continue;
        }
        let key = str(&key);
        if key.contains(|c: char| c.is_ascii_whitespace() || "/>=".contains(c)) {
            return Err(value_error(format!("Invalid character in attribute name: '{key}'")));
        }
        fields.push(format!("{}=\"{}\"", escape(&key), escape(&str(&value))));
    }
    let text = fields.join(" ");
    let space = space.is_none_or(|space| flag(Some(&space)));
    Ok(Value::from(if space && !text.is_empty() { format!(" {text}") } else { text }))
}

/// `value|wordwrap(width, break_long_words, wrapstring, break_on_hyphens)`.
pub(super) fn wordwrap(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["s", "width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let [value, width, long, wrap, hyphens] = bind("wordwrap", names, 1, args)?;
    let width = usize::try_from(optional_int(width.as_ref(), 79)?).unwrap_or(1).max(1);
    let is_wanted = |given: Option<Value>| given.is_none_or(|given| flag(Some(&given)));
    let (long, hyphens) = (is_wanted(long), is_wanted(hyphens));
    let wrap = wrap.filter(|wrap| !wrap.is_none()).map_or_else(|| "\n".to_owned(), |wrap| str(&wrap));
    let value = required(value);
    let wrapped = lines(text("wordwrap", &value)?, false)
        .into_iter()
        .map(|line| wrapped(line, width, (long, hyphens)).join(&wrap));
    Ok(Value::from(wrapped.collect::<Vec<_>>().join(&wrap)))
}

/// A line in rows, as Python's `textwrap` breaks it: between words, and inside of words that are longer than a row.
fn wrapped(line: &str, width: usize, (long, hyphens): (bool, bool)) -> Vec<String> {
    let mut words = words(line, hyphens);
    let is_space = |word: &[char]| word.iter().all(|c| c.is_whitespace());
    let mut rows: Vec<String> = Vec::new();
    while let Some(next) = words.front() {
        if !rows.is_empty() && is_space(next) {
            words.pop_front();
        }
        let mut row: Vec<Vec<char>> = Vec::new();
        let mut left = width;
        while words.front().is_some_and(|word| word.len() <= left) {
            let word = words.pop_front().unwrap_or_default();
            left -= word.len();
            row.push(word);
        }
        match words.front_mut().filter(|word| word.len() > width) {
            Some(word) if long => {
                let hyphen = word[..left].iter().rposition(|c| *c == '-').filter(|at| hyphens && *at > 0);
                let end = hyphen.map_or(left, |at| at + 1);
                row.push(word.drain(..end).collect());
            }
            Some(_) if row.is_empty() => row.extend(words.pop_front()),
            _ => {}
        }
        row.pop_if(|word| is_space(word));
        if !row.is_empty() {
            rows.push(row.into_iter().flatten().collect());
        }
    }
    rows
}

/// The words of a line and the white space between them; words end after a hyphen between letters too.
fn words(line: &str, hyphens: bool) -> VecDeque<Vec<char>> {
    let line: Vec<char> = line.chars().collect();
    let letter = |at: usize| line.get(at).is_some_and(|c| c.is_alphabetic());
    let is_after_hyphen =
        |at: usize| at > 2 && line[at - 1] == '-' && [at - 3, at - 2, at, at + 1].into_iter().all(letter);
    let mut words: VecDeque<Vec<char>> = VecDeque::new();
    for (at, c) in line.iter().enumerate() {
        match words.back_mut() {
            Some(word) if word[0].is_whitespace() == c.is_whitespace() && !(hyphens && is_after_hyphen(at)) => {
                word.push(*c);
            }
            _ => words.push_back(vec![*c]),
        }
    }
    words
}

/// `value|urlize(..)`: links for the words that are URLs.
pub(super) fn urlize(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["value", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
    let [value, limit, nofollow, target, _, _] = bind("urlize", names, 1, args)?;
    let limit = limit.filter(|limit| !limit.is_none()).map(|limit| optional_int(Some(&limit), 0)).transpose()?;
    let rel = if flag(nofollow.as_ref()) { "nofollow noopener" } else { "noopener" };
    let target = target.filter(|target| !target.is_none());
    let target = target.map_or_else(String::new, |target| format!(" target=\"{}\"", escape(&str(&target))));
    let text = escape(&str(&required(value)));
    let linked = text.split(' ').map(|word| {
        let bare = word.trim_end_matches(['.', ',', ':', ')']);
        let href = match bare {
            _ if bare.starts_with("http://") || bare.starts_with("https://") => bare.to_owned(),
            _ if bare.starts_with("www.") => format!("https://{bare}"),
            _ => return word.to_owned(),
        };
        let shown = match limit.and_then(|n| usize::try_from(n).ok()) {
            Some(most) if bare.chars().count() > most => bare.chars().take(most).collect::<String>() + "...",
            _ => bare.to_owned(),
        };
        format!("<a href=\"{href}\" rel=\"{rel}\"{target}>{shown}</a>{}", &word[bare.len()..])
    });
    Ok(Value::from(linked.collect::<Vec<_>>().join(" ")))
}
