//! Where a seed's file holds what `DuckDB` could not copy: its message names the line.

use crate::diagnostic::Diagnostic;
use crate::graph::Node;
use crate::project::NodeKind;
use crate::source::{Sources, Span};

/// The problem at the line the message names, in the words it has about that line.
pub(super) fn at_line(problem: Diagnostic, node: &Node, sources: &Sources, message: &str) -> Diagnostic {
    let found = message.split_once("CSV Error on Line: ").filter(|_| node.kind == NodeKind::Seed);
    let Some((kind, rest)) = found else { return problem };
    let mut lines = rest.lines();
    let number = lines.next().and_then(|number| number.trim().parse::<usize>().ok());
    let Some(start) = number.and_then(|number| line_start(sources.text(node.file), number)) else { return problem };
    let text = sources.text(node.file);
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let words = lines.find(|line| !line.starts_with("Original Line") && !line.trim().is_empty());
    let message = words.map_or_else(|| problem.message.clone(), |words| format!("{kind}{}", words.trim()));
    let help = "correct the row, or give the column another type: `config: {column_types: {…}}`";
    Diagnostic { labels: Vec::new(), excerpt: None, message, ..problem }.at(Span::new(node.file, start..end)).help(help)
}

fn line_start(text: &str, number: usize) -> Option<usize> {
    let before = number.checked_sub(1)?;
    if before == 0 {
        return Some(0);
    }
    text.match_indices('\n').nth(before - 1).map(|(at, _)| at + 1)
}
