//! Tables of sources (dbt: `parser/sources.py`).

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::configuration::Wanted;
use super::node::{Node, SourceDetails};
use super::parse::{Parsing, config_list, empty_node, place};
use crate::config::yaml::Step;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::jinja;
use crate::project::{Entry, EntryKind, NodeKind};
use crate::sql::Relation;

/// One node per table of each source.
pub(super) fn sources(parsing: &Parsing<'_>, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let (patches, declared) = patches(parsing);
    overridden_twice(parsing, &patches, diagnostics);
    let made: Vec<(Vec<Node>, Diagnostics)> = declared
        .par_iter()
        .map(|entry| {
            let mut problems = Diagnostics::default();
            (tables(parsing, entry, &patches, &mut problems), problems)
        })
        .collect();
    let mut nodes = Vec::new();
    for (tables, mut problems) in made {
        nodes.extend(tables);
        diagnostics.extend(problems.drain());
    }
    nodes
}

/// The entries that override sources of packages, and all others that declare sources.
pub(super) fn patches<'p>(parsing: &Parsing<'p>) -> (Vec<&'p Entry>, Vec<&'p Entry>) {
    let overrides = |entry: &&Entry| entry.value.get("overrides").and_then(Value::as_str).is_some();
    parsing.project.entries.iter().filter(|entry| entry.kind == EntryKind::Source).partition(overrides)
}

/// A table of a source, as it is once it was overridden.
pub(super) struct Table<'a> {
    /// Its number in the entry.
    pub(super) index: usize,
    pub(super) name: &'a str,
    /// The fields of its source.
    pub(super) source: Cow<'a, Map<String, Value>>,
    pub(super) fields: Cow<'a, Map<String, Value>>,
    /// The entry that overrides the source, and its number there.
    pub(super) patch: Option<(&'a Entry, usize)>,
}

/// Visits the tables of a source that have a name.
pub(super) fn each<'a>(entry: &'a Entry, patches: &[&'a Entry], mut visit: impl FnMut(Table<'a>)) {
    let patch = patches
        .iter()
        .find(|p| p.name == entry.name && p.value.get("overrides").and_then(Value::as_str) == Some(&entry.package));
    for (index, table) in tables_of(entry).enumerate() {
        let (Some(fields), Some(name)) = (table.as_object(), table.get("name").and_then(Value::as_str)) else {
            continue;
        };
        let (source, fields) = (Cow::Borrowed(&*entry.value), Cow::Borrowed(fields));
        let whole = Table { index, name, source, fields, patch: None };
        visit(match patch {
            Some(patch) => patched(whole, patch),
            None => whole,
        });
    }
}

fn tables_of(entry: &Entry) -> impl Iterator<Item = &Value> {
    entry.value.get("tables").and_then(Value::as_array).into_iter().flatten()
}

/// What a source of a package is overridden with can stand in one place only.
fn overridden_twice(parsing: &Parsing<'_>, patches: &[&Entry], diagnostics: &mut Diagnostics) {
    let package = |entry: &Entry| entry.value.get("overrides").cloned();
    for (index, patch) in patches.iter().enumerate() {
        let is_same = |other: &&&Entry| other.name == patch.name && package(other) == package(patch);
        let Some(first) = patches[..index].iter().find(is_same) else { continue };
        let problem = Diagnostic::error(Code::DuplicateName, format!("source `{}` is overridden twice", patch.name));
        let problem = problem.label(patch.span(parsing.sources, &["overrides".into()]), "the second");
        let problem = problem.label(first.span(parsing.sources, &["overrides".into()]), "the first");
        diagnostics.push(problem.help("put what it is overridden with into one entry"));
    }
}

/// A table, or a source, that says twice how the time of its last load is found out. (dbt:
/// `calculate_loaded_at_field_query_from_raw_target`.)
fn loaded_twice(
    parsing: &Parsing<'_>,
    (entry, index): (&Entry, usize),
    (source, table): (&Map<String, Value>, &Map<String, Value>),
) -> Option<Diagnostic> {
    let given = |map: &Map<String, Value>, key: &str| {
        let own = map.get("config").and_then(|config| config.get(key)).or_else(|| map.get(key));
        own.is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    };
    let both = |map| given(map, "loaded_at_field") && given(map, "loaded_at_query");
    let (what, steps) = match (both(table), both(source)) {
        (true, _) => ("table", vec![Step::from("tables"), Step::from(index)]),
        (false, true) => ("source", Vec::new()),
        (false, false) => return None,
    };
    let message = format!("a {what} has either `loaded_at_field` or `loaded_at_query`, not both");
    let span = entry.span(parsing.sources, &steps);
    Some(Diagnostic::error(Code::BadConfig, message).at(span).help("remove one of them"))
}

/// The tables of one source.
fn tables(parsing: &Parsing<'_>, entry: &Entry, patches: &[&Entry], diagnostics: &mut Diagnostics) -> Vec<Node> {
    let mut nodes = Vec::new();
    each(entry, patches, |table| {
        let node = table_node(parsing, entry, &table);
        diagnostics.extend(unknowable(parsing, &node));
        diagnostics.extend(loaded_twice(parsing, (entry, table.index), (&table.source, &table.fields)));
        nodes.push(node);
    });
    for (index, table) in tables_of(entry).enumerate() {
        if table.as_object().is_none_or(|fields| !fields.get("name").is_some_and(Value::is_string)) {
            let span = entry.span(parsing.sources, &["tables".into(), index.into()]);
            let message = format!("a table of source `{}` needs a `name`", entry.name);
            diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help("add `- name:`"));
        }
    }
    nodes
}

/// The source's and the table's fields with those of an `overrides:` entry over them.
fn patched<'a>(mut table: Table<'a>, patch: &'a Entry) -> Table<'a> {
    fn over(base: &mut Map<String, Value>, more: &Map<String, Value>, skip: &[&str]) {
        let more = more.iter().filter(|(key, _)| !skip.contains(&key.as_str()));
        base.extend(more.map(|(key, value)| (key.clone(), value.clone())));
    }
    over(table.source.to_mut(), &patch.value, &["overrides", "tables", "name"]);
    let is_it = |(_, other): &(usize, &Value)| other.get("name").and_then(Value::as_str) == Some(table.name);
    if let Some((index, more)) = tables_of(patch).enumerate().find(is_it) {
        table.patch = Some((patch, index));
        more.as_object().into_iter().for_each(|more| over(table.fields.to_mut(), more, &["name"]));
    }
    table
}

fn table_node(parsing: &Parsing<'_>, entry: &Entry, table: &Table<'_>) -> Node {
    let Table { index, name, source, fields, .. } = table;
    let facts = &parsing.session.facts;
    let text = |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let steps: Vec<Step> = vec!["tables".into(), (*index).into()];
    let mut fqn = vec![entry.package.clone()];
    let folders = entry.path.rsplit_once('/').map_or("", |(folders, _)| folders);
    fqn.extend(folders.split('/').filter(|folder| !folder.is_empty()).map(str::to_owned));
    fqn.extend([entry.name.clone(), (*name).to_owned()]);
    let properties = source_config(source, fields);
    let wanted = Wanted {
        kind: NodeKind::Source,
        package: &entry.package,
        fqn: &fqn,
        properties: properties.clone(),
        calls: Map::new(),
    };
    let quoting = declared_quoting(source, fields);
    let database = text(source, "database").or_else(|| text(source, "catalog")).filter(|name| !name.is_empty());
    let schema = text(source, "schema").filter(|name| !name.is_empty()).unwrap_or_else(|| entry.name.clone());
    let identifier = text(fields, "identifier").unwrap_or_else(|| (*name).to_owned());
    let relation = Relation {
        database: Some(database.clone().unwrap_or_else(|| facts.database.clone())),
        schema: Some(schema.clone()),
        identifier: identifier.clone(),
        quoting: jinja::merge_quoting(facts.dialect.default_quoting(), &quoting),
    };
    let source_meta = source_meta(source);
    let shown = shown(parsing, &relation, &quoting);
    let mut node = Node {
        kind: NodeKind::Source,
        unique_id: format!("source.{}.{}.{name}", entry.package, entry.name),
        name: (*name).to_owned(),
        package: entry.package.clone(),
        path: entry.original_path.clone(),
        original_path: entry.original_path.clone(),
        alias: identifier.clone(),
        database: relation.database.clone().unwrap_or_default(),
        schema,
        relation: Some(Box::new(relation)),
        config: parsing.trees.resolve(&wanted).config,
        unrendered_config: unrendered(parsing, wanted, declares(source, fields)),
        description: parsing.description(&entry.package, &text(fields, "description").unwrap_or_default()),
        columns: parsing.columns(entry, fields, &steps),
        source: Some(Box::new(SourceDetails {
            source_name: entry.name.clone(),
            identifier,
            source_description: parsing.description(&entry.package, &text(source, "description").unwrap_or_default()),
            loader: text(fields, "loader").or_else(|| text(source, "loader")).unwrap_or_default(),
            source_meta,
            quoting,
            external: fields.get("external").cloned().filter(|value| !value.is_null()),
            unrendered_database: entry.written.get("database").and_then(Value::as_str).map(str::to_owned),
            unrendered_schema: entry.written.get("schema").and_then(Value::as_str).map(str::to_owned),
            read_in_place: None,
            shown,
        })),
        fqn,
        ..empty_node(entry.file)
    };
    node.tags = config_list(&node.config, "tags");
    node.tags.dedup();
    node.macros = Vec::new();
    place(&mut node, entry.span(parsing.sources, &[steps, vec!["name".into()]].concat()));
    if parsing.session.facts.dialect == crate::sql::Dialect::DuckDb {
        let file = file_read_in_place(&node);
        if let Some(details) = &mut node.source {
            details.read_in_place = file;
        }
    }
    node
}

/// `quoting:` of the source and, over it, of its table.
fn declared_quoting(source: &Map<String, Value>, table: &Map<String, Value>) -> Map<String, Value> {
    let both = [source, table].into_iter().filter_map(|fields| fields.get("quoting")?.as_object());
    both.flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The relation as artifacts name it, where the root project has `quoting:`.
fn shown(parsing: &Parsing<'_>, relation: &Relation, own: &Map<String, Value>) -> Option<String> {
    let of_project = &parsing.project.packages[0].file.quoting;
    let base = jinja::merge_quoting(parsing.session.facts.dialect.default_quoting(), of_project);
    let quoting = jinja::merge_quoting(base, own);
    (quoting != relation.quoting).then(|| Relation { quoting, ..relation.clone() }.to_string())
}

/// The file a `DuckDB` source is read from in place: `external_location` in the meta of the table or its source, with
/// `{name}`, `{identifier}`, `{schema}` and `{source_name}` filled in (dbt-duckdb: `DuckDBRelation.create_from_source`).
fn file_read_in_place(node: &Node) -> Option<String> {
    let details = node.source.as_ref()?;
    let text =
        |map: Option<&Value>| map.and_then(|m| m.get("external_location")).and_then(Value::as_str).map(str::to_owned);
    let own = text(node.config.get("meta")).or_else(|| text(Some(&Value::Object((*node.config).clone()))));
    let template =
        own.or_else(|| details.source_meta.get("external_location").and_then(Value::as_str).map(str::to_owned))?;
    let filled = [
        ("{name}", node.name.as_str()),
        ("{identifier}", &details.identifier),
        ("{schema}", &node.schema),
        ("{source_name}", &details.source_name),
        ("{database}", &node.database),
    ]
    .iter()
    .fold(template, |text, (key, value)| text.replace(key, value));
    let is_expression = filled.contains('(') || filled.starts_with('\'');
    Some(if is_expression { filled } else { format!("'{filled}'") })
}

/// Freshness that only the times of changes could tell, which `DuckDB` does not keep.
fn unknowable(parsing: &Parsing<'_>, node: &Node) -> Option<Diagnostic> {
    let given = |key: &str| node.config.get(key).filter(|value| !value.is_null());
    let counts = |key: &str| given("freshness").is_some_and(|limits| limits[key]["count"].is_number());
    let is_known = given("loaded_at_field").is_some() || given("loaded_at_query").is_some();
    let is_asked = counts("warn_after") || counts("error_after");
    if is_known || !is_asked || parsing.session.facts.dialect != crate::sql::Dialect::DuckDb {
        return None;
    }
    let message = format!("the freshness of `{}` cannot be found out: it has no `loaded_at_field`", node.name);
    let problem = Diagnostic::warning(Code::BadConfig, message).at(node.span()).node(&node.unique_id);
    Some(problem.event("FreshnessConfigProblem").help("add `loaded_at_field` or `loaded_at_query`"))
}

/// The configuration as written; freshness only where it is.
fn unrendered(parsing: &Parsing<'_>, wanted: Wanted<'_>, has_freshness: bool) -> Arc<Map<String, Value>> {
    let mut wanted = wanted;
    if !has_freshness {
        wanted.properties.shift_remove("freshness");
    }
    parsing.trees.resolve(&wanted).unrendered
}

/// Whether a source or its table says anything about freshness.
fn declares(source: &Map<String, Value>, table: &Map<String, Value>) -> bool {
    let says = |map: &Map<String, Value>| {
        map.contains_key("freshness") || map.get("config").is_some_and(|config| config.get("freshness").is_some())
    };
    says(source) || says(table)
}

/// The configuration a source and its table declare, merged as dbt merges it.
fn source_config(source: &Map<String, Value>, table: &Map<String, Value>) -> Map<String, Value> {
    let nested = |map: &Map<String, Value>| map.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut config = nested(source);
    config.extend(nested(table));
    let mut meta = Map::new();
    let mut tags: Vec<String> = Vec::new();
    for map in [source, &nested(source), table, &nested(table)] {
        meta.extend(map.get("meta").and_then(Value::as_object).cloned().unwrap_or_default());
        tags.extend(config_list(map, "tags"));
    }
    tags.sort();
    tags.dedup();
    config.insert("meta".to_owned(), Value::Object(meta));
    config.insert("tags".to_owned(), json!(tags));
    let last = |key: &str| {
        let places = [
            table.get(key).cloned(),
            nested(table).get(key).cloned(),
            source.get(key).cloned(),
            nested(source).get(key).cloned(),
        ];
        places.into_iter().flatten().next()
    };
    for key in ["loaded_at_field", "loaded_at_query"] {
        config.insert(key.to_owned(), last(key).unwrap_or(Value::Null));
    }
    let own = |key: &str| table.get(key).or_else(|| table.get("config")?.get(key));
    if own("loaded_at_field").is_some() && own("loaded_at_query").is_none_or(Value::is_null) {
        // A table with a field of its own does not take over the source's query.
        config.insert("loaded_at_query".to_owned(), Value::Null);
    }
    config.insert("freshness".to_owned(), freshness(source, table));
    config
}

/// Thresholds of the table over those of the source; an explicit null switches freshness off.
fn freshness(source: &Map<String, Value>, table: &Map<String, Value>) -> Value {
    let mut merged = json!({"warn_after": {"count": null, "period": null}, "error_after": {"count": null, "period": null}, "filter": null});
    for map in [source, table] {
        let levels = [map.get("freshness"), map.get("config").and_then(|config| config.get("freshness"))];
        for level in levels.into_iter().flatten() {
            let Some(fields) = level.as_object() else { return Value::Null };
            for (key, value) in fields {
                match value {
                    Value::Null => merged[key.as_str()] = Value::Null,
                    Value::Object(parts) => {
                        parts.iter().for_each(|(part, value)| merged[key.as_str()][part.as_str()] = value.clone());
                    }
                    other => merged[key.as_str()] = other.clone(),
                }
            }
        }
    }
    merged
}

/// `meta` of a source and of its config.
fn source_meta(source: &Map<String, Value>) -> Map<String, Value> {
    let own = |fields: Option<&Value>| fields.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut meta = own(source.get("meta"));
    meta.extend(own(source.get("config").and_then(|config| config.get("meta"))));
    meta
}
