//! What dbt-core renders from 671 snippets (`tests/cases/jinja`), in a stub context (`jinja_stub`).

use std::path::Path;
use std::sync::Arc;

use merganser::jinja::{Engine, Library, MacroDef, Origin, Root};
use merganser::project::{self as block, BlockKind};

use crate::jinja_stub;

/// Cases that this engine gets wrong, by file and name; each must fail, so that a repair is noticed.
const KNOWN: [(&str, &str); 0] = [];

#[derive(Default)]
struct Case {
    file: String,
    name: String,
    macros: Option<String>,
    template: String,
    expected: Option<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/jinja");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut section: Option<(String, String)> = None;
        let mut case: Option<Case> = None;
        let close = |case: &mut Option<Case>, section: Option<(String, String)>| {
            let (Some(case), Some((name, mut text))) = (case.as_mut(), section) else { return };
            text.pop();
            match name.as_str() {
                "macros" => case.macros = Some(text),
                "template" => case.template = text,
                "expected" => case.expected = Some(text),
                "error" => case.expected = None,
                other => panic!("{}: unknown section {other}", case.name),
            }
        };
        for line in text.split_inclusive('\n') {
            if let Some(name) = line.strip_prefix("=== ") {
                close(&mut case, section.take());
                let next = Case { file: file.clone(), name: name.trim_end().to_owned(), ..Case::default() };
                cases.extend(case.replace(next));
            } else if let Some(name) = line
                .strip_prefix("--- ")
                .filter(|name| matches!(name.trim_end(), "macros" | "template" | "expected" | "error"))
            {
                close(&mut case, section.take());
                section = Some((name.trim_end().to_owned(), String::new()));
            } else if let Some((_, text)) = &mut section {
                text.push_str(line);
            }
        }
        close(&mut case, section.take());
        cases.extend(case);
    }
    cases
}

fn library(text: &str) -> Result<Library, String> {
    let text: Arc<str> = text.into();
    let kinds = [BlockKind::Macro, BlockKind::Test, BlockKind::Materialization];
    let blocks = block::blocks(&text, &kinds).map_err(|error| error.to_string())?;
    let defs = blocks
        .into_iter()
        .map(|block| MacroDef {
            package: "root".to_owned(),
            name: block.macro_name(&text).unwrap_or_default(),
            text: text.clone(),
            origin: Origin::default(),
            header: block.header,
            body: block.body,
            trim_start: block.trim_start,
            trim_end: block.trim_end,
        })
        .collect();
    let (library, errors) = Library::new(defs, "root", &["dbt_snowflake", "dbt"]);
    match errors.first() {
        Some(error) => Err(error.to_string()),
        None => Ok(library),
    }
}

fn render(engine: &Arc<Engine>, case: &Case) -> Result<String, String> {
    let library = library(case.macros.as_deref().unwrap_or_default().trim())?;
    let parsing = case.file.starts_with("30_");
    let scope = library.scope("root");
    let root = Root::new(jinja_stub::variables(engine, &scope, !parsing), scope);
    let compile = if parsing { Engine::compile_lenient } else { Engine::compile };
    let template = compile(engine, &case.template, Origin::default()).map_err(|error| error.to_string())?;
    let rendered = template.render(engine, &root, true).map_err(|error| format!("{error} {:?}", error.trace))?;
    check_map(case, &rendered);
    Ok(rendered.text)
}

/// The map covers the output without gaps, and what it calls exact is the template's text.
fn check_map(case: &Case, rendered: &merganser::jinja::Rendered) {
    let mut end = 0;
    for segment in &rendered.segments {
        assert_eq!(segment.out.start, end, "{}: the map has a gap", case.name);
        end = segment.out.end;
        let source = case.template.get(segment.src.clone()).unwrap_or_else(|| panic!("{}: {segment:?}", case.name));
        if segment.exact && !case.template.contains('\r') {
            assert_eq!(&rendered.text[segment.out.clone()], source, "{}", case.name);
        }
    }
    assert_eq!(end, rendered.text.len(), "{}: the map ends early", case.name);
}

/// Addresses of objects differ from run to run.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(&rest[..at]);
        out.push_str(if digits >= 6 { "0x0" } else { &rest[at..at + 2 + digits] });
        rest = &rest[at + 2 + digits..];
    }
    out + rest
}

#[test]
fn renders_what_dbt_renders() {
    let engine = Arc::new(Engine::new());
    let mut failures = Vec::new();
    let cases = cases();
    for case in &cases {
        let result = render(&engine, case);
        let passed = match (&case.expected, &result) {
            (Some(expected), Ok(text)) => without_addresses(expected) == without_addresses(text),
            (None, Err(_)) => true,
            _ => false,
        };
        let known = KNOWN.contains(&(case.file.as_str(), case.name.as_str()));
        if passed == known {
            let expected = case.expected.as_deref().unwrap_or("an error");
            failures.push(format!("{} / {}\n  expected {expected:?}\n  got      {result:?}", case.file, case.name));
        }
    }
    let passed = cases.len() - failures.len();
    assert!(cases.len() > 600, "the cases are gone: {}", cases.len());
    assert!(failures.is_empty(), "{passed} of {} as expected\n{}", cases.len(), failures.join("\n"));
}
