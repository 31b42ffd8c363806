//! Python's set, in insertion order so that the same input gives the same bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexSet;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, required, split};
use super::error::{key_error, no_method, value_error};
use super::key::Key;
use super::kind::items;
use super::method::bound;
use super::repr::repr;

/// A set. Two values may be the same set.
#[derive(Debug, Default)]
pub(super) struct Set {
    items: Mutex<IndexSet<Key>>,
}

/// A new set of these items; fails when one is a list, a dictionary or a set.
pub(crate) fn set(items: Vec<Value>) -> Result<Value, Error> {
    Ok(of(keys(items)?))
}

fn of(items: IndexSet<Key>) -> Value {
    Value::from_object(Set { items: Mutex::new(items) })
}

fn keys(items: Vec<Value>) -> Result<IndexSet<Key>, Error> {
    items.into_iter().map(Key::new).collect()
}

const METHODS: [&str; 17] = [
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
];

/// What a binary operation on sets keeps.
#[derive(Clone, Copy)]
pub(super) enum Combine {
    Union,
    Intersection,
    Difference,
    Symmetric,
}

fn combine(own: &IndexSet<Key>, other: &IndexSet<Key>, how: Combine) -> IndexSet<Key> {
    match how {
        Combine::Union => own.union(other).cloned().collect(),
        Combine::Intersection => own.intersection(other).cloned().collect(),
        Combine::Difference => own.difference(other).cloned().collect(),
        Combine::Symmetric => own.symmetric_difference(other).cloned().collect(),
    }
}

impl Set {
    fn lock(&self) -> MutexGuard<'_, IndexSet<Key>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The members at this moment.
    pub(super) fn snapshot(&self) -> Vec<Value> {
        self.lock().iter().map(|key| key.value().clone()).collect()
    }

    fn clone_items(&self) -> IndexSet<Key> {
        self.lock().clone()
    }

    pub(super) fn contains(&self, value: &Value) -> Result<bool, Error> {
        let key = Key::new(value.clone())?;
        Ok(self.lock().contains(&key))
    }

    /// A new set made from both.
    pub(super) fn with(&self, other: &Set, how: Combine) -> Value {
        let (own, other) = (self.clone_items(), other.clone_items());
        of(combine(&own, &other, how))
    }

    fn fold(&self, args: &[Value], how: Combine) -> Result<IndexSet<Key>, Error> {
        let mut result = self.clone_items();
        for other in split(args).0 {
            result = combine(&result, &keys(items(other)?)?, how);
        }
        Ok(result)
    }

    fn compare(&self, method: &str, args: &[Value]) -> Result<Value, Error> {
        let [other] = bind(method, ["other"], 1, args)?;
        let other = keys(items(&required(other))?)?;
        let own = self.clone_items();
        Ok(Value::from(match method {
            "issubset" => own.is_subset(&other),
            "issuperset" => own.is_superset(&other),
            _ => own.is_disjoint(&other),
        }))
    }

    fn change(&self, method: &str, args: &[Value]) -> Result<Value, Error> {
        if method == "pop" {
            let first = self.lock().shift_remove_index(0);
            return first.map(Key::into_value).ok_or_else(|| key_error("'pop from an empty set'"));
        }
        if method == "clear" {
            self.lock().clear();
            return Ok(Value::from(()));
        }
        let [item] = bind(method, ["item"], 1, args)?;
        let key = Key::new(required(item))?;
        if method == "add" {
            self.lock().insert(key);
        } else if !self.lock().shift_remove(&key) && method == "remove" {
            return Err(key_error(repr(key.value())));
        }
        Ok(Value::from(()))
    }
}

fn combination(method: &str) -> Option<(Combine, bool)> {
    Some(match method {
        "union" => (Combine::Union, false),
        "intersection" => (Combine::Intersection, false),
        "difference" => (Combine::Difference, false),
        "symmetric_difference" => (Combine::Symmetric, false),
        "update" => (Combine::Union, true),
        "intersection_update" => (Combine::Intersection, true),
        "difference_update" => (Combine::Difference, true),
        "symmetric_difference_update" => (Combine::Symmetric, true),
        _ => return None,
    })
}

struct Live {
    set: Arc<Set>,
    length: usize,
    at: usize,
    failed: bool,
}

impl Iterator for Live {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let own = self.set.lock();
        if self.failed {
            return None;
        }
        if own.len() != self.length {
            self.failed = true;
            return Some(Value::from(value_error("Set changed size during iteration")));
        }
        let item = own.get_index(self.at)?.value().clone();
        self.at += 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.length.saturating_sub(self.at);
        (left, Some(left))
    }
}

impl Object for Set {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    // A set cannot be indexed, although the engine would count through any iterable.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(key.as_str().and_then(|name| self.get_value_by_str(name)).unwrap_or_default())
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let length = self.lock().len();
        Enumerator::Iter(Box::new(Live { set: self.clone(), length, at: 0, failed: false }))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.lock().len())
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if let Some((how, in_place)) = combination(method) {
            let result = self.fold(args, how)?;
            if !in_place {
                return Ok(of(result));
            }
            *self.lock() = result;
            return Ok(Value::from(()));
        }
        match method {
            "add" | "discard" | "remove" | "pop" | "clear" => self.change(method, args),
            "issubset" | "issuperset" | "isdisjoint" => self.compare(method, args),
            "copy" => Ok(of(self.clone_items())),
            _ => Err(no_method("set", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&repr(&Value::from_dyn_object(self.clone())))
    }
}
