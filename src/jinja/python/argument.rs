//! Binding call arguments to parameters by Python's rules.

use minijinja::{Error, ErrorKind, Value};

use super::error::type_error;
use super::kind::type_name;
use super::number::integer;

/// Positional arguments and keyword arguments, in the order of the call.
pub(super) fn split(args: &[Value]) -> (&[Value], Vec<(String, Value)>) {
    match args.split_last() {
        Some((last, rest)) if last.is_kwargs() => (rest, pairs(last)),
        _ => (args, Vec::new()),
    }
}

fn pairs(kwargs: &Value) -> Vec<(String, Value)> {
    let pairs = kwargs.as_object().and_then(minijinja::value::DynObject::try_iter_pairs);
    pairs.into_iter().flatten().map(|(key, value)| (key.to_string(), value)).collect()
}

/// Binds `args` to the parameters `names`, of which the first `required` must be given.
pub(super) fn bind<const N: usize>(
    callee: &str,
    names: [&str; N],
    required: usize,
    args: &[Value],
) -> Result<[Option<Value>; N], Error> {
    let (positional, keywords) = split(args);
    if positional.len() > N {
        let text = format!("{callee}() takes at most {N} arguments ({} given)", positional.len());
        return Err(Error::new(ErrorKind::TooManyArguments, text));
    }
    let mut bound: [Option<Value>; N] = std::array::from_fn(|i| positional.get(i).cloned());
    for (name, value) in keywords {
        let Some(at) = names.iter().position(|n| *n == name) else {
            let text = format!("{callee}() got an unexpected keyword argument '{name}'");
            return Err(Error::new(ErrorKind::TooManyArguments, text));
        };
        if bound[at].replace(value).is_some() {
            let text = format!("{callee}() got multiple values for argument '{name}'");
            return Err(Error::new(ErrorKind::TooManyArguments, text));
        }
    }
    match bound.iter().take(required).position(Option::is_none) {
        Some(missing) => {
            let text = format!("{callee}() missing required argument: '{}'", names[missing]);
            Err(Error::new(ErrorKind::MissingArgument, text))
        }
        None => Ok(bound),
    }
}

/// A parameter that `bind` has been told is required.
pub(super) fn required(value: Option<Value>) -> Value {
    value.unwrap_or_default()
}

/// An argument that must be an integer.
pub(super) fn int(value: &Value) -> Result<i128, Error> {
    integer(value)
        .ok_or_else(|| type_error(format!("'{}' object cannot be interpreted as an integer", type_name(value))))
}

/// An optional integer argument; none counts as absent.
pub(super) fn optional_int(value: Option<&Value>, default: i128) -> Result<i128, Error> {
    match value {
        Some(value) if !value.is_none() => int(value),
        _ => Ok(default),
    }
}

/// An argument that must be a string.
pub(super) fn text<'a>(callee: &str, value: &'a Value) -> Result<&'a str, Error> {
    match value.as_str() {
        Some(text) if value.kind() == minijinja::value::ValueKind::String => Ok(text),
        _ => Err(type_error(format!("{callee}() argument must be str, not {}", type_name(value)))),
    }
}

/// A Boolean argument by truth; absent is false.
pub(super) fn flag(value: Option<&Value>) -> bool {
    value.is_some_and(super::kind::truth)
}
