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

/// A model: its name and its SQL.
type Model = (&'static str, &'static str);

const MODELS: [Model; 51] = [
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
    (
        "fields",
        "select s.id, s.p.mail as mail, s.p.label as label, s.p as whole from (select id, struct_pack(mail := email, label := status) as p from {{ ref('stg') }}) s",
    ),
    ("rowwise", "select p.id, to_json(p) as person, p as as_row from {{ ref('people') }} p"),
    (
        "lists",
        "select id, list_transform(string_split(tags, '|'), t -> t || coalesce(status, '')) as marked, list_filter([email, status], email -> email <> tags) as kept, [email, tags][1] as first from {{ ref('stg') }}",
    ),
    (
        "halves",
        "select s.id, s.email from {{ ref('stg') }} s semi join {{ ref('people') }} p on p.id = s.customer and p.name like '%n%'",
    ),
    (
        "rest",
        "select s.id, s.day from {{ ref('stg') }} s anti join (select id from {{ ref('people') }} where name > 'B') p on p.id = s.customer",
    ),
    (
        "closest",
        "select s.id, s.day, o.amount as before from {{ ref('stg') }} s asof left join {{ ref('stg') }} o on o.customer = s.customer and s.id > o.id",
    ),
    (
        "pivoted",
        "select * from (select customer, status, amount from {{ ref('stg') }}) pivot (sum(amount) as total, max(amount) as most for status in ('paid', 'void'))",
    ),
    (
        "unpivoted",
        "select id, kind, value from (select id, email, status from {{ ref('stg') }}) unpivot (value for kind in (email, status))",
    ),
    (
        "firsts",
        "select distinct on (customer) customer, email, amount from {{ ref('stg') }} order by customer, day desc, id",
    ),
    (
        "aggregates",
        "select customer, string_agg(email, ',' order by id) filter (where status = 'paid') as mails, arg_max(email, day) as last_mail, count(distinct tags) as tag_sets, list(amount order by day, id) as amounts from {{ ref('stg') }} group by all",
    ),
    (
        "framed",
        "select id, first_value(email) over w as first_mail, sum(amount) over (w rows between 1 preceding and current row) as two, lag(status, 1, email) over w as before from {{ ref('stg') }} window w as (partition by customer order by id)",
    ),
    (
        "laterals",
        "select s.id, v.kind, v.contact, l.most from {{ ref('stg') }} s, lateral (values ('mail', s.email), ('state', s.status)) v(kind, contact), lateral (select max(o.amount) as most from {{ ref('orders') }} o where o.customer = s.customer) l",
    ),
    (
        "chains",
        "with recursive t(id, chain, depth) as (select id, email, 1 from {{ ref('stg') }} where customer = 1 union all select s.id, t.chain || s.status, t.depth + 1 from t join {{ ref('stg') }} s on s.id = t.id + 1 where t.depth < 3) select id, chain, depth from t",
    ),
    (
        "by_name",
        "select id, email as contact from {{ ref('stg') }} union all by name select name as contact, id as other from {{ ref('people') }} except select 1, 'x', null",
    ),
    (
        "levels",
        "select status, day, count(*) as n, sum(amount) as s from {{ ref('stg') }} group by grouping sets ((status), (day), ())",
    ),
    (
        "shadows",
        "select email as contact, contact || status as more, status as email, email || '!' as old, (select count(*) from {{ ref('people') }} p where p.name < contact) as n from {{ ref('stg') }} where contact like '%x%'",
    ),
    (
        "several",
        "select status, max(columns('amount|day')) as \"most_\\0\", count(*) as n from {{ ref('stg') }} group by status",
    ),
    (
        "starred",
        "select * exclude (tags, day) replace (upper(email) as email) rename (status as state), id + customer as both_ids from {{ ref('stg') }}",
    ),
    (
        "liked",
        "select * like '%a%' from (select amount, email, day, status, id from {{ ref('stg') }} where id > (select min(id) from {{ ref('people') }}))",
    ),
    (
        "listed",
        "select id, [t || status for t in string_split(tags, '|') if t <> email] as marked, email.upper().substring(1, 3) as head from {{ ref('stg') }}",
    ),
    (
        "joined_up",
        "select * from (select id, email from {{ ref('stg') }}) natural join (select id, name from {{ ref('people') }}) full join (select customer as id, status from {{ ref('stg') }} where id > 2) using (id)",
    ),
    (
        "nested",
        "select p.id, (select max(s.amount) from {{ ref('stg') }} s where s.customer = p.id and s.day > (select min(o.day) from {{ ref('orders') }} o where o.status = s.status)) as most from {{ ref('people') }} p",
    ),
    (
        "in_pairs",
        "select id, (customer, status) in (select id, 'paid' from {{ ref('people') }} where name < 'C') as known, email = any (select email from {{ ref('stg') }} where day > '2026-01-01') as late from {{ ref('stg') }}",
    ),
    (
        "common",
        "select email, status from {{ ref('stg') }} intersect all select email, 'paid' from {{ ref('stg') }} where tags like 'a%' or customer = 2",
    ),
    (
        "rolled",
        "select status, day, grouping(day) as g, sum(amount) as s from {{ ref('stg') }} group by rollup (status, day) having sum(amount) > 3 order by all",
    ),
    (
        "shares",
        "select id, sum(amount) over (partition by status) / sum(amount) over () as share, ntile(2) over (order by amount desc, id) as half, lead(email) over (partition by customer order by day, id) as next from {{ ref('stg') }}",
    ),
    (
        "tops",
        "select id, email from {{ ref('stg') }} order by amount desc, id limit (select count(*) from {{ ref('people') }} where name > 'A')",
    ),
    (
        "cases",
        "select id, case status when 'paid' then email when 'void' then tags end as shown, if(day > '2026-01-01', amount, customer) as either, coalesce(nullif(tags, 'a'), email) as other from {{ ref('stg') }}",
    ),
    ("numbered", "select s.id, r.range as n from {{ ref('stg') }} s, range(s.customer) r"),
    (
        "parts",
        "select q.p.mail, q.p.whose.of as of, q.l[1] as head, q.l[2:] as rest from (select {'mail': email, 'whose': {'of': customer}} as p, [status, tags] as l from {{ ref('stg') }}) q",
    ),
    ("spread_out", "select unnest({'a': email, 'b': amount}) from {{ ref('stg') }}"),
    (
        "named",
        "with w(a, b, c) as (select id, email, amount from {{ ref('stg') }}), v as (select b, sum(c) as total from w group by b), w2 as (select w.a, v.total from w join v using (b)) select * from w2 where total > 2",
    ),
    (
        "swapped",
        "select email as tags, tags as email, status as status, lower(tags) as low from {{ ref('stg') }} order by tags",
    ),
    (
        "quantiles",
        "select status, quantile_cont(amount, 0.5) as q, mode(email) as m, percentile_disc(0.5) within group (order by day) as d, bool_or(tags like 'a%') as b from {{ ref('stg') }} group by 1",
    ),
    (
        "turned",
        "from (pivot (select customer, status, amount from {{ ref('stg') }}) on status in ('paid', 'void') using sum(amount) as s, count(*) as n group by customer)",
    ),
    (
        "turned_back",
        "from (unpivot (select id, email, status from {{ ref('stg') }}) on columns(* exclude (id)) into name kind value contact)",
    ),
    (
        "turned_sums",
        "select email, v from (select id, customer, email from {{ ref('stg') }}) unpivot (v for k in (id + 1, customer))",
    ),
    ("summed_up", "select column_name, min, max, count from (summarize {{ ref('stg') }})"),
    (
        "left_out",
        "select q.* from (select * exclude (p.id) from {{ ref('people') }} p join {{ ref('stg') }} s on s.customer = p.id) q",
    ),
    ("any_of", "select id from {{ ref('stg') }} where columns('^(email|tags)$') > 'a'"),
    ("put_together", "select id, concat(*columns(c -> c like '%a%')) as c from {{ ref('stg') }}"),
];

/// The same for Snowflake's SQL on the embedded engine.
const SNOWFLAKE_MODELS: [Model; 39] = [
    (
        "stg",
        "select id, customer, lower(email) as email, amount::number(10,2) as amount, day, status, tags from {{ ref('orders') }}",
    ),
    (
        "flat",
        "select o.id, f.value::varchar as tag, f.index as place, f.this as whole from {{ ref('stg') }} o, lateral flatten(input => split(o.tags, '|')) f where f.index < 3",
    ),
    (
        "packed",
        "select id, object_construct('e', email, 'd', day, 's', object_construct('t', tags)) as o from {{ ref('stg') }}",
    ),
    (
        "taken",
        "select id, o:e::varchar as e, o:d::date as d, o:s.t::varchar as t, get(o, 'e') as raw from {{ ref('packed') }}",
    ),
    ("whole", "select object_construct(*) as everything, hash(id, name) as h from {{ ref('people') }}"),
    (
        "aliased",
        "with t(a, b) as (select id, email from {{ ref('stg') }}) select u.x, u.y, $1 as first from (select a, b from t) as u(x, y)",
    ),
    (
        "scalar",
        "select p.id, (select max(s.email) from {{ ref('stg') }} s where s.customer = p.id) as last_email, exists (select 1 from {{ ref('stg') }} s where s.customer = p.id and s.status = 'void') as has_void from {{ ref('people') }} p",
    ),
    (
        "arms",
        "select id, name as label from {{ ref('people') }} union all select id, email from {{ ref('stg') }} minus select column1, column2 from values (1, 'Ann'), (99, 'nobody')",
    ),
    (
        "ranked",
        "select day, id, amount, row_number() over (partition by day order by amount desc, id) as place, last_value(email) over (partition by customer order by id) as last_mail, lag(status, 1, tags) over (order by id) as before from {{ ref('stg') }} qualify place <= 2",
    ),
    (
        "grouped",
        "select day, count(*) as orders, count(distinct email) as people, listagg(tags, ',') within group (order by id desc) as all_tags, max_by(email, amount) as dearest, object_agg(id || tags, status::variant) as states from {{ ref('stg') }} group by all having count(*) > 0",
    ),
    (
        "pivoted",
        "select * from (select customer, status, amount from {{ ref('stg') }}) pivot (sum(amount) for status in ('paid', 'void')) as p (customer, paid, void)",
    ),
    (
        "unpivoted",
        "select id, kind, contact from (select id, email, status from {{ ref('stg') }}) unpivot (contact for kind in (email, status))",
    ),
    (
        "closest",
        "select p.name, s.amount, s.day from {{ ref('people') }} p asof join {{ ref('stg') }} s match_condition (p.id >= s.id) on p.id = s.customer",
    ),
    (
        "merged",
        "select * from (select id, email, status from {{ ref('stg') }}) natural join (select id, name from {{ ref('people') }})",
    ),
    (
        "full_joined",
        "select id, email, name from (select id, email from {{ ref('stg') }} where status = 'paid') full outer join (select id, name from {{ ref('people') }}) using (id)",
    ),
    (
        "old_join",
        "select s.id, p.name from {{ ref('stg') }} s, {{ ref('people') }} p where p.id (+) = s.customer and p.name (+) <> 'Bob'",
    ),
    (
        "chains",
        "with recursive t (id, chain, depth) as (select id, email, 1 from {{ ref('stg') }} where customer = 1 union all select s.id, t.chain || s.status, t.depth + 1 from t join {{ ref('stg') }} s on s.id = t.id + 1 where t.depth < 3) select id, chain, depth from t",
    ),
    ("starred", "select * exclude (tags, day) rename (email as contact), status || id as more from {{ ref('stg') }}"),
    (
        "shadows",
        "select lower(email) as tags, tags as plain, status as contact, contact || amount as both_of_them from {{ ref('stg') }} where contact <> 'x'",
    ),
    (
        "lambdas",
        "select id, filter(split(tags, '|'), t -> t::varchar <> status) as kept, transform(array_construct(email, status), email -> email || tags) as marked from {{ ref('stg') }}",
    ),
    (
        "split_up",
        "select s.id, t.value as part, t.index as place from {{ ref('stg') }} s, lateral split_to_table(s.email, '@') t",
    ),
    (
        "chosen",
        "select iff(amount > 5, email, status) as a, decode(customer, 1, tags, 2, email, 'x') as b, nvl2(status, day, null) as c, coalesce(nullif(email, 'x'), tags) as d from {{ ref('stg') }} where (id, customer) in (select customer, id from {{ ref('stg') }} where status = 'paid') or id > 1",
    ),
    (
        "pieces",
        "select id, o:s.t::varchar as t, array_construct(o:e, o:d)[0]::varchar as first, object_keys(o) as keys from {{ ref('packed') }}",
    ),
    (
        "twice_flat",
        "select p.id, g.value::varchar as part, g.index as place from {{ ref('stg') }} p, lateral flatten(input => array_construct(split(p.tags, '|'), split(p.email, '@'))) f, lateral flatten(input => f.value) g where f.index < 2",
    ),
    (
        "rolled",
        "select status, day, grouping(day) as g, sum(amount) as s from {{ ref('stg') }} group by rollup (status, day) having sum(amount) > 3",
    ),
    (
        "grouping_sets",
        "select status, customer, count(*) as n, max(email) as m from {{ ref('stg') }} group by grouping sets ((status), (customer), ())",
    ),
    ("swapped", "select email as tags, tags as email, lower(status) as s from {{ ref('stg') }}"),
    (
        "in_pairs",
        "select id, email in (select email from {{ ref('stg') }} where day > '2026-01-01') as late from {{ ref('stg') }} where (customer, status) in (select id, 'paid' from {{ ref('people') }} where name < 'C')",
    ),
    (
        "common",
        "select email, status from {{ ref('stg') }} intersect select email, 'paid' from {{ ref('stg') }} where tags like 'a%' or customer = 2",
    ),
    (
        "by_name",
        "select id, email as contact from {{ ref('stg') }} union all by name select name as contact, id from {{ ref('people') }}",
    ),
    (
        "valued",
        "select s.id, v.kind, v.contact from {{ ref('stg') }} s, lateral (select column1 as kind, column2 as contact from values ('m', s.email), ('s', s.status)) v",
    ),
    (
        "named",
        "with w(a, b, c) as (select id, email, amount from {{ ref('stg') }}), v as (select b, sum(c) as total from w group by b) select w.a, v.total from w join v using (b) where v.total > 2",
    ),
    ("tops", "select top 2 id, email from {{ ref('stg') }} order by amount desc, id"),
    ("distincts", "select distinct status, iff(day > '2026-01-01', customer, 0) as c from {{ ref('stg') }}"),
    (
        "braced",
        "select q.*, q.o:m::varchar as m from (select id, object_construct_keep_null('m', email, 'n', object_construct('t', tags)) as o from {{ ref('stg') }}) q",
    ),
    (
        "framed",
        "select id, sum(amount) over (partition by customer order by id rows between 1 preceding and current row) as two, ratio_to_report(amount) over (partition by status) as share, ntile(2) over (order by amount, id) as half from {{ ref('stg') }}",
    ),
    (
        "nested",
        "select p.id, (select max(s.amount) from {{ ref('stg') }} s where s.customer = p.id and s.status = 'paid') as most from {{ ref('people') }} p where exists (select 1 from {{ ref('stg') }} s where s.customer = p.id and s.tags like '%b%')",
    ),
    (
        "reduced",
        "select id, reduce(split(tags, '|'), status, (acc, t) -> acc || t::varchar || email) as r from {{ ref('stg') }}",
    ),
    (
        "left_joined",
        "select p.name, s.email, nvl(s.amount, 0) as amount from {{ ref('people') }} p left join {{ ref('stg') }} s on s.customer = p.id and s.day > '2026-01-01'",
    ),
];

const ORDERS: &str = "id,customer,email,amount,day,status,tags\n1,1,Ann@x.org,10.5,2026-01-01,paid,a|b\n2,2,bob@x.org,7,2026-01-01,paid,c\n3,1,ann@y.org,3,2026-01-02,void,a\n4,3,Cid@x.org,8,2026-01-02,paid,b|d\n5,2,bob@z.org,2,2026-01-02,paid,e\n";
const PEOPLE: &str = "id,name\n1,Ann\n2,Bob\n3,Cid\n";

/// Every cell of every column of the models, by column.
fn cells(bench: &Bench, models: &[Model]) -> BTreeMap<String, Vec<String>> {
    let answer = bench.run(&words("build --full-refresh --quiet"));
    assert_eq!(answer.code, 0, "the build failed\n{}", answer.stderr);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let database = duckdb::Connection::open(bench.folder().join("shop.duckdb")).expect("the database opens");
    for (model, _) in models {
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

/// How the two engines are reached.
const DUCKDB: &str = "{type: duckdb, path: shop.duckdb, schema: main, threads: 1}";
const SNOWFLAKE: &str = "{type: snowflake, engine: duckdb, path: shop.duckdb, account: local, user: ann, role: LOADER, database: SHOP, warehouse: LOCAL, schema: MAIN, threads: 1}";

/// The models over their two seeds.
fn project(models: &[Model], output: &str) -> Bench {
    let bench = Bench::new();
    bench.write("dbt_project.yml", "name: shop\nversion: \"1.0\"\nprofile: shop\nmodels: {+materialized: table}\n");
    bench.write("profiles.yml", &format!("shop:\n  target: dev\n  outputs:\n    dev: {output}\n"));
    for (model, sql) in models {
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
    let bench = project(&MODELS[..10], DUCKDB);
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
    perturb(&MODELS, DUCKDB);
}

#[test]
fn what_changes_with_a_source_column_is_in_the_lineage_of_snowflakes_sql() {
    perturb(&SNOWFLAKE_MODELS, SNOWFLAKE);
}

/// Changes the seeds' values, one after the other: what changes in the models' columns must be named by their lineage.
fn perturb(models: &[Model], output: &str) {
    let bench = project(models, output);
    let folded = |name: &str| if output == SNOWFLAKE { name.to_uppercase() } else { name.to_owned() };
    let before = cells(&bench, models);
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
                let after = cells(&bench, models);
                for (name, old) in &before {
                    if after.get(name) != Some(old) {
                        let source = format!("{seed}.{}", folded(column));
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
