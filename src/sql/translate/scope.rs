//! Names to columns: what is visible at a place of a query, innermost first.

use std::ops::{ControlFlow, Range};

use sqlparser::ast::{Expr, Ident, visit_expressions};

use super::position::mark;
use super::typed::{Column, Typed};
use super::{Step, Translator, fold, quote};
use crate::sql::DataType;
use crate::sql::problem::{AMBIGUOUS_COLUMN, SqlProblem, UNKNOWN_COLUMN, UNKNOWN_RELATION, nearest};

/// A relation of a FROM clause.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// The name it is referred to by.
    pub(super) alias: String,
    /// Its full name, of tables without an alias.
    pub(super) path: Vec<String>,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Whether it has columns that are not known.
    pub(super) open: bool,
    /// Which of its rows are there, where it is changed instead of read, if a policy says so.
    pub(super) rows: Option<String>,
}

/// The alias of a select item.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) value: Typed,
}

/// What one SELECT makes visible.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// Columns of `USING` and natural joins, which need no qualification.
    pub(super) merged: Vec<String>,
    pub(super) aliases: Vec<Alias>,
    /// Whether aliases hide columns, as they do in ORDER BY.
    pub(super) aliases_first: bool,
    /// The parameters of a lambda.
    pub(super) parameters: Vec<(String, Typed)>,
    /// What `PRIOR` sees: the relations as the row above has them.
    pub(super) prior: Vec<Relation>,
    /// Paths and roots of a hierarchy.
    pub(super) kept: Vec<(String, Typed)>,
    /// The column that numbers the rows of a generator.
    pub(super) sequence: Option<String>,
    /// The aliases of the items, before these are written.
    pub(super) coming: Vec<String>,
    /// The alias of the only relation, where it can have more columns.
    pub(super) only: Option<String>,
    /// These columns, over all rows that WHERE leaves.
    pub(super) computed: Vec<String>,
    /// Conditions of joins that name such an alias, and what stands in their places until then.
    pub(super) postponed: Vec<(String, Expr)>,
}

impl Scope {
    /// Whether a condition of a join names an alias of the items, and no column of that name.
    pub(super) fn names_alias(&self, on: &Expr) -> bool {
        if self.coming.is_empty() {
            return false;
        }
        let found = visit_expressions(on, |part| match part {
            Expr::Identifier(ident) => {
                let name = fold(ident);
                if self.coming.contains(&name) && self.candidates(&name).next().is_none() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
            _ => ControlFlow::Continue(()),
        });
        found.is_break()
    }

    fn find(&self, name: &str, range: &Range<usize>) -> Step<Option<Typed>> {
        if let Some((_, value)) = self.parameters.iter().find(|(parameter, _)| parameter == name) {
            return Ok(Some(value.clone()));
        }
        let alias = || self.aliases.iter().find(|alias| alias.name == name).map(|alias| alias.value.clone());
        if self.aliases_first
            && let Some(found) = alias()
        {
            return Ok(Some(found));
        }
        let found: Vec<(&Relation, &Column)> = self.candidates(name).collect();
        match found.as_slice() {
            [] => {}
            [(relation, column)] => return Ok(Some(reference(relation, column, range))),
            [(_, column), ..] if self.merged.iter().any(|merged| merged == name) => {
                return Ok(Some(Typed::new(mark(range, &quote(&column.stored)), column.ty)));
            }
            several => {
                let mut owners: Vec<_> = several.iter().map(|(relation, _)| format!("`{}`", relation.alias)).collect();
                owners.dedup();
                let who = match owners.as_slice() {
                    [one] => format!("{one} has it more than once"),
                    several => format!("{} have it", several.join(" and ")),
                };
                let message = format!("ambiguous column `{name}`: {who}");
                return Err(SqlProblem::new(AMBIGUOUS_COLUMN, message, range.clone())
                    .help("qualify it with the relation's name"));
            }
        }
        if let Some(found) = alias() {
            return Ok(Some(found));
        }
        let open: Vec<&Relation> = self.relations.iter().filter(|relation| relation.open).collect();
        Ok(match open.as_slice() {
            [] => None,
            [one] => {
                Some(Typed::new(mark(range, &format!("{}.{}", quote(&one.alias), quote(name))), DataType::Unknown))
            }
            _ => Some(Typed::new(mark(range, &quote(name)), DataType::Unknown)),
        })
    }

    fn candidates<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (&'s Relation, &'s Column)> {
        self.relations.iter().flat_map(move |relation| {
            relation.columns.iter().filter(move |column| column.name == name).map(move |column| (relation, column))
        })
    }
}

/// A column of a relation as an expression.
pub(super) fn reference(relation: &Relation, column: &Column, range: &Range<usize>) -> Typed {
    let own = || format!("{}.{}", quote(&relation.alias), quote(&column.stored));
    let sql = column.mask.clone().unwrap_or_else(own);
    Typed::new(mark(range, &sql), column.ty)
}

impl Translator<'_> {
    /// The bytes of an identifier.
    pub(super) fn at(&self, ident: &Ident) -> Range<usize> {
        self.text.range(ident.span)
    }

    /// The column of an unqualified name.
    pub(super) fn resolve(&self, ident: &Ident) -> Step<Typed> {
        let name = fold(ident);
        let range = self.at(ident);
        for scope in self.scopes.iter().rev() {
            if let Some(found) = scope.find(&name, &range)? {
                return Ok(found);
            }
        }
        Err(self.unknown_column(&name, range, None))
    }

    /// The column of a qualified name.
    pub(super) fn resolve_qualified(&self, parts: &[Ident]) -> Step<Typed> {
        let (last, qualifier) = parts.split_last().expect("a compound identifier has parts");
        let whole = self.at(&parts[0]).start..self.at(last).end;
        let relation = self.relation(qualifier)?;
        let name = fold(last);
        let position = last.value.strip_prefix('$').filter(|_| last.quote_style.is_none());
        if let Some(at) = position.and_then(|digits| digits.parse::<usize>().ok())
            && let Some(column) = at.checked_sub(1).and_then(|at| relation.columns.get(at))
        {
            return Ok(reference(relation, column, &whole));
        }
        let mut found = relation.columns.iter().filter(|column| column.name == name);
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(reference(relation, column, &whole)),
            (Some(_), Some(_)) => {
                let message = format!("ambiguous column `{name}`: `{}` has it more than once", relation.alias);
                Err(SqlProblem::new(AMBIGUOUS_COLUMN, message, whole))
            }
            (None, _) if relation.open => {
                let sql = format!("{}.{}", quote(&relation.alias), quote(&name));
                Ok(Typed::new(mark(&whole, &sql), DataType::Unknown))
            }
            (None, _) => Err(self.unknown_column(&name, self.at(last), Some(relation))),
        }
    }

    /// The relation that a qualifier names.
    pub(super) fn relation(&self, qualifier: &[Ident]) -> Step<&Relation> {
        let wanted: Vec<String> = qualifier.iter().map(fold).collect();
        let named = |relation: &&Relation| match wanted.as_slice() {
            [alias] => relation.alias == *alias,
            path => relation.path.ends_with(path),
        };
        let found = self.scopes.iter().rev().find_map(|scope| scope.relations.iter().find(named));
        found.ok_or_else(|| {
            let range = self.at(&qualifier[0]).start..self.at(&qualifier[qualifier.len() - 1]).end;
            let aliases = self.scopes.iter().flat_map(|s| &s.relations).map(|r| r.alias.as_str());
            let problem =
                SqlProblem::new(UNKNOWN_RELATION, format!("no relation `{}` in scope", wanted.join(".")), range);
            match nearest(&wanted[wanted.len() - 1], aliases) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        })
    }

    fn unknown_column(&self, name: &str, range: Range<usize>, relation: Option<&Relation>) -> SqlProblem {
        let columns: Vec<&str> = match relation {
            Some(relation) => relation.columns.iter().map(|column| column.name.as_str()).collect(),
            None => {
                let relations = self.scopes.iter().flat_map(|scope| &scope.relations);
                let columns = relations.flat_map(|relation| &relation.columns).map(|column| column.name.as_str());
                columns.chain(self.scopes.iter().flat_map(|s| &s.aliases).map(|a| a.name.as_str())).collect()
            }
        };
        let message = match relation {
            Some(relation) => format!("`{}` has no column `{name}`", relation.alias),
            None => format!("unknown column `{name}`"),
        };
        let problem = SqlProblem::new(UNKNOWN_COLUMN, message, range);
        match columns.iter().find(|column| column.eq_ignore_ascii_case(name)) {
            Some(other) => problem.help(format!("the column is `\"{other}\"`: write it with quotes")),
            None => match nearest(name, columns.into_iter()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            },
        }
    }

    /// The innermost scope.
    pub(super) fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// A name nothing else has.
    pub(super) fn fresh(&mut self, stem: &str) -> String {
        self.fresh += 1;
        format!("{stem}${}", self.fresh)
    }
}
