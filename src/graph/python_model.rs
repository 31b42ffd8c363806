//! What a model in Python asks of `dbt`: found in its text, which is not run (dbt: `parse_python_model`).

use serde_json::{Map, Value, json};

use super::python_token::{Kind, Token, tokens};
use crate::jinja::{Facts, RefCall};

/// Why a text is no model in Python, in words.
pub(super) type Refused = String;

/// The calls of `dbt.ref`, `dbt.source` and `dbt.config`, whose arguments must be literals, and the keys that `dbt.config.get` asks
/// for. Such a model is a table unless it says otherwise.
pub(super) fn facts(code: &str) -> Result<Facts, Refused> {
    let tokens = tokens(code);
    let mut facts = Facts::default();
    facts.config.insert("materialized".to_owned(), json!("table"));
    if !tokens.is_empty() {
        check_function(&tokens)?;
    }
    let mut asked: [Vec<Value>; 4] = Default::default();
    for (name, arguments) in calls(&tokens) {
        let (given, named) = literals(arguments).ok_or_else(|| format!("an argument of `dbt.{name}` is no literal"))?;
        match name {
            "ref" => facts.refs.push(reference(&given, &named)?),
            "source" => match given.as_slice() {
                [Value::String(source), Value::String(table)] => facts.sources.push((source.clone(), table.clone())),
                _ => return Err("`dbt.source` takes the names of a source and of its table".to_owned()),
            },
            "config" => facts.add_config(named),
            _ => {
                let [keys, defaults] = if name == "config.get" { [0, 1] } else { [2, 3] };
                let (Some(key), true) = (given.first(), given.len() < 3) else {
                    return Err(format!("`dbt.{name}` takes a key and a default value"));
                };
                asked[keys].push(key.clone());
                asked[defaults].push(given.get(1).cloned().unwrap_or_default());
            }
        }
    }
    if !asked[0].is_empty() || !asked[2].is_empty() {
        let names = ["config_keys_used", "config_keys_defaults", "meta_keys_used", "meta_keys_defaults"];
        facts.add_config(names.into_iter().map(str::to_owned).zip(asked.map(Value::Array)).collect());
    }
    Ok(facts)
}

fn reference(given: &[Value], named: &Map<String, Value>) -> Result<RefCall, Refused> {
    let version = named.get("version").or_else(|| named.get("v")).filter(|version| !version.is_null());
    let version = version.cloned().map(Box::new);
    match given {
        [Value::String(name)] => Ok(RefCall { package: None, name: name.clone(), version }),
        [Value::String(package), Value::String(name)] => {
            Ok(RefCall { package: Some(package.clone()), name: name.clone(), version })
        }
        _ => Err("`dbt.ref` takes the name of a model, or of its package and the model".to_owned()),
    }
}

/// There is one function `model`, with two arguments, of which the first is `dbt`, and its last statement returns one value.
fn check_function(tokens: &[Token<'_>]) -> Result<(), Refused> {
    let is_model = |two: &[Token<'_>]| two[0].is("def") && two[1].is("model");
    let found: Vec<usize> = tokens.windows(2).enumerate().filter(|(_, two)| is_model(two)).map(|(at, _)| at).collect();
    let [at] = found.as_slice() else {
        return Err(format!("a model in Python has one function `model`; this one has {}", found.len()));
    };
    let (arguments, end) = inside(tokens, at + 2).ok_or("the arguments of `model` have no end")?;
    let names: Vec<&str> = parts(arguments).iter().filter_map(|part| part.first()).map(|token| token.text).collect();
    if names.len() != 2 || names[0] != "dbt" {
        return Err("the function `model` takes two arguments, `dbt` and a session".to_owned());
    }
    let indent = tokens[*at].indent.unwrap_or_default();
    let starts = tokens[end..].iter().enumerate().filter_map(|(at, token)| Some((end + at, token.indent?)));
    let body: Vec<(usize, usize)> = starts.take_while(|(_, depth)| *depth > indent).collect();
    let Some((_, first)) = body.first() else { return Ok(()) };
    let last = body.iter().rfind(|(_, depth)| depth == first).map_or(end, |(at, _)| *at);
    let statement = &tokens[last + 1..];
    let statement = &statement[..statement.iter().position(|token| token.indent.is_some()).unwrap_or(statement.len())];
    if !tokens[last].is("return") || parts(statement).len() > 1 {
        return Err("the last statement of the function `model` returns one data frame".to_owned());
    }
    Ok(())
}

/// Each call of a function of `dbt`, with the tokens between its parentheses.
fn calls<'t, 'c>(tokens: &'t [Token<'c>]) -> impl Iterator<Item = (&'static str, &'t [Token<'c>])> {
    const CALLS: [(&str, &[&str]); 5] = [
        ("ref", &["dbt", ".", "ref", "("]),
        ("source", &["dbt", ".", "source", "("]),
        ("config", &["dbt", ".", "config", "("]),
        ("config.get", &["dbt", ".", "config", ".", "get", "("]),
        ("config.meta_get", &["dbt", ".", "config", ".", "meta_get", "("]),
    ];
    (0..tokens.len()).filter_map(move |at| {
        let is_here = |words: &[&str]| {
            tokens.len() >= at + words.len() && words.iter().zip(&tokens[at..]).all(|(word, token)| token.is(word))
        };
        if at > 0 && tokens[at - 1].is(".") {
            return None;
        }
        let (name, words) = CALLS.iter().find(|(_, words)| is_here(words))?;
        Some((*name, inside(tokens, at + words.len() - 1)?.0))
    })
}

/// The tokens between the bracket at a position and the one that closes it, and the position behind that.
fn inside<'t, 'c>(tokens: &'t [Token<'c>], open: usize) -> Option<(&'t [Token<'c>], usize)> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.bracket() {
            1 => depth += 1,
            -1 => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some((&tokens[open + 1..at], at + 1));
        }
    }
    None
}

/// What commas outside of all brackets separate; nothing behind the last.
fn parts<'t, 'c>(tokens: &'t [Token<'c>]) -> Vec<&'t [Token<'c>]> {
    let mut depth = 0i32;
    let mut found: Vec<&[Token<'_>]> = tokens
        .split(|token| {
            depth += token.bracket();
            depth == 0 && token.is(",")
        })
        .collect();
    found.pop_if(|last| last.is_empty());
    found
}

/// The arguments of a call, by position and by name; none if one is no literal.
fn literals(tokens: &[Token<'_>]) -> Option<(Vec<Value>, Map<String, Value>)> {
    let (mut given, mut named) = (Vec::new(), Map::new());
    for part in parts(tokens) {
        match part {
            [name, equals, value @ ..] if name.kind == Kind::Name && equals.is("=") => {
                named.insert(name.text.to_owned(), literal(value)?);
            }
            value => given.push(literal(value)?),
        }
    }
    Some((given, named))
}

/// A literal of Python (`ast.literal_eval`): texts, numbers, `True`, `False`, `None`, and lists, tuples, sets and dictionaries of them.
fn literal(tokens: &[Token<'_>]) -> Option<Value> {
    match tokens {
        [one] if one.kind == Kind::Number => serde_json::from_str(&one.text.replace('_', "")).ok(),
        [one] if one.kind == Kind::Name => match one.text {
            "True" => Some(json!(true)),
            "False" => Some(json!(false)),
            "None" => Some(Value::Null),
            _ => None,
        },
        [minus, one] if minus.is("-") && one.kind == Kind::Number => {
            serde_json::from_str(&format!("-{}", one.text.replace('_', ""))).ok()
        }
        [first, ..] if first.kind == Kind::Text => {
            tokens.iter().map(Token::value).collect::<Option<String>>().map(Value::String)
        }
        [open, .., close] if open.bracket() == 1 && close.bracket() == -1 => {
            let (within, end) = inside(tokens, 0)?;
            if end < tokens.len() {
                return None;
            }
            bracketed(open.text, within)
        }
        _ => None,
    }
}

/// What stands between brackets: one value between parentheses is itself.
fn bracketed(open: &str, within: &[Token<'_>]) -> Option<Value> {
    let items = parts(within);
    if open == "(" && items.len() == 1 && !within.last().is_some_and(|token| token.is(",")) {
        return literal(items[0]);
    }
    let mut depth = 0i32;
    let colon = |token: &Token<'_>| {
        depth += token.bracket();
        depth == 0 && token.is(":")
    };
    if open != "{" || items.first().is_some_and(|first| !first.iter().any(colon)) {
        return items.into_iter().map(literal).collect::<Option<Vec<Value>>>().map(Value::Array);
    }
    let pair = |item: &[Token<'_>]| {
        let mut depth = 0i32;
        let at = item.iter().position(|token| {
            depth += token.bracket();
            depth == 0 && token.is(":")
        })?;
        let key = literal(&item[..at])?;
        let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        Some((key, literal(&item[at + 1..])?))
    };
    items.into_iter().map(pair).collect::<Option<Map<String, Value>>>().map(Value::Object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::facts;

    #[test]
    fn calls_with_literals_are_found() {
        let found = facts(
            "def model(dbt, s):\n    dbt.config(materialized='incremental', meta={'a': [1, -2.5], 'b': ('x' 'y', None)},\n      tags=['t',],)\n    # dbt.ref('no')\n    text = \"dbt.ref('no')\"\n    n = dbt.config.get('size', 100.0)\n    return dbt.ref(\"a\", v=2).join(dbt.source('s', 't'))\n",
        )
        .expect("a model");
        assert_eq!(found.refs.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(found.refs[0].version.as_deref(), Some(&json!(2)));
        assert_eq!(found.sources, [("s".to_owned(), "t".to_owned())]);
        assert_eq!(found.config["materialized"], "incremental");
        assert_eq!(found.config["meta"], json!({"a": [1, -2.5], "b": ["xy", null]}));
        assert_eq!(found.config["config_keys_used"], json!(["size"]));
        assert_eq!(found.config["config_keys_defaults"], json!([100.0]));
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for code in [
            "x = 1\n",
            "def model(dbt):\n    return 1\n",
            "def model(session, dbt):\n    return 1\n",
            "def model(dbt, s):\n    x = 1\n",
            "def model(dbt, s):\n    return 1, 2\n",
            "def model(dbt, s):\n    return dbt.ref(name)\n",
            "def model(dbt, s):\n    return 1\ndef model(dbt, s):\n    return 1\n",
        ] {
            assert!(facts(code).is_err(), "{code}");
        }
        assert!(facts("").is_ok());
        assert!(
            facts("def model(dbt, s):\n    if s:\n        return 1\n    return (1,\n      2)[0]\n\nx = 1\n").is_ok()
        );
    }
}
