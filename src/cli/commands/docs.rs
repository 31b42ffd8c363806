//! `docs generate`.

use super::super::Outcome;
use super::super::arguments::{Docs, Global};
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use crate::compile::Compilation;
use crate::plan::Planner;
use crate::project::NodeKind;
use crate::warehouse::Catalog;

/// Compiles, reads the catalog, and writes the manifest, the catalog and the page.
pub(super) fn generate(
    loaded: &Loaded,
    global: &Global,
    Docs::Generate { select, no_compile, empty_catalog, from_sql, .. }: &Docs,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let (no_compile, empty) = (*no_compile, *empty_catalog);
    let kinds =
        [NodeKind::Model, NodeKind::Test, NodeKind::Snapshot, NodeKind::Analysis, NodeKind::Seed, NodeKind::Source];
    let selected = loaded.select(select, &kinds, printer)?;
    let connection = if empty && no_compile { None } else { Some(loaded.open(printer)?) };
    let compilation = if no_compile {
        Compilation::default()
    } else {
        let mut wanted = selected.clone();
        if select.select.is_empty() && select.selector.is_none() {
            let hooks = loaded.graph.nodes.values().filter(|node| node.kind == NodeKind::Operation);
            wanted.extend(hooks.map(|node| node.unique_id.clone()));
        }
        let compilation = loaded.compile(&loaded.compiler(connection.clone(), &selected), &wanted, printer);
        if !*from_sql {
            // With columns from the SQL everything is looked at, and told, below.
            loaded.check_columns(&compilation, printer);
        }
        compilation
    };
    let mut catalog = match &connection {
        Some(connection) if !empty => {
            let schemas = Planner::schemas(selected.iter().filter_map(|id| loaded.graph.node(id)));
            connection.catalog(&schemas).map_err(|error| {
                let diagnostic =
                    crate::diagnostic::Diagnostic::error(crate::diagnostic::Code::WarehouseError, error.message);
                printer.diagnostic(&diagnostic.in_file("profiles.yml", 1), &loaded.sources);
                Outcome::Unusable
            })?
        }
        _ => Catalog::default(),
    };
    if *from_sql {
        loaded.complete_catalog(global, &mut catalog, printer)?;
    }
    let page = artifacts::docs(loaded, (&compilation, &selected), &catalog, printer)?;
    printer.data(&page.display().to_string());
    let failed = !compilation.failed.is_empty() || !compilation.skipped.is_empty();
    Ok(if loaded.is_broken || failed { Outcome::Unusable } else { Outcome::Success })
}
