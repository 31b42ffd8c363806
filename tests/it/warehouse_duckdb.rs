//! The embedded `DuckDB`: every type, errors with places, the catalog, appending, threads and locks.

use std::path::PathBuf;
use std::process::Command;

use crate::services::folder;
use merganser::sql::{Quoting, Relation, RelationKind};
use merganser::warehouse::{Attach, Cell, DuckDbOptions, SchemaName, Warehouse, open_duckdb};

/// A database in memory.
fn memory() -> Box<dyn Warehouse> {
    open_duckdb(&DuckDbOptions { database: "db".to_owned(), ..DuckDbOptions::default() }).unwrap()
}

fn on_disk(name: &str) -> (PathBuf, DuckDbOptions) {
    let path = folder(name).join("deeper/shop.duckdb");
    (path.clone(), DuckDbOptions { path: Some(path), database: "shop".to_owned(), ..DuckDbOptions::default() })
}

fn relation(parts: [&str; 3]) -> Relation {
    Relation {
        database: Some(parts[0].to_owned()),
        schema: Some(parts[1].to_owned()),
        identifier: parts[2].to_owned(),
        quoting: Quoting { database: true, schema: true, identifier: true },
    }
}

/// SQL, the type's name, the kind of cell and its text.
const VALUES: [(&str, &str, &str, &str); 40] = [
    ("true", "BOOLEAN", "Boolean", "true"),
    ("(-128)::tinyint", "TINYINT", "Integer", "-128"),
    ("18446744073709551615::ubigint", "UBIGINT", "Integer", "18446744073709551615"),
    (
        "(-170141183460469231731687303715884105728)::hugeint",
        "HUGEINT",
        "Integer",
        "-170141183460469231731687303715884105728",
    ),
    (
        "340282366920938463463374607431768211455::uhugeint",
        "UHUGEINT",
        "Decimal",
        "340282366920938463463374607431768211455",
    ),
    (
        "'-12345678901234567890123456789012345678901234567890'::bignum",
        "BIGNUM",
        "Decimal",
        "-12345678901234567890123456789012345678901234567890",
    ),
    ("77::bignum", "BIGNUM", "Integer", "77"),
    ("0.1::float", "FLOAT", "Float", "0.10000000149011612"),
    ("1e300::double", "DOUBLE", "Float", "1e300"),
    (
        "12345678901234567890123456789.123456789::decimal(38,9)",
        "DECIMAL(38,9)",
        "Decimal",
        "12345678901234567890123456789.123456789",
    ),
    ("5::decimal(38,0)", "DECIMAL(38,0)", "Decimal", "5"),
    ("-0.05::decimal(4,2)", "DECIMAL(4,2)", "Decimal", "-0.05"),
    ("'ä🦆'", "VARCHAR", "Text", "ä🦆"),
    ("'\\x00\\xFF'::blob", "BLOB", "Binary", "00ff"),
    ("'0101101'::bit", "BIT", "Text", "0101101"),
    ("'1b4e28ba-2fa1-11d2-883f-0016d3cca427'::uuid", "UUID", "Text", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
    ("date '2024-02-29'", "DATE", "Date", "2024-02-29"),
    ("date '5877642-06-25 (BC)'", "DATE", "Text", "5877642-06-25 (BC)"),
    ("'infinity'::date", "DATE", "Text", "infinity"),
    ("time '23:59:59.123456'", "TIME", "Time", "23:59:59.123456"),
    ("'12:00:00.123456789'::time_ns", "TIME_NS", "Time", "12:00:00.123456789"),
    ("time '24:00:00'", "TIME", "Text", "24:00:00"),
    ("'01:02:03+05:30'::timetz", "TIME WITH TIME ZONE", "Text", "01:02:03+05:30"),
    ("timestamp '1969-12-31 23:59:59.999999'", "TIMESTAMP", "Timestamp", "1969-12-31 23:59:59.999999"),
    ("timestamp_s '2024-01-01 00:00:01'", "TIMESTAMP_S", "Timestamp", "2024-01-01 00:00:01"),
    ("timestamp_ms '2024-01-01 00:00:01.5'", "TIMESTAMP_MS", "Timestamp", "2024-01-01 00:00:01.500"),
    ("timestamp_ns '2024-01-01 00:00:00.123456789'", "TIMESTAMP_NS", "Timestamp", "2024-01-01 00:00:00.123456789"),
    ("'-infinity'::timestamp", "TIMESTAMP", "Text", "-infinity"),
    ("interval '14 months 3 days 04:05:06.7'", "INTERVAL", "Text", "1 year 2 months 3 days 04:05:06.7"),
    ("interval '0 days'", "INTERVAL", "Text", "00:00:00"),
    ("'b'::enum('a', 'b')", "ENUM('a', 'b')", "Text", "b"),
    ("'{\"a\": 1}'::json", "JSON", "Json", "{\"a\": 1}"),
    ("[1, null, 3]", "INTEGER[]", "Json", "[1, null, 3]"),
    ("[1, 2]::integer[2]", "INTEGER[2]", "Json", "[1, 2]"),
    (
        "{'a': 1.5::decimal(3,1), 'b': ['x\"y'], 'j': '[1]'::json}",
        "STRUCT(a DECIMAL(3,1), b VARCHAR[], j JSON)",
        "Json",
        "{\"a\": 1.5, \"b\": [\"x\\\"y\"], \"j\": [1]}",
    ),
    ("map {1: 'x', 2: null}", "MAP(INTEGER, VARCHAR)", "Json", "{\"1\": \"x\", \"2\": null}"),
    ("union_value(k := 7)", "UNION(k INTEGER)", "Json", "{\"k\": 7}"),
    (
        "[170141183460469231731687303715884105727::hugeint]",
        "HUGEINT[]",
        "Json",
        "[170141183460469231731687303715884105727]",
    ),
    ("[date '2024-01-01']", "DATE[]", "Json", "[\"2024-01-01\"]"),
    ("null::decimal(5,1)", "DECIMAL(5,1)", "Null", ""),
];

#[test]
fn every_type_keeps_its_value_and_its_name() {
    let mut session = memory().session().unwrap();
    for (sql, data_type, kind, text) in VALUES {
        let table = session.execute(&format!("select {sql} as v")).unwrap_or_else(|e| panic!("{sql}: {e}")).table;
        let cell = &table.rows[0][0];
        assert_eq!(table.columns[0].name, "v");
        assert_eq!(table.columns[0].data_type, data_type, "{sql}");
        assert_eq!(format!("{cell:?}").split('(').next(), Some(kind), "{sql}: {cell:?}");
        assert_eq!(cell.to_string(), text, "{sql}");
    }
}

#[test]
fn the_engines_own_list_of_types_reads_without_an_error() {
    let mut session = memory().session().unwrap();
    let table = session.execute("select * from test_all_types()").unwrap().table;
    assert_eq!(table.rows.len(), 3);
    assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
    let nulls = table
        .columns
        .iter()
        .zip(&table.rows[2])
        .filter(|(c, _)| !c.name.starts_with("fixed") && !c.name.contains("fixed"));
    for (column, cell) in nulls {
        assert_eq!(*cell, Cell::Null, "{}", column.name);
    }
    let described = session.execute("describe select * from test_all_types()").unwrap().table;
    for (column, row) in table.columns.iter().zip(&described.rows) {
        assert_eq!(column.name, row[0].to_string());
        if !column.data_type.contains("ENUM") {
            let written = row[1].to_string().replace('"', "");
            assert_eq!(column.data_type.replace('"', ""), written, "{}", column.name);
        }
    }
}

#[test]
fn a_timestamp_with_time_zone_has_the_sessions_offset() {
    let warehouse = memory();
    let mut session = warehouse.session().unwrap();
    session.execute("set TimeZone = 'Europe/Berlin'").unwrap();
    let table = session.execute("select timestamptz '2024-07-01 12:00:00+00' t").unwrap().table;
    assert_eq!(table.columns[0].data_type, "TIMESTAMP WITH TIME ZONE");
    assert_eq!(table.rows[0][0].to_string(), "2024-07-01 14:00:00+02:00");
}

#[test]
fn statements_say_how_many_rows_they_changed() {
    let mut session = memory().session().unwrap();
    let mut affected = |sql: &str| session.execute(sql).unwrap().affected;
    assert_eq!(affected("create table t(a int)"), None);
    assert_eq!(affected("insert into t values (1), (2)"), Some(2));
    assert_eq!(affected("with x as (select 3 a) insert into t select a from x"), Some(1));
    assert_eq!(affected("update t set a = 5 where a > 1"), Some(2));
    assert_eq!(affected("delete from t where a = 5"), Some(2));
    assert_eq!(affected("create table u as select range a from range(10)"), Some(10));
    assert_eq!(
        affected("merge into t using (select 7 a) s on t.a = s.a when not matched then insert values (s.a)"),
        Some(1)
    );
    assert_eq!(affected("select 1::bigint as \"Count\""), None);
    assert_eq!(affected("-- nothing"), None);
    for sql in ["begin", "commit", "set threads = 1", "create view w as select 1 a"] {
        assert_eq!(session.execute(sql).unwrap().table.columns, [], "{sql}");
    }
    let table = session.execute("insert into t values (9) returning a + 1 as b").unwrap().table;
    assert_eq!(table.rows, [[Cell::Integer(10)]]);
    let counted = session.execute("with x as (select 1) select count(*) as \"Count\" from x").unwrap().table;
    assert_eq!(counted.rows, [[Cell::Integer(1)]]);
}

#[test]
fn errors_have_the_place_and_the_class() {
    let mut session = memory().session().unwrap();
    let mut error = |sql: &str| session.execute(sql).unwrap_err();
    let missing = error("select 1,\n  '漢字' , nocol\nfrom (select 1 b)");
    assert_eq!(missing.position, Some((2, 10)), "{missing:?}");
    assert_eq!(missing.code.as_deref(), Some("Binder"));
    assert_eq!(
        missing.message,
        "Binder Error: Referenced column \"nocol\" not found in FROM clause!\nCandidate bindings: \"b\""
    );
    assert_eq!(error("selct 1").position, Some((1, 1)));
    assert_eq!(error("select (select").position, Some((1, 15)));
    assert_eq!(error("select *\nfrom nope").position, Some((2, 6)));
    assert_eq!(error("select error('boom')").message, "Invalid Input Error: boom");
    let cast = error("select 'x'::int");
    assert_eq!((cast.position, cast.code.as_deref()), (Some((1, 11)), Some("Conversion")));
    assert!(error("select 1::variant").help.unwrap().contains("JSON"));
    let rollback = error("rollback");
    assert_eq!(rollback.code.as_deref(), Some("TransactionContext"));
    assert!(!rollback.retryable);
}

#[test]
fn a_conflict_between_transactions_can_be_retried() {
    let warehouse = memory();
    let (mut one, mut two) = (warehouse.session().unwrap(), warehouse.session().unwrap());
    one.execute("create table t as select 1 a").unwrap();
    for session in [&mut one, &mut two] {
        session.execute("begin").unwrap();
    }
    one.execute("update t set a = 2").unwrap();
    let error = two.execute("update t set a = 3").unwrap_err();
    assert!(error.retryable, "{error:?}");
    two.execute("rollback").unwrap();
    one.execute("commit").unwrap();
    assert_eq!(two.execute("update t set a = 3").unwrap().affected, Some(1));
}

#[test]
fn the_catalog_is_read_in_bulk_with_comments_and_order() {
    let (path, options) = on_disk("catalog");
    let warehouse = open_duckdb(&options).unwrap();
    let mut session = warehouse.session().unwrap();
    for sql in [
        "create schema \"Marts\"",
        "create table \"Marts\".\"Orders\"(\"Id\" bigint not null, amount decimal(10,2), tags varchar[])",
        "insert into \"Marts\".\"Orders\" values (1, 2, ['a'])",
        "comment on table \"Marts\".\"Orders\" is 'all ''orders'''",
        "comment on column \"Marts\".\"Orders\".amount is 'in euros'",
        "create view \"Marts\".v as select 1 as one",
        "create table main.other(a int)",
    ] {
        session.execute(sql).unwrap();
    }
    let marts = SchemaName::new("SHOP", "marts");
    let catalog = warehouse.catalog(&[marts.clone(), SchemaName::new("shop", "absent")]).unwrap();
    assert_eq!(catalog.schemas.keys().collect::<Vec<_>>(), [&marts]);
    let orders = catalog.relation(&relation(["shop", "MARTS", "orders"])).unwrap();
    assert_eq!((orders.database.as_str(), orders.schema.as_str(), orders.name.as_str()), ("shop", "Marts", "Orders"));
    assert_eq!((orders.kind, orders.rows), (RelationKind::Table, Some(1)));
    assert_eq!(orders.comment.as_deref(), Some("all 'orders'"));
    let columns: Vec<_> = orders.columns.iter().map(|c| (c.name.as_str(), c.data_type.as_str(), c.nullable)).collect();
    assert_eq!(columns, [("Id", "BIGINT", false), ("amount", "DECIMAL(10,2)", true), ("tags", "VARCHAR[]", true)]);
    assert_eq!(orders.columns[1].comment.as_deref(), Some("in euros"));
    assert_eq!(catalog.relation(&relation(["shop", "marts", "V"])).unwrap().kind, RelationKind::View);
    assert!(catalog.relation(&relation(["shop", "main", "other"])).is_none());
    assert!(path.exists());
    assert!(warehouse.describe().unwrap().contains("shop.duckdb"));
}

#[test]
fn appended_cells_become_what_the_columns_hold() {
    let warehouse = memory();
    let mut session = warehouse.session().unwrap();
    session
        .execute("create table t(d date, x decimal(38,10), j json, b blob, ts timestamptz, n bigint, s varchar default 'unset')")
        .unwrap();
    let row = session
        .execute("select date '2024-01-02', 1.5::decimal(38,10), '{\"a\":1}'::json, '\\x01'::blob, timestamptz '2024-01-01 00:00:00+00', 7")
        .unwrap()
        .table
        .rows
        .remove(0);
    let text: Vec<Cell> = ["2024-01-03", "99999999999999999999.0000000001", "[]", "x", "2024-01-01 01:00:00+01", "8"]
        .map(|text| Cell::Text(text.to_owned()))
        .to_vec();
    let columns = ["d", "x", "j", "b", "ts", "n"].map(str::to_owned);
    let table = relation(["db", "main", "t"]);
    assert_eq!(session.append(&table, &columns, vec![row.clone(), vec![Cell::Null; 6]]).unwrap(), 2);
    assert_eq!(session.append(&table, &columns, vec![text]).unwrap(), 1);
    let rows = session.execute("select * from t order by d nulls last").unwrap().table.rows;
    assert_eq!(rows[0][..6], row[..]);
    assert_eq!(rows[0][6], Cell::Text("unset".to_owned()));
    assert_eq!(rows[1][1].to_string(), "99999999999999999999.0000000001");
    assert_eq!(rows[1][4], rows[0][4]);
    assert_eq!(rows[2][5], Cell::Null);

    let missing = session.append(&relation(["db", "main", "absent"]), &columns, vec![row]).unwrap_err();
    assert!(missing.message.contains("absent"), "{missing}");
    let ragged = session.append(&table, &columns, vec![vec![Cell::Null]]).unwrap_err();
    assert_eq!(ragged.message, "row 1 has 1 values for 6 columns");
    let wrong = session.append(&table, &columns[..1], vec![vec![Cell::Text("no date".to_owned())]]).unwrap_err();
    assert!(wrong.message.starts_with("cannot append to"), "{wrong}");
    assert_eq!(session.execute("select count(*) from t").unwrap().table.rows[0][0], Cell::Integer(3));
}

#[test]
fn an_append_belongs_to_the_open_transaction() {
    let mut session = memory().session().unwrap();
    session.execute("create table t(a bigint)").unwrap();
    session.execute("begin").unwrap();
    let rows = (0..50_000).map(|n| vec![Cell::Integer(n)]).collect();
    session.append(&relation(["db", "main", "t"]), &["a".to_owned()], rows).unwrap();
    assert_eq!(session.execute("select sum(a) from t").unwrap().table.rows[0][0], Cell::Integer(1_249_975_000));
    session.execute("rollback").unwrap();
    assert_eq!(session.execute("select count(*) from t").unwrap().table.rows[0][0], Cell::Integer(0));
}

#[test]
fn four_threads_create_tables_at_once() {
    let (_, options) = on_disk("threads");
    let warehouse = open_duckdb(&options).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let warehouse = &warehouse;
            scope.spawn(move || {
                let mut session = warehouse.session().unwrap();
                for table in 0..25 {
                    let sql = format!("create or replace table t_{thread}_{table} as select range a from range(100)");
                    assert_eq!(session.execute(&sql).unwrap().affected, Some(100));
                }
            });
        }
    });
    let catalog = warehouse.catalog(&[SchemaName::new("shop", "main")]).unwrap();
    assert_eq!(catalog.schemas[&SchemaName::new("shop", "main")].len(), 100);
}

#[test]
fn another_thread_stops_a_statement() {
    let warehouse = memory();
    let mut session = warehouse.session().unwrap();
    let cancel = session.canceller().unwrap();
    let (started, waiting) = std::sync::mpsc::channel();
    let error = std::thread::scope(|scope| {
        let running = scope.spawn(move || {
            started.send(()).unwrap();
            session.execute("select count(*) from range(100000000000) a, range(1000) b").unwrap_err()
        });
        waiting.recv().unwrap();
        while !running.is_finished() {
            cancel();
            std::thread::yield_now();
        }
        running.join().unwrap()
    });
    assert_eq!(error.message, "the statement was cancelled");
}

#[test]
fn a_file_left_empty_is_made_anew_and_a_damaged_one_is_refused() {
    let (path, options) = on_disk("empty");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "").unwrap();
    drop(open_duckdb(&options).unwrap());
    std::fs::write(&path, "this is no database").unwrap();
    let error = open_duckdb(&options).map(|_| ()).unwrap_err();
    assert!(error.help.unwrap().contains("damaged"), "{}", error.message);
}

#[expect(clippy::disallowed_methods, reason = "how the other process hears what to open")]
fn file_to_hold() -> Option<PathBuf> {
    std::env::var("MERGANSER_IT_HOLD").ok().map(PathBuf::from)
}

/// The other process of [`a_second_process_hears_who_holds_the_file`]: not a test unless that one starts it.
#[test]
fn hold_the_file() {
    let Some(path) = file_to_hold() else { return };
    let options = DuckDbOptions { path: Some(path), database: "shop".to_owned(), ..DuckDbOptions::default() };
    let error = open_duckdb(&options).map(|_| ()).unwrap_err();
    eprintln!("{}\n{}", error.message, error.help.unwrap());
}

#[test]
fn a_second_process_hears_who_holds_the_file() {
    let (path, options) = on_disk("lock");
    let _open = open_duckdb(&options).unwrap();
    let other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "warehouse_duckdb::hold_the_file", "--nocapture"])
        .env("MERGANSER_IT_HOLD", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.success(), "{said}");
    assert!(said.contains("shop.duckdb` is in use by "), "{said}");
    assert!(said.contains(&format!("(PID {})", std::process::id())), "{said}");
    assert!(said.contains("one process at a time"), "{said}");
}

#[test]
fn settings_schema_attached_files_and_prelude_hold_in_every_session() {
    let folder = folder("options");
    let other = folder.join("other.duckdb");
    drop(open_duckdb(&DuckDbOptions {
        path: Some(other.clone()),
        database: "o".to_owned(),
        ..DuckDbOptions::default()
    }));
    let options = DuckDbOptions {
        path: Some(folder.join("main.duckdb")),
        database: "ANALYTICS".to_owned(),
        settings: vec![
            ("default_null_order".to_owned(), "nulls_first".to_owned()),
            ("threads".to_owned(), "1".to_owned()),
        ],
        attach: vec![Attach { path: other.display().to_string(), alias: Some("raw".to_owned()), read_only: true }],
        prelude: vec!["create macro sf_plus(x) as x + 1".to_owned()],
        ..DuckDbOptions::default()
    };
    let warehouse = open_duckdb(&options).unwrap();
    for _ in 0..2 {
        let mut session = warehouse.session().unwrap();
        let row = session
            .execute("select current_database(), sf_plus(1), current_setting('default_null_order'), current_setting('threads')")
            .unwrap()
            .table
            .rows
            .remove(0);
        assert_eq!(row.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ANALYTICS", "2", "NULLS_FIRST", "1"]);
        let error = session.execute("create table raw.main.t(a int)").unwrap_err();
        assert!(error.message.contains("read-only"), "{error}");
    }
    let wrong = DuckDbOptions { settings: vec![("no_such".to_owned(), "1".to_owned())], ..options };
    let error = open_duckdb(&DuckDbOptions { path: None, ..wrong }).map(|_| ()).unwrap_err();
    assert!(error.help.unwrap().contains("no_such"));
}
