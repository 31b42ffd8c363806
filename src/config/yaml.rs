//! YAML as values: parsing, printing, and finding where a key stands.

use std::num::NonZeroU32;
use std::ops::Range;

use serde_json::{Map, Value};

use super::tree::{self, Tree};
use super::typed::{Typed, key_text};

/// Why a text is not YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// The parser's words.
    pub message: String,
    /// The byte offset, where the parser says.
    pub offset: Option<usize>,
}

/// The value of a YAML document; an empty document is null. Of keys given twice the last counts, as in dbt; `<<` merges;
/// keys that are not strings become their text. White space around the document is no part of it, even where it would make
/// the first line deeper than the others. Dates are texts; what else JSON does not have is null.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    document(text, Exact::Never).map(|document| document.value)
}

/// Like [`parse`]; below `vars` on the top level, values that JSON does not have are kept as [`super::typed`] says.
pub fn parse_project(text: &str) -> Result<Document, YamlError> {
    document(text, Exact::Below(&["vars"], 0))
}

/// Like [`parse`]; below `tests` and `data_tests`, values that JSON does not have are kept as [`super::typed`] says.
pub fn parse_properties(text: &str) -> Result<Document, YamlError> {
    document(text, Exact::Below(&["tests", "data_tests"], usize::MAX))
}

/// A document's value, and what its value does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The value.
    pub value: Value,
    /// The ways to keys that are given twice.
    pub twice: Vec<Vec<Step>>,
}

/// The value of a text that is YAML as it stands, with all that JSON does not have, kept as [`super::typed`] says.
pub fn parse_exactly(text: &str) -> Result<Value, YamlError> {
    parse_value(text, Exact::Always).map(|document| document.value)
}

/// Where values that JSON does not have are kept.
#[derive(Clone, Copy)]
enum Exact {
    Never,
    /// Below these keys, where they are at most that many mappings deep, and not below `meta` or `config`, which hold anything.
    Below(&'static [&'static str], usize),
    Always,
}

impl Exact {
    fn below(self, key: &Tree) -> Self {
        let Tree::Scalar(Value::String(key)) = key else { return self };
        match self {
            Self::Below(..) | Self::Always if matches!(key.as_str(), "meta" | "config") => Self::Never,
            Self::Below(keys, _) if keys.contains(&key.as_str()) => Self::Always,
            Self::Below(_, 0) => Self::Never,
            Self::Below(keys, depth) => Self::Below(keys, depth - 1),
            other => other,
        }
    }
}

fn document(text: &str, exact: Exact) -> Result<Document, YamlError> {
    let document = text.trim();
    let before = text.len() - text.trim_start().len();
    let moved = |error: YamlError| YamlError { offset: error.offset.map(|offset| offset + before), ..error };
    parse_value(document, exact).map_err(moved)
}

fn parse_value(text: &str, exact: Exact) -> Result<Document, YamlError> {
    let read = |tree: Tree| {
        let mut twice = Vec::new();
        let value = value(tree, exact, &mut twice);
        twice.iter_mut().for_each(|way: &mut Vec<Step>| way.reverse());
        Document { value, twice }
    };
    tree::read(text).map(read).map_err(|error| {
        let offset = error.location().map(|location| location.index().min(text.len()));
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        YamlError { message, offset }
    })
}

/// A value as YAML text, ending in a newline.
pub fn print(value: &Value) -> String {
    serde_yaml::to_string(value).expect("JSON values are YAML values")
}

/// A tree as a value: of equal keys the last counts; what `<<` brings stands first, and own keys go over it. The ways to
/// keys given twice are noted from their ends.
fn value(tree: Tree, exact: Exact, twice: &mut Vec<Vec<Step>>) -> Value {
    match tree {
        Tree::Scalar(value) => value,
        Tree::Typed(typed) if matches!(exact, Exact::Always) => typed.marked().into(),
        Tree::Typed(typed) => typed.plain(),
        Tree::Tagged(inner) => value(*inner, exact, twice),
        Tree::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                let noted = twice.len();
                list.push(value(item, exact, twice));
                twice[noted..].iter_mut().for_each(|way| way.push(index.into()));
            }
            Value::Array(list)
        }
        Tree::Map(entries) => mapping(entries, exact, twice),
    }
}

fn mapping(entries: Vec<(Tree, Tree)>, exact: Exact, twice: &mut Vec<Vec<Step>>) -> Value {
    let overrides = entries.first().is_some_and(|(key, _)| is_merge(key));
    let (merged, own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
    let mut map = Map::with_capacity(own.len());
    merged.into_iter().for_each(|(_, item)| merge(&mut map, value(item, exact, twice)));
    for (key, item) in own {
        let noted = twice.len();
        let item = value(item, exact.below(&key), twice);
        let key = key_of_map(key, exact);
        twice[noted..].iter_mut().for_each(|way| way.push(key.as_str().into()));
        // Whoever begins with `<<` means to go over what it brings. (dbt: the same.)
        if map.contains_key(&key) && !overrides {
            twice.push(vec![key.as_str().into()]);
        }
        map.insert(key, item);
    }
    Value::Object(map)
}

fn key_of_map(key: Tree, exact: Exact) -> String {
    match value(key, exact, &mut Vec::new()) {
        Value::String(text) => text,
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) if matches!(exact, Exact::Always) => {
            Typed::Key(other).marked()
        }
        other => key_text(&other),
    }
}

fn is_merge(key: &Tree) -> bool {
    matches!(key, Tree::Scalar(Value::String(key)) if key == "<<")
}

/// Takes in what `<<` brings; of several mappings in a list the first counts most.
fn merge(map: &mut Map<String, Value>, value: Value) {
    match value {
        Value::Object(other) => map.extend(other),
        Value::Array(list) => list.into_iter().rev().for_each(|item| merge(map, item)),
        _ => {}
    }
}

/// A step into a YAML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping, by key.
    Key(String),
    /// Into a sequence, by index.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The steps of a path whose parts are keys or, for sequences, decimal indices.
pub fn steps(path: &[String]) -> Vec<Step> {
    path.iter().map(|part| part.parse().map_or_else(|_| Step::Key(part.clone()), Step::Index)).collect()
}

/// The bytes of the key or item that `path` leads to; where the way ends (flow style, anchors), of the nearest ancestor.
pub fn locate(text: &str, path: &[Step]) -> Range<usize> {
    Places::new(text).find(text, None, path)
}

/// A key or value inside a flow-style value on the line of the last thing found.
fn step_inside(text: &str, found: &Range<usize>, step: &Step) -> Option<Range<usize>> {
    let Step::Key(key) = step else { return None };
    let line_end = text[found.end..].find('\n').map_or(text.len(), |i| found.end + i);
    let start = text[found.end..line_end].find(key.as_str())? + found.end;
    Some(start..start + key.len())
}

/// One line of a YAML text that is neither blank nor a comment.
#[derive(Debug)]
struct Line {
    /// Byte offset of the first character that is neither white space nor a `- ` marker.
    start: u32,
    end: u32,
    /// Columns before the content.
    indent: u32,
    /// The column of the first dash, if dashes open items on this line.
    dash: Option<NonZeroU32>,
}

impl Line {
    fn content(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn indent(&self) -> usize {
        self.indent as usize
    }

    /// The columns of the dashes that open items on this line.
    fn dashes<'t>(&self, text: &'t str) -> impl Iterator<Item = usize> + use<'t> {
        let first = self.dash.map_or(self.indent(), |dash| dash.get() as usize - 1);
        let line = self.start as usize - self.indent();
        text[line..]
            .bytes()
            .take(self.indent())
            .enumerate()
            .skip(first)
            .filter(|(_, byte)| *byte == b'-')
            .map(|(at, _)| at)
    }
}

/// Where the keys and items of a YAML text stand: its lines, from which places are worked out when they are asked for.
#[derive(Debug, Default)]
pub struct Places {
    list: Vec<Line>,
}

/// The place of a key or an item.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its bytes.
    range: Range<usize>,
    /// The lines that belong to what was found.
    area: Range<usize>,
    /// The column what was found is written at; what is inside it is deeper, or at a dash of the same column.
    indent: usize,
}

impl Places {
    /// The places of a text.
    pub fn new(text: &str) -> Self {
        let mut list = Vec::new();
        let mut offset = text.len() - text.trim_start().len();
        for raw in text[offset..].split_inclusive('\n') {
            let line = raw.trim_end();
            let mut indent = line.len() - line.trim_start().len();
            let mut dash = None;
            while line[indent..].starts_with("- ") || &line[indent..] == "-" {
                dash = dash.or(NonZeroU32::new(number(indent + 1)));
                let rest = &line[indent + 1..];
                indent += 1 + rest.len() - rest.trim_start().len();
            }
            let content = &line[indent.min(line.len())..];
            if (!content.is_empty() || dash.is_some()) && !content.starts_with('#') {
                let (start, end) = (number(offset + indent), number(offset + line.len()));
                list.push(Line { start, end, indent: number(indent), dash });
            }
            offset += raw.len();
        }
        Self { list }
    }

    /// The bytes of what `path` leads to from a place, or from the top of the text; where the way ends, of the nearest ancestor.
    pub fn find(&self, text: &str, from: Option<&Place>, path: &[Step]) -> Range<usize> {
        let mut found = from.cloned();
        for step in path {
            match self.inside(text, found.as_ref(), step) {
                Some(next) => found = Some(next),
                None => {
                    let found = found.map_or(0..0, |found| found.range);
                    return step_inside(text, &found, step).unwrap_or(found);
                }
            }
        }
        found.map_or(0..0, |found| found.range)
    }

    /// The places of the items of the list under a top-level key; none where they are written in flow style.
    pub fn items(&self, text: &str, key: &str) -> Vec<Place> {
        let list = self.inside(text, None, &key.into());
        list.map(|list| self.all_items(text, &list.area, Some(list.indent))).unwrap_or_default()
    }

    fn inside(&self, text: &str, from: Option<&Place>, step: &Step) -> Option<Place> {
        let (area, indent) = from.map_or((0..self.list.len(), None), |from| (from.area.clone(), Some(from.indent)));
        match step {
            Step::Key(key) => self.key(text, area, indent, key),
            Step::Index(index) => self.all_items(text, &area, indent).into_iter().nth(*index),
        }
    }

    /// The key in the mapping whose entries are the shallowest contents of `area`.
    fn key(&self, text: &str, area: Range<usize>, outside: Option<usize>, key: &str) -> Option<Place> {
        let inside = |line: &&Line| outside.is_none_or(|o| line.indent() > o);
        let depth = self.list[area.clone()].iter().filter(inside).map(Line::indent).min()?;
        for index in area.clone() {
            let line = &self.list[index];
            let found = key_of(&text[line.content()]).filter(|(known, _)| line.indent() == depth && *known == key);
            if let Some((_, length)) = found {
                let end =
                    (index + 1..area.end).find(|i| self.list[*i].indent() <= depth && !self.deeper_item(*i, depth));
                let (area, start) = (index..end.unwrap_or(area.end), line.start as usize);
                return Some(Place { range: start..start + length, area, indent: depth });
            }
        }
        None
    }

    /// Whether line `index` is an item of a sequence that belongs to a key at column `depth` (dashes may stand under it).
    fn deeper_item(&self, index: usize, depth: usize) -> bool {
        self.list[index].dash.is_some_and(|dash| dash.get() as usize > depth)
    }

    /// The items of the sequence whose dashes are the shallowest in `area`.
    fn all_items(&self, text: &str, area: &Range<usize>, outside: Option<usize>) -> Vec<Place> {
        let dashes = |line: &Line| line.dashes(text).find(|dash| outside.is_none_or(|o| *dash >= o));
        let is_key = outside.is_some() && self.list.get(area.start).is_some_and(|line| line.dash.is_none());
        let start = (area.start + usize::from(is_key)).min(area.end);
        let Some(depth) = self.list[start..area.end].iter().filter_map(dashes).min() else { return Vec::new() };
        let items: Vec<usize> =
            (start..area.end).filter(|i| self.list[*i].dashes(text).any(|dash| dash == depth)).collect();
        let ends = items.iter().skip(1).copied().chain([area.end]);
        let place = |(index, end): (&usize, usize)| {
            let line = &self.list[*index];
            Place { range: line.content(), area: *index..end, indent: depth }
        };
        items.iter().zip(ends).map(place).collect()
    }
}

/// A place in a text, which is far below 4 GiB: beyond it, places are not right.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The key a line's content begins with, and the length of its text.
fn key_of(content: &str) -> Option<(&str, usize)> {
    let quote = content.chars().next().filter(|c| *c == '"' || *c == '\'');
    if let Some(quote) = quote {
        let end = content[1..].find(quote)? + 1;
        return content[end + 1..].trim_start().starts_with(':').then_some((&content[1..end], end + 1));
    }
    let end = content
        .match_indices(':')
        .find(|(i, _)| matches!(content.as_bytes().get(i + 1), None | Some(b' ')))
        .map(|m| m.0)?;
    Some((content[..end].trim_end(), content[..end].trim_end().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version: 2\nmodels:\n  - name: a\n    columns:\n    - name: id\n      tests:\n        - unique\n        - not_null\n  - name: b\n    description: >\n      text: more\n    config: {tags: [x], enabled: true}\n";

    fn found(path: &[Step]) -> &str {
        &TEXT[locate(TEXT, path)]
    }

    #[test]
    fn keys_and_items_are_found() {
        assert_eq!(found(&["models".into()]), "models");
        assert_eq!(found(&["models".into(), 1.into(), "name".into()]), "name");
        assert_eq!(
            found(&["models".into(), 0.into(), "columns".into(), 0.into(), "tests".into(), 1.into()]),
            "not_null"
        );
        assert_eq!(found(&["models".into(), 1.into(), "config".into(), "enabled".into()]), "enabled");
        assert_eq!(found(&["models".into(), 1.into(), "nothing".into()]), "name: b");
    }

    #[test]
    fn keys_given_twice_and_keys_of_other_types_are_read() {
        let value = parse("a: 1\na: 2\n1: x\ntrue: y\nb: &m {c: 3}\nd: {<<: *m, e: 4}\n").expect("it is YAML");
        assert_eq!(value, serde_json::json!({"a": 2, "1": "x", "True": "y", "b": {"c": 3}, "d": {"e": 4, "c": 3}}));
    }

    #[test]
    fn an_error_has_an_offset() {
        let error = parse("a: 1\nb: [1\nc: 2\n").expect_err("the list is not closed");
        assert!(error.offset.is_some_and(|o| o > 4), "{error:?}");
    }
}
