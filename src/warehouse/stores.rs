//! Stores of objects that stages lie in. Who opens the warehouse says how they are reached.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::{read_bytes, write_file};

/// An object as its store lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key below the folder that was listed.
    pub below: String,
    /// Its URL.
    pub url: String,
    /// Its size in bytes.
    pub size: u64,
    /// What identifies its content: the entity tag.
    pub key: String,
    /// When it was written, in UTC: `2024-05-01 10:00:00`.
    pub modified: String,
}

/// Stores of objects, by URLs such as `s3://bucket/key`. Errors are words for people, without secrets.
pub trait ObjectStores: Send + Sync {
    /// The objects below a folder's URL, by key.
    fn list(&self, folder: &str) -> Result<Vec<StoredObject>, String>;

    /// An object's bytes; an error when its content is another one than `key` identifies.
    fn read(&self, url: &str, key: &str) -> Result<Vec<u8>, String>;

    /// Whether there is an object.
    fn exists(&self, url: &str) -> Result<bool, String>;

    /// Writes an object, whole or not at all.
    fn write(&self, url: &str, bytes: Vec<u8>) -> Result<(), String>;

    /// Removes an object.
    fn remove(&self, url: &str) -> Result<(), String>;
}

/// Whether an URL is one of an object store.
pub(super) fn is_object(url: &str) -> bool {
    url.starts_with("s3://")
}

/// The files of stages, wherever they lie: on disk, or in a store.
#[derive(Clone, Default)]
pub(super) struct Reach(Option<Arc<dyn ObjectStores>>);

impl Reach {
    pub(super) fn new(stores: Option<Arc<dyn ObjectStores>>) -> Self {
        Self(stores)
    }

    /// The stores, or why there are none.
    pub(super) fn stores(&self) -> Result<&dyn ObjectStores, String> {
        self.0.as_deref().ok_or_else(|| "no object store is reached from here".to_owned())
    }

    /// A file's bytes.
    pub(super) fn read(&self, place: &str, key: &str) -> Result<Vec<u8>, String> {
        if is_object(place) {
            return self.stores()?.read(place, key);
        }
        read_bytes(Path::new(place)).map_err(|error| error.to_string())
    }

    /// Writes a file, whole or not at all. One that is there is replaced where that is said.
    pub(super) fn write(&self, place: &str, bytes: Vec<u8>, replaces: bool) -> Result<(), String> {
        let exists = if is_object(place) { self.stores()?.exists(place)? } else { Path::new(place).exists() };
        if exists && !replaces {
            return Err(format!(
                "Files already existing at the unload destination: {place}. Use overwrite option to force unloading."
            ));
        }
        if is_object(place) {
            return self.stores()?.write(place, bytes);
        }
        write_file(Path::new(place), |out| out.write_all(&bytes)).map_err(|error| error.to_string())
    }

    /// Removes a file.
    pub(super) fn remove(&self, place: &str) -> Result<(), String> {
        if is_object(place) {
            return self.stores()?.remove(place);
        }
        std::fs::remove_file(place).map_err(|error| error.to_string())
    }
}

/// A folder of one process for copies of objects, which only its user can read. It goes when the warehouse is closed.
#[derive(Debug)]
pub(super) struct Copies(PathBuf);

impl Copies {
    pub(super) fn new() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("merganser-stage-{}", uuid::Uuid::new_v4()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    /// The copy of this name; made by `fetch` when it is not there.
    pub(super) fn copy(&self, name: &str, fetch: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        if !path.exists() {
            let bytes = fetch()?;
            write_file(&path, |out| out.write_all(&bytes)).map_err(|error| error.to_string())?;
        }
        Ok(path)
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
