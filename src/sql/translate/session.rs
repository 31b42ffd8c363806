//! Statements by their first words; transactions and the session's state.

use sqlparser::ast::Expr;
use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::{
    Made, ResultColumn, ResultShape, RoleChange, RoleHolder, SessionChange, SessionContext, Step, Translator, literal,
    quote,
};
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

impl Translator<'_> {
    /// Translates the statement.
    pub(super) fn statement(&mut self) -> Step<Made> {
        let mut cursor = Cursor::new(self.text);
        match cursor.word().as_str() {
            "SELECT" | "WITH" | "VALUES" => self.rows(&mut cursor),
            "" if cursor.sees_token(&Token::LParen) => self.rows(&mut cursor),
            "CREATE" => self.create(&mut cursor),
            "DROP" => self.drop(&mut cursor),
            "ALTER" if cursor.sees("ALTER SESSION") => alter_session(&mut cursor),
            "ALTER" => self.alter(&mut cursor),
            "INSERT" => self.insert(&mut cursor),
            "UPDATE" => self.update(&mut cursor),
            "DELETE" => self.delete(&mut cursor),
            "MERGE" => self.merge(&mut cursor),
            "TRUNCATE" => self.truncate(&mut cursor),
            "COPY" => self.copy(&mut cursor),
            "LIST" | "LS" | "REMOVE" | "RM" => self.list_or_remove(&mut cursor),
            "COMMENT" => self.comment(&mut cursor),
            "BEGIN" | "START" | "COMMIT" | "ROLLBACK" => transaction(&mut cursor),
            "USE" => use_statement(&mut cursor),
            "SHOW" => self.show(&mut cursor),
            "SET" => self.set_variables(&mut cursor),
            "UNSET" => unset_variables(&mut cursor),
            "GRANT" | "REVOKE" if cursor.sees("GRANT ROLE") || cursor.sees("REVOKE ROLE") => role_grant(&mut cursor),
            "GRANT" | "REVOKE" => {
                self.notes.push("grants have no effect on the embedded engine".to_owned());
                Ok(Made::status(Vec::new(), "Statement executed successfully."))
            }
            word => {
                let what = if word.is_empty() { "this statement".to_owned() } else { format!("`{word}`") };
                Err(SqlProblem::unsupported(what, cursor.range()))
            }
        }
    }

    /// `SET name = value` and `SET (a, b) = (x, y)`: the values are computed once, and kept by the connection.
    fn set_variables(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("SET")?;
        let names = if cursor.sees_token(&Token::LParen) {
            cursor.names()?.into_iter().map(|(name, _)| name).collect()
        } else {
            vec![cursor.name()?]
        };
        cursor.expect_token(&Token::Eq)?;
        let range = cursor.range();
        let values = match cursor.expression()? {
            Expr::Tuple(values) if names.len() > 1 => values,
            Expr::Nested(value) => vec![*value],
            value => vec![value],
        };
        cursor.expect_end()?;
        if values.len() != names.len() {
            let message = format!("{} variables are set to {} values", names.len(), values.len());
            return Err(SqlProblem::new(WRONG_TYPE, message, range));
        }
        let (mut statements, mut session) = (Vec::new(), Vec::new());
        for (name, value) in names.into_iter().zip(&values) {
            let value = self.expression(value)?;
            let kept = format!("sf_set_{}", name.to_lowercase());
            statements.push(format!("SET VARIABLE {} = ({})", quote(&kept), value.stored()));
            session.push(SessionChange::Variable(name, format!("getvariable({})", literal(&kept)), value.ty));
        }
        Ok(changes(session, statements))
    }

    fn rows(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let query = cursor.query()?;
        let made = self.query(&query)?;
        let columns = made
            .columns
            .iter()
            .map(|column| ResultColumn { name: column.name.clone(), data_type: column.ty })
            .collect();
        let columns = (!made.open).then_some(columns);
        let result = ResultShape::Rows { statement: 0, columns };
        Ok(Made { statements: vec![made.sql], result, session: Vec::new() })
    }

    /// `COMMENT ON kind name IS 'text'`.
    fn comment(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("COMMENT")?;
        cursor.takes("IF EXISTS");
        cursor.expect("ON")?;
        let kind = cursor.word();
        let range = cursor.range();
        cursor.skip();
        let parts = cursor.path()?;
        cursor.expect("IS")?;
        let text = literal(&cursor.string()?);
        cursor.expect_end()?;
        let done = "Statement executed successfully.";
        let sql = match kind.as_str() {
            "TABLE" | "VIEW" => {
                format!("COMMENT ON {kind} {} IS {text}", self.path_sql(&self.stored(&self.full_path(&parts))))
            }
            "COLUMN" => {
                let (column, table) = parts.split_last().expect("a path has parts");
                let mut path = self.stored(&self.full_path(table));
                path.push(column.clone());
                format!("COMMENT ON COLUMN {} IS {text}", self.path_sql(&path))
            }
            "SCHEMA" | "DATABASE" => {
                self.notes.push(format!("the comment on the {} is not kept", kind.to_lowercase()));
                return Ok(Made::status(Vec::new(), done));
            }
            _ => return Err(SqlProblem::unsupported(format!("COMMENT ON {kind}"), range)),
        };
        Ok(Made::status(vec![sql], done))
    }
}

/// Statements that tell a connection who asks, for the texts that it keeps: views, and policies in them.
pub fn session_variables(session: &SessionContext) -> Vec<String> {
    let text = |value: &Option<String>| value.as_ref().map_or("CAST(NULL AS VARCHAR)".to_owned(), |text| literal(text));
    let values = [
        ("user", &session.user),
        ("role", &session.role),
        ("database", &session.database),
        ("schema", &session.schema),
        ("warehouse", &session.warehouse),
    ];
    let roles: Vec<String> = session.role.iter().chain(&session.inherited_roles).map(|role| literal(role)).collect();
    let mut statements: Vec<String> =
        values.iter().map(|(name, value)| format!("SET VARIABLE sf_current_{name} = {}", text(value))).collect();
    statements.push(format!("SET VARIABLE sf_roles = CAST([{}] AS VARCHAR[])", roles.join(", ")));
    let available = literal(&available_roles(session));
    statements.push(format!("SET VARIABLE sf_current_available_roles = {available}"));
    statements
}

/// The roles of the user as `CURRENT_AVAILABLE_ROLES` writes them: an array in JSON.
pub(super) fn available_roles(session: &SessionContext) -> String {
    let name = |role: &String| format!("\"{}\"", role.replace('\\', "\\\\").replace('"', "\\\""));
    let names: Vec<String> = session.available_roles.iter().map(name).collect();
    format!("[ {} ]", names.join(", "))
}

/// `GRANT ROLE a TO ROLE b`, `… TO USER u`, and `REVOKE … FROM …`.
fn role_grant(cursor: &mut Cursor<'_>) -> Step<Made> {
    let grants = cursor.takes("GRANT");
    if !grants {
        cursor.expect("REVOKE")?;
    }
    cursor.expect("ROLE")?;
    let role = cursor.name()?;
    cursor.expect(if grants { "TO" } else { "FROM" })?;
    let holder = if cursor.takes("USER") {
        RoleHolder::User(cursor.name()?)
    } else {
        cursor.expect("ROLE")?;
        RoleHolder::Role(cursor.name()?)
    };
    cursor.expect_end()?;
    let change = if grants { RoleChange::Grant(role, holder) } else { RoleChange::Revoke(role, holder) };
    Ok(changes(vec![SessionChange::Roles(change)], Vec::new()))
}

/// `CREATE ROLE`, behind `CREATE`: roles are there when they are named; one that is made anew has no other roles.
pub(super) fn create_role(cursor: &mut Cursor<'_>, replaces: bool) -> Step<Made> {
    cursor.expect("ROLE")?;
    cursor.takes("IF NOT EXISTS");
    let name = cursor.name()?;
    cursor.skip_rest();
    let dropped = replaces.then(|| SessionChange::Roles(RoleChange::Drop(name.clone())));
    Ok(Made {
        session: dropped.into_iter().collect(),
        ..Made::status(Vec::new(), format!("Role {name} successfully created."))
    })
}

/// `DROP ROLE`, behind these words.
pub(super) fn drop_role(cursor: &mut Cursor<'_>) -> Step<Made> {
    cursor.takes("IF EXISTS");
    let name = cursor.name()?;
    cursor.expect_end()?;
    let status = format!("{name} successfully dropped.");
    Ok(Made { session: vec![SessionChange::Roles(RoleChange::Drop(name))], ..Made::status(Vec::new(), status) })
}

fn changes(session: Vec<SessionChange>, statements: Vec<String>) -> Made {
    Made { session, ..Made::status(statements, "Statement executed successfully.") }
}

fn unset_variables(cursor: &mut Cursor<'_>) -> Step<Made> {
    cursor.expect("UNSET")?;
    let names = if cursor.sees_token(&Token::LParen) {
        cursor.names()?.into_iter().map(|(name, _)| name).collect()
    } else {
        vec![cursor.name()?]
    };
    cursor.expect_end()?;
    Ok(changes(names.into_iter().map(SessionChange::UnsetVariable).collect(), Vec::new()))
}

fn transaction(cursor: &mut Cursor<'_>) -> Step<Made> {
    let word = cursor.word();
    cursor.skip();
    let known = ["TRANSACTION", "WORK"].into_iter().any(|word| cursor.takes(word));
    if known && cursor.takes("NAME") {
        cursor.name()?;
    }
    if !cursor.at_end() {
        return Err(SqlProblem::unsupported("a scripting block", cursor.range()));
    }
    Ok(match word.as_str() {
        "COMMIT" => changes(vec![SessionChange::End { commit: true }], vec!["COMMIT".to_owned()]),
        "ROLLBACK" => changes(vec![SessionChange::End { commit: false }], vec!["ROLLBACK".to_owned()]),
        _ => changes(vec![SessionChange::Begin], vec!["BEGIN TRANSACTION".to_owned()]),
    })
}

fn use_statement(cursor: &mut Cursor<'_>) -> Step<Made> {
    cursor.expect("USE")?;
    let kind = cursor.word();
    let session = match kind.as_str() {
        "ROLE" | "WAREHOUSE" | "DATABASE" => {
            cursor.skip();
            let name = cursor.name()?;
            vec![match kind.as_str() {
                "ROLE" => SessionChange::Role(name),
                "WAREHOUSE" => SessionChange::Warehouse(name),
                _ => SessionChange::Database(name),
            }]
        }
        "SECONDARY" => {
            cursor.expect("SECONDARY ROLES")?;
            if !cursor.takes("NONE") {
                return Err(SqlProblem::unsupported("a session with secondary roles", cursor.range()));
            }
            Vec::new()
        }
        _ => {
            cursor.takes("SCHEMA");
            let mut path = cursor.path()?;
            let last = path.pop().expect("a path has parts");
            match path.pop() {
                Some(database) => vec![SessionChange::Database(database), SessionChange::Schema(last)],
                None if kind == "SCHEMA" => vec![SessionChange::Schema(last)],
                None => vec![SessionChange::Database(last)],
            }
        }
    };
    cursor.expect_end()?;
    Ok(changes(session, Vec::new()))
}

/// `ALTER SESSION SET name = value …` and `UNSET name, …`.
fn alter_session(cursor: &mut Cursor<'_>) -> Step<Made> {
    cursor.expect("ALTER SESSION")?;
    let (mut session, mut statements) = (Vec::new(), Vec::new());
    if cursor.takes("UNSET") {
        session.push(SessionChange::Unset(cursor.name()?));
        while cursor.takes_token(&Token::Comma) {
            session.push(SessionChange::Unset(cursor.name()?));
        }
        if session.contains(&SessionChange::Unset("TIMEZONE".to_owned())) {
            statements.push("SET TimeZone = 'UTC'".to_owned());
        }
    } else {
        cursor.expect("SET")?;
        while !cursor.at_end() {
            let name_range = cursor.range();
            let name = cursor.name()?;
            cursor.expect_token(&Token::Eq)?;
            let value = match cursor.string() {
                Ok(text) => text,
                Err(_) => cursor.expression()?.to_string().to_uppercase(),
            };
            // What is written and what is kept follow the engine's zone, which it knows by the same names.
            if name == "TIMEZONE" {
                statements.push(format!("SET TimeZone = {}", literal(&value)));
            } else {
                refuse_parameter(&name, &value, name_range)?;
            }
            session.push(SessionChange::Parameter(name, value));
            cursor.takes_token(&Token::Comma);
        }
    }
    cursor.expect_end()?;
    Ok(changes(session, statements))
}

/// Parameters that change no result of a statement here.
const WITHOUT_EFFECT: [&str; 16] = [
    "ABORT_DETACHED_QUERY",
    "AUTOCOMMIT_API_SUPPORTED",
    "ENABLE_UNLOAD_PHYSICAL_TYPE_OPTIMIZATION",
    "JSON_INDENT",
    "LOCK_TIMEOUT",
    "LOG_LEVEL",
    "METRIC_LEVEL",
    "MULTI_STATEMENT_COUNT",
    "PREVENT_UNLOAD_TO_INTERNAL_STAGES",
    "QUERY_TAG",
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
    "STATEMENT_TIMEOUT_IN_SECONDS",
    "TRACE_LEVEL",
    "TRANSACTION_ABORT_ON_ERROR",
    "TRANSACTION_DEFAULT_ISOLATION_LEVEL",
    "USE_CACHED_RESULT",
];

/// Parameters that change results are taken only at the values that translations assume.
fn refuse_parameter(name: &str, value: &str, range: std::ops::Range<usize>) -> Step<()> {
    let fine = match name {
        // It changes the numbers of days; translations heed it.
        "WEEK_START" => ["0", "1", "2", "3", "4", "5", "6", "7"].contains(&value),
        "WEEK_OF_YEAR_POLICY" => ["0", "1"].contains(&value),
        "TIMESTAMP_TYPE_MAPPING" => value.eq_ignore_ascii_case("TIMESTAMP_NTZ"),
        "QUOTED_IDENTIFIERS_IGNORE_CASE" => value.eq_ignore_ascii_case("FALSE"),
        "AUTOCOMMIT" | "ERROR_ON_NONDETERMINISTIC_MERGE" => value.eq_ignore_ascii_case("TRUE"),
        "DATE_INPUT_FORMAT" | "TIME_INPUT_FORMAT" | "TIMESTAMP_INPUT_FORMAT" => value.eq_ignore_ascii_case("AUTO"),
        "DATE_OUTPUT_FORMAT" => value.eq_ignore_ascii_case("YYYY-MM-DD"),
        "TIME_OUTPUT_FORMAT" => value.eq_ignore_ascii_case("HH24:MI:SS"),
        "TIMESTAMP_NTZ_OUTPUT_FORMAT" => value.eq_ignore_ascii_case("YYYY-MM-DD HH24:MI:SS.FF3"),
        name => WITHOUT_EFFECT.contains(&name) || name.starts_with("CLIENT_"),
    };
    if fine { Ok(()) } else { Err(SqlProblem::unsupported(format!("`{name}` = `{value}`"), range)) }
}
