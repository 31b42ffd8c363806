//! `docs generate`.

use super::super::Outcome;
use super::super::arguments::{Docs, Global};
use super::super::artifacts::{self, Found};
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::own_catalog;
use crate::diagnostic::{Diagnostic, Level};
use crate::plan::Planner;
use crate::project::NodeKind;
use crate::warehouse::Catalog;

/// Reads the catalog, and writes it and the page; where it compiles, also what `compile` writes.
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
    let before = printer.counts().0;
    let connection = if empty && no_compile { None } else { Some(loaded.open(printer)?) };
    let compile = || {
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
    let compilation = (!no_compile).then(compile);
    let own = match &connection {
        Some(connection) if !empty && !*from_sql => {
            let compiler = loaded.compiler(Some(connection.clone()), &selected);
            own_catalog::ask(loaded, &compiler, connection, &selected)
        }
        _ => None,
    };
    if let Some(answer) = own {
        let found = answer.map_or_else(|problem| refused(loaded, *problem, printer), Found::Rows);
        if printer.counts().0 > before {
            return Err(Outcome::Unusable);
        }
        let page = artifacts::docs(loaded, (compilation.as_ref(), &selected), &found, printer)?;
        printer.data(&page.display().to_string());
        let is_wrong = matches!(found, Found::Error(_));
        return Ok(if loaded.is_broken {
            Outcome::Unusable
        } else if is_wrong {
            Outcome::Failure
        } else {
            Outcome::Success
        });
    }
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
    let page = artifacts::docs(loaded, (compilation.as_ref(), &selected), &Found::Catalog(catalog), printer)?;
    printer.data(&page.display().to_string());
    let failed = compilation.is_some_and(|made| !made.failed.is_empty() || !made.skipped.is_empty());
    Ok(if loaded.is_broken || failed { Outcome::Unusable } else { Outcome::Success })
}

/// The project's macro failed: a warning, and an error of the catalog.
fn refused(loaded: &Loaded, problem: Diagnostic, printer: &Printer) -> Found {
    let message = problem.message.clone();
    let warning = Diagnostic { level: Level::Warning, ..problem };
    printer.diagnostic(&warning.event("CatalogGenerationError"), &loaded.sources);
    Found::Error(message)
}
