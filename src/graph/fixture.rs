//! Rows of unit tests, read as dbt reads them.

use serde_json::{Map, Value};

/// The rows of a CSV text as mappings of texts; with `nulls`, an empty cell is null. (Python: `csv.DictReader`.)
pub(super) fn csv_rows(text: &str, nulls: bool) -> Vec<Value> {
    let mut lines = records(text).into_iter().filter(|cells| !cells.is_empty());
    let Some(names) = lines.next() else { return Vec::new() };
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let entries = names.iter().map(|name| {
            let value = cells.next().filter(|cell| !(nulls && cell.is_empty()));
            (name.clone(), value.map_or(Value::Null, Value::String))
        });
        Value::Object(entries.collect::<Map<_, _>>())
    };
    lines.map(row).collect()
}

/// The cells of each line; a line without any is empty.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut quoted, mut begun) = (false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => (quoted, begun) = (true, true),
            ',' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                begun = true;
            }
            '\r' | '\n' if !quoted => {
                if c == '\r' && characters.peek() == Some(&'\n') {
                    characters.next();
                }
                if begun || !cell.is_empty() {
                    cells.push(std::mem::take(&mut cell));
                }
                records.push(std::mem::take(&mut cells));
                begun = false;
            }
            c => cell.push(c),
        }
    }
    if begun || !cell.is_empty() {
        cells.push(cell);
        records.push(cells);
    }
    records
}

/// The rows, the first of those without nulls in front: some warehouses take a column's type from the first row.
pub(super) fn complete_first(mut rows: Vec<Value>) -> Value {
    let is_complete = |row: &Value| row.as_object().is_some_and(|cells| cells.values().all(|cell| !cell.is_null()));
    if let Some(index) = rows.iter().position(is_complete) {
        rows.swap(0, index);
    }
    Value::Array(rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{complete_first, csv_rows};

    #[test]
    fn cells_are_texts_and_empty_ones_null() {
        let text = "id,name\n1,\"a, \"\"b\"\"\"\n\n2,\r\n3\n";
        let rows = json!([{"id": "1", "name": "a, \"b\""}, {"id": "2", "name": null}, {"id": "3", "name": null}]);
        assert_eq!(json!(csv_rows(text, true)), rows);
        assert_eq!(csv_rows(text, false)[1]["name"], json!(""));
    }

    #[test]
    fn a_row_without_nulls_comes_first() {
        let rows = vec![json!({"a": null}), json!({"a": 1}), json!({"a": 2})];
        assert_eq!(complete_first(rows), json!([{"a": 1}, {"a": null}, {"a": 2}]));
    }
}
