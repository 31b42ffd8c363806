//! `DuckDB`'s errors as [`WarehouseError`]s. Sessions ask for errors as JSON, which carry the byte they are about.

use serde_json::Value;

use crate::warehouse::WarehouseError;
use crate::warehouse::statement::line_column;

/// The error of a statement, with its position in `sql`.
pub(super) fn statement_error(error: &duckdb::Error, sql: &str) -> WarehouseError {
    let duckdb::Error::DuckDBFailure(_, Some(text)) = error else {
        return conversion_error(error);
    };
    let json = text.find('{').and_then(|start| serde_json::from_str::<Value>(&text[start..]).ok());
    match json {
        Some(Value::Object(fields)) if fields.contains_key("exception_message") => {
            let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            let offset: Option<usize> = field("position").parse().ok();
            WarehouseError {
                position: offset.map(|offset| line_column(sql, offset)),
                ..plain_error(&format!("{} Error: {}", field("exception_type"), field("exception_message")))
            }
        }
        _ => plain_error(text),
    }
}

/// The error of an operation that is no statement: opening, attaching, appending.
pub(super) fn operation_error(error: &duckdb::Error) -> WarehouseError {
    statement_error(error, "")
}

/// What `DuckDB` says as text: `Catalog Error: ...`.
fn plain_error(text: &str) -> WarehouseError {
    let text = text.split("\n\nLINE ").next().unwrap_or(text).trim_end();
    let class = text.split_once(" Error: ").map(|(class, _)| class.to_owned());
    let retryable = class.as_deref() == Some("TransactionContext") && is_conflict(text) || is_lock_error(text);
    let mut error = WarehouseError { code: class, retryable, ..WarehouseError::new(text) };
    if is_lock_error(text) {
        error = locked(text);
    } else if text.starts_with("INTERRUPT Error") {
        error = WarehouseError { code: error.code, ..WarehouseError::new("the statement was cancelled") };
    } else if text.contains("is not a valid DuckDB database file") {
        error = error.help("the file is damaged or of another kind; move it away, or set `path` to another file");
    } else if text.starts_with("Out of Memory Error") {
        error = error.help("raise `memory_limit` or `max_temp_directory_size` under `settings`, or lower `threads`");
    }
    error
}

/// Whether another transaction got in the way, so that the same statement may succeed later.
fn is_conflict(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("conflict") || text.contains("altered by a different transaction")
}

/// Whether another process has the file open.
pub(super) fn is_lock_error(text: &str) -> bool {
    text.contains("Could not set lock on file")
}

/// `Could not set lock on file "F": Conflicting lock is held in EXE (PID N). ...`, said for people.
fn locked(text: &str) -> WarehouseError {
    let file = text.split('"').nth(1).unwrap_or("the database");
    let holder = text
        .split_once("lock is held in ")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("another process".to_owned(), |(holder, _)| format!("{holder})"));
    WarehouseError {
        code: Some("IO".to_owned()),
        retryable: true,
        ..WarehouseError::new(format!("`{file}` is in use by {holder}"))
    }
    .help("one process at a time can open a DuckDB file: close the other one, or set `path` to another file")
}

/// An error of the bindings, not of `DuckDB`.
fn conversion_error(error: &duckdb::Error) -> WarehouseError {
    let text = error.to_string();
    let error = WarehouseError::new(text.clone());
    if text.contains("Variant") {
        return error.help("cast the column to JSON or VARCHAR: a VARIANT value cannot be read out of DuckDB");
    }
    error
}
