//! Stand-ins that the tests talk to: fakesnow for Snowflake, `SeaweedFS` for S3, and a scripted HTTP server.
//!
//! The first use makes a Python virtual environment in the user's cache directory, named by what is pinned in
//! `tests/services/requirements.txt`. Every service listens on 127.0.0.1 and ends with its value, or with the process.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};

/// How long a service may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of the caller's own, emptied.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("merganser-it-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A program of the virtual environment, which is made when it is not there.
fn program(name: &str) -> PathBuf {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(virtual_environment).join("bin").join(name)
}

#[expect(clippy::disallowed_methods, reason = "the tests have no command line that could say where the cache is")]
fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var("HOME").expect("HOME is set")).join(".cache");
    std::env::var("XDG_CACHE_HOME").map_or_else(|_| home(), PathBuf::from).join("merganser")
}

fn virtual_environment() -> PathBuf {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/requirements.txt");
    let hash = Sha256::digest(fs::read(&requirements).unwrap());
    let name = format!("{hash:x}")[..12].to_owned();
    let made = cache().join(format!("venv-{name}"));
    if made.join("bin/python").exists() {
        return made;
    }
    // Made beside and renamed, so that a half-made environment is never used; who comes second throws its own away.
    let making = cache().join(format!("venv-{name}.{}", std::process::id()));
    fs::create_dir_all(cache()).unwrap();
    run(Command::new("python3").args(["-m", "venv"]).arg(&making));
    run(Command::new(making.join("bin/python")).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements));
    if fs::rename(&making, &made).is_err() {
        let _ = fs::remove_dir_all(&making);
    }
    made
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What `key_pair.py` prints.
pub(crate) fn key_pair(words: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/key_pair.py");
    let output = Command::new(program("python")).arg("-I").arg(script).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A process that ends with this value.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// fakesnow as it comes from its makers.
pub(crate) struct Fakesnow {
    /// The port on 127.0.0.1.
    pub port: u16,
    // Closing it ends the process, also when this process is killed.
    _stdin: ChildStdin,
    _service: Service,
}

impl Fakesnow {
    /// A server of its own.
    pub(crate) fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/fakesnow.py");
        let mut child = Command::new(program("python"))
            // Without the script's own folder on the path, where a module of the same name would be found.
            .arg("-I")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let service = Service(child);
        let port = line.trim().parse().unwrap_or_else(|_| panic!("fakesnow did not start: `{line}`"));
        wait_until("fakesnow", || get(port).is_some());
        Self { port, _stdin: stdin, _service: service }
    }

    /// The server that tests share; each uses a database of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Fakesnow> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }
}

/// Runs `$@` until standard input ends, then removes the folder `$1` names: a server that never outlives its starter.
const ATTENDED: &str = r#"folder=$1; shift; "$@" & cat > /dev/null; kill $!; wait $!; rm -rf "$folder""#;

/// `SeaweedFS` with its S3 interface, empty.
pub(crate) struct SeaweedFs {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The access key.
    pub access_key: &'static str,
    /// The secret key.
    pub secret_key: &'static str,
    stdin: Option<ChildStdin>,
    process: Child,
}

impl SeaweedFs {
    /// A server of its own; credentials that may do everything.
    pub(crate) fn start() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let folder = folder(&format!("weed-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let (access_key, secret_key) = ("merganser", "merganser-secret");
        let identities = format!(
            r#"{{"identities":[{{"name":"admin","credentials":[{{"accessKey":"{access_key}","secretKey":"{secret_key}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        let config = folder.join("s3.json");
        fs::write(&config, identities).unwrap();
        let [master, volume, filer, s3] = free_ports();
        let mut process = Command::new("sh")
            .args(["-c", ATTENDED, "sh"])
            .arg(&folder)
            .arg(program("weed"))
            .args(["-logtostderr=true", "-v=0", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
            .args(["-master.telemetry=false", "-master.volumeSizeLimitMB=1024", "-volume.max=50", "-filer", "-s3"])
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"])
            .arg(format!("-dir={}", folder.display()))
            .arg(format!("-s3.config={}", config.display()))
            .arg(format!("-master.port={master}"))
            .arg(format!("-volume.port={volume}"))
            .arg(format!("-filer.port={filer}"))
            .arg(format!("-s3.port={s3}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take();
        wait_until("SeaweedFS", || get(s3).is_some_and(|answer| !answer.contains(" 503 ")));
        Self { endpoint: format!("http://127.0.0.1:{s3}"), access_key, secret_key, stdin, process }
    }

    /// The server that tests share; each uses keys of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<SeaweedFs> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Puts objects into a bucket, which is made when it is not there.
    pub(crate) fn put(&self, bucket: &str, objects: Vec<(String, Vec<u8>)>) {
        let store = AmazonS3Builder::new()
            .with_endpoint(&self.endpoint)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_bucket_name(bucket)
            .with_access_key_id(self.access_key)
            .with_secret_access_key(self.secret_key)
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let put = |(key, bytes): (String, Vec<u8>)| {
            let path = object_store::path::Path::parse(key).unwrap();
            let store = &store;
            async move { store.put(&path, PutPayload::from(bytes)).await.unwrap() }
        };
        let mut objects = objects.into_iter().peekable();
        while objects.peek().is_some() {
            let some: Vec<_> = objects.by_ref().take(16).map(put).collect();
            runtime.block_on(futures::future::join_all(some));
        }
    }
}

impl Drop for SeaweedFs {
    fn drop(&mut self) {
        // The end of its standard input ends it.
        self.stdin.take();
        let _ = self.process.wait();
    }
}

/// Four free ports whose counterparts 10,000 above, where gRPC listens, are free too.
fn free_ports() -> [u16; 4] {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let start = 20_000 + usize::try_from(std::process::id()).unwrap() % 9_000;
    let mut ports = Vec::new();
    while ports.len() < 4 {
        let port = u16::try_from(20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000).unwrap();
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 10_000) {
            ports.push(port);
        }
    }
    ports.try_into().unwrap()
}

/// What a server answers to `GET /`, if it answers.
fn get(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).ok().filter(|length| *length > 0)?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}

fn wait_until(what: &str, ready: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < give_up, "{what} did not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A request that a [`Stub`] was sent.
#[derive(Debug, Clone)]
pub(crate) struct StubRequest {
    /// Path and query.
    pub target: String,
    /// The body.
    pub body: String,
}

/// What a [`Stub`] answers.
pub(crate) enum StubAnswer {
    /// This status and body.
    Body(u16, String),
    /// Half of this body, then the connection closes.
    Truncated(String),
}

/// An HTTP server that answers as a script says, and remembers what it was sent.
pub(crate) struct Stub {
    /// The port on 127.0.0.1.
    pub port: u16,
    requests: Arc<Mutex<Vec<StubRequest>>>,
}

impl Stub {
    /// Starts a server; the script sees each request and how many came before it to the same path.
    pub(crate) fn start(script: impl Fn(&StubRequest, usize) -> StubAnswer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                std::thread::spawn(move || answer(&stream, &seen, script.as_ref()));
            }
        });
        Self { port, requests }
    }

    /// The requests whose path holds this text.
    pub(crate) fn requests(&self, path: &str) -> Vec<StubRequest> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| request.target.contains(path)).cloned().collect()
    }
}

fn answer(
    mut stream: &TcpStream,
    seen: &Mutex<Vec<StubRequest>>,
    script: &dyn Fn(&StubRequest, usize) -> StubAnswer,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let target = first.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            debug_assert!(!name.is_empty());
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = StubRequest { target, body: String::from_utf8_lossy(&body).into_owned() };
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    let before = {
        let mut seen = seen.lock().unwrap();
        let before = seen.iter().filter(|other| path(&other.target) == path(&request.target)).count();
        seen.push(request.clone());
        before
    };
    let (status, body, sent) = match script(&request, before) {
        StubAnswer::Body(status, body) => (status, body.clone(), body),
        StubAnswer::Truncated(body) => (200, body.clone(), body[..body.len() / 2].to_owned()),
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(sent.as_bytes()).ok()
}
