//! A dictionary as a list of keys, whose values are the node's own where they can be: the manifest of a large project is written
//! from these without a copy of it.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::super::Column;
use super::column::{self, OneColumn};

/// The value of a key.
#[derive(Debug)]
enum Field<'n> {
    Text(&'n str),
    Texts(&'n [String]),
    Map(&'n Map<String, Value>),
    /// The columns, and the docs blocks of those that have any.
    Columns(Vec<(&'n Column, Value)>),
    Made(Value),
}

/// A node's dictionary: keys in dbt's order.
#[derive(Debug, Default)]
pub struct Fields<'n> {
    list: Vec<(Cow<'static, str>, Field<'n>)>,
}

impl<'n> Fields<'n> {
    /// The keys of a dictionary that is made already.
    pub(super) fn of(dictionary: Value) -> Self {
        let entries = match dictionary {
            Value::Object(entries) => entries,
            _ => Map::new(),
        };
        let list = entries.into_iter().map(|(key, value)| (Cow::Owned(key), Field::Made(value)));
        Self { list: list.collect() }
    }

    pub(super) fn text(&mut self, key: &'static str, value: &'n str) {
        self.list.push((Cow::Borrowed(key), Field::Text(value)));
    }

    pub(super) fn optional(&mut self, key: &'static str, value: Option<&'n str>) {
        let value = value.map_or(Field::Made(Value::Null), Field::Text);
        self.list.push((Cow::Borrowed(key), value));
    }

    pub(super) fn texts(&mut self, key: &'static str, value: &'n [String]) {
        self.list.push((Cow::Borrowed(key), Field::Texts(value)));
    }

    pub(super) fn map(&mut self, key: &'static str, value: &'n Map<String, Value>) {
        self.list.push((Cow::Borrowed(key), Field::Map(value)));
    }

    pub(super) fn columns(&mut self, key: &'static str, columns: impl Iterator<Item = &'n Column>) {
        let columns = columns.map(|column| (column, Value::Array(Vec::new()))).collect();
        self.list.push((Cow::Borrowed(key), Field::Columns(columns)));
    }

    pub(super) fn put(&mut self, key: &'static str, value: Value) {
        self.list.push((Cow::Borrowed(key), Field::Made(value)));
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.list.iter().position(|(known, _)| known == key)
    }

    /// The value of a key that was made for this dictionary and is not the node's own.
    pub fn made(&mut self, key: &str) -> Option<&mut Value> {
        match &mut self.list.iter_mut().find(|(known, _)| known == key)?.1 {
            Field::Made(value) => Some(value),
            _ => None,
        }
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Gives a key a value; a new key comes last.
    pub fn set(&mut self, key: &'static str, value: Value) {
        match self.position(key) {
            Some(at) => self.list[at].1 = Field::Made(value),
            None => self.put(key, value),
        }
    }

    /// Gives keys values behind another key; those that are there go to that place.
    pub fn set_after<const N: usize>(&mut self, key: &str, entries: [(&'static str, Value); N]) {
        entries.iter().for_each(|(key, _)| self.remove(key));
        let at = self.position(key).map_or(self.list.len(), |at| at + 1);
        let entries = entries.into_iter().map(|(key, value)| (Cow::Borrowed(key), Field::Made(value)));
        self.list.splice(at..at, entries);
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) {
        self.list.retain(|(known, _)| known != key);
    }

    /// Changes the value of a key, which is the dictionary's own from then on.
    pub fn change(&mut self, key: &str, change: impl FnOnce(&mut Value)) {
        let Some(at) = self.position(key) else { return };
        let field = std::mem::replace(&mut self.list[at].1, Field::Made(Value::Null));
        let mut value = field.into_value();
        change(&mut value);
        self.list[at].1 = Field::Made(value);
    }

    /// Says which docs blocks the description of a column uses.
    pub fn set_column_docs(&mut self, name: &str, blocks: Value) {
        for (_, field) in &mut self.list {
            match field {
                Field::Columns(columns) => {
                    let own = columns.iter_mut().find(|(column, _)| column.name == name);
                    own.into_iter().for_each(|(_, known)| known.clone_from(&blocks));
                }
                Field::Made(value) => {
                    let slot = value.get_mut(name).and_then(|column| column.get_mut("doc_blocks"));
                    slot.into_iter().for_each(|known| known.clone_from(&blocks));
                }
                _ => {}
            }
        }
    }

    /// The dictionary as a value of its own.
    pub fn into_value(self) -> Value {
        Value::Object(self.list.into_iter().map(|(key, field)| (key.into_owned(), field.into_value())).collect())
    }
}

impl Field<'_> {
    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.to_owned()),
            Self::Texts(texts) => Value::Array(texts.iter().map(|text| Value::String(text.clone())).collect()),
            Self::Map(map) => Value::Object(map.clone()),
            Self::Columns(columns) => {
                let one = |(column, blocks): (&Column, Value)| (column.name.clone(), column::one(column, &blocks));
                Value::Object(columns.into_iter().map(one).collect())
            }
            Self::Made(value) => value,
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.list.iter().map(|(key, field)| (key, field)))
    }
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
            Self::Columns(columns) => serializer
                .collect_map(columns.iter().map(|(column, blocks)| (&column.name, OneColumn { column, blocks }))),
            Self::Made(value) => value.serialize(serializer),
        }
    }
}
