//! Snowflake's outer join operator, `a.id = b.id (+)`, written out as `LEFT JOIN`.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, Select, TableFactor, TableWithJoins,
    visit_expressions, visit_expressions_mut,
};

/// A relation with the conditions under which its rows join.
struct Optional {
    relation: TableWithJoins,
    name: String,
    conditions: Vec<Expr>,
}

/// The SELECT with `LEFT JOIN`s in place of the operator; `None` where it has none. The error is a column that has the operator in a
/// way that has no such form.
pub(super) fn written_out(select: &Select) -> Result<Option<Box<Select>>, Ident> {
    let Some(selection) = &select.selection else { return Ok(None) };
    if select.from.len() < 2 || marked(selection).is_empty() {
        return Ok(None);
    }
    let mut conditions = Vec::new();
    conjuncts(selection, &mut conditions);
    let mut written = select.clone();
    let mut optional: Vec<Optional> = Vec::new();
    let mut filters = Vec::new();
    for condition in conditions {
        let columns = marked(condition);
        let Some(first) = columns.first() else {
            filters.push(condition.clone());
            continue;
        };
        let last = || first.last().cloned().unwrap_or_else(|| Ident::new("(+)"));
        let relation = relation_of(first).ok_or_else(last)?;
        if columns.iter().any(|column| relation_of(column).as_ref() != Some(&relation)) {
            return Err(last());
        }
        let known = optional.iter().position(|one| one.name == relation);
        let at = match known {
            Some(at) => at,
            None => {
                let named =
                    |from: &TableWithJoins| from.joins.is_empty() && name_of(&from.relation) == Some(relation.clone());
                let at = written.from.iter().position(named).ok_or_else(last)?;
                optional.push(Optional { relation: written.from.remove(at), name: relation, conditions: Vec::new() });
                optional.len() - 1
            }
        };
        optional[at].conditions.push(unmarked(condition));
    }
    written.selection = all_of(filters);
    joined(&mut written, optional).map_err(Ident::new)?;
    Ok(Some(Box::new(written)))
}

/// Joins the optional relations, each behind those that its conditions name; an error is one of a circle.
fn joined(select: &mut Select, mut optional: Vec<Optional>) -> Result<(), String> {
    let mut rest = std::mem::take(&mut select.from).into_iter();
    let Some(mut first) = rest.next() else { return Err(optional.swap_remove(0).name) };
    for from in rest {
        let join = |relation, join_operator| Join { relation, global: false, join_operator };
        first.joins.push(join(from.relation, JoinOperator::CrossJoin(JoinConstraint::None)));
        first.joins.extend(from.joins);
    }
    while !optional.is_empty() {
        let waits = |one: &Optional| {
            optional
                .iter()
                .any(|other| other.name != one.name && one.conditions.iter().any(|on| names(on, &other.name)))
        };
        let at = optional.iter().position(|one| !waits(one)).ok_or_else(|| optional[0].name.clone())?;
        let next = optional.remove(at);
        let on = all_of(next.conditions).map_or(JoinConstraint::None, JoinConstraint::On);
        first.joins.push(Join {
            relation: next.relation.relation,
            global: false,
            join_operator: JoinOperator::LeftOuter(on),
        });
    }
    select.from = vec![first];
    Ok(())
}

fn conjuncts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => rest.extend([right, left].map(AsRef::as_ref)),
            Expr::Nested(inner) => rest.push(inner),
            other => out.push(other),
        }
    }
}

fn all_of(conditions: Vec<Expr>) -> Option<Expr> {
    let and = |left, right| Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) };
    let nested = |condition| Expr::Nested(Box::new(condition));
    conditions.into_iter().map(nested).reduce(and)
}

/// The columns with the operator, each with the names before it.
fn marked(expr: &Expr) -> Vec<Vec<Ident>> {
    let mut found = Vec::new();
    let _: ControlFlow<()> = visit_expressions(expr, |expr| {
        if let Expr::OuterJoin(column) = expr {
            found.push(parts(column));
        }
        ControlFlow::Continue(())
    });
    found
}

fn unmarked(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    let _: ControlFlow<()> = visit_expressions_mut(&mut expr, |expr| {
        if let Expr::OuterJoin(column) = expr {
            *expr = (**column).clone();
        }
        ControlFlow::Continue(())
    });
    expr
}

/// Whether an expression has a column of this relation.
fn names(expr: &Expr, relation: &str) -> bool {
    visit_expressions(expr, |expr| match relation_of(&parts(expr)) {
        Some(name) if name == relation => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

fn parts(column: &Expr) -> Vec<Ident> {
    match column {
        Expr::Identifier(ident) => vec![ident.clone()],
        Expr::CompoundIdentifier(parts) => parts.clone(),
        _ => Vec::new(),
    }
}

/// The relation before a column's name, as it is compared.
fn relation_of(parts: &[Ident]) -> Option<String> {
    parts.len().checked_sub(2).map(|at| compared(&parts[at]))
}

fn name_of(relation: &TableFactor) -> Option<String> {
    let (alias, name) = match relation {
        TableFactor::Table { name, alias, .. } => (alias, name.0.last().and_then(|part| part.as_ident())),
        TableFactor::Derived { alias, .. } => (alias, None),
        _ => return None,
    };
    alias.as_ref().map(|alias| compared(&alias.name)).or(name.map(compared))
}

fn compared(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_uppercase() }
}
