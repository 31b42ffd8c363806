//! Which macros a macro calls, as dbt finds them without rendering (dbt: `macro_depends_on`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::jinja::{self, MacroCall, Session};
use crate::source::{FileId, Sources};

/// What each macro calls, by unique id. Macros that are no templates are reported, called or not.
pub(super) fn macro_calls(
    session: &Session,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, Vec<String>> {
    let everywhere: Vec<String> = [session.facts.root.clone()]
        .into_iter()
        .chain(session.facts.packages.iter().rev().cloned())
        .chain(crate::project::internal_packages(session.facts.dialect.adapter()))
        .collect();
    // What the package does not have, and what is no package, is looked for everywhere (dbt: `MacroResolver.get_macro`).
    let named = |package: &str, name: &str| {
        session
            .library
            .get(package, name)
            .or_else(|| everywhere.iter().find_map(|other| session.library.get(other, name)))
    };
    let dispatched = |name: &str, namespace: Option<&str>| {
        let is_known = |namespace: &&str| {
            let facts = &session.facts;
            *namespace == "dbt"
                || facts.packages.iter().any(|known| known == namespace)
                || facts.dispatch.iter().any(|(known, _)| known == namespace)
        };
        let groups = match namespace.filter(is_known) {
            Some(namespace) => session.dispatch_packages(Some(namespace), &session.facts.root),
            None => vec![everywhere.clone()],
        };
        let prefixed = [session.facts.dialect.adapter(), "default"].map(|prefix| format!("{prefix}__{name}"));
        let in_group = |group: &Vec<String>| {
            prefixed.iter().find_map(|name| group.iter().find_map(|package| session.library.get(package, name)))
        };
        groups.iter().find_map(in_group)
    };
    let mut written = |m: &Arc<jinja::Macro>| {
        m.calls().unwrap_or_else(|error| {
            let (origin, length) = (m.def().origin, m.def().text.len());
            let whole = (FileId::from_number(origin.file), origin.base..origin.base + length);
            let is_file = |file: FileId| sources.file(file).location.is_some();
            diagnostics.push(Diagnostic { node: None, ..jinja::report(&error, "", whole, &is_file) });
            Vec::new()
        })
    };
    let calls = |m: &Arc<jinja::Macro>| {
        let package = &m.def().package;
        let mut found: Vec<String> = Vec::new();
        for call in written(m) {
            let other = |name: &str| named(package, name).filter(|_| *name != *m.def().name);
            let hits = match &call {
                MacroCall::Name(name) => [other(name), None],
                MacroCall::Qualified { package, name } => [named(package, name), None],
                // A macro of the same name counts as called, too.
                MacroCall::Dispatch { name, package } => [other(name), dispatched(name, package.as_deref())],
            };
            for id in hits.into_iter().flatten().map(|hit| hit.unique_id().to_string()) {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        (m.unique_id().to_string(), found)
    };
    session.library.iter().map(calls).collect()
}
