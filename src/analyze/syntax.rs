//! Whether the compiled SQL is SQL at all.

use rayon::prelude::*;

use crate::compile::{Compilation, Compiled};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::sql::{Dialect, parse};

/// Parses every compiled model, and reports those that are not SQL at the place in the template. Statements beyond the parser's
/// reach are the warehouse's to judge: only what certainly cannot be parsed is reported, and as a warning, since the warehouse
/// has the last word.
pub fn check_syntax(graph: &Graph, compilation: &Compilation, dialect: Dialect, diagnostics: &mut Diagnostics) {
    let found: Vec<Diagnostic> =
        compilation.nodes.par_iter().filter_map(|(id, compiled)| check(graph.node(id)?, compiled, dialect)).collect();
    diagnostics.extend(found);
}

/// Whether a node is a test by one of the built-in macros, whose SQL is ours.
fn is_built_in(node: &Node) -> bool {
    node.test.is_some() && node.macros.first().is_some_and(|id| id.starts_with("macro.dbt.test_"))
}

fn check(node: &Node, compiled: &Compiled, dialect: Dialect) -> Option<Diagnostic> {
    if !matches!(node.kind, NodeKind::Model | NodeKind::Test) || is_built_in(node) || compiled.sql.trim().is_empty() {
        return None;
    }
    let problem = parse(&compiled.sql, dialect).err()?;
    let place = node.test.as_ref().map_or_else(|| node.span(), |test| test.span);
    let located = compiled.map.locate(&problem.range);
    let mut diagnostic = Diagnostic::warning(Code::SqlSyntax, problem.message.clone())
        .node(&node.unique_id)
        .at(located.map_or(place, |(span, _)| span));
    let look = || "check the compiled SQL with `merganser compile --select NAME`".to_owned();
    diagnostic.help = problem.help.clone().or_else(|| Some(look()));
    if !located.is_some_and(|(_, exact)| exact) {
        let line = compiled.sql[..problem.range.start.min(compiled.sql.len())].matches('\n').count();
        diagnostic = diagnostic
            .excerpt(compiled.sql.lines().skip(line.saturating_sub(1)).take(3).collect::<Vec<_>>().join("\n"));
    }
    Some(diagnostic)
}
