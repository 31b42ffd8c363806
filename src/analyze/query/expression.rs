//! Expressions: their edges and types.

use std::fmt::Write as _;
use std::rc::Rc;

use super::nullable::{nulls_of_operator, strict};
use super::shape::{Rows, Shape, Value};
use super::{Analyst, because};
use crate::analyze::edge::{Edge, EdgeKind, Edges};
use crate::analyze::nulls::{NullReason, Nulls};
use crate::sql::query::{Case, Collection, Expr, Failure, Literal, Name, Operator, Predicate, Query, Step, Window};
use crate::sql::{Dialect, ValueType, query::Star};

/// How much stack one level of an expression may take, and how much is added when it is short.
const RED_ZONE: usize = 128 * 1024;
const STACK: usize = 2 * 1024 * 1024;

impl Analyst<'_> {
    /// What is known of an expression.
    pub(super) fn value(&mut self, expr: &Expr) -> Value {
        stacker::maybe_grow(RED_ZONE, STACK, || self.construct(expr))
    }

    pub(super) fn values(&mut self, exprs: &[Expr]) -> Vec<Value> {
        exprs.iter().map(|expr| self.value(expr)).collect()
    }

    fn construct(&mut self, expr: &Expr) -> Value {
        let dialect = self.dialect;
        match expr {
            Expr::Column(parts, place) => self.column(parts, *place),
            Expr::Position(qualifier, at, span) => self.position(qualifier, *at, span),
            Expr::Literal(literal) => {
                let nulls = match literal {
                    Literal::Null => Nulls::May(NullReason::Literal),
                    Literal::Typed(ValueType::Unknown) => Nulls::Unknown,
                    _ => Nulls::Never,
                };
                Value::constant(ValueType::of_literal(literal, dialect)).nullable(nulls)
            }
            Expr::Cast(inner, data_type, failure) => {
                let inner = self.value(inner);
                let nulls = match failure {
                    Failure::Error => strict([&inner]),
                    Failure::Null => Nulls::May(NullReason::Try),
                };
                Value::made([&inner], EdgeKind::Transformed).typed(data_type.clone()).nullable(nulls)
            }
            Expr::Case(case) => self.case(case),
            Expr::Call(call) => self.call(call),
            Expr::Chain(first, rest) => self.chain(first, rest),
            Expr::Sign(written) => {
                let inner = self.value(written);
                self.check_sign(written, &inner.data_type);
                let nulls = strict([&inner]);
                Value::made([&inner], EdgeKind::Transformed).typed(inner.data_type).nullable(nulls)
            }
            Expr::Predicate(kind, parts) => {
                let written = parts;
                let parts = self.values(parts);
                if *kind == Predicate::Like {
                    self.check_like(written, &parts);
                }
                let nulls = match kind {
                    Predicate::IsNull | Predicate::IsNotNull | Predicate::Certain => Nulls::Never,
                    Predicate::Other => Nulls::Unknown,
                    _ => strict(&parts),
                };
                Value::made(&parts, EdgeKind::Transformed).typed(ValueType::boolean(dialect)).nullable(nulls)
            }
            Expr::Access(written, steps) => {
                let root = self.value(written);
                if let (Some(span), [first, ..]) = (place(written), steps.as_slice()) {
                    self.check_path(&root.data_type, first, &span);
                }
                self.path(root, steps)
            }
            Expr::Subquery(query) => self.scalar(query),
            Expr::Exists(query) => {
                let rows = self.query(query).rows();
                let constant = Value::constant(ValueType::boolean(dialect)).nullable(Nulls::Never);
                Value { edges: rows.edges, doubt: rows.doubt, ..constant }
            }
            Expr::In(written, query) => {
                let left = self.value(written);
                let width = match &**written {
                    Expr::Collection(Collection::Tuple, parts) => parts.len(),
                    Expr::Call(row) if row.name == "ROW" => row.arguments.len(),
                    _ => 1,
                };
                let inner = self.row(query, width);
                let inner = Value::made([&inner], EdgeKind::Indirect);
                let value = Value::made([&left], EdgeKind::Transformed);
                Value::made([&value, &inner], EdgeKind::Copied).typed(ValueType::boolean(dialect))
            }
            Expr::Collection(collection, items) => self.collection(collection, items),
            Expr::Lambda(names, body) => self.lambda(names, body, &Value::default()),
            Expr::Star(star) => self.all_columns(star),
            Expr::Opaque(what, parts) => {
                let mut values = self.values(parts);
                values.push(self.unresolved(what.as_str().into()));
                self.beyond(what);
                Value { doubt: because(what.as_str()), ..Value::made(&values, EdgeKind::Transformed) }
            }
        }
    }

    fn case(&mut self, case: &Case) -> Value {
        let conditions = self.values(&case.conditions);
        let results = self.values(&case.results);
        self.check_common(&case.results.iter().collect::<Vec<_>>(), &results);
        let data_type = ValueType::common(results.iter().map(|result| &result.data_type));
        let nulls = self.nulls_of_case(case, &results);
        Value::made(conditions.iter().chain(&results), EdgeKind::Transformed).typed(data_type).nullable(nulls)
    }

    fn chain(&mut self, first: &Expr, rest: &[(Operator, Expr)]) -> Value {
        let mut left = self.value(first);
        let mut nulls = left.nulls;
        let mut parts = Vec::with_capacity(rest.len() + 1);
        let mut data_type = left.data_type.clone();
        for (operator, right) in rest {
            let written = right;
            if let (Operator::Arrow | Operator::LongArrow, Expr::Literal(key)) = (operator, right) {
                let steps = super::call::path_steps(key);
                data_type = ValueType::of_operator(*operator, &data_type, &ValueType::Unknown, self.dialect);
                left = self.path(left, &steps);
                nulls = Nulls::Unknown;
                if *operator == Operator::LongArrow {
                    left = Value::made([&left], EdgeKind::Transformed);
                    data_type = ValueType::text(self.dialect);
                }
                continue;
            }
            let right = match (first, right) {
                // A row beside a query of as many columns; elsewhere a query in an expression gives one.
                (Expr::Collection(Collection::Tuple, parts), Expr::Subquery(query))
                    if self.dialect == Dialect::Snowflake =>
                {
                    self.row(query, parts.len())
                }
                _ => self.value(right),
            };
            nulls = nulls_of_operator(*operator, (nulls, &data_type), &right, self.dialect);
            self.check_operands(*operator, (&data_type, first), (&right.data_type, written));
            data_type = ValueType::of_operator(*operator, &data_type, &right.data_type, self.dialect);
            parts.push(right);
        }
        if parts.is_empty() {
            return left.typed(data_type).nullable(nulls);
        }
        parts.push(left);
        Value::made(&parts, EdgeKind::Transformed).typed(data_type).nullable(nulls)
    }

    /// A query used as a value: its first column, and what decides which rows it has.
    pub(super) fn scalar(&mut self, query: &Query) -> Value {
        let shape = self.query(query);
        self.check_width(query, &shape, 1);
        let rows = shape.rows();
        let mut value = match (shape.len(), shape.open()) {
            (0, Some(open)) => Value { edges: open.edges, doubt: Some(open.reason), ..Value::default() },
            (0, None) => Value::default(),
            _ => shape.value(0),
        };
        value.edges = Edges::union([&value.edges, &rows.edges]);
        value.doubt = value.doubt.or(rows.doubt);
        value.is_grouped = false;
        if !shape.is_single() && value.nulls != Nulls::Unknown {
            value.nulls = Nulls::May(NullReason::Subquery);
        }
        value
    }

    /// A query beside a row of values: every column of it counts.
    fn row(&mut self, query: &Query, width: usize) -> Value {
        let shape = self.query(query);
        self.check_width(query, &shape, width);
        let rows = shape.rows();
        let open = shape.open();
        let columns: Vec<Value> = (0..shape.len()).map(|at| shape.value(at)).collect();
        let mut value = Value::made(&columns, EdgeKind::Copied);
        value.edges =
            Edges::union([&value.edges, &rows.edges].into_iter().chain(open.as_ref().map(|open| &open.edges)));
        value.doubt = value.doubt.or(rows.doubt).or(open.map(|open| open.reason));
        value.is_grouped = false;
        value
    }

    /// A query in an expression that gives more or fewer columns than it is compared with.
    fn check_width(&mut self, query: &Query, shape: &Shape, width: usize) {
        let found = shape.len();
        if shape.open().is_some() || found == width || found == 0 {
            return;
        }
        // A row of values is one value for DuckDB, and so is a struct.
        if self.dialect == Dialect::DuckDb && found == 1 && !shape.value(0).data_type.is_simple() {
            return;
        }
        let span = query.first_word();
        if !span.is_empty() {
            let needed = if width == 1 { "one column".to_owned() } else { format!("{width} columns") };
            self.finding("subquery-columns", format!("the query gives {found} columns, not {needed}"), &span, None);
        }
    }

    fn collection(&mut self, collection: &Collection, items: &[Expr]) -> Value {
        let items = self.values(items);
        let made = Value::made(&items, EdgeKind::Transformed);
        let data_type = match collection {
            Collection::Array => ValueType::common(items.iter().map(|item| &item.data_type)).list_of(self.dialect),
            Collection::Object(keys) if keys.len() == items.len() => {
                let fields = keys.iter().cloned().zip(items.iter().map(|item| item.data_type.clone()));
                ValueType::object_of(fields.collect(), self.dialect)
            }
            Collection::Object(_) | Collection::Tuple => ValueType::Unknown,
        };
        let fields = match collection {
            Collection::Object(keys) if keys.len() == items.len() => Some(keys.iter().cloned().zip(items).collect()),
            _ => None,
        };
        Value { fields: fields.map(Rc::new), ..made.typed(data_type).nullable(Nulls::Never) }
    }

    /// All columns that a star stands for, as one value.
    pub(super) fn all_columns(&mut self, star: &Star) -> Value {
        let (columns, open) = self.star(star);
        let mut values: Vec<Value> = columns.into_iter().map(|(_, value)| value).collect();
        values.extend(open.map(|open| Value { edges: open.edges, doubt: Some(open.reason), ..Value::default() }));
        Value::made(&values, EdgeKind::Transformed)
    }

    /// A part of a value. A path that leads on from a value that was passed on unchanged is the column's own.
    pub(super) fn path(&mut self, root: Value, steps: &[Step]) -> Value {
        if let [Step::Key(key), rest @ ..] = steps
            && let Some(part) = self.named_part(&root, key)
        {
            return self.path(part, rest);
        }
        let mut text = String::new();
        let mut data_type = root.data_type.clone();
        let mut others = Vec::new();
        let mut is_part = true;
        for step in steps {
            match step {
                Step::Key(key) => {
                    data_type = data_type.part(Some(key));
                    text.push_str(&written_key(key, text.is_empty()));
                }
                Step::Index(index) => {
                    data_type = data_type.part(None);
                    let _ = write!(text, "[{index}]");
                }
                Step::Computed(expr) => {
                    others.push(self.value(expr));
                    data_type = data_type.part(None);
                    text.push_str("[*]");
                }
                Step::Slice(bounds) => {
                    others.extend(self.values(bounds));
                    is_part = false;
                }
            }
        }
        let nulls = if steps.is_empty() { root.nulls } else { Nulls::Unknown };
        let fields = if steps.is_empty() { root.fields.clone() } else { None };
        let value = Value { edges: self.extended(&root.edges, &text), nulls, fields, ..root };
        if others.is_empty() && is_part {
            return value.typed(data_type);
        }
        let kind = if is_part { EdgeKind::Copied } else { EdgeKind::Transformed };
        let others = Value::made(&others, EdgeKind::Transformed);
        Value::made([&Value::made([&value], kind), &others], EdgeKind::Copied).typed(data_type)
    }

    /// Edges whose copied values are followed further down.
    pub(super) fn extended(&mut self, edges: &Edges, path: &str) -> Edges {
        if path.is_empty() {
            return edges.clone();
        }
        let paths = &mut self.paths;
        edges.map(|edge| {
            if edge.kind != EdgeKind::Copied {
                return edge;
            }
            let before = paths.list[edge.path as usize].clone();
            let dot = if before.is_empty() || path.starts_with('[') { "" } else { "." };
            Edge { path: paths.number(&format!("{before}{dot}{path}")), ..edge }
        })
    }

    /// What the keys of a window decide.
    pub(super) fn window(&mut self, window: &Window) -> Rows {
        self.deciding += 1;
        let mut keys = self.values(&window.partition);
        keys.extend(self.values(&window.order));
        keys.extend(self.values(&window.bounds));
        self.deciding -= 1;
        let mut rows = rows_of(&Value::made(&keys, EdgeKind::Indirect));
        if let Some((name, _)) = &window.name {
            let named = self.named_window(name);
            rows = super::all_rows([&rows, &named]);
        }
        rows
    }

    /// Whether a window of this name is in scope.
    pub(super) fn has_window_called(&self, key: &str) -> bool {
        self.scopes.iter().flat_map(|scope| &scope.windows).any(|(known, _)| &**known == key)
    }

    fn named_window(&mut self, name: &Name) -> Rows {
        let known = self.scopes.iter().rev().flat_map(|scope| &scope.windows);
        let found = known.into_iter().find(|(known, _)| *known == name.key).map(|(_, rows)| rows.clone());
        found.unwrap_or_else(|| {
            let value = self.unresolved(format!("no window `{}`", name.text).into());
            rows_of(&Value::made([&value], EdgeKind::Indirect))
        })
    }

    /// What a condition decides.
    pub(super) fn condition(&mut self, expr: &Expr) -> Rows {
        self.deciding += 1;
        let value = self.value(expr);
        self.deciding -= 1;
        rows_of(&Value::made([&value], EdgeKind::Indirect))
    }

    /// A shape's rows and columns as one value.
    pub(super) fn whole(shape: &Shape) -> Value {
        let mut all = shape.everything();
        all.push(shape.rows().edges);
        let edges = Edges::union(&all);
        let columns = (0..shape.len()).filter_map(|at| shape.value(at).doubt);
        let doubt = columns.chain(shape.open().map(|open| open.reason)).chain(shape.rows().doubt).next();
        Value { edges, doubt, ..Value::default() }
    }
}

/// A value seen as something that decides which rows there are.
pub(super) fn rows_of(value: &Value) -> Rows {
    Rows { edges: value.edges.at_least(EdgeKind::Indirect), doubt: value.doubt.clone() }
}

/// A key as a step of a path.
pub(super) fn written_key(key: &str, is_first: bool) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c == '_' || c == '$' || c.is_alphanumeric());
    match (is_plain, is_first) {
        (true, true) => key.to_owned(),
        (true, false) => format!(".{key}"),
        (false, _) => format!("[\"{}\"]", key.replace('"', "\\\"")),
    }
}

/// Whether a constant is a word or a text, and which.
pub(super) fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(Literal::Text(text) | Literal::Word(text)) => Some(text),
        _ => None,
    }
}

/// The bytes of the first name in an expression.
pub(super) fn place(expr: &Expr) -> Option<std::ops::Range<usize>> {
    match expr {
        Expr::Column(_, place) => Some(place.start..place.end),
        Expr::Position(_, _, span) => Some(span.clone()),
        Expr::Call(call) if !call.span.is_empty() => Some(call.span.clone()),
        Expr::Call(call) => call.arguments.iter().find_map(|argument| place(&argument.value)),
        Expr::Cast(inner, ..) | Expr::Sign(inner) | Expr::Access(inner, _) => place(inner),
        Expr::Chain(first, rest) => place(first).or_else(|| rest.iter().find_map(|(_, expr)| place(expr))),
        Expr::Predicate(_, parts) => parts.iter().find_map(place),
        _ => None,
    }
}
