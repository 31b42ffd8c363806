//! Aggregates and window functions where they cannot stand.

use std::ops::Range;

use super::Analyst;
use super::alike::Alike;
use super::group::{aliases, has_window, is_own, parts, window_parts, within};
use super::select::{Items, ordinal};
use crate::sql::Dialect;
use crate::sql::query::{Call, Condition, Expr, From, Group, Item, Query, Select, Window};

/// Functions that always look at a window.
const WINDOWS: [&str; 12] = [
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "NTILE",
    "LAG",
    "LEAD",
    "PERCENT_RANK",
    "CUME_DIST",
    "FIRST_VALUE",
    "LAST_VALUE",
    "NTH_VALUE",
    "RATIO_TO_REPORT",
];
/// How many of them need an order of the window's rows on Snowflake.
const ORDERED: usize = 8;

/// What may stand at a place, and what the place is called.
#[derive(Clone, Copy)]
struct May {
    aggregate: bool,
    window: bool,
    place: &'static str,
}

/// A function, or an alias of one, where it cannot stand.
struct Misplaced {
    range: Range<usize>,
    message: String,
    help: &'static str,
}

impl Analyst<'_> {
    /// Reports aggregates and window functions that stand where groups and windows are not made yet, or inside one another.
    pub(super) fn check_placed(&mut self, select: &Select, query: Option<&Query>, items: &Items) {
        let aliases = aliases(select);
        let Some(scope) = self.scopes.last() else { return };
        let alike = Alike { scope, aliases: &aliases };
        let watch = Watch { analyst: self, alike, select, is_outermost: self.scopes.len() == 1 };
        let mut found = Vec::new();
        let of = |aggregate, window, place| May { aggregate, window, place };
        for filter in &select.filters {
            watch.see(filter, of(false, false, "WHERE"), &mut found);
        }
        for on in select.from.iter().flat_map(conditions) {
            watch.see(on, of(false, false, "the condition of a join"), &mut found);
        }
        watch.group(select, items, &mut found);
        if let Some(having) = &select.having {
            watch.see(having, of(true, false, "HAVING"), &mut found);
        }
        let written = select.items.iter().filter_map(|item| match item {
            Item::Value { expr, .. } => Some(expr),
            Item::Star(_) => None,
        });
        let order = query.map(|query| query.order.as_slice()).unwrap_or_default();
        for expr in written.chain(&select.qualify).chain(order) {
            watch.see(expr, of(true, true, ""), &mut found);
        }
        for expr in select.windows.iter().flat_map(|(_, window)| window_parts(window)) {
            watch.see(expr, of(true, false, "a window"), &mut found);
        }
        found.extend(watch.qualify(select));
        for one in found {
            self.finding("misplaced-function", one.message, &one.range, Some(one.help.to_owned()));
        }
    }
}

/// The conditions of a relation's joins.
fn conditions(from: &From) -> Vec<&Expr> {
    let From::Joined { first, joins } = from else { return Vec::new() };
    let mut found = conditions(first);
    for join in joins {
        found.extend(conditions(&join.right));
        if let Condition::On(on) = &join.condition {
            found.push(on);
        }
    }
    found
}

struct Watch<'a, 'r> {
    analyst: &'a Analyst<'r>,
    alike: Alike<'a>,
    select: &'a Select,
    is_outermost: bool,
}

impl Watch<'_, '_> {
    /// The keys of GROUP BY, those that are told by their position, too.
    fn group(&self, select: &Select, items: &Items, found: &mut Vec<Misplaced>) {
        let may = May { aggregate: false, window: false, place: "GROUP BY" };
        match &select.group {
            Group::Keys(keys) | Group::Sets(keys) => {
                for (at, key) in keys.iter().enumerate() {
                    let Some(number) = ordinal(key) else {
                        self.see(key, may, found);
                        continue;
                    };
                    let is_plain = items.columns.len() == select.items.len() && items.open.is_none();
                    let item = number.checked_sub(1).and_then(|at| select.items.get(at)).filter(|_| is_plain);
                    if let (Some(Item::Value { expr, .. }), Some(span)) = (item, select.group_spans.get(at)) {
                        let mut inner = Vec::new();
                        self.see(expr, may, &mut inner);
                        found.extend(inner.into_iter().take(1).map(|one| Misplaced { range: span.clone(), ..one }));
                    }
                }
            }
            Group::All if self.analyst.dialect == Dialect::DuckDb => {
                for item in &select.items {
                    if let Item::Value { expr, .. } = item
                        && !self.analyst.has_aggregate(expr)
                    {
                        let may = May { aggregate: true, window: false, place: "GROUP BY ALL" };
                        self.see(expr, may, found);
                    }
                }
            }
            Group::None | Group::All => {}
        }
    }

    fn see(&self, expr: &Expr, may: May, found: &mut Vec<Misplaced>) {
        match expr {
            Expr::Call(call) => self.call(call, may, found),
            Expr::Column(names, place) => {
                let Some(named) = self.alike.alias(names) else { return };
                let is_aggregate = !may.aggregate && self.analyst.has_aggregate(named);
                if is_aggregate || (!may.window && has_window(named)) {
                    let name = names.last().map_or("", |name| &*name.text);
                    found.push(misplaced(name, place.start..place.end, is_aggregate, may));
                }
            }
            other => parts(other).into_iter().for_each(|part| self.see(part, may, found)),
        }
    }

    fn call(&self, call: &Call, may: May, found: &mut Vec<Misplaced>) {
        let is_aggregate = self.analyst.is_aggregate(call) == Some(true);
        if call.window.is_some() && !may.window {
            found.push(misplaced(&call.name, call.span.clone(), false, may));
            return;
        }
        if call.window.is_none() && call.order.is_empty() && WINDOWS.contains(&call.name.as_str()) {
            let message = format!("`{}` needs a window", call.name);
            let help = "write OVER (…) behind it";
            found.push(Misplaced { range: call.span.clone(), message, help });
            return;
        }
        found.extend(call.window.as_ref().and_then(|window| self.window(&call.name, window, &call.span)));
        if is_aggregate && !may.aggregate && self.is_of_this(call) {
            found.push(misplaced(&call.name, call.span.clone(), true, may));
            return;
        }
        let inner = match (&call.window, is_aggregate) {
            (Some(_), _) => May { window: false, place: "a window function", ..may },
            (None, true) => May { aggregate: false, window: false, place: "an aggregate" },
            (None, false) => may,
        };
        let arguments = call.arguments.iter().map(|argument| &argument.value);
        let clauses = call.order.iter().chain(&call.filters).chain(call.window.iter().flat_map(window_parts));
        arguments.chain(clauses).for_each(|part| self.see(part, inner, found));
    }

    /// A window that there is not, or one without an order where Snowflake needs one.
    fn window(&self, function: &str, window: &Window, span: &Range<usize>) -> Option<Misplaced> {
        if let Some((name, range)) = &window.name {
            let is_here = self.select.windows.iter().any(|(known, _)| known.key == name.key);
            let is_known = is_here || self.analyst.has_window_called(&name.key);
            let message = format!("there is no window `{}`", name.text);
            let help = "name it in a WINDOW clause";
            return (!is_known && !range.is_empty()).then(|| Misplaced { range: range.clone(), message, help });
        }
        let is_ordered = WINDOWS[..ORDERED].contains(&function) && self.analyst.dialect == Dialect::Snowflake;
        (is_ordered && window.order.is_empty()).then(|| {
            let message = format!("`{function}` needs an order of the window's rows");
            Misplaced { range: span.clone(), message, help: "write ORDER BY in OVER (…)" }
        })
    }

    /// Whether an aggregate is of this SELECT's rows: one of an outer query's columns is the outer query's.
    fn is_of_this(&self, call: &Call) -> bool {
        let (mut columns, mut own) = (0, 0);
        for argument in &call.arguments {
            within(&argument.value, &mut |part| {
                if let Expr::Column(names, _) = part {
                    columns += 1;
                    own += usize::from(is_own(self.alike.scope, names));
                }
            });
        }
        self.is_outermost || columns == 0 || own > 0
    }

    /// QUALIFY where there is no window to look at.
    fn qualify(&self, select: &Select) -> Option<Misplaced> {
        let condition = select.qualify.as_ref()?;
        let mut is_found = select.opaque.is_some();
        let items = select.items.iter().filter_map(|item| match item {
            Item::Value { expr, .. } => Some(expr),
            Item::Star(star) => star.replace.first().map(|(expr, ..)| expr),
        });
        for expr in items.chain([condition]) {
            within(expr, &mut |part| {
                is_found |=
                    matches!(part, Expr::Opaque(..)) || matches!(part, Expr::Call(call) if call.window.is_some());
            });
        }
        let message = "QUALIFY, and no window function in it or in the items".to_owned();
        let range = select.qualify_span.clone();
        (!is_found && !range.is_empty()).then_some(Misplaced { range, message, help: "filter rows with WHERE" })
    }
}

/// What is said of a function, or of an alias that stands for one.
fn misplaced(name: &str, range: Range<usize>, is_aggregate: bool, may: May) -> Misplaced {
    let what = if is_aggregate { "aggregates" } else { "looks at a window" };
    let help = match (is_aggregate, may.place) {
        (_, "an aggregate" | "a window function" | "a window") => "compute the inner one in a query of its own",
        (_, "GROUP BY" | "GROUP BY ALL") => "leave it out of GROUP BY",
        (true, _) => "filter groups with HAVING",
        (false, _) => "filter what a window function gives with QUALIFY",
    };
    Misplaced { range, message: format!("`{name}` {what}, and cannot stand in {}", may.place), help }
}
