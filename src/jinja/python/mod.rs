//! Python's values and semantics for templates: what Jinja2 gives dbt for free and the engine does not have.
//!
//! The engine rewrites every literal and operator of a template into a call of a filter that is registered here
//! (`_list`, `_add`, `_iter` and so on), so that lists are mutable and shared, `1 / 2` is a float and `[1] < 'a'`
//! fails, as in Python. The semantics are those of Jinja2 3.1 on Python 3.12 as dbt-core 1.11 runs it.
//!
//! Known differences: integers have 128 bits; sets keep the order of insertion; `map` and its siblings compute at
//! once but fail, like a generator, only when they are used.

mod argument;
mod attribute;
mod builtin;
mod compare;
mod conversion;
mod date;
mod datetime;
mod decimal;
mod dict;
mod duration;
mod error;
mod filter;
mod format;
mod generator;
mod group;
mod itertools;
mod json;
mod key;
mod kind;
mod list;
mod loads;
mod markup;
mod method;
mod number;
mod operator;
mod pattern;
mod percent;
mod range;
mod regex;
mod repr;
mod select;
mod sequence;
mod set;
mod strftime;
mod strptime;
mod symbol;
mod test;
mod text;
mod timeofday;
mod zone;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Output, State, UndefinedBehavior, Value};

pub(crate) use builtin::install_yaml;
pub(crate) use compare::{equal, less};
pub(crate) use date::date;
pub(crate) use datetime::{datetime, naive_datetime};
pub(crate) use decimal::decimal;
pub(crate) use dict::{dict, is_method as is_dict_method, record};
pub(crate) use json::{from_json, setting_json, to_json};
pub(crate) use kind::missing;
pub(crate) use list::list;
pub(crate) use method::bound;
pub(crate) use repr::{quoted, repr, str};

/// Registers filters, tests, operators and globals, and sets how methods, undefined values and output behave.
pub(crate) fn install(env: &mut Environment<'static>) {
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_debug(false);
    env.set_unknown_method_callback(call_method);
    env.set_formatter(formatter);
    symbol::install(env);
    filter::install(env);
    test::install(env);
    builtin::install(env);
}

/// A tuple of these items.
pub(crate) fn tuple(items: Vec<Value>) -> Value {
    Value::from(minijinja::value::Tuple::from(items))
}

/// Writes what `{{ value }}` prints.
pub(crate) fn formatter(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) if value.kind() == ValueKind::String => out.write_str(text),
        _ => out.write_str(&str(value)),
    };
    written.map_err(Error::from)
}

/// Calls a method of a value that is not an object of ours: strings, numbers, tuples, the engine's containers.
pub(crate) fn call_method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(error::undefined_error());
    }
    match value.kind() {
        ValueKind::String => text::call(value.as_str().unwrap_or_default(), method, args),
        ValueKind::Bytes => text::call_bytes(value.as_bytes().unwrap_or_default(), method, args),
        ValueKind::Number | ValueKind::Bool => number::call(value, method, args),
        _ if value.is_tuple() => match method {
            "count" | "index" => list::search("tuple", method, &kind::items(value)?, args),
            _ => Err(error::no_method("tuple", method)),
        },
        // A container of the engine cannot change, but a copy of it answers to what reads.
        ValueKind::Seq if kind::is::<Vec<Value>>(value) => on_copy(state, &list(kind::items(value)?), method, args),
        ValueKind::Map if kind::mapping(value) && !kind::is::<dict::Dict>(value) => {
            on_mapping(state, value, method, args)
        }
        _ => Err(error::no_method(&kind::type_name(value), method)),
    }
}

/// The methods of Python's abstract mapping, for maps of the engine and objects that are one.
fn on_mapping(state: &mut State<'_, '_>, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "get" => {
            let [key, default] = argument::bind("get", ["key", "default"], 1, args)?;
            let item = value.get_item(&argument::required(key))?;
            let absent = || default.unwrap_or_else(|| Value::from(()));
            Ok(if item.is_undefined() { absent() } else { item })
        }
        "items" | "keys" | "values" => on_copy(state, &dict(dict::pairs(value)?)?, method, args),
        "copy" if kind::dict(value) => on_copy(state, &dict(dict::pairs(value)?)?, method, args),
        _ => Err(error::no_method(&kind::type_name(value), method)),
    }
}

/// Calls the object's own method; through the value, an unknown name would come back here.
fn on_copy(state: &mut State<'_, '_>, copy: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    match copy.as_object() {
        Some(object) => object.call_method(state, method, args),
        None => Err(error::no_method(&kind::type_name(copy), method)),
    }
}
