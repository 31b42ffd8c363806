//! Buckets as the stages of the embedded engine reach them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{LoadError, Location, ObjectStoreOptions, Store};
use crate::warehouse::{ObjectStores, StoredObject};

/// Buckets of S3, each opened when it is first asked for something.
pub struct Buckets {
    options: ObjectStoreOptions,
    opened: Mutex<HashMap<String, Arc<Store>>>,
}

impl Buckets {
    /// Buckets that are reached so.
    pub fn new(options: ObjectStoreOptions) -> Self {
        Self { options, opened: Mutex::default() }
    }

    /// The bucket and the key of an URL, with the bucket opened.
    fn open(&self, url: &str) -> Result<(Arc<Store>, Location, String), LoadError> {
        let rest = url.strip_prefix("s3://").unwrap_or(url);
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(LoadError::spec(format!("`{url}` names no bucket")).help("write `s3://bucket/prefix/`"));
        }
        let location = Location::of_bucket(bucket, key.trim_end_matches('/'));
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match opened.get(bucket) {
            Some(store) => Arc::clone(store),
            None => {
                let store = Arc::new(Store::open(&location, &self.options)?);
                opened.insert(bucket.to_owned(), Arc::clone(&store));
                store
            }
        };
        Ok((store, location, key.to_owned()))
    }
}

/// An error in one line, with what to do about it.
fn said(error: LoadError) -> String {
    match error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message,
    }
}

impl ObjectStores for Buckets {
    fn list(&self, folder: &str) -> Result<Vec<StoredObject>, String> {
        let (store, location, prefix) = self.open(folder).map_err(said)?;
        let below = if prefix.is_empty() { 0 } else { prefix.trim_end_matches('/').len() + 1 };
        let mut objects: Vec<StoredObject> = store
            .objects(&location)
            .map_err(said)?
            .into_iter()
            .map(|file| StoredObject {
                below: file.key[below..].to_owned(),
                url: file.name,
                size: file.size,
                key: file.version,
                modified: file.modified.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default(),
            })
            .collect();
        objects.sort_by(|one, other| one.below.cmp(&other.below));
        Ok(objects)
    }

    fn read(&self, url: &str, key: &str) -> Result<Vec<u8>, String> {
        let (store, _, name) = self.open(url).map_err(said)?;
        store.object(&name, url, key).map_err(said)
    }

    fn exists(&self, url: &str) -> Result<bool, String> {
        let (store, _, name) = self.open(url).map_err(said)?;
        store.has(&name).map_err(said)
    }

    fn write(&self, url: &str, bytes: Vec<u8>) -> Result<(), String> {
        let (store, _, name) = self.open(url).map_err(said)?;
        store.put(&name, bytes).map_err(said)
    }

    fn remove(&self, url: &str) -> Result<(), String> {
        let (store, _, name) = self.open(url).map_err(said)?;
        store.delete(&name).map_err(said)
    }
}
