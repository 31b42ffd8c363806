//! What the engines call an item that has no alias.

use std::ops::Range;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Select, SelectItem, UnaryOperator,
};

use super::Name;
use super::read::Reader;
use crate::sql::item::{item_ranges, written_name};
use crate::sql::{Dialect, DuckDbType};

/// The bytes of a SELECT's items, where one of them has no name of its own.
pub(super) struct Labels {
    ranges: Vec<Range<usize>>,
}

impl Labels {
    pub(super) fn of(reader: &Reader<'_>, select: &Select) -> Self {
        let needs = |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(expr) if plain(expr).is_none());
        if !select.projection.iter().any(needs) {
            return Self { ranges: Vec::new() };
        }
        Self { ranges: item_ranges(reader.text, select) }
    }

    /// The name of an item, and its bytes.
    pub(super) fn name(&self, reader: &Reader<'_>, expr: &Expr, at: usize) -> (Name, Range<usize>) {
        if let Some(ident) = plain(expr) {
            return (reader.name(ident), reader.at(ident));
        }
        let range = self.ranges.get(at).cloned().unwrap_or(0..0);
        let text = match reader.dialect {
            Dialect::Snowflake => written_name(&reader.text.sql[range.clone()]),
            Dialect::DuckDb => duckdb(expr).unwrap_or_else(|| reader.text.sql[range.clone()].to_owned()),
        };
        (Name::found(&text, reader.dialect), range)
    }
}

/// The name of a plain column.
fn plain(expr: &Expr) -> Option<&sqlparser::ast::Ident> {
    match expr {
        Expr::Identifier(ident) if !ident.value.starts_with('$') => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}

/// `DuckDB`'s name of a call of columns, a star, a cast or a constant; none for what it writes in ways of its own.
fn duckdb(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(ident.value.clone()),
        Expr::CompoundIdentifier(parts) => {
            Some(parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join("."))
        }
        Expr::Value(value) => Some(value.value.to_string()),
        Expr::Nested(inner) => duckdb(inner),
        Expr::Cast { kind, expr, data_type, .. } => {
            let word = if *kind == CastKind::TryCast { "TRY_CAST" } else { "CAST" };
            let data_type = DuckDbType::parse(&data_type.to_string());
            Some(format!("{word}({} AS {data_type})", duckdb(expr)?))
        }
        Expr::BinaryOp { left, op, right } => {
            let op = if *op == BinaryOperator::NotEq { "!=".to_owned() } else { op.to_string() };
            Some(format!("({} {op} {})", duckdb(left)?, duckdb(right)?))
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("-({})", duckdb(expr)?)),
        Expr::IsNull(expr) => Some(format!("({} IS NULL)", duckdb(expr)?)),
        Expr::IsNotNull(expr) => Some(format!("({} IS NOT NULL)", duckdb(expr)?)),
        Expr::Between { expr, negated: false, low, high } => {
            Some(format!("({} BETWEEN {} AND {})", duckdb(expr)?, duckdb(low)?, duckdb(high)?))
        }
        Expr::Function(function) if function.over.is_none() && function.filter.is_none() => {
            let FunctionArguments::List(list) = &function.args else { return None };
            let name = function.name.to_string().to_lowercase();
            if let [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] = list.args.as_slice() {
                return (name == "count").then(|| "count_star()".to_owned());
            }
            let one = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => duckdb(expr),
                _ => None,
            };
            let arguments: Option<Vec<String>> = list.args.iter().map(one).collect();
            let name = if name == "coalesce" { "COALESCE".to_owned() } else { name };
            let distinct = if list.duplicate_treatment.is_some() { "DISTINCT " } else { "" };
            (list.clauses.is_empty()).then(|| Some(format!("{name}({distinct}{})", arguments?.join(", "))))?
        }
        _ => None,
    }
}
