//! Descriptions: rendered with YAML's names and `doc`; and those that cannot be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::parse::{Parsing, file_kind};
use crate::config::yaml::Step;
use crate::config::{YamlScope, is_template};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::jinja::{self, Problem, TemplateError};
use crate::project::{Entry, EntryKind, Project};

/// The texts of docs blocks by name, each with its package.
pub(super) type Blocks = Arc<BTreeMap<String, Vec<(String, String)>>>;

/// All docs blocks of a project and its packages.
pub(super) fn blocks(project: &Project) -> Blocks {
    let mut blocks: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for block in &project.docs {
        blocks.entry(block.name.clone()).or_default().push((block.package.clone(), block.text.clone()));
    }
    Arc::new(blocks)
}

impl Parsing<'_> {
    /// The names of templates in a package's YAML files.
    pub(super) fn yaml_scope(&self, package: &str) -> YamlScope {
        let facts = &self.session.facts;
        YamlScope {
            vars: Some(facts.vars.clone()),
            written_vars: true,
            target: Some(facts.target.clone()),
            package: package.to_owned(),
            secrets: false,
            environment: facts.environment.clone(),
            run: Some(self.run.clone()),
        }
    }

    /// A description with its templates rendered; one that cannot be rendered stays as written.
    pub(super) fn description(&self, package: &str, text: &str) -> String {
        self.described(package, text).unwrap_or_else(|_| text.to_owned())
    }

    /// The same, or why it cannot be rendered. `doc` finds the root project's block first, then the package's own, then any (dbt:
    /// `resolve_doc`).
    fn described(&self, package: &str, text: &str) -> Result<String, TemplateError> {
        if !is_template(text) {
            return Ok(text.to_owned());
        }
        let (blocks, own, root) = (self.blocks.clone(), package.to_owned(), self.session.facts.root.clone());
        let docs: jinja::Docs = Arc::new(move |wanted, name| {
            let found = blocks.get(name)?;
            let of = |package: &str| found.iter().find(|(known, _)| known == package);
            let hit = match wanted {
                Some(package) => of(package),
                None => of(&root).or_else(|| of(&own)).or_else(|| found.first()),
            };
            hit.map(|(_, text)| text.clone())
        });
        jinja::render_description(&self.session.engine, text, &self.yaml_scope(package), &docs)
    }
}

/// The descriptions of macros and of their arguments that are templates, rendered: by the macro's unique id, and the argument's name
/// or nothing.
pub(super) fn of_macros(parsing: &Parsing<'_>) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for entry in parsing.project.entries.iter().filter(|entry| entry.kind == EntryKind::Macro) {
        let arguments = entry.value.get("arguments").and_then(Value::as_array).into_iter().flatten();
        let of_arguments = arguments
            .filter_map(|argument| Some((argument.get("name")?.as_str()?, argument.get("description")?.as_str()?)));
        for (name, text) in entry.text("description").map(|text| ("", text)).into_iter().chain(of_arguments) {
            if is_template(text) {
                let id = format!("macro.{}.{}", entry.package, entry.name);
                let rendered = parsing.description(&entry.package, text);
                found.entry((id, name.to_owned())).or_insert(rendered);
            }
        }
    }
    found
}

/// Reports descriptions, at any depth of a declaration, that cannot be rendered. What describes nothing that is there and enabled is
/// never rendered; `described` holds the indexes of the entries that files took.
pub(super) fn broken(parsing: &Parsing<'_>, described: &BTreeSet<usize>, diagnostics: &mut Diagnostics) {
    let macros: BTreeSet<(&str, &str)> =
        parsing.project.macros.iter().map(|found| (found.package.as_str(), found.name.as_str())).collect();
    let is_there = |(index, entry): &(usize, &Entry)| match entry.kind {
        EntryKind::Macro => macros.contains(&(entry.package.as_str(), entry.name.as_str())),
        EntryKind::UnitTest | EntryKind::Group => false,
        kind if file_kind(kind).is_some() => described.contains(index),
        _ => entry.value.get("config").and_then(|config| config.get("enabled")) != Some(&Value::Bool(false)),
    };
    let entries = parsing.project.entries.par_iter().enumerate().filter(is_there);
    let found: Vec<Vec<Diagnostic>> = entries.map(|(_, entry)| broken_of(parsing, entry)).collect();
    diagnostics.extend(found.into_iter().flatten());
}

fn broken_of(parsing: &Parsing<'_>, entry: &Entry) -> Vec<Diagnostic> {
    let mut places = Vec::new();
    descriptions_of(&entry.value, &mut Vec::new(), &mut places);
    let problem = |(path, text): (Vec<Step>, &str)| {
        let error = parsing.described(&entry.package, text).err()?;
        let span = entry.span(parsing.sources, &path);
        let found = jinja::report(&error, "", (span.file, span.range()), &|_| false);
        Some(advised(parsing, Diagnostic { node: None, labels: Vec::new(), ..found }.at(span), &error))
    };
    places.into_iter().filter_map(problem).collect()
}

/// The problem with advice about a docs block that is not there.
fn advised(parsing: &Parsing<'_>, problem: Diagnostic, error: &TemplateError) -> Diagnostic {
    let missing = error.payload::<Problem>().filter(|problem| problem.code == Code::UnknownDoc);
    let Some(name) = missing.and_then(|problem| problem.columns.first()) else { return problem };
    problem.help(match did_you_mean(name, parsing.blocks.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write `{{% docs {name} %}} … {{% enddocs %}}` in a .md file beside the models"),
    })
}

/// The templates below `description` keys, with their paths.
fn descriptions<'v>(value: &'v Value, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, &'v str)>) {
    match value {
        Value::Object(fields) => descriptions_of(fields, path, found),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.into());
                descriptions(item, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn descriptions_of<'v>(fields: &'v Map<String, Value>, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, &'v str)>) {
    for (key, field) in fields {
        match field {
            Value::String(text) if key == "description" && is_template(text) => {
                found.push((path.iter().cloned().chain([key.as_str().into()]).collect(), text));
            }
            Value::Array(_) | Value::Object(_) if key != "config" && key != "meta" => {
                path.push(key.as_str().into());
                descriptions(field, path, found);
                path.pop();
            }
            _ => {}
        }
    }
}
