//! Compiling nodes, many at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use super::world::{Listener, NodeWorld, Shared};
use super::{Compilation, Compiled, QueryComment, SourceMap, ephemeral, unit_test};
use crate::config::Batch;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{Graph, Node, Order, dictionary};
use crate::jinja::{
    self, Executed, Model, Origin, Phase, Problem, RelationValue, Rendered, Session, Subject, TemplateError, Voice,
};
use crate::project::NodeKind;
use crate::source::Sources;
use crate::sql::{Dialect, Relation};
use crate::warehouse::{Comment, Connection};

/// Compiles nodes of one graph.
pub struct Compiler {
    /// What renders share.
    pub session: Arc<Session>,
    sources: Arc<Sources>,
    shared: Arc<Shared>,
    /// Relations of another environment that are read instead of this one's, by unique id (dbt: `--defer`).
    elsewhere: Arc<BTreeMap<String, Relation>>,
    defers: bool,
    injects: bool,
    comment: Option<QueryComment>,
    /// By unique id, the relations of another environment that this one is made of (dbt: `clone`).
    cloned: BTreeMap<String, Relation>,
}

impl Compiler {
    /// A compiler for a graph; without a connection, templates that ask the warehouse fail.
    pub fn new(
        session: Arc<Session>,
        sources: Arc<Sources>,
        graph: Arc<Graph>,
        connection: Option<Arc<Connection>>,
        selected: Vec<String>,
    ) -> Self {
        let shared = Shared {
            graph,
            connection,
            selected,
            flat: OnceLock::new(),
            said: Arc::default(),
            listener: OnceLock::new(),
            run: session.facts.run.clone(),
        };
        Self {
            session,
            sources,
            shared: Arc::new(shared),
            elsewhere: Arc::default(),
            cloned: BTreeMap::new(),
            defers: false,
            injects: true,
            comment: None,
        }
    }

    /// The same, for a run: nodes whose templates ask the warehouse are left for when their parents have run.
    #[must_use]
    pub fn deferring(self) -> Self {
        Self { defers: true, ..self }
    }

    /// The same, with or without ephemeral models in front of what reads them.
    #[must_use]
    pub fn injecting(self, injects: bool) -> Self {
        Self { injects, ..self }
    }

    /// The same, with relations that `ref` gives instead of those of this target.
    #[must_use]
    pub fn reading_elsewhere(self, relations: BTreeMap<String, Relation>) -> Self {
        Self { elsewhere: Arc::new(relations), ..self }
    }

    /// The same, where nodes are made of the relations that other nodes have elsewhere.
    #[must_use]
    pub fn cloning(self, cloned: BTreeMap<String, Relation>) -> Self {
        Self { cloned, ..self }
    }

    /// The same, with a comment on each statement.
    #[must_use]
    pub fn commenting(self, comment: Option<QueryComment>) -> Self {
        Self { comment, ..self }
    }

    /// The comment on the statements that are sent for a node, or for something else of that name.
    pub fn query_comment(&self, name: &str, node: Option<&Node>) -> Result<Option<Comment>, Box<Diagnostic>> {
        match &self.comment {
            Some(comment) => comment.render(self, name, node),
            None => Ok(None),
        }
    }

    /// What templates said to the user since the last time, in the order of the graph's nodes.
    pub fn said(&self) -> Vec<(String, Voice)> {
        let mut said = std::mem::take(&mut *self.shared.said.lock().unwrap_or_else(PoisonError::into_inner));
        said.sort_by_key(|line| self.shared.graph.nodes.get_index_of(&line.unique_id));
        said.into_iter().map(|line| (line.text, line.voice)).collect()
    }

    /// From now on, what templates say is heard at once.
    pub fn listen(&self, listener: Listener) {
        // The first listener stays; there is one per invocation.
        let _ = self.shared.listener.set(listener);
    }

    /// Forgets what a node said: it will say it again.
    fn unsay(&self, unique_id: &str) {
        let mut said = self.shared.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|line| line.unique_id != unique_id);
    }

    /// Whether what asks the warehouse waits until the node's parents have run.
    pub fn defers(&self) -> bool {
        self.defers
    }

    /// The unique ids that were selected.
    pub fn selected(&self) -> BTreeSet<String> {
        self.shared.selected.iter().cloned().collect()
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.shared.graph
    }

    /// Who a node is to its templates.
    pub fn subject(&self, node: &Node) -> Subject {
        let dialect = self.session.facts.dialect;
        let quoting = node.relation.as_deref().map_or_else(|| dialect.default_quoting(), |relation| relation.quoting);
        let relation = Relation {
            database: Some(node.database.clone()),
            schema: Some(node.schema.clone()),
            identifier: node.alias.clone(),
            quoting,
        };
        let cloned = self.cloned.get(&node.unique_id);
        let elsewhere = cloned.or_else(|| self.elsewhere.get(&node.unique_id));
        let subject = Subject {
            package: node.package.clone(),
            unique_id: node.unique_id.clone(),
            this: Some(RelationValue::new(relation, None, dialect)),
            defer_relation: elsewhere.map(|other| RelationValue::new(other.clone(), None, dialect)),
            model: self.model(node, cloned),
            config: node.config.clone(),
            schema: node.schema.clone(),
            database: node.database.clone(),
            more: Vec::new(),
            arguments: node.test.as_ref().map(|test| test.arguments.clone()),
            is_naming: false,
            overrides: None,
            reached: Arc::default(),
            batch: None,
        };
        if node.unit.is_some() {
            return unit_test::executed(node, subject);
        }
        if node.foreign_keys().is_empty() { subject } else { self.with_foreign_keys(node, subject) }
    }

    /// A node's dictionary. Most templates never ask for it: of a node of the graph it is made when they do.
    fn model(&self, node: &Node, cloned: Option<&Relation>) -> Arc<Model> {
        let dialect = self.session.facts.dialect;
        let graph = self.shared.graph.clone();
        let known =
            graph.nodes.get_index_of(&node.unique_id).filter(|at| std::ptr::eq(&raw const graph.nodes[*at], node));
        match (known, cloned) {
            (Some(at), None) => Model::later(move || with_types(dictionary(&graph.nodes[at]), dialect)),
            _ => {
                let mut model = with_types(dictionary(node), dialect);
                if let Some(other) = cloned {
                    model["compiled_code"] = format!("select * from {}", other.render()).into();
                }
                Arc::new(model.into())
            }
        }
    }

    pub(super) fn world(&self, node: &Node, early: bool) -> Arc<NodeWorld> {
        self.world_of(node, None, early)
    }

    /// The world of what stands for an input: the columns of its relation are known when it has been built.
    pub(super) fn fixture_world(&self, input: &Node, early: bool) -> Arc<NodeWorld> {
        let world = Node { relation: None, ..input.clone() };
        self.world_of(&world, None, early)
    }

    fn world_of(&self, node: &Node, batch: Option<&Batch>, early: bool) -> Arc<NodeWorld> {
        Arc::new(NodeWorld {
            batch: batch.cloned(),
            shared: self.shared.clone(),
            elsewhere: self.elsewhere.clone(),
            ephemeral: Mutex::default(),
            asked: AtomicBool::new(false),
            unseen: AtomicBool::new(false),
            unique_id: node.unique_id.clone(),
            own: node.relation.as_deref().cloned(),
            early,
        })
    }

    /// Renders a text as a node sees it when it is executed.
    pub fn render(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        text: &str,
        origin: Origin,
    ) -> Result<Rendered, TemplateError> {
        jinja::render(&self.session, subject, Phase::Execute(self.world(node, false)), text, origin)
    }

    /// The same before the node's parents have run; none if the text asks the warehouse.
    pub fn render_early(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        text: &str,
        origin: Origin,
    ) -> Result<Option<Rendered>, TemplateError> {
        let world = self.world(node, true);
        let rendered = jinja::render(&self.session, subject, Phase::Execute(world.clone()), text, origin);
        if world.asked.load(Ordering::Relaxed) { Ok(None) } else { rendered.map(Some) }
    }

    /// Calls a macro as a node sees it when it is executed.
    pub fn call(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        name: &str,
        arguments: Vec<(&str, jinja::value::Value)>,
    ) -> Result<String, TemplateError> {
        jinja::render_macro(&self.session, subject, Phase::Execute(self.world(node, false)), name, arguments)
    }

    /// The subject, to which a macro of some installed package is known by its name alone, as materializations are.
    pub fn seeing_packages(&self, subject: &Arc<Subject>, name: &str) -> Arc<Subject> {
        let library = &self.session.library;
        let found = self.session.facts.packages.iter().find_map(|package| library.get(package, name));
        let reached = Arc::new(found.map(|found| found.unique_id().to_string()).into_iter().collect());
        Arc::new(Subject { reached, ..(**subject).clone() })
    }

    /// Renders a text that takes each argument `x` from a variable `_argument_x`, as a node sees it when it is executed.
    pub fn render_calling(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        text: &str,
        arguments: Vec<(&str, jinja::value::Value)>,
    ) -> Result<String, TemplateError> {
        let phase = Phase::Execute(self.world(node, false));
        jinja::render_calling(&self.session, subject, phase, text, arguments)
    }

    /// Executes a materialization macro for a node.
    pub fn execute(&self, node: &Node, subject: &Arc<Subject>, name: &str) -> Result<Executed, TemplateError> {
        let phase = Phase::Execute(self.world(node, false));
        jinja::execute_materialization(&self.session, subject, phase, name)
    }

    /// A failed render as a diagnostic.
    pub fn report(&self, error: &TemplateError, node: &Node) -> Diagnostic {
        let place = node.place();
        let report = jinja::report(error, &node.unique_id, (place.file, place.range()), &|file| {
            self.sources.file(file).location.is_some()
        });
        let broken = error.payload::<Problem>().filter(|problem| problem.code == Code::ContractBroken);
        match broken {
            Some(problem) => at_contract(node, problem, report),
            None => report,
        }
    }

    /// Compiles one node. The ephemeral models it reads are compiled with it.
    pub fn node(&self, node: &Node) -> Result<Compiled, Box<Diagnostic>> {
        self.compiled(node, &self.world(node, false))
    }

    /// Compiles a node before its parents have run; none if its template asks the warehouse.
    fn early(&self, node: &Node) -> Result<Option<Compiled>, Box<Diagnostic>> {
        if node.unit.is_some() {
            // Its rows take the types of relations that may not be there yet.
            return Ok(None);
        }
        let world = self.world(node, true);
        let compiled = self.compiled(node, &world);
        if !world.asked.load(Ordering::Relaxed) {
            return compiled.map(Some);
        }
        self.unsay(&node.unique_id);
        Ok(None)
    }

    /// Compiles one batch of a microbatch model: what it reads is filtered by the batch's event time.
    pub fn batch(&self, node: &Node, batch: &Batch) -> Result<Compiled, Box<Diagnostic>> {
        self.compiled(node, &self.world_of(node, Some(batch), false))
    }

    fn compiled(&self, node: &Node, world: &Arc<NodeWorld>) -> Result<Compiled, Box<Diagnostic>> {
        if let Some(problem) = node.unit.as_ref().and_then(|unit| unit.refused.clone()) {
            return Err(Box::new(problem.node(&node.unique_id)));
        }
        let is_unit = node.unit.is_some();
        let subject = if is_unit { self.unit_test_subject(node, world) } else { self.subject(node) };
        let subject = Arc::new(Subject { batch: world.batch.clone(), ..subject });
        let origin = if node.test.is_some() {
            Origin::NOWHERE
        } else {
            let own = || Origin { file: node.file.number(), base: node.code.start };
            Self::unit_test_origin(node).unwrap_or_else(own)
        };
        let rendered = jinja::render(&self.session, &subject, Phase::Execute(world.clone()), node.template(), origin);
        let rendered = rendered.map_err(|error| Box::new(self.report(&error, node)))?;
        let read = world.ephemeral.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut ctes: Vec<(String, String)> = Vec::new();
        for id in read {
            if is_unit {
                ctes.extend(self.fixture(node, &id, world)?);
            } else {
                self.prepend(&id, world, &mut ctes)?;
            }
        }
        let late = world.asked.load(Ordering::Relaxed);
        let mut segments = rendered.segments;
        segments.retain(|segment| segment.file != u32::MAX);
        segments.shrink_to_fit();
        let mut map = SourceMap::new(segments);
        let macros = rendered.called_directly.iter().map(ToString::to_string).collect();
        let (mut sql, mut own) = (rendered.text, None);
        sql.shrink_to_fit();
        let texts: Vec<String> = ctes.iter().map(|(_, text)| text.clone()).collect();
        if let Some((at, text)) = ephemeral::injection(&sql, &texts).filter(|_| self.injects) {
            own = Some(sql.clone());
            sql.insert_str(at, &text);
            map = map.insert(at, text.len());
        }
        let unseen = world.unseen.load(Ordering::Relaxed);
        Ok(Compiled { sql, own, map, ctes, macros, late, unseen })
    }

    /// Adds an ephemeral model after those it reads itself, each once.
    fn prepend(&self, id: &str, reader: &NodeWorld, ctes: &mut Vec<(String, String)>) -> Result<(), Box<Diagnostic>> {
        let Some(node) = self.shared.graph.node(id) else { return Ok(()) };
        let world = self.world(node, reader.early);
        let compiled = self.compiled(node, &world);
        reader.note(&world);
        let compiled = compiled?;
        let own = (id.to_owned(), ephemeral::expression(&node.alias, compiled.own_sql()));
        for cte in compiled.ctes.into_iter().chain([own]) {
            if !ctes.iter().any(|(known, _)| *known == cte.0) {
                ctes.push(cte);
            }
        }
        Ok(())
    }
}

/// A model's dictionary with the adapter's names of its columns' types, unless its contract says `alias_types: false`.
fn with_types(mut model: serde_json::Value, dialect: Dialect) -> serde_json::Value {
    if model["contract"]["alias_types"].as_bool() == Some(true) {
        let columns = model["columns"].as_object_mut();
        for column in columns.into_iter().flat_map(serde_json::Map::values_mut) {
            if let Some(name) = column["data_type"].as_str() {
                let name = jinja::translate_type(name, dialect);
                column["data_type"] = name.into();
            }
        }
    }
    model
}

/// The report of a broken contract: at the first declared column that differs, with the table of all below it.
fn at_contract(node: &Node, problem: &Problem, report: Diagnostic) -> Diagnostic {
    let named = |name: &String| node.columns.values().find(|own| own.name.eq_ignore_ascii_case(name));
    let column = problem.columns.iter().find_map(named).or_else(|| node.columns.values().last());
    let (message, rest) = problem.message.split_once('\n').unwrap_or((&problem.message, ""));
    let report = Diagnostic { labels: Vec::new(), message: message.to_owned(), ..report };
    let report = report.at(column.map_or_else(|| node.place(), |column| column.span));
    if rest.is_empty() { report } else { report.excerpt(rest.to_owned()) }
}

/// What became of one node: nothing where it was left for later.
type Answer = Result<Option<Compiled>, Box<Diagnostic>>;

/// Compiles the wanted nodes in parallel; problems are appended in the graph's order, and nodes that read a broken one are
/// left out silently.
pub fn compile(
    compiler: &Compiler,
    order: &Order,
    wanted: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> Compilation {
    let graph = compiler.graph();
    let mut compilation = Compilation::default();
    let mut broken: BTreeMap<&str, String> = graph.broken.iter().map(|id| (id.as_str(), id.clone())).collect();
    for id in &order.sequence {
        let node = &graph.nodes[id];
        if let Some(first) = node.depends_on.iter().find_map(|parent| broken.get(parent.as_str()).cloned()) {
            broken.entry(id).or_insert(first);
        }
    }
    let todo: Vec<&Node> = order
        .sequence
        .iter()
        .filter(|id| wanted.contains(*id) && !broken.contains_key(id.as_str()))
        .map(|id| &graph.nodes[id])
        .filter(|node| has_template(node))
        .collect();
    let one = |node| if compiler.defers { compiler.early(node) } else { compiler.node(node).map(Some) };
    let results: Vec<(&Node, Answer)> = todo.into_par_iter().map(|node| (node, one(node))).collect();
    for (node, result) in results {
        let targets = compiler.foreign_key_targets(node);
        if !targets.is_empty() {
            compilation.targets.insert(node.unique_id.clone(), targets);
        }
        match result {
            Ok(Some(compiled)) => {
                compilation.nodes.insert(node.unique_id.clone(), compiled);
            }
            Ok(None) => {
                compilation.later.insert(node.unique_id.clone());
            }
            // What runs in batches is compiled for each of them: its template may need one.
            Err(_) if compiler.defers && node.is_microbatch() => {
                compilation.later.insert(node.unique_id.clone());
            }
            Err(problem) => {
                diagnostics.push((*problem).clone());
                compilation.failed.insert(node.unique_id.clone(), *problem);
            }
        }
    }
    let skipped = broken.into_iter().filter(|(id, _)| wanted.contains(*id)).map(|(id, first)| (id.to_owned(), first));
    compilation.skipped = skipped.collect();
    compilation
}

/// Whether there is something to render.
fn has_template(node: &Node) -> bool {
    !node.is_python()
        && matches!(
            node.kind,
            NodeKind::Model
                | NodeKind::Snapshot
                | NodeKind::Test
                | NodeKind::UnitTest
                | NodeKind::Analysis
                | NodeKind::Operation
                | NodeKind::Function
        )
}
