//! Whether metrics, semantic models and saved queries name what is there, and have days to count over (dbt: `parser/manifest.py`,
//! `contracts/graph/semantic_manifest.py`, `contracts/graph/unparsed.py`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::semantic::{inputs, names};
use super::{Graph, Node};
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::project::{NodeKind, Project};
use crate::source::{Sources, Span};

/// The model that counts days where none says so itself.
const DAYS: &str = "metricflow_time_spine";

/// The granularities of time spines that reach down to days.
const DAILY: [&str; 7] = ["nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day"];

/// Reports names that mean nothing or something disabled, and time spines that are none.
pub(super) fn check(graph: &mut Graph, project: &Project, sources: &Sources, diagnostics: &mut Diagnostics) {
    let enabled = |kind: NodeKind| graph.nodes.values().filter(move |node| node.kind == kind);
    let mut broken = Vec::new();
    for node in enabled(NodeKind::Metric).chain(enabled(NodeKind::SavedQuery)) {
        let found = unknown_inputs(graph, node);
        broken.extend((!found.is_empty()).then(|| node.unique_id.clone()));
        diagnostics.extend(found);
    }
    for node in enabled(NodeKind::Model) {
        let Some(spine) = node.declared.get("time_spine").filter(|spine| spine.is_object()) else { continue };
        let entry = node.patch.and_then(|index| project.entries.get(index));
        let place = |steps: &[Step]| entry.map_or_else(|| node.place(), |entry| entry.span(sources, steps));
        diagnostics.extend(wrong_spine(node, spine, &place));
    }
    diagnostics.extend(repeated_names(graph));
    if let Some(first) = enabled(NodeKind::SemanticModel).next()
        && !counts_days(graph)
    {
        let message = "semantic models need a model that counts time in days or less, and there is none";
        let help = "add `time_spine:` to a model with a row for each day, whose column has `granularity: day`";
        diagnostics.push(Diagnostic::error(Code::MissingInput, message).at(first.span()).help(help));
    }
    graph.broken.extend(broken);
}

/// The measures and metrics that a metric or a saved query names and that nobody has, or only something disabled.
fn unknown_inputs(graph: &Graph, node: &Node) -> Vec<Diagnostic> {
    let (measures, metrics) = inputs(node);
    let named = |kind: NodeKind, name: &str, node: &Node| match kind {
        NodeKind::Metric => node.name == name,
        _ => names(node.declared.get("measures")).iter().any(|measure| measure == name),
    };
    let problem = |(kind, name): (NodeKind, &String)| {
        let all = || graph.nodes.values().filter(move |node| node.kind == kind);
        if all().any(|node| named(kind, name, node)) {
            return None;
        }
        let off = graph.disabled.iter().find(|node| node.kind == kind && named(kind, name, node));
        let (word, known): (_, Vec<String>) = match kind {
            NodeKind::Metric => ("metric", all().map(|node| node.name.clone()).collect()),
            _ => ("measure", all().flat_map(|node| names(node.declared.get("measures"))).collect()),
        };
        let problem = match off {
            Some(off) if kind == NodeKind::Metric => Diagnostic::error(
                Code::DisabledRef,
                format!("the metric `{name}` is disabled, and `{}` reads it", node.name),
            )
            .label(off.span(), "disabled")
            .help("enable it, or disable this as well"),
            Some(off) => {
                let message = format!("the measure `{name}` is one of `{}`, which is disabled", off.name);
                Diagnostic::error(Code::DisabledRef, message).help("enable the semantic model, or disable this as well")
            }
            None => {
                let near = did_you_mean(name, known.iter().map(String::as_str));
                let help = near.map_or_else(
                    || format!("declare the {word}, or remove it here"),
                    |near| format!("did you mean `{near}`?"),
                );
                Diagnostic::error(Code::UnknownRef, format!("no {word} `{name}`")).help(help)
            }
        };
        let mut problem = problem.node(&node.unique_id);
        problem.labels.insert(0, crate::diagnostic::Label { span: node.span(), text: String::new() });
        Some(problem)
    };
    let measures = measures.iter().map(|name| (NodeKind::SemanticModel, name));
    measures.chain(metrics.iter().map(|name| (NodeKind::Metric, name))).filter_map(problem).collect()
}

/// Names that mean two things: within a semantic model, and measures anywhere (dbt: `UniqueAndValidNameRule`,
/// `SemanticModelMeasuresUniqueRule`).
fn repeated_names(graph: &Graph) -> Vec<Diagnostic> {
    const LISTS: [(&str, &str); 3] = [("measures", "measure"), ("entities", "entity"), ("dimensions", "dimension")];
    let mut problems = Vec::new();
    let mut measures: BTreeMap<String, &Node> = BTreeMap::new();
    for node in graph.nodes.values().filter(|node| node.kind == NodeKind::SemanticModel) {
        let mut known: BTreeMap<String, &str> = BTreeMap::new();
        for (list, word) in LISTS {
            for name in names(node.declared.get(list)) {
                let elsewhere = if list == "measures" { measures.get(&name) } else { None };
                let why = match (known.get(&name), elsewhere) {
                    (Some(first), _) => format!("it is the name of a {first} of `{}`", node.name),
                    (None, Some(other)) => format!("`{}` has a measure of this name", other.name),
                    (None, None) => String::new(),
                };
                if !why.is_empty() {
                    let message = format!("the {word} `{name}` of `{}` cannot be told apart: {why}", node.name);
                    let problem = Diagnostic::error(Code::DuplicateName, message).at(node.span());
                    problems.push(problem.node(&node.unique_id).help("rename one of them"));
                }
                if list == "measures" {
                    measures.entry(name.clone()).or_insert(node);
                }
                known.entry(name).or_insert(word);
            }
        }
    }
    problems
}

/// Whether a time spine reaches down to days.
fn counts_days(graph: &Graph) -> bool {
    let is_daily = |node: &Node| {
        let column =
            node.declared.get("time_spine").and_then(|spine| spine.get("standard_granularity_column")?.as_str());
        let granularity = column.and_then(|column| node.columns.get(column)?.granularity.as_deref());
        granularity.is_some_and(|granularity| DAILY.contains(&granularity))
    };
    graph.nodes.values().any(|node| node.kind.is_refable() && (node.name == DAYS || is_daily(node)))
}

/// What is wrong with the columns that a time spine names.
fn wrong_spine(node: &Node, spine: &Value, place: &dyn Fn(&[Step]) -> Span) -> Option<Diagnostic> {
    let known = || node.columns.keys().map(String::as_str);
    let missing = |name: &str, steps: &[Step]| {
        let help = match did_you_mean(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it under `columns:` of `{}`", node.name),
        };
        let message = format!("`{}` has no column `{name}`, which its time spine names", node.name);
        Diagnostic::error(Code::BadConfig, message).at(place(steps)).node(&node.unique_id).help(help)
    };
    let standard: [Step; 2] = ["time_spine".into(), "standard_granularity_column".into()];
    let name = spine.get("standard_granularity_column").and_then(Value::as_str)?;
    let Some(column) = node.columns.get(name) else { return Some(missing(name, &standard)) };
    if column.granularity.is_none() {
        let message = format!("column `{name}` of `{}` has no `granularity`, and its time spine needs one", node.name);
        let problem = Diagnostic::error(Code::BadConfig, message).at(place(&standard)).node(&node.unique_id);
        return Some(problem.help("add `granularity: day`, or what it is, to the column"));
    }
    let custom = spine.get("custom_granularities").and_then(Value::as_array).into_iter().flatten();
    custom.enumerate().find_map(|(index, granularity)| {
        let text = |key: &str| granularity.get(key).and_then(Value::as_str);
        let column = text("column_name").or_else(|| text("name"))?;
        let steps: [Step; 3] = ["time_spine".into(), "custom_granularities".into(), index.into()];
        (!node.columns.contains_key(column)).then(|| missing(column, &steps))
    })
}
