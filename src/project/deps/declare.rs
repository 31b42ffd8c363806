//! `packages:` of packages.yml or dependencies.yml: what a project wants installed.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::version::Bound;
use crate::config::yaml::{self, Step};
use crate::config::{Templates, YamlScope, python_json, render_strings};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span, read_text};

/// A package that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it comes from.
    pub origin: Origin,
    /// The entry as written, with its Jinja.
    pub written: Value,
    /// The entry of the root project that it is wanted for.
    pub span: Span,
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The registry.
    Hub {
        /// `namespace/name`.
        package: String,
        /// What `version:` says.
        bounds: Vec<Bound>,
        /// `install_prerelease:`.
        prereleases: bool,
    },
    /// A git repository.
    Git {
        /// Its address.
        git: String,
        /// A branch, tag or commit.
        revision: Option<String>,
        /// A folder in it.
        subdirectory: Option<String>,
        /// `warn-unpinned:`.
        warns: bool,
    },
    /// A folder, relative to the root project.
    Local(String),
    /// An archive.
    Tarball {
        /// Its address.
        tarball: String,
        /// The name it is installed under.
        name: String,
    },
}

/// The packages a project wants.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// The file: `packages.yml` or `dependencies.yml`.
    pub file: String,
    /// What it says.
    pub packages: Vec<Wanted>,
    /// dbt's `sha1_hash` of it.
    pub hash: String,
}

/// Reads the packages of the project in `root`; without a file it wants none.
pub fn declared(
    root: &Path,
    sources: &mut Sources,
    templates: &dyn Templates,
    scope: &YamlScope,
) -> Result<Declared, Box<Diagnostic>> {
    let packages = mapping(root, "packages.yml", sources)?;
    let dependencies = mapping(root, "dependencies.yml", sources)?;
    let wrong = |span: Span, message: &str, help: &str| {
        Err(Box::new(Diagnostic::error(Code::BadConfig, message).at(span).help(help)))
    };
    let has = |read: &Read, key: &str| read.as_ref().is_some_and(|(_, map)| map.contains_key(key));
    if let Some((file, _)) = packages.as_ref().filter(|_| has(&packages, "projects")) {
        let message = "`projects` belongs into dependencies.yml";
        return wrong(Span::start_of(*file), message, "move it there");
    }
    let (name, read) = match (has(&packages, "packages"), has(&dependencies, "packages")) {
        (true, true) => {
            let span = dependencies.as_ref().map(|(file, _)| Span::start_of(*file));
            let message = "`packages` stands in packages.yml and in dependencies.yml";
            return wrong(span.unwrap_or_else(|| unreachable!("the key was found there")), message, "keep one of them");
        }
        (false, true) => ("dependencies.yml", dependencies),
        _ => ("packages.yml", packages),
    };
    let mut found = Declared { file: name.to_owned(), ..Declared::default() };
    let Some((file, map)) = read else {
        found.hash = hash(&[]);
        return Ok(found);
    };
    let written = match map.get("packages") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(_) => {
            return wrong(Span::start_of(file), "`packages` must be a list", "write each package behind a `-`");
        }
    };
    let text = sources.text(file).to_string();
    let mut records = Vec::new();
    for (index, entry) in written.iter().enumerate() {
        let steps: [Step; 2] = ["packages".into(), index.into()];
        let span = Span::new(file, yaml::locate(&text, &steps));
        let rendered = rendered(entry, templates, scope)
            .map_err(|reason| Box::new(Diagnostic::error(Code::UndefinedName, reason).at(span)))?;
        let origin = origin(&rendered).map_err(|problem| Box::new(problem.at(span)))?;
        records.push(record(&rendered, entry, &origin));
        found.packages.push(Wanted { origin, written: entry.clone(), span });
    }
    found.hash = hash(&records);
    Ok(found)
}

type Read = Option<(crate::source::FileId, Map<String, Value>)>;

fn mapping(root: &Path, name: &str, sources: &mut Sources) -> Result<Read, Box<Diagnostic>> {
    let path = root.join(name);
    let Ok(text) = read_text(&path) else { return Ok(None) };
    let file = sources.add(name, Some(path), text);
    match yaml::parse(sources.text(file)) {
        Ok(Value::Object(map)) => Ok(Some((file, map))),
        Ok(Value::Null) => Ok(None),
        Ok(_) => {
            Err(Box::new(Diagnostic::error(Code::YamlSyntax, "this file must be a mapping").at(Span::start_of(file))))
        }
        Err(error) => {
            let offset = error.offset.unwrap_or(0);
            Err(Box::new(Diagnostic::error(Code::YamlSyntax, error.message).at(Span::new(file, offset..offset))))
        }
    }
}

/// An entry with its Jinja rendered.
pub(super) fn rendered(entry: &Value, templates: &dyn Templates, scope: &YamlScope) -> Result<Value, String> {
    let mut problems = Vec::new();
    let value = render_strings(entry, templates, scope, &mut Vec::new(), &|_| false, &mut problems);
    match problems.into_iter().next() {
        Some((_, reason)) => Err(reason),
        None => Ok(value),
    }
}

/// What a rendered entry means.
pub(super) fn origin(entry: &Value) -> Result<Origin, Diagnostic> {
    let wrong = |message: String, help: &str| Diagnostic::error(Code::BadConfig, message).help(help.to_owned());
    let text = |key: &str| entry.get(key).map(plain).filter(|text| !text.is_empty());
    let missing = |key: &str| wrong(format!("a package has an empty `{key}`"), "name the package, or remove the entry");
    if entry.get("package").is_some() {
        return hub(entry, text("package").ok_or_else(|| missing("package"))?);
    }
    if entry.get("git").is_some() {
        return Ok(Origin::Git {
            git: text("git").ok_or_else(|| missing("git"))?,
            revision: text("revision"),
            subdirectory: text("subdirectory"),
            warns: entry.get("warn-unpinned").and_then(Value::as_bool) != Some(false),
        });
    }
    if entry.get("local").is_some() {
        return Ok(Origin::Local(text("local").ok_or_else(|| missing("local"))?));
    }
    if entry.get("tarball").is_some() {
        let tarball = text("tarball").ok_or_else(|| missing("tarball"))?;
        let name = text("name")
            .ok_or_else(|| wrong("a tarball needs a `name`".to_owned(), "add `name:`, under which it is installed"))?;
        return Ok(Origin::Tarball { tarball, name });
    }
    if let Some(private) = text("private") {
        let message = format!("`{private}` is a private package, and there is no dbt platform to ask for it");
        return Err(wrong(message, "write `git:` with the address of its repository"));
    }
    Err(wrong("this is no package".to_owned(), "write `package:`, `git:`, `local:` or `tarball:`"))
}

fn hub(entry: &Value, package: String) -> Result<Origin, Diagnostic> {
    let wrong = |message: String, help: &str| Diagnostic::error(Code::BadConfig, message).help(help.to_owned());
    if !package.contains('/') {
        let message = format!("`{package}` has no namespace");
        return Err(wrong(message, "write it as the hub does: `dbt-labs/dbt_utils`"));
    }
    let versions: Vec<String> = match entry.get("version") {
        Some(Value::Array(items)) => items.iter().map(plain).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(value) => vec![plain(value)],
    };
    if versions.iter().all(String::is_empty) {
        let message = format!("`{package}` has no `version`");
        return Err(wrong(message, "a package of the hub needs one: `version: [\">=1.0.0\", \"<2.0.0\"]`"));
    }
    let bound = |text: &String| {
        Bound::parse(text).ok_or_else(|| {
            let message = format!("`{text}` is no version of `{package}`");
            wrong(message, "write three numbers, with a sign if you like: `>=1.0.0`; several make a list")
        })
    };
    let bounds = versions.iter().map(bound).collect::<Result<_, _>>()?;
    let prereleases = entry.get("install_prerelease").and_then(Value::as_bool).unwrap_or(false);
    Ok(Origin::Hub { package, bounds, prereleases })
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// An entry as dbt's classes write it, for the hash.
fn record(rendered: &Value, written: &Value, origin: &Origin) -> Value {
    let field = |key: &str| rendered.get(key).cloned().unwrap_or_default();
    let mut record = match origin {
        Origin::Hub { prereleases, .. } => json!({
            "package": field("package"), "version": field("version"), "install_prerelease": prereleases,
        }),
        Origin::Git { .. } => json!({
            "git": field("git"), "revision": field("revision"), "warn-unpinned": field("warn-unpinned"),
            "subdirectory": field("subdirectory"),
        }),
        Origin::Local(_) => json!({"local": field("local")}),
        Origin::Tarball { .. } => json!({"tarball": field("tarball"), "name": field("name")}),
    };
    if !field("name").is_null() {
        record["name"] = field("name");
    }
    record["unrendered"] = written.clone();
    record
}

/// dbt's `sha1_hash`: over the entries as JSON, a line each, sorted.
fn hash(records: &[Value]) -> String {
    let mut lines: Vec<String> = records.iter().map(|record| python_json(record, true)).collect();
    lines.sort();
    super::sha1_hex(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl Templates for Plain {
        fn render_value(&self, text: &str, _: &YamlScope) -> Result<Value, String> {
            Ok(json!(text.replace("{{ place }}", "x")))
        }
    }

    fn hash_of(name: &str, text: &str) -> String {
        let folder = std::env::temp_dir().join(format!("merganser-declare-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("packages.yml"), text).expect("a file");
        let read = declared(&folder, &mut Sources::default(), &Plain, &YamlScope::default());
        std::fs::remove_dir_all(&folder).expect("removed");
        read.expect("packages").hash
    }

    #[test]
    fn hashes_are_those_of_dbt() {
        let local = "packages:\n  - local: shared\n";
        assert_eq!(hash_of("local", local), "7b4e7c4818c1d8e4dd0b0a4501ff2fa0f47f1d4d");
        let hub = "packages:\n  - package: acme/helpers\n    version: [\">=1.0.0\", \"<2.0.0\"]\n";
        assert_eq!(hash_of("hub", hub), "4e3e72c316ad26d0e1508f7095632c0496eff889");
        let git = "packages:\n  - git: https://x/\u{e9}.git\n    subdirectory: sub\n    warn-unpinned: false\n";
        assert_eq!(hash_of("git", git), "4c10e87587ef91b74862f5c8218f9eafd13db041");
    }
}
