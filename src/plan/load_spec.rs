//! `external:` of a source's table: what the loader is to do.

use serde_json::Value;

use super::planner::{Planned, empty};
use super::{Action, NodePlan, Planner, Purpose, Step, Work};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::Node;
use crate::sql::{Relation, RelationKind};

/// What the loader needs to know of a table, as declared.
#[derive(Debug, Clone)]
pub struct LoadSource {
    /// The source's unique id.
    pub unique_id: String,
    /// The stage table.
    pub relation: Relation,
    /// The folder or URL.
    pub location: String,
    /// Which files below it.
    pub pattern: Option<String>,
    /// `json`, `csv`, ...
    pub file_format: String,
    /// What happens when a loaded file comes back with other content.
    pub on_change: String,
    /// What happens to a line that cannot be read.
    pub on_error: String,
    /// The schema of the ledger.
    pub ledger_schema: String,
    /// The Snowflake stage to copy from, where the warehouse reads files itself.
    pub stage: Option<String>,
}

const KEYS: [&str; 10] = [
    "location",
    "pattern",
    "file_format",
    "compression",
    "partitions",
    "on_change",
    "on_error",
    "stage",
    "row_format",
    "tbl_properties",
];

/// The loader's specification of a source's table, if it has one.
pub fn load_source(node: &Node, ledger_schema: &str) -> Result<Option<LoadSource>, Box<Diagnostic>> {
    let Some(external) = node.source.as_ref().and_then(|source| source.external.as_ref()) else {
        return Ok(None);
    };
    let fail = |message: String, help: String| {
        Box::new(Diagnostic::error(Code::BadConfig, message).at(node.span()).node(&node.unique_id).help(help))
    };
    let Some(fields) = external.as_object() else {
        return Err(fail("`external` must be a mapping".into(), "write `external: {location: …}`".into()));
    };
    if let Some(unknown) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let help = did_you_mean(unknown, KEYS)
            .map_or_else(|| format!("it takes: {}", KEYS.join(", ")), |near| format!("did you mean `{near}`?"));
        return Err(fail(format!("unknown key `{unknown}` in `external`"), help));
    }
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    let one_of = |key: &str, words: &[&str]| match text(key) {
        None => Ok(words[0].to_owned()),
        Some(word) if words.contains(&word.as_str()) => Ok(word),
        Some(word) => Err(fail(format!("`{key}: {word}` is not known"), format!("write one of: {}", words.join(", ")))),
    };
    let Some(location) = text("location") else {
        return Err(fail(
            "`external` has no `location`".into(),
            "add `location:` with a folder or an s3:// URL".into(),
        ));
    };
    let relation = Planner::target(node)?;
    Ok(Some(LoadSource {
        unique_id: node.unique_id.clone(),
        relation,
        location,
        pattern: text("pattern"),
        file_format: text("file_format").unwrap_or_else(|| "json".to_owned()),
        on_change: one_of("on_change", &["append_version", "replace_file_rows", "fail"])?,
        on_error: one_of("on_error", &["fail", "quarantine"])?,
        ledger_schema: ledger_schema.to_owned(),
        stage: text("stage"),
    }))
}

impl Planner<'_> {
    /// The plan of a source that is loaded from files.
    pub(super) fn load(&self, node: &Node) -> Planned<NodePlan> {
        let Some(source) = load_source(node, &self.ledger_schema)? else {
            return Ok(empty(node, Action::Nothing, "a source without `external:`"));
        };
        let reason = format!("files below {} that the ledger does not have", source.location);
        let makes = Some((source.relation.clone(), RelationKind::Table));
        let step = Step { purpose: Purpose::Main, work: Work::Load(Box::new(source)) };
        Ok(NodePlan { steps: vec![step], makes, ..empty(node, Action::LoadFiles, reason) })
    }
}
