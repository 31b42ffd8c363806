//! Aggregates whose form depends on types or clauses.

use sqlparser::ast::Expr;

use super::call::Call;
use super::operator::divide;
use super::typed::Typed;
use super::window::direction;
use super::{Step, Translator, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::SqlProblem;
use crate::sql::value_type::variance;

impl Translator<'_> {
    pub(super) fn count(&mut self, call: &Call<'_>) -> Step<Typed> {
        let over = self.over(call)?;
        let ty = DataType::number(18, 0);
        if call.star {
            return Ok(Typed::loose(format!("count(*){over}"), ty));
        }
        let mut values = Vec::new();
        for expr in &call.args {
            let value = self.expression(expr)?;
            values.push(if call.distinct { value.instant() } else { value.sql });
        }
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let value = match values.as_slice() {
            [one] => one.clone(),
            several => {
                let known: Vec<String> = several.iter().map(|value| format!("{value} IS NOT NULL")).collect();
                format!("CASE WHEN {} THEN ({}) END", known.join(" AND "), several.join(", "))
            }
        };
        Ok(Typed::loose(format!("count({distinct}{value}){over}"), ty))
    }

    fn number_argument(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let range = self.range_of(call.args[0]);
        Ok(self.numeric(value, &range)?.into_exact())
    }

    pub(super) fn sum(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.number_argument(call)?;
        let over = self.over(call)?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let sql = format!("sum({distinct}{}){over}", value.sql);
        Ok(match value.ty.digits() {
            Some((precision, scale)) => Typed::loose(sql, DataType::number(precision + 12, scale)),
            None => Typed::new(sql, DataType::Float),
        })
    }

    pub(super) fn avg(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.number_argument(call)?;
        let over = self.over(call)?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let Some((precision, scale)) = value.ty.digits() else {
            return Ok(Typed::new(format!("avg({distinct}{}){over}", value.sql), DataType::Float));
        };
        let sum = format!("sum({distinct}{}){over}", value.sql);
        let count = format!("nullif(count({distinct}{}){over}, 0)", value.sql);
        let mean = divide(&sum, (38, scale), &count, (18, 0));
        let digits = mean.ty.digits().map_or(0, |digits| digits.1);
        Ok(Typed::loose(mean.sql, DataType::number(precision + 12, digits)))
    }

    /// `VARIANCE` and its like, and `KURTOSIS`: of exact numbers they are exact.
    pub(super) fn variance(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.number_argument(call)?;
        let over = self.over(call)?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let function = match call.name.as_str() {
            "KURTOSIS" => "kurtosis",
            "VAR_POP" | "VARIANCE_POP" => "var_pop",
            _ => "var_samp",
        };
        let float = self.convert(&value, DataType::Float, &call.range)?;
        let sql = format!("{function}({distinct}{}){over}", float.sql);
        Ok(match variance(&call.name, value.ty) {
            DataType::Float => Typed::new(sql, DataType::Float),
            exact => Typed::new(format!("CAST({sql} AS {})", exact.duckdb()), exact),
        })
    }

    /// `MIN` and `MAX`; semi-structured values are compared by their number, then by their text.
    pub(super) fn extreme(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let over = self.over(call)?;
        let word = if call.name == "MIN" { "min" } else { "max" };
        let sql = match value.ty.family() {
            Family::Semi => format!("arg_{word}({}, sf_variant_key({})){over}", value.sql, value.text()),
            _ => format!("{word}({}){over}", value.stored()),
        };
        Ok(Typed::new(sql, value.ty))
    }

    pub(super) fn median(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.number_argument(call)?;
        let over = self.over(call)?;
        Ok(interpolated("median", &value, "", &over))
    }

    /// `PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x)` and `PERCENTILE_DISC`.
    pub(super) fn percentile(&mut self, call: &Call<'_>) -> Step<Typed> {
        let [order] = call.order else {
            return Err(call.refused("without one `WITHIN GROUP (ORDER BY …)`"));
        };
        let share = self.expression(call.args[0])?.sql;
        let value = self.expression(&order.expr)?.into_exact();
        let over = self.over(call)?;
        if call.name == "PERCENTILE_CONT" {
            if direction(&order.options).contains("DESC") {
                return Ok(interpolated("quantile_cont", &value, &format!(", 1 - {share}"), &over));
            }
            return Ok(interpolated("quantile_cont", &value, &format!(", {share}"), &over));
        }
        let descends = direction(&order.options).contains("DESC");
        if descends && call.window.is_some() {
            return Err(call.refused("in descending order over a window"));
        }
        let sql = if descends {
            format!("percentile_disc({share}) WITHIN GROUP (ORDER BY {} DESC)", value.sql)
        } else {
            format!("quantile_disc({}, {share}){over}", value.sql)
        };
        Ok(Typed::loose(sql, value.ty))
    }

    pub(super) fn approx_percentile(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let value = self.convert(&value, DataType::Float, &call.range)?;
        let share = self.expression(call.args[1])?.sql;
        let over = self.over(call)?;
        Ok(Typed::new(format!("quantile_cont({}, {share}){over}", value.sql), DataType::Float))
    }

    /// The order inside an aggregate, with a space before it.
    fn inner_order(&mut self, call: &Call<'_>) -> Step<String> {
        if call.order.is_empty() {
            return Ok(String::new());
        }
        Ok(format!(" ORDER BY {}", self.order_list(call.order)?))
    }

    pub(super) fn listagg(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let separator = match call.args.get(1) {
            Some(separator) => self.expression(separator)?.text(),
            None => "''".to_owned(),
        };
        let order = self.inner_order(call)?;
        let over = self.over(call)?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let sql = if call.distinct && !order.is_empty() {
            let texts = one_by_one(&value, &order, &over, &Typed::text);
            format!("coalesce(array_to_string({texts}, {separator}), '')")
        } else {
            format!("coalesce(string_agg({distinct}{}, {separator}{order}){over}, '')", value.text())
        };
        Ok(Typed::new(sql, DataType::TEXT))
    }

    pub(super) fn array_agg(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let json = value.variant();
        let order = self.inner_order(call)?;
        let over = self.over(call)?;
        if call.distinct && !order.is_empty() {
            let values = one_by_one(&value, &order, &over, &Typed::variant);
            return Ok(Typed::new(format!("coalesce(to_json({values}), '[]'::JSON)"), DataType::Array));
        }
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let sql = format!(
            "coalesce(to_json(list({distinct}{json}{order}) FILTER (WHERE {} IS NOT NULL){over}), '[]'::JSON)",
            value.sql
        );
        Ok(Typed::new(sql, DataType::Array))
    }

    pub(super) fn array_unique_agg(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let over = self.over(call)?;
        let sql = format!(
            "coalesce(to_json(list(DISTINCT {}) FILTER (WHERE {} IS NOT NULL){over}), '[]'::JSON)",
            value.variant(),
            value.sql
        );
        Ok(Typed::new(sql, DataType::Array))
    }

    pub(super) fn object_agg(&mut self, call: &Call<'_>) -> Step<Typed> {
        let key = self.expression(call.args[0])?.text();
        let value = self.expression(call.args[1])?.variant();
        let over = self.over(call)?;
        let sql = format!(
            "sf_object(coalesce(list({{'k': {key}, 'v': {value}}} ORDER BY {key}) \
             FILTER (WHERE {key} IS NOT NULL AND {value} IS NOT NULL){over}, []))"
        );
        Ok(Typed::new(sql, DataType::Object))
    }

    pub(super) fn ratio_to_report(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.number_argument(call)?;
        let over = self.over(call)?;
        let sum = Typed::loose(format!("nullif(sum({}){over}, 0)", value.sql), value.ty);
        match (value.ty.digits(), value.ty.digits()) {
            (Some(digits), Some((_, scale))) => Ok(divide(&value.sql, digits, &sum.sql, (38, scale))),
            _ => Ok(Typed::new(format!("({} / {})", value.sql, sum.sql), DataType::Float)),
        }
    }

    pub(super) fn conditional_true_event(&mut self, call: &Call<'_>) -> Step<Typed> {
        let condition = self.boolean(call.args[0])?;
        let over = self.over(call)?;
        let over = over.strip_suffix(')').unwrap_or(&over);
        let sql =
            format!("count(*) FILTER (WHERE {condition}){over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
        Ok(Typed::loose(sql, DataType::INTEGER))
    }

    /// `CONDITIONAL_CHANGE_EVENT`: how often the value has changed up to this row. Where the rows come from one relation, their changes
    /// are computed there and summed up here.
    pub(super) fn conditional_change_event(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?.instant();
        let over = self.over(call)?;
        let step = self.scope().only.clone().map(|alias| {
            let name = quote(&format!("SF$C{}", self.scope().computed.len()));
            let changed = format!("CASE WHEN {value} <> lag({value}){over} THEN 1 ELSE 0 END AS {name}");
            self.scope().computed.push(changed);
            format!("{}.{name}", quote(&alias))
        });
        let over = over.strip_suffix(')').unwrap_or(&over);
        if let Some(step) = step {
            let sql = format!("sum({step}){over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
            return Ok(Typed::loose(sql, DataType::INTEGER));
        }
        let sql = format!("sf_changes(list({value}){over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))");
        Ok(Typed::loose(sql, DataType::INTEGER))
    }

    /// `MAX_BY(x, y, n)` and `MIN_BY`: an array of the values of the best rows.
    pub(super) fn best(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?.variant();
        let count = super::special::small_integer(call.args[2]).filter(|count| (1..=1000).contains(count));
        let Some(count) = count else {
            return Err(call.refused("of a number of values that is not between 1 and 1000"));
        };
        let rows = self.best_rows(call, &value, &format!(", {count}"))?;
        Ok(Typed::new(format!("to_json(list_transform({rows}, lambda sf_b: sf_b.v))"), DataType::Array))
    }

    /// `MAX_BY(x, y)` and `MIN_BY`: the value of the best row.
    pub(super) fn best_one(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?.into_exact();
        let row = self.best_rows(call, &value.sql, "")?;
        Ok(Typed::new(format!("struct_extract({row}, 'v')"), value.ty))
    }

    /// The best rows, as structs of their value: the engine leaves out rows whose value is NULL.
    fn best_rows(&mut self, call: &Call<'_>, value: &str, count: &str) -> Step<String> {
        let by = self.expression(call.args[1])?;
        let by = match by.ty.family() {
            Family::Semi => format!("sf_variant_key({})", by.text()),
            _ => by.instant(),
        };
        let function = if call.name == "MAX_BY" { "arg_max" } else { "arg_min" };
        Ok(format!("{function}({{'v': {value}}}, {by}{count}){}", self.over(call)?))
    }

    /// Refuses an argument that must be a literal.
    pub(super) fn literal_argument(&self, call: &Call<'_>, expr: &Expr) -> Step<String> {
        super::path::constant(expr).ok_or_else(|| {
            SqlProblem::unsupported(format!("a computed argument of `{}` here", call.name), self.range_of(expr))
        })
    }
}

/// The list of a group's distinct values in their order, each then made something else: the engine orders what it tells apart.
fn one_by_one(value: &Typed, order: &str, over: &str, make: &dyn Fn(&Typed) -> String) -> String {
    let list = format!("list(DISTINCT {0}{order}) FILTER (WHERE {0} IS NOT NULL){over}", value.stored());
    format!("list_transform({list}, lambda sf_v: {})", make(&Typed::new("sf_v", value.ty)))
}

/// An aggregate that interpolates: three digits more behind the point, of exact numbers.
fn interpolated(function: &str, value: &Typed, share: &str, over: &str) -> Typed {
    match value.ty.digits() {
        Some((precision, scale)) if value.ty.family() == Family::Number => {
            let scale = (scale + 3).min(37);
            let ty = DataType::number(precision.max(1) + 3, scale);
            Typed::new(
                format!("CAST({function}(CAST({} AS {}){share}){over} AS {})", value.sql, ty.duckdb(), ty.duckdb()),
                ty,
            )
        }
        _ if value.ty == DataType::Date => {
            Typed::new(format!("CAST({function}({}{share}){over} AS DATE)", value.sql), DataType::Date)
        }
        _ => Typed::new(format!("{function}({}{share}){over}", value.sql), value.ty),
    }
}
