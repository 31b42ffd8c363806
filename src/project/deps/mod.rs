//! Installing the packages a project names (dbt: `deps`).
//!
//! What is wanted ([`declared`]) is resolved, together with what the packages want themselves, into one version of each, which
//! `package-lock.yml` keeps. What the lock names is put into a new folder, which takes the place of the old one when it is
//! complete. Secrets of the environment show in no message and no file.

mod archive;
mod declare;
mod git;
mod hub;
mod lock;
mod resolve;
mod version;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub use declare::{Declared, Origin, Wanted, declared};
pub use lock::LOCK;
pub(super) use version::{Fit, fit};

use crate::config::{Templates, YamlScope};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Span, read_text};
use resolve::{Pinned, Resolver};

/// What installing needs to know.
pub struct Deps<'a> {
    /// The folder of the root project.
    pub root: PathBuf,
    /// The name of the root project.
    pub project: String,
    /// The folder packages are installed into.
    pub install: PathBuf,
    /// The environment.
    pub environment: &'a BTreeMap<String, String>,
    /// What renders Jinja in YAML.
    pub templates: &'a dyn Templates,
    /// What it sees.
    pub scope: &'a YamlScope,
    /// The version of dbt that packages must be for.
    pub dbt_version: &'a str,
    /// Whether that is checked.
    pub checks_version: bool,
    /// Hears what happens.
    pub progress: &'a dyn Fn(&str),
}

/// What is asked of `deps`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Task {
    /// Only the lock is written.
    pub lock_only: bool,
    /// Versions are looked for again.
    pub upgrade: bool,
}

/// Why a package cannot be had, not yet at a place.
#[derive(Debug)]
struct Problem {
    code: Code,
    message: String,
    help: String,
}

impl Problem {
    fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }

    fn at(self, span: Span) -> Diagnostic {
        Diagnostic::error(self.code, self.message).at(span).help(self.help)
    }
}

impl Deps<'_> {
    fn say(&self, text: &str) {
        (self.progress)(text);
    }

    /// The text without the values of secrets.
    fn scrubbed(&self, text: &str) -> String {
        let secrets =
            self.environment.iter().filter(|(name, value)| name.starts_with("DBT_ENV_SECRET") && !value.is_empty());
        secrets.fold(text.to_owned(), |text, (_, value)| text.replace(value.as_str(), "*****"))
    }

    /// The folder that everything is made in.
    fn staging(&self) -> PathBuf {
        let name = self.install.file_name().unwrap_or_default().to_string_lossy();
        self.install.with_file_name(format!(".{name}.partial"))
    }

    fn downloads(&self) -> PathBuf {
        self.staging().join("downloads")
    }
}

/// Installs what is wanted. Without a lock, or where the lock is of other packages, versions are looked for.
pub fn install(
    deps: &Deps<'_>,
    wanted: Declared,
    task: Task,
    diagnostics: &mut Diagnostics,
) -> Result<(), Box<Diagnostic>> {
    if wanted.packages.is_empty() {
        deps.say(&format!("{} names no packages", wanted.file));
        return Ok(());
    }
    let staging = Staging::make(deps.staging())?;
    let lock = locked(deps, &wanted, task, diagnostics)?;
    if task.lock_only {
        return Ok(());
    }
    let packages = staging.0.join("packages");
    for package in pinned(deps, &lock, &wanted)? {
        deps.say(&format!("Installing {}", package.name));
        place(deps, &package, &packages).map_err(|problem| Box::new(problem.at(package.span)))?;
        deps.say(&format!("  Installed from {}", package.version));
        match &package.latest {
            Some(latest) if package.version == format!("version {latest}") => deps.say("  Up to date!"),
            Some(latest) => deps.say(&format!("  Updated version available: {latest}")),
            None => {}
        }
    }
    exchange(&packages, &deps.install).map_err(|error| unwritable(&deps.install, &error))
}

/// The lock to install from: the one that is there, if it is of these packages, else a new one.
fn locked(
    deps: &Deps<'_>,
    wanted: &Declared,
    task: Task,
    diagnostics: &mut Diagnostics,
) -> Result<lock::Lock, Box<Diagnostic>> {
    let path = deps.root.join(LOCK);
    if let (Ok(text), false) = (read_text(&path), task.upgrade) {
        let known = lock::read(&text).map_err(|problem| {
            Box::new(Diagnostic::error(problem.code, problem.message).in_file(LOCK, 1).help(problem.help))
        })?;
        if known.hash.as_deref() == Some(wanted.hash.as_str()) {
            return Ok(known);
        }
        deps.say(&format!("{LOCK} is of other packages: looking for versions again"));
    }
    let mut resolver = Resolver { deps, hub: hub::Hub::default(), warnings: Vec::new() };
    let resolved = resolver.resolve(wanted.packages.clone())?;
    diagnostics.extend(resolver.warnings);
    let entries: Vec<serde_json::Value> = resolved.into_iter().map(|package| package.entry).collect();
    let text = lock::text(&entries, &wanted.hash);
    write(&path, &text).map_err(|error| unwritable(&path, &error))?;
    deps.say(&format!("Updated {LOCK}"));
    Ok(lock::Lock { entries, hash: Some(wanted.hash.clone()) })
}

/// The packages a lock names. Their problems are told at the entry that wants them, else at the first.
fn pinned(deps: &Deps<'_>, lock: &lock::Lock, wanted: &Declared) -> Result<Vec<Pinned>, Box<Diagnostic>> {
    let mut resolver = Resolver { deps, hub: hub::Hub::default(), warnings: Vec::new() };
    let first = wanted.packages[0].span;
    let mut pinned = Vec::new();
    for entry in &lock.entries {
        let problem = |message: String| {
            Box::new(Problem::new(Code::BadConfig, message, "run `merganser deps --upgrade`").at(first))
        };
        let value = declare::rendered(entry, deps.templates, deps.scope).map_err(&problem)?;
        let origin = declare::origin(&value).map_err(|wrong| problem(format!("{LOCK}: {}", wrong.message)))?;
        let span =
            wanted.packages.iter().find(|known| is_same(&known.origin, &origin)).map_or(first, |known| known.span);
        // The lock says which commit; that is as pinned as can be.
        let origin = match origin {
            Origin::Git { git, revision, subdirectory, .. } => {
                Origin::Git { git, revision, subdirectory, warns: false }
            }
            other => other,
        };
        let package = Wanted { origin, written: entry.clone(), span };
        pinned.push(resolver.pin(&package).map_err(|problem| Box::new(problem.at(span)))?);
    }
    Ok(pinned)
}

/// Whether two origins are the same package, whatever their versions.
fn is_same(one: &Origin, other: &Origin) -> bool {
    match (one, other) {
        (Origin::Hub { package: a, .. }, Origin::Hub { package: b, .. }) => a == b,
        (Origin::Git { git: a, subdirectory: c, .. }, Origin::Git { git: b, subdirectory: d, .. }) => a == b && c == d,
        (one, other) => one == other,
    }
}

/// Puts one package into the folder of packages, under its project's name.
fn place(deps: &Deps<'_>, package: &Pinned, packages: &Path) -> Result<(), Problem> {
    let target = packages.join(&package.project);
    let failed = |error: std::io::Error| {
        let message = format!("`{}` cannot be put into {}: {error}", package.name, target.display());
        Problem::new(Code::PackageFetch, message, "check the folder's permissions and the space on the disk")
    };
    if package.project.is_empty() || package.project.contains(['/', '\\', '.']) {
        let message = format!("`{}` is no name for a package's folder", package.project);
        return Err(Problem::new(Code::PackageFetch, message, "tell the package's authors"));
    }
    match (&package.folder, &package.archive) {
        (Some(folder), _) if package.entry.get("local").is_some() => {
            let folder = folder.canonicalize().map_err(failed)?;
            link(&folder, &target).map_err(failed)
        }
        (Some(folder), _) => fs::rename(folder, &target).map_err(failed),
        (None, Some(url)) => {
            let partial = deps.downloads().join(&package.project);
            let folder = archive::unpacked(deps, url, &partial)?;
            fs::rename(folder, &target).map_err(failed)
        }
        (None, None) => Ok(()),
    }
}

/// A link to a local package; where there are no links, a copy.
fn link(folder: &Path, target: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(folder, target);
    #[cfg(not(unix))]
    let linked: std::io::Result<()> = Err(std::io::ErrorKind::Unsupported.into());
    linked.or_else(|_| copy(folder, target))
}

fn copy(folder: &Path, target: &Path) -> std::io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let to = target.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}

/// Lets a new folder take the place of an old one; if that fails, the old one stays.
fn exchange(new: &Path, folder: &Path) -> std::io::Result<()> {
    let old = new.with_file_name("old");
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    let had = folder.symlink_metadata().is_ok();
    if had {
        fs::rename(folder, &old)?;
    }
    fs::rename(new, folder).inspect_err(|_| {
        if had {
            // The first error says why.
            let _ = fs::rename(&old, folder);
        }
    })
}

/// Writes a file: whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("yml.partial");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

/// Adds a package to the file that names packages, in the place of what is there of the same name; gives the file's name.
pub fn add(root: &Path, entry: &serde_json::Value) -> Result<String, Box<Diagnostic>> {
    let named = |name: &str| {
        let parsed = read_text(&root.join(name)).ok().and_then(|text| crate::config::yaml::parse(&text).ok());
        parsed.filter(|value| value.get("packages").is_some())
    };
    let file = if named("packages.yml").is_none() && named("dependencies.yml").is_some() {
        "dependencies.yml"
    } else {
        "packages.yml"
    };
    let path = root.join(file);
    let text = read_text(&path).unwrap_or_default();
    let value = crate::config::yaml::parse(&text).map_err(|error| {
        let help = "mend the file, then add the package";
        Box::new(Diagnostic::error(Code::YamlSyntax, error.message).in_file(file, 1).help(help))
    })?;
    let mut entries = value.get("packages").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let name = ["package", "git", "local"].iter().find_map(|key| entry.get(*key)?.as_str()).unwrap_or_default();
    entries.retain(|known| !names(known, name));
    entries.push(entry.clone());
    let mut rest = String::new();
    for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| *key != "packages") {
        rest.push_str(&crate::config::yaml::print(&serde_json::json!({key: value})));
    }
    write(&path, &format!("{}{rest}", lock::packages_text(&entries))).map_err(|error| unwritable(&path, &error))?;
    Ok(file.to_owned())
}

/// Whether an entry is of a package of this name: the name stands in its address as a word, with `-` for `_` or not.
fn names(entry: &serde_json::Value, name: &str) -> bool {
    let keys = ["package", "git", "local", "tarball", "private"];
    let Some(address) = keys.iter().find_map(|key| entry.get(*key)?.as_str()) else { return false };
    let short = name.rsplit('/').next().unwrap_or(name);
    let variants =
        [name, short].into_iter().flat_map(|name| [name.to_owned(), name.replace('_', "-"), name.replace('-', "_")]);
    let is_edge = |c: Option<char>| c.is_none_or(|c| c == '/' || c == '.');
    variants.filter(|variant| !variant.is_empty()).any(|variant| {
        address.find(&variant).is_some_and(|at| {
            is_edge(address[..at].chars().next_back()) && is_edge(address[at + variant.len()..].chars().next())
        })
    })
}

/// The folder that everything is made in, removed when done.
struct Staging(PathBuf);

impl Staging {
    fn make(folder: PathBuf) -> Result<Self, Box<Diagnostic>> {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("packages"))
            .and_then(|()| fs::create_dir_all(folder.join("downloads")))
            .map_err(|error| unwritable(&folder, &error))?;
        Ok(Self(folder))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is removed at the beginning of the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn unwritable(folder: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let message = format!("{} cannot be written: {error}", folder.display());
    let help = "check the folder's permissions";
    Box::new(Diagnostic::error(Code::MissingFile, message).in_file(folder.display().to_string(), 1).help(help))
}

/// SHA-1 in hexadecimal digits, as dbt's lock has it.
fn sha1_hex(text: &str) -> String {
    crate::source::sha1(text)
}
