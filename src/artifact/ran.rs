//! What a run adds to the manifest: where the statements of each node are, and which nodes never came to be compiled.

use serde_json::{Map, Value, json};

use super::write::{has_compiled_file, node_path};
use crate::graph::Graph;
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

/// Adds to a manifest what is known after a run. `target` is the target folder as paths in the manifest begin with it.
pub fn add(manifest: &mut Value, ran: &[Ran<'_>], graph: &Graph, target: &str) {
    for node_ran in ran {
        let Some(node) = graph.node(node_ran.unique_id) else { continue };
        let Some(Value::Object(made)) = manifest["nodes"].get_mut(node_ran.unique_id) else { continue };
        if node_ran.is_skipped || node_ran.is_batched {
            for key in ["compiled", "compiled_code", "extra_ctes", "extra_ctes_injected"] {
                made.shift_remove(key);
            }
            made.insert("compiled_path".to_owned(), Value::Null);
        }
        if node.kind == NodeKind::Test && !node_ran.is_skipped {
            let of = |package: &str, name: &str| format!("macro.{package}.{name}");
            let found = |name: &&str| {
                Some(of(&graph.root, name))
                    .filter(|id| graph.macros.contains_key(id))
                    .unwrap_or_else(|| of("dbt", name))
            };
            add_called(made, &TEST_MACROS.iter().map(found).collect::<Vec<_>>());
        }
        if let Some(sql) = node_ran.late.filter(|_| node.unit.is_none()) {
            add_called(made, node_ran.called);
            for (key, value) in [
                ("compiled", json!(true)),
                ("compiled_code", json!(sql)),
                ("extra_ctes_injected", json!(true)),
                ("extra_ctes", json!([])),
            ] {
                made.entry(key).or_insert(value);
            }
            if has_compiled_file(node) {
                made.insert("compiled_path".to_owned(), json!(format!("{target}/compiled/{}", node_path(node))));
            }
        }
        if node_ran.has_file && matches!(node.kind, NodeKind::Model | NodeKind::Snapshot | NodeKind::Test) {
            made.insert("build_path".to_owned(), json!(format!("{target}/run/{}", node_path(node))));
        }
        if let Some(code) = &node_ran.hook {
            for (key, value) in [
                ("compiled", json!(true)),
                ("compiled_code", json!(code)),
                ("extra_ctes_injected", json!(true)),
                ("extra_ctes", json!([])),
            ] {
                made.entry(key).or_insert(value);
            }
            if made.get("compiled_path").is_none_or(Value::is_null) {
                let path = format!("{target}/compiled/{}", node_path(node));
                made.insert("compiled_path".to_owned(), json!(path));
            }
            // dbt counts the hooks it runs from one.
            if let Some(index) = made.get("index").and_then(Value::as_u64) {
                made.insert("index".to_owned(), json!(index + 1));
            }
        }
    }
}

fn add_called(made: &mut Map<String, Value>, called: &[String]) {
    let mut whole = Value::Object(std::mem::take(made));
    super::manifest::add_macros(&mut whole, called);
    if let Value::Object(fields) = whole {
        *made = fields;
    }
}
