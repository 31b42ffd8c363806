//! `levels:` of `merganser.yml`: how much a problem matters, in the whole project or in parts of it.

use serde_json::Value;

use super::yaml::{self, Step};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::source::{FileId, Span};

/// What a problem is told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It is not told.
    Off,
    /// A warning.
    Warn,
    /// An error, which stops a run.
    Error,
}

/// A level of one code.
#[derive(Debug, Clone)]
pub struct LevelRule {
    /// The code.
    pub code: Code,
    /// Where it holds: a path or a node's name; none for everywhere.
    pub path: Option<String>,
    /// The level.
    pub weight: Weight,
    /// Where it is written.
    pub span: Span,
}

/// Reads the levels; what cannot be one is reported.
pub(super) fn read(value: Option<&Value>, file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Vec<LevelRule> {
    let at = |steps: &[&str]| {
        let steps: Vec<Step> = std::iter::once("levels").chain(steps.iter().copied()).map(Step::from).collect();
        Span::new(file, yaml::locate(text, &steps))
    };
    let Some(codes) = value.and_then(Value::as_object) else {
        if value.is_some_and(|value| !value.is_null()) {
            let message = "`levels` must be a mapping of problems to levels";
            diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(at(&[])).help("write `unused-cte: off`"));
        }
        return Vec::new();
    };
    let mut rules = Vec::new();
    for (name, value) in codes {
        let Some(code) = Code::by_name(name) else {
            let near = did_you_mean(name, Code::ALL.iter().map(|code| code.as_str()));
            let help = near
                .map_or_else(|| "`merganser explain` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
            let message = format!("there is no problem `{name}`");
            diagnostics.push(Diagnostic::error(Code::UnknownKey, message).at(at(&[name])).help(help));
            continue;
        };
        let mut add = |path: Option<&str>, value: &Value, span: Span| match weight(value) {
            Some(weight) => rules.push(LevelRule { code, path: path.map(str::to_owned), weight, span }),
            None => {
                let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let message = format!("`{written}` is not a level");
                diagnostics
                    .push(Diagnostic::error(Code::BadConfig, message).at(span).help("write `off`, `warn` or `error`"));
            }
        };
        match value.as_object() {
            Some(paths) => paths.iter().for_each(|(path, value)| add(Some(path), value, at(&[name, path]))),
            None => add(None, value, at(&[name])),
        }
    }
    rules
}

fn weight(value: &Value) -> Option<Weight> {
    match value {
        // Some readers of YAML take the word `off` for a truth value.
        Value::Bool(false) => Some(Weight::Off),
        Value::String(word) => match word.as_str() {
            "off" | "ignore" => Some(Weight::Off),
            "warn" | "warning" => Some(Weight::Warn),
            "error" => Some(Weight::Error),
            _ => None,
        },
        _ => None,
    }
}
