//! Names to columns: what is visible at a place of a query, innermost first.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::shape::{Doubt, Open, Rows, Shape, Value};
use super::{Analyst, because};
use crate::analyze::edge::{EdgeKind, Edges};
use crate::analyze::nulls::{NullReason, Nulls};
use crate::diagnostic::did_you_mean;
use crate::sql::query::{Expr, Name, Place, Step};
use crate::sql::{Dialect, ValueType};

/// Functions of the session that are called without parentheses.
const SESSION: [&str; 7] =
    ["CURRENT_USER", "SESSION_USER", "USER", "CURRENT_ROLE", "CURRENT_CATALOG", "CURRENT_SCHEMA", "LOCALTIME"];

/// A relation of a FROM clause.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// The name it is referred to by.
    pub(super) alias: Option<Arc<str>>,
    /// Its name in parts, of tables without an alias.
    pub(super) path: Vec<Arc<str>>,
    pub(super) shape: Shape,
    /// Whether an outer join may find no row of it.
    pub(super) is_outer: bool,
    /// Columns that conditions found not to be NULL, by position.
    pub(super) proven: Vec<usize>,
}

impl Relation {
    /// A relation that is referred to by this name.
    pub(super) fn new(alias: Option<Arc<str>>, shape: Shape) -> Self {
        Self { alias, path: Vec::new(), shape, is_outer: false, proven: Vec::new() }
    }

    /// Whether it is a node's, which may be a table.
    fn is_stored(&self) -> bool {
        matches!(self.shape, Shape::Node(..))
    }

    /// Whether a qualifier names it: its alias, or the last parts of its name.
    pub(super) fn is_named(&self, qualifier: &[Name]) -> bool {
        match qualifier {
            [alias] => self.alias.as_ref() == Some(&alias.key),
            path => {
                self.path.len() >= path.len()
                    && self.path[self.path.len() - path.len()..].iter().zip(path).all(|(one, other)| *one == other.key)
            }
        }
    }

    /// A column, by position.
    pub(super) fn value(&self, at: usize) -> Value {
        let value = self.shape.value(at);
        if self.proven.contains(&at) {
            value.nullable(Nulls::Never)
        } else if self.is_outer {
            value.nullable(Nulls::May(NullReason::OuterJoin))
        } else {
            value
        }
    }
}

/// What one SELECT makes visible.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// Columns of `USING` and natural joins, which need no qualification.
    pub(super) merged: Vec<(Arc<str>, Value)>,
    pub(super) aliases: Vec<(Arc<str>, Value)>,
    /// Whether aliases hide columns, as they do in ORDER BY.
    pub(super) aliases_first: bool,
    /// The parameters of a lambda.
    pub(super) parameters: Vec<(Arc<str>, Value)>,
    /// Named windows.
    pub(super) windows: Vec<(Arc<str>, Rows)>,
    /// Whether groups have at least one row: false for the one group of an aggregate without GROUP BY, none where that is not
    /// known.
    pub(super) has_groups: Option<bool>,
    /// What decides how many rows each row becomes: lists that items unnest.
    pub(super) spread: Vec<Rows>,
    /// Whether the item that was read last makes a column for each field of a value.
    pub(super) makes_several: bool,
    /// Relations that are joined with all pairs, and nothing says so: their positions, and their place in the text.
    pub(super) loose: Vec<(Range<usize>, Range<usize>)>,
    /// The aliases of the items, before these are read.
    pub(super) coming: Vec<Arc<str>>,
    /// The alias of the item that is being read.
    pub(super) reading: Option<Arc<str>>,
    /// Conditions of joins that name such an alias.
    pub(super) postponed: Vec<Expr>,
    /// Symbols of a pattern, which stand for rows of the only relation.
    pub(super) symbols: Vec<Arc<str>>,
}

/// What a scope knows of a name.
enum Found {
    One(Value),
    /// Several relations have it.
    Several(Vec<Value>),
    /// None has it, but some have columns that are not known: the values it would have there, and why.
    Perhaps(Vec<Value>, Rc<str>),
    No,
}

impl Scope {
    fn find(&self, key: &str, number: u32) -> Found {
        let of =
            |list: &[(Arc<str>, Value)]| list.iter().find(|(name, _)| &**name == key).map(|(_, value)| value.clone());
        if let Some(value) = of(&self.parameters) {
            return Found::One(value);
        }
        if let Some(value) = self.aliases_first.then(|| of(&self.aliases)).flatten() {
            return Found::One(value);
        }
        if let Some(value) = of(&self.merged) {
            return Found::One(value);
        }
        let mut values = Vec::new();
        for relation in &self.relations {
            values.extend(relation.shape.find(key).into_iter().map(|at| relation.value(at)));
        }
        match values.len() {
            0 => {}
            1 => return Found::One(values.remove(0)),
            _ => return Found::Several(values),
        }
        let mut reason = None;
        match of(&self.aliases) {
            Some(value) if self.relations.iter().all(|relation| relation.shape.open().is_none()) => {
                return Found::One(value);
            }
            // A column hides an alias, and a relation whose columns are not known may have one of this name.
            alias => values.extend(alias),
        }
        for relation in &self.relations {
            if let Some(open) = relation.shape.open() {
                let edges = open.named(number);
                reason.get_or_insert(open.reason.clone());
                values.push(Value { edges, doubt: Some(open.reason), ..Value::default() });
            }
        }
        reason.map_or(Found::No, |reason| Found::Perhaps(values, reason))
    }
}

impl Analyst<'_> {
    /// The value of a column, or of a field of one.
    pub(super) fn column(&mut self, parts: &[Name], place: Place) -> Value {
        let value = match parts {
            [name] => self.unqualified(name, &place.name()),
            [qualifier @ .., name] => self.qualified(qualifier, name, parts, place),
            [] => self.unresolved("a name without parts".into()),
        };
        self.read.extend(
            value.edges.iter().filter(|edge| edge.kind == EdgeKind::Copied).map(|edge| (edge.relation, edge.column)),
        );
        let nulls = if value.doubt.is_some() { value.nulls.doubted() } else { value.nulls };
        Value { star: 0, nulls, ..value }
    }

    fn unqualified(&mut self, name: &Name, span: &Range<usize>) -> Value {
        let number = self.names.number(&name.text);
        // Scopes whose unknown columns may hide what an outer scope has.
        let mut perhaps: Vec<Value> = Vec::new();
        let mut doubt: Doubt = None;
        for depth in (0..self.scopes.len()).rev() {
            match self.scopes[depth].find(&name.key, number) {
                Found::One(value) if perhaps.is_empty() => return value,
                Found::One(value) => perhaps.push(value),
                Found::Several(values) => {
                    let owners = self.owners(depth, &name.key);
                    let message = format!("ambiguous column `{}`: {owners}", name.text);
                    let help = Some("qualify it with the relation's name".to_owned());
                    self.finding("ambiguous-column", message.clone(), span, help);
                    perhaps.extend(values);
                    doubt = doubt.or(because(message));
                }
                Found::Perhaps(values, reason) => {
                    perhaps.extend(values);
                    doubt = doubt.or(Some(reason));
                    continue;
                }
                Found::No => continue,
            }
            break;
        }
        if let Some(only) = (perhaps.len() == 1).then(|| perhaps.remove(0)) {
            return Value { doubt: only.doubt.or(doubt), ..only };
        }
        if !perhaps.is_empty() {
            let value = Value::made(&perhaps, EdgeKind::Copied);
            return Value { doubt: doubt.or(value.doubt), ..value };
        }
        self.unknown(name, span)
    }

    /// The relations that have a column, as a sentence.
    fn owners(&self, depth: usize, key: &str) -> String {
        let relations = &self.scopes[depth].relations;
        let has = |relation: &&Relation| !relation.shape.find(key).is_empty();
        let names = relations.iter().filter(has).map(|relation| match &relation.alias {
            Some(alias) => format!("`{alias}`"),
            None => "a query without a name".to_owned(),
        });
        match names.collect::<Vec<_>>().as_slice() {
            [one] => format!("{one} has it more than once"),
            several => format!("{} have it", several.join(" and ")),
        }
    }

    /// A name that nothing in scope has: the finding, and what it may depend on.
    fn unknown(&mut self, name: &Name, span: &Range<usize>) -> Value {
        if self.dialect == Dialect::DuckDb
            && let Some(relation) = self.relation(std::slice::from_ref(name))
        {
            // A relation's name stands for its row.
            let columns: Vec<Value> = (0..relation.shape.len()).map(|at| relation.value(at)).collect();
            let kind = if columns.len() == 1 { EdgeKind::Copied } else { EdgeKind::Transformed };
            let row = Value::made(&columns, kind);
            let open = relation.shape.open();
            let edges = Edges::union(open.iter().map(|open| &open.edges).chain([&row.edges]));
            return Value { edges, doubt: row.doubt.or(open.map(|open| open.reason)), ..row };
        }
        let relations: Vec<&Relation> = self.scopes.iter().rev().flat_map(|scope| &scope.relations).collect();
        let declared: Vec<Open> = relations.iter().filter_map(|relation| relation.shape.soft()).collect();
        // What a declaration may have left out can have the name of one that is no reserved word.
        let is_free = |called: &str| called.contains('_') || declared.is_empty();
        if SESSION.iter().any(|one| name.text.eq_ignore_ascii_case(one) && is_free(one)) {
            return Value::constant(ValueType::text(self.dialect));
        }
        let known: Vec<String> = relations
            .iter()
            .flat_map(|relation| (0..relation.shape.len()).map(|at| relation.shape.name(at).text.to_string()))
            .collect();
        let message = format!("unknown column `{}`", name.text);
        let is_coming = |scope: &Scope| {
            scope.coming.contains(&name.key) && scope.reading.as_ref().is_some_and(|own| *own != name.key)
        };
        if self.scopes.iter().any(is_coming) {
            // Whether Snowflake knows an alias before its item is not documented.
            return self.unresolved(format!("`{}` is an alias of an item behind this one", name.text).into());
        }
        if self.dialect == Dialect::DuckDb && &*name.key == "rowid" && relations.iter().any(|one| one.is_stored()) {
            return self.unresolved("the number of a row is not analysed".into());
        }
        let near = did_you_mean(&name.text, known.iter().map(String::as_str));
        let help = match known.iter().find(|other| other.eq_ignore_ascii_case(&name.text)) {
            Some(other) => Some(format!("the column is `\"{other}\"`: write it with quotes")),
            None => near.map(|near| format!("did you mean `{near}`?")),
        };
        let reason = if declared.is_empty() {
            format!("{message}: no relation in scope has it")
        } else {
            format!("{message}: no relation in scope declares it")
        };
        // A declaration may have left a column out; a misspelled one is told by its likeness to another.
        let is_likely_wrong = help.is_some();
        if declared.is_empty() || is_likely_wrong {
            self.finding("unknown-column", message, span, help);
        }
        let number = self.names.number(&name.text);
        let mut named: Vec<Edges> = declared.iter().map(|soft| soft.named(number)).collect();
        if named.len() == 1 && !is_likely_wrong {
            // The only relation that may have it.
            return Value { edges: named.remove(0), doubt: Some(reason.into()), ..Value::default() };
        }
        let mut value = self.unresolved(reason.into());
        named.push(value.edges);
        value.edges = Edges::union(&named);
        value
    }

    /// What cannot be resolved depends on every column of every relation in scope.
    pub(super) fn unresolved(&mut self, reason: Rc<str>) -> Value {
        let mut all = Vec::new();
        for scope in &self.scopes {
            for relation in &scope.relations {
                all.extend(relation.shape.everything());
            }
            all.extend(scope.parameters.iter().map(|(_, value)| value.edges.clone()));
        }
        let edges = Edges::union(&all).at_least(EdgeKind::Transformed);
        Value { edges, doubt: Some(reason), ..Value::default() }
    }

    fn qualified(&mut self, qualifier: &[Name], name: &Name, parts: &[Name], place: Place) -> Value {
        let Some(relation) = self.relation(qualifier) else {
            return self.field(parts, place);
        };
        if let Some(value) = self.one_of_a_name(qualifier, name, place) {
            return value;
        }
        let found = relation.shape.find(&name.key);
        if let [at] = found.as_slice() {
            return relation.value(*at);
        }
        if !found.is_empty() {
            let values: Vec<Value> = found.iter().map(|at| relation.value(*at)).collect();
            let message = format!("ambiguous column `{}`: `{}` has it more than once", name.text, qualifier[0].text);
            self.finding("ambiguous-column", message.clone(), &place.name(), None);
            return Value { doubt: because(message), ..Value::made(&values, EdgeKind::Copied) };
        }
        let number = self.names.number(&name.text);
        if let Some(open) = relation.shape.open() {
            return Value { edges: open.named(number), doubt: Some(open.reason), ..Value::default() };
        }
        if self.dialect == Dialect::DuckDb && &*name.key == "rowid" && relation.is_stored() {
            return self.unresolved("the number of a row is not analysed".into());
        }
        let known: Vec<String> = (0..relation.shape.len()).map(|at| relation.shape.name(at).text.to_string()).collect();
        let message = format!("`{}` has no column `{}`", qualifier[qualifier.len() - 1].text, name.text);
        let near = did_you_mean(&name.text, known.iter().map(String::as_str));
        let help = match known.iter().find(|other| other.eq_ignore_ascii_case(&name.text)) {
            Some(other) => Some(format!("the column is `\"{other}\"`: write it with quotes")),
            None => near.map(|near| format!("did you mean `{near}`?")),
        };
        let soft = relation.shape.soft();
        if soft.is_none() || help.is_some() {
            self.finding("unknown-column", message.clone(), &place.name(), help);
        }
        let mut all = relation.shape.everything();
        all.extend(soft.map(|soft| soft.named(number)));
        let edges = Edges::union(&all);
        let rest = self.unresolved(message.into());
        Value { edges: Edges::union([&edges, &rest.edges]), ..rest }
    }

    /// A name whose first parts are no relation: a field of a column, or nothing that is in scope.
    fn field(&mut self, parts: &[Name], place: Place) -> Value {
        let may_have = |relation: &Relation| relation.shape.open().is_some() || relation.shape.soft().is_some();
        let has = |one: &Name| {
            self.scopes.iter().any(|scope| {
                scope.parameters.iter().any(|(name, _)| *name == one.key)
                    || scope.relations.iter().any(|relation| !relation.shape.find(&one.key).is_empty())
            })
        };
        let is_column = |column: &[Name]| match column {
            [one] => has(one),
            [qualifier @ .., one] => {
                self.relation(qualifier).is_some_and(|relation| !relation.shape.find(&one.key).is_empty())
            }
            [] => false,
        };
        // Columns that are not known may have fields; Snowflake has no dot for them.
        let is_perhaps_column = |column: &[Name]| match column {
            _ if self.dialect != Dialect::DuckDb => false,
            [_] => self.scopes.iter().any(|scope| scope.relations.iter().any(may_have)),
            [qualifier @ .., _] => self.relation(qualifier).is_some_and(|relation| may_have(&relation)),
            [] => false,
        };
        if self.dialect == Dialect::Snowflake && parts.last().is_some_and(|last| &*last.key == "NEXTVAL") {
            // The next number of a sequence.
            return Value::constant(ValueType::integer(self.dialect)).nullable(Nulls::Never);
        }
        let find = |is_it: &dyn Fn(&[Name]) -> bool| (1..parts.len()).rev().find(|taken| is_it(&parts[..*taken]));
        if let Some(taken) = find(&is_column).or_else(|| find(&is_perhaps_column)) {
            let (column, fields) = parts.split_at(taken);
            let steps: Vec<Step> = fields.iter().map(|field| Step::Key(field.text.to_string())).collect();
            let value = self.column(column, place);
            self.check_fields(&value.data_type, fields, place);
            return self.path(value, &steps);
        }
        let written: Vec<&str> = parts[..parts.len() - 1].iter().map(|part| &*part.text).collect();
        let message = format!("no relation `{}` in scope", written.join("."));
        let aliases: Vec<String> = self
            .scopes
            .iter()
            .flat_map(|scope| &scope.relations)
            .filter_map(|relation| relation.alias.as_ref().map(ToString::to_string))
            .collect();
        let near = did_you_mean(written[written.len() - 1], aliases.iter().map(String::as_str));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.finding("unknown-column", message.clone(), &place.qualifier(), help);
        self.unresolved(message.into())
    }

    /// A column of one of several relations that a qualifier names: it may be any of theirs.
    fn one_of_a_name(&mut self, qualifier: &[Name], name: &Name, place: Place) -> Option<Value> {
        let named = |scope: &Scope| scope.relations.iter().filter(|one| one.is_named(qualifier)).cloned().collect();
        let mut scopes = self.scopes.iter().rev().map(named);
        let several: Vec<Relation> = scopes.find(|named: &Vec<Relation>| !named.is_empty())?;
        if several.len() < 2 {
            return None;
        }
        let called = &qualifier[qualifier.len() - 1].text;
        let message = format!("{} relations are called `{called}`", several.len());
        let help = Some("give one of them another alias".to_owned());
        self.finding("ambiguous-column", message.clone(), &place.qualifier(), help);
        let number = self.names.number(&name.text);
        let mut values = Vec::new();
        for relation in &several {
            values.extend(relation.shape.find(&name.key).into_iter().map(|at| relation.value(at)));
            let edges = relation.shape.open().map(|open| open.named(number));
            values.extend(edges.map(|edges| Value { edges, ..Value::default() }));
        }
        Some(Value { doubt: because(message), ..Value::made(&values, EdgeKind::Copied) })
    }

    /// The relation that a qualifier names, innermost first.
    pub(super) fn relation(&self, qualifier: &[Name]) -> Option<Relation> {
        let mut scopes = self.scopes.iter().rev();
        if let ([one], Some(scope)) = (qualifier, self.scopes.last())
            && scope.symbols.contains(&one.key)
        {
            return scope.relations.first().cloned();
        }
        scopes.find_map(|scope| scope.relations.iter().find(|one| one.is_named(qualifier)).cloned())
    }

    /// The column at a position of the only relation in scope.
    pub(super) fn position(&mut self, qualifier: &[Name], at: usize, span: &Range<usize>) -> Value {
        let named: Vec<Relation> =
            if qualifier.is_empty() { Vec::new() } else { self.relation(qualifier).into_iter().collect() };
        let visible = self.scopes.last().map(|scope| scope.relations.as_slice()).unwrap_or_default();
        match if qualifier.is_empty() { visible } else { &named } {
            [one] if at > 0 && at <= one.shape.len() => one.value(at - 1),
            [one] if one.shape.open().is_none() && one.shape.soft().is_none() => {
                let message = format!("there is no column {at}: the relation has {}", one.shape.len());
                self.finding("unknown-column", message.clone(), span, None);
                self.unresolved(message.into())
            }
            _ => self.unresolved(format!("`${at}` is no column of a relation whose columns are known").into()),
        }
    }

    /// A lambda's body with its parameters bound.
    pub(super) fn lambda(&mut self, names: &[Name], body: &Expr, bound: &Value) -> Value {
        let parameters = names.iter().map(|name| (name.key.clone(), bound.clone())).collect();
        self.scopes.push(Scope { parameters, ..Scope::default() });
        let value = self.value(body);
        self.scopes.pop();
        value
    }
}
