//! Snowflake's protocol: against fakesnow as it is, and against a scripted server for what goes wrong on the way.

use std::time::{Duration, Instant};

use merganser::sql::{Quoting, Relation, RelationKind};
use merganser::warehouse::{Cell, SchemaName, Session, SnowflakeOptions, Warehouse, open_snowflake};
use serde_json::{Value, json};

use crate::services::{self, Fakesnow, SeaweedFs, Stub, StubAnswer, StubRequest};

fn options(port: u16, database: &str) -> SnowflakeOptions {
    SnowflakeOptions {
        account: "fake".to_owned(),
        user: "snow".to_owned(),
        password: Some("hunter2-secret".to_owned()),
        host: Some("127.0.0.1".to_owned()),
        port: Some(port),
        protocol: Some("http".to_owned()),
        database: Some(database.to_owned()),
        schema: Some("PUBLIC".to_owned()),
        connect_retries: 3,
        ..SnowflakeOptions::default()
    }
}

/// A warehouse on the shared fakesnow, with a database of the test's own.
fn fakesnow(database: &str) -> Box<dyn Warehouse> {
    open_snowflake(&options(Fakesnow::shared().port, database)).unwrap()
}

fn first(session: &mut dyn Session, sql: &str) -> Cell {
    session.execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")).table.rows.remove(0).remove(0)
}

#[test]
fn every_type_comes_back_from_fakesnow() {
    let mut session = fakesnow("TYPES").session().unwrap();
    let cases = [
        ("1::number(10,0)", "NUMBER(10,0)", "Integer", "1"),
        (
            "12345678901234567890123456789.125::number(38,9)",
            "NUMBER(38,9)",
            "Decimal",
            "12345678901234567890123456789.125000000",
        ),
        ("-0.05::number(4,2)", "NUMBER(4,2)", "Decimal", "-0.05"),
        ("1.5::float", "FLOAT", "Float", "1.5"),
        ("'ä🦆'", "VARCHAR(16777216)", "Text", "ä🦆"),
        ("true", "BOOLEAN", "Boolean", "true"),
        ("to_binary('00ff', 'HEX')", "BINARY(8388608)", "Binary", "00ff"),
        ("'2024-02-29'::date", "DATE", "Date", "2024-02-29"),
        ("'1969-12-31 23:59:59.5'::timestamp_ntz", "TIMESTAMP_NTZ(9)", "Timestamp", "1969-12-31 23:59:59.500"),
        ("'12:34:56.5'::time", "TIME(9)", "Time", "12:34:56.500"),
        ("parse_json('{\"a\": [1]}')", "VARIANT", "Json", "{\"a\":[1]}"),
        ("null::timestamp_ntz", "TIMESTAMP_NTZ(9)", "Null", ""),
        ("null::varchar", "VARCHAR(16777216)", "Null", ""),
    ];
    for (sql, data_type, kind, text) in cases {
        let outcome = session.execute(&format!("select {sql} as v")).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let cell = &outcome.table.rows[0][0];
        assert_eq!(outcome.table.columns[0].data_type, data_type, "{sql}");
        assert_eq!(format!("{cell:?}").split('(').next(), Some(kind), "{sql}: {cell:?}");
        assert_eq!(cell.to_string().replace(' ', ""), text.replace(' ', ""), "{sql}");
        assert!(outcome.query_id.is_some());
    }
    let mixed = "select * from values ('2024-01-01 00:00:00'::timestamp_ntz), (null) as t(a) order by a";
    assert_eq!(session.execute(mixed).unwrap().table.rows.len(), 2);
    let empty = session.execute("select 1 as a where false").unwrap().table;
    assert_eq!((empty.columns[0].name.as_str(), empty.rows.len()), ("A", 0));
}

#[test]
fn statements_say_how_many_rows_they_changed() {
    let mut session = fakesnow("COUNTS").session().unwrap();
    assert_eq!(session.execute("create table t(id int, v text)").unwrap().affected, None);
    assert_eq!(session.execute("insert into t values (1, 'a'), (2, 'b')").unwrap().affected, Some(2));
    let update = session.execute("update t set v = 'c' where id = 2").unwrap();
    assert_eq!((update.affected, update.message.as_str()), (Some(1), "SUCCESS 1"));
    let merge = "merge into t using (select 2 id, 'x' v union all select 3, 'y') s on t.id = s.id \
                 when matched then update set v = s.v when not matched then insert (id, v) values (s.id, s.v)";
    assert_eq!(session.execute(merge).unwrap().affected, Some(2));
    assert_eq!(session.execute("delete from t where id = 1").unwrap().affected, Some(1));
    assert_eq!(first(session.as_mut(), "select count(*) from t"), Cell::Integer(2));
    assert_eq!(session.execute("-- nothing").unwrap().query_id, None);
}

#[test]
fn a_transaction_is_rolled_back() {
    let mut session = fakesnow("TRANSACTIONS").session().unwrap();
    session.execute("create table t(id int)").unwrap();
    session.execute("begin").unwrap();
    session.execute("insert into t values (1)").unwrap();
    session.execute("rollback").unwrap();
    assert_eq!(first(session.as_mut(), "select count(*) from t"), Cell::Integer(0));
}

#[test]
fn an_error_keeps_code_and_state() {
    let mut session = fakesnow("ERRORS").session().unwrap();
    let error = session.execute("select * from nope").unwrap_err();
    assert_eq!((error.code.as_deref(), error.sql_state.as_deref()), (Some("002003"), Some("42S02")), "{error:?}");
    assert!(error.message.contains("does not exist"), "{error:?}");
    let refused = Instant::now();
    let error = session.execute("select ratio_to_report(1) over ()").unwrap_err();
    assert!(refused.elapsed() < Duration::from_secs(1), "a refusal is not sent again: {error:?}");
}

#[test]
fn the_catalog_is_one_statement_per_database() {
    let warehouse = fakesnow("CATALOG");
    let mut session = warehouse.session().unwrap();
    for sql in [
        "create schema marts",
        "create schema empty_one",
        "create table marts.orders(id int not null, amount number(10,2), name varchar(20), placed_at timestamp_ntz)",
        "create view marts.v as select id from marts.orders",
        "create table public.other(a int)",
    ] {
        session.execute(sql).unwrap();
    }
    let marts = SchemaName::new("catalog", "Marts");
    let empty = SchemaName::new("CATALOG", "EMPTY_ONE");
    let asked =
        [marts.clone(), empty.clone(), SchemaName::new("CATALOG", "absent"), SchemaName::new("no_such_db", "x")];
    let catalog = warehouse.catalog(&asked).unwrap();
    assert_eq!(catalog.schemas.keys().collect::<Vec<_>>(), [&empty, &marts]);
    assert!(catalog.schemas[&empty].is_empty());
    let relation = |name: &str| Relation {
        database: Some("CATALOG".to_owned()),
        schema: Some("MARTS".to_owned()),
        identifier: name.to_owned(),
        quoting: Quoting { database: false, schema: false, identifier: false },
    };
    let orders = catalog.relation(&relation("orders")).unwrap();
    assert_eq!((orders.name.as_str(), orders.kind), ("ORDERS", RelationKind::Table));
    let columns: Vec<_> = orders.columns.iter().map(|c| (c.name.as_str(), c.data_type.as_str(), c.nullable)).collect();
    assert_eq!(
        columns[..3],
        [("ID", "NUMBER(38,0)", false), ("AMOUNT", "NUMBER(10,2)", true), ("NAME", "VARCHAR(20)", true)]
    );
    assert!(columns[3].1.starts_with("TIMESTAMP_NTZ"), "{columns:?}");
    assert_eq!(catalog.relation(&relation("V")).unwrap().kind, RelationKind::View);
}

#[test]
fn four_sessions_create_tables_at_once() {
    let warehouse = fakesnow("THREADS");
    warehouse.session().unwrap().execute("create schema if not exists public").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let warehouse = &warehouse;
            scope.spawn(move || {
                let mut session = warehouse.session().unwrap();
                for table in 0..5 {
                    session.execute(&format!("create table t_{thread}_{table} as select {table} as a")).unwrap();
                }
            });
        }
    });
    let catalog = warehouse.catalog(&[SchemaName::new("threads", "public")]).unwrap();
    assert_eq!(catalog.schemas[&SchemaName::new("threads", "public")].len(), 20);
}

/// What fakesnow refuses, so that a newer one that no longer does is noticed.
#[test]
fn what_fakesnow_refuses() {
    let mut session = fakesnow("REFUSED").session().unwrap();
    session.execute("create table t(id int)").unwrap();
    session.execute("create table u(id int)").unwrap();
    let refused = [
        "alter session set query_tag = 'x'",
        "alter table t swap with u",
        "comment on column t.id is 'x'",
        "grant select on table t to role r",
        "create masking policy p as (v text) returns text -> 'x'",
        "create schema s clone public",
        "alter warehouse w suspend",
    ];
    let accepted: Vec<&str> = refused.into_iter().filter(|sql| session.execute(sql).is_ok()).collect();
    assert_eq!(accepted, Vec::<&str>::new());
}

// --- What goes wrong on the way, scripted. -----------------------------------------------------------------------

/// A full answer to a login.
fn login() -> StubAnswer {
    let data = json!({ "token": "session-token", "masterToken": "master-token", "sessionInfo": { "roleName": "R" },
        "parameters": [{ "name": "TIMEZONE", "value": "America/Los_Angeles" }] });
    ok(&json!({ "success": true, "data": data }))
}

fn ok(body: &Value) -> StubAnswer {
    StubAnswer::Body(200, body.to_string())
}

/// An answer with one value as JSON text.
fn value(data_type: &str, scale: i64, text: &str) -> String {
    let column = json!({ "name": "V", "type": data_type, "scale": scale, "precision": 38, "nullable": true });
    json!({ "success": true, "data": { "rowtype": [column], "rowset": [[text]], "total": 1, "queryId": "01b0-7" } })
        .to_string()
}

/// A server that logs in and answers statements as the script says.
fn scripted(script: impl Fn(&StubRequest, usize) -> StubAnswer + Send + Sync + 'static) -> (Stub, Box<dyn Session>) {
    let stub = Stub::start(move |request, before| match request.target.as_str() {
        target if target.starts_with("/session/v1/login-request") => login(),
        target if target.starts_with("/session?") => ok(&json!({ "success": true, "data": null })),
        _ => script(request, before),
    });
    let session = open_snowflake(&options(stub.port, "D")).unwrap().session().unwrap();
    (stub, session)
}

fn parameter(request: &StubRequest, name: &str) -> Option<String> {
    let query = request.target.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned)
}

#[test]
fn an_overloaded_server_is_asked_again_under_the_same_request() {
    let (stub, mut session) = scripted(|_, before| match before {
        0 | 1 => StubAnswer::Body(503, "busy".to_owned()),
        _ => StubAnswer::Body(200, value("fixed", 0, "7")),
    });
    let outcome = session.execute("select 7").unwrap();
    assert_eq!((outcome.table.rows[0][0].clone(), outcome.query_id.as_deref()), (Cell::Integer(7), Some("01b0-7")));
    let sent = stub.requests("/queries/v1/query-request");
    assert_eq!(sent.len(), 3);
    let ids: Vec<_> = sent.iter().map(|request| parameter(request, "requestId").unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let attempts: Vec<_> = sent.iter().map(|request| parameter(request, "request_guid").unwrap()).collect();
    assert!(attempts[0] != attempts[1] && attempts[1] != attempts[2]);
    assert_eq!(parameter(&sent[2], "retryCount").as_deref(), Some("2"));
}

#[test]
fn what_is_no_answer_is_shown_when_it_does_not_pass() {
    let page = "<html><body>\n  <h1>Sign in to   the proxy</h1></body></html>";
    let (stub, mut session) = scripted(move |_, _| StubAnswer::Body(200, page.to_owned()));
    let error = session.execute("select 1").unwrap_err();
    assert!(error.message.contains("HTTP status 200 OK") && error.message.contains("Sign in to the proxy"), "{error}");
    assert!(error.message.ends_with("also after 3 retries"), "{error}");
    assert!(error.help.unwrap().contains("proxy"));
    assert_eq!(stub.requests("query-request").len(), 4);

    let (_stub, mut session) = scripted(|_, _| StubAnswer::Body(503, String::new()));
    let error = session.execute("select 1").unwrap_err();
    assert_eq!((error.code.as_deref(), error.retryable), (Some("HTTP 503"), true));
    assert!(error.message.contains("503") && error.message.contains("an empty body"), "{error}");
}

#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    let (stub, mut session) = scripted(|_, before| match before {
        0 => StubAnswer::Truncated(value("text", 0, "whole")),
        _ => StubAnswer::Body(200, value("text", 0, "whole")),
    });
    assert_eq!(first(session.as_mut(), "select 'whole'"), Cell::Text("whole".to_owned()));
    assert_eq!(stub.requests("query-request").len(), 2);
}

#[test]
fn an_expired_token_is_renewed_and_the_statement_sent_once_more() {
    let stub = Stub::start(|request, before| match request.target.as_str() {
        target if target.starts_with("/session/v1/login-request") => login(),
        target if target.starts_with("/session/token-request") => ok(&json!({ "success": true, "data": {
            "sessionToken": "renewed", "validityInSecondsST": 3600, "masterToken": "m", "validityInSecondsMT": 3600, "sessionId": 1 } })),
        _ if before == 0 => {
            ok(&json!({ "success": false, "code": "390112", "message": "Session token expired", "data": null }))
        }
        _ => StubAnswer::Body(200, value("text", 0, "x")),
    });
    let mut session = open_snowflake(&options(stub.port, "D")).unwrap().session().unwrap();
    assert_eq!(first(session.as_mut(), "select 'x'"), Cell::Text("x".to_owned()));
    assert_eq!(stub.requests("token-request").len(), 1);
    assert_eq!(stub.requests("login-request").len(), 1);
}

#[test]
fn a_login_that_is_gone_is_made_anew_unless_something_is_lost_with_it() {
    let gone = || {
        ok(&json!({ "success": false, "code": "390114", "message": "Authentication token has expired.", "data": null }))
    };
    let (stub, mut session) =
        scripted(
            move |_, before| {
                if before == 1 || before == 4 { gone() } else { StubAnswer::Body(200, value("text", 0, "x")) }
            },
        );
    session.execute("select 'x'").unwrap();
    session.execute("select 'x'").unwrap();
    assert_eq!(stub.requests("login-request").len(), 2);
    session.execute("begin").unwrap();
    let error = session.execute("insert into t values (1)").unwrap_err();
    assert_eq!(error.code.as_deref(), Some("390114"));
    assert!(error.help.unwrap().contains("run again"));
}

#[test]
fn an_error_has_place_state_and_query_id() {
    let (_stub, mut session) = scripted(|_, _| {
        ok(&json!({
        "success": false, "code": "000904",
        "message": "SQL compilation error: error line 2 at position 7\ninvalid identifier 'NOCOL'",
        "data": { "errorCode": "000904", "sqlState": "42000", "queryId": "01b0-9", "internalError": false, "age": 0 } }))
    });
    let error = session.execute("select 1,\n       nocol").unwrap_err();
    assert_eq!((error.position, error.query_id.as_deref()), (Some((2, 8)), Some("01b0-9")));
    assert_eq!((error.code.as_deref(), error.sql_state.as_deref()), (Some("000904"), Some("42000")));
}

#[test]
fn values_come_as_text_too() {
    let cases = [
        ("fixed", 0, "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ("fixed", 2, "-1.05", "-1.05"),
        ("real", 0, "1.5", "1.5"),
        ("boolean", 0, "1", "true"),
        ("date", 0, "19782", "2024-02-29"),
        ("time", 9, "45296.500000000", "12:34:56.500"),
        ("timestamp_ntz", 9, "-0.500000000", "1969-12-31 23:59:59.500"),
        ("timestamp_ltz", 9, "1704067200.000000000", "2023-12-31 16:00:00-08:00"),
        ("timestamp_tz", 9, "1704067200.000000000 1500", "2024-01-01 01:00:00+01:00"),
        ("binary", 0, "00FF", "00ff"),
        ("variant", 0, "{\"a\":1}", "{\"a\":1}"),
        ("interval_day_time", 0, "1 02:03", "1 02:03"),
    ];
    for (data_type, scale, sent, text) in cases {
        let (_stub, mut session) = scripted(move |_, _| StubAnswer::Body(200, value(data_type, scale, sent)));
        assert_eq!(first(session.as_mut(), "select v").to_string(), text, "{data_type}");
    }
    let (_stub, mut session) = scripted(|_, _| StubAnswer::Body(200, value("date", 0, "tomorrow")));
    assert_eq!(session.execute("select v").unwrap_err().message, "column `V`: `tomorrow` is not a value of type DATE");
}

#[test]
fn another_thread_stops_a_statement() {
    let (stub, mut session) = scripted(|request, before| {
        let running = json!({ "success": true, "code": "333334", "data": { "queryId": "01b0-1", "getResultUrl": "/queries/01b0-1/result" } });
        let cancelled = json!({ "success": false, "code": "000604", "message": "SQL execution canceled", "data": { "queryId": "01b0-1" } });
        match request.target.split('?').next() {
            Some("/queries/v1/abort-request") => ok(&json!({ "success": true, "data": null })),
            Some("/queries/01b0-1/result") if before > 0 => ok(&cancelled),
            _ => ok(&running),
        }
    });
    let cancel = session.canceller().unwrap();
    let error = std::thread::scope(|scope| {
        let running = scope.spawn(move || session.execute("call system$wait(60)").unwrap_err());
        while !running.is_finished() {
            cancel();
            std::thread::yield_now();
        }
        running.join().unwrap()
    });
    assert_eq!(error.message, "the statement was cancelled");
    assert_eq!(stub.requests("abort-request").len(), 1);
}

#[test]
fn login_says_who_and_sets_the_sessions_parameters() {
    let stub = Stub::start(|request, _| match request.target.as_str() {
        target if target.starts_with("/session/v1/login-request") => login(),
        _ => StubAnswer::Body(200, value("text", 0, "8.40.1")),
    });
    let with_tag = SnowflakeOptions { query_tag: Some("{\"run\":\"1\"}".to_owned()), ..options(stub.port, "D") };
    let warehouse = open_snowflake(&with_tag).unwrap();
    assert_eq!(warehouse.describe().unwrap(), "Snowflake 8.40.1, account fake, user snow");
    let body: Value = serde_json::from_str(&stub.requests("login-request")[0].body).unwrap();
    assert_eq!(body["data"]["SESSION_PARAMETERS"]["QUERY_TAG"], "{\"run\":\"1\"}");
    assert_eq!(body["data"]["CLIENT_ENVIRONMENT"]["APPLICATION"], "merganser");
}

#[test]
fn a_key_pair_signs_the_login() {
    let folder = services::folder("keys");
    let shown = folder.display().to_string();
    services::key_pair(&["make", &shown]);
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let bare = |name: &str| text(name).lines().filter(|line| !line.starts_with("---")).collect::<String>();
    let with = |port, private_key: Option<String>, file: Option<&str>, phrase: Option<&str>| SnowflakeOptions {
        password: None,
        private_key,
        private_key_path: file.map(|name| folder.join(name)),
        private_key_passphrase: phrase.map(str::to_owned),
        ..options(port, "D")
    };
    let ways = [
        (None, Some("plain.p8"), None),
        (None, Some("locked.p8"), Some("phrase")),
        (Some(text("plain.p8")), None, None),
        (Some(bare("plain.p8")), None, None),
        (Some(bare("locked.p8")), None, Some("phrase")),
    ];
    for (key, file, phrase) in ways {
        let stub = Stub::start(|request, _| match request.target.as_str() {
            target if target.starts_with("/session/v1/login-request") => login(),
            _ => StubAnswer::Body(200, value("fixed", 0, "7")),
        });
        let how = with(stub.port, key, file, phrase);
        let mut session = open_snowflake(&how).unwrap().session().unwrap();
        assert_eq!(first(session.as_mut(), "select 7"), Cell::Integer(7), "{how:?}");
        let sent = &stub.requests("login-request")[0].body;
        let body: Value = serde_json::from_str(sent).unwrap();
        assert_eq!(body["data"]["AUTHENTICATOR"], "SNOWFLAKE_JWT");
        let said = services::key_pair(&["check", &shown, body["data"]["TOKEN"].as_str().unwrap()]);
        assert!(said.starts_with("FAKE.SNOW "), "{said}");
        assert!(!sent.contains("phrase") && !sent.contains("PRIVATE"));
    }
    let wrong = with(1, None, Some("locked.p8"), Some("another"));
    let said = match open_snowflake(&wrong).and_then(|warehouse| warehouse.session()) {
        Err(error) => error,
        Ok(mut session) => session.execute("select 1").unwrap_err(),
    };
    assert!(said.message.contains("key") && !format!("{said:?}").contains("another"), "{said:?}");
}

#[test]
fn secrets_show_nowhere() {
    let secret = SnowflakeOptions {
        private_key: Some("KEYKEYKEY".to_owned()),
        private_key_passphrase: Some("phrase".to_owned()),
        token: Some("tokentoken".to_owned()),
        ..options(1, "D")
    };
    let shown = format!("{secret:?}");
    for hidden in ["hunter2", "KEYKEYKEY", "phrase\")", "tokentoken"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    let stub = Stub::start(|_, _| {
        ok(&json!({ "success": false, "code": "390100",
        "message": "Incorrect username or password was specified.", "data": { "authnMethod": "USERNAME_PASSWORD" } }))
    });
    let mut session = open_snowflake(&options(stub.port, "D")).unwrap().session().unwrap();
    let error = session.execute("select 1").unwrap_err();
    assert_eq!(error.message, "Incorrect username or password was specified.");
    assert_eq!(error.code.as_deref(), Some("390100"));
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn a_host_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = SnowflakeOptions { connect_retries: 0, ..options(closed, "D") };
    let mut session = open_snowflake(&options).unwrap().session().unwrap();
    let error = session.execute("select 1").unwrap_err();
    assert!(error.message.starts_with("cannot connect to `127.0.0.1`: "), "{error}");
    assert!(error.retryable);
}

#[test]
fn options_that_cannot_work_are_refused_before_anything_is_sent() {
    let refused = |options: SnowflakeOptions| open_snowflake(&options).map(|_| ()).unwrap_err().message;
    assert_eq!(refused(SnowflakeOptions::default()), "the Snowflake profile has no `account`");
    let browser = SnowflakeOptions { authenticator: Some("externalbrowser".to_owned()), ..options(1, "D") };
    assert_eq!(refused(browser), "the authenticator `externalbrowser` is not supported");
    let nothing = SnowflakeOptions { password: None, ..options(1, "D") };
    assert!(refused(nothing).contains("password"));
}

#[test]
fn seaweedfs_starts_and_asks_who_is_there() {
    let weed = SeaweedFs::start();
    let address = weed.endpoint.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.contains(" 403 "), "{answer}");
    assert!(!weed.access_key.is_empty() && !weed.secret_key.is_empty());
}
