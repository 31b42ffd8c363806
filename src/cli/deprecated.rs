//! Ways of calling that dbt is going to give up (dbt: `deprecations.py`).

use std::collections::BTreeMap;
use std::path::Path;

use super::environment::is_engine_name;
use super::warnings::Warnings;
use crate::diagnostic::Diagnostic;

/// What of the command line, the environment and the flags is on its way out.
pub(super) fn of_call(warnings: &Warnings, environment: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(old) = warnings.old_keys() {
        let problem =
            Diagnostic::deprecation("WEOIncludeExcludeDeprecation", format!("{old} of the options for warnings"));
        let help = "write `error` for `include`, and `warn` for `exclude`";
        found.push(problem.in_file("--warn-error-options", 1).help(help));
    }
    let mut words = std::env::args_os().skip(1);
    if let Some(word) = words.find(|word| word == "--models" || word == "--model" || word == "-m") {
        let word = word.to_string_lossy().into_owned();
        let problem =
            Diagnostic::deprecation("ModelParamUsageDeprecation", format!("{word} is an old name of --select"));
        found.push(problem.in_file(word, 1).help("write --select, or -s"));
    }
    let unknown = environment.keys().filter(|name| name.starts_with("DBT_ENGINE_") && !is_engine_name(name));
    found.extend(unknown.map(|name| {
        let message = format!("`{name}` is no variable of dbt, and names that begin with DBT_ENGINE_ are dbt's");
        let problem = Diagnostic::deprecation("EnvironmentVariableNamespaceDeprecation", message);
        problem.in_file(name.clone(), 1).help("give the variable another name")
    }));
    found
}

/// `source freshness --output`.
pub(super) fn output(path: &Path) -> Diagnostic {
    let event = "CustomOutputPathInSourceFreshnessDeprecation";
    let message = format!("the answers are written to {}, which --output will not do any more", path.display());
    let help = "leave it out: they are in sources.json of the target folder";
    Diagnostic::deprecation(event, message).in_file("--output", 1).help(help)
}
