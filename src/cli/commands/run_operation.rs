//! `run-operation`: calls one macro.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::super::Outcome;
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::compile::inline_node;
use crate::artifact::run_results::{Interval, NodeResult};
use crate::config::yaml;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::Node;
use crate::jinja::json_value;
use crate::project::{INTERNAL, Macro};
use crate::warehouse::WarehouseError;

/// Calls `name` or `package.name` with the arguments of a YAML mapping. What the macro prints is shown as it prints it.
pub(super) fn run_operation(
    loaded: &Loaded,
    name: &str,
    arguments: Option<&str>,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    if loaded.is_broken {
        printer.note("nothing was run, because the project has errors");
        return Err(Outcome::Unusable);
    }
    let refuse = |problem: &Diagnostic| {
        printer.diagnostic(problem, &loaded.sources);
        Outcome::Unusable
    };
    let arguments = read_arguments(arguments).map_err(|problem| refuse(&problem))?;
    let found = find(loaded, name).map_err(|problem| refuse(&problem))?;
    artifacts::before_run(loaded, printer)?;
    let (started_at, clock) = (Utc::now(), Instant::now());
    let connection = loaded.open(printer)?;
    let compiler = loaded.compiler(Some(connection.clone()), &std::collections::BTreeSet::new());
    compiler.listen(printer.output().listener());
    let compiled_at = Utc::now();
    let node = operation_node(loaded, name, found);
    let subject = Arc::new(compiler.subject(&node));
    let values = arguments.iter().map(|(key, value)| (key.as_str(), json_value(value))).collect();
    let call = called_name(found);
    let comment = compiler.query_comment(&format!("macro_{}", found.name), None);
    let comment = comment.map_err(|problem| refuse(&problem))?;
    let answer = connection.commented(comment, || {
        connection.pinned(|| {
            // What is not committed at the end is rolled back, as dbt does.
            let (called, _) = connection.materialization(|| compiler.call(&node, &subject, &call, values));
            Ok::<_, WarehouseError>(called)
        })
    });
    let problem = match answer {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(compiler.report(&error, &node)),
        Err(error) => Some(Diagnostic::error(Code::WarehouseError, error.message).at(found.span())),
    };
    if let Some(problem) = &problem {
        printer.diagnostic(problem, &loaded.sources);
    }
    let succeeded = problem.is_none();
    let word = if succeeded { printer.paint("OK   ", 2) } else { printer.paint("ERROR", 1) };
    printer.note(&format!("{word} operation {name} in {:.2}s", clock.elapsed().as_secs_f64()));
    let result = NodeResult {
        unique_id: found.unique_id(),
        status: if succeeded { "success" } else { "error" },
        compile: Some(Interval { started_at, completed_at: compiled_at }),
        execute: Some(Interval { started_at: compiled_at, completed_at: Utc::now() }),
        thread: "MainThread".to_owned(),
        seconds: clock.elapsed().as_secs_f64(),
        failures: Some(u64::from(!succeeded)),
        compiled: Some(false),
        ..NodeResult::default()
    };
    let typed = json!({"macro": name, "args": arguments});
    artifacts::after_operation(loaded, (result, &typed), printer)?;
    Ok(if succeeded && printer.counts().0 == 0 { Outcome::Success } else { Outcome::Failure })
}

/// `--args`: a YAML mapping.
fn read_arguments(text: Option<&str>) -> Result<Map<String, Value>, Box<Diagnostic>> {
    let Some(text) = text else { return Ok(Map::new()) };
    match yaml::parse(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(Value::Null) => Ok(Map::new()),
        _ => Err(Box::new(
            Diagnostic::error(Code::BadOption, "--args is not a YAML mapping")
                .in_file("--args", 1)
                .help("write --args '{name: value}'"),
        )),
    }
}

/// The macro of a name: the project's before those of packages, and these before the built-in ones.
fn find<'l>(loaded: &'l Loaded, typed: &str) -> Result<&'l Macro, Box<Diagnostic>> {
    let (package, name) = match typed.split_once('.') {
        Some((package, name)) => (Some(package), name),
        None => (None, typed),
    };
    let root = &loaded.project.packages[0].file.name;
    let adapter = crate::project::internal_packages(loaded.profile.target.dialect.adapter());
    let is_ours = |m: &&Macro| !INTERNAL.contains(&m.package.as_str()) || adapter.contains(&m.package);
    let rank = |m: &Macro| match m.package.as_str() {
        own if own == root => 0,
        other if INTERNAL.contains(&other) => 2,
        _ => 1,
    };
    let all = || loaded.project.macros.iter().filter(is_ours);
    let named = all().filter(|m| m.name == name && package.is_none_or(|package| m.package == package));
    if let Some(found) = named.min_by_key(|m| rank(m)) {
        return Ok(found);
    }
    let known = all().map(|m| match package {
        Some(_) => format!("{}.{}", m.package, m.name),
        None => m.name.clone(),
    });
    let known: std::collections::BTreeSet<String> = known.collect();
    let message = match package {
        Some(package) => format!("package `{package}` has no macro `{name}`"),
        None => format!("there is no macro `{name}` in any package"),
    };
    let help = did_you_mean(typed, known.iter().map(String::as_str)).map_or_else(
        || "`macros/` holds the project's macros; those of packages need `merganser deps`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Box::new(Diagnostic::error(Code::UnknownMacro, message).in_file("run-operation", 1).help(help)))
}

/// The name by which a template calls a macro of any package.
fn called_name(found: &Macro) -> String {
    if INTERNAL.contains(&found.package.as_str()) {
        found.name.clone()
    } else {
        format!("{}.{}", found.package, found.name)
    }
}

/// Who the macro is to itself: of the package it was asked for in, under its own unique id.
fn operation_node(loaded: &Loaded, typed: &str, found: &Macro) -> Node {
    let mut node = inline_node(loaded, "");
    node.name.clone_from(&found.name);
    node.unique_id = found.unique_id();
    node.file = found.file;
    node.code = found.block.header.clone();
    if let Some((package, _)) = typed.split_once('.') {
        package.clone_into(&mut node.package);
    }
    node
}
