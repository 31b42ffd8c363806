//! Table functions: what their columns are called, and what they depend on.

use std::rc::Rc;

use super::Analyst;
use super::call::{argument, constant, path_steps};
use super::shape::{Made, Open, Rows, Shape, Value};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::sql::query::{Expr, Literal, Name, TableFunction};
use crate::sql::{Dialect, ValueType};

impl Analyst<'_> {
    pub(super) fn table_function(&mut self, function: &TableFunction) -> Shape {
        let made = match (function.name.as_str(), self.dialect) {
            ("FLATTEN", _) => self.flatten(function),
            ("SPLIT_TO_TABLE" | "STRTOK_SPLIT_TO_TABLE", _) => {
                let columns = [("SEQ", "NUMBER(19,0)"), ("INDEX", "NUMBER(38,0)"), ("VALUE", "VARCHAR")];
                self.derived(function, &columns)
            }
            ("GENERATOR", _) => {
                let rows = self.argument_rows(function);
                Made::new(Vec::new(), None, rows)
            }
            ("UNNEST", _) => self.unnest(function),
            ("RANGE" | "GENERATE_SERIES", Dialect::DuckDb) => {
                let name = function.name.to_lowercase();
                self.derived(function, &[(name.as_str(), "BIGINT")])
            }
            ("JSON_EACH" | "JSON_TREE", Dialect::DuckDb) => self.json_each(function),
            _ => self.unknown_function(function),
        };
        let made = if function.ordinality { self.numbered(made) } else { made };
        Shape::Made(Rc::new(made))
    }

    /// What the arguments decide: how many rows there are.
    fn argument_rows(&mut self, function: &TableFunction) -> Rows {
        let values: Vec<Value> = function.arguments.iter().map(|argument| self.value(&argument.value)).collect();
        super::expression::rows_of(&Value::made(&values, EdgeKind::Indirect))
    }

    /// Columns that are computed from all arguments.
    fn derived(&mut self, function: &TableFunction, columns: &[(&str, &str)]) -> Made {
        let values: Vec<Value> = function.arguments.iter().map(|argument| self.value(&argument.value)).collect();
        let value = Value::made(&values, EdgeKind::Transformed);
        let rows = super::expression::rows_of(&value);
        let column = |(name, data_type): &(&str, &str)| {
            let data_type = ValueType::parse(data_type, self.dialect);
            (Name::found(name, self.dialect), value.clone().typed(data_type))
        };
        Made::new(columns.iter().map(column).collect(), None, rows)
    }

    /// `FLATTEN`: the columns SEQ, KEY, PATH, INDEX, VALUE, THIS.
    fn flatten(&mut self, function: &TableFunction) -> Made {
        let Some(input) = argument(&function.arguments, "INPUT", 0) else {
            return self.unknown_function(function);
        };
        let value = self.value(input);
        let value = match constant(&function.arguments, "PATH", 1) {
            Some(path) => self.path(value, &path_steps(&Literal::Text(path.to_owned()))),
            None => value,
        };
        let is_recursive = argument(&function.arguments, "RECURSIVE", 3)
            .is_some_and(|flag| matches!(flag, Expr::Literal(Literal::Boolean)));
        // What is deeper down comes from a path that is not known.
        let element = if is_recursive { value.edges.clone() } else { self.extended(&value.edges, "[*]") };
        let structure = Value::made([&value], EdgeKind::Transformed);
        let of = |edges: &Edges, data_type: &str| Value {
            edges: edges.clone(),
            doubt: value.doubt.clone(),
            data_type: ValueType::parse(data_type, Dialect::Snowflake),
            ..Value::default()
        };
        let columns = [
            ("SEQ", of(&structure.edges, "NUMBER(19,0)")),
            ("KEY", of(&structure.edges, "VARCHAR")),
            ("PATH", of(&structure.edges, "VARCHAR")),
            ("INDEX", of(&structure.edges, "NUMBER(38,0)")),
            ("VALUE", of(&element, "VARIANT")),
            ("THIS", of(&value.edges, "VARIANT")),
        ];
        let rows = super::expression::rows_of(&value);
        let columns = columns.into_iter().map(|(name, value)| (Name::found(name, Dialect::Snowflake), value));
        Made::new(columns.collect(), None, rows)
    }

    /// `UNNEST`: one column for each list, called `unnest`; a list of structs is spread by its reader.
    fn unnest(&mut self, function: &TableFunction) -> Made {
        let mut columns = Vec::new();
        let mut decided = Vec::new();
        for argument in &function.arguments {
            let value = self.value(&argument.value);
            let edges = self.extended(&value.edges, "[*]");
            decided.push(super::expression::rows_of(&value));
            let data_type = value.data_type.part(None);
            let element = Value { edges, ..Value::made([&value], EdgeKind::Copied) };
            columns.push((Name::found("unnest", self.dialect), element.typed(data_type)));
        }
        Made::new(columns, None, super::all_rows(&decided))
    }

    /// `json_each`: what it says of each element of a JSON value.
    fn json_each(&mut self, function: &TableFunction) -> Made {
        let columns = [
            ("key", "VARCHAR"),
            ("value", "JSON"),
            ("type", "VARCHAR"),
            ("atom", "JSON"),
            ("id", "UBIGINT"),
            ("parent", "UBIGINT"),
            ("fullkey", "VARCHAR"),
            ("path", "VARCHAR"),
        ];
        self.derived(function, &columns)
    }

    fn unknown_function(&mut self, function: &TableFunction) -> Made {
        let reason = format!("the columns of the table function `{}` are not known", function.name);
        self.note(reason.clone());
        let rows = self.argument_rows(function);
        let name = function.name.to_lowercase();
        let number = self.external(&format!("{name}()"));
        let read = Edges::one(number, crate::analyze::edge::STAR, EdgeKind::Copied);
        let values: Vec<Value> = function.arguments.iter().map(|argument| self.value(&argument.value)).collect();
        let made = Value::made(&values, EdgeKind::Transformed);
        let edges = Edges::union([&made.edges, &read]);
        let reason: Rc<str> = reason.into();
        let decided = Rows {
            edges: Edges::union([&rows.edges, &read.at_least(EdgeKind::Indirect)]),
            doubt: Some(reason.clone()),
        };
        Made::new(Vec::new(), Some(Open { reason, edges }), decided)
    }

    /// The same with a column that numbers the rows.
    fn numbered(&mut self, made: Made) -> Made {
        let edges = made.rows.edges.at_least(EdgeKind::Indirect);
        let value = Value { edges, ..Value::constant(ValueType::integer(self.dialect)) };
        let mut columns = made.columns;
        columns.push((Name::found("ordinality", self.dialect), value));
        Made::new(columns, made.open, made.rows).softly(made.soft)
    }
}
