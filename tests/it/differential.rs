//! The embedded engine against fakesnow, which others wrote: the same statements to both, fakesnow through Snowflake's protocol.
//!
//! Queries are generated from a grammar over a table with values on the edges, and taken from the cases. Where the two differ, one of
//! them is wrong, and `tests/differential.txt` says which, by Snowflake's documentation. Each line there has a part of the query's text
//! and the reason; a difference that no line explains is a failure, and a line that explains nothing too. What either of them refuses is not
//! compared. fakesnow takes its time, so that the suite compares a part: `DIFFERENTIAL=1000` in the environment generates so many queries,
//! and takes all of the cases.

use std::fmt::Write as _;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use merganser::warehouse::{Cell, Session, SnowflakeOptions, Warehouse, open_snowflake};
use serde_json::Value;

use crate::services::Fakesnow;
use crate::snowflake_cases::{cases, files, open};

/// A table of values on the edges, for both engines.
const TABLE: [&str; 2] = [
    "create table edges (id int, i int, n number(10,2), f float, s varchar, b boolean, d date, ts timestamp_ntz, v variant)",
    "insert into edges select column1, column2, column3, column4, column5, column6, column7, column8, parse_json(column9) from values \
     (1, 0, 0.00, 0.5, '', true, '2024-02-29'::date, '2024-02-29 23:59:59'::timestamp_ntz, '{\"a\": 1, \"b\": [1, \"x\"]}'), \
     (2, -7, -12.35, -2.25, 'Abc', false, '2023-12-31'::date, '2023-12-31 00:00:00'::timestamp_ntz, '{\"a\": \"x\", \"b\": []}'), \
     (3, 3, 7.50, 1000.125, 'a-b-c', true, '2024-01-01'::date, '2024-01-01 12:30:00'::timestamp_ntz, '{\"a\": null}'), \
     (4, null, null, null, null, null, null, null, null), \
     (5, 2147483648, 99.99, 3, ' x y ', false, '1969-12-31'::date, '1969-12-31 23:00:00'::timestamp_ntz, '[1, 2, 3]'), \
     (6, 12, 0.01, -0.5, 'ÄÖ', null, '2024-12-30'::date, '2024-12-30 01:02:03'::timestamp_ntz, '{\"a\": 2.5}')",
];

/// Expressions by the type of their result: n numbers, s text, b booleans, d dates, t timestamps, v semi-structured values.
const GRAMMAR: [(char, &[&str]); 6] = [
    (
        'n',
        &[
            "i",
            "n",
            "f",
            "{n} + {n}",
            "{n} - {n}",
            "{n} * 2",
            "{n} / 4",
            "mod({n}, 3)",
            "abs({n})",
            "round({n}, 1)",
            "ceil({n})",
            "floor({n})",
            "sign({n})",
            "trunc({n}, 1)",
            "coalesce({n}, 0)",
            "nullif({n}, 0)",
            "zeroifnull({n})",
            "iff({b}, {n}, {n})",
            "greatest({n}, {n})",
            "least({n}, 1)",
            "div0({n}, {n})",
            "length({s})",
            "position('b', {s})",
            "ascii({s})",
            "datediff(day, {d}, '2024-01-15'::date)",
            "datediff(month, {d}, '2024-01-15'::date)",
            "datediff(hour, {t}, '2024-01-15 00:00:00'::timestamp_ntz)",
            "year({d})",
            "quarter({d})",
            "dayofweek({d})",
            "weekiso({d})",
            "dayofyear({d})",
            "hour({t})",
            "array_size(v)",
            "{n}::int",
            "case when {b} then {n} else {n} end",
            "bitand(i, 7)",
            "square(i)",
            "regexp_count({s}, '[a-z]')",
        ],
    ),
    (
        's',
        &[
            "s",
            "upper({s})",
            "lower({s})",
            "trim({s})",
            "ltrim({s}, ' x')",
            "substr({s}, 2)",
            "substr({s}, -2, 1)",
            "left({s}, 2)",
            "right({s}, 2)",
            "replace({s}, 'b', 'zz')",
            "{s} || '-' || {s}",
            "concat({s}, 'q')",
            "lpad({s}, 5, '*')",
            "split_part({s}, '-', 2)",
            "split_part({s}, '-', -1)",
            "coalesce({s}, 'none')",
            "reverse({s})",
            "initcap({s})",
            "regexp_replace({s}, '[a-z]', '#')",
            "regexp_substr({s}, '[a-z]+')",
            "iff({b}, {s}, 'no')",
            "to_varchar(i)",
            "to_varchar({d})",
            "to_char({d}, 'YYYY/MM')",
            "md5({s})",
            "sha2({s})",
            "decode({s}, 'Abc', 'one', '', 'empty', 'other')",
            "nvl2({s}, 'yes', 'no')",
            "v:a::varchar",
            "repeat({s}, 2)",
            "translate({s}, 'ab', 'x')",
            "monthname({d})",
            "dayname({d})",
            "insert({s}, 1, 1, 'Z')",
            "strtok({s}, '-', 2)",
        ],
    ),
    (
        'b',
        &[
            "b",
            "{n} > {n}",
            "{n} = 0",
            "{s} = 'Abc'",
            "{s} like '%b%'",
            "{s} ilike 'a%'",
            "{n} between 0 and 10",
            "{n} in (0, 3, null)",
            "{s} is null",
            "not {b}",
            "{b} and {b}",
            "{b} or {b}",
            "startswith({s}, 'a')",
            "contains({s}, '-')",
            "{d} > '2024-01-01'",
            "equal_null({n}, null)",
            "{n} is distinct from 0",
            "endswith({s}, 'c')",
            "rlike({s}, '[a-z-]+')",
            "booland({n}, {n})",
            "is_null_value(v:a)",
            "v:a = 1",
            "{s} in ('Abc', '')",
        ],
    ),
    (
        'd',
        &[
            "d",
            "dateadd(day, 1, {d})",
            "dateadd(month, 1, {d})",
            "date_trunc('month', {d})",
            "date_trunc('week', {d})",
            "last_day({d})",
            "{d} + 1",
            "coalesce({d}, '2000-01-01'::date)",
            "add_months({d}, 1)",
            "next_day({d}, 'mo')",
            "{t}::date",
            "dateadd(year, -1, {d})",
            "date_trunc('quarter', {d})",
            "greatest({d}, '2024-01-01'::date)",
            "try_to_date('2024-02-30')",
            "date_from_parts(2024, i, 1)",
        ],
    ),
    (
        't',
        &[
            "ts",
            "dateadd(hour, 5, {t})",
            "date_trunc('hour', {t})",
            "dateadd(minute, -90, {t})",
            "{d}::timestamp_ntz",
            "coalesce({t}, '2000-01-01'::timestamp_ntz)",
        ],
    ),
    (
        'v',
        &[
            "v",
            "v:a",
            "v:b[0]",
            "object_construct('k', {n}, 's', {s})",
            "array_construct({n}, {s})",
            "parse_json('{\"x\": [1, 2]}'):x",
            "array_append(array_construct(1), 2)",
            "object_delete(object_construct('a', 1, 'b', 2), 'a')",
            "split({s}, '-')",
            "get(v, 'a')",
            "array_slice(array_construct(1, 2, 3), 0, 2)",
            "to_variant(i)",
        ],
    ),
];

/// Whole queries around expressions.
const QUERIES: [&str; 17] = [
    "select id, {n} as x from edges order by id",
    "select id, {s} as x from edges order by id",
    "select id, {b} as x from edges order by id",
    "select id, {d} as x from edges order by id",
    "select id, {t} as x from edges order by id",
    "select id, {v} as x from edges order by id",
    "select id from edges where {b} order by id",
    "select b, count(*) as x, sum({n}) as y, min({s}) as z from edges group by b order by b",
    "select b, avg({n}) as x, max({d}) as y, count(distinct {s}) as z from edges group by b order by b nulls first",
    "select id, sum(i) over (partition by b order by id) as x, lag({n}) over (order by id) as y from edges order by id",
    "select id, {s} as k from edges qualify row_number() over (partition by {b} order by id) = 1 order by id",
    "select x from (select {n} as x from edges union all select {n} from edges) order by x",
    "select k, count(*) as c, sum(m) as m, max(e) as e from (select {s} as k, {n} as m, {d} as e from edges) group by k order by k",
    "select id, coalesce({n}, {n}, i) as x, case when {b} then {n} when {b} then i else n end as y from edges order by id",
    "select id, first_value({n}) over (partition by b order by id) as x, last_value({s}) over (order by id) as y, rank() over (order by {d}, id) as z from edges order by id",
    "select x.id, y.id as other from edges as x left join (select id, {n} as k from edges) as y on x.n = y.k order by x.id, y.id",
    "select listagg({s}, ',') within group (order by id) as x from edges",
];

/// Numbers that look like chance and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("a remainder fits")
    }

    /// The text with an expression in each place, nested so deep.
    fn filled(&mut self, text: &str, depth: usize) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            let kind = rest[at + 1..].chars().next().filter(|_| rest[at + 2..].starts_with('}'));
            let known = kind.and_then(|kind| GRAMMAR.iter().find(|(of, _)| *of == kind));
            let Some((_, choices)) = known else {
                filled.push('{');
                rest = &rest[at + 1..];
                continue;
            };
            // Leaves come first in each list.
            let simple = choices.iter().filter(|choice| !choice.contains('{')).count();
            let choice = if depth == 0 {
                *choices.iter().filter(|choice| !choice.contains('{')).nth(self.below(simple)).expect("a leaf")
            } else {
                choices[self.below(choices.len())]
            };
            filled.push_str(&self.filled(choice, depth.saturating_sub(1)));
            rest = &rest[at + 3..];
        }
        filled + rest
    }
}

/// Expressions and queries of the cases that give a value.
fn corpus() -> Vec<String> {
    let mut queries = Vec::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        for (_, case) in cases(&text).into_iter().filter(|(_, case)| case.staged.is_empty()) {
            if case.kind == "values" && case.sql.is_empty() {
                let values = case.expected.lines().filter_map(|line| line.split_once(" ==> "));
                queries
                    .extend(values.filter(|(_, v)| !v.starts_with("error")).map(|(e, _)| format!("select {e} as x")));
            }
        }
    }
    queries
}

/// A result in one spelling for both engines.
fn spelled(rows: &[Vec<Cell>]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        let _ = writeln!(text, "{}", cells.join("|"));
    }
    text
}

fn cell(cell: &Cell) -> String {
    let number = |text: &str| {
        BigDecimal::from_str(text).map_or_else(|_| text.to_owned(), |n| n.with_prec(12).normalized().to_plain_string())
    };
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_) => number(&cell.to_string()),
        Cell::Json(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) => sorted(&value),
            Err(_) => text.clone(),
        },
        Cell::TimestampTz(at) => at.naive_utc().to_string(),
        other => other.to_string(),
    }
}

/// JSON with its keys in order and its numbers in one spelling.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut parts: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key:?}:{}", sorted(value))).collect();
            parts.sort();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

/// Both engines, with the table.
struct Both {
    _warehouse: Box<dyn Warehouse>,
    local: Box<dyn Session>,
    fakesnow: Box<dyn Session>,
}

impl Both {
    fn open() -> Self {
        let (warehouse, mut local) = open();
        let options = SnowflakeOptions {
            account: "fake".to_owned(),
            user: "snow".to_owned(),
            password: Some("hunter2-secret".to_owned()),
            host: Some("127.0.0.1".to_owned()),
            port: Some(Fakesnow::shared().port),
            protocol: Some("http".to_owned()),
            database: Some("DIFFERENTIAL".to_owned()),
            schema: Some("PUBLIC".to_owned()),
            ..SnowflakeOptions::default()
        };
        let mut fakesnow = open_snowflake(&options).expect("fakesnow answers").session().expect("a session");
        for statement in TABLE {
            local.execute(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            fakesnow.execute(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
        Self { _warehouse: warehouse, local, fakesnow }
    }

    /// What both say to a query, where both answer.
    fn ask(&mut self, sql: &str) -> Option<(String, String)> {
        let fakesnow = self.fakesnow.execute(sql).ok()?.table.rows;
        match self.local.execute(sql) {
            Ok(outcome) => Some((spelled(&outcome.table.rows), spelled(&fakesnow))),
            Err(error) if merganser::diagnostic::Code::by_name(error.code.as_deref().unwrap_or_default()).is_some() => {
                None
            }
            Err(error) => Some((format!("error: {}\n", error.message), spelled(&fakesnow))),
        }
    }
}

#[test]
fn where_fakesnow_differs_it_is_known_who_is_right() {
    let wanted: Option<usize> = std::env::var("DIFFERENTIAL").ok().and_then(|count| count.parse().ok());
    let known = include_str!("../differential.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known: Vec<(&str, &str)> = known.map(|line| line.split_once(" => ").expect("`text => reason`")).collect();
    let mut dice = Dice(0x5EED);
    let generated =
        (0..wanted.unwrap_or(72)).map(|turn| dice.filled(QUERIES[turn % QUERIES.len()], 2)).collect::<Vec<_>>();
    let mut both = Both::open();
    let (mut compared, mut unexplained, mut used) = (0, Vec::new(), vec![false; known.len()]);
    let corpus = corpus();
    for sql in generated.iter().chain(corpus.iter().step_by(if wanted.is_some() { 1 } else { 10 })) {
        let Some((local, fakesnow)) = both.ask(sql) else { continue };
        compared += 1;
        if local == fakesnow {
            continue;
        }
        match known.iter().position(|(text, _)| sql.to_lowercase().contains(&text.to_lowercase())) {
            Some(at) => used[at] = true,
            None => unexplained.push(format!("{sql}\nmerganser:\n{local}fakesnow:\n{fakesnow}")),
        }
    }
    assert!(unexplained.is_empty(), "{} of {compared} differ\n\n{}", unexplained.len(), unexplained.join("\n"));
    let idle: Vec<&str> = known.iter().zip(used).filter(|(_, used)| !used).map(|((text, _), _)| *text).collect();
    assert!(wanted.is_none() || idle.is_empty(), "lines of differential.txt that explain nothing: {idle:?}");
    assert!(compared > 100, "only {compared} queries were compared");
}
