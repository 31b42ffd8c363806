//! The blocks of a file that dbt finds before any template is parsed: macros, tests, materializations, snapshots, docs.
//!
//! The scan follows dbt's own (`dbt_common.clients._jinja_blocks`): only strings, comments and `raw` hide a tag, text
//! between blocks is not looked at beyond that, and `if` and `for` must balance around blocks.

use std::fmt;
use std::ops::Range;

/// What a block declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// `{% macro name(..) %}`
    Macro,
    /// `{% test name(..) %}`, also spelled `data_test`
    Test,
    /// `{% materialization name, adapter='..' %}`
    Materialization,
    /// `{% snapshot name %}`
    Snapshot,
    /// `{% docs name %}`
    Docs,
}

impl BlockKind {
    fn of(tag: &str) -> Option<BlockKind> {
        match tag {
            "macro" => Some(BlockKind::Macro),
            "test" | "data_test" => Some(BlockKind::Test),
            "materialization" => Some(BlockKind::Materialization),
            "snapshot" => Some(BlockKind::Snapshot),
            "docs" => Some(BlockKind::Docs),
            _ => None,
        }
    }
}

/// A block of a file; ranges are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it declares.
    pub kind: BlockKind,
    /// The name after the tag's keyword; empty if there is none.
    pub name: String,
    /// From the name to the end of the opening tag, without its delimiter.
    pub header: Range<usize>,
    /// Between the tags.
    pub body: Range<usize>,
    /// From `{%` of the opening tag to `%}` of the closing one, with the white space that a dash on their outer sides takes.
    pub full: Range<usize>,
    /// Whether the opening tag ends in `-%}`.
    pub trim_start: bool,
    /// Whether the closing tag starts with `{%-`.
    pub trim_end: bool,
}

impl Block {
    /// The name that templates call the block by, if it is a macro: `test_unique`, `materialization_table_snowflake`.
    pub fn macro_name(&self, text: &str) -> Option<String> {
        match self.kind {
            BlockKind::Macro => Some(self.name.clone()),
            BlockKind::Test => Some(format!("test_{}", self.name)),
            BlockKind::Materialization => {
                let adapter = adapter(&text[self.header.clone()]).unwrap_or("default");
                Some(format!("materialization_{}_{adapter}", self.name))
            }
            BlockKind::Snapshot | BlockKind::Docs => None,
        }
    }

    /// The body, trimmed as its tags ask.
    pub fn content<'t>(&self, text: &'t str) -> &'t str {
        let body = &text[self.body.clone()];
        let body = if self.trim_start { body.trim_start() } else { body };
        if self.trim_end { body.trim_end() } else { body }
    }
}

/// The string after `adapter=` in a materialization's header.
fn adapter(header: &str) -> Option<&str> {
    let mut at = 0;
    loop {
        let rest = &header[at..];
        let next = rest.find(|c: char| c == '\'' || c == '"' || c.is_alphabetic())?;
        at += next;
        let rest = &header[at..];
        if rest.starts_with(['\'', '"']) {
            at = quoted(header, at)?;
            continue;
        }
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        at += len;
        let value = header[at..].trim_start().strip_prefix('=').map(str::trim_start);
        if let ("adapter", Some(value)) = (&rest[..len], value) {
            let end = value.starts_with(['\'', '"']).then(|| quoted(value, 0))??;
            return Some(&value[1..end - 1]);
        }
    }
}

/// Why a file cannot be split into blocks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockError {
    /// The class.
    pub fault: BlockFault,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// The class of a [`BlockError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockFault {
    /// The text ends before what a tag, comment, string or `raw` block needs.
    Unclosed {
        /// What is missing: `%}`, `}}`, `#}`, a quote, `{% endraw %}`.
        expected: &'static str,
    },
    /// A block has no closing tag.
    NoEnd {
        /// The tag's keyword.
        tag: String,
    },
    /// A block starts inside another.
    Nested {
        /// The keyword of the block around it.
        outer: String,
        /// Where that starts.
        outer_at: usize,
        /// The keyword of the inner block.
        inner: String,
    },
    /// A block stands inside `if` or `for`.
    NotAtTop {
        /// The tag's keyword.
        tag: String,
    },
    /// `endif` or `endfor` without its start.
    NoStart {
        /// The tag's keyword.
        tag: String,
    },
    /// `endif` where `endfor` is due, or the reverse.
    Mismatch {
        /// The tag's keyword.
        tag: String,
        /// What is due.
        expected: &'static str,
    },
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            BlockFault::Unclosed { expected } => write!(f, "the file ends before `{expected}`"),
            BlockFault::NoEnd { tag } => write!(f, "`{tag}` has no `end{tag}`"),
            BlockFault::Nested { outer, inner, .. } => write!(f, "`{inner}` stands inside `{outer}`"),
            BlockFault::NotAtTop { tag } => write!(f, "`{tag}` stands inside `if` or `for`"),
            BlockFault::NoStart { tag } => write!(f, "`{tag}` without `{}`", tag.trim_start_matches("end")),
            BlockFault::Mismatch { tag, expected } => write!(f, "`{tag}` where `{expected}` is due"),
        }
    }
}

impl std::error::Error for BlockError {}

/// The blocks of a file, of the kinds that count in it; tags of other kinds are passed over.
pub fn blocks(text: &str, allowed: &[BlockKind]) -> Result<Vec<Block>, BlockError> {
    let mut blocks = Vec::new();
    let mut control: Vec<&str> = Vec::new();
    let mut current: Option<Tag<'_>> = None;
    let mut scan = Scan { text, at: 0, done: text.len() - text.trim_start().len() };
    while let Some(tag) = scan.next_tag()? {
        let fault = |fault| BlockError { fault, span: tag.span.clone() };
        match tag.keyword {
            "if" | "for" => control.push(tag.keyword),
            "endif" | "endfor" => match control.pop() {
                None => return Err(fault(BlockFault::NoStart { tag: tag.keyword.to_owned() })),
                Some(start) if start != &tag.keyword[3..] => {
                    let expected = if start == "if" { "endif" } else { "endfor" };
                    return Err(fault(BlockFault::Mismatch { tag: tag.keyword.to_owned(), expected }));
                }
                Some(_) => {}
            },
            _ => {}
        }
        if BlockKind::of(tag.keyword).is_some_and(|kind| allowed.contains(&kind)) {
            if !control.is_empty() {
                return Err(fault(BlockFault::NotAtTop { tag: tag.keyword.to_owned() }));
            }
            if let Some(outer) = &current {
                let (outer, outer_at) = (outer.keyword.to_owned(), outer.span.start);
                return Err(fault(BlockFault::Nested { outer, outer_at, inner: tag.keyword.to_owned() }));
            }
            current = Some(tag);
        } else if let Some(start) = current.take_if(|start| tag.keyword.strip_prefix("end") == Some(start.keyword)) {
            blocks.extend(block(start, &tag));
        }
    }
    match current {
        Some(tag) => Err(BlockError { fault: BlockFault::NoEnd { tag: tag.keyword.to_owned() }, span: tag.span }),
        None => Ok(blocks),
    }
}

fn block(start: Tag<'_>, end: &Tag<'_>) -> Option<Block> {
    Some(Block {
        kind: BlockKind::of(start.keyword)?,
        name: start.name.to_owned(),
        header: start.header,
        body: start.span.end..end.span.start,
        full: start.taken.start..end.taken.end,
        trim_start: start.trims_after,
        trim_end: end.trims_before,
    })
}

/// A `{% .. %}`.
struct Tag<'t> {
    keyword: &'t str,
    name: &'t str,
    span: Range<usize>,
    /// The span with the white space that its dashes take, as far as nothing before took it.
    taken: Range<usize>,
    header: Range<usize>,
    trims_before: bool,
    trims_after: bool,
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// The end of the tag, comment or expression read last, with the white space that its dash takes.
    done: usize,
}

impl<'t> Scan<'t> {
    fn next_tag(&mut self) -> Result<Option<Tag<'t>>, BlockError> {
        while let Some(found) = self.text[self.at..].find('{') {
            let start = self.at + found;
            match self.text.as_bytes().get(start + 1) {
                Some(b'#') => {
                    self.at = self.after(start, start + 2, "#}")?;
                    self.done = self.at;
                }
                Some(b'{') => self.expression(start)?,
                Some(b'%') => {
                    if let Some(tag) = self.tag(start)? {
                        return Ok(Some(tag));
                    }
                }
                _ => self.at = start + 1,
            }
        }
        Ok(None)
    }

    fn unclosed(&self, start: usize, expected: &'static str) -> BlockError {
        let end = self.text[start..].find('\n').map_or(self.text.len(), |len| start + len);
        BlockError { fault: BlockFault::Unclosed { expected }, span: start..end }
    }

    /// Where `end` ends, searched from `from` on, for something that opened at `start`.
    fn after(&self, start: usize, from: usize, end: &'static str) -> Result<usize, BlockError> {
        let len = self.text[from..].find(end).ok_or_else(|| self.unclosed(start, end))?;
        Ok(from + len + end.len())
    }

    /// Passes `{{ .. }}`, where only strings hide the end.
    fn expression(&mut self, start: usize) -> Result<(), BlockError> {
        let end = self.close(start, start + 2, "}}")?;
        self.at = end;
        self.done = end;
        Ok(())
    }

    /// Where `delimiter` ends outside of strings.
    fn close(&self, start: usize, mut from: usize, delimiter: &'static str) -> Result<usize, BlockError> {
        loop {
            let rest = &self.text[from..];
            let end = rest.find(delimiter);
            // Only a quote before the delimiter counts: what is behind it may be long.
            match rest[..end.unwrap_or(rest.len())].find(['\'', '"']) {
                Some(quote) => {
                    from = self.string(from + quote).ok_or_else(|| self.unclosed(start, "a closing quote"))?;
                }
                None => {
                    let len = end.ok_or_else(|| self.unclosed(start, delimiter))?;
                    return Ok(from + len + delimiter.len());
                }
            }
        }
    }

    /// The end of the first complete string at or after `from`: dbt passes over a quote that nothing closes.
    fn string(&self, mut from: usize) -> Option<usize> {
        loop {
            if let Some(end) = quoted(self.text, from) {
                return Some(end);
            }
            from = from + 1 + self.text[from + 1..].find(['\'', '"'])?;
        }
    }

    /// The tag that opens at `start`; none if no keyword follows, or if it is `raw`, which is passed over.
    fn tag(&mut self, start: usize) -> Result<Option<Tag<'t>>, BlockError> {
        let text = self.text;
        let trims_before = text[start + 2..].starts_with('-');
        let open = start + 2 + usize::from(trims_before);
        let (keyword, end) = name(text, open);
        if keyword.is_empty() {
            self.at = start + 1;
            return Ok(None);
        }
        if keyword == "raw" && text[end..].trim_start().trim_start_matches('-').starts_with("%}") {
            self.at = self.raw(start, end)?;
            self.done = self.at;
            return Ok(None);
        }
        let (mut name_, mut name_end) = ("", end);
        if text[end..].starts_with(char::is_whitespace) {
            (name_, name_end) = name(text, end);
        }
        if name_.is_empty() {
            name_end = end;
        }
        let close = self.close(start, name_end, "%}")?;
        let trims_after = close >= 3 && text.as_bytes()[close - 3] == b'-' && close - 3 >= name_end;
        let header_end = close - 2 - usize::from(trims_after);
        let header_start = end + (text[end..header_end].len() - text[end..header_end].trim_start().len());
        let before = text[self.done..start].trim_end().len();
        // dbt strips every file it reads.
        let file_end = text.trim_end().len().max(close);
        let behind = file_end - close - text[close..file_end].trim_start().len();
        let taken =
            if trims_before { self.done + before } else { start }..if trims_after { close + behind } else { close };
        self.at = close;
        self.done = taken.end;
        Ok(Some(Tag {
            keyword,
            name: name_,
            span: start..close,
            taken,
            header: header_start..header_start + text[header_start..header_end].trim_end().len(),
            trims_before,
            trims_after,
        }))
    }

    fn raw(&self, start: usize, from: usize) -> Result<usize, BlockError> {
        let mut at = from;
        while let Some(found) = self.text[at..].find("{%") {
            let open = at + found + 2;
            let (keyword, end) = name(self.text, open + usize::from(self.text[open..].starts_with('-')));
            let rest = self.text[end..].trim_start();
            if keyword == "endraw" && rest.trim_start_matches('-').starts_with("%}") {
                return self.after(start, end, "%}");
            }
            at = open;
        }
        Err(self.unclosed(start, "{% endraw %}"))
    }
}

/// The end of the string that opens at `at`, if there is one.
fn quoted(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(at)?;
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        end += 1;
        if byte == b'\\' {
            end += 1;
        } else if byte == quote {
            return Some(end);
        }
    }
    None
}

/// The ASCII name that starts after blanks at `at`, and where it ends.
fn name(text: &str, at: usize) -> (&str, usize) {
    let rest = &text[at..];
    let start = at + rest.len() - rest.trim_start().len();
    let rest = &text[start..];
    let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    if rest.starts_with(|c: char| c.is_ascii_digit()) { ("", start) } else { (&rest[..len], start + len) }
}

#[cfg(test)]
mod tests {
    use super::{Block, BlockFault, BlockKind, blocks};

    const ALL: [BlockKind; 5] =
        [BlockKind::Macro, BlockKind::Test, BlockKind::Materialization, BlockKind::Snapshot, BlockKind::Docs];

    fn one(text: &str) -> Block {
        let mut found = blocks(text, &ALL).expect("blocks");
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn splits_header_and_body() {
        let text = "x {%- macro a(b='%}', c=\"{{\") -%} body {%- endmacro %} y";
        let block = one(text);
        assert_eq!(&text[block.header.clone()], "a(b='%}', c=\"{{\")");
        assert_eq!(&text[block.body.clone()], " body ");
        assert_eq!(block.content(text), "body");
        assert_eq!((block.name.as_str(), block.trim_start, block.trim_end), ("a", true, true));
        assert!(text[block.full.clone()].starts_with(" {%-") && text[block.full].ends_with("%}"));
    }

    #[test]
    fn takes_the_white_space_that_dashes_take() {
        let text = "\n{%- macro a() -%}\n1{%- endmacro -%}\n\n{%- macro b() %}{% endmacro %}\n {# x #} {%- macro c() %}{% endmacro -%}\n";
        let full: Vec<&str> = blocks(text, &ALL).expect("blocks").into_iter().map(|block| &text[block.full]).collect();
        assert_eq!(
            full,
            [
                "{%- macro a() -%}\n1{%- endmacro -%}\n\n",
                "{%- macro b() %}{% endmacro %}",
                " {%- macro c() %}{% endmacro -%}",
            ]
        );
    }

    #[test]
    fn hides_comments_strings_and_raw() {
        let text = "{% macro a() %}{# {% endmacro %} #}{% raw %}{% endmacro %}{% endraw %}{{ '{% endmacro %}' }}z{% endmacro %}";
        assert!(text[one(text).body].ends_with("}}z"));
        assert_eq!(blocks("{# {% macro b() %} #}{{ '}}' }}", &ALL), Ok(Vec::new()));
    }

    #[test]
    fn names_macros_as_they_are_called() {
        let name = |text: &str| one(text).macro_name(text);
        assert_eq!(name("{% test t(m) %}{% endtest %}").as_deref(), Some("test_t"));
        assert_eq!(name("{% data_test t(m) %}{% enddata_test %}").as_deref(), Some("test_t"));
        assert_eq!(
            name("{% materialization m, adapter=\"x\", supported_languages=['a'] %}{% endmaterialization %}")
                .as_deref(),
            Some("materialization_m_x")
        );
        let default = "{% materialization m, default %}{% endmaterialization %}";
        assert_eq!(name(default).as_deref(), Some("materialization_m_default"));
        assert_eq!(name("{% docs d %}{% enddocs %}"), None);
    }

    #[test]
    fn reports_what_does_not_balance() {
        let fault = |text: &str| blocks(text, &ALL).expect_err("a fault");
        assert_eq!(fault("ab{% macro a() %}").span, 2..17);
        assert!(matches!(fault("{{ broken %} text").fault, BlockFault::Unclosed { expected: "}}" }));
        assert!(matches!(fault("{% macro a(").fault, BlockFault::Unclosed { expected: "%}" }));
        assert!(matches!(fault("{% macro a() %}{% macro b() %}").fault, BlockFault::Nested { outer_at: 0, .. }));
        assert!(matches!(fault("{% if x %}{% macro a() %}").fault, BlockFault::NotAtTop { .. }));
        assert!(matches!(fault("{% endif %}").fault, BlockFault::NoStart { .. }));
        assert!(matches!(fault("{% if x %}{% endfor %}").fault, BlockFault::Mismatch { expected: "endif", .. }));
    }
}
