//! Incremental models: which strategy, and why.

use std::sync::Arc;

use serde_json::{Value, json};

use super::planner::{Planned, empty};
use super::relation::{drop_step, own_last};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::jinja::{Subject, is_short_text, json_value};
use crate::sql::{Dialect, Relation, RelationKind};
use crate::warehouse::Column;

/// A strategy whose statement is rendered when the target's columns are known to fit.
#[derive(Debug, Clone)]
pub struct Strategy {
    /// The strategy's name.
    pub name: String,
    /// The table.
    pub target: Relation,
    /// The relation with the new rows.
    pub source: Relation,
    /// Whether the columns are those the table has; else those of the new rows, which the table was made to fit.
    pub takes_target_columns: bool,
    /// The node.
    pub unique_id: String,
}

impl Planner<'_> {
    /// An incremental model: the whole table where there is none or a full refresh is asked for, else new rows by a strategy.
    pub(super) fn incremental(&self, node: &Node, subject: &Arc<Subject>, compiled: &Compiled) -> Planned<NodePlan> {
        let target = Self::target(node)?;
        let Some(existing) = self.existing(node) else {
            return self.whole_table(
                node,
                subject,
                compiled,
                "incremental, and not there yet: built in full".to_owned(),
            );
        };
        let refresh = node.setting("full_refresh").and_then(Value::as_bool).unwrap_or(self.full_refresh);
        if refresh {
            return self.whole_table(node, subject, compiled, "incremental, with a full refresh asked for".to_owned());
        }
        if existing.kind != RelationKind::Table {
            let reason = format!("incremental, in place of a {}: built in full", existing.kind.as_str());
            return self.whole_table(node, subject, compiled, reason);
        }
        let (strategy, reason) = self.strategy(node)?;
        let staged = self.staging(node, subject, compiled, (&strategy, ""))?;
        let on_change = node.setting_text("on_schema_change").unwrap_or("ignore");
        let mut steps = staged.steps;
        if matches!(on_change, "append_new_columns" | "sync_all_columns" | "fail") {
            let (target, source) = (target.clone(), staged.relation.clone());
            steps.push(Step {
                purpose: Purpose::Support,
                work: Work::FitColumns { target: target.clone(), source: source.clone(), policy: on_change.to_owned() },
            });
            let strategy = Strategy {
                name: strategy.clone(),
                target,
                source,
                takes_target_columns: false,
                unique_id: node.unique_id.clone(),
            };
            steps.push(Step { purpose: Purpose::Main, work: Work::Strategy(Box::new(strategy)) });
        } else {
            steps.extend(self.widening(&existing.columns, &target, &staged.relation));
            steps.extend(self.strategy_steps(
                node,
                subject,
                &strategy,
                (&target, &staged.relation),
                &existing.columns,
            )?);
        }
        steps.extend(staged.cleanup);
        let action = match strategy.as_str() {
            "append" => Action::Append,
            "delete+insert" | "microbatch" => Action::DeleteInsert,
            "insert_overwrite" => Action::Overwrite,
            _ => Action::Merge,
        };
        Ok(NodePlan { steps, makes: Some((target, RelationKind::Table)), ..empty(node, action, reason) })
    }

    /// The step that lets texts grow which are limited in the table (dbt: `expand_target_column_types`).
    pub(super) fn widening(&self, columns: &[Column], target: &Relation, source: &Relation) -> Option<Step> {
        let is_limited = columns.iter().any(|column| is_short_text(column, self.dialect()));
        is_limited.then(|| Step {
            purpose: Purpose::Support,
            work: Work::FitColumns { target: target.clone(), source: source.clone(), policy: "ignore".to_owned() },
        })
    }

    /// The strategy and why: what is configured, or by `unique_key`.
    fn strategy(&self, node: &Node) -> Planned<(String, String)> {
        let key = node.setting("unique_key").filter(|key| !is_blank(key));
        let shown = key.map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned)).unwrap_or_default();
        if let Some(strategy) = node.setting_text("incremental_strategy") {
            if let Some((message, help)) = self.unfit(strategy, key.is_some()) {
                let problem = Diagnostic::error(Code::BadConfig, message).at(node.span());
                return Err(Box::new(problem.node(&node.unique_id).help(help)));
            }
            return Ok((strategy.to_owned(), format!("incremental_strategy is `{strategy}`")));
        }
        Ok(match (key, self.dialect()) {
            (Some(_), _) => (
                "merge".to_owned(),
                format!("no incremental_strategy is configured; unique_key `{shown}` makes it a merge"),
            ),
            (None, _) => (
                "append".to_owned(),
                "no incremental_strategy and no unique_key are configured: rows are appended".to_owned(),
            ),
        })
    }

    /// Why a strategy is nothing for the warehouse, and what to do (dbt: `valid_incremental_strategies`).
    fn unfit(&self, strategy: &str, has_key: bool) -> Option<(&'static str, &'static str)> {
        match strategy {
            _ if self.dialect() != Dialect::DuckDb => None,
            "delete+insert" if !has_key => Some((
                "`incremental_strategy: delete+insert` needs a `unique_key`",
                "add `unique_key`, or use the strategy `append`",
            )),
            "insert_overwrite" => Some((
                "the incremental strategy `insert_overwrite` is not valid on DuckDB",
                "use `append`, `delete+insert`, `merge` or `microbatch`",
            )),
            _ => None,
        }
    }

    /// Puts the new rows where the strategy reads them. Snowflake's strategies read a temporary view, except those that read it
    /// twice, as with a key; `DuckDB`'s a temporary table.
    pub(super) fn staging(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        compiled: &Compiled,
        (strategy, suffix): (&str, &str),
    ) -> Planned<Staging> {
        let target = Self::target(node)?;
        let identifier = format!("{}__dbt_tmp{suffix}", target.identifier);
        if self.dialect() == Dialect::DuckDb {
            let relation = Relation { database: None, schema: None, identifier, ..target };
            let steps = demoted(self.create_table(node, subject, &relation, true, &compiled.sql)?);
            let mut before = vec![drop_step(&relation, RelationKind::Table)];
            before.extend(steps);
            let cleanup = vec![drop_step(&relation, RelationKind::Table)];
            return Ok(Staging { relation, steps: before, cleanup });
        }
        let relation = Relation { identifier, ..target };
        let has_key = node.setting("unique_key").is_some_and(|key| !is_blank(key));
        let reads_twice = matches!(strategy, "delete+insert" | "microbatch") && has_key;
        let wanted = node.setting_text("tmp_relation_type").map(str::to_owned);
        let is_view = wanted.as_deref().map_or(!reads_twice, |kind| kind == "view");
        let (steps, kind) = if is_view {
            let arguments = vec![
                ("relation", self.value(&relation, Some(RelationKind::View))),
                ("sql", json_value(&json!(compiled.sql))),
                ("is_temporary", json_value(&json!(true))),
            ];
            let text = self.call(node, subject, "snowflake__create_view_as_with_temp_flag", arguments)?;
            (demoted(own_last(&text)), RelationKind::View)
        } else {
            (demoted(self.create_table(node, subject, &relation, true, &compiled.sql)?), RelationKind::Table)
        };
        let cleanup = vec![drop_step(&relation, kind)];
        Ok(Staging { relation, steps, cleanup })
    }

    /// The statements of a strategy for these columns of the target.
    pub fn strategy_steps(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        strategy: &str,
        relations: (&Relation, &Relation),
        columns: &[Column],
    ) -> Planned<Vec<Step>> {
        let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
        let predicates = node
            .setting("incremental_predicates")
            .or_else(|| node.setting("predicates"))
            .cloned()
            .unwrap_or(Value::Null);
        let predicates = if predicates.is_string() { json!([predicates]) } else { predicates };
        let arguments = self.strategy_arguments(node, relations, columns, &predicates);
        let text = self.call(node, subject, &name, vec![("arg_dict", arguments)])?;
        let mut steps = own_last(&text);
        let is_open = steps.iter().any(|step| step.text().eq_ignore_ascii_case("begin"));
        // DuckDB's stand in the node's transaction.
        if self.dialect() == Dialect::Snowflake && !is_open && steps.len() > 1 {
            steps.insert(0, Step::support("begin"));
            steps.push(Step::support("commit"));
        }
        Ok(steps)
    }

    fn strategy_arguments(
        &self,
        node: &Node,
        (target, source): (&Relation, &Relation),
        columns: &[Column],
        predicates: &Value,
    ) -> crate::jinja::value::Value {
        let dialect = self.dialect();
        let columns = columns.iter().map(|column| crate::jinja::column_value(column, dialect)).collect();
        crate::jinja::value::record([
            ("target_relation", self.value(target, Some(RelationKind::Table))),
            ("temp_relation", self.value(source, Some(RelationKind::Table))),
            ("unique_key", json_value(node.config.get("unique_key").unwrap_or(&Value::Null))),
            ("dest_columns", crate::jinja::value::list(columns)),
            ("incremental_predicates", json_value(predicates)),
        ])
    }
}

/// Where the new rows are, and the steps around them.
pub(super) struct Staging {
    pub(super) relation: Relation,
    pub(super) steps: Vec<Step>,
    pub(super) cleanup: Vec<Step>,
}

/// The steps as support of what follows.
fn demoted(steps: Vec<Step>) -> Vec<Step> {
    steps.into_iter().map(|step| Step { purpose: Purpose::Support, ..step }).collect()
}

fn is_blank(key: &Value) -> bool {
    match key {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
