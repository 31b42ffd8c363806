//! Configuration as it is written instead of what it comes to in this target: what `state:modified` compares with the flag
//! `state_modified_compare_more_unrendered_values`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::configuration::Wanted;
use super::node::version_text;
use super::parse::Parsing;
use crate::jinja;
use crate::project::Entry;

/// The flag.
pub(super) const FLAG: &str = "state_modified_compare_more_unrendered_values";

impl Parsing<'_> {
    /// The configuration of a file's node with its properties and calls as written; none where the flag is not set.
    pub(super) fn written(
        &self,
        wanted: &Wanted<'_>,
        entry: Option<&Entry>,
        version: Option<&Value>,
        raw: &str,
    ) -> Option<Arc<Map<String, Value>>> {
        self.session.facts.flags.get(FLAG).and_then(Value::as_bool).filter(|is_set| *is_set)?;
        let mut properties = wanted.properties.clone();
        if let Some(config) = entry.and_then(|entry| own(&entry.written, version)) {
            merge(&mut properties, config);
        }
        let texts = jinja::written_config(raw);
        let calls = texts.map(|texts| texts.into_iter().map(|(key, text)| (key, Value::from(text))).collect());
        let wanted = Wanted { properties, calls: calls.unwrap_or_else(|| wanted.calls.clone()), ..*wanted };
        Some(Arc::new(self.trees.unrendered(&wanted)))
    }
}

/// The `config:` of an entry; of a versioned model that of the version, alone.
fn own<'e>(written: &'e Map<String, Value>, version: Option<&Value>) -> Option<&'e Map<String, Value>> {
    let Some(number) = version else { return written.get("config")?.as_object() };
    let versions = written.get("versions")?.as_array()?;
    let is_it = |one: &&Value| one.get("v").is_some_and(|v| version_text(v) == version_text(number));
    versions.iter().find(is_it)?.get("config")?.as_object()
}

/// dbt's `deep_merge`: mappings are merged, and a list stands before the one it is merged over.
fn merge(over: &mut Map<String, Value>, value: &Map<String, Value>) {
    for (key, value) in value {
        match (over.get_mut(key), value) {
            (Some(Value::Object(known)), Value::Object(inner)) => merge(known, inner),
            (Some(Value::Array(known)), Value::Array(items)) => *known = [items.as_slice(), known].concat(),
            _ => {
                over.insert(key.clone(), value.clone());
            }
        }
    }
}
