//! What is wrong with a statement, and where.

use std::ops::Range;

/// A problem in a statement: the code of its diagnostic, the smallest wrong text, and advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlProblem {
    /// The diagnostic's name: `sql-syntax`, `sql-unsupported`, `unknown-column`, ...
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The bytes of the statement concerned.
    pub range: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

/// The statement is not SQL of its dialect.
pub const SYNTAX: &str = "sql-syntax";
/// The statement is understood, and refused: the embedded engine cannot give Snowflake's result.
pub const UNSUPPORTED: &str = "sql-unsupported";
/// A column that no relation in scope has.
pub(super) const UNKNOWN_COLUMN: &str = "unknown-column";
/// A column that several relations in scope have.
pub(super) const AMBIGUOUS_COLUMN: &str = "ambiguous-column";
/// A relation, or an alias of one, that is not in scope.
pub(super) const UNKNOWN_RELATION: &str = "unknown-relation";
/// A function that the function table does not have.
pub(super) const UNKNOWN_FUNCTION: &str = "unknown-function";
/// A call with too few or too many arguments.
pub(super) const WRONG_ARGUMENTS: &str = "wrong-arguments";
/// A value of a type that the place does not take.
pub(super) const WRONG_TYPE: &str = "wrong-type";

impl SqlProblem {
    /// A problem without advice.
    pub fn new(code: &'static str, message: impl Into<String>, range: Range<usize>) -> Self {
        Self { code, message: message.into(), range, help: None }
    }

    /// A refusal: `what` is not supported on the embedded engine.
    pub fn unsupported(what: impl std::fmt::Display, range: Range<usize>) -> Self {
        Self::new(UNSUPPORTED, format!("{what} is not supported on the embedded engine"), range)
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl std::fmt::Display for SqlProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for SqlProblem {}

/// The candidate nearest to `wanted`, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_uppercase();
    let limit = 1 + wanted.chars().count() / 4;
    candidates
        .map(|candidate| (distance(&wanted, &candidate.to_uppercase()), candidate))
        .filter(|(far, _)| *far <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
