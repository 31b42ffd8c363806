//! Where a setting of a node stands: in its template, or in a YAML file.

use std::ops::Range;

use serde_json::Value;

use crate::graph::Node;
use crate::project::Project;
use crate::source::{Sources, Span};

/// How far behind its key a value is looked for, in bytes.
const REACH: usize = 400;

/// The texts in which settings stand.
#[derive(Debug)]
pub struct Places<'a> {
    /// All files.
    pub sources: &'a Sources,
    /// What is declared in YAML.
    pub project: &'a Project,
}

impl Places<'_> {
    /// The place of a word in the value of a setting: the template's own configuration comes first, then the YAML file's, then the
    /// project file's.
    pub fn setting(&self, node: &Node, key: &str, word: &str) -> Span {
        let text = self.sources.text(node.file);
        let own = text.get(node.code.clone()).unwrap_or_default();
        if let Some(range) = word_behind(own, 0, key, word) {
            return Span::new(node.file, node.code.start + range.start..node.code.start + range.end);
        }
        let in_entry = node.patch.and_then(|patch| self.project.entries.get(patch)).and_then(|entry| {
            let is_there = entry.value.get("config").and_then(|config| config.get(key)).is_some();
            let span = is_there.then(|| entry.span(self.sources, &["config".into(), key.into()]))?;
            let text = self.sources.text(entry.file);
            let found = word_behind(text, span.start, key, word);
            Some(found.map_or(span, |range| Span::new(entry.file, range)))
        });
        let in_project = || {
            let root = &self.project.packages[0].file;
            let is_there = node.unrendered_config.get(key).is_some_and(|value| !matches!(value, Value::Null));
            let range = is_there.then(|| word_behind(self.sources.text(root.file), 0, key, word))??;
            Some(Span::new(root.file, range))
        };
        in_entry.or_else(in_project).unwrap_or_else(|| node.span())
    }
}

impl Places<'_> {
    /// The place of a word behind a key, near this place; without a key, the word itself.
    pub(super) fn behind(&self, span: Span, key: &str, word: &str) -> Option<Span> {
        let range = word_behind(self.sources.text(span.file), span.start, key, word)?;
        Some(Span::new(span.file, range))
    }
}

/// A word in the value behind a key, the first from `start` on.
fn word_behind(text: &str, start: usize, key: &str, word: &str) -> Option<Range<usize>> {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let whole = |from: usize, word: &str, until: usize| {
        let mut from = from;
        while let Some(at) = text.get(from..until)?.find(word).map(|at| from + at) {
            let end = at + word.len();
            let is_whole = !text[..at].ends_with(is_part) && !text[end..].starts_with(is_part);
            if is_whole {
                return Some(at..end);
            }
            from = end;
        }
        None
    };
    let found = if key.is_empty() { start..start } else { whole(start, key, text.len())? };
    let mut until = (found.end + REACH).min(text.len());
    while !text.is_char_boundary(until) {
        until -= 1;
    }
    whole(found.end, word, until)
}
