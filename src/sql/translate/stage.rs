//! Stages and file formats: what makes them and takes them away, what lies in them, and their files as rows.

use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, TableAlias};
use sqlparser::tokenizer::Token;

use super::cursor::{Cursor, written_path};
use super::policy::{kept_in, key, schema_start};
use super::position::mark;
use super::scope::Relation;
use super::typed::Column;
use super::{Made, ResultColumn, ResultShape, Step, Translator, literal, quote};
use crate::sql::DataType;
use crate::sql::problem::{SYNTAX, SqlProblem, UNKNOWN_RELATION, WRONG_ARGUMENTS};
use crate::sql::stage::{FileFormat, FileKind, Stage, StagedFile, Stages, unreached};

/// An option as it is written: `NAME = value`.
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) range: Range<usize>,
}

/// What an option says.
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Settings(Vec<Setting>),
}

impl Setting {
    /// The value, which must be one text.
    pub(super) fn text(&self) -> Step<&str> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong("one value")),
        }
    }

    /// The value, which must be `TRUE` or `FALSE`.
    pub(super) fn flag(&self) -> Step<bool> {
        match self.text()?.to_ascii_uppercase().as_str() {
            "TRUE" => Ok(true),
            "FALSE" => Ok(false),
            _ => Err(self.wrong("TRUE or FALSE")),
        }
    }

    /// The value, which must be a whole number.
    pub(super) fn number(&self) -> Step<u64> {
        self.text()?.parse().map_err(|_| self.wrong("a whole number"))
    }

    /// The value's texts.
    pub(super) fn texts(&self) -> Step<Vec<String>> {
        match &self.value {
            Value::List(texts) => Ok(texts.clone()),
            Value::Text(text) => Ok(vec![text.clone()]),
            Value::Settings(_) => Err(self.wrong("texts in parentheses")),
        }
    }

    /// The problem that the value is none of this option.
    pub(super) fn wrong(&self, wanted: &str) -> SqlProblem {
        SqlProblem::new(SYNTAX, format!("`{}` takes {wanted}", self.name), self.range.clone())
    }

    /// The problem that the option is not supported.
    pub(super) fn refused(&self) -> SqlProblem {
        SqlProblem::unsupported(format!("`{}`", self.name), self.range.clone())
    }

    /// What a file format's options say; `FILE_FORMAT = name` names one.
    pub(super) fn file_format(&self) -> Step<FileFormat> {
        let settings = match &self.value {
            Value::Text(name) => {
                return Ok(FileFormat::default().with("FORMAT_NAME", name));
            }
            Value::List(_) => return Err(self.wrong("options in parentheses")),
            Value::Settings(settings) => settings,
        };
        file_format(settings)
    }
}

/// Options as those of a file format.
fn file_format(settings: &[Setting]) -> Step<FileFormat> {
    let mut options = BTreeMap::new();
    for setting in settings {
        options.insert(setting.name.clone(), setting.texts()?);
    }
    Ok(FileFormat::new(options))
}

/// A place in a stage.
pub(super) struct Location {
    /// The stage's URL.
    pub(super) url: String,
    /// What is behind the stage's name: the start of the files' paths.
    pub(super) start: String,
    /// The stage's file format.
    format: FileFormat,
    /// Where it is written.
    pub(super) range: Range<usize>,
}

impl Location {
    /// A file as `COPY INTO` and the load history call it.
    pub(super) fn name_of(&self, file: &StagedFile) -> String {
        format!("{}{}", with_slash(&self.url), file.below)
    }

    /// A file as `METADATA$FILENAME` calls it: without what names the store.
    pub(super) fn path_of(&self, file: &StagedFile) -> String {
        let url = with_slash(&self.url);
        let inside = url.split_once("://").map_or(url.as_str(), |(scheme, rest)| match scheme {
            "file" => rest.trim_start_matches('/'),
            _ => rest.split_once('/').map_or("", |(_, path)| path),
        });
        format!("{inside}{}", file.below)
    }
}

/// A folder's URL.
fn with_slash(url: &str) -> String {
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}

impl Cursor<'_> {
    /// Options up to something else.
    pub(super) fn settings(&mut self) -> Step<Vec<Setting>> {
        let mut settings = Vec::new();
        while !self.at_end() && !self.sees_token(&Token::RParen) {
            let start = self.range().start;
            let name = self.name()?;
            self.expect_token(&Token::Eq)?;
            let value = self.setting()?;
            settings.push(Setting { name, value, range: self.since(start) });
            self.takes_token(&Token::Comma);
        }
        Ok(settings)
    }

    fn setting(&mut self) -> Step<Value> {
        if self.takes_token(&Token::LParen) {
            let value = if let Ok(first) = self.string() {
                let mut texts = vec![first];
                while self.takes_token(&Token::Comma) {
                    texts.push(self.string()?);
                }
                Value::List(texts)
            } else if self.sees_token(&Token::RParen) {
                Value::List(Vec::new())
            } else {
                Value::Settings(self.settings()?)
            };
            self.expect_token(&Token::RParen)?;
            return Ok(value);
        }
        if let Ok(text) = self.string() {
            return Ok(Value::Text(text));
        }
        let mut text = self.bare()?;
        while self.takes_token(&Token::Period) {
            text = format!("{text}.{}", self.bare()?);
        }
        if self.takes_token(&Token::Mod) {
            text.push('%');
        }
        Ok(Value::Text(text))
    }

    /// Whether a place in a stage comes next.
    pub(super) fn sees_location(&self) -> bool {
        self.text_here().is_some_and(|text| text.trim_matches('\'').starts_with('@') || text.contains("://"))
    }
}

impl Translator<'_> {
    /// Stages and their files.
    pub(super) fn stages(&self, range: &Range<usize>) -> Step<&dyn Stages> {
        let stages = self.columns.stages();
        stages.ok_or_else(|| SqlProblem::unsupported("a stage", range.clone()))
    }

    /// A place in a stage: `@stage/path`, or its URL.
    pub(super) fn location(&self, cursor: &mut Cursor<'_>) -> Step<Location> {
        let range = cursor.range();
        let written = match cursor.string() {
            Ok(text) => text,
            Err(_) => cursor.bare()?,
        };
        self.location_of(&written, &range)
    }

    pub(super) fn location_of(&self, written: &str, range: &Range<usize>) -> Step<Location> {
        let Some(name) = written.strip_prefix('@') else {
            let (url, start) = written.rsplit_once('/').unwrap_or((written, ""));
            let (url, start, format) = (format!("{url}/"), start.to_owned(), FileFormat::default());
            return Ok(Location { url, start, format, range: range.clone() });
        };
        if name.starts_with('~') || name.split('.').any(|part| part.starts_with('%')) {
            let what = "a stage of a user or a table";
            return Err(SqlProblem::unsupported(what, range.clone()).help("create a stage with an URL"));
        }
        let mut quoted = false;
        let end = name.find(|c: char| {
            quoted ^= c == '"';
            !quoted && c == '/'
        });
        let (name, start) = end.map_or((name, ""), |end| (&name[..end], &name[end + 1..]));
        let path = self.full_path(&written_path(name));
        let Stage { url, format } = self.stages(range)?.stage(&path).ok_or_else(|| {
            let message = format!("stage `{}` does not exist or is not authorized", path.join("."));
            SqlProblem::new(UNKNOWN_RELATION, message, range.clone()).help("create it with `CREATE STAGE … URL = …`")
        })?;
        Ok(Location { url, start: start.to_owned(), format, range: range.clone() })
    }

    /// The file format of a place where `written` is said of it.
    pub(super) fn format_at(
        &self,
        location: &Location,
        written: &FileFormat,
        range: &Range<usize>,
    ) -> Step<FileFormat> {
        let stage = self.resolved(location.format.clone(), &location.range)?;
        let format = self.resolved(written.clone(), range)?.over(&stage);
        match format.refusal() {
            None => Ok(format),
            Some(what) => Err(SqlProblem::unsupported(what, range.clone())),
        }
    }

    /// A file format's options, where they are a name those of the format with this name.
    fn resolved(&self, format: FileFormat, range: &Range<usize>) -> Step<FileFormat> {
        let Some(name) = format.named() else { return Ok(format) };
        let path = self.full_path(&written_path(name));
        self.stages(range)?.file_format(&path).ok_or_else(|| {
            let message = format!("file format `{}` does not exist or is not authorized", path.join("."));
            SqlProblem::new(UNKNOWN_RELATION, message, range.clone()).help("create it with `CREATE FILE FORMAT`")
        })
    }

    /// The files of a place, as far as their paths match.
    pub(super) fn files_at(&self, location: &Location, pattern: Option<&str>) -> Step<Vec<StagedFile>> {
        let files = self.stages(&location.range)?.files(&location.url, &location.start);
        let mut files = files.map_err(|why| unreached(why, location.range.clone()))?;
        if let Some(pattern) = pattern {
            let whole = fancy_regex::Regex::new(&format!("^(?:{pattern})$"));
            let whole = whole.map_err(|error| {
                SqlProblem::new(SYNTAX, format!("`{pattern}` is no pattern: {error}"), location.range.clone())
            })?;
            files.retain(|file| whole.is_match(&location.path_of(file)).unwrap_or(false));
        }
        Ok(files)
    }

    /// `FROM @stage/path (FILE_FORMAT => '…', PATTERN => '…')`: the files' rows enter the scope.
    pub(super) fn staged_table(
        &mut self,
        name: &str,
        args: &[FunctionArg],
        alias: Option<&TableAlias>,
        range: &Range<usize>,
    ) -> Step<String> {
        if self.lasting {
            let problem = SqlProblem::unsupported("a view over a stage", range.clone());
            return Err(problem.help("make a table: the view's files would be those of now"));
        }
        let location = self.location_of(name, range)?;
        let (mut format, mut pattern) = (FileFormat::default(), None);
        for argument in args {
            let (key, value) = named_text(argument).ok_or_else(|| {
                SqlProblem::new(
                    WRONG_ARGUMENTS,
                    "a stage is read with FILE_FORMAT => '…' and PATTERN => '…'",
                    range.clone(),
                )
            })?;
            match key.as_str() {
                "FILE_FORMAT" => format = FileFormat::default().with("FORMAT_NAME", &value),
                _ => pattern = Some(value),
            }
        }
        let format = self.format_at(&location, &format, range)?;
        let files = self.files_at(&location, pattern.as_deref())?;
        let rows = self.records(&location, &files, &format)?;
        let checked = format!(
            "SELECT * FROM ({rows}) WHERE CASE WHEN \"ERROR#\" IS NULL THEN true \
             ELSE error(\"ERROR#\" || ', in the file ' || \"FILE#\" || ', line ' || \"LINE#\") END"
        );
        self.records_in_scope(&checked, alias, &format, range)
    }

    /// The rows of files, called by an alias, enter the scope.
    pub(super) fn records_in_scope(
        &mut self,
        rows: &str,
        alias: Option<&TableAlias>,
        format: &FileFormat,
        range: &Range<usize>,
    ) -> Step<String> {
        let (alias, ..) = self.alias(alias, "STAGE");
        let first = if format.kind() == Ok(FileKind::Csv) { DataType::TEXT } else { DataType::Variant };
        let field = |number| Column::new(format!("${number}"), if number == 1 { first } else { DataType::TEXT });
        let metadata = METADATA.iter().map(|(name, ty)| Column::new(*name, *ty));
        let columns = (1..=self.width()).map(field).chain(metadata).collect();
        self.scope().relations.push(Relation {
            alias: alias.clone(),
            path: Vec::new(),
            columns,
            open: false,
            rows: None,
        });
        Ok(format!("{} AS {}", mark(range, &format!("({rows})")), quote(&alias)))
    }

    /// The highest number of a field that the statement names.
    fn width(&self) -> usize {
        let number = |token: &Token| match token {
            Token::Placeholder(name) => name.strip_prefix('$')?.parse::<usize>().ok(),
            _ => None,
        };
        self.text.lexemes.iter().filter_map(|lexeme| number(&lexeme.token.token)).max().unwrap_or(1)
    }

    /// The query of files' rows: what they are, what is wrong with them, their fields and their value.
    pub(super) fn records(&self, location: &Location, files: &[StagedFile], format: &FileFormat) -> Step<String> {
        let kind = format.kind().map_err(|kind| {
            SqlProblem::unsupported(format!("a file format of type `{kind}`"), location.range.clone())
        })?;
        let fields = (2..=self.width()).map(|n| match kind {
            FileKind::Csv => format!("R.f[{n}] AS \"${n}\""),
            _ => format!("CAST(NULL AS VARCHAR) AS \"${n}\""),
        });
        let first = if kind == FileKind::Csv { "R.f[1] AS \"$1\"" } else { "json(R.v) AS \"$1\"" };
        let fields: Vec<String> = std::iter::once(first.to_owned()).chain(fields).collect();
        let listed = |file: &StagedFile| {
            let [name, path, place, key, at] = [
                location.name_of(file),
                location.path_of(file),
                file.location.clone(),
                file.key.clone(),
                file.modified.clone(),
            ]
            .map(|text| literal(&text));
            format!("({name}, {path}, {place}, {key}, CAST({at} AS TIMESTAMP))")
        };
        let mut listed: Vec<String> = files.iter().map(listed).collect();
        let none = if listed.is_empty() { " WHERE false" } else { "" };
        if listed.is_empty() {
            listed.push("('', '', '', '', CAST(NULL AS TIMESTAMP))".to_owned());
        }
        let records = if kind == FileKind::Parquet { self.parquet(files, &location.range)? } else { texts(format) };
        Ok(format!(
            "SELECT F.name AS \"FILE#\", R.l AS \"LINE#\", R.c AS \"CHARACTER#\", R.e AS \"ERROR#\", R.f AS \"FIELDS#\", \
             R.v AS \"VALUE#\", F.path AS \"METADATA$FILENAME\", CAST(R.n AS {number}) AS \"METADATA$FILE_ROW_NUMBER\", \
             F.key AS \"METADATA$FILE_CONTENT_KEY\", F.modified AS \"METADATA$FILE_LAST_MODIFIED\", \
             now() AS \"METADATA$START_SCAN_TIME\", {} \
             FROM (SELECT * FROM (VALUES {}) AS F(name, path, place, key, modified){none}) AS F, {records}",
            fields.join(", "),
            listed.join(", "),
            number = DataType::INTEGER.duckdb(),
        ))
    }

    /// The rows of Parquet files as objects.
    fn parquet(&self, files: &[StagedFile], range: &Range<usize>) -> Step<String> {
        let one = |file: &StagedFile| -> Step<String> {
            let place = literal(&file.location);
            let on_disk = self.stages(range)?.on_disk(file).map_err(|why| unreached(why, range.clone()))?;
            let on_disk = literal(&on_disk);
            Ok(format!(
                "SELECT {place} AS place, {{'n': row_number() OVER (), 'l': row_number() OVER (), 'c': 1, 'e': CAST(NULL AS VARCHAR), \
             'f': CAST([] AS VARCHAR[]), 'v': CAST(to_json(P) AS VARCHAR)}} AS R FROM read_parquet({on_disk}) AS P"
            ))
        };
        let rows = files.iter().map(one).collect::<Step<Vec<_>>>()?;
        if rows.is_empty() {
            return Ok(texts(&FileFormat::default()));
        }
        Ok(format!("LATERAL (SELECT R FROM ({}) AS Q WHERE Q.place = F.place) AS U", rows.join(" UNION ALL ")))
    }

    /// `CREATE STAGE`, from this word on.
    pub(super) fn create_stage(&mut self, cursor: &mut Cursor<'_>, replaces: bool) -> Step<Made> {
        cursor.expect("STAGE")?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let mut stage = Stage::default();
        for setting in cursor.settings()? {
            match setting.name.as_str() {
                "URL" => setting.text()?.clone_into(&mut stage.url),
                "FILE_FORMAT" => stage.format = setting.file_format()?,
                // Who may read the store, and what is known of it, is the store's and Snowflake's.
                "STORAGE_INTEGRATION" | "CREDENTIALS" | "ENCRYPTION" | "DIRECTORY" | "COMMENT" | "TAG" => {}
                _ => return Err(setting.refused()),
            }
        }
        cursor.expect_end()?;
        if stage.url.is_empty() {
            let problem = SqlProblem::unsupported("a stage without an URL", range);
            return Err(problem.help("give it a folder: `URL = 'file://landing/'`"));
        }
        let named = stage.format.named().is_some();
        if !named && let Some(what) = stage.format.refusal() {
            return Err(SqlProblem::unsupported(what, range));
        }
        let exists = self.stages(&range)?.stage(&path).is_some();
        let values = [stage.url, stage.format.to_text()];
        self.keep(("STAGES", "Stage area"), &path, &values, (replaces, quiet, exists, range))
    }

    /// `CREATE FILE FORMAT`, from the second word on.
    pub(super) fn create_file_format(&mut self, cursor: &mut Cursor<'_>, replaces: bool) -> Step<Made> {
        cursor.expect("FILE FORMAT")?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        let settings = cursor.settings()?;
        cursor.expect_end()?;
        let settings: Vec<Setting> = settings.into_iter().filter(|setting| setting.name != "COMMENT").collect();
        let format = file_format(&settings)?;
        if let Some(what) = format.refusal() {
            return Err(SqlProblem::unsupported(what, range));
        }
        let exists = self.stages(&range)?.file_format(&path).is_some();
        self.keep(("FILE_FORMATS", "File format"), &path, &[format.to_text()], (replaces, quiet, exists, range))
    }

    /// Keeps what was made under its path.
    fn keep(
        &self,
        (table, what): (&str, &str),
        path: &[String],
        values: &[String],
        (replaces, quiet, exists, range): (bool, bool, bool, Range<usize>),
    ) -> Step<Made> {
        let name = &path[path.len() - 1];
        if exists && quiet {
            return Ok(Made::status(Vec::new(), format!("{name} already exists, statement succeeded.")));
        }
        if exists && !replaces {
            let message = format!("object `{name}` already exists");
            return Err(
                SqlProblem::new(crate::sql::problem::WRONG_TYPE, message, range).help("write CREATE OR REPLACE")
            );
        }
        let table = kept_in(&path[0], table);
        let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
        let own = literal(&key(path));
        let statements = vec![
            format!("DELETE FROM {table} WHERE PATH = {own}"),
            format!("INSERT INTO {table} VALUES ({own}, {})", values.join(", ")),
        ];
        Ok(Made::status(statements, format!("{what} {name} successfully created.")))
    }

    /// `DROP STAGE` and `DROP FILE FORMAT`, behind these words.
    pub(super) fn drop_kept(&mut self, cursor: &mut Cursor<'_>, table: &str) -> Step<Made> {
        let quiet = cursor.takes("IF EXISTS");
        let range = cursor.range();
        let path = self.full_path(&cursor.path()?);
        cursor.expect_end()?;
        let stages = self.stages(&range)?;
        let exists = match table {
            "STAGES" => stages.stage(&path).is_some(),
            _ => stages.file_format(&path).is_some(),
        };
        let name = &path[path.len() - 1];
        if !exists && !quiet {
            let message = format!("`{}` does not exist or is not authorized", path.join("."));
            return Err(SqlProblem::new(UNKNOWN_RELATION, message, range));
        }
        let statement = format!("DELETE FROM {} WHERE PATH = {}", kept_in(&path[0], table), literal(&key(&path)));
        Ok(Made::status(vec![statement], format!("{name} successfully dropped.")))
    }

    /// `LIST @stage` and `REMOVE @stage`, with a pattern.
    pub(super) fn list_or_remove(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let removes = matches!(cursor.word().as_str(), "REMOVE" | "RM");
        cursor.skip();
        let location = self.location(cursor)?;
        let mut pattern = None;
        for setting in cursor.settings()? {
            match setting.name.as_str() {
                "PATTERN" => pattern = Some(setting.text()?.to_owned()),
                _ => return Err(setting.refused()),
            }
        }
        cursor.expect_end()?;
        let files = self.files_at(&location, pattern.as_deref())?;
        let text = |file: &StagedFile| {
            let name = literal(&location.name_of(file));
            if removes {
                return format!("({name}, sf_remove_file({}))", literal(&file.location));
            }
            format!("({name}, {}, {}, {})", file.size, literal(&file.key), literal(&file.modified))
        };
        let rows: Vec<String> = files.iter().map(text).collect();
        let names: &[(&str, DataType)] = if removes {
            &[("name", DataType::TEXT), ("result", DataType::TEXT)]
        } else {
            &[
                ("name", DataType::TEXT),
                ("size", DataType::INTEGER),
                ("md5", DataType::TEXT),
                ("last_modified", DataType::TEXT),
            ]
        };
        let columns: Vec<String> = names.iter().map(|(name, _)| quote(name)).collect();
        let columns = columns.join(", ");
        let sql = if rows.is_empty() {
            let nulls = vec!["NULL"; names.len()].join(", ");
            format!("SELECT * FROM (VALUES ({nulls})) AS \"FILES\"({columns}) WHERE false")
        } else {
            format!("SELECT * FROM (VALUES {}) AS \"FILES\"({columns})", rows.join(", "))
        };
        let column =
            |(name, data_type): &(&str, DataType)| ResultColumn { name: (*name).to_owned(), data_type: *data_type };
        let columns = Some(names.iter().map(column).collect());
        Ok(Made { statements: vec![sql], result: ResultShape::Rows { statement: 0, columns }, session: Vec::new() })
    }

    /// Statements that forget what a table has loaded.
    pub(super) fn forget_loads(&self, path: &[String]) -> Option<String> {
        let known = self.columns.stages().is_some_and(|stages| !stages.loaded(path).is_empty());
        known.then(|| {
            format!("DELETE FROM {} WHERE RELATION = {}", kept_in(&path[0], "LOADED_FILES"), literal(&key(path)))
        })
    }

    /// Statements with which two tables exchange what they have loaded; one of them need not be there.
    pub(super) fn exchange_loads(&self, one: &[String], other: &[String]) -> Option<String> {
        let loaded = |table| self.columns.stages().is_some_and(|stages| !stages.loaded(table).is_empty());
        let (table, known) = (kept_in(&one[0], "LOADED_FILES"), loaded(one) || loaded(other));
        let (one, other) = (literal(&key(one)), literal(&key(other)));
        known.then(|| {
            format!(
                "UPDATE {table} SET RELATION = CASE RELATION WHEN {one} THEN {other} ELSE {one} END WHERE RELATION IN ({one}, {other})"
            )
        })
    }

    /// Statements that forget the stages, file formats and load histories of a schema.
    pub(super) fn forget_stages(&self, schema: &[String]) -> Vec<String> {
        let start = schema_start(&key(schema));
        let database = schema.first().map_or("", String::as_str);
        let kept = [("STAGES", "PATH"), ("FILE_FORMATS", "PATH"), ("LOADED_FILES", "RELATION")];
        let forget = |(table, column): (&str, &str)| {
            format!("DELETE FROM {} WHERE starts_with({column}, {start})", kept_in(database, table))
        };
        if self.columns.stages().is_some() { kept.map(forget).to_vec() } else { Vec::new() }
    }
}

/// What a row says of its file, with its type.
const METADATA: [(&str, DataType); 5] = [
    ("METADATA$FILENAME", DataType::TEXT),
    ("METADATA$FILE_ROW_NUMBER", DataType::INTEGER),
    ("METADATA$FILE_CONTENT_KEY", DataType::TEXT),
    ("METADATA$FILE_LAST_MODIFIED", DataType::TimestampNtz),
    ("METADATA$START_SCAN_TIME", DataType::TimestampLtz),
];

/// The records of files that are read here, one by one.
fn texts(format: &FileFormat) -> String {
    let shape = r#"[{"n":"BIGINT","l":"BIGINT","c":"BIGINT","e":"VARCHAR","f":["VARCHAR"],"v":"VARCHAR"}]"#;
    let records = format!("from_json(sf_records(F.place, F.key, {}), {})", literal(&format.to_text()), literal(shape));
    format!("LATERAL (SELECT unnest({records}) AS R) AS U")
}

/// `NAME => 'text'`.
fn named_text(argument: &FunctionArg) -> Option<(String, String)> {
    let (FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. }
    | FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(value), .. }) = argument
    else {
        return None;
    };
    let name = super::fold(name);
    let known = ["FILE_FORMAT", "PATTERN"].contains(&name.as_str());
    let text = match value {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => Some(value.to_string()),
        value => super::path::constant(value),
    };
    known.then_some((name, text?))
}
