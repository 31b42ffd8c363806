//! Putting artifacts on disk: whole files or none, at dbt's paths below the target folder.

use std::fs;
use std::io::{self, Write};
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
    changed(&path, sql)?;
    Ok(path)
}

/// Writes the SQL of a part of a node, a batch, into a folder that is named after the node.
pub fn part_sql(target: &Path, tree: Tree, node: &Node, (part, sql): (&str, &str)) -> Result<(), WriteError> {
    let whole = node_path(node);
    let (stem, ending) = whole.rsplit_once('.').unwrap_or((&whole, "sql"));
    let base = stem.rsplit('/').next().unwrap_or(stem);
    let path = target.join(tree.folder()).join(format!("{stem}/{base}_{part}.{ending}"));
    changed(&path, sql)
}

/// Writes a file unless it holds this text already, as most of them do.
fn changed(path: &Path, text: &str) -> Result<(), WriteError> {
    let written = match fs::read(path) {
        Ok(known) if known == text.as_bytes() => return Ok(()),
        Ok(known) => over(path, known.len() > text.len(), text),
        Err(_) => fs::write(path, text),
    };
    let written = match written {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| fs::write(path, text))
        }
        written => written,
    };
    written.map_err(|error| WriteError { path: path.to_owned(), reason: error.to_string() })
}

/// Writes a text over what a file holds, which may be longer. The file is never empty in between: ext4 writes a file that was emptied to
/// the disk when it is closed, which takes ten times as long.
fn over(path: &Path, is_longer: bool, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    if is_longer {
        file.set_len(text.len() as u64)?;
    }
    file.write_all(text.as_bytes())
}

/// Writes what stands in a unit test for something that its model reads, beside the unit test's own folder.
pub fn fixture_sql(target: &Path, node: &Node, (name, sql): (&str, &str)) -> Result<(), WriteError> {
    let path =
        target.join(Tree::Compiled.folder()).join(&node.package).join(&node.original_path).join(format!("{name}.sql"));
    changed(&path, sql)
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
    use super::{changed, text};

    #[test]
    fn a_file_holds_its_latest_text_and_no_more() {
        let path = std::env::temp_dir().join(format!("merganser-changed-{}/a/b.sql", std::process::id()));
        for text in ["select 1", "select 1", "select 1, 2", "", "select"] {
            changed(&path, text).expect("written");
            assert_eq!(std::fs::read(&path).expect("readable"), text.as_bytes());
        }
        std::fs::remove_dir_all(path.ancestors().nth(2).expect("a folder")).expect("removed");
    }

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
