//! FROM: tables, subqueries, joins.

use std::ops::Range;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Spanned,
    TableAlias, TableFactor, TableSampleKind, TableWithJoins,
};

use super::position::mark;
use super::scope::Relation;
use super::typed::{Column, Shaped};
use super::{Step, Translator, fold, quote};
use crate::sql::problem::{SqlProblem, UNKNOWN_COLUMN, UNSUPPORTED};

impl Translator<'_> {
    /// The FROM clause without its keyword; its relations enter the innermost scope.
    pub(super) fn from_clause(&mut self, from: &[TableWithJoins]) -> Step<String> {
        if let [one] = from
            && one.joins.is_empty()
            && is_dual(&one.relation)
        {
            return Ok(String::new());
        }
        let mut parts = Vec::new();
        for table in from {
            parts.push(self.table_with_joins(table)?);
        }
        Ok(parts.join(", "))
    }

    fn table_with_joins(&mut self, table: &TableWithJoins) -> Step<String> {
        let first = self.scope().relations.len();
        let mut sql = self.table(&table.relation)?;
        for join in &table.joins {
            sql.push_str(&self.join(join, first)?);
        }
        Ok(sql)
    }

    fn join(&mut self, join: &Join, first: usize) -> Step<String> {
        let before = self.scope().relations.len();
        let table = self.table(&join.relation)?;
        if let JoinOperator::AsOf { match_condition, constraint } = &join.join_operator {
            let condition = self.boolean(match_condition)?;
            return Ok(match constraint {
                JoinConstraint::On(on) => {
                    format!(" ASOF LEFT JOIN {table} ON {} AND {condition}", self.boolean(on)?)
                }
                JoinConstraint::None => format!(" ASOF LEFT JOIN {table} ON {condition}"),
                _ => {
                    return Err(SqlProblem::unsupported("this ASOF JOIN", self.text.range(join.relation.span())));
                }
            });
        }
        let (word, constraint) = match &join.join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) => ("JOIN", c),
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => ("LEFT JOIN", c),
            JoinOperator::Right(c) | JoinOperator::RightOuter(c) => ("RIGHT JOIN", c),
            JoinOperator::FullOuter(c) => ("FULL JOIN", c),
            JoinOperator::CrossJoin(c) => ("CROSS JOIN", c),
            _ => return Err(SqlProblem::unsupported("this join", self.text.range(join.relation.span()))),
        };
        let lateral = is_lateral(&join.relation);
        Ok(match constraint {
            JoinConstraint::On(on) if self.scope().names_alias(on) => {
                let place = format!("/*{}*/", self.fresh("ON"));
                self.scope().postponed.push((place.clone(), on.clone()));
                format!(" {word} {table} ON {place}")
            }
            JoinConstraint::On(on) => format!(" {word} {table} ON {}", self.boolean(on)?),
            JoinConstraint::None if word == "CROSS JOIN" || (word == "JOIN" && lateral) => {
                format!(" CROSS JOIN {table}")
            }
            JoinConstraint::None => format!(" {word} {table} ON true"),
            JoinConstraint::Using(names) => {
                let names: Vec<String> = names.iter().filter_map(|name| name.0.last()?.as_ident().map(fold)).collect();
                self.using(word, &table, &names, before)
            }
            JoinConstraint::Natural => {
                let relations = self.scope().relations.clone();
                let (left, right) = relations.split_at(before);
                if relations[first..].iter().any(|relation| relation.open) {
                    let range = self.text.range(join.relation.span());
                    return Err(SqlProblem::unsupported("NATURAL JOIN of unknown columns", range));
                }
                let shared = right.iter().flat_map(|r| &r.columns).map(|column| column.name.clone());
                let names: Vec<String> = shared
                    .filter(|name| left[first..].iter().any(|r| r.columns.iter().any(|c| c.name == *name)))
                    .collect();
                self.using(word, &table, &names, before)
            }
        })
    }

    fn using(&mut self, word: &str, table: &str, names: &[String], _before: usize) -> String {
        if names.is_empty() {
            return format!(" CROSS JOIN {table}");
        }
        let list: Vec<String> = names.iter().map(|name| quote(name)).collect();
        self.scope().merged.extend(names.iter().cloned());
        format!(" {word} {table} USING ({})", list.join(", "))
    }

    /// One relation of a FROM clause.
    pub(super) fn table(&mut self, table: &TableFactor) -> Step<String> {
        let range = self.text.range(table.span());
        match table {
            TableFactor::Table { name, alias, args, version: None, sample: None, .. } if staged(name).is_some() => {
                let args = args.as_ref().map_or(&[][..], |args| args.args.as_slice());
                self.staged_table(staged(name).unwrap_or_default(), args, alias.as_ref(), &range)
            }
            TableFactor::Table { name, alias, args: None, version: None, sample, with_hints, .. }
                if with_hints.is_empty() =>
            {
                let sql = self.named_table(name, alias.as_ref(), &range)?;
                Ok(format!("{sql}{}", self.sample(sample.as_ref())?))
            }
            TableFactor::Table { version: Some(_), .. } => Err(SqlProblem::unsupported("time travel", range)),
            TableFactor::Table { name, alias, args: Some(args), .. } => {
                self.table_function(name, &args.args, alias.as_ref(), &range)
            }
            TableFactor::Function { name, args, alias, .. } => self.table_function(name, args, alias.as_ref(), &range),
            TableFactor::TableFunction { expr: Expr::Function(function), alias } => {
                let sqlparser::ast::FunctionArguments::List(list) = &function.args else {
                    return Err(SqlProblem::unsupported("this table function", range));
                };
                self.table_function(&function.name, &list.args, alias.as_ref(), &range)
            }
            TableFactor::TableFunction { expr, .. } => {
                Err(SqlProblem::unsupported("this table function", self.range_of(expr)))
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                let hidden = if *lateral { Vec::new() } else { std::mem::take(&mut self.scope().relations) };
                let made = self.query(subquery);
                if !lateral {
                    self.scope().relations = hidden;
                }
                let made = made?;
                let word = if *lateral { "LATERAL " } else { "" };
                let sql = format!("{word}({})", made.sql);
                let sql = self.derived(sql, made, alias.as_ref(), "SUBQUERY")?;
                Ok(format!("{sql}{}", self.sample(sample.as_ref())?))
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                Ok(format!("({})", self.table_with_joins(table_with_joins)?))
            }
            TableFactor::Pivot { .. } => self.pivot(table, &range),
            TableFactor::Unpivot { .. } => self.unpivot(table, &range),
            TableFactor::MatchRecognize { .. } => Err(SqlProblem::unsupported("MATCH_RECOGNIZE", range)),
            _ => Err(SqlProblem::unsupported("this relation", range)),
        }
    }

    fn sample(&mut self, sample: Option<&TableSampleKind>) -> Step<String> {
        let sample = match sample {
            None => return Ok(String::new()),
            Some(TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) => sample,
        };
        let Some(quantity) = &sample.quantity else {
            return Err(SqlProblem::unsupported("this sample", 0..0));
        };
        let range = self.range_of(&quantity.value);
        let amount = self.expression(&quantity.value)?.sql;
        let amount = super::position::plain(&amount);
        self.notes.push("SAMPLE: which rows are chosen differs from Snowflake".to_owned());
        match quantity.unit {
            Some(sqlparser::ast::TableSampleUnit::Rows) => Ok(format!(" TABLESAMPLE reservoir({amount} ROWS)")),
            None if sample.seed.is_none() => Ok(format!(" TABLESAMPLE bernoulli({amount} PERCENT)")),
            _ => Err(SqlProblem::unsupported("this sample", range)),
        }
    }

    /// A query in FROM with its alias; its columns enter the scope.
    pub(super) fn derived(
        &mut self,
        sql: String,
        made: Shaped,
        alias: Option<&TableAlias>,
        stem: &str,
    ) -> Step<String> {
        let (name, names, range) = self.alias(alias, stem);
        let (list, columns) = self.rename_columns(&made, &names, &range)?;
        let written = format!("{sql} AS {}{list}", quote(&name));
        self.scope().relations.push(Relation { alias: name, path: Vec::new(), columns, open: made.open, rows: None });
        Ok(written)
    }

    /// An alias with its column names; one is made up when none is written.
    pub(super) fn alias(&mut self, alias: Option<&TableAlias>, stem: &str) -> (String, Vec<String>, Range<usize>) {
        match alias {
            Some(alias) => {
                let names = alias.columns.iter().map(|column| fold(&column.name)).collect();
                (fold(&alias.name), names, self.at(&alias.name))
            }
            None => (self.fresh(stem), Vec::new(), 0..0),
        }
    }

    /// The name's parts; `IDENTIFIER('a.b')` is the name in its text.
    pub(super) fn name_parts(&self, name: &ObjectName, range: &Range<usize>) -> Step<Vec<String>> {
        if let [ObjectNamePart::Function(function)] = name.0.as_slice()
            && function.name.value.eq_ignore_ascii_case("identifier")
            && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(written))] = function.args.as_slice()
            && let Some(path) = super::path::constant(written)
        {
            return Ok(super::cursor::written_path(&path));
        }
        let idents: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        let idents = idents.ok_or_else(|| SqlProblem::unsupported("this name", range.clone()))?;
        let parts: Vec<String> = idents.into_iter().map(fold).collect();
        if parts.iter().any(|part| part.starts_with('@')) {
            return Err(SqlProblem::unsupported("a query of a stage", range.clone()));
        }
        Ok(parts)
    }

    /// A name in full, as far as the session says: database, schema, name.
    pub(super) fn full_path(&self, parts: &[String]) -> Vec<String> {
        let mut path = parts.to_vec();
        if path.len() == 1
            && let Some(schema) = &self.session.schema
        {
            path.insert(0, schema.clone());
        }
        if path.len() == 2
            && let Some(database) = &self.session.database
        {
            path.insert(0, database.clone());
        }
        if let [.., schema, _] = path.as_slice() {
            self.meet_schema(schema);
        }
        path
    }

    /// A path as the engine reads it.
    pub(super) fn path_sql(&self, path: &[String]) -> String {
        path.iter().map(|part| quote(part)).collect::<Vec<_>>().join(".")
    }

    fn named_table(&mut self, name: &ObjectName, alias: Option<&TableAlias>, range: &Range<usize>) -> Step<String> {
        let parts = self.name_parts(name, range)?;
        let name_range = self.text.range(name.span());
        if let [one] = parts.as_slice()
            && let Some(cte) = self.ctes.iter().rev().find(|cte| cte.name == *one).cloned()
        {
            let made = Shaped { sql: String::new(), columns: cte.columns, open: cte.open };
            let sql = mark(&name_range, &quote(one));
            return match alias {
                Some(_) => self.derived(sql, made, alias, one),
                None => {
                    let relation = Relation {
                        alias: one.clone(),
                        path: Vec::new(),
                        columns: made.columns,
                        open: made.open,
                        rows: None,
                    };
                    self.scope().relations.push(relation);
                    Ok(sql)
                }
            };
        }
        let path = self.full_path(&parts);
        if let [database, schema, view] = path.as_slice()
            && schema == "INFORMATION_SCHEMA"
        {
            let made = self.information(database, view, range)?;
            return self.derived(format!("({})", made.sql), made, alias, view);
        }
        let changes = std::mem::take(&mut self.changes);
        let attached = if changes { self.attached(&path) } else { Vec::new() };
        let known = self.columns.columns(&path);
        let columns: Vec<Column> = known.iter().flatten().map(|(name, ty)| Column::new(name.clone(), *ty)).collect();
        let read = if attached.is_empty() { path.clone() } else { self.stored(&path) };
        let sql = mark(&name_range, &self.path_sql(&read));
        let last = parts.last().cloned().unwrap_or_default();
        let (alias_name, names, alias_range) = match alias {
            Some(_) => self.alias(alias, &last),
            None => (last, Vec::new(), range.clone()),
        };
        let twice = self.scope().relations.iter().any(|relation| relation.alias == alias_name);
        if twice {
            let message = format!("two relations are called `{alias_name}` here");
            return Err(SqlProblem::new(UNSUPPORTED, message, range.clone()).help("give one of them an alias"));
        }
        let made = Shaped { sql: String::new(), columns, open: known.is_none() };
        let (list, mut columns) = self.rename_columns(&made, &names, &alias_range)?;
        let masks = self.masks(&attached, &known.unwrap_or_default(), &alias_name, range)?;
        for (name, mask) in masks.columns {
            columns.iter_mut().filter(|column| column.stored == name).for_each(|c| c.mask = Some(mask.clone()));
        }
        let full = if alias.is_none() { path } else { Vec::new() };
        let written = format!("{sql} AS {}{list}", quote(&alias_name));
        self.scope().relations.push(Relation {
            alias: alias_name,
            path: full,
            columns,
            open: made.open,
            rows: masks.rows,
        });
        Ok(written)
    }

    /// A column of a relation by an unquoted or quoted name, for clauses that take bare names.
    pub(super) fn column_of<'r>(&self, relation: &'r Relation, ident: &Ident) -> Step<&'r Column> {
        let name = fold(ident);
        relation
            .columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| SqlProblem::new(UNKNOWN_COLUMN, format!("unknown column `{name}`"), self.at(ident)))
    }
}

/// The place in a stage that a name is.
pub(super) fn staged(name: &ObjectName) -> Option<&str> {
    let [part] = name.0.as_slice() else { return None };
    part.as_ident().map(|ident| ident.value.as_str()).filter(|value| value.starts_with('@'))
}

fn is_dual(table: &TableFactor) -> bool {
    matches!(table, TableFactor::Table { name, args: None, .. } if name.to_string().eq_ignore_ascii_case("dual"))
}

fn is_lateral(table: &TableFactor) -> bool {
    matches!(
        table,
        TableFactor::Function { .. }
            | TableFactor::TableFunction { .. }
            | TableFactor::Derived { lateral: true, .. }
            | TableFactor::Table { args: Some(_), .. }
    )
}
