//! Calls with plain texts, such as `{{ ref('orders') }}`: templates that differ in these texts alone share one compiled template.

use std::sync::Arc;

use minijinja::Value;

use super::root::{Lookup, Root};

/// The variable that stands for each text, before its number.
const VARIABLE: &str = "_text_";

/// A template of calls with variables in the place of the plain texts among their arguments, and those texts. None where it has
/// no such text, or anything beside names, calls and texts.
pub(super) fn lifted(template: &str) -> Option<(String, Vec<&str>)> {
    let inside = template.strip_prefix("{{")?.strip_suffix("}}")?;
    let (mut shared, mut texts) = (String::with_capacity(template.len()), Vec::new());
    shared.push_str("{{");
    let mut rest = inside;
    while let Some(at) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(at);
        let text = quoted[1..].split(&quoted[..1]).next().unwrap_or_default();
        rest = quoted.get(text.len() + 2..)?;
        let is_argument = before.trim_end().ends_with(['(', ',']) && rest.trim_start().starts_with([')', ',']);
        if !is_argument || !is_of(before, b" (),._") || !is_of(text, b"_-") {
            return None;
        }
        shared.push_str(before);
        shared.push_str(VARIABLE);
        shared.push_str(&texts.len().to_string());
        texts.push(text);
    }
    if texts.is_empty() || !is_of(rest, b" (),._") {
        return None;
    }
    shared.push_str(rest);
    shared.push_str("}}");
    Some((shared, texts))
}

/// Whether a text has no characters but ASCII letters, digits and these.
fn is_of(text: &str, more: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

/// The variables of a lifted template, before those of its root.
struct Texts {
    texts: Vec<Value>,
    root: Arc<Root>,
}

impl Lookup for Texts {
    fn get(&self, name: &str) -> Option<Value> {
        let number = name.strip_prefix(VARIABLE).and_then(|number| number.parse::<usize>().ok());
        number.and_then(|number| self.texts.get(number).cloned()).or_else(|| self.root.get(name))
    }

    fn names(&self) -> Vec<String> {
        self.root.names()
    }
}

/// What a lifted template sees.
pub(super) fn root(texts: &[&str], root: &Arc<Root>) -> Arc<Root> {
    let texts = texts.iter().map(|text| Value::from(*text)).collect();
    Root::new(Texts { texts, root: root.clone() }, root.scope().clone())
}

#[cfg(test)]
mod tests {
    use super::lifted;

    #[test]
    fn texts_of_calls_become_variables() {
        let two = "{{ get_where_subquery(source(\"raw\", 'orders')) }}";
        let shared = "{{ get_where_subquery(source(_text_0, _text_1)) }}";
        assert_eq!(lifted(two), Some((shared.to_owned(), vec!["raw", "orders"])));
    }

    #[test]
    fn what_is_more_than_calls_with_texts_stays() {
        for template in [
            "{{ ref(model) }}",
            "{{ 'a' 'b' }}",
            "{{ ref('a' 'b') }}",
            "{{ ref('a', version='1') }}",
            "{{ ref('a') }} and {{ ref('b') }}",
            "{{ ref('a\\'b') }}",
            "{{ ref('a) }}",
            "{% set a = ref('a') %}",
            "{{ [ref('a')] }}",
            "",
        ] {
            assert_eq!(lifted(template), None, "{template}");
        }
    }
}
