//! `*` with its modifiers.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::scope::Relation;
use super::select::as_made;
use super::shape::{Open, Shape, Value};
use super::{Analyst, PassedOn};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::diagnostic::did_you_mean;
use crate::sql::Dialect;
use crate::sql::query::{Name, Place, Star, name_fits};

/// Named columns, and what is known of those that are not known.
type Expanded = (Vec<(Name, Value)>, Option<Open>);

impl Analyst<'_> {
    /// The columns that a star stands for.
    pub(super) fn star(&mut self, star: &Star) -> Expanded {
        let (mut columns, mut open) = match &star.of {
            Some(expr) => {
                let value = self.value(expr);
                let reason = "the fields of a value are not known";
                (Vec::new(), Some(Open { reason: reason.into(), edges: value.edges.at_least(EdgeKind::Transformed) }))
            }
            None => self.relations_of(star),
        };
        if let Some(pattern) = &star.ilike {
            columns.retain(|(name, _)| name_fits(pattern, &name.text));
        }
        let known: Vec<Name> = columns.iter().map(|(name, _)| name.clone()).collect();
        for (name, span) in &star.exclude {
            let [qualifier @ .., last] = name.as_slice() else { continue };
            let is_of_all = qualifier.is_empty() || !star.qualifier.is_empty();
            let is_there =
                if is_of_all { columns.iter().any(|(column, _)| column.key == last.key) } else { self.is_column(name) };
            if is_of_all {
                columns.retain(|(column, _)| column.key != last.key);
            }
            if !is_there && open.is_none() {
                self.not_in_star(last, span, &known);
            }
        }
        for (expr, name, span) in &star.replace {
            let value = self.value(expr);
            match columns.iter().position(|(column, _)| column.key == name.key) {
                Some(at) => {
                    columns[at].1 = value;
                    let mut place = 0..;
                    columns.retain(|(column, _)| place.next() <= Some(at) || column.key != name.key);
                }
                None => {
                    if open.is_none() {
                        self.not_in_star(name, span, &known);
                    }
                    columns.push((name.clone(), value));
                }
            }
        }
        // Two columns can change names with one another.
        let places = |from: &Name| (0..columns.len()).filter(|at| columns[*at].0.key == from.key).collect();
        let found: Vec<Vec<usize>> = star.rename.iter().map(|(from, ..)| places(from)).collect();
        for ((from, to, span), places) in star.rename.iter().zip(found) {
            if !places.is_empty() {
                places.into_iter().for_each(|at| columns[at].0 = to.clone());
                continue;
            }
            match &open {
                Some(open) => {
                    let number = self.names.number(&from.text);
                    let value =
                        Value { edges: open.named(number), doubt: Some(open.reason.clone()), ..Value::default() };
                    columns.push((to.clone(), value));
                }
                // DuckDB renames what there is.
                None if self.dialect == Dialect::DuckDb => {}
                None => self.not_in_star(from, span, &known),
            }
        }
        if let Some(what) = &star.opaque {
            self.note(what.clone());
            let all = self.unresolved(what.as_str().into());
            open = Some(Open { reason: what.as_str().into(), edges: all.edges });
        }
        (columns, open)
    }

    fn not_in_star(&mut self, name: &Name, span: &Range<usize>, known: &[Name]) {
        let near = did_you_mean(&name.text, known.iter().map(|name| &*name.text));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.finding("unknown-column", format!("`*` has no column `{}`", name.text), span, help);
    }

    /// The columns that declarations may have left out of what a star stands for.
    pub(super) fn soft_of_star(&self, star: &Star) -> Option<Open> {
        if star.of.is_some() || star.ilike.is_some() {
            return None;
        }
        if star.qualifier.is_empty() {
            return soft_of(&self.scopes.last()?.relations);
        }
        soft_of(&[self.relation(&star.qualifier)?])
    }

    /// All columns of the relations in scope.
    pub(super) fn every_column(&mut self) -> Expanded {
        let scope = self.scope();
        let (relations, merged) = (scope.relations.clone(), scope.merged.clone());
        columns_of(&relations, &merged)
    }

    /// Whether a name is a column of a relation in scope.
    pub(super) fn is_column(&self, name: &[Name]) -> bool {
        match name {
            [one] => self
                .scopes
                .last()
                .is_some_and(|scope| scope.relations.iter().any(|relation| !relation.shape.find(&one.key).is_empty())),
            [qualifier @ .., one] => {
                self.relation(qualifier).is_some_and(|relation| !relation.shape.find(&one.key).is_empty())
            }
            [] => false,
        }
    }

    fn relations_of(&mut self, star: &Star) -> Expanded {
        if star.qualifier.is_empty() {
            let scope = self.scope();
            let (relations, merged) = (scope.relations.clone(), scope.merged.clone());
            let of_one = |relation: &Relation, column: &Name| leaves_out(star, relation, column, false);
            return self.passed_on(star, &relations, columns_but(&relations, &merged, &of_one));
        }
        if let Some(relation) = self.relation(&star.qualifier) {
            let columns = columns_of(std::slice::from_ref(&relation), &[]);
            return self.passed_on(star, &[relation], columns);
        }
        if self.dialect == Dialect::DuckDb && self.is_column(&star.qualifier) {
            // The fields of a struct.
            let Range { start, end } = star.span;
            let value = self.column(&star.qualifier, Place { start, qualified: start, name: start, end });
            return match self.fields(&value) {
                Some(fields) => (fields, None),
                None => {
                    let reason = "the fields of a value are not known";
                    (
                        Vec::new(),
                        Some(Open { reason: reason.into(), edges: value.edges.at_least(EdgeKind::Transformed) }),
                    )
                }
            };
        }
        let written: Vec<&str> = star.qualifier.iter().map(|part| &*part.text).collect();
        let reason = format!("`{}` is no relation in scope", written.join("."));
        self.finding("unknown-column", reason.clone(), &star.span, None);
        let value = self.unresolved(reason.as_str().into());
        (Vec::new(), Some(Open { reason: reason.into(), edges: value.edges }))
    }
}

impl Analyst<'_> {
    /// Marks the columns that a star passes on from the relations of nodes.
    fn passed_on(&mut self, star: &Star, relations: &[Relation], (mut columns, open): Expanded) -> Expanded {
        let nodes: Vec<u32> = relations
            .iter()
            .filter_map(|relation| match &relation.shape {
                Shape::Node(number, _) => Some(*number),
                Shape::Made(_) => None,
            })
            .collect();
        if nodes.is_empty() || star.span.is_empty() {
            return (columns, open);
        }
        let is_own = |value: &Value| {
            value.star == 0 && !value.edges.is_empty() && value.edges.iter().all(|edge| nodes.contains(&edge.relation))
        };
        let number = u32::try_from(self.stars.len() + 1).unwrap_or(u32::MAX);
        columns.iter_mut().filter(|(_, value)| is_own(value)).for_each(|(_, value)| value.star = number);
        self.stars.push(PassedOn { range: star.span.clone(), relations: nodes });
        (columns, open)
    }
}

/// Whether EXCLUDE names a column of a relation: as that relation's, or as one of any where that counts, too.
pub(super) fn leaves_out(star: &Star, relation: &Relation, column: &Name, of_any: bool) -> bool {
    star.exclude.iter().any(|(name, _)| match name.as_slice() {
        [last] => of_any && last.key == column.key,
        [qualifier @ .., last] => last.key == column.key && relation.is_named(qualifier),
        [] => false,
    })
}

/// The columns of relations side by side; what a join merged is there once.
pub(super) fn columns_of(relations: &[Relation], merged: &[(Arc<str>, Value)]) -> Expanded {
    columns_but(relations, merged, &|_, _| false)
}

/// The same, but for some of the relations' columns.
fn columns_but(
    relations: &[Relation],
    merged: &[(Arc<str>, Value)],
    is_left_out: &dyn Fn(&Relation, &Name) -> bool,
) -> Expanded {
    let mut columns: Vec<(Name, Value)> = Vec::new();
    let mut opens: Vec<Open> = Vec::new();
    for relation in relations {
        opens.extend(relation.shape.open());
        for at in 0..relation.shape.len() {
            let name = relation.shape.name(at).clone();
            if is_left_out(relation, &name) {
                continue;
            }
            match merged.iter().find(|(key, _)| *key == name.key) {
                Some((key, _)) if columns.iter().any(|(column, _)| column.key == *key) => {}
                Some((_, value)) => columns.push((name, value.clone())),
                None => columns.push((name, relation.value(at))),
            }
        }
    }
    let open = (!opens.is_empty())
        .then(|| Open { reason: opens[0].reason.clone(), edges: Edges::union(opens.iter().map(|open| &open.edges)) });
    (columns, open)
}

/// `DuckDB` tells columns of one name in a query apart, for those who read it, by a number behind the name.
pub(super) fn told_apart(shape: Shape) -> Shape {
    let mut seen: HashMap<Arc<str>, usize> = HashMap::with_capacity(shape.len());
    let has_duplicates = (0..shape.len()).any(|at| seen.insert(shape.name(at).key.clone(), 1).is_some());
    if !has_duplicates {
        return shape;
    }
    let mut made = as_made(&shape);
    seen.clear();
    for (name, _) in &mut made.columns {
        while let Some(count) = seen.get(&name.key).copied() {
            seen.insert(name.key.clone(), count + 1);
            *name = Name::found(&format!("{}_{count}", name.text), Dialect::DuckDb);
        }
        seen.insert(name.key.clone(), 1);
    }
    Shape::Made(Rc::new(made))
}

/// The columns that declarations may have left out of relations side by side.
pub(super) fn soft_of(relations: &[Relation]) -> Option<Open> {
    let softs: Vec<Open> = relations.iter().filter_map(|relation| relation.shape.soft()).collect();
    let first = softs.first()?;
    let edges = Edges::union(softs.iter().map(|soft| &soft.edges));
    Some(Open { reason: first.reason.clone(), edges })
}
