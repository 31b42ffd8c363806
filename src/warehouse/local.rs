//! Snowflake on `DuckDB`: statements in Snowflake's SQL, translated by `sql` and run on the embedded engine.
//!
//! The types of the relations a statement names are looked up once and kept until something is defined anew; a further
//! database is a file beside the main one; answers and errors are put back in Snowflake's words, with places in the
//! statement as it was written.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, FixedOffset};

use super::duckdb::{Attach, DuckDb, DuckDbOptions, DuckDbSession, literal, quoted};
use super::roles::Roles;
use super::statement::{byte_offset, line_column, verb};
use super::stores::{Copies, ObjectStores, Reach};
use super::{
    Catalog, CatalogRelation, Cell, Column, Outcome, SchemaName, Session, Table, Warehouse, WarehouseError, fold,
};
use crate::sql::{
    Columns, DataType, Dialect, Governance, Relation, ResultColumn, ResultShape, SessionChange, SessionContext,
    SqlProblem, Stages, Translation, UserFunction, keeping_tables, kept_types, name_of_stored, place_of_message,
    prelude, relation_key, session_variables, stored_name, translate, with_kept,
};

/// A relation's columns with their types.
type RelationColumns = Vec<(String, DataType)>;

/// The instance with what all sessions share.
struct Local {
    shared: Arc<Shared>,
    context: SessionContext,
}

/// What all sessions share.
pub(super) struct Shared {
    duckdb: DuckDb,
    /// Columns by database, schema and name, folded; nothing for a relation that is not there.
    columns: Mutex<HashMap<Vec<String>, Option<RelationColumns>>>,
    /// Policies by database, folded.
    governance: Mutex<HashMap<String, Arc<Governance>>>,
    /// The further databases that are attached.
    attached: Mutex<HashSet<String>>,
    /// Who has which roles.
    roles: Mutex<Roles>,
    /// Where files of stages lie, and copies of those that the engine reads from a disk only.
    pub(super) reach: Reach,
    pub(super) copies: Mutex<Option<Copies>>,
}

/// A connection.
pub(super) struct LocalSession {
    pub(super) shared: Arc<Shared>,
    inner: Mutex<DuckDbSession>,
    context: SessionContext,
    in_transaction: bool,
    /// Files that are removed once the transaction is kept.
    pub(super) purged: Vec<String>,
    /// The roles' version that the session goes by.
    roles: u64,
}

/// Opens `DuckDB` as a stand-in for Snowflake. `context` says who runs statements; database and schema are the
/// options' when it has none.
pub fn open_local(options: &DuckDbOptions, context: &SessionContext) -> Result<Box<dyn Warehouse>, WarehouseError> {
    open_local_reaching(options, context, None)
}

/// The same with object stores that its stages may lie in.
pub fn open_local_reaching(
    options: &DuckDbOptions,
    context: &SessionContext,
    stores: Option<Arc<dyn ObjectStores>>,
) -> Result<Box<dyn Warehouse>, WarehouseError> {
    let reach = Reach::new(stores);
    let duckdb = DuckDb::open(options)?.with_snowflakes_functions(&reach)?;
    let schema = if options.schema.is_empty() { "PUBLIC" } else { &options.schema };
    let context = SessionContext {
        database: context.database.clone().or_else(|| Some(options.database.clone())),
        schema: context.schema.clone().or_else(|| Some(schema.to_owned())),
        ..context.clone()
    };
    let public = format!("CREATE SCHEMA IF NOT EXISTS {}.\"PUBLIC\"", quoted(&options.database));
    let mut root = duckdb.connect()?;
    std::iter::once(public)
        .chain(keeping_tables(&options.database))
        .try_for_each(|sql| root.execute(&sql).map(drop))?;
    drop(root);
    let roles = Mutex::new(Roles::open(&duckdb)?);
    let shared = Shared {
        duckdb,
        columns: Mutex::default(),
        governance: Mutex::default(),
        attached: Mutex::default(),
        roles,
        reach,
        copies: Mutex::default(),
    };
    Ok(Box::new(Local { shared: Arc::new(shared), context }))
}

/// What a lock guards, whatever became of the thread that held it before.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Warehouse for Local {
    fn dialect(&self) -> Dialect {
        Dialect::Snowflake
    }

    fn session(&self) -> Result<Box<dyn Session>, WarehouseError> {
        let mut inner = self.shared.duckdb.connect()?;
        for statement in prelude() {
            inner.execute(statement)?;
        }
        let mut session = LocalSession {
            shared: Arc::clone(&self.shared),
            inner: Mutex::new(inner),
            context: self.context.clone(),
            in_transaction: false,
            purged: Vec::new(),
            roles: 0,
        };
        session.know_roles()?;
        Ok(Box::new(session))
    }

    fn catalog(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
        for name in schemas {
            self.shared.attach_existing(&name.database)?;
        }
        let mut catalog = self.shared.duckdb.catalog(schemas)?;
        catalog.schemas.values_mut().for_each(under_own_names);
        let mut kept = HashMap::new();
        for name in schemas {
            if let Entry::Vacant(unread) = kept.entry(fold(&name.database)) {
                unread.insert(self.shared.kept_types(&name.database)?);
            }
        }
        for relation in catalog.schemas.values_mut().flat_map(BTreeMap::values_mut) {
            let path = [&relation.database, &relation.schema, &relation.name].map(Clone::clone);
            let (key, known) = (relation_key(&path), kept.get(&fold(&relation.database)));
            for column in &mut relation.columns {
                let ty = known.and_then(|types| types.get(&(key.clone(), column.name.clone())));
                let ty = with_kept(DataType::of_duckdb(&column.data_type), ty.map(String::as_str));
                column.data_type = ty.to_string();
            }
        }
        Ok(catalog)
    }

    fn describe(&self) -> Result<String, WarehouseError> {
        Ok(format!("Snowflake's SQL on {}", self.shared.duckdb.describe()?))
    }
}

impl Shared {
    /// Attaches another database if its file is there.
    fn attach_existing(&self, database: &str) -> Result<(), WarehouseError> {
        let exists = self.duckdb.sibling(&database.to_uppercase()).is_some_and(|path| path.exists());
        if exists { self.attach(database) } else { Ok(()) }
    }

    /// Makes a database with its schema `PUBLIC`; whether it was made.
    fn create_database(&self, name: &str, quiet: bool) -> Result<bool, WarehouseError> {
        let upper = name.to_uppercase();
        let is_file = self.duckdb.sibling(&upper).is_some_and(|path| path.exists());
        let is_main = name.eq_ignore_ascii_case(&self.duckdb.options().database);
        if is_main || is_file || locked(&self.attached).contains(&upper) {
            let exists = || WarehouseError::new(format!("Object '{name}' already exists."));
            return if quiet { Ok(false) } else { Err(exists()) };
        }
        self.attach(name)?;
        let public = format!("CREATE SCHEMA IF NOT EXISTS {}.\"PUBLIC\"", quoted(&upper));
        self.duckdb.connect()?.execute(&public)?;
        Ok(true)
    }

    /// Attaches another database, making its file when there is none.
    fn attach(&self, database: &str) -> Result<(), WarehouseError> {
        if database.eq_ignore_ascii_case(&self.duckdb.options().database) {
            return Ok(());
        }
        let upper = database.to_uppercase();
        let path = self.duckdb.sibling(&upper).map_or(":memory:".to_owned(), |path| path.display().to_string());
        // Held until it is done: what is made in it cannot be made by two at once.
        let mut attached = locked(&self.attached);
        if attached.contains(&upper) {
            return Ok(());
        }
        self.duckdb.attach(&Attach { path, alias: Some(upper.clone()), read_only: false })?;
        let mut session = self.duckdb.connect()?;
        keeping_tables(&upper).iter().try_for_each(|sql| session.execute(sql).map(drop))?;
        attached.insert(upper);
        Ok(())
    }

    /// The types that are kept of the columns of a database's relations, by relation and column.
    fn kept_types(&self, database: &str) -> Result<HashMap<(String, String), String>, WarehouseError> {
        // A database that is not there keeps none.
        let rows = self.duckdb.connect()?.execute(&kept_types(database, None)).unwrap_or_default().table.rows;
        let row = |row: Vec<Cell>| {
            let [relation, column, ty] = row.as_slice() else { return None };
            Some(((relation.to_string(), column.to_string()), ty.to_string()))
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }
}

impl Columns for LocalSession {
    fn columns(&self, path: &[String]) -> Option<RelationColumns> {
        let current = [self.context.database.clone()?, self.context.schema.clone()?];
        let missing = 3usize.checked_sub(path.len())?;
        let parts: Vec<String> = current.into_iter().take(missing).chain(path.iter().cloned()).collect();
        let key: Vec<String> = parts.iter().map(|part| fold(part)).collect();
        if let Some(known) = locked(&self.shared.columns).get(&key) {
            return known.clone();
        }
        // A name that does not resolve is the statement's error to report, with its place.
        let _ = self.shared.attach_existing(&parts[0]);
        let name: Vec<String> = parts.iter().map(|part| quoted(part)).collect();
        let described = locked(&self.inner).execute(&format!("DESCRIBE {}", name.join("."))).ok();
        let column = |row: &Vec<Cell>| Some((row.first()?.to_string(), DataType::of_duckdb(&row.get(1)?.to_string())));
        let mut columns = described.map(|outcome| outcome.table.rows.iter().filter_map(column).collect::<Vec<_>>());
        let kept = self.kept_types(&parts, columns.as_deref().unwrap_or_default());
        for (name, ty) in columns.iter_mut().flatten() {
            *ty = with_kept(*ty, kept.get(name.as_str()).map(String::as_str));
        }
        // Inside a transaction what is seen may be undone.
        if !self.in_transaction {
            locked(&self.shared.columns).insert(key, columns.clone());
        }
        columns
    }

    fn function(&self, path: &[String]) -> Option<UserFunction> {
        let [database, schema, name] = path else { return None };
        // A name that does not resolve is the statement's error to report, with its place.
        let _ = self.shared.attach_existing(database);
        let sql = format!(
            "SELECT coalesce(comment, ''), macro_definition FROM duckdb_functions() WHERE NOT internal \
             AND function_type = 'macro' AND upper(database_name) = upper({}) AND upper(schema_name) = upper({}) AND function_name = {}",
            literal(database),
            literal(schema),
            literal(name)
        );
        let found = locked(&self.inner).execute(&sql).ok()?.table.rows;
        let [types, definition] = found.first()?.as_slice() else { return None };
        let types = types.to_string();
        let types = types.split(';').filter(|ty| !ty.is_empty());
        let parameters = types.map(DataType::of_duckdb).collect();
        let definition = definition.to_string();
        let returns = definition.strip_suffix(')')?.rsplit_once(" AS ")?.1.replace(", ", ",");
        Some(UserFunction { parameters, returns: DataType::of_duckdb(&returns) })
    }

    fn stages(&self) -> Option<&dyn Stages> {
        Some(self)
    }

    fn governance(&self, database: &str) -> Arc<Governance> {
        if self.in_transaction {
            return self.read_governance(database);
        }
        let key = fold(database);
        if let Some(known) = locked(&self.shared.governance).get(&key) {
            return Arc::clone(known);
        }
        let read = self.read_governance(database);
        locked(&self.shared.governance).insert(key, Arc::clone(&read));
        read
    }
}

impl LocalSession {
    /// The policies that a database keeps.
    fn read_governance(&self, database: &str) -> Arc<Governance> {
        // A database that is not there keeps none.
        let _ = self.shared.attach_existing(database);
        // One without policies has no tables of them.
        let [policies, uses, types] = Governance::queries(database).map(|sql| self.texts(&sql));
        Arc::new(Governance::read(&policies, &uses, &types))
    }

    /// The rows of a query of the engine as texts; none where it fails.
    pub(super) fn texts(&self, sql: &str) -> Vec<Vec<String>> {
        let outcome = locked(&self.inner).execute(sql).unwrap_or_default();
        outcome.table.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    }

    /// Attaches a database that is there. A name that does not resolve is the statement's error to report, with its place.
    pub(super) fn attach(&self, database: &str) {
        let _ = self.shared.attach_existing(database);
    }

    /// The folder that relative paths are below.
    pub(super) fn project_folder(&self) -> &Path {
        &self.shared.duckdb.options().folder
    }

    /// The types that are kept of a relation's columns, where its engine types leave something open.
    fn kept_types(&self, path: &[String], columns: &[(String, DataType)]) -> HashMap<String, String> {
        if !columns.iter().any(|(_, ty)| matches!(ty, DataType::Varchar(_) | DataType::Variant)) {
            return HashMap::new();
        }
        // A database that is not there keeps none.
        let rows = locked(&self.inner).execute(&kept_types(&path[0], Some(path))).unwrap_or_default().table.rows;
        rows.iter().filter_map(|row| Some((row.get(1)?.to_string(), row.get(2)?.to_string()))).collect()
    }

    /// Runs the statements of a translation, all or none of them.
    fn run(&mut self, sql: &str, translation: &Translation) -> Result<Vec<Outcome>, WarehouseError> {
        let control = translation.session.iter().any(|c| matches!(c, SessionChange::Begin | SessionChange::End { .. }));
        let wrapped = translation.statements.len() > 1 && !self.in_transaction && !control;
        if wrapped {
            self.inner().execute("BEGIN")?;
        }
        let mut outcomes = Vec::new();
        for (index, statement) in translation.statements.iter().enumerate() {
            match self.run_one(statement) {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => {
                    if wrapped {
                        // The error that ended the transaction is the one to report.
                        let _ = self.inner().execute("ROLLBACK");
                    }
                    return Err(in_the_source(error, sql, translation, index));
                }
            }
        }
        if wrapped {
            self.inner().execute("COMMIT")?;
        }
        Ok(outcomes)
    }

    /// Runs one statement; a database that it creates something in is attached when it is not yet there.
    fn run_one(&mut self, statement: &str) -> Result<Outcome, WarehouseError> {
        let error = match self.inner().execute(statement) {
            Err(error) => error,
            done => return done,
        };
        let Some(database) = missing_database(&error.message) else { return Err(error) };
        if verb(statement).is_some_and(|verb| verb == "CREATE") {
            self.shared.attach(&database)?;
        } else {
            self.shared.attach_existing(&database)?;
        }
        self.inner().execute(statement)
    }

    /// The answer to `describe table`: a row per column, as far as an empty result tells.
    fn columns_as_rows(&mut self, name: &str) -> Result<Outcome, WarehouseError> {
        let columns = self.execute(&format!("select * from {name} where false"))?.table.columns;
        let text = |value: &str| Cell::Text(value.to_owned());
        let row = |column: &Column| {
            let nullable = if column.nullable { "Y" } else { "N" };
            let known = [text(&column.name), text(&column.data_type), text("COLUMN"), text(nullable)];
            known.into_iter().chain([Cell::Null, text("N"), text("N"), Cell::Null, Cell::Null, Cell::Null]).collect()
        };
        let rows = columns.iter().map(row).collect();
        let names =
            ["name", "type", "kind", "null?", "default", "primary key", "unique key", "check", "expression", "comment"];
        let columns = names.iter().map(|name| Column::new(*name, "VARCHAR")).collect();
        Ok(Outcome { table: Table { columns, rows }, message: "SUCCESS".to_owned(), ..Outcome::default() })
    }

    /// A transaction that is open is not begun again, and one that is not there is not ended: both are ignored.
    fn has_effect(&self, changes: &[SessionChange]) -> bool {
        match changes {
            [SessionChange::Begin] => !self.in_transaction,
            [SessionChange::End { .. }] => self.in_transaction,
            _ => true,
        }
    }

    /// Refuses rows with a text that is too long for its column.
    fn refuse_long_texts(&self, path: &[String], columns: &[String], rows: &[Vec<Cell>]) -> Result<(), WarehouseError> {
        let known = self.columns(path).unwrap_or_default();
        for (index, name) in columns.iter().enumerate() {
            let ty = known.iter().find(|(column, _)| column == name).map(|(_, ty)| *ty);
            let Some(DataType::Varchar(Some(length))) = ty else { continue };
            let is_long = |text: &&str| text.chars().count() > length as usize;
            let texts =
                rows.iter().filter_map(|row| if let Cell::Text(text) = &row[index] { Some(text) } else { None });
            if let Some(text) = texts.map(String::as_str).find(is_long) {
                return Err(WarehouseError::new(format!("String '{text}' is too long and would be truncated")));
            }
        }
        Ok(())
    }

    /// Takes over what was granted and revoked since the last statement, in this session or another.
    fn know_roles(&mut self) -> Result<(), WarehouseError> {
        let roles = locked(&self.shared.roles);
        if roles.version == self.roles {
            return Ok(());
        }
        let version = roles.version;
        let mut own = self.context.role.as_deref().map_or_else(BTreeSet::new, |role| roles.of_role(role));
        let mut available = self.context.user.as_deref().map_or_else(BTreeSet::new, |user| roles.of_user(user));
        drop(roles);
        available.extend(own.iter().cloned());
        self.context.available_roles = available.into_iter().collect();
        own.retain(|role| Some(role) != self.context.role.as_ref());
        self.context.inherited_roles = own.into_iter().collect();
        self.tell_engine()?;
        self.roles = version;
        Ok(())
    }

    /// Tells the connection who asks.
    fn tell_engine(&mut self) -> Result<(), WarehouseError> {
        session_variables(&self.context).iter().try_for_each(|statement| self.inner().execute(statement).map(drop))
    }

    fn inner(&mut self) -> &mut DuckDbSession {
        self.inner.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a statement changes in the session.
    fn change(&mut self, change: &SessionChange) -> Result<(), WarehouseError> {
        match change {
            SessionChange::Database(name) => {
                self.shared.attach_existing(name)?;
                self.context.database = Some(name.clone());
            }
            SessionChange::Schema(name) => self.context.schema = Some(name.clone()),
            SessionChange::Role(name) => {
                self.context.role = Some(name.clone());
                // What the role before had, this one has not; what it has is known before the next statement.
                self.context.inherited_roles.clear();
                self.context.available_roles.clear();
                self.roles = 0;
            }
            SessionChange::CreateDatabase { name, quiet } => {
                if !self.shared.create_database(name, *quiet)? {
                    return Ok(());
                }
                self.context.database = Some(name.clone());
                self.context.schema = Some("PUBLIC".to_owned());
            }
            SessionChange::Roles(change) => locked(&self.shared.roles).change(&self.shared.duckdb, change)?,
            SessionChange::Warehouse(name) => self.context.warehouse = Some(name.clone()),
            SessionChange::Begin => self.in_transaction = true,
            SessionChange::End { commit } => {
                self.in_transaction = false;
                if !commit {
                    self.purged.clear();
                }
            }
            SessionChange::Purge(_) => {}
            SessionChange::Parameter(name, value) => {
                self.context.parameters.insert(name.clone(), value.clone());
            }
            SessionChange::Unset(name) => {
                self.context.parameters.remove(name);
            }
            SessionChange::Variable(name, sql, ty) => {
                self.context.variables.insert(name.clone(), (sql.clone(), *ty));
            }
            SessionChange::UnsetVariable(name) => {
                self.context.variables.remove(name);
            }
        }
        self.tell_engine()?;
        if !matches!(
            change,
            SessionChange::Database(_) | SessionChange::Schema(_) | SessionChange::CreateDatabase { .. }
        ) {
            return Ok(());
        }
        let database = self.context.database.clone().unwrap_or_default();
        let schema = self.context.schema.clone().unwrap_or_default();
        // After USE DATABASE the schema may not be there; names that need it then say so themselves.
        let _ = self.inner().look_in(&database, &schema);
        Ok(())
    }
}

impl Session for LocalSession {
    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
        let Some(verb) = verb(sql) else { return Ok(Outcome::default()) };
        self.know_roles()?;
        if let Some(name) = described(sql) {
            return self.columns_as_rows(name);
        }
        let mut translation = translate(sql, self, &self.context).map_err(|problem| refused(problem, sql))?;
        if !self.has_effect(&translation.session) {
            translation.statements.clear();
        }
        let ended = self.run(sql, &translation);
        if matches!(verb.as_str(), "CREATE" | "DROP" | "ALTER" | "UNDROP" | "ROLLBACK" | "COMMIT") {
            locked(&self.shared.columns).clear();
            locked(&self.shared.governance).clear();
        }
        let outcomes = ended?;
        for change in &translation.session {
            if let SessionChange::Purge(statement) = change {
                self.note_purged(&outcomes[*statement]);
            }
            self.change(change)?;
        }
        if !self.in_transaction {
            self.purge();
        }
        Ok(shaped(outcomes, &translation.result))
    }

    fn append(&mut self, table: &Relation, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<u64, WarehouseError> {
        let fold = |name: &str, quoted: bool| if quoted { name.to_owned() } else { name.to_uppercase() };
        let mut stored = Relation {
            database: table.database.as_deref().map(|name| fold(name, table.quoting.database)),
            schema: table.schema.as_deref().map(|name| fold(name, table.quoting.schema)),
            identifier: fold(&table.identifier, table.quoting.identifier),
            quoting: table.quoting,
        };
        let database = stored.database.clone().or_else(|| self.context.database.clone()).unwrap_or_default();
        let schema = stored.schema.clone().or_else(|| self.context.schema.clone()).unwrap_or_default();
        let path = [database, schema, stored.identifier.clone()];
        if self.governance(&path[0]).attached.contains_key(path.as_slice()) {
            stored.identifier = stored_name(&stored.identifier);
        }
        let columns: Vec<String> = columns.iter().map(|name| fold(name, false)).collect();
        self.refuse_long_texts(&path, &columns, &rows)?;
        self.inner().append(&stored, &columns, rows)
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        locked(&self.inner).canceller()
    }
}

/// Relations under policies by the names they have for users: what is stored, instead of the view that stands for it.
fn under_own_names(relations: &mut BTreeMap<String, CatalogRelation>) {
    let names: Vec<String> = relations.values().filter_map(|r| name_of_stored(&r.name).map(str::to_owned)).collect();
    for name in names {
        if let Some(relation) = relations.remove(&fold(&stored_name(&name))) {
            relations.insert(fold(&name), CatalogRelation { name, ..relation });
        }
    }
}

/// What `describe table` or `describe view` asks about.
fn described(sql: &str) -> Option<&str> {
    let mut words = uncommented(sql).trim_end_matches(';').trim().splitn(3, char::is_whitespace);
    let mut is = |wanted: &[&str]| words.next().is_some_and(|word| wanted.iter().any(|w| word.eq_ignore_ascii_case(w)));
    (is(&["describe", "desc"]) && is(&["table", "view"]))
        .then(|| words.next().map(str::trim))
        .flatten()
        .filter(|name| !name.is_empty())
}

/// A statement without the comment in front of it or behind it.
fn uncommented(sql: &str) -> &str {
    let sql = sql.trim();
    let sql = sql.strip_prefix("/*").and_then(|rest| rest.split_once("*/")).map_or(sql, |(_, rest)| rest.trim());
    let behind = sql.trim_end_matches(';').trim_end();
    match (behind.ends_with("*/"), behind.rfind("/*")) {
        (true, Some(start)) => behind[..start].trim(),
        _ => sql,
    }
}

/// The rows a `MERGE` changed: it answers with one row of counts.
fn changed_rows(table: &Table) -> Option<u64> {
    let counts = table.columns.iter().all(|column| column.name.to_lowercase().starts_with("number of rows"));
    let [row] = table.rows.as_slice() else { return None };
    let count = |cell: &Cell| if let Cell::Integer(count) = cell { u64::try_from(*count).ok() } else { None };
    if counts && !row.is_empty() { row.iter().map(count).sum() } else { None }
}

/// The answer that Snowflake would give.
fn shaped(mut outcomes: Vec<Outcome>, shape: &ResultShape) -> Outcome {
    let mut outcome = match shape {
        ResultShape::Rows { statement, columns } if *statement < outcomes.len() => {
            let mut outcome = outcomes.swap_remove(*statement);
            let says_more = |known: &&ResultColumn| {
                let text = matches!(known.data_type, DataType::Varchar(Some(_)));
                text || matches!(known.data_type, DataType::Object | DataType::Array)
            };
            outcome.table.columns.iter_mut().for_each(to_snowflake);
            for (column, known) in outcome.table.columns.iter_mut().zip(columns.iter().flatten()) {
                // The engine has one type for all texts, and one for all semi-structured values.
                if let ("VARIANT" | "VARCHAR", Some(known)) = (column.data_type.as_str(), Some(known).filter(says_more))
                {
                    column.data_type = known.data_type.to_string();
                }
            }
            outcome.table.rows.iter_mut().flatten().for_each(whole_number);
            at_offsets(&mut outcome.table);
            for (column, known) in outcome.table.columns.iter_mut().zip(columns.iter().flatten()) {
                column.name.clone_from(&known.name);
            }
            outcome.affected = outcome.affected.or_else(|| changed_rows(&outcome.table));
            outcome
        }
        ResultShape::Rows { .. } => Outcome::default(),
        ResultShape::Affected(labels) => {
            let counts: Vec<u64> =
                labels.iter().map(|(_, index)| outcomes.get(*index).and_then(|o| o.affected).unwrap_or(0)).collect();
            let columns = labels.iter().map(|(label, _)| Column::new(label.clone(), "NUMBER(19,0)")).collect();
            let row = counts.iter().map(|count| Cell::Integer((*count).into())).collect();
            let table = Table { columns, rows: vec![row] };
            Outcome { table, affected: Some(counts.iter().sum()), ..Outcome::default() }
        }
        ResultShape::Status(text) => {
            let columns = vec![Column::new("status", "VARCHAR(16777216)")];
            let table = Table { columns, rows: vec![vec![Cell::Text(text.clone())]] };
            // Snowflake answers with the status alone; the engine also says how many rows a created table has.
            let affected = outcomes.iter().filter_map(|outcome| outcome.affected).reduce(|a, b| a + b);
            return Outcome { table, affected, message: "SUCCESS 1".to_owned(), ..Outcome::default() };
        }
    };
    let count = outcome.affected.unwrap_or(outcome.table.rows.len() as u64);
    outcome.message = format!("SUCCESS {count}");
    outcome
}

/// The values of `TIMESTAMP_TZ` columns as such: the engine keeps an instant and the minutes it is east of UTC.
fn at_offsets(table: &mut Table) {
    let at = |cell: &Cell| {
        let Cell::Json(text) = cell else { return None };
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        let instant = DateTime::parse_from_str(value["instant"].as_str()?, "%Y-%m-%d %H:%M:%S%.f%:z").ok()?;
        let east = i32::try_from(value["east"].as_i64()?).ok()?;
        Some(Cell::TimestampTz(instant.with_timezone(&FixedOffset::east_opt(east * 60)?)))
    };
    for (index, _) in table.columns.iter().enumerate().filter(|(_, column)| column.data_type == "TIMESTAMP_TZ") {
        let cells = table.rows.iter_mut().filter_map(|row| row.get_mut(index));
        cells.for_each(|cell| *cell = at(cell).unwrap_or_else(|| cell.clone()));
    }
}

/// A decimal without a fraction as the whole number that Snowflake gives for `NUMBER(38,0)`.
fn whole_number(cell: &mut Cell) {
    if let Cell::Decimal(value) = cell
        && value.fractional_digit_count() == 0
        && let Ok(whole) = value.to_plain_string().parse()
    {
        *cell = Cell::Integer(whole);
    }
}

/// A translation's refusal as the warehouse's error.
fn refused(problem: SqlProblem, sql: &str) -> WarehouseError {
    WarehouseError {
        code: Some(problem.code.to_owned()),
        position: Some(line_column(sql, problem.range.start)),
        help: problem.help,
        ..WarehouseError::new(problem.message)
    }
}

/// The database in `Catalog "X" does not exist!`.
fn missing_database(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("Catalog \"")?;
    let (name, rest) = rest.split_once('"')?;
    rest.trim_start().starts_with("does not exist").then(|| name.to_owned())
}

/// An error of the engine with its place in the statement as it was written.
fn in_the_source(error: WarehouseError, sql: &str, translation: &Translation, index: usize) -> WarehouseError {
    let translated = &translation.statements[index];
    let place = error.position.and_then(|(line, column)| {
        let range = translation.positions.get(index)?.original(byte_offset(translated, line, column))?;
        Some(line_column(sql, range.start))
    });
    let error = match place_of_message(&error.message) {
        Some((said, range)) if range.end <= sql.len() => {
            WarehouseError { position: Some(line_column(sql, range.start)), message: said.to_owned(), ..error }
        }
        _ => WarehouseError { position: place, ..error },
    };
    if error.message.contains("single attached database") {
        return error.help("locally a database is a file of its own, and a transaction can write to one of them only");
    }
    error
}

/// The column with its type in Snowflake's words.
fn to_snowflake(column: &mut Column) {
    column.data_type = DataType::of_duckdb(&column.data_type).to_string();
}

#[cfg(test)]
mod tests {
    use super::described;

    #[test]
    fn a_table_is_described_whatever_the_comment() {
        for sql in [
            "describe table a.b",
            "desc view a.b;",
            "describe table a.b\n/* who */",
            "describe table a.b\n/* who */;",
            "/* who */\ndescribe table a.b",
        ] {
            assert_eq!(described(sql), Some("a.b"), "{sql}");
        }
        assert_eq!(described("select 1 /* describe table a */"), None);
    }
}
