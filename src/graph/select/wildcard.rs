//! Shell wildcards as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[!abc]`; and paths with `**`.

/// Whether the whole of `text` fits `pattern`.
pub(super) fn fits(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut next) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        if pattern.get(next) == Some(&'*') {
            star = Some((next, at));
            next += 1;
        } else if let Some(after) = one(&pattern, next, text[at]) {
            (at, next) = (at + 1, after);
        } else if let Some((from, start)) = star {
            star = Some((from, start + 1));
            (at, next) = (start + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[next..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on if its element at `next` takes `c`.
fn one(pattern: &[char], next: usize, c: char) -> Option<usize> {
    match pattern.get(next)? {
        '?' => Some(next + 1),
        '[' => match set(pattern, next) {
            Some((members, is_negated, after)) => (contains(members, c) != is_negated).then_some(after),
            None => (c == '[').then_some(next + 1),
        },
        plain => (*plain == c).then_some(next + 1),
    }
}

/// The members of the set that opens at `open`, whether it is negated, and where it ends; none if nothing closes it.
fn set(pattern: &[char], open: usize) -> Option<(&[char], bool, usize)> {
    let is_negated = pattern.get(open + 1) == Some(&'!');
    let start = open + 1 + usize::from(is_negated);
    let close = (start + 1..pattern.len()).find(|index| pattern[*index] == ']')?;
    Some((&pattern[start..close], is_negated, close + 1))
}

fn contains(members: &[char], c: char) -> bool {
    let mut index = 0;
    while index < members.len() {
        if members.get(index + 1) == Some(&'-') && index + 2 < members.len() {
            if (members[index]..=members[index + 2]).contains(&c) {
                return true;
            }
            index += 3;
        } else if members[index] == c {
            return true;
        } else {
            index += 1;
        }
    }
    false
}

/// Whether a path fits a pattern part by part; `**` stands for any number of parts.
pub(super) fn path_fits(path: &str, pattern: &str) -> bool {
    let parts = |text: &str| {
        text.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect::<Vec<_>>()
    };
    parts_fit(&parts(path), &parts(pattern))
}

fn parts_fit(path: &[String], pattern: &[String]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => (0..=path.len()).any(|skipped| parts_fit(&path[skipped..], rest)),
        Some((first, rest)) => {
            path.split_first().is_some_and(|(part, path)| fits(part, first) && parts_fit(path, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, path_fits};

    #[test]
    fn wildcards() {
        for (text, pattern, expected) in [
            ("stg_orders", "stg_*", true),
            ("stg_orders", "*_orders", true),
            ("stg_orders", "stg", false),
            ("a.b", "a*b", true),
            ("ab", "a?", true),
            ("a", "a?", false),
            ("a1", "a[0-9]", true),
            ("ax", "a[!0-9]", true),
            ("a[", "a[", true),
            ("", "*", true),
            ("abcbd", "a*b*d", true),
            ("abc", "a*b", false),
            ("Ab", "ab", false),
        ] {
            assert_eq!(fits(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn paths() {
        for (path, pattern, expected) in [
            ("models/a/b.sql", "models/**/*.sql", true),
            ("models/b.sql", "models/**/*.sql", true),
            ("models", "models/", true),
            ("models/a", "./models/*", true),
            ("models/a/b.sql", "models/*.sql", false),
            ("models/a", "models", false),
        ] {
            assert_eq!(path_fits(path, pattern), expected, "{path} {pattern}");
        }
    }
}
