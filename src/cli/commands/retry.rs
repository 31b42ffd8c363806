//! `retry`: the last command again, for what failed or was skipped in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::Outcome;
use super::super::arguments::{CloneArguments, Docs, Global, RetryArguments, RunArguments, Running, Select};
use super::super::printer::Printer;
use super::super::{driver, environment};
use super::{clone, compile, docs, run, run_operation};
use crate::config::{Undone, Window, event_time, yaml};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, read_text};

/// What the last command left behind.
struct Previous {
    command: String,
    arguments: Map<String, Value>,
    /// The nodes to go on with.
    nodes: BTreeSet<String>,
    /// Of microbatch models of which some batches succeeded, those that did not.
    undone: BTreeMap<String, Undone>,
}

/// Reads the results of the last command, and runs it again with its own flags for the nodes that did not succeed. `--vars` and
/// `--threads` may be new.
pub(super) fn retry(global: &Global, arguments: &RetryArguments, printer: &Printer) -> Result<Outcome, Outcome> {
    let previous = previous(global).map_err(|problem| {
        printer.diagnostic(&problem, &Sources::default());
        Outcome::Unusable
    })?;
    if previous.nodes.is_empty() {
        let command = &previous.command;
        printer.note(&format!("nothing to do: everything succeeded in the last `{command}`"));
        return Ok(Outcome::Success);
    }
    let global = again(global, &previous.arguments);
    let flag = |key: &str| previous.arguments.get(key).and_then(Value::as_bool).unwrap_or(false);
    let text = |key: &str| previous.arguments.get(key).and_then(Value::as_str).map(str::to_owned);
    let running = Running {
        full_refresh: arguments.full_refresh || flag("full_refresh"),
        store_failures: flag("store_failures"),
        empty: flag("empty"),
        sample: text("sample"),
        event_time_start: text("event_time_start"),
        event_time_end: text("event_time_end"),
        undone: previous.undone.clone(),
        output: arguments.output,
        ..Running::default()
    };
    let select = Select { exactly: Some(previous.nodes.clone()), ..Select::default() };
    let repeated = RunArguments { select: select.clone(), running: running.clone(), ..RunArguments::default() };
    let load = |command: &'static str| {
        let loaded = driver::load(&global, command, &running, printer)?;
        // What a macro did is nobody's node.
        let gone = previous.nodes.iter().find(|id| command != "run-operation" && loaded.graph.node(id).is_none());
        match gone {
            Some(id) if !loaded.is_broken => {
                printer.diagnostic(&no_longer_there(id), &loaded.sources);
                Err(Outcome::Unusable)
            }
            _ => Ok(loaded),
        }
    };
    match previous.command.as_str() {
        "run" => run::run(&load("run")?, "run", &repeated, printer),
        "build" => run::run(&load("build")?, "build", &repeated, printer),
        "seed" => run::run(&load("seed")?, "seed", &repeated, printer),
        "test" => run::run(&load("test")?, "test", &repeated, printer),
        "snapshot" => run::run(&load("snapshot")?, "snapshot", &repeated, printer),
        "load" => run::run(&load("load")?, "load", &repeated, printer),
        "compile" => {
            let wanted = compile::Wanted { select: &select, inline: None, injects: true };
            compile::compile(&load("compile")?, &global, (&wanted, &running), printer)
        }
        "generate" => {
            let docs =
                Docs::Generate { select, no_compile: false, compile: false, empty_catalog: false, from_sql: false };
            docs::generate(&load("generate")?, &global, &docs, printer)
        }
        "clone" => clone::clone(&load("clone")?, &CloneArguments { select, running: running.clone() }, printer),
        "run-operation" => {
            let typed = previous.arguments.get("args").map(yaml::print);
            let name = text("macro").unwrap_or_default();
            run_operation::run_operation(&load("run-operation")?, &name, typed.as_deref(), printer)
        }
        other => {
            let message = format!("`{other}` is no command that can be run again");
            let help =
                "retry goes on with run, build, seed, snapshot, test, compile, clone, docs generate and run-operation";
            let problem = Diagnostic::error(Code::BadOption, message).in_file("run_results.json", 1).help(help);
            printer.diagnostic(&problem, &Sources::default());
            Err(Outcome::Unusable)
        }
    }
}

/// A node that the last command left undone is in the project no more.
fn no_longer_there(unique_id: &str) -> Diagnostic {
    let message = format!("the last command left `{unique_id}` undone, and the project has it no more");
    let help = "bring it back, or run the command itself for what else is left";
    Diagnostic::error(Code::UnknownRef, message).in_file("run_results.json", 1).help(help)
}

/// The flags of the last command, with what is said now over them.
fn again(global: &Global, arguments: &Map<String, Value>) -> Global {
    let mut again = global.clone();
    let text = |key: &str| arguments.get(key).and_then(Value::as_str).map(str::to_owned);
    let vars = arguments.get("vars").and_then(Value::as_object).filter(|vars| !vars.is_empty());
    again.vars = again.vars.or_else(|| vars.map(|vars| Value::Object(vars.clone()).to_string()));
    let threads = arguments.get("threads").and_then(Value::as_u64);
    again.threads = again.threads.or_else(|| usize::try_from(threads?).ok());
    again.target = text("target").or(again.target);
    again.profile = text("profile").or(again.profile);
    again.state.state = text("state").map(PathBuf::from);
    again.fail_fast = arguments.get("fail_fast").and_then(Value::as_bool).or(again.fail_fast);
    again
}

fn previous(global: &Global) -> Result<Previous, Box<Diagnostic>> {
    let path = results_path(global)?;
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
    let help = "run a command first, or name the folder of its run_results.json with --state";
    let missing =
        |message: String, code| Box::new(Diagnostic::error(code, message).in_file(shown.clone(), 1).help(help));
    let text = read_text(&path)
        .map_err(|_| missing(format!("there are no results of a last command in {shown}"), Code::MissingFile))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| missing(format!("{shown} is not a run_results.json: {error}"), Code::MissingFile))?;
    let arguments = value.get("args").and_then(Value::as_object).cloned().unwrap_or_default();
    let command = arguments.get("which").and_then(Value::as_str).unwrap_or_default().to_owned();
    let warns = global.warn_error == Some(true);
    let of = |result: &Value| -> Option<String> {
        let id = result.get("unique_id")?.as_str()?;
        let status = result.get("status")?.as_str()?;
        let again = matches!(status, "error" | "fail" | "skipped" | "runtime error" | "partial success")
            || (warns && status == "warn");
        // Hooks run with every command.
        let is_hook = id.starts_with("operation.") && command != "run-operation";
        (again && !is_hook).then(|| id.to_owned())
    };
    let results = || value.get("results").and_then(Value::as_array).into_iter().flatten();
    let nodes = results().filter_map(of).collect();
    let undone = results().filter_map(|result| Some((result.get("unique_id")?.as_str()?.to_owned(), undone(result)?)));
    Ok(Previous { command, arguments, nodes, undone: undone.collect() })
}

/// The batches of a result that failed, if others succeeded: without one the model is built as if for the first time.
fn undone(result: &Value) -> Option<Undone> {
    let batches = result.get("batch_results")?;
    let list = |key: &str| batches.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let time = |value: &Value| {
        let text = value.as_str()?;
        let zoned = chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        zoned.or_else(|| event_time(text))
    };
    let window = |pair: &Value| Some(Window { start: time(pair.get(0)?)?, end: time(pair.get(1)?)? });
    let windows = |key: &str| list(key).iter().filter_map(window).collect::<Vec<_>>();
    let undone = Undone { failed: windows("failed"), successful: windows("successful") };
    (!undone.successful.is_empty() && !undone.failed.is_empty()).then_some(undone)
}

/// `run_results.json` of `--state`, or of the target folder.
fn results_path(global: &Global) -> Result<PathBuf, Box<Diagnostic>> {
    let here = std::env::current_dir().unwrap_or_default();
    let project_dir = environment::project_dir(global, &here)?;
    let folder = match (&global.state.state, &global.target_path) {
        (Some(state), _) => here.join(state),
        (None, Some(target)) => project_dir.join(target),
        (None, None) => project_dir.join(target_folder(&project_dir)),
    };
    Ok(folder.join("run_results.json"))
}

/// `target-path:` of the project file.
fn target_folder(project_dir: &Path) -> String {
    let text = read_text(&project_dir.join("dbt_project.yml")).ok();
    let parsed = text.and_then(|text| yaml::parse(&text).ok());
    let named = parsed.and_then(|value| value.get("target-path")?.as_str().map(str::to_owned));
    named.unwrap_or_else(|| "target".to_owned())
}
