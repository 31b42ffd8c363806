//! Expressions of one SELECT written in one way, so that two that are the same are written alike.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::narrow::own_position;
use super::scope::Scope;
use crate::sql::query::{Collection, Expr, Literal, Name, Step};

/// How many aliases may stand for one another.
const DEPTH: usize = 16;

/// What names mean in a SELECT.
pub(super) struct Alike<'a> {
    pub(super) scope: &'a Scope,
    pub(super) aliases: &'a HashMap<Arc<str>, &'a Expr>,
}

/// A column of the SELECT's relations.
pub(super) struct Own {
    /// As it is written here.
    pub(super) column: String,
    pub(super) name: Arc<str>,
}

impl<'a> Alike<'a> {
    /// How a column is written, by its place.
    pub(super) fn position(relation: usize, column: usize) -> String {
        format!("c{relation}.{column}")
    }

    /// The expression in the way all are written; none for one that cannot be compared.
    pub(super) fn written(&self, expr: &Expr) -> Option<String> {
        let mut text = String::new();
        self.write(expr, &mut text, 0)?;
        Some(text)
    }

    /// The column of the SELECT's own relations that a name means; of a field, the column it is in.
    pub(super) fn own(&self, parts: &[Name]) -> Option<Own> {
        let last = parts.last()?;
        if self.scope.merged.iter().any(|(key, _)| *key == last.key) {
            let is_known = parts.len() == 1 || own_position(self.scope, parts).is_some();
            return is_known.then(|| Own { column: format!("m{}", last.key), name: last.text.clone() });
        }
        for taken in (1..=parts.len()).rev() {
            if let Some((relation, column)) = own_position(self.scope, &parts[..taken]) {
                let name = parts[taken - 1].text.clone();
                return Some(Own { column: Self::position(relation, column), name });
            }
        }
        None
    }

    /// The item that a name is the alias of: where no relation has, or may have, a column of this name.
    pub(super) fn alias(&self, parts: &[Name]) -> Option<&'a Expr> {
        let [name] = parts else { return None };
        let may_have = |relation: &super::scope::Relation| {
            relation.shape.open().is_some() || !relation.shape.find(&name.key).is_empty()
        };
        let is_hidden = self.scope.relations.iter().any(may_have);
        self.aliases.get(&name.key).copied().filter(|_| !is_hidden)
    }

    fn write(&self, expr: &Expr, text: &mut String, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match expr {
            Expr::Column(parts, _) => self.column(parts, text, depth)?,
            Expr::Literal(literal) => match literal {
                Literal::Number(digits) => write!(text, "#{digits}").ok()?,
                Literal::Text(word) | Literal::Word(word) => write!(text, "'{}'", word.to_lowercase()).ok()?,
                Literal::Null => text.push_str("null"),
                // Which truth value, or which bytes, is not in the tree.
                _ => return None,
            },
            Expr::Cast(inner, data_type, _) => {
                let _ = write!(text, "cast<{data_type}>");
                self.list(&[&**inner], text, depth)?;
            }
            Expr::Case(case) => {
                let _ = write!(text, "case{}{}", case.conditions.len(), case.has_else);
                self.list(&case.conditions.iter().chain(&case.results).collect::<Vec<_>>(), text, depth)?;
            }
            Expr::Call(call) => {
                let is_plain = call.window.is_none()
                    && call.query.is_none()
                    && !call.distinct
                    && call.order.is_empty()
                    && call.filters.is_empty();
                if !is_plain {
                    return None;
                }
                text.push_str(synonym(&call.name));
                self.list(&call.arguments.iter().map(|argument| &argument.value).collect::<Vec<_>>(), text, depth)?;
            }
            Expr::Chain(first, rest) if rest.is_empty() => self.write(first, text, depth)?,
            Expr::Chain(first, rest) => {
                text.push('(');
                self.write(first, text, depth)?;
                for (operator, right) in rest {
                    let _ = write!(text, " {operator:?} ");
                    self.write(right, text, depth)?;
                }
                text.push(')');
            }
            Expr::Sign(inner) => {
                text.push('-');
                self.list(&[&**inner], text, depth)?;
            }
            Expr::Predicate(kind, parts) => {
                let _ = write!(text, "{kind:?}");
                self.list(&parts.iter().collect::<Vec<_>>(), text, depth)?;
            }
            Expr::Collection(kind, parts) => {
                match kind {
                    Collection::Object(keys) => write!(text, "{keys:?}").ok()?,
                    other => write!(text, "{other:?}").ok()?,
                }
                self.list(&parts.iter().collect::<Vec<_>>(), text, depth)?;
            }
            Expr::Access(root, steps) => {
                self.write(root, text, depth)?;
                for step in steps {
                    match step {
                        Step::Key(key) => write!(text, ".{key:?}").ok()?,
                        Step::Index(at) => write!(text, "[{at}]").ok()?,
                        Step::Computed(inner) => self.list(&[inner], text, depth)?,
                        Step::Slice(bounds) => self.list(&bounds.iter().collect::<Vec<_>>(), text, depth)?,
                    }
                }
            }
            Expr::Position(..)
            | Expr::Subquery(_)
            | Expr::Exists(_)
            | Expr::In(..)
            | Expr::Lambda(..)
            | Expr::Star(_)
            | Expr::Opaque(..) => return None,
        }
        Some(())
    }

    fn list(&self, parts: &[&Expr], text: &mut String, depth: usize) -> Option<()> {
        text.push('(');
        for part in parts {
            self.write(part, text, depth)?;
            text.push(',');
        }
        text.push(')');
        Some(())
    }

    fn column(&self, parts: &[Name], text: &mut String, depth: usize) -> Option<()> {
        if let Some(own) = self.own(parts) {
            text.push_str(&own.column);
            let is_field = own_position(self.scope, parts).is_none() && !own.column.starts_with('m');
            // What stands behind the column is a field of it.
            let fields = parts.iter().rev().take_while(|part| part.text != own.name).map(|part| &*part.key);
            if is_field {
                fields
                    .collect::<Vec<_>>()
                    .iter()
                    .rev()
                    .for_each(|field| write!(text, ".{field:?}").unwrap_or_default());
            }
            return Some(());
        }
        if let Some(named) = self.alias(parts) {
            return self.write(named, text, depth + 1);
        }
        // Of a query around this one, or of nothing.
        None
    }
}

/// Functions with several names under one of them.
fn synonym(name: &str) -> &str {
    match name {
        "NVL" | "IFNULL" => "COALESCE",
        "SUBSTR" => "SUBSTRING",
        "LEN" => "LENGTH",
        "CEILING" => "CEIL",
        "TO_DATE" => "DATE",
        "TO_CHAR" => "TO_VARCHAR",
        "DATEPART" => "DATE_PART",
        "CHARINDEX" => "POSITION",
        other => other,
    }
}
