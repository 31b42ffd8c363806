//! Functions and methods as values.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};

/// What a native function looks like from the inside: arguments as called, keywords last.
pub(super) type Native = fn(&mut State<'_, '_>, &[Value]) -> Result<Value, Error>;

/// A method together with the value it was taken from.
#[derive(Debug)]
pub(super) struct Bound {
    owner: Value,
    name: String,
}

/// The method `name` of `owner` as a value.
pub(crate) fn bound(owner: Value, name: &str) -> Value {
    Value::from_object(Bound { owner, name: name.to_owned() })
}

impl Object for Bound {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        // Not through the value: it would look for an unknown method among the attributes and find this one.
        match self.owner.as_object() {
            Some(object) => object.call_method(state, &self.name, args),
            None => self.owner.call_method(state, &self.name, args),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = super::kind::type_name(&self.owner);
        write!(f, "<built-in method {} of {owner} object at {:p}>", self.name, Arc::as_ptr(self))
    }
}

/// A native function as a value.
pub(super) struct Function {
    name: &'static str,
    call: Native,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<built-in function {}>", self.name)
    }
}

/// A native function under its Python name.
pub(super) fn function(name: &'static str, call: Native) -> Value {
    Value::from_object(Function { name, call })
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        (self.call)(state, args)
    }
}

/// A class: it is called to construct, and has class methods.
pub(super) struct Class {
    /// The name it prints with, such as `datetime.date`.
    pub(super) name: &'static str,
    /// The constructor.
    pub(super) construct: Native,
    /// Class methods and constants by name.
    pub(super) members: Vec<(&'static str, Value)>,
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class '{}'>", self.name)
    }
}

impl Object for Class {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.members.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        (self.construct)(state, args)
    }
}
