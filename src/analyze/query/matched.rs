//! `MATCH_RECOGNIZE`: rows of a relation in an order, matched by a pattern.

use std::rc::Rc;

use super::expression::rows_of;
use super::scope::{Relation, Scope};
use super::select::as_made;
use super::shape::{Made, Shape, Value};
use super::{Analyst, all_rows};
use crate::analyze::edge::EdgeKind;
use crate::analyze::nulls::Nulls;
use crate::sql::ValueType;
use crate::sql::query::{Call, Expr, Match, Name};

/// Functions that look at other rows of a match.
const ROWS: [&str; 4] = ["FIRST", "LAST", "PREV", "NEXT"];
/// Functions of the match itself: which it is, and which part of the pattern the row is.
const OWN: [&str; 3] = ["MATCH_NUMBER", "MATCH_SEQUENCE_NUMBER", "CLASSIFIER"];

impl Analyst<'_> {
    /// One row for each match has the partition's columns and the measures; all rows have all columns, and the measures.
    pub(super) fn matched_rows(&mut self, matched: &Match) -> Shape {
        let input = self.apart(&matched.input);
        let symbols = matched.symbols.iter().map(|symbol| symbol.key.clone()).collect();
        let relations = vec![Relation::new(None, input.clone())];
        self.scopes.push(Scope { relations, symbols, ..Scope::default() });
        let keys: Vec<Value> = matched.partition.iter().chain(&matched.order).map(|key| self.value(key)).collect();
        self.deciding += 1;
        let definitions: Vec<Value> = self.values(&matched.definitions);
        self.deciding -= 1;
        let measures: Vec<(Name, Value)> = matched
            .measures
            .iter()
            .map(|(expr, name)| {
                let value = self.value(expr);
                let data_type = value.data_type.clone();
                (name.clone(), Value::made([&value], EdgeKind::Aggregated).typed(data_type).nullable(Nulls::Unknown))
            })
            .collect();
        self.scopes.pop();
        let made = as_made(&input);
        let mut decided = vec![made.rows.clone()];
        decided.extend(keys.iter().chain(&definitions).map(|value| rows_of(&Value::made([value], EdgeKind::Indirect))));
        let (mut columns, mut open, mut soft) = (made.columns, made.open, made.soft);
        if !matched.all_rows {
            let kept = matched.partition.iter().zip(&keys).filter_map(|(expr, value)| match expr {
                Expr::Column(parts, _) => parts.last().map(|name| (name.clone(), value.clone())),
                _ => None,
            });
            (columns, open, soft) = (kept.collect(), None, None);
        }
        columns.extend(measures);
        Shape::Made(Rc::new(Made::new(columns, open, all_rows(&decided)).softly(soft)))
    }

    /// A function that there is among the rows of a match only.
    pub(super) fn call_in_match(&mut self, call: &Call) -> Option<Value> {
        let is_match = self.scopes.last().is_some_and(|scope| !scope.symbols.is_empty());
        if !is_match || call.window.is_some() {
            return None;
        }
        if ROWS.contains(&call.name.as_str()) {
            let arguments: Vec<Value> = call.arguments.iter().map(|argument| self.value(&argument.value)).collect();
            let data_type = arguments.first().map_or(ValueType::Unknown, |first| first.data_type.clone());
            return Some(Value::made(&arguments, EdgeKind::Aggregated).typed(data_type));
        }
        OWN.contains(&call.name.as_str()).then(|| {
            let is_word = call.name == "CLASSIFIER";
            let data_type = if is_word { ValueType::text(self.dialect) } else { ValueType::integer(self.dialect) };
            Value::constant(data_type).nullable(Nulls::Never)
        })
    }
}
