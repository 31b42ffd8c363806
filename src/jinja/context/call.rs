//! The arguments of a call, by position or by name, as Python binds them.

use minijinja::value::{Kwargs, from_args};
use minijinja::{Error, ErrorKind, Value};

use crate::jinja::python;

/// The arguments of one call of a native function.
pub(super) struct Call {
    positional: Vec<Value>,
    named: Kwargs,
}

impl Call {
    pub(super) fn new(args: &[Value]) -> Result<Self, Error> {
        let (positional, named): (&[Value], Kwargs) = from_args(args)?;
        Ok(Self { positional: positional.to_vec(), named })
    }

    /// The argument at `index`, or named `name`.
    pub(super) fn get(&self, index: usize, name: &str) -> Option<Value> {
        self.positional.get(index).cloned().or_else(|| self.named.get::<Value>(name).ok()).filter(|v| !v.is_undefined())
    }

    /// The same, which must be there.
    pub(super) fn required(&self, index: usize, name: &str) -> Result<Value, Error> {
        self.get(index, name)
            .ok_or_else(|| Error::new(ErrorKind::MissingArgument, format!("argument `{name}` is missing")))
    }

    /// The same as text, which must be there.
    pub(super) fn text(&self, index: usize, name: &str) -> Result<String, Error> {
        self.required(index, name).map(|value| python::str(&value))
    }

    /// The same as text; none and undefined are no text.
    pub(super) fn optional_text(&self, index: usize, name: &str) -> Option<String> {
        self.get(index, name).filter(|value| !value.is_none()).map(|value| python::str(&value))
    }

    /// Whether the argument is given and true.
    pub(super) fn truth(&self, index: usize, name: &str, default: bool) -> bool {
        self.get(index, name).map_or(default, |value| value.is_true())
    }

    /// The arguments given by position.
    pub(super) fn positional(&self) -> &[Value] {
        &self.positional
    }

    /// The arguments given by name, in the order written.
    pub(super) fn named(&self) -> Vec<(String, Value)> {
        self.named.args().map(|name| (name.to_owned(), self.named.get::<Value>(name).unwrap_or_default())).collect()
    }
}

/// Whether a value is text, number or other than none and undefined.
pub(super) fn given(value: &Value) -> bool {
    !value.is_none() && !value.is_undefined()
}

/// The error of a method an object does not have.
pub(super) fn unknown_method(object: &str, method: &str) -> Error {
    Error::new(ErrorKind::UnknownMethod, format!("{object} has no method `{method}`"))
}
