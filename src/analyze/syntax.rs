//! Whether the compiled SQL is SQL at all.

use crate::compile::Compilation;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::project::NodeKind;
use crate::sql::{Dialect, parse};

/// Parses every compiled model, and reports those that are not SQL at the place in the template. Statements beyond the parser's
/// reach are the warehouse's to judge: only what certainly cannot be parsed is reported, and as a warning, since the warehouse
/// has the last word.
pub fn check_syntax(graph: &Graph, compilation: &Compilation, dialect: Dialect, diagnostics: &mut Diagnostics) {
    for (id, compiled) in &compilation.nodes {
        let Some(node) = graph.node(id).filter(|node| matches!(node.kind, NodeKind::Model | NodeKind::Test)) else {
            continue;
        };
        if compiled.sql.trim().is_empty() {
            continue;
        }
        let Err(problem) = parse(&compiled.sql, dialect) else { continue };
        let place = node.test.as_ref().map_or_else(|| node.span(), |test| test.span);
        let located = compiled.map.locate(&problem.range);
        let mut diagnostic = Diagnostic::warning(Code::SqlSyntax, problem.message.clone())
            .node(id)
            .at(located.map_or(place, |(span, _)| span));
        diagnostic.help = problem
            .help
            .clone()
            .or_else(|| Some("check the compiled SQL with `merganser compile --select NAME`".to_owned()));
        if !located.is_some_and(|(_, exact)| exact) {
            let line = compiled.sql[..problem.range.start.min(compiled.sql.len())].matches('\n').count();
            diagnostic = diagnostic
                .excerpt(compiled.sql.lines().skip(line.saturating_sub(1)).take(3).collect::<Vec<_>>().join("\n"));
        }
        diagnostics.push(diagnostic);
    }
}
