//! Node selection: dbt's `--select`, `--exclude`, `--selector` grammar and methods.
//!
//! What was written becomes a [`Spec`] (`grammar` for the command line, `file` for selectors.yml); a spec is evaluated
//! against the graph to two sets: nodes that are selected, and tests that would be if all of their parents were. What dbt
//! does is kept, also where it surprises: ephemeral models are selected like others, a package's nodes are found by `path:`
//! when the root project has that path too, and a word that matches nothing only warns.

mod cover;
mod definition;
mod file;
mod grammar;
mod method;
mod previous;
mod suggest;
mod wildcard;

pub use cover::{covers_file, covers_node};
pub use definition::selector_definitions;
pub use file::check_selectors;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::state::Previous;
use super::{Graph, Order};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{NodeKind, Project};
use grammar::{Criterion, Reach, Spec};

/// Which tests a selected node brings along (dbt: `--indirect-selection`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Indirect {
    /// Tests with any parent selected.
    #[default]
    Eager,
    /// Tests with all parents selected.
    Cautious,
    /// Tests with all parents selected or upstream of something selected.
    Buildable,
    /// None.
    Empty,
}

impl Indirect {
    /// The mode for dbt's word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "eager" => Some(Self::Eager),
            "cautious" => Some(Self::Cautious),
            "buildable" => Some(Self::Buildable),
            "empty" => Some(Self::Empty),
            _ => None,
        }
    }
}

/// What the command line says about selection.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `--select`, each argument as given.
    pub select: Vec<String>,
    /// `--exclude`, likewise.
    pub exclude: Vec<String>,
    /// `--selector`.
    pub selector: Option<String>,
    /// `--indirect-selection`.
    pub indirect: Indirect,
    /// The kinds of node the command works on; empty for all but hooks.
    pub kinds: Vec<NodeKind>,
    /// Whether nodes without any code are kept, as `ls` does.
    pub keep_empty: bool,
    /// What an earlier run left, for the methods that ask.
    pub previous: Previous,
}

/// What selecting works on.
struct Context<'a> {
    graph: &'a Graph,
    order: &'a Order,
    project: &'a Project,
    selection: &'a Selection,
    /// Paths of the root project's files and of their folders, once a method asks for them.
    paths: OnceCell<BTreeSet<&'a str>>,
}

/// Selected nodes, and tests that some but not all of their parents bring along.
#[derive(Default)]
struct Found {
    direct: BTreeSet<String>,
    indirect: BTreeSet<String>,
}

/// What a set becomes beside another.
type Operator = fn(&mut BTreeSet<String>, BTreeSet<String>);

/// The unique ids selected. Words that match nothing, and a selection that is empty in the end, are reported.
pub fn select(
    graph: &Graph,
    order: &Order,
    project: &Project,
    selection: &Selection,
    diagnostics: &mut Diagnostics,
) -> BTreeSet<String> {
    let context = Context { graph, order, project, selection, paths: OnceCell::new() };
    let Some(spec) = spec(&context, diagnostics) else { return BTreeSet::new() };
    let before = diagnostics.iter().count();
    let mut found = context.find(&spec, diagnostics).direct;
    found.retain(|id| context.is_wanted(id));
    if found.is_empty() && diagnostics.iter().count() == before {
        let kinds: Vec<&str> = selection.kinds.iter().map(|kind| kind.as_str()).collect();
        let what = if (1..=3).contains(&kinds.len()) { kinds.join(" or ") } else { "node".to_owned() };
        let help = "`merganser ls` with the same options and `--resource-type all` shows what they match";
        diagnostics.push(Diagnostic::warning(Code::EmptySelection, format!("no {what} is selected")).help(help));
    }
    found
}

/// What is to be selected: the selector named, the default one, or the words given.
fn spec(context: &Context<'_>, diagnostics: &mut Diagnostics) -> Option<Spec> {
    let selection = context.selection;
    let has_words = !selection.select.is_empty() || !selection.exclude.is_empty();
    if selection.selector.is_some() && has_words {
        let message = "`--selector` decides what is selected; `--select` and `--exclude` change nothing beside it";
        diagnostics
            .push(Diagnostic::warning(Code::BadOption, message).help("write `--select selector:NAME ...` instead"));
    }
    let made = match &selection.selector {
        Some(name) => file::named(context.project, name, selection.indirect),
        None if has_words => Ok(None),
        None => file::default(context.project, selection.indirect),
    };
    let made = match made {
        Ok(Some(spec)) => Ok(spec),
        Ok(None) => grammar::words(&selection.select, &selection.exclude, context.project, selection.indirect),
        Err(problem) => Err(problem),
    };
    made.map_err(|problem| diagnostics.push(problem)).ok()
}

impl Context<'_> {
    fn paths(&self) -> &BTreeSet<&str> {
        self.paths.get_or_init(|| method::root_paths(self.graph))
    }

    fn is_wanted(&self, id: &str) -> bool {
        let node = &self.graph.nodes[id];
        let kinds = &self.selection.kinds;
        let fits = if kinds.is_empty() { node.kind != NodeKind::Operation } else { kinds.contains(&node.kind) };
        let has_code = matches!(node.kind, NodeKind::Model | NodeKind::Snapshot | NodeKind::Analysis | NodeKind::Test);
        fits && (self.selection.keep_empty || !has_code || !node.raw.trim().is_empty())
    }

    fn find(&self, spec: &Spec, diagnostics: &mut Diagnostics) -> Found {
        let (found, raw) = match spec {
            Spec::One(criterion) => return self.criterion(criterion, diagnostics),
            Spec::Union { parts, indirect } => (self.combine(parts, *indirect, Extend::extend, diagnostics), None),
            Spec::Intersection { parts, indirect, raw } => {
                let both: Operator = |all, part| all.retain(|id| part.contains(id));
                (self.combine(parts, *indirect, both, diagnostics), raw.as_ref())
            }
            Spec::Difference(parts) => {
                let without: Operator = |all, part| all.retain(|id| !part.contains(id));
                (self.combine(parts.as_ref(), Indirect::Eager, without, diagnostics), None)
            }
        };
        if let Some(raw) = raw.filter(|_| found.direct.is_empty() && !diagnostics.has_errors()) {
            diagnostics.push(suggest::empty(self, raw, spec));
        }
        found
    }

    fn combine(&self, parts: &[Spec], indirect: Indirect, operator: Operator, diagnostics: &mut Diagnostics) -> Found {
        let all: Vec<Found> = parts.iter().map(|part| self.find(part, diagnostics)).collect();
        // Where no part might bring anything along, what is possible is what is there.
        let is_settled = all.iter().all(|found| found.indirect.is_empty());
        let possible = |found: &Found| if is_settled { BTreeSet::new() } else { &found.direct | &found.indirect };
        let mut all = all.into_iter();
        let Some(first) = all.next() else { return Found::default() };
        let mut found = Found { indirect: possible(&first), direct: first.direct };
        for part in all {
            operator(&mut found.indirect, possible(&part));
            operator(&mut found.direct, part.direct);
        }
        if !is_settled {
            self.settle(&mut found.direct, &found.indirect, indirect);
        }
        found
    }

    /// Takes in the tests whose parents are all there now that several sets came together.
    fn settle(&self, direct: &mut BTreeSet<String>, possible: &BTreeSet<String>, indirect: Indirect) {
        let reachable = match indirect {
            Indirect::Cautious => direct.clone(),
            Indirect::Buildable => &*direct | &self.order.ancestors_of_all(direct, None),
            Indirect::Eager | Indirect::Empty => return,
        };
        let ready =
            |id: &&String| self.graph.nodes[id.as_str()].depends_on.iter().all(|parent| reachable.contains(parent));
        let tests: Vec<String> = possible.iter().filter(ready).cloned().collect();
        direct.extend(tests);
    }

    fn criterion(&self, criterion: &Criterion, diagnostics: &mut Diagnostics) -> Found {
        let mut selected = match self.matching(criterion, diagnostics) {
            Ok(selected) => selected,
            Err(problem) => {
                diagnostics.push(problem);
                return Found::default();
            }
        };
        let mut more = BTreeSet::new();
        if criterion.with_childrens_parents {
            let below = &selected | &self.order.descendants_of_all(&selected, None);
            more.extend(self.order.ancestors_of_all(&below, None));
            more.extend(below);
        }
        if let Some(Reach(depth)) = criterion.parents {
            more.extend(self.order.ancestors_of_all(&selected, depth));
        }
        if let Some(Reach(depth)) = criterion.children {
            more.extend(self.order.descendants_of_all(&selected, depth));
        }
        selected.extend(more);
        self.with_tests(selected, criterion.indirect)
    }

    /// Adds the tests that read what is selected.
    fn with_tests(&self, selected: BTreeSet<String>, indirect: Indirect) -> Found {
        if indirect == Indirect::Empty {
            return Found { direct: selected, indirect: BTreeSet::new() };
        }
        let mut reachable = BTreeSet::new();
        if indirect != Indirect::Eager {
            reachable.clone_from(&selected);
        }
        if indirect == Indirect::Buildable {
            reachable.extend(self.order.ancestors_of_all(&selected, None));
            reachable.extend(
                self.graph
                    .nodes
                    .values()
                    .filter(|node| node.kind == NodeKind::Source)
                    .map(|node| node.unique_id.clone()),
            );
        }
        let readers = selected.iter().flat_map(|id| self.order.children(id));
        let readers: BTreeSet<&str> = readers.filter(|id| !selected.contains(*id)).collect();
        let mut found = Found { direct: selected, indirect: BTreeSet::new() };
        for id in readers {
            let node = &self.graph.nodes[id];
            if !matches!(node.kind, NodeKind::Test | NodeKind::UnitTest) {
                continue;
            }
            let is_ready =
                indirect == Indirect::Eager || node.depends_on.iter().all(|parent| reachable.contains(parent));
            let set = if is_ready { &mut found.direct } else { &mut found.indirect };
            set.insert(id.to_owned());
        }
        found
    }
}
