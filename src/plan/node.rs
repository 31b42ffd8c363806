//! Models and snapshots: which materialization, and what surrounds it.

use serde_json::{Value, json};

use super::planner::{Planned, empty, statements};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::Node;
use crate::jinja::{Origin, Subject, json_value};
use crate::project::NodeKind;
use crate::sql::Dialect;

impl Planner<'_> {
    /// The plan of a model or snapshot.
    pub(super) fn build(&self, node: &Node, compiled: Option<&Compiled>) -> Planned<NodePlan> {
        if node.is_python() {
            let message = format!("`{}` is a model in Python, and merganser runs SQL only", node.unique_id);
            let problem =
                Diagnostic::error(Code::UnknownMaterialization, message).at(node.span()).node(&node.unique_id);
            return Err(Box::new(problem.help("disable it, or write it in SQL")));
        }
        if self.has_batches(node) {
            return self.microbatch(node);
        }
        let Some(compiled) = compiled else { return Ok(empty(node, Action::Nothing, "it has no SQL")) };
        let subject = self.subject(node, Some(compiled));
        let own = self.own_materialization(node, node.materialized())?;
        let mut plan = match (node.materialized(), own) {
            (_, Some(name)) => self.materialization(node, name),
            ("view", None) => self.view(node, &subject, compiled)?,
            ("table", None) => self.table(node, &subject, compiled)?,
            ("incremental", None) => self.incremental(node, &subject, compiled)?,
            (other, None) => self.materialization(node, format!("materialization_{other}_default")),
        };
        plan.late = compiled.late;
        self.mask_kept(node, &mut plan);
        if plan.action == Action::RunMaterialization {
            return Ok(plan);
        }
        self.surround(node, &subject, &mut plan)?;
        Ok(plan)
    }

    /// Hooks before and behind what makes a relation, comments and grants. On `DuckDB` all but the hooks outside of it are one
    /// transaction, as in dbt: where one of them fails, the relation is as it was.
    pub(super) fn surround(&self, node: &Node, subject: &std::sync::Arc<Subject>, plan: &mut NodePlan) -> Planned<()> {
        let (before, mut inside) = self.hooks(node, subject, "pre-hook")?;
        let (after, last) = self.hooks(node, subject, "post-hook")?;
        inside.append(&mut plan.steps);
        inside.extend(self.comments(node, subject)?);
        inside.extend(self.grants(node, subject, plan.action)?);
        inside.extend(last);
        if self.dialect() == Dialect::DuckDb && inside.len() > 1 {
            inside.insert(0, Step::support("begin"));
            inside.push(Step::support("commit"));
        }
        plan.steps = [before, inside, after].concat();
        Ok(())
    }

    fn materialization(&self, node: &Node, name: String) -> NodePlan {
        let reason = format!("`{}` is a materialization written as a macro", node.materialized());
        let step = Step { purpose: Purpose::Main, work: Work::Materialization(name) };
        let kind = crate::sql::RelationKind::Table;
        let makes = node
            .relation
            .as_deref()
            .cloned()
            .filter(|_| node.kind != NodeKind::Function)
            .map(|relation| (relation, kind));
        NodePlan { steps: vec![step], makes, ..empty(node, Action::RunMaterialization, reason) }
    }

    /// The macro of a materialization that is not built in: of the root project or a package, or a built-in one that exists only
    /// as a macro. An unknown one is an error. (dbt: adapter before default; a package may replace a built-in one only where the project's flags allow it.)
    pub(super) fn own_materialization(&self, node: &Node, kind: &str) -> Planned<Option<String>> {
        let library = &self.compiler.session.library;
        let facts = &self.compiler.session.facts;
        let is_native = matches!(kind, "view" | "table" | "incremental");
        let names = [facts.dialect.adapter(), "default"].map(|adapter| format!("materialization_{kind}_{adapter}"));
        let internal = crate::project::internal_packages(facts.dialect.adapter());
        let flag = facts.flags.get("require_explicit_package_overrides_for_builtin_materializations");
        let packages_override = flag.and_then(Value::as_bool) == Some(false);
        for name in &names {
            let defined = |package: &String| library.get(package, name).is_some();
            let in_root = defined(&facts.root);
            let in_package = facts.packages.iter().skip(1).any(defined);
            let is_builtin =
                names.iter().any(|name| internal.iter().any(|package| library.get(package, name).is_some()));
            if let Some(package) = facts.packages.iter().skip(1).find(|package| defined(package))
                && is_builtin
                && packages_override
                && !in_root
            {
                return Ok(Some(format!("{package}.{name}")));
            }
            if in_root || (in_package && !is_builtin) || (!is_native && internal.iter().any(defined)) {
                return Ok(Some(name.clone()));
            }
        }
        if is_native {
            return Ok(None);
        }
        let known: Vec<String> =
            library.iter().filter_map(|m| m.def().name.strip_prefix("materialization_").map(str::to_owned)).collect();
        let known: Vec<&str> = known.iter().filter_map(|name| name.rsplit_once('_').map(|(kind, _)| kind)).collect();
        let help = match did_you_mean(kind, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "use view, table, incremental or ephemeral, or define it with `{% materialization %}`".to_owned(),
        };
        let message = format!("no materialization `{kind}` for {}", facts.dialect.adapter());
        Err(Box::new(
            Diagnostic::error(Code::UnknownMaterialization, message).at(node.span()).node(&node.unique_id).help(help),
        ))
    }

    /// The statements of a node's hooks outside and inside its transaction, rendered as the node sees them; empty ones do nothing.
    fn hooks(&self, node: &Node, subject: &std::sync::Arc<Subject>, key: &str) -> Planned<(Vec<Step>, Vec<Step>)> {
        let (mut outside, mut inside) = (Vec::new(), Vec::new());
        for hook in node.config.get(key).and_then(Value::as_array).into_iter().flatten() {
            let Some(text) = hook.get("sql").and_then(Value::as_str) else { continue };
            let is_inside = hook.get("transaction").and_then(Value::as_bool).unwrap_or(true);
            let steps = if is_inside { &mut inside } else { &mut outside };
            let origin = Origin::NOWHERE;
            let rendered =
                self.compiler.render_early(node, subject, text, origin).map_err(|error| self.failed(node, &error))?;
            let step = |work| Step { purpose: Purpose::Hook, work };
            match rendered {
                Some(rendered) => {
                    steps.extend(statements(&rendered.text).into_iter().map(|sql| step(Work::Sql(sql))));
                }
                None => steps.push(step(Work::Hook(text.to_owned()))),
            }
        }
        Ok((outside, inside))
    }

    /// Comments on the relation and its columns, where `persist_docs` asks for them. Which columns there are is asked when the
    /// relation is made. Snowflake's views carry their columns' comments in the statement that makes them.
    fn comments(&self, node: &Node, subject: &std::sync::Arc<Subject>) -> Planned<Vec<Step>> {
        let persists = |part: &str| {
            node.config.get("persist_docs").and_then(|docs| docs.get(part)).and_then(Value::as_bool).unwrap_or(false)
        };
        let Some(relation) = node.relation.as_deref() else { return Ok(Vec::new()) };
        let is_view = node.materialized() == "view";
        let kind = if is_view { crate::sql::RelationKind::View } else { crate::sql::RelationKind::Table };
        let target = || self.value(relation, Some(kind));
        let mut steps = Vec::new();
        if persists("relation") && !node.description.is_empty() {
            let arguments = vec![("relation", target()), ("relation_comment", json_value(&json!(node.description)))];
            steps.extend(
                statements(&self.call(node, subject, "alter_relation_comment", arguments)?)
                    .into_iter()
                    .map(Step::support),
            );
        }
        let snowflake_view = is_view && self.compiler.session.facts.dialect == Dialect::Snowflake;
        if persists("columns") && !node.columns.is_empty() && !snowflake_view {
            steps.push(Step { purpose: Purpose::Support, work: Work::ColumnComments(relation.clone(), kind) });
        }
        Ok(steps)
    }
}
