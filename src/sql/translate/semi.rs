//! Functions that make or take semi-structured values.

use std::ops::Range;

use sqlparser::ast::{Expr, LambdaFunction, LambdaFunctionParameter};

use super::call::Call;
use super::scope::Scope;
use super::typed::Typed;
use super::{Step, Translator, fold, literal, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_ARGUMENTS};

impl Translator<'_> {
    pub(super) fn semi_function(&mut self, name: &str, call: &Call<'_>) -> Step<Typed> {
        match name {
            "object_construct" => self.object_construct(call, false),
            "object_construct_keep_null" => self.object_construct(call, true),
            "get" => self.get(call.args[0], call.args[1]),
            "get_path" => self.get_path(call.args[0], call.args[1]),
            "json_extract_path_text" => {
                let text = self.expression(call.args[0])?.text();
                let root = Typed::new(format!("sf_parse_json({text}, 's')"), DataType::Variant);
                let found = self.path_of(root, call.args[1])?;
                Ok(Typed::new(found.text(), DataType::TEXT))
            }
            "object_pick" => self.object_pick(call),
            "as_number" => self.as_number(call),
            "reduce" => self.reduce(call),
            "filter" => self.lambda_call(call, true),
            "transform" => self.lambda_call(call, false),
            _ => Err(call.refused("in this form")),
        }
    }

    fn object_construct(&mut self, call: &Call<'_>, keep_null: bool) -> Step<Typed> {
        if call.star {
            let relations = self.scope().relations.clone();
            if relations.iter().any(|relation| relation.open) {
                return Err(call.refused("over `*` of a relation whose columns are not known"));
            }
            let columns = relations.iter().flat_map(|relation| {
                relation
                    .columns
                    .iter()
                    .map(|column| (literal(&column.name), super::scope::reference(relation, column, &call.range)))
            });
            let fields = columns.collect();
            return Ok(self.object_of(fields, keep_null));
        }
        let mut fields = Vec::new();
        for pair in call.args.chunks(2) {
            let [key, value] = pair else { return Err(call.refused("with a key without a value")) };
            fields.push((self.expression(key)?.text(), self.expression(value)?));
        }
        let keys: Vec<String> = fields.iter().map(|(key, _)| super::position::plain(key)).collect();
        let twice = (1..keys.len()).find(|at| keys[*at].starts_with('\'') && keys[..*at].contains(&keys[*at]));
        if let Some(at) = twice {
            let message = format!("the key {} is there twice", keys[at]);
            return Err(SqlProblem::new(WRONG_ARGUMENTS, message, self.range_of(call.args[2 * at])));
        }
        Ok(self.object_of(fields, keep_null))
    }

    /// An object of keys and values. NULL values are left out, or kept as JSON's null.
    pub(super) fn object_of(&self, fields: Vec<(String, Typed)>, keep_null: bool) -> Typed {
        let never_null = |value: &Typed| super::position::plain(&value.sql).starts_with(['\'', '1', '2', '3']);
        if fields.is_empty() {
            return Typed::new("'{}'::JSON", DataType::Object);
        }
        // Snowflake keeps an object's keys in order.
        let mut fields = fields;
        let written = fields.iter().all(|(key, _)| super::position::plain(key).starts_with('\''));
        if written {
            fields.sort_by_key(|(key, _)| super::position::plain(key));
        }
        if written && (keep_null || fields.iter().all(|(_, value)| never_null(value))) {
            let parts: Vec<String> = fields.iter().map(|(key, value)| format!("{key}, {}", value.variant())).collect();
            return Typed::new(format!("json_object({})", parts.join(", ")), DataType::Object);
        }
        let entries: Vec<String> =
            fields.iter().map(|(key, value)| format!("{{'k': {key}, 'v': {}}}", value.variant())).collect();
        let entries = format!("[{}]", entries.join(", "));
        let kept = if keep_null {
            let known = "list_transform({}, lambda sf_e: {'k': sf_e.k, 'v': coalesce(sf_e.v, 'null'::JSON)})";
            format!("list_filter({}, lambda sf_e: sf_e.k IS NOT NULL)", known.replacen("{}", &entries, 1))
        } else {
            format!("list_filter({entries}, lambda sf_e: sf_e.k IS NOT NULL AND sf_e.v IS NOT NULL)")
        };
        let sql = format!("sf_object(list_sort({kept}))");
        Typed::new(sql, DataType::Object)
    }

    /// `TO_ARRAY`: arrays stay, NULL stays, everything else becomes an array of itself.
    pub(super) fn to_array(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let sql = match value.ty.family() {
            Family::Semi => format!("to_json(sf_list({}))", value.sql),
            _ => format!("CASE WHEN {} IS NOT NULL THEN json_array({}) END", value.sql, value.variant()),
        };
        Ok(Typed::new(sql, DataType::Array))
    }

    /// `OBJECT_PICK(object, key)`, and with an array of keys.
    fn object_pick(&mut self, call: &Call<'_>) -> Step<Typed> {
        let object = self.semi(call.args[0])?.sql;
        let key = self.expression(call.args[1])?;
        let keys = match key.ty.family() {
            Family::Semi => format!("sf_names({})", key.sql),
            _ => format!("[{}]", key.text()),
        };
        Ok(Typed::new(format!("sf_object_pick({object}, {keys})"), DataType::Object))
    }

    /// `AS_NUMBER(v [, precision [, scale]])`: NULL for what is no number.
    fn as_number(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.semi(call.args[0])?.sql;
        let mut digits = Vec::new();
        for expr in &call.args[1..] {
            let known = super::special::small_integer(expr).and_then(|digits| u32::try_from(digits).ok());
            digits.push(known.ok_or_else(|| call.refused("with computed digits"))?);
        }
        let ty = DataType::number(digits.first().copied().unwrap_or(38), digits.get(1).copied().unwrap_or(0));
        let sql = format!(
            "CASE WHEN json_type({value}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN CAST({value} ->> '$' AS {}) END",
            ty.duckdb()
        );
        Ok(Typed::new(sql, ty))
    }

    fn lambda_call(&mut self, call: &Call<'_>, filters: bool) -> Step<Typed> {
        let list = self.semi(call.args[0])?.sql;
        let Expr::Lambda(lambda) = call.args[1] else { return Err(call.refused("without a lambda")) };
        let parameters: Vec<&LambdaFunctionParameter> = lambda.params.iter().collect();
        let [parameter] = parameters.as_slice() else {
            return Err(call.refused("with a lambda of several parameters"));
        };
        let parameter = self.parameter(parameter, DataType::Variant, &call.range)?;
        let stored = quote(&format!("sf_{}", parameter.0));
        let body = self.body(lambda, vec![parameter])?;
        let sql = if filters {
            let body = self.convert(&body, DataType::Boolean, &call.range)?.sql;
            format!("to_json(list_filter(sf_list({list}), lambda {stored}: {body}))")
        } else {
            format!("to_json(list_transform(sf_list({list}), lambda {stored}: {}))", body.variant())
        };
        Ok(Typed::new(sql, DataType::Array))
    }

    /// `REDUCE(array, first, (accumulator, element) -> …)`.
    fn reduce(&mut self, call: &Call<'_>) -> Step<Typed> {
        let list = self.semi(call.args[0])?.sql;
        let first = self.expression(call.args[1])?;
        let Expr::Lambda(lambda) = call.args[2] else { return Err(call.refused("without a lambda")) };
        let parameters: Vec<&LambdaFunctionParameter> = lambda.params.iter().collect();
        let [kept, element] = parameters.as_slice() else {
            return Err(call.refused("without a lambda of two parameters"));
        };
        let ty = match first.ty {
            DataType::Number { scale, .. } => DataType::number(38, u32::from(scale)),
            DataType::Varchar(_) => DataType::TEXT,
            DataType::Null => DataType::Variant,
            other => other,
        };
        let kept = self.parameter(kept, ty, &call.range)?;
        let element = self.parameter(element, DataType::Variant, &call.range)?;
        let ty = kept.1.ty;
        let names = [&kept.0, &element.0].map(|name| quote(&format!("sf_{name}"))).join(", ");
        let body = self.body(lambda, vec![kept, element])?;
        let ty = if ty.family() == Family::Number && body.ty.family() == Family::Float { DataType::Float } else { ty };
        let sql = format!("list_reduce(sf_list({list}), lambda {names}: {}, {})", body.variant(), first.variant());
        self.convert(&Typed::new(sql, DataType::Variant), ty, &call.range)
    }

    /// A lambda's parameter. It is JSON in the engine; its type is a conversion wherever it is used.
    fn parameter(
        &self,
        parameter: &LambdaFunctionParameter,
        ty: DataType,
        range: &Range<usize>,
    ) -> Step<(String, Typed)> {
        let name = fold(&parameter.name);
        let to = match &parameter.data_type {
            Some(written) => self.data_type(written, range)?,
            None => ty,
        };
        let value = Typed::new(quote(&format!("sf_{name}")), DataType::Variant);
        let value = if to == DataType::Variant { value } else { self.convert(&value, to, range)? };
        Ok((name, value))
    }

    /// A lambda's body.
    fn body(&mut self, lambda: &LambdaFunction, parameters: Vec<(String, Typed)>) -> Step<Typed> {
        self.scopes.push(Scope { parameters, ..Scope::default() });
        let body = self.expression(&lambda.body);
        self.scopes.pop();
        body
    }
}
