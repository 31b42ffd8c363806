//! A file of patterns for paths to pass over, as dbt reads `.dbtignore`: git's wildcards, of which the last that matches decides.
//! Unlike git, a pattern with `!` takes a file back even when its folder is passed over.

use std::path::Path;

use super::{ReadError, read_text};

/// The patterns of a `.dbtignore`, in their order.
#[derive(Debug, Default)]
pub struct Ignored {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    /// Whether what it matches is passed over; with `!` it is taken back.
    ignores: bool,
    /// Between its slashes, from the project's folder on; `**` stands for any number of folders.
    segments: Vec<Vec<char>>,
}

impl Ignored {
    /// The patterns of the project in `folder`; none where it has no `.dbtignore`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(".dbtignore");
        if path.is_file() { Ok(Self::parse(&read_text(&path)?)) } else { Ok(Self::default()) }
    }

    fn parse(text: &str) -> Self {
        Self { patterns: text.lines().filter_map(Pattern::parse).collect() }
    }

    /// Whether the file at `path`, relative to the project's folder, is passed over.
    pub fn holds(&self, path: &str) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let segments: Vec<Vec<char>> = path.split('/').map(|segment| segment.chars().collect()).collect();
        self.patterns.iter().rev().find(|p| below(&p.segments, &segments)).is_some_and(|p| p.ignores)
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let line = if line.ends_with("\\ ") { line.trim_start() } else { line.trim() };
        if line.is_empty() || line == "/" || line.starts_with('#') {
            return None;
        }
        let (ignores, line) = line.strip_prefix('!').map_or((true, line), |rest| (false, rest));
        let mut segments: Vec<&str> = line.split('/').collect();
        let is_folder = segments.last().is_some_and(|last| last.is_empty());
        if segments[0].is_empty() {
            segments.remove(0);
        } else if segments.len() == 1 || (segments.len() == 2 && is_folder) {
            segments.insert(0, "**");
        }
        if is_folder {
            // What is in the folder, not a file of its name.
            segments.pop();
            segments.extend(["**", "*"]);
        }
        segments.dedup_by(|a, b| a == b && *a == "**");
        let segments: Vec<Vec<char>> = segments.into_iter().map(|s| s.chars().collect()).collect();
        (!segments.is_empty()).then_some(Self { ignores, segments })
    }
}

/// Whether the pattern matches the path, or a folder that it lies in.
fn below(pattern: &[Vec<char>], path: &[Vec<char>]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return true };
    if first.iter().collect::<String>() == "**" {
        let least = usize::from(rest.is_empty());
        return (least..=path.len()).any(|skipped| below(rest, &path[skipped..]));
    }
    path.split_first().is_some_and(|(name, deeper)| segment(first, name) && below(rest, deeper))
}

/// Whether a segment of a pattern matches a name. A lone `*` takes every name.
fn segment(pattern: &[char], name: &[char]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return name.is_empty() };
    match first {
        '*' => (0..=name.len()).any(|taken| segment(rest, &name[taken..])),
        '?' => !name.is_empty() && segment(rest, &name[1..]),
        '\\' if !rest.is_empty() => name.first() == Some(&rest[0]) && segment(&rest[1..], &name[1..]),
        '[' => match class(rest) {
            Some((holds, after)) => name.first().is_some_and(|&c| holds(c)) && segment(after, &name[1..]),
            None => name.first() == Some(&'[') && segment(rest, &name[1..]),
        },
        _ => name.first() == Some(&first) && segment(rest, &name[1..]),
    }
}

/// The characters between brackets, as a test, and what stands behind them; nothing where no bracket closes.
fn class(pattern: &[char]) -> Option<(impl Fn(char) -> bool + '_, &[char])> {
    let negated = matches!(pattern.first(), Some('!' | '^'));
    let start = usize::from(negated);
    // A bracket that closes directly behind the one that opens is one of the characters.
    let from = start + usize::from(pattern.get(start) == Some(&']'));
    let end = from + pattern.get(from..)?.iter().position(|&c| c == ']')?;
    let set = &pattern[start..end];
    let holds = move |c: char| {
        let mut at = 0;
        while at < set.len() {
            let range = at + 2 < set.len() && set[at + 1] == '-';
            let last = if range { set[at + 2] } else { set[at] };
            if (set[at]..=last).contains(&c) {
                return !negated;
            }
            at += if range { 3 } else { 1 };
        }
        negated
    };
    Some((holds, &pattern[end + 1..]))
}
