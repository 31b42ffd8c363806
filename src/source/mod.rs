//! The project's text: files with identities, byte spans, lines and columns; all reading of disk, and writing of whole files.
//!
//! A [`Sources`] holds every file that was read, by [`FileId`]. A [`Span`] is a byte range of one file and is what every
//! later phase carries to say where something stands; lines and columns are computed only when something is reported.

mod builtin;
mod digest;
mod file;
mod ignore;
mod walk;
mod write;

pub use builtin::MACRO_FILES;
pub use digest::{hexadecimal, md5, sha1, sha256};
pub use file::{FileId, Position, SourceFile, Sources, Span};
pub use ignore::Ignored;
pub use walk::{FoundFile, ReadError, find_files, read_bytes, read_text};
pub use write::{WriteError, write_file};
