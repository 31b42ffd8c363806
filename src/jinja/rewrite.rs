//! Expressions with Python's semantics: operators, literals and slices become filters of `python`.
//!
//! The tree is rebuilt, because minijinja's nodes can be read but not changed. Every span gets line 1: minijinja keeps
//! the byte range of an instruction only while the line is that of the enclosing node, and a call over several lines
//! would lose its place.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, BinOpKind, CallArg, CompareOpKind, Expr, Spanned};

use super::code::{Draft, deep};
use super::constant::is_constant;
use super::failure::TemplateError;

pub(super) type Node = Expr<'static>;

/// Rebuilds the tree of one template, macro or call block.
pub(super) struct Rewriter<'d> {
    pub(super) draft: &'d Draft,
    /// Offset of the parsed slice in the kept text.
    pub(super) shift: usize,
    /// Names that are assigned somewhere in the body at hand, and its parameters.
    pub(super) locals: BTreeSet<&'static str>,
    /// Whether output is a model's own text, whose place in the file is recorded.
    pub(super) marks: bool,
    /// Whether undefined values may be walked through and called, as when dbt parses a model.
    pub(super) lenient: bool,
    /// Whether a scope lies between here and the loop around it; `break` cannot leave it.
    pub(super) barrier: bool,
    pub(super) errors: Vec<TemplateError>,
}

impl Rewriter<'_> {
    pub(super) fn error(&mut self, message: String, span: Span) {
        self.errors.push(TemplateError::syntax(message, &self.draft.place, bytes(span)));
    }

    /// A span of the parsed slice as a span of the kept text, on line 1.
    pub(super) fn span(&self, span: Span) -> Span {
        let shift = u32::try_from(self.shift).unwrap_or(u32::MAX);
        line_one(span.start_offset.saturating_add(shift), span.end_offset.saturating_add(shift))
    }

    /// Rewrites an expression.
    pub(super) fn expr(&mut self, expr: &Node) -> Node {
        deep(|| self.rewrite(expr))
    }

    fn rewrite(&mut self, expr: &Node) -> Node {
        let span = self.span(expr.span());
        match expr {
            Expr::Var(var) => variable(var.id, span),
            Expr::Const(value) => constant(value.value.clone(), span),
            Expr::Slice(node) => self.slice(node, span),
            Expr::UnaryOp(node) => self.unary(node, span),
            Expr::BinOp(node) => self.binary(node, span),
            Expr::Compare(node) => self.compare(node, span),
            Expr::IfExpr(node) => {
                let true_expr = self.expr(&node.true_expr);
                let test_expr = self.expr(&node.test_expr);
                let false_expr = node.false_expr.as_ref().map(|expr| self.expr(expr));
                let span = join(&true_expr, span);
                Expr::IfExpr(Spanned::new(ast::IfExpr { test_expr, true_expr, false_expr }, span))
            }
            Expr::Filter(node) => {
                let expr = node.expr.as_ref().map(|expr| self.expr(expr));
                let args = self.args(&node.args);
                Expr::Filter(Spanned::new(ast::Filter { name: node.name, expr, args }, span))
            }
            Expr::Test(node) => {
                let expr = self.expr(&node.expr);
                let args = self.args(&node.args);
                let span = join(&expr, span);
                Expr::Test(Spanned::new(ast::Test { name: node.name, expr, args }, span))
            }
            Expr::GetAttr(node) => self.attribute(node, span),
            Expr::GetItem(node) => self.item(node, span),
            Expr::Call(node) => {
                let args = self.args(&node.args);
                self.call(&node.expr, args, span)
            }
            Expr::List(node) => {
                let items = node.items.iter().map(|item| self.expr(item)).collect();
                literal("_list", "_new_list", items, span)
            }
            Expr::Tuple(node) => self.tuple(&node.items, span),
            Expr::Map(node) => {
                let mut items = Vec::with_capacity(node.keys.len() * 2);
                for (key, value) in node.keys.iter().zip(&node.values) {
                    items.push(self.expr(key));
                    items.push(self.expr(value));
                }
                literal("_dict", "_new_dict", items, span)
            }
        }
    }

    fn tuple(&mut self, items: &[Node], span: Span) -> Node {
        let items = items.iter().map(|item| self.expr(item)).collect();
        Expr::Tuple(Spanned::new(ast::Tuple { items }, span))
    }

    /// The right side of `in` and what a loop runs over: a list of constants need not be made anew each time.
    pub(super) fn iterated(&mut self, expr: &Node) -> Node {
        match expr {
            Expr::List(list) if list.items.iter().all(|item| matches!(item, Expr::Const(_))) => {
                let span = self.span(expr.span());
                self.tuple(&list.items, span)
            }
            _ => self.expr(expr),
        }
    }

    fn slice(&mut self, node: &Spanned<ast::Slice<'static>>, span: Span) -> Node {
        let bounds = [&node.start, &node.stop, &node.step];
        let name = if is_constant(&node.expr) && bounds.into_iter().flatten().all(is_constant) {
            "_constant_slice"
        } else {
            "_slice"
        };
        let expr = self.expr(&node.expr);
        let args =
            bounds.map(|bound| CallArg::Pos(bound.as_ref().map_or_else(|| none(span), |bound| self.expr(bound))));
        let span = join(&expr, span);
        filter(name, expr, args.into(), span)
    }

    fn unary(&mut self, node: &Spanned<ast::UnaryOp<'static>>, span: Span) -> Node {
        let expr = self.expr(&node.expr);
        match node.op {
            ast::UnaryOpKind::Not => unary(ast::UnaryOpKind::Not, expr, span),
            ast::UnaryOpKind::Neg if matches!(&expr, Expr::Const(value) if value.value.is_number()) => {
                unary(ast::UnaryOpKind::Neg, expr, span)
            }
            ast::UnaryOpKind::Neg => filter("_neg", expr, Vec::new(), span),
        }
    }

    fn binary(&mut self, node: &Spanned<ast::BinOp<'static>>, span: Span) -> Node {
        let left = self.expr(&node.left);
        let right = if matches!(node.op, BinOpKind::In) { self.iterated(&node.right) } else { self.expr(&node.right) };
        let span = line_one(start(&left), span.end_offset);
        let name = match node.op {
            BinOpKind::ScAnd | BinOpKind::ScOr => {
                return Expr::BinOp(Spanned::new(ast::BinOp { op: node.op, left, right }, span));
            }
            BinOpKind::Eq => "_eq",
            BinOpKind::Ne => "_ne",
            BinOpKind::Lt => "_lt",
            BinOpKind::Lte => "_le",
            BinOpKind::Gt => "_gt",
            BinOpKind::Gte => "_ge",
            BinOpKind::Add => "_add",
            BinOpKind::Sub => "_sub",
            BinOpKind::Mul => "_mul",
            BinOpKind::Div => "_div",
            BinOpKind::FloorDiv => "_floordiv",
            BinOpKind::Rem => "_mod",
            BinOpKind::Pow => "_pow",
            BinOpKind::Concat => "_concat",
            BinOpKind::In => "_in",
        };
        filter(name, left, vec![CallArg::Pos(right)], span)
    }

    /// `a < b < c`: each operand is evaluated once.
    fn compare(&mut self, node: &Spanned<ast::Compare<'static>>, span: Span) -> Node {
        if is_lazy(&node.ops) {
            return self.chain(node, span);
        }
        let first = self.expr(&node.expr);
        let mut args = Vec::with_capacity(node.ops.len() * 2);
        for op in &node.ops {
            args.push(CallArg::Pos(constant(Value::from(comparison(op.op)), span)));
            args.push(CallArg::Pos(self.expr(&op.expr)));
        }
        let span = line_one(start(&first), span.end_offset);
        filter("_compare", first, args, span)
    }

    /// `a < b and b < c`: nothing behind the first that is false is evaluated.
    fn chain(&mut self, node: &Spanned<ast::Compare<'static>>, span: Span) -> Node {
        let mut left = &node.expr;
        let mut whole: Option<Node> = None;
        for op in &node.ops {
            let args = vec![CallArg::Pos(self.expr(&op.expr))];
            let right = filter(comparison(op.op), self.expr(left), args, span);
            whole = Some(match whole {
                Some(left) => Expr::BinOp(Spanned::new(ast::BinOp { op: BinOpKind::ScAnd, left, right }, span)),
                None => right,
            });
            left = &op.expr;
        }
        whole.expect("a comparison has an operator")
    }

    fn attribute(&mut self, node: &Spanned<ast::GetAttr<'static>>, span: Span) -> Node {
        let expr = self.expr(&node.expr);
        let span = join(&expr, span);
        if node.name.starts_with("__") {
            return filter("_unsafe", expr, vec![CallArg::Pos(constant(Value::from(node.name), span))], span);
        }
        if self.lenient {
            return filter("_pattr", expr, vec![CallArg::Pos(constant(Value::from(node.name), span))], span);
        }
        Expr::GetAttr(Spanned::new(ast::GetAttr { expr, name: node.name }, span))
    }

    fn item(&mut self, node: &Spanned<ast::GetItem<'static>>, span: Span) -> Node {
        let expr = self.expr(&node.expr);
        let subscript_expr = self.expr(&node.subscript_expr);
        let span = join(&expr, span);
        if self.lenient {
            return filter("_pitem", expr, vec![CallArg::Pos(subscript_expr)], span);
        }
        Expr::GetItem(Spanned::new(ast::GetItem { expr, subscript_expr }, span))
    }

    /// A call of a method that a filter makes.
    fn method(&mut self, attr: &ast::GetAttr<'static>, mut args: Vec<CallArg<'static>>, span: Span) -> Node {
        let expr = self.expr(&attr.expr);
        let span = join(&expr, span);
        if attr.name == "cycle" && !self.lenient {
            return filter("_cycle", expr, args, span);
        }
        args.insert(0, CallArg::Pos(constant(Value::from(attr.name), span)));
        filter("_pmethod", expr, args, span)
    }

    /// A call of `callee` with arguments that are rewritten already.
    pub(super) fn call(&mut self, callee: &Node, mut args: Vec<CallArg<'static>>, span: Span) -> Node {
        match callee {
            Expr::Var(var) if matches!(var.id, "loop" | "super") => {
                if let ("loop", [CallArg::Pos(_)]) = (var.id, args.as_slice())
                    && let Some(CallArg::Pos(expr)) = args.pop()
                {
                    args.push(CallArg::Pos(filter("_iter", expr, Vec::new(), span)));
                }
                let expr = variable(var.id, span);
                Expr::Call(Spanned::new(ast::Call { expr, args }, span))
            }
            Expr::GetAttr(attr) if self.lenient || attr.name.starts_with("__") || attr.name == "cycle" => {
                self.method(attr, args, span)
            }
            Expr::GetAttr(attr) => {
                // A method call is recognised by its shape, so the attribute must stay one.
                let object = self.expr(&attr.expr);
                let span = join(&object, span);
                let expr = Expr::GetAttr(Spanned::new(ast::GetAttr { expr: object, name: attr.name }, span));
                Expr::Call(Spanned::new(ast::Call { expr, args }, span))
            }
            _ => {
                let expr = self.expr(callee);
                let span = join(&expr, span);
                if self.lenient {
                    return filter("_pcall", expr, args, span);
                }
                Expr::Call(Spanned::new(ast::Call { expr, args }, span))
            }
        }
    }

    pub(super) fn args(&mut self, args: &[CallArg<'static>]) -> Vec<CallArg<'static>> {
        args.iter()
            .map(|arg| match arg {
                CallArg::Pos(expr) => CallArg::Pos(self.expr(expr)),
                CallArg::Kwarg(name, expr) => CallArg::Kwarg(name, self.expr(expr)),
                CallArg::PosSplat(expr) => {
                    let expr = self.expr(expr);
                    let span = expr.span();
                    CallArg::PosSplat(filter("_iter", expr, Vec::new(), span))
                }
                CallArg::KwargSplat(expr) => CallArg::KwargSplat(self.expr(expr)),
            })
            .collect()
    }
}

/// The bytes a span covers.
pub(super) fn bytes(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

fn line_one(start_offset: u32, end_offset: u32) -> Span {
    Span {
        start_line: 1,
        start_col: 0,
        start_offset,
        end_line: 1,
        end_col: 0,
        end_offset: end_offset.max(start_offset),
    }
}

fn start(expr: &Node) -> u32 {
    expr.span().start_offset
}

/// The span of a whole whose first part is `first`: minijinja's spans of calls start at the last dot or parenthesis.
fn join(first: &Node, span: Span) -> Span {
    line_one(start(first), span.end_offset)
}

pub(super) fn variable(id: &'static str, span: Span) -> Node {
    Expr::Var(Spanned::new(ast::Var { id }, span))
}

pub(super) fn constant(value: Value, span: Span) -> Node {
    Expr::Const(Spanned::new(ast::Const { value }, span))
}

fn none(span: Span) -> Node {
    constant(Value::from(()), span)
}

fn unary(op: ast::UnaryOpKind, expr: Node, span: Span) -> Node {
    Expr::UnaryOp(Spanned::new(ast::UnaryOp { op, expr }, span))
}

/// A list or dictionary: a fresh object at each evaluation.
fn literal(name: &'static str, empty: &'static str, items: Vec<Node>, span: Span) -> Node {
    // More arguments than these do not fit into minijinja's instruction.
    const MOST: usize = 1000;
    let mut items = items.into_iter();
    let Some(first) = items.next() else { return filter(empty, none(span), Vec::new(), span) };
    let args = if items.len() < MOST {
        items.map(CallArg::Pos).collect()
    } else {
        let items = items.collect();
        vec![CallArg::PosSplat(Expr::Tuple(Spanned::new(ast::Tuple { items }, span)))]
    };
    filter(name, first, args, span)
}

pub(super) fn filter(name: &'static str, expr: Node, args: Vec<CallArg<'static>>, span: Span) -> Node {
    Expr::Filter(Spanned::new(ast::Filter { name, expr: Some(expr), args }, span))
}

/// Whether the operands in the middle of a chain can be read twice, and the last one is more than a constant.
fn is_lazy(ops: &[ast::CompareOp<'static>]) -> bool {
    let is_plain = |op: &ast::CompareOp<'static>| is_constant(&op.expr) || is_read(&op.expr);
    ops.split_last()
        .is_some_and(|(last, middle)| !middle.is_empty() && middle.iter().all(is_plain) && !is_constant(&last.expr))
}

/// Whether an expression is a name, or an attribute of one.
fn is_read(expr: &Node) -> bool {
    match expr {
        Expr::Var(_) => true,
        Expr::GetAttr(attr) => is_read(&attr.expr),
        _ => false,
    }
}

fn comparison(op: CompareOpKind) -> &'static str {
    match op {
        CompareOpKind::Eq => "_eq",
        CompareOpKind::Ne => "_ne",
        CompareOpKind::Lt => "_lt",
        CompareOpKind::Lte => "_le",
        CompareOpKind::Gt => "_gt",
        CompareOpKind::Gte => "_ge",
        CompareOpKind::In => "_in",
        CompareOpKind::NotIn => "_not_in",
    }
}
