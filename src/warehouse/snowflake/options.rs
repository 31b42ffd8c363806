//! Where to log in to Snowflake and as whom.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use snowflake_api::{AuthArgs, ConnectionConfig, SecretString};

use crate::warehouse::WarehouseError;

/// What a Snowflake profile says. Secrets never show in its `Debug` form.
#[derive(Clone, Default, PartialEq)]
pub struct SnowflakeOptions {
    /// The account's identifier, for example `myorg-myaccount`.
    pub account: String,
    /// The user's login name.
    pub user: String,
    /// The password.
    pub password: Option<String>,
    /// A private key as PEM, or its DER in base 64.
    pub private_key: Option<String>,
    /// A file with the private key as PEM.
    pub private_key_path: Option<PathBuf>,
    /// What an encrypted private key is opened with.
    pub private_key_passphrase: Option<String>,
    /// An OAuth access token or a programmatic access token.
    pub token: Option<String>,
    /// How to log in; without one, the first credential given decides: password, private key, token.
    pub authenticator: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// The warehouse that computes.
    pub warehouse: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The host, where it is not the account's usual one.
    pub host: Option<String>,
    /// The port; 443 when there is none.
    pub port: Option<u16>,
    /// `https`, unless a test says `http`.
    pub protocol: Option<String>,
    /// The session's query tag.
    pub query_tag: Option<String>,
    /// Further session parameters, set at login.
    pub session_parameters: BTreeMap<String, serde_json::Value>,
    /// How often a request that failed on the way is sent again.
    pub connect_retries: u32,
    /// How long connecting may take; 30 seconds when there is none.
    pub connect_timeout: Option<Duration>,
    /// Whether sessions that do nothing for hours are kept alive.
    pub keep_alive: bool,
}

impl fmt::Debug for SnowflakeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = |value: &Option<String>| value.as_ref().map(|_| "***");
        f.debug_struct("SnowflakeOptions")
            .field("account", &self.account)
            .field("user", &self.user)
            .field("password", &secret(&self.password))
            .field("private_key", &secret(&self.private_key))
            .field("private_key_path", &self.private_key_path)
            .field("private_key_passphrase", &secret(&self.private_key_passphrase))
            .field("token", &secret(&self.token))
            .field("authenticator", &self.authenticator)
            .field("role", &self.role)
            .field("warehouse", &self.warehouse)
            .field("database", &self.database)
            .field("schema", &self.schema)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protocol", &self.protocol)
            .field("query_tag", &self.query_tag)
            .finish_non_exhaustive()
    }
}

impl SnowflakeOptions {
    /// The parameters a session starts with.
    pub(super) fn parameters(&self) -> BTreeMap<String, serde_json::Value> {
        let tag = self.query_tag.as_ref().map(|tag| ("QUERY_TAG".to_owned(), tag.clone().into()));
        self.session_parameters.clone().into_iter().chain(tag).collect()
    }

    /// What the client logs in with.
    pub(super) fn login(&self) -> Result<AuthArgs, WarehouseError> {
        if self.account.is_empty() {
            return Err(WarehouseError::new("the Snowflake profile has no `account`"));
        }
        if self.user.is_empty() {
            return Err(WarehouseError::new("the Snowflake profile has no `user`"));
        }
        let secret = |value: &Option<String>| value.clone().map(SecretString::from);
        let config = ConnectionConfig {
            account: Some(self.account.clone()),
            user: Some(self.user.clone()),
            password: secret(&self.password),
            private_key: self.private_key.as_ref().map(|key| SecretString::from(self.pem(key))),
            private_key_file: self.private_key_path.clone(),
            private_key_file_pwd: secret(&self.private_key_passphrase),
            token: secret(&self.token),
            authenticator: self.method()?,
            role: self.role.clone(),
            warehouse: self.warehouse.clone(),
            database: self.database.clone(),
            schema: self.schema.clone(),
            host: self.host.clone(),
            port: self.port,
            protocol: self.protocol.clone(),
            ..ConnectionConfig::default()
        };
        config.into_auth_args().map_err(|error| {
            WarehouseError::new(format!("cannot log in to Snowflake: {error}"))
                .help("give `password`, `private_key`, `private_key_path` or `token` in the profile")
        })
    }

    /// The client's word for the authenticator.
    fn method(&self) -> Result<Option<String>, WarehouseError> {
        let Some(word) = self.authenticator.as_deref().map(str::to_lowercase) else { return Ok(None) };
        match word.as_str() {
            "snowflake" | "snowflake_jwt" | "oauth" | "programmatic_access_token" | "username_password_mfa" => {
                Ok(Some(word))
            }
            "jwt" | "oauth_jwt" => Ok(Some("oauth".to_owned())),
            _ => Err(WarehouseError::new(format!("the authenticator `{word}` is not supported")).help(
                "use a password, a key pair (`private_key_path`), `oauth` or `programmatic_access_token` with `token`",
            )),
        }
    }

    /// The private key as PEM: profiles may hold the bare base 64, or line breaks written as `\n`.
    fn pem(&self, key: &str) -> String {
        let key = key.replace("\\n", "\n");
        if key.contains("-----BEGIN") {
            return key;
        }
        let kind = if self.private_key_passphrase.is_some() { "ENCRYPTED PRIVATE KEY" } else { "PRIVATE KEY" };
        let letters: Vec<char> = key.chars().filter(|c| !c.is_whitespace()).collect();
        let lines: Vec<String> = letters.chunks(64).map(|line| line.iter().collect()).collect();
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
    }
}
