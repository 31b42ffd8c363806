//! How two tables of text differ, told row by row as the tool `daff` tells it, which dbt prints for unit tests.
//!
//! Rows of both sides are paired: by the values of ever more columns, as long as a value is rare, then by their neighbours. A
//! pair that differs is a change (`→`), a row without a partner is removed (`---`) or added (`+++`). Only rows near a
//! difference and columns that pairing used are shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A cell; none is null.
pub(super) type Text = Option<String>;

/// Names and rows of one side; the names of both sides are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    pub(super) rows: Vec<Vec<Text>>,
}

/// A pair of rows, one of which may be missing.
#[derive(Debug, Clone, Copy)]
struct Pair {
    expected: Option<usize>,
    actual: Option<usize>,
}

/// What is shown of a row or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    No,
    Changed,
    Near,
    Dots,
}

/// At most so many columns are tried for pairing rows.
const TRIED: usize = 5;

/// Above this width the cells are not brought into line.
const WIDEST: usize = 130;

/// The difference, or none if both hold the same rows.
pub(super) fn difference(names: &[String], expected: &Side, actual: &Side) -> Option<String> {
    let sides = Sides { width: names.len(), expected: &expected.rows, actual: &actual.rows };
    let (pairs, used) = sides.pairs();
    let marks: Vec<&str> = pairs.iter().map(|pair| sides.mark(*pair)).collect();
    if marks.iter().all(|mark| mark.is_empty()) {
        return None;
    }
    let mut columns: Vec<Shown> = (0..sides.width)
        .map(|column| if used.contains(&column) { Shown::Changed } else { Shown::No })
        .collect();
    for pair in &pairs {
        for (column, shown) in columns.iter_mut().enumerate() {
            if pair.expected.is_none() || sides.differs(*pair, column) {
                *shown = Shown::Changed;
            }
        }
    }
    let mut rows: Vec<Shown> =
        marks.iter().map(|mark| if mark.is_empty() { Shown::No } else { Shown::Changed }).collect();
    spread(&mut rows);
    spread(&mut columns);
    columns.iter_mut().filter(|shown| **shown == Shown::Dots).for_each(|shown| *shown = Shown::No);
    Some(render(&table(names, &sides, &pairs, (&rows, &columns))))
}

/// Both sides.
struct Sides<'a> {
    width: usize,
    expected: &'a [Vec<Text>],
    actual: &'a [Vec<Text>],
}

/// The rows of one side by the text of some of their columns.
type Index = HashMap<String, Vec<usize>>;

fn key(row: &[Text], columns: &[usize]) -> String {
    let parts: Vec<&str> = columns
        .iter()
        .map(|column| {
            row[*column].as_deref().filter(|text| !matches!(*text, "null" | "undefined")).unwrap_or("")
        })
        .collect();
    parts.join(" // ")
}

fn index(rows: &[Vec<Text>], columns: &[usize]) -> Index {
    let mut index = Index::new();
    for (number, row) in rows.iter().enumerate() {
        index.entry(key(row, columns)).or_default().push(number);
    }
    index
}

impl Sides<'_> {
    fn differs(&self, pair: Pair, column: usize) -> bool {
        match (pair.expected, pair.actual) {
            (Some(left), Some(right)) => self.expected[left][column] != self.actual[right][column],
            _ => false,
        }
    }

    fn mark(&self, pair: Pair) -> &'static str {
        match (pair.expected, pair.actual) {
            (Some(_), None) => "---",
            (None, _) => "+++",
            _ if (0..self.width).any(|column| self.differs(pair, column)) => "→",
            _ => "",
        }
    }

    /// The columns that are tried: of many, those with the most different values.
    fn candidates(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = (0..self.width).collect();
        if self.width > TRIED {
            let count = |rows: &[Vec<Text>], column: usize| {
                let values: BTreeSet<&str> =
                    rows.iter().map(|row| row[column].as_deref().unwrap_or("")).collect();
                values.len()
            };
            columns.sort_by_key(|column| {
                std::cmp::Reverse(count(self.expected, *column) + count(self.actual, *column))
            });
            columns.truncate(TRIED);
        }
        columns
    }

    /// The rows of both sides in pairs, in the order they are told, and the columns that were tried.
    fn pairs(&self) -> (Vec<Pair>, BTreeSet<usize>) {
        let columns = self.candidates();
        let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut used = BTreeSet::new();
        let all = 1_usize << columns.len();
        let most_rows = self.expected.len().max(self.actual.len()) + 1;
        let mut indices = 0;
        for choice in 1..all {
            if partner.len() == self.expected.len() && choice > 1 {
                break;
            }
            let chosen: Vec<usize> =
                (0..columns.len()).filter(|bit| choice >> bit & 1 == 1).map(|bit| columns[bit]).collect();
            used.extend(chosen.iter().copied());
            let (left, right) = (index(self.expected, &chosen), index(self.actual, &chosen));
            let most = left.values().chain(right.values()).map(Vec::len).max().unwrap_or(1).max(1);
            // A value that stands in many rows says nothing, unless there is no better one.
            let is_common = most * 10 >= most_rows + 20;
            if is_common && (indices > 0 || choice < all - 1) {
                continue;
            }
            indices += 1;
            for (number, row) in self.expected.iter().enumerate() {
                if partner.contains_key(&number) {
                    continue;
                }
                let key = key(row, &chosen);
                if let (Some([_]), Some([other])) =
                    (left.get(&key).map(Vec::as_slice), right.get(&key).map(Vec::as_slice))
                    && !key.is_empty()
                    && taken.insert(*other)
                {
                    partner.insert(number, *other);
                }
            }
        }
        self.pair_neighbours(&columns, &mut partner, &mut taken);
        (self.ordered(&partner, &taken), used)
    }

    /// Pairs equal rows that stand beside rows that are paired already, forwards and then backwards.
    fn pair_neighbours(
        &self,
        columns: &[usize],
        partner: &mut BTreeMap<usize, usize>,
        taken: &mut BTreeSet<usize>,
    ) {
        for backwards in [false, true] {
            let mut next = if backwards { self.actual.len().checked_sub(1) } else { Some(0) };
            let step = |at: usize| {
                let there = if backwards { at.checked_sub(1) } else { Some(at + 1) };
                there.filter(|at| *at < self.actual.len())
            };
            let numbers: Vec<usize> = if backwards {
                (0..self.expected.len()).rev().collect()
            } else {
                (0..self.expected.len()).collect()
            };
            for number in numbers {
                if let Some(other) = partner.get(&number) {
                    next = step(*other);
                } else if let Some(other) = next {
                    let is_same = key(&self.expected[number], columns) == key(&self.actual[other], columns);
                    if is_same && taken.insert(other) {
                        partner.insert(number, other);
                        next = step(other);
                    }
                }
                if next.is_none() {
                    break;
                }
            }
        }
    }

    /// Paired and added rows in the order of what is there; what is missing goes before the first row that was expected later.
    fn ordered(&self, partner: &BTreeMap<usize, usize>, taken: &BTreeSet<usize>) -> Vec<Pair> {
        let expected: BTreeMap<usize, usize> = partner.iter().map(|(left, right)| (*right, *left)).collect();
        let mut missing = (0..self.expected.len()).filter(|number| !partner.contains_key(number)).peekable();
        let mut pairs = Vec::new();
        for actual in 0..self.actual.len() {
            debug_assert_eq!(taken.contains(&actual), expected.contains_key(&actual));
            let left = expected.get(&actual).copied();
            while let Some(number) = missing.next_if(|number| left.is_some_and(|left| left > *number)) {
                pairs.push(Pair { expected: Some(number), actual: None });
            }
            pairs.push(Pair { expected: left, actual: Some(actual) });
        }
        pairs.extend(missing.map(|number| Pair { expected: Some(number), actual: None }));
        pairs
    }
}

/// Shows what is beside a change, and dots beside that.
fn spread(shown: &mut [Shown]) {
    let changed: Vec<usize> =
        shown.iter().enumerate().filter(|(_, s)| **s == Shown::Changed).map(|(at, _)| at).collect();
    for (at, state) in shown.iter_mut().enumerate() {
        if *state == Shown::Changed {
            continue;
        }
        let after = changed.partition_point(|other| *other < at);
        let near = [after.checked_sub(1), Some(after)]
            .into_iter()
            .flatten()
            .filter_map(|index| changed.get(index))
            .map(|other| other.abs_diff(at))
            .min();
        *state = match near {
            Some(1) => Shown::Near,
            Some(2) => Shown::Dots,
            _ => Shown::No,
        };
    }
}

/// The cells that are printed, the mark of each row first.
fn table(
    names: &[String],
    sides: &Sides<'_>,
    pairs: &[Pair],
    (rows, columns): (&[Shown], &[Shown]),
) -> Vec<Vec<String>> {
    let pick = |mark: &str, cells: &dyn Fn(usize) -> String| -> Vec<String> {
        let mut line = vec![quoted(mark)];
        let mut hidden = false;
        for (column, shown) in columns.iter().enumerate() {
            match (*shown != Shown::No, hidden) {
                (true, _) => line.push(cells(column)),
                (false, true) => {}
                (false, false) => line.push("...".to_owned()),
            }
            hidden = *shown == Shown::No;
        }
        line
    };
    let mut table = vec![pick("@@", &|column| quoted(&names[column]))];
    let mut dots = false;
    for (pair, shown) in pairs.iter().zip(rows) {
        match shown {
            Shown::No => continue,
            Shown::Dots if dots => continue,
            Shown::Dots => table.push(pick("...", &|_| "...".to_owned())),
            _ => {
                let mark = sides.mark(*pair);
                table.push(pick(mark, &|column| cell(sides, *pair, (column, mark))));
            }
        }
        dots = *shown == Shown::Dots;
    }
    table
}

/// A cell as `daff` writes it: both values of a change; a null has the word of the row it stands in.
fn cell(sides: &Sides<'_>, pair: Pair, (column, mark): (usize, &str)) -> String {
    if sides.differs(pair, column)
        && let (Some(left), Some(right)) = (pair.expected, pair.actual)
    {
        let word = |text: &Text| match text.as_deref() {
            None => "NULL".to_owned(),
            // A text that says NULL is told from a null by an underscore.
            Some(text) if text.trim_start_matches('_') == "NULL" => format!("_{text}"),
            Some(text) => text.to_owned(),
        };
        return quoted(&format!(
            "{}→{}",
            word(&sides.expected[left][column]),
            word(&sides.actual[right][column])
        ));
    }
    let row = pair
        .expected
        .map_or_else(|| &sides.actual[pair.actual.unwrap_or_default()], |number| &sides.expected[number]);
    match (&row[column], mark) {
        (Some(text), _) => quoted(text),
        (None, "---" | "+++") => "null".to_owned(),
        (None, _) => "NULL".to_owned(),
    }
}

/// A cell in quotes where CSV needs them.
fn quoted(text: &str) -> String {
    let is_plain =
        !text.starts_with(' ') && !text.ends_with(' ') && !text.contains(['"', '\r', '\n', '\t', ',']);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// The table with its columns in line, unless it is too wide; very long cells stand out.
fn render(table: &[Vec<String>]) -> String {
    let widths = widths(table);
    let mut out = String::new();
    for line in table {
        let (mut target, mut at) = (0, 0);
        for (column, cell) in line.iter().enumerate() {
            if let Some(widths) = &widths {
                while at < target {
                    out.push(' ');
                    at += 1;
                }
                at += cell.chars().count();
                target += widths[column];
            }
            if column > 0 {
                out.push(',');
            }
            out.push_str(cell);
        }
        out.push('\n');
    }
    out
}

/// The width of each column: the longest cell that is not far longer than the others.
#[expect(clippy::cast_precision_loss, reason = "lengths of cells are small numbers")]
fn widths(table: &[Vec<String>]) -> Option<Vec<usize>> {
    let columns = table.first().map_or(0, Vec::len);
    let of = |column: usize| {
        let lengths: Vec<usize> = table.iter().map(|line| line[column].chars().count()).collect();
        let count = lengths.len() as f64;
        let mean = lengths.iter().sum::<usize>() as f64 / count;
        let squares = lengths.iter().map(|length| length * length).sum::<usize>() as f64 / count;
        let usual = (mean + (squares - mean * mean).max(0.0).sqrt() * 2.0 + 0.5).floor();
        let longest = lengths.iter().copied().filter(|length| *length as f64 <= usual).max().unwrap_or(0);
        longest.max(lengths[0])
    };
    let widths: Vec<usize> = (0..columns).map(of).collect();
    (widths.iter().sum::<usize>() + columns.saturating_sub(1) <= WIDEST).then_some(widths)
}
