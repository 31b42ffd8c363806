//! Seeds: a CSV file as a table, its columns typed as dbt types them (agate's order of guesses: integer, number, date, timestamp,
//! boolean, text).

use std::fmt::Write as _;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::planner::{Planned, empty};
use super::relation::drop_step;
use super::{Action, NodePlan, Planner, Step};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::source::Span;
use crate::sql::{Dialect, RelationKind};

/// How many rows one statement inserts.
const BATCH: usize = 1_000;

/// A seed's columns and rows.
#[derive(Debug, Clone)]
pub struct SeedTable {
    /// Names, as in the header.
    pub names: Vec<String>,
    /// The type of each column.
    pub types: Vec<String>,
    /// The rows; null where the field is empty or `null`.
    pub rows: Vec<Vec<Option<String>>>,
    /// Which columns are written in quotes.
    quoted: bool,
    /// Which columns hold numbers or booleans, whose values need no quotes.
    plain: Vec<bool>,
}

/// What a column's values have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Number,
    Date,
    Timestamp,
    Boolean,
    Text,
}

impl Planner<'_> {
    /// The plan of a seed: the table is made, or emptied where it fits, and filled.
    pub(super) fn seed(&self, node: &Node) -> Planned<NodePlan> {
        let text = self.sources.text(node.file);
        let table = read_seed(node, text, self.dialect()).map_err(Box::new)?;
        let target = Self::target(node)?;
        let name = target.render();
        let existing = self.existing(node);
        let fits = existing.is_some_and(|relation| {
            let there: Vec<String> = relation.columns.iter().map(|column| column.name.to_lowercase()).collect();
            relation.kind == RelationKind::Table
                && there == table.names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>()
        });
        if let Some(view) = existing.filter(|relation| relation.kind == RelationKind::View) {
            let message = format!("seed `{}` would replace the view {}.{}", node.name, view.schema, view.name);
            let help = "drop the view, or give the seed another alias";
            return Err(Box::new(
                Diagnostic::error(Code::BadConfig, message)
                    .at(Span::start_of(node.file))
                    .node(&node.unique_id)
                    .help(help),
            ));
        }
        let mut steps = Vec::new();
        let keeps = fits && !self.full_refresh;
        let transactional = self.dialect() == Dialect::DuckDb || keeps;
        if transactional {
            steps.push(Step::support("begin"));
        }
        let reason = if keeps {
            steps.push(Step::support(format!("delete from {name}")));
            "a seed whose table is there: its rows are replaced"
        } else {
            if existing.is_some() {
                steps.push(drop_step(&target, RelationKind::Table));
            }
            steps.push(Step::support(table.create(&name)));
            "a seed, made anew"
        };
        steps.extend(table.inserts(&name).into_iter().map(Step::main));
        if transactional {
            steps.push(Step::support("commit"));
        }
        let reason = format!("{reason} ({} rows)", table.rows.len());
        Ok(NodePlan { steps, makes: Some((target, RelationKind::Table)), ..empty(node, Action::LoadSeed, reason) })
    }
}

/// Reads a seed's text. A row with another number of fields than the header is an error at its line.
pub fn read_seed(node: &Node, text: &str, dialect: Dialect) -> Result<SeedTable, Diagnostic> {
    let delimiter = node.setting_text("delimiter").and_then(|text| text.bytes().next()).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).flexible(false).delimiter(delimiter).from_reader(text.as_bytes());
    let fail = |error: &csv::Error| {
        let start = error.position().and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(0).min(text.len());
        let start = text[start..].find(|c: char| c != '\n' && c != '\r').map_or(start, |skip| start + skip);
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        let help = "every row needs as many fields as the header; quote fields that hold the delimiter";
        Diagnostic::error(Code::SeedSyntax, seed_message(error))
            .at(Span::new(node.file, start..end))
            .node(&node.unique_id)
            .help(help)
    };
    let names = header(&reader.headers().map_err(|error| fail(&error))?.clone());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| fail(&error))?;
        rows.push(
            record.iter().map(|field| Some(field).filter(|f| !is_null(f)).map(str::to_owned)).collect::<Vec<_>>(),
        );
    }
    let configured = node.config.get("column_types").and_then(Value::as_object);
    let (mut types, mut plain) = (Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate() {
        let wanted = configured
            .and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
            .and_then(|(_, v)| v.as_str());
        let kind = kind_of(rows.iter().filter_map(|row| row[index].as_deref()));
        plain.push(wanted.is_none() && matches!(kind, Kind::Integer | Kind::Number | Kind::Boolean));
        types.push(wanted.map_or_else(|| type_name(kind, dialect).to_owned(), str::to_owned));
    }
    let quoted = node.setting("quote_columns").and_then(Value::as_bool).unwrap_or(dialect == Dialect::DuckDb);
    Ok(SeedTable { names, types, rows, quoted, plain })
}

fn seed_message(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("this row has {len} fields, and the header {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "this row is not UTF-8".to_owned(),
        other => format!("this row cannot be read: {other:?}"),
    }
}

/// Column names: those of the header; empty ones become letters, repeated ones get a number, as agate does.
fn header(record: &csv::StringRecord) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, field) in record.iter().enumerate() {
        let field = field.trim().trim_start_matches('\u{feff}');
        let mut name = field.to_owned();
        if name.is_empty() {
            name = char::from(b'a' + u8::try_from(index % 26).unwrap_or(0)).to_string();
        }
        let base = name.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{base}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

fn is_null(field: &str) -> bool {
    let field = field.trim();
    field.is_empty() || field.eq_ignore_ascii_case("null")
}

fn kind_of<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Kind {
    let all = |fits: fn(&str) -> bool| values.clone().all(|value| fits(value.trim()));
    if values.clone().next().is_none() {
        return Kind::Integer;
    }
    if all(is_integer) {
        Kind::Integer
    } else if all(is_number) {
        Kind::Number
    } else if all(|v| NaiveDate::parse_from_str(v, "%Y-%m-%d").is_ok()) {
        Kind::Date
    } else if all(is_timestamp) {
        Kind::Timestamp
    } else if all(|v| v.eq_ignore_ascii_case("true") || v.eq_ignore_ascii_case("false")) {
        Kind::Boolean
    } else {
        Kind::Text
    }
}

fn is_integer(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    !digits.is_empty() && digits.len() < 19 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.matches('.').count() < 2
}

fn is_timestamp(value: &str) -> bool {
    let plain = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.fZ",
    ];
    plain.iter().any(|format| NaiveDateTime::parse_from_str(value, format).is_ok())
}

/// The type dbt's adapters give a guessed column.
fn type_name(kind: Kind, _: Dialect) -> &'static str {
    match kind {
        Kind::Integer => "integer",
        Kind::Number => "float8",
        Kind::Date => "date",
        Kind::Timestamp => "timestamp without time zone",
        Kind::Boolean => "boolean",
        Kind::Text => "text",
    }
}

impl SeedTable {
    fn name(&self, index: usize) -> String {
        let name = &self.names[index];
        if self.quoted { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() }
    }

    fn create(&self, table: &str) -> String {
        let columns: Vec<String> =
            (0..self.names.len()).map(|i| format!("{} {}", self.name(i), self.types[i])).collect();
        format!("create table {table} ({})", columns.join(", "))
    }

    fn inserts(&self, table: &str) -> Vec<String> {
        let columns: Vec<String> = (0..self.names.len()).map(|i| self.name(i)).collect();
        let head = format!("insert into {table} ({}) values\n", columns.join(", "));
        self.rows.chunks(BATCH).map(|rows| self.insert(&head, rows)).collect()
    }

    fn insert(&self, head: &str, rows: &[Vec<Option<String>>]) -> String {
        let mut sql = head.to_owned();
        for (number, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().enumerate().map(|(i, cell)| self.literal(i, cell.as_deref())).collect();
            // Writing into a string cannot fail.
            let _ = write!(sql, "{}({})", if number == 0 { "" } else { ",\n" }, cells.join(", "));
        }
        sql
    }

    fn literal(&self, index: usize, cell: Option<&str>) -> String {
        match cell {
            None => "null".to_owned(),
            Some(text) if self.plain[index] => text.trim().to_lowercase(),
            Some(text) => format!("'{}'", text.replace('\'', "''")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_typed_by_their_values() {
        let kind = |values: &[&'static str]| kind_of(values.iter().copied());
        assert_eq!(kind(&["1", "-20"]), Kind::Integer);
        assert_eq!(kind(&["1", "2.50"]), Kind::Number);
        assert_eq!(kind(&["2024-02-29"]), Kind::Date);
        assert_eq!(kind(&["2023-02-29"]), Kind::Text);
        assert_eq!(kind(&["2024-01-01 10:00:00"]), Kind::Timestamp);
        assert_eq!(kind(&["True", "false"]), Kind::Boolean);
        assert_eq!(kind(&["yes"]), Kind::Text);
    }
}
