//! Methods that compare with an earlier invocation: `state:`, `result:`, `source_status:`.

use std::collections::BTreeSet;

use super::super::state::{Check, Comparison};
use super::Context;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};

/// The nodes that are new, old, modified ... since the manifest of `--state`.
pub(super) fn state(
    context: &Context<'_>,
    value: &str,
    diagnostics: &mut Diagnostics,
) -> Result<BTreeSet<String>, Diagnostic> {
    let previous = &context.selection.previous;
    let manifest = previous.manifest.as_ref().ok_or_else(|| missing(context, "state:", "manifest.json"))?;
    let check = Check::from_name(value).ok_or_else(|| {
        let help = match did_you_mean(value, Check::NAMES.iter().copied()) {
            Some(near) => format!("did you mean `state:{near}`?"),
            None => format!("the states are {}", Check::NAMES.join(", ")),
        };
        Diagnostic::error(Code::BadOption, format!("`{value}` is not a state")).help(help)
    })?;
    let mut problems = Vec::new();
    let found = Comparison::new(context.graph, previous, manifest).nodes(check, &mut problems);
    problems.into_iter().for_each(|problem| diagnostics.push(problem));
    Ok(found)
}

/// The nodes that had this status in the run results of `--state`.
pub(super) fn results(context: &Context<'_>, value: &str) -> Result<BTreeSet<String>, Diagnostic> {
    let results = context.selection.previous.results.as_ref();
    let results = results.ok_or_else(|| missing(context, "result:", "run_results.json"))?;
    let had = |id: &&String| results.get(*id).is_some_and(|status| status == value);
    Ok(context.graph.nodes.keys().filter(had).cloned().collect())
}

/// The sources that were loaded since the freshness results of `--state`, or were not asked then.
pub(super) fn freshness(context: &Context<'_>, value: &str) -> Result<BTreeSet<String>, Diagnostic> {
    let [before, now] = &context.selection.previous.freshness;
    let before = before.as_ref().ok_or_else(|| missing(context, "source_status:", "sources.json"))?;
    let now = now.as_ref().ok_or_else(|| {
        let message = "`source_status:` needs the freshness of now: there is no sources.json in the target folder";
        Diagnostic::error(Code::MissingState, message).help("run `merganser source freshness` first")
    })?;
    let newer = |id: &&String| {
        value == "fresher" && now.get(*id).is_some_and(|now| before.get(*id).is_none_or(|before| now > before))
    };
    Ok(context.graph.nodes.keys().filter(newer).cloned().collect())
}

fn missing(context: &Context<'_>, method: &str, file: &str) -> Diagnostic {
    match &context.selection.previous.folder {
        None => Diagnostic::error(Code::MissingState, format!("`{method}` needs an earlier {file}"))
            .help("pass its folder with `--state`"),
        Some(folder) => {
            let message = format!("`{method}` needs an earlier {file}, and there is none in `{folder}`");
            let help =
                "pass the folder of an earlier invocation's artifacts with `--state`; it is relative to the project";
            Diagnostic::error(Code::MissingState, message).help(help)
        }
    }
}
