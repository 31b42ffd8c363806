//! Unit tests: what a model makes of rows that are given (dbt: `parser/unit_tests.py`).

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Lookup;
use super::configuration::Wanted;
use super::fixture;
use super::node::{Node, UnitTestDetails, version_text};
use super::parse::{Parsing, config_list, empty_node, own_config, place};
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::jinja::{self, Problem, RefCall};
use crate::project::{Entry, EntryKind, NodeKind};
use crate::source::Span;

/// A unit test's declaration while it is read.
struct Reader<'a> {
    parsing: &'a Parsing<'a>,
    nodes: &'a [Node],
    ids: &'a HashMap<&'a str, &'a Node>,
    lookup: &'a Lookup,
    entry: &'a Entry,
    problems: Vec<Diagnostic>,
    /// The first input that stands for nothing: only the test fails, once it runs.
    refused: Option<Box<Diagnostic>>,
}

/// Every unit test of the project as a node; one for each version of a versioned model.
pub(super) fn tests(
    parsing: &Parsing<'_>,
    nodes: &[Node],
    lookup: &Lookup,
    diagnostics: &mut Diagnostics,
) -> Vec<Node> {
    let mut made = Vec::new();
    // Of two nodes with one name the first counts, as everywhere.
    let ids = nodes.iter().rev().map(|node| (node.unique_id.as_str(), node)).collect();
    for entry in parsing.project.entries.iter().filter(|entry| entry.kind == EntryKind::UnitTest) {
        let mut reader = Reader { parsing, nodes, ids: &ids, lookup, entry, problems: Vec::new(), refused: None };
        made.extend(reader.read());
        diagnostics.extend(reader.problems);
    }
    made
}

impl<'a> Reader<'a> {
    fn span(&self, steps: &[Step]) -> Span {
        self.entry.span(self.parsing.sources, steps)
    }

    fn report(&mut self, code: Code, message: String, help: impl Into<String>, steps: &[Step]) {
        let span = self.span(steps);
        self.problems.push(Diagnostic::error(code, message).at(span).help(help));
    }

    fn read(&mut self) -> Vec<Node> {
        let Some(model) = self.entry.text("model").map(str::to_owned) else {
            let message = format!("unit test `{}` names no model", self.entry.name);
            self.report(Code::BadConfig, message, "add `model:` with the name of the model it tests", &[]);
            return Vec::new();
        };
        let mut blank = self.blank(&model);
        if !blank.setting_flag("enabled") {
            return vec![self.as_written(blank)];
        }
        let Some(tested) = self.tested(&model) else { return Vec::new() };
        if !tested.setting_flag("enabled") {
            Arc::make_mut(&mut blank.config).insert("enabled".to_owned(), Value::Bool(false));
            return vec![self.as_written(blank)];
        }
        let known = self.problems.len();
        let given = self.given(tested);
        let expect = self.expect();
        self.check_incremental(tested);
        let versions = self.versions(tested);
        if self.problems.len() > known {
            return Vec::new();
        }
        let (given, inputs) = given;
        holding(&mut blank, given, expect);
        let one = |tested: &Node| self.test_of(&blank, tested, &inputs);
        versions.into_iter().map(one).collect()
    }

    /// A test that is switched off: its rows are not looked at.
    fn as_written(&self, mut test: Node) -> Node {
        let rows =
            |item: &Value| json!({"rows": item.get("rows"), "format": format_of(item), "fixture": item.get("fixture")});
        let input = |item: &Value| {
            let mut given = json!({"input": item.get("input").and_then(Value::as_str).unwrap_or_default()});
            if let (Value::Object(given), Value::Object(rows)) = (&mut given, rows(item)) {
                given.extend(rows);
            }
            given
        };
        let items = self.entry.value.get("given").and_then(Value::as_array);
        let given = items.into_iter().flatten().map(input).collect();
        let expect = rows(self.entry.value.get("expect").unwrap_or(&Value::Null));
        holding(&mut test, given, expect);
        test
    }

    /// The test with what holds for all versions of its model.
    fn blank(&self, model: &str) -> Node {
        let entry = self.entry;
        let mut fqn = vec![entry.package.clone()];
        let mut folders: Vec<String> = entry.original_path.split('/').skip(1).map(str::to_owned).collect();
        folders.pop();
        fqn.extend(folders);
        fqn.extend([model.to_owned(), entry.name.clone()]);
        let mut properties = own_config(&entry.value);
        properties.retain(|key, _| matches!(key.as_str(), "enabled" | "tags" | "meta" | "static_analysis"));
        let wanted =
            Wanted { kind: NodeKind::UnitTest, package: &entry.package, fqn: &fqn, properties, calls: Map::new() };
        let resolved = self.parsing.trees.resolve(&wanted);
        let declared = declaration(entry, model);
        let mut node = Node {
            kind: NodeKind::UnitTest,
            unique_id: format!("unit_test.{}.{model}.{}", entry.package, entry.name),
            name: entry.name.clone(),
            package: entry.package.clone(),
            path: entry.path.clone(),
            original_path: entry.original_path.clone(),
            tags: config_list(&resolved.config, "tags"),
            config: resolved.config,
            unrendered_config: resolved.unrendered,
            description: entry.text("description").unwrap_or_default().to_owned(),
            declared,
            fqn,
            ..empty_node(entry.file)
        };
        place(&mut node, self.span(&["name".into()]));
        node
    }

    /// The model under test, disabled ones too.
    fn tested(&mut self, model: &str) -> Option<&'a Node> {
        let mut words = model.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let call = RefCall { package: None, name, version: words.next().map(|version| Box::new(json!(version))) };
        let problem = match self.lookup.reference(&self.entry.package, &call) {
            Ok(id) => {
                let found = self.ids.get(id.as_str()).copied();
                if let Some(node) = found.filter(|node| node.kind == NodeKind::Model) {
                    return Some(node);
                }
                Problem::new(Code::UnknownRef, format!("`{}` is no model", call.name)).help("name a model")
            }
            Err(problem) => problem,
        };
        let disabled = self
            .nodes
            .iter()
            .find(|node| node.kind == NodeKind::Model && node.name == call.name && !node.setting_flag("enabled"));
        if disabled.is_none() {
            let message = format!("unit test `{}`: {}", self.entry.name, problem.message);
            self.report(problem.code, message, problem.help.unwrap_or_default(), &["model".into()]);
        }
        disabled
    }

    /// The inputs as dbt keeps them, and what each stands for.
    fn given(&mut self, tested: &Node) -> (Vec<Value>, Vec<String>) {
        let items = match self.entry.value.get("given") {
            Some(Value::Array(items)) => items.clone(),
            None | Some(Value::Null) => Vec::new(),
            Some(_) => {
                let message = format!("`given` of unit test `{}` must be a list", self.entry.name);
                self.report(Code::BadConfig, message, "begin each item with `- input:`", &["given".into()]);
                Vec::new()
            }
        };
        let (mut given, mut inputs) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let steps: [Step; 2] = ["given".into(), index.into()];
            let Some(input) = item.get("input").and_then(Value::as_str) else {
                let message = format!("an input of unit test `{}` needs `input`", self.entry.name);
                self.report(
                    Code::BadConfig,
                    message,
                    "write `input: ref('model')`, `source('source', 'table')` or `this`",
                    &steps,
                );
                continue;
            };
            let id = self.input(input, tested, &steps).unwrap_or_default();
            let rows = self.rows(item, Some(&id), &steps);
            given.push(json!({
                "input": input, "rows": rows, "format": format_of(item), "fixture": item.get("fixture"),
            }));
            inputs.push(id);
        }
        (given, inputs)
    }

    /// What an input stands for: `ref(…)`, `source(…)`, or `this` for the model itself.
    fn input(&mut self, input: &str, tested: &Node, steps: &[Step]) -> Option<String> {
        if input.trim() == "this" {
            return Some(tested.unique_id.clone());
        }
        let at = [steps, &["input".into()]].concat();
        let span = self.span(&at);
        let subject = self.parsing.subject(&self.entry.package, "", &self.entry.name, NodeKind::UnitTest);
        // A project's own `ref` is not asked (dbt: `statically_parse_ref_or_source`).
        let call = format!("{{{{ builtins.{} }}}}", input.trim());
        let parsed = self.parsing.parse(&subject, &call, span.file, span.start);
        let (refs, sources) = (parsed.facts.refs, parsed.facts.sources);
        let answer = match (refs.first(), sources.first()) {
            (Some(call), _) => self.lookup.reference(&self.entry.package, call),
            (None, Some((source, table))) => self.lookup.source(&self.entry.package, source, table),
            (None, None) => Err(Problem::new(Code::BadConfig, format!("`{input}` is no input"))
                .help("write `ref('model')`, `source('source', 'table')` or `this`")),
        };
        let problem = match answer {
            Ok(id) => return Some(id),
            Err(problem) => problem,
        };
        let message = format!("unit test `{}`: {}", self.entry.name, problem.message);
        let problem = Diagnostic::error(problem.code, message).at(span).help(problem.help.unwrap_or_default());
        self.refused.get_or_insert_with(|| Box::new(problem));
        None
    }

    fn expect(&mut self) -> Value {
        let steps: [Step; 1] = ["expect".into()];
        // A file without it has been refused for its shape.
        let Some(item) = self.entry.value.get("expect").filter(|item| item.is_object()).cloned() else {
            return Value::Null;
        };
        let rows = self.rows(&item, None, &steps);
        json!({"rows": rows, "format": format_of(&item), "fixture": item.get("fixture")})
    }

    /// Rows as a list of mappings, or as SQL; of a seed whose input gives none, those of its file.
    fn rows(&mut self, item: &Value, input: Option<&str>, steps: &[Step]) -> Value {
        let rows = item.get("rows").filter(|rows| !rows.is_null());
        let named = item.get("fixture").and_then(Value::as_str);
        let at = |key: &str| [steps, &[key.into()]].concat();
        match format_of(item) {
            "dict" => match (rows, input) {
                (Some(Value::Array(list)), _) if list.iter().all(Value::is_object) => {
                    fixture::complete_first(list.clone())
                }
                (None, Some(seed)) if named.is_none() => self.seed_rows(seed, steps),
                _ => {
                    let help = "write a list of mappings, or say `format: csv` or `format: sql`";
                    let message = format!("rows of unit test `{}` are no list of mappings", self.entry.name);
                    self.report(Code::BadConfig, message, help, &at("rows"));
                    Value::Null
                }
            },
            format @ ("csv" | "sql") => match self.rows_text(item, steps) {
                Some(text) if format == "csv" => fixture::complete_first(fixture::csv_rows(&text, true)),
                Some(text) => Value::String(text),
                None => Value::Null,
            },
            // Other formats have been refused for the file's shape.
            _ => Value::Null,
        }
    }

    /// Rows that are written as a text, here or in a file.
    fn rows_text(&mut self, item: &Value, steps: &[Step]) -> Option<String> {
        let at = |key: &str| [steps, &[key.into()]].concat();
        if let Some(name) = item.get("fixture").and_then(Value::as_str) {
            return self.fixture_text(name, &at("fixture"));
        }
        let Some(text) = item.get("rows").and_then(Value::as_str) else {
            let message = format!("rows of unit test `{}` are no text", self.entry.name);
            let help = "write the rows as a text, or name a file: `fixture: name`";
            self.report(Code::BadConfig, message, help, &at("rows"));
            return None;
        };
        // dbt renders the text, and a template loses the last end of a line.
        Some(text.strip_suffix('\n').unwrap_or(text).to_owned())
    }

    fn fixture_text(&mut self, name: &str, steps: &[Step]) -> Option<String> {
        let project = self.parsing.project;
        let own = |fixture: &&crate::project::Fixture| fixture.package == self.entry.package;
        let found = project.fixtures.iter().filter(own).find(|fixture| fixture.name == name);
        if let Some(fixture) = found {
            return Some(self.parsing.sources.text(fixture.file).trim().to_owned());
        }
        let known = project.fixtures.iter().filter(own).map(|fixture| fixture.name.as_str());
        let help = match crate::diagnostic::did_you_mean(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add {name}.csv or {name}.sql to tests/fixtures"),
        };
        self.report(Code::MissingFile, format!("no fixture `{name}`"), help, steps);
        None
    }

    /// The rows of a seed's file.
    fn seed_rows(&mut self, id: &str, steps: &[Step]) -> Value {
        let seed = self.ids.get(id).filter(|node| node.kind == NodeKind::Seed);
        let Some(seed) = seed else {
            let message = format!("an input of unit test `{}` has no rows", self.entry.name);
            self.report(Code::BadConfig, message, "add `rows:`; only seeds go without", steps);
            return Value::Null;
        };
        fixture::complete_first(fixture::csv_rows(self.parsing.sources.text(seed.file), false))
    }

    /// A model that asks `is_incremental` must be told in the test, and then be given its own rows.
    fn check_incremental(&mut self, tested: &Node) {
        if !tested.macros.iter().any(|id| id == "macro.dbt.is_incremental") {
            return;
        }
        let said = self.entry.value.get("overrides").and_then(|own| own.get("macros")?.get("is_incremental"));
        let Some(said) = said.and_then(Value::as_bool) else {
            let message = format!("unit test `{}` must say whether `{}` is incremental", self.entry.name, tested.name);
            let help = "add `overrides: {macros: {is_incremental: true}}`, or `false`";
            return self.report(Code::BadConfig, message, help, &["name".into()]);
        };
        let inputs = self.entry.value.get("given").and_then(Value::as_array).into_iter().flatten();
        let has_this = inputs.filter_map(|item| item.get("input")?.as_str()).any(|input| input == "this");
        if said && !has_this {
            let message = format!(
                "unit test `{}` of the incremental model `{}` needs the rows that are there already",
                self.entry.name, tested.name
            );
            self.report(Code::BadConfig, message, "add `- input: this` with rows", &["given".into()]);
        }
    }

    /// The models to test: the versions that `versions` leaves, or the one model.
    fn versions(&mut self, tested: &'a Node) -> Vec<&'a Node> {
        let words = |key: &str| -> Option<Vec<String>> {
            let list = self.entry.value.get("versions")?.get(key)?.as_array()?;
            Some(list.iter().map(version_text).collect()).filter(|list: &Vec<String>| !list.is_empty())
        };
        let (include, exclude) = (words("include"), words("exclude"));
        if include.is_some() && exclude.is_some() {
            let message = format!("unit test `{}` both includes and excludes versions", self.entry.name);
            self.report(Code::BadConfig, message, "remove `include` or `exclude`", &["versions".into()]);
        }
        if tested.version.is_none() {
            if include.is_some() || exclude.is_some() {
                let message = format!("unit test `{}` names versions, and `{}` has none", self.entry.name, tested.name);
                self.report(Code::BadConfig, message, "remove `versions`", &["versions".into()]);
            }
            return vec![tested];
        }
        let is_meant = |node: &&Node| {
            let version = node.version.as_deref().map(version_text).unwrap_or_default();
            match (&exclude, &include) {
                (Some(left_out), _) => !left_out.contains(&version),
                (None, Some(taken)) => taken.contains(&version),
                (None, None) => true,
            }
        };
        let is_version = |node: &&Node| {
            node.kind == NodeKind::Model
                && node.package == tested.package
                && node.name == tested.name
                && node.setting_flag("enabled")
        };
        let meant: Vec<&Node> = if tested.version.is_some() {
            self.nodes.iter().filter(is_version).filter(is_meant).collect()
        } else {
            Some(tested).into_iter().filter(is_version).filter(is_meant).collect()
        };
        if meant.is_empty() {
            let message = format!("unit test `{}` means no version of `{}`", self.entry.name, tested.name);
            self.report(Code::BadConfig, message, "correct `versions`", &["versions".into()]);
        }
        meant
    }

    /// The test of one model or version.
    fn test_of(&self, blank: &Node, tested: &Node, inputs: &[String]) -> Node {
        let mut node = blank.clone();
        node.depends_on = vec![tested.unique_id.clone()];
        node.schema.clone_from(&tested.schema);
        node.database.clone_from(&tested.database);
        node.raw.clone_from(&tested.raw);
        node.alias.clone_from(&node.name);
        if let Some(version) = &tested.version {
            let suffix = format!("_v{}", version_text(version));
            node.unique_id.push_str(&suffix);
            node.alias.push_str(&suffix);
            node.version = Some(version.clone());
        }
        let inputs = inputs.iter().map(|id| {
            // `this`, and references to the model, mean the version that is tested.
            let other = self.ids.get(id.as_str());
            let is_own = other.is_some_and(|other| other.name == tested.name && other.version.is_some());
            if is_own && blank.declared.get("given").is_some() { tested.unique_id.clone() } else { id.clone() }
        });
        let origin = (tested.file, tested.code.clone());
        node.unit = Some(Box::new(UnitTestDetails {
            tested: tested.unique_id.clone(),
            inputs: inputs.collect(),
            refused: self.refused.clone(),
            origin,
            span: self.span(&["name".into()]),
        }));
        node
    }
}

/// What is declared for all versions of the model, with every key dbt gives it.
fn declaration(entry: &Entry, model: &str) -> Map<String, Value> {
    let part = |key: &str| entry.value.get(key).and_then(Value::as_object);
    let overrides = part("overrides").map(|own| {
        let map = |key: &str| own.get(key).filter(|map| map.is_object()).cloned().unwrap_or_else(|| json!({}));
        json!({"macros": map("macros"), "vars": map("vars"), "env_vars": map("env_vars")})
    });
    let versions = part("versions").map(|own| json!({"include": own.get("include"), "exclude": own.get("exclude")}));
    let declared = json!({"model": model, "overrides": overrides, "versions": versions});
    declared.as_object().cloned().unwrap_or_default()
}

fn format_of(item: &Value) -> &str {
    item.get("format").and_then(Value::as_str).unwrap_or("dict")
}

/// What tells a changed test from an unchanged one: a digest of the declaration as Python prints it.
/// Puts inputs and expectation into a test's declaration, with their checksum.
fn holding(test: &mut Node, given: Vec<Value>, expect: Value) {
    test.declared.insert("given".to_owned(), Value::Array(given));
    test.declared.insert("expect".to_owned(), expect);
    let checksum = checksum(&test.declared);
    test.declared.insert("checksum".to_owned(), json!(checksum));
}

fn checksum(declared: &Map<String, Value>) -> String {
    let part = |key: &str| declared.get(key).cloned().unwrap_or_default();
    let repr = |value: &Value| jinja::json_repr(value);
    let format = |value: &Value| {
        let name = match value.as_str() {
            Some("csv") => "CSV",
            Some("sql") => "SQL",
            _ => "Dict",
        };
        format!("<UnitTestFormat.{name}: {}>", repr(value))
    };
    let output = |item: &Value| {
        format!("rows={}, format={}, fixture={}", repr(&item["rows"]), format(&item["format"]), repr(&item["fixture"]))
    };
    let given = part("given");
    let items = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let inputs: Vec<String> = items
        .iter()
        .map(|item| format!("UnitTestInputFixture(input={}, {})", repr(&item["input"]), output(item)))
        .collect();
    let versions = match part("versions") {
        Value::Null => "None".to_owned(),
        own => format!("UnitTestNodeVersions(include={}, exclude={})", repr(&own["include"]), repr(&own["exclude"])),
    };
    let overrides = match part("overrides") {
        Value::Null => "None".to_owned(),
        own => format!(
            "UnitTestOverrides(macros={}, vars={}, env_vars={})",
            repr(&own["macros"]),
            repr(&own["vars"]),
            repr(&own["env_vars"])
        ),
    };
    let expect = format!("UnitTestOutputFixture({})", output(&part("expect")));
    let mut data = format!(
        "{}-{versions}-[{}]-{expect}-{overrides}",
        part("model").as_str().unwrap_or_default(),
        inputs.join(", ")
    );
    for item in items.iter().filter(|item| item["fixture"].is_string()) {
        data.push('-');
        data.push_str(&jinja::json_str(&item["rows"]));
    }
    crate::source::sha256(&data)
}
