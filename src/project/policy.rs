//! Masking policies: merganser's own YAML, in the folders `policy-paths:` names.

use serde_json::{Map, Value};

use crate::config::yaml::{Step, locate, parse};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::source::{FileId, Sources, Span};

/// A masking policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The name by which columns refer to it.
    pub name: String,
    /// The schema it is made in; the target's, with this name after it, as `generate_schema_name` makes it.
    pub schema: Option<String>,
    /// The database; the target's if none.
    pub database: Option<String>,
    /// What the policy's body sees; the first is the column's own value.
    pub signature: Vec<Parameter>,
    /// The type it returns: that of the first parameter.
    pub returns: String,
    /// The SQL expression.
    pub body: String,
    /// What it is for.
    pub description: String,
    /// Where it stands.
    pub span: Span,
}

/// A parameter of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
}

const KEYS: [&str; 7] = ["name", "schema", "database", "signature", "returns", "body", "description"];

/// The policies a file declares under `masking_policies:`.
pub(super) fn policies(file: FileId, sources: &Sources, diagnostics: &mut Diagnostics) -> Vec<Policy> {
    let text = sources.text(file);
    let document = match parse(text) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.offset.unwrap_or(0);
            diagnostics.push(Diagnostic::error(Code::YamlSyntax, error.message).at(Span::new(file, offset..offset)));
            return Vec::new();
        }
    };
    let at = |steps: &[Step]| Span::new(file, locate(text, steps));
    for key in document
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|key| *key != "masking_policies" && *key != "version")
    {
        let message = format!("unknown key `{key}`");
        diagnostics.push(
            Diagnostic::error(Code::UnknownKey, message)
                .at(at(&[key.as_str().into()]))
                .help("did you mean `masking_policies`?"),
        );
    }
    let items = document.get("masking_policies").and_then(Value::as_array).cloned().unwrap_or_default();
    let read = |(i, item): (usize, &Value)| {
        let steps = vec![Step::from("masking_policies"), Step::from(i)];
        policy(item, &steps, &at, diagnostics)
    };
    items.iter().enumerate().filter_map(read).collect()
}

fn policy(item: &Value, steps: &[Step], at: &dyn Fn(&[Step]) -> Span, diagnostics: &mut Diagnostics) -> Option<Policy> {
    let empty = Map::new();
    let fields = item.as_object().unwrap_or(&empty);
    let inside = |key: &str| at(&[steps, &[key.into()]].concat());
    for key in fields.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        let help = did_you_mean(key, KEYS)
            .map_or_else(|| format!("a policy has: {}", KEYS.join(", ")), |near| format!("did you mean `{near}`?"));
        diagnostics
            .push(Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}`")).at(inside(key)).help(help));
    }
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(|text| text.trim().to_owned());
    let signature: Vec<Parameter> =
        fields.get("signature").and_then(Value::as_array).into_iter().flatten().filter_map(parameter).collect();
    let (Some(name), Some(body), false) = (text("name"), text("body"), signature.is_empty()) else {
        let message = "a masking policy needs `name`, `signature` and `body`";
        diagnostics
            .push(Diagnostic::error(Code::BadConfig, message).at(at(steps)).help("see `merganser explain bad-config`"));
        return None;
    };
    let returns = text("returns").unwrap_or_else(|| signature[0].data_type.clone());
    if !returns.eq_ignore_ascii_case(&signature[0].data_type) {
        let message = format!("policy `{name}` returns `{returns}` but masks `{}`", signature[0].data_type);
        let help = "a masking policy returns the type of its first parameter";
        diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(inside("returns")).help(help));
    }
    let description = text("description").unwrap_or_default();
    Some(Policy {
        name,
        schema: text("schema"),
        database: text("database"),
        signature,
        returns,
        body,
        description,
        span: at(steps),
    })
}

fn parameter(item: &Value) -> Option<Parameter> {
    let name = item.get("name")?.as_str()?.to_owned();
    Some(Parameter { name, data_type: item.get("data_type")?.as_str()?.to_owned() })
}
