//! The filters that literals and operators are rewritten to.

use minijinja::value::{Rest, Tuple, ValueKind};
use minijinja::{Environment, Error, Value};

use super::attribute::item;
use super::compare::{contains, equal, order};
use super::dict;
use super::generator::Generator;
use super::kind::{items, iterable, missing, not_iterable, undefined};
use super::list::list;
use super::operator;

type Unary = fn(&Value) -> Result<Value, Error>;
type Binary = fn(&Value, &Value) -> Result<Value, Error>;

const BINARY: [(&str, Binary); 17] = [
    ("_add", operator::add),
    ("_sub", operator::sub),
    ("_mul", operator::mul),
    ("_div", operator::div),
    ("_floordiv", operator::floordiv),
    ("_mod", operator::rem),
    ("_pow", operator::pow),
    ("_concat", |a, b| Ok(operator::concat(a, b))),
    ("_eq", |a, b| Ok(Value::from(equal(a, b)))),
    ("_ne", |a, b| Ok(Value::from(!equal(a, b)))),
    ("_lt", |a, b| order(a, b, "<").map(Value::from)),
    ("_le", |a, b| order(a, b, "<=").map(Value::from)),
    ("_gt", |a, b| order(a, b, ">").map(Value::from)),
    ("_ge", |a, b| order(a, b, ">=").map(Value::from)),
    ("_in", |a, b| contains(b, a).map(Value::from)),
    ("_not_in", |a, b| contains(b, a).map(|found| Value::from(!found))),
    ("_pitem", lenient),
];

const UNARY: [(&str, Unary); 3] = [("_neg", operator::neg), ("_pos", operator::pos), ("_iter", iterated)];

/// Registers the filters.
pub(super) fn install(env: &mut Environment<'static>) {
    for (name, call) in BINARY {
        env.add_filter(name, move |a: &Value, b: &Value| call(a, b));
    }
    for (name, call) in UNARY {
        env.add_filter(name, move |a: &Value| call(a));
    }
    // While dbt parses, an attribute that is not there may be walked through as well.
    env.add_filter("_pattr", |a: &Value, name: &Value| lenient(a, name));
    env.add_filter("_slice", |a: &Value, start: &Value, stop: &Value, step: &Value| {
        operator::slice(a, [start, stop, step])
    });
    // Jinja2 works it out through a lookup of its own, which answers with undefined where Python has no slices.
    env.add_filter("_constant_slice", |a: &Value, start: &Value, stop: &Value, step: &Value| {
        if operator::is_sliceable(a) { operator::slice(a, [start, stop, step]) } else { Ok(Value::UNDEFINED) }
    });
    env.add_filter("_list", |items: Rest<Value>| list(items.0));
    env.add_filter("_tuple", |items: Rest<Value>| Value::from(Tuple::from(items.0)));
    env.add_filter("_dict", |items: Rest<Value>| literal(items.0));
    env.add_function("_list", |items: Rest<Value>| list(items.0));
    env.add_function("_tuple", |items: Rest<Value>| Value::from(Tuple::from(items.0)));
    env.add_function("_dict", |items: Rest<Value>| literal(items.0));
}

/// A dictionary literal: keys and values alternate.
fn literal(items: Vec<Value>) -> Result<Value, Error> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    dict::dict(pairs)
}

fn lenient(value: &Value, key: &Value) -> Result<Value, Error> {
    let name = key.as_str().unwrap_or_default();
    if value.is_undefined() {
        return Ok(missing(name));
    }
    let found = if undefined(value) { value.get_attr(name)? } else { item(value, key)? };
    Ok(if found.is_undefined() { missing(name) } else { found })
}

/// What a loop over the value iterates: characters of a string, and a generator with its length known.
fn iterated(value: &Value) -> Result<Value, Error> {
    if !iterable(value) {
        return Err(not_iterable(value));
    }
    if matches!(value.kind(), ValueKind::String | ValueKind::Bytes) {
        return items(value).map(|own| Value::from(Tuple::from(own)));
    }
    match value.downcast_object_ref::<Generator>() {
        Some(generator) if generator.left().is_none() && !generator.endless() => {
            items(value).map(|own| Value::from(Tuple::from(own)))
        }
        _ => Ok(value.clone()),
    }
}
