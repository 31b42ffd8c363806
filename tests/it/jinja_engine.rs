//! What the cases of dbt do not say about the template engine: places, limits, payloads, native rendering.

use std::collections::BTreeMap;
use std::sync::Arc;

use merganser::jinja::value::{self, Object, ObjectRepr, State, Value};
use merganser::jinja::{
    Engine, FailureKind, Library, MacroCall, MacroDef, Origin, Rendered, Root, TemplateError, macro_calls, raise,
};
use merganser::project::{self as block, BlockKind};
use serde_json::json;

const FILE: u32 = 7;

fn library(text: &str) -> Library {
    let text: Arc<str> = text.into();
    let def = |block: block::Block| MacroDef {
        package: "p".to_owned(),
        name: block.macro_name(&text).unwrap(),
        text: text.clone(),
        origin: Origin { file: FILE, base: 0 },
        header: block.header,
        body: block.body,
        trim_start: block.trim_start,
        trim_end: block.trim_end,
    };
    let blocks = block::blocks(&text, &[BlockKind::Macro, BlockKind::Materialization]).unwrap();
    let (library, errors) = Library::new(blocks.into_iter().map(def).collect(), "p", &[]);
    assert!(errors.is_empty(), "{errors:?}");
    library
}

fn render(macros: &str, text: &str) -> Result<Rendered, TemplateError> {
    let vars: BTreeMap<String, Value> = [
        ("fail".to_owned(), Value::from_object(Fail)),
        ("port".to_owned(), Value::from("5432")),
        ("flag".to_owned(), Value::from("True")),
        ("items".to_owned(), value::list(vec![Value::from(1)])),
    ]
    .into();
    let engine = Engine::new();
    let root = Root::new(vars, library(macros).scope("p"));
    engine.compile(text, Origin { file: 1, base: 100 })?.render(&engine, &root, true)
}

/// Raises an error with a payload.
#[derive(Debug)]
struct Fail;

impl Object for Fail {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, value::Error> {
        Err(raise("raised on purpose", 42_u8))
    }
}

#[test]
fn traces_every_level_of_macros() {
    let macros = "{% macro a(x) %}..{{ b(\n  x) }}{% endmacro %}\n{% macro b(x) %}{{ x + 1 }}{% endmacro %}";
    let error = render(macros, "one\n{{ a('s') }}").unwrap_err();
    assert_eq!(error.kind, FailureKind::Type);
    let found: Vec<_> = error
        .trace
        .iter()
        .map(|frame| {
            let text = if frame.file == FILE { macros } else { "one\n{{ a('s') }}" };
            let base = if frame.file == FILE { 0 } else { 100 };
            (frame.macro_id.as_deref(), &text[frame.span.start - base..frame.span.end - base])
        })
        .collect();
    assert_eq!(found, [(Some("macro.p.b"), "x + 1"), (Some("macro.p.a"), "b(\n  x)"), (None, "a('s')")]);
}

#[test]
fn traces_through_line_ends_of_windows_and_edits() {
    let text = "a\r\n{% if true: %}\r\n{{ [1][0, 1] + 1 }}{% endif %}";
    let error = render("", text).unwrap_err();
    let span = error.trace[0].span.clone();
    assert_eq!(&text[span.start - 100..span.end - 100], "[1][0, 1] + 1");
}

#[test]
fn carries_payloads_through_macros_and_call_blocks() {
    let macros = "{% macro w() %}{{ caller() }}{% endmacro %}{% macro f() %}{{ fail() }}{% endmacro %}";
    let error = render(macros, "{% call w() %}{{ f() }}{% endcall %}").unwrap_err();
    assert_eq!(error.kind, FailureKind::Raised);
    assert_eq!(error.payload::<u8>(), Some(&42));
    assert_eq!(error.message, "raised on purpose");
    assert_eq!(error.trace.len(), 4, "{:?}", error.trace);
}

#[test]
fn limits_depth_and_steps() {
    let deep = render("{% macro r() %}{{ r() }}{% endmacro %}", "{{ r() }}").unwrap_err();
    assert_eq!(deep.kind, FailureKind::Limit);
    let deep =
        render("{% macro w() %}{% call w() %}{{ caller() }}{% endcall %}{% endmacro %}", "{{ w() }}").unwrap_err();
    assert_eq!(deep.kind, FailureKind::Limit);
    let endless = render("", "{% for i in modules.itertools.count() %}{% endfor %}").unwrap_err();
    assert_eq!(endless.kind, FailureKind::Limit);
}

#[test]
fn compiles_long_chains_of_operators() {
    let sum = format!("{{{{ 1{} }}}}", " + 1".repeat(20_000));
    assert_eq!(render("", &sum).unwrap().text, "20001");
    let list = format!("{{{{ [{}]|length }}}}", "1,".repeat(70_000));
    assert_eq!(render("", &list).unwrap().text, "70000");
}

#[test]
fn refuses_to_leave_a_loop_out_of_a_scope() {
    let error = render("", "{% for i in items %}{% with a = 1 %}{% break %}{% endwith %}{% endfor %}").unwrap_err();
    assert_eq!(error.kind, FailureKind::Syntax);
}

#[test]
fn records_the_macros_that_were_called() {
    let macros = "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{% endmacro %}";
    let rendered = render(macros, "{{ a() }}{{ a() }}").unwrap();
    let names = |ids: &[Arc<str>]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&rendered.called), ["macro.p.a", "macro.p.b"]);
    assert_eq!(names(&rendered.called_directly), ["macro.p.a"]);
}

#[test]
fn names_what_is_undefined() {
    assert_eq!(render("", "{{ nope() }}").unwrap_err().message, "`nope` is undefined");
    assert_eq!(render("", "{{ nope.a }}").unwrap_err().message, "`nope` is undefined");
}

#[test]
fn calls_a_materialization() {
    let library = library("{% materialization m, default %}{{ return({'relations': [1]}) }}{% endmaterialization %}");
    let engine = Engine::new();
    let root = Root::new(BTreeMap::new(), library.scope("p"));
    let callee = library.get("p", "materialization_m_default").unwrap();
    let rendered = engine.call(&root, callee, &[]).unwrap();
    assert_eq!(value::to_json(&rendered.returned.unwrap()).unwrap(), json!({"relations": [1]}));
}

#[test]
fn renders_to_values() {
    let engine = Engine::new();
    let vars: BTreeMap<String, Value> = [("port".to_owned(), Value::from("5432"))].into();
    let root = Root::new(vars, Library::new(Vec::new(), "p", &[]).0.scope("p"));
    let native = |text: &str| engine.render_native(text, Origin::default(), &root);
    assert_eq!(native("5432").unwrap(), json!("5432"));
    assert_eq!(native("{{ port }}").unwrap(), json!("5432"));
    assert_eq!(native("{{ port | as_number }}").unwrap(), json!(5432));
    assert_eq!(native("{{ port | as_native }}").unwrap(), json!(5432));
    assert_eq!(native("{{ port | as_text }}").unwrap(), json!("5432"));
    assert_eq!(native("x{{ port | as_number }}").unwrap(), json!("x5432"));
    assert_eq!(native("{{ 'True' | as_bool }}").unwrap(), json!(true));
    // Jinja2 works constants out when it compiles, and they are text from then on.
    assert_eq!(native("{{ [1, 'a'] }}").unwrap(), json!("[1, 'a']"));
    assert_eq!(native("{{ [1, port] }}").unwrap(), json!([1, "5432"]));
    assert_eq!(native("{{ \"{'a': (1, -2.5)}\" | as_native }}").unwrap(), json!({"a": [1, -2.5]}));
    assert!(native("{{ port | as_bool }}").is_err());
    assert!(native("{{ 'true' | as_bool }}").is_err());
}

#[test]
fn finds_calls_of_macros_in_text() {
    let text = "{{ ref('x') }}{% do a(b()) %}{{ p.c() }}{{ adapter.dispatch('d', 'q')() }}{% call e() %}{% endcall %}";
    let name = |name: &str| MacroCall::Name(name.to_owned());
    let calls = macro_calls(text).unwrap();
    assert!(calls.starts_with(&[name("a"), name("b")]), "{calls:?}");
    assert!(calls.contains(&MacroCall::Qualified { package: "p".to_owned(), name: "c".to_owned() }));
    assert!(calls.contains(&MacroCall::Dispatch { name: "d".to_owned(), package: Some("q".to_owned()) }));
    assert!(calls.contains(&name("e")));
}
