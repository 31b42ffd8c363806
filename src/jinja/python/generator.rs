//! One-shot iterators: always true, without a length, empty the second time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::error::no_method;

type Items = Box<dyn Iterator<Item = Value> + Send>;

/// A generator. An item that is an invalid value is the failure of the iteration at that point.
pub(super) struct Generator {
    /// What it prints as, such as `generator object do_map`, without its address.
    name: &'static str,
    items: Mutex<Items>,
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} at {:p}>", self.name, std::ptr::from_ref(self))
    }
}

/// A generator of these items.
pub(super) fn generator(name: &'static str, items: impl Iterator<Item = Value> + Send + 'static) -> Value {
    Value::from_object(Generator { name, items: Mutex::new(Box::new(items)) })
}

/// A generator of the items found until a failure, which is met when the iteration comes to it.
pub(super) fn partial(name: &'static str, items: Vec<Value>, failure: Option<Error>) -> Value {
    generator(name, items.into_iter().chain(failure.map(Value::from)))
}

impl Generator {
    /// The next item.
    pub(super) fn advance(&self) -> Option<Value> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Whether it never ends.
    pub(super) fn endless(&self) -> bool {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).size_hint().0 == usize::MAX
    }

    /// How many items are left, if that is known.
    pub(super) fn left(&self) -> Option<usize> {
        match self.items.lock().unwrap_or_else(PoisonError::into_inner).size_hint() {
            (low, Some(high)) if low == high => Some(low),
            _ => None,
        }
    }
}

struct Rest {
    generator: Arc<Generator>,
}

impl Iterator for Rest {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if let Err(error) = crate::jinja::run::step() {
            return Some(Value::from(error));
        }
        self.generator.advance()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.generator.left() {
            Some(left) => (left, Some(left)),
            None => (0, None),
        }
    }
}

impl Object for Generator {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    // A generator cannot be indexed, although the engine would count through any iterable.
    fn get_value(self: &Arc<Self>, _key: &Value) -> Option<Value> {
        Some(Value::UNDEFINED)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new(Rest { generator: self.clone() }))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        None
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        Err(no_method("generator", method))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
