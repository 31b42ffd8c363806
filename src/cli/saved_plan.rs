//! A plan saved by `plan --output json`, to be carried out later by `--plan FILE`.
//!
//! The file says what was planned. Before it is carried out the plan is made again, for the same nodes against the catalog as it is
//! then; when the two differ in a statement, nothing is run. So what runs is what was read and agreed to.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Plan;

/// What a saved plan holds.
pub(super) struct SavedPlan {
    /// The unique ids it was made for.
    pub(super) selected: BTreeSet<String>,
    file: String,
    steps: Value,
}

/// The plan as `plan --output json` prints it.
pub(super) fn to_json(plan: &Plan, command: &str, selected: &BTreeSet<String>) -> Value {
    let mut value = plan.to_json();
    value["command"] = json!(command);
    value["selected"] = json!(selected);
    value
}

/// Reads the plan in a file.
///
/// # Errors
/// When there is no such file, when it is not a saved plan, or when it was made for another command.
pub(super) fn read(path: &Path, command: &str) -> Result<SavedPlan, Box<Diagnostic>> {
    let shown = path.display().to_string();
    let bad = |code: Code, message: String, help: String| {
        Box::new(Diagnostic::error(code, message).in_file(shown.clone(), 1).help(help))
    };
    let make = format!("make one with: merganser plan --for {command} --output json > {shown}");
    let text =
        crate::source::read_text(path).map_err(|error| bad(Code::MissingFile, error.to_string(), make.clone()))?;
    let mut value: Value = serde_json::from_str(&text)
        .map_err(|error| bad(Code::StalePlan, format!("this is not a saved plan: {error}"), make.clone()))?;
    let mut take = |key: &str| value.as_object_mut().and_then(|plan| plan.remove(key));
    let (Some(Value::String(planned)), Some(Value::Array(selected))) = (take("command"), take("selected")) else {
        return Err(bad(Code::StalePlan, "this is not a saved plan".to_owned(), make));
    };
    if planned != command {
        let message = format!("this plan was made for `{planned}`, not for `{command}`");
        return Err(bad(Code::StalePlan, message, format!("run: merganser {planned} --plan {shown}")));
    }
    let selected = selected.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    Ok(SavedPlan { selected, steps: value, file: shown })
}

impl SavedPlan {
    /// Says where the plan as it would be now differs from the saved one.
    ///
    /// # Errors
    /// The first difference: the project or the warehouse has changed since.
    pub(super) fn check(&self, now: &Plan) -> Result<(), Box<Diagnostic>> {
        let now = now.to_json();
        if now == self.steps {
            return Ok(());
        }
        let what = difference(&self.steps, &now);
        let message = format!("the plan no longer fits: {what} would be done differently now");
        let help = "the project or the warehouse has changed since; make the plan again and look at it";
        Err(Box::new(Diagnostic::error(Code::StalePlan, message).in_file(self.file.clone(), 1).help(help)))
    }
}

/// What differs first: a node, or the set-up.
fn difference(saved: &Value, now: &Value) -> String {
    let nodes = |plan: &Value| -> Vec<Value> {
        let list = |key: &str| plan[key].as_array().cloned().unwrap_or_default();
        [list("start_hooks"), list("nodes")].concat()
    };
    let (saved_nodes, now_nodes) = (nodes(saved), nodes(now));
    let named = |node: &Value| format!("`{}`", node["node"].as_str().unwrap_or_default());
    let changed = now_nodes.iter().find(|node| !saved_nodes.contains(node));
    let gone = || saved_nodes.iter().find(|node| !now_nodes.contains(node));
    changed.or_else(gone).map_or_else(|| "the set-up".to_owned(), named)
}
