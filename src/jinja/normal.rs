//! Text as minijinja's parser takes it: what Jinja2 accepts and minijinja does not is rewritten on the text.
//!
//! A carriage return before a line feed goes, a colon at the end of a tag and a unary plus become blanks, spaces that
//! are not ASCII become ASCII, tuples without parentheses get them, and `{% do x %}` becomes `{{    x }}`, which is
//! remembered as silent. Every change is recorded, so that offsets lead back to the original bytes.

use super::definition::in_comments;
use super::place::Shifts;

/// A text ready for the parser.
#[derive(Debug, Default)]
pub(super) struct Normal {
    pub(super) text: String,
    /// How to get back: changes of tags first, then line ends.
    pub(super) stages: [Shifts; 2],
    /// Offsets of `{{` that were `{% do`: their values are not printed.
    pub(super) silent: Vec<usize>,
}

/// Normalises a template.
pub(super) fn template(text: &str) -> Normal {
    let (text, line_ends) = unix(&in_comments(text));
    let mut edits = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let open = at + found;
        at = match text.as_bytes().get(open + 1) {
            Some(b'#') => text[open + 2..].find("#}").map_or(text.len(), |end| open + 2 + end + 2),
            Some(b'{') => tag(&text, open, Kind::Print, &mut edits),
            Some(b'%') => raw(&text, open).unwrap_or_else(|| tag(&text, open, Kind::Statement, &mut edits)),
            _ => open + 1,
        };
    }
    apply(text, line_ends, edits)
}

/// Normalises an expression, such as the default of a parameter.
pub(super) fn expression(text: &str) -> Normal {
    let (text, line_ends) = unix(text);
    let mut edits = Vec::new();
    let (tokens, _) = tokens(&text, 0, Kind::Print, false, &mut edits);
    general(&text, &tokens, &mut edits);
    apply(text, line_ends, edits)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Print,
    Statement,
}

#[derive(Debug)]
enum Edit {
    Blank(usize),
    Replace(&'static str),
    Insert(&'static str),
    Silent,
}

type Edits = Vec<(usize, Edit)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Name,
    Literal,
    Open(u8),
    Close,
    Sign(u8),
}

#[derive(Debug, Clone, Copy)]
struct Token {
    form: Form,
    start: usize,
    end: usize,
    depth: usize,
}

/// Line ends as line feeds; a lone carriage return counts as one too.
fn unix(text: &str) -> (String, Shifts) {
    let mut shifts = Shifts::default();
    if !text.contains('\r') {
        return (text.to_owned(), shifts);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\r') {
        out.push_str(&rest[..at]);
        if rest[at + 1..].starts_with('\n') {
            shifts.push(out.len(), 1);
        } else {
            out.push('\n');
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    (out, shifts)
}

/// The end of the raw block that opens here, if one does.
fn raw(text: &str, open: usize) -> Option<usize> {
    let body = open + bare_tag(&text[open..], "raw")?;
    let mut at = body;
    while let Some(found) = text[at..].find("{%") {
        let start = at + found;
        if let Some(len) = bare_tag(&text[start..], "endraw") {
            return Some(start + len);
        }
        at = start + 2;
    }
    Some(text.len())
}

/// The length of a tag that holds only `name`, if the text starts with one.
fn bare_tag(text: &str, name: &str) -> Option<usize> {
    let rest = text.strip_prefix("{%")?;
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_start().strip_prefix(name)?.trim_start();
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).strip_prefix("%}")?;
    Some(text.len() - rest.len())
}

/// Records the changes of one tag and answers where it ends.
fn tag(text: &str, open: usize, kind: Kind, edits: &mut Edits) -> usize {
    let sign = matches!(text.as_bytes().get(open + 2), Some(b'-' | b'+'));
    let mark = edits.len();
    let (tokens, close) = tokens(text, open + 2 + usize::from(sign), kind, true, edits);
    let Some(close) = close else {
        edits.truncate(mark);
        return text.len();
    };
    general(text, &tokens, edits);
    if kind == Kind::Print {
        parenthesise(&tokens, 0, edits);
    } else {
        statement(text, open, close, &tokens, edits);
    }
    let sign = matches!(text.as_bytes().get(close), Some(b'-' | b'+'));
    close + usize::from(sign) + 2
}

fn statement(text: &str, open: usize, close: usize, tokens: &[Token], edits: &mut Edits) {
    let word = |token: &Token| &text[token.start..token.end];
    let Some(keyword) = tokens.first().filter(|token| token.form == Form::Name) else { return };
    let mut inside = &tokens[1..];
    if !matches!(word(keyword), "set" | "do")
        && let Some((last, before)) = inside.split_last()
        && last.form == Form::Sign(b':')
        && last.depth == 0
    {
        edits.push((last.start, Edit::Blank(1)));
        inside = before;
    }
    match word(keyword) {
        "do" => {
            edits.push((open, Edit::Silent));
            edits.push((open, Edit::Replace("{{")));
            edits.push((keyword.start, Edit::Blank(2)));
            parenthesise(inside, 0, edits);
            let sign = usize::from(text.as_bytes()[close] != b'%');
            edits.push((close + sign, Edit::Replace("}}")));
        }
        "for" => {
            let top = |names: &[&str], token: &Token| {
                token.depth == 0 && token.form == Form::Name && names.contains(&word(token))
            };
            let Some(start) = inside.iter().position(|token| top(&["in"], token)) else { return };
            let iterated = &inside[start + 1..];
            let end = iterated.iter().position(|token| top(&["if", "recursive"], token)).unwrap_or(iterated.len());
            parenthesise(&iterated[..end], 0, edits);
        }
        "if" | "elif" => parenthesise(inside, 0, edits),
        _ => {}
    }
}

/// Puts parentheses around a tuple that has none.
fn parenthesise(tokens: &[Token], depth: usize, edits: &mut Edits) {
    let comma = tokens.iter().any(|token| token.form == Form::Sign(b',') && token.depth == depth);
    if let (true, Some(first), Some(last)) = (comma, tokens.first(), tokens.last()) {
        edits.push((first.start, Edit::Insert("(")));
        edits.push((last.end, Edit::Insert(")")));
    }
}

/// Changes that apply to every expression: unary plus and tuples as subscripts.
fn general(text: &str, tokens: &[Token], edits: &mut Edits) {
    let ends_operand = |token: &Token| match token.form {
        Form::Name => !matches!(
            &text[token.start..token.end],
            "in" | "not" | "and" | "or" | "if" | "else" | "elif" | "is" | "set" | "do" | "for"
        ),
        Form::Literal | Form::Close => true,
        Form::Open(_) | Form::Sign(_) => false,
    };
    for (index, token) in tokens.iter().enumerate() {
        let after_operand = index > 0 && ends_operand(&tokens[index - 1]);
        match token.form {
            Form::Sign(b'+') if !after_operand => edits.push((token.start, Edit::Blank(1))),
            Form::Open(b'[') if after_operand => {
                let inside = &tokens[index + 1..];
                let end = inside.iter().position(|t| t.form == Form::Close && t.depth == token.depth);
                let inside = &inside[..end.unwrap_or(0)];
                let slice = inside.iter().any(|t| t.form == Form::Sign(b':') && t.depth == token.depth + 1);
                if !slice {
                    parenthesise(inside, token.depth + 1, edits);
                }
            }
            _ => {}
        }
    }
}

/// The tokens of a tag from `at` on, and where its closing delimiter (with its sign) starts.
fn tokens(text: &str, mut at: usize, kind: Kind, closes: bool, edits: &mut Edits) -> (Vec<Token>, Option<usize>) {
    let bytes = text.as_bytes();
    let close: &[u8] = if kind == Kind::Print { b"}}" } else { b"%}" };
    let mut tokens: Vec<Token> = Vec::new();
    let mut depth: usize = 0;
    while let Some(&byte) = bytes.get(at) {
        let signed = usize::from(matches!(byte, b'-' | b'+'));
        if closes && depth == 0 && bytes[at + signed..].starts_with(close) {
            return (tokens, Some(at));
        }
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if let Some(space) = text[at..].chars().next().filter(|c| c.is_whitespace()) {
            edits.push((at, Edit::Blank(space.len_utf8())));
            at += space.len_utf8();
            continue;
        }
        let (form, end) = token(text, at);
        if form == Form::Close {
            depth = depth.saturating_sub(1);
        }
        tokens.push(Token { form, start: at, end, depth });
        if matches!(form, Form::Open(_)) {
            depth += 1;
        }
        at = end;
    }
    (tokens, None)
}

fn token(text: &str, at: usize) -> (Form, usize) {
    let rest = &text[at..];
    let byte = rest.as_bytes()[0];
    let run = |test: fn(char) -> bool| at + rest.find(|c| !test(c)).unwrap_or(rest.len());
    match byte {
        b'\'' | b'"' => (Form::Literal, string(text, at)),
        b'(' | b'[' | b'{' => (Form::Open(byte), at + 1),
        b')' | b']' | b'}' => (Form::Close, at + 1),
        b'0'..=b'9' => (Form::Literal, run(|c| c.is_alphanumeric() || c == '_')),
        b'_' | b'a'..=b'z' | b'A'..=b'Z' | 128.. => {
            let end = run(|c| c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace()));
            (Form::Name, end)
        }
        _ => (Form::Sign(byte), at + 1),
    }
}

/// The end of the string literal that starts at `at`.
fn string(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[at];
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        end += 1;
        if byte == b'\\' {
            end += 1;
        } else if byte == quote {
            return end;
        }
    }
    text.len()
}

fn apply(text: String, line_ends: Shifts, mut edits: Edits) -> Normal {
    let mut stages = [Shifts::default(), line_ends];
    if edits.is_empty() {
        return Normal { text, stages, silent: Vec::new() };
    }
    edits.sort_by_key(|&(at, _)| at);
    let mut out = String::with_capacity(text.len() + 8);
    let mut silent = Vec::new();
    let mut at = 0;
    for (start, edit) in edits {
        out.push_str(text.get(at..start).unwrap_or_default());
        at = at.max(start);
        match edit {
            Edit::Blank(len) => {
                out.extend(std::iter::repeat_n(' ', len));
                at += len;
            }
            Edit::Replace(new) => {
                out.push_str(new);
                at += new.len();
            }
            Edit::Insert(new) => {
                out.push_str(new);
                stages[0].push(out.len(), -1);
            }
            Edit::Silent => silent.push(out.len()),
        }
    }
    out.push_str(&text[at..]);
    Normal { text: out, stages, silent }
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn rewrites_what_the_parser_refuses() {
        let normal = template("{% if a: %}{{ 1, +2 }}{%- do x[1, 2] -%}{% for a in b, c if d %}");
        assert_eq!(normal.text, "{% if a  %}{{ (1,  2) }}{{-    x[(1, 2)] -}}{% for a in (b, c) if d %}");
        assert_eq!(normal.silent.len(), 1);
    }

    #[test]
    fn leaves_other_text_alone() {
        for text in
            ["{% raw %}{% do x %}{% endraw %}", "{# {{ 1, 2 }} #}", "{{ '+1, 2' }}", "{{ f(a, b)[1:2] }}", "{{ a"]
        {
            assert_eq!(template(text).text, text);
        }
    }
}
