//! Descriptions: their `doc()` calls, and those that name no block.

use std::cell::RefCell;

use serde_json::Value;

use super::parse::Parsing;
use crate::config::YamlScope;
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::jinja;

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
                self.project
                    .docs
                    .iter()
                    .find(|doc| doc.name == name && package.is_none_or(|p| p == doc.package))
                    .map(|doc| doc.text.clone())
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

/// Reports descriptions, at any depth of a declaration, whose `doc()` names a block that no file has.
pub(super) fn unknown_docs(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) {
    let known: Vec<&str> = parsing.project.docs.iter().map(|doc| doc.name.as_str()).collect();
    for entry in &parsing.project.entries {
        let mut places = Vec::new();
        descriptions(&Value::Object(entry.value.clone()), &mut Vec::new(), &mut places);
        for (path, text) in places {
            let missing = RefCell::default();
            parsing.described(&entry.package, &text, &missing);
            for name in missing.into_inner() {
                let help = match did_you_mean(&name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write `{{% docs {name} %}} … {{% enddocs %}}` in a .md file beside the models"),
                };
                let span = entry.span(parsing.sources, &path);
                diagnostics
                    .push(Diagnostic::error(Code::UnknownDoc, format!("no docs block `{name}`")).at(span).help(help));
            }
        }
    }
}

/// The texts below `description` keys that call `doc`, with their paths.
fn descriptions(value: &Value, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push(key.as_str().into());
                match field {
                    Value::String(text) if key == "description" && text.contains("doc(") => {
                        found.push((path.clone(), text.clone()));
                    }
                    _ if key != "config" && key != "meta" => descriptions(field, path, found),
                    _ => {}
                }
                path.pop();
            }
        }
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
