//! The functions of Python's `itertools` that dbt offers.

use minijinja::value::Tuple;
use minijinja::{Error, State, Value};

use super::argument::{bind, int, optional_int, required, split};
use super::error::{type_error, value_error};
use super::generator::{generator, partial};
use super::kind::{items, iter, truth};
use super::method::{Native, function};
use super::number::integer;
use super::operator::add;

const LARGEST: usize = 1_000_000;

fn tuple(items: Vec<Value>) -> Value {
    Value::from(Tuple::from(items))
}

fn too_many() -> Error {
    value_error("the combinations are too many")
}

fn chain(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let sources: Vec<Value> = split(args).0.to_vec();
    let chained = sources.into_iter().flat_map(|source| match iter(&source) {
        Ok(items) => Box::new(items) as Box<dyn Iterator<Item = Value> + Send>,
        Err(error) => Box::new(std::iter::once(Value::from(error))),
    });
    Ok(generator("itertools.chain object", chained))
}

fn product(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = split(args);
    let repeat = keywords.iter().find(|(name, _)| name == "repeat").map(|(_, value)| int(value)).transpose()?;
    let pools = positional.iter().map(items).collect::<Result<Vec<_>, _>>()?;
    let times = usize::try_from(repeat.unwrap_or(1)).unwrap_or(0).min(64);
    let pools: Vec<&Vec<Value>> = std::iter::repeat_n(&pools, times).flatten().collect();
    let mut rows = vec![Vec::new()];
    for pool in pools {
        if rows.len().saturating_mul(pool.len()) > LARGEST {
            return Err(too_many());
        }
        rows = rows
            .iter()
            .flat_map(|row| pool.iter().map(|item| row.iter().cloned().chain([item.clone()]).collect::<Vec<_>>()))
            .collect();
    }
    Ok(partial("itertools.product object", rows.into_iter().map(tuple).collect(), None))
}

/// Which positions may follow which in a selection.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Increasing,
    NotDecreasing,
    Distinct,
}

fn selections(pool: &[Value], size: usize, order: Order) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    let mut open: Vec<Vec<usize>> = vec![Vec::new()];
    while let Some(chosen) = open.pop() {
        if chosen.len() == size {
            found.push(tuple(chosen.iter().map(|at| pool[*at].clone()).collect()));
            if found.len() > LARGEST {
                return Err(too_many());
            }
            continue;
        }
        let last = chosen.last().copied();
        let fits = |at: &usize| match order {
            Order::Increasing => last.is_none_or(|last| *at > last),
            Order::NotDecreasing => last.is_none_or(|last| *at >= last),
            Order::Distinct => !chosen.contains(at),
        };
        // The last pushed is taken first, so the smallest position goes in last.
        for at in (0..pool.len()).rev().filter(fits) {
            open.push(chosen.iter().copied().chain([at]).collect());
        }
    }
    Ok(found)
}

fn select(name: &'static str, args: &[Value], order: Order) -> Result<Value, Error> {
    let needed = if order == Order::Distinct { 1 } else { 2 };
    let [pool, size] = bind(name, ["iterable", "r"], needed, args)?;
    let pool = items(&required(pool))?;
    let size = match size.filter(|size| !size.is_none()) {
        Some(size) => usize::try_from(int(&size)?).map_err(|_| value_error("r must be non-negative"))?,
        None => pool.len(),
    };
    if size > pool.len() && order != Order::NotDecreasing {
        return Ok(partial(name, Vec::new(), None));
    }
    Ok(partial(name, selections(&pool, size, order)?, None))
}

fn islice(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let positional = split(args).0;
    let (source, bounds) = positional.split_first().ok_or_else(|| type_error("islice expected an iterable"))?;
    let bound = |value: Option<&Value>, default: usize| match value.filter(|value| !value.is_none()) {
        Some(value) => usize::try_from(int(value)?)
            .map_err(|_| value_error("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")),
        None => Ok(default),
    };
    let (start, stop, step) = match bounds {
        [stop] => (0, bound(Some(stop), usize::MAX)?, 1),
        [start, stop, ..] if bounds.len() <= 3 => {
            (bound(Some(start), 0)?, bound(Some(stop), usize::MAX)?, bound(bounds.get(2), 1)?)
        }
        _ => return Err(type_error("islice expected 2 to 4 arguments")),
    };
    if step == 0 {
        return Err(value_error("Step for islice() must be a positive integer or None."));
    }
    let picked = iter(source)?.take(stop).skip(start).step_by(step);
    Ok(generator("itertools.islice object", picked))
}

fn accumulate(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source, function, initial] = bind("accumulate", ["iterable", "func", "initial"], 1, args)?;
    let function = function.filter(|function| !function.is_none());
    let mut found: Vec<Value> = initial.filter(|initial| !initial.is_none()).into_iter().collect();
    for item in items(&required(source))? {
        let next = match (found.last(), &function) {
            (None, _) => item,
            (Some(total), None) => add(total, &item)?,
            (Some(total), Some(function)) => function.call(state, &[total.clone(), item])?,
        };
        found.push(next);
    }
    Ok(partial("itertools.accumulate object", found, None))
}

fn zip_longest(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = split(args);
    let fill = keywords.into_iter().find(|(name, _)| name == "fillvalue");
    let fill = fill.map_or_else(|| Value::from(()), |(_, value)| value);
    let columns = positional.iter().map(items).collect::<Result<Vec<_>, _>>()?;
    let length = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| tuple(columns.iter().map(|c| c.get(at).cloned().unwrap_or_else(|| fill.clone())).collect());
    Ok(partial("itertools.zip_longest object", (0..length).map(row).collect(), None))
}

fn count(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [start, step] = bind("count", ["start", "step"], 0, args)?;
    let start = start.unwrap_or_else(|| Value::from(0));
    let step = step.unwrap_or_else(|| Value::from(1));
    let numbers = std::iter::successors(Some(start), move |last| add(last, &step).ok());
    Ok(generator("count", numbers))
}

fn cycle(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source] = bind("cycle", ["iterable"], 1, args)?;
    Ok(generator("itertools.cycle object", items(&required(source))?.into_iter().cycle()))
}

fn repeat(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [item, times] = bind("repeat", ["object", "times"], 1, args)?;
    let item = required(item);
    let name = "itertools.repeat object";
    Ok(match times {
        Some(times) => {
            let times = usize::try_from(optional_int(Some(&times), 0)?).unwrap_or(0);
            generator(name, std::iter::repeat_n(item, times))
        }
        None => generator(name, std::iter::repeat(item)),
    })
}

fn compress(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [data, selectors] = bind("compress", ["data", "selectors"], 2, args)?;
    let pairs = items(&required(data))?.into_iter().zip(items(&required(selectors))?);
    let kept = pairs.filter(|(_, keep)| truth(keep)).map(|(item, _)| item);
    Ok(partial("itertools.compress object", kept.collect(), None))
}

fn starmap(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [function, source] = bind("starmap", ["function", "iterable"], 2, args)?;
    let function = required(function);
    let mut found = Vec::new();
    for row in items(&required(source))? {
        found.push(function.call(state, &items(&row)?)?);
    }
    Ok(partial("itertools.starmap object", found, None))
}

fn tee(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source, times] = bind("tee", ["iterable", "n"], 1, args)?;
    let times = usize::try_from(times.as_ref().and_then(integer).unwrap_or(2)).unwrap_or(0).min(64);
    let own = items(&required(source))?;
    let copy = || partial("itertools._tee object", own.clone(), None);
    Ok(tuple((0..times).map(|_| copy()).collect()))
}

/// The members of the module `itertools`.
pub(super) fn members() -> Vec<(&'static str, Value)> {
    let functions: [(&'static str, Native); 14] = [
        ("accumulate", accumulate),
        ("chain", chain),
        ("combinations", |_, args| select("combinations", args, Order::Increasing)),
        ("combinations_with_replacement", |_, args| {
            select("combinations_with_replacement", args, Order::NotDecreasing)
        }),
        ("compress", compress),
        ("count", count),
        ("cycle", cycle),
        ("islice", islice),
        ("permutations", |_, args| select("permutations", args, Order::Distinct)),
        ("product", product),
        ("repeat", repeat),
        ("starmap", starmap),
        ("tee", tee),
        ("zip_longest", zip_longest),
    ];
    functions.into_iter().map(|(name, call)| (name, function(name, call))).collect()
}
