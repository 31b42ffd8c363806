//! Walking a tree: every expression below some expressions, those of subqueries too.

use std::sync::Arc;

use super::{Body, Condition, Distinct, Expr, From, Group, Item, Query, Select, Star, Step, Window};

/// What is still to be visited.
#[derive(Default)]
struct Open<'q> {
    exprs: Vec<&'q Expr>,
    queries: Vec<&'q Query>,
    names: Vec<Arc<str>>,
}

/// Visits these expressions and everything below them, in no particular order. The walk needs no stack.
pub fn visit<'q>(roots: impl IntoIterator<Item = &'q Expr>, mut see: impl FnMut(&'q Expr)) {
    let mut open = Open { exprs: roots.into_iter().collect(), ..Open::default() };
    loop {
        while let Some(expr) = open.exprs.pop() {
            see(expr);
            open.expr(expr);
        }
        match open.queries.pop() {
            Some(query) => open.query(query),
            None => return,
        }
    }
}

impl Query {
    /// Visits every expression of the query, at any depth.
    pub fn visit<'q>(&'q self, mut see: impl FnMut(&'q Expr)) {
        let mut open = Open::default();
        open.query(self);
        while let Some(query) = open.queries.pop() {
            open.query(query);
        }
        visit(open.exprs, &mut see);
    }

    /// The names by which relations are referred to in it, at any depth.
    pub fn relations(&self) -> Vec<Arc<str>> {
        let mut open = Open::default();
        open.query(self);
        loop {
            while let Some(expr) = open.exprs.pop() {
                open.expr(expr);
            }
            match open.queries.pop() {
                Some(query) => open.query(query),
                None => return open.names,
            }
        }
    }
}

impl<'q> Open<'q> {
    fn expr(&mut self, expr: &'q Expr) {
        match expr {
            Expr::Column(..) | Expr::Position(..) | Expr::Literal(_) => {}
            Expr::Cast(inner, ..) | Expr::Sign(inner) | Expr::Lambda(_, inner) => self.exprs.push(inner),
            Expr::Case(case) => self.exprs.extend(case.conditions.iter().chain(&case.results)),
            Expr::Call(call) => {
                self.exprs.extend(call.arguments.iter().map(|argument| &argument.value));
                self.exprs.extend(call.order.iter().chain(&call.filters));
                call.window.iter().for_each(|window| self.window(window));
                self.queries.extend(call.query.as_deref());
            }
            Expr::Chain(first, rest) => {
                self.exprs.push(first);
                self.exprs.extend(rest.iter().map(|(_, right)| right));
            }
            Expr::Predicate(_, parts) | Expr::Collection(_, parts) | Expr::Opaque(_, parts) => {
                self.exprs.extend(parts);
            }
            Expr::Access(root, steps) => {
                self.exprs.push(root);
                for step in steps {
                    match step {
                        Step::Computed(expr) => self.exprs.push(expr),
                        Step::Slice(bounds) => self.exprs.extend(bounds),
                        Step::Key(_) | Step::Index(_) => {}
                    }
                }
            }
            Expr::Subquery(query) | Expr::Exists(query) => self.queries.push(query),
            Expr::In(left, query) => {
                self.exprs.push(left);
                self.queries.push(query);
            }
            Expr::Star(star) => self.star(star),
        }
    }

    fn star(&mut self, star: &'q Star) {
        self.exprs.extend(&star.of);
        self.exprs.extend(star.replace.iter().map(|(expr, ..)| expr));
    }

    fn window(&mut self, window: &'q Window) {
        self.exprs.extend(window.partition.iter().chain(&window.order).chain(&window.bounds));
    }

    fn query(&mut self, query: &'q Query) {
        self.queries.extend(query.ctes.iter().map(|cte| &cte.query));
        self.body(&query.body);
        self.exprs.extend(query.order.iter().chain(&query.limits));
    }

    fn body(&mut self, body: &'q Body) {
        match body {
            Body::Select(select) => self.select(select),
            Body::Set(chain) => {
                self.body(&chain.first);
                chain.rest.iter().for_each(|arm| self.body(&arm.body));
            }
            Body::Values(rows, _) => self.exprs.extend(rows.iter().flatten()),
            Body::Query(query) => self.queries.push(query),
            Body::Opaque(_) => {}
        }
    }

    fn select(&mut self, select: &'q Select) {
        if let Distinct::On(keys) = &select.distinct {
            self.exprs.extend(keys);
        }
        for item in &select.items {
            match item {
                Item::Value { expr, .. } => self.exprs.push(expr),
                Item::Star(star) => self.star(star),
            }
        }
        select.from.iter().for_each(|from| self.from(from));
        if let Group::Keys(keys) | Group::Sets(keys) = &select.group {
            self.exprs.extend(keys);
        }
        self.exprs.extend(select.filters.iter().chain(&select.hierarchy).chain(&select.having).chain(&select.qualify));
        select.windows.iter().for_each(|(_, window)| self.window(window));
    }

    fn from(&mut self, from: &'q From) {
        self.names.extend(from.called());
        match from {
            From::Table { .. } => {}
            From::Derived { query, .. } => self.queries.push(query),
            From::Function(function) => self.exprs.extend(function.arguments.iter().map(|one| &one.value)),
            From::Joined { first, joins } => {
                self.from(first);
                for join in joins {
                    self.from(&join.right);
                    if let Condition::On(on) = &join.condition {
                        self.exprs.push(on);
                    }
                    self.exprs.extend(&join.matching);
                }
            }
            From::Nested { inner, .. } => self.from(inner),
            From::Pivot(pivot) => {
                self.from(&pivot.input);
                self.exprs.extend(pivot.aggregates.iter().map(|(expr, _)| expr));
                self.exprs.extend(pivot.keys.iter().chain(&pivot.others).chain(pivot.groups.iter().flatten()));
            }
            From::Unpivot(unpivot) => {
                self.from(&unpivot.input);
                self.exprs.extend(unpivot.columns.iter().flatten());
            }
            From::Match(matched) => {
                self.from(&matched.input);
                self.exprs.extend(matched.partition.iter().chain(&matched.order).chain(&matched.definitions));
                self.exprs.extend(matched.measures.iter().map(|(expr, _)| expr));
            }
            From::Opaque { inputs, .. } => inputs.iter().for_each(|input| self.from(input)),
        }
    }
}
