//! One query: its names resolved, its columns and types inferred, and for each column what it depends on.
//!
//! Nothing is guessed. A name that cannot be resolved depends on every column of every relation in scope, and carries the
//! reason; so does everything that is made from it.

mod alike;
mod call;
mod columns;
mod cross;
mod expression;
mod from;
mod group;
mod matched;
mod narrow;
mod nullable;
mod placed;
mod scope;
mod select;
mod set;
mod shape;
mod star;
mod table_function;
mod typed;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use self::scope::Scope;
pub(super) use self::shape::Volatile;
use self::shape::{Doubt, Rows, Shape, Value};
use super::edge::{EXTERNAL, Edge, EdgeKind, Edges, STAR};
use super::function::DeclaredFunction;
use super::nulls::Nulls;
use super::schema::Schema;
use crate::diagnostic::Code;
use crate::sql::query::{Name, Query};
use crate::sql::{Dialect, SqlProblem, ValueType};

/// The relations a statement can name.
pub(super) trait Relations {
    /// The number and the columns of a relation.
    fn find(&self, name: &[Name]) -> Option<(u32, Arc<Schema>)>;

    /// A function that the project declares, by the name it is called by.
    fn function(&self, called: &str) -> Option<&DeclaredFunction>;
}

/// The name of a diagnostic. Written out in a field, serde would borrow it from what is read.
type CodeName = &'static str;

/// What is wrong in a query, with a diagnostic's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Finding {
    #[serde(deserialize_with = "code")]
    pub(super) code: CodeName,
    pub(super) message: String,
    pub(super) range: Range<usize>,
    pub(super) help: Option<String>,
}

/// A diagnostic's name, as the program has it.
fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CodeName, D::Error> {
    let name = String::deserialize(deserializer)?;
    Code::by_name(&name).map(Code::as_str).ok_or_else(|| D::Error::custom(format!("there is no problem `{name}`")))
}

impl From<SqlProblem> for Finding {
    fn from(problem: SqlProblem) -> Self {
        Self { code: problem.code, message: problem.message, range: problem.range, help: problem.help }
    }
}

/// A place where a query would do something else on the next run, over the same data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) kind: MarkKind,
    /// The function's name.
    pub(super) name: String,
    pub(super) range: Range<usize>,
    /// Whether it decides which rows there are, or in which order they come.
    pub(super) decides: bool,
}

/// Why a query may do something else on the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum MarkKind {
    /// A random value.
    Chance,
    /// A window function that needs an order and has none.
    Unordered,
    /// Rows older than some time before now are left out.
    Since,
}

/// A star that passes on columns of nodes' relations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PassedOn {
    pub(super) range: Range<usize>,
    pub(super) relations: Vec<u32>,
}

/// A column of a query.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct QueryColumn {
    pub(super) name: Name,
    pub(super) data_type: ValueType,
    pub(super) nulls: Nulls,
    pub(super) volatile: Volatile,
    /// The star that passed it on, by its number from 1.
    pub(super) star: u32,
    /// What its value depends on; what decides the rows is apart.
    pub(super) edges: Vec<Edge>,
    pub(super) doubt: Option<String>,
}

/// What is known of a query.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct QueryFacts {
    pub(super) columns: Vec<QueryColumn>,
    /// Why it may have other columns, and what those depend on.
    pub(super) open: Option<(String, Vec<Edge>)>,
    /// What columns depend on that a declaration may have left out.
    pub(super) soft: Option<Vec<Edge>>,
    /// What decides which rows there are.
    pub(super) rows: Vec<Edge>,
    /// Why that may not be all, if it may not.
    pub(super) rows_doubt: Option<String>,
    /// Columns that are known by name only.
    pub(super) names: Vec<String>,
    /// Paths; the first is none.
    pub(super) paths: Vec<String>,
    /// Relations that are none of the project's.
    pub(super) externals: Vec<String>,
    /// What could not be understood, in words.
    pub(super) notes: Vec<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) marks: Vec<Mark>,
    /// The stars in it that pass on columns of nodes' relations.
    pub(super) stars: Vec<PassedOn>,
    /// The star through which columns that are not known come, by its number from 1.
    pub(super) open_star: u32,
    /// The columns of other relations that it names.
    pub(super) read: BTreeSet<(u32, u32)>,
}

impl QueryFacts {
    /// Nothing of it is certain, for this reason.
    pub(super) fn doubt_all(&mut self, reason: &str) {
        for column in &mut self.columns {
            column.doubt.get_or_insert_with(|| reason.to_owned());
            column.nulls = column.nulls.doubted();
        }
        self.rows_doubt.get_or_insert_with(|| reason.to_owned());
        self.notes.push(reason.to_owned());
    }
}

/// Analyses one query.
pub(super) fn analyze_query(query: &Query, relations: &dyn Relations, dialect: Dialect) -> QueryFacts {
    let mut analyst = Analyst {
        relations,
        dialect,
        ctes: Vec::new(),
        scopes: Vec::new(),
        names: Numbered::default(),
        paths: Numbered::default(),
        externals: Vec::new(),
        notes: Vec::new(),
        findings: Vec::new(),
        marks: Vec::new(),
        stars: Vec::new(),
        read: BTreeSet::new(),
        deciding: 0,
        is_understood: true,
        matched_at: None,
    };
    analyst.paths.number("");
    let shape = analyst.query(query);
    let rows = shape.rows();
    let finish = |edges: &Edges| edges.iter().copied().collect::<Vec<Edge>>();
    let text = |doubt: &Doubt| doubt.as_ref().or(rows.doubt.as_ref()).map(std::string::ToString::to_string);
    let column = |at: usize| {
        let Value { edges, data_type, doubt, nulls, volatile, star, .. } = shape.value(at);
        let (name, edges, doubt) = (shape.name(at).clone(), finish(&edges), text(&doubt));
        let nulls = if doubt.is_some() { nulls.doubted() } else { nulls };
        QueryColumn { name, data_type, nulls, volatile, star, edges, doubt }
    };
    let open_star = shape.open().map_or(0, |open| analyst.star_of(&open.edges));
    if !analyst.is_understood {
        // What is not understood may read it.
        analyst.findings.retain(|finding| finding.code != "unused-cte");
    }
    QueryFacts {
        columns: (0..shape.len()).map(column).collect(),
        open: shape.open().map(|open| (open.reason.to_string(), finish(&open.edges))),
        soft: shape.soft().map(|soft| finish(&soft.edges)),
        rows: rows.edges.iter().copied().collect(),
        rows_doubt: rows.doubt.as_ref().map(ToString::to_string),
        names: analyst.names.list,
        paths: analyst.paths.list,
        externals: analyst.externals,
        notes: analyst.notes,
        findings: analyst.findings,
        marks: analyst.marks,
        stars: analyst.stars,
        open_star,
        read: analyst.read,
    }
}

/// Texts with numbers.
#[derive(Default)]
struct Numbered {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Numbered {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

struct Analyst<'a> {
    relations: &'a dyn Relations,
    dialect: Dialect,
    ctes: Vec<KnownCte>,
    scopes: Vec<Scope>,
    names: Numbered,
    paths: Numbered,
    externals: Vec<String>,
    notes: Vec<String>,
    findings: Vec<Finding>,
    marks: Vec<Mark>,
    stars: Vec<PassedOn>,
    read: BTreeSet<(u32, u32)>,
    /// How many conditions and orders there are around the expression.
    deciding: usize,
    /// Whether there is nothing in the query that has no form in the tree.
    is_understood: bool,
    /// The column that `COLUMNS(…)` stands for at the moment, by its place among those that it does.
    matched_at: Option<usize>,
}

/// A common table expression that is in scope.
struct KnownCte {
    key: Arc<str>,
    shape: Shape,
    is_read: bool,
}

impl KnownCte {
    fn new(key: &Arc<str>, shape: Shape) -> Self {
        Self { key: key.clone(), shape, is_read: false }
    }
}

impl Analyst<'_> {
    /// Notes a part of the query that has no form in the tree.
    fn beyond(&mut self, what: &str) {
        self.is_understood = false;
        self.note(what.to_owned());
    }

    /// The star that passed on columns that are not known, by its number from 1.
    fn star_of(&self, edges: &Edges) -> u32 {
        let is_whole = |edge: &&Edge| edge.column == STAR && edge.kind == EdgeKind::Copied;
        let mut relations = edges.iter().filter(is_whole).map(|edge| edge.relation);
        let at = relations.find_map(|one| self.stars.iter().position(|star| star.relations.contains(&one)));
        at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0)
    }

    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// The number of a relation that is none of the project's.
    fn external(&mut self, name: &str) -> u32 {
        let at = self.externals.iter().position(|known| known == name).unwrap_or_else(|| {
            self.externals.push(name.to_owned());
            self.externals.len() - 1
        });
        EXTERNAL + u32::try_from(at).unwrap_or(0)
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn finding(&mut self, code: &'static str, message: String, range: &Range<usize>, help: Option<String>) {
        self.findings.push(Finding { code, message, range: range.clone(), help });
    }
}

/// A reason.
fn because(reason: impl Into<Rc<str>>) -> Doubt {
    Some(reason.into())
}

/// What several things decide together.
fn all_rows<'r>(rows: impl IntoIterator<Item = &'r Rows>) -> Rows {
    let (mut edges, mut doubt) = (Vec::new(), None);
    for one in rows {
        edges.push(one.edges.clone());
        doubt = doubt.or_else(|| one.doubt.clone());
    }
    Rows { edges: Edges::union(&edges), doubt }
}
