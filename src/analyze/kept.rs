//! What an earlier invocation found, kept by content, so that an edit costs what it changes.
//!
//! What a query means depends on its text, on the relations its names lead to, on their columns, and on the functions that the project
//! declares. An entry holds all of that beside what was found: it is used only where the text and the functions are the same, and where
//! every name leads to the same relation with the same columns. What it was is then what it would be.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::edge::{EXTERNAL, Edge};
use super::function::{DeclaredFunction, Functions};
use super::query::{QueryFacts, Relations};
use super::schema::Schema;
use crate::sql::Dialect;
use crate::sql::query::Name;

/// A fingerprint of something's content.
pub(super) type Print = [u8; 32];

/// What earlier invocations found of a project's queries, by the unique ids of their nodes.
#[derive(Debug, Default)]
pub struct Kept {
    /// What was read, as it was written.
    bytes: Vec<u8>,
    /// Where the entries begin in it.
    body: usize,
    known: HashMap<String, Known>,
    /// What this invocation found that was not known.
    fresh: Mutex<HashMap<String, Fresh>>,
}

/// The fingerprint of a query, and its entry as it is written.
type Fresh = (Print, Box<[u8]>);

/// Where an entry lies, and the fingerprint of the query it is of.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    query: Print,
    place: Range<usize>,
}

/// One query with everything it depended on.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    reads: Vec<Read>,
    /// What was found; relations are numbered by their places in `reads`.
    facts: QueryFacts,
}

/// A name, and the relation it led to.
#[derive(Debug, Serialize, Deserialize)]
struct Read {
    name: Vec<Name>,
    found: Option<Found>,
}

/// A relation: its node's unique id, and the fingerprint of its columns; none for the node's own, which follow from the query.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    id: String,
    columns: Option<Print>,
}

/// What names lead to, by number, unique id and columns.
pub(super) trait Resolved: Relations {
    /// The unique id of a relation.
    fn id(&self, number: u32) -> Option<&str>;

    /// The fingerprint of the columns that a relation was found with; none for the node's own.
    fn columns(&self, number: u32, schema: &Arc<Schema>) -> Option<Print>;
}

impl Kept {
    /// What a file holds that [`Kept::write`] wrote with the same stamp; nothing for every other.
    pub fn read(bytes: Vec<u8>, stamp: &str) -> Self {
        let Some((head, body)) = split(&bytes) else { return Self::default() };
        match postcard::from_bytes::<(String, HashMap<String, Known>)>(head) {
            Ok((written, known))
                if written == stamp && known.values().all(|one| body.get(one.place.clone()).is_some()) =>
            {
                let body = bytes.len() - body.len();
                Self { bytes, body, known, ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// The entry at a place that [`Kept::read`] found to be there.
    fn entry(&self, known: &Known) -> &[u8] {
        &self.bytes[self.body..][known.place.clone()]
    }

    /// Whether there is something to write that was not read.
    pub fn is_changed(&self) -> bool {
        !self.fresh.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Writes a file of everything that is known of these nodes.
    pub fn write(&self, stamp: &str, is_there: impl Fn(&str) -> bool, out: &mut dyn Write) -> io::Result<()> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut known, mut body, mut end) = (HashMap::new(), Vec::new(), 0);
        let old = self.known.iter().filter(|(id, _)| !fresh.contains_key(*id));
        let old = old.map(|(id, one)| (id, one.query, self.entry(one)));
        let new = fresh.iter().map(|(id, (query, bytes))| (id, *query, &**bytes));
        for (id, query, bytes) in old.chain(new).filter(|(id, ..)| is_there(id)) {
            let start = end;
            end += bytes.len();
            body.push(bytes);
            known.insert(id, Known { query, place: start..end });
        }
        let head = postcard::to_stdvec(&(stamp, known)).unwrap_or_default();
        out.write_all(&head.len().to_le_bytes())?;
        out.write_all(&head)?;
        body.into_iter().try_for_each(|bytes| out.write_all(bytes))
    }

    /// What is known of a node's query, if all that it depended on is as it was.
    pub(super) fn find(&self, id: &str, query: &Print, relations: &impl Resolved) -> Option<QueryFacts> {
        let known = self.known.get(id).filter(|known| known.query == *query)?;
        let entry: Entry = postcard::from_bytes(self.entry(known)).ok()?;
        let mut numbers = Vec::with_capacity(entry.reads.len());
        for read in entry.reads {
            let (number, found) = match relations.find(&read.name) {
                Some((number, schema)) => (number, found(relations, number, &schema)),
                None => (EXTERNAL, None),
            };
            if found != read.found {
                return None;
            }
            numbers.push(number);
        }
        renumbered(entry.facts, |place| numbers.get(place as usize).copied().filter(|number| *number < EXTERNAL))
    }

    /// Keeps what was found of a node's query.
    pub(super) fn add(&self, id: &str, query: Print, facts: &QueryFacts, seen: Seen<'_, impl Resolved>) {
        let mut places: HashMap<u32, u32> = HashMap::new();
        let mut reads = Vec::new();
        for (name, answer) in seen.reads.into_inner() {
            if let (Some((number, _)), Ok(place)) = (&answer, u32::try_from(reads.len())) {
                places.entry(*number).or_insert(place);
            }
            let found = answer.and_then(|(number, schema)| found(seen.relations, number, &schema));
            reads.push(Read { name, found });
        }
        let Some(facts) = renumbered(facts.clone(), |number| places.get(&number).copied()) else { return };
        if let Ok(bytes) = postcard::to_stdvec(&Entry { reads, facts }) {
            let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            fresh.insert(id.to_owned(), (query, bytes.into_boxed_slice()));
        }
    }
}

/// The head of a file, behind its length, and what follows.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

fn found(relations: &impl Resolved, number: u32, schema: &Arc<Schema>) -> Option<Found> {
    Some(Found { id: relations.id(number)?.to_owned(), columns: relations.columns(number, schema) })
}

/// The same with other numbers for relations; none if one of them has no other number.
fn renumbered(mut facts: QueryFacts, number: impl Fn(u32) -> Option<u32>) -> Option<QueryFacts> {
    let of = |relation: u32| if relation >= EXTERNAL { Some(relation) } else { number(relation) };
    let edges = |edges: &mut Vec<Edge>| {
        edges.iter_mut().try_for_each(|edge| of(edge.relation).map(|other| edge.relation = other))?;
        edges.sort_unstable();
        Some(())
    };
    facts.columns.iter_mut().try_for_each(|column| edges(&mut column.edges))?;
    facts.open.iter_mut().try_for_each(|(_, open)| edges(open))?;
    facts.soft.iter_mut().try_for_each(edges)?;
    edges(&mut facts.rows)?;
    for star in &mut facts.stars {
        star.relations.iter_mut().try_for_each(|relation| of(*relation).map(|other| *relation = other))?;
    }
    let read = facts.read.iter().map(|(relation, column)| Some((of(*relation)?, *column)));
    facts.read = read.collect::<Option<BTreeSet<_>>>()?;
    Some(facts)
}

/// The fingerprint of a query: its text, its dialect, and the functions it may call.
pub(super) fn query_print(sql: &str, dialect: Dialect, functions: &Print) -> Print {
    let mut hash = Sha256::new();
    hash.update(functions);
    hash.update(dialect.adapter());
    hash.update([0]);
    hash.update(sql);
    hash.finalize().into()
}

/// The fingerprint of the declared functions.
pub(super) fn functions_print(functions: &Functions) -> Print {
    let mut hash = Sha256::new();
    functions.sorted().iter().for_each(|(name, function)| hash.update(format!("{name}\0{function:?}\0")));
    hash.finalize().into()
}

/// The fingerprint of columns.
pub(super) fn schema_print(schema: &Schema) -> Print {
    let columns: Vec<_> = schema.columns.iter().map(|column| (&column.name, &column.data_type, column.nulls)).collect();
    let bytes = postcard::to_stdvec(&(columns, schema.open.as_deref(), schema.is_declared));
    Sha256::digest(bytes.expect("names, types and flags have a binary form")).into()
}

/// Relations that remember which names they were asked for, and what those led to.
pub(super) struct Seen<'a, R> {
    relations: &'a R,
    reads: RefCell<Vec<Answered>>,
}

/// A name, and what it led to.
type Answered = (Vec<Name>, Option<(u32, Arc<Schema>)>);

impl<'a, R: Resolved> Seen<'a, R> {
    pub(super) fn new(relations: &'a R) -> Self {
        Self { relations, reads: RefCell::default() }
    }
}

impl<R: Resolved> Relations for Seen<'_, R> {
    fn find(&self, name: &[Name]) -> Option<(u32, Arc<Schema>)> {
        let answer = self.relations.find(name);
        let mut reads = self.reads.borrow_mut();
        let is_same = |known: &[Name]| known.len() == name.len() && known.iter().zip(name).all(|(a, b)| a.key == b.key);
        if !reads.iter().any(|(known, _)| is_same(known)) {
            reads.push((name.to_vec(), answer.clone()));
        }
        answer
    }

    fn function(&self, called: &str) -> Option<&DeclaredFunction> {
        self.relations.function(called)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(place: Range<usize>, body: &[u8]) -> Vec<u8> {
        let known = HashMap::from([("model.shop.a".to_owned(), Known { query: [7; 32], place })]);
        let head = postcard::to_stdvec(&("stamp", known)).expect("a binary form");
        [&head.len().to_le_bytes()[..], &head, body].concat()
    }

    #[test]
    fn what_was_written_is_read_with_its_stamp_only() {
        assert_eq!(Kept::read(with(1..3, b"four"), "stamp").known.len(), 1);
        assert_eq!(Kept::read(with(1..3, b"four"), "another").known.len(), 0);
    }

    #[test]
    fn places_outside_of_the_file_make_it_no_such_file() {
        #[expect(clippy::reversed_empty_ranges, reason = "a broken file may say anything")]
        for place in [3..5, usize::MAX - 1..usize::MAX, 3..1, 9..9] {
            assert_eq!(Kept::read(with(place.clone(), b"four"), "stamp").known.len(), 0, "{place:?}");
        }
    }
}
