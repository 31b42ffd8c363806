//! The commands, each in a file of its own.

mod clean;
mod compile;
mod completions;
mod debug;
mod docs;
mod explain;
mod init;
mod lineage;
mod ls;
mod parse;
mod plan;
mod run;
mod show;

use super::Outcome;
use super::arguments::{Arguments, Command, Running};
use super::printer::Printer;
use super::{driver, environment};
use crate::project::NodeKind;

/// Runs the command that was typed.
pub(super) fn run(arguments: &Arguments) -> Outcome {
    let global = &arguments.global;
    let no_color = environment::variables().contains_key("NO_COLOR");
    let printer = Printer::new(global, no_color);
    let load = |command: &'static str, running: &Running| driver::load(global, command, running, &printer);
    let result = match &arguments.command {
        Command::Init { name } => init::init(name, &printer),
        Command::Debug => debug::debug(global, &printer),
        Command::Explain { code } => explain::explain(code.as_deref(), &printer),
        Command::Completions { shell } => completions::completions(*shell),
        Command::Clean => {
            load("clean", &Running::default()).and_then(|loaded| clean::clean(&loaded, &printer))
        }
        Command::Parse => {
            load("parse", &Running::default()).and_then(|loaded| parse::parse(&loaded, global, &printer))
        }
        Command::Ls { select, output, output_keys } => load("list", &Running::default())
            .and_then(|loaded| ls::ls(&loaded, global, select, (*output, output_keys), &printer)),
        Command::Compile { select, inline, running } => load("compile", running).and_then(|loaded| {
            compile::compile(&loaded, global, (select, inline.as_deref(), running), &printer)
        }),
        Command::Lineage(arguments) => load("lineage", &Running::default())
            .and_then(|loaded| lineage::lineage(&loaded, global, arguments, &printer)),
        Command::Show { select, schema: true, output, .. } => load("show", &Running::default())
            .and_then(|loaded| show::schema(&loaded, global, select, *output, &printer)),
        Command::Show { select, inline, limit, output, .. } => load("show", &Running::default())
            .and_then(|loaded| show::show(&loaded, (select, inline.as_deref()), (*limit, *output), &printer)),
        Command::Plan { command, arguments } => load("plan", &arguments.running)
            .and_then(|loaded| plan::plan(&loaded, global, (*command, arguments), &printer)),
        Command::Docs { command } => load("generate", &Running::default())
            .and_then(|loaded| docs::generate(&loaded, global, command, &printer)),
        Command::Seed(arguments) => running("seed", arguments, &load, &printer),
        Command::Load(arguments) => running("load", arguments, &load, &printer),
        Command::Run(arguments) => running("run", arguments, &load, &printer),
        Command::Test(arguments) => running("test", arguments, &load, &printer),
        Command::Snapshot(arguments) => running("snapshot", arguments, &load, &printer),
        Command::Build(arguments) => running("build", arguments, &load, &printer),
    };
    result.unwrap_or_else(|outcome| outcome)
}

type Load<'a> = dyn Fn(&'static str, &Running) -> Result<driver::Loaded, Outcome> + 'a;

fn running(
    command: &'static str,
    arguments: &super::arguments::RunArguments,
    load: &Load<'_>,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let loaded = load(command, &arguments.running)?;
    run::run(&loaded, command, arguments, printer)
}

/// The kinds of node a command runs.
pub(super) fn kinds(command: &str) -> &'static [NodeKind] {
    match command {
        "seed" => &[NodeKind::Seed],
        "run" => &[NodeKind::Model],
        "test" => &[NodeKind::Test],
        "snapshot" => &[NodeKind::Snapshot],
        "load" => &[NodeKind::Source],
        "build" => &[
            NodeKind::Source,
            NodeKind::Seed,
            NodeKind::Model,
            NodeKind::Snapshot,
            NodeKind::Test,
            NodeKind::Exposure,
            NodeKind::SavedQuery,
        ],
        _ => &[NodeKind::Source, NodeKind::Seed, NodeKind::Model, NodeKind::Snapshot, NodeKind::Test],
    }
}
