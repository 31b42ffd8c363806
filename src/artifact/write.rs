//! Putting artifacts on disk: whole files or none, at dbt's paths below the target folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::graph::Node;
use crate::project::NodeKind;
use crate::source::{WriteError, write_file};

/// The two trees of SQL below the target folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tree {
    /// The compiled SQL of nodes.
    Compiled,
    /// The statement that was run for a node.
    Run,
}

impl Tree {
    fn folder(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::Run => "run",
        }
    }
}

/// Makes a folder, if it is not there, and finds out whether files can be written into it.
pub fn folder(path: &Path) -> Result<(), WriteError> {
    let failed = |error: std::io::Error| WriteError { path: path.to_owned(), reason: error.to_string() };
    fs::create_dir_all(path).map_err(failed)?;
    let probe = path.join(format!(".probe.{}.tmp", std::process::id()));
    fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).map_err(failed)
}

/// Writes JSON on one line.
pub fn json(path: &Path, value: &impl Serialize) -> Result<(), WriteError> {
    write_file(path, |out| Ok(serde_json::to_writer(out, value)?))
}

/// Writes a file of this text.
pub fn text(path: &Path, text: &str) -> Result<(), WriteError> {
    write_file(path, |out| out.write_all(text.as_bytes()))
}

/// Writes a node's SQL into one of the trees of the target folder, and says where.
pub fn node_sql(target: &Path, tree: Tree, node: &Node, sql: &str) -> Result<PathBuf, WriteError> {
    let path = target.join(tree.folder()).join(node_path(node));
    changed(&path, sql).map_err(|error| WriteError { path: path.clone(), reason: error.to_string() })?;
    Ok(path)
}

/// Writes the SQL of a part of a node, a batch, into a folder that is named after the node.
pub fn part_sql(target: &Path, tree: Tree, node: &Node, (part, sql): (&str, &str)) -> Result<(), WriteError> {
    let whole = node_path(node);
    let (stem, ending) = whole.rsplit_once('.').unwrap_or((&whole, "sql"));
    let base = stem.rsplit('/').next().unwrap_or(stem);
    let path = target.join(tree.folder()).join(format!("{stem}/{base}_{part}.{ending}"));
    changed(&path, sql).map_err(|error| WriteError { path: path.clone(), reason: error.to_string() })
}

/// Writes a file unless it holds this text already: most of them do, and a file that is written over waits for the disk.
fn changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    match fs::write(path, text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            fs::write(path, text)
        }
        written => written,
    }
}

/// Writes what stands in a unit test for something that its model reads, beside the unit test's own folder.
pub fn fixture_sql(target: &Path, node: &Node, (name, sql): (&str, &str)) -> Result<(), WriteError> {
    let path =
        target.join(Tree::Compiled.folder()).join(&node.package).join(&node.original_path).join(format!("{name}.sql"));
    fs::create_dir_all(path.parent().unwrap_or(target))
        .and_then(|()| fs::write(&path, sql))
        .map_err(|error| WriteError { path: path.clone(), reason: error.to_string() })
}

/// Whether dbt keeps the compiled SQL of such a node as a file.
pub fn has_compiled_file(node: &Node) -> bool {
    matches!(
        node.kind,
        NodeKind::Model | NodeKind::Test | NodeKind::UnitTest | NodeKind::Analysis | NodeKind::Operation
    )
}

/// The path of a node's SQL below `compiled` and `run`: that of its file; below it, where several nodes share the file.
pub fn node_path(node: &Node) -> String {
    if node.unit.is_some() {
        let folder = node.original_path.rsplit_once('/').map_or("", |(folder, _)| folder);
        return format!("{}/{}/{folder}/{}.sql", node.package, node.original_path, node.alias);
    }
    let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    if base(&node.path) == base(&node.original_path) {
        format!("{}/{}", node.package, node.original_path)
    } else {
        format!("{}/{}/{}", node.package, node.original_path, node.path)
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_file_is_replaced_and_nothing_else_stays() {
        let folder = std::env::temp_dir().join(format!("merganser-write-{}", std::process::id()));
        let path = folder.join("a/manifest.json");
        text(&path, "one").expect("written");
        text(&path, "two").expect("written again");
        let names: Vec<_> =
            std::fs::read_dir(folder.join("a")).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(names, ["manifest.json"]);
        assert_eq!(std::fs::read(&path).expect("readable"), b"two");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
