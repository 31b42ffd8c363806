//! Opening the warehouse a profile names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::environment;
use crate::config::{Engine, Options, Target};
use crate::load::Buckets;
use crate::sql::{Dialect, SessionContext};
use crate::warehouse::{
    Attach, Connection, DuckDbOptions, SnowflakeOptions, WarehouseError, open_duckdb, open_local_reaching,
    open_snowflake,
};

/// The warehouse of a target.
pub(super) fn open(target: &Target, options: &Options) -> Result<Arc<Connection>, WarehouseError> {
    let warehouse = match (target.engine, target.dialect) {
        (Engine::DuckDb, Dialect::DuckDb) => open_duckdb(&duckdb(target, options))?,
        (Engine::DuckDb, Dialect::Snowflake) => {
            let buckets = Buckets::new(environment::object_store(&options.environment));
            open_local_reaching(&duckdb(target, options), &context(target), Some(Arc::new(buckets)))?
        }
        (Engine::Snowflake, _) => open_snowflake(&snowflake(target)?)?,
    };
    Ok(Arc::new(Connection::new(warehouse)))
}

fn duckdb(target: &Target, options: &Options) -> DuckDbOptions {
    let texts = |key: &str| -> Vec<String> {
        let items = target.fields.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str()).map(str::to_owned)).collect()
    };
    let settings = target.fields.get("settings").and_then(Value::as_object).into_iter().flatten();
    let attach = target.fields.get("attach").and_then(Value::as_array).into_iter().flatten().filter_map(|item| {
        let alias = item.get("alias").and_then(Value::as_str).map(str::to_owned);
        let read_only = item.get("read_only").and_then(Value::as_bool).unwrap_or(false);
        Some(Attach { path: item.get("path")?.as_str()?.to_owned(), alias, read_only })
    });
    DuckDbOptions {
        path: target.duckdb_path(&options.project_dir),
        database: target.database.clone(),
        schema: target.schema.clone(),
        extensions: texts("extensions"),
        settings: settings.map(|(key, value)| (key.clone(), plain(value))).collect(),
        attach: attach.collect(),
        prelude: Vec::new(),
        folder: options.project_dir.clone(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn context(target: &Target) -> SessionContext {
    let name = |key: &str| target.text(key).map(|name| name.to_uppercase());
    SessionContext {
        database: Some(target.database.to_uppercase()),
        schema: Some(target.schema.to_uppercase()),
        role: name("role"),
        user: name("user"),
        warehouse: name("warehouse"),
        ..SessionContext::default()
    }
}

fn snowflake(target: &Target) -> Result<SnowflakeOptions, WarehouseError> {
    let text = |key: &str| target.text(key).filter(|value| !value.is_empty());
    let required = |key: &str| {
        let missing = || {
            WarehouseError::new(format!("target `{}` has no `{key}`", target.name))
                .help(format!("add `{key}` to the output in profiles.yml"))
        };
        text(key).ok_or_else(missing)
    };
    let path = |key: &str| text(key).map(|path| PathBuf::from(shellexpand(&path)));
    let number = |key: &str| text(key).and_then(|value| value.parse::<u64>().ok());
    Ok(SnowflakeOptions {
        account: required("account")?,
        user: required("user")?,
        password: text("password").or_else(|| text("pass")),
        private_key: text("private_key"),
        private_key_path: path("private_key_path"),
        private_key_passphrase: text("private_key_passphrase"),
        token: text("token"),
        authenticator: text("authenticator"),
        role: text("role"),
        warehouse: text("warehouse"),
        database: Some(target.database.clone()),
        schema: Some(target.schema.clone()),
        host: text("host"),
        port: number("port").and_then(|port| u16::try_from(port).ok()),
        protocol: text("protocol"),
        query_tag: text("query_tag"),
        session_parameters: BTreeMap::new(),
        connect_retries: number("connect_retries").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        connect_timeout: number("connect_timeout").map(Duration::from_secs),
        keep_alive: target.fields.get("client_session_keep_alive").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// `~` at the start of a path as the home folder, where there is one.
fn shellexpand(path: &str) -> String {
    let home = super::environment::variables().remove("HOME");
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}
