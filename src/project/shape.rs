//! What properties and configurations look like: which keys an entry has and what their values are (dbt: the `Unparsed…` classes of
//! `contracts/graph/unparsed.py`).
//!
//! `shapes.txt` says it, one shape on each line: `text`, `release` (a text that is a version, `1.0` or `1.2.3-rc1`), `color`, `bool`, `int`, `decimal` (a number with a point), `number`, `null`, `any`, `map`; `[shape]` is a list,
//! `<a b>` one of these words, `#name` another line, `a|b` either; `{key: shape}` is a mapping, with `!` before a key that must be
//! there and `...` where other keys are allowed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::color::is_color;
use super::{EntryKind, NodeKind};
use crate::config::yaml::Step;
use crate::diagnostic::did_you_mean;

/// What is wrong with a value, and what to do.
#[derive(Debug)]
pub struct Misfit {
    /// Where in the value.
    pub steps: Vec<Step>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

enum Shape {
    Kind(&'static str),
    Words(Vec<&'static str>),
    /// Words in letters of any size: `<~sum min>`.
    Spelled(Vec<&'static str>),
    List(Box<Shape>),
    Named(&'static str),
    Either(Vec<Shape>),
    Keys {
        keys: Vec<(&'static str, bool, Shape)>,
        is_open: bool,
    },
}

static SHAPES: LazyLock<BTreeMap<&'static str, Shape>> = LazyLock::new(|| {
    let lines = include_str!("shapes.txt").lines().filter_map(|line| line.split_once(": "));
    lines.map(|(name, text)| (name, Reader(text).shape())).collect()
});

/// The first misfit of an entry's value.
pub(super) fn misfit(kind: EntryKind, value: &Map<String, Value>) -> Option<Misfit> {
    let name = match kind {
        EntryKind::Model => "model",
        EntryKind::Seed | EntryKind::Snapshot => "node",
        EntryKind::Analysis => "analysis",
        EntryKind::DataTest => "data_test",
        EntryKind::Macro => "macro",
        EntryKind::Source if !value.contains_key("overrides") => "source",
        EntryKind::Exposure => "exposure",
        EntryKind::Group => "group",
        EntryKind::Metric => "metric",
        EntryKind::SemanticModel => "semantic_model",
        EntryKind::SavedQuery => "saved_query",
        EntryKind::UnitTest => "unit_test",
        EntryKind::Function => "function",
        EntryKind::Source => return None,
    };
    let versions = value.get("versions").filter(|_| kind == EntryKind::Model);
    let own = check_fields(SHAPES.get(name)?, value).or_else(|| versions.and_then(included_misfit));
    own.or_else(|| beside_config(kind, value))
}

/// A setting that stands both under `config:` and beside it (dbt: `NonSourceParser.normalize_attribute`).
fn beside_config(kind: EntryKind, value: &Map<String, Value>) -> Option<Misfit> {
    use EntryKind::{Analysis, Function, Model, Seed, Snapshot};
    let config = value.get("config").filter(|_| matches!(kind, Analysis | Function | Model | Seed | Snapshot))?;
    let mut settings = ["meta", "docs", "group", "contract", "access"].into_iter();
    let key = settings.find(|key| value.contains_key(*key) && config.get(*key).is_some())?;
    Some(Misfit {
        steps: vec![key.into()],
        message: format!("`{key}` stands under `config:` and beside it"),
        help: "keep the one under `config:`".to_owned(),
    })
}

/// The first misfit of what versions take over of their model's columns (dbt: `UnparsedVersion`, `IncludeExclude`).
fn included_misfit(versions: &Value) -> Option<Misfit> {
    let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let is_all = |include: &Value| matches!(include.as_str(), Some("*" | "all"));
    let at = |version: usize, column: usize, message: &str, help: &str| {
        let steps = vec!["versions".into(), version.into(), "columns".into(), column.into()];
        Some(Misfit { steps, message: message.to_owned(), help: help.to_owned() })
    };
    items(Some(versions)).iter().enumerate().find_map(|(version, declared)| {
        let mut has_one = false;
        items(declared.get("columns")).iter().enumerate().find_map(|(column, item)| {
            if item.get("name").is_some() {
                return None;
            }
            let Some(include) = item.get("include").filter(|include| include.is_string() || include.is_array()) else {
                return at(version, column, "a column of a version has a `name` or an `include`", "add `name:`");
            };
            if let Some(key) = item.as_object()?.keys().find(|key| !matches!(key.as_str(), "include" | "exclude")) {
                return at(version, column, &format!("`{key}` cannot stand beside `include`"), "leave it out");
            }
            if item.get("exclude").is_some_and(|exclude| !exclude.is_array()) {
                return at(version, column, "`exclude` must be a list", "put the columns between [ ]");
            }
            if std::mem::replace(&mut has_one, true) {
                return at(version, column, "a version has more than one `include`", "put all columns into one list");
            }
            if include.is_string() && !is_all(include) {
                return at(
                    version,
                    column,
                    "`include` is `all`, `*` or a list of columns",
                    "put the column between [ ]",
                );
            }
            let excludes = !items(item.get("exclude")).is_empty();
            let message = "`exclude` needs `include: all` beside it";
            if excludes && !is_all(include) { at(version, column, message, "leave one of them out") } else { None }
        })
    })
}

/// The first misfit of a project file (dbt: `contracts/project.py`, `Project`).
pub(super) fn project_misfit(value: &Value) -> Option<Misfit> {
    let found = check(SHAPES.get("project")?, value, &mut Vec::new());
    let version = value.get("config-version").and_then(Value::as_i64).filter(|version| *version != 2);
    let unknown = version.map(|version| Misfit {
        steps: vec!["config-version".into()],
        message: format!("`config-version` {version} is unknown"),
        help: "write `config-version: 2`, or remove it".to_owned(),
    });
    let has = |key: &str| value.get(key).is_some();
    let twice = (has("tests") && has("data_tests")).then(|| Misfit {
        steps: vec!["data_tests".into()],
        message: "`tests` and `data_tests` are the same".to_owned(),
        help: "move what is below `tests:` to `data_tests:`".to_owned(),
    });
    found.or(unknown).or(twice)
}

/// The first misfit of an entry of packages.yml (dbt: the `…Package` classes).
pub(super) fn package_misfit(entry: &Value) -> Option<Misfit> {
    let wrong = |message: &str, help: &str| {
        Some(Misfit { steps: Vec::new(), message: message.to_owned(), help: help.to_owned() })
    };
    let Value::Object(fields) = entry else {
        return wrong("a package is a mapping", "write `package:`, `git:`, `local:` or `tarball:`");
    };
    let kinds = ["package", "git", "local", "tarball", "private"];
    let Some(kind) = kinds.iter().find(|kind| fields.contains_key(**kind)) else {
        return wrong("this is no package", "write `package:`, `git:`, `local:` or `tarball:`");
    };
    check_fields(SHAPES.get(format!("{kind}_package").as_str())?, fields)
}

/// The first misfit of `selectors.yml` (dbt: `contracts/selection.py`); an empty file declares none.
pub(super) fn selectors_misfit(value: &Value) -> Option<Misfit> {
    if value.as_object().map_or(value.is_null(), Map::is_empty) {
        return None;
    }
    check(SHAPES.get("selectors")?, value, &mut Vec::new())
}

/// The first misfit of a node's configuration, once it is put together (dbt: the `…Config` classes).
pub fn config_misfit(kind: NodeKind, config: &Map<String, Value>) -> Option<Misfit> {
    let shape = SHAPES.get(format!("{}_config", kind.as_str()).as_str())?;
    check_fields(shape, config)
}

/// A step on the way to a value, as [`Step`] without its own text.
#[derive(Clone, Copy)]
enum Way<'v> {
    Key(&'v str),
    Index(usize),
}

fn steps_of(way: &[Way<'_>]) -> Vec<Step> {
    let step = |way: &Way<'_>| match way {
        Way::Key(key) => (*key).into(),
        Way::Index(index) => (*index).into(),
    };
    way.iter().map(step).collect()
}

fn check_fields(shape: &Shape, fields: &Map<String, Value>) -> Option<Misfit> {
    match shape {
        Shape::Named(name) => check_fields(SHAPES.get(name)?, fields),
        Shape::Keys { keys, is_open } => check_keys(keys, *is_open, fields, &mut Vec::new()),
        _ => check(shape, &Value::Object(fields.clone()), &mut Vec::new()),
    }
}

fn check<'v>(shape: &Shape, value: &'v Value, steps: &mut Vec<Way<'v>>) -> Option<Misfit> {
    match (shape, value) {
        // A template that could not be rendered, which has a message of its own.
        (_, Value::String(text)) if text.contains("{{") => None,
        (Shape::Named(name), _) => check(SHAPES.get(name)?, value, steps),
        (Shape::Either(shapes), _) => {
            if shapes.iter().any(|shape| check(shape, value, steps).is_none()) {
                return None;
            }
            // What fits from outside says more than that nothing fits.
            let inner = shapes.iter().find(|shape| is_alike(shape, value));
            match inner {
                Some(shape) => check(shape, value, steps),
                None => Some(wrong(shape, value, steps)),
            }
        }
        (Shape::List(item), Value::Array(items)) => items.iter().enumerate().find_map(|(index, value)| {
            steps.push(Way::Index(index));
            let found = check(item, value, steps);
            steps.pop();
            found
        }),
        (Shape::Keys { keys, is_open }, Value::Object(fields)) => check_keys(keys, *is_open, fields, steps),
        _ if is_alike(shape, value) => None,
        _ => Some(wrong(shape, value, steps)),
    }
}

fn check_keys<'v>(
    keys: &[(&'static str, bool, Shape)],
    is_open: bool,
    fields: &'v Map<String, Value>,
    steps: &mut Vec<Way<'v>>,
) -> Option<Misfit> {
    for (key, value) in fields {
        steps.push(Way::Key(key));
        let found = match keys.iter().find(|(known, ..)| known == key) {
            Some((_, _, shape)) => check(shape, value, steps),
            None if is_open => None,
            None => Some(Misfit {
                steps: steps_of(steps),
                message: format!("unknown key `{key}`"),
                help: did_you_mean(key, keys.iter().map(|(known, ..)| *known)).map_or_else(
                    || "move it under `config: meta:`, or remove it".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                ),
            }),
        };
        steps.pop();
        if found.is_some() {
            return found;
        }
    }
    let missing = keys.iter().find(|(key, is_needed, _)| *is_needed && !fields.contains_key(*key));
    missing.map(|(key, _, shape)| Misfit {
        steps: steps_of(steps),
        message: format!("`{key}` is missing"),
        help: format!("add `{key}:` with {}", words(shape)),
    })
}

/// Whether a value is of the right kind, whatever is inside.
fn is_alike(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Kind(kind) => match *kind {
            "text" => value.is_string(),
            "release" => value.as_str().is_some_and(is_release),
            "color" => value.as_str().is_some_and(is_color),
            "bool" => value.is_boolean(),
            "filled" => value.as_str().is_some_and(|text| !text.is_empty()),
            "int" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "decimal" => value.is_f64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            "map" => value.is_object(),
            _ => true,
        },
        Shape::Words(words) => value.as_str().is_some_and(|text| words.contains(&text)),
        Shape::Spelled(words) => {
            value.as_str().is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text)))
        }
        Shape::List(_) => value.is_array(),
        Shape::Keys { .. } => value.is_object(),
        Shape::Named(name) => SHAPES.get(name).is_some_and(|shape| is_alike(shape, value)),
        Shape::Either(shapes) => shapes.iter().any(|shape| is_alike(shape, value)),
    }
}

/// Whether a text is a version as a project has one: two numbers, or a semantic version.
fn is_release(text: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (numbers, before) = rest.split_once('-').map_or((rest, None), |(numbers, before)| (numbers, Some(before)));
    let is_before = |part: &str| is_word(part) && (is_number(part) || !part.bytes().all(|b| b.is_ascii_digit()));
    let numbers: Vec<&str> = numbers.split('.').collect();
    numbers.iter().all(|part| is_number(part))
        && (numbers.len() == 3 || numbers.len() == 2 && before.is_none() && build.is_none())
        && before.is_none_or(|before| before.split('.').all(is_before))
        && build.is_none_or(|build| build.split('.').all(is_word))
}

fn wrong(shape: &Shape, value: &Value, steps: &[Way<'_>]) -> Misfit {
    let key = steps.iter().rev().find_map(|step| match step {
        Way::Key(key) => Some(*key),
        Way::Index(_) => None,
    });
    let is_item = matches!(steps.last(), Some(Way::Index(_)));
    let subject = match (key, is_item) {
        (Some(key), false) => format!("`{key}`"),
        (Some(key), true) => format!("an item of `{key}`"),
        (None, _) => "it".to_owned(),
    };
    let found = match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    };
    let wanted = words(shape);
    let help = match value {
        Value::Null => "give it a value, or remove the key".to_owned(),
        Value::Number(_) | Value::Bool(_) if wanted.contains("a text") => "put it between quotes".to_owned(),
        _ => format!("write {wanted}"),
    };
    Misfit { steps: steps_of(steps), message: format!("{subject} must be {wanted}, not {found}"), help }
}

/// A shape for people; that nothing is allowed too is left out.
fn words(shape: &Shape) -> String {
    match shape {
        Shape::Kind(kind) => match *kind {
            "text" => "a text",
            "bool" => "true or false",
            "int" => "a whole number",
            "decimal" => "a number such as 1.0",
            "number" => "a number",
            "null" => "nothing",
            "filled" => "a text that is not empty",
            "map" => "a mapping",
            "release" => "a version such as 1.0.0",
            "color" => "the name of a colour or a number such as #1f77b4",
            _ => "a value",
        }
        .to_owned(),
        Shape::Words(list) | Shape::Spelled(list) => format!("one of {}", list.join(", ")),
        Shape::List(_) => "a list".to_owned(),
        Shape::Keys { .. } => "a mapping".to_owned(),
        Shape::Named(name) => SHAPES.get(name).map_or_else(String::new, words),
        Shape::Either(shapes) => {
            let list: Vec<String> =
                shapes.iter().filter(|shape| !matches!(shape, Shape::Kind("null"))).map(words).collect();
            list.join(" or ")
        }
    }
}

/// Reads a line of the table.
struct Reader(&'static str);

impl Reader {
    fn shape(&mut self) -> Shape {
        let mut shapes = vec![self.one()];
        while self.take("|") {
            shapes.push(self.one());
        }
        if shapes.len() > 1 { Shape::Either(shapes) } else { shapes.remove(0) }
    }

    fn one(&mut self) -> Shape {
        if self.take("[") {
            let item = self.shape();
            self.take("]");
            return Shape::List(Box::new(item));
        }
        if self.take("<") {
            let (list, rest) = self.0.split_once('>').unwrap_or((self.0, ""));
            self.0 = rest;
            return match list.strip_prefix('~') {
                Some(list) => Shape::Spelled(list.split(' ').collect()),
                None => Shape::Words(list.split(' ').collect()),
            };
        }
        if self.take("#") {
            return Shape::Named(self.word());
        }
        if self.take("{") {
            return self.keys();
        }
        Shape::Kind(self.word())
    }

    fn keys(&mut self) -> Shape {
        let (mut keys, mut is_open) = (Vec::new(), false);
        while !self.take("}") && !self.0.is_empty() {
            if self.take("...") {
                is_open = true;
            } else {
                let is_needed = self.take("!");
                let key = self.word();
                self.take(": ");
                keys.push((key, is_needed, self.shape()));
            }
            self.take(", ");
        }
        Shape::Keys { keys, is_open }
    }

    fn word(&mut self) -> &'static str {
        let end = self.0.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    fn take(&mut self, sign: &str) -> bool {
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}
