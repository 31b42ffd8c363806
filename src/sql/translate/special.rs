//! The special forms of the function table: those that depend on the types or the literals of their arguments.

use sqlparser::ast::Expr;

use super::call::Call;
use super::cast::Failing;
use super::expression::bigint;
use super::operator::divide;
use super::scope::reference;
use super::typed::Typed;
use super::{Step, Translator, literal};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::function::{Form, Returns};

impl Translator<'_> {
    pub(super) fn special(&mut self, name: &str, call: &Call<'_>, form: &Form) -> Step<Typed> {
        match name {
            "count" => self.count(call),
            "sum" => self.sum(call),
            "avg" => self.avg(call),
            "extreme" => self.extreme(call),
            "median" => self.median(call),
            "variance" => self.variance(call),
            "substr" => self.substr(call),
            "percentile_cont" | "percentile_disc" => self.percentile(call),
            "approx_percentile" => self.approx_percentile(call),
            "listagg" => self.listagg(call),
            "array_agg" => self.array_agg(call),
            "array_unique_agg" => self.array_unique_agg(call),
            "object_agg" => self.object_agg(call),
            "ratio_to_report" => self.ratio_to_report(call),
            "conditional_true_event" => self.conditional_true_event(call),
            "conditional_change_event" => self.conditional_change_event(call),
            "best" => self.best(call),
            "hash" => self.hash(call),
            "hash_agg" => self.hash_agg(call),
            "best_one" => self.best_one(call),
            "width_bucket" => self.width_bucket(call),
            "sys_connect_by_path" => self.path_of_hierarchy(call),
            "round" => self.round(call, "round"),
            "trunc" => self.trunc(call),
            "ceil" | "floor" => self.rounded_up_or_down(call, name),
            "mod" => self.modulo(call),
            "div0" | "div0null" => self.div0(call, name == "div0null"),
            "nullif" => self.nullif(call),
            "equal_null" => self.equal_null(call),
            "decode" => self.decode(call),
            "uniform" => self.uniform(call),
            "seq" => self.seq(call),
            "sha2" => self.sha2(call, form),
            "length" => self.length(call),
            "dayofweek" => self.day_of_week(call),
            _ if name.starts_with("current_") || name == "is_role_in_session" => self.session_function(name, call),
            _ if name.starts_with("regexp_") => self.regexp(name, call),
            _ if name.starts_with("to_") || name.starts_with("try_to_") => self.conversion(name, call, form),
            _ if name.starts_with("date") || DATES.contains(&name) => self.date_function(name, call),
            _ => self.semi_function(name, call),
        }
    }

    /// `ROUND`: exact numbers keep their decimals, floats are rounded as floats.
    fn round(&mut self, call: &Call<'_>, function: &str) -> Step<Typed> {
        let range = self.range_of(call.args[0]);
        let value = self.expression(call.args[0])?;
        let value = self.numeric(value, &range)?;
        if let Some(mode) = call.args.get(2) {
            match self.literal_argument(call, mode)?.to_ascii_uppercase().as_str() {
                "HALF_AWAY_FROM_ZERO" => {}
                "HALF_TO_EVEN" => return self.round_to_even(call, &value),
                _ => return Err(call.refused("with this rounding mode")),
            }
        }
        match call.args.get(1) {
            None => self.whole(function, &value, 0),
            Some(digits) => match small_integer(digits) {
                Some(digits) => self.whole(function, &value, digits),
                None => {
                    let digits = self.integer(digits)?;
                    let sql = format!("{function}({}, CAST({digits} AS INTEGER))", value.stored());
                    Ok(Typed::loose(sql, value.ty))
                }
            },
        }
    }

    /// `ROUND(x, digits, 'HALF_TO_EVEN')`: a half goes to the even neighbour, everything else to the nearer one.
    fn round_to_even(&self, call: &Call<'_>, value: &Typed) -> Step<Typed> {
        let digits = small_integer(call.args[1]).filter(|digits| (0..=18).contains(digits));
        let (Some(digits), Some((_, scale))) = (digits, value.ty.digits()) else {
            return Err(call.refused("to even, of a float or to computed digits,"));
        };
        let rounded = self.whole("round", value, digits)?;
        if u32::try_from(digits).is_ok_and(|digits| digits >= scale) {
            return Ok(rounded);
        }
        let cut = self.whole("trunc", value, digits)?.sql;
        let zeros = "0".repeat(usize::try_from(digits).unwrap_or(0));
        let half = if digits == 0 { "0.5".to_owned() } else { format!("0.{zeros}5") };
        let even = format!("CAST({cut} * 1{zeros} AS HUGEINT) % 2 = 0");
        let sql = format!(
            "CASE WHEN abs({} - {cut}) = {half} AND {even} THEN {cut} ELSE {} END",
            value.stored(),
            rounded.sql
        );
        Ok(Typed::new(sql, rounded.ty))
    }

    fn rounded_up_or_down(&mut self, call: &Call<'_>, function: &str) -> Step<Typed> {
        let range = self.range_of(call.args[0]);
        let value = self.expression(call.args[0])?;
        let value = self.numeric(value, &range)?;
        match call.args.get(1).map(|digits| small_integer(digits)) {
            None => self.whole(function, &value, 0),
            Some(Some(digits)) => self.whole(function, &value, digits),
            Some(None) => Err(call.refused("to a computed number of digits")),
        }
    }

    /// `TRUNC` of numbers; of dates it is `DATE_TRUNC` with its arguments turned around.
    fn trunc(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        if matches!(value.ty.family(), Family::Date | Family::Time | Family::Timestamp | Family::Zoned) {
            let [value, part] = call.args.as_slice() else {
                return Err(call.refused("of a date without a part"));
            };
            return self.date_trunc(part, value, call);
        }
        self.round(call, "trunc")
    }

    /// Rounds to digits behind the point by one of the engine's functions.
    pub(super) fn whole(&self, function: &str, value: &Typed, digits: i32) -> Step<Typed> {
        let Some((precision, scale)) = value.ty.digits() else {
            let sql = if digits == 0 {
                format!("{function}({})", value.sql)
            } else {
                format!("({function}({} * 1e{digits}) / 1e{digits})", value.sql)
            };
            return Ok(Typed::new(sql, DataType::Float));
        };
        let kept = u32::try_from(digits).unwrap_or(0).min(scale);
        if u32::try_from(digits).is_ok_and(|digits| digits >= scale) {
            return Ok(value.clone());
        }
        let whole = (precision - scale).max(u32::try_from(-digits).unwrap_or(0));
        let ty = DataType::number(whole + kept + 1, kept);
        let stored = value.stored();
        let sql = match (function, digits) {
            // The engine makes 0 of what has fewer digits than are rounded.
            ("round", ..0) => {
                format!("round(CAST({stored} AS {}), {digits})", DataType::number(whole + scale + 1, scale).duckdb())
            }
            ("round" | "trunc", _) => format!("{function}({stored}, {digits})"),
            (_, 0) => format!("{function}({stored})"),
            (_, ..0) => {
                let unit = format!("1{}", "0".repeat(digits.unsigned_abs() as usize));
                // An exact quotient of one more digit than the value has behind the point.
                let wide = DataType::number(38, scale).duckdb();
                let cut = format!("CAST({stored} AS {wide})");
                let down = format!(
                    "({cut} - CASE WHEN {cut} % {unit} < 0 THEN {cut} % {unit} + {unit} ELSE {cut} % {unit} END)"
                );
                let up = format!("CASE WHEN {cut} % {unit} <> 0 THEN {unit} ELSE 0 END");
                if function == "ceil" { format!("({down} + {up})") } else { down }
            }
            _ => {
                let power = format!("CAST(1{} AS DECIMAL({},0))", "0".repeat(kept as usize), kept + 1);
                let unit = format!("0.{}1", "0".repeat((kept as usize).saturating_sub(1)));
                format!("({function}({stored} * {power}) * {unit})")
            }
        };
        Ok(Typed::new(format!("CAST({sql} AS {})", ty.duckdb()), ty))
    }

    fn pair(&mut self, call: &Call<'_>) -> Step<(Typed, Typed)> {
        let left = self.expression(call.args[0])?;
        let left = self.numeric(left, &call.range)?;
        let right = self.expression(call.args[1])?;
        let right = self.numeric(right, &call.range)?;
        Ok((left, right))
    }

    fn modulo(&mut self, call: &Call<'_>) -> Step<Typed> {
        let (left, right) = self.pair(call)?;
        self.arithmetic(left, &sqlparser::ast::BinaryOperator::Modulo, right, &call.range)
    }

    /// `DIV0`: a zero divisor gives 0, and with `nulls` a NULL one too.
    fn div0(&mut self, call: &Call<'_>, nulls: bool) -> Step<Typed> {
        let (left, right) = self.pair(call)?;
        let divisor = format!("nullif({}, 0)", right.stored());
        let (sql, ty) = match (left.ty.digits(), right.ty.digits()) {
            (Some(l), Some(r)) => {
                let quotient = divide(&left.stored(), l, &divisor, r);
                (quotient.sql, quotient.ty)
            }
            _ => (format!("(CAST({} AS DOUBLE) / {divisor})", left.sql), DataType::Float),
        };
        let zero = if nulls { format!("coalesce({}, 0) = 0", right.sql) } else { format!("{} = 0", right.sql) };
        let sql = format!("CASE WHEN {zero} AND {} IS NOT NULL THEN 0 ELSE {sql} END", left.sql);
        Ok(Typed::loose(sql, ty))
    }

    fn hash(&mut self, call: &Call<'_>) -> Step<Typed> {
        let keys = self.hash_keys(call)?;
        Ok(Typed::loose(format!("sf_hash(hash({keys}))"), DataType::number(19, 0)))
    }

    fn hash_agg(&mut self, call: &Call<'_>) -> Step<Typed> {
        let keys = self.hash_keys(call)?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        // A sum: rows that are there twice count twice.
        let sum = format!("coalesce(sum({distinct}hash({keys})){}, 0)", self.over(call)?);
        Ok(Typed::loose(format!("sf_hash({sum} % 18446744073709551616)"), DataType::number(19, 0)))
    }

    /// The arguments of a hash; equal numbers are alike whatever their types.
    fn hash_keys(&mut self, call: &Call<'_>) -> Step<String> {
        let mut values = Vec::new();
        if call.star {
            let relations = self.scope().relations.clone();
            if relations.iter().any(|relation| relation.open) {
                return Err(call.refused("over `*` of a relation whose columns are not known"));
            }
            for relation in &relations {
                values.extend(relation.columns.iter().map(|column| reference(relation, column, &call.range)));
            }
        }
        for arg in &call.args {
            values.push(self.expression(arg)?);
        }
        let key = |value: &Typed| match (value.ty.family(), value.ty.digits()) {
            (Family::Number, Some((_, 0))) => format!("('#' || CAST({} AS VARCHAR))", value.stored()),
            (Family::Number, _) => format!("('#' || CAST(sf_number_json({}) AS VARCHAR))", value.shown()),
            (Family::Float, _) => format!("('#' || sf_float_key({}))", value.sql),
            _ => value.instant(),
        };
        Ok(values.iter().map(key).collect::<Vec<_>>().join(", "))
    }

    /// `WIDTH_BUCKET`: exact numbers in whole units of their last digit, so that no border is missed.
    fn width_bucket(&mut self, call: &Call<'_>) -> Step<Typed> {
        let mut numbers = Vec::new();
        for arg in &call.args[..3] {
            let value = self.expression(arg)?;
            numbers.push(self.numeric(value, &self.range_of(arg))?);
        }
        let digits: Option<Vec<(u32, u32)>> = numbers.iter().map(|number| number.ty.digits()).collect();
        let scale = digits.iter().flatten().map(|(_, scale)| *scale).max().unwrap_or(0);
        let whole = digits.iter().flatten().map(|(precision, scale)| precision - scale).max().unwrap_or(0);
        let exact = digits.is_some() && (scale == 0 || whole.min(20) + scale <= 28);
        let power = format!("1{}", "0".repeat(scale as usize));
        let mut args = Vec::new();
        for number in &numbers {
            args.push(if !exact {
                self.convert(number, DataType::Float, &call.range)?.sql
            } else if scale == 0 {
                format!("CAST({} AS HUGEINT)", number.sql)
            } else {
                format!("CAST(CAST({} AS DECIMAL(38,{scale})) * {power} AS HUGEINT)", number.sql)
            });
        }
        args.push(self.integer(call.args[3])?);
        let function = if exact { "sf_exact_bucket" } else { "sf_width_bucket" };
        Ok(Typed::loose(format!("{function}({})", args.join(", ")), DataType::INTEGER))
    }

    fn nullif(&mut self, call: &Call<'_>) -> Step<Typed> {
        let left = self.expression(call.args[0])?;
        let right = self.expression(call.args[1])?;
        let equal = self.compare(&left, "=", &right, &call.range)?.sql;
        let sql = format!("CASE WHEN {equal} THEN NULL ELSE {} END", left.sql);
        Ok(Typed { exact: left.exact, ..Typed::new(sql, left.ty) })
    }

    fn equal_null(&mut self, call: &Call<'_>) -> Step<Typed> {
        let left = self.expression(call.args[0])?;
        let right = self.expression(call.args[1])?;
        self.compare(&left, "IS NOT DISTINCT FROM", &right, &call.range)
    }

    /// `DECODE(x, wanted, result, …, otherwise)`; NULL is equal to NULL.
    fn decode(&mut self, call: &Call<'_>) -> Step<Typed> {
        let subject = self.expression(call.args[0])?;
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for pair in call.args[1..].chunks(2) {
            match pair {
                [wanted, result] => {
                    let wanted = self.expression(wanted)?;
                    conditions.push(self.compare(&subject, "IS NOT DISTINCT FROM", &wanted, &call.range)?.sql);
                    results.push(self.expression(result)?);
                }
                [otherwise] => results.push(self.expression(otherwise)?),
                _ => {}
            }
        }
        self.choose(&conditions, &results, &call.range)
    }

    fn uniform(&mut self, call: &Call<'_>) -> Step<Typed> {
        let (low, high) = self.pair(call)?;
        if low.ty.digits().is_some_and(|d| d.1 == 0) && high.ty.digits().is_some_and(|d| d.1 == 0) {
            let (low, high) = (bigint(&low), bigint(&high));
            let sql = format!("({low} + CAST(floor(random() * ({high} - {low} + 1)) AS BIGINT))");
            return Ok(Typed::loose(sql, DataType::INTEGER));
        }
        Ok(Typed::new(
            format!("(CAST({} AS DOUBLE) + random() * ({} - {}))", low.sql, high.sql, low.sql),
            DataType::Float,
        ))
    }

    /// `SEQ4()` and its like number the rows of a generator from 0.
    fn seq(&mut self, call: &Call<'_>) -> Step<Typed> {
        match self.scope().sequence.clone() {
            Some(column) => Ok(Typed::loose(column, DataType::number(19, 0))),
            None => Err(call.refused("outside a query of `TABLE(GENERATOR(…))`")),
        }
    }

    fn sha2(&mut self, call: &Call<'_>, form: &Form) -> Step<Typed> {
        let bytes = self.expression(call.args[0])?.bytes();
        let bits = self.integer(call.args[1])?;
        let binary = matches!(form.returns, Returns::Type(DataType::Binary));
        let sql = match (small_integer(call.args[1]), binary) {
            (Some(0 | 256), false) => format!("sha256({bytes})"),
            (_, false) => format!("lower(hex(sf_sha2({bytes}, CAST({bits} AS INTEGER))))"),
            (_, true) => format!("sf_sha2({bytes}, CAST({bits} AS INTEGER))"),
        };
        Ok(Typed::new(sql, if binary { DataType::Binary } else { DataType::TEXT }))
    }

    /// `LENGTH`: characters of text, bytes of binaries.
    fn length(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let sql = match value.ty {
            DataType::Binary => format!("octet_length({})", value.sql),
            _ => format!("length({})", value.text()),
        };
        Ok(Typed::loose(sql, DataType::INTEGER))
    }

    /// `SUBSTR` by characters, of binaries by bytes.
    fn substr(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let start = self.integer(call.args[1])?;
        let length = call.args.get(2).map(|length| self.integer(length)).transpose()?;
        let behind = |length: Option<String>| length.map(|length| format!(", {length}")).unwrap_or_default();
        if value.ty != DataType::Binary {
            let text = self.convert(&value, DataType::TEXT, &call.range)?;
            return Ok(Typed::new(format!("sf_substr({}, {start}{})", text.sql, behind(length)), DataType::TEXT));
        }
        let length = behind(length.map(|length| format!("2 * ({length})")));
        let start = format!("CASE WHEN {start} > 0 THEN 2 * {start} - 1 ELSE 2 * {start} END");
        Ok(Typed::new(format!("unhex(sf_substr(hex({}), {start}{length}))", value.sql), DataType::Binary))
    }

    fn day_of_week(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let value = self.datetime(value, &call.range)?.sql;
        Ok(Typed::loose(self.weekday(&value), DataType::INTEGER))
    }

    fn session_function(&mut self, name: &str, call: &Call<'_>) -> Step<Typed> {
        let session = self.session;
        if self.lasting {
            return self.asked_session(name, call);
        }
        let value = match name {
            "current_user" => &session.user,
            "current_role" => &session.role,
            "current_database" => &session.database,
            "current_schema" => &session.schema,
            "current_warehouse" => &session.warehouse,
            "current_available_roles" => {
                return Ok(Typed::new(literal(&super::session::available_roles(session)), DataType::TEXT));
            }
            _ => {
                let role = self.expression(call.args[0])?.text();
                let mut roles: Vec<String> = session.inherited_roles.iter().map(|role| literal(role)).collect();
                roles.extend(session.role.iter().map(|role| literal(role)));
                if roles.is_empty() {
                    return Ok(Typed::new("false", DataType::Boolean));
                }
                return Ok(Typed::new(format!("({role} IN ({}))", roles.join(", ")), DataType::Boolean));
            }
        };
        let sql = value.as_ref().map_or_else(|| "CAST(NULL AS VARCHAR)".to_owned(), |value| literal(value));
        Ok(Typed::new(sql, DataType::TEXT))
    }

    /// What the session says when the text runs, not when it is written.
    fn asked_session(&mut self, name: &str, call: &Call<'_>) -> Step<Typed> {
        if name == "is_role_in_session" {
            let role = self.expression(call.args[0])?.text();
            let sql = format!("list_contains(CAST(getvariable('sf_roles') AS VARCHAR[]), {role})");
            return Ok(Typed::new(format!("coalesce({sql}, false)"), DataType::Boolean));
        }
        Ok(Typed::new(format!("CAST(getvariable('sf_{name}') AS VARCHAR)"), DataType::TEXT))
    }

    /// The first argument as another type, by the rules of `CAST` or `TRY_CAST`.
    pub(super) fn cast_argument(&mut self, call: &Call<'_>, to: DataType, failing: Failing) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        value.convert(to, failing).ok_or_else(|| super::cast::cannot(value.ty, to, &call.range))
    }
}

const DATES: [&str; 4] = ["add_months", "last_day", "time_slice", "convert_timezone"];

/// The value of a small whole-number literal.
pub(super) fn small_integer(expr: &Expr) -> Option<i32> {
    match expr {
        Expr::Value(value) => value.value.to_string().parse().ok(),
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } => small_integer(expr).map(|value| -value),
        Expr::Nested(inner) => small_integer(inner),
        _ => None,
    }
}
