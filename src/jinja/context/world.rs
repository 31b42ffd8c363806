//! What templates can ask while they are executed, answered by the phases that know.

use super::facts::RefCall;
use super::relation::RelationValue;
use super::session::Subject;
use crate::diagnostic::Code;
use crate::sql::Relation;
use crate::warehouse::{CatalogRelation, Outcome, WarehouseError};

/// Why an answer cannot be given; becomes a diagnostic at the place of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The code.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The columns it is about.
    pub columns: Vec<String>,
}

impl Problem {
    /// A problem without advice.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, columns: Vec::new() }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// The answers to a template's questions in the execute phase.
pub trait World: Send + Sync {
    /// What `ref` gives.
    fn reference(&self, subject: &Subject, call: &RefCall) -> Result<RelationValue, Problem>;

    /// What `source` gives.
    fn source(&self, subject: &Subject, source: &str, table: &str) -> Result<RelationValue, Problem>;

    /// What `function` gives: the call is a name, or a package and a name.
    fn function(&self, subject: &Subject, call: &[String]) -> Result<RelationValue, Problem>;

    /// What `graph` is: nodes, sources, exposures, ... as dbt's dictionaries. All renders share one, which templates may change.
    fn graph(&self) -> minijinja::Value;

    /// The unique ids that were selected.
    fn selected(&self) -> Vec<String>;

    /// Sends a statement to the warehouse; none means there is no connection (`--no-introspect`, or offline).
    fn execute(&self, sql: &str) -> Option<Result<Outcome, WarehouseError>>;

    /// Opens the transaction of a materialization that runs, if there can be one and it is not open.
    fn begin(&self) -> Result<(), WarehouseError> {
        Ok(())
    }

    /// Commits what a materialization that runs has done so far.
    fn commit(&self) -> Result<(), WarehouseError> {
        Ok(())
    }

    /// The relation as the warehouse has it now.
    fn relation(&self, relation: &Relation) -> Option<Result<Option<CatalogRelation>, WarehouseError>>;

    /// All relations of a schema as the warehouse has them now.
    fn relations(&self, database: &str, schema: &str) -> Option<Result<Vec<CatalogRelation>, WarehouseError>>;

    /// Tells that the catalog changed in this schema, because a template created or dropped something.
    fn changed(&self, database: &str, schema: &str);

    /// A line for the user.
    fn say(&self, text: &str, voice: Voice);
}

/// How a template speaks to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// `print`: a line on standard output.
    Print,
    /// `log(…, info=true)`.
    Log,
    /// `log(…)`: for who asks for details.
    Detail,
    /// `exceptions.warn`.
    Warning,
}
