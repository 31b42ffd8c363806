//! Calls: the function table's forms filled in.

use std::ops::Range;

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    NullTreatment, OrderByExpr, WindowType,
};

use super::position::mark;
use super::typed::Typed;
use super::{Step, Translator};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::function::{Argument, Form, Kind, Returns, State, forms};
use crate::sql::problem::{SqlProblem, WRONG_ARGUMENTS, WRONG_TYPE};

/// A call as it is written.
pub(super) struct Call<'e> {
    /// The function's name in upper case.
    pub(super) name: String,
    /// The same with what stands before it.
    pub(super) path: Vec<String>,
    /// Its arguments.
    pub(super) args: Vec<&'e Expr>,
    /// Whether `*` is an argument.
    pub(super) star: bool,
    /// `DISTINCT`.
    pub(super) distinct: bool,
    /// `ORDER BY` inside the call, or `WITHIN GROUP`.
    pub(super) order: &'e [OrderByExpr],
    /// `IGNORE NULLS`.
    pub(super) ignore_nulls: bool,
    /// `OVER`.
    pub(super) window: Option<&'e WindowType>,
    /// Its bytes.
    pub(super) range: Range<usize>,
}

impl Call<'_> {
    /// A problem with the whole call.
    pub(super) fn refused(&self, what: &str) -> SqlProblem {
        SqlProblem::unsupported(format!("`{}` {what}", self.name), self.range.clone())
    }
}

impl Translator<'_> {
    /// Translates a call.
    pub(super) fn call(&mut self, function: &Function, range: &Range<usize>) -> Step<Typed> {
        let call = self.read_call(function, range)?;
        let typed = self.dispatch(&call)?;
        Ok(Typed { sql: mark(range, &typed.sql), ..typed })
    }

    /// A call of plain arguments.
    pub(super) fn named_call(&mut self, name: &str, args: &[&Expr], range: &Range<usize>) -> Step<Typed> {
        self.dispatch(&Call {
            name: name.to_owned(),
            path: vec![name.to_owned()],
            args: args.to_vec(),
            star: false,
            distinct: false,
            order: &[],
            ignore_nulls: false,
            window: None,
            range: range.clone(),
        })
    }

    fn read_call<'e>(&self, function: &'e Function, range: &Range<usize>) -> Step<Call<'e>> {
        let path: Vec<String> = function.name.0.iter().filter_map(|part| part.as_ident()).map(super::fold).collect();
        let mut call = Call {
            name: path.last().cloned().unwrap_or_default(),
            path,
            args: Vec::new(),
            star: false,
            distinct: false,
            order: &function.within_group,
            ignore_nulls: function.null_treatment == Some(NullTreatment::IgnoreNulls),
            window: function.over.as_ref(),
            range: range.clone(),
        };
        if function.filter.is_some() || !matches!(function.parameters, FunctionArguments::None) {
            return Err(SqlProblem::unsupported("this form of a call", range.clone()));
        }
        let FunctionArguments::List(list) = &function.args else {
            return match function.args {
                FunctionArguments::None => Ok(call),
                _ => Err(SqlProblem::unsupported("a query as arguments", range.clone())),
            };
        };
        call.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => call.args.push(expr),
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => call.star = true,
                // Its names come in the order of its places.
                FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. }
                    if call.name == "ROUND" =>
                {
                    call.args.push(expr);
                }
                _ => return Err(SqlProblem::unsupported("this kind of argument", range.clone())),
            }
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(order) => call.order = order,
                FunctionArgumentClause::IgnoreOrRespectNulls(nulls) => {
                    call.ignore_nulls = *nulls == NullTreatment::IgnoreNulls;
                }
                _ => return Err(SqlProblem::unsupported("this clause of a call", range.clone())),
            }
        }
        Ok(call)
    }

    fn dispatch(&mut self, call: &Call<'_>) -> Step<Typed> {
        let Some(forms) = forms(&call.name).filter(|_| call.path.len() == 1) else { return self.user_call(call) };
        if forms.iter().all(|form| form.kind == Kind::Table) {
            return Err(call.refused("is a table function: it stands in FROM, as a value it"));
        }
        let count = call.args.len() + usize::from(call.star);
        let Some(form) = forms.iter().find(|form| form.takes(count)) else {
            let message = format!("`{}` does not take {count} arguments", call.name);
            return Err(SqlProblem::new(WRONG_ARGUMENTS, message, call.range.clone()));
        };
        self.check_state(&call.name, form.state, &call.range)?;
        self.check_clauses(call, form)?;
        if let Some(special) = form.template.strip_prefix('@') {
            return self.special(special, call, form);
        }
        if call.star {
            return Err(call.refused("over `*`"));
        }
        let (args, same) = self.arguments(call, form)?;
        let over = self.over(call)?;
        let nulls = if call.ignore_nulls { " IGNORE NULLS" } else { "" };
        let sql = fill(form.template, &args, [if call.distinct { "DISTINCT " } else { "" }, &over, nulls]);
        let ty = match form.returns {
            Returns::Type(ty) => ty,
            Returns::Same | Returns::Special => same,
            Returns::Argument(index) => args.get(index).map_or(DataType::Unknown, |arg| arg.ty),
        };
        let exact = ty.family() != Family::Number;
        Ok(Typed { exact, ..Typed::new(sql, ty) })
    }

    /// Refuses what is refused, and notes what is emulated.
    pub(super) fn check_state(&mut self, name: &str, state: State, range: &Range<usize>) -> Step<()> {
        match state {
            State::Refused(reason) => {
                let message = format!("`{name}` is not supported on the embedded engine: {reason}");
                return Err(SqlProblem::new(crate::sql::problem::UNSUPPORTED, message, range.clone()));
            }
            State::Emulated(difference) => self.notes.push(format!("`{name}`: {difference}")),
            State::Exact => {}
        }
        Ok(())
    }

    fn check_clauses(&self, call: &Call<'_>, form: &Form) -> Step<()> {
        if call.window.is_some() && form.kind == Kind::Scalar {
            return Err(call.refused("is no window function: `OVER`"));
        }
        if call.window.is_none() && form.kind == Kind::Window {
            let message = format!("`{}` is a window function: it needs `OVER (…)`", call.name);
            return Err(SqlProblem::new(WRONG_ARGUMENTS, message, call.range.clone()));
        }
        let special = form.template.starts_with('@');
        if call.distinct && !takes_distinct(&call.name, form) {
            return Err(call.refused("with `DISTINCT`"));
        }
        if call.ignore_nulls && !special && !form.template.contains("{n}") {
            return Err(call.refused("with `IGNORE NULLS`"));
        }
        if !call.order.is_empty() && !special {
            return Err(call.refused("with an order"));
        }
        Ok(())
    }

    /// The arguments, each brought to what the form takes, and the common type of its `same` arguments.
    fn arguments(&mut self, call: &Call<'_>, form: &Form) -> Step<(Vec<Typed>, DataType)> {
        let mut args = Vec::new();
        for (index, expr) in call.args.iter().enumerate() {
            let value = self.expression(expr)?;
            args.push(self.argument(value, form.argument(index), &self.range_of(expr))?);
        }
        let is_same = |index: usize| form.argument(index) == Argument::Same;
        let same: Vec<Typed> =
            args.iter().enumerate().filter(|(index, _)| is_same(*index)).map(|(_, arg)| arg.clone()).collect();
        let common = self.common(&same, &call.range)?;
        if common.family() == Family::Semi && (call.name.starts_with("GREATEST") || call.name.starts_with("LEAST")) {
            return Err(call.refused("of semi-structured values"));
        }
        for index in (0..args.len()).filter(|index| is_same(*index)) {
            args[index].sql = self.unify(&args[index], common, &call.range)?;
        }
        Ok((args, common))
    }

    fn argument(&self, value: Typed, wanted: Argument, range: &Range<usize>) -> Step<Typed> {
        match wanted {
            Argument::Any | Argument::Same => Ok(value),
            Argument::Text if value.ty == DataType::Binary => {
                let problem = SqlProblem::new(WRONG_TYPE, "BINARY is not text", range.clone());
                Err(problem.help("`TO_VARCHAR` makes text of it"))
            }
            Argument::Text => Ok(Typed::new(value.text(), text_type(value.ty))),
            Argument::Bytes => Ok(Typed::new(value.bytes(), DataType::Binary)),
            Argument::Number => self.numeric(value, range),
            Argument::Float => {
                let value = self.numeric(value, range)?;
                self.convert(&value, DataType::Float, range)
            }
            Argument::Int => {
                let value = self.numeric(value, range)?;
                Ok(Typed { sql: super::expression::bigint(&value), ..value })
            }
            Argument::Boolean => self.convert(&value, DataType::Boolean, range),
            Argument::Date => self.convert(&value, DataType::Date, range),
            Argument::Time => self.convert(&value, DataType::Time, range),
            Argument::Datetime => self.datetime(value, range),
            Argument::Variant => Ok(Typed::new(value.variant(), DataType::Variant)),
            Argument::Semi => match value.ty.family() {
                Family::Semi => Ok(value),
                Family::Null | Family::Unknown => {
                    Ok(Typed::new(format!("CAST({} AS JSON)", value.sql), DataType::Variant))
                }
                _ => {
                    let message = format!("{} is not semi-structured", value.ty);
                    Err(SqlProblem::new(WRONG_TYPE, message, range.clone()))
                }
            },
            Argument::Binary => self.convert(&value, DataType::Binary, range),
        }
    }

    /// A value as a date or a timestamp; text becomes a timestamp, zoned values are what a clock shows.
    pub(super) fn datetime(&self, value: Typed, range: &Range<usize>) -> Step<Typed> {
        match value.ty.family() {
            Family::Date | Family::Timestamp | Family::Time => Ok(value),
            Family::Zoned => Ok(Typed::new(value.clock(), DataType::TimestampNtz)),
            _ => self.convert(&value, DataType::TimestampNtz, range),
        }
    }
}

/// Whether `DISTINCT` in a call has the effect that Snowflake gives it; it has none on aggregates whose result is the same.
fn takes_distinct(name: &str, form: &Form) -> bool {
    let special = ["@count", "@hash_agg", "@sum", "@avg", "@extreme", "@listagg", "@array_agg", "@array_unique_agg"];
    let indifferent = [
        "ANY_VALUE",
        "BOOLAND_AGG",
        "BOOLOR_AGG",
        "BITAND_AGG",
        "BIT_AND_AGG",
        "BITANDAGG",
        "BITOR_AGG",
        "BIT_OR_AGG",
        "BITORAGG",
        "APPROX_COUNT_DISTINCT",
        "HLL",
    ];
    form.template.contains("{d}") || special.contains(&form.template) || indifferent.contains(&name)
}

fn text_type(ty: DataType) -> DataType {
    if ty.family() == Family::Text { ty } else { DataType::TEXT }
}

/// A form with its places filled: arguments, and `DISTINCT`, `OVER`, `IGNORE NULLS`.
fn fill(form: &str, args: &[Typed], [distinct, over, nulls]: [&str; 3]) -> String {
    let mut sql = String::new();
    let mut rest = form;
    while let Some(at) = rest.find('{') {
        sql.push_str(&rest[..at]);
        let Some((place, after)) = rest[at + 1..].split_once('}') else { break };
        let list = |from: usize| {
            args[from.min(args.len())..].iter().map(|arg| arg.sql.as_str()).collect::<Vec<_>>().join(", ")
        };
        match place {
            "*" => sql.push_str(&list(0)),
            "d" => sql.push_str(distinct),
            "o" => sql.push_str(over),
            "n" => sql.push_str(nulls),
            _ => match (place.parse::<usize>(), place.strip_suffix('*').map(str::parse::<usize>)) {
                (Ok(index), _) => sql.push_str(args.get(index).map_or("NULL", |arg| arg.sql.as_str())),
                (_, Some(Ok(from))) => sql.push_str(&list(from)),
                _ => {
                    sql.push('{');
                    rest = &rest[at + 1..];
                    continue;
                }
            },
        }
        rest = after;
    }
    sql.push_str(rest);
    sql
}
