//! What the ledger says was loaded.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::stage::{ledger_columns, stage_key, text};
use super::{LandedFile, LoadError, LoadErrorKind, LoadSpec, LoadStamp};
use crate::sql::Dialect;
use crate::warehouse::{Catalog, Cell, Session};

/// One file version that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The file's name, as column `_file` has it.
    pub file: String,
    /// Its version: the entity tag, or on disk a digest of the content.
    pub version: String,
    /// On disk: size, times and inode as they were when the version was last computed.
    pub stamp: Option<String>,
    /// When `stamp` was taken, in UTC.
    pub seen_at: NaiveDateTime,
    /// When the store says that the file was written, in UTC.
    pub modified: Option<NaiveDateTime>,
    /// The file's size as it is stored.
    pub stored_bytes: u64,
    /// The size of its decompressed text, where known.
    pub decoded_bytes: Option<u64>,
    /// The rows that were loaded.
    pub rows: u64,
    /// The lines that were quarantined.
    pub quarantined: u64,
    /// The load that did it.
    pub load_id: String,
    /// When it did.
    pub loaded_at: NaiveDateTime,
    /// Whether its rows are in the stage table.
    pub status: Status,
}

/// Whether a version's rows are in the stage table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// They are.
    Loaded,
    /// A later version of the file took their place.
    Replaced,
}

impl Status {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Replaced => "replaced",
        }
    }
}

/// The ledger's entries for one stage table.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The entries, by file and then in the order of loading.
    pub entries: Vec<LedgerEntry>,
    /// Whether the stage table exists. If not, its rows are gone and what the ledger says about it is void.
    pub stage_exists: bool,
    by_file: BTreeMap<String, Vec<usize>>,
}

impl Ledger {
    /// A ledger of these entries, each file's in the order of loading.
    pub fn new(entries: Vec<LedgerEntry>, stage_exists: bool) -> Self {
        let mut by_file: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            by_file.entry(entry.file.clone()).or_default().push(at);
        }
        Self { entries, stage_exists, by_file }
    }

    /// The entries of one file in the order of loading.
    pub fn of<'a>(&'a self, file: &str) -> impl DoubleEndedIterator<Item = &'a LedgerEntry> + use<'a> {
        self.by_file.get(file).into_iter().flatten().map(|at| &self.entries[*at])
    }
}

/// Reads what the ledger says about the spec's stage table; a ledger that does not exist is empty. `catalog` must hold the
/// schemas of the stage table and of the ledger, both named with their databases.
///
/// # Errors
/// What the warehouse refuses, and values that no load wrote.
pub fn read_ledger(
    session: &mut dyn Session,
    dialect: Dialect,
    catalog: &Catalog,
    spec: &LoadSpec,
) -> Result<Ledger, LoadError> {
    let stage_exists = catalog.relation(&spec.relation).is_some();
    if catalog.relation(&spec.ledger).is_none() {
        return Ok(Ledger::new(Vec::new(), stage_exists));
    }
    let query = format!(
        "select {} from {} where stage_table = {} order by file_name, loaded_at, file_version",
        ledger_columns()[1..].join(", "),
        spec.ledger,
        text(&stage_key(&spec.relation), dialect)
    );
    let rows = session.execute(&query)?.table.rows;
    let entries = rows.iter().map(|row| entry(row)).collect::<Option<Vec<_>>>().ok_or_else(|| {
        LoadError::new(LoadErrorKind::Warehouse, format!("`{}` holds values that no load wrote", spec.ledger))
            .help("the table belongs to merganser; restore it, or drop it together with its stage tables")
    })?;
    Ok(Ledger::new(entries, stage_exists))
}

fn entry(row: &[Cell]) -> Option<LedgerEntry> {
    let [file, version, stamp, seen_at, modified, stored, decoded, rows, quarantined, load_id, loaded_at, status] = row
    else {
        return None;
    };
    Some(LedgerEntry {
        file: words(file)?,
        version: words(version)?,
        stamp: words(stamp),
        seen_at: moment(seen_at)?,
        modified: moment(modified),
        stored_bytes: number(stored)?,
        decoded_bytes: number(decoded),
        rows: number(rows)?,
        quarantined: number(quarantined)?,
        load_id: words(load_id)?,
        loaded_at: moment(loaded_at)?,
        status: [Status::Loaded, Status::Replaced]
            .into_iter()
            .find(|s| words(status).as_deref() == Some(s.as_str()))?,
    })
}

fn words(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn moment(cell: &Cell) -> Option<NaiveDateTime> {
    match cell {
        Cell::Timestamp(at) => Some(*at),
        Cell::TimestampTz(at) => Some(at.naive_utc()),
        _ => None,
    }
}

/// A count, whichever numeric type the engine gives it.
pub(super) fn number(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Integer(value) => u64::try_from(*value).ok(),
        Cell::Decimal(value) => value.to_plain_string().parse().ok(),
        _ => None,
    }
}

/// What decoding a file counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    pub(super) rows: u64,
    pub(super) quarantined: u64,
    pub(super) decoded_bytes: u64,
}

/// The ledger row of a file that was just loaded, in the order of [`ledger_columns`].
pub(super) fn ledger_row(spec: &LoadSpec, stamp: &LoadStamp, file: &LandedFile, counted: Counted) -> Vec<Cell> {
    let count = |n: u64| Cell::Integer(i128::from(n));
    vec![
        Cell::Text(stage_key(&spec.relation)),
        Cell::Text(file.name.clone()),
        Cell::Text(file.version.clone()),
        file.stamp.clone().map_or(Cell::Null, Cell::Text),
        Cell::Timestamp(stamp.now),
        file.modified.map_or(Cell::Null, Cell::Timestamp),
        count(file.size),
        count(counted.decoded_bytes),
        count(counted.rows),
        count(counted.quarantined),
        Cell::Text(stamp.load_id.clone()),
        Cell::Timestamp(stamp.now),
        Cell::Text(Status::Loaded.as_str().to_owned()),
    ]
}
