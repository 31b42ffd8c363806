//! What `DuckDB`'s own parser says of a text.

use std::sync::{Mutex, OnceLock, PoisonError};

use duckdb::Connection;

/// Whether `DuckDB`'s parser refuses a text; nothing of it is run or looked up. Where the parser cannot be asked, the answer is yes.
pub fn duckdb_refuses(sql: &str) -> bool {
    static ENGINE: OnceLock<Option<Mutex<Connection>>> = OnceLock::new();
    let Some(engine) = ENGINE.get_or_init(|| Connection::open_in_memory().ok().map(Mutex::new)) else { return true };
    let engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
    let question = "select json_extract_string(json_serialize_sql(?::varchar), '$.error_type')";
    let answer = engine.query_row(question, [sql], |row| row.get::<_, Option<String>>(0));
    // Of statements that are no queries it says that they are not implemented, once they are parsed.
    answer.map_or(true, |kind| kind.as_deref() == Some("parser"))
}

#[cfg(test)]
mod tests {
    use super::duckdb_refuses;

    #[test]
    fn only_what_is_no_sql_is_refused() {
        let wrong = ["select 1 as \"a", "selec 1", "select * from a where", "select 1; selec 2"];
        assert!(wrong.iter().all(|sql| duckdb_refuses(sql)));
        let known = [
            "select a ** b",
            "from nowhere limit 10%",
            "select [x for x, i in l if i = 2]",
            "pivot t on a",
            "drop table t",
            "",
        ];
        assert_eq!(known.iter().find(|sql| duckdb_refuses(sql)), None);
    }
}
