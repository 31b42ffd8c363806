//! The names of dbt's context, one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};
use serde_json::json;

use super::adapter::Adapter;
use super::call::{Call, given, unknown_method};
use super::column::ColumnClass;
use super::config::ConfigValue;
use super::contract;
use super::facts::RefCall;
use super::methods;
use super::relation::RelationClass;
use super::render::{Phase, Scene, problem};
use super::runtime;
use super::session::DBT_VERSION;
use super::table::TableValue;
use super::world::{Problem, Voice};
use crate::config::{Run, Vars, is_template};
use crate::diagnostic::{Code, did_you_mean};
use crate::jinja::engine::nested;
use crate::jinja::python;

/// Every name of the context, for templates that walk over it.
pub(super) const NAMES: [&str; 47] = [
    "adapter",
    "api",
    "builtins",
    "column",
    "compiled_code",
    "config",
    "database",
    "dbt_metadata_envs",
    "dbt_version",
    "debug",
    "doc",
    "env_var",
    "exceptions",
    "execute",
    "flags",
    "function",
    "graph",
    "invocation_args_dict",
    "invocation_id",
    "load_agate_table",
    "load_result",
    "log",
    "metric",
    "model",
    "post_hooks",
    "pre_hooks",
    "print",
    "project_name",
    "ref",
    "render",
    "run_started_at",
    "schema",
    "selected_resources",
    "source",
    "sql",
    "sql_now",
    "store_raw_result",
    "store_result",
    "target",
    "this",
    "thread_id",
    "try_or_compiler_error",
    "validation",
    "var",
    "write",
    "defer_relation",
    "context_macro_stack",
];

/// The name of the thread, as dbt has it: templates are parsed on the main thread, whatever is done here.
fn thread(phase: &Phase) -> Value {
    let thread = std::thread::current();
    let own = thread.name().filter(|_| matches!(phase, Phase::Execute(_)));
    Value::from(own.unwrap_or("MainThread"))
}

/// The value of a name in a node's render.
pub(super) fn variable(scene: &Arc<Scene>, name: &str) -> Option<Value> {
    if let Some((_, value)) = scene.subject.more.iter().find(|(known, _)| known == name) {
        return Some(match value {
            serde_json::Value::Array(items) if name == "results" => {
                python::list(items.iter().map(runtime::result).collect())
            }
            value => python::from_json(value),
        });
    }
    let facts = &scene.session.facts;
    let function = |name: &'static str| Some(Value::from_object(Function { name, scene: scene.clone() }));
    Some(match name {
        "execute" => Value::from(matches!(scene.phase, Phase::Execute(_))),
        "this" => scene.subject.this.clone().map_or(Value::from(()), Value::from_object),
        "model" => scene.model(),
        "schema" => Value::from(scene.subject.schema.clone()),
        "database" => Value::from(scene.subject.database.clone()),
        "config" => Value::from_object(ConfigValue(scene.clone())),
        "adapter" => Value::from_object(Adapter(scene.clone())),
        "exceptions" => Value::from_object(Exceptions(scene.clone())),
        "target" => python::from_json(&facts.target),
        "project_name" => Value::from(facts.root.clone()),
        "dbt_version" => Value::from(DBT_VERSION),
        "invocation_id" => Value::from(facts.run.invocation_id.clone()),
        "run_started_at" => python::datetime(facts.run.started_at),
        "thread_id" => thread(&scene.phase),
        "flags" => flags(&facts.run, &facts.flags),
        "graph" => scene.world().map_or_else(|| python::from_json(&json!({})), |world| world.graph()),
        "selected_resources" => python::list(
            scene.world().map(|world| world.selected()).unwrap_or_default().into_iter().map(Value::from).collect(),
        ),
        "api" => python::record(vec![
            ("Relation", Value::from_object(RelationClass(facts.dialect))),
            ("Column", Value::from_object(ColumnClass(facts.dialect))),
        ]),
        "column" => Value::from_object(ColumnClass(facts.dialect)),
        "builtins" => {
            python::record(["ref", "source", "config"].iter().filter_map(|n| Some((*n, variable(scene, n)?))))
        }
        "var" => {
            let is_required = scene.subject.is_naming || matches!(scene.phase, Phase::Execute(_));
            var(variables(scene), scene.subject.package.clone(), is_required)
        }
        "env_var" => env_var(environment(scene), false),
        "invocation_args_dict" => python::from_json(&serde_json::Value::Object(facts.run.arguments.clone())),
        "dbt_metadata_envs" => metadata_envs(&facts.environment),
        "pre_hooks" | "post_hooks" => {
            let key = if name == "pre_hooks" { "pre-hook" } else { "post-hook" };
            scene.subject.config.get(key).map_or_else(|| python::list(Vec::new()), python::from_json)
        }
        "sql" | "compiled_code" => scene.subject.model.get("compiled_code").map_or(Value::from(()), python::from_json),
        "validation" => python::record(vec![("any", function("validation_any")?)]),
        "defer_relation" => scene.subject.defer_relation.clone().map_or(Value::from(()), Value::from_object),
        "ref" => return function("ref"),
        "source" => return function("source"),
        "metric" => return function("metric"),
        "function" => return function("function"),
        "log" => return function("log"),
        "print" => return function("print"),
        "debug" => return function("debug"),
        "write" => return function("write"),
        "render" => return function("render"),
        "store_result" => return function("store_result"),
        "store_raw_result" => return function("store_raw_result"),
        "load_result" => return function("load_result"),
        "load_agate_table" => return function("load_agate_table"),
        "try_or_compiler_error" => return function("try_or_compiler_error"),
        _ => return None,
    })
}

/// Project variables, with those a unit test overrides.
fn variables(scene: &Scene) -> Vars {
    let mut vars = scene.session.facts.vars.clone();
    if let Some(own) = scene.subject.overrides.as_ref().filter(|own| !own.vars.is_empty()) {
        let mut given = (*vars.command_line).clone();
        given.extend(own.vars.clone());
        vars.command_line = Arc::new(given);
    }
    vars
}

/// The environment, with what a unit test overrides.
fn environment(scene: &Scene) -> Arc<BTreeMap<String, String>> {
    let known = &scene.session.facts.environment;
    match scene.subject.overrides.as_ref().filter(|own| !own.env_vars.is_empty()) {
        Some(own) => {
            let mut given = (**known).clone();
            given.extend(own.env_vars.clone());
            Arc::new(given)
        }
        None => known.clone(),
    }
}

/// `flags`: those of the project file, and what the invocation says.
pub(super) fn flags(run: &Run, own: &serde_json::Map<String, serde_json::Value>) -> Value {
    let mut map = serde_json::Map::new();
    for (key, value) in own {
        map.insert(key.to_uppercase(), value.clone());
    }
    for (key, value) in [
        ("FULL_REFRESH", json!(run.full_refresh)),
        ("STORE_FAILURES", json!(run.store_failures)),
        ("WHICH", json!(run.command)),
        ("EMPTY", json!(run.empty)),
        ("FAIL_FAST", json!(run.fail_fast)),
        ("INTROSPECT", json!(true)),
        ("USE_COLORS", json!(false)),
        ("PARTIAL_PARSE", json!(true)),
        ("CACHE_SELECTED_ONLY", json!(false)),
        ("WRITE_JSON", json!(true)),
        ("WARN_ERROR", json!(null)),
        ("VERSION_CHECK", json!(true)),
        ("DEBUG", json!(false)),
        ("LOG_FORMAT", json!("default")),
    ] {
        map.insert(key.to_owned(), value);
    }
    python::from_json(&serde_json::Value::Object(map))
}

fn metadata_envs(environment: &BTreeMap<String, String>) -> Value {
    let prefix = "DBT_ENV_CUSTOM_ENV_";
    python::record(
        environment.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, Value::from(value.clone())))),
    )
}

/// `var`: callable, with `has_var`.
pub(super) fn var(vars: Vars, package: String, required: bool) -> Value {
    Value::from_object(Var { vars, package, required, written: false })
}

/// `var` of a file of properties: a variable that holds a template is given as it is written, and `has_var` knows those of the
/// command line (dbt: `ConfiguredVar`).
pub(super) fn written_var(vars: Vars, package: String) -> Value {
    Value::from_object(Var { vars, package, required: true, written: true })
}

#[derive(Debug)]
struct Var {
    vars: Vars,
    package: String,
    required: bool,
    written: bool,
}

impl Object for Var {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let name = call.text(0, "var_name")?;
        match self.vars.get(&self.package, &name) {
            // A variable's text is a template of its own, with the names of whoever asks.
            Some(serde_json::Value::String(text)) if is_template(text) && !self.written => {
                return nested(state.env(), text).map(Value::from);
            }
            Some(value) => return Ok(python::from_json(value)),
            None => {}
        }
        if let Some(default) = call.get(1, "default") {
            return Ok(default);
        }
        if !self.required {
            return Ok(Value::from(()));
        }
        let known = self.vars.names(&self.package);
        let help = match did_you_mean(&name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                format!("add `{name}` to `vars:` in dbt_project.yml, pass --vars '{{{name}: …}}', or give a default")
            }
        };
        Err(problem(Problem::new(Code::UndefinedName, format!("variable `{name}` is not defined")).help(help)))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "has_var" => {
                let name = Call::new(args)?.text(0, "var_name")?;
                let is_known = if self.written {
                    self.vars.command_line.contains_key(&name)
                } else {
                    self.vars.get(&self.package, &name).is_some()
                };
                Ok(Value::from(is_known))
            }
            _ => Err(unknown_method("`var`", method)),
        }
    }
}

/// What stands for a secret while a template is rendered, so that no filter makes of it what nobody recognizes. (dbt:
/// `SECRET_PLACEHOLDER`.)
const SECRET: [&str; 2] = ["$$$DBT_SECRET_START$$$", "$$$DBT_SECRET_END$$$"];

/// Puts secrets in place of what stood for them.
pub(super) fn reveal(value: &mut serde_json::Value, environment: &BTreeMap<String, String>) {
    let serde_json::Value::String(text) = value else { return };
    let (mut shown, mut rest) = (String::new(), text.as_str());
    while let Some((before, behind)) = rest.split_once(SECRET[0]) {
        let Some((name, after)) = behind.split_once(SECRET[1]) else { break };
        shown.extend([before, environment.get(name).map_or("", String::as_str)]);
        rest = after;
    }
    shown.push_str(rest);
    *text = shown;
}

/// `env_var`; names that begin with `DBT_ENV_SECRET` are read only where `secrets` says so, and stand for themselves until
/// [`reveal`].
pub(super) fn env_var(environment: Arc<BTreeMap<String, String>>, secrets: bool) -> Value {
    Value::from_object(EnvVar { environment, secrets })
}

struct EnvVar {
    environment: Arc<BTreeMap<String, String>>,
    secrets: bool,
}

impl std::fmt::Debug for EnvVar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("env_var")
    }
}

impl Object for EnvVar {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let name = call.text(0, "var")?;
        let is_secret = name.starts_with("DBT_ENV_SECRET");
        if is_secret && !self.secrets {
            let message =
                format!("secret environment variable `{name}` can only be read in profiles.yml and packages.yml");
            return Err(problem(
                Problem::new(Code::UndefinedName, message)
                    .help("use a variable whose name does not begin with DBT_ENV_SECRET"),
            ));
        }
        if let Some(value) = self.environment.get(&name) {
            return Ok(Value::from(if is_secret {
                format!("{}{name}{}", SECRET[0], SECRET[1])
            } else {
                value.clone()
            }));
        }
        call.get(1, "default").filter(given).ok_or_else(|| {
            let message = format!("environment variable `{name}` is not set");
            problem(Problem::new(Code::UndefinedName, message).help(format!("set {name}, or give `env_var` a default")))
        })
    }
}

/// A function of the context that needs the scene.
#[derive(Debug)]
struct Function {
    name: &'static str,
    scene: Arc<Scene>,
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "config" && matches!(self.name, "ref" | "source"))
            .then(|| runtime::config(&self.scene.session.facts))
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let scene = &self.scene;
        match self.name {
            "ref" => reference(scene, &call),
            "source" => source(scene, &call),
            "function" => user_function(scene, &call),
            "metric" => {
                if let Phase::Parse(facts) = &scene.phase {
                    let words = call.positional().iter().map(python::str).collect();
                    facts.lock().expect("no render panics while it records").metrics.push(words);
                }
                Ok(Value::from(""))
            }
            "log" => {
                let voice = if call.truth(1, "info", false) { Voice::Log } else { Voice::Detail };
                say(scene, &call.text(0, "msg")?, voice);
                Ok(Value::from(""))
            }
            "print" => {
                say(scene, &call.text(0, "msg")?, Voice::Print);
                Ok(Value::from(""))
            }
            "debug" => Ok(Value::from("")),
            "write" => {
                *scene.written.lock().expect("no render panics while it writes") = Some(call.text(0, "payload")?);
                Ok(Value::from(""))
            }
            "render" => nested(state.env(), &call.text(0, "string")?).map(Value::from),
            "store_result" => store(scene, &call, true),
            "store_raw_result" => store(scene, &call, false),
            "load_result" => load(scene, &call.text(0, "name")?),
            "load_agate_table" => Ok(scene
                .subject
                .more
                .iter()
                .find(|(name, _)| name == "_seed")
                .map_or(Value::from(()), |(_, v)| python::from_json(v))),
            "try_or_compiler_error" => {
                let function = call.required(1, "func")?;
                let rest: Vec<Value> = call.positional().iter().skip(2).cloned().collect();
                let message = call.text(0, "message_if_exception")?;
                function.call(state, &rest).map_err(|_| problem(Problem::new(Code::RaisedError, message)))
            }
            "validation_any" => Ok(Value::from_object(AnyOf)),
            other => Err(unknown_method("the context", other)),
        }
    }
}

/// What `validation.any[…]` gives: a check that lets everything pass, as configuration is checked when it is read.
#[derive(Debug)]
struct AnyOf;

impl Object for AnyOf {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_object(AnyOf))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from(()))
    }
}

fn say(scene: &Scene, text: &str, voice: Voice) {
    match &scene.phase {
        Phase::Execute(world) => world.say(text, voice),
        Phase::Parse(facts) => {
            facts.lock().expect("no render panics while it records").said.push((text.to_owned(), voice));
        }
    }
}

/// Says a warning, or fails where those of this name are errors.
fn warn(scene: &Scene, name: &str, text: String) -> Result<Value, Error> {
    if scene.session.facts.run.fatal_warnings.contains(&name) {
        return Err(problem(Problem::new(Code::RaisedError, text)));
    }
    say(scene, &text, Voice::Warning);
    Ok(Value::from(""))
}

fn reference(scene: &Arc<Scene>, call: &Call) -> Result<Value, Error> {
    let words: Vec<String> = call.positional().iter().map(python::str).collect();
    let version = call.get(usize::MAX, "version").filter(Value::is_true).or_else(|| call.get(usize::MAX, "v"));
    let version = version.filter(given).and_then(|value| python::to_json(&value).ok()).map(Box::new);
    let made = match words.as_slice() {
        [name] => RefCall { package: None, name: name.clone(), version },
        [package, name] => RefCall { package: Some(package.clone()), name: name.clone(), version },
        _ => {
            let message =
                format!("`ref` takes a name, or a package and a name, and was given {} arguments", words.len());
            return Err(problem(
                Problem::new(Code::TypeError, message).help("write `ref('model')` or `ref('package', 'model')`"),
            ));
        }
    };
    match &scene.phase {
        Phase::Parse(facts) => {
            let mut facts = facts.lock().expect("no render panics while it records");
            facts.refs.push(made);
            Ok(scene.subject.this.clone().map_or(Value::from(()), Value::from_object))
        }
        Phase::Execute(world) => world.reference(&scene.subject, &made).map(Value::from_object).map_err(problem),
    }
}

fn source(scene: &Arc<Scene>, call: &Call) -> Result<Value, Error> {
    let words: Vec<String> = call.positional().iter().map(python::str).collect();
    let [source, table] = words.as_slice() else {
        let message = format!("`source` takes a source and a table, and was given {} arguments", words.len());
        return Err(problem(Problem::new(Code::TypeError, message).help("write `source('source', 'table')`")));
    };
    match &scene.phase {
        Phase::Parse(facts) => {
            let mut facts = facts.lock().expect("no render panics while it records");
            facts.sources.push((source.clone(), table.clone()));
            Ok(scene.subject.this.clone().map_or(Value::from(()), Value::from_object))
        }
        Phase::Execute(world) => world.source(&scene.subject, source, table).map(Value::from_object).map_err(problem),
    }
}

fn user_function(scene: &Arc<Scene>, call: &Call) -> Result<Value, Error> {
    let words: Vec<String> = call.positional().iter().map(python::str).collect();
    if !matches!(words.len(), 1 | 2) {
        let message =
            format!("`function` takes a name, or a package and a name, and was given {} arguments", words.len());
        return Err(problem(Problem::new(Code::TypeError, message).help("write `function('name')`")));
    }
    match &scene.phase {
        Phase::Parse(facts) => {
            facts.lock().expect("no render panics while it records").functions.push(words);
            Ok(scene.subject.this.clone().map_or(Value::from(()), Value::from_object))
        }
        Phase::Execute(world) => world.function(&scene.subject, &words).map(Value::from_object).map_err(problem),
    }
}

fn store(scene: &Scene, call: &Call, is_table: bool) -> Result<Value, Error> {
    let table = call.get(usize::MAX, "agate_table").or_else(|| call.get(2, "agate_table")).filter(given);
    let table = table.unwrap_or_else(|| Value::from_object(TableValue::new(Vec::new(), Vec::new(), Vec::new())));
    let response = if is_table { call.get(1, "response") } else { call.get(1, "message") };
    let data = table.get_attr("rows").unwrap_or_default();
    let result =
        python::record(vec![("response", response.unwrap_or(Value::from(()))), ("data", data), ("table", table)]);
    scene.results.lock().expect("no render panics while it stores").insert(call.text(0, "name")?, result);
    Ok(Value::from(""))
}

/// A result can be taken once; `main` stays (dbt: `load_result`).
fn load(scene: &Scene, name: &str) -> Result<Value, Error> {
    let mut results = scene.results.lock().expect("no render panics while it stores");
    let Some(stored) = results.get_mut(name) else { return Ok(Value::from(())) };
    if name == "main" {
        return Ok(stored.clone());
    }
    if stored.is_none() {
        let message = format!("the result `{name}` has been loaded already");
        return Err(problem(
            Problem::new(Code::TypeError, message).help("keep it: `{% set result = load_result(…) %}`"),
        ));
    }
    Ok(std::mem::replace(stored, Value::from(())))
}

/// `exceptions`.
#[derive(Debug)]
struct Exceptions(Arc<Scene>);

impl Object for Exceptions {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        methods::method(self, methods::EXCEPTIONS, key.as_str()?)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let all = || call.positional().iter().map(python::str).collect::<Vec<_>>().join(", ");
        let message = match method {
            "warn" => return warn(&self.0, "JinjaLogWarning", call.text(0, "msg")?),
            "warn_snapshot_timestamp_data_types" => {
                let (snapshot, updated) =
                    (call.text(0, "snapshot_time_data_type")?, call.text(1, "updated_at_data_type")?);
                let text =
                    format!("the snapshot's times are of type {snapshot}, and `updated_at` is of type {updated}");
                return warn(&self.0, "SnapshotTimestampWarning", text);
            }
            "raise_compiler_error"
            | "raise_not_implemented"
            | "raise_parsing_error"
            | "raise_database_error"
            | "raise_fail_fast_error"
            | "raise_dependency_error" => call.text(0, "msg")?,
            "missing_config" => {
                format!("`{}` needs the configuration `{}`", self.0.subject.unique_id, call.text(1, "name")?)
            }
            "missing_materialization" => format!("no materialization for `{}`", self.0.subject.unique_id),
            "missing_relation" => format!("relation `{}` does not exist", call.text(0, "relation")?),
            "relation_wrong_type" => {
                format!(
                    "{} is not a {} and cannot be replaced",
                    call.text(0, "relation")?,
                    call.text(1, "expected_type")?
                )
            }
            "raise_contract_error" => {
                let (declared, given) = (call.required(0, "yaml_columns")?, call.required(1, "sql_columns")?);
                return Err(problem(contract::broken(&declared, &given)));
            }
            "column_type_missing" => {
                let names = call.required(0, "column_names")?;
                let columns = names.try_iter().into_iter().flatten().map(|name| python::str(&name)).collect();
                let message = format!(
                    "Contracted models require data_type to be defined for each column. Please ensure that the column name and \
                     data_type are defined within the YAML configuration for the {} column(s).",
                    python::str(&names)
                );
                let help = "add `data_type` to the column";
                return Err(problem(Problem { columns, ..Problem::new(Code::ContractBroken, message).help(help) }));
            }
            "raise_invalid_property_yml_version" | "raise_duplicate_patch_name" | "raise_duplicate_resource_name" => {
                all()
            }
            _ => return Err(unknown_method("`exceptions`", method)),
        };
        Err(problem(Problem::new(Code::RaisedError, message)))
    }
}
