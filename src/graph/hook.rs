//! `on-run-start` and `on-run-end` statements as nodes (dbt: `parser/hooks.py`).

use std::sync::Arc;

use serde_json::json;

use super::configuration::Wanted;
use super::node::Node;
use super::parse::{Parsing, empty_node};
use crate::config::Hook;
use crate::diagnostic::Diagnostics;
use crate::project::{Checksum, NodeKind, Package};
use crate::source::sha256;

/// One node per statement.
pub(super) fn operations(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let mut nodes = Vec::new();
    for package in &parsing.project.packages {
        for (key, hooks) in [("on-run-start", &package.file.on_run_start), ("on-run-end", &package.file.on_run_end)] {
            for (index, hook) in hooks.iter().enumerate() {
                nodes.push(operation(parsing, package, key, (index, hook), diagnostics));
            }
        }
    }
    nodes
}

fn operation(
    parsing: &Parsing<'_>,
    package: &Package,
    key: &str,
    hook: (usize, &Hook),
    diagnostics: &mut Diagnostics,
) -> Node {
    let (index, hook) = hook;
    let project = &package.file.name;
    let name = format!("{project}-{key}-{index}");
    let unique_id = format!("operation.{project}.{name}");
    let fqn = vec![project.clone(), "hooks".to_owned(), name.clone()];
    let raw: Arc<str> = hook.sql.as_str().into();
    let subject = parsing.subject(project, &unique_id, &name, NodeKind::Operation);
    let parsed = parsing.parse(&subject, &raw, hook.span.file, hook.span.start);
    diagnostics.extend(parsed.problem);
    let wanted = Wanted {
        kind: NodeKind::Operation,
        package: project,
        fqn: &fqn,
        properties: serde_json::Map::new(),
        calls: parsed.facts.config.clone(),
    };
    let resolved = parsing.trees.resolve(&wanted);
    let mut node = Node {
        kind: NodeKind::Operation,
        unique_id,
        package: project.clone(),
        path: format!("hooks/{name}.sql"),
        original_path: "./dbt_project.yml".to_owned(),
        code: hook.span.range(),
        config: resolved.config,
        unrendered_config: resolved.unrendered,
        tags: vec![key.to_owned()],
        checksum: Checksum { name: "sha256", value: sha256(parsing.sources.text(package.file.file).trim()) },
        refs: parsed.facts.refs,
        sources: parsed.facts.sources,
        macros: parsed.macros,
        declared: json!({"index": index}).as_object().cloned().unwrap_or_default(),
        name,
        fqn,
        raw,
        ..empty_node(hook.span.file)
    };
    // Operations are configured as models are, hooks too, and call what these call.
    diagnostics.extend(parsing.hooks(&mut node, &subject));
    parsing.finish(&mut node);
    node
}
