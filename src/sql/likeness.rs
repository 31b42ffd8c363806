//! How alike two texts are, character by character.

/// The number of characters to insert, remove or put in place of another, to make one text of the other.
pub fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (index, d) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

/// The similarity by Jaro and Winkler, of 100, whatever the case of letters. All characters that the texts begin with alike count.
#[expect(clippy::cast_possible_truncation, reason = "it lies between 0 and 100")]
pub fn jaro_winkler(one: &str, other: &str) -> i64 {
    let (one, other) = (upper(one), upper(other));
    let similarity = jaro(&one, &other);
    let alike = count(one.iter().zip(&other).take_while(|(a, b)| a == b).take(10).count());
    let boosted = if similarity > 0.7 { similarity + alike * 0.1 * (1.0 - similarity) } else { similarity };
    // What is a whole number but for the last bits of a float is that number.
    (boosted * 100.0 + 1e-9).floor() as i64
}

/// The characters in upper case; one whose upper case is several stays.
fn upper(text: &str) -> Vec<char> {
    let one = |c: char| {
        let mut upper = c.to_uppercase();
        upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
    };
    text.chars().map(one).collect()
}

fn jaro(one: &[char], other: &[char]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let reach = (one.len().max(other.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; other.len()];
    let mut matched = Vec::new();
    for (at, c) in one.iter().enumerate() {
        let near = at.saturating_sub(reach)..(at + reach + 1).min(other.len());
        if let Some(found) = near.into_iter().find(|&index| !taken[index] && other[index] == *c) {
            taken[found] = true;
            matched.push(*c);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let in_order = other.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(c, _)| c);
    let moved = matched.iter().zip(in_order).filter(|(a, b)| a != b).count();
    let matches = count(matched.len());
    (matches / count(one.len()) + matches / count(other.len()) + (matches - count(moved / 2)) / matches) / 3.0
}

fn count(characters: usize) -> f64 {
    f64::from(u32::try_from(characters).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{edit_distance, jaro_winkler};

    #[test]
    fn characters_count_not_bytes() {
        assert_eq!(edit_distance("święta", "swieta"), 2);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!((jaro_winkler("święta", "swieta"), jaro_winkler("MARTHA", "marhta")), (77, 96));
        assert_eq!((jaro_winkler("weiß nicht", "weiss nicht"), jaro_winkler("gute nacht", "weis nicht")), (93, 73));
        assert_eq!((jaro_winkler("", ""), jaro_winkler("a", "a")), (0, 100));
    }
}
