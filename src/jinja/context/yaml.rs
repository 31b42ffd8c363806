//! Rendering what stands in YAML and Markdown files: strings, descriptions, docs blocks.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::builtins;
use super::call::Call;
use super::render::problem;
use super::session::DBT_VERSION;
use super::world::Problem;
use crate::config::YamlScope;
use crate::diagnostic::Code;
use crate::jinja::{Engine, Lookup, Origin, Root, TemplateError, python};

/// Renders a string of a YAML file; the error is the reason in words.
pub fn render_yaml(engine: &Engine, text: &str, scope: &YamlScope) -> Result<serde_json::Value, String> {
    let root = Root::new(YamlVariables(scope.clone()), Arc::default());
    let mut rendered = engine.render_native(text, Origin::NOWHERE, &root).map_err(|error| {
        error
            .payload::<Problem>()
            .filter(|problem| problem.code != Code::RaisedError)
            .map_or_else(|| error.message.clone(), |p| p.message.clone())
    })?;
    if scope.secrets {
        builtins::reveal(&mut rendered, &scope.environment);
    }
    Ok(rendered)
}

/// The names a YAML template sees.
struct YamlVariables(YamlScope);

impl Lookup for YamlVariables {
    fn get(&self, name: &str) -> Option<Value> {
        let scope = &self.0;
        let run = scope.run.as_deref();
        match name {
            "env_var" => Some(builtins::env_var(scope.environment.clone(), scope.secrets)),
            "var" => {
                let vars = scope.vars.clone()?;
                let package = scope.package.clone();
                let written = scope.written_vars;
                Some(if written { builtins::written_var(vars, package) } else { builtins::var(vars, package, true) })
            }
            "target" => scope.target.as_deref().map(python::from_json),
            "project_name" => {
                Some(&scope.package).filter(|name| !name.is_empty()).map(|name| Value::from(name.as_str()))
            }
            "dbt_version" => Some(Value::from(DBT_VERSION)),
            "thread_id" => Some(Value::from("MainThread")),
            "invocation_id" => run.map(|run| Value::from(run.invocation_id.clone())),
            "run_started_at" => run.map(|run| python::datetime(run.started_at)),
            "flags" => run.map(|run| builtins::flags(run, &serde_json::Map::new())),
            "log" | "print" => Some(Value::from_object(Silent)),
            _ => None,
        }
    }
}

/// `log` and `print` of a YAML file, which is read before anybody listens.
#[derive(Debug)]
struct Silent;

impl Object for Silent {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from(""))
    }
}

/// What answers `doc(package, name)` with the text of a docs block.
pub type Docs = Arc<dyn Fn(Option<&str>, &str) -> Option<String> + Send + Sync>;

/// Renders a description: YAML's names, and `doc`.
pub fn render_description(
    engine: &Engine,
    text: &str,
    scope: &YamlScope,
    docs: &Docs,
) -> Result<String, TemplateError> {
    let root = Root::new(Described { yaml: YamlVariables(scope.clone()), docs: docs.clone() }, Arc::default());
    engine.render_text(text, &root)
}

/// Renders the text of a docs block, where no name means anything.
pub fn render_docs_block(engine: &Engine, text: &str, origin: Origin) -> Result<String, TemplateError> {
    let root = Root::new(std::collections::BTreeMap::new(), Arc::default());
    Ok(engine.compile(text, origin)?.render(engine, &root, false)?.text)
}

struct Described {
    yaml: YamlVariables,
    docs: Docs,
}

impl Lookup for Described {
    fn get(&self, name: &str) -> Option<Value> {
        if name == "doc" { Some(Value::from_object(Doc(self.docs.clone()))) } else { self.yaml.get(name) }
    }
}

struct Doc(Docs);

impl std::fmt::Debug for Doc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("doc")
    }
}

impl Object for Doc {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let (package, name) = match args.len() {
            1 => (None, call.text(0, "name")?),
            2 => (Some(call.text(0, "package")?), call.text(1, "name")?),
            _ => {
                let wrong =
                    Problem::new(Code::WrongArguments, "`doc` takes a block's name, or a package and a block's name");
                return Err(problem(wrong.help("write `doc('name')`")));
            }
        };
        match (self.0)(package.as_deref(), &name) {
            Some(text) => Ok(Value::from(text)),
            None => Err(problem(Problem {
                columns: vec![name.clone()],
                ..Problem::new(Code::UnknownDoc, format!("no docs block `{name}`"))
            })),
        }
    }
}
