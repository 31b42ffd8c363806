//! The project's own `get_catalog` and `get_catalog_relations`, asked instead of the warehouse (dbt: `get_filtered_catalog`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::artifacts::Rows;
use super::super::driver::Loaded;
use super::compile::inline_node;
use crate::compile::Compiler;
use crate::diagnostic::Diagnostic;
use crate::graph::Node;
use crate::jinja;
use crate::project::{INTERNAL, NodeKind};
use crate::warehouse::{Connection, WarehouseError};

/// How many relations are asked for one by one; for more, their schemas are.
const MOST: usize = 100;

/// Prints a table as JSON: the names of its columns, then its rows.
const PRINTED: &str = "{%- set rows = [] -%}{%- for row in answer.rows -%}{%- set cells = [] -%}\
    {%- for cell in row.values() -%}\
    {%- do cells.append(cell if cell is none or cell is number or cell is boolean else cell | string) -%}\
    {%- endfor -%}{%- do rows.append(cells) -%}{%- endfor -%}\
    {{- tojson([answer.column_names | list, rows]) -}}";

/// Asks the project's macro, where it has one; what went wrong comes back for `errors` of the catalog.
pub(super) fn ask(
    loaded: &Loaded,
    compiler: &Compiler,
    connection: &Connection,
    selected: &BTreeSet<String>,
) -> Option<Result<Rows, Box<Diagnostic>>> {
    let by_relation = selected.len() <= MOST;
    let name = if by_relation { "get_catalog_relations" } else { "get_catalog" };
    let call = called(loaded, name)?;
    let node = inline_node(loaded, "");
    let is_catalogued = |node: &&Node| {
        let is_relation = node.relation.is_some() && !node.is_ephemeral();
        is_relation && matches!(node.kind, NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot | NodeKind::Source)
    };
    let mut databases: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in selected.iter().filter_map(|id| loaded.graph.node(id)).filter(is_catalogued) {
        databases.entry(&node.database).or_default().push(node);
    }
    let mut found = Vec::new();
    for nodes in databases.values() {
        let text = if by_relation {
            format!(
                "{{%- set answer = {call}(information_schema=_argument_first.information_schema_only(), relations=_argument_list) -%}}{PRINTED}"
            )
        } else {
            format!(
                "{{%- set answer = {call}(information_schema=_argument_first.information_schema_only(), schemas=_argument_list) -%}}{PRINTED}"
            )
        };
        let relation = |node: &Node| compiler.subject(node).this.map(jinja::value::Value::from_object);
        let list: Vec<jinja::value::Value> = if by_relation {
            nodes.iter().filter_map(|node| relation(node)).collect()
        } else {
            let schemas: BTreeSet<&str> = nodes.iter().map(|node| node.schema.as_str()).collect();
            schemas.into_iter().map(jinja::value::Value::from).collect()
        };
        let Some(first) = nodes.first().and_then(|node| relation(node)) else { continue };
        let subject = Arc::new(compiler.subject(&node));
        let arguments = vec![("first", first), ("list", jinja::value::Value::from(list))];
        let printed = connection
            .pinned(|| Ok::<_, WarehouseError>(compiler.render_calling(&node, &subject, &text, arguments.clone())));
        match printed {
            Ok(Ok(printed)) => found.extend(read(&printed)),
            Ok(Err(error)) => return Some(Err(Box::new(compiler.report(&error, &node)))),
            Err(error) => {
                let problem = Diagnostic::error(crate::diagnostic::Code::WarehouseError, error.message);
                return Some(Err(Box::new(problem.at(node.span()))));
            }
        }
    }
    Some(Ok(found))
}

/// How a template calls the macro, if the project or a package defines it or an implementation of it.
fn called(loaded: &Loaded, name: &str) -> Option<String> {
    let adapter = loaded.profile.target.dialect.adapter();
    let root = &loaded.graph.root;
    let own = || loaded.project.macros.iter().filter(|m| !INTERNAL.contains(&m.package.as_str()));
    let implements = |m: &&crate::project::Macro| {
        m.package == *root && (m.name == format!("{adapter}__{name}") || m.name == format!("default__{name}"))
    };
    if own().any(|m| (m.name == name && m.package == *root) || implements(&m)) {
        return Some(name.to_owned());
    }
    own().find(|m| m.name == name).map(|m| format!("{}.{name}", m.package))
}

/// The rows of a printed table.
fn read(printed: &str) -> Rows {
    let Ok((names, rows)) = serde_json::from_str::<(Vec<String>, Vec<Vec<Value>>)>(printed.trim()) else {
        return Vec::new();
    };
    let row = |cells: Vec<Value>| names.iter().map(|name| name.to_lowercase()).zip(cells).collect();
    rows.into_iter().map(row).collect()
}
