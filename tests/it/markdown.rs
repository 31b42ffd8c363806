//! The grammar of markdown cases: headings are tests, fences are files and expectations.
//!
//! A heading takes over the files of the headings above it, so that a `#` can hold a project and each `##` a change to it.

use std::ops::Range;

/// A heading with its fences.
#[derive(Debug)]
pub(crate) struct Case {
    /// The words of the heading, with those of the headings above it.
    pub(crate) title: String,
    /// The line of the heading, from 1.
    pub(crate) line: usize,
    /// The fences, those taken over first.
    pub(crate) fences: Vec<Fence>,
}

/// A fence.
#[derive(Debug, Clone)]
pub(crate) struct Fence {
    /// What stands behind the opening ticks.
    pub(crate) info: String,
    /// Its text, ending in a newline unless empty.
    pub(crate) body: String,
    /// The bytes of its text in the file.
    pub(crate) range: Range<usize>,
    /// The line of its opening, from 1.
    pub(crate) line: usize,
}

impl Fence {
    /// The path of the file it holds, when it holds one: ```` ```sql models/a.sql ````.
    pub(crate) fn path(&self) -> Option<&str> {
        const LANGUAGES: [&str; 9] = ["sql", "yaml", "yml", "csv", "json", "md", "text", "python", "toml"];
        let (language, path) = self.info.split_once(' ')?;
        (LANGUAGES.contains(&language) && !path.contains(' ')).then_some(path)
    }

    /// Whether it makes something of the files before it, for all that follows: a repository, a registry.
    pub(crate) fn is_setting(&self) -> bool {
        ["git ", "hub "].iter().any(|word| self.info.starts_with(word))
    }
}

/// The headings that have an expectation of their own, in order.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut found: Vec<Case> = Vec::new();
    // The headings that are open here: level, words, and the files they hold.
    let mut open: Vec<(usize, String, Vec<Fence>)> = Vec::new();
    for (line, block) in blocks(text) {
        match block {
            Block::Heading(level, words) => {
                open.retain(|(above, ..)| *above < level);
                open.push((level, words.to_owned(), Vec::new()));
                let title = open.iter().map(|(_, words, _)| words.as_str()).collect::<Vec<_>>().join(" / ");
                let fences = open.iter().flat_map(|(.., fences)| fences.clone()).collect();
                found.push(Case { title, line, fences });
            }
            Block::Fence(fence) => {
                let case = found.last_mut().unwrap_or_else(|| panic!("line {line}: a fence above all headings"));
                case.fences.push(fence.clone());
                let (.., files) = open.last_mut().expect("a fence has a heading");
                if fence.path().is_some() || fence.is_setting() {
                    files.push(fence);
                }
            }
        }
    }
    let has_expectation = |case: &Case| {
        case.fences
            .iter()
            .any(|fence| fence.line > case.line && (fence.path().is_none() || !marks(&fence.body).is_empty()))
    };
    found.retain(has_expectation);
    found
}

/// The codes of `error: [code]` comments, with their lines, from 1.
pub(crate) fn marks(body: &str) -> Vec<(usize, String)> {
    let mark = |(index, line): (usize, &str)| {
        let (before, rest) = line.rsplit_once("error: [")?;
        let opens = ["-- ", "# ", "{# "].iter().any(|open| before.ends_with(open));
        opens.then(|| Some((index + 1, rest.split_once(']')?.0.to_owned()))).flatten()
    };
    body.lines().enumerate().filter_map(mark).collect()
}

enum Block<'t> {
    Heading(usize, &'t str),
    Fence(Fence),
}

fn blocks(text: &str) -> Vec<(usize, Block<'_>)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, usize, usize)> = None;
    let mut at = 0;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let line = raw.trim_end();
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match open {
            Some((count, info, start, opened)) if ticks >= count && line.len() == ticks => {
                let fence =
                    Fence { info: info.to_owned(), body: text[start..at].to_owned(), range: start..at, line: opened };
                found.push((opened, Block::Fence(fence)));
                open = None;
            }
            None if ticks >= 3 => open = Some((ticks, line[ticks..].trim(), at + raw.len(), index + 1)),
            None if line.starts_with('#') => {
                let level = line.bytes().take_while(|byte| *byte == b'#').count();
                found.push((index + 1, Block::Heading(level, line[level..].trim())));
            }
            _ => {}
        }
        at += raw.len();
    }
    assert!(open.is_none(), "the fence of line {} is not closed", open.map_or(0, |(.., line)| line));
    found
}
