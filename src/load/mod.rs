//! Landing files to stage tables, exactly once: listing, ledger, loading.
//!
//! What to load is the listing minus the ledger ([`survey`]), never a time cursor. The ledger lies in the warehouse and
//! is written in the transaction of the rows ([`load`]), so that a crash at any point leaves either both or neither.
//! A file's *version* is its content: the entity tag on S3, a digest on disk.

mod buckets;
mod copy;
mod csv;
mod decode;
mod disk;
mod document;
mod error;
mod fetch;
mod ledger;
mod location;
mod pattern;
mod run;
mod stage;
mod store;
mod survey;

use chrono::NaiveDateTime;

pub use buckets::Buckets;
pub use copy::{CopyBatch, copy_batches};
pub use error::{LoadError, LoadErrorKind};
pub use ledger::{Ledger, LedgerEntry, Status, read_ledger};
pub use location::{Credentials, Location, ObjectStoreOptions, Place};
pub use pattern::Pattern;
pub use run::{FileReport, LoadReport, LoadRun, load};
pub use stage::{ledger_beside, quarantine_beside, stage_table};
pub use store::{IgnoredKey, LandedFile, Listing, Store};
pub use survey::{LoadPlan, PlannedFile, Why, survey};

use crate::sql::Relation;

/// What is loaded from where into which table.
#[derive(Debug, Clone)]
pub struct LoadSpec {
    /// The stage table; made when it does not exist.
    pub relation: Relation,
    /// The table that says which file versions were loaded; by default [`ledger_beside`] the stage table.
    pub ledger: Relation,
    /// The table of refused lines; by default [`quarantine_beside`] the stage table.
    pub quarantine: Relation,
    /// Where the files lie.
    pub location: Location,
    /// What is in them.
    pub format: Format,
    /// What happens to a file that was loaded before and has other content now.
    pub on_change: OnChange,
    /// What happens to a line that is not what the format says.
    pub on_error: OnError,
    /// Who reads the files.
    pub through: Through,
}

/// What is in a file. Gzip is recognised by its first bytes in every format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// One JSON value per line. Blank lines are passed over.
    JsonLines,
    /// JSON values one after the other, over any number of lines.
    JsonDocuments {
        /// A top-level array is not a row, each of its elements is.
        strip_outer_array: bool,
    },
    /// Rows below a header; a row becomes a JSON object of strings and nulls.
    Csv {
        /// What separates fields.
        delimiter: u8,
        /// Fields with one of these texts are null.
        null_if: Vec<String>,
    },
}

impl Format {
    /// The format of this name: `jsonl`, `ndjson`, `json` (arrays stripped), `csv`.
    ///
    /// # Errors
    /// A name that is unknown, or `parquet`, which is not read yet.
    pub fn named(name: &str) -> Result<Self, LoadError> {
        match name.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            "json" => Ok(Self::JsonDocuments { strip_outer_array: true }),
            "csv" => Ok(Self::Csv { delimiter: b',', null_if: vec![String::new()] }),
            other => Err(LoadError::spec(format!("files of format `{other}` are not supported"))
                .help("use `jsonl`, `json` or `csv`")),
        }
    }
}

/// What happens to a file that was loaded before and has other content now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChange {
    /// Its rows are added; those of the version before stay.
    AppendVersion,
    /// The file's rows are deleted and the new ones inserted, in one transaction.
    ReplaceFileRows,
    /// The load is refused before anything is loaded.
    Fail,
}

/// What happens to a line that is not what the format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The file is not loaded and the load ends.
    Fail,
    /// The line goes to the quarantine table and the file's other lines are loaded.
    Quarantine,
}

/// Who reads the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Through {
    /// This process, which appends the rows to the table.
    Append,
    /// Snowflake, with `COPY INTO` from this stage (written as in SQL, with `@`). The stage's URL must be the location's
    /// bucket and prefix.
    Copy {
        /// The stage, for example `@raw.landing.orders`.
        stage: String,
    },
}

/// When and under which name a load runs.
#[derive(Debug, Clone)]
pub struct LoadStamp {
    /// The load's id, column `_load_id`.
    pub load_id: String,
    /// The start of the load in UTC, column `_loaded_at`. It must not be later than the listing.
    pub now: NaiveDateTime,
}
