//! From what is declared to nodes: templates rendered in the parse phase, properties applied, names made.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::configuration::{Trees, Wanted};
use super::name::Names;
use super::node::{Column, Node};
use super::{
    Graph, Lookup, access, contract, declared, deprecation, description, function, generic_test, hook, microbatch,
    misfit, python_model, resolve, semantic, semantic_check, source_table, spaces, unit_test,
};
use crate::config::is_template;
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::jinja::{self, Facts, Model, Origin, Phase, RelationValue, Session, SessionFacts, Subject};
use crate::project::{Entry, EntryKind, FileNode, NodeKind, Project};
use crate::source::{FileId, Sources, Span};
use crate::sql::Relation;

/// What all of this module's steps need.
pub(super) struct Parsing<'a> {
    pub(super) project: &'a Project,
    pub(super) session: &'a Arc<Session>,
    pub(super) sources: &'a Sources,
    pub(super) trees: Trees,
    pub(super) names: Names<'a>,
    /// What each macro calls, by unique id.
    pub(super) calls: BTreeMap<String, Vec<String>>,
    /// What templates said to the user, by the unique ids of their nodes.
    pub(super) said: Mutex<BTreeMap<String, Vec<(String, jinja::Voice)>>>,
    /// The docs blocks.
    pub(super) blocks: description::Blocks,
    /// The invocation, as templates in YAML see it.
    pub(super) run: Arc<crate::config::Run>,
    /// The macros that the template of a generic test sees, by the unique id of the test's macro.
    pub(super) reachable: Mutex<HashMap<String, Arc<BTreeSet<String>>>>,
}

/// What rendering one template in the parse phase gave.
pub(super) struct Parsed {
    pub(super) facts: Facts,
    /// Unique ids of the macros it calls directly.
    pub(super) macros: Vec<String>,
    pub(super) problem: Option<Diagnostic>,
}

/// The properties that go with a file's node: the entry, and the version it declares.
#[derive(Clone)]
struct Properties {
    entry: usize,
    version: Option<Version>,
}

#[derive(Clone)]
struct Version {
    number: Value,
    latest: Value,
    fields: Map<String, Value>,
}

/// Makes the graph. What cannot be parsed is reported and left out, or kept as broken where others may refer to it.
pub fn build(project: &Project, session: &Arc<Session>, sources: &Sources, diagnostics: &mut Diagnostics) -> Graph {
    let parsing = Parsing {
        project,
        session,
        sources,
        trees: Trees::new(project),
        names: Names::new(project, session),
        calls: super::called::macro_calls(session, sources, diagnostics),
        said: Mutex::default(),
        blocks: description::blocks(project),
        run: Arc::new(session.facts.run.clone()),
        reachable: Mutex::default(),
    };
    let properties = match_properties(&parsing, diagnostics);
    let mut broken = BTreeSet::new();
    let file_node = |(index, file)| parsing.file_node(file, properties.get(&index));
    let parsed: Vec<(Node, Option<Diagnostic>)> = project.nodes.par_iter().enumerate().map(file_node).collect();
    let mut nodes: Vec<Node> = Vec::with_capacity(parsed.len());
    for (node, problem) in parsed {
        if let Some(problem) = problem {
            broken.insert(node.unique_id.clone());
            diagnostics.push(problem);
        }
        nodes.push(node);
    }
    let described = properties.iter().filter(|(file, _)| nodes[**file].setting_flag("enabled"));
    let described = described.map(|(_, properties)| properties.entry).collect();
    nodes.extend(hook::operations(&parsing, diagnostics));
    nodes.extend(source_table::sources(&parsing, diagnostics));
    let mut lookup = Lookup::new(project, &nodes);
    // Nodes are large and many: tests stay in the lists they are made in until the graph takes them one by one.
    let tests = generic_test::tests(&parsing, &nodes, &lookup, diagnostics);
    let mut declared = unit_test::tests(&parsing, &nodes, &lookup, diagnostics);
    declared.extend(declared::exposures(&parsing, diagnostics));
    declared.extend(semantic::nodes(&parsing, diagnostics));
    lookup.add_metrics(&declared);
    let all = || nodes.iter().chain(tests.iter().flatten()).chain(&declared);
    diagnostics.extend(misfit::all(&parsing, all()));
    diagnostics.extend(parsing.names.problems(sources));
    description::broken(&parsing, &described, diagnostics);
    let mut said = parsing.said.lock().map(|mut said| std::mem::take(&mut *said)).unwrap_or_default();
    let said = all().filter_map(|node| said.remove(&node.unique_id)).flatten().collect();
    let mut graph = Graph {
        said,
        nodes: IndexMap::with_capacity(all().count()),
        disabled: Vec::new(),
        dropped: Vec::new(),
        docs: project.docs.clone(),
        groups: declared::groups(&parsing),
        macro_descriptions: description::of_macros(&parsing),
        macros: parsing.calls,
        root: project.packages[0].file.name.clone(),
        dialect: session.facts.dialect,
        compares_written: session.facts.flags.get(super::written::FLAG).and_then(Value::as_bool) == Some(true),
        lookup,
        broken,
    };
    super::same_name::check(&nodes, session.facts.flags.get(super::same_name::FLAG), diagnostics);
    admit(&mut graph, nodes.into_iter().chain(tests.into_iter().flatten()).chain(declared), diagnostics);
    super::same_name::check_disabled(&graph, project, sources, diagnostics);
    super::unused_path::check(&graph, project, sources, diagnostics);
    resolve::edges(&mut graph, project, diagnostics);
    let own_strategy = project
        .packages
        .iter()
        .any(|package| session.library.get(&package.file.name, "get_incremental_microbatch_sql").is_some());
    let batched = session.facts.flags.get(microbatch::FLAG).and_then(Value::as_bool) == Some(true);
    microbatch::check(&mut graph, own_strategy.then_some(batched), diagnostics);
    contract::check(&mut graph, project, sources, diagnostics);
    function::check(&mut graph, project, sources, diagnostics);
    spaces::check(&mut graph, session.facts.flags.get(spaces::FLAG), diagnostics);
    semantic_check::check(&mut graph, project, sources, diagnostics);
    access::check(&mut graph, project, sources, diagnostics);
    deprecation::check(&graph, project, sources, session.facts.run.started_at, diagnostics);
    graph
}

/// Puts enabled nodes into the graph; of two with one name the second is reported.
fn admit(graph: &mut Graph, nodes: impl Iterator<Item = Node>, diagnostics: &mut Diagnostics) {
    let mut relations: BTreeMap<String, String> = BTreeMap::new();
    for node in nodes {
        if !node.setting_flag("enabled") {
            graph.disabled.push(node);
            continue;
        }
        if let Some(first) = graph.nodes.get(&node.unique_id) {
            let message = format!("two {}s are named `{}`", node.kind.as_str(), node.name);
            let help = "rename one of them; names are unique within a package";
            diagnostics.push(
                Diagnostic::error(Code::DuplicateName, message)
                    .label(node.span(), "the second")
                    .label(first.span(), "the first")
                    .node(&node.unique_id)
                    .help(help),
            );
            continue;
        }
        if node.kind.is_refable() {
            // An ephemeral model counts as well, though it makes nothing.
            let names = format!("{}.{}.{}", node.database, node.schema, node.alias);
            let shown = node.relation.as_deref().map_or_else(|| names.clone(), Relation::render);
            let key = names.to_lowercase();
            if let Some(first) = relations.get(&key).and_then(|id| graph.nodes.get(id)) {
                let message = format!("`{}` and `{}` both make the relation {shown}", first.unique_id, node.unique_id);
                let help = "give one of them another `alias` or `schema`";
                diagnostics.push(
                    Diagnostic::error(Code::DuplicateRelation, message)
                        .at(node.span())
                        .node(&node.unique_id)
                        .help(help),
                );
            }
            relations.insert(key, node.unique_id.clone());
        }
        graph.nodes.insert(node.unique_id.clone(), node);
    }
}

/// Which entry belongs to which file, by the file's index. Entries for what is not there are reported.
fn match_properties(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) -> BTreeMap<usize, Properties> {
    let mut files: HashMap<(NodeKind, &str), Vec<(usize, &FileNode)>> = HashMap::new();
    for (index, file) in parsing.project.nodes.iter().enumerate() {
        files.entry((file.kind, &file.name)).or_default().push((index, file));
    }
    let find = |kind: NodeKind, package: &str, name: &str| -> Vec<usize> {
        let named = files.get(&(kind, name)).map(Vec::as_slice).unwrap_or_default();
        if let [(index, file)] = named {
            return Vec::from_iter((file.package == package || parsing.is_enabled(file)).then_some(*index));
        }
        let own = || named.iter().filter(|(_, file)| file.package == package);
        // Properties of what is disabled go to another package's resource of that name, or else to all of the package's own.
        let enabled = own().chain(named.iter()).find(|(_, file)| parsing.is_enabled(file));
        let all = || own().map(|(index, _)| *index).collect();
        enabled.map_or_else(all, |(index, _)| vec![*index])
    };
    let macros: HashSet<&str> = parsing.project.macros.iter().map(|m| m.name.as_str()).collect();
    let mut matched: BTreeMap<usize, Properties> = BTreeMap::new();
    for (index, entry) in parsing.project.entries.iter().enumerate() {
        if entry.kind == EntryKind::Macro && !macros.contains(entry.name.as_str()) {
            let known = parsing.project.macros.iter().filter(|m| m.package == entry.package).map(|m| m.name.as_str());
            diagnostics.push(unused(parsing, entry, "macro", (&entry.name, known.collect())));
        }
        let Some(kind) = file_kind(entry.kind) else { continue };
        diagnostics.extend(unknown_latest(parsing, entry));
        for (name, version) in versions(entry) {
            let mut found = find(kind, &entry.package, &name);
            if found.is_empty() && version.as_ref().is_some_and(|version| version.number == version.latest) {
                found = find(kind, &entry.package, &entry.name);
            }
            let Some(file) = found.first().copied() else {
                let known =
                    parsing.project.nodes.iter().filter(|file| file.kind == kind).map(|file| file.name.as_str());
                diagnostics.push(unused(parsing, entry, kind.as_str(), (&name, known.collect())));
                continue;
            };
            if let Some(first) = matched.get(&file) {
                let first = &parsing.project.entries[first.entry];
                let message = format!("{} `{name}` has properties in two places", kind.as_str());
                let at = |entry: &Entry| entry.span(parsing.sources, &["name".into()]);
                diagnostics.push(
                    Diagnostic::error(Code::DuplicateName, message)
                        .label(at(entry), "the second")
                        .label(at(first), "the first")
                        .help("merge them into one entry"),
                );
                continue;
            }
            matched.extend(found.into_iter().map(|file| (file, Properties { entry: index, version: version.clone() })));
        }
    }
    matched
}

/// The kind of the files that entries of a kind describe.
pub(super) fn file_kind(kind: EntryKind) -> Option<NodeKind> {
    Some(match kind {
        EntryKind::Model => NodeKind::Model,
        EntryKind::Seed => NodeKind::Seed,
        EntryKind::Snapshot => NodeKind::Snapshot,
        EntryKind::Analysis => NodeKind::Analysis,
        EntryKind::DataTest => NodeKind::Test,
        EntryKind::Function => NodeKind::Function,
        _ => return None,
    })
}

/// Whether two versions are one: `1` is `1.0`, and `"1"` is neither.
fn is_same(number: &Value, other: &Value) -> bool {
    number == other || (number.is_number() && number.as_f64() == other.as_f64())
}

/// A latest version that is none of the model's versions.
fn unknown_latest(parsing: &Parsing<'_>, entry: &Entry) -> Option<Diagnostic> {
    let latest = entry.value.get("latest_version").filter(|latest| !latest.is_null())?;
    let list = entry.value.get("versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut known = list.iter().filter_map(|version| version.get("v"));
    if entry.kind != EntryKind::Model || known.any(|number| is_same(number, latest)) {
        return None;
    }
    let numbers: Vec<String> = list.iter().filter_map(|version| version.get("v")).map(super::config_text).collect();
    let message = format!("`latest_version` {} is no version of model `{}`", super::config_text(latest), entry.name);
    let help = match numbers.as_slice() {
        [] => "remove it: the model has no `versions`".to_owned(),
        known => format!("its versions are {}", known.join(", ")),
    };
    let span = entry.span(parsing.sources, &["latest_version".into()]);
    Some(Diagnostic::error(Code::BadConfig, message).at(span).help(help))
}

fn unused(parsing: &Parsing<'_>, entry: &Entry, kind: &str, (name, known): (&str, Vec<&str>)) -> Diagnostic {
    let span = entry.span(parsing.sources, &["name".into()]);
    let help = match did_you_mean(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove the entry, or add the file".to_owned(),
    };
    Diagnostic::warning(Code::UnusedProperties, format!("there is no {kind} `{name}`")).at(span).help(help)
}

/// The file names an entry is about: its own, or one per version.
fn versions(entry: &Entry) -> Vec<(String, Option<Version>)> {
    let list = entry.value.get("versions").and_then(Value::as_array).filter(|list| !list.is_empty());
    let Some(list) = list.filter(|_| entry.kind == EntryKind::Model) else {
        return vec![(entry.name.clone(), None)];
    };
    let number = |version: &Value| version.get("v").cloned().unwrap_or_default();
    let numbers = || list.iter().map(number);
    let latest = match entry.value.get("latest_version") {
        Some(latest) => numbers().find(|known| is_same(known, latest)).unwrap_or_else(|| latest.clone()),
        None => numbers().max_by(resolve::compare_versions).unwrap_or_default(),
    };
    let one = |fields: &Value| {
        let named = fields.get("defined_in").and_then(Value::as_str).map(str::to_owned);
        let name = named.unwrap_or_else(|| format!("{}_v{}", entry.name, super::node::version_text(&number(fields))));
        let version = Version {
            number: number(fields),
            latest: latest.clone(),
            fields: fields.as_object().cloned().unwrap_or_default(),
        };
        (name, Some(version))
    };
    list.iter().map(one).collect()
}

impl Parsing<'_> {
    /// Whether the project files and its own text leave a file's node enabled.
    fn is_enabled(&self, file: &FileNode) -> bool {
        self.is_enabled_by_file(file) && self.file_node(file, None).0.setting_flag("enabled")
    }

    /// Whether the project files leave a file's node enabled.
    fn is_enabled_by_file(&self, file: &FileNode) -> bool {
        let wanted = Wanted {
            kind: file.kind,
            package: &file.package,
            fqn: &file.fqn,
            properties: Map::new(),
            calls: Map::new(),
        };
        self.trees.resolve(&wanted).config.get("enabled").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The node of a file, and why it could not be parsed.
    fn file_node(&self, file: &FileNode, properties: Option<&Properties>) -> (Node, Option<Diagnostic>) {
        let entry = properties.map(|p| &self.project.entries[p.entry]);
        let version = properties.and_then(|p| p.version.as_ref());
        let name = version.and(entry).map_or_else(|| file.name.clone(), |entry| entry.name.clone());
        let mut fqn = file.fqn.clone();
        let mut unique_id = format!("{}.{}.{name}", file.kind.as_str(), file.package);
        if let Some(version) = version {
            let suffix = format!("v{}", super::node::version_text(&version.number));
            fqn.pop();
            fqn.extend([name.clone(), suffix.clone()]);
            unique_id = format!("{unique_id}.{suffix}");
        }
        let raw: Arc<str> = if file.kind == NodeKind::Seed {
            "".into()
        } else {
            self.sources.text(file.file)[file.code.clone()].into()
        };
        let subject = self.subject(&file.package, &unique_id, &name, file.kind);
        let parsed = if file.kind == NodeKind::Model && super::node::has_python_ending(&file.original_path) {
            python_facts(&raw, file, &unique_id)
        } else {
            self.parse(&subject, &raw, file.file, file.code.start)
        };
        let mut config = entry.map(|entry| file_config(&entry.value)).unwrap_or_default();
        if let Some(version) = version {
            file_config(&version.fields)
                .into_iter()
                .for_each(|(key, value)| jinja::merge_config_value(&mut config, &key, value));
        }
        let wanted = Wanted {
            kind: file.kind,
            package: &file.package,
            fqn: &fqn,
            properties: config,
            calls: parsed.facts.config.clone(),
        };
        let resolved = self.trees.resolve(&wanted);
        let written = self.written(&wanted, entry, version.map(|version| &version.number), &raw);
        let mut sources = parsed.facts.sources;
        if file.kind == NodeKind::Model && is_plain(&raw) {
            // dbt's static parser keeps them in a set.
            let mut seen = HashSet::new();
            sources.retain(|source| seen.insert(source.clone()));
        }
        let mut node = Node {
            kind: file.kind,
            unique_id,
            name,
            package: file.package.clone(),
            path: file.path.clone(),
            original_path: file.original_path.clone(),
            file: file.file,
            code: file.code.clone(),
            raw,
            config: resolved.config,
            unrendered_config: written.unwrap_or(resolved.unrendered),
            checksum: file.checksum.clone(),
            refs: parsed.facts.refs,
            sources,
            metrics: parsed.facts.metrics,
            functions: parsed.facts.functions,
            macros: parsed.macros,
            version: version.map(|version| Box::new(version.number.clone())),
            latest_version: version.map(|version| Box::new(version.latest.clone())),
            fqn,
            ..empty_node(file.file)
        };
        if let (Some(entry), Some(properties)) = (entry, properties) {
            self.apply_properties(&mut node, entry, version.map(|version| &version.fields), properties.entry);
        }
        self.finish(&mut node);
        let keys = self.foreign_keys(&mut node, &subject);
        let problem = parsed.problem.or_else(|| self.hooks(&mut node, &subject)).or(keys);
        (node, problem)
    }

    /// Renders a node's hooks in the parse phase: what they read and call is the node's. (dbt: `update_parsed_node_config`.)
    pub(super) fn hooks(&self, node: &mut Node, subject: &Arc<Subject>) -> Option<Diagnostic> {
        let mut problem = None;
        for key in ["pre-hook", "post-hook"] {
            let hooks = node.config.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
            for text in hooks.iter().filter_map(|hook| hook.get("sql")?.as_str()) {
                let parsed = self.parse(subject, text, node.file, node.code.start);
                node.refs.extend(parsed.facts.refs);
                node.sources.extend(parsed.facts.sources);
                node.functions.extend(parsed.facts.functions);
                let new: Vec<String> = parsed.macros.into_iter().filter(|id| !node.macros.contains(id)).collect();
                node.macros.extend(new);
                problem =
                    problem.or_else(|| Some(Diagnostic { labels: Vec::new(), ..parsed.problem? }.at(node.span())));
            }
        }
        if node.kind == NodeKind::Seed && !node.refs.is_empty() {
            let message =
                format!("seed `{}` has a hook that reads `{}`: seeds read nothing", node.name, node.refs[0].name);
            let help = "write the hook without `ref`, or make it one of a model";
            let read = Diagnostic::error(Code::BadConfig, message).at(node.span()).node(&node.unique_id).help(help);
            return problem.or(Some(read));
        }
        problem
    }

    /// What foreign keys refer to is read by the node (dbt: `_process_constraints_refs_and_sources`).
    fn foreign_keys(&self, node: &mut Node, subject: &Arc<Subject>) -> Option<Diagnostic> {
        let mut problem = None;
        for to in node.foreign_keys() {
            let parsed = self.parse(subject, &format!("{{{{ {to} }}}}"), node.file, node.code.start);
            if parsed.problem.is_some() || (parsed.facts.refs.is_empty() && parsed.facts.sources.is_empty()) {
                let message =
                    format!("a foreign key of `{}` refers to `{to}`, which is no ref and no source", node.name);
                let wrong = Diagnostic::error(Code::BadConfig, message).at(node.span()).node(&node.unique_id);
                problem = Some(wrong.help("write `to: ref('MODEL')` or `to: source('SOURCE', 'TABLE')`"));
            }
            node.refs.extend(parsed.facts.refs);
            node.sources.extend(parsed.facts.sources);
        }
        problem
    }

    /// Tags, group, names and the relation, once the configuration is final.
    pub(super) fn finish(&self, node: &mut Node) {
        for tag in config_list(&node.config, "tags") {
            if !node.tags.contains(&tag) {
                node.tags.push(tag);
            }
        }
        node.group = node.setting_text("group").map(str::to_owned);
        self.names.name(node);
        let makes = match node.kind {
            NodeKind::Model => !node.is_ephemeral(),
            NodeKind::Seed | NodeKind::Snapshot | NodeKind::Function => true,
            NodeKind::Test => stores_failures(node, self.session.facts.run.store_failures),
            _ => false,
        };
        let mut quoting =
            jinja::merge_quoting(self.session.facts.dialect.default_quoting(), &self.project.packages[0].file.quoting);
        if let Some(own) = node.config.get("quoting").and_then(Value::as_object) {
            quoting = jinja::merge_quoting(quoting, own);
        }
        let relation = Relation {
            database: Some(node.database.clone()),
            schema: Some(node.schema.clone()),
            identifier: node.alias.clone(),
            quoting,
        };
        node.relation = makes.then(|| Box::new(relation));
        node.shrink();
    }

    fn apply_properties(&self, node: &mut Node, entry: &Entry, version: Option<&Map<String, Value>>, index: usize) {
        let field = |key: &str| version.and_then(|fields| fields.get(key)).or_else(|| entry.value.get(key));
        node.description =
            self.description(&entry.package, field("description").and_then(Value::as_str).unwrap_or_default());
        let list = entry.value.get("versions").and_then(Value::as_array).filter(|_| version.is_some());
        let at = list.and_then(|list| list.iter().position(|item| item.as_object() == version));
        node.columns = match at {
            Some(at) => self.declared_columns(entry, super::version::columns(&entry.value, at)),
            None => self.columns(entry, &entry.value, &[]),
        };
        node.constraints = field("constraints").and_then(Value::as_array).cloned().unwrap_or_default();
        node.deprecation_date = version
            .unwrap_or(&entry.value)
            .get("deprecation_date")
            .filter(|date| !date.is_null())
            .cloned()
            .map(Box::new);
        node.patch_path = Some(format!("{}://{}", entry.package, entry.original_path));
        node.patch = Some(index);
        for key in ["arguments", "returns"].into_iter().filter(|_| node.kind == NodeKind::Function) {
            node.declared.extend(entry.value.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        node.declared.extend(entry.value.get("time_spine").map(|spine| ("time_spine".to_owned(), spine.clone())));
    }

    /// The declared columns of an entry, or of a part of it.
    pub(super) fn columns(
        &self,
        entry: &Entry,
        fields: &Map<String, Value>,
        steps: &[Step],
    ) -> IndexMap<String, Column> {
        let list = fields.get("columns").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let place = |index: usize| [steps, &["columns".into(), index.into()]].concat();
        self.declared_columns(entry, list.iter().enumerate().map(|(index, item)| (place(index), item)).collect())
    }

    /// Columns as declared at their places; the last of a name holds.
    fn declared_columns(&self, entry: &Entry, list: Vec<super::version::Declared<'_>>) -> IndexMap<String, Column> {
        let column = |(mut place, item): super::version::Declared<'_>| {
            let name = item.get("name")?.as_str()?.to_owned();
            let own = |key: &str| item.get(key).or_else(|| item.get("config")?.get(key));
            let mut meta = item.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
            meta.extend(
                item.get("config").and_then(|c| c.get("meta")).and_then(Value::as_object).cloned().unwrap_or_default(),
            );
            let mut tags = list_of(item.get("tags"));
            tags.extend(list_of(item.get("config").and_then(|c| c.get("tags"))));
            place.push("name".into());
            let column = Column {
                description: self
                    .description(&entry.package, item.get("description").and_then(Value::as_str).unwrap_or_default()),
                data_type: own("data_type").and_then(Value::as_str).map(str::to_owned),
                quote: own("quote").and_then(Value::as_bool),
                constraints: own("constraints").and_then(Value::as_array).cloned().unwrap_or_default(),
                granularity: own("granularity").and_then(Value::as_str).map(str::to_owned),
                more: unknown_keys(item),
                span: entry.span(self.sources, &place),
                meta,
                tags,
                name: name.clone(),
            };
            Some((name, column))
        };
        list.into_iter().filter_map(column).collect()
    }

    /// Who is rendered while parsing: names are those before configuration is known.
    pub(super) fn subject(&self, package: &str, unique_id: &str, name: &str, kind: NodeKind) -> Arc<Subject> {
        let facts = &self.session.facts;
        let relation = Relation {
            database: Some(facts.database.clone()),
            schema: Some(facts.schema.clone()),
            identifier: name.to_owned(),
            quoting: facts.dialect.default_quoting(),
        };
        let (session, own) = (self.session.clone(), [package, unique_id, name].map(str::to_owned));
        Arc::new(Subject {
            package: package.to_owned(),
            unique_id: unique_id.to_owned(),
            this: Some(RelationValue::new(relation, None, facts.dialect)),
            model: Model::later(move || early_model(&session.facts, &own, kind)),
            schema: facts.schema.clone(),
            database: facts.database.clone(),
            ..Subject::default()
        })
    }

    /// Renders a text in the parse phase.
    pub(super) fn parse(&self, subject: &Arc<Subject>, text: &str, file: FileId, base: usize) -> Parsed {
        if !is_template(text) {
            return Parsed { facts: Facts::default(), macros: Vec::new(), problem: None };
        }
        let recorded = Arc::new(Mutex::new(Facts::default()));
        let is_generic = subject.arguments.is_some();
        let origin = if is_generic { Origin::NOWHERE } else { Origin { file: file.number(), base } };
        let rendered = jinja::render(self.session, subject, Phase::Parse(recorded.clone()), text, origin);
        let mut facts = recorded.lock().expect("no render panics while it records").clone();
        if !facts.said.is_empty() {
            let mut said = self.said.lock().expect("nothing panics while it adds");
            said.entry(subject.unique_id.clone()).or_default().append(&mut facts.said);
        }
        match rendered {
            Ok(rendered) => Parsed {
                facts,
                macros: rendered.called_directly.iter().map(ToString::to_string).collect(),
                problem: None,
            },
            Err(error) => {
                let whole = (file, base..base + text.len());
                let problem = jinja::report(&error, &subject.unique_id, whole, &|file| {
                    self.sources.file(file).location.is_some()
                });
                Parsed { facts, macros: Vec::new(), problem: Some(problem) }
            }
        }
    }
}

/// A node's dictionary while it is parsed, of its package, unique id and name.
fn early_model(facts: &SessionFacts, [package, unique_id, name]: &[String; 3], kind: NodeKind) -> Value {
    serde_json::json!({
        "name": name, "alias": name, "unique_id": unique_id, "package_name": package, "resource_type": kind.as_str(),
        "database": facts.database, "schema": facts.schema, "config": {}, "columns": {}, "description": "", "tags": [],
        "meta": {}, "fqn": [package, name], "refs": [], "sources": [], "depends_on": {"nodes": [], "macros": []}, "raw_code": "",
        "language": "sql", "path": "", "original_file_path": "",
    })
}

/// Whether a test keeps its failing rows in a relation (dbt: `store_failures`, `store_failures_as`, and the flag where neither is
/// configured).
pub(super) fn stores_failures(node: &Node, flag: bool) -> bool {
    match node.setting_text("store_failures_as") {
        Some(kind) => kind != "ephemeral",
        None => node.setting("store_failures").and_then(Value::as_bool).unwrap_or(flag),
    }
}

/// `config:` of an entry, with the properties that older projects write beside it.
pub(super) fn own_config(fields: &Map<String, Value>) -> Map<String, Value> {
    config_beside(fields, &["meta", "docs", "group", "access", "contract", "tags"])
}

/// `config:` of an entry, with these properties beside it.
fn config_beside(fields: &Map<String, Value>, beside: &[&str]) -> Map<String, Value> {
    let mut config = Map::new();
    let mut put = |key: &str, value: Value| {
        if config.contains_key(key) {
            jinja::merge_config_value(&mut config, key, value);
        } else {
            config.insert(key.to_owned(), value);
        }
    };
    for key in beside {
        if let Some(value) = fields.get(*key).filter(|value| !value.is_null()) {
            put(key, value.clone());
        }
    }
    for (key, value) in fields.get("config").and_then(Value::as_object).into_iter().flatten() {
        put(key, value.clone());
    }
    config
}

/// The same for what has a file: dbt reads no `tags` beside its `config:`.
fn file_config(fields: &Map<String, Value>) -> Map<String, Value> {
    config_beside(fields, &["meta", "docs", "group", "access", "contract"])
}

/// A list of strings out of a configuration; a single string is a list of one.
pub(super) fn config_list(config: &Map<String, Value>, key: &str) -> Vec<String> {
    list_of(config.get(key))
}

fn list_of(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().map(super::config_text).collect(),
        _ => Vec::new(),
    }
}

/// A node with nothing known yet but its file.
pub(super) fn empty_node(file: FileId) -> Node {
    Node {
        kind: NodeKind::Model,
        unique_id: String::new(),
        name: String::new(),
        package: String::new(),
        path: String::new(),
        original_path: String::new(),
        fqn: Vec::new(),
        file,
        code: 0..0,
        raw: "".into(),
        alias: String::new(),
        database: String::new(),
        schema: String::new(),
        relation: None,
        config: Arc::default(),
        unrendered_config: Arc::default(),
        tags: Vec::new(),
        description: String::new(),
        columns: IndexMap::new(),
        group: None,
        constraints: Vec::new(),
        version: None,
        latest_version: None,
        deprecation_date: None,
        patch_path: None,
        patch: None,
        checksum: crate::project::Checksum { name: "none", value: String::new() },
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        functions: Vec::new(),
        depends_on: Vec::new(),
        macros: Vec::new(),
        test: None,
        unit: None,
        source: None,
        declared: Map::new(),
    }
}

/// The place of a declared node: the bytes of its entry.
pub(super) fn place(node: &mut Node, span: Span) {
    node.file = span.file;
    node.code = span.range();
}

/// Whether a model has no Jinja but calls of `ref`, `source` and `config`: dbt reads such a text without rendering it.
fn is_plain(raw: &str) -> bool {
    let mut rest = raw;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        let inside = match rest.as_bytes().first() {
            Some(b'%') => return false,
            Some(b'{') => rest[1..].trim_start_matches('-').trim_start(),
            Some(b'#') => {
                let Some(end) = rest.find("#}") else { return false };
                rest = &rest[end..];
                continue;
            }
            _ => continue,
        };
        if !["ref", "source", "config"]
            .iter()
            .any(|name| inside.strip_prefix(name).is_some_and(|call| call.trim_start().starts_with('(')))
        {
            return false;
        }
    }
    true
}

/// What a model in Python asks for.
fn python_facts(code: &str, file: &FileNode, unique_id: &str) -> Parsed {
    let (facts, problem) = match python_model::facts(code) {
        Ok(facts) => (facts, None),
        Err(reason) => {
            let problem = Diagnostic::error(Code::BadConfig, reason).node(unique_id);
            let span = Span::new(file.file, file.code.clone());
            (
                Facts::default(),
                Some(problem.at(span).help("write `def model(dbt, session)`, and literals where it calls `dbt`")),
            )
        }
    };
    Parsed { facts, macros: Vec::new(), problem }
}

/// The keys of a column that dbt does not know (dbt: `AdditionalPropertiesMixin`).
fn unknown_keys(column: &Value) -> Option<Box<Map<String, Value>>> {
    const KNOWN: [&str; 13] = [
        "name",
        "doc_blocks",
        "description",
        "meta",
        "data_type",
        "constraints",
        "docs",
        "config",
        "data_tests",
        "tests",
        "quote",
        "tags",
        "granularity",
    ];
    let unknown = column.as_object()?.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str()));
    let unknown: Map<String, Value> = unknown.map(|(key, value)| (key.clone(), value.clone())).collect();
    (!unknown.is_empty()).then(|| Box::new(unknown))
}
