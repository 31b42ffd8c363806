//! What to say for words that match nothing.

use std::collections::BTreeSet;

use super::Context;
use super::grammar::{Criterion, Method, Spec};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::project::NodeKind;

/// The warning for a word that matches no enabled node.
pub(super) fn empty(context: &Context<'_>, raw: &str, spec: &Spec) -> Diagnostic {
    let diagnostic = Diagnostic::warning(Code::EmptySelection, format!("`{raw}` matches no enabled node"));
    let Spec::Intersection { parts, .. } = spec else { return diagnostic };
    let help = match parts.as_slice() {
        [Spec::One(criterion)] => near(context, criterion),
        _ => "each part between the commas must match the same node".to_owned(),
    };
    diagnostic.help(help)
}

fn near(context: &Context<'_>, criterion: &Criterion) -> String {
    let written = criterion.text();
    let graph = context.graph;
    if let Some(node) = graph.disabled.iter().find(|node| criterion.method == Method::Fqn && node.name == written) {
        return format!("`{}` is disabled", node.unique_id);
    }
    let all = known(context, criterion);
    match did_you_mean(&written, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "check the name; `merganser ls` lists what there is".to_owned(),
    }
}

/// The values that would match something.
fn known<'a>(context: &'a Context<'_>, criterion: &Criterion) -> BTreeSet<&'a str> {
    let nodes = context.graph.nodes.values();
    let of_kind = |kind: NodeKind| {
        context.graph.nodes.values().filter(move |node| node.kind == kind).map(|node| node.name.as_str())
    };
    match criterion.method {
        Method::Fqn => nodes.filter(|node| node.kind != NodeKind::Source).map(|node| node.name.as_str()).collect(),
        Method::Tag => nodes.flat_map(|node| &node.tags).map(String::as_str).collect(),
        Method::Group => context.graph.groups.keys().filter_map(|id| id.rsplit('.').next()).collect(),
        Method::Package => nodes.map(|node| node.package.as_str()).collect(),
        Method::Path => context.paths().clone(),
        Method::File => nodes.filter_map(|node| node.original_path.rsplit('/').next()).collect(),
        Method::TestName => nodes.filter_map(|node| node.test.as_ref()).map(|test| test.name.as_str()).collect(),
        Method::Source => {
            nodes.filter_map(|node| node.source.as_ref()).map(|source| source.source_name.as_str()).collect()
        }
        Method::Access => ["private", "protected", "public"].into(),
        Method::Exposure => of_kind(NodeKind::Exposure).collect(),
        Method::Metric => of_kind(NodeKind::Metric).collect(),
        Method::SemanticModel => of_kind(NodeKind::SemanticModel).collect(),
        Method::SavedQuery => of_kind(NodeKind::SavedQuery).collect(),
        Method::UnitTest => of_kind(NodeKind::UnitTest).collect(),
        _ => BTreeSet::new(),
    }
}
