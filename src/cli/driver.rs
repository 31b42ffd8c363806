//! The road every command walks: read, parse, select, compile, plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Outcome;
use super::arguments::{Global, IndirectSelection, Running, Select};
use super::levels::Levels;
use super::printer::Printer;
use super::state::State;
use super::{environment, open, settings};
use crate::compile::{Compilation, Compiler, QueryComment, compile};
use crate::config::{
    Options, Profile, Settings, Templates, Vars, YamlScope, check_catalogs, read_profile, read_project_file,
    read_settings,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Level};
use crate::govern::{Governance, govern};
use crate::graph::{self, Graph, Indirect, Order, Selection};
use crate::jinja::{self, Engine, Library, MacroDef, Origin, Session, SessionFacts};
use crate::plan::Planner;
use crate::project::{self, NodeKind, Project, Reading};
use crate::source::Sources;
use crate::warehouse::{Catalog, Connection};

/// A project that was read and parsed.
pub(super) struct Loaded {
    pub(super) options: Options,
    pub(super) sources: Arc<Sources>,
    pub(super) profile: Profile,
    pub(super) project: Arc<Project>,
    pub(super) session: Arc<Session>,
    pub(super) graph: Arc<Graph>,
    pub(super) order: Order,
    pub(super) governance: Governance,
    /// What an earlier invocation left.
    pub(super) state: State,
    /// Whether something could not be parsed.
    pub(super) is_broken: bool,
}

/// Renders the Jinja in YAML files.
pub(super) struct YamlTemplates<'a>(pub(super) &'a Engine);

impl Templates for YamlTemplates<'_> {
    fn render_value(&self, text: &str, scope: &YamlScope) -> Result<serde_json::Value, String> {
        jinja::render_yaml(self.0, text, scope)
    }

    fn render_block(&self, text: &str) -> Result<String, (String, std::ops::Range<usize>)> {
        jinja::render_docs_block(self.0, text, Origin { file: 0, base: 0 }).map_err(|error| {
            let place = error.trace.first().map_or(0..0, |frame| frame.span.clone());
            (error.message, place)
        })
    }
}

/// Reads and parses the project. What is wrong is printed; without a project or a profile there is nothing to go on with.
pub(super) fn load(
    global: &Global,
    command: &'static str,
    running: &Running,
    printer: &Printer,
) -> Result<Loaded, Outcome> {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let read = environment::options(global, command, running).map_err(|problem| diagnostics.push(*problem));
    let loaded = read.ok().and_then(|mut options| {
        options.run.fatal_warnings = printer.output().warnings.fatal();
        load_with(options, &mut sources, &mut diagnostics)
    });
    let sources = Arc::new(sources);
    let rules = loaded.as_ref().map(|parts| parts.2.settings.levels.clone()).unwrap_or_default();
    let levels = Levels::new(rules, loaded.as_ref().map(|parts| parts.4.clone()));
    diagnostics.extend(levels.unused(&sources));
    printer.weigh(levels);
    printer.diagnostics(diagnostics.iter(), &sources);
    let is_broken = diagnostics.has_errors() || printer.counts().0 > 0;
    let (options, profile, project, session, graph, order) = loaded.ok_or(Outcome::Unusable)?;
    graph.said.iter().for_each(|(text, voice)| printer.output().spoken(text, *voice));
    let mut found = Diagnostics::default();
    let governance = governance(&project, &session, &graph, &mut found);
    printer.diagnostics(found.iter(), &sources);
    let is_broken = is_broken || found.has_errors();
    let mut loaded = Loaded {
        options,
        sources,
        profile,
        project: Arc::new(project),
        session,
        graph,
        order,
        governance,
        state: State::default(),
        is_broken,
    };
    loaded.check_query_comment(printer)?;
    loaded.state = loaded.earlier(global, printer)?;
    Ok(loaded)
}

type Parts = (Options, Profile, Project, Arc<Session>, Arc<Graph>, Order);

fn load_with(options: Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Parts> {
    let engine = Engine::new();
    let templates = YamlTemplates(&engine);
    let scope = |target| YamlScope {
        vars: Some(Vars { command_line: options.vars.clone(), ..Vars::default() }),
        target,
        environment: options.environment.clone(),
        run: Some(Arc::new(options.run.clone())),
        ..YamlScope::default()
    };
    // The project file says which profile, and may itself use `target`: it is read for the name first.
    let named = profile_name(&options, sources, diagnostics)?;
    let (name, span, project_name) = named;
    let wanted = options.profile.clone().or(name);
    let profile = read_profile(&options, wanted.as_deref(), (&project_name, span), sources, &templates, diagnostics)?;
    let target = Some(profile.target.shown(&profile.name));
    let mut file =
        read_project_file(&options.project_dir, "dbt_project.yml", sources, &templates, &scope(target), diagnostics)?;
    match (file.flags.is_empty(), profile.flags.is_empty()) {
        (true, false) => file.flags.clone_from(&profile.flags),
        (false, false) => diagnostics.push(flags_twice(&file, sources)),
        _ => {}
    }
    if matches!(options.run.command, "build" | "compile" | "parse" | "plan" | "run" | "seed" | "snapshot" | "test") {
        let dialect = profile.target.dialect;
        let target = Some(profile.target.shown(&profile.name));
        check_catalogs(&options.project_dir, (&templates, &scope(target)), dialect, sources, diagnostics);
    }
    let settings: Settings = read_settings(&options.project_dir, sources, diagnostics);
    let reading = Reading { options: &options, profile: &profile, templates: &templates };
    let (mut project, vars) = project::read(&reading, file, settings, sources, diagnostics);
    let session = Arc::new(session(&options, &profile, &project, vars, sources, diagnostics));
    let graph = graph::build(&project, &session, sources, diagnostics);
    let ((), order) = rayon::join(|| project.settle(), || Order::new(&graph, diagnostics));
    if !graph::check_selectors(&project, diagnostics) {
        return None;
    }
    Some((options, profile, project, session, Arc::new(graph), order))
}

fn flags_twice(file: &crate::config::ProjectFile, sources: &Sources) -> Diagnostic {
    let range = crate::config::yaml::locate(sources.text(file.file), &["flags".into()]);
    let message = "there are flags here and below `config:` of profiles.yml";
    let help = "move those of profiles.yml here: `config:` is going away";
    Diagnostic::error(Code::BadConfig, message).at(crate::source::Span::new(file.file, range)).help(help)
}

type Named = (Option<String>, Option<crate::source::Span>, String);

/// The profile the project file names, where it says so, and the project's name; read without rendering.
fn profile_name(options: &Options, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Named> {
    let path = options.project_dir.join("dbt_project.yml");
    let text = match crate::source::read_text(&path) {
        Ok(text) => text,
        Err(error) => {
            let help = "run `merganser init` to start a project, or pass --project-dir";
            diagnostics
                .push(Diagnostic::error(Code::MissingFile, error.to_string()).in_file("dbt_project.yml", 1).help(help));
            return None;
        }
    };
    let parsed = crate::config::yaml::parse(&text).ok();
    let field = |key: &str| {
        parsed.as_ref().and_then(|value| value.get(key)).and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let range = crate::config::yaml::locate(&text, &["profile".into()]);
    let named = (field("profile"), field("name").unwrap_or_default());
    let file = sources.add("dbt_project.yml", Some(path), text);
    Some((named.0, Some(crate::source::Span::new(file, range)), named.1))
}

fn session(
    options: &Options,
    profile: &Profile,
    project: &Project,
    vars: Vars,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Session {
    let root = &project.packages[0].file;
    let define = |m: &project::Macro| MacroDef {
        package: m.package.clone(),
        name: m.name.clone(),
        text: sources.text(m.file).clone(),
        origin: Origin { file: m.file.number(), base: 0 },
        header: m.block.header.clone(),
        body: m.block.body.clone(),
        trim_start: m.block.trim_start,
        trim_end: m.block.trim_end,
    };
    let dialect = profile.target.dialect;
    let internal = project::internal_packages(dialect.adapter());
    let definitions = project.macros.iter().map(define).collect();
    let names: Vec<&str> = internal.iter().map(String::as_str).collect();
    let (library, errors) = Library::new(definitions, &root.name, &names);
    for error in &errors {
        let whole = (root.file, 0..0);
        diagnostics.push(jinja::report(error, &root.name, whole, &|file| sources.file(file).location.is_some()));
    }
    let facts = SessionFacts {
        dialect,
        database: profile.target.database.clone(),
        schema: profile.target.schema.clone(),
        target: profile.target.shown(&profile.name),
        root: root.name.clone(),
        vars,
        environment: options.environment.clone(),
        run: options.run.clone(),
        flags: root.flags.clone(),
        dispatch: root.dispatch.clone(),
        packages: project.packages.iter().map(|package| package.file.name.clone()).collect(),
        versions: project
            .packages
            .iter()
            .map(|package| (package.file.name.clone(), package.file.version.clone()))
            .collect(),
    };
    Session { engine: Engine::new(), library, facts }
}

fn governance(project: &Project, session: &Session, graph: &Graph, diagnostics: &mut Diagnostics) -> Governance {
    let facts = &session.facts;
    let schema_of =
        |custom: Option<&str>| custom.map_or_else(|| facts.schema.clone(), |name| format!("{}_{name}", facts.schema));
    govern(project, graph, &facts.database, &schema_of, diagnostics)
}

impl Loaded {
    /// Opens the warehouse; the failure is printed.
    pub(super) fn open(&self, printer: &Printer) -> Result<Arc<Connection>, Outcome> {
        open::open(&self.profile.target, &self.options).map_err(|error| {
            let mut diagnostic = Diagnostic::error(Code::WarehouseError, error.message.clone());
            diagnostic = match self.profile.file {
                Some(file) => diagnostic.at(crate::source::Span::start_of(file)),
                None => diagnostic.in_file("profiles.yml", 1),
            };
            diagnostic.help = error.help.or_else(|| {
                Some(format!("check target `{}` of profile `{}`", self.profile.target.name, self.profile.name))
            });
            printer.diagnostic(&diagnostic, &self.sources);
            Outcome::Unusable
        })
    }

    /// What the folders of `--state` and `--defer-state` hold; what is wrong with them is printed.
    fn earlier(&self, global: &Global, printer: &Printer) -> Result<State, Outcome> {
        let mut problems = Vec::new();
        let read = global.state.read(&self.options, &self.target_dir(), &mut problems);
        let read = read.map_err(|problem| problems.push(*problem));
        printer.diagnostics(problems.iter(), &self.sources);
        let mut state = read.map_err(|()| Outcome::Unusable)?;
        if let Some(manifest) = state.previous.manifest.clone() {
            state.previous.changed_macros = manifest.changed_macros(&self.project, &self.sources);
        }
        Ok(state)
    }

    /// The unique ids a selection means; what is wrong with it is printed.
    pub(super) fn select(
        &self,
        select: &Select,
        kinds: &[NodeKind],
        printer: &Printer,
    ) -> Result<BTreeSet<String>, Outcome> {
        if let Some(ids) = &select.exactly {
            return Ok(ids.iter().filter(|id| self.graph.node(id).is_some()).cloned().collect());
        }
        let mut diagnostics = Diagnostics::default();
        let selection = self.selection(select, kinds, &mut diagnostics);
        let found = if selection.kinds.is_empty() {
            BTreeSet::new()
        } else {
            graph::select(&self.graph, &self.order, &self.project, &selection, &mut diagnostics)
        };
        let option = if select.selector.is_some() { "--selector" } else { "--select" };
        let placed: Vec<Diagnostic> = diagnostics
            .drain()
            .into_iter()
            .map(|d| if d.labels.is_empty() && d.unread.is_none() { d.in_file(option, 1) } else { d })
            .collect();
        let before = printer.counts().0;
        printer.diagnostics(placed.iter(), &self.sources);
        if printer.counts().0 > before {
            return Err(Outcome::Unusable);
        }
        if placed.iter().any(|d| d.level == Level::Error) { Err(Outcome::Unusable) } else { Ok(found) }
    }

    fn selection(&self, select: &Select, kinds: &[NodeKind], diagnostics: &mut Diagnostics) -> Selection {
        let mut wanted: Vec<NodeKind> = kinds.to_vec();
        let mut kind = |typed: &[String], variable: &'static str| -> Vec<NodeKind> {
            let mut list = Vec::new();
            let (words, place) = self.kinds_meant(typed, variable);
            for word in words.iter().flat_map(|word| word.split_whitespace()) {
                match word {
                    "all" => list.extend(NodeKind::ALL),
                    "default" => list.extend(kinds),
                    _ => match NodeKind::ALL.iter().find(|kind| kind.as_str() == word) {
                        Some(kind) => list.push(*kind),
                        None => {
                            let known: Vec<&str> = NodeKind::ALL.iter().map(|kind| kind.as_str()).collect();
                            let message = format!("`{word}` is not a resource type");
                            diagnostics.push(
                                Diagnostic::error(Code::BadOption, message)
                                    .in_file(place, 1)
                                    .help(format!("use: {}", known.join(", "))),
                            );
                        }
                    },
                }
            }
            list
        };
        let only = kind(&select.resource_type, "DBT_RESOURCE_TYPES");
        let without = kind(&select.exclude_resource_type, "DBT_EXCLUDE_RESOURCE_TYPES");
        let is_listing = self.options.run.command == "list";
        if !only.is_empty() {
            // `ls` shows analyses when they are asked for.
            wanted.extend(is_listing.then_some(NodeKind::Analysis));
            wanted.retain(|kind| only.contains(kind));
        }
        wanted.retain(|kind| !without.contains(kind));
        let flags = &self.project.packages[0].file.flags;
        let indirect = select.indirect_selection.or_else(|| settings::indirect_selection(flags)).unwrap_or_default();
        Selection {
            select: select.select.clone(),
            exclude: select.exclude.clone(),
            selector: select.selector.clone(),
            indirect: match indirect {
                IndirectSelection::Eager => Indirect::Eager,
                IndirectSelection::Cautious => Indirect::Cautious,
                IndirectSelection::Buildable => Indirect::Buildable,
                IndirectSelection::Empty => Indirect::Empty,
            },
            kinds: wanted,
            keep_empty: is_listing,
            previous: self.state.previous.clone(),
        }
    }

    /// The kinds of node that were typed or, with the commands that have them in dbt, that a variable names; and where they stand.
    fn kinds_meant(&self, typed: &[String], variable: &'static str) -> (Vec<String>, &'static str) {
        let hears = matches!(self.options.run.command, "build" | "clone" | "list" | "test");
        match self.options.environment.get(variable).filter(|_| typed.is_empty() && hears) {
            Some(words) => (vec![words.clone()], variable),
            None => (typed.to_vec(), "--resource-type"),
        }
    }

    /// Renders the comment on queries once, if the project writes its own, as dbt does before it does anything else.
    fn check_query_comment(&self, printer: &Printer) -> Result<(), Outcome> {
        let written = self.project.packages[0].file.query_comment.as_ref();
        if self.is_broken || written.is_none_or(serde_json::Value::is_null) {
            return Ok(());
        }
        self.compiler(None, &BTreeSet::new()).query_comment("master", None).map(drop).map_err(|problem| {
            printer.diagnostic(&problem, &self.sources);
            Outcome::Unusable
        })
    }

    /// A compiler; with a connection where templates may ask.
    pub(super) fn compiler(&self, connection: Option<Arc<Connection>>, selected: &BTreeSet<String>) -> Compiler {
        let builds = matches!(self.options.run.command, "run" | "build" | "seed" | "snapshot" | "plan");
        let elsewhere = self.state.relations(&self.graph, connection.as_deref(), (selected, builds));
        let selected = selected.iter().cloned().collect();
        let root = &self.project.packages[0].file;
        let text = self.sources.text(root.file);
        let span = crate::source::Span::new(root.file, crate::config::yaml::locate(text, &["query-comment".into()]));
        let comment = QueryComment::read(root.query_comment.as_ref(), self.profile.target.dialect, span);
        Compiler::new(self.session.clone(), self.sources.clone(), self.graph.clone(), connection, selected)
            .commenting(comment)
            .reading_elsewhere(elsewhere)
    }

    /// Compiles the wanted nodes and prints what is wrong with them.
    pub(super) fn compile(&self, compiler: &Compiler, wanted: &BTreeSet<String>, printer: &Printer) -> Compilation {
        let mut diagnostics = Diagnostics::default();
        let compilation = compile(compiler, &self.order, wanted, &mut diagnostics);
        printer.diagnostics(diagnostics.iter(), &self.sources);
        compiler.said().iter().for_each(|(text, voice)| printer.output().spoken(text, *voice));
        compilation
    }

    /// The SQL of the models.
    pub(super) fn dialect(&self) -> crate::sql::Dialect {
        self.project.settings.dialect.unwrap_or(self.profile.target.dialect)
    }

    /// A planner for the wanted nodes against a catalog.
    pub(super) fn planner<'a>(&'a self, compiler: &'a Compiler, catalog: Catalog, loads: bool) -> Planner<'a> {
        Planner {
            compiler,
            catalog,
            governance: &self.governance,
            sources: &self.sources,
            full_refresh: self.options.run.full_refresh,
            loads,
            project_dir: self.options.project_dir.clone(),
            ledger_schema: self.project.settings.ledger_schema.clone().unwrap_or_else(|| "landing".to_owned()),
        }
    }

    /// Where artifacts go.
    pub(super) fn target_dir(&self) -> std::path::PathBuf {
        let root = &self.project.packages[0].file;
        self.options.target_path.clone().unwrap_or_else(|| self.options.project_dir.join(&root.paths.target))
    }
}
