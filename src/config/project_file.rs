//! `dbt_project.yml` and `merganser.yml`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{LevelRule, Templates, YamlScope, deprecated, functions, levels, render_strings, vars_file, yaml};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::source::{FileId, Sources, Span, read_text};
use crate::sql::Dialect;

/// A project file, rendered.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// The project's name: the name of its package.
    pub name: String,
    /// Its folder.
    pub root: PathBuf,
    /// The file.
    pub file: FileId,
    /// `profile:`.
    pub profile: Option<String>,
    /// `version:`, as text.
    pub version: Option<String>,
    /// Where things lie.
    pub paths: Paths,
    /// `vars:`, as written.
    pub vars: Map<String, Value>,
    /// `dispatch:`: macro namespace and the packages searched for it, in order.
    pub dispatch: Vec<(String, Vec<String>)>,
    /// `quoting:`.
    pub quoting: Map<String, Value>,
    /// `on-run-start:`.
    pub on_run_start: Vec<Hook>,
    /// `on-run-end:`.
    pub on_run_end: Vec<Hook>,
    /// `query-comment:`, null where it is not given.
    pub query_comment: Option<Value>,
    /// `flags:`.
    pub flags: Map<String, Value>,
    /// `restrict-access:`.
    pub restrict_access: bool,
    /// Everything, rendered except what dbt renders later.
    pub value: Map<String, Value>,
    /// Everything, as written.
    pub written: Map<String, Value>,
}

/// A statement of `on-run-start` or `on-run-end`, as written.
#[derive(Debug, Clone)]
pub struct Hook {
    /// The text, with Jinja.
    pub sql: String,
    /// Where it stands.
    pub span: Span,
}

/// The folders of a project, relative to its own.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Models.
    pub models: Vec<String>,
    /// Seeds.
    pub seeds: Vec<String>,
    /// Singular tests and custom generic tests.
    pub tests: Vec<String>,
    /// Analyses.
    pub analyses: Vec<String>,
    /// Macros.
    pub macros: Vec<String>,
    /// Snapshots.
    pub snapshots: Vec<String>,
    /// Functions of the warehouse.
    pub functions: Vec<String>,
    /// Docs blocks; empty for all of the above.
    pub docs: Vec<String>,
    /// Where packages are installed.
    pub packages: String,
    /// Artifacts.
    pub target: String,
    /// What `clean` removes.
    pub clean: Vec<String>,
}

impl Paths {
    /// The folders with resources, in dbt's order.
    pub fn resources(&self) -> impl Iterator<Item = &String> {
        let all =
            [&self.models, &self.seeds, &self.snapshots, &self.analyses, &self.macros, &self.tests, &self.functions];
        all.into_iter().flatten()
    }
}

/// Package files found in the project's folder, for `deps` and for saying that it was not run.
#[derive(Debug, Clone, Default)]
pub struct Packages {
    /// Names of the folders below the packages' folder that hold a project.
    pub installed: Vec<PathBuf>,
    /// The file that declares packages, if there is one.
    pub declared: Option<FileId>,
}

/// `merganser.yml`: what dbt does not know.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The SQL the models are written in; the target's if not said.
    pub dialect: Option<Dialect>,
    /// Folders of masking policies.
    pub policy_paths: Vec<String>,
    /// The schema of the ledger of loaded files.
    pub ledger_schema: Option<String>,
    /// How much problems matter.
    pub levels: Vec<LevelRule>,
    /// Functions of the warehouse, declared as dbt declares them.
    pub functions: Vec<Map<String, Value>>,
    /// The file, if there is one.
    pub file: Option<FileId>,
}

/// The keys of `dbt_project.yml`, from dbt's published schema and the resources' own trees.
const KEYS: [&str; 47] = [
    "name",
    "version",
    "config-version",
    "profile",
    "require-dbt-version",
    "model-paths",
    "seed-paths",
    "test-paths",
    "analysis-paths",
    "macro-paths",
    "snapshot-paths",
    "docs-paths",
    "asset-paths",
    "function-paths",
    "target-path",
    "log-path",
    "packages-install-path",
    "clean-targets",
    "query-comment",
    "quoting",
    "dispatch",
    "on-run-start",
    "on-run-end",
    "vars",
    "flags",
    "restrict-access",
    "dbt-cloud",
    "sync",
    "models",
    "seeds",
    "snapshots",
    "sources",
    "data_tests",
    "tests",
    "unit_tests",
    "exposures",
    "metrics",
    "semantic-models",
    "saved-queries",
    "analyses",
    "functions",
    "packages",
    "source-paths",
    "data-paths",
    "anchors",
    "project-root",
    "groups",
];

const SETTINGS_KEYS: [&str; 5] = ["dialect", "policy-paths", "landing", "levels", "functions"];

/// Reads the project file in `root`. Problems that leave no project are errors and give none.
pub fn read_project_file(
    root: &Path,
    shown: &str,
    sources: &mut Sources,
    templates: &dyn Templates,
    scope: &YamlScope,
    diagnostics: &mut Diagnostics,
) -> Option<ProjectFile> {
    let (file, written) = read_mapping(&root.join("dbt_project.yml"), shown, sources, diagnostics)?;
    let text = sources.text(file).to_string();
    let vars = vars_file::read(root, (file, &written), sources, diagnostics);
    let mut problems = Vec::new();
    let rendered = render_strings(
        &Value::Object(written.clone()),
        templates,
        &vars_file::scope(scope, &written, &vars),
        &mut Vec::new(),
        &rendered_later,
        &mut problems,
    );
    for (path, reason) in problems {
        let span = Span::new(file, yaml::locate(&text, &yaml::steps(&path)));
        diagnostics.push(Diagnostic::error(Code::UndefinedName, reason).at(span));
    }
    let value = rendered.as_object().cloned().unwrap_or_default();
    check_keys(&value, &KEYS, file, &text, diagnostics);
    let Some(name) = value.get("name").and_then(Value::as_str).filter(|name| is_identifier(name)) else {
        let span = Span::new(file, yaml::locate(&text, &["name".into()]));
        let help = "write `name:` followed by letters, digits and underscores, not beginning with a digit";
        diagnostics.push(Diagnostic::error(Code::BadConfig, "the project has no usable `name`").at(span).help(help));
        return None;
    };
    check_flags(&value, file, &text, diagnostics);
    deprecated::paths(&value, file, &text, diagnostics);
    let hooks = |key: &str| hooks(&written, key, file, &text);
    Some(ProjectFile {
        name: name.to_owned(),
        root: root.to_path_buf(),
        file,
        profile: value.get("profile").and_then(Value::as_str).map(str::to_owned),
        version: value.get("version").map(plain_text).filter(|v| !v.is_empty()),
        paths: paths(&value),
        vars,
        dispatch: dispatch(&value),
        quoting: value.get("quoting").and_then(Value::as_object).cloned().unwrap_or_default(),
        on_run_start: hooks("on-run-start"),
        on_run_end: hooks("on-run-end"),
        query_comment: written.get("query-comment").cloned(),
        flags: value.get("flags").and_then(Value::as_object).cloned().unwrap_or_default(),
        restrict_access: value.get("restrict-access").and_then(Value::as_bool).unwrap_or(false),
        value,
        written,
    })
}

/// Reads `merganser.yml` beside the project file; without one, the defaults.
pub fn read_settings(root: &Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Settings {
    let path = root.join("merganser.yml");
    if !path.is_file() {
        return Settings::default();
    }
    let Some((file, value)) = read_mapping(&path, "merganser.yml", sources, diagnostics) else {
        return Settings::default();
    };
    let text = sources.text(file).to_string();
    check_keys(&value, &SETTINGS_KEYS, file, &text, diagnostics);
    let dialect = match value.get("dialect").map(plain_text).as_deref() {
        None => None,
        Some("snowflake") => Some(Dialect::Snowflake),
        Some("duckdb") => Some(Dialect::DuckDb),
        Some(other) => {
            let span = Span::new(file, yaml::locate(&text, &["dialect".into()]));
            let message = format!("`{other}` is not a dialect");
            diagnostics
                .push(Diagnostic::error(Code::BadConfig, message).at(span).help("write `snowflake` or `duckdb`"));
            None
        }
    };
    let landing = value.get("landing").and_then(Value::as_object).cloned().unwrap_or_default();
    for key in landing.keys().filter(|key| *key != "ledger-schema") {
        let span = Span::new(file, yaml::locate(&text, &["landing".into(), key.as_str().into()]));
        let message = format!("unknown key `{key}` in `landing`");
        let help = "it has one key: `ledger-schema`";
        diagnostics.push(Diagnostic::error(Code::UnknownKey, message).at(span).help(help));
    }
    let ledger_schema = landing.get("ledger-schema").map(plain_text);
    let policy_paths = texts(value.get("policy-paths")).unwrap_or_else(|| vec!["policies".to_owned()]);
    let levels = levels::read(value.get("levels"), file, &text, diagnostics);
    let functions = functions::read(value.get("functions"), file, &text, diagnostics);
    Settings { dialect, policy_paths, ledger_schema, levels, functions, file: Some(file) }
}

pub(super) fn read_mapping(
    path: &Path,
    shown: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(FileId, Map<String, Value>)> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) => {
            let help = "run `merganser init` to start a project, or pass --project-dir";
            diagnostics.push(Diagnostic::error(Code::MissingFile, error.to_string()).in_file(shown, 1).help(help));
            return None;
        }
    };
    let file = sources.add(shown, Some(path.to_path_buf()), text);
    let document = yaml::parse_project(sources.text(file)).map(|document| {
        diagnostics.extend(deprecated::twice(&document, file, sources.text(file)));
        document.value
    });
    match document {
        Ok(Value::Object(map)) => Some((file, map)),
        Ok(Value::Null) => Some((file, Map::new())),
        Ok(_) => {
            diagnostics
                .push(Diagnostic::error(Code::YamlSyntax, "this file must be a mapping").at(Span::start_of(file)));
            None
        }
        Err(error) => {
            let offset = error.offset.unwrap_or(0);
            diagnostics.push(Diagnostic::error(Code::YamlSyntax, error.message).at(Span::new(file, offset..offset)));
            None
        }
    }
}

fn check_keys(value: &Map<String, Value>, known: &[&str], file: FileId, text: &str, diagnostics: &mut Diagnostics) {
    for key in value.keys().filter(|key| !known.contains(&key.as_str())) {
        let span = Span::new(file, yaml::locate(text, &[key.as_str().into()]));
        let mut diagnostic = Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}`")).at(span);
        let near = did_you_mean(key, known.iter().copied());
        diagnostic.help = Some(near.map_or_else(|| "remove it".to_owned(), |near| format!("did you mean `{near}`?")));
        diagnostics.push(diagnostic);
    }
}

/// Flags that are true or false.
const TRUTHS: [&str; 16] = [
    "cache_selected_only",
    "debug",
    "fail_fast",
    "introspect",
    "partial_parse",
    "populate_cache",
    "print",
    "quiet",
    "send_anonymous_usage_stats",
    "static_parser",
    "use_colors",
    "use_colors_file",
    "version_check",
    "warn_error",
    "write_json",
    "source_freshness_run_project_hooks",
];

/// Flags that are one of some words.
const WORDS: [(&str, &[&str]); 4] = [
    ("indirect_selection", &["eager", "cautious", "buildable", "empty"]),
    ("log_format", &["default", "text", "debug", "json", "short"]),
    ("log_level", &["debug", "info", "warn", "error", "none"]),
    ("log_level_file", &["debug", "info", "warn", "error", "none"]),
];

/// Reports flags of `flags:` that cannot be what they say.
fn check_flags(value: &Map<String, Value>, file: FileId, text: &str, diagnostics: &mut Diagnostics) {
    let flags = value.get("flags").and_then(Value::as_object);
    let mut wrong = |key: &str, value: &Value, allowed: &str| {
        let span = Span::new(file, yaml::locate(text, &["flags".into(), key.into()]));
        let message = format!("flag `{key}` cannot be `{}`", plain_text(value));
        diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help(format!("write {allowed}")));
    };
    for (key, value) in flags.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        if TRUTHS.contains(&key.as_str()) && !value.is_boolean() {
            wrong(key, value, "`true` or `false`");
        }
        let words = WORDS.iter().find(|(known, _)| known == key).map(|(_, words)| *words);
        if let Some(words) = words.filter(|words| !value.as_str().is_some_and(|word| words.contains(&word))) {
            wrong(key, value, &format!("one of {}", words.join(", ")));
        }
    }
}

/// What dbt leaves unrendered when it reads a project file (`DbtProjectYamlRenderer.should_render_keypath`).
fn rendered_later(path: &[String]) -> bool {
    let Some(first) = path.first() else { return false };
    if matches!(first.as_str(), "on-run-start" | "on-run-end" | "query-comment" | "vars") {
        return true;
    }
    let hook = |part: &String| {
        matches!(part.trim_start_matches(['+', ' ']), "pre-hook" | "post-hook" | "pre_hook" | "post_hook")
    };
    matches!(first.as_str(), "seeds" | "models" | "snapshots" | "tests" | "data_tests") && path.iter().any(hook)
}

fn hooks(written: &Map<String, Value>, key: &str, file: FileId, text: &str) -> Vec<Hook> {
    texts(written.get(key))
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(i, sql)| {
            let span = text.find(sql.as_str()).map(|start| Span::new(file, start..start + sql.len()));
            let span = span.unwrap_or_else(|| Span::new(file, yaml::locate(text, &[key.into(), i.into()])));
            Hook { sql, span }
        })
        .collect()
}

fn paths(value: &Map<String, Value>) -> Paths {
    let list = |key: &str, default: &[&str]| {
        texts(value.get(key)).unwrap_or_else(|| default.iter().map(|s| (*s).to_owned()).collect())
    };
    let text = |key: &str, default: &str| value.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
    let target = text("target-path", "target");
    Paths {
        models: texts(value.get("source-paths")).unwrap_or_else(|| list("model-paths", &["models"])),
        seeds: texts(value.get("data-paths")).unwrap_or_else(|| list("seed-paths", &["seeds"])),
        tests: list("test-paths", &["tests"]),
        analyses: list("analysis-paths", &["analyses"]),
        macros: list("macro-paths", &["macros"]),
        snapshots: list("snapshot-paths", &["snapshots"]),
        functions: list("function-paths", &["functions"]),
        docs: list("docs-paths", &[]),
        packages: text("packages-install-path", "dbt_packages"),
        clean: list("clean-targets", &[&target]),
        target,
    }
}

fn dispatch(value: &Map<String, Value>) -> Vec<(String, Vec<String>)> {
    let entry = |item: &Value| {
        let namespace = item.get("macro_namespace")?.as_str()?.to_owned();
        Some((namespace, texts(item.get("search_order"))?))
    };
    value.get("dispatch").and_then(Value::as_array).into_iter().flatten().filter_map(entry).collect()
}

/// A string, or a list of strings, as a list.
pub(super) fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => Some(items.iter().map(plain_text).collect()),
        _ => None,
    }
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_') && chars.all(|c| c.is_alphanumeric() || c == '_')
}
