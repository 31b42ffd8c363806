//! Grants of relations (dbt: `apply_grants`).

use std::sync::Arc;

use serde_json::{Value, json};

use super::planner::{Planned, statements};
use super::{Action, Planner, Purpose, Step, Work};
use crate::graph::Node;
use crate::jinja::{Subject, json_value};
use crate::sql::Dialect;

impl Planner<'_> {
    /// The grants of a relation. A relation that has none yet is given each; where those it has stay, because it is not made anew
    /// or keeps them, they are asked for when the relation is there, and what is too much is revoked.
    pub(super) fn grants(&self, node: &Node, subject: &Arc<Subject>, action: Action) -> Planned<Vec<Step>> {
        let grants = node.config.get("grants").and_then(Value::as_object).filter(|grants| !grants.is_empty());
        let (Some(grants), Some(relation)) = (grants, node.relation.as_deref()) else { return Ok(Vec::new()) };
        if self.compiler.session.facts.dialect == Dialect::DuckDb {
            return Ok(Vec::new()); // It knows no roles.
        }
        let is_whole = matches!(action, Action::CreateTable | Action::CreateView);
        let stays = self.existing(node).is_some() && (!is_whole || self.copies_grants(node, subject)?);
        if stays {
            return Ok(vec![Step { purpose: Purpose::Support, work: Work::Grants(relation.clone()) }]);
        }
        let mut steps = Vec::new();
        for (privilege, grantees) in grants {
            let grantees = grantees.as_array().cloned().unwrap_or_else(|| vec![grantees.clone()]);
            for group in self.groups_of(node, subject, grantees)? {
                let arguments = vec![
                    ("relation", self.value(relation, None)),
                    ("privilege", json_value(&json!(privilege))),
                    ("grantees", json_value(&json!(group))),
                ];
                let text = self.call(node, subject, "get_grant_sql", arguments)?;
                steps.extend(statements(&text).into_iter().map(Step::support));
            }
        }
        Ok(steps)
    }

    /// Whether a relation that is made anew keeps its grants.
    fn copies_grants(&self, node: &Node, subject: &Arc<Subject>) -> Planned<bool> {
        Ok(self.call(node, subject, "copy_grants", Vec::new())?.trim() == "True")
    }

    /// The grantees of one statement each: all together, or one by one.
    fn groups_of(&self, node: &Node, subject: &Arc<Subject>, grantees: Vec<Value>) -> Planned<Vec<Vec<Value>>> {
        let together = self.call(node, subject, "support_multiple_grantees_per_dcl_statement", Vec::new())?;
        if grantees.is_empty() {
            return Ok(Vec::new());
        }
        let is_together = together.trim() == "True";
        Ok(if is_together { vec![grantees] } else { grantees.into_iter().map(|one| vec![one]).collect() })
    }
}
