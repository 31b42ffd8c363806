//! Reading YAML with what the parser does not tell: whether a scalar was written plain or quoted.
//!
//! The parser resolves plain scalars by YAML 1.2; dbt's by YAML 1.1. Where that may matter, the text is read a second time,
//! scalar by scalar as text: a scalar that the parser gives as a slice of the file is plain unless a quote stands before it.

use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Number, Value};

use super::scalar::{self, Scalar};
use super::typed::Typed;

/// A document as it was written: keys given twice and merge keys are still there.
#[derive(Debug)]
pub(super) enum Tree {
    /// A scalar as the parser resolved it.
    Scalar(Value),
    /// A scalar that JSON does not have.
    Typed(Typed),
    /// A sequence.
    List(Vec<Tree>),
    /// A mapping.
    Map(Vec<(Tree, Tree)>),
    /// A value with a tag of its own, the tag dropped.
    Tagged(Box<Tree>),
}

/// Reads a document; the first time without a tree to go by, the second time with the first one's.
pub(super) fn read(text: &str) -> Result<Tree, serde_yaml::Error> {
    let doubtful = Cell::new(false);
    let first = First { doubtful: &doubtful, odd_numbers: has_odd_numbers(text) }
        .deserialize(serde_yaml::Deserializer::from_str(text))?;
    if !doubtful.get() {
        return Ok(first);
    }
    Second { text, tree: &first }.deserialize(serde_yaml::Deserializer::from_str(text))
}

/// Whether `PyYAML` may read a scalar in another way than the parser did.
fn is_doubtful(text: &str) -> bool {
    !matches!(scalar::plain(text), Scalar::Value(Value::String(same)) if same == text)
}

/// Whether a text has a word that begins as a number does and is no plain decimal one: those have one value for all.
fn has_odd_numbers(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-' | b':');
    let words = text.as_bytes().split(|byte| !is_part(*byte));
    words.filter(|word| word.first().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte))).any(is_odd)
}

fn is_odd(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits.split(|byte| *byte == b'.').next().unwrap_or_default();
    let parts = digits.split(|byte| *byte == b'.');
    let is_decimal = parts.clone().count() <= 2
        && parts.into_iter().all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
    // A dash alone is a list's.
    !(digits.is_empty() || is_decimal && (whole == b"0" || !whole.starts_with(b"0")))
}

/// Takes the structure and the parser's scalars.
#[derive(Clone, Copy)]
struct First<'c> {
    doubtful: &'c Cell<bool>,
    /// Whether the text may hold numbers that have another value in YAML 1.1.
    odd_numbers: bool,
}

impl First<'_> {
    fn number(self) {
        if self.odd_numbers {
            self.doubtful.set(true);
        }
    }
}

impl<'de> DeserializeSeed<'de> for First<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for First<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        self.number();
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        self.number();
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        self.number();
        Ok(Number::from_f64(value)
            .map_or(Tree::Typed(Typed::Number(value)), |number| Tree::Scalar(Value::Number(number))))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        if is_doubtful(value) {
            self.doubtful.set(true);
        }
        Ok(Tree::Scalar(Value::String(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(key) = entries.next_key_seed(self)? {
            list.push((key, entries.next_value_seed(self)?));
        }
        Ok(Tree::Map(list))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Tree, A::Error> {
        let (_, variant) = data.variant::<IgnoredAny>()?;
        Ok(Tree::Tagged(Box::new(variant.newtype_variant_seed(self)?)))
    }
}

/// Takes the scalars as they were written, along the structure that is known.
#[derive(Clone, Copy)]
struct Second<'t> {
    text: &'t str,
    tree: &'t Tree,
}

impl<'de> DeserializeSeed<'de> for Second<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        match self.tree {
            Tree::Scalar(Value::Null) | Tree::Tagged(_) => {
                deserializer.deserialize_ignored_any(IgnoredAny)?;
                Ok(self.same())
            }
            Tree::Scalar(_) | Tree::Typed(_) => deserializer.deserialize_str(self),
            Tree::List(_) | Tree::Map(_) => deserializer.deserialize_any(self),
        }
    }
}

impl Second<'_> {
    fn of<'t>(&self, tree: &'t Tree) -> Second<'t>
    where
        Self: 't,
    {
        Second { text: self.text, tree }
    }

    /// The tree as the first reading gave it.
    fn same(&self) -> Tree {
        copy(self.tree)
    }

    /// Whether a slice of the file was written without quotes, and without a tag that says what it is.
    fn is_plain(&self, slice: &str) -> bool {
        let start = (slice.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let Some(before) = start.and_then(|start| self.text.get(..start)) else { return false };
        let word = before.trim_end_matches(' ').rsplit([' ', '\n']).next().unwrap_or_default();
        !(before.ends_with(['"', '\'']) || before.ends_with(' ') && word.starts_with('!'))
    }
}

fn copy(tree: &Tree) -> Tree {
    match tree {
        Tree::Scalar(value) => Tree::Scalar(value.clone()),
        Tree::Typed(typed) => Tree::Typed(typed.clone()),
        Tree::List(items) => Tree::List(items.iter().map(copy).collect()),
        Tree::Map(entries) => Tree::Map(entries.iter().map(|(key, value)| (copy(key), copy(value))).collect()),
        Tree::Tagged(inner) => Tree::Tagged(Box::new(copy(inner))),
    }
}

impl<'de> Visitor<'de> for Second<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the YAML value that was read before")
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(self.same())
    }

    fn visit_borrowed_str<E>(self, slice: &'de str) -> Result<Tree, E> {
        if !self.is_plain(slice) {
            return Ok(self.same());
        }
        Ok(match scalar::plain(slice) {
            Scalar::Value(value) => Tree::Scalar(value),
            Scalar::Typed(typed) => Tree::Typed(typed),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let Tree::List(known) = self.tree else { return Ok(self.same()) };
        let mut list = Vec::new();
        for tree in known {
            list.extend(items.next_element_seed(self.of(tree))?);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let Tree::Map(known) = self.tree else { return Ok(self.same()) };
        let mut list = Vec::new();
        for (key, value) in known {
            let Some(key) = entries.next_key_seed(self.of(key))? else { break };
            list.push((key, entries.next_value_seed(self.of(value))?));
        }
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Tree::Map(list))
    }
}
