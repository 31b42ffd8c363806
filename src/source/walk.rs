//! Finding and reading files. Everything that touches the project's folder for reading goes through here.

use std::path::{Path, PathBuf};

/// A file that [`find_files`] met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    /// Where it lies.
    pub location: PathBuf,
    /// The path below the folder that was searched, with `/`.
    pub below: String,
}

/// A file or folder that could not be read.
#[derive(Debug)]
pub struct ReadError {
    /// The file or folder.
    pub path: PathBuf,
    /// The operating system's words, or that the bytes are not UTF-8.
    pub reason: String,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read {}: {}", self.path.display(), self.reason)
    }
}

/// All files below `folder` whose name ends in one of `endings` (with the dot, in upper or lower case), sorted by path. As in dbt,
/// files that an editor or the system hides (`.name`, `~name`, `#name`) are passed over, folders are not; links to folders
/// are not followed. A folder that does not exist holds no files.
///
/// # Errors
/// A folder that cannot be listed.
pub fn find_files(folder: &Path, endings: &[&str]) -> Result<Vec<FoundFile>, ReadError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|e| ReadError {
            path: e.path().unwrap_or(folder).to_path_buf(),
            reason: e.io_error().map_or_else(|| "a link leads back to itself".to_owned(), ToString::to_string),
        })?;
        let name = entry.file_name().to_string_lossy();
        let ends = |end: &&str| name.len() > end.len() && name.to_lowercase().ends_with(*end);
        if !name.starts_with(['.', '~', '#']) && endings.iter().any(ends) && entry.path().is_file() {
            let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let below = below.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            found.push(FoundFile { location: entry.into_path(), below });
        }
    }
    Ok(found)
}

/// A file's bytes.
///
/// # Errors
/// What the operating system says.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    std::fs::read(path).map_err(|e| ReadError { path: path.to_path_buf(), reason: e.to_string() })
}

/// A file's text, without a byte order mark.
///
/// # Errors
/// What the operating system says, or that the file is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, ReadError> {
    let text = String::from_utf8(read_bytes(path)?).map_err(|e| ReadError {
        path: path.to_path_buf(),
        reason: format!("not UTF-8: the byte at offset {} begins no character", e.utf8_error().valid_up_to()),
    })?;
    Ok(if text.starts_with('\u{feff}') { text['\u{feff}'.len_utf8()..].to_owned() } else { text })
}
