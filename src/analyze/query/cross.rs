//! Joins of all pairs that nobody wrote as such, and filters that go by the time of day.

use std::ops::Range;

use super::nullable::is_time;
use super::scope::Scope;
use super::{Analyst, Mark, MarkKind};
use crate::sql::Dialect;
use crate::sql::query::{Condition, Expr, From, Join, Name, Operator, Predicate, Select, Side, visit};

impl Analyst<'_> {
    /// Keeps in mind that the relations from `middle` on are joined with those before them, and nothing says how. A call in FROM, and a
    /// query that reads the relations before it, go with their rows; a single row has no pairs to speak of.
    pub(super) fn loosely_joined(&mut self, right: &From, middle: usize) {
        let dialect = self.dialect;
        let scope = self.scope();
        let end = scope.relations.len();
        let is_single = scope.relations[middle..].iter().all(|relation| relation.shape.is_single());
        if middle == end || is_single || hangs_on(right, scope, middle, dialect) {
            return;
        }
        scope.loose.push((middle..end, place(right)));
    }

    /// Reports relations that no condition connects with one before them.
    pub(super) fn check_cross(&mut self, select: &Select) {
        let mut loose = std::mem::take(&mut self.scope().loose);
        loose.sort_by_key(|(range, _)| range.start);
        if loose.is_empty() {
            return;
        }
        let scope = self.scope();
        let mut groups = Groups { leader: (0..scope.relations.len()).collect() };
        let is_loose = |at: usize| loose.iter().any(|(range, _)| range.start == at);
        // What an explicit join brought is connected with its left side.
        let mut at = 0;
        for from in &select.from {
            joined_on(from, &mut at, &is_loose, &mut groups);
        }
        let mut conditions: Vec<Clause<'_>> =
            select.filters.iter().chain(&select.having).chain(&select.qualify).flat_map(conjuncts).collect();
        select.from.iter().for_each(|from| conditions_of(from, &mut conditions));
        for condition in conditions {
            let mut met: Vec<usize> = Vec::new();
            visit(condition.rest.iter().map(|(_, right)| right).chain([condition.first]), |expr| {
                if let Expr::Column(parts, _) = expr {
                    met.extend(owners(parts, scope));
                }
            });
            met.windows(2).for_each(|two| groups.join(two[0], two[1]));
        }
        for (range, place) in loose {
            let own = groups.of(range.start);
            if place.is_empty() || (0..range.start).any(|before| groups.of(before) == own) {
                continue;
            }
            let message = "every row is paired with every row before: no condition joins it".to_owned();
            let help = "join it ON a condition, or write CROSS JOIN if all pairs are meant".to_owned();
            self.finding("implicit-cross-join", message, &place, Some(help));
        }
    }

    /// Marks a filter that leaves out what is older than some time before now.
    pub(super) fn check_since(&mut self, filter: &Expr) {
        for clause in conjuncts(filter) {
            let bound = match (clause.first, clause.rest) {
                (_, [.., (Operator::Greater, right)]) => Some(right),
                (first, [(Operator::Less, _)]) => Some(first),
                (Expr::Predicate(Predicate::Between, parts), []) => parts.get(1),
                _ => None,
            };
            let mut found = None;
            visit(bound, |expr| {
                if let Expr::Call(call) = expr
                    && is_time(call)
                {
                    found = Some((call.name.clone(), call.span.clone()));
                }
            });
            if let Some((name, range)) = found {
                self.marks.push(Mark { kind: MarkKind::Since, name, range, decides: true });
            }
        }
    }
}

/// A part of a condition: an expression with the operators behind it.
struct Clause<'e> {
    first: &'e Expr,
    rest: &'e [(Operator, Expr)],
}

/// The parts of a condition that all hold.
fn conjuncts(condition: &Expr) -> Vec<Clause<'_>> {
    let mut found = Vec::new();
    let mut open = vec![match condition {
        Expr::Chain(first, rest) => Clause { first, rest },
        first => Clause { first, rest: &[] },
    }];
    while let Some(Clause { first, rest }) = open.pop() {
        match (first, rest) {
            // Operators stand from the left: what comes last is on top.
            (_, [before @ .., (Operator::And, right)]) => {
                open.push(Clause { first, rest: before });
                open.push(Clause { first: right, rest: &[] });
            }
            (Expr::Chain(first, rest), []) => open.push(Clause { first, rest }),
            _ => found.push(Clause { first, rest }),
        }
    }
    found
}

/// Relations in groups that conditions connect.
struct Groups {
    leader: Vec<usize>,
}

impl Groups {
    fn of(&self, at: usize) -> usize {
        self.leader[at]
    }

    fn join(&mut self, one: usize, other: usize) {
        let (from, to) = (self.leader[one], self.leader[other]);
        self.leader.iter_mut().filter(|leader| **leader == from).for_each(|leader| *leader = to);
    }
}

/// Connects the relations that an explicit join brought; `at` counts the relations of the scope.
fn joined_on(from: &From, at: &mut usize, is_loose: &dyn Fn(usize) -> bool, groups: &mut Groups) {
    let start = *at;
    match from {
        From::Joined { first, joins } => {
            joined_on(first, at, is_loose, groups);
            for join in joins {
                let right = *at;
                joined_on(&join.right, at, is_loose, groups);
                match join.side {
                    // Only one side is in scope.
                    Side::Semi => *at = right,
                    Side::RightSemi => *at = start + (*at - right),
                    _ if right < groups.leader.len() && !is_loose(right) => groups.join(right, start),
                    _ => {}
                }
            }
        }
        From::Table { name, .. } if matches!(name.as_slice(), [one] if one.key.eq_ignore_ascii_case("dual")) => {}
        From::Table { .. }
        | From::Derived { .. }
        | From::Function(_)
        | From::Nested { .. }
        | From::Pivot(_)
        | From::Unpivot(_)
        | From::Match(_)
        | From::Opaque { .. } => *at += 1,
    }
}

/// The conditions of a relation's joins.
fn conditions_of<'e>(from: &'e From, found: &mut Vec<Clause<'e>>) {
    let From::Joined { first, joins } = from else { return };
    conditions_of(first, found);
    for Join { right, condition, .. } in joins {
        conditions_of(right, found);
        if let Condition::On(on) = condition {
            found.extend(conjuncts(on));
        }
    }
}

/// The relations of a scope that a name may mean.
fn owners(parts: &[Name], scope: &Scope) -> Vec<usize> {
    let (qualifier, name) = match parts {
        [name] => (None, name),
        [.., qualifier, name] => (Some(qualifier), name),
        [] => return Vec::new(),
    };
    let is_meant = |(_, relation): &(usize, &super::scope::Relation)| match qualifier {
        // A qualifier that is no relation is a column whose field is meant.
        Some(qualifier) => {
            relation.alias.as_ref() == Some(&qualifier.key) || !relation.shape.find(&parts[0].key).is_empty()
        }
        None => relation.shape.open().is_some() || !relation.shape.find(&name.key).is_empty(),
    };
    scope.relations.iter().enumerate().filter(is_meant).map(|(at, _)| at).collect()
}

/// Whether a relation is made anew for each row before it.
fn hangs_on(from: &From, scope: &Scope, middle: usize, dialect: Dialect) -> bool {
    match from {
        From::Function(_) | From::Opaque { .. } => true,
        From::Derived { lateral: true, .. } if dialect == Dialect::Snowflake => true,
        From::Derived { query, .. } => {
            let mut is_found = false;
            query.visit(|expr| {
                if let Expr::Column(parts, _) = expr
                    && let [qualifier, _, ..] = parts.as_slice()
                {
                    is_found |= scope.relations[..middle].iter().any(|one| one.alias.as_ref() == Some(&qualifier.key));
                }
            });
            is_found
        }
        From::Joined { first, .. } => hangs_on(first, scope, middle, dialect),
        From::Nested { inner, .. } => hangs_on(inner, scope, middle, dialect),
        _ => false,
    }
}

/// Where a relation stands: its alias, or its name.
fn place(from: &From) -> Range<usize> {
    match from {
        From::Table { alias: Some(alias), .. } => alias.span.clone(),
        From::Joined { first, .. } => place(first),
        other => other.span(),
    }
}
