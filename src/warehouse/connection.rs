//! One open warehouse with the sessions that are free and what is known of its catalog.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Catalog, CatalogRelation, Comment, Outcome, SchemaName, Session, Warehouse, WarehouseError, fold};
use crate::sql::{Dialect, Relation};

/// A warehouse that many threads use: each statement runs on a session nobody else uses at the time.
pub struct Connection {
    warehouse: Box<dyn Warehouse>,
    free: Mutex<Vec<Box<dyn Session>>>,
    /// Schemas read so far; none for a schema that does not exist.
    known: Mutex<BTreeMap<SchemaName, Option<BTreeMap<String, CatalogRelation>>>>,
    /// How often something was forgotten: what was read meanwhile may be old.
    changes: AtomicU64,
    /// The comment of statements that are sent for no node.
    comment: Mutex<Option<Comment>>,
}

thread_local! {
    /// The comment of the statements this thread sends, see [`Connection::commented`].
    static COMMENT: RefCell<Said> = const { RefCell::new(Said::Nothing) };

    /// The session this thread holds on to, see [`Connection::pinned`].
    static PINNED: RefCell<Option<Box<dyn Session>>> = const { RefCell::new(None) };
    /// What this thread sent, while somebody wants to know.
    static SENT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    /// The transaction of the materialization this thread runs, see [`Connection::materialization`].
    static TRANSACTION: Cell<Transaction> = const { Cell::new(Transaction::Automatic) };
}

/// How statements of a thread become final.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transaction {
    /// Each by itself.
    Automatic,
    /// The next that asks for one opens a transaction.
    Closed,
    /// With the commit.
    Open,
}

/// What was said about the comment of a thread's statements.
#[derive(Clone)]
enum Said {
    /// Nothing: they have the comment of all.
    Nothing,
    /// This comment, or none.
    This(Option<Comment>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    /// A connection to an open warehouse.
    pub fn new(warehouse: Box<dyn Warehouse>) -> Self {
        let changes = AtomicU64::new(0);
        Self { warehouse, free: Mutex::default(), known: Mutex::default(), changes, comment: Mutex::default() }
    }

    /// From now on, this comment goes with statements that are sent for no node.
    pub fn comment_on_all(&self, comment: Option<Comment>) {
        *lock(&self.comment) = comment;
    }

    /// Runs `work` with this comment on all statements this thread sends meanwhile.
    pub fn commented<T>(&self, comment: Option<Comment>, work: impl FnOnce() -> T) -> T {
        let before = COMMENT.replace(Said::This(comment));
        let result = work();
        COMMENT.set(before);
        result
    }

    /// The SQL it is spoken to in.
    pub fn dialect(&self) -> Dialect {
        self.warehouse.dialect()
    }

    /// The engine and where it is, for people.
    pub fn describe(&self) -> Result<String, WarehouseError> {
        self.warehouse.describe()
    }

    /// Gives a session that nobody else uses to `work`. A session whose statement failed is not used again: a transaction
    /// may be open in it.
    pub fn with_session<T>(
        &self,
        work: impl FnOnce(&mut dyn Session) -> Result<T, WarehouseError>,
    ) -> Result<T, WarehouseError> {
        if let Some(mut session) = PINNED.with_borrow_mut(Option::take) {
            let result = work(session.as_mut());
            PINNED.with_borrow_mut(|pinned| *pinned = Some(session));
            return result;
        }
        let taken = lock(&self.free).pop();
        let mut session = match taken {
            Some(session) => session,
            None => self.warehouse.session()?,
        };
        let result = work(session.as_mut());
        if result.is_ok() {
            lock(&self.free).push(session);
        }
        result
    }

    /// Runs `work` with one session for all statements this thread sends meanwhile, so that transactions and temporary
    /// relations hold. After a failure the session is not used again.
    pub fn pinned<T, E: From<WarehouseError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let taken = lock(&self.free).pop();
        let session = match taken {
            Some(session) => session,
            None => self.warehouse.session()?,
        };
        PINNED.with_borrow_mut(|pinned| *pinned = Some(session));
        let result = work();
        match (&result, PINNED.with_borrow_mut(Option::take)) {
            (Ok(_), Some(session)) => lock(&self.free).push(session),
            // What was read inside a transaction that is undone with its session is not so.
            _ => self.forget_all(),
        }
        result
    }

    /// Runs one statement on any session.
    pub fn execute(&self, sql: &str) -> Result<Outcome, WarehouseError> {
        SENT.with_borrow_mut(|sent| sent.iter_mut().for_each(|sent| sent.push(sql.to_owned())));
        let comment = match COMMENT.with_borrow(Clone::clone) {
            Said::This(comment) => comment,
            Said::Nothing => lock(&self.comment).clone(),
        };
        let Some(comment) = comment else {
            return self.with_session(|session| session.execute(sql));
        };
        // The caller knows its statement without the comment.
        let moved = |error: WarehouseError| WarehouseError {
            position: error.position.map(|(line, column)| (line.saturating_sub(comment.lines_before()).max(1), column)),
            ..error
        };
        let sent = comment.add(sql);
        self.with_session(|session| session.execute(&sent)).map_err(moved)
    }

    /// Runs a materialization that is a macro, and gives the statements it sent. On `DuckDB` they are one transaction from the first
    /// that wants one to `adapter.commit()`, and what is not committed is undone, as in dbt; Snowflake commits each by itself.
    pub fn materialization<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<String>) {
        let transaction = if self.dialect() == Dialect::DuckDb { Transaction::Closed } else { Transaction::Automatic };
        TRANSACTION.set(transaction);
        SENT.set(Some(Vec::new()));
        let result = work();
        let sent = SENT.take().unwrap_or_default();
        if TRANSACTION.replace(Transaction::Automatic) == Transaction::Open {
            // The session is given up when this fails, and with it the transaction.
            self.with_session(|session| session.execute("rollback")).ok();
            self.forget_all();
        }
        (result, sent)
    }

    /// Opens the transaction of the materialization that runs, if it is not open.
    pub fn begin(&self) -> Result<(), WarehouseError> {
        if TRANSACTION.get() == Transaction::Closed {
            self.execute("begin")?;
            TRANSACTION.set(Transaction::Open);
        }
        Ok(())
    }

    /// Commits what the materialization that runs has done so far.
    pub fn commit(&self) -> Result<(), WarehouseError> {
        if TRANSACTION.get() == Transaction::Open {
            TRANSACTION.set(Transaction::Closed);
            self.execute("commit")?;
        }
        Ok(())
    }

    /// Reads these schemas in bulk, if they are not known yet.
    pub fn load(&self, schemas: &[SchemaName]) -> Result<(), WarehouseError> {
        let missing: BTreeSet<SchemaName> = {
            let known = lock(&self.known);
            schemas.iter().filter(|schema| !known.contains_key(*schema)).cloned().collect()
        };
        let missing: Vec<SchemaName> = missing.into_iter().collect();
        if missing.is_empty() {
            return Ok(());
        }
        loop {
            let before = self.changes.load(Ordering::SeqCst);
            let mut read = self.read(&missing)?;
            let mut known = lock(&self.known);
            if self.changes.load(Ordering::SeqCst) != before {
                continue;
            }
            for schema in missing {
                let relations = read.schemas.remove(&schema);
                known.insert(schema, relations);
            }
            return Ok(());
        }
    }

    fn read(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
        let mut inside = None;
        if PINNED.with_borrow(Option::is_some) {
            self.with_session(|session| {
                inside = session.catalog(schemas);
                Ok(())
            })?;
        }
        inside.unwrap_or_else(|| self.warehouse.catalog(schemas))
    }

    fn forget_all(&self) {
        let mut known = lock(&self.known);
        self.changes.fetch_add(1, Ordering::SeqCst);
        known.clear();
    }

    /// Forgets a schema, because something in it was made or dropped.
    pub fn forget(&self, schema: &SchemaName) {
        let mut known = lock(&self.known);
        self.changes.fetch_add(1, Ordering::SeqCst);
        known.remove(schema);
    }

    /// The relation as it was when its schema was last read.
    pub fn relation(&self, relation: &Relation) -> Result<Option<CatalogRelation>, WarehouseError> {
        let (Some(database), Some(schema)) = (&relation.database, &relation.schema) else { return Ok(None) };
        let schema = SchemaName::new(database, schema);
        self.load(std::slice::from_ref(&schema))?;
        let known = lock(&self.known);
        Ok(known
            .get(&schema)
            .and_then(Option::as_ref)
            .and_then(|relations| relations.get(&fold(&relation.identifier)))
            .cloned())
    }

    /// All relations of a schema, and whether it exists.
    pub fn relations(&self, schema: &SchemaName) -> Result<(Vec<CatalogRelation>, bool), WarehouseError> {
        self.load(std::slice::from_ref(schema))?;
        let known = lock(&self.known);
        let found = known.get(schema).and_then(Option::as_ref);
        Ok((found.map(|relations| relations.values().cloned().collect()).unwrap_or_default(), found.is_some()))
    }

    /// What is known of these schemas, read first where it is not.
    pub fn catalog(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
        self.load(schemas)?;
        let known = lock(&self.known);
        let found = schemas.iter().filter_map(|schema| Some((schema.clone(), known.get(schema)?.clone()?)));
        Ok(Catalog { schemas: found.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::{Cell, Table};

    /// Refuses every statement at its second line, and tells it back.
    struct Echo;

    impl Warehouse for Echo {
        fn dialect(&self) -> Dialect {
            Dialect::DuckDb
        }

        fn session(&self) -> Result<Box<dyn Session>, WarehouseError> {
            Ok(Box::new(Echo))
        }

        fn catalog(&self, _: &[SchemaName]) -> Result<Catalog, WarehouseError> {
            Ok(Catalog::default())
        }

        fn describe(&self) -> Result<String, WarehouseError> {
            Ok("echo".to_owned())
        }
    }

    impl Session for Echo {
        fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
            if sql.contains("refuse") {
                let line = sql.lines().position(|line| line.contains("refuse")).map_or(1, |index| index + 1);
                return Err(WarehouseError { position: Some((line, 3)), ..WarehouseError::new("no") });
            }
            Ok(Outcome { message: sql.to_owned(), table: Table::default(), ..Outcome::default() })
        }

        fn append(&mut self, _: &Relation, _: &[String], _: Vec<Vec<Cell>>) -> Result<u64, WarehouseError> {
            Ok(0)
        }

        fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
            None
        }
    }

    #[test]
    fn statements_carry_the_comment_of_whom_they_are_for() {
        let connection = Connection::new(Box::new(Echo));
        let sent = |sql: &str| connection.execute(sql).expect("an echo").message;
        let comment = |text: &str| Comment::new(text, false).expect("a comment");
        assert_eq!(sent("select 1"), "select 1");
        connection.comment_on_all(comment("all"));
        assert_eq!(sent("select 1"), "/* all */\nselect 1");
        assert_eq!(connection.commented(comment("node"), || sent("select 1")), "/* node */\nselect 1");
        assert_eq!(connection.commented(None, || sent("select 1")), "select 1");
        assert_eq!(sent("select 2"), "/* all */\nselect 2");
    }

    #[test]
    fn places_are_those_of_the_statement_without_its_comment() {
        let connection = Connection::new(Box::new(Echo));
        connection.comment_on_all(Comment::new("two\nlines", false).expect("a comment"));
        let error = connection.execute("select\n  refuse").expect_err("it is refused");
        assert_eq!(error.position, Some((2, 3)));
    }
}
