//! `compile`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::Outcome;
use super::super::arguments::{Global, Running, Select, TextOrJson};
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use crate::compile::{Compilation, Compiler};
use crate::diagnostic::Diagnostic;
use crate::graph::Node;
use crate::project::NodeKind;

/// What is compiled.
pub(super) struct Wanted<'a> {
    /// Nodes.
    pub(super) select: &'a Select,
    /// A text instead of them.
    pub(super) inline: Option<&'a str>,
    /// Whether ephemeral models are put in front of what reads them.
    pub(super) injects: bool,
}

/// Renders the selected nodes, or a text, and writes what comes out.
pub(super) fn compile(
    loaded: &Loaded,
    global: &Global,
    (Wanted { select, inline, injects }, running): (&Wanted<'_>, &Running),
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let kinds = [
        NodeKind::Model,
        NodeKind::Test,
        NodeKind::Snapshot,
        NodeKind::Analysis,
        NodeKind::Seed,
        NodeKind::Operation,
        NodeKind::Function,
    ];
    let connection = if global.introspect == Some(false) { None } else { Some(loaded.open(printer)?) };
    if let Some(text) = inline {
        let compiler = loaded.compiler(connection, &BTreeSet::new()).injecting(*injects);
        let sql = inline_sql(loaded, &compiler, text, printer)?;
        artifacts::after_inline(loaded, &sql, printer)?;
        match running.output {
            TextOrJson::Text => printer.data(&sql),
            TextOrJson::Json => printer.data(&pretty(&json!({"compiled": sql}))),
        }
        return Ok(Outcome::Success);
    }
    let selected = loaded.select(select, &kinds, printer)?;
    let compiler = loaded.compiler(connection, &selected).injecting(*injects);
    let hooks = loaded.graph.nodes.values().filter(|node| node.kind == NodeKind::Operation);
    let hooks = hooks.filter(|_| select.select.is_empty() && select.selector.is_none());
    let hooks: Vec<String> = hooks.map(|node| node.unique_id.clone()).collect();
    let mut wanted = Cow::Borrowed(&selected);
    if !hooks.is_empty() {
        wanted.to_mut().extend(hooks);
    }
    let compilation = loaded.compile(&compiler, &wanted, printer);
    loaded.check_columns(&compilation, printer);
    artifacts::after_compile(loaded, &compilation, &selected, printer)?;
    print(loaded, (&compilation, &selected), (select, running.output), printer);
    printer.note(&format!(
        "{} nodes compiled, {} failed",
        compilation.nodes.len(),
        compilation.failed.len() + compilation.skipped.len()
    ));
    let failed = !compilation.failed.is_empty() || !compilation.skipped.is_empty();
    Ok(if loaded.is_broken || failed {
        Outcome::Unusable
    } else if printer.counts().0 > 0 {
        Outcome::Failure
    } else {
        Outcome::Success
    })
}

/// Prints what was selected: as text where that is one node, as JSON those that are named where something is selected by name.
fn print(
    loaded: &Loaded,
    (compilation, selected): (&Compilation, &BTreeSet<String>),
    (select, output): (&Select, TextOrJson),
    printer: &Printer,
) {
    for id in loaded.order.sequence.iter().filter(|id| selected.contains(*id)) {
        let (Some(node), compiled) = (loaded.graph.node(id), compilation.nodes.get(id)) else { continue };
        let is_named = select.select.iter().any(|selector| selector.contains(&node.name));
        match (output, compiled) {
            (TextOrJson::Text, Some(compiled)) if is_named || (selected.len() == 1 && !select.select.is_empty()) => {
                printer.data(&compiled.sql);
            }
            (TextOrJson::Json, Some(compiled)) if is_named || select.select.is_empty() => {
                printer.data(&pretty(&json!({"node": node.name, "compiled": compiled.sql})));
            }
            _ => {}
        }
    }
}

/// An object as dbt prints it.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A text that is no file, compiled with the ephemeral models it reads.
pub(super) fn inline_sql(
    loaded: &Loaded,
    compiler: &Compiler,
    text: &str,
    printer: &Printer,
) -> Result<String, Outcome> {
    let compiled = compiler.node(&inline_node(loaded, text));
    compiled.map(|compiled| compiled.sql).map_err(|problem| {
        let problem = Diagnostic { labels: Vec::new(), ..*problem }.in_file("--inline", 1);
        printer.diagnostic(&problem, &loaded.sources);
        Outcome::Unusable
    })
}

/// A node for a text that is no file: the root project's, reading what it likes.
pub(super) fn inline_node(loaded: &Loaded, text: &str) -> Node {
    let root = &loaded.project.packages[0].file;
    let facts = &loaded.session.facts;
    let mut node = crate::graph::Node::blank(root.file);
    node.name = "inline_query".to_owned();
    node.unique_id = format!("sql_operation.{}.inline_query", root.name);
    node.package.clone_from(&root.name);
    node.alias = "inline_query".to_owned();
    node.database.clone_from(&facts.database);
    node.schema.clone_from(&facts.schema);
    node.raw = text.into();
    node
}
