//! Permissions in comments: `-- merganser: allow unused-cte`.
//!
//! On a line of its own a permission holds for the whole file, behind something else for that line. Names are separated by commas; what follows
//! a name is for people.

use std::ops::Range;

/// What opens a permission.
const WORDS: &str = "merganser: allow ";
/// What opens a comment in SQL, Jinja and YAML.
const OPENINGS: [&str; 4] = ["--", "/*", "{#", "#"];

/// A name in a comment that allows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission<'t> {
    /// The name.
    pub code: &'t str,
    /// Its bytes.
    pub range: Range<usize>,
    /// The bytes of the line it holds for; none for the whole file.
    pub line: Option<Range<usize>>,
}

/// The permissions in a text.
pub fn permissions(text: &str) -> Vec<Permission<'_>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(WORDS) {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let before = text[start..at].trim_end();
        // Jinja's comments may open with a dash that trims.
        let opened = before.strip_suffix('-').filter(|rest| rest.ends_with("{#")).unwrap_or(before);
        let Some(code) = OPENINGS.iter().find_map(|opening| opened.strip_suffix(opening)) else { continue };
        let line = (!code.trim().is_empty()).then_some(start..end);
        let mut from = at + WORDS.len();
        for item in text[from..end].split(',') {
            let code: &str = item.trim_start();
            let begins = from + (item.len() - code.len());
            let length = code.find(|c: char| c != '-' && !c.is_ascii_lowercase()).unwrap_or(code.len());
            let is_name = code[..length].contains('-') && !code.starts_with('-');
            if is_name {
                let code = code[..length].trim_end_matches('-');
                found.push(Permission { code, range: begins..begins + code.len(), line: line.clone() });
            }
            from += item.len() + 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::permissions;

    #[test]
    fn comments_of_all_languages_name_codes() {
        let text = "-- merganser: allow unused-cte, select-star because it is wide\nselect 1 {#- merganser: allow a-b -#}\n\
                    # merganser: allow c-d\n'merganser: allow e-f'\n";
        let found: Vec<(&str, bool)> = permissions(text).iter().map(|one| (one.code, one.line.is_some())).collect();
        assert_eq!(found, [("unused-cte", false), ("select-star", false), ("a-b", true), ("c-d", false)]);
        let all = permissions(text);
        assert!(all.iter().all(|one| &text[one.range.clone()] == one.code));
    }
}
