//! What can be written after `--select` and `--exclude`: `@` or `N+`, a method, a value, `+N`; commas intersect, spaces unite.

use serde_json::{Map, Value};

use super::super::config_text;
use super::{Indirect, file};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::project::Project;

/// A selection: one criterion, or several sets combined.
#[derive(Debug, Clone)]
pub(super) enum Spec {
    /// One criterion.
    One(Criterion),
    /// Any of these; for tests brought along, the mode they are counted in.
    Union { parts: Vec<Spec>, indirect: Indirect },
    /// All of these. With `raw`, the words as given, an empty one is reported.
    Intersection { parts: Vec<Spec>, indirect: Indirect, raw: Option<String> },
    /// The first without the second.
    Difference(Box<[Spec; 2]>),
}

/// A method with its value, and which relatives come along.
#[derive(Debug, Clone)]
pub(super) struct Criterion {
    pub(super) method: Method,
    /// What follows the method after dots: the path of a configuration key.
    pub(super) arguments: Vec<String>,
    pub(super) value: Value,
    /// `@`: all that is needed to build the children too.
    pub(super) with_childrens_parents: bool,
    /// How far parents come along.
    pub(super) parents: Option<Reach>,
    /// How far children come along.
    pub(super) children: Option<Reach>,
    pub(super) indirect: Indirect,
}

/// How many steps away relatives come along; none for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach(pub(super) Option<usize>);

impl Criterion {
    /// The value as text.
    pub(super) fn text(&self) -> String {
        config_text(&self.value)
    }
}

macro_rules! methods {
    ($($variant:ident = $name:literal,)*) => {
        /// dbt's selection methods.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Method { $($variant,)* }

        impl Method {
            pub(super) const NAMES: &'static [&'static str] = &[$($name,)*];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(super) fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

methods! {
    Fqn = "fqn", Tag = "tag", Group = "group", Access = "access", Source = "source", Path = "path", File = "file",
    Package = "package", Config = "config", TestName = "test_name", TestType = "test_type", ResourceType = "resource_type",
    State = "state", Exposure = "exposure", Metric = "metric", Result = "result", SourceStatus = "source_status",
    Version = "version", SemanticModel = "semantic_model", SavedQuery = "saved_query", UnitTest = "unit_test",
}

/// What is selected when nothing is said.
const EVERYTHING: [&str; 5] = ["fqn:*", "source:*", "exposure:*", "metric:*", "semantic_model:*"];

/// The spec of `--select` and `--exclude`.
pub(super) fn words(
    select: &[String],
    exclude: &[String],
    project: &Project,
    indirect: Indirect,
) -> Result<Spec, Diagnostic> {
    let included = if select.iter().all(|words| words.trim().is_empty()) {
        let parts = EVERYTHING
            .iter()
            .map(|word| Ok(Spec::One(criterion(word, indirect)?)))
            .collect::<Result<_, Diagnostic>>()?;
        Spec::Union { parts, indirect }
    } else {
        union(select, project, indirect)?
    };
    let excluded = union(exclude, project, indirect)?;
    Ok(Spec::Difference(Box::new([included, excluded])))
}

fn union(arguments: &[String], project: &Project, indirect: Indirect) -> Result<Spec, Diagnostic> {
    let words = arguments.iter().flat_map(|argument| argument.split_whitespace());
    let intersection = |word: &str| {
        let parts = word.split(',').map(|part| one(part, project, indirect)).collect::<Result<_, _>>()?;
        Ok(Spec::Intersection { parts, indirect, raw: Some(word.to_owned()) })
    };
    Ok(Spec::Union { parts: words.map(intersection).collect::<Result<_, Diagnostic>>()?, indirect })
}

/// One part of a word: a criterion, or `selector:NAME`.
fn one(text: &str, project: &Project, indirect: Indirect) -> Result<Spec, Diagnostic> {
    if let Some(name) = text.strip_prefix("selector:") {
        return file::named(project, name, indirect)?.ok_or_else(|| bad(format!("there is no selector `{name}`")));
    }
    criterion(text, indirect).map(Spec::One)
}

fn bad(message: String) -> Diagnostic {
    Diagnostic::error(Code::BadOption, message)
}

/// Reads one criterion.
pub(super) fn criterion(text: &str, indirect: Indirect) -> Result<Criterion, Diagnostic> {
    let (with_childrens_parents, rest) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
    let (parents, rest) = leading_depth(rest)?;
    let (method, rest) = match rest.split_once(':') {
        Some((name, value))
            if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') =>
        {
            (Some(name), value)
        }
        _ => (None, rest),
    };
    let (value, children) = trailing_depth(rest)?;
    if with_childrens_parents && children.is_some() {
        let message = format!("`{text}` has both `@` and `+` behind the name");
        return Err(bad(message).help("`@` brings the children along already; leave the `+` out"));
    }
    let (method, arguments) = match method {
        Some(name) => split_method(name)?,
        None => (method_for(value), Vec::new()),
    };
    Ok(Criterion {
        method,
        arguments,
        value: Value::String(value.to_owned()),
        with_childrens_parents,
        parents,
        children,
        indirect,
    })
}

/// The method and what follows it after dots; one that is not known is an error with advice.
pub(super) fn split_method(name: &str) -> Result<(Method, Vec<String>), Diagnostic> {
    let mut parts = name.split('.').map(str::to_owned);
    let first = parts.next().unwrap_or_default();
    let method = Method::from_name(&first).ok_or_else(|| {
        let known = || Method::NAMES.iter().copied().chain(["selector"]);
        let help = match did_you_mean(&first, known()) {
            Some(near) => format!("did you mean `{near}:`?"),
            None => format!("the methods are {}", known().collect::<Vec<_>>().join(", ")),
        };
        bad(format!("`{first}` is not a selection method")).help(help)
    })?;
    Ok((method, parts.collect()))
}

/// The method of a value that names none.
fn method_for(value: &str) -> Method {
    let ending = value.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    if value.contains('/') {
        Method::Path
    } else if matches!(ending.as_deref(), Some("sql" | "py" | "csv")) {
        Method::File
    } else {
        Method::Fqn
    }
}

fn leading_depth(text: &str) -> Result<(Option<Reach>, &str), Diagnostic> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let Some(value) = rest.strip_prefix('+') else { return Ok((None, text)) };
    Ok((Some(number(&text[..text.len() - rest.len()])?), value))
}

fn trailing_depth(text: &str) -> Result<(&str, Option<Reach>), Diagnostic> {
    match text.rsplit_once('+') {
        Some((value, digits)) if digits.chars().all(|c| c.is_ascii_digit()) => Ok((value, Some(number(digits)?))),
        _ => Ok((text, None)),
    }
}

fn number(digits: &str) -> Result<Reach, Diagnostic> {
    if digits.is_empty() {
        return Ok(Reach(None));
    }
    digits.parse().map(|depth| Reach(Some(depth))).map_err(|_| bad(format!("`{digits}` is too large for a depth")))
}

/// A criterion as dbt's dictionary, with the keys that are set; a word that is none as it was written.
pub(super) fn dictionary(text: &str) -> Value {
    let Ok(criterion) = criterion(text, Indirect::default()) else { return Value::String(text.to_owned()) };
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    if criterion.with_childrens_parents {
        put("childrens_parents", Value::Bool(true));
    }
    if let Some(Reach(depth)) = criterion.parents {
        put("parents", Value::Bool(true));
        if let Some(depth) = depth {
            put("parents_depth", Value::String(depth.to_string()));
        }
    }
    let method = std::iter::once(criterion.method.name()).chain(criterion.arguments.iter().map(String::as_str));
    put("method", Value::String(method.collect::<Vec<_>>().join(".")));
    put("value", criterion.value);
    if let Some(Reach(depth)) = criterion.children {
        put("children", Value::Bool(true));
        if let Some(depth) = depth {
            put("children_depth", Value::String(depth.to_string()));
        }
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::{Indirect, Method, Reach, criterion};

    #[test]
    fn a_word_is_taken_apart() {
        let read = |text: &str| {
            let c = criterion(text, Indirect::Eager).expect("a criterion");
            (c.method, c.arguments.join("."), c.text(), c.with_childrens_parents, c.parents, c.children)
        };
        assert_eq!(
            read("2+a+3"),
            (Method::Fqn, String::new(), "a".to_owned(), false, Some(Reach(Some(2))), Some(Reach(Some(3))))
        );
        assert_eq!(read("+tag:x"), (Method::Tag, String::new(), "x".to_owned(), false, Some(Reach(None)), None));
        assert_eq!(read("@models/a.sql"), (Method::Path, String::new(), "models/a.sql".to_owned(), true, None, None));
        assert_eq!(
            read("config.meta.a:1+"),
            (Method::Config, "meta.a".to_owned(), "1".to_owned(), false, None, Some(Reach(None)))
        );
        assert_eq!(read("A.SQL"), (Method::File, String::new(), "A.SQL".to_owned(), false, None, None));
        assert_eq!(read("1st"), (Method::Fqn, String::new(), "1st".to_owned(), false, None, None));
        assert_eq!(read("a+b"), (Method::Fqn, String::new(), "a+b".to_owned(), false, None, None));
    }

    #[test]
    fn a_wrong_word_is_refused() {
        assert!(criterion("@a+", Indirect::Eager).is_err());
        let problem = criterion("tags:x", Indirect::Eager).expect_err("no such method");
        assert_eq!(problem.help.as_deref(), Some("did you mean `tag:`?"));
    }
}
