//! `vars.yml`: variables outside of the project file, which may itself use them (dbt 1.12).

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::project_file::read_mapping;
use super::{Vars, YamlScope, yaml};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Sources, Span};

/// The variables of a project: those of `vars.yml` beside its file, or else those of the file itself. Both is an error.
pub(super) fn read(
    root: &Path,
    (file, written): (FileId, &Map<String, Value>),
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Map<String, Value> {
    let own = written.get("vars").and_then(Value::as_object).cloned().unwrap_or_default();
    let path = root.join("vars.yml");
    if !path.is_file() {
        return own;
    }
    let shown = sources.file(file).path.replace("dbt_project.yml", "vars.yml");
    let Some((_, outside)) = read_mapping(&path, &shown, sources, diagnostics) else { return own };
    if written.contains_key("vars") {
        let span = Span::new(file, yaml::locate(sources.text(file), &["vars".into()]));
        let message = "variables stand in `vars.yml` and in the project file";
        diagnostics.push(
            Diagnostic::error(Code::BadConfig, message).at(span).help("keep all of them in one of the two files"),
        );
        return own;
    }
    outside.get("vars").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The scope in which the project file is rendered: with the variables of `vars.yml`, under those of the command line.
pub(super) fn scope(scope: &YamlScope, written: &Map<String, Value>, vars: &Map<String, Value>) -> YamlScope {
    if written.contains_key("vars") || vars.is_empty() {
        return scope.clone();
    }
    let name = written.get("name").and_then(Value::as_str).unwrap_or_default();
    let mut known = vars.clone();
    known.extend(vars.get(name).and_then(Value::as_object).cloned().unwrap_or_default());
    let given = scope.vars.clone().unwrap_or_default();
    known.extend(given.command_line.iter().map(|(key, value)| (key.clone(), value.clone())));
    YamlScope { vars: Some(Vars { command_line: Arc::new(known), ..given }), ..scope.clone() }
}
