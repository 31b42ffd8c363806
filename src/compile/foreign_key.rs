//! What foreign keys refer to: `ref(…)` and `source(…)` in a constraint stand for the names of relations once a node is compiled.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Compiler, ForeignKeyTarget};
use crate::graph::Node;
use crate::jinja::{Origin, Subject};

impl Compiler {
    /// The same with the names of the relations that foreign keys refer to.
    pub(super) fn with_foreign_keys(&self, node: &Node, subject: Subject) -> Subject {
        let subject = Arc::new(subject);
        let mut model = (**subject.model).clone();
        for target in self.targets(node, &subject) {
            target.replace_in_columns(&mut model["columns"]);
            target.replace_in(&mut model["constraints"]);
        }
        Subject { model: Arc::new(model.into()), ..(*subject).clone() }
    }

    /// What the foreign keys of a node refer to.
    pub(super) fn foreign_key_targets(&self, node: &Node) -> Vec<ForeignKeyTarget> {
        if node.unit.is_some() || node.foreign_keys().is_empty() {
            return Vec::new();
        }
        self.targets(node, &Arc::new(self.subject(node)))
    }

    fn targets(&self, node: &Node, subject: &Arc<Subject>) -> Vec<ForeignKeyTarget> {
        let target = |written: String| {
            let text = format!("{{{{ ({written}).render() }}}}");
            let rendered = self.render_early(node, subject, &text, Origin::NOWHERE).ok()??;
            Some(ForeignKeyTarget { written, name: rendered.text })
        };
        node.foreign_keys().into_iter().filter_map(target).collect()
    }
}

impl ForeignKeyTarget {
    /// Puts the relation's name into the constraints of columns.
    pub fn replace_in_columns(&self, columns: &mut Value) {
        let columns = columns.as_object_mut().into_iter().flat_map(Map::values_mut);
        columns.for_each(|column| self.replace_in(&mut column["constraints"]));
    }

    /// Puts the relation's name into each of the constraints that was written so.
    pub fn replace_in(&self, constraints: &mut Value) {
        let constraints = constraints.as_array_mut().into_iter().flatten();
        let meant = constraints.filter(|constraint| constraint["to"].as_str() == Some(&self.written));
        meant.for_each(|constraint| constraint["to"] = self.name.as_str().into());
    }
}
