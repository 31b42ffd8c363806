//! Landing files in a folder.
//!
//! A file's version is a digest of its content, so that a fresh clone, a copy or `touch` loads nothing again. Reading
//! everything for every listing would be slow; so the ledger remembers a *stamp* (size, times of content and of inode,
//! inode number) with each version, and a file is read only when its stamp is not the remembered one. A stamp taken within
//! two seconds of the file's own times proves nothing, since clocks of file systems are coarse: such a file is read again.

use std::fs::Metadata;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use sha2::{Digest, Sha256};

use super::store::changed;
use super::{LandedFile, Ledger, LoadError, LoadErrorKind, Location};
use crate::source::hexadecimal;

/// All regular files below a folder, links followed, with their stamps and without versions.
pub(super) fn list(folder: &Path, location: &Location) -> Result<Vec<LandedFile>, LoadError> {
    if !folder.is_dir() {
        return Err(LoadError::new(LoadErrorKind::Store, format!("the folder `{}` does not exist", folder.display()))
            .help("make the folder, or correct the location; a relative one lies below the project's folder"));
    }
    let mut found = Vec::new();
    walk(folder, "", location, &mut (Vec::new(), &mut found))?;
    Ok(found)
}

fn walk(
    folder: &Path,
    below: &str,
    location: &Location,
    state: &mut (Vec<PathBuf>, &mut Vec<LandedFile>),
) -> Result<(), LoadError> {
    let real = folder.canonicalize().map_err(|e| unreadable(folder, &e))?;
    if state.0.contains(&real) {
        return Err(LoadError::new(
            LoadErrorKind::Store,
            format!("the link `{}` leads back to itself", folder.display()),
        )
        .help("remove the link"));
    }
    state.0.push(real);
    for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
        let path = entry.map_err(|e| unreadable(folder, &e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(LoadError::new(LoadErrorKind::Store, format!("the name `{}` is not UTF-8", path.display()))
                .help("rename the file"));
        };
        let key = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        let metadata = std::fs::metadata(&path).map_err(|e| unreadable(&path, &e))?;
        if metadata.is_dir() {
            walk(&path, &key, location, state)?;
        } else if metadata.is_file() {
            state.1.push(landed(key, &metadata, location));
        }
    }
    state.0.pop();
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> LoadError {
    LoadError::new(LoadErrorKind::Store, format!("cannot read `{}`: {error}", path.display()))
        .help("check that it exists and may be read")
}

fn landed(key: String, metadata: &Metadata, location: &Location) -> LandedFile {
    LandedFile {
        name: location.name(&key),
        key,
        version: String::new(),
        stamp: Some(stamp(metadata)),
        hashed: false,
        size: metadata.len(),
        modified: modified(metadata),
    }
}

fn modified(metadata: &Metadata) -> Option<NaiveDateTime> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let micros = i64::try_from(since.as_micros()).ok()?;
    DateTime::from_timestamp_micros(micros).map(|at| at.naive_utc())
}

#[cfg(unix)]
fn stamp(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    let (mtime, ctime) = (metadata.mtime_nsec(), metadata.ctime_nsec());
    format!("{}-{}.{mtime:09}-{}.{ctime:09}-{}", metadata.len(), metadata.mtime(), metadata.ctime(), metadata.ino())
}

#[cfg(not(unix))]
fn stamp(metadata: &Metadata) -> String {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{}-{}.{:09}", metadata.len(), since.as_secs(), since.subsec_nanos())
}

/// The latest of the times in a stamp.
fn latest(stamp: &str) -> Option<NaiveDateTime> {
    let seconds =
        stamp.split('-').skip(1).take(2).filter_map(|part| part.split_once('.')?.0.parse::<i64>().ok()).max()?;
    DateTime::from_timestamp(seconds, 0).map(|at| at.naive_utc())
}

/// Gives each file its version: the ledger's where the stamp proves that nothing changed, else the content's digest.
pub(super) fn identify(folder: &Path, files: &mut [LandedFile], ledger: &Ledger) -> Result<(), LoadError> {
    for file in files {
        let known = ledger.of(&file.name).find(|entry| {
            let settled = entry.stamp.as_deref().and_then(latest).map(|at| at + TimeDelta::seconds(2));
            entry.stamp == file.stamp && settled.is_some_and(|settled| settled < entry.seen_at)
        });
        if let Some(entry) = known {
            file.version.clone_from(&entry.version);
        } else {
            let path = folder.join(&file.key);
            file.version = digest_of(&path).map_err(|e| unreadable(&path, &e).in_file(&file.name))?;
            file.hashed = true;
        }
    }
    Ok(())
}

fn digest_of(path: &Path) -> std::io::Result<String> {
    let mut reader = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(version(hasher)),
            read => hasher.update(&chunk[..read]),
        }
    }
}

/// Half of a SHA-256 is far more than enough to tell files apart.
fn version(hasher: Sha256) -> String {
    format!("sha256-{}", hexadecimal(&hasher.finalize()[..16]))
}

/// A file's bytes, if they are those that were listed.
pub(super) fn read(folder: &Path, file: &LandedFile) -> Result<Vec<u8>, LoadError> {
    let path = folder.join(&file.key);
    let bytes = std::fs::read(&path).map_err(|e| unreadable(&path, &e).in_file(&file.name))?;
    if bytes.len() as u64 == file.size && version(Sha256::new_with_prefix(&bytes)) != file.version {
        return Err(changed(file, "its content is not what was listed"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_of_a_stamp_is_read() {
        let at = latest("120-1700000000.000000001-1700000009.5-77").unwrap();
        assert_eq!(at.and_utc().timestamp(), 1_700_000_009);
        assert_eq!(latest("what"), None);
    }
}
