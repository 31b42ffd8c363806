//! Python's list: shared, mutable, iterated live.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, flag, int, optional_int, required};
use super::compare::{equal, less};
use super::error::{index_error, no_method, value_error};
use super::kind::items;
use super::method::bound;

/// A list. Two values may be the same list.
#[derive(Debug, Default)]
pub(super) struct List {
    items: Mutex<Vec<Value>>,
}

/// A new list of these items.
pub(crate) fn list(items: Vec<Value>) -> Value {
    Value::from_object(List { items: Mutex::new(items) })
}

pub(super) const METHODS: [&str; 11] =
    ["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

impl List {
    fn lock(&self) -> MutexGuard<'_, Vec<Value>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The items at this moment.
    pub(super) fn snapshot(&self) -> Vec<Value> {
        self.lock().clone()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn change(&self, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "append" => {
                let [item] = bind("append", ["object"], 1, args)?;
                self.lock().push(required(item));
            }
            "extend" => {
                let [other] = bind("extend", ["iterable"], 1, args)?;
                let more = items(&required(other))?;
                self.lock().extend(more);
            }
            "insert" => {
                let [at, item] = bind("insert", ["index", "object"], 2, args)?;
                let mut own = self.lock();
                let at = place(int(&required(at))?, own.len());
                own.insert(at, required(item));
            }
            "clear" => {
                bind("clear", [], 0, args)?;
                self.lock().clear();
            }
            "reverse" => {
                bind("reverse", [], 0, args)?;
                self.lock().reverse();
            }
            "remove" => {
                let [item] = bind("remove", ["value"], 1, args)?;
                let at = self.find(&required(item), 0, usize::MAX);
                let at = at.ok_or_else(|| value_error("list.remove(x): x not in list"))?;
                self.lock().remove(at);
            }
            _ => return self.pop(args),
        }
        Ok(Value::from(()))
    }

    fn pop(&self, args: &[Value]) -> Result<Value, Error> {
        let [at] = bind("pop", ["index"], 0, args)?;
        let at = optional_int(at.as_ref(), -1)?;
        let mut own = self.lock();
        if own.is_empty() {
            return Err(index_error("pop from empty list"));
        }
        let length = own.len() as i128;
        let at = if at < 0 { at + length } else { at };
        if at < 0 || at >= length {
            return Err(index_error("pop index out of range"));
        }
        Ok(own.remove(usize::try_from(at).unwrap_or_default()))
    }

    fn find(&self, item: &Value, start: usize, stop: usize) -> Option<usize> {
        let own = self.snapshot();
        (start..stop.min(own.len())).find(|i| equal(&own[*i], item))
    }

    fn sort(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [key, reverse] = bind("sort", ["key", "reverse"], 0, args)?;
        let own = self.snapshot();
        let keys = match key.filter(|key| !key.is_none()) {
            Some(key) => own.iter().map(|v| key.call(state, std::slice::from_ref(v))).collect::<Result<_, _>>()?,
            None => own.clone(),
        };
        let sorted = sorted(own, &keys, flag(reverse.as_ref()))?;
        *self.lock() = sorted;
        Ok(Value::from(()))
    }
}

/// A position clamped to a sequence of this length, negative from the end.
fn place(at: i128, length: usize) -> usize {
    let at = if at < 0 { (at + length as i128).max(0) } else { at };
    usize::try_from(at).unwrap_or(usize::MAX).min(length)
}

/// The items stably sorted by their keys; fails where two keys cannot be ordered.
pub(super) fn sorted(items: Vec<Value>, keys: &[Value], reverse: bool) -> Result<Vec<Value>, Error> {
    let order = merge((0..items.len()).collect(), keys, reverse)?;
    Ok(order.into_iter().map(|at| items[at].clone()).collect())
}

// The standard sort may panic on an order that is not total, and user data with NaN is such.
fn merge(order: Vec<usize>, keys: &[Value], reverse: bool) -> Result<Vec<usize>, Error> {
    if order.len() < 2 {
        return Ok(order);
    }
    let mut left = order;
    let right = left.split_off(left.len() / 2);
    let left = merge(left, keys, reverse)?;
    let right = merge(right, keys, reverse)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        let (a, b) = (&keys[left[i]], &keys[right[j]]);
        if if reverse { less(a, b)? } else { less(b, a)? } {
            merged.push(right[j]);
            j += 1;
        } else {
            merged.push(left[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    Ok(merged)
}

/// `count` and `index`, which lists and tuples share.
pub(super) fn search(name: &str, method: &str, own: &[Value], args: &[Value]) -> Result<Value, Error> {
    if method == "count" {
        let [item] = bind("count", ["value"], 1, args)?;
        let item = required(item);
        return Ok(Value::from(own.iter().filter(|v| equal(v, &item)).count()));
    }
    let [item, start, stop] = bind("index", ["value", "start", "stop"], 1, args)?;
    let item = required(item);
    let start = place(optional_int(start.as_ref(), 0)?, own.len());
    let stop = place(optional_int(stop.as_ref(), i128::from(i64::MAX))?, own.len());
    match (start..stop).find(|i| equal(&own[*i], &item)) {
        Some(at) => Ok(Value::from(at)),
        None => Err(value_error(format!("{} is not in {name}", super::repr::repr(&item)))),
    }
}

struct Live {
    list: Arc<List>,
    at: usize,
}

impl Iterator for Live {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        // A loop that appends to its own list never ends.
        if let Err(error) = crate::jinja::run::step() {
            return Some(Value::from(error));
        }
        let item = self.list.lock().get(self.at).cloned();
        self.at += usize::from(item.is_some());
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.list.len().saturating_sub(self.at);
        (left, Some(left))
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => self.get_value_by_str(name),
            None => self.lock().get(key.as_usize()?).cloned(),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new(Live { list: self.clone(), at: 0 }))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "append" | "extend" | "insert" | "clear" | "reverse" | "remove" | "pop" => self.change(method, args),
            "copy" => bind("copy", [], 0, args).map(|[]| list(self.snapshot())),
            "count" | "index" => search("list", method, &self.snapshot(), args),
            "sort" => self.sort(state, args),
            _ => Err(no_method("list", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::repr::repr(&Value::from_dyn_object(self.clone())))
    }
}
