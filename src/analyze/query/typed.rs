//! Values of types that a place does not take.

use std::ops::Range;

use super::Analyst;
use super::expression::{place, rows_of};
use super::shape::{Rows, Value};
use crate::analyze::edge::EdgeKind;
use crate::sql::query::{Call, Expr, Literal, Operator};
use crate::sql::{Dialect, ValueType};

/// Functions whose arguments are brought to one type, from this one on.
const COMMON: [(&str, usize); 6] = [("COALESCE", 0), ("NVL", 0), ("IFNULL", 0), ("IFF", 1), ("NVL2", 1), ("NULLIF", 0)];
/// Functions that compute with numbers only.
const NUMERIC: [&str; 3] = ["SUM", "AVG", "ABS"];

impl Analyst<'_> {
    /// Operands of types that cannot stand beside each other.
    pub(super) fn check_operands(
        &mut self,
        operator: Operator,
        (left, first): (&ValueType, &Expr),
        (right, second): (&ValueType, &Expr),
    ) {
        let is_wrong = match operator {
            truth if truth.is_truth() => !left.fits(right),
            _ => {
                left.has_no_result(operator, right)
                    || self.is_text_column_in_sum(operator, (left, first), (right, second))
            }
        };
        let (Some(left), Some(right), true) = (left.rough(), right.rough(), is_wrong) else { return };
        let Some(span) = place(second).or_else(|| place(first)) else { return };
        let message = match operator {
            truth if truth.is_truth() => format!("{left} cannot be compared with {right}"),
            _ => format!("no arithmetic with {left} and {right}"),
        };
        self.finding("wrong-type", message, &span, Some("cast one of them".to_owned()));
    }

    /// Whether a column of texts is computed with, which `DuckDB` does with constants only.
    fn is_text_column_in_sum(
        &self,
        operator: Operator,
        (left, first): (&ValueType, &Expr),
        (right, second): (&ValueType, &Expr),
    ) -> bool {
        let is_number = |one: &ValueType| one.rough() == Some("a number");
        let is_text = |one: &ValueType, expr: &Expr| {
            one.rough() == Some("a text") && matches!(expr, Expr::Column(..) | Expr::Cast(..))
        };
        self.dialect == Dialect::DuckDb
            && operator.is_arithmetic()
            && ((is_text(left, first) && is_number(right)) || (is_number(left) && is_text(right, second)))
    }

    /// A sign before what has none.
    pub(super) fn check_sign(&mut self, inner: &Expr, data_type: &ValueType) {
        let (Some(rough), Some(span)) = (data_type.rough(), place(inner)) else { return };
        if self.dialect == Dialect::DuckDb && ["a truth value", "a date", "a timestamp"].contains(&rough) {
            self.finding("wrong-type", format!("no arithmetic with {rough}"), &span, Some("cast it".to_owned()));
        }
    }

    /// What a condition of WHERE or QUALIFY decides. Snowflake takes truth values and variants only.
    pub(super) fn filter(&mut self, condition: &Expr, span: Option<&Range<usize>>) -> Rows {
        self.deciding += 1;
        let value = self.value(condition);
        self.deciding -= 1;
        // What a function gives is known too roughly.
        let is_plain = matches!(condition, Expr::Column(..) | Expr::Literal(_) | Expr::Chain(..) | Expr::Cast(..));
        let rough = value.data_type.rough().filter(|rough| !["a truth value", "semi-structured"].contains(rough));
        if let (Some(rough), Some(span), Dialect::Snowflake, true) = (rough, span, self.dialect, is_plain) {
            let message = format!("a condition is true or false, and this is {rough}");
            self.finding("wrong-type", message, span, Some("compare it with something".to_owned()));
        }
        rows_of(&Value::made([&value], EdgeKind::Indirect))
    }

    /// Arguments of types that a function does not take.
    pub(super) fn check_arguments(&mut self, call: &Call, arguments: &[Value]) {
        let name = call.name.as_str();
        if let ([written], [value], true) = (call.arguments.as_slice(), arguments, NUMERIC.contains(&name)) {
            let is_wrong = match (self.dialect, value.data_type.rough()) {
                (_, None) => false,
                (Dialect::Snowflake, Some(rough)) => {
                    ["a truth value", "a date", "a time", "a timestamp", "binary"].contains(&rough)
                        || value.data_type.is_container()
                }
                (Dialect::DuckDb, Some(rough)) => match name {
                    "AVG" => ["a truth value", "a text"].contains(&rough),
                    "SUM" => ["a text", "a date", "a timestamp"].contains(&rough),
                    _ => ["a truth value", "a date", "a timestamp"].contains(&rough),
                },
            };
            let is_constant = matches!(written.value, Expr::Literal(_));
            if let (Some(span), Some(rough), true, false) =
                (place(&written.value), value.data_type.rough(), is_wrong, is_constant)
            {
                let message = format!("`{name}` takes numbers, and this is {rough}");
                self.finding("wrong-type", message, &span, Some("cast it".to_owned()));
            }
        }
        if let Some((_, from)) = COMMON.iter().find(|(known, _)| *known == name)
            && call.arguments.len() == arguments.len()
            && *from < arguments.len()
        {
            let written: Vec<&Expr> = call.arguments.iter().skip(*from).map(|argument| &argument.value).collect();
            self.check_common(&written, &arguments[*from..]);
        }
    }

    /// Values that become one, of which one is a moment and the other a number.
    pub(super) fn check_common(&mut self, written: &[&Expr], values: &[Value]) {
        let is_moment = |rough: &str| ["a date", "a timestamp", "a time"].contains(&rough);
        let is_other = |rough: &str| ["a number", "a truth value"].contains(&rough);
        let mut first: Option<(&'static str, Option<Range<usize>>)> = None;
        for (expr, value) in written.iter().zip(values) {
            let Some(rough) = value.data_type.rough().filter(|rough| is_moment(rough) || is_other(rough)) else {
                continue;
            };
            if matches!(expr, Expr::Literal(Literal::Null)) {
                continue;
            }
            let Some((before, earlier)) = &first else {
                first = Some((rough, place(expr)));
                continue;
            };
            if is_moment(before) != is_moment(rough) {
                let Some(span) = place(expr).or_else(|| earlier.clone()) else { return };
                let message = format!("{before} and {rough} cannot become one value");
                self.finding("wrong-type", message, &span, Some("cast one of them".to_owned()));
                return;
            }
        }
    }
}
