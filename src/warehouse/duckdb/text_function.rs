//! Functions over texts that the engine has not, or has over bytes: likeness, places of matches, JSON, URLs and addresses.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use duckdb::arrow::datatypes::{DataType, Int64Type};
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};
use fancy_regex::Regex;

use crate::sql::{Duplicates, edit_distance, jaro_winkler, parse_ip, parse_url, read_json};

/// Registers the functions for all connections to an instance.
pub(super) fn register(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<EditDistance>("sf_edit_distance")?;
    connection.register_scalar_function::<JaroWinkler>("sf_jaro_winkler")?;
    connection.register_scalar_function::<Json>("sf_json")?;
    connection.register_scalar_function::<TryJson>("sf_try_json")?;
    connection.register_scalar_function::<Url>("sf_url")?;
    connection.register_scalar_function::<Ip>("sf_ip")?;
    connection.register_scalar_function::<MatchPlace>("sf_match_place")?;
    connection.register_scalar_function::<ReplaceOne>("sf_replace_one")
}

type Made = Result<Arc<dyn Array>, Box<dyn Error>>;
type Said<T> = Result<T, Box<dyn Error>>;

/// The rows of columns of texts; a row with a NULL is none.
fn rows<const N: usize>(input: &RecordBatch) -> Said<impl Iterator<Item = Option<[&str; N]>>> {
    let columns: Vec<&StringArray> = (0..N).map(|at| texts(input.column(at))).collect::<Said<_>>()?;
    Ok((0..input.num_rows()).map(move |row| {
        let known = columns.iter().all(|column| column.is_valid(row));
        known.then(|| std::array::from_fn(|at| columns[at].value(row)))
    }))
}

fn texts(column: &ArrayRef) -> Said<&StringArray> {
    Ok(column.as_string_opt::<i32>().ok_or("a text is expected")?)
}

/// A column of whole numbers.
fn numbers(column: &ArrayRef) -> Said<&Int64Array> {
    Ok(column.as_primitive_opt::<Int64Type>().ok_or("a whole number is expected")?)
}

fn signature(texts: usize, numbers: usize, result: DataType) -> Vec<ArrowFunctionSignature> {
    let types = std::iter::repeat_n(DataType::Utf8, texts).chain(std::iter::repeat_n(DataType::Int64, numbers));
    vec![ArrowFunctionSignature::exact(types.collect(), result)]
}

/// A text made from texts, for each row without a NULL.
fn text_of<const N: usize>(input: &RecordBatch, make: impl Fn([&str; N]) -> Said<Option<String>>) -> Made {
    let made = rows(input)?.map(|row| row.map_or(Ok(None), &make));
    Ok(Arc::new(made.collect::<Said<StringArray>>()?))
}

/// A number made from two texts.
fn number_of(input: &RecordBatch, make: impl Fn(&str, &str) -> i64) -> Made {
    let made = rows::<2>(input)?.map(|row| row.map(|[one, other]| make(one, other)));
    Ok(Arc::new(made.collect::<Int64Array>()))
}

/// The number of changes that make one text of another.
struct EditDistance;

impl VArrowScalar for EditDistance {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        number_of(&input, |one, other| i64::try_from(edit_distance(one, other)).unwrap_or(i64::MAX))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(2, 0, DataType::Int64)
    }
}

/// The similarity by Jaro and Winkler, of 100.
struct JaroWinkler;

impl VArrowScalar for JaroWinkler {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        number_of(&input, jaro_winkler)
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(2, 0, DataType::Int64)
    }
}

/// What `PARSE_JSON` says about keys that stand twice.
fn duplicates(parameter: &str) -> Duplicates {
    if parameter.eq_ignore_ascii_case("d") { Duplicates::LastHolds } else { Duplicates::Refused }
}

/// JSON as Snowflake reads it: the place of the call, the text, and the parameter. A blank text is NULL.
struct Json;

impl VArrowScalar for Json {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        text_of(&input, |[place, text, parameter]| match read_json(text, duplicates(parameter)) {
            Some(json) => Ok(Some(json)),
            None if text.trim().is_empty() => Ok(None),
            None => Err(format!("Error parsing JSON: {text}{place}").into()),
        })
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(3, 0, DataType::Utf8)
    }
}

/// The same with NULL for what is none.
struct TryJson;

impl VArrowScalar for TryJson {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        text_of(&input, |[text, parameter]| Ok(read_json(text, duplicates(parameter))))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(2, 0, DataType::Utf8)
    }
}

/// What a reader made, or why it could not: as an error, or as an object where `permissive` is `1`.
fn or_why(made: Result<String, String>, permissive: &str, what: &str, place: &str) -> Said<Option<String>> {
    match made {
        Ok(parts) => Ok(Some(parts)),
        Err(why) if permissive != "0" => Ok(Some(serde_json::json!({ "error": why }).to_string())),
        Err(why) => Err(format!("Error parsing {what}: {why}{place}").into()),
    }
}

/// The parts of a URL: the place of the call, the URL, and whether an error is a value.
struct Url;

impl VArrowScalar for Url {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        text_of(&input, |[place, url, permissive]| {
            or_why(parse_url(url).map_err(str::to_owned), permissive, "URL", place)
        })
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(3, 0, DataType::Utf8)
    }
}

/// The parts of an address: the place of the call, the address, its type, and whether an error is a value.
struct Ip;

impl VArrowScalar for Ip {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        text_of(&input, |[place, text, kind, permissive]| or_why(parse_ip(text, kind), permissive, "IP", place))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(4, 0, DataType::Utf8)
    }
}

/// Patterns that were met, compiled once where rows have the same.
#[derive(Default)]
struct Patterns(Option<(String, Regex)>);

impl Patterns {
    fn get(&mut self, pattern: &str) -> Said<&Regex> {
        let known = self.0.take().filter(|(text, _)| text == pattern);
        let (_, regex) = match known {
            Some(known) => self.0.insert(known),
            None => self.0.insert((pattern.to_owned(), Regex::new(pattern)?)),
        };
        Ok(regex)
    }
}

/// Where the `occurrence`th match begins, or what is behind it, counted in characters from 1: subject, pattern; position,
/// occurrence, group, whether the end is asked for. 0 where there is none.
struct MatchPlace;

impl VArrowScalar for MatchPlace {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        let [from, occurrence, group, at_end] = [2, 3, 4, 5].map(|at| numbers(input.column(at)));
        let (from, occurrence, group, at_end) = (from?, occurrence?, group?, at_end?);
        let mut patterns = Patterns::default();
        let mut made: Vec<Option<i64>> = Vec::with_capacity(input.num_rows());
        for (row, texts) in rows::<2>(&input)?.enumerate() {
            let known = [from, occurrence, group, at_end].iter().all(|column| column.is_valid(row));
            let Some([subject, pattern]) = texts.filter(|_| known) else {
                made.push(None);
                continue;
            };
            let skipped = usize::try_from(occurrence.value(row).max(1) - 1)?;
            let start = byte_of(subject, from.value(row));
            let found = patterns.get(pattern)?.captures_iter(&subject[start..]).nth(skipped).transpose()?;
            let place = found.and_then(|found| found.get(usize::try_from(group.value(row)).ok()?));
            made.push(Some(place.map_or(0, |place| {
                let byte = start + if at_end.value(row) == 0 { place.start() } else { place.end() };
                i64::try_from(subject[..byte].chars().count() + 1).unwrap_or(i64::MAX)
            })));
        }
        Ok(Arc::new(Int64Array::from(made)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(2, 4, DataType::Int64)
    }
}

/// The text with one match replaced: subject, pattern, replacement; position, occurrence.
struct ReplaceOne;

impl VArrowScalar for ReplaceOne {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        let (from, occurrence) = (numbers(input.column(3))?, numbers(input.column(4))?);
        let mut patterns = Patterns::default();
        let mut made: Vec<Option<String>> = Vec::with_capacity(input.num_rows());
        for (row, texts) in rows::<3>(&input)?.enumerate() {
            let known = from.is_valid(row) && occurrence.is_valid(row);
            let Some([subject, pattern, by]) = texts.filter(|_| known) else {
                made.push(None);
                continue;
            };
            let skipped = usize::try_from(occurrence.value(row).max(1) - 1)?;
            let start = byte_of(subject, from.value(row));
            let found = patterns.get(pattern)?.captures_iter(&subject[start..]).nth(skipped).transpose()?;
            made.push(Some(match found.as_ref().and_then(|found| Some((found, found.get(0)?))) {
                None => subject.to_owned(),
                Some((found, whole)) => {
                    let (before, behind) = (&subject[..start + whole.start()], &subject[start + whole.end()..]);
                    format!("{before}{}{behind}", filled_in(by, |group| found.get(group).map(|m| m.as_str())))
                }
            }));
        }
        Ok(Arc::new(StringArray::from(made)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        signature(3, 2, DataType::Utf8)
    }
}

/// The byte at which the character of this number, counted from 1, begins.
fn byte_of(text: &str, character: i64) -> usize {
    let before = usize::try_from(character.max(1) - 1).unwrap_or(usize::MAX);
    text.char_indices().nth(before).map_or(text.len(), |(at, _)| at)
}

/// A replacement with its `\1` filled in.
fn filled_in<'m>(by: &str, group: impl Fn(usize) -> Option<&'m str>) -> String {
    let mut text = String::new();
    let mut chars = by.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(next)) => {
                chars.next();
                match next.to_digit(10) {
                    Some(number) => text.push_str(group(number as usize).unwrap_or_default()),
                    None => text.push(next),
                }
            }
            _ => text.push(c),
        }
    }
    text
}
