//! How a query's columns differ from a contract's (dbt: `ContractError`).

use minijinja::value::Value;

use super::world::Problem;
use crate::diagnostic::Code;
use crate::jinja::python;

/// A column: its name and its type.
struct Column {
    name: String,
    data_type: String,
}

fn columns(value: &Value) -> Vec<Column> {
    let text = |item: &Value, key: &str| item.get_item(&Value::from(key)).map(|v| python::str(&v)).unwrap_or_default();
    value
        .try_iter()
        .into_iter()
        .flatten()
        .map(|item| Column { name: text(&item, "name"), data_type: text(&item, "data_type") })
        .collect()
}

/// The problem of a model whose query does not give what its contract promises.
pub(super) fn broken(declared: &Value, given: &Value) -> Problem {
    let (declared, given) = (columns(declared), columns(given));
    let message = if declared.is_empty() {
        "This model has an enforced contract, and its 'columns' specification is missing".to_owned()
    } else {
        format!(
            "This model has an enforced contract that failed.\nPlease ensure the name, data_type, and number of columns in your \
             contract match the columns in your model's definition.\n\n{}",
            table(&mismatches(&declared, &given))
        )
    };
    let columns = mismatches(&declared, &given).into_iter().map(|[name, ..]| name).collect();
    let help = "cast in the query, or correct `data_type` and `name` of the columns";
    Problem { columns, ..Problem::new(Code::ContractBroken, message).help(help) }
}

/// Name, type in the query, type in the contract and reason of each column that differs, by name.
fn mismatches(declared: &[Column], given: &[Column]) -> Vec<[String; 4]> {
    let row = |name: &str, here: &str, there: &str, why: &str| [name, here, there, why].map(str::to_owned);
    let mut rows: Vec<[String; 4]> = Vec::new();
    for column in given {
        match declared.iter().find(|other| other.name == column.name) {
            Some(other) if other.data_type == column.data_type => {}
            Some(other) => {
                rows.push(row(&column.name, &column.data_type, &other.data_type, "data type mismatch"));
            }
            None => rows.push(row(&column.name, &column.data_type, "", "missing in contract")),
        }
    }
    for column in declared.iter().filter(|column| !given.iter().any(|other| other.name == column.name)) {
        rows.push(row(&column.name, "", &column.data_type, "missing in definition"));
    }
    rows.sort_by(|a, b| a[0].cmp(&b[0]));
    rows
}

/// The rows as a table with bars.
fn table(rows: &[[String; 4]]) -> String {
    let titles = ["column_name", "definition_type", "contract_type", "mismatch_reason"];
    let cell = |text: &str| -> String {
        if text.chars().count() > 50 { text.chars().take(47).chain("...".chars()).collect() } else { text.to_owned() }
    };
    let width = |column: usize| {
        let cells = rows.iter().map(|row| cell(&row[column]).chars().count());
        cells.chain([titles[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let line = |cells: [&str; 4]| {
        let cells: Vec<String> =
            cells.iter().zip(&widths).map(|(text, width)| format!("{:<width$}", cell(text))).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = line(titles);
    out.extend(["| ", &rule.join(" | "), " |\n"]);
    rows.iter().for_each(|[a, b, c, d]| out.push_str(&line([a, b, c, d])));
    out
}
