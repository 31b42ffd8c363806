//! Operators: comparison, arithmetic with Snowflake's precision and scale, logic, `LIKE`.

use std::ops::Range;

use sqlparser::ast::{BinaryOperator as Op, Expr, UnaryOperator, Value};

use super::position::mark;
use super::typed::Typed;
use super::{Step, Translator, literal};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

impl Translator<'_> {
    /// A chain of binary operators; the left spine is walked in a loop, so that long chains need no stack.
    pub(super) fn binary(&mut self, whole: &Expr) -> Step<Typed> {
        let mut spine = Vec::new();
        let mut first = whole;
        while let Expr::BinaryOp { left, op, right } = first {
            spine.push((op, right));
            first = left;
        }
        let range = self.range_of(whole);
        let mut value = self.expression(first)?;
        while let Some((op, right)) = spine.pop() {
            if let (Op::Plus | Op::Minus, Expr::Interval(interval)) = (op, right.as_ref()) {
                value = self.shift_by(value, &op.to_string(), interval)?;
                continue;
            }
            let part = range.start..self.range_of(right).end;
            let mut logic = vec![(op, self.expression(right)?)];
            while let Some((next, right)) = spine.last().filter(|(next, _)| *next == op && joins(op)) {
                logic.push((next, self.expression(right)?));
                spine.pop();
            }
            value = self.apply(value, logic, if joins(op) { &range } else { &part })?;
            if matches!(op, Op::Divide | Op::Modulo) {
                value.sql = mark(&part, &value.sql);
            }
        }
        Ok(value)
    }

    fn apply(&mut self, left: Typed, rights: Vec<(&Op, Typed)>, range: &Range<usize>) -> Step<Typed> {
        let op = rights[0].0;
        if joins(op) {
            let mut operands = vec![self.operand_of(op, &left, range)?];
            for (_, right) in &rights {
                operands.push(self.operand_of(op, right, range)?);
            }
            let joined = rights.iter().fold(left.ty, |ty, (_, right)| ty.concatenated(right.ty));
            let ty = if *op == Op::StringConcat { joined } else { DataType::Boolean };
            return Ok(Typed::new(format!("({})", operands.join(&format!(" {op} "))), ty));
        }
        let right = rights.into_iter().next().expect("an operator has a right side").1;
        match op {
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => {
                self.compare(&left, &op.to_string(), &right, range)
            }
            Op::Plus | Op::Minus => self.sum_or_shift(left, op, right, range),
            Op::Multiply | Op::Divide | Op::Modulo => self.arithmetic(left, op, right, range),
            _ => Err(SqlProblem::unsupported(format!("the operator `{op}`"), range.clone())),
        }
    }

    fn operand_of(&self, op: &Op, value: &Typed, range: &Range<usize>) -> Step<String> {
        match op {
            Op::StringConcat => Ok(value.text()),
            _ => Ok(self.convert(value, DataType::Boolean, range)?.sql),
        }
    }

    /// A comparison; both sides are brought to one type as Snowflake does.
    pub(super) fn compare(&self, left: &Typed, op: &str, right: &Typed, range: &Range<usize>) -> Step<Typed> {
        let ordered = matches!(op, "<" | "<=" | ">" | ">=");
        if ordered && left.ty.family() == Family::Semi && right.ty.family() == Family::Semi {
            let (left, right) = (left.text(), right.text());
            let keys = format!("sf_variant_key({left}) {op} sf_variant_key({right})");
            let sql = format!("CASE WHEN {left} IS NOT NULL AND {right} IS NOT NULL THEN {keys} END");
            return Ok(Typed::new(sql, DataType::Boolean));
        }
        let (left, right) = self.comparable(left, right, range)?;
        Ok(Typed::new(format!("({left} {op} {right})"), DataType::Boolean))
    }

    /// Two values brought to one type for comparison.
    pub(super) fn comparable(&self, left: &Typed, right: &Typed, range: &Range<usize>) -> Step<(String, String)> {
        let to = match (left.ty.family(), right.ty.family()) {
            (Family::Semi, Family::Semi) if left.ty == DataType::Variant && right.ty == DataType::Variant => {
                return Ok((format!("sf_alike({})", left.sql), format!("sf_alike({})", right.sql)));
            }
            (Family::Semi, Family::Semi) | (_, Family::Null | Family::Unknown) => {
                return Ok((left.sql.clone(), right.sql.clone()));
            }
            (Family::Null | Family::Unknown, _) => return Ok((left.sql.clone(), right.sql.clone())),
            (Family::Semi, _) => wide(right.ty),
            (_, Family::Semi) => wide(left.ty),
            (Family::Text, Family::Number) | (Family::Number, Family::Text) => DataType::number(38, 12),
            _ => left.ty.common(right.ty).ok_or_else(|| {
                let message = format!("{} and {} cannot be compared", left.ty, right.ty);
                SqlProblem::new(WRONG_TYPE, message, range.clone())
            })?,
        };
        // Zoned values are compared as instants.
        let to = if to.family() == Family::Zoned { DataType::TimestampLtz } else { to };
        let side = |value: &Typed| -> Step<String> {
            if value.ty.family() == to.family() && to.family() != Family::Zoned {
                return Ok(value.sql.clone());
            }
            Ok(self.convert(value, to, range)?.sql)
        };
        Ok((side(left)?, side(right)?))
    }

    fn sum_or_shift(&mut self, left: Typed, op: &Op, right: Typed, range: &Range<usize>) -> Step<Typed> {
        let day = |family| matches!(family, Family::Date);
        match (left.ty.family(), right.ty.family()) {
            (Family::Date, Family::Number) => {
                let sql = format!("({} {op} CAST({} AS INTEGER))", left.sql, right.sql);
                Ok(Typed::new(sql, DataType::Date))
            }
            (Family::Number, Family::Date) if *op == Op::Plus => {
                Ok(Typed::new(format!("({} + CAST({} AS INTEGER))", right.sql, left.sql), DataType::Date))
            }
            (Family::Date, to) if *op == Op::Minus && day(to) => {
                Ok(Typed::loose(format!("({} - {})", left.sql, right.sql), DataType::number(9, 0)))
            }
            _ => self.arithmetic(left, op, right, range),
        }
    }

    /// `+ - * / %` on numbers.
    pub(super) fn arithmetic(&self, left: Typed, op: &Op, right: Typed, range: &Range<usize>) -> Step<Typed> {
        let left = self.numeric(left, range)?;
        let right = self.numeric(right, range)?;
        let (Some(l), Some(r)) = (left.ty.digits(), right.ty.digits()) else {
            return self.float_arithmetic(&left, op, &right, range);
        };
        let (a, b) = (left.stored(), right.stored());
        let (whole, scale) = (l.0 - l.1, l.1.max(r.1));
        Ok(match op {
            Op::Plus | Op::Minus => {
                let digits = whole.max(r.0 - r.1) + scale + 1;
                let ty = DataType::number(digits, scale);
                match widened(&left, &right, digits) {
                    Some(a) => Typed::loose(format!("({a} {op} {b})"), ty),
                    None => Typed::new(format!("({a} {op} {b})"), ty),
                }
            }
            Op::Multiply => {
                let scale = (l.1 + r.1).min(scale.max(12));
                let ty = DataType::number(whole + (r.0 - r.1) + scale, scale);
                let wide = widened(&left, &right, l.0 + r.0);
                let product = format!("({} * {b})", wide.as_ref().unwrap_or(&a));
                if wide.is_some() && scale == l.1 + r.1 {
                    Typed::loose(product, ty)
                } else if scale == l.1 + r.1 {
                    Typed::new(product, ty)
                } else {
                    Typed::new(format!("CAST({product} AS {})", ty.duckdb()), ty)
                }
            }
            Op::Divide => divide(&a, l, &b, r),
            _ => {
                let ty = DataType::number((r.0 - r.1).max(whole) + scale, scale);
                Typed::loose(format!("sf_mod({a}, {b})"), ty)
            }
        })
    }

    fn float_arithmetic(&self, left: &Typed, op: &Op, right: &Typed, range: &Range<usize>) -> Step<Typed> {
        let a = self.convert(left, DataType::Float, range)?.sql;
        let b = self.convert(right, DataType::Float, range)?.sql;
        let sql = match op {
            Op::Divide => format!("sf_fdiv({a}, {b})"),
            Op::Modulo => format!("sf_mod({a}, {b})"),
            _ => format!("({a} {op} {b})"),
        };
        Ok(Typed::new(sql, DataType::Float))
    }

    /// An operand of arithmetic: text and semi-structured values become numbers.
    pub(super) fn numeric(&self, value: Typed, range: &Range<usize>) -> Step<Typed> {
        match value.ty.family() {
            Family::Number | Family::Float => Ok(value),
            Family::Null => self.convert(&value, DataType::INTEGER, range),
            Family::Text => self.convert(&value, DataType::number(38, 5), range),
            Family::Semi | Family::Unknown => self.convert(&value, DataType::Float, range),
            Family::Boolean => self.convert(&value, DataType::number(1, 0), range),
            _ => Err(SqlProblem::new(WRONG_TYPE, format!("{} is not a number", value.ty), range.clone())),
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOperator, operand: &Expr) -> Step<Typed> {
        let range = self.range_of(operand);
        match op {
            UnaryOperator::Not | UnaryOperator::BangNot => {
                let value = self.expression(operand)?;
                let sql = self.convert(&value, DataType::Boolean, &range)?.sql;
                Ok(Typed::new(format!("(NOT {sql})"), DataType::Boolean))
            }
            UnaryOperator::Minus | UnaryOperator::Plus => {
                let value = self.expression(operand)?;
                let value = self.numeric(value, &range)?;
                Ok(Typed { sql: format!("({op}{})", value.sql), path: None, ..value })
            }
            _ => Err(SqlProblem::unsupported(format!("the operator `{op}`"), range)),
        }
    }

    /// `LIKE` and `ILIKE`, also with `ANY` or `ALL`.
    pub(super) fn like(&mut self, like: &Like<'_>) -> Step<Typed> {
        let subject = self.expression(like.subject)?.text();
        let escape = match like.escape {
            None => String::new(),
            Some(Expr::Value(value)) => match &value.value {
                Value::SingleQuotedString(text) => {
                    format!(" ESCAPE {}", literal(&super::expression::unescape(text)))
                }
                _ => return Err(SqlProblem::unsupported("this ESCAPE", self.range_of(like.pattern))),
            },
            Some(other) => return Err(SqlProblem::unsupported("a computed ESCAPE", self.range_of(other))),
        };
        let patterns: Vec<&Expr> = match like.pattern {
            Expr::Tuple(patterns) if like.any => patterns.iter().collect(),
            Expr::Nested(one) if like.any => vec![one],
            Expr::Function(function) if all_of(function).is_some() => all_of(function).unwrap_or_default(),
            pattern if !like.any => vec![pattern],
            pattern => return Err(SqlProblem::unsupported("ANY over a query", self.range_of(pattern))),
        };
        let operator = like.operator;
        let joins = if matches!(like.pattern, Expr::Function(function) if all_of(function).is_some()) {
            " AND "
        } else {
            " OR "
        };
        let mut arms = Vec::new();
        for pattern in patterns {
            arms.push(format!("{subject} {operator} {}{escape}", self.expression(pattern)?.text()));
        }
        let all = arms.join(joins);
        let sql = if like.negated { format!("(NOT ({all}))") } else { format!("({all})") };
        Ok(Typed::new(sql, DataType::Boolean))
    }
}

/// The patterns of `ALL (…)`, which the parser reads as a call.
fn all_of(function: &sqlparser::ast::Function) -> Option<Vec<&Expr>> {
    use sqlparser::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    if !function.name.to_string().eq_ignore_ascii_case("all") {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let pattern = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref pattern)) => Some(pattern),
        _ => None,
    };
    list.args.iter().map(pattern).collect()
}

/// A `LIKE` as it is written.
pub(super) struct Like<'e> {
    pub(super) operator: &'static str,
    pub(super) negated: bool,
    pub(super) any: bool,
    pub(super) subject: &'e Expr,
    pub(super) pattern: &'e Expr,
    pub(super) escape: Option<&'e Expr>,
}

/// Whether a chain of this operator is one operator with many operands.
fn joins(op: &Op) -> bool {
    matches!(op, Op::And | Op::Or | Op::StringConcat)
}

/// The left operand in a type of more than 18 digits, where the result may need them: the engine keeps to 64 bits as long
/// as both operands fit in them.
fn widened(left: &Typed, right: &Typed, digits: u32) -> Option<String> {
    let ((l, scale), (r, _)) = (left.ty.digits()?, right.ty.digits()?);
    (l <= 18 && r <= 18 && digits > 18).then(|| format!("CAST({} AS DECIMAL({},{scale}))", left.sql, 19.max(l)))
}

/// The type to which a semi-structured value is brought beside one of this type.
fn wide(ty: DataType) -> DataType {
    match ty {
        DataType::Number { scale, .. } => DataType::number(38, u32::from(scale).max(9)),
        other => other,
    }
}

/// The quotient of two exact numbers: at least six digits more behind the point, rounded half away from zero.
pub(super) fn divide(a: &str, left: (u32, u32), b: &str, right: (u32, u32)) -> Typed {
    let scale = left.1.max((left.1 + 6).min(12));
    let ty = DataType::number(left.0 - left.1 + right.1 + scale, scale);
    let power = |digits: u32| format!("1{}", "0".repeat(digits as usize));
    let dividend = format!("CAST({a} * {} AS HUGEINT)", power(scale + right.1));
    let divisor = match right.1 {
        0 => format!("CAST({b} AS HUGEINT)"),
        digits => format!("CAST({b} * {} AS HUGEINT)", power(digits)),
    };
    let unit = format!("0.{}1", "0".repeat(scale.saturating_sub(1) as usize));
    let sql = format!("CAST(CAST(sf_div({dividend}, {divisor}) AS DECIMAL(38,0)) * {unit} AS {})", ty.duckdb());
    Typed::new(sql, ty)
}
