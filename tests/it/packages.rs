//! Where the packages of cases come from: git repositories made of folders, and a registry on this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::bench::words;

/// Makes a folder a git repository with all its files in a commit; each line is a git command run behind that: `tag 1.0.0`.
pub(crate) fn repository(folder: &Path, lines: &str) {
    let git = |arguments: &[String]| {
        let output = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(folder)
            .env("GIT_AUTHOR_DATE", "2024-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2024-01-01T00:00:00Z")
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    if !folder.join(".git").is_dir() {
        git(&words("init --quiet"));
    }
    git(&words("add --all"));
    git(&words("commit --quiet --allow-empty --message state"));
    lines.lines().filter(|line| !line.trim().is_empty()).for_each(|line| git(&words(line)));
}

/// Serves a registry out of a folder `namespace/name/version/…` until the process ends, and gives its address. Archives lie at
/// `archives/namespace/name/version.tar.gz` below it.
pub(crate) fn registry(folder: PathBuf) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let base = address.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is none of the registry's business.
            let _ = answer(stream, &folder, &base);
        }
    });
    address
}

fn answer(mut stream: TcpStream, folder: &Path, base: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
    }
    let body = body(&path, folder, base);
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)?;
    stream.flush()
}

fn body(path: &str, folder: &Path, base: &str) -> Option<Vec<u8>> {
    if let Some(version) = path.strip_prefix("archives/").and_then(|rest| rest.strip_suffix(".tar.gz")) {
        return Some(archive(&folder.join(version)));
    }
    let name = path.strip_prefix("api/v1/")?.strip_suffix(".json")?;
    let value = if name == "index" { index(folder) } else { package(name, folder, base)? };
    Some(value.to_string().into_bytes())
}

fn folders(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn index(folder: &Path) -> Value {
    let of = |space: String| {
        let names = folders(&folder.join(&space));
        names.into_iter().map(move |name| json!(format!("{space}/{name}")))
    };
    folders(folder).into_iter().flat_map(of).collect()
}

fn package(name: &str, folder: &Path, base: &str) -> Option<Value> {
    let versions = folders(&folder.join(name));
    let read = |version: &str, file: &str| {
        let text = std::fs::read_to_string(folder.join(name).join(version).join(file)).ok()?;
        merganser::config::yaml::parse(&text).ok()
    };
    let mut described = Map::new();
    for version in &versions {
        let project = read(version, "dbt_project.yml")?;
        let packages = read(version, "packages.yml").and_then(|value| value.get("packages").cloned());
        described.insert(
            version.clone(),
            json!({
                "name": project["name"], "version": version, "packages": packages.unwrap_or_else(|| json!([])),
                "require_dbt_version": project.get("require-dbt-version"),
                "downloads": {"tarball": format!("{base}archives/{name}/{version}.tar.gz")},
            }),
        );
    }
    let short = name.split('/').nth(1)?;
    (!versions.is_empty()).then(|| json!({"name": short, "versions": described}))
}

/// The folder's files in an archive, below a folder as GitHub names it.
fn archive(folder: &Path) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    let top = folder.file_name().expect("a version").to_string_lossy().replace('.', "-");
    builder.append_dir_all(format!("package-{top}"), folder).expect("the folder is readable");
    builder.into_inner().and_then(flate2::write::GzEncoder::finish).expect("bytes in memory")
}

#[test]
fn the_registry_answers_with_what_its_folder_holds() {
    let folder = std::env::temp_dir().join(format!("merganser-registry-{}", std::process::id()));
    let version = folder.join("acme/helpers/1.0.0");
    std::fs::create_dir_all(&version).expect("a folder");
    std::fs::write(version.join("dbt_project.yml"), "name: helpers\n").expect("a file");
    let address = registry(folder.clone());
    let port = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(port).expect("it listens");
    write!(stream, "GET /api/v1/acme/helpers.json HTTP/1.1\r\n\r\n").expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    assert!(text.contains("\"name\":\"helpers\"") && text.contains("archives/acme/helpers/1.0.0.tar.gz"), "{text}");
    std::fs::remove_dir_all(&folder).expect("removed");
}
