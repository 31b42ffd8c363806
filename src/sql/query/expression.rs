//! Expressions of the parser's tree as expressions of the small one.

use std::ops::{ControlFlow, Range};

use sqlparser::ast::{
    self, AccessExpr, BinaryOperator as Op, CastKind, CeilFloorKind, Expr as Written, Ident, JsonPathElem,
    LambdaFunction, OneOrManyWithParens, OrderByExpr, Subscript, UnaryOperator, Value,
};

use super::read::Reader;
use super::{Argument, Call, Case, Collection, Expr, Failure, Literal, Name, Operator, Place, Predicate, Step};
use crate::sql::{Dialect, ValueType};

/// How much stack one level of an expression may take, and how much is added when it is short.
const RED_ZONE: usize = 128 * 1024;
const STACK: usize = 2 * 1024 * 1024;

impl Reader<'_> {
    /// An expression.
    pub(super) fn expr(&self, written: &Written) -> Expr {
        stacker::maybe_grow(RED_ZONE, STACK, || self.construct(written))
    }

    pub(super) fn exprs<'e>(&self, written: impl IntoIterator<Item = &'e Written>) -> Vec<Expr> {
        written.into_iter().map(|one| self.expr(one)).collect()
    }

    /// The keys of an ORDER BY.
    pub(super) fn keys(&self, order: &[OrderByExpr]) -> Vec<Expr> {
        self.exprs(order.iter().map(|key| &key.expr))
    }

    fn construct(&self, written: &Written) -> Expr {
        match written {
            Written::Identifier(ident) => self.column(std::slice::from_ref(ident)),
            Written::CompoundIdentifier(parts) => self.column(parts),
            Written::Value(value) => self.value(&value.value, || self.text.range(value.span)),
            Written::TypedString(typed) => Expr::Literal(Literal::Typed(self.data_type(&typed.data_type))),
            Written::Nested(inner) => self.expr(inner),
            Written::BinaryOp { .. } => self.chain(written),
            Written::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus, expr } => {
                Expr::Sign(Box::new(self.expr(expr)))
            }
            Written::UnaryOp { op: UnaryOperator::Not | UnaryOperator::BangNot, expr } => {
                Expr::Predicate(Predicate::Not, vec![self.expr(expr)])
            }
            Written::Cast { kind, expr, data_type, .. } => {
                let failure = match kind {
                    CastKind::TryCast | CastKind::SafeCast => Failure::Null,
                    CastKind::Cast | CastKind::DoubleColon => Failure::Error,
                };
                Expr::Cast(Box::new(self.expr(expr)), self.data_type(data_type), failure)
            }
            Written::Convert { is_try, expr, data_type: Some(data_type), .. } => {
                let failure = if *is_try { Failure::Null } else { Failure::Error };
                Expr::Cast(Box::new(self.expr(expr)), self.data_type(data_type), failure)
            }
            Written::JsonAccess { value, path } => self.json_path(value, &path.path),
            Written::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Written::Function(function) => self.function(function),
            Written::Case { operand, conditions, else_result, .. } => {
                let mut tested: Vec<Expr> = operand.iter().map(|operand| self.expr(operand)).collect();
                let mut results = Vec::new();
                for arm in conditions {
                    tested.push(self.expr(&arm.condition));
                    results.push(self.expr(&arm.result));
                }
                results.extend(else_result.iter().map(|result| self.expr(result)));
                let has_else = else_result.is_some();
                Expr::Case(Box::new(Case { conditions: tested, results, has_else }))
            }
            Written::Subquery(query) => Expr::Subquery(Box::new(self.query(query))),
            Written::Exists { subquery, .. } => Expr::Exists(Box::new(self.query(subquery))),
            Written::InSubquery { expr, subquery, .. } => {
                Expr::In(Box::new(self.expr(expr)), Box::new(self.query(subquery)))
            }
            Written::Interval(interval) => match self.expr(&interval.value) {
                Expr::Literal(_) => Expr::Literal(Literal::Interval),
                value => self.named("TO_INTERVAL", vec![value], 0..0),
            },
            _ => self.predicate(written),
        }
    }

    fn predicate(&self, written: &Written) -> Expr {
        use Predicate as P;
        let made = |kind: P, parts: &[&Written]| Expr::Predicate(kind, self.exprs(parts.iter().copied()));
        match written {
            Written::IsNull(one) => made(P::IsNull, &[one]),
            Written::IsNotNull(one) => made(P::IsNotNull, &[one]),
            Written::IsTrue(one)
            | Written::IsNotTrue(one)
            | Written::IsFalse(one)
            | Written::IsNotFalse(one)
            | Written::IsUnknown(one)
            | Written::IsNotUnknown(one) => made(P::Certain, &[one]),
            Written::IsJson { expr: one, .. } | Written::IsNormalized { expr: one, .. } => made(P::Other, &[one]),
            Written::IsDistinctFrom(left, right) | Written::IsNotDistinctFrom(left, right) => {
                made(P::Certain, &[left, right])
            }
            Written::InList { expr, list, .. } => {
                Expr::Predicate(P::List, self.exprs(std::iter::once(expr.as_ref()).chain(list)))
            }
            Written::InUnnest { expr, array_expr, .. } => made(P::Other, &[expr, array_expr]),
            Written::Between { expr, negated, low, high } => {
                made(if *negated { P::NotBetween } else { P::Between }, &[expr, low, high])
            }
            Written::Like { any: false, expr, pattern, .. }
            | Written::ILike { any: false, expr, pattern, .. }
            | Written::SimilarTo { expr, pattern, .. }
            | Written::RLike { expr, pattern, .. } => made(P::Like, &[expr, pattern]),
            Written::Like { expr, pattern, .. } | Written::ILike { expr, pattern, .. } => {
                made(P::Other, &[expr, pattern])
            }
            Written::AnyOp { left, right, .. } | Written::AllOp { left, right, .. } => match right.as_ref() {
                Written::Subquery(query) => Expr::In(Box::new(self.expr(left)), Box::new(self.query(query))),
                right => made(P::Other, &[left, right]),
            },
            Written::OuterJoin(inner) => self.expr(inner),
            _ => self.syntax(written),
        }
    }

    /// Constructs that are calls in other clothes.
    fn syntax(&self, written: &Written) -> Expr {
        match written {
            Written::Extract { expr, .. } => self.named("DATE_PART", vec![word("part"), self.expr(expr)], 0..0),
            Written::Ceil { expr, field } => self.rounded("CEIL", expr, field),
            Written::Floor { expr, field } => self.rounded("FLOOR", expr, field),
            Written::Position { expr, r#in } => self.named("POSITION", vec![self.expr(expr), self.expr(r#in)], 0..0),
            Written::Substring { expr, substring_from, substring_for, .. } => {
                let rest = [substring_from, substring_for].into_iter().flatten().map(Box::as_ref);
                self.named("SUBSTRING", self.exprs(std::iter::once(expr.as_ref()).chain(rest)), 0..0)
            }
            Written::Trim { trim_what, expr, trim_characters, .. } => {
                let what = trim_what.iter().map(Box::as_ref).chain(trim_characters.iter().flatten());
                self.named("TRIM", self.exprs(std::iter::once(expr.as_ref()).chain(what)), 0..0)
            }
            Written::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let rest = overlay_for.iter().map(Box::as_ref);
                let parts = [expr.as_ref(), overlay_what, overlay_from].into_iter().chain(rest);
                self.named("INSERT", self.exprs(parts), 0..0)
            }
            Written::AtTimeZone { timestamp, time_zone } => {
                self.named("AT_TIME_ZONE", vec![self.expr(timestamp), self.expr(time_zone)], 0..0)
            }
            Written::Collate { expr, .. } => self.named("COLLATE", vec![self.expr(expr)], 0..0),
            Written::Tuple(items) => Expr::Collection(Collection::Tuple, self.exprs(items)),
            Written::Array(array) => Expr::Collection(Collection::Array, self.exprs(&array.elem)),
            Written::Dictionary(fields) => {
                let keys = fields.iter().map(|field| field.key.value.clone()).collect();
                let values = self.exprs(fields.iter().map(|field| field.value.as_ref()));
                Expr::Collection(Collection::Object(keys), values)
            }
            Written::Map(map) => {
                let parts = map.entries.iter().flat_map(|entry| [entry.key.as_ref(), entry.value.as_ref()]);
                self.named("MAP", self.exprs(parts), 0..0)
            }
            Written::Struct { values, .. } => Expr::Collection(Collection::Object(Vec::new()), self.exprs(values)),
            Written::Named { expr, .. } => self.expr(expr),
            Written::GroupingSets(sets) | Written::Cube(sets) | Written::Rollup(sets) => {
                Expr::Collection(Collection::Tuple, self.exprs(sets.iter().flatten()))
            }
            Written::Lambda(lambda) => self.arrow(lambda),
            // Of the row above, where there is one.
            Written::Prior(inner) => {
                let results = vec![self.expr(inner)];
                Expr::Case(Box::new(Case { conditions: Vec::new(), results, has_else: false }))
            }
            Written::Prefixed { prefix, value } if prefix.value.eq_ignore_ascii_case("PRIOR") => {
                self.syntax(&Written::Prior(value.clone()))
            }
            // Of the row that all others are below.
            Written::Prefixed { prefix, value } if prefix.value.eq_ignore_ascii_case("CONNECT_BY_ROOT") => {
                self.expr(value)
            }
            Written::UnaryOp { expr, .. } => self.named("UNARY_OPERATOR", vec![self.expr(expr)], 0..0),
            Written::Wildcard(_) => Expr::Star(Box::new(self.plain_star(Vec::new()))),
            Written::QualifiedWildcard(name, _) => Expr::Star(Box::new(self.plain_star(self.names(name)))),
            other => self.opaque("an expression that is not analysed", other),
        }
    }

    /// A lambda.
    pub(super) fn lambda(&self, lambda: &LambdaFunction) -> Expr {
        let names = match &lambda.params {
            OneOrManyWithParens::One(one) => vec![self.name(&one.name)],
            OneOrManyWithParens::Many(many) => many.iter().map(|p| self.name(&p.name)).collect(),
        };
        Expr::Lambda(names, Box::new(self.expr(&lambda.body)))
    }

    /// `column -> 'key'`, which the parser reads as a lambda.
    fn arrow(&self, lambda: &LambdaFunction) -> Expr {
        let columns: Vec<Expr> = match &lambda.params {
            OneOrManyWithParens::One(one) => vec![self.column(std::slice::from_ref(&one.name))],
            OneOrManyWithParens::Many(many) => {
                many.iter().map(|one| self.column(std::slice::from_ref(&one.name))).collect()
            }
        };
        let mut columns = columns.into_iter();
        let Some(first) = columns.next() else { return self.expr(&lambda.body) };
        let mut rest: Vec<(Operator, Expr)> = columns.map(|column| (Operator::Other, column)).collect();
        match self.expr(&lambda.body) {
            Expr::Chain(key, more) => {
                rest.push((Operator::Arrow, *key));
                rest.extend(more);
            }
            body => rest.push((Operator::Arrow, body)),
        }
        Expr::Chain(Box::new(first), rest)
    }

    fn rounded(&self, name: &str, expr: &Written, field: &CeilFloorKind) -> Expr {
        let mut arguments = vec![self.expr(expr)];
        match field {
            CeilFloorKind::Scale(scale) => arguments.push(self.value(&scale.value, || 0..0)),
            CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => {}
            CeilFloorKind::DateTimeField(_) => arguments.push(word("part")),
        }
        self.named(name, arguments, 0..0)
    }

    /// A call of plain arguments.
    pub(super) fn named(&self, name: &str, values: Vec<Expr>, span: Range<usize>) -> Expr {
        Expr::Call(Box::new(Call {
            name: name.to_owned(),
            arguments: values.into_iter().map(|value| Argument { name: None, value, span: 0..0 }).collect(),
            distinct: false,
            order: Vec::new(),
            filters: Vec::new(),
            window: None,
            query: None,
            span,
        }))
    }

    /// The columns that a construct names, whatever it does with them.
    pub(super) fn opaque(&self, what: &str, written: &Written) -> Expr {
        let mut columns = Vec::new();
        let _ = ast::visit_expressions(written, |part| {
            match part {
                Written::Identifier(ident) => columns.push(self.column(std::slice::from_ref(ident))),
                Written::CompoundIdentifier(parts) => columns.push(self.column(parts)),
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
        Expr::Opaque(what.to_owned(), columns)
    }

    pub(super) fn column(&self, parts: &[Ident]) -> Expr {
        if let [qualifier @ .., last] = parts
            && last.quote_style.is_none()
            && let Some(position) = last.value.strip_prefix('$').and_then(|digits| digits.parse().ok())
        {
            return Expr::Position(qualifier.iter().map(|part| self.name(part)).collect(), position, self.at(last));
        }
        let (start, name) = (self.at(&parts[0]).start, self.at(&parts[parts.len() - 1]));
        let qualified = if parts.len() > 1 { self.at(&parts[parts.len() - 2]).end } else { start };
        let place = Place { start, qualified, name: name.start, end: name.end };
        Expr::Column(parts.iter().map(|part| self.name(part)).collect(), place)
    }

    fn value(&self, value: &Value, span: impl Fn() -> Range<usize>) -> Expr {
        let literal = match value {
            Value::Number(digits, _) => Literal::Number(digits.clone()),
            Value::Null => Literal::Null,
            Value::Boolean(_) => Literal::Boolean,
            Value::HexStringLiteral(_) | Value::SingleQuotedByteStringLiteral(_) => Literal::Binary,
            Value::Placeholder(name) => match name.strip_prefix('$').and_then(|digits| digits.parse().ok()) {
                Some(position) => return Expr::Position(Vec::new(), position, span()),
                None => Literal::Typed(ValueType::Unknown),
            },
            text => match text.clone().into_string() {
                Some(text) => Literal::Text(text.replace("''", "'")),
                None => Literal::Typed(ValueType::Unknown),
            },
        };
        Expr::Literal(literal)
    }

    /// Binary operators; the left spine is walked in a loop, so that long chains need no stack.
    fn chain(&self, whole: &Written) -> Expr {
        let mut spine = Vec::new();
        let mut first = whole;
        while let Written::BinaryOp { left, op, right } = first {
            spine.push((operator(op, self.dialect), right));
            first = left;
        }
        let rest = spine.into_iter().rev().map(|(op, right)| (op, self.expr(right))).collect();
        Expr::Chain(Box::new(self.expr(first)), rest)
    }

    fn json_path(&self, value: &Written, path: &[JsonPathElem]) -> Expr {
        let step = |element: &JsonPathElem| match element {
            JsonPathElem::Dot { key, .. } => Step::Key(key.replace("\"\"", "\"")),
            JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => self.subscript(key),
        };
        Expr::Access(Box::new(self.expr(value)), path.iter().map(step).collect())
    }

    fn access(&self, root: &Written, chain: &[AccessExpr]) -> Expr {
        // The parser reads `t.v[0]` as the column `t` and the path `.v[0]`: names are kept together, and resolved as a column
        // with a path behind it.
        let mut names: Vec<Ident> = match root {
            Written::Identifier(ident) => vec![ident.clone()],
            Written::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        while let (false, [AccessExpr::Dot(Written::Identifier(next)), others @ ..]) = (names.is_empty(), rest) {
            names.push(next.clone());
            rest = others;
        }
        let mut value = if names.is_empty() { self.expr(root) } else { self.column(&names) };
        let mut steps: Vec<Step> = Vec::new();
        let with = |value: Expr, steps: Vec<Step>| {
            if steps.is_empty() { value } else { Expr::Access(Box::new(value), steps) }
        };
        for access in rest {
            steps.push(match access {
                AccessExpr::Dot(Written::Identifier(key)) => Step::Key(key.value.clone()),
                // A call behind a value has the value as its first argument.
                AccessExpr::Dot(Written::Function(function)) => {
                    let of = with(value, std::mem::take(&mut steps));
                    value = match self.function(function) {
                        Expr::Call(mut call) => {
                            call.arguments.insert(0, Argument { name: None, value: of, span: 0..0 });
                            Expr::Call(call)
                        }
                        other => other,
                    };
                    continue;
                }
                AccessExpr::Dot(other) => Step::Computed(self.expr(other)),
                AccessExpr::Subscript(Subscript::Index { index }) => self.subscript(index),
                AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                    Step::Slice(self.exprs([lower_bound, upper_bound, stride].into_iter().flatten()))
                }
            });
        }
        with(value, steps)
    }

    fn subscript(&self, key: &Written) -> Step {
        match self.expr(key) {
            Expr::Literal(Literal::Text(key)) => Step::Key(key),
            Expr::Literal(Literal::Number(digits)) => match digits.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Computed(Expr::Literal(Literal::Number(digits))),
            },
            computed => Step::Computed(computed),
        }
    }

    /// A name, folded as the dialect folds it.
    pub(super) fn name(&self, ident: &Ident) -> Name {
        Name::written(&ident.value, ident.quote_style.is_some(), self.dialect)
    }

    pub(super) fn names(&self, name: &ast::ObjectName) -> Vec<Name> {
        name.0.iter().filter_map(|part| part.as_ident()).map(|ident| self.name(ident)).collect()
    }

    pub(super) fn at(&self, ident: &Ident) -> Range<usize> {
        self.text.range(ident.span)
    }

    pub(super) fn data_type(&self, written: &ast::DataType) -> ValueType {
        ValueType::of_written(written, self.dialect)
    }
}

/// A word that is no value, such as a date part.
pub(super) fn word(text: &str) -> Expr {
    Expr::Literal(Literal::Word(text.to_owned()))
}

fn operator(op: &Op, dialect: Dialect) -> Operator {
    match op {
        Op::Plus => Operator::Add,
        Op::Minus => Operator::Subtract,
        Op::Multiply => Operator::Multiply,
        Op::Divide => Operator::Divide,
        Op::DuckIntegerDivide | Op::MyIntegerDivide => Operator::DivideWhole,
        Op::Modulo => Operator::Modulo,
        Op::StringConcat => Operator::Concatenate,
        Op::And => Operator::And,
        Op::Or => Operator::Or,
        Op::Eq => Operator::Equal,
        Op::NotEq => Operator::Unequal,
        Op::Lt | Op::LtEq => Operator::Less,
        Op::Gt | Op::GtEq => Operator::Greater,
        Op::Spaceship
        | Op::Xor
        | Op::Match
        | Op::Regexp
        | Op::Glob
        | Op::Overlaps
        | Op::PGRegexMatch
        | Op::PGRegexIMatch
        | Op::PGRegexNotMatch
        | Op::PGRegexNotIMatch
        | Op::PGLikeMatch
        | Op::PGILikeMatch
        | Op::PGNotLikeMatch
        | Op::PGNotILikeMatch
        | Op::PGStartsWith
        | Op::AtArrow
        | Op::ArrowAt => Operator::Truth,
        Op::PGOverlap if dialect == Dialect::DuckDb => Operator::Truth,
        Op::Arrow => Operator::Arrow,
        Op::LongArrow => Operator::LongArrow,
        _ => Operator::Other,
    }
}
