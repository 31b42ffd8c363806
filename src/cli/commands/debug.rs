//! `debug`.

use super::super::Outcome;
use super::super::arguments::{Global, Running};
use super::super::driver;
use super::super::printer::Printer;

/// Says what was found where, and whether the warehouse answers.
pub(super) fn debug(global: &Global, printer: &Printer) -> Result<Outcome, Outcome> {
    printer.data(&format!("merganser {}", env!("CARGO_PKG_VERSION")));
    let loaded = driver::load(global, "debug", &Running::default(), printer)?;
    let target = &loaded.profile.target;
    let file = loaded.profile.file.map_or_else(
        || "built in (no profiles.yml was found)".to_owned(),
        |file| {
            let source = loaded.sources.file(file);
            source.location.as_ref().map_or_else(|| source.path.clone(), |path| path.display().to_string())
        },
    );
    printer.data(&format!("project:  {} in {}", loaded.graph.root, loaded.options.project_dir.display()));
    printer.data(&format!("profile:  {} from {file}", loaded.profile.name));
    printer.data(&format!("target:   {} ({}, {} threads)", target.name, target.dialect.adapter(), target.threads));
    printer.data(&format!("default:  {}.{}", target.database, target.schema));
    let connection = loaded.open(printer)?;
    match connection.execute("select 1").and_then(|_| connection.describe()) {
        Ok(text) => {
            printer.data(&format!("warehouse: {text}\nconnection: OK"));
            Ok(if loaded.is_broken { Outcome::Unusable } else { Outcome::Success })
        }
        Err(error) => {
            let mut diagnostic =
                crate::diagnostic::Diagnostic::error(crate::diagnostic::Code::WarehouseError, error.message)
                    .in_file("profiles.yml", 1);
            diagnostic.help = error.help;
            printer.diagnostic(&diagnostic, &loaded.sources);
            Ok(Outcome::Failure)
        }
    }
}
