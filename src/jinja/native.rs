//! Rendering to values instead of text, as dbt renders its YAML files.

use minijinja::machinery::ast::{Expr, UnaryOpKind};
use minijinja::machinery::parse_expr;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::{python, run};

/// What `as_text`, `as_bool`, `as_number` and `as_native` make of a value, when nothing else is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Text,
    Bool,
    Number,
    Native,
}

/// A text that one of these filters gave. It is a string to everything else, as dbt's markers are: `'x' | as_bool == 'x'`.
#[derive(Debug)]
pub(super) struct Wished {
    text: String,
    wish: Wish,
}

/// The filters; in other renders they change nothing.
pub(super) fn install(env: &mut Environment<'static>) {
    let wishes =
        [("as_text", Wish::Text), ("as_bool", Wish::Bool), ("as_number", Wish::Number), ("as_native", Wish::Native)];
    env.add_filter(
        "_constant",
        |value: Value| {
            if value.is_undefined() { value } else { Value::from(python::str(&value)) }
        },
    );
    for (name, wish) in wishes {
        env.add_filter(name, move |value: Value| {
            let noted = run::current(|render| {
                let render = render.filter(|render| render.native)?;
                let text = python::str(&value);
                render.wished.push(Wished { text: text.clone(), wish });
                Some(Value::from(text))
            });
            noted.unwrap_or(value)
        });
    }
}

/// The value of a text from the values it printed: one alone stays what it is, or becomes what was wished of it; several become
/// a string.
pub(super) fn join(values: Vec<Value>, wished: &[Wished]) -> Result<Value, Error> {
    if let [value] = values.as_slice() {
        let wish = value.as_str().and_then(|text| wished.iter().rev().find(|wished| wished.text == text));
        return wish.map_or_else(|| Ok(value.clone()), Wished::value);
    }
    Ok(Value::from(values.iter().map(python::str).collect::<Vec<_>>().concat()))
}

impl Wished {
    fn value(&self) -> Result<Value, Error> {
        if self.wish == Wish::Text {
            return Ok(Value::from(self.text.as_str()));
        }
        let value = literal(&self.text).unwrap_or_else(|| Value::from(self.text.as_str()));
        let boolean = value.kind() == minijinja::value::ValueKind::Bool;
        let refused = match self.wish {
            Wish::Bool if !boolean => "bool",
            Wish::Number if boolean || !value.is_number() => "number",
            _ => return Ok(value),
        };
        let message = format!("could not convert value '{}' into type '{refused}'", self.text);
        Err(Error::new(ErrorKind::InvalidOperation, message))
    }
}

/// A Python literal: numbers, strings, `True`, `False`, `None`, and tuples, lists and dictionaries of them.
fn literal(text: &str) -> Option<Value> {
    value(&parse_expr(text.trim()).ok()?, text.trim())
}

fn value(expr: &Expr<'_>, text: &str) -> Option<Value> {
    let all = |items: &[Expr<'_>]| items.iter().map(|item| value(item, text)).collect::<Option<Vec<Value>>>();
    match expr {
        // Jinja also takes the names in lower case; Python does not.
        Expr::Const(node) => {
            let span = node.span();
            let word = text.get(span.start_offset as usize..span.end_offset as usize).unwrap_or_default();
            (!matches!(word, "true" | "false" | "none")).then(|| node.value.clone())
        }
        Expr::UnaryOp(node) if matches!(node.op, UnaryOpKind::Neg) => {
            let operand = value(&node.expr, text)?;
            match operand.as_i64() {
                Some(number) if operand.is_integer() => number.checked_neg().map(Value::from),
                _ => f64::try_from(operand).ok().map(|number| Value::from(-number)),
            }
        }
        Expr::List(node) => Some(python::list(all(&node.items)?)),
        Expr::Tuple(node) => Some(python::tuple(all(&node.items)?)),
        Expr::Map(node) => {
            let pairs = all(&node.keys)?.into_iter().zip(all(&node.values)?).collect();
            python::dict(pairs).ok()
        }
        _ => None,
    }
}
