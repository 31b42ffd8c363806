//! The reference project end to end: the binary on a copy of the landing sample, in a folder of the test's own.

mod crash;
mod days;
mod lineage;
mod roles;
mod s3;
mod snowflake;
mod trouble;
mod truth;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use merganser::warehouse::{Cell, DuckDbOptions, Warehouse, open_duckdb};
use serde_json::Value;

use crate::services;

/// The days of the landing sample.
const DAYS: [&str; 3] = ["2026-09-01", "2026-09-02", "2026-09-03"];

/// The sources of the landing sample.
const FEEDS: [&str; 2] = ["google_ads/search_stream", "shopify/orders"];

/// A build without the project's tests, which only read and take most of the time.
const BUILD: [&str; 3] = ["build", "--exclude-resource-type", "test"];

/// What the project makes for its readers.
const MARTS: [&str; 6] =
    ["dim_campaign", "dim_customer", "fct_ad_spend", "fct_orders", "fct_refunds", "mart_channel_daily"];

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder with a database file, artifacts and landing files, removed at the end.
struct Bench {
    folder: PathBuf,
    /// Environment variables of every command.
    environment: Vec<(&'static str, String)>,
    /// What stands for `landing_root`; the project's own sample when there is none.
    landing: Option<String>,
}

/// What a command said.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// The same, after it succeeded.
    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// Standard output and standard error.
    fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Bench {
    /// An empty folder and the project's own landing sample.
    fn new(name: &str) -> Self {
        Self { folder: services::folder(&format!("slice-{name}")), environment: Vec::new(), landing: None }
    }

    /// An empty folder and an empty landing zone in it.
    fn without_files(name: &str) -> Self {
        let mut bench = Self::new(name);
        let root = bench.folder.join("landing");
        FEEDS.iter().for_each(|feed| std::fs::create_dir_all(root.join(feed)).unwrap());
        bench.landing = Some(root.to_str().unwrap().to_owned());
        bench
    }

    /// Copies a day's files of the sample into the landing zone, and says how many they are.
    fn land(&self, day: &str) -> usize {
        let mut count = 0;
        for feed in FEEDS {
            let to = self.folder.join("landing").join(feed).join(format!("dt={day}"));
            std::fs::create_dir_all(&to).unwrap();
            for (name, bytes) in files(feed, day) {
                std::fs::write(to.join(name), bytes).unwrap();
                count += 1;
            }
        }
        count
    }

    fn database(&self) -> PathBuf {
        self.folder.join("brightcart.duckdb")
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// A command in the folder, without what the environment of the tests says about targets and accounts.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_merganser"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if ["DBT_", "MERGANSER_", "SNOWFLAKE_", "AWS_"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.folder).args(arguments);
        command.arg("--project-dir").arg(repository("project"));
        command.arg("--target-path").arg(self.target());
        if let Some(root) = &self.landing {
            command.arg("--vars").arg(format!("{{landing_root: '{root}'}}"));
        }
        command.env("MERGANSER_DB", self.database()).envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The rows of a query on the database file, sent to `DuckDB` as it is: what lies there, whatever policies show of it.
    fn query(&self, sql: &str) -> Table {
        let sql = &sql.replace(".dim_customer", ".\"MERGANSER$UNMASKED$DIM_CUSTOMER\"");
        let options = DuckDbOptions {
            path: Some(self.database()),
            database: "BRIGHTCART".to_owned(),
            ..DuckDbOptions::default()
        };
        let warehouse: Box<dyn Warehouse> = open_duckdb(&options).unwrap();
        let table = warehouse.session().unwrap().execute(sql).unwrap_or_else(|e| panic!("{sql}: {e}")).table;
        Table {
            columns: table.columns.iter().map(|column| column.name.to_lowercase()).collect(),
            rows: table.rows.iter().map(|row| row.iter().map(Cell::to_string).collect()).collect(),
        }
    }

    /// The marts' rows, without when they were loaded.
    fn marts(&self) -> BTreeMap<&'static str, Vec<Vec<String>>> {
        let rows = |mart: &'static str| (mart, self.relation(&format!("ANALYTICS_marts.{mart}")).without("_loaded_at"));
        MARTS.into_iter().map(rows).collect()
    }

    /// Everything that a load or a run could change: stage tables, ledger and marts, with all columns but those that say when
    /// a file was last looked at.
    fn everything(&self) -> Vec<Table> {
        let ledger = "select * exclude (file_stamp, seen_at) from BRIGHTCART.landing._merganser_loads order by all";
        let stage = ["RAW_GOOGLE_ADS.search_stream", "RAW_SHOPIFY.orders"].map(str::to_owned);
        let marts = MARTS.iter().map(|mart| format!("ANALYTICS_marts.{mart}"));
        let tables = stage.into_iter().chain(marts).map(|name| self.relation(&name));
        tables.chain([self.query(ledger)]).collect()
    }

    fn relation(&self, name: &str) -> Table {
        self.query(&format!("select * from BRIGHTCART.{name} order by all"))
    }

    /// The results of the last run: what each node said, by its unique id.
    fn messages(&self) -> BTreeMap<String, String> {
        let results = json(&self.target().join("run_results.json"));
        let text = |result: &Value, key: &str| result[key].as_str().unwrap_or_default().to_owned();
        let results = results["results"].as_array().unwrap();
        results.iter().map(|result| (text(result, "unique_id"), text(result, "message"))).collect()
    }

    /// How many files the last run loaded.
    fn files_loaded(&self) -> usize {
        let messages = self.messages();
        let loads = messages.iter().filter(|(id, _)| id.starts_with("source."));
        let count = |message: &str| -> usize { message.split(' ').next().unwrap().parse().unwrap() };
        let counts: Vec<usize> = loads.map(|(_, message)| count(message)).collect();
        assert_eq!(counts.len(), FEEDS.len(), "{messages:?}");
        counts.iter().sum()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // What could not be removed stays in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Rows as text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The rows in order, without one column, which must not decide their order.
    fn without(self, name: &str) -> Vec<Vec<String>> {
        let Some(at) = self.columns.iter().position(|column| column == name) else { return self.rows };
        let mut rows = self.rows;
        rows.iter_mut().for_each(|row| drop(row.remove(at)));
        rows.sort();
        rows
    }
}

/// The names and contents of a day's files in the sample.
fn files(feed: &str, day: &str) -> Vec<(String, Vec<u8>)> {
    let folder = repository("project/landing").join(feed).join(format!("dt={day}"));
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    found.sort();
    found
}

/// A whole JSON file.
#[track_caller]
fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One undisturbed build of the whole sample, which tests read and leave as it is.
fn undisturbed() -> MutexGuard<'static, Bench> {
    static BENCH: OnceLock<Mutex<Bench>> = OnceLock::new();
    let bench = BENCH.get_or_init(|| {
        let bench = Bench::new("undisturbed");
        bench.run(&["build"]).ok();
        Mutex::new(bench)
    });
    // A test that failed while it held the bench has only read it.
    bench.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The marts of [`undisturbed`].
fn expected() -> &'static BTreeMap<&'static str, Vec<Vec<String>>> {
    static MARTS: OnceLock<BTreeMap<&'static str, Vec<Vec<String>>>> = OnceLock::new();
    MARTS.get_or_init(|| undisturbed().marts())
}

/// Fails where one of the marts has other rows than the undisturbed build has.
#[track_caller]
fn assert_as_expected(bench: &Bench) {
    let found = bench.marts();
    for (mart, rows) in expected() {
        let lost: Vec<_> = rows.iter().filter(|row| !found[mart].contains(row)).take(3).collect();
        let added: Vec<_> = found[mart].iter().filter(|row| !rows.contains(row)).take(3).collect();
        assert!(
            *rows == found[mart],
            "{mart}: {} rows, not {}; missing {lost:?}, too many {added:?}",
            found[mart].len(),
            rows.len()
        );
    }
}
