//! What the engines call an item that has no alias.

use std::ops::Range;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Select, SelectItem, UnaryOperator,
};
use sqlparser::tokenizer::Token;

use super::Name;
use super::read::Reader;
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
        let start = reader.text.range(select.select_token.0.span).start;
        let mut at = reader.text.index_at(start) + 1;
        let skipped = |token: &Token| {
            matches!(token, Token::Word(word) if word.quote_style.is_none()
                && ["DISTINCT", "ALL"].contains(&word.value.to_ascii_uppercase().as_str()))
        };
        while reader.text.lexemes.get(at).is_some_and(|lexeme| skipped(&lexeme.token.token)) {
            at += 1;
        }
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(select.projection.len());
        let (mut depth, mut open) = (0_i32, None::<Range<usize>>);
        for lexeme in &reader.text.lexemes[at.min(reader.text.lexemes.len())..] {
            match &lexeme.token.token {
                Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
                Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
                Token::Comma if depth == 0 => {
                    ranges.push(open.take().unwrap_or(lexeme.range.clone()));
                    continue;
                }
                Token::Word(word) if depth == 0 && word.quote_style.is_none() && ends(&word.value) => break,
                Token::SemiColon => break,
                _ => {}
            }
            if depth < 0 || ranges.len() >= select.projection.len() {
                break;
            }
            open = Some(open.map_or(lexeme.range.clone(), |open| open.start..lexeme.range.end));
        }
        ranges.extend(open);
        Self { ranges }
    }

    /// The name of an item, and its bytes.
    pub(super) fn name(&self, reader: &Reader<'_>, expr: &Expr, at: usize) -> (Name, Range<usize>) {
        if let Some(ident) = plain(expr) {
            return (reader.name(ident), reader.at(ident));
        }
        let range = self.ranges.get(at).cloned().unwrap_or(0..0);
        let text = match reader.dialect {
            Dialect::Snowflake => upper(&reader.text.sql[range.clone()]),
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

/// An expression's text in upper case outside quotes.
fn upper(text: &str) -> String {
    let mut name = String::new();
    let mut quoted = None;
    for c in text.chars() {
        match quoted {
            Some(quote) if c == quote => quoted = None,
            None if c == '\'' || c == '"' => quoted = Some(c),
            _ => {}
        }
        if quoted.is_some() { name.push(c) } else { name.extend(c.to_uppercase()) }
    }
    name
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

fn ends(word: &str) -> bool {
    const WORDS: [&str; 14] = [
        "FROM",
        "INTO",
        "WHERE",
        "GROUP",
        "HAVING",
        "QUALIFY",
        "WINDOW",
        "ORDER",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "MINUS",
        "INTERSECT",
        "FETCH",
    ];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}
