//! Packages out of archives: `.tar.gz` with one folder in it.

use std::path::{Path, PathBuf};

use super::{Deps, Problem};
use crate::diagnostic::Code;
use crate::warehouse::download;

/// Fetches an archive and unpacks it into `folder`; gives the one folder in it.
pub(super) fn unpacked(deps: &Deps<'_>, url: &str, folder: &Path) -> Result<PathBuf, Problem> {
    let shown = deps.scrubbed(url);
    let failed = |reason: String| {
        let message = format!("{shown} cannot be installed: {}", deps.scrubbed(&reason));
        Problem::new(Code::PackageFetch, message, "it must be the address of a .tar.gz with one folder, the project's")
    };
    let bytes = download(url).map_err(|error| failed(error.reason))?;
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    archive.set_preserve_permissions(false);
    archive.set_overwrite(true);
    // Entries that lead out of the folder are refused.
    for entry in archive.entries().map_err(|error| failed(error.to_string()))? {
        let mut entry = entry.map_err(|error| failed(error.to_string()))?;
        if entry.header().entry_type() == tar::EntryType::XGlobalHeader {
            continue;
        }
        if !entry.unpack_in(folder).map_err(|error| failed(error.to_string()))? {
            return Err(failed("it holds a file that lies outside of its folder".to_owned()));
        }
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|error| failed(error.to_string()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    match (found.pop(), found.pop()) {
        (Some(only), None) if only.join("dbt_project.yml").is_file() => Ok(only),
        (Some(_), None) => Err(failed("its folder holds no dbt_project.yml".to_owned())),
        _ => Err(failed("it does not hold one folder".to_owned())),
    }
}
