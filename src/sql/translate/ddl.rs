//! Definitions: CREATE and DROP. What only Snowflake has (clustering, retention, tags, grants) is left out and noted.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::policy::{Attached, Columns, STORED, new_path, renamed};
use super::typed::{Shaped, Typed};
use super::{Made, SessionChange, Step, Translator, literal, position, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// A column of a definition.
pub(super) struct Defined {
    pub(super) name: String,
    pub(super) ty: Option<DataType>,
    pub(super) not_null: bool,
    default: Option<String>,
    comment: Option<String>,
    /// A masking policy, with the columns behind `USING`.
    pub(super) policy: Option<(Vec<String>, Vec<String>)>,
}

/// What stands behind the columns of a definition.
#[derive(Default)]
struct Properties {
    comment: Option<String>,
    rows: Option<Attached>,
}

/// What CREATE says before the kind of object.
#[derive(Clone, Copy)]
struct Creation {
    replaces: bool,
}

impl Translator<'_> {
    pub(super) fn create(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("CREATE")?;
        let replaces = cursor.takes("OR REPLACE");
        let creation = Creation { replaces };
        loop {
            match cursor.word().as_str() {
                "TRANSIENT" | "SECURE" | "LOCAL" | "GLOBAL" | "RECURSIVE" => cursor.skip(),
                "TEMPORARY" | "TEMP" | "VOLATILE" => {
                    cursor.skip();
                    self.notes.push("temporary relations stay until they are dropped".to_owned());
                }
                "TABLE" => return self.create_table(cursor, creation),
                "VIEW" => return self.create_view(cursor, creation),
                "FUNCTION" => return self.create_function(cursor),
                "SCHEMA" => return self.create_schema(cursor, creation),
                "DATABASE" => return self.create_database(cursor, creation),
                "ROLE" => return super::session::create_role(cursor, creation.replaces),
                "MASKING" | "ROW" => return self.create_policy(cursor, creation.replaces),
                "STAGE" => return self.create_stage(cursor, creation.replaces),
                "FILE" => return self.create_file_format(cursor, creation.replaces),
                "TAG" => {
                    self.notes.push("tags are not kept on the embedded engine".to_owned());
                    return Ok(Made::status(Vec::new(), "Tag successfully created."));
                }
                _ => {
                    let what = format!("CREATE {}", cursor.word());
                    return Err(SqlProblem::unsupported(what.trim_end(), cursor.range()));
                }
            }
        }
    }

    /// `CREATE DATABASE`: a file beside the main one.
    fn create_database(&mut self, cursor: &mut Cursor<'_>, creation: Creation) -> Step<Made> {
        let range = cursor.range();
        cursor.expect("DATABASE")?;
        if creation.replaces {
            return Err(SqlProblem::unsupported("CREATE OR REPLACE DATABASE", range));
        }
        let quiet = cursor.takes("IF NOT EXISTS");
        let name = cursor.name()?;
        if cursor.sees("CLONE") {
            return Err(SqlProblem::unsupported("a clone of a database", cursor.range()));
        }
        self.properties(cursor)?;
        cursor.expect_end()?;
        let status = format!("Database {name} successfully created.");
        let session = vec![SessionChange::CreateDatabase { name, quiet }];
        Ok(Made { session, ..Made::status(Vec::new(), status) })
    }

    fn create_schema(&mut self, cursor: &mut Cursor<'_>, creation: Creation) -> Step<Made> {
        cursor.expect("SCHEMA")?;
        let quiet = if cursor.takes("IF NOT EXISTS") { "IF NOT EXISTS " } else { "" };
        let path = self.schema_path(cursor.path()?);
        self.properties(cursor)?;
        cursor.expect_end()?;
        let name = self.path_sql(&path);
        let mut statements = Vec::new();
        if creation.replaces {
            statements.push(format!("DROP SCHEMA IF EXISTS {name} CASCADE"));
            statements.extend(self.forget_schema(&path));
        }
        statements.push(format!("CREATE SCHEMA {quiet}{name}"));
        Ok(Made::status(statements, format!("Schema {} successfully created.", path[path.len() - 1])))
    }

    pub(super) fn schema_path(&self, mut path: Vec<String>) -> Vec<String> {
        if path.len() == 1
            && let Some(database) = &self.session.database
        {
            path.insert(0, database.clone());
        }
        path.last().into_iter().for_each(|schema| self.meet_schema(schema));
        path
    }

    /// Goes behind properties that the embedded engine does not have. Gives the comment, if one is among them.
    fn properties(&mut self, cursor: &mut Cursor<'_>) -> Step<Properties> {
        let mut properties = Properties::default();
        loop {
            cursor.takes("WITH");
            match cursor.word().as_str() {
                "COMMENT" => {
                    cursor.skip();
                    cursor.takes_token(&Token::Eq);
                    properties.comment = Some(cursor.string()?);
                }
                "ROW" => properties.rows = Some(self.row_policy(cursor)?),
                "CLUSTER" => {
                    cursor.expect("CLUSTER BY")?;
                    cursor.takes("LINEAR");
                    cursor.skip();
                }
                "COPY" => {
                    cursor.skip();
                    cursor.skip();
                }
                "TAG" => {
                    cursor.skip();
                    cursor.skip();
                    self.notes.push("tags are not kept on the embedded engine".to_owned());
                }
                "MANAGED" => cursor.expect("MANAGED ACCESS")?,
                "DATA_RETENTION_TIME_IN_DAYS"
                | "MAX_DATA_EXTENSION_TIME_IN_DAYS"
                | "CHANGE_TRACKING"
                | "ENABLE_SCHEMA_EVOLUTION" => {
                    cursor.skip();
                    cursor.expect_token(&Token::Eq)?;
                    cursor.skip();
                }
                _ => return Ok(properties),
            }
        }
    }

    fn create_table(&mut self, cursor: &mut Cursor<'_>, creation: Creation) -> Step<Made> {
        cursor.expect("TABLE")?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let defined = if cursor.sees_token(&Token::LParen) { self.definitions(cursor)? } else { Vec::new() };
        let properties = self.properties(cursor)?;
        let mut attached = attached(&defined, properties.rows.as_ref());
        let (body, columns) = if cursor.takes("CLONE") || cursor.takes("LIKE") {
            self.copied(cursor, &mut attached)?
        } else if cursor.takes("AS") {
            let query = cursor.query()?;
            let made = self.query(&query)?;
            let made = self.as_defined(made, &defined)?;
            if made.open && !attached.is_empty() {
                return Err(SqlProblem::unsupported("a policy over unknown columns", range));
            }
            (format!(" AS {}", made.sql), made.columns.iter().map(|c| (c.stored.clone(), c.ty)).collect())
        } else {
            if defined.is_empty() {
                return Err(cursor.expected("columns or AS"));
            }
            let columns: Step<Vec<String>> = defined.iter().map(|column| self.column_sql(column, cursor)).collect();
            let types = defined.iter().filter_map(|column| Some((column.name.clone(), column.ty?))).collect();
            (format!(" ({})", columns?.join(", ")), types)
        };
        cursor.expect_end()?;
        let last = &path[path.len() - 1];
        let exists = self.columns.columns(&path).is_some();
        if quiet && exists {
            return Ok(Made::status(Vec::new(), format!("{last} already exists, statement succeeded.")));
        }
        let create = |name: &str, word: &str| {
            let quiet = if quiet { "IF NOT EXISTS " } else { "" };
            vec![format!("CREATE {word}TABLE {quiet}{name}{body}")]
        };
        let word = if creation.replaces { "OR REPLACE " } else { "" };
        let own = self.path_sql(&path);
        let stored = if attached.is_empty() { path.clone() } else { renamed(&path, STORED) };
        let mut statements = match self.drop_governed("TABLE", &path).filter(|_| creation.replaces) {
            // The query may read what is replaced.
            Some(dropped) => {
                let between = self.path_sql(&new_path(&path));
                let rename = format!("ALTER TABLE {between} RENAME TO {}", quote(&stored[stored.len() - 1]));
                [create(&between, word), dropped, vec![rename]].concat()
            }
            None if attached.is_empty() => create(&own, word),
            None => {
                let dropped = (creation.replaces && exists).then(|| format!("DROP TABLE IF EXISTS {own}"));
                create(&self.path_sql(&stored), word).into_iter().chain(dropped).collect()
            }
        };
        // A table that is made from a query gets its constraints afterwards.
        for column in defined.iter().filter(|column| column.not_null && body.starts_with(" AS ")) {
            let name = self.path_sql(&stored);
            statements.push(format!("ALTER TABLE {name} ALTER COLUMN {} SET NOT NULL", quote(&column.name)));
        }
        if !attached.is_empty() {
            statements.push(self.view(&path, &attached, &columns, &range)?);
        }
        statements.extend(self.record(&path, &attached));
        statements.extend(self.keep_types(&path, &columns));
        statements.extend(self.forget_loads(&path));
        self.describe(&mut statements, ("TABLE", &stored), properties.comment.as_deref(), &defined);
        Ok(Made::status(statements, format!("Table {last} successfully created.")))
    }

    /// The body of a table that is another's copy, behind `CLONE` or `LIKE`; the policies on it come along.
    fn copied(&mut self, cursor: &mut Cursor<'_>, attached: &mut Vec<Attached>) -> Step<(String, Columns)> {
        let like = cursor.since(0).end;
        let like = self.text.sql[..like].to_ascii_uppercase().ends_with("LIKE");
        let source = self.full_path(&cursor.path()?);
        if cursor.sees("AT") || cursor.sees("BEFORE") {
            return Err(SqlProblem::unsupported("time travel", cursor.range()));
        }
        self.properties(cursor)?;
        let limit = if like { " LIMIT 0" } else { "" };
        attached.extend(self.attached(&source));
        let columns = self.columns.columns(&source).unwrap_or_default();
        Ok((format!(" AS SELECT * FROM {}{limit}", self.path_sql(&self.stored(&source))), columns))
    }

    /// Comments on a relation and its columns.
    fn describe(
        &self,
        statements: &mut Vec<String>,
        (kind, stored): (&str, &[String]),
        comment: Option<&str>,
        defined: &[Defined],
    ) {
        if let Some(comment) = comment {
            statements.push(format!("COMMENT ON {kind} {} IS {}", self.path_sql(stored), literal(comment)));
        }
        for column in defined {
            let mut full = stored.to_vec();
            full.push(column.name.clone());
            if let Some(comment) = &column.comment {
                statements.push(format!("COMMENT ON COLUMN {} IS {}", self.path_sql(&full), literal(comment)));
            }
        }
    }

    pub(super) fn column_sql(&self, column: &Defined, cursor: &Cursor<'_>) -> Step<String> {
        let Some(ty) = column.ty else {
            let message = format!("the column `{}` has no type", column.name);
            return Err(SqlProblem::new(WRONG_TYPE, message, cursor.range()));
        };
        let mut sql = format!("{} {}", quote(&column.name), ty.duckdb());
        if column.not_null {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default {
            sql.push_str(&format!(" DEFAULT {default}"));
        }
        Ok(sql)
    }

    /// The bytes of the whole statement.
    fn everything(&self) -> std::ops::Range<usize> {
        0..self.text.sql.trim_end().len()
    }

    /// A query with the names and types of a column list, and without columns of no type.
    fn as_defined(&mut self, made: Shaped, defined: &[Defined]) -> Step<Shaped> {
        let untyped = made.columns.iter().any(|column| column.ty == DataType::Null);
        let renamed = made.columns.iter().find(|column| column.stored != column.name);
        if let Some(column) = renamed.filter(|_| defined.is_empty()) {
            let message = format!("duplicate column name `{}`", column.name);
            return Err(
                SqlProblem::new("duplicate-column", message, self.everything()).help("give each column its own alias")
            );
        }
        if defined.is_empty() && !untyped {
            return Ok(made);
        }
        if made.open {
            return Err(SqlProblem::unsupported("a column list over unknown columns", self.everything()));
        }
        if !defined.is_empty() && defined.len() != made.columns.len() {
            let message = format!("{} columns are defined, the query has {}", defined.len(), made.columns.len());
            return Err(SqlProblem::new(WRONG_TYPE, message, self.everything()));
        }
        let mut items = Vec::new();
        let mut columns = made.columns.clone();
        for (index, column) in columns.iter_mut().enumerate() {
            let value = Typed::new(quote(&column.stored), column.ty);
            let wanted = defined.get(index);
            let to = match wanted.and_then(|column| column.ty) {
                Some(ty) => ty,
                None if column.ty == DataType::Null => DataType::TEXT,
                None => column.ty,
            };
            let value = match to {
                to if column.ty == DataType::Null => format!("CAST({} AS {})", value.sql, to.duckdb()),
                to if to.family() == Family::Number => self.convert(&value, to, &self.everything())?.sql,
                to => self.assigned(&value, to, &self.everything())?,
            };
            if let Some(wanted) = wanted {
                column.name.clone_from(&wanted.name);
                column.stored.clone_from(&wanted.name);
            }
            column.ty = to;
            items.push(format!("{value} AS {}", quote(&column.stored)));
        }
        let sql = format!("SELECT {} FROM ({}) AS \"QUERY\"", items.join(", "), made.sql);
        Ok(Shaped { sql, columns, open: false })
    }

    /// The columns in parentheses, of tables and views. Keys are left out: Snowflake does not enforce them.
    fn definitions(&mut self, cursor: &mut Cursor<'_>) -> Step<Vec<Defined>> {
        cursor.expect_token(&Token::LParen)?;
        let mut defined = Vec::new();
        loop {
            if ["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN"].contains(&cursor.word().as_str()) {
                while !cursor.at_end() && !cursor.sees_token(&Token::Comma) && !cursor.sees_token(&Token::RParen) {
                    cursor.skip();
                }
            } else {
                defined.push(self.definition(cursor)?);
            }
            if !cursor.takes_token(&Token::Comma) {
                break;
            }
        }
        cursor.expect_token(&Token::RParen)?;
        Ok(defined)
    }

    pub(super) fn definition(&mut self, cursor: &mut Cursor<'_>) -> Step<Defined> {
        let name = cursor.name()?;
        let mut column = Defined { name, ty: None, not_null: false, default: None, comment: None, policy: None };
        let options = ["NOT", "NULL", "DEFAULT", "COMMENT", "WITH", "MASKING", "TAG", "PRIMARY", "UNIQUE", "COLLATE"];
        let word = cursor.word();
        if !word.is_empty() && !options.contains(&word.as_str()) {
            column.ty = Some(cursor.data_type()?);
        }
        loop {
            cursor.takes("WITH");
            match cursor.word().as_str() {
                "NOT" => {
                    cursor.expect("NOT NULL")?;
                    column.not_null = true;
                }
                "NULL" | "UNIQUE" => cursor.skip(),
                "PRIMARY" => {
                    cursor.expect("PRIMARY KEY")?;
                    column.not_null = true;
                }
                "DEFAULT" => {
                    cursor.skip();
                    let default = cursor.expression()?;
                    column.default = Some(position::plain(&self.expression(&default)?.sql));
                }
                "COMMENT" => {
                    cursor.skip();
                    column.comment = Some(cursor.string()?);
                }
                "COLLATE" => return Err(SqlProblem::unsupported("a collation", cursor.range())),
                "MASKING" => {
                    cursor.expect("MASKING POLICY")?;
                    column.policy = Some(self.masking_policy(cursor, &column.name)?);
                }
                "TAG" => {
                    cursor.skip();
                    cursor.skip();
                }
                "" => return Ok(column),
                _ => return Err(SqlProblem::unsupported("this column option", cursor.range())),
            }
        }
    }

    fn create_view(&mut self, cursor: &mut Cursor<'_>, creation: Creation) -> Step<Made> {
        cursor.expect("VIEW")?;
        let quiet = if cursor.takes("IF NOT EXISTS") { "IF NOT EXISTS " } else { "" };
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let defined = if cursor.sees_token(&Token::LParen) { self.definitions(cursor)? } else { Vec::new() };
        let properties = self.properties(cursor)?;
        cursor.expect("AS")?;
        let query = cursor.query()?;
        // Who asks the view later may have another role.
        self.lasting = true;
        let made = self.query(&query)?;
        let made = self.as_defined(made, &defined)?;
        let attached = attached(&defined, properties.rows.as_ref());
        if made.open && !attached.is_empty() {
            return Err(SqlProblem::unsupported("a policy over unknown columns", range));
        }
        let exists = self.columns.columns(&path).is_some();
        let stored = if attached.is_empty() { path.clone() } else { renamed(&path, STORED) };
        let word = if creation.replaces { "OR REPLACE " } else { "" };
        let mut statements = self.drop_governed("VIEW", &path).filter(|_| creation.replaces).unwrap_or_default();
        if creation.replaces && exists && statements.is_empty() && !attached.is_empty() {
            statements.push(format!("DROP VIEW IF EXISTS {}", self.path_sql(&path)));
        }
        statements.push(format!("CREATE {word}VIEW {quiet}{} AS {}", self.path_sql(&stored), made.sql));
        let columns = made.columns.iter().map(|column| (column.stored.clone(), column.ty)).collect();
        if !attached.is_empty() {
            statements.push(self.view(&path, &attached, &columns, &range)?);
        }
        statements.extend(self.record(&path, &attached));
        if quiet.is_empty() || !exists {
            statements.extend(self.keep_types(&path, &columns));
        }
        self.describe(&mut statements, ("VIEW", &stored), properties.comment.as_deref(), &defined);
        Ok(Made::status(statements, format!("View {} successfully created.", path[path.len() - 1])))
    }

    pub(super) fn drop(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("DROP")?;
        let kind = cursor.word();
        let range = cursor.range();
        if matches!(kind.as_str(), "MASKING" | "ROW") {
            return self.drop_policy(cursor);
        }
        cursor.skip();
        match kind.as_str() {
            "FUNCTION" => return self.drop_function(cursor),
            "ROLE" => return super::session::drop_role(cursor),
            "STAGE" => return self.drop_kept(cursor, "STAGES"),
            "FILE" if cursor.takes("FORMAT") => return self.drop_kept(cursor, "FILE_FORMATS"),
            _ => {}
        }
        let quiet = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
        let parts = cursor.path()?;
        let _ = cursor.takes("CASCADE") || cursor.takes("RESTRICT");
        cursor.expect_end()?;
        let (path, tail) = match kind.as_str() {
            "TABLE" | "VIEW" => (self.full_path(&parts), ""),
            "SCHEMA" => (self.schema_path(parts), " CASCADE"),
            _ => return Err(SqlProblem::unsupported(format!("DROP {kind}"), range)),
        };
        let mut statements = self.drop_governed(&kind, &path).unwrap_or_else(|| {
            let forgotten = if kind == "SCHEMA" { self.forget_schema(&path) } else { Vec::new() };
            let statement = format!("DROP {kind} {quiet}{}{tail}", self.path_sql(&path));
            std::iter::once(statement).chain(forgotten).collect()
        });
        if kind != "SCHEMA" {
            statements.extend(self.keep_types(&path, &Vec::new()));
            statements.extend(self.forget_loads(&path));
        }
        Ok(Made::status(statements, format!("{} successfully dropped.", path[path.len() - 1])))
    }
}

/// What the columns of a definition, and what stands behind them, attach.
fn attached(defined: &[Defined], rows: Option<&Attached>) -> Vec<Attached> {
    let masked = defined.iter().filter_map(|column| {
        let (policy, arguments) = column.policy.clone()?;
        Some(Attached { column: Some(column.name.clone()), policy, arguments })
    });
    masked.chain(rows.cloned()).collect()
}
