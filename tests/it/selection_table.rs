//! Compares what `ls` selects with dbt's answers to some hundred selections of one project (`tests/projects/selection`).

use std::collections::BTreeMap;
use std::path::Path;

use crate::bench::words;

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
    let calls: Vec<Vec<String>> = questions.iter().map(|question| words(&question.typed)).collect();
    let answers = merganser::cli::listings(&folder, &calls);
    let wrong: Vec<String> = questions
        .iter()
        .zip(&answers)
        .filter(|(question, found)| question.selected != **found)
        .map(|(question, found)| difference(question, found.as_deref()))
        .collect();
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

fn difference(question: &Question, found: Option<&[String]>) -> String {
    let list = |ids: Option<&[String]>| ids.map_or_else(|| vec!["error".to_owned()], <[String]>::to_vec);
    let (wanted, found) = (list(question.selected.as_deref()), list(found));
    let only =
        |a: &[String], b: &[String]| a.iter().filter(|id| !b.contains(id)).cloned().collect::<Vec<_>>().join(" ");
    format!("ls {}\n  dbt only: {}\n  ours only: {}", question.typed, only(&wanted, &found), only(&found, &wanted))
}
