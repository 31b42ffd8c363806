//! Whether a value can be NULL.
//!
//! *Never* is a proof from the SQL and from what tests and constraints promise; *may* names the construct that makes NULL; everything
//! else is not known. A column of a source is not known, whatever its name.

use serde::{Deserialize, Serialize};

/// Whether a value can be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Nulls {
    /// It cannot.
    Never,
    /// It can, for this reason.
    May(NullReason),
    /// Nobody says.
    #[default]
    Unknown,
}

/// Where a NULL comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NullReason {
    /// `NULL` itself.
    Literal,
    /// An outer join without a match.
    OuterJoin,
    /// A CASE without an ELSE.
    Case,
    /// `NULLIF`.
    NullIf,
    /// `TRY_CAST` and its relatives.
    Try,
    /// `LAG` and `LEAD` at the ends of a partition.
    Neighbour,
    /// An aggregate over no rows.
    NoRows,
    /// A scalar subquery that finds no row.
    Subquery,
    /// A sum over a set of columns, in ROLLUP and its relatives.
    Rollup,
    /// A column that an arm of UNION BY NAME does not have.
    ByName,
    /// An empty cell of a seed.
    EmptyCell,
}

impl NullReason {
    /// The reason in words, behind "because".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Literal => "it is NULL",
            Self::OuterJoin => "an outer join may find no match for it",
            Self::Case => "a CASE without ELSE is NULL where no condition holds",
            Self::NullIf => "NULLIF makes it NULL",
            Self::Try => "a cast that tries gives NULL for what cannot be cast",
            Self::Neighbour => "there is no row before the first or behind the last",
            Self::NoRows => "an aggregate over no rows is NULL",
            Self::Subquery => "a scalar subquery may find no row",
            Self::Rollup => "the sums of ROLLUP, CUBE and GROUPING SETS have NULL in place of the key",
            Self::ByName => "an arm of UNION BY NAME does not have it",
            Self::EmptyCell => "the seed has empty cells",
        }
    }
}

impl Nulls {
    /// A value that is NULL where one of these is, and only there; or that is one of these.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut found = Self::Never;
        for part in parts {
            match part {
                Self::May(_) => return part,
                Self::Unknown => found = Self::Unknown,
                Self::Never => {}
            }
        }
        found
    }

    /// The first of these that is not NULL.
    pub fn first(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut found = None;
        for part in parts {
            match (part, found) {
                (Self::Never, _) => return Self::Never,
                (_, None) => found = Some(part),
                (Self::Unknown, _) => found = Some(Self::Unknown),
                (Self::May(_), Some(_)) => {}
            }
        }
        found.unwrap_or_default()
    }

    /// What stays of it where a proof does not hold, but a construct may still make NULL.
    #[must_use]
    pub fn doubted(self) -> Self {
        if self == Self::Never { Self::Unknown } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::NullReason::{Case, OuterJoin};
    use super::Nulls::{self, May, Never, Unknown};

    #[test]
    fn one_null_is_enough_for_all_and_one_proof_for_the_first() {
        assert_eq!(Nulls::all([Never, Unknown, May(Case)]), May(Case));
        assert_eq!(Nulls::all([Never, Unknown]), Unknown);
        assert_eq!(Nulls::all([]), Never);
        assert_eq!(Nulls::first([May(Case), Unknown, Never]), Never);
        assert_eq!(Nulls::first([May(Case), May(OuterJoin)]), May(Case));
        assert_eq!(Nulls::first([May(Case), Unknown]), Unknown);
        assert_eq!(Nulls::first([Unknown, May(Case)]), Unknown);
    }
}
