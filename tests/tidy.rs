//! Reads `src/` as text and holds it to the rules of the house: module order, one door per package, sizes, words.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests say what went wrong by panicking and printing"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The modules in phase order: each may use only those above it.
const MODULES: [&str; 16] = [
    "source",
    "diagnostic",
    "sql",
    "config",
    "warehouse",
    "project",
    "jinja",
    "graph",
    "compile",
    "analyze",
    "govern",
    "plan",
    "load",
    "execute",
    "artifact",
    "cli",
];

/// Packages that only one module names.
const DOORS: [(&str, &str); 11] = [
    ("walkdir", "source"),
    ("miette", "diagnostic"),
    ("sqlparser", "sql"),
    ("serde_yaml", "config"),
    ("duckdb", "warehouse"),
    ("snowflake_api", "warehouse"),
    ("reqwest", "warehouse"),
    ("minijinja", "jinja"),
    ("petgraph", "graph"),
    ("object_store", "load"),
    ("clap", "cli"),
];

/// Names of files that say nothing.
const EMPTY_NAMES: [&str; 9] = ["utils", "helpers", "common", "misc", "types", "base", "manager", "shared", "core"];

/// Words that say that something was left over. Joined here so that this file does not hold them.
const LEFT_OVER: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Words in comments that tell history instead of what is.
const HISTORY: [&str; 9] = [
    " no longer ",
    " anymore",
    "previously",
    "formerly",
    "legacy",
    " used to be ",
    "workaround for now",
    "for now,",
    "refactor",
];

const FILE_WALL: usize = 800;
const FUNCTION_WALL: usize = 80;
const PARAMETER_WALL: usize = 6;

/// A file of `src/`.
struct File {
    /// Relative to `src/`.
    path: PathBuf,
    text: String,
    /// The text with comments and the insides of strings and characters blanked, same length and lines.
    code: String,
}

impl File {
    /// The module it belongs to: its folder in `src/`.
    fn module(&self) -> &str {
        let first = self.path.iter().next().and_then(|part| part.to_str()).unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Where the tests begin, in bytes.
    fn tests_begin(&self) -> usize {
        self.code.find("#[cfg(test)]").unwrap_or(self.code.len())
    }

    fn line_of(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    fn place(&self, at: usize) -> String {
        format!("src/{}:{}", self.path.display(), self.line_of(at))
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = code_of(&text);
                found.push(File { path: path.strip_prefix(&root).unwrap().to_path_buf(), text, code });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "only {} files below src", found.len());
    found
}

/// The text with every byte of comments, strings and character literals as a blank; lines stay.
fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = token_end(bytes, at);
        if end > at + 1 && !matches!(bytes[at], b'a'..=b'z' | b'A'..=b'Z' | b'_') {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        } else if bytes[at] == b'r' && end > at + 1 && bytes[end - 1] != b'_' && !bytes[end - 1].is_ascii_alphanumeric()
        {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out.iter().map(|byte| if byte.is_ascii() { *byte } else { b' ' }).collect()).unwrap()
}

/// The end of the comment, string, character or word that begins here; the next byte for anything else.
fn token_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let find = |what: &[u8], from: usize| {
        rest[from..]
            .windows(what.len())
            .position(|window| window == what)
            .map_or(bytes.len(), |found| at + from + found + what.len())
    };
    match rest {
        [b'/', b'/', ..] => find(b"\n", 2).saturating_sub(1),
        [b'/', b'*', ..] => find(b"*/", 2),
        [b'"', ..] => quoted_end(bytes, at, b'"'),
        [b'\'', b'\\', ..] => quoted_end(bytes, at, b'\''),
        [b'\'', ..] => {
            // A character, unless it is a lifetime.
            let width = std::str::from_utf8(&rest[1..rest.len().min(5)])
                .unwrap_or_else(|error| std::str::from_utf8(&rest[1..=error.valid_up_to()]).unwrap())
                .chars()
                .next()
                .map_or(1, char::len_utf8);
            if rest.get(1 + width) == Some(&b'\'') { at + width + 2 } else { at + 1 }
        }
        [b'r', b'"' | b'#', ..] => {
            let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            if rest.get(1 + hashes) == Some(&b'"') {
                let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
                find(&close, 2 + hashes)
            } else {
                at + 1
            }
        }
        [first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
            let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            // `b"…"` and `br#"…"#` are a word and a string.
            at + if word == 1 && rest.len() > 1 && first == &b'b' { 1 } else { word }
        }
        _ => at + 1,
    }
}

fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut next = at + 1;
    while next < bytes.len() && bytes[next] != quote {
        next += if bytes[next] == b'\\' { 2 } else { 1 };
    }
    (next + 1).min(bytes.len())
}

/// The places of a word in code.
fn words<'t>(code: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let bytes = code.as_bytes();
        !is_part(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_part(bytes.get(at + word.len()))
    })
}

/// A function: its name, where it stands, its lines, its parameters beside `self`.
struct Function {
    name: String,
    at: usize,
    lines: usize,
    parameters: usize,
}

fn functions(file: &File) -> Vec<Function> {
    let code = &file.code;
    let mut found = Vec::new();
    for at in words(code, "fn") {
        let rest = &code[at + 2..];
        let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = rest.find(['(', ';', '{']).filter(|open| rest.as_bytes()[*open] == b'(' && !name.is_empty())
        else {
            continue;
        };
        let Some(close) = matching(rest, open) else { continue };
        let parameters = count_parameters(&rest[open + 1..close]);
        let end = body_end(rest, close);
        let lines = end.map_or(1, |end| rest[..end].matches('\n').count() + 1);
        found.push(Function { name, at, lines, parameters });
    }
    found
}

/// The end of the function's body, when it has one.
fn body_end(rest: &str, signature_end: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (offset, byte) in rest.bytes().enumerate().skip(signature_end + 1) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b';' if depth == 0 => return None,
            b'{' if depth == 0 => return matching(rest, offset),
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

/// The bracket that closes the one here.
fn matching(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (offset, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(offset);
        }
    }
    None
}

fn count_parameters(list: &str) -> usize {
    let (mut depth, mut parts, mut part) = (0_i32, Vec::new(), String::new());
    let mut before = ' ';
    for c in list.chars() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '>' if before != '-' && before != '=' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        before = c;
        part.push(c);
    }
    parts.push(part);
    let is_parameter = |part: &&String| {
        let text = part.trim();
        let name = text.trim_start_matches(['&', ' ']).trim_start_matches("mut ");
        let is_self = name == "self" || name.starts_with("self:") || text.starts_with("&'") && text.ends_with("self");
        !text.is_empty() && !is_self
    };
    parts.iter().filter(is_parameter).count()
}

fn report(problems: &[String], rule: &str) {
    assert!(problems.is_empty(), "{rule} ({})\n  {}", problems.len(), problems.join("\n  "));
}

/// The value below which a part of the sorted numbers lies.
fn quantile(numbers: &mut [usize], percent: usize) -> usize {
    numbers.sort_unstable();
    numbers[(numbers.len() * percent / 100).min(numbers.len() - 1)]
}

#[test]
fn the_crate_is_the_modules_in_their_order() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let named: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(named, MODULES, "lib.rs lists the modules in phase order");
    let folders: BTreeSet<String> = files().iter().map(|file| file.module().to_owned()).collect();
    let known: BTreeSet<String> = MODULES.iter().chain(&["lib", "main"]).map(|name| (*name).to_owned()).collect();
    assert_eq!(folders, known, "src holds lib.rs, main.rs and a folder per module");
}

#[test]
fn modules_use_only_modules_above_them() {
    let rank = |name: &str| MODULES.iter().position(|module| *module == name);
    let mut problems = Vec::new();
    for file in files() {
        let Some(own) = rank(file.module()) else { continue };
        for at in words(&file.code, "crate").filter(|at| *at < file.tests_begin()) {
            let Some(path) = file.code[at..].strip_prefix("crate::") else { continue };
            let names: Vec<&str> = if let Some(list) = path.strip_prefix('{') {
                list.split('}').next().unwrap_or_default().split(',').map(str::trim).collect()
            } else {
                vec![path]
            };
            for name in names {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if rank(&name).is_some_and(|used| used > own) {
                    problems.push(format!(
                        "{}: `{}` uses `{name}`, which stands below it",
                        file.place(at),
                        file.module()
                    ));
                }
            }
        }
    }
    report(&problems, "a module uses only modules above it");
}

#[test]
fn each_package_has_one_door() {
    let mut problems = Vec::new();
    for file in files() {
        for (package, door) in DOORS.iter().filter(|(_, door)| *door != file.module()) {
            let used = words(&file.code, package).filter(|at| file.code[at + package.len()..].starts_with("::"));
            let outside = used.filter(|at| !file.code[..*at].ends_with("::"));
            problems.extend(outside.map(|at| format!("{}: `{package}` is named outside `{door}`", file.place(at))));
        }
    }
    report(&problems, "one module names a package");
}

#[test]
fn files_are_short() {
    let mut problems = Vec::new();
    let mut sizes = Vec::new();
    for file in files() {
        let lines = file.text.lines().count();
        sizes.push(lines);
        if lines > FILE_WALL {
            problems.push(format!("src/{}: {lines} lines", file.path.display()));
        }
    }
    eprintln!(
        "files: {}, lines: median {}, 95 % {}, longest {}",
        sizes.len(),
        quantile(&mut sizes, 50),
        quantile(&mut sizes, 95),
        quantile(&mut sizes, 100)
    );
    report(&problems, "a file has at most 800 lines");
    assert!(
        quantile(&mut sizes, 50) <= 200 && quantile(&mut sizes, 95) <= 500,
        "the median file has at most 200 lines, 95 % at most 500"
    );
}

#[test]
fn functions_are_short() {
    let (mut problems, mut sizes) = (Vec::new(), Vec::new());
    for file in files() {
        for function in functions(&file) {
            sizes.push(function.lines);
            if function.lines > FUNCTION_WALL {
                problems.push(format!("{}: `{}` has {} lines", file.place(function.at), function.name, function.lines));
            }
            if function.parameters > PARAMETER_WALL {
                problems.push(format!(
                    "{}: `{}` has {} parameters",
                    file.place(function.at),
                    function.name,
                    function.parameters
                ));
            }
        }
    }
    assert!(sizes.len() > 1000, "only {} functions were found", sizes.len());
    eprintln!(
        "functions: {}, lines: median {}, 95 % {}, longest {}",
        sizes.len(),
        quantile(&mut sizes, 50),
        quantile(&mut sizes, 95),
        quantile(&mut sizes, 100)
    );
    report(&problems, "a function has at most 80 lines and 6 parameters");
    assert!(
        quantile(&mut sizes, 50) <= 8 && quantile(&mut sizes, 95) <= 35,
        "the median function has at most 8 lines, 95 % at most 35"
    );
}

#[test]
fn files_open_by_saying_what_they_hold() {
    let closed = files().into_iter().filter(|file| !file.text.starts_with("//! "));
    report(&closed.map(|file| format!("src/{}", file.path.display())).collect::<Vec<_>>(), "a file opens with `//!`");
}

#[test]
fn file_names_say_something() {
    let mut problems = Vec::new();
    for file in files() {
        let parts = file.path.iter().filter_map(|part| part.to_str()).map(|part| part.trim_end_matches(".rs"));
        let empty = parts
            .filter(|part| EMPTY_NAMES.contains(part))
            .map(|part| format!("src/{}: `{part}`", file.path.display()));
        problems.extend(empty);
    }
    report(&problems, "a file's name is a noun of the field");
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut problems = Vec::new();
    for file in files() {
        let found = file.code.match_indices(".unwrap()").map(|(at, _)| at).filter(|at| *at < file.tests_begin());
        problems.extend(found.map(|at| file.place(at)));
    }
    report(&problems, "no `.unwrap()` outside tests");
}

#[test]
fn nothing_is_left_over() {
    let mut problems = Vec::new();
    for file in files() {
        for word in LEFT_OVER {
            problems.extend(words(&file.text, word).map(|at| format!("{}: {word}", file.place(at))));
        }
        for (index, line) in file.text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("// ").or_else(|| line.split_once("/// ")) else {
                continue;
            };
            let place = format!("src/{}:{}", file.path.display(), index + 1);
            let comment = comment.to_lowercase();
            problems.extend(
                HISTORY.iter().filter(|word| comment.contains(*word)).map(|word| format!("{place}: `{}`", word.trim())),
            );
            let is_code = line.trim_start().starts_with("// ") && (comment.ends_with(';') || comment.ends_with(" {"));
            problems.extend(is_code.then(|| format!("{place}: code that is commented out")));
        }
    }
    report(&problems, "comments state what is");
}

#[test]
fn every_code_has_a_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostic/explain");
    let text = std::fs::read_to_string(folder.join("../code.rs")).unwrap();
    let codes: Vec<&str> =
        text.lines().filter_map(|line| line.trim().split_once(" = \"")?.1.strip_suffix("\",")).collect();
    assert!(codes.len() > 20, "only {} codes were found", codes.len());
    let missing = codes.iter().filter(|code| {
        let page = std::fs::read_to_string(folder.join(format!("{code}.md"))).unwrap_or_default();
        page.lines().count() < 10
    });
    report(&missing.map(|code| (*code).to_owned()).collect::<Vec<_>>(), "a code has a page");
}

#[test]
fn the_reader_of_code_knows_strings_and_comments() {
    let text = "fn a<'t>(x: &'t str, y: (u8, u8)) { // fn no()\n  let s = \"fn b() {\"; let r = r#\"\"fn c()\"#; let q = '\"'; let e = '\\''; }\nfn d(&self) {}";
    let file = File { path: PathBuf::from("x.rs"), text: text.to_owned(), code: code_of(text) };
    let found: Vec<(String, usize, usize)> =
        functions(&file).into_iter().map(|f| (f.name, f.lines, f.parameters)).collect();
    assert_eq!(found, [("a".to_owned(), 2, 2), ("d".to_owned(), 1, 0)]);
    assert_eq!(file.code.len(), text.len());
}
