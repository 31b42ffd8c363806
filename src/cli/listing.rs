//! Many selections of one project, without reading it again for each.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser;

use super::arguments::{Arguments, Command, Running};
use super::commands::ls::LISTED;
use super::driver::{self, Loaded};
use super::printer::Printer;
use super::warnings::Warnings;

/// What `ls` with each of these arguments lists in the project of a folder: the unique ids, sorted; none where the command
/// cannot be done. Profiles are those of the folder; the project is read once for each `--target`.
pub fn listings(folder: &Path, calls: &[Vec<String>]) -> Vec<Option<Vec<String>>> {
    let mut loaded: BTreeMap<Option<String>, Option<Loaded>> = BTreeMap::new();
    calls.iter().map(|call| listing(folder, call, &mut loaded)).collect()
}

fn listing(
    folder: &Path,
    call: &[String],
    loaded: &mut BTreeMap<Option<String>, Option<Loaded>>,
) -> Option<Vec<String>> {
    let folder = folder.to_string_lossy();
    let fixed = ["merganser", "ls", "--quiet", "--project-dir", &folder, "--profiles-dir", &folder];
    let words = fixed.into_iter().map(str::to_owned).chain(call.iter().cloned());
    let arguments = Arguments::try_parse_from(words).ok()?;
    let Command::Ls { select, .. } = &arguments.command else { return None };
    let printer = Printer::new(&arguments.global, Warnings::default(), true).ok()?;
    let read = || driver::load(&arguments.global, "list", &Running::default(), &printer).ok();
    let project = loaded.entry(arguments.global.target.clone()).or_insert_with(read).as_ref()?;
    let selected = project.select(select, &LISTED, &printer).ok()?;
    Some(selected.into_iter().collect())
}
