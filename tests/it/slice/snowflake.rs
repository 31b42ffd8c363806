//! The reference project on Snowflake's protocol, as far as the stand-in goes, and what is said to Snowflake, as text.
//!
//! `tests/projects/brightcart/snowflake` holds the plans and the refusals; `UPDATE=1` writes them anew. The stand-in cannot
//! load files (`COPY`), knows no masking policies and no list of columns before a query, makes no temporary relation in a
//! schema, and takes no merge whose inserted columns do not say which side they are of; what the project needs of that is made by hand here.

use std::io::Read;
use std::sync::OnceLock;

use merganser::warehouse::{Session, SnowflakeOptions, Warehouse, open_snowflake};
use serde_json::Value;

use super::truth::{comparable, shown, truth};
use super::{Bench, DAYS, FEEDS, MARTS, files, repository, undisturbed};
use crate::services::Fakesnow;

const PASSWORD: &str = "hunter2-secret";

/// Everything but tests.
const PLAN: [&str; 3] = ["plan", "--exclude-resource-type", "test"];

/// What was said while the slice was built on the stand-in.
struct Wire {
    bench: Bench,
    /// The plan on an empty warehouse.
    empty: String,
    /// The plan on a warehouse with everything in it.
    built: String,
    /// What the stand-in refuses: the command, and what is printed about it.
    refused: Vec<(String, String)>,
}

fn wire() -> &'static Wire {
    static WIRE: OnceLock<Wire> = OnceLock::new();
    WIRE.get_or_init(Wire::new)
}

impl Wire {
    fn new() -> Self {
        let mut bench = Bench::new("snowflake");
        let port = Fakesnow::shared().port.to_string();
        let settings = [
            ("MERGANSER_TARGET", "snowflake"),
            ("SNOWFLAKE_ACCOUNT", "fake"),
            ("SNOWFLAKE_USER", "snow"),
            ("SNOWFLAKE_PASSWORD", PASSWORD),
            ("SNOWFLAKE_HOST", "127.0.0.1"),
            ("SNOWFLAKE_PROTOCOL", "http"),
            ("SNOWFLAKE_PORT", &port),
        ];
        bench.environment = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let empty = bench.run(&PLAN).ok().out;

        let warehouse = warehouse();
        let mut session = warehouse.session().unwrap();
        fill_stage(session.as_mut());
        bench.run(&["seed"]).ok();
        let mut refused = Vec::new();
        refused.push(refusal(&bench, &["run", "--select", "dim_customer"]));
        bench.run(&["run", "--exclude", "dim_customer"]).ok();
        // What the refused statement would have made, without its policies.
        execute(session.as_mut(), &unmasked(&statements(&bench, "dim_customer").pop().unwrap()));
        execute(session.as_mut(), "create schema if not exists BRIGHTCART.landing");
        let built = bench.run(&PLAN).ok().out;
        refused.push(refusal(&bench, &["run", "--select", "fct_orders"]));
        refused.push(refused_merge(session.as_mut(), &statements(&bench, "fct_orders")));
        Self { bench, empty, built, refused }
    }
}

fn warehouse() -> Box<dyn Warehouse> {
    let options = SnowflakeOptions {
        account: "fake".to_owned(),
        user: "snow".to_owned(),
        password: Some(PASSWORD.to_owned()),
        host: Some("127.0.0.1".to_owned()),
        port: Some(Fakesnow::shared().port),
        protocol: Some("http".to_owned()),
        database: Some("BRIGHTCART".to_owned()),
        schema: Some("ANALYTICS".to_owned()),
        ..SnowflakeOptions::default()
    };
    open_snowflake(&options).unwrap()
}

#[track_caller]
fn execute(session: &mut dyn Session, sql: &str) {
    session.execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// The landing sample as rows of the stage tables, which the loader would have copied.
fn fill_stage(session: &mut dyn Session) {
    let literal = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    for (feed, table) in FEEDS.iter().zip(["RAW_GOOGLE_ADS.search_stream", "RAW_SHOPIFY.orders"]) {
        execute(session, &format!("create schema if not exists BRIGHTCART.{}", table.split_once('.').unwrap().0));
        execute(
            session,
            &format!(
                "create table BRIGHTCART.{table} (payload variant, _file varchar not null, _file_version varchar not null, \
                 _row number(38, 0) not null, _file_modified timestamp_ntz, _load_id varchar not null, \
                 _loaded_at timestamp_ntz not null)"
            ),
        );
        let mut rows = Vec::new();
        for (name, bytes) in DAYS.iter().flat_map(|day| files(feed, day)) {
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            let row = |(at, line): (usize, &str)| format!("({}, {}, {})", literal(line), literal(&name), at + 1);
            rows.extend(text.lines().enumerate().map(row));
        }
        for some in rows.chunks(100) {
            let moment = "'2026-09-04 00:00:00'::timestamp_ntz";
            execute(
                session,
                &format!(
                    "insert into BRIGHTCART.{table} select parse_json(column1), column2, 'v', column3, {moment}, 'load', {moment} \
                     from values {}",
                    some.join(", ")
                ),
            );
        }
    }
}

/// The statements that are planned for a model.
fn statements(bench: &Bench, model: &str) -> Vec<String> {
    let ran = bench.run(&["plan", "--for", "run", "--select", model, "--output", "json"]).ok();
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    let statements = plan["nodes"][0]["statements"].as_array().unwrap();
    statements.iter().map(|statement| statement.as_str().unwrap().to_owned()).collect()
}

/// A `create table` without the list of its columns, where their policies are.
fn unmasked(sql: &str) -> String {
    let (table, query) = sql.split_once("\n    as (").unwrap();
    let (table, columns) = table.split_once('(').unwrap();
    assert!(columns.contains("with masking policy"), "nothing is masked: {sql}");
    format!("{table} as ({query}")
}

/// A command that the stand-in refuses, and the errors that are printed.
fn refusal(bench: &Bench, command: &[&str]) -> (String, String) {
    let ran = bench.run(&[command, &["--log-format", "json"]].concat());
    // A set-up that fails ends with 2, a node with 1.
    assert!(matches!(ran.code, Some(1 | 2)), "{}", ran.all());
    let events = ran.err.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let said = events.filter(|event| event["level"] == "error").map(|event| {
        format!("{}:{}: {}", event["file"].as_str().unwrap(), event["line"], event["message"].as_str().unwrap())
    });
    (format!("merganser {}", command.join(" ")), said.collect::<Vec<_>>().join("\n"))
}

/// What the stand-in says to the merge itself, when the view before it is not temporary.
fn refused_merge(session: &mut dyn Session, statements: &[String]) -> (String, String) {
    let view = statements[0].replacen(" temporary view ", " view ", 1);
    assert_ne!(view, statements[0]);
    execute(session, &view);
    let merge = statements.iter().find(|sql| sql.starts_with("merge into")).unwrap();
    let error = session.execute(merge).unwrap_err();
    execute(session, statements.last().unwrap());
    (merge.lines().next().unwrap().to_owned(), error.message)
}

#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = repository("tests/projects/brightcart/snowflake").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read(&path).map(|bytes| String::from_utf8(bytes).unwrap()).unwrap_or_default();
    assert_same(&golden, text, name);
}

/// Fails with the first line that differs.
#[track_caller]
fn assert_same(wanted: &str, found: &str, what: &str) {
    let differ = wanted.lines().zip(found.lines()).position(|(wanted, found)| wanted != found);
    if let Some(at) = differ {
        let line = |text: &str| text.lines().nth(at).unwrap_or_default().to_owned();
        panic!("{what}, line {}: `{}`, not `{}`", at + 1, line(found), line(wanted));
    }
    assert_eq!(found.len(), wanted.len(), "{what}: one is a part of the other");
}

#[test]
fn the_connection_is_found() {
    let said = wire().bench.run(&["debug"]).ok().out;
    assert!(said.contains("Snowflake") && said.contains("connection: OK"), "{said}");
}

#[test]
fn plans_are_those_of_the_golden_files() {
    assert_golden("plan_empty.sql", &wire().empty);
    assert_golden("plan_built.sql", &wire().built);
    for (plan, needed) in [
        (&wire().empty, "create masking policy if not exists BRIGHTCART.ANALYTICS_governance.mask_email"),
        (&wire().empty, "email with masking policy BRIGHTCART.ANALYTICS_governance.mask_email"),
        (&wire().built, "merge into BRIGHTCART.ANALYTICS_marts.fct_orders"),
        (&wire().built, "merge into BRIGHTCART.ANALYTICS_marts.fct_ad_spend"),
    ] {
        assert!(plan.contains(needed), "{needed}");
    }
    assert!(!wire().empty.contains("merge into"));
}

#[test]
fn the_embedded_engine_is_told_the_same() {
    let empty = Bench::new("snowflake-empty").run(&PLAN).ok().out;
    assert_same(&wire().empty, &empty, "the plan on an empty warehouse");
    let built = undisturbed().run(&PLAN).ok().out;
    assert_same(&wire().built, &built, "the plan on a built warehouse");
}

#[test]
fn marts_hold_the_numbers_that_were_known_before() {
    let (header, rows) = truth("channel_daily");
    let found = shown(&wire().bench, "mart_channel_daily", &header);
    assert_eq!(comparable(&found), comparable(&rows));
}

#[test]
fn what_the_stand_in_refuses_is_in_the_golden_file() {
    let text = |(command, said): &(String, String)| format!("$ {command}\n{said}\n");
    assert_golden("refused.txt", &wire().refused.iter().map(text).collect::<Vec<_>>().join("\n"));
}

#[test]
fn generic_tests_pass() {
    let said =
        wire().bench.run(&["test", "--select", "fct_refunds,test_type:generic", "--exclude", "dim_customer"]).ok();
    assert!(said.err.contains("ERROR=0"), "{}", said.err);
}

#[test]
fn no_file_and_no_line_holds_the_password() {
    let wire = wire();
    let mut texts = vec![wire.empty.clone(), wire.built.clone()];
    texts.extend(wire.refused.iter().map(|(_, said)| said.clone()));
    texts.push(wire.bench.run(&["debug"]).all());
    texts.push(wire.bench.run(&["compile", "--inline", "select '{{ target.password }}{{ target }}'"]).all());
    let holding = |text: &String| text.contains(PASSWORD);
    assert!(!texts.iter().any(holding));
    let written = super::trouble::files_holding(&wire.bench.folder, PASSWORD);
    assert!(written.is_empty(), "{written:?}");
    assert!(MARTS.iter().all(|mart| wire.empty.contains(mart)));
}
