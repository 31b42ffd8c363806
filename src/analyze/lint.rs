//! Lints: SQL that does what it says, and probably not what is wanted. Only the root project's nodes are looked at, and only what is
//! written in their own files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::edge::{EXTERNAL, NAMED, STAR};
use super::place::Places;
use super::query::{Mark, MarkKind};
use super::{Analysis, NodeAnalysis, Nulls};
use crate::compile::{Compilation, Compiled};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::query::Name;

/// Who reads which columns of a node with a star by their names: the readers' names, and the columns'.
type Readers<'a> = BTreeMap<u32, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// What the lints of a project need.
pub(super) struct Linter<'a> {
    pub(super) graph: &'a Graph,
    pub(super) compilation: &'a Compilation,
    pub(super) analysis: &'a Analysis,
    pub(super) places: &'a Places<'a>,
    readers: Readers<'a>,
}

impl<'a> Linter<'a> {
    pub(super) fn new(
        graph: &'a Graph,
        compilation: &'a Compilation,
        analysis: &'a Analysis,
        places: &'a Places<'a>,
    ) -> Self {
        let readers = readers(graph, analysis);
        Self { graph, compilation, analysis, places, readers }
    }

    /// Reports what one node's SQL and configuration show.
    pub(super) fn node(&self, at: usize, node: &Node, diagnostics: &mut Diagnostics) {
        let Some(found) = self.analysis.node(at).filter(|_| node.package == self.graph.root) else { return };
        let Some(compiled) = self.compilation.nodes.get(&node.unique_id) else { return };
        self.select_star(at, (node, found, compiled), diagnostics);
        let keeps_rows = node.materialized() == "incremental" || node.kind == NodeKind::Snapshot;
        if keeps_rows {
            for mark in found.marks() {
                diagnostics.extend(mark_found(node, compiled, mark));
            }
            self.keys(node, found, diagnostics);
        }
        self.primary_keys(node, found, diagnostics);
    }

    /// A star whose columns come from somewhere else, while readers count on some of them.
    fn select_star(
        &self,
        at: usize,
        (node, found, compiled): (&Node, &NodeAnalysis, &Compiled),
        diagnostics: &mut Diagnostics,
    ) {
        if node.kind == NodeKind::Snapshot {
            return;
        }
        let Some(readers) = u32::try_from(at).ok().and_then(|at| self.readers.get(&at)) else { return };
        let Some((star, passed)) = found.passed_on() else { return };
        let read = readers.iter().find_map(|(reader, columns)| {
            let columns: Vec<&str> = columns.iter().filter(|column| passed(column)).copied().collect();
            (!columns.is_empty()).then_some((*reader, columns))
        });
        let Some((reader, columns)) = read else { return };
        let Some((span, _)) = compiled.map.locate(&star.range).filter(|(span, _)| span.file == node.file) else {
            return;
        };
        let relation = star.relations.iter().find_map(|one| self.graph.nodes.get_index(*one as usize));
        let of = relation.map_or_else(String::new, |(_, relation)| format!(" whatever `{}` has", relation.name));
        let shown: Vec<String> = columns.iter().take(3).map(|column| format!("`{column}`")).collect();
        let more = if columns.len() > 3 { ", …" } else { "" };
        let message = format!("`*` passes on{of}, and `{reader}` reads {}{more} of it", shown.join(", "));
        let help = "name the columns, so that a change above is seen here";
        diagnostics.push(Diagnostic::warning(Code::SelectStar, message).node(&node.unique_id).at(span).help(help));
    }

    /// Keys by which rows are found again: they must be there, and be the same on the next run.
    fn keys(&self, node: &Node, found: &NodeAnalysis, diagnostics: &mut Diagnostics) {
        for key in listed(node, "unique_key") {
            let Some(column) = found.inferred(&key, self.graph.dialect) else { continue };
            let span = || self.places.setting(node, "unique_key", &key);
            if column.volatile.time || column.volatile.chance {
                let why = if column.volatile.time { "the time of the run" } else { "chance" };
                let message = format!("the key `{key}` depends on {why}: no row is ever found again by it");
                let help = "make the key from what identifies the row";
                let code = Code::NondeterministicIncremental;
                diagnostics.push(Diagnostic::warning(code, message).node(&node.unique_id).at(span()).help(help));
            }
            self.nullable(node, (&key, column.nulls, &column.name), span, diagnostics);
        }
        if node.kind != NodeKind::Snapshot || node.setting_text("strategy") != Some("check") {
            return;
        }
        let compared = listed(node, "check_cols");
        let is_all = compared.iter().any(|name| name == "all");
        for column in found.inferred_columns().iter().filter(|column| column.volatile.time || column.volatile.chance) {
            let name = compared.iter().find(|name| is_named(&column.name, name, self.graph.dialect));
            if name.is_none() && !is_all {
                continue;
            }
            let span = self.places.setting(node, "check_cols", name.map_or("all", String::as_str));
            let message =
                format!("`{}` is compared, and is another value on every run: every row changes", column.name.text);
            let help = "leave it out of the query, or name the columns to compare";
            let code = Code::NondeterministicIncremental;
            diagnostics.push(Diagnostic::warning(code, message).node(&node.unique_id).at(span).help(help));
        }
    }

    /// A key whose inference says that it can be NULL; a test or a constraint of its own says that somebody takes care.
    fn nullable(
        &self,
        node: &Node,
        (key, nulls, name): (&str, Nulls, &Name),
        span: impl FnOnce() -> Span,
        diagnostics: &mut Diagnostics,
    ) {
        let Nulls::May(reason) = nulls else { return };
        if self.analysis.promises.has(&node.unique_id, name) {
            return;
        }
        let message = format!("the key `{key}` can be NULL: {}", reason.as_str());
        let help = "a NULL equals no other: rows with it are added on every run; filter them out, or test the column with not_null";
        diagnostics.push(Diagnostic::warning(Code::NullableKey, message).node(&node.unique_id).at(span()).help(help));
    }

    /// Columns of a primary key, which the table does not take without a value.
    fn primary_keys(&self, node: &Node, found: &NodeAnalysis, diagnostics: &mut Diagnostics) {
        let is_key = |constraint: &Value| constraint.get("type").and_then(Value::as_str) == Some("primary_key");
        for declared in node.columns.values().filter(|column| column.constraints.iter().any(is_key)) {
            let Some(column) = found.inferred(&declared.name, self.graph.dialect) else { continue };
            let Nulls::May(reason) = column.nulls else { continue };
            let message = format!("the primary key `{}` can be NULL: {}", declared.name, reason.as_str());
            let help = "filter out rows without it, or give it a value with COALESCE";
            let span = self.places.behind(declared.span, "name", &declared.name).unwrap_or(declared.span);
            diagnostics.push(Diagnostic::warning(Code::NullableKey, message).node(&node.unique_id).at(span).help(help));
        }
    }
}

/// A setting that is a name or a list of names.
pub(super) fn listed(node: &Node, key: &str) -> Vec<String> {
    match node.setting(key) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether a name as it is written in a configuration means this column.
pub(super) fn is_named(column: &Name, written: &str, dialect: Dialect) -> bool {
    column.text.eq_ignore_ascii_case(written.trim_matches('"'))
        || Name::written(written, false, dialect).key == column.key
}

fn readers<'a>(graph: &'a Graph, analysis: &'a Analysis) -> Readers<'a> {
    let is_starred = |(at, node): (usize, &Node)| {
        node.package == graph.root && analysis.node(at).is_some_and(|found| found.passed_on().is_some())
    };
    let starred: Vec<bool> = graph.nodes.values().enumerate().map(is_starred).collect();
    let mut readers = Readers::new();
    for (at, node) in graph.nodes.values().enumerate() {
        let Some(found) = analysis.node(at).filter(|_| node.kind != NodeKind::Test) else { continue };
        for (relation, column) in found.read().filter(|(relation, column)| *relation < EXTERNAL && *column < STAR) {
            if relation as usize == at || !starred.get(relation as usize).is_some_and(|starred| *starred) {
                continue;
            }
            let name = if column >= NAMED {
                found.name_of(column)
            } else {
                analysis.node(relation as usize).map(|parent| parent.name(column as usize))
            };
            if let Some(name) = name {
                readers.entry(relation).or_default().entry(&node.name).or_default().insert(name);
            }
        }
    }
    readers
}

/// What a mark means for a node that keeps its rows.
fn mark_found(node: &Node, compiled: &Compiled, mark: &Mark) -> Option<Diagnostic> {
    let is_snapshot = node.kind == NodeKind::Snapshot;
    let replaces = is_snapshot || node.setting("unique_key").is_some();
    let name = &mark.name;
    let (message, help) = match mark.kind {
        MarkKind::Chance if mark.decides || replaces => (
            format!("`{name}` gives another value on every run"),
            "make the value from the row's own, with a hash for instance",
        ),
        MarkKind::Unordered => (
            format!("`{name}` has no order that decides: another run may take other rows first"),
            "order the window by columns that tell its rows apart",
        ),
        MarkKind::Since if !is_snapshot => (
            format!("rows are taken from some time before `{name}` on: a run that comes late leaves some out for good"),
            "go on from what is there: `where … > (select max(…) from {{ this }})`",
        ),
        MarkKind::Chance | MarkKind::Since => return None,
    };
    let (span, _) = compiled.map.locate(&mark.range).filter(|(span, _)| span.file == node.file)?;
    let code = Code::NondeterministicIncremental;
    Some(Diagnostic::warning(code, message).node(&node.unique_id).at(span).help(help))
}
