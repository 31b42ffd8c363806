//! Rendering a text as a node sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use minijinja::Value;

use super::builtins;
use super::facts::Facts;
use super::session::{Session, Subject};
use super::world::{Problem, World};
use crate::config::YamlScope;
use crate::diagnostic::Code;
use crate::jinja::{Engine, Lookup, Origin, Rendered, Root, TemplateError, python, raise};

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
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("subject", &self.subject.unique_id).finish_non_exhaustive()
    }
}

impl Scene {
    pub(super) fn model(&self) -> Value {
        python::from_json(&self.subject.model)
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
        builtins::NAMES.iter().map(|name| (*name).to_owned()).chain(self.0.subject.more.iter().map(|(name, _)| name.clone())).collect()
    }
}

/// An error of a native function that carries a problem of ours.
pub(super) fn problem(problem: Problem) -> minijinja::Error {
    raise(problem.message.clone(), problem)
}

fn root(session: &Arc<Session>, subject: &Arc<Subject>, phase: Phase) -> Arc<Root> {
    let scope = session.library.scope(&subject.package);
    let scene = Scene { session: session.clone(), subject: subject.clone(), phase, results: Mutex::default() };
    Root::new(Variables(Arc::new(scene)), scope)
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
    let root = root(session, subject, phase);
    if parsing {
        session.engine.compile_for_parse(text, origin)?.render(&session.engine, &root, false)
    } else {
        session.engine.compile(text, origin)?.render(&session.engine, &root, true)
    }
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
    let root = root(session, subject, phase);
    let text = call_text(name, &arguments);
    let values: BTreeMap<String, Value> =
        arguments.into_iter().map(|(key, value)| (format!("_argument_{key}"), value)).collect();
    let over = Overlay { values, root: root.clone() };
    let root = Root::new(over, root.scope().clone());
    let template = session.engine.compile(&text, Origin::none())?;
    template.render(&session.engine, &root, false).map(|rendered| rendered.text)
}

/// The text of a call with each argument taken from a variable of its own.
fn call_text(name: &str, arguments: &[(&str, Value)]) -> String {
    let list: Vec<String> = arguments.iter().map(|(key, _)| format!("{key}=_argument_{key}")).collect();
    format!("{{{{ {name}({}) }}}}", list.join(", "))
}

/// Some variables before those of another root.
struct Overlay {
    values: BTreeMap<String, Value>,
    root: Arc<Root>,
}

impl Lookup for Overlay {
    fn get(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned().or_else(|| self.root.get(name))
    }
}

/// Renders a string of a YAML file; the error is the reason in words.
pub fn render_yaml(engine: &Engine, text: &str, scope: &YamlScope) -> Result<serde_json::Value, String> {
    let root = Root::new(YamlVariables(scope.clone()), Arc::default());
    engine.render_native(text, &root).map_err(|error| {
        error.payload::<Problem>().filter(|problem| problem.code != Code::RaisedError).map_or_else(|| error.message.clone(), |p| p.message.clone())
    })
}

/// The names a YAML template sees.
struct YamlVariables(YamlScope);

impl Lookup for YamlVariables {
    fn get(&self, name: &str) -> Option<Value> {
        let scope = &self.0;
        match name {
            "env_var" => Some(builtins::env_var(scope.environment.clone(), scope.secrets)),
            "var" => scope.vars.clone().map(|vars| builtins::var(vars, scope.package.clone(), true)),
            "target" => scope.target.clone().map(|target| python::from_json(&serde_json::Value::Object(target))),
            _ => None,
        }
    }
}
