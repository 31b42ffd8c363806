//! Where external models of `DuckDB` are written and read (dbt-duckdb: `external_write_options`, `external_read_location`).

use minijinja::{Error, Value};
use serde_json::{Map, Value as Json, json};

use super::call::Call;
use crate::jinja::python;

/// Whether the value counts in Python.
fn is_set(value: Option<&Json>) -> bool {
    value.is_some_and(|value| python::from_json(value).is_true())
}

fn options(call: &Call) -> Result<Map<String, Json>, Error> {
    Ok(python::to_json(&call.required(1, "rendered_options")?)?.as_object().cloned().unwrap_or_default())
}

fn text(value: &Json) -> String {
    python::str(&python::from_json(value))
}

/// The options of `copy … to`: the format follows from the file's ending, unless it is said.
pub(super) fn write_options(call: &Call) -> Result<Value, Error> {
    let location = call.text(0, "write_location")?;
    let mut options = options(call)?;
    if !options.contains_key("format") {
        infer_format(&location, &mut options);
    }
    if options.get("format").is_some_and(|format| format == "csv") {
        options.entry("header").or_insert(json!(1));
    }
    if let Some(keys) = options.get_mut("partition_by") {
        let written = text(keys);
        if written.contains(',') && !written.starts_with('(') {
            *keys = json!(format!("({written})"));
        }
    }
    let written = options.iter().map(|(key, value)| {
        let value = text(value);
        let is_text = matches!(key.to_lowercase().as_str(), "delimiter" | "quote" | "escape" | "null");
        if is_text && !value.starts_with('\'') { format!("{key} '{value}'") } else { format!("{key} {value}") }
    });
    Ok(Value::from(written.collect::<Vec<_>>().join(", ")))
}

/// `data.csv.gz` is a compressed CSV file; without an ending a delimiter makes a CSV file, else it is Parquet.
fn infer_format(location: &str, options: &mut Map<String, Json>) {
    let name = location.rsplit('/').next().unwrap_or(location).trim_start_matches('.').to_lowercase();
    let mut endings = name.split('.').skip(1).collect::<Vec<_>>();
    let compression = match endings.last().copied() {
        Some("gz") => Some("gzip"),
        Some("zst") => Some("zstd"),
        _ => None,
    };
    if compression.is_some() {
        endings.pop();
    }
    let format = match endings.last().copied().filter(|ending| !ending.is_empty()) {
        Some(ending) => ending,
        None if options.contains_key("delimiter") => "csv",
        None => "parquet",
    };
    options.insert("format".to_owned(), json!(format));
    if let (Some(compression), false) = (compression, endings.is_empty()) {
        options.entry("compression").or_insert(json!(compression));
    }
}

/// What `read_…` is given: the file, or a pattern for the files of partitions and threads.
pub(super) fn read_location(call: &Call) -> Result<Value, Error> {
    let location = call.text(0, "write_location")?;
    let options = options(call)?;
    let keys = options.get("partition_by").filter(|keys| is_set(Some(keys))).map(text);
    if keys.is_none() && !is_set(options.get("per_thread_output")) {
        return Ok(Value::from(location));
    }
    let levels = keys.map_or(0, |keys| keys.split(',').count());
    let format = options.get("format").map_or_else(|| "parquet".to_owned(), text);
    Ok(Value::from(format!("{location}/*{}.{format}", "/*".repeat(levels))))
}
