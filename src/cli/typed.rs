//! The command line, read: variables of the environment under both of their names, and flags that stand for others.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use super::arguments::{Arguments, Command, Docs, Select, Source};

/// Reads a command line. `ls --models` lists models; elsewhere the flag is another word for `--select`.
pub(super) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let mut command = prefer_engine(Arguments::command());
    let mut matches = command.try_get_matches_from_mut(words)?;
    let mut arguments = Arguments::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
    let lists = matches!(arguments.command, Command::Ls { .. });
    if let Some(select) = selection(&mut arguments.command).filter(|select| !select.models.is_empty()) {
        if lists {
            if !select.select.is_empty() || !select.resource_type.is_empty() {
                let message = "`ls --models` lists models: it does not go with --select and --resource-type";
                return Err(command.error(ErrorKind::ArgumentConflict, message));
            }
            select.resource_type = vec!["model".to_owned()];
        }
        let models = std::mem::take(&mut select.models);
        select.select.extend(models);
    }
    Ok(arguments)
}

/// dbt's variables have a second name, `DBT_ENGINE_` for `DBT_`, which comes first.
fn prefer_engine(command: clap::Command) -> clap::Command {
    let prefer = |arg: clap::Arg| {
        let engine = arg.get_env().and_then(|name| super::environment::engine_name(name.to_str()?));
        match engine.filter(|name| std::env::var_os(name).is_some()) {
            // Names live as long as the command line does; there are few.
            Some(name) => arg.env(&*Box::leak(name.into_boxed_str())),
            None => arg,
        }
    };
    command.mut_args(prefer).mut_subcommands(prefer_engine)
}

/// What is selected, where the command selects.
pub(super) fn selection(command: &mut Command) -> Option<&mut Select> {
    Some(match command {
        Command::Ls { select, .. }
        | Command::Compile { select, .. }
        | Command::Show { select, .. }
        | Command::Plan { select, .. }
        | Command::Source { command: Source::Freshness { select, .. } }
        | Command::Docs { command: Docs::Generate { select, .. } } => select,
        Command::Run(run)
        | Command::Seed(run)
        | Command::Load(run)
        | Command::Test(run)
        | Command::Snapshot(run)
        | Command::Build(run) => &mut run.select,
        Command::Lineage(lineage) => &mut lineage.select,
        Command::Clone(clone) => &mut clone.select,
        _ => return None,
    })
}
