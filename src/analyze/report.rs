//! What the analysis found wrong, as diagnostics at the place in the template.

use rayon::prelude::*;

use super::Analysis;
use super::declared::Declared;
use super::lint::Linter;
use super::place::Places;
use super::query::Finding;
use crate::compile::{Compilation, Compiled};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, permissions};
use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::source::Span;
use crate::sql::SYNTAX;

/// Reports the findings of all nodes, in the graph's order: as warnings, since the warehouse has the last word. Nothing is found
/// where the columns in scope are not all known. Lints are told for the root project's own files.
pub fn report_findings(
    (graph, compilation): (&Graph, &Compilation),
    analysis: &Analysis,
    places: &Places<'_>,
    diagnostics: &mut Diagnostics,
) {
    let linter = Linter::new(graph, compilation, analysis, places);
    let of_node = |at: usize| {
        let mut diagnostics = Diagnostics::default();
        node_findings(&linter, at, &mut diagnostics);
        diagnostics.drain()
    };
    diagnostics.extend((0..graph.nodes.len()).into_par_iter().flat_map_iter(of_node).collect::<Vec<_>>());
}

/// Reports the findings of one node.
fn node_findings(linter: &Linter<'_>, at: usize, diagnostics: &mut Diagnostics) {
    let Linter { graph, compilation, analysis, places, .. } = *linter;
    let (Some(found), node) = (analysis.node(at), &graph.nodes[at]) else { return };
    let compiled = compilation.nodes.get(&node.unique_id);
    if compiled.is_some() || node.kind == NodeKind::Seed {
        Declared { node, found, compiled, places, dialect: graph.dialect }.check(diagnostics);
    }
    let Some(compiled) = compiled else { return };
    let mut said: Vec<(&str, std::ops::Range<usize>)> = Vec::new();
    for finding in found.findings() {
        let key = (finding.code, finding.range.clone());
        if said.contains(&key) || !is_told(graph, node, compiled, finding) {
            continue;
        }
        said.push(key);
        if node.test.is_some() && finding.code != SYNTAX {
            diagnostics.extend(test_found(node, compiled, finding, places));
        } else if let Some(code) = Code::by_name(finding.code) {
            diagnostics.push(diagnostic(node, compiled, code, finding));
        }
    }
    linter.node(at, node, diagnostics);
    if node.package == graph.root && node.test.is_none() {
        diagnostics.extend(misnamed(node, places));
    }
}

/// Whether the template has the name of a common table expression more often than the SQL: what is rendered another time may read it.
fn is_read_elsewhere(node: &Node, compiled: &Compiled, finding: &Finding) -> bool {
    let Some(name) = compiled.sql.get(finding.range.clone()) else { return true };
    let name = name.to_lowercase();
    let count = |text: &str| {
        let text = text.to_lowercase();
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        let is_whole = |at: usize| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part);
        text.match_indices(name.as_str()).filter(|(at, _)| is_whole(*at)).count()
    };
    count(&node.raw) > count(compiled.own_sql())
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
        SYNTAX => true,
        _ if node.test.is_some() => node.package == graph.root,
        "unused-cte" => is_written(true) && !is_read_elsewhere(node, compiled, finding),
        "implicit-cross-join" => is_written(false),
        _ => true,
    }
}

/// What is wrong in a generic test: a column that an argument names, at its place in the YAML file. What is wrong with the column it is
/// attached to is told of the column.
fn test_found(node: &Node, compiled: &Compiled, finding: &Finding, places: &Places<'_>) -> Option<Diagnostic> {
    let test = node.test.as_ref()?;
    let word = compiled.sql.get(finding.range.clone())?.rsplit('.').next()?.trim_matches('"');
    if finding.code != "unknown-column" || test.column_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(word))
    {
        return None;
    }
    let span = places.behind(test.span, "", word)?;
    let mut found = Diagnostic::warning(Code::UnknownColumn, finding.message.clone()).node(&node.unique_id).at(span);
    found.help.clone_from(&finding.help);
    Some(found)
}

fn diagnostic(node: &Node, compiled: &Compiled, code: Code, finding: &Finding) -> Diagnostic {
    let located = compiled.map.locate(&finding.range);
    let own = || node.test.as_ref().map_or_else(|| node.span(), |test| test.span);
    let mut diagnostic = Diagnostic::warning(code, finding.message.clone())
        .node(&node.unique_id)
        .at(located.map_or_else(own, |(span, _)| span));
    let look = || Some("check the compiled SQL with `merganser compile --select NAME`".to_owned());
    diagnostic.help = finding.help.clone().or_else(|| look().filter(|_| code == Code::SqlSyntax));
    if !located.is_some_and(|(_, exact)| exact) {
        let start = finding.range.start.min(compiled.sql.len());
        let line = compiled.sql[..start].matches('\n').count();
        let lines: Vec<&str> = compiled.sql.lines().skip(line.saturating_sub(1)).take(3).collect();
        diagnostic = diagnostic.excerpt(lines.join("\n"));
    }
    diagnostic
}
