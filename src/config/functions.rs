//! `functions:` of `merganser.yml`: functions of the warehouse that the project calls and does not build.

use serde_json::{Map, Value};

use super::yaml::{self, Step};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::source::{FileId, Span};

const KEYS: [&str; 5] = ["name", "description", "arguments", "returns", "config"];

/// Reads the entries, which have the form of dbt's `functions:`; what cannot be one is reported.
pub(super) fn read(
    value: Option<&Value>,
    file: FileId,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Map<String, Value>> {
    let at = |steps: &[Step]| {
        let steps: Vec<Step> = [&[Step::from("functions")], steps].concat();
        Span::new(file, yaml::locate(text, &steps))
    };
    let mut wrong = |code: Code, message: String, steps: &[Step], help: &str| {
        diagnostics.push(Diagnostic::error(code, message).at(at(steps)).help(help));
    };
    let help = "write `- name: NAME` and below it `returns: {data_type: TYPE}`";
    let entries = match value {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            wrong(Code::BadConfig, "`functions` must be a list".to_owned(), &[], help);
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let returns = entry.get("returns").and_then(|returns| returns.get("data_type")).and_then(Value::as_str);
        let (Some(entry), Some(_), Some(_)) = (entry.as_object(), entry.get("name").and_then(Value::as_str), returns)
        else {
            let message = "a function needs a `name`, and the `data_type` that it `returns`".to_owned();
            wrong(Code::BadConfig, message, &[index.into()], help);
            continue;
        };
        for key in entry.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let near = did_you_mean(key, KEYS);
            let help = near.map_or_else(|| "remove it".to_owned(), |near| format!("did you mean `{near}`?"));
            let steps = [Step::from(index), Step::from(key.as_str())];
            wrong(Code::UnknownKey, format!("unknown key `{key}` of a function"), &steps, &help);
        }
        found.push(entry.clone());
    }
    found
}
