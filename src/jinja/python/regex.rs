//! Python's `re`: functions, compiled patterns and matches.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Tuple, ValueKind};
use minijinja::{Error, State, Value};

use super::argument::{bind, optional_int, required};
use super::dict::record;
use super::error::{index_error, no_method, type_error, value_error};
use super::generator::generator;
use super::kind::{callable, type_name};
use super::list::list;
use super::method::{bound, function};
use super::number::integer;
use super::pattern::{Anchor, DOTALL, IGNORECASE, MULTILINE, VERBOSE, compiled};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    flags: i128,
}

/// A match: byte spans of its groups in the subject.
#[derive(Debug)]
pub(super) struct Match {
    subject: Arc<str>,
    spans: Vec<Option<(usize, usize)>>,
    names: Arc<Vec<(String, usize)>>,
}

impl Pattern {
    /// The first match from a byte position on.
    fn find(&self, subject: &Arc<str>, from: usize, anchor: Anchor) -> Result<Option<Match>, Error> {
        let regex = compiled(&self.text, self.flags, anchor)?;
        let found = regex.captures_from_pos(&**subject, from);
        let found = found.map_err(|error| value_error(format!("regular expression failed: {error}")))?;
        let names = regex.capture_names().enumerate();
        let names = names.filter_map(|(at, name)| name.map(|name| (name.to_owned(), at))).collect();
        Ok(found.map(|found| Match {
            subject: subject.clone(),
            spans: found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect(),
            names: Arc::new(names),
        }))
    }

    /// All matches that do not overlap.
    fn all(&self, subject: &Arc<str>) -> Result<Vec<Match>, Error> {
        let mut found = Vec::new();
        let mut from = 0;
        while from <= subject.len() {
            let Some(next) = self.find(subject, from, Anchor::Anywhere)? else { break };
            let (start, end) = next.span();
            // After an empty match the search goes on behind the next character.
            let step = subject[end..].chars().next().map_or(1, char::len_utf8);
            from = if start == end { end + step } else { end };
            found.push(next);
        }
        Ok(found)
    }

    fn run(&self, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "match" | "fullmatch" | "search" => {
                let [subject, _, _] = bind(method, ["string", "pos", "endpos"], 1, args)?;
                let anchor = match method {
                    "match" => Anchor::Start,
                    "fullmatch" => Anchor::Whole,
                    _ => Anchor::Anywhere,
                };
                let found = self.find(&subject_of(subject)?, 0, anchor)?;
                Ok(found.map_or_else(|| Value::from(()), Value::from_object))
            }
            "findall" => {
                let [subject, _, _] = bind(method, ["string", "pos", "endpos"], 1, args)?;
                let found = self.all(&subject_of(subject)?)?;
                Ok(list(found.iter().map(Match::listed).collect()))
            }
            "finditer" => {
                let [subject, _, _] = bind(method, ["string", "pos", "endpos"], 1, args)?;
                let found = self.all(&subject_of(subject)?)?;
                Ok(generator("callable_iterator", found.into_iter().map(Value::from_object)))
            }
            "split" => {
                let [subject, limit] = bind(method, ["string", "maxsplit"], 1, args)?;
                self.split(&subject_of(subject)?, optional_int(limit.as_ref(), 0)?)
            }
            "sub" | "subn" => {
                let [with, subject, limit] = bind(method, ["repl", "string", "count"], 2, args)?;
                let subject = subject_of(subject)?;
                let limit = optional_int(limit.as_ref(), 0)?;
                let (text, count) = self.substitute(state, &required(with), &subject, limit)?;
                Ok(if method == "sub" { Value::from(text) } else { Value::from((text, count)) })
            }
            _ => Err(no_method("re.Pattern", method)),
        }
    }

    fn split(&self, subject: &Arc<str>, limit: i128) -> Result<Value, Error> {
        let limit = usize::try_from(limit).ok().filter(|n| *n > 0).unwrap_or(usize::MAX);
        let mut parts = Vec::new();
        let mut last = 0;
        for found in self.all(subject)?.into_iter().take(limit) {
            let (start, end) = found.span();
            parts.push(Value::from(&subject[last..start]));
            parts.extend((1..found.spans.len()).map(|group| found.group(group)));
            last = end;
        }
        parts.push(Value::from(&subject[last..]));
        Ok(list(parts))
    }

    fn substitute(
        &self,
        state: &mut State<'_, '_>,
        with: &Value,
        subject: &Arc<str>,
        limit: i128,
    ) -> Result<(String, usize), Error> {
        let limit = usize::try_from(limit).ok().filter(|n| *n > 0).unwrap_or(usize::MAX);
        let mut out = String::new();
        let (mut last, mut count) = (0, 0);
        for found in self.all(subject)?.into_iter().take(limit) {
            let (start, end) = found.span();
            out.push_str(&subject[last..start]);
            match with.as_str() {
                Some(template) => expand(&mut out, template, &found)?,
                None if callable(with) => {
                    let replacement = with.call(state, &[Value::from_object(found)])?;
                    let name = type_name(&replacement);
                    let text = replacement.as_str();
                    let text = text.ok_or_else(|| type_error(format!("expected str instance, {name} found")))?;
                    out.push_str(text);
                }
                None => return Err(type_error("the replacement must be a string or callable")),
            }
            (last, count) = (end, count + 1);
        }
        out.push_str(&subject[last..]);
        Ok((out, count))
    }
}

fn subject_of(value: Option<Value>) -> Result<Arc<str>, Error> {
    let value = required(value);
    match value.as_str() {
        Some(text) if value.kind() == ValueKind::String => Ok(Arc::from(text)),
        _ => {
            let name = type_name(&value);
            Err(type_error(format!("expected string or bytes-like object, got '{name}'")))
        }
    }
}

/// Writes a replacement template: `\1`, `\g<name>` and the usual escapes.
fn expand(out: &mut String, template: &str, found: &Match) -> Result<(), Error> {
    let mut rest = template;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            return Err(value_error("bad escape (end of pattern)"));
        };
        if let Some(tail) = rest.strip_prefix("g<") {
            let (name, tail) = tail.split_once('>').ok_or_else(|| value_error("missing >, unterminated name"))?;
            out.push_str(&found.text(found.index(&Value::from(name), name)?));
            rest = tail;
        } else if c.is_ascii_digit() {
            let count = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
            let group: usize = rest[..count].parse().unwrap_or_default();
            if group >= found.spans.len() {
                return Err(value_error(format!("invalid group reference {group}")));
            }
            out.push_str(&found.text(group));
            rest = &rest[count..];
        } else {
            match c {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '\\' => out.push('\\'),
                c if c.is_ascii_alphabetic() => return Err(value_error(format!("bad escape \\{c}"))),
                c => out.extend(['\\', c]),
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out.push_str(rest);
    Ok(())
}

impl Match {
    fn span(&self) -> (usize, usize) {
        self.spans.first().copied().flatten().unwrap_or_default()
    }

    fn text(&self, group: usize) -> String {
        let span = self.spans.get(group).copied().flatten();
        span.map_or_else(String::new, |(start, end)| self.subject[start..end].to_owned())
    }

    fn group(&self, group: usize) -> Value {
        match self.spans.get(group).copied().flatten() {
            Some(_) => Value::from(self.text(group)),
            None => Value::from(()),
        }
    }

    /// What `findall` lists for this match: the one group, a tuple of groups, or all of it.
    fn listed(&self) -> Value {
        match self.spans.len() {
            0 | 1 => Value::from(self.text(0)),
            2 => Value::from(self.text(1)),
            groups => Value::from(Tuple::new((1..groups).map(|g| Value::from(self.text(g))).collect())),
        }
    }

    fn index(&self, key: &Value, shown: &str) -> Result<usize, Error> {
        let by_number = integer(key).or_else(|| shown.parse().ok());
        let by_name = || self.names.iter().find(|(name, _)| name == shown).map(|(_, at)| *at);
        let at = by_number.and_then(|n| usize::try_from(n).ok()).filter(|at| *at < self.spans.len());
        at.or_else(by_name).ok_or_else(|| index_error("no such group"))
    }

    fn position(&self, args: &[Value], method: &str) -> Result<Value, Error> {
        let [group] = bind(method, ["group"], 0, args)?;
        let group = group.unwrap_or_else(|| Value::from(0));
        let at = self.index(&group, group.as_str().unwrap_or_default())?;
        let characters = |byte: usize| i64::try_from(self.subject[..byte].chars().count()).unwrap_or(i64::MAX);
        let (start, end) = match self.spans.get(at).copied().flatten() {
            Some((start, end)) => (characters(start), characters(end)),
            None => (-1, -1),
        };
        Ok(match method {
            "start" => Value::from(start),
            "end" => Value::from(end),
            _ => Value::from((start, end)),
        })
    }
}

const MATCH_METHODS: [&str; 7] = ["end", "expand", "group", "groupdict", "groups", "span", "start"];
const PATTERN_METHODS: [&str; 8] = ["findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"];

impl Object for Match {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let shown = key.as_str().unwrap_or_default();
        match self.index(key, shown) {
            Ok(at) => Some(self.group(at)),
            Err(_) => self.get_value_by_str(shown),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "string" => Some(Value::from(&*self.subject)),
            "lastindex" => {
                let last = (1..self.spans.len()).rev().find(|at| self.spans[*at].is_some());
                Some(last.map_or_else(|| Value::from(()), Value::from))
            }
            _ => MATCH_METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "group" => {
                let groups = args.iter().map(|key| self.index(key, key.as_str().unwrap_or_default()));
                let groups = groups.collect::<Result<Vec<_>, _>>()?;
                Ok(match groups[..] {
                    [] => self.group(0),
                    [group] => self.group(group),
                    _ => Value::from(Tuple::new(groups.into_iter().map(|g| self.group(g)).collect())),
                })
            }
            "groups" | "groupdict" => {
                let [default] = bind(method, ["default"], 0, args)?;
                let default = default.unwrap_or_else(|| Value::from(()));
                let value = |at: usize| match self.spans.get(at).copied().flatten() {
                    Some(_) => self.group(at),
                    None => default.clone(),
                };
                if method == "groups" {
                    return Ok(Value::from(Tuple::new((1..self.spans.len()).map(value).collect())));
                }
                Ok(record(self.names.iter().map(|(name, at)| (name.as_str(), value(*at)))))
            }
            "start" | "end" | "span" => self.position(args, method),
            "expand" => {
                let [template] = bind("expand", ["template"], 1, args)?;
                let mut out = String::new();
                expand(&mut out, &subject_of(template)?, self)?;
                Ok(Value::from(out))
            }
            _ => Err(no_method("re.Match", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (start, end) = self.span();
        let characters = |byte: usize| self.subject[..byte].chars().count();
        let text = super::repr::repr(&self.group(0));
        write!(f, "<re.Match object; span=({}, {}), match={text}>", characters(start), characters(end))
    }
}

impl Object for Pattern {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "pattern" => Some(Value::from(self.text.clone())),
            "flags" => Some(Value::from(self.flags | 32)),
            _ => PATTERN_METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        self.run(state, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "re.compile({})", super::repr::repr(&Value::from(self.text.clone())))
    }
}

fn pattern(value: &Value, flags: i128) -> Result<Pattern, Error> {
    if let Some(pattern) = value.downcast_object_ref::<Pattern>() {
        return Ok(pattern.clone());
    }
    match value.as_str() {
        Some(text) => Ok(Pattern { text: text.to_owned(), flags }),
        None => Err(type_error("first argument must be string or compiled pattern")),
    }
}

/// Calls a method of the pattern that is the first argument; `count` plain arguments come before the flags.
fn module(state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = super::argument::split(args);
    let own = match method {
        "sub" | "subn" => ["pattern", "repl", "string", "count", "flags"],
        "split" => ["pattern", "string", "maxsplit", "flags", ""],
        _ => ["pattern", "string", "flags", "", ""],
    };
    let mut values = bind(method, own, 2, if keywords.is_empty() { positional } else { args })?;
    let at = own.iter().position(|name| *name == "flags").unwrap_or(2);
    let flags = optional_int(values[at].take().as_ref(), 0)?;
    let pattern = pattern(&required(values[0].take()), flags)?;
    let rest: Vec<Value> = values.into_iter().skip(1).take(at - 1).map_while(|value| value).collect();
    pattern.run(state, method, &rest)
}

fn compile(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [text, flags] = bind("compile", ["pattern", "flags"], 1, args)?;
    let pattern = pattern(&required(text), optional_int(flags.as_ref(), 0)?)?;
    compiled(&pattern.text, pattern.flags, Anchor::Anywhere)?;
    Ok(Value::from_object(pattern))
}

fn escape(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [text] = bind("escape", ["pattern"], 1, args)?;
    let text = subject_of(text)?;
    let mut out = String::new();
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(Value::from(out))
}

/// The members of the module `re`.
pub(super) fn members() -> Vec<(&'static str, Value)> {
    let flag = |n: i128| Value::from(n);
    vec![
        ("match", function("match", |state, args| module(state, "match", args))),
        ("fullmatch", function("fullmatch", |state, args| module(state, "fullmatch", args))),
        ("search", function("search", |state, args| module(state, "search", args))),
        ("findall", function("findall", |state, args| module(state, "findall", args))),
        ("finditer", function("finditer", |state, args| module(state, "finditer", args))),
        ("split", function("split", |state, args| module(state, "split", args))),
        ("sub", function("sub", |state, args| module(state, "sub", args))),
        ("subn", function("subn", |state, args| module(state, "subn", args))),
        ("compile", function("compile", compile)),
        ("escape", function("escape", escape)),
        ("I", flag(IGNORECASE)),
        ("IGNORECASE", flag(IGNORECASE)),
        ("M", flag(MULTILINE)),
        ("MULTILINE", flag(MULTILINE)),
        ("S", flag(DOTALL)),
        ("DOTALL", flag(DOTALL)),
        ("X", flag(VERBOSE)),
        ("VERBOSE", flag(VERBOSE)),
        ("A", flag(256)),
        ("ASCII", flag(256)),
        ("U", flag(32)),
        ("UNICODE", flag(32)),
        ("NOFLAG", flag(0)),
    ]
}
