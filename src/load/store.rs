//! Listing a place and fetching its files.
//!
//! A listing is everything below the prefix, each time: never a time cursor and never "start after", since a late upload
//! may sort and be dated before what was loaded. Folders are listed without `object_store`, whose local store passes over
//! some names without a word.

use std::time::Duration;

use chrono::NaiveDateTime;
use futures::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
};

use super::{Credentials, Ledger, LoadError, LoadErrorKind, Location, ObjectStoreOptions, Place, disk};

/// A file as one listing saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandedFile {
    /// What column `_file` holds: `s3://bucket/key`, or the path as the location was written.
    pub name: String,
    /// The key in the bucket, or the path below the folder with `/`.
    pub key: String,
    /// What identifies the content: the entity tag without its quotes, on disk `sha256-` and half of the digest.
    pub version: String,
    /// On disk: size, times and inode, which tell cheaply that nothing changed.
    pub stamp: Option<String>,
    /// Whether `version` was computed from the bytes in this listing.
    pub hashed: bool,
    /// The size in bytes as it is stored.
    pub size: u64,
    /// When the store says that it was written, in UTC.
    pub modified: Option<NaiveDateTime>,
}

/// A key that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredKey {
    /// The file's name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Everything below a place, by the bytes of the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files that the location means.
    pub files: Vec<LandedFile>,
    /// The other keys.
    pub ignored: Vec<IgnoredKey>,
}

/// An opened place.
pub struct Store {
    inner: Inner,
}

enum Inner {
    Disk,
    Bucket { store: AmazonS3, runtime: tokio::runtime::Runtime },
}

/// One request reads at most this much, so that a slow line meets no time limit and a lost one repeats little.
const CHUNK: u64 = 16 << 20;

impl Store {
    /// Opens a location's place. Nothing is asked of a network yet.
    ///
    /// # Errors
    /// Missing credentials, an endpoint that is not a URL.
    pub fn open(location: &Location, options: &ObjectStoreOptions) -> Result<Self, LoadError> {
        let Place::Bucket { bucket, .. } = &location.place else { return Ok(Self { inner: Inner::Disk }) };
        let store = bucket_store(bucket, options)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| LoadError::new(LoadErrorKind::Store, format!("cannot start network threads: {e}")))?;
        Ok(Self { inner: Inner::Bucket { store, runtime } })
    }

    /// Lists everything the location means. Files on disk whose stamp the ledger does not know are read to compute
    /// their version.
    ///
    /// # Errors
    /// A place that cannot be listed, and a key that cannot be addressed: it is never passed over.
    pub fn list(&self, location: &Location, ledger: &Ledger) -> Result<Listing, LoadError> {
        let mut found = match (&self.inner, &location.place) {
            (Inner::Bucket { store, runtime }, Place::Bucket { bucket, prefix }) => {
                runtime.block_on(list_bucket(store, location, (bucket, prefix)))?
            }
            (_, Place::Folder(folder)) => disk::list(folder, location)?,
            (Inner::Disk, Place::Bucket { .. }) => {
                return Err(LoadError::spec("the store was opened for another location"));
            }
        };
        found.sort_by(|a, b| a.key.as_bytes().cmp(b.key.as_bytes()));
        let prefix = match &location.place {
            Place::Bucket { prefix, .. } if !prefix.is_empty() => prefix.len() + 1,
            _ => 0,
        };
        let mut listing = Listing::default();
        for (at, file) in found.iter().enumerate() {
            let next = found.get(at + 1).map(|next| next.key.as_str());
            match reason_to_ignore(location, file, &file.key[prefix..], next) {
                Some(reason) => listing.ignored.push(IgnoredKey { name: file.name.clone(), reason }),
                None => listing.files.push(file.clone()),
            }
        }
        if let Place::Folder(folder) = &location.place {
            disk::identify(folder, &mut listing.files, ledger)?;
        }
        Ok(listing)
    }

    /// A file's bytes as they are stored; refused when they are not those that were listed.
    pub(super) fn fetch(&self, location: &Location, file: &LandedFile) -> Result<Vec<u8>, LoadError> {
        let bytes = match (&self.inner, &location.place) {
            (_, Place::Folder(folder)) => disk::read(folder, file)?,
            (Inner::Bucket { store, runtime }, _) => runtime.block_on(fetch_object(store, file))?,
            (Inner::Disk, Place::Bucket { .. }) => {
                return Err(LoadError::spec("the store was opened for another location"));
            }
        };
        if bytes.len() as u64 != file.size {
            return Err(changed(file, &format!("{} bytes were listed and {} read", file.size, bytes.len())));
        }
        Ok(bytes)
    }
}

/// Single objects, as stages read and write them.
impl Store {
    /// Every object of the bucket below the location's prefix, as it is listed; markers of folders are none.
    pub(super) fn objects(&self, location: &Location) -> Result<Vec<LandedFile>, LoadError> {
        let Place::Bucket { bucket, prefix } = &location.place else { return Ok(Vec::new()) };
        let (store, runtime) = self.bucket()?;
        let mut found = runtime.block_on(list_bucket(store, location, (bucket, prefix)))?;
        found.retain(|file| file.size > 0 || !file.key.ends_with('/'));
        Ok(found)
    }

    /// An object's bytes, if it has this entity tag.
    pub(super) fn object(&self, key: &str, url: &str, version: &str) -> Result<Vec<u8>, LoadError> {
        let (store, runtime) = self.bucket()?;
        let head = runtime.block_on(store.head(&path(key, url)?)).map_err(|e| store_error(&e, url))?;
        let (name, key, version) = (url.to_owned(), key.to_owned(), version.to_owned());
        let file = LandedFile { name, key, version, stamp: None, hashed: false, size: head.size, modified: None };
        runtime.block_on(fetch_object(store, &file))
    }

    /// Whether there is an object of this key.
    pub(super) fn has(&self, key: &str) -> Result<bool, LoadError> {
        let (store, runtime) = self.bucket()?;
        match runtime.block_on(store.head(&path(key, key)?)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(store_error(&error, key)),
        }
    }

    /// Writes an object.
    pub(super) fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), LoadError> {
        let (store, runtime) = self.bucket()?;
        let place = path(key, key)?;
        runtime.block_on(store.put(&place, PutPayload::from(bytes))).map(drop).map_err(|e| store_error(&e, key))
    }

    /// Removes an object.
    pub(super) fn delete(&self, key: &str) -> Result<(), LoadError> {
        let (store, runtime) = self.bucket()?;
        runtime.block_on(store.delete(&path(key, key)?)).map_err(|e| store_error(&e, key))
    }

    fn bucket(&self) -> Result<(&AmazonS3, &tokio::runtime::Runtime), LoadError> {
        match &self.inner {
            Inner::Bucket { store, runtime } => Ok((store, runtime)),
            Inner::Disk => Err(LoadError::spec("the store was opened for another location")),
        }
    }
}

fn path(key: &str, name: &str) -> Result<Path, LoadError> {
    Path::parse(key).map_err(|e| LoadError::new(LoadErrorKind::Store, e.to_string()).in_file(name))
}

/// The error for a file that is not the one that was listed.
pub(super) fn changed(file: &LandedFile, how: &str) -> LoadError {
    LoadError::new(LoadErrorKind::Changed, format!("the file changed while it was being loaded: {how}"))
        .in_file(&file.name)
        .help("run the load again; write landing files under another name and rename them when they are complete")
}

fn bucket_store(bucket: &str, options: &ObjectStoreOptions) -> Result<AmazonS3, LoadError> {
    let client = ClientOptions::new()
        .with_allow_http(options.allow_http)
        .with_connect_timeout(Duration::from_secs(10))
        .with_timeout(Duration::from_secs(120));
    let retry = RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
        max_retries: 6,
        retry_timeout: Duration::from_secs(45),
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(options.region.as_deref().unwrap_or("us-east-1"))
        .with_virtual_hosted_style_request(options.virtual_hosted_style)
        .with_client_options(client)
        .with_retry(retry);
    if let Some(endpoint) = &options.endpoint {
        if endpoint.starts_with("http://") && !options.allow_http {
            return Err(LoadError::spec(format!("the endpoint `{endpoint}` is without TLS"))
                .help("use `https://`, or allow HTTP in the options of the location"));
        }
        builder = builder.with_endpoint(endpoint);
    }
    builder = match &options.credentials {
        Credentials::Key { access_key_id, secret_access_key, session_token } => {
            let keyed = builder.with_access_key_id(access_key_id).with_secret_access_key(secret_access_key);
            session_token.iter().fold(keyed, AmazonS3Builder::with_token)
        }
        Credentials::Instance => builder,
        Credentials::Anonymous => builder.with_skip_signature(true),
        Credentials::Missing => {
            return Err(LoadError::new(LoadErrorKind::Store, format!("no credentials for bucket `{bucket}`"))
                .help("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or declare the bucket as public"));
        }
    };
    builder.build().map_err(|e| store_error(&e, bucket))
}

async fn list_bucket(
    store: &AmazonS3,
    location: &Location,
    (bucket, prefix): (&str, &str),
) -> Result<Vec<LandedFile>, LoadError> {
    let prefix = Path::parse(prefix).map_err(|e| LoadError::spec(format!("the prefix cannot be addressed: {e}")))?;
    let below = if prefix.as_ref().is_empty() { 0 } else { prefix.as_ref().len() + 1 };
    let mut found = Vec::new();
    let mut objects = store.list(Some(&prefix));
    while let Some(object) = objects.next().await {
        let object = object.map_err(|e| store_error(&e, bucket))?;
        let key = object.location.as_ref();
        let Some(rest) = key.get(below..) else { continue };
        let tag = object.e_tag.as_deref().map(|tag| tag.trim_matches('"').to_owned());
        let modified = object.last_modified.naive_utc();
        found.push(LandedFile {
            name: location.name(rest),
            key: key.to_owned(),
            version: tag.unwrap_or_else(|| format!("{}-{}", object.size, modified.and_utc().timestamp_micros())),
            stamp: None,
            hashed: false,
            size: object.size,
            modified: Some(modified),
        });
    }
    Ok(found)
}

async fn fetch_object(store: &AmazonS3, file: &LandedFile) -> Result<Vec<u8>, LoadError> {
    let path = path(&file.key, &file.name)?;
    let mut bytes = Vec::with_capacity(usize::try_from(file.size).unwrap_or_default());
    while (bytes.len() as u64) < file.size {
        let start = bytes.len() as u64;
        let options = GetOptions {
            if_match: Some(format!("\"{}\"", file.version)),
            range: Some(GetRange::Bounded(start..file.size.min(start + CHUNK))),
            ..GetOptions::default()
        };
        let got = store.get_opts(&path, options).await.map_err(|e| fetch_error(&e, file))?;
        if got.meta.size != file.size {
            return Err(changed(file, &format!("{} bytes were listed, now it has {}", file.size, got.meta.size)));
        }
        let chunk = got.bytes().await.map_err(|e| fetch_error(&e, file))?;
        if chunk.is_empty() {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn fetch_error(error: &object_store::Error, file: &LandedFile) -> LoadError {
    match error {
        object_store::Error::Precondition { .. } => changed(file, "its entity tag is another one"),
        object_store::Error::NotFound { .. } => {
            changed(file, "it was listed and is gone, or its key has slashes at its ends")
        }
        other => store_error(other, &file.name).in_file(&file.name),
    }
}

/// What the store said, with the causes behind it, and what may be done.
fn store_error(error: &object_store::Error, what: &str) -> LoadError {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        cause = inner.source();
    }
    let made = LoadError::new(LoadErrorKind::Store, format!("`{what}`: {words}"));
    let denied = ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "403", "401"];
    match error {
        object_store::Error::InvalidPath { .. } => made.help(
            "a key with `//`, `.`, `..` or a control character in it cannot be addressed; rename or move the object",
        ),
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            made.help("check the access key and its secret, and that it may list and read the bucket")
        }
        object_store::Error::NotFound { .. } => made.help("check the bucket's name and its region or endpoint"),
        _ if denied.iter().any(|word| words.contains(word)) => {
            made.help("check the access key and its secret, and that it may list and read the bucket")
        }
        _ => made.help("check the endpoint, the region and the network"),
    }
}

/// Why a listed key is not loaded; none when it is. `below` is the key below the place, `next` the key after it.
fn reason_to_ignore(location: &Location, file: &LandedFile, below: &str, next: Option<&str>) -> Option<String> {
    let marker = next.and_then(|next| next.strip_prefix(&file.key)).is_some_and(|rest| rest.starts_with('/'));
    if file.size == 0 && marker {
        return Some("a marker of a folder".to_owned());
    }
    if let Some(pattern) = location.pattern.as_ref().filter(|pattern| !pattern.matches(below)) {
        return Some(format!("does not match `{}`", pattern.as_str()));
    }
    below.split('/').find(|segment| is_bookkeeping(segment)).map(|segment| format!("`{segment}` is not data"))
}

/// Names that writers of files use for themselves.
fn is_bookkeeping(segment: &str) -> bool {
    segment.starts_with('.')
        || matches!(segment, "_SUCCESS" | "_temporary" | "_delta_log")
        || segment.starts_with("_committed_")
        || segment.starts_with("_started_")
}
