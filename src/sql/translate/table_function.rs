//! Table functions: `FLATTEN`, `SPLIT_TO_TABLE`, `GENERATOR`.

use std::ops::Range;

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, ObjectName, Spanned, TableAlias, Value};

use super::typed::{Column, Shaped};
use super::{Step, Translator, fold, literal, quote};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::function::{Form, Kind, forms};
use crate::sql::problem::{SqlProblem, UNKNOWN_FUNCTION, WRONG_ARGUMENTS};

/// The arguments of a table function by name; those without a name have their position.
type Arguments<'e> = Vec<(String, &'e Expr)>;

impl Translator<'_> {
    pub(super) fn table_function(
        &mut self,
        name: &ObjectName,
        args: &[FunctionArg],
        alias: Option<&TableAlias>,
        range: &Range<usize>,
    ) -> Step<String> {
        let word = name.to_string().to_ascii_uppercase();
        // `TABLE(f(…))` is read as a function `TABLE` of one call.
        if word == "TABLE"
            && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(inner)))] = args
            && let sqlparser::ast::FunctionArguments::List(list) = &inner.args
        {
            return self.table_function(&inner.name, &list.args, alias, range);
        }
        let known: &[&str] = match word.as_str() {
            "FLATTEN" => &["INPUT", "PATH", "OUTER", "RECURSIVE", "MODE"],
            "SPLIT_TO_TABLE" | "STRTOK_SPLIT_TO_TABLE" => &["STRING", "DELIMITER"],
            "GENERATOR" => &["ROWCOUNT", "TIMELIMIT"],
            _ => &[],
        };
        let form = self.table_form(&word, args.len(), &self.text.range(name.span()), range)?;
        self.check_state(&word, form.state, range)?;
        let args = self.by_name(args, known, range)?;
        let made = match form.template {
            "@flatten" => self.flatten(&args, range)?,
            "@generator" => return self.generator(&args, alias, range),
            _ => self.split_to_table(&args, &word, range)?,
        };
        let sql = format!("LATERAL ({})", made.sql);
        self.derived(sql, made, alias, &word)
    }

    /// The form of a table function that is called with so many arguments.
    fn table_form(&self, word: &str, count: usize, name: &Range<usize>, call: &Range<usize>) -> Step<&'static Form> {
        let known = forms(word).filter(|forms| forms.iter().all(|form| form.kind == Kind::Table));
        let Some(forms) = known else {
            let message = format!("unknown table function `{word}`");
            return Err(SqlProblem::new(UNKNOWN_FUNCTION, message, name.clone()));
        };
        forms.iter().find(|form| form.takes(count)).ok_or_else(|| {
            SqlProblem::new(WRONG_ARGUMENTS, format!("`{word}` does not take {count} arguments"), call.clone())
        })
    }

    fn by_name<'e>(&self, args: &'e [FunctionArg], known: &[&str], range: &Range<usize>) -> Step<Arguments<'e>> {
        let mut named = Vec::new();
        for (index, argument) in args.iter().enumerate() {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if index < known.len() => {
                    named.push((known[index].to_owned(), expr));
                }
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. }
                    if known.contains(&fold(name).as_str()) =>
                {
                    named.push((fold(name), expr));
                }
                FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(expr), .. }
                    if known.contains(&fold(name).as_str()) =>
                {
                    named.push((fold(name), expr));
                }
                _ => {
                    let message = format!("an argument that is none of {}", known.join(", "));
                    return Err(SqlProblem::new(WRONG_ARGUMENTS, message, range.clone()));
                }
            }
        }
        Ok(named)
    }

    /// `FLATTEN` as a query of the columns SEQ, KEY, PATH, INDEX, VALUE, THIS.
    fn flatten(&mut self, args: &Arguments<'_>, range: &Range<usize>) -> Step<Shaped> {
        let argument = |name: &str| args.iter().find(|(known, _)| known == name).map(|(_, expr)| *expr);
        let Some(input) = argument("INPUT") else {
            return Err(SqlProblem::new(WRONG_ARGUMENTS, "FLATTEN needs an INPUT", range.clone()));
        };
        let mut value = self.semi(input)?.sql;
        let mut base = String::new();
        if let Some(path) = argument("PATH") {
            base = super::path::constant(path)
                .ok_or_else(|| SqlProblem::unsupported("a computed path", self.range_of(path)))?;
            value = self.get_path(input, path)?.sql;
        }
        let flag = |name: &str| -> Step<bool> {
            match argument(name) {
                None => Ok(false),
                Some(Expr::Value(value)) if value.value == Value::Boolean(true) => Ok(true),
                Some(Expr::Value(value)) if value.value == Value::Boolean(false) => Ok(false),
                Some(other) => Err(SqlProblem::unsupported("a computed flag", self.range_of(other))),
            }
        };
        let (outer, recursive) = (flag("OUTER")?, flag("RECURSIVE")?);
        let mode = match argument("MODE") {
            None => "BOTH".to_owned(),
            Some(mode) => super::path::constant(mode).unwrap_or_default().to_ascii_uppercase(),
        };
        let function = match mode.as_str() {
            "BOTH" => "sf_flatten",
            "ARRAY" => "sf_flatten_array",
            "OBJECT" => "sf_flatten_object",
            _ => return Err(SqlProblem::unsupported("this MODE", range.clone())),
        };
        let columns = vec![
            Column::new("SEQ", DataType::number(19, 0)),
            Column::new("KEY", DataType::TEXT),
            Column::new("PATH", DataType::TEXT),
            Column::new("INDEX", DataType::number(19, 0)),
            Column::new("VALUE", DataType::Variant),
            Column::new("THIS", DataType::Variant),
        ];
        let sql = if recursive {
            self.notes.push("`FLATTEN` with RECURSIVE: PATH and THIS of keys that are no names differ".to_owned());
            let rows = recursive_flatten(&value, &base, &mode);
            if outer { outer_rows(&rows, &value) } else { rows }
        } else {
            let entries = format!("{function}({value}, {})", literal(&base));
            let entries = if outer { format!("sf_flatten_outer({entries})") } else { entries };
            format!(
                "SELECT sf_flatten_seq({value}) AS \"SEQ\", \"SF$E\".sf_e.key AS \"KEY\", \"SF$E\".sf_e.path AS \"PATH\", \
                 \"SF$E\".sf_e.index AS \"INDEX\", \"SF$E\".sf_e.value AS \"VALUE\", {value} AS \"THIS\" \
                 FROM (SELECT unnest({entries}) AS sf_e) AS \"SF$E\""
            )
        };
        Ok(Shaped { sql, columns, open: false })
    }

    /// `SPLIT_TO_TABLE` as a query of the columns SEQ, INDEX, VALUE.
    fn split_to_table(&mut self, args: &Arguments<'_>, word: &str, range: &Range<usize>) -> Step<Shaped> {
        let mut texts = Vec::new();
        for (_, expr) in args {
            texts.push(self.expression(expr)?.text());
        }
        let (text, separator) = match texts.as_slice() {
            [text, separator] => (text, separator.as_str()),
            [text] if word == "STRTOK_SPLIT_TO_TABLE" => (text, "' '"),
            _ => {
                return Err(SqlProblem::new(WRONG_ARGUMENTS, format!("`{word}` takes two arguments"), range.clone()));
            }
        };
        let function = if word == "SPLIT_TO_TABLE" { "sf_split" } else { "sf_tokens" };
        let list = format!("{function}({text}, {separator})");
        let sql = format!(
            "SELECT sf_flatten_seq({text}) AS \"SEQ\", \"SF$E\".sf_e.i AS \"INDEX\", \"SF$E\".sf_e.v AS \"VALUE\" FROM \
             (SELECT unnest(list_transform({list}, lambda sf_x, sf_i: {{'i': sf_i, 'v': sf_x}})) AS sf_e) AS \"SF$E\""
        );
        let columns = vec![
            Column::new("SEQ", DataType::number(19, 0)),
            Column::new("INDEX", DataType::number(19, 0)),
            Column::new("VALUE", DataType::TEXT),
        ];
        Ok(Shaped { sql, columns, open: false })
    }

    /// `GENERATOR(ROWCOUNT => n)`: rows without columns, numbered for `SEQ4()`.
    fn generator(&mut self, args: &Arguments<'_>, alias: Option<&TableAlias>, range: &Range<usize>) -> Step<String> {
        let rows = match args.as_slice() {
            [(name, rows)] if name == "ROWCOUNT" => *rows,
            _ => {
                return Err(SqlProblem::unsupported("GENERATOR without a ROWCOUNT alone", range.clone()));
            }
        };
        let value = self.expression(rows)?;
        let count = match value.ty.family() {
            Family::Number => super::expression::bigint(&value),
            _ => return Err(SqlProblem::unsupported("a computed ROWCOUNT", self.range_of(rows))),
        };
        let made = Shaped { sql: String::new(), columns: Vec::new(), open: false };
        let sql = format!("(SELECT range AS \"SEQ$\" FROM range({count}))");
        let written = self.derived(sql, made, alias, "GENERATOR")?;
        let name = self.scope().relations.last().map(|relation| relation.alias.clone()).unwrap_or_default();
        self.scope().sequence = Some(format!("{}.\"SEQ$\"", quote(&name)));
        Ok(written)
    }
}

/// A flattened value's rows, or one without an element where there are none. What is empty further inside is refused.
fn outer_rows(rows: &str, value: &str) -> String {
    let empty = "sf_if_opened(\"VALUE\")";
    format!(
        "SELECT \"SEQ\", \"KEY\", \"PATH\", \"INDEX\", {empty} AS \"VALUE\", \"THIS\" FROM ({rows}) AS \"SF$R\" UNION ALL \
         SELECT sf_flatten_seq({value}), NULL, '', NULL, NULL, {value} WHERE NOT EXISTS ({rows})"
    )
}

/// Every value inside a value, depth first, from the engine's tree. Where only objects or only arrays are opened, what lies in
/// others is left out.
fn recursive_flatten(value: &str, base: &str, mode: &str) -> String {
    let key = "\"SF$J\".fullkey";
    let path = match base {
        "" => format!("ltrim(substr({key}, 2), '.')"),
        base => format!("{} || substr({key}, 2)", literal(base)),
    };
    let bare = format!("regexp_replace({key}, '\"[^\"]*\"', '', 'g')");
    let opened = match mode {
        "OBJECT" => format!(" AND NOT contains({bare}, '[')"),
        "ARRAY" => format!(" AND NOT contains({bare}, '.')"),
        _ => String::new(),
    };
    format!(
        "SELECT sf_flatten_seq({value}) AS \"SEQ\", CASE WHEN suffix({key}, ']') THEN NULL ELSE \"SF$J\".key END AS \"KEY\", \
         {path} AS \"PATH\", CASE WHEN suffix({key}, ']') THEN CAST(\"SF$J\".key AS BIGINT) END AS \"INDEX\", \
         CAST(\"SF$J\".value AS JSON) AS \"VALUE\", json_extract({value}, \"SF$J\".path) AS \"THIS\" \
         FROM json_tree({value}) AS \"SF$J\" WHERE {key} <> '$'{opened}"
    )
}
