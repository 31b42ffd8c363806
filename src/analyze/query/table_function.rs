//! Table functions: what their columns are called, and what they depend on.

use std::rc::Rc;

use super::Analyst;
use super::call::{argument, constant, path_steps};
use super::shape::{Made, Open, Rows, Shape, Value};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::diagnostic::did_you_mean;
use crate::sql::query::{Expr, Literal, Name, TableFunction};
use crate::sql::{Dialect, ValueType};

/// What DESCRIBE says of a column.
const COLUMNS_OF_A_RELATION: [&str; 6] = ["column_name", "column_type", "null", "key", "default", "extra"];
/// What SUMMARIZE says of a column, with the types, and whether that is computed from its values.
const SUMMARY: [(&str, &str, bool); 12] = [
    ("column_name", "VARCHAR", false),
    ("column_type", "VARCHAR", false),
    ("min", "VARCHAR", true),
    ("max", "VARCHAR", true),
    ("approx_unique", "BIGINT", true),
    ("avg", "VARCHAR", true),
    ("std", "VARCHAR", true),
    ("q25", "VARCHAR", true),
    ("q50", "VARCHAR", true),
    ("q75", "VARCHAR", true),
    ("count", "BIGINT", false),
    ("null_percentage", "DECIMAL(9,2)", true),
];

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
            ("SUMMARIZE", Dialect::DuckDb) => self.summarized(function),
            ("DESCRIBE", Dialect::DuckDb) => self.described(function, &COLUMNS_OF_A_RELATION),
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
        self.check_named(function, &["INPUT", "PATH", "OUTER", "RECURSIVE", "MODE"]);
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
            self.check_unnested(&argument.value, &value.data_type);
            let edges = self.extended(&value.edges, "[*]");
            decided.push(super::expression::rows_of(&value));
            let data_type = value.data_type.part(None);
            let element = Value { edges, ..Value::made([&value], EdgeKind::Copied) };
            columns.push((Name::found("unnest", self.dialect), element.typed(data_type)));
        }
        Made::new(columns, None, super::all_rows(&decided))
    }

    /// `DESCRIBE`: what is said of the columns of a query says nothing of its values.
    fn described(&mut self, function: &TableFunction, columns: &[&str]) -> Made {
        for argument in &function.arguments {
            if let Expr::Subquery(query) = &argument.value {
                self.query(query);
            }
        }
        let text = Value::constant(ValueType::text(self.dialect));
        let columns = columns.iter().map(|name| (Name::found(name, self.dialect), text.clone()));
        Made::new(columns.collect(), None, Rows::default())
    }

    /// `SUMMARIZE`: a row for each column of a query, computed from all its rows.
    fn summarized(&mut self, function: &TableFunction) -> Made {
        let Some(Expr::Subquery(query)) = function.arguments.first().map(|argument| &argument.value) else {
            return self.unknown_function(function);
        };
        let shape = self.query(query);
        let everything = Self::whole(&shape);
        let column = |(name, data_type, is_computed): &(&str, &str, bool)| {
            let value = if *is_computed { Value::made([&everything], EdgeKind::Aggregated) } else { Value::default() };
            let doubt = everything.doubt.clone();
            (Name::found(name, self.dialect), Value { doubt, ..value.typed(ValueType::parse(data_type, self.dialect)) })
        };
        Made::new(SUMMARY.iter().map(column).collect(), None, shape.rows())
    }

    /// Arguments by names that a table function does not have.
    fn check_named(&mut self, function: &TableFunction, known: &[&str]) {
        for argument in &function.arguments {
            if let Some(name) = argument.name.as_ref().filter(|name| !known.contains(&name.as_str())) {
                let span = if argument.span.is_empty() { &function.span } else { &argument.span };
                let help = did_you_mean(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
                self.finding("wrong-arguments", format!("`{}` has no argument `{name}`", function.name), span, help);
            }
        }
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
