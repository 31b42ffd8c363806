//! Which warnings are errors and which are silent: `--warn-error` and `--warn-error-options`.

use serde_json::{Value, json};

use crate::diagnostic::{Code, Diagnostic, Level, did_you_mean};

/// What becomes of warnings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Warnings {
    error: Names,
    warn: Vec<String>,
    silence: Vec<String>,
    /// The old names of keys that were used.
    old: Vec<String>,
}

/// Some warnings, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    All,
    These(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

/// What becomes of one problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Unchanged,
    Error,
    Silent,
}

/// dbt's name for what a template says with `exceptions.warn`.
const SAID: &str = "JinjaLogWarning";

/// A warning that dbt only ever tells.
const NEVER_FATAL: &str = "FreshnessConfigProblem";

/// What stands for all deprecations in the lists.
const DEPRECATIONS: &str = "Deprecations";

/// dbt's names of the warnings that templates give.
const OF_TEMPLATES: [&str; 2] = [SAID, "SnapshotTimestampWarning"];

/// The names dbt has for the warnings of a code.
fn event_names(code: Code) -> &'static [&'static str] {
    match code {
        Code::EmptySelection => &["NoNodesForSelectionCriteria", "NothingToDo"],
        Code::UnusedProperties => &[
            "NoNodeForYamlKey",
            "WrongResourceSchemaFile",
            "UnusedResourceConfigPath",
            "MacroNotFoundForPatch",
            "UnusedTables",
        ],
        Code::DisabledRef | Code::UnknownRef | Code::UnknownSource => {
            &["NodeNotFoundOrDisabled", "InvalidDisabledTargetInTestNode"]
        }
        Code::TestFailed => &["LogTestResult"],
        Code::UnknownKey => &[
            "UnexpectedJinjaBlockDeprecation",
            "CustomKeyInConfigDeprecation",
            "CustomKeyInObjectDeprecation",
            "CustomTopLevelKeyDeprecation",
        ],
        Code::AmbiguousRef => &["PackageNodeDependsOnRootProjectNode"],
        Code::DeprecatedModel => &["DeprecatedModel", "DeprecatedReference", "UpcomingReferenceDeprecation"],
        Code::UnpinnedPackage => &["DepsUnpinned"],
        Code::BadConfig => &["PackageRedirectDeprecation"],
        _ => &[],
    }
}

impl Warnings {
    /// `--warn-error`.
    pub(super) fn all_errors() -> Self {
        Self { error: Names::All, ..Self::default() }
    }

    /// `--warn-error-options`, as a YAML value.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("it must be a mapping with the keys `error`, `warn` and `silence`")?;
        let mut read = Self::default();
        for (old, new) in [("include", "error"), ("exclude", "warn")] {
            let is_said =
                |key: &str| map.get(key).is_some_and(|value| !matches!(value, Value::Null) && *value != json!([]));
            if is_said(old) && is_said(new) {
                return Err(format!("`{old}` is the old name of `{new}`: only one of them can be there"));
            }
            read.old.extend(map.contains_key(old).then(|| old.to_owned()));
        }
        for (key, value) in map {
            match key.as_str() {
                "error" | "include" if matches!(value.as_str(), Some("all" | "*")) => read.error = Names::All,
                "error" | "include" => read.error = Names::These(names(key, value)?),
                "warn" | "exclude" => read.warn = names(key, value)?,
                "silence" => read.silence = names(key, value)?,
                other => return Err(format!("`{other}` is none of its keys `error`, `warn` and `silence`")),
            }
        }
        Ok(read)
    }

    /// What is said of keys that go by their old names, where there are some.
    pub(super) fn old_keys(&self) -> Option<String> {
        match self.old.as_slice() {
            [] => None,
            [one] => Some(format!("`{one}` is an old name")),
            more => Some(format!("`{}` are old names", more.join("` and `"))),
        }
    }

    /// What becomes of a diagnostic; only warnings change.
    pub(super) fn verdict(&self, diagnostic: &Diagnostic) -> Verdict {
        if diagnostic.level != Level::Warning || diagnostic.event == Some(NEVER_FATAL) {
            return Verdict::Unchanged;
        }
        let own = diagnostic.event.as_slice();
        let names = if own.is_empty() { event_names(diagnostic.code) } else { own };
        self.of(&|name| {
            let is_named = name == diagnostic.code.as_str() || names.contains(&name);
            is_named || (name == DEPRECATIONS && names.iter().any(|name| is_deprecation(name)))
        })
    }

    /// Whether a test that warns counts as one that failed.
    pub(super) fn fail_tests(&self) -> bool {
        self.of(&|name| name == Code::TestFailed.as_str() || event_names(Code::TestFailed).contains(&name))
            == Verdict::Error
    }

    /// Whether what a template warns of is said.
    pub(super) fn silence_said(&self) -> bool {
        self.of(&|name| name == SAID) == Verdict::Silent
    }

    /// The warnings of templates that are errors.
    pub(super) fn fatal(&self) -> Vec<&'static str> {
        OF_TEMPLATES.into_iter().filter(|event| self.of(&|name| name == *event) == Verdict::Error).collect()
    }

    /// A name goes before all deprecations, and those before all warnings.
    fn of(&self, is_meant: &dyn Fn(&str) -> bool) -> Verdict {
        let errors: &[String] = if let Names::These(names) = &self.error { names } else { &[] };
        for group in [false, true] {
            let listed = |names: &[String]| names.iter().any(|name| (name == DEPRECATIONS) == group && is_meant(name));
            if listed(&self.silence) {
                return Verdict::Silent;
            }
            if listed(errors) {
                return Verdict::Error;
            }
            if listed(&self.warn) {
                return Verdict::Unchanged;
            }
        }
        if self.error == Names::All { Verdict::Error } else { Verdict::Unchanged }
    }
}

/// Deprecations whose names do not say it.
const UNNAMED: [&str; 2] = ["CollectFreshnessReturnSignature", "SourceFreshnessProjectHooksNotRun"];

/// Whether dbt counts a warning of this name as a deprecation; of a model that goes away it does not.
fn is_deprecation(event: &str) -> bool {
    UNNAMED.contains(&event) || (event.ends_with("Deprecation") && event != "UpcomingReferenceDeprecation")
}

/// A list of names: dbt's, which are words in camel case, or codes.
fn names(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        _ => return Err(format!("`{key}` must be a list of names")),
    };
    let one = |item: &Value| -> Result<String, String> {
        let name = item.as_str().ok_or_else(|| format!("`{key}` must be a list of names"))?;
        let is_event = name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
        if is_event || Code::by_name(name).is_some() {
            return Ok(name.to_owned());
        }
        let near = did_you_mean(name, Code::ALL.iter().map(|code| code.as_str()));
        let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(format!("`{name}` is the name of no warning{help}"))
    };
    items.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_wins_over_error_and_warn_over_all() {
        let warning = Diagnostic::warning(Code::EmptySelection, "nothing");
        let verdict = |value| Warnings::read(&value).expect("options").verdict(&warning);
        assert_eq!(verdict(json!({"error": "all"})), Verdict::Error);
        assert_eq!(verdict(json!({"error": "all", "warn": ["NoNodesForSelectionCriteria"]})), Verdict::Unchanged);
        assert_eq!(verdict(json!({"error": "*", "silence": ["empty-selection"]})), Verdict::Silent);
        assert_eq!(verdict(json!({"include": ["NoNodesForSelectionCriteria"]})), Verdict::Error);
        assert_eq!(verdict(json!({"error": ["DepsUnpinned"]})), Verdict::Unchanged);
        assert!(Warnings::read(&json!({"error": ["empty-selektion"]})).is_err());
        assert!(Warnings::read(&json!({"errors": []})).is_err());
    }
}
