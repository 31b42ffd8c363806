//! The folder of an earlier invocation: what is compared with it, and what is read from its environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use crate::config::Options;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, Node, Previous, PreviousManifest};
use crate::sql::Relation;
use crate::warehouse::{Connection, SchemaName};

/// Flags that name an earlier invocation. What the environment says of them is read with the rest of it, because a flag that
/// denies must win over it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "State and deferral")]
pub(super) struct StateArguments {
    /// Folder with artifacts of an earlier invocation, relative to the project: for `state:`, `result:`, `source_status:`, --defer
    #[arg(long, global = true, env = "DBT_STATE", value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    /// What is not selected and not there is read where the manifest of --state has it [env: `DBT_DEFER`]
    #[arg(long, global = true, overrides_with = "no_defer")]
    defer: bool,
    /// Do not defer
    #[arg(long, global = true, overrides_with = "defer")]
    no_defer: bool,
    /// Folder to defer to instead of that of --state
    #[arg(long, global = true, env = "DBT_DEFER_STATE", value_name = "DIR")]
    defer_state: Option<PathBuf>,
    /// Defer for all that is not selected, also where it is there [env: `DBT_FAVOR_STATE`]
    #[arg(long, global = true, overrides_with = "no_favor_state")]
    favor_state: bool,
    /// Defer only for what is not there
    #[arg(long, global = true, overrides_with = "favor_state")]
    no_favor_state: bool,
}

/// What the flags lead to.
#[derive(Default)]
pub(super) struct State {
    /// What selection compares with.
    pub(super) previous: Previous,
    /// The manifest of the environment that is deferred to.
    pub(super) deferred: Option<Arc<PreviousManifest>>,
    favors: bool,
}

impl StateArguments {
    /// `--defer`.
    pub(super) fn defers(&self) -> bool {
        self.defer
    }

    /// `--favor-state`.
    pub(super) fn favors(&self) -> bool {
        self.favor_state
    }

    /// The folder of `--state`, or of `--defer-state` where that is given.
    pub(super) fn deferred_to(&self) -> Option<&Path> {
        self.defer_state.as_deref().or(self.state.as_deref())
    }

    /// Reads what the flags name. A file that is not there is missed when something asks for it; a damaged one at once.
    pub(super) fn read(
        &self,
        options: &Options,
        target: &Path,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<State, Box<Diagnostic>> {
        let says = |flag: bool, denied: bool, names: [&str; 2]| {
            let set = || names.iter().find_map(|name| options.environment.get(*name));
            flag || (!denied && set().is_some_and(|value| is_true(value)))
        };
        let favors = says(self.favor_state, self.no_favor_state, ["DBT_FAVOR_STATE", "DBT_FAVOR_STATE_MODE"]);
        let is_cloning = options.run.command == "clone";
        let is_deferring = is_cloning || says(self.defer, self.no_defer, ["DBT_DEFER", "DBT_DEFER_TO_STATE"]);
        let mut state = State { favors, ..State::default() };
        state.previous.now = Some(options.run.started_at);
        if let Some(shown) = &self.state {
            let folder = options.project_dir.join(shown);
            if same_folder(&folder, target) {
                problems.push(is_target(shown));
            }
            let (then, now) = ((folder.as_path(), shown.as_path()), (target, target));
            state.previous.folder = Some(shown.display().to_string());
            state.previous.manifest = file(then, "manifest.json", PreviousManifest::read)?.map(Arc::new);
            state.previous.results = file(then, "run_results.json", Previous::read_results)?;
            let freshness = |folder| file(folder, "sources.json", Previous::read_freshness);
            state.previous.freshness = [freshness(then)?, freshness(now)?];
        }
        if is_deferring && defers(options.run.command) {
            state.deferred = Some(self.deferred(options, &state.previous)?);
        }
        Ok(state)
    }

    /// The manifest to defer to.
    fn deferred(&self, options: &Options, previous: &Previous) -> Result<Arc<PreviousManifest>, Box<Diagnostic>> {
        let Some(shown) = self.deferred_to() else {
            let what = if options.run.command == "clone" { "clone" } else { "--defer" };
            let message = format!("`{what}` needs the manifest of another environment");
            let help = "pass the folder with its artifacts with `--state` or `--defer-state`";
            return Err(Box::new(Diagnostic::error(Code::MissingState, message).in_file(what, 1).help(help)));
        };
        let own = previous.manifest.clone().filter(|_| self.defer_state.is_none());
        let folder = options.project_dir.join(shown);
        let read = || file((&folder, shown), "manifest.json", PreviousManifest::read);
        let found = match own {
            Some(manifest) => Some(manifest),
            None => read()?.map(Arc::new),
        };
        found.ok_or_else(|| {
            let path = shown.join("manifest.json").display().to_string();
            let message = format!("there is no manifest in `{}`", shown.display());
            let help =
                "copy manifest.json of the environment to read from into that folder; it is relative to the project";
            Box::new(Diagnostic::error(Code::MissingState, message).in_file(path, 1).help(help))
        })
    }
}

/// Whether a command resolves references at all.
fn defers(command: &str) -> bool {
    !matches!(command, "list" | "parse" | "clean" | "debug" | "load" | "deps")
}

fn same_folder(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::path::absolute(path).ok();
    a.components().eq(b.components()) || real(a).zip(real(b)).is_some_and(|(a, b)| a == b)
}

fn is_target(shown: &Path) -> Diagnostic {
    let message =
        format!("`--state` is the target folder itself, `{}`: this invocation overwrites it", shown.display());
    Diagnostic::warning(Code::BadOption, message)
        .in_file("--state", 1)
        .help("copy the artifacts to another folder, and pass that")
}

/// A file of a state folder, which is where and how it is shown; none where the file is not there.
fn file<T>(
    (folder, shown): (&Path, &Path),
    name: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Box<Diagnostic>> {
    let path = folder.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let text = crate::source::read_text(&path).map_err(|error| error.to_string());
    text.and_then(|text| read(&text)).map(Some).map_err(|why| {
        let message = format!("`{name}` of the state folder cannot be used: {why}");
        let help = "take the file from the target folder of a finished invocation";
        Box::new(
            Diagnostic::error(Code::MissingState, message)
                .in_file(shown.join(name).display().to_string(), 1)
                .help(help),
        )
    })
}

/// Whether the environment says yes (click's words).
fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "yes" | "y" | "on")
}

impl State {
    /// The relations that these nodes have in the environment of `--state`.
    pub(super) fn relations_of(&self, nodes: &[&Node]) -> BTreeMap<String, Relation> {
        let Some(manifest) = &self.deferred else { return BTreeMap::new() };
        let known: BTreeMap<&String, &Map<String, Value>> = manifest.relations().collect();
        let of = |node: &&Node| {
            let own = node.relation.as_deref()?;
            Some((node.unique_id.clone(), there(known.get(&node.unique_id)?, own)))
        };
        nodes.iter().filter_map(of).collect()
    }

    /// The relations that readers get instead of those of this target: of what is not built by this command and either not
    /// there or, when the state is favoured, not selected (dbt: `RuntimeRefResolver.create_relation`, `RuntimeFunctionResolver.resolve`).
    pub(super) fn relations(
        &self,
        graph: &Graph,
        connection: Option<&Connection>,
        (selected, builds): (&BTreeSet<String>, bool),
    ) -> BTreeMap<String, Relation> {
        let Some(manifest) = &self.deferred else { return BTreeMap::new() };
        let candidates: Vec<(&Node, Relation)> = manifest
            .relations()
            .filter(|(id, _)| !(builds && selected.contains(*id)))
            // No warehouse lists functions with its relations: they are never there, also where they are built now.
            .chain(manifest.functions())
            .filter_map(|(id, fields)| {
                let node = graph.node(id)?;
                Some((node, there(fields, node.relation.as_deref()?)))
            })
            .collect();
        let schemas: BTreeSet<SchemaName> =
            candidates.iter().map(|(node, _)| SchemaName::new(&node.database, &node.schema)).collect();
        // What cannot be asked counts as not there; a warehouse that is out of reach is reported when it is used.
        let schemas: Vec<SchemaName> = schemas.into_iter().collect();
        let _ = connection.map(|connection| connection.load(&schemas));
        let exists = |node: &Node| {
            let own = node.relation.as_deref();
            connection.zip(own).is_some_and(|(c, own)| c.relation(own).is_ok_and(|found| found.is_some()))
        };
        candidates
            .into_iter()
            .filter(|(node, _)| (self.favors && !selected.contains(&node.unique_id)) || !exists(node))
            .map(|(node, relation)| (node.unique_id.clone(), relation))
            .collect()
    }
}

/// A node's relation as the manifest has it, quoted as this project quotes.
fn there(fields: &Map<String, Value>, own: &Relation) -> Relation {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    Relation {
        database: text("database"),
        schema: text("schema"),
        identifier: text("alias").unwrap_or_default(),
        quoting: own.quoting,
    }
}
