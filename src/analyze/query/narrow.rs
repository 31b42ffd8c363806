//! What a condition says of the rows that fulfil it: columns that are not NULL there.
//!
//! A comparison with NULL is not true, so a row for which `a = b` holds has neither a NULL in `a` nor in `b`.

use super::Analyst;
use super::nullable::is_strict;
use super::scope::Scope;
use crate::analyze::nulls::Nulls;
use crate::sql::Dialect;
use crate::sql::query::{Expr, Name, Operator, Predicate};

/// Columns, as they are written.
type Columns<'e> = Vec<&'e [Name]>;

impl Analyst<'_> {
    /// Heeds that only rows are left for which a condition is true.
    pub(super) fn narrow(&mut self, condition: &Expr) {
        let mut columns = Vec::new();
        holds(condition, true, self.dialect, &mut columns);
        self.prove(&columns);
    }

    /// Heeds that these columns are not NULL. A relation of which one column is not NULL has a row, so that an outer join found a match.
    pub(super) fn prove(&mut self, columns: &[&[Name]]) {
        let scope = self.scope();
        for parts in columns {
            if let Some(merged) = merged_position(scope, parts) {
                scope.merged[merged].1.nulls = Nulls::Never;
            } else if let Some((relation, column)) = own_position(scope, parts) {
                let relation = &mut scope.relations[relation];
                relation.is_outer = false;
                relation.proven.push(column);
            }
        }
    }
}

fn merged_position(scope: &Scope, parts: &[Name]) -> Option<usize> {
    let [name] = parts else { return None };
    scope.merged.iter().position(|(key, _)| *key == name.key)
}

/// The relation and the column of the innermost scope that a name means for certain.
pub(super) fn own_position(scope: &Scope, parts: &[Name]) -> Option<(usize, usize)> {
    match parts {
        [name] => {
            let mut found = None;
            for (at, relation) in scope.relations.iter().enumerate() {
                match relation.shape.find(&name.key).as_slice() {
                    [] if relation.shape.open().is_none() => {}
                    [column] if found.is_none() => found = Some((at, *column)),
                    _ => return None,
                }
            }
            found
        }
        [qualifier @ .., name] => {
            let at = scope.relations.iter().position(|relation| relation.is_named(qualifier))?;
            match scope.relations[at].shape.find(&name.key).as_slice() {
                [column] => Some((at, *column)),
                _ => None,
            }
        }
        [] => None,
    }
}

/// The columns that are not NULL where a condition is true, or false.
pub(super) fn holds<'e>(condition: &'e Expr, truth: bool, dialect: Dialect, found: &mut Columns<'e>) {
    match condition {
        Expr::Predicate(Predicate::Not, parts) => {
            if let [inner] = parts.as_slice() {
                holds(inner, !truth, dialect, found);
            }
        }
        Expr::Predicate(Predicate::IsNull, parts) if !truth => not_null(&parts[0], dialect, found),
        Expr::Predicate(Predicate::IsNotNull, parts) if truth => not_null(&parts[0], dialect, found),
        Expr::Predicate(Predicate::IsNull | Predicate::IsNotNull | Predicate::Certain | Predicate::Other, _) => {}
        Expr::Predicate(Predicate::Between, parts) if truth => {
            parts.iter().for_each(|part| not_null(part, dialect, found));
        }
        Expr::Chain(first, rest) => {
            // The operators stand from the left: what comes last is on top.
            for (at, (operator, right)) in rest.iter().enumerate().rev() {
                match (operator, truth) {
                    (Operator::And, true) | (Operator::Or, false) => {
                        holds(right, truth, dialect, found);
                        if at == 0 {
                            holds(first, truth, dialect, found);
                        }
                    }
                    (Operator::And | Operator::Or, _) => return,
                    _ => return chain_not_null(first, &rest[..=at], dialect, found),
                }
            }
        }
        other => not_null(other, dialect, found),
    }
}

/// The columns that are not NULL where a condition is not true: what is never NULL itself, turned around.
pub(super) fn fails<'e>(condition: &'e Expr, dialect: Dialect, found: &mut Columns<'e>) {
    match condition {
        Expr::Predicate(Predicate::IsNull, parts) => not_null(&parts[0], dialect, found),
        Expr::Predicate(Predicate::Not, parts) => {
            if let [Expr::Predicate(Predicate::IsNotNull, inner)] = parts.as_slice() {
                not_null(&inner[0], dialect, found);
            }
        }
        Expr::Chain(first, rest) if rest.iter().all(|(operator, _)| *operator == Operator::Or) => {
            fails(first, dialect, found);
            rest.iter().for_each(|(_, right)| fails(right, dialect, found));
        }
        _ => {}
    }
}

/// The columns that are not NULL where an expression is not.
fn not_null<'e>(expr: &'e Expr, dialect: Dialect, found: &mut Columns<'e>) {
    match expr {
        Expr::Column(parts, _) => found.push(parts),
        Expr::Cast(inner, ..) | Expr::Sign(inner) | Expr::Access(inner, _) => not_null(inner, dialect, found),
        Expr::Predicate(Predicate::Like | Predicate::Not, parts) => {
            parts.iter().for_each(|part| not_null(part, dialect, found));
        }
        Expr::Predicate(Predicate::List | Predicate::Between | Predicate::NotBetween, parts) => {
            not_null(&parts[0], dialect, found);
        }
        Expr::Chain(first, rest) => chain_not_null(first, rest, dialect, found),
        Expr::Call(call) if is_strict(call, dialect) => {
            call.arguments.iter().for_each(|argument| not_null(&argument.value, dialect, found));
        }
        _ => {}
    }
}

fn chain_not_null<'e>(first: &'e Expr, rest: &'e [(Operator, Expr)], dialect: Dialect, found: &mut Columns<'e>) {
    for (operator, right) in rest.iter().rev() {
        match operator {
            Operator::And | Operator::Or | Operator::Truth | Operator::Other => return,
            Operator::Arrow | Operator::LongArrow => {}
            _ => not_null(right, dialect, found),
        }
    }
    not_null(first, dialect, found);
}
