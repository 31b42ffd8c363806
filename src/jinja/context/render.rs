//! Rendering a text as a node sees it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use minijinja::value::{Object, ObjectRepr, Value, ValueKind};
use minijinja::{Error, State};

use super::facts::Facts;
use super::relation::RelationValue;
use super::session::{Overrides, Session, Subject};
use super::table::TableValue;
use super::world::{Problem, World};
use super::{adapter, builtins};
use crate::jinja::{FailureKind, Frame, Lookup, Origin, Rendered, Root, Scope, TemplateError, python, raise};

/// What the render is for.
#[derive(Clone)]
pub enum Phase {
    /// To learn what the template asks for.
    Parse(Arc<Mutex<Facts>>),
    /// To get its text.
    Execute(Arc<dyn World>),
}

impl std::fmt::Debug for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Parse(_)) { "Parse" } else { "Execute" })
    }
}

/// One render: who, in which phase, and what its statements have given so far.
pub(super) struct Scene {
    pub(super) session: Arc<Session>,
    pub(super) subject: Arc<Subject>,
    pub(super) phase: Phase,
    /// What `store_result` stored, by name.
    pub(super) results: Mutex<BTreeMap<String, Value>>,
    /// The text given to `write` last.
    pub(super) written: Mutex<Option<String>>,
    /// Whether it has sent a statement that is not a query.
    wrote: AtomicBool,
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("subject", &self.subject.unique_id).finish_non_exhaustive()
    }
}

/// Where dbt keeps the start and the end of a batch.
const BATCH_TIMES: [&str; 2] =
    ["__dbt_internal_microbatch_event_time_start", "__dbt_internal_microbatch_event_time_end"];

impl Scene {
    fn new(session: &Arc<Session>, subject: &Arc<Subject>, phase: Phase) -> Self {
        Self {
            session: session.clone(),
            subject: subject.clone(),
            phase,
            results: Mutex::default(),
            written: Mutex::default(),
            wrote: AtomicBool::new(false),
        }
    }

    pub(super) fn model(&self) -> Value {
        let Some(batch) = &self.subject.batch else { return python::from_json(&self.subject.model) };
        let fields = self.subject.model.as_object().into_iter().flatten();
        let mut fields: Vec<(&str, Value)> = fields
            .map(|(key, value)| match value.as_object().filter(|_| key == "config") {
                Some(config) => (key.as_str(), self.config_in_batch(config)),
                None => (key.as_str(), python::from_json(value)),
            })
            .collect();
        let batch = python::record(vec![
            ("id", Value::from(batch.id.clone())),
            ("event_time_start", python::datetime(batch.window.start)),
            ("event_time_end", python::datetime(batch.window.end)),
        ]);
        fields.push(("batch", batch));
        python::record(fields)
    }

    /// A configuration with the times of the batch, under the names that dbt's own macros read them by.
    fn config_in_batch(&self, config: &serde_json::Map<String, serde_json::Value>) -> Value {
        let own = config.iter().map(|(key, value)| (key.as_str(), python::from_json(value)));
        let times = BATCH_TIMES.iter().filter_map(|name| Some((*name, self.batch_time(name)?)));
        python::record(own.chain(times).collect::<Vec<_>>())
    }

    /// The start or the end of the batch, by the name of the configuration it stands under.
    pub(super) fn batch_time(&self, name: &str) -> Option<Value> {
        let batch = self.subject.batch.as_ref()?;
        let at = BATCH_TIMES.iter().position(|known| *known == name)?;
        Some(python::datetime(if at == 0 { batch.window.start } else { batch.window.end }))
    }

    /// Notes that the catalog may differ from what was read.
    pub(super) fn note_write(&self) {
        self.wrote.store(true, Ordering::Relaxed);
    }

    /// Whether the render has sent a statement that is not a query.
    pub(super) fn has_written(&self) -> bool {
        self.wrote.load(Ordering::Relaxed)
    }

    /// The world, in the execute phase.
    pub(super) fn world(&self) -> Option<&Arc<dyn World>> {
        match &self.phase {
            Phase::Parse(_) => None,
            Phase::Execute(world) => Some(world),
        }
    }
}

/// The variables of a render; each is made when it is asked for.
struct Variables(Arc<Scene>);

impl Lookup for Variables {
    fn get(&self, name: &str) -> Option<Value> {
        builtins::variable(&self.0, name)
    }

    fn names(&self) -> Vec<String> {
        builtins::NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(self.0.subject.more.iter().map(|(name, _)| name.clone()))
            .collect()
    }
}

/// An error of a native function that carries a problem of ours.
pub(super) fn problem(problem: Problem) -> minijinja::Error {
    raise(problem.message.clone(), problem)
}

fn root(session: &Arc<Session>, subject: &Arc<Subject>, phase: Phase) -> Arc<Root> {
    Root::new(Variables(Arc::new(Scene::new(session, subject, phase))), scope(session, subject))
}

/// What names mean to a subject.
fn scope(session: &Arc<Session>, subject: &Arc<Subject>) -> Arc<Scope> {
    let mut scope = session.library.scope(&subject.package);
    if let Some(overrides) = subject.overrides.as_ref().filter(|own| !own.macros.is_empty()) {
        scope = Arc::new(scope.overridden(overridden(&scope, overrides)));
    }
    let reached = session.library.unseen(&scope, &subject.reached);
    if !reached.is_empty() {
        scope = Arc::new(scope.overridden(reached));
    }
    scope
}

/// What stands for macros and other names: of a macro something to call, of another name the value itself.
fn overridden(scope: &Scope, overrides: &Overrides) -> Vec<(Option<String>, String, Value)> {
    let one = |(name, value): (&String, &serde_json::Value)| {
        let value = python::from_json(value);
        let (package, name) = match name.split_once('.') {
            Some((package, name)) => (Some(package.to_owned()), name.to_owned()),
            None => (None, name.clone()),
        };
        if package.is_some() || scope.get(&name).is_some() {
            Some((package, name, Value::from_object(Constant(value))))
        } else {
            builtins::NAMES.contains(&name.as_str()).then_some((None, name, value))
        }
    };
    overrides.macros.iter().filter_map(one).collect()
}

/// A macro whose answer is given.
#[derive(Debug)]
struct Constant(Value);

impl Object for Constant {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(self.0.clone())
    }
}

/// Renders a text of the subject. In the parse phase undefined names are forgiven, as dbt forgives them.
pub fn render(
    session: &Arc<Session>,
    subject: &Arc<Subject>,
    phase: Phase,
    text: &str,
    origin: Origin,
) -> Result<Rendered, TemplateError> {
    let parsing = matches!(phase, Phase::Parse(_));
    let (root, called) = with_arguments(session, subject, root(session, subject, phase))?;
    let mut rendered = if parsing {
        session.engine.compile_lenient(text, origin)?.render(&session.engine, &root, false)?
    } else {
        session.engine.compile(text, origin)?.render(&session.engine, &root, true)?
    };
    if rendered.returned.is_some() {
        let start = origin.base + text.find("return").unwrap_or(0);
        let place = Frame { macro_id: None, file: origin.file, span: start..start + "return".len() };
        let message = "`return` outside of a macro".to_owned();
        return Err(TemplateError { kind: FailureKind::Type, message, trace: vec![place], payload: None });
    }
    for list in [&mut rendered.called, &mut rendered.called_directly] {
        list.retain(|id| !called.contains(id));
        list.splice(0..0, called.iter().cloned());
    }
    Ok(rendered)
}

/// The root with the arguments of a generic test under the name its template takes them from, and the macros they called.
fn with_arguments(
    session: &Session,
    subject: &Subject,
    root: Arc<Root>,
) -> Result<(Arc<Root>, Vec<Arc<str>>), TemplateError> {
    let Some(arguments) = &subject.arguments else { return Ok((root, Vec::new())) };
    let mut rendering = adapter::Arguments { engine: &session.engine, root: &root, called: Vec::new() };
    let mut rendered = Vec::new();
    for (name, value) in arguments {
        rendered.push((name.as_str(), rendering.render(name, value)?));
    }
    let called = rendering.called;
    let values = BTreeMap::from([("_dbt_generic_test_kwargs".to_owned(), python::record(rendered))]);
    let scope = root.scope().clone();
    Ok((Root::new(Overlay { values, root }, scope), called))
}

/// Calls a macro by name, as the subject sees it, with named arguments; the answer is its text, or the text of what it
/// returned.
pub fn render_macro(
    session: &Arc<Session>,
    subject: &Arc<Subject>,
    phase: Phase,
    name: &str,
    arguments: Vec<(&str, Value)>,
) -> Result<String, TemplateError> {
    render_calling(session, subject, phase, &call_text(name, &arguments), arguments)
}

/// Renders a text that takes each argument `x` from a variable `_argument_x`.
pub fn render_calling(
    session: &Arc<Session>,
    subject: &Arc<Subject>,
    phase: Phase,
    text: &str,
    arguments: Vec<(&str, Value)>,
) -> Result<String, TemplateError> {
    let root = root(session, subject, phase);
    let values: BTreeMap<String, Value> =
        arguments.into_iter().map(|(key, value)| (format!("_argument_{key}"), value)).collect();
    let over = Overlay { values, root: root.clone() };
    let root = Root::new(over, root.scope().clone());
    let template = session.engine.compile(text, Origin::NOWHERE)?;
    template.render(&session.engine, &root, false).map(|rendered| rendered.text)
}

/// What executing a materialization gave.
#[derive(Debug, Default)]
pub struct Executed {
    /// What was written down as having run.
    pub written: Option<String>,
    /// The answer of the statement `main`.
    pub main: Option<ResultTable>,
    /// Why what it returned does not name the relations it made, as that of a model must. (dbt: `_materialization_relations`.)
    pub unnamed: Option<String>,
}

/// The answer of a query, with values as templates have them.
#[derive(Debug, Clone, Default)]
pub struct ResultTable {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// Executes a materialization macro.
pub fn execute_materialization(
    session: &Arc<Session>,
    subject: &Arc<Subject>,
    phase: Phase,
    name: &str,
) -> Result<Executed, TemplateError> {
    let scene = Arc::new(Scene::new(session, subject, phase));
    let root = Root::new(Variables(scene.clone()), scope(session, subject));
    let call = session.engine.compile_expression(&format!("{name}()"), Origin::NOWHERE)?;
    let unnamed = unnamed(&call.evaluate(&session.engine, &root)?);
    let main = scene.results.lock().expect("no render panics while it stores").get("main").cloned();
    let unnamed = unnamed.or_else(|| main.is_none().then(|| "runs no statement `main`".to_owned()));
    let main = main.and_then(|result| result.get_attr("table").ok());
    let written = scene.written.lock().expect("no render panics while it writes").clone();
    Ok(Executed { written, main: main.and_then(|table| TableValue::contents(&table)), unnamed })
}

/// What is wrong with a value that should be a dictionary with a list of `relations`.
fn unnamed(returned: &Value) -> Option<String> {
    if returned.kind() == ValueKind::String {
        return Some("returns no list of relations".to_owned());
    }
    if returned.kind() != ValueKind::Map {
        return Some(format!("returns {} and not a dictionary with `relations`", python::repr(returned)));
    }
    let Some(relations) = returned.get_item(&Value::from("relations")).ok().filter(|list| !list.is_undefined()) else {
        return Some(format!("returns no `relations` in {}", python::repr(returned)));
    };
    if relations.kind() != ValueKind::Seq {
        return Some(format!("returns `relations` that are no list: {}", python::repr(&relations)));
    }
    let is_none = |one: &Value| one.downcast_object_ref::<RelationValue>().is_none();
    let other = relations.try_iter().ok()?.find(is_none)?;
    Some(format!("returns {} among its relations, which is none", python::repr(&other)))
}

/// The text of a call with each argument taken from a variable of its own.
fn call_text(name: &str, arguments: &[(&str, Value)]) -> String {
    let list: Vec<String> = arguments.iter().map(|(key, _)| format!("{key}=_argument_{key}")).collect();
    format!("{{{{ {name}({}) }}}}", list.join(", "))
}

/// Some variables before those of another root.
pub(super) struct Overlay {
    pub(super) values: BTreeMap<String, Value>,
    pub(super) root: Arc<Root>,
}

impl Lookup for Overlay {
    fn get(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned().or_else(|| self.root.get(name))
    }

    fn names(&self) -> Vec<String> {
        self.values.keys().cloned().chain(self.root.names()).collect()
    }
}

/// A JSON value as a template's value, fresh and mutable.
pub fn json_value(value: &serde_json::Value) -> Value {
    python::from_json(value)
}

/// A JSON value as Python prints it.
pub fn json_str(value: &serde_json::Value) -> String {
    python::str(&python::from_json(value))
}

/// A text as Python's `repr` writes it.
pub fn text_repr(text: &str) -> String {
    python::quoted(text)
}

/// A JSON value as Python's `repr` writes it.
pub fn json_repr(value: &serde_json::Value) -> String {
    python::repr(&python::from_json(value))
}
