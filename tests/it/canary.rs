//! Canary tokens: values that are masked wherever the lineage says they go, searched in every cell that a role is shown which must not
//! see them, and in every message.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use merganser::sql::SessionContext;
use merganser::warehouse::{DuckDbOptions, Outcome, Session, Warehouse, WarehouseError, open_local};
use serde_json::Value;

use crate::bench::{Bench, words};
use crate::snowflake_cases::cell;

/// What every masked value contains.
const TOKEN: &str = "kanarie";

const PEOPLE: &str = "id,email,phone,country\n1,ann.kanarie@x.org,kanarie-1,CH\n2,bob.kanarie@y.org,kanarie-2,NL\n3,cid.kanarie@z.org,kanarie-3,CH\n";

/// Models over a seed whose columns `email` and `phone` are masked.
const MODELS: [(&str, &str); 14] = [
    ("stg", "select id, lower(email) as email, phone as tel, country from {{ ref('people') }}"),
    (
        "seen",
        "{{ config(materialized='view') }} select s.*, email || ':' || tel as both_of_them from {{ ref('stg') }} s",
    ),
    (
        "seen_again",
        "{{ config(materialized='view') }} select * exclude (tel) rename (email as contact) from {{ ref('seen') }}",
    ),
    (
        "aliased",
        "with t(a, b) as (select id, email from {{ ref('stg') }}) select u.x, u.y from (select a, b from t) as u(x, y)",
    ),
    (
        "flat",
        "select s.id, f.value::varchar as part, f.this as whole from {{ ref('stg') }} s, lateral flatten(input => array_construct(email, tel)) f",
    ),
    (
        "scalar",
        "select country, (select max(p.email) from {{ ref('people') }} p where p.country = s.country) as top_mail from {{ ref('stg') }} s group by country",
    ),
    (
        "arms",
        "select id, 'none' as contact from {{ ref('people') }} union all select id, email from {{ ref('stg') }} union all select 9, max(tel) from {{ ref('stg') }}",
    ),
    (
        "rows_of",
        "select s.id, v.contact from {{ ref('stg') }} s, lateral (select column1 as contact from values (s.email), (s.tel)) v",
    ),
    (
        "packed",
        "select id, object_construct(*) as everything, object_construct('m', email):m as one from {{ ref('stg') }}",
    ),
    (
        "hashed",
        "select country, listagg(email, '|') within group (order by id) as mails, array_agg(tel) as tels from {{ ref('stg') }} group by all",
    ),
    (
        "turned",
        "select id, kind, contact from (select id, email, tel from {{ ref('stg') }}) unpivot (contact for kind in (email, tel))",
    ),
    (
        "windows",
        "select id, lag(email) over (order by id) as before, first_value(tel) over (partition by country order by id) as first_tel from {{ ref('stg') }} qualify row_number() over (partition by email order by id) = 1",
    ),
    (
        "recursed",
        "with recursive t as (select id, email as chain from {{ ref('stg') }} where id = 1 union all select s.id, t.chain || '>' || s.email from t join {{ ref('stg') }} s on s.id = t.id + 1) select id, chain from t",
    ),
    (
        "grown",
        "{{ config(materialized='incremental', unique_key='id') }} select id, email as contact, iff(id > 1, tel, email) as either from {{ ref('stg') }}",
    ),
];

fn project() -> Bench {
    let bench = Bench::new();
    bench.write("dbt_project.yml", "name: shop\nversion: \"1.0\"\nprofile: shop\nmodels: {+materialized: table}\n");
    bench.write("merganser.yml", "policy-paths: [policies]\n");
    bench.write(
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev: {type: snowflake, engine: duckdb, path: shop.duckdb, account: local, user: ann, \
         role: \"{{ env_var('WHO', 'LOADER') }}\", database: SHOP, warehouse: LOCAL, schema: MAIN, threads: 1}\n",
    );
    let body = |hidden: &str| format!("case when is_role_in_session('LOADER') then value else {hidden} end");
    bench.write(
        "policies/mask.yml",
        &format!(
            "masking_policies:\n  - {{name: mask_text, signature: [{{name: value, data_type: varchar}}], body: \"{}\"}}\n  \
             - {{name: mask_any, signature: [{{name: value, data_type: variant}}], returns: variant, body: \"{}\"}}\n  \
             - {{name: mask_list, signature: [{{name: value, data_type: array}}], returns: array, body: \"{}\"}}\n  \
             - {{name: mask_object, signature: [{{name: value, data_type: object}}], returns: object, body: \"{}\"}}\n",
            body("'***'"),
            body("'***'::variant"),
            body("array_construct()"),
            body("object_construct()")
        ),
    );
    for (model, sql) in MODELS {
        bench.write(&format!("models/{model}.sql"), sql);
    }
    bench.write("seeds/people.csv", PEOPLE);
    bench.write("snapshots/history.sql", "{% snapshot history %}{{ config(target_schema='MAIN', unique_key='id', strategy='check', check_cols='all') }} select * from {{ ref('stg') }}{% endsnapshot %}");
    bench
}

/// A column: its name, its type, and whether values of the masked ones reach it.
type Column = (String, String, bool);

/// The columns of all nodes, as the lineage has them.
fn columns(bench: &Bench) -> BTreeMap<String, Vec<Column>> {
    let answer = bench.run(&words("lineage --up --output json --quiet"));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let mut found: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for line in answer.stdout.lines() {
        let record: Value = serde_json::from_str(line).expect("a JSON line");
        assert_eq!(record["complete"], Value::Bool(true), "{record}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let carries = |input: &Value| {
            let masked = ["EMAIL", "PHONE"].contains(&input["column"].as_str().unwrap_or_default());
            masked && input["kind"] != "indirect"
        };
        let node = text(&record["node"]).rsplit('.').next().unwrap_or_default().to_owned();
        let carried = record["inputs"].as_array().expect("inputs").iter().any(carries);
        found.entry(node).or_default().push((text(&record["column"]), text(&record["type"]), carried));
    }
    for column in found.get_mut("people").expect("the seed") {
        column.2 = ["EMAIL", "PHONE"].contains(&column.0.as_str());
    }
    found
}

/// Puts each of these columns under the policy of its type.
fn mask(bench: &Bench, columns: &BTreeMap<String, Vec<Column>>) {
    let mut parts = BTreeMap::from([("models", String::new()), ("seeds", String::new()), ("snapshots", String::new())]);
    for (node, columns) in columns {
        let kind = match node.as_str() {
            "people" => "seeds",
            "history" => "snapshots",
            _ => "models",
        };
        let part = parts.get_mut(kind).expect("a kind");
        let _ = writeln!(part, "  - name: {node}\n    columns:");
        for (column, data_type, carried) in columns {
            let policy = match data_type.as_str() {
                "VARIANT" => "mask_any",
                "ARRAY" => "mask_list",
                "OBJECT" => "mask_object",
                _ => "mask_text",
            };
            let config =
                if *carried { format!(", config: {{meta: {{masking_policy: {policy}}}}}") } else { String::new() };
            let _ = writeln!(part, "      - {{name: {column}{config}}}");
        }
    }
    for (kind, text) in parts {
        let _ = std::fs::write(bench.folder().join(format!("{kind}/masked.yml")), format!("{kind}:\n{text}"));
    }
}

/// A session of a role on the database of the project.
fn session(bench: &Bench, role: &str) -> (Box<dyn Warehouse>, Box<dyn Session>) {
    let options = DuckDbOptions {
        path: Some(bench.folder().join("shop.duckdb")),
        database: "SHOP".to_owned(),
        schema: "MAIN".to_owned(),
        ..DuckDbOptions::default()
    };
    let context =
        SessionContext { role: Some(role.to_owned()), user: Some("EVE".to_owned()), ..SessionContext::default() };
    let warehouse = open_local(&options, &context).expect("the database opens");
    let session = warehouse.session().expect("a session");
    (warehouse, session)
}

/// What a statement says: the cells of its result, or its error.
fn said(session: &mut dyn Session, sql: &str) -> String {
    text_of(session.execute(sql))
}

fn text_of(outcome: Result<Outcome, WarehouseError>) -> String {
    match outcome {
        Ok(outcome) => outcome.table.rows.iter().flatten().map(|value| cell(value) + "\n").collect(),
        Err(error) => format!("{} {}\n", error.message, error.help.unwrap_or_default()),
    }
}

/// The relations there are, by schema and name, in quotes.
fn relations(session: &mut dyn Session) -> Vec<String> {
    let sql = "select table_schema, table_name from information_schema.tables order by 1, 2";
    let rows = session.execute(sql).expect("a listing").table.rows;
    rows.iter().map(|row| format!("\"{}\".\"{}\"", cell(&row[0]), cell(&row[1]))).collect()
}

/// All that a role is shown of all relations; what is nobody's secret is there.
fn shown(session: &mut dyn Session) -> String {
    let mut all = String::new();
    for relation in relations(session) {
        let _ = writeln!(all, "{relation}: {}", said(session, &format!("select * from {relation}")));
    }
    all
}

#[test]
fn no_token_reaches_a_role_that_must_not_see_it() {
    let bench = project();
    mask(&bench, &columns(&bench));
    for command in ["build", "build", "snapshot"] {
        let answer = bench.run(&words(&format!("{command} --quiet")));
        assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    }
    {
        let (_warehouse, mut session) = session(&bench, "LOADER");
        let all = shown(session.as_mut());
        assert!(all.matches(TOKEN).count() > 40, "the one who may see sees little:\n{all}");
    }
    {
        let (_warehouse, mut session) = session(&bench, "READER");
        let all = shown(session.as_mut());
        assert!(!all.contains(TOKEN), "{all}");
        assert!(all.contains("***") && all.contains("CH"), "what is nobody's secret is shown:\n{all}");
        attack(session.as_mut());
    }
    let reader = |command: &str| {
        let answer = bench.run(&words(&format!("WHO=READER {command}")));
        let all = answer.stdout + &answer.stderr;
        assert!(!all.contains(TOKEN), "`{command}` shows it:\n{all}");
    };
    reader("show --inline \"select * from {{ ref('people') }} p join {{ ref('seen') }} s on s.id = p.id\"");
    reader("show --select seen --output json");
    reader("show --inline \"select email::int as n from {{ ref('people') }}\"");
    kept_failures(&bench, &reader);
    reader("compile --select seen");
    reader("docs generate");
    // What a role builds that must not see holds nothing that it must not see, whoever looks.
    reader("build --full-refresh --exclude people");
    let (_warehouse, mut session) = session(&bench, "LOADER");
    let all: String =
        MODELS.iter().map(|(model, _)| said(session.as_mut(), &format!("select * from {model}"))).collect();
    assert!(!all.contains(TOKEN), "{all}");
}

/// What a role keeps of the rows that tests find, and what it is told of unit tests, if it must not see them.
fn kept_failures(bench: &Bench, reader: &dyn Fn(&str)) {
    let found = "{{ config(store_failures=true) }} select id, email, tel from {{ ref('stg') }}";
    bench.write("tests/found.sql", found);
    let both = "{{ config(store_failures_as='view') }} select * from {{ ref('seen') }}";
    bench.write("tests/found_again.sql", both);
    bench.write(
        "models/units.yml",
        "unit_tests:\n  - name: passes_on\n    model: aliased\n    given:\n      - input: ref('stg')\n        \
         rows: [{id: 1, email: given@x.org}]\n    expect:\n      rows: [{x: 1, y: other@x.org}]\n",
    );
    reader("test --store-failures");
    reader("build --select aliased --store-failures");
    for role in ["LOADER", "READER"] {
        let (_warehouse, mut session) = session(bench, role);
        let kept: Vec<String> =
            relations(session.as_mut()).into_iter().filter(|name| name.to_lowercase().contains("audit")).collect();
        assert!(!kept.is_empty(), "no failures were kept");
        let tables = kept.iter().filter(|name| !name.to_lowercase().contains("again"));
        let all: String = tables.map(|name| said(session.as_mut(), &format!("select * from {name}"))).collect();
        assert!(!all.contains(TOKEN) && all.contains("***"), "{role}: {all}");
    }
    for test in ["tests/found.sql", "tests/found_again.sql", "models/units.yml"] {
        std::fs::remove_file(bench.folder().join(test)).expect("the file just written");
    }
}

/// Ways around a mask, one after the other; none shows a token, and none leaves one where it is shown.
fn attack(session: &mut dyn Session) {
    const WAYS: [&str; 40] = [
        "create or replace table a1 as select * from people",
        "create or replace table a2 clone people",
        "create or replace table a3 like people",
        "insert into a3 select * from people",
        "create or replace view a4 as select email as e, upper(phone) as p from people",
        "create or replace table a5 clone a4",
        "create or replace table a6 as select id, email, phone, country from people",
        "alter table a6 swap with a2",
        "alter table a2 rename to a7",
        "alter table a6 rename column email to plain",
        "select email::int from people",
        "select to_date(phone) from people",
        "select parse_json(email) from people",
        "select 1 / (case when email like '%kanarie%' then 0 else 1 end) from people",
        "select id from people where email like 'ann.kanari_@%'",
        "select p.id from people p join (select 'ann.' || 'kana' || 'rie@x.org' as e) s on s.e = p.email",
        "create or replace table narrow (e varchar(2))",
        "insert into narrow select email from people",
        "update narrow set e = (select max(phone) from people)",
        "merge into narrow n using people p on n.e = p.email when not matched then insert (e) values (p.email)",
        "create or replace table taken (id int, e varchar)",
        "insert into taken select id, email from people",
        "merge into taken t using people p on t.id = p.id when matched then update set e = p.email",
        "merge into people p using taken t on p.id = t.id when matched then update set country = p.email",
        "update people set country = phone where id = 2",
        "update taken set e = p.email from people p where p.id = taken.id",
        "delete from taken using people p where p.email like '%kanarie%' and taken.id = p.id",
        "explain select * from people",
        "select get_ddl('table', 'people')",
        "describe table people",
        "show tables",
        "select * from information_schema.columns",
        "select column_default, comment from information_schema.columns",
        "select * from table(result_scan(last_query_id()))",
        "copy into @~/out from people",
        "select * from people at (offset => -1)",
        "select listagg(email, ',') within group (order by email) as x, min(phone), mode(email), array_agg(object_construct(*)) from people",
        "select approx_top_k(email) from people",
        "alter table people add column again varchar default 'x'",
        "create or replace table people as select * from people",
    ];
    let mut worked = 0;
    for way in WAYS {
        let outcome = session.execute(way);
        worked += usize::from(outcome.is_ok());
        let answer = text_of(outcome);
        // The statement's own text may stand in a message.
        assert!(!answer.replace(way, "").contains(TOKEN) || way.contains(TOKEN), "{way}\n{answer}");
        let all = shown(session);
        assert!(!all.contains(TOKEN), "{way}\n{all}");
    }
    assert!(worked > 20, "only {worked} statements did something");
}
