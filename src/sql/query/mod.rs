//! A query as a small tree: what an analysis of names, types and lineage needs to know of it, and nothing of how it is
//! written.
//!
//! [`read_query`] parses a text and lowers the parser's tree, which is large, to this one. What the tree has no form for is kept as
//! *opaque*: the parts it reads, and a word for what it is, so that an analysis can say that it does not know.

mod call;
mod date_part;
mod expression;
mod from;
mod label;
mod pattern;
mod read;
mod walk;

use std::ops::Range;
use std::sync::Arc;

pub use date_part::{DATE_PARTS, date_part_at, is_date_part};
pub use pattern::name_fits;
pub use read::read_query;
pub use walk::visit;

use super::ValueType;

/// The name of a call that stands for several columns as so many arguments: `f(*COLUMNS(…))`.
pub const SPREAD: &str = "*COLUMNS";

/// A name as the catalog has it, and as it is compared.
#[derive(Debug, Clone, Default)]
pub struct Name {
    /// As the catalog has it: on Snowflake upper case unless quoted, on `DuckDB` as written.
    pub text: Arc<str>,
    /// What is compared: the text itself on Snowflake, lower case on `DuckDB`.
    pub key: Arc<str>,
}

/// A query with its common table expressions.
#[derive(Debug, Clone)]
pub struct Query {
    /// Common table expressions, in order.
    pub ctes: Vec<Cte>,
    /// What it selects.
    pub body: Body,
    /// The keys of ORDER BY.
    pub order: Vec<Expr>,
    /// The bytes of each of them.
    pub order_spans: Vec<Range<usize>>,
    /// Whether it is `ORDER BY ALL`.
    pub order_all: bool,
    /// The expressions of LIMIT, OFFSET, FETCH.
    pub limits: Vec<Expr>,
}

/// A common table expression.
#[derive(Debug, Clone)]
pub struct Cte {
    /// Its name.
    pub name: Name,
    /// Its bytes.
    pub span: Range<usize>,
    /// The names of its columns, where they are listed, with their bytes.
    pub columns: Vec<(Name, Range<usize>)>,
    /// Its query.
    pub query: Query,
}

/// A query without its order.
#[derive(Debug, Clone)]
pub enum Body {
    /// A SELECT.
    Select(Box<Select>),
    /// A chain of set operations, from the left.
    Set(Box<SetChain>),
    /// Rows, and the bytes of each.
    Values(Vec<Vec<Expr>>, Vec<Range<usize>>),
    /// A query in parentheses.
    Query(Box<Query>),
    /// Something else.
    Opaque(String),
}

/// `a UNION b EXCEPT c`.
#[derive(Debug, Clone)]
pub struct SetChain {
    /// The first arm.
    pub first: Body,
    /// The others with their operators.
    pub rest: Vec<SetArm>,
}

/// An arm of a set operation.
#[derive(Debug, Clone)]
pub struct SetArm {
    /// How it is combined with what stands before it.
    pub operator: SetOperator,
    /// Whether duplicates stay.
    pub all: bool,
    /// Whether columns are matched by name.
    pub by_name: bool,
    /// The arm.
    pub body: Body,
    /// Its bytes, as far as they are known.
    pub span: Range<usize>,
}

/// A set operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    /// Rows of either.
    Union,
    /// Rows of the first that the second does not have.
    Except,
    /// Rows of both.
    Intersect,
}

/// A SELECT.
#[derive(Debug, Clone)]
pub struct Select {
    /// Duplicates: kept, removed, or removed by keys.
    pub distinct: Distinct,
    /// What is selected.
    pub items: Vec<Item>,
    /// FROM; several are a cross join.
    pub from: Vec<From>,
    /// WHERE and what else chooses rows before groups are made.
    pub filters: Vec<Expr>,
    /// The bytes of those that are conditions, which come first.
    pub filter_spans: Vec<Range<usize>>,
    /// START WITH and CONNECT BY, by which rows are put below others.
    pub hierarchy: Vec<Expr>,
    /// GROUP BY.
    pub group: Group,
    /// The bytes of each of its keys.
    pub group_spans: Vec<Range<usize>>,
    /// HAVING.
    pub having: Option<Expr>,
    /// QUALIFY.
    pub qualify: Option<Expr>,
    /// The bytes of the condition of QUALIFY.
    pub qualify_span: Range<usize>,
    /// Named windows.
    pub windows: Vec<(Name, Window)>,
    /// Something that this tree has no form for.
    pub opaque: Option<String>,
    /// Where it begins.
    pub span: Range<usize>,
}

/// `DISTINCT`.
#[derive(Debug, Clone)]
pub enum Distinct {
    /// Duplicates stay.
    No,
    /// `DISTINCT`.
    Rows,
    /// `DISTINCT ON (…)`.
    On(Vec<Expr>),
}

/// GROUP BY.
#[derive(Debug, Clone)]
pub enum Group {
    /// No clause.
    None,
    /// Keys.
    Keys(Vec<Expr>),
    /// The keys of ROLLUP, CUBE and GROUPING SETS, and those beside them.
    Sets(Vec<Expr>),
    /// `GROUP BY ALL`.
    All,
}

/// An item of a SELECT.
#[derive(Debug, Clone)]
pub enum Item {
    /// An expression under a name.
    Value {
        /// The expression.
        expr: Expr,
        /// The name: its alias, or what the engine calls it.
        name: Name,
        /// Whether the name is an alias.
        is_alias: bool,
        /// The bytes of the alias; of the expression where there is none.
        span: Range<usize>,
    },
    /// `*`, `t.*`.
    Star(Star),
}

/// `*` with its modifiers.
#[derive(Debug, Clone)]
pub struct Star {
    /// The relation's name before the dot.
    pub qualifier: Vec<Name>,
    /// `v.*` of an expression.
    pub of: Option<Expr>,
    /// `EXCLUDE`: the name of a column, behind that of a relation or not.
    pub exclude: Vec<(Vec<Name>, Range<usize>)>,
    /// `RENAME a AS b`.
    pub rename: Vec<(Name, Name, Range<usize>)>,
    /// `REPLACE (expr AS a)`.
    pub replace: Vec<(Expr, Name, Range<usize>)>,
    /// `ILIKE 'pattern'`.
    pub ilike: Option<String>,
    /// A form of `*` that this tree does not know.
    pub opaque: Option<String>,
    /// Its bytes.
    pub span: Range<usize>,
}

/// The alias of a relation.
#[derive(Debug, Clone)]
pub struct Alias {
    /// The name.
    pub name: Name,
    /// Names of its columns, by position, with their bytes.
    pub columns: Vec<(Name, Range<usize>)>,
    /// The name's bytes.
    pub span: Range<usize>,
}

/// A relation of a FROM clause.
#[derive(Debug, Clone)]
pub enum From {
    /// A table, a view or a common table expression.
    Table {
        /// Its name: database, schema, name as far as they are written.
        name: Vec<Name>,
        /// Its alias.
        alias: Option<Alias>,
        /// The name's bytes.
        span: Range<usize>,
    },
    /// A query.
    Derived {
        /// The query.
        query: Box<Query>,
        /// Whether it sees the relations before it.
        lateral: bool,
        /// Its alias.
        alias: Option<Alias>,
    },
    /// A table function.
    Function(Box<TableFunction>),
    /// Joins, from the left.
    Joined {
        /// The first relation.
        first: Box<From>,
        /// What is joined to it.
        joins: Vec<Join>,
    },
    /// A join in parentheses with an alias.
    Nested {
        /// The join.
        inner: Box<From>,
        /// Its alias.
        alias: Alias,
    },
    /// `PIVOT`.
    Pivot(Box<Pivot>),
    /// `UNPIVOT`.
    Unpivot(Box<Unpivot>),
    /// `MATCH_RECOGNIZE`.
    Match(Box<Match>),
    /// Something else, with the relations it is made from.
    Opaque {
        /// What it is.
        what: String,
        /// The relations in it.
        inputs: Vec<From>,
        /// Its alias.
        alias: Option<Alias>,
    },
}

/// A call in FROM.
#[derive(Debug, Clone)]
pub struct TableFunction {
    /// The function's name in upper case.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// Whether the rows are numbered: `WITH ORDINALITY`.
    pub ordinality: bool,
    /// Its alias.
    pub alias: Option<Alias>,
    /// The name's bytes.
    pub span: Range<usize>,
}

/// A join with the relation to its right.
#[derive(Debug, Clone)]
pub struct Join {
    /// What is joined.
    pub right: From,
    /// Which sides keep rows without a match.
    pub side: Side,
    /// When rows match.
    pub condition: Condition,
    /// `MATCH_CONDITION` of an ASOF join.
    pub matching: Option<Expr>,
    /// Something that this tree has no form for.
    pub opaque: Option<String>,
}

/// Which rows a join keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that match, or all pairs.
    Inner,
    /// All of the left.
    Left,
    /// All of the right.
    Right,
    /// All of both.
    Full,
    /// Those of the left that have a match, or have none; the right one's columns are not visible.
    Semi,
    /// `SEMI` and `ANTI` the other way around.
    RightSemi,
}

/// When the rows of a join match.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All pairs, and written so.
    None,
    /// None is written: all pairs.
    Missing,
    /// `ON`.
    On(Expr),
    /// `USING`.
    Using(Vec<(Name, Range<usize>)>),
    /// `NATURAL`.
    Natural,
}

/// `PIVOT`.
#[derive(Debug, Clone)]
pub struct Pivot {
    /// What is turned.
    pub input: From,
    /// Aggregates with their aliases.
    pub aggregates: Vec<(Expr, Option<Name>)>,
    /// The columns whose values become columns.
    pub keys: Vec<Expr>,
    /// The values: names of the columns they become; none where only the data say.
    pub values: Option<Vec<Name>>,
    /// What else it reads: a subquery of values, a default.
    pub others: Vec<Expr>,
    /// What it groups by; none for all other columns.
    pub groups: Option<Vec<Expr>>,
    /// Its alias.
    pub alias: Option<Alias>,
}

/// `UNPIVOT`.
#[derive(Debug, Clone)]
pub struct Unpivot {
    /// What is turned.
    pub input: From,
    /// The columns of values.
    pub values: Vec<Name>,
    /// The column of names.
    pub name: Name,
    /// For each new row, what its values come from.
    pub columns: Vec<Vec<Expr>>,
    /// Its alias.
    pub alias: Option<Alias>,
}

/// `MATCH_RECOGNIZE`.
#[derive(Debug, Clone)]
pub struct Match {
    /// The relation whose rows are matched.
    pub input: From,
    /// `PARTITION BY`.
    pub partition: Vec<Expr>,
    /// The keys of ORDER BY.
    pub order: Vec<Expr>,
    /// `MEASURES` with their names.
    pub measures: Vec<(Expr, Name)>,
    /// The symbols of the pattern.
    pub symbols: Vec<Name>,
    /// What the symbols stand for.
    pub definitions: Vec<Expr>,
    /// Whether all rows of a match are kept, and not one for each.
    pub all_rows: bool,
    /// Its alias.
    pub alias: Option<Alias>,
}

/// Where a name of one or more parts stands.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Where it begins.
    pub start: usize,
    /// Where what stands before the last part ends.
    pub qualified: usize,
    /// Where the last part begins.
    pub name: usize,
    /// Where it ends.
    pub end: usize,
}

impl Place {
    /// The bytes of the last part.
    pub fn name(self) -> Range<usize> {
        self.name..self.end
    }

    /// The bytes of what stands before the last part; of all of it where there is but one.
    pub fn qualifier(self) -> Range<usize> {
        if self.qualified > self.start { self.start..self.qualified } else { self.start..self.end }
    }
}

/// An expression.
#[derive(Debug, Clone)]
pub enum Expr {
    /// A column, or a field of one, by its name.
    Column(Vec<Name>, Place),
    /// A column by its position: `$1`, `t.$1`.
    Position(Vec<Name>, usize, Range<usize>),
    /// A constant.
    Literal(Literal),
    /// A cast.
    Cast(Box<Expr>, ValueType, Failure),
    /// `CASE`.
    Case(Box<Case>),
    /// A call.
    Call(Box<Call>),
    /// Binary operators from the left: `a + b - c`.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    /// A sign.
    Sign(Box<Expr>),
    /// A truth value made from these.
    Predicate(Predicate, Vec<Expr>),
    /// A path into a value.
    Access(Box<Expr>, Vec<Step>),
    /// A scalar subquery.
    Subquery(Box<Query>),
    /// `EXISTS`.
    Exists(Box<Query>),
    /// `x IN (query)`, and comparisons with ANY and ALL of one.
    In(Box<Expr>, Box<Query>),
    /// Several values as one.
    Collection(Collection, Vec<Expr>),
    /// A lambda.
    Lambda(Vec<Name>, Box<Expr>),
    /// `*` as an argument.
    Star(Box<Star>),
    /// Something else that reads these, and what it is.
    Opaque(String, Vec<Expr>),
}

/// What a cast makes of a value that cannot be cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// An error.
    Error,
    /// NULL: `TRY_CAST`.
    Null,
}

/// How a truth value is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicate {
    /// `IS NULL`.
    IsNull,
    /// `IS NOT NULL`.
    IsNotNull,
    /// `NOT`.
    Not,
    /// True or false whatever the values are: `IS TRUE`, `IS DISTINCT FROM`.
    Certain,
    /// `LIKE` and its relatives, negated or not: a value and a pattern.
    Like,
    /// `BETWEEN`: a value, the least, the greatest.
    Between,
    /// `NOT BETWEEN`.
    NotBetween,
    /// `IN (…)`, negated or not: a value and a list.
    List,
    /// Something else.
    Other,
}

/// What several values make together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collection {
    /// A list.
    Array,
    /// An object with these keys.
    Object(Vec<String>),
    /// A row of values.
    Tuple,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `NULL`.
    Null,
    /// True or false.
    Boolean,
    /// A number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// Bytes.
    Binary,
    /// An interval.
    Interval,
    /// A word that is no value, such as a date part.
    Word(String),
    /// A constant with a type.
    Typed(ValueType),
}

/// `CASE`.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is compared, and the conditions.
    pub conditions: Vec<Expr>,
    /// The results, that of `ELSE` last.
    pub results: Vec<Expr>,
    /// Whether there is an `ELSE`.
    pub has_else: bool,
}

/// A call of a function.
#[derive(Debug, Clone)]
pub struct Call {
    /// The function's name in upper case; with its schema where one is written.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// `DISTINCT`.
    pub distinct: bool,
    /// The keys of an order in the call or `WITHIN GROUP`.
    pub order: Vec<Expr>,
    /// `FILTER (WHERE …)`, and other clauses that choose rows.
    pub filters: Vec<Expr>,
    /// `OVER`.
    pub window: Option<Window>,
    /// A query as its argument.
    pub query: Option<Box<Query>>,
    /// The name's bytes.
    pub span: Range<usize>,
}

/// An argument.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name in upper case, where it is passed by name.
    pub name: Option<String>,
    /// Its value.
    pub value: Expr,
    /// The bytes of its name, or of a constant; none for what is computed.
    pub span: Range<usize>,
}

/// A window.
#[derive(Debug, Clone)]
pub struct Window {
    /// The named window it is, or goes on from, and the name's bytes.
    pub name: Option<(Name, Range<usize>)>,
    /// `PARTITION BY`.
    pub partition: Vec<Expr>,
    /// `ORDER BY`.
    pub order: Vec<Expr>,
    /// The computed bounds of its frame.
    pub bounds: Vec<Expr>,
}

/// A binary operator, by what its result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `//`.
    DivideWhole,
    /// `%`.
    Modulo,
    /// `||`.
    Concatenate,
    /// `AND`.
    And,
    /// `OR`.
    Or,
    /// `=`.
    Equal,
    /// `<>`.
    Unequal,
    /// `<`, `<=`.
    Less,
    /// `>`, `>=`.
    Greater,
    /// Others whose result is true or false.
    Truth,
    /// `->`.
    Arrow,
    /// `->>`.
    LongArrow,
    /// Bits and others.
    Other,
}

impl Operator {
    /// Whether its result is true or false.
    pub fn is_truth(self) -> bool {
        self.is_comparison() || matches!(self, Self::And | Self::Or | Self::Truth)
    }

    /// Whether it computes with numbers.
    pub fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::DivideWhole | Self::Modulo)
    }

    /// Whether it compares, and is NULL where one of its operands is.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Equal | Self::Unequal | Self::Less | Self::Greater)
    }
}

/// A step of a path.
#[derive(Debug, Clone)]
pub enum Step {
    /// A key.
    Key(String),
    /// An element.
    Index(i64),
    /// What an expression says.
    Computed(Expr),
    /// Some elements.
    Slice(Vec<Expr>),
}
