//! One expression for several columns: `COLUMNS(…)`, and the fields of a struct.

use std::rc::Rc;

use fancy_regex::Regex;

use super::Analyst;
use super::call::is_columns;
use super::shape::Value;
use crate::analyze::edge::{EdgeKind, Edges};
use crate::sql::Dialect;
use crate::sql::query::{Call, Collection, Expr, Literal, Name, Step, visit};

/// What a value that was put together from named parts is made of.
pub(super) type Fields = Option<Rc<Vec<(String, Value)>>>;

impl Analyst<'_> {
    /// The columns that an expression with `COLUMNS(…)` in it gives; none if they are not known.
    pub(super) fn several(&mut self, expr: &Expr, alias: Option<&Name>) -> Option<Vec<(Name, Value)>> {
        let mut calls: Vec<&Call> = Vec::new();
        visit([expr], |part| match part {
            Expr::Call(call) if is_columns(call, Dialect::DuckDb) => calls.push(call),
            _ => {}
        });
        let first = self.matched(calls.first()?)?;
        for call in &calls[1..] {
            if self.matched(call)?.len() != first.len() {
                return None;
            }
        }
        let pattern = calls[0].arguments.first().and_then(|argument| pattern(&argument.value));
        let before = self.matched_at;
        let mut columns = Vec::with_capacity(first.len());
        for (at, (name, _)) in first.iter().enumerate() {
            self.matched_at = Some(at);
            let value = self.value(expr);
            let name = match (alias, &pattern) {
                (None, _) => name.clone(),
                (Some(alias), Some(pattern)) => {
                    let groups = pattern.captures(&*name.text).ok().flatten();
                    let text = (0..10).rev().fold(alias.text.to_string(), |text, number| {
                        let group =
                            groups.as_ref().and_then(|groups| groups.get(number)).map_or("", |group| group.as_str());
                        text.replace(&format!("\\{number}"), group)
                    });
                    Name::found(&text, self.dialect)
                }
                (Some(alias), None) => alias.clone(),
            };
            columns.push((name, value));
        }
        self.matched_at = before;
        Some(columns)
    }

    /// The value of a `COLUMNS(…)` for the column that it stands for at the moment.
    pub(super) fn one_of_several(&mut self, call: &Call) -> Option<Value> {
        let at = self.matched_at?;
        self.matched(call)?.into_iter().nth(at).map(|(_, value)| value)
    }

    /// The columns that a `COLUMNS(…)` stands for; none if they are not known.
    pub(super) fn matched(&mut self, call: &Call) -> Option<Vec<(Name, Value)>> {
        let [argument] = call.arguments.as_slice() else { return None };
        if let Expr::Star(star) = &argument.value {
            let (columns, open) = self.star(star);
            return open.is_none().then_some(columns);
        }
        let (columns, open) = self.every_column();
        if open.is_some() {
            return None;
        }
        match &argument.value {
            Expr::Collection(Collection::Array, names) => {
                let find = |name: &Expr| {
                    let Expr::Literal(Literal::Text(name)) = name else { return None };
                    columns.iter().find(|(column, _)| column.text.eq_ignore_ascii_case(name)).cloned()
                };
                names.iter().map(find).collect()
            }
            other => {
                let pattern = pattern(other)?;
                Some(columns.into_iter().filter(|(name, _)| pattern.is_match(&*name.text).unwrap_or(false)).collect())
            }
        }
    }

    /// `DuckDB`'s name of `#2`: the column's.
    pub(super) fn name_at(&mut self, number: usize) -> Option<Name> {
        let at = number.checked_sub(1).filter(|_| self.dialect == Dialect::DuckDb)?;
        self.every_column().0.into_iter().nth(at).map(|(name, _)| name)
    }

    /// The fields of a struct; none if they are not known.
    pub(super) fn fields(&mut self, value: &Value) -> Option<Vec<(Name, Value)>> {
        let made = || Some(value.fields.as_ref()?.iter().map(|(name, _)| name.clone()).collect());
        let names: Vec<String> = value.data_type.fields().or_else(made)?;
        let dialect = self.dialect;
        let field = |name: String| (Name::found(&name, dialect), self.path(value.clone(), &[Step::Key(name.clone())]));
        Some(names.into_iter().map(field).collect())
    }

    /// The part of a value that was put together from named parts in this statement. Rows that are decided for the whole are for the part.
    pub(super) fn named_part(&self, whole: &Value, key: &str) -> Option<Value> {
        let same = |name: &str| match self.dialect {
            Dialect::Snowflake => name == key,
            Dialect::DuckDb => name.eq_ignore_ascii_case(key),
        };
        let (_, part) = whole.fields.as_ref()?.iter().find(|(name, _)| same(name))?;
        let decided = whole.edges.only(EdgeKind::Indirect);
        let part = match self.dialect {
            // What comes out of an OBJECT is a VARIANT.
            Dialect::Snowflake => Value {
                fields: part.fields.clone(),
                ..Value::made([part], EdgeKind::Transformed).typed(whole.data_type.part(Some(key)))
            },
            Dialect::DuckDb => part.clone(),
        };
        Some(Value {
            edges: Edges::union([&part.edges, &decided]),
            doubt: part.doubt.or_else(|| whole.doubt.clone()),
            is_grouped: part.is_grouped || whole.is_grouped,
            ..part
        })
    }
}

/// The named parts of `OBJECT_CONSTRUCT('a', x, …)` and `STRUCT_PACK(a := x, …)`.
pub(super) fn fields_of_call(call: &Call, arguments: &[Value]) -> Fields {
    let fields: Option<Vec<(String, Value)>> = match call.name.as_str() {
        "OBJECT_CONSTRUCT" | "OBJECT_CONSTRUCT_KEEP_NULL" if call.arguments.len() == arguments.len() => {
            let pairs = call.arguments.chunks(2).zip(arguments.chunks(2));
            let pair = |(written, values): (&[crate::sql::query::Argument], &[Value])| match (written, values) {
                ([key, _], [_, value]) => match &key.value {
                    Expr::Literal(Literal::Text(key)) => Some((key.clone(), value.clone())),
                    _ => None,
                },
                _ => None,
            };
            pairs.map(pair).collect()
        }
        "STRUCT_PACK" if call.arguments.len() == arguments.len() => {
            let named = call.arguments.iter().zip(arguments);
            named.map(|(written, value)| Some((written.name.clone()?, value.clone()))).collect()
        }
        _ => None,
    };
    fields.map(Rc::new)
}

/// The pattern that a text is.
fn pattern(expr: &Expr) -> Option<Regex> {
    match expr {
        Expr::Literal(Literal::Text(text)) => Regex::new(text).ok(),
        _ => None,
    }
}
