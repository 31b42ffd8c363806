//! Masking policies on tables that are there already: a table that is made gets them as it is made; one that is kept may be older than its
//! policies.

use super::{Action, NodePlan, Planner, Step, Work};
use crate::graph::Node;
use crate::project::NodeKind;
use crate::sql::{Dialect, RelationKind};
use crate::warehouse::fold;

impl Planner<'_> {
    /// The masked columns of a node with their policies; none where the warehouse has no policies.
    pub(super) fn masked(&self, node: &Node) -> &[(String, String)] {
        let masked = self.governance.masked.get(&node.unique_id);
        masked.filter(|_| self.dialect() == Dialect::Snowflake).map_or(&[], Vec::as_slice)
    }

    /// Puts the columns of a table that is kept under their policies, before rows come in: those that are there at once, those that are
    /// added as soon as they are.
    pub(super) fn mask_kept(&self, node: &Node, plan: &mut NodePlan) {
        let masked = self.masked(node);
        let Some(existing) = self.existing(node).filter(|there| there.kind == RelationKind::Table) else { return };
        let keeps = match plan.action {
            Action::Append | Action::DeleteInsert | Action::Merge | Action::Overwrite => true,
            Action::RunMaterialization => node.kind == NodeKind::Snapshot,
            _ => false,
        };
        let Some(target) = node.relation.as_deref().filter(|_| keeps && !masked.is_empty()) else { return };
        let name = target.render();
        let is_there = |column: &str| existing.columns.iter().any(|known| fold(&known.name) == fold(bare(column)));
        let steps = |there: bool| {
            let columns = masked.iter().filter(move |(column, _)| is_there(column) == there);
            columns.map(|(column, policy)| Step::support(mask_column(&name, column, policy))).collect::<Vec<_>>()
        };
        let adds = plan.steps.iter().position(|step| match &step.work {
            Work::FitColumns { policy, .. } => policy != "ignore",
            Work::Materialization(_) => true,
            _ => false,
        });
        if let Some(at) = adds {
            let behind = plan.steps.split_off(at + 1);
            plan.steps.extend(steps(false));
            plan.steps.extend(behind);
        }
        plan.steps.splice(0..0, steps(true));
    }
}

/// The statement that puts a column of a table under a policy, in place of any other.
pub(super) fn mask_column(table: &str, column: &str, policy: &str) -> String {
    format!("alter table {table} modify column {column} set masking policy {policy} force")
}

/// A name without its quotes.
fn bare(name: &str) -> &str {
    name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name)
}
