//! Ways of writing project files and profiles that dbt is going to give up (dbt: `deprecations.py`).

use serde_json::{Map, Value};

use super::yaml::{self, Document};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Keys that are given twice: the last counts.
pub fn twice(document: &Document, file: FileId, text: &str) -> Option<Diagnostic> {
    let way = document.twice.first()?;
    let Some(yaml::Step::Key(key)) = way.last() else { return None };
    let more = document.twice.len() - 1;
    let more = if more == 0 { String::new() } else { format!(", and so are {more} more in this file") };
    let problem = Diagnostic::deprecation(
        "DuplicateYAMLKeysDeprecation",
        format!("`{key}` is given twice, and the last counts{more}"),
    );
    Some(problem.at(Span::new(file, yaml::locate(text, way))).help("keep one of them"))
}

/// Keys of the project file that have other names now, or are options of the command line.
pub(super) fn paths(value: &Map<String, Value>, file: FileId, text: &str, diagnostics: &mut Diagnostics) {
    let at = |key: &str| Span::new(file, yaml::locate(text, &[key.into()]));
    let renamed = [
        ("source-paths", "model-paths", "ConfigSourcePathDeprecation"),
        ("data-paths", "seed-paths", "ConfigDataPathDeprecation"),
    ];
    for (old, new, event) in renamed {
        if !value.contains_key(old) {
            continue;
        }
        diagnostics.push(if value.contains_key(new) {
            let message = format!("`{old}` and `{new}` are the same: only one of them can be there");
            let help = format!("keep `{new}`, the newer name");
            Diagnostic::error(Code::BadConfig, message).label(at(old), "").label(at(new), "the other").help(help)
        } else {
            let problem = Diagnostic::deprecation(event, format!("`{old}` is called `{new}` now"));
            problem.at(at(old)).help(format!("write `{new}:`"))
        });
    }
    let moved = [
        ("log-path", "logs", "--log-path", "DBT_LOG_PATH", "ConfigLogPathDeprecation"),
        ("target-path", "target", "--target-path", "DBT_TARGET_PATH", "ConfigTargetPathDeprecation"),
    ];
    for (key, usual, option, variable, event) in moved {
        if value.get(key).is_some_and(|value| value.as_str() != Some(usual)) {
            let problem = Diagnostic::deprecation(event, format!("`{key}` is no longer for the project file to say"));
            diagnostics.push(problem.at(at(key)).help(format!("pass {option}, or set the variable {variable}")));
        }
    }
}

/// `config:` of `profiles.yml`, which holds flags where the project file has none.
pub(super) fn profile_flags(document: &Value, file: FileId, text: &str) -> Option<(Map<String, Value>, Diagnostic)> {
    let flags = document.get("config")?.as_object().filter(|flags| !flags.is_empty())?.clone();
    let problem =
        Diagnostic::deprecation("ProjectFlagsMovedDeprecation", "flags are no longer for profiles.yml to say");
    let span = Span::new(file, yaml::locate(text, &["config".into()]));
    Some((flags, problem.at(span).help("move them from `config:` to `flags:` of dbt_project.yml")))
}
