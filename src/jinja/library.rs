//! All macros of a project and its packages, and which of them a name means.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::calls::{self, MacroCall};
use super::code::{self, HeaderParam, MacroText, Unit};
use super::failure::{self, FailureKind, Frame, TemplateError};
use super::header;
use super::place::Origin;
use super::{python, run};

/// The package of dbt's own macros; its name reaches the macros of every internal package.
const INTERNAL: &str = "dbt";

/// A macro as its file declares it.
#[derive(Debug, Clone)]
pub struct MacroDef {
    /// The package it belongs to.
    pub package: String,
    /// The name it is called by: `test_unique`, `materialization_table_snowflake`.
    pub name: String,
    /// The text its file holds.
    pub text: Arc<str>,
    /// Where that text lies.
    pub origin: Origin,
    /// Bytes of the text between `{% macro` and `%}`, from the name on.
    pub header: Range<usize>,
    /// Bytes of the text between the tags.
    pub body: Range<usize>,
    /// Whether the opening tag ends in `-%}`.
    pub trim_start: bool,
    /// Whether the closing tag starts with `{%-`.
    pub trim_end: bool,
}

/// A macro: a value that templates call, compiled when it is first called.
pub struct Macro {
    unique_id: Arc<str>,
    def: MacroDef,
    params: Vec<HeaderParam>,
    code: OnceLock<Result<Arc<Unit>, TemplateError>>,
}

impl Macro {
    /// `macro.<package>.<name>`.
    pub fn unique_id(&self) -> &Arc<str> {
        &self.unique_id
    }

    /// What the file says.
    pub fn def(&self) -> &MacroDef {
        &self.def
    }

    /// The names of its parameters.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.params.iter().map(|param| param.name.as_str())
    }

    /// The macro as templates see it.
    pub fn value(self: &Arc<Self>) -> Value {
        Value::from_dyn_object(self.clone())
    }

    /// What the macro calls, as far as its text tells; fails if the text is not Jinja.
    pub fn calls(&self) -> Result<Vec<MacroCall>, TemplateError> {
        self.named(self.with_text(calls::of_macro))
    }

    /// Compiles the macro, to learn whether its text is Jinja.
    pub fn check(&self) -> Result<(), TemplateError> {
        self.unit().map(drop)
    }

    pub(super) fn unit(&self) -> Result<&Arc<Unit>, TemplateError> {
        let code = self.code.get_or_init(|| self.named(self.with_text(code::macro_body)).map(Arc::new));
        code.as_ref().map_err(TemplateError::clone)
    }

    fn with_text<T>(&self, run: impl FnOnce(&MacroText<'_>) -> T) -> T {
        let MacroDef { text, origin, header, body, trim_start, trim_end, .. } = &self.def;
        let mut body = body.clone();
        if *trim_start {
            body.start += text[body.clone()].len() - text[body.clone()].trim_start().len();
        }
        if *trim_end {
            body.end = body.start + text[body.clone()].trim_end().len();
        }
        run(&MacroText {
            name: &self.def.name,
            file: origin.file,
            header: (&text[header.clone()], origin.base + header.start),
            body: (&text[body.clone()], origin.base + body.start),
            params: &self.params,
        })
    }

    fn named<T>(&self, result: Result<T, TemplateError>) -> Result<T, TemplateError> {
        result.map_err(|mut error| {
            error.trace.iter_mut().for_each(|frame| frame.macro_id = Some(self.unique_id.clone()));
            error
        })
    }

    pub(super) fn run(&self, env: &Environment<'_>, args: &[Value]) -> Result<Value, Error> {
        let unit = self.unit().map_err(failure::whole)?;
        let nothing: Arc<[Value]> = Arc::default();
        run::call(env, unit, &nothing, args, Some(&self.unique_id))
            .or_else(|error| failure::returned(&error).ok_or(error))
    }
}

impl fmt::Debug for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}>", self.unique_id)
    }
}

impl Object for Macro {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.run(state.env(), args)
    }

    /// Of dbt's macro objects, packages read `macro.get_macro().arguments` and `macro.macro.name`.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" => Some(Value::from(self.def.name.as_str())),
            "arguments" => Some(python::tuple(self.arguments().map(Value::from).collect())),
            "macro" => Some(Value::from_dyn_object(self.clone())),
            "package_name" => Some(Value::from(self.def.package.as_str())),
            "unique_id" => Some(Value::from(self.unique_id.as_ref())),
            _ => None,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "get_macro" => Ok(Value::from_dyn_object(self.clone())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

type ByName = IndexMap<Arc<str>, Arc<Macro>>;

/// All macros.
#[derive(Debug)]
pub struct Library {
    root: String,
    internal: Vec<String>,
    packages: IndexMap<String, ByName>,
    scopes: Mutex<HashMap<String, Arc<Scope>>>,
}

impl Library {
    /// Collects macros. `root` is the project's own package, `internal` the packages that ship with the tool, the most
    /// specific first. Macros whose header cannot be read, or whose name their package has already, are reported.
    pub fn new(defs: Vec<MacroDef>, root: &str, internal: &[&str]) -> (Library, Vec<TemplateError>) {
        let mut packages: IndexMap<String, ByName> = IndexMap::new();
        let mut errors = Vec::new();
        for def in defs {
            let unique_id: Arc<str> = format!("macro.{}.{}", def.package, def.name).into();
            let fail = |message: String, range: Range<usize>| {
                let at = def.origin.base + def.header.start;
                let frame = Frame {
                    macro_id: Some(unique_id.clone()),
                    file: def.origin.file,
                    span: at + range.start..at + range.end,
                };
                TemplateError { kind: FailureKind::Syntax, message, trace: vec![frame], payload: None }
            };
            let params = match header::params(&def.text[def.header.clone()], def.name.starts_with("materialization_")) {
                Ok(params) => params,
                Err((message, range)) => {
                    errors.push(fail(message, range));
                    continue;
                }
            };
            let package = packages.entry(def.package.clone()).or_default();
            if package.contains_key(def.name.as_str()) {
                let message = format!("package `{}` has two macros named `{}`", def.package, def.name);
                errors.push(fail(message, 0..def.header.len()));
                continue;
            }
            let name: Arc<str> = def.name.as_str().into();
            let code = OnceLock::new();
            package.insert(name, Arc::new(Macro { unique_id, def, params, code }));
        }
        let internal = internal.iter().map(|&name| name.to_owned()).collect();
        (Library { root: root.to_owned(), internal, packages, scopes: Mutex::default() }, errors)
    }

    /// A macro by package and name.
    pub fn get(&self, package: &str, name: &str) -> Option<&Arc<Macro>> {
        self.packages.get(package)?.get(name)
    }

    /// All macros, by package, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Macro>> {
        self.packages.values().flat_map(IndexMap::values)
    }

    /// The names of the packages that have macros.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// What names mean to the nodes of a package; made once.
    pub fn scope(&self, package: &str) -> Arc<Scope> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scope) = scopes.get(package) {
            return scope.clone();
        }
        let scope = Arc::new(self.new_scope(package));
        scopes.insert(package.to_owned(), scope.clone());
        scope
    }

    fn new_scope(&self, package: &str) -> Scope {
        let mut internal = Names::new();
        for name in self.internal.iter().rev() {
            internal.extend(self.names(name));
        }
        let mut packages = HashMap::new();
        for name in self.packages.keys().filter(|name| !self.internal.contains(name)) {
            packages.insert(name.clone(), Arc::new(Namespace { macros: self.names(name) }));
        }
        let internal = Arc::new(Namespace { macros: internal });
        let mut flat = internal.macros.clone();
        flat.insert(INTERNAL.into(), Value::from_dyn_object(internal.clone()));
        #[expect(clippy::iter_over_hash_type, reason = "filling another map: the order does not show")]
        for (name, namespace) in &packages {
            flat.insert(name.as_str().into(), Value::from_dyn_object(namespace.clone()));
        }
        for name in [self.root.as_str(), package] {
            if !self.internal.iter().any(|internal| internal == name) {
                flat.extend(self.names(name));
            }
        }
        Scope { flat, internal, packages }
    }

    /// Those of the macros with these unique ids whose names mean nothing in a scope, as it is given to them.
    pub(super) fn unseen(&self, scope: &Scope, ids: &BTreeSet<String>) -> Vec<(Option<String>, String, Value)> {
        let unseen = |id: &String| {
            let (package, name) = id.strip_prefix("macro.")?.split_once('.')?;
            let known = self.get(package, name).filter(|_| !scope.flat.contains_key(name))?;
            Some((None, name.to_owned(), known.value()))
        };
        ids.iter().filter_map(unseen).collect()
    }

    fn names(&self, package: &str) -> Names {
        let macros = self.packages.get(package).into_iter().flatten();
        macros.map(|(name, value)| (name.clone(), value.value())).collect()
    }
}

type Names = HashMap<Arc<str>, Value>;

/// The macros of a package as a mapping: `dbt_utils.star`.
#[derive(Debug, Default)]
struct Namespace {
    macros: Names,
}

impl Object for Namespace {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.macros.get(key.as_str()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.macros.get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names: Vec<&Arc<str>> = self.macros.keys().collect();
        names.sort_unstable();
        Enumerator::Values(names.into_iter().map(|name| Value::from(name.as_ref())).collect())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match self.macros.get(method) {
            Some(value) => value.call(state, args),
            // In Python it is a dictionary, with `get`, `keys` and `items`.
            None if python::is_dict_method(method) => {
                let mut macros: Vec<(&str, Value)> = self.macros.iter().map(|(name, m)| (&**name, m.clone())).collect();
                macros.sort_unstable_by_key(|(name, _)| *name);
                python::record(macros).call_method(state, method, args)
            }
            None => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// A package that no macro belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPackage(pub String);

/// What names of macros mean to the nodes of one package.
///
/// dbt's order: the package itself, the project, the packages by name, dbt's own macros.
#[derive(Debug, Default)]
pub struct Scope {
    flat: Names,
    internal: Arc<Namespace>,
    packages: HashMap<String, Arc<Namespace>>,
}

impl Scope {
    /// The macro of that name, or the package of that name as a mapping.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.flat.get(name).cloned()
    }

    /// A macro of one package, or of any in dbt's order: what `adapter.dispatch` asks.
    pub fn find(&self, package: Option<&str>, name: &str) -> Result<Option<Value>, UnknownPackage> {
        match package {
            None => Ok(self.get(name)),
            Some(INTERNAL) => Ok(self.internal.macros.get(name).cloned()),
            Some(package) => match self.packages.get(package) {
                Some(namespace) => Ok(namespace.macros.get(name).cloned()),
                None => Err(UnknownPackage(package.to_owned())),
            },
        }
    }

    /// The same with values in the place of macros, as a unit test gives them: each with the package it is for, if one is named.
    pub(super) fn overridden(&self, given: Vec<(Option<String>, String, Value)>) -> Scope {
        let mut flat = self.flat.clone();
        let mut put = |namespace: &str, name: &str, value: &Value| {
            let known = if namespace == INTERNAL { Some(&self.internal) } else { self.packages.get(namespace) };
            let Some(known) = known.filter(|known| known.macros.contains_key(name)) else { return false };
            let shown = flat.get(namespace).and_then(Value::downcast_object::<Namespace>);
            let mut macros = shown.as_ref().unwrap_or(known).macros.clone();
            macros.insert(name.into(), value.clone());
            flat.insert(namespace.into(), Value::from_object(Namespace { macros }));
            true
        };
        let mut everywhere: Vec<(String, Value)> = Vec::new();
        for (package, name, value) in given {
            match package {
                Some(package) => {
                    if put(&package, &name, &value) && package == INTERNAL {
                        everywhere.push((name, value));
                    }
                }
                None => {
                    put(INTERNAL, &name, &value);
                    everywhere.push((name, value));
                }
            }
        }
        flat.extend(everywhere.into_iter().map(|(name, value)| (name.as_str().into(), value)));
        Scope { flat, internal: self.internal.clone(), packages: self.packages.clone() }
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.flat.keys().map(AsRef::as_ref).collect();
        names.sort_unstable();
        names
    }
}
