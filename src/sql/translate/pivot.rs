//! PIVOT as conditional aggregates, UNPIVOT as a lateral list.

use std::ops::Range;

use sqlparser::ast::{
    Expr, ExprWithAlias, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, NullInclusion, PivotValueSource,
    TableFactor,
};

use super::scope::{Scope, reference};
use super::typed::{Column, Shaped, Typed};
use super::{Step, Translator, fold, literal, quote};
use crate::sql::DataType;
use crate::sql::item::pivot_label;
use crate::sql::problem::SqlProblem;

impl Translator<'_> {
    pub(super) fn pivot(&mut self, table: &TableFactor, range: &Range<usize>) -> Step<String> {
        let TableFactor::Pivot { table, aggregate_functions, value_column, value_source, default_on_null, alias } =
            table
        else {
            return Err(SqlProblem::unsupported("this relation", range.clone()));
        };
        let (PivotValueSource::List(values), [Expr::Identifier(key)]) = (value_source, value_column.as_slice()) else {
            return Err(SqlProblem::unsupported("PIVOT of values that are not listed", range.clone()));
        };
        self.scopes.push(Scope::default());
        let made = self.pivot_query(table, aggregate_functions, (key, values, default_on_null.as_ref()), range);
        self.scopes.pop();
        let made = made?;
        self.derived(format!("({})", made.sql), made, alias.as_ref(), "PIVOT")
    }

    fn pivot_query(
        &mut self,
        table: &TableFactor,
        aggregates: &[ExprWithAlias],
        (key, values, default): (&Ident, &[ExprWithAlias], Option<&Expr>),
        range: &Range<usize>,
    ) -> Step<Shaped> {
        let from = self.table(table)?;
        let relation = self.scope().relations.last().cloned().filter(|relation| !relation.open);
        let relation = relation.ok_or_else(|| SqlProblem::unsupported("PIVOT of unknown columns", range.clone()))?;
        let key_value = reference(&relation, self.column_of(&relation, key)?, range);
        let mut used = vec![fold(key)];
        let mut items = Vec::new();
        for aggregate in aggregates {
            let (name, argument) = self.pivot_aggregate(&aggregate.expr, range)?;
            used.extend(argument.iter().map(fold));
            items.push((name, argument, aggregate.alias.as_ref().map(fold)));
        }
        let kept: Vec<&Column> = relation.columns.iter().filter(|column| !used.contains(&column.name)).collect();
        let mut sql: Vec<String> = Vec::new();
        let mut columns = Vec::new();
        for column in &kept {
            sql.push(format!("{} AS {}", reference(&relation, column, range).sql, quote(&column.stored)));
            columns.push((*column).clone());
        }
        for value in values {
            let wanted = self.expression(&value.expr)?;
            let matches = self.compare(&key_value, "=", &wanted, range)?.sql;
            for (function, argument, alias) in &items {
                let mut made = self.pivot_cell(function, argument.as_ref(), &matches, range)?;
                if let Some(default) = default {
                    made.sql = format!("coalesce({}, {})", made.sql, self.expression(default)?.sql);
                }
                let name = pivot_label(value, value.alias.as_ref().map(fold), alias.as_deref());
                sql.push(format!("{} AS {}", made.stored(), quote(&name)));
                columns.push(Column::new(name, made.ty));
            }
        }
        let group: Vec<String> = kept.iter().map(|column| reference(&relation, column, range).sql).collect();
        let group = if group.is_empty() { String::new() } else { format!(" GROUP BY {}", group.join(", ")) };
        Ok(Shaped { sql: format!("SELECT {} FROM {from}{group}", sql.join(", ")), columns, open: false })
    }

    fn pivot_aggregate(&self, expr: &Expr, range: &Range<usize>) -> Step<(String, Option<Ident>)> {
        let refused = || SqlProblem::unsupported("this aggregate of PIVOT", range.clone());
        let Expr::Function(function) = expr else { return Err(refused()) };
        let FunctionArguments::List(list) = &function.args else { return Err(refused()) };
        let name = function.name.to_string().to_ascii_uppercase();
        if !["SUM", "AVG", "MIN", "MAX", "COUNT", "ANY_VALUE"].contains(&name.as_str()) {
            return Err(refused());
        }
        match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(column)))] => Ok((name, Some(column.clone()))),
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if name == "COUNT" => Ok((name, None)),
            _ => Err(refused()),
        }
    }

    fn pivot_cell(
        &mut self,
        function: &str,
        argument: Option<&Ident>,
        matches: &str,
        range: &Range<usize>,
    ) -> Step<Typed> {
        let filter = format!(" FILTER (WHERE {matches})");
        let Some(argument) = argument else {
            return Ok(Typed::loose(format!("count(*){filter}"), DataType::number(18, 0)));
        };
        let expr = Expr::Identifier(argument.clone());
        if function == "AVG" {
            let sum = self.named_call("SUM", &[&expr], range)?;
            let count = self.named_call("COUNT", &[&expr], range)?;
            let sum = Typed { sql: format!("{}{filter}", sum.sql), ..sum };
            let count = Typed { sql: format!("nullif({}{filter}, 0)", count.sql), ..count };
            return self.arithmetic(sum, &sqlparser::ast::BinaryOperator::Divide, count, range);
        }
        let made = self.named_call(function, &[&expr], range)?;
        Ok(Typed { sql: format!("{}{filter}", made.sql), ..made })
    }

    pub(super) fn unpivot(&mut self, table: &TableFactor, range: &Range<usize>) -> Step<String> {
        let TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } = table else {
            return Err(SqlProblem::unsupported("this relation", range.clone()));
        };
        self.scopes.push(Scope::default());
        let made = self.unpivot_query(table, (value, name), columns, (null_inclusion.as_ref(), range));
        self.scopes.pop();
        let made = made?;
        self.derived(format!("({})", made.sql), made, alias.as_ref(), "UNPIVOT")
    }

    fn unpivot_query(
        &mut self,
        table: &TableFactor,
        (value, name): (&Expr, &Ident),
        columns: &[ExprWithAlias],
        (nulls, range): (Option<&NullInclusion>, &Range<usize>),
    ) -> Step<Shaped> {
        let from = self.table(table)?;
        let relation = self.scope().relations.last().cloned().filter(|relation| !relation.open);
        let relation = relation.ok_or_else(|| SqlProblem::unsupported("UNPIVOT of unknown columns", range.clone()))?;
        let Expr::Identifier(value) = value else {
            return Err(SqlProblem::unsupported("UNPIVOT of several values", self.range_of(value)));
        };
        let mut cells = Vec::new();
        let mut used = Vec::new();
        for column in columns {
            let Expr::Identifier(ident) = &column.expr else {
                return Err(SqlProblem::unsupported("this column of UNPIVOT", self.range_of(&column.expr)));
            };
            let found = self.column_of(&relation, ident)?;
            let label = column.alias.as_ref().map_or_else(|| found.name.clone(), fold);
            cells.push((label, reference(&relation, found, range)));
            used.push(found.name.clone());
        }
        let values: Vec<Typed> = cells.iter().map(|(_, cell)| cell.clone()).collect();
        let ty = self.common(&values, range)?;
        let mut rows = Vec::new();
        for (label, cell) in &cells {
            rows.push(format!("({}, {})", literal(label), self.convert(cell, ty, range)?.sql));
        }
        let kept: Vec<Column> = relation.columns.iter().filter(|c| !used.contains(&c.name)).cloned().collect();
        let mut items: Vec<String> = kept
            .iter()
            .map(|column| format!("{} AS {}", reference(&relation, column, range).sql, quote(&column.stored)))
            .collect();
        let (name, value) = (Column::new(fold(name), DataType::TEXT), Column::new(fold(value), ty));
        items.push(format!("\"SF$U\".n AS {}", quote(&name.stored)));
        items.push(format!("\"SF$U\".v AS {}", quote(&value.stored)));
        let filter = match nulls {
            Some(NullInclusion::IncludeNulls) => "",
            _ => " WHERE \"SF$U\".v IS NOT NULL",
        };
        let sql = format!(
            "SELECT {} FROM {from}, LATERAL (VALUES {}) AS \"SF$U\"(n, v){filter}",
            items.join(", "),
            rows.join(", ")
        );
        let columns = kept.into_iter().chain([name, value]).collect();
        Ok(Shaped { sql, columns, open: false })
    }
}
