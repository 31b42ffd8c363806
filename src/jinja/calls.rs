//! Which macros a text calls, as far as the text alone tells: what dbt records when it parses macros.

use minijinja::machinery::ast::{CallArg, Expr};

use super::code::{self, MacroText};
use super::failure::TemplateError;
use super::place::Origin;
use super::rewrite::Node;
use super::walk::{self, Visit, argument};

/// A call of something that may be a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MacroCall {
    /// `name(..)`.
    Name(String),
    /// `package.name(..)`; also a method of a variable.
    Qualified {
        /// What stands before the dot.
        package: String,
        /// The name.
        name: String,
    },
    /// `adapter.dispatch('name', 'package')`.
    Dispatch {
        /// The macro's name without adapter prefix.
        name: String,
        /// The package to search, if the call names one.
        package: Option<String>,
    },
}

/// The calls of a template, in the order of the text, each once.
pub fn macro_calls(text: &str) -> Result<Vec<MacroCall>, TemplateError> {
    let mut found = Found::default();
    walk::statements(&code::tree(text, Origin::default())?, &mut found);
    Ok(found.0)
}

pub(super) fn of_macro(text: &MacroText<'_>) -> Result<Vec<MacroCall>, TemplateError> {
    let (defaults, body) = code::macro_tree(text)?;
    let mut found = Found::default();
    for expr in &defaults {
        walk::expression(expr, &mut found);
    }
    walk::statements(&body, &mut found);
    Ok(found.0)
}

#[derive(Default)]
struct Found(Vec<MacroCall>);

impl Found {
    fn add(&mut self, call: MacroCall) {
        if !self.0.contains(&call) {
            self.0.push(call);
        }
    }
}

impl Visit for Found {
    fn expression(&mut self, expr: &Node) {
        if let Expr::Call(call) = expr {
            self.call(&call.expr, &call.args);
        }
    }

    fn call(&mut self, callee: &Node, args: &[CallArg<'static>]) {
        match callee {
            Expr::Var(var) if matches!(var.id, "ref" | "source" | "config") => {}
            Expr::Var(var) => self.add(MacroCall::Name(var.id.to_owned())),
            Expr::GetAttr(attr) => {
                let Expr::Var(object) = &attr.expr else { return };
                match (object.id, attr.name) {
                    ("adapter", "dispatch") => self.0.extend(dispatch(args)),
                    ("adapter", _) => {}
                    (package, name) => {
                        self.add(MacroCall::Qualified { package: package.to_owned(), name: name.to_owned() });
                    }
                }
            }
            _ => {}
        }
    }
}

fn dispatch(args: &[CallArg<'static>]) -> Option<MacroCall> {
    let text = |index: usize, keyword: &str| {
        let by_position = args.get(index).filter(|arg| matches!(arg, CallArg::Pos(_)));
        let by_name = || args.iter().find(|arg| matches!(arg, CallArg::Kwarg(name, _) if *name == keyword));
        match argument(by_position.or_else(by_name)?) {
            Expr::Const(value) => value.value.as_str().map(str::to_owned),
            _ => None,
        }
    };
    Some(MacroCall::Dispatch { name: text(0, "macro_name")?, package: text(1, "macro_namespace") })
}
