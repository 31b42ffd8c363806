//! One SELECT: its items, stars, aliases and clauses.

use std::ops::Range;

use sqlparser::ast::{
    Distinct, ExcludeSelectItem, Expr, GroupByExpr, GroupByWithModifier, Ident, NamedWindowExpr, ObjectName, OrderBy,
    RenameSelectItem, Select, SelectItem, SelectItemQualifiedWildcardKind, Top, TopQuantity, Value,
    WildcardAdditionalOptions,
};

use super::scope::{Alias, Relation, Scope, reference};
use super::typed::{Column, Shaped, Typed};
use super::{Step, Translator, fold, quote};
use crate::sql::item;
use crate::sql::outer_join::written_out;
use crate::sql::problem::{SqlProblem, UNKNOWN_COLUMN, nearest};
use crate::sql::query::name_fits;

/// The items of a SELECT as they are written out.
#[derive(Default)]
struct Items {
    sql: Vec<String>,
    columns: Vec<Column>,
    open: bool,
}

impl Items {
    /// Adds a column; one whose name the engine cannot tell from another's is stored under another.
    fn add(&mut self, value: &Typed, name: String) {
        let taken = |stored: &str| self.columns.iter().any(|column| column.stored.eq_ignore_ascii_case(stored));
        let mut stored = name.clone();
        let mut copy = 2;
        while taken(&stored) {
            stored = format!("{name}${copy}");
            copy += 1;
        }
        self.sql.push(format!("{} AS {}", value.stored(), quote(&stored)));
        self.columns.push(Column { name, stored, ty: value.ty, mask: None });
    }
}

impl Translator<'_> {
    /// Translates a SELECT with the ORDER BY of its query, which sees its aliases.
    pub(super) fn select(&mut self, select: &Select, order: Option<&OrderBy>) -> Step<Shaped> {
        let range = self.text.range(select.select_token.0.span);
        let refused = [
            (select.into.is_some(), "SELECT INTO"),
            (!select.lateral_views.is_empty(), "LATERAL VIEW"),
            (select.exclude.is_some(), "EXCLUDE after the items"),
            (select.prewhere.is_some() || select.value_table_mode.is_some(), "this form of SELECT"),
        ];
        if let Some((_, what)) = refused.iter().find(|(is, _)| *is) {
            return Err(SqlProblem::unsupported(what, range));
        }
        self.scopes.push(Scope::default());
        let made = self.select_inside(select, order);
        self.scopes.pop();
        made
    }

    fn select_inside(&mut self, select: &Select, order: Option<&OrderBy>) -> Step<Shaped> {
        let written_out = written_out(select).map_err(|ident| {
            SqlProblem::unsupported("the outer join operator here", self.at(&ident)).help("write a LEFT JOIN")
        })?;
        let select = written_out.as_deref().unwrap_or(select);
        if select.from.iter().any(|from| !from.joins.is_empty()) {
            self.scope().coming = select.projection.iter().filter_map(alias_of).collect();
        }
        let mut from =
            if select.connect_by.is_empty() { self.from_clause(&select.from)? } else { self.hierarchy(select, order)? };
        self.scope().only = self.only_relation(select);
        let items = self.items(select)?;
        for (place, on) in std::mem::take(&mut self.scope().postponed) {
            from = from.replacen(&place, &self.boolean(&on)?, 1);
        }
        let mut sql = String::from("SELECT ");
        match &select.distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) => sql.push_str("DISTINCT "),
            Some(Distinct::On(_)) => {
                let range = self.text.range(select.select_token.0.span);
                return Err(SqlProblem::unsupported("DISTINCT ON", range));
            }
        }
        sql.push_str(&items.sql.join(", "));
        let mut condition = match &select.selection {
            Some(condition) => format!(" WHERE {}", self.boolean(condition)?),
            None => String::new(),
        };
        let rest = self.behind_where(select, &items, order)?;
        let computed = std::mem::take(&mut self.scope().computed);
        if let Some(alias) = self.scope().only.take().filter(|_| !computed.is_empty()) {
            from = format!("(SELECT *, {} FROM {from}{condition}) AS {}", computed.join(", "), quote(&alias));
            condition.clear();
        }
        if !from.is_empty() {
            sql.push_str(&format!(" FROM {from}"));
        }
        sql.push_str(&condition);
        sql.push_str(&rest);
        Ok(Shaped { sql, columns: items.columns, open: items.open })
    }

    /// The alias of the only relation of a query without groups: in its place, values can be computed over all of its rows.
    fn only_relation(&mut self, select: &Select) -> Option<String> {
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        let scope = self.scope();
        match scope.relations.as_slice() {
            [one] if !grouped && select.connect_by.is_empty() && scope.sequence.is_none() && !one.open => {
                Some(one.alias.clone())
            }
            _ => None,
        }
    }

    /// What stands behind WHERE.
    fn behind_where(&mut self, select: &Select, items: &Items, order: Option<&OrderBy>) -> Step<String> {
        let mut sql = self.group_by(&select.group_by, items)?;
        if let Some(condition) = &select.having {
            sql.push_str(&format!(" HAVING {}", self.boolean(condition)?));
        }
        if !select.named_window.is_empty() {
            sql.push_str(&self.named_windows(select)?);
        }
        if let Some(condition) = &select.qualify {
            sql.push_str(&format!(" QUALIFY {}", self.boolean(condition)?));
        }
        if let Some(order) = order {
            self.scope().aliases_first = true;
            let keys = self.order_by(order, (&items.columns, items.open))?;
            self.scope().aliases_first = false;
            sql.push_str(&keys);
        }
        if let Some(top) = &select.top {
            sql.push_str(&self.top(top)?);
        }
        Ok(sql)
    }

    fn top(&mut self, top: &Top) -> Step<String> {
        match &top.quantity {
            Some(TopQuantity::Constant(rows)) if !top.percent && !top.with_ties => Ok(format!(" LIMIT {rows}")),
            _ => Err(SqlProblem::unsupported("this TOP", 0..0)),
        }
    }

    fn named_windows(&mut self, select: &Select) -> Step<String> {
        let mut parts = Vec::new();
        for definition in &select.named_window {
            let NamedWindowExpr::WindowSpec(spec) = &definition.1 else {
                return Err(SqlProblem::unsupported("a window named after another", self.at(&definition.0)));
            };
            parts.push(format!("{} AS ({})", quote(&fold(&definition.0)), self.window(spec, false)?));
        }
        Ok(format!(" WINDOW {}", parts.join(", ")))
    }

    fn group_by(&mut self, group_by: &GroupByExpr, items: &Items) -> Step<String> {
        let (keys, modifiers) = match group_by {
            GroupByExpr::All(modifiers) if modifiers.is_empty() => return Ok(" GROUP BY ALL".to_owned()),
            GroupByExpr::All(modifiers) => (&[][..], modifiers),
            GroupByExpr::Expressions(keys, modifiers) => (keys.as_slice(), modifiers),
        };
        if let [.., GroupByWithModifier::Totals | GroupByWithModifier::GroupingSets(_)] = modifiers.as_slice() {
            return Err(SqlProblem::unsupported("this GROUP BY", 0..0));
        }
        if keys.is_empty() {
            return Ok(String::new());
        }
        let mut parts = Vec::new();
        for key in keys {
            parts.push(self.group_key(key, items)?);
        }
        Ok(format!(" GROUP BY {}", parts.join(", ")))
    }

    fn group_key(&mut self, key: &Expr, items: &Items) -> Step<String> {
        let sets = |sets: Vec<String>, word: &str| Ok(format!("{word} ({})", sets.join(", ")));
        match key {
            Expr::Value(value) if matches!(value.value, Value::Number(_, _)) => Ok(value.value.to_string()),
            Expr::Rollup(groups) => sets(self.group_sets(groups)?, "ROLLUP"),
            Expr::Cube(groups) => sets(self.group_sets(groups)?, "CUBE"),
            Expr::GroupingSets(groups) => sets(self.group_sets(groups)?, "GROUPING SETS"),
            Expr::Identifier(ident) if !items.open => {
                let name = fold(ident);
                let is_column = self
                    .scope()
                    .relations
                    .iter()
                    .any(|relation| relation.open || relation.columns.iter().any(|column| column.name == name));
                match items.columns.iter().position(|column| column.name == name) {
                    Some(position) if !is_column => Ok((position + 1).to_string()),
                    _ => Ok(self.expression(key)?.sql),
                }
            }
            other => Ok(self.expression(other)?.sql),
        }
    }

    fn group_sets(&mut self, groups: &[Vec<Expr>]) -> Step<Vec<String>> {
        let mut sets = Vec::new();
        for group in groups {
            let mut keys = Vec::new();
            for key in group {
                keys.push(self.expression(key)?.sql);
            }
            sets.push(format!("({})", keys.join(", ")));
        }
        Ok(sets)
    }

    fn items(&mut self, select: &Select) -> Step<Items> {
        let mut items = Items::default();
        let written = item::Items::of(self.text, select);
        for (index, item) in select.projection.iter().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let value = self.expression(expr)?;
                    let name = item::plain_column(expr)
                        .map_or_else(|| item::written_name(&self.text.sql[written.range(index)]), fold);
                    items.add(&value, name);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let value = self.expression(expr)?;
                    let name = fold(alias);
                    let value = value.into_exact();
                    self.scope().aliases.push(Alias { name: name.clone(), value: value.clone() });
                    items.add(&value, name);
                }
                SelectItem::Wildcard(options) => {
                    let relations = self.scope().relations.clone();
                    let merged = self.scope().merged.clone();
                    let star = self.text.range(options.wildcard_token.0.span);
                    self.star(&relations, &merged, options, (&mut items, &star))?;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let parts: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                    let relation = self.relation(&parts)?.clone();
                    let star = self.at(&parts[0]);
                    self.star(&[relation], &[], options, (&mut items, &star))?;
                }
                _ => {
                    let range = self.text.range(select.select_token.0.span);
                    return Err(SqlProblem::unsupported("this select item", range));
                }
            }
        }
        Ok(items)
    }

    /// The columns of relations, as `*` with its modifiers selects them.
    fn star(
        &mut self,
        relations: &[Relation],
        merged: &[String],
        options: &WildcardAdditionalOptions,
        (items, range): (&mut Items, &Range<usize>),
    ) -> Step<()> {
        let plain = options.opt_exclude.is_none()
            && options.opt_rename.is_none()
            && options.opt_replace.is_none()
            && options.opt_ilike.is_none();
        if options.opt_except.is_some() || options.opt_alias.is_some() {
            return Err(SqlProblem::unsupported("this form of `*`", range.clone()));
        }
        let mut columns: Vec<(String, Typed)> = Vec::new();
        for relation in relations {
            if relation.columns.first().is_some_and(|column| column.name == "$1") {
                return Err(
                    SqlProblem::unsupported("a star over a stage", range.clone()).help("select $1, $2 and so on")
                );
            }
            if relation.open && !plain {
                return Err(SqlProblem::unsupported("`*` with modifiers over unknown columns", range.clone()));
            }
            if relation.open {
                items.sql.push(format!("{}.*", quote(&relation.alias)));
                items.open = true;
                continue;
            }
            for column in &relation.columns {
                let is_merged = merged.contains(&column.name);
                if is_merged && columns.iter().any(|(name, _)| *name == column.name) {
                    continue;
                }
                let value = if is_merged {
                    Typed::new(quote(&column.stored), column.ty)
                } else {
                    reference(relation, column, range)
                };
                columns.push((column.name.clone(), value));
            }
            if items.open {
                self.flush(&mut columns, items);
            }
        }
        self.modify_star(&mut columns, options)?;
        self.flush(&mut columns, items);
        Ok(())
    }

    fn flush(&self, columns: &mut Vec<(String, Typed)>, items: &mut Items) {
        for (name, value) in columns.drain(..) {
            items.add(&value, name);
        }
    }

    fn modify_star(&mut self, columns: &mut Vec<(String, Typed)>, options: &WildcardAdditionalOptions) -> Step<()> {
        if let Some(ilike) = &options.opt_ilike {
            columns.retain(|(name, _)| name_fits(&super::expression::unescape(&ilike.pattern), name));
        }
        let excluded: Vec<&ObjectName> = match &options.opt_exclude {
            None => Vec::new(),
            Some(ExcludeSelectItem::Single(name)) => vec![name],
            Some(ExcludeSelectItem::Multiple(names)) => names.iter().collect(),
        };
        for name in excluded {
            let ident = name.0.last().and_then(|part| part.as_ident()).expect("an excluded column has a name");
            self.star_column(columns, ident)?;
            let name = fold(ident);
            columns.retain(|(column, _)| *column != name);
        }
        if let Some(replace) = &options.opt_replace {
            for element in &replace.items {
                let at = self.star_column(columns, &element.column_name)?;
                columns[at].1 = self.expression(&element.expr)?;
            }
        }
        let renamed = match &options.opt_rename {
            None => &[][..],
            Some(RenameSelectItem::Single(one)) => std::slice::from_ref(one),
            Some(RenameSelectItem::Multiple(many)) => many.as_slice(),
        };
        // Two columns can change names with one another.
        let found = renamed.iter().map(|rename| self.star_column(columns, &rename.ident)).collect::<Step<Vec<_>>>()?;
        for (at, rename) in found.into_iter().zip(renamed) {
            columns[at].0 = fold(&rename.alias);
        }
        Ok(())
    }

    fn star_column(&self, columns: &[(String, Typed)], ident: &Ident) -> Step<usize> {
        let name = fold(ident);
        columns.iter().position(|(column, _)| *column == name).ok_or_else(|| {
            let problem = SqlProblem::new(UNKNOWN_COLUMN, format!("`*` has no column `{name}`"), self.at(ident));
            match nearest(&name, columns.iter().map(|(column, _)| column.as_str())) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        })
    }
}

/// The alias of an item.
fn alias_of(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(fold(alias)),
        _ => None,
    }
}
