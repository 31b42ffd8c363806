//! Seeds: a CSV file as a table. `DuckDB` copies the file itself, unless `fast: false` is configured; Snowflake is sent its rows.

use std::fmt::Write as _;

use serde_json::Value;

use super::mask::mask_column;
use super::planner::{Planned, empty};
use super::relation::drop_step;
use super::seed_type::{Kind, is_null};
use super::{Action, NodePlan, Planner, Step};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Node, config_text};
use crate::source::Span;
use crate::sql::{Dialect, RelationKind};

/// Whether two names mean one column; a file's header has no quotes.
fn same_column(one: &str, other: &str) -> bool {
    one.trim_matches('"').eq_ignore_ascii_case(other.trim_matches('"'))
}

/// How many rows one statement inserts.
const BATCH: usize = 1_000;

/// A seed's columns and rows.
#[derive(Debug, Clone)]
pub struct SeedTable {
    /// Names, as in the header.
    pub names: Vec<String>,
    /// The type of each column.
    pub types: Vec<String>,
    /// The rows; none where a field is not there.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether names are written in quotes.
    quoted: bool,
    /// What the values of each column are; texts where a type is configured.
    kinds: Vec<Kind>,
}

impl SeedTable {
    /// Whether a column has a cell that may become NULL: none, an empty one, or the word.
    pub fn has_empty(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row[column].as_deref().is_none_or(|cell| is_null(cell.trim())))
    }
}

impl Planner<'_> {
    /// The plan of a seed: the table is made, or emptied where it fits, and filled.
    pub(super) fn seed(&self, node: &Node) -> Planned<NodePlan> {
        let table = read_seed(node, self.sources.text(node.file), self.dialect()).map_err(Box::new)?;
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
        let masked = self.masked(node);
        let lost = masked.iter().find(|(column, _)| table.policy(column, masked).is_none());
        if let Some((column, policy)) = lost {
            let message = format!("masking policy `{policy}` is for column `{column}`, which the file does not have");
            let help = format!("its columns are {}", table.names.join(", "));
            return Err(Box::new(
                Diagnostic::error(Code::UnknownColumn, message).at(node.span()).node(&node.unique_id).help(help),
            ));
        }
        let mut steps = Vec::new();
        let keeps = fits && !self.full_refresh;
        let transactional = self.dialect() == Dialect::Snowflake && keeps;
        if keeps {
            steps.extend(masked.iter().map(|(column, policy)| Step::support(mask_column(&name, column, policy))));
        }
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
            steps.push(Step::support(table.create(&name, masked)));
            "a seed, made anew"
        };
        match self.copy(node, &name) {
            Some(copy) => steps.push(Step::main(copy)),
            None => steps.extend(table.inserts(&name).into_iter().map(Step::main)),
        }
        if transactional {
            steps.push(Step::support("commit"));
        }
        let reason = format!("{reason} ({} rows)", table.rows.len());
        let makes = Some((target, RelationKind::Table));
        let mut plan = NodePlan { steps, makes, ..empty(node, Action::LoadSeed, reason) };
        self.surround(node, &self.subject(node, None), &mut plan)?;
        Ok(plan)
    }

    /// The statement with which `DuckDB` reads the file itself, as dbt-duckdb lets it.
    fn copy(&self, node: &Node, table: &str) -> Option<String> {
        let location = self.sources.file(node.file).location.as_ref().filter(|_| is_copied(node, self.dialect()))?;
        let quoted = |text: &str| text.replace('\'', "''");
        let delimiter = quoted(node.setting_text("delimiter").unwrap_or(","));
        let path = quoted(&location.to_string_lossy());
        Some(format!("copy {table} from '{path}' (format csv, header true, delimiter '{delimiter}')"))
    }
}

/// Whether `DuckDB` copies the seed's file.
fn is_copied(node: &Node, dialect: Dialect) -> bool {
    let is_fast = node.setting("fast").is_none_or(|fast| fast.as_bool() != Some(false));
    dialect == Dialect::DuckDb && is_fast
}

/// Reads a seed's text. A row with more fields than the header is an error at its line; where there are fewer, the others are null.
pub fn read_seed(node: &Node, text: &str, dialect: Dialect) -> Result<SeedTable, Diagnostic> {
    let delimiter = node.setting_text("delimiter").and_then(|text| text.bytes().next()).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let fail = |(start, message): (usize, String)| {
        let start = text[start..].find(|c: char| c != '\n' && c != '\r').map_or(start, |skip| start + skip);
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        let help = "every row needs as many fields as the header; quote fields that hold the delimiter";
        Diagnostic::error(Code::SeedSyntax, message)
            .at(Span::new(node.file, start..end))
            .node(&node.unique_id)
            .help(help)
    };
    if text.starts_with(['\n', '\r']) {
        let message = "the first line, which names the columns, is blank".to_owned();
        return Err(Diagnostic::error(Code::SeedSyntax, message)
            .at(Span::start_of(node.file))
            .node(&node.unique_id)
            .help("remove the line"));
    }
    let names = header(&reader.headers().map_err(|error| fail(unreadable(&error, text)))?.clone());
    let rows = rows(text, &mut reader, (names.len(), is_copied(node, dialect))).map_err(fail)?;
    let configured = node.config.get("column_types").and_then(Value::as_object);
    let (mut types, mut kinds) = (Vec::new(), Vec::new());
    for (index, name) in names.iter().enumerate() {
        let wanted = configured.and_then(|map| map.get(name)).map(|wanted| match wanted {
            Value::Null => "None".to_owned(),
            other => config_text(other),
        });
        let guess = || Kind::of(rows.iter().filter_map(|row| row[index].as_deref()));
        let kind = if wanted.is_some() { Kind::Text } else { guess() };
        types.push(wanted.unwrap_or_else(|| kind.name().to_owned()));
        kinds.push(kind);
    }
    let quoted = node.setting("quote_columns").and_then(Value::as_bool).unwrap_or(dialect == Dialect::DuckDb);
    Ok(SeedTable { names, types, rows, quoted, kinds })
}

/// The rows, each as wide as the header. A blank line is a row without values; `DuckDB`, copying, passes it over unless there is one
/// column only, and takes no row with fewer fields.
fn rows(
    text: &str,
    reader: &mut csv::Reader<&[u8]>,
    (width, is_copied): (usize, bool),
) -> Result<Vec<Vec<Option<String>>>, (usize, String)> {
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(text.len()).min(text.len());
        if !is_copied || width == 1 {
            rows.resize(rows.len() + blank_lines(text, start), vec![None; width]);
        }
        if !reader.read_record(&mut record).map_err(|error| unreadable(&error, text))? {
            return Ok(rows);
        }
        if record.len() > width || (is_copied && record.len() < width) {
            return Err((start, format!("this row has {} fields, and the header {width}", record.len())));
        }
        let mut row: Vec<Option<String>> = record.iter().map(|field| Some(field.to_owned())).collect();
        row.resize(width, None);
        rows.push(row);
    }
}

/// How many empty lines stand at this place, which is behind the end of a line or of what ends it first.
fn blank_lines(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let rest = if text[..start].ends_with('\r') { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
    let blank = &rest[..rest.find(|c| c != '\n' && c != '\r').unwrap_or(rest.len())];
    blank.replace("\r\n", "\n").len()
}

fn unreadable(error: &csv::Error, text: &str) -> (usize, String) {
    let start = error.position().and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(0).min(text.len());
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "this row is not UTF-8".to_owned(),
        other => format!("this row cannot be read: {other:?}"),
    };
    (start, message)
}

/// Column names: those of the header; empty ones become letters, repeated ones get a number, as agate does.
fn header(record: &csv::StringRecord) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, field) in record.iter().enumerate() {
        let mut name = if index == 0 { field.trim_start_matches('\u{feff}') } else { field }.to_owned();
        if name.is_empty() {
            let letter = char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));
            name = letter.to_string().repeat(index / 26 + 1);
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

impl SeedTable {
    fn name(&self, index: usize) -> String {
        let name = &self.names[index];
        if self.quoted { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() }
    }

    /// The policy of a column, of those of a seed's columns.
    fn policy<'m>(&self, column: &str, masked: &'m [(String, String)]) -> Option<&'m str> {
        let is_there = self.names.iter().any(|name| same_column(name, column));
        let found = masked.iter().find(|(name, _)| is_there && same_column(name, column));
        found.map(|(_, policy)| policy.as_str())
    }

    fn create(&self, table: &str, masked: &[(String, String)]) -> String {
        let column = |i: usize| {
            let policy = self.policy(&self.names[i], masked);
            let policy = policy.map_or_else(String::new, |policy| format!(" with masking policy {policy}"));
            format!("{} {}{policy}", self.name(i), self.types[i])
        };
        let columns: Vec<String> = (0..self.names.len()).map(column).collect();
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
            let literal = |(cell, kind): (&Option<String>, &Kind)| {
                cell.as_ref().map_or_else(|| "null".to_owned(), |text| kind.literal(text))
            };
            let cells: Vec<String> = row.iter().zip(&self.kinds).map(literal).collect();
            // Writing into a string cannot fail.
            let _ = write!(sql, "{}({})", if number == 0 { "" } else { ",\n" }, cells.join(", "));
        }
        sql
    }
}
