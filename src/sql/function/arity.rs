//! What is known of the arguments of functions: how many there may be, and what the first one cannot be. For saying what is wrong before
//! anything runs.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::sql::Dialect;

/// What the first argument of a function has to be, where it is a simple value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Takes {
    Text,
    TextOrList,
    Number,
    Moment,
    List,
}

/// What the table says of a dialect's functions.
#[derive(Default)]
struct Known {
    counts: HashMap<&'static str, (usize, usize)>,
    takes: HashMap<&'static str, Takes>,
}

static TABLES: LazyLock<[Known; 2]> = LazyLock::new(|| {
    let mut tables = [Known::default(), Known::default()];
    let mut at = 0;
    for line in include_str!("arguments.txt").lines() {
        match line {
            "## snowflake" => at = 0,
            "## duckdb" => at = 1,
            line if line.is_empty() || line.starts_with('#') => {}
            line => tables[at].read(line),
        }
    }
    tables
});

impl Known {
    fn read(&mut self, line: &'static str) {
        let (cell, names) = line.split_once(" | ").unwrap_or_else(|| panic!("two cells in arguments.txt: {line}"));
        let takes = match cell {
            "text" => Some(Takes::Text),
            "text or list" => Some(Takes::TextOrList),
            "number" => Some(Takes::Number),
            "moment" => Some(Takes::Moment),
            "list" => Some(Takes::List),
            _ => None,
        };
        for name in names.split(' ') {
            match takes {
                Some(takes) => self.takes.insert(name, takes).map(|_| ()),
                None => self.counts.insert(name, counts(cell)).map(|_| ()),
            };
        }
    }
}

/// `2 4`, or `2 *` for any number.
fn counts(cell: &str) -> (usize, usize) {
    let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("a number in arguments.txt, not `{cell}`"));
    match cell.split_once(' ') {
        Some((fewest, "*")) => (number(fewest), usize::MAX),
        Some((fewest, most)) => (number(fewest), number(most)),
        None => panic!("the fewest and the most arguments in arguments.txt, not `{cell}`"),
    }
}

fn table(dialect: Dialect) -> &'static Known {
    match dialect {
        Dialect::Snowflake => &TABLES[0],
        Dialect::DuckDb => &TABLES[1],
    }
}

/// The fewest and the most arguments of a function, where they are known.
pub(in crate::sql) fn arity(name: &str, dialect: Dialect) -> Option<(usize, usize)> {
    table(dialect).counts.get(name).copied()
}

/// What the first argument of a function has to be, where that is known.
pub(in crate::sql) fn takes(name: &str, dialect: Dialect) -> Option<Takes> {
    table(dialect).takes.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::arity;
    use crate::sql::Dialect;
    use crate::sql::function::{forms, names};

    #[test]
    fn what_the_function_table_takes_is_within() {
        for name in names() {
            let Some((fewest, most)) = arity(name, Dialect::Snowflake) else { continue };
            for form in forms(name).unwrap_or_default() {
                let count = form.arguments.len();
                let least = if form.repeats { count - 1 } else { count };
                assert!(fewest <= least && (form.repeats || count <= most), "{name}");
            }
        }
    }
}
