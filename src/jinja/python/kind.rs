//! What a value is to Python: its type's name, its truth, its items, its length.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, ValueIter, ValueKind};
use minijinja::{Error, State, Value};

use super::date::Date;
use super::datetime::DateTime;
use super::decimal::Decimal;
use super::dict::{Dict, View};
use super::duration::Duration;
use super::error::{no_method, type_error, undefined_error};
use super::generator::Generator;
use super::group::Group;
use super::list::List;
use super::method::Bound;
use super::range::Range;
use super::regex::{Match, Pattern};
use super::set::Set;
use super::timeofday::TimeOfDay;
use super::zone::Zone;

/// What an unknown name is while dbt parses: it may be called and walked through, and is still undefined.
#[derive(Debug)]
pub(super) struct Missing {
    name: String,
}

/// The undefined value of dbt's parse phase that stands for `name`.
pub(crate) fn missing(name: &str) -> Value {
    Value::from_object(Missing { name: name.to_owned() })
}

impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, _key: &Value) -> Option<Value> {
        Some(Value::from_dyn_object(self.clone()))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" => Some(Value::from(self.name.clone())),
            "__repr__" => None,
            _ => Some(missing(key)),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, _args: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_dyn_object(self.clone()))
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        if method == "name" {
            return Err(no_method("Undefined", method));
        }
        Ok(missing(method))
    }

    fn render(self: &Arc<Self>, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

/// Whether the value is undefined, in either phase.
pub(crate) fn undefined(value: &Value) -> bool {
    value.is_undefined() || value.downcast_object_ref::<Missing>().is_some()
}

/// Whether the value is an object of type `T`.
pub(super) fn is<T: 'static>(value: &Value) -> bool {
    value.downcast_object_ref::<T>().is_some()
}

/// Whether the value is a mapping by Python's abstract classes; a foreign object says so by the hidden attribute
/// `__mapping__`.
pub(super) fn mapping(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Map => !namespace(value),
        ValueKind::Plain => value
            .as_object()
            .and_then(|object| object.get_value_by_str("__mapping__"))
            .is_some_and(|flag| flag.is_true()),
        _ => false,
    }
}

/// Whether the value is what `namespace()` makes; its type is private to the engine.
pub(super) fn namespace(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Namespace"))
}

/// Whether the value is a list: ours or one of the engine's.
pub(super) fn list(value: &Value) -> bool {
    is::<List>(value) || is::<Vec<Value>>(value)
}

/// Whether the value is a tuple.
pub(super) fn tuple(value: &Value) -> bool {
    value.is_tuple() || is::<Group>(value)
}

/// Whether the value is a dictionary: ours, one of the engine's maps, or an object that says it is a `dict`.
pub(super) fn dict(value: &Value) -> bool {
    is::<Dict>(value) || (mapping(value) && (plain_map(value) || named(value).as_deref() == Some("dict")))
}

fn plain_map(value: &Value) -> bool {
    let types = ["indexmap::", "std::collections::", "alloc::collections::"];
    let name = value.as_object().map_or("", DynObject::type_name);
    types.iter().any(|module| name.starts_with(module)) || value.is_kwargs()
}

/// The name under which a foreign object presents its type, by the hidden attribute `__class__`.
fn named(value: &Value) -> Option<String> {
    let name = value.as_object()?.get_value_by_str("__class__")?;
    name.as_str().map(str::to_owned)
}

/// The name of the value's Python type, as error messages have it.
pub(super) fn type_name(value: &Value) -> Cow<'static, str> {
    match value.kind() {
        ValueKind::Undefined => "Undefined".into(),
        ValueKind::None => "NoneType".into(),
        ValueKind::Bool => "bool".into(),
        ValueKind::Number if value.is_integer() => "int".into(),
        ValueKind::Number => "float".into(),
        ValueKind::String => "str".into(),
        ValueKind::Bytes => "bytes".into(),
        _ => object_name(value),
    }
}

fn object_name(value: &Value) -> Cow<'static, str> {
    let Some(object) = value.as_object() else { return "object".into() };
    if let Some(name) = known_name(object) {
        return name.into();
    }
    if let Some(name) = named(value) {
        return name.into();
    }
    match object.repr() {
        ObjectRepr::Map if namespace(value) => "Namespace".into(),
        ObjectRepr::Map => "dict".into(),
        ObjectRepr::Seq => "list".into(),
        ObjectRepr::Iterable => "generator".into(),
        _ => "function".into(),
    }
}

fn known_name(object: &DynObject) -> Option<&'static str> {
    Some(match object {
        o if o.is::<List>() => "list",
        o if o.is::<Dict>() => "dict",
        o if o.is::<minijinja::value::Tuple>() || o.is::<Group>() => "tuple",
        o if o.is::<Missing>() => "Undefined",
        o if o.is::<Set>() => "set",
        o if o.is::<Generator>() => "generator",
        o if o.is::<Range>() => "range",
        o if o.is::<View>() => return object.downcast_ref::<View>().map(View::type_name),
        o if o.is::<Decimal>() => "Decimal",
        o if o.is::<Date>() => "date",
        o if o.is::<DateTime>() => "datetime",
        o if o.is::<TimeOfDay>() => "time",
        o if o.is::<Duration>() => "timedelta",
        o if o.is::<Zone>() => "tzinfo",
        o if o.is::<Match>() => "Match",
        o if o.is::<Pattern>() => "Pattern",
        o if o.is::<Bound>() => "builtin_function_or_method",
        _ => return None,
    })
}

/// Python's `bool(value)`.
pub(super) fn truth(value: &Value) -> bool {
    value.is_true()
}

/// The items of a value as Python's `list(value)` has them.
pub(super) fn items(value: &Value) -> Result<Vec<Value>, Error> {
    match value.kind() {
        ValueKind::Undefined => Ok(Vec::new()),
        ValueKind::String => {
            Ok(value.as_str().unwrap_or_default().chars().map(|c| Value::from(c.to_string())).collect())
        }
        ValueKind::Bytes => Ok(value.as_bytes().unwrap_or_default().iter().map(|b| Value::from(*b)).collect()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => objects(value),
        _ => Err(not_iterable(value)),
    }
}

fn objects(value: &Value) -> Result<Vec<Value>, Error> {
    if let Some(list) = value.downcast_object_ref::<List>() {
        return Ok(list.snapshot());
    }
    if namespace(value) {
        return Err(not_iterable(value));
    }
    value.try_iter()?.checked().collect()
}

/// An iterator over the items; an item that is an invalid value is a failure.
pub(super) fn iter(value: &Value) -> Result<ValueIter, Error> {
    if iterable(value) { value.try_iter() } else { Err(not_iterable(value)) }
}

/// The error of iterating over a value that has no items.
pub(super) fn not_iterable(value: &Value) -> Error {
    type_error(format!("'{}' object is not iterable", type_name(value)))
}

/// Whether `iter(value)` works.
pub(super) fn iterable(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Undefined | ValueKind::String | ValueKind::Bytes | ValueKind::Seq | ValueKind::Iterable => true,
        ValueKind::Map => !namespace(value),
        _ => false,
    }
}

/// Python's `len(value)`; the length of undefined is 0.
pub(super) fn length(value: &Value) -> Result<usize, Error> {
    if undefined(value) {
        return Ok(0);
    }
    let length = match value.kind() {
        _ if is::<Generator>(value) || namespace(value) => None,
        _ => value.len(),
    };
    length.ok_or_else(|| type_error(format!("object of type '{}' has no len()", type_name(value))))
}

/// Whether the value can be called.
pub(super) fn callable(value: &Value) -> bool {
    if value.downcast_object_ref::<Missing>().is_some() || value.is_undefined() {
        return true;
    }
    let Some(object) = value.as_object() else { return false };
    if let Some(answer) = object.get_value_by_str("__call__") {
        return truth(&answer);
    }
    object.repr() == ObjectRepr::Plain && known_name(object).is_none_or(|name| name.starts_with("builtin"))
}

/// Fails if the value is undefined.
pub(super) fn defined(value: &Value) -> Result<&Value, Error> {
    if undefined(value) { Err(undefined_error()) } else { Ok(value) }
}
