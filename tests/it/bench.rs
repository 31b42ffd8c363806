//! A project in a temporary folder, and what the binary says about it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// A folder that is removed when the test ends.
pub(crate) struct Bench {
    root: PathBuf,
    /// The address of a registry of packages.
    registry: OnceLock<String>,
}

/// What one call of the binary gave.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Bench {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("merganser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(root.join("project")).expect("a temporary folder");
        Self { root: root.canonicalize().expect("the folder just made"), registry: OnceLock::new() }
    }

    /// The folder of the project.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.join("project")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// From now on packages of the hub come from this address.
    pub(crate) fn use_registry(&self, address: String) {
        self.registry.set(address).expect("a case has one registry");
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.folder().join(path).exists()
    }

    /// Runs `merganser WORDS` in the project's folder. Words such as `NAME=value` before the command set the environment.
    pub(crate) fn run(&self, words: &[String]) -> Answer {
        let is_setting = |word: &&String| {
            word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()))
        };
        let settings = words.iter().take_while(is_setting).count();
        let mut command = Command::new(env!("CARGO_BIN_EXE_merganser"));
        command.args(&words[settings..]).current_dir(self.folder()).stdin(Stdio::null());
        command.env_clear().env("HOME", &self.root).env("PATH", "/usr/bin:/bin").env("NO_COLOR", "1");
        command.envs(self.registry.get().map(|address| ("DBT_PACKAGE_HUB_URL", address)));
        command.envs(words[..settings].iter().filter_map(|word| word.split_once('=')));
        let output = command.output().expect("the binary starts");
        let text = |bytes: Vec<u8>| self.neutral(&String::from_utf8(bytes).expect("output is UTF-8"));
        let answer = Answer {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!((0..=2).contains(&answer.code), "`{}` ended with {}\n{}", words.join(" "), answer.code, answer.stderr);
        assert!(!answer.stderr.contains("panicked"), "`{}`\n{}", words.join(" "), answer.stderr);
        answer
    }

    /// The text without what differs from run to run.
    pub(crate) fn neutral(&self, text: &str) -> String {
        let text = self.registry.get().map_or_else(|| text.to_owned(), |address| text.replace(address, "HUB/"));
        text.replace(concat!("merganser ", env!("CARGO_PKG_VERSION")), "merganser VERSION")
            .replace(&*self.folder().to_string_lossy(), "FOLDER")
            .replace(&*self.root.to_string_lossy(), "HOME")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A folder that stays behind in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

impl Answer {
    /// The JSON lines on standard error; with `--log-format json` there must be nothing else.
    pub(crate) fn events(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not a JSON line: {line}\n{}", self.stderr))
        };
        self.stderr.lines().map(parse).collect()
    }

    /// The diagnostics among them, checked for their shape.
    pub(crate) fn diagnostics(&self) -> Vec<Value> {
        let events: Vec<Value> = self.events().into_iter().filter(|event| event.get("code").is_some()).collect();
        events.iter().for_each(check_shape);
        events
    }
}

/// One JSON line per diagnostic: which keys, of which types; places count from 1.
pub(crate) fn check_shape(event: &Value) {
    let keys: Vec<&str> = event.as_object().expect("an object").keys().map(String::as_str).collect();
    let all = ["code", "level", "message", "node", "file", "line", "column", "end_line", "end_column", "help"];
    assert_eq!(keys, all, "{event}");
    let code = event["code"].as_str().expect("a code");
    assert!(merganser::diagnostic::Code::by_name(code).is_some(), "no such code: {event}");
    assert!(["error", "warning", "note"].contains(&event["level"].as_str().expect("a level")), "{event}");
    assert!(!event["message"].as_str().expect("a message").is_empty(), "{event}");
    assert!(["node", "file", "help"].iter().all(|key| event[key].is_string() || event[key].is_null()), "{event}");
    let places: Vec<Option<u64>> =
        ["line", "column", "end_line", "end_column"].iter().map(|key| event[key].as_u64()).collect();
    if event["file"].is_string() {
        let [Some(line), Some(column), Some(end_line), Some(end_column)] = places[..] else {
            panic!("no place: {event}")
        };
        assert!(line > 0 && column > 0, "places count from 1: {event}");
        assert!((end_line, end_column) >= (line, column), "it ends before it begins: {event}");
    } else {
        assert!(places.iter().all(Option::is_none), "{event}");
    }
    assert!(event["level"] != "error" || event["file"].is_string(), "an error without a place: {event}");
}

/// A diagnostic as a line of a case: `error[code] models/a.sql:3:5 message`.
pub(crate) fn line_of(event: &Value) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let mut line = format!("{}[{}]", text("level"), text("code"));
    if event["file"].is_string() {
        let _ = write!(line, " {}:{}:{}", text("file"), event["line"], event["column"]);
    }
    // A message of the warehouse has several lines; the first says what is wrong.
    let message = text("message");
    let _ = write!(line, " {}", message.lines().next().unwrap_or_default());
    line.trim_end().to_owned()
}

/// The words of a command line: blanks part them, quotes of both kinds hold them together.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut quote, mut inside) = (None, false);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() => {
                inside = false;
                continue;
            }
            _ => {
                if !inside {
                    found.push(String::new());
                }
                inside = true;
                found.last_mut().expect("a word was begun").push(c);
                continue;
            }
        }
        if !inside {
            found.push(String::new());
            inside = true;
        }
    }
    assert!(quote.is_none(), "an open quote: {text}");
    found
}

/// The files below a folder, as paths relative to it.
pub(crate) fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(folder).expect("it lies below").to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
