//! `compile`.

use std::sync::Arc;

use super::super::Outcome;
use super::super::arguments::{Global, Running, Select, TextOrJson};
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use crate::graph::Node;
use crate::jinja::Origin;
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
        let compiler = loaded.compiler(connection, &std::collections::BTreeSet::new());
        let node = inline_node(loaded, text);
        let subject = Arc::new(compiler.subject(&node));
        return match compiler.render(&node, &subject, text, Origin::NOWHERE) {
            Ok(rendered) => {
                printer.data(&rendered.text);
                Ok(Outcome::Success)
            }
            Err(error) => {
                let problem = compiler.report(&error, &node);
                printer.diagnostic(
                    &crate::diagnostic::Diagnostic { labels: Vec::new(), ..problem }.in_file("--inline", 1),
                    &loaded.sources,
                );
                Ok(Outcome::Unusable)
            }
        };
    }
    let selected = loaded.select(select, &kinds, printer)?;
    let compiler = loaded.compiler(connection, &selected).injecting(*injects);
    let mut wanted = selected.clone();
    if select.select.is_empty() && select.selector.is_none() {
        wanted.extend(
            loaded
                .graph
                .nodes
                .values()
                .filter(|node| node.kind == NodeKind::Operation)
                .map(|node| node.unique_id.clone()),
        );
    }
    let compilation = loaded.compile(&compiler, &wanted, printer);
    loaded.check_columns(&compilation, printer);
    artifacts::after_compile(loaded, &compilation, &selected, printer)?;
    if !select.select.is_empty() || running.output == TextOrJson::Json {
        for id in loaded.order.sequence.iter().filter(|id| selected.contains(*id)) {
            let Some(compiled) = compilation.nodes.get(id) else { continue };
            match running.output {
                TextOrJson::Text if selected.len() == 1 => printer.data(&compiled.sql),
                TextOrJson::Text => {}
                TextOrJson::Json => {
                    printer.data(&serde_json::json!({"node": id, "compiled": compiled.sql}).to_string());
                }
            }
        }
    }
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
