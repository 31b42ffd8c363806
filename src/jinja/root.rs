//! What names mean in a render: macros as the rendering node's package sees them, then the render's variables.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::library::Scope;

/// The variables of a render.
pub trait Lookup: Send + Sync {
    /// The value of a name.
    fn get(&self, name: &str) -> Option<Value>;

    /// The names there are, for templates that walk over `context`.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Lookup for BTreeMap<String, Value> {
    fn get(&self, name: &str) -> Option<Value> {
        BTreeMap::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl Lookup for IndexMap<String, Value> {
    fn get(&self, name: &str) -> Option<Value> {
        IndexMap::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl<S: std::hash::BuildHasher + Send + Sync> Lookup for HashMap<String, Value, S> {
    fn get(&self, name: &str) -> Option<Value> {
        HashMap::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.keys().cloned().collect();
        names.sort_unstable();
        names
    }
}

/// Everything a render's templates and macros see beside their own parameters and variables.
///
/// A name is looked up in the macros of the scope, then among the variables, then among the engine's functions
/// (`range`, `dict`, `namespace`, `return` ..). So a macro named `ref` overrides the variable `ref`, as in dbt.
/// The name `context` is the whole as a mapping, unless a variable has that name.
pub struct Root {
    vars: Box<dyn Lookup>,
    scope: Arc<Scope>,
}

impl Root {
    /// The root of renders with these variables, for nodes of the scope's package.
    pub fn new(vars: impl Lookup + 'static, scope: Arc<Scope>) -> Arc<Root> {
        Arc::new(Root { vars: Box::new(vars), scope })
    }

    /// The value of a name.
    pub fn get(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(value) = self.scope.get(name).or_else(|| self.vars.get(name)) {
            return Some(value);
        }
        (name == "context").then(|| Value::from_object(Context(self.clone())))
    }

    /// The names of the variables.
    pub fn names(&self) -> Vec<String> {
        self.vars.names()
    }

    /// The macros.
    pub fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// The root of the render that this thread is busy with: for native functions.
    pub fn current() -> Option<Arc<Root>> {
        super::run::current(|render| render.map(|render| render.root.clone()))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root").finish_non_exhaustive()
    }
}

/// A root as the mapping that templates know as `context`, and as the context of a template's own level.
#[derive(Debug)]
pub(super) struct Context(pub(super) Arc<Root>);

impl Object for Context {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.get(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names = self.0.names();
        names.extend(self.0.scope.names().into_iter().map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        Enumerator::Values(names.into_iter().map(Value::from).collect())
    }
}
