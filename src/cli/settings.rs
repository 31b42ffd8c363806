//! Which of several sayings about a flag holds: the command line, then the environment, then `flags:` of the project file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::arguments::{Global, IndirectSelection, LogFormat, LogLevel};
use super::warnings::Warnings;
use crate::config::yaml;
use crate::diagnostic::{Code, Diagnostic};

/// `flags:` of the project file as written, or else `config:` of `profiles.yml`; empty where there is none that can be read.
/// What is wrong with the files is told when the project is read.
pub(super) fn project_flags(project_dir: Option<&Path>, profiles_dirs: &[PathBuf]) -> Map<String, Value> {
    let below = |path: &Path, key: &str| {
        let text = crate::source::read_text(path).ok()?;
        let flags = yaml::parse(&text).ok()?.get(key)?.as_object().cloned();
        flags.filter(|flags| !flags.is_empty())
    };
    let own = project_dir.and_then(|folder| below(&folder.join("dbt_project.yml"), "flags"));
    let profiles = || profiles_dirs.iter().map(|folder| folder.join("profiles.yml")).find(|path| path.is_file());
    own.or_else(|| below(&profiles()?, "config")).unwrap_or_default()
}

/// The global options with the project's flags under them, and what becomes of warnings.
pub(super) fn settle(
    global: &Global,
    environment: &BTreeMap<String, String>,
    flags: &Map<String, Value>,
) -> Result<(Global, Warnings), Box<Diagnostic>> {
    let mut settled = global.clone();
    let mut problem = None;
    let mut truth = |value: &mut Option<bool>, is_denied: bool, key: &str| {
        let typed = if is_denied { Some(false) } else { *value };
        let said = || {
            said(environment, key).unwrap_or_else(|wrong| {
                problem = Some(wrong);
                None
            })
        };
        *value = typed.or_else(said).or_else(|| flags.get(key).and_then(Value::as_bool));
    };
    truth(&mut settled.quiet, global.no_quiet, "quiet");
    truth(&mut settled.debug, global.no_debug, "debug");
    let mut silent = None;
    truth(&mut silent, false, "no_print");
    truth(&mut settled.print, global.no_print || (silent == Some(true) && global.print.is_none()), "print");
    truth(&mut settled.use_colors, global.no_use_colors, "use_colors");
    truth(&mut settled.introspect, global.no_introspect, "introspect");
    truth(&mut settled.fail_fast, global.no_fail_fast, "fail_fast");
    truth(&mut settled.write_json, global.no_write_json, "write_json");
    truth(&mut settled.partial_parse, global.no_partial_parse, "partial_parse");
    truth(&mut settled.warn_error, global.no_warn_error, "warn_error");
    let accepted = &global.accepted;
    truth(&mut settled.accepted.version_check, accepted.no_version_check, "version_check");
    truth(&mut settled.accepted.show_all_deprecations, accepted.no_show_all_deprecations, "show_all_deprecations");
    truth(&mut settled.accepted.single_threaded, accepted.no_single_threaded, "single_threaded");
    settled.log_format = settled.log_format.or_else(|| word::<LogFormat>(flags, "log_format"));
    settled.log_level = settled.log_level.or_else(|| word::<LogLevel>(flags, "log_level"));
    settled.log_level_file = settled.log_level_file.or_else(|| word::<LogLevel>(flags, "log_level_file"));
    settled.state.state = settled.state.state.or_else(|| environment.get("DBT_ARTIFACT_STATE_PATH").map(Into::into));
    let path = |key: &str| flags.get(key).and_then(Value::as_str).map(std::path::PathBuf::from);
    settled.log_path = settled.log_path.or_else(|| path("log_path"));
    if let Some(problem) = problem {
        return Err(problem);
    }
    let warnings = warnings(&settled, flags)?;
    Ok((settled, warnings))
}

/// What the environment says of a flag, under dbt's name for it, in the words that mean yes and no in dbt's variables.
pub(super) fn said(environment: &BTreeMap<String, String>, key: &str) -> Result<Option<bool>, Box<Diagnostic>> {
    let name = format!("DBT_{}", key.to_uppercase());
    let Some(word) = environment.get(&name).filter(|word| !word.is_empty()) else { return Ok(None) };
    match word.to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Ok(Some(true)),
        "0" | "false" | "f" | "no" | "n" | "off" => Ok(Some(false)),
        _ => {
            let message = format!("the variable {name} cannot be `{word}`");
            let problem = Diagnostic::error(Code::BadOption, message).in_file(name, 1);
            Err(Box::new(problem.help("write `true` or `false`")))
        }
    }
}

/// `--indirect-selection` as the project's flags have it.
pub(super) fn indirect_selection(flags: &Map<String, Value>) -> Option<IndirectSelection> {
    word(flags, "indirect_selection")
}

fn word<T: clap::ValueEnum>(flags: &Map<String, Value>, key: &str) -> Option<T> {
    T::from_str(flags.get(key)?.as_str()?, true).ok()
}

/// `--warn-error` is all of them; the options say more, wherever they stand.
fn warnings(global: &Global, flags: &Map<String, Value>) -> Result<Warnings, Box<Diagnostic>> {
    let wrong = |place: &str, reason: String| {
        Box::new(
            Diagnostic::error(Code::BadOption, format!("`{place}`: {reason}"))
                .in_file(place, 1)
                .help("write '{error: all, warn: [NoNodesForSelectionCriteria], silence: [..]}'"),
        )
    };
    if let Some(text) = &global.warn_error_options {
        let value = yaml::parse(text).map_err(|error| wrong("--warn-error-options", error.message))?;
        return Warnings::read(&value).map_err(|reason| wrong("--warn-error-options", reason));
    }
    if global.warn_error == Some(true) {
        return Ok(Warnings::all_errors());
    }
    match flags.get("warn_error_options") {
        Some(value) => Warnings::read(value).map_err(|reason| wrong("flags.warn_error_options", reason)),
        None => Ok(Warnings::default()),
    }
}
