//! `profiles.yml`: where to run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Options, Templates, YamlScope, deprecated, render_strings, yaml};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::source::{FileId, Sources, Span, read_text};
use crate::sql::Dialect;

/// What executes the SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded `DuckDB`.
    DuckDb,
    /// Snowflake, over the network.
    Snowflake,
}

/// A profile with its chosen target.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The chosen output.
    pub target: Target,
    /// The file it came from; none for the built-in one.
    pub file: Option<FileId>,
    /// `config:` of that file: the flags of a project that has none of its own.
    pub flags: Map<String, Value>,
}

/// One output of a profile.
#[derive(Clone)]
pub struct Target {
    /// The output's name.
    pub name: String,
    /// Its `type`: the SQL that is rendered.
    pub dialect: Dialect,
    /// What executes it: `engine: duckdb` puts the embedded engine behind a Snowflake target.
    pub engine: Engine,
    /// The default database.
    pub database: String,
    /// The default schema.
    pub schema: String,
    /// How many nodes run at a time.
    pub threads: usize,
    /// All fields as written, rendered; secrets among them.
    pub fields: Map<String, Value>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("name", &self.name).field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// Fields that a template's `target` must not show.
const SECRETS: [&str; 8] = [
    "password",
    "private_key",
    "private_key_passphrase",
    "token",
    "oauth_client_secret",
    "secrets",
    "s3_secret_access_key",
    "motherduck_token",
];

impl Target {
    /// What templates see as `target`: the fields that are not secret, and dbt's derived ones.
    pub fn shown(&self, profile: &str) -> Arc<Value> {
        let mut map = self.fields.clone();
        SECRETS.iter().for_each(|key| {
            map.remove(*key);
        });
        map.remove("pass");
        for (key, value) in [
            ("name", json!(self.name)),
            ("target_name", json!(self.name)),
            ("profile_name", json!(profile)),
            ("type", json!(self.dialect.adapter())),
            ("database", json!(self.database)),
            ("dbname", json!(self.database)),
            ("schema", json!(self.schema)),
            ("threads", json!(self.threads)),
        ] {
            map.insert(key.to_owned(), value);
        }
        Arc::new(Value::Object(map))
    }

    /// A field as text.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.fields.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The path of the embedded engine's file, or none for one in memory; relative paths are below `project_dir`.
    pub fn duckdb_path(&self, project_dir: &Path) -> Option<PathBuf> {
        let path = self.text("path").filter(|path| path != ":memory:")?;
        let path = Path::new(&path);
        Some(if path.is_absolute() || self.dialect == Dialect::DuckDb {
            path.to_path_buf()
        } else {
            project_dir.join(path)
        })
    }
}

/// Reads the profile that `wanted` (the flag, else the project file) names. With no `profiles.yml` anywhere, a target on
/// an embedded file below the target folder, unless the folder was named.
pub fn read_profile(
    options: &Options,
    wanted: Option<&str>,
    project: (&str, Option<Span>),
    sources: &mut Sources,
    templates: &dyn Templates,
    diagnostics: &mut Diagnostics,
) -> Option<Profile> {
    let Some(path) = options.profiles_dirs.iter().map(|dir| dir.join("profiles.yml")).find(|path| path.is_file())
    else {
        if let [named] = options.profiles_dirs.as_slice() {
            let message = format!("there is no profiles.yml in {}", named.display());
            let problem = Diagnostic::error(Code::MissingProfile, message).in_file("--profiles-dir", 1);
            diagnostics.push(problem.help("name the folder that has it, or leave the option out"));
            return None;
        }
        return Some(embedded_profile(options, wanted.unwrap_or(project.0)));
    };
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(Code::MissingFile, error.to_string()).in_file(error.path.display().to_string(), 1),
            );
            return None;
        }
    };
    let shown = path.strip_prefix(&options.project_dir).unwrap_or(&path).display().to_string();
    let file = sources.add(shown, Some(path), text);
    let mut reader = Reader { options, file, text: sources.text(file).to_string(), templates, diagnostics };
    reader.profile(wanted, project)
}

fn embedded_profile(options: &Options, name: &str) -> Profile {
    let path =
        options.target_path.clone().unwrap_or_else(|| options.project_dir.join("target")).join("warehouse.duckdb");
    let fields = json!({"type": "duckdb", "path": path.to_string_lossy(), "schema": "main", "threads": 4});
    let fields = fields.as_object().cloned().unwrap_or_default();
    let target = Target {
        name: "embedded".to_owned(),
        dialect: Dialect::DuckDb,
        engine: Engine::DuckDb,
        database: "warehouse".to_owned(),
        schema: "main".to_owned(),
        threads: options.threads.unwrap_or(4),
        fields,
    };
    Profile { name: name.to_owned(), target, file: None, flags: Map::new() }
}

struct Reader<'a> {
    options: &'a Options,
    file: FileId,
    text: String,
    templates: &'a dyn Templates,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn at(&self, path: &[String]) -> Span {
        Span::new(self.file, yaml::locate(&self.text, &yaml::steps(path)))
    }

    fn fail(&mut self, path: &[String], message: String, help: Option<String>) -> Option<Profile> {
        let mut diagnostic = Diagnostic::error(Code::MissingProfile, message).at(self.at(path));
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
        None
    }

    fn profile(&mut self, wanted: Option<&str>, project: (&str, Option<Span>)) -> Option<Profile> {
        let document = match yaml::parse(&self.text) {
            Ok(document) => document,
            Err(error) => {
                let offset = error.offset.unwrap_or(0);
                self.diagnostics
                    .push(Diagnostic::error(Code::YamlSyntax, error.message).at(Span::new(self.file, offset..offset)));
                return None;
            }
        };
        let Some(name) = wanted else {
            let mut diagnostic =
                Diagnostic::error(Code::MissingProfile, format!("project `{}` names no profile", project.0))
                    .help("add `profile: NAME` to dbt_project.yml, or pass --profile");
            diagnostic.labels.extend(project.1.map(|span| crate::diagnostic::Label { span, text: String::new() }));
            self.diagnostics.push(diagnostic);
            return None;
        };
        let Some(profile) = document.get(name).filter(|p| p.is_object()) else {
            let known: Vec<&str> =
                document.as_object().into_iter().flat_map(|o| o.keys().map(String::as_str)).collect();
            let mut diagnostic =
                Diagnostic::error(Code::MissingProfile, format!("profile `{name}` is not in this file"))
                    .at(Span::start_of(self.file))
                    .help(match did_you_mean(name, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the file has: {}", known.join(", ")),
                    });
            diagnostic
                .labels
                .extend(project.1.map(|span| crate::diagnostic::Label { span, text: "named here".into() }));
            self.diagnostics.push(diagnostic);
            return None;
        };
        let mut read = self.output(name, profile)?;
        if let Some((flags, problem)) = deprecated::profile_flags(&document, self.file, &self.text) {
            read.flags = flags;
            self.diagnostics.push(problem);
        }
        Some(read)
    }

    fn output(&mut self, name: &str, profile: &Value) -> Option<Profile> {
        let scope = YamlScope {
            vars: Some(super::Vars { command_line: self.options.vars.clone(), ..super::Vars::default() }),
            secrets: true,
            environment: self.options.environment.clone(),
            run: Some(std::sync::Arc::new(self.options.run.clone())),
            ..YamlScope::default()
        };
        let mut path = vec![name.to_owned(), "target".to_owned()];
        let mut problems = Vec::new();
        let chosen = match (&self.options.target, profile.get("target")) {
            (Some(target), _) => target.clone(),
            (None, Some(value)) => {
                let value = render_strings(value, self.templates, &scope, &mut path, &|_| false, &mut problems);
                value.as_str().unwrap_or("default").to_owned()
            }
            (None, None) => "default".to_owned(),
        };
        let outputs = profile.get("outputs").and_then(Value::as_object);
        let Some(output) = outputs.and_then(|o| o.get(&chosen)).filter(|o| o.is_object()) else {
            let known: Vec<String> = outputs.into_iter().flat_map(|o| o.keys().cloned()).collect();
            let help = format!("the profile has: {}", known.join(", "));
            return self.fail(&path[..1], format!("profile `{name}` has no target `{chosen}`"), Some(help));
        };
        path = vec![name.to_owned(), "outputs".to_owned(), chosen.clone()];
        let base = path.clone();
        let rendered = render_strings(output, self.templates, &scope, &mut path, &|_| false, &mut problems);
        if let Some((path, reason)) = problems.into_iter().next() {
            return self.fail(&path, reason, Some("set the variable, or give `env_var` a default".to_owned()));
        }
        let fields = rendered.as_object().cloned().unwrap_or_default();
        let target = self.target(chosen, fields, &base)?;
        Some(Profile { name: name.to_owned(), target, file: Some(self.file), flags: Map::new() })
    }

    fn target(&mut self, name: String, fields: Map<String, Value>, path: &[String]) -> Option<Target> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let dialect = match text("type").as_deref() {
            Some("duckdb") => Dialect::DuckDb,
            Some("snowflake") => Dialect::Snowflake,
            other => {
                let what = other.map_or("has no `type`".to_owned(), |t| format!("is of type `{t}`"));
                let help = "merganser runs targets of type `duckdb` and `snowflake`".to_owned();
                self.fail(&[path, &["type".to_owned()]].concat(), format!("target `{name}` {what}"), Some(help));
                return None;
            }
        };
        let engine = match (dialect, text("engine").as_deref()) {
            (Dialect::DuckDb, None | Some("duckdb")) | (Dialect::Snowflake, Some("duckdb")) => Engine::DuckDb,
            (Dialect::Snowflake, None | Some("snowflake")) => Engine::Snowflake,
            (_, Some(other)) => {
                let message = format!("`{other}` is not an engine for a target of type `{}`", dialect.adapter());
                self.fail(
                    &[path, &["engine".to_owned()]].concat(),
                    message,
                    Some("leave `engine` out, or write `duckdb`".to_owned()),
                );
                return None;
            }
        };
        let threads = fields.get("threads").and_then(|t| t.as_u64().or_else(|| t.as_str()?.parse().ok()));
        let threads = self.options.threads.or(threads.and_then(|t| usize::try_from(t).ok())).unwrap_or(1).max(1);
        let database =
            text("database").or_else(|| (dialect == Dialect::DuckDb).then(|| file_stem(text("path").as_deref())));
        let schema = text("schema").or_else(|| (dialect == Dialect::DuckDb).then(|| "main".to_owned()));
        let (Some(database), Some(schema)) = (database, schema) else {
            let message = format!("target `{name}` needs `database` and `schema`");
            self.fail(path, message, Some("add the two fields to the output".to_owned()));
            return None;
        };
        Some(Target { name, dialect, engine, database, schema, threads, fields })
    }
}

/// The catalog's name `DuckDB` gives an attached file: its name without the ending.
fn file_stem(path: Option<&str>) -> String {
    match path {
        None | Some(":memory:") => "memory".to_owned(),
        Some(path) => {
            Path::new(path).file_stem().map_or("memory".to_owned(), |stem| stem.to_string_lossy().into_owned())
        }
    }
}
