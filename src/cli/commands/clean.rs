//! `clean`.

use super::super::Outcome;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::super::settings;
use crate::config::yaml;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Removes the folders of `clean-targets`, never one with the project's sources in it, and outside the project only where that
/// is asked for.
pub(super) fn clean(loaded: &Loaded, (inside, outside): (bool, bool), printer: &Printer) -> Result<Outcome, Outcome> {
    let said = settings::said(&loaded.options.environment, "clean_project_files_only").map_err(|problem| {
        printer.diagnostic(&problem, &loaded.sources);
        Outcome::Unusable
    })?;
    let everywhere = outside || (!inside && said == Some(false));
    let root = &loaded.project.packages[0].file;
    let paths = &root.paths;
    let base = loaded.options.project_dir.canonicalize().unwrap_or_else(|_| loaded.options.project_dir.clone());
    let kept: Vec<_> = paths.resources().filter_map(|folder| base.join(folder).canonicalize().ok()).collect();
    if paths.clean.iter().any(|folder| folder == "dbt_modules") && !paths.clean.contains(&paths.packages) {
        printer.diagnostic(&old_folder(loaded, &paths.packages), &loaded.sources);
        if printer.counts().0 > 0 {
            return Err(Outcome::Unusable);
        }
    }
    let mut outcome = Outcome::Success;
    for target in &paths.clean {
        let leads_out = std::path::Path::new(target).components().any(|part| part.as_os_str() == "..");
        let folder = match base.join(target).canonicalize() {
            Ok(folder) => folder,
            Err(_) if !everywhere && (leads_out || !base.join(target).starts_with(&base)) => base.join(target),
            Err(_) => continue,
        };
        // A path that leads out of the project and to nothing cannot be compared.
        let is_inside =
            (everywhere || (folder.starts_with(&base) && (!leads_out || folder.exists()))) && folder != base;
        if !is_inside || kept.iter().any(|kept| kept.starts_with(&folder)) {
            let message = format!("`{target}` is not removed: it lies outside the project, or holds its sources");
            let help = "list only folders that builds make under `clean-targets`; --no-clean-project-files-only removes folders outside";
            printer.diagnostic(
                &Diagnostic::error(Code::BadConfig, message).at(Span::start_of(root.file)).help(help),
                &loaded.sources,
            );
            outcome = Outcome::Unusable;
            continue;
        }
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => printer.note(&format!("removed {target}")),
            Err(error) => {
                let message = format!("`{target}` cannot be removed: {error}");
                printer.diagnostic(
                    &Diagnostic::error(Code::MissingFile, message).in_file(target.clone(), 1),
                    &loaded.sources,
                );
                outcome = Outcome::Failure;
            }
        }
    }
    Ok(outcome)
}

/// `clean-targets` names the folder packages once were in.
fn old_folder(loaded: &Loaded, packages: &str) -> Diagnostic {
    let file = loaded.project.packages[0].file.file;
    let span = Span::new(file, yaml::locate(loaded.sources.text(file), &["clean-targets".into()]));
    let message = format!("packages are in `{packages}` now, not in `dbt_modules`");
    let help = format!("write `{packages}` here, or add `packages-install-path: dbt_modules`");
    Diagnostic::deprecation("PackageInstallPathDeprecation", message).at(span).help(help)
}
