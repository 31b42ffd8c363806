//! Databases, schemas and aliases, as the project's `generate_*_name` macros make them.
//!
//! A package's own macro names that package's nodes; the root project's names all others; else the built-in rule holds (dbt:
//! `parser/base.py`, `RelationUpdate`).

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::node::{Node, version_text};
use crate::jinja::{self, Phase, Session, Subject, json_value};
use crate::project::{NodeKind, Project};

/// Makes names.
pub(super) struct Names<'a> {
    session: &'a Arc<Session>,
    root: String,
}

impl<'a> Names<'a> {
    pub(super) fn new(project: &Project, session: &'a Arc<Session>) -> Self {
        Self { session, root: project.packages[0].file.name.clone() }
    }

    /// Gives a node its database, schema and alias.
    pub(super) fn name(&self, node: &mut Node) {
        let facts = &self.session.facts;
        node.alias.clone_from(&node.name);
        node.schema.clone_from(&facts.schema);
        node.database.clone_from(&facts.database);
        let custom = |node: &Node, key: &str| node.setting_text(key).map(str::to_owned);
        let database = custom(node, "database");
        node.database = self
            .made("generate_database_name", "custom_database_name", database.as_deref(), node)
            .unwrap_or_else(|| {
                database.map_or_else(|| facts.database.clone(), |name| name.trim().to_owned())
            });
        let schema = custom(node, "schema");
        node.schema = self
            .made("generate_schema_name", "custom_schema_name", schema.as_deref(), node)
            .unwrap_or_else(|| {
                schema
                    .map_or_else(|| facts.schema.clone(), |name| format!("{}_{}", facts.schema, name.trim()))
            });
        let alias = custom(node, "alias");
        node.alias = self
            .made("generate_alias_name", "custom_alias_name", alias.as_deref(), node)
            .unwrap_or_else(|| match (alias, &node.version) {
                (Some(name), _) => name.trim().to_owned(),
                (None, Some(version)) => {
                    format!("{}_v{}", node.name, version_text(version).replace('.', "_"))
                }
                (None, None) => node.name.clone(),
            });
        if node.kind == NodeKind::Snapshot {
            for (key, legacy) in [("database", "target_database"), ("schema", "target_schema")] {
                if let Some(name) = custom(node, legacy).filter(|name| !name.is_empty()) {
                    if key == "database" { node.database = name } else { node.schema = name }
                }
            }
        }
    }

    /// What the project's own macro makes; none where the built-in rule holds.
    fn made(&self, name: &str, parameter: &str, custom: Option<&str>, node: &Node) -> Option<String> {
        let library = &self.session.library;
        let package = [node.package.as_str(), self.root.as_str()]
            .into_iter()
            .find(|package| library.get(package, name).is_some())?;
        let subject = Arc::new(Subject {
            package: package.to_owned(),
            unique_id: node.unique_id.clone(),
            model: Arc::new(super::template_model(node)),
            schema: self.session.facts.schema.clone(),
            database: self.session.facts.database.clone(),
            ..Subject::default()
        });
        let value = custom.map_or(Value::Null, |text| Value::String(text.to_owned()));
        let arguments = vec![(parameter, json_value(&value)), ("node", json_value(&subject.model))];
        let phase = Phase::Parse(Arc::new(Mutex::default()));
        jinja::render_macro(self.session, &subject, phase, name, arguments)
            .ok()
            .map(|text| text.trim().to_owned())
    }
}
