//! Blocks that only define something, where a template is rendered: a test, a materialization or docs in a model.
//!
//! dbt's Jinja knows their tags everywhere, and prints nothing for them.

use std::borrow::Cow;

use super::open_block::{Tag, tags};

const KINDS: [&str; 3] = ["test", "materialization", "docs"];

/// The text with each of these blocks as a comment of the same length, so that places stay what they are.
pub(super) fn in_comments(text: &str) -> Cow<'_, str> {
    if !KINDS.iter().any(|kind| text.contains(&format!("end{kind}"))) {
        return Cow::Borrowed(text);
    }
    let found = tags(text);
    let mut bytes = text.as_bytes().to_vec();
    let mut rest = found.as_slice();
    while let [first, others @ ..] = rest {
        rest = others;
        if !KINDS.contains(&first.name) {
            continue;
        }
        let ends = |tag: &Tag<'_>| tag.name.strip_prefix("end") == Some(first.name);
        if let Some(last) = others.iter().position(ends) {
            comment(&mut bytes[first.range.start..others[last].range.end]);
            rest = &others[last + 1..];
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// `{%- … -%}` becomes `{#- … -#}` with blanks inside; lines stay.
fn comment(block: &mut [u8]) {
    let end = block.len();
    for (at, byte) in block.iter_mut().enumerate() {
        *byte = match (at, *byte) {
            (0, _) => b'{',
            (1, _) => b'#',
            (2, b'-') => b'-',
            (_, b'\n') => b'\n',
            (at, _) if at + 1 == end => b'}',
            (at, _) if at + 2 == end => b'#',
            (at, b'-') if at + 3 == end => b'-',
            _ => b' ',
        };
    }
}

#[cfg(test)]
mod tests {
    use super::in_comments;

    #[test]
    fn blocks_become_comments_of_their_length() {
        let text =
            "a {%- test é(model) -%}{{ x }}\n{% endtest -%} b {% docs d %}{% enddocs %}{% macro m() %}{% endmacro %}";
        let made = in_comments(text);
        assert_eq!(made.len(), text.len());
        assert!(
            made.starts_with("a {#-") && made.contains("-#} b {#") && made.ends_with("#}{% macro m() %}{% endmacro %}")
        );
        assert!(!made.contains('x') && made.matches('\n').count() == 1);
        assert_eq!(in_comments("{% test t() %}"), "{% test t() %}");
    }
}
