//! The commands, each in a file of its own.

mod clean;
mod clone;
mod compile;
mod completions;
mod debug;
mod deps;
mod docs;
mod explain;
mod freshness;
mod init;
mod lineage;
pub(super) mod ls;
mod own_catalog;
mod parse;
mod plan;
mod retry;
mod run;
mod run_operation;
mod show;
mod support;

use std::mem::ManuallyDrop;

use super::Outcome;
use super::arguments::{Arguments, Command, Global, Running, Source};
use super::printer::Printer;
use super::warnings::Warnings;
use super::{deprecated, driver, environment, settings};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::NodeKind;
use crate::source::Sources;

/// Runs the command that was typed.
pub(super) fn run(arguments: &Arguments) -> Outcome {
    let (global, printer) = match open(&arguments.global) {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    let global = &global;
    // The process ends with the command: taking what was loaded apart would be for nothing.
    let load = |command: &'static str, running: &Running| {
        driver::load(global, command, running, &printer).map(ManuallyDrop::new)
    };
    let result = match &arguments.command {
        Command::Init { name, skip_profile_setup } => init::init(global, (name, *skip_profile_setup), &printer),
        Command::Debug { config_dir: true, .. } => debug::config_dir(global, &printer),
        Command::Debug { connection, .. } => debug::debug(global, *connection, &printer),
        Command::Explain { code } => explain::explain(code.as_deref(), &printer),
        Command::Completions { shell } => completions::completions(*shell),
        Command::Clean { clean_project_files_only: inside, no_clean_project_files_only: outside } => {
            load("clean", &Running::default()).and_then(|loaded| clean::clean(&loaded, (*inside, *outside), &printer))
        }
        Command::Parse => load("parse", &Running::default()).and_then(|loaded| parse::parse(&loaded, global, &printer)),
        Command::Ls { select, output, output_keys } => load("list", &Running::default())
            .and_then(|loaded| ls::ls(&loaded, global, select, (*output, output_keys), &printer)),
        Command::Compile { select, inline, running, no_inject_ephemeral_ctes, .. } => {
            let wanted = compile::Wanted { select, inline: inline.as_deref(), injects: !no_inject_ephemeral_ctes };
            load("compile", running).and_then(|loaded| compile::compile(&loaded, global, (&wanted, running), &printer))
        }
        Command::Lineage(arguments) => load("lineage", &Running::default())
            .and_then(|loaded| lineage::lineage(&loaded, global, arguments, &printer)),
        Command::Show { select, schema: true, output, .. } => load("show", &Running::default())
            .and_then(|loaded| show::schema(&loaded, global, select, *output, &printer)),
        Command::Show { inline_direct: Some(sql), limit, output, .. } => {
            load("show", &Running::default()).and_then(|loaded| show::direct(&loaded, sql, (*limit, *output), &printer))
        }
        Command::Show { select, inline, limit, output, .. } => load("show", &Running::default())
            .and_then(|loaded| show::show(&loaded, (select, inline.as_deref()), (*limit, *output), &printer)),
        Command::Plan { command, select, running } => {
            load("plan", running).and_then(|loaded| plan::plan(&loaded, global, (*command, select, running), &printer))
        }
        Command::Docs { command } => {
            load("generate", &Running::default()).and_then(|loaded| docs::generate(&loaded, global, command, &printer))
        }
        Command::RunOperation { name, args } => load("run-operation", &Running::default())
            .and_then(|loaded| run_operation::run_operation(&loaded, name, args.as_deref(), &printer)),
        Command::Source { command: Source::Freshness { select, output } } => load("freshness", &Running::default())
            .and_then(|loaded| freshness::freshness(&loaded, select, output.as_deref(), &printer)),
        Command::Retry(arguments) => retry::retry(global, arguments, &printer),
        Command::Clone(arguments) => {
            load("clone", &arguments.running).and_then(|loaded| clone::clone(&loaded, arguments, &printer))
        }
        Command::Deps(arguments) => deps::deps(global, arguments, &printer),
        Command::Seed(arguments) => running("seed", arguments, &load, &printer),
        Command::Load(arguments) => running("load", arguments, &load, &printer),
        Command::Run(arguments) => running("run", arguments, &load, &printer),
        Command::Test(arguments) => running("test", arguments, &load, &printer),
        Command::Snapshot(arguments) => running("snapshot", arguments, &load, &printer),
        Command::Build(arguments) => running("build", arguments, &load, &printer),
    };
    result.unwrap_or_else(|outcome| outcome)
}

type Load<'a> = dyn Fn(&'static str, &Running) -> Result<ManuallyDrop<driver::Loaded>, Outcome> + 'a;

fn running(
    command: &'static str,
    arguments: &super::arguments::RunArguments,
    load: &Load<'_>,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let loaded = load(command, &arguments.running)?;
    run::run(&loaded, command, arguments, printer)
}

/// The options with the project's flags under them, and a printer for them.
fn open(typed: &Global) -> Result<(Global, Printer), Outcome> {
    let environment = environment::variables();
    let no_color = environment.contains_key("NO_COLOR");
    let here = std::env::current_dir().unwrap_or_default();
    let project_dir = environment::project_dir(typed, &here).ok();
    let profiles_dirs = environment::profiles_dirs(typed, &here, project_dir.as_deref(), &environment);
    let flags = settings::project_flags(project_dir.as_deref(), &profiles_dirs);
    let plain = || Printer::new(&Global { log_path: None, ..typed.clone() }, Warnings::default(), no_color);
    let refuse = |problem: &Diagnostic| {
        if let Ok(printer) = plain() {
            printer.diagnostic(problem, &Sources::default());
        }
        Outcome::Unusable
    };
    let (global, warnings) = settings::settle(typed, &environment, &flags).map_err(|problem| refuse(&problem))?;
    let printer = Printer::new(&global, warnings, no_color).map_err(|error| {
        let message = format!("the log file cannot be written: {error}");
        let help = "check the folder's permissions, or choose another with --log-path";
        refuse(&Diagnostic::error(Code::MissingFile, message).in_file("--log-path", 1).help(help))
    })?;
    for problem in deprecated::of_call(&printer.output().warnings, &environment) {
        printer.diagnostic(&problem, &Sources::default());
    }
    if printer.counts().0 > 0 { Err(Outcome::Unusable) } else { Ok((global, printer)) }
}

/// The kinds of node a command runs.
pub(super) fn kinds(command: &str) -> &'static [NodeKind] {
    match command {
        "seed" => &[NodeKind::Seed],
        "run" => &[NodeKind::Model],
        "test" => &[NodeKind::Test, NodeKind::UnitTest],
        "snapshot" => &[NodeKind::Snapshot],
        "load" => &[NodeKind::Source],
        "build" => &[
            NodeKind::Source,
            NodeKind::Seed,
            NodeKind::Function,
            NodeKind::Model,
            NodeKind::Snapshot,
            NodeKind::Test,
            NodeKind::UnitTest,
            NodeKind::Exposure,
            NodeKind::SavedQuery,
        ],
        _ => &[NodeKind::Source, NodeKind::Seed, NodeKind::Model, NodeKind::Snapshot, NodeKind::Test],
    }
}
