//! Loading on Snowflake itself: `COPY INTO` and the ledger's rows in one transaction.
//!
//! Snowflake reads the files from a stage; what it loaded is read from the stage table and not assumed. `FORCE = FALSE`
//! leaves Snowflake's own load history as a second guard; a file that it passes over makes the transaction fail, since
//! the ledger would otherwise name rows that are not there.

use super::run::{FileReport, LoadReport, LoadRun, make_way, moment, transaction};
use super::stage::{ledger_columns, stage_columns, stage_key, text};
use super::{Format, LoadError, LoadErrorKind, LoadPlan, LoadSpec, LoadStamp, OnError, Place, PlannedFile, Why};
use crate::sql::Dialect;
use crate::warehouse::{Cell, Outcome, fold};

/// Snowflake takes this many names in `FILES`.
const FILES_PER_COPY: usize = 1000;

/// The files of one transaction and its statements, without those that make way for a changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyBatch {
    /// The files.
    pub files: Vec<PlannedFile>,
    /// The `COPY INTO` statement.
    pub copy: String,
    /// The insert into the ledger, with the rows counted in the stage table.
    pub ledger: String,
    /// The query that gives each file's name and rows.
    pub count: String,
}

/// Renders the plan for Snowflake, at most 1,000 files at a time.
///
/// # Errors
/// What `COPY INTO` cannot do: folders on disk, CSV headers, quarantine.
pub fn copy_batches(
    spec: &LoadSpec,
    stage: &str,
    plan: &LoadPlan,
    stamp: &LoadStamp,
) -> Result<Vec<CopyBatch>, LoadError> {
    let Place::Bucket { bucket, prefix } = &spec.location.place else {
        return Err(LoadError::spec("Snowflake cannot read a folder of this machine")
            .help("use an `s3://` location with a stage, or the embedded engine"));
    };
    if spec.on_error == OnError::Quarantine {
        return Err(LoadError::spec("`on_error: quarantine` is not supported when Snowflake reads the files")
            .help("use `on_error: fail`"));
    }
    let strip = match &spec.format {
        Format::JsonLines => false,
        Format::JsonDocuments { strip_outer_array } => *strip_outer_array,
        Format::Csv { .. } => {
            return Err(LoadError::spec("CSV is not supported when Snowflake reads the files")
                .help("land JSON lines, or use the embedded engine"));
        }
    };
    // A version that was replaced and came back is in Snowflake's own history, which must be overruled for it.
    let (again, fresh): (Vec<_>, Vec<_>) =
        plan.files.iter().cloned().partition(|planned| matches!(planned.why, Why::Reverted { .. }));
    let below = if prefix.is_empty() { 0 } else { prefix.len() + 1 };
    let render = |files: &[PlannedFile], force: bool| CopyBatch {
        files: files.to_vec(),
        copy: copy_statement(spec, stage, &CopyText { bucket, below, strip, force }, (files, stamp)),
        ledger: ledger_statement(spec, files, stamp),
        count: count_query(spec, stamp),
    };
    let fresh = fresh.chunks(FILES_PER_COPY).map(|files| render(files, false));
    Ok(fresh.chain(again.chunks(FILES_PER_COPY).map(|files| render(files, true))).collect())
}

/// What varies in the text of a `COPY INTO`.
struct CopyText<'a> {
    bucket: &'a str,
    below: usize,
    strip: bool,
    force: bool,
}

fn literal(value: &str) -> String {
    text(value, Dialect::Snowflake)
}

fn copy_statement(
    spec: &LoadSpec,
    stage: &str,
    copy: &CopyText<'_>,
    (files, stamp): (&[PlannedFile], &LoadStamp),
) -> String {
    let names: Vec<String> =
        files.iter().map(|planned| format!("    {}", literal(&planned.file.key[copy.below..]))).collect();
    format!(
        "copy into {table} ({columns})\nfrom (\n    select\n        $1,\n        {bucket} || metadata$filename,\n        \
         metadata$file_content_key,\n        metadata$file_row_number,\n        metadata$file_last_modified,\n        \
         {load_id},\n        {now}::timestamp_ntz\n    from {stage}\n)\nfiles = (\n{names}\n)\n\
         file_format = (type = json strip_outer_array = {strip})\non_error = abort_statement\nforce = {force}",
        table = spec.relation,
        columns = stage_columns().join(", "),
        bucket = literal(&format!("s3://{}/", copy.bucket)),
        load_id = literal(&stamp.load_id),
        now = moment(stamp),
        names = names.join(",\n"),
        strip = copy.strip,
        force = copy.force,
    )
}

/// The rows that this load brought, by file.
fn count_query(spec: &LoadSpec, stamp: &LoadStamp) -> String {
    let load_id = literal(&stamp.load_id);
    format!("select _file, count(*) as row_count from {} where _load_id = {load_id} group by _file", spec.relation)
}

fn ledger_statement(spec: &LoadSpec, files: &[PlannedFile], stamp: &LoadStamp) -> String {
    let now = moment(stamp);
    let values: Vec<String> = files
        .iter()
        .map(|PlannedFile { file, .. }| {
            let modified = file.modified.map_or_else(|| "null".to_owned(), |at| format!("'{at}'"));
            format!("    ({}, {}, {modified}, {})", literal(&file.name), literal(&file.version), file.size)
        })
        .collect();
    format!(
        "insert into {ledger} ({columns})\nselect\n    {key}, f.file_name, f.file_version, null, {now}::timestamp_ntz, \
         f.file_modified::timestamp_ntz, f.stored_bytes,\n    null, coalesce(r.row_count, 0), 0, {load_id}, \
         {now}::timestamp_ntz, 'loaded'\nfrom (values\n{values}\n) as f (file_name, file_version, file_modified, \
         stored_bytes)\nleft join (\n    {count}\n) as r on r._file = f.file_name",
        ledger = spec.ledger,
        columns = ledger_columns().join(", "),
        key = literal(&stage_key(&spec.relation)),
        load_id = literal(&stamp.load_id),
        values = values.join(",\n"),
        count = count_query(spec, stamp),
    )
}

/// Runs the plan through Snowflake.
pub(super) fn load(
    run: &mut LoadRun<'_>,
    spec: &LoadSpec,
    stage: &str,
    plan: &LoadPlan,
) -> Result<LoadReport, LoadError> {
    let mut report = LoadReport::default();
    for batch in copy_batches(spec, stage, plan, &run.stamp)? {
        let loaded = transaction(run, |run| copy_batch(run, spec, &batch))?;
        report.files.extend(loaded);
    }
    Ok(report)
}

fn copy_batch(run: &mut LoadRun<'_>, spec: &LoadSpec, batch: &CopyBatch) -> Result<Vec<FileReport>, LoadError> {
    for planned in &batch.files {
        if make_way(run, spec, planned)? {
            forget(run, spec, planned)?;
        }
    }
    let copied = run.session.execute(&batch.copy)?;
    check_loaded(&copied, batch.files.len())?;
    run.session.execute(&batch.ledger)?;
    let counted = run.session.execute(&batch.count)?;
    let rows_of = |name: &str| {
        let row = counted.table.rows.iter().find(|row| matches!(row.first(), Some(Cell::Text(file)) if file == name));
        row.and_then(|row| super::ledger::number(row.get(1)?)).unwrap_or_default()
    };
    let reports = batch.files.iter().map(|PlannedFile { file, why }| FileReport {
        file: file.clone(),
        why: why.clone(),
        rows: rows_of(&file.name),
        quarantined: 0,
    });
    Ok(reports.collect())
}

/// The ledger row of a version that was replaced and is loaded again gives way to the new one.
fn forget(run: &mut LoadRun<'_>, spec: &LoadSpec, planned: &PlannedFile) -> Result<(), LoadError> {
    let (key, file) = (literal(&stage_key(&spec.relation)), literal(&planned.file.name));
    let version = literal(&planned.file.version);
    let which = format!("stage_table = {key} and file_name = {file} and file_version = {version}");
    run.session.execute(&format!("delete from {} where {which}", spec.ledger))?;
    Ok(())
}

/// Snowflake answers with one row per file that it read.
fn check_loaded(copied: &Outcome, wanted: usize) -> Result<(), LoadError> {
    let status = copied.table.columns.iter().position(|column| fold(&column.name) == "status");
    let loaded = status.map_or(0, |at| {
        let rows = copied.table.rows.iter();
        rows.filter(|row| matches!(row.get(at), Some(Cell::Text(word)) if word.eq_ignore_ascii_case("loaded"))).count()
    });
    if loaded == wanted {
        return Ok(());
    }
    Err(LoadError::new(LoadErrorKind::Store, format!("Snowflake read {loaded} of {wanted} files"))
        .help("check that the stage's URL is the location; a file in Snowflake's own load history is passed over"))
}
