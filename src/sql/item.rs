//! Where the items of a SELECT stand, and what Snowflake calls one without an alias.

use std::ops::Range;

use sqlparser::ast::{Expr, ExprWithAlias, Ident, OrderBy, OrderByKind, OrderByOptions, Select, SelectItem};
use sqlparser::tokenizer::Token;

use super::text::Text;

/// The words that end the items.
const ENDS: [&str; 14] = [
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

/// How `ORDER BY ALL` orders; the parser reads Snowflake's as a column of this name.
pub(super) fn order_by_all(order: &OrderBy) -> Option<&OrderByOptions> {
    match &order.kind {
        OrderByKind::All(options) => Some(options),
        OrderByKind::Expressions(keys) => match keys.as_slice() {
            [key] if matches!(&key.expr, Expr::Identifier(name) if is_all(name)) => Some(&key.options),
            _ => None,
        },
    }
}

fn is_all(name: &Ident) -> bool {
    name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all")
}

/// The column that an item is, if it is nothing else; its name is the item's.
pub(super) fn plain_column(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(ident) if !ident.value.starts_with('$') => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}

/// The bytes of a SELECT's items, where one of them has no name of its own.
pub(super) struct Items {
    ranges: Vec<Range<usize>>,
}

impl Items {
    pub(super) fn of(text: &Text<'_>, select: &Select) -> Self {
        let needs = |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(expr) if plain_column(expr).is_none());
        let ranges = if select.projection.iter().any(needs) { item_ranges(text, select) } else { Vec::new() };
        Self { ranges }
    }

    /// The bytes of an item that has none.
    pub(super) fn range(&self, at: usize) -> Range<usize> {
        self.ranges.get(at).cloned().unwrap_or(0..0)
    }
}

/// The name of a column of PIVOT: of the value's alias or else the value as it is written, and of the aggregate's alias.
pub(super) fn pivot_label(value: &ExprWithAlias, alias: Option<String>, aggregate: Option<&str>) -> String {
    let label = alias.unwrap_or_else(|| value.expr.to_string());
    aggregate.map_or(label.clone(), |aggregate| format!("{label}_{aggregate}"))
}

/// The bytes of each item: between the commas around it.
fn item_ranges(text: &Text<'_>, select: &Select) -> Vec<Range<usize>> {
    let start = text.range(select.select_token.0.span).start;
    let mut at = text.index_at(start) + 1;
    let is_one_of = |token: &Token, words: &[&str]| {
        matches!(token, Token::Word(word) if word.quote_style.is_none()
            && words.iter().any(|known| known.eq_ignore_ascii_case(&word.value)))
    };
    while text.lexemes.get(at).is_some_and(|lexeme| is_one_of(&lexeme.token.token, &["DISTINCT", "ALL"])) {
        at += 1;
    }
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(select.projection.len());
    let (mut depth, mut open) = (0_i32, None::<Range<usize>>);
    for lexeme in &text.lexemes[at.min(text.lexemes.len())..] {
        match &lexeme.token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            Token::Comma if depth == 0 => {
                ranges.push(open.take().unwrap_or(lexeme.range.clone()));
                continue;
            }
            Token::SemiColon => break,
            token if depth == 0 && is_one_of(token, &ENDS) => break,
            _ => {}
        }
        if depth < 0 || ranges.len() >= select.projection.len() {
            break;
        }
        open = Some(open.map_or(lexeme.range.clone(), |open| open.start..lexeme.range.end));
    }
    ranges.extend(open);
    ranges
}

/// The name Snowflake gives an item without an alias: its text, in upper case outside quotes.
pub(super) fn written_name(text: &str) -> String {
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
