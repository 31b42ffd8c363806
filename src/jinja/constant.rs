//! Expressions that Jinja2 works out when it compiles a template.
//!
//! What they come to is text from then on, so that in a YAML file, where a lone expression keeps its value, `{{ 1 }}` is a string.

use minijinja::machinery::ast::{CallArg, Expr};

/// Filters whose value depends on the render, or is no plain value: Jinja2 leaves them for later.
const LATER: [&str; 14] = [
    "as_bool",
    "as_native",
    "as_number",
    "as_text",
    "batch",
    "items",
    "map",
    "random",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "slice",
    "unique",
];

/// Whether an expression is made of constants alone.
pub(super) fn is_constant(expr: &Expr<'_>) -> bool {
    super::code::deep(|| match expr {
        Expr::Const(_) => true,
        Expr::List(node) => node.items.iter().all(is_constant),
        Expr::Tuple(node) => node.items.iter().all(is_constant),
        Expr::Map(node) => node.keys.iter().chain(&node.values).all(is_constant),
        Expr::UnaryOp(node) => is_constant(&node.expr),
        Expr::BinOp(node) => is_constant(&node.left) && is_constant(&node.right),
        Expr::Compare(node) => is_constant(&node.expr) && node.ops.iter().all(|op| is_constant(&op.expr)),
        Expr::IfExpr(node) => {
            let parts = [Some(&node.test_expr), Some(&node.true_expr), node.false_expr.as_ref()];
            parts.into_iter().flatten().all(is_constant)
        }
        Expr::Filter(node) => {
            !LATER.contains(&node.name) && node.expr.as_ref().is_some_and(is_constant) && node.args.iter().all(is_plain)
        }
        Expr::Test(node) => is_constant(&node.expr) && node.args.iter().all(is_plain),
        Expr::GetAttr(node) => is_constant(&node.expr),
        Expr::GetItem(node) => is_constant(&node.expr) && is_constant(&node.subscript_expr),
        Expr::Slice(node) => {
            let bounds = [&node.start, &node.stop, &node.step];
            is_constant(&node.expr) && bounds.into_iter().flatten().all(is_constant)
        }
        Expr::Var(_) | Expr::Call(_) => false,
    })
}

fn is_plain(arg: &CallArg<'_>) -> bool {
    match arg {
        CallArg::Pos(expr) | CallArg::Kwarg(_, expr) => is_constant(expr),
        CallArg::PosSplat(_) | CallArg::KwargSplat(_) => false,
    }
}
