//! Definitions: CREATE, ALTER, DROP. What only Snowflake has (clustering, retention, tags, grants) is left out and noted.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::typed::{Shaped, Typed};
use super::{Made, Step, Translator, literal, position, quote};
use crate::sql::DataType;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// A column of a definition.
struct Defined {
    name: String,
    ty: Option<DataType>,
    not_null: bool,
    default: Option<String>,
    comment: Option<String>,
    policy: Option<Vec<String>>,
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
                "SCHEMA" => return self.create_schema(cursor, creation),
                "MASKING" => return self.create_policy(cursor, creation),
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
        }
        statements.push(format!("CREATE SCHEMA {quiet}{name}"));
        Ok(Made::status(statements, format!("Schema {} successfully created.", path[path.len() - 1])))
    }

    fn schema_path(&self, mut path: Vec<String>) -> Vec<String> {
        if path.len() == 1
            && let Some(database) = &self.session.database
        {
            path.insert(0, database.clone());
        }
        path
    }

    /// Goes behind properties that the embedded engine does not have. Gives the comment, if one is among them.
    fn properties(&mut self, cursor: &mut Cursor<'_>) -> Step<Option<String>> {
        let mut comment = None;
        loop {
            cursor.takes("WITH");
            match cursor.word().as_str() {
                "COMMENT" => {
                    cursor.skip();
                    cursor.takes_token(&Token::Eq);
                    comment = Some(cursor.string()?);
                }
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
                _ => return Ok(comment),
            }
        }
    }

    fn create_table(&mut self, cursor: &mut Cursor<'_>, creation: Creation) -> Step<Made> {
        cursor.expect("TABLE")?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let path = self.full_path(&cursor.path()?);
        let name = self.path_sql(&path);
        let head = format!(
            "CREATE {}TABLE {}{name}",
            if creation.replaces { "OR REPLACE " } else { "" },
            if quiet { "IF NOT EXISTS " } else { "" }
        );
        let defined = if cursor.sees_token(&Token::LParen) { self.definitions(cursor)? } else { Vec::new() };
        let comment = self.properties(cursor)?;
        let done = format!("Table {} successfully created.", path[path.len() - 1]);
        let mut statements = Vec::new();
        if cursor.takes("CLONE") || cursor.takes("LIKE") {
            let like = cursor.since(0).end;
            let like = self.text.sql[..like].to_ascii_uppercase().ends_with("LIKE");
            let source = self.full_path(&cursor.path()?);
            if cursor.sees("AT") || cursor.sees("BEFORE") {
                return Err(SqlProblem::unsupported("time travel", cursor.range()));
            }
            self.properties(cursor)?;
            let limit = if like { " LIMIT 0" } else { "" };
            statements.push(format!("{head} AS SELECT * FROM {}{limit}", self.path_sql(&source)));
        } else if cursor.takes("AS") {
            let query = cursor.query()?;
            let made = self.query(&query)?;
            let made = self.as_defined(made, &defined)?;
            statements.push(format!("{head} AS {}", made.sql));
            for column in defined.iter().filter(|column| column.not_null) {
                statements.push(format!("ALTER TABLE {name} ALTER COLUMN {} SET NOT NULL", quote(&column.name)));
            }
        } else {
            if defined.is_empty() {
                return Err(cursor.expected("columns or AS"));
            }
            let columns: Step<Vec<String>> = defined.iter().map(|column| self.column_sql(column, cursor)).collect();
            statements.push(format!("{head} ({})", columns?.join(", ")));
        }
        cursor.expect_end()?;
        if let Some(comment) = comment {
            statements.push(format!("COMMENT ON TABLE {name} IS {}", literal(&comment)));
        }
        self.describe(&mut statements, &path, &defined);
        Ok(Made::status(statements, done))
    }

    /// Comments and masking policies of columns.
    fn describe(&self, statements: &mut Vec<String>, path: &[String], defined: &[Defined]) {
        for column in defined {
            let mut full = path.to_vec();
            full.push(column.name.clone());
            if let Some(comment) = &column.comment {
                statements.push(format!("COMMENT ON COLUMN {} IS {}", self.path_sql(&full), literal(comment)));
            }
        }
        let attached: Vec<(&str, &[String])> =
            defined.iter().filter_map(|column| Some((column.name.as_str(), column.policy.as_deref()?))).collect();
        statements.extend(self.attach_policies(path, &attached));
    }

    fn column_sql(&self, column: &Defined, cursor: &Cursor<'_>) -> Step<String> {
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
                to => self.convert(&value, to, &self.everything())?.sql,
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

    fn definition(&mut self, cursor: &mut Cursor<'_>) -> Step<Defined> {
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
                    column.policy = Some(self.full_path(&cursor.path()?));
                    if cursor.takes("USING") {
                        cursor.skip();
                    }
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
        let quiet = cursor.takes("IF NOT EXISTS");
        let path = self.full_path(&cursor.path()?);
        let defined = if cursor.sees_token(&Token::LParen) { self.definitions(cursor)? } else { Vec::new() };
        let comment = self.properties(cursor)?;
        cursor.expect("AS")?;
        let query = cursor.query()?;
        let made = self.query(&query)?;
        let made = self.as_defined(made, &defined)?;
        let name = self.path_sql(&path);
        let mut statements = vec![format!(
            "CREATE {}VIEW {}{name} AS {}",
            if creation.replaces { "OR REPLACE " } else { "" },
            if quiet { "IF NOT EXISTS " } else { "" },
            made.sql
        )];
        if let Some(comment) = comment {
            statements.push(format!("COMMENT ON VIEW {name} IS {}", literal(&comment)));
        }
        self.describe(&mut statements, &path, &defined);
        Ok(Made::status(statements, format!("View {} successfully created.", path[path.len() - 1])))
    }

    pub(super) fn drop(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("DROP")?;
        let kind = cursor.word();
        let range = cursor.range();
        cursor.skip();
        let quiet = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
        let parts = cursor.path()?;
        let _ = cursor.takes("CASCADE") || cursor.takes("RESTRICT");
        cursor.expect_end()?;
        let (path, tail) = match kind.as_str() {
            "TABLE" | "VIEW" => (self.full_path(&parts), ""),
            "SCHEMA" => (self.schema_path(parts), " CASCADE"),
            _ => return Err(SqlProblem::unsupported(format!("DROP {kind}"), range)),
        };
        let statement = format!("DROP {kind} {quiet}{}{tail}", self.path_sql(&path));
        Ok(Made::status(vec![statement], format!("{} successfully dropped.", path[path.len() - 1])))
    }

    pub(super) fn alter(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("ALTER")?;
        let kind = cursor.word();
        if kind == "MASKING" {
            return self.alter_policy(cursor);
        }
        if !["TABLE", "VIEW"].contains(&kind.as_str()) {
            return Err(SqlProblem::unsupported(format!("ALTER {kind}"), cursor.range()));
        }
        cursor.skip();
        let exists = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
        let path = self.full_path(&cursor.path()?);
        let head = format!("ALTER {kind} {exists}{}", self.path_sql(&path));
        let done = "Statement executed successfully.";
        let statements = match cursor.word().as_str() {
            "RENAME" if cursor.takes("RENAME TO") => {
                let target = self.full_path(&cursor.path()?);
                rename(&head, &path, &target, cursor)?
            }
            "RENAME" => {
                cursor.expect("RENAME COLUMN")?;
                let old = quote(&cursor.name()?);
                cursor.expect("TO")?;
                vec![format!("{head} RENAME COLUMN {old} TO {}", quote(&cursor.name()?))]
            }
            "SWAP" => self.swap(cursor, &path)?,
            "ADD" => self.add_columns(cursor, &head)?,
            "DROP" => {
                cursor.expect("DROP")?;
                cursor.takes("COLUMN");
                let quiet = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
                let mut statements = vec![format!("{head} DROP COLUMN {quiet}{}", quote(&cursor.name()?))];
                while cursor.takes_token(&Token::Comma) {
                    statements.push(format!("{head} DROP COLUMN {quiet}{}", quote(&cursor.name()?)));
                }
                statements
            }
            "ALTER" | "MODIFY" => self.alter_columns(cursor, &path, &head)?,
            "CLUSTER" | "SUSPEND" | "RESUME" | "SET" | "UNSET" => {
                self.notes.push("properties of relations are not kept on the embedded engine".to_owned());
                cursor.skip_rest();
                Vec::new()
            }
            _ => return Err(SqlProblem::unsupported("this ALTER", cursor.range())),
        };
        cursor.expect_end()?;
        Ok(Made::status(statements, done))
    }

    fn swap(&mut self, cursor: &mut Cursor<'_>, path: &[String]) -> Step<Vec<String>> {
        let range = cursor.range();
        cursor.expect("SWAP WITH")?;
        let other = self.full_path(&cursor.path()?);
        let (Some((mine, schema)), Some((theirs, other_schema))) = (path.split_last(), other.split_last()) else {
            return Err(cursor.expected("a name"));
        };
        if schema != other_schema {
            return Err(SqlProblem::unsupported("SWAP between schemas", range));
        }
        let between = format!("{mine}$SWAP");
        let full = |name: &str| {
            let mut path = schema.to_vec();
            path.push(name.to_owned());
            self.path_sql(&path)
        };
        let step = |from: &str, to: &str| format!("ALTER TABLE {} RENAME TO {}", full(from), quote(to));
        Ok(vec![step(mine, &between), step(theirs, mine), step(&between, theirs)])
    }

    fn add_columns(&mut self, cursor: &mut Cursor<'_>, head: &str) -> Step<Vec<String>> {
        cursor.expect("ADD")?;
        cursor.takes("COLUMN");
        let quiet = if cursor.takes("IF NOT EXISTS") { "IF NOT EXISTS " } else { "" };
        let mut statements = Vec::new();
        loop {
            let column = self.definition(cursor)?;
            if column.not_null || column.policy.is_some() {
                return Err(SqlProblem::unsupported("this column option in ADD", cursor.range()));
            }
            statements.push(format!("{head} ADD COLUMN {quiet}{}", self.column_sql(&column, cursor)?));
            if !cursor.takes_token(&Token::Comma) {
                return Ok(statements);
            }
            cursor.takes("COLUMN");
        }
    }

    fn alter_columns(&mut self, cursor: &mut Cursor<'_>, path: &[String], head: &str) -> Step<Vec<String>> {
        cursor.skip();
        let bracketed = cursor.takes_token(&Token::LParen);
        let mut statements = Vec::new();
        loop {
            cursor.takes("COLUMN");
            let name = cursor.name()?;
            let column = format!("{head} ALTER COLUMN {}", quote(&name));
            if cursor.takes("SET MASKING POLICY") {
                let policy = self.full_path(&cursor.path()?);
                if cursor.takes("USING") {
                    cursor.skip();
                }
                cursor.takes("FORCE");
                statements.extend(self.attach_policies(path, &[(name.as_str(), policy.as_slice())]));
            } else if cursor.takes("UNSET MASKING POLICY") {
                statements.extend(self.detach_policy(path, &name));
            } else if cursor.takes("SET NOT NULL") {
                statements.push(format!("{column} SET NOT NULL"));
            } else if cursor.takes("DROP NOT NULL") {
                statements.push(format!("{column} DROP NOT NULL"));
            } else if cursor.takes("DROP DEFAULT") {
                statements.push(format!("{column} DROP DEFAULT"));
            } else if cursor.takes("COMMENT") {
                let mut full = path.to_vec();
                full.push(name);
                let text = literal(&cursor.string()?);
                statements.push(format!("COMMENT ON COLUMN {} IS {text}", self.path_sql(&full)));
            } else {
                let _ = cursor.takes("SET DATA TYPE") || cursor.takes("SET TYPE") || cursor.takes("TYPE");
                statements.push(format!("{column} SET DATA TYPE {}", cursor.data_type()?.duckdb()));
            }
            if !cursor.takes_token(&Token::Comma) {
                break;
            }
        }
        if bracketed {
            cursor.expect_token(&Token::RParen)?;
        }
        Ok(statements)
    }

    /// `CREATE MASKING POLICY`: its text is kept in a table, for the sessions that must apply it.
    fn create_policy(&mut self, cursor: &mut Cursor<'_>, creation: Creation) -> Step<Made> {
        cursor.expect("MASKING POLICY")?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let path = self.full_path(&cursor.path()?);
        cursor.expect("AS")?;
        let start = cursor.range().start;
        cursor.skip();
        let signature = self.text.sql[cursor.since(start)].to_owned();
        cursor.expect("RETURNS")?;
        let returns = cursor.data_type()?;
        cursor.expect_token(&Token::Arrow)?;
        let body = cursor.rest_text();
        let name = path.join(".");
        let table = self.policy_table("MASKING_POLICIES");
        let mut statements = self.policy_tables();
        let row = [name.as_str(), &signature, &returns.to_string(), &body].map(literal).join(", ");
        let conflict = match (creation.replaces, quiet) {
            (true, _) => "OR REPLACE ",
            (_, true) => "OR IGNORE ",
            _ => "",
        };
        statements.push(format!("INSERT {conflict}INTO {table} VALUES ({row})"));
        let done = format!("Masking policy {} successfully created.", path[path.len() - 1]);
        Ok(Made::status(statements, done))
    }

    /// `ALTER MASKING POLICY … SET BODY ->`.
    fn alter_policy(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("MASKING POLICY")?;
        let quiet = cursor.takes("IF EXISTS");
        let path = self.full_path(&cursor.path()?);
        if !cursor.takes("SET BODY") {
            let what = format!("ALTER MASKING POLICY … {}", cursor.word());
            return Err(SqlProblem::unsupported(what.trim_end(), cursor.range()));
        }
        cursor.expect_token(&Token::Arrow)?;
        let (name, body) = (literal(&path.join(".")), literal(&cursor.rest_text()));
        let table = self.policy_table("MASKING_POLICIES");
        let mut statements = self.policy_tables();
        if !quiet {
            let missing = literal(&format!("masking policy '{}' does not exist or not authorized", path.join(".")));
            statements.push(format!(
                "SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM {table} WHERE POLICY = {name}) THEN error({missing}) END"
            ));
        }
        statements.push(format!("UPDATE {table} SET BODY = {body} WHERE POLICY = {name}"));
        Ok(Made::status(statements, "Statement executed successfully."))
    }

    fn policy_table(&self, name: &str) -> String {
        self.path_sql(&self.full_path(&["MERGANSER".to_owned(), name.to_owned()]))
    }

    fn policy_tables(&self) -> Vec<String> {
        let schema = self.path_sql(&self.schema_path(vec!["MERGANSER".to_owned()]));
        vec![
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (POLICY VARCHAR PRIMARY KEY, SIGNATURE VARCHAR, RETURNS VARCHAR, BODY VARCHAR)",
                self.policy_table("MASKING_POLICIES")
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (RELATION VARCHAR, COLUMN_NAME VARCHAR, POLICY VARCHAR, PRIMARY KEY (RELATION, COLUMN_NAME))",
                self.policy_table("POLICY_REFERENCES")
            ),
        ]
    }

    /// Statements that remember which policy masks which column.
    fn attach_policies(&self, path: &[String], attached: &[(&str, &[String])]) -> Vec<String> {
        if attached.is_empty() {
            return Vec::new();
        }
        let mut statements = self.policy_tables();
        for (column, policy) in attached {
            let row = [path.join(".").as_str(), column, &policy.join(".")].map(literal).join(", ");
            let table = self.policy_table("POLICY_REFERENCES");
            statements.push(format!("INSERT OR REPLACE INTO {table} VALUES ({row})"));
        }
        statements
    }

    fn detach_policy(&self, path: &[String], column: &str) -> Vec<String> {
        let mut statements = self.policy_tables();
        statements.push(format!(
            "DELETE FROM {} WHERE RELATION = {} AND COLUMN_NAME = {}",
            self.policy_table("POLICY_REFERENCES"),
            literal(&path.join(".")),
            literal(column)
        ));
        statements
    }
}

fn rename(head: &str, path: &[String], target: &[String], cursor: &Cursor<'_>) -> Step<Vec<String>> {
    let (Some((_, schema)), Some((name, other))) = (path.split_last(), target.split_last()) else {
        return Err(cursor.expected("a name"));
    };
    if schema != other {
        return Err(SqlProblem::unsupported("RENAME into another schema", cursor.range()));
    }
    Ok(vec![format!("{head} RENAME TO {}", quote(name))])
}
