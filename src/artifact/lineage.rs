//! Lineage for others: JSON lines, text for people, and a Mermaid graph.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

/// A column with what it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageRecord {
    /// The node's unique id.
    pub node: String,
    /// The column; `*` for columns that are not known.
    pub column: String,
    /// Its type.
    pub data_type: String,
    /// Why its lineage is not complete, if it is not.
    pub reason: Option<String>,
    /// What it depends on, sorted.
    pub inputs: Vec<LineageInput>,
}

/// A column that another one depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineageInput {
    /// The node's unique id, or the name of a relation that no node makes.
    pub node: String,
    /// The column.
    pub column: String,
    /// `copied`, `transformed`, `aggregated` or `indirect`.
    pub kind: &'static str,
    /// The path into a semi-structured column.
    pub path: Option<String>,
}

/// One JSON object for a column.
pub fn lineage_json(record: &LineageRecord) -> Value {
    let input = |input: &LineageInput| json!({"node": input.node, "column": input.column, "kind": input.kind, "path": input.path});
    json!({
        "node": record.node,
        "column": record.column,
        "type": record.data_type,
        "complete": record.reason.is_none(),
        "reason": record.reason,
        "inputs": record.inputs.iter().map(input).collect::<Vec<_>>(),
    })
}

/// All columns as text: a block for each node, a line for each column, its inputs by kind below it.
pub fn lineage_text(records: &[LineageRecord]) -> String {
    let mut text = String::new();
    let mut node = "";
    for record in records {
        if record.node != node {
            let gap = if node.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{}", record.node);
            node = &record.node;
        }
        let doubt = record.reason.as_ref().map_or_else(String::new, |reason| format!("  incomplete: {reason}"));
        let _ = writeln!(text, "  {} {}{doubt}", record.column, record.data_type);
        let mut groups: BTreeMap<(usize, &str), Vec<String>> = BTreeMap::new();
        for input in &record.inputs {
            let path = input.path.as_ref().map_or_else(String::new, |path| format!(":{path}"));
            let strength = ["copied", "transformed", "aggregated", "indirect"]
                .iter()
                .position(|kind| *kind == input.kind)
                .unwrap_or_default();
            groups.entry((strength, input.node.as_str())).or_default().push(format!("{}{path}", input.column));
        }
        for ((strength, from), columns) in groups {
            let kind = ["copied", "transformed", "aggregated", "indirect"][strength];
            let _ = writeln!(text, "    {kind:<11} {from}: {}", columns.join(", "));
        }
    }
    text
}

/// All columns as a Mermaid graph: columns inside their nodes, indirect edges dotted.
pub fn lineage_mermaid(records: &[LineageRecord]) -> String {
    let mut nodes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut count = 0;
    let mut number = |node, column| {
        let columns: &mut BTreeMap<&str, usize> = nodes.entry(node).or_default();
        *columns.entry(column).or_insert_with(|| {
            count += 1;
            count
        })
    };
    let mut edges = Vec::new();
    for record in records {
        let to = number(record.node.as_str(), record.column.as_str());
        for input in &record.inputs {
            let from = number(input.node.as_str(), input.column.as_str());
            let arrow = if input.kind == "indirect" { "-.->" } else { "-->" };
            let path = input.path.as_ref().map_or_else(String::new, |path| format!(" {path}"));
            edges.push(format!("  c{from} {arrow}|\"{}\"| c{to}", escaped(&format!("{}{path}", input.kind))));
        }
    }
    let mut text = String::from("graph LR\n");
    for (at, (node, columns)) in nodes.iter().enumerate() {
        let _ = writeln!(text, "  subgraph n{at}[\"{}\"]", escaped(node));
        for (column, number) in columns {
            let _ = writeln!(text, "    c{number}[\"{}\"]", escaped(column));
        }
        text.push_str("  end\n");
    }
    for edge in edges {
        text.push_str(&edge);
        text.push('\n');
    }
    text
}

/// A text inside quotes of a Mermaid graph.
fn escaped(text: &str) -> String {
    text.replace('"', "#quot;").replace('|', "#124;").replace('\n', " ")
}
