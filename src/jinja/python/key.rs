//! Values as keys of dictionaries and members of sets: Python's hash and equality.

use std::hash::{Hash, Hasher};

use indexmap::Equivalent;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::compare::equal;
use super::dict::Dict;
use super::error::type_error;
use super::kind::{is, items, list, tuple, type_name};
use super::list::List;
use super::number::{Number, number};
use super::set::Set;

/// A hashable value.
#[derive(Clone, Debug)]
pub(super) struct Key(Value);

impl Key {
    /// The value as a key; lists, dictionaries and sets are refused.
    pub(super) fn new(value: Value) -> Result<Key, Error> {
        let unhashable = list(&value) || is::<List>(&value) || is::<Dict>(&value) || is::<Set>(&value);
        if unhashable {
            return Err(type_error(format!("unhashable type: '{}'", type_name(&value))));
        }
        if tuple(&value) {
            for item in items(&value)? {
                Key::new(item)?;
            }
        }
        Ok(Key(value))
    }

    /// The value itself.
    pub(super) fn value(&self) -> &Value {
        &self.0
    }

    /// The value, owned.
    pub(super) fn into_value(self) -> Value {
        self.0
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        digest(&self.0, state);
    }
}

/// Equal values must hash alike: `1`, `1.0`, `true` and `Decimal('1')` are one key.
fn digest<H: Hasher>(value: &Value, state: &mut H) {
    if value.kind() == ValueKind::String {
        return Word(value.as_str().unwrap_or_default()).hash(state);
    }
    match number(value) {
        Some(Number::Int(n)) => n.hash(state),
        Some(Number::Float(x)) => fraction(x, state),
        Some(Number::Decimal(d)) => match d.integral() {
            Some(n) => n.hash(state),
            None => fraction(d.to_float(), state),
        },
        None if tuple(value) => items(value).unwrap_or_default().iter().for_each(|item| digest(item, state)),
        None => value.hash(state),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "guarded: the float is integral and within the range")]
fn fraction<H: Hasher>(x: f64, state: &mut H) {
    if x.fract() == 0.0 && x.abs() < 1e38 {
        (x as i128).hash(state);
    } else {
        x.to_bits().hash(state);
    }
}

/// A string that looks a key up without becoming a value.
pub(super) struct Word<'a>(pub(super) &'a str);

impl Hash for Word<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(1);
        self.0.hash(state);
    }
}

impl Equivalent<Key> for Word<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.kind() == ValueKind::String && key.0.as_str() == Some(self.0)
    }
}
