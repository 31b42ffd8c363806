//! Reading a project and its packages into what they declare.

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::files::{self, ResourceFile};
use super::{
    Entry, EntryKind, INTERNAL, Macro, NodeKind, Package, Project, Selectors, internal_packages, missing, policy,
    required, shape,
};
use crate::config::yaml::{self, Place, Places, Step};
use crate::config::{
    Options, Profile, ProjectFile, Settings, Templates, Vars, YamlScope, has_templates, read_project_file,
    render_strings, twice,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::source::{MACRO_FILES, Sources, Span, find_files, read_text};

/// What reading needs besides the files.
pub struct Reading<'a> {
    /// The options of the invocation.
    pub options: &'a Options,
    /// The profile and its target.
    pub profile: &'a Profile,
    /// What renders Jinja in YAML.
    pub templates: &'a dyn Templates,
}

/// Reads everything below the root project's folder and its packages' folders.
pub fn read(
    reading: &Reading<'_>,
    root: ProjectFile,
    settings: Settings,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> (Project, Vars) {
    let mut packages = vec![Package { file: root, shown: String::new() }];
    packages.extend(installed_packages(reading, &packages[0], sources, diagnostics));
    let vars = Vars {
        command_line: reading.options.vars.clone(),
        root: packages[0].file.name.clone(),
        projects: packages
            .iter()
            .map(|p| (p.file.name.clone(), p.file.vars.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
            .into(),
    };
    let mut project = Project {
        packages,
        nodes: Vec::new(),
        macros: builtin_macros(reading.profile.target.dialect.adapter(), sources, diagnostics),
        docs: Vec::new(),
        entries: Vec::new(),
        fixtures: Vec::new(),
        policies: Vec::new(),
        settings,
        selectors: None,
    };
    check_vars(&project.packages, sources, diagnostics);
    for package in project.packages.clone() {
        check_project_file(&package, sources, diagnostics);
        required::check(&package, reading.options.dbt_version.as_deref(), sources, diagnostics);
        read_package(&mut project, &package, reading.templates, sources, diagnostics);
        let scope = YamlScope {
            vars: Some(vars.clone()),
            written_vars: true,
            target: Some(reading.profile.target.shown(&reading.profile.name)),
            package: package.file.name.clone(),
            secrets: false,
            environment: reading.options.environment.clone(),
            run: Some(std::sync::Arc::new(reading.options.run.clone())),
        };
        read_properties(&mut project, &package, reading.templates, &scope, sources, diagnostics);
    }
    read_policies(&mut project, sources, diagnostics);
    read_selectors(&mut project, reading, sources, diagnostics);
    (project, vars)
}

/// Reports what in a project file is not of the kind dbt takes.
fn check_project_file(package: &Package, sources: &Sources, diagnostics: &mut Diagnostics) {
    let (file, text) = (package.file.file, sources.text(package.file.file));
    let Some(misfit) = yaml::parse(text).ok().and_then(|value| shape::project_misfit(&value)) else { return };
    let span = Span::new(file, yaml::locate(text, &misfit.steps));
    if !diagnostics.iter().any(|known| known.labels.first().is_some_and(|label| label.span == span)) {
        diagnostics.push(Diagnostic::error(Code::BadConfig, misfit.message).at(span).help(misfit.help));
    }
}

/// Reports what the root project says in place of a package's variables and what holds none; a text or a list may be the value
/// of a variable that is called as the package.
fn check_vars(packages: &[Package], sources: &Sources, diagnostics: &mut Diagnostics) {
    let root = &packages[0].file;
    for name in packages.iter().map(|package| package.file.name.as_str()) {
        let Some(value) =
            root.vars.get(name).filter(|value| value.is_null() || value.is_number() || value.is_boolean())
        else {
            continue;
        };
        let span = Span::new(root.file, yaml::locate(sources.text(root.file), &["vars".into(), name.into()]));
        let message = format!("the variables of package `{name}` must be a mapping, not {value}");
        let problem = Diagnostic::error(Code::BadConfig, message).at(span);
        diagnostics.push(problem.help("write `NAME: VALUE` lines below it, or remove it"));
    }
}

/// The projects below the packages' folder, by name. Packages that are named and not there are errors.
fn installed_packages(
    reading: &Reading<'_>,
    root: &Package,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Package> {
    let folder = root.file.root.join(&root.file.paths.packages);
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.retain(|path| path.join("dbt_project.yml").is_file());
    folders.sort();
    let mut packages = Vec::new();
    for path in folders {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let shown = format!("{}/{name}", root.file.paths.packages);
        let scope = YamlScope {
            vars: Some(Vars { command_line: reading.options.vars.clone(), ..Vars::default() }),
            written_vars: false,
            target: Some(reading.profile.target.shown(&reading.profile.name)),
            package: name,
            secrets: false,
            environment: reading.options.environment.clone(),
            run: Some(std::sync::Arc::new(reading.options.run.clone())),
        };
        let file = read_project_file(
            &path,
            &format!("{shown}/dbt_project.yml"),
            sources,
            reading.templates,
            &scope,
            diagnostics,
        );
        packages.extend(file.map(|file| Package { file, shown }));
    }
    packages.sort_by(|a, b| a.file.name.cmp(&b.file.name));
    let internal = internal_packages(reading.profile.target.dialect.adapter());
    missing::report(root, (&packages, &internal), sources, diagnostics);
    packages
}

/// The macros of the library that are there for the adapter: its own, and those for all.
fn builtin_macros(adapter: &str, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Vec<Macro> {
    let internal = internal_packages(adapter);
    let mut macros = Vec::new();
    for (path, text) in MACRO_FILES {
        let package = path.split('/').nth(1).filter(|name| INTERNAL.contains(name)).unwrap_or("dbt");
        if !internal.iter().any(|name| name == package) {
            continue;
        }
        let file = sources.add(format!("<merganser>/{path}"), None, *text);
        let below = path.splitn(3, '/').nth(2).unwrap_or(path);
        let found = ResourceFile { file, path: below.to_owned(), original_path: format!("macros/{below}") };
        macros.extend(files::macros(package, (&found, files::MACROS), sources, diagnostics));
    }
    macros
}

fn read_package(
    project: &mut Project,
    package: &Package,
    templates: &dyn Templates,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    let (name, paths) = (&package.file.name, &package.file.paths);
    let mut find = |folders: &[String], endings: &[&str], sources: &mut Sources| {
        files::resource_files(package, folders, endings, sources, diagnostics)
    };
    let macro_files = find(&paths.macros, &[".sql"], sources);
    let generic: Vec<String> =
        paths.tests.iter().map(|path| format!("{}/generic", path.trim_end_matches('/'))).collect();
    let generic_files = find(&generic, &[".sql"], sources);
    let fixtures: Vec<String> =
        paths.tests.iter().map(|path| format!("{}/fixtures", path.trim_end_matches('/'))).collect();
    let fixture_files = find(&fixtures, &[".csv", ".sql"], sources);
    let snapshot_files = find(&paths.snapshots, &[".sql"], sources);
    let whole = [
        (NodeKind::Model, find(&paths.models, &[".sql", ".py"], sources)),
        (NodeKind::Analysis, find(&paths.analyses, &[".sql"], sources)),
        (NodeKind::Test, find(&paths.tests, &[".sql"], sources)),
        (NodeKind::Seed, find(&paths.seeds, &[".csv"], sources)),
        (NodeKind::Function, find(&paths.functions, &[".sql", ".py"], sources)),
    ];
    let docs_folders = if paths.docs.is_empty() { paths.resources().cloned().collect() } else { paths.docs.clone() };
    let docs_files = find(&docs_folders, &[".md"], sources);
    // Below `tests/generic`, dbt sees tests and nothing else.
    for (found, kinds) in [(macro_files, files::MACROS), (generic_files, files::TESTS)] {
        let found: Vec<&ResourceFile> = found.iter().collect();
        let read = |file: &ResourceFile, problems: &mut _| files::macros(name, (file, kinds), sources, problems);
        project.macros.extend(each(&found, diagnostics, read));
    }
    project.fixtures.extend(files::fixtures(name, &fixture_files, diagnostics));
    for found in &snapshot_files {
        project.nodes.extend(files::snapshot_nodes(name, found, sources, diagnostics));
    }
    for (kind, found) in whole {
        let is_node = |file: &&ResourceFile| kind != NodeKind::Test || !is_test_support(&file.path);
        let found: Vec<&ResourceFile> = found.iter().filter(is_node).collect();
        let sources: &Sources = sources;
        project.nodes.par_extend(found.par_iter().map(|file| files::file_node(kind, name, file, sources)));
    }
    let docs_files: Vec<&ResourceFile> = docs_files.iter().collect();
    let before = project.docs.len();
    for found in &docs_files {
        project.docs.extend(files::docs(name, found, templates, sources, diagnostics));
    }
    files::check_docs(&project.docs[before..], diagnostics);
}

/// What each file holds, read side by side, in the order of the files.
fn each<T: Send>(
    found: &[&ResourceFile],
    diagnostics: &mut Diagnostics,
    read: impl Fn(&ResourceFile, &mut Diagnostics) -> Vec<T> + Sync,
) -> Vec<T> {
    let one = |found: &&ResourceFile| {
        let mut problems = Diagnostics::default();
        (read(found, &mut problems), problems)
    };
    let read: Vec<(Vec<T>, Diagnostics)> = found.par_iter().map(one).collect();
    let mut all = Vec::new();
    for (items, mut problems) in read {
        all.extend(items);
        diagnostics.extend(problems.drain());
    }
    all
}

/// Whether a file below a test folder defines generic tests or holds fixtures rather than being a singular test.
fn is_test_support(path: &str) -> bool {
    path.starts_with("generic/") || path.starts_with("fixtures/")
}

fn read_properties(
    project: &mut Project,
    package: &Package,
    templates: &dyn Templates,
    scope: &YamlScope,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    let paths = &package.file.paths;
    let mut folders: Vec<String> = Vec::new();
    for folder in paths.resources() {
        if !folders.contains(folder) {
            folders.push(folder.clone());
        }
    }
    let found = files::resource_files(package, &folders, &[".yml", ".yaml"], sources, diagnostics);
    let known: &Sources = sources;
    let entries = each(&found.iter().collect::<Vec<_>>(), diagnostics, |found, problems| {
        PropertiesFile { package, found, text: known.text(found.file), templates, scope }.entries(problems)
    });
    let declared = |entry: &&Entry| entry.kind == EntryKind::Snapshot && entry.value.contains_key("relation");
    let misnamed = entries.iter().filter(declared).filter_map(|entry| files::relation_misfit(entry, sources));
    diagnostics.extend(misnamed.collect::<Vec<_>>());
    project.nodes.extend(entries.iter().filter(declared).map(|entry| files::declared_snapshot(entry, sources)));
    project.entries.extend(entries);
}

/// A YAML file of properties.
struct PropertiesFile<'a> {
    package: &'a Package,
    found: &'a ResourceFile,
    text: &'a Arc<str>,
    templates: &'a dyn Templates,
    scope: &'a YamlScope,
}

impl PropertiesFile<'_> {
    /// What the file declares.
    fn entries(&self, diagnostics: &mut Diagnostics) -> Vec<Entry> {
        let at = |offset: usize| Span::new(self.found.file, offset..offset);
        let document = yaml::parse_properties(self.text).map(|document| {
            diagnostics.extend(twice(&document, self.found.file, self.text));
            document.value
        });
        let document = match document {
            Ok(Value::Object(document)) => document,
            Ok(Value::Null) => return Vec::new(),
            Ok(_) => {
                diagnostics.push(Diagnostic::error(Code::YamlSyntax, "this file must be a mapping").at(at(0)));
                return Vec::new();
            }
            Err(error) => {
                let span = at(error.offset.unwrap_or(0));
                diagnostics.push(Diagnostic::error(Code::YamlSyntax, error.message).at(span));
                return Vec::new();
            }
        };
        let places = Arc::new(Places::new(self.text));
        EntryReader { file: self, places, diagnostics }.entries(document)
    }
}

struct EntryReader<'a> {
    file: &'a PropertiesFile<'a>,
    places: Arc<Places>,
    diagnostics: &'a mut Diagnostics,
}

impl EntryReader<'_> {
    fn span(&self, steps: &[Step]) -> Span {
        Span::new(self.file.found.file, self.places.find(self.file.text, None, steps))
    }

    fn entries(&mut self, document: Map<String, Value>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (key, list) in document {
            let Some((_, kind)) = EntryKind::LISTS.iter().find(|(name, _)| *name == key) else {
                self.unknown(&key);
                continue;
            };
            let items = match list {
                Value::Array(items) => items,
                Value::Null => continue,
                _ => {
                    let span = self.span(&[key.as_str().into()]);
                    self.diagnostics.push(
                        level(*kind)(Code::BadConfig, format!("`{key}` must be a list"))
                            .at(span)
                            .help("begin each item with `- name:`"),
                    );
                    continue;
                }
            };
            let places = self.places.items(self.file.text, &key);
            for (index, item) in items.into_iter().enumerate() {
                let steps = vec![key.as_str().into(), index.into()];
                entries.extend(self.entry(*kind, (steps, places.get(index)), item));
            }
        }
        entries
    }

    fn unknown(&mut self, key: &str) {
        if key == "version" || key == "anchors" || key.starts_with('.') {
            return;
        }
        let near = did_you_mean(key, EntryKind::LISTS.iter().map(|(name, _)| *name));
        let mut diagnostic =
            Diagnostic::warning(Code::UnknownKey, format!("unknown key `{key}`")).at(self.span(&[key.into()]));
        diagnostic.help = Some(near.map_or_else(
            || "move it under `config: meta:`, or remove it".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ));
        self.diagnostics.push(diagnostic);
    }

    /// Reports tests under both of their names.
    fn check_tests(&mut self, fields: &Map<String, Value>, steps: &[Step]) {
        let has_some = fields.get("tests").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        if has_some && fields.get("data_tests").is_some() {
            let span = self.span(&[steps, &["tests".into()]].concat());
            let problem = Diagnostic::error(Code::BadConfig, "`tests` and `data_tests` are the same").at(span);
            self.diagnostics.push(problem.help("put all tests into one list, `data_tests`"));
        }
    }

    /// Reports columns without a name, and `columns` that are no list.
    fn check_columns(&mut self, fields: &Map<String, Value>, steps: &[Step]) {
        let at = |more: &[Step]| [steps, &["columns".into()], more].concat();
        match fields.get("columns") {
            Some(Value::Array(columns)) => {
                for (index, column) in columns.iter().enumerate() {
                    column.as_object().into_iter().for_each(|own| self.check_tests(own, &at(&[index.into()])));
                    if column.get("name").is_some_and(is_name) || column.get("include").is_some() {
                        continue;
                    }
                    let span = self.span(&at(&[index.into()]));
                    self.diagnostics.push(
                        Diagnostic::error(Code::BadConfig, "a column needs a `name`")
                            .at(span)
                            .help("begin it with `- name:`"),
                    );
                }
            }
            None | Some(Value::Null) => {}
            Some(_) => {
                let span = self.span(&at(&[]));
                self.diagnostics.push(
                    Diagnostic::error(Code::BadConfig, "`columns` must be a list")
                        .at(span)
                        .help("begin each column with `- name:`"),
                );
            }
        }
    }

    fn entry(&mut self, kind: EntryKind, (steps, place): (Vec<Step>, Option<&Place>), item: Value) -> Option<Entry> {
        let name = item.get("name").filter(|name| is_name(name));
        let Some(name) = name.map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned)) else {
            let message = format!("an item of `{}` needs a `name`", kind.key());
            self.diagnostics.push(level(kind)(Code::BadConfig, message).at(self.span(&steps)).help("add `name:`"));
            return None;
        };
        let mut problems = Vec::new();
        let later = |path: &[String]| rendered_later(kind, path);
        let (templates, scope) = (self.file.templates, self.file.scope);
        let rendered = has_templates(&item)
            .then(|| render_strings(&item, templates, scope, &mut Vec::new(), &later, &mut problems));
        for (path, reason) in problems {
            let span = self.span(&[steps.clone(), yaml::steps(&path)].concat());
            self.diagnostics.push(Diagnostic::error(Code::UndefinedName, reason).at(span));
        }
        let rendered = rendered.filter(|rendered| *rendered != item);
        let Value::Object(written) = item else { return None };
        let written = Arc::new(written);
        let value = match rendered {
            Some(Value::Object(value)) => Arc::new(value),
            _ => written.clone(),
        };
        let name = value.get("name").and_then(Value::as_str).map_or(name, str::to_owned);
        let known = self.diagnostics.iter().count();
        self.check_tests(&value, &steps);
        self.check_columns(&value, &steps);
        for (index, table) in value.get("tables").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let inside = [steps.clone(), vec!["tables".into(), index.into()]].concat();
            if let Some(table) = table.as_object() {
                self.check_tests(table, &inside);
                self.check_columns(table, &inside);
            }
        }
        if self.diagnostics.iter().count() == known
            && let Some(misfit) = shape::misfit(kind, &value)
        {
            let span = self.span(&[steps.clone(), misfit.steps].concat());
            self.diagnostics.push(level(kind)(Code::BadConfig, misfit.message).at(span).help(misfit.help));
            if kind == EntryKind::DataTest {
                return None;
            }
        }
        let found = self.file.found;
        let (path, original_path) = (found.path.clone(), found.original_path.clone());
        let (package, file) = (self.file.package.file.name.clone(), found.file);
        let (places, place) = (self.places.clone(), place.cloned());
        Some(Entry { kind, package, name, file, original_path, path, steps, places, place, value, written })
    }
}

/// How much what does not fit an entry matters: as in dbt, properties of singular tests are no reason to stop.
fn level(kind: EntryKind) -> impl Fn(Code, String) -> Diagnostic {
    move |code, message| match kind {
        EntryKind::DataTest => Diagnostic::warning(code, message),
        _ => Diagnostic::error(code, message),
    }
}

/// Whether a value can be a name: a text, or what YAML reads as a number or a truth value.
fn is_name(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// What dbt leaves unrendered when it reads properties: descriptions, tests, hooks, filters (`SchemaYamlRenderer`).
fn rendered_later(kind: EntryKind, path: &[String]) -> bool {
    let part = |index: usize| path.get(index).map(String::as_str);
    let last = |back: usize| path.len().checked_sub(back).and_then(part);
    match kind {
        EntryKind::Source if part(0) == Some("tables") => is_late(path.get(2..).unwrap_or_default()),
        EntryKind::Source => {
            matches!(part(0), Some("description" | "loaded_at_query"))
                || (part(0) == Some("config") && part(1) == Some("loaded_at_query"))
        }
        EntryKind::Macro if part(0) == Some("arguments") => is_late(&path[1..]),
        EntryKind::Metric => last(1) == Some("filter") || last(2) == Some("filter") || is_late(path),
        EntryKind::SavedQuery => (part(0) == Some("query_params") && part(1) == Some("where")) || is_late(path),
        _ => is_late(path),
    }
}

/// What is left unrendered in any entry, by its path (`_is_norender_key`).
fn is_late(path: &[String]) -> bool {
    let part = |index: usize| path.get(index).map(String::as_str);
    let late = |index: usize| matches!(part(index), Some("tests" | "data_tests" | "description" | "loaded_at_query"));
    late(0)
        || (path.len() == 2 && late(1))
        || (part(0) == Some("config") && matches!(part(1), Some("pre_hook" | "post_hook" | "loaded_at_query")))
        || (path.len() == 5 && part(4) == Some("description"))
        || (matches!(part(0), Some("columns" | "dimensions" | "measures" | "entities"))
            && matches!(part(2), Some("tests" | "data_tests" | "description")))
}

fn read_policies(project: &mut Project, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let root = project.packages[0].clone();
    for folder in project.settings.policy_paths.clone() {
        if let Ok(found) = find_files(&root.file.root.join(&folder), &[".yml", ".yaml"]) {
            for file in found {
                let shown = format!("{folder}/{}", file.below);
                match read_text(&file.location) {
                    Ok(text) => {
                        let id = sources.add(shown, Some(file.location), text);
                        project.policies.extend(policy::policies(id, sources, diagnostics));
                    }
                    Err(error) => {
                        diagnostics.push(Diagnostic::error(Code::MissingFile, error.to_string()).in_file(shown, 1));
                    }
                }
            }
        }
    }
}

/// `selectors.yml`, rendered as dbt renders it: with the target, the environment and `--vars`.
fn read_selectors(project: &mut Project, reading: &Reading<'_>, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let root = &project.packages[0].file;
    let path = root.root.join("selectors.yml");
    let Ok(text) = read_text(&path) else { return };
    let file = sources.add("selectors.yml", Some(path), text);
    let scope = YamlScope {
        vars: Some(Vars { command_line: reading.options.vars.clone(), ..Vars::default() }),
        written_vars: false,
        target: Some(reading.profile.target.shown(&reading.profile.name)),
        package: root.name.clone(),
        secrets: false,
        environment: reading.options.environment.clone(),
        run: Some(std::sync::Arc::new(reading.options.run.clone())),
    };
    let text = sources.text(file);
    let at = |steps: &[yaml::Step]| Span::new(file, yaml::locate(text, steps));
    match yaml::parse(text) {
        Ok(value) => {
            let (mut path, mut problems) = (Vec::new(), Vec::new());
            let never = |_: &[String]| false;
            let rendered = render_strings(&value, reading.templates, &scope, &mut path, &never, &mut problems);
            if let Some(misfit) = shape::selectors_misfit(&rendered) {
                let problem = Diagnostic::error(Code::BadConfig, misfit.message).at(at(&misfit.steps));
                diagnostics.push(problem.help(misfit.help));
                return;
            }
            for (path, reason) in problems {
                diagnostics.push(Diagnostic::error(Code::UndefinedName, reason).at(at(&yaml::steps(&path))));
            }
            let list = rendered.get("selectors").and_then(Value::as_array).cloned().unwrap_or_default();
            let span = |index: usize| at(&["selectors".into(), index.into(), "definition".into()]);
            project.selectors = Some(Selectors { spans: (0..list.len()).map(span).collect(), list });
        }
        Err(error) => {
            let offset = error.offset.unwrap_or(0);
            diagnostics.push(Diagnostic::error(Code::YamlSyntax, error.message).at(Span::new(file, offset..offset)));
        }
    }
}
