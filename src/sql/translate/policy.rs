//! Masking and row access policies: what they say, what they are attached to, and how that holds on the embedded engine.
//!
//! A relation under a policy is stored under another name, and its own name is a view that shows each role what it may see.
//! So every reader meets the policy, other views included, and whoever asks last decides: the view asks the connection
//! which role it has. Statements that change such a relation change what is stored, and see its columns masked.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::typed::Typed;
use super::{Made, Step, Translator, literal, position, quote};
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, UNKNOWN_COLUMN, WRONG_ARGUMENTS, WRONG_TYPE};
use crate::sql::text::Text;
use crate::sql::{DataType, Dialect};

/// What the stored name of a relation under a policy starts with; names of users do not.
pub(super) const RESERVED: &str = "MERGANSER$";
pub(super) const STORED: &str = "MERGANSER$UNMASKED$";
/// The schema in which a database keeps what the engine does not.
const KEPT: &str = "MERGANSER";
const NEW: &str = "MERGANSER$NEW$";
const UNKNOWN_POLICY: &str = "unknown-policy";

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// What a column shows.
    Masking,
    /// Which rows are there.
    RowAccess,
}

/// A policy as the warehouse keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPolicy {
    /// What it decides.
    pub kind: PolicyKind,
    /// Its arguments with their types, in parentheses, as they were written.
    pub signature: String,
    /// The type it returns.
    pub returns: String,
    /// The expression behind `->`, as it was written.
    pub body: String,
}

/// A policy on a column, or on the rows, of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The masked column; none for a policy on rows.
    pub column: Option<String>,
    /// Database, schema and name of the policy.
    pub policy: Vec<String>,
    /// The columns behind `USING` or `ON`; for a masked column without `USING`, itself.
    pub arguments: Vec<String>,
}

/// The policies that a database keeps, and what they are attached to. Paths are database, schema and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Governance {
    /// The policies by path.
    pub policies: BTreeMap<Vec<String>, KeptPolicy>,
    /// What is attached, by the relation's path.
    pub attached: BTreeMap<Vec<String>, Vec<Attached>>,
    /// Whether types of columns are kept, too.
    pub keeps_types: bool,
}

impl Governance {
    /// The queries of the embedded engine for what a database keeps.
    pub fn queries(database: &str) -> [String; 3] {
        let schema = format!("{}.\"MERGANSER\"", quote(database));
        [
            format!("SELECT POLICY, KIND, SIGNATURE, RETURNS, BODY FROM {schema}.\"POLICIES\""),
            format!("SELECT RELATION, COLUMN_NAME, POLICY, ARGUMENTS FROM {schema}.\"POLICY_USES\" ORDER BY ALL"),
            format!("SELECT RELATION FROM {schema}.\"COLUMN_TYPES\" LIMIT 1"),
        ]
    }

    /// What the rows of these queries say.
    pub fn read(policies: &[Vec<String>], uses: &[Vec<String>], types: &[Vec<String>]) -> Self {
        let mut governance = Self { keeps_types: !types.is_empty(), ..Self::default() };
        for row in policies {
            let [policy, kind, signature, returns, body] = row.as_slice() else { continue };
            let kind = if kind == "MASKING" { PolicyKind::Masking } else { PolicyKind::RowAccess };
            let kept = KeptPolicy { kind, signature: signature.clone(), returns: returns.clone(), body: body.clone() };
            governance.policies.insert(names(policy), kept);
        }
        for row in uses {
            let [relation, column, policy, arguments] = row.as_slice() else { continue };
            let column = (!column.is_empty()).then(|| column.clone());
            let attached = Attached { column, policy: names(policy), arguments: names(arguments) };
            governance.attached.entry(names(relation)).or_default().push(attached);
        }
        governance
    }

    /// Whether a policy is attached to something.
    fn uses(&self, policy: &[String]) -> impl Iterator<Item = &Vec<String>> {
        let uses = move |attached: &Vec<Attached>| attached.iter().any(|one| one.policy == policy);
        self.attached.iter().filter(move |(_, attached)| uses(attached)).map(|(relation, _)| relation)
    }
}

/// Several names as one text: `"A"."b"`.
pub(super) fn key(names: &[String]) -> String {
    path_key(names)
}

/// A path as one text, as what a database keeps names it.
pub fn path_key(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(".")
}

/// The names that such a text holds.
fn names(key: &str) -> Vec<String> {
    let inside = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    inside.split("\".\"").filter(|name| !name.is_empty()).map(|name| name.replace("\"\"", "\"")).collect()
}

/// The name under which a relation is stored.
pub fn stored_name(name: &str) -> String {
    format!("{STORED}{name}")
}

/// The relation's name, for a name under which one is stored.
pub fn name_of_stored(name: &str) -> Option<&str> {
    name.strip_prefix(STORED)
}

/// What policies make of a relation.
pub(super) struct Masks {
    /// Masked columns with what they show.
    pub(super) columns: Vec<(String, String)>,
    /// Which rows are there.
    pub(super) rows: Option<String>,
}

/// Columns with their types.
pub(super) type Columns = Vec<(String, DataType)>;

impl Translator<'_> {
    /// Refuses names that stored relations have.
    pub(super) fn refuse_reserved_names(&self) -> Step<()> {
        let reserved = |text: &str| text.to_ascii_uppercase().starts_with(RESERVED);
        for lexeme in &self.text.lexemes {
            let is_name = match &lexeme.token.token {
                Token::Word(word) => reserved(&word.value),
                Token::SingleQuotedString(text) => text.to_ascii_uppercase().contains(RESERVED),
                _ => false,
            };
            if is_name {
                let message = format!("names that start with `{RESERVED}` are merganser's own");
                return Err(SqlProblem::new(crate::sql::UNSUPPORTED, message, lexeme.range.clone()));
            }
        }
        Ok(())
    }

    /// Refuses what is in the schema in which a database keeps policies, roles and types: who could change it would see everything.
    pub(super) fn refuse_reserved_schema(&self) -> Step<()> {
        if !self.met_reserved.get() {
            return Ok(());
        }
        let message = format!("the schema `{KEPT}` is merganser's own");
        Err(SqlProblem::new(crate::sql::UNSUPPORTED, message, 0..self.text.sql.trim_end().len()))
    }

    /// Takes notice of a schema.
    pub(super) fn meet_schema(&self, schema: &str) {
        if schema.eq_ignore_ascii_case(KEPT) {
            self.met_reserved.set(true);
        }
    }

    /// What is attached to a relation.
    pub(super) fn attached(&self, path: &[String]) -> Vec<Attached> {
        let Some(database) = path.first() else { return Vec::new() };
        self.columns.governance(database).attached.get(path).cloned().unwrap_or_default()
    }

    /// Where a relation is stored: under its own name unless a policy is attached.
    pub(super) fn stored(&self, path: &[String]) -> Vec<String> {
        if self.attached(path).is_empty() { path.to_vec() } else { renamed(path, STORED) }
    }

    fn kept(&self, path: &[String], range: &Range<usize>) -> Step<KeptPolicy> {
        let database = path.first().map_or("", String::as_str);
        self.columns.governance(database).policies.get(path).cloned().ok_or_else(|| {
            let message = format!("policy `{}` does not exist or is not authorized", path.join("."));
            SqlProblem::new(UNKNOWN_POLICY, message, range.clone()).help("create it before it is attached")
        })
    }

    /// What the policies make of a relation that is called `alias` where it is read.
    pub(super) fn masks(
        &self,
        attached: &[Attached],
        columns: &Columns,
        alias: &str,
        range: &Range<usize>,
    ) -> Step<Masks> {
        let mut masks = Masks { columns: Vec::new(), rows: None };
        for one in attached {
            let policy = self.kept(&one.policy, range)?;
            let mut values = Vec::new();
            for argument in &one.arguments {
                let (name, ty) = column_named(columns, argument, range)?;
                values.push(Typed::new(format!("{}.{}", quote(alias), quote(name)), *ty));
            }
            match &one.column {
                Some(name) => {
                    let (name, ty) = column_named(columns, name, range)?;
                    // What a policy shows may be longer than what it hides.
                    let shown_type = if ty.family() == Family::Text { DataType::TEXT } else { *ty };
                    let shown = self.evaluated(&policy, &one.policy, &values, (shown_type, range))?;
                    masks.columns.push((name.clone(), format!("CAST({shown} AS {})", ty.duckdb())));
                }
                None => masks.rows = Some(self.evaluated(&policy, &one.policy, &values, (DataType::Boolean, range))?),
            }
        }
        Ok(masks)
    }

    /// A policy's body over these values, as the engine's expression.
    fn evaluated(
        &self,
        policy: &KeptPolicy,
        path: &[String],
        values: &[Typed],
        (to, range): (DataType, &Range<usize>),
    ) -> Step<String> {
        let name = path.join(".");
        let inside = |problem: SqlProblem| SqlProblem {
            message: format!("in the policy `{name}`: {}", problem.message),
            range: range.clone(),
            ..problem
        };
        let parameters = parameters(&policy.signature).map_err(inside)?;
        if parameters.len() != values.len() {
            let message = format!("policy `{name}` takes {} columns, not {}", parameters.len(), values.len());
            return Err(SqlProblem::new(WRONG_ARGUMENTS, message, range.clone()));
        }
        let mut bound = Vec::new();
        for ((parameter, ty), value) in parameters.into_iter().zip(values) {
            if ty.family() != value.ty.family() {
                let message = format!("policy `{name}` is for {ty}, the column is {}", value.ty);
                return Err(SqlProblem::new(WRONG_TYPE, message, range.clone()));
            }
            bound.push((parameter, Typed::new(value.sql.clone(), value.ty)));
        }
        let text = Text::new(&policy.body, Dialect::Snowflake).map_err(inside)?;
        let mut translator = self.of_body(&text, bound);
        let mut cursor = Cursor::new(&text);
        let expression = cursor.expression().and_then(|expression| cursor.expect_end().map(|()| expression));
        let value = expression.and_then(|expression| {
            let value = translator.expression(&expression)?;
            translator.convert(&value, to, &(0..policy.body.len()))
        });
        Ok(position::plain(&value.map_err(inside)?.sql))
    }

    /// The view that stands for a relation under policies.
    pub(super) fn view(
        &self,
        path: &[String],
        attached: &[Attached],
        columns: &Columns,
        range: &Range<usize>,
    ) -> Step<String> {
        let alias = path.last().map_or("", String::as_str);
        let masks = self.masks(attached, columns, alias, range)?;
        let shown: Vec<String> = masks.columns.iter().map(|(name, sql)| format!("{sql} AS {}", quote(name))).collect();
        let replaced = if shown.is_empty() { String::new() } else { format!(" REPLACE ({})", shown.join(", ")) };
        let rows = masks.rows.map_or_else(String::new, |rows| format!(" WHERE {rows}"));
        let stored = self.path_sql(&renamed(path, STORED));
        Ok(format!("CREATE VIEW {} AS SELECT *{replaced} FROM {stored} AS {}{rows}", self.path_sql(path), quote(alias)))
    }

    /// Statements that put a relation under policies in place of those it has.
    pub(super) fn govern(
        &self,
        (kind, path): (&str, &[String]),
        attached: &[Attached],
        columns: &Columns,
        range: &Range<usize>,
    ) -> Step<Vec<String>> {
        let (own, stored) = (self.path_sql(path), self.path_sql(&renamed(path, STORED)));
        let last = path.last().map_or("", String::as_str);
        let governed = !self.attached(path).is_empty();
        let mut statements = Vec::new();
        if governed {
            statements.push(format!("DROP VIEW {own}"));
        }
        match (governed, attached.is_empty()) {
            (false, false) => statements.push(format!("ALTER {kind} {own} RENAME TO {}", quote(&stored_name(last)))),
            (true, true) => statements.push(format!("ALTER {kind} {stored} RENAME TO {}", quote(last))),
            _ => {}
        }
        if !attached.is_empty() {
            statements.push(self.view(path, attached, columns, range)?);
        }
        statements.extend(self.record(path, attached));
        Ok(statements)
    }

    /// Statements that remember what is attached to a relation, and nothing else of it.
    pub(super) fn record(&self, path: &[String], attached: &[Attached]) -> Vec<String> {
        let database = path.first().map_or("", String::as_str);
        if attached.is_empty() && self.attached(path).is_empty() {
            return Vec::new();
        }
        let table = kept_in(database, "POLICY_USES");
        let relation = literal(&key(path));
        let mut statements = tables(database);
        statements.push(format!("DELETE FROM {table} WHERE RELATION = {relation}"));
        for one in attached {
            let column = literal(one.column.as_deref().unwrap_or_default());
            let (policy, arguments) = (literal(&key(&one.policy)), literal(&key(&one.arguments)));
            statements.push(format!("INSERT INTO {table} VALUES ({relation}, {column}, {policy}, {arguments})"));
        }
        statements
    }

    /// Statements that take a relation away with what is attached to it; `None` when nothing is.
    pub(super) fn drop_governed(&self, kind: &str, path: &[String]) -> Option<Vec<String>> {
        if self.attached(path).is_empty() {
            return None;
        }
        let stored = self.path_sql(&renamed(path, STORED));
        let mut statements = vec![format!("DROP VIEW {}", self.path_sql(path)), format!("DROP {kind} {stored}")];
        statements.extend(self.record(path, &[]));
        Some(statements)
    }

    /// Statements that change the stored relation, with the view taken away and made again around them.
    pub(super) fn around(
        &self,
        path: &[String],
        changed: Vec<String>,
        (attached, columns): (&[Attached], &Columns),
        range: &Range<usize>,
    ) -> Step<Vec<String>> {
        if self.attached(path).is_empty() {
            return Ok(changed);
        }
        let mut statements = vec![format!("DROP VIEW {}", self.path_sql(path))];
        statements.extend(changed);
        if attached.is_empty() {
            let stored = self.path_sql(&renamed(path, STORED));
            let last = path.last().map_or("", String::as_str);
            statements.push(format!("ALTER TABLE {stored} RENAME TO {}", quote(last)));
        } else {
            statements.push(self.view(path, attached, columns, range)?);
        }
        statements.extend(self.record(path, attached));
        Ok(statements)
    }

    /// Statements that give a relation, stored and seen, another name.
    pub(super) fn rename_governed(
        &self,
        (kind, path): (&str, &[String]),
        target: &[String],
        columns: &Columns,
        range: &Range<usize>,
    ) -> Step<Vec<String>> {
        let attached = self.attached(path);
        let stored = self.path_sql(&renamed(path, STORED));
        let last = target.last().map_or("", String::as_str);
        let mut statements = vec![
            format!("DROP VIEW {}", self.path_sql(path)),
            format!("ALTER {kind} {stored} RENAME TO {}", quote(&stored_name(last))),
            self.view(target, &attached, columns, range)?,
        ];
        statements.extend(self.record(path, &[]));
        statements.extend(self.record(target, &attached));
        Ok(statements)
    }

    /// `CREATE MASKING POLICY` and `CREATE ROW ACCESS POLICY`.
    pub(super) fn create_policy(&mut self, cursor: &mut Cursor<'_>, replaces: bool) -> Step<Made> {
        let kind = policy_kind(cursor)?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let database = path.first().map_or("", String::as_str);
        let governance = self.columns.governance(database);
        let last = path.last().map_or("", String::as_str);
        cursor.expect("AS")?;
        let start = cursor.range();
        cursor.skip();
        let signature = self.text.sql[cursor.since(start.start)].to_owned();
        let written = parameters(&signature).map_err(|problem| SqlProblem { range: start, ..problem })?;
        cursor.expect("RETURNS")?;
        let place = cursor.range();
        let returns = cursor.data_type()?;
        let wanted = match (kind, written.first()) {
            (PolicyKind::RowAccess, _) => DataType::Boolean,
            (PolicyKind::Masking, Some((_, ty))) => *ty,
            (PolicyKind::Masking, None) => {
                return Err(SqlProblem::new(WRONG_ARGUMENTS, "a masking policy has an argument", place));
            }
        };
        if wanted.family() != returns.family() {
            let message = format!("the policy returns {returns}, not {wanted}");
            return Err(SqlProblem::new(WRONG_TYPE, message, place));
        }
        cursor.expect_token(&Token::Arrow)?;
        let body = cursor.rest_text();
        let exists = governance.policies.contains_key(&path);
        if exists && quiet {
            return Ok(Made::status(Vec::new(), format!("{last} already exists, statement succeeded.")));
        }
        if exists && !replaces {
            return Err(SqlProblem::new(UNKNOWN_POLICY, format!("object `{last}` already exists"), range));
        }
        self.refuse_in_use(&path, &range)?;
        let table = kept_in(database, "POLICIES");
        let word = if kind == PolicyKind::Masking { "MASKING" } else { "ROW ACCESS" };
        let row = [key(&path).as_str(), word, &signature, &returns.to_string(), &body].map(literal).join(", ");
        let mut statements = tables(database);
        statements.push(format!("INSERT OR REPLACE INTO {table} VALUES ({row})"));
        Ok(Made::status(statements, format!("Policy {last} successfully created.")))
    }

    fn refuse_in_use(&self, path: &[String], range: &Range<usize>) -> Step<()> {
        match self.users(path).first() {
            None => Ok(()),
            Some(relation) => {
                let message = format!("policy `{}` is attached to `{}`", path.join("."), relation.join("."));
                Err(SqlProblem::new(UNKNOWN_POLICY, message, range.clone())
                    .help("change it with `ALTER … SET BODY`, or detach it first"))
            }
        }
    }

    /// The relations that a policy is attached to, in its own database and in the session's.
    fn users(&self, path: &[String]) -> Vec<Vec<String>> {
        let mut databases = vec![path.first().cloned().unwrap_or_default()];
        databases.extend(self.session.database.clone().filter(|database| *database != databases[0]));
        let uses = |database: &String| self.columns.governance(database).uses(path).cloned().collect::<Vec<_>>();
        databases.iter().flat_map(uses).collect()
    }

    /// `ALTER … POLICY … SET BODY ->`: what is under it is made anew.
    pub(super) fn alter_policy(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        policy_kind(cursor)?;
        let quiet = cursor.takes("IF EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        if !cursor.takes("SET BODY") {
            let what = format!("ALTER … POLICY … {}", cursor.word());
            return Err(SqlProblem::unsupported(what.trim_end(), cursor.range()));
        }
        cursor.expect_token(&Token::Arrow)?;
        let body = cursor.rest_text();
        let done = "Statement executed successfully.";
        let kept = match self.kept(&path, &range) {
            Err(_) if quiet => return Ok(Made::status(Vec::new(), done)),
            kept => kept?,
        };
        let database = path.first().map_or("", String::as_str);
        let table = kept_in(database, "POLICIES");
        let mut statements =
            vec![format!("UPDATE {table} SET BODY = {} WHERE POLICY = {}", literal(&body), literal(&key(&path)))];
        let changed = Changed { inner: self.columns, path: path.clone(), policy: KeptPolicy { body, ..kept } };
        for relation in self.users(&path) {
            let translator = Translator {
                columns: &changed,
                ctes: Vec::new(),
                scopes: Vec::new(),
                notes: Vec::new(),
                met_reserved: Cell::default(),
                ..*self
            };
            let columns = self.columns.columns(&relation).unwrap_or_default();
            let attached = self.attached(&relation);
            statements.push(format!("DROP VIEW {}", self.path_sql(&relation)));
            statements.push(translator.view(&relation, &attached, &columns, &range)?);
        }
        Ok(Made::status(statements, done))
    }

    /// `DROP MASKING POLICY` and `DROP ROW ACCESS POLICY`.
    pub(super) fn drop_policy(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        policy_kind(cursor)?;
        let quiet = cursor.takes("IF EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        cursor.expect_end()?;
        let done = format!("{} successfully dropped.", path.last().map_or("", String::as_str));
        if let Err(problem) = self.kept(&path, &range) {
            return if quiet { Ok(Made::status(Vec::new(), done)) } else { Err(problem) };
        }
        self.refuse_in_use(&path, &range)?;
        let table = kept_in(path.first().map_or("", String::as_str), "POLICIES");
        let statement = format!("DELETE FROM {table} WHERE POLICY = {}", literal(&key(&path)));
        Ok(Made::status(vec![statement], done))
    }

    /// The policies of a schema, and what is attached in it, are gone with it.
    pub(super) fn forget_schema(&self, schema: &[String]) -> Vec<String> {
        let database = schema.first().map_or("", String::as_str);
        let governance = self.columns.governance(database);
        let inside = |path: &Vec<String>| path.starts_with(schema);
        let types = self.forget_types(schema).into_iter().chain(self.forget_stages(schema));
        if !governance.policies.keys().any(inside) && !governance.attached.keys().any(inside) {
            return types.collect();
        }
        let start = schema_start(&key(schema));
        let table = |name: &str| kept_in(database, name);
        let policies = [
            format!("DELETE FROM {} WHERE starts_with(POLICY, {start})", table("POLICIES")),
            format!("DELETE FROM {} WHERE starts_with(RELATION, {start})", table("POLICY_USES")),
        ];
        types.chain(policies).collect()
    }
}

/// What is known, with one policy changed.
struct Changed<'c> {
    inner: &'c dyn super::Columns,
    path: Vec<String>,
    policy: KeptPolicy,
}

impl super::Columns for Changed<'_> {
    fn columns(&self, path: &[String]) -> Option<Columns> {
        self.inner.columns(path)
    }

    fn governance(&self, database: &str) -> std::sync::Arc<Governance> {
        let mut governance = (*self.inner.governance(database)).clone();
        if self.path.first().is_some_and(|first| first == database) {
            governance.policies.insert(self.path.clone(), self.policy.clone());
        }
        std::sync::Arc::new(governance)
    }
}

/// `MASKING POLICY` or `ROW ACCESS POLICY`.
fn policy_kind(cursor: &mut Cursor<'_>) -> Step<PolicyKind> {
    if cursor.takes("ROW ACCESS POLICY") {
        return Ok(PolicyKind::RowAccess);
    }
    cursor.expect("MASKING POLICY").map(|()| PolicyKind::Masking)
}

/// A path whose last name starts with something.
pub(super) fn renamed(path: &[String], start: &str) -> Vec<String> {
    let mut path = path.to_vec();
    if let Some(last) = path.last_mut() {
        last.insert_str(0, start);
    }
    path
}

/// Where a relation is made before it takes another's place.
pub(super) fn new_path(path: &[String]) -> Vec<String> {
    renamed(path, NEW)
}

fn column_named<'c>(columns: &'c Columns, name: &str, range: &Range<usize>) -> Step<&'c (String, DataType)> {
    columns
        .iter()
        .find(|(column, _)| column == name)
        .ok_or_else(|| SqlProblem::new(UNKNOWN_COLUMN, format!("the relation has no column `{name}`"), range.clone()))
}

/// The arguments of a signature with their types.
fn parameters(signature: &str) -> Step<Vec<(String, DataType)>> {
    let text = Text::new(signature, Dialect::Snowflake)?;
    let mut cursor = Cursor::new(&text);
    cursor.expect_token(&Token::LParen)?;
    let mut parameters = Vec::new();
    while !cursor.takes_token(&Token::RParen) {
        parameters.push((cursor.name()?, cursor.data_type()?));
        cursor.takes_token(&Token::Comma);
    }
    cursor.expect_end()?;
    Ok(parameters)
}

/// A literal with which the keys of a schema's relations start.
pub(super) fn schema_start(schema: &str) -> String {
    literal(&format!("{schema}."))
}

/// A table in which a database keeps what the engine does not.
pub(super) fn kept_in(database: &str, table: &str) -> String {
    format!("{}.\"MERGANSER\".{}", quote(database), quote(table))
}

pub(super) fn tables(database: &str) -> Vec<String> {
    vec![
        format!("CREATE SCHEMA IF NOT EXISTS {}.\"MERGANSER\"", quote(database)),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (POLICY VARCHAR PRIMARY KEY, KIND VARCHAR, SIGNATURE VARCHAR, RETURNS VARCHAR, BODY VARCHAR)",
            kept_in(database, "POLICIES")
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (RELATION VARCHAR, COLUMN_NAME VARCHAR, POLICY VARCHAR, ARGUMENTS VARCHAR)",
            kept_in(database, "POLICY_USES")
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (RELATION VARCHAR, COLUMN_NAME VARCHAR, DATA_TYPE VARCHAR)",
            kept_in(database, "COLUMN_TYPES")
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (PATH VARCHAR, URL VARCHAR, OPTIONS VARCHAR)",
            kept_in(database, "STAGES")
        ),
        format!("CREATE TABLE IF NOT EXISTS {} (PATH VARCHAR, OPTIONS VARCHAR)", kept_in(database, "FILE_FORMATS")),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (RELATION VARCHAR, FILE VARCHAR, CONTENT_KEY VARCHAR, LOADED_AT TIMESTAMP)",
            kept_in(database, "LOADED_FILES")
        ),
    ]
}
