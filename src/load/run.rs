//! Carrying a load out: files in transactions, each with its rows and its ledger row.

use std::sync::mpsc::Receiver;

use chrono::{DurationRound, TimeDelta};

use super::decode::Poison;
use super::fetch::{Arrived, start};
use super::ledger::{Counted, ledger_row};
use super::stage::{create_statements, ledger_columns, quarantine_columns, stage_columns, stage_key, text};
use super::{
    LandedFile, LoadError, LoadErrorKind, LoadPlan, LoadSpec, LoadStamp, OnChange, PlannedFile, Store, Through, Why,
    copy,
};
use crate::sql::Dialect;
use crate::warehouse::{Cell, Session};

/// What a load works with.
pub struct LoadRun<'a> {
    /// The one connection that writes, in autocommit mode.
    pub session: &'a mut dyn Session,
    /// The SQL the session is spoken to in.
    pub dialect: Dialect,
    /// The store that was listed.
    pub store: &'a Store,
    /// The load's id and time.
    pub stamp: LoadStamp,
}

/// What a load did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The files that were loaded, in order.
    pub files: Vec<FileReport>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The file.
    pub file: LandedFile,
    /// Why it was loaded.
    pub why: Why,
    /// The rows that were loaded.
    pub rows: u64,
    /// The lines that were quarantined.
    pub quarantined: u64,
}

impl LoadReport {
    /// The rows of all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// The quarantined lines of all files.
    pub fn quarantined(&self) -> u64 {
        self.files.iter().map(|file| file.quarantined).sum()
    }
}

/// Small files share a transaction up to this many stored bytes,
const GROUP_BYTES: u64 = 50 << 20;
/// and up to this many files.
const GROUP_FILES: usize = 1000;

/// Loads the plan's files: makes the tables that are missing, then loads in transactions of whole files.
///
/// # Errors
/// The first file that cannot be loaded. Transactions before it stay; its own left nothing; running again goes on.
pub fn load(run: &mut LoadRun<'_>, spec: &LoadSpec, plan: &LoadPlan) -> Result<LoadReport, LoadError> {
    if let Some(refused) = plan.refused.first() {
        return Err(refusal(refused, plan.refused.len()));
    }
    // Engines keep microseconds; what is written is what will be read.
    run.stamp.now = run.stamp.now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(run.stamp.now);
    prepare(run, spec, plan)?;
    match &spec.through {
        Through::Copy { stage } => copy::load(run, spec, stage, plan),
        Through::Append => append_all(run, spec, plan),
    }
}

fn refusal(refused: &PlannedFile, count: usize) -> LoadError {
    let others = if count > 1 { format!(", and {} other files too", count - 1) } else { String::new() };
    LoadError::new(LoadErrorKind::Changed, format!("the file was loaded before and {}{others}", refused.why))
        .in_file(&refused.file.name)
        .help("nothing was loaded; set `on_change` to `append_version` or `replace_file_rows` to load corrected files")
}

fn prepare(run: &mut LoadRun<'_>, spec: &LoadSpec, plan: &LoadPlan) -> Result<(), LoadError> {
    let mut statements = create_statements(spec, run.dialect);
    if plan.starts_over {
        // Before the stage table exists again, so that a crash in between starts over once more.
        let ours = text(&stage_key(&spec.relation), run.dialect);
        let forget = format!("delete from {} where stage_table = {ours}", spec.ledger);
        let stage_at = statements.iter().position(|s| s.starts_with("create table")).unwrap_or(statements.len());
        statements.insert(stage_at, forget);
    }
    for statement in statements {
        run.session.execute(&statement)?;
    }
    if !plan.touched.is_empty() {
        transaction(run, |run| plan.touched.iter().try_for_each(|file| renew_stamp(run, spec, file)))?;
    }
    Ok(())
}

fn renew_stamp(run: &mut LoadRun<'_>, spec: &LoadSpec, file: &LandedFile) -> Result<(), LoadError> {
    let stamp = file.stamp.as_deref().map_or_else(|| "null".to_owned(), |stamp| text(stamp, run.dialect));
    let seen = moment(&run.stamp);
    let which = entry_condition(spec, file, run.dialect);
    run.session.execute(&format!("update {} set file_stamp = {stamp}, seen_at = {seen} where {which}", spec.ledger))?;
    Ok(())
}

/// The load's time as a literal.
pub(super) fn moment(stamp: &LoadStamp) -> String {
    format!("'{}'", stamp.now.format("%Y-%m-%d %H:%M:%S%.6f"))
}

fn entry_condition(spec: &LoadSpec, file: &LandedFile, dialect: Dialect) -> String {
    format!("{} and file_version = {}", file_condition(spec, file, dialect), text(&file.version, dialect))
}

fn file_condition(spec: &LoadSpec, file: &LandedFile, dialect: Dialect) -> String {
    let stage = text(&stage_key(&spec.relation), dialect);
    format!("stage_table = {stage} and file_name = {}", text(&file.name, dialect))
}

/// Runs `work` in a transaction; a failure rolls it back.
pub(super) fn transaction<T>(
    run: &mut LoadRun<'_>,
    work: impl FnOnce(&mut LoadRun<'_>) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    run.session.execute("begin")?;
    let done = work(run).and_then(|value| run.session.execute("commit").map(|_| value).map_err(LoadError::from));
    if done.is_err() {
        // When the connection is gone the engine rolls back by itself; the first error is the one to report.
        let _ = run.session.execute("rollback");
    }
    done
}

/// The plan's files in groups that share a transaction.
fn groups(files: &[PlannedFile]) -> Vec<&[PlannedFile]> {
    let mut groups = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, planned) in files.iter().enumerate() {
        if at > start && (bytes + planned.file.size > GROUP_BYTES || at - start == GROUP_FILES) {
            groups.push(&files[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += planned.file.size;
    }
    if start < files.len() {
        groups.push(&files[start..]);
    }
    groups
}

fn append_all(run: &mut LoadRun<'_>, spec: &LoadSpec, plan: &LoadPlan) -> Result<LoadReport, LoadError> {
    let (store, stamp) = (run.store, run.stamp.clone());
    let mut report = LoadReport::default();
    std::thread::scope(|scope| {
        let arrived = start(scope, spec, store, &stamp, &plan.files);
        for group in groups(&plan.files) {
            let loaded = transaction(run, |run| append_group(run, spec, group, &arrived));
            report.files.extend(loaded.map_err(|error| with_progress(error, &report))?);
        }
        Ok(report)
    })
}

fn with_progress(error: LoadError, report: &LoadReport) -> LoadError {
    let done = match report.files.len() {
        0 => return error,
        1 => "1 file before it was loaded and stays".to_owned(),
        n => format!("{n} files before it were loaded and stay"),
    };
    let help = error.help.as_ref().map_or_else(|| done.clone(), |help| format!("{help} ({done})"));
    error.help(help)
}

fn append_group(
    run: &mut LoadRun<'_>,
    spec: &LoadSpec,
    group: &[PlannedFile],
    arrived: &Receiver<Arrived>,
) -> Result<Vec<FileReport>, LoadError> {
    let mut reports = Vec::new();
    let mut entries = Vec::new();
    for planned in group {
        let known = make_way(run, spec, planned)?;
        let counted = append_file(run, spec, &planned.file, arrived)?;
        let entry = ledger_row(spec, &run.stamp, &planned.file, counted);
        if known {
            revive(run, spec, &planned.file, counted)?;
        } else {
            entries.push(entry);
        }
        let (rows, quarantined) = (counted.rows, counted.quarantined);
        reports.push(FileReport { file: planned.file.clone(), why: planned.why.clone(), rows, quarantined });
    }
    if !entries.is_empty() {
        run.session.append(&spec.ledger, &ledger_columns(), entries)?;
    }
    Ok(reports)
}

/// Deletes the rows of a changed file's version before, where the spec says so. True when the ledger has a row for the
/// version that is to be loaded.
pub(super) fn make_way(run: &mut LoadRun<'_>, spec: &LoadSpec, planned: &PlannedFile) -> Result<bool, LoadError> {
    if spec.on_change == OnChange::ReplaceFileRows && planned.why != Why::New {
        let file = text(&planned.file.name, run.dialect);
        run.session.execute(&format!("delete from {} where _file = {file}", spec.relation))?;
        let which = file_condition(spec, &planned.file, run.dialect);
        run.session.execute(&format!("update {} set status = 'replaced' where {which}", spec.ledger))?;
    }
    Ok(matches!(planned.why, Why::Reverted { .. }))
}

/// Turns the ledger row of a replaced version into that of a loaded one.
fn revive(run: &mut LoadRun<'_>, spec: &LoadSpec, file: &LandedFile, counted: Counted) -> Result<(), LoadError> {
    let stamp = file.stamp.as_deref().map_or_else(|| "null".to_owned(), |stamp| text(stamp, run.dialect));
    let now = moment(&run.stamp);
    let sql = format!(
        "update {} set status = 'loaded', row_count = {}, quarantined_count = {}, file_stamp = {stamp}, \
         seen_at = {now}, load_id = {}, loaded_at = {now} where {}",
        spec.ledger,
        counted.rows,
        counted.quarantined,
        text(&run.stamp.load_id, run.dialect),
        entry_condition(spec, file, run.dialect)
    );
    run.session.execute(&sql)?;
    Ok(())
}

fn append_file(
    run: &mut LoadRun<'_>,
    spec: &LoadSpec,
    file: &LandedFile,
    arrived: &Receiver<Arrived>,
) -> Result<Counted, LoadError> {
    let mut appended = 0;
    let mut poisons = Vec::new();
    let counted = loop {
        match arrived.recv() {
            Ok(Arrived::Rows(rows)) => {
                appended += rows.len() as u64;
                run.session.append(&spec.relation, &stage_columns(), rows)?;
            }
            Ok(Arrived::Poison(poison)) => poisons.push(quarantine_row(run, spec, file, poison)),
            Ok(Arrived::End(counted)) => break counted,
            Ok(Arrived::Failed(error)) => return Err(*error),
            Err(_) => unreachable!("the decoding thread sends an end or a failure for every file"),
        }
    };
    debug_assert_eq!(appended, counted.rows, "every decoded row is sent");
    if !poisons.is_empty() {
        run.session.append(&spec.quarantine, &quarantine_columns(), poisons)?;
    }
    Ok(counted)
}

/// A row in the order of the quarantine's columns.
fn quarantine_row(run: &LoadRun<'_>, spec: &LoadSpec, file: &LandedFile, poison: Poison) -> Vec<Cell> {
    let count = |n: u64| Cell::Integer(i128::from(n));
    vec![
        Cell::Text(stage_key(&spec.relation)),
        Cell::Text(file.name.clone()),
        Cell::Text(file.version.clone()),
        count(poison.row),
        count(poison.place.line),
        count(poison.place.byte),
        count(poison.length),
        Cell::Text(poison.text),
        Cell::Text(poison.reason),
        Cell::Text(run.stamp.load_id.clone()),
        Cell::Timestamp(run.stamp.now),
    ]
}
