//! Masking policies: which columns they cover, and the statements that make them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::graph::{Graph, Node};
use crate::project::{Policy, Project};

/// The policies of a project with the places they apply to.
#[derive(Debug, Default)]
pub struct Governance {
    /// Each policy with its qualified name.
    pub policies: Vec<Placed>,
    /// For each node with masked columns: column name and qualified policy name, in column order.
    pub masked: BTreeMap<String, Vec<(String, String)>>,
}

/// A policy and where it is made.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The policy.
    pub policy: Policy,
    /// Its database.
    pub database: String,
    /// Its schema.
    pub schema: String,
}

impl Placed {
    /// The name by which SQL refers to it.
    pub fn qualified(&self) -> String {
        format!("{}.{}.{}", self.database, self.schema, self.policy.name)
    }

    /// The statement that makes it. A policy that exists is altered instead of replaced, because one that is attached cannot
    /// be replaced (Snowflake: `CREATE MASKING POLICY`).
    pub fn statements(&self) -> [String; 2] {
        let name = self.qualified();
        let arguments: Vec<String> =
            self.policy.signature.iter().map(|p| format!("{} {}", p.name, p.data_type)).collect();
        let (returns, body) = (&self.policy.returns, &self.policy.body);
        [
            format!(
                "create masking policy if not exists {name} as ({}) returns {returns} ->\n{body}",
                arguments.join(", ")
            ),
            format!("alter masking policy {name} set body ->\n{body}"),
        ]
    }
}

/// Finds which columns are under which policy: `meta: {masking_policy: NAME}` of a column. `schema_of` makes the schema of a
/// policy from its custom schema, as schemas of models are made.
pub fn govern(
    project: &Project,
    graph: &Graph,
    database: &str,
    schema_of: &dyn Fn(Option<&str>) -> String,
    diagnostics: &mut Diagnostics,
) -> Governance {
    let place = |policy: &Policy| Placed {
        database: policy.database.clone().unwrap_or_else(|| database.to_owned()),
        schema: schema_of(policy.schema.as_deref()),
        policy: policy.clone(),
    };
    let policies: Vec<Placed> = project.policies.iter().map(place).collect();
    let mut masked = BTreeMap::new();
    // In a project of dbt's alone, what `meta` says may be meant for somebody else.
    let is_meant = !policies.is_empty() || project.settings.file.is_some();
    let make = if is_meant { Diagnostic::error } else { Diagnostic::warning };
    for (id, node) in &graph.nodes {
        let columns = masked_columns(node, &policies, make, diagnostics);
        if !columns.is_empty() {
            masked.insert(id.clone(), columns);
        }
    }
    Governance { policies, masked }
}

fn masked_columns(
    node: &Node,
    policies: &[Placed],
    make: fn(Code, String) -> Diagnostic,
    diagnostics: &mut Diagnostics,
) -> Vec<(String, String)> {
    let mut masked = Vec::new();
    for column in node.columns.values() {
        let Some(name) = column.meta.get("masking_policy").and_then(Value::as_str) else { continue };
        match policies.iter().find(|placed| placed.policy.name == name) {
            Some(placed) => masked.push((column.name.clone(), placed.qualified())),
            None => {
                let help = match did_you_mean(name, policies.iter().map(|placed| placed.policy.name.as_str())) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "declare it in a file below `policy-paths`".to_owned(),
                };
                let message = format!("no masking policy `{name}` for column `{}`", column.name);
                diagnostics.push(make(Code::UnknownPolicy, message).at(column.span).node(&node.unique_id).help(help));
            }
        }
    }
    masked
}
