//! Which block is open where a template cannot be parsed: what is missing is told at the tag that opened it.

use std::ops::Range;

/// A tag `{% name … %}`.
pub(super) struct Tag<'t> {
    pub(super) name: &'t str,
    pub(super) range: Range<usize>,
    /// What stands behind the name.
    rest: &'t str,
}

/// What the parser's words mean, and where that is to be seen; none where they say all.
pub(super) fn explain(message: &str, source: &str, at: usize) -> Option<(String, Option<Range<usize>>)> {
    if message.starts_with("unexpected end of input") {
        let open = open_at(source, source.len()).pop()?;
        let name = open.name;
        return Some((format!("`{name}` is not closed: `{{% end{name} %}}` is missing"), Some(open.range)));
    }
    let name = message.strip_prefix("unknown statement ")?;
    let open = open_at(source, at).pop();
    let text = match (name.strip_prefix("end"), open) {
        (Some(_), Some(open)) => {
            format!("`{name}` does not close `{0}`, which is open here and ends with `{{% end{0} %}}`", open.name)
        }
        (Some(closed), None) if !closed.is_empty() => format!("`{name}` closes nothing: no `{closed}` is open here"),
        (None, _) if matches!(name, "else" | "elif") => format!("`{name}` belongs into an `if` or a `for`"),
        _ => format!("there is no statement `{name}`"),
    };
    Some((text, None))
}

/// The blocks that are open at an offset, the innermost last.
fn open_at(source: &str, end: usize) -> Vec<Tag<'_>> {
    let mut open: Vec<Tag<'_>> = Vec::new();
    for tag in tags(source).into_iter().take_while(|tag| tag.range.end <= end) {
        match tag.name.strip_prefix("end") {
            Some(closed) if open.last().is_some_and(|last| last.name == closed) => drop(open.pop()),
            _ if opens(&tag) => open.push(tag),
            _ => {}
        }
    }
    open
}

/// Whether a tag opens a block; `set` does where it assigns no expression.
fn opens(tag: &Tag<'_>) -> bool {
    match tag.name {
        "if" | "for" | "macro" | "call" | "filter" | "block" | "with" | "autoescape" => true,
        "set" => !tag.rest.contains('='),
        _ => false,
    }
}

/// The statements of a template, without those in comments and raw text.
pub(super) fn tags(source: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = source[at..].find('{').map(|offset| at + offset) {
        let end_of = |mark: &str| closing(source, start + 2, mark);
        at = match source.as_bytes().get(start + 1) {
            Some(b'#') => source[start + 2..].find("#}").map_or(source.len(), |end| start + 2 + end + 2),
            Some(b'{') => end_of("}}"),
            Some(b'%') => {
                let end = end_of("%}");
                let inside = source[start + 2..end].trim_start_matches(['-', '+']).trim_start();
                let length = inside.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inside.len());
                let (name, rest) = inside.split_at(length);
                if name == "raw" {
                    raw_end(source, end)
                } else {
                    found.push(Tag { name, range: start..end, rest });
                    end
                }
            }
            _ => start + 1,
        };
    }
    found
}

/// The offset behind the delimiter that ends a tag; what stands in quotes ends none.
fn closing(source: &str, from: usize, mark: &str) -> usize {
    let mut quote = None;
    for (at, c) in source[from..].char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if source[from + at..].starts_with(mark) => return from + at + mark.len(),
            _ => {}
        }
    }
    source.len()
}

/// The offset of the tag that ends raw text.
fn raw_end(source: &str, from: usize) -> usize {
    let is_end = |at: &usize| {
        let inside = source[*at + 2..].trim_start_matches(['-', '+']).trim_start();
        inside.starts_with("endraw")
    };
    let marks = source[from..].match_indices("{%").map(|(offset, _)| from + offset);
    marks.into_iter().find(is_end).map_or(source.len(), |at| closing(source, at + 2, "%}"))
}
