//! Python's dictionary: shared, mutable, in insertion order; and its live views.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Tuple};
use minijinja::{Error, ErrorKind, State, Value};

use super::argument::{bind, required, split};
use super::error::{key_error, no_method, type_error, value_error};
use super::key::{Key, Word};
use super::kind::{items, mapping, type_name};
use super::method::bound;
use super::repr::repr;

/// A dictionary. Two values may be the same dictionary.
#[derive(Debug, Default)]
pub(super) struct Dict {
    items: Mutex<IndexMap<Key, Value>>,
}

/// A new dictionary of these pairs; of two equal keys the first stays, with the second's value.
/// Fails when a key is a list, a dictionary or a set.
pub(crate) fn dict(pairs: Vec<(Value, Value)>) -> Result<Value, Error> {
    let dict = Dict::default();
    dict.merge(pairs)?;
    Ok(Value::from_object(dict))
}

/// A new dictionary with strings as keys.
pub(crate) fn record<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let keys = pairs.into_iter().map(|(k, v)| (Key::new(Value::from(k)), v));
    let items = keys.filter_map(|(key, value)| key.ok().map(|key| (key, value))).collect();
    Value::from_object(Dict { items: Mutex::new(items) })
}

/// Whether dictionaries have a method of that name.
pub(crate) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

pub(super) const METHODS: [&str; 11] =
    ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

impl Dict {
    fn lock(&self) -> MutexGuard<'_, IndexMap<Key, Value>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn merge(&self, pairs: Vec<(Value, Value)>) -> Result<(), Error> {
        for (key, value) in pairs {
            let key = Key::new(key)?;
            self.lock().insert(key, value);
        }
        Ok(())
    }

    /// The item under this key, if the key is hashable and present.
    pub(super) fn get(&self, key: &Value) -> Option<Value> {
        let key = Key::new(key.clone()).ok()?;
        self.lock().get(&key).cloned()
    }

    pub(super) fn contains(&self, key: &Value) -> Result<bool, Error> {
        let key = Key::new(key.clone())?;
        Ok(self.lock().contains_key(&key))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Keys and values at this moment.
    pub(super) fn pairs(&self) -> Vec<(Value, Value)> {
        self.lock().iter().map(|(k, v)| (k.value().clone(), v.clone())).collect()
    }

    fn setdefault(&self, args: &[Value]) -> Result<Value, Error> {
        let [key, default] = bind("setdefault", ["key", "default"], 1, args)?;
        let key = Key::new(required(key))?;
        Ok(self.lock().entry(key).or_insert_with(|| default.unwrap_or_else(|| Value::from(()))).clone())
    }

    fn pop(&self, args: &[Value]) -> Result<Value, Error> {
        let [key, default] = bind("pop", ["key", "default"], 1, args)?;
        let key = Key::new(required(key))?;
        let removed = self.lock().shift_remove(&key);
        removed.or(default).ok_or_else(|| key_error(repr(key.value())))
    }

    fn update(&self, args: &[Value]) -> Result<Value, Error> {
        let (positional, keywords) = split(args);
        if positional.len() > 1 {
            let text = format!("update expected at most 1 argument, got {}", positional.len());
            return Err(Error::new(ErrorKind::TooManyArguments, text));
        }
        if let Some(other) = positional.first() {
            self.merge(pairs(other)?)?;
        }
        self.merge(keywords.into_iter().map(|(k, v)| (Value::from(k), v)).collect())?;
        Ok(Value::from(()))
    }

    fn popitem(&self) -> Result<Value, Error> {
        let last = self.lock().pop();
        let (key, value) = last.ok_or_else(|| key_error("'popitem(): dictionary is empty'"))?;
        Ok(Value::from(Tuple::from([key.into_value(), value])))
    }
}

/// The pairs that `dict(value)` takes: those of a mapping, or the items of an iterable of pairs.
pub(super) fn pairs(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        return Ok(dict.pairs());
    }
    if mapping(value) {
        let pairs = value.as_object().and_then(DynObject::try_iter_pairs);
        return Ok(pairs.into_iter().flatten().collect());
    }
    let mut pairs = Vec::new();
    for (at, item) in items(value)?.into_iter().enumerate() {
        let pair = items(&item).map_err(|_| {
            type_error(format!("cannot convert dictionary update sequence element #{at} to a sequence"))
        })?;
        let [key, value] = <[Value; 2]>::try_from(pair).map_err(|pair| {
            let text = "dictionary update sequence element";
            value_error(format!("{text} #{at} has length {}; 2 is required", pair.len()))
        })?;
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Python's `dict(...)`.
pub(super) fn construct(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let dict = Dict::default();
    dict.update(args)?;
    Ok(Value::from_object(dict))
}

/// What a view or an iteration shows of each pair.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Keys,
    Values,
    Items,
}

struct Live {
    dict: Arc<Dict>,
    part: Part,
    length: usize,
    at: usize,
    failed: bool,
}

impl Iterator for Live {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let own = self.dict.lock();
        if self.failed {
            return None;
        }
        if own.len() != self.length {
            self.failed = true;
            return Some(Value::from(value_error("dictionary changed size during iteration")));
        }
        let (key, value) = own.get_index(self.at)?;
        self.at += 1;
        Some(match self.part {
            Part::Keys => key.value().clone(),
            Part::Values => value.clone(),
            Part::Items => Value::from(Tuple::from([key.value().clone(), value.clone()])),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.length.saturating_sub(self.at);
        (left, Some(left))
    }
}

fn live(dict: &Arc<Dict>, part: Part) -> Live {
    Live { dict: dict.clone(), part, length: dict.len(), at: 0, failed: false }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => {
                let item = self.lock().get(&Word(name)).cloned();
                item.or_else(|| self.method(name))
            }
            None => self.get(key),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.method(key).or_else(|| self.lock().get(&Word(key)).cloned())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new(live(self, Part::Keys)))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.len())
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "get" => {
                let [key, default] = bind("get", ["key", "default"], 1, args)?;
                let key = Key::new(required(key))?;
                let item = self.lock().get(&key).cloned();
                Ok(item.or(default).unwrap_or_else(|| Value::from(())))
            }
            "items" => bind("items", [], 0, args).map(|[]| self.view(Part::Items)),
            "keys" => bind("keys", [], 0, args).map(|[]| self.view(Part::Keys)),
            "values" => bind("values", [], 0, args).map(|[]| self.view(Part::Values)),
            "update" => self.update(args),
            "setdefault" => self.setdefault(args),
            "pop" => self.pop(args),
            "popitem" => self.popitem(),
            "copy" => bind("copy", [], 0, args).and_then(|[]| dict(self.pairs())),
            "clear" => {
                bind("clear", [], 0, args)?;
                self.lock().clear();
                Ok(Value::from(()))
            }
            "fromkeys" => from_keys(args),
            _ => Err(no_method("dict", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&repr(&Value::from_dyn_object(self.clone())))
    }
}

impl Dict {
    fn method(self: &Arc<Self>, name: &str) -> Option<Value> {
        METHODS.contains(&name).then(|| bound(Value::from_dyn_object(self.clone()), name))
    }

    fn view(self: &Arc<Self>, part: Part) -> Value {
        Value::from_object(View { dict: self.clone(), part })
    }
}

fn from_keys(args: &[Value]) -> Result<Value, Error> {
    let [keys, value] = bind("fromkeys", ["iterable", "value"], 1, args)?;
    let value = value.unwrap_or_else(|| Value::from(()));
    dict(items(&required(keys))?.into_iter().map(|key| (key, value.clone())).collect())
}

/// What `keys()`, `values()` and `items()` give: it shows the dictionary as it is when looked at.
#[derive(Debug)]
pub(super) struct View {
    dict: Arc<Dict>,
    part: Part,
}

impl View {
    pub(super) fn type_name(&self) -> &'static str {
        match self.part {
            Part::Keys => "dict_keys",
            Part::Values => "dict_values",
            Part::Items => "dict_items",
        }
    }

    /// Whether the view behaves as a set: keys and items do.
    pub(super) fn setlike(&self) -> bool {
        self.part != Part::Values
    }

    /// What the view shows at this moment.
    pub(super) fn snapshot(&self) -> Vec<Value> {
        live(&self.dict, self.part).collect()
    }
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    // A view cannot be indexed, although the engine would count through any iterable.
    fn get_value(self: &Arc<Self>, _key: &Value) -> Option<Value> {
        Some(Value::UNDEFINED)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new(live(&self.dict, self.part)))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.dict.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        Err(no_method(self.type_name(), method))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&repr(&Value::from_dyn_object(self.clone())))
    }
}

/// Fails unless the value is a mapping.
pub(super) fn expect(value: &Value, text: &'static str) -> Result<(), Error> {
    if mapping(value) { Ok(()) } else { Err(type_error(format!("{text}, not {}", type_name(value)))) }
}
