//! Project variables and which of several wins.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

/// The variables of an invocation: from the command line, the root project and every package.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    /// From `--vars`; they win over everything.
    pub command_line: Arc<Map<String, Value>>,
    /// The name of the root project.
    pub root: String,
    /// The `vars:` of each project file, by package.
    pub projects: Arc<BTreeMap<String, Map<String, Value>>>,
}

impl Vars {
    /// The value of `name` for a template of `package`. In order: the command line; the root project's variables for the
    /// package; the root project's global ones; then the package's own. (dbt: `ConfiguredVar` in `context/configured.py`.)
    pub fn get(&self, package: &str, name: &str) -> Option<&Value> {
        let of = |project: &str| self.projects.get(project).and_then(|vars| scoped(vars, package, name));
        let own = || if package == self.root { None } else { of(package) };
        self.command_line.get(name).or_else(|| of(&self.root)).or_else(own)
    }

    /// Every variable a template of `package` sees, for messages.
    pub fn names(&self, package: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self.command_line.keys().map(String::as_str).collect();
        for project in [self.root.as_str(), package] {
            if let Some(vars) = self.projects.get(project) {
                names.extend(vars.iter().filter(|(_, value)| !value.is_object()).map(|(name, _)| name.as_str()));
                names.extend(
                    vars.get(package).and_then(Value::as_object).into_iter().flat_map(|v| v.keys().map(String::as_str)),
                );
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn scoped<'a>(vars: &'a Map<String, Value>, package: &str, name: &str) -> Option<&'a Value> {
    vars.get(package).and_then(Value::as_object).and_then(|own| own.get(name)).or_else(|| vars.get(name))
}
