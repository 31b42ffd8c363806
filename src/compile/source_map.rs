//! From places in generated SQL back to the template.

use std::ops::Range;

use crate::jinja::Segment;
use crate::source::{FileId, Span};

/// Where each byte of a text came from: sorted pieces, with gaps for what merganser added itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    pieces: Vec<Segment>,
}

impl SourceMap {
    /// The map of a rendered template.
    pub fn new(pieces: Vec<Segment>) -> Self {
        Self { pieces }
    }

    /// The map of a text that is one file's bytes, as they are.
    pub fn verbatim(span: Span) -> Self {
        let src = span.range();
        Self { pieces: vec![Segment { out: 0..src.len(), file: span.file.number(), src, exact: true }] }
    }

    /// The map after `length` bytes of ours were put in at `at`.
    #[must_use]
    pub fn insert(&self, at: usize, length: usize) -> Self {
        let mut pieces = Vec::with_capacity(self.pieces.len() + 1);
        for piece in &self.pieces {
            if piece.out.end <= at {
                pieces.push(piece.clone());
            } else if piece.out.start >= at {
                pieces.push(shift(piece, length));
            } else {
                let (left, right) = split(piece, at);
                pieces.push(left);
                pieces.push(shift(&right, length));
            }
        }
        Self { pieces }
    }

    /// The template's bytes for a range of the text, and whether they are exactly those that produced it. A range of ours
    /// has no place.
    pub fn locate(&self, range: &Range<usize>) -> Option<(Span, bool)> {
        let end = range.end.max(range.start + 1);
        let first = self.pieces.iter().find(|piece| piece.out.end > range.start && piece.out.start < end)?;
        let last = self.pieces.iter().rev().find(|piece| piece.out.start < end && piece.file == first.file)?;
        let start =
            if first.exact { first.src.start + range.start.saturating_sub(first.out.start) } else { first.src.start };
        let stop = if last.exact {
            last.src.start + range.end.clamp(last.out.start, last.out.end) - last.out.start
        } else {
            last.src.end
        };
        let exact = first.exact && last.exact && first.out == last.out;
        let span = Span::new(
            FileId::from_number(first.file),
            start.min(first.src.end)..stop.max(start).min(last.src.end.max(start)),
        );
        Some((span, exact))
    }
}

fn shift(piece: &Segment, by: usize) -> Segment {
    Segment { out: piece.out.start + by..piece.out.end + by, ..piece.clone() }
}

fn split(piece: &Segment, at: usize) -> (Segment, Segment) {
    let middle = if piece.exact { piece.src.start + at - piece.out.start } else { piece.src.end };
    let left = Segment { out: piece.out.start..at, src: piece.src.start..middle, ..piece.clone() };
    let right_start = if piece.exact { middle } else { piece.src.start };
    let right = Segment { out: at..piece.out.end, src: right_start..piece.src.end, ..piece.clone() };
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> SourceMap {
        SourceMap::new(vec![
            Segment { out: 0..7, file: 0, src: 10..17, exact: true },
            Segment { out: 7..20, file: 0, src: 17..30, exact: false },
            Segment { out: 20..25, file: 0, src: 30..35, exact: true },
        ])
    }

    #[test]
    fn literal_text_is_found_byte_by_byte_and_expressions_as_a_whole() {
        let span = |range| map().locate(&range).map(|(span, exact)| (span.range(), exact));
        assert_eq!(span(2..4), Some((12..14, true)));
        assert_eq!(span(9..12), Some((17..30, false)));
        assert_eq!(span(21..25), Some((31..35, true)));
    }

    #[test]
    fn what_is_put_in_has_no_place_and_moves_the_rest() {
        let map = map().insert(3, 100);
        assert_eq!(map.locate(&(50..60)), None);
        assert_eq!(map.locate(&(104..106)).map(|(span, _)| span.range()), Some(14..16));
    }
}
