//! `query-comment` of the project file, rendered for what sends a statement (dbt: `MacroQueryStringSetter`).

use std::sync::Arc;

use serde_json::{Value, json};

use super::Compiler;
use crate::config::python_json;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Node, dictionary};
use crate::jinja::{DBT_VERSION, Subject, json_value, value};
use crate::source::Span;
use crate::sql::Dialect;
use crate::warehouse::Comment;

/// What the project says about comments.
#[derive(Debug, Clone)]
pub struct QueryComment {
    /// The template; none for dbt's own comment.
    template: Option<String>,
    append: bool,
    span: Span,
}

impl QueryComment {
    /// `query-comment:` as written, or none where the project wants no comments. Snowflake loses comments in front of a
    /// statement, so they stand behind it there.
    pub fn read(written: Option<&Value>, dialect: Dialect, span: Span) -> Option<Self> {
        let append = dialect == Dialect::Snowflake;
        let of = |template: Option<&str>, append| {
            let template = template.map(str::to_owned);
            Some(Self { template, append, span })
        };
        match written {
            None => of(None, append),
            Some(Value::String(text)) if !text.is_empty() => of(Some(text), append),
            Some(Value::Object(map)) if !map.is_empty() => {
                let append = map.get("append").and_then(Value::as_bool).unwrap_or(append);
                match map.get("comment") {
                    None => of(None, append),
                    Some(Value::String(text)) if !text.is_empty() => of(Some(text), append),
                    Some(_) => None,
                }
            }
            Some(_) => None,
        }
    }

    /// The comment for the statements of a node, or of something else of that name.
    pub(super) fn render(
        &self,
        compiler: &Compiler,
        name: &str,
        node: Option<&Node>,
    ) -> Result<Option<Comment>, Box<Diagnostic>> {
        let text = match &self.template {
            None => default_comment(compiler, name, node),
            Some(template) => self.rendered(compiler, template, (name, node))?,
        };
        Comment::new(&text, self.append).map_err(|error| {
            let help = "take the comment's end out of the text it is made of";
            Box::new(Diagnostic::error(Code::BadConfig, error.to_string()).at(self.span).help(help))
        })
    }

    /// The template with the names dbt gives it.
    fn rendered(
        &self,
        compiler: &Compiler,
        template: &str,
        (name, node): (&str, Option<&Node>),
    ) -> Result<String, Box<Diagnostic>> {
        let mut place = Node::blank(self.span.file);
        place.code = self.span.range();
        place.package.clone_from(&compiler.session.facts.root);
        let subject = Subject { package: place.package.clone(), ..Subject::default() };
        let text =
            format!("{{%- set connection_name = _argument_name -%}}{{%- set node = _argument_node -%}}\n{template}");
        let described = node.map_or_else(|| value::Value::from(()), |node| json_value(&dictionary(node)));
        let arguments = vec![("name", value::Value::from(name)), ("node", described)];
        compiler
            .render_calling(&place, &Arc::new(subject), &text, arguments)
            .map_err(|error| Box::new(compiler.report(&error, &place)))
    }
}

/// dbt's own comment: who, by which profile and target, for which node.
fn default_comment(compiler: &Compiler, name: &str, node: Option<&Node>) -> String {
    let facts = &compiler.session.facts;
    let target = |key: &str| facts.target.get(key).cloned().unwrap_or_default();
    let mut comment = json!({
        "app": "dbt", "dbt_version": DBT_VERSION, "profile_name": target("profile_name"), "target_name": target("target_name"),
    });
    match node {
        Some(node) => comment["node_id"] = json!(node.unique_id),
        None => comment["connection_name"] = json!(name),
    }
    python_json(&comment, false)
}
