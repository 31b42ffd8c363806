//! Changes of rows: INSERT, UPDATE, DELETE, TRUNCATE.

use std::ops::Range;

use sqlparser::ast::{
    Assignment, AssignmentTarget, FromTable, ObjectName, Spanned, Statement, TableFactor, UpdateTableFromKind,
};
use sqlparser::tokenizer::Token;

use super::column_type::needs_assigning;
use super::cursor::Cursor;
use super::scope::{Relation, Scope};
use super::typed::{Column, Shaped, Typed};
use super::{Made, ResultShape, Step, Translator, fold, quote};
use crate::sql::problem::{SqlProblem, UNKNOWN_COLUMN, WRONG_TYPE, nearest};

impl Translator<'_> {
    pub(super) fn insert(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("INSERT")?;
        let overwrites = cursor.takes("OVERWRITE");
        if cursor.sees("ALL") || cursor.sees("FIRST") {
            return self.insert_several(cursor, overwrites);
        }
        cursor.expect("INTO")?;
        cursor.takes("TABLE");
        let path = self.full_path(&cursor.path()?);
        let named = cursor.sees_token(&Token::LParen);
        let range = cursor.range();
        let names = if named { cursor.names()? } else { Vec::new() };
        let query = cursor.query()?;
        let made = self.query(&query)?;
        let table = self.path_sql(&self.stored(&path));
        let (list, sql) = self.filling(&path, named.then_some(&names), made, &range)?;
        let kept = quote("MERGANSER$ROWS");
        let statements = if overwrites {
            // The query may read the table that it overwrites.
            vec![
                format!("CREATE OR REPLACE TEMP TABLE {kept} AS {sql}"),
                format!("DELETE FROM {table}"),
                format!("INSERT INTO {table}{list} SELECT * FROM temp.{kept}"),
                format!("DROP TABLE temp.{kept}"),
            ]
        } else {
            vec![format!("INSERT INTO {table}{list} {sql}")]
        };
        let inserted = if overwrites { 2 } else { 0 };
        let result = ResultShape::Affected(vec![("number of rows inserted".to_owned(), inserted)]);
        Ok(Made { statements, result, session: Vec::new() })
    }

    /// The list of columns that a query fills, with a space before it, and the query with values of the columns' types.
    pub(super) fn filling(
        &self,
        path: &[String],
        names: Option<&Vec<(String, Range<usize>)>>,
        made: Shaped,
        range: &Range<usize>,
    ) -> Step<(String, String)> {
        let target: Option<Vec<Column>> = self
            .columns
            .columns(path)
            .map(|columns| columns.into_iter().map(|(name, ty)| Column::new(name, ty)).collect());
        let mut sql = made.sql;
        if let (Some(target), false) = (&target, made.open) {
            let wanted: Vec<&Column> = match names {
                Some(names) => names.iter().map(|(name, range)| find(target, name, range)).collect::<Step<_>>()?,
                None => target.iter().collect(),
            };
            if wanted.len() != made.columns.len() {
                let message = format!("{} columns are filled by {} values", wanted.len(), made.columns.len());
                return Err(SqlProblem::new(WRONG_TYPE, message, range.clone()));
            }
            if made.columns.iter().zip(&wanted).any(|(from, to)| needs_assigning(from.ty, to.ty)) {
                let mut items = Vec::new();
                for (from, to) in made.columns.iter().zip(&wanted) {
                    let value = Typed::new(quote(&from.stored), from.ty);
                    items.push(self.assigned(&value, to.ty, range)?);
                }
                sql = format!("SELECT {} FROM ({sql}) AS \"ROWS\"", items.join(", "));
            }
        }
        let list = names.map_or_else(String::new, |names| {
            let list: Vec<String> = names.iter().map(|(name, _)| quote(name)).collect();
            format!(" ({})", list.join(", "))
        });
        Ok((list, sql))
    }

    pub(super) fn update(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let range = cursor.range();
        let Statement::Update(update) = cursor.statement()? else { return Err(cursor.expected("UPDATE")) };
        if !update.table.joins.is_empty() || update.limit.is_some() || update.returning.is_some() {
            return Err(SqlProblem::unsupported("this UPDATE", range));
        }
        self.scopes.push(Scope::default());
        self.changes = true;
        let table = self.table(&update.table.relation)?;
        self.changes = false;
        let target = self.scope().relations.last().cloned().expect("a table enters the scope");
        let from = match &update.from {
            None => String::new(),
            Some(UpdateTableFromKind::AfterSet(from)) => {
                let hidden = std::mem::take(&mut self.scope().relations);
                let from = self.from_clause(from)?;
                self.scope().relations.extend(hidden);
                format!(" FROM {from}")
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(SqlProblem::unsupported("this UPDATE", range));
            }
        };
        let sets = self.assignments(&update.assignments, &target)?;
        let condition = self.condition(update.selection.as_ref(), &target)?;
        self.scopes.pop();
        let statements = vec![format!("UPDATE {table} SET {sets}{from}{condition}")];
        let result = ResultShape::Affected(vec![("number of rows updated".to_owned(), 0)]);
        Ok(Made { statements, result, session: Vec::new() })
    }

    /// The WHERE of a statement that changes rows: a policy on them may leave some out.
    fn condition(&mut self, written: Option<&sqlparser::ast::Expr>, target: &Relation) -> Step<String> {
        let written = written.map(|condition| self.boolean(condition)).transpose()?;
        let conditions: Vec<String> = written.into_iter().chain(target.rows.clone()).collect();
        Ok(if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) })
    }

    /// `SET a = x, …` of an UPDATE or a MERGE.
    pub(super) fn assignments(&mut self, assignments: &[Assignment], target: &Relation) -> Step<String> {
        let mut sets = Vec::new();
        for assignment in assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                let range = self.range_of(&assignment.value);
                return Err(SqlProblem::unsupported("an assignment of several columns", range));
            };
            let value = self.expression(&assignment.value)?;
            let range = self.range_of(&assignment.value);
            sets.push(match self.target_column(name, target)? {
                Ok(column) => {
                    format!("{} = {}", quote(&column.stored), self.assigned(&value, column.ty, &range)?)
                }
                Err(unknown) => format!("{} = {}", quote(&unknown), value.sql),
            });
        }
        Ok(sets.join(", "))
    }

    /// The column that an assignment names, or its name where the columns are not known.
    pub(super) fn target_column<'r>(
        &self,
        name: &ObjectName,
        target: &'r Relation,
    ) -> Step<Result<&'r Column, String>> {
        let range = self.text.range(name.span());
        let last = name.0.last().and_then(|part| part.as_ident()).map(fold).unwrap_or_default();
        if target.open {
            return Ok(Err(last));
        }
        find(&target.columns, &last, &range).map(Ok)
    }

    /// A value for a column, by position in an insert list.
    pub(super) fn value_for(&mut self, value: &sqlparser::ast::Expr, column: Result<&Column, String>) -> Step<String> {
        let range = self.range_of(value);
        let value = self.expression(value)?;
        match column {
            Ok(column) => self.assigned(&value, column.ty, &range),
            Err(_) => Ok(value.sql),
        }
    }

    pub(super) fn delete(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let range = cursor.range();
        let Statement::Delete(delete) = cursor.statement()? else { return Err(cursor.expected("DELETE")) };
        let FromTable::WithFromKeyword(from) = &delete.from else { return Err(cursor.expected("FROM")) };
        let [table] = from.as_slice() else { return Err(SqlProblem::unsupported("this DELETE", range)) };
        if !table.joins.is_empty() || delete.limit.is_some() || delete.returning.is_some() {
            return Err(SqlProblem::unsupported("this DELETE", range));
        }
        self.scopes.push(Scope::default());
        self.changes = true;
        let table = self.table(&table.relation)?;
        self.changes = false;
        let target = self.scope().relations.last().cloned().expect("a table enters the scope");
        let using = match &delete.using {
            None => String::new(),
            Some(using) => {
                let hidden = std::mem::take(&mut self.scope().relations);
                let using = self.from_clause(using)?;
                self.scope().relations.extend(hidden);
                format!(" USING {using}")
            }
        };
        let condition = self.condition(delete.selection.as_ref(), &target)?;
        self.scopes.pop();
        let statements = vec![format!("DELETE FROM {table}{using}{condition}")];
        let result = ResultShape::Affected(vec![("number of rows deleted".to_owned(), 0)]);
        Ok(Made { statements, result, session: Vec::new() })
    }

    pub(super) fn truncate(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("TRUNCATE")?;
        cursor.takes("TABLE");
        let quiet = cursor.takes("IF EXISTS");
        let path = self.full_path(&cursor.path()?);
        cursor.expect_end()?;
        let done = "Statement executed successfully.";
        if quiet && self.columns.columns(&path).is_none() {
            return Ok(Made::status(Vec::new(), done));
        }
        let emptied = format!("DELETE FROM {}", self.path_sql(&self.stored(&path)));
        Ok(Made::status(std::iter::once(emptied).chain(self.forget_loads(&path)).collect(), done))
    }

    /// Whether a relation of a FROM clause is a plain table.
    pub(super) fn is_plain(&self, table: &TableFactor) -> bool {
        matches!(table, TableFactor::Table { args: None, .. })
    }
}

pub(super) fn find<'c>(columns: &'c [Column], name: &str, range: &std::ops::Range<usize>) -> Step<&'c Column> {
    columns.iter().find(|column| column.name == name).ok_or_else(|| {
        let problem = SqlProblem::new(UNKNOWN_COLUMN, format!("the table has no column `{name}`"), range.clone());
        match nearest(name, columns.iter().map(|column| column.name.as_str())) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        }
    })
}
