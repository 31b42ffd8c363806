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
    let mut columns: Vec<Shown> =
        (0..sides.width).map(|column| if used.contains(&column) { Shown::Changed } else { Shown::No }).collect();
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
        .map(|column| row[*column].as_deref().filter(|text| !matches!(*text, "null" | "undefined")).unwrap_or(""))
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
                let values: BTreeSet<&str> = rows.iter().map(|row| row[column].as_deref().unwrap_or("")).collect();
                values.len()
            };
            columns
                .sort_by_key(|column| std::cmp::Reverse(count(self.expected, *column) + count(self.actual, *column)));
            columns.truncate(TRIED);
        }
        columns
    }

    /// The rows of both sides in pairs, in the order they are told, and the columns that were tried.
    fn pairs(&self) -> (Vec<Pair>, BTreeSet<usize>) {
        let columns = self.candidates();
        let mut links = Links::default();
        let mut used = BTreeSet::new();
        let all = 1_usize << columns.len();
        let (mut indices, mut was_exhaustive) = (0, false);
        for choice in 1..all {
            // The names of the columns are a pair too, which the first index makes.
            if indices > 0 && links.right.len() == self.expected.len() {
                break;
            }
            let chosen: Vec<usize> =
                (0..columns.len()).filter(|bit| choice >> bit & 1 == 1).map(|bit| columns[bit]).collect();
            used.extend(chosen.iter().copied());
            was_exhaustive = choice == all - 1;
            if self.pair_by(&chosen, was_exhaustive && indices == 0, &mut links) {
                indices += 1;
            }
        }
        if was_exhaustive {
            let keys = |rows: &[Vec<Text>]| rows.iter().map(|row| key(row, &columns)).collect::<Vec<_>>();
            let (expected, actual) = (keys(self.expected), keys(self.actual));
            links.pair_neighbours(&expected, &actual);
            links.turn();
            links.pair_neighbours(&actual, &expected);
            links.turn();
        }
        (self.ordered(&links), used)
    }

    /// Pairs rows whose values in these columns stand in one row of each side; not where a value stands in many rows, unless
    /// there is no better choice. Gives whether it did.
    fn pair_by(&self, columns: &[usize], at_last: bool, links: &mut Links) -> bool {
        let (left, right) = (index(self.expected, columns), index(self.actual, columns));
        let most = left.values().chain(right.values()).map(Vec::len).max().unwrap_or(1).max(1);
        let most_rows = self.expected.len().max(self.actual.len()) + 1;
        if most * 10 >= most_rows + 20 && !at_last {
            return false;
        }
        for (number, row) in self.expected.iter().enumerate() {
            let key = key(row, columns);
            let both = (left.get(&key).map(Vec::as_slice), right.get(&key).map(Vec::as_slice));
            if let ((Some([_]), Some([other])), false) = (both, key.is_empty()) {
                links.add(number, *other);
            }
        }
        true
    }

    /// Paired and added rows in the order of what is there; what is missing goes before the first row that was expected later.
    fn ordered(&self, links: &Links) -> Vec<Pair> {
        let mut missing = (0..self.expected.len()).filter(|number| !links.right.contains_key(number)).peekable();
        let mut pairs = Vec::new();
        for actual in 0..self.actual.len() {
            let left = links.left.get(&actual).copied();
            while let Some(number) = missing.next_if(|number| left.is_some_and(|left| left > *number)) {
                pairs.push(Pair { expected: Some(number), actual: None });
            }
            pairs.push(Pair { expected: left, actual: Some(actual) });
        }
        pairs.extend(missing.map(|number| Pair { expected: Some(number), actual: None }));
        pairs
    }
}

/// Which rows are pairs: the partners of rows of one side, and those of the other.
#[derive(Debug, Default)]
struct Links {
    right: BTreeMap<usize, usize>,
    left: BTreeMap<usize, usize>,
}

impl Links {
    /// Makes a pair of two rows that have no partner yet.
    fn add(&mut self, left: usize, right: usize) -> bool {
        if self.right.contains_key(&left) || self.left.contains_key(&right) {
            return false;
        }
        self.right.insert(left, right);
        self.left.insert(right, left);
        true
    }

    /// Exchanges the sides.
    fn turn(&mut self) {
        std::mem::swap(&mut self.right, &mut self.left);
    }

    /// Pairs equal rows that stand beside rows that are paired already, forwards and then backwards.
    fn pair_neighbours(&mut self, own: &[String], others: &[String]) {
        for backwards in [false, true] {
            let inside = |at: Option<usize>| at.filter(|at| *at < others.len());
            let step = |at: usize| inside(if backwards { at.checked_sub(1) } else { Some(at + 1) });
            let mut next = inside(if backwards { others.len().checked_sub(1) } else { Some(0) });
            for place in 0..own.len() {
                let number = if backwards { own.len() - 1 - place } else { place };
                let Some(other) = next else { break };
                if let Some(partner) = self.right.get(&number) {
                    next = step(*partner);
                } else if own[number] == others[other] && self.add(number, other) {
                    next = step(other);
                }
            }
        }
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

/// A cell as it is printed, and how wide it counts: `daff` counts the quotes around spaces, and prints them only in rows that are
/// no change.
#[derive(Debug, Clone)]
struct Printed {
    text: String,
    width: usize,
}

/// The cells of a row; hidden columns side by side are one.
fn line(mark: &str, columns: &[Shown], cells: &dyn Fn(usize) -> Printed) -> Vec<Printed> {
    let mut line = vec![printed(mark, true)];
    let mut hidden = false;
    for (column, shown) in columns.iter().enumerate() {
        match (*shown != Shown::No, hidden) {
            (true, _) => line.push(cells(column)),
            (false, true) => {}
            (false, false) => line.push(printed("...", false)),
        }
        hidden = *shown == Shown::No;
    }
    line
}

/// The cells that are printed, the mark of each row first.
fn table(
    names: &[String],
    sides: &Sides<'_>,
    pairs: &[Pair],
    (rows, columns): (&[Shown], &[Shown]),
) -> Vec<Vec<Printed>> {
    let pick = |mark: &str, cells: &dyn Fn(usize) -> Printed| line(mark, columns, cells);
    let mut table = vec![pick("@@", &|column| printed(&names[column], true))];
    let mut dots = false;
    for (pair, shown) in pairs.iter().zip(rows) {
        match shown {
            Shown::No => continue,
            Shown::Dots if dots => continue,
            Shown::Dots => table.push(pick("...", &|_| printed("...", false))),
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
fn cell(sides: &Sides<'_>, pair: Pair, (column, mark): (usize, &str)) -> Printed {
    if sides.differs(pair, column)
        && let (Some(left), Some(right)) = (pair.expected, pair.actual)
    {
        let (left, right) = (word(&sides.expected[left][column]), word(&sides.actual[right][column]));
        return printed(&format!("{}→{}", with_spaces(&left, &right), with_spaces(&right, &left)), true);
    }
    let row =
        pair.expected.map_or_else(|| &sides.actual[pair.actual.unwrap_or_default()], |number| &sides.expected[number]);
    let is_whole = matches!(mark, "---" | "+++");
    match &row[column] {
        Some(text) => printed(text, is_whole),
        None if is_whole => printed("null", true),
        None => printed("NULL", false),
    }
}

/// A value of a change; a text that says NULL is told from a null by an underscore.
fn word(text: &Text) -> String {
    match text.as_deref() {
        None => "NULL".to_owned(),
        Some(text) if text.trim_start_matches('_') == "NULL" => format!("_{text}"),
        Some(text) => text.to_owned(),
    }
}

/// The spaces that only one of two values has, where they differ in nothing else.
fn with_spaces(text: &str, other: &str) -> String {
    if text == other || text.replace(' ', "") != other.replace(' ', "") {
        return text.to_owned();
    }
    let mut others = other.chars().peekable();
    let mut out = String::new();
    for c in text.chars() {
        while c != ' ' && others.next_if_eq(&' ').is_some() {}
        out.push(if others.next_if_eq(&c).is_some() { c } else { '␣' });
    }
    out
}

/// A cell in quotes where CSV needs them.
fn printed(text: &str, is_change: bool) -> Printed {
    let quoted = || format!("\"{}\"", text.replace('"', "\"\""));
    let has_ends = text.starts_with(' ') || text.ends_with(' ');
    let needs_quotes = text.contains(['"', '\r', '\n', '\t', ',']);
    let width = if needs_quotes || has_ends { quoted().chars().count() } else { text.chars().count() };
    let is_quoted = needs_quotes || (has_ends && !is_change);
    Printed { text: if is_quoted { quoted() } else { text.to_owned() }, width }
}

/// The table with its columns in line, unless it is too wide; very long cells stand out.
fn render(table: &[Vec<Printed>]) -> String {
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
                at += cell.width;
                target += widths[column];
            }
            if column > 0 {
                out.push(',');
            }
            out.push_str(&cell.text);
        }
        out.push('\n');
    }
    out
}

/// The width of each column: the longest cell that is not far longer than the others.
#[expect(clippy::cast_precision_loss, reason = "lengths of cells are small numbers")]
fn widths(table: &[Vec<Printed>]) -> Option<Vec<usize>> {
    let columns = table.first().map_or(0, Vec::len);
    let of = |column: usize| {
        let lengths: Vec<usize> = table.iter().map(|line| line[column].width).collect();
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

#[cfg(test)]
mod tests {
    use super::{Side, difference, with_spaces};

    fn side(rows: &[&[Option<&str>]]) -> Side {
        let row = |row: &&[Option<&str>]| row.iter().map(|cell| cell.map(str::to_owned)).collect();
        Side { rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn rows_are_paired_by_rare_values() {
        let names = ["id", "name"].map(str::to_owned);
        let expected = side(&[&[Some("1"), Some("a")], &[Some("2"), None], &[Some("4"), Some("d")]]);
        let actual = side(&[&[Some("1"), Some("b")], &[Some("2"), None], &[Some("3"), Some("c")]]);
        let shown = "@@ ,id,name\n→  ,1 ,a→b\n   ,2 ,NULL\n+++,3 ,c\n---,4 ,d\n";
        assert_eq!(difference(&names, &expected, &actual).as_deref(), Some(shown));
        assert_eq!(difference(&names, &expected, &expected), None);
    }

    #[test]
    fn a_side_may_be_empty() {
        let names = ["id".to_owned()];
        let one = side(&[&[None]]);
        assert_eq!(difference(&names, &one, &side(&[])).as_deref(), Some("@@ ,id\n---,null\n"));
        assert_eq!(difference(&names, &side(&[]), &side(&[])), None);
    }

    #[test]
    fn spaces_that_one_value_has_are_shown() {
        assert_eq!(with_spaces("a b", "ab"), "a␣b");
        assert_eq!(with_spaces("ab", "a b"), "ab");
    }
}
