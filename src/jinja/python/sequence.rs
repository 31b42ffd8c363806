//! Filters over sequences that give a value: lists, single items, sums.

use std::sync::Arc;

use minijinja::value::Tuple;
use minijinja::{Error, State, Value};

use super::argument::{bind, flag, int, required};
use super::attribute::{Getter, getters, lowered};
use super::compare::{equal, order};
use super::dict::{expect, pairs};
use super::error::{type_error, value_error};
use super::generator::{Generator, generator, partial};
use super::group::Group;
use super::key::Key;
use super::kind::{items, iterable, length, not_iterable, type_name};
use super::list::{list, sorted};
use super::operator::add;
use super::repr::str;
use super::set::Set;

/// `value|length`.
pub(super) fn len(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("length", ["obj"], 1, args)?;
    length(&required(value)).map(Value::from)
}

/// `value|list`.
pub(super) fn listed(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("list", ["value"], 1, args)?;
    items(&required(value)).map(list)
}

/// `value|join(d, attribute)`.
pub(super) fn join(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, separator, attribute] = bind("join", ["value", "d", "attribute"], 1, args)?;
    let separator = separator.map(|d| str(&d)).unwrap_or_default();
    let getter = Getter::new(attribute.as_ref());
    let mut out = String::new();
    for (at, item) in items(&required(value))?.iter().enumerate() {
        if at > 0 {
            out.push_str(&separator);
        }
        out.push_str(&str(&getter.get(item)?));
    }
    Ok(Value::from(out))
}

/// `value|first`.
pub(super) fn first(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("first", ["seq"], 1, args)?;
    let value = required(value);
    if let Some(generator) = value.downcast_object_ref::<Generator>() {
        return Ok(generator.advance().unwrap_or_default());
    }
    if !iterable(&value) {
        return Err(not_iterable(&value));
    }
    value.try_iter()?.checked().next().unwrap_or(Ok(Value::UNDEFINED))
}

fn irreversible(value: &Value) -> bool {
    value.downcast_object_ref::<Generator>().is_some() || value.downcast_object_ref::<Set>().is_some()
}

/// `value|last`.
pub(super) fn last(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("last", ["seq"], 1, args)?;
    let value = required(value);
    if irreversible(&value) {
        return Err(type_error(format!("'{}' object is not reversible", type_name(&value))));
    }
    Ok(items(&value)?.pop().unwrap_or_default())
}

/// `value|random`.
pub(super) fn random(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("random", ["seq"], 1, args)?;
    let mut own = items(&required(value))?;
    if own.is_empty() {
        return Ok(Value::UNDEFINED);
    }
    let at = uuid::Uuid::new_v4().as_u128() % own.len() as u128;
    Ok(own.swap_remove(usize::try_from(at).unwrap_or_default()))
}

/// `value|reverse`.
pub(super) fn reverse(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("reverse", ["value"], 1, args)?;
    let value = required(value);
    if let Some(text) = value.as_str() {
        return Ok(Value::from(text.chars().rev().collect::<String>()));
    }
    let mut own = items(&value)?;
    own.reverse();
    if irreversible(&value) {
        return Ok(list(own));
    }
    Ok(generator("list_reverseiterator object", own.into_iter()))
}

/// `value|sort(reverse, case_sensitive, attribute)`.
pub(super) fn sort(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["value", "reverse", "case_sensitive", "attribute"];
    let [value, reverse, case_sensitive, attribute] = bind("sort", names, 1, args)?;
    let own = items(&required(value))?;
    let getters = getters(attribute.as_ref(), !flag(case_sensitive.as_ref()));
    let mut keys = Vec::with_capacity(own.len());
    for item in &own {
        keys.push(list(getters.iter().map(|getter| getter.get(item)).collect::<Result<_, _>>()?));
    }
    sorted(own, &keys, flag(reverse.as_ref())).map(list)
}

/// `value|dictsort(case_sensitive, by, reverse)`.
pub(super) fn dictsort(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["value", "case_sensitive", "by", "reverse"];
    let [value, case_sensitive, by, reverse] = bind("dictsort", names, 1, args)?;
    let value = required(value);
    expect(&value, "dictsort needs a mapping")?;
    let by = by.unwrap_or_else(|| Value::from("key"));
    let by_key = match by.as_str() {
        Some("key") => true,
        Some("value") => false,
        _ => return Err(value_error("You can only sort by either \"key\" or \"value\"")),
    };
    let pairs = pairs(&value)?;
    let sensitive = flag(case_sensitive.as_ref());
    let key = |(k, v): &(Value, Value)| {
        let key = if by_key { k.clone() } else { v.clone() };
        if sensitive { key } else { lowered(key) }
    };
    let keys: Vec<Value> = pairs.iter().map(key).collect();
    let tuples = pairs.into_iter().map(|(k, v)| Value::from(Tuple::from([k, v]))).collect();
    sorted(tuples, &keys, flag(reverse.as_ref())).map(list)
}

fn extreme(name: &str, symbol: &str, args: &[Value]) -> Result<Value, Error> {
    let [value, sensitive, attribute] = bind(name, ["value", "case_sensitive", "attribute"], 1, args)?;
    let getter = Getter::new(attribute.as_ref()).ignoring_case(!flag(sensitive.as_ref()));
    let mut best: Option<(Value, Value)> = None;
    for item in items(&required(value))? {
        let key = getter.get(&item)?;
        let better = match &best {
            Some((so_far, _)) => order(&key, so_far, symbol)?,
            None => true,
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map(|(_, item)| item).unwrap_or_default())
}

/// `value|min(case_sensitive, attribute)`.
pub(super) fn min(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    extreme("min", "<", args)
}

/// `value|max(case_sensitive, attribute)`.
pub(super) fn max(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    extreme("max", ">", args)
}

/// `value|sum(attribute, start)`.
pub(super) fn sum(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, attribute, start] = bind("sum", ["iterable", "attribute", "start"], 1, args)?;
    let getter = Getter::new(attribute.as_ref());
    let mut total = start.unwrap_or_else(|| Value::from(0));
    for item in items(&required(value))? {
        total = add(&total, &getter.get(&item)?)?;
    }
    Ok(total)
}

/// `value|unique(case_sensitive, attribute)`.
pub(super) fn unique(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, sensitive, attribute] = bind("unique", ["value", "case_sensitive", "attribute"], 1, args)?;
    let getter = Getter::new(attribute.as_ref()).ignoring_case(!flag(sensitive.as_ref()));
    let mut found = Vec::new();
    let collect = || {
        let mut seen = indexmap::IndexSet::new();
        for item in items(&required(value))? {
            if seen.insert(Key::new(getter.get(&item)?)?) {
                found.push(item);
            }
        }
        Ok(())
    };
    let failure = collect().err();
    Ok(partial("generator object sync_do_unique", found, failure))
}

/// `value|groupby(attribute, default, case_sensitive)`.
pub(super) fn groupby(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["value", "attribute", "default", "case_sensitive"];
    let [value, attribute, default, sensitive] = bind("groupby", names, 2, args)?;
    let own = items(&required(value))?;
    let plain = Getter::new(attribute.as_ref()).or(default);
    let getter = plain.clone().ignoring_case(!flag(sensitive.as_ref()));
    let keys = own.iter().map(|item| getter.get(item)).collect::<Result<Vec<_>, _>>()?;
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in sorted(own, &keys, false)? {
        let key = getter.get(&item)?;
        match groups.last_mut() {
            Some((last, members)) if equal(last, &key) => members.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let group = |(_, members): (Value, Vec<Value>)| {
        let key = plain.get(&members[0])?;
        Ok(Value::from_dyn_object(Arc::new(Group { key, members: list(members) })))
    };
    groups.into_iter().map(group).collect::<Result<_, Error>>().map(list)
}

/// `value|batch(linecount, fill_with)`.
pub(super) fn batch(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, count, fill] = bind("batch", ["value", "linecount", "fill_with"], 2, args)?;
    let count = usize::try_from(int(&required(count))?).unwrap_or(0).max(1);
    let name = "generator object do_batch";
    let own = match items(&required(value)) {
        Ok(own) => own,
        Err(error) => return Ok(partial(name, Vec::new(), Some(error))),
    };
    let fill = fill.filter(|fill| !fill.is_none());
    let rows = own.chunks(count).map(|row| {
        let mut row = row.to_vec();
        if let Some(fill) = &fill {
            row.resize(count, fill.clone());
        }
        list(row)
    });
    Ok(partial(name, rows.collect(), None))
}

/// `value|slice(slices, fill_with)`.
pub(super) fn slice(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, slices, fill] = bind("slice", ["value", "slices", "fill_with"], 2, args)?;
    let name = "generator object sync_do_slice";
    let slices = usize::try_from(int(&required(slices))?).unwrap_or(0);
    let own = match items(&required(value)) {
        Ok(_) if slices == 0 => Err(super::error::zero_division("integer division or modulo by zero")),
        own => own,
    };
    let own = match own {
        Ok(own) => own,
        Err(error) => return Ok(partial(name, Vec::new(), Some(error))),
    };
    let (each, extra) = (own.len() / slices, own.len() % slices);
    let fill = fill.filter(|fill| !fill.is_none());
    let mut rest = own.into_iter();
    let columns = (0..slices).map(|at| {
        let mut column: Vec<Value> = rest.by_ref().take(each + usize::from(at < extra)).collect();
        if at >= extra {
            column.extend(fill.clone());
        }
        list(column)
    });
    Ok(partial(name, columns.collect(), None))
}

/// `value|items`.
pub(super) fn pairs_of(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("items", ["value"], 1, args)?;
    let value = required(value);
    let name = "generator object do_items";
    if super::kind::undefined(&value) {
        return Ok(partial(name, Vec::new(), None));
    }
    let found = expect(&value, "Can only get item pairs from a mapping").and_then(|()| pairs(&value));
    Ok(match found {
        Ok(pairs) => {
            let tuples = pairs.into_iter().map(|(k, v)| Value::from(Tuple::from([k, v])));
            partial(name, tuples.collect(), None)
        }
        Err(error) => partial(name, Vec::new(), Some(error)),
    })
}
