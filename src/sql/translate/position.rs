//! Where the parts of a translated statement came from.
//!
//! While a statement is written, marks stand in its text: `\u{1}start,end\u{2}` before what came from those bytes of
//! the original. They are taken out at the end.

use std::ops::Range;

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// From places in a translated statement to bytes of the original.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PositionMap {
    /// Translated byte and the original's bytes for what starts there, by translated byte.
    segments: Vec<(usize, Range<usize>)>,
}

impl PositionMap {
    /// The best bytes of the original for a byte of the translated statement.
    pub fn original(&self, byte: usize) -> Option<Range<usize>> {
        let behind = self.segments.partition_point(|(start, _)| *start <= byte);
        self.segments[..behind].last().or(self.segments.first()).map(|(_, range)| range.clone())
    }

    /// The same for a line and a column (both from 1, columns in bytes as the engine counts them) of `translated`.
    pub fn original_at(&self, translated: &str, line: usize, column: usize) -> Option<Range<usize>> {
        let start: usize = translated.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        self.original(start + column.saturating_sub(1))
    }
}

/// `sql` with a mark that it came from these bytes.
pub(super) fn mark(range: &Range<usize>, sql: &str) -> String {
    format!("{OPEN}{},{}{CLOSE}{sql}", range.start, range.end)
}

/// A text without its marks, and what they said.
pub(super) fn unmark(marked: &str) -> (String, PositionMap) {
    let mut plain = String::with_capacity(marked.len());
    let mut map = PositionMap::default();
    let mut rest = marked;
    while let Some(at) = rest.find(OPEN) {
        plain.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        let Some(end) = inside.find(CLOSE) else { break };
        if let Some((start, stop)) = inside[..end].split_once(',')
            && let (Ok(start), Ok(stop)) = (start.parse(), stop.parse())
        {
            map.segments.push((plain.len(), start..stop));
        }
        rest = &inside[end + 1..];
    }
    plain.push_str(rest);
    (plain, map)
}

/// A text as it will be without marks; for comparisons.
pub(super) fn plain(marked: &str) -> String {
    unmark(marked).0
}
