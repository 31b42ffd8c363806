//! `parse`.

use super::super::Outcome;
use super::super::arguments::Global;
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use crate::project::NodeKind;

/// Writes the manifest of what was parsed.
pub(super) fn parse(loaded: &Loaded, global: &Global, printer: &Printer) -> Result<Outcome, Outcome> {
    if global.write_json != Some(false) {
        artifacts::after_parse(loaded, printer)?;
    }
    let count = |kind: NodeKind| loaded.graph.nodes.values().filter(|node| node.kind == kind).count();
    printer.note(&format!(
        "{} models, {} seeds, {} snapshots, {} tests, {} sources, {} exposures, {} macros",
        count(NodeKind::Model),
        count(NodeKind::Seed),
        count(NodeKind::Snapshot),
        count(NodeKind::Test),
        count(NodeKind::Source),
        count(NodeKind::Exposure),
        loaded.session.library.iter().count()
    ));
    Ok(if loaded.is_broken { Outcome::Unusable } else { Outcome::Success })
}
