//! Queries and SELECTs: items, filters, groups, order.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::call::is_columns;
use super::expression::rows_of;
use super::group::within;
use super::scope::{Relation, Scope};
use super::shape::{Made, Open, Rows, Shape, Value};
use super::star::told_apart;
use super::{Analyst, KnownCte, all_rows};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::analyze::nulls::{NullReason, Nulls};
use crate::sql::query::{Body, Cte, Distinct, Expr, Group, Item, Literal, Name, Query, Select, visit};
use crate::sql::{Dialect, ValueType};

impl Analyst<'_> {
    /// What a query gives. Scopes outside stay visible: it may be correlated.
    pub(super) fn query(&mut self, query: &Query) -> Shape {
        let outer = self.ctes.len();
        for cte in &query.ctes {
            let shape = self.cte(cte);
            if self.dialect == Dialect::DuckDb && self.ctes[outer..].iter().any(|known| known.key == cte.name.key) {
                let message = format!("2 common table expressions are called `{}`", cte.name.text);
                self.finding("ambiguous-column", message, &cte.span, Some("give one of them another name".to_owned()));
            }
            self.ctes.push(KnownCte::new(&cte.name.key, shape));
        }
        let made = match &query.body {
            Body::Select(select) => self.select(select, Some(query)),
            body => {
                let made = self.body(body);
                self.ordered(made, query)
            }
        };
        for (cte, known) in query.ctes.iter().zip(self.ctes.drain(outer..).collect::<Vec<_>>()) {
            if !known.is_read {
                let message = format!("the common table expression `{}` is not read", cte.name.text);
                self.finding("unused-cte", message, &cte.span, Some("remove it".to_owned()));
            }
        }
        Shape::Made(Rc::new(made))
    }

    fn cte(&mut self, cte: &Cte) -> Shape {
        let shape = match &cte.query.body {
            Body::Set(chain) if chain.rest.iter().any(|arm| arm.body.reads(&cte.name.key)) => {
                self.recursive(cte, chain)
            }
            _ => self.query(&cte.query),
        };
        let shape = if self.dialect == Dialect::DuckDb { told_apart(shape) } else { shape };
        if self.dialect == Dialect::Snowflake {
            self.check_names(&shape, &cte.columns, &cte.name, true);
        }
        self.renamed(shape, &cte.columns, &cte.name)
    }

    /// Reports more names than there are columns; where all must be named, fewer, too.
    pub(super) fn check_names(&mut self, shape: &Shape, names: &[(Name, Range<usize>)], owner: &Name, is_all: bool) {
        let width = shape.len();
        let is_wrong = names.len() > width || (is_all && names.len() < width);
        if names.is_empty() || !is_wrong || shape.open().is_some() || shape.soft().is_some() {
            return;
        }
        let word = if names.len() == 1 { "column" } else { "columns" };
        let message = format!("`{}` names {} {word} of {width}", owner.text, names.len());
        let (_, span) = &names[width.min(names.len() - 1)];
        self.finding("column-count", message, span, None);
    }

    /// A shape whose columns have other names, by position.
    pub(super) fn renamed(&mut self, shape: Shape, names: &[(Name, Range<usize>)], owner: &Name) -> Shape {
        if names.is_empty() {
            return shape;
        }
        let mut columns: Vec<(Name, Value)> =
            (0..shape.len()).map(|at| (shape.name(at).clone(), shape.value(at))).collect();
        let mut open = shape.open();
        if let Some(unknown) = &open {
            // Where the columns that are not known stand is not known either: each name may be any of them.
            let value = Value {
                edges: Edges::union(&shape.everything()).at_least(EdgeKind::Transformed),
                doubt: Some(unknown.reason.clone()),
                ..Value::default()
            };
            columns = names.iter().map(|(name, _)| (name.clone(), value.clone())).collect();
            if let Some(open) = &mut open {
                open.edges = open.edges.at_least(EdgeKind::Transformed);
            }
        } else {
            for (column, (name, _)) in columns.iter_mut().zip(names) {
                column.0 = name.clone();
            }
            if names.len() > columns.len() {
                let message = format!("`{}` names {} columns of {}", owner.text, names.len(), columns.len());
                self.note(message);
            }
        }
        let made = Made::new(columns, open, shape.rows()).softly(shape.soft());
        Shape::Made(Rc::new(made.single(shape.is_single())))
    }

    /// A query without its order.
    pub(super) fn body(&mut self, body: &Body) -> Made {
        match body {
            Body::Select(select) => self.select(select, None),
            Body::Set(chain) => self.set_chain(chain),
            Body::Values(rows, spans) => self.rows_of_values(rows, spans),
            Body::Query(query) => {
                let shape = self.query(query);
                as_made(&shape)
            }
            Body::Opaque(what) => {
                self.beyond(what);
                let edges = self.unresolved(what.as_str().into()).edges;
                Made::new(Vec::new(), Some(Open { reason: what.as_str().into(), edges }), Rows::default())
            }
        }
    }

    /// Adds what ORDER BY and LIMIT of a set operation decide; they see the result's columns.
    pub(super) fn ordered(&mut self, made: Made, query: &Query) -> Made {
        if query.order.is_empty() && query.limits.is_empty() && !query.order_all {
            return made;
        }
        let shape = Shape::Made(Rc::new(made));
        let relation = Relation::new(None, shape.clone());
        self.scopes.push(Scope { relations: vec![relation], ..Scope::default() });
        if shape.open().is_none() {
            self.check_positions(&query.order, &query.order_spans, shape.len());
        }
        let mut rows = vec![shape.rows()];
        for key in query.order.iter().chain(&query.limits) {
            rows.push(match ordinal(key) {
                Some(at) if at <= shape.len() && at > 0 => rows_of(&shape.value(at - 1)),
                _ => self.condition(key),
            });
        }
        if query.order_all {
            rows.push(rows_of(&Self::whole(&shape)));
        }
        self.scopes.pop();
        let made = as_made(&shape);
        Made::new(made.columns, made.open, all_rows(&rows)).softly(made.soft)
    }

    fn rows_of_values(&mut self, rows: &[Vec<Expr>], spans: &[Range<usize>]) -> Made {
        let width = rows.first().map_or(0, Vec::len);
        if let Some((row, span)) = rows.iter().zip(spans).find(|(row, _)| row.len() != width) {
            let word = if row.len() == 1 { "value" } else { "values" };
            let message = format!("{} {word} here, {width} in the first row", row.len());
            self.finding("column-count", message, span, None);
        }
        let mut cells: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            for (column, expr) in cells.iter_mut().zip(row) {
                column.push(self.value(expr));
            }
        }
        let is_snowflake = self.dialect == crate::sql::Dialect::Snowflake;
        let column = |(at, cells): (usize, Vec<Value>)| {
            let name = if is_snowflake { format!("COLUMN{}", at + 1) } else { format!("col{at}") };
            let data_type = ValueType::common(cells.iter().map(|cell| &cell.data_type));
            let nulls = Nulls::all(cells.iter().map(|cell| cell.nulls));
            let value = Value::made(&cells, EdgeKind::Copied).typed(data_type).nullable(nulls);
            (Name::found(&name, self.dialect), value)
        };
        let columns = cells.into_iter().enumerate().map(column).collect();
        Made::new(columns, None, Rows::default()).single(rows.len() == 1)
    }

    fn select(&mut self, select: &Select, query: Option<&Query>) -> Made {
        let coming = self.aliases_for_joins(select);
        self.scopes.push(Scope { coming, ..Scope::default() });
        let mut rows = Vec::new();
        for (at, from) in select.from.iter().enumerate() {
            let before = self.scope().relations.len();
            self.from(from, &mut rows);
            if at > 0 {
                self.loosely_joined(from, before);
            }
        }
        for filter in select.filters.iter().chain(&select.having).chain(&select.qualify) {
            self.narrow(filter);
            self.check_since(filter);
        }
        self.scope().has_groups = match &select.group {
            Group::None => Some(false),
            Group::Keys(_) => Some(true),
            Group::Sets(_) | Group::All => None,
        };
        for (name, window) in &select.windows {
            let keys = self.window(window);
            self.scope().windows.push((name.key.clone(), keys));
        }
        if !select.hierarchy.is_empty() {
            let level = Value::constant(ValueType::integer(self.dialect)).nullable(Nulls::Never);
            self.scope().aliases.push(("LEVEL".into(), level));
        }
        let mut items = self.items(select);
        for link in std::mem::take(&mut self.scope().postponed).iter().chain(&select.hierarchy) {
            rows.push(self.condition(link));
        }
        let spreads = std::mem::take(&mut self.scope().spread);
        rows.extend(spreads.iter().cloned());
        for (at, filter) in select.filters.iter().enumerate() {
            rows.push(self.filter(filter, select.filter_spans.get(at)));
        }
        rows.extend(select.having.iter().map(|having| self.condition(having)));
        rows.extend(select.qualify.iter().map(|qualify| self.filter(qualify, Some(&select.qualify_span))));
        self.check_cross(select);
        self.check_placed(select, query, &items);
        self.check_groups(select, query, &items);
        self.group(&select.group, &items, &mut rows);
        match &select.distinct {
            Distinct::No => {}
            Distinct::Rows => {
                let all = items.columns.iter().map(|(_, value)| value);
                rows.push(rows_of(&Value::made(all, EdgeKind::Indirect)));
                rows.extend(items.open.as_ref().map(open_rows));
            }
            Distinct::On(keys) => {
                for key in keys {
                    rows.push(self.condition(key));
                }
            }
        }
        if let Some(query) = query {
            self.order(query, &items, &mut rows);
        }
        if let Some(what) = &select.opaque {
            self.beyond(what);
            let edges = self.unresolved(what.as_str().into()).edges;
            rows.push(Rows { edges: edges.at_least(EdgeKind::Indirect), doubt: Some(what.as_str().into()) });
            items.open = Some(Open { reason: what.as_str().into(), edges });
        }
        if matches!(select.group, Group::Sets(_)) {
            rolled_up(select, &mut items);
        }
        let is_whole = spreads.is_empty()
            && select.hierarchy.is_empty()
            && matches!(select.group, Group::None)
            && select.having.is_none()
            && select.qualify.is_none();
        let is_constant = select.from.is_empty() && select.filters.is_empty();
        let is_single = is_whole
            && query.is_none_or(|query| query.limits.is_empty())
            && (is_constant || items.columns.iter().any(|(_, value)| value.is_grouped));
        self.scopes.pop();
        Made::new(items.columns, items.open, all_rows(&rows)).softly(items.soft).single(is_single)
    }

    /// The aliases that conditions of joins, and perhaps items before them, may name, as on Snowflake.
    fn aliases_for_joins(&self, select: &Select) -> Vec<Arc<str>> {
        if self.dialect != Dialect::Snowflake {
            return Vec::new();
        }
        let alias = |item: &Item| match item {
            Item::Value { name, is_alias: true, .. } => Some(name.key.clone()),
            _ => None,
        };
        select.items.iter().filter_map(alias).collect()
    }

    fn items(&mut self, select: &Select) -> Items {
        let mut items = Items::default();
        for item in &select.items {
            items.starts.push(items.columns.len());
            match item {
                Item::Value { expr, name, is_alias, .. } if self.is_several(expr) => {
                    if let Some(columns) = self.several(expr, is_alias.then_some(name)) {
                        items.columns.extend(columns);
                        continue;
                    }
                    let value = self.value(expr);
                    let reason: Rc<str> = "`COLUMNS(…)` stands for columns that are not analysed".into();
                    items.open = joined(items.open.take(), Some(Open { reason, edges: value.edges }));
                }
                Item::Value { expr, name, is_alias, .. } => {
                    self.scope().reading = Some(if *is_alias { name.key.clone() } else { Arc::from("") });
                    let value = self.value(expr);
                    self.scope().reading = None;
                    if std::mem::take(&mut self.scope().makes_several) {
                        // With `recursive := true` fields of fields become columns.
                        let is_flat = matches!(expr, Expr::Call(call) if call.arguments.len() == 1);
                        let is_told = |fields: &Vec<(Name, Value)>| {
                            is_flat || !fields.iter().any(|(_, value)| value.data_type.has_paths())
                        };
                        if let Some(fields) = self.fields(&value).filter(is_told) {
                            items.columns.extend(fields);
                            continue;
                        }
                        let reason: Rc<str> = "`unnest` makes columns of fields, which are not analysed".into();
                        items.open = joined(items.open.take(), Some(Open { reason, edges: value.edges }));
                        continue;
                    }
                    let name = match expr {
                        Expr::Position(qualifier, at, _) if qualifier.is_empty() && !is_alias => {
                            self.name_at(*at).unwrap_or_else(|| name.clone())
                        }
                        _ => name.clone(),
                    };
                    if *is_alias {
                        self.scope().aliases.push((name.key.clone(), value.clone()));
                    }
                    items.columns.push((name, value));
                }
                Item::Star(star) => {
                    let (columns, open) = self.star(star);
                    items.columns.extend(columns);
                    let soft = self.soft_of_star(star);
                    items.soft = joined(items.soft.take(), soft);
                    if let Some(open) = open {
                        let edges = match &items.open {
                            Some(before) => Edges::union([&before.edges, &open.edges]),
                            None => open.edges,
                        };
                        items.open = Some(Open { reason: open.reason, edges });
                    }
                }
            }
        }
        items
    }

    /// Whether an expression gives a column for each of several columns.
    fn is_several(&self, expr: &Expr) -> bool {
        let mut is_found = false;
        if self.dialect == Dialect::DuckDb {
            visit([expr], |part| is_found |= matches!(part, Expr::Call(call) if is_columns(call, Dialect::DuckDb)));
        }
        is_found
    }

    fn group(&mut self, group: &Group, items: &Items, rows: &mut Vec<Rows>) {
        match group {
            Group::None => {}
            Group::All => {
                let keys = items.columns.iter().map(|(_, value)| value).filter(|value| !value.is_grouped);
                rows.push(rows_of(&Value::made(keys, EdgeKind::Indirect)));
                rows.extend(items.open.as_ref().map(open_rows));
            }
            Group::Keys(keys) | Group::Sets(keys) => {
                for key in keys {
                    rows.push(self.key(key, items));
                }
            }
        }
    }

    /// A key of GROUP BY or ORDER BY: a position, or an expression.
    fn key(&mut self, key: &Expr, items: &Items) -> Rows {
        match ordinal(key) {
            Some(at) if items.open.is_none() && at > 0 && at <= items.columns.len() => {
                rows_of(&items.columns[at - 1].1)
            }
            Some(_) if items.open.is_some() => {
                let mut all: Vec<Edges> = items.columns.iter().map(|(_, value)| value.edges.clone()).collect();
                all.extend(items.open.as_ref().map(|open| open.edges.clone()));
                let doubt = items.open.as_ref().map(|open| open.reason.clone());
                Rows { edges: Edges::union(&all).at_least(EdgeKind::Indirect), doubt }
            }
            _ => self.condition(key),
        }
    }

    fn order(&mut self, query: &Query, items: &Items, rows: &mut Vec<Rows>) {
        // Names of selected columns come before those of relations.
        let names = items.columns.iter().map(|(name, value)| (name.key.clone(), value.clone()));
        let scope = self.scope();
        scope.aliases = names.collect();
        scope.aliases_first = true;
        for key in &query.order {
            rows.push(self.key(key, items));
        }
        for limit in &query.limits {
            self.check_limit(limit);
            rows.push(self.condition(limit));
        }
        if query.order_all {
            let all = items.columns.iter().map(|(_, value)| value);
            rows.push(rows_of(&Value::made(all, EdgeKind::Indirect)));
            rows.extend(items.open.as_ref().map(open_rows));
        }
    }
}

impl Analyst<'_> {
    /// Reports columns in LIMIT and OFFSET, which are computed once for all rows.
    fn check_limit(&mut self, limit: &Expr) {
        let mut columns = Vec::new();
        within(limit, &mut |part| {
            if let Expr::Column(parts, place) = part {
                columns.extend(parts.last().map(|name| (name.text.clone(), place.name())));
            }
        });
        for (name, span) in columns {
            let message = format!("LIMIT and OFFSET see no columns, and `{name}` is one");
            self.finding("unknown-column", message, &span, None);
        }
    }
}

/// The sums over sets of keys have NULL in place of a key.
fn rolled_up(select: &Select, items: &mut Items) {
    let is_plain = |at: usize| matches!(select.items.get(at), Some(Item::Value { expr: Expr::Column(..), .. }));
    let is_placed = items.columns.len() == select.items.len();
    for (at, (_, value)) in items.columns.iter_mut().enumerate() {
        let is_key = is_placed && is_plain(at) && !value.is_grouped;
        value.nulls = if is_key { Nulls::May(NullReason::Rollup) } else { value.nulls.doubted() };
    }
}

/// The items of a SELECT.
#[derive(Default)]
pub(super) struct Items {
    pub(super) columns: Vec<(Name, Value)>,
    /// How many columns the items before each item give.
    pub(super) starts: Vec<usize>,
    pub(super) open: Option<Open>,
    soft: Option<Open>,
}

/// Columns that are not known, of both.
pub(super) fn joined(one: Option<Open>, other: Option<Open>) -> Option<Open> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Open { edges: Edges::union([&one.edges, &other.edges]), reason: one.reason }),
        (one, other) => one.or(other),
    }
}

fn open_rows(open: &Open) -> Rows {
    Rows { edges: open.edges.at_least(EdgeKind::Indirect), doubt: Some(open.reason.clone()) }
}

/// The position that a key names.
pub(super) fn ordinal(key: &Expr) -> Option<usize> {
    match key {
        Expr::Literal(Literal::Number(digits)) => digits.parse().ok(),
        _ => None,
    }
}

/// A shape as one that can be changed.
pub(super) fn as_made(shape: &Shape) -> Made {
    let columns = (0..shape.len()).map(|at| (shape.name(at).clone(), shape.value(at))).collect();
    Made::new(columns, shape.open(), shape.rows()).softly(shape.soft()).single(shape.is_single())
}
