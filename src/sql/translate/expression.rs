//! Expressions: one arm per construct that is known; everything else is refused.

use std::ops::Range;

use sqlparser::ast::{
    self, CaseWhen, CastKind, CeilFloorKind, Expr, Ident, Query, Spanned, TrimWhereField, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Token;

use super::cast::{Failing, cannot};
use super::operator::Like;
use super::position::mark;
use super::typed::Typed;
use super::{Step, Translator, literal};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// How deep expressions and queries may nest.
const DEPTH: usize = 200;

impl Translator<'_> {
    /// Translates an expression.
    pub(super) fn expression(&mut self, expr: &Expr) -> Step<Typed> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(SqlProblem::unsupported(format!("nesting deeper than {DEPTH}"), self.range_of(expr)));
        }
        let made = self.construct(expr);
        self.depth -= 1;
        made
    }

    fn construct(&mut self, expr: &Expr) -> Step<Typed> {
        match expr {
            Expr::Identifier(ident) => self.identifier(ident),
            Expr::CompoundIdentifier(parts) => self.resolve_qualified(parts),
            Expr::Value(value) => self.value(value),
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Nested(inner) => {
                let inner = self.expression(inner)?;
                Ok(Typed { sql: format!("({})", inner.sql), ..inner })
            }
            Expr::BinaryOp { .. } => self.binary(expr),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Cast { kind, expr: inner, data_type, format: None } => self.cast(kind, inner, data_type, expr),
            Expr::JsonAccess { value, path } => self.json_access(value, path),
            Expr::CompoundFieldAccess { root, access_chain } => self.field_access(root, access_chain),
            Expr::Function(function) => self.call(function, &self.range_of(expr)),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), &self.range_of(expr))
            }
            Expr::Subquery(query) => self.scalar_subquery(query, &self.range_of(expr)),
            Expr::Interval(_) => Err(SqlProblem::unsupported("an interval outside a sum", self.range_of(expr))),
            _ => self.predicate(expr),
        }
    }

    fn predicate(&mut self, expr: &Expr) -> Step<Typed> {
        let truth = |sql: String| Ok(Typed::new(sql, DataType::Boolean));
        match expr {
            Expr::IsNull(inner) => truth(format!("({} IS NULL)", self.expression(inner)?.sql)),
            Expr::IsNotNull(inner) => truth(format!("({} IS NOT NULL)", self.expression(inner)?.sql)),
            Expr::IsTrue(inner) => truth(format!("({} IS TRUE)", self.boolean(inner)?)),
            Expr::IsNotTrue(inner) => truth(format!("({} IS NOT TRUE)", self.boolean(inner)?)),
            Expr::IsFalse(inner) => truth(format!("({} IS FALSE)", self.boolean(inner)?)),
            Expr::IsNotFalse(inner) => truth(format!("({} IS NOT FALSE)", self.boolean(inner)?)),
            Expr::IsDistinctFrom(left, right) => self.distinct(left, "IS DISTINCT FROM", right),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, "IS NOT DISTINCT FROM", right),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::Like { negated, any, expr, pattern, escape_char } => self.like(&Like {
                operator: "LIKE",
                negated: *negated,
                any: *any,
                subject: expr,
                pattern,
                escape: escape_char.as_deref(),
            }),
            Expr::ILike { negated, any, expr, pattern, escape_char } => self.like(&Like {
                operator: "ILIKE",
                negated: *negated,
                any: *any,
                subject: expr,
                pattern,
                escape: escape_char.as_deref(),
            }),
            Expr::RLike { negated, expr, pattern, .. } => {
                let (subject, pattern) = (self.expression(expr)?.text(), self.expression(pattern)?.text());
                let not = if *negated { "NOT " } else { "" };
                truth(format!("({not}regexp_full_match({subject}, {pattern}))"))
            }
            Expr::Exists { subquery, negated } => {
                let not = if *negated { "NOT " } else { "" };
                truth(format!("({not}EXISTS ({}))", self.query(subquery)?.sql))
            }
            _ => self.syntax(expr),
        }
    }

    /// Constructs that are calls in other clothes.
    fn syntax(&mut self, expr: &Expr) -> Step<Typed> {
        let range = self.range_of(expr);
        match expr {
            Expr::Extract { field, expr, .. } => self.extract(&field.to_string(), expr),
            Expr::Position { expr, r#in } => self.named_call("POSITION", &[expr, r#in], &range),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let rest = [substring_from, substring_for].into_iter().flatten().map(Box::as_ref);
                let parts: Vec<&Expr> = std::iter::once(expr.as_ref()).chain(rest).collect();
                self.named_call("SUBSTRING", &parts, &range)
            }
            Expr::Trim { trim_where, trim_what: None, expr, trim_characters } => {
                self.trim(trim_where.as_ref(), expr, trim_characters.as_deref())
            }
            Expr::Ceil { expr, field } => self.ceil_or_floor("ceil", expr, field, &range),
            Expr::Floor { expr, field } => self.ceil_or_floor("floor", expr, field, &range),
            Expr::Array(array) => {
                let mut values = Vec::new();
                for value in &array.elem {
                    values.push(self.expression(value)?.variant());
                }
                Ok(Typed::new(format!("json_array({})", values.join(", ")), DataType::Array))
            }
            Expr::Dictionary(fields) => {
                let mut parts = Vec::new();
                for field in fields {
                    parts.push((literal(&unescape(&field.key.value)), self.expression(&field.value)?));
                }
                Ok(self.object_of(parts, false))
            }
            Expr::Tuple(values) => {
                let mut parts = Vec::new();
                for value in values {
                    parts.push(self.expression(value)?.sql);
                }
                Ok(Typed::new(format!("({})", parts.join(", ")), DataType::Unknown))
            }
            Expr::Prior(inner) => self.prior(inner),
            Expr::Prefixed { prefix, value } if prefix.value.eq_ignore_ascii_case("CONNECT_BY_ROOT") => {
                self.of_root(value)
            }
            Expr::AtTimeZone { .. } | Expr::Collate { .. } | Expr::OuterJoin(_) => {
                Err(SqlProblem::unsupported(format!("`{expr}`"), range))
            }
            _ => Err(SqlProblem::unsupported("this expression", range)),
        }
    }

    fn identifier(&mut self, ident: &Ident) -> Step<Typed> {
        if ident.quote_style.is_none() {
            if let Some(column) = ident.value.strip_prefix('$') {
                return self.variable(column, &self.at(ident));
            }
            let word = ident.value.to_ascii_uppercase();
            if matches!(word.as_str(), "CURRENT_DATE" | "CURRENT_TIMESTAMP" | "CURRENT_TIME" | "LOCALTIMESTAMP") {
                return self.named_call(&word, &[], &self.at(ident));
            }
        }
        self.resolve(ident)
    }

    /// `$1` (a column by its number) or `$name` (a session variable).
    fn variable(&mut self, name: &str, range: &Range<usize>) -> Step<Typed> {
        if let Ok(number) = name.parse::<usize>() {
            let relations = &self.scope().relations;
            if let [relation] = relations.as_slice()
                && let Some(column) = number.checked_sub(1).and_then(|at| relation.columns.get(at))
            {
                return Ok(super::scope::reference(relation, column, range));
            }
            return Err(SqlProblem::unsupported(format!("`${number}` here"), range.clone()));
        }
        match self.session.variables.get(&name.to_uppercase()) {
            Some((sql, ty)) => Ok(Typed::new(sql.clone(), *ty)),
            None => Err(SqlProblem::unsupported(
                format!("the session variable `${name}`, which is not set,"),
                range.clone(),
            )),
        }
    }

    fn value(&mut self, value: &ValueWithSpan) -> Step<Typed> {
        let range = self.text.range(value.span);
        let typed = match &value.value {
            Value::Number(digits, _) => number(digits),
            Value::SingleQuotedString(raw) => text(&unescape(raw)),
            Value::DollarQuotedString(raw) => text(&raw.value),
            Value::HexStringLiteral(digits) => Typed::new(format!("unhex({})", literal(digits)), DataType::Binary),
            Value::Boolean(truth) => Typed::new(truth.to_string(), DataType::Boolean),
            Value::Null => Typed::new("NULL", DataType::Null),
            Value::Placeholder(name) if name.starts_with('$') => return self.variable(&name[1..], &range),
            _ => return Err(SqlProblem::unsupported("this literal", range)),
        };
        Ok(Typed { sql: mark(&range, &typed.sql), ..typed })
    }

    fn typed_string(&mut self, typed: &ast::TypedString) -> Step<Typed> {
        let value = self.value(&typed.value)?;
        let range = self.text.range(typed.value.span);
        let to = self.data_type(&typed.data_type, &range)?;
        self.convert(&value, to, &range)
    }

    /// The type that is written, or the problem that it is not known.
    pub(super) fn data_type(&self, written: &ast::DataType, range: &Range<usize>) -> Step<DataType> {
        DataType::of_written(written)
            .ok_or_else(|| SqlProblem::unsupported(format!("the type `{written}`"), range.clone()))
    }

    fn cast(&mut self, kind: &CastKind, inner: &Expr, to: &ast::DataType, whole: &Expr) -> Step<Typed> {
        let range = self.range_of(whole);
        let to = self.data_type(to, &range)?;
        let value = self.expression(inner)?;
        let failing = if *kind == CastKind::TryCast { Failing::Null } else { Failing::Error };
        let made = value.convert(to, failing).ok_or_else(|| cannot(value.ty, to, &range))?;
        Ok(Typed { sql: mark(&range, &made.sql), ..made })
    }

    /// An expression as a condition.
    pub(super) fn boolean(&mut self, expr: &Expr) -> Step<String> {
        let value = self.expression(expr)?;
        Ok(self.convert(&value, DataType::Boolean, &self.range_of(expr))?.sql)
    }

    /// An expression as a whole number the engine takes as count or position.
    pub(super) fn integer(&mut self, expr: &Expr) -> Step<String> {
        let value = self.expression(expr)?;
        Ok(bigint(&self.numeric(value, &self.range_of(expr))?))
    }

    fn distinct(&mut self, left: &Expr, op: &str, right: &Expr) -> Step<Typed> {
        let range = self.range_of(left).start..self.range_of(right).end;
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        self.compare(&left, op, &right, &range)
    }

    fn between(&mut self, subject: &Expr, negated: bool, low: &Expr, high: &Expr) -> Step<Typed> {
        let range = self.range_of(subject).start..self.range_of(high).end;
        let (value, low, high) = (self.expression(subject)?, self.expression(low)?, self.expression(high)?);
        let from = self.compare(&value, ">=", &low, &range)?.sql;
        let to = self.compare(&value, "<=", &high, &range)?.sql;
        let not = if negated { "NOT " } else { "" };
        Ok(Typed::new(format!("({not}({from} AND {to}))"), DataType::Boolean))
    }

    fn in_list(&mut self, subject: &Expr, list: &[Expr], negated: bool) -> Step<Typed> {
        let range = self.range_of(subject);
        let value = self.expression(subject)?;
        let mut items = Vec::new();
        let mut sides = Vec::new();
        for item in list {
            let item_value = self.expression(item)?;
            let (left, right) = self.comparable(&value, &item_value, &range)?;
            items.push(right);
            sides.push(left);
        }
        let not = if negated { "NOT " } else { "" };
        let one_side = sides.windows(2).all(|pair| pair[0] == pair[1]);
        let sql = if one_side && !matches!(subject, Expr::Tuple(_)) {
            format!("({} {not}IN ({}))", sides[0], items.join(", "))
        } else {
            let arms: Vec<String> = sides.iter().zip(&items).map(|(l, r)| format!("{l} = {r}")).collect();
            format!("({not}({}))", arms.join(" OR "))
        };
        Ok(Typed::new(sql, DataType::Boolean))
    }

    fn in_subquery(&mut self, subject: &Expr, query: &Query, negated: bool) -> Step<Typed> {
        let range = self.range_of(subject);
        let value = self.expression(subject)?;
        let made = self.query(query)?;
        let not = if negated { "NOT " } else { "" };
        let [column] = made.columns.as_slice() else {
            return Ok(Typed::new(format!("({} {not}IN ({}))", value.sql, made.sql), DataType::Boolean));
        };
        let side = Typed::new(format!("\"SF$I\".{}", super::quote(&column.stored)), column.ty);
        let (left, right) = self.comparable(&value, &side, &range)?;
        let sql = if right == side.sql {
            format!("({left} {not}IN ({}))", made.sql)
        } else {
            format!("({left} {not}IN (SELECT {right} FROM ({}) AS \"SF$I\"))", made.sql)
        };
        Ok(Typed::new(sql, DataType::Boolean))
    }

    fn scalar_subquery(&mut self, query: &Query, range: &Range<usize>) -> Step<Typed> {
        let made = self.query(query)?;
        match made.columns.as_slice() {
            [column] => Ok(Typed::new(format!("({})", made.sql), column.ty)),
            _ if made.open => Ok(Typed::new(format!("({})", made.sql), DataType::Unknown)),
            columns => {
                let message = format!("a subquery used as a value has one column, this has {}", columns.len());
                Err(SqlProblem::new(WRONG_TYPE, message, range.clone()))
            }
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        arms: &[CaseWhen],
        otherwise: Option<&Expr>,
        range: &Range<usize>,
    ) -> Step<Typed> {
        let operand = operand.map(|operand| self.expression(operand)).transpose()?;
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for arm in arms {
            conditions.push(match &operand {
                None => self.boolean(&arm.condition)?,
                Some(operand) => {
                    let wanted = self.expression(&arm.condition)?;
                    self.compare(operand, "=", &wanted, range)?.sql
                }
            });
            results.push(self.expression(&arm.result)?);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.expression(otherwise)?);
        }
        self.choose(&conditions, &results, range)
    }

    /// `CASE` over conditions; one result more than conditions is the `ELSE`.
    pub(super) fn choose(&self, conditions: &[String], results: &[Typed], range: &Range<usize>) -> Step<Typed> {
        let ty = self.common(results, range)?;
        let mut sql = String::from("CASE");
        let mut results = results.iter();
        for (condition, result) in conditions.iter().zip(results.by_ref()) {
            sql.push_str(&format!(" WHEN {condition} THEN {}", self.unify(result, ty, range)?));
        }
        if let Some(otherwise) = results.next() {
            sql.push_str(&format!(" ELSE {}", self.unify(otherwise, ty, range)?));
        }
        Ok(Typed { exact: ty.family() != Family::Number, ..Typed::new(sql + " END", ty) })
    }

    fn trim(&mut self, side: Option<&TrimWhereField>, expr: &Expr, what: Option<&[Expr]>) -> Step<Typed> {
        let function = match side {
            None | Some(TrimWhereField::Both) => "trim",
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
        };
        let text = self.expression(expr)?.text();
        let what = match what {
            Some([what]) => self.expression(what)?.text(),
            _ => "' '".to_owned(),
        };
        Ok(Typed::new(format!("{function}({text}, {what})"), DataType::TEXT))
    }

    fn ceil_or_floor(
        &mut self,
        function: &str,
        expr: &Expr,
        field: &CeilFloorKind,
        range: &Range<usize>,
    ) -> Step<Typed> {
        let value = self.expression(expr)?;
        let value = self.numeric(value, range)?;
        match field {
            CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => self.whole(function, &value, 0),
            CeilFloorKind::Scale(scale) => {
                let digits =
                    scale.to_string().parse().map_err(|_| SqlProblem::unsupported("this scale", range.clone()))?;
                self.whole(function, &value, digits)
            }
            CeilFloorKind::DateTimeField(_) => Err(SqlProblem::unsupported("rounding to a date part", range.clone())),
        }
    }

    /// The bytes of an expression: the parser's span, widened over what the parser leaves out. Walks left spines in
    /// loops: they may be thousands long.
    pub(super) fn range_of(&self, expr: &Expr) -> Range<usize> {
        match expr {
            Expr::BinaryOp { right, .. } => self.start_of(expr)..self.range_of(right).end,
            Expr::Cast { .. } | Expr::JsonAccess { .. } => {
                let mut inner = expr;
                while let Expr::Cast { expr, .. } | Expr::JsonAccess { value: expr, .. } = inner {
                    inner = expr;
                }
                let range = self.range_of(inner);
                range.start..self.end_of_postfix(range.end)
            }
            Expr::Function(_) => self.widened(self.text.range(expr.span())),
            _ => self.text.range(expr.span()),
        }
    }

    fn start_of(&self, expr: &Expr) -> usize {
        let mut first = expr;
        while let Expr::BinaryOp { left: expr, .. } | Expr::Cast { expr, .. } | Expr::JsonAccess { value: expr, .. } =
            first
        {
            first = expr;
        }
        self.text.range(first.span()).start
    }

    /// The end of the `::type` and `:path` steps that follow a byte.
    fn end_of_postfix(&self, end: usize) -> usize {
        let mut at = self.text.index_at(end);
        let mut end = end;
        let is = |at: usize, tokens: &[Token]| {
            self.text.lexemes.get(at).is_some_and(|lexeme| tokens.contains(&lexeme.token.token))
        };
        while is(at, &[Token::DoubleColon, Token::Colon, Token::Period, Token::LBracket, Token::LParen]) {
            let close = match self.text.lexemes[at].token.token {
                Token::LBracket => Token::RBracket,
                Token::LParen => Token::RParen,
                _ => {
                    end = self.text.lexemes.get(at + 1).map_or(end, |lexeme| lexeme.range.end);
                    at += 2;
                    continue;
                }
            };
            while at < self.text.lexemes.len() && !is(at, std::slice::from_ref(&close)) {
                at += 1;
            }
            end = self.text.lexemes.get(at).map_or(end, |lexeme| lexeme.range.end);
            at += 1;
        }
        end
    }

    /// A range widened to the parenthesis that closes the first one in it.
    fn widened(&self, range: Range<usize>) -> Range<usize> {
        let from = self.text.index_at(range.start);
        let mut depth = 0;
        for lexeme in &self.text.lexemes[from..] {
            match lexeme.token.token {
                Token::LParen => depth += 1,
                Token::RParen if depth == 1 => return range.start..lexeme.range.end.max(range.end),
                Token::RParen => depth -= 1,
                _ if depth == 0 && lexeme.range.start > range.end => break,
                _ => {}
            }
        }
        range
    }
}

/// A number as `BIGINT`, the type the engine's functions take.
pub(super) fn bigint(value: &Typed) -> String {
    let plain = super::position::plain(&value.sql);
    if plain.trim_start_matches(['(', '-']).trim_end_matches(')').bytes().all(|byte| byte.is_ascii_digit()) {
        value.sql.clone()
    } else {
        format!("CAST({} AS BIGINT)", value.sql)
    }
}

/// A text literal: it is as long as a column that is made of it.
fn text(value: &str) -> Typed {
    let length = u32::try_from(value.chars().count()).ok().map(|length| length.max(1));
    Typed::new(literal(value), DataType::Varchar(length))
}

/// A number literal with the digits Snowflake sees in it.
fn number(digits: &str) -> Typed {
    if digits.contains(['e', 'E']) {
        return Typed::new(format!("CAST({digits} AS DOUBLE)"), DataType::Float);
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let scale = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let precision = u32::try_from(whole.len()).unwrap_or(u32::MAX).saturating_add(scale);
    if precision > 38 {
        return Typed::new(format!("CAST({digits} AS DOUBLE)"), DataType::Float);
    }
    Typed::loose(digits, DataType::number(precision, scale))
}

/// A string literal's value: quotes are doubled in it, and backslashes escape as Snowflake says.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                chars.next_if_eq(&'\'');
                text.push('\'');
            }
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('0') => text.push('\0'),
                Some('x') => code(&mut chars, 2, &mut text),
                Some('u') => code(&mut chars, 4, &mut text),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}

/// The character of a `\x` or `\u` escape; text that is no escape stays.
fn code(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, digits: usize, text: &mut String) {
    let mut hex = String::new();
    while hex.len() < digits
        && let Some(digit) = chars.next_if(char::is_ascii_hexdigit)
    {
        hex.push(digit);
    }
    match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).filter(|_| hex.len() == digits) {
        Some(c) => text.push(c),
        None => text.push_str(&hex),
    }
}
