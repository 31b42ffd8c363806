//! Loading from an S3-compatible store.

use std::path::Path;

use merganser::load::{Credentials, LoadErrorKind, LoadSpec, Location, ObjectStoreOptions, OnChange, Store};

use super::{gzip, load_once, rows, spec, stamp, warehouse};
use crate::services::SeaweedFs;

const BUCKET: &str = "landing";

struct Bucket {
    weed: &'static SeaweedFs,
    prefix: String,
    url: String,
    options: ObjectStoreOptions,
}

impl Bucket {
    /// A prefix of its own in the bucket.
    fn new() -> Self {
        let weed = SeaweedFs::shared();
        let prefix = format!("load/{}", uuid::Uuid::new_v4());
        let options = ObjectStoreOptions {
            endpoint: Some(weed.endpoint.clone()),
            credentials: key(weed.access_key, weed.secret_key),
            allow_http: true,
            ..ObjectStoreOptions::default()
        };
        let url = format!("s3://{BUCKET}/{prefix}/");
        Self { weed, prefix, url, options }
    }

    fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.put_all(vec![(name.to_owned(), bytes.into())]);
    }

    fn put_all(&self, objects: Vec<(String, Vec<u8>)>) {
        let below = |(name, bytes)| (format!("{}/{name}", self.prefix), bytes);
        self.weed.put(BUCKET, objects.into_iter().map(below).collect());
    }

    fn spec(&self) -> LoadSpec {
        spec(&self.url, Path::new("/"))
    }
}

fn key(access_key_id: &str, secret: &str) -> Credentials {
    Credentials::Key { access_key_id: access_key_id.into(), secret_access_key: secret.into(), session_token: None }
}

#[test]
fn objects_are_loaded_once_with_their_changes() {
    let bucket = Bucket::new();
    let warehouse = warehouse();
    let mut session = warehouse.session().unwrap();
    let names = ["a b.jsonl", "a%20b.jsonl", "ä/日本.jsonl.gz", "it's+1&x=2.jsonl", "empty.jsonl"];
    for name in names {
        let text = if name == "empty.jsonl" { "" } else { "{\"id\":1}\n" };
        bucket.put(name, if name.ends_with(".gz") { gzip(text) } else { text.into() });
    }
    let mut spec = bucket.spec();
    spec.on_change = OnChange::ReplaceFileRows;
    let mut go = |spec: &LoadSpec| load_once((&*warehouse, &mut *session), spec, &bucket.options, stamp("s3")).unwrap();
    let first = go(&spec);
    assert_eq!((first.report.files.len(), first.report.rows()), (5, 4), "{:?}", first.plan.ignored);
    assert!(go(&spec).plan.is_empty());
    bucket.put("a b.jsonl", "{\"id\":2}\n");
    assert_eq!(go(&spec).report.files.len(), 1);
    let rows: Vec<String> = rows(&mut *session).iter().map(|row| row.replace(&bucket.url, "")).collect();
    let wanted = [
        "a b.jsonl | 1 | {\"id\":2}",
        "a%20b.jsonl | 1 | {\"id\":1}",
        "it's+1&x=2.jsonl | 1 | {\"id\":1}",
        "ä/日本.jsonl.gz | 1 | {\"id\":1}",
    ];
    assert_eq!(rows, wanted);
}

#[test]
fn two_thousand_objects_are_listed_over_pages() {
    let bucket = Bucket::new();
    bucket.put_all((0..2000).map(|i| (format!("dt={}/{i}.jsonl", i % 7), format!("{i}\n").into_bytes())).collect());
    let warehouse = warehouse();
    let mut session = warehouse.session().unwrap();
    let done = load_once((&*warehouse, &mut *session), &bucket.spec(), &bucket.options, stamp("s3")).unwrap();
    assert_eq!((done.report.files.len(), done.report.rows()), (2000, 2000));
    assert!(done.plan.files.windows(2).all(|pair| pair[0].file.key.as_bytes() < pair[1].file.key.as_bytes()));
    let mut one_day = bucket.spec();
    one_day.location = Location::parse(&format!("{}dt=3/*.jsonl", bucket.url), Path::new("/")).unwrap();
    let listing =
        Store::open(&one_day.location, &bucket.options).unwrap().list(&one_day.location, &done.ledger).unwrap();
    assert_eq!(listing.files.len(), 286);
}

#[test]
fn an_object_that_changes_between_listing_and_reading_is_refused() {
    let bucket = Bucket::new();
    bucket.put("a.jsonl", "{\"id\":1}\n");
    let spec = bucket.spec();
    let warehouse = warehouse();
    let store = Store::open(&spec.location, &bucket.options).unwrap();
    let listing = store.list(&spec.location, &Default::default()).unwrap();
    let plan = merganser::load::survey(&spec, &listing, &Default::default());
    bucket.put("a.jsonl", "{\"id\":2}\n");
    let mut session = warehouse.session().unwrap();
    let dialect = merganser::sql::Dialect::DuckDb;
    let mut run = merganser::load::LoadRun { session: &mut *session, dialect, store: &store, stamp: stamp("s3") };
    let error = merganser::load::load(&mut run, &spec, &plan).unwrap_err();
    assert_eq!(error.kind, LoadErrorKind::Changed);
    assert_eq!(rows(&mut *session), [""; 0]);
}

#[test]
fn a_wrong_secret_is_an_error_with_advice_and_without_the_secret() {
    let bucket = Bucket::new();
    let spec = bucket.spec();
    for credentials in [key(bucket.weed.access_key, "wr0ng"), key("N0BODY", "wr0ng")] {
        let options = ObjectStoreOptions { credentials, ..bucket.options.clone() };
        let error =
            Store::open(&spec.location, &options).unwrap().list(&spec.location, &Default::default()).unwrap_err();
        assert_eq!(error.kind, LoadErrorKind::Store);
        assert!(!error.to_string().contains("wr0ng"), "{error}");
        assert!(error.help.as_deref().is_some_and(|help| help.contains("access key")), "{error:?}");
    }
}

#[test]
fn without_credentials_nothing_is_asked() {
    let location = Location::parse("s3://landing/", Path::new("/")).unwrap();
    let error = Store::open(&location, &ObjectStoreOptions::default()).err().unwrap();
    assert!(error.help.as_deref().is_some_and(|help| help.contains("AWS_ACCESS_KEY_ID")), "{error:?}");
    let http = ObjectStoreOptions {
        endpoint: Some("http://127.0.0.1:1".into()),
        credentials: Credentials::Anonymous,
        ..ObjectStoreOptions::default()
    };
    assert!(Store::open(&location, &http).err().unwrap().message.contains("without TLS"));
}
