//! Snowflake on `DuckDB`, with a translator that knows a few words: what the warehouse adds to a translation.

use std::sync::{Arc, Mutex};

use merganser::sql::{Dialect, Quoting, Relation};
use merganser::warehouse::{
    Cell, DuckDbOptions, LocalTranslation, RelationColumns, SchemaName, Translate, Warehouse, WarehouseError,
    open_local,
};

use crate::services::folder;

/// Sends statements as they are; `describe` asks about a relation and remembers the answer.
#[derive(Clone, Default)]
struct Words(Arc<Mutex<Vec<Option<Vec<String>>>>>);

impl Translate for Words {
    fn translate(
        &self,
        sql: &str,
        columns: &dyn RelationColumns,
    ) -> Result<LocalTranslation, WarehouseError> {
        let words: Vec<&str> = sql.split_whitespace().collect();
        let mut translation =
            LocalTranslation { statements: vec![sql.to_owned()], ..LocalTranslation::default() };
        match words[..] {
            ["use", schema] => {
                translation.statements.clear();
                translation.current = Some((columns.current().0, schema.to_owned()));
            }
            ["describe", name] => {
                let quoting = Quoting { database: false, schema: false, identifier: false };
                let relation =
                    Relation { database: None, schema: None, identifier: name.to_owned(), quoting };
                let answer = columns.columns(&relation).map(|c| c.into_iter().map(|c| c.data_type).collect());
                self.0.lock().unwrap().push(answer);
                translation.statements = vec!["select 1".to_owned()];
            }
            ["create", "database", name] => {
                translation.databases = vec![name.to_owned()];
                translation.statements.clear();
            }
            ["shifted", ..] => {
                translation.statements = vec!["select 1".to_owned(), "select\n  nocol".to_owned()];
                translation.places = vec![((1, 1), (1, 1)), ((3, 1), (7, 4))];
            }
            _ => {}
        }
        Ok(translation)
    }
}

fn local(name: &str) -> (Words, Box<dyn Warehouse>) {
    let path = folder(name).join("shop.duckdb");
    let options = DuckDbOptions { path: Some(path), database: "SHOP".to_owned(), ..DuckDbOptions::default() };
    let words = Words::default();
    let warehouse = open_local(&options, Box::new(words.clone())).unwrap();
    warehouse.session().unwrap().execute("create schema PUBLIC").unwrap();
    (words, warehouse)
}

#[test]
fn types_are_in_snowflakes_words_and_nulls_sort_as_there() {
    let (_, warehouse) = local("local-types");
    assert_eq!(warehouse.dialect(), Dialect::Snowflake);
    let mut session = warehouse.session().unwrap();
    session
        .execute(
            "create table PUBLIC.T(id bigint not null, n decimal(10,2), j json, at_ timestamp, l varchar[])",
        )
        .unwrap();
    let outcome = session.execute("select * from PUBLIC.T").unwrap();
    let types: Vec<_> = outcome.table.columns.iter().map(|c| c.data_type.as_str()).collect();
    let expected = ["NUMBER(38,0)", "NUMBER(10,2)", "VARIANT", "TIMESTAMP_NTZ(9)", "ARRAY"];
    assert_eq!(types, expected);
    let catalog = warehouse.catalog(&[SchemaName::new("shop", "public")]).unwrap();
    let columns = &catalog.schemas[&SchemaName::new("shop", "public")]["t"].columns;
    assert_eq!(columns.iter().map(|c| c.data_type.as_str()).collect::<Vec<_>>(), expected);
    let sorted = session.execute("select a from (values (1), (null), (2)) t(a) order by a desc").unwrap();
    assert_eq!(sorted.table.rows[0][0], Cell::Null);
    assert_eq!(sorted.message, "SUCCESS 3");
}

#[test]
fn columns_are_looked_up_once_until_something_is_defined() {
    let (words, warehouse) = local("local-columns");
    let mut session = warehouse.session().unwrap();
    session.execute("use PUBLIC").unwrap();
    session.execute("describe t").unwrap();
    session.execute("create table t as select 1 as a").unwrap();
    session.execute("describe t").unwrap();
    session.execute("create or replace table t as select 'x' as a").unwrap();
    session.execute("describe T").unwrap();
    let answers = words.0.lock().unwrap().clone();
    assert_eq!(
        answers,
        [None, Some(vec!["NUMBER(38,0)".to_owned()]), Some(vec!["VARCHAR(16777216)".to_owned()])]
    );
}

#[test]
fn a_place_is_one_in_the_statement_as_written() {
    let (_, warehouse) = local("local-places");
    let error = warehouse.session().unwrap().execute("shifted").unwrap_err();
    assert_eq!(error.position, Some((7, 4)), "{error:?}");
}

#[test]
fn another_database_is_a_file_beside_the_main_one() {
    let (_, warehouse) = local("local-databases");
    let mut session = warehouse.session().unwrap();
    session.execute("create database RAW").unwrap();
    session.execute("create table RAW.main.t as select 1 as a").unwrap();
    session.execute("begin").unwrap();
    session.execute("create table SHOP.PUBLIC.t as select 1 as a").unwrap();
    let error = session.execute("insert into RAW.main.t values (2)").unwrap_err();
    assert!(error.help.as_deref().unwrap_or_default().contains("one of them only"), "{error:?}");
    session.execute("rollback").unwrap();
    let catalog = warehouse.catalog(&[SchemaName::new("raw", "main")]).unwrap();
    assert!(catalog.schemas[&SchemaName::new("raw", "main")].contains_key("t"));
}
