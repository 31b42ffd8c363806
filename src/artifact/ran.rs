//! What a run adds to the manifest: where the statements of each node are, and which nodes never came to be compiled.

use serde_json::{Value, json};

use super::manifest::add_macros;
use super::write::{has_compiled_file, node_path};
use crate::graph::{Fields, Graph, Node};
use crate::project::NodeKind;

/// What became of a node, as far as the manifest tells.
pub struct Ran<'a> {
    /// The node.
    pub unique_id: &'a str,
    /// Whether it was skipped; dbt compiles a node only when its turn comes.
    pub is_skipped: bool,
    /// Whether its batches were run: dbt keeps nothing of the whole model's compiling.
    pub is_batched: bool,
    /// Its compiled SQL, if it was compiled while the command ran.
    pub late: Option<&'a str>,
    /// The macros its template called then.
    pub called: &'a [String],
    /// Whether its statements are kept in a file.
    pub has_file: bool,
    /// What was sent for a hook.
    pub hook: Option<String>,
}

/// What the materialization of tests calls: dbt counts it among what an executed test calls itself.
const TEST_MACROS: [&str; 3] = ["get_limit_subquery_sql", "should_store_failures", "statement"];

impl Ran<'_> {
    /// Adds to a node's dictionary what is known after the run. `target` is the target folder as paths in the manifest begin with it.
    pub(super) fn add(&self, made: &mut Fields<'_>, node: &Node, (graph, target): (&Graph, &str)) {
        if self.is_skipped || self.is_batched {
            for key in ["compiled", "compiled_code", "extra_ctes", "extra_ctes_injected"] {
                made.remove(key);
            }
            made.set("compiled_path", Value::Null);
        }
        if node.kind == NodeKind::Test && !self.is_skipped {
            let of = |package: &str, name: &str| format!("macro.{package}.{name}");
            let found = |name: &&str| {
                Some(of(&graph.root, name))
                    .filter(|id| graph.macros.contains_key(id))
                    .unwrap_or_else(|| of("dbt", name))
            };
            add_macros(made, &TEST_MACROS.iter().map(found).collect::<Vec<_>>());
        }
        if let Some(sql) = self.late.filter(|_| node.unit.is_none()) {
            add_macros(made, self.called);
            add_code(made, sql);
            if has_compiled_file(node) {
                made.set("compiled_path", json!(format!("{target}/compiled/{}", node_path(node))));
            }
        }
        if self.has_file && matches!(node.kind, NodeKind::Model | NodeKind::Snapshot | NodeKind::Test) {
            made.set("build_path", json!(format!("{target}/run/{}", node_path(node))));
        }
        let Some(code) = &self.hook else { return };
        add_code(made, code);
        if made.made("compiled_path").is_none_or(|path| path.is_null()) {
            made.set("compiled_path", json!(format!("{target}/compiled/{}", node_path(node))));
        }
        // dbt counts the hooks it runs from one.
        if let Some(index) = made.made("index").and_then(|index| index.as_u64()) {
            made.set("index", json!(index + 1));
        }
    }
}

/// What is known of SQL that was made while running, unless compiling told it already.
fn add_code(made: &mut Fields<'_>, code: &str) {
    for (key, value) in [
        ("compiled", json!(true)),
        ("compiled_code", json!(code)),
        ("extra_ctes_injected", json!(true)),
        ("extra_ctes", json!([])),
    ] {
        if !made.has(key) {
            made.set(key, value);
        }
    }
}
