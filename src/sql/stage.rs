//! Stages: where files lie that statements read and write, what is in them, and which of them a table has already loaded.
//!
//! A database keeps its stages, file formats and load histories in tables of its own; the files are found by who runs statements.

use std::collections::BTreeMap;

use super::SqlProblem;
use super::problem::UNSUPPORTED;

/// The options of a file format as they were written, by upper-case name. An option has one text, or those of its list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFormat(BTreeMap<String, Vec<String>>);

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Rows of fields.
    Csv,
    /// JSON values.
    Json,
    /// Parquet's columns.
    Parquet,
}

/// Options that change nothing here at the values that [`FileFormat::refusal`] lets through, by the kinds that have them.
const COMPRESSION: &str = "COMPRESSION";
const CSV: [&str; 21] = [
    "RECORD_DELIMITER",
    "FIELD_DELIMITER",
    "MULTI_LINE",
    "FILE_EXTENSION",
    "PARSE_HEADER",
    "SKIP_HEADER",
    "SKIP_BLANK_LINES",
    "DATE_FORMAT",
    "TIME_FORMAT",
    "TIMESTAMP_FORMAT",
    "BINARY_FORMAT",
    "ESCAPE",
    "ESCAPE_UNENCLOSED_FIELD",
    "TRIM_SPACE",
    "FIELD_OPTIONALLY_ENCLOSED_BY",
    "NULL_IF",
    "ERROR_ON_COLUMN_COUNT_MISMATCH",
    "REPLACE_INVALID_CHARACTERS",
    "EMPTY_FIELD_AS_NULL",
    "SKIP_BYTE_ORDER_MARK",
    "ENCODING",
];
const JSON: [&str; 13] = [
    "DATE_FORMAT",
    "TIME_FORMAT",
    "TIMESTAMP_FORMAT",
    "BINARY_FORMAT",
    "TRIM_SPACE",
    "MULTI_LINE",
    "NULL_IF",
    "FILE_EXTENSION",
    "STRIP_OUTER_ARRAY",
    "STRIP_NULL_VALUES",
    "REPLACE_INVALID_CHARACTERS",
    "IGNORE_UTF8_ERRORS",
    "SKIP_BYTE_ORDER_MARK",
];
const PARQUET: [&str; 4] = ["BINARY_AS_TEXT", "USE_LOGICAL_TYPE", "USE_VECTORIZED_SCANNER", "SNAPPY_COMPRESSION"];

impl FileFormat {
    /// The options, by upper-case name.
    pub fn new(options: BTreeMap<String, Vec<String>>) -> Self {
        Self(options)
    }

    /// The options that [`FileFormat::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// The options as a text.
    pub fn to_text(&self) -> String {
        serde_json::json!(self.0).to_string()
    }

    /// These options, and those of `other` that are not among them. A format that says its type says all.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        if self.0.contains_key("TYPE") {
            return self.clone();
        }
        let mut options = other.0.clone();
        options.extend(self.0.clone());
        Self(options)
    }

    /// The format with one more option.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    /// What is in the files: CSV when nothing is said. An error is a kind that is not read here.
    pub fn kind(&self) -> Result<FileKind, String> {
        match self.text("TYPE").unwrap_or("CSV").to_uppercase().as_str() {
            "CSV" => Ok(FileKind::Csv),
            "JSON" => Ok(FileKind::Json),
            "PARQUET" => Ok(FileKind::Parquet),
            other => Err(other.to_owned()),
        }
    }

    /// The name of the file format that these options name in place of a type.
    pub(super) fn named(&self) -> Option<&str> {
        self.text("FORMAT_NAME")
    }

    /// An option's text; none when it is not written.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// An option's text, none when it says `NONE`, and what holds when it is not written.
    pub fn text_or<'f>(&'f self, name: &str, otherwise: Option<&'f str>) -> Option<&'f str> {
        match self.text(name) {
            None => otherwise,
            Some(text) if text.eq_ignore_ascii_case("NONE") => None,
            Some(text) => Some(text),
        }
    }

    /// All texts of a list.
    pub fn texts(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Whether an option is on.
    pub fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.text(name).map_or(otherwise, |text| text.eq_ignore_ascii_case("TRUE"))
    }

    /// An option's number.
    pub fn number(&self, name: &str) -> usize {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// What of these options is not supported, or is none: the option and its value.
    pub(super) fn refusal(&self) -> Option<String> {
        let kind = match self.kind() {
            Ok(kind) => kind,
            Err(other) => return Some(format!("a file format of type `{other}`")),
        };
        let known: &[&str] = match kind {
            FileKind::Csv => &CSV,
            FileKind::Json => &JSON,
            FileKind::Parquet => &PARQUET,
        };
        let refused = |(name, values): (&String, &Vec<String>)| {
            let value = values.first().map(String::as_str).unwrap_or_default();
            let is = |allowed: &[&str]| allowed.iter().any(|allowed| value.eq_ignore_ascii_case(allowed));
            let fine = match name.as_str() {
                "TYPE" | "FORMAT_NAME" => true,
                COMPRESSION if kind == FileKind::Parquet => is(&["AUTO", "SNAPPY", "NONE"]),
                COMPRESSION => is(&["AUTO", "GZIP", "NONE"]),
                name if !known.contains(&name) => false,
                "DATE_FORMAT" | "TIME_FORMAT" | "TIMESTAMP_FORMAT" => is(&["AUTO"]),
                "BINARY_FORMAT" => is(&["HEX"]),
                "ENCODING" => is(&["UTF8", "UTF-8"]),
                "ESCAPE_UNENCLOSED_FIELD" | "ESCAPE" => is(&["NONE"]) || value.chars().count() == 1,
                "FIELD_OPTIONALLY_ENCLOSED_BY" => is(&["NONE", "'", "\""]),
                "FIELD_DELIMITER" | "RECORD_DELIMITER" => !value.is_empty(),
                "IGNORE_UTF8_ERRORS" | "MULTI_LINE" | "USE_LOGICAL_TYPE" | "BINARY_AS_TEXT" => is(&["TRUE", "FALSE"]),
                _ => true,
            };
            (!fine).then(|| format!("`{name}` = `{value}` in a file format"))
        };
        self.0.iter().find_map(refused)
    }
}

/// A stage as a database keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// Where its files lie: `file://…`, `s3://…`.
    pub url: String,
    /// What is in them unless a statement says otherwise.
    pub format: FileFormat,
}

/// A file of a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StagedFile {
    /// Its path below the stage's URL.
    pub below: String,
    /// Where it lies.
    pub location: String,
    /// Its size in bytes.
    pub size: u64,
    /// What identifies its bytes: their MD5 digest, the entity tag of an object.
    pub key: String,
    /// When it was last changed, in UTC: `2024-05-01 10:00:00`.
    pub modified: String,
}

/// What is known of stages and of what was loaded from them. Paths are database, schema and name.
pub trait Stages {
    /// A stage.
    fn stage(&self, path: &[String]) -> Option<Stage>;

    /// A file format with a name.
    fn file_format(&self, path: &[String]) -> Option<FileFormat>;

    /// Where new files of an URL are written: a folder for `file://…`, the URL itself for one of a store that is reached. An error is
    /// an URL whose files are not reached.
    fn folder(&self, url: &str) -> Result<String, String>;

    /// The files below an URL whose path starts so, by path.
    fn files(&self, url: &str, start: &str) -> Result<Vec<StagedFile>, String>;

    /// Where a file can be read from a disk: where it lies, or a copy of it.
    fn on_disk(&self, file: &StagedFile) -> Result<String, String>;

    /// The files a table has loaded: their URLs, and the digests of their bytes.
    fn loaded(&self, table: &[String]) -> Vec<(String, String)>;

    /// The columns of a table that must have a value.
    fn required(&self, table: &[String]) -> Vec<String>;
}

/// The problem that files cannot be reached.
pub(super) fn unreached(why: String, range: std::ops::Range<usize>) -> SqlProblem {
    SqlProblem::new(UNSUPPORTED, why, range)
}
