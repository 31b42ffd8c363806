//! Changes of definitions: ALTER TABLE and ALTER VIEW.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::policy::{Attached, Columns};
use super::{Made, Step, Translator, literal, quote};
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// The relation that is altered, as it is.
struct Altered {
    kind: String,
    path: Vec<String>,
    /// `ALTER TABLE name`, of the stored relation.
    head: String,
    attached: Vec<Attached>,
    columns: Columns,
    exists: bool,
    range: Range<usize>,
}

/// What an ALTER makes of a relation: statements for the stored one, and what is attached and which columns it has then.
struct Change {
    statements: Vec<String>,
    attached: Vec<Attached>,
    columns: Columns,
}

impl Translator<'_> {
    pub(super) fn alter(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("ALTER")?;
        let kind = cursor.word();
        if kind == "MASKING" || cursor.sees("ROW ACCESS POLICY") {
            return self.alter_policy(cursor);
        }
        if !["TABLE", "VIEW"].contains(&kind.as_str()) {
            return Err(SqlProblem::unsupported(format!("ALTER {kind}"), cursor.range()));
        }
        cursor.skip();
        let exists = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let known = self.columns.columns(&path);
        let altered = Altered {
            exists: known.is_some(),
            head: format!("ALTER {kind} {exists}{}", self.path_sql(&self.stored(&path))),
            attached: self.attached(&path),
            columns: known.unwrap_or_default(),
            kind,
            path,
            range,
        };
        let statements = self.altering(cursor, &altered)?;
        cursor.expect_end()?;
        Ok(Made::status(statements, "Statement executed successfully."))
    }

    fn altering(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        match cursor.word().as_str() {
            "RENAME" if cursor.takes("RENAME TO") => self.rename(cursor, altered),
            "RENAME" => self.rename_column(cursor, altered),
            "SWAP" => self.swap(cursor, altered),
            "ADD" if cursor.takes("ADD ROW ACCESS POLICY") => {
                let rows = self.attached_rows(cursor)?;
                if altered.attached.iter().any(|one| one.column.is_none()) {
                    let what = "a second row access policy";
                    return Err(SqlProblem::unsupported(what, altered.range.clone()));
                }
                self.reattach(altered, [altered.attached.clone(), vec![rows]].concat())
            }
            "ADD" => self.add_columns(cursor, altered),
            "DROP" if cursor.takes("DROP ALL ROW ACCESS POLICIES") => {
                let kept = altered.attached.iter().filter(|one| one.column.is_some()).cloned().collect();
                self.reattach(altered, kept)
            }
            "DROP" if cursor.takes("DROP ROW ACCESS POLICY") => {
                let policy = self.full_path(&cursor.path()?);
                let kept = altered.attached.iter().filter(|one| one.column.is_some() || one.policy != policy);
                self.reattach(altered, kept.cloned().collect())
            }
            "DROP" => self.drop_columns(cursor, altered),
            "ALTER" | "MODIFY" => self.alter_columns(cursor, altered),
            "CLUSTER" | "SUSPEND" | "RESUME" | "SET" | "UNSET" => {
                self.notes.push("properties of relations are not kept on the embedded engine".to_owned());
                cursor.skip_rest();
                Ok(Vec::new())
            }
            _ => Err(SqlProblem::unsupported("this ALTER", cursor.range())),
        }
    }

    /// `POLICY p [USING (columns)]` of a column; the columns are the policy's arguments.
    pub(super) fn masking_policy(&mut self, cursor: &mut Cursor<'_>, column: &str) -> Step<(Vec<String>, Vec<String>)> {
        let policy = self.full_path(&cursor.path()?);
        let range = cursor.range();
        if !cursor.takes("USING") {
            return Ok((policy, vec![column.to_owned()]));
        }
        let arguments: Vec<String> = cursor.names()?.into_iter().map(|(name, _)| name).collect();
        if arguments.first().is_none_or(|first| first != column) {
            let message = format!("the first column behind USING is the masked one, `{column}`");
            return Err(SqlProblem::new(WRONG_TYPE, message, range));
        }
        Ok((policy, arguments))
    }

    /// `ROW ACCESS POLICY p ON (columns)`.
    pub(super) fn row_policy(&mut self, cursor: &mut Cursor<'_>) -> Step<Attached> {
        cursor.expect("ROW ACCESS POLICY")?;
        self.attached_rows(cursor)
    }

    fn attached_rows(&mut self, cursor: &mut Cursor<'_>) -> Step<Attached> {
        let policy = self.full_path(&cursor.path()?);
        cursor.expect("ON")?;
        let arguments = cursor.names()?.into_iter().map(|(name, _)| name).collect();
        Ok(Attached { column: None, policy, arguments })
    }

    fn reattach(&self, altered: &Altered, attached: Vec<Attached>) -> Step<Vec<String>> {
        self.govern((&altered.kind, &altered.path), &attached, &altered.columns, &altered.range)
    }

    /// The statements of a change, with the view of a relation under policies made again around them.
    fn changed(&self, altered: &Altered, change: Change) -> Step<Vec<String>> {
        let mut statements =
            self.around(&altered.path, change.statements, (&change.attached, &change.columns), &altered.range)?;
        if altered.exists {
            statements.extend(self.keep_types(&altered.path, &change.columns));
        }
        Ok(statements)
    }

    fn rename(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        let target = self.full_path(&cursor.path()?);
        let (Some((_, schema)), Some((name, other))) = (altered.path.split_last(), target.split_last()) else {
            return Err(cursor.expected("a name"));
        };
        if schema != other {
            return Err(SqlProblem::unsupported("RENAME into another schema", cursor.range()));
        }
        let mut statements = if altered.attached.is_empty() {
            vec![format!("{} RENAME TO {}", altered.head, quote(name))]
        } else {
            self.rename_governed((&altered.kind, &altered.path), &target, &altered.columns, &altered.range)?
        };
        statements.extend(self.keep_types(&altered.path, &Vec::new()));
        statements.extend(self.keep_types(&target, &altered.columns));
        statements.extend(self.exchange_loads(&altered.path, &target));
        Ok(statements)
    }

    fn rename_column(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        cursor.expect("RENAME COLUMN")?;
        let old = cursor.name()?;
        cursor.expect("TO")?;
        let new = cursor.name()?;
        let statements = vec![format!("{} RENAME COLUMN {} TO {}", altered.head, quote(&old), quote(&new))];
        let (mut attached, mut columns) = (altered.attached.clone(), altered.columns.clone());
        let names = attached.iter_mut().flat_map(|one| one.arguments.iter_mut().chain(&mut one.column));
        let names = names.chain(columns.iter_mut().map(|(name, _)| name));
        names.filter(|name| **name == old).for_each(|name| name.clone_from(&new));
        self.changed(altered, Change { statements, attached, columns })
    }

    /// `SWAP WITH`: rows, columns and policies change places.
    fn swap(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        let range = cursor.range();
        cursor.expect("SWAP WITH")?;
        let (path, other) = (&altered.path, self.full_path(&cursor.path()?));
        let (Some((mine, schema)), Some((theirs, other_schema))) = (path.split_last(), other.split_last()) else {
            return Err(cursor.expected("a name"));
        };
        if schema != other_schema {
            return Err(SqlProblem::unsupported("SWAP between schemas", range));
        }
        let attached = self.attached(&other);
        let columns = self.columns.columns(&other).unwrap_or_default();
        let between = format!("{mine}$SWAP");
        let named = |name: &str, attached: &[Attached]| {
            if attached.is_empty() { name.to_owned() } else { super::policy::stored_name(name) }
        };
        let step = |from: &str, to: &str| {
            let full = [schema, &[from.to_owned()]].concat();
            format!("ALTER TABLE {} RENAME TO {}", self.path_sql(&full), quote(to))
        };
        let mut statements: Vec<String> = [(path, &altered.attached), (&other, &attached)]
            .iter()
            .filter(|(_, attached)| !attached.is_empty())
            .map(|(path, _)| format!("DROP VIEW {}", self.path_sql(path)))
            .collect();
        statements.push(step(&named(mine, &altered.attached), &between));
        statements.push(step(&named(theirs, &attached), &named(mine, &attached)));
        statements.push(step(&between, &named(theirs, &altered.attached)));
        let after = [(path, &attached, &columns), (&other, &altered.attached, &altered.columns)];
        for (path, attached, columns) in after {
            if !attached.is_empty() {
                statements.push(self.view(path, attached, columns, &range)?);
            }
            statements.extend(self.record(path, attached));
            statements.extend(self.keep_types(path, columns));
        }
        statements.extend(self.exchange_loads(path, &other));
        Ok(statements)
    }

    fn add_columns(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        cursor.expect("ADD")?;
        cursor.takes("COLUMN");
        let quiet = if cursor.takes("IF NOT EXISTS") { "IF NOT EXISTS " } else { "" };
        let mut change =
            Change { statements: Vec::new(), attached: altered.attached.clone(), columns: altered.columns.clone() };
        loop {
            let column = self.definition(cursor)?;
            if column.not_null || column.policy.is_some() {
                return Err(SqlProblem::unsupported("this column option in ADD", cursor.range()));
            }
            change.statements.push(format!("{} ADD COLUMN {quiet}{}", altered.head, self.column_sql(&column, cursor)?));
            if change.columns.iter().all(|(name, _)| *name != column.name) {
                change.columns.extend(column.ty.map(|ty| (column.name, ty)));
            }
            if !cursor.takes_token(&Token::Comma) {
                return self.changed(altered, change);
            }
            cursor.takes("COLUMN");
        }
    }

    fn drop_columns(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        cursor.expect("DROP")?;
        cursor.takes("COLUMN");
        let quiet = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
        let mut statements = Vec::new();
        let mut attached = altered.attached.clone();
        let mut columns = altered.columns.clone();
        loop {
            let range = cursor.range();
            let name = cursor.name()?;
            attached.retain(|one| one.column.as_ref() != Some(&name));
            columns.retain(|(column, _)| *column != name);
            if attached.iter().any(|one| one.arguments.contains(&name)) {
                return Err(SqlProblem::unsupported("dropping a column that a policy reads", range));
            }
            statements.push(format!("{} DROP COLUMN {quiet}{}", altered.head, quote(&name)));
            if !cursor.takes_token(&Token::Comma) {
                break;
            }
        }
        self.changed(altered, Change { statements, attached, columns })
    }

    fn alter_columns(&mut self, cursor: &mut Cursor<'_>, altered: &Altered) -> Step<Vec<String>> {
        cursor.skip();
        let bracketed = cursor.takes_token(&Token::LParen);
        let mut statements = Vec::new();
        let mut attached = altered.attached.clone();
        let mut columns = altered.columns.clone();
        loop {
            cursor.takes("COLUMN");
            let range = cursor.range();
            let name = cursor.name()?;
            let masked = attached.iter().position(|one| one.column.as_ref() == Some(&name));
            if cursor.takes("SET MASKING POLICY") {
                let (policy, arguments) = self.masking_policy(cursor, &name)?;
                if !cursor.takes("FORCE") && masked.is_some_and(|at| attached[at].policy != policy) {
                    let message = format!("column `{name}` is under another masking policy");
                    return Err(
                        SqlProblem::new(WRONG_TYPE, message, range).help("unset that one first, or add `FORCE`")
                    );
                }
                attached.retain(|one| one.column.as_ref() != Some(&name));
                attached.push(Attached { column: Some(name), policy, arguments });
            } else if cursor.takes("UNSET MASKING POLICY") {
                attached.retain(|one| one.column.as_ref() != Some(&name));
            } else {
                statements.extend(self.alter_column(cursor, (altered, &mut columns), &name)?);
            }
            if !cursor.takes_token(&Token::Comma) {
                break;
            }
        }
        if bracketed {
            cursor.expect_token(&Token::RParen)?;
        }
        let change = Change { statements, attached: altered.attached.clone(), columns };
        let untouched = change.statements.is_empty() && change.columns == altered.columns;
        let mut statements = if untouched { Vec::new() } else { self.changed(altered, change)? };
        if attached != altered.attached {
            statements.extend(self.reattach(altered, attached)?);
        }
        Ok(statements)
    }

    fn alter_column(
        &mut self,
        cursor: &mut Cursor<'_>,
        (altered, columns): (&Altered, &mut Columns),
        name: &str,
    ) -> Step<Option<String>> {
        let column = format!("{} ALTER COLUMN {}", altered.head, quote(name));
        for option in ["SET NOT NULL", "DROP NOT NULL", "DROP DEFAULT"] {
            if cursor.takes(option) {
                return Ok(Some(format!("{column} {option}")));
            }
        }
        if cursor.takes("COMMENT") {
            let mut full = self.stored(&altered.path);
            full.push(name.to_owned());
            return Ok(Some(format!("COMMENT ON COLUMN {} IS {}", self.path_sql(&full), literal(&cursor.string()?))));
        }
        let _ = cursor.takes("SET DATA TYPE") || cursor.takes("SET TYPE") || cursor.takes("TYPE");
        let range = cursor.range();
        let wanted = cursor.data_type()?;
        let Some((_, own)) = columns.iter_mut().find(|(own, _)| own == name) else {
            return Ok(Some(format!("{column} SET DATA TYPE {}", wanted.duckdb())));
        };
        let before = std::mem::replace(own, self.altered_type((name, *own), wanted, &range)?);
        if before.duckdb() == wanted.duckdb() {
            return Ok(None);
        }
        if altered.attached.iter().any(|one| one.arguments.iter().any(|argument| argument == name)) {
            return Err(SqlProblem::unsupported("another type of a column that a policy reads", range));
        }
        Ok(Some(format!("{column} SET DATA TYPE {}", wanted.duckdb())))
    }
}
