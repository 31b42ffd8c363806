//! How a unit test ends: what the model made is compared with what was expected, in any order.

use std::cmp::Ordering;

use super::difference::{Side, Text, difference};
use super::report::Status;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::jinja::ResultTable;
use crate::jinja::value::{self, Value};

/// The column that tells both sides apart.
const SIDE: &str = "actual_or_expected";

/// Status, message, failures and what is wrong.
pub(super) type Verdict = (Status, String, Option<i64>, Option<Diagnostic>);

/// The verdict over the rows of both sides.
pub(super) fn verdict(node: &Node, table: &ResultTable) -> Verdict {
    let names: Vec<String> = table.columns.iter().map(|name| name.to_lowercase()).collect();
    let side = |wanted: &str| {
        let is_meant = |row: &&Vec<Value>| {
            names.iter().position(|name| name == SIDE).is_some_and(|at| row[at].as_str() == Some(wanted))
        };
        let own = |row: &Vec<Value>| -> Vec<Value> {
            names.iter().zip(row).filter(|(name, _)| *name != SIDE).map(|(_, cell)| cell.clone()).collect()
        };
        let mut rows: Vec<Vec<Value>> = table.rows.iter().filter(is_meant).map(own).collect();
        rows.sort_by(|a, b| compare_rows(a, b));
        Side { rows: rows.iter().map(|row| row.iter().map(text).collect()).collect() }
    };
    let columns: Vec<String> = names.iter().filter(|name| *name != SIDE).cloned().collect();
    let Some(shown) = difference(&columns, &side("expected"), &side("actual")) else {
        return (Status::Pass, String::new(), Some(0), None);
    };
    let message = format!("\n\nactual differs from expected:\n\n{shown}\n");
    let name = shown_name(node);
    let problem = Diagnostic::error(Code::TestFailed, format!("unit test `{name}`: actual differs from expected"))
        .at(node.place())
        .node(&node.unique_id)
        .help("a line with `→` holds what was expected and what came, `---` what is missing, `+++` what is too much")
        .excerpt(shown);
    (Status::Fail, message, Some(1), Some(problem))
}

/// `model::test`, with the version.
pub(super) fn shown_name(node: &Node) -> String {
    let model = node.declared.get("model").and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("{model}::{}", node.alias)
}

fn text(cell: &Value) -> Text {
    match cell.as_object() {
        _ if cell.is_none() => None,
        None if cell.is_true() && value::str(cell) == "True" => Some("true".to_owned()),
        None if value::str(cell) == "False" && cell.as_str().is_none() => Some("false".to_owned()),
        _ => Some(value::str(cell)),
    }
}

/// By the first cell that differs; null comes last.
fn compare_rows(a: &[Value], b: &[Value]) -> Ordering {
    let cell = |(a, b): (&Value, &Value)| {
        a.is_none().cmp(&b.is_none()).then_with(|| {
            if value::equal(a, b) {
                Ordering::Equal
            } else if value::less(a, b).unwrap_or_else(|_| value::str(a) < value::str(b)) {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        })
    };
    a.iter().zip(b).map(cell).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
