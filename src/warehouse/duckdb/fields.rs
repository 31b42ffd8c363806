//! CSV as Snowflake reads it: delimiters of several characters, optional enclosures, two kinds of escapes, texts for NULL.

use super::records::Record;
use crate::sql::FileFormat;

/// How fields and records are told apart, and what they mean.
pub(super) struct Csv {
    record: Option<String>,
    field: Option<String>,
    enclosure: Option<char>,
    escape: Option<char>,
    escape_unenclosed: Option<char>,
    nulls: Vec<String>,
    trim: bool,
    empty_is_null: bool,
    skip_blank: bool,
    skip_header: usize,
    /// How many fields a record must have.
    columns: Option<usize>,
}

impl Csv {
    /// What the format's options say.
    pub(super) fn new(format: &FileFormat) -> Self {
        let text = |name: &str, otherwise: Option<&'static str>| format.text_or(name, otherwise).map(str::to_owned);
        let char = |name: &str, otherwise: Option<&'static str>| format.text_or(name, otherwise)?.chars().next();
        // A record ends at a line's end, whichever system wrote it.
        let record = text("RECORD_DELIMITER", None).filter(|text| text != "\n" && text != "\r\n");
        Self {
            record,
            field: text("FIELD_DELIMITER", Some(",")),
            enclosure: char("FIELD_OPTIONALLY_ENCLOSED_BY", None),
            escape: char("ESCAPE", None),
            escape_unenclosed: char("ESCAPE_UNENCLOSED_FIELD", Some("\\")),
            nulls: format.texts("NULL_IF").map_or_else(|| vec!["\\N".to_owned()], <[String]>::to_vec),
            trim: format.flag("TRIM_SPACE", false),
            empty_is_null: format.flag("EMPTY_FIELD_AS_NULL", true),
            skip_blank: format.flag("SKIP_BLANK_LINES", false),
            skip_header: format.number("SKIP_HEADER"),
            columns: format.text("COLUMNS").and_then(|text| text.parse().ok()),
        }
    }
}

/// The records of a text.
pub(super) fn records(text: &str, csv: &Csv) -> Vec<Record> {
    let mut reader = Reader { text, csv, at: 0, line: 1, line_start: 0 };
    for _ in 0..csv.skip_header {
        reader.skip_record();
    }
    let mut records: Vec<Record> = Vec::new();
    while !reader.at_end() {
        let (line, start) = (reader.line, reader.at);
        let outcome = reader.record();
        let blank = start == reader.at || text[start..reader.at].trim_matches(['\r', '\n']).is_empty();
        if csv.skip_blank && blank {
            continue;
        }
        let n = records.len() as u64 + 1;
        let mut record = Record { n, l: line, c: 1, ..Record::default() };
        match outcome {
            Ok(fields) => {
                record.e = csv.columns.filter(|count| *count != fields.len()).map(|count| {
                    format!(
                        "Number of columns in file ({}) does not match that of the corresponding table ({count}), use file \
                         format option error_on_column_count_mismatch=false to ignore this error",
                        fields.len()
                    )
                });
                record.f = fields;
            }
            Err((message, character)) => {
                record.e = Some(message);
                record.c = character;
            }
        }
        records.push(record);
    }
    records
}

struct Reader<'t> {
    text: &'t str,
    csv: &'t Csv,
    at: usize,
    line: u64,
    line_start: usize,
}

/// What stands behind a field.
enum Behind {
    Field,
    Record,
}

impl Reader<'_> {
    fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Goes on by so many bytes.
    fn go(&mut self, length: usize) {
        for (at, _) in self.text[self.at..self.at + length].match_indices('\n') {
            self.line += 1;
            self.line_start = self.at + at + 1;
        }
        self.at += length;
    }

    fn character(&self) -> u64 {
        self.text[self.line_start..self.at].chars().count() as u64 + 1
    }

    /// The length of the end of a record, if one is here.
    fn record_end(&self) -> Option<usize> {
        match &self.csv.record {
            Some(record) => self.rest().starts_with(record.as_str()).then_some(record.len()),
            None => ["\r\n", "\n"].iter().find(|end| self.rest().starts_with(**end)).map(|end| end.len()),
        }
    }

    /// What ends a field here, behind which reading goes on.
    fn end(&mut self) -> Option<Behind> {
        if self.at_end() {
            return Some(Behind::Record);
        }
        if let Some(length) = self.record_end() {
            self.go(length);
            return Some(Behind::Record);
        }
        let field = self.csv.field.as_deref()?;
        if !self.rest().starts_with(field) {
            return None;
        }
        self.go(field.len());
        Some(Behind::Field)
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.go(next.len_utf8());
        Some(next)
    }

    fn skip_record(&mut self) {
        while !self.at_end() {
            if let Some(length) = self.record_end() {
                self.go(length);
                return;
            }
            self.next();
        }
    }

    /// The fields of one record, or what is wrong and at which character; then it is behind the record in both cases.
    fn record(&mut self) -> Result<Vec<Option<String>>, (String, u64)> {
        let mut fields = Vec::new();
        loop {
            let (field, behind) = match self.field() {
                Ok(found) => found,
                Err(wrong) => {
                    self.skip_record();
                    return Err(wrong);
                }
            };
            fields.push(field);
            if matches!(behind, Behind::Record) {
                return Ok(fields);
            }
        }
    }

    fn field(&mut self) -> Result<(Option<String>, Behind), (String, u64)> {
        if self.csv.trim {
            self.skip_blanks();
        }
        match self.csv.enclosure {
            Some(enclosure) if self.rest().starts_with(enclosure) => self.enclosed(enclosure),
            _ => Ok(self.unenclosed()),
        }
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        let delimiter = self.csv.field.as_deref().is_some_and(|field| field.trim_matches([' ', '\t']).is_empty());
        if !delimiter {
            self.go(blanks);
        }
    }

    fn unenclosed(&mut self) -> (Option<String>, Behind) {
        let start = self.at;
        let mut value = String::new();
        loop {
            let end = self.at;
            if let Some(behind) = self.end() {
                let raw = &self.text[start..end];
                let value = if self.csv.trim { value.trim().to_owned() } else { value };
                let null = self.csv.nulls.iter().any(|null| *null == value || null == raw)
                    || (value.is_empty() && self.csv.empty_is_null);
                return ((!null).then_some(value), behind);
            }
            let Some(next) = self.next() else { continue };
            value.push(if Some(next) == self.csv.escape_unenclosed { self.escaped().unwrap_or(next) } else { next });
        }
    }

    /// What an escape character makes of the next.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '0' => '\0',
            other => other,
        })
    }

    fn enclosed(&mut self, enclosure: char) -> Result<(Option<String>, Behind), (String, u64)> {
        let opened = self.character();
        self.next();
        let mut value = String::new();
        loop {
            match self.next() {
                None => {
                    return Err((
                        format!("End of file reached while the field enclosed by '{enclosure}' was open"),
                        opened,
                    ));
                }
                Some(c) if Some(c) == self.csv.escape && c != enclosure => value.push(self.escaped().unwrap_or(c)),
                Some(c) if c == enclosure && self.rest().starts_with(enclosure) => {
                    self.next();
                    value.push(c);
                }
                Some(c) if c == enclosure => break,
                Some(c) => value.push(c),
            }
        }
        if self.csv.trim {
            self.skip_blanks();
        }
        let (found, at) = (self.rest().chars().next(), self.character());
        match self.end() {
            Some(behind) => Ok(((!self.csv.nulls.contains(&value)).then_some(value), behind)),
            None => {
                let delimiter = self.csv.field.as_deref().unwrap_or_default();
                let found = found.map(String::from).unwrap_or_default();
                Err((format!("Found character '{found}' instead of field delimiter '{delimiter}'"), at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Csv, records};
    use crate::sql::FileFormat;

    fn read(text: &str, options: &[(&str, &str)]) -> String {
        let format = options.iter().fold(FileFormat::default(), |format, (name, value)| format.with(name, value));
        let shown = |record: &super::Record| match &record.e {
            Some(error) => format!("line {}, {}: {error}", record.l, record.c),
            None => record.f.iter().map(|f| f.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join("|"),
        };
        records(text, &Csv::new(&format)).iter().map(shown).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_end_as_on_any_system() {
        assert_eq!(read("a,b\r\nc,\r\n", &[]), "a|b\nc|NULL");
        assert_eq!(read("a,b\n\nc", &[]), "a|b\nNULL\nc");
        assert_eq!(read("a::b;;c::d", &[("FIELD_DELIMITER", "::"), ("RECORD_DELIMITER", ";;")]), "a|b\nc|d");
    }

    #[test]
    fn quotes_hold_fields_together_where_the_format_says_so() {
        let quoted = [("FIELD_OPTIONALLY_ENCLOSED_BY", "\"")];
        assert_eq!(read("\"a\nb\",\"c\"\"d\",\"\"\n", &quoted), "a\nb|c\"d|");
        assert_eq!(read("\"a\"\n", &[]), "\"a\"");
        assert_eq!(
            read("1,\"a\"b\n2,c\n", &quoted),
            "line 1, 6: Found character 'b' instead of field delimiter ','\n2|c"
        );
        assert!(read("1\n2,\"open\n", &quoted).starts_with("1\nline 2, 3: End of file"));
        assert_eq!(read(" \"a\" , b \n", &[quoted[0], ("TRIM_SPACE", "TRUE")]), "a|b");
    }

    #[test]
    fn escapes_and_nulls() {
        assert_eq!(read("a\\,b,\\N,\\\\\n", &[]), "a,b|NULL|\\");
        assert_eq!(read("a\\,b\n", &[("ESCAPE_UNENCLOSED_FIELD", "NONE")]), "a\\|b");
        assert_eq!(read("x,\n", &[("NULL_IF", "x"), ("EMPTY_FIELD_AS_NULL", "FALSE")]), "NULL|");
    }
}
