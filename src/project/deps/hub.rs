//! The registry of packages (dbt: `clients/registry.py`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::version::{Range, sorted};
use super::{Deps, Problem};
use crate::diagnostic::{Code, did_you_mean};
use crate::warehouse::download;

/// The registry's address, unless `DBT_PACKAGE_HUB_URL` names another.
const HUB: &str = "https://hub.getdbt.com/";

/// What the registry says, each answer asked for once.
#[derive(Debug, Default)]
pub(super) struct Hub {
    index: Option<Vec<String>>,
    packages: BTreeMap<String, Value>,
}

/// A version that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) version: String,
    /// The newest that could be installed.
    pub(super) latest: String,
}

impl Hub {
    /// The newest version that all bounds leave and that this dbt can use.
    pub(super) fn choose(
        &mut self,
        deps: &Deps<'_>,
        package: &str,
        (range, bounds, prereleases): (&Range, &str, bool),
    ) -> Result<Chosen, Problem> {
        self.check_known(deps, package)?;
        let versions = self.versions(deps, package)?;
        let usable: Vec<String> = versions
            .iter()
            .filter(|(_, details)| !deps.checks_version || is_usable(details, deps.dbt_version))
            .map(|(version, _)| version.clone())
            .collect();
        let all = usable.len();
        let installable = sorted(usable, prereleases);
        let chosen = installable.iter().rev().find(|(version, _)| range.holds(version));
        match (chosen, installable.last()) {
            (Some((_, version)), Some((_, latest))) => Ok(Chosen { version: version.clone(), latest: latest.clone() }),
            _ => {
                let known: Vec<&str> = installable.iter().rev().take(5).map(|(_, text)| text.as_str()).collect();
                let help = match (known.is_empty(), all) {
                    (false, _) => format!("there are: {}", known.join(", ")),
                    (true, 0) => {
                        "none of its versions is for this version of dbt; --no-version-check lets them be".to_owned()
                    }
                    (true, _) => "there are prereleases only: add `install_prerelease: true`".to_owned(),
                };
                let message = format!("`{package}` has no version for {bounds}");
                Err(Problem::new(Code::PackageConflict, message, help))
            }
        }
    }

    /// What the registry knows of a version: its project's name, its own packages, its archive.
    pub(super) fn details(&mut self, deps: &Deps<'_>, package: &str, version: &str) -> Result<Value, Problem> {
        let versions = self.versions(deps, package)?;
        let found = versions.iter().find(|(known, _)| known.as_str() == version).map(|(_, details)| details.clone());
        found.ok_or_else(|| {
            let message = format!("`{package}` has no version {version}");
            Problem::new(Code::PackageFetch, message, "package-lock.yml may be old: run `merganser deps --upgrade`")
        })
    }

    fn check_known(&mut self, deps: &Deps<'_>, package: &str) -> Result<(), Problem> {
        if self.index.is_none() {
            let answer = get(deps, "index")?;
            let names = answer.as_array().ok_or_else(|| strange(deps, "its index is no list"))?;
            self.index = Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        let index = self.index.as_deref().unwrap_or_default();
        if index.iter().any(|known| known == package) {
            return Ok(());
        }
        let message = format!("the registry has no package `{package}`");
        let near = did_you_mean(package, index.iter().map(String::as_str));
        let help = near.map_or_else(
            || "look it up at https://hub.getdbt.com".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Err(Problem::new(Code::PackageFetch, message, help))
    }

    fn versions(&mut self, deps: &Deps<'_>, package: &str) -> Result<Vec<(String, Value)>, Problem> {
        if !self.packages.contains_key(package) {
            let answer = get(deps, package)?;
            if let (None, None) = (answer.get("redirectnamespace"), answer.get("redirectname")) {
            } else {
                let part = |key: &str, old: &str| {
                    let value = answer.get(key).or_else(|| answer.get(old)).and_then(Value::as_str);
                    value.unwrap_or_default().to_owned()
                };
                let now = format!("{}/{}", part("redirectnamespace", "namespace"), part("redirectname", "name"));
                deps.say(&format!("`{package}` is called `{now}` now: change packages.yml"));
            }
            self.packages.insert(package.to_owned(), answer);
        }
        let versions = self.packages[package].get("versions").and_then(Value::as_object);
        let versions = versions.ok_or_else(|| strange(deps, &format!("`{package}` has no `versions`")))?;
        Ok(versions.iter().map(|(version, details)| (version.clone(), details.clone())).collect())
    }
}

/// Whether `require_dbt_version` of a version lets this dbt use it.
fn is_usable(details: &Value, dbt: &str) -> bool {
    let bounds: Vec<&str> = match details.get("require_dbt_version") {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) if !text.is_empty() => vec![text],
        _ => return true,
    };
    matches!(super::fit(&bounds, dbt), super::Fit::Fits)
}

fn base(deps: &Deps<'_>) -> String {
    let own = deps.environment.get("DBT_PACKAGE_HUB_URL").filter(|url| !url.is_empty());
    own.map_or_else(|| HUB.to_owned(), Clone::clone)
}

fn get(deps: &Deps<'_>, name: &str) -> Result<Value, Problem> {
    let url = format!("{}api/v1/{name}.json", base(deps));
    let bytes = download(&url).map_err(|error| {
        let message = format!("the registry does not answer at {url}: {error}");
        Problem::new(Code::PackageFetch, deps.scrubbed(&message), "check the network, or DBT_PACKAGE_HUB_URL")
    })?;
    serde_json::from_slice(&bytes).map_err(|_| strange(deps, &format!("{url} is no JSON")))
}

fn strange(deps: &Deps<'_>, reason: &str) -> Problem {
    let message = format!("the registry at {} gives an answer that makes no sense: {reason}", base(deps));
    Problem::new(Code::PackageFetch, deps.scrubbed(&message), "try again later, or check DBT_PACKAGE_HUB_URL")
}
