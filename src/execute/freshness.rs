//! Asking a source when it was last loaded.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Map, json};

use crate::compile::Compiler;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::jinja::value::Value;
use crate::jinja::{Origin, Subject};
use crate::plan::{FreshnessCheck, Question};
use crate::warehouse::{Connection, WarehouseError};

/// What a source said.
#[derive(Debug, Clone)]
pub struct FreshnessResult {
    /// The source's table.
    pub unique_id: String,
    /// How fresh it is.
    pub status: Freshness,
    /// The latest time found, and when that was asked; none where there was no answer.
    pub times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When asking began and ended.
    pub executed: (DateTime<Utc>, DateTime<Utc>),
    /// The worker, counted from 1.
    pub worker: usize,
    /// What the warehouse said.
    pub adapter_response: Map<String, serde_json::Value>,
    /// What is wrong, at its place.
    pub problem: Option<Diagnostic>,
    /// What dbt says of how the question was answered.
    pub old: Option<Diagnostic>,
}

/// How fresh a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Young enough.
    Pass,
    /// Older than `warn_after`.
    Warn,
    /// Older than `error_after`.
    Error,
    /// It could not be found out.
    RuntimeError,
}

impl Freshness {
    /// dbt's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::RuntimeError => "runtime error",
        }
    }

    /// Whether the command fails.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::RuntimeError)
    }
}

/// Prints what a check's macro answered, a value to a line: whether it is the result of a statement, how many rows and columns, then
/// latest time and time of asking, each behind a letter that says whether it is a text, nothing, or something else.
const PRINTED: &str = "{{ (answer.table is defined) ~ '\n' }}{%- set table = answer.table if answer.table is defined else answer -%}\
    {%- set kinds = [] -%}\
    {{ table.rows | length }}\n{{ table.columns | length }}\n\
    {%- for value in (table.rows[0].values() if table.rows | length == 1 else []) %}\n\
    {{ 's' if value is string else ('n' if value is none else 'v') }}{{ value }}{% endfor -%}";

/// Asks one source, on a session of its own.
pub fn check_freshness(
    compiler: &Compiler,
    connection: &Arc<Connection>,
    check: &FreshnessCheck,
    worker: usize,
) -> FreshnessResult {
    let begun = Utc::now();
    let node = &compiler.graph().nodes[&check.unique_id];
    let answer = compiler.query_comment(&node.unique_id, Some(node)).and_then(|comment| {
        connection.commented(comment, || {
            let pinned = connection.pinned(|| Ok::<_, WarehouseError>(ask(compiler, node, check)));
            pinned.unwrap_or_else(|error| Err(Box::new(Diagnostic::error(Code::WarehouseError, error.message))))
        })
    });
    let old = answer.as_ref().is_ok_and(|(_, is_result)| !is_result).then(|| old_answer(node));
    let (status, times, problem) = match answer {
        Ok((times, _)) => {
            let status = verdict(check, times);
            let problem = (status == Freshness::Error).then(|| stale(node, check, times));
            (status, Some(times), problem)
        }
        Err(problem) => {
            let placed = if problem.labels.is_empty() { problem.at(node.span()) } else { *problem };
            (Freshness::RuntimeError, None, Some(placed.node(&node.unique_id)))
        }
    };
    let adapter_response = Map::from_iter([("_message".to_owned(), json!("OK"))]);
    FreshnessResult {
        unique_id: check.unique_id.clone(),
        status,
        times,
        executed: (begun, Utc::now()),
        worker,
        adapter_response,
        problem,
        old,
    }
}

/// The project's own macro answered with a table, as it did in older versions of dbt.
fn old_answer(node: &Node) -> Diagnostic {
    let message = "`collect_freshness` of the project returns a table, and is to return the result of its statement";
    let problem = Diagnostic::deprecation("CollectFreshnessReturnSignature", message).at(node.span());
    problem.node(&node.unique_id).help("write `return(load_result('collect_freshness'))`, without `.table`")
}

/// The latest time and when it was asked.
type Times = (DateTime<Utc>, DateTime<Utc>);

/// The times, and whether the macro answered with the result of a statement.
fn ask(compiler: &Compiler, node: &Node, check: &FreshnessCheck) -> Result<(Times, bool), Box<Diagnostic>> {
    let subject = Arc::new(Subject { package: compiler.session.facts.root.clone(), ..compiler.subject(node) });
    let report = |error: &crate::jinja::TemplateError| Box::new(compiler.report(error, node));
    let source = subject.this.clone().map_or(Value::from(()), Value::from_object);
    let none = || Value::from(());
    let (call, arguments, what) = match &check.question {
        Question::Field { field, filter } => {
            let filter = filter.as_ref().map_or_else(none, |filter| Value::from(filter.clone()));
            let call =
                "collect_freshness(source=_argument_source, loaded_at_field=_argument_field, filter=_argument_filter)";
            (call, vec![("source", source), ("field", Value::from(field.clone())), ("filter", filter)], field.as_str())
        }
        Question::Query(query) => {
            let origin = Origin::NOWHERE;
            let own = Arc::new(compiler.subject(node));
            let rendered = compiler.render(node, &own, query, origin).map_err(|error| report(&error))?;
            let call = "collect_freshness_custom_sql(source=_argument_source, loaded_at_query=_argument_query)";
            (call, vec![("source", source), ("query", Value::from(rendered.text))], "loaded_at_query")
        }
        Question::Metadata => {
            let call = "get_relation_last_modified(information_schema=_argument_source.information_schema_only(), relations=[_argument_source])";
            (call, vec![("source", source)], "last_modified")
        }
        Question::Nowhere => return Err(Box::new(nowhere(node))),
    };
    let text = format!("{{%- set answer = {call} -%}}{PRINTED}");
    let printed = compiler.render_calling(node, &subject, &text, arguments).map_err(|error| report(&error))?;
    let (is_result, printed) = printed.trim_start().split_once('\n').unwrap_or(("True", &printed));
    let asks_macro = !matches!(check.question, Question::Metadata);
    Ok((read(printed, &check.question, (node, what))?, is_result.trim() == "True" || !asks_macro))
}

fn nowhere(node: &Node) -> Diagnostic {
    let message = format!(
        "the freshness of `{}` cannot be found out: it has no `loaded_at_field`, and this warehouse does not keep the time of the \
         last change",
        name(node)
    );
    Diagnostic::error(Code::BadConfig, message).help("add `loaded_at_field` or `loaded_at_query` to the source")
}

/// The two times out of what was printed. A catalog answers with schema and name before them.
fn read(printed: &str, question: &Question, (node, what): (&Node, &str)) -> Result<Times, Box<Diagnostic>> {
    let wrong = |message: String| Box::new(Diagnostic::error(Code::WarehouseError, message));
    let mut lines = printed.trim().lines().map(str::trim);
    let (rows, columns) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let expected = if *question == Question::Metadata { "4" } else { "2" };
    if rows != "1" || columns != expected {
        let message = format!(
            "the freshness of `{}` must be one row of {expected} values, and is {rows} rows of {columns}",
            name(node)
        );
        let help = "check the project's own `collect_freshness`, or whether the table exists";
        return Err(Box::new(wrong(message).help(help)));
    }
    let values: Vec<&str> = lines.collect();
    let [.., latest, asked] = values.as_slice() else {
        return Err(wrong("the answer has no values".to_owned()));
    };
    let time = |text: &str| {
        moment(text).ok_or_else(|| {
            let message = format!("`{what}` of `{}` must give a timestamp, and gives {}", name(node), shown(text));
            Box::new(wrong(message).help("cast it: `loaded_at_field: cast(… as timestamp)`"))
        })
    };
    let latest = if latest.starts_with('n') {
        DateTime::<Utc>::from_naive_utc_and_offset(beginning(), Utc)
    } else {
        time(latest)?
    };
    Ok((latest, time(asked)?))
}

/// The time a source without rows was last loaded at, in dbt's reckoning.
fn beginning() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(1, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0)).unwrap_or_default()
}

/// A printed value that is a time of day; one without a zone is in UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.strip_prefix('v')?;
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z") {
        return Some(time.with_timezone(&Utc));
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|time| time.and_utc())
}

fn shown(text: &str) -> String {
    match text.chars().next() {
        Some('s') => format!("the text `{}`", &text[1..]),
        Some('v') => format!("`{}`", &text[1..]),
        _ => "nothing".to_owned(),
    }
}

fn verdict(check: &FreshnessCheck, (latest, asked): Times) -> Freshness {
    let age = asked - latest;
    let exceeds = |limit: Option<i64>| limit.is_some_and(|limit| age > chrono::Duration::seconds(limit));
    match (exceeds(check.error_after), exceeds(check.warn_after)) {
        (true, _) => Freshness::Error,
        (false, true) => Freshness::Warn,
        (false, false) => Freshness::Pass,
    }
}

fn stale(node: &Node, check: &FreshnessCheck, (latest, asked): Times) -> Diagnostic {
    let limit = age(chrono::Duration::seconds(check.error_after.unwrap_or_default()));
    let message = if latest.naive_utc() == beginning() {
        format!("source `{}` has no rows, and may be {limit} old", name(node))
    } else {
        format!("source `{}` was last loaded {} ago, and may be {limit} old", name(node), age(asked - latest))
    };
    let help = "load it again, or give it more time with `error_after`";
    Diagnostic::error(Code::StaleSource, message).at(node.span()).node(&node.unique_id).help(help)
}

/// `source.table`.
fn name(node: &Node) -> String {
    let source = node.source.as_ref().map(|source| source.source_name.as_str()).unwrap_or_default();
    format!("{source}.{}", node.name)
}

/// A duration in its greatest whole unit: `5 days`.
pub fn age(duration: chrono::Duration) -> String {
    let (count, unit) = match duration.num_seconds() {
        seconds if seconds >= 86_400 => (seconds / 86_400, "day"),
        seconds if seconds >= 3_600 => (seconds / 3_600, "hour"),
        seconds if seconds >= 60 => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_utc_and_days_are_no_times() {
        let text = |value: &str| moment(value).map(|time| time.to_rfc3339());
        assert_eq!(text("v2024-01-02 03:04:05").as_deref(), Some("2024-01-02T03:04:05+00:00"));
        assert_eq!(text("v2024-01-02 03:04:05.5+02:00").as_deref(), Some("2024-01-02T01:04:05.500+00:00"));
        assert_eq!(text("v2024-01-02"), None);
        assert_eq!(text("s2024-01-02 03:04:05"), None);
    }

    #[test]
    fn a_catalog_answers_with_the_name_before_the_times() {
        let node = Node::blank(crate::source::FileId::from_number(0));
        let of = |printed: &str, question: &Question| {
            read(printed, question, (&node, "x")).map(|(latest, _)| latest.to_rfc3339()).map_err(|p| p.message)
        };
        let row = "1\n4\nsMAIN\nsORDERS\nv2024-01-02 03:04:05+00:00\nv2024-01-03 00:00:00+00:00";
        assert_eq!(of(row, &Question::Metadata).as_deref(), Ok("2024-01-02T03:04:05+00:00"));
        assert!(of("0\n4\n", &Question::Metadata).is_err());
        let none = "1\n2\nnNone\nv2024-01-03 00:00:00+00:00";
        assert_eq!(of(none, &Question::Query(String::new())).as_deref(), Ok("0001-01-01T00:00:00+00:00"));
    }
}
