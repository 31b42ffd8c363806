//! Whether microbatch models are configured so that they can be built (dbt: `check_valid_microbatch_config`).

use std::sync::Arc;

use serde_json::json;

use super::configuration::config_text;
use super::{Graph, Node};
use crate::config::{BatchSize, event_time};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// The flag by which a strategy that the project brings along runs in batches as the built-in one does.
pub(super) const FLAG: &str = "require_batched_execution_for_custom_microbatch_strategy";

/// Checks every microbatch model, and writes its `begin` as dbt keeps it. Where the project has a strategy of that name itself,
/// nothing is checked; `own_strategy` says whether it runs in batches.
pub(super) fn check(graph: &mut Graph, own_strategy: Option<bool>, diagnostics: &mut Diagnostics) {
    let is_microbatch = |node: &&Node| node.is_microbatch();
    if let Some(batched) = own_strategy {
        let first = graph.nodes.values().find(is_microbatch).filter(|_| !batched);
        diagnostics.extend(first.map(outside_of_batches));
        return;
    }
    let ids: Vec<String> = graph.nodes.values().filter(is_microbatch).map(|node| node.unique_id.clone()).collect();
    for id in ids {
        let node = &graph.nodes[&id];
        let problems = problems(node);
        let begin = node.setting_text("begin").and_then(event_time);
        let reads_times = node
            .depends_on
            .iter()
            .filter_map(|parent| graph.nodes.get(parent))
            .any(|parent| parent.setting("event_time").is_some());
        if problems.is_empty() && !reads_times {
            diagnostics.push(reads_everything(node));
        }
        if !problems.is_empty() {
            graph.broken.insert(id.clone());
        }
        diagnostics.extend(problems);
        if let (Some(begin), Some(node)) = (begin, graph.nodes.get_mut(&id)) {
            let text = begin.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string();
            Arc::make_mut(&mut node.config).insert("begin".to_owned(), json!(text));
        }
    }
}

fn outside_of_batches(node: &Node) -> Diagnostic {
    let message = format!("`{}` is built at once by the project's own `get_incremental_microbatch_sql`", node.name);
    let problem = Diagnostic::deprecation("MicrobatchMacroOutsideOfBatchesDeprecation", message).at(node.span());
    problem.node(&node.unique_id).help(format!("set the flag `{FLAG}` to run it in batches"))
}

fn reads_everything(node: &Node) -> Diagnostic {
    let message =
        format!("microbatch model `{}` reads nothing with an `event_time`: each batch reads everything", node.name);
    Diagnostic::warning(Code::BadConfig, message)
        .at(node.span())
        .node(&node.unique_id)
        .event("MicrobatchModelNoEventTimeInputs")
        .help("configure `event_time` on the models, seeds or sources that it reads")
}

fn problems(node: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut report = |message: String, help: &str| {
        let message = format!("microbatch model `{}` {message}", node.name);
        found.push(Diagnostic::error(Code::BadConfig, message).at(node.span()).node(&node.unique_id).help(help));
    };
    let shown = |key: &str| node.setting(key).map(config_text).unwrap_or_default();
    match node.setting("event_time") {
        None => report("needs `event_time`".to_owned(), "name the column that says when a row happened"),
        Some(value) if !value.is_string() => {
            report(format!("has an `event_time` that is no text: {}", shown("event_time")), "name a column");
        }
        Some(_) => {}
    }
    match node.setting("begin") {
        None => report("needs `begin`".to_owned(), "say when the first batch begins: `begin: 2024-01-01`"),
        Some(value) if value.as_str().and_then(event_time).is_none() => {
            report(
                format!("has a `begin` that is no time: {}", shown("begin")),
                "write 2024-01-31, or with a time of day",
            );
        }
        Some(_) => {}
    }
    match node.setting_text("batch_size").map(BatchSize::from_word) {
        None => report("needs `batch_size`".to_owned(), "use hour, day, month or year"),
        Some(None) => {
            report(format!("has an unknown `batch_size`: {}", shown("batch_size")), "use hour, day, month or year");
        }
        Some(Some(_)) => {}
    }
    if node.setting("lookback").is_some_and(|value| !value.is_i64()) {
        report(format!("has a `lookback` that is no whole number: {}", shown("lookback")), "count batches");
    }
    if node.setting("concurrent_batches").is_some_and(|value| !value.is_boolean()) {
        report("has a `concurrent_batches` that is neither true nor false".to_owned(), "write true or false");
    }
    found
}
