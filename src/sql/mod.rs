//! SQL as text and tree: dialects, identifiers, relations, types, parsing with spans, translation between dialects.
//!
//! [`parse`] says whether a text is SQL and where it is not; [`split`] takes a text apart into statements;
//! [`translate()`] turns one Snowflake statement into statements of the embedded `DuckDB` with the same result, or
//! refuses it. A connection that runs translations first runs [`prelude()`].

mod column_pattern;
mod content;
mod data_type;
mod duckdb_type;
mod function;
mod grammar;
mod item;
mod json_text;
mod likeness;
mod network;
mod number_format;
mod outer_join;
mod own_form;
mod parse;
mod prelude;
mod problem;
pub mod query;
mod relation;
mod short_form;
mod statement_form;
mod split;
mod stage;
mod text;
mod translate;
mod value_type;

pub use data_type::DataType;
pub use duckdb_type::DuckDbType;
pub use function::{ConstructSupport, FunctionSupport, State, supported_constructs, supported_functions};
pub use json_text::{Duplicates, read_json};
pub use likeness::{edit_distance, jaro_winkler};
pub use network::{parse_ip, parse_url};
pub use number_format::NumberFormat;
pub use parse::{Parsed, parse};
pub use prelude::prelude;
pub use problem::{SYNTAX, SqlProblem, UNSUPPORTED};
pub use relation::{Dialect, Quoting, Relation, RelationKind};
pub use split::split;
pub use stage::{FileFormat, FileKind, Stage, StagedFile, Stages};
pub use translate::{
    Columns, Governance, PositionMap, ResultColumn, ResultShape, RoleChange, RoleHolder, SessionChange, SessionContext,
    Translation, UserFunction, keeping_tables, kept_types, name_of_stored, path_key, place_of_message, relation_key,
    session_variables, stored_name, translate, with_kept,
};
pub use value_type::{CallResult, FunctionKind, TypedCall, ValueType};
