//! The functions that every template has: Jinja2's globals and those of dbt that need no node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use minijinja::value::{Kwargs, Object, ObjectRepr, Tuple, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use super::argument::{bind, flag, required, split, text};
use super::dict::{self, pairs, record};
use super::error::{no_method, type_error};
use super::generator::generator;
use super::json::{Style, dumps, from_json, printable_json};
use super::kind::{items, iter, type_name};
use super::list::list;
use super::loads::loads;
use super::method::{Native, function};
use super::repr::str;
use super::set::set;
use super::{date, datetime, duration, itertools, range, regex, timeofday, zone};
use crate::source::md5;

const FUNCTIONS: [(&str, Native); 13] = [
    ("range", range::construct),
    ("dict", dict::construct),
    ("namespace", namespace),
    ("cycler", cycler),
    ("joiner", joiner),
    ("set", set_or),
    ("set_strict", set_strict),
    ("zip", zip_or),
    ("zip_strict", zip_strict),
    ("fromjson", fromjson),
    ("tojson", tojson),
    ("diff_of_two_dicts", difference),
    ("local_md5", local_md5),
];

/// Registers the functions and `modules`.
pub(super) fn install(env: &mut Environment<'static>) {
    for (name, call) in FUNCTIONS {
        env.add_global(name, function(name, call));
    }
    env.add_global("modules", modules());
}

/// dbt's `modules`, fresh.
fn modules() -> Value {
    let datetime = vec![
        ("date", date::class()),
        ("datetime", datetime::class()),
        ("time", timeofday::class()),
        ("timedelta", duration::class()),
    ];
    record([
        ("pytz", record(zone::members())),
        ("datetime", record(datetime)),
        ("re", record(regex::members())),
        ("itertools", record(itertools::members())),
    ])
}

fn namespace(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = split(args);
    let mut fields = Vec::new();
    for source in positional {
        fields.extend(pairs(source)?.into_iter().map(|(key, value)| (str(&key), value)));
    }
    fields.extend(keywords);
    let fields = Value::from(Kwargs::from_iter(fields));
    minijinja::functions::namespace(Some(ValueOrKwargs::from(fields)))
}

/// The value, or the default when making it fails because of a type.
fn or_default(result: Result<Value, Error>, default: Option<Value>) -> Result<Value, Error> {
    result.or_else(|_| Ok(default.unwrap_or_else(|| Value::from(()))))
}

fn set_or(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, default] = bind("set", ["value", "default"], 1, args)?;
    or_default(items(&required(value)).and_then(set), default)
}

fn set_strict(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("set_strict", ["value"], 1, args)?;
    items(&required(value)).and_then(set)
}

fn zip(sources: &[Value]) -> Result<Value, Error> {
    let mut sources = sources.iter().map(iter).collect::<Result<Vec<_>, _>>()?;
    let rows = std::iter::from_fn(move || {
        if sources.is_empty() {
            return None;
        }
        let row = sources.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>()?;
        let failed = row.iter().find(|item| item.kind() == minijinja::value::ValueKind::Invalid);
        Some(failed.cloned().unwrap_or_else(|| Value::from(Tuple::from(row))))
    });
    Ok(generator("zip object", rows))
}

fn zip_or(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = split(args);
    let default = keywords.into_iter().find(|(name, _)| name == "default").map(|(_, value)| value);
    or_default(zip(positional), default)
}

fn zip_strict(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    zip(split(args).0)
}

fn fromjson(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [source, default] = bind("fromjson", ["string", "default"], 1, args)?;
    let source = required(source);
    let Some(source) = source.as_str() else {
        let name = type_name(&source);
        return Err(type_error(format!("the JSON object must be str, bytes or bytearray, not {name}")));
    };
    Ok(loads(source).or(default).unwrap_or_else(|| Value::from(())))
}

fn tojson(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, _default, sort] = bind("tojson", ["value", "default", "sort_keys"], 1, args)?;
    let style = Style { sort_keys: flag(sort.as_ref()), indent: None };
    dumps(&required(value), style).map(Value::from)
}

/// Reads YAML into JSON's model; the text of a failure is not used.
pub(crate) type ParseYaml = fn(&str) -> Result<serde_json::Value, String>;
/// Writes JSON's model as YAML.
pub(crate) type PrintYaml = fn(&serde_json::Value) -> Result<String, String>;

/// Registers `fromyaml` and `toyaml` over a YAML reader and writer.
pub(crate) fn install_yaml(env: &mut Environment<'static>, parse: ParseYaml, print: PrintYaml) {
    use minijinja::value::Rest;
    env.add_function("fromyaml", move |args: Rest<ValueOrKwargs>| {
        let [source, default] = bind("fromyaml", ["value", "default"], 1, &args.into_values())?;
        let source = required(source);
        let parsed = parse(text("fromyaml", &source)?);
        let default = default.unwrap_or_else(|| Value::from(()));
        Ok::<_, Error>(parsed.map_or(default, |json| from_json(&json)))
    });
    env.add_function("toyaml", move |args: Rest<ValueOrKwargs>| {
        let names = ["value", "default", "sort_keys"];
        let [value, default, sort] = bind("toyaml", names, 1, &args.into_values())?;
        let default = default.unwrap_or_else(|| Value::from(()));
        let Ok(mut json) = printable_json(&required(value)) else { return Ok::<_, Error>(default) };
        if flag(sort.as_ref()) {
            json.sort_all_objects();
        }
        Ok(print(&json).map_or(default, Value::from))
    });
}

fn difference(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [own, other] = bind("diff_of_two_dicts", ["dict_a", "dict_b"], 2, args)?;
    let folded = |value: &Value| str(value).to_lowercase();
    let mut known = Vec::new();
    for (key, values) in pairs(&required(other))? {
        known.push((folded(&key), items(&values)?.iter().map(folded).collect::<Vec<_>>()));
    }
    let mut left = Vec::new();
    for (key, values) in pairs(&required(own))? {
        let Some((_, excluded)) = known.iter().find(|(name, _)| *name == folded(&key)) else {
            left.push((key, values));
            continue;
        };
        let kept: Vec<Value> = items(&values)?.into_iter().filter(|v| !excluded.contains(&folded(v))).collect();
        if !kept.is_empty() {
            left.push((key, list(kept)));
        }
    }
    dict::dict(left)
}

fn local_md5(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("local_md5", ["value"], 1, args)?;
    let value = required(value);
    Ok(Value::from(md5(text("local_md5", &value)?)))
}

/// Jinja2's `cycler`.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

fn cycler(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let items = split(args).0.to_vec();
    if items.is_empty() {
        return Err(type_error("at least one item has to be provided"));
    }
    Ok(Value::from_object(Cycler { items, at: AtomicUsize::new(0) }))
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let current = self.items.get(self.at.load(Ordering::Relaxed) % self.items.len());
        current.filter(|_| key.as_str() == Some("current")).cloned()
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        bind(method, [], 0, args)?;
        match method {
            "next" | "__next__" => {
                let at = self.at.fetch_add(1, Ordering::Relaxed) % self.items.len();
                Ok(self.items[at].clone())
            }
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(no_method("Cycler", method)),
        }
    }
}

/// Jinja2's `joiner`.
#[derive(Debug)]
struct Joiner {
    separator: Value,
    used: AtomicBool,
}

fn joiner(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [separator] = bind("joiner", ["sep"], 0, args)?;
    let separator = separator.unwrap_or_else(|| Value::from(", "));
    Ok(Value::from_object(Joiner { separator, used: AtomicBool::new(false) }))
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        bind("joiner", [], 0, args)?;
        let used = self.used.swap(true, Ordering::Relaxed);
        Ok(if used { self.separator.clone() } else { Value::from("") })
    }
}
