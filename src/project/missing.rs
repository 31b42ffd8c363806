//! Packages that the project names and that are not installed.

use serde_json::Value;

use super::Package;
use super::deps::LOCK;
use super::shape;
use crate::config::yaml::{self, Step};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span, read_text};

/// Reports each package that is named and not installed. As in dbt, enough installed packages are taken for the right ones.
pub(super) fn report(
    root: &Package,
    (installed, internal): (&[Package], &[String]),
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    misplaced(root, sources, diagnostics);
    same_name(root, installed, internal, diagnostics);
    for name in ["packages.yml", "dependencies.yml"] {
        let path = root.file.root.join(name);
        let Ok(text) = read_text(&path) else { continue };
        let entries = match entries(name, &text) {
            Ok(entries) => entries,
            Err((code, message, range)) => {
                let span = Span::new(sources.add(name, Some(path), text), range);
                let help = "write `packages:` and each package behind a `-` below it";
                diagnostics.push(Diagnostic::error(code, message).at(span).help(help));
                continue;
            }
        };
        let misfit = entries.iter().enumerate().find_map(|(at, entry)| Some((at, shape::package_misfit(entry)?)));
        if misfit.is_none() && installed.len() >= entries.len() {
            continue;
        }
        let file = sources.add(name, Some(path), text);
        if let Some((at, misfit)) = misfit {
            let steps = [vec!["packages".into(), at.into()], misfit.steps].concat();
            let span = Span::new(file, yaml::locate(sources.text(file), &steps));
            diagnostics.push(Diagnostic::error(Code::BadConfig, misfit.message).at(span).help(misfit.help));
            continue;
        }
        let locked = locked(root);
        let folder = &root.file.paths.packages;
        let is_there =
            |entry: &Value| project(entry, &locked).is_some_and(|name| installed.iter().any(|p| p.file.name == name));
        let absent: Vec<usize> = (0..entries.len()).filter(|index| !is_there(&entries[*index])).collect();
        for index in &absent {
            let steps: [Step; 2] = ["packages".into(), (*index).into()];
            let span = Span::new(file, yaml::locate(sources.text(file), &steps));
            let shown = address(&entries[*index]).unwrap_or("this package");
            let message = format!("package `{shown}` is not installed in `{folder}`");
            let problem = Diagnostic::error(Code::MissingPackage, message).at(span);
            diagnostics.push(problem.help("install it with `merganser deps`"));
        }
        if absent.is_empty() {
            let span = Span::new(file, yaml::locate(sources.text(file), &["packages".into()]));
            let message =
                format!("{} packages are named, and {} are installed in `{folder}`", entries.len(), installed.len());
            let problem = Diagnostic::error(Code::MissingPackage, message).at(span);
            diagnostics.push(problem.help("install them with `merganser deps`"));
        }
    }
}

/// Reports packages that have one name, the project among them.
fn same_name(root: &Package, installed: &[Package], internal: &[String], diagnostics: &mut Diagnostics) {
    let built_in = |package: &&Package| internal.contains(&package.file.name);
    for package in std::iter::once(root).chain(installed).filter(built_in) {
        let message = format!("package `{}` has the name of one that is part of merganser", package.file.name);
        let problem = Diagnostic::error(Code::DuplicateName, message).at(Span::start_of(package.file.file));
        diagnostics.push(problem.help("give it another `name`"));
    }
    let mut known = vec![root];
    for package in installed {
        if let Some(first) = known.iter().find(|known| known.file.name == package.file.name) {
            let place = if first.shown.is_empty() { "the project itself" } else { first.shown.as_str() };
            let message = format!("package `{}` has the name of {place}", package.file.name);
            let problem = Diagnostic::error(Code::DuplicateName, message).at(Span::start_of(package.file.file));
            diagnostics.push(problem.help("give one of them another `name`, or remove one folder"));
        }
        known.push(package);
    }
}

/// Reports keys of packages.yml and dependencies.yml that stand in the wrong one, or in both.
fn misplaced(root: &Package, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let read = |name: &str| read_text(&root.file.root.join(name)).ok();
    let has = |text: &Option<String>, key: &str| {
        text.as_ref().and_then(|text| yaml::parse(text).ok()).is_some_and(|value| value.get(key).is_some())
    };
    let (packages, dependencies) = (read("packages.yml"), read("dependencies.yml"));
    let mut tell = |name: &str, text: Option<String>, key: &str, message: &str, help: &str| {
        let text = text.unwrap_or_default();
        let range = yaml::locate(&text, &[key.into()]);
        let span = Span::new(sources.add(name, Some(root.file.root.join(name)), text), range);
        diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help(help));
    };
    if has(&packages, "packages") && has(&dependencies, "packages") {
        let message = "`packages` stands in packages.yml and in dependencies.yml";
        tell("dependencies.yml", dependencies, "packages", message, "keep one of them");
    }
    if has(&packages, "projects") {
        tell("packages.yml", packages, "projects", "`projects` belongs into dependencies.yml", "move it there");
    }
}

type Malformed = (Code, String, std::ops::Range<usize>);

/// The packages a file names, or what is wrong with the file and where.
fn entries(name: &str, text: &str) -> Result<Vec<Value>, Malformed> {
    let parsed = yaml::parse(text).map_err(|error| {
        let offset = error.offset.unwrap_or(0);
        (Code::YamlSyntax, error.message, offset..offset)
    })?;
    let key = || yaml::locate(text, &["packages".into()]);
    let known = ["packages", "projects", "sha1_hash"];
    let unknown = parsed.as_object().and_then(|map| map.keys().find(|key| !known.contains(&key.as_str())));
    if let Some(key) = unknown.filter(|_| name == "packages.yml") {
        let range = yaml::locate(text, &[key.as_str().into()]);
        return Err((Code::BadConfig, format!("packages.yml has an unknown key `{key}`"), range));
    }
    match (&parsed, parsed.get("packages")) {
        (Value::Null, _) | (Value::Object(_), Some(Value::Null)) => Ok(Vec::new()),
        (Value::Object(_), Some(Value::Array(entries))) => Ok(entries.clone()),
        (Value::Object(_), Some(_)) => Err((Code::BadConfig, "`packages` must be a list".to_owned(), key())),
        // dependencies.yml may name projects only.
        (Value::Object(map), None) if name != "packages.yml" || map.is_empty() => Ok(Vec::new()),
        (Value::Object(_), None) => Err((Code::BadConfig, format!("{name} names no `packages`"), 0..0)),
        _ => Err((Code::BadConfig, format!("{name} must be a mapping"), 0..0)),
    }
}

/// The entries of package-lock.yml; none without one.
fn locked(root: &Package) -> Vec<Value> {
    let text = read_text(&root.file.root.join(LOCK)).ok();
    let parsed = text.and_then(|text| yaml::parse(&text).ok());
    parsed.and_then(|value| value.get("packages")?.as_array().cloned()).unwrap_or_default()
}

/// What an entry says of where the package comes from, as written.
fn address(entry: &Value) -> Option<&str> {
    ["package", "git", "local", "tarball", "private"].iter().find_map(|key| entry.get(*key)?.as_str())
}

/// The name of the package's project: what the lock says, else its name, else the last part of its address.
fn project(entry: &Value, locked: &[Value]) -> Option<String> {
    let address = address(entry)?;
    let text = |entry: &Value| entry.get("name").and_then(Value::as_str).map(str::to_owned);
    let in_lock = locked.iter().find(|known| self::address(known) == Some(address)).and_then(text);
    let last = || {
        let part = address.trim_end_matches('/').rsplit('/').next().unwrap_or(address);
        part.strip_suffix(".git").unwrap_or(part).replace('-', "_")
    };
    in_lock.or_else(|| text(entry)).or_else(|| Some(last()))
}
