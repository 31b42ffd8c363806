//! What tests and constraints promise: columns that are not NULL for those who read a node.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::{NodeAnalysis, Nulls};
use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::sql::Dialect;
use crate::sql::query::Name;

/// Names of columns by the unique ids of their nodes.
#[derive(Debug)]
pub(super) struct Promises {
    columns: HashMap<String, Vec<String>>,
    dialect: Dialect,
}

impl Promises {
    /// The promises of a project.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut columns: HashMap<String, Vec<String>> = HashMap::new();
        for node in graph.nodes.values() {
            if let Some((tested, column)) = tested(node) {
                columns.entry(tested.to_owned()).or_default().push(column.to_owned());
            }
            let constrained = constrained(node);
            if !constrained.is_empty() {
                columns.entry(node.unique_id.clone()).or_default().extend(constrained);
            }
        }
        Self { columns, dialect: graph.dialect }
    }

    /// Whether a column of a node is promised not to be NULL.
    pub(super) fn has(&self, unique_id: &str, column: &Name) -> bool {
        let is_meant = |name: &String| {
            name.eq_ignore_ascii_case(&column.text) || Name::written(name, false, self.dialect).key == column.key
        };
        self.columns.get(unique_id).is_some_and(|names| names.iter().any(is_meant))
    }

    /// The same, as readers see it: what holds for the query of an incremental model does not for the rows that were there before.
    pub(super) fn kept(&self, node: &Node, mut found: NodeAnalysis) -> NodeAnalysis {
        let keeps_rows = node.kind == NodeKind::Snapshot || node.materialized() == "incremental";
        let promised = |column: &super::SchemaColumn| self.has(&node.unique_id, &column.name);
        let nulls: Vec<Nulls> = found
            .schema
            .columns
            .iter()
            .map(|column| match column.nulls {
                _ if promised(column) => Nulls::Never,
                nulls if keeps_rows => nulls.doubted(),
                nulls => nulls,
            })
            .collect();
        if found.schema.columns.iter().zip(&nulls).any(|(column, nulls)| column.nulls != *nulls) {
            let columns = &mut Arc::make_mut(&mut found.schema).columns;
            columns.iter_mut().zip(nulls).for_each(|(column, nulls)| column.nulls = nulls);
        }
        found
    }
}

/// The node and the column that a test finds not to be NULL: in all rows, and as an error.
fn tested(node: &Node) -> Option<(&str, &str)> {
    let test = node.test.as_ref().filter(|test| test.name == "not_null")?;
    let is_own = test.namespace.as_deref().is_none_or(|namespace| namespace == "dbt");
    let is_error = node.setting_text("severity").is_none_or(|severity| severity.eq_ignore_ascii_case("error"));
    let is_plain = node.setting("where").is_none()
        && node.setting_text("error_if").is_none_or(|condition| condition == "!= 0")
        && node.setting_text("fail_calc").is_none_or(|calculation| calculation == "count(*)");
    let [tested] = node.depends_on.as_slice() else { return None };
    (is_own && is_error && is_plain).then_some(())?;
    Some((tested, test.column_name.as_deref()?))
}

/// The columns that the constraints of a table do not allow to be NULL. They are part of the table only under an enforced contract.
fn constrained(node: &Node) -> Vec<String> {
    let enforced = node.setting("contract").and_then(|contract| contract.get("enforced")).and_then(Value::as_bool);
    if enforced != Some(true) || !matches!(node.materialized(), "table" | "incremental") {
        return Vec::new();
    }
    let forbids = |constraint: &&Value| {
        constraint.get("type").and_then(Value::as_str).is_some_and(|kind| matches!(kind, "not_null" | "primary_key"))
    };
    let of_columns = node.columns.values().filter(|column| column.constraints.iter().any(|one| forbids(&one)));
    let mut names: Vec<String> = of_columns.map(|column| column.name.clone()).collect();
    for constraint in node.constraints.iter().filter(forbids) {
        let columns = constraint.get("columns").and_then(Value::as_array).into_iter().flatten();
        names.extend(columns.filter_map(Value::as_str).map(str::to_owned));
    }
    names
}
