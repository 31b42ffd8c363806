//! Data tests: the statement that counts failures.

use std::sync::Arc;

use serde_json::{Value, json};

use super::planner::{Planned, empty, statements};
use super::relation::{drop_step, own_last};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::compile::Compiled;
use crate::graph::Node;
use crate::jinja::{Subject, json_value};
use crate::sql::RelationKind;

impl Planner<'_> {
    /// A test: the failing rows are counted, and kept in a relation first where that is asked for.
    pub(super) fn test(&self, node: &Node, compiled: Option<&Compiled>) -> Planned<NodePlan> {
        let Some(compiled) = compiled else { return Ok(empty(node, Action::Nothing, "it has no SQL")) };
        let subject = self.subject(node, Some(compiled));
        let mut plan = NodePlan { late: compiled.late, ..empty(node, Action::RunTest, "a data test") };
        let setting = |key: &str| node.config.get(key).cloned().unwrap_or(Value::Null);
        let mut main = self.limited(node, &subject, (&compiled.sql, &setting("limit")))?;
        if let Some(relation) = node.relation.as_deref() {
            let existing = self.existing(node).map(|relation| relation.kind);
            plan.steps.extend(existing.map(|kind| drop_step(relation, kind)));
            let is_view = node.setting_text("store_failures_as") == Some("view");
            let create = if is_view {
                self.create_view(node, &subject, relation, &main)?
            } else {
                self.create_table(node, &subject, relation, false, &main)?
            };
            plan.steps.extend(create.into_iter().map(|step| Step { purpose: Purpose::Support, ..step }));
            let kind = if is_view { RelationKind::View } else { RelationKind::Table };
            plan.makes = Some((relation.clone(), kind));
            plan.reason = format!("a data test whose failures are kept in {}", relation.render());
            main = format!("\n        select *\n        from {}\n    ", relation.render());
        }
        let arguments = vec![
            ("main_sql", json_value(&json!(main))),
            ("fail_calc", json_value(&setting("fail_calc"))),
            ("warn_if", json_value(&setting("warn_if"))),
            ("error_if", json_value(&setting("error_if"))),
            ("limit", json_value(&Value::Null)),
        ];
        let text = self.call(node, &subject, "get_test_sql", arguments)?;
        let list = statements(&text);
        let checks = own_last(&list.join(";\n"));
        let check = |step: Step| Step {
            purpose: if step.purpose == Purpose::Main { Purpose::Check } else { Purpose::Support },
            work: step.work,
        };
        plan.steps.extend(checks.into_iter().map(check));
        debug_assert!(plan.steps.iter().all(|step| !matches!(step.work, Work::Load(_))), "a test loads nothing");
        Ok(plan)
    }

    /// A test's query with its limit, which holds for the rows that are kept as well.
    fn limited(&self, node: &Node, subject: &Arc<Subject>, (sql, limit): (&str, &Value)) -> Planned<String> {
        if limit.is_null() {
            return Ok(sql.to_owned());
        }
        let arguments = vec![("sql", json_value(&json!(sql))), ("limit", json_value(limit))];
        self.call(node, subject, "get_limit_subquery_sql", arguments)
    }
}
