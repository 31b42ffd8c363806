//! dbt's parse phase: in a model's own text, what is undefined may be walked through and called.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::python;
use super::root::Root;

/// The context of a model's own text while parsing: every name is there.
#[derive(Debug)]
pub(super) struct Everything {
    pub(super) root: Arc<Root>,
    /// Names of the engine's functions, which are looked up after this context.
    pub(super) globals: Arc<[String]>,
}

impl Object for Everything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if let Some(value) = self.root.get(key) {
            return Some(value);
        }
        let engine = self.globals.binary_search_by(|name| name.as_str().cmp(key)).is_ok();
        (!engine).then(|| python::missing(key))
    }
}

/// The filter `_pattr`: an attribute.
pub(super) fn attribute(value: &Value, name: &str) -> Value {
    let found = value.as_object().and_then(|object| object.get_value_by_str(name));
    found.filter(|found| !found.is_undefined()).unwrap_or_else(|| python::missing(name))
}

/// The filter `_pcall`: a call.
pub(super) fn call(state: &mut State<'_, '_>, value: &Value, args: &[Value]) -> Result<Value, Error> {
    if value.is_undefined() { Ok(python::missing("")) } else { value.call(state, args) }
}

/// The filter `_pmethod`: a call of a method.
pub(super) fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if name.starts_with("__") {
        let found = unsafe_attribute(value, name)?;
        return if found.is_undefined() { Err(forbidden(name)) } else { found.call(state, args) };
    }
    let result = if name == "cycle" { cycle(state, value, args) } else { value.call_method(state, name, args) };
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::UnknownMethod | ErrorKind::UndefinedError) => {
            if minijinja_cause(&error) { Err(error) } else { Ok(python::missing(name)) }
        }
        result => result,
    }
}

/// The filter `_cycle`: a call of the method of that name; a loop without items to go through is nothing it can take.
pub(super) fn cycle(state: &mut State<'_, '_>, value: &Value, args: &[Value]) -> Result<Value, Error> {
    let is_loop = value.as_object().is_some_and(|object| object.get_value_by_str("revindex0").is_some());
    if is_loop && args.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "no items for cycling given"));
    }
    value.call_method(state, "cycle", args)
}

fn minijinja_cause(error: &Error) -> bool {
    std::error::Error::source(error).is_some()
}

/// The filter `_unsafe`: Jinja2's sandbox keeps templates from Python's own attributes. What a dictionary or a package holds
/// under such a name is an item, and comes out; everything else is undefined, and nothing can be done with it.
pub(super) fn unsafe_attribute(value: &Value, name: &str) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(forbidden(name));
    }
    let item = value.as_object().filter(|object| object.repr() == ObjectRepr::Map && !name.ends_with("__"));
    Ok(item.and_then(|object| object.get_value_by_str(name)).unwrap_or(Value::UNDEFINED))
}

fn forbidden(name: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("access to attribute `{name}` is unsafe"))
}
