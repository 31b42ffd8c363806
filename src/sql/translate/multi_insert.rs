//! `INSERT ALL` and `INSERT FIRST`: the rows of one query into several tables.

use std::ops::Range;

use sqlparser::ast::Expr;
use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::scope::{Scope, reference};
use super::typed::{Column, Shaped};
use super::{Made, ResultShape, Step, Translator, quote};

/// Which rows go into some tables.
enum Chosen {
    All,
    Where(Box<Expr>),
    Others,
}

/// A table with what is put into it.
struct Target {
    path: Vec<String>,
    names: Option<Vec<(String, Range<usize>)>>,
    /// Of each row; without them, its columns.
    values: Option<Vec<Expr>>,
    range: Range<usize>,
}

impl Translator<'_> {
    /// The query runs once, into a temporary table. Behind `FIRST` a row goes where its first condition holds, else wherever one does.
    pub(super) fn insert_several(&mut self, cursor: &mut Cursor<'_>, overwrites: bool) -> Step<Made> {
        let first = cursor.takes("FIRST");
        cursor.takes("ALL");
        let arms = self.arms(cursor)?;
        let query = cursor.query()?;
        let made = self.query(&query)?;
        let kept = quote("MERGANSER$ROWS");
        let mut statements = vec![format!("CREATE OR REPLACE TEMP TABLE {kept} AS {}", made.sql)];
        if overwrites {
            let tables = arms.iter().flat_map(|(_, targets)| targets).map(|target| self.table_of(target));
            statements.extend(tables.map(|table| format!("DELETE FROM {table}")));
        }
        self.scopes.push(Scope::default());
        let from = self.derived(format!("temp.{kept}"), made, None, "ROWS")?;
        let mut counted = Vec::new();
        let mut before = Vec::new();
        for (chosen, targets) in &arms {
            let condition = self.condition_of(chosen, first, &mut before)?;
            for target in targets {
                let rows = self.rows_for(target, &from, &condition)?;
                let (list, sql) = self.filling(&target.path, target.names.as_ref(), rows, &target.range)?;
                let name = target.path.last().map_or("", String::as_str);
                counted.push((format!("number of rows inserted into {name}"), statements.len()));
                statements.push(format!("INSERT INTO {}{list} {sql}", self.table_of(target)));
            }
        }
        self.scopes.pop();
        statements.push(format!("DROP TABLE temp.{kept}"));
        Ok(Made { statements, result: ResultShape::Affected(counted), session: Vec::new() })
    }

    /// The condition of some tables' rows, behind those written before.
    fn condition_of(&mut self, chosen: &Chosen, first: bool, before: &mut Vec<String>) -> Step<String> {
        let own = match chosen {
            Chosen::Where(condition) => self.boolean(condition)?,
            Chosen::All | Chosen::Others => "true".to_owned(),
        };
        let alone = first || matches!(chosen, Chosen::Others);
        let others = before.iter().filter(|_| alone).map(|other| format!(" AND ({other}) IS NOT TRUE"));
        let condition = format!("{own}{}", others.collect::<String>());
        before.push(own);
        Ok(condition)
    }

    fn table_of(&self, target: &Target) -> String {
        self.path_sql(&self.stored(&target.path))
    }

    /// The rows of the query that go into a table, as its values.
    fn rows_for(&mut self, target: &Target, from: &str, condition: &str) -> Step<Shaped> {
        let mut values = Vec::new();
        let source = self.scope().relations.first().cloned().expect("the rows entered the scope");
        match &target.values {
            Some(written) => {
                for value in written {
                    values.push(self.expression(value)?);
                }
            }
            None => {
                values.extend(source.columns.iter().map(|column| reference(&source, column, &target.range)));
            }
        }
        let columns = values.iter().enumerate().map(|(at, value)| Column::new(format!("C{at}"), value.ty));
        let columns: Vec<Column> = columns.collect();
        let items = values.iter().zip(&columns);
        let items: Vec<String> =
            items.map(|(value, column)| format!("{} AS {}", value.stored(), column.name)).collect();
        let (items, open) = match &target.values {
            None if source.open => ("*".to_owned(), true),
            _ => (items.join(", "), false),
        };
        Ok(Shaped { sql: format!("SELECT {items} FROM {from} WHERE {condition}"), columns, open })
    }

    fn arms(&self, cursor: &mut Cursor<'_>) -> Step<Vec<(Chosen, Vec<Target>)>> {
        let mut arms = Vec::new();
        loop {
            let chosen = if cursor.takes("WHEN") {
                let condition = cursor.expression()?;
                cursor.expect("THEN")?;
                Chosen::Where(Box::new(condition))
            } else if cursor.takes("ELSE") {
                Chosen::Others
            } else if arms.is_empty() {
                Chosen::All
            } else {
                return Ok(arms);
            };
            let mut targets = Vec::new();
            while cursor.takes("INTO") {
                targets.push(self.target(cursor)?);
            }
            if targets.is_empty() {
                return Err(cursor.expected("INTO"));
            }
            arms.push((chosen, targets));
        }
    }

    fn target(&self, cursor: &mut Cursor<'_>) -> Step<Target> {
        let path = self.full_path(&cursor.path()?);
        let range = cursor.range();
        let names = if cursor.sees_token(&Token::LParen) { Some(cursor.names()?) } else { None };
        let mut values = None;
        if cursor.takes("VALUES") {
            cursor.expect_token(&Token::LParen)?;
            let mut written = vec![cursor.expression()?];
            while cursor.takes_token(&Token::Comma) {
                written.push(cursor.expression()?);
            }
            cursor.expect_token(&Token::RParen)?;
            values = Some(written);
        }
        Ok(Target { path, names, values, range })
    }
}
