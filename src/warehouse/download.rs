//! Fetching a file over HTTP: what the hub of packages and tarballs are read with.

use std::time::Duration;

/// How long a file may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a request that failed on the way is made.
const TRIES: u32 = 5;

/// Why a file could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadError {
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// What went wrong, without the address, which may hold a secret.
    pub reason: String,
}

impl std::fmt::Display for DownloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for DownloadError {}

/// The bytes at an address. What fails on the way is tried again; an answer that refuses is final.
pub fn download(url: &str) -> Result<Vec<u8>, DownloadError> {
    let failed = |reason: String| DownloadError { status: None, reason };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(format!("no runtime for requests: {error}")))?;
    let client = reqwest::Client::builder()
        .user_agent(concat!("merganser/", env!("CARGO_PKG_VERSION")))
        .timeout(PATIENCE)
        .build()
        .map_err(|error| failed(format!("no HTTP client: {error}")))?;
    runtime.block_on(async {
        let mut tried = 1;
        loop {
            match fetch(&client, url).await {
                Err(error) if tried < TRIES && error.status.is_none_or(|status| status >= 500) => {
                    tokio::time::sleep(Duration::from_millis(100 * u64::from(tried))).await;
                    tried += 1;
                }
                ended => return ended,
            }
        }
    })
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, DownloadError> {
    let failed = |error: reqwest::Error| {
        let status = error.status().map(|status| status.as_u16());
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        DownloadError { status, reason: format!("{error}{cause}") }
    };
    let response = client.get(url).send().await.map_err(failed)?;
    let response = response.error_for_status().map_err(failed)?;
    Ok(response.bytes().await.map_err(failed)?.to_vec())
}
