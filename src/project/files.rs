//! Files that become nodes, and the blocks of macro and docs files.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::ops::Range;

use rayon::prelude::*;

use super::{Block, BlockKind, Checksum, DocsBlock, Entry, FileNode, Fixture, Macro, NodeKind, Package, blocks};
use crate::config::Templates;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, FoundFile, Ignored, ReadError, Sources, Span, find_files, read_text};

/// Seeds above this many bytes are known by their path instead of their content (dbt: `MAXIMUM_SEED_SIZE`).
const LARGEST_HASHED_SEED: usize = 1024 * 1024;

/// A file of a resource folder: its identity and its two paths.
pub(super) struct ResourceFile {
    pub(super) file: FileId,
    /// Below the resource folder.
    pub(super) path: String,
    /// Below the package's folder.
    pub(super) original_path: String,
}

/// Reads the files with these endings in the folders of `package`; each file once, also when folders overlap.
pub(super) fn resource_files(
    package: &Package,
    folders: &[String],
    endings: &[&str],
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<ResourceFile> {
    let mut unreadable = |error: ReadError| {
        let problem = Diagnostic::error(Code::MissingFile, error.to_string());
        diagnostics.push(problem.in_file(error.path.display().to_string(), 1));
    };
    let ignored = Ignored::of(&package.file.root).unwrap_or_else(|error| {
        unreadable(error);
        Ignored::default()
    });
    let mut seen: HashSet<String> = HashSet::new();
    let mut wanted: Vec<(FoundFile, String)> = Vec::new();
    for folder in folders {
        let folder = folder.trim_end_matches('/');
        let found = find_files(&package.file.root.join(folder), endings).unwrap_or_else(|error| {
            unreadable(error);
            Vec::new()
        });
        for found in found {
            let is_whole = folder == "." || folder.is_empty();
            let path = if is_whole { found.below.clone() } else { format!("{folder}/{}", found.below) };
            if !ignored.holds(&path) && seen.insert(path.clone()) {
                wanted.push((found, path));
            }
        }
    }
    read_once(package, wanted, sources, diagnostics)
}

/// Reads files side by side and adds them in order; those that were read before are taken as they are.
fn read_once(
    package: &Package,
    wanted: Vec<(FoundFile, String)>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<ResourceFile> {
    let shown =
        |path: &str| if package.shown.is_empty() { path.to_owned() } else { format!("{}/{path}", package.shown) };
    let known: &Sources = sources;
    let texts: Vec<(String, Option<Result<String, ReadError>>)> = wanted
        .par_iter()
        .map(|(found, path)| {
            let shown = shown(path);
            let text = known.by_path(&shown).is_none().then(|| read_text(&found.location));
            (shown, text)
        })
        .collect();
    let mut files = Vec::with_capacity(wanted.len());
    for ((FoundFile { location, below }, original_path), (shown, text)) in wanted.into_iter().zip(texts) {
        let file = match (sources.by_path(&shown), text) {
            (Some(file), _) => file,
            (None, Some(Ok(text))) => sources.add(shown, Some(location), text),
            (None, Some(Err(error))) => {
                diagnostics.push(Diagnostic::error(Code::MissingFile, error.to_string()).in_file(shown, 1));
                continue;
            }
            (None, None) => continue,
        };
        files.push(ResourceFile { file, path: below, original_path });
    }
    files
}

/// The bytes of a text without the white space around it; dbt strips every file it reads.
pub(super) fn stripped(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// SHA-256 of a text, in hexadecimal.
fn sha256(text: &str) -> Checksum {
    Checksum { name: "sha256", value: crate::source::sha256(text) }
}

/// Whether a file begins with a byte order mark, which its text here does not have, and dbt's has.
fn has_mark(sources: &Sources, found: &ResourceFile) -> bool {
    let mut first = [0; 3];
    let location = sources.file(found.file).location.as_ref();
    let read = location.and_then(|path| std::fs::File::open(path).ok()?.read_exact(&mut first).ok());
    read.is_some() && first == [0xef, 0xbb, 0xbf]
}

/// The node a whole file becomes. `path` is what dbt calls the node's path.
pub(super) fn file_node(kind: NodeKind, package: &str, found: &ResourceFile, sources: &Sources) -> FileNode {
    let text = sources.text(found.file);
    let code = stripped(text);
    let base = found.path.rsplit('/').next().unwrap_or(&found.path);
    let name = base.rsplit_once('.').map_or(base, |(name, _)| name).to_owned();
    let path = if kind == NodeKind::Analysis { format!("analysis/{}", found.path) } else { found.path.clone() };
    let checksum = if kind == NodeKind::Seed && text.len() > LARGEST_HASHED_SEED {
        Checksum { name: "path", value: found.original_path.clone() }
    } else if kind == NodeKind::Seed && has_mark(sources, found) {
        sha256(&format!("\u{feff}{}", text.trim_end()))
    } else {
        sha256(&text[code.clone()])
    };
    let fqn = fqn(package, &path, &name);
    let (path, original_path) = (path, found.original_path.clone());
    FileNode { kind, package: package.to_owned(), name, path, original_path, fqn, file: found.file, code, checksum }
}

/// Package, the folders of `path`, and the name.
pub(super) fn fqn(package: &str, path: &str, name: &str) -> Vec<String> {
    let folders = path.split('/').rev().skip(1).map(str::to_owned).collect::<Vec<_>>().into_iter().rev();
    std::iter::once(package.to_owned()).chain(folders).chain([name.to_owned()]).collect()
}

/// The rows that fixture files hold for unit tests, which find them by the files' names.
pub(super) fn fixtures(package: &str, found: &[ResourceFile], diagnostics: &mut Diagnostics) -> Vec<Fixture> {
    let mut fixtures: Vec<Fixture> = Vec::new();
    for file in found {
        let base = file.path.rsplit('/').next().unwrap_or(&file.path);
        let name = base.rsplit_once('.').map_or(base, |(name, _)| name).to_owned();
        if let Some(first) = fixtures.iter().find(|first| first.name == name) {
            let problem = Diagnostic::error(Code::DuplicateName, format!("two fixtures are named `{name}`"));
            let problem = problem.label(Span::start_of(file.file), "the second");
            let problem = problem.label(Span::start_of(first.file), "the first");
            diagnostics.push(problem.help("rename one of the files"));
        }
        fixtures.push(Fixture { package: package.to_owned(), name, file: file.file });
    }
    fixtures
}

/// The snapshots of a file: one node per `{% snapshot %}` block.
pub(super) fn snapshot_nodes(
    package: &str,
    found: &ResourceFile,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<FileNode> {
    let whole = file_node(NodeKind::Snapshot, package, found, sources);
    let node = |block: Block| {
        let name = block.name.clone();
        // Not stripped, as the code of a file is.
        let text = sources.text(found.file);
        let code = block.content(text);
        let start = code.as_ptr() as usize - text.as_ptr() as usize;
        let code = start..start + code.len();
        let mut fqn = fqn(package, &whole.path, "");
        fqn.pop();
        fqn.push(whole.name.clone());
        fqn.push(name.clone());
        FileNode { name, fqn, code, ..whole.clone() }
    };
    file_blocks(found, sources, &[BlockKind::Snapshot], diagnostics).into_iter().map(node).collect()
}

/// A `relation:` that is neither a `ref` nor a `source` (dbt: `statically_parse_ref_or_source`).
pub(super) fn relation_misfit(entry: &Entry, sources: &Sources) -> Option<Diagnostic> {
    let text = entry.text("relation").map(str::trim).unwrap_or_default();
    let is_call = |name: &str| text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('));
    if (is_call("ref") || is_call("source")) && text.ends_with(')') {
        return None;
    }
    let message = format!("the `relation` of snapshot `{}` is no `ref` and no `source`", entry.name);
    let span = entry.span(sources, &["relation".into()]);
    Some(
        Diagnostic::error(Code::BadConfig, message)
            .at(span)
            .help("write `relation: ref('NAME')` or `relation: source('SOURCE', 'TABLE')`"),
    )
}

/// The snapshot that a YAML entry with `relation:` is. Its template is made here, as a text of its own (dbt: `parser/schemas.py`).
pub(super) fn declared_snapshot(entry: &Entry, sources: &mut Sources) -> FileNode {
    let relation = entry.text("relation").filter(|text| !text.trim().is_empty()).unwrap_or("none");
    let text = format!("select * from {{{{ {relation} }}}}");
    let (code, declared) = (0..text.len(), sources.file(entry.file));
    let checksum = sha256(declared.text.trim());
    let (shown, location) = (format!("{}/{}.sql", declared.path, entry.name), declared.location.clone());
    FileNode {
        kind: NodeKind::Snapshot,
        package: entry.package.clone(),
        name: entry.name.clone(),
        path: format!("{}/{}.sql", entry.path, entry.name),
        original_path: entry.original_path.clone(),
        fqn: fqn(&entry.package, &entry.path, &entry.name),
        file: sources.add(shown, location, text),
        code,
        checksum,
    }
}

/// The blocks of a macro file that templates can call.
pub(super) const MACROS: &[BlockKind] = &[BlockKind::Macro, BlockKind::Test, BlockKind::Materialization];

/// Those of a file of generic tests.
pub(super) const TESTS: &[BlockKind] = &[BlockKind::Test];

/// The macros of a file.
pub(super) fn macros(
    package: &str,
    (found, kinds): (&ResourceFile, &[BlockKind]),
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Macro> {
    let define = |block: Block| Macro {
        package: package.to_owned(),
        name: block.macro_name(sources.text(found.file)).unwrap_or_else(|| block.name.clone()),
        file: found.file,
        original_path: found.original_path.clone(),
        languages: (block.kind == BlockKind::Materialization)
            .then(|| languages(&sources.text(found.file)[block.header.clone()])),
        block,
    };
    file_blocks(found, sources, kinds, diagnostics).into_iter().map(define).collect()
}

/// The `supported_languages` of a materialization's header; `sql` alone when it says nothing.
fn languages(header: &str) -> Vec<String> {
    let Some((_, rest)) = header.split_once("supported_languages") else { return vec!["sql".to_owned()] };
    let list = rest.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split(',')
        .map(|word| word.trim().trim_matches(['\'', '"']).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Reports docs blocks of one package that have one name: `doc` cannot tell them apart (dbt: `Manifest.add_doc`).
pub(super) fn check_docs(docs: &[DocsBlock], diagnostics: &mut Diagnostics) {
    let mut known: HashMap<&str, &DocsBlock> = HashMap::new();
    for block in docs {
        let Some(first) = known.insert(&block.name, block) else { continue };
        let span = |block: &DocsBlock| Span::new(block.file, block.header.clone());
        let problem = Diagnostic::error(Code::DuplicateName, format!("two docs blocks are named `{}`", block.name));
        let problem = problem.label(span(block), "the second").label(span(first), "the first");
        diagnostics.push(problem.help("rename one of them; names are unique within a package"));
    }
}

/// The docs blocks of a file.
pub(super) fn docs(
    package: &str,
    found: &ResourceFile,
    templates: &dyn Templates,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<DocsBlock> {
    let blocks = file_blocks(found, sources, &[BlockKind::Docs], diagnostics);
    let mut define = |block: Block| {
        let written = &sources.text(found.file)[block.body.clone()];
        let text = templates.render_block(written).unwrap_or_else(|(reason, range)| {
            let span = Span::new(found.file, block.body.start + range.start..block.body.start + range.end);
            let help = "a docs block is a template in which no name means anything; put braces it shows between `{% raw %}` and `{% endraw %}`";
            diagnostics.push(Diagnostic::error(Code::UndefinedName, reason).at(span).help(help));
            written.to_owned()
        });
        DocsBlock {
            package: package.to_owned(),
            name: block.name.clone(),
            file: found.file,
            header: block.header.clone(),
            original_path: found.original_path.clone(),
            path: found.path.clone(),
            text: text.trim().to_owned(),
        }
    };
    blocks.into_iter().map(&mut define).collect()
}

fn file_blocks(
    found: &ResourceFile,
    sources: &Sources,
    kinds: &[BlockKind],
    diagnostics: &mut Diagnostics,
) -> Vec<Block> {
    match blocks(sources.text(found.file), kinds) {
        Ok(blocks) => blocks,
        Err(error) => {
            let span = Span::new(found.file, error.span.clone());
            diagnostics.push(
                Diagnostic::error(Code::TemplateSyntax, error.to_string())
                    .at(span)
                    .help("close the block with its own end tag"),
            );
            Vec::new()
        }
    }
}
