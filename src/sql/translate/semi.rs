//! Functions that make or take semi-structured values.

use std::ops::Range;

use sqlparser::ast::{Expr, LambdaFunction, OneOrManyWithParens};

use super::call::Call;
use super::scope::Scope;
use super::typed::Typed;
use super::{Step, Translator, fold, literal, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;

impl Translator<'_> {
    pub(super) fn semi_function(&mut self, name: &str, call: &Call<'_>) -> Step<Typed> {
        match name {
            "object_construct" => self.object_construct(call, false),
            "object_construct_keep_null" => self.object_construct(call, true),
            "get" => self.get(call.args[0], call.args[1]),
            "get_path" => self.get_path(call.args[0], call.args[1]),
            "json_extract_path_text" => {
                let text = self.expression(call.args[0])?.text();
                let root = Typed::new(format!("sf_parse_json({text})"), DataType::Variant);
                let found = self.path_of(root, call.args[1])?;
                Ok(Typed::new(found.text(), DataType::TEXT))
            }
            "as_number" => self.as_number(call),
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
        let (parameter, body) = self.lambda(lambda, &call.range)?;
        let sql = if filters {
            let body = self.convert(&body, DataType::Boolean, &call.range)?.sql;
            format!("to_json(list_filter(sf_list({list}), lambda {parameter}: {body}))")
        } else {
            format!("to_json(list_transform(sf_list({list}), lambda {parameter}: {}))", body.variant())
        };
        Ok(Typed::new(sql, DataType::Array))
    }

    fn lambda(&mut self, lambda: &LambdaFunction, range: &Range<usize>) -> Step<(String, Typed)> {
        let parameter = match &lambda.params {
            OneOrManyWithParens::One(one) => one,
            OneOrManyWithParens::Many(many) if many.len() == 1 => &many[0],
            OneOrManyWithParens::Many(_) => {
                let what = "a lambda of several parameters";
                return Err(crate::sql::SqlProblem::unsupported(what, range.clone()));
            }
        };
        let name = fold(&parameter.name);
        // The element is JSON in the engine; a declared type is a conversion wherever the parameter is used.
        let stored = quote(&format!("sf_{name}"));
        let mut value = Typed::new(stored.clone(), DataType::Variant);
        if let Some(written) = &parameter.data_type {
            let to = self.data_type(written, range)?;
            value = self.convert(&value, to, range)?;
        }
        let scope = Scope { parameters: vec![(name, value)], ..Scope::default() };
        self.scopes.push(scope);
        let body = self.expression(&lambda.body);
        self.scopes.pop();
        Ok((stored, body?))
    }
}
