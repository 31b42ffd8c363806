//! Where landing files lie: a folder, or a bucket with a prefix, and which of the files below it are meant.

use std::path::{Path, PathBuf};

use super::LoadError;
use super::pattern::{Pattern, SPECIAL};

/// A place with files, read from text such as `landing/orders/*.jsonl.gz` or `s3://bucket/orders/dt=*/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// What is listed.
    pub place: Place,
    /// Which of the keys below the place are meant; all when absent.
    pub pattern: Option<Pattern>,
    /// What is put before a key below the place to make the file's name (column `_file`).
    shown: String,
}

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder on disk.
    Folder(PathBuf),
    /// A bucket and the prefix of the keys, without a slash at its ends.
    Bucket {
        /// The bucket's name.
        bucket: String,
        /// The prefix; empty for the whole bucket.
        prefix: String,
    },
}

/// How an object store is reached. The caller collects it; this module reads no environment.
#[derive(Clone, Default)]
pub struct ObjectStoreOptions {
    /// The region; `us-east-1` when absent.
    pub region: Option<String>,
    /// The endpoint of an S3-compatible store, such as `http://127.0.0.1:8333`.
    pub endpoint: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// Put the bucket into the host name instead of the path.
    pub virtual_hosted_style: bool,
    /// Allow an endpoint without TLS.
    pub allow_http: bool,
}

/// Who asks an object store.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nobody said; opening an `s3://` location fails with advice.
    #[default]
    Missing,
    /// An access key.
    Key {
        /// The access key's id.
        access_key_id: String,
        /// The secret.
        secret_access_key: String,
        /// The session token of temporary credentials.
        session_token: Option<String>,
    },
    /// The role of the machine it runs on, from the instance metadata service.
    Instance,
    /// A public bucket, without signature.
    Anonymous,
}

impl std::fmt::Debug for ObjectStoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectStoreOptions")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("credentials", &self.credentials)
            .field("virtual_hosted_style", &self.virtual_hosted_style)
            .field("allow_http", &self.allow_http)
            .finish()
    }
}

impl std::fmt::Debug for Credentials {
    /// Says which kind, and of a key not even its id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Key { session_token: None, .. } => "Key(..)",
            Self::Key { .. } => "Key(.., session token)",
            Self::Instance => "Instance",
            Self::Anonymous => "Anonymous",
        })
    }
}

impl Location {
    /// Reads a location. A relative folder lies below `base`, and its files are named relative to `base`, so that the
    /// names do not depend on where a project was cloned to.
    ///
    /// # Errors
    /// Another scheme than `file` and `s3`, a bucket without a name, a glob that is not closed.
    pub fn parse(text: &str, base: &Path) -> Result<Self, LoadError> {
        if text.trim().is_empty() {
            return Err(LoadError::spec("the location is empty").help("name a folder or `s3://bucket/prefix`"));
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return Self::bucket(text, rest);
        }
        if let Some(rest) = text.strip_prefix("file://") {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            let path = percent_decode(path).filter(|path| path.starts_with('/')).ok_or_else(|| {
                LoadError::spec(format!("`{text}` is not a file URL"))
                    .help("write `file:///absolute/folder`, or the folder without `file://`")
            })?;
            return Self::folder(&path, base);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(LoadError::spec(format!("locations of scheme `{scheme}` are not supported"))
                .help("use a folder, `file://` or `s3://`"));
        }
        Self::folder(text, base)
    }

    /// All of a bucket below a prefix.
    pub(super) fn of_bucket(bucket: &str, prefix: &str) -> Self {
        let shown = if prefix.is_empty() { format!("s3://{bucket}/") } else { format!("s3://{bucket}/{prefix}/") };
        let place = Place::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
        Self { place, pattern: None, shown }
    }

    fn bucket(text: &str, rest: &str) -> Result<Self, LoadError> {
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || bucket.contains(SPECIAL) {
            return Err(LoadError::spec(format!("`{text}` names no bucket")).help("write `s3://bucket/prefix`"));
        }
        let (prefix, glob) = split_glob(path);
        let (prefix, glob) = match (glob, prefix.rsplit_once('/')) {
            (None, folder) if !path.ends_with('/') && looks_like_a_file(path) => {
                let (folder, name) = folder.unwrap_or(("", prefix));
                (folder, Some(escape(name)))
            }
            (glob, _) => (prefix, glob.map(str::to_owned)),
        };
        let prefix = prefix.trim_matches('/').to_owned();
        Ok(Self { pattern: glob.map(|glob| pattern(&glob)).transpose()?, ..Self::of_bucket(bucket, &prefix) })
    }

    fn folder(text: &str, base: &Path) -> Result<Self, LoadError> {
        let (folder, glob) = split_glob(text);
        let whole = base.join(text);
        let (folder, glob) = match glob {
            None if whole.is_file() => {
                let (folder, name) = folder.rsplit_once('/').unwrap_or((".", folder));
                (if folder.is_empty() { "/" } else { folder }, Some(escape(name)))
            }
            glob => (folder, glob.map(str::to_owned)),
        };
        let tidy = folder.split('/').filter(|s| !s.is_empty() && *s != ".").collect::<Vec<_>>().join("/");
        let shown = match (Path::new(folder).is_absolute(), tidy.is_empty()) {
            (true, true) => "/".to_owned(),
            (true, false) => format!("/{tidy}/"),
            (false, true) => String::new(),
            (false, false) => format!("{tidy}/"),
        };
        let place = Place::Folder(base.join(folder));
        Ok(Self { place, pattern: glob.map(|glob| pattern(&glob)).transpose()?, shown })
    }

    /// The name of the file with this key below the place: what column `_file` and the ledger hold.
    pub fn name(&self, below: &str) -> String {
        format!("{}{below}", self.shown)
    }

    /// The place as people read it.
    pub fn shown(&self) -> &str {
        if self.shown.is_empty() { "." } else { &self.shown }
    }
}

/// The folder before the first segment with a special character, and the rest. A glob that ends in `/` means
/// everything below the folders it matches.
fn split_glob(path: &str) -> (&str, Option<&str>) {
    let Some(special) = path.find(SPECIAL) else { return (path, None) };
    match path[..special].rfind('/') {
        Some(0) => ("/", Some(&path[1..])),
        Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
        None => ("", Some(path)),
    }
}

fn pattern(glob: &str) -> Result<Pattern, LoadError> {
    let all_below = if glob.ends_with('/') { format!("{glob}**") } else { glob.to_owned() };
    Pattern::parse(&all_below)
        .map_err(|why| LoadError::spec(why).help("close it, or put the character into brackets: `[[]`"))
}

/// Prefixes have no kind in an object store, so the ending decides whether one object or a folder is meant.
fn looks_like_a_file(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|e| matches!(e.as_str(), "json" | "jsonl" | "ndjson" | "csv" | "gz" | "parquet"))
}

fn escape(name: &str) -> String {
    name.chars().map(|c| if SPECIAL.contains(&c) { format!("[{c}]") } else { c.to_string() }).collect()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Place, Option<String>, String) {
        let location = Location::parse(text, Path::new("/base")).unwrap();
        (location.place.clone(), location.pattern.as_ref().map(|p| p.as_str().to_owned()), location.name("k"))
    }

    fn bucket(bucket: &str, prefix: &str) -> Place {
        Place::Bucket { bucket: bucket.into(), prefix: prefix.into() }
    }

    #[test]
    fn locations_are_read() {
        assert_eq!(read("s3://b/p/q/"), (bucket("b", "p/q"), None, "s3://b/p/q/k".into()));
        assert_eq!(read("s3://b"), (bucket("b", ""), None, "s3://b/k".into()));
        assert_eq!(read("s3://b/p/dt=*/"), (bucket("b", "p"), Some("dt=*/**".into()), "s3://b/p/k".into()));
        assert_eq!(read("s3://b/p/a.jsonl"), (bucket("b", "p"), Some("a.jsonl".into()), "s3://b/p/k".into()));
        assert_eq!(read("./l//x/*.gz"), (Place::Folder("/base/./l//x".into()), Some("*.gz".into()), "l/x/k".into()));
        assert_eq!(read("file:///a%20b/c"), (Place::Folder("/a b/c".into()), None, "/a b/c/k".into()));
        assert_eq!(read("/abs/*"), (Place::Folder("/abs".into()), Some("*".into()), "/abs/k".into()));
        assert_eq!(read("*.csv"), (Place::Folder("/base/".into()), Some("*.csv".into()), "k".into()));
    }

    #[test]
    fn other_schemes_are_refused() {
        let error = Location::parse("gs://b/p", Path::new("/")).unwrap_err();
        assert_eq!(error.message, "locations of scheme `gs` are not supported");
    }

    #[test]
    fn secrets_are_not_printed() {
        let key = Credentials::Key {
            access_key_id: "AKID".into(),
            secret_access_key: "S3CR3T".into(),
            session_token: Some("T0K3N".into()),
        };
        let shown = format!("{:?}", ObjectStoreOptions { credentials: key, ..ObjectStoreOptions::default() });
        assert!(!shown.contains("AKID") && !shown.contains("S3CR3T") && !shown.contains("T0K3N"), "{shown}");
    }
}
