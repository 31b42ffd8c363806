//! Which functions, operators and constructs make NULL, and which pass it on; and which give something else on every run.

use super::narrow::{fails, holds};
use super::scope::Relation;
use super::shape::{Value, Volatile};
use super::{Analyst, Mark, MarkKind};
use crate::analyze::nulls::{NullReason, Nulls};
use crate::sql::query::{Call, Case, Expr, Name, Operator, Window};
use crate::sql::{Dialect, FunctionKind, ValueType};

/// Functions that are NULL where an argument is, and only there.
const STRICT: [&str; 37] = [
    "ABS",
    "ASCII",
    "CEIL",
    "CEILING",
    "CHARINDEX",
    "CONTAINS",
    "ENDSWITH",
    "EXP",
    "FLOOR",
    "INITCAP",
    "LEFT",
    "LEN",
    "LENGTH",
    "LOWER",
    "LPAD",
    "LTRIM",
    "MD5",
    "POSITION",
    "REPEAT",
    "REPLACE",
    "REVERSE",
    "RIGHT",
    "ROUND",
    "RPAD",
    "RTRIM",
    "SHA1",
    "SHA256",
    "SIGN",
    "SPLIT_PART",
    "STARTSWITH",
    "STARTS_WITH",
    "STRPOS",
    "SUBSTR",
    "SUBSTRING",
    "TRANSLATE",
    "TRIM",
    "UPPER",
];
/// The same on Snowflake.
const SNOWFLAKE_STRICT: [&str; 58] = [
    "ADD_MONTHS",
    "CONCAT",
    "CONCAT_WS",
    "CONVERT_TIMEZONE",
    "DATEADD",
    "DATEDIFF",
    "DATE_FROM_PARTS",
    "DATE_PART",
    "DATE_TRUNC",
    "DAY",
    "DAYNAME",
    "DAYOFMONTH",
    "DAYOFWEEK",
    "DAYOFWEEKISO",
    "DAYOFYEAR",
    "DIV0",
    "GREATEST",
    "HEX_ENCODE",
    "HOUR",
    "LAST_DAY",
    "LEAST",
    "MD5_HEX",
    "MINUTE",
    "MOD",
    "MONTH",
    "MONTHNAME",
    "MONTHS_BETWEEN",
    "NEXT_DAY",
    "POWER",
    "QUARTER",
    "REGEXP_COUNT",
    "REGEXP_LIKE",
    "REGEXP_REPLACE",
    "SECOND",
    "SHA1_HEX",
    "SHA2",
    "SHA2_HEX",
    "SQRT",
    "SQUARE",
    "TIMEADD",
    "TIMEDIFF",
    "TIMESTAMPADD",
    "TIMESTAMPDIFF",
    "TO_CHAR",
    "TO_DATE",
    "TO_DECIMAL",
    "TO_DOUBLE",
    "TO_NUMBER",
    "TO_NUMERIC",
    "TO_TIME",
    "TO_TIMESTAMP",
    "TO_TIMESTAMP_LTZ",
    "TO_TIMESTAMP_NTZ",
    "TO_TIMESTAMP_TZ",
    "TO_VARCHAR",
    "TRUNC",
    "WEEK",
    "YEAR",
];
/// Functions that are never NULL.
const NEVER: [&str; 33] = [
    "APPROX_COUNT_DISTINCT",
    "ARRAY_CONSTRUCT",
    "COUNT",
    "COUNT_IF",
    "CURRENT_ACCOUNT",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "EQUAL_NULL",
    "GEN_RANDOM_UUID",
    "GETDATE",
    "GET_CURRENT_TIMESTAMP",
    "HASH",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NOW",
    "OBJECT_CONSTRUCT",
    "PI",
    "RANDOM",
    "REGR_COUNT",
    "SEQ1",
    "SEQ2",
    "SEQ4",
    "SEQ8",
    "SYSDATE",
    "SYSTIMESTAMP",
    "TODAY",
    "UUID",
    "UUIDV4",
    "UUIDV7",
    "UUID_STRING",
    "ZEROIFNULL",
];
/// Window functions that are never NULL.
const NEVER_IN_WINDOWS: [&str; 6] = ["CUME_DIST", "DENSE_RANK", "NTILE", "PERCENT_RANK", "RANK", "ROW_NUMBER"];
/// Aggregates that are NULL only where all that they aggregate is.
const OF_SOME: [&str; 18] = [
    "ANY_VALUE",
    "ARBITRARY",
    "AVG",
    "BOOLAND_AGG",
    "BOOLOR_AGG",
    "BOOL_AND",
    "BOOL_OR",
    "FIRST",
    "LAST",
    "LIST",
    "LISTAGG",
    "MAX",
    "MEDIAN",
    "MEAN",
    "MIN",
    "MODE",
    "STRING_AGG",
    "SUM",
];
/// Functions of the time of day.
const TIMES: [&str; 13] = [
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "GETDATE",
    "GET_CURRENT_TIMESTAMP",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NOW",
    "SYSDATE",
    "SYSTIMESTAMP",
    "TODAY",
    "TRANSACTION_TIMESTAMP",
    "UNIX_TIMESTAMP",
];
/// Functions of chance, when they have no arguments.
const CHANCE: [&str; 10] =
    ["GEN_RANDOM_UUID", "RANDOM", "SEQ1", "SEQ2", "SEQ4", "SEQ8", "UUID", "UUIDV4", "UUIDV7", "UUID_STRING"];
/// Window functions whose result is the order's.
const ORDERED: [&str; 7] = ["FIRST_VALUE", "LAG", "LAST_VALUE", "LEAD", "NTH_VALUE", "NTILE", "ROW_NUMBER"];

/// Whether a call is NULL where an argument is.
pub(super) fn is_strict(call: &Call, dialect: Dialect) -> bool {
    let name = call.name.as_str();
    call.window.is_none()
        && (STRICT.contains(&name)
            || name.starts_with("TRY_TO_")
            || (dialect == Dialect::Snowflake && SNOWFLAKE_STRICT.contains(&name)))
}

/// Whether a value of this type is NULL only where SQL says NULL: a JSON null may become one on the way.
fn is_plain(data_type: &ValueType) -> bool {
    data_type.rough().is_some_and(|rough| rough != "semi-structured")
}

/// What is NULL where one of these is, and only there.
pub(super) fn strict<'v>(parts: impl IntoIterator<Item = &'v Value>) -> Nulls {
    Nulls::all(parts.into_iter().map(|part| match part.nulls {
        Nulls::Never if !is_plain(&part.data_type) && !part.edges.is_empty() => Nulls::Unknown,
        nulls => nulls,
    }))
}

/// What an operator makes of an operand, whose nulls and type these are, and the one to its right.
pub(super) fn nulls_of_operator(
    operator: Operator,
    (nulls, data_type): (Nulls, &ValueType),
    right: &Value,
    dialect: Dialect,
) -> Nulls {
    let left = if is_plain(data_type) { nulls } else { nulls.doubted() };
    let both = Nulls::all([left, strict([right])]);
    match operator {
        Operator::And | Operator::Or => match Nulls::all([nulls, right.nulls]) {
            Nulls::Never => Nulls::Never,
            _ => Nulls::Unknown,
        },
        Operator::Truth | Operator::Other | Operator::Arrow | Operator::LongArrow => Nulls::Unknown,
        // A division by zero is NULL.
        Operator::Divide | Operator::DivideWhole | Operator::Modulo if dialect == Dialect::DuckDb => both.doubted(),
        _ => both,
    }
}

impl Analyst<'_> {
    /// Whether a call is NULL.
    pub(super) fn nulls_of_call(&mut self, call: &Call, arguments: &[Value], kind: Option<FunctionKind>) -> Nulls {
        let nulls = |at: usize| arguments.get(at).map_or(Nulls::Unknown, |argument| argument.nulls);
        let name = call.name.as_str();
        match (name, arguments.len()) {
            ("COALESCE" | "NVL" | "IFNULL", _) => return Nulls::first(arguments.iter().map(|argument| argument.nulls)),
            ("NVL2", 3) => return Nulls::all([nulls(1), nulls(2)]),
            ("IFF" | "IF", 3) => return self.nulls_of_choice(call, [nulls(1), nulls(2)]),
            ("NULLIF" | "NULLIFZERO", _) => return Nulls::May(NullReason::NullIf),
            ("LAG" | "LEAD", 3) => return Nulls::all([nulls(0), nulls(2)]),
            ("LAG" | "LEAD", _) => return Nulls::May(NullReason::Neighbour),
            _ if name.starts_with("TRY_TO_") => return Nulls::May(NullReason::Try),
            _ => {}
        }
        if NEVER.contains(&name) || (call.window.is_some() && NEVER_IN_WINDOWS.contains(&name)) {
            return Nulls::Never;
        }
        if self.dialect == Dialect::Snowflake && matches!(name, "LISTAGG" | "ARRAY_AGG" | "OBJECT_AGG") {
            return Nulls::Never;
        }
        match kind {
            Some(FunctionKind::Scalar) if is_strict(call, self.dialect) => strict(arguments),
            Some(FunctionKind::Aggregate) if call.window.is_none() => self.nulls_of_aggregate(call, arguments),
            _ => Nulls::Unknown,
        }
    }

    fn nulls_of_aggregate(&mut self, call: &Call, arguments: &[Value]) -> Nulls {
        match self.scope().has_groups {
            _ if !OF_SOME.contains(&call.name.as_str()) => Nulls::Unknown,
            Some(false) => Nulls::May(NullReason::NoRows),
            Some(true) if call.filters.is_empty() => strict(arguments.first()),
            _ => Nulls::Unknown,
        }
    }

    /// `IFF`: its results, each where the condition is true or is not.
    fn nulls_of_choice(&mut self, call: &Call, results: [Nulls; 2]) -> Nulls {
        let condition = &call.arguments[0].value;
        let [mut yes, mut no] = results;
        let (mut if_true, mut if_not) = (Vec::new(), Vec::new());
        if matches!(yes, Nulls::May(_)) {
            holds(condition, true, self.dialect, &mut if_true);
            yes = self.nulls_where(&if_true, &call.arguments[1].value, yes);
        }
        if matches!(no, Nulls::May(_)) {
            fails(condition, self.dialect, &mut if_not);
            no = self.nulls_where(&if_not, &call.arguments[2].value, no);
        }
        Nulls::all([yes, no])
    }

    /// `CASE`: its results, each where its condition is true and those before it are not.
    pub(super) fn nulls_of_case(&mut self, case: &Case, results: &[Value]) -> Nulls {
        let arms = results.len() - usize::from(case.has_else);
        // With an operand, conditions are values.
        let is_searched = case.conditions.len() == arms;
        let mut before = Vec::new();
        let mut all = Vec::with_capacity(results.len() + 1);
        for (at, result) in results.iter().enumerate() {
            let mut here = before.clone();
            if let Some(condition) = case.conditions.get(at).filter(|_| is_searched && at < arms) {
                holds(condition, true, self.dialect, &mut here);
                fails(condition, self.dialect, &mut before);
            }
            all.push(match result.nulls {
                Nulls::May(_) => self.nulls_where(&here, &case.results[at], result.nulls),
                nulls => nulls,
            });
        }
        if !case.has_else {
            all.push(Nulls::May(NullReason::Case));
        }
        Nulls::all(all)
    }

    /// Whether an expression is NULL where these columns are not.
    fn nulls_where(&mut self, columns: &[&[Name]], expr: &Expr, otherwise: Nulls) -> Nulls {
        if columns.is_empty() {
            return otherwise;
        }
        let scope = self.scope();
        let (relations, merged): (Vec<Relation>, _) = (scope.relations.clone(), scope.merged.clone());
        let (findings, marks) = (self.findings.len(), self.marks.len());
        self.prove(columns);
        let nulls = self.value(expr).nulls;
        self.findings.truncate(findings);
        self.marks.truncate(marks);
        let scope = self.scope();
        (scope.relations, scope.merged) = (relations, merged);
        nulls
    }

    /// What a call depends on beside the data; a place where that matters is marked.
    pub(super) fn volatile_of_call(&mut self, call: &Call, arguments: Volatile) -> Volatile {
        let name = call.name.as_str();
        let is_chance = CHANCE.contains(&name) && call.arguments.is_empty() && call.window.is_none();
        let is_unordered = ORDERED.contains(&name) && call.window.as_ref().is_some_and(has_no_order);
        for (is, kind) in [(is_chance, MarkKind::Chance), (is_unordered, MarkKind::Unordered)] {
            if is {
                let decides = self.deciding > 0;
                self.marks.push(Mark { kind, name: call.name.clone(), range: call.span.clone(), decides });
            }
        }
        Volatile { time: arguments.time || is_time(call), chance: arguments.chance || is_chance || is_unordered }
    }
}

/// Whether a call asks for the time of day.
pub(super) fn is_time(call: &Call) -> bool {
    TIMES.contains(&call.name.as_str())
}

/// Whether a window leaves the order of its rows open: no key, a constant, or a key that is the same in the whole partition.
fn has_no_order(window: &Window) -> bool {
    let key = |expr: &Expr| match expr {
        Expr::Column(parts, _) => parts.last().map(|name| name.key.clone()),
        _ => None,
    };
    let is_open = |expr: &Expr| {
        matches!(expr, Expr::Literal(_))
            || matches!(expr, Expr::Subquery(query) if query.reads_nothing())
            || key(expr).is_some_and(|found| window.partition.iter().filter_map(key).any(|other| other == found))
    };
    window.name.is_none() && window.order.iter().all(is_open)
}
