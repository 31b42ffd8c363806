//! The way to Snowflake and back: every response is read here once, requests that failed on the way are sent again
//! under the same request id (so that a statement runs once), and what is no answer becomes a clear error.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Extensions;
use reqwest::{Request, Response, StatusCode, Url};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use serde_json::{Value, json};
use uuid::Uuid;

use super::options::SnowflakeOptions;
use super::reply::{Endpoint, Reply};
use crate::warehouse::WarehouseError;

/// The wait before the first retry; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait between retries.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is shared between a session and its transport.
pub(super) type SharedReply = Arc<Mutex<Reply>>;

/// How the requests of one session are carried.
struct Transport {
    reply: SharedReply,
    host: Option<String>,
    parameters: Value,
    retries: u32,
}

/// The HTTP client of one session.
pub(super) fn client(
    options: &SnowflakeOptions,
    base: Option<&Url>,
    reply: &SharedReply,
) -> Result<ClientWithMiddleware, WarehouseError> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("merganser/", env!("CARGO_PKG_VERSION")))
        .gzip(true)
        .referer(false)
        .connect_timeout(options.connect_timeout.unwrap_or(Duration::from_secs(30)))
        .build()
        .map_err(|e| WarehouseError::new(format!("cannot make an HTTP client: {e}")))?;
    let transport = Transport {
        reply: Arc::clone(reply),
        host: base.and_then(Url::host_str).map(str::to_owned),
        parameters: json!(options.parameters()),
        retries: options.connect_retries,
    };
    Ok(ClientBuilder::new(client).with(transport).build())
}

#[async_trait::async_trait]
impl Middleware for Transport {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let endpoint = self.endpoint(request.url());
        if endpoint == Endpoint::Session {
            self.add_parameters(&mut request);
        }
        let started = Instant::now();
        let mut wait = FIRST_WAIT;
        let mut last = None;
        for attempt in 0..=self.retries {
            if attempt > 0 {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            let Some(mut sent) = request.try_clone() else { break };
            if endpoint != Endpoint::Storage {
                mark(sent.url_mut(), attempt, started.elapsed());
            }
            let failure = match next.clone().run(sent, extensions).await {
                Ok(response) => match self.receive(endpoint, response).await {
                    Ok(response) => return Ok(response),
                    Err(failure) => failure,
                },
                Err(error) => unreachable_error(error),
            };
            last = Some(failure);
        }
        let mut error = last.unwrap_or_else(|| WarehouseError::new("the request cannot be sent twice"));
        if self.retries > 0 {
            error.message = format!("{}, also after {} retries", error.message, self.retries);
        }
        self.with_reply(|reply| reply.error = Some(error.clone()));
        Err(Error::middleware(error))
    }
}

impl Transport {
    /// Which part of the protocol a request is for; other hosts are the cloud's storage.
    fn endpoint(&self, url: &Url) -> Endpoint {
        if url.host_str() == self.host.as_deref() { Endpoint::of(url.path()) } else { Endpoint::Storage }
    }

    /// Adds the session's parameters to a login.
    fn add_parameters(&self, request: &mut Request) {
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let Some(mut login) = body.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok()) else {
            return;
        };
        let parameters = login.get_mut("data").and_then(|data| data.get_mut("SESSION_PARAMETERS"));
        let (Some(Value::Object(parameters)), Value::Object(ours)) = (parameters, &self.parameters) else {
            return;
        };
        parameters.extend(ours.clone());
        *request.body_mut() = Some(login.to_string().into());
    }

    /// Reads a response. What is no answer of Snowflake's is a failure that may pass when the request is sent again.
    async fn receive(&self, endpoint: Endpoint, response: Response) -> Result<Response, WarehouseError> {
        let status = response.status();
        let bytes = match response.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = error.without_url();
                return Err(WarehouseError::new(format!("Snowflake's answer broke off: {}", innermost(&error))));
            }
        };
        if endpoint == Endpoint::Storage {
            if status.is_success() {
                return Ok(answer(bytes.into()));
            }
            return Err(no_answer(status, &bytes));
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&bytes) else {
            return Err(no_answer(status, &bytes));
        };
        if body.get("success").and_then(Value::as_bool).is_none() {
            return Err(no_answer(status, &bytes));
        }
        self.with_reply(|reply| reply.read(endpoint, status.as_u16(), &mut body));
        Ok(answer(body.to_string().into()))
    }

    /// Does something with what the session knows.
    fn with_reply(&self, act: impl FnOnce(&mut Reply)) {
        act(&mut self.reply.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A response of this body, as the client reads it.
fn answer(body: reqwest::Body) -> Response {
    http::Response::new(body).into()
}

/// Marks an attempt: an id of its own, and for a repeated statement how often it has been sent.
fn mark(url: &mut Url, attempt: u32, elapsed: Duration) {
    let statement = url.path().ends_with("/query-request");
    let mut query = url.query_pairs_mut();
    query.append_pair("request_guid", &Uuid::new_v4().to_string());
    if attempt > 0 && statement {
        let started = chrono::Utc::now() - elapsed;
        query.append_pair("retryCount", &attempt.to_string());
        query.append_pair("retryReason", "0");
        query.append_pair("clientStartTime", &started.timestamp_millis().to_string());
    }
}

/// The error for a body that is not Snowflake's protocol: a proxy's page, an overloaded gateway.
fn no_answer(status: StatusCode, body: &[u8]) -> WarehouseError {
    let text = String::from_utf8_lossy(body);
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    let said = if words.is_empty() { "an empty body".to_owned() } else { format!("`{words}`") };
    let error = WarehouseError::new(format!("no answer from Snowflake but HTTP status {status} with {said}"));
    let retryable = matches!(status.as_u16(), 429 | 502 | 503 | 504);
    WarehouseError { code: Some(format!("HTTP {}", status.as_u16())), retryable, ..error }
        .help("check `account` and `host` in the profile, and whether a proxy stands in between")
}

/// The error for a host that cannot be reached or a connection that breaks.
fn unreachable_error(error: Error) -> WarehouseError {
    match error {
        Error::Reqwest(error) => {
            let host = error.url().and_then(Url::host_str).unwrap_or("the host").to_owned();
            let connecting = error.is_connect();
            let error = error.without_url();
            let what = if connecting { "cannot connect to" } else { "the connection broke to" };
            WarehouseError {
                code: Some("CONNECTION".to_owned()),
                retryable: connecting,
                ..WarehouseError::new(format!("{what} `{host}`: {}", innermost(&error)))
            }
            .help("check `account` and `host` in the profile, and the network")
        }
        Error::Middleware(error) => WarehouseError::new(error.to_string()),
    }
}

/// The deepest cause, which is the one that tells.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
