//! Why files could not be loaded: where in which file, and what to do about it.

use crate::warehouse::WarehouseError;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadErrorKind {
    /// A location, an option or a format that cannot be understood or is not supported.
    Spec,
    /// The folder or the object store did not answer as it should.
    Store,
    /// A file's bytes are damaged: truncated, a wrong checksum, a wrong length.
    Damaged,
    /// A line that is not what the format says.
    Poison,
    /// A file changed although it must not, or while it was read.
    Changed,
    /// The warehouse refused a statement.
    Warehouse,
}

/// A failure of a load. What was committed before it stays; the failing transaction left nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// What kind.
    pub kind: LoadErrorKind,
    /// What is wrong, without the place and without secrets.
    pub message: String,
    /// The file, as column `_file` names it.
    pub file: Option<String>,
    /// The byte in the file's decompressed text, from 0.
    pub byte: Option<u64>,
    /// The line in the file's decompressed text, from 1.
    pub line: Option<u64>,
    /// What to do about it.
    pub help: Option<String>,
    /// The warehouse's own error, with its codes.
    pub warehouse: Option<Box<WarehouseError>>,
}

impl LoadError {
    /// An error with a message only.
    pub fn new(kind: LoadErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), file: None, byte: None, line: None, help: None, warehouse: None }
    }

    /// A spec that cannot be understood.
    pub(super) fn spec(message: impl Into<String>) -> Self {
        Self::new(LoadErrorKind::Spec, message)
    }

    /// The same, in this file.
    #[must_use]
    pub(super) fn in_file(self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The same, at this byte and line of the decompressed text.
    #[must_use]
    pub(super) fn at(self, byte: u64, line: u64) -> Self {
        Self { byte: Some(byte), line: Some(line), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl From<WarehouseError> for LoadError {
    fn from(error: WarehouseError) -> Self {
        let mut made = Self::new(LoadErrorKind::Warehouse, error.message.clone());
        made.help.clone_from(&error.help);
        made.warehouse = Some(Box::new(error));
        made
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        f.write_str(&self.message)?;
        match (self.line, self.byte) {
            (Some(line), Some(byte)) => write!(f, " (line {line}, byte {byte})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for LoadError {}
