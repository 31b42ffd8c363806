//! `map`, `select`, `reject` and their siblings by attribute: generators whose failures show when they are used.

use minijinja::{Error, State, Value};

use super::argument::split;
use super::attribute::Getter;
use super::error::type_error;
use super::generator::partial;
use super::kind::{items, truth};

/// Applies a step to each item; what it gives back, if anything, is yielded.
fn each(name: &'static str, value: &Value, mut step: impl FnMut(Value) -> Result<Option<Value>, Error>) -> Value {
    // Jinja2 looks at the truth first, so that none and undefined give nothing.
    if !truth(value) {
        return partial(name, Vec::new(), None);
    }
    let own = match items(value) {
        Ok(own) => own,
        Err(error) => return partial(name, Vec::new(), Some(error)),
    };
    let mut found = Vec::new();
    for item in own {
        match step(item) {
            Ok(result) => found.extend(result),
            Err(error) => return partial(name, found, Some(error)),
        }
    }
    partial(name, found, None)
}

fn value_of<'a>(name: &str, args: &'a [Value]) -> Result<(&'a Value, &'a [Value]), Error> {
    args.split_first().ok_or_else(|| type_error(format!("{name}() needs a value")))
}

/// `value|map(filter, ..)` or `value|map(attribute=.., default=..)`.
pub(super) fn map(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let name = "generator object sync_do_map";
    let (value, args) = value_of("map", args)?;
    let (positional, keywords) = split(args);
    let named = |key: &str| keywords.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    if let (true, Some(attribute)) = (positional.is_empty(), named("attribute")) {
        let unknown = keywords.iter().find(|(key, _)| key != "attribute" && key != "default");
        let getter = Getter::new(Some(&attribute)).or(named("default"));
        return Ok(each(name, value, |item| match unknown {
            Some((key, _)) => Err(type_error(format!("Unexpected keyword argument '{key}'"))),
            None => getter.get(&item).map(Some),
        }));
    }
    Ok(each(name, value, |item| {
        let filter = positional.first().and_then(Value::as_str);
        let filter = filter.ok_or_else(|| type_error("map requires a filter argument"))?;
        let mut call = args.to_vec();
        call[0] = item;
        state.apply_filter(filter, &call).map(Some)
    }))
}

/// Which items stay.
#[derive(Clone, Copy)]
struct Choice {
    name: &'static str,
    keep: bool,
    by_attribute: bool,
}

fn choose(state: &mut State<'_, '_>, args: &[Value], choice: Choice) -> Result<Value, Error> {
    let (value, mut args) = value_of("select", args)?;
    let mut getter = Getter::default();
    let mut missing = false;
    if choice.by_attribute {
        match args.split_first().filter(|(first, _)| !first.is_kwargs()) {
            Some((attribute, rest)) => (getter, args) = (Getter::new(Some(attribute)), rest),
            None => missing = true,
        }
    }
    Ok(each(choice.name, value, |item| {
        if missing {
            return Err(type_error("Missing parameter for attribute name"));
        }
        let seen = getter.get(&item)?;
        let passed = match args.first().filter(|first| !first.is_kwargs()) {
            None => truth(&seen),
            Some(test) => {
                let name = test.as_str().ok_or_else(|| type_error("the name of a test must be a string"))?;
                let mut call = args.to_vec();
                call[0] = seen;
                state.perform_test(name, &call)?
            }
        };
        Ok((passed == choice.keep).then_some(item))
    }))
}

const GENERATOR: &str = "generator object select_or_reject";

/// `value|select(test, ..)`.
pub(super) fn select(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    choose(state, args, Choice { name: GENERATOR, keep: true, by_attribute: false })
}

/// `value|reject(test, ..)`.
pub(super) fn reject(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    choose(state, args, Choice { name: GENERATOR, keep: false, by_attribute: false })
}

/// `value|selectattr(attribute, test, ..)`.
pub(super) fn selectattr(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    choose(state, args, Choice { name: GENERATOR, keep: true, by_attribute: true })
}

/// `value|rejectattr(attribute, test, ..)`.
pub(super) fn rejectattr(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    choose(state, args, Choice { name: GENERATOR, keep: false, by_attribute: true })
}
