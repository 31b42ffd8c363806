//! Databases, schemas and aliases, as the project's `generate_*_name` macros make them.
//!
//! A package's own macro names that package's nodes; the root project's names all others; else the built-in rule holds (dbt:
//! `parser/base.py`, `RelationUpdate`). The built-in macros dispatch, so that `default__generate_schema_name` of the root project
//! counts too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::Value;

use super::node::{Node, version_text};
use crate::diagnostic::Diagnostic;
use crate::jinja::{self, Phase, Session, Subject, TemplateError, json_value};
use crate::project::{NodeKind, Project};
use crate::source::{FileId, Sources, Span};

/// Makes names.
pub(super) struct Names<'a> {
    session: &'a Arc<Session>,
    root: String,
    /// Why a macro could not make a name, and of which node.
    problems: Mutex<Vec<(TemplateError, Span)>>,
    /// The packages whose macros make names, by macro and by the package of the node.
    holders: RwLock<HashMap<(&'static str, String), Option<String>>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(project: &Project, session: &'a Arc<Session>) -> Self {
        Self {
            session,
            root: project.packages[0].file.name.clone(),
            problems: Mutex::default(),
            holders: RwLock::default(),
        }
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
            .unwrap_or_else(|| database.map_or_else(|| facts.database.clone(), |name| name.trim().to_owned()));
        let schema = custom(node, "schema");
        node.schema =
            self.made("generate_schema_name", "custom_schema_name", schema.as_deref(), node).unwrap_or_else(|| {
                schema.map_or_else(|| facts.schema.clone(), |name| format!("{}_{}", facts.schema, name.trim()))
            });
        let alias = custom(node, "alias");
        node.alias =
            self.made("generate_alias_name", "custom_alias_name", alias.as_deref(), node).unwrap_or_else(|| {
                match (alias, &node.version) {
                    (Some(name), _) => name.trim().to_owned(),
                    (None, Some(version)) => {
                        format!("{}_v{}", node.name, version_text(version).replace('.', "_"))
                    }
                    (None, None) => node.name.clone(),
                }
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
    fn made(&self, name: &'static str, parameter: &'static str, custom: Option<&str>, node: &Node) -> Option<String> {
        let package = self.holder(name, &node.package)?;
        let subject = Arc::new(Subject {
            package,
            unique_id: node.unique_id.clone(),
            model: Arc::new(super::template_model(node).into()),
            schema: self.session.facts.schema.clone(),
            database: self.session.facts.database.clone(),
            is_naming: true,
            ..Subject::default()
        });
        let value = custom.map_or(Value::Null, |text| Value::String(text.to_owned()));
        // Whatever the macro calls its parameters: dbt gives it the name first, then the node.
        let own = self.session.library.get(&subject.package, name);
        let called = |at: usize, usual: &'static str| own.and_then(|own| own.arguments().nth(at)).unwrap_or(usual);
        let arguments =
            vec![(called(0, parameter), json_value(&value)), (called(1, "node"), json_value(&subject.model))];
        let phase = Phase::Parse(Arc::new(Mutex::default()));
        match jinja::render_macro(self.session, &subject, phase, name, arguments) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) => {
                let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
                problems.push((error, node.span()));
                None
            }
        }
    }

    /// The package whose macros name a node of `package`; none where the built-in macro does, as it is.
    fn holder(&self, name: &'static str, package: &str) -> Option<String> {
        let key = (name, package.to_owned());
        if let Some(known) = self.holders.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let found = self.find_holder(name, package).map(str::to_owned);
        self.holders.write().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        found
    }

    fn find_holder<'p>(&'p self, name: &str, package: &'p str) -> Option<&'p str> {
        let (library, facts) = (&self.session.library, &self.session.facts);
        let own = [package, self.root.as_str()].into_iter().find(|package| library.get(package, name).is_some());
        let dispatched = || {
            let order = facts.dispatch.iter().find(|(name, _)| name == "dbt").map(|(_, order)| order.as_slice());
            let order = order.unwrap_or(std::slice::from_ref(&self.root));
            let versions = [facts.dialect.adapter(), "default"].map(|prefix| format!("{prefix}__{name}"));
            let holds = |package: &&String| {
                facts.packages.contains(*package)
                    && versions.iter().any(|version| library.get(package, version).is_some())
            };
            order.iter().find(holds).map(|_| self.root.as_str())
        };
        own.or_else(dispatched)
    }

    /// Why names could not be made, each reason once.
    pub(super) fn problems(&self, sources: &Sources) -> Vec<Diagnostic> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        let is_file = |file: FileId| sources.file(file).location.is_some();
        let report = |(error, span): &(TemplateError, Span)| Diagnostic {
            node: None,
            ..jinja::report(error, "", (span.file, span.range()), &is_file)
        };
        problems.iter().map(report).collect()
    }
}
