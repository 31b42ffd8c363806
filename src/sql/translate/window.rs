//! Windows: partitions, orders, and frames with Snowflake's defaults.

use sqlparser::ast::{OrderByExpr, OrderByOptions, WindowFrame, WindowFrameBound, WindowSpec, WindowType};

use super::call::Call;
use super::typed::Typed;
use super::{Step, Translator, fold, quote};
use crate::sql::data_type::Family;
use crate::sql::problem::SqlProblem;

const WHOLE: &str = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";

impl Translator<'_> {
    /// The ` OVER (…)` of a call; empty without one.
    pub(super) fn over(&mut self, call: &Call<'_>) -> Step<String> {
        match call.window {
            None => Ok(String::new()),
            Some(WindowType::NamedWindow(name)) if !takes_whole_frame(&call.name) => {
                Ok(format!(" OVER {}", quote(&fold(name))))
            }
            Some(WindowType::NamedWindow(_)) => Err(call.refused("over a named window")),
            Some(WindowType::WindowSpec(spec)) => {
                let whole = takes_whole_frame(&call.name);
                Ok(format!(" OVER ({})", self.window(spec, whole)?))
            }
        }
    }

    /// A window's inside. `FIRST_VALUE` and its like see the whole partition when no frame is written.
    pub(super) fn window(&mut self, spec: &WindowSpec, whole: bool) -> Step<String> {
        let mut parts = Vec::new();
        if let Some(name) = &spec.window_name {
            parts.push(quote(&fold(name)));
        }
        if !spec.partition_by.is_empty() {
            let mut keys = Vec::new();
            for key in &spec.partition_by {
                keys.push(self.expression(key)?.stored());
            }
            parts.push(format!("PARTITION BY {}", keys.join(", ")));
        }
        if !spec.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_list(&spec.order_by)?));
        }
        match &spec.window_frame {
            Some(frame) => parts.push(self.frame(frame)?),
            None if whole && !spec.order_by.is_empty() => parts.push(WHOLE.to_owned()),
            None => {}
        }
        Ok(parts.join(" "))
    }

    fn frame(&mut self, frame: &WindowFrame) -> Step<String> {
        let start = self.bound(&frame.start_bound)?;
        Ok(match &frame.end_bound {
            Some(end) => format!("{} BETWEEN {start} AND {}", frame.units, self.bound(end)?),
            None => format!("{} {start}", frame.units),
        })
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Step<String> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
            WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
            WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
            WindowFrameBound::Preceding(Some(distance)) => format!("{} PRECEDING", self.distance(distance)?),
            WindowFrameBound::Following(Some(distance)) => format!("{} FOLLOWING", self.distance(distance)?),
        })
    }

    fn distance(&mut self, distance: &sqlparser::ast::Expr) -> Step<String> {
        if let sqlparser::ast::Expr::Interval(interval) = distance {
            return self.interval(interval);
        }
        Ok(self.expression(distance)?.sql)
    }

    /// The expressions of an ORDER BY inside a window or an aggregate.
    pub(super) fn order_list(&mut self, order: &[OrderByExpr]) -> Step<String> {
        let mut keys = Vec::new();
        for key in order {
            if key.with_fill.is_some() {
                return Err(SqlProblem::unsupported("WITH FILL", self.range_of(&key.expr)));
            }
            let value = self.expression(&key.expr)?;
            keys.extend(order_values(&value).into_iter().map(|sql| format!("{sql}{}", direction(&key.options))));
        }
        Ok(keys.join(", "))
    }
}

/// A value as the engine sorts it: semi-structured ones by their number, then by their text.
pub(super) fn order_values(value: &Typed) -> Vec<String> {
    match value.ty.family() {
        Family::Semi => {
            let text = value.text();
            vec![format!("TRY_CAST({text} AS DOUBLE)"), text]
        }
        // A bare number would be a position.
        Family::Number if !value.exact => vec![format!("({})", value.stored())],
        _ => vec![value.sql.clone()],
    }
}

/// The direction of a key, as it is written.
pub(super) fn direction(options: &OrderByOptions) -> String {
    let mut sql = String::new();
    match options.sort {
        Some(sqlparser::ast::OrderBySort::Asc) => sql.push_str(" ASC"),
        Some(sqlparser::ast::OrderBySort::Desc) => sql.push_str(" DESC"),
        _ => {}
    }
    match options.nulls_first {
        Some(true) => sql.push_str(" NULLS FIRST"),
        Some(false) => sql.push_str(" NULLS LAST"),
        None => {}
    }
    sql
}

fn takes_whole_frame(name: &str) -> bool {
    matches!(name, "FIRST_VALUE" | "LAST_VALUE" | "NTH_VALUE")
}
