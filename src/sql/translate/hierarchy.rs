//! `CONNECT BY`: a hierarchy as a recursive query, whose columns stand for those of the relations it is made of.

use std::ops::ControlFlow;

use sqlparser::ast::{
    ConnectByKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, OrderBy, Select, Visit, visit_expressions,
};

use super::scope::{Relation, reference};
use super::typed::Typed;
use super::{Step, Translator, quote};
use crate::sql::DataType;
use crate::sql::problem::SqlProblem;

/// What a row of the hierarchy keeps beside its columns.
struct Kept {
    key: String,
    value: Expr,
    /// What stands between the steps of a path; none for the value of a root.
    separator: Option<Expr>,
}

/// The parts of the recursive query: what a root has, what a row below another has, and the types of what is kept.
#[derive(Default)]
struct Rows {
    roots: Vec<String>,
    below: Vec<String>,
    named: Vec<(String, Typed)>,
}

impl Translator<'_> {
    /// The FROM of a SELECT with CONNECT BY. Its scope then has the hierarchy's columns, `LEVEL`, paths and roots.
    pub(super) fn hierarchy(&mut self, select: &Select, order: Option<&OrderBy>) -> Step<String> {
        let range = self.text.range(select.select_token.0.span);
        let refused = |what: &str| SqlProblem::unsupported(format!("CONNECT BY {what}"), range.clone());
        if select.from.len() != 1 {
            return Err(refused("over relations with commas between them").help("write JOIN"));
        }
        let (mut start, mut links) = (None, Vec::new());
        for clause in &select.connect_by {
            match clause {
                ConnectByKind::ConnectBy { nocycle: true, .. } => return Err(refused("with NOCYCLE")),
                ConnectByKind::ConnectBy { relationships, .. } => links.extend(relationships),
                ConnectByKind::StartWith { condition, .. } => start = Some(condition.as_ref()),
            }
        }
        let from = self.from_clause(&select.from)?;
        let from = if from.is_empty() { "(SELECT 1) AS \"DUAL\"".to_owned() } else { from };
        let relations = self.scope().relations.clone();
        if relations.iter().any(|relation| relation.open) {
            return Err(refused("over a relation whose columns are not known"));
        }
        if !self.scope().merged.is_empty() || !self.scope().postponed.is_empty() {
            return Err(refused("over columns that a join brings together").help("write the condition behind ON"));
        }
        let (own, parent) = (self.fresh("SF$H"), self.fresh("SF$P"));
        let columns = relations.iter().flat_map(|relation| {
            relation.columns.iter().map(|column| reference(relation, column, &range).sql).collect::<Vec<_>>()
        });
        let columns: Vec<String> = columns.enumerate().map(|(at, sql)| format!("{sql} AS \"H{at}\", ")).collect();
        self.scope().parameters = vec![level("1")];
        let roots = start.map_or(Ok("true".to_owned()), |start| self.boolean(start))?;
        let rows = self.kept_rows(&kept_in(select, order), &own, &parent)?;
        self.scope().parameters = vec![level(&format!("({}.\"LEVEL#\" + 1)", quote(&parent)))];
        self.scope().prior = standing_for(&relations, &parent);
        let links = links.into_iter().map(|link| self.boolean(link)).collect::<Step<Vec<_>>>()?;
        let scope = self.scope();
        scope.prior.clear();
        scope.relations = standing_for(&relations, &own);
        scope.parameters = vec![level(&format!("{}.\"LEVEL#\"", quote(&own)))];
        scope.kept = rows.named;
        let (columns, own, parent) = (columns.concat(), quote(&own), quote(&parent));
        Ok(format!(
            "(WITH RECURSIVE {own} AS (SELECT {columns}CAST(1 AS BIGINT) AS \"LEVEL#\"{} FROM {from} WHERE {roots} \
             UNION ALL SELECT {columns}{parent}.\"LEVEL#\" + 1{} FROM {from}, {own} AS {parent} WHERE {}) \
             SELECT * FROM {own}) AS {own}",
            rows.roots.concat(),
            rows.below.concat(),
            if links.is_empty() { "true".to_owned() } else { links.join(" AND ") },
        ))
    }

    /// Paths and roots, as columns behind the others.
    fn kept_rows(&mut self, kept: &[Kept], own: &str, parent: &str) -> Step<Rows> {
        let mut rows = Rows::default();
        for (at, kept) in kept.iter().enumerate() {
            let name = format!("\"K{at}\"");
            let above = format!("{}.{name}", quote(parent));
            let value = self.expression(&kept.value)?;
            let ty = match &kept.separator {
                None => {
                    rows.roots.push(format!(", {} AS {name}", value.stored()));
                    rows.below.push(format!(", {above}"));
                    value.ty
                }
                Some(separator) => {
                    let step = format!("{} || {}", self.expression(separator)?.text(), value.text());
                    rows.roots.push(format!(", {step} AS {name}"));
                    rows.below.push(format!(", {above} || {step}"));
                    DataType::TEXT
                }
            };
            rows.named.push((kept.key.clone(), Typed::new(format!("{}.{name}", quote(own)), ty)));
        }
        Ok(rows)
    }

    /// `PRIOR x`: a value of the row above.
    pub(super) fn prior(&mut self, inner: &Expr) -> Step<Typed> {
        let relations = self.scope().prior.clone();
        if relations.is_empty() {
            return Err(SqlProblem::unsupported("PRIOR outside of CONNECT BY", self.range_of(inner)));
        }
        self.scopes.push(super::scope::Scope { relations, ..Default::default() });
        let value = self.expression(inner);
        self.scopes.pop();
        value
    }

    /// `CONNECT_BY_ROOT x`: a value of the row at the top.
    pub(super) fn of_root(&mut self, value: &Expr) -> Step<Typed> {
        self.kept_of_row(&root_key(value))
            .ok_or_else(|| SqlProblem::unsupported("CONNECT_BY_ROOT here", self.range_of(value)))
    }

    /// `SYS_CONNECT_BY_PATH(x, separator)`: the values from the top down to this row.
    pub(super) fn path_of_hierarchy(&mut self, call: &super::call::Call<'_>) -> Step<Typed> {
        self.kept_of_row(&path_key(call.args[0], call.args[1]))
            .ok_or_else(|| call.refused("outside of a query with CONNECT BY"))
    }

    fn kept_of_row(&mut self, key: &str) -> Option<Typed> {
        self.scope().kept.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }
}

/// The pseudo-column of a row's depth.
fn level(sql: &str) -> (String, Typed) {
    ("LEVEL".to_owned(), Typed::loose(sql, DataType::INTEGER))
}

/// The relations with columns of a row of the hierarchy in place of their own.
fn standing_for(relations: &[Relation], row: &str) -> Vec<Relation> {
    let mut relations = relations.to_vec();
    let columns = relations.iter_mut().flat_map(|relation| &mut relation.columns);
    for (at, column) in columns.enumerate() {
        column.mask = Some(format!("{}.\"H{at}\"", quote(row)));
    }
    relations
}

fn root_key(value: &Expr) -> String {
    format!("ROOT {value}")
}

fn path_key(value: &Expr, separator: &Expr) -> String {
    format!("PATH {value} BY {separator}")
}

/// The paths and roots that a SELECT asks for.
fn kept_in(select: &Select, order: Option<&OrderBy>) -> Vec<Kept> {
    let mut found: Vec<Kept> = Vec::new();
    note_kept(&select.projection, &mut found);
    note_kept(&select.selection, &mut found);
    note_kept(&select.group_by, &mut found);
    note_kept(&select.having, &mut found);
    note_kept(&select.qualify, &mut found);
    if let Some(order) = order {
        note_kept(order, &mut found);
    }
    found
}

fn note_kept<V: Visit>(part: &V, found: &mut Vec<Kept>) {
    let _ = visit_expressions(part, |expr| {
        if let Some(kept) = asked(expr).filter(|kept| found.iter().all(|known| known.key != kept.key)) {
            found.push(kept);
        }
        ControlFlow::<()>::Continue(())
    });
}

/// The path or the root that an expression is.
fn asked(expr: &Expr) -> Option<Kept> {
    match expr {
        Expr::Prefixed { prefix, value } if prefix.value.eq_ignore_ascii_case("CONNECT_BY_ROOT") => {
            Some(Kept { key: root_key(value), value: value.as_ref().clone(), separator: None })
        }
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("SYS_CONNECT_BY_PATH") => {
            let FunctionArguments::List(list) = &function.args else { return None };
            let argument = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            };
            let [value, separator] = list.args.as_slice() else { return None };
            let (value, separator) = (argument(value)?, argument(separator)?);
            Some(Kept { key: path_key(&value, &separator), value, separator: Some(separator) })
        }
        _ => None,
    }
}
