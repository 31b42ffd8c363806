//! Statements with Jinja2's semantics: scopes, call blocks as closures, inline macros, output with its place.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, CallArg, Expr, Spanned, Stmt};

use super::code::{Param, Preset, Signature, Unit, keep};
use super::mark::{self, Raw};
use super::rewrite::{Node, Rewriter, bytes, constant, filter, variable};
use super::walk::{self, Names};

type Block = Vec<Stmt<'static>>;

/// Where the right sides of a `with` wait until all are evaluated.
const HELD: [&str; 12] =
    ["__w0", "__w1", "__w2", "__w3", "__w4", "__w5", "__w6", "__w7", "__w8", "__w9", "__w10", "__w11"];

/// Where a value goes that nobody reads.
const NOWHERE: &str = "__";

impl Rewriter<'_> {
    /// Rewrites statements.
    pub(super) fn block(&mut self, list: &[Stmt<'static>]) -> Block {
        let mut out = Vec::with_capacity(list.len());
        for stmt in list {
            self.stmt(stmt, &mut out);
        }
        out
    }

    fn stmt(&mut self, stmt: &Stmt<'static>, out: &mut Block) {
        match stmt {
            Stmt::Template(node) => out.extend(self.block(&node.children)),
            Stmt::EmitRaw(node) => out.push(self.raw(node)),
            Stmt::EmitExpr(node) => out.push(self.emit(node)),
            Stmt::ForLoop(node) => out.push(self.for_loop(node)),
            Stmt::IfCond(node) => {
                let expr = self.expr(&node.expr);
                let (true_body, false_body) = (self.block(&node.true_body), self.block(&node.false_body));
                let span = self.span(node.span());
                out.push(Stmt::IfCond(Spanned::new(ast::IfCond { expr, true_body, false_body }, span)));
            }
            Stmt::WithBlock(node) => out.push(self.with(node)),
            Stmt::Set(node) => out.push(self.set(node)),
            Stmt::SetBlock(node) => out.push(self.set_block(node)),
            Stmt::AutoEscape(node) => out.extend(self.block(&node.body)),
            Stmt::FilterBlock(node) => {
                let body = self.captured(&node.body);
                let filter = self.expr(&node.filter);
                let span = self.span(node.span());
                let filter = self.marked(filter, span);
                out.push(Stmt::FilterBlock(Spanned::new(ast::FilterBlock { filter, body }, span)));
            }
            Stmt::Macro(node) => out.push(self.inline_macro(node)),
            Stmt::CallBlock(node) => out.push(self.call_block(node)),
            Stmt::Do(node) => {
                let span = self.span(node.call.span());
                let args = self.args(&node.call.args);
                let expr = self.call(&node.call.expr, args, span);
                out.push(assign(NOWHERE, expr, span));
            }
            Stmt::Continue(node) => {
                self.leave("continue", node.span());
                out.push(Stmt::Continue(Spanned::new(ast::Continue, self.span(node.span()))));
            }
            Stmt::Break(node) => {
                self.leave("break", node.span());
                out.push(Stmt::Break(Spanned::new(ast::Break, self.span(node.span()))));
            }
            // No template extends another, so that a block is always its own text.
            Stmt::Block(node) => {
                let barrier = std::mem::replace(&mut self.barrier, true);
                let body = self.block(&node.body);
                self.barrier = barrier;
                out.push(scope(Vec::new(), body, self.span(node.span())));
            }
            Stmt::Import(node) => self.refuse("import", node.span()),
            Stmt::FromImport(node) => self.refuse("from", node.span()),
            Stmt::Extends(node) => self.refuse("extends", node.span()),
            Stmt::Include(node) => self.refuse("include", node.span()),
        }
    }

    fn refuse(&mut self, tag: &str, span: Span) {
        let span = self.span(span);
        self.error(format!("`{tag}` reads another template, and there are none: write a macro"), span);
    }

    /// minijinja jumps out of a loop without leaving scopes in between.
    fn leave(&mut self, tag: &str, span: Span) {
        if self.barrier {
            let span = self.span(span);
            self.error(
                format!("`{tag}` inside `with`, `filter` or a `set` block cannot leave the loop around it"),
                span,
            );
        }
    }

    fn raw(&mut self, node: &Spanned<ast::EmitRaw<'static>>) -> Stmt<'static> {
        let span = self.span(node.span());
        if !self.marks {
            return Stmt::EmitRaw(Spanned::new(ast::EmitRaw { raw: node.raw }, span));
        }
        // Literal text is a slice of the kept text; its span may include blanks that were trimmed.
        let start = node.raw.as_ptr() as usize - self.draft.source.as_ptr() as usize;
        let src = self.draft.place.range(start..start + node.raw.len());
        let value = Value::from_object(Raw { text: node.raw, src });
        emit(constant(value, span), span)
    }

    fn emit(&mut self, node: &Spanned<ast::EmitExpr<'static>>) -> Stmt<'static> {
        let span = self.span(node.span());
        let expr = self.expr(&node.expr);
        if self.draft.silent.binary_search(&(span.start_offset as usize)).is_ok() {
            return assign(NOWHERE, expr, span);
        }
        // A recursive loop is recognised by its shape, and its output is marked inside.
        if matches!(&expr, Expr::Call(call) if matches!(&call.expr, Expr::Var(var) if var.id == "loop")) {
            return emit(expr, span);
        }
        let whole = self.tag_span(span);
        let expr =
            if super::constant::is_constant(&node.expr) { filter("_constant", expr, Vec::new(), span) } else { expr };
        let expr = self.marked(expr, whole);
        emit(expr, span)
    }

    /// The span of a `{{ }}`, its closing delimiter included: minijinja's ends with the expression.
    fn tag_span(&self, span: Span) -> Span {
        let rest = &self.draft.source[bytes(span).end..];
        let blank = rest.len() - rest.trim_start().len();
        let sign = usize::from(rest[blank..].starts_with(['-', '+']));
        if !rest[blank + sign..].starts_with("}}") {
            return span;
        }
        let more = u32::try_from(blank + sign + 2).unwrap_or(0);
        Span { end_offset: span.end_offset.saturating_add(more), ..span }
    }

    fn marked(&mut self, expr: Node, span: Span) -> Node {
        if !self.marks {
            return expr;
        }
        let src = mark::pack(self.draft.place.range(bytes(span)));
        let at = expr.span();
        filter("_mark", expr, vec![CallArg::Pos(constant(Value::from(src), at))], at)
    }

    fn for_loop(&mut self, node: &Spanned<ast::ForLoop<'static>>) -> Stmt<'static> {
        let iter = self.iterated(&node.iter);
        let at = iter.span();
        let iter = filter("_iter", iter, Vec::new(), at);
        let target = self.target(&node.target);
        let mut filter_expr = node.filter_expr.as_ref().map(|expr| self.expr(expr));
        let barrier = std::mem::replace(&mut self.barrier, false);
        let mut body = self.block(&node.body);
        self.barrier = barrier;
        // minijinja filters before the first turn, Jinja2 before each: the body may change what the condition reads.
        let minds_turns =
            Names::of(&node.body).read.contains("loop") || node.filter_expr.as_ref().is_some_and(reads_loop);
        let is_plain = node.else_body.is_empty() && !node.recursive && !minds_turns;
        if let Some(condition) = filter_expr.take_if(|_| is_plain) {
            let span = condition.span();
            let node = ast::IfCond { expr: condition, true_body: body, false_body: Vec::new() };
            body = vec![Stmt::IfCond(Spanned::new(node, span))];
        }
        let else_body = self.block(&node.else_body);
        let node = ast::ForLoop { target, iter, filter_expr, recursive: node.recursive, body, else_body };
        Stmt::ForLoop(Spanned::new(node, at))
    }

    /// All right sides of a `with` are evaluated in the scope around it.
    fn with(&mut self, node: &Spanned<ast::WithBlock<'static>>) -> Stmt<'static> {
        let span = self.span(node.span());
        let mut outer = Vec::new();
        let mut inner = Vec::new();
        for (index, (target, expr)) in node.assignments.iter().enumerate() {
            let expr = self.expr(expr);
            let target = self.target(target);
            match HELD.get(index) {
                Some(held) if node.assignments.len() > 1 => {
                    inner.push((target, variable(held, span)));
                    outer.push((variable(held, span), expr));
                }
                _ => inner.push((target, expr)),
            }
        }
        let barrier = std::mem::replace(&mut self.barrier, true);
        let body = self.block(&node.body);
        self.barrier = barrier;
        let inner = scope(inner, body, span);
        if outer.is_empty() { inner } else { scope(outer, vec![inner], span) }
    }

    fn set(&mut self, node: &Spanned<ast::Set<'static>>) -> Stmt<'static> {
        let span = self.span(node.span());
        let mut expr = self.expr(&node.expr);
        let target = self.target(&node.target);
        if matches!(target, Expr::List(_)) {
            expr = filter("_iter", expr, Vec::new(), span);
        }
        Stmt::Set(Spanned::new(ast::Set { target, expr }, span))
    }

    fn set_block(&mut self, node: &Spanned<ast::SetBlock<'static>>) -> Stmt<'static> {
        let body = self.captured(&node.body);
        let filter = node.filter.as_ref().map(|expr| self.expr(expr));
        let target = self.target(&node.target);
        Stmt::SetBlock(Spanned::new(ast::SetBlock { target, filter, body }, self.span(node.span())))
    }

    /// A body whose output is a value and whose assignments stay inside.
    fn captured(&mut self, body: &[Stmt<'static>]) -> Block {
        let marks = std::mem::replace(&mut self.marks, false);
        let barrier = std::mem::replace(&mut self.barrier, true);
        let list = self.block(body);
        self.marks = marks;
        self.barrier = barrier;
        let Some(first) = list.first().filter(|_| !Names::of(body).assigned.is_empty()) else { return list };
        let span = statement_span(first);
        vec![scope(Vec::new(), list, span)]
    }

    fn target(&mut self, target: &Node) -> Node {
        let span = self.span(target.span());
        match target {
            Expr::Var(var) => variable(var.id, span),
            Expr::List(list) => {
                let items = list.items.iter().map(|item| self.target(item)).collect();
                Expr::List(Spanned::new(ast::List { items }, span))
            }
            Expr::GetAttr(attr) => {
                let expr = self.target(&attr.expr);
                Expr::GetAttr(Spanned::new(ast::GetAttr { expr, name: attr.name }, span))
            }
            other => self.expr(other),
        }
    }

    fn call_block(&mut self, node: &Spanned<ast::CallBlock<'static>>) -> Stmt<'static> {
        let span = self.span(node.call.span());
        let mut args = self.args(&node.call.args);
        args.push(CallArg::Kwarg("caller", self.closure(&node.macro_decl, None, span)));
        let call = self.call(&node.call.expr, args, span);
        let at = call.span();
        let whole = self.span(node.span());
        let place = constant(Value::from_object(super::run::Spot::new(bytes(whole))), at);
        let text = filter("_cbout", call, vec![CallArg::Pos(place)], at);
        let text = self.marked(text, whole);
        emit(text, at)
    }

    /// dbt renames the macros of a file: one that stands inside a template can be called only as `dbt_macro__name`.
    fn inline_macro(&mut self, node: &Spanned<ast::Macro<'static>>) -> Stmt<'static> {
        let span = self.span(node.span());
        let name = keep(format!("dbt_macro__{}", node.name));
        let closure = self.closure(node, Some(name), span);
        assign(name, closure, span)
    }

    /// A body as a value that can be called, with the values its free names have here.
    fn closure(&mut self, node: &Spanned<ast::Macro<'static>>, name: Option<&'static str>, span: Span) -> Node {
        let params: Vec<&'static str> = node.args.iter().filter_map(name_of).collect();
        let names = Names::of(&node.body);
        let own = ["caller", "varargs", "kwargs"];
        let mut captures = names.read.clone();
        for default in &node.defaults {
            super::walk::expression(default, &mut Reads(&mut captures));
        }
        captures.retain(|name| self.locals.contains(name) && !params.contains(name) && !own.contains(name));

        let mut locals: BTreeSet<&'static str> = names.assigned.clone();
        locals.extend(params.iter().chain(&captures));
        let (marks, barrier) = (std::mem::take(&mut self.marks), std::mem::take(&mut self.barrier));
        let locals = std::mem::replace(&mut self.locals, locals);
        let mut prologue = Vec::new();
        let first_default = params.len().saturating_sub(node.defaults.len());
        let params = params
            .into_iter()
            .enumerate()
            .map(|(index, name)| {
                let default = index.checked_sub(first_default).and_then(|index| node.defaults.get(index));
                self.param(name, index, default, &mut prologue)
            })
            .collect();
        prologue.extend(self.block(&node.body));
        self.locals = locals;
        (self.marks, self.barrier) = (marks, barrier);

        let signature = Signature::new(name, params, captures.iter().copied().collect(), &names);
        if let Err(message) = signature.check() {
            self.error(message, span);
        }
        let unit = Unit::new(self.draft, signature, &prologue);
        let args = captures.iter().map(|name| CallArg::Pos(variable(name, span))).collect();
        filter("_closure", constant(Value::from_dyn_object(Arc::new(unit)), span), args, span)
    }

    /// A parameter; a default that is not a constant is evaluated by the body's first statements.
    pub(super) fn param(
        &mut self,
        name: &'static str,
        index: usize,
        default: Option<&Node>,
        prologue: &mut Block,
    ) -> Param {
        let preset = match default {
            None => Preset::Absent,
            Some(Expr::Const(value)) => Preset::Constant(value.value.clone()),
            Some(expr) => {
                let expr = self.expr(expr);
                let span = expr.span();
                let missing = variable(keep(format!("__m{index}")), span);
                let true_body = vec![assign(name, expr, span)];
                let node = ast::IfCond { expr: missing, true_body, false_body: Vec::new() };
                prologue.push(Stmt::IfCond(Spanned::new(node, span)));
                Preset::Computed
            }
        };
        Param { name, preset }
    }
}

/// Collects the names an expression reads.
struct Reads<'n>(&'n mut BTreeSet<&'static str>);

impl super::walk::Visit for Reads<'_> {
    fn expression(&mut self, expr: &Node) {
        if let Expr::Var(var) = expr {
            self.0.insert(var.id);
        }
    }
}

fn name_of(expr: &Node) -> Option<&'static str> {
    if let Expr::Var(var) = expr { Some(var.id) } else { None }
}

fn emit(expr: Node, span: Span) -> Stmt<'static> {
    Stmt::EmitExpr(Spanned::new(ast::EmitExpr { expr }, span))
}

fn assign(name: &'static str, expr: Node, span: Span) -> Stmt<'static> {
    Stmt::Set(Spanned::new(ast::Set { target: variable(name, span), expr }, span))
}

fn scope(assignments: Vec<(Node, Node)>, body: Block, span: Span) -> Stmt<'static> {
    Stmt::WithBlock(Spanned::new(ast::WithBlock { assignments, body }, span))
}

fn statement_span(stmt: &Stmt<'static>) -> Span {
    match stmt {
        Stmt::EmitExpr(node) => node.span(),
        Stmt::EmitRaw(node) => node.span(),
        Stmt::Set(node) => node.span(),
        Stmt::IfCond(node) => node.span(),
        Stmt::ForLoop(node) => node.span(),
        _ => Span { start_line: 1, end_line: 1, ..Span::default() },
    }
}

/// Whether an expression reads `loop`; in the condition of a loop that is the loop around it.
fn reads_loop(expr: &Node) -> bool {
    let mut names = Names::default();
    walk::expression(expr, &mut names);
    names.read.contains("loop")
}
