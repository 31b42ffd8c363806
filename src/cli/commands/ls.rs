//! `ls`.

use std::collections::BTreeMap;

use super::super::Outcome;
use super::super::arguments::{Global, ListOutput, Select};
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use crate::artifact::listing::INFERRED;
use crate::project::NodeKind;

/// What is listed unless kinds are asked for.
pub(in super::super) const LISTED: [NodeKind; 11] = [
    NodeKind::Model,
    NodeKind::Seed,
    NodeKind::Snapshot,
    NodeKind::Test,
    NodeKind::Source,
    NodeKind::Exposure,
    NodeKind::Metric,
    NodeKind::SavedQuery,
    NodeKind::SemanticModel,
    NodeKind::UnitTest,
    NodeKind::Function,
];

/// Prints the selected nodes, one a line.
pub(super) fn ls(
    loaded: &Loaded,
    global: &Global,
    select: &Select,
    (output, keys): (ListOutput, &[String]),
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let selected = loaded.select(select, &LISTED, printer)?;
    let asks = keys.iter().flat_map(|key| key.split_whitespace()).any(|key| key == INFERRED);
    let inferred = if asks { loaded.inferred_columns(global, &selected, printer)? } else { BTreeMap::new() };
    let listed = artifacts::listing(loaded, &selected, output, keys, &inferred);
    listed.iter().for_each(|line| printer.data(line));
    artifacts::after_parse(loaded, printer)?;
    Ok(if loaded.is_broken { Outcome::Unusable } else { Outcome::Success })
}
