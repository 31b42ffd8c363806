//! The arguments of a template's `config()` as they are written: each as dbt keeps it, the text of Jinja2's syntax tree
//! (`statically_parse_unrendered_config`), so that manifests of either can be compared. The parser here
//! tells `a not in b` from `not a in b` no more.

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind};

use super::place::Origin;
use super::rewrite::Node;
use super::walk::{self, Visit};
use super::{code, python};

/// The keyword arguments of the first `config()` of a template, by name. None where there is no such call, and where dbt reads
/// the template without rendering it: then it knows the values themselves.
pub fn written_config(text: &str) -> Option<Vec<(String, String)>> {
    if !text.contains("config(") {
        return None;
    }
    let tree = code::tree(text, Origin::default()).ok()?;
    if is_static(text, &tree) {
        return None;
    }
    let mut first = First(None);
    walk::statements(&tree, &mut first);
    first.0
}

#[derive(Default)]
struct First(Option<Vec<(String, String)>>);

impl Visit for First {
    fn expression(&mut self, expr: &Node) {
        if let Expr::Call(call) = expr {
            self.call(&call.expr, &call.args);
        }
    }

    fn call(&mut self, callee: &Node, args: &[CallArg<'static>]) {
        if self.0.is_none() && is_name(callee, &["config"]) {
            let keyword = |arg: &CallArg<'static>| match arg {
                CallArg::Kwarg(name, value) => Some(((*name).to_owned(), keyword(name, value))),
                _ => None,
            };
            self.0 = Some(args.iter().filter_map(keyword).collect());
        }
    }
}

fn is_name(expr: &Node, names: &[&str]) -> bool {
    matches!(expr, Expr::Var(var) if names.contains(&var.id))
}

/// Whether dbt's static parser understands a template: calls of `ref`, `source` and `config` with texts, truth values, lists and
/// mappings, and nothing else.
fn is_static(text: &str, tree: &[Stmt<'static>]) -> bool {
    let source = super::normal::template(text).text;
    let is_call = |stmt: &Stmt<'static>| match stmt {
        Stmt::EmitRaw(_) => true,
        Stmt::EmitExpr(node) => matches!(&node.expr, Expr::Call(call)
            if is_name(&call.expr, &["ref", "source", "config"]) && call.args.iter().all(|arg| is_literal_argument(arg, &source))),
        _ => false,
    };
    let children = |stmt: &Stmt<'static>| match stmt {
        Stmt::Template(node) => node.children.iter().all(is_call),
        other => is_call(other),
    };
    !text.contains("{%") && !text.contains("{{-") && !text.contains("-}}") && tree.iter().all(children)
}

fn is_literal_argument(arg: &CallArg<'static>, source: &str) -> bool {
    match arg {
        CallArg::Pos(expr) => matches!(expr, Expr::Const(value) if value.value.as_str().is_some()),
        CallArg::Kwarg("v" | "version", Expr::Const(_)) => true,
        CallArg::Kwarg(_, expr) => is_literal(expr, source),
        CallArg::PosSplat(_) | CallArg::KwargSplat(_) => false,
    }
}

fn is_literal(expr: &Node, source: &str) -> bool {
    match expr {
        // Truth values as Python has them, with a capital.
        Expr::Const(node) => {
            let start = node.span().start_offset as usize;
            node.value.as_str().is_some()
                || source.get(start..).is_some_and(|word| word.starts_with("True") || word.starts_with("False"))
        }
        Expr::List(node) => node.items.iter().all(|item| is_literal(item, source)),
        Expr::Map(node) => node.keys.iter().chain(&node.values).all(|item| is_literal(item, source)),
        _ => false,
    }
}

fn keyword(name: &str, value: &Node) -> String {
    format!("Keyword(key='{name}', value={})", node(value))
}

/// An expression as Jinja2 prints its node.
fn node(expr: &Node) -> String {
    code::deep(|| match expr {
        Expr::Var(var) => format!("Name(name='{}', ctx='load')", var.id),
        Expr::Const(value) => format!("Const(value={})", python::repr(&value.value)),
        Expr::List(list) => format!("List(items={})", nodes(&list.items)),
        Expr::Tuple(tuple) => format!("Tuple(items={}, ctx='load')", nodes(&tuple.items)),
        Expr::Map(map) => {
            let pair = |(key, value): (&Node, &Node)| format!("Pair(key={}, value={})", node(key), node(value));
            format!("Dict(items=[{}])", map.keys.iter().zip(&map.values).map(pair).collect::<Vec<_>>().join(", "))
        }
        Expr::GetAttr(get) => format!("Getattr(node={}, attr='{}', ctx='load')", node(&get.expr), get.name),
        Expr::GetItem(get) => item(&get.expr, &node(&get.subscript_expr)),
        Expr::Slice(slice) => {
            let [start, stop, step] = [&slice.start, &slice.stop, &slice.step].map(|part| optional(part.as_ref()));
            item(&slice.expr, &format!("Slice(start={start}, stop={stop}, step={step})"))
        }
        Expr::Call(call) => format!("Call(node={}, {})", node(&call.expr), arguments(&call.args)),
        Expr::Filter(filter) => {
            let subject = optional(filter.expr.as_ref());
            format!("Filter(node={subject}, name='{}', {})", filter.name, arguments(&filter.args))
        }
        Expr::Test(test) => format!("Test(node={}, name='{}', {})", node(&test.expr), test.name, arguments(&test.args)),
        Expr::UnaryOp(unary) => {
            let name = if matches!(unary.op, UnaryOpKind::Not) { "Not" } else { "Neg" };
            format!("{name}(node={})", node(&unary.expr))
        }
        Expr::IfExpr(choice) => format!(
            "CondExpr(test={}, expr1={}, expr2={})",
            node(&choice.test_expr),
            node(&choice.true_expr),
            optional(choice.false_expr.as_ref())
        ),
        Expr::Compare(compare) => {
            let operand = |name: &str, expr: &Node| format!("Operand(op='{name}', expr={})", node(expr));
            let ops: Vec<String> = compare.ops.iter().map(|op| operand(comparison(op.op), &op.expr)).collect();
            format!("Compare(expr={}, ops=[{}])", node(&compare.expr), ops.join(", "))
        }
        Expr::BinOp(binary) => operation(binary.op, &binary.left, &binary.right, expr),
    })
}

fn nodes(items: &[Node]) -> String {
    format!("[{}]", items.iter().map(node).collect::<Vec<_>>().join(", "))
}

fn optional(expr: Option<&Node>) -> String {
    expr.map_or_else(|| "None".to_owned(), node)
}

fn item(subject: &Node, arg: &str) -> String {
    format!("Getitem(node={}, arg={arg}, ctx='load')", node(subject))
}

fn arguments(args: &[CallArg<'static>]) -> String {
    let (mut plain, mut named, mut rest, mut more) = (Vec::new(), Vec::new(), None, None);
    for arg in args {
        match arg {
            CallArg::Pos(expr) => plain.push(node(expr)),
            CallArg::Kwarg(name, expr) => named.push(keyword(name, expr)),
            CallArg::PosSplat(expr) => rest = Some(expr),
            CallArg::KwargSplat(expr) => more = Some(expr),
        }
    }
    let (plain, named) = (plain.join(", "), named.join(", "));
    format!("args=[{plain}], kwargs=[{named}], dyn_args={}, dyn_kwargs={}", optional(rest), optional(more))
}

fn comparison(op: CompareOpKind) -> &'static str {
    match op {
        CompareOpKind::Eq => "eq",
        CompareOpKind::Ne => "ne",
        CompareOpKind::Lt => "lt",
        CompareOpKind::Lte => "lteq",
        CompareOpKind::Gt => "gt",
        CompareOpKind::Gte => "gteq",
        CompareOpKind::In => "in",
        CompareOpKind::NotIn => "notin",
    }
}

fn compared(left: &Node, name: &str, right: &Node) -> String {
    format!("Compare(expr={}, ops=[Operand(op='{name}', expr={})])", node(left), node(right))
}

fn operation(op: BinOpKind, left: &Node, right: &Node, whole: &Node) -> String {
    let name = match op {
        BinOpKind::Eq => return compared(left, "eq", right),
        BinOpKind::Ne => return compared(left, "ne", right),
        BinOpKind::Lt => return compared(left, "lt", right),
        BinOpKind::Lte => return compared(left, "lteq", right),
        BinOpKind::Gt => return compared(left, "gt", right),
        BinOpKind::Gte => return compared(left, "gteq", right),
        BinOpKind::In => return compared(left, "in", right),
        BinOpKind::Concat => {
            let mut parts = Vec::new();
            joined(whole, &mut parts);
            return format!("Concat(nodes=[{}])", parts.join(", "));
        }
        BinOpKind::ScAnd => "And",
        BinOpKind::ScOr => "Or",
        BinOpKind::Add => "Add",
        BinOpKind::Sub => "Sub",
        BinOpKind::Mul => "Mul",
        BinOpKind::Div => "Div",
        BinOpKind::FloorDiv => "FloorDiv",
        BinOpKind::Rem => "Mod",
        BinOpKind::Pow => "Pow",
    };
    format!("{name}(left={}, right={})", node(left), node(right))
}

/// What a chain of `~` joins.
fn joined(expr: &Node, parts: &mut Vec<String>) {
    match expr {
        Expr::BinOp(binary) if matches!(binary.op, BinOpKind::Concat) => {
            joined(&binary.left, parts);
            parts.push(node(&binary.right));
        }
        other => parts.push(node(other)),
    }
}
