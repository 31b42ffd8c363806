//! How a data test is written: where its arguments and its configuration stand, and what dbt says of older ways.

use serde_json::{Map, Value};

use super::generic_test::CONFIG_ARGUMENTS;
use super::parse::Parsing;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The flag that puts arguments below `arguments:`; true unless the project says otherwise.
const FLAG: &str = "require_generic_test_arguments_property";

/// Whether the arguments of tests stand below `arguments:`.
pub(super) fn is_nested(parsing: &Parsing<'_>) -> bool {
    parsing.session.facts.flags.get(FLAG).and_then(Value::as_bool).unwrap_or(true)
}

/// What dbt tells of a test that is written in an older way; `written` is what stands below its name.
pub(super) fn deprecations(
    parsing: &Parsing<'_>,
    (name, written): (&str, &Map<String, Value>),
    span: Span,
) -> Vec<Diagnostic> {
    let arguments = written.get("arguments");
    if is_nested(parsing) {
        return misplaced((name, written), arguments, span);
    }
    let told = arguments.map(|_| {
        let message = format!("`arguments` is an argument of test `{name}` as any other: the flag {FLAG} is off");
        let problem = Diagnostic::deprecation("ArgumentsPropertyInGenericTestDeprecation", message);
        problem.at(span).help("remove the flag")
    });
    told.into_iter().collect()
}

/// Configuration and arguments at the top level of a test.
fn misplaced((name, written): (&str, &Map<String, Value>), arguments: Option<&Value>, span: Span) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(key) = written.keys().find(|key| CONFIG_ARGUMENTS.contains(&key.as_str())) {
        let message = format!("`{key}` of test `{name}` is configuration");
        let problem = Diagnostic::deprecation("PropertyMovedToConfigDeprecation", message);
        found.push(problem.at(span).help("move it below `config:` of the test"));
    }
    let is_argument = |key: &String| {
        !matches!(key.as_str(), "arguments" | "config" | "column_name" | "description" | "name")
            && !CONFIG_ARGUMENTS.contains(&key.as_str())
    };
    let has_own = match arguments {
        None | Some(Value::Null) => false,
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(other) => super::configuration::is_true(other),
    };
    if let Some(key) = written.keys().find(|key| !has_own && is_argument(key)) {
        let message = format!("`{key}` of test `{name}` is an argument that stands beside its configuration");
        let problem = Diagnostic::deprecation("MissingArgumentsPropertyInGenericTestDeprecation", message);
        found.push(problem.at(span).help("move it below `arguments:` of the test"));
    }
    found
}
