//! Functions of users in SQL: the engine's macros, with types for what goes in and comes out.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::call::Call;
use super::cursor::Cursor;
use super::typed::Typed;
use super::{Made, Step, Translator, literal, position, quote};
use crate::sql::problem::{SqlProblem, UNKNOWN_FUNCTION, WRONG_ARGUMENTS, WRONG_TYPE, nearest};
use crate::sql::text::Text;
use crate::sql::{DataType, Dialect};

/// What a call of a user's function must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFunction {
    /// The types of its parameters.
    pub parameters: Vec<DataType>,
    /// The type it returns.
    pub returns: DataType,
}

/// A parameter as it is written.
struct Parameter {
    name: String,
    ty: DataType,
    default: Option<String>,
}

impl Translator<'_> {
    /// `CREATE FUNCTION name(…) RETURNS type … AS 'body'`.
    pub(super) fn create_function(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("FUNCTION")?;
        let quiet = cursor.takes("IF NOT EXISTS");
        let path = self.full_path(&cursor.path()?);
        let parameters = self.parameters_of(cursor)?;
        let returns = self.function_properties(cursor)?;
        let range = cursor.range();
        let body = self.function_body(&cursor.string()?, &parameters, returns, &range)?;
        cursor.expect_end()?;
        let listed: Vec<String> = parameters
            .iter()
            .map(|one| {
                let default = one.default.as_ref().map_or_else(String::new, |default| format!(" := {default}"));
                format!("{}{default}", quote(&one.name))
            })
            .collect();
        let word = if quiet { "MACRO IF NOT EXISTS" } else { "OR REPLACE MACRO" };
        let sql = format!(
            "CREATE {word} {}({}) AS CAST(({body}) AS {})",
            self.path_sql(&path),
            listed.join(", "),
            returns.duckdb()
        );
        // The engine's files have no place for the types of parameters: they stand in the comment.
        let types: Vec<String> = parameters.iter().map(|one| one.ty.duckdb()).collect();
        let comment = format!("COMMENT ON MACRO {} IS {}", self.path_sql(&path), literal(&types.join(";")));
        Ok(Made::status(vec![sql, comment], format!("Function {} successfully created.", path[path.len() - 1])))
    }

    fn parameters_of(&mut self, cursor: &mut Cursor<'_>) -> Step<Vec<Parameter>> {
        cursor.expect_token(&Token::LParen)?;
        let mut parameters = Vec::new();
        while !cursor.takes_token(&Token::RParen) {
            let (name, ty) = (cursor.name()?, cursor.data_type()?);
            let default = if cursor.takes("DEFAULT") {
                let range = cursor.range();
                let written = cursor.expression()?;
                let value = self.expression(&written)?;
                Some(position::plain(&self.convert(&value, ty, &range)?.stored()))
            } else {
                None
            };
            parameters.push(Parameter { name, ty, default });
            cursor.takes_token(&Token::Comma);
        }
        Ok(parameters)
    }

    /// What stands between a function's parameters and its body: what it returns, and properties without effect here.
    fn function_properties(&mut self, cursor: &mut Cursor<'_>) -> Step<DataType> {
        let mut returns = None;
        loop {
            let range = cursor.range();
            match cursor.word().as_str() {
                "AS" => break,
                "RETURNS" => {
                    cursor.skip();
                    if cursor.word() == "TABLE" {
                        return Err(SqlProblem::unsupported("a table function of a user", range));
                    }
                    returns = Some(cursor.data_type()?);
                }
                "LANGUAGE" => {
                    cursor.skip();
                    let language = cursor.range();
                    if !cursor.takes("SQL") {
                        return Err(SqlProblem::unsupported("a function in another language than SQL", language));
                    }
                }
                "NOT" => cursor.expect("NOT NULL")?,
                "COPY" => cursor.expect("COPY GRANTS")?,
                "COMMENT" => {
                    cursor.skip();
                    cursor.expect_token(&Token::Eq)?;
                    cursor.string()?;
                }
                "IMMUTABLE" | "VOLATILE" | "STABLE" | "MEMOIZABLE" => cursor.skip(),
                _ => return Err(cursor.expected("AS")),
            }
        }
        cursor.expect("AS")?;
        returns.ok_or_else(|| cursor.expected("RETURNS"))
    }

    /// A body, which is an expression or a query of one value, in terms of the parameters.
    fn function_body(&self, body: &str, parameters: &[Parameter], to: DataType, range: &Range<usize>) -> Step<String> {
        let inside = |problem: SqlProblem| SqlProblem { range: range.clone(), ..problem };
        let body = body.trim().trim_end_matches(';');
        let bound = parameters.iter().map(|one| (one.name.clone(), typed(one))).collect();
        let text = Text::new(body, Dialect::Snowflake).map_err(inside)?;
        let mut translator = self.of_body(&text, bound);
        let value = translator.value_of_body(to).map_err(inside)?;
        Ok(position::plain(&value))
    }

    fn value_of_body(&mut self, to: DataType) -> Step<String> {
        let mut cursor = Cursor::new(self.text);
        let range = cursor.range();
        let value = if matches!(cursor.word().as_str(), "SELECT" | "WITH") {
            let made = self.query(&*cursor.query()?)?;
            let [column] = made.columns.as_slice() else {
                return Err(SqlProblem::new(WRONG_TYPE, "a function's query has one column", range));
            };
            Typed::new(format!("({})", made.sql), column.ty)
        } else {
            let written = cursor.expression()?;
            self.expression(&written)?
        };
        cursor.expect_end()?;
        Ok(self.convert(&value, to, &range)?.sql)
    }

    /// `DROP FUNCTION [IF EXISTS] name(types)`.
    pub(super) fn drop_function(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let quiet = if cursor.takes("IF EXISTS") { "IF EXISTS " } else { "" };
        let path = self.full_path(&cursor.path()?);
        cursor.skip_rest();
        let sql = format!("DROP MACRO {quiet}{}", self.path_sql(&path));
        Ok(Made::status(vec![sql], format!("{} successfully dropped.", path[path.len() - 1])))
    }

    /// A call of what is no function of Snowflake's.
    pub(super) fn user_call(&mut self, call: &Call<'_>) -> Step<Typed> {
        let path = self.full_path(&call.path);
        let Some(function) = self.columns.function(&path) else { return Err(unknown(call)) };
        let most = function.parameters.len();
        // Parameters with a default are the engine's to fill in.
        if call.args.len() > most || call.star {
            let message = format!("`{}` does not take {} arguments", call.name, call.args.len());
            return Err(SqlProblem::new(WRONG_ARGUMENTS, message, call.range.clone()));
        }
        let mut arguments = Vec::new();
        for (expr, ty) in call.args.iter().zip(&function.parameters) {
            let value = self.expression(expr)?;
            arguments.push(self.convert(&value, *ty, &self.range_of(expr))?.stored());
        }
        Ok(Typed::new(format!("{}({})", self.path_sql(&path), arguments.join(", ")), function.returns))
    }
}

/// A parameter in a function's body.
fn typed(parameter: &Parameter) -> Typed {
    Typed::new(format!("CAST({} AS {})", quote(&parameter.name), parameter.ty.duckdb()), parameter.ty)
}

/// The problem that nobody has such a function.
fn unknown(call: &Call<'_>) -> SqlProblem {
    let start = call.range.start;
    let written = call.path.join(".");
    let end = (start + written.len()).min(call.range.end).max(start);
    let problem = SqlProblem::new(UNKNOWN_FUNCTION, format!("unknown function `{written}`"), start..end);
    match nearest(&call.name, crate::sql::function::names()).filter(|_| call.path.len() == 1) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("functions of users are made with CREATE FUNCTION, in SQL"),
    }
}
