//! What the engines call an item that has no alias.

use std::ops::Range;

use sqlparser::ast::{BinaryOperator, CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator};

use super::Name;
use super::read::Reader;
use crate::sql::item::{Items, plain_column, written_name};
use crate::sql::{Dialect, DuckDbType};

/// The name of an item without an alias, and its bytes.
pub(super) fn name(reader: &Reader<'_>, items: &Items, expr: &Expr, at: usize) -> (Name, Range<usize>) {
    if let Some(ident) = plain_column(expr) {
        return (reader.name(ident), reader.at(ident));
    }
    let range = items.range(at);
    let text = match reader.dialect {
        Dialect::Snowflake => written_name(&reader.text.sql[range.clone()]),
        Dialect::DuckDb => duckdb(expr).unwrap_or_else(|| reader.text.sql[range.clone()].to_owned()),
    };
    (Name::found(&text, reader.dialect), range)
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
