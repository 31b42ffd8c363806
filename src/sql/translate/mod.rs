//! Snowflake's SQL as statements of the embedded engine with the same result.
//!
//! A statement is parsed, its names are resolved and its types inferred, and the engine's text is written from the
//! tree, construct by construct: what is not known here is refused at its place, never passed on. Marks in the
//! written text remember where each part came from ([`PositionMap`]).

#![expect(
    clippy::unused_self,
    clippy::wrong_self_convention,
    clippy::needless_pass_by_value,
    reason = "the steps of a translation are methods of the translator and take what their construct has, alike in all files"
)]
#![expect(clippy::format_push_string, reason = "SQL reads best as whole templates")]
#![expect(clippy::similar_names, reason = "`name` and `names`, `list` and `last` are the field's words")]
#![expect(clippy::single_match_else, reason = "both arms of an option weigh the same")]

mod aggregate;
mod alter;
mod call;
mod cast;
mod column_type;
mod conversion;
mod copy;
mod cursor;
mod date;
mod ddl;
mod dml;
mod expression;
mod format;
mod from;
mod hierarchy;
mod information;
mod merge;
mod multi_insert;
mod operator;
mod path;
mod pivot;
mod policy;
mod position;
mod query;
mod regexp;
mod scope;
mod select;
mod semi;
mod session;
mod show;
mod special;
mod stage;
mod table_function;
mod typed;
mod unload;
mod user_function;
mod window;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use column_type::{keeping_tables, kept_types, relation_key, with_kept};
pub use policy::{Governance, name_of_stored, path_key, stored_name};
pub use position::{PositionMap, place_of_message};
pub use session::session_variables;
pub use user_function::UserFunction;

use self::scope::Scope;
use self::typed::{Column, Typed};
use super::problem::SqlProblem;
use super::text::Text;
use super::{DataType, Dialect, Stages};

/// What is known of the warehouse's relations.
pub trait Columns {
    /// The columns of a relation as the warehouse has them now, in order, or `None` when it is not known. `path` is
    /// database, schema and name as far as they are known; names come with their quotedness resolved: upper case when
    /// they were written without quotes. The answer's names are compared exactly.
    fn columns(&self, path: &[String]) -> Option<Vec<(String, DataType)>>;

    /// A function that a user made, by database, schema and name.
    fn function(&self, _path: &[String]) -> Option<UserFunction> {
        None
    }

    /// The policies that a database keeps, and what they are attached to.
    fn governance(&self, _database: &str) -> Arc<Governance> {
        Arc::default()
    }

    /// Stages and their files, where there are any.
    fn stages(&self) -> Option<&dyn Stages> {
        None
    }
}

/// What a statement means depends on this: the session's state on Snowflake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionContext {
    /// The current database, as the catalog has it.
    pub database: Option<String>,
    /// The current schema.
    pub schema: Option<String>,
    /// The current role.
    pub role: Option<String>,
    /// The roles the current role has, itself apart.
    pub inherited_roles: Vec<String>,
    /// The roles that were granted to the user, with those that these have, and those of the session.
    pub available_roles: Vec<String>,
    /// The user.
    pub user: Option<String>,
    /// The warehouse.
    pub warehouse: Option<String>,
    /// The session's parameters that are set (`ALTER SESSION SET x = …`), by upper-case name.
    pub parameters: BTreeMap<String, String>,
    /// Session variables (`SET x = …`), by upper-case name, as the engine's expressions with their types.
    pub variables: BTreeMap<String, (String, DataType)>,
}

/// Who can have a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleHolder {
    /// Another role.
    Role(String),
    /// A user.
    User(String),
}

/// What happens to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChange {
    /// `GRANT ROLE … TO …`.
    Grant(String, RoleHolder),
    /// `REVOKE ROLE … FROM …`.
    Revoke(String, RoleHolder),
    /// `DROP ROLE`.
    Drop(String),
}

/// What a statement asks of the session, apart from the statements it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChange {
    /// `USE DATABASE`, also part of `USE SCHEMA db.schema`.
    Database(String),
    /// `USE SCHEMA`.
    Schema(String),
    /// `USE ROLE`.
    Role(String),
    /// `USE WAREHOUSE`.
    Warehouse(String),
    /// `CREATE DATABASE`, which becomes the current one; quietly if it may be there already.
    CreateDatabase {
        /// Its name.
        name: String,
        /// Whether one that is there is no error.
        quiet: bool,
    },
    /// A role is granted or taken away, or is no more.
    Roles(RoleChange),
    /// `ALTER SESSION SET name = value`; the name in upper case.
    Parameter(String, String),
    /// `ALTER SESSION UNSET name`.
    Unset(String),
    /// `SET name = value`: the engine's expression for it, and its type.
    Variable(String, String, DataType),
    /// `UNSET name`.
    UnsetVariable(String),
    /// The files that the rows of this statement name are removed, once its changes are kept.
    Purge(usize),
    /// A transaction begins, or ends kept (`true`) or undone.
    Begin,
    /// The transaction ends: kept, or undone.
    End {
        /// Whether its changes are kept.
        commit: bool,
    },
}

/// A column of a statement's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name on Snowflake.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// How the result of a statement is made from those of its translated statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultShape {
    /// The rows of this statement. Its columns are renamed to these, by position; `None` where they are not known.
    Rows {
        /// The statement's index.
        statement: usize,
        /// Its columns as Snowflake names them.
        columns: Option<Vec<ResultColumn>>,
    },
    /// One row of counts: for each label the rows that the statement with this index affected.
    Affected(Vec<(String, usize)>),
    /// One row with a text.
    Status(String),
}

/// A statement of Snowflake as statements of the embedded engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// To be run in order, in one transaction, unless the statement is itself transaction control.
    pub statements: Vec<String>,
    /// How they give Snowflake's result.
    pub result: ResultShape,
    /// For each statement, where its parts came from.
    pub positions: Vec<PositionMap>,
    /// What changes in the session.
    pub session: Vec<SessionChange>,
    /// What was left out, or differs from Snowflake.
    pub notes: Vec<String>,
}

/// Translates one statement of Snowflake. The problem's range is in bytes of `sql`.
pub fn translate(sql: &str, columns: &dyn Columns, session: &SessionContext) -> Result<Translation, SqlProblem> {
    let text = Text::new(sql, Dialect::Snowflake)?;
    let mut translator = Translator::new(&text, columns, session);
    translator.refuse_reserved_names()?;
    let made = translator.statement()?;
    translator.refuse_reserved_schema()?;
    let mut notes = translator.notes;
    notes.dedup();
    let (statements, positions) = made.statements.iter().map(|marked| position::finish(marked)).unzip();
    Ok(Translation { statements, result: made.result, positions, session: made.session, notes })
}

/// Statements as they are written, with marks.
struct Made {
    statements: Vec<String>,
    result: ResultShape,
    session: Vec<SessionChange>,
}

impl Made {
    /// Statements whose result is a text.
    fn status(statements: Vec<String>, status: impl Into<String>) -> Self {
        Self { statements, result: ResultShape::Status(status.into()), session: Vec::new() }
    }
}

/// A common table expression in scope.
#[derive(Clone)]
struct Cte {
    name: String,
    columns: Vec<Column>,
    open: bool,
}

struct Translator<'a> {
    text: &'a Text<'a>,
    columns: &'a dyn Columns,
    session: &'a SessionContext,
    ctes: Vec<Cte>,
    scopes: Vec<Scope>,
    fresh: usize,
    depth: usize,
    notes: Vec<String>,
    /// Whether the text is kept and runs in sessions to come.
    lasting: bool,
    /// Whether the next relation is one that the statement changes.
    changes: bool,
    /// Whether a name in the schema was met in which a database keeps what the engine does not.
    met_reserved: Cell<bool>,
}

impl<'a> Translator<'a> {
    fn new(text: &'a Text<'a>, columns: &'a dyn Columns, session: &'a SessionContext) -> Self {
        Self {
            text,
            columns,
            session,
            ctes: Vec::new(),
            scopes: Vec::new(),
            fresh: 0,
            depth: 0,
            notes: Vec::new(),
            lasting: false,
            changes: false,
            met_reserved: Cell::new(false),
        }
    }

    /// A translator of the body of a policy or a function, which is kept and names its parameters.
    fn of_body<'b>(&self, text: &'b Text<'b>, parameters: Vec<(String, Typed)>) -> Translator<'b>
    where
        'a: 'b,
    {
        let scopes = vec![Scope { parameters, ..Scope::default() }];
        Translator { scopes, lasting: true, ..Translator::new(text, self.columns, self.session) }
    }
}

/// The result of a step.
type Step<T> = Result<T, SqlProblem>;

/// A name in double quotes.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal of the embedded engine.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name as Snowflake's catalog has it: upper case unless it was quoted.
fn fold(ident: &sqlparser::ast::Ident) -> String {
    match ident.quote_style {
        None => ident.value.to_uppercase(),
        Some(_) => ident.value.replace("\"\"", "\""),
    }
}
