//! `COPY INTO` a table: files become rows, once each.
//!
//! The rows are read into a table of this statement's own, with what is wrong with each; what becomes of a file is decided from
//! that, then its rows and its place in the load history are inserted.

use std::ops::Range;

use sqlparser::ast::{Expr, GroupByExpr, SelectItem, SetExpr, TableAlias, TableFactor};
use sqlparser::tokenizer::Token;

use super::cast::{Failing, cannot};
use super::cursor::Cursor;
use super::dml::find;
use super::policy::{kept_in, key};
use super::scope::Scope;
use super::stage::{Location, Setting, Value};
use super::typed::{Column, Typed};
use super::{Made, ResultColumn, ResultShape, SessionChange, Step, Translator, literal, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};
use crate::sql::stage::{FileFormat, FileKind, StagedFile};

/// What becomes of files with rows in error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnError {
    Abort,
    Continue,
    /// A file is left out that has so many.
    SkipFile(u64),
    /// A file is left out that has more than so many percent of its rows.
    SkipShare(u64),
}

/// What a copy gives instead of loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validation {
    /// So many rows; the first error among them ends it.
    Rows(u64),
    /// What is wrong.
    Errors,
}

/// How a column is found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    No,
    AnyCase,
    SameCase,
}

/// The items of a query of a stage, and the stage's alias.
type Transform = (Vec<SelectItem>, Option<TableAlias>);

/// What stands behind the source of a `COPY INTO`.
struct CopyOptions {
    format: FileFormat,
    format_range: Range<usize>,
    files: Option<Vec<String>>,
    pattern: Option<String>,
    on_error: OnError,
    by_name: Match,
    /// Columns with what of the file they get.
    metadata: Vec<Setting>,
    size_limit: Option<u64>,
    force: bool,
    purge: bool,
    truncate: bool,
    only_failed: bool,
    validation: Option<Validation>,
}

/// A column that is filled: what it gets, and what it gets it from.
struct Filled {
    column: Column,
    value: String,
    /// What does not fit if the value is NULL and this is not: the text in the file. None for what fails by itself.
    source: Option<String>,
}

/// Tables of this statement's own.
const ROWS: &str = "\"MERGANSER$COPIED\"";
const FILES: &str = "\"MERGANSER$FILES\"";

impl Translator<'_> {
    /// `COPY INTO table FROM …` and `COPY INTO @stage FROM …`.
    pub(super) fn copy(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("COPY INTO")?;
        if cursor.sees_location() {
            return self.unload(cursor);
        }
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let named = if cursor.sees_token(&Token::LParen) { cursor.names()? } else { Vec::new() };
        cursor.expect("FROM")?;
        let (location, transform) = self.copy_source(cursor)?;
        let options = copy_options(cursor)?;
        cursor.expect_end()?;
        let known = self.columns.columns(&path).ok_or_else(|| {
            let message = format!("table `{}` does not exist or is not authorized", path.join("."));
            SqlProblem::new(crate::sql::problem::UNKNOWN_RELATION, message, range.clone())
        })?;
        let table: Vec<Column> = known.into_iter().map(|(name, ty)| Column::new(name, ty)).collect();
        let wanted: Vec<Column> = if named.is_empty() {
            table
        } else {
            named.iter().map(|(name, range)| find(&table, name, range).cloned()).collect::<Step<_>>()?
        };
        let format = self.format_at(&location, &options.format, &options.format_range)?;
        let files = self.copied_files(&location, &options, &path)?;
        if files.is_empty() {
            return Ok(Made::status(Vec::new(), "Copy executed with 0 files processed."));
        }
        if let (Some(_), Some(_)) = (options.validation, &transform) {
            return Err(SqlProblem::unsupported("VALIDATION_MODE of a query", range));
        }
        let (rows, filled) = match transform {
            Some((items, alias)) => {
                let source = self.copy_scope(&location, &files, &format, alias.as_ref())?;
                (source, self.transformed(&items, &wanted, &options, &range)?)
            }
            None => self.as_they_lie((&location, &files, &format), &wanted, &options, &range)?,
        };
        self.scopes.pop();
        let copied = Copied { rows, filled, options };
        Ok(match copied.options.validation {
            Some(validation) => self.validated(&path, &location, &files, (&copied, validation)),
            None => self.copy_statements(&path, &location, &files, &copied),
        })
    }

    /// A stage, or a query of one that does nothing but compute columns.
    fn copy_source(&mut self, cursor: &mut Cursor<'_>) -> Step<(Location, Option<Transform>)> {
        let range = cursor.range();
        if !cursor.sees_token(&Token::LParen) {
            return Ok((self.location(cursor)?, None));
        }
        let query = cursor.nested_query()?;
        let refused = || {
            SqlProblem::unsupported("this query of a COPY INTO", range.clone())
                .help("it selects expressions from one stage, without conditions, joins and groups")
        };
        let SetExpr::Select(select) = *query.body else { return Err(refused()) };
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
        let more = select.selection.is_some() || select.having.is_some() || select.qualify.is_some() || grouped;
        if more || query.order_by.is_some() || query.limit_clause.is_some() || query.with.is_some() {
            return Err(refused());
        }
        let [table] = select.from.as_slice() else { return Err(refused()) };
        let TableFactor::Table { name, alias, .. } = &table.relation else { return Err(refused()) };
        let Some(name) = super::from::staged(name).filter(|_| table.joins.is_empty()) else { return Err(refused()) };
        let location = self.location_of(name, &range)?;
        Ok((location, Some((select.projection, alias.clone()))))
    }

    /// The files that are loaded: those that are asked for, without those that the table has.
    fn copied_files(&self, location: &Location, options: &CopyOptions, table: &[String]) -> Step<Vec<StagedFile>> {
        let mut files = self.files_at(location, options.pattern.as_deref())?;
        if let Some(wanted) = &options.files {
            let mut found = Vec::new();
            for name in wanted {
                let below = format!("{}{name}", location.start);
                let file = files.iter().find(|file| file.below == below).ok_or_else(|| {
                    let message = format!("remote file `{}{below}` was not found", location.url);
                    SqlProblem::new(crate::sql::problem::UNKNOWN_RELATION, message, location.range.clone())
                })?;
                found.push(file.clone());
            }
            files = found;
        }
        if !options.force {
            let loaded = self.stages(&location.range)?.loaded(table);
            let is_loaded = |file: &StagedFile| loaded.contains(&(location.name_of(file), file.key.clone()));
            files.retain(|file| !is_loaded(file));
        }
        if let Some(limit) = options.size_limit {
            let mut sum = 0;
            files.retain(|file| {
                let goes = sum < limit;
                sum += file.size;
                goes
            });
        }
        Ok(files)
    }

    /// A scope with the files' rows; gives their query.
    fn copy_scope(
        &mut self,
        location: &Location,
        files: &[StagedFile],
        format: &FileFormat,
        alias: Option<&TableAlias>,
    ) -> Step<String> {
        let records = self.records(location, files, format)?;
        self.scopes.push(Scope::default());
        self.records_in_scope(&records, alias, format, &location.range)
    }

    /// The columns as a query computes them.
    fn transformed(
        &mut self,
        items: &[SelectItem],
        wanted: &[Column],
        options: &CopyOptions,
        range: &Range<usize>,
    ) -> Step<Vec<Filled>> {
        if items.len() != wanted.len() {
            let message = format!("{} columns are filled by {} values", wanted.len(), items.len());
            return Err(SqlProblem::new(WRONG_TYPE, message, range.clone()));
        }
        let mut filled = Vec::new();
        for (item, column) in items.iter().zip(wanted) {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
                return Err(SqlProblem::unsupported("a star over a stage", range.clone()));
            };
            let range = self.range_of(expr);
            // A query's own error says more than that there is one.
            if options.on_error == OnError::Abort {
                let value = self.expression(expr)?;
                let value = match column.ty.length().filter(|_| options.truncate) {
                    Some(length) => format!("left({}, {length})", self.assigned(&value, DataType::TEXT, &range)?),
                    None => self.assigned(&value, column.ty, &range)?,
                };
                filled.push(Filled { column: column.clone(), value, source: None });
                continue;
            }
            filled.push(match expr {
                Expr::Cast { expr: inner, data_type, .. } => {
                    let source = self.expression(inner)?;
                    let to = self.data_type(data_type, &range)?;
                    let value = Typed::new(self.tried(&source, to, options, &range)?, to);
                    Filled { source: Some(shown(&source)), ..self.filled(column, &value, options, &range)? }
                }
                _ => {
                    let value = self.expression(expr)?;
                    self.filled(column, &value, options, &range)?
                }
            });
        }
        Ok(filled)
    }

    fn filled(&self, column: &Column, value: &Typed, options: &CopyOptions, range: &Range<usize>) -> Step<Filled> {
        let source = Some(shown(value));
        Ok(Filled { column: column.clone(), value: self.tried(value, column.ty, options, range)?, source })
    }

    /// A value as a column takes it, or NULL where the column does not. A text that is too long is cut where the statement says so.
    fn tried(&self, value: &Typed, to: DataType, options: &CopyOptions, range: &Range<usize>) -> Step<String> {
        if to.family() == Family::Semi && value.ty.family() == Family::Text {
            return Ok(format!("sf_try_parse_json({})", value.sql));
        }
        let cannot = || cannot(value.ty, to, range);
        let Some(length) = to.length() else { return Ok(value.convert(to, Failing::Null).ok_or_else(cannot)?.sql) };
        let text = value.convert(DataType::TEXT, Failing::Null).ok_or_else(cannot)?.sql;
        if options.truncate {
            return Ok(format!("left({text}, {length})"));
        }
        Ok(format!("CASE WHEN length({text}) <= {length} THEN {text} END"))
    }

    /// The columns from the fields of the files, by position or by name.
    fn as_they_lie(
        &mut self,
        (location, files, format): (&Location, &[StagedFile], &FileFormat),
        wanted: &[Column],
        options: &CopyOptions,
        range: &Range<usize>,
    ) -> Step<(String, Vec<Filled>)> {
        let csv = format.kind() == Ok(FileKind::Csv);
        if options.by_name == Match::No {
            let semi = |column: &Column| column.ty.family() == Family::Semi;
            if !csv && !matches!(wanted, [column] if semi(column)) {
                let message = "such a file has one column, of type VARIANT, OBJECT or ARRAY";
                return Err(SqlProblem::new(WRONG_TYPE, message, range.clone())
                    .help("name the column, select from the stage, or write MATCH_BY_COLUMN_NAME"));
            }
            let checks = csv && format.flag("ERROR_ON_COLUMN_COUNT_MISMATCH", true);
            let format =
                if checks { format.clone().with("COLUMNS", &wanted.len().to_string()) } else { format.clone() };
            let rows = self.copy_scope(location, files, &format, None)?;
            let mut filled = Vec::new();
            for (index, column) in wanted.iter().enumerate() {
                let value = if csv {
                    Typed::new(format!("\"FIELDS#\"[{}]", index + 1), DataType::TEXT)
                } else {
                    Typed::new("\"$1\"", DataType::Variant)
                };
                filled.push(self.filled(column, &value, options, range)?);
            }
            return Ok((rows, filled));
        }
        if csv && !format.flag("PARSE_HEADER", false) {
            let problem = SqlProblem::unsupported("MATCH_BY_COLUMN_NAME without a header", range.clone());
            return Err(problem.help("write `PARSE_HEADER = TRUE` in the file format"));
        }
        let keys = if options.by_name == Match::AnyCase { "UPPER" } else { "SAME" };
        let rows = self.copy_scope(location, files, &format.clone().with("KEYS", keys), None)?;
        let mut filled = Vec::new();
        for column in wanted {
            let setting = options.metadata.iter().find(|setting| setting.name == column.name);
            let value = match setting {
                Some(setting) => {
                    let name = sqlparser::ast::Ident::new(setting.text()?.to_uppercase());
                    self.expression(&Expr::Identifier(name))?
                }
                None => by_name(column, options.by_name, format.kind()),
            };
            filled.push(self.filled(column, &value, options, range)?);
        }
        Ok((rows, filled))
    }

    /// Statements that read the files, and note what is wrong with them.
    fn read_statements(
        &self,
        table: &[String],
        location: &Location,
        files: &[StagedFile],
        copy: &Copied,
    ) -> Vec<String> {
        let required = self.columns.stages().map(|stages| stages.required(&self.stored(table))).unwrap_or_default();
        let name = |file: &StagedFile| literal(&location.name_of(file));
        let listed: Vec<String> = files
            .iter()
            .enumerate()
            .map(|(at, file)| format!("({at}, {}, {}, {})", name(file), literal(&file.key), literal(&file.location)))
            .collect();
        vec![
            format!("CREATE OR REPLACE TEMP TABLE {ROWS} AS {}", copy.rows_with_faults(table, &required)),
            format!("CREATE OR REPLACE TEMP TABLE {FILES} AS {}", copy.files_with_outcome(&listed.join(", "))),
        ]
    }

    /// The statements of a copy that loads nothing: some rows as they would be, or what is wrong.
    fn validated(
        &self,
        table: &[String],
        location: &Location,
        files: &[StagedFile],
        (copy, validation): (&Copied, Validation),
    ) -> Made {
        let mut statements = self.read_statements(table, location, files, copy);
        let columns = match validation {
            Validation::Rows(count) => {
                let columns: Vec<&Column> = copy.filled.iter().map(|filled| &filled.column).collect();
                let first = format!(
                    "SELECT * FROM {ROWS} JOIN {FILES} USING (\"FILE\") ORDER BY \"AT\", \"ROW\" LIMIT {count}"
                );
                statements.push(format!(
                    "SELECT error(\"FAULT\" || chr(10) || '  File ''' || \"FILE\" || ''', line ' || \"LINE\") FROM ({first}) AS \"FIRST\" \
                     WHERE \"FAULT\" IS NOT NULL ORDER BY \"AT\", \"ROW\" LIMIT 1"
                ));
                let values =
                    columns.iter().enumerate().map(|(at, column)| format!("\"C{at}\" AS {}", quote(&column.stored)));
                let values = values.collect::<Vec<_>>().join(", ");
                statements.push(format!("SELECT {values} FROM ({first}) AS \"FIRST\" ORDER BY \"AT\", \"ROW\""));
                let column = |column: &Column| ResultColumn { name: column.name.clone(), data_type: column.ty };
                columns.into_iter().map(column).collect()
            }
            Validation::Errors => {
                let number = DataType::INTEGER.duckdb();
                statements.push(format!(
                    "SELECT \"FAULT\" AS \"ERROR\", \"FILE\", CAST(\"LINE\" AS {number}) AS \"LINE\", CAST(\"CHARACTER\" AS {number}) AS \"CHARACTER\", \
                     CAST(NULL AS {number}) AS \"BYTE_OFFSET\", CASE WHEN \"ERROR#\" IS NULL THEN 'conversion' ELSE 'parsing' END AS \"CATEGORY\", \
                     CAST(NULL AS {number}) AS \"CODE\", CAST(NULL AS VARCHAR) AS \"SQL_STATE\", \"FAULT_COLUMN\" AS \"COLUMN_NAME\", \
                     CAST(\"ROW\" AS {number}) AS \"ROW_NUMBER\", CAST(\"LINE\" AS {number}) AS \"ROW_START_LINE\", \
                     CAST(NULL AS VARCHAR) AS \"REJECTED_RECORD\" FROM {ROWS} JOIN {FILES} USING (\"FILE\") \
                     WHERE \"FAULT\" IS NOT NULL ORDER BY \"AT\", \"ROW\""
                ));
                error_columns()
            }
        };
        let result = ResultShape::Rows { statement: statements.len() - 1, columns: Some(columns) };
        statements.extend([format!("DROP TABLE temp.{ROWS}"), format!("DROP TABLE temp.{FILES}")]);
        Made { statements, result, session: Vec::new() }
    }

    /// The statements of a copy.
    fn copy_statements(&self, table: &[String], location: &Location, files: &[StagedFile], copy: &Copied) -> Made {
        let own = literal(&key(table));
        let list: Vec<String> = copy.filled.iter().map(|filled| quote(&filled.column.stored)).collect();
        let values: Vec<String> = (0..list.len()).map(|at| format!("\"C{at}\"")).collect();
        let mut statements = self.read_statements(table, location, files, copy);
        if copy.options.on_error == OnError::Abort {
            statements.push(format!(
                "SELECT error(\"WRONG\") FROM (SELECT \"FAULT\" || chr(10) || '  File ''' || \"FILE\" || ''', line ' || \"LINE\" \
                 || ', character ' || \"CHARACTER\" || chr(10) || '  Row ' || \"ROW\" || coalesce(', column ' || \"FAULT_COLUMN\", '') AS \"WRONG\" \
                 FROM {ROWS} JOIN {FILES} USING (\"FILE\") WHERE \"FAULT\" IS NOT NULL ORDER BY \"AT\", \"ROW\" LIMIT 1) AS \"FIRST\""
            ));
        }
        statements.push(format!(
            "INSERT INTO {} ({}) SELECT {} FROM {ROWS} JOIN {FILES} USING (\"FILE\") \
             WHERE \"FAULT\" IS NULL AND \"status\" <> 'LOAD_FAILED' ORDER BY \"AT\", \"ROW\"",
            self.path_sql(&self.stored(table)),
            list.join(", "),
            values.join(", ")
        ));
        let history = kept_in(&table[0], "LOADED_FILES");
        let good = "\"status\" <> 'LOAD_FAILED'";
        statements.push(format!(
            "DELETE FROM {history} WHERE RELATION = {own} AND FILE IN (SELECT \"FILE\" FROM {FILES} WHERE {good})"
        ));
        statements.push(format!(
            "INSERT INTO {history} SELECT {own}, \"FILE\", \"KEY\", now() AT TIME ZONE 'UTC' FROM {FILES} WHERE {good}"
        ));
        let result = ResultShape::Rows { statement: statements.len(), columns: Some(result_columns()) };
        let only = if copy.options.only_failed { " WHERE \"status\" <> 'LOADED'" } else { "" };
        statements.push(format!(
            "SELECT \"FILE\" AS \"file\", \"status\", \"rows_parsed\", \"rows_loaded\", \"error_limit\", \"errors_seen\", \"first_error\", \
             \"first_error_line\", \"first_error_character\", \"first_error_column_name\" FROM {FILES}{only} ORDER BY \"AT\""
        ));
        let mut session = Vec::new();
        if copy.options.purge {
            session.push(SessionChange::Purge(statements.len()));
            statements.push(format!("SELECT \"PLACE\" FROM {FILES} WHERE \"status\" = 'LOADED'"));
        }
        statements.extend([format!("DROP TABLE temp.{ROWS}"), format!("DROP TABLE temp.{FILES}")]);
        Made { statements, result, session }
    }
}

/// What is copied, and how.
struct Copied {
    /// The query of the files' rows, with its alias.
    rows: String,
    filled: Vec<Filled>,
    options: CopyOptions,
}

impl Copied {
    /// The rows with their values, and what is wrong with each.
    fn rows_with_faults(&self, table: &[String], required: &[String]) -> String {
        let (mut values, mut faults, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        let name = table.last().map_or("", String::as_str).to_uppercase();
        for (at, filled) in self.filled.iter().enumerate() {
            values.push(format!("CASE WHEN \"ERROR#\" IS NULL THEN {} END AS \"C{at}\"", filled.value));
            let owner = literal(&format!("\"{name}\"[\"{}\":{}]", filled.column.name, at + 1));
            let mut fault = |condition: String, message: String| {
                faults.push(format!("WHEN {condition} THEN {message}"));
                owners.push(format!("WHEN {condition} THEN {owner}"));
            };
            if let Some(source) = &filled.source {
                values.push(format!("{source} AS \"T{at}\""));
                fault(format!("\"C{at}\" IS NULL AND \"T{at}\" IS NOT NULL"), message(filled, &format!("\"T{at}\"")));
            }
            if required.contains(&filled.column.stored) {
                fault(format!("\"C{at}\" IS NULL"), literal("NULL result in a non-nullable column"));
            }
        }
        let cases = |first: &str, cases: &[String]| format!("CASE {first} {} END", cases.join(" "));
        let outer = if faults.is_empty() {
            "\"ERROR#\" AS \"FAULT\", CAST(NULL AS VARCHAR) AS \"FAULT_COLUMN\"".to_owned()
        } else {
            format!(
                "{} AS \"FAULT\", {} AS \"FAULT_COLUMN\"",
                cases("WHEN \"ERROR#\" IS NOT NULL THEN \"ERROR#\"", &faults),
                cases("WHEN \"ERROR#\" IS NOT NULL THEN NULL", &owners)
            )
        };
        format!(
            "SELECT *, {outer} FROM (SELECT \"FILE#\" AS \"FILE\", \"METADATA$FILE_ROW_NUMBER\" AS \"ROW\", \"LINE#\" AS \"LINE\", \
             \"CHARACTER#\" AS \"CHARACTER\", \"ERROR#\", {} FROM {}) AS \"VALUES\"",
            values.join(", "),
            self.rows
        )
    }

    /// The files with what became of them.
    fn files_with_outcome(&self, listed: &str) -> String {
        let limit = match self.options.on_error {
            OnError::Abort => "1".to_owned(),
            OnError::SkipFile(count) => count.to_string(),
            OnError::Continue | OnError::SkipShare(_) => "\"rows_parsed\"".to_owned(),
        };
        let failed = match self.options.on_error {
            OnError::Continue => "\"errors_seen\" > 0 AND \"errors_seen\" = \"rows_parsed\"".to_owned(),
            OnError::Abort => "\"errors_seen\" > 0".to_owned(),
            OnError::SkipFile(count) => format!("\"errors_seen\" > 0 AND \"errors_seen\" >= {count}"),
            OnError::SkipShare(share) => format!("\"errors_seen\" * 100 > \"rows_parsed\" * {share}"),
        };
        let number = DataType::INTEGER.duckdb();
        format!(
            "SELECT \"AT\", \"FILE\", \"KEY\", \"PLACE\", \"rows_parsed\", \"errors_seen\", \"first_error\", \"first_error_line\", \
             \"first_error_character\", \"first_error_column_name\", CAST({limit} AS {number}) AS \"error_limit\", \
             CASE WHEN {failed} THEN 'LOAD_FAILED' WHEN \"errors_seen\" > 0 THEN 'PARTIALLY_LOADED' ELSE 'LOADED' END AS \"status\", \
             CASE WHEN {failed} THEN 0 ELSE \"rows_parsed\" - \"errors_seen\" END AS \"rows_loaded\" \
             FROM (SELECT \"AT\", \"LISTED\".\"FILE\", \"KEY\", \"PLACE\", CAST(count(\"ROW\") AS {number}) AS \"rows_parsed\", \
             CAST(count(\"FAULT\") AS {number}) AS \"errors_seen\", arg_min(\"FAULT\", \"ROW\") AS \"first_error\", \
             CAST(arg_min(\"LINE\", \"ROW\") FILTER (\"FAULT\" IS NOT NULL) AS {number}) AS \"first_error_line\", \
             CAST(arg_min(\"CHARACTER\", \"ROW\") FILTER (\"FAULT\" IS NOT NULL) AS {number}) AS \"first_error_character\", \
             arg_min(\"FAULT_COLUMN\", \"ROW\") FILTER (\"FAULT\" IS NOT NULL) AS \"first_error_column_name\" \
             FROM (VALUES {listed}) AS \"LISTED\"(\"AT\", \"FILE\", \"KEY\", \"PLACE\") \
             LEFT JOIN {ROWS} ON {ROWS}.\"FILE\" = \"LISTED\".\"FILE\" GROUP BY ALL) AS \"COUNTED\""
        )
    }
}

/// The value of an object's key, or of a header's field. Where letters' case does not matter, the reader made keys upper case, but for
/// those of columns that are stored as such.
fn by_name(column: &Column, by_name: Match, kind: Result<FileKind, String>) -> Typed {
    let upper = column.name.to_uppercase();
    let step = match by_name {
        Match::AnyCase if kind == Ok(FileKind::Parquet) => format!(
            "('$.\"' || list_filter(json_keys(\"VALUE#\"), lambda sf_k: upper(sf_k) = {})[1] || '\"')",
            literal(&upper)
        ),
        _ => {
            let name = if by_name == Match::AnyCase { &upper } else { &column.name };
            literal(&format!("$.\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
        }
    };
    let value = "CAST(\"VALUE#\" AS JSON)".to_owned();
    let sql = format!("json_extract({value}, {step})");
    Typed { path: Some((value, step)), ..Typed::new(sql, DataType::Variant) }
}

/// What Snowflake says of a text that is no value of a column's type.
fn message(filled: &Filled, text: &str) -> String {
    let said = |before: &str, behind: &str| format!("{} || {text} || {}", literal(before), literal(behind));
    match filled.column.ty.family() {
        Family::Number | Family::Float => said("Numeric value '", "' is not recognized"),
        Family::Boolean => said("Boolean value '", "' is not recognized"),
        Family::Semi => said("Error parsing JSON: ", ""),
        Family::Text => match filled.column.ty.length() {
            Some(length) => said(&format!("User character length limit ({length}) exceeded by string '"), "'"),
            None => said("String '", "' is not recognized"),
        },
        _ if filled.column.ty == DataType::Date => said("Date '", "' is not recognized"),
        _ if filled.column.ty == DataType::Time => said("Time '", "' is not recognized"),
        _ => said("Timestamp '", "' is not recognized"),
    }
}

/// A value as it is shown where it does not fit.
fn shown(value: &Typed) -> String {
    match value.ty.family() {
        Family::Semi => value.text(),
        _ => format!("CAST({} AS VARCHAR)", value.sql),
    }
}

fn result_columns() -> Vec<ResultColumn> {
    let column = |(name, data_type): (&str, DataType)| ResultColumn { name: name.to_owned(), data_type };
    let (text, number) = (DataType::TEXT, DataType::INTEGER);
    [
        ("file", text),
        ("status", text),
        ("rows_parsed", number),
        ("rows_loaded", number),
        ("error_limit", number),
        ("errors_seen", number),
        ("first_error", text),
        ("first_error_line", number),
        ("first_error_character", number),
        ("first_error_column_name", text),
    ]
    .map(column)
    .to_vec()
}

fn error_columns() -> Vec<ResultColumn> {
    let (text, number) = (DataType::TEXT, DataType::INTEGER);
    [
        ("ERROR", text),
        ("FILE", text),
        ("LINE", number),
        ("CHARACTER", number),
        ("BYTE_OFFSET", number),
        ("CATEGORY", text),
        ("CODE", number),
        ("SQL_STATE", text),
        ("COLUMN_NAME", text),
        ("ROW_NUMBER", number),
        ("ROW_START_LINE", number),
        ("REJECTED_RECORD", text),
    ]
    .map(|(name, data_type)| ResultColumn { name: name.to_owned(), data_type })
    .to_vec()
}

fn validation(setting: &Setting) -> Step<Validation> {
    let word = setting.text()?.to_ascii_uppercase();
    let rows = || word.strip_prefix("RETURN_")?.strip_suffix("_ROWS")?.parse().ok();
    match (word.as_str(), rows()) {
        ("RETURN_ERRORS", _) => Ok(Validation::Errors),
        (_, Some(count)) => Ok(Validation::Rows(count)),
        _ => Err(setting.refused()),
    }
}

/// The options behind the source.
fn copy_options(cursor: &mut Cursor<'_>) -> Step<CopyOptions> {
    let mut options = CopyOptions {
        format: FileFormat::default(),
        format_range: cursor.range(),
        files: None,
        pattern: None,
        on_error: OnError::Abort,
        by_name: Match::No,
        metadata: Vec::new(),
        size_limit: None,
        force: false,
        purge: false,
        truncate: false,
        only_failed: false,
        validation: None,
    };
    for setting in cursor.settings()? {
        match setting.name.as_str() {
            "FILE_FORMAT" => {
                options.format = setting.file_format()?;
                options.format_range = setting.range.clone();
            }
            "FILES" => options.files = Some(setting.texts()?),
            "PATTERN" => options.pattern = Some(setting.text()?.to_owned()),
            "ON_ERROR" => options.on_error = on_error(&setting)?,
            "FORCE" => options.force = setting.flag()?,
            "PURGE" => options.purge = setting.flag()?,
            "RETURN_FAILED_ONLY" => options.only_failed = setting.flag()?,
            "TRUNCATECOLUMNS" => options.truncate = setting.flag()?,
            "ENFORCE_LENGTH" => options.truncate = !setting.flag()?,
            "SIZE_LIMIT" => options.size_limit = Some(setting.number()?),
            "MATCH_BY_COLUMN_NAME" => {
                options.by_name = match setting.text()?.to_ascii_uppercase().as_str() {
                    "NONE" => Match::No,
                    "CASE_SENSITIVE" => Match::SameCase,
                    "CASE_INSENSITIVE" => Match::AnyCase,
                    _ => return Err(setting.wrong("CASE_SENSITIVE, CASE_INSENSITIVE or NONE")),
                }
            }
            "INCLUDE_METADATA" => match setting.value {
                Value::Settings(settings) => options.metadata = settings,
                _ => return Err(setting.wrong("columns in parentheses")),
            },
            "VALIDATION_MODE" => options.validation = Some(validation(&setting)?),
            // The load history is never forgotten.
            "LOAD_UNCERTAIN_FILES" => drop(setting.flag()?),
            _ => return Err(setting.refused()),
        }
    }
    Ok(options)
}

fn on_error(setting: &Setting) -> Step<OnError> {
    let word = setting.text()?.to_ascii_uppercase();
    let wrong = || setting.wrong("CONTINUE, SKIP_FILE, SKIP_FILE_10, 'SKIP_FILE_10%' or ABORT_STATEMENT");
    match word.as_str() {
        "ABORT_STATEMENT" => Ok(OnError::Abort),
        "CONTINUE" => Ok(OnError::Continue),
        "SKIP_FILE" => Ok(OnError::SkipFile(1)),
        other => {
            let count = other.strip_prefix("SKIP_FILE_").ok_or_else(wrong)?;
            match count.strip_suffix('%') {
                Some(share) => share.parse().map(OnError::SkipShare),
                None => count.parse().map(OnError::SkipFile),
            }
            .map_err(|_| wrong())
        }
    }
}
