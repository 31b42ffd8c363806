//! The grammars of the dialects: the parser's own, with what it lacks.

use std::any::TypeId;
use std::borrow::Cow;

use sqlparser::dialect::{Dialect as Grammar, DuckDbDialect, SnowflakeDialect};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use super::Dialect;
use super::short_form::in_long_form;
use super::text::Lexeme;

/// The grammar of a dialect.
pub(super) fn grammar(dialect: Dialect) -> &'static dyn Grammar {
    match dialect {
        Dialect::Snowflake => &SnowflakeDialect,
        Dialect::DuckDb => &DuckDb(DuckDbDialect),
    }
}

/// `DuckDB`'s grammar as the parser has it, and `* RENAME (a AS b)`, and `first_value(x IGNORE NULLS)`.
#[derive(Debug)]
struct DuckDb(DuckDbDialect);

/// What the parser's grammar says, said again.
macro_rules! as_the_parser_says {
    ($($name:ident),*) => { $(fn $name(&self) -> bool { self.0.$name() })* };
}

impl Grammar for DuckDb {
    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        self.0.is_identifier_start(c)
    }

    fn is_identifier_part(&self, c: char) -> bool {
        self.0.is_identifier_part(c)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        self.0.identifier_quote_style(identifier)
    }

    fn supports_select_wildcard_rename(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    as_the_parser_says!(
        supports_trailing_commas,
        supports_filter_during_aggregation,
        supports_group_by_expr,
        supports_bitwise_shift_operators,
        supports_named_fn_args_with_eq_operator,
        supports_named_fn_args_with_assignment_operator,
        supports_dictionary_syntax,
        support_map_literal_syntax,
        supports_lambda_functions,
        allow_extract_single_quotes,
        supports_explain_with_utility_options,
        supports_load_extension,
        supports_array_typedef_with_brackets,
        supports_from_first_select,
        supports_order_by_all,
        supports_select_wildcard_exclude,
        supports_notnull_operator,
        supports_install,
        supports_detach,
        supports_select_wildcard_replace,
        supports_comma_separated_trim,
        supports_numeric_literal_underscores
    );
}

/// The tokens of a text of `DuckDB` as the parser takes them: a join in order, or by position, is a join with one more word, and a
/// sample of the whole query says nothing of its columns. An alias in front of an item comes behind it, and `#2` is the second column.
pub(super) fn in_duckdbs_words(lexemes: &[Lexeme]) -> Vec<Lexeme> {
    let long = in_long_form(lexemes);
    let lexemes = long.as_deref().unwrap_or(lexemes);
    let has_colon = lexemes.iter().any(|lexeme| lexeme.token.token == Token::Colon);
    let lexemes = &if has_colon { Cow::Owned(with_aliases_behind(lexemes)) } else { Cow::Borrowed(lexemes) };
    let mut tokens = Vec::with_capacity(lexemes.len());
    let mut at = 0;
    while let Some(lexeme) = lexemes.get(at) {
        at += 1;
        let rest = &lexemes[at - 1..];
        if is_asof(rest) {
            continue;
        }
        let sample = sample(rest);
        if sample > 0 {
            at += sample - 1;
            continue;
        }
        let mut lexeme = lexeme.clone();
        if is_word(rest, 0, "POSITIONAL") && is_word(rest, 1, "JOIN") {
            // Where one side is longer, the other's columns are NULL.
            let full = Word { value: "FULL".to_owned(), quote_style: None, keyword: Keyword::FULL };
            lexeme.token.token = Token::Word(full);
        }
        if lexeme.token.token == Token::Mul
            && rest.get(1).is_some_and(|next| next.token.token == Token::Mul && next.range.start == lexeme.range.end)
        {
            // Two stars side by side raise to a power, as one roof does.
            lexeme.token.token = Token::Caret;
            at += 1;
        }
        if let ([_, Lexeme { token: TokenWithSpan { token: Token::Number(digits, _), .. }, .. }, ..], Token::Sharp) =
            (rest, &lexeme.token.token)
        {
            lexeme.token.token = Token::Placeholder(format!("${digits}"));
            at += 1;
        }
        tokens.push(lexeme);
    }
    tokens
}

/// The tokens of a text of Snowflake as the parser takes them: that a join is `DIRECTED` says nothing of its columns, and
/// `DATE_PART(year FROM d)` is `DATE_PART(year, d)`.
pub(super) fn in_snowflakes_words(lexemes: &[Lexeme]) -> Vec<TokenWithSpan> {
    let mut tokens = Vec::with_capacity(lexemes.len());
    for (at, lexeme) in lexemes.iter().enumerate() {
        if is_word(lexemes, at, "DIRECTED") && is_word(lexemes, at + 1, "JOIN") {
            continue;
        }
        let is_part = at > 2
            && is_word(lexemes, at, "FROM")
            && is_token(lexemes, at - 2, &Token::LParen)
            && is_word(lexemes, at - 3, "DATE_PART");
        let token = if is_part { Token::Comma } else { lexeme.token.token.clone() };
        tokens.push(TokenWithSpan { token, span: lexeme.token.span });
    }
    for at in (0..lexemes.len()).filter(|at| is_word(lexemes, *at, "CONNECT") && is_word(lexemes, at + 1, "BY")) {
        put_where_in_front(&mut tokens, lexemes[at].token.span);
    }
    tokens
}

/// Puts the WHERE behind a CONNECT BY in front of it, where the parser takes it. It chooses among the rows of the hierarchy in both places.
fn put_where_in_front(tokens: &mut [TokenWithSpan], connect: Span) {
    let Some(connect) = tokens.iter().position(|token| token.span == connect) else { return };
    let word = |at: usize, wanted: &[&str]| match &tokens[at].token {
        Token::Word(word) => {
            word.quote_style.is_none() && wanted.iter().any(|wanted| word.value.eq_ignore_ascii_case(wanted))
        }
        token => wanted.contains(&";") && *token == Token::SemiColon,
    };
    let behind = outermost(tokens, connect..tokens.len(), [&Token::LParen, &Token::RParen]);
    let next = |from: usize, also: &str| {
        behind.iter().copied().find(|at| *at > from && (word(*at, &ENDS) || word(*at, &[";", also])))
    };
    let Some(start) = next(connect, ";").filter(|at| word(*at, &["WHERE"])) else { return };
    let end = next(start, "START").or_else(|| behind.last().map(|last| last + 1)).unwrap_or(tokens.len());
    let is_front = |at: usize| word(at, &["START"]) && word(at + 1, &["WITH"]);
    let before = outermost(tokens, (0..connect).rev(), [&Token::RParen, &Token::LParen]);
    let front = before.into_iter().find(|at| is_front(*at) || word(*at, &["FROM"]));
    let front = front.filter(|at| is_front(*at)).unwrap_or(connect);
    tokens[front..end].rotate_left(start - front);
}

/// Of these places, those that no parentheses enclose, up to the end of what encloses them all.
fn outermost(
    tokens: &[TokenWithSpan],
    places: impl Iterator<Item = usize>,
    [opens, closes]: [&Token; 2],
) -> Vec<usize> {
    let mut depth = 0;
    let mut outermost = Vec::new();
    for at in places {
        let token = &tokens[at].token;
        if token == closes && depth == 0 {
            break;
        }
        depth += i32::from(token == opens) - i32::from(token == closes);
        if depth == 0 {
            outermost.push(at);
        }
    }
    outermost
}

/// Words that end a list of items.
const ENDS: [&str; 13] = [
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "QUALIFY",
    "WINDOW",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "USING",
];

/// The tokens with `SELECT a: x, b: y` as `SELECT x AS a, y AS b`.
fn with_aliases_behind(lexemes: &[Lexeme]) -> Vec<Lexeme> {
    let mut tokens: Vec<Lexeme> = Vec::with_capacity(lexemes.len());
    // The parentheses around a place: whether items stand in each, and the alias that waits for the end of its item.
    let mut around: Vec<(bool, Option<Lexeme>)> = vec![(false, None)];
    let (mut starts, mut at) = (false, 0);
    while let Some(lexeme) = lexemes.get(at) {
        let token = &lexeme.token.token;
        let is_alias = starts && matches!(token, Token::Word(_)) && is_token(lexemes, at + 1, &Token::Colon);
        at += 1;
        let Some((has_items, waiting)) = around.last_mut() else { break };
        if is_alias {
            *waiting = Some(lexeme.clone());
            (starts, at) = (false, at + 1);
            continue;
        }
        let opens = matches!(token, Token::LParen | Token::LBracket | Token::LBrace);
        let closes = matches!(token, Token::RParen | Token::RBracket | Token::RBrace);
        let ends = ENDS.iter().any(|word| is_word(lexemes, at - 1, word));
        if closes || ends || *token == Token::Comma || *token == Token::SemiColon {
            tokens.extend(waiting.take().into_iter().flat_map(behind));
        }
        *has_items = (*has_items && !ends) || is_word(lexemes, at - 1, "SELECT");
        starts = *has_items && (*token == Token::Comma || is_word(lexemes, at - 1, "SELECT"));
        if opens {
            around.push((false, None));
        } else if closes && around.len() > 1 {
            around.pop();
        }
        tokens.push(lexeme.clone());
    }
    let last = around.pop().and_then(|(_, waiting)| waiting);
    tokens.extend(last.into_iter().flat_map(behind));
    tokens
}

/// `AS` and an alias.
fn behind(alias: Lexeme) -> [Lexeme; 2] {
    let word = Word { value: "AS".to_owned(), quote_style: None, keyword: Keyword::AS };
    let token = TokenWithSpan { token: Token::Word(word), ..alias.token.clone() };
    [Lexeme { token, range: alias.range.clone() }, alias]
}

fn is_token(lexemes: &[Lexeme], at: usize, token: &Token) -> bool {
    lexemes.get(at).is_some_and(|lexeme| lexeme.token.token == *token)
}

/// Whether an unquoted word stands at a place, in any case.
fn is_word(lexemes: &[Lexeme], at: usize, wanted: &str) -> bool {
    match lexemes.get(at).map(|lexeme| &lexeme.token.token) {
        Some(Token::Word(word)) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

/// Whether the `ASOF` of a join stands here. The parser knows Snowflake's form only.
fn is_asof(lexemes: &[Lexeme]) -> bool {
    is_word(lexemes, 0, "ASOF")
        && ["JOIN", "LEFT", "RIGHT", "INNER", "FULL"].iter().any(|next| is_word(lexemes, 1, next))
}

/// How many tokens `USING SAMPLE 10 PERCENT (bernoulli, 7)` has, or `USING SAMPLE reservoir(10 ROWS)`; none where it does not stand.
fn sample(lexemes: &[Lexeme]) -> usize {
    if !is_word(lexemes, 0, "USING") || !is_word(lexemes, 1, "SAMPLE") {
        return 0;
    }
    let is = |at: usize, token: &Token| lexemes.get(at).is_some_and(|lexeme| lexeme.token.token == *token);
    let mut end = 3;
    if is(end, &Token::Mod) || is_word(lexemes, end, "PERCENT") || is_word(lexemes, end, "ROWS") {
        end += 1;
    }
    for _ in 0..2 {
        if is(end, &Token::LParen) {
            let close = lexemes[end..].iter().position(|lexeme| lexeme.token.token == Token::RParen);
            end += close.map_or(0, |close| close + 1);
        }
        if is_word(lexemes, end, "REPEATABLE") {
            end += 1;
        }
    }
    end
}
