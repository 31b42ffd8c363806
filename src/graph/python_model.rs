//! What a model in Python asks of `dbt`: found in its text, which is not run.

use serde_json::{Value, json};

use crate::jinja::{Facts, RefCall};

/// The calls of `dbt.ref`, `dbt.source` and `dbt.config` with literal arguments. Such a model is a table unless it says otherwise.
pub(super) fn facts(code: &str) -> Facts {
    let mut facts = Facts::default();
    facts.config.insert("materialized".to_owned(), json!("table"));
    for arguments in calls(code, "dbt.ref(") {
        match texts(arguments).as_slice() {
            [name] => facts.refs.push(RefCall { package: None, name: name.clone(), version: None }),
            [package, name] => {
                facts.refs.push(RefCall { package: Some(package.clone()), name: name.clone(), version: None });
            }
            _ => {}
        }
    }
    for arguments in calls(code, "dbt.source(") {
        if let [source, table] = texts(arguments).as_slice() {
            facts.sources.push((source.clone(), table.clone()));
        }
    }
    for arguments in calls(code, "dbt.config(") {
        let pairs = arguments.split(',').filter_map(|part| part.split_once('='));
        facts.add_config(
            pairs.filter_map(|(key, value)| Some((key.trim().to_owned(), literal(value.trim())?))).collect(),
        );
    }
    facts
}

/// The text between the parentheses of each call that begins with `start`, outside of comments.
fn calls<'a>(code: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(start).filter_map(move |(at, _)| {
        let line = code[..at].rsplit('\n').next().unwrap_or_default();
        let rest = &code[at + start.len()..];
        let is_comment = line.trim_start().starts_with('#');
        rest.find(')').filter(|_| !is_comment).map(|end| &rest[..end])
    })
}

/// The positional text arguments.
fn texts(arguments: &str) -> Vec<String> {
    arguments.split(',').filter_map(|part| literal(part.trim())?.as_str().map(str::to_owned)).collect()
}

/// A literal of Python: text, a number, `True`, `False`, `None`.
fn literal(text: &str) -> Option<Value> {
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    if let Some(quoted) = quoted {
        return Some(json!(quoted));
    }
    match text {
        "True" => Some(json!(true)),
        "False" => Some(json!(false)),
        "None" => Some(Value::Null),
        number => serde_json::from_str(number).ok().filter(Value::is_number),
    }
}

#[cfg(test)]
mod tests {
    use super::facts;

    #[test]
    fn calls_with_literals_are_found() {
        let found = facts(
            "def model(dbt, s):\n    dbt.config(materialized='incremental')\n    # dbt.ref('no')\n    return dbt.ref(\"a\").join(dbt.source('s', 't'))\n",
        );
        assert_eq!(found.refs.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(found.sources, [("s".to_owned(), "t".to_owned())]);
        assert_eq!(found.config["materialized"], "incremental");
    }
}
