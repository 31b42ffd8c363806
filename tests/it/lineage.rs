//! The fences `schema` and `lineage` of markdown cases, and canary tokens: what changes in a warehouse must be in the lineage.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::bench::{Bench, words};

/// The columns of a node with their types: `name type`.
pub(crate) fn schema(bench: &Bench, node: &str) -> String {
    let lines = records(bench, &format!("--select {node}"));
    let line = |record: &Value| format!("{} {}\n", text(&record["column"]), text(&record["type"]));
    lines.iter().filter(|record| short(text(&record["node"])) == node).map(line).collect()
}

/// What each column depends on: a line for the column, and below it one for each input.
pub(crate) fn lineage(bench: &Bench, arguments: &str) -> String {
    let mut out = String::new();
    for record in records(bench, arguments) {
        let doubt = match &record["reason"] {
            Value::Null => String::new(),
            reason => format!(" incomplete: {}", text(reason)),
        };
        let _ = writeln!(out, "{}.{}{doubt}", short(text(&record["node"])), text(&record["column"]));
        assert_eq!(record["complete"], Value::Bool(record["reason"].is_null()));
        let order = ["copied", "transformed", "aggregated", "indirect"];
        let mut inputs: Vec<(usize, String)> = record["inputs"]
            .as_array()
            .expect("inputs")
            .iter()
            .map(|input| {
                let path = input["path"].as_str().map_or_else(String::new, |path| format!(":{path}"));
                let kind = text(&input["kind"]);
                let strength = order.iter().position(|known| *known == kind).expect("a known kind");
                (strength, format!("  {kind} {}.{}{path}", short(text(&input["node"])), text(&input["column"])))
            })
            .collect();
        inputs.sort();
        inputs.iter().for_each(|(_, line)| writeln!(out, "{line}").unwrap());
    }
    out
}

fn records(bench: &Bench, arguments: &str) -> Vec<Value> {
    let answer = bench.run(&words(&format!("lineage {arguments} --output json")));
    assert_eq!(answer.code, 0, "`lineage {arguments}` ended with {}\n{}", answer.code, answer.stderr);
    answer.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A unique id without its kind and package.
fn short(id: &str) -> String {
    let is_id = ["model.", "source.", "seed.", "snapshot."].iter().any(|kind| id.starts_with(kind));
    if is_id { id.splitn(3, '.').nth(2).unwrap_or(id).to_owned() } else { id.to_owned() }
}

const MODELS: [(&str, &str); 10] = [
    (
        "stg",
        "select id, customer, lower(email) as email, cast(amount as decimal(10,2)) as amount, day, status, tags from {{ ref('orders') }}",
    ),
    (
        "joined",
        "select o.id, c.name, o.amount, o.day, o.tags from {{ ref('stg') }} o left join {{ ref('people') }} c on c.id = o.customer where o.status <> 'void'",
    ),
    (
        "aliased",
        "with t(a, b) as (select id, email from {{ ref('stg') }}) select u.x, u.y from (select a, b from t) as u(x, y)",
    ),
    ("unnested", "select j.id, u.tag from {{ ref('joined') }} j, unnest(string_split(j.tags, '|')) as u(tag)"),
    (
        "spread",
        "select id, unnest(string_split(tags, '|')) as tag, unnest([email, day::varchar]) as either from {{ ref('stg') }}",
    ),
    (
        "scalar",
        "select p.id, (select max(s.email) from {{ ref('stg') }} s where s.customer = p.id) as last_email, exists (select 1 from {{ ref('stg') }} s where s.customer = p.id and s.status = 'void') as has_void from {{ ref('people') }} p",
    ),
    (
        "arms",
        "select id, name as label from {{ ref('people') }} union all select id, email from {{ ref('stg') }} union all select * from (values (99, 'nobody')) v(a, b)",
    ),
    (
        "ranked",
        "select day, id, amount, row_number() over (partition by day order by amount desc, id) as place, sum(amount) over (partition by day) as total from {{ ref('joined') }} qualify place <= 2",
    ),
    (
        "days",
        "select day, count(*) as orders, count(distinct name) as people, sum(case when name like 'A%' then amount else 0 end) as a_amount from {{ ref('joined') }} group by all having count(*) > 0",
    ),
    (
        "distinct_labels",
        "select distinct label from {{ ref('arms') }} where id not in (select id from {{ ref('scalar') }} where has_void) order by label limit 3",
    ),
];

const ORDERS: &str = "id,customer,email,amount,day,status,tags\n1,1,Ann@x.org,10.5,2026-01-01,paid,a|b\n2,2,bob@x.org,7,2026-01-01,paid,c\n3,1,ann@y.org,3,2026-01-02,void,a\n4,3,Cid@x.org,8,2026-01-02,paid,b|d\n5,2,bob@z.org,2,2026-01-02,paid,e\n";
const PEOPLE: &str = "id,name\n1,Ann\n2,Bob\n3,Cid\n";

/// Every cell of every column of the models, by column.
fn cells(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let answer = bench.run(&words("build --full-refresh --quiet"));
    assert_eq!(answer.code, 0, "the build failed\n{}", answer.stderr);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let database = duckdb::Connection::open(bench.folder().join("shop.duckdb")).expect("the database opens");
    for (model, _) in MODELS {
        let mut statement = database.prepare(&format!("from {model}")).expect("a relation");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for (at, column) in row.as_ref().column_names().into_iter().enumerate() {
                let cell: duckdb::types::Value = row.get(at).expect("a cell");
                found.entry(format!("{model}.{column}")).or_default().push(format!("{cell:?}"));
            }
        }
    }
    found.values_mut().for_each(|cells| cells.sort());
    found
}

/// The models over their two seeds.
fn project() -> Bench {
    let bench = Bench::new();
    bench.write("dbt_project.yml", "name: shop\nversion: \"1.0\"\nprofile: shop\n");
    bench.write(
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}\n",
    );
    for (model, sql) in MODELS {
        bench.write(&format!("models/{model}.sql"), sql);
    }
    bench.write("seeds/orders.csv", ORDERS);
    bench.write("seeds/people.csv", PEOPLE);
    bench
}

/// What `lineage` says, and whether the file of what is known was written anew.
fn told(bench: &Bench, options: &str) -> (Vec<Value>, bool) {
    let file = bench.folder().join("target/analysis.bin");
    let written = || std::fs::metadata(&file).and_then(|file| file.modified()).ok();
    let before = written();
    (records(bench, options), written() != before)
}

#[test]
fn what_is_kept_of_the_analysis_changes_no_answer() {
    let bench = project();
    let (first, is_written) = told(&bench, "");
    assert!(is_written, "nothing was kept");
    assert_eq!(told(&bench, ""), (first.clone(), false), "the same once more");
    // A column that goes: its readers are looked at again, and say what they say without anything that is kept.
    let (_, sql) = MODELS[0];
    bench.write("models/stg.sql", &sql.replace("lower(email) as email", "customer as email"));
    let (edited, is_written) = told(&bench, "");
    assert!(is_written && edited != first, "the edit is seen");
    assert_eq!(told(&bench, "--no-partial-parse"), (edited, true), "as without what is kept");
    bench.write("models/stg.sql", sql);
    assert_eq!(told(&bench, "").0, first, "as before the edit");
    // A file that is no such file, or the half of one, is as good as none.
    let whole = std::fs::read(bench.folder().join("target/analysis.bin")).expect("what is kept");
    for broken in [&b"no such file"[..], &[], &whole[..whole.len() / 2], &[255; 64]] {
        std::fs::write(bench.folder().join("target/analysis.bin"), broken).expect("a file");
        assert_eq!(told(&bench, ""), (first.clone(), true), "with a broken file");
    }
}

#[test]
fn what_changes_with_a_source_column_is_in_the_lineage() {
    let bench = project();
    let before = cells(&bench);
    let up: BTreeMap<String, BTreeSet<String>> = records(&bench, "--up --resource-type model")
        .iter()
        .map(|record| {
            let inputs = record["inputs"].as_array().expect("inputs").iter();
            let inputs = inputs.map(|input| format!("{}.{}", short(text(&input["node"])), text(&input["column"])));
            let name = format!("{}.{}", short(text(&record["node"])), text(&record["column"]));
            assert_eq!(record["complete"], Value::Bool(true), "{record}");
            (name, inputs.collect())
        })
        .collect();
    assert_eq!(up.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "the columns that were inferred");
    let mut changes = 0;
    for (seed, whole) in [("orders", ORDERS), ("people", PEOPLE)] {
        let lines: Vec<&str> = whole.lines().collect();
        let header: Vec<&str> = lines[0].split(',').collect();
        for (at, column) in header.iter().enumerate() {
            for row in [1, 3] {
                let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
                let mut fields: Vec<String> = lines[row].split(',').map(str::to_owned).collect();
                fields[at] = canary(&fields[at], row);
                changed[row] = fields.join(",");
                bench.write(&format!("seeds/{seed}.csv"), &(changed.join("\n") + "\n"));
                if row > 1 && !["status", "customer"].contains(column) {
                    continue;
                }
                let after = cells(&bench);
                for (name, old) in &before {
                    if after.get(name) != Some(old) {
                        let source = format!("{seed}.{column}");
                        assert!(up[name].contains(&source), "{name} changed with {source}: {:?}", up[name]);
                        changes += 1;
                    }
                }
            }
        }
        bench.write(&format!("seeds/{seed}.csv"), whole);
    }
    assert!(changes > 40, "only {changes} cells changed");
}

/// Another value of the same kind.
fn canary(field: &str, row: usize) -> String {
    if field.contains('-') {
        return format!("2026-02-1{row}");
    }
    if field.parse::<f64>().is_ok() {
        return format!("{}", row + 1);
    }
    match field {
        "paid" => "void".to_owned(),
        "void" => "paid".to_owned(),
        other => format!("Acanary{row}{}", other.replace('@', "canary@")),
    }
}
