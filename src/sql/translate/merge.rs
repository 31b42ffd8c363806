//! MERGE: the engine's own, behind a statement that counts what it will do and refuses what Snowflake refuses.

use std::ops::Range;

use sqlparser::ast::{Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertKind, MergeUpdateKind, Statement};

use super::cursor::Cursor;
use super::position::mark;
use super::scope::{Relation, Scope};
use super::{Made, ResultColumn, ResultShape, Step, Translator, quote};
use crate::sql::DataType;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// A clause as the engine's SQL.
struct Clause {
    matched: bool,
    condition: Option<String>,
    action: Action,
}

enum Action {
    Update(String),
    Delete,
    Insert(String),
}

impl Clause {
    fn sql(&self) -> String {
        let condition = self.condition.as_ref().map_or_else(String::new, |condition| format!(" AND {condition}"));
        let kind = if self.matched { "MATCHED" } else { "NOT MATCHED" };
        let action = match &self.action {
            Action::Update(sets) => format!("UPDATE SET {sets}"),
            Action::Delete => "DELETE".to_owned(),
            Action::Insert(values) => format!("INSERT {values}"),
        };
        format!("WHEN {kind}{condition} THEN {action}")
    }

    fn letter(&self) -> &'static str {
        match self.action {
            Action::Update(_) => "'U'",
            Action::Delete => "'D'",
            Action::Insert(_) => "'I'",
        }
    }
}

impl Translator<'_> {
    pub(super) fn merge(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let range = cursor.range();
        let Statement::Merge(merge) = cursor.statement()? else { return Err(cursor.expected("MERGE")) };
        if !self.is_plain(&merge.table) || merge.output.is_some() {
            return Err(SqlProblem::unsupported("this MERGE", range));
        }
        self.scopes.push(Scope::default());
        self.changes = true;
        let target_sql = self.table(&merge.table)?;
        self.changes = false;
        let target = self.scope().relations.pop().expect("a table enters the scope");
        let mut statements = Vec::new();
        let mut source_sql = self.table(&merge.source)?;
        let source = self.scope().relations.last().cloned().expect("a table enters the scope");
        let kept = quote("MERGANSER$MERGE");
        if !self.is_plain(&merge.source) {
            // The source is read twice; a query is run once, into a temporary table.
            let plain = format!("SELECT * FROM {source_sql}");
            statements.push(format!("CREATE OR REPLACE TEMP TABLE {kept} AS {plain}"));
            source_sql = format!("temp.{kept} AS {}", quote(&source.alias));
        }
        self.scope().relations.push(target.clone());
        let on = self.boolean(&merge.on)?;
        let on = target.rows.iter().fold(on, |on, rows| format!("({on} AND {rows})"));
        let clauses = self.clauses(&merge, &target, &source)?;
        self.scopes.pop();
        let (count, columns) =
            count_statement(&clauses, &target_sql, &source_sql, (&on, &target.alias, &self.range_of(&merge.on)));
        let counted = statements.len();
        statements.push(count);
        let written: Vec<String> = clauses.iter().map(Clause::sql).collect();
        statements.push(format!("MERGE INTO {target_sql} USING {source_sql} ON {on} {}", written.join(" ")));
        if counted > 0 {
            statements.push(format!("DROP TABLE temp.{kept}"));
        }
        let result = ResultShape::Rows { statement: counted, columns: Some(columns) };
        Ok(Made { statements, result, session: Vec::new() })
    }

    fn clauses(&mut self, merge: &Merge, target: &Relation, source: &Relation) -> Step<Vec<Clause>> {
        let mut clauses = Vec::new();
        for clause in &merge.clauses {
            let range = self.text.range(clause.when_token.0.span);
            let matched = match clause.clause_kind {
                MergeClauseKind::Matched => true,
                MergeClauseKind::NotMatched => false,
                _ => return Err(SqlProblem::unsupported("NOT MATCHED BY SOURCE", range)),
            };
            let condition = clause.predicate.as_ref().map(|condition| self.boolean(condition)).transpose()?;
            let action = self.action(clause, target, source)?;
            clauses.push(Clause { matched, condition, action });
        }
        Ok(clauses)
    }

    fn action(&mut self, clause: &MergeClause, target: &Relation, source: &Relation) -> Step<Action> {
        let range = self.text.range(clause.when_token.0.span);
        match &clause.action {
            MergeAction::Delete { .. } => Ok(Action::Delete),
            MergeAction::Update(update) => match &update.kind {
                MergeUpdateKind::Set(sets) => Ok(Action::Update(self.assignments(sets, target)?)),
                MergeUpdateKind::Wildcard => Err(SqlProblem::unsupported("UPDATE *", range)),
            },
            MergeAction::Insert(insert) => {
                // Values of an INSERT see the source alone.
                let visible = std::mem::replace(&mut self.scope().relations, vec![source.clone()]);
                let MergeInsertKind::Values(values) = &insert.kind else {
                    return Err(SqlProblem::unsupported("this INSERT", range));
                };
                let [row] = values.rows.as_slice() else {
                    return Err(SqlProblem::new(WRONG_TYPE, "an INSERT of MERGE has one row of values", range));
                };
                let mut names = Vec::new();
                let mut cells = Vec::new();
                let count = if insert.columns.is_empty() { target.columns.len() } else { insert.columns.len() };
                if count != row.content.len() && !(target.open && insert.columns.is_empty()) {
                    let message = format!("{count} columns are filled by {} values", row.content.len());
                    return Err(SqlProblem::new(WRONG_TYPE, message, range));
                }
                for (index, value) in row.content.iter().enumerate() {
                    let column = match insert.columns.get(index) {
                        Some(name) => self.target_column(name, target)?,
                        None => target.columns.get(index).ok_or_else(String::new),
                    };
                    if !insert.columns.is_empty() {
                        names.push(match &column {
                            Ok(column) => quote(&column.stored),
                            Err(name) => quote(name),
                        });
                    }
                    cells.push(self.value_for(value, column)?);
                }
                self.scope().relations = visible;
                let names = if names.is_empty() { String::new() } else { format!("({}) ", names.join(", ")) };
                Ok(Action::Insert(format!("{names}VALUES ({})", cells.join(", "))))
            }
            MergeAction::DoNothing { .. } => Err(SqlProblem::unsupported("DO NOTHING", range)),
        }
    }
}

/// A query that counts what each action will do, and fails where one target row is updated or deleted by several
/// source rows of which one updates.
fn count_statement(
    clauses: &[Clause],
    target: &str,
    source: &str,
    (on, alias, range): (&str, &str, &Range<usize>),
) -> (String, Vec<ResultColumn>) {
    let row = format!("{}.rowid", quote(alias));
    let case = |matched: bool| {
        let mut sql = String::from("CASE");
        for clause in clauses.iter().filter(|clause| clause.matched == matched) {
            let condition = clause.condition.as_deref().unwrap_or("true");
            sql.push_str(&format!(" WHEN {condition} THEN {}", clause.letter()));
        }
        if sql.len() == 4 { "NULL".to_owned() } else { sql + " END" }
    };
    let actions = format!(
        "SELECT {row} AS r, CASE WHEN {row} IS NULL THEN {} ELSE {} END AS a FROM {source} LEFT JOIN {target} ON {on}",
        case(false),
        case(true)
    );
    let has = |letter: &str| clauses.iter().any(|clause| clause.letter() == letter);
    let mut items = Vec::new();
    let mut columns = Vec::new();
    for (letter, label) in
        [("'I'", "number of rows inserted"), ("'U'", "number of rows updated"), ("'D'", "number of rows deleted")]
    {
        if has(letter) {
            let counted = if letter == "'D'" { "count(DISTINCT r)" } else { "count(*)" };
            items.push(format!("{counted} FILTER (WHERE a = {letter}) AS {}", quote(label)));
            columns.push(ResultColumn { name: label.to_owned(), data_type: DataType::number(18, 0) });
        }
    }
    let check = format!(
        "SELECT CASE WHEN count(*) > 1 AND count(*) FILTER (WHERE a = 'U') > 0 THEN {} END AS e \
         FROM actions WHERE r IS NOT NULL AND a IS NOT NULL GROUP BY r",
        mark(range, "sf_duplicate_row(true)")
    );
    let sql = format!(
        "WITH actions AS MATERIALIZED ({actions}), checked AS ({check}) \
         SELECT {} FROM actions WHERE (SELECT count(e) FROM checked) = 0",
        items.join(", ")
    );
    (sql, columns)
}
