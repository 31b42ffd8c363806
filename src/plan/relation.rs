//! Tables and views: made whole.

use std::sync::Arc;

use serde_json::json;

use super::planner::{Planned, empty, statements};
use super::{Action, NodePlan, Planner, Step};
use crate::compile::Compiled;
use crate::graph::Node;
use crate::jinja::{Subject, json_value};
use crate::sql::{Dialect, Relation, RelationKind};

impl Planner<'_> {
    /// A view, made or replaced.
    pub(super) fn view(&self, node: &Node, subject: &Arc<Subject>, compiled: &Compiled) -> Planned<NodePlan> {
        let target = Self::target(node)?;
        let existing = self.existing(node).map(|relation| relation.kind);
        let create = self.create_view(node, subject, &target, &compiled.sql)?;
        let reason = match existing {
            None => "materialized as a view, and not there yet".to_owned(),
            Some(RelationKind::View) => "materialized as a view, and replaced".to_owned(),
            Some(other) => format!("materialized as a view, in place of a {}", other.as_str()),
        };
        let steps = self.replacing(&target, existing, RelationKind::View, create);
        Ok(NodePlan { steps, makes: Some((target, RelationKind::View)), ..empty(node, Action::CreateView, reason) })
    }

    /// A table, made or replaced.
    pub(super) fn table(&self, node: &Node, subject: &Arc<Subject>, compiled: &Compiled) -> Planned<NodePlan> {
        let existing = self.existing(node).map(|relation| relation.kind);
        let reason = match existing {
            None => "materialized as a table, and not there yet".to_owned(),
            Some(RelationKind::Table) => "materialized as a table, and replaced".to_owned(),
            Some(other) => format!("materialized as a table, in place of a {}", other.as_str()),
        };
        self.whole_table(node, subject, compiled, reason)
    }

    /// A table made of all rows of the node's query. On `DuckDB` it is made beside the old one and takes its place in one
    /// transaction, so that a query may read the table it replaces; Snowflake replaces in one statement.
    pub(super) fn whole_table(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        compiled: &Compiled,
        reason: String,
    ) -> Planned<NodePlan> {
        let target = Self::target(node)?;
        self.check_layout(node, subject, &target)?;
        let existing = self.existing(node).map(|relation| relation.kind);
        let beside = self.dialect() == Dialect::DuckDb && existing.is_some();
        let made = if beside {
            Relation { identifier: format!("{}__dbt_tmp", target.identifier), ..target.clone() }
        } else {
            target.clone()
        };
        let create = self.create_table(node, subject, &made, false, &compiled.sql)?;
        let steps = if beside {
            let left = self.catalog.relation(&made).map_or(RelationKind::Table, |left| left.kind);
            let mut steps = vec![drop_step(&made, left)];
            steps.extend(create);
            steps.push(drop_step(&target, existing.unwrap_or(RelationKind::Table)));
            steps.push(Step::support(format!(
                "alter table {} rename to \"{}\"",
                made.render(),
                target.identifier.replace('"', "\"\"")
            )));
            steps
        } else {
            self.replacing(&target, existing, RelationKind::Table, create)
        };
        Ok(NodePlan { steps, makes: Some((target, RelationKind::Table)), ..empty(node, Action::CreateTable, reason) })
    }

    /// Whether partitions and order are configured as `DuckDB`'s macros take them. Tables that are no `DuckLake`'s have neither.
    fn check_layout(&self, node: &Node, subject: &Arc<Subject>, target: &Relation) -> Planned<()> {
        let has = |keys: [&str; 2]| keys.iter().any(|key| node.setting(key).is_some());
        let wanted = [
            ("duckdb__get_partitioned_by", has(["partitioned_by", "partition_by"])),
            ("duckdb__get_sorted_by", has(["sorted_by", "sort_by"])),
        ];
        let is_asked = |(_, is_configured): &&(&str, bool)| *is_configured && self.dialect() == Dialect::DuckDb;
        for (name, _) in wanted.iter().filter(is_asked) {
            let relation = self.value(target, Some(RelationKind::Table));
            let arguments = vec![("relation", relation), ("temporary", json_value(&json!(false)))];
            self.call(node, subject, name, arguments)?;
        }
        Ok(())
    }

    /// The statements that make `target`, after dropping a relation of another kind that stands in its way; `DuckDB` has no
    /// replacing of views under its own macros, so there the old one is dropped in the same transaction.
    fn replacing(
        &self,
        target: &Relation,
        existing: Option<RelationKind>,
        kind: RelationKind,
        create: Vec<Step>,
    ) -> Vec<Step> {
        match (self.dialect(), existing) {
            (_, None) => create,
            (Dialect::Snowflake, Some(old)) if old == kind => create,
            (_, Some(old)) => std::iter::once(drop_step(target, old)).chain(create).collect(),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.compiler.session.facts.dialect
    }

    /// The statements of `create_view_as`; the last is the node's own.
    pub(super) fn create_view(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        relation: &Relation,
        sql: &str,
    ) -> Planned<Vec<Step>> {
        let arguments =
            vec![("relation", self.value(relation, Some(RelationKind::View))), ("sql", json_value(&json!(sql)))];
        Ok(own_last(&self.call(node, subject, "get_create_view_as_sql", arguments)?))
    }

    /// The statements of `create_table_as`; the last is the node's own.
    pub(super) fn create_table(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        relation: &Relation,
        temporary: bool,
        sql: &str,
    ) -> Planned<Vec<Step>> {
        let arguments = vec![
            ("temporary", json_value(&json!(temporary))),
            ("relation", self.value(relation, Some(RelationKind::Table))),
            ("sql", json_value(&json!(sql))),
        ];
        Ok(own_last(&self.call(node, subject, "get_create_table_as_sql", arguments)?))
    }
}

/// Statements as steps; the first that creates is the node's own, the others support it.
pub(super) fn own_last(sql: &str) -> Vec<Step> {
    let list = statements(sql);
    let own = list.iter().position(|text| makes_rows(text)).unwrap_or(list.len().saturating_sub(1));
    list.into_iter()
        .enumerate()
        .map(|(i, text)| if i == own { Step::main(text) } else { Step::support(text) })
        .collect()
}

fn makes_rows(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(').to_lowercase();
    ["create", "merge", "insert", "delete"].iter().any(|word| start.starts_with(word))
}

/// Drops a relation if it is there.
pub(super) fn drop_step(relation: &Relation, kind: RelationKind) -> Step {
    let word = match kind {
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialized view",
        RelationKind::DynamicTable => "dynamic table",
        _ => "table",
    };
    Step::support(format!("drop {word} if exists {}", relation.render()))
}
