//! Where template text lies in its file, and the way back from offsets in normalised text to that file.

use std::ops::Range;

/// Where a template's text starts: a file's id and the byte offset of the text in that file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The file's id, as `source` gave it.
    pub file: u32,
    /// Byte offset of the text's first byte in that file.
    pub base: usize,
}

impl Origin {
    /// The origin of a text that stands in no file.
    pub const NOWHERE: Self = Self { file: u32::MAX, base: 0 };
}

/// What was removed from or inserted into a text: from each position on, how far the original lies behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shifts(Vec<(usize, isize)>);

impl Shifts {
    /// From byte `at` of the new text on, the original offset is larger by `by` more bytes.
    pub(super) fn push(&mut self, at: usize, by: isize) {
        let before = self.0.last().map_or(0, |&(_, shift)| shift);
        self.0.push((at, before + by));
    }

    fn original(&self, offset: usize) -> usize {
        let after = self.0.partition_point(|&(at, _)| at <= offset);
        let shift = if after == 0 { 0 } else { self.0[after - 1].1 };
        offset.saturating_add_signed(shift)
    }
}

/// A stretch of kept text and the way from its offsets to bytes of the file.
#[derive(Debug, Clone, Default)]
struct Piece {
    start: usize,
    base: usize,
    stages: [Shifts; 2],
}

/// The way from offsets in a compiled text to bytes in the file it came from.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    file: u32,
    pieces: Vec<Piece>,
}

impl Place {
    /// A place without text in the given file.
    pub(super) fn new(file: u32) -> Place {
        Place { file, pieces: Vec::new() }
    }

    /// From offset `start` on, the text comes from byte `base` of the file on, changed by `stages` (last change first).
    pub(super) fn push(&mut self, start: usize, base: usize, stages: [Shifts; 2]) {
        self.pieces.push(Piece { start, base, stages });
    }

    /// The file's id.
    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// Bytes of the file for a range of the compiled text.
    pub(super) fn range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.offset(range.start);
        start..self.offset(range.end).max(start)
    }

    fn offset(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.start <= offset).max(1);
        let Some(piece) = self.pieces.get(after - 1) else { return offset };
        let [last, first] = &piece.stages;
        piece.base + first.original(last.original(offset - piece.start))
    }
}
