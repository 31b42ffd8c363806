//! FROM: tables, queries, joins, PIVOT and UNPIVOT.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::call::is_columns;
use super::expression::place;
use super::group::within;
use super::scope::Relation;
use super::select::as_made;
use super::shape::{Made, Open, Rows, Shape, Value};
use super::star::{columns_of, soft_of, told_apart};
use super::{Analyst, all_rows};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::analyze::nulls::Nulls;
use crate::analyze::schema::Schema;
use crate::sql::query::{Alias, Condition, Expr, From, Join, Name, Pivot, Side, Unpivot, visit};
use crate::sql::{Dialect, ValueType};

impl Analyst<'_> {
    /// A relation: it enters the innermost scope, and what decides its rows is added to `rows`.
    pub(super) fn from(&mut self, from: &From, rows: &mut Vec<Rows>) {
        match from {
            From::Table { name, alias, .. } => self.table(name, alias.as_ref(), rows),
            From::Derived { query, lateral, alias } => {
                let hidden = if *lateral { Vec::new() } else { std::mem::take(&mut self.scope().relations) };
                let mut shape = self.query(query);
                if self.dialect == Dialect::DuckDb {
                    shape = told_apart(shape);
                }
                if !lateral {
                    self.scope().relations = hidden;
                }
                if let Some(alias) = alias {
                    self.check_names(&shape, &alias.columns, &alias.name, false);
                }
                self.enter(shape, alias.as_ref(), rows);
            }
            From::Function(function) => {
                let shape = self.table_function(function);
                let name = Name::found(&function.name, self.dialect);
                let alias = function.alias.clone().unwrap_or(Alias { name, columns: Vec::new(), span: 0..0 });
                self.enter(shape, Some(&alias), rows);
            }
            From::Joined { first, joins } => {
                let start = self.scope().relations.len();
                self.from(first, rows);
                for join in joins {
                    self.join(join, start, rows);
                }
            }
            From::Nested { inner, alias } => {
                let shape = self.apart(inner);
                self.enter(shape, Some(alias), rows);
            }
            From::Pivot(pivot) => {
                let shape = self.pivot(pivot);
                self.enter(shape, pivot.alias.as_ref(), rows);
            }
            From::Match(matched) => {
                let shape = self.matched_rows(matched);
                self.enter(shape, matched.alias.as_ref(), rows);
            }
            From::Unpivot(unpivot) => {
                let shape = self.unpivot(unpivot);
                self.enter(shape, unpivot.alias.as_ref(), rows);
            }
            From::Opaque { what, inputs, alias } => {
                self.beyond(what);
                let mut parts: Vec<Value> =
                    inputs.iter().map(|input| self.apart(input)).map(|shape| Self::whole(&shape)).collect();
                parts.push(self.unresolved(what.as_str().into()));
                let all = Value::made(&parts, EdgeKind::Transformed);
                let open = Open { reason: what.as_str().into(), edges: all.edges.clone() };
                let decided = Rows { edges: all.edges.at_least(EdgeKind::Indirect), doubt: Some(what.as_str().into()) };
                let made = Made::new(Vec::new(), Some(open), decided);
                self.enter(Shape::Made(Rc::new(made)), alias.as_ref(), rows);
            }
        }
    }

    fn enter(&mut self, shape: Shape, alias: Option<&Alias>, rows: &mut Vec<Rows>) {
        rows.push(shape.rows());
        let shape = match alias {
            Some(alias) => self.renamed(shape, &alias.columns, &alias.name),
            None => shape,
        };
        let alias = alias.map(|alias| alias.name.key.clone());
        self.scope().relations.push(Relation::new(alias, shape));
    }

    fn table(&mut self, name: &[Name], alias: Option<&Alias>, rows: &mut Vec<Rows>) {
        let Some(last) = name.last() else { return };
        let cte = match name {
            [one] => self.ctes.iter_mut().rev().find(|known| known.key == one.key).map(|known| {
                known.is_read = true;
                known.shape.clone()
            }),
            _ => None,
        };
        if name.len() == 1 && cte.is_none() && last.key.eq_ignore_ascii_case("dual") {
            return;
        }
        let shape = match cte {
            Some(shape) => shape,
            None => match self.relations.find(name) {
                Some((number, schema)) => Shape::Node(number, schema),
                None => {
                    let written = name.iter().map(|part| &*part.text).collect::<Vec<_>>().join(".");
                    let reason = format!("`{written}` is not a relation of the project");
                    self.note(reason.clone());
                    let number = self.external(&written);
                    Shape::Node(number, Arc::new(Schema::unknown(reason)))
                }
            },
        };
        rows.push(shape.rows());
        let relation = match alias {
            Some(alias) => {
                self.check_names(&shape, &alias.columns, &alias.name, false);
                let shape = self.renamed(shape, &alias.columns, &alias.name);
                Relation::new(Some(alias.name.key.clone()), shape)
            }
            None => Relation {
                path: name.iter().map(|part| part.key.clone()).collect(),
                ..Relation::new(Some(last.key.clone()), shape)
            },
        };
        self.scope().relations.push(relation);
    }

    /// A relation that does not enter the scope: its columns side by side.
    pub(super) fn apart(&mut self, from: &From) -> Shape {
        let outside = std::mem::take(&mut self.scope().relations);
        let merged = std::mem::take(&mut self.scope().merged);
        let loose = std::mem::take(&mut self.scope().loose);
        let coming = std::mem::take(&mut self.scope().coming);
        let mut rows = Vec::new();
        self.from(from, &mut rows);
        let scope = self.scope();
        let inside = std::mem::replace(&mut scope.relations, outside);
        let inner = std::mem::replace(&mut scope.merged, merged);
        scope.loose = loose;
        scope.coming = coming;
        if let [one] = inside.as_slice() {
            return one.shape.clone();
        }
        let (columns, open) = columns_of(&inside, &inner);
        Shape::Made(Rc::new(Made::new(columns, open, all_rows(&rows)).softly(soft_of(&inside))))
    }

    fn join(&mut self, join: &Join, start: usize, rows: &mut Vec<Rows>) {
        let middle = self.scope().relations.len();
        self.from(&join.right, rows);
        match &join.condition {
            Condition::None => {}
            Condition::Missing => {
                self.loosely_joined(&join.right, middle);
            }
            Condition::On(on) if self.names_alias(on) => self.scope().postponed.push(on.clone()),
            Condition::On(on) => {
                rows.push(self.condition(on));
                if join.side == Side::Inner {
                    self.narrow(on);
                }
            }
            Condition::Using(names) => {
                for (name, span) in names {
                    self.check_shared(name, span, (start, middle));
                    self.merge(name, (start, middle), join.side, rows);
                }
            }
            Condition::Natural => self.natural((start, middle), join.side, rows),
        }
        if let Some(matching) = &join.matching {
            rows.push(self.condition(matching));
        }
        if let Some(what) = &join.opaque {
            self.beyond(what);
            let all = self.unresolved(what.as_str().into());
            rows.push(Rows { edges: all.edges.at_least(EdgeKind::Indirect), doubt: all.doubt });
        }
        let is_outer = |side: &[Side]| side.contains(&join.side);
        for (at, relation) in self.scope().relations[start..].iter_mut().enumerate() {
            let is_left = start + at < middle;
            let may_miss = if is_left { [Side::Right, Side::Full] } else { [Side::Left, Side::Full] };
            if is_outer(&may_miss) {
                relation.is_outer = true;
                relation.proven.clear();
            }
        }
        match join.side {
            Side::Semi => self.scope().relations.truncate(middle),
            Side::RightSemi => {
                self.scope().relations.drain(start..middle);
            }
            _ => {}
        }
    }

    /// Reports a column of USING that one of the sides does not have.
    fn check_shared(&mut self, name: &Name, span: &Range<usize>, (start, middle): (usize, usize)) {
        let relations = &self.scope().relations;
        let lacks = |side: &[Relation]| {
            side.iter().all(|one| {
                one.shape.find(&name.key).is_empty() && one.shape.open().is_none() && one.shape.soft().is_none()
            })
        };
        let side = match (lacks(&relations[start..middle]), lacks(&relations[middle..])) {
            (true, true) => "neither side",
            (true, false) => "nothing before the join",
            (false, true) => "nothing behind the join",
            (false, false) => return,
        };
        self.finding("unknown-column", format!("unknown column `{}`: {side} has it", name.text), span, None);
    }

    /// Whether a condition names an alias of the items, and no column of that name.
    fn names_alias(&mut self, on: &Expr) -> bool {
        let scope = self.scope();
        let is_alias = |key: &Arc<str>| {
            scope.coming.contains(key) && scope.relations.iter().all(|relation| relation.shape.find(key).is_empty())
        };
        let mut is_found = false;
        visit([on], |part| {
            if let Expr::Column(parts, _) = part
                && let [name] = parts.as_slice()
            {
                is_found |= is_alias(&name.key);
            }
        });
        is_found
    }

    fn natural(&mut self, (start, middle): (usize, usize), side: Side, rows: &mut Vec<Rows>) {
        let relations = self.scope().relations.clone();
        let (left, right) = relations[start..].split_at(middle - start);
        let mut shared: Vec<Name> = Vec::new();
        for relation in right {
            for at in 0..relation.shape.len() {
                let name = relation.shape.name(at);
                let is_left = left.iter().any(|other| !other.shape.find(&name.key).is_empty());
                if is_left && !shared.iter().any(|known| known.key == name.key) {
                    shared.push(name.clone());
                }
            }
        }
        for name in &shared {
            self.merge(name, (start, middle), side, rows);
        }
        if let Some(open) = relations[start..].iter().find_map(|relation| relation.shape.open()) {
            let all: Vec<Edges> = relations[start..].iter().flat_map(|relation| relation.shape.everything()).collect();
            let edges = Edges::union(&all).at_least(EdgeKind::Indirect);
            rows.push(Rows { edges, doubt: Some(open.reason) });
        }
    }

    /// A column of both sides becomes one, which needs no qualification.
    fn merge(&mut self, name: &Name, (start, middle): (usize, usize), side: Side, rows: &mut Vec<Rows>) {
        let number = self.names.number(&name.text);
        let scope = self.scope();
        let before = scope.merged.iter().position(|(key, _)| *key == name.key);
        let sides = [&scope.relations[start..middle], &scope.relations[middle..]];
        let [left, right] = sides.map(|relations| in_relations(relations, name, number));
        let left = before.map_or(left, |at| scope.merged[at].1.clone());
        let data_type = ValueType::common([&left.data_type, &right.data_type]);
        let both = [left.nulls, right.nulls];
        let kept = match side {
            Side::Right | Side::RightSemi => Value::made([&right], EdgeKind::Copied).nullable(right.nulls),
            Side::Full => Value::made([&left, &right], EdgeKind::Copied).nullable(Nulls::all(both)),
            // What matches is not NULL.
            Side::Inner => Value::made([&left], EdgeKind::Copied).nullable(Nulls::Never),
            _ => Value::made([&left], EdgeKind::Copied).nullable(left.nulls),
        };
        rows.push(super::expression::rows_of(&Value::made([&left, &right], EdgeKind::Indirect)));
        let merged = (name.key.clone(), kept.typed(data_type));
        match before {
            Some(at) => scope.merged[at] = merged,
            None => scope.merged.push(merged),
        }
    }

    /// `PIVOT`: the columns that are neither aggregated nor turned, and one for each value and aggregate.
    fn pivot(&mut self, pivot: &Pivot) -> Shape {
        let input = self.apart(&pivot.input);
        let relation = Relation::new(None, input.clone());
        let scope = super::Scope { relations: vec![relation], ..super::Scope::default() };
        self.scopes.push(scope);
        let aggregates: Vec<Value> = pivot.aggregates.iter().map(|(expr, _)| self.value(expr)).collect();
        let keys = self.values(&pivot.keys);
        let others = self.values(&pivot.others);
        let groups = pivot.groups.as_ref().map(|groups| groups.iter().map(|key| self.group_of_pivot(key)).collect());
        self.scopes.pop();
        let used = used_columns(pivot.aggregates.iter().map(|(expr, _)| expr).chain(&pivot.keys));
        let kept = (0..input.len()).filter(|at| !used.contains(&input.name(*at).key));
        let all = kept.map(|at| (input.name(at).clone(), input.value(at)));
        let mut columns: Vec<(Name, Value)> = groups.unwrap_or_else(|| all.collect());
        let grouped = Value::made(columns.iter().map(|(_, value)| value), EdgeKind::Indirect);
        let turned = Value::made(keys.iter().chain(&others), EdgeKind::Indirect);
        let cell = |aggregate: &Value| {
            let data_type = aggregate.data_type.clone();
            Value::made([aggregate, &turned], EdgeKind::Copied).typed(data_type)
        };
        let mut open = if pivot.groups.is_none() { input.open() } else { None };
        match &pivot.values {
            Some(names) => {
                let cells = names.iter().zip(aggregates.iter().cycle());
                columns.extend(cells.map(|(name, aggregate)| (name.clone(), cell(aggregate))));
            }
            None => {
                let edges = Value::made(&aggregates.iter().map(cell).collect::<Vec<_>>(), EdgeKind::Aggregated).edges;
                open = Some(Open { reason: "the columns of this PIVOT are known only from the data".into(), edges });
            }
        }
        let decided = [input.rows(), super::expression::rows_of(&grouped), super::expression::rows_of(&turned)];
        Shape::Made(Rc::new(Made::new(columns, open, all_rows(&decided)).softly(input.soft())))
    }

    /// `UNPIVOT`: the columns that are not turned, their names, their values.
    fn unpivot(&mut self, unpivot: &Unpivot) -> Shape {
        let input = self.apart(&unpivot.input);
        let relation = Relation::new(None, input.clone());
        self.scopes.push(super::Scope { relations: vec![relation], ..super::Scope::default() });
        let mut used = used_columns(unpivot.columns.iter().flatten());
        let mut turned: Vec<Vec<Value>> = vec![Vec::new(); unpivot.values.len()];
        self.turned(unpivot, &mut turned, &mut used);
        self.scopes.pop();
        let made = as_made(&input);
        let is_kept = |(name, _): &(Name, Value)| !used.contains(&name.key);
        let mut columns: Vec<(Name, Value)> = made.columns.into_iter().filter(is_kept).collect();
        let names = Value::constant(ValueType::text(self.dialect)).nullable(Nulls::Never);
        columns.push((unpivot.name.clone(), names));
        for (at, (name, values)) in unpivot.values.iter().zip(&turned).enumerate() {
            self.check_turned(unpivot, at, values);
            let data_type = ValueType::common(values.iter().map(|value| &value.data_type));
            columns.push((name.clone(), Value::made(values, EdgeKind::Copied).typed(data_type)));
        }
        let nulls = super::expression::rows_of(&Value::made(turned.iter().flatten(), EdgeKind::Indirect));
        Shape::Made(Rc::new(Made::new(columns, made.open, all_rows([&made.rows, &nulls])).softly(made.soft)))
    }
}

impl Analyst<'_> {
    /// Reads what becomes the values of UNPIVOT, by column. `COLUMNS(…)` stands for the columns that it finds.
    fn turned(&mut self, unpivot: &Unpivot, turned: &mut [Vec<Value>], used: &mut Vec<Arc<str>>) {
        for group in &unpivot.columns {
            if let ([Expr::Call(call)], Some(column)) = (group.as_slice(), turned.first_mut())
                && is_columns(call, self.dialect)
            {
                match self.matched(call) {
                    Some(found) => {
                        used.extend(found.iter().map(|(name, _)| name.key.clone()));
                        column.extend(found.into_iter().map(|(_, value)| value));
                    }
                    None => column.push(self.unresolved("`COLUMNS(…)` is not analysed".into())),
                }
                continue;
            }
            for (column, expr) in turned.iter_mut().zip(group) {
                column.push(self.value(expr));
            }
        }
    }

    /// A key that PIVOT groups by, under its name.
    fn group_of_pivot(&mut self, key: &Expr) -> (Name, Value) {
        let name = match key {
            Expr::Column(parts, _) => parts.last().cloned(),
            _ => None,
        };
        let value = self.value(key);
        match name {
            Some(name) => (name, value),
            None => {
                let reason: Rc<str> = "the name of a computed key of PIVOT is not known".into();
                (Name::found("?", self.dialect), Value { doubt: Some(reason), ..value })
            }
        }
    }

    /// Reports columns of types that do not go together in the column that UNPIVOT makes of them.
    fn check_turned(&mut self, unpivot: &Unpivot, at: usize, values: &[Value]) {
        if unpivot.columns.len() != values.len() {
            return;
        }
        let spans = unpivot.columns.iter().map(|group| group.get(at).and_then(place));
        let rough = values.iter().map(|value| value.data_type.rough());
        let mut known = spans.zip(rough).filter_map(|(span, rough)| Some((span?, rough?)));
        let Some((_, first)) = known.next() else { return };
        let is_moment = |rough: &str| matches!(rough, "a date" | "a timestamp");
        if let Some((span, other)) = known.find(|(_, rough)| *rough != first && !(is_moment(rough) && is_moment(first)))
        {
            let message = format!("{first} and {other} cannot become one column");
            self.finding("wrong-type", message, &span, Some("cast one of them".to_owned()));
        }
    }
}

/// A column by its name in relations side by side; one that none has may be anything they have.
fn in_relations(relations: &[Relation], name: &Name, number: u32) -> Value {
    let mut values = Vec::new();
    for relation in relations {
        values.extend(relation.shape.find(&name.key).into_iter().map(|at| relation.value(at)));
    }
    if let [one] = values.as_slice() {
        return one.clone();
    }
    if values.is_empty() {
        for relation in relations {
            values.extend(relation.shape.open().map(|open| Value {
                edges: open.named(number),
                doubt: Some(open.reason),
                ..Value::default()
            }));
        }
    }
    if values.is_empty() {
        let all: Vec<Edges> = relations.iter().flat_map(|relation| relation.shape.everything()).collect();
        let reason = format!("unknown column `{}`: no relation in scope has it", name.text);
        let edges = Edges::union(&all).at_least(EdgeKind::Transformed);
        return Value { edges, doubt: Some(reason.into()), ..Value::default() };
    }
    Value::made(&values, EdgeKind::Copied)
}

/// The keys of the columns that these name.
fn used_columns<'e>(exprs: impl Iterator<Item = &'e Expr>) -> Vec<Arc<str>> {
    let mut used = Vec::new();
    for expr in exprs {
        within(expr, &mut |part| {
            if let Expr::Column(parts, _) = part {
                used.extend(parts.last().map(|name| name.key.clone()));
            }
        });
    }
    used
}
