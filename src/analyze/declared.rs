//! What YAML and configuration say of a node's columns, held against what its SQL gives.

use std::ops::Range;

use serde_json::Value;

use super::NodeAnalysis;
use super::lint::listed;
use super::place::Places;
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, columns_instead};
use crate::graph::{Column, Node};
use crate::project::NodeKind;
use crate::source::Span;
use crate::sql::query::{Body, From, Item, Name, Query, read_query};
use crate::sql::{Dialect, ValueType};

/// A node and what is known of it.
pub(super) struct Declared<'a> {
    pub(super) node: &'a Node,
    pub(super) found: &'a NodeAnalysis,
    /// Its SQL; none for a seed.
    pub(super) compiled: Option<&'a Compiled>,
    pub(super) places: &'a Places<'a>,
    pub(super) dialect: Dialect,
}

impl Declared<'_> {
    /// Reports columns of YAML files, keys and contracts that the SQL does not give. Nothing is certain where columns are not all known.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        let schema = &self.found.schema;
        let is_source = self.found.is_origin && self.node.kind != NodeKind::Seed;
        if schema.open.is_some() || schema.is_declared || is_source {
            return;
        }
        let enforced = self.node.setting("contract").and_then(|contract| contract.get("enforced"));
        let has_contract = enforced.and_then(Value::as_bool) == Some(true);
        for column in self.node.columns.values() {
            if !self.has(&column.name, column.quote == Some(true)) {
                let what = format!("`{}` has no column `{}`, which is declared here", self.node.name, column.name);
                let span = self.places.behind(column.span, "name", &column.name).unwrap_or(column.span);
                diagnostics.push(self.missing(what, &column.name, span));
            }
        }
        if has_contract {
            self.contract(diagnostics);
        }
        let settings: &[&str] = match self.node.kind {
            NodeKind::Snapshot => &["unique_key", "updated_at", "check_cols"],
            _ if self.node.materialized() == "incremental" => {
                &["unique_key", "merge_update_columns", "merge_exclude_columns"]
            }
            _ => &[],
        };
        for setting in settings {
            self.setting(setting, diagnostics);
        }
    }

    /// Columns that a setting names.
    fn setting(&self, setting: &str, diagnostics: &mut Diagnostics) {
        let is_name = |name: &String| !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric());
        for name in listed(self.node, setting).into_iter().filter(is_name) {
            let is_all = setting == "check_cols" && name == "all";
            if is_all || self.has(&name, false) {
                continue;
            }
            let what = format!("`{}` has no column `{name}`, which is in its `{setting}`", self.node.name);
            let what = if setting == "unique_key" { what.replace("in its", "its") } else { what };
            diagnostics.push(self.missing(what, &name, self.places.setting(self.node, setting, &name)));
        }
    }

    fn has(&self, name: &str, quoted: bool) -> bool {
        let key = Name::written(name, quoted, self.dialect).key;
        // Whether a declaration means the name in quotes is not always said.
        let is = |column: &Name| column.key == key || column.text.eq_ignore_ascii_case(name);
        self.found.schema.columns.iter().any(|column| is(&column.name))
    }

    fn missing(&self, what: String, name: &str, span: Span) -> Diagnostic {
        let names: Vec<&str> = self.found.schema.columns.iter().map(|column| &*column.name.text).collect();
        let help = columns_instead(name, &names);
        Diagnostic::warning(Code::UnknownColumn, what).node(&self.node.unique_id).at(span).help(help)
    }

    /// What an enforced contract says otherwise than the SQL.
    fn contract(&self, diagnostics: &mut Diagnostics) {
        let node = self.node;
        let declared = |name: &str| node.columns.values().find(|column| column.name.eq_ignore_ascii_case(name));
        let mut told = |message: String, span: Span, help: &str| {
            diagnostics
                .push(Diagnostic::warning(Code::ContractBroken, message).node(&node.unique_id).at(span).help(help));
        };
        for column in &self.found.schema.columns {
            let Some(declared) = declared(&column.name.text) else {
                let message = format!("the contract of `{}` does not declare `{}`", node.name, column.name.text);
                let help = "add the column to the YAML file, or leave it out of the SQL";
                told(message, self.item(&column.name), help);
                continue;
            };
            let Some(written) = &declared.data_type else {
                let message = format!("the contract of `{}` gives `{}` no type", node.name, declared.name);
                told(message, declared.span, "write a `data_type`");
                continue;
            };
            let wanted = ValueType::parse(written, self.dialect);
            if let (Some(wanted), Some(is)) = (wanted.rough(), column.data_type.rough())
                && wanted != is
            {
                let message = format!("`{}` is {is} ({}), and declared as {wanted}", declared.name, column.data_type);
                told(message, self.type_of(declared, written), "cast it in the SQL, or declare what it is");
            }
        }
    }

    /// The place of a declared type.
    fn type_of(&self, column: &Column, written: &str) -> Span {
        self.places.behind(column.span, "data_type", written).unwrap_or(column.span)
    }

    /// The place of the item that gives a column.
    fn item(&self, column: &Name) -> Span {
        let place = || {
            let compiled = self.compiled?;
            let query = read_query(compiled.own_sql(), self.dialect).ok().flatten()?;
            let range = item_of(&query, column, &mut Vec::new())?;
            let longer = compiled.sql.len().saturating_sub(compiled.own_sql().len());
            let (span, _) = compiled.map.locate(&(range.start + longer..range.end + longer))?;
            (span.file == self.node.file).then_some(span)
        };
        place().unwrap_or_else(|| self.node.span())
    }
}

/// The bytes of the item that gives a column, through stars over common table expressions.
fn item_of<'q>(query: &'q Query, column: &Name, outer: &mut Vec<&'q Query>) -> Option<Range<usize>> {
    outer.push(query);
    let mut body = &query.body;
    let select = loop {
        match body {
            Body::Select(select) => break select,
            Body::Set(chain) => body = &chain.first,
            Body::Query(inner) => return item_of(inner, column, outer),
            Body::Values(..) | Body::Opaque(_) => return None,
        }
    };
    let mut star = None;
    for item in &select.items {
        match item {
            Item::Value { name, span, .. } if name.key == column.key => return Some(span.clone()),
            Item::Value { .. } => {}
            Item::Star(one) => star = Some(one),
        }
    }
    let star = star?;
    if let [From::Table { name, .. }] = select.from.as_slice()
        && let [one] = name.as_slice()
        && outer.len() < 16
    {
        let ctes = outer.iter().rev().flat_map(|query| &query.ctes);
        let cte = ctes.into_iter().find(|cte| cte.name.key == one.key && cte.columns.is_empty());
        if let Some(range) = cte.and_then(|cte| item_of(&cte.query, column, outer)) {
            return Some(range);
        }
    }
    Some(star.span.clone())
}
