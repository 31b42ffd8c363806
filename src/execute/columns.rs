//! Making a table's columns fit new rows, as `on_schema_change` says (dbt: `process_schema_changes`).

use std::sync::Arc;

use super::node_run::Runner;
use crate::graph::Node;
use crate::jinja::value::{Value, list};
use crate::jinja::{Subject, text_fits};
use crate::sql::{Dialect, Relation, RelationKind};
use crate::warehouse::{Column, WarehouseError};

impl Runner<'_> {
    /// The columns a relation has now, temporary ones too.
    pub(super) fn columns_of(&self, relation: &Relation) -> Result<Vec<Column>, WarehouseError> {
        let outcome = self.connection.execute(&format!("select * from {} where false", relation.render()))?;
        Ok(outcome.table.columns)
    }

    /// Lets texts grow; adds what is missing; with `sync_all_columns` drops what is gone and changes types; with `fail` refuses.
    pub(super) fn fit_columns(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        (target, source, policy): (&Relation, &Relation, &str),
    ) -> Result<Vec<String>, WarehouseError> {
        let (old, new) = (self.columns_of(target)?, self.columns_of(source)?);
        let named =
            |columns: &[Column], name: &str| columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)).cloned();
        let dialect = self.connection.dialect();
        let text_fits = |column: &Column| named(&old, &column.name).and_then(|old| text_fits(&old, column, dialect));
        let mut sent = Vec::new();
        for column in &new {
            let Some(Err(data_type)) = text_fits(column) else { continue };
            self.alter_type(node, subject, (target, &column.name, data_type), &mut sent)?;
        }
        if policy == "ignore" {
            return Ok(sent);
        }
        let added: Vec<Column> = new.iter().filter(|c| named(&old, &c.name).is_none()).cloned().collect();
        let gone: Vec<Column> = old.iter().filter(|c| named(&new, &c.name).is_none()).cloned().collect();
        let changed: Vec<Column> = new
            .iter()
            .filter(|c| named(&old, &c.name).is_some_and(|old| old.data_type != c.data_type) && text_fits(c).is_none())
            .cloned()
            .collect();
        if policy == "fail" && !(added.is_empty() && gone.is_empty() && changed.is_empty()) {
            let names = |columns: &[Column]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>().join(", ");
            let message = format!(
                "the columns of `{}` no longer fit its table: new [{}], gone [{}], of another type [{}]",
                node.name,
                names(&added),
                names(&gone),
                names(&changed)
            );
            return Err(WarehouseError::new(message).help(
                "run with --full-refresh, or set `on_schema_change` to `append_new_columns` or `sync_all_columns`",
            ));
        }
        let syncs = policy == "sync_all_columns";
        let dropped = if syncs { gone } else { Vec::new() };
        if !added.is_empty() || !dropped.is_empty() {
            let values = |columns: &[Column]| {
                list(columns.iter().map(|c| crate::jinja::column_value(c, self.connection.dialect())).collect())
            };
            let arguments = vec![
                ("relation", self.planner.relation_value(target)),
                ("add_columns", values(&added)),
                ("remove_columns", values(&dropped)),
            ];
            self.macro_statements(node, subject, "alter_relation_add_remove_columns", arguments, &mut sent)?;
        }
        if syncs && !changed.is_empty() {
            self.change_types(node, subject, (target, &changed), &mut sent)?;
        }
        Ok(sent)
    }

    /// Changes columns' types. `DuckDB` takes no rows for a table whose columns change their types in the same transaction: there the
    /// node's transaction is committed before, and another one opened.
    fn change_types(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        (target, changed): (&Relation, &[Column]),
        sent: &mut Vec<String>,
    ) -> Result<(), WarehouseError> {
        let apart = |word: &str, sent: &mut Vec<String>| {
            if self.connection.dialect() != Dialect::DuckDb {
                return Ok(());
            }
            sent.push(word.to_owned());
            self.connection.execute(word).map(drop)
        };
        apart("commit", sent)?;
        for column in changed {
            self.alter_type(node, subject, (target, &column.name, column.data_type.clone()), sent)?;
        }
        apart("begin", sent)
    }

    fn alter_type(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        (relation, column, data_type): (&Relation, &str, String),
        sent: &mut Vec<String>,
    ) -> Result<(), WarehouseError> {
        let arguments = vec![
            ("relation", self.planner.relation_value(relation)),
            ("column_name", Value::from(column)),
            ("new_column_type", Value::from(data_type)),
        ];
        self.macro_statements(node, subject, "alter_column_type", arguments, sent)
    }

    /// Comments on the columns that a relation has now.
    pub(super) fn column_comments(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        (relation, kind): (&Relation, RelationKind),
    ) -> Result<Vec<String>, WarehouseError> {
        let columns = subject.model.get("columns").cloned().unwrap_or_default();
        let arguments = vec![
            ("relation", self.planner.value_of(relation, kind)),
            ("column_dict", crate::jinja::json_value(&columns)),
        ];
        let mut sent = Vec::new();
        self.macro_statements(node, subject, "alter_column_comment", arguments, &mut sent)?;
        Ok(sent)
    }

    /// Calls a macro whose statements may be sent by the macro itself or be its text.
    fn macro_statements(
        &self,
        node: &Node,
        subject: &Arc<Subject>,
        name: &str,
        arguments: Vec<(&str, Value)>,
        sent: &mut Vec<String>,
    ) -> Result<(), WarehouseError> {
        let text = self
            .planner
            .compiler
            .call(node, subject, name, arguments)
            .map_err(|error| WarehouseError::new(error.message))?;
        for range in crate::sql::split(&text) {
            let statement = text[range].trim();
            if !statement.is_empty() {
                self.connection.execute(statement)?;
                sent.push(statement.to_owned());
            }
        }
        Ok(())
    }
}
