//! Walking over minijinja's syntax tree: every expression, every name read, every name assigned.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{CallArg, Expr, Stmt};

/// What a walk reports, in the order of the source.
pub(super) trait Visit {
    /// An expression that is evaluated, before its parts.
    fn expression(&mut self, expr: &Expr<'static>);
    /// What a call block or `do` calls.
    fn call(&mut self, _callee: &Expr<'static>, _args: &[CallArg<'static>]) {}
    /// The target of an assignment.
    fn target(&mut self, _expr: &Expr<'static>) {}
}

/// Visits every expression of some statements, those of nested macros and call blocks too.
pub(super) fn statements(list: &[Stmt<'static>], visit: &mut impl Visit) {
    for stmt in list {
        statement(stmt, visit);
    }
}

fn statement(stmt: &Stmt<'static>, visit: &mut impl Visit) {
    match stmt {
        Stmt::Template(node) => statements(&node.children, visit),
        Stmt::EmitExpr(node) => expression(&node.expr, visit),
        Stmt::ForLoop(node) => {
            expression(&node.iter, visit);
            visit.target(&node.target);
            node.filter_expr.iter().for_each(|expr| expression(expr, visit));
            statements(&node.body, visit);
            statements(&node.else_body, visit);
        }
        Stmt::IfCond(node) => {
            expression(&node.expr, visit);
            statements(&node.true_body, visit);
            statements(&node.false_body, visit);
        }
        Stmt::WithBlock(node) => {
            for (target, expr) in &node.assignments {
                expression(expr, visit);
                visit.target(target);
            }
            statements(&node.body, visit);
        }
        Stmt::Set(node) => {
            expression(&node.expr, visit);
            visit.target(&node.target);
        }
        Stmt::SetBlock(node) => {
            node.filter.iter().for_each(|expr| expression(expr, visit));
            visit.target(&node.target);
            statements(&node.body, visit);
        }
        Stmt::AutoEscape(node) => statements(&node.body, visit),
        Stmt::FilterBlock(node) => {
            expression(&node.filter, visit);
            statements(&node.body, visit);
        }
        Stmt::Macro(node) => {
            node.defaults.iter().for_each(|expr| expression(expr, visit));
            statements(&node.body, visit);
        }
        Stmt::CallBlock(node) => {
            visit.call(&node.call.expr, &node.call.args);
            call(&node.call.expr, &node.call.args, visit);
            node.macro_decl.defaults.iter().for_each(|expr| expression(expr, visit));
            statements(&node.macro_decl.body, visit);
        }
        Stmt::Do(node) => {
            visit.call(&node.call.expr, &node.call.args);
            call(&node.call.expr, &node.call.args, visit);
        }
        Stmt::Block(node) => statements(&node.body, visit),
        Stmt::EmitRaw(_)
        | Stmt::Continue(_)
        | Stmt::Break(_)
        | Stmt::Import(_)
        | Stmt::FromImport(_)
        | Stmt::Extends(_)
        | Stmt::Include(_) => {}
    }
}

fn call(callee: &Expr<'static>, args: &[CallArg<'static>], visit: &mut impl Visit) {
    expression(callee, visit);
    arguments(args, visit);
}

/// The value of a call's argument.
pub(super) fn argument<'n>(arg: &'n CallArg<'static>) -> &'n Expr<'static> {
    match arg {
        CallArg::Pos(expr) | CallArg::Kwarg(_, expr) | CallArg::PosSplat(expr) | CallArg::KwargSplat(expr) => expr,
    }
}

fn arguments(args: &[CallArg<'static>], visit: &mut impl Visit) {
    for arg in args {
        expression(argument(arg), visit);
    }
}

/// Visits an expression and its parts.
pub(super) fn expression(expr: &Expr<'static>, visit: &mut impl Visit) {
    super::code::deep(|| {
        visit.expression(expr);
        parts(expr, visit);
    });
}

fn parts(expr: &Expr<'static>, visit: &mut impl Visit) {
    let mut each = |expr: &Expr<'static>| expression(expr, visit);
    match expr {
        Expr::Var(_) | Expr::Const(_) => {}
        Expr::Slice(node) => {
            each(&node.expr);
            [&node.start, &node.stop, &node.step].into_iter().flatten().for_each(each);
        }
        Expr::UnaryOp(node) => each(&node.expr),
        Expr::BinOp(node) => [&node.left, &node.right].into_iter().for_each(each),
        Expr::Compare(node) => {
            each(&node.expr);
            node.ops.iter().for_each(|op| each(&op.expr));
        }
        Expr::IfExpr(node) => {
            each(&node.test_expr);
            each(&node.true_expr);
            node.false_expr.iter().for_each(each);
        }
        Expr::Filter(node) => {
            node.expr.iter().for_each(each);
            arguments(&node.args, visit);
        }
        Expr::Test(node) => {
            each(&node.expr);
            arguments(&node.args, visit);
        }
        Expr::GetAttr(node) => each(&node.expr),
        Expr::GetItem(node) => [&node.expr, &node.subscript_expr].into_iter().for_each(each),
        Expr::Call(node) => call(&node.expr, &node.args, visit),
        Expr::List(node) => node.items.iter().for_each(each),
        Expr::Tuple(node) => node.items.iter().for_each(each),
        Expr::Map(node) => node.keys.iter().zip(&node.values).for_each(|(key, value)| {
            each(key);
            each(value);
        }),
    }
}

/// The names some statements read and assign, nested macros and call blocks included.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) read: BTreeSet<&'static str>,
    pub(super) assigned: BTreeSet<&'static str>,
}

impl Names {
    /// The names of some statements.
    pub(super) fn of(list: &[Stmt<'static>]) -> Names {
        let mut names = Names::default();
        statements(list, &mut names);
        names
    }
}

impl Visit for Names {
    fn expression(&mut self, expr: &Expr<'static>) {
        if let Expr::Var(var) = expr {
            self.read.insert(var.id);
        }
    }

    fn target(&mut self, expr: &Expr<'static>) {
        match expr {
            Expr::Var(var) => {
                self.assigned.insert(var.id);
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.target(item)),
            Expr::GetAttr(attr) => expression(&attr.expr, self),
            _ => {}
        }
    }
}
