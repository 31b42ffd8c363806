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
    let texts =
        files.map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("a readable case"));
    let fences = |text: String| -> Vec<String> {
        text.split("```sql\n")
            .skip(1)
            .filter_map(|part| part.split("```").next().map(str::to_owned))
            .collect()
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
    for (sql, wrong) in [("select a,, b from t", ","), ("select 'é', 1 from t where", ""), ("select (1", "")]
    {
        let problem = parse(sql, Dialect::Snowflake).expect_err(sql);
        assert_eq!(&sql[problem.range.clone()], wrong, "{sql}: {problem}");
    }
}

#[test]
fn throughput_probe() {
    let texts = case_texts();
    let start = std::time::Instant::now();
    let (mut n, mut bytes) = (0, 0);
    for text in &texts {
        for range in split(text) {
            attempt(&text[range.clone()]);
            n += 1;
            bytes += range.len();
        }
    }
    eprintln!("{n} statements {bytes} bytes {:?}", start.elapsed());
}
