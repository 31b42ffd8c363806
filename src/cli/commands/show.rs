//! `show`.

use std::collections::BTreeSet;

use super::super::Outcome;
use super::super::arguments::{Global, Select, TextOrJson};
use super::super::artifacts;
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::compile::{inline_sql, pretty};
use crate::compile::Compilation;
use crate::diagnostic::{Code, Diagnostic};
use crate::project::NodeKind;
use crate::warehouse::{Cell, Connection, Table};

/// A query, and what is configured to stand in front of it.
struct Query {
    /// The node's name, if it is one's.
    name: Option<String>,
    header: String,
    sql: String,
}

/// Compiles a node, or a text, runs it with a limit and prints its rows.
pub(super) fn show(
    loaded: &Loaded,
    (select, inline): (&Select, Option<&str>),
    (limit, output): (i64, TextOrJson),
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let is_named = !select.select.is_empty() || !select.models.is_empty() || select.selector.is_some();
    if inline.is_none() && !is_named {
        let problem = Diagnostic::error(Code::BadOption, "nothing was named to show").in_file("--select", 1);
        printer.diagnostic(&problem.help("pass --select NODE, or --inline QUERY"), &loaded.sources);
        return Err(Outcome::Unusable);
    }
    let connection = loaded.open(printer)?;
    let mut queries: Vec<Query> = Vec::new();
    let (mut compilation, mut selected) = (Compilation::default(), BTreeSet::new());
    if let Some(text) = inline {
        let compiler = loaded.compiler(Some(connection.clone()), &BTreeSet::new());
        let sql = inline_sql(loaded, &compiler, text, printer)?;
        queries.push(Query { name: None, header: String::new(), sql });
    } else {
        let kinds =
            [NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot, NodeKind::Test, NodeKind::Analysis, NodeKind::Source];
        let all = loaded.select(select, &kinds, printer)?;
        let named = |id: &&String| {
            loaded.graph.node(id).is_some_and(|node| {
                node.kind != NodeKind::Test || all.len() == 1 || select.select.iter().any(|s| s.contains(&node.name))
            })
        };
        selected = all.iter().filter(named).cloned().collect();
        let compiler = loaded.compiler(Some(connection.clone()), &selected);
        compilation = loaded.compile(&compiler, &selected, printer);
        loaded.check_columns(&compilation, printer);
        for id in &selected {
            let node = &loaded.graph.nodes[id];
            let reads =
                matches!(node.kind, NodeKind::Seed | NodeKind::Source).then(|| node.relation.as_deref()).flatten();
            let text = reads.map(|relation| format!("select * from {}", relation.render()));
            let sql = text.or_else(|| compilation.nodes.get(id).map(|c| c.sql.clone()));
            let header = node.setting_text("sql_header").map(str::to_owned).unwrap_or_default();
            queries.extend(sql.map(|sql| Query { name: Some(node.name.clone()), header, sql }));
        }
    }
    let inline = queries.first().filter(|query| query.name.is_none()).map(|query| query.sql.clone());
    let outcome = if printer.counts().0 > 0 { Outcome::Unusable } else { Outcome::Success };
    let outcome = run(loaded, &connection, (queries, outcome), (limit, output), printer);
    match inline {
        Some(sql) if outcome == Outcome::Success => artifacts::after_inline(loaded, &sql, printer)?,
        None if outcome == Outcome::Success => artifacts::after_compile(loaded, &compilation, &selected, printer)?,
        _ => {}
    }
    Ok(outcome)
}

/// Runs a text as it is, with a limit, and prints its rows.
pub(super) fn direct(
    loaded: &Loaded,
    sql: &str,
    how: (i64, TextOrJson),
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let connection = loaded.open(printer)?;
    let queries = vec![Query { name: None, header: String::new(), sql: sql.to_owned() }];
    Ok(run(loaded, &connection, (queries, Outcome::Success), how, printer))
}

/// Runs queries with a limit and prints their rows, or what the warehouse says.
fn run(
    loaded: &Loaded,
    connection: &Connection,
    (queries, mut outcome): (Vec<Query>, Outcome),
    (limit, output): (i64, TextOrJson),
    printer: &Printer,
) -> Outcome {
    for Query { name, header, sql } in queries {
        let limited = if limit < 0 {
            format!("{header}{sql}")
        } else {
            format!("{header}select * from (\n{}\n) as limited\nlimit {limit}", sql.trim().trim_end_matches(';'))
        };
        let place = name.clone().unwrap_or_else(|| "--inline".to_owned());
        match connection.execute(&limited) {
            Ok(result) => print(name.as_deref(), &result.table, output, printer),
            Err(error) => {
                let mut diagnostic =
                    Diagnostic::error(Code::WarehouseError, error.message).in_file(place, 1).excerpt(limited);
                diagnostic.help = error.help;
                printer.diagnostic(&diagnostic, &loaded.sources);
                outcome = Outcome::Unusable;
            }
        }
    }
    outcome
}

/// Prints the columns of the selected nodes and their types, as the SQL says; nothing runs.
pub(super) fn schema(
    loaded: &Loaded,
    global: &Global,
    select: &Select,
    output: TextOrJson,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let kinds = [NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot, NodeKind::Source];
    let selected = loaded.select(select, &kinds, printer)?;
    for (id, columns) in loaded.inferred_columns(global, &selected, printer)? {
        if output == TextOrJson::Json {
            printer.data(&serde_json::json!({"node": id, "schema": columns}).to_string());
            continue;
        }
        let cell =
            |column: &serde_json::Value, key: &str| Cell::Text(column[key].as_str().unwrap_or_default().to_owned());
        let table = Table {
            columns: ["column", "type"].map(|name| crate::warehouse::Column::new(name, "VARCHAR")).to_vec(),
            rows: columns
                .as_array()
                .into_iter()
                .flatten()
                .map(|column| vec![cell(column, "name"), cell(column, "type")])
                .collect(),
        };
        print(Some(&id), &table, output, printer);
    }
    Ok(if loaded.is_broken { Outcome::Unusable } else { Outcome::Success })
}

fn print(name: Option<&str>, table: &Table, output: TextOrJson, printer: &Printer) {
    match output {
        TextOrJson::Json => {
            let row = |row: &Vec<Cell>| -> serde_json::Map<String, serde_json::Value> {
                table.columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), json(cell))).collect()
            };
            let rows: Vec<_> = table.rows.iter().map(row).collect();
            let shown = match name {
                Some(name) => serde_json::json!({"node": name, "show": rows}),
                None => serde_json::json!({"show": rows}),
            };
            printer.data(&pretty(&shown));
        }
        TextOrJson::Text => {
            name.into_iter().for_each(|name| printer.note(&format!("{name}:")));
            printer.data(&text(table));
        }
    }
}

fn json(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Null => serde_json::Value::Null,
        Cell::Boolean(value) => (*value).into(),
        Cell::Integer(value) => i64::try_from(*value).map_or_else(|_| value.to_string().into(), Into::into),
        Cell::Decimal(value) => value.to_string().parse::<f64>().map_or_else(|_| value.to_string().into(), Into::into),
        Cell::Float(value) => serde_json::json!(value),
        Cell::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| text.clone().into()),
        other => other.to_string().into(),
    }
}

/// The rows as a table in characters.
fn text(table: &Table) -> String {
    let cells: Vec<Vec<String>> = std::iter::once(table.columns.iter().map(|column| column.name.clone()).collect())
        .chain(table.rows.iter().map(|row| row.iter().map(|cell| cell.to_string().replace('\n', " ")).collect()))
        .collect();
    let width = |index: usize| cells.iter().map(|row| row[index].chars().count().min(60)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let parts: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| {
                let short: String = if cell.chars().count() > 60 {
                    cell.chars().take(59).chain(['…']).collect()
                } else {
                    cell.clone()
                };
                format!(" {short:<width$} ")
            })
            .collect();
        format!("|{}|", parts.join("|"))
    };
    let mut lines: Vec<String> = cells.iter().map(line).collect();
    lines.insert(1, format!("|{}|", widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|")));
    lines.join("\n")
}
