//! Jinja2's and dbt's filters by name; the ones over texts.

use minijinja::value::{Rest, Tuple, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use super::argument::{bind, flag, int, optional_int, required, split, text};
use super::attribute::attribute;
use super::dict::record;
use super::error::{type_error, value_error};
use super::json::{Style, dumps};
use super::kind::{list as is_list, truth, undefined};
use super::markup::{self, escape};
use super::method::Native;
use super::percent::percent;
use super::repr::{pretty, str};
use super::text::{capitalize, center, lines, replaced, stripped};
use super::{conversion, select, sequence};

/// Registers a filter under a name.
pub(super) fn add(env: &mut Environment<'static>, name: &'static str, filter: Native) {
    env.add_filter(name, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
        filter(state, &args.into_values())
    });
}

const FILTERS: [(&str, Native); 57] = [
    ("abs", conversion::abs),
    ("as_bool", same),
    ("as_native", same),
    ("as_number", same),
    ("as_text", same),
    ("attr", attr),
    ("batch", sequence::batch),
    ("capitalize", |_, args| scalar("capitalize", args, capitalize)),
    ("center", centered),
    ("count", sequence::len),
    ("d", default),
    ("default", default),
    ("dictsort", sequence::dictsort),
    ("e", |_, args| scalar("escape", args, escape)),
    ("escape", |_, args| scalar("escape", args, escape)),
    ("filesizeformat", conversion::file_size),
    ("first", sequence::first),
    ("float", conversion::float),
    ("forceescape", |_, args| scalar("forceescape", args, escape)),
    ("format", format),
    ("groupby", sequence::groupby),
    ("indent", indent),
    ("int", conversion::int),
    ("is_list", |_, args| bind("is_list", ["value"], 1, args).map(|[v]| Value::from(is_list(&required(v))))),
    ("items", sequence::pairs_of),
    ("join", sequence::join),
    ("last", sequence::last),
    ("length", sequence::len),
    ("list", sequence::listed),
    ("lower", |_, args| scalar("lower", args, str::to_lowercase)),
    ("map", select::map),
    ("max", sequence::max),
    ("min", sequence::min),
    ("pprint", |_, args| bind("pprint", ["value"], 1, args).map(|[v]| Value::from(pretty(&required(v))))),
    ("random", sequence::random),
    ("reject", select::reject),
    ("rejectattr", select::rejectattr),
    ("replace", replace),
    ("reverse", sequence::reverse),
    ("round", conversion::rounded),
    ("safe", |_, args| scalar("safe", args, str::to_owned)),
    ("select", select::select),
    ("selectattr", select::selectattr),
    ("slice", sequence::slice),
    ("sort", sequence::sort),
    ("string", |_, args| scalar("string", args, str::to_owned)),
    ("striptags", |_, args| scalar("striptags", args, markup::strip_tags)),
    ("sum", sequence::sum),
    ("title", |_, args| scalar("title", args, title)),
    ("tojson", tojson),
    ("trim", trim),
    ("truncate", truncate),
    ("unique", sequence::unique),
    ("upper", |_, args| scalar("upper", args, str::to_uppercase)),
    ("urlencode", markup::urlencode),
    ("wordcount", |_, args| bind("wordcount", ["s"], 1, args).map(|[s]| Value::from(words(&str(&required(s)))))),
    ("xmlattr", markup::xmlattr),
];

/// Registers the filters.
pub(super) fn install(env: &mut Environment<'static>) {
    for (name, filter) in FILTERS {
        add(env, name, filter);
    }
    add(env, "wordwrap", markup::wordwrap);
    add(env, "urlize", markup::urlize);
}

fn scalar(name: &str, args: &[Value], change: impl Fn(&str) -> String) -> Result<Value, Error> {
    let [value] = bind(name, ["s"], 1, args)?;
    Ok(Value::from(change(&str(&required(value)))))
}

fn same(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    bind("filter", ["value"], 1, args).map(|[value]| required(value))
}

fn attr(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [object, name] = bind("attr", ["obj", "name"], 2, args)?;
    let name = required(name);
    attribute(&required(object), text("attr", &name)?)
}

fn default(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, default, boolean] = bind("default", ["value", "default_value", "boolean"], 1, args)?;
    let value = required(value);
    if undefined(&value) || (flag(boolean.as_ref()) && !truth(&value)) {
        return Ok(default.unwrap_or_else(|| Value::from("")));
    }
    Ok(value)
}

fn centered(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, width] = bind("center", ["value", "width"], 1, args)?;
    let width = usize::try_from(optional_int(width.as_ref(), 80)?).unwrap_or(0).min(1 << 20);
    Ok(Value::from(center(&str(&required(value)), width, ' ')))
}

fn format(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = split(args);
    let (template, rest) = positional.split_first().ok_or_else(|| type_error("format() needs a value"))?;
    let argument = match keywords.is_empty() {
        true => Value::from(Tuple::from(rest)),
        false if rest.is_empty() => record(keywords.iter().map(|(k, v)| (k.as_str(), v.clone()))),
        false => {
            let text = "can't handle positional and keyword arguments at the same time";
            return Err(value_error(text));
        }
    };
    percent(&str(template), &argument).map(Value::from)
}

fn indent(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, width, first, blank] = bind("indent", ["s", "width", "first", "blank"], 1, args)?;
    let indention = match width.as_ref().and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => " ".repeat(usize::try_from(optional_int(width.as_ref(), 4)?).unwrap_or(0).min(1 << 16)),
    };
    // An additional line end keeps the last one in the text.
    let source = text("indent", &required(value))?.to_owned() + "\n";
    let blank = flag(blank.as_ref());
    let mut out = String::new();
    for (at, line) in lines(&source, false).into_iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        if (at > 0 && (blank || !line.is_empty())) || (at == 0 && flag(first.as_ref())) {
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(Value::from(out))
}

fn replace(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, old, new, count] = bind("replace", ["s", "old", "new", "count"], 3, args)?;
    let count = optional_int(count.as_ref(), -1)?;
    let (value, old, new) = (str(&required(value)), str(&required(old)), str(&required(new)));
    Ok(Value::from(replaced(&value, &old, &new, count)))
}

fn title(own: &str) -> String {
    let mut out = String::new();
    let mut start = true;
    for c in own.chars() {
        let boundary = c.is_whitespace() || "-({[<".contains(c);
        if start && !boundary {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = boundary;
    }
    out
}

fn tojson(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, indent] = bind("tojson", ["value", "indent"], 1, args)?;
    let indent = indent.filter(|indent| !indent.is_none()).map(|indent| int(&indent)).transpose()?;
    let indent = indent.map(|n| usize::try_from(n).unwrap_or(0).min(64));
    let json = dumps(&required(value), Style { sort_keys: true, indent })?;
    let safe = json.replace('<', "\\u003c").replace('>', "\\u003e");
    Ok(Value::from(safe.replace('&', "\\u0026").replace('\'', "\\u0027")))
}

fn trim(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, chars] = bind("trim", ["value", "chars"], 1, args)?;
    let chars = chars.filter(|chars| !chars.is_none());
    let chars = chars.as_ref().map(|chars| text("trim", chars)).transpose()?;
    Ok(Value::from(stripped(&str(&required(value)), chars, true, true)))
}

fn truncate(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let names = ["s", "length", "killwords", "end", "leeway"];
    let [value, length, kill, end, leeway] = bind("truncate", names, 1, args)?;
    let value = str(&required(value));
    let end = end.map_or_else(|| "...".to_owned(), |end| str(&end));
    let size = |n: i128| usize::try_from(n).unwrap_or(0);
    let length = size(optional_int(length.as_ref(), 255)?);
    let leeway = size(optional_int(leeway.as_ref(), 5)?);
    let room = length.checked_sub(end.chars().count());
    let room = room.ok_or_else(|| value_error(format!("expected length >= {}, got {length}", end.len())))?;
    if value.chars().count() <= length + leeway {
        return Ok(Value::from(value));
    }
    let cut: String = value.chars().take(room).collect();
    let kept = if flag(kill.as_ref()) { &cut } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head) };
    Ok(Value::from(format!("{kept}{end}")))
}

fn words(own: &str) -> usize {
    own.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).count()
}
