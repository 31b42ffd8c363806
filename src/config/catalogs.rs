//! `catalogs.yml`: catalogs outside of the warehouse that tables are written to (dbt: `config/catalogs.py`).

use std::path::Path;

use serde_json::{Map, Value};

use super::yaml::{self, Step};
use super::{Templates, YamlScope, render_strings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Sources, Span, read_text};
use crate::sql::Dialect;

/// The name of the file.
const NAME: &str = "catalogs.yml";

/// The kinds of catalog that dbt's adapter writes to.
fn types(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Snowflake => &["built_in", "iceberg_rest", "info_schema"],
        Dialect::DuckDb => &[],
    }
}

/// Reports what is wrong with the file beside the project file, if there is one.
pub fn check_catalogs(
    root: &Path,
    (templates, scope): (&dyn Templates, &YamlScope),
    dialect: Dialect,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    let path = root.join(NAME);
    let Ok(text) = read_text(&path) else { return };
    let file = sources.add(NAME, Some(path), text);
    let text = sources.text(file).to_string();
    let document = match yaml::parse(&text) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.offset.unwrap_or(0);
            diagnostics.push(Diagnostic::error(Code::YamlSyntax, error.message).at(Span::new(file, offset..offset)));
            return;
        }
    };
    let mut reader = Reader { file, text: &text, dialect, diagnostics };
    if document.as_object().is_none_or(serde_json::Map::is_empty) {
        return reader.fail(&[], format!("{NAME} holds nothing"), "write `catalogs:` with a list, or remove the file");
    }
    let mut problems = Vec::new();
    let document = render_strings(&document, templates, scope, &mut Vec::new(), &|_| false, &mut problems);
    for (path, reason) in problems {
        reader.fail(&yaml::steps(&path), reason, "set the variable, or give it a default");
    }
    let catalogs = document.get("catalogs").and_then(Value::as_array).into_iter().flatten();
    for (index, catalog) in catalogs.enumerate() {
        reader.catalog(&["catalogs".into(), index.into()], catalog);
    }
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    dialect: Dialect,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn fail(&mut self, steps: &[Step], message: String, help: &str) {
        let span = Span::new(self.file, yaml::locate(self.text, steps));
        self.diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help(help));
    }

    /// A catalog: its integrations have names of their own, and one of them is written to.
    fn catalog(&mut self, steps: &[Step], catalog: &Value) {
        let text = |key: &str| catalog.get(key).and_then(Value::as_str);
        let Some(name) = text("name") else {
            return self.fail(steps, "a catalog needs a `name`".to_owned(), "add `name:`");
        };
        let integrations = catalog.get("write_integrations").and_then(Value::as_array).map(Vec::as_slice);
        let integrations = integrations.unwrap_or_default();
        let mut names: Vec<&str> = Vec::new();
        for (index, integration) in integrations.iter().enumerate() {
            let here = [steps, &["write_integrations".into(), index.into()]].concat();
            let Some(fields) = integration.as_object() else {
                self.fail(
                    &here,
                    "an integration is a mapping".to_owned(),
                    "write `name:`, `catalog_type:` and what it needs",
                );
                continue;
            };
            let own = self.integration(&here, fields);
            if own.is_some_and(|own| names.contains(&own)) {
                let message = format!("catalog `{name}` has two integrations of one name");
                self.fail(&here, message, "rename one of them");
            }
            names.extend(own);
        }
        self.active(steps, (name, &names), text("active_write_integration"));
    }

    /// Which of a catalog's integrations is written to.
    fn active(&mut self, steps: &[Step], (name, names): (&str, &[&str]), active: Option<&str>) {
        match active {
            Some(active) if names.contains(&active) => {}
            Some(active) => {
                let message = format!("catalog `{name}` has no integration `{active}` to write to");
                let help = format!("its integrations are: {}", names.join(", "));
                self.fail(&[steps, &["active_write_integration".into()]].concat(), message, &help);
            }
            None if names.len() == 1 => {}
            None => {
                let message = format!("catalog `{name}` does not say which of its integrations is written to");
                self.fail(steps, message, "add `active_write_integration:`");
            }
        }
    }

    /// The name of an integration, whose fields are looked at.
    fn integration<'v>(&mut self, steps: &[Step], fields: &'v Map<String, Value>) -> Option<&'v str> {
        const KNOWN: [&str; 7] = [
            "name",
            "catalog_type",
            "external_volume",
            "table_format",
            "catalog_name",
            "file_format",
            "adapter_properties",
        ];
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let below = |key: &str| [steps, &[key.into()]].concat();
        for key in fields.keys().filter(|key| !KNOWN.contains(&key.as_str())) {
            let help = "fields of the adapter go below `adapter_properties:`";
            self.fail(&below(key), format!("an integration has no `{key}`"), help);
        }
        for key in ["name", "catalog_type"].into_iter().filter(|key| text(key).is_none()) {
            self.fail(steps, format!("an integration needs a `{key}`"), "add it");
        }
        let types = types(self.dialect);
        if let Some(written) = text("catalog_type").filter(|written| !types.contains(&written.to_lowercase().as_str()))
        {
            let message =
                format!("a target of type `{}` writes to no catalog of type `{written}`", self.dialect.adapter());
            let help =
                if types.is_empty() { "remove the catalog".to_owned() } else { format!("use: {}", types.join(", ")) };
            self.fail(&below("catalog_type"), message, &help);
        }
        text("name")
    }
}
