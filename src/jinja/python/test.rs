//! Jinja2's tests by name.

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use super::argument::{bind, required};
use super::compare::{contains, equal, order};
use super::kind::{self, callable, defined, iterable, mapping, undefined};
use super::number::number;
use super::operator::rem;
use super::repr::str;
use super::set::Set;

type Test = fn(&Value, &Value) -> Result<bool, Error>;

const PLAIN: [(&str, Test); 21] = [
    ("boolean", |v, _| Ok(v.kind() == ValueKind::Bool)),
    ("callable", |v, _| Ok(callable(v))),
    ("defined", |v, _| Ok(!undefined(v))),
    ("escaped", |_, _| Ok(false)),
    ("even", |v, _| divisible(v, &Value::from(2))),
    ("false", |v, _| Ok(v.kind() == ValueKind::Bool && !v.is_true())),
    ("float", |v, _| Ok(v.is_number() && !v.is_integer())),
    ("integer", |v, _| Ok(v.is_integer())),
    ("iterable", |v, _| Ok(iterable(v))),
    ("lower", |v, _| super::text::call(&str(v), "islower", &[]).map(|v| v.is_true())),
    ("mapping", |v, _| Ok(mapping(v))),
    ("none", |v, _| Ok(v.is_none())),
    ("None", |v, _| Ok(v.is_none())),
    ("number", |v, _| Ok(number(v).is_some())),
    ("odd", |v, _| Ok(equal(&rem(defined(v)?, &Value::from(2))?, &Value::from(1)))),
    ("safe", |_, _| Ok(false)),
    ("sequence", |v, _| Ok(sequence(v))),
    ("string", |v, _| Ok(v.kind() == ValueKind::String)),
    ("true", |v, _| Ok(v.kind() == ValueKind::Bool && v.is_true())),
    ("undefined", |v, _| Ok(undefined(v))),
    ("upper", |v, _| super::text::call(&str(v), "isupper", &[]).map(|v| v.is_true())),
];

const BINARY: [(&str, Test); 18] = [
    ("==", |a, b| Ok(equal(a, b))),
    ("eq", |a, b| Ok(equal(a, b))),
    ("equalto", |a, b| Ok(equal(a, b))),
    ("!=", |a, b| Ok(!equal(a, b))),
    ("ne", |a, b| Ok(!equal(a, b))),
    ("<", |a, b| order(a, b, "<")),
    ("lt", |a, b| order(a, b, "<")),
    ("lessthan", |a, b| order(a, b, "<")),
    ("<=", |a, b| order(a, b, "<=")),
    ("le", |a, b| order(a, b, "<=")),
    (">", |a, b| order(a, b, ">")),
    ("gt", |a, b| order(a, b, ">")),
    ("greaterthan", |a, b| order(a, b, ">")),
    (">=", |a, b| order(a, b, ">=")),
    ("ge", |a, b| order(a, b, ">=")),
    ("in", |a, b| contains(b, a)),
    ("divisibleby", divisible),
    ("sameas", |a, b| Ok(same(a, b))),
];

fn divisible(value: &Value, by: &Value) -> Result<bool, Error> {
    let rest = rem(defined(value)?, by)?;
    Ok(equal(&rest, &Value::from(0)))
}

fn sequence(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Undefined | ValueKind::String | ValueKind::Bytes | ValueKind::Seq => true,
        ValueKind::Map => !kind::namespace(value),
        ValueKind::Iterable => undefined(value) && !kind::is::<Set>(value),
        _ => false,
    }
}

/// Python's `a is b`, as far as values without identity have one.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_object(), b.as_object()) {
        (Some(_), Some(_)) => minijinja::tests::is_sameas(a, b),
        (None, None) => a.kind() == b.kind() && a.is_integer() == b.is_integer() && equal(a, b),
        _ => false,
    }
}

/// Registers the tests.
pub(super) fn install(env: &mut Environment<'static>) {
    for (name, test) in PLAIN {
        add(env, name, move |args| {
            let [value] = bind(name, ["value"], 1, args)?;
            test(&required(value), &Value::UNDEFINED)
        });
    }
    for (name, test) in BINARY {
        add(env, name, move |args| {
            let [value, other] = bind(name, ["value", "other"], 2, args)?;
            test(&required(value), &required(other))
        });
    }
}

fn add(
    env: &mut Environment<'static>,
    name: &'static str,
    test: impl Fn(&[Value]) -> Result<bool, Error> + Send + Sync + 'static,
) {
    env.add_test(name, move |_: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| test(&args.into_values()));
}
