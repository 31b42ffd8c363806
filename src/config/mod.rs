//! Project file, profiles, variables, flags: resolved once into one value.
//!
//! YAML is read here and nowhere else; below this module it is [`serde_json::Value`]. Strings that hold Jinja are rendered
//! through [`Templates`], which the command line hands in, because rendering is a later phase's job.

mod catalogs;
mod deprecated;
mod event_time;
mod functions;
mod json_text;
mod levels;
mod options;
mod profile;
mod project_file;
mod scalar;
mod tree;
pub mod typed;
mod vars;
mod vars_file;
pub mod yaml;
mod yaml_text;

pub use catalogs::check_catalogs;
pub use deprecated::twice;
pub use event_time::{Batch, BatchSize, Undone, Window, event_time, event_time_text, sample_window};
pub use json_text::python_json;
pub use levels::{LevelRule, Weight};
pub use options::{Options, Run};
pub use profile::{Engine, Profile, Target, read_profile};
pub use project_file::{Hook, Packages, Paths, ProjectFile, Settings, read_project_file, read_settings};
pub use vars::Vars;
pub use yaml_text::python_yaml;

use serde_json::Value;

/// What renders the Jinja in YAML values. dbt renders them "natively": a string that is one expression keeps its type.
pub trait Templates: Sync {
    /// The value of `text`; the error says why it has none.
    fn render_value(&self, text: &str, scope: &YamlScope) -> Result<Value, String>;

    /// The text of a docs block, in which no name means anything; the error says why it has none, and where in `text`.
    fn render_block(&self, text: &str) -> Result<String, (String, std::ops::Range<usize>)> {
        Ok(text.to_owned())
    }
}

/// The names a template in a YAML file sees.
#[derive(Debug, Clone, Default)]
pub struct YamlScope {
    /// Project variables; none where dbt does not offer `var`.
    pub vars: Option<Vars>,
    /// Whether a variable that holds a template is given as it is written, as in files of properties.
    pub written_vars: bool,
    /// `target`, where it is known already.
    pub target: Option<std::sync::Arc<Value>>,
    /// The package whose variables count.
    pub package: String,
    /// Whether `env_var` may read names that begin with `DBT_ENV_SECRET`.
    pub secrets: bool,
    /// The environment.
    pub environment: std::sync::Arc<std::collections::BTreeMap<String, String>>,
    /// The invocation, where a template may ask about it.
    pub run: Option<std::sync::Arc<Run>>,
}

/// Whether [`render_strings`] could change anything.
pub fn has_templates(value: &Value) -> bool {
    match value {
        Value::String(text) => text.ends_with('\n') || is_template(text),
        Value::Array(items) => items.iter().any(has_templates),
        Value::Object(fields) => fields.values().any(has_templates),
        _ => false,
    }
}

/// Whether a text holds Jinja.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// Renders every string in `value` that holds Jinja; problems are told with the key path they stand at.
pub fn render_strings(
    value: &Value,
    templates: &dyn Templates,
    scope: &YamlScope,
    path: &mut Vec<String>,
    skip: &dyn Fn(&[String]) -> bool,
    problems: &mut Vec<(Vec<String>, String)>,
) -> Value {
    if skip(path) {
        return value.clone();
    }
    match value {
        Value::String(text) if is_template(text) => templates.render_value(text, scope).unwrap_or_else(|reason| {
            problems.push((path.clone(), reason));
            value.clone()
        }),
        // Without Jinja it is a template all the same, whose last line end goes.
        Value::String(text) => Value::String(text.strip_suffix('\n').unwrap_or(text).to_owned()),
        Value::Array(items) => {
            let render = |(i, item): (usize, &Value)| {
                path.push(i.to_string());
                let rendered = render_strings(item, templates, scope, path, skip, problems);
                path.pop();
                rendered
            };
            Value::Array(items.iter().enumerate().map(render).collect())
        }
        Value::Object(entries) => {
            let render = |(key, item): (&String, &Value)| {
                path.push(key.clone());
                let rendered = render_strings(item, templates, scope, path, skip, problems);
                path.pop();
                (key.clone(), rendered)
            };
            Value::Object(entries.iter().map(render).collect())
        }
        _ => value.clone(),
    }
}
