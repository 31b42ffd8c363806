//! Queries: common table expressions, set operations, `VALUES`, order and limits.

use sqlparser::ast::{
    Cte as WrittenCte, Expr, LimitClause, OrderBy, OrderByKind, Query, SetExpr, SetOperator, SetQuantifier, Spanned,
    Values, With,
};

use super::cast::mixes_scales;
use super::scope::{Alias, Relation, Scope};
use super::typed::{Column, Shaped, Typed};
use super::window::direction;
use super::{Cte, Step, Translator, fold, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::item::order_by_all;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

impl Translator<'_> {
    /// Translates a query. Scopes outside stay visible: it may be correlated.
    pub(super) fn query(&mut self, query: &Query) -> Step<Shaped> {
        if !query.locks.is_empty() || query.for_clause.is_some() || !query.pipe_operators.is_empty() {
            let range = self.text.range(query.span());
            return Err(SqlProblem::unsupported("this clause of a query", range));
        }
        let outer = self.ctes.len();
        let made = self.query_body(query);
        self.ctes.truncate(outer);
        made
    }

    fn query_body(&mut self, query: &Query) -> Step<Shaped> {
        let mut sql = String::new();
        if let Some(with) = &query.with {
            sql.push_str(&self.with(with)?);
        }
        let made = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref())?,
            body => {
                let mut made = self.set_expr(body)?;
                if let Some(order) = &query.order_by {
                    let order = self.order_of_set(order, &made)?;
                    made.sql.push_str(&order);
                }
                made
            }
        };
        sql.push_str(&made.sql);
        sql.push_str(&self.limits(query)?);
        Ok(Shaped { sql, ..made })
    }

    fn limits(&mut self, query: &Query) -> Step<String> {
        let mut sql = String::new();
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
                if let Some(limit) = limit.as_ref().filter(|limit| !is_null(limit)) {
                    sql.push_str(&format!(" LIMIT {}", self.integer(limit)?));
                }
                if let Some(offset) = offset {
                    sql.push_str(&format!(" OFFSET {}", self.integer(&offset.value)?));
                }
            }
            Some(_) => {
                return Err(SqlProblem::unsupported("this limit", self.text.range(query.span())));
            }
        }
        match &query.fetch {
            None => {}
            Some(fetch) if fetch.percent || fetch.with_ties => {
                return Err(SqlProblem::unsupported("this FETCH", self.text.range(query.span())));
            }
            Some(fetch) => match &fetch.quantity {
                Some(rows) => sql.push_str(&format!(" LIMIT {}", self.integer(rows)?)),
                None => sql.push_str(" LIMIT 1"),
            },
        }
        Ok(sql)
    }

    fn with(&mut self, with: &With) -> Step<String> {
        let mut recursive = false;
        let mut parts = Vec::new();
        for cte in &with.cte_tables {
            let name = fold(&cte.alias.name);
            let refers = self.refers_to_itself(cte, &name);
            recursive |= refers;
            let made = if refers { self.recursive_cte(cte, &name)? } else { self.query(&cte.query)? };
            let (list, columns) = self.renamed(&made, cte)?;
            parts.push(format!("{}{list} AS ({})", quote(&name), made.sql));
            self.ctes.push(Cte { name, columns, open: made.open });
        }
        let recursive = if recursive { "RECURSIVE " } else { "" };
        Ok(format!("WITH {recursive}{} ", parts.join(", ")))
    }

    /// The columns of a common table expression, with its column list if it has one.
    fn renamed(&self, made: &Shaped, cte: &WrittenCte) -> Step<(String, Vec<Column>)> {
        let names: Vec<String> = cte.alias.columns.iter().map(|column| fold(&column.name)).collect();
        self.rename_columns(made, &names, &self.at(&cte.alias.name))
    }

    /// Columns renamed by position, and the list for the engine; both are unchanged without names.
    pub(super) fn rename_columns(
        &self,
        made: &Shaped,
        names: &[String],
        range: &std::ops::Range<usize>,
    ) -> Step<(String, Vec<Column>)> {
        if names.is_empty() {
            return Ok((String::new(), made.columns.clone()));
        }
        if names.len() != made.columns.len() {
            let message = format!("{} names for {} columns", names.len(), made.columns.len());
            return Err(SqlProblem::new(WRONG_TYPE, message, range.clone()));
        }
        let columns: Vec<Column> =
            names.iter().zip(&made.columns).map(|(name, column)| Column::new(name, column.ty)).collect();
        let list: Vec<String> = columns.iter().map(|column| quote(&column.stored)).collect();
        Ok((format!(" ({})", list.join(", ")), columns))
    }

    fn refers_to_itself(&self, cte: &WrittenCte, name: &str) -> bool {
        let SetExpr::SetOperation { right, .. } = cte.query.body.as_ref() else { return false };
        let mut found = false;
        let _ = sqlparser::ast::visit_relations(right.as_ref(), |relation| {
            let [part] = relation.0.as_slice() else { return std::ops::ControlFlow::<()>::Continue(()) };
            found |= part.as_ident().is_some_and(|ident| fold(ident) == name);
            std::ops::ControlFlow::Continue(())
        });
        found
    }

    /// The anchor gives the columns; its numbers are widened, for Snowflake's grow with the recursion.
    fn recursive_cte(&mut self, cte: &WrittenCte, name: &str) -> Step<Shaped> {
        let SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right } = cte.query.body.as_ref()
        else {
            return Err(SqlProblem::unsupported("this recursion", self.at(&cte.alias.name)));
        };
        let mut anchor = self.set_expr(left)?;
        let mut widened = Vec::new();
        for column in &mut anchor.columns {
            let stored = quote(&column.stored);
            if let Some((_, scale)) = column.ty.digits() {
                column.ty = DataType::number(38, scale);
            }
            if let DataType::Varchar(_) = column.ty {
                column.ty = DataType::TEXT;
            }
            widened.push(format!("CAST({stored} AS {}) AS {stored}", column.ty.duckdb()));
        }
        let (_, columns) = self.renamed(&anchor, cte)?;
        self.ctes.push(Cte { name: name.to_owned(), columns, open: anchor.open });
        let rest = self.set_expr(right);
        self.ctes.pop();
        let all = if *set_quantifier == SetQuantifier::All { "UNION ALL" } else { "UNION" };
        let sql = format!("SELECT {} FROM ({}) AS \"ANCHOR\" {all} {}", widened.join(", "), anchor.sql, rest?.sql);
        Ok(Shaped { sql, ..anchor })
    }

    /// A query without its order: a SELECT, a set operation, `VALUES`, or one in parentheses.
    pub(super) fn set_expr(&mut self, body: &SetExpr) -> Step<Shaped> {
        match body {
            SetExpr::Select(select) => self.select(select, None),
            SetExpr::Query(query) => {
                let made = self.query(query)?;
                Ok(Shaped { sql: format!("({})", made.sql), ..made })
            }
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { .. } => self.set_operations(body),
            _ => Err(SqlProblem::unsupported("this kind of query", self.text.range(body.span()))),
        }
    }

    /// A chain of set operations; the left spine is walked in a loop.
    fn set_operations(&mut self, body: &SetExpr) -> Step<Shaped> {
        let mut spine = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation { op, set_quantifier, left, right } = first {
            spine.push((*op, *set_quantifier, right));
            first = left;
        }
        let mut arms = vec![(String::new(), self.set_expr(first)?)];
        while let Some((op, quantifier, right)) = spine.pop() {
            let word = operator(op, quantifier)
                .ok_or_else(|| SqlProblem::unsupported("this set operation", self.text.range(right.span())))?;
            let arm = self.set_expr(right)?;
            let arm = match right.as_ref() {
                SetExpr::SetOperation { .. } => Shaped { sql: format!("({})", arm.sql), ..arm },
                _ => arm,
            };
            let known = !arms[0].1.open && !arm.open && !word.contains("BY NAME");
            if known && arms[0].1.columns.len() != arm.columns.len() {
                let message = format!("{} columns here, {} before", arm.columns.len(), arms[0].1.columns.len());
                return Err(SqlProblem::new("set-operation-columns", message, self.text.range(right.span())));
            }
            arms.push((word, arm));
        }
        let range = self.text.range(first.span());
        self.unite(arms, &range)
    }

    /// Brings the arms of set operations to common types.
    fn unite(&mut self, arms: Vec<(String, Shaped)>, range: &std::ops::Range<usize>) -> Step<Shaped> {
        let by_name = arms.iter().any(|(word, _)| word.contains("BY NAME"));
        let open = arms.iter().any(|(_, arm)| arm.open);
        let mut columns = arms[0].1.columns.clone();
        if by_name {
            for (_, arm) in &arms[1..] {
                for column in &arm.columns {
                    if !columns.iter().any(|known| known.name == column.name) {
                        columns.push(column.clone());
                    }
                }
            }
        } else if !open {
            for (index, column) in columns.iter_mut().enumerate() {
                let types: Vec<Typed> = arms.iter().map(|(_, a)| Typed::new("", a.columns[index].ty)).collect();
                column.ty = self.common(&types, range)?;
            }
        }
        let mut sql = String::new();
        for (word, arm) in &arms {
            sql.push_str(word);
            let differs = !open
                && !by_name
                && arm.columns.iter().zip(&columns).any(|(mine, common)| {
                    let other = mine.ty.family() != common.ty.family() && mine.ty.family() != Family::Null;
                    other || mixes_scales(mine.ty, common.ty)
                });
            if differs {
                let mut items = Vec::new();
                for (mine, common) in arm.columns.iter().zip(&columns) {
                    let value = Typed::new(quote(&mine.stored), mine.ty);
                    let value = self.convert(&value, common.ty, range)?;
                    items.push(format!("{} AS {}", value.sql, quote(&common.stored)));
                }
                sql.push_str(&format!("SELECT {} FROM ({}) AS \"ARM\"", items.join(", "), arm.sql));
            } else {
                sql.push_str(&arm.sql);
            }
        }
        Ok(Shaped { sql, columns, open })
    }

    /// `VALUES`: columns `COLUMN1`, `COLUMN2`, …
    pub(super) fn values(&mut self, values: &Values) -> Step<Shaped> {
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &values.rows {
            let mut cells = Vec::new();
            for cell in &row.content {
                cells.push(self.expression(cell)?);
            }
            rows.push(cells);
        }
        let range = values.rows.first().and_then(|row| row.content.first()).map_or(0..0, |cell| self.range_of(cell));
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(SqlProblem::new(WRONG_TYPE, "rows of VALUES differ in length", range));
        }
        let mut columns = Vec::new();
        for index in 0..width {
            let cells: Vec<Typed> = rows.iter().map(|row| row[index].clone()).collect();
            let ty = self.common(&cells, &range)?;
            columns.push(Column::new(format!("COLUMN{}", index + 1), ty));
            for row in &mut rows {
                let cell = self.convert(&row[index], ty, &range)?;
                row[index] = cell;
            }
        }
        let rows: Vec<String> = rows
            .iter()
            .map(|row| format!("({})", row.iter().map(|cell| cell.sql.clone()).collect::<Vec<_>>().join(", ")))
            .collect();
        let names: Vec<String> = columns.iter().map(|column| quote(&column.stored)).collect();
        let sql = format!("SELECT * FROM (VALUES {}) AS \"VALUES\" ({})", rows.join(", "), names.join(", "));
        Ok(Shaped { sql, columns, open: false })
    }

    /// The order of a set operation: by its columns' names or positions.
    fn order_of_set(&mut self, order: &OrderBy, made: &Shaped) -> Step<String> {
        let aliases = made
            .columns
            .iter()
            .map(|column| Alias { name: column.name.clone(), value: Typed::new(quote(&column.stored), column.ty) });
        let relation =
            Relation { alias: String::new(), path: Vec::new(), columns: Vec::new(), open: made.open, rows: None };
        self.scopes.push(Scope {
            aliases: aliases.collect(),
            aliases_first: true,
            relations: if made.open { vec![relation] } else { Vec::new() },
            ..Scope::default()
        });
        let sql = self.order_by(order, (&made.columns, made.open));
        self.scopes.pop();
        sql
    }

    /// An ORDER BY with a space before it, resolved in the innermost scope.
    pub(super) fn order_by(&mut self, order: &OrderBy, (columns, open): (&[Column], bool)) -> Step<String> {
        let mut parts = Vec::new();
        if let Some(options) = order_by_all(order) {
            if open {
                return Err(SqlProblem::unsupported("ORDER BY ALL of unknown columns", self.text.range(order.span())));
            }
            for (at, column) in columns.iter().enumerate() {
                let position = Typed::new((at + 1).to_string(), DataType::TEXT);
                let named = Typed::new(quote(&column.stored), column.ty);
                let value = if column.ty.family() == Family::Semi { named } else { position };
                let keys = super::window::order_values(&value).into_iter();
                parts.extend(keys.map(|sql| format!("{sql}{}", direction(options))));
            }
            return Ok(format!(" ORDER BY {}", parts.join(", ")));
        }
        let OrderByKind::Expressions(keys) = &order.kind else { return Ok(String::new()) };
        for key in keys {
            let keys = match super::special::small_integer(&key.expr) {
                Some(position) => vec![position.to_string()],
                None => super::window::order_values(&self.expression(&key.expr)?),
            };
            parts.extend(keys.into_iter().map(|sql| format!("{sql}{}", direction(&key.options))));
        }
        Ok(format!(" ORDER BY {}", parts.join(", ")))
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == sqlparser::ast::Value::Null)
}

/// A set operation in the engine's words, with spaces around it.
fn operator(op: SetOperator, quantifier: SetQuantifier) -> Option<String> {
    let op = match op {
        SetOperator::Union => "UNION",
        SetOperator::Except | SetOperator::Minus => "EXCEPT",
        SetOperator::Intersect => "INTERSECT",
    };
    let quantifier = match (op, quantifier) {
        (_, SetQuantifier::None | SetQuantifier::Distinct) => "",
        ("UNION", SetQuantifier::All) => " ALL",
        ("UNION", SetQuantifier::ByName | SetQuantifier::DistinctByName) => " BY NAME",
        ("UNION", SetQuantifier::AllByName) => " ALL BY NAME",
        _ => return None,
    };
    Some(format!(" {op}{quantifier} "))
}
