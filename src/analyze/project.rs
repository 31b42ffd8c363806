//! All nodes: each is analysed as soon as what it reads has been, in parallel.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::edge::Edge;
use super::function::{DeclaredFunction, Functions};
use super::hook;
use super::kept::{self, Kept, Print, Resolved, Seen};
use super::promise::Promises;
use super::query::{QueryFacts, Relations, analyze_query};
use super::schema::Schema;
use super::snapshot::snapshot_columns;
use super::{Analysis, NodeAnalysis};
use crate::compile::{Compilation, Compiled};
use crate::graph::{Graph, Node, Order};
use crate::project::NodeKind;
use crate::sql::query::{Name, read_query};
use crate::sql::{Dialect, SqlProblem, ValueType};
use crate::warehouse::duckdb_refuses;

/// What is known before any SQL is read.
#[derive(Debug)]
pub struct Given<'a> {
    /// The SQL of the models.
    pub dialect: Dialect,
    /// The columns of seeds, stage tables, and relations of the catalog, by unique id.
    pub schemas: HashMap<String, Arc<Schema>>,
    /// The database and schema of relations that are written without.
    pub database: &'a str,
    /// The schema of relations that are written without.
    pub schema: &'a str,
    /// Functions that the project declares.
    pub functions: Functions,
    /// What earlier invocations found.
    pub kept: &'a Kept,
}

/// Analyses the wanted nodes; what they read must be among them, or is taken as not known.
pub fn analyze(
    graph: &Graph,
    order: &Order,
    compilation: &Compilation,
    given: &Given<'_>,
    wanted: impl Fn(&str) -> bool,
) -> Analysis {
    let (relations, promises) = rayon::join(|| relation_index(graph, given.dialect), || Promises::of(graph));
    let work = Work {
        graph,
        compilation,
        given,
        relations,
        results: graph.nodes.values().map(|_| OnceLock::new()).collect(),
        prints: graph.nodes.values().map(|_| OnceLock::new()).collect(),
        functions: kept::functions_print(&given.functions),
        promises,
    };
    let is_wanted =
        |node: &Node| wanted(&node.unique_id) || node.kind == NodeKind::Source || node.kind == NodeKind::Seed;
    let numbers: Vec<usize> = order
        .sequence
        .iter()
        .filter_map(|id| graph.nodes.get_index_of(id))
        .filter(|at| is_read(&graph.nodes[*at]) && is_wanted(&graph.nodes[*at]))
        .collect();
    work.run(&numbers);
    Analysis { nodes: work.results.into_iter().map(OnceLock::into_inner).collect(), promises: work.promises }
}

/// Whether its SQL is looked at.
fn is_read(node: &Node) -> bool {
    has_columns(node) || (node.kind == NodeKind::Test && !names_own_column_only(node))
}

/// Whether a test is one of those that nearly every column has: of the project's files it names nothing but the column it is declared on.
fn names_own_column_only(node: &Node) -> bool {
    const PLAIN: [&str; 3] = ["macro.dbt.test_not_null", "macro.dbt.test_unique", "macro.dbt.test_accepted_values"];
    let is_plain = || node.macros.first().is_some_and(|id| PLAIN.contains(&id.as_str()));
    node.test.as_ref().is_some_and(|test| test.column_name.is_some()) && is_plain() && node.setting("where").is_none()
}

/// Whether it is a relation that others may read.
fn has_columns(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot | NodeKind::Source)
}

struct Work<'a> {
    graph: &'a Graph,
    compilation: &'a Compilation,
    given: &'a Given<'a>,
    relations: HashMap<String, Vec<u32>>,
    results: Vec<OnceLock<Box<NodeAnalysis>>>,
    /// The fingerprints of the nodes' columns, as far as somebody asked for them.
    prints: Vec<OnceLock<Print>>,
    functions: Print,
    promises: Promises,
}

impl Work<'_> {
    /// Analyses nodes, given parents first; each begins when its parents are done. Sources can be read without `source`, so they come
    /// before all others.
    fn run(&self, numbers: &[usize]) {
        let is_origin = |at: &&usize| self.graph.nodes[**at].kind == NodeKind::Source;
        for at in numbers.iter().filter(is_origin) {
            let _ = self.results[*at].set(Box::new(self.node(*at)));
        }
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.graph.nodes.len()];
        let waiting: Vec<AtomicUsize> = self.graph.nodes.values().map(|_| AtomicUsize::new(0)).collect();
        let mut is_listed = vec![false; self.graph.nodes.len()];
        numbers.iter().for_each(|at| is_listed[*at] = true);
        for at in numbers {
            for parent in &self.graph.nodes[*at].depends_on {
                if let Some(parent) = self.graph.nodes.get_index_of(parent).filter(|parent| is_listed[*parent]) {
                    children[parent].push(*at);
                    waiting[*at].fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let ready: Vec<usize> =
            numbers.iter().copied().filter(|at| waiting[*at].load(Ordering::Relaxed) == 0).collect();
        let (children, waiting) = (&children, &waiting);
        rayon::scope(|scope| {
            for at in ready {
                scope.spawn(move |scope| self.node_and_readers(at, children, waiting, scope));
            }
        });
    }

    fn node_and_readers<'s>(
        &'s self,
        first: usize,
        children: &'s [Vec<usize>],
        waiting: &'s [AtomicUsize],
        scope: &rayon::Scope<'s>,
    ) {
        // One reader goes on on this thread: the next in a chain finds its parent's columns at hand.
        let mut next = Some(first);
        while let Some(at) = next.take() {
            let found = if self.results[at].get().is_some() { None } else { Some(self.node(at)) };
            // Nobody reads a test: what is wrong with it is all that is of use.
            let is_told =
                |found: &NodeAnalysis| self.graph.nodes[at].kind != NodeKind::Test || !found.findings().is_empty();
            if let Some(found) = found.filter(is_told) {
                let _ = self.results[at].set(Box::new(found));
            }
            for child in &children[at] {
                if waiting[*child].fetch_sub(1, Ordering::AcqRel) != 1 {
                    continue;
                }
                match next {
                    None => next = Some(*child),
                    Some(_) => {
                        let child = *child;
                        scope.spawn(move |scope| self.node_and_readers(child, children, waiting, scope));
                    }
                }
            }
        }
    }

    fn node(&self, at: usize) -> NodeAnalysis {
        let node = &self.graph.nodes[at];
        let known = self.given.schemas.get(&node.unique_id);
        let found = match node.kind {
            NodeKind::Source => NodeAnalysis::origin(known.cloned().unwrap_or_else(|| self.declared(node))),
            NodeKind::Seed => NodeAnalysis::origin(
                known
                    .cloned()
                    .unwrap_or_else(|| Arc::new(Schema::unknown(format!("seed `{}` cannot be read", node.name)))),
            ),
            _ => self.query(at, node),
        };
        self.promises.kept(node, found)
    }

    /// The columns that a source declares.
    fn declared(&self, node: &Node) -> Arc<Schema> {
        let source = node.source.as_ref().map_or("", |source| source.source_name.as_str());
        if node.columns.is_empty() {
            return Arc::new(Schema::unknown(format!("source `{source}.{}` declares no columns", node.name)));
        }
        let columns = node.columns.values().map(|column| super::SchemaColumn {
            name: Name::written(&column.name, column.quote == Some(true), self.given.dialect),
            data_type: column
                .data_type
                .as_ref()
                .map_or(ValueType::Unknown, |text| ValueType::parse(text, self.given.dialect)),
            nulls: super::Nulls::Unknown,
        });
        // Columns without types are documentation, which often leaves some out; a specification of what is loaded does not.
        let is_specified = node.source.as_ref().is_some_and(|details| details.external.is_some());
        let is_typed = node.columns.values().all(|column| column.data_type.is_some());
        let open = (!is_specified && !is_typed).then(|| {
            format!("source `{source}.{}` declares columns without types: it may have others", node.name).into()
        });
        let mut schema = Schema::new(columns.collect(), open);
        schema.is_declared = true;
        Arc::new(schema)
    }

    fn query(&self, at: usize, node: &Node) -> NodeAnalysis {
        if node.is_python() {
            return self.opaque(node, &format!("`{}` is a model in Python", node.name));
        }
        let Some(compiled) = self.compilation.nodes.get(&node.unique_id) else {
            return self.opaque(node, &format!("`{}` could not be compiled", node.name));
        };
        let mut facts = match self.facts(at, node, compiled.own_sql()) {
            Ok(Some(facts)) => facts,
            Ok(None) => return self.opaque(node, &format!("the SQL of `{}` is not one query", node.name)),
            Err(problem) => {
                let reason = format!("the SQL of `{}` cannot be parsed: {}", node.name, problem.message);
                if compiled.unseen {
                    return self.opaque(node, &unseen(node));
                }
                let mut found = self.opaque(node, &reason);
                // The engine has the last word on its own grammar, which is larger than any other parser's of it.
                if self.given.dialect != Dialect::DuckDb || duckdb_refuses(compiled.own_sql()) {
                    found.facts.findings.push(problem.into());
                    shift_findings(&mut found.facts, compiled);
                }
                return found;
            }
        };
        if node.kind == NodeKind::Snapshot {
            snapshot_columns(node, &mut facts, self.given.dialect);
        }
        if compiled.unseen {
            let reason = unseen(node);
            facts.doubt_all(&reason);
            facts.findings.clear();
            facts.open = facts.open.or(self.opaque(node, &reason).facts.open);
        }
        if let Some(reason) = hook::changes_afterwards(node) {
            facts.doubt_all(&reason);
        }
        if self.given.dialect == Dialect::DuckDb {
            rename_duplicates(&mut facts);
        }
        shift_findings(&mut facts, compiled);
        NodeAnalysis::of(facts)
    }

    /// What a node's query says; from an earlier invocation where nothing has changed since. None for what is not one query.
    fn facts(&self, at: usize, node: &Node, sql: &str) -> Result<Option<QueryFacts>, SqlProblem> {
        let own = u32::try_from(at).unwrap_or(u32::MAX);
        let mut resolver = Resolver { work: self, node, own, schema: own_schema(node) };
        let dialect = self.given.dialect;
        let print = kept::query_print(sql, dialect, &self.functions);
        if let Some(facts) = self.given.kept.find(&node.unique_id, &print, &resolver) {
            return Ok(Some(facts));
        }
        let Some(query) = read_query(sql, dialect)? else { return Ok(None) };
        let seen = Seen::new(&resolver);
        let facts = analyze_query(&query, &seen, dialect);
        let mut edges = facts.columns.iter().flat_map(|column| &column.edges).chain(&facts.rows);
        if !edges.any(|edge| edge.relation == own) {
            self.given.kept.add(&node.unique_id, print, &facts, seen);
            return Ok(Some(facts));
        }
        let mut columns = NodeAnalysis::of(facts).schema.columns.clone();
        columns.iter_mut().for_each(|column| column.nulls = super::Nulls::Unknown);
        resolver.schema = Arc::new(Schema::new(columns, None));
        let seen = Seen::new(&resolver);
        let facts = closed_over_itself(analyze_query(&query, &seen, dialect), own);
        self.given.kept.add(&node.unique_id, print, &facts, seen);
        Ok(Some(facts))
    }

    /// A node of which only its parents are known.
    fn opaque(&self, node: &Node, reason: &str) -> NodeAnalysis {
        let reads: Vec<(u32, Arc<Schema>)> = node
            .depends_on
            .iter()
            .filter_map(|id| self.graph.nodes.get_index_of(id))
            .filter_map(|at| Some((u32::try_from(at).ok()?, self.results[at].get()?.schema.clone())))
            .collect();
        NodeAnalysis::opaque(reason, &reads)
    }
}

/// Why the columns of a node with [`Compiled::unseen`] are not all known.
fn unseen(node: &Node) -> String {
    format!("the template of `{}` asks about something that is not there yet", node.name)
}

/// What a node's SQL can name.
struct Resolver<'a> {
    work: &'a Work<'a>,
    node: &'a Node,
    own: u32,
    schema: Arc<Schema>,
}

impl Resolver<'_> {
    fn number(&self, name: &[Name]) -> Option<u32> {
        let work = self.work;
        if let [one] = name
            && let Some(alias) = one.key.to_lowercase().strip_prefix("__dbt__cte__")
        {
            let parents = self.node.depends_on.iter().filter_map(|id| work.graph.nodes.get_full(id));
            let mut ephemeral = parents.filter(|(_, _, parent)| parent.is_ephemeral());
            let found = ephemeral.find(|(_, _, parent)| parent.alias.to_lowercase() == alias);
            return found.and_then(|(at, ..)| u32::try_from(at).ok());
        }
        let fold = |text: &str| Name::written(text, false, work.given.dialect).key;
        let mut parts: Vec<Arc<str>> = name.iter().map(|part| part.key.clone()).collect();
        if parts.len() == 1 {
            parts.insert(0, fold(work.given.schema));
        }
        if parts.len() == 2 {
            parts.insert(0, fold(work.given.database));
        }
        let found = work.relations.get(&parts.join("\0"))?;
        let is_parent = |at: &&u32| {
            **at == self.own
                || work.graph.nodes.get_index(**at as usize).is_some_and(|(id, _)| self.node.depends_on.contains(id))
        };
        found.iter().find(is_parent).or(found.first()).copied()
    }
}

impl Resolved for Resolver<'_> {
    fn id(&self, number: u32) -> Option<&str> {
        self.work.graph.nodes.get_index(number as usize).map(|(id, _)| id.as_str())
    }

    fn columns(&self, number: u32, schema: &Arc<Schema>) -> Option<Print> {
        if number == self.own {
            return None;
        }
        let known = self.work.results.get(number as usize).and_then(OnceLock::get);
        if !known.is_some_and(|known| Arc::ptr_eq(&known.schema, schema)) {
            return Some(kept::schema_print(schema));
        }
        Some(*self.work.prints.get(number as usize)?.get_or_init(|| kept::schema_print(schema)))
    }
}

impl Relations for Resolver<'_> {
    fn function(&self, called: &str) -> Option<&DeclaredFunction> {
        self.work.given.functions.find(called)
    }

    fn find(&self, name: &[Name]) -> Option<(u32, Arc<Schema>)> {
        let number = self.number(name)?;
        if number == self.own {
            return Some((number, self.schema.clone()));
        }
        let (id, other) = self.work.graph.nodes.get_index(number as usize)?;
        let is_known = self.node.depends_on.contains(id) || other.kind == NodeKind::Source;
        let known = is_known.then(|| self.work.results[number as usize].get()).flatten();
        let schema = known.map_or_else(
            || Arc::new(Schema::unknown(format!("`{}` is read without a `ref`, or was not analysed", other.name))),
            |found| found.schema.clone(),
        );
        Some((number, schema))
    }
}

/// A node that reads itself, before its columns are known.
fn own_schema(node: &Node) -> Arc<Schema> {
    Arc::new(Schema::unknown(format!("`{}` reads itself", node.name)))
}

/// Edges to the node's own columns, followed to what those depend on.
fn closed_over_itself(mut facts: QueryFacts, own: u32) -> QueryFacts {
    loop {
        let mut is_changed = false;
        for at in 0..=facts.columns.len() {
            let known = facts.columns.get(at).map_or(&facts.rows, |column| &column.edges);
            let more = known.iter().filter(|edge| edge.relation == own).flat_map(|edge| own_step(&facts, edge));
            let all: BTreeSet<Edge> = known.iter().copied().chain(more).collect();
            if all.len() == known.len() {
                continue;
            }
            is_changed = true;
            let all = all.into_iter().collect();
            match facts.columns.get_mut(at) {
                Some(column) => column.edges = all,
                None => facts.rows = all,
            }
        }
        if !is_changed {
            return facts;
        }
    }
}

/// What an edge to an own column leads to; what decides the rows holds for all of them.
fn own_step(facts: &QueryFacts, edge: &Edge) -> Vec<Edge> {
    let onward = |inner: &Edge| Edge { kind: inner.kind.max(edge.kind), ..*inner };
    match facts.columns.get(edge.column as usize) {
        Some(column) => column.edges.iter().map(onward).collect(),
        None => facts.columns.iter().flat_map(|column| &column.edges).map(onward).collect(),
    }
}

/// `DuckDB` tells columns of one name apart by a number behind the name.
fn rename_duplicates(facts: &mut QueryFacts) {
    let mut seen: HashMap<Arc<str>, usize> = HashMap::with_capacity(facts.columns.len());
    for column in &mut facts.columns {
        let first = column.name.key.clone();
        let mut name = column.name.clone();
        while let Some(count) = seen.get(&name.key).copied() {
            seen.insert(name.key.clone(), count + 1);
            name = Name::found(&format!("{}_{count}", name.text), Dialect::DuckDb);
        }
        seen.insert(name.key.clone(), 1);
        if name.key != first {
            column.name = name;
        }
    }
}

/// Findings are in the node's own SQL; the compiled SQL has ephemeral models in front.
fn shift_findings(facts: &mut QueryFacts, compiled: &Compiled) {
    let longer = compiled.sql.len().saturating_sub(compiled.own_sql().len());
    if longer == 0 {
        return;
    }
    let same = compiled.sql.bytes().zip(compiled.own_sql().bytes()).take_while(|(one, other)| one == other).count();
    for finding in &mut facts.findings {
        if finding.range.start >= same {
            finding.range = finding.range.start + longer..finding.range.end + longer;
        }
    }
    let marks = facts.marks.iter_mut().map(|mark| &mut mark.range);
    for range in marks.chain(facts.stars.iter_mut().map(|star| &mut star.range)) {
        if range.start >= same {
            *range = range.start + longer..range.end + longer;
        }
    }
}

/// The nodes that make or are each relation, by its name in full.
fn relation_index(graph: &Graph, dialect: Dialect) -> HashMap<String, Vec<u32>> {
    let mut index: HashMap<String, Vec<u32>> = HashMap::with_capacity(graph.nodes.len());
    for (at, node) in graph.nodes.values().enumerate() {
        let Some(relation) = node.relation.as_deref().filter(|_| has_columns(node)) else { continue };
        let quoting = relation.quoting;
        let parts = [
            (relation.database.as_deref(), quoting.database),
            (relation.schema.as_deref(), quoting.schema),
            (Some(relation.identifier.as_str()), quoting.identifier),
        ];
        let parts =
            parts.map(|(part, quoted)| Name::written(part.unwrap_or_default(), quoted, dialect).key.to_string());
        index.entry(parts.join("\0")).or_default().push(u32::try_from(at).unwrap_or(u32::MAX));
    }
    index
}
