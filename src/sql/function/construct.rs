//! What of Snowflake's SQL is no function: clauses, statements, types, session parameters, with how well each is supported.
//!
//! The table says what the translator does, construct by construct; a case under the construct's name in
//! `tests/cases/snowflake` shows it.

use super::{State, state_of};

/// One row of the support table of constructs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConstructSupport {
    /// What kind of construct it is.
    pub area: &'static str,
    /// The construct.
    pub name: &'static str,
    /// How well it is supported.
    pub state: State,
}

/// The support table of constructs, by area.
pub fn supported_constructs() -> Vec<ConstructSupport> {
    let mut area = "";
    let mut rows = Vec::new();
    for line in include_str!("constructs.txt").lines() {
        if let Some(next) = line.strip_prefix("## ") {
            area = next;
        } else if !line.is_empty() && !line.starts_with('#') {
            let (name, state) = line.split_once(" | ").unwrap_or_else(|| panic!("two cells in constructs.txt: {line}"));
            rows.push(ConstructSupport { area, name, state: state_of(state) });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::supported_constructs;

    #[test]
    fn a_construct_has_one_row() {
        let mut names: Vec<_> = supported_constructs().into_iter().map(|row| row.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 100, "only {count} constructs");
    }
}
