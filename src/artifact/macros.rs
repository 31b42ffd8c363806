//! Macros as dbt's dictionaries.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::manifest::ManifestInputs;
use crate::project::{Entry, EntryKind, Macro};

/// All macros by unique id.
pub(super) fn macros(inputs: &ManifestInputs<'_>) -> Value {
    let mut patches: HashMap<(&str, &str), &Entry> = HashMap::new();
    for entry in inputs.project.entries.iter().filter(|entry| entry.kind == EntryKind::Macro) {
        patches.entry((&entry.package, &entry.name)).or_insert(entry);
    }
    let one = |m: &Macro| {
        let patch = patches.get(&(m.package.as_str(), m.name.as_str()));
        (m.unique_id(), dictionary(inputs, m, patch.copied()))
    };
    Value::Object(inputs.project.macros.iter().map(one).collect())
}

fn dictionary(inputs: &ManifestInputs<'_>, m: &Macro, patch: Option<&Entry>) -> Value {
    let unique_id = m.unique_id();
    let own = |key: &str| {
        let fields = patch.map(|patch| &patch.value)?;
        fields.get("config").and_then(|config| config.get(key)).or_else(|| fields.get(key)).cloned()
    };
    let calls = inputs.graph.macros.get(&unique_id).cloned().unwrap_or_default();
    let fields = patch.map(|patch| &*patch.value);
    let both = [fields.and_then(|own| own.get("meta")), fields.and_then(|own| own.get("config")?.get("meta"))];
    let meta = both.into_iter().flatten().filter_map(Value::as_object).flatten();
    let meta: Map<String, Value> = meta.map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut docs = json!({"show": true, "node_color": null});
    own("docs")
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .for_each(|(key, value)| docs[key.as_str()] = value.clone());
    json!({
        "name": m.name,
        "resource_type": "macro",
        "package_name": m.package,
        "path": m.original_path,
        "original_file_path": m.original_path,
        "unique_id": unique_id,
        "macro_sql": &inputs.sources.text(m.file)[m.block.full.clone()],
        "depends_on": {"macros": calls},
        "description": described(inputs, &unique_id, "", patch.and_then(|patch| patch.text("description"))),
        "meta": meta,
        "docs": docs,
        "config": {"meta": meta, "docs": docs},
        "patch_path": patch.map(|patch| format!("{}://{}", patch.package, patch.original_path)),
        "arguments": arguments(inputs, m, patch),
        "created_at": inputs.created_at(),
        "supported_languages": m.languages,
    })
}

/// A description of a macro, or of the argument of that name.
fn described<'a>(inputs: &'a ManifestInputs<'_>, id: &str, argument: &str, written: Option<&'a str>) -> &'a str {
    let rendered = inputs.graph.macro_descriptions.get(&(id.to_owned(), argument.to_owned()));
    rendered.map(String::as_str).or(written).unwrap_or_default()
}

/// The arguments as its properties declare them; else, for projects that have macros' arguments validated, as its header does.
fn arguments(inputs: &ManifestInputs<'_>, m: &Macro, patch: Option<&Entry>) -> Value {
    let argument =
        |name: &str, kind: Value, description: Value| json!({"name": name, "type": kind, "description": description});
    let declared =
        patch.and_then(|patch| patch.value.get("arguments")).and_then(Value::as_array).filter(|list| !list.is_empty());
    if let Some(list) = declared {
        let read = |item: &Value| {
            let fields: &Map<String, Value> = item.as_object()?;
            let name = fields.get("name")?.as_str()?;
            let written = fields.get("description").and_then(Value::as_str);
            let description = json!(described(inputs, &m.unique_id(), name, written));
            Some(argument(name, fields.get("type").cloned().unwrap_or_default(), description))
        };
        return list.iter().filter_map(read).collect();
    }
    if !inputs.invocation.session.facts.flags.get("validate_macro_args").and_then(Value::as_bool).unwrap_or(false) {
        return json!([]);
    }
    if m.languages.is_some() {
        return json!([argument("supported_languages", Value::Null, json!(""))]);
    }
    let compiled = inputs.invocation.session.library.get(&m.package, &m.name);
    compiled.into_iter().flat_map(|m| m.arguments()).map(|name| argument(name, Value::Null, json!(""))).collect()
}
