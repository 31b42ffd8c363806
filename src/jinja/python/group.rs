//! What `groupby` makes: a pair that also answers to `grouper` and `list`.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::error::no_method;
use super::list::search;

/// A group: its key and the list of its members.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: Value,
    pub(super) members: Value,
}

impl Group {
    /// The group as the pair it is.
    pub(super) fn pair(&self) -> [Value; 2] {
        [self.key.clone(), self.members.clone()]
    }
}

impl Object for Group {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => self.get_value_by_str(name),
            None => self.pair().get(key.as_usize()?).cloned(),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "grouper" => Some(self.key.clone()),
            "list" => Some(self.members.clone()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.pair().to_vec())
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "count" | "index" => search("tuple", method, &self.pair(), args),
            _ => Err(no_method("tuple", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::repr::repr(&Value::from_dyn_object(self.clone())))
    }
}
