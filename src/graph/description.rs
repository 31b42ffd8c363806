//! Descriptions: their `doc()` calls, and those that name no block.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::parse::Parsing;
use crate::config::YamlScope;
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::jinja;
use crate::project::{DocsBlock, Project};

impl Parsing<'_> {
    /// A description with its `doc()` calls answered; one that cannot be rendered stays as written.
    pub(super) fn description(&self, package: &str, text: &str) -> String {
        self.described(package, text, &RefCell::default())
    }

    /// The same, with the names of blocks that are not there.
    fn described(&self, package: &str, text: &str, missing: &RefCell<Vec<String>>) -> String {
        if !text.contains("{{") && !text.contains("{%") {
            return text.to_owned();
        }
        let facts = &self.session.facts;
        let scope = YamlScope {
            vars: Some(facts.vars.clone()),
            target: Some(facts.target.clone()),
            package: package.to_owned(),
            secrets: false,
            environment: facts.environment.clone(),
        };
        let docs = |wanted: Option<&str>, name: &str| {
            let order = [Some(package), Some(facts.root.as_str())];
            let find = |package: Option<&str>| {
                let named = self.docs.get(name).into_iter().flatten();
                named.filter(|doc| package.is_none_or(|p| p == doc.package)).map(|doc| doc.text.clone()).next()
            };
            let found =
                if wanted.is_some() { find(wanted) } else { order.into_iter().find_map(find).or_else(|| find(None)) };
            if found.is_none() {
                missing.borrow_mut().push(name.to_owned());
            }
            found
        };
        jinja::render_description(&self.session.engine, text, &scope, &docs).unwrap_or_else(|_| text.to_owned())
    }
}

/// The docs blocks by name, in the order of reading.
pub(super) fn by_name(project: &Project) -> HashMap<&str, Vec<&DocsBlock>> {
    let mut named: HashMap<&str, Vec<&DocsBlock>> = HashMap::new();
    project.docs.iter().for_each(|doc| named.entry(&doc.name).or_default().push(doc));
    named
}

/// Reports descriptions, at any depth of a declaration, whose `doc()` names a block that no file has.
pub(super) fn unknown_docs(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) {
    for entry in &parsing.project.entries {
        let mut places = Vec::new();
        descriptions(&entry.value, &mut places);
        for (path, text) in places {
            let missing = RefCell::default();
            parsing.described(&entry.package, text, &missing);
            for name in missing.into_inner() {
                let help = match did_you_mean(&name, parsing.project.docs.iter().map(|doc| doc.name.as_str())) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write `{{% docs {name} %}} … {{% enddocs %}}` in a .md file beside the models"),
                };
                let path: Vec<Step> = path.iter().rev().cloned().collect();
                let span = entry.span(parsing.sources, &path);
                diagnostics
                    .push(Diagnostic::error(Code::UnknownDoc, format!("no docs block `{name}`")).at(span).help(help));
            }
        }
    }
}

/// The texts below `description` keys that call `doc`, with their paths, last step first.
fn descriptions<'v>(fields: &'v Map<String, Value>, found: &mut Vec<(Vec<Step>, &'v str)>) {
    for (key, field) in fields {
        let before = found.len();
        match field {
            Value::String(text) if key == "description" && text.contains("doc(") => found.push((Vec::new(), text)),
            _ if key != "config" && key != "meta" => inside(field, found),
            _ => {}
        }
        found[before..].iter_mut().for_each(|(path, _)| path.push(key.as_str().into()));
    }
}

fn inside<'v>(value: &'v Value, found: &mut Vec<(Vec<Step>, &'v str)>) {
    match value {
        Value::Object(fields) => descriptions(fields, found),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let before = found.len();
                inside(item, found);
                found[before..].iter_mut().for_each(|(path, _)| path.push(index.into()));
            }
        }
        _ => {}
    }
}
