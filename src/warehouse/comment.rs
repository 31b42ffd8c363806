//! The comment that goes with each statement, so that the warehouse's history says who sent it (dbt: `query-comment`).

/// A comment, and on which side of the statement it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    text: String,
    append: bool,
}

impl Comment {
    /// A comment; none for an empty text. The text must not end the comment: it is refused if it holds `*/`.
    pub fn new(text: &str, append: bool) -> Result<Option<Self>, CommentError> {
        if text.contains("*/") {
            return Err(CommentError);
        }
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Self { text: text.to_owned(), append }))
    }

    /// The statement with the comment in front, or behind and before its semicolon.
    pub(super) fn add(&self, sql: &str) -> String {
        let text = &self.text;
        if !self.append {
            return format!("/* {text} */\n{sql}");
        }
        let trimmed = sql.trim_end();
        match trimmed.strip_suffix(';') {
            Some(statement) => format!("{statement}\n/* {text} */;"),
            None => format!("{trimmed}\n/* {text} */"),
        }
    }

    /// How many lines stand before the statement.
    pub(super) fn lines_before(&self) -> usize {
        if self.append { 0 } else { self.text.matches('\n').count() + 1 }
    }
}

/// The text of a comment holds its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentError;

impl std::fmt::Display for CommentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a query comment must not hold `*/`, which ends it")
    }
}

impl std::error::Error for CommentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stands_where_dbt_puts_it() {
        let of = |append| Comment::new(" who ", append).expect("a comment").expect("not empty");
        assert_eq!(of(false).add("select 1;"), "/* who */\nselect 1;");
        assert_eq!(of(true).add("select 1; \n"), "select 1\n/* who */;");
        assert_eq!(of(true).add("select 1\n"), "select 1\n/* who */");
        assert_eq!(of(false).lines_before(), 1);
        assert_eq!(Comment::new(" ", false), Ok(None));
        assert_eq!(Comment::new("a */ b", false), Err(CommentError));
    }
}
