//! Results in dbt's words: what `run_results.json` says beyond statuses and times.

use serde_json::{Map, Value, json};

use super::driver::Loaded;
use crate::artifact::run_results::NodeResult as Record;
use crate::execute::{NodeResult, Status, worker_name};
use crate::graph::Node;
use crate::project::NodeKind;
use crate::sql::Dialect;

/// The record of a result as dbt writes it.
pub(super) fn worded(loaded: &Loaded, result: &NodeResult, record: Record) -> Record {
    let Some(node) = loaded.graph.node(&result.unique_id) else { return record };
    let record = match node.kind {
        NodeKind::Operation => hook(node, result, record),
        NodeKind::Seed => seed(loaded, node, result, record),
        _ => record,
    };
    if result.status == Status::Skipped {
        return skipped(node, result, record);
    }
    if loaded.session.facts.dialect == Dialect::DuckDb && !record.adapter_response.is_empty() {
        return said_by_duckdb(node, record);
    }
    record
}

/// A hook belongs to no worker, and its record names it as messages do.
fn hook(node: &Node, result: &NodeResult, record: Record) -> Record {
    let moment = node.tags.iter().find(|tag| tag.starts_with("on-run-")).map_or("", String::as_str);
    let index = node.declared.get("index").and_then(Value::as_u64).unwrap_or(0);
    let name = format!("{}.{moment}.{index}", node.package);
    let (message, failures) = match result.status {
        Status::Success => (format!("{name} passed"), 0),
        Status::Skipped => (format!("{name} skipped"), 1),
        _ => (format!("{name} failed, error:\n {}", result.message), 1),
    };
    let code = record.compiled_code.clone().or_else(|| Some(result.statements.join("\n")));
    Record {
        thread: "main".to_owned(),
        adapter_response: Map::new(),
        message: Some(message),
        failures: Some(failures),
        compiled: Some(true),
        compiled_code: code.filter(|code| !code.is_empty()),
        ..record
    }
}

/// A seed is never compiled; what it did is called by the statement dbt would use.
fn seed(loaded: &Loaded, node: &Node, result: &NodeResult, record: Record) -> Record {
    let record = Record { compiled: None, compiled_code: None, relation_name: None, ..record };
    let (Status::Success, Some(rows)) = (result.status, result.rows) else { return record };
    let is_new = node.setting("full_refresh").and_then(Value::as_bool).unwrap_or(loaded.options.run.full_refresh);
    let code = if is_new { "CREATE" } else { "INSERT" };
    let message = format!("{code} {rows}");
    let response = [("_message", json!(message)), ("code", json!(code)), ("rows_affected", json!(rows))];
    let adapter_response = response.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Record { adapter_response, message: Some(message), ..record }
}

/// What was skipped was not compiled, as far as dbt is concerned. Why is said where an ephemeral model is to blame.
fn skipped(node: &Node, result: &NodeResult, record: Record) -> Record {
    use NodeKind::{Exposure, Operation, SavedQuery, Seed, Source, UnitTest};
    let is_compiled = !matches!(node.kind, Exposure | Operation | SavedQuery | Seed | Source | UnitTest);
    Record {
        thread: if node.kind == NodeKind::Operation { record.thread } else { worker_name(1) },
        message: record.message.filter(|_| node.kind == NodeKind::Operation || result.problem.is_some()),
        compiled: is_compiled.then_some(false).or(record.compiled),
        compiled_code: record.compiled_code.filter(|_| !is_compiled),
        ..record
    }
}

/// dbt's adapter for `DuckDB` answers with one word, and never with a number of rows.
fn said_by_duckdb(node: &Node, record: Record) -> Record {
    if node.kind == NodeKind::Seed {
        return record;
    }
    let adapter_response = [("_message".to_owned(), json!("OK"))].into_iter().collect();
    Record { adapter_response, ..record }
}
