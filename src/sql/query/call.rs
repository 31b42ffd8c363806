//! Calls with their clauses.

use sqlparser::ast::{
    Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause, FunctionArguments, Ident,
    Spanned, WindowFrameBound, WindowSpec, WindowType,
};

use super::date_part::is_part;
use super::expression::word;
use super::read::Reader;
use super::{Argument, Call, Expr, Predicate, Window};
use crate::sql::Dialect;

/// Functions of `DuckDB` that take a lambda; elsewhere, what looks like one is the operator `->`.
const LAMBDAS: [&str; 13] = [
    "LIST_TRANSFORM",
    "ARRAY_TRANSFORM",
    "LIST_APPLY",
    "ARRAY_APPLY",
    "APPLY",
    "LIST_FILTER",
    "ARRAY_FILTER",
    "FILTER",
    "LIST_REDUCE",
    "ARRAY_REDUCE",
    "REDUCE",
    "LIST_SELECT",
    "LIST_WHERE",
];

impl Reader<'_> {
    /// A call.
    pub(super) fn function(&self, function: &Function) -> Expr {
        let name = function.name.to_string().to_ascii_uppercase().replace('"', "");
        let mut call = Call {
            span: self.text.range(function.name.span()),
            order: self.keys(&function.within_group),
            filters: function.filter.iter().map(|filter| self.expr(filter)).collect(),
            window: function.over.as_ref().map(|over| self.window_type(over)),
            arguments: Vec::new(),
            distinct: false,
            query: None,
            name,
        };
        for list in [&function.parameters, &function.args] {
            match list {
                FunctionArguments::None => {}
                FunctionArguments::Subquery(query) => call.query = Some(Box::new(self.query(query))),
                FunctionArguments::List(list) => {
                    call.distinct |= list.duplicate_treatment == Some(sqlparser::ast::DuplicateTreatment::Distinct);
                    for (index, argument) in list.args.iter().enumerate() {
                        let index = if index == 1 && names_part(&call) { usize::MAX } else { index };
                        let argument = match self.compared(argument) {
                            Some(value) => Argument { name: None, value, span: 0..0 },
                            None => self.argument(&call.name, index, argument),
                        };
                        call.arguments.push(argument);
                    }
                    for clause in &list.clauses {
                        self.clause(clause, &mut call);
                    }
                }
            }
        }
        Expr::Call(Box::new(call))
    }

    /// `f(a = b)`: outside of FROM, `=` compares, though the parser takes `a` for the name of an argument.
    fn compared(&self, argument: &FunctionArg) -> Option<Expr> {
        let FunctionArg::Named { name, arg: FunctionArgExpr::Expr(right), operator: FunctionArgOperator::Equals } =
            argument
        else {
            return None;
        };
        // What stands behind `=` may be more than what is compared: `f(a = b AND c)`.
        let left = self.expr(&sqlparser::ast::Expr::Identifier(name.clone()));
        Some(Expr::Predicate(Predicate::Other, vec![left, self.expr(right)]))
    }

    fn clause(&self, clause: &FunctionArgumentClause, call: &mut Call) {
        match clause {
            FunctionArgumentClause::OrderBy(order) => call.order.extend(self.keys(order)),
            FunctionArgumentClause::Where(filter) | FunctionArgumentClause::Limit(filter) => {
                call.filters.push(self.expr(filter));
            }
            FunctionArgumentClause::Having(bound) => call.filters.push(self.expr(&bound.1)),
            _ => {}
        }
    }

    pub(super) fn argument(&self, function: &str, index: usize, argument: &FunctionArg) -> Argument {
        match argument {
            FunctionArg::Named { name, arg, .. } => {
                Argument { name: Some(name.value.to_uppercase()), value: self.argument_value(arg), span: self.at(name) }
            }
            FunctionArg::ExprNamed { name, arg, .. } => {
                Argument { name: Some(name.to_string().to_uppercase()), value: self.argument_value(arg), span: 0..0 }
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(sqlparser::ast::Expr::Identifier(ident)))
                if self.dialect == Dialect::Snowflake
                    && ident.quote_style.is_none()
                    && is_part(function, index, &ident.value) =>
            {
                Argument { name: None, value: word(&ident.value), span: self.at(ident) }
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(sqlparser::ast::Expr::Lambda(lambda)))
                if LAMBDAS.contains(&function.rsplit('.').next().unwrap_or(function))
                    || self.dialect == Dialect::Snowflake =>
            {
                Argument { name: None, value: self.lambda(lambda), span: 0..0 }
            }
            FunctionArg::Unnamed(value) => {
                let span = match value {
                    FunctionArgExpr::Expr(sqlparser::ast::Expr::Value(constant)) => self.text.range(constant.span),
                    _ => 0..0,
                };
                Argument { name: None, value: self.argument_value(value), span }
            }
        }
    }

    fn argument_value(&self, value: &FunctionArgExpr) -> Expr {
        match value {
            FunctionArgExpr::Expr(expr) => self.expr(expr),
            FunctionArgExpr::Wildcard => Expr::Star(Box::new(self.plain_star(Vec::new()))),
            FunctionArgExpr::QualifiedWildcard(name) => Expr::Star(Box::new(self.plain_star(self.names(name)))),
            FunctionArgExpr::WildcardWithOptions(options) => Expr::Star(Box::new(self.star(Vec::new(), options))),
        }
    }

    fn window_type(&self, over: &WindowType) -> Window {
        match over {
            WindowType::WindowSpec(spec) => self.window(spec),
            WindowType::NamedWindow(name) => self.window_called(name),
        }
    }

    /// A window by its name.
    pub(super) fn window_called(&self, name: &Ident) -> Window {
        let name = Some((self.name(name), self.at(name)));
        Window { name, partition: Vec::new(), order: Vec::new(), bounds: Vec::new() }
    }

    /// A window.
    pub(super) fn window(&self, spec: &WindowSpec) -> Window {
        let name = spec.window_name.as_ref().map(|name| (self.name(name), self.at(name)));
        let bounds = spec.window_frame.iter().flat_map(|frame| [Some(&frame.start_bound), frame.end_bound.as_ref()]);
        let computed = bounds.flatten().filter_map(|bound| match bound {
            WindowFrameBound::Preceding(Some(amount)) | WindowFrameBound::Following(Some(amount)) => Some(&**amount),
            _ => None,
        });
        Window {
            name,
            partition: self.exprs(&spec.partition_by),
            order: self.keys(&spec.order_by),
            bounds: self.exprs(computed),
        }
    }
}

/// Whether the first argument names a date part already: `DATE_TRUNC` takes its arguments in either order.
fn names_part(call: &Call) -> bool {
    let first = call.arguments.first().map(|argument| &argument.value);
    call.name == "DATE_TRUNC" && matches!(first, Some(Expr::Literal(_)))
}
