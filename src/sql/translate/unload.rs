//! `COPY INTO` a stage: rows become one file.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::stage::Location;
use super::typed::{Shaped, Typed};
use super::{Made, ResultColumn, ResultShape, Step, Translator, literal, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};
use crate::sql::stage::{FileFormat, FileKind, unreached};

/// What stands behind the source.
struct UnloadOptions {
    format: FileFormat,
    format_range: Range<usize>,
    overwrite: bool,
    single: bool,
    header: bool,
}

impl Translator<'_> {
    /// `COPY INTO @stage/path FROM …`, from the stage on.
    pub(super) fn unload(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let location = self.location(cursor)?;
        cursor.expect("FROM")?;
        let range = cursor.range();
        let made = if cursor.sees_token(&Token::LParen) {
            let query = cursor.nested_query()?;
            self.query(&query)?
        } else {
            let start = range.start;
            cursor.path()?;
            let name = self.text.sql[cursor.since(start)].to_owned();
            self.whole_table(&name)?
        };
        let options = unload_options(cursor)?;
        cursor.expect_end()?;
        let format = self.format_at(&location, &options.format, &options.format_range)?;
        if made.open {
            return Err(SqlProblem::unsupported("an unload of unknown columns", range));
        }
        let (line, header) = self.line(&made, &format, &options, &range)?;
        let folder = self.stages(&location.range)?.folder(&location.url);
        let folder = folder.map_err(|why| unreached(why, location.range.clone()))?;
        let file = format!("{}/{}", folder.trim_end_matches('/'), file_name(&location, &format, &options));
        let how = format!("{}{}", if options.overwrite { "OVERWRITE " } else { "" }, compression(&format));
        let number = DataType::INTEGER.duckdb();
        let names: Vec<String> = (0..made.columns.len()).map(|at| quote(&format!("C{at}"))).collect();
        let sql = format!(
            "SELECT CAST(\"N\" AS {number}) AS \"rows_unloaded\", CAST(strlen(\"TEXT\") AS {number}) AS \"input_bytes\", \
             CAST(CASE WHEN \"N\" > 0 THEN sf_write_file({}, \"TEXT\", {}) ELSE 0 END AS {number}) AS \"output_bytes\" \
             FROM (SELECT \"N\", CASE WHEN \"N\" > 0 THEN {} || \"LINES\" ELSE '' END AS \"TEXT\" \
             FROM (SELECT count(*) AS \"N\", coalesce(string_agg(\"LINE\" || chr(10), '' ORDER BY \"AT\"), '') AS \"LINES\" \
             FROM (SELECT row_number() OVER () AS \"AT\", {line} AS \"LINE\" FROM ({}) AS \"ROWS\"({})) AS \"LISTED\") AS \"COUNTED\") AS \"WRITTEN\"",
            literal(&file),
            literal(&how),
            literal(&header),
            made.sql,
            names.join(", "),
        );
        let column = |name: &str| ResultColumn { name: name.to_owned(), data_type: DataType::INTEGER };
        let columns = Some(["rows_unloaded", "input_bytes", "output_bytes"].map(column).to_vec());
        Ok(Made { statements: vec![sql], result: ResultShape::Rows { statement: 0, columns }, session: Vec::new() })
    }

    /// All rows and columns of a table.
    fn whole_table(&mut self, name: &str) -> Step<Shaped> {
        let sql = format!("SELECT * FROM {name}");
        let inside = |problem: SqlProblem| SqlProblem { range: 0..self.text.sql.trim_end().len(), ..problem };
        let text = crate::sql::text::Text::new(&sql, crate::sql::Dialect::Snowflake).map_err(inside)?;
        let query = Cursor::new(&text).query().map_err(inside)?;
        let mut inner = Translator::new(&text, self.columns, self.session);
        let made = inner.query(&query).map_err(inside)?;
        Ok(Shaped { sql: super::position::plain(&made.sql), ..made })
    }

    /// A row as a line of the file, over columns `C0`, `C1` and so on; and the line before the first.
    fn line(
        &self,
        made: &Shaped,
        format: &FileFormat,
        options: &UnloadOptions,
        range: &Range<usize>,
    ) -> Step<(String, String)> {
        let kind = format.kind().unwrap_or(FileKind::Csv);
        if kind == FileKind::Json {
            return match made.columns.as_slice() {
                [column] if column.ty.family() == Family::Semi => {
                    Ok(("coalesce(CAST(\"C0\" AS VARCHAR), '')".to_owned(), String::new()))
                }
                _ => Err(SqlProblem::new(
                    WRONG_TYPE,
                    "JSON is unloaded from one column of type VARIANT, OBJECT or ARRAY",
                    range.clone(),
                )
                .help("make one with OBJECT_CONSTRUCT(*)")),
            };
        }
        if kind == FileKind::Parquet {
            return Err(SqlProblem::unsupported("unloading Parquet", range.clone()));
        }
        if format.text_or("RECORD_DELIMITER", Some("\n")) != Some("\n") {
            return Err(SqlProblem::unsupported("this RECORD_DELIMITER of an unload", range.clone()));
        }
        let delimiter = format.text_or("FIELD_DELIMITER", Some(",")).unwrap_or_default();
        let enclosure = format.text_or("FIELD_OPTIONALLY_ENCLOSED_BY", None);
        let escape = format.text_or("ESCAPE_UNENCLOSED_FIELD", Some("\\"));
        let null = format.texts("NULL_IF").map_or(Some("\\N"), |texts| texts.first().map(String::as_str));
        let mut fields = Vec::new();
        for (at, column) in made.columns.iter().enumerate() {
            let value = Typed::new(quote(&format!("C{at}")), column.ty);
            let text = self.convert(&value, DataType::TEXT, range)?.sql;
            let enclosed = enclosure.filter(|_| matches!(column.ty.family(), Family::Text | Family::Semi));
            let written = match (enclosed, escape) {
                (Some(quote), _) => {
                    let (quote, twice) = (literal(quote), literal(&format!("{quote}{quote}")));
                    format!("{quote} || replace({text}, {quote}, {twice}) || {quote}")
                }
                (None, Some(escape)) => [escape, delimiter, "\n"].iter().fold(text, |text, special| {
                    format!("replace({text}, {}, {})", literal(special), literal(&format!("{escape}{special}")))
                }),
                (None, None) => text,
            };
            fields.push(format!("coalesce({written}, {})", literal(null.unwrap_or_default())));
        }
        let name = |name: &str| enclosure.map_or(name.to_owned(), |quote| format!("{quote}{name}{quote}"));
        let names: Vec<String> = made.columns.iter().map(|column| name(&column.name)).collect();
        let header = if options.header { format!("{}\n", names.join(delimiter)) } else { String::new() };
        Ok((fields.join(&format!(" || {} || ", literal(delimiter))), header))
    }
}

/// How the file is compressed: with gzip unless the format says otherwise.
fn compression(format: &FileFormat) -> &'static str {
    if format.text_or("COMPRESSION", Some("GZIP")).is_none() { "NONE" } else { "GZIP" }
}

/// The file's path below the stage's folder.
fn file_name(location: &Location, format: &FileFormat, options: &UnloadOptions) -> String {
    let start = &location.start;
    let named = !start.is_empty() && !start.ends_with('/');
    if options.single {
        return if named { start.clone() } else { format!("{start}data") };
    }
    let prefix = match () {
        () if !named => format!("{start}data_"),
        () if start.ends_with('_') => start.clone(),
        () => format!("{start}_"),
    };
    let kind = if format.kind() == Ok(FileKind::Json) { "json" } else { "csv" };
    let own = format.text_or("FILE_EXTENSION", None).map(|text| text.trim_start_matches('.').to_owned());
    let zipped = if compression(format) == "GZIP" { ".gz" } else { "" };
    let ending = own.unwrap_or_else(|| format!("{kind}{zipped}"));
    format!("{prefix}0_0_0.{ending}")
}

fn unload_options(cursor: &mut Cursor<'_>) -> Step<UnloadOptions> {
    let mut options = UnloadOptions {
        format: FileFormat::default(),
        format_range: cursor.range(),
        overwrite: false,
        single: false,
        header: false,
    };
    if cursor.sees("PARTITION") {
        return Err(SqlProblem::unsupported("PARTITION BY of an unload", cursor.range()));
    }
    for setting in cursor.settings()? {
        match setting.name.as_str() {
            "FILE_FORMAT" => {
                options.format = setting.file_format()?;
                options.format_range = setting.range.clone();
            }
            "OVERWRITE" => options.overwrite = setting.flag()?,
            "SINGLE" => options.single = setting.flag()?,
            "HEADER" => options.header = setting.flag()?,
            // All rows are in one file.
            "MAX_FILE_SIZE" => drop(setting.number()?),
            "INCLUDE_QUERY_ID" | "DETAILED_OUTPUT" if !setting.flag()? => {}
            _ => return Err(setting.refused()),
        }
    }
    Ok(options)
}
