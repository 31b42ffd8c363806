//! What the loader says to Snowflake, run by the embedded engine: stages in a bucket.

use std::path::Path;
use std::sync::Arc;

use merganser::load::{
    Buckets, Credentials, LoadReport, LoadRun, LoadSpec, ObjectStoreOptions, OnChange, Store, Through, load,
    read_ledger, survey,
};
use merganser::sql::{Dialect, Quoting, SessionContext};
use merganser::warehouse::{DuckDbOptions, SchemaName, Session, Warehouse, open_duckdb, open_local_reaching};

use super::{Folder, ask, gzip, spec, stamp};
use crate::services::SeaweedFs;

const BUCKET: &str = "landing";

/// A prefix of its own in a bucket, and the embedded engine with a stage there.
struct Staged {
    prefix: String,
    options: ObjectStoreOptions,
    warehouse: Box<dyn Warehouse>,
    session: Box<dyn Session>,
}

impl Staged {
    fn new() -> Self {
        let weed = SeaweedFs::shared();
        let credentials = Credentials::Key {
            access_key_id: weed.access_key.into(),
            secret_access_key: weed.secret_key.into(),
            session_token: None,
        };
        let options = ObjectStoreOptions {
            endpoint: Some(weed.endpoint.clone()),
            credentials,
            allow_http: true,
            ..ObjectStoreOptions::default()
        };
        let prefix = format!("staged/{}", uuid::Uuid::new_v4());
        let warehouse = open(&options);
        let mut session = warehouse.session().unwrap();
        session.execute("create schema dev.raw").unwrap();
        let stage = format!("create stage dev.raw.landing url = 's3://{BUCKET}/{prefix}/' file_format = (type = json)");
        session.execute(&stage).unwrap();
        Self { prefix, options, warehouse, session }
    }

    fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        let key = format!("{}/{name}", self.prefix);
        SeaweedFs::shared().put(BUCKET, vec![(key, bytes.into())]);
    }

    fn spec(&self) -> LoadSpec {
        let mut spec = spec(&format!("s3://{BUCKET}/{}/", self.prefix), Path::new("/"));
        for relation in [&mut spec.relation, &mut spec.ledger, &mut spec.quarantine] {
            relation.quoting = Quoting { database: false, schema: false, identifier: false };
        }
        spec.on_change = OnChange::ReplaceFileRows;
        spec.through = Through::Copy { stage: "@dev.raw.landing".into() };
        spec
    }

    /// One load as the command makes it.
    fn load(&mut self, load_id: &str) -> LoadReport {
        let spec = self.spec();
        let catalog = self.warehouse.catalog(&[SchemaName::new("dev", "raw")]).unwrap();
        let ledger = read_ledger(&mut *self.session, Dialect::Snowflake, &catalog, &spec).unwrap();
        let store = Store::open(&spec.location, &self.options).unwrap();
        let plan = survey(&spec, &store.list(&spec.location, &ledger).unwrap(), &ledger);
        let session = &mut *self.session;
        load(&mut LoadRun { session, dialect: Dialect::Snowflake, store: &store, stamp: stamp(load_id) }, &spec, &plan)
            .unwrap()
    }

    fn ask(&mut self, query: &str) -> Vec<String> {
        let prefix = self.prefix.clone();
        ask(&mut *self.session, query).iter().map(|row| row.replace(&prefix, "P")).collect()
    }
}

fn open(options: &ObjectStoreOptions) -> Box<dyn Warehouse> {
    let duckdb = DuckDbOptions { database: "DEV".into(), ..DuckDbOptions::default() };
    let buckets = Arc::new(Buckets::new(options.clone()));
    open_local_reaching(&duckdb, &SessionContext::default(), Some(buckets)).unwrap()
}

#[test]
fn the_loaders_copy_loads_a_bucket_once() {
    let mut staged = Staged::new();
    staged.put("dt=1/it's a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
    staged.put("dt=2/ä.jsonl.gz", gzip("{\"id\":3}\n"));
    let first = staged.load("load-1");
    assert_eq!(first.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [2, 1]);
    let rows = "select _file, _row, payload:id, _file_version is not null, _load_id from dev.raw.orders order by 1, 2";
    let wanted = [
        "s3://landing/P/dt=1/it's a.jsonl | 1 | 1 | true | load-1",
        "s3://landing/P/dt=1/it's a.jsonl | 2 | 2 | true | load-1",
        "s3://landing/P/dt=2/ä.jsonl.gz | 1 | 3 | true | load-1",
    ];
    assert_eq!(staged.ask(rows), wanted);
    assert!(staged.load("load-2").files.is_empty());
    staged.put("dt=2/ä.jsonl.gz", gzip("{\"id\":4}\n"));
    assert_eq!(staged.load("load-3").files.len(), 1);
    assert_eq!(staged.ask(rows)[2], "s3://landing/P/dt=2/ä.jsonl.gz | 1 | 4 | true | load-3");
    // A version that was there before is in the load history, which the statement overrules.
    staged.put("dt=2/ä.jsonl.gz", gzip("{\"id\":3}\n"));
    assert_eq!(staged.load("load-4").files.len(), 1);
    assert_eq!(staged.ask(rows)[2], "s3://landing/P/dt=2/ä.jsonl.gz | 1 | 3 | true | load-4");
    let ledger = "select file_name, row_count, status from dev.raw._merganser_loads order by 1, 2, 3";
    assert_eq!(staged.ask(ledger).len(), 3);
}

#[test]
fn a_stage_in_a_bucket_is_listed_read_written_and_purged() {
    let mut staged = Staged::new();
    staged.put("in/a.json", "{\"id\":1}");
    staged.put("in/b.json", "{\"id\":2}");
    staged.put("inner/c.json", "{\"id\":3}");
    let listed = "select count(*) from dev.raw.landing_files";
    staged
        .session
        .execute("create table dev.raw.landing_files as select metadata$filename as f from @dev.raw.landing/in")
        .unwrap();
    assert_eq!(staged.ask(listed), ["3"]);
    let names =
        |rows: Vec<String>| rows.iter().map(|row| row.split(" | ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        names(staged.ask("list @dev.raw.landing pattern = '.*/in/.*'")),
        ["s3://landing/P/in/a.json", "s3://landing/P/in/b.json"]
    );
    assert_eq!(staged.ask("select $1:id from @dev.raw.landing/in/ order by 1"), ["1", "2"]);
    staged.session.execute("create table dev.raw.t (v variant)").unwrap();
    staged.session.execute("copy into dev.raw.t from @dev.raw.landing/in/ purge = true").unwrap();
    assert_eq!(names(staged.ask("list @dev.raw.landing")), ["s3://landing/P/inner/c.json"]);
    let unload = "copy into @dev.raw.landing/out/x.json from (select object_construct('n', v:id) from dev.raw.t) \
                  file_format = (type = json compression = none) single = true";
    staged.session.execute(unload).unwrap();
    assert_eq!(staged.ask("select $1:n from @dev.raw.landing/out/ order by 1"), ["1", "2"]);
    let again = staged.session.execute(unload).unwrap_err();
    assert!(again.message.contains("Files already existing"), "{again:?}");
    assert_eq!(names(staged.ask("remove @dev.raw.landing/out/")), ["s3://landing/P/out/x.json"]);
    assert_eq!(names(staged.ask("list @dev.raw.landing")), ["s3://landing/P/inner/c.json"]);
}

#[test]
fn parquet_is_read_from_a_bucket() {
    let mut staged = Staged::new();
    let folder = Folder::new();
    let file = folder.path().join("a.parquet");
    let engine = open_duckdb(&DuckDbOptions { database: "x".into(), ..DuckDbOptions::default() }).unwrap();
    let write = format!("copy (select 7 as id, 'x' as name) to '{}' (format parquet)", file.display());
    engine.session().unwrap().execute(&write).unwrap();
    staged.put("a.parquet", std::fs::read(&file).unwrap());
    staged.session.execute("create file format dev.raw.pq type = parquet").unwrap();
    let query =
        "select $1:id::int, $1:name::varchar, metadata$filename from @dev.raw.landing (file_format => 'dev.raw.pq')";
    assert_eq!(staged.ask(query), ["7 | x | P/a.parquet"]);
}

#[test]
fn a_bucket_that_cannot_be_read_says_why_and_no_secret() {
    let staged = Staged::new();
    staged.put("a.json", "{}");
    let wrong =
        Credentials::Key { access_key_id: "N0BODY".into(), secret_access_key: "wr0ng".into(), session_token: None };
    for (credentials, words) in [(wrong, "access key"), (Credentials::Missing, "AWS_ACCESS_KEY_ID")] {
        let warehouse = open(&ObjectStoreOptions { credentials, ..staged.options.clone() });
        let mut session = warehouse.session().unwrap();
        session.execute("create schema dev.raw").unwrap();
        let create = format!("create stage dev.raw.landing url = 's3://{BUCKET}/{}/'", staged.prefix);
        session.execute(&create).unwrap();
        let error = session.execute("list @dev.raw.landing").unwrap_err();
        let said = format!("{error:?}");
        assert!(said.contains(words) && !said.contains("wr0ng"), "{said}");
    }
}
