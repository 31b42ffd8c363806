//! From what is wanted to what is installed: packages of packages, and one version of each.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::declare::{Origin, Wanted, origin, rendered};
use super::git::{Place, checkout};
use super::hub::Hub;
use super::version::Range;
use super::{Deps, Problem, archive};
use crate::config::yaml;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, read_text};

/// A package with its version decided.
#[derive(Debug, Clone)]
pub(super) struct Pinned {
    /// Its project's name, which is the folder it is installed in.
    pub(super) project: String,
    /// What is said of it: `version 1.3.0`.
    pub(super) version: String,
    /// The newest version of a package of the hub.
    pub(super) latest: Option<String>,
    /// The name it goes by in packages.yml.
    pub(super) name: String,
    /// Its entry in package-lock.yml.
    pub(super) entry: Value,
    /// Where its project lies, where that is known without installing it.
    pub(super) folder: Option<PathBuf>,
    /// The address of its archive.
    pub(super) archive: Option<String>,
    pub(super) span: Span,
}

/// Resolves packages and theirs.
pub(super) struct Resolver<'a> {
    pub(super) deps: &'a Deps<'a>,
    pub(super) hub: Hub,
    /// Whether git packages without a revision are warned of.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Resolver<'_> {
    /// The packages wanted and those they want, each once.
    pub(super) fn resolve(&mut self, wanted: Vec<Wanted>) -> Result<Vec<Pinned>, Box<Diagnostic>> {
        let mut settled: Vec<Wanted> = Vec::new();
        let mut pending = wanted;
        while !pending.is_empty() {
            let mut next = Vec::new();
            for package in pending {
                let merged = incorporate(&mut settled, package)?;
                let pinned = self.pin(&merged).map_err(|problem| Box::new(problem.at(merged.span)))?;
                next.extend(self.wanted_by(&pinned).map_err(|problem| Box::new(problem.at(merged.span)))?);
            }
            pending = next;
        }
        // Versions may have been narrowed by packages that were read later.
        self.warnings.clear();
        let pinned = settled
            .iter()
            .map(|package| self.pin(package).map_err(|problem| Box::new(problem.at(package.span))))
            .collect::<Result<Vec<_>, _>>()?;
        self.check_names(&pinned)?;
        Ok(pinned)
    }

    /// The version of one package.
    pub(super) fn pin(&mut self, wanted: &Wanted) -> Result<Pinned, Problem> {
        match &wanted.origin {
            Origin::Hub { package, bounds, prereleases } => {
                let words: Vec<String> = bounds.iter().map(ToString::to_string).collect();
                let words = words.join(", ");
                let range = Range::of(bounds).ok_or_else(|| {
                    let message = format!("no version of `{package}` is {words}");
                    Problem::new(
                        Code::PackageConflict,
                        message,
                        "packages of packages count too: widen one of the ranges",
                    )
                })?;
                let prereleases = *prereleases || bounds.iter().any(|bound| bound.version.prerelease.is_some());
                let chosen = self.hub.choose(self.deps, package, (&range, &words, prereleases))?;
                self.pinned_hub(package, &chosen.version, Some(chosen.latest), wanted.span)
            }
            Origin::Git { .. } => self.pinned_git(wanted),
            Origin::Local(local) => {
                let folder = self.deps.root.join(local);
                let project = project_name(&folder).map_err(|reason| {
                    let help = "write the path of a folder with a dbt_project.yml, relative to your project";
                    Problem::new(Code::PackageFetch, format!("`{local}` is no project: {reason}"), help)
                })?;
                Ok(Pinned {
                    version: format!("<local @ {local}>"),
                    latest: None,
                    name: local.clone(),
                    entry: json!({"local": local, "name": project}),
                    folder: Some(folder),
                    archive: None,
                    span: wanted.span,
                    project,
                })
            }
            Origin::Tarball { tarball, name } => {
                let folder = self.deps.downloads().join(format!("{}.archive", super::sha1_hex(tarball)));
                let known = std::fs::read_dir(&folder).ok().and_then(|mut entries| entries.next()?.ok());
                let folder = match known {
                    Some(entry) => entry.path(),
                    None => archive::unpacked(self.deps, tarball, &folder)?,
                };
                let written = self.deps.scrubbed(wanted.written["tarball"].as_str().unwrap_or(tarball));
                Ok(Pinned {
                    project: name.clone(),
                    version: format!("tarball (url: {})", self.deps.scrubbed(tarball)),
                    latest: None,
                    name: name.clone(),
                    entry: json!({"name": name, "tarball": written}),
                    folder: Some(folder),
                    archive: None,
                    span: wanted.span,
                })
            }
        }
    }

    /// A version of a package of the hub, as the hub describes it.
    pub(super) fn pinned_hub(
        &mut self,
        package: &str,
        version: &str,
        latest: Option<String>,
        span: Span,
    ) -> Result<Pinned, Problem> {
        let details = self.hub.details(self.deps, package, version)?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let archive = text(details.get("downloads").and_then(|downloads| downloads.get("tarball")));
        let project = text(details.get("name")).unwrap_or_default();
        if archive.is_none() || project.is_empty() {
            let message = format!("the registry does not say where `{package}` {version} is");
            return Err(Problem::new(Code::PackageFetch, message, "try again later, or install it with `git:`"));
        }
        Ok(Pinned {
            version: format!("version {version}"),
            latest,
            name: package.to_owned(),
            entry: json!({"name": project, "package": package, "version": version}),
            folder: None,
            archive,
            span,
            project,
        })
    }

    fn pinned_git(&mut self, wanted: &Wanted) -> Result<Pinned, Problem> {
        let Origin::Git { git, revision, subdirectory, warns } = &wanted.origin else {
            unreachable!("only git packages are pinned here")
        };
        let place = Place { git, revision: revision.as_deref(), subdirectory: subdirectory.as_deref() };
        let found = checkout(self.deps, &place)?;
        let shown = self.deps.scrubbed(git);
        if *warns && matches!(revision.as_deref(), None | Some("HEAD" | "main" | "master")) {
            let at = revision.as_deref().unwrap_or("HEAD");
            let message = format!("the git package `{shown}` is pinned to {at}, which changes");
            let help = "name a tag or a commit with `revision:`, or say `warn-unpinned: false`";
            self.warnings.push(Diagnostic::warning(Code::UnpinnedPackage, message).at(wanted.span).help(help));
        }
        let project = project_name(&found.folder).map_err(|reason| {
            Problem::new(
                Code::PackageFetch,
                format!("`{shown}`: {reason}"),
                "name the project's folder with `subdirectory:`",
            )
        })?;
        let written = self.deps.scrubbed(wanted.written["git"].as_str().unwrap_or(git));
        let mut entry = json!({"git": written, "name": project, "revision": found.commit});
        if let Some(subdirectory) = subdirectory {
            entry["subdirectory"] = json!(subdirectory);
        }
        Ok(Pinned {
            version: format!("revision {}", found.commit),
            latest: None,
            name: subdirectory.as_ref().map_or_else(|| shown.clone(), |below| format!("{shown}/{below}")),
            entry,
            folder: Some(found.folder),
            archive: None,
            span: wanted.span,
            project,
        })
    }

    /// What a package wants itself.
    fn wanted_by(&mut self, pinned: &Pinned) -> Result<Vec<Wanted>, Problem> {
        let entries = match (&pinned.folder, &pinned.entry["version"]) {
            (Some(folder), _) => entries_of(folder),
            (None, Value::String(version)) => {
                let details = self.hub.details(self.deps, &pinned.name, version)?;
                details.get("packages").and_then(Value::as_array).cloned().unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let of = |written: Value| {
            let wrong = |reason: String| {
                let message = format!("package `{}` wants a package that cannot be read: {reason}", pinned.name);
                Problem::new(Code::BadConfig, message, "tell its authors, or use another version of it")
            };
            let value = rendered(&written, self.deps.templates, self.deps.scope).map_err(wrong)?;
            let origin = origin(&value).map_err(|problem| wrong(problem.message))?;
            Ok(Wanted { origin, written, span: pinned.span })
        };
        entries.into_iter().map(of).collect()
    }

    /// Two packages of one name, or one named as the project itself, cannot both be installed.
    fn check_names(&self, pinned: &[Pinned]) -> Result<(), Box<Diagnostic>> {
        for (index, package) in pinned.iter().enumerate() {
            let message = if pinned[..index].iter().any(|other| other.project == package.project) {
                format!("two packages are called `{}`", package.project)
            } else if package.project == self.deps.project {
                format!("`{}` has the name of this project, `{}`", package.name, package.project)
            } else {
                continue;
            };
            let help = "remove one of them; the same package from the hub and from git is two packages";
            return Err(Box::new(Diagnostic::error(Code::PackageConflict, message).at(package.span).help(help)));
        }
        Ok(())
    }
}

/// Adds a package to those known: of the same package, ranges and revisions add up.
fn incorporate(settled: &mut Vec<Wanted>, package: Wanted) -> Result<Wanted, Box<Diagnostic>> {
    let Some(known) = settled.iter_mut().find(|known| key(&known.origin) == key(&package.origin)) else {
        settled.push(package.clone());
        return Ok(package);
    };
    match (&mut known.origin, package.origin) {
        (Origin::Hub { bounds, .. }, Origin::Hub { bounds: more, .. }) => bounds.extend(more),
        (Origin::Git { git, revision, warns, .. }, Origin::Git { revision: other, warns: also, .. }) => {
            *warns &= also;
            match (&revision, other) {
                (Some(one), Some(other)) if *one != other => {
                    let message = format!("`{git}` is wanted at {one} and at {other}");
                    let help = "one package can be installed once: agree on a `revision`";
                    return Err(Box::new(
                        Diagnostic::error(Code::PackageConflict, message).at(package.span).help(help),
                    ));
                }
                (None, Some(other)) => *revision = Some(other),
                _ => {}
            }
        }
        _ => {}
    }
    Ok(known.clone())
}

/// What makes two entries the same package: with or without `.git` at its end, an address is one.
fn key(origin: &Origin) -> (u8, String) {
    match origin {
        Origin::Hub { package, .. } => (0, package.clone()),
        Origin::Git { git, subdirectory, .. } => {
            let address = git.strip_suffix(".git").unwrap_or(git);
            (1, format!("{address}/{}", subdirectory.as_deref().unwrap_or_default()))
        }
        Origin::Local(local) => (2, local.clone()),
        Origin::Tarball { tarball, .. } => (3, tarball.clone()),
    }
}

/// `name:` of the project in a folder.
pub(super) fn project_name(folder: &Path) -> Result<String, String> {
    let text = read_text(&folder.join("dbt_project.yml")).map_err(|error| error.to_string())?;
    let parsed = yaml::parse(&text).map_err(|error| error.message)?;
    let name = parsed.get("name").and_then(Value::as_str).unwrap_or_default();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name { Ok(name.to_owned()) } else { Err("its dbt_project.yml has no usable `name`".to_owned()) }
}

/// The package entries of the project in a folder, as written.
fn entries_of(folder: &Path) -> Vec<Value> {
    let of = |name: &str| {
        let parsed = read_text(&folder.join(name)).ok().and_then(|text| yaml::parse(&text).ok());
        parsed.and_then(|value| value.get("packages")?.as_array().cloned())
    };
    of("dependencies.yml").or_else(|| of("packages.yml")).unwrap_or_default()
}
