//! Data tests declared on models, seeds, snapshots, sources and their columns (dbt: `parser/generic_test_builders.py`,
//! `parser/schema_generic_tests.py`).

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::Lookup;
use super::configuration::{Wanted, is_true};
use super::node::{Node, TestDetails, version_text};
use super::parse::{Parsing, config_list, empty_node, place};
use super::source_table::{self, Table};
use super::test_form;
use super::version::{self, Declared};
use crate::config::is_template;
use crate::config::typed::{self, Typed};
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::jinja::{self, RefCall, Subject};
use crate::project::{Entry, EntryKind, NodeKind, internal_packages};
use crate::source::Span;

/// The arguments of a test that are configuration, when they are written beside the others.
pub(super) const CONFIG_ARGUMENTS: [&str; 14] = [
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// What tests are attached to.
struct Target<'a> {
    entry: &'a Entry,
    /// The source's table.
    table: Option<&'a str>,
    /// The number of that table in the entry that overrides the source.
    patch: Option<(&'a Entry, usize)>,
    /// The version of a versioned model.
    version: Option<Value>,
}

impl Target<'_> {
    /// Where steps from the entry lead to: into the entry that overrides it, if that has the key of the table.
    fn span(&self, parsing: &Parsing<'_>, steps: &[Step]) -> Span {
        if let (Some((patch, index)), [_, _, rest @ ..]) = (self.patch, steps) {
            let table: [Step; 2] = ["tables".into(), index.into()];
            if patch.has(&[&table, &rest[..rest.len().min(1)]].concat()) {
                return patch.span(parsing.sources, &[&table, rest].concat());
            }
        }
        self.entry.span(parsing.sources, steps)
    }
}

/// One test as written.
struct Written<'a> {
    target: &'a Target<'a>,
    column: Option<(&'a str, bool)>,
    tags: Vec<String>,
    value: &'a Value,
    steps: Vec<Step>,
}

impl Written<'_> {
    fn span(&self, parsing: &Parsing<'_>) -> Span {
        self.target.span(parsing, &self.steps)
    }
}

/// The parts of a test after it was taken apart.
struct Parts {
    name: String,
    namespace: Option<String>,
    arguments: Map<String, Value>,
    config: Map<String, Value>,
    description: String,
    /// The name the user gave, if any.
    custom: Option<String>,
    /// What dbt says of how it is written.
    old: Vec<Diagnostic>,
}

/// Every generic test of the project as a node: a list for each entry that declares some.
pub(super) fn tests(
    parsing: &Parsing<'_>,
    nodes: &[Node],
    lookup: &Lookup,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<Node>> {
    let (patches, _) = source_table::patches(parsing);
    let found: Vec<(Vec<Node>, Diagnostics)> = parsing
        .project
        .entries
        .par_iter()
        .map(|entry| {
            let (mut made, mut problems) = (Vec::new(), Diagnostics::default());
            declared_on(parsing, (entry, &patches), &mut problems, &mut made);
            made.shrink_to_fit();
            (made, problems)
        })
        .collect();
    let mut made = Vec::with_capacity(found.len());
    let mut told = BTreeSet::new();
    for (tests, mut problems) in found {
        made.push(tests);
        // One of each kind is told; there may be as many as there are tests.
        let is_first = |problem: &Diagnostic| {
            let event = problem.event.filter(|_| problem.code == Code::Deprecated);
            parsing.run.all_deprecations || event.is_none_or(|event| told.insert(event))
        };
        diagnostics.extend(problems.drain().into_iter().filter(is_first));
    }
    attach(made.iter_mut().flatten(), nodes, lookup);
    made
}

/// The tests that an entry declares; those of a source's tables may come from one that overrides it.
fn declared_on(
    parsing: &Parsing<'_>,
    (entry, patches): (&Entry, &[&Entry]),
    diagnostics: &mut Diagnostics,
    made: &mut Vec<Node>,
) {
    let of_all = Target { entry, table: None, patch: None, version: None };
    match entry.kind {
        EntryKind::Model => {
            let versions = entry.value.get("versions").and_then(Value::as_array).filter(|list| !list.is_empty());
            let Some(versions) = versions else {
                return collect(parsing, &of_all, &Tested::new(&entry.value, &[]), diagnostics, made);
            };
            for (index, version) in versions.iter().enumerate() {
                let target = Target { version: version.get("v").cloned(), ..of_all };
                collect(parsing, &target, &Tested::version(&entry.value, (index, version)), diagnostics, made);
            }
        }
        EntryKind::Seed | EntryKind::Snapshot => {
            collect(parsing, &of_all, &Tested::new(&entry.value, &[]), diagnostics, made);
        }
        EntryKind::Source if entry.value.get("overrides").is_none() => {
            source_table::each(entry, patches, |table| {
                let target = Target { entry, table: Some(table.name), patch: table.patch, version: None };
                let tested = Tested::new(&table.fields, &["tables".into(), table.index.into()]);
                let tested = Tested { tags: source_tags(&table), ..tested };
                collect(parsing, &target, &tested, diagnostics, made);
            });
        }
        _ => {}
    }
}

/// The group and the attached node of each test.
fn attach<'t>(tests: impl Iterator<Item = &'t mut Node>, nodes: &[Node], lookup: &Lookup) {
    let groups: HashMap<&str, &String> =
        nodes.iter().filter_map(|node| Some((node.unique_id.as_str(), node.group.as_ref()?))).collect();
    let mut named: HashMap<&str, &String> = HashMap::new();
    for node in nodes.iter().filter(|node| node.kind.is_refable() && !node.setting_flag("enabled")) {
        named.entry(&node.name).or_insert(&node.unique_id);
    }
    for test in tests {
        let Some(details) = test.test.as_mut() else { continue };
        let Some((_, target)) = details.file_key_name.split_once('.').filter(|(list, _)| *list != "sources") else {
            continue;
        };
        // The reference to what the test is declared on comes last; arguments may name other nodes.
        let Some(call) = test.refs.iter().rev().find(|call| call.name == target) else { continue };
        let own = RefCall { package: Some(test.package.clone()), ..call.clone() };
        let attached = lookup.reference(&test.package, &own).ok();
        details.attached_node = attached.or_else(|| named.get(call.name.as_str()).map(|id| (*id).clone()));
        if let Some(attached) = &details.attached_node {
            test.group = groups.get(attached.as_str()).map(|group| (*group).clone());
        }
    }
}

fn list(fields: &Map<String, Value>) -> Option<(&'static str, &Vec<Value>)> {
    ["data_tests", "tests"].into_iter().find_map(|key| Some((key, fields.get(key)?.as_array()?)))
}

/// What declares tests: a model, a version of it, a seed, a snapshot, or a table.
struct Tested<'a> {
    /// Its own, and the steps to them.
    tests: Option<(Vec<Step>, &'a Vec<Value>)>,
    columns: Vec<Declared<'a>>,
    tags: Vec<String>,
}

impl<'a> Tested<'a> {
    fn new(fields: &'a Map<String, Value>, steps: &[Step]) -> Self {
        let columns = fields.get("columns").and_then(Value::as_array).into_iter().flatten().enumerate();
        Self {
            tests: list(fields).map(|(key, tests)| ([steps, &[key.into()]].concat(), tests)),
            columns: columns.map(|(at, column)| ([steps, &["columns".into(), at.into()]].concat(), column)).collect(),
            tags: Vec::new(),
        }
    }

    /// A version has the model's tests where it has none of its own.
    fn version(model: &'a Map<String, Value>, (index, version): (usize, &'a Value)) -> Self {
        let own = version.as_object().and_then(list).map(|(key, tests)| {
            let steps: Vec<Step> = vec!["versions".into(), index.into(), key.into()];
            (steps, tests)
        });
        let tests = own.or_else(|| list(model).map(|(key, tests)| (vec![key.into()], tests)));
        Self { tests, columns: version::columns(model, index), tags: Vec::new() }
    }
}

fn collect(
    parsing: &Parsing<'_>,
    target: &Target<'_>,
    tested: &Tested<'_>,
    diagnostics: &mut Diagnostics,
    made: &mut Vec<Node>,
) {
    let mut add = |written: Written<'_>, diagnostics: &mut Diagnostics| {
        made.extend(test_node(parsing, &written, diagnostics));
    };
    let below = |steps: &[Step], at: usize| [steps, &[at.into()]].concat();
    if let Some((steps, tests)) = &tested.tests {
        for (index, value) in tests.iter().enumerate() {
            let (tags, steps) = (tested.tags.clone(), below(steps, index));
            add(Written { target, column: None, tags, value, steps }, diagnostics);
        }
    }
    for (steps, column) in &tested.columns {
        let (Some(name), Some(own)) = (column.get("name").and_then(Value::as_str), column.as_object()) else {
            continue;
        };
        let mut tags = tested.tags.clone();
        tags.extend(config_list(own, "tags"));
        let quote = own.get("quote").and_then(Value::as_bool).unwrap_or(false);
        let Some((key, tests)) = list(own) else { continue };
        match own.get("config").and_then(Value::as_object).map_or(Ok(Vec::new()), column_tags) {
            Ok(own) => tags.extend(own),
            Err(message) => {
                let steps = [steps.as_slice(), &["config".into(), "tags".into()]].concat();
                let span = target.span(parsing, &steps);
                diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help("write `tags: [NAME]`"));
                continue;
            }
        }
        let steps = [steps.as_slice(), &[key.into()]].concat();
        for (at, value) in tests.iter().enumerate() {
            let (tags, steps) = (tags.clone(), below(&steps, at));
            add(Written { target, column: Some((name, quote)), tags, value, steps }, diagnostics);
        }
    }
}

/// Tests take over the tags of their column's configuration, which must then be some.
fn column_tags(config: &Map<String, Value>) -> Result<Vec<String>, String> {
    match config.get("tags") {
        None | Some(Value::String(_) | Value::Array(_)) => Ok(config_list(config, "tags")),
        Some(other) => Err(format!("`tags` must be a text or a list of texts, not {other}")),
    }
}

/// Tests of a source's table carry the tags of source and table.
fn source_tags(table: &Table<'_>) -> Vec<String> {
    let mut tags = config_list(&table.source, "tags");
    tags.extend(config_list(&table.fields, "tags"));
    tags
}

fn test_node(parsing: &Parsing<'_>, written: &Written<'_>, diagnostics: &mut Diagnostics) -> Option<Node> {
    let entry = written.target.entry;
    let span = written.span(parsing);
    let mut parts = match take_apart(parsing, written) {
        Ok(parts) => parts,
        Err(message) => {
            let help = "write `- not_null`, or `- accepted_values: {arguments: {values: […]}}`";
            diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help(help));
            return None;
        }
    };
    diagnostics.extend(std::mem::take(&mut parts.old));
    let (short, full) = names(written.target, &parts);
    if short != full && !parts.config.contains_key("alias") {
        parts.config.insert("alias".to_owned(), json!(short));
    }
    // A test that nobody defines is a node like others: it fails when it is compiled, and only it. (dbt: the same.)
    let macro_id = find_macro(parsing, entry, &parts).unwrap_or_else(|| {
        diagnostics.push(unknown_test(parsing, &parts, span));
        String::new()
    });
    let noted = noted_macro(parsing, entry, &parts).unwrap_or_else(|| macro_id.clone());
    Some(assemble(parsing, written, parts, (short, full), (noted, macro_id, span), diagnostics))
}

fn find_macro(parsing: &Parsing<'_>, entry: &Entry, parts: &Parts) -> Option<String> {
    let facts = &parsing.session.facts;
    let own = [entry.package.clone(), facts.root.clone()];
    let searched: Vec<String> = match &parts.namespace {
        Some(namespace) => vec![namespace.clone()],
        None => own.into_iter().chain(internal_packages(facts.dialect.adapter())).collect(),
    };
    let name = format!("test_{}", parts.name);
    searched.iter().find_map(|package| parsing.session.library.get(package, &name)).map(|m| m.unique_id().to_string())
}

fn unknown_test(parsing: &Parsing<'_>, parts: &Parts, span: Span) -> Diagnostic {
    let known: Vec<String> =
        parsing.session.library.iter().filter_map(|m| m.def().name.strip_prefix("test_").map(str::to_owned)).collect();
    let help = match did_you_mean(&parts.name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "define it with `{% test %}`, or install the package that does".to_owned(),
    };
    let name = parts.namespace.as_ref().map_or_else(|| parts.name.clone(), |n| format!("{n}.{}", parts.name));
    Diagnostic::warning(Code::UnknownTest, format!("no generic test `{name}`")).at(span).help(help)
}

fn take_apart(parsing: &Parsing<'_>, written: &Written<'_>) -> Result<Parts, String> {
    let (test, mut arguments) = match written.value {
        Value::String(name) => (name.clone(), Map::new()),
        Value::Object(fields) => match fields.get("test_name") {
            Some(name) => {
                let mut rest = fields.clone();
                rest.shift_remove("test_name");
                (name.as_str().ok_or("`test_name` must be text")?.to_owned(), rest)
            }
            None => one_entry(fields)?,
        },
        _ => return Err("a test is a name, or a name with its arguments".to_owned()),
    };
    let old = test_form::deprecations(parsing, (&test, &arguments), written.span(parsing));
    if let Some((name, quote)) = written.column {
        arguments.insert("column_name".to_owned(), json!(if quote { format!("\"{name}\"") } else { name.to_owned() }));
    }
    if test_form::is_nested(parsing)
        && let Some(Value::Object(nested)) = arguments.shift_remove("arguments")
    {
        arguments.extend(nested);
    }
    if arguments.contains_key("model") {
        return Err("a test's arguments cannot contain `model`: it is what the test is declared on".to_owned());
    }
    arguments.insert("model".to_owned(), json!(model_text(written.target)));
    let (namespace, name) = split_name(&test).ok_or_else(|| format!("`{test}` is no name of a test"))?;
    let config = take_config(parsing, written, &mut arguments)?;
    if arguments.get("description").is_some_and(|description| !description.is_string() && !description.is_null()) {
        return Err("the `description` of a test is text".to_owned());
    }
    let text = |value: Option<Value>| value.map(|v| super::config_text(&typed::plain(&v)));
    let description = text(arguments.shift_remove("description")).unwrap_or_default();
    let custom = text(arguments.shift_remove("name"));
    let (name, namespace) = (name.to_owned(), namespace.map(str::to_owned));
    Ok(Parts { name, namespace, arguments, config, description, custom, old })
}

fn one_entry(fields: &Map<String, Value>) -> Result<(String, Map<String, Value>), String> {
    let mut entries = fields.iter();
    match (entries.next(), entries.next()) {
        (Some((name, Value::Object(arguments))), None) => Ok((name.clone(), arguments.clone())),
        (Some((name, Value::Null)), None) => Ok((name.clone(), Map::new())),
        (Some((name, _)), None) => Err(format!("the arguments of test `{name}` must be a mapping")),
        _ => Err("a test has one name; its arguments go below it, indented".to_owned()),
    }
}

/// The package and the name that a test's name begins with; dbt does not look at what follows (dbt: `TEST_NAME_PATTERN`).
fn split_name(written: &str) -> Option<(Option<&str>, &str)> {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end }
    };
    let first = word(written);
    let behind = written[first..].strip_prefix('.').filter(|rest| word(rest) > 0);
    match behind {
        Some(rest) if first > 0 => Some((Some(&written[..first]), &rest[..word(rest)])),
        _ => (first > 0).then(|| (None, &written[..first])),
    }
}

/// Takes the configuration out of the arguments: keys written beside the others first, then `config:`; both rendered.
fn take_config(
    parsing: &Parsing<'_>,
    written: &Written<'_>,
    arguments: &mut Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut nested =
        arguments.shift_remove("config").and_then(|config| config.as_object().cloned()).unwrap_or_default();
    let mut config = Map::new();
    for key in CONFIG_ARGUMENTS {
        let beside = arguments.shift_remove(key).filter(is_true);
        if let Some(value) = beside.or_else(|| nested.shift_remove(key)) {
            config.insert(key.to_owned(), typed::plain(&value));
        }
    }
    config.extend(nested);
    let scope = || parsing.yaml_scope(&written.target.entry.package);
    let render = |(key, value): (String, Value)| {
        let rendered = match &value {
            Value::String(text) if is_template(text) => {
                let rendered = jinja::render_yaml(&parsing.session.engine, text, &scope());
                rendered.map_err(|reason| format!("`{key}` of the test cannot be rendered: {reason}"))?
            }
            // Without Jinja it is a template all the same, whose last line end goes.
            Value::String(text) => json!(text.strip_suffix('\n').unwrap_or(text)),
            _ => value,
        };
        Ok((!rendered.is_null()).then_some((key, rendered)))
    };
    config.into_iter().filter_map(|pair| render(pair).transpose()).collect()
}

fn model_text(target: &Target<'_>) -> String {
    let name = &target.entry.name;
    let call = match (target.table, &target.version) {
        (Some(table), _) => format!("source('{name}', '{table}')"),
        (None, Some(version)) => format!("ref('{name}', version='{}')", version_text(version)),
        (None, None) => format!("ref('{name}')"),
    };
    format!("{{{{ get_where_subquery({call}) }}}}")
}

/// The name for files and the full name; they differ where the full one has 64 characters or more.
fn names(target: &Target<'_>, parts: &Parts) -> (String, String) {
    if let Some(custom) = &parts.custom {
        return (custom.clone(), custom.clone());
    }
    let prefix = if target.table.is_some() { "source_" } else { "" };
    let namespace = parts.namespace.as_ref().map(|n| format!("{n}_")).unwrap_or_default();
    let kind = format!("{namespace}{prefix}{}", parts.name);
    let name = match (target.table, &target.version) {
        (Some(table), _) => format!("{}_{table}", target.entry.name),
        (None, Some(version)) => format!("{}_v{}", target.entry.name, version_text(version)),
        (None, None) => target.entry.name.clone(),
    };
    let mut keys: Vec<&String> = parts.arguments.keys().filter(|key| *key != "model").collect();
    keys.sort();
    let mut flat: Vec<String> = Vec::new();
    for key in keys {
        match &parts.arguments[key] {
            Value::Object(fields) => flat.extend(fields.values().map(jinja::json_str)),
            Value::Array(items) => flat.extend(items.iter().map(jinja::json_str)),
            other => flat.push(jinja::json_str(other)),
        }
    }
    let unique: Vec<String> = flat.iter().map(|text| cleaned(text)).collect();
    let identifier = format!("{kind}_{name}");
    let full = format!("{identifier}_{}", unique.join("__"));
    if full.chars().count() < 64 {
        return (full.clone(), full);
    }
    let start: String = identifier.chars().take(30).collect();
    (format!("{start}_{}", md5_hex(&full)), full)
}

/// Runs of characters other than ASCII letters, digits and underscores become one underscore.
fn cleaned(text: &str) -> String {
    let mut out = String::new();
    let mut in_run = false;
    for c in text.chars() {
        let keeps = c.is_ascii_alphanumeric() || c == '_';
        if keeps {
            out.push(c);
        } else if !in_run {
            out.push('_');
        }
        in_run = !keeps;
    }
    out
}

fn md5_hex(text: &str) -> String {
    crate::source::md5(text)
}

/// The metadata as dbt hashes it: Python's text of a dictionary with every leaf as text and every key sorted.
fn hashed(parts: &Parts) -> String {
    let mut text = String::from("{'kwargs': ");
    hash_object(&parts.arguments, &mut text);
    let namespace = parts.namespace.as_deref().unwrap_or("None");
    for (key, value) in [("name", parts.name.as_str()), ("namespace", namespace)] {
        text.extend([", '", key, "': ", &jinja::text_repr(value)]);
    }
    text.push('}');
    text
}

fn hash_object(fields: &Map<String, Value>, out: &mut String) {
    let mut keys: Vec<&String> = fields.keys().collect();
    // Keys of several types have no order in Python: dbt stops at them.
    let number = |key: &str| match Typed::of(key) {
        Some(Typed::Key(key)) => key.as_f64(),
        _ => None,
    };
    keys.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal).then_with(|| a.cmp(b)));
    out.push('{');
    for (at, key) in keys.into_iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        out.push_str(&jinja::json_repr(&Value::String(key.clone())));
        out.push_str(": ");
        hash_value(&fields[key], out);
    }
    out.push('}');
}

fn hash_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => hash_object(fields, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                hash_value(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&jinja::text_repr(&jinja::json_str(other))),
    }
}

/// The macros a test's template sees while it is parsed: its own macro, `get_where_subquery`, and what these call (dbt:
/// `TestMacroNamespace`).
fn reachable(parsing: &Parsing<'_>, macro_id: &str) -> Arc<BTreeSet<String>> {
    let known = parsing.reachable.lock().unwrap_or_else(PoisonError::into_inner).get(macro_id).cloned();
    known.unwrap_or_else(|| {
        let found = Arc::new(reach(parsing, macro_id));
        let mut known = parsing.reachable.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(macro_id.to_owned()).or_insert(found).clone()
    })
}

fn reach(parsing: &Parsing<'_>, macro_id: &str) -> BTreeSet<String> {
    let library = &parsing.session.library;
    let facts = &parsing.session.facts;
    let holders = facts.packages.iter().cloned().chain(internal_packages(facts.dialect.adapter()));
    let wrapper = holders.into_iter().find_map(|package| library.get(&package, "get_where_subquery"));
    let mut seen = BTreeSet::new();
    let mut stack: Vec<String> =
        wrapper.map(|m| m.unique_id().to_string()).into_iter().chain([macro_id.to_owned()]).collect();
    while let Some(id) = stack.pop() {
        if seen.insert(id.clone()) {
            stack.extend(parsing.calls.get(&id).cloned().unwrap_or_default());
        }
    }
    seen
}

/// The macro dbt notes for a test: by name alone, wherever the test says it is from; the test's package first, then the root
/// project, then any (dbt: `MacroResolver.get_macro`).
fn noted_macro(parsing: &Parsing<'_>, entry: &Entry, parts: &Parts) -> Option<String> {
    let facts = &parsing.session.facts;
    let name = format!("test_{}", parts.name);
    let packages = facts.packages.iter().rev();
    let order = [&entry.package, &facts.root]
        .into_iter()
        .chain(packages)
        .cloned()
        .chain(internal_packages(facts.dialect.adapter()));
    order
        .into_iter()
        .find_map(|package| parsing.session.library.get(&package, &name))
        .map(|m| m.unique_id().to_string())
}

/// The call of a test's macro in its template.
fn call_text(parts: &Parts) -> String {
    let namespace = parts.namespace.as_ref().map(|namespace| format!("{namespace}.")).unwrap_or_default();
    format!("{namespace}test_{}(**_dbt_generic_test_kwargs)", parts.name)
}

fn raw_code(parts: &Parts) -> String {
    let pairs: Vec<String> = parts
        .config
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key}=\"{}\"", text.replace('"', "\\\"")),
            other => format!("{key}={}", jinja::json_str(other)),
        })
        .collect();
    let config = if pairs.is_empty() { String::new() } else { format!("{{{{ config({}) }}}}", pairs.join(",")) };
    format!("{{{{ {} }}}}{config}", call_text(parts))
}

/// The package, the folders of the properties file below its resource path, and the name.
fn fqn_of(entry: &Entry, name: &str) -> Vec<String> {
    let below = entry.original_path.split_once('/').map_or(entry.original_path.as_str(), |(_, rest)| rest);
    let folders = below.rsplit_once('/').map_or("", |(folders, _)| folders);
    let folders = folders.split('/').filter(|folder| !folder.is_empty());
    std::iter::once(entry.package.as_str()).chain(folders).chain([name]).map(str::to_owned).collect()
}

fn assemble(
    parsing: &Parsing<'_>,
    written: &Written<'_>,
    parts: Parts,
    names: (String, String),
    found: (String, String, Span),
    diagnostics: &mut Diagnostics,
) -> Node {
    let ((short, name), (macro_id, called, span)) = (names, found);
    let entry = written.target.entry;
    let hash = md5_hex(&format!("{name}{}", hashed(&parts)));
    let unique_id = format!("test.{}.{name}.{}", entry.package, &hash[hash.len() - 10..]);
    let fqn = fqn_of(entry, &name);
    let raw: Arc<str> = raw_code(&parts).into();
    let mut node = Node {
        kind: NodeKind::Test,
        unique_id,
        package: entry.package.clone(),
        path: format!("{short}.sql"),
        original_path: entry.original_path.clone(),
        description: parsing.description(&entry.package, &parts.description),
        macros: Some(macro_id.clone()).filter(|id| !id.is_empty()).into_iter().collect(),
        ..empty_node(entry.file)
    };
    let mut calls = parts.config.clone();
    if matches!(macro_id.as_str(), "macro.dbt.test_not_null" | "macro.dbt.test_unique") {
        match written.target.table {
            Some(table) => node.sources.push((entry.name.clone(), table.to_owned())),
            None => node.refs.push(RefCall {
                package: None,
                name: entry.name.clone(),
                version: written.target.version.clone().map(Box::new),
            }),
        }
    } else {
        let subject = parsing.subject(&entry.package, &node.unique_id, &name, NodeKind::Test);
        let subject = Arc::new(Subject { arguments: Some(parts.arguments.clone()), ..(*subject).clone() });
        let seen = reachable(parsing, &macro_id);
        // What the template cannot see calls nothing and configures nothing; the arguments are rendered all the same.
        let subject = Arc::new(Subject { reached: seen.clone(), ..(*subject).clone() });
        let call = if seen.contains(&called) { call_text(&parts) } else { "''".to_owned() };
        let parsed = parsing.parse(&subject, &format!("{{{{ {call} }}}}"), span.file, span.start);
        diagnostics.extend(parsed.problem.map(|problem| Diagnostic { labels: Vec::new(), ..problem }.at(span)));
        node.refs = parsed.facts.refs;
        node.sources = parsed.facts.sources;
        node.macros.extend(parsed.macros.into_iter().filter(|id| *id != macro_id && seen.contains(id)));
        let own = parts.config.clone().into_iter().filter(|(_, value)| !value.is_null());
        for (key, value) in parsed.facts.config.into_iter().chain(own) {
            jinja::merge_config_value(&mut calls, &key, value);
        }
    }
    let wanted = Wanted { kind: NodeKind::Test, package: &entry.package, fqn: &fqn, properties: Map::new(), calls };
    let resolved = parsing.trees.resolve(&wanted);
    (node.config, node.unrendered_config) = (resolved.config, resolved.unrendered);
    node.tags = written.tags.iter().cloned().chain(config_list(&parts.config, "tags")).collect();
    node.tags.sort();
    node.tags.dedup();
    let list = if written.target.table.is_some() { "sources" } else { entry.kind.key() };
    node.test = Some(Box::new(TestDetails {
        name: parts.name,
        namespace: parts.namespace,
        column_name: parts
            .arguments
            .get("column_name")
            .filter(|_| written.column.is_some())
            .and_then(Value::as_str)
            .map(str::to_owned),
        arguments: parts.arguments,
        attached_node: None,
        file_key_name: format!("{list}.{}", entry.name),
        span,
    }));
    (node.name, node.fqn, node.raw) = (name, fqn, raw);
    parsing.finish(&mut node);
    place(&mut node, span);
    node
}
