//! Unit tests: a model's query over given rows, compared with the rows that are expected.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::{Planned, empty};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::compile::Compiled;
use crate::graph::Node;

impl Planner<'_> {
    /// A unit test: the materialization macro for it makes one query of both, with the types that the model's query has.
    pub(super) fn unit_test(&self, node: &Node, compiled: Option<&Compiled>) -> Planned<NodePlan> {
        let name = self.own_materialization(node, "unit")?;
        let steps = name.map(|name| Step { purpose: Purpose::Check, work: Work::UnitTest(name) });
        let late = compiled.is_none_or(|compiled| compiled.late);
        Ok(NodePlan { late, steps: steps.into_iter().collect(), ..empty(node, Action::RunTest, "a unit test") })
    }
}

/// Unit tests before the models they test, as a build runs them.
pub(super) fn tests_first<'n>(chosen: Vec<&'n Node>) -> Vec<&'n Node> {
    let known: BTreeSet<&str> = chosen.iter().map(|node| node.unique_id.as_str()).collect();
    let tested = |node: &'n Node| node.unit.as_ref().map(|unit| unit.tested.as_str());
    let mut waiting: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for test in &chosen {
        if let Some(model) = tested(test).filter(|model| known.contains(model)) {
            waiting.entry(model).or_default().push(test);
        }
    }
    let mut ordered: Vec<&Node> = Vec::with_capacity(chosen.len());
    for node in chosen {
        if tested(node).is_none_or(|model| !waiting.contains_key(model)) {
            ordered.extend(waiting.get(node.unique_id.as_str()).into_iter().flatten());
            ordered.push(node);
        }
    }
    ordered
}
