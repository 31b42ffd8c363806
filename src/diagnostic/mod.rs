//! What is wrong, where, and what to do about it; and how that is printed.
//!
//! A [`Diagnostic`] is a value: phases push them into [`Diagnostics`] and go on. Its [`Code`] is a name with a page
//! under `explain/` that `merganser explain CODE` prints and a test executes.

mod allow;
mod code;
mod print;

pub use allow::{Permission, permissions};
pub use code::{Code, explain};
pub use print::{Format, Style, render};

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::source::{Sources, Span};

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The node, or the command, cannot go on.
    Error,
    /// The user should look; nothing stops.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Level {
    /// The word printed for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place and what is to be said there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words under the place; may be empty.
    pub text: String,
}

/// A file that has no identity in [`Sources`] because it could not be read or is missing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unread {
    /// The path as shown.
    pub path: String,
    /// Line and column, from 1.
    pub line: usize,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Its name.
    pub code: Code,
    /// How much it matters.
    pub level: Level,
    /// What is wrong: lower case, no full stop, names in back-ticks.
    pub message: String,
    /// The places; the first is where the problem is.
    pub labels: Vec<Label>,
    /// The place, when the file was never read.
    pub unread: Option<Unread>,
    /// What to do about it.
    pub help: Option<String>,
    /// The macro calls that led to the place, innermost first.
    pub trace: Vec<Label>,
    /// The unique id of the node concerned.
    pub node: Option<String>,
    /// Text of the generated SQL around the problem, when the template alone does not show it.
    pub excerpt: Option<String>,
    /// dbt's name for a warning, where its code has several.
    pub event: Option<&'static str>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            level: Level::Error,
            message: message.into(),
            labels: Vec::new(),
            unread: None,
            help: None,
            trace: Vec::new(),
            node: None,
            excerpt: None,
            event: None,
        }
    }

    /// The same, under one of dbt's names.
    #[must_use]
    pub fn event(self, name: &'static str) -> Self {
        Self { event: Some(name), ..self }
    }

    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, message) }
    }

    /// A warning of something that dbt is going to give up, under dbt's name for it. It is told once an invocation.
    pub fn deprecation(event: &'static str, message: impl Into<String>) -> Self {
        Self::warning(Code::Deprecated, message).event(event)
    }

    /// The same at this place.
    #[must_use]
    pub fn at(self, span: Span) -> Self {
        self.label(span, "")
    }

    /// The same at this place, with words under it.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The same in a file that was not read.
    #[must_use]
    pub fn in_file(self, path: impl Into<String>, line: usize) -> Self {
        Self { unread: Some(Unread { path: path.into(), line }), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same about this node.
    #[must_use]
    pub fn node(self, unique_id: impl Into<String>) -> Self {
        Self { node: Some(unique_id.into()), ..self }
    }

    /// The same with the generated SQL around the problem.
    #[must_use]
    pub fn excerpt(self, excerpt: impl Into<String>) -> Self {
        Self { excerpt: Some(excerpt.into()), ..self }
    }

    /// The same with the macro calls that led here, innermost first.
    #[must_use]
    pub fn trace(self, trace: Vec<Label>) -> Self {
        Self { trace, ..self }
    }
}

/// The problems of one invocation, in the order of the phases.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// The hashes of those in the list.
    known: HashSet<u64>,
}

impl Diagnostics {
    /// Adds a problem; the same problem at the same place is kept once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let mut hasher = DefaultHasher::new();
        diagnostic.hash(&mut hasher);
        if self.known.insert(hasher.finish()) {
            self.list.push(diagnostic);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.level == Level::Error)
    }

    /// How many there are of this level.
    pub fn count(&self, level: Level) -> usize {
        self.list.iter().filter(|d| d.level == level).count()
    }

    /// Takes them out.
    pub fn drain(&mut self) -> Vec<Diagnostic> {
        self.known.clear();
        std::mem::take(&mut self.list)
    }
}

/// What to do about a column that is not there: the one that was probably meant, or those that there are.
#[must_use]
pub fn columns_instead(wrong: &str, there: &[&str]) -> String {
    const SHOWN: usize = 20;
    if let Some(near) = did_you_mean(wrong, there.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let shown = there[..there.len().min(SHOWN)].join(", ");
    match there.len().saturating_sub(SHOWN) {
        0 => format!("its columns are: {shown}"),
        more => format!("its columns are: {shown}, and {more} more"),
    }
}

/// The name out of `known` that was probably meant by `written`, if one is near enough.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = written.to_lowercase();
    let limit = (written.chars().count() / 3).max(1);
    let near = known.into_iter().map(|name| (distance(&folded, &name.to_lowercase()), name));
    near.filter(|(steps, name)| *steps <= limit && *name != written).min().map(|(_, name)| name)
}

/// The number of single-character edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

/// The place of a diagnostic as `path:line:column`, if it has one.
pub fn place(diagnostic: &Diagnostic, sources: &Sources) -> Option<String> {
    if let Some(label) = diagnostic.labels.first() {
        let file = sources.file(label.span.file);
        let position = file.position(label.span.start);
        return Some(format!("{}:{}:{}", file.path, position.line, position.column));
    }
    diagnostic.unread.as_ref().map(|unread| format!("{}:{}:1", unread.path, unread.line))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["stg_orders", "stg_customers", "fct_orders"];
        assert_eq!(did_you_mean("stg_order", known), Some("stg_orders"));
        assert_eq!(did_you_mean("stg_ordesr", known), Some("stg_orders"));
        assert_eq!(did_you_mean("payments", known), None);
    }
}
