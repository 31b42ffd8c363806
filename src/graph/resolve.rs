//! From names to nodes: `ref` and `source` calls become edges.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::Value;

use super::Graph;
use super::configuration::is_true;
use super::node::{Node, version_text};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::jinja::{Problem, RefCall};
use crate::project::{NodeKind, Project};

/// Finds nodes by name, as `ref` and `source` do.
#[derive(Debug, Default)]
pub struct Lookup {
    root: String,
    /// Whether a node's package is searched before the root project.
    own_first: bool,
    /// Refable nodes by name: package, version and unique id; disabled ones apart.
    refs: BTreeMap<String, Vec<Candidate>>,
    disabled: BTreeMap<String, Vec<String>>,
    /// Source tables by source and table name: package and unique id.
    tables: BTreeMap<(String, String), Vec<(String, String)>>,
    metrics: Named,
    functions: Named,
}

/// Package and unique id by name.
type Named = BTreeMap<String, Vec<(String, String)>>;

#[derive(Debug, Clone)]
struct Candidate {
    package: String,
    version: Option<Value>,
    is_latest: bool,
    unique_id: String,
}

impl Lookup {
    /// The lookup over these nodes.
    pub(super) fn new(project: &Project, nodes: &[Node]) -> Self {
        let root = &project.packages[0].file;
        let own_first = root.flags.get("require_ref_searches_node_package_before_root") == Some(&Value::Bool(true));
        let mut lookup = Self { root: root.name.clone(), own_first, ..Self::default() };
        for node in nodes {
            if !node.setting_flag("enabled") {
                lookup.disabled.entry(node.name.clone()).or_default().push(node.unique_id.clone());
            } else if node.kind == NodeKind::Function {
                add_named(&mut lookup.functions, node);
            } else if node.kind.is_refable() {
                lookup.refs.entry(node.name.clone()).or_default().push(Candidate {
                    package: node.package.clone(),
                    is_latest: node.version == node.latest_version,
                    version: node.version.as_deref().cloned(),
                    unique_id: node.unique_id.clone(),
                });
            } else if let Some(source) = &node.source {
                let key = (source.source_name.clone(), node.name.clone());
                lookup.tables.entry(key).or_default().push((node.package.clone(), node.unique_id.clone()));
            }
        }
        lookup
    }

    /// The unique id a `ref` made by a node of `package` means. An explicit package is searched alone; otherwise the root
    /// project, then the node's package, then all (dbt: `_packages_to_search`).
    pub fn reference(&self, package: &str, call: &RefCall) -> Result<String, Problem> {
        let candidates = self.refs.get(&call.name).map(Vec::as_slice).unwrap_or_default();
        // dbt takes zero and the empty text for no version.
        let wanted_version = call.version.as_ref().filter(|version| is_true(version));
        let fits = |candidate: &&Candidate| match wanted_version {
            Some(version) => {
                candidate.version.as_ref().is_some_and(|known| version_text(known) == version_text(version))
            }
            None => candidate.is_latest,
        };
        let orders: Vec<Option<&str>> = match &call.package {
            Some(package) => vec![Some(package)],
            None if self.own_first => vec![Some(package), Some(&self.root), None],
            None => vec![Some(&self.root), Some(package), None],
        };
        for wanted in orders {
            let found: Vec<&Candidate> =
                candidates.iter().filter(|c| wanted.is_none_or(|package| c.package == package)).filter(fits).collect();
            match found.as_slice() {
                [] => {}
                [one] => return Ok(one.unique_id.clone()),
                many => {
                    let list: Vec<&str> = many.iter().map(|c| c.package.as_str()).collect();
                    let message = format!("`{}` is in several packages: {}", call.name, list.join(", "));
                    return Err(Problem::new(Code::AmbiguousRef, message)
                        .help(format!("name the package: `ref('{}', '{}')`", list[0], call.name)));
                }
            }
        }
        Err(self.unknown_reference(call, candidates))
    }

    fn unknown_reference(&self, call: &RefCall, candidates: &[Candidate]) -> Problem {
        if let Some(ids) = self.disabled.get(&call.name).filter(|_| candidates.is_empty()) {
            let message = format!("`{}` is disabled", ids[0]);
            return Problem::new(Code::DisabledRef, message).help("enable it with `enabled: true`, or remove the ref");
        }
        let shown = match (&call.package, &call.version) {
            (Some(package), _) => format!("{package}.{}", call.name),
            (None, Some(version)) => format!("{}` in version `{}", call.name, version_text(version)),
            (None, None) => call.name.clone(),
        };
        Problem::new(Code::UnknownRef, format!("no model, seed or snapshot `{shown}`"))
            .help(self.reference_help(call, candidates))
    }

    fn reference_help(&self, call: &RefCall, candidates: &[Candidate]) -> String {
        if !candidates.is_empty() {
            let versions: Vec<String> =
                candidates.iter().filter_map(|c| c.version.as_ref()).map(version_text).collect();
            let packages: Vec<&str> = candidates.iter().map(|c| c.package.as_str()).collect();
            return if versions.is_empty() {
                format!("it is in: {}", packages.join(", "))
            } else {
                format!("it has the versions: {}", versions.join(", "))
            };
        }
        reference_help(&call.name, self.refs.keys().map(String::as_str))
    }

    /// The unique id of a source's table, as a node of `package` means it.
    pub fn source(&self, package: &str, source: &str, table: &str) -> Result<String, Problem> {
        let key = (source.to_owned(), table.to_owned());
        let candidates = self.tables.get(&key).map(Vec::as_slice).unwrap_or_default();
        for wanted in [Some(self.root.as_str()), Some(package), None] {
            if let Some((_, id)) = candidates.iter().find(|(known, _)| wanted.is_none_or(|wanted| known == wanted)) {
                return Ok(id.clone());
            }
        }
        let known: Vec<String> = self.tables.keys().map(|(source, table)| format!("{source}.{table}")).collect();
        let written = format!("{source}.{table}");
        let help = match did_you_mean(&written, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                format!("declare it under `sources:` in a YAML file: source `{source}` with table `{table}`")
            }
        };
        Err(Problem::new(Code::UnknownSource, format!("no source table `{written}`")).help(help))
    }
}

impl Lookup {
    /// Takes in the metrics, which are made after what they read.
    pub(super) fn add_metrics(&mut self, nodes: &[Node]) {
        let metrics = nodes.iter().filter(|node| node.kind == NodeKind::Metric && node.setting_flag("enabled"));
        metrics.for_each(|node| add_named(&mut self.metrics, node));
    }

    /// The unique id of a metric named as `metric` names it: NAME, or package and NAME.
    fn metric(&self, package: &str, call: &[String]) -> Result<String, Problem> {
        self.named((&self.metrics, package), call).map_err(|(name, help)| {
            let help = help.unwrap_or_else(|| "check the name, or declare it under `metrics:`".to_owned());
            Problem::new(Code::UnknownRef, format!("no metric `{name}`")).help(help)
        })
    }

    /// The unique id of a function named as `function` names it.
    pub fn function(&self, package: &str, call: &[String]) -> Result<String, Problem> {
        self.named((&self.functions, package), call).map_err(|(name, help)| {
            let help = help.unwrap_or_else(|| format!("check the name, or add the file functions/{name}.sql"));
            Problem::new(Code::UnknownRef, format!("no function `{name}`")).help(help)
        })
    }

    /// The unique id of what has a name; otherwise the name, and the name that may be meant.
    fn named<'c>(
        &self,
        (known, package): (&Named, &str),
        call: &'c [String],
    ) -> Result<String, (&'c str, Option<String>)> {
        let (own, name) = match call {
            [package, name] => (Some(package.as_str()), name.as_str()),
            _ => (None, call.first().map(String::as_str).unwrap_or_default()),
        };
        let candidates = known.get(name).map(Vec::as_slice).unwrap_or_default();
        let orders = if own.is_some() { vec![own] } else { vec![Some(self.root.as_str()), Some(package), None] };
        let found = orders
            .into_iter()
            .find_map(|wanted| candidates.iter().find(|(known, _)| wanted.is_none_or(|wanted| known == wanted)));
        let near =
            || did_you_mean(name, known.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        found.map(|(_, id)| id.clone()).ok_or_else(|| (name, near()))
    }
}

fn add_named(named: &mut Named, node: &Node) {
    named.entry(node.name.clone()).or_default().push((node.package.clone(), node.unique_id.clone()));
}

/// What to say for a name that is not known.
pub fn reference_help<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match did_you_mean(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "check the name, or add the model".to_owned(),
    }
}

/// Versions in dbt's order: as numbers where both are, else as text.
pub(super) fn compare_versions(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => version_text(a).cmp(&version_text(b)),
    }
}

/// Resolves every node's references into `depends_on`; those that cannot be are reported at the call.
pub(super) fn edges(graph: &mut Graph, project: &Project, diagnostics: &mut Diagnostics) {
    let mut broken = Vec::new();
    let mut dropped = HashSet::new();
    let resolved: Vec<Found> =
        (0..graph.nodes.len()).into_par_iter().map(|at| references(&graph.lookup, &graph.nodes[at])).collect();
    for ((id, node), (found, problems)) in graph.nodes.iter_mut().zip(resolved) {
        let is_test = node.kind == NodeKind::Test;
        if is_test && !problems.is_empty() {
            dropped.insert(id.clone());
        }
        for (problem, text) in problems {
            if is_test && problem.code == Code::DisabledRef {
                continue;
            }
            let make = if is_test { Diagnostic::warning } else { Diagnostic::error };
            let mut diagnostic = make(problem.code, problem.message).at(call_place(node, project, &text)).node(id);
            diagnostic.help = problem.help;
            diagnostics.push(diagnostic);
            if !is_test {
                broken.push(id.clone());
            }
        }
        node.depends_on.retain(|id| !found.contains(id));
        node.depends_on.extend(found);
        node.depends_on.shrink_to_fit();
    }
    if !dropped.is_empty() {
        let (gone, kept): (IndexMap<_, _>, IndexMap<_, _>) =
            std::mem::take(&mut graph.nodes).into_iter().partition(|(id, _)| dropped.contains(id));
        graph.nodes = kept;
        for mut node in gone.into_values() {
            Arc::make_mut(&mut node.config).insert("enabled".to_owned(), Value::Bool(false));
            graph.dropped.push(node);
        }
    }
    graph.broken.extend(broken);
}

type Found = (Vec<String>, Vec<(Problem, String)>);

fn references(lookup: &Lookup, node: &Node) -> Found {
    let mut found: Vec<String> = Vec::new();
    let mut problems: Vec<(Problem, String)> = Vec::new();
    let mut add = |answer: Result<String, Problem>, text: &str| match answer {
        Ok(id) if found.contains(&id) => {}
        Ok(id) => found.push(id),
        Err(problem) if problems.iter().any(|(known, _)| *known == problem) => {}
        Err(problem) => problems.push((problem, text.to_owned())),
    };
    for (source, table) in &node.sources {
        add(lookup.source(&node.package, source, table), table);
    }
    for call in &node.refs {
        add(lookup.reference(&node.package, call), &call.name);
    }
    for call in &node.functions {
        add(lookup.function(&node.package, call), call.last().map(String::as_str).unwrap_or_default());
    }
    for call in &node.metrics {
        add(lookup.metric(&node.package, call), call.last().map(String::as_str).unwrap_or_default());
    }
    (found, problems)
}

/// The place of the name inside the node's code: the quoted name, where it stands in a call; else the whole node.
pub(super) fn call_place(node: &Node, _: &Project, name: &str) -> crate::source::Span {
    let span = node.test.as_ref().map_or_else(|| node.span(), |test| test.span);
    for quote in ['\'', '"'] {
        if let Some(start) = node.raw.find(&format!("{quote}{name}{quote}")).filter(|_| node.test.is_none()) {
            let start = span.start + start + 1;
            return crate::source::Span { start, end: start + name.len(), ..span };
        }
    }
    if node.kind == NodeKind::Exposure || node.test.is_some() {
        return span;
    }
    crate::source::Span { end: span.start.max(span.end), ..span }
}
