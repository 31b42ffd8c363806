//! What must be done, in which order, and why: typed steps. Pure: never touches a warehouse.
//!
//! A [`Plan`] has set-up steps, a [`NodePlan`] per node in an order in which they can run, and closing hooks. Its SQL is
//! rendered by macros found through dispatch, so that a project that overrides one gets what it expects. What `execute` runs is
//! this list and nothing else.

mod clone;
mod freshness;
mod grant;
mod incremental;
mod load_spec;
mod mask;
mod microbatch;
mod node;
mod planner;
mod relation;
mod seed;
mod seed_type;
mod test;
mod unit_test;

pub use freshness::{FreshnessCheck, Question, freshness_checks};
pub use load_spec::{LoadSource, load_source};
pub use microbatch::BatchStep;
pub use planner::Planner;
pub use seed::{SeedTable, read_seed};

use serde_json::{Value, json};

use crate::config::event_time_text;
use crate::diagnostic::Diagnostic;
use crate::sql::{Relation, RelationKind};
use crate::warehouse::SchemaName;

/// What a command will do.
#[derive(Debug)]
pub struct Plan {
    /// Schemas and policies.
    pub setup: Vec<Step>,
    /// Unique ids of `on-run-start` hooks with their statements.
    pub start_hooks: Vec<NodePlan>,
    /// The nodes, parents before children.
    pub nodes: Vec<NodePlan>,
}

/// What is done for one node.
#[derive(Debug, Clone)]
pub struct NodePlan {
    /// The node.
    pub unique_id: String,
    /// What happens to it.
    pub action: Action,
    /// Why this action.
    pub reason: String,
    /// Whether the plan is made again when the node's parents have run, because its template asks the warehouse.
    pub late: bool,
    /// The statements and other work, in order, on one session.
    pub steps: Vec<Step>,
    /// The relation it makes, and what it then is.
    pub makes: Option<(Relation, RelationKind)>,
    /// Why the node cannot run: its plan could not be made.
    pub problem: Option<Diagnostic>,
}

/// What happens to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A schema is made if it is not there.
    CreateSchema,
    /// A masking policy is made or changed.
    ApplyPolicy,
    /// A table is made or replaced.
    CreateTable,
    /// A view is made or replaced.
    CreateView,
    /// Rows are merged into a table.
    Merge,
    /// Rows are deleted and inserted.
    DeleteInsert,
    /// Rows are added.
    Append,
    /// All rows are replaced in place.
    Overwrite,
    /// Batches of event time are built one after the other.
    Batches,
    /// A seed's rows are loaded.
    LoadSeed,
    /// Landing files are loaded into a source's table.
    LoadFiles,
    /// A relation is made a copy of another environment's.
    Clone,
    /// A test is run.
    RunTest,
    /// A hook is run.
    RunHook,
    /// A materialization that the project, a package or the macro library defines is executed as it stands.
    RunMaterialization,
    /// Nothing: an ephemeral model lives in its readers, an exposure outside.
    Nothing,
}

impl Action {
    /// The word printed for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateSchema => "create schema",
            Self::ApplyPolicy => "apply policy",
            Self::CreateTable => "create table",
            Self::CreateView => "create view",
            Self::Merge => "merge",
            Self::DeleteInsert => "delete+insert",
            Self::Append => "append",
            Self::Overwrite => "overwrite",
            Self::Batches => "batches",
            Self::LoadSeed => "load seed",
            Self::LoadFiles => "load files",
            Self::Clone => "clone",
            Self::RunTest => "run test",
            Self::RunHook => "run hook",
            Self::RunMaterialization => "run materialization",
            Self::Nothing => "nothing",
        }
    }
}

/// One thing to do.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it is for.
    pub purpose: Purpose,
    /// What is done.
    pub work: Work,
}

/// What a step is for; decides how its answer is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Prepares or cleans up.
    Support,
    /// Does what the node is for: its rows are the node's rows.
    Main,
    /// The user's hook.
    Hook,
    /// Counts the failures of a test.
    Check,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Sends a statement.
    Sql(String),
    /// Loads landing files.
    Load(Box<LoadSource>),
    /// Adds and drops columns of a table so that it fits what a query gives, as `on_schema_change` says.
    FitColumns {
        /// The table.
        target: Relation,
        /// The relation with the new columns.
        source: Relation,
        /// `append_new_columns`, `sync_all_columns` or `fail`.
        policy: String,
    },
    /// Runs a strategy whose statement needs the columns of the target as they are then.
    Strategy(Box<incremental::Strategy>),
    /// Renders a hook that asks the warehouse, and sends what it gives.
    Hook(String),
    /// Executes a materialization macro.
    Materialization(String),
    /// Compares a relation's grants with those configured: grants what is missing, revokes what is too much.
    Grants(Relation),
    /// The columns a relation has are commented on, as the node's properties describe them.
    ColumnComments(Relation, RelationKind),
    /// Builds one batch of a microbatch model.
    Batch(Box<BatchStep>),
    /// Executes the materialization macro of unit tests, and compares what it gives.
    UnitTest(String),
    /// Makes this schema if it is not there.
    Schema(SchemaName, String),
}

impl Step {
    /// A statement that prepares or cleans up.
    pub fn support(sql: impl Into<String>) -> Self {
        Self { purpose: Purpose::Support, work: Work::Sql(sql.into()) }
    }

    /// The statement the node is for.
    pub fn main(sql: impl Into<String>) -> Self {
        Self { purpose: Purpose::Main, work: Work::Sql(sql.into()) }
    }

    /// The text printed for it.
    pub fn text(&self) -> String {
        match &self.work {
            Work::Sql(sql) | Work::Schema(_, sql) => sql.trim().to_owned(),
            Work::Load(source) => format!("-- load {} into {}", source.location, source.relation.render()),
            Work::FitColumns { target, policy, .. } => {
                let policy = if policy == "ignore" { "texts that grew" } else { policy };
                format!("-- fit the columns of {} ({policy})", target.render())
            }
            Work::Strategy(strategy) => {
                format!("-- {} into {}, once its columns fit", strategy.name, strategy.target.render())
            }
            Work::ColumnComments(relation, _) => format!("-- comment on the columns of {}", relation.render()),
            Work::Grants(relation) => format!("-- make the grants of {} those configured", relation.render()),
            Work::Batch(step) => {
                let window = step.batch.window;
                let (from, to) = (event_time_text(window.start), event_time_text(window.end));
                format!("-- build the batch {} from {from} to {to}", step.batch.name)
            }
            Work::Hook(text) => format!("-- render and run {text}"),
            Work::Materialization(name) | Work::UnitTest(name) => format!("-- execute {name}"),
        }
    }
}

impl Plan {
    /// The plan as JSON, for `plan --output json`.
    pub fn to_json(&self) -> Value {
        let steps = |steps: &[Step]| steps.iter().map(Step::text).collect::<Vec<_>>();
        let node = |node: &NodePlan| {
            json!({
                "node": node.unique_id, "action": node.action.as_str(), "reason": node.reason, "late": node.late,
                "statements": steps(&node.steps), "problem": node.problem.as_ref().map(|problem| problem.message.clone()),
            })
        };
        json!({
            "setup": steps(&self.setup),
            "start_hooks": self.start_hooks.iter().map(node).collect::<Vec<_>>(),
            "nodes": self.nodes.iter().map(node).collect::<Vec<_>>(),
        })
    }
}
