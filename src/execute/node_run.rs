//! Running one node's plan.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;

use super::csv_line;
use super::ephemeral::blamed;
use super::report::{NodeResult, Observer, Status};
use crate::analyze::Places;
use crate::compile::{Compilation, Compiled};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::jinja::{Origin, ResultTable, Subject};
use crate::load::{self, LoadRun, LoadSpec, LoadStamp, Location, ObjectStoreOptions, Store};
use crate::plan::{Action, LoadSource, NodePlan, Planner, Purpose, Step, Work};
use crate::project::{Macro, NodeKind, Project};
use crate::source::Span;
use crate::sql::{Relation, RelationKind, split};
use crate::warehouse::{Cell, Connection, Outcome, SchemaName, WarehouseError};

/// Runs plans against a warehouse.
pub struct Runner<'a> {
    /// Makes the plans of late nodes again.
    pub planner: &'a Planner<'a>,
    /// What was compiled.
    pub compilation: &'a Compilation,
    /// The unique ids that were selected.
    pub selected: BTreeSet<String>,
    /// The warehouse.
    pub connection: Arc<Connection>,
    /// What is declared, and where.
    pub project: &'a Project,
    /// How many nodes run at a time.
    pub threads: usize,
    /// Whether the first failure stops the run.
    pub fail_fast: bool,
    /// Whether a test that warns has failed (dbt: `--warn-error`).
    pub fails_warned_tests: bool,
    /// How S3 is reached.
    pub object_store: ObjectStoreOptions,
    /// The id and time of this run's loads.
    pub stamp: LoadStamp,
    /// Is told how batches begin and end.
    pub observer: &'a dyn Observer,
    /// Held while files are loaded: all loads write one ledger, so they take turns.
    pub loading: std::sync::Mutex<()>,
}

/// What the steps gave so far.
#[derive(Default)]
pub(super) struct Progress {
    main: Option<Outcome>,
    check: Option<Outcome>,
    pub(super) rows: Option<u64>,
    message: Option<String>,
    pub(super) sent: Vec<String>,
    /// What a macro wrote down as having run.
    written: Option<String>,
    /// Both sides of a unit test.
    compared: Option<ResultTable>,
}

/// How often a statement that met another transaction is tried again.
const TRIES: u32 = 4;

/// Why a node failed: the warehouse's words with the statement, or a diagnostic made elsewhere.
pub(super) enum Failure {
    Warehouse(WarehouseError, String),
    Other(Box<Diagnostic>),
}

impl From<WarehouseError> for Failure {
    fn from(error: WarehouseError) -> Self {
        Self::Warehouse(error, String::new())
    }
}

impl Runner<'_> {
    /// Runs set-up steps or hooks, one after the other; the first that fails is the answer.
    pub fn steps(&self, steps: &[Step]) -> Result<(), Box<Diagnostic>> {
        for step in steps {
            let (Work::Sql(sql) | Work::Schema(_, sql)) = &step.work else { continue };
            self.connection.execute(sql).map_err(|error| {
                let mut diagnostic =
                    Diagnostic::error(Code::WarehouseError, error.message.clone()).excerpt(sql.clone());
                diagnostic.help = error.help.clone();
                Box::new(diagnostic)
            })?;
            if let Work::Schema(schema, _) = &step.work {
                self.connection.forget(schema);
            }
        }
        Ok(())
    }

    /// Runs one node's plan on a session of its own.
    pub fn run(&self, plan: &NodePlan, worker: usize) -> NodeResult {
        let (begun, clock) = (Utc::now(), Instant::now());
        let graph = self.planner.compiler.graph();
        let node = &graph.nodes[&plan.unique_id];
        let was_late = plan.late;
        let (plan, compiled) = self.fresh(node, plan);
        let ready = Utc::now();
        let mut progress = Progress::default();
        let ended = match &plan.problem {
            Some(problem) => Err(Failure::Other(Box::new(problem.clone()))),
            None => match self.planner.compiler.query_comment(&node.unique_id, Some(node)) {
                Ok(comment) => {
                    self.connection.commented(comment, || self.try_plan(node, &plan, compiled.as_ref(), &mut progress))
                }
                Err(problem) => Err(Failure::Other(problem)),
            },
        };
        self.note_change(&plan);
        let (status, message, failures, problem) = match ended {
            Err(failure) => {
                let problem = self.problem(node, compiled.as_ref(), failure);
                (Status::Error, whole_message(&problem), None, Some(problem))
            }
            Ok(()) => self.verdict(node, &progress),
        };
        let outcome = progress.main.or(progress.check).unwrap_or_default();
        let result = NodeResult {
            unique_id: plan.unique_id.clone(),
            status,
            action: plan.action,
            message,
            rows: progress.rows,
            failures,
            compiled: Some((begun, ready)),
            executed: Some((ready, Utc::now())),
            duration: clock.elapsed(),
            worker,
            query_id: outcome.query_id,
            statements: progress.sent,
            written: progress.written,
            batches: None,
            fixtures: compiled.as_ref().filter(|_| node.unit.is_some()).map(Compiled::expressions).unwrap_or_default(),
            called: compiled.as_ref().filter(|_| was_late).map(|compiled| compiled.macros.clone()).unwrap_or_default(),
            compiled_sql: if was_late { compiled.map(|compiled| compiled.sql) } else { None },
            problem,
        };
        let result = blamed(graph, &self.selected, result);
        if plan.action == Action::Batches && result.status == Status::Success {
            let result = self.batches(node, &plan, result);
            return NodeResult {
                duration: clock.elapsed(),
                executed: Some((ready, Utc::now())),
                compiled_sql: None,
                ..result
            };
        }
        result
    }

    /// The plan to run: a late node's is made again now that its parents have run. What runs in batches has no text but theirs.
    fn fresh(&self, node: &Node, plan: &NodePlan) -> (NodePlan, Option<Compiled>) {
        let known = self.compilation.nodes.get(&node.unique_id);
        if !plan.late {
            return (plan.clone(), known.cloned());
        }
        if self.planner.has_batches(node) {
            return (self.planner.node(node, known), known.cloned());
        }
        match self.planner.compiler.node(node) {
            Ok(compiled) => (self.planner.node(node, Some(&compiled)), Some(compiled)),
            Err(problem) => (NodePlan { problem: Some(*problem), ..plan.clone() }, known.cloned()),
        }
    }

    /// Runs the steps on one session. A transaction that met another one is tried again from the start.
    fn try_plan(
        &self,
        node: &Node,
        plan: &NodePlan,
        compiled: Option<&Compiled>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let subject = self.planner.subject_of(node, compiled);
        self.try_steps(node, plan, &subject, progress)
    }

    /// The same as somebody is seen by the macros of its steps.
    pub(super) fn try_steps(
        &self,
        node: &Node,
        plan: &NodePlan,
        subject: &Arc<Subject>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut attempt = 1;
        loop {
            *progress = Progress::default();
            let ended = self
                .connection
                .pinned(|| plan.steps.iter().try_for_each(|step| self.step(node, subject, step, progress)));
            match ended {
                Err(Failure::Warehouse(error, _)) if error.retryable && attempt < TRIES => {
                    std::thread::sleep(std::time::Duration::from_millis(40 * u64::from(attempt)));
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    fn step(&self, node: &Node, subject: &Arc<Subject>, step: &Step, progress: &mut Progress) -> Result<(), Failure> {
        match &step.work {
            Work::Sql(sql) | Work::Schema(_, sql) => self.statement(sql, step.purpose, progress),
            Work::Load(source) => self.load(source, progress),
            Work::FitColumns { target, source, policy } => {
                progress.sent.extend(self.fit_columns(node, subject, (target, source, policy))?);
                Ok(())
            }
            Work::Strategy(strategy) => {
                // Where the target was made to hold the new columns, its other columns stay null.
                let fitting = if strategy.takes_target_columns { &strategy.target } else { &strategy.source };
                let columns = self.columns_of(fitting)?;
                let relations = (&strategy.target, &strategy.source);
                let steps = self
                    .planner
                    .strategy_steps(node, subject, &strategy.name, relations, &columns)
                    .map_err(Failure::Other)?;
                steps.iter().try_for_each(|step| self.step(node, subject, step, progress))
            }
            Work::Hook(text) => self.hook(node, subject, (text, step.purpose), progress),
            Work::Batch(_) => Ok(()),
            Work::Grants(relation) => self.grants(node, subject, relation),
            Work::ColumnComments(relation, kind) => {
                let part = |name: &Option<String>| name.clone().unwrap_or_default();
                self.connection.forget(&SchemaName::new(&part(&relation.database), &part(&relation.schema)));
                progress.sent.extend(self.column_comments(node, subject, (relation, *kind))?);
                Ok(())
            }
            Work::UnitTest(name) => {
                let executed = self.planner.compiler.execute(node, subject, name);
                let executed =
                    executed.map_err(|error| Failure::Other(Box::new(self.planner.compiler.report(&error, node))))?;
                progress.written = executed.written;
                progress.compared = Some(executed.main.unwrap_or_default());
                Ok(())
            }
            Work::Materialization(name) => {
                let subject = self.planner.compiler.seeing_packages(subject, name);
                self.check_language(node, name)?;
                let call = || self.planner.compiler.execute(node, &subject, name);
                let (call, sent) = self.connection.materialization(call);
                progress.sent.extend(sent);
                let executed =
                    call.map_err(|error| Failure::Other(Box::new(self.planner.compiler.report(&error, node))))?;
                progress.message = Some("OK".to_owned());
                match executed.unnamed.filter(|_| node.kind != NodeKind::Function) {
                    Some(fault) => Err(self.unnamed(node, (name, &fault))),
                    None => Ok(()),
                }
            }
        }
    }

    /// A materialization says which languages it is for. (dbt: `ModelRunner.execute`.)
    fn check_language(&self, node: &Node, name: &str) -> Result<(), Failure> {
        let Some(found) = self.materialization(name) else { return Ok(()) };
        let languages = found.languages.as_deref().unwrap_or_default();
        if languages.iter().any(|language| language == "sql") {
            return Ok(());
        }
        let message = format!("materialization `{}` is for {} only", node.materialized(), languages.join(", "));
        let problem = Diagnostic::error(Code::UnknownMaterialization, message).at(node.span()).node(&node.unique_id);
        let help = "this node is SQL: choose another, or add 'sql' to its `supported_languages`";
        Err(Failure::Other(Box::new(problem.help(help))))
    }

    fn unnamed(&self, node: &Node, (name, fault): (&str, &str)) -> Failure {
        let place = self.materialization(name).map_or_else(|| node.place(), |found| self.header(found));
        let message = format!("materialization `{}` {fault}", node.materialized());
        let help = "end it with `{{ return({'relations': [this]}) }}`";
        Failure::Other(Box::new(Diagnostic::error(Code::TypeError, message).at(place).node(&node.unique_id).help(help)))
    }

    /// The macro of a materialization; of several the root project's.
    fn materialization(&self, name: &str) -> Option<&Macro> {
        let (package, name) = name.split_once('.').map_or((None, name), |(package, name)| (Some(package), name));
        let named = |package: &str| self.project.macros.iter().find(|m| m.package == package && m.name == name);
        let own = || self.project.packages.iter().find_map(|package| named(&package.file.name));
        package.and_then(named).or_else(own).or_else(|| self.project.macros.iter().find(|m| m.name == name))
    }

    fn header(&self, found: &Macro) -> Span {
        Span::new(found.file, found.block.header.clone())
    }

    /// Renders a hook now, and sends its statements.
    fn hook(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        (text, purpose): (&str, Purpose),
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let origin = Origin::NOWHERE;
        let compiler = self.planner.compiler;
        let rendered = compiler.render(node, subject, text, origin);
        let rendered = rendered.map_err(|error| Failure::Other(Box::new(compiler.report(&error, node))))?;
        let mut ranges = split(&rendered.text).into_iter();
        ranges.try_for_each(|range| self.statement(rendered.text[range].trim(), purpose, progress))
    }

    /// Grants and revokes so that a relation's grants are those configured.
    fn grants(&self, node: &Node, subject: &Arc<Subject>, relation: &Relation) -> Result<(), Failure> {
        let grants = node.config.get("grants").cloned().unwrap_or_default();
        let arguments = vec![
            ("relation", self.planner.relation_value(relation)),
            ("grant_config", crate::jinja::json_value(&grants)),
            ("should_revoke", crate::jinja::json_value(&true.into())),
        ];
        let compiler = self.planner.compiler;
        let call = compiler.call(node, subject, "apply_grants", arguments);
        call.map(drop).map_err(|error| Failure::Other(Box::new(compiler.report(&error, node))))
    }

    fn statement(&self, sql: &str, purpose: Purpose, progress: &mut Progress) -> Result<(), Failure> {
        progress.sent.push(sql.to_owned());
        let outcome = self.connection.execute(sql).map_err(|error| Failure::Warehouse(error, sql.to_owned()))?;
        match purpose {
            Purpose::Main => {
                let rows = outcome.affected;
                progress.rows = progress.rows.zip(rows).map(|(a, b)| a + b).or(progress.rows).or(rows);
                progress.main = Some(outcome);
            }
            Purpose::Check => progress.check = Some(outcome),
            Purpose::Support | Purpose::Hook => {}
        }
        Ok(())
    }

    fn load(&self, source: &LoadSource, progress: &mut Progress) -> Result<(), Failure> {
        let _turn = self.loading.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let graph = self.planner.compiler.graph();
        let span = graph.nodes[&source.unique_id].span();
        let fail = |error: load::LoadError| {
            let help = error.help.clone();
            let mut diagnostic =
                Diagnostic::error(Code::LoadFailed, error.to_string()).at(span).node(&source.unique_id);
            diagnostic.help = help;
            Failure::Other(Box::new(diagnostic))
        };
        let spec = self.load_spec(source).map_err(fail)?;
        let store = Store::open(&spec.location, &self.object_store).map_err(fail)?;
        let schema = |relation: &crate::sql::Relation| {
            SchemaName::new(
                relation.database.as_deref().unwrap_or_default(),
                relation.schema.as_deref().unwrap_or_default(),
            )
        };
        let schemas = [schema(&spec.relation), schema(&spec.ledger)];
        schemas.iter().for_each(|schema| self.connection.forget(schema));
        let catalog = self.connection.catalog(&schemas)?;
        let mut report = None;
        let dialect = self.connection.dialect();
        let ran = self.connection.with_session(|session| {
            report = Some((|| {
                let ledger = load::read_ledger(session, dialect, &catalog, &spec)?;
                let listing = store.list(&spec.location, &ledger)?;
                let plan = load::survey(&spec, &listing, &ledger);
                let mut run = LoadRun { session, dialect, store: &store, stamp: self.stamp.clone() };
                Ok((load::load(&mut run, &spec, &plan)?, plan.loaded))
            })());
            Ok(())
        });
        ran?;
        schemas.iter().for_each(|schema| self.connection.forget(schema));
        let (report, known) = report.unwrap_or_else(|| Ok((load::LoadReport::default(), 0))).map_err(fail)?;
        progress.rows = Some(report.rows());
        let quarantined = if report.quarantined() > 0 {
            format!(", {} lines quarantined", report.quarantined())
        } else {
            String::new()
        };
        progress.message = Some(format!("{} new files, {known} known{quarantined}", report.files.len()));
        Ok(())
    }

    fn load_spec(&self, source: &LoadSource) -> Result<LoadSpec, load::LoadError> {
        let location = match &source.pattern {
            Some(pattern) => format!("{}/{pattern}", source.location.trim_end_matches('/')),
            None => source.location.clone(),
        };
        let beside = |relation: crate::sql::Relation| crate::sql::Relation {
            schema: Some(source.ledger_schema.clone()),
            ..relation
        };
        Ok(LoadSpec {
            ledger: beside(load::ledger_beside(&source.relation)),
            quarantine: beside(load::quarantine_beside(&source.relation)),
            relation: source.relation.clone(),
            location: Location::parse(&location, &self.planner.project_dir)?,
            format: load::Format::named(&source.file_format)?,
            on_change: match source.on_change.as_str() {
                "replace_file_rows" => load::OnChange::ReplaceFileRows,
                "fail" => load::OnChange::Fail,
                _ => load::OnChange::AppendVersion,
            },
            on_error: if source.on_error == "quarantine" { load::OnError::Quarantine } else { load::OnError::Fail },
            through: source
                .stage
                .as_ref()
                .map_or(load::Through::Append, |stage| load::Through::Copy { stage: stage.clone() }),
        })
    }

    /// Tells the catalog's copy that a schema changed.
    pub(super) fn note_change(&self, plan: &NodePlan) {
        if let Some((relation, RelationKind::Table | RelationKind::View)) = &plan.makes
            && let (Some(database), Some(schema)) = (&relation.database, &relation.schema)
        {
            self.connection.forget(&SchemaName::new(database, schema));
        }
    }

    /// How a node that ran ended: a test by what it counted.
    fn verdict(&self, node: &Node, progress: &Progress) -> (Status, String, Option<i64>, Option<Diagnostic>) {
        let message = || {
            progress
                .message
                .clone()
                .or_else(|| progress.main.as_ref().map(|outcome| outcome.message.clone()))
                .unwrap_or_default()
        };
        if let Some(compared) = &progress.compared {
            return super::unit_test::verdict(node, compared);
        }
        let Some(check) = &progress.check else { return (Status::Success, message(), None, None) };
        let cells = check.table.rows.first().map(Vec::as_slice).unwrap_or_default();
        let Some(failures) = cells.first().and_then(whole) else { return uncounted(node) };
        let (warns, fails) = match (truth(cells.get(1)), truth(cells.get(2))) {
            (Ok(warns), Ok(fails)) => (warns, fails),
            (Err(text), _) | (_, Err(text)) => return undecided(node, &text),
        };
        let severity = node.setting_text("severity").unwrap_or("error").to_lowercase();
        let status = match (severity.as_str(), fails, warns) {
            ("error", true, _) => Status::Fail,
            (_, _, true) if self.fails_warned_tests => Status::Fail,
            (_, _, true) => Status::Warn,
            _ => Status::Pass,
        };
        if status == Status::Pass {
            // dbt reports no failures of a test that passes, though its thresholds may have tolerated some.
            return (status, String::new(), Some(0), None);
        }
        let condition = node
            .setting_text(if severity == "error" && fails { "error_if" } else { "warn_if" })
            .unwrap_or("!= 0")
            .to_owned();
        let text = format!(
            "Got {failures} {}, configured to {} if {condition}",
            if failures == 1 { "result" } else { "results" },
            if status == Status::Fail { "fail" } else { "warn" }
        );
        let place = node.place();
        let message = format!("test `{}` found {failures} {}", node.name, if failures == 1 { "row" } else { "rows" });
        let make = if status == Status::Fail { Diagnostic::error } else { Diagnostic::warning };
        let help = match &node.relation {
            Some(relation) => format!("the rows are in {}", relation.render()),
            None => format!("see them with `merganser show --select {} --limit 20`", node.name),
        };
        (status, text, Some(failures), Some(make(Code::TestFailed, message).at(place).node(&node.unique_id).help(help)))
    }

    /// The failure at its place in the template.
    pub(super) fn problem(&self, node: &Node, compiled: Option<&Compiled>, failure: Failure) -> Diagnostic {
        let (error, sql) = match failure {
            Failure::Other(diagnostic) => return *diagnostic,
            Failure::Warehouse(error, sql) => (error, sql),
        };
        let place = node.place();
        let spot = error.position.and_then(|position| offset(&sql, position));
        let located = spot.and_then(|at| {
            let compiled = compiled?;
            let start = sql.find(compiled.sql.trim())?;
            let lead = compiled.sql.len() - compiled.sql.trim_start().len();
            let inside = at.checked_sub(start)? + lead;
            let word = compiled
                .sql
                .get(inside..)?
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                .unwrap_or(1)
                .max(1);
            compiled.map.locate(&(inside..inside + word))
        });
        let code = if error.is_unsupported() { Code::UnsupportedSql } else { Code::WarehouseError };
        let mut diagnostic = Diagnostic::error(code, first_line(&error.message)).node(&node.unique_id);
        let keyed = error.message.contains("Duplicate row detected").then(|| self.place_of_key(node)).flatten();
        diagnostic = diagnostic.at(keyed.or(located.map(|(span, _)| span)).unwrap_or(place));
        diagnostic.help = error.help.clone();
        if keyed.is_some() {
            let help = "the model's rows have this key more than once: keep one of each, or make the key longer";
            diagnostic.help = Some(help.to_owned());
        }
        let diagnostic = match (located, spot) {
            (Some((_, true)), _) => diagnostic,
            (_, Some(at)) => diagnostic.excerpt(around(&sql, at)),
            (_, None) => diagnostic.excerpt(sql.lines().take(12).collect::<Vec<_>>().join("\n")),
        };
        csv_line::at_line(diagnostic, node, self.planner.sources, &error.message)
    }
}

impl Runner<'_> {
    /// Where the key stands by which a model's rows are merged.
    fn place_of_key(&self, node: &Node) -> Option<Span> {
        let key = node.setting("unique_key")?;
        let first = key.as_str().or_else(|| key.as_array()?.first()?.as_str())?;
        let places = Places { sources: self.planner.sources, project: self.project };
        Some(places.setting(node, "unique_key", first))
    }
}

/// What a query of a test says of a threshold (dbt: `convert_bool_type`); words that mean neither are the error.
fn truth(cell: Option<&Cell>) -> Result<bool, String> {
    match cell {
        None | Some(Cell::Null) => Ok(false),
        Some(Cell::Boolean(value)) => Ok(*value),
        Some(cell) => {
            let text = cell.to_string();
            match text.to_lowercase().as_str() {
                "y" | "yes" | "t" | "true" | "on" => Ok(true),
                "n" | "no" | "f" | "false" | "off" => Ok(false),
                number => number.parse::<f64>().map(|number| number != 0.0).map_err(|_| text),
            }
        }
    }
}

/// A test whose query says nothing of a threshold.
fn undecided(node: &Node, text: &str) -> (Status, String, Option<i64>, Option<Diagnostic>) {
    let message = format!("test `{}` says `{text}` of a threshold, which is neither true nor false", node.name);
    let help = "`should_warn` and `should_error` of `get_test_sql` must be true or false";
    let problem =
        Diagnostic::error(Code::TestFailed, message.clone()).at(node.place()).node(&node.unique_id).help(help);
    (Status::Error, message, None, Some(problem))
}

/// A test whose `fail_calc` gave no whole number: it has said nothing.
fn uncounted(node: &Node) -> (Status, String, Option<i64>, Option<Diagnostic>) {
    let message = format!("test `{}` counted nothing: its `fail_calc` must give a whole number", node.name);
    let help = "write `fail_calc: \"coalesce(sum(…), 0)\"`, or leave it out";
    let problem =
        Diagnostic::error(Code::TestFailed, message.clone()).at(node.place()).node(&node.unique_id).help(help);
    (Status::Error, message, None, Some(problem))
}

/// What artifacts keep of a problem: of a broken contract also which columns differ.
fn whole_message(problem: &Diagnostic) -> String {
    match &problem.excerpt {
        Some(table) if problem.code == Code::ContractBroken => format!("{}\n{table}", problem.message),
        _ => problem.message.clone(),
    }
}

/// A whole number out of a cell.
fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(value) => i64::try_from(*value).ok(),
        other => other.to_string().split('.').next()?.parse().ok(),
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}

/// The byte at a line and column (both from 1, columns in characters).
fn offset(sql: &str, (line, column): (usize, usize)) -> Option<usize> {
    let start: usize = sql.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let text = sql.get(start..)?;
    let within = text.char_indices().nth(column.checked_sub(1)?).map_or(text.len(), |(at, _)| at);
    Some((start + within).min(sql.len()))
}

/// The lines of a statement around a byte.
fn around(sql: &str, at: usize) -> String {
    let line = sql[..at].matches('\n').count();
    sql.lines().skip(line.saturating_sub(2)).take(5).collect::<Vec<_>>().join("\n")
}
