//! `lineage`.

use std::collections::BTreeSet;

use super::super::Outcome;
use super::super::arguments::{Global, LineageArguments, LineageOutput};
use super::super::driver::Loaded;
use super::super::printer::Printer;
use crate::analyze::{Analysis, InputNode, NodeAnalysis, Reached, Trace};
use crate::artifact::{LineageInput, LineageRecord, lineage_json, lineage_mermaid, lineage_text};
use crate::diagnostic::{Code, Diagnostic, columns_instead, did_you_mean};
use crate::graph::{Graph, Node};
use crate::project::NodeKind;
use crate::sql::query::Name;

/// What has columns.
const KINDS: [NodeKind; 4] = [NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot, NodeKind::Source];

/// Prints what the columns of nodes depend on, or what depends on them.
pub(super) fn lineage(
    loaded: &Loaded,
    global: &Global,
    arguments: &LineageArguments,
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let graph = &loaded.graph;
    let (selected, column) = match &arguments.column {
        Some(written) => {
            let (id, column) = asked(graph, written).ok_or_else(|| unknown(loaded, written, printer))?;
            (BTreeSet::from([id]), Some(column))
        }
        None => (loaded.select(&arguments.select, &KINDS, printer)?, None),
    };
    let mut wanted = selected.clone();
    if arguments.down {
        wanted.extend(loaded.order.descendants_of_all(&selected, None));
    }
    let analysis = loaded.analyze(global, &wanted, printer)?;
    let mut starts = Vec::new();
    for id in loaded.order.sequence.iter().filter(|id| selected.contains(*id)) {
        let Some(node) = graph.nodes.get_index_of(id) else { continue };
        let Some(found) = analysis.node(node) else { continue };
        match &column {
            None => starts.extend((0..found.width()).map(|at| (node, at))),
            Some(name) => {
                let at = position(found, name, loaded.dialect())
                    .ok_or_else(|| unknown_column(loaded, &graph.nodes[node], found, name, printer))?;
                starts.push((node, at));
            }
        }
    }
    let records = if arguments.down {
        downward(loaded, &analysis, &starts)
    } else {
        upward(graph, &analysis, &starts, arguments.up)
    };
    match arguments.output {
        LineageOutput::Json => {
            records.iter().for_each(|record| printer.data(&lineage_json(record).to_string()));
        }
        LineageOutput::Text => printer.data(lineage_text(&records).trim_end()),
        LineageOutput::Mermaid => printer.data(lineage_mermaid(&records).trim_end()),
    }
    Ok(if loaded.is_broken { Outcome::Unusable } else { Outcome::Success })
}

fn record(graph: &Graph, analysis: &Analysis, (node, column): (usize, usize)) -> LineageRecord {
    let found = analysis.node(node);
    LineageRecord {
        node: graph.nodes[node].unique_id.clone(),
        column: found.map_or("*", |found| found.name(column)).to_owned(),
        data_type: found.map_or_else(String::new, |found| found.data_type(column).to_string()),
        reason: found.and_then(|found| found.reason(column)).map(str::to_owned),
        inputs: Vec::new(),
    }
}

fn path(path: &str) -> Option<String> {
    (!path.is_empty()).then(|| path.to_owned())
}

fn upward(graph: &Graph, analysis: &Analysis, starts: &[(usize, usize)], to_sources: bool) -> Vec<LineageRecord> {
    let mut trace = Trace::new(analysis);
    let mut records = Vec::new();
    for start in starts {
        let mut record = record(graph, analysis, *start);
        let mut inputs: Vec<LineageInput> = if to_sources {
            let origins = trace.up(start.0, start.1);
            record.reason.clone_from(&origins.reason);
            origins.reached.iter().map(|reached| end(graph, reached)).collect()
        } else {
            let one = analysis.inputs(start.0, start.1).into_iter().map(|input| LineageInput {
                node: match input.node {
                    InputNode::Node(at) => graph.nodes[at].unique_id.clone(),
                    InputNode::External(name) => name.to_owned(),
                },
                column: input.column.unwrap_or("*").to_owned(),
                kind: input.kind.as_str(),
                path: path(input.path),
            });
            one.collect()
        };
        inputs.sort();
        inputs.dedup();
        records.push(LineageRecord { inputs, ..record });
    }
    records
}

fn end(graph: &Graph, reached: &Reached) -> LineageInput {
    let external = || reached.external.as_deref().unwrap_or_default().to_owned();
    LineageInput {
        node: reached.node.map_or_else(external, |at| graph.nodes[at].unique_id.clone()),
        column: reached.column.to_string(),
        kind: reached.kind.as_str(),
        path: path(&reached.path),
    }
}

fn downward(loaded: &Loaded, analysis: &Analysis, starts: &[(usize, usize)]) -> Vec<LineageRecord> {
    let graph = &loaded.graph;
    let sequence: Vec<usize> = loaded.order.sequence.iter().filter_map(|id| graph.nodes.get_index_of(id)).collect();
    let reached = Trace::new(analysis).down(starts, &sequence);
    let mut records = Vec::new();
    for node in sequence {
        for (key, from) in reached.range((node, 0)..=(node, usize::MAX)) {
            let mut inputs: Vec<LineageInput> = from.iter().map(|reached| end(graph, reached)).collect();
            inputs.sort();
            inputs.dedup();
            records.push(LineageRecord { inputs, ..record(graph, analysis, *key) });
        }
    }
    records
}

/// The node and the column that `model.column`, `source.table.column` or a unique id with a column names.
fn asked(graph: &Graph, written: &str) -> Option<(String, String)> {
    let (owner, column) = written.rsplit_once('.')?;
    let is_named = |node: &&Node| {
        KINDS.contains(&node.kind)
            && (node.unique_id == owner
                || node.search_name() == owner
                || node.name == owner && node.source.is_none()
                || node.source.as_ref().is_some_and(|source| format!("{}.{}", source.source_name, node.name) == owner))
    };
    let node = graph.nodes.values().find(is_named)?;
    Some((node.unique_id.clone(), column.to_owned()))
}

/// A column by its name, in any case; exactly where it is written in quotes.
fn position(found: &NodeAnalysis, name: &str, dialect: crate::sql::Dialect) -> Option<usize> {
    let exact = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(exact) = exact {
        return found.find(&Name::written(exact, true, dialect));
    }
    let same = |at: &usize| found.name(*at).eq_ignore_ascii_case(name);
    found.find(&Name::written(name, false, dialect)).or_else(|| (0..found.width()).find(same))
}

fn unknown(loaded: &Loaded, written: &str, printer: &Printer) -> Outcome {
    let owner = written.rsplit_once('.').map_or(written, |(owner, _)| owner);
    let names: Vec<&str> =
        loaded.graph.nodes.values().filter(|node| KINDS.contains(&node.kind)).map(|node| node.name.as_str()).collect();
    let near = did_you_mean(owner, names);
    let help = near.map_or_else(
        || "write `model.column`, `source.table.column`, or a unique id and a column".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`{written}` names no column: no node is called `{owner}`");
    printer.diagnostic(&Diagnostic::error(Code::BadOption, message).in_file("COLUMN", 1).help(help), &loaded.sources);
    Outcome::Unusable
}

fn unknown_column(loaded: &Loaded, node: &Node, found: &NodeAnalysis, name: &str, printer: &Printer) -> Outcome {
    let names: Vec<&str> = (0..found.width()).map(|at| found.name(at)).collect();
    let help = columns_instead(name, &names);
    let message = format!("`{}` has no column `{name}`", node.name);
    printer.diagnostic(&Diagnostic::error(Code::BadOption, message).in_file("COLUMN", 1).help(help), &loaded.sources);
    Outcome::Unusable
}
