//! Which docs blocks descriptions use: `doc_blocks` of nodes and columns.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::graph::{Fields, Node};
use crate::project::{DocsBlock, EntryKind, NodeKind, Project};
use crate::source::FileId;

/// Finds the docs blocks of descriptions as they were written.
pub(super) struct DocsCalls<'a> {
    project: &'a Project,
    /// Docs blocks by name, in the order of reading.
    blocks: HashMap<&'a str, Vec<&'a DocsBlock>>,
    /// Tables of sources as written, by file, source and name.
    tables: HashMap<(FileId, &'a str, &'a str), &'a Map<String, Value>>,
}

impl<'a> DocsCalls<'a> {
    pub(super) fn new(project: &'a Project) -> Self {
        let mut blocks: HashMap<&str, Vec<&DocsBlock>> = HashMap::new();
        project.docs.iter().for_each(|block| blocks.entry(&block.name).or_default().push(block));
        let mut tables = HashMap::new();
        for entry in project.entries.iter().filter(|entry| entry.kind == EntryKind::Source) {
            for table in entry.written.get("tables").and_then(Value::as_array).into_iter().flatten() {
                if let (Some(fields), Some(name)) = (table.as_object(), table.get("name").and_then(Value::as_str)) {
                    tables.entry((entry.file, entry.name.as_str(), name)).or_insert(fields);
                }
            }
        }
        Self { project, blocks, tables }
    }

    /// Fills `doc_blocks` of a node's dictionary and of its columns.
    pub(super) fn fill(&self, node: &Node, made: &mut Fields<'_>) {
        let Some(written) = self.written(node) else { return };
        if made.has("doc_blocks") {
            made.set("doc_blocks", self.blocks(&node.package, written.get("description")));
        }
        for column in written.get("columns").and_then(Value::as_array).into_iter().flatten() {
            let blocks = self.blocks(&node.package, column.get("description"));
            if let Some(name) = column.get("name").and_then(Value::as_str).filter(|_| blocks != json!([])) {
                made.set_column_docs(name, blocks);
            }
        }
    }

    /// The YAML a node's descriptions come from, as written.
    fn written(&self, node: &Node) -> Option<&'a Map<String, Value>> {
        let entries = &self.project.entries;
        let Some(source) = node.source.as_ref().filter(|_| node.kind == NodeKind::Source) else {
            return entries.get(node.patch?).map(|entry| &*entry.written);
        };
        self.tables.get(&(node.file, source.source_name.as_str(), node.name.as_str())).copied()
    }

    /// The unique ids of the blocks a description calls, in order.
    fn blocks(&self, package: &str, description: Option<&Value>) -> Value {
        let Some(text) = description.and_then(Value::as_str).filter(|text| text.contains("doc(")) else {
            return json!([]);
        };
        let id = |arguments: Vec<&str>| {
            let block = match arguments.as_slice() {
                [name] => [Some(package), Some(&*self.project.packages[0].file.name), None]
                    .into_iter()
                    .find_map(|p| self.find(p, name)),
                [package, name] => self.find(Some(package), name),
                _ => None,
            }?;
            Some(json!(format!("doc.{}.{}", block.package, block.name)))
        };
        calls(text).into_iter().filter_map(id).collect()
    }

    fn find(&self, package: Option<&str>, name: &str) -> Option<&'a DocsBlock> {
        let mut named = self.blocks.get(name)?.iter();
        named.find(|block| package.is_none_or(|package| package == block.package)).copied()
    }
}

/// The string arguments of each `{{ doc(...) }}` of a text.
fn calls(text: &str) -> Vec<Vec<&str>> {
    let expressions = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    let lists = expressions.filter_map(|(inner, _)| arguments(inner.trim_matches('-').trim()));
    lists.map(|list| list.split(',').map(|part| part.trim().trim_matches(['\'', '"'])).collect()).collect()
}

/// What stands between the parentheses of a call of `doc`.
fn arguments(expression: &str) -> Option<&str> {
    expression.strip_prefix("doc")?.trim_start().strip_prefix('(')?.strip_suffix(')')
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn calls_of_docs_blocks_are_found() {
        let text = "A {{ doc('a') }} and {{doc(\"p\", \"b\")}}, not {{ var('doc') }} nor doc('c').";
        assert_eq!(calls(text), [vec!["a"], vec!["p", "b"]]);
    }
}
