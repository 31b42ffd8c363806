//! The pages of `explain` about Snowflake's SQL on the embedded engine: the whole support table, and a function's rows.

use std::fmt::Write as _;

use crate::sql::{FunctionSupport, State, supported_constructs, supported_functions};

const HEAD: &str = "\
# Snowflake's SQL on the embedded engine

Statements in Snowflake's SQL are translated for DuckDB, construct by construct. Each construct and each function is in one of three states:

- exact: it gives Snowflake's result
- emulated: it gives Snowflake's result but for the difference said
- refused: it is an error (`unsupported-sql`), for the reason said

What is not in this table is an error too: nothing is passed to the engine untranslated.
";

/// The whole table.
pub(super) fn table() -> String {
    let (constructs, functions) = (supported_constructs(), supported_functions());
    let mut page = String::from(HEAD);
    let mut names: Vec<&str> = functions.iter().map(|row| row.name).collect();
    names.dedup();
    let _ = writeln!(page, "\n{} constructs: {}.", constructs.len(), counts(constructs.iter().map(|row| row.state)));
    let forms = counts(functions.iter().map(|row| row.state));
    let _ = writeln!(page, "{} functions in {} forms: {forms}.", names.len(), functions.len());
    let width = constructs.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let mut area = "";
    for row in &constructs {
        if row.area != area {
            area = row.area;
            let _ = writeln!(page, "\n## {area}\n");
        }
        let _ = writeln!(page, "{:<width$}  {}", row.name, shown(row.state));
    }
    page.push_str("\n## functions\n\n");
    page.push_str(&rows(&functions));
    page.trim_end().to_owned()
}

/// The rows of a function, whatever the case of its name; `None` for one that the table does not have.
pub(super) fn function(name: &str) -> Option<String> {
    let rows_of: Vec<FunctionSupport> =
        supported_functions().into_iter().filter(|row| row.name.eq_ignore_ascii_case(name)).collect();
    (!rows_of.is_empty()).then(|| rows(&rows_of).trim_end().to_owned())
}

fn rows(functions: &[FunctionSupport]) -> String {
    let call = |row: &FunctionSupport| format!("{}({})", row.name, row.arguments.replace(' ', ", ").replace('*', "…"));
    let width = functions.iter().map(|row| call(row).chars().count()).max().unwrap_or(0);
    functions.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{:<width$}  {}", call(row), shown(row.state));
        text
    })
}

fn shown(state: State) -> String {
    match state {
        State::Exact => "exact".to_owned(),
        State::Emulated(difference) => format!("emulated: {difference}"),
        State::Refused(reason) => format!("refused: {reason}"),
    }
}

fn counts(states: impl Iterator<Item = State>) -> String {
    let mut counts = [0; 3];
    for state in states {
        counts[match state {
            State::Exact => 0,
            State::Emulated(_) => 1,
            State::Refused(_) => 2,
        }] += 1;
    }
    format!("{} exact, {} emulated, {} refused", counts[0], counts[1], counts[2])
}
