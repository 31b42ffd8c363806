//! Damaged copies of the reference project: each is compiled, some are built, and none may end in a panic or in an error
//! without a place. The damage is chosen by numbers that are the same in every run.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::{Bench, files_below, words};

const COPIES: usize = 200;

/// Every so many copies one is built, not only compiled.
const BUILT: usize = 20;

/// Of the copies, at least this share must report something: damage in a comment or a description may be none.
const REPORTED_PERCENT: usize = 85;

/// The files of the project by path; what lies above the project's own folder is `../models/…`.
type Files = BTreeMap<String, Vec<u8>>;

/// A way to damage: its name, which files it fits, and what it makes of a file's lines, given a number to choose by.
struct Damage {
    name: &'static str,
    endings: &'static [&'static str],
    make: fn(&str, usize) -> Option<Vec<u8>>,
}

const YAML: &[&str] = &[".yml"];
const SQL: &[&str] = &[".sql"];
const BOTH: &[&str] = &[".yml", ".sql"];

const DAMAGES: [Damage; 24] = [
    Damage {
        name: "a tab as indentation",
        endings: YAML,
        make: |text, n| on_line(text, n, |line| line.starts_with("  "), |line| format!("\t{}", line.trim_start())),
    },
    Damage {
        name: "a lost colon",
        endings: YAML,
        make: |text, n| {
            on_line(text, n, |line| line.trim_end().ends_with(':') && !line.contains('#'), |line| line.replace(':', ""))
        },
    },
    Damage {
        name: "an open quote",
        endings: YAML,
        make: |text, n| on_line(text, n, |line| line.contains("name: "), |line| line.replacen("name: ", "name: \"", 1)),
    },
    Damage {
        name: "a key twice",
        endings: YAML,
        make: |text, n| {
            on_line(
                text,
                n,
                |line| line.starts_with("    description:"),
                |line| format!("{line}\n    description: again"),
            )
        },
    },
    Damage {
        name: "a name that is a list",
        endings: YAML,
        make: |text, n| {
            on_line(
                text,
                n,
                |line| line.contains("- name: "),
                |line| format!("{}[x, y]", &line[..line.find("name: ").map_or(0, |at| at + 6)]),
            )
        },
    },
    Damage {
        name: "an unknown top key",
        endings: YAML,
        make: |text, n| {
            on_line(
                text,
                n,
                |line| line.ends_with(':') && !line.starts_with([' ', '#', '-']),
                |line| line.replace(':', "x:"),
            )
        },
    },
    Damage {
        name: "a list that is a word",
        endings: YAML,
        make: |text, _| replaced(text, "columns:\n", "columns: all\n"),
    },
    Damage {
        name: "a word that is a mapping",
        endings: YAML,
        make: |text, _| replaced(text, "description: ", "description: {"),
    },
    Damage {
        name: "a model renamed in YAML",
        endings: YAML,
        make: |text, _| replaced(text, "  - name: ", "  - name: no_"),
    },
    Damage { name: "an unknown test", endings: YAML, make: |text, _| replaced(text, "- not_null", "- not_nul") },
    Damage { name: "a file cut in half", endings: BOTH, make: |text, n| cut(text, n) },
    Damage {
        name: "bytes that are no text",
        endings: BOTH,
        make: |text, n| Some([&text.as_bytes()[..n % text.len()], &[0xff, 0xfe, 0x00], text.as_bytes()].concat()),
    },
    Damage { name: "an expression that is not closed", endings: SQL, make: |text, _| replaced(text, "}}", "") },
    Damage { name: "an expression that is not opened", endings: SQL, make: |text, _| replaced(text, "{{", "{%") },
    Damage { name: "a ref to nothing", endings: SQL, make: |text, _| replaced(text, "ref('", "ref('no_") },
    Damage {
        name: "a source that is not declared",
        endings: SQL,
        make: |text, _| replaced(text, "source('", "source('no_"),
    },
    Damage {
        name: "a ref to a number",
        endings: SQL,
        make: |text, n| on_line(text, n, |line| line.contains("ref('"), |line| line.replace("ref('", "ref(7, '")),
    },
    Damage {
        name: "a macro that is not there",
        endings: SQL,
        make: |text, n| on_line(text, n, |_| true, |line| format!("{line}\n{{{{ nowhere.nothing(1) }}}}")),
    },
    Damage {
        name: "an open block",
        endings: SQL,
        make: |text, n| on_line(text, n, |_| true, |line| format!("{line}\n{{% if true %}}")),
    },
    Damage {
        name: "an unknown tag",
        endings: SQL,
        make: |text, n| on_line(text, n, |_| true, |line| format!("{{% fi %}}{line}")),
    },
    Damage { name: "a bracket too many", endings: SQL, make: |text, _| replaced(text, "select", "select ((") },
    Damage { name: "a keyword too many", endings: SQL, make: |text, _| replaced(text, "from", "from from where") },
    Damage {
        name: "a config of the wrong type",
        endings: SQL,
        make: |text, _| {
            Some(format!("{{{{ config(materialized=['x'], tags=7, enabled='maybe') }}}}\n{text}").into_bytes())
        },
    },
    Damage {
        name: "a sum of text and number",
        endings: SQL,
        make: |text, _| Some(format!("{{{{ 'a' + 1 }}}}\n{text}").into_bytes()),
    },
];

/// Changes one of the lines that fit.
fn on_line(text: &str, number: usize, fits: fn(&str) -> bool, change: fn(&str) -> String) -> Option<Vec<u8>> {
    let lines: Vec<&str> = text.lines().collect();
    let fitting: Vec<usize> =
        (0..lines.len()).filter(|index| fits(lines[*index]) && !lines[*index].trim().is_empty()).collect();
    let chosen = *fitting.get(number.checked_rem(fitting.len())?)?;
    let made: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| if index == chosen { change(line) } else { (*line).to_owned() })
        .collect();
    Some((made.join("\n") + "\n").into_bytes())
}

fn replaced(text: &str, old: &str, new: &str) -> Option<Vec<u8>> {
    text.contains(old).then(|| text.replacen(old, new, 1).into_bytes())
}

/// The text up to the middle of an expression or of a quoted word behind its first quarter.
fn cut(text: &str, number: usize) -> Option<Vec<u8>> {
    let from = text.len() / 4;
    let ends: Vec<usize> = text.match_indices(['{', '\'', ',']).map(|(at, _)| at + 1).filter(|at| *at > from).collect();
    ends.get(number.checked_rem(ends.len())?).map(|end| text.as_bytes()[..*end].to_vec())
}

/// Numbers that look random and are the same in every run (Knuth's multiplier).
fn number(seed: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(mixed >> 33).expect("31 bits fit")
}

fn reference() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Files::new();
    for (folder, prefix) in [("project", ""), ("models", "../models/")] {
        for ending in ["yml", "sql", "csv", "md"] {
            for path in files_below(&root.join(folder), ending) {
                if !["target", "logs", "landing"].iter().any(|skipped| path.starts_with(skipped)) {
                    let bytes = std::fs::read(root.join(folder).join(&path)).expect("a file of the reference project");
                    files.insert(format!("{prefix}{}", path.display()), bytes);
                }
            }
        }
    }
    assert!(files.len() > 20, "the reference project has only {} files", files.len());
    files
}

/// Damages the files in the way of this number; says how.
fn damage(files: &mut Files, index: usize) -> String {
    let chosen = number(index);
    let ways = DAMAGES.len() + 3;
    let way = index % ways;
    let names: Vec<String> = files.keys().filter(|name| !name.ends_with(".csv")).cloned().collect();
    if let Some(damage) = DAMAGES.get(way) {
        let fitting: Vec<&String> =
            names.iter().filter(|name| damage.endings.iter().any(|ending| name.ends_with(ending))).collect();
        for step in 0..fitting.len() {
            let name = fitting[(chosen + step) % fitting.len()];
            let text = std::str::from_utf8(&files[name]).expect("the reference project is text");
            if let Some(made) = (damage.make)(text, chosen) {
                let name = name.clone();
                files.insert(name.clone(), made);
                return format!("{} in {name}", damage.name);
            }
        }
        panic!("`{}` fits no file", damage.name);
    }
    // Files as a whole: gone, twice, or under another name.
    let parts: Vec<&String> = names
        .iter()
        .filter(|name| name.ends_with(".sql") && !name.contains("tests/") || name.ends_with("project.yml"))
        .collect();
    let name = parts[chosen % parts.len()].clone();
    let bytes = files[&name].clone();
    match way - DAMAGES.len() {
        0 => {
            files.remove(&name);
            format!("without {name}")
        }
        1 => {
            let (folder, file) = name.rsplit_once('/').unwrap_or(("macros", &name));
            files.insert(format!("{folder}/copies/{file}"), bytes);
            format!("{name} twice")
        }
        _ => {
            files.remove(&name);
            files.insert(format!("{name}.old"), bytes);
            format!("{name} under another name")
        }
    }
}

/// Whether anything was reported; what must not be, panics.
fn try_copy(mut files: Files, index: usize) -> (String, bool) {
    let what = damage(&mut files, index);
    let bench = Bench::new();
    for (path, bytes) in &files {
        let path = bench.folder().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    let landing = Path::new(env!("CARGO_MANIFEST_DIR")).join("project/landing");
    std::os::unix::fs::symlink(landing, bench.folder().join("landing")).expect("a link");
    let command = if index.is_multiple_of(BUILT) { "build" } else { "compile" };
    let result = catch_unwind(AssertUnwindSafe(|| {
        let answer = bench.run(&words(&format!("{command} --log-format json --project-dir .")));
        let found = answer.diagnostics();
        let has_error = found.iter().any(|event| event["level"] == "error");
        assert_eq!(has_error, answer.code != 0, "it ended with {}\n{}", answer.code, answer.stderr);
        !found.is_empty()
    }));
    match result {
        Ok(reported) => (what, reported),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("copy {index}, {what}, {command}: {text}")
        }
    }
}

#[test]
fn damaged_projects_are_reported_with_a_place() {
    let files = reference();
    let (next, silent, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= COPIES {
                break;
            }
            match catch_unwind(AssertUnwindSafe(|| try_copy(files.clone(), index))) {
                Ok((what, false)) => silent.lock().unwrap().push(what),
                Ok((_, true)) => {}
                Err(panic) => {
                    failures.lock().unwrap().push(panic.downcast_ref::<String>().cloned().unwrap_or_default());
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (silent, failures) = (silent.into_inner().unwrap(), failures.into_inner().unwrap());
    assert!(failures.is_empty(), "{} of {COPIES} copies\n{}", failures.len(), failures.join("\n----\n"));
    let reported = COPIES - silent.len();
    eprintln!("{reported} of {COPIES} damaged copies were reported; silent:\n  {}", silent.join("\n  "));
    assert!(
        reported * 100 >= COPIES * REPORTED_PERCENT,
        "only {reported} of {COPIES} were reported; silent:\n  {}",
        silent.join("\n  ")
    );
}

#[test]
fn the_reference_project_itself_has_no_problem() {
    let answer_of = |command: &str| {
        let bench = Bench::new();
        for (path, bytes) in &reference() {
            let path = bench.folder().join(path);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
        bench.run(&words(command))
    };
    let answer = answer_of("compile --log-format json --project-dir .");
    assert_eq!((answer.code, answer.diagnostics().len()), (0, 0), "{}", answer.stderr);
}
