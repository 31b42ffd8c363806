//! `deps`: installs the packages the project names.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::Outcome;
use super::super::arguments::{DepsArguments, Global, PackageSource};
use super::super::driver::YamlTemplates;
use super::super::environment;
use super::super::printer::Printer;
use crate::config::{Vars, YamlScope, yaml};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::jinja::{DBT_VERSION, Engine};
use crate::project::deps::{self, Deps, Task};
use crate::source::{Sources, read_text};

/// Resolves, locks and installs. It needs no profile: packages come before everything else.
pub(super) fn deps(global: &Global, arguments: &DepsArguments, printer: &Printer) -> Result<Outcome, Outcome> {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let ended = install(global, arguments, (&mut sources, &mut diagnostics), printer);
    printer.diagnostics(diagnostics.iter(), &sources);
    if let Err(problem) = ended {
        printer.diagnostic(&problem, &sources);
        return Err(Outcome::Unusable);
    }
    Ok(if printer.counts().0 > 0 { Outcome::Failure } else { Outcome::Success })
}

fn install(
    global: &Global,
    arguments: &DepsArguments,
    (sources, diagnostics): (&mut Sources, &mut Diagnostics),
    printer: &Printer,
) -> Result<(), Box<Diagnostic>> {
    let here = std::env::current_dir().unwrap_or_default();
    let root = environment::project_dir(global, &here)?;
    let project = project_file(&root)?;
    let text = |key: &str| project.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(package) = &arguments.add_package {
        let file = deps::add(&root, &entry(package, arguments.source))?;
        printer.note(&format!("Added {package} to {file}"));
    }
    let variables = environment::variables();
    let scope = YamlScope {
        vars: Some(Vars { command_line: Arc::new(environment::vars(global.vars.as_deref())?), ..Vars::default() }),
        secrets: true,
        environment: Arc::new(variables.clone()),
        ..YamlScope::default()
    };
    let engine = Engine::new();
    let templates = YamlTemplates(&engine);
    let wanted = deps::declared(&root, sources, &templates, &scope)?;
    let folder = text("packages-install-path").unwrap_or_else(|| "dbt_packages".to_owned());
    let installer = Deps {
        install: root.join(folder),
        project: text("name").unwrap_or_default(),
        root,
        environment: &variables,
        templates: &templates,
        scope: &scope,
        dbt_version: DBT_VERSION,
        checks_version: global.accepted.version_check != Some(false),
        progress: &|text| printer.note(text),
    };
    let task = Task { lock_only: arguments.lock, upgrade: arguments.upgrade };
    deps::install(&installer, wanted, task, diagnostics)
}

/// The project file as written: rendering it may need what is installed here.
fn project_file(root: &std::path::Path) -> Result<Value, Box<Diagnostic>> {
    let wrong = |code, message: String| Box::new(Diagnostic::error(code, message).in_file("dbt_project.yml", 1));
    let text = read_text(&root.join("dbt_project.yml")).map_err(|error| wrong(Code::MissingFile, error.to_string()))?;
    yaml::parse(&text).map_err(|error| wrong(Code::YamlSyntax, error.message))
}

/// `NAME@VERSION` as an entry of packages.yml.
fn entry(package: &str, source: PackageSource) -> Value {
    let (name, version) = match package.split('@').collect::<Vec<_>>().as_slice() {
        [name, version] => ((*name).to_owned(), Some((*version).to_owned())),
        _ => (package.to_owned(), None),
    };
    let (key, version_key) = match source {
        PackageSource::Hub => ("package", "version"),
        PackageSource::Git => ("git", "revision"),
        PackageSource::Local => ("local", "version"),
    };
    let mut entry = json!({key: name});
    if let Some(version) = version {
        entry[version_key] =
            if version.contains(',') { json!(version.split(',').collect::<Vec<_>>()) } else { json!(version) };
    }
    entry
}
