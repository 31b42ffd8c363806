//! The columns of every node: what is known before any SQL is read, and the analysis of the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Outcome;
use super::arguments::Global;
use super::driver::Loaded;
use super::open;
use super::printer::Printer;
use crate::analyze::{Analysis, Functions, Given, Kept, NullReason, Nulls, Places, Schema, analyze, report_findings};
use crate::compile::{Compilation, compile};
use crate::diagnostic::{Code, Diagnostics};
use crate::graph::Node;
use crate::project::{EntryKind, NodeKind};
use crate::source::write_file;
use crate::sql::RelationKind;
use crate::warehouse::{Catalog, CatalogRelation, Column, SchemaName, fold};

/// What tells one build of this program from another: they may find other things.
fn stamp() -> String {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let built = program.ok().map(|file| (file.len(), file.modified().ok()));
    format!("{} {built:?}", env!("CARGO_PKG_VERSION"))
}

impl Loaded {
    /// Analyses the wanted nodes with everything they read. Their SQL is compiled first, without a warehouse; it is opened only
    /// where a template asks for it.
    pub(super) fn analyze(
        &self,
        global: &Global,
        wanted: &BTreeSet<String>,
        printer: &Printer,
    ) -> Result<Analysis, Outcome> {
        let mut all = wanted.clone();
        all.extend(self.order.ancestors_of_all(wanted, None));
        let kinds = [NodeKind::Model, NodeKind::Snapshot, NodeKind::Seed, NodeKind::Source];
        all.retain(|id| self.graph.node(id).is_some_and(|node| kinds.contains(&node.kind)));
        let mut diagnostics = Diagnostics::default();
        let compiler = self.compiler(None, wanted);
        let mut compilation = compile(&compiler, &self.order, &all, &mut diagnostics);
        let asks = diagnostics.iter().any(|problem| problem.code == Code::OfflineQuery);
        if asks && global.introspect != Some(false) {
            diagnostics = Diagnostics::default();
            let compiler = self.compiler(Some(self.open(printer)?), wanted);
            compilation = compile(&compiler, &self.order, &all, &mut diagnostics);
        }
        printer.diagnostics(diagnostics.iter(), &self.sources);
        let kept = self.kept();
        let mut given = self.given(|id| all.contains(id), &kept);
        given.schemas.extend(self.catalogued(global, &all));
        let analysis = analyze(&self.graph, &self.order, &compilation, &given, |id| all.contains(id));
        self.keep(&kept);
        drop(kept);
        let mut found = Diagnostics::default();
        report_findings((&self.graph, &compilation), &analysis, &self.places(), &mut found);
        printer.diagnostics(found.iter(), &self.sources);
        Ok(analysis)
    }

    /// The columns of the selected nodes with their types, as the SQL says.
    pub(super) fn inferred_columns(
        &self,
        global: &Global,
        selected: &BTreeSet<String>,
        printer: &Printer,
    ) -> Result<BTreeMap<String, Value>, Outcome> {
        let analysis = self.analyze(global, selected, printer)?;
        let columns = |id: &String| {
            let found = analysis.node(self.graph.nodes.get_index_of(id)?)?;
            let column = |at: usize| {
                let nullable = match found.nulls(at) {
                    Nulls::Never => Some(false),
                    Nulls::May(_) => Some(true),
                    Nulls::Unknown => None,
                };
                json!({"name": found.name(at), "type": found.data_type(at).to_string(), "nullable": nullable})
            };
            Some((id.clone(), (0..found.width()).map(column).collect()))
        };
        Ok(selected.iter().filter_map(columns).collect())
    }

    /// Adds relations that the warehouse does not have to its catalog, with the columns that the SQL says.
    pub(super) fn complete_catalog(
        &self,
        global: &Global,
        catalog: &mut Catalog,
        printer: &Printer,
    ) -> Result<(), Outcome> {
        let all: BTreeSet<String> = self.graph.nodes.keys().cloned().collect();
        let analysis = self.analyze(global, &all, printer)?;
        for (at, node) in self.graph.nodes.values().enumerate() {
            let (Some(found), Some(relation)) = (analysis.node(at), &node.relation) else { continue };
            if node.is_ephemeral() || catalog.relation(relation).is_some() {
                continue;
            }
            let column = |at: usize| Column::new(found.name(at), found.data_type(at).to_string());
            let known = CatalogRelation {
                database: node.database.clone(),
                schema: node.schema.clone(),
                name: node.alias.clone(),
                kind: if node.materialized() == "view" { RelationKind::View } else { RelationKind::Table },
                columns: (0..found.schema.columns.len()).map(column).collect(),
                comment: None,
                owner: None,
                rows: None,
            };
            let schema = SchemaName::new(&node.database, &node.schema);
            catalog.schemas.entry(schema).or_default().insert(fold(&relation.identifier), known);
        }
        Ok(())
    }

    /// Reports what is wrong with the SQL of compiled nodes and with the columns that it names, and says whether something of it is an
    /// error by its level, so that nothing may run. What is not compiled is not known, and says nothing.
    pub(super) fn check_columns(&self, compilation: &Compilation, printer: &Printer) -> bool {
        let compiled = compilation.nodes.keys().filter_map(|id| self.graph.node(id));
        let read: HashSet<&str> = compiled.flat_map(|node| &node.depends_on).map(String::as_str).collect();
        let known = |id: &str| compilation.nodes.contains_key(id) || read.contains(id);
        let kept = self.kept();
        let analysis = analyze(&self.graph, &self.order, compilation, &self.given(known, &kept), known);
        self.keep(&kept);
        let mut found = Diagnostics::default();
        report_findings((&self.graph, compilation), &analysis, &self.places(), &mut found);
        let before = printer.counts().0;
        printer.diagnostics(found.iter(), &self.sources);
        // Tens of thousands of small values: they are given back while other work goes on.
        rayon::spawn(move || drop(analysis));
        printer.counts().0 > before
    }

    /// What earlier invocations of this program found, unless they are not to be used (dbt: `--no-partial-parse`).
    fn kept(&self) -> Kept {
        let is_wanted = self.options.run.arguments.get("partial_parse").and_then(Value::as_bool) != Some(false);
        let bytes = is_wanted.then(|| std::fs::read(self.kept_path()).ok()).flatten().unwrap_or_default();
        Kept::read(bytes, &stamp())
    }

    /// Writes down what this invocation found, for the next. Without the file the next one finds it all again, so that a failure to
    /// write it is no problem of the user's.
    fn keep(&self, kept: &Kept) {
        if kept.is_changed() {
            let is_there = |id: &str| self.graph.node(id).is_some();
            let _ = write_file(&self.kept_path(), |out| kept.write(&stamp(), is_there, out));
        }
    }

    fn kept_path(&self) -> PathBuf {
        self.target_dir().join("analysis.bin")
    }

    fn places(&self) -> Places<'_> {
        Places { sources: &self.sources, project: &self.project }
    }

    /// What is known before any SQL is read.
    fn given<'a>(&'a self, wanted: impl Fn(&str) -> bool, kept: &'a Kept) -> Given<'a> {
        let nodes = self.graph.nodes.values().filter(|node| wanted(&node.unique_id));
        let schemas: HashMap<String, Arc<Schema>> =
            nodes.filter_map(|node| Some((node.unique_id.clone(), Arc::new(self.known_columns(node)?)))).collect();
        let facts = &self.session.facts;
        let declared = self.project.entries.iter().filter(|entry| entry.kind == EntryKind::Function);
        let entries = self.project.settings.functions.iter().chain(declared.map(|entry| &*entry.value));
        let functions = Functions::declared(entries, self.dialect());
        Given { dialect: self.dialect(), schemas, database: &facts.database, schema: &facts.schema, functions, kept }
    }

    /// The columns of sources that declare none, as the warehouse has them, where it can be asked. Without it they stay unknown, and
    /// every column made from them says so.
    fn catalogued(&self, global: &Global, wanted: &BTreeSet<String>) -> HashMap<String, Arc<Schema>> {
        let is_silent = |node: &&Node| {
            let source = node.source.as_ref();
            source.is_some_and(|source| source.external.is_none()) && node.columns.is_empty()
        };
        let nodes: Vec<&Node> = wanted.iter().filter_map(|id| self.graph.node(id)).filter(is_silent).collect();
        if nodes.is_empty() || global.introspect == Some(false) {
            return HashMap::new();
        }
        let Ok(connection) = open::open(&self.profile.target, &self.options) else { return HashMap::new() };
        let found = nodes.into_iter().filter_map(|node| {
            let relation = connection.relation(node.relation.as_deref()?).ok()??;
            let columns: Vec<(String, Option<String>)> =
                relation.columns.into_iter().map(|column| (column.name, Some(column.data_type))).collect();
            Some((node.unique_id.clone(), Arc::new(Schema::declared(&columns, true, self.dialect()))))
        });
        found.collect()
    }

    /// The columns of what is not made by SQL: a seed's header, the loader's columns.
    fn known_columns(&self, node: &Node) -> Option<Schema> {
        match node.kind {
            NodeKind::Seed => {
                let seed = crate::plan::read_seed(node, self.sources.text(node.file), self.dialect()).ok()?;
                let is_quoted = node.setting_flag("quote_columns");
                let columns = seed.names.iter().cloned().zip(seed.types.iter().cloned().map(Some));
                let mut schema = Schema::declared(&columns.collect::<Vec<_>>(), is_quoted, self.dialect());
                for (at, column) in schema.columns.iter_mut().enumerate() {
                    let is_empty = seed.has_empty(at);
                    column.nulls = if is_empty { Nulls::May(NullReason::EmptyCell) } else { Nulls::Never };
                }
                Some(schema)
            }
            NodeKind::Source if node.source.as_ref().is_some_and(|source| source.external.is_some()) => {
                let columns = crate::load::stage_table(self.dialect());
                Some(Schema::declared(&columns, false, self.dialect()))
            }
            _ => None,
        }
    }
}
