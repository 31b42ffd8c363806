//! The answers templates get while nodes are compiled or run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::ephemeral::cte_name;
use super::unit_test;
use crate::config::{Batch, Run, Window};
use crate::diagnostic::Code;
use crate::graph::{Graph, Node, flat_graph};
use crate::jinja::value::Value as TemplateValue;
use crate::jinja::{Problem, RefCall, RelationValue, Subject, Voice, World, json_value};
use crate::project::NodeKind;
use crate::sql::{Quoting, Relation, RelationKind};
use crate::warehouse::{CatalogRelation, Connection, Outcome, SchemaName, WarehouseError};

/// What all nodes of an invocation share.
pub(super) struct Shared {
    pub(super) graph: Arc<Graph>,
    pub(super) connection: Option<Arc<Connection>>,
    pub(super) selected: Vec<String>,
    pub(super) flat: OnceLock<TemplateValue>,
    /// Lines for the user, with the node that said them.
    pub(super) said: Arc<Mutex<Vec<Said>>>,
    /// Who hears them at once; without a listener they are kept.
    pub(super) listener: OnceLock<Listener>,
    /// The invocation.
    pub(super) run: Run,
}

/// Hears what templates say while they are rendered.
pub type Listener = Box<dyn Fn(&str, Voice) + Send + Sync>;

/// A line for the user.
pub(super) struct Said {
    pub(super) unique_id: String,
    pub(super) text: String,
    pub(super) voice: Voice,
}

/// The world as one node sees it, and what it asked.
pub(super) struct NodeWorld {
    pub(super) shared: Arc<Shared>,
    /// Relations of another environment that are read instead.
    pub(super) elsewhere: Arc<BTreeMap<String, Relation>>,
    /// Unique ids of ephemeral models it read, in order.
    pub(super) ephemeral: Mutex<Vec<String>>,
    /// Whether it asked about anything but its own relation.
    pub(super) asked: AtomicBool,
    /// Whether the answer was that there is nothing: no such relation, or no rows.
    pub(super) unseen: AtomicBool,
    /// The node.
    pub(super) unique_id: String,
    /// The node's own relation.
    pub(super) own: Option<Relation>,
    /// The batch that is built, if the node is a microbatch model.
    pub(super) batch: Option<Batch>,
    /// Whether only the node's own relation may be asked about: the node's parents have not run yet.
    pub(super) early: bool,
}

impl NodeWorld {
    fn node(&self, unique_id: &str) -> Option<&Node> {
        self.shared.graph.node(unique_id)
    }
}

impl World for NodeWorld {
    fn reference(&self, subject: &Subject, call: &RefCall) -> Result<RelationValue, Problem> {
        let id = self.shared.graph.lookup.reference(&subject.package, call)?;
        let dialect = self.dialect();
        let node = self
            .node(&id)
            .ok_or_else(|| Problem::new(Code::UnknownRef, format!("`{}` is not part of the graph", call.name)))?;
        let asking = self.node(&subject.unique_id);
        if let Some(test) = asking.filter(|asking| asking.unit.is_some()) {
            return self.given(test, node, &format!("ref('{}')", call.name));
        }
        if asking.is_some_and(|asking| !asking.depends_on.contains(&id)) {
            let message = format!("`{}` is read here, but not seen when the project was parsed", call.name);
            let help = format!("add this line to the model: -- depends_on: {{{{ ref('{}') }}}}", call.name);
            return Err(Problem::new(Code::UnknownRef, message).help(help));
        }
        if node.is_ephemeral() && subject.unique_id.starts_with("macro.") {
            let message = format!("an operation cannot read `{}`, which is ephemeral", call.name);
            let help = "an ephemeral model is no relation: materialize it as a view or a table";
            return Err(Problem::new(Code::UnknownRef, message).help(help));
        }
        if node.is_ephemeral() {
            let mut read = self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner);
            if !read.contains(&id) {
                read.push(id.clone());
            }
            let quoting = Quoting { database: false, schema: false, identifier: false };
            let relation = Relation { database: None, schema: None, identifier: cte_name(&node.alias), quoting };
            let relation = RelationValue::new(relation, Some(RelationKind::Cte), dialect);
            return Ok(self.limited(relation, asking, node));
        }
        let relation = self
            .elsewhere
            .get(&id)
            .or(node.relation.as_deref())
            .cloned()
            .ok_or_else(|| Problem::new(Code::UnknownRef, format!("`{}` makes no relation", call.name)))?;
        Ok(self.limited(RelationValue::new(relation, None, dialect), asking, node))
    }

    fn source(&self, subject: &Subject, source: &str, table: &str) -> Result<RelationValue, Problem> {
        let id = self.shared.graph.lookup.source(&subject.package, source, table)?;
        let found = self.node(&id).and_then(|node| Some((node, node.relation.as_deref()?)));
        let (node, relation) = found
            .ok_or_else(|| Problem::new(Code::UnknownSource, format!("`{source}.{table}` is not part of the graph")))?;
        if let Some(test) = self.node(&subject.unique_id).filter(|asking| asking.unit.is_some()) {
            return self.given(test, node, &format!("source('{source}', '{table}')"));
        }
        let mut value = RelationValue::new(relation.clone(), None, self.dialect());
        value.instead = node.source.as_ref().and_then(|details| details.read_in_place.clone());
        Ok(self.limited(value, self.node(&subject.unique_id), node))
    }

    fn function(&self, subject: &Subject, call: &[String]) -> Result<RelationValue, Problem> {
        let id = self.shared.graph.lookup.function(&subject.package, call)?;
        let name = call.last().map(String::as_str).unwrap_or_default();
        if self.node(&subject.unique_id).is_some_and(|node| node.unit.is_none() && !node.depends_on.contains(&id)) {
            let message = format!("the function `{name}` is called here, but not seen when the project was parsed");
            let help = format!("add this line to the model: -- depends_on: {{{{ function('{name}') }}}}");
            return Err(Problem::new(Code::UnknownRef, message).help(help));
        }
        let relation = self.elsewhere.get(&id).or_else(|| self.node(&id)?.relation.as_deref()).cloned();
        let relation = relation
            .ok_or_else(|| Problem::new(Code::UnknownRef, format!("the function `{name}` is not part of the graph")))?;
        Ok(RelationValue::new(relation, Some(RelationKind::Function), self.dialect()))
    }

    fn graph(&self) -> TemplateValue {
        self.shared.flat.get_or_init(|| json_value(&flat_graph(&self.shared.graph))).clone()
    }

    fn selected(&self) -> Vec<String> {
        self.shared.selected.clone()
    }

    fn execute(&self, sql: &str) -> Option<Result<Outcome, WarehouseError>> {
        let outcome = self.asked().map(|connection| execute_all(connection, sql));
        self.see(matches!(&outcome, Some(Ok(outcome)) if has_answer(outcome, sql)));
        outcome
    }

    fn begin(&self) -> Result<(), WarehouseError> {
        self.shared.connection.as_ref().map_or(Ok(()), |connection| connection.begin())
    }

    fn commit(&self) -> Result<(), WarehouseError> {
        self.shared.connection.as_ref().map_or(Ok(()), |connection| connection.commit())
    }

    fn relation(&self, relation: &Relation) -> Option<Result<Option<CatalogRelation>, WarehouseError>> {
        let is_own = self.own.as_ref().is_some_and(|own| {
            own.identifier.eq_ignore_ascii_case(&relation.identifier)
                && same(own.schema.as_deref(), relation.schema.as_deref())
        });
        let connection = if is_own { self.shared.connection.as_ref() } else { self.asked() };
        let found = connection.map(|connection| connection.relation(relation));
        self.see(is_own || matches!(found, Some(Ok(Some(_)))));
        found
    }

    fn relations(&self, database: &str, schema: &str) -> Option<Result<Vec<CatalogRelation>, WarehouseError>> {
        let schema = SchemaName::new(database, schema);
        let found = self.asked().map(|connection| connection.relations(&schema).map(|(relations, _)| relations));
        self.see(matches!(&found, Some(Ok(relations)) if !relations.is_empty()));
        found
    }

    fn changed(&self, database: &str, schema: &str) {
        if let Some(connection) = &self.shared.connection {
            connection.forget(&SchemaName::new(database, schema));
        }
    }

    fn say(&self, text: &str, voice: Voice) {
        if let Some(listener) = self.shared.listener.get() {
            return listener(text, voice);
        }
        let said = Said { unique_id: self.unique_id.clone(), text: text.to_owned(), voice };
        self.shared.said.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    }
}

impl NodeWorld {
    /// The connection, for a question that is not about the node's own relation.
    fn asked(&self) -> Option<&Arc<Connection>> {
        self.asked.store(true, Ordering::Relaxed);
        self.shared.connection.as_ref().filter(|_| !self.early)
    }

    /// Takes note of an answer.
    fn see(&self, is_there: bool) {
        self.unseen.fetch_or(!is_there, Ordering::Relaxed);
    }

    /// A relation that is read, limited as `--empty`, `--sample` and the batch ask for.
    fn limited(&self, value: RelationValue, reader: Option<&Node>, read: &Node) -> RelationValue {
        let run = &self.shared.run;
        let can_filter = reader.is_some_and(|node| matches!(node.kind, NodeKind::Model | NodeKind::Snapshot));
        let during = match (&self.batch, &run.sample) {
            (Some(batch), Some(sample)) => {
                Some(Window { start: batch.window.start.max(sample.start), end: batch.window.end.min(sample.end) })
            }
            (Some(batch), None) => Some(batch.window),
            (None, sample) => *sample,
        };
        let column = event_time_column(read);
        let during = column.zip(during).filter(|_| can_filter);
        let mut value = value;
        value.empty = run.empty;
        value.during = during;
        value
    }

    /// Takes over that another world, which answers for this one, was asked.
    pub(super) fn note(&self, other: &Self) {
        self.asked.fetch_or(other.asked.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// What a unit test's template reads: the rows that are given.
    fn given(&self, test: &Node, node: &Node, read: &str) -> Result<RelationValue, Problem> {
        let is_given = test.unit.as_ref().is_some_and(|unit| unit.inputs.contains(&node.unique_id));
        if !is_given {
            return Err(unit_test::missing_input(test, read));
        }
        let mut read = self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner);
        if !read.contains(&node.unique_id) {
            read.push(node.unique_id.clone());
        }
        Ok(unit_test::input_relation(node, &self.shared.graph))
    }

    fn dialect(&self) -> crate::sql::Dialect {
        self.shared.graph.dialect
    }
}

/// Whether a statement was answered with rows, or was asked for something else: for the names of columns, or to change something.
fn has_answer(outcome: &Outcome, sql: &str) -> bool {
    let wants_no_rows = || {
        let words: Vec<&str> = sql.split_whitespace().collect();
        let has =
            |a: &str, b: &str| words.windows(2).any(|two| two[0].eq_ignore_ascii_case(a) && two[1].starts_with(b));
        has("where", "false") || has("limit", "0")
    };
    outcome.table.columns.is_empty() || !outcome.table.rows.is_empty() || wants_no_rows()
}

/// Sends each statement of a text; the answer is that of the last one that says how many rows it changed, or else of the last,
/// so that the `commit` behind a `merge` does not hide what the `merge` did.
fn execute_all(connection: &Connection, sql: &str) -> Result<Outcome, WarehouseError> {
    let statements = crate::sql::split(sql);
    if statements.len() < 2 {
        return connection.execute(sql);
    }
    let mut last = Outcome::default();
    for range in statements {
        let outcome = connection.execute(sql[range].trim())?;
        if outcome.affected.is_some() || last.affected.is_none() {
            last = outcome;
        }
    }
    Ok(last)
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    a.unwrap_or_default().eq_ignore_ascii_case(b.unwrap_or_default())
}

/// The column of event time as SQL names it: quoted where the column, or else its source, says so.
fn event_time_column(node: &Node) -> Option<String> {
    let name = node.setting_text("event_time").filter(|name| !name.is_empty())?;
    let own = node.columns.get(name).and_then(|column| column.quote);
    let of_source = || node.source.as_ref()?.quoting.get("column").and_then(Value::as_bool);
    let quotes = own.or_else(of_source).unwrap_or(false);
    Some(if quotes { format!("\"{name}\"") } else { name.to_owned() })
}
