//! Files with identities, and places in them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The identity of one file in a [`Sources`]; small, copied freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The identity as a number, for tables that must not know this type.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The identity with this number; only meaningful for a number taken from [`FileId::number`].
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }
}

/// A byte range of one file: `start..end`, `end` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes `range` of `file`.
    pub fn new(file: FileId, range: std::ops::Range<usize>) -> Self {
        Self { file, start: range.start, end: range.end }
    }

    /// The start of `file`, for problems that concern the whole file.
    pub fn start_of(file: FileId) -> Self {
        Self { file, start: 0, end: 0 }
    }

    /// The byte range without the file.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// One file's text and where it came from.
#[derive(Debug)]
pub struct SourceFile {
    /// The path as it is shown to the user: relative to the project's folder where possible, with `/`.
    pub path: String,
    /// Where the file lies on disk; none for files embedded in the binary.
    pub location: Option<PathBuf>,
    /// The text, as read.
    pub text: Arc<str>,
    line_starts: OnceLock<Vec<usize>>,
}

impl SourceFile {
    fn new(path: String, location: Option<PathBuf>, text: Arc<str>) -> Self {
        Self { path, location, text, line_starts: OnceLock::new() }
    }

    /// Where each line begins; worked out when a place is first reported.
    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(index, _)| index + 1)).collect()
        })
    }

    /// The line and column of a byte offset; an offset past the end is the end, one inside a character its start.
    pub fn position(&self, byte: usize) -> Position {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= byte) - 1;
        let column = self.text[starts[line]..byte].chars().count() + 1;
        Position { line: line + 1, column }
    }

    /// The byte offset of a line and column (both from 1); places outside the text are moved to its nearest end.
    pub fn offset(&self, position: Position) -> usize {
        let Some(start) = self.line_starts().get(position.line.saturating_sub(1)) else {
            return self.text.len();
        };
        let line = self.text[*start..].split('\n').next().unwrap_or_default();
        let within = line.char_indices().nth(position.column.saturating_sub(1)).map_or(line.len(), |(i, _)| i);
        start + within
    }
}

/// Every file that was read in one invocation.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    by_path: HashMap<String, FileId>,
}

impl Sources {
    /// Adds a file; a second file under the same path replaces what the path means, but both keep their identities.
    pub fn add(&mut self, path: impl Into<String>, location: Option<PathBuf>, text: impl Into<Arc<str>>) -> FileId {
        let path = path.into();
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files are read"));
        self.by_path.insert(path.clone(), id);
        self.files.push(SourceFile::new(path, location, text.into()));
        id
    }

    /// The file with this identity.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file's text.
    pub fn text(&self, id: FileId) -> &Arc<str> {
        &self.file(id).text
    }

    /// The file shown under this path.
    pub fn by_path(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The file read from this place on disk.
    pub fn by_location(&self, location: &Path) -> Option<FileId> {
        self.ids().find(|id| self.file(*id).location.as_deref() == Some(location))
    }

    /// All identities, in the order of reading.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len()).map(|i| FileId(u32::try_from(i).expect("fewer than 2^32 files are read")))
    }

    /// The text a span covers; empty when the span lies outside the file.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.range()).unwrap_or_default()
    }

    /// A span for `needle`, a slice *of* the file's own text (by address).
    pub fn span_of(&self, file: FileId, needle: &str) -> Option<Span> {
        let text = self.text(file);
        let start = (needle.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        (start + needle.len() <= text.len()).then(|| Span::new(file, start..start + needle.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        let mut sources = Sources::default();
        let id = sources.add("a.sql", None, "sélect 1\nfrom x");
        let file = sources.file(id);
        assert_eq!(file.position(0), Position { line: 1, column: 1 });
        assert_eq!(file.position(3), Position { line: 1, column: 3 });
        assert_eq!(file.position(10), Position { line: 2, column: 1 });
        assert_eq!(file.offset(Position { line: 1, column: 3 }), 3);
        assert_eq!(file.offset(Position { line: 2, column: 6 }), 15);
        assert_eq!(file.offset(Position { line: 9, column: 1 }), 16);
    }
}
