//! Where the parts of a translated statement came from.
//!
//! While a statement is written, marks stand in its text: `\u{1}start,end\u{2}` before what came from those bytes of
//! the original. They are taken out at the end.

use std::collections::HashMap;
use std::ops::Range;

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// From places in a translated statement to bytes of the original.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PositionMap {
    /// Translated byte and the original's bytes for what starts there, by translated byte.
    segments: Vec<(usize, Range<usize>)>,
}

impl PositionMap {
    /// The best bytes of the original for a byte of the translated statement.
    pub fn original(&self, byte: usize) -> Option<Range<usize>> {
        let behind = self.segments.partition_point(|(start, _)| *start <= byte);
        self.segments[..behind].last().or(self.segments.first()).map(|(_, range)| range.clone())
    }

    /// The same for a line and a column (both from 1, columns in bytes as the engine counts them) of `translated`.
    pub fn original_at(&self, translated: &str, line: usize, column: usize) -> Option<Range<usize>> {
        let start: usize = translated.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        self.original(start + column.saturating_sub(1))
    }
}

/// `sql` with a mark that it came from these bytes.
pub(super) fn mark(range: &Range<usize>, sql: &str) -> String {
    format!("{OPEN}{},{}{CLOSE}{sql}", range.start, range.end)
}

/// A text without its marks, and what they said.
pub(super) fn unmark(marked: &str) -> (String, PositionMap) {
    let mut plain = String::with_capacity(marked.len());
    let mut map = PositionMap::default();
    let mut rest = marked;
    while let Some(at) = rest.find(OPEN) {
        plain.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        let Some(end) = inside.find(CLOSE) else { break };
        if let Some((start, stop)) = inside[..end].split_once(',')
            && let (Ok(start), Ok(stop)) = (start.parse(), stop.parse())
        {
            map.segments.push((plain.len(), start..stop));
        }
        rest = &inside[end + 1..];
    }
    plain.push_str(rest);
    (plain, map)
}

/// The macros of the prelude that fail by themselves. The engine says no place for such an error, so they are told theirs: it is
/// their first argument, and the end of their message.
const FAILING: [&str; 24] = [
    "sf_array_flatten(",
    "sf_boolean(",
    "sf_date(",
    "sf_div(",
    "sf_duplicate_row(",
    "sf_fdiv(",
    "sf_fit(",
    "sf_if_opened(",
    "sf_insert(",
    "sf_mod(",
    "sf_next_day(",
    "sf_number_of(",
    "sf_object_insert(",
    "sf_parse_ip(",
    "sf_parse_json(",
    "sf_parse_url(",
    "sf_previous_day(",
    "sf_strptime(",
    "sf_time(",
    "sf_timestamp(",
    "sf_timestamp_ltz(",
    "sf_timestamp_tz(",
    "sf_to_object(",
    "sf_unhex(",
];

/// A statement as it runs, without its marks, and what they said. What runs later, as part of another statement, has no places.
pub(super) fn finish(marked: &str) -> (String, PositionMap) {
    let (plain, map) = unmark(marked);
    let lasting = !runs_at_once(&plain);
    let mut places: HashMap<&str, String> = HashMap::new();
    let (mut sql, mut copied) = (String::with_capacity(plain.len() + 64), 0);
    let mut added = Vec::new();
    for call in failing_calls(&plain) {
        let place = map.original(call.start).filter(|_| !lasting);
        let place = place.map_or_else(|| "'', ".to_owned(), |p| format!("'{PLACE}{},{}', ", p.start, p.end));
        // The engine compares expressions with those of a GROUP BY: calls that are written alike stay alike.
        let place = match plain.get(call.clone()).filter(|text| text.len() < LONG) {
            Some(text) => places.entry(text).or_insert(place).clone(),
            None => place,
        };
        sql.push_str(&plain[copied..=call.start]);
        sql.push_str(&place);
        copied = call.start + 1;
        added.push((call.start, place.len()));
    }
    sql.push_str(&plain[copied..]);
    let mut before = added.into_iter().peekable();
    let mut moved = 0;
    let mut shift = |start: usize| {
        while let Some((_, length)) = before.next_if(|(at, _)| *at < start) {
            moved += length;
        }
        start + moved
    };
    let segments = map.segments.into_iter().map(|(start, range)| (shift(start), range)).collect();
    (sql, PositionMap { segments })
}

/// Calls longer than this are not compared.
const LONG: usize = 2000;

/// The calls of failing macros, from their opening parentheses to their closing ones, in order.
fn failing_calls(sql: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut open, mut quoted) = (Vec::new(), None);
    for (at, c) in sql.char_indices() {
        match quoted {
            Some(quote) => quoted = quoted.filter(|_| c != quote),
            None if c == '\'' || c == '"' => quoted = Some(c),
            None if c == '(' => {
                let fails = FAILING.iter().any(|name| sql[..=at].ends_with(name));
                open.push(fails.then_some(found.len()));
                if fails {
                    found.push(at..at + 1);
                }
            }
            None if c == ')' => {
                if let Some(Some(call)) = open.pop() {
                    found[call].end = at + 1;
                }
            }
            None => {}
        }
    }
    found
}

/// Whether the whole text is evaluated by the statement itself: it is no view, and no default of a column.
fn runs_at_once(sql: &str) -> bool {
    if sql.starts_with("CREATE ") && !sql.contains("VIEW ") && !sql.contains("MACRO ") {
        return sql.find(" AS ").is_some_and(|query| sql.find(" (").is_none_or(|columns| query < columns));
    }
    ["SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "MERGE", "SET VARIABLE", "("]
        .iter()
        .any(|start| sql.starts_with(start))
}

/// What stands before a place at the end of a message.
const PLACE: &str = " @";

/// A message without the place at its end, and the bytes of the original that the place says.
pub fn place_of_message(message: &str) -> Option<(&str, Range<usize>)> {
    let (said, place) = message.trim_end().rsplit_once(PLACE)?;
    let (start, end) = place.split_once(',')?;
    Some((said, start.parse().ok()?..end.parse().ok()?))
}

/// A text as it will be without marks; for comparisons.
pub(super) fn plain(marked: &str) -> String {
    unmark(marked).0
}
