//! Microbatch models: one step for each batch of event time (dbt: `MicrobatchModelRunner`).

use std::sync::Arc;

use serde_json::{Value, json};

use super::incremental::Strategy;
use super::planner::{Planned, empty};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::compile::Compiled;
use crate::config::{Batch, BatchSize, Window, event_time};
use crate::graph::Node;
use crate::jinja::Subject;
use crate::sql::RelationKind;

/// A batch that is built.
#[derive(Debug, Clone)]
pub struct BatchStep {
    /// Which.
    pub batch: Batch,
    /// Whether the whole table is made of it, in place of what is there.
    pub is_whole: bool,
    /// Whether hooks before the model run with it, because it is the first.
    pub is_first: bool,
    /// Whether hooks behind the model run with it, because it is the last.
    pub is_last: bool,
}

impl Planner<'_> {
    /// Whether a model is built batch by batch: with the built-in strategy, or with the project's own where a flag says so.
    pub fn has_batches(&self, node: &Node) -> bool {
        let facts = &self.compiler.session.facts;
        let library = &self.compiler.session.library;
        let own = |package: &String| library.get(package, "get_incremental_microbatch_sql").is_some();
        let flag = "require_batched_execution_for_custom_microbatch_strategy";
        let is_forced = facts.flags.get(flag).and_then(Value::as_bool).unwrap_or(false);
        node.is_microbatch() && (is_forced || !facts.packages.iter().any(own))
    }

    /// A microbatch model: its batches, oldest first.
    pub(super) fn microbatch(&self, node: &Node) -> Planned<NodePlan> {
        let target = Self::target(node)?;
        let existing = self.existing(node);
        let refresh = node.setting("full_refresh").and_then(Value::as_bool).unwrap_or(self.full_refresh);
        // Batches of an earlier run are added to what it has built, even if it began anew.
        let is_continued = self.compiler.session.facts.run.undone.contains_key(&node.unique_id);
        let is_table = existing.is_some_and(|existing| existing.kind == RelationKind::Table);
        let is_there = is_table && (is_continued || !refresh);
        let (batches, why) = self.batches(node, is_there);
        let last = batches.len().saturating_sub(1);
        let reason = format!("{} batches of {why}", batches.len());
        let step = |(index, batch): (usize, Batch)| {
            let is_whole = index == 0 && !is_there;
            let step = BatchStep { batch, is_whole, is_first: index == 0, is_last: index == last };
            Step { purpose: Purpose::Main, work: Work::Batch(Box::new(step)) }
        };
        let steps = batches.into_iter().enumerate().map(step).collect();
        Ok(NodePlan { steps, makes: Some((target, RelationKind::Table)), ..empty(node, Action::Batches, reason) })
    }

    /// The batches of a run, and what decides their start: what was asked for, `begin`, or the lookback from now.
    fn batches(&self, node: &Node, is_there: bool) -> (Vec<Batch>, String) {
        let run = &self.compiler.session.facts.run;
        let word = node.setting_text("batch_size").unwrap_or_default();
        let size = BatchSize::from_word(word).unwrap_or(BatchSize::Day);
        let asked = run.sample.or(run.event_time);
        if let Some(undone) = run.undone.get(&node.unique_id) {
            let batches = undone.failed.iter().flat_map(|window| size.batches(*window)).collect();
            return (batches, "the last run, which failed".to_owned());
        }
        let end = size.ceiling(asked.map_or(run.started_at, |window| window.end));
        let begin = node.setting_text("begin").and_then(event_time);
        let (start, why) = match (asked, begin) {
            (Some(window), _) => (size.truncate(window.start), "the time that was asked for".to_owned()),
            (None, Some(begin)) if !is_there => (size.truncate(begin), "all time since its `begin`".to_owned()),
            _ => {
                let lookback = node.config.get("lookback").and_then(Value::as_i64).unwrap_or(1);
                // Where the end is where a batch ends, the batch before it counts too.
                let back = lookback + i64::from(size.truncate(end) == end);
                let back = i32::try_from(back).unwrap_or(i32::MAX);
                (size.offset(end, -back), format!("the last {word} and a lookback of {lookback}"))
            }
        };
        (size.batches(Window { start, end }), why)
    }

    /// The plan of one batch, compiled for it.
    pub fn batch(&self, node: &Node, step: &BatchStep) -> Planned<(NodePlan, Compiled, Arc<Subject>)> {
        let compiled = self.compiler.batch(node, &step.batch)?;
        let mut node = node.clone();
        for (key, runs) in [("pre-hook", step.is_first), ("post-hook", step.is_last)] {
            if !runs {
                Arc::make_mut(&mut node.config).insert(key.to_owned(), json!([]));
            }
        }
        let subject = (*self.subject(&node, Some(&compiled))).clone();
        let subject = Arc::new(Subject { batch: Some(step.batch.clone()), ..subject });
        let mut plan = if step.is_whole {
            self.whole_table(&node, &subject, &compiled, "the first batch".to_owned())?
        } else {
            self.next_batch(&node, &subject, &compiled, &step.batch)?
        };
        self.mask_kept(&node, &mut plan);
        self.surround(&node, &subject, &mut plan)?;
        Ok((plan, compiled, subject))
    }

    /// A batch beside those that are there.
    fn next_batch(&self, node: &Node, subject: &Arc<Subject>, compiled: &Compiled, batch: &Batch) -> Planned<NodePlan> {
        let target = Self::target(node)?;
        let staged = self.staging(node, subject, compiled, ("microbatch", &format!("_{}", batch.id)))?;
        let mut steps = staged.steps;
        let policy = node.setting_text("on_schema_change").unwrap_or("ignore");
        let fits = matches!(policy, "append_new_columns" | "sync_all_columns" | "fail");
        if fits {
            let (target, source) = (target.clone(), staged.relation.clone());
            let work = Work::FitColumns { target, source, policy: policy.to_owned() };
            steps.push(Step { purpose: Purpose::Support, work });
        } else if let Some(existing) = self.existing(node) {
            steps.extend(self.widening(&existing.columns, &target, &staged.relation));
        }
        let strategy = Strategy {
            name: "microbatch".to_owned(),
            target: target.clone(),
            source: staged.relation,
            takes_target_columns: !fits,
            unique_id: node.unique_id.clone(),
        };
        steps.push(Step { purpose: Purpose::Main, work: Work::Strategy(Box::new(strategy)) });
        steps.extend(staged.cleanup);
        Ok(NodePlan {
            steps,
            makes: Some((target, RelationKind::Table)),
            ..empty(node, Action::DeleteInsert, "a batch")
        })
    }
}
