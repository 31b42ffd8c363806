//! From compiled nodes and a catalog to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Action, NodePlan, Plan, Step, Work};
use crate::compile::{Compilation, Compiled, Compiler};
use crate::diagnostic::{Code, Diagnostic};
use crate::govern::Governance;
use crate::graph::{Node, Order};
use crate::jinja::value::Value as TemplateValue;
use crate::jinja::{RelationValue, Subject, TemplateError};
use crate::project::NodeKind;
use crate::source::Sources;
use crate::sql::{Dialect, Relation, RelationKind};
use crate::warehouse::{Catalog, CatalogRelation, SchemaName};

/// Makes plans for the nodes of a graph, against one catalog.
pub struct Planner<'a> {
    /// Renders the macros.
    pub compiler: &'a Compiler,
    /// What the warehouse holds.
    pub catalog: Catalog,
    /// Which columns are masked.
    pub governance: &'a Governance,
    /// The project's text.
    pub sources: &'a Sources,
    /// `--full-refresh`.
    pub full_refresh: bool,
    /// Whether sources with an `external:` specification are loaded.
    pub loads: bool,
    /// The folder relative locations start from.
    pub project_dir: std::path::PathBuf,
    /// The schema of the loader's ledger.
    pub ledger_schema: String,
}

/// A failure to make a plan, at its place.
pub(super) type Planned<T> = Result<T, Box<Diagnostic>>;

impl Planner<'_> {
    /// The schemas these nodes write to or are read from: what the catalog is read for.
    pub fn schemas<'n>(nodes: impl Iterator<Item = &'n Node>) -> Vec<SchemaName> {
        let of = |node: &Node| {
            node.relation.as_deref().and_then(|r| Some(SchemaName::new(r.database.as_deref()?, r.schema.as_deref()?)))
        };
        nodes.filter_map(of).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The plan for the wanted nodes.
    pub fn plan(&self, order: &Order, compilation: &Compilation, wanted: &BTreeSet<String>) -> Plan {
        let graph = self.compiler.graph();
        let chosen: Vec<&Node> =
            order.sequence.iter().filter(|id| wanted.contains(*id)).map(|id| &graph.nodes[id]).collect();
        let chosen = super::unit_test::tests_first(chosen);
        let nodes: Vec<NodePlan> = chosen
            .iter()
            .filter(|node| self.takes_part(node) && !compilation.skipped.contains_key(&node.unique_id))
            .map(|node| self.planned(node, compilation))
            .collect();
        let hooks = graph
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::Operation && node.tags.iter().any(|tag| tag == "on-run-start"));
        let start_hooks = hooks.map(|node| self.planned(node, compilation)).collect();
        Plan { setup: self.setup(&chosen), start_hooks, nodes }
    }

    /// Whether something is done for the node in a run.
    fn takes_part(&self, node: &Node) -> bool {
        match node.kind {
            NodeKind::Model => !node.is_ephemeral(),
            NodeKind::Seed | NodeKind::Snapshot | NodeKind::Test | NodeKind::UnitTest | NodeKind::Function => true,
            NodeKind::Source => self.loads && node.source.as_ref().is_some_and(|source| source.external.is_some()),
            _ => false,
        }
    }

    fn planned(&self, node: &Node, compilation: &Compilation) -> NodePlan {
        if let Some(problem) = compilation.failed.get(&node.unique_id) {
            return broken(node, problem.clone());
        }
        let reads = self.reads_its_columns(node);
        let asks = reads.filter(|_| self.compiler.defers());
        let asks = asks.or(compilation.later.contains(&node.unique_id).then_some("its template asks the warehouse"));
        if let Some(reason) = asks {
            return late(node, reason);
        }
        let plan = self.node(node, compilation.nodes.get(&node.unique_id));
        match reads {
            Some(reason) if plan.problem.is_some() && self.lacks_parents(node) => late(node, reason),
            _ => plan,
        }
    }

    /// Why the columns of a node's query are asked for when its statements are made, which needs its parents.
    fn reads_its_columns(&self, node: &Node) -> Option<&'static str> {
        let asks = |key: &str, part: &str| {
            let value = node.config.get(key).and_then(|config| config.get(part));
            node.kind == NodeKind::Model && value.and_then(Value::as_bool).unwrap_or(false)
        };
        if asks("contract", "enforced") {
            return Some("its contract is checked against its columns");
        }
        let is_commented = self.dialect() == Dialect::Snowflake && !node.columns.is_empty();
        let is_by_view = matches!(node.materialized(), "view" | "incremental");
        (is_commented && is_by_view && asks("persist_docs", "columns")).then_some("its view names its columns")
    }

    /// Whether something that a node reads is not there, as far as the catalog was read.
    fn lacks_parents(&self, node: &Node) -> bool {
        let parents = node.depends_on.iter().filter_map(|id| self.compiler.graph().nodes.get(id));
        parents.filter(|parent| !parent.is_ephemeral()).any(|parent| self.existing(parent).is_none())
    }

    /// The plan of one node.
    pub fn node(&self, node: &Node, compiled: Option<&Compiled>) -> NodePlan {
        let planned = match node.kind {
            NodeKind::Source => self.load(node),
            NodeKind::Seed => self.seed(node),
            NodeKind::Test => self.test(node, compiled),
            NodeKind::UnitTest => self.unit_test(node, compiled),
            NodeKind::Operation => Ok(self.operation(node, compiled)),
            _ => self.build(node, compiled),
        };
        planned.unwrap_or_else(|problem| broken(node, *problem))
    }

    /// A hook's own statements.
    fn operation(&self, node: &Node, compiled: Option<&Compiled>) -> NodePlan {
        let sql = compiled.map(|compiled| compiled.sql.trim().to_owned()).unwrap_or_default();
        let steps = statements(&sql)
            .into_iter()
            .map(|sql| Step { purpose: super::Purpose::Hook, work: Work::Sql(sql) })
            .collect();
        NodePlan { late: compiled.is_some_and(|c| c.late), steps, ..empty(node, Action::RunHook, "on-run-start") }
    }

    /// The plan of an `on-run-end` hook, rendered now with what the run gave.
    pub fn end_hook(&self, node: &Node, more: Vec<(String, Value)>) -> NodePlan {
        let mut subject = self.compiler.subject(node);
        subject.more = more;
        let origin = crate::jinja::Origin { file: node.file.number(), base: node.code.start };
        match self.compiler.render(node, &Arc::new(subject), &node.raw, origin) {
            Ok(rendered) => {
                let hook = |sql| Step { purpose: super::Purpose::Hook, work: Work::Sql(sql) };
                let steps = statements(&rendered.text).into_iter().map(hook).collect();
                NodePlan { steps, ..empty(node, Action::RunHook, "on-run-end") }
            }
            Err(error) => broken(node, self.compiler.report(&error, node)),
        }
    }

    /// Schemas that are missing, then policies.
    fn setup(&self, chosen: &[&Node]) -> Vec<Step> {
        let mut wanted: BTreeMap<SchemaName, Relation> = BTreeMap::new();
        let mut add = |relation: &Relation| {
            if let (Some(database), Some(schema)) = (&relation.database, &relation.schema) {
                wanted.entry(SchemaName::new(database, schema)).or_insert_with(|| relation.clone());
            }
        };
        let written = chosen
            .iter()
            .filter(|node| self.takes_part(node) && (node.kind != NodeKind::Test || node.relation.is_some()));
        written.filter_map(|node| node.relation.as_deref()).for_each(&mut add);
        let dialect = self.compiler.session.facts.dialect;
        let ledgers = chosen
            .iter()
            .filter(|node| node.kind == NodeKind::Source && self.takes_part(node))
            .filter_map(|node| node.relation.as_deref());
        for relation in ledgers {
            add(&Relation { schema: Some(self.ledger_schema.clone()), ..relation.clone() });
        }
        let uses_policies = dialect == crate::sql::Dialect::Snowflake
            && chosen.iter().any(|node| self.governance.masked.contains_key(&node.unique_id));
        for placed in self.governance.policies.iter().filter(|_| uses_policies) {
            add(&Relation {
                database: Some(placed.database.clone()),
                schema: Some(placed.schema.clone()),
                identifier: String::new(),
                quoting: dialect.default_quoting(),
            });
        }
        let mut steps: Vec<Step> = wanted
            .into_iter()
            .filter(|(schema, _)| !self.catalog.has_schema(schema))
            .map(|(schema, relation)| {
                let bare = Relation { identifier: String::new(), ..relation };
                Step {
                    purpose: super::Purpose::Support,
                    work: Work::Schema(schema, format!("create schema if not exists {}", bare.render())),
                }
            })
            .collect();
        for placed in self.governance.policies.iter().filter(|_| uses_policies) {
            steps.extend(placed.statements().map(Step::support));
        }
        steps
    }

    /// Who the node is to the macros that render its steps, with the masking policies of its columns.
    pub(super) fn subject(&self, node: &Node, compiled: Option<&Compiled>) -> Arc<Subject> {
        let mut subject = self.compiler.subject(node);
        if let Some(compiled) = compiled {
            let mut model = (**subject.model).clone();
            model["compiled_code"] = json!(compiled.sql);
            model["compiled"] = json!(true);
            subject.model = Arc::new(model.into());
            subject.more.push(("sql".to_owned(), json!(compiled.sql)));
        }
        if let Some(masked) = self.governance.masked.get(&node.unique_id) {
            let mut config = (*subject.config).clone();
            let policies: serde_json::Map<String, Value> =
                masked.iter().map(|(column, policy)| (column.clone(), json!(policy))).collect();
            let columns: Vec<Value> = node
                .columns
                .values()
                .map(|column| json!({"name": column.name, "data_type": column.data_type}))
                .collect();
            config.insert("merganser_policies".to_owned(), Value::Object(policies));
            config.insert("merganser_columns".to_owned(), Value::Array(columns));
            subject.config = Arc::new(config);
        }
        Arc::new(subject)
    }

    /// The text a macro renders for a node.
    pub(super) fn call(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        name: &str,
        arguments: Vec<(&str, TemplateValue)>,
    ) -> Planned<String> {
        self.compiler.call(node, subject, name, arguments).map_err(|error| Box::new(self.compiler.report(&error, node)))
    }

    /// A failed render as a plan's failure.
    pub(super) fn failed(&self, node: &Node, error: &TemplateError) -> Box<Diagnostic> {
        Box::new(self.compiler.report(error, node))
    }

    /// A relation as macros take it.
    pub(super) fn value(&self, relation: &Relation, kind: Option<RelationKind>) -> TemplateValue {
        TemplateValue::from_object(RelationValue::new(relation.clone(), kind, self.compiler.session.facts.dialect))
    }

    /// A relation of a kind as macros take it.
    pub fn value_of(&self, relation: &Relation, kind: RelationKind) -> TemplateValue {
        self.value(relation, Some(kind))
    }

    /// A relation as macros take it, of a kind that does not matter.
    pub fn relation_value(&self, relation: &Relation) -> TemplateValue {
        self.value(relation, Some(RelationKind::Table))
    }

    /// Who the node is to macros that run while it is executed.
    pub fn subject_of(&self, node: &Node, compiled: Option<&Compiled>) -> Arc<Subject> {
        self.subject(node, compiled)
    }

    /// The node's relation as it is in the warehouse now.
    pub(super) fn existing(&self, node: &Node) -> Option<&CatalogRelation> {
        self.catalog.relation(node.relation.as_deref()?)
    }

    /// The node's relation, which it must have.
    pub fn target(node: &Node) -> Planned<Relation> {
        node.relation.as_deref().cloned().ok_or_else(|| {
            let message = format!("`{}` makes no relation", node.unique_id);
            Box::new(Diagnostic::error(Code::BadConfig, message).at(node.span()).node(&node.unique_id))
        })
    }
}

/// A plan that does nothing yet.
pub(super) fn empty(node: &Node, action: Action, reason: impl Into<String>) -> NodePlan {
    NodePlan {
        unique_id: node.unique_id.clone(),
        action,
        reason: reason.into(),
        late: false,
        steps: Vec::new(),
        makes: None,
        problem: None,
    }
}

pub(super) fn broken(node: &Node, problem: Diagnostic) -> NodePlan {
    NodePlan { problem: Some(problem), ..empty(node, Action::Nothing, "it cannot be compiled") }
}

/// The statements of a text, without those that are empty.
pub(super) fn statements(sql: &str) -> Vec<String> {
    crate::sql::split(sql)
        .into_iter()
        .map(|range| sql[range].trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// The plan of a node that is made when its parents have run.
fn late(node: &Node, reason: &str) -> NodePlan {
    let action = match node.kind {
        NodeKind::Test | NodeKind::UnitTest => Action::RunTest,
        NodeKind::Operation => Action::RunHook,
        _ => Action::RunMaterialization,
    };
    NodePlan { late: true, ..empty(node, action, reason) }
}
