//! What the analysis found wrong, as diagnostics at the place in the template.

use serde_json::Value;

use super::lint::Linter;
use super::place::Places;
use super::query::Finding;
use super::{Analysis, NodeAnalysis};
use crate::compile::{Compilation, Compiled};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, permissions};
use crate::graph::{Graph, Node};
use crate::source::Span;
use crate::sql::query::Name;
use crate::sql::{Dialect, ValueType};

/// Reports the findings of all nodes, in the graph's order: as warnings, since the warehouse has the last word. Nothing is found
/// where the columns in scope are not all known. Lints are told for the root project's own files.
pub fn report_findings(
    (graph, compilation): (&Graph, &Compilation),
    analysis: &Analysis,
    places: &Places<'_>,
    diagnostics: &mut Diagnostics,
) {
    let linter = Linter::new(graph, compilation, analysis, places);
    for (at, node) in graph.nodes.values().enumerate() {
        let (Some(found), Some(compiled)) = (analysis.node(at), compilation.nodes.get(&node.unique_id)) else {
            continue;
        };
        declared_columns(node, found, graph.dialect, diagnostics);
        let mut said: Vec<(&str, std::ops::Range<usize>)> = Vec::new();
        for finding in found.findings() {
            let key = (finding.code, finding.range.clone());
            if said.contains(&key) || !is_told(graph, node, compiled, finding) {
                continue;
            }
            said.push(key);
            if let Some(code) = Code::by_name(finding.code) {
                diagnostics.push(diagnostic(node, compiled, code, finding));
            }
        }
        linter.node(at, node, diagnostics);
        if node.package == graph.root {
            diagnostics.extend(misnamed(node, places));
        }
    }
}

/// Comments of a model that allow what is no problem's name.
fn misnamed(node: &Node, places: &Places<'_>) -> Vec<Diagnostic> {
    let text = places.sources.text(node.file);
    let unknown = permissions(text).into_iter().filter(|one| Code::by_name(one.code).is_none());
    let told = unknown.map(|one| {
        let near = did_you_mean(one.code, Code::ALL.iter().map(|code| code.as_str()));
        let help =
            near.map_or_else(|| "`merganser explain` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        Diagnostic::warning(Code::UnusedLevel, format!("there is no problem `{}`", one.code))
            .node(&node.unique_id)
            .at(Span::new(node.file, one.range))
            .help(help)
    });
    told.collect()
}

/// Whether a finding is told: one that is a matter of taste only where its text can be changed, in the model's own file.
fn is_told(graph: &Graph, node: &Node, compiled: &Compiled, finding: &Finding) -> bool {
    let is_written = |needs_all: bool| {
        let place = compiled.map.locate(&finding.range);
        node.package == graph.root && place.is_some_and(|(span, exact)| span.file == node.file && (exact || !needs_all))
    };
    match finding.code {
        "unused-cte" => is_written(true),
        "implicit-cross-join" => is_written(false),
        _ => true,
    }
}

/// Columns of YAML files and keys of incremental models that the SQL does not give.
fn declared_columns(node: &Node, found: &NodeAnalysis, dialect: Dialect, diagnostics: &mut Diagnostics) {
    if found.schema.open.is_some() || found.schema.is_declared || found.is_origin {
        return;
    }
    let has = |name: &str, quoted: bool| {
        let key = Name::written(name, quoted, dialect).key;
        // Whether a declaration means the name in quotes is not always said.
        found.schema.columns.iter().any(|column| column.name.key == key || column.name.text.eq_ignore_ascii_case(name))
    };
    let names: Vec<&str> = found.schema.columns.iter().map(|column| &*column.name.text).collect();
    let missing = |what: String, name: &str, span: Span| {
        let help = did_you_mean(name, names.iter().copied())
            .map_or_else(|| format!("its columns are: {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
        Diagnostic::warning(Code::UnknownColumn, what).node(&node.unique_id).at(span).help(help)
    };
    for column in node.columns.values() {
        if !has(&column.name, column.quote == Some(true)) {
            let what = format!("`{}` has no column `{}`, which is declared here", node.name, column.name);
            diagnostics.push(missing(what, &column.name, column.span));
        }
    }
    contract(node, found, dialect, diagnostics);
    if node.materialized() != "incremental" {
        return;
    }
    let keys: Vec<&str> = match node.setting("unique_key") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_name = |key: &&str| !key.is_empty() && key.chars().all(|c| c == '_' || c.is_alphanumeric());
    for key in keys.into_iter().filter(is_name).filter(|key| !has(key, false)) {
        let what = format!("`{}` has no column `{key}`, which is its `unique_key`", node.name);
        diagnostics.push(missing(what, key, node.span()));
    }
}

/// What an enforced contract says otherwise than the SQL.
fn contract(node: &Node, found: &NodeAnalysis, dialect: Dialect, diagnostics: &mut Diagnostics) {
    let enforced = node.setting("contract").and_then(|contract| contract.get("enforced")).and_then(Value::as_bool);
    if enforced != Some(true) {
        return;
    }
    let declared = |name: &str| node.columns.values().find(|column| column.name.eq_ignore_ascii_case(name));
    for column in &found.schema.columns {
        let Some(declared) = declared(&column.name.text) else {
            let message = format!("the contract of `{}` does not declare `{}`", node.name, column.name.text);
            let help = "add the column to the YAML file, or leave it out of the SQL";
            diagnostics.push(
                Diagnostic::warning(Code::ContractBroken, message).node(&node.unique_id).at(node.span()).help(help),
            );
            continue;
        };
        let Some(written) = &declared.data_type else { continue };
        let wanted = ValueType::parse(written, dialect);
        if let (Some(wanted), Some(is)) = (wanted.rough(), column.data_type.rough())
            && wanted != is
        {
            let message = format!("`{}` is {is} ({}), and declared as {wanted}", declared.name, column.data_type);
            diagnostics.push(
                Diagnostic::warning(Code::ContractBroken, message)
                    .node(&node.unique_id)
                    .at(declared.span)
                    .help("cast it in the SQL, or declare what it is"),
            );
        }
    }
}

fn diagnostic(node: &Node, compiled: &Compiled, code: Code, finding: &Finding) -> Diagnostic {
    let located = compiled.map.locate(&finding.range);
    let mut diagnostic = Diagnostic::warning(code, finding.message.clone())
        .node(&node.unique_id)
        .at(located.map_or_else(|| node.span(), |(span, _)| span));
    diagnostic.help.clone_from(&finding.help);
    if !located.is_some_and(|(_, exact)| exact) {
        let start = finding.range.start.min(compiled.sql.len());
        let line = compiled.sql[..start].matches('\n').count();
        let lines: Vec<&str> = compiled.sql.lines().skip(line.saturating_sub(1)).take(3).collect();
        diagnostic = diagnostic.excerpt(lines.join("\n"));
    }
    diagnostic
}
