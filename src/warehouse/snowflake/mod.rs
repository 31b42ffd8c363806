//! Snowflake over its own HTTP protocol. Each session logs in by itself: transactions, `USE` and temporary tables
//! belong to a login. The first statement of a session is what logs it in.

mod catalog;
mod options;
mod reply;
mod rows;
mod transport;

use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use snowflake_api::{RawQueryData, RawQueryResult, SnowflakeApi, SnowflakeApiBuilder, SnowflakeApiError};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use uuid::Uuid;

use super::statement::verb;
use super::{Catalog, Cell, Outcome, SchemaName, Session, Table, Warehouse, WarehouseError};
use crate::sql::{Dialect, Relation};
pub use options::SnowflakeOptions;
use reply::Reply;
use transport::SharedReply;

/// How long a cancelled statement may take to end.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);
/// How long closing a session may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// An account, and the runtime that its sessions wait on.
struct Snowflake {
    options: SnowflakeOptions,
    runtime: Arc<Runtime>,
}

/// A login.
struct SnowflakeSession {
    options: SnowflakeOptions,
    runtime: Arc<Runtime>,
    api: SnowflakeApi,
    reply: SharedReply,
    cancel: Arc<Notify>,
    /// Whether something would be lost with the login: a transaction, a `USE`, a temporary table.
    stateful: bool,
}

/// Prepares to talk to Snowflake. Nothing is sent before the first statement; a wrong option is an error.
pub fn open_snowflake(options: &SnowflakeOptions) -> Result<Box<dyn Warehouse>, WarehouseError> {
    options.login()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|e| WarehouseError::new(format!("cannot start the network's runtime: {e}")))?;
    Ok(Box::new(Snowflake { options: options.clone(), runtime: Arc::new(runtime) }))
}

impl Snowflake {
    fn connect(&self) -> Result<SnowflakeSession, WarehouseError> {
        let reply = SharedReply::default();
        Ok(SnowflakeSession {
            api: login(&self.options, &self.runtime, &reply)?,
            options: self.options.clone(),
            runtime: Arc::clone(&self.runtime),
            reply,
            cancel: Arc::new(Notify::new()),
            stateful: false,
        })
    }
}

/// A client that logs in with its first request.
fn login(options: &SnowflakeOptions, runtime: &Runtime, reply: &SharedReply) -> Result<SnowflakeApi, WarehouseError> {
    let arguments = options.login()?;
    let client = transport::client(options, arguments.base_url.as_ref(), reply)?;
    let _inside = runtime.enter();
    SnowflakeApiBuilder::new(arguments)
        .with_client(client)
        .with_application("merganser")
        .with_keep_alive(options.keep_alive)
        .build()
        .map_err(|e| WarehouseError::new(format!("cannot prepare the connection to Snowflake: {e}")))
}

impl Warehouse for Snowflake {
    fn dialect(&self) -> Dialect {
        Dialect::Snowflake
    }

    fn session(&self) -> Result<Box<dyn Session>, WarehouseError> {
        Ok(Box::new(self.connect()?))
    }

    fn catalog(&self, schemas: &[SchemaName]) -> Result<Catalog, WarehouseError> {
        catalog::read(&mut self.connect()?, schemas)
    }

    fn describe(&self) -> Result<String, WarehouseError> {
        let outcome = self.connect()?.execute("SELECT CURRENT_VERSION()")?;
        let version = outcome.table.rows.first().and_then(|row| row.first()).map(ToString::to_string);
        let account = &self.options.account;
        Ok(format!("Snowflake {}, account {account}, user {}", version.unwrap_or_default(), self.options.user))
    }
}

impl SnowflakeSession {
    /// Sends one statement and waits, or until it is cancelled.
    fn send(&self, sql: &str) -> Result<RawQueryResult, WarehouseError> {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) =
            Reply { error: None, query_id: None, ..self.reply() };
        let request = Uuid::new_v4();
        let ended = self.runtime.block_on(async {
            let statement = pin!(self.api.query(sql).request_id(request).execute_raw());
            let cancelled = pin!(self.cancel.notified());
            match select(statement, cancelled).await {
                Either::Left((ended, _)) => Some(ended),
                Either::Right(((), statement)) => {
                    let abort = self.api.cancel_query(request);
                    let _ = tokio::time::timeout(CANCEL_PATIENCE, futures::future::join(abort, statement)).await;
                    None
                }
            }
        });
        match ended {
            None | Some(Err(SnowflakeApiError::QueryCancelled)) => Err(self.cancelled()),
            Some(Err(error)) => Err(self.reply().error.unwrap_or_else(|| client_error(&error))),
            Some(Ok(result)) => Ok(result),
        }
    }

    /// What Snowflake said last.
    fn reply(&self) -> Reply {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cancelled(&self) -> WarehouseError {
        let query_id = self.reply().query_id;
        WarehouseError {
            query_id,
            code: Some("000604".to_owned()),
            ..WarehouseError::new("the statement was cancelled")
        }
    }

    /// The result as values.
    fn outcome(&self, result: &RawQueryResult) -> Result<Outcome, WarehouseError> {
        let reply = self.reply();
        let zone = reply.time_zone.as_deref();
        let schema = &result.metadata.column_schema;
        let rows = match &result.data {
            RawQueryData::Empty => Ok(Vec::new()),
            RawQueryData::Json(json) => rows::json_rows(&json.value, schema, zone),
            RawQueryData::Bytes(parts) => {
                let mut rows = Vec::new();
                let read = parts.iter().filter(|part| !part.is_empty());
                read.map(|part| rows::arrow_rows(part, schema, zone, &mut rows))
                    .collect::<Result<Vec<()>, _>>()
                    .map(|_| rows)
            }
        };
        let query_id = Some(result.metadata.query_id.clone()).filter(|id| !id.is_empty());
        let rows = rows.map_err(|e| WarehouseError { query_id: query_id.clone(), ..WarehouseError::new(e) })?;
        let table = Table { columns: rows::columns(schema), rows };
        let affected = affected(&table);
        let count = affected.unwrap_or(table.rows.len() as u64);
        Ok(Outcome { table, affected, message: format!("SUCCESS {count}"), query_id })
    }

    /// Whether the login is gone and nothing was lost with it.
    fn may_log_in_again(&self, error: &WarehouseError) -> bool {
        !self.stateful && matches!(error.code.as_deref(), Some("390104" | "390111" | "390114"))
    }
}

impl Session for SnowflakeSession {
    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
        let Some(verb) = verb(sql) else { return Ok(Outcome::default()) };
        let result = match self.send(sql) {
            Err(error) if self.may_log_in_again(&error) => {
                self.api = login(&self.options, &self.runtime, &self.reply)?;
                self.send(sql)
            }
            other => other,
        }?;
        self.stateful |= keeps_state(&verb, sql);
        self.outcome(&result)
    }

    fn append(&mut self, table: &Relation, _: &[String], _: Vec<Vec<Cell>>) -> Result<u64, WarehouseError> {
        Err(WarehouseError::new(format!("rows cannot be appended to `{}` one by one", table.render()))
            .help("Snowflake loads from staged files: use COPY INTO, or INSERT for a few rows"))
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let cancel = Arc::clone(&self.cancel);
        Some(Box::new(move || cancel.notify_waiters()))
    }
}

impl Drop for SnowflakeSession {
    /// Ends the login, so that it does not linger on Snowflake's side.
    fn drop(&mut self) {
        let close = async { tokio::time::timeout(CLOSE_PATIENCE, self.api.close_session()).await };
        // Nothing can be done about a login that does not end.
        let _ = self.runtime.block_on(close);
    }
}

/// Whether a statement leaves something in the session that a new login would not have.
fn keeps_state(verb: &str, sql: &str) -> bool {
    match verb {
        "BEGIN" | "START" | "USE" | "SET" | "UNSET" | "ALTER" => true,
        "CREATE" => {
            let upper = sql.to_uppercase();
            upper.contains("TEMP")
        }
        _ => false,
    }
}

/// The rows a statement changed: Snowflake answers with columns named `number of rows inserted` and the like.
fn affected(table: &Table) -> Option<u64> {
    let counted = |name: &str| name.starts_with("number of rows ");
    if table.columns.is_empty() || !table.columns.iter().any(|column| counted(&column.name)) {
        return None;
    }
    let row = table.rows.first()?;
    let counts = table.columns.iter().zip(row).filter(|(column, _)| counted(&column.name));
    counts.map(|(_, cell)| cell.to_string().parse::<u64>().ok()).sum()
}

/// An error of the client itself: nothing of it comes from Snowflake, and nothing of it holds a secret.
fn client_error(error: &SnowflakeApiError) -> WarehouseError {
    WarehouseError::new(match error {
        SnowflakeApiError::ApiError(code, message) => {
            return WarehouseError { code: Some(code.clone()), ..WarehouseError::new(message.clone()) };
        }
        SnowflakeApiError::AuthError(error) => format!("cannot log in to Snowflake: {error}"),
        other => format!("cannot understand Snowflake's answer: {other}"),
    })
}
