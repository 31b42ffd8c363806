//! Selectors declared in selectors.yml.

use serde_json::{Map, Value};

use super::super::config_text;
use super::super::configuration::is_true;
use super::Indirect;
use super::grammar::{Criterion, Reach, Spec, criterion, split_method};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::project::Project;

/// Reads definitions; knows the selectors above the one being read, which are all it may name.
struct Reader<'a> {
    above: &'a [Value],
    indirect: Indirect,
}

/// The selector with this name; an error if there is none.
pub(super) fn named(project: &Project, name: &str, indirect: Indirect) -> Result<Option<Spec>, Diagnostic> {
    let list = list(project);
    if let Some(at) = list.iter().rposition(|selector| selector_name(selector) == Some(name)) {
        return read(project, list, at, indirect).map(Some);
    }
    let help = match did_you_mean(name, list.iter().filter_map(selector_name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if project.selectors.is_none() => "declare it in selectors.yml beside dbt_project.yml".to_owned(),
        None => format!("selectors.yml has: {}", list.iter().filter_map(selector_name).collect::<Vec<_>>().join(", ")),
    };
    Err(Diagnostic::error(Code::BadOption, format!("there is no selector `{name}`")).help(help))
}

/// The selector that is marked as the default, if there is one.
pub(super) fn default(project: &Project, indirect: Indirect) -> Result<Option<Spec>, Diagnostic> {
    let list = list(project);
    let is_default = |selector: &Value| match selector.get("default") {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    let marked: Vec<usize> =
        list.iter().enumerate().filter(|(_, selector)| is_default(selector)).map(|(at, _)| at).collect();
    match marked.as_slice() {
        [] => Ok(None),
        [at] => read(project, list, *at, indirect).map(Some),
        many => {
            let names: Vec<&str> = many.iter().filter_map(|at| selector_name(&list[*at])).collect();
            Err(placed(
                project,
                many[1],
                format!("{} selectors are marked as the default: {}", many.len(), names.join(", ")),
            )
            .help("keep `default: true` on one"))
        }
    }
}

/// What `selectors:` lists.
pub(super) fn list(project: &Project) -> &[Value] {
    project.selectors.as_ref().map_or(&[], |selectors| selectors.list.as_slice())
}

fn selector_name(selector: &Value) -> Option<&str> {
    selector.get("name")?.as_str()
}

/// A problem of a selector, at its definition.
fn placed(project: &Project, at: usize, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::BadConfig, message);
    match project.selectors.as_ref().and_then(|selectors| selectors.spans.get(at)) {
        Some(span) => diagnostic.at(*span),
        None => diagnostic,
    }
}

/// Reads every selector, as dbt does before it does anything else; what is wrong with them is told.
pub fn check_selectors(project: &Project, diagnostics: &mut Diagnostics) -> bool {
    let list = list(project);
    let wrong = (0..list.len()).filter_map(|at| read(project, list, at, Indirect::Eager).err());
    let wrong: Vec<Diagnostic> = wrong.chain(default(project, Indirect::Eager).err()).collect();
    let are_right = wrong.is_empty();
    wrong.into_iter().for_each(|problem| diagnostics.push(problem));
    are_right
}

fn read(project: &Project, list: &[Value], at: usize, indirect: Indirect) -> Result<Spec, Diagnostic> {
    let name = selector_name(&list[at]).unwrap_or_default();
    let reader = Reader { above: &list[..at], indirect };
    let Some(definition) = list[at].get("definition") else {
        return Err(placed(project, at, format!("selector `{name}` has no `definition`"))
            .help("add `definition:` with a word, a method or a set"));
    };
    if let Some(keys) = definition
        .as_object()
        .filter(|keys| keys.len() > 1 && (keys.contains_key("union") || keys.contains_key("intersection")))
    {
        let keys: Vec<&str> = keys.keys().map(String::as_str).collect();
        let message = format!("the definition of selector `{name}` has several keys: {}", keys.join(", "));
        return Err(placed(project, at, message).help("put the others into the list of `union` or `intersection`"));
    }
    reader.definition(definition).map_err(|problem| {
        let mut diagnostic = placed(project, at, format!("selector `{name}`: {}", problem.message));
        diagnostic.help = problem.help;
        diagnostic
    })
}

fn bad(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadConfig, message)
}

/// A number of steps; none where it says nothing.
fn depth(fields: &Map<String, Value>, key: &str) -> Result<Option<usize>, Diagnostic> {
    let Some(value) = fields.get(key).filter(|value| is_true(value)) else { return Ok(None) };
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let steps = number.and_then(|number| usize::try_from(number).ok());
    steps
        .map(Some)
        .ok_or_else(|| bad(format!("`{key}` is a number of steps, not {value}")).help("write a whole number"))
}

/// What a set lists: words and mappings.
fn members(list: &Value) -> Result<&[Value], Diagnostic> {
    let members = list.as_array().ok_or_else(|| bad("`union`, `intersection` and `exclude` need a list"))?;
    match members.iter().find(|member| !member.is_string() && !member.is_object()) {
        Some(_) => Err(bad("a definition is a word, or a mapping")),
        None => Ok(members),
    }
}

impl Reader<'_> {
    fn definition(&self, definition: &Value) -> Result<Spec, Diagnostic> {
        match definition {
            Value::String(text) => criterion(text, self.indirect).map(Spec::One),
            Value::Object(fields) => match (fields.get("union"), fields.get("intersection")) {
                (Some(list), _) => self.set(list, |parts| Spec::Union { parts, indirect: Indirect::Eager }),
                (_, Some(list)) => {
                    self.set(list, |parts| Spec::Intersection { parts, indirect: Indirect::Eager, raw: None })
                }
                _ => self.fields(fields),
            },
            _ => Err(bad("a definition is a word, or a mapping")),
        }
    }

    /// The members of a set, less what its one member with `exclude:` names. Whatever else that member says, dbt does not look at.
    fn set(&self, list: &Value, make: fn(Vec<Spec>) -> Spec) -> Result<Spec, Diagnostic> {
        let (excluding, including): (Vec<&Value>, Vec<&Value>) =
            members(list)?.iter().partition(|member| member.get("exclude").is_some());
        let included = make(including.into_iter().map(|member| self.definition(member)).collect::<Result<_, _>>()?);
        match excluding.as_slice() {
            [] => Ok(included),
            [one] => self.without(included, one.get("exclude")),
            _ => Err(bad("a set has more than one `exclude`").help("put all that is excluded into one list")),
        }
    }

    fn without(&self, included: Spec, excluded: Option<&Value>) -> Result<Spec, Diagnostic> {
        let Some(list) = excluded else { return Ok(included) };
        let parts: Vec<Spec> = members(list)?.iter().map(|member| self.definition(member)).collect::<Result<_, _>>()?;
        if parts.is_empty() {
            return Ok(included);
        }
        Ok(Spec::Difference(Box::new([included, Spec::Union { parts, indirect: Indirect::Eager }])))
    }

    fn fields(&self, fields: &Map<String, Value>) -> Result<Spec, Diagnostic> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        if text("method") == Some("selector") {
            return self.other(text("value").unwrap_or_default());
        }
        let (method, value) = match (text("method"), fields.get("value")) {
            (Some(method), Some(value)) => (method, value),
            _ => match fields.iter().next() {
                Some((method, value)) if fields.len() == 1 && method != "method" => (method.as_str(), value),
                _ => {
                    return Err(bad("a definition needs `method` and `value`, or one method with its value"));
                }
            },
        };
        let (method, arguments) = split_method(method)?;
        let flag = |key: &str| fields.get(key).is_some_and(is_true);
        let indirect = match fields.get("indirect_selection") {
            None => self.indirect,
            Some(word) => word.as_str().and_then(Indirect::from_word).ok_or_else(|| {
                bad(format!("`{}` is not a mode of indirect selection", config_text(word)))
                    .help("the modes are eager, cautious, buildable and empty")
            })?,
        };
        let one = Criterion {
            method,
            arguments,
            value: value.clone(),
            with_childrens_parents: flag("childrens_parents"),
            parents: flag("parents").then_some(Reach(depth(fields, "parents_depth")?)),
            children: flag("children").then_some(Reach(depth(fields, "children_depth")?)),
            indirect,
        };
        if one.with_childrens_parents && one.children.is_some() {
            return Err(bad("`childrens_parents` and `children` exclude each other").help("leave `children` out"));
        }
        self.without(Spec::One(one), fields.get("exclude"))
    }

    /// The definition of a selector above this one.
    fn other(&self, name: &str) -> Result<Spec, Diagnostic> {
        let Some(at) = self.above.iter().rposition(|selector| selector_name(selector) == Some(name)) else {
            return Err(bad(format!("there is no selector `{name}` above"))
                .help("a selector can name those declared before it"));
        };
        let reader = Reader { above: &self.above[..at], indirect: self.indirect };
        reader.definition(self.above[at].get("definition").unwrap_or(&Value::Null))
    }
}
