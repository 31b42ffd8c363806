//! Translation never panics, whatever the text.

use merganser::sql::{Columns, DataType, Dialect, SessionContext, parse, split, translate};

struct Nothing;

impl Columns for Nothing {
    fn columns(&self, _: &[String]) -> Option<Vec<(String, DataType)>> {
        None
    }
}

fn attempt(sql: &str) {
    let context = SessionContext::default();
    if let Err(problem) = translate(sql, &Nothing, &context) {
        assert!(sql.get(problem.range.clone()).is_some(), "{problem} is outside its text: {sql}");
    }
}

fn case_texts() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/snowflake");
    let files = std::fs::read_dir(folder).expect("the folder of cases");
    let texts = files.map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("a readable case"));
    let fences = |text: String| -> Vec<String> {
        text.split("```sql\n").skip(1).filter_map(|part| part.split("```").next().map(str::to_owned)).collect()
    };
    texts.flat_map(fences).collect()
}

#[test]
fn statements_cut_or_garbled_anywhere_are_problems_inside_their_text() {
    let mut tried = 0;
    for text in case_texts() {
        for range in split(&text) {
            let sql = &text[range];
            for cut in (0..sql.len()).step_by(7).filter(|cut| sql.is_char_boundary(*cut)) {
                attempt(&sql[..cut]);
                attempt(&format!("{}){}", &sql[..cut], &sql[cut..]));
                attempt(&format!("{} é' {}", &sql[..cut], &sql[cut..]));
                tried += 3;
            }
        }
    }
    assert!(tried > 1000, "only {tried} texts");
}

#[test]
fn long_chains_and_deep_nests_do_not_overflow() {
    let chain = vec!["1"; 5000].join(" + ");
    let all = vec!["1 = 1"; 5000].join(" and ");
    let unions = vec!["select 1"; 500].join(" union all ");
    let nested = format!("select {}1{}", "(".repeat(2000), ")".repeat(2000));
    let casts = format!("select 1{}", "::int".repeat(1000));
    for sql in [format!("select {chain}"), format!("select {all}"), unions, nested, casts] {
        attempt(&sql);
    }
}

#[test]
fn positions_of_translations_lead_back_to_the_text() {
    let sql = "select\n  upper(nme) as x from (select 'a' as nme) t";
    let made = translate(sql, &Nothing, &SessionContext::default()).expect("a translation");
    let at = made.statements[0].find("upper").expect("the call is in the translation");
    assert_eq!(made.positions[0].original(at).map(|range| &sql[range]), Some("upper(nme)"));
    let at = made.statements[0].find("\"T\".\"NME\"").expect("the column is in the translation");
    assert_eq!(made.positions[0].original(at).map(|range| &sql[range]), Some("nme"));
}

#[test]
fn syntax_problems_point_at_the_smallest_wrong_text() {
    for (sql, wrong) in [("select a,, b from t", ","), ("select 'é', 1 from t where", ""), ("select (1", "")] {
        let problem = parse(sql, Dialect::Snowflake).expect_err(sql);
        assert_eq!(&sql[problem.range.clone()], wrong, "{sql}: {problem}");
    }
}

#[test]
fn every_scalar_function_without_arguments_of_a_kind_of_its_own_binds() {
    // A form that the engine cannot bind is a mistake of the table, whatever the values are.
    let connection = duckdb::Connection::open_in_memory().expect("a database");
    // Macros with the names, arguments and results of the functions that the embedded engine is given.
    let given = [
        "sf_edit_distance(a, b) AS CAST(length(a || b) AS BIGINT)",
        "sf_jaro_winkler(a, b) AS CAST(length(a || b) AS BIGINT)",
        "sf_json(place, s, how) AS s || place || how",
        "sf_try_json(s, how) AS s || how",
        "sf_url(place, s, how) AS s || place || how",
        "sf_ip(place, s, kind, how) AS s || place || kind || how",
    ];
    for function in given {
        connection.execute_batch(&format!("CREATE TEMP MACRO {function}")).expect("a macro");
    }
    for statement in merganser::sql::prelude() {
        connection.execute_batch(statement).unwrap_or_else(|error| panic!("{error}\n{statement}"));
    }
    let mut failures = Vec::new();
    let mut bound = 0;
    for function in merganser::sql::supported_functions() {
        let value = |kind: &str| match kind {
            "text" | "bytes" => "'a'",
            "number" | "float" | "int" | "same" => "1",
            "boolean" => "true",
            "date" | "datetime" => "'2024-01-01'::date",
            "time" => "'10:00:00'::time",
            "variant" | "semi" => "parse_json('[1]')",
            "binary" => "to_binary('61')",
            _ => "",
        };
        let kinds: Vec<&str> = function.arguments.trim_end_matches('*').split_whitespace().collect();
        if matches!(function.state, merganser::sql::State::Refused(_)) || kinds.contains(&"any") {
            continue;
        }
        let values: Vec<&str> = kinds.iter().map(|kind| value(kind)).collect();
        let call = format!("{}({})", function.name, values.join(", "));
        let made = [format!("select {call} as x"), format!("select {call} over (order by 1) as x")]
            .iter()
            .find_map(|sql| translate(sql, &Nothing, &SessionContext::default()).ok());
        let Some(made) = made else { continue };
        bound += 1;
        if let Err(error) = connection.prepare(&made.statements[0]).map(drop) {
            let text = error.to_string();
            // Values are evaluated when they are constant: only errors of binding count.
            if text.contains("Binder Error") || text.contains("Catalog Error") || text.contains("Parser Error") {
                failures.push(format!("{call}: {}", text.lines().next().unwrap_or_default()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(bound > 250, "only {bound} forms bound");
}
