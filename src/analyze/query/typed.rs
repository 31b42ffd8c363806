//! Values of types that a place does not take.

use std::ops::Range;

use super::Analyst;
use super::expression::{place, rows_of};
use super::shape::{Rows, Value};
use crate::analyze::edge::EdgeKind;
use crate::diagnostic::did_you_mean;
use crate::sql::query::{
    Argument, Call, DATE_PARTS, Expr, Literal, Name, Operator, Place, Step, date_part_at, is_date_part,
};
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
        let is_variant = |rough: &str| rough == "semi-structured" && !value.data_type.is_container();
        let rough = value.data_type.rough().filter(|rough| *rough != "a truth value" && !is_variant(rough));
        if let (Some(rough), Some(span), Dialect::Snowflake, true) = (rough, span, self.dialect, is_plain) {
            let message = format!("a condition is true or false, and this is {rough}");
            self.finding("wrong-type", message, span, Some("compare it with something".to_owned()));
        }
        rows_of(&Value::made([&value], EdgeKind::Indirect))
    }

    /// A path into a value that has no parts. A text of `DuckDB`'s has characters by their number.
    pub(super) fn check_path(&mut self, of: &ValueType, first: &Step, span: &Range<usize>) {
        let has_characters = self.dialect == Dialect::DuckDb && !matches!(first, Step::Key(_));
        let (Some(rough), true) = (of.rough(), of.is_simple()) else { return };
        if has_characters && rough == "a text" {
            return;
        }
        self.finding("wrong-type", format!("{rough} has no parts for a path"), span, None);
    }

    /// Fields that a column does not have.
    pub(super) fn check_fields(&mut self, of: &ValueType, fields: &[Name], place: Place) {
        let mut data_type = of.clone();
        for field in fields {
            if let (Some(rough), true) = (data_type.rough(), data_type.is_simple()) {
                self.finding("wrong-type", format!("{rough} has no field `{}`", field.text), &place.name(), None);
                return;
            }
            if let Some(known) = data_type.fields()
                && !known.iter().any(|name| name.eq_ignore_ascii_case(&field.text))
            {
                let near = did_you_mean(&field.text, known.iter().map(String::as_str));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                self.finding("unknown-column", format!("there is no field `{}`", field.text), &place.name(), help);
                return;
            }
            data_type = data_type.part(Some(&field.text));
        }
    }

    /// What UNNEST cannot take apart.
    pub(super) fn check_unnested(&mut self, written: &Expr, of: &ValueType) {
        if let (Some(rough), Some(span), true) =
            (of.rough(), place(written), of.is_simple() && self.dialect == Dialect::DuckDb)
        {
            self.finding("wrong-type", format!("`UNNEST` takes lists and structs, and this is {rough}"), &span, None);
        }
    }

    /// `LIKE` beside what is no text, which `DuckDB` does not take.
    pub(super) fn check_like(&mut self, written: &[Expr], values: &[Value]) {
        for (expr, value) in written.iter().zip(values) {
            let rough =
                value.data_type.rough().filter(|rough| !["a text", "binary", "a struct", "a map"].contains(rough));
            if let (Dialect::DuckDb, Some(rough), Some(span)) = (self.dialect, rough, place(expr)) {
                self.finding(
                    "wrong-type",
                    format!("LIKE takes a text, and this is {rough}"),
                    &span,
                    Some("cast it".to_owned()),
                );
            }
        }
    }

    /// The words for parts of a date that are written as a text, and are likely misspelled.
    pub(super) fn check_parts(&mut self, call: &Call) {
        let Some(Argument { value: Expr::Literal(Literal::Text(word)), span, .. }) =
            call.arguments.get(date_part_at(&call.name, self.dialect).unwrap_or(usize::MAX))
        else {
            return;
        };
        if is_date_part(word) || span.is_empty() {
            return;
        }
        if let Some(near) = did_you_mean(word, DATE_PARTS) {
            let help = Some(format!("did you mean `{near}`?"));
            self.finding("wrong-arguments", format!("`{word}` is no part of a date or time"), span, help);
        }
    }

    /// Arguments of types that a function does not take.
    pub(super) fn check_arguments(&mut self, call: &Call, arguments: &[Value]) {
        let name = call.name.as_str();
        if let (Some(written), Some(value)) = (call.arguments.first(), arguments.first())
            && matches!(written.value, Expr::Column(..) | Expr::Cast(..))
            && call.arguments.len() == arguments.len()
            && value.data_type.is_refused_by(name, self.dialect)
            && let (Some(rough), Some(span)) = (value.data_type.rough(), place(&written.value))
        {
            let message = format!("`{name}` takes something else, and this is {rough}");
            self.finding("wrong-type", message, &span, Some("cast it".to_owned()));
        }
        if let ([written], [value], true) = (call.arguments.as_slice(), arguments, NUMERIC.contains(&name)) {
            let is_wrong = match (self.dialect, value.data_type.rough()) {
                (_, None) => false,
                (Dialect::Snowflake, Some(rough)) => {
                    ["a truth value", "a date", "a time", "a timestamp", "binary"].contains(&rough)
                        || value.data_type.is_container()
                }
                (Dialect::DuckDb, Some(rough)) => match name {
                    "AVG" => ["a truth value", "a text", "a list"].contains(&rough),
                    "SUM" => ["a text", "a date", "a timestamp", "a list"].contains(&rough),
                    _ => ["a truth value", "a date", "a timestamp", "a list"].contains(&rough),
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
