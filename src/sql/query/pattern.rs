//! Patterns on the names of columns.

/// Whether a name fits a pattern of `* ILIKE`.
pub fn name_fits(pattern: &str, name: &str) -> bool {
    fn rest(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('%', after)) => (0..=name.len()).any(|skip| rest(after, &name[skip..])),
            Some((c, after)) => {
                name.split_first().is_some_and(|(n, others)| (*c == '_' || c == n) && rest(after, others))
            }
        }
    }
    let chars = |text: &str| text.to_uppercase().chars().collect::<Vec<_>>();
    rest(&chars(pattern), &chars(name))
}
