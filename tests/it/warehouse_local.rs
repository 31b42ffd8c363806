//! Snowflake on `DuckDB`: what the warehouse adds to a translation.

use merganser::sql::{Dialect, SessionContext};
use merganser::warehouse::{Cell, DuckDbOptions, SchemaName, Session, Warehouse, open_local};

use crate::services::folder;

fn local(name: &str) -> Box<dyn Warehouse> {
    let path = folder(name).join("shop.duckdb");
    let options = DuckDbOptions { path: Some(path), database: "SHOP".to_owned(), ..DuckDbOptions::default() };
    open_local(&options, &SessionContext::default()).unwrap()
}

fn run(session: &mut dyn Session, sql: &str) -> Vec<Vec<Cell>> {
    session.execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")).table.rows
}

#[test]
fn names_types_and_order_are_snowflakes() {
    let warehouse = local("local-types");
    assert_eq!(warehouse.dialect(), Dialect::Snowflake);
    let mut session = warehouse.session().unwrap();
    run(session.as_mut(), "create table t (id number(38,0) not null, n number(10,2), v variant, s varchar)");
    let outcome = session.execute("select * from t").unwrap();
    let names: Vec<_> = outcome.table.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["ID", "N", "V", "S"]);
    let types: Vec<_> = outcome.table.columns.iter().map(|c| c.data_type.as_str()).collect();
    assert_eq!(types[1], "NUMBER(10,2)");
    assert!(types[2].starts_with("VARIANT"), "{types:?}");
    let catalog = warehouse.catalog(&[SchemaName::new("shop", "public")]).unwrap();
    let columns = &catalog.schemas[&SchemaName::new("shop", "public")]["t"].columns;
    assert_eq!(columns[1].data_type, "NUMBER(10,2)");
    let sorted = run(session.as_mut(), "select column1 as a from values (1), (null), (2) order by a desc");
    assert_eq!(sorted[0][0], Cell::Null);
}

#[test]
fn columns_are_looked_up_again_when_something_is_defined() {
    let mut session = local("local-columns").session().unwrap();
    let session = session.as_mut();
    run(session, "create table t as select parse_json('{\"a\": \"x\"}') as v");
    assert_eq!(run(session, "select v:a::varchar from t")[0][0], Cell::Text("x".to_owned()));
    run(session, "create or replace table t as select 'y' as w");
    assert_eq!(run(session, "select w from t")[0][0], Cell::Text("y".to_owned()));
    let error = session.execute("select v from t").unwrap_err();
    assert_eq!((error.code.as_deref(), error.position), (Some("unknown-column"), Some((1, 8))), "{error:?}");
}

#[test]
fn counts_and_places_are_those_of_the_statement_as_written() {
    let mut session = local("local-counts").session().unwrap();
    let session = session.as_mut();
    run(session, "create table t (id int, v varchar)");
    assert_eq!(session.execute("insert into t values (1, 'a'), (2, 'b')").unwrap().affected, Some(2));
    let updated = session.execute("update t set v = 'c' where id = 2").unwrap();
    assert_eq!((updated.affected, updated.message.as_str()), (Some(1), "SUCCESS 1"));
    let error = session.execute("select id,\n  v::int\nfrom t").unwrap_err();
    assert_eq!(error.position.map(|(line, _)| line), Some(2), "{error:?}");
}

#[test]
fn a_transaction_is_rolled_back() {
    let mut session = local("local-transactions").session().unwrap();
    let session = session.as_mut();
    run(session, "create table t (id int)");
    run(session, "begin");
    run(session, "insert into t values (1)");
    run(session, "rollback");
    assert_eq!(run(session, "select count(*) from t")[0][0], Cell::Integer(0));
}

#[test]
fn another_database_is_a_file_beside_the_main_one() {
    let warehouse = local("local-databases");
    let mut session = warehouse.session().unwrap();
    let session = session.as_mut();
    run(session, "create schema raw.landing");
    run(session, "create table raw.landing.t as select 1 as a");
    assert_eq!(run(session, "select a from raw.landing.t")[0][0], Cell::Integer(1));
    run(session, "create table t as select 1 as a");
    run(session, "begin");
    run(session, "insert into t values (2)");
    let error = session.execute("insert into raw.landing.t values (2)").unwrap_err();
    assert!(error.help.as_deref().unwrap_or_default().contains("one of them only"), "{error:?}");
    run(session, "rollback");
    let catalog = warehouse.catalog(&[SchemaName::new("raw", "landing")]).unwrap();
    assert!(catalog.schemas[&SchemaName::new("raw", "landing")].contains_key("t"));
}
