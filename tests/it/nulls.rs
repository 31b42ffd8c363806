//! Whether columns can be NULL, as it is inferred, against what is in them: a column that is said never to be NULL has no NULL.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::{Bench, words};

/// Models, each with the columns that must be proven, and those that must be said to be NULL at times.
const MODELS: [(&str, &str, &str, &str); 12] = [
    (
        "joined",
        "select x.id as x_id, y.id as y_id, coalesce(y.c, 0) as filled, x.id + 1 as more from {{ ref('one') }} x left join {{ ref('two') }} y on y.id = x.a",
        "x_id filled more",
        "y_id",
    ),
    (
        "filtered",
        "select y.id as y_id, x.t, upper(x.t) as loud, x.a from {{ ref('one') }} x left join {{ ref('two') }} y on y.id = x.a where y.id > 0 and x.t like '%x%'",
        "y_id t loud",
        "",
    ),
    ("either", "select x.id, x.a from {{ ref('one') }} x where x.a = 1 or x.id is not null", "id", "a"),
    (
        "turned",
        "select x.a, y.c from {{ ref('one') }} x full join {{ ref('two') }} y on y.id = x.id where not (x.a is null or y.c between 5 and 6)",
        "a c",
        "",
    ),
    (
        "cases",
        "select case when a is null then 0 else a end as guarded, case a when 1 then 'one' else 'more' end as named, case when id > 2 then id end as some, if(a is not null, a, 7) as chosen, nullif(id, 1) as cut from {{ ref('one') }}",
        "guarded named chosen",
        "some cut",
    ),
    (
        "grouped",
        "select t, count(*) as n, count(a) as filled, sum(id) as total, sum(a) as partly from {{ ref('one') }} group by t",
        "n filled total",
        "t partly",
    ),
    ("whole", "select count(*) as n, max(id) as most from {{ ref('one') }} where id > 99", "n", "most"),
    ("rolled", "select id, count(*) as n from {{ ref('one') }} group by rollup (id)", "", "id"),
    (
        "windows",
        "select row_number() over (order by id) as place, lag(id) over (order by id) as before, lag(id, 1, 0) over (order by id) as before_or_none from {{ ref('one') }}",
        "place before_or_none",
        "before",
    ),
    (
        "united",
        "select id, a from {{ ref('one') }} union all select id, 1 from {{ ref('two') }} where id is not null union all by name select 5 as id",
        "id",
        "a",
    ),
    (
        "subqueries",
        "select (select max(c) from {{ ref('two') }} y where y.id = x.id) as latest, (select count(*) from {{ ref('two') }} y where y.id = x.id) as n, exists (select 1 from {{ ref('two') }} y where y.c = x.a) as is_there, x.a in (1, 2) as is_low from {{ ref('one') }} x",
        "n is_there",
        "latest is_low",
    ),
    (
        "recursive",
        "with recursive chain as (select id, a, 0 as depth from {{ ref('one') }} union all select c.id, y.c, c.depth + 1 from chain c left join {{ ref('two') }} y on y.id = c.a where c.depth < 2) select id, a, depth from chain",
        "",
        "a",
    ),
];

#[test]
fn what_is_never_null_has_no_null() {
    let bench = Bench::new();
    bench.write("dbt_project.yml", "name: shop\nversion: \"1.0\"\nprofile: shop\n");
    bench.write(
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}\n",
    );
    bench.write("seeds/one.csv", "id,a,t\n1,1,x\n2,,\n3,3,yx\n4,9,z\n");
    bench.write("seeds/two.csv", "id,c\n1,\n3,8\n5,2\n");
    for (model, sql, ..) in MODELS {
        bench.write(&format!("models/{model}.sql"), sql);
    }
    let built = bench.run(&words("build --quiet"));
    assert_eq!(built.code, 0, "the build failed\n{}", built.stderr);
    let shown = bench.run(&words("show --schema --output json --select resource_type:model"));
    let database = duckdb::Connection::open(bench.folder().join("shop.duckdb")).expect("the database opens");
    let mut said: BTreeMap<String, Option<bool>> = BTreeMap::new();
    for line in shown.stdout.lines() {
        let record: Value = serde_json::from_str(line).expect("a JSON line");
        let model = record["node"].as_str().and_then(|id| id.rsplit('.').next()).expect("a model").to_owned();
        for column in record["schema"].as_array().expect("columns") {
            let name = column["name"].as_str().expect("a name");
            let nullable = column["nullable"].as_bool();
            said.insert(format!("{model}.{name}"), nullable);
            let count = format!("select count(*) - count(\"{name}\") from {model}");
            let nulls: i64 = database.query_row(&count, [], |row| row.get(0)).expect("a count");
            assert!(
                nullable != Some(false) || nulls == 0,
                "{model}.{name} is said never to be NULL, and is {nulls} times"
            );
        }
    }
    for (model, _, never, may) in MODELS {
        for (names, wanted) in [(never, Some(false)), (may, Some(true))] {
            for name in names.split_whitespace() {
                assert_eq!(said.get(&format!("{model}.{name}")), Some(&wanted), "{model}.{name}");
            }
        }
    }
}
