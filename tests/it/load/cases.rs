//! Runs `tests/cases/load/*.md`. A heading is a test with a folder and a warehouse of its own; its fences run in order:
//! `file NAME [gzip]` writes a file, `remove NAME` removes one, `sql` runs statements, `load [LOCATION] [key=value ...]`
//! loads and holds what is expected to be said, `rows` holds the stage table, `query SQL` a query's answer.
//! `UPDATE=1` rewrites the expectations.

use std::fmt::Write;
use std::path::Path;

use merganser::load::{Format, OnChange, OnError};
use merganser::warehouse::{Session, Warehouse};

use super::{Done, Folder, ask, gzip, load_folder, rows, spec, warehouse};

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/load");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let text = String::from_utf8(std::fs::read(file).unwrap()).unwrap();
        let (made, count) = run_file(&text);
        assert!(count > 0, "{} has no case", file.display());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file, &made).unwrap();
        } else if made != text {
            let lines = text.lines().zip(made.lines()).enumerate().find(|(_, (old, new))| old != new);
            let (at, (old, new)) = lines.unwrap_or((0, ("", "")));
            failures.push(format!("{}:{}\n  expected: {old}\n  got:      {new}", file.display(), at + 1));
        }
    }
    assert!(failures.is_empty(), "{}\nUPDATE=1 rewrites the expectations", failures.join("\n"));
}

struct Bench {
    folder: Folder,
    warehouse: Box<dyn Warehouse>,
    session: Box<dyn Session>,
}

/// The file as it would be if every expectation were met, and the number of its cases.
fn run_file(text: &str) -> (String, usize) {
    let (mut made, mut count) = (String::new(), 0);
    let mut bench: Option<Bench> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        writeln!(made, "{line}").unwrap();
        if line.starts_with("## ") {
            let warehouse = warehouse();
            let session = warehouse.session().unwrap();
            bench = Some(Bench { folder: Folder::new(), warehouse, session });
            count += 1;
        }
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let bench = bench.as_mut().expect("a fence stands below a heading");
        for line in fence(info, &body, bench) {
            writeln!(made, "{line}").unwrap();
        }
        made.push_str("```\n");
    }
    (made, count)
}

/// What the fence's body should be.
fn fence(info: &str, body: &[&str], bench: &mut Bench) -> Vec<String> {
    let (folder, session) = (&bench.folder, &mut *bench.session);
    let same = || body.iter().map(|line| (*line).to_owned()).collect();
    let (word, rest) = info.split_once(' ').unwrap_or((info, ""));
    match word {
        "file" => {
            let text = if body.is_empty() { String::new() } else { body.join("\n") + "\n" };
            match rest.strip_suffix(" gzip") {
                Some(name) => folder.write(name, gzip(text)),
                None => folder.write(rest, text),
            }
            same()
        }
        "remove" => {
            std::fs::remove_file(folder.path().join(rest)).unwrap();
            same()
        }
        "sql" => {
            for statement in body.join("\n").split(';').filter(|s| !s.trim().is_empty()) {
                session.execute(statement).unwrap();
            }
            same()
        }
        "load" => said(rest, bench),
        "rows" => rows(session),
        "query" => ask(session, rest),
        other => panic!("unknown fence `{other}`"),
    }
}

fn said(words: &str, bench: &mut Bench) -> Vec<String> {
    let folder = &bench.folder;
    let mut spec = spec("landing/", folder.path());
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some(("format", name)) => spec.format = Format::named(name).unwrap(),
            Some(("on_error", "quarantine")) => spec.on_error = OnError::Quarantine,
            Some(("on_change", "append_version")) => spec.on_change = OnChange::AppendVersion,
            Some(("on_change", "replace_file_rows")) => spec.on_change = OnChange::ReplaceFileRows,
            None | Some(("location", _)) => {
                let location = word.strip_prefix("location=").unwrap_or(word);
                spec.location = merganser::load::Location::parse(location, folder.path()).unwrap();
            }
            other => panic!("unknown option {other:?}"),
        }
    }
    match load_folder(&*bench.warehouse, &mut *bench.session, &spec) {
        Ok(done) => report(&done),
        Err(error) => {
            let help = error.help.as_ref().map(|help| format!("help: {help}"));
            let words = error.to_string().replace(&*folder.path().to_string_lossy(), "FOLDER");
            std::iter::once(format!("error: {words}")).chain(help).collect()
        }
    }
}

fn report(done: &Done) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for file in &done.report.files {
        let quarantined = match file.quarantined {
            0 => String::new(),
            n => format!(", {n} quarantined"),
        };
        let why = file.why.to_string();
        let why = why.split(" version ").next().unwrap();
        lines.push(format!("{}: {why}, {} rows{quarantined}", file.file.name, file.rows));
    }
    lines.extend(done.plan.ignored.iter().map(|key| format!("ignored {}: {}", key.name, key.reason)));
    lines.extend(done.plan.notes.iter().map(|note| format!("note: {}", without_digest(note))));
    lines.push(format!("{} loaded before", done.plan.loaded));
    lines
}

fn without_digest(note: &str) -> String {
    note.split_whitespace()
        .map(|word| if word.starts_with("sha256-") { "SHA;" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}
