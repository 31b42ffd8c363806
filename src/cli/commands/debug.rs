//! `debug`.

use super::super::Outcome;
use super::super::arguments::{Global, Running};
use super::super::printer::Printer;
use super::super::{driver, environment};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Sources;

/// Prints the folder where profiles are looked for first.
pub(super) fn config_dir(global: &Global, printer: &Printer) -> Result<Outcome, Outcome> {
    let options = environment::options(global, "debug", &Running::default()).map_err(|problem| {
        printer.diagnostic(&problem, &Sources::default());
        Outcome::Failure
    })?;
    let folders = &options.profiles_dirs;
    let found = folders.iter().find(|folder| folder.join("profiles.yml").is_file()).or(folders.last());
    printer.data(&found.map(|folder| folder.display().to_string()).unwrap_or_default());
    Ok(Outcome::Success)
}

/// Says what was found where, and whether the warehouse answers; a project or profile that cannot be used is a failure, too.
pub(super) fn debug(global: &Global, connection_only: bool, printer: &Printer) -> Result<Outcome, Outcome> {
    printer.data(&format!("merganser {}", env!("CARGO_PKG_VERSION")));
    if let Some(folder) = global.project_dir.as_ref().filter(|folder| !folder.is_dir()) {
        let message = format!("there is no folder {}", folder.display());
        let problem = Diagnostic::error(Code::BadOption, message).in_file("--project-dir", 1);
        printer.diagnostic(&problem.help("name a folder that is there"), &Sources::default());
        return Err(Outcome::Unusable);
    }
    let loaded = driver::load(global, "debug", &Running::default(), printer).map_err(|_| Outcome::Failure)?;
    let target = &loaded.profile.target;
    let file = loaded.profile.file.map_or_else(
        || "built in (no profiles.yml was found)".to_owned(),
        |file| {
            let source = loaded.sources.file(file);
            source.location.as_ref().map_or_else(|| source.path.clone(), |path| path.display().to_string())
        },
    );
    if !connection_only {
        printer.data(&format!("project:  {} in {}", loaded.graph.root, loaded.options.project_dir.display()));
    }
    printer.data(&format!("profile:  {} from {file}", loaded.profile.name));
    printer.data(&format!("target:   {} ({}, {} threads)", target.name, target.dialect.adapter(), target.threads));
    printer.data(&format!("default:  {}.{}", target.database, target.schema));
    let connection = loaded.open(printer).map_err(|_| Outcome::Failure)?;
    match connection.execute("select 1").and_then(|_| connection.describe()) {
        Ok(text) => {
            printer.data(&format!("warehouse: {text}\nconnection: OK"));
            Ok(if loaded.is_broken && !connection_only { Outcome::Failure } else { Outcome::Success })
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
