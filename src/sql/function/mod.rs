//! Snowflake's functions as a table of data: names, arguments, results, and their form on the embedded engine.

mod arity;
mod construct;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::DataType;

pub(super) use arity::{Takes, arity, takes};
pub use construct::{ConstructSupport, supported_constructs};

/// How well a function or a construct is supported on the embedded engine. There is no fourth state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It gives Snowflake's result.
    Exact,
    /// It gives Snowflake's result but for the difference said.
    Emulated(&'static str),
    /// It is an error, for the reason said.
    Refused(&'static str),
}

/// One row of the support table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionSupport {
    /// The function's name.
    pub name: &'static str,
    /// The arguments of this form, as the table writes them.
    pub arguments: &'static str,
    /// How well it is supported.
    pub state: State,
}

/// What an argument is brought to before the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    Any,
    Text,
    Bytes,
    Number,
    Float,
    Int,
    Boolean,
    Date,
    Datetime,
    Time,
    Variant,
    Semi,
    Binary,
    Same,
}

/// The type of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    /// Always this.
    Type(DataType),
    /// The type all `same` arguments are brought to.
    Same,
    /// The type of an argument.
    Argument(usize),
    /// What the special form says.
    Special,
}

/// Whether a function works on a row, a group or a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Aggregate,
    Window,
    Table,
}

/// One form of a function.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) kind: Kind,
    pub(super) arguments: Vec<Argument>,
    pub(super) repeats: bool,
    pub(super) returns: Returns,
    pub(super) state: State,
    pub(super) template: &'static str,
    written: &'static str,
}

impl Form {
    /// Whether a call with so many arguments has this form.
    pub(super) fn takes(&self, count: usize) -> bool {
        if self.repeats { count + 1 >= self.arguments.len() } else { count == self.arguments.len() }
    }

    /// What the argument at an index is brought to.
    pub(super) fn argument(&self, index: usize) -> Argument {
        self.arguments.get(index).or(self.arguments.last()).copied().unwrap_or(Argument::Any)
    }
}

static TABLE: LazyLock<HashMap<&'static str, Vec<Form>>> = LazyLock::new(|| {
    let mut table: HashMap<&'static str, Vec<Form>> = HashMap::new();
    for (name, form) in rows(include_str!("functions.txt")) {
        table.entry(name).or_default().push(form);
    }
    table
});

/// The forms of a function, by its upper-case name.
pub(super) fn forms(name: &str) -> Option<&'static [Form]> {
    TABLE.get(name).map(Vec::as_slice)
}

/// The names of all functions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&str> = TABLE.keys().copied().collect();
    names.sort_unstable();
    names.into_iter()
}

/// The support table: every form of every function, sorted by name.
pub fn supported_functions() -> Vec<FunctionSupport> {
    names()
        .flat_map(|name| TABLE[name].iter().map(move |form| (name, form)))
        .map(|(name, form)| FunctionSupport { name, arguments: form.written, state: form.state })
        .collect()
}

fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, Form)> {
    let mut kind = Kind::Scalar;
    text.lines().flat_map(move |line| {
        match line {
            "## scalar" => kind = Kind::Scalar,
            "## aggregate" => kind = Kind::Aggregate,
            "## window" => kind = Kind::Window,
            "## table" => kind = Kind::Table,
            _ => {}
        }
        let row = (!line.is_empty() && !line.starts_with('#')).then(|| row(line, kind));
        row.into_iter().flat_map(|(names, form)| names.split(", ").map(move |name| (name, form.clone())))
    })
}

fn row(line: &'static str, kind: Kind) -> (&'static str, Form) {
    let mut cells = line.splitn(5, " |").map(str::trim);
    let mut cell = || cells.next().unwrap_or_else(|| panic!("five cells in each row of functions.txt: {line}"));
    let (names, written, returns, state, template) = (cell(), cell(), cell(), cell(), cell());
    let repeats = written.ends_with('*');
    let arguments = written.trim_end_matches('*').split_whitespace().map(argument).collect();
    let state = state_of(state);
    (names, Form { kind, arguments, repeats, returns: result(returns), state, template, written })
}

/// The state that a table's cell says.
fn state_of(cell: &'static str) -> State {
    match cell.split_once(": ") {
        Some(("emulated", difference)) => State::Emulated(difference),
        Some(("refused", reason)) => State::Refused(reason),
        _ if cell == "exact" => State::Exact,
        _ => panic!("a state is `exact`, `emulated: …` or `refused: …`, not `{cell}`"),
    }
}

fn argument(word: &str) -> Argument {
    match word {
        "any" => Argument::Any,
        "text" => Argument::Text,
        "bytes" => Argument::Bytes,
        "number" => Argument::Number,
        "float" => Argument::Float,
        "int" => Argument::Int,
        "boolean" => Argument::Boolean,
        "date" => Argument::Date,
        "datetime" => Argument::Datetime,
        "time" => Argument::Time,
        "variant" => Argument::Variant,
        "semi" => Argument::Semi,
        "binary" => Argument::Binary,
        "same" => Argument::Same,
        other => panic!("an argument kind of functions.txt, not {other}"),
    }
}

fn result(word: &str) -> Returns {
    match word {
        "same" => Returns::Same,
        "any" => Returns::Special,
        "int" => Returns::Type(DataType::INTEGER),
        "text" => Returns::Type(DataType::TEXT),
        word if word.starts_with("arg") => {
            Returns::Argument(word[3..].parse().expect("a number after `arg` in functions.txt"))
        }
        word => Returns::Type(DataType::parse(word).expect("a type as result in functions.txt")),
    }
}

#[cfg(test)]
mod tests {
    use super::{State, names, supported_functions};

    #[test]
    fn every_row_reads_and_only_refused_rows_have_no_form() {
        assert!(names().count() > 500);
        for name in names() {
            for form in super::forms(name).unwrap() {
                let refused = matches!(form.state, State::Refused(_));
                assert_eq!(form.template.is_empty(), refused, "{name}");
            }
        }
        assert!(supported_functions().len() > names().count());
    }
}
