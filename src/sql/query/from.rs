//! FROM: tables, queries, joins, table functions, PIVOT and UNPIVOT.

use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast::{
    self, Expr as Written, ExprWithAlias, FunctionArguments, JoinConstraint, JoinOperator, MatchRecognizePattern,
    MatchRecognizeSymbol, ObjectName, PivotValueSource, RowsPerMatch, Spanned, TableFactor, TableWithJoins,
};

use super::read::Reader;
use super::{
    Alias, Argument, Body, Condition, Expr, From, Join, Match, Name, Pivot, Query, Side, TableFunction, Unpivot,
};
use crate::sql::Dialect;
use crate::sql::item::pivot_label;
use crate::sql::statement_form::GROUP_BY;

impl Reader<'_> {
    /// A relation with what is joined to it.
    pub(super) fn joined(&self, from: &TableWithJoins) -> From {
        let first = self.table(&from.relation);
        if from.joins.is_empty() {
            return first;
        }
        From::Joined { first: Box::new(first), joins: from.joins.iter().map(|join| self.join(join)).collect() }
    }

    fn join(&self, join: &ast::Join) -> Join {
        use JoinOperator as J;
        let none = &JoinConstraint::None;
        let (side, constraint, opaque) = match &join.join_operator {
            J::Join(c) | J::Inner(c) | J::CrossJoin(c) | J::StraightJoin(c) => (Side::Inner, c, None),
            J::Left(c) | J::LeftOuter(c) => (Side::Left, c, None),
            J::Right(c) | J::RightOuter(c) => (Side::Right, c, None),
            J::FullOuter(c) => (Side::Full, c, None),
            J::Semi(c) | J::LeftSemi(c) | J::Anti(c) | J::LeftAnti(c) => (Side::Semi, c, None),
            J::RightSemi(c) | J::RightAnti(c) => (Side::RightSemi, c, None),
            J::CrossApply | J::OuterApply => (Side::Inner, none, None),
            J::AsOf { constraint, .. } => (Side::Left, constraint, None),
            J::ArrayJoin | J::LeftArrayJoin | J::InnerArrayJoin => {
                (Side::Full, none, Some("ARRAY JOIN is not analysed".to_owned()))
            }
        };
        let matching = match &join.join_operator {
            J::AsOf { match_condition, .. } => Some(self.expr(match_condition)),
            _ => None,
        };
        let condition = match constraint {
            JoinConstraint::None => match &join.join_operator {
                J::Join(_) | J::Inner(_) | J::Left(_) | J::LeftOuter(_) | J::Right(_) | J::RightOuter(_) => {
                    Condition::Missing
                }
                _ => Condition::None,
            },
            JoinConstraint::Natural => Condition::Natural,
            JoinConstraint::On(on) => Condition::On(self.expr(on)),
            JoinConstraint::Using(names) => {
                let last = |name: &ObjectName| {
                    let ident = name.0.last()?.as_ident()?;
                    Some((self.name(ident), self.at(ident)))
                };
                Condition::Using(names.iter().filter_map(last).collect())
            }
        };
        Join { right: self.table(&join.relation), side, condition, matching, opaque }
    }

    fn alias(&self, alias: Option<&ast::TableAlias>) -> Option<Alias> {
        alias.map(|alias| Alias {
            name: self.name(&alias.name),
            columns: self.column_names(alias),
            span: self.at(&alias.name),
        })
    }

    /// The names of columns that an alias gives.
    pub(super) fn column_names(&self, alias: &ast::TableAlias) -> Vec<(Name, Range<usize>)> {
        alias.columns.iter().map(|column| (self.name(&column.name), self.at(&column.name))).collect()
    }

    fn table(&self, table: &TableFactor) -> From {
        match table {
            TableFactor::Table { name, alias, args: None, .. } => self.named_table(name, alias.as_ref()),
            TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
                self.table_function(name, &args.args, *with_ordinality, alias.as_ref())
            }
            TableFactor::Function { name, args, alias, with_ordinality, .. } => {
                self.table_function(name, args, *with_ordinality, alias.as_ref())
            }
            TableFactor::TableFunction { expr: Written::Function(function), alias } => match &function.args {
                FunctionArguments::List(list) => self.table_function(&function.name, &list.args, false, alias.as_ref()),
                _ => self.table_function(&function.name, &[], false, alias.as_ref()),
            },
            TableFactor::TableFunction { expr, alias } => self.computed_table(expr, alias.as_ref()),
            TableFactor::UNNEST { alias, array_exprs, with_ordinality, with_offset, .. } => {
                From::Function(Box::new(TableFunction {
                    name: "UNNEST".to_owned(),
                    arguments: self
                        .exprs(array_exprs)
                        .into_iter()
                        .map(|value| Argument { name: None, value, span: 0..0 })
                        .collect(),
                    ordinality: *with_ordinality || *with_offset,
                    alias: self.alias(alias.as_ref()),
                    span: 0..0,
                }))
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => From::Derived {
                query: Box::new(self.query(subquery)),
                lateral: *lateral || self.dialect == Dialect::DuckDb,
                alias: self.alias(alias.as_ref()),
            },
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let inner = self.joined(table_with_joins);
                match self.alias(alias.as_ref()) {
                    Some(alias) => From::Nested { inner: Box::new(inner), alias },
                    None => inner,
                }
            }
            TableFactor::Pivot { .. } => self.pivot(table),
            TableFactor::Unpivot { table, value, name, columns, alias, .. } => From::Unpivot(Box::new(Unpivot {
                input: self.table(table),
                values: self.tuple(value),
                name: self.name(name),
                columns: columns.iter().map(|column| self.side_by_side(&column.expr)).collect(),
                alias: self.alias(alias.as_ref()),
            })),
            TableFactor::MatchRecognize { .. } => self.matched(table),
            _ => From::Opaque { what: "this relation is not analysed".to_owned(), inputs: Vec::new(), alias: None },
        }
    }

    fn matched(&self, table: &TableFactor) -> From {
        let TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            pattern,
            symbols,
            alias,
            ..
        } = table
        else {
            return From::Opaque { what: "this relation is not analysed".to_owned(), inputs: Vec::new(), alias: None };
        };
        let mut names = Vec::new();
        symbols_of(pattern, &mut names);
        names.extend(symbols.iter().map(|symbol| &symbol.symbol));
        From::Match(Box::new(Match {
            input: self.table(table),
            partition: self.exprs(partition_by),
            order: self.keys(order_by),
            measures: measures.iter().map(|one| (self.expr(&one.expr), self.name(&one.alias))).collect(),
            symbols: names.into_iter().map(|name| self.name(name)).collect(),
            definitions: self.exprs(symbols.iter().map(|symbol| &symbol.definition)),
            all_rows: matches!(rows_per_match, Some(RowsPerMatch::AllRows(_))),
            alias: self.alias(alias.as_ref()),
        }))
    }

    fn named_table(&self, name: &ObjectName, alias: Option<&ast::TableAlias>) -> From {
        let alias = self.alias(alias);
        let span = self.text.range(name.span());
        match name.0.as_slice() {
            [ast::ObjectNamePart::Function(part)] if part.name.value.eq_ignore_ascii_case("identifier") => {
                let text = part.args.first().map(ToString::to_string).unwrap_or_default();
                let parts = text.trim_matches('\'').split('.');
                From::Table { name: parts.map(|part| Name::written(part, false, self.dialect)).collect(), alias, span }
            }
            parts if parts.iter().all(|part| part.as_ident().is_some()) => {
                From::Table { name: self.names(name), alias, span }
            }
            _ => From::Opaque { what: format!("the relation `{name}` is not analysed"), inputs: Vec::new(), alias },
        }
    }

    fn computed_table(&self, expr: &Written, alias: Option<&ast::TableAlias>) -> From {
        From::Function(Box::new(TableFunction {
            name: "TABLE".to_owned(),
            arguments: vec![Argument { name: None, value: self.expr(expr), span: 0..0 }],
            ordinality: false,
            alias: self.alias(alias),
            span: 0..0,
        }))
    }

    fn table_function(
        &self,
        name: &ObjectName,
        arguments: &[ast::FunctionArg],
        ordinality: bool,
        alias: Option<&ast::TableAlias>,
    ) -> From {
        let word = name.to_string().to_ascii_uppercase().replace('"', "");
        // `TABLE(f(…))` is read as a function `TABLE` of one call.
        if word == "TABLE"
            && let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(Written::Function(inner)))] = arguments
            && let FunctionArguments::List(list) = &inner.args
        {
            return self.table_function(&inner.name, &list.args, ordinality, alias);
        }
        let arguments = arguments.iter().enumerate().map(|(index, one)| self.argument(&word, index, one)).collect();
        From::Function(Box::new(TableFunction {
            name: word,
            arguments,
            ordinality,
            alias: self.alias(alias),
            span: self.text.range(name.span()),
        }))
    }

    fn pivot(&self, table: &TableFactor) -> From {
        let TableFactor::Pivot { table, aggregate_functions, value_column, value_source, default_on_null, alias } =
            table
        else {
            return From::Opaque { what: "this PIVOT is not analysed".to_owned(), inputs: Vec::new(), alias: None };
        };
        let (groups, aggregate_functions) = match aggregate_functions.as_slice() {
            [first, rest @ ..] if first.alias.is_none() => match self.expr(&first.expr) {
                Expr::Call(call) if call.name == GROUP_BY => {
                    (Some(call.arguments.into_iter().map(|argument| argument.value).collect()), rest)
                }
                _ => (None, aggregate_functions.as_slice()),
            },
            all => (None, all),
        };
        let aliases: Vec<Option<Name>> = aggregate_functions
            .iter()
            .map(|aggregate| aggregate.alias.as_ref().map(|alias| self.name(alias)))
            .collect();
        let mut others: Vec<Expr> = self.exprs(default_on_null);
        let values = match value_source {
            PivotValueSource::List(values) => {
                let name = |value: &ExprWithAlias| self.pivoted(value, &aliases);
                Some(values.iter().flat_map(name).collect())
            }
            PivotValueSource::Any(order) => {
                others.extend(self.keys(order));
                None
            }
            PivotValueSource::Subquery(query) => {
                others.push(Expr::Exists(Box::new(self.query(query))));
                None
            }
        };
        let aggregates = self.exprs(aggregate_functions.iter().map(|aggregate| &aggregate.expr));
        From::Pivot(Box::new(Pivot {
            input: self.table(table),
            aggregates: aggregates.into_iter().zip(aliases).collect(),
            keys: self.exprs(value_column),
            values,
            others,
            groups,
            alias: self.alias(alias.as_ref()),
        }))
    }

    /// The columns one value becomes, one for each aggregate.
    fn pivoted(&self, value: &ExprWithAlias, aliases: &[Option<Name>]) -> Vec<Name> {
        let own = match (&value.alias, &value.expr, self.dialect) {
            (Some(alias), ..) => Some(self.name(alias).text.to_string()),
            (None, Written::Value(text), Dialect::DuckDb) => text.value.clone().into_string(),
            (None, Written::Identifier(word), Dialect::DuckDb) => Some(word.value.clone()),
            _ => None,
        };
        let named = |alias: &Option<Name>| {
            let label = pivot_label(value, own.clone(), alias.as_ref().map(|alias| &*alias.text));
            Name::found(&label, self.dialect)
        };
        aliases.iter().map(named).collect()
    }

    /// The parts of a row of values.
    fn side_by_side(&self, written: &Written) -> Vec<Expr> {
        match written {
            Written::Nested(inner) => self.side_by_side(inner),
            Written::Tuple(items) => self.exprs(items),
            one => vec![self.expr(one)],
        }
    }

    fn tuple(&self, written: &Written) -> Vec<Name> {
        match written {
            Written::Identifier(ident) => vec![self.name(ident)],
            Written::CompoundIdentifier(parts) => parts.last().map(|last| self.name(last)).into_iter().collect(),
            Written::Nested(inner) => self.tuple(inner),
            Written::Tuple(items) => items.iter().flat_map(|item| self.tuple(item)).collect(),
            _ => Vec::new(),
        }
    }
}

impl From {
    /// The name that a relation is referred to by.
    pub(super) fn called(&self) -> Option<Arc<str>> {
        let alias = match self {
            Self::Table { alias, .. } | Self::Derived { alias, .. } | Self::Opaque { alias, .. } => alias.as_ref(),
            Self::Function(function) => function.alias.as_ref(),
            Self::Nested { alias, .. } => Some(alias),
            Self::Pivot(pivot) => pivot.alias.as_ref(),
            Self::Unpivot(unpivot) => unpivot.alias.as_ref(),
            Self::Match(matched) => matched.alias.as_ref(),
            Self::Joined { .. } => None,
        };
        match (alias, self) {
            (Some(alias), _) => Some(alias.name.key.clone()),
            (None, Self::Table { name, .. }) => name.last().map(|last| last.key.clone()),
            _ => None,
        }
    }

    /// The bytes of a relation's name, where it has one.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Table { span, .. } => span.clone(),
            Self::Function(function) => function.span.clone(),
            Self::Derived { alias, .. } => alias.as_ref().map_or(0..0, |alias| alias.span.clone()),
            Self::Joined { first, .. } => first.span(),
            _ => 0..0,
        }
    }
}

/// The symbols of a pattern.
fn symbols_of<'p>(pattern: &'p MatchRecognizePattern, found: &mut Vec<&'p ast::Ident>) {
    let mut add = |symbol: &'p MatchRecognizeSymbol| {
        if let MatchRecognizeSymbol::Named(name) = symbol {
            found.push(name);
        }
    };
    match pattern {
        MatchRecognizePattern::Symbol(symbol) | MatchRecognizePattern::Exclude(symbol) => add(symbol),
        MatchRecognizePattern::Permute(symbols) => symbols.iter().for_each(add),
        MatchRecognizePattern::Concat(parts) | MatchRecognizePattern::Alternation(parts) => {
            parts.iter().for_each(|part| symbols_of(part, found));
        }
        MatchRecognizePattern::Group(inner) | MatchRecognizePattern::Repetition(inner, _) => symbols_of(inner, found),
    }
}

impl Query {
    /// The bytes of the word it begins with, as far as they are known.
    pub fn first_word(&self) -> Range<usize> {
        match &self.body {
            Body::Select(select) => select.span.clone(),
            Body::Query(inner) => inner.first_word(),
            _ => 0..0,
        }
    }

    /// Whether it is a SELECT without FROM.
    pub fn reads_nothing(&self) -> bool {
        matches!(&self.body, Body::Select(select) if select.from.is_empty())
    }

    /// Whether its own FROM clauses, at any depth, read a name without a schema.
    pub fn reads(&self, key: &str) -> bool {
        let shadowed = self.ctes.iter().any(|cte| &*cte.name.key == key);
        self.ctes.iter().any(|cte| cte.query.reads(key)) || (!shadowed && self.body.reads(key))
    }
}

impl Body {
    /// The same for a query without its order.
    pub fn reads(&self, key: &str) -> bool {
        match self {
            Self::Select(select) => {
                select.from.iter().any(|from| from.reads(key))
                    || select.filters.iter().chain(&select.hierarchy).any(|filter| expr_reads(filter, key))
            }
            Self::Set(chain) => chain.first.reads(key) || chain.rest.iter().any(|arm| arm.body.reads(key)),
            Self::Query(query) => query.reads(key),
            Self::Values(..) | Self::Opaque(_) => false,
        }
    }
}

impl From {
    fn reads(&self, key: &str) -> bool {
        match self {
            Self::Table { name, .. } => matches!(name.as_slice(), [one] if &*one.key == key),
            Self::Derived { query, .. } => query.reads(key),
            Self::Joined { first, joins } => first.reads(key) || joins.iter().any(|join| join.right.reads(key)),
            Self::Nested { inner, .. } => inner.reads(key),
            Self::Pivot(pivot) => pivot.input.reads(key),
            Self::Unpivot(unpivot) => unpivot.input.reads(key),
            Self::Match(matched) => matched.input.reads(key),
            Self::Opaque { inputs, .. } => inputs.iter().any(|input| input.reads(key)),
            Self::Function(_) => false,
        }
    }
}

/// Whether a condition's subqueries read a name.
fn expr_reads(expr: &Expr, key: &str) -> bool {
    match expr {
        Expr::Subquery(query) | Expr::Exists(query) | Expr::In(_, query) => query.reads(key),
        Expr::Predicate(_, parts) => parts.iter().any(|part| expr_reads(part, key)),
        Expr::Chain(first, rest) => expr_reads(first, key) || rest.iter().any(|(_, part)| expr_reads(part, key)),
        _ => false,
    }
}
