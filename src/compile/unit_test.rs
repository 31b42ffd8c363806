//! Unit tests as SQL: the model's template over rows that are given, as common table expressions (dbt: `UnitTestManifestLoader`).

use std::sync::Arc;
use std::sync::PoisonError;

use serde_json::{Value, json};

use super::Compiler;
use super::ephemeral::{self, cte_name};
use super::world::NodeWorld;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, Node, dictionary, unit_test_config};
use crate::jinja::{self, Origin, Overrides, Phase, Problem, RelationValue, Subject};
use crate::sql::{Quoting, Relation, RelationKind};

/// The variable that holds a fixture's rows.
const ROWS: &str = "_dbt_unit_test_rows";

/// What the tested template's references are called: a table of a source after both, another node after its relation.
pub(super) fn input_name(node: &Node) -> String {
    match &node.source {
        Some(source) => format!("{}__{}", source.source_name, node.name),
        None => node.alias.clone(),
    }
}

/// The relation that stands for an input.
pub(super) fn input_relation(node: &Node, graph: &Graph) -> RelationValue {
    let quoting = Quoting { database: false, schema: false, identifier: false };
    let relation = Relation { database: None, schema: None, identifier: cte_name(&input_name(node)), quoting };
    RelationValue::new(relation, Some(RelationKind::Cte), graph.dialect)
}

/// Why a template of a unit test cannot read a node.
pub(super) fn missing_input(test: &Node, read: &str) -> Problem {
    let message = format!("unit test `{}` gives no rows for `{read}`, which the model reads", test.name);
    Problem::new(Code::MissingInput, message)
        .help(format!("add it to `given`; `rows: []` if it is to be empty: - input: {read}"))
}

/// What macros see of a unit test when it is executed: the configuration of dbt's `UnitTestNode`.
pub(super) fn executed(node: &Node, subject: Subject) -> Subject {
    let expect = node.declared.get("expect").cloned().unwrap_or_default();
    let rows = expect.get("rows").cloned().unwrap_or_default();
    let mut config = unit_test_config(node);
    let (rows, sql) = if rows.is_string() { (json!([]), rows) } else { (rows, Value::Null) };
    config.insert("expected_rows".to_owned(), rows);
    config.insert("expected_sql".to_owned(), sql);
    let mut model = dictionary(node);
    for (key, value) in [
        ("name", json!(node.alias)),
        ("alias", json!(node.alias)),
        ("database", json!(node.database)),
        ("raw_code", json!(&*node.raw)),
        ("config", json!(config)),
        ("tested_node_unique_id", json!(node.unit.as_ref().map(|unit| &unit.tested))),
    ] {
        model[key] = value;
    }
    Subject { config: Arc::new(config), model: Arc::new(model.into()), ..subject }
}

/// What the test puts in the place of macros and variables.
fn overrides(node: &Node) -> Overrides {
    let own = node.declared.get("overrides").cloned().unwrap_or_default();
    let part = |key: &str| own.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let texts = part("env_vars").into_iter().map(|(key, value)| (key, jinja::json_str(&value)));
    Overrides { macros: part("macros"), vars: part("vars"), env_vars: texts.collect() }
}

impl Compiler {
    /// What the tested template sees: the test's overrides, and its own rows as `this`.
    pub(super) fn unit_test_subject(&self, node: &Node, world: &NodeWorld) -> Subject {
        let subject = self.subject(node);
        let this = node.unit.as_ref().filter(|unit| unit.inputs.contains(&unit.tested)).and_then(|unit| {
            let tested = self.graph().node(&unit.tested)?;
            world.ephemeral.lock().unwrap_or_else(PoisonError::into_inner).push(unit.tested.clone());
            Some(input_relation(tested, self.graph()))
        });
        Subject { this, overrides: Some(Arc::new(overrides(node))), ..subject }
    }

    /// The rows given for an input, as a common table expression.
    pub(super) fn fixture(
        &self,
        test: &Node,
        id: &str,
        world: &NodeWorld,
    ) -> Result<Option<(String, String)>, Box<Diagnostic>> {
        let position = test.unit.as_ref().and_then(|unit| unit.inputs.iter().position(|input| input == id));
        let (Some(position), Some(input)) = (position, self.graph().node(id)) else { return Ok(None) };
        let given = test.declared.get("given").and_then(|given| given.get(position));
        let rows = given.and_then(|given| given.get("rows")).cloned().unwrap_or_default();
        let inner = self.fixture_world(input, world.early);
        let mut subject = self.subject(input);
        if let Some(relation) = input.relation.as_deref() {
            subject.this = Some(RelationValue::new(relation.clone(), None, self.graph().dialect));
        }
        let text = match &rows {
            Value::String(sql) => sql.clone(),
            _ => {
                subject.more.push((ROWS.to_owned(), rows.clone()));
                format!("{{{{ get_fixture_sql({ROWS}, none) }}}}")
            }
        };
        let phase = Phase::Execute(inner.clone());
        let origin = Origin::NOWHERE;
        let rendered = jinja::render(&self.session, &Arc::new(subject), phase, &text, origin);
        world.note(&inner);
        let rendered = rendered.map_err(|error| Box::new(self.report(&error, test)))?;
        Ok(Some((id.to_owned(), ephemeral::expression(&input_name(input), &rendered.text))))
    }

    /// Where the bytes of a unit test came from: its model's template.
    pub(super) fn unit_test_origin(node: &Node) -> Option<Origin> {
        let (file, code) = &node.unit.as_ref()?.origin;
        Some(Origin { file: file.number(), base: code.start })
    }
}
