//! Whether a path or a name in a configuration means a file or a node.

use super::method::fqn_fits;
use super::wildcard::path_fits;
use crate::graph::Node;

/// Whether a pattern is a path and not a name of nodes.
fn is_path(pattern: &str) -> bool {
    let has_ending = [".sql", ".yml", ".yaml", ".csv", ".md", ".py"].iter().any(|ending| pattern.ends_with(ending));
    pattern.contains('/') || has_ending
}

/// Whether a pattern means a file: the file itself, or a folder above it.
pub fn covers_file(path: &str, pattern: &str) -> bool {
    let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.any(|end| path_fits(&path[..end], pattern.trim_end_matches('/')))
}

/// Whether a pattern means a node: by its file, its folders, or its name as selection takes it.
pub fn covers_node(node: &Node, pattern: &str) -> bool {
    covers_file(&node.original_path, pattern) || (!is_path(pattern) && fqn_fits(node, pattern))
}
