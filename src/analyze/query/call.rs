//! Calls: functions, aggregates, windows, and those that are paths in other clothes.

use super::columns::fields_of_call;
use super::expression::text_of;
use super::shape::Value;
use super::{Analyst, because};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::analyze::function::DeclaredFunction;
use crate::sql::query::{Argument, Call, Expr, Literal, Name, Place, SPREAD, Step};
use crate::sql::{CallResult, Dialect, FunctionKind, TypedCall, ValueType};

/// Functions that give a part of their first argument, which the second one names.
const PARTS: [&str; 8] = [
    "GET",
    "GET_PATH",
    "GET_IGNORE_CASE",
    "JSON_EXTRACT",
    "JSON_EXTRACT_PATH",
    "STRUCT_EXTRACT",
    "LIST_EXTRACT",
    "ELEMENT_AT",
];
/// Those that give it as text.
const TEXT_PARTS: [&str; 3] = ["JSON_EXTRACT_PATH_TEXT", "JSON_EXTRACT_STRING", "JSON_VALUE"];

impl Analyst<'_> {
    pub(super) fn call(&mut self, call: &Call) -> Value {
        if call.name == SPREAD || is_columns(call, self.dialect) {
            return self.columns_of_call(call);
        }
        if let Some(method) = self.as_function(call) {
            return self.call(&method);
        }
        if let [of, key] = call.arguments.as_slice()
            && let Some(found) = self.part(call, of, key)
        {
            return found;
        }
        self.call_in_match(call).unwrap_or_else(|| self.call_of_function(call))
    }

    fn call_of_function(&mut self, call: &Call) -> Value {
        let relations = self.relations;
        let declared = ValueType::argument_counts(&call.name, self.dialect)
            .is_none()
            .then(|| relations.function(&call.name))
            .flatten();
        self.check_count(call, declared);
        let mut arguments = self.arguments(call);
        if is_ordered_set(call) {
            // What the group is ordered by is what is aggregated; the fraction comes behind it.
            let ordered = self.values(&call.order);
            arguments.splice(0..0, ordered);
        }
        self.check_arguments(call, &arguments);
        self.check_parts(call);
        let types: Vec<ValueType> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
        let constants: Vec<Option<&Literal>> = call
            .arguments
            .iter()
            .map(|argument| match &argument.value {
                Expr::Literal(literal) => Some(literal),
                _ => None,
            })
            .collect();
        let typed = TypedCall { name: &call.name, arguments: &types, constants: &constants };
        let mut result = ValueType::of_call(&typed, self.dialect);
        let own = declared.filter(|_| result.kind.is_none());
        if let Some(own) = own {
            let kind = if own.is_aggregate { FunctionKind::Aggregate } else { FunctionKind::Scalar };
            result = CallResult { data_type: own.returns.clone(), kind: Some(kind) };
        }
        let is_aggregate = call.window.is_some()
            || matches!(result.kind, Some(FunctionKind::Aggregate | FunctionKind::Window))
            || !call.order.is_empty()
            || call.distinct;
        let kind = match (call.name.as_str(), is_aggregate) {
            ("UNNEST", _) => EdgeKind::Copied,
            (_, true) => EdgeKind::Aggregated,
            (_, false) => EdgeKind::Transformed,
        };
        let mut value = Value::made(&arguments, kind);
        if call.name == "UNNEST"
            && let Some(fields) = self.unnested(call, &arguments, &mut value)
        {
            return fields;
        }
        let clauses = self.clauses(call);
        value.is_grouped = match (is_aggregate, call.window.is_some()) {
            (true, false) => true,
            _ => value.is_grouped || clauses.is_grouped,
        };
        let is_grouped = value.is_grouped;
        let mut value = Value { is_grouped, ..Value::made([&value, &clauses], EdgeKind::Copied) };
        let doubt = match (result.kind, own) {
            (None, _) => Some(format!("the function `{}` is not known", call.name)),
            (_, Some(own)) if !own.is_pure => {
                Some(format!("the function `{}` is not declared deterministic", call.name))
            }
            _ => None,
        };
        if let Some(doubt) = doubt {
            let reason = format!("{doubt}: it may read more than its arguments");
            self.note(reason.clone());
            value.doubt = value.doubt.or(because(reason));
        }
        let nulls = self.nulls_of_call(call, &arguments, result.kind);
        let volatile = self.volatile_of_call(call, value.volatile);
        let fields = fields_of_call(call, &arguments);
        Value { volatile, fields, ..value.typed(result.data_type).nullable(nulls) }
    }

    /// `COLUMNS(…)`: the column it stands for at the moment; in conditions and as arguments, all of them.
    fn columns_of_call(&mut self, call: &Call) -> Value {
        let one = if call.name == SPREAD { None } else { self.one_of_several(call) };
        if let Some(one) = one {
            return one;
        }
        match self.matched(call) {
            Some(found) => Value::made(found.iter().map(|(_, value)| value), EdgeKind::Transformed),
            None => self.unresolved("`COLUMNS(…)` is not analysed".into()),
        }
    }

    /// `column.f(x)` of `DuckDB`'s as `f(column, x)`.
    fn as_function(&self, call: &Call) -> Option<Call> {
        let (column, name) = call.name.rsplit_once('.').filter(|_| self.dialect == Dialect::DuckDb)?;
        let parts: Vec<Name> = column.split('.').map(|part| Name::found(&part.to_lowercase(), self.dialect)).collect();
        if !self.is_column(&parts) {
            return None;
        }
        let (start, end) = (call.span.start, call.span.end);
        let value = Expr::Column(parts, Place { start, qualified: start, name: start, end });
        let mut method = Call { name: name.to_owned(), ..call.clone() };
        method.arguments.insert(0, Argument { name: None, value, span: 0..0 });
        Some(method)
    }

    /// `UNNEST` makes a row for each element, beside the other items. Of a struct alone it makes a column of each field, and no
    /// more rows: the answer is then the struct.
    fn unnested(&mut self, call: &Call, arguments: &[Value], value: &mut Value) -> Option<Value> {
        let is_fields = arguments.first().is_some_and(|first| first.data_type.is_struct());
        if let ([whole], true) = (arguments, is_fields) {
            self.scope().makes_several = true;
            return Some(whole.clone());
        }
        if let (Some(written), Some(first)) = (call.arguments.first(), arguments.first()) {
            self.check_unnested(&written.value, &first.data_type);
        }
        let decided = super::expression::rows_of(value);
        let scope = self.scope();
        scope.spread.push(decided);
        scope.makes_several |= is_fields || arguments.len() > 1;
        value.edges = self.extended(&value.edges, "[*]");
        None
    }

    fn check_count(&mut self, call: &Call, declared: Option<&DeclaredFunction>) {
        let count = call.arguments.len();
        let is_one =
            |argument: &Argument| argument.name.is_none() && (call.name == "COUNT" || !self.is_spread(&argument.value));
        let is_plain = call.query.is_none() && !is_ordered_set(call) && call.arguments.iter().all(is_one);
        let counts = ValueType::argument_counts(&call.name, self.dialect).or_else(|| declared?.counts);
        let Some((fewest, most)) = counts.filter(|_| is_plain) else {
            return;
        };
        if (fewest..=most).contains(&count) || call.span.is_empty() {
            return;
        }
        let takes = match (fewest, most) {
            (fewest, usize::MAX) => format!("{fewest} or more"),
            (fewest, most) if fewest == most => fewest.to_string(),
            (fewest, most) => format!("{fewest} to {most}"),
        };
        let word = if fewest == 1 && most == 1 { "argument" } else { "arguments" };
        let message = format!("`{}` takes {takes} {word}, not {count}", call.name);
        self.finding("wrong-arguments", message, &call.span, None);
    }

    /// Whether an argument stands for as many as there are columns.
    fn is_spread(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Star(_) => true,
            Expr::Call(call) => call.name == SPREAD || is_columns(call, self.dialect),
            _ => false,
        }
    }

    /// The arguments; a lambda sees the elements of what stands before it.
    fn arguments(&mut self, call: &Call) -> Vec<Value> {
        let mut arguments: Vec<Value> = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            let value = match &argument.value {
                Expr::Lambda(names, body) => {
                    let before = Value::made(&arguments, EdgeKind::Copied);
                    let edges = self.extended(&before.edges, "[*]");
                    let data_type = arguments.first().map_or(ValueType::Unknown, |list| list.data_type.part(None));
                    self.lambda(names, body, &Value { edges, data_type, ..before })
                }
                // COUNT(*) counts rows, whatever is in them.
                Expr::Star(star) if call.name == "COUNT" && !call.distinct && star.qualifier.is_empty() => {
                    continue;
                }
                other => self.value(other),
            };
            arguments.push(value);
        }
        if let Some(query) = &call.query {
            arguments.push(self.scalar(query));
        }
        arguments
    }

    /// What the clauses of a call decide: order, filters, the window's keys.
    fn clauses(&mut self, call: &Call) -> Value {
        let mut parts = if is_ordered_set(call) { Vec::new() } else { self.values(&call.order) };
        parts.extend(self.values(&call.filters));
        let mut value = Value::made(&parts, EdgeKind::Indirect);
        if let Some(window) = &call.window {
            let rows = self.window(window);
            value.edges = Edges::union([&value.edges, &rows.edges]);
            value.doubt = value.doubt.or(rows.doubt);
        }
        value
    }

    /// `GET(v, 'key')` and its like, as a path.
    fn part(&mut self, call: &Call, of: &Argument, key: &Argument) -> Option<Value> {
        let is_text = TEXT_PARTS.contains(&call.name.as_str());
        if !is_text && !PARTS.contains(&call.name.as_str()) {
            return None;
        }
        let Expr::Literal(literal) = &key.value else { return None };
        let root = self.value(&of.value);
        let found = self.path(root, &path_steps(literal));
        if is_text {
            return Some(Value::made([&found], EdgeKind::Transformed).typed(ValueType::text(self.dialect)));
        }
        Some(found)
    }
}

/// Whether a call aggregates what it is ordered by: `PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)`.
fn is_ordered_set(call: &Call) -> bool {
    const NAMES: [&str; 7] =
        ["PERCENTILE_CONT", "PERCENTILE_DISC", "QUANTILE_CONT", "QUANTILE_DISC", "QUANTILE", "MODE", "APPROX_QUANTILE"];
    !call.order.is_empty() && NAMES.contains(&call.name.as_str()) && call.arguments.len() < 2
}

/// Whether a call stands for several columns.
pub(super) fn is_columns(call: &Call, dialect: Dialect) -> bool {
    call.name == "COLUMNS" && dialect == Dialect::DuckDb
}

/// The steps of a path that is written as a text: `a.b[0]`, `$.a.b`, `/a/b`; a number is an element.
pub(super) fn path_steps(literal: &Literal) -> Vec<Step> {
    let text = match literal {
        Literal::Number(digits) => return digits.parse().map(Step::Index).into_iter().collect(),
        Literal::Text(text) | Literal::Word(text) => text.trim_start_matches('$').replace('/', "."),
        _ => return vec![Step::Slice(Vec::new())],
    };
    let mut steps = Vec::new();
    for part in text.split('.').filter(|part| !part.is_empty()) {
        let (key, rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if !key.is_empty() {
            steps.push(Step::Key(key.trim_matches('"').to_owned()));
        }
        for inside in rest.split('[').filter_map(|piece| piece.strip_suffix(']')) {
            match inside.parse() {
                Ok(index) => steps.push(Step::Index(index)),
                Err(_) => steps.push(Step::Key(inside.trim_matches(['\'', '"']).to_owned())),
            }
        }
    }
    steps
}

/// The argument of a table function with this name, or at this place.
pub(super) fn argument<'a>(arguments: &'a [Argument], name: &str, at: usize) -> Option<&'a Expr> {
    let named = arguments.iter().find(|argument| argument.name.as_deref() == Some(name));
    let placed = || arguments.get(at).filter(|argument| argument.name.is_none());
    named.or_else(placed).map(|argument| &argument.value)
}

/// The text of an argument that is a constant.
pub(super) fn constant<'a>(arguments: &'a [Argument], name: &str, at: usize) -> Option<&'a str> {
    argument(arguments, name, at).and_then(text_of)
}
