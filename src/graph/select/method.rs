//! Which nodes a criterion names by itself, method by method.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;

use super::super::resolve::compare_versions;
use super::super::{Graph, Node};
use super::grammar::{Criterion, Method};
use super::wildcard::{fits, path_fits};
use super::{Context, previous};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::NodeKind;

/// The paths of the root project's files and of all folders they lie in.
pub(super) fn root_paths(graph: &Graph) -> BTreeSet<&str> {
    let nodes = graph.nodes.values().chain(&graph.disabled).filter(|node| node.package == graph.root);
    nodes.flat_map(|node| folders(&node.original_path).chain(patch(node))).collect()
}

/// A path and every folder above it.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(folder, _)| folder))
}

/// The YAML file with a node's properties, below its package's folder.
fn patch(node: &Node) -> Option<&str> {
    node.patch_path.as_deref()?.split_once("://").map(|(_, path)| path)
}

fn bad(message: String, help: &str) -> Diagnostic {
    Diagnostic::error(Code::BadOption, message).help(help)
}

impl Context<'_> {
    /// The nodes a criterion names, without their relatives.
    pub(super) fn matching(
        &self,
        criterion: &Criterion,
        diagnostics: &mut Diagnostics,
    ) -> Result<BTreeSet<String>, Diagnostic> {
        let value = criterion.text();
        match criterion.method {
            Method::State => return previous::state(self, &value, diagnostics),
            Method::Result => return previous::results(self, &value),
            Method::SourceStatus => return previous::freshness(self, &value),
            Method::Config | Method::Access => {}
            _ if !criterion.value.is_string() => {
                let message = format!("a method of selection takes a text, not {}", criterion.value);
                return Err(bad(message, "put it between quotes"));
            }
            _ => check(criterion.method, &value)?,
        }
        let nodes = self.graph.nodes.values().filter(|node| self.is_named(node, criterion, &value));
        Ok(nodes.map(|node| node.unique_id.clone()).collect())
    }

    fn is_named(&self, node: &Node, criterion: &Criterion, value: &str) -> bool {
        let is_parsed = !matches!(
            node.kind,
            NodeKind::Source
                | NodeKind::Exposure
                | NodeKind::Metric
                | NodeKind::SemanticModel
                | NodeKind::SavedQuery
                | NodeKind::UnitTest
        );
        match criterion.method {
            Method::Fqn => node.kind != NodeKind::Source && fqn_fits(node, value),
            Method::Tag => node.tags.iter().any(|tag| fits(tag, value)),
            Method::Group => {
                (is_parsed || node.kind == NodeKind::Metric)
                    && node.setting_text("group").is_some_and(|group| fits(group, value))
            }
            Method::Access => {
                node.kind == NodeKind::Model && node.setting_text("access").unwrap_or("protected") == value
            }
            Method::Source => source_fits(node, value),
            Method::Path => self.path_fits(node, value),
            Method::File => file_fits(node, value),
            Method::Package => fits(&node.package, if value == "this" { &self.graph.root } else { value }),
            Method::Config => (is_parsed || node.kind == NodeKind::Source) && config_fits(node, criterion, value),
            Method::TestName => match &node.test {
                Some(test) => fits(&test.name, value),
                None => node.kind == NodeKind::UnitTest && fits(&node.name, value),
            },
            Method::TestType => test_type_fits(node, value),
            Method::ResourceType => node.kind.as_str() == value,
            Method::Exposure => named(node, NodeKind::Exposure, value),
            Method::Metric => named(node, NodeKind::Metric, value),
            Method::SemanticModel => named(node, NodeKind::SemanticModel, value),
            Method::SavedQuery => named(node, NodeKind::SavedQuery, value),
            Method::UnitTest => named(node, NodeKind::UnitTest, value),
            Method::Version => node.kind == NodeKind::Model && version_fits(node, value),
            Method::Result | Method::SourceStatus | Method::State => false,
        }
    }

    /// dbt looks for the paths in the root project, and compares them with paths below each node's own package.
    fn path_fits(&self, node: &Node, pattern: &str) -> bool {
        let fits = |path: &str| self.paths().contains(path) && path_fits(path, pattern);
        folders(&node.original_path).any(fits) || patch(node).is_some_and(fits)
    }
}

/// Types of resources that dbt knows and that are never selected: naming one selects nothing.
const UNSELECTABLE: [&str; 6] = ["macro", "doc", "group", "fixture", "rpc", "sql_operation"];

/// Refuses values that a method cannot take.
fn check(method: Method, value: &str) -> Result<(), Diagnostic> {
    let parts = value.split('.').count();
    match method {
        Method::Source if parts > 3 => Err(bad(
            format!("`source:{value}` has too many parts"),
            "write `source:NAME`, `source:NAME.TABLE` or `source:PACKAGE.NAME.TABLE`",
        )),
        Method::Exposure | Method::Metric | Method::SemanticModel | Method::SavedQuery | Method::UnitTest
            if parts > 2 =>
        {
            Err(bad(format!("`{value}` has too many parts"), "write NAME or PACKAGE.NAME"))
        }
        Method::ResourceType
            if !NodeKind::ALL.iter().any(|kind| kind.as_str() == value) && !UNSELECTABLE.contains(&value) =>
        {
            let known: Vec<&str> = NodeKind::ALL.iter().map(|kind| kind.as_str()).collect();
            Err(bad(format!("`{value}` is not a resource type"), &format!("the types are {}", known.join(", "))))
        }
        Method::TestType if !matches!(value, "generic" | "schema" | "data" | "singular" | "unit") => {
            Err(bad(format!("`{value}` is not a type of test"), "the types are generic, singular and unit"))
        }
        Method::Version if !matches!(value, "latest" | "prerelease" | "old" | "none") => {
            Err(bad(format!("`{value}` is not a kind of version"), "the kinds are latest, prerelease, old and none"))
        }
        _ => Ok(()),
    }
}

/// Whether a name, or the beginning of package, folders and name, is meant; with or without the package.
pub(super) fn fqn_fits(node: &Node, wanted: &str) -> bool {
    let is_versioned = node.kind == NodeKind::Model && node.version.is_some();
    qualified_fits(&node.fqn, wanted, is_versioned)
        || qualified_fits(node.fqn.get(1..).unwrap_or_default(), wanted, is_versioned)
}

fn qualified_fits(fqn: &[String], wanted: &str, is_versioned: bool) -> bool {
    let parts: Vec<&str> = wanted.split('.').collect();
    let leaf = fqn.len().checked_sub(if is_versioned { 2 } else { 1 }).map(|index| fqn[index].as_str());
    if leaf == Some(wanted) {
        return true;
    }
    if is_versioned && fqn[fqn.len().saturating_sub(2)..].join("_") == parts[parts.len().saturating_sub(2)..].join("_")
    {
        return true;
    }
    let flat: Vec<&str> = fqn.iter().flat_map(|part| part.split('.')).collect();
    if flat.len() < parts.len() {
        return false;
    }
    match parts.iter().position(|part| part.contains(['*', '?', '[', ']'])) {
        None => flat.starts_with(&parts),
        Some(from) if !flat.starts_with(&parts[..from]) => false,
        Some(from) => {
            let is_bare = parts.len() == 1;
            fits(&flat[from..].join("."), &parts[from..].join("."))
                || (is_bare && leaf.is_some_and(|leaf| fits(leaf, wanted)))
        }
    }
}

fn source_fits(node: &Node, value: &str) -> bool {
    let Some(details) = &node.source else { return false };
    let parts: Vec<&str> = value.split('.').collect();
    let (package, source, table) = match parts.as_slice() {
        [source] => ("*", *source, "*"),
        [source, table] => ("*", *source, *table),
        [package, source, table] => (*package, *source, *table),
        _ => return false,
    };
    fits(&node.package, package) && fits(&details.source_name, source) && fits(&node.name, table)
}

fn file_fits(node: &Node, pattern: &str) -> bool {
    let name = node.original_path.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or(name, |(stem, _)| stem);
    fits(name, pattern) || fits(stem, pattern)
}

fn named(node: &Node, kind: NodeKind, value: &str) -> bool {
    let (package, name) = value.split_once('.').unwrap_or(("*", value));
    node.kind == kind && fits(&node.package, package) && fits(&node.name, name)
}

/// Compares a configuration value: text and numbers as they are, truth values by word, lists by their members.
fn config_fits(node: &Node, criterion: &Criterion, value: &str) -> bool {
    let mut steps = criterion.arguments.iter();
    let Some(first) = steps.next() else { return false };
    let top = match first.as_str() {
        "pre_hook" => "pre-hook",
        "post_hook" => "post-hook",
        other => other,
    };
    let found = steps.try_fold(node.config.get(top).unwrap_or(&Value::Null), |value, step| value.get(step.as_str()));
    let ignores_case = criterion.arguments == ["severity"];
    let equals = |actual: &Value| match actual {
        Value::Bool(actual) => value.eq_ignore_ascii_case(if *actual { "true" } else { "false" }),
        Value::String(actual) if ignores_case => actual.eq_ignore_ascii_case(value),
        actual => *actual == criterion.value || (actual.is_number() && actual.as_f64() == criterion.value.as_f64()),
    };
    match found {
        Some(Value::Array(items)) => items.iter().any(equals),
        Some(actual) => equals(actual),
        None => false,
    }
}

fn test_type_fits(node: &Node, value: &str) -> bool {
    match value {
        "generic" | "schema" => node.test.is_some(),
        "singular" => node.kind == NodeKind::Test && node.test.is_none(),
        "data" => node.kind == NodeKind::Test,
        "unit" => node.kind == NodeKind::UnitTest,
        _ => false,
    }
}

fn version_fits(node: &Node, value: &str) -> bool {
    let (Some(version), Some(latest)) = (&node.version, &node.latest_version) else { return value == "none" };
    match value {
        "latest" => version == latest,
        "prerelease" => compare_versions(version, latest) == Ordering::Greater,
        "old" => compare_versions(version, latest) == Ordering::Less,
        _ => false,
    }
}
