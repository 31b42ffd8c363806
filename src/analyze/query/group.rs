//! What may stand beside groups: their keys, what is computed from keys, and aggregates.
//!
//! An expression is a key where both are written alike, whatever qualifiers and aliases they use. What cannot be compared in this way is
//! taken for a key: the engines know more of their functions.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::Analyst;
use super::alike::Alike;
use super::narrow::own_position;
use super::scope::Scope;
use super::select::{Items, ordinal};
use super::star::leaves_out;
use crate::sql::Dialect;
use crate::sql::query::{
    Call, Collection, Distinct, Expr, Group, Item, Name, Operator, Query, Select, Star, Step, Window, visit,
};

/// Functions of which two calls with different names are never the same.
const PLAIN: [&str; 12] =
    ["UPPER", "LOWER", "TRIM", "LTRIM", "RTRIM", "ABS", "ROUND", "FLOOR", "MD5", "SPLIT_PART", "INITCAP", "REVERSE"];

/// How many operators of a chain may stand in a key.
const LONGEST: usize = 16;

/// The keys of a SELECT.
#[derive(Default)]
struct Keys {
    /// As [`Alike`] writes them.
    written: HashSet<String>,
    /// Columns in keys that are computed in a way that an engine may know by another name.
    within: HashSet<String>,
}

/// A column that is no key.
struct Ungrouped {
    name: Arc<str>,
    range: Range<usize>,
}

impl Analyst<'_> {
    /// Reports positions in GROUP BY and ORDER BY that there are not, and columns that are neither grouped by nor aggregated.
    pub(super) fn check_groups(&mut self, select: &Select, query: Option<&Query>, items: &Items) {
        let order = query.map(|query| (query.order.as_slice(), query.order_spans.as_slice())).unwrap_or_default();
        if items.open.is_none() {
            if let Group::Keys(keys) | Group::Sets(keys) = &select.group {
                self.check_positions(keys, &select.group_spans, items.columns.len());
            }
            self.check_positions(order.0, order.1, items.columns.len());
        }
        let Some(scope) = self.scopes.last() else { return };
        let aliases = aliases(select);
        let alike = Alike { scope, aliases: &aliases };
        let judge = Judge { analyst: self, alike, select };
        let unselected = judge.unselected(order.0, items);
        if !judge.is_grouped(order.0) {
            for one in unselected {
                let message = format!("`{}` is not selected, and DISTINCT leaves nothing else to order by", one.name);
                self.finding("not-grouped", message, &one.range, Some("select it, or leave it out".to_owned()));
            }
            return;
        }
        let Some(keys) = judge.keys(items) else { return };
        let mut found = Vec::new();
        for item in &select.items {
            match item {
                Item::Value { expr, .. } => {
                    let before = found.len();
                    judge.item(expr, &keys, &mut found);
                    // A column that an item names twice is told once.
                    let own = found.split_off(before);
                    for one in own {
                        if !found[before..].iter().any(|other: &Ungrouped| other.name == one.name) {
                            found.push(one);
                        }
                    }
                }
                Item::Star(star) => found.extend(judge.star(star, &keys)),
            }
        }
        for expr in select.having.iter().chain(&select.qualify) {
            judge.expr(expr, &keys, &mut found);
        }
        for key in order.0.iter().filter(|key| ordinal(key).is_none() && !is_output(key, items)) {
            judge.expr(key, &keys, &mut found);
        }
        for (_, window) in &select.windows {
            judge.window(window, &keys, &mut found);
        }
        for one in found {
            let message = format!("`{}` is neither grouped by nor aggregated", one.name);
            let help = "add it to GROUP BY, or put it into an aggregate such as ANY_VALUE".to_owned();
            self.finding("not-grouped", message, &one.range, Some(help));
        }
    }

    /// Reports numbers of columns that a query does not have.
    pub(super) fn check_positions(&mut self, keys: &[Expr], spans: &[Range<usize>], width: usize) {
        for (key, span) in keys.iter().zip(spans) {
            if let Some(at) = ordinal(key).filter(|at| *at == 0 || *at > width) {
                let columns = if width == 1 { "one column".to_owned() } else { format!("{width} columns") };
                self.finding("unknown-column", format!("there is no column {at}: it selects {columns}"), span, None);
            }
        }
    }

    /// Whether a call makes one value of many rows; none where the function is not known.
    pub(super) fn is_aggregate(&self, call: &Call) -> Option<bool> {
        use crate::sql::{FunctionKind, TypedCall, ValueType};
        if call.window.is_some() {
            return Some(false);
        }
        let typed = TypedCall { name: &call.name, arguments: &[], constants: &[] };
        match ValueType::of_call(&typed, self.dialect).kind {
            Some(kind) => Some(kind == FunctionKind::Aggregate),
            None => match self.relations.function(&call.name) {
                Some(declared) => Some(declared.is_aggregate),
                None => (call.distinct || !call.order.is_empty()).then_some(true),
            },
        }
    }

    /// Whether an expression has an aggregate in it, not counting those of subqueries.
    pub(super) fn has_aggregate(&self, expr: &Expr) -> bool {
        let mut is_found = false;
        within(expr, &mut |part| is_found |= matches!(part, Expr::Call(call) if self.is_aggregate(call) == Some(true)));
        is_found
    }
}

/// Whether an expression has a window function in it, not counting those of subqueries.
pub(super) fn has_window(expr: &Expr) -> bool {
    let mut is_found = false;
    within(expr, &mut |part| is_found |= matches!(part, Expr::Call(call) if call.window.is_some()));
    is_found
}

/// Visits an expression and what is below it, without subqueries.
pub(super) fn within<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        see(expr);
        open.extend(parts(expr));
    }
}

/// What an expression is made of directly; subqueries are left out.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Column(..) | Expr::Position(..) | Expr::Literal(_) | Expr::Subquery(_) | Expr::Exists(_) => Vec::new(),
        Expr::Cast(inner, ..) | Expr::Sign(inner) | Expr::Lambda(_, inner) | Expr::In(inner, _) => vec![inner],
        Expr::Case(case) => case.conditions.iter().chain(&case.results).collect(),
        Expr::Call(call) => {
            let arguments = call.arguments.iter().map(|argument| &argument.value);
            let window = call.window.iter().flat_map(window_parts);
            arguments.chain(&call.order).chain(&call.filters).chain(window).collect()
        }
        Expr::Chain(first, rest) => std::iter::once(&**first).chain(rest.iter().map(|(_, right)| right)).collect(),
        Expr::Predicate(_, parts) | Expr::Collection(_, parts) | Expr::Opaque(_, parts) => parts.iter().collect(),
        Expr::Access(root, steps) => {
            let mut found = vec![&**root];
            for step in steps {
                match step {
                    Step::Computed(expr) => found.push(expr),
                    Step::Slice(bounds) => found.extend(bounds),
                    Step::Key(_) | Step::Index(_) => {}
                }
            }
            found
        }
        Expr::Star(star) => star.of.iter().chain(star.replace.iter().map(|(expr, ..)| expr)).collect(),
    }
}

/// The expressions of a window.
pub(super) fn window_parts(window: &Window) -> impl Iterator<Item = &Expr> {
    window.partition.iter().chain(&window.order).chain(&window.bounds)
}

/// The items that have an alias.
pub(super) fn aliases(select: &Select) -> HashMap<Arc<str>, &Expr> {
    let mut found = HashMap::new();
    for item in &select.items {
        if let Item::Value { expr, name, is_alias: true, .. } = item {
            found.entry(name.key.clone()).or_insert(expr);
        }
    }
    found
}

/// Whether a key of ORDER BY is the name of a column that is selected.
fn is_output(key: &Expr, items: &Items) -> bool {
    let Expr::Column(parts, _) = key else { return false };
    matches!(parts.as_slice(), [name] if items.columns.iter().any(|(column, _)| column.key == name.key))
}

/// Judges the expressions of one SELECT.
struct Judge<'a, 'r> {
    analyst: &'a Analyst<'r>,
    alike: Alike<'a>,
    select: &'a Select,
}

impl Judge<'_, '_> {
    fn scope(&self) -> &Scope {
        self.alike.scope
    }

    /// Whether the SELECT makes groups.
    fn is_grouped(&self, order: &[Expr]) -> bool {
        let items = self.select.items.iter().filter_map(|item| match item {
            Item::Value { expr, .. } => Some(expr),
            Item::Star(_) => None,
        });
        !matches!(self.select.group, Group::None)
            || self.select.having.is_some()
            || items.chain(&self.select.qualify).chain(order).any(|expr| self.analyst.has_aggregate(expr))
    }

    /// The keys; none where one of them is not understood.
    fn keys(&self, items: &Items) -> Option<Keys> {
        let mut keys = Keys::default();
        match &self.select.group {
            Group::None => {}
            Group::Keys(written) | Group::Sets(written) => {
                for key in written {
                    self.key(key, items, &mut keys)?;
                }
            }
            Group::All => {
                for item in &self.select.items {
                    match item {
                        Item::Value { expr, .. } if self.is_mixed(expr) => {}
                        Item::Value { expr, .. } => self.written_key(expr, &mut keys)?,
                        Item::Star(star) => keys.written.extend(self.columns(star)?.into_iter().map(|(key, _)| key)),
                    }
                }
            }
        }
        Some(keys)
    }

    /// The columns in the keys of ORDER BY that Snowflake does not know behind DISTINCT.
    fn unselected(&self, order: &[Expr], items: &Items) -> Vec<Ungrouped> {
        let mut found = Vec::new();
        if self.analyst.dialect != Dialect::Snowflake || !matches!(self.select.distinct, Distinct::Rows) {
            return found;
        }
        let mut keys = Keys::default();
        for item in &self.select.items {
            let known = match item {
                Item::Value { expr, .. } => self.written_key(expr, &mut keys),
                Item::Star(star) => {
                    self.columns(star).map(|columns| keys.written.extend(columns.into_iter().map(|(key, _)| key)))
                }
            };
            if known.is_none() {
                return found;
            }
        }
        let is_plain = |key: &&Expr| ordinal(key).is_none() && !is_output(key, items) && !has_window(key);
        for key in order.iter().filter(is_plain) {
            self.expr(key, &keys, &mut found);
        }
        found.retain(|one| items.columns.iter().all(|(column, _)| column.text != one.name));
        found
    }

    /// Whether an item is no key of GROUP BY ALL: it aggregates, by itself or by an alias, or looks at a window.
    fn is_mixed(&self, expr: &Expr) -> bool {
        let mut is_mixed = false;
        within(expr, &mut |part| {
            is_mixed |= match part {
                Expr::Call(call) => call.window.is_some() || self.analyst.is_aggregate(call) != Some(false),
                Expr::Column(parts, _) => self.alike.alias(parts).is_some_and(|named| {
                    !std::ptr::eq(named, expr) && (self.analyst.has_aggregate(named) || has_window(named))
                }),
                _ => false,
            };
        });
        is_mixed
    }

    fn key(&self, key: &Expr, items: &Items, keys: &mut Keys) -> Option<()> {
        if let Expr::Collection(Collection::Tuple, parts) = key {
            return parts.iter().try_for_each(|part| self.key(part, items, keys));
        }
        let Some(at) = ordinal(key) else { return self.written_key(key, keys) };
        let item = items.starts.iter().rposition(|start| *start < at)?;
        match self.select.items.get(item)? {
            Item::Value { expr, .. }
                if items.starts.get(item + 1).is_none_or(|next| next - items.starts[item] == 1) =>
            {
                self.written_key(expr, keys)
            }
            Item::Value { .. } => None,
            Item::Star(star) => {
                let (column, _) = self.columns(star)?.into_iter().nth(at - 1 - items.starts[item])?;
                keys.written.insert(column);
                Some(())
            }
        }
    }

    /// A key that is written as an expression.
    fn written_key(&self, key: &Expr, keys: &mut Keys) -> Option<()> {
        keys.written.insert(self.alike.written(key)?);
        let is_plain = matches!(key, Expr::Column(..))
            || matches!(key, Expr::Call(call) if PLAIN.contains(&call.name.as_str()) && call.arguments.len() == 1);
        if self.analyst.dialect == Dialect::Snowflake && !is_plain {
            within(key, &mut |part| {
                if matches!(part, Expr::Column(..)) {
                    keys.within.extend(self.alike.written(part));
                }
            });
        }
        if let (Dialect::Snowflake, Expr::Cast(inner, ..)) = (self.analyst.dialect, key) {
            // A cast to the type it has already changes nothing.
            keys.written.extend(self.alike.written(inner));
        }
        Some(())
    }

    /// The columns that a star stands for; none where that is not certain.
    fn columns(&self, star: &Star) -> Option<Vec<(String, Name)>> {
        let is_plain = star.of.is_none() && star.replace.is_empty() && star.ilike.is_none() && star.opaque.is_none();
        let scope = self.scope();
        if !is_plain || !scope.merged.is_empty() {
            return None;
        }
        let mut found = Vec::new();
        for (number, relation) in scope.relations.iter().enumerate() {
            if !star.qualifier.is_empty() && !relation.is_named(&star.qualifier) {
                continue;
            }
            if relation.shape.open().is_some() || relation.shape.soft().is_some() {
                return None;
            }
            for at in 0..relation.shape.len() {
                let name = relation.shape.name(at);
                if !leaves_out(star, relation, name, true) {
                    found.push((Alike::position(number, at), name.clone()));
                }
            }
        }
        Some(found)
    }

    /// The first column of a star that is no key.
    fn star(&self, star: &Star, keys: &Keys) -> Option<Ungrouped> {
        let columns = self.columns(star)?;
        let (_, name) = columns.iter().find(|(column, _)| !keys.written.contains(column))?;
        (!star.span.is_empty()).then(|| Ungrouped { name: name.text.clone(), range: star.span.clone() })
    }

    fn item(&self, expr: &Expr, keys: &Keys, found: &mut Vec<Ungrouped>) {
        if matches!(self.select.group, Group::All) && has_window(expr) {
            return;
        }
        self.expr(expr, keys, found);
    }

    fn expr(&self, expr: &Expr, keys: &Keys, found: &mut Vec<Ungrouped>) {
        if self.alike.written(expr).is_some_and(|written| keys.written.contains(&written)) {
            return;
        }
        let is_alone = matches!(expr, Expr::Column(..));
        self.judge(expr, (keys, is_alone), found);
    }

    /// Judges an expression that is no key; `is_alone` says whether a column is all there is.
    fn judge(&self, expr: &Expr, (keys, is_alone): (&Keys, bool), found: &mut Vec<Ungrouped>) {
        if self.alike.written(expr).is_some_and(|written| keys.written.contains(&written)) {
            return;
        }
        match expr {
            Expr::Column(parts, place) => {
                let Some(own) = self.alike.own(parts) else { return };
                if keys.written.contains(&own.column) || (!is_alone && keys.within.contains(&own.column)) {
                    return;
                }
                found.push(Ungrouped { name: own.name, range: place.name() });
            }
            Expr::Call(call) if call.name.starts_with("GROUPING") => {
                if matches!(self.select.group, Group::Keys(_) | Group::Sets(_)) {
                    self.parts(expr, keys, found);
                }
            }
            Expr::Call(call) if call.window.is_none() => {
                if self.analyst.is_aggregate(call) == Some(false) {
                    self.parts(expr, keys, found);
                }
            }
            Expr::Lambda(_, body) => self.lambda(body, expr, keys, found),
            Expr::Chain(first, rest) => self.chain(first, rest, keys, found),
            Expr::Star(_) | Expr::Opaque(..) => {}
            Expr::Subquery(query) | Expr::Exists(query) => self.subquery(query, keys, found),
            Expr::In(left, query) => {
                self.judge(left, (keys, false), found);
                self.subquery(query, keys, found);
            }
            other => self.parts(other, keys, found),
        }
    }

    /// Operators from the left: what stands before one of them may be a key.
    fn chain(&self, first: &Expr, rest: &[(Operator, Expr)], keys: &Keys, found: &mut Vec<Ungrouped>) {
        let is_key = |taken: &usize| {
            let whole = Expr::Chain(Box::new(first.clone()), rest[..*taken].to_vec());
            self.alike.written(&whole).is_some_and(|written| keys.written.contains(&written))
        };
        // Long chains are rarely keys, and each of their beginnings is written anew.
        let before = (1..rest.len().min(LONGEST)).rev().find(is_key);
        if before.is_none() {
            self.judge(first, (keys, false), found);
        }
        for (_, right) in &rest[before.unwrap_or(0)..] {
            self.judge(right, (keys, false), found);
        }
    }

    /// The columns of a lambda that are none of its parameters.
    fn lambda(&self, body: &Expr, whole: &Expr, keys: &Keys, found: &mut Vec<Ungrouped>) {
        let mut parameters: Vec<&Arc<str>> = Vec::new();
        let mut columns: Vec<&Expr> = Vec::new();
        within(whole, &mut |part| match part {
            Expr::Lambda(names, _) => parameters.extend(names.iter().map(|name| &name.key)),
            Expr::Column(..) => columns.push(part),
            _ => {}
        });
        if !matches!(body, Expr::Opaque(..)) {
            let is_own =
                |column: &&Expr| matches!(column, Expr::Column(parts, _) if !parameters.contains(&&parts[0].key));
            columns.into_iter().filter(is_own).for_each(|column| self.judge(column, (keys, false), found));
        }
    }

    fn parts(&self, expr: &Expr, keys: &Keys, found: &mut Vec<Ungrouped>) {
        // What is visited first in the text is told first.
        for part in parts(expr) {
            self.judge(part, (keys, false), found);
        }
    }

    fn window(&self, window: &Window, keys: &Keys, found: &mut Vec<Ungrouped>) {
        for part in window_parts(window) {
            self.judge(part, (keys, false), found);
        }
    }

    /// Columns of the SELECT that a subquery reads. An aggregate of them is the outer query's own.
    fn subquery(&self, query: &Query, keys: &Keys, found: &mut Vec<Ungrouped>) {
        let inner = query.relations();
        let mut aggregated: Vec<*const Expr> = Vec::new();
        let mut columns = Vec::new();
        query.visit(|expr| match expr {
            Expr::Call(call) if self.analyst.is_aggregate(call) != Some(false) => {
                visit(call.arguments.iter().map(|argument| &argument.value), |part| aggregated.push(part));
            }
            Expr::Column(parts, place) if parts.len() > 1 => columns.push((expr, parts, place)),
            _ => {}
        });
        for (expr, parts, place) in columns {
            let is_inner = inner.contains(&parts[0].key) || aggregated.contains(&std::ptr::from_ref(expr));
            let Some(own) = self.alike.own(parts).filter(|_| !is_inner && parts.len() == 2) else { continue };
            if !keys.written.contains(&own.column) && !keys.within.contains(&own.column) {
                found.push(Ungrouped { name: own.name, range: place.name() });
            }
        }
    }
}

/// The column of the innermost scope that a name means, if it does.
pub(super) fn is_own(scope: &Scope, parts: &[Name]) -> bool {
    own_position(scope, parts).is_some()
}
