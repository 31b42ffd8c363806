//! Compares what `ls` selects with dbt's answers to some hundred selections of one project (`tests/projects/selection`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::bench::{Bench, words};

/// One line of the table: what was typed, and the unique ids selected; none where dbt stops with an error.
struct Question {
    typed: String,
    selected: Option<Vec<String>>,
}

#[test]
fn selections_are_those_of_dbt() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/selection");
    let table = std::fs::read_to_string(folder.join("selected.txt")).expect("the table");
    let questions = questions(&table);
    assert!(questions.len() > 300, "{} selections", questions.len());
    let bench = Bench::new();
    copy(&folder, &bench.folder());
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = selected(&bench, &question.typed);
            if found != question.selected {
                wrong.lock().unwrap().push(difference(question, found.as_deref()));
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), questions.len(), wrong.join("\n"));
}

fn questions(table: &str) -> Vec<Question> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut questions = Vec::new();
    for line in lines {
        if let Some((short, id)) = line.split_once(" = ") {
            names.insert(short, id);
        } else if let Some((typed, list)) = line.split_once('|') {
            let ids = |list: &str| {
                let mut ids: Vec<String> = list.split_whitespace().map(|short| names[short].to_owned()).collect();
                ids.sort();
                ids
            };
            let selected = (list.trim() != "error").then(|| ids(list));
            questions.push(Question { typed: typed.trim().to_owned(), selected });
        }
    }
    questions
}

/// The unique ids that are listed, sorted; none where the command cannot be done.
fn selected(bench: &Bench, typed: &str) -> Option<Vec<String>> {
    let call = format!("ls --quiet --no-write-json --output json --output-keys unique_id {typed}");
    let answer = bench.run(&words(&call));
    if answer.code != 0 {
        return None;
    }
    let id = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        line["unique_id"].as_str().expect("a unique id").to_owned()
    };
    let mut ids: Vec<String> = answer.stdout.lines().map(id).collect();
    ids.sort();
    Some(ids)
}

fn difference(question: &Question, found: Option<&[String]>) -> String {
    let list = |ids: Option<&[String]>| ids.map(<[String]>::to_vec).unwrap_or_else(|| vec!["error".to_owned()]);
    let (wanted, found) = (list(question.selected.as_deref()), list(found));
    let only = |a: &[String], b: &[String]| a.iter().filter(|id| !b.contains(id)).cloned().collect::<Vec<_>>().join(" ");
    format!("ls {}\n  dbt only: {}\n  ours only: {}", question.typed, only(&wanted, &found), only(&found, &wanted))
}

fn copy(from: &Path, to: &Path) {
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
