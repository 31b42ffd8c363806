//! Relations that are copies of another environment's (dbt: `clone`).

use std::collections::BTreeMap;

use super::planner::{broken, empty};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::graph::Node;
use crate::sql::{Relation, RelationKind};
use crate::warehouse::SchemaName;

impl Planner<'_> {
    /// The plan that makes a node's relation a copy of `other`: a clone of a table where the warehouse has such a thing, else a
    /// view of it. Without another, or where the relation is there already, nothing is done.
    pub fn clone_of(&self, node: &Node, other: Option<&Relation>) -> NodePlan {
        let target = match Self::target(node) {
            Ok(target) => target,
            Err(problem) => return broken(node, *problem),
        };
        let Some(other) = other else {
            return empty(node, Action::Nothing, "the other environment does not have it");
        };
        if self.existing(node).is_some() && !self.full_refresh {
            return empty(node, Action::Nothing, "the relation is there already");
        }
        let name = self.clone_macro();
        let step = Step { purpose: Purpose::Main, work: Work::Materialization(name) };
        NodePlan {
            steps: vec![step],
            makes: Some((target, RelationKind::View)),
            ..empty(node, Action::Clone, format!("a copy of {}", other.render()))
        }
    }

    /// The schemas of the nodes that are not there yet.
    pub fn missing_schemas(&self, nodes: &[&Node]) -> Vec<Step> {
        let mut wanted = BTreeMap::new();
        for relation in nodes.iter().filter_map(|node| node.relation.as_deref()) {
            if let (Some(database), Some(schema)) = (&relation.database, &relation.schema) {
                let bare = Relation { identifier: String::new(), ..relation.clone() };
                wanted.entry(SchemaName::new(database, schema)).or_insert(bare);
            }
        }
        wanted.retain(|schema, _| !self.catalog.has_schema(schema));
        let make = |(schema, bare): (SchemaName, Relation)| Step {
            purpose: Purpose::Support,
            work: Work::Schema(schema, format!("create schema if not exists {}", bare.render())),
        };
        wanted.into_iter().map(make).collect()
    }

    /// The materialization `clone`: the project's before the built-in one, the adapter's before the default.
    fn clone_macro(&self) -> String {
        let facts = &self.compiler.session.facts;
        let library = &self.compiler.session.library;
        let internal = crate::project::internal_packages(facts.dialect.adapter());
        let packages = || std::iter::once(&facts.root).chain(internal.iter());
        let names = [facts.dialect.adapter(), "default"].map(|adapter| format!("materialization_clone_{adapter}"));
        let defined = |name: &&String| packages().any(|package| library.get(package, name).is_some());
        names.iter().find(defined).unwrap_or(&names[1]).clone()
    }
}
