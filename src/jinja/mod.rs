//! Rendering templates: context, macro library, dispatch, the map from output back to template.
//!
//! Text goes through four steps. It is normalised (`normal`: what Jinja2 takes and minijinja's parser does not), parsed
//! by minijinja, its tree is rewritten (`rewrite`, `statement`: operators, literals and loops become filters with
//! Python's semantics, call blocks become closures), and minijinja generates code from it (`code`). A macro body is
//! code of its own, evaluated with its own parameters and the variables of the render (`run`, `root`), so that macros
//! see the rendering node's names and never each other's.

mod calls;
mod code;
mod constant;
mod context;
mod definition;
mod engine;
mod failure;
mod header;
mod lenient;
mod library;
mod literal;
mod mark;
mod native;
mod normal;
mod open_block;
mod place;
pub(crate) mod python;
mod report;
mod rewrite;
mod root;
mod run;
mod statement;
pub mod value;
mod walk;
mod written;

pub use calls::{MacroCall, macro_calls};
pub use context::{
    DBT_VERSION, Docs, Executed, Facts, Model, Overrides, Phase, Problem, RefCall, RelationValue, ResultTable, Session,
    SessionFacts, Subject, Voice, World, column_value, execute_materialization, is_short_text, json_repr, json_str,
    json_value, merge_config_value, merge_quoting, render, render_calling, render_description, render_docs_block,
    render_macro, render_yaml, text_fits, text_repr, translate_type,
};
pub use engine::{Engine, Expression, Rendered, Template};
pub use failure::{FailureKind, Frame, TemplateError, payload, raise};
pub use library::{Library, Macro, MacroDef, Scope, UnknownPackage};
pub use mark::Segment;
pub use place::Origin;
pub use report::report;
pub use root::{Lookup, Root};
pub use written::written_config;
