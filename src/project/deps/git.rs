//! Packages out of git repositories, fetched by the `git` program, as dbt does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Deps, Problem};
use crate::diagnostic::Code;

/// A repository that is checked out.
#[derive(Debug, Clone)]
pub(super) struct Checkout {
    /// The folder of the project in it.
    pub(super) folder: PathBuf,
    /// The commit.
    pub(super) commit: String,
}

/// What is wanted of a repository.
pub(super) struct Place<'a> {
    pub(super) git: &'a str,
    pub(super) revision: Option<&'a str>,
    pub(super) subdirectory: Option<&'a str>,
}

/// Checks a revision out below the downloads' folder: one that is there already is fetched no second time.
pub(super) fn checkout(deps: &Deps<'_>, place: &Place<'_>) -> Result<Checkout, Problem> {
    let revision = place.revision.unwrap_or("HEAD");
    let key = [place.git, place.subdirectory.unwrap_or_default(), revision].join("\n");
    let folder = deps.downloads().join(super::sha1_hex(&key));
    let run = |folder: &Path, words: &[&str]| git(deps, folder, words);
    if !folder.join(".git").exists() {
        let partial = folder.with_extension("partial");
        let _ = std::fs::remove_dir_all(&partial);
        let shown = deps.scrubbed(place.git);
        let failed = |reason: String| {
            let message = format!("`{shown}` cannot be fetched at {revision}: {reason}");
            Problem::new(
                Code::PackageFetch,
                message,
                "check the address, your rights, and that the branch, tag or full commit exists",
            )
        };
        let target = partial.to_string_lossy().into_owned();
        let mut clone = vec!["clone", "--quiet", "--depth", "1", "--no-checkout"];
        if place.subdirectory.is_some() {
            clone.extend(["--filter=blob:none", "--sparse"]);
        }
        clone.extend(["--", place.git, &target]);
        run(&deps.downloads(), &clone).map_err(&failed)?;
        if let Some(subdirectory) = place.subdirectory {
            run(&partial, &["sparse-checkout", "set", "--", subdirectory])
                .or_else(|_| run(&partial, &["sparse-checkout", "set", subdirectory]))
                .map_err(&failed)?;
        }
        let found = fetch(&partial, revision, &run).map_err(&failed)?;
        run(&partial, &["reset", "--quiet", "--hard", &found]).map_err(&failed)?;
        std::fs::rename(&partial, &folder).map_err(|error| failed(error.to_string()))?;
    }
    let commit = run(&folder, &["rev-parse", "HEAD"]).map_err(|reason| {
        Problem::new(Code::PackageFetch, reason, "remove the packages' folder, and run `merganser deps` again")
    })?;
    let inside = place.subdirectory.map_or_else(|| folder.clone(), |below| folder.join(below));
    if !inside.join("dbt_project.yml").is_file() {
        let message = format!("`{}` holds no dbt project", deps.scrubbed(place.git));
        let help = "name the project's folder with `subdirectory:`";
        return Err(Problem::new(Code::PackageFetch, message, help));
    }
    Ok(Checkout { folder: inside, commit: commit.trim().to_owned() })
}

/// Runs git in a folder.
type Git<'a> = dyn Fn(&Path, &[&str]) -> Result<String, String> + 'a;

/// Fetches a revision, a tag before a branch of the same name, and says what it is called then.
fn fetch(folder: &Path, revision: &str, run: &Git<'_>) -> Result<String, String> {
    if revision == "HEAD" {
        return Ok("HEAD".to_owned());
    }
    let is_commit = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_commit {
        // Servers that give single commits away only as part of a branch are asked for all.
        let all = ["fetch", "--quiet", "--unshallow", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"];
        run(folder, &["fetch", "--quiet", "--depth", "1", "origin", revision])
            .or_else(|reason| run(folder, &all).map_err(|_| reason))?;
        return Ok(revision.to_owned());
    }
    let tag = format!("+refs/tags/{revision}:refs/tags/{revision}");
    if run(folder, &["fetch", "--quiet", "--depth", "1", "origin", &tag]).is_ok() {
        return Ok(format!("refs/tags/{revision}"));
    }
    let branch = format!("+refs/heads/{revision}:refs/remotes/origin/{revision}");
    run(folder, &["fetch", "--quiet", "--depth", "1", "origin", &branch])?;
    Ok(format!("refs/remotes/origin/{revision}"))
}

/// Runs git; the error is what it said, without secrets. It never asks for a password.
fn git(deps: &Deps<'_>, folder: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(words)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the program `git` cannot be started ({error}); install it"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().map(str::trim).rfind(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let reason = reason.or_else(|| said.lines().next_back()).unwrap_or("git failed");
    Err(deps.scrubbed(reason))
}
